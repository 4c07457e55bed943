/* Changing fields of reports, one or many: lock them, check version, rules and caller for each, write changes and events
 * together. */
#include "fleet/report/change.h"
#include "fleet/repair/repair.h"
#include "fleet/report/report.h"

static fl_err check_patch(fl_diag *diag, const fl_report_patch *patch)
{
	if (patch->priority && (patch->priority < 1 || patch->priority > FL_PRIORITY_MAX))
		return fl_fail(diag, FL_BAD_INPUT, "priority is %d; it goes from 1 (first) to 10 (last)", patch->priority);
	if (patch->description.ptr && fl_str_trim(patch->description).len == 0)
		return fl_fail(diag, FL_BAD_INPUT, "the description is empty: say in a sentence what happened");
	FL_TRY(fl_text_check(diag, "the description", patch->description, FL_DESCRIPTION_MAX));
	return fl_text_check(diag, "the reason", patch->reason, FL_REASON_MAX);
}

static void set_fields(const fl_report_patch *patch, fl_report_state *after)
{
	if (patch->severity)
		after->severity = (int16_t)patch->severity;
	if (patch->damage_type)
		after->damage_type = (int16_t)patch->damage_type;
	if (patch->priority)
		after->priority = patch->priority;
	if (patch->description.ptr)
		after->description = fl_str_trim(patch->description);
	if (patch->has_estimated) {
		after->has_estimated = true;
		after->estimated_cents = patch->estimated_cents;
	}
	if (patch->has_actual) {
		after->has_actual = true;
		after->actual_cents = patch->actual_cents;
	}
}

/* A status stands for the way that leads to it. */
static fl_err go(const fl_caller *caller, const fl_report_patch *patch, fl_change_of *change, const fl_policy *policy, fl_diag *diag)
{
	fl_status now = fl_stage_status(change->before.stage);
	fl_str from = fl_status_name(now), to = fl_status_name(patch->status);
	if (!patch->status || patch->status == now)
		return FL_OK;
	const fl_step *step = fl_step_by_status(change->before.stage, patch->status);
	if (!step)
		return fl_fail(diag, FL_BAD_INPUT, "a report that is %" FL_FMT " cannot become %" FL_FMT, FL_ARG(from), FL_ARG(to));
	const fl_step_facts facts = fl_change_facts(change);
	fl_verdict verdict = fl_step_judge(step, caller, &facts, &policy->limits[caller->role], diag);
	if (verdict == FL_VERDICT_REFUSED)
		return FL_BAD_INPUT;
	if (step->reason && fl_str_trim(patch->reason).len == 0)
		return fl_fail(diag, FL_BAD_INPUT, "say why the report is %s: reason is empty",
			       step->to == FL_STAGE_REJECTED ? "rejected" : "moved");
	if (verdict == FL_VERDICT_ENDORSES)
		return fl_fail(diag, FL_BAD_INPUT, "the cost is above what you may approve alone: "
						   "transitionDamageReport counts you as the first of two persons");
	fl_change_step(change, step);
	return FL_OK;
}

/* What the bills of the reports come to, and where workshops are at work; each asked only when a patch has to do with it. */
typedef struct bills {
	fl_invoiced *rows;
	fl_begun *begun;
	size_t count, begun_count;
} bills;

static fl_err read_bills(fl_ctx *ctx, fl_tx *tx, const fl_report_patch *patches, size_t count, const fl_uuid *ids, bills *out)
{
	bool cost = false, step = false;
	for (size_t i = 0; i < count; i++) {
		cost |= patches[i].has_actual;
		step |= patches[i].status == FL_STATUS_COMPLETED || patches[i].status == FL_STATUS_APPROVED;
	}
	if (cost)
		FL_TRY(fl_invoiced_of(ctx, tx, ids, count, &out->rows, &out->count));
	return step ? fl_orders_begun(ctx, tx, ids, count, &out->begun, &out->begun_count) : FL_OK;
}

static fl_err change_one(
	const fl_caller *caller, const fl_report_patch *patch, fl_change_of *change, const fl_policy *policy, const bills *invoiced, fl_diag *diag)
{
	if (patch->version && patch->version != change->version)
		return fl_fail(diag, FL_CONFLICT, "somebody changed this report meanwhile: it is at version %d, you saw %d; read it again",
			       change->version, patch->version);
	set_fields(patch, &change->after);
	if (patch->has_actual) {
		FL_TRY(fl_cost_check(caller, change, policy, diag));
		FL_TRY(fl_cost_by_hand(change, invoiced->rows, invoiced->count, diag));
	}
	if (change->before.stage == FL_STAGE_IN_REPAIR)
		FL_TRY(fl_order_by_hand(invoiced->begun, invoiced->begun_count, change->id, diag));
	change->reason = patch->reason;
	FL_TRY(fl_change_may_cost(change, caller, policy, diag));
	return go(caller, patch, change, policy, diag);
}

/* ---- many ---- */

static fl_change_of *find_change(fl_change_of *changes, size_t count, fl_uuid id)
{
	for (size_t i = 0; i < count; i++)
		if (fl_uuid_eq(changes[i].id, id))
			return &changes[i];
	return NULL;
}

/* Judges each patch that is well-formed; what fails is not written. *written: how many are. */
static void judge_all(fl_ctx *ctx, const fl_report_patch *patches, size_t count, fl_change_of *changes, size_t found, const fl_policy *policy,
		      const bills *invoiced, fl_batch_result *results, size_t *written)
{
	for (size_t i = 0; i < found; i++)
		changes[i].skip = true;
	for (size_t i = 0; i < count; i++) {
		fl_batch_result *r = &results[i];
		fl_change_of *change = find_change(changes, found, patches[i].id);
		if (r->err == FL_OK && !change)
			r->err = fl_fail(&r->diag, FL_NOT_FOUND, "there is no such report");
		else if (r->err == FL_OK)
			r->err = change_one(&ctx->caller, &patches[i], change, policy, invoiced, &r->diag);
		if (change && r->err == FL_OK) {
			change->skip = false;
			++*written;
		}
	}
}

static fl_err write_all(fl_ctx *ctx, const fl_report_patch *patches, size_t count, const fl_uuid *ids, fl_batch_result *results, size_t *written)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_stmt stmts[FL_CHANGES_STMTS];
	fl_change_of *changes;
	fl_policy policy;
	bills invoiced = {};
	size_t found;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(fl_changes_begin(ctx, &tx, ids, count, &changes, &found, &policy));
	FL_TRY(read_bills(ctx, &tx, patches, count, ids, &invoiced));
	judge_all(ctx, patches, count, changes, found, &policy, &invoiced, results, written);
	if (*written == 0)
		return FL_OK;
	FL_TRY(fl_changes_stmts(ctx, FL_EVENT_REPORT_UPDATED, changes, found, &policy, stmts));
	return await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts));
}

/* Puts the changed reports where they belong. */
static fl_err read_back(fl_ctx *ctx, const fl_uuid *ids, size_t count, fl_batch_result *results)
{
	fl_report *reports;
	size_t found;
	FL_TRY(fl_reports_get(ctx, ids, count, &reports, &found));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < found && results[i].err == FL_OK; k++)
			if (fl_uuid_eq(reports[k].id, ids[i]))
				results[i].report = &reports[k];
	return FL_OK;
}

static fl_err check_batch(fl_ctx *ctx, const fl_report_patch *patches, size_t count)
{
	if (count > FL_REPORT_BATCH_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%zu reports were named; at most %d can be changed at once", count, FL_REPORT_BATCH_MAX);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (fl_uuid_eq(patches[i].id, patches[k].id))
				return fl_fail(&ctx->diag, FL_BAD_INPUT, "the same report is named twice, as number %zu and %zu", k + 1, i + 1);
	return FL_OK;
}

fl_err fl_reports_update(fl_ctx *ctx, const fl_report_patch *patches, size_t count, fl_batch_result *results)
{
	size_t written = 0;
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, count);
	if (!ids)
		return FL_NOMEM;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(check_batch(ctx, patches, count));
	for (size_t i = 0; i < count; i++) {
		ids[i] = patches[i].id;
		results[i] = (fl_batch_result){};
		results[i].err = check_patch(&results[i].diag, &patches[i]);
	}
	if (count == 0)
		return FL_OK;
	FL_TRY(write_all(ctx, patches, count, ids, results, &written));
	if (written == 0)
		return FL_OK;
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return read_back(ctx, ids, count, results);
}

fl_err fl_report_update(fl_ctx *ctx, const fl_report_patch *patch, const fl_report **out)
{
	fl_batch_result result;
	FL_TRY(fl_reports_update(ctx, patch, 1, &result));
	if (result.err) {
		ctx->diag = result.diag;
		return result.err;
	}
	if (!result.report)
		return FL_NOT_FOUND;
	*out = result.report;
	return FL_OK;
}
