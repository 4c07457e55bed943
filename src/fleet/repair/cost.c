/* What a repair may cost and what it does: the guard of the actual cost, and the sums. */
#include "fleet/repair/invoice.h"
#include "fleet/repair/repair_int.h"

/* ---- the guard ---- */

/* The estimate is the approved amount: raising it is judged by fl_change_may_cost. As it was before this change, so that nobody
 * widens it on the way. */
bool fl_change_approved(const fl_change_of *change, int64_t *cents)
{
	const fl_report_state *s = &change->before;
	*cents = s->has_estimated ? s->estimated_cents : 0;
	return s->has_estimated;
}

int64_t fl_cost_within(int64_t approved_cents, const fl_policy *policy)
{
	return approved_cents + approved_cents / 100 * policy->tolerance_percent + approved_cents % 100 * policy->tolerance_percent / 100;
}

/* Stages that APPROVE still stands before: it looks at the actual cost as it does at the estimate. */
static bool before_approval(fl_stage stage)
{
	return stage == FL_STAGE_DRAFT || stage == FL_STAGE_REPORTED || stage == FL_STAGE_TRIAGED || stage == FL_STAGE_ASSESSED ||
	       stage == FL_STAGE_REOPENED;
}

fl_verdict fl_cost_judge(
	const fl_caller *caller, const fl_change_of *change, const fl_policy *policy, int32_t endorsed_by, fl_diag *why)
{
	const fl_report_state *b = &change->before, *a = &change->after;
	int64_t approved;
	(void)fl_change_approved(change, &approved);
	if (!a->has_actual || before_approval(b->stage) || (b->has_actual && a->actual_cents <= b->actual_cents) ||
		a->actual_cents <= fl_cost_within(approved, policy))
		return FL_VERDICT_GOES;
	const fl_step_facts facts = { .has_cost = true, .cost_cents = a->actual_cents, .endorsed_by = endorsed_by };
	return fl_amount_judge(caller, &facts, &policy->limits[caller->role], why);
}

fl_err fl_cost_check(const fl_caller *caller, const fl_change_of *change, const fl_policy *policy, fl_diag *why)
{
	fl_diag said = {};
	fl_verdict verdict = fl_cost_judge(caller, change, policy, 0, &said);
	if (verdict == FL_VERDICT_GOES)
		return FL_OK;
	if (verdict == FL_VERDICT_ENDORSES)
		return fl_fail(why, FL_BAD_INPUT,
			"the actual cost is above what was approved, by more than the tolerance of %d %%, and above what you may approve "
			"alone: record the bill on a work order, where a second person can approve it",
			policy->tolerance_percent);
	return fl_fail(why, FL_BAD_INPUT, "the actual cost is above what was approved, by more than the tolerance of %d %%; %s",
		policy->tolerance_percent, said.text);
}

fl_err fl_invoiced_of(fl_ctx *ctx, fl_tx *tx, const fl_uuid *reports, size_t count, fl_invoiced **out, size_t *out_count)
{
	static const fl_sql sql = { "report_invoiced",
		"SELECT report_id, sum(total)::int8 FROM invoices WHERE report_id = ANY($1) AND state = 1 GROUP BY 1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, reports, count);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	fl_invoiced *list = fl_new_array(ctx->mem, fl_invoiced, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_invoiced) { fl_row_uuid(rows, i, 0), fl_row_i64(rows, i, 1) };
	*out = list;
	*out_count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_cost_by_hand(const fl_change_of *change, const fl_invoiced *invoiced, size_t count, fl_diag *why)
{
	for (size_t i = 0; i < count; i++)
		if (fl_uuid_eq(invoiced[i].report_id, change->id) && invoiced[i].cents != change->after.actual_cents)
			return fl_fail(why, FL_BAD_INPUT,
				"the actual cost is the sum of the bills on the work orders, %lld.%02d: record another bill, or void one",
				(long long)(invoiced[i].cents / 100), (int)(invoiced[i].cents % 100));
	return FL_OK;
}

/* ---- sums ---- */

fl_err fl_costs_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_report_cost **out, size_t *count)
{
	static const fl_sql sql = { "costs_of_reports",
		"SELECT r.id, CASE WHEN r.status BETWEEN 3 AND 5 THEN r.estimated_cost END, i.counts, i.held"
		" FROM unnest($1::uuid[]) u(id) JOIN damage_reports r ON r.id = u.id CROSS JOIN LATERAL"
		" (SELECT (sum(total) FILTER (WHERE state = 1))::int8 AS counts, (sum(total) FILTER (WHERE state = 2))::int8 AS held"
		"  FROM invoices WHERE report_id = r.id) i",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_report_cost *list = fl_new_array(ctx->mem, fl_report_cost, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_report_cost) {
			.report_id = fl_row_uuid(rows, i, 0),
			.has_approved = !fl_row_null(rows, i, 1),
			.approved_cents = fl_row_i64(rows, i, 1),
			.has_invoices = !fl_row_null(rows, i, 2),
			.invoiced_cents = fl_row_i64(rows, i, 2),
			.held_cents = fl_row_i64(rows, i, 3),
		};
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}
