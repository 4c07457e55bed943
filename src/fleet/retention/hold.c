/* Legal holds: a row that the foreign keys of everything else have to respect. */
#include "fleet/retention/erasure.h"
#include "fleet/event.h"

static fl_err find_report(fl_ctx *ctx, fl_uuid id, const fl_report **out)
{
	fl_report *reports;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	*out = reports;
	return FL_OK;
}

/* The event carries no version: a hold changes nothing of the report itself. */
static fl_err event_args(fl_ctx *ctx, const char *type, const fl_report *report, fl_str reason, fl_args *args)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(8 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	if (reason.len) {
		fl_json_key(&j, FL_STR("reason"));
		fl_json_put_str(&j, reason);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	return fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = type,
			.report_id = report->id,
			.vehicle_id = report->vehicle_id,
			.actor = ctx->caller.user_id,
			.data = fl_str_dup(ctx->mem, fl_buf_view(&buf)) },
		args);
}

fl_err fl_report_hold(fl_ctx *ctx, fl_uuid id, fl_str reason)
{
	static const fl_sql sql = { "hold_set",
		"INSERT INTO report_holds AS h (tenant_id, report_id, reason, set_by) VALUES ($1, $2, $3, nullif($4, 0))"
		" ON CONFLICT (tenant_id, report_id) DO UPDATE SET reason = excluded.reason, set_by = excluded.set_by, set_at = now()",
		.write = true };
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[2] = { fl_args_make(ctx->mem) };
	const fl_report *report = NULL;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	FL_TRY(fl_text_check(&ctx->diag, "the reason", reason, FL_ERASURE_REASON_MAX));
	if (fl_str_trim(reason).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why: a hold asks for a reason, as in the number of the case");
	FL_TRY(find_report(ctx, id, &report));
	assert(report);
	fl_arg_i32(&args[0], ctx->caller.tenant_id);
	fl_arg_uuid(&args[0], id);
	fl_arg_text(&args[0], reason);
	fl_arg_i32(&args[0], ctx->caller.user_id);
	FL_TRY(event_args(ctx, FL_EVENT_HOLD_SET, report, reason, &args[1]));
	const fl_stmt stmts[] = { { &sql, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

static fl_err release(fl_ctx *ctx, const fl_report *report)
{
	static const fl_sql sql = { "hold_release", "DELETE FROM report_holds WHERE report_id = $1 RETURNING 1", .write = true };
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[2] = { fl_args_make(ctx->mem) };
	const fl_rows *rows;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	fl_arg_uuid(&args[0], report->id);
	FL_TRY(await_tx_query(ctx, &tx, &sql, &args[0], &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_CONFLICT, "this report is not held");
	FL_TRY(event_args(ctx, FL_EVENT_HOLD_RELEASED, report, (fl_str) {}, &args[1]));
	const fl_stmt event = { &fl_event_insert, &args[1], NULL };
	return await_commit_with(ctx, &tx, &event, 1);
}

fl_err fl_report_release(fl_ctx *ctx, fl_uuid id)
{
	const fl_report *report = NULL;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	FL_TRY(find_report(ctx, id, &report));
	assert(report);
	FL_TRY(release(ctx, report));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

fl_err fl_holds_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_hold **out, size_t *count)
{
	static const fl_sql sql = { "holds_of_reports",
		"SELECT report_id, reason, set_by, set_at FROM report_holds WHERE report_id = ANY($1) ORDER BY report_id", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_hold *holds = fl_new_array(ctx->mem, fl_hold, (size_t)rows->count);
	if (!holds)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		holds[i] = (fl_hold) { fl_row_uuid(rows, i, 0), fl_row_text(rows, i, 1), fl_row_i32(rows, i, 2), fl_row_time(rows, i, 3) };
	*out = holds;
	*count = (size_t)rows->count;
	return FL_OK;
}
