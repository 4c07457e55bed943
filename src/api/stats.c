/* Reports in numbers, and the risk of vehicles. */
#include "api/connection_int.h"
#include "fleet/stats.h"

/* ---- damageReportStats ---- */

static unsigned read_dimensions(const fl_gql_value *list)
{
	unsigned group = 0;
	for (size_t i = 0; i < list->count; i++)
		group |= 1u << (fl_gql_int_or(&list->items[i], 1) - 1); /* the enum stands in the order of the bits */
	return group;
}

_Static_assert(FL_STATS_STATUS == 1 << (FL_API_DAMAGE_REPORT_STATS_DIMENSION_STATUS - 1) &&
		       FL_STATS_MONTH == 1 << (FL_API_DAMAGE_REPORT_STATS_DIMENSION_MONTH - 1),
	"bits in the order of the enum");

static fl_err read_filter(fl_ctx *ctx, const fl_gql_value *in, fl_report_filter *out)
{
	const fl_gql_value *vehicle = fl_gql_member(in, "vehicleId"), *facility = fl_gql_member(in, "facilityId");
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "status"), &out->statuses, &out->status_count));
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "severity"), &out->severities, &out->severity_count));
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "damageType"), &out->damage_types, &out->damage_type_count));
	if (fl_gql_given(vehicle))
		FL_TRY(fl_api_id(ctx, "vehicleId", vehicle, &out->vehicle_id));
	if (fl_gql_given(facility))
		FL_TRY(fl_api_id(ctx, "facilityId", facility, &out->facility_id));
	out->reported_after = fl_gql_int_or(fl_gql_member(in, "reportedAfter"), 0);
	out->reported_before = fl_gql_int_or(fl_gql_member(in, "reportedBefore"), 0);
	return FL_OK;
}

/* The parent of the three lists: nothing is asked before one of them is. */
fl_err fl_api_damage_report_stats_root(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_stats_query *query = fl_new(ctx->mem, fl_stats_query);
	if (!query)
		return FL_NOMEM;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	FL_TRY(fl_api_first(ctx, field, 100, FL_STATS_GROUPS_MAX, &query->limit));
	query->group = read_dimensions(fl_gql_arg(field, "groupBy"));
	FL_TRY(read_filter(ctx, fl_gql_arg(field, "filter"), &query->filter));
	batch->results[0] = fl_gql_object(query);
	return FL_OK;
}

static fl_err groups_of(fl_ctx *ctx, const fl_stats_query *query, fl_gql_value *out)
{
	fl_stats_group *groups;
	size_t count;
	FL_TRY(fl_stats_count(ctx, query, &groups, &count));
	*out = fl_gql_rows(groups, sizeof(groups[0]), count);
	return FL_OK;
}

static fl_err groups(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(groups_of(ctx, batch->parents[i], &batch->results[i]));
	return FL_OK;
}

static fl_err total(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		fl_stats_query query = *(const fl_stats_query *)batch->parents[i];
		fl_stats_group *one;
		size_t count;
		query.group = 0;
		FL_TRY(fl_stats_count(ctx, &query, &one, &count));
		batch->results[i] = fl_gql_object(one);
	}
	return FL_OK;
}

static fl_err by_month(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		fl_stats_query query = *(const fl_stats_query *)batch->parents[i];
		fl_stats_group *months, swap;
		size_t count;
		query.group = FL_STATS_MONTH;
		query.limit = FL_STATS_GROUPS_MAX;
		FL_TRY(fl_stats_count(ctx, &query, &months, &count));
		for (size_t a = 0, b = count; a + 1 < b; a++) {
			swap = months[--b];
			months[b] = months[a];
			months[a] = swap;
		}
		batch->results[i] = fl_gql_rows(months, sizeof(months[0]), count);
	}
	return FL_OK;
}

const struct fl_api_damage_report_stats fl_api_damage_report_stats = {
	.total = FL_BATCH(total),
	.groups = FL_BATCH(groups),
	.by_month = FL_BATCH(by_month),
};

/* ---- groups ---- */

static int32_t facility_key(const void *parent)
{
	return ((const fl_stats_group *)parent)->facility_id;
}

static int32_t vehicle_key(const void *parent)
{
	return ((const fl_stats_group *)parent)->vehicle_id;
}

static fl_err facility(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { facility_key, fl_api_load_facilities }, batch);
}

static fl_err vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { vehicle_key, fl_api_load_vehicles }, batch);
}

#define MONEY(name, member)                                                                                                      \
	static fl_err name(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)                                          \
	{                                                                                                                        \
		for (size_t i = 0; i < batch->count; i++)                                                                        \
			FL_TRY(fl_api_cents(                                                                                     \
				ctx, true, ((const fl_stats_group *)batch->parents[i])->member, &batch->results[i]));            \
		return FL_OK;                                                                                                    \
	}
MONEY(estimated_cost, estimated_cents)
MONEY(actual_cost, actual_cents)
MONEY(cost, cost_cents)
#undef MONEY

static fl_err average_repair_hours(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_stats_group *group = parent;
	*out = group->repairs > 0 ? fl_gql_float((double)group->repair_s / (double)group->repairs / 3600) : fl_gql_null();
	return FL_OK;
}

const struct fl_api_damage_report_stats_group fl_api_damage_report_stats_group = {
	.status = FL_COLUMN(fl_stats_group, status),
	.severity = FL_COLUMN(fl_stats_group, severity),
	.damage_type = FL_COLUMN(fl_stats_group, damage_type),
	.facility = FL_BATCH(facility),
	.vehicle = FL_BATCH(vehicle),
	.month = FL_COLUMN(fl_stats_group, month),
	.count = FL_COLUMN(fl_stats_group, count),
	.estimated_cost = FL_BATCH(estimated_cost),
	.actual_cost = FL_BATCH(actual_cost),
	.cost = FL_BATCH(cost),
	.completed = FL_COLUMN(fl_stats_group, repairs),
	.average_repair_hours = FL_GETTER(average_repair_hours),
};

/* ---- risk ---- */

typedef struct fl_vehicle_risk {
	fl_risk risk;
	bool has_value;
	int64_t value_cents;
} fl_vehicle_risk;

fl_err fl_api_vehicle_risk_of(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	fl_risk *risks;
	size_t count;
	int32_t *ids;
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_vehicle, id), &keys, &ids));
	fl_vehicle_risk *made = fl_new_array(ctx->mem, fl_vehicle_risk, batch->count);
	fl_risk *found = fl_new_array(ctx->mem, fl_risk, keys.count);
	if (!made || !found)
		return FL_NOMEM;
	FL_TRY(fl_risks_of(ctx, ids, keys.count, &risks, &count));
	for (size_t i = 0; i < count; i++)
		found[fl_gql_find_i64(&keys, risks[i].vehicle_id)] = risks[i];
	for (size_t i = 0; i < batch->count; i++) {
		const fl_vehicle *vehicle = batch->parents[i];
		made[i] = (fl_vehicle_risk) { found[keys.place[i]], vehicle->has_value, vehicle->value_cents };
		batch->results[i] = fl_gql_object(&made[i]);
	}
	return FL_OK;
}

static fl_err risk_category(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_vehicle_risk *r = parent;
	*out = fl_gql_enum(r->has_value ? fl_risk_category(r->risk.cost_cents, r->value_cents) : 0);
	return FL_OK;
}

static fl_err risk_share(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_vehicle_risk *r = parent;
	*out = r->has_value && r->value_cents ? fl_gql_float((double)r->risk.cost_cents / (double)r->value_cents) : fl_gql_null();
	return FL_OK;
}

static fl_err risk_cost(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(
			ctx, true, ((const fl_vehicle_risk *)batch->parents[i])->risk.cost_cents, &batch->results[i]));
	return FL_OK;
}

const struct fl_api_vehicle_risk fl_api_vehicle_risk = {
	.category = FL_GETTER(risk_category),
	.repair_cost = FL_BATCH(risk_cost),
	.reports = FL_COLUMN(fl_vehicle_risk, risk.reports),
	.share = FL_GETTER(risk_share),
};

fl_err fl_api_riskiest_vehicles(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	uint32_t first;
	fl_vehicle *rows;
	size_t count;
	FL_TRY(fl_api_first(ctx, field, 20, FL_PAGE_FIRST_MAX, &first));
	FL_TRY(fl_vehicles_riskiest(ctx, first, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}
