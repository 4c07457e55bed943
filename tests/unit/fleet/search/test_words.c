/* Windows of time in which a page is looked for: no moment is left out or looked at twice, and there are few. */
#include "fleet/search/words.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static const int64_t YEAR_US = 365 * FL_DAY_US;

static int64_t ms_of(fl_uuid id)
{
	return fl_uuid7_time_us(id) / 1000;
}

/* Walks to the end; each window begins where the one before it ended. Returns how many there were. */
static int walk(fl_window *w, int64_t least_us, size_t wanted)
{
	int64_t before_us = 0;
	int n = 0;

	while (fl_window_next(w, wanted)) {
		if (n++ > 0)
			assert_int_equal(ms_of(w->high), before_us / 1000);
		assert_true(w->from_us >= least_us);
		assert_int_equal(w->number, n);
		before_us = w->from_us;
	}
	assert_int_equal(before_us, least_us);
	return n;
}

static void test_nothing_found(void **state)
{
	const int64_t now = fl_now_us(), least = now - YEAR_US;
	fl_window w = fl_window_of(least, 0, NULL), any = fl_window_of(0, 0, NULL);

	(void)state;
	assert_in_range(walk(&w, least, 50), 3, 5);
	assert_in_range(walk(&any, 0, 50), 3, 5);
	assert_false(fl_window_next(&any, 50));
}

static void test_first_is_a_week(void **state)
{
	fl_window w = fl_window_of(0, 0, NULL);

	(void)state;
	assert_true(fl_window_next(&w, 50));
	assert_true(fl_now_us() - w.from_us >= 7 * FL_DAY_US && fl_now_us() - w.from_us < 8 * FL_DAY_US);
	assert_int_equal(w.high.bytes[0], 0xff); /* what a clock that is ahead has filed is found too */
}

/* As far as what was found promises, half as far again, between a week and four times the last. */
static void test_pace(void **state)
{
	static const struct {
		size_t found;
		int64_t days;
	} cases[] = { { 0, 28 }, { 1, 28 }, { 25, 10 }, { 30, 7 }, { 49, 7 } };

	(void)state;
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_window w = fl_window_of(0, 0, NULL);
		assert_true(fl_window_next(&w, 50));
		int64_t first_us = w.from_us;
		assert_true(fl_window_next(&w, 50 - cases[i].found));
		assert_int_equal((first_us - w.from_us) / FL_DAY_US, cases[i].days);
	}
}

static void test_bounds(void **state)
{
	const int64_t now = fl_now_us(), to = now - 100 * FL_DAY_US;
	const fl_uuid after = fl_uuid7_floor(to - 50 * FL_DAY_US);
	fl_window w = fl_window_of(0, to, NULL), page = fl_window_of(0, to, &after), none = fl_window_of(now, to, NULL);

	(void)state;
	assert_true(fl_window_next(&w, 50));
	assert_int_equal(ms_of(w.high), to / 1000);
	assert_true(w.from_us <= to - 7 * FL_DAY_US + 1000);
	assert_true(fl_window_next(&page, 50));
	assert_true(fl_uuid_eq(page.high, after));
	/* From after to: one window, which holds nothing. */
	assert_true(fl_window_next(&none, 50));
	assert_false(fl_window_next(&none, 50));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_found),
		cmocka_unit_test(test_first_is_a_week),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
