/* Reads SDL into a schema: definitions and extensions as written; names are linked afterwards, in schema.c. */
#include "graphql/graphql_int.h"

const char gql_builtin_sdl[] =
	"\"A whole number of 32 bits.\" scalar Int\n"
	"\"A number of double precision (IEEE 754).\" scalar Float\n"
	"\"Text in UTF-8.\" scalar String\n"
	"\"true or false.\" scalar Boolean\n"
	"\"An identifier: text that says nothing; accepted as text or as an integer.\" scalar ID\n"
	"\"Leaves the field or fragment out when if is true.\"\n"
	"directive @skip(\"Whether to leave it out.\" if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
	"\"Takes the field or fragment in only when if is true.\"\n"
	"directive @include(\"Whether to take it in.\" if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
	"\"Lets the fragment follow in a later part of the response, for clients that accept one.\"\n"
	"directive @defer(\"Whether to put it off.\" if: Boolean! = true, \"Names it in the response; unique.\" label: String)"
	" on FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
	"\"Lets the items of the list follow in later parts of the response, for clients that accept them.\"\n"
	"directive @stream(\"How many items come at once.\" initialCount: Int! = 0, \"Whether to stream it.\" if: Boolean! = true,"
	" \"Names it in the response; unique.\" label: String) on FIELD\n"
	"\"Marks what should no longer be used.\"\n"
	"directive @deprecated(\"Why, and what to use instead.\" reason: String! = \"No longer supported\")"
	" on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE\n"
	"\"Where the behaviour of a scalar is specified.\"\n"
	"directive @specifiedBy(\"The address of the specification.\" url: String!) on SCALAR\n"
	"\"Of the fields of this input object exactly one is given, and it is not null.\"\n"
	"directive @oneOf on INPUT_OBJECT\n"
	"\"What a server can do.\" type __Schema {\n"
	"  \"What the schema is for.\" description: String\n"
	"  \"All types.\" types: [__Type!]!\n"
	"  \"Where queries begin.\" queryType: __Type!\n"
	"  \"Where mutations begin, if there are any.\" mutationType: __Type\n"
	"  \"Where subscriptions begin, if there are any.\" subscriptionType: __Type\n"
	"  \"All directives.\" directives: [__Directive!]!\n"
	"}\n"
	"\"A type: named, or a wrapper around another.\" type __Type {\n"
	"  \"What sort of type it is.\" kind: __TypeKind!\n"
	"  \"Its name; null for wrappers.\" name: String\n"
	"  \"What it is for.\" description: String\n"
	"  \"Where a scalar is specified.\" specifiedByURL: String\n"
	"  \"The fields of an object or interface.\"\n"
	"  fields(\"Whether to show deprecated ones.\" includeDeprecated: Boolean! = false): [__Field!]\n"
	"  \"The interfaces that an object or interface implements.\" interfaces: [__Type!]\n"
	"  \"The objects that an interface or union can be.\" possibleTypes: [__Type!]\n"
	"  \"The values of an enum.\"\n"
	"  enumValues(\"Whether to show deprecated ones.\" includeDeprecated: Boolean! = false): [__EnumValue!]\n"
	"  \"The fields of an input object.\"\n"
	"  inputFields(\"Whether to show deprecated ones.\" includeDeprecated: Boolean! = false): [__InputValue!]\n"
	"  \"What a wrapper wraps.\" ofType: __Type\n"
	"  \"Whether exactly one field of the input object must be given.\" isOneOf: Boolean\n"
	"}\n"
	"\"The sorts of types.\" enum __TypeKind {\n"
	"  \"A leaf.\" SCALAR\n"
	"  \"Has fields.\" OBJECT\n"
	"  \"Has fields; objects implement it.\" INTERFACE\n"
	"  \"One of several objects.\" UNION\n"
	"  \"One of several names.\" ENUM\n"
	"  \"Has input fields.\" INPUT_OBJECT\n"
	"  \"A list of ofType.\" LIST\n"
	"  \"ofType, never null.\" NON_NULL\n"
	"}\n"
	"\"A field of an object or interface.\" type __Field {\n"
	"  \"Its name.\" name: String!\n"
	"  \"What it means.\" description: String\n"
	"  \"Its arguments.\"\n"
	"  args(\"Whether to show deprecated ones.\" includeDeprecated: Boolean! = false): [__InputValue!]!\n"
	"  \"The type of its value.\" type: __Type!\n"
	"  \"Whether it should no longer be used.\" isDeprecated: Boolean!\n"
	"  \"Why not.\" deprecationReason: String\n"
	"}\n"
	"\"An argument, or a field of an input object.\" type __InputValue {\n"
	"  \"Its name.\" name: String!\n"
	"  \"What it means.\" description: String\n"
	"  \"The type of its value.\" type: __Type!\n"
	"  \"Its value when none is given, as GraphQL text.\" defaultValue: String\n"
	"  \"Whether it should no longer be used.\" isDeprecated: Boolean!\n"
	"  \"Why not.\" deprecationReason: String\n"
	"}\n"
	"\"A value of an enum.\" type __EnumValue {\n"
	"  \"The value.\" name: String!\n"
	"  \"What it means.\" description: String\n"
	"  \"Whether it should no longer be used.\" isDeprecated: Boolean!\n"
	"  \"Why not.\" deprecationReason: String\n"
	"}\n"
	"\"A directive.\" type __Directive {\n"
	"  \"Its name, without the @.\" name: String!\n"
	"  \"What it does.\" description: String\n"
	"  \"Whether it may stand several times in one place.\" isRepeatable: Boolean!\n"
	"  \"Where it may stand.\" locations: [__DirectiveLocation!]!\n"
	"  \"Its arguments.\"\n"
	"  args(\"Whether to show deprecated ones.\" includeDeprecated: Boolean! = false): [__InputValue!]!\n"
	"}\n"
	"\"Where a directive may stand.\" enum __DirectiveLocation {\n"
	"  \"A query.\" QUERY \"A mutation.\" MUTATION \"A subscription.\" SUBSCRIPTION \"A field.\" FIELD\n"
	"  \"The definition of a fragment.\" FRAGMENT_DEFINITION \"The use of a fragment.\" FRAGMENT_SPREAD\n"
	"  \"A fragment without a name.\" INLINE_FRAGMENT \"The definition of a variable.\" VARIABLE_DEFINITION\n"
	"  \"The schema.\" SCHEMA \"A scalar.\" SCALAR \"An object type.\" OBJECT\n"
	"  \"The definition of a field.\" FIELD_DEFINITION \"The definition of an argument.\" ARGUMENT_DEFINITION\n"
	"  \"An interface.\" INTERFACE \"A union.\" UNION \"An enum.\" ENUM \"A value of an enum.\" ENUM_VALUE\n"
	"  \"An input object.\" INPUT_OBJECT \"The definition of an input field.\" INPUT_FIELD_DEFINITION\n"
	"}\n";

const char *const gql_place_names[GQL_PLACE_COUNT] = {
	"QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT",
	"VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INTERFACE", "UNION",
	"ENUM", "ENUM_VALUE", "INPUT_OBJECT", "INPUT_FIELD_DEFINITION",
};

typedef struct sdl {
	gql_parser parser;
	fl_gql_schema *schema;
	fl_arena *mem;
	bool of_engine;
} sdl;

static bool no_memory(sdl *s)
{
	s->parser.lexer.errors->nomem = true;
	return false;
}

static bool fault(sdl *s, uint32_t place, const char *what, fl_str name)
{
	gql_fault(s->parser.lexer.errors, GQL_CODE_SYNTAX, place, GQL_NONE, "%s: %" FL_FMT, what, FL_ARG(name));
	return false;
}

#define ADD(s, owner, name, pointer)                                                                                   \
	do {                                                                                                           \
		if (!gql_room((s)->mem, &(owner)->name##s, (owner)->name##_count, &(owner)->name##_cap,                \
			      sizeof(*(owner)->name##s)))                                                              \
			return no_memory(s);                                                                           \
		(pointer) = &(owner)->name##s[(owner)->name##_count++];                                                \
	} while (0)

static bool description(sdl *s, fl_str *out)
{
	gql_lexer *l = &s->parser.lexer;
	if (l->kind != GQL_T_STRING && l->kind != GQL_T_BLOCK_STRING)
		return true;
	*out = gql_lex_string(l, s->mem);
	return out->ptr ? gql_lex_next(l) : no_memory(s);
}

static const gql_directive *find_directive(const sdl *s, gql_range directives, const char *name)
{
	for (uint32_t i = directives.first; i < directives.end; i++)
		if (fl_str_eq(s->schema->doc.directives[i].name, fl_str_z(name)))
			return &s->schema->doc.directives[i];
	return NULL;
}

/* The text argument of a directive; otherwise when it is not given. */
static fl_str directive_text(const sdl *s, const gql_directive *d, const char *argument, fl_str otherwise)
{
	for (uint32_t i = d->arguments.first; i < d->arguments.end; i++) {
		const gql_argument *a = &s->schema->doc.arguments[i];
		if (fl_str_eq(a->name, fl_str_z(argument)) && s->schema->doc.literals[a->value].kind == GQL_L_STRING)
			return s->schema->doc.literals[a->value].text;
	}
	return otherwise;
}

/* Reads directives; deprecated (may be NULL) becomes the reason. */
static bool directives(sdl *s, gql_range *out, fl_str *deprecated)
{
	if (!gql_parse_directives(&s->parser, true, out))
		return false;
	const gql_directive *d = deprecated ? find_directive(s, *out, "deprecated") : NULL;
	if (d)
		*deprecated = directive_text(s, d, "reason", FL_STR("No longer supported"));
	return true;
}

/* The directives of a type or of the schema: the definition has some, each extension may bring more. */
#define MORE_DIRECTIVES(s, owner)                                                                                      \
	do {                                                                                                           \
		gql_range *more;                                                                                       \
		ADD(s, owner, range, more);                                                                            \
		if (!directives(s, more, NULL))                                                                        \
			return false;                                                                                  \
	} while (0)

static bool input_value(sdl *s, gql_input *in)
{
	gql_lexer *l = &s->parser.lexer;
	*in = (gql_input){ .default_literal = GQL_NONE };
	if (!description(s, &in->description) || !gql_lex_take_name(l, &in->name) || !gql_lex_take(l, GQL_T_COLON) ||
	    !gql_parse_type(&s->parser, &in->type_text))
		return false;
	if (l->kind == GQL_T_EQUALS && (!gql_lex_next(l) || !gql_parse_value(&s->parser, true, &in->default_literal)))
		return false;
	return directives(s, &in->directives, &in->deprecated);
}

/* (a: T = v, ...) */
static bool arguments(sdl *s, gql_input **out, uint32_t *count)
{
	struct {
		gql_input *args;
		uint32_t arg_count, arg_cap;
	} list = {};
	gql_lexer *l = &s->parser.lexer;
	if (l->kind == GQL_T_PAREN_L) {
		if (!gql_lex_next(l))
			return false;
		do {
			gql_input *in;
			ADD(s, &list, arg, in);
			if (!input_value(s, in))
				return false;
		} while (l->kind != GQL_T_PAREN_R);
		if (!gql_lex_next(l))
			return false;
	}
	*out = list.args;
	*count = list.arg_count;
	return true;
}

static bool field(sdl *s, gql_type *type)
{
	gql_lexer *l = &s->parser.lexer;
	gql_field_def *f;
	ADD(s, type, field, f);
	*f = (gql_field_def){ .owner = type, .index = type->field_count - 1 };
	return description(s, &f->description) && gql_lex_take_name(l, &f->name) && arguments(s, &f->args, &f->arg_count) &&
	       gql_lex_take(l, GQL_T_COLON) && gql_parse_type(&s->parser, &f->type_text) &&
	       directives(s, &f->directives, &f->deprecated);
}

static bool input_field(sdl *s, gql_type *type)
{
	gql_input *in;
	ADD(s, type, input, in);
	return input_value(s, in);
}

static bool enum_value(sdl *s, gql_type *type)
{
	gql_lexer *l = &s->parser.lexer;
	gql_enum_value *v;
	ADD(s, type, value, v);
	*v = (gql_enum_value){};
	if (!description(s, &v->description))
		return false;
	if (gql_lex_is_word(l, "true") || gql_lex_is_word(l, "false") || gql_lex_is_word(l, "null"))
		return gql_lex_unexpected(l);
	return gql_lex_take_name(l, &v->name) && directives(s, &v->directives, &v->deprecated);
}

/* { item item ... }, or nothing. */
static bool block(sdl *s, gql_type *type, bool (*item)(sdl *s, gql_type *type))
{
	gql_lexer *l = &s->parser.lexer;
	if (l->kind != GQL_T_BRACE_L)
		return true;
	if (!gql_lex_next(l))
		return false;
	do
		if (!item(s, type))
			return false;
	while (l->kind != GQL_T_BRACE_R);
	return gql_lex_next(l);
}

/* A & B, or A | B, a leading separator allowed. */
static bool names(sdl *s, gql_token_kind separator, gql_type *type, bool members)
{
	gql_lexer *l = &s->parser.lexer;
	if (l->kind == separator && !gql_lex_next(l))
		return false;
	for (;;) {
		fl_str *name;
		if (members)
			ADD(s, type, member_name, name);
		else
			ADD(s, type, interface_name, name);
		if (!gql_lex_take_name(l, name))
			return false;
		if (l->kind != separator)
			return true;
		if (!gql_lex_next(l))
			return false;
	}
}

static bool body(sdl *s, gql_type *type)
{
	gql_lexer *l = &s->parser.lexer;
	switch (type->kind) {
	case GQL_SCALAR:
		MORE_DIRECTIVES(s, type);
		const gql_directive *by = find_directive(s, type->ranges[type->range_count - 1], "specifiedBy");
		if (by)
			type->specified_by = directive_text(s, by, "url", (fl_str){});
		return true;
	case GQL_OBJECT_TYPE:
	case GQL_INTERFACE:
		if (gql_lex_is_word(l, "implements") && (!gql_lex_next(l) || !names(s, GQL_T_AMP, type, false)))
			return false;
		MORE_DIRECTIVES(s, type);
		return block(s, type, field);
	case GQL_UNION:
		MORE_DIRECTIVES(s, type);
		return l->kind != GQL_T_EQUALS || (gql_lex_next(l) && names(s, GQL_T_PIPE, type, true));
	case GQL_ENUM_TYPE:
		MORE_DIRECTIVES(s, type);
		return block(s, type, enum_value);
	case GQL_INPUT_TYPE:
		MORE_DIRECTIVES(s, type);
		type->one_of = type->one_of || find_directive(s, type->ranges[type->range_count - 1], "oneOf");
		return block(s, type, input_field);
	}
	return false;
}

static bool add_type(sdl *s, fl_str name, gql_type **out)
{
	fl_gql_schema *schema = s->schema;
	gql_type *type = fl_new(s->mem, gql_type), **slot;
	if (!type)
		return no_memory(s);
	ADD(s, schema, type, slot);
	*slot = type;
	type->name = name;
	type->index = schema->type_count - 1;
	type->of_engine = s->of_engine;
	if (fl_map_put(&schema->type_map, name, type) != FL_OK)
		return no_memory(s);
	*out = type;
	return true;
}

/* An extension that brings nothing is a mistake. */
static uint32_t size_of(const gql_type *type)
{
	return type->field_count + type->input_count + type->value_count + type->interface_name_count + type->member_name_count;
}

static bool type_definition(sdl *s, gql_type_kind kind, fl_str about, bool extend)
{
	gql_lexer *l = &s->parser.lexer;
	uint32_t place = l->start;
	fl_str name;
	if (!gql_lex_next(l) || !gql_lex_take_name(l, &name))
		return false;
	gql_type *type = fl_map_get(&s->schema->type_map, name);
	if (type && !extend && type->defined)
		return fault(s, place, "there can be only one type named", name);
	if (!s->of_engine && fl_str_starts(name, FL_STR("__")))
		return fault(s, place, "names that begin with two underscores are reserved", name);
	if (!type && !add_type(s, name, &type))
		return false;
	if (type->range_count && type->kind != kind)
		return fault(s, place, "an extension must be of the same kind as the type", name);
	if (!extend) {
		type->defined = true;
		type->description = about;
	}
	type->kind = kind;
	uint32_t before = size_of(type);
	if (!body(s, type))
		return false;
	gql_range applied = type->ranges[type->range_count - 1];
	return !extend || size_of(type) > before || applied.end > applied.first || gql_lex_unexpected(l);
}

static bool place_bit(fl_str name, uint32_t *places)
{
	for (uint32_t i = 0; i < GQL_PLACE_COUNT; i++)
		if (fl_str_eq(name, fl_str_z(gql_place_names[i]))) {
			*places |= 1u << i;
			return true;
		}
	return false;
}

static bool directive_definition(sdl *s, fl_str about)
{
	gql_lexer *l = &s->parser.lexer;
	gql_directive_def *d;
	ADD(s, s->schema, directive, d);
	*d = (gql_directive_def){ .description = about, .of_engine = s->of_engine };
	if (!gql_lex_next(l) || !gql_lex_take(l, GQL_T_AT) || !gql_lex_take_name(l, &d->name) ||
	    !arguments(s, &d->args, &d->arg_count))
		return false;
	d->repeatable = gql_lex_is_word(l, "repeatable");
	if (d->repeatable && !gql_lex_next(l))
		return false;
	if (!gql_lex_is_word(l, "on"))
		return gql_lex_unexpected(l);
	if (!gql_lex_next(l) || (l->kind == GQL_T_PIPE && !gql_lex_next(l)))
		return false;
	for (;;) {
		fl_str name;
		uint32_t place = l->start;
		if (!gql_lex_take_name(l, &name))
			return false;
		if (!place_bit(name, &d->places))
			return fault(s, place, "no such place for a directive", name);
		if (l->kind != GQL_T_PIPE)
			return true;
		if (!gql_lex_next(l))
			return false;
	}
}

/* schema { query: Q mutation: M } */
static bool schema_definition(sdl *s, fl_str about, bool extend)
{
	static const char *const words[] = { "query", "mutation", "subscription" };
	gql_lexer *l = &s->parser.lexer;
	if (!extend && s->schema->roots_given)
		return fault(s, l->start, "there can be only one", FL_STR("schema"));
	if (!extend) {
		s->schema->roots_given = true;
		s->schema->description = about;
	}
	if (!gql_lex_next(l))
		return false;
	MORE_DIRECTIVES(s, s->schema);
	gql_range applied = s->schema->ranges[s->schema->range_count - 1];
	if (l->kind != GQL_T_BRACE_L)
		return (extend && applied.end > applied.first) || gql_lex_unexpected(l);
	if (!gql_lex_next(l))
		return false;
	do {
		size_t i = 0;
		while (i < FL_COUNT(words) && !gql_lex_is_word(l, words[i]))
			i++;
		if (i == FL_COUNT(words))
			return gql_lex_unexpected(l);
		if (s->schema->root_names[i].len)
			return fault(s, l->start, "there can be only one root type of", fl_str_z(words[i]));
		if (!gql_lex_next(l) || !gql_lex_take(l, GQL_T_COLON) || !gql_lex_take_name(l, &s->schema->root_names[i]))
			return false;
	} while (l->kind != GQL_T_BRACE_R);
	return gql_lex_next(l);
}

static bool definition(sdl *s)
{
	static const struct {
		const char *word;
		gql_type_kind kind;
	} kinds[] = {
		{ "scalar", GQL_SCALAR }, { "type", GQL_OBJECT_TYPE }, { "interface", GQL_INTERFACE },
		{ "union", GQL_UNION },   { "enum", GQL_ENUM_TYPE },   { "input", GQL_INPUT_TYPE },
	};
	gql_lexer *l = &s->parser.lexer;
	fl_str about = {};
	if (!description(s, &about))
		return false;
	bool extend = !about.ptr && gql_lex_is_word(l, "extend");
	if (extend && !gql_lex_next(l))
		return false;
	for (size_t i = 0; i < FL_COUNT(kinds); i++)
		if (gql_lex_is_word(l, kinds[i].word))
			return type_definition(s, kinds[i].kind, about, extend);
	if (gql_lex_is_word(l, "schema"))
		return schema_definition(s, about, extend);
	if (gql_lex_is_word(l, "directive") && !extend)
		return directive_definition(s, about);
	return gql_lex_unexpected(l);
}

bool gql_sdl_parse(fl_gql_schema *schema, fl_str text, bool of_engine, gql_errors *errors)
{
	sdl s = { .schema = schema, .mem = &schema->mem, .of_engine = of_engine };
	s.parser.doc = &schema->doc;
	schema->doc.mem = &schema->mem;
	if (!gql_lex_start(&s.parser.lexer, text, UINT32_MAX, errors))
		return false;
	while (s.parser.lexer.kind != GQL_T_EOF)
		if (!definition(&s))
			return false;
	return true;
}
