/* The sets of fields that @key, @requires and @provides name must be fields of the type. Which subgraph may give them
 * is for the composition to decide. */
#include "graphql/graphql_int.h"

#define WRONG(errors, ...) ((void)gql_fault((errors), GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE, __VA_ARGS__))

typedef struct set_of_fields {
	const fl_gql_schema *schema;
	const char *directive;
	const gql_type *type; /* whose fields they are */
	fl_str where;         /* for the message */
	fl_str text;
	gql_errors *errors;
} set_of_fields;

static const gql_type *type_of(const gql_selection *s)
{
	return s->kind == GQL_S_INLINE ? s->type : s->field ? s->field->type.type : NULL;
}

static void check_selection(const set_of_fields *set, gql_document *doc, gql_selection *s)
{
	const gql_type *parent = s->parent == GQL_NONE ? set->type : type_of(&doc->selections[s->parent]);
	if (s->kind == GQL_S_INLINE) {
		s->type = s->name.len ? gql_schema_type(set->schema, s->name) : parent;
		return;
	}
	s->field = s->kind == GQL_S_FIELD && parent && gql_is_composite(parent) ? gql_schema_field(set->schema, parent, s->name)
										: NULL;
	if (!s->field)
		WRONG(set->errors, "the @%s of %" FL_FMT " names %" FL_FMT ", which %" FL_FMT " does not have", set->directive,
			FL_ARG(set->where), FL_ARG(s->name), FL_ARG(parent ? parent->name : FL_STR("that")));
	else if (gql_is_composite(s->field->type.type) != s->has_set)
		WRONG(set->errors, "the @%s of %" FL_FMT " names %" FL_FMT " %s", set->directive, FL_ARG(set->where),
			FL_ARG(s->name), s->has_set ? "with fields, but it is a leaf" : "without fields");
}

static void check_set(const set_of_fields *set)
{
	static const fl_gql_limits limits = {
		.document_bytes = 1 << 16, .tokens = 5000, .depth = 32, .aliases = 0, .directives = 0
	};
	fl_arena mem = fl_arena_make(4 << 20);
	gql_errors errors = { .mem = &mem };
	gql_document doc;
	fl_str text = fl_str_fmt(&mem, "{ %" FL_FMT " }", FL_ARG(set->text));
	if (!text.ptr || !gql_parse(&doc, &mem, text, &limits, &errors) || doc.definition_count != 1)
		WRONG(set->errors, "the @%s of %" FL_FMT " is no set of fields: \"%" FL_FMT "\"", set->directive,
			FL_ARG(set->where), FL_ARG(set->text));
	else
		for (uint32_t i = 0; i < doc.selection_count && !set->errors->count; i++)
			check_selection(set, &doc, &doc.selections[i]);
	fl_arena_fini(&mem);
}

static void check_applied(set_of_fields *set, const gql_range *ranges, uint32_t count, fl_str name)
{
	uint32_t at = 0;
	for (const gql_directive *d; (d = gql_applied_next(set->schema, ranges, count, name, &at));) {
		const gql_literal *fields = gql_applied_argument(set->schema, d, "fields");
		if (!fields || fields->kind != GQL_L_STRING)
			continue; /* the check of applied directives says so */
		set->text = fields->text;
		check_set(set);
	}
}

static void check_type(fl_gql_schema *schema, const gql_type *type, gql_errors *errors)
{
	const gql_federation *f = schema->federation;
	set_of_fields set = { .schema = schema, .errors = errors, .directive = "key", .type = type, .where = type->name };
	check_applied(&set, type->ranges, type->range_count, f->key);
	for (uint32_t i = 0; i < type->field_count; i++) {
		const gql_field_def *field = &type->fields[i];
		set.where = field->name;
		set.directive = "requires";
		set.type = type;
		check_applied(&set, &field->directives, 1, f->requires);
		set.directive = "provides";
		set.type = field->type.type;
		check_applied(&set, &field->directives, 1, f->provides);
	}
}

void gql_federation_check(fl_gql_schema *schema, gql_errors *errors)
{
	for (uint32_t i = 0; schema->federation && i < schema->type_count; i++)
		if (gql_is_composite(schema->types[i]) && !schema->types[i]->of_engine)
			check_type(schema, schema->types[i], errors);
}
