#include "fleet/report/transition.h"
#include "fleet/report/change.h"
#include "fleet/repair/repair.h"

/* ---- which ways are open ---- */

static fl_step_facts facts_of(const fl_report *r)
{
	return (fl_step_facts) {
		.assessed = r->assessed_at != 0,
		.has_severity = r->severity != 0,
		.has_cost = r->has_estimated || r->has_actual,
		.has_actual = r->has_actual,
		.cost_cents = FL_MAX(r->has_estimated ? r->estimated_cents : 0, r->has_actual ? r->actual_cents : 0),
		.reported_by = r->reported_by,
		.endorsed_by = r->endorsed_by,
	};
}

static fl_err ways_from(fl_ctx *ctx, const fl_report *report, const fl_limit *limit, fl_way **out, size_t *count)
{
	fl_step_list list = fl_steps_from((fl_stage)report->stage);
	const fl_step_facts facts = facts_of(report);
	fl_way *ways = fl_new_array(ctx->mem, fl_way, list.count);
	size_t n = 0;
	if (!ways)
		return FL_NOMEM;
	for (size_t i = 0; i < list.count; i++) {
		const fl_step *step = &list.steps[i];
		fl_diag why = {};
		if (!fl_may(&ctx->caller, step->permission) || fl_step_by_verb(step->from, step->verb, &facts) != step)
			continue;
		ways[n] = (fl_way) { step, fl_step_judge(step, &ctx->caller, &facts, limit, &why), {} };
		if (ways[n].verdict == FL_VERDICT_REFUSED)
			ways[n].why_not = fl_str_dup(ctx->mem, fl_str_z(why.text));
		n++;
	}
	*out = ways;
	*count = n;
	return FL_OK;
}

fl_err fl_ways_of_reports(fl_ctx *ctx, const fl_report *const *reports, size_t count, fl_way **ways, size_t *counts)
{
	const fl_policy *policy;
	FL_TRY(fl_policy_get(ctx, &policy));
	for (size_t i = 0; i < count; i++)
		FL_TRY(ways_from(ctx, reports[i], &policy->limits[ctx->caller.role], &ways[i], &counts[i]));
	return FL_OK;
}

/* ---- going one ---- */

static fl_err one_report(fl_ctx *ctx, fl_uuid id, const fl_report **out)
{
	fl_report *reports;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	*out = reports;
	return FL_OK;
}

static fl_err check_version(fl_ctx *ctx, const fl_change_of *change, int32_t version)
{
	if (!version || version == change->version)
		return FL_OK;
	return fl_fail(&ctx->diag, FL_CONFLICT,
		"somebody changed this report meanwhile: it is at version %d, you saw %d; read it again", change->version,
		version);
}

/* The report that stays must be one that the caller sees, another one, and not itself a copy. */
static fl_err name_other(fl_ctx *ctx, fl_tx *tx, const fl_move *move, fl_change_of *change)
{
	static const fl_sql sql = { "duplicate_target",
		"SELECT coalesce(stage, stage_of_status(status)), report_number FROM damage_reports WHERE id = $1",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	if (!move->has_duplicate_of)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "name the report that this one repeats: duplicateOfId is missing");
	if (fl_uuid_eq(move->duplicate_of, move->id))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a report cannot be a duplicate of itself");
	fl_arg_uuid(&args, move->duplicate_of);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no report with the id given as duplicateOfId");
	if (fl_row_i16(rows, 0, 0) == FL_STAGE_DUPLICATE || fl_row_i16(rows, 0, 0) == FL_STAGE_DRAFT)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "report %lld is a draft or itself a duplicate: name the one that stays",
			(long long)fl_row_i64(rows, 0, 1));
	change->after.has_duplicate_of = true;
	change->after.duplicate_of = move->duplicate_of;
	return FL_OK;
}

static fl_err choose_step(fl_ctx *ctx, const fl_move *move, const fl_change_of *change, const fl_step **out)
{
	const fl_step_facts facts = fl_change_facts(change);
	const fl_step *step = fl_step_by_verb(change->before.stage, move->verb, &facts);
	fl_str stage = fl_stage_name(change->before.stage), verb = fl_verb_name(move->verb);
	if (!step)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " is not possible for a report that is %" FL_FMT,
			FL_ARG(verb), FL_ARG(stage));
	FL_TRY(fl_must(ctx, step->permission));
	if (step->reason && fl_str_trim(move->reason).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why: %" FL_FMT " asks for a reason", FL_ARG(verb));
	*out = step;
	return FL_OK;
}

static fl_err set_actual(fl_ctx *ctx, fl_tx *tx, const fl_move *move, fl_change_of *change, const fl_policy *policy)
{
	fl_invoiced *invoiced;
	size_t count;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	change->after.has_actual = true;
	change->after.actual_cents = move->actual_cents;
	FL_TRY(fl_cost_check(&ctx->caller, change, policy, &ctx->diag));
	FL_TRY(fl_invoiced_of(ctx, tx, &move->id, 1, &invoiced, &count));
	return fl_cost_by_hand(change, invoiced, count, &ctx->diag);
}

/* While a workshop is at work its order says when that ends. */
static fl_err check_orders(fl_ctx *ctx, fl_tx *tx, const fl_move *move)
{
	fl_begun *begun;
	size_t count;
	if (move->verb != FL_VERB_COMPLETE && move->verb != FL_VERB_HALT_REPAIR)
		return FL_OK;
	FL_TRY(fl_orders_begun(ctx, tx, &move->id, 1, &begun, &count));
	return fl_order_by_hand(begun, count, move->id, &ctx->diag);
}

fl_err fl_report_step(fl_ctx *ctx, fl_tx *tx, const fl_move *move, fl_change_of *change, const fl_policy *policy, fl_moved *out)
{
	const fl_step *step = NULL;
	if (move->has_actual)
		FL_TRY(set_actual(ctx, tx, move, change, policy));
	FL_TRY(choose_step(ctx, move, change, &step));
	assert(step);
	FL_TRY(check_orders(ctx, tx, move));
	const fl_step_facts facts = fl_change_facts(change);
	fl_verdict verdict = fl_step_judge(step, &ctx->caller, &facts, &policy->limits[ctx->caller.role], &ctx->diag);
	if (verdict == FL_VERDICT_REFUSED)
		return FL_BAD_INPUT;
	change->reason = move->reason;
	if (verdict == FL_VERDICT_ENDORSES) {
		change->verb = step->verb;
		change->endorses = true;
		change->after.endorsed_by = ctx->caller.user_id;
	} else {
		fl_change_step(change, step);
		if (step->guard == FL_GUARD_OTHER)
			FL_TRY(name_other(ctx, tx, move, change));
	}
	out->endorsed = change->endorses;
	out->undo_until = step->undo && !change->endorses ? fl_now_us() + FL_UNDO_WINDOW_US : 0;
	return FL_OK;
}

static fl_err move_one(fl_ctx *ctx, const fl_move *move, fl_moved *out)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_stmt stmts[FL_CHANGES_STMTS + 1];
	fl_change_of *change;
	fl_policy policy;
	size_t found;
	int count = FL_CHANGES_STMTS;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(fl_changes_begin(ctx, &tx, &move->id, 1, &change, &found, &policy));
	if (found == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	FL_TRY(check_version(ctx, change, move->version));
	FL_TRY(fl_report_step(ctx, &tx, move, change, &policy, out));
	FL_TRY(fl_changes_stmts(ctx, FL_EVENT_REPORT_UPDATED, change, 1, &policy, stmts));
	if (change->verb == FL_VERB_SUBMIT)
		FL_TRY(fl_report_assess_stmt(ctx, move->id, &stmts[count++]));
	return await_commit_with(ctx, &tx, stmts, count);
}

fl_err fl_report_move(fl_ctx *ctx, const fl_move *move, fl_moved *out)
{
	*out = (fl_moved) {};
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(fl_text_check(&ctx->diag, "the reason", move->reason, FL_REASON_MAX));
	FL_TRY(move_one(ctx, move, out));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	if (move->verb == FL_VERB_SUBMIT)
		fl_poke(ctx, FL_CHANNEL_POKE_JOBS);
	return one_report(ctx, move->id, &out->report);
}

/* ---- taking it back ---- */

typedef struct last_event {
	int32_t actor, version;
	int64_t at;
	const fl_json *data;
} last_event;

/* The newest event that changed the report: what tells of no new version (a comment, say) is no change of it. */
static fl_err read_last(fl_ctx *ctx, fl_tx *tx, fl_uuid id, int32_t version, last_event *out)
{
	static const fl_sql sql = { "report_last_event",
		"SELECT id, actor, data FROM events WHERE report_id = $1 AND agg_version = $2 AND id >= $3 AND data ? "
		"'transition'"
		" ORDER BY id DESC LIMIT 1",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, id);
	fl_arg_i32(&args, version);
	fl_arg_uuid(&args, fl_uuid7_floor(fl_uuid7_time_us(id)));
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(
			&ctx->diag, FL_CONFLICT, "the last thing that happened to this report is no step that can be taken back");
	out->at = fl_uuid7_time_us(fl_row_uuid(rows, 0, 0));
	out->actor = fl_row_i32(rows, 0, 1);
	return fl_json_parse(ctx->mem, fl_row_jsonb(rows, 0, 2), &out->data, &ctx->diag);
}

/* The value before: the first of "field": [before, after]; NULL when the event does not tell of the field. */
static const fl_json *before_of(const fl_json *data, const char *field)
{
	const fl_json *pair = fl_json_get(data, fl_str_z(field));
	return pair && pair->type == FL_JSON_ARRAY ? pair->items.first : NULL;
}

static void time_back(const fl_json *data, const char *field, int64_t *out)
{
	const fl_json *was = before_of(data, field);
	int64_t at;
	if (was)
		*out = fl_time_parse(fl_json_str(was, FL_STR("")), &at) ? at : 0;
}

static fl_stage stage_before(const fl_json *data, const fl_step *step)
{
	fl_str stage = fl_json_str(before_of(data, "stage"), FL_STR(""));
	for (fl_stage s = FL_STAGE_NONE + 1; s < FL_STAGE_COUNT; s++)
		if (fl_str_eq(fl_stage_name(s), stage))
			return s;
	return step->from;
}

/* Puts back what the step changed: the event tells what was there before. */
static void put_back(fl_change_of *change, const fl_json *data, const fl_step *step)
{
	fl_report_state *a = &change->after;
	const fl_json *actual = before_of(data, "actualCost"), *estimated = before_of(data, "estimatedCost"), *other = before_of(data, "duplicateOf"),
		      *first = before_of(data, "endorsedBy");
	int64_t number;
	a->stage = stage_before(data, step);
	if (actual)
		a->has_actual = fl_money_parse(NULL, "actualCost", fl_json_str(actual, FL_STR("")), &a->actual_cents) == FL_OK;
	if (!a->has_actual)
		a->actual_cents = 0;
	/* A step that accepted an estimate set the cost too. */
	if (estimated)
		a->has_estimated =
			fl_money_parse(NULL, "estimatedCost", fl_json_str(estimated, FL_STR("")), &a->estimated_cents) == FL_OK;
	if (!a->has_estimated)
		a->estimated_cents = 0;
	if (other)
		a->has_duplicate_of = fl_uuid_parse(fl_json_str(other, FL_STR("")), &a->duplicate_of);
	if (first)
		a->endorsed_by = fl_str_i64(fl_json_str(first, FL_STR("")), &number) ? (int32_t)number : 0;
	time_back(data, "completedAt", &a->completed_at);
	time_back(data, "phaseSince", &a->phase_since);
	time_back(data, "dueAt", &a->due_at);
	change->verb = step->verb;
	change->undo = true;
}

/* The step that the event tells of. */
static const fl_step *step_of(const fl_json *data, fl_stage to)
{
	fl_verb verb = fl_verb_find(fl_json_str(fl_json_get(data, FL_STR("transition")), FL_STR("")));
	fl_step_list all = fl_steps_all();
	for (size_t i = 0; i < all.count; i++)
		if (all.steps[i].verb == verb && all.steps[i].to == to && all.steps[i].from == stage_before(data, &all.steps[i]))
			return all.steps + i;
	return NULL;
}

static fl_err may_undo(fl_ctx *ctx, const last_event *last, const fl_step *step)
{
	fl_str verb = step ? fl_verb_name(step->verb) : FL_STR("this");
	if (!step || !step->undo)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " cannot be taken back", FL_ARG(verb));
	if (fl_json_get(last->data, FL_STR("workOrder")))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report followed its work order: move that one instead");
	FL_TRY(fl_must(ctx, step->permission));
	if (last->actor != ctx->caller.user_id && ctx->caller.role != FL_ROLE_ADMIN)
		return fl_fail(&ctx->diag, FL_FORBIDDEN, "only who took this step, or an administrator, may take it back");
	if (fl_now_us() - last->at > FL_UNDO_WINDOW_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a step can be taken back for %d minutes; that time is over",
			(int)(FL_UNDO_WINDOW_US / FL_MINUTE_US));
	return FL_OK;
}

static fl_err undo_one(fl_ctx *ctx, fl_uuid id, int32_t version)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_stmt stmts[FL_CHANGES_STMTS];
	fl_change_of *change;
	fl_policy policy;
	last_event last;
	size_t found;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(fl_changes_begin(ctx, &tx, &id, 1, &change, &found, &policy));
	if (found == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	FL_TRY(check_version(ctx, change, version));
	FL_TRY(read_last(ctx, &tx, id, change->version, &last));
	const fl_step *step = step_of(last.data, change->before.stage);
	FL_TRY(may_undo(ctx, &last, step));
	put_back(change, last.data, step);
	FL_TRY(fl_changes_stmts(ctx, FL_EVENT_REPORT_UPDATED, change, 1, &policy, stmts));
	return await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts));
}

fl_err fl_report_undo(fl_ctx *ctx, fl_uuid id, int32_t version, const fl_report **out)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(undo_one(ctx, id, version));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return one_report(ctx, id, out);
}
