/* Insurance claims: their fields, their changes, and what a report costs in the end. */
#include "fleet/repair/claim.h"
#include "api/group_int.h"
#include "api/work_order_int.h"

/* ---- of reports ---- */

static fl_err load(fl_ctx *ctx, const fl_gql_batch *batch, fl_gql_keys_uuid *keys, const fl_claim ***out)
{
	fl_claim *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, keys));
	FL_TRY(fl_claims_of_reports(ctx, keys->keys, keys->count, &rows, &count));
	const fl_claim **found = fl_new_array(ctx->mem, const fl_claim *, keys->count);
	if (!found)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++) {
		uint32_t place = fl_gql_find_uuid(keys, rows[i].report_id);
		if (place != FL_GQL_NO_KEY)
			found[place] = &rows[i];
	}
	*out = found;
	return FL_OK;
}

fl_err fl_api_report_claim(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	const fl_claim **found;
	if (!fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return FL_OK; /* null for drivers: the SDL says so */
	FL_TRY(load(ctx, batch, &keys, &found));
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(found[keys.place[i]]);
	return FL_OK;
}

fl_err fl_api_report_net_cost(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	const fl_claim **found;
	if (!fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return FL_OK;
	FL_TRY(load(ctx, batch, &keys, &found));
	for (size_t i = 0; i < batch->count; i++) {
		const fl_report *report = batch->parents[i];
		const fl_claim *claim = found[keys.place[i]];
		FL_TRY(fl_api_cents(ctx, report->has_actual, report->actual_cents - (claim ? claim->paid_cents : 0), &batch->results[i]));
	}
	return FL_OK;
}

/* ---- Claim ---- */

static fl_err claim_steps(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_verbs(ctx, &fl_claim_life, ((const fl_claim *)parent)->state, out);
}

static fl_err deductible(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, ((const fl_claim *)batch->parents[i])->deductible_cents, &batch->results[i]));
	return FL_OK;
}

static fl_err claimed(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const fl_claim *claim = batch->parents[i];
		FL_TRY(fl_api_cents(ctx, claim->has_claimed, claim->claimed_cents, &batch->results[i]));
	}
	return FL_OK;
}

static fl_err paid(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, ((const fl_claim *)batch->parents[i])->paid_cents, &batch->results[i]));
	return FL_OK;
}

static fl_err adjuster(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_claim *c = parent;
	*out = fl_gql_object(c->adjuster_name.len || c->adjuster_email.len || c->adjuster_phone.len ? c : NULL);
	return FL_OK;
}

static fl_err payments(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_payment *rows;
	size_t count;
	FL_TRY(fl_api_uuid_keys(ctx, batch, offsetof(fl_claim, report_id), &keys));
	FL_TRY(fl_payments_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_payment, report_id), batch);
}

static int32_t author_key(const void *parent)
{
	return ((const fl_claim *)parent)->created_by;
}

static fl_err author(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { author_key, fl_api_load_people }, batch);
}

const struct fl_api_claim fl_api_claim = {
	.state = FL_COLUMN(fl_claim, state),
	.steps = FL_GETTER(claim_steps),
	.insurer = FL_COLUMN(fl_claim, insurer),
	.policy_number = FL_COLUMN(fl_claim, policy_no),
	.claim_number = FL_COLUMN(fl_claim, claim_no),
	.deductible = FL_BATCH(deductible),
	.claimed_amount = FL_BATCH(claimed),
	.paid_amount = FL_BATCH(paid),
	.noticed_on = FL_COLUMN(fl_claim, noticed_on),
	.adjuster = FL_GETTER(adjuster),
	.payments = FL_BATCH(payments),
	.created_at = FL_COLUMN(fl_claim, created_at),
	.created_by = FL_BATCH(author),
	.version = FL_COLUMN(fl_claim, version),
};

const struct fl_api_adjuster fl_api_adjuster = {
	.name = FL_COLUMN(fl_claim, adjuster_name),
	.email = FL_COLUMN(fl_claim, adjuster_email),
	.phone = FL_COLUMN(fl_claim, adjuster_phone),
};

static fl_err payment_amount(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, ((const fl_payment *)batch->parents[i])->cents, &batch->results[i]));
	return FL_OK;
}

static int32_t recorder_key(const void *parent)
{
	return ((const fl_payment *)parent)->recorded_by;
}

static fl_err recorder(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { recorder_key, fl_api_load_people }, batch);
}

const struct fl_api_claim_payment fl_api_claim_payment = {
	.id = FL_COLUMN(fl_payment, id),
	.amount = FL_BATCH(payment_amount),
	.paid_on = FL_COLUMN(fl_payment, paid_on),
	.reference = FL_COLUMN(fl_payment, reference),
	.recorded_at = FL_COLUMN(fl_payment, recorded_at),
	.recorded_by = FL_BATCH(recorder),
};

/* ---- changes ---- */

typedef struct claim_answer {
	const fl_claim *claim;
	const fl_report *report;
} claim_answer;

const struct fl_api_claim_payload fl_api_claim_payload = {
	.claim = FL_POINTER(claim_answer, claim),
	.report = FL_POINTER(claim_answer, report),
};

static fl_err answer(fl_ctx *ctx, fl_uuid report, fl_gql_batch *batch)
{
	claim_answer *made = fl_new(ctx->mem, claim_answer);
	fl_claim *rows;
	size_t count;
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_claims_of_reports(ctx, &report, 1, &rows, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this report has no insurance claim");
	made->claim = rows;
	FL_TRY(fl_api_report_of(ctx, report, &made->report));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

/* An explicit null takes a text away, as an empty one does. */
static fl_str text_of(const fl_gql_value *in, const char *name)
{
	const fl_gql_value *value = fl_gql_member(in, name);
	return value->kind == FL_GQL_NULL ? FL_STR("") : fl_gql_text(value);
}

fl_err fl_api_save_claim(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *person = fl_gql_member(in, "adjuster");
	fl_claim_draft draft = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.insurer = text_of(in, "insurer"),
		.policy_no = text_of(in, "policyNumber"),
		.claim_no = text_of(in, "claimNumber"),
		.noticed_on = fl_gql_int_or(fl_gql_member(in, "noticedOn"), 0),
	};
	if (fl_gql_given(person)) {
		draft.adjuster_name = text_of(person, "name");
		draft.adjuster_email = text_of(person, "email");
		draft.adjuster_phone = text_of(person, "phone");
	}
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &draft.report_id));
	FL_TRY(fl_api_cents_in(ctx, in, "deductible", &draft.has_deductible, &draft.deductible_cents));
	FL_TRY(fl_api_cents_in(ctx, in, "claimedAmount", &draft.has_claimed, &draft.claimed_cents));
	FL_TRY(fl_claim_save(ctx, &draft));
	return answer(ctx, draft.report_id, batch);
}

fl_err fl_api_move_claim(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_claim_step_in step = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.verb = (fl_claim_verb)fl_gql_int_or(fl_gql_member(in, "step"), 0),
		.reason = fl_gql_text(fl_gql_member(in, "reason")),
		.reference = fl_gql_text(fl_gql_member(in, "reference")),
		.paid_on = fl_gql_int_or(fl_gql_member(in, "paidOn"), 0),
	};
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &step.report_id));
	FL_TRY(fl_api_cents_in(ctx, in, "paidAmount", &step.has_paid, &step.paid_cents));
	FL_TRY(fl_claim_move(ctx, &step));
	return answer(ctx, step.report_id, batch);
}
