/* Erasures, their findings, and legal holds. */
#include "fleet/retention/erasure.h"
#include "api/connection_int.h"

/* ---- Erasure ---- */

static int32_t driver_key(const void *parent)
{
	return ((const fl_erasure *)parent)->driver_id;
}

static fl_err driver(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { driver_key, fl_api_load_drivers }, batch);
}

static int32_t requested_by_key(const void *parent)
{
	return ((const fl_erasure *)parent)->requested_by;
}

static fl_err requested_by(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { requested_by_key, fl_api_load_people }, batch);
}

static fl_err erased(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_erasure *e = parent;
	*out = fl_gql_rows(e->counts, sizeof(e->counts[0]), e->count_count);
	return FL_OK;
}

static fl_err duties(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_erasure *e = parent;
	fl_gql_value *texts = fl_new_array(ctx->mem, fl_gql_value, e->duty_count);
	if (!texts)
		return FL_NOMEM;
	for (size_t i = 0; i < e->duty_count; i++)
		texts[i] = fl_gql_string(e->duties[i]);
	*out = fl_gql_list(texts, e->duty_count);
	return FL_OK;
}

/* A page each: erasures are few, and seldom listed with their findings. */
static fl_err findings(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int32_t after = (int32_t)fl_gql_int_or(fl_gql_arg(field, "after"), 0);
	uint32_t first;
	FL_TRY(fl_api_first(ctx, field, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, &first));
	for (size_t i = 0; i < batch->count; i++) {
		fl_finding *rows;
		size_t count;
		FL_TRY(fl_findings_of(ctx, ((const fl_erasure *)batch->parents[i])->id, after, first, &rows, &count));
		batch->results[i] = fl_gql_rows(rows, sizeof(rows[0]), count);
	}
	return FL_OK;
}

const struct fl_api_erasure fl_api_erasure = {
	.id = FL_COLUMN(fl_erasure, id),
	.state = FL_COLUMN(fl_erasure, state),
	.driver = FL_BATCH(driver),
	.reason = FL_COLUMN(fl_erasure, reason),
	.reference = FL_COLUMN(fl_erasure, reference),
	.requested_by = FL_BATCH(requested_by),
	.requested_at = FL_COLUMN(fl_erasure, requested_at),
	.done_at = FL_COLUMN(fl_erasure, done_at),
	.until = FL_COLUMN(fl_erasure, until),
	.duties = FL_GETTER(duties),
	.erased = FL_GETTER(erased),
	.findings = FL_BATCH(findings),
	.finding_count = FL_COLUMN(fl_erasure, findings),
	.findings_open = FL_COLUMN(fl_erasure, findings_open),
};

const struct fl_api_erased_count fl_api_erased_count = {
	.what = FL_COLUMN(fl_erased_count, what),
	.rows = FL_COLUMN(fl_erased_count, rows),
};

/* ---- ErasureFinding ---- */

static bool report_key(const void *parent, fl_uuid *out)
{
	const fl_finding *finding = parent;
	*out = finding->report_id;
	return finding->has_report;
}

static fl_err finding_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, report_key, batch);
}

static fl_err photo(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_finding *finding = parent;
	*out = finding->photo ? fl_gql_int(finding->photo) : fl_gql_null();
	return FL_OK;
}

const struct fl_api_erasure_finding fl_api_erasure_finding = {
	.id = FL_COLUMN(fl_finding, id),
	.place = FL_COLUMN(fl_finding, place),
	.report = FL_BATCH(finding_report),
	.photo = FL_GETTER(photo),
	.text = FL_COLUMN(fl_finding, text),
	.state = FL_COLUMN(fl_finding, state),
};

/* ---- Query ---- */

fl_err fl_api_erasures(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *given = fl_gql_arg(field, "after");
	fl_erasure *rows;
	fl_uuid after;
	uint32_t first;
	size_t count;
	FL_TRY(fl_api_first(ctx, field, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, &first));
	if (fl_gql_given(given))
		FL_TRY(fl_api_uuid(ctx, "after", given, &after));
	FL_TRY(fl_erasures_list(ctx, fl_gql_given(given) ? &after : NULL, first, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

fl_err fl_api_erasure_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_erasure *found = fl_new(ctx->mem, fl_erasure);
	fl_uuid id;
	if (!found)
		return FL_NOMEM;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_arg(field, "id"), &id));
	fl_err err = fl_erasure_get(ctx, id, found);
	if (err != FL_OK && err != FL_NOT_FOUND)
		return err;
	ctx->diag.text[0] = 0;
	batch->results[0] = err ? fl_gql_null() : fl_gql_object(found);
	return FL_OK;
}

/* ---- Mutation ---- */

const struct fl_api_erase_payload fl_api_erase_payload = { .erasure = FL_SELF };
const struct fl_api_decide_erasure_finding_payload fl_api_decide_erasure_finding_payload = { .finding = FL_SELF };
const struct fl_api_hold_damage_report_payload fl_api_hold_damage_report_payload = { .report = FL_SELF };

static fl_err erase(fl_ctx *ctx, const fl_gql_value *in, fl_erasure_order order, fl_gql_batch *batch)
{
	fl_erasure *made = fl_new(ctx->mem, fl_erasure);
	if (!made)
		return FL_NOMEM;
	order.reason = fl_gql_text(fl_gql_member(in, "reason"));
	order.reference = fl_gql_text(fl_gql_member(in, "reference"));
	order.wait = fl_gql_bool_or(fl_gql_member(in, "wait"), false);
	order.dry_run = fl_gql_bool_or(fl_gql_member(in, "dryRun"), false);
	FL_TRY(fl_person_erase(ctx, &order, made));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_erase_driver(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_erasure_order order = {};
	FL_TRY(fl_api_id(ctx, "driverId", fl_gql_member(in, "driverId"), &order.driver_id));
	return erase(ctx, in, order, batch);
}

fl_err fl_api_erase_user(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_erasure_order order = {};
	FL_TRY(fl_api_id(ctx, "userId", fl_gql_member(in, "userId"), &order.user_id));
	return erase(ctx, in, order, batch);
}

fl_err fl_api_decide_erasure_finding(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *to = fl_gql_member(in, "redactTo");
	fl_finding *made = fl_new(ctx->mem, fl_finding);
	fl_uuid erasure;
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_api_uuid(ctx, "erasureId", fl_gql_member(in, "erasureId"), &erasure));
	FL_TRY(fl_finding_decide(ctx, erasure, (int32_t)fl_gql_int_or(fl_gql_member(in, "findingId"), 0),
		fl_gql_given(to) ? fl_gql_text(to) : (fl_str) {}, made));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

static fl_err answer_report(fl_ctx *ctx, fl_uuid id, fl_gql_batch *batch)
{
	fl_report *reports;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &reports, &count));
	if (count == 0)
		return FL_NOT_FOUND;
	batch->results[0] = fl_gql_object(reports);
	return FL_OK;
}

fl_err fl_api_hold_damage_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_uuid id;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &id));
	FL_TRY(fl_report_hold(ctx, id, fl_gql_text(fl_gql_member(in, "reason"))));
	return answer_report(ctx, id, batch);
}

fl_err fl_api_release_damage_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_uuid id;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(fl_gql_arg(field, "input"), "reportId"), &id));
	FL_TRY(fl_report_release(ctx, id));
	return answer_report(ctx, id, batch);
}

/* ---- DamageReport.hold ---- */

fl_err fl_api_report_hold(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_hold *holds;
	size_t count;
	if (!fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return FL_OK;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_holds_of_reports(ctx, keys.keys, keys.count, &holds, &count));
	const fl_hold **found = fl_new_array(ctx->mem, const fl_hold *, keys.count);
	if (!found)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		found[fl_gql_find_uuid(&keys, holds[i].report_id)] = &holds[i];
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(found[keys.place[i]]);
	return FL_OK;
}

static int32_t set_by_key(const void *parent)
{
	return ((const fl_hold *)parent)->set_by;
}

static fl_err set_by(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { set_by_key, fl_api_load_people }, batch);
}

const struct fl_api_legal_hold fl_api_legal_hold = {
	.reason = FL_COLUMN(fl_hold, reason),
	.set_by = FL_BATCH(set_by),
	.set_at = FL_COLUMN(fl_hold, set_at),
};
