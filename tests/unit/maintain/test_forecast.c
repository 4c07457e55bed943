/* maintain: the slope that forecasts extend. */
#include "maintain/maintain.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static void a_straight_line_is_its_slope(void **state)
{
	const double x[] = { -3, -2, -1, 0 }, y[] = { 10, 12, 14, 16 };
	(void)state;
	assert_float_equal(fl_slope_robust(x, y, FL_COUNT(x)), 2, 1e-9);
}

/* By least squares the last day alone would make it 3,000 a day. */
static void one_odd_day_does_not_move_it(void **state)
{
	const double x[] = { -6, -5, -4, -3, -2, -1, 0 }, y[] = { 1, 2, 3, 4, 5, 6, 50000 };
	(void)state;
	assert_float_equal(fl_slope_robust(x, y, FL_COUNT(x)), 1, 1e-9);
}

static void too_little_has_none(void **state)
{
	const double x[] = { 0, 0 }, y[] = { 1, 2 };
	(void)state;
	assert_float_equal(fl_slope_robust(x, y, 0), 0, 0);
	assert_float_equal(fl_slope_robust(x, y, 1), 0, 0);
	assert_float_equal(fl_slope_robust(x, y, 2), 0, 0); /* the same day twice */
}

static void more_than_it_takes_is_left_out(void **state)
{
	static double x[FL_SLOPE_POINTS_MAX + 100], y[FL_SLOPE_POINTS_MAX + 100];
	(void)state;
	for (size_t i = 0; i < FL_COUNT(x); i++) {
		x[i] = (double)i;
		y[i] = i < FL_SLOPE_POINTS_MAX ? 3 * (double)i : -1e9;
	}
	assert_float_equal(fl_slope_robust(x, y, FL_COUNT(x)), 3, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_straight_line_is_its_slope),
		cmocka_unit_test(one_odd_day_does_not_move_it),
		cmocka_unit_test(too_little_has_none),
		cmocka_unit_test(more_than_it_takes_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
