#include "api/api_int.h"

/* ---- Assessment ---- */

static fl_err cost(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(((const fl_assessment_row *)parent)->has_estimate ? parent : NULL);
	return FL_OK;
}

static fl_err rule(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_assessment_row *row = parent;
	fl_gql_value *items = fl_new_array(ctx->mem, fl_gql_value, row->rule_count);
	if (!items)
		return FL_NOMEM;
	for (size_t i = 0; i < row->rule_count; i++)
		items[i] = fl_gql_string(row->rule[i]);
	*out = fl_gql_list(items, row->rule_count);
	return FL_OK;
}

static fl_err fraud_signals(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_assessment_row *row = parent;
	*out = fl_gql_rows(row->fraud, sizeof(row->fraud[0]), row->fraud_count);
	return FL_OK;
}

static fl_err similar_cases(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_assessment_row *row = parent;
	*out = fl_gql_rows(row->similar, sizeof(row->similar[0]), row->similar_count);
	return FL_OK;
}

const struct fl_api_assessment fl_api_assessment = {
	.model = FL_COLUMN(fl_assessment_row, model),
	.created_at = FL_COLUMN(fl_assessment_row, created_at),
	.duration_ms = FL_COLUMN(fl_assessment_row, duration_ms),
	.severity = FL_COLUMN(fl_assessment_row, severity),
	.severity_confidence = FL_COLUMN(fl_assessment_row, severity_confidence),
	.part = FL_COLUMN(fl_assessment_row, part),
	.part_confidence = FL_COLUMN(fl_assessment_row, part_confidence),
	.damage_type = FL_COLUMN(fl_assessment_row, damage_type),
	.damage_type_confidence = FL_COLUMN(fl_assessment_row, type_confidence),
	.cost = FL_GETTER(cost),
	.repair_hours = FL_GETTER(cost),
	.rule = FL_GETTER(rule),
	.fraud_signals = FL_GETTER(fraud_signals),
	.similar_cases = FL_GETTER(similar_cases),
};

/* ---- CostRange, HoursRange: views of the same row ---- */

static fl_err money(fl_ctx *ctx, const fl_assessment_row *row, int64_t cents, fl_gql_value *out)
{
	fl_money *made = fl_new(ctx->mem, fl_money);
	if (!made)
		return FL_NOMEM;
	*made = (fl_money){ cents, row->currency };
	*out = fl_gql_object(made);
	return FL_OK;
}

static fl_err cost_low(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return money(ctx, parent, ((const fl_assessment_row *)parent)->cost_low, out);
}

static fl_err cost_likely(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return money(ctx, parent, ((const fl_assessment_row *)parent)->cost_likely, out);
}

static fl_err cost_high(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return money(ctx, parent, ((const fl_assessment_row *)parent)->cost_high, out);
}

const struct fl_api_cost_range fl_api_cost_range = {
	.low = FL_GETTER(cost_low),
	.likely = FL_GETTER(cost_likely),
	.high = FL_GETTER(cost_high),
};

const struct fl_api_hours_range fl_api_hours_range = {
	.low = FL_COLUMN(fl_assessment_row, hours_low),
	.likely = FL_COLUMN(fl_assessment_row, hours_likely),
	.high = FL_COLUMN(fl_assessment_row, hours_high),
};

/* ---- FraudSignal, SimilarCase ---- */

static bool seen_in_key(const void *parent, fl_uuid *out)
{
	const fl_fraud_row *row = parent;
	*out = row->seen_in;
	return row->has_seen_in;
}

static bool similar_key(const void *parent, fl_uuid *out)
{
	*out = ((const fl_similar_row *)parent)->report_id;
	return true;
}

static fl_err seen_in(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, seen_in_key, batch);
}

static fl_err similar_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, similar_key, batch);
}

const struct fl_api_fraud_signal fl_api_fraud_signal = {
	.kind = FL_COLUMN(fl_fraud_row, kind),
	.score = FL_COLUMN(fl_fraud_row, score),
	.message = FL_COLUMN(fl_fraud_row, message),
	.photo_id = FL_COLUMN(fl_fraud_row, photo),
	.seen_in = FL_BATCH(seen_in),
};

const struct fl_api_similar_case fl_api_similar_case = {
	.report = FL_BATCH(similar_report),
	.similarity = FL_COLUMN(fl_similar_row, similarity),
};
