/* The rules of the domain that need no database: roles, money. */
#include "fleet/fleet.h"
#include "fleet/notice/notice.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static fl_caller caller(fl_role role)
{
	return (fl_caller){ .tenant_id = 1, .user_id = 1, .role = role };
}

static void roles(void **state)
{
	const fl_caller driver = caller(FL_ROLE_DRIVER), manager = caller(FL_ROLE_MANAGER), auditor = caller(FL_ROLE_AUDITOR);
	const fl_caller nobody = { .role = FL_ROLE_MANAGER };
	assert_true(fl_may(&driver, FL_MAY_REPORT_CREATE) && fl_may(&driver, FL_MAY_REPORT_READ_OWN));
	assert_false(fl_may(&driver, FL_MAY_REPORT_READ_ALL) || fl_may(&driver, FL_MAY_REPORT_DECIDE) || fl_may(&driver, FL_MAY_FRAUD_READ));
	assert_true(fl_may(&manager, FL_MAY_REPORT_DECIDE) && fl_may(&manager, FL_MAY_FRAUD_READ));
	assert_true(fl_may(&auditor, FL_MAY_REPORT_READ_ALL));
	assert_false(fl_may(&auditor, FL_MAY_REPORT_CREATE) || fl_may(&auditor, FL_MAY_REPORT_DECIDE));
	assert_false(fl_may(&nobody, FL_MAY_REPORT_READ_OWN)); /* a role without a company is nobody */
}

static void refusals(void **state)
{
	fl_ctx ctx = { .caller = caller(FL_ROLE_AUDITOR) };
	assert_int_equal(fl_must(&ctx, FL_MAY_REPORT_DECIDE), FL_FORBIDDEN);
	assert_string_equal(ctx.diag.text, "the role auditor may not change reports");
	ctx.caller = (fl_caller){};
	assert_int_equal(fl_must(&ctx, FL_MAY_REPORT_READ_OWN), FL_UNAUTHENTICATED);
}

static void check_money(const char *text, int64_t cents, const char *back)
{
	fl_arena mem = fl_arena_make(4096);
	fl_diag diag = {};
	int64_t got = -1;
	assert_int_equal(fl_money_parse(&diag, "actualCost", fl_str_z(text), &got), FL_OK);
	assert_int_equal(got, cents);
	assert_true(fl_str_eq(fl_money_text(&mem, got), fl_str_z(back)));
	fl_arena_fini(&mem);
}

static void money(void **state)
{
	static const char *const bad[] = { "", "-1", "-0", "1.", ".5", "1.234", "1,50", "1e3", "1.2x", "1000000000.01", "99999999999999999999", "0x10" };
	fl_diag diag = {};
	int64_t cents;
	check_money("1250", 125000, "1250.00");
	check_money("0.5", 50, "0.50");
	check_money("0.07", 7, "0.07");
	check_money("12.3400", 1234, "12.34");
	check_money("1000000000", 100000000000, "1000000000.00");
	for (size_t i = 0; i < FL_COUNT(bad); i++) {
		diag.text[0] = 0;
		assert_int_equal(fl_money_parse(&diag, "actualCost", fl_str_z(bad[i]), &cents), FL_BAD_INPUT);
		assert_non_null(strstr(diag.text, "actualCost"));
	}
}

static void event_types(void **state)
{
	fl_ctx ctx = {};
	const fl_str good[] = { FL_STR("report.created"), FL_STR("zone.*") };
	assert_int_equal(fl_event_types_check(&ctx, good, FL_COUNT(good)), FL_OK);
	/* What was wrong is said back, cut, and still is text. */
	for (int before = 50; before < 62; before++) {
		char text[100];
		snprintf(text, sizeof(text), "%.*s\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", before, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		const fl_str bad = fl_str_z(text);
		assert_int_equal(fl_event_types_check(&ctx, &bad, 1), FL_BAD_INPUT);
		assert_true(fl_str_utf8_valid(fl_str_z(ctx.diag.text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles), cmocka_unit_test(refusals), cmocka_unit_test(money), cmocka_unit_test(event_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
