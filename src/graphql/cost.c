/* The cost of an operation before it runs, by the IBM specification.
 *
 *	cost of a field     = weight of the field + its arguments + size of its list x (weight of the type + cost of what is
 *	                      selected on one object); of interfaces and unions the dearest object counts
 *	cost of the whole   = weight of the root type + cost of the root fields
 *
 * Field costs add up the weights of fields and arguments, type costs those of types. While planning, whatever no variable
 * touches is folded into one sum a branch; a request walks only the fields that vary, children before parents, so that
 * most documents cost one copy of two numbers. */
#include "graphql/graphql_int.h"

#include <math.h>

typedef struct item {
	const gql_node *node;
	uint32_t parent, into, first; /* parent: GQL_NONE for root fields */
	bool varies;
} item;

typedef struct coster {
	gql_plan *plan;
	fl_arena *scratch;
	gql_errors *errors;
	item *items;
	uint32_t item_count, item_cap;
	fl_gql_cost *sums;
	uint32_t sum_count, sum_cap;
} coster;

/* ---- Arguments ---- */

typedef struct open_input {
	const fl_gql_value *at, *end;
	const gql_input *inputs; /* NULL: a list of input */
	double weight;
} open_input;

static bool weighs(const gql_field_def *def)
{
	for (uint32_t i = 0; i < def->arg_count; i++)
		if (def->args[i].weight != 0 || def->args[i].type.type->kind == GQL_INPUT_TYPE)
			return true;
	return false;
}

/* Opens an input object or a list; its own weight counts, of a list that of each item. */
static void open_value(open_input *stack, uint32_t *depth, const fl_gql_value *v, double weight, double *sum)
{
	if (v->kind <= FL_GQL_NULL)
		return;
	if (v->kind != FL_GQL_LIST)
		*sum += weight;
	if ((v->kind != FL_GQL_LIST && v->kind != FL_GQL_INPUT) || *depth == GQL_INPUT_DEPTH_MAX)
		return;
	const gql_type *type = v->kind == FL_GQL_INPUT ? v->items[-1].pointer : NULL;
	uint32_t count = type ? type->input_count : v->count;
	stack[(*depth)++] = (open_input) { v->items, v->items + count, type ? type->inputs : NULL, weight };
}

static double argument_cost(const gql_input *in, const fl_gql_value *value)
{
	open_input stack[GQL_INPUT_DEPTH_MAX];
	uint32_t depth = 0;
	double sum = 0;
	open_value(stack, &depth, value, in->weight, &sum);
	while (depth) {
		open_input *top = &stack[depth - 1];
		if (top->at == top->end) {
			depth--;
			continue;
		}
		const fl_gql_value *v = top->at++;
		double weight = top->inputs ? (top->inputs++)->weight : top->weight;
		open_value(stack, &depth, v, weight, &sum);
	}
	return sum;
}

static double arguments_cost(const gql_field_def *def, const fl_gql_value *args)
{
	double sum = 0;
	for (uint32_t i = 0; args && i < def->arg_count; i++)
		sum += argument_cost(&def->args[i], &args[i]);
	return sum;
}

/* ---- Sizes of lists ---- */

static const fl_gql_value *slicing_value(const gql_slicing *s, const fl_gql_value *args)
{
	const fl_gql_value *v = &args[s->argument];
	for (uint32_t i = 0; i < s->step_count && v->kind == FL_GQL_INPUT; i++)
		v = &v->items[s->steps[i]];
	return v;
}

static bool is_default(const gql_slicing *s, const fl_gql_value *v)
{
	return s->default_value->kind == FL_GQL_INT && v->kind == FL_GQL_INT && v->integer == s->default_value->integer;
}

/* The largest slicing argument, or the size that is assumed when there is none. *given counts the arguments; a default
 * counts when there is nothing else. */
static double size_of(const gql_list_size *size, const fl_gql_value *args, uint32_t *given)
{
	double largest = -1;
	uint32_t defaults = 0;
	*given = 0;
	for (uint32_t i = 0; args && i < size->slicing_count; i++) {
		const fl_gql_value *v = slicing_value(&size->slicing[i], args);
		if (v->kind != FL_GQL_INT && v->kind != FL_GQL_LIST)
			continue;
		largest = fmax(largest, v->kind == FL_GQL_LIST ? v->count : (double)FL_MAX(v->integer, 0));
		*(is_default(&size->slicing[i], v) ? &defaults : given) += 1;
	}
	if (!*given && defaults)
		*given = 1;
	return largest >= 0 ? largest : size->assumed;
}

static bool is_sized(const gql_list_size *size, fl_str field)
{
	for (uint32_t i = 0; i < size->sized_count; i++)
		if (fl_str_eq(size->sized[i], field))
			return true;
	return false;
}

/* The node whose @listSize speaks of this list: its parent's, else its own; NULL: none. */
static const gql_node *sizer_of(const gql_node *node)
{
	const gql_node *parent = node->parent;
	if (!node->def->type.lists)
		return NULL;
	if (parent && parent->def->list_size && is_sized(parent->def->list_size, node->def->name))
		return parent;
	return node->def->list_size && !node->def->list_size->sized_count ? node : NULL;
}

/* Whether variables reach the slicing arguments of a node. */
static bool size_varies(const gql_node *node)
{
	for (uint32_t i = 0; node->arg_literals && i < node->def->list_size->slicing_count; i++)
		if (node->arg_literals[node->def->list_size->slicing[i].argument] != GQL_NONE)
			return true;
	return false;
}

/* Of all but the outermost level of a list of lists, nothing is known. */
static double inner_size(const gql_node *node)
{
	double size = 1;
	for (int i = 1; i < node->def->type.lists; i++)
		size *= GQL_LIST_SIZE_UNKNOWN;
	return size;
}

static bool check_slicing(gql_errors *errors, const char *code, const gql_node *node, uint32_t given)
{
	if (given == 1 || !node->def->list_size->require_one)
		return true;
	gql_fault(errors, code, node->places[0], GQL_NONE,
		"Field \"%" FL_FMT "\" needs exactly one of its slicing arguments; %u are given.", FL_ARG(node->def->name),
		given);
	return false;
}

/* ---- Planning ---- */

static bool add_items(coster *c, const gql_branch *branch, uint32_t parent, uint32_t into)
{
	for (uint32_t i = 0; i < branch->count; i++) {
		if (!gql_room(c->scratch, &c->items, c->item_count, &c->item_cap, sizeof(item)))
			return false;
		c->items[c->item_count++] = (item) { .node = &branch->nodes[i], .parent = parent, .into = into };
	}
	return true;
}

static bool add_sum(coster *c, double type_weight)
{
	if (!gql_room(c->scratch, &c->sums, c->sum_count, &c->sum_cap, sizeof(*c->sums)))
		return false;
	c->sums[c->sum_count++] = (fl_gql_cost) { 0, type_weight };
	return true;
}

/* All fields in breadth order, each with a sum for every branch below it. Sum 0 is the root's. */
static bool list_items(coster *c)
{
	if (!add_sum(c, c->plan->root.type->weight) || !add_items(c, &c->plan->root, GQL_NONE, 0))
		return false;
	for (uint32_t i = 0; i < c->item_count; i++) {
		const gql_node *node = c->items[i].node;
		c->items[i].first = c->sum_count;
		for (uint32_t b = 0; b < node->branch_count; b++)
			if (!add_sum(c, node->branches[b].type->weight) || !add_items(c, &node->branches[b], i, c->sum_count - 1))
				return false;
	}
	return true;
}

/* The dearest branch of a field, for one object; of a leaf the weight of its type. */
static fl_gql_cost dearest(const gql_node *node, const fl_gql_cost *sums)
{
	fl_gql_cost most = { 0, node->branch_count ? 0 : node->def->type.type->weight };
	for (uint32_t b = 0; b < node->branch_count; b++) {
		most.field = fmax(most.field, sums[b].field);
		most.type = fmax(most.type, sums[b].type);
	}
	return most;
}

static void add_field(fl_gql_cost *sum, fl_gql_cost call, double size, fl_gql_cost object)
{
	sum->field += call.field + size * object.field;
	sum->type += call.type + size * object.type;
}

static bool make_step(coster *c, const item *it, gql_cost_step *step)
{
	const gql_node *node = it->node, *sizer = sizer_of(node);
	bool vary = node->arg_literals && weighs(node->def);
	uint32_t given;
	*step = (gql_cost_step) { .node = node,
		.fixed_size = node->def->type.lists ? GQL_LIST_SIZE_UNKNOWN : 1,
		.into = it->into,
		.first = it->first,
		.arguments_vary = vary,
		.call.field = node->def->weight };
	if (node->def->list_size && !size_varies(node)) {
		size_of(node->def->list_size, node->args, &given);
		if (!check_slicing(c->errors, GQL_CODE_INVALID, node, given))
			return false;
	}
	if (sizer && !size_varies(sizer))
		step->fixed_size = size_of(sizer->def->list_size, sizer->args, &given);
	else
		step->sizer = sizer;
	if (!vary)
		step->call.field += arguments_cost(node->def, node->args);
	step->fixed_size *= inner_size(node);
	return true;
}

static bool is_variable(const item *it, const gql_cost_step *step)
{
	bool checked = it->node->def->list_size && it->node->def->list_size->require_one && size_varies(it->node);
	return it->varies || it->node->condition || step->sizer || step->arguments_vary || checked;
}

/* From the last field to the first: what is fixed goes into the sum of its branch, the rest becomes steps. */
static bool fold(coster *c)
{
	gql_cost_plan *cost = &c->plan->cost;
	fl_arena *mem = c->plan->doc.mem;
	uint32_t cap = 0;
	for (uint32_t i = c->item_count; i-- > 0;) {
		item *it = &c->items[i];
		gql_cost_step step;
		if (!make_step(c, it, &step))
			return false;
		if (!is_variable(it, &step)) {
			add_field(&c->sums[it->into], step.call, step.fixed_size, dearest(it->node, c->sums + it->first));
			continue;
		}
		if (it->parent != GQL_NONE)
			c->items[it->parent].varies = true;
		if (!gql_room(mem, &cost->steps, cost->step_count, &cap, sizeof(step)))
			return (c->errors->nomem = true, false);
		cost->steps[cost->step_count++] = step;
	}
	cost->fixed = c->sums[0];
	return true;
}

/* Only the sums of fields that vary are needed later; they keep their places. */
static bool keep_sums(coster *c)
{
	gql_cost_plan *cost = &c->plan->cost;
	if (!cost->step_count)
		return true;
	cost->sums = fl_arena_take(c->plan->doc.mem, c->sum_count * sizeof(*c->sums));
	if (!cost->sums)
		return (c->errors->nomem = true, false);
	memcpy(cost->sums, c->sums, c->sum_count * sizeof(*c->sums));
	cost->sum_count = c->sum_count;
	return true;
}

bool gql_cost_prepare(gql_plan *plan, fl_arena *scratch, gql_errors *errors)
{
	coster c = { .plan = plan, .scratch = scratch, .errors = errors };
	if (!list_items(&c)) {
		errors->nomem = true;
		return false;
	}
	return fold(&c) && keep_sums(&c);
}

/* ---- A request ---- */

static bool measure_step(gql_exec *x, const gql_cost_step *step, fl_gql_cost *sums)
{
	const gql_node *node = step->node;
	fl_gql_cost call = step->call;
	double size = step->fixed_size;
	uint32_t given;
	if (!gql_holds(x, node))
		return true;
	const fl_gql_value *args = gql_node_args(x, node); /* NULL: they are wrong, and the field fails without a call */
	if (args && node->def->list_size) {
		size_of(node->def->list_size, args, &given);
		if (!check_slicing(&x->errors, GQL_CODE_INPUT, node, given))
			return false;
	}
	if (step->sizer)
		size = inner_size(node) * size_of(step->sizer->def->list_size, gql_node_args(x, step->sizer), &given);
	if (step->arguments_vary)
		call.field += arguments_cost(node->def, args);
	add_field(&sums[step->into], call, size, dearest(node, sums + step->first));
	return true;
}

bool gql_cost_measure(gql_exec *x, fl_gql_cost *out)
{
	const gql_cost_plan *cost = &x->plan->cost;
	*out = cost->fixed;
	if (!cost->step_count)
		return true;
	fl_gql_cost *sums = fl_arena_take(x->mem, cost->sum_count * sizeof(*sums));
	if (!sums) {
		x->errors.nomem = true;
		return false;
	}
	memcpy(sums, cost->sums, cost->sum_count * sizeof(*sums));
	for (uint32_t i = 0; i < cost->step_count; i++)
		if (!measure_step(x, &cost->steps[i], sums))
			return false;
	*out = sums[0];
	return true;
}

double gql_cost_size(const gql_exec *x, const gql_node *node)
{
	const gql_node *sizer = sizer_of(node);
	uint32_t given;
	if (!node->def->type.lists)
		return 1;
	if (!sizer)
		return inner_size(node) * GQL_LIST_SIZE_UNKNOWN;
	return inner_size(node) * size_of(sizer->def->list_size, gql_node_args(x, sizer), &given);
}

double gql_cost_arguments(const gql_exec *x, const gql_node *node)
{
	return arguments_cost(node->def, gql_node_args(x, node));
}
