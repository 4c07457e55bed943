#include "fleet/report/policy.h"
#include "fleet/event.h"

/* As delivered: priority, then hours to triage, decide, repair. */
static const fl_sla delivered[] = {
	{ 0 },
	{ 1, 1, 4, 48 },
	{ 2, 2, 8, 72 },
	{ 3, 4, 24, 120 },
	{ 4, 8, 24, 168 },
	{ 5, 24, 72, 336 },
	{ 6, 24, 72, 336 },
	{ 7, 48, 120, 504 },
	{ 8, 48, 168, 720 },
	{ 9, 72, 240, 1080 },
	{ 10, 120, 336, 1440 },
};
_Static_assert(FL_COUNT(delivered) == FL_PRIORITY_MAX + 1, "a line a priority");

/* One statement for both, as every change of a report reads them: role 0 is no role, its number is the tolerance. */
static const fl_sql limits_sql = { "policy_limits",
	"SELECT role, alone, together FROM approval_limits UNION ALL SELECT 0::int2, cost_tolerance::int8, NULL FROM repair_policies",
	.generic = true };
static const fl_sql sla_sql = { "policy_sla", "SELECT priority, triage_hours, decide_hours, repair_hours FROM sla_policies",
	.generic = true };

void fl_policy_stmts(fl_policy_query *query, fl_stmt out[FL_POLICY_STMTS])
{
	out[0] = (fl_stmt) { &limits_sql, NULL, &query->limits };
	out[1] = (fl_stmt) { &sla_sql, NULL, &query->sla };
}

void fl_policy_read(const fl_policy_query *query, fl_policy *out)
{
	*out = (fl_policy) {};
	memcpy(out->sla, delivered, sizeof(delivered));
	out->tolerance_percent = FL_TOLERANCE_PERCENT;
	for (int i = 0; i < query->limits->count; i++) {
		int16_t role = fl_row_i16(query->limits, i, 0);
		if (role == FL_ROLE_NONE)
			out->tolerance_percent = (int32_t)fl_row_i64(query->limits, i, 1);
		else
			out->limits[role] = (fl_limit) { !fl_row_null(query->limits, i, 1), !fl_row_null(query->limits, i, 2),
				fl_row_i64(query->limits, i, 1), fl_row_i64(query->limits, i, 2) };
	}
	for (int i = 0; i < query->sla->count; i++) {
		int16_t priority = fl_row_i16(query->sla, i, 0);
		out->sla[priority] = (fl_sla) { priority, fl_row_i32(query->sla, i, 1), fl_row_i32(query->sla, i, 2),
			fl_row_i32(query->sla, i, 3), true };
	}
}

fl_err fl_policy_get(fl_ctx *ctx, const fl_policy **out)
{
	fl_policy_query query;
	fl_policy *policy = fl_new(ctx->mem, fl_policy);
	if (!policy)
		return FL_NOMEM;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(await_query(ctx, ctx->services->db, &limits_sql, NULL, &query.limits));
	FL_TRY(await_query(ctx, ctx->services->db, &sla_sql, NULL, &query.sla));
	fl_policy_read(&query, policy);
	*out = policy;
	return FL_OK;
}

int64_t fl_sla_due(const fl_policy *policy, fl_phase phase, int priority, int64_t since)
{
	assert(priority >= 1 && priority <= FL_PRIORITY_MAX);
	const fl_sla *sla = &policy->sla[priority];
	int32_t hours = phase == FL_PHASE_TRIAGE   ? sla->triage_hours
			: phase == FL_PHASE_DECIDE ? sla->decide_hours
			: phase == FL_PHASE_REPAIR ? sla->repair_hours
						   : 0;
	return hours ? since + hours * FL_HOUR_US : 0;
}

fl_sla_state fl_sla_state_at(int64_t since, int64_t due, int64_t now)
{
	if (!due)
		return FL_SLA_NONE;
	if (now >= due)
		return FL_SLA_OVERDUE;
	return now >= due - (due - since) / 4 ? FL_SLA_DUE_SOON : FL_SLA_OK;
}

/* ---- setting ---- */

static void put_cents(fl_ctx *ctx, fl_json_out *j, const char *key, bool has, int64_t cents)
{
	fl_json_key(j, fl_str_z(key));
	if (has)
		fl_json_put_str(j, fl_money_text(ctx->mem, cents));
	else
		fl_json_put_null(j);
}

/* The statement and the event that tells of it, together. */
static fl_err write_with_event(fl_ctx *ctx, const fl_sql *sql, const fl_args *args, const char *type, const fl_buf *data)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args event;
	FL_TRY(fl_buf_err(data));
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = type,
			.actor = ctx->caller.user_id,
			.data = fl_str_dup(ctx->mem, fl_buf_view(data)) },
		&event));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	const fl_stmt stmts[] = { { sql, args, NULL }, { &fl_event_insert, &event, NULL } };
	return await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts));
}

fl_err fl_limit_set(fl_ctx *ctx, fl_role role, const fl_limit *limit)
{
	static const fl_sql sql = { "limit_set",
		"INSERT INTO approval_limits (tenant_id, role, alone, together) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (tenant_id, role) DO UPDATE SET alone = excluded.alone, together = excluded.together",
		.write = true };
	FL_AUTO_BUF fl_buf data = fl_buf_make(4096);
	fl_json_out j = { .buf = &data };
	fl_args args = fl_args_make(ctx->mem);
	FL_TRY(fl_must(ctx, FL_MAY_POLICY_WRITE));
	if (limit->has_together && (!limit->has_alone || limit->together_cents < limit->alone_cents))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "what two persons may approve cannot be less than what one may");
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_i16(&args, (int16_t)role);
	if (limit->has_alone)
		fl_arg_i64(&args, limit->alone_cents);
	else
		fl_arg_null(&args, FL_DB_I64);
	if (limit->has_together)
		fl_arg_i64(&args, limit->together_cents);
	else
		fl_arg_null(&args, FL_DB_I64);
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("role"));
	fl_json_put_str(&j, fl_role_name(role));
	put_cents(ctx, &j, "alone", limit->has_alone, limit->alone_cents);
	put_cents(ctx, &j, "together", limit->has_together, limit->together_cents);
	fl_json_close(&j, '}');
	return write_with_event(ctx, &sql, &args, FL_EVENT_LIMIT_SET, &data);
}

static fl_err check_hours(fl_ctx *ctx, int32_t hours)
{
	if (hours >= 0 && hours <= FL_SLA_HOURS_MAX)
		return FL_OK;
	return fl_fail(
		&ctx->diag, FL_BAD_INPUT, "%d is no number of hours for a deadline: 1 to %d, or none", hours, FL_SLA_HOURS_MAX);
}

fl_err fl_sla_set(fl_ctx *ctx, const fl_sla *sla)
{
	static const fl_sql sql = { "sla_set",
		"INSERT INTO sla_policies (tenant_id, priority, triage_hours, decide_hours, repair_hours)"
		" VALUES ($1, $2, nullif($3, 0), nullif($4, 0), nullif($5, 0)) ON CONFLICT (tenant_id, priority) DO UPDATE"
		" SET triage_hours = excluded.triage_hours, decide_hours = excluded.decide_hours, repair_hours = "
		"excluded.repair_hours",
		.write = true };
	FL_AUTO_BUF fl_buf data = fl_buf_make(4096);
	fl_args args = fl_args_make(ctx->mem);
	FL_TRY(fl_must(ctx, FL_MAY_POLICY_WRITE));
	if (sla->priority < 1 || sla->priority > FL_PRIORITY_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "priority is %d; it goes from 1 (first) to 10 (last)", sla->priority);
	FL_TRY(check_hours(ctx, sla->triage_hours));
	FL_TRY(check_hours(ctx, sla->decide_hours));
	FL_TRY(check_hours(ctx, sla->repair_hours));
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_i16(&args, (int16_t)sla->priority);
	fl_arg_i32(&args, sla->triage_hours);
	fl_arg_i32(&args, sla->decide_hours);
	fl_arg_i32(&args, sla->repair_hours);
	fl_buf_fmt(&data, "{\"priority\":%d,\"triageHours\":%d,\"decideHours\":%d,\"repairHours\":%d}", sla->priority,
		sla->triage_hours, sla->decide_hours, sla->repair_hours);
	return write_with_event(ctx, &sql, &args, FL_EVENT_DEADLINES_SET, &data);
}

fl_err fl_tolerance_set(fl_ctx *ctx, int64_t percent)
{
	static const fl_sql sql = { "tolerance_set",
		"INSERT INTO repair_policies (tenant_id, cost_tolerance) VALUES ($1, $2)"
		" ON CONFLICT (tenant_id) DO UPDATE SET cost_tolerance = excluded.cost_tolerance",
		.write = true };
	FL_AUTO_BUF fl_buf data = fl_buf_make(4096);
	fl_args args = fl_args_make(ctx->mem);
	FL_TRY(fl_must(ctx, FL_MAY_POLICY_WRITE));
	if (percent < 0 || percent > FL_TOLERANCE_PERCENT_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the tolerance is %lld %%; it goes from 0 to %d", (long long)percent,
			FL_TOLERANCE_PERCENT_MAX);
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_i16(&args, (int16_t)percent);
	fl_buf_fmt(&data, "{\"percent\":%d}", (int)percent);
	return write_with_event(ctx, &sql, &args, FL_EVENT_TOLERANCE_SET, &data);
}
