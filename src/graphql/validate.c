/* Validation: every rule of the specification but the merging of fields (overlap.c), and those of
 * @defer and @stream (validate_incremental.c). The tree lies in flat arrays, a
 * parent before its children, so a rule is a loop; what a selection stands in is asked of its parent by index. */
#include "graphql/graphql_int.h"

enum { WORK_MAX = 2000000, FEW = 8 };

/* A variable in a literal, and what its place asks for. */
typedef struct usage {
	uint32_t literal;
	gql_type_ref type; /* type.type NULL: unknown */
	bool has_default;
	const gql_type *one_of;
} usage;

typedef struct validator {
	const fl_gql_schema *schema;
	gql_document *doc;
	fl_arena *scratch;
	gql_errors *errors;
	usage *usages;
	uint32_t usage_count, usage_cap;
	fl_map fragments;
	uint32_t work; /* steps of rules that are not linear in the document */
} validator;

#define WRONG(v, place, ...) ((void)gql_fault((v)->errors, GQL_CODE_INVALID, (place), GQL_NONE, __VA_ARGS__))
#define WRONG_TWICE(v, place, other, ...) ((void)gql_fault((v)->errors, GQL_CODE_INVALID, (place), (other), __VA_ARGS__))
#define CUT(s) FL_ARG(fl_str_clip((s), 100))

static bool enough(const validator *v)
{
	return v->errors->nomem || v->errors->count >= GQL_ERRORS_MAX;
}

static bool worked_too_much(validator *v, uint32_t steps)
{
	if (v->work > WORK_MAX)
		return true;
	v->work += steps;
	if (v->work <= WORK_MAX)
		return false;
	gql_fault(v->errors, GQL_CODE_WORK, GQL_NONE, GQL_NONE, "The document is too involved to be checked.");
	return true;
}

/* ---- Unique names: few are compared, many are hashed ---- */

typedef struct name_set {
	validator *v;
	fl_map map;
	bool hashed;
} name_set;

static bool hashed_seen(name_set *set, fl_str name, void *item, void **earlier)
{
	*earlier = fl_map_get(&set->map, name);
	if (!*earlier && fl_map_put(&set->map, name, item) != FL_OK)
		set->v->errors->nomem = true;
	return *earlier;
}

static void unique_arguments(validator *v, gql_range range)
{
	name_set set = { .v = v, .hashed = range.end - range.first > FEW };
	gql_argument *args = v->doc->arguments;
	gql_map_init(&set.map, v->scratch, v->schema);
	for (uint32_t i = range.first; i < range.end; i++) {
		void *earlier = NULL;
		if (set.hashed)
			hashed_seen(&set, args[i].name, &args[i], &earlier);
		else
			for (uint32_t k = range.first; k < i && !earlier; k++)
				earlier = fl_str_eq(args[k].name, args[i].name) ? &args[k] : NULL;
		if (earlier)
			WRONG_TWICE(v, ((gql_argument *)earlier)->place, args[i].place, "There can be only one argument named \"%" FL_FMT "\".",
				    CUT(args[i].name));
	}
}

static void unique_input_fields(validator *v, uint32_t object)
{
	gql_literal *literals = v->doc->literals;
	name_set set = { .v = v };
	gql_map_init(&set.map, v->scratch, v->schema);
	if (literals[object].count < 2)
		return;
	for (uint32_t k = object + 1; k < literals[object].end; k = literals[k].end) {
		void *earlier;
		if (hashed_seen(&set, literals[k].name, &literals[k], &earlier))
			WRONG_TWICE(v, ((gql_literal *)earlier)->name_place, literals[k].name_place,
				    "There can be only one input field named \"%" FL_FMT "\".", CUT(literals[k].name));
	}
}

static void unique_definitions(validator *v)
{
	fl_map operations;
	uint32_t operation_count = 0;
	gql_map_init(&operations, v->scratch, v->schema);
	for (uint32_t i = 0; i < v->doc->definition_count; i++) {
		gql_definition *d = &v->doc->definitions[i];
		fl_map *map = d->is_fragment ? &v->fragments : &operations;
		operation_count += !d->is_fragment;
		if (!d->name.ptr)
			continue;
		gql_definition *earlier = fl_map_get(map, d->name);
		if (earlier)
			WRONG_TWICE(v, earlier->name_place, d->name_place, "There can be only one %s named \"%" FL_FMT "\".",
				    d->is_fragment ? "fragment" : "operation", CUT(d->name));
		else if (fl_map_put(map, d->name, d) != FL_OK)
			v->errors->nomem = true;
	}
	for (uint32_t i = 0; i < v->doc->definition_count; i++) {
		const gql_definition *d = &v->doc->definitions[i];
		if (!d->is_fragment && !d->name.ptr && operation_count > 1)
			WRONG(v, d->place, "This anonymous operation must be the only defined operation.");
	}
}

/* ---- Values, arguments, directives ---- */

static void note_usage(void *arg, uint32_t literal, gql_type_ref type, bool has_default, const gql_type *one_of)
{
	validator *v = arg;
	if (!gql_room(v->scratch, &v->usages, v->usage_count, &v->usage_cap, sizeof(*v->usages))) {
		v->errors->nomem = true;
		return;
	}
	v->usages[v->usage_count++] = (usage){ literal, type, has_default, one_of };
}

/* A value whose place is unknown: its variables are used all the same. */
static void note_variables(validator *v, uint32_t value)
{
	for (uint32_t i = value; i < v->doc->literals[value].end; i++)
		if (v->doc->literals[i].kind == GQL_L_VARIABLE)
			note_usage(v, i, (gql_type_ref){}, false, NULL);
}

static void check_value(validator *v, gql_type_ref type, uint32_t value, bool has_default)
{
	fl_gql_value ignored = {};
	gql_coercer c = { .mem = v->scratch, .errors = v->errors, .code = GQL_CODE_INVALID, .literals = v->doc->literals,
			  .place = GQL_NONE, .on_variable = note_usage, .arg = v };
	if (v->doc->literals[value].kind == GQL_L_VARIABLE)
		note_usage(v, value, type, has_default, NULL);
	else
		(void)!gql_coerce(&c, type, value, &ignored);
}

/* owner: how messages name it, as "field \"Query.vehicle\"". */
static void check_arguments(validator *v, gql_range range, const gql_input *defs, uint32_t def_count, const char *what, fl_str owner,
			    fl_str name, uint32_t place)
{
	bool directive = !owner.len;
	const char *at = directive ? "@" : "";
	for (uint32_t i = range.first; i < range.end; i++) {
		const gql_argument *a = &v->doc->arguments[i];
		const gql_input *in = gql_find_input(defs, def_count, a->name);
		if (in) {
			check_value(v, in->type, a->value, in->default_literal != GQL_NONE);
			continue;
		}
		note_variables(v, a->value);
		WRONG(v, a->place, "Unknown argument \"%" FL_FMT "\" on %s \"%" FL_FMT "%s%s%" FL_FMT "\".", CUT(a->name), what,
		      FL_ARG(owner), directive ? "" : ".", at, FL_ARG(name));
	}
	for (uint32_t k = 0; k < def_count; k++) {
		bool given = !gql_ref_nonnull(defs[k].type) || defs[k].default_literal != GQL_NONE;
		for (uint32_t i = range.first; i < range.end && !given; i++)
			given = fl_str_eq(v->doc->arguments[i].name, defs[k].name);
		if (!given)
			WRONG(v, place, "%s \"%s%" FL_FMT "\" argument \"%" FL_FMT "\" of type \"%" FL_FMT "\" is required, but it was not provided.",
			      directive ? "Directive" : "Field", at, FL_ARG(name), FL_ARG(defs[k].name),
			      FL_ARG(gql_ref_text(v->errors->mem, defs[k].type)));
	}
	unique_arguments(v, range);
}

static void check_directives(validator *v, gql_range range, gql_place_bits where)
{
	const gql_directive *ds = v->doc->directives;
	for (uint32_t i = range.first; i < range.end; i++) {
		const gql_directive_def *def = gql_schema_directive(v->schema, ds[i].name);
		if (!def) {
			WRONG(v, ds[i].place, "Unknown directive \"@%" FL_FMT "\".", CUT(ds[i].name));
			for (uint32_t k = ds[i].arguments.first; k < ds[i].arguments.end; k++)
				note_variables(v, v->doc->arguments[k].value);
			unique_arguments(v, ds[i].arguments);
			continue;
		}
		if (!(def->places & where))
			WRONG(v, ds[i].place, "Directive \"@%" FL_FMT "\" may not be used on %s.", FL_ARG(def->name),
			      gql_place_names[__builtin_ctz(where)]);
		for (uint32_t k = range.first; k < i && !def->repeatable; k++)
			if (fl_str_eq(ds[k].name, ds[i].name)) {
				WRONG_TWICE(v, ds[k].place, ds[i].place,
					    "The directive \"@%" FL_FMT "\" can only be used once at this location.", FL_ARG(def->name));
				break;
			}
		check_arguments(v, ds[i].arguments, def->args, def->arg_count, "directive", (fl_str){}, def->name, ds[i].place);
	}
}

/* ---- Selections ---- */

/* The type of the objects that a selection's children are asked of; NULL: unknown, or no object. */
static const gql_type *inner_type(const gql_selection *s)
{
	if (s->kind == GQL_S_INLINE)
		return s->type;
	return s->field && gql_is_composite(s->field->type.type) ? s->field->type.type : NULL;
}

static void check_leaf(validator *v, const gql_selection *s)
{
	const gql_field_def *f = s->field;
	if (gql_is_composite(f->type.type) == s->has_set)
		return;
	fl_str type = gql_ref_text(v->errors->mem, f->type);
	if (s->has_set)
		WRONG(v, s->name_place, "Field \"%" FL_FMT "\" must not have a selection since type \"%" FL_FMT "\" has no subfields.",
		      FL_ARG(f->name), FL_ARG(type));
	else
		WRONG(v, s->name_place,
		      "Field \"%" FL_FMT "\" of type \"%" FL_FMT "\" must have a selection of subfields. Did you mean \"%" FL_FMT " { ... }\"?",
		      FL_ARG(f->name), FL_ARG(type), FL_ARG(f->name));
}

static void check_field(validator *v, gql_selection *s, const gql_type *parent)
{
	s->type = parent;
	s->field = parent ? gql_schema_field(v->schema, parent, s->name) : NULL;
	if (s->field) {
		check_leaf(v, s);
		check_arguments(v, s->arguments, s->field->args, s->field->arg_count, "field", parent->name, s->field->name, s->place);
		return;
	}
	if (parent)
		WRONG(v, s->place, "Cannot query field \"%" FL_FMT "\" on type \"%" FL_FMT "\".", CUT(s->name), FL_ARG(parent->name));
	for (uint32_t i = s->arguments.first; i < s->arguments.end; i++)
		note_variables(v, v->doc->arguments[i].value);
	unique_arguments(v, s->arguments);
}

/* The type that a fragment narrows to; NULL after an error. */
static const gql_type *check_condition(validator *v, fl_str name, uint32_t place, fl_str fragment)
{
	const gql_type *type = gql_schema_type(v->schema, name);
	if (!type) {
		WRONG(v, place, "Unknown type \"%" FL_FMT "\".", CUT(name));
		return NULL;
	}
	if (gql_is_composite(type))
		return type;
	if (fragment.len)
		WRONG(v, place, "Fragment \"%" FL_FMT "\" cannot condition on non composite type \"%" FL_FMT "\".", CUT(fragment), FL_ARG(name));
	else
		WRONG(v, place, "Fragment cannot condition on non composite type \"%" FL_FMT "\".", FL_ARG(name));
	return NULL;
}

/* Whether some object can be of both types. */
static bool overlap(const fl_gql_schema *schema, const gql_type *a, const gql_type *b)
{
	if (a == b)
		return true;
	if (!gql_is_abstract(a))
		return gql_is_possible(b, a);
	if (!gql_is_abstract(b))
		return gql_is_possible(a, b);
	for (uint32_t i = 0; i <= schema->type_count / 64; i++)
		if (a->possible_bits[i] & b->possible_bits[i])
			return true;
	return false;
}

static void check_inline(validator *v, gql_selection *s, const gql_type *parent)
{
	s->type = parent;
	if (!s->name.len)
		return;
	s->type = check_condition(v, s->name, s->name_place, (fl_str){});
	if (s->type && parent && !overlap(v->schema, parent, s->type))
		WRONG(v, s->place, "Fragment cannot be spread here as objects of type \"%" FL_FMT "\" can never be of type \"%" FL_FMT "\".",
		      FL_ARG(parent->name), FL_ARG(s->type->name));
}

static void check_spread(validator *v, gql_selection *s, const gql_type *parent)
{
	gql_definition *fragment = fl_map_get(&v->fragments, s->name);
	if (!fragment) {
		WRONG(v, s->name_place, "Unknown fragment \"%" FL_FMT "\".", CUT(s->name));
		return;
	}
	s->fragment = (uint32_t)(fragment - v->doc->definitions);
	const gql_type *type = gql_schema_type(v->schema, fragment->condition);
	if (type && gql_is_composite(type) && parent && !overlap(v->schema, parent, type))
		WRONG(v, s->place,
		      "Fragment \"%" FL_FMT "\" cannot be spread here as objects of type \"%" FL_FMT "\" can never be of type \"%" FL_FMT "\".",
		      CUT(s->name), FL_ARG(parent->name), FL_ARG(type->name));
}

static void check_selections(validator *v, const gql_definition *d)
{
	for (uint32_t i = d->selections.first; i < d->selections.end && !enough(v); i++) {
		gql_selection *s = &v->doc->selections[i];
		const gql_type *parent = s->parent == GQL_NONE ? d->type : inner_type(&v->doc->selections[s->parent]);
		if (s->kind == GQL_S_FIELD)
			check_field(v, s, parent);
		else if (s->kind == GQL_S_INLINE)
			check_inline(v, s, parent);
		else
			check_spread(v, s, parent);
		check_directives(v, s->directives,
				 s->kind == GQL_S_FIELD  ? GQL_AT_FIELD :
				 s->kind == GQL_S_INLINE ? GQL_AT_INLINE_FRAGMENT :
							   GQL_AT_FRAGMENT_SPREAD);
	}
}

/* ---- Definitions ---- */

static void check_variable(validator *v, gql_variable *variable)
{
	variable->named = gql_schema_type(v->schema, variable->type.name);
	if (!variable->named) {
		WRONG(v, variable->type.place, "Unknown type \"%" FL_FMT "\".", CUT(variable->type.name));
	} else if (!gql_is_input(variable->named)) {
		WRONG(v, variable->type.place, "Variable \"$%" FL_FMT "\" cannot be non-input type \"%" FL_FMT "\".", CUT(variable->name),
		      FL_ARG(variable->named->name));
		variable->named = NULL;
	} else if (variable->default_value != GQL_NONE) {
		check_value(v, (gql_type_ref){ variable->named, variable->type.lists, variable->type.nonnull }, variable->default_value, false);
	}
	check_directives(v, variable->directives, GQL_AT_VARIABLE_DEFINITION);
}

static void check_operation(validator *v, gql_definition *d)
{
	static const char *const names[] = { "query", "mutation", "subscription" };
	d->type = v->schema->roots[d->operation];
	if (!d->type)
		WRONG(v, d->place, "The %s operation is not supported by the schema.", names[d->operation]);
	check_directives(v, d->directives, 1u << d->operation);
	fl_map seen;
	gql_map_init(&seen, v->scratch, v->schema);
	for (uint32_t i = d->variables.first; i < d->variables.end && !enough(v); i++) {
		gql_variable *variable = &v->doc->variables[i], *earlier = fl_map_get(&seen, variable->name);
		if (earlier)
			WRONG_TWICE(v, earlier->place, variable->place, "There can be only one variable named \"$%" FL_FMT "\".",
				    CUT(variable->name));
		else if (fl_map_put(&seen, variable->name, variable) != FL_OK)
			v->errors->nomem = true;
		check_variable(v, variable);
	}
}

static void check_definition(validator *v, gql_definition *d)
{
	if (d->is_fragment) {
		d->type = check_condition(v, d->condition, d->condition_place, d->name);
		check_directives(v, d->directives, GQL_AT_FRAGMENT_DEFINITION);
	} else {
		check_operation(v, d);
	}
	d->usages.first = v->usage_count;
	/* Directives of an operation may use its variables too; they are read again for that only. */
	for (uint32_t i = d->directives.first; i < d->directives.end; i++)
		for (uint32_t k = v->doc->directives[i].arguments.first; k < v->doc->directives[i].arguments.end; k++)
			note_variables(v, v->doc->arguments[k].value);
	check_selections(v, d);
	d->usages.end = v->usage_count;
}

/* ---- Fragments: cycles, use ---- */

typedef struct step {
	uint32_t definition, next;
} step;

static void complain_cycle(validator *v, const step *path, uint32_t from, uint32_t depth)
{
	const gql_definition *ds = v->doc->definitions;
	FL_AUTO_BUF fl_buf via = fl_buf_make(1000);
	for (uint32_t i = from + 1; i < depth; i++)
		fl_buf_fmt(&via, "%s\"%" FL_FMT "\"", i > from + 1 ? ", " : " via ", FL_ARG(ds[path[i].definition].name));
	WRONG(v, v->doc->selections[path[from].next - 1].place, "Cannot spread fragment \"%" FL_FMT "\" within itself%" FL_FMT ".",
	      FL_ARG(ds[path[from].definition].name), FL_ARG(fl_buf_view(&via)));
}

/* Depth-first with a stack of its own: white, on the path, done. */
static void find_cycles(validator *v)
{
	gql_document *doc = v->doc;
	enum { WHITE, ON_PATH, DONE };
	uint8_t *color = fl_arena_zero(v->scratch, doc->definition_count);
	step *path = fl_new_array(v->scratch, step, doc->definition_count);
	if (!color || !path) {
		v->errors->nomem = true;
		return;
	}
	for (uint32_t start = 0; start < doc->definition_count; start++) {
		uint32_t depth = 0;
		if (!doc->definitions[start].is_fragment || color[start] != WHITE)
			continue;
		path[depth++] = (step){ start, doc->definitions[start].selections.first };
		color[start] = ON_PATH;
		while (depth && !enough(v)) {
			step *top = &path[depth - 1];
			if (top->next >= doc->definitions[top->definition].selections.end) {
				color[top->definition] = DONE;
				depth--;
				continue;
			}
			uint32_t to = doc->selections[top->next++].fragment;
			if (to == GQL_NONE || color[to] == DONE)
				continue;
			if (color[to] == WHITE) {
				color[to] = ON_PATH;
				path[depth++] = (step){ to, doc->definitions[to].selections.first };
				continue;
			}
			uint32_t from = depth - 1;
			while (path[from].definition != to)
				from--;
			complain_cycle(v, path, from, depth);
		}
	}
}

/* Calls visit for the operation and each fragment that it reaches, once. */
static bool reach(validator *v, uint32_t operation, uint8_t *seen, uint32_t *queue, uint32_t *count)
{
	gql_document *doc = v->doc;
	memset(seen, 0, doc->definition_count);
	queue[0] = operation;
	*count = 1;
	for (uint32_t i = 0; i < *count; i++) {
		const gql_definition *d = &doc->definitions[queue[i]];
		if (worked_too_much(v, d->selections.end - d->selections.first))
			return false;
		for (uint32_t k = d->selections.first; k < d->selections.end; k++) {
			uint32_t to = doc->selections[k].fragment;
			if (to == GQL_NONE || seen[to])
				continue;
			seen[to] = true;
			queue[(*count)++] = to;
		}
	}
	return true;
}

/* ---- Variables ---- */

/* Whether a variable of this type may stand where that type is asked for. */
static bool position_allows(const validator *v, const gql_variable *variable, const usage *u)
{
	gql_type_ref have = { variable->named, variable->type.lists, variable->type.nonnull }, want = u->type;
	if (gql_ref_nonnull(want) && !gql_ref_nonnull(have)) {
		bool nonnull_default = variable->default_value != GQL_NONE && v->doc->literals[variable->default_value].kind != GQL_L_NULL;
		if (!nonnull_default && !u->has_default)
			return false;
		want = gql_ref_nullable(want);
	}
	return have.type == want.type && have.lists == want.lists && !(want.nonnull & ~have.nonnull);
}

static void check_usage(validator *v, const gql_definition *operation, const fl_map *variables, const usage *u)
{
	const gql_literal *literal = &v->doc->literals[u->literal];
	gql_variable *variable = fl_map_get(variables, literal->text);
	if (!variable) {
		if (operation->name.ptr)
			WRONG_TWICE(v, literal->place, operation->place, "Variable \"$%" FL_FMT "\" is not defined by operation \"%" FL_FMT "\".",
				    CUT(literal->text), CUT(operation->name));
		else
			WRONG_TWICE(v, literal->place, operation->place, "Variable \"$%" FL_FMT "\" is not defined.", CUT(literal->text));
		return;
	}
	variable->used = true;
	if (!variable->named || !u->type.type)
		return;
	gql_type_ref have = { variable->named, variable->type.lists, variable->type.nonnull };
	if (!position_allows(v, variable, u))
		WRONG_TWICE(v, variable->place, literal->place,
			    "Variable \"$%" FL_FMT "\" of type \"%" FL_FMT "\" used in position expecting type \"%" FL_FMT "\".",
			    CUT(variable->name), FL_ARG(gql_ref_text(v->errors->mem, have)),
			    FL_ARG(gql_ref_text(v->errors->mem, u->type)));
	else if (u->one_of && !gql_ref_nonnull(have))
		WRONG(v, literal->place, "Variable \"$%" FL_FMT "\" must be non-nullable to be used for OneOf Input Object \"%" FL_FMT "\".",
		      CUT(variable->name), FL_ARG(u->one_of->name));
}

static void check_variables(validator *v, const gql_definition *operation, const uint32_t *reached, uint32_t count)
{
	gql_document *doc = v->doc;
	fl_map variables;
	gql_map_init(&variables, v->scratch, v->schema);
	for (uint32_t i = operation->variables.first; i < operation->variables.end; i++)
		if (fl_map_put(&variables, doc->variables[i].name, &doc->variables[i]) != FL_OK)
			v->errors->nomem = true;
	for (uint32_t i = 0; i < count; i++) {
		gql_range range = doc->definitions[reached[i]].usages;
		if (worked_too_much(v, range.end - range.first))
			return;
		for (uint32_t k = range.first; k < range.end && !enough(v); k++)
			check_usage(v, operation, &variables, &v->usages[k]);
	}
	for (uint32_t i = operation->variables.first; i < operation->variables.end; i++) {
		const gql_variable *variable = &doc->variables[i];
		/* Of several with one name only the last is found; the others have been reported already. */
		if (variable->used || fl_map_get(&variables, variable->name) != variable)
			continue;
		if (operation->name.ptr)
			WRONG(v, variable->place, "Variable \"$%" FL_FMT "\" is never used in operation \"%" FL_FMT "\".", CUT(variable->name),
			      CUT(operation->name));
		else
			WRONG(v, variable->place, "Variable \"$%" FL_FMT "\" is never used.", CUT(variable->name));
	}
}

/* ---- Subscriptions have one root field ---- */

static void complain_subscription(validator *v, const gql_definition *d, uint32_t place, const char *what)
{
	if (d->name.ptr)
		WRONG(v, place, "Subscription \"%" FL_FMT "\" must %s.", CUT(d->name), what);
	else
		WRONG(v, place, "Anonymous Subscription must %s.", what);
}

/* The root selections in the ranges of the subscription itself and of the fragments spread there. */
static void check_subscription(validator *v, const gql_definition *d, uint8_t *seen, gql_range *ranges)
{
	gql_document *doc = v->doc;
	const gql_selection *first = NULL;
	uint32_t count = 1;
	bool complained = false;
	memset(seen, 0, doc->definition_count);
	ranges[0] = d->selections;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = ranges[i].first; k < ranges[i].end;) {
			const gql_selection *s = &doc->selections[k];
			bool into = s->kind == GQL_S_INLINE;
			for (uint32_t n = s->directives.first; n < s->directives.end; n++)
				if (fl_str_eq(doc->directives[n].name, FL_STR("skip")) || fl_str_eq(doc->directives[n].name, FL_STR("include")))
					complain_subscription(v, d, s->place, "not use @skip or @include on its top level fields");
			if (s->kind == GQL_S_SPREAD && s->fragment != GQL_NONE && !seen[s->fragment]) {
				seen[s->fragment] = true;
				ranges[count++] = doc->definitions[s->fragment].selections;
			} else if (s->kind == GQL_S_FIELD && fl_str_starts(s->name, FL_STR("__"))) {
				complain_subscription(v, d, s->place, "not select an introspection top level field");
			} else if (s->kind == GQL_S_FIELD && first && !fl_str_eq(first->key, s->key) && !complained) {
				complain_subscription(v, d, s->place, "select only one top level field");
				complained = true;
			}
			if (s->kind == GQL_S_FIELD && !first)
				first = s;
			k = into ? k + 1 : s->end;
		}
	}
}

static void check_reached(validator *v)
{
	gql_document *doc = v->doc;
	uint8_t *seen = fl_arena_take(v->scratch, doc->definition_count);
	uint32_t *queue = fl_new_array(v->scratch, uint32_t, doc->definition_count + 1);
	gql_range *ranges = fl_new_array(v->scratch, gql_range, doc->definition_count + 1);
	if (!seen || !queue || !ranges) {
		v->errors->nomem = true;
		return;
	}
	for (uint32_t i = 0; i < doc->definition_count && !enough(v); i++) {
		uint32_t count;
		if (doc->definitions[i].is_fragment)
			continue;
		if (!reach(v, i, seen, queue, &count))
			return;
		for (uint32_t k = 0; k < count; k++)
			doc->definitions[queue[k]].used = true;
		check_variables(v, &doc->definitions[i], queue, count);
		if (doc->definitions[i].operation == FL_GQL_SUBSCRIPTION)
			check_subscription(v, &doc->definitions[i], seen, ranges);
	}
	for (uint32_t i = 0; i < doc->definition_count; i++)
		if (!doc->definitions[i].used)
			WRONG(v, doc->definitions[i].place, "Fragment \"%" FL_FMT "\" is never used.", CUT(doc->definitions[i].name));
}

void gql_validate(const fl_gql_schema *schema, gql_document *doc, const fl_gql_limits *limits, fl_arena *scratch, gql_errors *errors)
{
	validator v = { .schema = schema, .doc = doc, .scratch = scratch, .errors = errors };
	gql_map_init(&v.fragments, scratch, schema);
	unique_definitions(&v);
	for (uint32_t i = 0; i < doc->definition_count && !enough(&v); i++)
		check_definition(&v, &doc->definitions[i]);
	for (uint32_t i = 0; i < doc->literal_count && !enough(&v); i++)
		if (doc->literals[i].kind == GQL_L_OBJECT)
			unique_input_fields(&v, i);
	if (!enough(&v))
		find_cycles(&v);
	if (!enough(&v))
		check_reached(&v);
	/* The merging of fields follows fragments: only where they end, and where types are known. */
	if (!errors->count && !errors->nomem)
		gql_validate_overlap(schema, doc, scratch, errors);
	if (!errors->count && !errors->nomem)
		gql_validate_incremental(schema, doc, scratch, errors);
}

void gql_validate_applied(fl_gql_schema *schema, gql_range directives, gql_place_bits where, fl_arena *scratch, gql_errors *errors)
{
	validator v = { .schema = schema, .doc = &schema->doc, .scratch = scratch, .errors = errors };
	check_directives(&v, directives, where);
	for (uint32_t i = directives.first; i < directives.end; i++)
		for (uint32_t k = schema->doc.directives[i].arguments.first; k < schema->doc.directives[i].arguments.end; k++) {
			uint32_t value = schema->doc.arguments[k].value;
			for (uint32_t n = value; n < schema->doc.literals[value].end; n++)
				if (schema->doc.literals[n].kind == GQL_L_OBJECT)
					unique_input_fields(&v, n);
		}
}
