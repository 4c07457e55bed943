/* Filing, finding and changing reports against a real PostgreSQL: all or nothing, once, and only for those who may. */
#include "world.h"

#include "fleet/session.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;

/* ---- filing ---- */

static fl_err everything_or_nothing(fl_ctx *ctx)
{
	static const char counts[] = "SELECT (SELECT count(*) FROM damage_reports) + (SELECT count(*) FROM damage_photos)"
				     " + (SELECT count(*) FROM events) + (SELECT count(*) FROM jobs)";
	fl_uuid id;
	world_as(ctx, 1, WORLD_DRIVER);
	int64_t before = world_count(&w, counts);
	const fl_upload broken[] = { world_photo(ctx, 1), world_upload(FL_STR("torn.jpg"), FL_STR("\xff\xd8\xff\xe0 no picture")) };
	assert_int_equal(world_file(ctx, "one photo is torn", broken, 2, &id), FL_BAD_IMAGE);
	assert_non_null(strstr(ctx->diag.text, "torn.jpg"));
	const fl_upload huge[] = { world_photo(ctx, 1), { FL_STR("huge.jpg"), -1, 30u << 20 } };
	assert_int_equal(world_file(ctx, "one photo is too large", huge, 2, &id), FL_TOO_LARGE);
	assert_non_null(strstr(ctx->diag.text, "huge.jpg"));
	assert_int_equal(world_count(&w, counts), before);
	FL_TRY(world_file(ctx, "a dent", (fl_upload[]){ world_photo(ctx, 1), world_photo(ctx, 2) }, 2, &id));
	assert_int_equal(world_count(&w, counts), before + 1 + 2 + 1 + 1);
	assert_int_equal(world_count(&w, "SELECT reported_by * 10 + driver_id FROM damage_reports"), 21);
	world_as(ctx, 1, WORLD_AUDITOR);
	assert_int_equal(world_file(ctx, "not mine to file", NULL, 0, &id), FL_FORBIDDEN);
	return FL_OK;
}

static fl_err file_with_key(fl_ctx *ctx, fl_str key, fl_uuid *out)
{
	const fl_report_draft draft = { .vehicle_id = 1, .description = FL_STR("with a key"), .idempotency_key = key };
	return fl_report_create(ctx, &draft, out);
}

static fl_err keys_belong_to_their_sender(fl_ctx *ctx)
{
	fl_uuid mine, again, other, foreign;
	fl_report *rows;
	size_t count;
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(file_with_key(ctx, FL_STR("1"), &mine));
	FL_TRY(file_with_key(ctx, FL_STR("1"), &again));
	assert_true(fl_uuid_eq(mine, again));
	world_as(ctx, 1, WORLD_OTHER_DRIVER);
	FL_TRY(file_with_key(ctx, FL_STR("1"), &other));
	assert_false(fl_uuid_eq(mine, other));
	FL_TRY(fl_reports_get(ctx, &other, 1, &rows, &count));
	assert_int_equal(count, 1);
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(file_with_key(ctx, FL_STR("1"), &foreign));
	assert_false(fl_uuid_eq(mine, foreign));
	return FL_OK;
}

enum { RIVALS = 12 };
static fl_uuid filed[RIVALS];

static fl_err file_one(fl_ctx *ctx, void *arg)
{
	return file_with_key(ctx, FL_STR("all at once"), arg);
}

static fl_err keys_hold_under_concurrency(fl_ctx *ctx)
{
	fl_group group;
	world_as(ctx, 1, WORLD_DRIVER);
	int64_t before = world_count(&w, "SELECT count(*) FROM damage_reports");
	fl_group_init(&group, ctx);
	for (size_t i = 0; i < RIVALS; i++)
		fl_group_go(&group, file_one, &filed[i]);
	FL_TRY(await_group(&group));
	for (size_t i = 1; i < RIVALS; i++)
		assert_true(fl_uuid_eq(filed[i], filed[0]));
	assert_int_equal(world_count(&w, "SELECT count(*) FROM damage_reports"), before + 1);
	return FL_OK;
}

/* ---- changing ---- */

static fl_err changes_follow_the_rules(fl_ctx *ctx)
{
	const fl_report *changed;
	fl_report_patch patch = { .version = 1, .status = FL_STATUS_COMPLETED };
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(world_file(ctx, "to be changed", NULL, 0, &patch.id));
	assert_int_equal(fl_report_update(ctx, &patch, &changed), FL_FORBIDDEN);
	world_as(ctx, 2, WORLD_MANAGER);
	assert_int_equal(fl_report_update(ctx, &patch, &changed), FL_NOT_FOUND);
	world_as(ctx, 1, WORLD_MANAGER);
	assert_int_equal(fl_report_update(ctx, &patch, &changed), FL_BAD_INPUT); /* no way from REPORTED */
	patch.status = FL_STATUS_ASSESSED;
	assert_int_equal(fl_report_update(ctx, &patch, &changed), FL_BAD_INPUT); /* nobody has assessed it */
	patch.status = FL_STATUS_REJECTED;
	assert_int_equal(fl_report_update(ctx, &patch, &changed), FL_BAD_INPUT); /* why? */
	patch.reason = FL_STR("filed twice");
	FL_TRY(fl_report_update(ctx, &patch, &changed));
	assert_true(changed->status == FL_STATUS_REJECTED && changed->version == 2);
	assert_int_equal(fl_report_update(ctx, &patch, &changed), FL_CONFLICT); /* version 1 is gone */
	return FL_OK;
}

static fl_err history_keeps_what_was(fl_ctx *ctx)
{
	const fl_report *changed;
	fl_report_patch patch = { .has_estimated = true, .estimated_cents = 12550 };
	char *text = fl_arena_take(ctx->mem, 4 * FL_DESCRIPTION_MAX);
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "first words", NULL, 0, &patch.id));
	FL_TRY(fl_report_update(ctx, &patch, &changed));
	patch = (fl_report_patch){ .id = patch.id, .has_estimated = true, .estimated_cents = 90000, .description = FL_STR(" second words ") };
	FL_TRY(fl_report_update(ctx, &patch, &changed));
	const char *data = pg_fixture_sql(&w.pg, "SELECT event_open(tenant_id, id, data) FROM events ORDER BY xid DESC, seq DESC LIMIT 1");
	assert_string_equal(data, "{\"description\": [\"first words\", \"second words\"], \"estimatedCost\": [\"125.50\", \"900.00\"]}");
	memset(text, 'x', FL_DESCRIPTION_MAX + 1);
	patch.description = fl_str_make(text, FL_DESCRIPTION_MAX + 1);
	assert_int_equal(fl_report_update(ctx, &patch, &changed), FL_BAD_INPUT);
	assert_non_null(strstr(ctx->diag.text, "10001 characters"));
	return FL_OK;
}

static fl_uuid contested;

static fl_err change_one(fl_ctx *ctx, void *arg)
{
	const fl_report *changed;
	*(fl_err *)arg = fl_report_update(ctx, &(fl_report_patch){ .id = contested, .version = 1, .priority = 2 }, &changed);
	return FL_OK;
}

static fl_err no_change_is_lost(fl_ctx *ctx)
{
	fl_err results[6];
	fl_group group;
	int won = 0;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "contested", NULL, 0, &contested));
	fl_group_init(&group, ctx);
	for (size_t i = 0; i < FL_COUNT(results); i++)
		fl_group_go(&group, change_one, &results[i]);
	FL_TRY(await_group(&group));
	for (size_t i = 0; i < FL_COUNT(results); i++) {
		assert_true(results[i] == FL_OK || results[i] == FL_CONFLICT);
		won += results[i] == FL_OK;
	}
	assert_int_equal(won, 1);
	return FL_OK;
}

/* ---- finding ---- */

static fl_err count_found(fl_ctx *ctx, const fl_report_filter *filter, size_t *count)
{
	fl_report *rows;
	return fl_reports_find(ctx, filter, NULL, 1000, &rows, count);
}

static fl_err lists_show_what_may_be_seen(fl_ctx *ctx)
{
	fl_report *rows;
	fl_uuid id;
	size_t count, all;
	world_as(ctx, 1, WORLD_OTHER_DRIVER);
	FL_TRY(world_file(ctx, "the zebra scratched the mirror", NULL, 0, &id));
	FL_TRY(fl_reports_find(ctx, &(fl_report_filter){ .search = FL_STR("zebra") }, NULL, 10, &rows, &count));
	assert_true(count == 1 && fl_uuid_eq(rows[0].id, id));
	int64_t number = rows[0].number;
	const fl_report *one;
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(count_found(ctx, &(fl_report_filter){ .search = FL_STR("zebra") }, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	assert_int_equal(count, 0);
	assert_int_equal(fl_report_by_number(ctx, number, &one), FL_NOT_FOUND);
	FL_TRY(fl_reports_of_vehicles(ctx, &(int32_t){ 1 }, 1, NULL, 1000, &rows, &count));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rows[i].reported_by, WORLD_DRIVER);
	world_as(ctx, 1, WORLD_AUDITOR);
	FL_TRY(count_found(ctx, &(fl_report_filter){}, &all));
	assert_int_equal(all, world_count(&w, "SELECT count(*) FROM damage_reports WHERE tenant_id = 1"));
	const int16_t rejected = FL_STATUS_REJECTED;
	FL_TRY(count_found(ctx, &(fl_report_filter){ .statuses = &rejected, .status_count = 1 }, &count));
	assert_int_equal(count, 1);
	FL_TRY(count_found(ctx, &(fl_report_filter){ .statuses = &rejected, .status_count = 0 }, &count));
	assert_int_equal(count, 0);
	FL_TRY(count_found(ctx, &(fl_report_filter){ .reported_before = -1 }, &count));
	assert_int_equal(count, 0);
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	assert_int_equal(count, 0);
	FL_TRY(count_found(ctx, &(fl_report_filter){ .search = FL_STR("zebra") }, &count));
	assert_int_equal(count, 0);
	world_as(ctx, 0, WORLD_MANAGER);
	assert_int_equal(count_found(ctx, &(fl_report_filter){}, &count), FL_UNAUTHENTICATED);
	return FL_OK;
}

static fl_err pages_hold_each_report_once(fl_ctx *ctx)
{
	fl_report *rows;
	size_t count, all, seen = 0;
	fl_uuid after;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(count_found(ctx, &(fl_report_filter){}, &all));
	for (bool later = false;; later = true) {
		FL_TRY(fl_reports_find(ctx, &(fl_report_filter){}, later ? &after : NULL, 2, &rows, &count));
		if (count == 0)
			break;
		for (size_t i = 0; i < count; i++)
			assert_true((!later && i == 0) || fl_uuid_cmp(rows[i].id, i ? rows[i - 1].id : after) < 0);
		after = rows[count - 1].id;
		seen += count;
	}
	assert_int_equal(seen, all);
	return FL_OK;
}

/* The newest are looked for where they should lie, by the pace of the latest page; a page that reaches further goes on. */
static fl_err pages_reach_beyond_the_likely_time(fl_ctx *ctx)
{
	fl_report *rows;
	size_t count, all;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(count_found(ctx, &(fl_report_filter){}, &all));
	assert_int_equal(world_count(&w, "WITH old AS (INSERT INTO damage_reports (tenant_id, id, report_number, vehicle_id, incident_at, location)"
					 " VALUES (1, uuid7(now() - interval '10 days'), 999999, 1, now(), ST_Point(4.5, 51.25, 4326)) RETURNING 1)"
					 " SELECT count(*) FROM old"), 1);
	for (int64_t pace = 0; pace < 2; pace++) {
		*fl_tenant_pace(ctx) = pace;
		FL_TRY(fl_reports_find(ctx, &(fl_report_filter){}, NULL, 1000, &rows, &count));
		assert_int_equal(count, all + 1);
		assert_int_equal(rows[all].number, 999999);
		for (size_t i = 1; i < count; i++)
			assert_true(fl_uuid_cmp(rows[i - 1].id, rows[i].id) > 0);
		assert_true(rows[all].has_location && rows[all].location.longitude == 4.5 && rows[all].location.latitude == 51.25);
	}
	FL_TRY(fl_reports_find(ctx, &(fl_report_filter){}, NULL, 2, &rows, &count));
	assert_true(count == 2 && *fl_tenant_pace(ctx) > 1);
	return FL_OK;
}

static fl_err photos_say_as_much_as_is_asked(fl_ctx *ctx)
{
	fl_photo_row *rows;
	fl_uuid id;
	size_t count;
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(world_file(ctx, "two photos", (fl_upload[]){ world_photo(ctx, 1), world_photo(ctx, 2) }, 2, &id));
	for (fl_photo_detail detail = FL_PHOTO_FILE; detail <= FL_PHOTO_ALL; detail++) {
		FL_TRY(fl_photos_of_reports(ctx, &id, 1, detail, &rows, &count));
		assert_int_equal(count, 2);
		for (int i = 0; i < 2; i++) {
			assert_true(rows[i].id == i + 1 && rows[i].width > 0 && rows[i].sha256_hex.len == 64);
			assert_true(rows[i].has_variants == (detail == FL_PHOTO_ALL) && rows[i].has_quality == (detail == FL_PHOTO_ALL));
		}
	}
	return FL_OK;
}

static fl_err too_many_keys_are_an_error(fl_ctx *ctx)
{
	fl_photo_row *rows;
	size_t count;
	world_as(ctx, 1, WORLD_MANAGER);
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, FL_ARG_KEYS_MAX + 1);
	for (int i = 0; i <= FL_ARG_KEYS_MAX; i++)
		ids[i] = fl_uuid7(fl_now_us() + i * 1000);
	FL_TRY(fl_photos_of_reports(ctx, ids, FL_ARG_KEYS_MAX, FL_PHOTO_ALL, &rows, &count));
	assert_int_equal(count, 0);
	assert_int_equal(fl_photos_of_reports(ctx, ids, FL_ARG_KEYS_MAX + 1, FL_PHOTO_ALL, &rows, &count), FL_TOO_LARGE);
	return FL_OK;
}

/* ---- */

#define SCENE(name)                                                                                                    \
	static void name##_test(void **state)                                                                          \
	{                                                                                                              \
		world_play(&w, name);                                                                                  \
	}
SCENE(everything_or_nothing)
SCENE(keys_belong_to_their_sender)
SCENE(keys_hold_under_concurrency)
SCENE(changes_follow_the_rules)
SCENE(history_keeps_what_was)
SCENE(no_change_is_lost)
SCENE(lists_show_what_may_be_seen)
SCENE(pages_hold_each_report_once)
SCENE(pages_reach_beyond_the_likely_time)
SCENE(photos_say_as_much_as_is_asked)
SCENE(too_many_keys_are_an_error)

static int start(void **state)
{
	world_start(&w);
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
		cmocka_unit_test(everything_or_nothing_test), cmocka_unit_test(keys_belong_to_their_sender_test),
		cmocka_unit_test(keys_hold_under_concurrency_test), cmocka_unit_test(changes_follow_the_rules_test),
		cmocka_unit_test(history_keeps_what_was_test), cmocka_unit_test(no_change_is_lost_test),
		cmocka_unit_test(lists_show_what_may_be_seen_test), cmocka_unit_test(pages_hold_each_report_once_test),
		cmocka_unit_test(pages_reach_beyond_the_likely_time_test), cmocka_unit_test(too_many_keys_are_an_error_test),
		cmocka_unit_test(photos_say_as_much_as_is_asked_test),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
