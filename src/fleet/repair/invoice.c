#include "fleet/repair/invoice.h"
#include "fleet/event.h"
#include "fleet/repair/repair_int.h"

/* ---- reading ---- */

#define COLUMNS                                                                                                                  \
	"id, work_order_id, vendor_id, recorded_by, report_id, number, void_reason, state, total, recorded_at, "                 \
	"dated::timestamp AT TIME ZONE 'UTC'"

static fl_err read_invoices(fl_ctx *ctx, const fl_rows *rows, fl_invoice **out, size_t *count)
{
	fl_invoice *list = fl_new_array(ctx->mem, fl_invoice, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_invoice) {
			.id = fl_row_i32(rows, i, 0),
			.order_id = fl_row_i32(rows, i, 1),
			.vendor_id = fl_row_i32(rows, i, 2),
			.recorded_by = fl_row_i32(rows, i, 3),
			.report_id = fl_row_uuid(rows, i, 4),
			.number = fl_row_text(rows, i, 5),
			.void_reason = fl_row_text(rows, i, 6),
			.state = fl_row_i16(rows, i, 7),
			.total_cents = fl_row_i64(rows, i, 8),
			.recorded_at = fl_row_time(rows, i, 9),
			.dated = fl_row_time_or_0(rows, i, 10),
		};
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

static fl_err get(fl_ctx *ctx, const fl_sql *sql, const int32_t *ids, size_t id_count, fl_invoice **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, sql, &args, &rows));
	return read_invoices(ctx, rows, out, count);
}

fl_err fl_invoices_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_invoice **out, size_t *count)
{
	static const fl_sql sql = { "invoices_get", "SELECT " COLUMNS " FROM invoices WHERE id = ANY($1)", .generic = true };
	return get(ctx, &sql, ids, id_count, out, count);
}

fl_err fl_invoices_of_orders(fl_ctx *ctx, const int32_t *orders, size_t order_count, fl_invoice **out, size_t *count)
{
	static const fl_sql sql = { "invoices_of_orders",
		"SELECT " COLUMNS " FROM invoices WHERE work_order_id = ANY($1) ORDER BY work_order_id, id", .generic = true };
	return get(ctx, &sql, orders, order_count, out, count);
}

fl_err fl_lines_of_invoices(
	fl_ctx *ctx, const int32_t *invoices, size_t invoice_count, fl_invoice_line **out, size_t *count)
{
	static const fl_sql sql = { "lines_of_invoices",
		"SELECT invoice_id, kind, title, amount FROM invoice_lines WHERE invoice_id = ANY($1) ORDER BY invoice_id, id",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_i32s(&args, invoices, invoice_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_invoice_line *list = fl_new_array(ctx->mem, fl_invoice_line, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_invoice_line) { fl_row_i32(rows, i, 0), fl_row_i16(rows, i, 1), fl_row_text(rows, i, 2),
			fl_row_i64(rows, i, 3) };
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- checking ---- */

#define COST_MAX INT64_C(100000000000) /* as fl_money_parse takes it: a thousand million */

static fl_err check_lines(fl_ctx *ctx, const fl_invoice_draft *d, int64_t *total)
{
	if (d->line_count == 0 || d->line_count > FL_INVOICE_LINES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a bill has 1 to %d lines, not %zu", FL_INVOICE_LINES_MAX, d->line_count);
	*total = 0;
	for (size_t i = 0; i < d->line_count; i++) {
		if (d->lines[i].cents <= 0)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "the amount of line %zu must be above 0", i + 1);
		FL_TRY(fl_text_check(&ctx->diag, "a line's title", d->lines[i].title, FL_TASK_TITLE_MAX));
		*total += d->lines[i].cents;
	}
	if (*total > COST_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a bill is at most 1,000,000,000.00");
	return FL_OK;
}

static fl_err check_draft(fl_ctx *ctx, const fl_invoice_draft *d, int64_t *total)
{
	FL_TRY(fl_text_check(&ctx->diag, "the bill's number", d->number, FL_INVOICE_NUMBER_MAX));
	if (d->dated > fl_now_us() + FL_DAY_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the bill is dated in the future");
	return check_lines(ctx, d, total);
}

static fl_err check_order(fl_ctx *ctx, const fl_repair *r, const fl_order *order, fl_str number)
{
	fl_str stage = fl_stage_name(r->change->before.stage);
	if (order->state == FL_ORDER_CANCELLED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "work order %d was cancelled: nothing is paid for it", order->id);
	if (r->change->before.stage != FL_STAGE_APPROVED && r->change->before.stage != FL_STAGE_IN_REPAIR &&
		r->change->before.stage != FL_STAGE_COMPLETED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report is %" FL_FMT ": bills are recorded from the approval until it is closed",
			FL_ARG(stage));
	if (order->vendor_id && number.len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a vendor's bill has a number, as in \"2024-0815\": give it");
	return FL_OK;
}

/* ---- the report's actual cost: the sum of what counts, and never anything else ---- */

static fl_err invoiced(fl_ctx *ctx, fl_repair *r, int64_t *cents)
{
	fl_invoiced *list;
	size_t count;
	FL_TRY(fl_invoiced_of(ctx, &r->tx, &r->change->id, 1, &list, &count));
	*cents = count ? list->cents : 0;
	return FL_OK;
}

static void set_actual(fl_repair *r, int64_t cents)
{
	r->change->after.has_actual = cents > 0;
	r->change->after.actual_cents = cents;
	r->moved = true;
}

/* Adds the amount when the caller may: FL_VERDICT_ENDORSES leaves the report as it was. */
static fl_err judge(fl_ctx *ctx, fl_repair *r, int64_t add_cents, int32_t endorsed_by, fl_verdict *verdict)
{
	int64_t sum;
	FL_TRY(invoiced(ctx, r, &sum));
	set_actual(r, sum + add_cents);
	*verdict = fl_cost_judge(&ctx->caller, r->change, &r->policy, endorsed_by, &ctx->diag);
	if (*verdict == FL_VERDICT_REFUSED)
		return FL_BAD_INPUT;
	if (*verdict == FL_VERDICT_ENDORSES) {
		r->change->after = r->change->before;
		r->moved = false;
	}
	return FL_OK;
}

static fl_err event_data(fl_ctx *ctx, int32_t order, int32_t invoice, fl_str number, int64_t cents, bool held, fl_str reason, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(64 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("workOrder"));
	fl_json_put_i64(&j, order);
	fl_json_key(&j, FL_STR("invoice"));
	fl_json_put_i64(&j, invoice);
	if (number.len) {
		fl_json_key(&j, FL_STR("number"));
		fl_json_put_str(&j, number);
	}
	fl_json_key(&j, FL_STR("amount"));
	fl_json_put_str(&j, fl_money_text(ctx->mem, cents));
	if (held) {
		fl_json_key(&j, FL_STR("held"));
		fl_json_put_bool(&j, true);
	}
	if (reason.len) {
		fl_json_key(&j, FL_STR("reason"));
		fl_json_put_str(&j, reason);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* ---- recording ---- */

static const fl_sql insert_sql = { "invoice_insert",
	"INSERT INTO invoices (tenant_id, work_order_id, report_id, vendor_id, number, dated, state, total, recorded_by)"
	" VALUES ($1, $2, $3, nullif($4, 0), $5, ($6::timestamptz AT TIME ZONE 'UTC')::date, $7, $8, nullif($9, 0)) RETURNING id",
	.write = true };
static const fl_sql lines_sql = { "invoice_lines_insert",
	"INSERT INTO invoice_lines (tenant_id, invoice_id, id, kind, title, amount)"
	" SELECT $1, $2, u.n, u.kind, u.title, u.amount FROM unnest($3::int2[], $4::text[], $5::int8[]) WITH ORDINALITY u(kind, title, amount, n)",
	.write = true };

static fl_err refused(fl_ctx *ctx, fl_err err, fl_str number)
{
	if (err == FL_DUPLICATE)
		return fl_fail(&ctx->diag, FL_DUPLICATE, "a bill '%" FL_FMT "' of this vendor is recorded already", FL_ARG(number));
	return err;
}

static fl_err insert(fl_ctx *ctx, fl_repair *r, const fl_order *order, fl_str number, const fl_invoice_draft *d, int16_t state, int64_t total,
	int32_t *id)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_i32(&args, order->id);
	fl_arg_uuid(&args, r->change->id);
	fl_arg_i32(&args, order->vendor_id);
	fl_arg_text(&args, number.len ? number : (fl_str) {});
	fl_arg_time(&args, d->dated ? d->dated : FL_NEVER);
	fl_arg_i16(&args, state);
	fl_arg_i64(&args, total);
	fl_arg_i32(&args, ctx->caller.user_id);
	fl_err err = await_tx_query(ctx, &r->tx, &insert_sql, &args, &rows);
	if (err != FL_OK)
		return refused(ctx, err, number);
	*id = fl_row_i32(rows, 0, 0);
	return FL_OK;
}

static fl_err lines_args(fl_ctx *ctx, int32_t invoice, const fl_invoice_draft *d, fl_args *args)
{
	int16_t *kinds = fl_new_array(ctx->mem, int16_t, d->line_count);
	fl_str *titles = fl_new_array(ctx->mem, fl_str, d->line_count);
	int64_t *amounts = fl_new_array(ctx->mem, int64_t, d->line_count);
	if (!kinds || !titles || !amounts)
		return FL_NOMEM;
	for (size_t i = 0; i < d->line_count; i++) {
		kinds[i] = d->lines[i].kind;
		titles[i] = fl_str_trim(d->lines[i].title.ptr ? d->lines[i].title : FL_STR(""));
		amounts[i] = d->lines[i].cents;
	}
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_i32(args, invoice);
	fl_arg_i16s(args, kinds, d->line_count);
	fl_arg_texts(args, titles, d->line_count);
	fl_arg_i64s(args, amounts, d->line_count);
	return args->err;
}

static fl_err record(fl_ctx *ctx, fl_repair *r, const fl_order *order, const fl_invoice_draft *d, int64_t total, int32_t *id)
{
	fl_str number = fl_str_trim(d->number.ptr ? d->number : FL_STR("")), data;
	fl_verdict verdict = FL_VERDICT_REFUSED;
	int32_t made = 0;
	fl_args lines;
	FL_TRY(check_order(ctx, r, order, number));
	FL_TRY(judge(ctx, r, total, 0, &verdict));
	bool held = verdict == FL_VERDICT_ENDORSES;
	FL_TRY(insert(ctx, r, order, number, d, held ? FL_INVOICE_HELD : FL_INVOICE_COUNTS, total, &made));
	FL_TRY(lines_args(ctx, made, d, &lines));
	FL_TRY(event_data(ctx, order->id, made, number, total, held, (fl_str) {}, &data));
	const fl_stmt stmt = { &lines_sql, &lines, NULL };
	FL_TRY(fl_repair_end(ctx, r, FL_EVENT_INVOICE_RECORDED, order->id, data, &stmt, 1));
	*id = made;
	return FL_OK;
}

static fl_err count_invoices(fl_ctx *ctx, fl_repair *r, int32_t order)
{
	static const fl_sql sql = { "invoices_count", "SELECT count(*) FROM invoices WHERE work_order_id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, order);
	FL_TRY(await_tx_query(ctx, &r->tx, &sql, &args, &rows));
	if (fl_row_i64(rows, 0, 0) >= FL_INVOICES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a work order has at most %d bills", FL_INVOICES_MAX);
	return FL_OK;
}

fl_err fl_invoice_record(fl_ctx *ctx, const fl_invoice_draft *draft, int32_t *id)
{
	fl_repair r = {};
	fl_order *order;
	int64_t total = 0;
	FL_TRY(check_draft(ctx, draft, &total));
	fl_err err = fl_repair_begin_order(ctx, draft->order_id, 0, &r, &order);
	if (err == FL_OK)
		err = count_invoices(ctx, &r, draft->order_id);
	if (err == FL_OK)
		err = record(ctx, &r, order, draft, total, id);
	fl_tx_end(&r.tx);
	return err;
}

/* ---- approving, voiding ---- */

static const fl_sql state_sql = { "invoice_state", "UPDATE invoices SET state = $2, void_reason = $3 WHERE id = $1", .write = true };

/* The bill as it is under the report's lock. */
static fl_err begin(fl_ctx *ctx, int32_t id, fl_repair *r, fl_invoice *out)
{
	static const fl_sql sql = { "invoice_in_tx", "SELECT " COLUMNS " FROM invoices WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	fl_invoice *list;
	const fl_rows *rows;
	size_t count;
	FL_TRY(fl_must(ctx, FL_MAY_REPAIR));
	FL_TRY(fl_invoices_get(ctx, &id, 1, &list, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no bill %d", id);
	FL_TRY(fl_repair_begin(ctx, list->report_id, r));
	fl_arg_i32(&args, id);
	FL_TRY(await_tx_query(ctx, &r->tx, &sql, &args, &rows));
	FL_TRY(read_invoices(ctx, rows, &list, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no bill %d", id);
	*out = *list;
	return FL_OK;
}

static fl_err set_state(fl_ctx *ctx, fl_repair *r, const fl_invoice *invoice, int16_t state, const char *event, fl_str reason)
{
	fl_args args = fl_args_make(ctx->mem);
	fl_str data;
	fl_arg_i32(&args, invoice->id);
	fl_arg_i16(&args, state);
	fl_arg_text(&args, reason);
	FL_TRY(event_data(ctx, invoice->order_id, invoice->id, invoice->number, invoice->total_cents, false, reason, &data));
	const fl_stmt stmt = { &state_sql, &args, NULL };
	return fl_repair_end(ctx, r, event, invoice->order_id, data, &stmt, 1);
}

static fl_err approve(fl_ctx *ctx, fl_repair *r, const fl_invoice *invoice)
{
	fl_verdict verdict = FL_VERDICT_REFUSED;
	fl_str stage = fl_stage_name(r->change->before.stage);
	if (invoice->state != FL_INVOICE_HELD)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "bill %d does not wait for a second person", invoice->id);
	if (r->change->before.stage != FL_STAGE_APPROVED && r->change->before.stage != FL_STAGE_IN_REPAIR &&
		r->change->before.stage != FL_STAGE_COMPLETED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report is %" FL_FMT ": its bills are settled", FL_ARG(stage));
	FL_TRY(judge(ctx, r, invoice->total_cents, invoice->recorded_by, &verdict));
	if (verdict != FL_VERDICT_GOES)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a second person or an administrator has to approve this bill");
	return set_state(ctx, r, invoice, FL_INVOICE_COUNTS, FL_EVENT_INVOICE_APPROVED, (fl_str) {});
}

fl_err fl_invoice_approve(fl_ctx *ctx, int32_t id)
{
	fl_repair r = {};
	fl_invoice invoice;
	fl_err err = begin(ctx, id, &r, &invoice);
	if (err == FL_OK)
		err = approve(ctx, &r, &invoice);
	fl_tx_end(&r.tx);
	return err;
}

static fl_err make_void(fl_ctx *ctx, fl_repair *r, const fl_invoice *invoice, fl_str reason)
{
	int64_t sum;
	if (invoice->state == FL_INVOICE_VOID)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "bill %d is void already", invoice->id);
	if (r->change->before.stage == FL_STAGE_CLOSED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report is closed: reopen it before its bills change");
	FL_TRY(invoiced(ctx, r, &sum));
	if (invoice->state == FL_INVOICE_COUNTS)
		set_actual(r, sum - invoice->total_cents);
	return set_state(ctx, r, invoice, FL_INVOICE_VOID, FL_EVENT_INVOICE_VOIDED, fl_str_trim(reason));
}

fl_err fl_invoice_void(fl_ctx *ctx, int32_t id, fl_str reason)
{
	fl_repair r = {};
	fl_invoice invoice;
	if (fl_str_trim(reason).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why the bill is void");
	FL_TRY(fl_text_check(&ctx->diag, "the reason", reason, FL_REASON_MAX));
	fl_err err = begin(ctx, id, &r, &invoice);
	if (err == FL_OK)
		err = make_void(ctx, &r, &invoice, reason);
	fl_tx_end(&r.tx);
	return err;
}
