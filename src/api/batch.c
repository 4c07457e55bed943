/* Several operations in one request: a JSON array of requests, answered by an array in the same order.
 *
 * Queries that stand side by side run side by side, so that what they ask of the database travels together; a mutation runs
 * alone, after what stands before it. The budget is that of one request: what the items before it may cost is no longer
 * there for an item. Never streamed, never with files. */
#include "api/api_int.h"

typedef struct batch_item {
	struct batch *batch;
	const fl_json *body;
	fl_gql_request request;
	fl_gql_outcome outcome;
	fl_buf out;
	bool ready; /* read, and its document may run; otherwise out says why not */
} batch_item;

typedef struct batch {
	fl_gql_engine *engine;
	const fl_request *req;
	batch_item *items;
	size_t count;
} batch;

/* What the items before this one leave of the budget; never 0, which would be no limit. */
static double budget_left(fl_ctx *ctx, const batch_item *item)
{
	double budget = fl_api_budget(ctx), field = 0, type = 0;
	for (const batch_item *i = item->batch->items; i < item; i++) {
		field += i->outcome.cost.field;
		type += i->outcome.cost.type;
	}
	double left = budget - FL_MAX(field, type);
	return budget <= 0 ? 0 : FL_MAX(left, 1e-9);
}

/* What fails an item alone, and not the batch. */
static fl_err settle(fl_ctx *ctx, batch_item *item, fl_err err)
{
	if (err == FL_OK || err == FL_NOMEM || err == FL_CANCELLED)
		return err;
	bool ours = fl_err_status(err) >= 500;
	fl_gql_write_error(&item->out, err, fl_str_z(ours ? fl_err_text(err) : fl_diag_text(&ctx->diag, err)));
	return FL_OK;
}

static fl_err read_item(fl_ctx *ctx, batch_item *item)
{
	ctx->diag.text[0] = 0;
	fl_err err = fl_api_request(ctx, item->body, &item->request);
	item->ready = err == FL_OK;
	fl_api_cost_wishes(item->batch->req, &item->request);
	return settle(ctx, item, err);
}

static fl_err run_item(fl_ctx *ctx, void *arg)
{
	batch_item *item = arg;
	if (!item->ready)
		return FL_OK;
	item->request.budget = budget_left(ctx, item);
	fl_api_choose_reads(ctx, &item->request);
	return settle(ctx, item, fl_gql_execute(ctx, item->batch->engine, &item->request, &item->out, &item->outcome));
}

static fl_err run_in_group(fl_ctx *ctx, void *arg)
{
	fl_ctx own;
	fl_ctx_derive(&own, ctx, 0);
	fl_err err = run_item(&own, arg);
	fl_ctx_fini(&own);
	return err;
}

static bool is_query(fl_ctx *ctx, batch *b, size_t i)
{
	return b->items[i].ready && fl_gql_is_query(ctx, b->engine, &b->items[i].request);
}

static fl_err run_all(fl_ctx *ctx, batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		FL_TRY(read_item(ctx, &b->items[i]));
	for (size_t i = 0; i < b->count;) {
		fl_group group;
		size_t first = i;
		fl_group_init(&group, ctx);
		for (; i < b->count && is_query(ctx, b, i); i++)
			fl_group_go(&group, run_in_group, &b->items[i]);
		FL_TRY(await_group(&group));
		if (i == first)
			FL_TRY(run_item(ctx, &b->items[i++]));
	}
	return FL_OK;
}

static fl_err gather(const batch *b, fl_buf *out)
{
	for (size_t i = 0; i < b->count; i++) {
		fl_buf_char(out, i ? ',' : '[');
		fl_buf_str(out, fl_buf_view(&b->items[i].out));
	}
	fl_buf_char(out, ']');
	return fl_buf_err(out);
}

static fl_err run_batch(fl_ctx *ctx, fl_request *req, fl_response *res, batch *b)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	FL_TRY(run_all(ctx, b));
	FL_TRY(gather(b, &out));
	return fl_api_answer_batch(ctx, req, res, &out);
}

fl_err fl_api_batch(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_json *body)
{
	const fl_api *api = ctx->services->api;
	batch b = { .engine = api->engine, .req = req, .count = body->items.count };
	size_t i = 0;
	if (b.count == 0)
		return fl_fail(&ctx->diag, FL_BAD_REQUEST, "a batch needs at least one request");
	if (b.count > api->batch_max)
		return fl_fail(&ctx->diag, FL_BATCH, "a batch may hold %u requests, not %zu", api->batch_max, b.count);
	b.items = fl_new_array(ctx->mem, batch_item, b.count);
	if (!b.items)
		return FL_NOMEM;
	for (const fl_json *item = body->items.first; item; item = item->next)
		b.items[i++] = (batch_item) { .batch = &b, .body = item, .out = fl_buf_make(FL_API_ANSWER_MAX) };
	fl_err err = run_batch(ctx, req, res, &b);
	for (i = 0; i < b.count; i++)
		fl_buf_fini(&b.items[i].out);
	return err;
}
