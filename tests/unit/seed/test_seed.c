/* The demo companies: made fast, the same each time, and hanging together. */
#include "pg_fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "seed/seed_int.h"

#include <cmocka.h>

static pg_fixture fx;

enum { REPORTS = 20000 };

static int64_t number(const char *sql)
{
	int64_t n = -1;

	assert_true(fl_str_i64(fl_str_z(pg_fixture_sql(&fx, sql)), &n));
	return n;
}

static void must_be_none(const char *what)
{
	char sql[1000];
	int64_t n;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", what);
	n = number(sql);
	if (n != 0)
		fail_msg("%lld rows in %s", (long long)n, what);
}

static void test_seed(void **state)
{
	fl_seed_opts opts = { .url = fx.url, .reports = REPORTS, .password = "hash" };
	fl_seed_result result;
	fl_diag diag = {};
	bool needed = false;
	double rate;

	assert_int_equal(fl_seed_needed(fx.url, &needed, &diag), FL_OK);
	assert_true(needed);
	if (fl_seed(&opts, &diag, &result) != FL_OK)
		fail_msg("%s", diag.text);
	rate = (double)result.reports * 1e6 / (double)result.took_us;
	print_message("%lld reports in %d ms: %.0f a second, months and companies included\n", (long long)result.reports, (int)(result.took_us / 1000), rate);
	assert_int_equal(result.reports, REPORTS + 500);
	assert_int_equal(fl_seed_needed(fx.url, &needed, &diag), FL_OK);
	assert_false(needed);
}

static void test_companies(void **state)
{
	assert_int_equal(number("SELECT count(*) FROM tenants WHERE slug IN ('demo', 'other')"), 2);
	assert_int_equal(number("SELECT count(*) FROM vehicles v JOIN tenants t ON t.id = tenant_id WHERE slug = 'demo' AND v.name = 'VAN-12'"), 1);
	assert_int_equal(number("SELECT count(*) FROM users WHERE password = 'hash'"), 5);
	assert_int_equal(number("SELECT count(*) FROM users WHERE role = 1 AND driver_id IS NOT NULL"), 1);
	assert_int_equal(number("SELECT count(*) FROM facilities"), 5);
	must_be_none("vehicles WHERE length(vin) <> 17 OR vin ~ '[IOQ]'");
}

static void test_check_digits(void **state)
{
	assert_int_equal(fl_vin_check_digit("1M8GDM9AXKP042788"), 'X'); /* the example of the standard */
	assert_int_equal(fl_vin_check_digit("11111111111111111"), '1');
	for (int i = 0; i < 50; i++) {
		char sql[80], vin[18];
		snprintf(sql, sizeof sql, "SELECT vin FROM vehicles ORDER BY id OFFSET %d LIMIT 1", i);
		snprintf(vin, sizeof vin, "%s", pg_fixture_sql(&fx, sql));
		assert_int_equal(fl_vin_check_digit(vin), vin[8]);
	}
}

static void test_consistency(void **state)
{
	must_be_none("damage_reports WHERE incident_at > reported_at OR reported_at > now()");
	must_be_none("damage_reports WHERE assessed_at < reported_at OR completed_at < assessed_at");
	must_be_none("damage_reports WHERE (status = 5) <> (completed_at IS NOT NULL) OR (status = 5) <> (actual_cost IS NOT NULL)");
	must_be_none("damage_reports WHERE severity IS NULL OR damage_type IS NULL OR location IS NULL OR description = '' OR description ~ '[{}]'");
	must_be_none("damage_reports r LEFT JOIN assessments a ON a.tenant_id = r.tenant_id AND a.report_id = r.id"
		" WHERE a.severity IS DISTINCT FROM r.severity OR a.cost_likely IS DISTINCT FROM r.estimated_cost");
	must_be_none("damage_reports r LEFT JOIN report_search s ON s.tenant_id = r.tenant_id AND s.report_id = r.id WHERE s.tsv IS NULL");
	must_be_none("damage_reports r WHERE version <> (SELECT max(agg_version) FROM events e WHERE e.tenant_id = r.tenant_id AND e.report_id = r.id)");
	must_be_none("(SELECT 1 FROM damage_reports GROUP BY tenant_id, report_number HAVING count(*) > 1) x");
	must_be_none("damage_reports r JOIN vehicles v ON v.tenant_id = r.tenant_id AND v.id = vehicle_id WHERE v.facility_id <> r.facility_id");
	must_be_none("rollup_delta");
	must_be_none("(SELECT tenant_id, array_agg(id) AS ids FROM damage_reports WHERE report_number % 20 = 0 GROUP BY tenant_id) r,"
		" reports_differences(r.tenant_id, r.ids)");
	assert_int_equal(number("SELECT sum(n) FROM rollup_day"), REPORTS + 500);
	assert_int_equal(number("SELECT sum(est) FROM rollup_month"), number("SELECT sum(estimated_cost) FROM damage_reports"));
	assert_true(number("SELECT count(DISTINCT date_trunc('month', reported_at)) FROM damage_reports") >= 36);
	assert_true(number("SELECT count(DISTINCT description) FROM damage_reports") > REPORTS / 3);
	/* Costs follow severity, old reports are mostly closed, new ones open, more is filed in winter than in summer. */
	assert_true(number("SELECT (avg(estimated_cost) FILTER (WHERE severity = 4) > 3 * avg(estimated_cost) FILTER (WHERE severity = 2))::int FROM damage_reports") == 1);
	assert_true(number("SELECT (100 * count(*) FILTER (WHERE status >= 5) / count(*))::int FROM damage_reports WHERE reported_at < now() - interval '1 year'") > 90);
	assert_true(number("SELECT (100 * count(*) FILTER (WHERE status <= 4) / count(*))::int FROM damage_reports WHERE reported_at > now() - interval '5 days'") > 70);
	assert_true(number("SELECT (count(*) FILTER (WHERE extract(month FROM reported_at) IN (12, 1)) > 1.15 * count(*) FILTER (WHERE extract(month FROM reported_at) IN (7, 8)))::int"
		" FROM damage_reports") == 1);
	/* The next report follows on, and nobody is told of history. */
	assert_int_equal(number("SELECT nextval('numbers.report_' || (SELECT id FROM tenants WHERE slug = 'demo'))"), 1001 + REPORTS);
	(void)pg_fixture_sql(&fx, "INSERT INTO outbox_cursor (consumer) VALUES ('test')");
	must_be_none("outbox_cursor c, outbox_read(c.xid, c.seq, 10)");
}

static void fingerprint(char out[80])
{
	snprintf(out, 80, "%s", pg_fixture_sql(&fx, "SELECT md5(string_agg(id::text || description || status || coalesce(estimated_cost, 0) || vehicle_id, ',' ORDER BY tenant_id, id)) FROM damage_reports"));
}

static void empty_all(void)
{
	(void)pg_fixture_sql(&fx, "ALTER TABLE events DISABLE TRIGGER events_no_truncate; TRUNCATE tenants, approval_limits, sla_policies, facilities, vehicles, drivers, users, damage_reports, report_search,"
		" assessments, damage_photos, photo_embeddings, rollup_delta, rollup_day, rollup_month, jobs, jobs_dead, idempotency_keys, events RESTART IDENTITY CASCADE;"
		" ALTER TABLE events ENABLE TRIGGER events_no_truncate; DROP SCHEMA numbers CASCADE; CREATE SCHEMA numbers");
}

static void test_repeatable(void **state)
{
	fl_seed_opts opts = { .url = fx.url, .reports = 300, .now_us = fl_now_us() };
	char first[80], second[80];
	fl_seed_result result;
	fl_diag diag = {};

	for (int i = 0; i < 2; i++) {
		empty_all();
		if (fl_seed(&opts, &diag, &result) != FL_OK)
			fail_msg("%s", diag.text);
		fingerprint(i ? second : first);
	}
	assert_string_equal(first, second);
	if (fl_seed(&opts, &diag, &result) != FL_OK) /* and more of them, to the same companies */
		fail_msg("%s", diag.text);
	assert_int_equal(number("SELECT count(*) FROM damage_reports"), 660);
	must_be_none("(SELECT 1 FROM damage_reports GROUP BY tenant_id, report_number HAVING count(*) > 1) x");
}

/* ---- Filled aside, and row by row: the same ---- */

static const char *const FINGERPRINTS[] = {
	"SELECT md5(string_agg(r::text, ',' ORDER BY tenant_id, id)) FROM damage_reports r",
	"SELECT md5(string_agg(s::text, ',' ORDER BY tenant_id, report_id)) FROM report_search s",
	"SELECT md5(string_agg(a::text, ',' ORDER BY tenant_id, report_id)) FROM assessments a",
	"SELECT md5(string_agg((to_jsonb(e) - 'seq' || jsonb_build_object('data', event_open(e.tenant_id, e.id, e.data)))::text, ',' ORDER BY tenant_id, id)) || min(seq) || count(DISTINCT seq) FROM events e",
	"SELECT md5(string_agg(s.name || r.last_value, ',' ORDER BY s.name)) FROM (SELECT 'report_' || id AS name FROM tenants) s JOIN pg_sequences r ON sequencename = name",
	/* Partitions: what they are cut from and where, row security, storage. */
	"SELECT md5(string_agg(concat_ws(' ', c.relname, i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid), c.relrowsecurity, c.reloptions, c.relacl), ','"
	" ORDER BY c.relname)) || count(*) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind = 'r'",
	"SELECT md5(string_agg(concat_ws(' ', i.indrelid::regclass, regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX \\S+ ON', ''), c.relispartition, i.indisvalid, i.indisprimary), ','"
	" ORDER BY i.indrelid::regclass::text, regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX \\S+ ON', ''))) || count(*)"
	" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'fleet'::regnamespace",
	/* Keys that refer to the partitions themselves are numbered in the order in which those came. */
	"SELECT md5(string_agg(x, ',' ORDER BY x)) || count(*) FROM (SELECT concat_ws(' ', conrelid::regclass, CASE WHEN conparentid = 0 THEN conname ELSE '' END,"
	" contype, convalidated, conparentid <> 0, pg_get_constraintdef(oid)) AS x FROM pg_constraint WHERE connamespace = 'fleet'::regnamespace) y",
	"SELECT md5(string_agg(x, ',' ORDER BY x)) || count(*) FROM (SELECT concat_ws(' ', tgrelid::regclass, CASE WHEN tgisinternal THEN '' ELSE tgname END,"
	" tgfoid::regproc, tgtype, tgenabled, tgparentid <> 0) AS x FROM pg_trigger) y",
};

/* Whatever totals there are. */
static void must_have_equal_totals(const pg_fixture *plain, const pg_fixture *aside)
{
	char names[1000], sql[200], first[200], *rest = names;

	snprintf(names, sizeof names, "%s", pg_fixture_sql(plain, "SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'r' AND relname LIKE 'rollup\\_%'"));
	assert_non_null(strstr(names, "rollup_day"));
	for (char *name; (name = strsep(&rest, " "));) {
		snprintf(sql, sizeof sql, "SELECT md5(string_agg(r::text, ',' ORDER BY r::text)) || count(*) FROM %s r", name);
		snprintf(first, sizeof first, "%s", pg_fixture_sql(plain, sql));
		if (strcmp(first, pg_fixture_sql(aside, sql)) != 0)
			fail_msg("%s differs", name);
	}
}

static void seed_into(const pg_fixture *into, int way, int64_t now_us)
{
	fl_seed_opts opts = { .url = into->url, .reports = 1500, .companies = 5, .now_us = now_us, .way = way };
	fl_seed_result result;
	fl_diag diag = {};

	if (fl_seed(&opts, &diag, &result) != FL_OK)
		fail_msg("%s", diag.text);
	assert_int_equal(result.reports, 1500);
}

static void test_aside_is_the_same(void **state)
{
	pg_fixture plain = {}, aside = {};
	int64_t now_us = fl_now_us();
	char first[200];

	pg_fixture_start(&plain);
	pg_fixture_start(&aside);
	seed_into(&plain, FL_SEED_PLAIN, now_us);
	seed_into(&aside, FL_SEED_ASIDE, now_us);
	for (size_t i = 0; i < FL_COUNT(FINGERPRINTS); i++) {
		snprintf(first, sizeof first, "%s", pg_fixture_sql(&plain, FINGERPRINTS[i]));
		if (strcmp(first, pg_fixture_sql(&aside, FINGERPRINTS[i])) != 0)
			fail_msg("differs: %s", FINGERPRINTS[i]);
	}
	must_have_equal_totals(&plain, &aside);
	/* A second time nothing is missing; and one that died leaves nothing in the way. */
	(void)pg_fixture_sql(&aside, "CREATE SCHEMA loading; CREATE TABLE loading.events (id int); CREATE SCHEMA loading_2024");
	seed_into(&aside, FL_SEED_ASIDE, now_us);
	assert_string_equal(pg_fixture_sql(&aside, "SELECT count(*) FROM damage_reports"), "3000");
	assert_string_equal(pg_fixture_sql(&aside, "SELECT sum(n) FROM rollup_month"), "3000");
	assert_string_equal(pg_fixture_sql(&aside, "SELECT count(*) FROM report_search WHERE tsv IS NOT NULL"), "3000");
	assert_string_equal(pg_fixture_sql(&aside, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'loading%'"), "0");
	pg_fixture_stop(&plain);
	pg_fixture_stop(&aside);
	/* A large one's past is cut into months. */
	aside = (pg_fixture){};
	pg_fixture_start(&aside);
	seed_into(&aside, FL_SEED_ASIDE_MONTHS, now_us);
	assert_string_equal(pg_fixture_sql(&aside, "SELECT count(*) FROM damage_reports"), "1500");
	assert_string_equal(pg_fixture_sql(&aside, "SELECT sum(n) FROM rollup_month"), "1500");
	assert_string_equal(pg_fixture_sql(&aside, "SELECT count(*) >= 37 FROM pg_inherits WHERE inhparent = 'damage_reports'::regclass"), "t");
	pg_fixture_stop(&aside);
}

/* What is filled aside fires no trigger: whoever adds one for new rows has to teach platform.load_attach what it does, or, where it changes
 * a row before it is kept, do as platform.load_seal does. */
static void test_triggers_are_known(void **state)
{
	assert_string_equal(pg_fixture_sql(&fx, "SELECT string_agg(tgrelid::regclass || ' ' || tgname, ', ' ORDER BY tgrelid::regclass::text, tgname) FROM pg_trigger"
		" WHERE NOT tgisinternal AND tgtype & 4 = 4 AND tgrelid IN ('damage_reports'::regclass, 'report_search'::regclass, 'assessments'::regclass, 'events'::regclass)"),
		"damage_reports dr_rollup_i, damage_reports dr_search_i, events events_sealed");
}

static void test_many_companies(void **state)
{
	fl_seed_opts opts = { .url = fx.url, .reports = 3000, .companies = 40, .now_us = fl_now_us() };
	fl_seed_result result;
	fl_diag diag = {};

	empty_all();
	if (fl_seed(&opts, &diag, &result) != FL_OK)
		fail_msg("%s", diag.text);
	assert_int_equal(result.reports, 3000);
	assert_int_equal(number("SELECT count(*) FROM tenants"), 40);
	assert_int_equal(number("SELECT (max(n) > 5 * avg(n))::int FROM (SELECT count(*) AS n FROM damage_reports GROUP BY tenant_id) x"), 1);
	assert_in_range(number("SELECT count(*) FROM vehicles"), 3600, 4400);
	assert_int_equal(number("SELECT count(DISTINCT tenant_id) FROM damage_reports"), 40);
	must_be_none("damage_reports r JOIN damage_reports n ON n.tenant_id = r.tenant_id AND n.report_number = r.report_number + 1 WHERE n.id < r.id AND r.tenant_id > 2");
	must_be_none("damage_reports r JOIN facilities f ON f.tenant_id = r.tenant_id AND f.id = r.facility_id WHERE NOT ST_DWithin(r.location, f.location, 80000)");
}

static int set_up(void **state)
{
	fx.durable = true;
	pg_fixture_start(&fx);
	return 0;
}

static int tear_down(void **state)
{
	pg_fixture_stop(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_companies),
		cmocka_unit_test(test_check_digits),
		cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_repeatable),
		cmocka_unit_test(test_many_companies),
		cmocka_unit_test(test_triggers_are_known),
		cmocka_unit_test(test_aside_is_the_same),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
