/* What the files of src/graphql share: errors, the lexer, the syntax tree, the type system, coercion, plans. */
#ifndef FL_GRAPHQL_INT_H
#define FL_GRAPHQL_INT_H

#include "graphql/graphql.h"

enum {
	GQL_NONE = UINT32_MAX,
	GQL_LISTS_MAX = 14,
	GQL_VALUE_DEPTH_MAX = 64,
	GQL_INPUT_DEPTH_MAX = 130, /* JSON nests at most 128 deep, literals GQL_VALUE_DEPTH_MAX */
	GQL_ERRORS_MAX = 50,
	GQL_FIELD_ERRORS_MAX = 500,
};

static inline fl_str gql_str(const char *z)
{
	return fl_str_z(z);
}

/* ---- Errors (error.c) ---- */

/* places are byte offsets into the document; lines and columns are counted only when the error is written. */
typedef struct gql_error {
	struct gql_error *next;
	fl_str message;
	const char *code;
	fl_str path; /* as JSON, "[\"a\",0]"; ptr NULL: none */
	fl_str more; /* further members of extensions as JSON, ",\"budget\":5"; ptr NULL: none */
	uint32_t place_count;
	uint32_t places[];
} gql_error;

typedef struct gql_errors {
	fl_arena *mem;
	gql_error *first, *last;
	uint32_t count, max; /* beyond max errors are counted, not kept; max 0 is GQL_ERRORS_MAX */
	bool nomem;
} gql_errors;

#define GQL_CODE_SYNTAX "GRAPHQL_PARSE_FAILED"
#define GQL_CODE_INVALID "GRAPHQL_VALIDATION_FAILED"
#define GQL_CODE_INPUT "BAD_USER_INPUT"
/* One for each limit (docs/graphql-limits.md). */
#define GQL_CODE_BYTES "DOCUMENT_BYTES_LIMIT"
#define GQL_CODE_TOKENS "TOKEN_LIMIT"
#define GQL_CODE_DEPTH "DEPTH_LIMIT"
#define GQL_CODE_VALUE_DEPTH "VALUE_DEPTH_LIMIT"
#define GQL_CODE_ALIASES "ALIAS_LIMIT"
#define GQL_CODE_DIRECTIVES "DIRECTIVE_LIMIT"
#define GQL_CODE_ROOT_FIELDS "ROOT_FIELD_LIMIT"
#define GQL_CODE_SELECTIONS "SELECTION_LIMIT"
#define GQL_CODE_DEFERRED "DEFERRED_LIMIT"
#define GQL_CODE_WORK "VALIDATION_LIMIT"
#define GQL_CODE_RESULT "RESULT_BYTES_LIMIT"
#define GQL_CODE_COST "COST_LIMIT"

/* Adds an error at up to two places (GQL_NONE: none); returns it, NULL when it was not kept. */
gql_error *gql_fault(gql_errors *errors, const char *code, uint32_t place, uint32_t other, const char *format, ...)
	FL_PRINTF(5, 6);
gql_error *gql_fault_at(gql_errors *errors, const char *code, const uint32_t *places, uint32_t count, fl_str message);
/* "errors":[...] with the documents's lines and columns. request_id.ptr NULL: none. */
void gql_write_errors(fl_buf *out, const gql_errors *errors, fl_str document, fl_str request_id);

/* ---- Lexer (lex.c) ---- */

typedef enum gql_token_kind {
	GQL_T_EOF,
	GQL_T_BANG,
	GQL_T_DOLLAR,
	GQL_T_AMP,
	GQL_T_PAREN_L,
	GQL_T_PAREN_R,
	GQL_T_SPREAD,
	GQL_T_COLON,
	GQL_T_EQUALS,
	GQL_T_AT,
	GQL_T_BRACKET_L,
	GQL_T_BRACKET_R,
	GQL_T_BRACE_L,
	GQL_T_PIPE,
	GQL_T_BRACE_R,
	GQL_T_NAME,
	GQL_T_INT,
	GQL_T_FLOAT,
	GQL_T_STRING,
	GQL_T_BLOCK_STRING,
} gql_token_kind;

typedef struct gql_lexer {
	fl_str source;
	gql_errors *errors;
	uint32_t at;                /* behind the current token */
	uint32_t tokens, tokens_max;
	gql_token_kind kind;        /* the current token */
	uint32_t start, end;
} gql_lexer;

/* Checks the encoding and reads the first token. All of these are false after an error, which is then in errors. */
bool gql_lex_start(gql_lexer *lexer, fl_str source, uint32_t tokens_max, gql_errors *errors);
bool gql_lex_next(gql_lexer *lexer);
static inline fl_str gql_lex_text(const gql_lexer *lexer)
{
	return (fl_str){ lexer->source.ptr + lexer->start, lexer->end - lexer->start };
}
/* The decoded value of the current string token; escapes were checked by the lexer. ptr NULL: mem is full. */
fl_str gql_lex_string(const gql_lexer *lexer, fl_arena *mem);
bool gql_lex_unexpected(gql_lexer *lexer);                             /* always false */
bool gql_lex_take(gql_lexer *lexer, gql_token_kind kind);              /* the token must be kind; moves on */
bool gql_lex_take_name(gql_lexer *lexer, fl_str *name);
bool gql_lex_is_word(const gql_lexer *lexer, const char *word);        /* a name token with this text */

/* ---- Syntax tree (parse.c). Everything lies in flat arrays; nested things in preorder with the index behind their
 * last descendant in end, so that every walk is a loop. ---- */

typedef struct gql_range {
	uint32_t first, end;
} gql_range;

/* A type as written: [[T!]]! is lists 2, nonnull bits from the inside out: bit 0 the named type, bit k the k-th list. */
typedef struct gql_type_text {
	fl_str name;
	uint32_t place;
	uint8_t lists;
	uint16_t nonnull;
} gql_type_text;

typedef enum gql_literal_kind {
	GQL_L_NULL,
	GQL_L_BOOL,
	GQL_L_INT,
	GQL_L_FLOAT,
	GQL_L_STRING,
	GQL_L_ENUM,
	GQL_L_VARIABLE,
	GQL_L_LIST,
	GQL_L_OBJECT,
	GQL_L_OPAQUE, /* an upload; only in variables */
} gql_literal_kind;

/* A literal of a document or, in the same form, a JSON value of the variables. */
typedef struct gql_literal {
	uint8_t kind;
	bool boolean;
	bool from_json;   /* strings may name enum values; integers and doubles instead of text */
	uint32_t place, end, count;
	fl_str name;      /* the key, when this is a field of an object */
	uint32_t name_place;
	fl_str text;      /* number as written, decoded string, name of an enum value or a variable */
	union {
		int64_t integer;
		double number;
		void *file;
	};
} gql_literal;

typedef struct gql_argument {
	fl_str name;
	uint32_t place, value; /* value: index of the literal */
} gql_argument;

typedef struct gql_directive {
	fl_str name;
	uint32_t place;
	gql_range arguments;
} gql_directive;

typedef enum gql_selection_kind { GQL_S_FIELD, GQL_S_SPREAD, GQL_S_INLINE } gql_selection_kind;

typedef struct gql_selection {
	uint8_t kind;
	bool has_set;
	bool aliased;
	uint32_t place, end, parent; /* parent: GQL_NONE at the top of its definition */
	uint32_t name_place;
	fl_str name;                 /* of the field or the fragment; the type condition of an inline fragment (may be empty) */
	fl_str key;                  /* the response key of a field */
	gql_range arguments, directives;
	/* by the validator: */
	const struct gql_field_def *field;
	const struct gql_type *type; /* the type that has the field, or the one an inline fragment narrows to */
	uint32_t fragment;           /* the definition that a spread names */
} gql_selection;

typedef struct gql_variable {
	fl_str name;
	uint32_t place, default_value; /* GQL_NONE: none */
	gql_type_text type;
	gql_range directives;
	/* by the validator: */
	const struct gql_type *named;
	bool used;
} gql_variable;

typedef struct gql_definition {
	bool is_fragment;
	fl_gql_operation operation;
	uint32_t place, name_place;
	fl_str name;             /* ptr NULL: anonymous */
	fl_str condition;        /* of a fragment */
	uint32_t condition_place;
	gql_range variables, directives, selections;
	/* by the validator: */
	const struct gql_type *type;
	gql_range usages;
	bool used;
} gql_definition;

typedef struct gql_document {
	fl_arena *mem;
	fl_str source;
	gql_definition *definitions;
	gql_selection *selections;
	gql_argument *arguments;
	gql_directive *directives;
	gql_variable *variables;
	gql_literal *literals;
	uint32_t definition_count, selection_count, argument_count, directive_count, variable_count, literal_count;
	uint32_t definition_cap, selection_cap, argument_cap, directive_cap, variable_cap, literal_cap;
} gql_document;

/* Makes room for one more item behind array[count]; false when mem is full. */
bool gql_room(fl_arena *mem, void *array, uint32_t count, uint32_t *cap, size_t size);

typedef struct gql_parser {
	gql_lexer lexer;
	gql_document *doc;
	const fl_gql_limits *limits;
	uint32_t aliases, directives;
} gql_parser;

/* False: the errors say why. source must outlive the document. */
bool gql_parse(gql_document *doc, fl_arena *mem, fl_str source, const fl_gql_limits *limits, gql_errors *errors);
/* Parts that the SDL shares. constant: no variables. */
bool gql_parse_value(gql_parser *parser, bool constant, uint32_t *index);
bool gql_parse_type(gql_parser *parser, gql_type_text *out);
bool gql_parse_directives(gql_parser *parser, bool constant, gql_range *out);

/* ---- Type system (schema.c, sdl.c) ---- */

typedef enum gql_type_kind {
	GQL_SCALAR,
	GQL_OBJECT_TYPE,
	GQL_INTERFACE,
	GQL_UNION,
	GQL_ENUM_TYPE,
	GQL_INPUT_TYPE,
} gql_type_kind;

typedef enum gql_builtin { GQL_CUSTOM, GQL_SCALAR_INT, GQL_SCALAR_FLOAT, GQL_SCALAR_STRING, GQL_SCALAR_BOOLEAN, GQL_SCALAR_ID } gql_builtin;

/* A type with its wrappers, as gql_type_text. */
typedef struct gql_type_ref {
	const struct gql_type *type;
	uint8_t lists;
	uint16_t nonnull;
} gql_type_ref;

static inline bool gql_ref_nonnull(gql_type_ref ref)
{
	return ref.nonnull >> ref.lists & 1;
}
static inline gql_type_ref gql_ref_nullable(gql_type_ref ref)
{
	ref.nonnull &= ~(1u << ref.lists);
	return ref;
}
/* The item type of a list. */
static inline gql_type_ref gql_ref_item(gql_type_ref ref)
{
	assert(ref.lists > 0);
	ref.nonnull &= ~(1u << ref.lists);
	ref.lists--;
	return ref;
}

/* An argument or a field of an input object. */
typedef struct gql_input {
	fl_str name, description, deprecated; /* deprecated.ptr NULL: it is not */
	gql_range directives;
	gql_type_ref type;
	gql_type_text type_text;
	uint32_t default_literal;             /* into the schema's document; GQL_NONE: none */
	fl_gql_value default_value;           /* coerced; absent: none */
	fl_str default_text;                  /* as introspection shows it */
	double weight;                        /* @cost */
} gql_input;

/* One of @listSize's slicingArguments: an Int argument of the field, or one within its input objects. */
typedef struct gql_slicing {
	uint32_t argument, step_count;
	uint32_t steps[3]; /* fields of the input objects on the way to it */
	const fl_gql_value *default_value;
} gql_slicing;

enum { GQL_LIST_SIZE_UNKNOWN = 10 }; /* what a list is taken to hold when nothing says */

/* @listSize: how many objects a list holds at most, and which lists of the field's object it speaks of. */
typedef struct gql_list_size {
	double assumed;
	gql_slicing *slicing;
	uint32_t slicing_count;
	fl_str *sized; /* none: the field is the list */
	uint32_t sized_count;
	bool require_one;
} gql_list_size;

/* @cacheControl, of a type or field. */
typedef struct gql_cache_hint {
	int32_t max_age_s;
	bool has_max_age, is_private, inherits;
} gql_cache_hint;

typedef struct gql_field_def {
	fl_str name, description, deprecated;
	gql_type_ref type;
	gql_type_text type_text;
	const struct gql_type *owner;
	uint32_t index; /* its place in the owner */
	gql_range directives;
	gql_input *args;
	uint32_t arg_count;
	fl_gql_bind bind;
	bool is_typename;
	double weight;                  /* @cost, of one call */
	const gql_list_size *list_size; /* NULL: nothing is said */
	gql_cache_hint cache;
} gql_field_def;

typedef struct gql_enum_value {
	fl_str name, description, deprecated, quoted;
	gql_range directives;
} gql_enum_value;

typedef struct gql_type {
	gql_type_kind kind;
	gql_builtin builtin;
	uint16_t index;
	bool one_of;
	bool of_engine; /* built in: scalars of the specification, introspection, federation */
	bool hidden;    /* introspection does not show it */
	fl_str name, description, specified_by;
	bool defined;
	gql_range *ranges; /* of directives: of the definition and of each extension */
	uint32_t range_count, range_cap;
	gql_field_def *fields;
	gql_input *inputs;
	gql_enum_value *values;
	uint32_t field_count, input_count, value_count, field_cap, input_cap, value_cap;
	fl_str *interface_names, *member_names; /* as written; members of a union */
	const struct gql_type **interfaces, **possible;
	uint32_t interface_name_count, member_name_count, interface_name_cap, member_name_cap;
	uint32_t interface_count, possible_count;
	uint64_t *possible_bits;                /* of abstract types, by type index; NULL for the others */
	const fl_gql_scalar *scalar;
	gql_cache_hint cache;
	double weight;                          /* @cost, of one object; abstract types weigh as much as their objects */
	fl_str quoted_name;                     /* "\"Name\"", for __typename */
	gql_field_def typename_field;
} gql_type;

static inline bool gql_is_composite(const gql_type *type)
{
	return type->kind == GQL_OBJECT_TYPE || type->kind == GQL_INTERFACE || type->kind == GQL_UNION;
}
static inline bool gql_is_abstract(const gql_type *type)
{
	return type->kind == GQL_INTERFACE || type->kind == GQL_UNION;
}
static inline bool gql_is_input(const gql_type *type)
{
	return type->kind == GQL_SCALAR || type->kind == GQL_ENUM_TYPE || type->kind == GQL_INPUT_TYPE;
}
/* Whether an object type can be an object of this composite type. */
static inline bool gql_is_possible(const gql_type *composite, const gql_type *object)
{
	return composite == object ||
	       (composite->possible_bits && composite->possible_bits[object->index / 64] >> (object->index % 64) & 1);
}

typedef enum gql_place_bits {
	GQL_AT_QUERY = 1 << 0,
	GQL_AT_MUTATION = 1 << 1,
	GQL_AT_SUBSCRIPTION = 1 << 2,
	GQL_AT_FIELD = 1 << 3,
	GQL_AT_FRAGMENT_DEFINITION = 1 << 4,
	GQL_AT_FRAGMENT_SPREAD = 1 << 5,
	GQL_AT_INLINE_FRAGMENT = 1 << 6,
	GQL_AT_VARIABLE_DEFINITION = 1 << 7,
	GQL_AT_SCHEMA = 1 << 8,
	GQL_AT_SCALAR = 1 << 9,
	GQL_AT_OBJECT = 1 << 10,
	GQL_AT_FIELD_DEFINITION = 1 << 11,
	GQL_AT_ARGUMENT_DEFINITION = 1 << 12,
	GQL_AT_INTERFACE = 1 << 13,
	GQL_AT_UNION = 1 << 14,
	GQL_AT_ENUM = 1 << 15,
	GQL_AT_ENUM_VALUE = 1 << 16,
	GQL_AT_INPUT_OBJECT = 1 << 17,
	GQL_AT_INPUT_FIELD_DEFINITION = 1 << 18,
} gql_place_bits;
enum { GQL_PLACE_COUNT = 19 };
extern const char *const gql_place_names[GQL_PLACE_COUNT];

typedef struct gql_directive_def {
	fl_str name, description;
	gql_input *args;
	uint32_t arg_count;
	uint32_t places; /* gql_place_bits */
	bool repeatable;
	bool of_engine, hidden;
} gql_directive_def;

struct fl_gql_schema {
	fl_arena mem;
	fl_str description;
	fl_str sdl;
	gql_type **types;
	uint32_t type_count, type_cap;
	gql_directive_def *directives;
	uint32_t directive_count, directive_cap;
	fl_str root_names[3];
	bool roots_given;
	const gql_type *roots[3]; /* by fl_gql_operation; NULL: none */
	fl_map type_map;          /* name -> gql_type */
	struct gql_field_slot *field_slots;
	uint32_t field_slot_mask;
	gql_document doc;         /* holds default values and applied directives */
	const gql_type *t_schema, *t_type, *t_string, *t_boolean, *t_int, *t_float, *t_id;
	gql_field_def meta_schema, meta_type; /* __schema and __type of the query type */
	gql_range *ranges;                    /* directives of the schema itself and of its extensions */
	uint32_t range_count, range_cap;
	struct gql_federation *federation;    /* NULL: no @link to it (federation.c) */
};

/* A map with the schema's seed: fl_map_init asks the kernel for one each time. */
static inline void gql_map_init(fl_map *map, fl_arena *mem, const fl_gql_schema *schema)
{
	*map = (fl_map){ .mem = mem, .seed = schema->type_map.seed };
}

/* Parses SDL into schema (types without links). */
bool gql_sdl_parse(fl_gql_schema *schema, fl_str sdl, bool of_engine, gql_errors *errors);
/* Links names, checks the schema, coerces defaults. bind false: for tools, no binding is wanted. */
fl_err gql_schema_build(const fl_gql_schema_options *options, bool bind, fl_gql_schema **out, fl_diag *diag);

/* What the specification asks of a linked schema beyond that (sdl_check.c). */
void gql_sdl_check(fl_gql_schema *schema, gql_errors *errors);

const gql_type *gql_schema_type(const fl_gql_schema *schema, fl_str name);
/* The field of an object or interface type, the meta-fields included; NULL when there is none. */
const gql_field_def *gql_schema_field(const fl_gql_schema *schema, const gql_type *type, fl_str name);
const gql_directive_def *gql_schema_directive(const fl_gql_schema *schema, fl_str name);
const gql_input *gql_find_input(const gql_input *inputs, uint32_t count, fl_str name);
/* "[T!]!" into mem. */
fl_str gql_ref_text(fl_arena *mem, gql_type_ref ref);

extern const char gql_builtin_sdl[];
extern const fl_gql_scalar gql_known_scalars[];
extern const size_t gql_known_scalar_count;
const char *gql_geojson_parse(fl_arena *mem, const fl_json *in, fl_gql_value *out); /* geojson.c */
const char *gql_any_parse(fl_arena *mem, const fl_json *in, fl_gql_value *out);     /* entities.c */
/* Binds the types of introspection (introspect.c). */
void gql_bind_introspection(fl_gql_schema *schema);
const fl_gql_schema *gql_field_schema(const fl_gql_field *field);

/* A directive that the SDL applies (applied.c); NULL: it does not. The argument is NULL when it is not given. */
const gql_directive *gql_applied(const fl_gql_schema *schema, gql_range directives, const char *name);
const gql_literal *gql_applied_argument(const fl_gql_schema *schema, const gql_directive *directive, const char *name);
/* Those of a type or the schema, which have ranges, one after the other; *at starts at 0. NULL: no more of that name. */
const gql_directive *gql_applied_next(const fl_gql_schema *schema, const gql_range *ranges, uint32_t count, fl_str name, uint32_t *at);
/* The range in which the type's definition or one of its extensions applies that directive; empty: none does. */
gql_range gql_applied_to(const fl_gql_schema *schema, const gql_type *type, const char *name);
/* Reads @cacheControl (cache_policy.c). */
void gql_cache_hints_read(fl_gql_schema *schema, gql_errors *errors);
/* Reads @cost and @listSize (cost_schema.c). False: no memory. */
bool gql_cost_read(fl_gql_schema *schema, gql_errors *errors);

/* ---- Federation (federation.c, federation_keys.c, entities.c) ---- */

typedef struct gql_entity {
	const gql_type *type;
	const fl_gql_entity *bind; /* NULL in a schema of a tool */
} gql_entity;

typedef struct gql_federation {
	unsigned minor;            /* of version 2 */
	fl_str prefix;             /* of what is not imported: "federation" or its alias */
	fl_str key, requires, provides; /* what this schema calls them */
	gql_entity *entities;      /* what _entities can look up, in the order of the SDL */
	uint32_t entity_count;
	gql_type *meta;            /* its fields are _service and _entities */
} gql_federation;

/* Reads the schema's @link directives and defines what they import. Between parsing the SDL and linking it. */
bool gql_federation_define(fl_gql_schema *schema, gql_errors *errors);
/* After linking: checks the sets of fields that @key, @requires and @provides name. */
void gql_federation_check(fl_gql_schema *schema, gql_errors *errors);
/* Binds _service, _entities and the entities' resolvers (entities.c). */
void gql_federation_bind(fl_gql_schema *schema, const fl_gql_schema_options *options, gql_errors *errors);

/* ---- Coercion (coerce.c) ---- */

/* What was sent for a variable, before coercion: a literal somewhere. literals NULL: nothing, and there is no default. */
typedef struct gql_sent {
	const gql_literal *literals;
	uint32_t index;
} gql_sent;

typedef struct gql_coercer {
	fl_arena *mem;
	gql_errors *errors;
	const char *code;
	const gql_literal *literals;         /* what is read */
	uint32_t place;                      /* where errors are; GQL_NONE: where the literal is */
	fl_str variable;                     /* the name of the variable whose JSON value is read; ptr NULL: a literal */
	/* What variables inside literals mean; literal.integer is their index. Validation gets a call instead and leaves the
	 * value absent. */
	const fl_gql_value *variable_values;
	const gql_sent *sent;                /* the same as they were sent, for scalars that take JSON */
	void (*on_variable)(void *arg, uint32_t literal, gql_type_ref type, bool has_default, const gql_type *one_of);
	void *arg;
} gql_coercer;

/* literals[index] as a value of type. false: errors were added (or errors->nomem). */
bool gql_coerce(gql_coercer *coercer, gql_type_ref type, uint32_t index, fl_gql_value *out);
/* JSON -> literals in preorder, for variables; names are the keys. */
bool gql_literals_from_json(fl_arena *mem, const fl_json *json, gql_literal **out, uint32_t *count);
/* The whole value of a scalar that takes JSON. NULL: it nests deeper than FL_GQL_JSON_DEPTH, or memory is full. */
const fl_json *gql_literal_to_json(const gql_coercer *coercer, uint32_t index); /* literal_json.c */
bool gql_literal_has_variables(const gql_literal *literals, uint32_t index);
/* The literal at a path as in "input.photos.0", below the object literals[0]; NULL when there is none. */
gql_literal *gql_literal_at(gql_literal *literals, fl_str path);
/* A literal as GraphQL text, for error messages and introspection. */
void gql_print_literal(fl_buf *out, const gql_literal *literals, uint32_t index);

/* Undoes fl_gql_cursor (page.c). */
bool gql_cursor_read(fl_arena *mem, char kind, fl_str cursor, fl_str *key);

/* ---- Validation (validate.c, overlap.c, validate_incremental.c) ---- */

/* Adds to errors; fills the validator's members of the document. scratch is for its own working memory. */
void gql_validate(const fl_gql_schema *schema, gql_document *doc, const fl_gql_limits *limits, fl_arena *scratch, gql_errors *errors);
/* Directives that the SDL applies at a place of one kind. */
void gql_validate_applied(fl_gql_schema *schema, gql_range directives, gql_place_bits where, fl_arena *scratch, gql_errors *errors);
void gql_validate_overlap(const fl_gql_schema *schema, gql_document *doc, fl_arena *scratch, gql_errors *errors);
void gql_validate_incremental(const fl_gql_schema *schema, gql_document *doc, fl_arena *scratch, gql_errors *errors);
/* Whether the document has a @defer or a @stream anywhere. */
bool gql_has_incremental(const gql_document *doc);
const gql_directive *gql_find_directive(const gql_document *doc, gql_range directives, fl_str name);
/* NULL: not given. */
const gql_literal *gql_directive_argument(const gql_document *doc, const gql_directive *d, fl_str name);

/* ---- Plan (plan.c): what a document means for one operation, with fragments spread out and merged ---- */

/* Condition 0 always holds. Others, in order: of an earlier condition and a variable, or of two earlier ones. */
typedef struct gql_condition {
	bool is_or, wanted;
	uint32_t a, b; /* or: two conditions; else a condition and the index of a variable */
} gql_condition;

typedef struct gql_node gql_node;
/* incremental_int.h */
typedef struct gql_variant gql_variant;
typedef struct gql_deferred gql_deferred;
typedef struct gql_streamed gql_streamed;
struct gql_usage;
struct gql_part;

/* What is selected on objects of one type. */
typedef struct gql_branch {
	const gql_type *type;
	gql_node *nodes;
	uint32_t count;
	uint32_t set;       /* index of its objects at run time; GQL_NONE: no batch field below, nothing is collected */
	uint32_t positions; /* how many occurrences its fields have */
	uint32_t order;     /* index of its order at run time; GQL_NONE: nodes are in order */
	gql_deferred *deferred; /* what follows in later parts of the response; NULL: nothing */
} gql_branch;

/* Where a response key occurs, and while which condition holds. A key stands where it first occurs in the request. */
typedef struct gql_occurrence {
	uint32_t position, condition;
} gql_occurrence;

struct gql_node {
	const gql_field_def *def;
	fl_str key;                  /* ",\"key\":" as it is written; the first field of an object leaves the comma out */
	uint32_t condition;
	uint32_t run;                /* index of its results at run time; GQL_NONE: read while writing */
	uint8_t how;                 /* of def->bind; FL_GQL_UNBOUND for __typename */
	bool composite;
	bool zero_is_null;
	const fl_gql_value *args;    /* def->arg_count; those that use variables are filled per request */
	uint32_t *arg_literals;      /* of those; NULL: none does */
	uint32_t dynamic;            /* index of its arguments at run time */
	gql_branch *branches;        /* of a composite field, one a possible object type */
	uint32_t branch_count;
	gql_node *parent;
	uint32_t depth, position;
	const uint32_t *places;
	uint32_t place_count;
	const gql_occurrence *occurrences; /* place_count of them; NULL: always in its place */
	const gql_streamed *stream;        /* a list whose items follow in later parts; NULL: it comes whole */
};

/* ---- Cost (cost.c): of a whole operation, before it runs ---- */

/* A field whose cost depends on variables, or has such a field below. Costs that do not are added up while planning. */
typedef struct gql_cost_step {
	const gql_node *node;
	const gql_node *sizer; /* whose @listSize gives the size of the list; NULL: fixed_size */
	double fixed_size;
	uint32_t into, first;  /* indices of sums: of the branch that the field stands in, and of its own first branch */
	bool arguments_vary;
	fl_gql_cost call;      /* of one call, with the arguments that do not vary */
} gql_cost_step;

typedef struct gql_cost_plan {
	fl_gql_cost fixed;      /* of the whole, when there are no steps */
	gql_cost_step *steps;   /* children before their parents */
	fl_gql_cost *sums;      /* of each branch, what does not vary; the root's is the first */
	uint32_t step_count, sum_count;
} gql_cost_plan;

/* How long an answer may be kept (cache_policy.c). Steps are the fields that come and go with variables, parents first. */
typedef struct gql_cache_step {
	uint32_t parent, condition; /* parent: a step, or GQL_NONE */
	int32_t max_age_s;
	bool is_private;
} gql_cache_step;

typedef struct gql_cache_plan {
	fl_gql_cache fixed;
	gql_cache_step *steps;
	uint32_t step_count;
} gql_cache_plan;

typedef struct gql_plan {
	const fl_gql_schema *schema;
	fl_gql_operation operation;
	gql_document doc;
	const gql_definition *definition;
	gql_branch root;
	fl_gql_value *variable_defaults; /* absent: none */
	gql_condition *conditions;
	gql_node **dynamics;             /* the nodes whose arguments use variables */
	gql_branch **orders;             /* the branches whose order depends on variables */
	uint32_t condition_count, condition_cap, dynamic_count, dynamic_cap, order_count, order_cap;
	uint32_t run_count, set_count, depth;
	bool lists_nest;
	gql_cost_plan cost;
	gql_cache_plan cache;
	bool incremental;                /* the document has a @defer or a @stream */
	struct gql_usage *usages;        /* of a variant, with the next one */
	struct gql_part **parts;
	uint32_t usage_count, usage_cap, part_count, part_cap;
} gql_plan;

/* Builds the plan of one operation of a valid document. variant NULL: for responses in one part. False: errors say why. */
bool gql_plan_make(gql_plan *plan, const fl_gql_schema *schema, fl_str operation_name, const gql_variant *variant,
		   const fl_gql_limits *limits, fl_arena *scratch, gql_errors *errors);
const gql_branch *gql_node_branch(const gql_node *node, const gql_type *type);

/* ---- Execution (settle.c, execute.c, write.c, field.c) ---- */

typedef struct gql_failure {
	fl_err err;
	fl_str text;
} gql_failure;

/* The objects of a branch. */
typedef struct gql_set {
	const void **objects;
	uint32_t count;
} gql_set;

/* The results of a batch field, and where the children of each row begin among the objects of their branch. */
typedef struct gql_run {
	fl_gql_value *results;
	uint32_t *first;
	uint32_t *sub; /* of interfaces and unions: the place of each child in the set of its own type */
	uint32_t wave; /* in which a batch field was called, from 1; 0: it was not */
} gql_run;

/* When an operation that is to be explained reached which point; fl_mono_us. */
typedef struct gql_explain {
	bool cached;
	int64_t began_us, prepared_us, executed_us, written_us;
} gql_explain;

typedef struct gql_exec {
	fl_ctx *ctx;
	fl_arena *mem;
	const gql_plan *plan;
	const fl_gql_limits *limits;
	const void *root;
	const fl_gql_value *variables;
	const gql_sent *sent;             /* the same before coercion */
	uint8_t *holds;                   /* by condition */
	const fl_gql_value **arguments;   /* by dynamic node; NULL: they are wrong, the failure says why */
	const gql_failure **wrong_arguments;
	const gql_node ***orders;         /* by branch: its nodes in the order of this request */
	gql_set *sets;
	gql_run *runs;
	gql_errors errors;
	uint32_t resolver_calls, waves;
	fl_gql_cost cost;
	double budget;
	bool show_cost;
	struct gql_notes *notes;          /* what is to follow, noted while writing; NULL: nothing may */
	const gql_node *tails_of;         /* a streamed field whose results are all items to come now */
	void *frames;                     /* the writer's stack, kept for the next value */
	gql_explain *explain;             /* NULL: nobody asked */
} gql_exec;

struct fl_gql_field {
	const gql_exec *exec;
	const gql_node *node;
	const struct fl_gql_field *also; /* the same field elsewhere, resolved by the same call */
};

static inline bool gql_is_batch(const gql_node *node)
{
	return node->how >= FL_GQL_BATCH;
}
static inline bool gql_holds(const gql_exec *x, const gql_node *node)
{
	return x->holds[node->condition];
}
static inline const fl_gql_value *gql_node_args(const gql_exec *x, const gql_node *node)
{
	return node->arg_literals ? x->arguments[node->dynamic] : node->args;
}

static inline const gql_node *gql_branch_node(const gql_exec *x, const gql_branch *branch, uint32_t i)
{
	return branch->order == GQL_NONE ? &branch->nodes[i] : x->orders[branch->order][i];
}

/* Prepares plan->cache; and what it says with the variables of this request. */
bool gql_cache_policy_prepare(gql_plan *plan, fl_arena *scratch, gql_errors *errors);
fl_gql_cache gql_cache_policy(const gql_exec *x);
/* Prepares plan->cost. False: errors say why. */
bool gql_cost_prepare(gql_plan *plan, fl_arena *scratch, gql_errors *errors);
/* The cost with the variables of this request. False: there is no memory, or a list that needs one slicing argument has
 * none or several; errors say so. */
bool gql_cost_measure(gql_exec *x, fl_gql_cost *out);
/* How many objects a list may hold in this request, 1 for a single one; and what a field's arguments cost. */
double gql_cost_size(const gql_exec *x, const gql_node *node);
double gql_cost_arguments(const gql_exec *x, const gql_node *node);
/* The refusal of an operation that costs more than budget: names the dearest field (cost_report.c). */
void gql_cost_refuse(gql_exec *x, fl_gql_cost cost, double budget);
/* {"fieldCost":3,"typeCost":4,"budget":1000}; without budget when it is 0. */
void gql_cost_write(fl_buf *out, fl_gql_cost cost, double budget);

/* A value whose kind is FL_GQL_ERROR. text.ptr NULL: the error's own sentence. */
fl_gql_value gql_failure_value(fl_arena *mem, fl_err err, fl_str text);
/* The value of a column that is no leaf. */
fl_gql_value gql_read_column(const gql_node *node, const void *parent);
fl_gql_value gql_call_getter(const gql_exec *x, const gql_node *node, const void *parent);
/* Runs all batch fields. Errors: FL_NOMEM, FL_CANCELLED. */
fl_err gql_run_batches(gql_exec *x);
/* The same from some branches whose sets are filled. */
fl_err gql_run_branches(gql_exec *x, const gql_branch *const *branches, uint32_t count);
/* The same from a field whose results are known. */
fl_err gql_run_below(gql_exec *x, const gql_node *node, const gql_set *parents);
/* Writes the value of extensions.explain (explain.c). */
void gql_explain_write(const gql_exec *x, fl_buf *out);
/* Writes the value of "data"; adds errors. FL_NOMEM only. */
fl_err gql_write_data(gql_exec *x, fl_buf *out);

/* ---- Cache of prepared documents (cache.c) ---- */

/* A key of three: text, name of the operation, and which variant (0: for responses in one part). */
typedef struct gql_entry {
	struct gql_entry *newer, *older; /* the queue */
	struct gql_entry *chain;         /* of its hash bucket */
	uint64_t hash, variant;
	uint32_t refs;                   /* the cache's own counts too */
	struct gql_entry *id_chain;      /* of its hash bucket among the ids */
	uint8_t id[FL_GQL_ID_BYTES];
	bool visited, cached, has_id;
	bool pinned;                     /* not in the queue */
	fl_arena mem;                    /* holds everything below, and the text */
	fl_str operation_name;
	gql_plan plan;
} gql_entry;

typedef struct gql_cache {
	gql_entry **buckets, **id_buckets;
	gql_entry *newest, *oldest, *hand;
	size_t bytes, bytes_max, count;
	uint64_t seed;
	gql_entry *pinned;               /* chained by newer */
	size_t pinned_bytes, pinned_count;
	fl_gql_stats stats;
} gql_cache;

bool gql_cache_init(gql_cache *cache, size_t bytes_max);
void gql_cache_fini(gql_cache *cache);
/* A reference to the entry, or NULL. */
gql_entry *gql_cache_get(gql_cache *cache, fl_str query, fl_str operation_name, uint64_t variant);
/* Keeps the entry, if it may; the caller's reference stays the caller's. */
void gql_cache_put(gql_cache *cache, gql_entry *entry);
void gql_entry_put(gql_entry *entry); /* gives a reference back */
/* By the id of the document: a reference, or NULL; the operation must be the one named. */
gql_entry *gql_cache_get_by_id(gql_cache *cache, const uint8_t *id, fl_str operation_name);
/* Any entry of a document, pinned ones first; borrowed. */
gql_entry *gql_cache_any(const gql_cache *cache, const uint8_t *id);
/* From now on found by this id too. Only entries of the cache are. */
void gql_cache_identify(gql_cache *cache, gql_entry *entry, const uint8_t *id);
/* Keeps an entry until it is unpinned, whatever else is used; not counted in bytes_max. */
void gql_cache_pin(gql_cache *cache, gql_entry *entry, const uint8_t *id);
void gql_cache_unpin(gql_cache *cache, gql_entry *entry);

/* ---- Engine (engine.c, source.c, documents.c) ---- */

struct fl_gql_engine {
	const fl_gql_schema *schema;
	fl_gql_limits limits;
	gql_cache cache;
};

/* Parses, validates and plans into a new entry. NULL: errors say why. */
gql_entry *gql_prepare(fl_gql_engine *engine, const fl_gql_request *request, const gql_variant *values, gql_errors *errors);
/* The prepared document by its id or text, from the cache or anew; a reference. variant 0 and NULL: for responses in one part. NULL: errors say
 * why. */
gql_entry *gql_engine_entry(fl_gql_engine *engine, const fl_gql_request *request, uint64_t variant, const gql_variant *values,
			    gql_errors *errors, bool *cached);
/* Fills x->variables. False: x->errors say why. */
bool gql_coerce_variables(gql_exec *x, const fl_gql_request *request);
/* Settles what of the plan depends on variables. False: no memory. */
bool gql_settle(gql_exec *x);
/* Measures the cost; false when the operation may not run, with the reason in the errors. */
bool gql_admit(gql_exec *x, const fl_gql_request *request, fl_gql_outcome *outcome);
/* A response that only lists errors. */
fl_err gql_answer_errors(fl_buf *out, const gql_errors *errors, fl_str document, fl_gql_outcome *outcome);
/* A response that only says why. */
fl_err gql_refuse(fl_buf *out, fl_gql_outcome *outcome, fl_err code, fl_str why);
fl_err gql_execute_entry(fl_ctx *ctx, fl_gql_engine *engine, const gql_entry *entry, const fl_gql_request *request, fl_buf *out,
			 fl_gql_outcome *outcome);
/* Runs everything and appends {"data":... with the errors in front, without the last brace. FL_TOO_LARGE: it is longer than the
 * limit, and must be replaced by the answer that says so. */
fl_err gql_run_and_write(gql_exec *x, fl_buf *out);
/* The same to the end of the response, with what the outcome tells of it. */
FL_MUST fl_err gql_run_to_end(gql_exec *x, fl_buf *out, fl_gql_outcome *outcome);
fl_err gql_answer_too_large(gql_exec *x, fl_buf *out, size_t start);

#endif
