/* What a client is told about cost: extensions.cost, and the refusal that names the dearest field. Only refusals walk the
 * whole operation; they are rare. */
#include "graphql/graphql_int.h"

#include <math.h>

/* Whole numbers as such, others with two digits; a cost beyond all measure stays readable. */
static void write_number(fl_buf *out, double n)
{
	n = fmin(fmax(n, -1e15), 1e15);
	if (n == floor(n))
		fl_buf_i64(out, (int64_t)n);
	else
		fl_buf_fmt(out, "%.2f", n);
}

static void write_members(fl_buf *out, fl_gql_cost cost, double budget)
{
	fl_buf_lit(out, "\"fieldCost\":");
	write_number(out, cost.field);
	fl_buf_lit(out, ",\"typeCost\":");
	write_number(out, cost.type);
	if (budget > 0) {
		fl_buf_lit(out, ",\"budget\":");
		write_number(out, budget);
	}
}

void gql_cost_write(fl_buf *out, fl_gql_cost cost, double budget)
{
	fl_buf_char(out, '{');
	write_members(out, cost, budget);
	fl_buf_char(out, '}');
}

/* ---- The dearest field ---- */

typedef struct visit {
	const gql_branch *branch;
	double objects; /* how many of them there may be */
} visit;

typedef struct search {
	gql_exec *x;
	bool by_type;
	visit *visits;
	uint32_t visit_count, visit_cap;
	const gql_node *dearest;
	double cost;
} search;

static double heaviest(const gql_node *node)
{
	double most = node->branch_count ? 0 : node->def->type.type->weight;
	for (uint32_t b = 0; b < node->branch_count; b++)
		most = fmax(most, node->branches[b].type->weight);
	return most;
}

/* What the field itself costs, with all its calls, but without what is selected below. */
static bool look_at(search *s, const gql_node *node, double objects)
{
	double size = gql_cost_size(s->x, node);
	double own = objects * (s->by_type ? size * heaviest(node) : node->def->weight + gql_cost_arguments(s->x, node));
	if (!s->dearest || own > s->cost) {
		s->dearest = node;
		s->cost = own;
	}
	for (uint32_t b = 0; b < node->branch_count; b++) {
		if (!gql_room(s->x->mem, &s->visits, s->visit_count, &s->visit_cap, sizeof(visit)))
			return false;
		s->visits[s->visit_count++] = (visit) { &node->branches[b], objects * size };
	}
	return true;
}

static bool find_dearest(search *s)
{
	if (!gql_room(s->x->mem, &s->visits, s->visit_count, &s->visit_cap, sizeof(visit)))
		return false;
	s->visits[s->visit_count++] = (visit) { &s->x->plan->root, 1 };
	for (uint32_t i = 0; i < s->visit_count; i++) {
		visit v = s->visits[i];
		for (uint32_t k = 0; k < v.branch->count; k++)
			if (gql_holds(s->x, &v.branch->nodes[k]) && !look_at(s, &v.branch->nodes[k], v.objects))
				return false;
	}
	return true;
}

enum { PATH_MAX_KEYS = 256 }; /* the last ones, of a document deeper than any limit in use */

/* Response keys from the root to a field. node->key is ",\"key\":" */
static fl_str path_of(gql_exec *x, const gql_node *node, const char *between, size_t trim)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(64 << 10);
	const gql_node *chain[PATH_MAX_KEYS];
	uint32_t count = 0;
	for (; node && count < PATH_MAX_KEYS; node = node->parent)
		chain[count++] = node;
	while (count--) {
		fl_str key = chain[count]->key;
		fl_buf_str(&text, fl_str_slice(key, 1 + trim, key.len - 1 - trim));
		if (count)
			fl_buf_str(&text, fl_str_z(between));
	}
	return fl_str_dup(x->mem, fl_buf_view(&text));
}

static fl_str more_of(gql_exec *x, fl_gql_cost cost, double budget, const search *s)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(64 << 10);
	fl_buf_char(&text, ',');
	write_members(&text, cost, budget);
	fl_buf_lit(&text, ",\"dearest\":{\"path\":[");
	fl_buf_str(&text, path_of(x, s->dearest, ",", 0));
	fl_buf_lit(&text, "],\"cost\":");
	write_number(&text, s->cost);
	fl_buf_char(&text, '}');
	return fl_str_dup(x->mem, fl_buf_view(&text));
}

void gql_cost_refuse(gql_exec *x, fl_gql_cost cost, double budget)
{
	search s = { .x = x, .by_type = cost.type > budget };
	FL_AUTO_BUF fl_buf text = fl_buf_make(64 << 10);
	if (!find_dearest(&s) || !s.dearest) {
		x->errors.nomem = true;
		return;
	}
	fl_buf_fmt(&text, "This operation may cost %.0f by its %s; the budget is %.0f. The dearest field is \"",
		fmin(s.by_type ? cost.type : cost.field, 1e15), s.by_type ? "objects" : "calls", budget);
	fl_buf_str(&text, path_of(x, s.dearest, ".", 1));
	fl_buf_fmt(&text, "\" (%.0f). Ask for fewer items, or for less of each.", fmin(s.cost, 1e15));
	gql_error *error = gql_fault_at(&x->errors, GQL_CODE_COST, s.dearest->places, 1, fl_str_dup(x->mem, fl_buf_view(&text)));
	if (error)
		error->more = more_of(x, cost, budget, &s);
}
