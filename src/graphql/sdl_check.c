/* What the specification asks of a schema beyond names that exist: applied directives, roots, reserved and repeated names,
 * input objects that could never be given, deprecation along interfaces. schema.c links and checks interfaces themselves. */
#include "graphql/graphql_int.h"

typedef struct checker {
	fl_gql_schema *schema;
	fl_arena scratch;
	gql_errors *errors;
} checker;

#define WRONG(c, ...) ((void)gql_fault((c)->errors, GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE, __VA_ARGS__))

static bool enough(const checker *c)
{
	return c->errors->nomem || c->errors->count;
}

/* ---- Applied directives ---- */

static void check_range(checker *c, gql_range range, gql_place_bits where, fl_str owner, fl_str name)
{
	gql_errors errors = { .mem = &c->scratch };
	if (range.first == range.end)
		return;
	gql_validate_applied(c->schema, range, where, &c->scratch, &errors);
	c->errors->nomem |= errors.nomem;
	if (errors.count)
		WRONG(c, "%" FL_FMT "%s%" FL_FMT ": %" FL_FMT, FL_ARG(owner), name.len ? "." : "", (int)name.len,
			name.len ? name.ptr : "", FL_ARG(errors.first->message));
}

/* Within one range the validator has looked; here a definition meets its extensions. */
static void check_repeats(checker *c, const gql_range *ranges, uint32_t count, fl_str owner)
{
	const gql_directive *all = c->schema->doc.directives;
	for (uint32_t r = 1; r < count; r++)
		for (uint32_t i = ranges[r].first; i < ranges[r].end; i++) {
			const gql_directive_def *def = gql_schema_directive(c->schema, all[i].name);
			uint32_t at = 0;
			if (def && !def->repeatable && gql_applied_next(c->schema, ranges, r, all[i].name, &at))
				WRONG(c, "%" FL_FMT ": the directive \"@%" FL_FMT "\" can only be used once at this location.",
					FL_ARG(owner), FL_ARG(all[i].name));
		}
}

static void check_inputs(checker *c, fl_str owner, const gql_input *inputs, uint32_t count, gql_place_bits where)
{
	for (uint32_t i = 0; i < count; i++) {
		if (fl_str_starts(inputs[i].name, FL_STR("__")))
			WRONG(c, "%" FL_FMT ".%" FL_FMT ": names that begin with two underscores are reserved", FL_ARG(owner),
				FL_ARG(inputs[i].name));
		check_range(c, inputs[i].directives, where, owner, inputs[i].name);
	}
}

static void check_applied(checker *c, const gql_type *type)
{
	static const gql_place_bits places[] = {
		[GQL_SCALAR] = GQL_AT_SCALAR,
		[GQL_OBJECT_TYPE] = GQL_AT_OBJECT,
		[GQL_INTERFACE] = GQL_AT_INTERFACE,
		[GQL_UNION] = GQL_AT_UNION,
		[GQL_ENUM_TYPE] = GQL_AT_ENUM,
		[GQL_INPUT_TYPE] = GQL_AT_INPUT_OBJECT,
	};
	for (uint32_t i = 0; i < type->range_count; i++)
		check_range(c, type->ranges[i], places[type->kind], type->name, (fl_str) {});
	check_repeats(c, type->ranges, type->range_count, type->name);
	for (uint32_t i = 0; i < type->field_count; i++) {
		check_range(c, type->fields[i].directives, GQL_AT_FIELD_DEFINITION, type->name, type->fields[i].name);
		check_inputs(
			c, type->fields[i].name, type->fields[i].args, type->fields[i].arg_count, GQL_AT_ARGUMENT_DEFINITION);
	}
	check_inputs(c, type->name, type->inputs, type->input_count, GQL_AT_INPUT_FIELD_DEFINITION);
	for (uint32_t i = 0; i < type->value_count; i++) {
		if (fl_str_starts(type->values[i].name, FL_STR("__")))
			WRONG(c, "%" FL_FMT ".%" FL_FMT ": names that begin with two underscores are reserved",
				FL_ARG(type->name), FL_ARG(type->values[i].name));
		check_range(c, type->values[i].directives, GQL_AT_ENUM_VALUE, type->name, type->values[i].name);
	}
}

static void check_directive_definitions(checker *c)
{
	for (uint32_t i = 0; i < c->schema->directive_count; i++) {
		const gql_directive_def *d = &c->schema->directives[i];
		if (d->of_engine)
			continue;
		if (gql_schema_directive(c->schema, d->name) != d)
			WRONG(c, "there can be only one directive named: @%" FL_FMT, FL_ARG(d->name));
		if (fl_str_starts(d->name, FL_STR("__")))
			WRONG(c, "names that begin with two underscores are reserved: @%" FL_FMT, FL_ARG(d->name));
		check_inputs(c, d->name, d->args, d->arg_count, GQL_AT_ARGUMENT_DEFINITION);
		for (uint32_t k = 0; k < d->arg_count; k++)
			if (gql_applied(c->schema, d->args[k].directives, fl_str_cstr(&c->scratch, d->name)))
				WRONG(c, "@%" FL_FMT " is applied to its own argument %" FL_FMT, FL_ARG(d->name),
					FL_ARG(d->args[k].name));
	}
}

/* ---- Roots, names ---- */

static void check_roots(checker *c)
{
	static const char *const names[] = { "query", "mutation", "subscription" };
	const gql_type *const *roots = c->schema->roots;
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < i; k++)
			if (roots[i] && roots[i] == roots[k])
				WRONG(c, "all root types must be different: %" FL_FMT " is that of %s and %s",
					FL_ARG(roots[i]->name), names[k], names[i]);
}

static void check_unique(checker *c, const gql_type *type, const fl_str *names, uint32_t count, const char *what)
{
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (fl_str_eq(names[i], names[k]))
				WRONG(c, "%" FL_FMT " %s %" FL_FMT " twice", FL_ARG(type->name), what, FL_ARG(names[i]));
}

/* A field may be deprecated only where the interface's is: who asks the interface would not know. */
static void check_deprecation(checker *c, const gql_type *type)
{
	for (uint32_t i = 0; i < type->field_count; i++)
		for (uint32_t k = 0; k < type->interface_count && type->fields[i].deprecated.ptr; k++) {
			const gql_field_def *of = gql_schema_field(c->schema, type->interfaces[k], type->fields[i].name);
			if (of && !of->is_typename && !of->deprecated.ptr)
				WRONG(c, "%" FL_FMT ".%" FL_FMT " is deprecated, but not in interface %" FL_FMT,
					FL_ARG(type->name), FL_ARG(type->fields[i].name), FL_ARG(type->interfaces[k]->name));
		}
}

/* ---- Input objects that ask for themselves ---- */

typedef struct step {
	const gql_type *type;
	uint32_t next;
} step;

/* The input object that a value of this field cannot do without; NULL: it can be null or empty. */
static const gql_type *needs(const gql_input *in)
{
	return gql_ref_nonnull(in->type) && !in->type.lists && in->type.type->kind == GQL_INPUT_TYPE ? in->type.type : NULL;
}

static void find_cycle(checker *c, const gql_type *start, step *path, uint8_t *color)
{
	enum { WHITE, ON_PATH, DONE };
	uint32_t depth = 0;
	if (start->kind != GQL_INPUT_TYPE || color[start->index] != WHITE)
		return;
	path[depth++] = (step) { start, 0 };
	color[start->index] = ON_PATH;
	while (depth && !enough(c)) {
		step *top = &path[depth - 1];
		if (top->next == top->type->input_count) {
			color[top->type->index] = DONE;
			depth--;
			continue;
		}
		const gql_input *in = &top->type->inputs[top->next++];
		const gql_type *to = needs(in);
		if (to && color[to->index] == ON_PATH)
			WRONG(c,
				"input %" FL_FMT " asks for itself by non-null fields, the last is %" FL_FMT ".%" FL_FMT
				": it can never be given",
				FL_ARG(to->name), FL_ARG(top->type->name), FL_ARG(in->name));
		if (!to || color[to->index] != WHITE)
			continue;
		color[to->index] = ON_PATH;
		path[depth++] = (step) { to, 0 };
	}
}

static void check_cycles(checker *c)
{
	uint8_t *color = fl_arena_zero(&c->scratch, c->schema->type_count);
	step *path = fl_new_array(&c->scratch, step, c->schema->type_count);
	if (!color || !path) {
		c->errors->nomem = true;
		return;
	}
	for (uint32_t i = 0; i < c->schema->type_count; i++)
		find_cycle(c, c->schema->types[i], path, color);
}

void gql_sdl_check(fl_gql_schema *schema, gql_errors *errors)
{
	checker c = { .schema = schema, .scratch = fl_arena_make(16 << 20), .errors = errors };
	for (uint32_t i = 0; i < schema->range_count; i++)
		check_range(&c, schema->ranges[i], GQL_AT_SCHEMA, FL_STR("schema"), (fl_str) {});
	check_repeats(&c, schema->ranges, schema->range_count, FL_STR("schema"));
	check_directive_definitions(&c);
	check_roots(&c);
	for (uint32_t i = 0; i < schema->type_count; i++) {
		const gql_type *type = schema->types[i];
		if (type->of_engine)
			continue;
		check_applied(&c, type);
		check_unique(&c, type, type->interface_names, type->interface_name_count, "implements");
		check_unique(&c, type, type->member_names, type->member_name_count, "includes");
		check_deprecation(&c, type);
	}
	check_cycles(&c);
	fl_arena_fini(&c.scratch);
}
