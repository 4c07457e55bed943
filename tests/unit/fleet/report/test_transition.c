/* Steps, undo, two persons, batches, deadlines and replay against a real PostgreSQL. */
#include "world.h"

#include "fleet/report/change.h"
#include "fleet/report/policy.h"
#include "fleet/rebuild.h"
#include "fleet/report/transition.h"
#include "fleet/report/zone.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;

enum { SECOND_MANAGER = 5, ADMIN = 6 };

static void as_user(fl_ctx *ctx, int32_t user, fl_role role)
{
	ctx->caller = (fl_caller) { 1, user, role, FL_STR("somebody") };
}

static fl_err move(fl_ctx *ctx, fl_uuid id, fl_verb verb, const char *reason, fl_moved *out)
{
	return fl_report_move(ctx, &(fl_move) { .id = id, .verb = verb, .reason = reason ? fl_str_z(reason) : (fl_str) {} }, out);
}

static fl_err file(fl_ctx *ctx, fl_uuid *out)
{
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	FL_TRY(world_file(ctx, "a dent", NULL, 0, out));
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	return FL_OK;
}

/* Nothing differs from what its events say: called after every scene. */
static void agree(void)
{
	const char *differences = pg_fixture_sql(&w.pg, "SELECT coalesce(string_agg(d.report_id || ' ' || d.field || ' ' || "
							"coalesce(d.stored, '-') || ' ' || coalesce(d.told, '-'), '; '), '')"
							" FROM (SELECT tenant_id, array_agg(id) AS ids FROM damage_reports GROUP "
							"BY 1) r, reports_differences(r.tenant_id, r.ids) d");
	assert_string_equal(differences, "");
}

/* ---- */

static fl_err a_whole_life(fl_ctx *ctx)
{
	static const struct {
		fl_verb verb;
		const char *reason;
		fl_stage stage;
	} life[] = { { FL_VERB_TRIAGE, NULL, FL_STAGE_TRIAGED }, { FL_VERB_APPROVE, NULL, FL_STAGE_APPROVED },
		{ FL_VERB_START_REPAIR, NULL, FL_STAGE_IN_REPAIR }, { FL_VERB_COMPLETE, NULL, FL_STAGE_COMPLETED },
		{ FL_VERB_REOPEN, "the paint peels", FL_STAGE_REOPENED }, { FL_VERB_REJECT, "wear", FL_STAGE_REJECTED },
		{ FL_VERB_DISPUTE, "it was hit", FL_STAGE_DISPUTED }, { FL_VERB_SETTLE, "agreed by phone", FL_STAGE_CLOSED } };
	fl_moved moved;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	assert_int_equal(move(ctx, id, FL_VERB_COMPLETE, NULL, &moved), FL_BAD_INPUT);
	for (size_t i = 0; i < FL_COUNT(life); i++) {
		FL_TRY(move(ctx, id, life[i].verb, life[i].reason, &moved));
		assert_int_equal(moved.report->stage, life[i].stage);
		assert_int_equal(moved.report->status, fl_stage_status(life[i].stage));
		assert_int_equal(moved.report->version, (int)i + 2);
		assert_int_equal(moved.report->completed_at != 0, moved.report->status == FL_STATUS_COMPLETED);
	}
	assert_int_equal(move(ctx, id, FL_VERB_REOPEN, "  ", &moved), FL_BAD_INPUT); /* why? */
	agree();
	return FL_OK;
}

static fl_err drivers_contest_only_what_is_theirs(fl_ctx *ctx)
{
	fl_moved moved;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	FL_TRY(move(ctx, id, FL_VERB_REJECT, "wear", &moved));
	as_user(ctx, WORLD_OTHER_DRIVER, FL_ROLE_DRIVER);
	assert_int_equal(move(ctx, id, FL_VERB_DISPUTE, "no", &moved), FL_NOT_FOUND);
	as_user(ctx, WORLD_AUDITOR, FL_ROLE_AUDITOR);
	assert_int_equal(move(ctx, id, FL_VERB_DISPUTE, "no", &moved), FL_FORBIDDEN);
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	assert_int_equal(move(ctx, id, FL_VERB_RESTORE, NULL, &moved), FL_FORBIDDEN);
	FL_TRY(move(ctx, id, FL_VERB_DISPUTE, "it was hit", &moved));
	assert_int_equal(fl_report_undo(ctx, id, 0, &moved.report), FL_BAD_INPUT);
	world_as(ctx, 2, WORLD_MANAGER);
	assert_int_equal(move(ctx, id, FL_VERB_APPROVE, NULL, &moved), FL_NOT_FOUND);
	agree();
	return FL_OK;
}

static fl_err duplicates_name_the_other(fl_ctx *ctx)
{
	fl_uuid first, copy, foreign;
	fl_moved moved;
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "elsewhere", NULL, 0, &foreign));
	FL_TRY(file(ctx, &first));
	FL_TRY(file(ctx, &copy));
	fl_move m = { .id = copy, .verb = FL_VERB_MARK_DUPLICATE };
	assert_int_equal(fl_report_move(ctx, &m, &moved), FL_BAD_INPUT); /* of which? */
	m.has_duplicate_of = true;
	m.duplicate_of = copy;
	assert_int_equal(fl_report_move(ctx, &m, &moved), FL_BAD_INPUT); /* of itself */
	m.duplicate_of = foreign;
	assert_int_equal(fl_report_move(ctx, &m, &moved), FL_NOT_FOUND);
	m.duplicate_of = first;
	FL_TRY(fl_report_move(ctx, &m, &moved));
	assert_true(moved.report->has_duplicate_of && fl_uuid_eq(moved.report->duplicate_of, first));
	const fl_move chain = { .id = first, .verb = FL_VERB_MARK_DUPLICATE, .has_duplicate_of = true, .duplicate_of = copy };
	assert_int_equal(fl_report_move(ctx, &chain, &moved), FL_BAD_INPUT);
	const fl_report *back;
	FL_TRY(fl_report_undo(ctx, copy, 0, &back));
	assert_true(back->stage == FL_STAGE_REPORTED && !back->has_duplicate_of);
	agree();
	return FL_OK;
}

static fl_err undo_only_what_is_fresh(fl_ctx *ctx)
{
	fl_moved moved;
	const fl_report *back;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	assert_int_equal(fl_report_undo(ctx, id, 0, &back), FL_CONFLICT); /* filing is no step */
	FL_TRY(move(ctx, id, FL_VERB_APPROVE, NULL, &moved));
	assert_true(moved.undo_until > fl_now_us());
	as_user(ctx, SECOND_MANAGER, FL_ROLE_MANAGER);
	assert_int_equal(fl_report_undo(ctx, id, 0, &back), FL_FORBIDDEN);
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	assert_int_equal(fl_report_undo(ctx, id, 1, &back), FL_CONFLICT);
	FL_TRY(fl_report_undo(ctx, id, 2, &back));
	assert_true(back->stage == FL_STAGE_REPORTED && back->version == 3);
	assert_int_equal(fl_report_undo(ctx, id, 0, &back), FL_CONFLICT); /* once */
	fl_move complete = { .id = id, .verb = FL_VERB_COMPLETE, .has_actual = true, .actual_cents = 12345 };
	FL_TRY(move(ctx, id, FL_VERB_APPROVE, NULL, &moved));
	FL_TRY(move(ctx, id, FL_VERB_START_REPAIR, NULL, &moved));
	int64_t due = moved.report->due_at;
	FL_TRY(fl_report_move(ctx, &complete, &moved));
	assert_true(moved.report->actual_cents == 12345 && moved.report->due_at == 0);
	FL_TRY(fl_report_undo(ctx, id, 0, &back));
	assert_true(back->stage == FL_STAGE_IN_REPAIR && !back->has_actual && !back->completed_at && back->due_at == due);
	FL_TRY(move(ctx, id, FL_VERB_HALT_REPAIR, NULL, &moved));
	FL_TRY(fl_report_update(ctx, &(fl_report_patch) { .id = id, .priority = 2 }, &back));
	assert_int_equal(fl_report_undo(ctx, id, 0, &back), FL_CONFLICT); /* something happened since */
	agree();
	return FL_OK;
}

static fl_err two_persons_above_the_limit(fl_ctx *ctx)
{
	const fl_limit limit = { true, true, 100000, 500000 };
	const fl_report *changed;
	fl_moved moved;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	FL_TRY(fl_report_update(
		ctx, &(fl_report_patch) { .id = id, .has_estimated = true, .estimated_cents = 200000 }, &changed));
	assert_int_equal(fl_limit_set(ctx, FL_ROLE_MANAGER, &limit), FL_FORBIDDEN);
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(fl_limit_set(ctx, FL_ROLE_MANAGER, &limit));
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	assert_int_equal(
		fl_report_update(ctx, &(fl_report_patch) { .id = id, .status = FL_STATUS_APPROVED }, &changed), FL_BAD_INPUT);
	FL_TRY(move(ctx, id, FL_VERB_APPROVE, NULL, &moved));
	assert_true(moved.endorsed && moved.report->stage == FL_STAGE_REPORTED && moved.report->endorsed_by == WORLD_MANAGER);
	assert_int_equal(move(ctx, id, FL_VERB_APPROVE, NULL, &moved), FL_BAD_INPUT);
	FL_TRY(fl_report_update(
		ctx, &(fl_report_patch) { .id = id, .has_estimated = true, .estimated_cents = 300000 }, &changed));
	assert_int_equal(changed->endorsed_by, 0); /* another amount: the first approval is gone */
	FL_TRY(move(ctx, id, FL_VERB_APPROVE, NULL, &moved));
	as_user(ctx, SECOND_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(move(ctx, id, FL_VERB_APPROVE, NULL, &moved));
	assert_true(!moved.endorsed && moved.report->stage == FL_STAGE_APPROVED && moved.report->endorsed_by == 0);
	(void)pg_fixture_sql(&w.pg, "DELETE FROM approval_limits");
	agree();
	return FL_OK;
}

static fl_err open_ways(fl_ctx *ctx)
{
	fl_report *rows;
	fl_way *ways;
	size_t count, ways_count;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	const fl_report *report = rows;
	FL_TRY(fl_ways_of_reports(ctx, &report, 1, &ways, &ways_count));
	assert_int_equal(ways_count, 5);
	assert_true(ways[0].step->verb == FL_VERB_ASSESS && ways[0].verdict == FL_VERDICT_REFUSED && ways[0].why_not.len);
	assert_true(ways[2].step->verb == FL_VERB_APPROVE && ways[2].verdict == FL_VERDICT_GOES);
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	FL_TRY(fl_ways_of_reports(ctx, &report, 1, &ways, &ways_count));
	assert_int_equal(ways_count, 0);
	return FL_OK;
}

static fl_err drafts_wait(fl_ctx *ctx)
{
	const fl_report_draft draft = { .vehicle_id = 1,
		.description = FL_STR("not done"),
		.is_draft = true,
		.photos = (fl_upload[]) { world_photo(ctx, 4) },
		.photo_count = 1 };
	fl_moved moved;
	fl_uuid id;
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	int64_t jobs = world_count(&w, "SELECT count(*) FROM jobs");
	FL_TRY(fl_report_create(ctx, &draft, &id));
	assert_int_equal(world_count(&w, "SELECT count(*) FROM jobs"), jobs);
	FL_TRY(move(ctx, id, FL_VERB_SUBMIT, NULL, &moved));
	assert_true(moved.report->stage == FL_STAGE_REPORTED && moved.report->due_at > fl_now_us());
	assert_int_equal(world_count(&w, "SELECT count(*) FROM jobs"), jobs + 1);
	agree();
	return FL_OK;
}

static fl_err batches_judge_each(fl_ctx *ctx)
{
	fl_report_patch patches[FL_REPORT_BATCH_MAX + 1] = {};
	fl_batch_result results[FL_REPORT_BATCH_MAX + 1];
	for (size_t i = 0; i < 3; i++)
		FL_TRY(file(ctx, &patches[i].id));
	patches[0].status = FL_STATUS_APPROVED;
	patches[1].status = FL_STATUS_COMPLETED;
	patches[2].priority = 1;
	patches[2].version = 1;
	patches[3] = (fl_report_patch) { .id = fl_uuid7(fl_now_us()), .priority = 3 };
	FL_TRY(fl_reports_update(ctx, patches, 4, results));
	assert_true(results[0].err == FL_OK && results[0].report->status == FL_STATUS_APPROVED);
	assert_true(results[1].err == FL_BAD_INPUT && results[1].diag.text[0] && !results[1].report);
	assert_true(results[2].err == FL_OK && results[2].report->priority == 1 && results[2].report->version == 2);
	assert_int_equal(results[3].err, FL_NOT_FOUND);
	assert_int_equal(fl_reports_update(ctx, patches, FL_REPORT_BATCH_MAX + 1, results), FL_BAD_INPUT);
	patches[1].id = patches[0].id;
	assert_int_equal(fl_reports_update(ctx, patches, 2, results), FL_BAD_INPUT); /* one report twice */
	agree();
	return FL_OK;
}

static fl_err deadlines_are_told_once(fl_ctx *ctx)
{
	fl_report *rows;
	size_t count;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	assert_int_equal(rows->due_at, rows->phase_since + 24 * FL_HOUR_US); /* triage at priority 5 */
	(void)pg_fixture_sql(&w.pg, "SELECT reports_overdue()");
	int64_t before = world_count(&w, "SELECT count(*) FROM events WHERE type = 'report.overdue'");
	(void)pg_fixture_sql(&w.pg, "UPDATE damage_reports SET due_at = now() - interval '1 minute' WHERE id = (SELECT "
				    "max(id::text)::uuid FROM damage_reports)");
	for (int i = 0; i < 2; i++)
		(void)pg_fixture_sql(&w.pg, "SELECT reports_overdue()");
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE type = 'report.overdue'"), before + 1);
	FL_TRY(fl_reports_find(ctx, &(fl_report_filter) { .overdue = true }, NULL, 10, &rows, &count));
	assert_true(count >= 1 && fl_uuid_eq(rows[0].id, id));
	agree();
	return FL_OK;
}

static fl_err all_or_nothing(fl_ctx *ctx)
{
	static const char counts[] = "SELECT count(*) FROM events";
	fl_moved moved;
	fl_report *rows;
	size_t count;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	int64_t before = world_count(&w, counts);
	(void)pg_fixture_sql(&w.pg,
		"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
		"CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()");
	assert_int_not_equal(move(ctx, id, FL_VERB_APPROVE, NULL, &moved), FL_OK);
	(void)pg_fixture_sql(&w.pg, "DROP TRIGGER refuse ON events; DROP FUNCTION refuse()");
	assert_int_equal(world_count(&w, counts), before);
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	assert_true(rows->stage == FL_STAGE_REPORTED && rows->version == 1);
	agree();
	return FL_OK;
}

static fl_err replay_finds_and_mends(fl_ctx *ctx)
{
	fl_moved moved;
	fl_uuid id;
	FL_TRY(file(ctx, &id));
	FL_TRY(move(ctx, id, FL_VERB_TRIAGE, NULL, &moved));
	(void)pg_fixture_sql(&w.pg, "UPDATE damage_reports SET severity = 4, stage = NULL, status = 3, priority = 9 WHERE id = "
				    "(SELECT max(id::text)::uuid FROM damage_reports)");
	const char *fields = pg_fixture_sql(&w.pg, "SELECT string_agg(d.field, ' ' ORDER BY d.field) FROM (SELECT array_agg(id) "
						   "AS ids FROM damage_reports WHERE tenant_id = 1) r,"
						   " reports_differences(1, r.ids) d");
	assert_string_equal(fields, "priority severity stage status");
	assert_int_equal(world_count(&w, "SELECT reports_mend(1, array_agg(id)) FROM damage_reports WHERE tenant_id = 1"), 1);
	agree();
	return FL_OK;
}

static fl_err zones_follow_their_events(fl_ctx *ctx)
{
	const fl_corner corners[] = { { 0.125, 0.5 }, { 0.3, 0.75 }, { 0.1, 0.9 } };
	fl_zone zone = { .part = FL_ZONE_FRONT_DOOR,
		.side = FL_SIDE_LEFT,
		.kind = FL_KIND_DENT,
		.size_mm = 80,
		.severity = FL_SEV_MINOR,
		.viewpoint = 3,
		.corners = corners,
		.corner_count = FL_COUNT(corners),
		.note = FL_STR("at the \"handle\"") };
	fl_damage *damages;
	fl_zone *zones;
	fl_moved moved;
	size_t count;
	fl_uuid id;
	int16_t first, second;
	FL_TRY(file(ctx, &id));
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	FL_TRY(fl_zone_add(ctx, id, 1, &zone, &first));
	assert_int_equal(fl_zone_add(ctx, id, 1, &zone, &second), FL_CONFLICT);
	assert_int_equal(fl_zone_close(ctx, id, 0, first, FL_ZONE_REPAIRED), FL_FORBIDDEN);
	as_user(ctx, WORLD_OTHER_DRIVER, FL_ROLE_DRIVER);
	assert_int_equal(fl_zone_add(ctx, id, 0, &zone, &second), FL_NOT_FOUND);
	world_as(ctx, 2, WORLD_MANAGER);
	assert_int_equal(fl_zone_add(ctx, id, 0, &zone, &second), FL_NOT_FOUND);
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(fl_zone_add(ctx, id, 0, &(fl_zone) { .part = FL_ZONE_ROOF, .kind = FL_KIND_HAIL }, &second));
	zone.id = first;
	zone.size_mm = 90;
	FL_TRY(fl_zone_change(ctx, id, 0, &zone));
	FL_TRY(fl_zone_close(ctx, id, 0, second, FL_ZONE_REMOVED));
	FL_TRY(fl_zones_of_reports(ctx, &id, 1, &zones, &count));
	assert_true(count == 1 && zones->size_mm == 90 && zones->corner_count == 3 && zones->corners[1].y == 0.75);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM damage_reports WHERE damage_areas @> '[{\"part\": \"door\", "
					 "\"exact\": \"front_door\"}]'"),
		1);
	FL_TRY(fl_damages_of_vehicles(ctx, &(int32_t) { 1 }, 1, fl_now_us(), &damages, &count));
	assert_true(count > 0 && damages[0].has_zone && damages[0].zone.id == first && !damages[0].until);
	int64_t there = fl_now_us();
	FL_TRY(move(ctx, id, FL_VERB_APPROVE, NULL, &moved));
	FL_TRY(move(ctx, id, FL_VERB_START_REPAIR, NULL, &moved));
	FL_TRY(move(ctx, id, FL_VERB_COMPLETE, NULL, &moved));
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	assert_int_equal(fl_zone_add(ctx, id, 0, &zone, &second), FL_FORBIDDEN); /* it is decided */
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(fl_damages_of_vehicles(ctx, &(int32_t) { 1 }, 1, fl_now_us(), &damages, &count));
	assert_true(count == 0 || !fl_uuid_eq(damages[0].report_id, id));
	FL_TRY(fl_damages_of_vehicles(ctx, &(int32_t) { 1 }, 1, there, &damages, &count));
	assert_true(count > 0 && fl_uuid_eq(damages[0].report_id, id) && damages[0].until >= there);
	agree();
	return FL_OK;
}

static void say(void *arg, const char *difference)
{
	(void)arg;
	print_message("%s\n", difference);
}

static int64_t differences(bool check)
{
	fl_rebuild_result result;
	fl_diag diag = {};
	fl_err err = fl_rebuild(&(fl_rebuild_opts) { .url = w.pg.url, .check = check, .say = say }, &diag, &result);
	if (err != FL_OK)
		fail_msg("%s", diag.text);
	assert_true(result.reports > 10);
	return result.differences;
}

static void rebuild_proves_and_mends(void **state)
{
	assert_int_equal(differences(true), 0);
	(void)pg_fixture_sql(&w.pg, "UPDATE damage_reports SET priority = 9, actual_cost = 5 WHERE report_number = (SELECT "
				    "max(report_number) FROM damage_reports WHERE tenant_id = 1) AND tenant_id = 1;"
				    "UPDATE damage_zones SET size_mm = 1; UPDATE damage_zones SET note = NULL WHERE id = 1; "
				    "SELECT rollup_fold(); UPDATE rollup_vehicle SET n = n + 1;"
				    "DELETE FROM rollup_day WHERE tenant_id = 2");
	assert_true(differences(true) >= 5);
	assert_true(differences(true) >= 5); /* checking changes nothing */
	assert_true(differences(false) >= 5);
	assert_int_equal(differences(true), 0);
}

static void parts_are_the_same_in_sql(void **state)
{
	char sql[120];
	for (int part = 1; part < FL_ZONE_PART_COUNT; part++) {
		fl_str name = fl_zone_part_name(part);
		snprintf(sql, sizeof(sql), "SELECT upper(name) FROM zone_part WHERE code = %d", part);
		assert_true(fl_str_eq(name, fl_str_z(pg_fixture_sql(&w.pg, sql))));
	}
	assert_int_equal(world_count(&w, "SELECT count(*) FROM zone_part"), FL_ZONE_PART_COUNT - 1);
}

static void stages_are_the_same_in_sql(void **state)
{
	char sql[160];
	for (fl_stage stage = 1; stage < FL_STAGE_COUNT; stage++) {
		snprintf(sql, sizeof(sql),
			"SELECT status_of_stage(%d::int2) || ' ' || upper(name) FROM ref_code WHERE kind = 'stage' AND code = %d",
			stage, stage);
		fl_str name = fl_stage_name(stage);
		char expected[40];
		snprintf(expected, sizeof(expected), "%d %.*s", fl_stage_status(stage), FL_ARG(name));
		assert_string_equal(pg_fixture_sql(&w.pg, sql), expected);
	}
	for (fl_status status = FL_STATUS_REPORTED; status <= FL_STATUS_REJECTED; status++) {
		snprintf(sql, sizeof(sql), "SELECT stage_of_status(%d::int2)", status);
		assert_int_equal(world_count(&w, sql), fl_status_stage(status));
	}
}

/* ---- */

#define SCENE(name)                                                                                                              \
	static void name##_test(void **state)                                                                                    \
	{                                                                                                                        \
		world_play(&w, name);                                                                                            \
	}
SCENE(a_whole_life)
SCENE(drivers_contest_only_what_is_theirs)
SCENE(duplicates_name_the_other)
SCENE(undo_only_what_is_fresh)
SCENE(two_persons_above_the_limit)
SCENE(open_ways)
SCENE(drafts_wait)
SCENE(batches_judge_each)
SCENE(deadlines_are_told_once)
SCENE(all_or_nothing)
SCENE(replay_finds_and_mends)
SCENE(zones_follow_their_events)

static int start(void **state)
{
	world_start(&w);
	(void)pg_fixture_sql(&w.pg, "INSERT INTO users (tenant_id, id, email, name, role) VALUES (1, 5, 'other@one.example', "
				    "'Max', 2), (1, 6, 'admin@one.example', 'Ada', 4)");
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
		cmocka_unit_test(a_whole_life_test),
		cmocka_unit_test(drivers_contest_only_what_is_theirs_test),
		cmocka_unit_test(duplicates_name_the_other_test),
		cmocka_unit_test(undo_only_what_is_fresh_test),
		cmocka_unit_test(two_persons_above_the_limit_test),
		cmocka_unit_test(open_ways_test),
		cmocka_unit_test(drafts_wait_test),
		cmocka_unit_test(batches_judge_each_test),
		cmocka_unit_test(deadlines_are_told_once_test),
		cmocka_unit_test(all_or_nothing_test),
		cmocka_unit_test(replay_finds_and_mends_test),
		cmocka_unit_test(stages_are_the_same_in_sql),
		cmocka_unit_test(zones_follow_their_events_test),
		cmocka_unit_test(parts_are_the_same_in_sql),
		cmocka_unit_test(rebuild_proves_and_mends),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
