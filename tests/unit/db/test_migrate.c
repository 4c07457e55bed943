/* Migrations: again, from the version before, with data, side by side, and against a history that does not fit. */
#include "pg_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static pg_fixture fx;
static char folder[] = "/tmp/fleet-sql-XXXXXX";

static fl_err migrate(const char *from, int upto, fl_migrate_report *report, fl_diag *diag)
{
	*diag = (fl_diag){};
	return fl_migrate(&(fl_migrate_opts){ .url = fx.url, .folder = from, .upto = upto }, diag, report);
}

static void must_migrate(const char *from, int upto, fl_migrate_report *report)
{
	fl_diag diag;

	if (migrate(from, upto, report, &diag) != FL_OK)
		fail_msg("%s", diag.text);
}

static void fresh_database(void)
{
	char url[sizeof fx.url + 16];
	pg_fixture server = fx;

	snprintf(url, sizeof url, "%.*s/postgres", (int)(strlen(fx.url) - strlen("/fleet")), fx.url);
	assert_true(snprintf(server.url, sizeof server.url, "%s", url) < (int)sizeof server.url);
	(void)pg_fixture_sql(&server, "DROP DATABASE IF EXISTS fleet WITH (FORCE)");
	(void)pg_fixture_sql(&server, "CREATE DATABASE fleet TEMPLATE template0");
}

static void test_again(void **state)
{
	fl_migrate_report first, second;

	fresh_database();
	must_migrate(NULL, 0, &first);
	assert_true(first.applied >= 8);
	assert_in_range(first.applied, 1, first.version); /* numbers may be skipped */
	assert_true(first.leakproof);
	must_migrate(NULL, 0, &second);
	assert_int_equal(second.applied, 0);
	assert_int_equal(second.version, first.version);
	assert_int_equal(second.months_made, 0);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT platform.months_ahead()"), "4");
	/* A month that is missing is made by the next start. */
	(void)pg_fixture_sql(&fx, "DO $$ BEGIN EXECUTE 'DROP TABLE fleet.events_' || to_char(now() + interval '3 months', 'YYYYMM'); END $$");
	must_migrate(NULL, 0, &second);
	assert_int_equal(second.months_made, 1);
}

/* Every version can be reached step by step, and data of one version survives the next. */
static void test_step_by_step(void **state)
{
	fl_migrate_report report, whole;

	fresh_database();
	must_migrate(NULL, 0, &whole);
	fresh_database();
	for (int v = 1; v < whole.version; v++) {
		must_migrate(NULL, v, &report);
		assert_in_range(report.applied, 0, 1);
		if (v == 7)
			pg_fixture_load_two_companies(&fx);
	}
	must_migrate(NULL, 0, &report);
	assert_int_equal(report.applied, 1);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT count(*) FROM vehicles"), "2");
}

static void *racer(void *arg)
{
	fl_migrate_report report;
	fl_diag diag;
	fl_err *err = arg;

	*err = migrate(NULL, 0, &report, &diag);
	return NULL;
}

static void test_side_by_side(void **state)
{
	pthread_t threads[3];
	fl_err errs[3];

	fresh_database();
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, racer, &errs[i]), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(errs[i], FL_OK);
	}
}

static void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_history(void **state)
{
	fl_migrate_report report;
	fl_diag diag;

	fresh_database();
	write_file("0001_one.sql", "CREATE TABLE one (n int);");
	write_file("0002_two.sql", "CREATE TABLE two (n int);\nINSERT INTO two VALUES (1);\nCREATE TABLE two (n int);");
	/* A file that fails leaves nothing, the one before stays; the message names file and place. */
	assert_int_equal(migrate(folder, 2, &report, &diag), FL_DB);
	assert_string_equal(diag.text, "0002_two.sql: relation \"two\" already exists");
	assert_string_equal(pg_fixture_sql(&fx, "SELECT string_agg(name, ' ') FROM platform.schema_migrations"), "0001_one.sql");
	assert_string_equal(pg_fixture_sql(&fx, "SELECT to_regclass('public.two') IS NULL"), "t");
	write_file("0002_two.sql", "CREATE TABLE two (n int);\n\nSELEC 1;");
	assert_int_equal(migrate(folder, 2, &report, &diag), FL_DB);
	assert_string_equal(diag.text, "0002_two.sql: line 3: syntax error at or near \"SELEC\"");
	write_file("0002_two.sql", "-- no transaction\nCREATE TABLE IF NOT EXISTS two (n int)");
	must_migrate(folder, 2, &report);
	assert_int_equal(report.version, 2);
	/* An applied file changed, a gap, an older program: refused, nothing done. */
	write_file("0001_one.sql", "CREATE TABLE one (n bigint);");
	assert_int_equal(migrate(folder, 2, &report, &diag), FL_CONFLICT);
	assert_string_equal(diag.text, "0001_one.sql was changed after it had been applied");
	write_file("0001_one.sql", "CREATE TABLE one (n int);");
	must_migrate(folder, 2, &report);
	(void)pg_fixture_sql(&fx, "INSERT INTO platform.schema_migrations VALUES (3, '0003_three.sql', '')");
	assert_int_equal(migrate(folder, 2, &report, &diag), FL_CONFLICT);
	assert_string_equal(diag.text, "the database is newer than this program: it has 0003_three.sql");
	write_file("two.sql", "");
	assert_int_equal(migrate(folder, 2, &report, &diag), FL_BAD_INPUT);
}

static void test_away(void **state)
{
	fl_migrate_report report;
	fl_diag diag = {};

	assert_int_equal(fl_migrate(&(fl_migrate_opts){ .url = "postgresql://x@%2Fnowhere/x" }, &diag, &report), FL_UNAVAILABLE);
	assert_non_null(strstr(diag.text, "nowhere"));
}

static int set_up(void **state)
{
	fx.empty = true;
	pg_fixture_start(&fx);
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[64];

	pg_fixture_stop(&fx);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_step_by_step),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_away),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
