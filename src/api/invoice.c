/* Bills of work orders: their fields and changes. */
#include "api/group_int.h"
#include "api/work_order_int.h"
#include "fleet/report/policy.h"

/* ---- of orders ---- */

fl_err fl_api_order_invoices(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	fl_invoice *rows;
	int32_t *ids;
	size_t count;
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_order, id), &keys, &ids));
	FL_TRY(fl_invoices_of_orders(ctx, ids, keys.count, &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_invoice, order_id), &keys, batch);
}

fl_err fl_api_order_cost(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	fl_invoice *rows;
	int32_t *ids;
	size_t count;
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_order, id), &keys, &ids));
	FL_TRY(fl_invoices_of_orders(ctx, ids, keys.count, &rows, &count));
	int64_t *sums = fl_new_array(ctx->mem, int64_t, keys.count);
	if (!sums)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		if (rows[i].state == FL_INVOICE_COUNTS)
			sums[fl_gql_find_i64(&keys, rows[i].order_id)] += rows[i].total_cents;
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, sums[keys.place[i]], &batch->results[i]));
	return FL_OK;
}

/* ---- Invoice ---- */

static fl_err total(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, ((const fl_invoice *)batch->parents[i])->total_cents, &batch->results[i]));
	return FL_OK;
}

static fl_err lines(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	fl_invoice_line *rows;
	int32_t *ids;
	size_t count;
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_invoice, id), &keys, &ids));
	FL_TRY(fl_lines_of_invoices(ctx, ids, keys.count, &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_invoice_line, invoice_id), &keys, batch);
}

static int32_t recorder_key(const void *parent)
{
	return ((const fl_invoice *)parent)->recorded_by;
}

static fl_err recorder(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { recorder_key, fl_api_load_people }, batch);
}

const struct fl_api_invoice fl_api_invoice = {
	.id = FL_COLUMN(fl_invoice, id),
	.number = FL_COLUMN(fl_invoice, number),
	.dated = FL_COLUMN(fl_invoice, dated),
	.state = FL_COLUMN(fl_invoice, state),
	.total = FL_BATCH(total),
	.lines = FL_BATCH(lines),
	.recorded_at = FL_COLUMN(fl_invoice, recorded_at),
	.recorded_by = FL_BATCH(recorder),
	.void_reason = FL_COLUMN(fl_invoice, void_reason),
};

static fl_err line_amount(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, ((const fl_invoice_line *)batch->parents[i])->cents, &batch->results[i]));
	return FL_OK;
}

const struct fl_api_invoice_line fl_api_invoice_line = {
	.kind = FL_COLUMN(fl_invoice_line, kind),
	.title = FL_COLUMN(fl_invoice_line, title),
	.amount = FL_BATCH(line_amount),
};

/* ---- changes ---- */

typedef struct invoice_answer {
	const fl_invoice *invoice;
	const fl_order *order;
	const fl_report *report;
} invoice_answer;

const struct fl_api_invoice_payload fl_api_invoice_payload = {
	.invoice = FL_POINTER(invoice_answer, invoice),
	.work_order = FL_POINTER(invoice_answer, order),
	.report = FL_POINTER(invoice_answer, report),
};

static fl_err answer(fl_ctx *ctx, int32_t id, fl_gql_batch *batch)
{
	invoice_answer *made = fl_new(ctx->mem, invoice_answer);
	fl_invoice *rows;
	size_t count;
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_invoices_get(ctx, &id, 1, &rows, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no bill %d", id);
	made->invoice = rows;
	FL_TRY(fl_api_order_of(ctx, rows->order_id, &made->order));
	FL_TRY(fl_api_report_of(ctx, rows->report_id, &made->report));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

static fl_err read_lines(fl_ctx *ctx, const fl_gql_value *list, fl_invoice_draft *draft)
{
	if (list->count > FL_INVOICE_LINES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a bill has 1 to %d lines, not %u", FL_INVOICE_LINES_MAX, list->count);
	fl_invoice_line *made = fl_new_array(ctx->mem, fl_invoice_line, list->count);
	if (!made)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++) {
		const fl_gql_value *in = &list->items[i];
		bool has;
		made[i].kind = (int16_t)fl_gql_int_or(fl_gql_member(in, "kind"), 0);
		made[i].title = fl_gql_text(fl_gql_member(in, "title"));
		FL_TRY(fl_api_cents_in(ctx, in, "amount", &has, &made[i].cents));
	}
	draft->lines = made;
	draft->line_count = list->count;
	return FL_OK;
}

fl_err fl_api_record_invoice(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_invoice_draft draft = { .number = fl_gql_text(fl_gql_member(in, "number")), .dated = fl_gql_int_or(fl_gql_member(in, "dated"), 0) };
	int32_t id = 0;
	FL_TRY(fl_api_id(ctx, "workOrderId", fl_gql_member(in, "workOrderId"), &draft.order_id));
	FL_TRY(read_lines(ctx, fl_gql_member(in, "lines"), &draft));
	FL_TRY(fl_invoice_record(ctx, &draft, &id));
	return answer(ctx, id, batch);
}

fl_err fl_api_approve_invoice(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_member(fl_gql_arg(field, "input"), "id"), &id));
	FL_TRY(fl_invoice_approve(ctx, id));
	return answer(ctx, id, batch);
}

fl_err fl_api_void_invoice(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_member(in, "id"), &id));
	FL_TRY(fl_invoice_void(ctx, id, fl_gql_text(fl_gql_member(in, "reason"))));
	return answer(ctx, id, batch);
}
