/* The state machine, every pair of stages and every role, against a second telling of it: the matrix below. */
#include "fleet/report/lifecycle.h"
#include "fleet/report/policy.h"

#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

/* From (rows) to (columns), in the order of FL_STAGES: '.' no way, 'd' who decides, 'c' who filed it too, 'a' who wrote it. */
static const char *const ways[FL_STAGE_COUNT] = {
	[FL_STAGE_DRAFT] = ".a..........",
	[FL_STAGE_REPORTED] = "..ddd...dd..",
	[FL_STAGE_TRIAGED] = "....d...dd..",
	[FL_STAGE_ASSESSED] = "..d.d...dd..",
	[FL_STAGE_APPROVED] = "...d.d..d.c.",
	[FL_STAGE_IN_REPAIR] = "....d.d.....",
	[FL_STAGE_COMPLETED] = ".....d.d..cd",
	[FL_STAGE_CLOSED] = "..........cd",
	[FL_STAGE_REJECTED] = ".d.d......cd",
	[FL_STAGE_DUPLICATE] = "..........cd",
	[FL_STAGE_DISPUTED] = "....d..dd...",
	[FL_STAGE_REOPENED] = "..d.d...dd..",
};

enum { AUTHOR = 7, DECIDER = 8 };

static fl_caller caller(fl_role role, int32_t user)
{
	return (fl_caller) { .tenant_id = 1, .user_id = user, .role = role };
}

/* Facts under which every guard of the way holds. */
static fl_step_facts good_facts(const fl_step *step)
{
	return (fl_step_facts) { .assessed = step->guard != FL_GUARD_UNASSESSED,
		.has_severity = true,
		.has_cost = true,
		.has_actual = true,
		.cost_cents = 100,
		.reported_by = AUTHOR };
}

static bool may_by_matrix(char way, const fl_caller *who)
{
	bool decides = who->role == FL_ROLE_MANAGER || who->role == FL_ROLE_ADMIN || who->role == FL_ROLE_SYSTEM;
	if (way == 'd')
		return decides;
	return way == 'c' ? decides || who->role == FL_ROLE_DRIVER : way == 'a' && (decides || who->user_id == AUTHOR);
}

static const fl_step *between(fl_stage from, fl_stage to)
{
	fl_step_list list = fl_steps_from(from);
	for (size_t i = 0; i < list.count; i++)
		if (list.steps[i].to == to)
			return &list.steps[i];
	return NULL;
}

static void every_pair_and_role(void **state)
{
	const fl_caller callers[] = { caller(FL_ROLE_DRIVER, AUTHOR), caller(FL_ROLE_DRIVER, 9), caller(FL_ROLE_MANAGER, DECIDER),
		caller(FL_ROLE_AUDITOR, 10), caller(FL_ROLE_ADMIN, 11), caller(FL_ROLE_SYSTEM, 0), { .role = FL_ROLE_ADMIN } };
	size_t found = 0;
	for (fl_stage from = 1; from < FL_STAGE_COUNT; from++)
		for (fl_stage to = 1; to < FL_STAGE_COUNT; to++) {
			const fl_step *step = between(from, to);
			char way = ways[from][to - 1];
			if ((step != NULL) != (way != '.'))
				fail_msg("%s to %s", fl_stage_name(from).ptr, fl_stage_name(to).ptr);
			found += step != NULL;
			for (size_t i = 0; step && i < FL_COUNT(callers); i++) {
				const fl_step_facts facts = good_facts(step);
				fl_diag why = {};
				bool may = callers[i].tenant_id && may_by_matrix(way, &callers[i]);
				bool driver_elsewhere = way == 'a' && callers[i].role == FL_ROLE_AUDITOR;
				fl_verdict verdict = fl_step_judge(step, &callers[i], &facts, &(fl_limit) {}, &why);
				assert_int_equal(verdict, may && !driver_elsewhere ? FL_VERDICT_GOES : FL_VERDICT_REFUSED);
				assert_int_equal(why.text[0] != 0, verdict == FL_VERDICT_REFUSED);
			}
		}
	assert_int_equal(found, fl_steps_all().count); /* no pair twice */
}

static void the_table_is_sound(void **state)
{
	fl_step_list all = fl_steps_all();
	size_t sum = 0;
	for (fl_stage stage = 1; stage < FL_STAGE_COUNT; stage++) {
		sum += fl_steps_from(stage).count; /* stands in one piece */
		assert_true(fl_steps_from(stage).count > 0 && fl_stage_status(stage) != FL_STATUS_NONE);
	}
	assert_int_equal(sum, all.count);
	for (fl_status status = FL_STATUS_REPORTED; status <= FL_STATUS_REJECTED; status++)
		assert_int_equal(fl_stage_status(fl_status_stage(status)), status);
	for (fl_verb verb = 1; verb < FL_VERB_COUNT; verb++) {
		assert_int_equal(fl_verb_find(fl_verb_name(verb)), verb);
		assert_true(fl_verb_button(verb)[0] && fl_verb_past(verb)[0]);
	}
	assert_int_equal(fl_verb_find(FL_STR("FLY")), FL_VERB_NONE);
}

static void statuses_name_ways(void **state)
{
	static const struct {
		fl_stage from;
		fl_status to;
		fl_verb verb;
	} cases[] = { { FL_STAGE_ASSESSED, FL_STATUS_APPROVED, FL_VERB_APPROVE },
		{ FL_STAGE_IN_REPAIR, FL_STATUS_COMPLETED, FL_VERB_COMPLETE },
		{ FL_STAGE_COMPLETED, FL_STATUS_IN_REPAIR, FL_VERB_RESUME_REPAIR },
		{ FL_STAGE_REJECTED, FL_STATUS_ASSESSED, FL_VERB_RESTORE },
		{ FL_STAGE_REJECTED, FL_STATUS_REPORTED, FL_VERB_RESTORE },
		{ FL_STAGE_TRIAGED, FL_STATUS_REJECTED, FL_VERB_REJECT },
		{ FL_STAGE_APPROVED, FL_STATUS_ASSESSED, FL_VERB_WITHDRAW_APPROVAL } };
	for (size_t i = 0; i < FL_COUNT(cases); i++)
		assert_int_equal(fl_step_by_status(cases[i].from, cases[i].to)->verb, cases[i].verb);
	assert_null(fl_step_by_status(FL_STAGE_REPORTED, FL_STATUS_COMPLETED));
	assert_null(fl_step_by_status(FL_STAGE_COMPLETED, FL_STATUS_REPORTED));
}

static void a_verb_chooses_by_its_guard(void **state)
{
	assert_int_equal(fl_step_by_verb(FL_STAGE_REJECTED, FL_VERB_RESTORE, &(fl_step_facts) { .assessed = true })->to,
		FL_STAGE_ASSESSED);
	assert_int_equal(fl_step_by_verb(FL_STAGE_REJECTED, FL_VERB_RESTORE, &(fl_step_facts) {})->to, FL_STAGE_REPORTED);
	assert_null(fl_step_by_verb(FL_STAGE_REPORTED, FL_VERB_CLOSE, &(fl_step_facts) {}));
}

static void guards_say_why(void **state)
{
	const fl_caller manager = caller(FL_ROLE_MANAGER, DECIDER);
	fl_diag why;
	const fl_step *assess = between(FL_STAGE_REPORTED, FL_STAGE_ASSESSED),
		      *close = between(FL_STAGE_COMPLETED, FL_STAGE_CLOSED);
	assert_int_equal(fl_step_judge(assess, &manager, &(fl_step_facts) {}, &(fl_limit) {}, &why), FL_VERDICT_REFUSED);
	assert_non_null(strstr(why.text, "no assessment yet"));
	assert_int_equal(fl_step_judge(close, &manager, &(fl_step_facts) {}, &(fl_limit) {}, &why), FL_VERDICT_REFUSED);
	assert_non_null(strstr(why.text, "actualCost"));
}

static void amounts_have_limits(void **state)
{
	const fl_limit limit = { true, true, 100000, 500000 };
	const fl_caller manager = caller(FL_ROLE_MANAGER, DECIDER), second = caller(FL_ROLE_MANAGER, 12),
			admin = caller(FL_ROLE_ADMIN, 13), program = caller(FL_ROLE_MANAGER, 0);
	const struct {
		const fl_caller *who;
		bool has_cost;
		int64_t cents;
		int32_t endorsed_by;
		fl_verdict verdict;
	} cases[] = {
		{ &manager, true, 100000, 0, FL_VERDICT_GOES },
		{ &manager, true, 100001, 0, FL_VERDICT_ENDORSES },
		{ &manager, true, 100001, DECIDER, FL_VERDICT_REFUSED },
		{ &second, true, 100001, DECIDER, FL_VERDICT_GOES },
		{ &second, true, 500001, DECIDER, FL_VERDICT_REFUSED },
		{ &admin, true, 500001, 0, FL_VERDICT_GOES },
		{ &manager, false, 0, 0, FL_VERDICT_REFUSED },
		{ &admin, false, 0, 0, FL_VERDICT_GOES },
		{ &program, true, 100000, 0, FL_VERDICT_GOES },
		{ &program, true, 100001, DECIDER, FL_VERDICT_REFUSED },
	};
	const fl_step *approve = between(FL_STAGE_ASSESSED, FL_STAGE_APPROVED);
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		const fl_step_facts facts = { .assessed = true,
			.has_cost = cases[i].has_cost,
			.cost_cents = cases[i].cents,
			.endorsed_by = cases[i].endorsed_by };
		fl_diag why = {};
		assert_int_equal(fl_step_judge(approve, cases[i].who, &facts, &limit, &why), cases[i].verdict);
	}
	assert_int_equal(fl_step_judge(approve, &manager, &(fl_step_facts) {}, &(fl_limit) {}, NULL),
		FL_VERDICT_GOES); /* no limit at all */
}

static void deadlines(void **state)
{
	assert_int_equal(fl_sla_state_at(0, 0, 5), FL_SLA_NONE);
	assert_int_equal(fl_sla_state_at(0, 100, 74), FL_SLA_OK);
	assert_int_equal(fl_sla_state_at(0, 100, 75), FL_SLA_DUE_SOON);
	assert_int_equal(fl_sla_state_at(0, 100, 100), FL_SLA_OVERDUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_and_role),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(statuses_name_ways),
		cmocka_unit_test(a_verb_chooses_by_its_guard),
		cmocka_unit_test(guards_say_why),
		cmocka_unit_test(amounts_have_limits),
		cmocka_unit_test(deadlines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
