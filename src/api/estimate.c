/* Estimates of repairs: DamageReport.estimates, and what managers do with them. */
#include "api/group_int.h"
#include "fleet/repair/quote.h"

/* ---- DamageReport ---- */

fl_err fl_api_report_estimates(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_estimate *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_estimates_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_estimate, report_id), batch);
}

fl_err fl_api_report_approved_amount(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_report *report = parent;
	fl_money *made = fl_new(ctx->mem, fl_money);
	if (!made)
		return FL_NOMEM;
	made->currency = report->currency;
	*out = fl_gql_object(fl_report_approved(report, &made->cents) ? made : NULL);
	return FL_OK;
}

/* ---- Estimate ---- */

static int32_t vendor_key(const void *parent)
{
	return ((const fl_estimate *)parent)->vendor_id;
}

static fl_err vendor(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { vendor_key, fl_api_load_vendors }, batch);
}

static int32_t requester_key(const void *parent)
{
	return ((const fl_estimate *)parent)->requested_by;
}

static fl_err requested_by(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { requester_key, fl_api_load_people }, batch);
}

static int32_t decider_key(const void *parent)
{
	return ((const fl_estimate *)parent)->decided_by;
}

static fl_err decided_by(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { decider_key, fl_api_load_people }, batch);
}

static fl_err is_open(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(fl_estimate_is_open(parent, fl_now_us()));
	return FL_OK;
}

static fl_err current(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate *e = parent;
	*out = fl_gql_object(e->now.number ? &e->now : NULL);
	return FL_OK;
}

static fl_err link_of(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(((const fl_estimate *)parent)->has_link ? parent : NULL);
	return FL_OK;
}

const struct fl_api_estimate_link fl_api_estimate_link = {
	.expires_at = FL_COLUMN(fl_estimate, link_expires_at),
	.revoked = FL_COLUMN(fl_estimate, link_revoked),
	.uses = FL_COLUMN(fl_estimate, link_uses),
	.last_used_at = FL_COLUMN(fl_estimate, link_used_at),
	.mail = FL_COLUMN(fl_estimate, mail_state),
	.mail_problem = FL_COLUMN(fl_estimate, mail_why),
	.mail_tries = FL_COLUMN(fl_estimate, mail_tries),
	.mail_tried_at = FL_COLUMN(fl_estimate, mail_tried_at),
};

/* The revisions of all estimates of their reports at once: they stand ordered by report and estimate. */
static fl_err revisions(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_estimate_revision *rows;
	size_t count;
	FL_TRY(fl_api_uuid_keys(ctx, batch, offsetof(fl_estimate, report_id), &keys));
	FL_TRY(fl_estimate_revisions_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	for (size_t i = 0; i < batch->count; i++) {
		const fl_estimate *e = batch->parents[i];
		size_t first = 0, end;
		while (first < count && !(fl_uuid_eq(rows[first].report_id, e->report_id) && rows[first].estimate_id == e->id))
			first++;
		for (end = first; end < count && fl_uuid_eq(rows[end].report_id, e->report_id) && rows[end].estimate_id == e->id;)
			end++;
		batch->results[i] = fl_gql_rows(rows ? &rows[first] : NULL, sizeof(rows[0]), end - first);
	}
	return FL_OK;
}

const struct fl_api_estimate fl_api_estimate = {
	.id = FL_COLUMN(fl_estimate, id),
	.report_id = FL_COLUMN(fl_estimate, report_id),
	.state = FL_COLUMN(fl_estimate, state),
	.version = FL_COLUMN(fl_estimate, version),
	.vendor = FL_BATCH(vendor),
	.vendor_name = FL_COLUMN(fl_estimate, vendor),
	.email = FL_COLUMN(fl_estimate, email),
	.message = FL_COLUMN(fl_estimate, message),
	.requested_by = FL_BATCH(requested_by),
	.created_at = FL_COLUMN(fl_estimate, created_at),
	.decided_at = FL_COLUMN(fl_estimate, decided_at),
	.decided_by = FL_BATCH(decided_by),
	.reason = FL_COLUMN(fl_estimate, reason),
	.is_open = FL_GETTER(is_open),
	.link = FL_GETTER(link_of),
	.current = FL_GETTER(current),
	.revisions = FL_BATCH(revisions),
};

/* ---- EstimateRevision ---- */

static fl_err decimal(fl_ctx *ctx, int64_t value, int decimals, fl_gql_value *out)
{
	fl_str text = fl_decimal_text(ctx->mem, value, decimals);
	*out = fl_gql_string(text);
	return text.ptr ? FL_OK : FL_NOMEM;
}

static fl_err by_vendor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_estimate_revision *)parent)->entered_by == 0);
	return FL_OK;
}

static fl_err repair_days(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate_revision *r = parent;
	*out = r->repair_days < 0 ? fl_gql_null() : fl_gql_int(r->repair_days);
	return FL_OK;
}

static fl_err revision_rate(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return decimal(ctx, ((const fl_estimate_revision *)parent)->tax_rate, 2, out);
}

static fl_err lines(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate_revision *r = parent;
	*out = fl_gql_rows(r->lines, sizeof(r->lines[0]), r->line_count);
	return FL_OK;
}

static fl_err labour_hours(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return decimal(ctx, ((const fl_estimate_revision *)parent)->totals.labour_time, 3, out);
}

/* One batch resolver an amount: the company's currency is asked for once. */
#define AMOUNT(name, type, member)                                                                                               \
	static fl_err name(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)                                          \
	{                                                                                                                        \
		for (size_t i = 0; i < batch->count; i++)                                                                        \
			FL_TRY(fl_api_cents(ctx, true, ((const type *)batch->parents[i])->member, &batch->results[i]));          \
		return FL_OK;                                                                                                    \
	}
AMOUNT(labour, fl_estimate_revision, totals.labour)
AMOUNT(parts, fl_estimate_revision, totals.parts)
AMOUNT(paint, fl_estimate_revision, totals.paint)
AMOUNT(other, fl_estimate_revision, totals.other)
AMOUNT(net, fl_estimate_revision, totals.net)
AMOUNT(tax, fl_estimate_revision, totals.tax)
AMOUNT(total, fl_estimate_revision, totals.total)
AMOUNT(unit_price, fl_estimate_line, unit_cents)
AMOUNT(line_net, fl_estimate_line, net_cents)

const struct fl_api_estimate_revision fl_api_estimate_revision = {
	.number = FL_COLUMN(fl_estimate_revision, number),
	.sent_at = FL_COLUMN(fl_estimate_revision, sent_at),
	.by_vendor = FL_GETTER(by_vendor),
	.reference = FL_COLUMN(fl_estimate_revision, reference),
	.note = FL_COLUMN(fl_estimate_revision, note),
	.valid_until = FL_COLUMN(fl_estimate_revision, valid_until),
	.repair_days = FL_GETTER(repair_days),
	.tax_rate = FL_GETTER(revision_rate),
	.lines = FL_GETTER(lines),
	.labour_hours = FL_GETTER(labour_hours),
	.labour = FL_BATCH(labour),
	.parts = FL_BATCH(parts),
	.paint = FL_BATCH(paint),
	.other = FL_BATCH(other),
	.net = FL_BATCH(net),
	.tax = FL_BATCH(tax),
	.total = FL_BATCH(total),
};

/* ---- EstimateLine ---- */

static fl_err quantity(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return decimal(ctx, ((const fl_estimate_line *)parent)->quantity, 3, out);
}

static fl_err discount(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return decimal(ctx, ((const fl_estimate_line *)parent)->discount_rate, 2, out);
}

static fl_err line_rate(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate_line *l = parent;
	*out = fl_gql_null();
	return l->tax_rate == FL_RATE_AS_ESTIMATE ? FL_OK : decimal(ctx, l->tax_rate, 2, out);
}

static fl_err zone_id(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate_line *l = parent;
	*out = l->zone ? fl_gql_int(l->zone) : fl_gql_null();
	return FL_OK;
}

const struct fl_api_estimate_line fl_api_estimate_line = {
	.kind = FL_COLUMN(fl_estimate_line, kind),
	.text = FL_COLUMN(fl_estimate_line, text),
	.quantity = FL_GETTER(quantity),
	.unit_price = FL_BATCH(unit_price),
	.discount = FL_GETTER(discount),
	.tax_rate = FL_GETTER(line_rate),
	.part_number = FL_COLUMN(fl_estimate_line, part_number),
	.source = FL_COLUMN(fl_estimate_line, source),
	.part = FL_COLUMN(fl_estimate_line, part),
	.side = FL_COLUMN(fl_estimate_line, side),
	.zone_id = FL_GETTER(zone_id),
	.net = FL_BATCH(line_net),
};

/* ---- Inputs ---- */

static fl_err small_id(fl_ctx *ctx, const char *what, const fl_gql_value *value, int16_t *out)
{
	int32_t number;
	FL_TRY(fl_api_id(ctx, what, value, &number));
	*out = (int16_t)FL_MIN(number, INT16_MAX);
	return FL_OK;
}

fl_err fl_api_estimate_pick(fl_ctx *ctx, const fl_gql_value *in, fl_estimate_pick *out)
{
	const fl_gql_value *id = fl_gql_member(in, "estimateId");
	*out = (fl_estimate_pick) { .version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0) };
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &out->report));
	return fl_gql_given(id) ? small_id(ctx, "estimateId", id, &out->id) : FL_OK;
}

/* A rate in percent; `otherwise` when it is not given. */
static fl_err read_rate(fl_ctx *ctx, const fl_gql_value *in, const char *name, int32_t otherwise, int32_t *out)
{
	const fl_gql_value *value = fl_gql_member(in, name);
	int64_t rate = otherwise;
	if (fl_gql_given(value))
		FL_TRY(fl_decimal_parse(&ctx->diag, name, fl_gql_text(value), 2, FL_RATE_MAX, &rate));
	*out = (int32_t)rate;
	return FL_OK;
}

static fl_err read_line(fl_ctx *ctx, const fl_gql_value *in, fl_estimate_line *out)
{
	const fl_gql_value *zone = fl_gql_member(in, "zoneId");
	*out = (fl_estimate_line) {
		.kind = (int16_t)fl_gql_int_or(fl_gql_member(in, "kind"), 0),
		.source = (int16_t)fl_gql_int_or(fl_gql_member(in, "source"), 0),
		.part = (int16_t)fl_gql_int_or(fl_gql_member(in, "part"), 0),
		.side = (int16_t)fl_gql_int_or(fl_gql_member(in, "side"), 0),
		.text = fl_gql_text(fl_gql_member(in, "text")),
		.part_number = fl_gql_text(fl_gql_member(in, "partNumber")),
	};
	if (fl_gql_given(zone))
		FL_TRY(small_id(ctx, "zoneId", zone, &out->zone));
	FL_TRY(read_rate(ctx, in, "discount", 0, &out->discount_rate));
	FL_TRY(read_rate(ctx, in, "taxRate", FL_RATE_AS_ESTIMATE, &out->tax_rate));
	FL_TRY(fl_decimal_parse(
		&ctx->diag, "quantity", fl_gql_text(fl_gql_member(in, "quantity")), 3, FL_QUANTITY_MAX, &out->quantity));
	return fl_money_parse(&ctx->diag, "unitPrice", fl_gql_text(fl_gql_member(in, "unitPrice")), &out->unit_cents);
}

static fl_err read_draft(fl_ctx *ctx, const fl_gql_value *in, fl_estimate_draft *out)
{
	const fl_gql_value *list = fl_gql_member(in, "lines"), *vendor_id = fl_gql_member(in, "vendorId");
	int64_t days = fl_gql_int_or(fl_gql_member(in, "repairDays"), -1);
	*out = (fl_estimate_draft) {
		.reference = fl_gql_text(fl_gql_member(in, "reference")),
		.note = fl_gql_text(fl_gql_member(in, "note")),
		.valid_until = fl_gql_int_or(fl_gql_member(in, "validUntil"), 0),
		.repair_days = (int16_t)FL_MAX(FL_MIN(days, INT16_MAX), INT16_MIN),
		.line_count = list->count,
	};
	if (fl_gql_given(fl_gql_member(in, "repairDays")) && days < 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "repairDays must not be negative");
	if (fl_gql_given(vendor_id))
		FL_TRY(fl_api_id(ctx, "vendorId", vendor_id, &out->vendor_id));
	if (list->count > FL_ESTIMATE_LINES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%u lines were sent; an estimate has at most %d", list->count,
			FL_ESTIMATE_LINES_MAX);
	FL_TRY(read_rate(ctx, in, "taxRate", 0, &out->tax_rate));
	out->lines = fl_new_array(ctx->mem, fl_estimate_line, list->count);
	if (!out->lines)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++)
		FL_TRY(read_line(ctx, &list->items[i], &out->lines[i]));
	return FL_OK;
}

/* ---- Mutation ---- */

const struct fl_api_estimate_payload fl_api_estimate_payload = { .estimate = FL_SELF };

static fl_err answer(fl_ctx *ctx, fl_uuid report, int16_t id, fl_gql_batch *batch)
{
	const fl_estimate *found;
	FL_TRY(fl_estimate_get(ctx, report, id, &found));
	batch->results[0] = fl_gql_object(found);
	return FL_OK;
}

fl_err fl_api_submit_estimate(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_estimate_pick pick;
	fl_estimate_draft draft;
	int16_t id = 0;
	FL_TRY(fl_api_estimate_pick(ctx, in, &pick));
	FL_TRY(read_draft(ctx, in, &draft));
	if (!pick.id && !draft.vendor_id)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "whose estimate is it? Give vendorId, or estimateId for a revision");
	FL_TRY(fl_estimate_submit(ctx, &pick, &draft, &id));
	return answer(ctx, pick.report, id, batch);
}

const struct fl_api_accept_estimate_payload fl_api_accept_estimate_payload = {
	.estimate = FL_POINTER(fl_accepted, estimate),
	.report = FL_POINTER(fl_accepted, report),
	.awaits_second_approval = FL_COLUMN(fl_accepted, endorsed),
	.undo_until = FL_COLUMN(fl_accepted, undo_until),
};

fl_err fl_api_accept_estimate(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_estimate_pick pick;
	fl_accepted *made = fl_new(ctx->mem, fl_accepted);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_api_estimate_pick(ctx, fl_gql_arg(field, "input"), &pick));
	FL_TRY(fl_estimate_accept(ctx, &pick, made));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

static fl_err close_estimate(fl_ctx *ctx, const fl_gql_field *field, fl_estimate_verb verb, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_estimate_pick pick;
	FL_TRY(fl_api_estimate_pick(ctx, in, &pick));
	FL_TRY(fl_estimate_close(ctx, &pick, verb, fl_gql_text(fl_gql_member(in, "reason"))));
	return answer(ctx, pick.report, pick.id, batch);
}

fl_err fl_api_decline_estimate(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return close_estimate(ctx, field, FL_ESTIMATE_DECLINE, batch);
}

fl_err fl_api_withdraw_estimate(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return close_estimate(ctx, field, FL_ESTIMATE_WITHDRAW, batch);
}

/* ---- Links ---- */

const struct fl_api_estimate_link_payload fl_api_estimate_link_payload = {
	.estimate = FL_POINTER(fl_asked, estimate),
	.url = FL_COLUMN(fl_asked, url),
	.mailed = FL_COLUMN(fl_asked, mailed),
	.mail_problem = FL_COLUMN(fl_asked, mail_why),
};

fl_err fl_api_request_estimate(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *vendor_id = fl_gql_member(in, "vendorId");
	fl_estimate_request request = {
		.email = fl_gql_text(fl_gql_member(in, "email")),
		.message = fl_gql_text(fl_gql_member(in, "message")),
		.expires_at = fl_gql_int_or(fl_gql_member(in, "expiresAt"), 0),
		.mail = fl_gql_bool_or(fl_gql_member(in, "mail"), true),
	};
	fl_asked *made = fl_new(ctx->mem, fl_asked);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &request.report));
	if (fl_gql_given(vendor_id))
		FL_TRY(fl_api_id(ctx, "vendorId", vendor_id, &request.vendor_id));
	FL_TRY(fl_estimate_ask(ctx, &request, made));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_renew_estimate_link(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_estimate_pick pick;
	fl_asked *made = fl_new(ctx->mem, fl_asked);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_api_estimate_pick(ctx, in, &pick));
	FL_TRY(fl_estimate_relink(ctx, &pick, fl_gql_int_or(fl_gql_member(in, "expiresAt"), 0),
		fl_gql_bool_or(fl_gql_member(in, "mail"), true), made));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_revoke_estimate_link(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_estimate_pick pick;
	FL_TRY(fl_api_estimate_pick(ctx, fl_gql_arg(field, "input"), &pick));
	FL_TRY(fl_estimate_unlink(ctx, &pick));
	return answer(ctx, pick.report, pick.id, batch);
}
