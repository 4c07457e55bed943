/* Old reports go into sealed files and out of the tables, and come back: against a real PostgreSQL and a real store. */
#include "world.h"

#include "archive/archive.h"
#include "fleet/report/comment.h"
#include "fleet/retention/erasure.h"
#include "fleet/rebuild.h"
#include "fleet/retention/retention.h"
#include "fleet/retention/retire.h"
#include "fleet/report/zone.h"

#include <setjmp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static world w;
static fl_backup_key key = { .bytes = { 1, 2, 3 } };
static char dir[80], said[4000];
static fl_archive_site site;

enum { ADMIN = 6 };

static const char *sql(const char *text)
{
	return pg_fixture_sql(&w.pg, text);
}

static void say(void *arg, const char *line)
{
	size_t len = strlen(said);
	(void)arg;
	snprintf(said + len, sizeof(said) - len, "%s\n", line);
}

static int64_t differences(void)
{
	fl_rebuild_result result = {};
	fl_diag diag = {};
	if (fl_rebuild(&(fl_rebuild_opts) { .url = w.pg.url, .check = true, .say = say }, &diag, &result) != FL_OK)
		fail_msg("%s", diag.text);
	if (result.differences)
		print_message("%s", said);
	return result.differences;
}

/* A report as it would have been filed at that time, in that stage, with its first event. */
static void add_old(int tenant, const char *at, int status, const char *what)
{
	char text[1600];
	snprintf(text, sizeof text,
		"SELECT platform.ensure_history('%s'); SELECT set_config('app.tenant_id', '%d', false);"
		"INSERT INTO damage_reports (tenant_id, id, vehicle_id, incident_at, status, severity, estimated_cost, description, completed_at)"
		" VALUES (%d, uuid7('%s'), 1, '%s', %d, 2, 12345, '%s', CASE WHEN %d = 5 THEN timestamptz '%s' + interval '3 days' END);"
		"INSERT INTO events (tenant_id, xid, type, report_id, vehicle_id, agg_version, data) SELECT tenant_id, '0', 'report.created', id, vehicle_id, 1, jsonb_build_object("
		"'status', jsonb_build_array(NULL, upper((SELECT name FROM ref_code WHERE kind = 'status' AND code = status))), 'severity', '[null, \"MINOR\"]'::jsonb,"
		"'estimatedCost', '[null, \"123.45\"]'::jsonb) FROM damage_reports WHERE description = '%s'; SELECT rollup_fold()",
		at, tenant, tenant, at, at, status, what, status, at, what);
	(void)sql(text);
}

static fl_uuid id_of(const char *what)
{
	char text[200];
	fl_uuid id;
	snprintf(text, sizeof text, "SELECT id FROM damage_reports WHERE description = '%s'", what);
	if (!fl_uuid_parse(fl_str_z(sql(text)), &id))
		fail_msg("there is no report '%s'", what);
	return id;
}

static fl_uuid archive_of(const char *month)
{
	char text[200];
	fl_uuid id = {};
	snprintf(text, sizeof text, "SELECT id FROM archives WHERE to_char(month, 'YYYY-MM') = '%s' ORDER BY id DESC LIMIT 1", month);
	assert_true(fl_uuid_parse(fl_str_z(sql(text)), &id));
	return id;
}

/* ---- */

/* Holds forbid it; findings and defects of inspections outlive the report that they name. */
static void every_table_of_reports_is_judged(void **state)
{
	assert_string_equal(sql("SELECT coalesce(string_agg(c.relname, ', '), '') FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'report_id'"
				" WHERE c.relnamespace = 'fleet'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
				" AND c.relname NOT IN ('report_holds', 'erasure_findings', 'inspection_defects') AND NOT EXISTS (SELECT 1 FROM platform.archived p WHERE p.tbl = c.relname)"),
		"");
	/* Whatever else would vanish with a report by a foreign key is written into the file too. */
	assert_string_equal(sql("WITH RECURSIVE hangs AS (SELECT 'fleet.damage_reports'::regclass::oid AS rel UNION SELECT k.conrelid FROM pg_constraint k JOIN hangs h ON h.rel = k.confrelid"
				" WHERE k.contype = 'f') SELECT coalesce(string_agg(c.relname, ', '), '') FROM hangs JOIN pg_class c ON c.oid = hangs.rel WHERE NOT c.relispartition"
				" AND c.relname <> 'report_holds' AND NOT EXISTS (SELECT 1 FROM platform.archived p WHERE p.tbl = c.relname)"),
		"");
}

static fl_err policies_are_set(fl_ctx *ctx)
{
	fl_retention policy;
	fl_retention_month *months;
	size_t count;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(fl_retention_get(ctx, &policy));
	assert_true(policy.years == 0 && policy.version == 0);
	assert_int_equal(fl_retention_set(ctx, 3, FL_KEEP_ARCHIVE, -1, &policy), FL_FORBIDDEN);
	assert_int_equal(fl_retention_plan(ctx, &months, &count), FL_FORBIDDEN);
	ctx->caller = (fl_caller) { 1, ADMIN, FL_ROLE_ADMIN, FL_STR("Ada") };
	assert_int_equal(fl_retention_set(ctx, 101, FL_KEEP_ARCHIVE, -1, &policy), FL_BAD_INPUT);
	FL_TRY(fl_retention_set(ctx, 2, FL_KEEP_ARCHIVE, 0, &policy));
	assert_int_equal(policy.version, 1);
	assert_int_equal(fl_retention_set(ctx, 4, FL_KEEP_ARCHIVE, 0, &policy), FL_CONFLICT);
	FL_TRY(fl_retention_set(ctx, 3, FL_KEEP_ARCHIVE, 1, &policy));
	assert_true(policy.years == 3 && policy.version == 2 && policy.set_by == ADMIN);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE type = 'retention.set'"), 2);
	return FL_OK;
}

/* Of one: a repaired report with everything, a held one, an open one, one of the next month, and a new one; of two the same month. */
static fl_err old_reports(fl_ctx *ctx)
{
	fl_uuid comment;
	fl_blob blob;
	int16_t zone;
	char text[600];
	add_old(1, "2020-01-10", 5, "repaired");
	add_old(1, "2020-01-11", 6, "held");
	add_old(1, "2020-01-12", 3, "open");
	add_old(1, "2020-02-10", 6, "refused");
	add_old(2, "2020-01-10", 5, "of another");
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(fl_comment_add(ctx, id_of("repaired"), FL_STR("words of Mo"), false, &comment));
	FL_TRY(fl_comment_add(ctx, id_of("refused"), FL_STR("more of Mo"), false, &comment));
	FL_TRY(fl_zone_add(ctx, id_of("repaired"), 0, &(fl_zone) { .part = FL_ZONE_FRONT_DOOR, .kind = FL_KIND_DENT, .note = FL_STR("at the handle") }, &zone));
	FL_TRY(fl_store_put(ctx, w.store, FL_STR("the bytes of a photo"), &blob));
	fl_str hex = fl_str_hex(ctx->mem, blob.id.bytes, 32);
	snprintf(text, sizeof text, "INSERT INTO damage_photos (tenant_id, report_id, id, sha256, media_type, bytes, width, height) SELECT 1, id, 1, '\\x%.*s', 'image/jpeg', 20, 4, 4"
				    " FROM damage_reports WHERE description = 'repaired'", FL_ARG(hex));
	(void)sql(text);
	ctx->caller = (fl_caller) { 1, ADMIN, FL_ROLE_ADMIN, FL_STR("Ada") };
	FL_TRY(fl_report_hold(ctx, id_of("held"), FL_STR("case 1")));
	world_as(ctx, 1, WORLD_MANAGER);
	fl_uuid fresh;
	FL_TRY(world_file(ctx, "new", NULL, 0, &fresh));
	assert_int_equal(differences(), 0);
	return FL_OK;
}

static fl_err dry_runs_say(fl_ctx *ctx)
{
	fl_retention_month *months;
	fl_diag diag = {};
	size_t count;
	said[0] = 0;
	if (fl_archive_plan(&site, NULL, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_string_equal(said, "one 2020-01: 1 reports would go, with 1 photos of 0.0 MB; 1 are held, 1 are open; numbers and a file are kept\n"
				  "one 2020-02: 1 reports would go, with 0 photos of 0.0 MB; 0 are held, 0 are open; numbers and a file are kept\n");
	ctx->caller = (fl_caller) { 1, ADMIN, FL_ROLE_ADMIN, FL_STR("Ada") };
	FL_TRY(fl_retention_plan(ctx, &months, &count));
	assert_true(count == 2 && months[0].reports == 1 && months[0].bytes == 20 && months[0].held == 1);
	ctx->caller = (fl_caller) { 2, 9, FL_ROLE_ADMIN, FL_STR("x") };
	FL_TRY(fl_retention_plan(ctx, &months, &count));
	assert_int_equal(count, 0);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM damage_reports"), 6);
	return FL_OK;
}

static fl_err they_go(fl_ctx *ctx)
{
	fl_archive_result result;
	fl_archive_facts facts;
	fl_archive_row *rows;
	fl_diag diag = {};
	size_t count;
	if (fl_archive_run(&site, NULL, &result, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_true(result.reports == 2 && result.files == 2 && result.blobs_missing == 0);
	assert_string_equal(sql("SELECT string_agg(description, ',' ORDER BY description) FROM damage_reports"), "held,new,of another,open");
	assert_int_equal(world_count(&w, "SELECT count(*) FROM report_comments"), 0);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM damage_zones"), 0);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM event_words WHERE word = 'at the handle'"), 0);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events e WHERE report_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM damage_reports r WHERE r.id = e.report_id)"), 0);
	assert_string_equal(sql("SELECT data->>'kept' || (data->'rows'->>'damage_reports') FROM events WHERE type = 'retention.removed' AND data->>'month' = '2020-01'"), "ARCHIVE1");
	/* Totals are what they were, and proved to be. */
	(void)sql("SELECT rollup_fold()");
	assert_string_equal(sql("SELECT sum(n) || ' ' || sum(est) FROM rollup_month WHERE tenant_id = 1"), "5 49380");
	assert_int_equal(differences(), 0);
	(void)sql("SELECT rollup_mend(); SELECT rollup_fold()");
	assert_string_equal(sql("SELECT sum(n) || ' ' || sum(est) FROM rollup_month WHERE tenant_id = 1"), "5 49380");
	if (fl_archive_verify(&site, archive_of("2020-01"), &facts, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_true(facts.reports == 1 && facts.blobs == 1 && facts.rows >= 6);
	ctx->caller = (fl_caller) { 1, ADMIN, FL_ROLE_ADMIN, FL_STR("Ada") };
	FL_TRY(fl_archives_list(ctx, NULL, 10, &rows, &count));
	assert_true(count == 2 && rows[0].state == 2 && rows[0].reports == 1);
	/* Nothing is left to do. */
	assert_int_equal(fl_archive_run(&site, NULL, &result, &diag), FL_OK);
	assert_int_equal(result.reports, 0);
	/* Events still go by nobody else's will. */
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_worker", 1, "SELECT set_config('fleet.retention', 'on', true); DELETE FROM events", NULL, 0), "42501");
	return FL_OK;
}

static void changed_files_are_refused(void **state)
{
	char path[300];
	fl_archive_facts facts;
	fl_diag diag = {};
	fl_uuid id = archive_of("2020-01");
	char text[FL_UUID_TEXT + 1], byte, turned;
	fl_uuid_format(id, text);
	snprintf(path, sizeof path, "%s/one/2020-01-%s.sealed", dir, text);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0 && pread(fd, &byte, 1, 200) == 1);
	turned = (char)(byte ^ 1);
	assert_int_equal(pwrite(fd, &turned, 1, 200), 1);
	assert_int_equal(fl_archive_verify(&site, id, &facts, &diag), FL_DENIED);
	assert_int_equal(pwrite(fd, &byte, 1, 200), 1);
	close(fd);
	assert_int_equal(fl_archive_verify(&site, id, &facts, &diag), FL_OK);
	/* With another key, and as another archive. */
	fl_backup_key other = { .bytes = { 9 } };
	fl_archive_site wrong = site;
	wrong.key = &other;
	assert_int_equal(fl_archive_verify(&wrong, id, &facts, &diag), FL_DENIED);
	assert_int_equal(fl_archive_verify(&site, fl_uuid7(fl_now_us()), &facts, &diag), FL_NOT_FOUND);
	assert_int_equal(fl_archive_copy(&site, 2, id, STDOUT_FILENO, &diag), FL_NOT_FOUND); /* another company's */
}

static fl_err they_come_back(fl_ctx *ctx)
{
	fl_archive_result result;
	fl_erasure erased;
	fl_diag diag = {};
	/* Mo, who commented, is erased meanwhile. */
	ctx->caller = (fl_caller) { 1, ADMIN, FL_ROLE_ADMIN, FL_STR("Ada") };
	FL_TRY(fl_person_erase(ctx, &(fl_erasure_order) { .user_id = WORLD_MANAGER, .reason = FL_STR("asked") }, &erased));
	fl_uuid id = archive_of("2020-01"), other = fl_uuid7(fl_now_us());
	assert_int_equal(fl_archive_restore(&site, id, &other, &result, &diag), FL_NOT_FOUND);
	if (fl_archive_restore(&site, id, NULL, &result, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_int_equal(result.reports, 1);
	assert_string_equal(sql("SELECT status || ' ' || severity || ' ' || estimated_cost || ' ' || version FROM damage_reports WHERE description = 'repaired'"), "5 2 12345 2");
	assert_string_equal(sql("SELECT note FROM damage_zones"), "at the handle");
	assert_string_equal(sql("SELECT body FROM report_comments"), "(erased)");
	assert_int_equal(world_count(&w, "SELECT count(*) FROM damage_photos"), 1);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM report_search s JOIN damage_reports r ON r.id = s.report_id WHERE r.description = 'repaired'"), 1);
	(void)sql("SELECT rollup_fold()");
	assert_string_equal(sql("SELECT sum(n) || ' ' || sum(est) FROM rollup_month WHERE tenant_id = 1"), "5 49380");
	assert_int_equal(differences(), 0);
	/* Again, it is there already. */
	assert_int_equal(fl_archive_restore(&site, id, NULL, &result, &diag), FL_OK);
	assert_int_equal(result.reports, 0);
	assert_int_equal(differences(), 0);
	return FL_OK;
}

static fl_err nothing_is_kept(fl_ctx *ctx)
{
	fl_archive_result result;
	fl_retention policy;
	fl_diag diag = {};
	ctx->caller = (fl_caller) { 1, ADMIN, FL_ROLE_ADMIN, FL_STR("Ada") };
	FL_TRY(fl_retention_set(ctx, 3, FL_KEEP_NOTHING, -1, &policy));
	if (fl_archive_run(&site, "one", &result, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_true(result.reports == 1 && result.files == 0);
	(void)sql("SELECT rollup_fold()");
	assert_string_equal(sql("SELECT sum(n) || ' ' || sum(est) FROM rollup_month WHERE tenant_id = 1"), "4 37035");
	assert_int_equal(differences(), 0);
	assert_int_equal(fl_archive_run(&site, "two", &result, &diag), FL_OK);
	assert_int_equal(result.reports, 0); /* it has no policy */
	return FL_OK;
}

static fl_err months_wait_for_holds_and_policies(fl_ctx *ctx)
{
	fl_retire_opts opts = { .url = w.pg.url, .keep_months = 12 };
	fl_retention policy;
	fl_diag diag = {};
	fl_uuid comment;
	int dropped = 0;
	FL_TRY(fl_months_retire(&opts, &dropped, &diag));
	assert_string_equal(sql("SELECT string_agg(description, ',' ORDER BY description) FROM damage_reports"), "held,new,of another,open");
	ctx->caller = (fl_caller) { 1, ADMIN, FL_ROLE_ADMIN, FL_STR("Ada") };
	FL_TRY(fl_comment_add(ctx, id_of("open"), FL_STR("hangs on it"), false, &comment));
	FL_TRY(fl_retention_set(ctx, 0, FL_KEEP_NOTHING, -1, &policy));
	FL_TRY(fl_months_retire(&opts, &dropped, &diag));
	assert_int_equal(dropped, 0); /* held still */
	FL_TRY(fl_report_release(ctx, id_of("held")));
	if (fl_months_retire(&opts, &dropped, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_true(dropped > 0);
	assert_string_equal(sql("SELECT string_agg(description, ',' ORDER BY description) FROM damage_reports"), "new");
	assert_int_equal(world_count(&w, "SELECT count(*) FROM report_comments"), 0);
	return FL_OK;
}

/* ---- */

#define SCENE(name)                                                                                                              \
	static void name##_test(void **state)                                                                                    \
	{                                                                                                                        \
		world_play(&w, name);                                                                                            \
	}
SCENE(policies_are_set)
SCENE(old_reports)
SCENE(dry_runs_say)
SCENE(they_go)
SCENE(they_come_back)
SCENE(nothing_is_kept)
SCENE(months_wait_for_holds_and_policies)

static int start(void **state)
{
	world_start(&w);
	(void)sql("INSERT INTO users (tenant_id, id, email, name, role) VALUES (1, 6, 'admin@one.example', 'Ada', 4)");
	snprintf(dir, sizeof dir, "%s/archive", w.home);
	site = (fl_archive_site) { .url = w.pg.url, .dir = dir, .key = &key, .store = w.store, .say = say };
	return 0;
}

static int stop(void **state)
{
	world_stop(&w);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_of_reports_is_judged),
		cmocka_unit_test(policies_are_set_test),
		cmocka_unit_test(old_reports_test),
		cmocka_unit_test(dry_runs_say_test),
		cmocka_unit_test(they_go_test),
		cmocka_unit_test(changed_files_are_refused),
		cmocka_unit_test(they_come_back_test),
		cmocka_unit_test(nothing_is_kept_test),
		cmocka_unit_test(months_wait_for_holds_and_policies_test),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
