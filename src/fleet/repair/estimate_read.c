/* Reading estimates and their revisions. */
#include "fleet/repair/estimate_int.h"

/* ---- lines ---- */

static int64_t number_of(const fl_json *line, const char *key, int64_t otherwise)
{
	return fl_json_int(fl_json_get(line, fl_str_z(key)), otherwise);
}

static fl_estimate_line read_line(const fl_json *line)
{
	return (fl_estimate_line) {
		.kind = (int16_t)number_of(line, "kind", FL_LINE_OTHER),
		.source = (int16_t)number_of(line, "source", 0),
		.part = (int16_t)number_of(line, "part", 0),
		.side = (int16_t)number_of(line, "side", 0),
		.zone = (int16_t)number_of(line, "zone", 0),
		.text = fl_json_str(fl_json_get(line, FL_STR("text")), FL_STR("")),
		.part_number = fl_json_str(fl_json_get(line, FL_STR("partNumber")), (fl_str) {}),
		.quantity = number_of(line, "quantity", 0),
		.unit_cents = number_of(line, "unit", 0),
		.discount_rate = (int32_t)number_of(line, "discount", 0),
		.tax_rate = (int32_t)number_of(line, "tax", FL_RATE_AS_ESTIMATE),
		.net_cents = number_of(line, "net", 0),
	};
}

static fl_err read_lines(fl_ctx *ctx, fl_str json, fl_estimate_revision *out)
{
	const fl_json *list;
	if (!json.ptr)
		return FL_OK;
	FL_TRY(fl_json_parse(ctx->mem, json, &list, &ctx->diag));
	if (list->type != FL_JSON_ARRAY)
		return FL_OK;
	out->lines = fl_new_array(ctx->mem, fl_estimate_line, list->items.count);
	if (!out->lines)
		return FL_NOMEM;
	for (const fl_json *item = list->items.first; item; item = item->next)
		out->lines[out->line_count++] = read_line(item);
	return FL_OK;
}

static void put_number(fl_json_out *j, const char *key, int64_t number)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_i64(j, number);
}

static void put_if(fl_json_out *j, const char *key, int64_t number)
{
	if (number)
		put_number(j, key, number);
}

static void put_line(fl_json_out *j, const fl_estimate_line *l)
{
	fl_json_open(j, '{');
	put_number(j, "kind", l->kind);
	fl_json_key(j, FL_STR("text"));
	fl_json_put_str(j, l->text);
	put_number(j, "quantity", l->quantity);
	put_number(j, "unit", l->unit_cents);
	put_number(j, "net", l->net_cents);
	put_if(j, "discount", l->discount_rate);
	if (l->tax_rate != FL_RATE_AS_ESTIMATE)
		put_number(j, "tax", l->tax_rate);
	put_if(j, "source", l->source);
	put_if(j, "part", l->part);
	put_if(j, "side", l->side);
	put_if(j, "zone", l->zone);
	if (l->part_number.len) {
		fl_json_key(j, FL_STR("partNumber"));
		fl_json_put_str(j, l->part_number);
	}
	fl_json_close(j, '}');
}

fl_err fl_estimate_lines_json(fl_ctx *ctx, const fl_estimate_line *lines, size_t count, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '[');
	for (size_t i = 0; i < count; i++)
		put_line(&j, &lines[i]);
	fl_json_close(&j, ']');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* ---- rows ---- */

#define REVISION_COLUMNS                                                                                                         \
	"v.id, v.sent_at, v.entered_by, v.reference, v.note, v.valid_until, v.repair_days, v.tax_rate, v.lines, v.labour_time,"  \
	" v.labour, v.parts, v.paint, v.other, v.net, v.tax, v.total"

/* The columns from at on. */
static fl_err read_revision(fl_ctx *ctx, const fl_rows *rows, int i, int at, fl_estimate_revision *out)
{
	out->number = fl_row_i16(rows, i, at);
	out->sent_at = fl_row_time_or_0(rows, i, at + 1);
	out->entered_by = fl_row_i32(rows, i, at + 2);
	out->reference = fl_row_text(rows, i, at + 3);
	out->note = fl_row_text(rows, i, at + 4);
	out->valid_until = fl_row_time_or_0(rows, i, at + 5);
	out->repair_days = fl_row_null(rows, i, at + 6) ? -1 : fl_row_i16(rows, i, at + 6);
	out->tax_rate = fl_row_i32(rows, i, at + 7);
	out->totals = (fl_estimate_totals) { .labour_time = fl_row_i64(rows, i, at + 9),
		.labour = fl_row_i64(rows, i, at + 10),
		.parts = fl_row_i64(rows, i, at + 11),
		.paint = fl_row_i64(rows, i, at + 12),
		.other = fl_row_i64(rows, i, at + 13),
		.net = fl_row_i64(rows, i, at + 14),
		.tax = fl_row_i64(rows, i, at + 15),
		.total = fl_row_i64(rows, i, at + 16) };
	return read_lines(ctx, fl_row_jsonb(rows, i, at + 8), out);
}

#define ESTIMATE_COLUMNS                                                                                                         \
	"e.report_id, e.id, e.state, e.before_choice, e.version, e.vendor_id, coalesce(n.name, e.email), e.email, e.message, "   \
	"e.reason,"                                                                                                              \
	" e.requested_by, e.decided_by, e.created_at, e.decided_at, l.expires_at, l.revoked_at IS NOT NULL, l.last_used_at, "    \
	"l.uses, l.mail_state, l.mail_tries, l.mail_tried_at, l.mail_why"
enum { ESTIMATE_COLUMN_COUNT = 22 };
#define ESTIMATE_FROM                                                                                                            \
	" FROM estimates e LEFT JOIN vendors n ON n.tenant_id = e.tenant_id AND n.id = e.vendor_id"                              \
	" LEFT JOIN estimate_links l ON l.tenant_id = e.tenant_id AND l.report_id = e.report_id AND l.estimate_id = e.id"        \
	" LEFT JOIN estimate_revisions v ON v.tenant_id = e.tenant_id AND v.report_id = e.report_id AND v.estimate_id = e.id"    \
	" AND v.id = e.revision"

static fl_err read_estimate(fl_ctx *ctx, const fl_rows *rows, int i, fl_estimate *out)
{
	*out = (fl_estimate) {
		.report_id = fl_row_uuid(rows, i, 0),
		.id = fl_row_i16(rows, i, 1),
		.state = fl_row_i16(rows, i, 2),
		.before_choice = fl_row_i16(rows, i, 3),
		.version = fl_row_i32(rows, i, 4),
		.vendor_id = fl_row_i32(rows, i, 5),
		.vendor = fl_row_text(rows, i, 6),
		.email = fl_row_text(rows, i, 7),
		.message = fl_row_text(rows, i, 8),
		.reason = fl_row_text(rows, i, 9),
		.requested_by = fl_row_i32(rows, i, 10),
		.decided_by = fl_row_i32(rows, i, 11),
		.created_at = fl_row_time(rows, i, 12),
		.decided_at = fl_row_time_or_0(rows, i, 13),
		.has_link = !fl_row_null(rows, i, 14),
		.link_expires_at = fl_row_time_or_0(rows, i, 14),
		.link_revoked = fl_row_bool(rows, i, 15),
		.link_used_at = fl_row_time_or_0(rows, i, 16),
		.link_uses = fl_row_i32(rows, i, 17),
		.mail_state = fl_row_i16(rows, i, 18),
		.mail_tries = fl_row_i16(rows, i, 19),
		.mail_tried_at = fl_row_time_or_0(rows, i, 20),
		.mail_why = fl_row_text(rows, i, 21),
	};
	out->now.report_id = out->report_id;
	out->now.estimate_id = out->id;
	return read_revision(ctx, rows, i, ESTIMATE_COLUMN_COUNT, &out->now);
}

static const fl_sql estimates_sql = { "estimates_of_reports",
	"SELECT " ESTIMATE_COLUMNS ", " REVISION_COLUMNS ESTIMATE_FROM
	" WHERE e.report_id = ANY($1) AND ($2::int2 IS NULL OR e.id = $2) ORDER BY e.report_id, e.id",
	.generic = true };

static fl_err read_estimates(fl_ctx *ctx, const fl_rows *rows, fl_estimate **out, size_t *count)
{
	fl_estimate *made = fl_new_array(ctx->mem, fl_estimate, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_estimate(ctx, rows, i, &made[i]));
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_estimates_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_estimate **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	*count = 0;
	*out = NULL;
	if (!fl_may(&ctx->caller, FL_MAY_ESTIMATE_READ))
		return FL_OK;
	fl_arg_uuids(&args, reports, report_count);
	fl_arg_null(&args, FL_DB_I16);
	FL_TRY(await_query(ctx, ctx->services->db, &estimates_sql, &args, &rows));
	return read_estimates(ctx, rows, out, count);
}

fl_err fl_estimate_one(fl_ctx *ctx, fl_uuid report, int16_t id, const fl_estimate **out)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_estimate *found;
	size_t count;
	fl_arg_uuids(&args, &report, 1);
	fl_arg_i16(&args, id);
	FL_TRY(await_query(ctx, ctx->services->db, &estimates_sql, &args, &rows));
	FL_TRY(read_estimates(ctx, rows, &found, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this report has no estimate %d", id);
	*out = found;
	return FL_OK;
}

fl_err fl_estimate_get(fl_ctx *ctx, fl_uuid report, int16_t id, const fl_estimate **out)
{
	FL_TRY(fl_must(ctx, FL_MAY_ESTIMATE_READ));
	return fl_estimate_one(ctx, report, id, out);
}

fl_err fl_estimate_revisions_of_reports(
	fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_estimate_revision **out, size_t *count)
{
	static const fl_sql sql = { "estimate_revisions_of_reports",
		"SELECT v.report_id, v.estimate_id, " REVISION_COLUMNS
		" FROM estimate_revisions v WHERE v.report_id = ANY($1) AND v.sent_at IS NOT NULL ORDER BY 1, 2, 3",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	*count = 0;
	*out = NULL;
	if (!fl_may(&ctx->caller, FL_MAY_ESTIMATE_READ))
		return FL_OK;
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_estimate_revision *made = fl_new_array(ctx->mem, fl_estimate_revision, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		made[i].report_id = fl_row_uuid(rows, i, 0);
		made[i].estimate_id = fl_row_i16(rows, i, 1);
		FL_TRY(read_revision(ctx, rows, i, 2, &made[i]));
	}
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- in a transaction ---- */

fl_err fl_estimates_lock(fl_ctx *ctx, fl_tx *tx, fl_uuid report, fl_estimate **out, size_t *count)
{
	static const fl_sql lock = { "estimates_lock", "SELECT id FROM estimates WHERE report_id = $1 ORDER BY id FOR UPDATE",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *ids, *rows;
	fl_arg_uuid(&args, report);
	FL_TRY(await_tx_query(ctx, tx, &lock, &args, &ids));
	fl_args all = fl_args_make(ctx->mem);
	fl_arg_uuids(&all, &report, 1);
	fl_arg_null(&all, FL_DB_I16);
	/* Read once they are locked: what others wrote meanwhile is seen. */
	FL_TRY(await_tx_query(ctx, tx, &estimates_sql, &all, &rows));
	return read_estimates(ctx, rows, out, count);
}

fl_err fl_estimate_draft_read(fl_ctx *ctx, fl_tx *tx, fl_uuid report, int16_t id, int16_t number, fl_estimate_revision *out)
{
	static const fl_sql sql = { "estimate_draft_read",
		"SELECT " REVISION_COLUMNS
		" FROM estimate_revisions v WHERE v.report_id = $1 AND v.estimate_id = $2 AND v.id = $3 AND v.sent_at IS NULL",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, report);
	fl_arg_i16(&args, id);
	fl_arg_i16(&args, number);
	if (tx)
		FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	else
		FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*out = (fl_estimate_revision) { .report_id = report, .estimate_id = id, .repair_days = -1 };
	return rows->count ? read_revision(ctx, rows, 0, 0, out) : FL_OK;
}
