/* What a request decides of a prepared document: its variables, and with them conditions, the order of fields, arguments. */
#include "graphql/graphql_int.h"

/* ---- Variables ---- */

static bool place_uploads(const fl_gql_request *request, gql_literal *literals, gql_errors *errors)
{
	for (size_t i = 0; i < request->upload_count; i++) {
		fl_str path = request->uploads[i].path, rest;
		gql_literal *v = NULL;
		if (fl_str_eq(fl_str_cut(path, '.', &rest), FL_STR("variables")) && literals && rest.len)
			v = gql_literal_at(literals, rest);
		if (!v || (v->kind != GQL_L_NULL && v->kind != GQL_L_OPAQUE)) {
			gql_fault(errors, GQL_CODE_INPUT, GQL_NONE, GQL_NONE, "The map names \"%" FL_FMT "\", which is no null in the variables.",
				  FL_ARG(fl_str_clip(path, 100)));
			return false;
		}
		v->kind = GQL_L_OPAQUE;
		v->file = request->uploads[i].file;
	}
	return true;
}

static void coerce_variable(gql_exec *x, const gql_literal *literals, uint32_t found, uint32_t i, fl_gql_value *out)
{
	const gql_plan *plan = x->plan;
	const gql_variable *v = &plan->doc.variables[plan->definition->variables.first + i];
	gql_type_ref ref = { v->named, v->type.lists, v->type.nonnull };
	if (found == GQL_NONE) {
		*out = plan->variable_defaults[i];
		if (out->kind == FL_GQL_ABSENT && gql_ref_nonnull(ref))
			gql_fault(&x->errors, GQL_CODE_INPUT, v->place, GQL_NONE,
				  "Variable \"$%" FL_FMT "\" of required type \"%" FL_FMT "\" was not provided.", FL_ARG(v->name),
				  FL_ARG(gql_ref_text(x->mem, ref)));
		return;
	}
	if (literals[found].kind == GQL_L_NULL && gql_ref_nonnull(ref)) {
		gql_fault(&x->errors, GQL_CODE_INPUT, v->place, GQL_NONE,
			  "Variable \"$%" FL_FMT "\" of non-null type \"%" FL_FMT "\" must not be null.", FL_ARG(v->name),
			  FL_ARG(gql_ref_text(x->mem, ref)));
		return;
	}
	gql_coercer c = { .mem = x->mem, .errors = &x->errors, .code = GQL_CODE_INPUT, .literals = literals, .place = v->place, .variable = v->name };
	(void)!gql_coerce(&c, ref, found, out);
}

static uint32_t find_member(const gql_literal *literals, fl_str name)
{
	uint32_t found = GQL_NONE;
	for (uint32_t k = 1; literals && k < literals[0].end; k = literals[k].end)
		if (fl_str_eq(literals[k].name, name))
			found = k;
	return found;
}

bool gql_coerce_variables(gql_exec *x, const fl_gql_request *request)
{
	gql_range range = x->plan->definition->variables;
	uint32_t count = range.end - range.first, literal_count;
	gql_literal *literals = NULL;
	fl_gql_value *values = fl_new_array(x->mem, fl_gql_value, count);
	gql_sent *sent = fl_new_array(x->mem, gql_sent, count);
	if (!values || !sent)
		goto full;
	if (request->variables && request->variables->type == FL_JSON_OBJECT && (count || request->upload_count) &&
	    !gql_literals_from_json(x->mem, request->variables, &literals, &literal_count))
		goto full;
	if (!place_uploads(request, literals, &x->errors))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const gql_variable *v = &x->plan->doc.variables[range.first + i];
		uint32_t found = find_member(literals, v->name);
		coerce_variable(x, literals, found, i, &values[i]);
		if (found != GQL_NONE)
			sent[i] = (gql_sent){ literals, found };
		else if (v->default_value != GQL_NONE)
			sent[i] = (gql_sent){ x->plan->doc.literals, v->default_value };
	}
	x->variables = values;
	x->sent = sent;
	return !x->errors.count && !x->errors.nomem;
full:
	x->errors.nomem = true;
	return false;
}

/* ---- What of the plan depends on variables ---- */

static bool settle_conditions(gql_exec *x)
{
	const gql_plan *plan = x->plan;
	x->holds = fl_arena_take(x->mem, plan->condition_count);
	if (!x->holds)
		return false;
	x->holds[0] = true;
	for (uint32_t i = 1; i < plan->condition_count; i++) {
		const gql_condition *c = &plan->conditions[i];
		if (c->is_or)
			x->holds[i] = x->holds[c->a] || x->holds[c->b];
		else
			x->holds[i] = x->holds[c->a] && (x->variables[c->b].kind == FL_GQL_BOOL && x->variables[c->b].boolean) == c->wanted;
	}
	return true;
}

/* The place of the first occurrence that holds; where none does, the field is left out anyway. */
static uint32_t position_of(const gql_exec *x, const gql_node *node)
{
	for (uint32_t i = 0; node->occurrences && i < node->place_count; i++)
		if (x->holds[node->occurrences[i].condition])
			return node->occurrences[i].position;
	return node->position;
}

static bool settle_order(gql_exec *x, const gql_branch *branch)
{
	const gql_node **at = fl_new_array(x->mem, const gql_node *, branch->positions);
	uint32_t count = 0;
	if (!at)
		return false;
	for (uint32_t i = 0; i < branch->count; i++)
		at[position_of(x, &branch->nodes[i])] = &branch->nodes[i];
	for (uint32_t i = 0; i < branch->positions; i++)
		if (at[i])
			at[count++] = at[i];
	assert(count == branch->count);
	x->orders[branch->order] = at;
	return true;
}

static bool settle_orders(gql_exec *x)
{
	const gql_plan *plan = x->plan;
	if (!plan->order_count)
		return true;
	x->orders = fl_new_array(x->mem, const gql_node **, plan->order_count);
	for (uint32_t i = 0; x->orders && i < plan->order_count; i++)
		if (!settle_order(x, plan->orders[i]))
			return false;
	return x->orders;
}

/* The arguments of one field; what is wrong with them fails the field when it is reached, not the request. */
static bool settle_node(gql_exec *x, uint32_t i)
{
	const gql_node *node = x->plan->dynamics[i];
	const gql_field_def *def = node->def;
	fl_gql_value *args = fl_arena_take(x->mem, def->arg_count * sizeof(*args));
	gql_errors errors = { .mem = x->mem };
	gql_coercer c = { .mem = x->mem, .errors = &errors, .code = GQL_CODE_INPUT, .literals = x->plan->doc.literals,
			  .place = GQL_NONE, .variable_values = x->variables, .sent = x->sent };
	if (!args)
		return false;
	memcpy(args, node->args, def->arg_count * sizeof(*args));
	for (uint32_t k = 0; k < def->arg_count; k++) {
		if (node->arg_literals[k] == GQL_NONE)
			continue;
		const gql_literal *v = &x->plan->doc.literals[node->arg_literals[k]];
		if (v->kind == GQL_L_VARIABLE && x->variables[v->integer].kind == FL_GQL_ABSENT && args[k].kind != FL_GQL_ABSENT)
			continue; /* not given: the default stays */
		args[k] = (fl_gql_value){};
		if (!gql_coerce(&c, def->args[k].type, node->arg_literals[k], &args[k]) && errors.first) {
			x->wrong_arguments[i] = gql_failure_value(x->mem, FL_BAD_INPUT, errors.first->message).pointer;
			return true;
		}
	}
	x->arguments[i] = args;
	return !errors.nomem;
}

static bool settle_arguments(gql_exec *x)
{
	const gql_plan *plan = x->plan;
	if (!plan->dynamic_count)
		return true;
	x->arguments = fl_new_array(x->mem, const fl_gql_value *, plan->dynamic_count);
	x->wrong_arguments = fl_new_array(x->mem, const gql_failure *, plan->dynamic_count);
	if (!x->arguments || !x->wrong_arguments)
		return false;
	for (uint32_t i = 0; i < plan->dynamic_count; i++)
		if (!settle_node(x, i))
			return false;
	return true;
}

bool gql_settle(gql_exec *x)
{
	return settle_conditions(x) && settle_orders(x) && settle_arguments(x);
}
