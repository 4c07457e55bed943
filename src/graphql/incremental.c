/* Responses in parts: opening one, pulling its payloads, closing it. */
#include "graphql/incremental_int.h"

#include <stdlib.h>

enum {
	SWITCHES_MAX = 31, /* Boolean variables of which each combination is a plan of its own */
	CROWDED = 1024,    /* fragments or lists that are known: finish those before making more */
	SIDE_BYTES_MAX = 64 << 20,
};

/* ---- Opening ---- */

/* Which variant of the plan these variables ask for; 0: there are too many Booleans. */
static uint64_t variant_of(const gql_exec *x, fl_gql_parts parts)
{
	gql_range range = x->plan->definition->variables;
	uint64_t key = parts == FL_GQL_PARTS ? 2 : 3; /* never 0, and with a leading one */
	uint32_t switches = 0;
	for (uint32_t i = range.first; i < range.end; i++) {
		const gql_variable *v = &x->plan->doc.variables[i];
		const fl_gql_value *value = &x->variables[i - range.first];
		if (v->named->builtin != GQL_SCALAR_BOOLEAN || v->type.lists)
			continue;
		if (++switches > SWITCHES_MAX)
			return 0;
		key = key << 2 | (value->kind == FL_GQL_ABSENT ? 2u : value->kind == FL_GQL_BOOL && value->boolean);
	}
	return key;
}

static void put_payload_end(fl_gql_stream *s, const fl_buf *pending, fl_buf *out)
{
	bool more = s->fragments || s->tails;
	if (s->format == FL_GQL_PARTS && pending->len) {
		fl_buf_lit(out, "\"pending\":[");
		fl_buf_str(out, fl_buf_view(pending));
		fl_buf_lit(out, "],");
	}
	fl_buf_str(out, more ? FL_STR("\"hasNext\":true}") : FL_STR("\"hasNext\":false}"));
}

/* Behind the data of the first payload. *whole: nothing follows after all. */
static fl_err begin(fl_gql_stream *s, const gql_exec *x, const gql_notes *notes, fl_buf *out, bool *whole)
{
	FL_AUTO_BUF fl_buf pending = fl_buf_make(SIDE_BYTES_MAX);
	s->x = *x;
	s->x.notes = NULL;
	if (notes->nomem || !gql_adopt(s, notes, &pending))
		return FL_NOMEM;
	gql_announce(s, &pending);
	FL_TRY(fl_buf_err(&pending));
	*whole = !s->fragments && !s->tails;
	if (*whole) {
		fl_buf_char(out, '}');
	} else {
		fl_buf_char(out, ',');
		put_payload_end(s, &pending, out);
	}
	return fl_buf_err(out);
}

static fl_gql_stream *new_stream(fl_ctx *ctx, fl_gql_engine *engine, fl_gql_parts format)
{
	fl_gql_stream *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->engine = engine;
	s->format = format;
	s->first = gql_block_new(ctx->mem, 0);
	fl_group_init(&s->group, ctx);
	if (s->first)
		return s;
	free(s);
	return NULL;
}

static fl_err run_first(fl_ctx *ctx, fl_gql_stream *s, const gql_exec *settled, fl_buf *out, fl_gql_outcome *outcome, bool *whole)
{
	size_t start = out->len;
	gql_notes notes = { .block = s->first };
	gql_exec x = *settled;
	x.plan = &s->entry->plan;
	x.notes = &notes;
	x.errors.max = GQL_FIELD_ERRORS_MAX;
	if (!gql_settle(&x))
		return FL_NOMEM;
	fl_err err = gql_run_and_write(&x, out);
	if (err == FL_TOO_LARGE)
		err = gql_answer_too_large(&x, out, start);
	else if (err == FL_OK)
		err = begin(s, &x, &notes, out, whole);
	outcome->status = FL_GQL_EXECUTED;
	outcome->errors = x.errors.count;
	outcome->resolver_calls = s->resolver_calls = x.resolver_calls;
	outcome->waves = s->waves = x.waves;
	if (err != FL_OK)
		out->len = start;
	return err;
}

/* base: the plan for responses in one part, with which the operation was admitted. */
static fl_err open_variant(fl_ctx *ctx, fl_gql_engine *engine, gql_entry *base, uint64_t key, const fl_gql_request *request,
	gql_exec *x, fl_gql_stream **stream, fl_buf *out, fl_gql_outcome *outcome)
{
	const gql_variant variant = { x->variables, request->parts == FL_GQL_PARTS_OF_2022 };
	fl_gql_stream *s = new_stream(ctx, engine, request->parts);
	bool whole = true;
	if (!s)
		return FL_NOMEM;
	s->base = base; /* defaults of variables lie there */
	base->refs++;
	s->entry = gql_engine_entry(engine, request, key, &variant, &x->errors, &outcome->cached);
	fl_err err = s->entry ? run_first(ctx, s, x, out, outcome, &whole)
			      : gql_answer_errors(out, &x->errors, request->query, outcome);
	if (err == FL_OK && !whole)
		*stream = s;
	else
		fl_gql_stream_close(ctx, s);
	return err;
}

static fl_err open_entry(fl_ctx *ctx, fl_gql_engine *engine, gql_entry *base, const fl_gql_request *request,
	fl_gql_stream **stream, fl_buf *out, fl_gql_outcome *outcome)
{
	gql_exec x = { .ctx = ctx,
		.mem = ctx->mem,
		.plan = &base->plan,
		.limits = &engine->limits,
		.root = request->root,
		.errors = { .mem = ctx->mem } };
	if (!gql_coerce_variables(&x, request))
		return gql_answer_errors(out, &x.errors, base->plan.doc.source, outcome);
	uint64_t key = variant_of(&x, request->parts);
	if (!key || request->cost_only)
		return gql_execute_entry(ctx, engine, base, request, out, outcome);
	if (!gql_settle(&x))
		return FL_NOMEM;
	if (!gql_admit(&x, request, outcome))
		return gql_answer_errors(out, &x.errors, base->plan.doc.source, outcome);
	return open_variant(ctx, engine, base, key, request, &x, stream, out, outcome);
}

fl_err fl_gql_stream_open(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request, fl_gql_stream **stream, fl_buf *out,
	fl_gql_outcome *outcome)
{
	gql_errors errors = { .mem = ctx->mem };
	*outcome = (fl_gql_outcome) {};
	*stream = NULL;
	gql_entry *entry = gql_engine_entry(engine, request, 0, NULL, &errors, &outcome->cached);
	if (!entry)
		return gql_answer_errors(out, &errors, request->query, outcome);
	fl_gql_operation operation = outcome->operation = entry->plan.operation;
	bool parts = request->parts != FL_GQL_WHOLE && entry->plan.incremental &&
		     (operation == FL_GQL_QUERY || (operation == FL_GQL_MUTATION && !request->queries_only));
	fl_err err = parts ? open_entry(ctx, engine, entry, request, stream, out, outcome)
			   : gql_execute_entry(ctx, engine, entry, request, out, outcome);
	gql_entry_put(entry);
	return err;
}

bool fl_gql_is_incremental(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request)
{
	gql_errors errors = { .mem = ctx->mem };
	bool cached;
	gql_entry *entry = gql_engine_entry(engine, request, 0, NULL, &errors, &cached);
	bool parts = entry && entry->plan.incremental && entry->plan.operation != FL_GQL_SUBSCRIPTION;
	gql_entry_put(entry);
	return parts;
}

/* ---- Steps ---- */

static void on_step_end(void *arg)
{
	fl_gql_stream *s = arg;
	if (s->puller)
		fl_wake(s->puller, FL_OK);
}

static gql_step *find_step(const fl_gql_stream *s, const gql_node *list, uint32_t family)
{
	gql_step *step = s->steps;
	while (step && (step->list != list || step->family != family))
		step = step->next;
	return step;
}

static gql_step *add_step(fl_ctx *ctx, fl_gql_stream *s, const gql_node *list, uint32_t family)
{
	gql_step *step = gql_step_new(ctx, &s->x);
	if (!step)
		return NULL;
	step->list = list;
	step->family = family;
	step->on_end = on_step_end;
	step->arg = s;
	*(s->last_step ? &s->last_step->next : &s->steps) = step;
	s->last_step = step;
	return step;
}

/* Fragments that share fields run in one step; those of a family that is running wait. */
static bool plan_fragments(fl_ctx *ctx, fl_gql_stream *s)
{
	for (gql_fragment *f = s->fragments; f; f = f->next) {
		uint32_t family = s->x.plan->usages[f->usage].family;
		if (f->state != GQL_PENDING)
			continue;
		gql_step *step = find_step(s, NULL, family);
		if (step && step->started)
			continue;
		if (!step)
			step = add_step(ctx, s, NULL, family);
		if (!step || !gql_step_add_fragment(step, f))
			return false;
	}
	return true;
}

/* The field whose lists are finished first, when there are too many of all: the deepest. */
static const gql_node *deepest(const fl_gql_stream *s)
{
	const gql_node *node = NULL;
	for (const gql_tail *tail = s->tails; tail; tail = tail->next)
		if (!node || tail->node->depth > node->depth)
			node = tail->node;
	return node;
}

/* All lists of one field go on together. */
static bool plan_lists(fl_ctx *ctx, fl_gql_stream *s)
{
	const gql_node *only = s->tail_count > CROWDED ? deepest(s) : NULL;
	if (s->fragment_count > CROWDED)
		return true;
	for (gql_tail *tail = s->tails; tail; tail = tail->next) {
		if (tail->busy || (only && tail->node != only))
			continue;
		gql_step *step = find_step(s, tail->node, 0);
		if (step && (step->started || step->tail_count >= CROWDED))
			continue;
		if (!step)
			step = add_step(ctx, s, tail->node, 0);
		if (!step || !gql_step_add_tail(step, tail))
			return false;
	}
	return true;
}

/* One alone runs in the caller's coroutine. */
static void start_steps(fl_gql_stream *s)
{
	bool alone = s->steps && !s->steps->next;
	for (gql_step *step = s->steps; step; step = step->next) {
		if (step->started)
			continue;
		step->started = true;
		if (alone)
			(void)!gql_step_run(&step->ctx, step);
		else
			fl_group_go(&s->group, gql_step_run, step);
	}
}

static bool any_done(const fl_gql_stream *s)
{
	const gql_step *step = s->steps;
	while (step && !step->done)
		step = step->next;
	return step;
}

static fl_err await_step(fl_ctx *ctx, fl_gql_stream *s)
{
	while (!any_done(s)) {
		fl_wait wait;
		fl_wait_init(&wait);
		s->puller = &wait;
		fl_err err = await_wait(ctx, &wait);
		s->puller = NULL;
		FL_TRY(err);
	}
	return FL_OK;
}

/* ---- Payloads ---- */

typedef struct payload {
	fl_buf incremental, completed, pending;
} payload;

static fl_err publish_done(fl_gql_stream *s, payload *p)
{
	for (gql_step **link = &s->steps, *last = NULL; *link;) {
		gql_step *step = *link;
		if (!step->done) {
			s->last_step = last = step;
			link = &step->next;
			continue;
		}
		FL_TRY(step->err);
		bool ok = gql_publish(s, step, &p->incremental, &p->completed, &p->pending);
		gql_announce(s, &p->pending);
		*link = step->next;
		if (s->last_step == step)
			s->last_step = last;
		gql_step_free(step);
		if (!ok)
			return FL_NOMEM;
	}
	return FL_OK;
}

static void put_list(fl_buf *out, fl_str key, const fl_buf *items)
{
	if (!items->len)
		return;
	fl_buf_str(out, key);
	fl_buf_str(out, fl_buf_view(items));
	fl_buf_lit(out, "],");
}

static fl_err put_payload(fl_gql_stream *s, const payload *p, fl_buf *out)
{
	size_t start = out->len;
	FL_TRY(fl_buf_err(&p->incremental));
	FL_TRY(fl_buf_err(&p->completed));
	FL_TRY(fl_buf_err(&p->pending));
	fl_buf_char(out, '{');
	put_list(out, FL_STR("\"incremental\":["), &p->incremental);
	put_list(out, FL_STR("\"completed\":["), &p->completed);
	put_payload_end(s, &p->pending, out);
	FL_TRY(fl_buf_err(out));
	return out->len - start > s->x.limits->result_bytes ? FL_TOO_LARGE : FL_OK;
}

fl_err fl_gql_stream_next(fl_ctx *ctx, fl_gql_stream *s, fl_buf *out, bool *more)
{
	payload p = { fl_buf_make(SIDE_BYTES_MAX), fl_buf_make(SIDE_BYTES_MAX), fl_buf_make(SIDE_BYTES_MAX) };
	assert(s->fragments || s->tails);
	if (!plan_fragments(ctx, s) || !plan_lists(ctx, s))
		return FL_NOMEM;
	start_steps(s);
	fl_err err = await_step(ctx, s);
	if (err == FL_OK)
		err = publish_done(s, &p);
	if (err == FL_OK)
		err = put_payload(s, &p, out);
	fl_buf_fini(&p.incremental);
	fl_buf_fini(&p.completed);
	fl_buf_fini(&p.pending);
	*more = s->fragments || s->tails;
	return err;
}

void fl_gql_stream_count(const fl_gql_stream *s, fl_gql_outcome *outcome)
{
	outcome->resolver_calls = s->resolver_calls;
	outcome->waves = s->waves;
}

void fl_gql_stream_close(fl_ctx *ctx, fl_gql_stream *s)
{
	if (!s)
		return;
	for (gql_step *step = s->steps; step; step = step->next)
		if (step->started && !step->done)
			fl_ctx_cancel(&step->ctx);
	(void)!await_group(&s->group);
	while (s->steps) {
		gql_step *step = s->steps;
		s->steps = step->next;
		gql_step_free(step);
	}
	gql_forget(s);
	gql_block_put(s->first);
	gql_entry_put(s->entry);
	gql_entry_put(s->base);
	free(s);
}
