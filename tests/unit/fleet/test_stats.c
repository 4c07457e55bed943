/* Totals against counting: after a burst of inserts, changes and deletes the two agree, group by group, for any bounds. */
#include "world.h"

#include "fleet/stats.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;

static void burst(void)
{
	(void)pg_fixture_sql(&w.pg,
		"SELECT platform.ensure_history((now() - interval '20 months')::date);"
		"INSERT INTO facilities (tenant_id, id, name) SELECT t, 50 + n, 'D' || n FROM generate_series(1, 2) t, generate_series(1, 3) n;"
		"INSERT INTO vehicles (tenant_id, id, name, vin, make, model, year) SELECT t, 50 + n, 'V' || n, 'VINVIN' || n, 'm', 'm', 2020"
		" FROM generate_series(1, 2) t, generate_series(1, 9) n;"
		"SELECT setseed(0.5);"
		"INSERT INTO damage_reports (tenant_id, id, report_number, vehicle_id, facility_id, incident_at, severity, damage_type, estimated_cost)"
		" SELECT 1 + n % 2, uuid7(now() - random() * interval '19 months'), n, 50 + 1 + n % 9, CASE WHEN n % 5 > 0 THEN 50 + 1 + n % 3 END, now(),"
		" CASE WHEN n % 7 > 0 THEN 1 + n % 6 END, CASE WHEN n % 4 > 0 THEN 1 + n % 12 END, CASE WHEN n % 3 > 0 THEN 1000 + n * 10 END"
		" FROM generate_series(1, 1200) n;"
		"SELECT rollup_fold(1);"
		"UPDATE damage_reports SET status = 5, completed_at = greatest(reported_at, now() - interval '1 hour'), actual_cost = report_number * 7 WHERE report_number % 3 = 0;"
		"UPDATE damage_reports SET status = 6 WHERE report_number % 11 = 0;"
		"UPDATE damage_reports SET facility_id = 51, vehicle_id = 51, severity = 6 WHERE report_number % 13 = 0;"
		"DELETE FROM damage_reports WHERE report_number % 17 = 0;"
		"SELECT rollup_fold()");
}

static fl_str describe(fl_ctx *ctx, const fl_stats_group *g, size_t count)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 20);
	int64_t n = 0, sum = 0;
	for (size_t i = 0; i < count; i++) {
		n += g[i].count;
		sum += g[i].status + 10 * g[i].severity + 100 * g[i].damage_type + g[i].facility_id * g[i].count + g[i].vehicle_id * g[i].repairs;
	}
	fl_buf_fmt(&buf, "%zu %lld %lld", count, (long long)n, (long long)sum);
	int64_t est = 0, act = 0, cost = 0, repairs = 0, seconds = 0;
	for (size_t i = 0; i < count; i++) {
		est += g[i].estimated_cents;
		act += g[i].actual_cents;
		cost += g[i].cost_cents;
		repairs += g[i].repairs;
		seconds += g[i].repair_s;
	}
	fl_buf_fmt(&buf, " %lld %lld %lld %lld %lld", (long long)est, (long long)act, (long long)cost, (long long)repairs, (long long)seconds);
	return fl_str_dup(ctx->mem, fl_buf_view(&buf));
}

static const char *flag(unsigned group, unsigned bit)
{
	return group & bit ? "true" : "false";
}

/* The same by hand. */
static const char *count_by_hand(unsigned group, const char *where)
{
	static char sql[2400];
	snprintf(sql, sizeof(sql),
		"SELECT concat_ws(' ', count(*), coalesce(sum(n), 0), coalesce(sum(coalesce(s, 0) + 10 * coalesce(v, 0) + 100 * coalesce(d, 0) + coalesce(f, 0) * n + coalesce(h, 0) * r), 0),"
		" coalesce(sum(e), 0), coalesce(sum(a), 0), coalesce(sum(c), 0), coalesce(sum(r), 0), coalesce(sum(t), 0)) FROM (SELECT"
		" CASE WHEN %s THEN status END AS s, CASE WHEN %s THEN severity END AS v, CASE WHEN %s THEN damage_type END AS d,"
		" CASE WHEN %s THEN facility_id END AS f, CASE WHEN %s THEN vehicle_id END AS h, CASE WHEN %s THEN date_trunc('month', reported_at) END AS m,"
		" count(*) AS n, sum(coalesce(estimated_cost, 0)) AS e, sum(coalesce(actual_cost, 0)) AS a,"
		" sum(CASE WHEN status = 6 THEN 0 ELSE coalesce(actual_cost, estimated_cost, 0) END) AS c, count(completed_at) AS r,"
		" sum(coalesce(extract(epoch FROM completed_at - reported_at)::bigint, 0)) AS t FROM damage_reports WHERE tenant_id = 1 AND %s GROUP BY 1, 2, 3, 4, 5, 6) x",
		flag(group, FL_STATS_STATUS), flag(group, FL_STATS_SEVERITY), flag(group, FL_STATS_TYPE), flag(group, FL_STATS_DEPOT),
		flag(group, FL_STATS_VEHICLE), flag(group, FL_STATS_MONTH), where);
	return sql;
}

static fl_err totals_equal_counting(fl_ctx *ctx)
{
	static const int16_t statuses[] = { 5, 6 }, severities[] = { 2, 6 };
	int64_t now = fl_now_us();
	const struct {
		fl_report_filter filter;
		const char *where;
	} cases[] = {
		{ { .reported_after = now - 700 * FL_DAY_US }, "true" },
		{ { .reported_after = now - 700 * FL_DAY_US, .statuses = statuses, .status_count = 2 }, "status IN (5, 6)" },
		{ { .reported_after = now - 700 * FL_DAY_US, .severities = severities, .severity_count = 2, .facility_id = 51 }, "severity IN (2, 6) AND facility_id = 51" },
		{ { .reported_after = now - 700 * FL_DAY_US, .vehicle_id = 51 }, "vehicle_id = 51" },
		{ { .reported_after = now - 100 * FL_DAY_US, .reported_before = now - 3 * FL_DAY_US }, "reported_at >= to_timestamp(%f) AND reported_at < to_timestamp(%f)" },
	};
	static const unsigned groups[] = { 0, FL_STATS_STATUS, FL_STATS_DEPOT | FL_STATS_MONTH, FL_STATS_VEHICLE, FL_STATS_VEHICLE | FL_STATS_TYPE, FL_STATS_SEVERITY | FL_STATS_TYPE,
		FL_STATS_MONTH | FL_STATS_VEHICLE, FL_STATS_STATUS | FL_STATS_SEVERITY | FL_STATS_TYPE | FL_STATS_DEPOT | FL_STATS_MONTH };
	world_as(ctx, 1, WORLD_MANAGER);
	for (size_t i = 0; i < FL_COUNT(cases); i++)
		for (size_t k = 0; k < FL_COUNT(groups); k++) {
			fl_stats_query query = { .filter = cases[i].filter, .group = groups[k], .limit = FL_STATS_GROUPS_MAX };
			fl_stats_group *found;
			char where[200];
			size_t count;
			/* Ids have milliseconds, so the bounds have too. */
			query.filter.reported_after -= query.filter.reported_after % 1000;
			query.filter.reported_before -= query.filter.reported_before % 1000;
			snprintf(where, sizeof(where), "%s", cases[i].where);
			if (strchr(cases[i].where, '%'))
				snprintf(where, sizeof(where), "reported_at >= to_timestamp(%.3f) AND reported_at < to_timestamp(%.3f)",
					(double)query.filter.reported_after / 1e6, (double)query.filter.reported_before / 1e6);
			FL_TRY(fl_stats_count(ctx, &query, &found, &count));
			fl_str got = describe(ctx, found, count);
			assert_string_equal(got.ptr, pg_fixture_sql(&w.pg, count_by_hand(groups[k], where)));
		}
	return FL_OK;
}

static fl_err companies_count_their_own(fl_ctx *ctx)
{
	fl_stats_query query = { .filter = { .reported_after = 1 }, .limit = 10 };
	fl_stats_group *one, *two;
	fl_risk *risks;
	size_t count;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(fl_stats_count(ctx, &query, &one, &count));
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(fl_stats_count(ctx, &query, &two, &count));
	assert_int_equal(one->count + two->count, world_count(&w, "SELECT count(*) FROM damage_reports"));
	assert_true(one->count > 0 && two->count > 0);
	FL_TRY(fl_risks_of(ctx, (int32_t[]){ 51 }, 1, &risks, &count));
	assert_int_equal(risks[0].cost_cents, world_count(&w, "SELECT sum(report_cost(status, estimated_cost, actual_cost)) FROM damage_reports WHERE tenant_id = 2"
		" AND vehicle_id = 51 AND reported_at >= date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '11 months'"));
	world_as(ctx, 1, WORLD_DRIVER);
	assert_int_equal(fl_stats_count(ctx, &query, &one, &count), FL_FORBIDDEN);
	return FL_OK;
}

static void test_totals(void **state)
{
	world_play(&w, totals_equal_counting);
}

static void test_companies(void **state)
{
	world_play(&w, companies_count_their_own);
}

static void test_categories(void **state)
{
	assert_int_equal(fl_risk_category(999, 10000), 1);
	assert_int_equal(fl_risk_category(1000, 10000), 2);
	assert_int_equal(fl_risk_category(2500, 10000), 3);
	assert_int_equal(fl_risk_category(5000, 10000), 4);
	assert_int_equal(fl_risk_category(1, 0), 4);
}

static int64_t number(const char *text)
{
	int64_t n = -1;
	assert_true(fl_str_i64(fl_str_z(text), &n));
	return n;
}

/* More than a pass folds: each call gets further, none folds a delta twice, and in the end the totals have them all. */
static void test_backlog(void **state)
{
	(void)state;
	const int64_t before = number(pg_fixture_sql(&w.pg, "SELECT sum(n) FROM rollup_day"));
	(void)pg_fixture_sql(&w.pg, "INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, n, est, act, facility_id, vehicle_id)"
		" SELECT 1, current_date, 1, 1, 1, 1, 100, 0, 0, 1 FROM generate_series(1, 30000)");
	const int64_t first = number(pg_fixture_sql(&w.pg, "SELECT rollup_fold(1)"));
	assert_true(first > 0 && first < 30000);
	assert_int_equal(number(pg_fixture_sql(&w.pg, "SELECT count(*) FROM rollup_delta")), 30000 - first);
	assert_int_equal(number(pg_fixture_sql(&w.pg, "SELECT rollup_fold()")), 30000 - first);
	assert_int_equal(number(pg_fixture_sql(&w.pg, "SELECT sum(n) FROM rollup_day")), before + 30000);
	assert_int_equal(number(pg_fixture_sql(&w.pg, "SELECT count(*) FROM rollup_delta")), 0);
}

int main(int argc, char **argv)
{
	world_child(argc, argv);
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_totals), cmocka_unit_test(test_companies), cmocka_unit_test(test_categories),
		cmocka_unit_test(test_backlog) };
	world_start(&w);
	burst();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	world_stop(&w);
	return failed;
}
