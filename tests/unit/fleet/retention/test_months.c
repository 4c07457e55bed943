/* Months come and go, the overview is refreshed, and every key could be spread over machines by company. */
#include "pg_fixture.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet/retention/retire.h"

static pg_fixture fx;

static const char *sql(const char *text)
{
	return pg_fixture_sql(&fx, text);
}

/* A report, its document and its event in the first month of a year. */
static void add_old(int year)
{
	char text[900];

	snprintf(text, sizeof text,
		"SELECT platform.ensure_history('%d-01-01'); SELECT set_config('app.tenant_id', '1', false);"
		"INSERT INTO damage_reports (tenant_id, id, vehicle_id, incident_at, description) VALUES (1, uuid7('%d-01-15'), "
		"1, '%d-01-15', 'old');"
		"INSERT INTO assessments (tenant_id, report_id, id, model, duration_ms, severity_confidence, part_confidence, "
		"type_confidence)"
		" SELECT tenant_id, id, 1, 't', 1, 0, 0, 0 FROM damage_reports WHERE reported_at >= '%d-01-01';"
		"INSERT INTO events (tenant_id, id, type) VALUES (1, uuid7('%d-01-15'), 'report.created'); SELECT rollup_fold()",
		year, year, year, year, year);
	(void)sql(text);
}

static void collect(void *arg, const char *statement)
{
	char *text = arg;
	size_t len = strlen(text);

	snprintf(text + len, 20000 - len, "%s\n", statement);
}

static int months_since(int year)
{
	int64_t n = 0;
	char text[160];

	snprintf(
		text, sizeof text, "SELECT (extract(year FROM now())::int - %d) * 12 + extract(month FROM now())::int - 1", year);
	assert_true(fl_str_i64(fl_str_z(sql(text)), &n));
	return (int)n;
}

static void test_retire(void **state)
{
	static char said[20000];
	int64_t this_year = 0;
	int dropped = -1;
	fl_diag diag = {};
	fl_retire_opts opts = { .url = fx.url, .say = collect, .arg = said };

	assert_true(fl_str_i64(fl_str_z(sql("SELECT extract(year FROM now())::int")), &this_year));
	add_old((int)this_year - 3);
	add_old((int)this_year - 1);
	assert_string_equal(sql("SELECT count(*) FROM damage_reports"), "2");
	/* No horizon: nothing goes. */
	assert_int_equal(fl_months_retire(&opts, &dropped, &diag), FL_OK);
	assert_int_equal(dropped, 0);
	/* Two whole years: the year before them goes, children first; what is asked for dry stays. */
	opts.keep_months = months_since((int)this_year - 2);
	opts.dry = true;
	assert_int_equal(fl_months_retire(&opts, &dropped, &diag), FL_OK);
	assert_int_equal(dropped, 0);
	assert_non_null(strstr(said, "CONCURRENTLY"));
	assert_true(strstr(said, "DROP TABLE assessments_") < strstr(said, "DETACH PARTITION damage_reports_"));
	assert_string_equal(sql("SELECT count(*) FROM damage_reports"), "2");
	/* Somebody reads: he is not waited for beyond the moment that locks are given, and reads on. What was begun is finalized.
	 */
	opts.dry = false;
	PGconn *reader = PQconnectdb(fx.url);
	PQclear(PQexec(reader, "BEGIN; SELECT count(*) FROM fleet.damage_reports"));
	assert_int_equal(fl_months_retire(&opts, &dropped, &diag), FL_DB_RETRY);
	PGresult *r = PQexec(reader, "SELECT count(*) FROM fleet.vehicles");
	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	PQclear(r);
	PQclear(PQexec(reader, "COMMIT"));
	PQfinish(reader);
	if (fl_months_retire(&opts, &dropped, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_true(dropped >= 3);
	assert_string_equal(sql("SELECT count(*) FROM damage_reports"), "1");
	assert_string_equal(sql("SELECT count(*) FROM events"), "1");
	assert_string_equal(sql("SELECT sum(n) FROM rollup_month"), "2"); /* totals stay */
	assert_string_equal(sql("SELECT sum(n) FROM rollup_kept"), "1");       /* and what they are the totals of */
	assert_string_equal(sql("SELECT count(*) FROM pg_inherits WHERE inhdetachpending"), "0");
	assert_int_equal(fl_months_retire(&opts, &dropped, &diag), FL_OK);
	assert_int_equal(dropped, 0);
	/* Months to come and this one never go. */
	opts.keep_months = 1;
	assert_int_equal(fl_months_retire(&opts, &dropped, &diag), FL_OK);
	assert_string_equal(sql("SELECT platform.months_ahead()"), "4");
}

static void test_overview(void **state)
{
	assert_string_equal(sql("SELECT coalesce(sum(n), 0) FROM platform.month_overview"), "0");
	assert_string_equal(pg_fixture_sql_as(&fx, "fleet_worker", 0, "SELECT platform.overview_refresh()", NULL, 0), "");
	assert_string_equal(sql("SELECT sum(n) FROM platform.month_overview"), "2");
	assert_string_equal(pg_fixture_sql_as(&fx, "fleet_app", 1, "SELECT platform.overview_refresh()", NULL, 0), "42501");
	assert_string_equal(sql("SELECT platform.cron_schedule()"), "f"); /* no pg_cron here */
}

/* ---- Spreading by company ----
 *
 * Citus and its like want the column that data is spread by in every unique key and foreign key. Here that is tenant_id. What is
 * left out is left out on purpose: small tables that every machine has whole, and queues that one machine keeps. */

static const char *const EXCEPTIONS[] = {
	"tenants tenants_pkey",             /* the list of companies: on every machine (a reference table) */
	"tenants tenants_public_id_key",    /* the same */
	"tenants tenants_slug_key",         /* the same: a short name is one company's everywhere */
	"users users_email_key",            /* an address belongs to one company, so that a log-in needs no company name */
	"ref_code ref_code_pkey",           /* codes: on every machine */
	"ref_code ref_code_kind_name_key",  /* the same */
	"zone_part zone_part_pkey",         /* parts of vehicles: on every machine */
	"zone_part zone_part_name_key",     /* the same */
	"damage_zones damage_zones_part_fkey", /* to a table that is on every machine */
	"jobs jobs_pkey",                   /* the queue stays on one machine, with its workers */
	"jobs_dead jobs_dead_pkey",         /* the same */
	"outbox_cursor outbox_cursor_pkey", /* one row a reader of a machine's events */
};

static bool is_exception(const char *name)
{
	for (size_t i = 0; i < FL_COUNT(EXCEPTIONS); i++)
		if (strcmp(EXCEPTIONS[i], name) == 0)
			return true;
	return false;
}

/* Unique keys of tables (not of their parts) that have no tenant_id among their columns, and foreign keys that do not match
 * tenant_id with tenant_id, or a company itself. */
static const char NOT_SPREADABLE[] =
	"SELECT i.indrelid::regclass || ' ' || c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t "
	"ON t.oid = i.indrelid"
	" WHERE t.relnamespace = 'fleet'::regnamespace AND i.indisunique AND NOT t.relispartition AND NOT EXISTS"
	" (SELECT 1 FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'tenant_id' AND a.attnum = ANY "
	"(i.indkey::int2[]))"
	" UNION ALL SELECT k.conrelid::regclass || ' ' || k.conname FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid"
	" WHERE k.contype = 'f' AND t.relnamespace = 'fleet'::regnamespace AND NOT t.relispartition AND NOT EXISTS"
	" (SELECT 1 FROM unnest(k.conkey, k.confkey) x(own, other) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = "
	"own"
	"  JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = other WHERE a.attname = 'tenant_id'"
	"  AND (b.attname = 'tenant_id' OR k.confrelid = 'fleet.tenants'::regclass))";

static void test_spreadable(void **state)
{
	PGconn *pg = PQconnectdb(fx.url);
	PGresult *r;

	PQclear(PQexec(pg, "SET search_path = fleet, public"));
	r = PQexec(pg, NOT_SPREADABLE);
	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	for (int i = 0; i < PQntuples(r); i++)
		if (!is_exception(PQgetvalue(r, i, 0)))
			fail_msg("%s has no tenant_id: with it the table could not be spread over machines by company",
				PQgetvalue(r, i, 0));
	PQclear(r);
	/* Parts are cut by time within a company, never by the company itself: each part could be spread like the whole. */
	r = PQexec(pg, "SELECT parent FROM platform.partitioned WHERE NOT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = parent "
		       "AND indisprimary"
		       " AND indkey[0] = (SELECT attnum FROM pg_attribute WHERE attrelid = parent AND attname = 'tenant_id'))");
	assert_int_equal(PQntuples(r), 0);
	PQclear(r);
	PQfinish(pg);
}

static int set_up(void **state)
{
	pg_fixture_start(&fx);
	pg_fixture_load_two_companies(&fx);
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
		cmocka_unit_test(test_spreadable),
		cmocka_unit_test(test_retire),
		cmocka_unit_test(test_overview),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
