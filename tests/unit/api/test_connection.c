/* Rows of many parents: their keys, their lists and their pages. Pure: no database. */
#include "api/connection_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

typedef struct row {
	int32_t id, owner;
	fl_uuid group;
} row;

static fl_str row_key(fl_ctx *ctx, const void *at)
{
	const row *r = at;
	return (fl_str) { (const char *)&r->id, sizeof(r->id) };
}

static const fl_api_list list = { 'x', sizeof(row), row_key };
/* Owner 7 has three, 9 has one, 8 has none; nobody asked for 5. */
static const row rows[] = { { 1, 7 }, { 2, 7 }, { 3, 7 }, { 4, 5 }, { 5, 9 } };
static const row parents[] = { { .id = 9 }, { .id = 7 }, { .id = 8 }, { .id = 7 } };

static fl_arena mem;
static fl_ctx ctx;
static const void *parent_at[FL_COUNT(parents)];
static fl_gql_value results[FL_COUNT(parents)];
static fl_gql_batch batch = { FL_COUNT(parents), parent_at, results };
static fl_gql_keys_i64 keys;
static int32_t *ids;

static int begin(void **state)
{
	mem = fl_arena_make(65536);
	ctx = (fl_ctx) { .mem = &mem };
	for (size_t i = 0; i < FL_COUNT(parents); i++)
		parent_at[i] = &parents[i];
	return fl_api_number_keys(&ctx, &batch, offsetof(row, id), &keys, &ids) != FL_OK;
}

static int end(void **state)
{
	fl_arena_fini(&mem);
	return 0;
}

static void test_keys(void **state)
{
	assert_int_equal(keys.count, 3);
	assert_int_equal(ids[0], 7);
	assert_int_equal(ids[2], 9);
	assert_int_equal(keys.place[1], keys.place[3]);
}

static void test_lists(void **state)
{
	assert_int_equal(
		fl_api_scatter_numbers(&ctx, rows, sizeof(rows[0]), FL_COUNT(rows), offsetof(row, owner), &keys, &batch), FL_OK);
	static const uint32_t counts[] = { 1, 3, 0, 3 };
	for (size_t i = 0; i < FL_COUNT(parents); i++) {
		assert_int_equal(results[i].kind, FL_GQL_ROWS);
		assert_int_equal(results[i].count, counts[i]);
	}
}

static void test_lists_of_uuids(void **state)
{
	fl_gql_keys_uuid groups;
	row asked[] = { { .group.bytes = { 2 } }, { .group.bytes = { 1 } } };
	const row found[] = { { .id = 1, .group.bytes = { 1 } }, { .id = 2, .group.bytes = { 1 } }, { .id = 3, .group.bytes = { 9 } } };
	fl_gql_batch two = { 2, (const void *[]) { &asked[0], &asked[1] }, results };
	assert_int_equal(fl_api_uuid_keys(&ctx, &two, offsetof(row, group), &groups), FL_OK);
	assert_int_equal(
		fl_api_scatter(&ctx, found, sizeof(found[0]), FL_COUNT(found), &groups, offsetof(row, group), &two), FL_OK);
	assert_int_equal(results[0].count, 0);
	assert_int_equal(results[1].count, 2);
}

static const fl_page_info *info_of(const fl_gql_value *page)
{
	fl_gql_value out;
	assert_int_equal(fl_api_page_info_get(&ctx, NULL, page->pointer, &out), FL_OK);
	return out.pointer;
}

static uint32_t shown(const fl_gql_value *page)
{
	fl_gql_value out;
	assert_int_equal(fl_api_page_rows(&ctx, NULL, page->pointer, &out), FL_OK);
	return out.count;
}

static void test_pages(void **state)
{
	fl_api_groups groups;
	fl_gql_page first = { .first = 2 }, later = { .first = 3, .after = FL_STR("abcd") };
	assert_int_equal(fl_api_group_numbers(&ctx, &rows[0].owner, sizeof(rows[0]), FL_COUNT(rows), &keys, &groups), FL_OK);
	assert_int_equal(fl_api_pages_scatter(&ctx, &list, rows, &groups, &first, &batch), FL_OK);
	assert_int_equal(shown(&results[0]), 1);
	assert_int_equal(shown(&results[1]), 2);
	assert_int_equal(shown(&results[2]), 0);
	assert_true(info_of(&results[1])->has_next && !info_of(&results[1])->has_previous);
	assert_false(info_of(&results[0])->has_next);
	assert_null(info_of(&results[2])->start.ptr);

	fl_gql_value cursor;
	assert_int_equal(fl_api_cursor(&ctx, &list, &rows[1], &cursor), FL_OK);
	assert_true(fl_str_eq(info_of(&results[1])->end, fl_gql_text(&cursor)));

	assert_int_equal(fl_api_pages_scatter(&ctx, &list, rows, &groups, &later, &batch), FL_OK);
	assert_int_equal(shown(&results[1]), 3);
	assert_true(!info_of(&results[1])->has_next && info_of(&results[1])->has_previous);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys, begin, end),
		cmocka_unit_test_setup_teardown(test_lists, begin, end),
		cmocka_unit_test_setup_teardown(test_lists_of_uuids, begin, end),
		cmocka_unit_test_setup_teardown(test_pages, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
