/* How long an answer may be kept, by @cacheControl, as Apollo defines it: of all fields selected the shortest age counts,
 * and one private field makes all of it private.
 *
 *	directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
 *		on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
 *
 * A field's hint is that of its own, else that of its type. Without any, root fields and fields that give objects may not
 * be kept; scalars follow their object, and so does what says inheritMaxAge. */
#include "graphql/graphql_int.h"

enum { NO_LIMIT = -1 };

typedef struct reader {
	fl_gql_schema *schema;
	gql_errors *errors;
} reader;

/* ---- The SDL ---- */

static gql_cache_hint read_hint(reader *r, fl_str owner, fl_str name, gql_range directives)
{
	gql_cache_hint hint = {};
	const gql_directive *d = gql_applied(r->schema, directives, "cacheControl");
	if (!d)
		return hint;
	const gql_literal *age = gql_applied_argument(r->schema, d, "maxAge"),
			  *scope = gql_applied_argument(r->schema, d, "scope");
	const gql_literal *inherit = gql_applied_argument(r->schema, d, "inheritMaxAge");
	hint.is_private = scope && fl_str_eq(scope->text, FL_STR("PRIVATE"));
	hint.has_max_age = age && age->kind == GQL_L_INT;
	hint.inherits = inherit && inherit->kind == GQL_L_BOOL && inherit->boolean;
	if (hint.has_max_age && (!fl_str_i32(age->text, &hint.max_age_s) || hint.max_age_s < 0))
		gql_fault(r->errors, GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE,
			"%" FL_FMT "%s%" FL_FMT ": @cacheControl needs a maxAge of 0 or more seconds", FL_ARG(owner),
			name.len ? "." : "", FL_ARG(name));
	if (hint.has_max_age && hint.inherits)
		gql_fault(r->errors, GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE,
			"%" FL_FMT "%s%" FL_FMT ": @cacheControl has either maxAge or inheritMaxAge", FL_ARG(owner),
			name.len ? "." : "", FL_ARG(name));
	return hint;
}

void gql_cache_hints_read(fl_gql_schema *schema, gql_errors *errors)
{
	reader r = { schema, errors };
	for (uint32_t i = 0; i < schema->type_count; i++) {
		gql_type *type = schema->types[i];
		type->cache = read_hint(&r, type->name, FL_STR(""), gql_applied_to(schema, type, "cacheControl"));
		for (uint32_t k = 0; k < type->field_count; k++)
			type->fields[k].cache = read_hint(&r, type->name, type->fields[k].name, type->fields[k].directives);
	}
}

/* ---- Planning ---- */

/* How long one field may be kept; NO_LIMIT: as long as its parent. */
static int32_t max_age_of(const gql_node *node)
{
	const gql_field_def *def = node->def;
	const gql_cache_hint *of_type = node->composite ? &def->type.type->cache : NULL;
	if (def->cache.has_max_age)
		return def->cache.max_age_s;
	if (of_type && of_type->has_max_age)
		return of_type->max_age_s;
	bool inherits = def->cache.inherits || (of_type && of_type->inherits);
	bool limited = !def->is_typename && !def->owner->of_engine && (!node->parent || (node->composite && !inherits));
	return limited ? 0 : NO_LIMIT;
}

static bool is_private(const gql_node *node)
{
	return node->def->cache.is_private || (node->composite && node->def->type.type->cache.is_private);
}

static void restrict_to(fl_gql_cache *cache, int32_t max_age_s, bool only_private)
{
	if (max_age_s != NO_LIMIT && (cache->max_age_s == NO_LIMIT || max_age_s < cache->max_age_s))
		cache->max_age_s = max_age_s;
	cache->is_private |= only_private;
}

/* Fields that come and go with variables, and what lies below them, are kept as steps; all others are one policy. */
static bool add_node(gql_cache_plan *plan, fl_arena *mem, uint32_t *cap, const gql_node *node, uint32_t parent, uint32_t *own)
{
	int32_t max_age_s = max_age_of(node);
	*own = GQL_NONE;
	if (!node->condition && parent == GQL_NONE) {
		restrict_to(&plan->fixed, max_age_s, is_private(node));
		return true;
	}
	if (!gql_room(mem, &plan->steps, plan->step_count, cap, sizeof(gql_cache_step)))
		return false;
	*own = plan->step_count;
	plan->steps[plan->step_count++] = (gql_cache_step) { parent, node->condition, max_age_s, is_private(node) };
	return true;
}

typedef struct visit {
	const gql_branch *branch;
	uint32_t step; /* of the field that it belongs to; GQL_NONE: none */
} visit;

bool gql_cache_policy_prepare(gql_plan *plan, fl_arena *scratch, gql_errors *errors)
{
	struct {
		visit *visits;
		uint32_t count, cap;
	} queue = {};
	uint32_t cap = 0, own;
	plan->cache.fixed.max_age_s = NO_LIMIT;
	if (plan->operation != FL_GQL_QUERY)
		return true;
	if (!gql_room(scratch, &queue.visits, 0, &queue.cap, sizeof(visit)))
		goto full;
	queue.visits[queue.count++] = (visit) { &plan->root, GQL_NONE };
	for (uint32_t i = 0; i < queue.count; i++) {
		visit v = queue.visits[i];
		for (uint32_t k = 0; k < v.branch->count; k++) {
			const gql_node *node = &v.branch->nodes[k];
			if (!add_node(&plan->cache, plan->doc.mem, &cap, node, v.step, &own))
				goto full;
			for (uint32_t b = 0; b < node->branch_count; b++) {
				if (!gql_room(scratch, &queue.visits, queue.count, &queue.cap, sizeof(visit)))
					goto full;
				queue.visits[queue.count++] = (visit) { &node->branches[b], own };
			}
		}
	}
	return true;
full:
	errors->nomem = true;
	return false;
}

/* ---- A request ---- */

fl_gql_cache gql_cache_policy(const gql_exec *x)
{
	const gql_cache_plan *plan = &x->plan->cache;
	fl_gql_cache cache = plan->fixed;
	bool *held = plan->step_count ? fl_arena_take(x->mem, plan->step_count) : NULL;
	if (plan->step_count && !held)
		return (fl_gql_cache) { 0, true };
	for (uint32_t i = 0; i < plan->step_count; i++) {
		const gql_cache_step *step = &plan->steps[i];
		held[i] = x->holds[step->condition] && (step->parent == GQL_NONE || held[step->parent]);
		if (held[i])
			restrict_to(&cache, step->max_age_s, step->is_private);
	}
	if (cache.max_age_s == NO_LIMIT) /* nothing but __typename: nobody said that it may be kept */
		cache.max_age_s = 0;
	return cache;
}
