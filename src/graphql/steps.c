/* One step of a response in parts: the engine runs once for all pieces of some fragments, or for the next items of all
 * lists of one field, and the texts of each are written side by side into the step's buffer. Batches stay batches: the
 * objects of a part, whatever lists they stand in, are the parents of one call. */
#include "graphql/incremental_int.h"

#include <stdlib.h>

#include "io/io.h"

enum {
	STEP_BYTES_MAX = 64 << 20,
	CHUNK_FIRST = 16, /* items: the first come soon, and many come cheaply */
	CHUNK_MAX = 512,
};

gql_fragment *gql_fragment_find(gql_scope *scope, uint32_t usage)
{
	for (; scope; scope = scope->outer) {
		uint32_t i = usage - scope->deferred->first_usage;
		if (usage >= scope->deferred->first_usage && i < scope->deferred->usage_count)
			return scope->fragments ? &scope->fragments[i] : NULL;
	}
	return NULL;
}

gql_step *gql_step_new(fl_ctx *ctx, const gql_exec *from)
{
	gql_step *step = calloc(1, sizeof(*step));
	gql_block *block = gql_block_new(NULL, STEP_BYTES_MAX);
	if (!step || !block) {
		free(step);
		gql_block_put(block);
		return NULL;
	}
	step->block = block;
	step->out = fl_buf_make(from->limits->result_bytes);
	fl_ctx_derive(&step->ctx, ctx, 0);
	step->ctx.mem = block->mem;
	step->x = *from;
	step->x.ctx = &step->ctx;
	step->x.mem = block->mem;
	step->x.frames = NULL;
	step->x.resolver_calls = step->x.waves = 0;
	return step;
}

void gql_step_free(gql_step *step)
{
	fl_ctx_fini(&step->ctx);
	fl_buf_fini(&step->out);
	gql_block_put(step->block);
	free(step);
}

static gql_text *add_text(gql_step *step, gql_block *of)
{
	fl_arena *mem = step->block->mem;
	gql_text *text = fl_new(mem, gql_text);
	if (!text || !gql_block_keep(step->block, of) ||
		!gql_room(mem, &step->texts, step->text_count, &step->text_cap, sizeof(*step->texts)))
		return NULL;
	text->notes.block = step->block;
	step->texts[step->text_count++] = text;
	return text;
}

static bool add_piece(gql_step *step, gql_piece *piece, const gql_text *inside)
{
	gql_text *text;
	if (piece->busy || piece->delivered)
		return true;
	text = add_text(step, piece->scope->block);
	if (!text)
		return false;
	piece->busy = true;
	text->piece = piece;
	text->inside = inside;
	return true;
}

bool gql_step_add_fragment(gql_step *step, gql_fragment *fragment)
{
	if (!gql_room(step->block->mem, &step->fragments, step->fragment_count, &step->fragment_cap, sizeof(*step->fragments)))
		return false;
	step->fragments[step->fragment_count++] = fragment;
	fragment->state = GQL_RUNNING;
	for (gql_link *link = fragment->pieces; link; link = link->next)
		if (!add_piece(step, link->piece, NULL))
			return false;
	return true;
}

bool gql_step_add_tail(gql_step *step, gql_tail *tail)
{
	gql_text *text = add_text(step, tail->block);
	if (!text || !gql_room(step->block->mem, &step->tails, step->tail_count, &step->tail_cap, sizeof(*step->tails)))
		return false;
	tail->busy = true;
	text->tail = tail;
	step->tails[step->tail_count++] = tail;
	return true;
}

/* ---- Texts ---- */

static bool clear_runs(gql_exec *x)
{
	x->sets = fl_new_array(x->mem, gql_set, x->plan->set_count);
	x->runs = fl_new_array(x->mem, gql_run, x->plan->run_count);
	return x->sets && x->runs;
}

static void begin_text(gql_step *step, gql_text *text)
{
	text->from = step->out.len;
	step->x.notes = &text->notes;
	step->x.errors = (gql_errors) { .mem = step->block->mem, .max = GQL_FIELD_ERRORS_MAX };
}

static fl_err end_text(gql_step *step, gql_text *text)
{
	gql_exec *x = &step->x;
	/* Of an object that is not sent only the error that took it counts: the last. */
	if (text->piece && !text->whole && x->errors.first) {
		x->errors.first = x->errors.last;
		x->errors.count = 1;
	}
	text->to = text->errors_from = step->out.len;
	if (x->errors.count)
		gql_write_errors(&step->out, &x->errors, x->plan->doc.source, x->ctx->request_id);
	text->errors_to = step->out.len;
	if (fl_buf_err(&step->out) != FL_OK)
		return fl_buf_err(&step->out);
	return text->notes.nomem ? FL_NOMEM : FL_OK;
}

/* ---- Fragments ---- */

/* Fields of running fragments on objects that were just written belong to the same step. */
static bool add_inner(gql_step *step, const gql_text *text)
{
	for (uint32_t i = 0; i < text->notes.scope_count; i++) {
		gql_scope *scope = text->notes.scopes[i];
		for (uint32_t k = 0; k < scope->deferred->part_count; k++) {
			gql_piece *piece = &scope->pieces[k];
			bool running = false;
			for (uint32_t u = 0; u < piece->part->usage_count; u++) {
				const gql_fragment *f = gql_fragment_find(scope, piece->part->usages[u]);
				running |= f && f->state == GQL_RUNNING;
			}
			if (running && !add_piece(step, piece, text))
				return false;
		}
	}
	return true;
}

/* The objects of each part, side by side; rows says where the object of each text is among them. */
static fl_err run_parts(gql_step *step, uint32_t from, uint32_t end, uint32_t *rows)
{
	gql_exec *x = &step->x;
	const gql_plan *plan = x->plan;
	uint32_t branch_count = 0, *counts = fl_new_array(x->mem, uint32_t, plan->part_count);
	const gql_branch **branches = fl_new_array(x->mem, const gql_branch *, plan->part_count);
	const void ***objects = fl_new_array(x->mem, const void **, plan->part_count);
	if (!counts || !branches || !objects || !clear_runs(x))
		return FL_NOMEM;
	for (uint32_t i = from; i < end; i++)
		rows[i - from] = counts[step->texts[i]->piece->part->index]++;
	for (uint32_t k = 0; k < plan->part_count; k++) {
		const gql_branch *branch = &plan->parts[k]->branch;
		if (!counts[k] || branch->set == GQL_NONE)
			continue;
		objects[k] = fl_new_array(x->mem, const void *, counts[k]);
		if (!objects[k])
			return FL_NOMEM;
		x->sets[branch->set] = (gql_set) { objects[k], counts[k] };
		branches[branch_count++] = branch;
	}
	for (uint32_t i = from; i < end; i++) {
		const gql_piece *piece = step->texts[i]->piece;
		if (objects[piece->part->index])
			objects[piece->part->index][rows[i - from]] = piece->scope->object;
	}
	return gql_run_branches(x, branches, branch_count);
}

static fl_err run_fragments(gql_step *step)
{
	for (uint32_t from = 0, end; from < step->text_count; from = end) {
		end = step->text_count;
		uint32_t *rows = fl_new_array(step->block->mem, uint32_t, end - from);
		if (!rows)
			return FL_NOMEM;
		FL_TRY(run_parts(step, from, end, rows));
		for (uint32_t i = from; i < end; i++) {
			gql_text *text = step->texts[i];
			begin_text(step, text);
			FL_TRY(gql_write_piece(&step->x, text->piece, rows[i - from], &step->out, &text->whole));
			FL_TRY(end_text(step, text));
			if (!add_inner(step, text))
				return FL_NOMEM;
		}
	}
	return FL_OK;
}

/* ---- Lists ---- */

static void grow_chunk(gql_tail *tail)
{
	tail->chunk = tail->chunk ? FL_MIN(tail->chunk * 2, (uint32_t)CHUNK_MAX) : CHUNK_FIRST;
}

/* A list that cannot go on; its error is added when its text is written. */
static fl_gql_value list_failure(gql_step *step, const gql_tail *tail, fl_err err)
{
	const fl_gql_field field = { &step->x, tail->node, NULL };
	if (fl_err_status(err) >= 500)
		fl_warn("graphql: %s.%s ended: %s: %s (request %" FL_FMT ")", fl_gql_field_type_name(&field),
			fl_gql_field_name(&field), fl_err_name(err), step->ctx.diag.text, FL_ARG(step->ctx.request_id));
	return gql_failure_value(step->block->mem, err, fl_str_dup(step->block->mem, fl_str_z(step->ctx.diag.text)));
}

static fl_err fetch_items(gql_step *step, fl_gql_value *items)
{
	const uint32_t share = FL_MAX(CHUNK_MAX / step->tail_count, 1u);
	const fl_gql_field field = { &step->x, step->list, NULL };
	for (uint32_t i = 0; i < step->tail_count; i++) {
		gql_tail *tail = step->tails[i];
		bool more = false;
		grow_chunk(tail);
		fl_err err = gql_tail_next(&step->ctx, &field, tail, FL_MIN(tail->chunk, share), &items[i], &more);
		if (step->ctx.cancelled)
			return FL_CANCELLED;
		step->x.resolver_calls += tail->pager != NULL;
		step->texts[i]->ends = !more;
		if (err != FL_OK)
			items[i] = list_failure(step, tail, err);
	}
	return FL_OK;
}

static fl_err write_list(gql_step *step, gql_text *text, const fl_gql_value *items, uint32_t child)
{
	begin_text(step, text);
	if (items->kind == FL_GQL_ERROR) {
		FL_TRY(gql_write_end(&step->x, text->tail, items->pointer));
	} else {
		FL_TRY(gql_write_items(&step->x, text->tail, items, child, &step->out, &text->count));
		text->whole = text->count == items->count;
	}
	return end_text(step, text);
}

static fl_err run_list(gql_step *step)
{
	gql_exec *x = &step->x;
	const gql_node *node = step->list;
	fl_gql_value *items = fl_new_array(x->mem, fl_gql_value, step->tail_count);
	const void **nobody = fl_new_array(x->mem, const void *, step->tail_count);
	const gql_set parents = { nobody, step->tail_count };
	if (!items || !nobody || !clear_runs(x))
		return FL_NOMEM;
	FL_TRY(fetch_items(step, items));
	x->tails_of = node;
	if (node->run != GQL_NONE) {
		x->runs[node->run].results = items;
		FL_TRY(gql_run_below(x, node, &parents));
	}
	const uint32_t *first = node->run == GQL_NONE ? NULL : x->runs[node->run].first;
	for (uint32_t i = 0; i < step->tail_count; i++)
		FL_TRY(write_list(step, step->texts[i], &items[i], first ? first[i] : 0));
	return FL_OK;
}

fl_err gql_step_run(fl_ctx *ctx, void *arg)
{
	gql_step *step = arg;
	step->err = step->list ? run_list(step) : run_fragments(step);
	step->done = true;
	if (step->on_end)
		step->on_end(step->arg);
	return FL_OK;
}
