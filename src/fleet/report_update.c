/* Changing a report: lock it, check the version, the rules and the caller, write the change and its event together. */
#include "fleet/event.h"
#include "fleet/report.h"

typedef struct state {
	int16_t status, severity, damage_type, priority;
	int32_t vehicle_id, version;
	bool assessed, has_estimated, has_actual;
	int64_t estimated_cents, actual_cents;
	fl_str description;
} state;

static fl_err lock_report(fl_ctx *ctx, fl_tx *tx, fl_uuid id, state *out)
{
	static const fl_sql sql = { "report_lock",
				    "SELECT status, severity, damage_type, priority, vehicle_id, version, assessed_at IS NOT NULL, estimated_cost,"
				    " actual_cost, description FROM damage_reports WHERE id = $1 FOR UPDATE",
				    .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, id);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	*out = (state){
		.status = fl_row_i16(rows, 0, 0),
		.severity = fl_row_i16(rows, 0, 1),
		.damage_type = fl_row_i16(rows, 0, 2),
		.priority = fl_row_i16(rows, 0, 3),
		.vehicle_id = fl_row_i32(rows, 0, 4),
		.version = fl_row_i32(rows, 0, 5),
		.assessed = fl_row_bool(rows, 0, 6),
		.has_estimated = !fl_row_null(rows, 0, 7),
		.estimated_cents = fl_row_i64(rows, 0, 7),
		.has_actual = !fl_row_null(rows, 0, 8),
		.actual_cents = fl_row_i64(rows, 0, 8),
		.description = fl_row_text(rows, 0, 9),
	};
	return FL_OK;
}

static fl_err check_status(fl_ctx *ctx, const fl_report_patch *patch, const state *now)
{
	if (!patch->status)
		return FL_OK;
	fl_str from = fl_status_name(now->status), to = fl_status_name(patch->status);
	if (!fl_status_may_become(now->status, patch->status))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a report that is %.*s cannot become %.*s", FL_ARG(from), FL_ARG(to));
	if (patch->status == FL_STATUS_ASSESSED && !now->assessed)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this report has no assessment yet, so it cannot become ASSESSED");
	if (patch->status == FL_STATUS_REJECTED && now->status != FL_STATUS_REJECTED && fl_str_trim(patch->reason).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why the report is rejected: reason is empty");
	return FL_OK;
}

static fl_err check_patch(fl_ctx *ctx, const fl_report_patch *patch)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	if (patch->priority && (patch->priority < 1 || patch->priority > 10))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "priority is %d; it goes from 1 (first) to 10 (last)", patch->priority);
	if (patch->description.ptr && fl_str_trim(patch->description).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the description is empty: say in a sentence what happened");
	FL_TRY(fl_text_check(&ctx->diag, "the description", patch->description, FL_DESCRIPTION_MAX));
	return fl_text_check(&ctx->diag, "the reason", patch->reason, FL_REASON_MAX);
}

static const fl_sql report_update = {
	"report_update",
	"UPDATE damage_reports SET status = $2, severity = $3, damage_type = $4, priority = $5, description = coalesce($6, description),"
	" estimated_cost = coalesce($7, estimated_cost), actual_cost = coalesce($8, actual_cost),"
	" completed_at = CASE WHEN $2 <> 5 THEN NULL ELSE coalesce(completed_at, now()) END, version = version + 1, updated_at = now()"
	" WHERE id = $1",
	.write = true
};

static void arg_code(fl_args *args, int16_t code)
{
	if (code)
		fl_arg_i16(args, code);
	else
		fl_arg_null(args, FL_DB_I16);
}

static void arg_cents(fl_args *args, bool given, int64_t cents)
{
	if (given)
		fl_arg_i64(args, cents);
	else
		fl_arg_null(args, FL_DB_I64);
}

static fl_err update_args(fl_ctx *ctx, const fl_report_patch *patch, const state *now, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_uuid(args, patch->id);
	fl_arg_i16(args, patch->status ? (int16_t)patch->status : now->status);
	arg_code(args, patch->severity ? (int16_t)patch->severity : now->severity);
	arg_code(args, patch->damage_type ? (int16_t)patch->damage_type : now->damage_type);
	fl_arg_i16(args, patch->priority ? patch->priority : now->priority);
	fl_arg_text(args, patch->description.ptr ? fl_str_trim(patch->description) : (fl_str){});
	arg_cents(args, patch->has_estimated, patch->estimated_cents);
	arg_cents(args, patch->has_actual, patch->actual_cents);
	return args->err;
}

static void put_change(fl_json_out *j, const char *field, fl_str before, fl_str after)
{
	fl_json_key(j, fl_str_z(field));
	fl_json_open(j, '[');
	fl_json_put_str(j, before);
	fl_json_put_str(j, after);
	fl_json_close(j, ']');
}

static fl_str money_before(fl_ctx *ctx, bool has, int64_t cents)
{
	return has ? fl_money_text(ctx->mem, cents) : FL_STR("");
}

/* What changed, for the history: {"status": ["ASSESSED","REJECTED"], "reason": "..."}. */
static fl_err describe(fl_ctx *ctx, const fl_report_patch *patch, const state *now, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(256 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	if (patch->status && (int16_t)patch->status != now->status)
		put_change(&j, "status", fl_status_name(now->status), fl_status_name(patch->status));
	if (patch->severity && (int16_t)patch->severity != now->severity)
		put_change(&j, "severity", fl_severity_name(now->severity), fl_severity_name(patch->severity));
	if (patch->damage_type && (int16_t)patch->damage_type != now->damage_type)
		put_change(&j, "damageType", fl_damage_type_name(now->damage_type), fl_damage_type_name(patch->damage_type));
	if (patch->priority && patch->priority != now->priority)
		put_change(&j, "priority", fl_str_fmt(ctx->mem, "%d", now->priority), fl_str_fmt(ctx->mem, "%d", patch->priority));
	if (patch->has_estimated && (!now->has_estimated || patch->estimated_cents != now->estimated_cents))
		put_change(&j, "estimatedCost", money_before(ctx, now->has_estimated, now->estimated_cents),
			   fl_money_text(ctx->mem, patch->estimated_cents));
	if (patch->has_actual && (!now->has_actual || patch->actual_cents != now->actual_cents))
		put_change(&j, "actualCost", money_before(ctx, now->has_actual, now->actual_cents), fl_money_text(ctx->mem, patch->actual_cents));
	if (patch->description.ptr && !fl_str_eq(fl_str_trim(patch->description), now->description))
		put_change(&j, "description", now->description, fl_str_trim(patch->description));
	if (patch->reason.len) {
		fl_json_key(&j, FL_STR("reason"));
		fl_json_put_str(&j, patch->reason);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static fl_err change(fl_ctx *ctx, fl_tx *tx, const fl_report_patch *patch)
{
	state now = {};
	fl_args args[2];
	fl_str data;
	FL_TRY(lock_report(ctx, tx, patch->id, &now));
	if (patch->version && patch->version != now.version)
		return fl_fail(&ctx->diag, FL_CONFLICT, "somebody changed this report meanwhile: it is at version %d, you saw %d; read it again",
			       now.version, patch->version);
	FL_TRY(check_status(ctx, patch, &now));
	FL_TRY(describe(ctx, patch, &now, &data));
	FL_TRY(update_args(ctx, patch, &now, &args[0]));
	FL_TRY(fl_event_args(ctx, &(fl_event){ .id = fl_uuid7(fl_now_us()), .type = FL_EVENT_REPORT_UPDATED, .report_id = patch->id,
					       .vehicle_id = now.vehicle_id, .version = now.version + 1,
					       .actor = ctx->caller.user_id, .data = data },
			     &args[1]));
	const fl_stmt stmts[] = { { &report_update, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	return await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
}

fl_err fl_report_update(fl_ctx *ctx, const fl_report_patch *patch, const fl_report **out)
{
	fl_report *reports;
	size_t count;
	FL_TRY(check_patch(ctx, patch));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(await_begin(ctx, ctx->services->db, &tx));
		FL_TRY(change(ctx, &tx, patch));
	}
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	FL_TRY(fl_reports_get(ctx, &patch->id, 1, &reports, &count));
	if (count == 0)
		return FL_NOT_FOUND;
	*out = reports;
	return FL_OK;
}
