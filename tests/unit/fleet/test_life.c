/* Words and lives: the look-ups, and that every table keeps to what life.h promises. */
#include "fleet/repair/repair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define COLOURS(X) X(RED, 1) X(BLUE, 3)
static const fl_word colour_list[] = { COLOURS(FL_WORD) };
static const fl_words colours = FL_WORDS(colour_list);

static void test_words(void **state)
{
	assert_true(fl_str_eq(fl_word_name(&colours, 3), FL_STR("BLUE")));
	static const int nothing[] = { 0, -1, 2, 4, 70000 };
	for (size_t i = 0; i < FL_COUNT(nothing); i++)
		assert_true(fl_str_eq(fl_word_name(&colours, nothing[i]), FL_STR("")));
	assert_int_equal(fl_word_find(&colours, FL_STR("BLUE")), 3);
	assert_int_equal(fl_word_find(&colours, FL_STR("blue")), 0);
	assert_int_equal(fl_word_find(&colours, FL_STR("")), 0); /* not the gap at 2 */
	assert_string_equal(colour_list[1].text, "");
}

static void test_look_ups(void **state)
{
	const fl_life_step *step = fl_life_step_of(&fl_claim_life, FL_CLAIM_OPEN, FL_CLAIM_DO_SUBMIT);
	assert_non_null(step);
	assert_int_equal(step->to, FL_CLAIM_SUBMITTED);
	assert_int_equal(step->with, FL_NEED_AMOUNT);
	assert_null(fl_life_step_of(&fl_claim_life, FL_CLAIM_OPEN, FL_CLAIM_DO_PAY));
	assert_int_equal(fl_life_next(&fl_claim_life, FL_CLAIM_OPEN, FL_CLAIM_DO_PAY), 0);
	assert_int_equal(fl_life_next(&fl_estimate_life, FL_ESTIMATE_EXPIRED, FL_ESTIMATE_REQUEST), FL_ESTIMATE_REQUESTED);
	assert_string_equal(fl_life_past(&fl_order_life, FL_STR("CANCEL"), "changed"), "cancelled");
	assert_string_equal(fl_life_past(&fl_order_life, FL_STR("BURN"), "changed"), "changed");
	assert_int_equal(fl_life_verb(&fl_estimate_life, FL_ESTIMATE_SUBMIT).len, 0);
}

static void keeps_to_itself(const fl_life *life)
{
	for (size_t i = 0; i < life->step_count; i++) {
		const fl_life_step *step = &life->steps[i];
		assert_ptr_equal(fl_life_step_of(life, step->from, step->verb), step); /* one step a state and a verb */
		assert_true(fl_life_state(life, step->from).len && fl_life_state(life, step->to).len);
		if (life->verbs.count)
			assert_int_equal(fl_word_find(&life->verbs, fl_life_verb(life, step->verb)), step->verb);
	}
}

static void test_tables(void **state)
{
	keeps_to_itself(&fl_order_life);
	keeps_to_itself(&fl_claim_life);
	keeps_to_itself(&fl_estimate_life);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words), cmocka_unit_test(test_look_ups), cmocka_unit_test(test_tables) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
