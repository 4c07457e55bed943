/* The filter: never forgets, seldom imagines, and another one imagines otherwise. */
#include "sweep/sweep.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static fl_sha256 name(const char *kind, int i)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%s %d", kind, i);
	return fl_sha256_of((fl_str) { text, (size_t)len });
}

static void never_forgets(void **state)
{
	enum { MANY = 50000 };
	fl_sweep_filter *one = fl_sweep_filter_new(MANY), *other = fl_sweep_filter_new(MANY);
	int wrong = 0, wrong_in_both = 0;
	for (int i = 0; i < MANY; i++) {
		fl_sweep_filter_add(one, name("added", i));
		fl_sweep_filter_add(other, name("added", i));
	}
	for (int i = 0; i < MANY; i++) {
		assert_true(fl_sweep_filter_has(one, name("added", i)));
		bool seen = fl_sweep_filter_has(one, name("other", i));
		wrong += seen;
		wrong_in_both += seen && fl_sweep_filter_has(other, name("other", i));
	}
	assert_true(wrong < MANY / 200);
	assert_true(wrong_in_both <= wrong / 10 + 1);
	fl_sweep_filter_free(one);
	fl_sweep_filter_free(other);
}

/* One that is too small keeps too much, and breaks nothing. */
static void too_small(void **state)
{
	fl_sweep_filter *filter = fl_sweep_filter_new(0);
	assert_false(fl_sweep_filter_has(filter, name("x", 0)));
	for (int i = 0; i < 200000; i++)
		fl_sweep_filter_add(filter, name("added", i));
	assert_true(fl_sweep_filter_has(filter, name("added", 199999)));
	fl_sweep_filter_free(filter);
	fl_sweep_filter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(never_forgets), cmocka_unit_test(too_small) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
