/* Planning @defer and @stream. A plan for responses in parts is a variant: made for given values of the operation's
 * Boolean variables, so that it is settled which fragments are deferred and which fields stand in them.
 *
 * A field that stands in deferred fragments only is written with the set of those fragments. Fields whose set is that of
 * their object are written with it; the others become parts of its branch, one a set. So each field is sent once. */
#include "graphql/plan_int.h"

/* ---- Directives ---- */

bool gql_plan_switch(const planner *p, const gql_literal *v)
{
	const fl_gql_value *value = &p->variant->variables[v->integer];
	return value->kind == FL_GQL_BOOL && value->boolean;
}

static bool is_on(const planner *p, const gql_directive *d)
{
	const gql_literal *v = gql_directive_argument(p->doc, d, FL_STR("if"));
	if (!v)
		return true;
	if (v->kind == GQL_L_VARIABLE)
		return p->variant->variables[v->integer].kind == FL_GQL_ABSENT || gql_plan_switch(p, v);
	return v->boolean;
}

static bool plan_label(planner *p, const gql_directive *d, fl_str *out)
{
	const gql_literal *v = gql_directive_argument(p->doc, d, FL_STR("label"));
	FL_AUTO_BUF fl_buf text = fl_buf_make(1 << 20);
	if (!v || v->kind != GQL_L_STRING)
		return true;
	fl_json_quote(&text, v->text);
	*out = fl_buf_err(&text) == FL_OK ? fl_str_dup(p->mem, fl_buf_view(&text)) : (fl_str) {};
	return out->ptr || full(p);
}

const gql_directive *gql_plan_is_deferred(const planner *p, const gql_selection *s)
{
	const gql_directive *d = p->variant ? gql_find_directive(p->doc, s->directives, FL_STR("defer")) : NULL;
	return d && is_on(p, d) ? d : NULL;
}

bool gql_plan_defer(planner *p, const gql_selection *s, uint32_t *usage)
{
	gql_plan *plan = p->plan;
	gql_usage *made;
	const gql_directive *d = gql_plan_is_deferred(p, s);
	if (!d)
		return true;
	if (plan->usage_count == PLAN_USAGES_MAX)
		return limit(p, GQL_CODE_DEFERRED, s->place, "deferred fragments", PLAN_USAGES_MAX);
	PUSH(p, p->mem, plan, usage, made);
	*made = (gql_usage) {
		.parent = *usage, .directive = (uint32_t)(d - p->doc->directives), .family = plan->usage_count - 1
	};
	*usage = plan->usage_count - 1;
	return plan_label(p, d, &made->label);
}

uint32_t gql_plan_directive(const planner *p, uint32_t usage)
{
	return usage == GQL_NONE ? GQL_NONE : p->plan->usages[usage].directive;
}

bool gql_plan_stream(planner *p, gql_node *node, const gql_selection *s)
{
	const gql_directive *d = p->variant ? gql_find_directive(p->doc, s->directives, FL_STR("stream")) : NULL;
	if (!d || !is_on(p, d) || !node->def->type.lists)
		return true;
	gql_streamed *made = fl_new(p->mem, gql_streamed);
	const gql_literal *count = gql_directive_argument(p->doc, d, FL_STR("initialCount"));
	int64_t n = 0;
	if (!made)
		return full(p);
	made->variable = count && count->kind == GQL_L_VARIABLE ? (uint32_t)count->integer : GQL_NONE;
	if (count && count->kind == GQL_L_INT && fl_str_i64(count->text, &n))
		made->count = (int32_t)n;
	node->stream = made;
	return plan_label(p, d, &made->label);
}

/* ---- Sets ---- */

static bool has(const usage_set *set, uint32_t usage)
{
	return set->bits[usage / 64] >> (usage % 64) & 1;
}

static void set_add(usage_set *set, uint32_t usage)
{
	set->count += !has(set, usage);
	set->bits[usage / 64] |= UINT64_C(1) << (usage % 64);
}

static bool set_same(const usage_set *a, const usage_set *b)
{
	return a->count == b->count && memcmp(a->bits, b->bits, sizeof(a->bits)) == 0;
}

static bool has_outer(const planner *p, const usage_set *set, uint32_t usage)
{
	for (uint32_t u = p->plan->usages[usage].parent; u != GQL_NONE; u = p->plan->usages[u].parent)
		if (has(set, u))
			return true;
	return false;
}

/* The fragments that bring a field: none, when it stands outside of all; of nested ones the outer. */
static void set_of_group(const planner *p, const group *g, usage_set *out)
{
	usage_set all = {};
	*out = (usage_set) {};
	for (const occurrence *o = g->first; o; o = o->next) {
		if (o->usage == GQL_NONE)
			return;
		set_add(&all, o->usage);
	}
	for (const occurrence *o = g->first; o; o = o->next)
		if (all.count == 1 || !has_outer(p, &all, o->usage))
			set_add(out, o->usage);
}

/* ---- Parts ---- */

static uint32_t family_of(gql_plan *plan, uint32_t usage)
{
	while (plan->usages[usage].family != usage)
		usage = plan->usages[usage].family = plan->usages[plan->usages[usage].family].family;
	return usage;
}

static bool fill_part(planner *p, gql_part *part, const gql_type *type, const usage_set *set)
{
	gql_plan *plan = p->plan;
	*part = (gql_part) { .branch = { .type = type, .set = GQL_NONE, .order = GQL_NONE } };
	part->usages = fl_new_array(p->mem, uint32_t, set->count);
	gql_part **slot;
	PUSH(p, p->mem, plan, part, slot);
	*slot = part;
	part->index = plan->part_count - 1;
	if (!part->usages)
		return full(p);
	for (uint32_t u = 0; u < plan->usage_count; u++)
		if (has(set, u))
			part->usages[part->usage_count++] = u;
	for (uint32_t i = 1; i < part->usage_count; i++)
		plan->usages[family_of(plan, part->usages[i])].family = family_of(plan, part->usages[0]);
	return true;
}

const usage_set *gql_plan_part_set(planner *p, const gql_part *part)
{
	usage_set *set = fl_new(p->scratch, usage_set);
	if (!set)
		return NULL;
	for (uint32_t i = 0; i < part->usage_count; i++)
		set_add(set, part->usages[i]);
	return set;
}

/* A fragment that brings all its fields is a part with a branch of its own. */
static bool plan_laters(planner *p, const task *t, gql_deferred *d)
{
	d->parts = fl_new_array(p->mem, gql_part, p->later_count);
	if (!d->parts)
		return full(p);
	for (uint32_t i = 0; i < p->later_count; i++) {
		gql_part *part = &d->parts[d->part_count++];
		usage_set *set = fl_new(p->scratch, usage_set);
		source *sources = fl_new(p->scratch, source);
		if (!set || !sources)
			return full(p);
		*sources = p->laters[i];
		set_add(set, sources->usage);
		if (!fill_part(p, part, t->branch->type, set) || !gql_plan_task(p, &part->branch, t->parent, sources, 1, set))
			return false;
	}
	return true;
}

typedef struct sorted {
	const usage_set **sets; /* by group; NULL: written with the object */
	const usage_set **parts;
	uint32_t part_count;
} sorted;

/* Which sets there are besides the one that the object is written with. */
static bool find_sets(planner *p, const task *t, sorted *out)
{
	static const usage_set empty;
	const usage_set *own = t->set ? t->set : &empty;
	out->sets = fl_new_array(p->scratch, const usage_set *, p->group_count);
	out->parts = fl_new_array(p->scratch, const usage_set *, p->group_count);
	if (!out->sets || !out->parts)
		return full(p);
	for (uint32_t i = 0; i < p->group_count; i++) {
		usage_set set, *kept;
		uint32_t k = 0;
		set_of_group(p, p->groups[i], &set);
		if (set_same(&set, own))
			continue;
		while (k < out->part_count && !set_same(out->parts[k], &set))
			k++;
		if (k == out->part_count) {
			kept = fl_arena_take(p->scratch, sizeof(*kept));
			if (!kept)
				return full(p);
			*kept = set;
			out->parts[out->part_count++] = kept;
		}
		out->sets[i] = out->parts[k];
	}
	return true;
}

static bool reorder_groups(planner *p, const sorted *s, gql_deferred *d, uint32_t *now)
{
	group **copy = fl_new_array(p->scratch, group *, p->group_count);
	uint32_t to = 0;
	if (!copy)
		return full(p);
	memcpy(copy, p->groups, p->group_count * sizeof(*copy));
	for (uint32_t i = 0; i < p->group_count; i++)
		if (!s->sets[i])
			p->groups[to++] = copy[i];
	*now = to;
	for (uint32_t k = 0; k < s->part_count; k++) {
		uint32_t first = to;
		for (uint32_t i = 0; i < p->group_count; i++)
			if (s->sets[i] == s->parts[k])
				p->groups[to++] = copy[i];
		d->parts[k].branch.count = to - first;
	}
	return true;
}

bool gql_plan_sort(planner *p, const task *t, uint32_t *now)
{
	sorted s = {};
	uint32_t usages = p->plan->usage_count - p->first_usage;
	if (!find_sets(p, t, &s))
		return false;
	*now = p->group_count;
	if (!s.part_count && !usages)
		return true;
	gql_deferred *d = fl_new(p->mem, gql_deferred);
	if (!d)
		return full(p);
	*d = (gql_deferred) { .first_usage = p->first_usage, .usage_count = usages };
	t->branch->deferred = d;
	if (p->variant->whole_fragments)
		return plan_laters(p, t, d);
	d->parts = fl_new_array(p->mem, gql_part, s.part_count);
	d->part_count = s.part_count;
	if (!d->parts)
		return full(p);
	for (uint32_t k = 0; k < s.part_count; k++)
		if (!fill_part(p, &d->parts[k], t->branch->type, s.parts[k]))
			return false;
	return reorder_groups(p, &s, d, now);
}

void gql_plan_finish(planner *p)
{
	gql_plan *plan = p->plan;
	for (uint32_t i = 0; i < plan->part_count; i++) {
		gql_branch *branch = &plan->parts[i]->branch;
		for (uint32_t k = 0; k < branch->count && branch->set == GQL_NONE; k++)
			if (branch->nodes[k].run != GQL_NONE)
				branch->set = plan->set_count++;
	}
	for (uint32_t u = 0; u < plan->usage_count; u++)
		plan->usages[u].family = family_of(plan, u);
}
