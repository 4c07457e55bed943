/* A person's data go and the record stays provable: against a real PostgreSQL. */
#include "world.h"

#include "fleet/report/comment.h"
#include "fleet/report/custody_log.h"
#include "fleet/retention/erasure.h"
#include "fleet/event.h"
#include "fleet/report/history.h"
#include "fleet/rebuild.h"
#include "fleet/session.h"
#include "fleet/report/transition.h"
#include "fleet/report/zone.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static world w;

enum { ADMIN = 6, KIM = 7, KIM_DRIVER = 7, LOU_DRIVER = 8 };

static const char *sql(const char *text)
{
	return pg_fixture_sql(&w.pg, text);
}

static void as_user(fl_ctx *ctx, int32_t user, fl_role role)
{
	ctx->caller = (fl_caller) { 1, user, role, FL_STR("somebody"), .client = FL_STR("192.0.2.77 Vandersloot's phone") };
}

static fl_err erase(fl_ctx *ctx, fl_erasure_order order, fl_erasure *out)
{
	order.reason = FL_STR("asked by letter");
	order.reference = FL_STR("G-17");
	return fl_person_erase(ctx, &order, out);
}

/* How many rows of all tables of the domain hold the text, and where. */
static int64_t traces(const char *text, char *where, size_t size)
{
	char query[1200];
	snprintf(query, sizeof(query),
		"CREATE OR REPLACE FUNCTION pg_temp.traces(needle text) RETURNS TABLE (t text, n bigint) LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN"
		" FOR r IN SELECT c.oid::regclass AS rel FROM pg_class c WHERE c.relnamespace = 'fleet'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition LOOP"
		" RETURN QUERY EXECUTE format('SELECT %%L::text, count(*) FROM %%s x WHERE x::text ILIKE %%L', r.rel, r.rel, '%%' || needle || '%%'); END LOOP; END $$;"
		"SELECT coalesce(sum(n), 0) || ' ' || coalesce(string_agg(t || ':' || n, ' ' ORDER BY t) FILTER (WHERE n > 0), '') FROM pg_temp.traces('%s')",
		text);
	const char *found = sql(query);
	if (where)
		snprintf(where, size, "%s", strchr(found, ' ') + 1);
	return strtoll(found, NULL, 10);
}

static int64_t differences(void)
{
	fl_rebuild_result result = {};
	fl_diag diag = {};
	if (fl_rebuild(&(fl_rebuild_opts) { .url = w.pg.url, .check = true }, &diag, &result) != FL_OK)
		fail_msg("%s", diag.text);
	return result.differences;
}

/* ---- */

static void every_column_is_judged(void **state)
{
	assert_string_equal(
		sql("SELECT coalesce(string_agg(c.relname || '.' || a.attname, ', '), '') FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
		    " WHERE c.relnamespace = 'fleet'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped"
		    " AND NOT EXISTS (SELECT 1 FROM platform.personal p WHERE p.tbl = c.relname AND p.col = a.attname)"),
		"");
	/* And none that is not there. */
	assert_string_equal(
		sql("SELECT coalesce(string_agg(p.tbl || '.' || p.col, ', '), '') FROM platform.personal p WHERE NOT EXISTS (SELECT 1 FROM pg_attribute a"
		    " WHERE a.attrelid = to_regclass('fleet.' || p.tbl) AND a.attname = p.col AND NOT a.attisdropped)"),
		"");
	/* Text that people write is judged to be something: the checker's own list of columns that hold none. */
	assert_string_equal(
		sql("SELECT coalesce(string_agg(p.tbl || '.' || p.col, ', '), '') FROM platform.personal p WHERE p.class = 'none' AND"
		    " p.col ~ '(^|_)(email|phone|note|notes|body|signature|contact|licence|person_name)(_|$)'"),
		"");
}

static fl_uuid kims_report;

/* Kim files a report; others write about Kim. */
static fl_err tell(fl_ctx *ctx)
{
	fl_upload photo = world_photo(ctx, 5);
	fl_uuid comment;
	fl_moved moved;
	int16_t zone;
	as_user(ctx, KIM, FL_ROLE_DRIVER);
	FL_TRY(world_file(ctx, "scratched at the gate", &photo, 1, &kims_report));
	FL_TRY(fl_comment_add(ctx, kims_report, FL_STR("I was tired, yours, K. Vandersloot"), false, &comment));
	FL_TRY(fl_comment_edit_body(ctx, kims_report, comment, FL_STR("I was tired. Vandersloot")));
	FL_TRY(fl_custody_opened(ctx, FL_EVENT_PHOTO_OPENED, "photo", kims_report, 1, FL_STR("")));
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(fl_comment_add(ctx, kims_report, FL_STR("Call Vandersloot at +31 6 5550001"), true, &comment));
	FL_TRY(fl_comment_add(ctx, kims_report, FL_STR("nothing about anybody, slootvander"), true, &comment));
	FL_TRY(fl_zone_add(ctx, kims_report, 0,
		&(fl_zone) { .part = FL_ZONE_FRONT_DOOR, .kind = FL_KIND_DENT, .note = FL_STR("says Kim Vandersloot") }, &zone));
	return fl_report_move(ctx,
		&(fl_move) { .id = kims_report, .verb = FL_VERB_REJECT, .reason = FL_STR("kim.vandersloot@one.example says it was old") }, &moved);
}

static fl_err events_hold_no_words(fl_ctx *ctx)
{
	fl_history_entry *rows;
	size_t count, words = 0;
	FL_TRY(tell(ctx));
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE data::text ILIKE '%vandersloot%'"), 0);
	assert_true(world_count(&w, "SELECT count(*) FROM event_words WHERE word ILIKE '%vandersloot%'") >= 3);
	/* Readers see them all the same. */
	FL_TRY(fl_history_of_reports(ctx, &kims_report, 1, NULL, 50, &rows, &count));
	for (size_t i = 0; i < count; i++)
		words += fl_str_eq(rows[i].reason, FL_STR("kim.vandersloot@one.example says it was old"));
	assert_int_equal(words, 1);
	assert_int_equal(differences(), 0);
	/* A word that was changed beside its event is found out; events cannot be changed at all. */
	(void)sql("UPDATE event_words SET word = word || '!' WHERE word LIKE 'kim.%'");
	assert_int_equal(differences(), 1);
	(void)sql("UPDATE event_words SET word = rtrim(word, '!') WHERE word LIKE 'kim.%'");
	assert_int_equal(differences(), 0);
	char state[8];
	snprintf(state, sizeof state, "%s", pg_fixture_sql_as(&w.pg, "fleet_app", 1, "UPDATE events SET data = '{}'", NULL, 0));
	assert_string_equal(state, "42501");
	return FL_OK;
}

static fl_err only_administrators(fl_ctx *ctx)
{
	fl_erasure made;
	const fl_erasure_order kim = { .driver_id = KIM_DRIVER };
	static const fl_role others[] = { FL_ROLE_DRIVER, FL_ROLE_MANAGER, FL_ROLE_AUDITOR };
	for (size_t i = 0; i < FL_COUNT(others); i++) {
		as_user(ctx, WORLD_MANAGER, others[i]);
		assert_int_equal(erase(ctx, kim, &made), FL_FORBIDDEN);
		assert_int_equal(fl_report_hold(ctx, kims_report, FL_STR("case")), FL_FORBIDDEN);
		assert_int_equal(fl_erasure_get(ctx, kims_report, &made), FL_FORBIDDEN);
	}
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	assert_int_equal(erase(ctx, (fl_erasure_order) { .driver_id = 99 }, &made), FL_NOT_FOUND);
	assert_int_equal(erase(ctx, (fl_erasure_order) { .user_id = 99 }, &made), FL_NOT_FOUND);
	assert_int_equal(erase(ctx, (fl_erasure_order) { .user_id = ADMIN }, &made), FL_BAD_INPUT);
	assert_int_equal(fl_person_erase(ctx, &(fl_erasure_order) { .driver_id = KIM_DRIVER, .reason = FL_STR(" ") }, &made), FL_BAD_INPUT);
	/* An administrator of another company finds nobody of this one. */
	ctx->caller = (fl_caller) { 2, 9, FL_ROLE_ADMIN, FL_STR("x") };
	assert_int_equal(erase(ctx, (fl_erasure_order) { .driver_id = LOU_DRIVER }, &made), FL_NOT_FOUND);
	assert_int_equal(erase(ctx, (fl_erasure_order) { .user_id = KIM }, &made), FL_NOT_FOUND);
	assert_int_equal(fl_report_hold(ctx, kims_report, FL_STR("case")), FL_NOT_FOUND);
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, "INSERT INTO erasures (tenant_id, reason) VALUES (1, 'x')", NULL, 0), "42501");
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, "DELETE FROM event_words", NULL, 0), "42501");
	return FL_OK;
}

static fl_err duties_forbid(fl_ctx *ctx)
{
	fl_erasure made;
	const fl_erasure_order kim = { .driver_id = KIM_DRIVER };
	fl_hold *holds;
	size_t count;
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(fl_report_hold(ctx, kims_report, FL_STR("case 9")));
	FL_TRY(fl_report_hold(ctx, kims_report, FL_STR("case 12")));
	FL_TRY(fl_holds_of_reports(ctx, &kims_report, 1, &holds, &count));
	assert_true(count == 1 && fl_str_eq(holds->reason, FL_STR("case 12")) && holds->set_by == ADMIN);
	assert_int_equal(erase(ctx, kim, &made), FL_CONFLICT);
	assert_non_null(strstr(ctx->diag.text, "legal hold (case 12), until that is released"));
	/* The database itself keeps what is held. */
	(void)sql("DO $$ BEGIN DELETE FROM damage_reports WHERE description = 'scratched at the gate'; RAISE 'gone'; EXCEPTION WHEN foreign_key_violation THEN NULL; END $$");
	FL_TRY(fl_report_release(ctx, kims_report));
	assert_int_equal(fl_report_release(ctx, kims_report), FL_CONFLICT);
	/* An open claim; the report is rejected, which is an end. */
	(void)sql("UPDATE damage_reports SET claim_no = 'C-1', status = 3, stage = NULL WHERE description = 'scratched at the gate'");
	assert_int_equal(erase(ctx, kim, &made), FL_CONFLICT);
	assert_non_null(strstr(ctx->diag.text, "open claim C-1"));
	(void)sql("UPDATE damage_reports SET status = 6 WHERE description = 'scratched at the gate'");
	assert_int_equal(world_count(&w, "SELECT count(*) FROM erasures"), 0);
	return FL_OK;
}

static fl_err dry_runs_change_nothing(fl_ctx *ctx)
{
	fl_erasure made;
	int64_t before = traces("vandersloot", NULL, 0);
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(erase(ctx, (fl_erasure_order) { .user_id = KIM, .dry_run = true }, &made));
	assert_int_equal(made.state, FL_ERASURE_DONE);
	assert_int_equal(made.driver_id, KIM_DRIVER);
	assert_true(made.count_count > 3 && made.findings >= 4);
	assert_int_equal(traces("vandersloot", NULL, 0), before);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM erasures"), 0);
	return FL_OK;
}

static fl_str login(fl_ctx *ctx)
{
	fl_str token = {};
	return fl_session_login(ctx, FL_STR("kim.vandersloot@one.example"), FL_STR("a long password"), &token) == FL_OK ? token : (fl_str) {};
}

static fl_err decide_all(fl_ctx *ctx, const fl_erasure *made)
{
	fl_finding *rows, decided;
	size_t count, texts = 0, photos = 0;
	FL_TRY(fl_findings_of(ctx, made->id, 0, 100, &rows, &count));
	assert_int_equal(count, made->findings);
	for (size_t i = 0; i < count; i++) {
		texts += rows[i].text.ptr != NULL;
		photos += rows[i].photo == 1;
		assert_true(rows[i].text.ptr || rows[i].photo);
		FL_TRY(fl_finding_decide(ctx, made->id, rows[i].id, FL_STR("(erased)"), &decided));
		assert_int_equal(decided.state, FL_FINDING_REDACTED);
		assert_int_equal(fl_finding_decide(ctx, made->id, rows[i].id, (fl_str) {}, &decided), FL_CONFLICT);
	}
	assert_int_equal(photos, 1);
	assert_true(texts >= 4);
	assert_int_equal(fl_finding_decide(ctx, made->id, 1000, (fl_str) {}, &decided), FL_NOT_FOUND);
	return FL_OK;
}

/* A stub of the photo is left; whatever brings the photo back, a backup or an archive, is told again. */
static void the_photo_is_gone(void)
{
	static const char stub[] = "SELECT count(*) FROM damage_photos p WHERE erased_at IS NOT NULL AND phash IS NULL AND bands IS NULL AND view_sha256 IS NULL AND thumb_sha256 IS NULL"
				   " AND taken_at IS NULL AND camera IS NULL AND location IS NULL AND client IS NULL AND length(sha256) = 32"
				   " AND NOT EXISTS (SELECT 1 FROM photo_embeddings e WHERE (e.tenant_id, e.report_id, e.photo_id) = (p.tenant_id, p.report_id, p.id))";
	assert_string_equal(sql(stub), "1");
	assert_string_equal(sql("SELECT count(*) FROM erasures_register('epoch') r WHERE r.line::jsonb ? 'photo'"), "1");
	(void)sql("UPDATE damage_photos SET erased_at = NULL WHERE erased_at IS NOT NULL");
	assert_string_equal(sql("SELECT platform.erasure_again(r.line::jsonb) FROM erasures_register('epoch') r WHERE r.line::jsonb ? 'photo'"), "t");
	assert_string_equal(sql("SELECT platform.erasure_again(r.line::jsonb) FROM erasures_register('epoch') r WHERE r.line::jsonb ? 'photo'"), "f");
	(void)sql("UPDATE damage_photos SET erased_at = NULL WHERE erased_at IS NOT NULL");
	(void)sql("SELECT platform.archive_restored(1, uuid7(), ARRAY[(SELECT report_id FROM erasure_findings WHERE tbl = 'damage_photos')], false)");
	assert_string_equal(sql(stub), "1");
	assert_string_equal(sql("SELECT count(*) FROM events WHERE type = 'photo.erased'"), "3");
}

static fl_err the_person_goes(fl_ctx *ctx)
{
	static const char proof[] = "SELECT encode(sha256(string_agg(id || type || data::text, ',' ORDER BY id)::bytea), 'hex') FROM events WHERE id < ";
	char where[600], query[400], last[64], before[80];
	fl_erasure made, again;
	snprintf(last, sizeof last, "%s", sql("SELECT uuid7_floor(now() + interval '1 ms')"));
	snprintf(query, sizeof query, "%s'%s'", proof, last);
	snprintf(before, sizeof before, "%s", sql(query));
	fl_str token = login(ctx);
	assert_non_null(token.ptr);
	FL_TRY(fl_session_enter(ctx, token));
	assert_int_equal(ctx->caller.user_id, KIM);
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(erase(ctx, (fl_erasure_order) { .driver_id = KIM_DRIVER }, &made));
	assert_int_equal(made.state, FL_ERASURE_DONE);
	assert_true(made.done_at != 0 && made.findings_open == made.findings);
	/* What was the person's own is gone; what others wrote is there still, and listed. */
	(void)traces("vandersloot", where, sizeof where);
	assert_string_equal(where, "damage_zones:1 drivers:1 event_words:2 report_comments:1");
	assert_int_equal(traces("192.0.2.77", where, sizeof where), world_count(&w, "SELECT count(*) FROM damage_photos WHERE client IS NOT NULL AND uploaded_by <> 7"));
	assert_null(login(ctx).ptr);
	/* The token from before opens nothing any more, at once. */
	assert_int_equal(fl_session_enter(ctx, token), FL_UNAUTHENTICATED);
	assert_int_equal(ctx->caller.tenant_id, 0);
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	assert_string_equal(sql("SELECT name || coalesce(email, '-') || coalesce(phone, '-') || (retired_at IS NOT NULL) FROM drivers WHERE tenant_id = 1 AND id = 7"),
		"erased driver 7--true");
	assert_string_equal(sql("SELECT name FROM drivers WHERE tenant_id = 2 AND id = 7"), "Kim Vandersloot"); /* the other company's */
	/* The proof holds. */
	assert_string_equal(sql(query), before);
	assert_int_equal(differences(), 0);
	/* Once is enough. */
	FL_TRY(erase(ctx, (fl_erasure_order) { .user_id = KIM }, &again));
	assert_true(fl_uuid_eq(again.id, made.id));
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE type = 'person.erased'"), 1);
	FL_TRY(decide_all(ctx, &made));
	the_photo_is_gone();
	assert_int_equal(world_count(&w, "SELECT count(*) FROM fleet.drivers WHERE tenant_id = 1 AND name ILIKE '%vandersloot%'"), 0);
	(void)sql("DELETE FROM drivers WHERE tenant_id = 2 AND id = 7");
	if (traces("vandersloot", where, sizeof where))
		fail_msg("still in %s", where);
	assert_string_equal(sql(query), before);
	assert_int_equal(differences(), 0);
	FL_TRY(fl_erasure_get(ctx, made.id, &again));
	assert_int_equal(again.findings_open, 0);
	return FL_OK;
}

static fl_err waiting_restricts_first(fl_ctx *ctx)
{
	fl_erasure made, now;
	fl_uuid report;
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	FL_TRY(world_file(ctx, "a bump", NULL, 0, &report));
	(void)sql("UPDATE damage_reports SET driver_id = 8 WHERE description = 'a bump'");
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(fl_report_hold(ctx, report, FL_STR("case 3")));
	FL_TRY(erase(ctx, (fl_erasure_order) { .driver_id = LOU_DRIVER, .wait = true }, &made));
	assert_int_equal(made.state, FL_ERASURE_WAITING);
	assert_int_equal(made.duty_count, 1);
	assert_string_equal(sql("SELECT name || (retired_at IS NOT NULL) FROM drivers WHERE tenant_id = 1 AND id = 8"), "Loutrue");
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_worker", 0, "SELECT erasures_due()", NULL, 0), "");
	FL_TRY(fl_erasure_get(ctx, made.id, &now));
	assert_int_equal(now.state, FL_ERASURE_WAITING);
	FL_TRY(fl_report_release(ctx, report));
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_worker", 0, "SELECT erasures_due()", NULL, 0), "");
	FL_TRY(fl_erasure_get(ctx, made.id, &now));
	assert_int_equal(now.state, FL_ERASURE_DONE);
	assert_int_equal(now.duty_count, 0);
	assert_string_equal(sql("SELECT name FROM drivers WHERE tenant_id = 1 AND id = 8"), "erased driver 8");
	return FL_OK;
}

/* ---- Events from before the words were taken out ---- */

static void old_events_are_sealed(void **state)
{
	pg_fixture old = { .empty = true };
	fl_migrate_report report;
	fl_diag diag = {};
	pg_fixture_start(&old);
	assert_int_equal(fl_migrate(&(fl_migrate_opts) { .url = old.url, .upto = 30 }, &diag, &report), FL_OK);
	(void)pg_fixture_sql(&old, "INSERT INTO fleet.tenants (id, slug, name) VALUES (1, 'one', 'One');"
				   "INSERT INTO fleet.events (tenant_id, type, data) VALUES (1, 'report.updated', '{\"description\": [\"a\", \"b\"], \"reason\": \"why\"}'),"
				   " (1, 'report.updated', '{\"priority\": [\"5\", \"6\"]}'), (1, 'driver.updated', '{\"name\": \"kept\"}')");
	assert_int_equal(fl_migrate(&(fl_migrate_opts) { .url = old.url }, &diag, &report), FL_OK);
	assert_string_equal(pg_fixture_sql(&old, "SELECT string_agg(fleet.event_open(tenant_id, id, data)::text, ' ' ORDER BY seq) FROM fleet.events"),
		"{\"reason\": \"why\", \"description\": [\"a\", \"b\"]} {\"priority\": [\"5\", \"6\"]} {\"name\": \"kept\"}");
	assert_string_equal(pg_fixture_sql(&old, "SELECT string_agg(word, ',' ORDER BY word) FROM fleet.event_words"), "a,b,why");
	assert_string_equal(pg_fixture_sql(&old, "SELECT count(*) FROM fleet.events WHERE data ? 'reason' AND data->'reason'->>'sealed' ~ '^[0-9a-f]{64}$'"), "1");
	assert_string_equal(pg_fixture_sql_as(&old, "postgres", 1, "UPDATE fleet.events SET data = '{}'", NULL, 0), "42501");
	pg_fixture_stop(&old);
}

/* ---- */

#define SCENE(name)                                                                                                              \
	static void name##_test(void **state)                                                                                    \
	{                                                                                                                        \
		world_play(&w, name);                                                                                            \
	}
SCENE(events_hold_no_words)
SCENE(only_administrators)
SCENE(duties_forbid)
SCENE(dry_runs_change_nothing)
SCENE(the_person_goes)
SCENE(waiting_restricts_first)

static int start(void **state)
{
	char hash[FL_PASSWORD_HASH_MAX], query[1200];
	world_start(&w);
	assert_int_equal(fl_password_hash_now(FL_STR("a long password"), hash), FL_OK);
	snprintf(query, sizeof query,
		"INSERT INTO drivers (tenant_id, id, name, email, phone, licence_no) VALUES (1, 7, 'Kim Vandersloot', 'kim.vandersloot@one.example', '+31 6 5550001', 'L-7'),"
		" (1, 8, 'Lou', NULL, NULL, NULL), (2, 7, 'Kim Vandersloot', NULL, NULL, NULL);"
		"INSERT INTO users (tenant_id, id, email, name, role, driver_id, password) VALUES (1, 6, 'admin@one.example', 'Ada', 4, NULL, NULL),"
		" (1, 7, 'kim.vandersloot@one.example', 'Kim Vandersloot', 1, 7, '%s');"
		"INSERT INTO saved_filters (tenant_id, user_id, name, filter) VALUES (1, 7, 'Vandersloot only', '{}');"
		"INSERT INTO alert_rules (tenant_id, user_id, name) VALUES (1, 7, 'for Vandersloot');"
		"INSERT INTO transfers (tenant_id, user_id, role, direction, kind, problems) VALUES (1, 6, 4, 1, 2, '[{\"value\": \"Vandersloot\"}]')",
		hash);
	(void)sql(query);
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
		cmocka_unit_test(every_column_is_judged),
		cmocka_unit_test(events_hold_no_words_test),
		cmocka_unit_test(only_administrators_test),
		cmocka_unit_test(duties_forbid_test),
		cmocka_unit_test(dry_runs_change_nothing_test),
		cmocka_unit_test(the_person_goes_test),
		cmocka_unit_test(waiting_restricts_first_test),
		cmocka_unit_test(old_events_are_sealed),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
