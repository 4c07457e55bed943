/* maintain: limits, order, and how a report reads. */
#include "maintain/maintain_int.h"

#include <math.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

typedef struct fixture {
	fl_arena mem;
	fl_maintain m;
} fixture;

static fixture make(void)
{
	fixture f = { .mem = fl_arena_make(8 << 20) };
	f.m.report = fl_new(&f.mem, fl_maintain_report);
	assert_non_null(f.m.report);
	f.m.report->period = FL_MAINTAIN_DAILY;
	return f;
}

static void the_table_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < FL_FINDING_KINDS; i++) {
		const fl_finding_kind *kind = &fl_finding_kinds[i];
		assert_true(kind->code[0] && kind->what[0]);
		assert_true(kind->side == FL_SIDE_FACT || kind->advice[0]); /* whoever may need a person says what to do */
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(kind->code, fl_finding_kinds[k].code);
	}
}

static void a_limit_belongs_to_the_good_side(void **state)
{
	fixture f = make();
	f.m.mem = &f.mem;
	(void)state;
	fl_found(&f.m, FL_FIND_DEAD_JOBS, 0, FL_STR(""));
	fl_found(&f.m, FL_FIND_DEAD_JOBS, 1, FL_STR(""));
	fl_found(&f.m, FL_FIND_LOG_WARNINGS, 501, FL_STR(""));
	fl_found(&f.m, FL_FIND_MONTHS_AHEAD, 2, FL_STR(""));
	fl_found(&f.m, FL_FIND_MONTHS_AHEAD, 1, FL_STR(""));
	const fl_finding *found = f.m.report->found;
	assert_int_equal(found[0].state, FL_FOUND_OK);
	assert_int_equal(found[1].state, FL_FOUND_ACT);
	assert_int_equal(found[2].state, FL_FOUND_WATCH);
	assert_int_equal(found[3].state, FL_FOUND_OK);
	assert_int_equal(found[4].state, FL_FOUND_ACT);
	assert_int_equal(fl_maintain_acts(f.m.report), 2);
	fl_arena_fini(&f.mem);
}

static void sections_stay_together(void **state)
{
	fixture f = make();
	f.m.mem = &f.mem;
	(void)state;
	fl_found(&f.m, FL_FIND_DISK_USED, 10, FL_STR("a"));
	fl_found(&f.m, FL_FIND_DEAD_JOBS, 0, FL_STR("b"));
	fl_found(&f.m, FL_FIND_DISK_USED, 20, FL_STR("c"));
	assert_true(fl_str_eq(f.m.report->found[0].detail, FL_STR("b")));
	assert_true(fl_str_eq(f.m.report->found[1].detail, FL_STR("a")));
	assert_true(fl_str_eq(f.m.report->found[2].detail, FL_STR("c")));
	fl_arena_fini(&f.mem);
}

static void too_many_are_left_out(void **state)
{
	fixture f = make();
	f.m.mem = &f.mem;
	(void)state;
	for (int i = 0; i < FL_FINDINGS_MAX + 5; i++)
		fl_found(&f.m, FL_FIND_BYTES_KIND, i, FL_STR(""));
	assert_int_equal(f.m.report->count, FL_FINDINGS_MAX);
	fl_arena_fini(&f.mem);
}

static void it_reads_well(void **state)
{
	fixture f = make();
	fl_buf out = fl_buf_make(1 << 16), json = fl_buf_make(1 << 16);
	const fl_json *read;
	fl_diag diag = { 0 };
	f.m.mem = &f.mem;
	(void)state;
	fl_found(&f.m, FL_FIND_DEAD_JOBS, 3, FL_STR("assess: away (3)"));
	fl_found(&f.m, FL_FIND_BACKUP_AGE, INFINITY, FL_STR("there is none"));
	fl_found_unknown(&f.m, FL_FIND_REPLICA_LAG, "there is %s replica", "no");
	fl_maintain_text(f.m.report, false, &out);
	fl_str text = fl_buf_view(&out);
	assert_true(fl_str_find(text, FL_STR("\nerrors\n  ACT             3  jobs that gave up in a day")) > 0);
	assert_true(fl_str_find(text, FL_STR("-> mend the cause, then put them back: SELECT platform.jobs_revive()\n")) > 0);
	assert_true(fl_str_find(text, FL_STR("  ACT         never  age of the newest backup")) > 0);
	assert_true(fl_str_find(text, FL_STR("there is no replica\n")) > 0);
	assert_true(fl_str_find_char(text, '\033') < 0);
	fl_maintain_json(f.m.report, &json);
	assert_int_equal(fl_json_parse(&f.mem, fl_buf_view(&json), &read, &diag), FL_OK);
	assert_int_equal(fl_json_int(fl_json_get(read, FL_STR("acts")), 0), 2);
	fl_buf_fini(&out);
	fl_buf_fini(&json);
	fl_arena_fini(&f.mem);
}

static void metrics_are_found_by_their_whole_name(void **state)
{
	const fl_str metrics = FL_STR("# HELP a b\nfleet_a_total 7\nfleet_b_total{class=\"5xx\"} 3\nfleet_a_total_more 9\n");
	(void)state;
	assert_float_equal(fl_metric(metrics, "fleet_a_total"), 7, 0);
	assert_float_equal(fl_metric(metrics, "fleet_b_total{class=\"5xx\"}"), 3, 0);
	assert_float_equal(fl_metric(metrics, "fleet_a"), -1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_whole),
		cmocka_unit_test(a_limit_belongs_to_the_good_side),
		cmocka_unit_test(sections_stay_together),
		cmocka_unit_test(too_many_are_left_out),
		cmocka_unit_test(it_reads_well),
		cmocka_unit_test(metrics_are_found_by_their_whole_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
