/* Judgements about estimates: beside the assessment, and whether a repair pays at all. */
#include "api/group_int.h"
#include "fleet/repair/repair.h"
#include "fleet/report/zone.h"

/* Rows that stand in the order of the distinct reports, handed to the reports of a batch. */
static void hand_out(const void *rows, size_t stride, const fl_gql_keys_uuid *keys, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object((const char *)rows + keys->place[i] * stride);
}

/* ---- DamageReport.estimateComparison ---- */

fl_err fl_api_report_estimate_comparison(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_estimate_comparison *rows;
	if (!fl_may(&ctx->caller, FL_MAY_ESTIMATE_READ))
		return FL_OK; /* null, as the SDL says */
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_estimates_compare(ctx, keys.keys, keys.count, &rows));
	hand_out(rows, sizeof(rows[0]), &keys, batch);
	return FL_OK;
}

static fl_err compared_rows(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate_comparison *c = parent;
	*out = fl_gql_rows(c->rows, sizeof(c->rows[0]), c->count);
	return FL_OK;
}

const struct fl_api_estimate_comparison fl_api_estimate_comparison = {
	.assessment = FL_POINTER(fl_estimate_comparison, assessment),
	.estimates = FL_GETTER(compared_rows),
};

static fl_err outside(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate_compared *c = parent;
	*out = fl_gql_ptrs((const void *const *)c->outside, c->outside_count);
	return FL_OK;
}

static fl_err missing(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_estimate_compared *c = parent;
	*out = fl_gql_ptrs((const void *const *)c->missing, c->missing_count);
	return FL_OK;
}

const struct fl_api_compared_estimate fl_api_compared_estimate = {
	.estimate = FL_POINTER(fl_estimate_compared, estimate),
	.against = FL_COLUMN(fl_estimate_compared, against),
	.deviation_percent = FL_OPTIONAL(fl_estimate_compared, deviation, has_deviation),
	.labour_hours = FL_COLUMN(fl_estimate_compared, hours),
	.hours_deviation_percent = FL_OPTIONAL(fl_estimate_compared, hours_deviation, has_hours),
	.places_known = FL_COLUMN(fl_estimate_compared, has_places),
	.lines_outside_damage = FL_GETTER(outside),
	.missing_damage = FL_GETTER(missing),
	.is_cheapest = FL_COLUMN(fl_estimate_compared, is_cheapest),
	.is_fastest = FL_COLUMN(fl_estimate_compared, is_fastest),
};

/* ---- DamageReport.totalLoss ---- */

fl_err fl_api_report_total_loss(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_total_loss *rows;
	if (!fl_may(&ctx->caller, FL_MAY_ESTIMATE_READ))
		return FL_OK;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_total_losses_of_reports(ctx, keys.keys, keys.count, &rows));
	hand_out(rows, sizeof(rows[0]), &keys, batch);
	return FL_OK;
}

static fl_err cost(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const fl_total_loss *l = batch->parents[i];
		FL_TRY(fl_api_cents(ctx, l->has_cost, l->cost_cents, &batch->results[i]));
	}
	return FL_OK;
}

static fl_err value(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const fl_total_loss *l = batch->parents[i];
		FL_TRY(fl_api_cents(ctx, l->has_value, l->value_cents, &batch->results[i]));
	}
	return FL_OK;
}

const struct fl_api_total_loss fl_api_total_loss = {
	.is_total_loss = FL_OPTIONAL(fl_total_loss, is_total_loss, known),
	.ratio = FL_OPTIONAL(fl_total_loss, ratio, known),
	.cost = FL_BATCH(cost),
	.basis = FL_COLUMN(fl_total_loss, basis),
	.value = FL_BATCH(value),
	.jurisdiction = FL_COLUMN(fl_total_loss, jurisdiction),
	.rule = FL_INSIDE(fl_total_loss, rule),
	.explanation = FL_COLUMN(fl_total_loss, explanation),
};

/* ---- Rules ---- */

static fl_err rule_jurisdiction(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_loss_rule *rule = parent;
	*out = rule->jurisdiction.len ? fl_gql_string(rule->jurisdiction) : fl_gql_null();
	return FL_OK;
}

static fl_err rule_percent(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_str text = fl_decimal_text(ctx->mem, ((const fl_loss_rule *)parent)->rate, 2);
	*out = fl_gql_string(text);
	return text.ptr ? FL_OK : FL_NOMEM;
}

const struct fl_api_total_loss_rule fl_api_total_loss_rule = {
	.jurisdiction = FL_GETTER(rule_jurisdiction),
	.kind = FL_COLUMN(fl_loss_rule, kind),
	.percent = FL_GETTER(rule_percent),
	.is_own = FL_COLUMN(fl_loss_rule, own),
};

fl_err fl_api_total_loss_rules(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_loss_rule *rows;
	size_t count;
	FL_TRY(fl_loss_rules(ctx, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

typedef struct rules_answer {
	fl_gql_span rules;
} rules_answer;

const struct fl_api_total_loss_rules_payload fl_api_total_loss_rules_payload = { .rules = FL_COLUMN(rules_answer, rules) };

static fl_err answer(fl_ctx *ctx, fl_gql_batch *batch)
{
	fl_loss_rule *rows;
	size_t count;
	rules_answer *made = fl_new(ctx->mem, rules_answer);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_loss_rules(ctx, &rows, &count));
	made->rules = FL_GQL_SPAN(rows, count);
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_set_total_loss_rule(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_loss_rule rule = { .jurisdiction = fl_gql_text(fl_gql_member(in, "jurisdiction")),
		.kind = (int16_t)fl_gql_int_or(fl_gql_member(in, "kind"), 0) };
	int64_t rate;
	FL_TRY(fl_decimal_parse(
		&ctx->diag, "percent", fl_gql_text(fl_gql_member(in, "percent")), 2, 10 * FL_LOSS_RATE_MAX, &rate));
	rule.rate = (int32_t)rate;
	FL_TRY(fl_loss_rule_set(ctx, &rule));
	return answer(ctx, batch);
}

fl_err fl_api_remove_total_loss_rule(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	FL_TRY(fl_loss_rule_remove(ctx, fl_gql_text(fl_gql_member(fl_gql_arg(field, "input"), "jurisdiction"))));
	return answer(ctx, batch);
}
