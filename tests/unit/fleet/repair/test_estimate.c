/* Money of estimates: rounding, limits, tax by rate; their states; decimals. Pure: no database. */
#include "fleet/repair/estimate.h"
#include "fleet/repair/total_loss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static fl_estimate_line line(int16_t kind, int64_t quantity, int64_t cents, int32_t discount, int32_t tax)
{
	return (fl_estimate_line) {
		.kind = kind, .quantity = quantity, .unit_cents = cents, .discount_rate = discount, .tax_rate = tax
	};
}

static int64_t net_of(int64_t quantity, int64_t cents, int32_t discount)
{
	fl_estimate_line one = line(FL_LINE_OTHER, quantity, cents, discount, FL_RATE_AS_ESTIMATE);
	fl_estimate_totals totals;
	assert_int_equal(fl_estimate_count(NULL, &one, 1, 0, &totals), FL_OK);
	assert_int_equal(totals.net, one.net_cents);
	assert_int_equal(totals.total, one.net_cents);
	return one.net_cents;
}

static void halves_round_up(void **state)
{
	assert_int_equal(net_of(1000, 1999, 0), 1999);
	assert_int_equal(net_of(500, 1, 0), 1);             /* half a cent */
	assert_int_equal(net_of(499, 1, 0), 0);             /* less */
	assert_int_equal(net_of(1333, 7850, 0), 10464);     /* 104.6405 */
	assert_int_equal(net_of(1, 500, 0), 1);             /* 0.5 of a cent */
	assert_int_equal(net_of(1000, 19999, 1250), 17499); /* less 24.99875, rounded to 25.00 */
	assert_int_equal(net_of(1000, 1, 5000), 0);         /* half a cent of discount is one */
	assert_int_equal(net_of(1000, 12345, 10000), 0);
}

static void tax_is_counted_once_a_rate(void **state)
{
	fl_estimate_line lines[] = {
		line(FL_LINE_LABOUR, 1000, 3, 0, FL_RATE_AS_ESTIMATE),
		line(FL_LINE_PARTS, 1000, 3, 0, FL_RATE_AS_ESTIMATE),
		line(FL_LINE_PAINT, 1000, 3, 0, 1900), /* the same rate, said again */
		line(FL_LINE_SUBLET, 1000, 1000, 0, 0),
		line(FL_LINE_OTHER, 1000, 100, 0, 700),
		line(FL_LINE_LABOUR, 250, 8, 0, 1900),
	};
	fl_estimate_totals t;
	assert_int_equal(fl_estimate_count(NULL, lines, FL_COUNT(lines), 1900, &t), FL_OK);
	/* 11 cents at 19 % are 2.09: 2. Line by line it would be 1 + 1 + 1 + 0. */
	assert_int_equal(t.tax, 2 + 7);
	assert_int_equal(t.labour, 5);
	assert_int_equal(t.parts, 3);
	assert_int_equal(t.paint, 3);
	assert_int_equal(t.other, 1100);
	assert_int_equal(t.net, 1111);
	assert_int_equal(t.total, 1120);
	assert_int_equal(t.labour_time, 1250);
}

static void what_is_beyond_a_limit_is_refused(void **state)
{
	const struct {
		fl_estimate_line line;
		fl_err err;
	} cases[] = {
		{ line(FL_LINE_PARTS, FL_QUANTITY_MAX, 1, 0, 0), FL_OK },
		{ line(FL_LINE_PARTS, FL_QUANTITY_MAX + 1, 1, 0, 0), FL_BAD_INPUT },
		{ line(FL_LINE_PARTS, 0, 1, 0, 0), FL_BAD_INPUT }, { line(FL_LINE_PARTS, -1, 1, 0, 0), FL_BAD_INPUT },
		{ line(FL_LINE_PARTS, 1000, FL_UNIT_PRICE_MAX, 0, 0), FL_OK },
		{ line(FL_LINE_PARTS, 1000, FL_UNIT_PRICE_MAX + 1, 0, 0), FL_BAD_INPUT },
		{ line(FL_LINE_PARTS, 1000, -1, 0, 0), FL_BAD_INPUT }, { line(FL_LINE_PARTS, 1000, 1, 10001, 0), FL_BAD_INPUT },
		{ line(FL_LINE_PARTS, 1000, 1, -1, 0), FL_BAD_INPUT }, { line(FL_LINE_PARTS, 1000, 1, 0, 10001), FL_BAD_INPUT },
		{ line(FL_LINE_PARTS, 1000, 1, 0, -2), FL_BAD_INPUT }, { line(0, 1000, 1, 0, 0), FL_BAD_INPUT },
		{ line(FL_LINE_KIND_COUNT, 1000, 1, 0, 0), FL_BAD_INPUT },
		{ line(FL_LINE_PARTS, FL_QUANTITY_MAX, FL_UNIT_PRICE_MAX, 0, 0),
			FL_BAD_INPUT },                                              /* costs too much, and does not overflow */
		{ line(FL_LINE_PARTS, 100 * 1000, FL_UNIT_PRICE_MAX, 0, 0), FL_OK }, /* the highest total there is */
		{ line(FL_LINE_PARTS, 100 * 1000, FL_UNIT_PRICE_MAX, 0, 1), FL_BAD_INPUT }, /* and its tax */
	};
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_estimate_line one = cases[i].line;
		fl_estimate_totals totals;
		fl_diag diag = {};
		assert_int_equal(fl_estimate_count(&diag, &one, 1, 0, &totals), cases[i].err);
		assert_int_equal(diag.text[0] != 0, cases[i].err != FL_OK);
	}
}

static void two_hundred_lines_and_no_more(void **state)
{
	static fl_estimate_line lines[FL_ESTIMATE_LINES_MAX + 1];
	fl_estimate_totals totals;
	for (size_t i = 0; i < FL_COUNT(lines); i++)
		lines[i] = line(FL_LINE_OTHER, 1000, FL_ESTIMATE_TOTAL_MAX / FL_ESTIMATE_LINES_MAX, 0, (int32_t)i);
	assert_int_equal(fl_estimate_count(NULL, lines, FL_COUNT(lines), 0, &totals), FL_BAD_INPUT);
	assert_int_equal(fl_estimate_count(NULL, lines, FL_ESTIMATE_LINES_MAX, 0, &totals), FL_BAD_INPUT); /* with tax too dear */
	for (size_t i = 0; i < FL_COUNT(lines); i++)
		lines[i].unit_cents = 100;
	assert_int_equal(
		fl_estimate_count(NULL, lines, FL_ESTIMATE_LINES_MAX, 0, &totals), FL_OK); /* each its own rate: 0 to 1.99 % */
	assert_int_equal(totals.net, 20000);
	assert_int_equal(totals.tax, 100 * 1 + 50 * 2); /* nothing below half a cent, then one, from a cent and a half on two */
}

static void decimals(void **state)
{
	const struct {
		const char *text;
		int decimals;
		int64_t value; /* -1: refused */
	} cases[] = {
		{ "1", 3, 1000 },
		{ "1.5", 3, 1500 },
		{ "1,5", 3, 1500 },
		{ " 2.125 ", 3, 2125 },
		{ "2.1250", 3, 2125 },
		{ ".5", 2, 50 },
		{ "7.", 2, 700 },
		{ "0", 2, 0 },
		{ "100", 2, 10000 },
		{ "2.0", 0, 2 },
		{ "2.1255", 3, -1 },
		{ "1.01", 0, -1 },
		{ "", 2, -1 },
		{ ".", 2, -1 },
		{ "-1", 2, -1 },
		{ "+1", 2, -1 },
		{ "1e3", 2, -1 },
		{ "1.2.3", 2, -1 },
		{ "1 000", 2, -1 },
		{ "x", 2, -1 },
		{ "99999999999999999999999999", 2, -1 },
		{ "10000000.01", 2, -1 },
	};
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		int64_t value = -1;
		fl_diag diag = {};
		fl_err err = fl_decimal_parse(&diag, "it", fl_str_z(cases[i].text), cases[i].decimals, 1000000000, &value);
		assert_int_equal(err == FL_OK ? value : -1, cases[i].value);
		assert_int_equal(diag.text[0] != 0, err != FL_OK);
	}
	fl_arena mem = fl_arena_make(4096);
	assert_true(fl_str_eq(fl_decimal_text(&mem, 1500, 3), FL_STR("1.5")));
	assert_true(fl_str_eq(fl_decimal_text(&mem, 1005, 3), FL_STR("1.005")));
	assert_true(fl_str_eq(fl_decimal_text(&mem, 2000, 3), FL_STR("2")));
	assert_true(fl_str_eq(fl_decimal_text(&mem, 5, 2), FL_STR("0.05")));
	assert_true(fl_str_eq(fl_decimal_text(&mem, 0, 2), FL_STR("0")));
	fl_arena_fini(&mem);
}

static void states_lead_where_the_table_says(void **state)
{
	assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_REQUESTED, FL_ESTIMATE_SUBMIT), FL_ESTIMATE_SUBMITTED);
	assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_REVISED, FL_ESTIMATE_SUBMIT), FL_ESTIMATE_REVISED);
	assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_REQUESTED, FL_ESTIMATE_ACCEPT), FL_ESTIMATE_NONE);
	assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_ACCEPTED, FL_ESTIMATE_SUBMIT), FL_ESTIMATE_NONE);
	assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_DECLINED, FL_ESTIMATE_SUBMIT), FL_ESTIMATE_NONE);
	assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_EXPIRED, FL_ESTIMATE_ACCEPT), FL_ESTIMATE_NONE);
	for (int verb = FL_ESTIMATE_SUBMIT; verb <= FL_ESTIMATE_REQUEST; verb++)
		assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_WITHDRAWN, (fl_estimate_verb)verb), FL_ESTIMATE_NONE);
	assert_true(fl_str_eq(fl_life_state(&fl_estimate_life, FL_ESTIMATE_DECLINED), FL_STR("DECLINED")));
	assert_int_equal(fl_life_state(&fl_estimate_life, 0).len + fl_life_state(&fl_estimate_life, FL_ESTIMATE_STATE_COUNT).len, 0);
}

static void an_offer_is_open_until_its_day(void **state)
{
	fl_estimate e = { .state = FL_ESTIMATE_SUBMITTED, .now = { .number = 1, .valid_until = 100 } };
	assert_true(fl_estimate_is_open(&e, 99));
	assert_false(fl_estimate_is_open(&e, 100));
	e.now.valid_until = 0;
	assert_true(fl_estimate_is_open(&e, 100));
	e.now.number = 0;
	assert_false(fl_estimate_is_open(&e, 100));
}

static bool loses(int16_t kind, int32_t rate, int64_t cost, int64_t value)
{
	const fl_loss_rule rule = { FL_STR(""), kind, rate, true };
	double ratio = -1;
	bool lost = fl_loss_judge(&rule, cost, value, &ratio);
	assert_true(ratio >= 0);
	return lost;
}

static void a_total_loss_begins_at_the_threshold(void **state)
{
	assert_false(loses(FL_LOSS_THRESHOLD, 7500, 749999, 1000000));
	assert_true(loses(FL_LOSS_THRESHOLD, 7500, 750000, 1000000));
	assert_false(loses(FL_LOSS_THRESHOLD, 7500, 2, 3)); /* 66.7 % */
	assert_false(loses(FL_LOSS_FORMULA, 2000, 799999, 1000000));
	assert_true(loses(FL_LOSS_FORMULA, 2000, 800000, 1000000));
	assert_true(loses(FL_LOSS_FORMULA, 10000, 0, 1));
	assert_true(loses(FL_LOSS_THRESHOLD, 20000, FL_ESTIMATE_TOTAL_MAX, FL_ESTIMATE_TOTAL_MAX / 2)); /* no overflow */
	assert_true(loses(FL_LOSS_THRESHOLD, 7500, INT64_MAX / 2, INT64_MAX / 2));
}

static void the_nearest_rule_counts(void **state)
{
	const fl_loss_rule rules[] = { { FL_STR(""), FL_LOSS_THRESHOLD, 6000, true },
		{ FL_STR("US"), FL_LOSS_FORMULA, 2000, true }, { FL_STR("US-TX"), FL_LOSS_THRESHOLD, 10000, true } };
	const struct {
		fl_str jurisdiction;
		int32_t rate;
	} cases[] = { { FL_STR("US-TX"), 10000 }, { FL_STR("US-OK"), 2000 }, { FL_STR("US"), 2000 }, { FL_STR("DE"), 6000 },
		{ FL_STR("DE-BY"), 6000 }, { {}, 6000 } };
	for (size_t i = 0; i < FL_COUNT(cases); i++)
		assert_int_equal(fl_loss_rule_for(rules, FL_COUNT(rules), cases[i].jurisdiction).rate, cases[i].rate);
	assert_int_equal(fl_loss_rule_for(NULL, 0, FL_STR("DE")).rate, FL_LOSS_RATE);
}

static void jurisdictions(void **state)
{
	static const char *const good[] = { "de", "US-TX", " us-tx ", "GB-ENG", "FR-75", "AT-9" };
	static const char *const bad[] = { "", "D", "DEU", "US-", "US-TEXAS", "1A", "US_TX", "US-T!", "US TX", "-TX" };
	fl_arena mem = fl_arena_make(4096);
	for (size_t i = 0; i < FL_COUNT(good); i++) {
		fl_str text = fl_str_z(good[i]);
		assert_int_equal(fl_jurisdiction_check(&mem, NULL, &text), FL_OK);
	}
	for (size_t i = 0; i < FL_COUNT(bad); i++) {
		fl_str text = fl_str_z(bad[i]);
		assert_int_equal(fl_jurisdiction_check(&mem, NULL, &text), FL_BAD_INPUT);
	}
	fl_str text = FL_STR(" us-tx ");
	assert_int_equal(fl_jurisdiction_check(&mem, NULL, &text), FL_OK);
	assert_true(fl_str_eq(text, FL_STR("US-TX")));
	fl_arena_fini(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halves_round_up),
		cmocka_unit_test(tax_is_counted_once_a_rate),
		cmocka_unit_test(what_is_beyond_a_limit_is_refused),
		cmocka_unit_test(two_hundred_lines_and_no_more),
		cmocka_unit_test(decimals),
		cmocka_unit_test(states_lead_where_the_table_says),
		cmocka_unit_test(an_offer_is_open_until_its_day),
		cmocka_unit_test(a_total_loss_begins_at_the_threshold),
		cmocka_unit_test(the_nearest_rule_counts),
		cmocka_unit_test(jurisdictions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
