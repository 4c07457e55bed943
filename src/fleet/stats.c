#include "fleet/stats.h"

/* ---- bounds: whole months, and what is left at both ends ---- */

typedef struct span {
	int64_t from, to; /* from == to: nothing */
} span;

typedef struct bounds {
	span months, head, tail;
} bounds;

static int64_t month_floor(int64_t at)
{
	fl_civil c = fl_time_civil(at);
	return fl_time_from_civil((fl_civil){ .year = c.year, .month = c.month, .day = 1 });
}

static int64_t month_after(int64_t month)
{
	fl_civil c = fl_time_civil(month);
	bool december = c.month == 12;
	return fl_time_from_civil((fl_civil){ .year = c.year + december, .month = december ? 1 : c.month + 1, .day = 1 });
}

static int64_t months_before(int64_t at, int months)
{
	fl_civil c = fl_time_civil(at);
	int n = c.year * 12 + c.month - 1 - months;
	return fl_time_from_civil((fl_civil){ .year = n / 12, .month = n % 12 + 1, .day = 1 });
}

/* An end in the future, or none, is the end of this month: what is not filed yet is not counted. */
static bounds split(const fl_report_filter *filter, int64_t now)
{
	int64_t end = month_after(month_floor(now));
	int64_t from = filter->reported_after ? filter->reported_after : months_before(now, 11);
	int64_t to = filter->reported_before && filter->reported_before < end ? filter->reported_before : end;
	int64_t first = month_floor(from) == from ? from : month_after(month_floor(from)), last = month_floor(to);
	if (from >= to)
		return (bounds){};
	if (first > last)
		return (bounds){ .head = { from, to } };
	return (bounds){ .months = { first, last }, .head = { from, first }, .tail = { last, to } };
}

/* ---- the statements ---- */

/* $1-$3 codes, $4 depot, $5 vehicle; $6-$10 group by status, severity, kind, depot, month; $11, $12 whole months;
 * $13-$16 the ids of the ends; $17 limit; $18 group by vehicle. */
/* A date beside a date: the comparison of dates with moments is not leakproof, and so kept off the index. */
#define DAY(moment) "(" moment "::timestamptz AT TIME ZONE 'UTC')::date"
#define SUMS "sum(n)::bigint, sum(est)::bigint, sum(act)::bigint, sum(cost)::bigint, sum(repairs)::bigint, sum(repair_s)::bigint"
#define RAW(low, high)                                                                                                 \
	"SELECT status, coalesce(severity, 0::int2) AS severity, coalesce(damage_type, 0::int2) AS damage_type,"      \
	" coalesce(facility_id, 0) AS facility_id, vehicle_id, date_trunc('month', reported_at AT TIME ZONE 'UTC')::date AS month, 1::bigint AS n," \
	" coalesce(estimated_cost, 0) AS est, coalesce(actual_cost, 0) AS act, report_cost(status, estimated_cost, actual_cost) AS cost," \
	" (completed_at IS NOT NULL)::int::bigint AS repairs, repair_seconds(reported_at, completed_at) AS repair_s"   \
	" FROM damage_reports WHERE ($5::int IS NULL OR vehicle_id = $5) AND id >= " low " AND id < " high
#define STATS(source)                                                                                                  \
	"SELECT CASE WHEN $6 THEN status END, CASE WHEN $7 THEN nullif(severity, 0) END, CASE WHEN $8 THEN nullif(damage_type, 0) END," \
	" CASE WHEN $9 THEN nullif(facility_id, 0) END, CASE WHEN $18 THEN vehicle_id END,"                           \
	" CASE WHEN $10 THEN month::timestamp AT TIME ZONE 'UTC' END, " SUMS " FROM (" source ") x"                    \
	" WHERE ($1::int2[] IS NULL OR status = ANY($1)) AND ($2::int2[] IS NULL OR severity = ANY($2))"               \
	" AND ($3::int2[] IS NULL OR damage_type = ANY($3)) AND ($4::int IS NULL OR facility_id = $4)"                 \
	" GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0 ORDER BY 6 DESC NULLS LAST, 7 DESC, 1, 2, 3, 4, 5 LIMIT $17"

static const fl_sql by_depot = {
	"stats_depot",
	STATS("SELECT status, severity, damage_type, facility_id, 0 AS vehicle_id, month, n, est, act, cost, repairs, repair_s FROM rollup_depot"
	      " WHERE month >= " DAY("$11") " AND month < " DAY("$12") " AND ($4::int IS NULL OR facility_id = $4) UNION ALL " RAW("$13", "$14") " UNION ALL " RAW("$15", "$16"))
};
static const fl_sql by_vehicle = {
	"stats_vehicle",
	STATS("SELECT 0::int2 AS status, 0::int2 AS severity, 0::int2 AS damage_type, 0 AS facility_id, vehicle_id, month, n, est, act, cost, repairs, repair_s"
	      " FROM rollup_vehicle WHERE ($5::int IS NULL OR vehicle_id = $5) AND month >= " DAY("$11") " AND month < " DAY("$12") ""
	      " UNION ALL " RAW("$13", "$14") " UNION ALL " RAW("$15", "$16"))
};
/* The whole span lies in the first end. */
static const fl_sql from_reports = { "stats_reports", STATS(RAW("$13", "$14") " AND $11::timestamptz IS NULL AND $12::timestamptz IS NULL UNION ALL " RAW("$15", "$16")) };

static void arg_codes(fl_args *args, const fl_report_filter *f)
{
	fl_arg_i16s(args, f->statuses, f->status_count);
	fl_arg_i16s(args, f->severities, f->severity_count);
	fl_arg_i16s(args, f->damage_types, f->damage_type_count);
}

static void arg_id(fl_args *args, int32_t id)
{
	if (id)
		fl_arg_i32(args, id);
	else
		fl_arg_null(args, FL_DB_I32);
}

static void arg_span(fl_args *args, span s)
{
	fl_arg_time(args, s.from);
	fl_arg_time(args, s.to);
}

static void arg_ids(fl_args *args, span s)
{
	fl_arg_uuid(args, fl_uuid7_floor(s.from));
	fl_arg_uuid(args, fl_uuid7_floor(s.to));
}

static const fl_sql *choose(const fl_stats_query *q)
{
	const fl_report_filter *f = &q->filter;
	bool vehicle = f->vehicle_id || q->group & FL_STATS_VEHICLE;
	bool other = f->statuses || f->severities || f->damage_types || f->facility_id ||
		     q->group & (FL_STATS_STATUS | FL_STATS_SEVERITY | FL_STATS_TYPE | FL_STATS_DEPOT);
	return !vehicle ? &by_depot : other ? &from_reports : &by_vehicle;
}

static void arg_bounds(fl_args *args, const fl_sql *sql, const fl_report_filter *filter)
{
	bounds b = split(filter, fl_now_us());
	if (sql == &from_reports) {
		span all = { b.head.from != b.head.to ? b.head.from : b.months.from, b.tail.to ? b.tail.to : FL_MAX(b.head.to, b.months.to) };
		fl_arg_null(args, FL_DB_TIME);
		fl_arg_null(args, FL_DB_TIME);
		arg_ids(args, all);
		arg_ids(args, (span){});
		return;
	}
	arg_span(args, b.months);
	arg_ids(args, b.head);
	arg_ids(args, b.tail);
}

static fl_err ask(fl_ctx *ctx, const fl_stats_query *q, const fl_rows **rows)
{
	static const unsigned order[] = { FL_STATS_STATUS, FL_STATS_SEVERITY, FL_STATS_TYPE, FL_STATS_DEPOT, FL_STATS_MONTH };
	const fl_sql *sql = choose(q);
	fl_args args = fl_args_make(ctx->mem);
	arg_codes(&args, &q->filter);
	arg_id(&args, q->filter.facility_id);
	arg_id(&args, q->filter.vehicle_id);
	for (size_t i = 0; i < FL_COUNT(order); i++)
		fl_arg_bool(&args, q->group & order[i]);
	arg_bounds(&args, sql, &q->filter);
	fl_arg_i64(&args, q->limit);
	fl_arg_bool(&args, q->group & FL_STATS_VEHICLE);
	return await_query(ctx, ctx->services->db, sql, &args, rows);
}

fl_err fl_stats_count(fl_ctx *ctx, const fl_stats_query *query, fl_stats_group **out, size_t *count)
{
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	FL_TRY(ask(ctx, query, &rows));
	fl_stats_group *made = fl_new_array(ctx->mem, fl_stats_group, (size_t)FL_MAX(rows->count, 1));
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		made[i] = (fl_stats_group){ fl_row_i16(rows, i, 0), fl_row_i16(rows, i, 1), fl_row_i16(rows, i, 2), fl_row_i32(rows, i, 3),
			fl_row_i32(rows, i, 4), fl_row_time_or_0(rows, i, 5), fl_row_i64(rows, i, 6), fl_row_i64(rows, i, 7),
			fl_row_i64(rows, i, 8), fl_row_i64(rows, i, 9), fl_row_i64(rows, i, 10), fl_row_i64(rows, i, 11) };
	*out = made;
	*count = query->group ? (size_t)rows->count : 1;
	return FL_OK;
}

/* ---- risk ---- */

int16_t fl_risk_category(int64_t cost_cents, int64_t value_cents)
{
	double share = value_cents > 0 ? (double)cost_cents / (double)value_cents : 1;
	return share < 0.10 ? 1 : share < 0.25 ? 2 : share < 0.50 ? 3 : 4;
}

fl_err fl_risks_of(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, fl_risk **out, size_t *count)
{
	static const fl_sql sql = { "risks_of", "SELECT vehicle_id, sum(cost)::bigint, sum(n)::bigint FROM rollup_vehicle WHERE vehicle_id = ANY($1)"
		" AND month >= " DAY("$2") " GROUP BY 1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_i32s(&args, vehicles, vehicle_count);
	fl_arg_time(&args, months_before(fl_now_us(), 11));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_risk *made = fl_new_array(ctx->mem, fl_risk, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		made[i] = (fl_risk){ fl_row_i32(rows, i, 0), fl_row_i64(rows, i, 1), fl_row_i64(rows, i, 2) };
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_vehicles_riskiest(fl_ctx *ctx, uint32_t limit, fl_vehicle **out, size_t *count)
{
	static const fl_sql sql = { "vehicles_riskiest", "SELECT v.id FROM (SELECT vehicle_id, sum(cost) AS cost FROM rollup_vehicle WHERE month >= " DAY("$1") " GROUP BY 1) r"
		" JOIN vehicles v ON v.id = r.vehicle_id WHERE v.value > 0 AND v.retired_at IS NULL AND r.cost > 0 ORDER BY r.cost / v.value DESC, v.id LIMIT $2" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_vehicle *found;
	size_t found_count;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_time(&args, months_before(fl_now_us(), 11));
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	int32_t *ids = fl_new_array(ctx->mem, int32_t, (size_t)rows->count);
	fl_vehicle *sorted = fl_new_array(ctx->mem, fl_vehicle, (size_t)rows->count);
	if (!ids || !sorted)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		ids[i] = fl_row_i32(rows, i, 0);
	FL_TRY(fl_vehicles_get(ctx, ids, (size_t)rows->count, &found, &found_count));
	*count = 0;
	for (int i = 0; i < rows->count; i++)
		for (size_t k = 0; k < found_count; k++)
			if (found[k].id == ids[i])
				sorted[(*count)++] = found[k];
	*out = sorted;
	return FL_OK;
}
