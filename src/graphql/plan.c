/* The planner: spreads fragments out, merges fields of one response key, settles arguments that need no variables.
 * Work is a queue of branches to fill, so nothing recurses and the plan comes out in breadth order. */
#include "graphql/plan_int.h"

/* ---- Conditions ---- */

enum { INTERN_MAX = 256, WORK_PER_SELECTION = 10 };

static bool intern(planner *p, gql_condition condition, uint32_t *out)
{
	gql_plan *plan = p->plan;
	for (uint32_t i = 1; i < FL_MIN(plan->condition_count, (uint32_t)INTERN_MAX); i++) {
		const gql_condition *c = &plan->conditions[i];
		if (c->is_or == condition.is_or && c->wanted == condition.wanted && c->a == condition.a && c->b == condition.b) {
			*out = i;
			return true;
		}
	}
	gql_condition *to;
	PUSH(p, p->mem, plan, condition, to);
	*to = condition;
	*out = plan->condition_count - 1;
	return true;
}

/* Adds @skip and @include to a condition; *never is set when one of them rules the selection out for good. */
static bool narrow(planner *p, gql_range directives, uint32_t *condition, bool *never)
{
	for (uint32_t i = directives.first; i < directives.end; i++) {
		const gql_directive *d = &p->doc->directives[i];
		bool include = fl_str_eq(d->name, FL_STR("include"));
		if (!include && !fl_str_eq(d->name, FL_STR("skip")))
			continue;
		const gql_literal *v = &p->doc->literals[p->doc->arguments[d->arguments.first].value];
		if (v->kind == GQL_L_BOOL)
			*never |= v->boolean != include;
		else if (p->variant)
			*never |= gql_plan_switch(p, v) != include;
		else if (!intern(p, (gql_condition){ .wanted = include, .a = *condition, .b = (uint32_t)v->integer }, condition))
			return false;
	}
	return true;
}

/* ---- Collecting the fields of one branch ---- */

/* A fragment that was spread here already adds nothing, unless its condition or its @defer differ. */
static bool visit_fragment(planner *p, uint32_t fragment, uint32_t condition, uint32_t directive, bool *seen)
{
	visit *to;
	for (uint32_t i = 0; i < p->visit_count; i++) {
		const visit *v = &p->visits[i];
		*seen = v->fragment == fragment && (v->condition == 0 || v->condition == condition) &&
			(v->directive == GQL_NONE || v->directive == directive);
		if (*seen)
			return true;
	}
	*seen = false;
	PUSH(p, p->scratch, p, visit, to);
	*to = (visit){ fragment, condition, directive };
	return true;
}

static bool add_field(planner *p, uint32_t selection, uint32_t condition, uint32_t usage)
{
	fl_str key = p->doc->selections[selection].key;
	group *g = fl_map_get(&p->group_map, key);
	if (!g) {
		/* Pointers into the map must stay: a group is its own allocation, the array holds them in order. */
		group **slot;
		PUSH(p, p->scratch, p, group, slot);
		g = *slot = fl_new(p->scratch, group);
		if (!g)
			return full(p);
		g->key = key;
		if (fl_map_put(&p->group_map, key, g) != FL_OK)
			return full(p);
	}
	occurrence *o = fl_new(p->scratch, occurrence);
	if (!o)
		return full(p);
	*o = (occurrence){ NULL, selection, condition, p->position++, usage };
	if (g->last)
		g->last->next = o;
	else
		g->first = o;
	g->last = o;
	g->count++;
	return true;
}

/* Whether a fragment on this type (no name: any) counts for the objects being planned. */
static bool applies(const planner *p, const gql_type *condition)
{
	return !condition || gql_is_possible(condition, p->type);
}

static bool open_level(planner *p, source s)
{
	source *to;
	PUSH(p, p->scratch, p, level, to);
	*to = s;
	return true;
}

/* usage: the @defer that the fragment stands in, outer the one around it. */
static bool open_fragment(planner *p, source s, uint32_t outer)
{
	source *later;
	if (s.usage == outer || !p->variant->whole_fragments)
		return open_level(p, s);
	PUSH(p, p->scratch, p, later, later);
	*later = s;
	return true;
}

static bool collect_spread(planner *p, const gql_selection *s, uint32_t condition, uint32_t outer)
{
	const gql_definition *fragment = &p->doc->definitions[s->fragment];
	uint32_t usage = outer;
	bool seen;
	if (!applies(p, fragment->type))
		return true;
	const gql_directive *d = gql_plan_is_deferred(p, s);
	uint32_t directive = d ? (uint32_t)(d - p->doc->directives) : gql_plan_directive(p, outer);
	if (!visit_fragment(p, s->fragment, condition, directive, &seen) || seen)
		return seen;
	return gql_plan_defer(p, s, &usage) &&
	       open_fragment(p, (source){ fragment->selections.first, fragment->selections.end, condition, usage }, outer);
}

static bool collect_inline(planner *p, uint32_t index, uint32_t condition, uint32_t outer)
{
	const gql_selection *s = &p->doc->selections[index];
	uint32_t usage = outer;
	if (!applies(p, s->name.len ? s->type : NULL))
		return true;
	return gql_plan_defer(p, s, &usage) && open_fragment(p, (source){ index + 1, s->end, condition, usage }, outer);
}

static bool collect_selection(planner *p, uint32_t index, uint32_t condition, uint32_t usage)
{
	const gql_selection *s = &p->doc->selections[index];
	bool never = false;
	if (++p->work > WORK_PER_SELECTION * p->limits->selections)
		return limit(p, GQL_CODE_SELECTIONS, s->place, "fields behind its fragments", p->limits->selections);
	if (!narrow(p, s->directives, &condition, &never))
		return false;
	if (never)
		return true;
	if (s->kind == GQL_S_FIELD)
		return add_field(p, index, condition, usage);
	return s->kind == GQL_S_INLINE ? collect_inline(p, index, condition, usage) : collect_spread(p, s, condition, usage);
}

static bool collect(planner *p, const task *t)
{
	p->type = t->branch->type;
	p->group_count = p->visit_count = p->level_count = p->position = p->later_count = 0;
	p->first_usage = p->plan->usage_count;
	gql_map_init(&p->group_map, p->scratch, p->plan->schema);
	for (uint32_t i = 0; i < t->source_count; i++) {
		if (!open_level(p, t->sources[i]))
			return false;
		while (p->level_count) {
			source *top = &p->levels[p->level_count - 1];
			uint32_t index = top->first, condition = top->condition, usage = top->usage;
			if (index >= top->end) {
				p->level_count--;
				continue;
			}
			top->first = p->doc->selections[index].end;
			if (!collect_selection(p, index, condition, usage))
				return false;
		}
	}
	return true;
}

/* ---- Nodes ---- */

static bool plan_condition(planner *p, const group *g, uint32_t *out)
{
	*out = g->first->condition;
	for (const occurrence *o = g->first->next; o && *out; o = o->next) {
		if (o->condition == 0)
			*out = 0;
		else if (o->condition != *out && !intern(p, (gql_condition){ .is_or = true, .a = *out, .b = o->condition }, out))
			return false;
	}
	return true;
}

static const gql_argument *find_argument(const gql_document *doc, gql_range arguments, fl_str name)
{
	for (uint32_t i = arguments.first; i < arguments.end; i++)
		if (fl_str_eq(doc->arguments[i].name, name))
			return &doc->arguments[i];
	return NULL;
}

static bool uses_variable(const gql_document *doc, uint32_t literal)
{
	for (uint32_t i = literal; i < doc->literals[literal].end; i++)
		if (doc->literals[i].kind == GQL_L_VARIABLE)
			return true;
	return false;
}

static bool plan_argument(planner *p, gql_node *node, fl_gql_value *args, uint32_t i, const gql_argument *a)
{
	gql_document *doc = p->doc;
	if (uses_variable(doc, a->value)) {
		if (!node->arg_literals) {
			node->arg_literals = fl_new_array(p->mem, uint32_t, node->def->arg_count);
			if (!node->arg_literals)
				return full(p);
			memset(node->arg_literals, 0xff, node->def->arg_count * sizeof(uint32_t));
		}
		node->arg_literals[i] = a->value;
		return true;
	}
	gql_coercer c = { .mem = p->mem, .errors = p->errors, .code = GQL_CODE_INVALID, .literals = doc->literals, .place = GQL_NONE };
	return gql_coerce(&c, node->def->args[i].type, a->value, &args[i]);
}

static bool plan_arguments(planner *p, gql_node *node, const gql_selection *s)
{
	const gql_field_def *def = node->def;
	fl_gql_value *args = fl_new_array(p->mem, fl_gql_value, def->arg_count);
	if (!args)
		return full(p);
	for (uint32_t i = 0; i < def->arg_count; i++) {
		const gql_argument *a = find_argument(p->doc, s->arguments, def->args[i].name);
		args[i] = def->args[i].default_value;
		if (a && !plan_argument(p, node, args, i, a))
			return false;
	}
	node->args = args;
	if (node->arg_literals) {
		gql_node **to;
		PUSH(p, p->mem, p->plan, dynamic, to);
		*to = node;
		node->dynamic = p->plan->dynamic_count - 1;
	}
	return true;
}

static bool plan_key(planner *p, gql_node *node, fl_str key)
{
	char *text = fl_arena_take(p->mem, key.len + 4); /* names need no escapes */
	if (!text)
		return full(p);
	memcpy(text, ",\"", 2);
	memcpy(text + 2, key.ptr, key.len);
	memcpy(text + 2 + key.len, "\":", 2);
	node->key = (fl_str){ text, key.len + 4 };
	return true;
}

static bool plan_places(planner *p, gql_node *node, const group *g)
{
	uint32_t *places = fl_new_array(p->mem, uint32_t, g->count);
	if (!places)
		return full(p);
	node->places = places;
	for (const occurrence *o = g->first; o; o = o->next)
		places[node->place_count++] = p->doc->selections[o->selection].place;
	return true;
}

/* A field whose first occurrence may be left out while a later one stays moves to the later one's place. */
static bool plan_order(planner *p, gql_branch *branch, gql_node *node, const group *g)
{
	gql_branch **slot;
	uint32_t count = 0;
	if (g->count == 1 || g->first->condition == node->condition)
		return true;
	gql_occurrence *occurrences = fl_new_array(p->mem, gql_occurrence, g->count);
	if (!occurrences)
		return full(p);
	for (const occurrence *o = g->first; o; o = o->next)
		occurrences[count++] = (gql_occurrence){ o->position, o->condition };
	node->occurrences = occurrences;
	if (branch->order != GQL_NONE)
		return true;
	PUSH(p, p->mem, p->plan, order, slot);
	*slot = branch;
	branch->order = p->plan->order_count - 1;
	return true;
}

bool gql_plan_task(planner *p, gql_branch *branch, gql_node *parent, source *sources, uint32_t count, const usage_set *set)
{
	task *t = fl_new(p->scratch, task);
	if (!t)
		return full(p);
	*t = (task){ NULL, branch, parent, sources, count, set };
	if (p->last)
		p->last->next = t;
	else
		p->first = t;
	p->last = t;
	return true;
}

/* Queues the selection sets of a composite field, one branch a possible type. */
static bool plan_children(planner *p, gql_node *node, const group *g)
{
	const gql_type *type = node->def->type.type;
	const gql_type *const *types = gql_is_abstract(type) ? type->possible : &type;
	uint32_t source_count = 0;
	source *sources = fl_new_array(p->scratch, source, g->count);
	node->branch_count = gql_is_abstract(type) ? type->possible_count : 1;
	node->branches = fl_new_array(p->mem, gql_branch, node->branch_count);
	if (!sources || !node->branches)
		return full(p);
	for (const occurrence *o = g->first; o; o = o->next) {
		const gql_selection *s = &p->doc->selections[o->selection];
		/* Where all occurrences come and go with the field itself, its children need not ask again. */
		uint32_t condition = o->condition == node->condition ? 0 : o->condition;
		/* The items of a streamed list come when they come, with all their fields. */
		uint32_t usage = node->stream ? GQL_NONE : o->usage;
		sources[source_count++] = (source){ o->selection + 1, s->end, condition, usage };
	}
	for (uint32_t i = 0; i < node->branch_count; i++) {
		node->branches[i] = (gql_branch){ .type = types[i], .set = GQL_NONE, .order = GQL_NONE };
		if (!gql_plan_task(p, &node->branches[i], node, sources, source_count, node->stream ? NULL : p->set))
			return false;
	}
	return true;
}

/* Fields that show what the schema is: not for those to whom introspection is closed. */
static bool tells_schema(const fl_gql_schema *schema, const gql_field_def *def)
{
	const gql_federation *f = schema->federation;
	return def == &schema->meta_schema || def == &schema->meta_type || (f && def == &f->meta->fields[0]);
}

static bool plan_node(planner *p, const task *t, gql_node *node, const group *g)
{
	const gql_selection *s = &p->doc->selections[g->first->selection];
	gql_node **slot;
	node->def = gql_schema_field(p->plan->schema, t->branch->type, s->name);
	assert(node->def);
	node->parent = t->parent;
	node->depth = t->parent ? t->parent->depth + 1 : 1;
	node->run = GQL_NONE;
	node->how = node->def->is_typename ? FL_GQL_UNBOUND : node->def->bind.how;
	node->composite = gql_is_composite(node->def->type.type);
	node->zero_is_null = !gql_ref_nonnull(node->def->type) && node->def->type.type->scalar && node->def->type.type->scalar->zero_is_null;
	if (node->depth > p->limits->depth)
		return limit(p, GQL_CODE_DEPTH, s->place, "levels of fields", p->limits->depth);
	if (++p->node_count > p->limits->selections)
		return limit(p, GQL_CODE_SELECTIONS, s->place, "fields", p->limits->selections);
	p->node_count--;
	PUSH(p, p->scratch, p, node, slot);
	*slot = node;
	p->plan->depth = FL_MAX(p->plan->depth, node->depth);
	p->plan->lists_nest |= node->def->type.lists > 1;
	if (p->limits->no_introspection && tells_schema(p->plan->schema, node->def)) {
		gql_fault(p->errors, "INTROSPECTION_DISABLED", s->place, GQL_NONE, "Introspection is switched off here.");
		return false;
	}
	node->position = g->first->position;
	return plan_condition(p, g, &node->condition) && plan_key(p, node, g->key) && plan_places(p, node, g) &&
	       plan_order(p, t->branch, node, g) && plan_arguments(p, node, s) && gql_plan_stream(p, node, s) &&
	       (!node->composite || plan_children(p, node, g));
}

static bool plan_nodes(planner *p, const task *t, gql_branch *branch, group **groups, uint32_t count)
{
	branch->nodes = fl_new_array(p->mem, gql_node, count);
	if (!branch->nodes)
		return full(p);
	branch->count = count;
	branch->positions = p->position;
	for (uint32_t i = 0; i < count; i++)
		if (!plan_node(p, t, &branch->nodes[i], groups[i]))
			return false;
	return true;
}

static bool plan_branch(planner *p, const task *t)
{
	if (!collect(p, t))
		return false;
	uint32_t now = p->group_count;
	if (!t->parent && p->group_count > p->limits->root_fields)
		return limit(p, GQL_CODE_ROOT_FIELDS, GQL_NONE, "root fields", p->limits->root_fields);
	if (p->variant && !gql_plan_sort(p, t, &now))
		return false;
	p->set = t->set;
	if (!plan_nodes(p, t, t->branch, p->groups, now))
		return false;
	const gql_deferred *d = t->branch->deferred;
	for (uint32_t k = 0; d && now < p->group_count; now += d->parts[k++].branch.count) {
		p->set = gql_plan_part_set(p, &d->parts[k]);
		if (!p->set || !plan_nodes(p, t, &d->parts[k].branch, p->groups + now, d->parts[k].branch.count))
			return false;
	}
	return true;
}

/* A field has a run when it is a batch, or when there is a batch below; a branch has a set when one of its fields has a
 * run. Children come after their parents, so one walk from the end settles it. */
static void number_runs(planner *p)
{
	gql_plan *plan = p->plan;
	for (uint32_t i = p->node_count; i-- > 0;) {
		gql_node *node = p->nodes[i];
		bool runs = gql_is_batch(node);
		for (uint32_t b = 0; b < node->branch_count; b++) {
			gql_branch *branch = &node->branches[b];
			for (uint32_t k = 0; k < branch->count && branch->set == GQL_NONE; k++)
				if (branch->nodes[k].run != GQL_NONE)
					branch->set = plan->set_count++;
			runs |= branch->set != GQL_NONE;
		}
		if (runs)
			node->run = plan->run_count++;
	}
	plan->root.set = plan->set_count++;
	gql_plan_finish(p);
}

/* ---- Operations and variables ---- */

static const gql_definition *find_operation(planner *p, fl_str name)
{
	const gql_definition *found = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < p->doc->definition_count; i++) {
		const gql_definition *d = &p->doc->definitions[i];
		if (d->is_fragment)
			continue;
		count++;
		if (!name.ptr || fl_str_eq(d->name, name))
			found = d;
	}
	if (found && (name.ptr || count == 1))
		return found;
	if (!count)
		gql_fault(p->errors, GQL_CODE_INVALID, GQL_NONE, GQL_NONE, "Must provide an operation.");
	else if (name.ptr)
		gql_fault(p->errors, "OPERATION_RESOLUTION_FAILURE", GQL_NONE, GQL_NONE, "Unknown operation named \"%" FL_FMT "\".",
			  FL_ARG(fl_str_clip(name, 100)));
	else
		gql_fault(p->errors, "OPERATION_RESOLUTION_FAILURE", GQL_NONE, GQL_NONE,
			  "Must provide operation name if query contains multiple operations.");
	return NULL;
}

/* From here on a variable in a literal is an index. */
static bool number_variables(planner *p)
{
	gql_range range = p->plan->definition->variables;
	fl_map map;
	gql_map_init(&map, p->scratch, p->plan->schema);
	for (uint32_t i = range.first; i < range.end; i++)
		if (fl_map_put(&map, p->doc->variables[i].name, &p->doc->variables[i]) != FL_OK)
			return full(p);
	for (uint32_t i = 0; i < p->doc->literal_count; i++) {
		gql_literal *v = &p->doc->literals[i];
		if (v->kind != GQL_L_VARIABLE)
			continue;
		const gql_variable *variable = fl_map_get(&map, v->text);
		v->integer = variable ? variable - &p->doc->variables[range.first] : 0;
	}
	return true;
}

static bool plan_variables(planner *p)
{
	gql_range range = p->plan->definition->variables;
	p->plan->variable_defaults = fl_new_array(p->mem, fl_gql_value, range.end - range.first);
	if (!p->plan->variable_defaults)
		return full(p);
	for (uint32_t i = range.first; i < range.end; i++) {
		const gql_variable *v = &p->doc->variables[i];
		gql_type_ref ref = { v->named, v->type.lists, v->type.nonnull };
		gql_coercer c = { .mem = p->mem, .errors = p->errors, .code = GQL_CODE_INVALID, .literals = p->doc->literals, .place = GQL_NONE };
		if (v->default_value != GQL_NONE &&
		    !gql_coerce(&c, ref, v->default_value, &p->plan->variable_defaults[i - range.first]))
			return false;
	}
	return true;
}

static bool plan_all(planner *p)
{
	gql_plan *plan = p->plan;
	const gql_definition *d = plan->definition;
	source *whole = fl_new(p->scratch, source);
	gql_condition *always;
	PUSH(p, p->mem, plan, condition, always);
	*always = (gql_condition){};
	if (!whole)
		return full(p);
	*whole = (source){ d->selections.first, d->selections.end, 0, GQL_NONE };
	plan->root = (gql_branch){ .type = plan->schema->roots[d->operation], .set = GQL_NONE, .order = GQL_NONE };
	if (!gql_plan_task(p, &plan->root, NULL, whole, 1, NULL))
		return false;
	for (const task *t = p->first; t; t = t->next)
		if (!plan_branch(p, t))
			return false;
	number_runs(p);
	return true;
}

bool gql_plan_make(gql_plan *plan, const fl_gql_schema *schema, fl_str operation_name, const gql_variant *variant,
		   const fl_gql_limits *limits, fl_arena *scratch, gql_errors *errors)
{
	planner p = { .plan = plan, .doc = &plan->doc, .limits = limits, .variant = variant, .mem = plan->doc.mem, .scratch = scratch,
		      .errors = errors };
	plan->schema = schema;
	plan->incremental = gql_has_incremental(&plan->doc);
	plan->definition = find_operation(&p, operation_name);
	if (!plan->definition)
		return false;
	plan->operation = plan->definition->operation;
	return number_variables(&p) && plan_variables(&p) && plan_all(&p);
}

const gql_branch *gql_node_branch(const gql_node *node, const gql_type *type)
{
	for (uint32_t i = 0; i < node->branch_count; i++)
		if (node->branches[i].type == type)
			return &node->branches[i];
	return NULL;
}
