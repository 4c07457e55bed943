/* page/words: numbers, money and times as people read them. */
#include "page/words.h"

#include <setjmp.h>
#include <cmocka.h>

static fl_arena mem;

static int begin(void **state)
{
	mem = fl_arena_make(1 << 20);
	return 0;
}

static int end(void **state)
{
	fl_arena_fini(&mem);
	return 0;
}

static void same(fl_str got, const char *expected)
{
	assert_non_null(got.ptr);
	assert_string_equal(fl_str_cstr(&mem, got), expected);
}

static void money(void **state)
{
	same(words_money(&mem, FL_STR("1250.00"), FL_STR("EUR"), false), "€1,250");
	same(words_money(&mem, FL_STR("1250.00"), FL_STR("EUR"), true), "€1,250.00");
	same(words_money(&mem, FL_STR("999.50"), FL_STR("USD"), false), "$1,000");
	same(words_money(&mem, FL_STR("999.49"), FL_STR("USD"), false), "$999");
	same(words_money(&mem, FL_STR("1234567.8"), FL_STR("CHF"), true), "CHF 1,234,567.80");
	same(words_money(&mem, FL_STR("-12"), FL_STR("GBP"), true), "-£12.00");
	same(words_money(&mem, FL_STR("0.00"), FL_STR("EUR"), false), "€0");
	same(words_money(&mem, FL_STR("not money"), FL_STR("EUR"), false), "not money");
}

static void shares_and_hours(void **state)
{
	same(words_percent(&mem, 0.584), "58 %");
	same(words_percent(&mem, 1), "100 %");
	same(words_sureness(0.9), "sure");
	same(words_sureness(0.6), "fairly sure");
	same(words_sureness(0.59), "unsure");
	same(words_hours(&mem, 4.25), "4.3");
	same(words_hours(&mem, 8), "8");
	same(words_hours(&mem, 12.4), "12");
	same(words_size(&mem, 2345678), "2.3 MB");
	same(words_size(&mem, 80), "1 kB");
}

static void times(void **state)
{
	int64_t now;

	assert_true(fl_time_parse(FL_STR("2026-11-23T15:08:00Z"), &now));
	same(words_ago(&mem, now - 59 * FL_SECOND_US, now), "just now");
	same(words_ago(&mem, now + FL_HOUR_US, now), "just now");
	same(words_ago(&mem, now - 90 * FL_SECOND_US, now), "1 min ago");
	same(words_ago(&mem, now - 23 * FL_HOUR_US, now), "23 h ago");
	same(words_ago(&mem, now - 6 * FL_DAY_US, now), "6 d ago");
	same(words_ago(&mem, now - 8 * FL_DAY_US, now), "15 Nov 2026");
	same(words_day_time(&mem, now), "23 Nov 2026, 15:08 UTC");
}

static void codes(void **state)
{
	same(words_of_status(FL_STR("ASSESSED")), "To decide");
	same(words_of_severity(FL_STR("TOTAL_LOSS")), "Total loss");
	same(words_of_part(FL_STR("SPOILER")), "SPOILER");
	assert_int_equal(words_severity_index(FL_STR("COSMETIC")), 0);
	assert_int_equal(words_severity_index(FL_STR("cosmetic")), -1);
	assert_true(words_is_status(FL_STR("IN_REPAIR")));
	assert_false(words_is_status(FL_STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(money, begin, end),
		cmocka_unit_test_setup_teardown(shares_and_hours, begin, end),
		cmocka_unit_test_setup_teardown(times, begin, end),
		cmocka_unit_test_setup_teardown(codes, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
