/* graphql: an SDL text and tables of C functions become an API; a document and its variables become JSON.
 *
 *	static fl_err vehicle_of_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
 *	{                                                        // once for all reports of the level, not once each
 *		for (size_t i = 0; i < batch->count; i++)
 *			batch->results[i] = fl_gql_object(find(((const fl_report *)batch->parents[i])->vehicle_id));
 *		return FL_OK;
 *	}
 *	const struct fl_api_damage_report fl_api_damage_report = {    // the struct is generated from the SDL
 *		.id = FL_COLUMN(fl_report, id),
 *		.url = FL_GETTER(url_of_report),
 *		.vehicle = FL_BATCH(vehicle_of_report),
 *	};
 *
 * How it works. A document is parsed, validated and planned once and kept in the engine's cache. Execution goes
 * breadth-first: a field is resolved once per wave for all its parents, whatever paths and aliases they come from.
 * A wave is all batch fields whose parents are known; those that may wait run as sibling coroutines, so that what
 * they ask of a database travels together. Columns and getters are read while the JSON is written, straight from
 * the caller's structs: the structs must live as long as ctx->mem. Nothing here knows databases, HTTP or vehicles.
 *
 * With a trace in ctx every operation and every call of a resolver is a span.
 *
 * Nothing recurses over input. Whatever a client sends is bounded by fl_gql_limits.
 * Threads: a schema is read-only after fl_gql_schema_new and shared by all; an engine belongs to one loop. */
#ifndef FL_GRAPHQL_H
#define FL_GRAPHQL_H

#include "base/base.h"

typedef struct fl_ctx fl_ctx;
typedef struct fl_gql_schema fl_gql_schema;
typedef struct fl_gql_engine fl_gql_engine;
typedef struct fl_gql_field fl_gql_field;

/* ---- Values: what arguments hold, and what resolvers and getters give ---------------------------------------- */

typedef enum fl_gql_kind {
	FL_GQL_ABSENT, /* an argument or input field that was not given; as a result: null */
	FL_GQL_NULL,
	FL_GQL_BOOL,
	FL_GQL_INT,    /* Int, BigInt, DateTime (microseconds UTC), ID made from a number */
	FL_GQL_FLOAT,
	FL_GQL_STRING, /* String, ID, Decimal */
	FL_GQL_ENUM,   /* integer: 1 for the first value of the SDL, as in the generated C enum */
	FL_GQL_LIST,   /* items[count] */
	FL_GQL_INPUT,  /* an input object: read it with fl_gql_member */
	FL_GQL_OPAQUE, /* pointer: the uploaded file that the transport put in */
	FL_GQL_JSON,   /* json: what a scalar of structured values holds, as GeoJSON */
	FL_GQL_OBJECT, /* pointer: the parent of the next level; type is needed for interfaces and unions only */
	FL_GQL_ROWS,   /* a list of objects: structs side by side, pointer, stride bytes apart */
	FL_GQL_PTRS,   /* a list of objects: pointers[count] */
	FL_GQL_PAGED,  /* a list that is asked for page by page: fl_gql_paged */
	FL_GQL_ERROR,
} fl_gql_kind;

typedef struct fl_gql_value {
	uint8_t kind;
	uint16_t stride_or_type;
	uint32_t count;
	union {
		bool boolean;
		int64_t integer;
		double number;
		const char *text; /* count bytes */
		const struct fl_gql_value *items;
		const void *pointer;
		const void *const *pointers;
		const fl_json *json;
	};
} fl_gql_value;

static inline fl_gql_value fl_gql_null(void)
{
	return (fl_gql_value){ .kind = FL_GQL_NULL };
}
static inline fl_gql_value fl_gql_bool(bool b)
{
	return (fl_gql_value){ .kind = FL_GQL_BOOL, .boolean = b };
}
static inline fl_gql_value fl_gql_int(int64_t n)
{
	return (fl_gql_value){ .kind = FL_GQL_INT, .integer = n };
}
static inline fl_gql_value fl_gql_float(double n)
{
	return (fl_gql_value){ .kind = FL_GQL_FLOAT, .number = n };
}
static inline fl_gql_value fl_gql_enum(int value) /* 0 is null */
{
	return (fl_gql_value){ .kind = value ? FL_GQL_ENUM : FL_GQL_NULL, .integer = value };
}
static inline fl_gql_value fl_gql_string(fl_str s) /* ptr NULL is null */
{
	return (fl_gql_value){ .kind = s.ptr ? FL_GQL_STRING : FL_GQL_NULL, .count = (uint32_t)s.len, .text = s.ptr };
}
static inline fl_gql_value fl_gql_json(const fl_json *json) /* NULL is null */
{
	return (fl_gql_value){ .kind = json ? FL_GQL_JSON : FL_GQL_NULL, .json = json };
}
static inline fl_gql_value fl_gql_object(const void *object) /* NULL is null */
{
	return (fl_gql_value){ .kind = object ? FL_GQL_OBJECT : FL_GQL_NULL, .pointer = object };
}
/* For a field whose type is an interface or a union: type is fl_gql_type_index of the object's own type. */
static inline fl_gql_value fl_gql_object_of(uint16_t type, const void *object)
{
	return (fl_gql_value){ .kind = object ? FL_GQL_OBJECT : FL_GQL_NULL, .stride_or_type = type, .pointer = object };
}
static inline fl_gql_value fl_gql_list(const fl_gql_value *items, size_t count)
{
	return (fl_gql_value){ .kind = FL_GQL_LIST, .count = (uint32_t)count, .items = items };
}
static inline fl_gql_value fl_gql_rows(const void *rows, size_t stride, size_t count)
{
	assert(stride <= UINT16_MAX);
	return (fl_gql_value){ .kind = FL_GQL_ROWS, .stride_or_type = (uint16_t)stride, .count = (uint32_t)count, .pointer = rows };
}
static inline fl_gql_value fl_gql_ptrs(const void *const *pointers, size_t count)
{
	return (fl_gql_value){ .kind = FL_GQL_PTRS, .count = (uint32_t)count, .pointers = pointers };
}
/* A list too long to be held: its pages are asked for when the ones before were sent. For fields bound by FL_PAGES. */
typedef struct fl_gql_pager fl_gql_pager;
static inline fl_gql_value fl_gql_paged(fl_gql_pager *pager)
{
	return (fl_gql_value){ .kind = FL_GQL_PAGED, .pointer = pager };
}
static inline fl_str fl_gql_text(const fl_gql_value *value) /* of a FL_GQL_STRING; ptr NULL otherwise */
{
	return value->kind == FL_GQL_STRING ? (fl_str){ value->text, value->count } : (fl_str){};
}
static inline bool fl_gql_given(const fl_gql_value *value) /* neither absent nor null */
{
	return value->kind > FL_GQL_NULL;
}

/* ---- Fields: what a resolver may ask about the selection that it serves --------------------------------------- */

const char *fl_gql_field_name(const fl_gql_field *field);      /* as in the SDL */
const char *fl_gql_field_type_name(const fl_gql_field *field); /* the type that has the field */

/* The coerced argument; its kind is FL_GQL_ABSENT when it was not given and has no default. Never NULL: a name that
 * the SDL does not have is a mistake of ours and asserts. Enum arguments are integers of the generated C enum. */
const fl_gql_value *fl_gql_arg(const fl_gql_field *field, const char *name);
/* The same for a field of an input object; of an absent or null one it gives an absent value. */
const fl_gql_value *fl_gql_member(const fl_gql_value *input, const char *name);

static inline int64_t fl_gql_int_or(const fl_gql_value *value, int64_t otherwise)
{
	return value->kind == FL_GQL_INT || value->kind == FL_GQL_ENUM ? value->integer : otherwise;
}
static inline double fl_gql_float_or(const fl_gql_value *value, double otherwise)
{
	return value->kind == FL_GQL_FLOAT ? value->number : value->kind == FL_GQL_INT ? (double)value->integer : otherwise;
}
static inline bool fl_gql_bool_or(const fl_gql_value *value, bool otherwise)
{
	return value->kind == FL_GQL_BOOL ? value->boolean : otherwise;
}

/* Look-ahead: the set of fields that this request selects on the objects this field gives, as bits 1 << index, where
 * index is the generated FL_API_<TYPE>_<FIELD> (the field's place in the SDL; those beyond 63 share bit 63). All
 * aliases, fragments and merged paths count; @skip and @include are honoured.
 * path leads further down, as in "edges.node"; "" means the objects themselves. */
uint64_t fl_gql_selected(const fl_gql_field *field, const char *path);

/* ---- Binding: where a field's value comes from ---------------------------------------------------------------- */

/* All parents of one field in one wave, wherever in the document; aliases on the same parents share one result, so a
 * root field has one parent. results[count] starts out absent (null); a resolver fills it in any order. */
typedef struct fl_gql_batch {
	size_t count;
	const void *const *parents; /* of root fields: request.root, once */
	fl_gql_value *results;
} fl_gql_batch;

/* Fills batch->results; may wait. Returning an error fails every row with it (its detail from ctx->diag). */
typedef fl_err (*fl_gql_resolver)(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch);

/* Gives one field of one parent, at once: it must not wait. */
typedef fl_err (*fl_gql_getter)(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);

/* A failure of one row: batch->results[i] = fl_gql_error(ctx, FL_NOT_FOUND, "no vehicle %s", name). The text is for
 * the client. */
fl_gql_value fl_gql_error(fl_ctx *ctx, fl_err err, const char *format, ...) FL_PRINTF(3, 4);

/* Where a long list stands: embed it in a struct that remembers the last key, made by the resolver in ctx->mem.
 * next gives at most `wanted` items as a list (ROWS, PTRS or LIST) in its own ctx->mem, which lives only until they are
 * sent: what the next page needs is copied into the struct. *more: false with the last page. An error ends the list.
 * Under @stream the items are sent as they come, in constant memory; without it, the list must not be longer than
 * fl_gql_limits.unstreamed_items. */
struct fl_gql_pager {
	fl_err (*next)(fl_ctx *ctx, const fl_gql_field *field, fl_gql_pager *pager, uint32_t wanted, fl_gql_value *items, bool *more);
};

/* A list kept in a struct, for FL_COLUMN: count structs, stride bytes apart. */
typedef struct fl_gql_span {
	const void *rows;
	uint32_t stride, count;
} fl_gql_span;
#define FL_GQL_SPAN(array, n) ((fl_gql_span){ (array), sizeof(*(array)), (uint32_t)(n) })
/* A list of texts kept in a struct, for FL_COLUMN. */
typedef struct fl_gql_texts {
	const fl_str *items;
	size_t count;
} fl_gql_texts;

typedef enum fl_gql_storage {
	FL_GQL_STORE_NONE,
	FL_GQL_STORE_BOOL,
	FL_GQL_STORE_I8,
	FL_GQL_STORE_I16,
	FL_GQL_STORE_I32,
	FL_GQL_STORE_I64,
	FL_GQL_STORE_U8,
	FL_GQL_STORE_U16,
	FL_GQL_STORE_U32,
	FL_GQL_STORE_U64,
	FL_GQL_STORE_F32,
	FL_GQL_STORE_F64,
	FL_GQL_STORE_STR,
	FL_GQL_STORE_CSTR,
	FL_GQL_STORE_UUID,
	FL_GQL_STORE_SPAN,
	FL_GQL_STORE_TEXTS,
	FL_GQL_STORE_VALUE,   /* a fl_gql_value */
	FL_GQL_STORE_POINTER, /* to the child object; NULL is null */
	FL_GQL_STORE_INSIDE,  /* the child object lies in the parent */
} fl_gql_storage;

typedef struct fl_gql_bind {
	enum { FL_GQL_UNBOUND, FL_GQL_COLUMN, FL_GQL_GETTER, FL_GQL_BATCH, FL_GQL_BATCH_AT_ONCE, FL_GQL_PAGES } how;
	fl_gql_storage storage;
	uint32_t offset;
	uint32_t has_offset; /* 1 + the offset of a bool that is false when the column is null; 0: none */
	union {
		fl_gql_getter getter;
		fl_gql_resolver resolver;
	};
} fl_gql_bind;

#define FL_GQL_STORAGE_OF(member)                                                                                      \
	_Generic((member), bool: FL_GQL_STORE_BOOL, int8_t: FL_GQL_STORE_I8, int16_t: FL_GQL_STORE_I16,                \
		int32_t: FL_GQL_STORE_I32, int64_t: FL_GQL_STORE_I64, long long: FL_GQL_STORE_I64,                     \
		uint8_t: FL_GQL_STORE_U8, uint16_t: FL_GQL_STORE_U16, uint32_t: FL_GQL_STORE_U32,                      \
		uint64_t: FL_GQL_STORE_U64, unsigned long long: FL_GQL_STORE_U64, float: FL_GQL_STORE_F32,             \
		double: FL_GQL_STORE_F64, fl_str: FL_GQL_STORE_STR, char *: FL_GQL_STORE_CSTR,                         \
		const char *: FL_GQL_STORE_CSTR, fl_uuid: FL_GQL_STORE_UUID, fl_gql_span: FL_GQL_STORE_SPAN,           \
		fl_gql_texts: FL_GQL_STORE_TEXTS, fl_gql_value: FL_GQL_STORE_VALUE)

/* The member of the parent struct is the value. Its C type must suit the field's type, or fl_gql_schema_new says so:
 *	integers        Int, Float, BigInt, ID, enums (0 is null), DateTime (microseconds; 0 is null where null may be)
 *	float, double   Float                  bool    Boolean
 *	fl_str, char *  String, ID, Decimal and other scalars of text (ptr NULL is null)
 *	fl_uuid         ID, String             fl_gql_texts   [String]        fl_gql_span   [Object] */
#define FL_COLUMN(type, member)                                                                                        \
	{                                                                                                              \
		.how = FL_GQL_COLUMN, .storage = FL_GQL_STORAGE_OF(((type *)0)->member), .offset = offsetof(type, member)  \
	}
/* The same; null while the bool has is false. */
#define FL_OPTIONAL(type, member, has)                                                                                 \
	{                                                                                                              \
		.how = FL_GQL_COLUMN, .storage = FL_GQL_STORAGE_OF(((type *)0)->member), .offset = offsetof(type, member), \
		.has_offset = 1 + offsetof(type, has)                                                                  \
	}
/* The member points to the child object; NULL is null. */
#define FL_POINTER(type, member)                                                                                       \
	{                                                                                                              \
		.how = FL_GQL_COLUMN, .storage = FL_GQL_STORE_POINTER, .offset = offsetof(type, member)                \
	}
/* The member is the child object; with FL_INSIDE_IF null while the bool has is false. */
#define FL_INSIDE(type, member)                                                                                        \
	{                                                                                                              \
		.how = FL_GQL_COLUMN, .storage = FL_GQL_STORE_INSIDE, .offset = offsetof(type, member)                 \
	}
#define FL_INSIDE_IF(type, member, has)                                                                                \
	{                                                                                                              \
		.how = FL_GQL_COLUMN, .storage = FL_GQL_STORE_INSIDE, .offset = offsetof(type, member),                \
		.has_offset = 1 + offsetof(type, has)                                                                  \
	}
/* The parent itself, seen as another type: payloads, edges' nodes, the root value of a subscription's event. */
#define FL_SELF                                                                                                        \
	{                                                                                                              \
		.how = FL_GQL_COLUMN, .storage = FL_GQL_STORE_INSIDE, .offset = 0                                      \
	}
#define FL_GETTER(function)                                                                                            \
	{                                                                                                              \
		.how = FL_GQL_GETTER, .getter = (function)                                                             \
	}
/* A resolver that may wait (runs beside its siblings), and one that never does. */
#define FL_BATCH(function)                                                                                             \
	{                                                                                                              \
		.how = FL_GQL_BATCH, .resolver = (function)                                                            \
	}
#define FL_BATCH_AT_ONCE(function)                                                                                     \
	{                                                                                                              \
		.how = FL_GQL_BATCH_AT_ONCE, .resolver = (function)                                                    \
	}

/* A resolver whose results may be fl_gql_paged; it may wait. Each alias of the field is resolved by itself. */
#define FL_PAGES(function)                                                                                             \
	{                                                                                                              \
		.how = FL_GQL_PAGES, .resolver = (function)                                                            \
	}

/* One object type: its binds in the order of the SDL. Generated; a field left out is an error that names it. */
typedef struct fl_gql_type_binds {
	const char *type;
	const fl_gql_bind *fields;
	size_t count;
} fl_gql_type_binds;

/* ---- Custom scalars -------------------------------------------------------------------------------------------- */

/* parse: in is a BOOL, INT, FLOAT or STRING value (from JSON or a literal), or OPAQUE. Returns what the client did
 * wrong as a sentence, NULL when all is well. text: how a number was written in the document; empty from JSON.
 * write: puts JSON; false when value is nothing this scalar can show.
 * parse_json: instead of parse, for scalars whose values have a structure: in is the whole value, at most
 * FL_GQL_JSON_DEPTH deep, whether it came as JSON, as a literal, or as a literal with variables in it. */
typedef struct fl_gql_scalar {
	const char *name;
	const char *(*parse)(fl_arena *mem, const fl_gql_value *in, fl_str text, fl_gql_value *out);
	bool (*write)(fl_buf *out, const fl_gql_value *value);
	bool zero_is_null; /* an integer column of 0 is null where null may be */
	const char *(*parse_json)(fl_arena *mem, const fl_json *in, fl_gql_value *out);
} fl_gql_scalar;
enum { FL_GQL_JSON_DEPTH = 100 };

/* Known without being given: DateTime (FL_GQL_INT, microseconds UTC), BigInt (FL_GQL_INT), Decimal (FL_GQL_STRING in
 * canonical form, at most 30 digits), UUID (FL_GQL_STRING of 36 lower-case characters), Upload (FL_GQL_OPAQUE),
 * JSON (FL_GQL_JSON, anything), GeoJSON (FL_GQL_JSON, a geometry of RFC 7946 that was checked). The last two are written
 * from FL_GQL_JSON, or from a FL_GQL_STRING that is JSON already, as ST_AsGeoJSON gives it. */

/* ---- Federation: the schema as a subgraph ------------------------------------------------------------------------ */

/* An SDL that says
 *	extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable"])
 * is a subgraph: the directives of that version are known (those not imported as @federation__name), Query gets _service
 * and _entities, and each type with a resolvable @key needs one of these, which is asked once for all representations
 * of its type in a request. Introspection shows none of it, and _service { sdl } shows the SDL as it was given. */
typedef struct fl_gql_references {
	size_t count;
	const fl_json *const *keys;  /* the representations: objects, their __typename is this type */
	fl_gql_value *results;       /* start out absent, which is null: no such thing */
	const fl_gql_schema *schema; /* for fl_gql_object_of, which interfaces with a @key need */
} fl_gql_references;

typedef struct fl_gql_entity {
	const char *type;
	/* May wait; types of one request run beside each other. An error fails all of the type. */
	fl_err (*resolve)(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references);
} fl_gql_entity;

enum { FL_GQL_REPRESENTATIONS_MAX = 10000 }; /* in one _entities */

/* ---- Schema and engine ------------------------------------------------------------------------------------------ */

typedef struct fl_gql_schema_options {
	fl_str sdl; /* borrowed: must outlive the schema */
	const fl_gql_type_binds *types;
	size_t type_count;
	const fl_gql_scalar *scalars; /* beyond those known */
	size_t scalar_count;
	const fl_gql_entity *entities;
	size_t entity_count;
} fl_gql_schema_options;

/* Errors: FL_BAD_INPUT (the SDL is wrong, or a field is unbound or bound to an unfit column; diag names it), FL_NOMEM. */
FL_MUST fl_err fl_gql_schema_new(const fl_gql_schema_options *options, fl_gql_schema **out, fl_diag *diag);
void fl_gql_schema_free(fl_gql_schema *schema);
/* For fl_gql_object_of; asserts that the type exists. */
uint16_t fl_gql_type_index(const fl_gql_schema *schema, const char *type);

/* Each limit has a code of its own (docs/graphql-limits.md). */
/* What a schema takes from clients of an older one (breaking), and what may surprise them (not breaking). */
typedef struct fl_gql_change {
	const char *kind; /* as graphql-js names it, "FIELD_REMOVED"; KEY_REMOVED of an entity besides */
	bool breaking;
	fl_str text;
} fl_gql_change;

/* Compares two SDLs; the changes live in mem. Errors: FL_BAD_INPUT (one of them is no schema), FL_NOMEM. */
FL_MUST fl_err fl_gql_schema_compare(fl_arena *mem, fl_str from, fl_str to, const fl_gql_change **out, size_t *count, fl_diag *diag);

typedef struct fl_gql_limits { /* 0 takes the default */
	uint32_t document_bytes;  /* 256 KiB */
	uint32_t tokens;          /* 15,000 */
	uint32_t depth;           /* 32: levels of fields, counted through fragments */
	uint32_t aliases;         /* 1,000 */
	uint32_t directives;      /* 500 */
	uint32_t root_fields;     /* 100 */
	uint32_t selections;      /* 20,000: fields after fragments are spread out */
	uint32_t result_bytes;    /* 64 MiB; of a response in parts: each part */
	uint32_t unstreamed_items; /* 10,000: of a paged list that is not streamed */
	bool no_introspection;    /* __schema and __type are refused; __typename stays */
} fl_gql_limits;

/* cache_bytes: what parsed, validated and planned documents may take. */
FL_MUST fl_err fl_gql_engine_new(const fl_gql_schema *schema, const fl_gql_limits *limits, size_t cache_bytes, fl_gql_engine **out);
void fl_gql_engine_free(fl_gql_engine *engine);

typedef struct fl_gql_stats {
	uint64_t hits, misses, evictions;
	size_t documents, bytes, pinned, pinned_bytes;
} fl_gql_stats;
fl_gql_stats fl_gql_engine_stats(const fl_gql_engine *engine);

/* ---- Execution -------------------------------------------------------------------------------------------------- */

/* A file of a multipart request: path as in its map, "variables.input.photos.0". */
typedef struct fl_gql_upload {
	fl_str path;
	void *file;
} fl_gql_upload;

typedef enum fl_gql_operation { FL_GQL_QUERY, FL_GQL_MUTATION, FL_GQL_SUBSCRIPTION } fl_gql_operation;

/* The cost of an operation by the directives @cost and @listSize of the IBM specification, known before it runs: field is
 * the work of its calls, type the objects that it may give. Both are bounds from above. */
typedef struct fl_gql_cost {
	double field, type;
} fl_gql_cost;
/* Whether the client takes a response in parts, and in which format. */
typedef enum fl_gql_parts {
	FL_GQL_WHOLE,        /* no: @defer and @stream have no effect */
	FL_GQL_PARTS,        /* pending, incremental, completed, hasNext: incrementalSpec=v0.2 */
	FL_GQL_PARTS_OF_2022 /* incremental with paths, hasNext: deferSpec=20220824 */
} fl_gql_parts;

enum { FL_GQL_ID_BYTES = 32 }; /* the SHA-256 of a document's text */

typedef struct fl_gql_request {
	fl_str query, operation_name; /* operation_name.ptr NULL: none given; query.ptr NULL: the document is named by its id */
	const fl_json *variables;     /* NULL, null or an object */
	const fl_gql_upload *uploads;
	size_t upload_count;
	const void *root;             /* the parent of root fields */
	bool queries_only;            /* GET: a mutation is refused with FL_GQL_NOT_ALLOWED */
	double budget;                /* neither cost may be more, or COST_LIMIT is the answer; 0: no limit */
	bool show_cost;               /* the answer gets extensions.cost */
	bool explain;                 /* and extensions.explain: for who may see SQL; ctx should have a trace (obs/trace.h) */
	bool cost_only;               /* nothing is run, nothing refused: the answer is extensions.cost */
	fl_gql_parts parts;           /* for fl_gql_stream_open only */
	/* How the client names the document; with a query besides, that text is remembered under the id, which the caller must
	 * have checked. */
	enum { FL_GQL_BY_TEXT, FL_GQL_BY_HASH, FL_GQL_BY_DOCUMENT_ID } by_id;
	uint8_t document_id[FL_GQL_ID_BYTES];
} fl_gql_request;

/* How long an answer may be kept, and by whom (@cacheControl); {0, false} unless the outcome says otherwise. */
typedef struct fl_gql_cache {
	int32_t max_age_s;
	bool is_private;
} fl_gql_cache;

typedef struct fl_gql_outcome {
	enum {
		FL_GQL_REQUEST_ERROR, /* not executed: no data entry; 400 under application/graphql-response+json */
		FL_GQL_NOT_ALLOWED,   /* a mutation by GET: 405; out holds the error */
		FL_GQL_EXECUTED,      /* there is a data entry, though it may be null */
	} status;
	fl_gql_operation operation;
	uint32_t errors;              /* how many the answer carries */
	uint32_t resolver_calls, waves;
	bool cached;                  /* the plan came from the cache */
	int64_t began_us;             /* private: of an operation that is to be explained */
	bool cost_only;               /* as the request said */
	fl_gql_cache cache;           /* of a query that was executed without errors */
	fl_gql_cost cost;
} fl_gql_outcome;

/* The request from a JSON body {"query", "documentId", "operationName", "variables", "extensions"}; it borrows from body.
 * Errors: FL_BAD_REQUEST with the detail in diag. */
FL_MUST fl_err fl_gql_request_from_json(const fl_json *body, fl_gql_request *out, fl_diag *diag);

/* Runs a query or mutation and appends the whole response to out. Memory comes from ctx->mem.
 * Errors: only FL_NOMEM, FL_TOO_LARGE (out cannot even hold the reason) and FL_CANCELLED; out is then as before. All else is
 * in out. */
FL_MUST fl_err fl_gql_execute(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request, fl_buf *out, fl_gql_outcome *outcome);

/* Whether a request holds a query, which may run beside others. The document is prepared (and kept) for that; one that
 * cannot be is no query. */
bool fl_gql_is_query(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request);

/* Adds what the parameters documentId (ptr NULL: none) and extensions say. Of the extensions cost is read (true or "report"
 * sets show_cost, "validate" cost_only) and persistedQuery (version 1, sha256Hash). */
FL_MUST fl_err fl_gql_request_extend(fl_gql_request *request, fl_str document_id, const fl_json *extensions, fl_diag *diag);
/* "sha256:" and 64 hexadecimal digits, or the digits alone. */
bool fl_gql_document_id(fl_str text, uint8_t id[FL_GQL_ID_BYTES]);

/* ---- Documents by id: the same cache of prepared documents. A request that names one the engine does not know is answered by
 * PERSISTED_QUERY_NOT_FOUND. */
bool fl_gql_knows(const fl_gql_engine *engine, const uint8_t id[FL_GQL_ID_BYTES]);
/* Prepares all operations of a document and keeps them until they are unpinned, beside what cache_bytes allows.
 * Errors: FL_BAD_INPUT (not valid for this schema; diag says why), FL_NOT_FOUND (fragments only), FL_NOMEM. */
FL_MUST fl_err fl_gql_pin(fl_gql_engine *engine, fl_str document, const uint8_t id[FL_GQL_ID_BYTES], fl_diag *diag);
void fl_gql_unpin(fl_gql_engine *engine, const uint8_t id[FL_GQL_ID_BYTES]);
bool fl_gql_is_pinned(const fl_gql_engine *engine, const uint8_t id[FL_GQL_ID_BYTES]);

/* ---- Responses in parts: @defer and @stream ---------------------------------------------------------------------- */

/* A response that goes on. The caller pulls:
 *
 *	FL_TRY(fl_gql_stream_open(ctx, engine, &request, &stream, &out, &outcome));
 *	err = send(out);                                         // the first payload, or the whole response
 *	for (bool more = stream; err == FL_OK && more;) {
 *		fl_buf_reset(&out);
 *		err = fl_gql_stream_next(ctx, stream, &out, &more);  // runs what comes next only now
 *		if (err == FL_OK)
 *			err = send(out);                             // waits for the socket: that is the back-pressure
 *	}
 *	fl_gql_stream_close(ctx, stream);
 *
 * Fragments that may begin run beside each other, one call of a resolver for all objects of a level, and are sent as they
 * end. Items of lists come in chunks that grow from 16 to 512; what is below them is resolved once a chunk. What a chunk
 * took of memory is given back when it was sent and nothing deferred in it is left. */
typedef struct fl_gql_stream fl_gql_stream;

/* As fl_gql_execute; appends the first payload. *stream is NULL when out is the whole response: the document asks for no
 * parts, or request->parts wants none. ctx must be the same in all calls. */
FL_MUST fl_err fl_gql_stream_open(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request, fl_gql_stream **stream, fl_buf *out,
				  fl_gql_outcome *outcome);
/* Whether the response of this query or mutation may have parts: its document has @defer or @stream. The document is prepared,
 * and kept, for that. */
bool fl_gql_is_incremental(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request);
/* Appends the next payload, not yet framed. *more: false with the last one. Errors: FL_NOMEM, FL_TOO_LARGE (the payload),
 * FL_CANCELLED, FL_TIMEOUT; the response is then broken and must be cut. All else is in out. */
FL_MUST fl_err fl_gql_stream_next(fl_ctx *ctx, fl_gql_stream *stream, fl_buf *out, bool *more);
/* Resolver calls and waves so far. */
void fl_gql_stream_count(const fl_gql_stream *stream, fl_gql_outcome *outcome);
/* Ends what still runs, waits for it, frees. NULL is fine. */
void fl_gql_stream_close(fl_ctx *ctx, fl_gql_stream *stream);

/* A response that only says why: {"errors":[{"message":...,"extensions":{"code":...}}]}. */
void fl_gql_write_error(fl_buf *out, fl_err err, fl_str message);

/* ---- Subscriptions ---------------------------------------------------------------------------------------------- */

/* An accepted subscription: its plan and variables, in memory of its own (about 4 KiB). Bound to its engine. */
typedef struct fl_gql_source fl_gql_source;

/* Checks a subscription. *source is NULL when there is nothing to follow: out then holds the whole response (a
 * request error, or the answer of a query or mutation, which is executed at once as graphql-transport-ws allows). */
FL_MUST fl_err fl_gql_subscribe(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request, fl_gql_source **source,
				fl_buf *out, fl_gql_outcome *outcome);
void fl_gql_source_free(fl_gql_source *source);
/* The one root field: its name and arguments tell what to listen to. */
const fl_gql_field *fl_gql_source_field(const fl_gql_source *source);
/* Do both compute the same answer for the same event: one document and operation, variables of the same text? Equal sources have
 * equal hashes. Sources of one engine only. */
bool fl_gql_source_same(const fl_gql_source *a, const fl_gql_source *b);
uint64_t fl_gql_source_hash(const fl_gql_source *source);
/* Executes the selection for one event; root becomes the parent of the root field. */
FL_MUST fl_err fl_gql_source_execute(fl_ctx *ctx, fl_gql_source *source, const void *root, fl_buf *out, fl_gql_outcome *outcome);

/* ---- Help for resolvers: distinct keys, pages, cursors ----------------------------------------------------------- */

/* The distinct keys of a batch, sorted, for one "= ANY($1)"; place[i] is where row i's key stands among them. */
enum { FL_GQL_NO_KEY = UINT32_MAX };
typedef struct fl_gql_keys_i64 {
	int64_t *keys;
	size_t count;
	uint32_t *place;
} fl_gql_keys_i64;
typedef struct fl_gql_keys_uuid {
	fl_uuid *keys;
	size_t count;
	uint32_t *place;
} fl_gql_keys_uuid;

/* has(i) false leaves row i without a key; has NULL: all have one. keys[i] is read for those only. */
FL_MUST fl_err fl_gql_distinct_i64(fl_arena *mem, const int64_t *keys, const bool *has, size_t count, fl_gql_keys_i64 *out);
FL_MUST fl_err fl_gql_distinct_uuid(fl_arena *mem, const fl_uuid *keys, const bool *has, size_t count, fl_gql_keys_uuid *out);
/* The place of a key that came back from the database; FL_GQL_NO_KEY when it was not asked for. */
uint32_t fl_gql_find_i64(const fl_gql_keys_i64 *keys, int64_t key);
uint32_t fl_gql_find_uuid(const fl_gql_keys_uuid *keys, fl_uuid key);

/* Keyset pages. A cursor is opaque text made of a kind (which list it belongs to, one letter) and the key's bytes. */
typedef struct fl_gql_page {
	uint32_t first;
	fl_str after; /* the bytes given to fl_gql_cursor; ptr NULL: from the start */
} fl_gql_page;

/* Reads the arguments first and after. Errors: FL_BAD_INPUT with a sentence for the client in ctx->diag, when first is
 * not 1 to first_max or after is no cursor of this kind. first null or absent: first_default. */
FL_MUST fl_err fl_gql_page_args(fl_ctx *ctx, const fl_gql_field *field, char kind, uint32_t first_default, uint32_t first_max,
				fl_gql_page *out);
fl_str fl_gql_cursor(fl_arena *mem, char kind, const void *key, size_t len); /* ptr NULL: mem is full */
static inline fl_str fl_gql_cursor_uuid(fl_arena *mem, char kind, fl_uuid key)
{
	return fl_gql_cursor(mem, kind, key.bytes, sizeof(key.bytes));
}
/* False when page.after does not hold exactly that; out is then untouched. */
static inline bool fl_gql_after_uuid(const fl_gql_page *page, fl_uuid *out)
{
	if (page->after.len != sizeof(out->bytes))
		return false;
	memcpy(out->bytes, page->after.ptr, sizeof(out->bytes));
	return true;
}

#endif
