/* The life of a report: ways on, steps, taking back, batches, limits and deadlines. */
#include "api/work_order_int.h"
#include "fleet/report/policy.h"
#include "fleet/report/transition.h"

/* ---- DamageReport ---- */

fl_err fl_api_report_ways(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_way **ways = fl_new_array(ctx->mem, fl_way *, batch->count);
	size_t *counts = fl_new_array(ctx->mem, size_t, batch->count);
	if (!ways || !counts)
		return FL_NOMEM;
	FL_TRY(fl_ways_of_reports(ctx, (const fl_report *const *)batch->parents, batch->count, ways, counts));
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_rows(ways[i], sizeof(fl_way), counts[i]);
	return FL_OK;
}

fl_err fl_api_report_sla_state(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_report *report = parent;
	*out = fl_gql_enum((int)fl_sla_state_at(report->phase_since, report->due_at, fl_now_us()));
	return FL_OK;
}

static bool duplicate_key(const void *parent, fl_uuid *out)
{
	const fl_report *report = parent;
	*out = report->duplicate_of;
	return report->has_duplicate_of;
}

fl_err fl_api_report_duplicate_of(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, duplicate_key, batch);
}

fl_err fl_api_report_awaits_second(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_report *)parent)->endorsed_by != 0);
	return FL_OK;
}

/* ---- AvailableTransition ---- */

static fl_err way_transition(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_enum((int)((const fl_way *)parent)->step->verb);
	return FL_OK;
}

static fl_err way_to(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_enum((int)((const fl_way *)parent)->step->to);
	return FL_OK;
}

static fl_err way_label(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_z(fl_verb_button(((const fl_way *)parent)->step->verb)));
	return FL_OK;
}

static fl_err way_allowed(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_way *)parent)->verdict != FL_VERDICT_REFUSED);
	return FL_OK;
}

static fl_err way_needs_reason(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_way *)parent)->step->reason);
	return FL_OK;
}

static fl_err way_needs_other(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_way *)parent)->step->guard == FL_GUARD_OTHER);
	return FL_OK;
}

static fl_err way_needs_second(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_way *)parent)->verdict == FL_VERDICT_ENDORSES);
	return FL_OK;
}

static fl_err way_undoable(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_way *)parent)->step->undo);
	return FL_OK;
}

const struct fl_api_available_transition fl_api_available_transition = {
	.transition = FL_GETTER(way_transition),
	.to = FL_GETTER(way_to),
	.label = FL_GETTER(way_label),
	.allowed = FL_GETTER(way_allowed),
	.why_not = FL_COLUMN(fl_way, why_not),
	.needs_reason = FL_GETTER(way_needs_reason),
	.needs_duplicate_of = FL_GETTER(way_needs_other),
	.needs_second_person = FL_GETTER(way_needs_second),
	.undoable = FL_GETTER(way_undoable),
};

/* ---- Steps ---- */

fl_err fl_api_transition_damage_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *other = fl_gql_member(in, "duplicateOfId");
	fl_move move = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.verb = (fl_verb)fl_gql_int_or(fl_gql_member(in, "transition"), 0),
		.reason = fl_gql_text(fl_gql_member(in, "reason")),
		.has_duplicate_of = fl_gql_given(other),
	};
	fl_moved *moved = fl_new(ctx->mem, fl_moved);
	if (!moved)
		return FL_NOMEM;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_member(in, "id"), &move.id));
	if (move.has_duplicate_of)
		FL_TRY(fl_api_uuid(ctx, "duplicateOfId", other, &move.duplicate_of));
	FL_TRY(fl_api_cents_in(ctx, in, "actualCost", &move.has_actual, &move.actual_cents));
	FL_TRY(fl_report_move(ctx, &move, moved));
	batch->results[0] = fl_gql_object(moved);
	return FL_OK;
}

const struct fl_api_transition_damage_report_payload fl_api_transition_damage_report_payload = {
	.report = FL_POINTER(fl_moved, report),
	.awaits_second_approval = FL_COLUMN(fl_moved, endorsed),
	.undo_until = FL_COLUMN(fl_moved, undo_until),
};

fl_err fl_api_undo_damage_report_transition(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	const fl_report *report;
	fl_uuid id;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_member(in, "id"), &id));
	FL_TRY(fl_report_undo(ctx, id, (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0), &report));
	batch->results[0] = fl_gql_object(report);
	return FL_OK;
}

const struct fl_api_undo_damage_report_transition_payload fl_api_undo_damage_report_transition_payload = { .report = FL_SELF };

/* ---- Batches ---- */

typedef struct batch_row {
	fl_uuid id;
	fl_batch_result result;
} batch_row;

typedef struct batch_answer {
	fl_gql_span rows;
	int32_t changed;
} batch_answer;

fl_err fl_api_batch_update_damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *inputs = fl_gql_arg(field, "inputs");
	size_t count = inputs->count;
	fl_report_patch *patches = fl_new_array(ctx->mem, fl_report_patch, count);
	fl_batch_result *results = fl_new_array(ctx->mem, fl_batch_result, count);
	batch_row *rows = fl_new_array(ctx->mem, batch_row, count);
	batch_answer *answer = fl_new(ctx->mem, batch_answer);
	if (!patches || !results || !rows || !answer)
		return FL_NOMEM;
	if (count > FL_REPORT_BATCH_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%zu reports were named; at most %d can be changed at once", count,
			FL_REPORT_BATCH_MAX);
	for (size_t i = 0; i < count; i++)
		FL_TRY(fl_api_patch(ctx, &inputs->items[i], &patches[i]));
	FL_TRY(fl_reports_update(ctx, patches, count, results));
	for (size_t i = 0; i < count; i++) {
		rows[i] = (batch_row) { patches[i].id, results[i] };
		answer->changed += results[i].err == FL_OK;
	}
	answer->rows = FL_GQL_SPAN(rows, count);
	batch->results[0] = fl_gql_object(answer);
	return FL_OK;
}

const struct fl_api_batch_update_damage_reports_payload fl_api_batch_update_damage_reports_payload = {
	.results = FL_COLUMN(batch_answer, rows),
	.changed = FL_COLUMN(batch_answer, changed),
};

static fl_err batch_error(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const batch_row *row = parent;
	*out = fl_gql_object(row->result.err ? &row->result : NULL);
	return FL_OK;
}

const struct fl_api_batch_update_damage_report_result fl_api_batch_update_damage_report_result = {
	.id = FL_COLUMN(batch_row, id),
	.report = FL_POINTER(batch_row, result.report),
	.error = FL_GETTER(batch_error),
};

static fl_err error_code(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_z(fl_err_code(((const fl_batch_result *)parent)->err)));
	return FL_OK;
}

static fl_err error_message(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_batch_result *result = parent;
	*out = fl_gql_string(fl_str_z(fl_diag_text(&result->diag, result->err)));
	return FL_OK;
}

const struct fl_api_batch_error fl_api_batch_error = {
	.code = FL_GETTER(error_code),
	.message = FL_GETTER(error_message),
};

/* ---- Limits and deadlines ---- */

typedef struct limit_row {
	int32_t role;
	fl_limit limit;
	const char *currency;
} limit_row;

typedef struct policy_answer {
	fl_gql_span limits, deadlines;
	int32_t tolerance_percent;
} policy_answer;

static fl_err answer_policy(fl_ctx *ctx, fl_gql_value *out)
{
	const fl_policy *policy;
	const fl_tenant *tenant;
	policy_answer *answer = fl_new(ctx->mem, policy_answer);
	limit_row *rows = fl_new_array(ctx->mem, limit_row, FL_COUNT(policy->limits));
	size_t count = 0;
	if (!answer || !rows)
		return FL_NOMEM;
	FL_TRY(fl_policy_get(ctx, &policy));
	FL_TRY(fl_tenant_get(ctx, &tenant));
	for (int role = FL_ROLE_DRIVER; role <= FL_ROLE_ADMIN; role++)
		if (policy->limits[role].has_alone)
			rows[count++] = (limit_row) { role, policy->limits[role], tenant->currency };
	answer->limits = FL_GQL_SPAN(rows, count);
	answer->tolerance_percent = policy->tolerance_percent;
	answer->deadlines = FL_GQL_SPAN(&policy->sla[1], FL_PRIORITY_MAX);
	*out = fl_gql_object(answer);
	return FL_OK;
}

fl_err fl_api_policy(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return answer_policy(ctx, &batch->results[0]);
}

fl_err fl_api_set_approval_limit(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_limit limit = {};
	FL_TRY(fl_api_cents_in(ctx, in, "alone", &limit.has_alone, &limit.alone_cents));
	FL_TRY(fl_api_cents_in(ctx, in, "together", &limit.has_together, &limit.together_cents));
	FL_TRY(fl_limit_set(ctx, (fl_role)fl_gql_int_or(fl_gql_member(in, "role"), 0), &limit));
	return answer_policy(ctx, &batch->results[0]);
}

fl_err fl_api_set_report_deadlines(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	const fl_sla sla = {
		.priority = (int32_t)fl_gql_int_or(fl_gql_member(in, "priority"), 0),
		.triage_hours = (int32_t)fl_gql_int_or(fl_gql_member(in, "triageHours"), 0),
		.decide_hours = (int32_t)fl_gql_int_or(fl_gql_member(in, "decideHours"), 0),
		.repair_hours = (int32_t)fl_gql_int_or(fl_gql_member(in, "repairHours"), 0),
	};
	FL_TRY(fl_sla_set(ctx, &sla));
	return answer_policy(ctx, &batch->results[0]);
}

fl_err fl_api_set_cost_tolerance(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	FL_TRY(fl_tolerance_set(ctx, fl_gql_int_or(fl_gql_member(fl_gql_arg(field, "input"), "percent"), -1)));
	return answer_policy(ctx, &batch->results[0]);
}

const struct fl_api_set_cost_tolerance_payload fl_api_set_cost_tolerance_payload = { .policy = FL_SELF };
const struct fl_api_set_approval_limit_payload fl_api_set_approval_limit_payload = { .policy = FL_SELF };
const struct fl_api_set_report_deadlines_payload fl_api_set_report_deadlines_payload = { .policy = FL_SELF };

static fl_err limit_money(fl_ctx *ctx, const limit_row *row, bool has, int64_t cents, fl_gql_value *out)
{
	fl_money *made = has ? fl_new(ctx->mem, fl_money) : NULL;
	if (has && !made)
		return FL_NOMEM;
	if (made)
		*made = (fl_money) { cents, row->currency };
	*out = fl_gql_object(made);
	return FL_OK;
}

static fl_err limit_alone(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const limit_row *row = parent;
	return limit_money(ctx, row, row->limit.has_alone, row->limit.alone_cents, out);
}

static fl_err limit_together(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const limit_row *row = parent;
	return limit_money(ctx, row, row->limit.has_together, row->limit.together_cents, out);
}

const struct fl_api_approval_limit fl_api_approval_limit = {
	.role = FL_COLUMN(limit_row, role),
	.alone = FL_GETTER(limit_alone),
	.together = FL_GETTER(limit_together),
};

static fl_err hours(int32_t n, fl_gql_value *out)
{
	*out = n ? fl_gql_int(n) : fl_gql_null();
	return FL_OK;
}

static fl_err triage_hours(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return hours(((const fl_sla *)parent)->triage_hours, out);
}

static fl_err decide_hours(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return hours(((const fl_sla *)parent)->decide_hours, out);
}

static fl_err repair_hours(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return hours(((const fl_sla *)parent)->repair_hours, out);
}

const struct fl_api_report_deadlines fl_api_report_deadlines = {
	.priority = FL_COLUMN(fl_sla, priority),
	.triage_hours = FL_GETTER(triage_hours),
	.decide_hours = FL_GETTER(decide_hours),
	.repair_hours = FL_GETTER(repair_hours),
	.is_own = FL_COLUMN(fl_sla, own),
};

const struct fl_api_report_policy fl_api_report_policy = {
	.approval_limits = FL_COLUMN(policy_answer, limits),
	.deadlines = FL_COLUMN(policy_answer, deadlines),
	.cost_tolerance_percent = FL_COLUMN(policy_answer, tolerance_percent),
};
