/* Execution of batch fields, in waves. A wave is every batch field whose parents are known; between waves columns and
 * getters lead from results to the parents of the next one. The rest is read while the JSON is written (write.c).
 *
 *	set of a branch:  objects[]  o0 o1 o2 o3 ...          the parents of all fields of that branch
 *	run of a field:   results[]  one a parent             (batch fields, and getters with a batch below)
 *	                  first[]    where the children of each parent begin in the set of the field's branch
 */
#include "graphql/incremental_int.h"

#include "io/io.h"
#include "obs/trace.h"

typedef struct job {
	const gql_node *node;
	const gql_set *set;
} job;

/* One call of a resolver: one field, or the same field in several places. */
typedef struct call {
	gql_exec *x;
	fl_gql_field field;
	fl_gql_batch batch;
	fl_gql_resolver resolver;
} call;

typedef struct wave {
	gql_exec *x;
	const gql_branch **branches; /* whose sets are known, and whose fields are still to be looked at */
	uint32_t branche_count, branche_cap;
	job *jobs;
	uint32_t job_count, job_cap;
} wave;

/* ---- From results to the next parents ---- */

typedef struct spread {
	const gql_node *node;
	gql_exec *x;
	const void **objects;  /* of the one branch */
	uint16_t *types;       /* of interfaces and unions */
	uint32_t count, cap;
} spread;

static bool spread_room(spread *s, uint32_t cap)
{
	const void **objects = fl_arena_take(s->x->mem, cap * sizeof(*objects));
	bool abstract = gql_is_abstract(s->node->def->type.type);
	uint16_t *types = abstract ? fl_arena_take(s->x->mem, cap * sizeof(*types)) : NULL;
	if (!objects || (abstract && !types))
		return false;
	if (s->count && s->objects)
		memcpy(objects, s->objects, s->count * sizeof(*objects));
	if (s->count && types && s->types)
		memcpy(types, s->types, s->count * sizeof(*types));
	s->objects = objects;
	s->types = types;
	s->cap = cap;
	return true;
}

static bool spread_object(spread *s, const void *object, uint16_t type)
{
	if (s->count == s->cap && !spread_room(s, s->cap * 2))
		return false;
	if (s->types)
		s->types[s->count] = type;
	s->objects[s->count++] = object;
	return true;
}

/* The objects of one value, lists laid out flat; nulls and failures are no objects. */
static bool spread_value(spread *s, const fl_gql_value *value)
{
	struct {
		const fl_gql_value *at, *end;
	} open[GQL_LISTS_MAX + 1];
	uint32_t depth = 0;
	const fl_gql_value *at = value, *end = value + 1;
	for (;;) {
		while (at == end) {
			if (!depth)
				return true;
			at = open[--depth].at;
			end = open[depth].end;
		}
		const fl_gql_value *v = at++;
		if (v->kind == FL_GQL_OBJECT && !spread_object(s, v->pointer, v->stride_or_type))
			return false;
		for (uint32_t i = 0; v->kind == FL_GQL_ROWS && i < v->count; i++)
			if (!spread_object(s, (const char *)v->pointer + (size_t)i * v->stride_or_type, 0))
				return false;
		for (uint32_t i = 0; v->kind == FL_GQL_PTRS && i < v->count; i++)
			if (v->pointers[i] && !spread_object(s, v->pointers[i], 0))
				return false;
		if (v->kind == FL_GQL_LIST && depth < s->node->def->type.lists) {
			open[depth].at = at;
			open[depth++].end = end;
			at = v->items;
			end = at + v->count;
		}
	}
}

/* Interfaces and unions: each object goes to the set of its own type. Objects of no possible type go nowhere; writing
 * them is an error. */
static bool sort_by_type(spread *s)
{
	gql_exec *x = s->x;
	gql_run *run = &x->runs[s->node->run];
	run->sub = fl_arena_take(x->mem, FL_MAX(s->count, 1u) * sizeof(*run->sub));
	if (!run->sub)
		return false;
	for (uint32_t b = 0; b < s->node->branch_count; b++) {
		const gql_branch *branch = &s->node->branches[b];
		if (branch->set == GQL_NONE)
			continue;
		gql_set *set = &x->sets[branch->set];
		set->objects = fl_arena_take(x->mem, FL_MAX(s->count, 1u) * sizeof(*set->objects));
		if (!set->objects)
			return false;
		for (uint32_t i = 0; i < s->count; i++)
			if (s->types[i] == branch->type->index) {
				run->sub[i] = set->count;
				set->objects[set->count++] = s->objects[i];
			}
	}
	return true;
}

static bool push_branch(wave *w, const gql_branch *branch)
{
	if (branch->set == GQL_NONE || w->x->sets[branch->set].count == 0)
		return true;
	if (!gql_room(w->x->mem, &w->branches, w->branche_count, &w->branche_cap, sizeof(*w->branches)))
		return false;
	w->branches[w->branche_count++] = branch;
	return true;
}

static fl_gql_value value_of(const gql_exec *x, const gql_node *node, const gql_run *run, uint32_t row, const void *parent)
{
	return run->results ? run->results[row] : gql_read_column(node, parent);
}

/* Fills the sets below a field whose values are known. */
static bool spread_node(wave *w, const gql_node *node, const gql_set *parents)
{
	gql_exec *x = w->x;
	gql_run *run = &x->runs[node->run];
	spread s = { .node = node, .x = x };
	bool wanted = false;
	for (uint32_t b = 0; b < node->branch_count; b++)
		wanted |= node->branches[b].set != GQL_NONE;
	if (!wanted)
		return true;
	run->first = fl_arena_take(x->mem, parents->count * sizeof(*run->first));
	if (!run->first || !spread_room(&s, FL_MAX(parents->count, 4u)))
		return false;
	for (uint32_t i = 0; i < parents->count; i++) {
		fl_gql_value value = value_of(x, node, run, i, parents->objects[i]);
		if (node->stream && node != x->tails_of)
			value = gql_list_head(x, node, &value);
		run->first[i] = s.count;
		if (!spread_value(&s, &value))
			return false;
	}
	if (gql_is_abstract(node->def->type.type)) {
		if (!sort_by_type(&s))
			return false;
	} else {
		x->sets[node->branches[0].set] = (gql_set){ s.objects, s.count };
	}
	for (uint32_t b = 0; b < node->branch_count; b++)
		if (!push_branch(w, &node->branches[b]))
			return false;
	return true;
}

static bool call_getters(gql_exec *x, const gql_node *node, const gql_set *parents)
{
	fl_gql_value *results = fl_arena_take(x->mem, parents->count * sizeof(*results));
	if (!results)
		return false;
	for (uint32_t i = 0; i < parents->count; i++)
		results[i] = gql_call_getter(x, node, parents->objects[i]);
	x->runs[node->run].results = results;
	return true;
}

static bool visit_node(wave *w, const gql_node *node, const gql_set *parents)
{
	if (node->run == GQL_NONE || !gql_holds(w->x, node))
		return true;
	if (gql_is_batch(node)) {
		if (!gql_room(w->x->mem, &w->jobs, w->job_count, &w->job_cap, sizeof(*w->jobs)))
			return false;
		w->jobs[w->job_count++] = (job){ node, parents };
		return true;
	}
	if (node->how == FL_GQL_GETTER && !call_getters(w->x, node, parents))
		return false;
	return spread_node(w, node, parents);
}

/* Follows columns and getters down from every known set, until only batch fields are left. */
static bool visit_branches(wave *w)
{
	for (uint32_t i = 0; i < w->branche_count; i++) {
		const gql_branch *branch = w->branches[i];
		for (uint32_t k = 0; k < branch->count; k++)
			if (!visit_node(w, &branch->nodes[k], &w->x->sets[branch->set]))
				return false;
	}
	w->branche_count = 0;
	return true;
}

/* ---- Calling resolvers ---- */

static bool value_same(const fl_gql_value *a, const fl_gql_value *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == FL_GQL_STRING)
		return memcmp(a->text, b->text, a->count) == 0;
	return a->kind <= FL_GQL_NULL || (a->kind == FL_GQL_BOOL ? a->boolean == b->boolean : a->integer == b->integer);
}

/* Whether two fields may be resolved by one call: the same field of the same type with the same arguments. Lists in pages
 * are each read by one reader. */
static bool same_call(const gql_exec *x, const gql_node *a, const gql_node *b)
{
	if (a->def != b->def || a->how == FL_GQL_PAGES)
		return a == b;
	const fl_gql_value *left = gql_node_args(x, a), *right = gql_node_args(x, b);
	if (a->def->arg_count && (!left || !right))
		return false;
	for (uint32_t i = 0; i < a->def->arg_count; i++)
		if (!value_same(&left[i], &right[i]))
			return false;
	return true;
}

static void fail_call(call *c, fl_err err, const char *detail)
{
	fl_ctx *ctx = c->x->ctx;
	if (fl_err_status(err) >= 500 && err != FL_CANCELLED)
		fl_warn("graphql: %s.%s failed: %s: %s (request %" FL_FMT ")", fl_gql_field_type_name(&c->field), fl_gql_field_name(&c->field),
			fl_err_name(err), detail, FL_ARG(ctx->request_id));
	fl_str text = fl_str_dup(c->x->mem, fl_str_z(detail));
	fl_gql_value failure = gql_failure_value(c->x->mem, err, text);
	for (size_t i = 0; i < c->batch.count; i++)
		c->batch.results[i] = failure;
}

static fl_span *open_span(fl_ctx *ctx, const call *c)
{
	if (__builtin_expect(!ctx->trace, 1))
		return NULL;
	fl_span *span = fl_span_open(ctx, FL_SPAN_INTERNAL,
				     fl_str_fmt(ctx->mem, "%s.%s", fl_gql_field_type_name(&c->field), fl_gql_field_name(&c->field)));
	fl_span_number(span, "graphql.wave", c->x->waves);
	fl_span_number(span, "graphql.parents", (int64_t)c->batch.count);
	return span;
}

static fl_err run_call(fl_ctx *ctx, call *c)
{
	ctx->diag.text[0] = 0;
	fl_span *span = open_span(ctx, c);
	fl_err err = c->resolver(ctx, &c->field, &c->batch);
	if (err == FL_OK && c->field.node->how == FL_GQL_PAGES)
		err = gql_fetch_heads(ctx, &c->field, &c->batch);
	fl_span_close(ctx, span, err);
	if (err != FL_OK)
		fail_call(c, err, ctx->diag.text);
	return FL_OK;
}

/* Beside its siblings, with a diag of its own. */
static fl_err run_in_group(fl_ctx *ctx, void *arg)
{
	fl_ctx own;
	fl_ctx_derive(&own, ctx, 0);
	fl_err err = run_call(&own, arg);
	fl_ctx_fini(&own);
	return err;
}

/* The member before i that has the same parents, or i. */
static uint32_t same_set(const job *members, uint32_t i)
{
	uint32_t k = 0;
	while (members[k].set != members[i].set)
		k++;
	return k;
}

/* The same field in one more place: look-ahead must see it. */
static bool link_field(call *c, const gql_node *node)
{
	fl_gql_field *also = fl_new(c->x->mem, fl_gql_field);
	if (!also)
		return false;
	*also = (fl_gql_field){ c->x, node, c->field.also };
	c->field.also = also;
	return true;
}

/* Gathers the parents of a call. Aliases on the same objects share parents and results; with one set of parents, the
 * usual case, they are used where they are. */
static bool prepare_call(wave *w, call *c, const job *members, uint32_t count)
{
	gql_exec *x = w->x;
	const gql_node *node = members[0].node;
	size_t total = 0, at = 0;
	*c = (call){ .x = x, .field = { x, node, NULL }, .resolver = node->def->bind.resolver };
	for (uint32_t i = 0; i < count; i++)
		total += same_set(members, i) == i ? members[i].set->count : 0;
	bool one_set = total == members[0].set->count;
	const void **parents = one_set ? members[0].set->objects : fl_arena_take(x->mem, total * sizeof(*parents));
	c->batch = (fl_gql_batch){ total, parents, fl_new_array(x->mem, fl_gql_value, total) };
	if (!parents || !c->batch.results)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = same_set(members, i);
		if (i > 0 && !link_field(c, members[i].node))
			return false;
		if (k < i) {
			x->runs[members[i].node->run].results = x->runs[members[k].node->run].results;
			continue;
		}
		x->runs[members[i].node->run].results = c->batch.results + at;
		if (!one_set)
			memcpy(parents + at, members[i].set->objects, members[i].set->count * sizeof(*parents));
		at += members[i].set->count;
	}
	return true;
}

/* Arguments that could not be coerced fail the field without a call. */
static bool refuse_arguments(wave *w, const job *j)
{
	gql_exec *x = w->x;
	if (!j->node->arg_literals || x->arguments[j->node->dynamic])
		return false;
	fl_gql_value *results = fl_arena_take(x->mem, j->set->count * sizeof(*results));
	for (uint32_t i = 0; results && i < j->set->count; i++)
		results[i] = (fl_gql_value){ .kind = FL_GQL_ERROR, .pointer = x->wrong_arguments[j->node->dynamic] };
	x->runs[j->node->run].results = results;
	return true;
}

/* Groups the jobs of the wave into calls. */
static bool make_calls(wave *w, call *calls, uint32_t *count)
{
	job *members = fl_arena_take(w->x->mem, w->job_count * sizeof(*members));
	bool *taken = fl_arena_zero(w->x->mem, w->job_count);
	if (!members || !taken)
		return false;
	for (uint32_t i = 0; i < w->job_count; i++) {
		uint32_t n = 0;
		if (taken[i] || refuse_arguments(w, &w->jobs[i]))
			continue;
		for (uint32_t k = i; k < w->job_count; k++) {
			if (taken[k] || !same_call(w->x, w->jobs[i].node, w->jobs[k].node))
				continue;
			taken[k] = true;
			members[n++] = w->jobs[k];
		}
		if (!prepare_call(w, &calls[(*count)++], members, n))
			return false;
	}
	return true;
}

static fl_err run_calls(wave *w, call *calls, uint32_t count)
{
	fl_ctx *ctx = w->x->ctx;
	call *alone = NULL;
	uint32_t waiting = 0;
	w->x->waves++;
	w->x->resolver_calls += count;
	for (uint32_t i = 0; i < count; i++) {
		if (calls[i].field.node->how == FL_GQL_BATCH_AT_ONCE) {
			FL_TRY(run_call(ctx, &calls[i]));
		} else {
			alone = &calls[i];
			waiting++;
		}
	}
	if (waiting == 1)
		return run_call(ctx, alone);
	if (waiting == 0)
		return FL_OK;
	fl_group group;
	fl_group_init(&group, ctx);
	for (uint32_t i = 0; i < count; i++)
		if (calls[i].field.node->how != FL_GQL_BATCH_AT_ONCE)
			fl_group_go(&group, run_in_group, &calls[i]);
	return await_group(&group);
}

static fl_err run_wave(wave *w)
{
	uint32_t count = 0, jobs = w->job_count;
	call *calls = fl_arena_take(w->x->mem, jobs * sizeof(*calls));
	if (!calls || !make_calls(w, calls, &count))
		return FL_NOMEM;
	FL_TRY(run_calls(w, calls, count));
	if (w->x->ctx->cancelled)
		return FL_CANCELLED;
	w->job_count = 0;
	for (uint32_t i = 0; i < jobs; i++)
		w->x->runs[w->jobs[i].node->run].wave = w->x->waves;
	for (uint32_t i = 0; i < jobs; i++)
		if (!spread_node(w, w->jobs[i].node, w->jobs[i].set))
			return FL_NOMEM;
	return FL_OK;
}

static fl_err run_waves(wave *w)
{
	for (;;) {
		if (!visit_branches(w))
			return FL_NOMEM;
		if (!w->job_count)
			return FL_OK;
		FL_TRY(run_wave(w));
	}
}

static bool failed(const gql_exec *x, const gql_node *node)
{
	const fl_gql_value *results = node->run == GQL_NONE ? NULL : x->runs[node->run].results;
	return results && gql_ref_nonnull(node->def->type) && (results->kind <= FL_GQL_NULL || results->kind == FL_GQL_ERROR);
}

/* The root fields of a mutation run one after the other, each with all that lies below it; after one that makes all of
 * data null the rest is not begun. */
static fl_err run_serially(gql_exec *x, wave *w)
{
	const gql_branch *root = &x->plan->root;
	for (uint32_t i = 0; i < root->count; i++) {
		const gql_node *node = gql_branch_node(x, root, i);
		if (!visit_node(w, node, &x->sets[root->set]))
			return FL_NOMEM;
		FL_TRY(run_waves(w));
		if (failed(x, node))
			return FL_OK;
	}
	return FL_OK;
}

fl_err gql_run_batches(gql_exec *x)
{
	const gql_branch *root = &x->plan->root;
	wave w = { .x = x };
	if (x->plan->run_count == 0)
		return FL_OK;
	if (x->plan->operation == FL_GQL_MUTATION)
		return run_serially(x, &w);
	if (!push_branch(&w, root))
		return FL_NOMEM;
	return run_waves(&w);
}

fl_err gql_run_branches(gql_exec *x, const gql_branch *const *branches, uint32_t count)
{
	wave w = { .x = x };
	for (uint32_t i = 0; i < count; i++)
		if (!push_branch(&w, branches[i]))
			return FL_NOMEM;
	return run_waves(&w);
}

fl_err gql_run_below(gql_exec *x, const gql_node *node, const gql_set *parents)
{
	wave w = { .x = x };
	return spread_node(&w, node, parents) ? run_waves(&w) : FL_NOMEM;
}
