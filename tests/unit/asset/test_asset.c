/* asset: what is embedded is found by its path, in order, with its hash. */
#include "asset/asset.h"

#include <setjmp.h>
#include <cmocka.h>

static void finds_migrations(void **state)
{
	fl_asset asset, before = { 0 };
	size_t first, count = fl_asset_range(FL_STR("sql/migrations/"), &first);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		fl_asset_at(first + i, &asset);
		assert_true(fl_str_starts(asset.path, FL_STR("sql/migrations/")));
		assert_true(asset.bytes.len > 0 && asset.bytes.ptr[asset.bytes.len] == 0);
		assert_true(asset.etag.len == 34 && asset.etag.ptr[0] == '"' && asset.etag.ptr[33] == '"');
		assert_true(i == 0 || fl_str_cmp(before.path, asset.path) < 0);
		assert_true(fl_asset_find(asset.path, &before));
		assert_ptr_equal(before.bytes.ptr, asset.bytes.ptr);
		before = asset;
	}
}

static void misses(void **state)
{
	size_t first;
	fl_asset asset = { .path = FL_STR("untouched") };
	assert_false(fl_asset_find(FL_STR("sql/migrations/"), &asset));
	assert_false(fl_asset_find(FL_STR("/etc/passwd"), &asset));
	assert_false(fl_asset_find(FL_STR(""), &asset));
	assert_true(fl_str_eq(asset.path, FL_STR("untouched")));
	assert_int_equal(fl_asset_range(FL_STR("nothing/"), &first), 0);
	assert_int_equal(fl_asset_range(FL_STR("zzz"), &first), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(finds_migrations), cmocka_unit_test(misses) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
