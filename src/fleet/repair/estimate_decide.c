/* Deciding about estimates: one of a report is accepted and approves it, or one is declined or taken back. */
#include "fleet/repair/estimate_int.h"
#include "fleet/report/transition.h"

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

static fl_err may_accept(fl_ctx *ctx, const fl_estimate *e)
{
	fl_str state = fl_life_state(&fl_estimate_life, e->state);
	if (!fl_life_next(&fl_estimate_life, e->state, FL_ESTIMATE_ACCEPT))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "an estimate that is %" FL_FMT " cannot be accepted", FL_ARG(state));
	if (!e->now.number)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "nothing was sent in yet, so there is nothing to accept");
	if (!fl_estimate_is_open(e, fl_now_us()))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this estimate is valid no more: ask the vendor for a new one");
	return FL_OK;
}

/* The estimate's total becomes the cost of the report, and the report goes the way of APPROVE; where it is approved already, the
 * approved amount changes. The judgement is that of the lifecycle, at the new cost. */
static fl_err approve(
	fl_ctx *ctx, fl_tx *tx, const fl_estimate *e, fl_change_of *report, const fl_policy *policy, fl_moved *moved)
{
	fl_status status = fl_stage_status(report->before.stage);
	const fl_move move = { .id = report->id, .verb = FL_VERB_APPROVE };
	report->extra = fl_str_fmt(ctx->mem, "\"estimate\":%d", e->id);
	if (!report->extra.ptr)
		return FL_NOMEM;
	report->after.has_estimated = true;
	report->after.estimated_cents = e->now.totals.total;
	if (status != FL_STATUS_APPROVED && status != FL_STATUS_IN_REPAIR)
		return fl_report_step(ctx, tx, &move, report, policy, moved);
	return fl_change_may_cost(report, &ctx->caller, policy, &ctx->diag);
}

/* What the state was before any choice: a release leads back to it. */
static int16_t before_choice(const fl_estimate *e)
{
	if (e->before_choice)
		return e->before_choice;
	if (e->state != FL_ESTIMATE_DECLINED)
		return e->state;
	return e->now.number > 1 ? FL_ESTIMATE_REVISED : FL_ESTIMATE_SUBMITTED;
}

static bool is_waiting(const fl_estimate *e)
{
	return e->state == FL_ESTIMATE_REQUESTED || e->state == FL_ESTIMATE_SUBMITTED || e->state == FL_ESTIMATE_REVISED ||
	       e->state == FL_ESTIMATE_ACCEPTED;
}

/* The others first: no two may be accepted at any moment. */
static fl_err choose(
	fl_ctx *ctx, const fl_change_of *report, fl_estimate *all, size_t count, fl_estimate *chosen, fl_stmt *out, int *n)
{
	const fl_estimate_report of = fl_estimate_report_of(report);
	for (size_t i = 0; i < count; i++) {
		if (&all[i] == chosen || !is_waiting(&all[i]))
			continue;
		fl_estimate_change c = { .before = &all[i], .after = all[i], .event = FL_EVENT_ESTIMATE_DECLINED };
		c.after.state = FL_ESTIMATE_DECLINED;
		c.after.before_choice = before_choice(&all[i]);
		c.after.decided_by = ctx->caller.user_id;
		FL_TRY(fl_estimate_stmts(ctx, &of, &c, &out[*n]));
		*n += FL_ESTIMATE_STMTS;
	}
	fl_estimate_change c = { .before = chosen, .after = *chosen, .event = FL_EVENT_ESTIMATE_ACCEPTED, .has_total = true };
	c.total = chosen->now.totals.total;
	c.after.state = FL_ESTIMATE_ACCEPTED;
	c.after.before_choice = before_choice(chosen);
	c.after.decided_by = ctx->caller.user_id;
	c.after.reason = (fl_str) {};
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, &out[*n]));
	*n += FL_ESTIMATE_STMTS;
	return FL_OK;
}

static fl_err accept(fl_ctx *ctx, fl_tx *tx, const fl_estimate_pick *pick, fl_accepted *out)
{
	fl_stmt stmts[FL_CHANGES_STMTS + FL_ESTIMATES_MAX * FL_ESTIMATE_STMTS];
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all, *chosen = NULL;
	fl_moved moved = {};
	size_t count;
	int n = 0;
	FL_TRY(fl_estimate_begin(ctx, tx, pick->report, &report, &policy));
	FL_TRY(fl_estimates_lock(ctx, tx, pick->report, &all, &count));
	FL_TRY(fl_estimate_pick_of(ctx, all, count, pick, &chosen));
	FL_TRY(may_accept(ctx, chosen));
	FL_TRY(fl_estimate_wanted(ctx, report));
	FL_TRY(approve(ctx, tx, chosen, report, &policy, &moved));
	FL_TRY(fl_changes_stmts(ctx, FL_EVENT_REPORT_UPDATED, report, 1, &policy, stmts));
	n = FL_CHANGES_STMTS;
	if (!moved.endorsed)
		FL_TRY(choose(ctx, report, all, count, chosen, stmts, &n));
	FL_TRY(await_commit_with(ctx, tx, stmts, n));
	*out = (fl_accepted) { .endorsed = moved.endorsed, .undo_until = moved.undo_until };
	return FL_OK;
}

fl_err fl_estimate_accept(fl_ctx *ctx, const fl_estimate_pick *pick, fl_accepted *out)
{
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(accept(ctx, &tx, pick, out));
	}
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	FL_TRY(fl_estimate_get(ctx, pick->report, pick->id, &out->estimate));
	return one_report(ctx, pick->report, &out->report);
}

/* ---- declining, taking back ---- */

static fl_err may_close(fl_ctx *ctx, const fl_estimate *e, fl_estimate_verb verb, const fl_change_of *report)
{
	fl_str state = fl_life_state(&fl_estimate_life, e->state);
	fl_status status = fl_stage_status(report->before.stage);
	if (!fl_life_next(&fl_estimate_life, e->state, verb))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "an estimate that is %" FL_FMT " cannot be %s", FL_ARG(state),
			verb == FL_ESTIMATE_DECLINE ? "declined" : "taken back");
	if (e->state == FL_ESTIMATE_ACCEPTED &&
		(status == FL_STATUS_APPROVED || status == FL_STATUS_IN_REPAIR || status == FL_STATUS_COMPLETED))
		return fl_fail(&ctx->diag, FL_BAD_INPUT,
			"the repair is approved by this estimate: withdraw the approval first, or accept another one");
	return FL_OK;
}

fl_err fl_estimate_close(fl_ctx *ctx, const fl_estimate_pick *pick, fl_estimate_verb verb, fl_str reason)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_stmt stmts[FL_ESTIMATE_STMTS];
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all;
	size_t count;
	fl_estimate_change c = { .event =
					 verb == FL_ESTIMATE_DECLINE ? FL_EVENT_ESTIMATE_DECLINED : FL_EVENT_ESTIMATE_WITHDRAWN };
	assert(verb == FL_ESTIMATE_DECLINE || verb == FL_ESTIMATE_WITHDRAW);
	reason = fl_str_trim(reason);
	FL_TRY(fl_text_check(&ctx->diag, "the reason", reason, FL_REASON_MAX));
	FL_TRY(fl_estimate_begin(ctx, &tx, pick->report, &report, &policy));
	FL_TRY(fl_estimates_lock(ctx, &tx, pick->report, &all, &count));
	FL_TRY(fl_estimate_pick_of(ctx, all, count, pick, &c.before));
	FL_TRY(may_close(ctx, c.before, verb, report));
	c.after = *c.before;
	c.after.state = (int16_t)fl_life_next(&fl_estimate_life, c.before->state, verb);
	c.after.before_choice = 0;
	c.after.decided_by = ctx->caller.user_id;
	c.after.reason = reason.len ? reason : (fl_str) {};
	const fl_estimate_report of = fl_estimate_report_of(report);
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
