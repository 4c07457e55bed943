/* The repair part of a report's page: who sees buttons, what is escaped, and what its forms ask the API for. */
#include "page/repair_int.h"

#include <setjmp.h>
#include <cmocka.h>

static fl_arena mem;
static fl_ctx ctx;
static fl_buf buf;
static html h;
static fl_page page;
static bool told;

static int begin(void **state)
{
	mem = fl_arena_make(8 << 20);
	fl_ctx_init(&ctx, NULL, &mem);
	buf = fl_buf_make(1 << 20);
	h = (html){ .buf = &buf };
	told = false;
	return 0;
}

static int end(void **state)
{
	fl_buf_fini(&buf);
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	return 0;
}

static bool has(const char *part)
{
	return fl_str_find(fl_buf_view(&buf), fl_str_z(part)) >= 0;
}

#define HOSTILE "<script>alert('1')</script>"

static const char report[] = "{\"id\":\"r\",\"status\":\"IN_REPAIR\",\"approvedAmount\":{\"amount\":\"420.00\",\"currency\":\"EUR\"},\"actualCost\":null,"
	"\"totalLoss\":{\"isTotalLoss\":true,\"explanation\":\"" HOSTILE "\"},"
	"\"estimates\":[{\"id\":\"1\",\"version\":2,\"state\":\"SUBMITTED\",\"vendorName\":\"" HOSTILE "\",\"isOpen\":true,"
	"\"current\":{\"repairDays\":1,\"note\":\"" HOSTILE "\",\"total\":{\"amount\":\"420.00\",\"currency\":\"EUR\"}}},"
	"{\"id\":\"2\",\"version\":1,\"state\":\"REQUESTED\",\"vendorName\":\"B\",\"isOpen\":false}],"
	"\"estimateComparison\":{\"estimates\":[{\"estimate\":{\"id\":\"1\"},\"against\":\"BELOW\",\"deviationPercent\":-12.4,\"isCheapest\":true}]},"
	"\"workOrders\":[{\"id\":\"o\",\"version\":4,\"state\":\"IN_PROGRESS\",\"steps\":[\"WAIT_FOR_PARTS\",\"FINISH\",\"CANCEL\"],\"instructions\":\"" HOSTILE "\","
	"\"tasks\":[{\"id\":\"3\",\"title\":\"" HOSTILE "\",\"done\":true}],\"invoices\":[{\"id\":\"b\",\"number\":\"" HOSTILE "\",\"state\":\"HELD\","
	"\"total\":{\"amount\":\"9.00\",\"currency\":\"EUR\"}}]}],"
	"\"claim\":{\"state\":\"PARTLY_PAID\",\"insurer\":\"" HOSTILE "\",\"claimNumber\":\"C 1\",\"paidAmount\":{\"amount\":\"5.00\",\"currency\":\"EUR\"}},"
	"\"claimPacks\":[{\"state\":\"DONE\",\"url\":\"javascript:alert(1)\",\"files\":8,\"createdAt\":\"2026-03-01T09:30:00Z\",\"madeBy\":{\"name\":\"" HOSTILE "\"}},"
	"{\"state\":\"RUNNING\",\"url\":null,\"createdAt\":\"2026-03-01T09:30:00Z\"}],"
	"\"inspectionDefects\":[{\"title\":\"Lamp\",\"note\":\"" HOSTILE "\",\"unsafe\":true,\"state\":\"OPEN\",\"inspection\":{"
	"\"inspectedAt\":\"2026-03-01T09:30:00Z\",\"pdfUrl\":\"javascript:alert(1)\"}}]}";

static void view(bool deciding, const repair_said *said)
{
	const fl_json *value;

	assert_int_equal(fl_json_parse(&mem, fl_str_z(report), &value, &ctx.diag), FL_OK);
	view_repair(&h, &(repair){ .mem = &mem, .number = FL_STR("7"), .report = value, .said = said, .deciding = deciding, .told = &told });
	assert_int_equal(h.depth, 0);
	assert_false(has("<script>"));
	assert_false(has("javascript:"));
}

static void who_decides_gets_the_steps(void **state)
{
	view(true, NULL);
	assert_true(has("Accept estimate"));
	assert_true(has("New link"));
	assert_true(has("value=\"FINISH\""));
	assert_false(has("value=\"START\""));
	assert_true(has("Cancel order"));
	assert_true(has("Approve bill"));
	assert_true(has("Claim pack, 8 files") && has("A claim pack is being made") && has("Make a claim pack"));
	assert_true(has("aria-checked=\"true\" name=\"toggle\" value=\"-3\""));
	assert_true(has("12 % less, below the assessed range"));
	assert_true(has("1 day<"));
	assert_false(has("Cheapest")); /* of one */
	assert_true(has("Paid in part"));
	assert_true(has("C 1"));
	assert_true(has("unsafe, not certified yet"));
}

static void who_reads_gets_none(void **state)
{
	view(false, NULL);
	assert_true(has("€420.00"));
	assert_true(has("waits for a second person"));
	assert_false(has("Accept estimate"));
	assert_false(has("name=\"act\" value=\"allow\""));
	assert_false(has("<details"));
	assert_false(has("value=\"FINISH\""));
	assert_true(has("disabled"));
}

static void a_problem_stands_once(void **state)
{
	view(true, &(repair_said){ .place = FL_STR("cancel:o"), .problem = FL_STR("Not done: " HOSTILE), .form = FL_STR("reason=a%3Cb") });
	assert_true(told);
	assert_true(has("data-key=\"cancel:o\" open"));
	assert_true(has("value=\"a&lt;b\""));
}

static void a_problem_without_its_form_stands_too(void **state)
{
	view(false, &(repair_said){ .place = FL_STR("e1"), .problem = FL_STR("Not done: no.") });
	assert_false(told);
	assert_true(has("Not done: no."));
}

/* ---- forms ---- */

static fl_err ask(const char *form, fl_str *variables)
{
	fl_str document;

	for (size_t i = 0; i < REPAIR_ACTS; i++)
		page.documents.repair_acts[i] = fl_str_z(repair_act_path(i));
	return repair_form_read(&ctx, &page, fl_str_z(form), &document, variables);
}

static void expect_input(const char *form, const char *input)
{
	fl_str variables;

	assert_int_equal(ask(form, &variables), FL_OK);
	assert_string_equal(fl_str_cstr(&mem, variables), input);
}

static void a_form_becomes_an_input(void **state)
{
	expect_input("act=accept&reportId=r&estimateId=1&version=2&more=x", "{\"input\":{\"reportId\":\"r\",\"estimateId\":\"1\",\"version\":2}}");
	expect_input("act=ask&reportId=r&vendorId=&email=+a%40b.c+", "{\"input\":{\"reportId\":\"r\",\"email\":\"a@b.c\"}}");
	expect_input("act=task&workOrderId=o&toggle=-3", "{\"input\":{\"workOrderId\":\"o\",\"taskId\":\"3\",\"done\":false}}");
	expect_input("act=order&reportId=r&who=e:2&tasks=a%0D%0A%0D%0Ab%22", "{\"input\":{\"reportId\":\"r\",\"estimateId\":\"2\",\"tasks\":[\"a\",\"b\\\"\"]}}");
	expect_input("act=order&reportId=r&who=own&plannedStart=2026-12-01", "{\"input\":{\"reportId\":\"r\",\"plannedStart\":\"2026-12-01T00:00:00Z\"}}");
	expect_input("act=bill&workOrderId=o&LABOUR=1.5&PAINT=&TAX=2",
		"{\"input\":{\"workOrderId\":\"o\",\"lines\":[{\"kind\":\"LABOUR\",\"amount\":\"1.5\"},{\"kind\":\"TAX\",\"amount\":\"2\"}]}}");
}

static void a_bad_form_is_refused(void **state)
{
	fl_str variables;
	FL_AUTO_BUF fl_buf many = fl_buf_make(4096);

	assert_int_equal(ask("reportId=r", &variables), FL_BAD_INPUT);
	assert_int_equal(ask("act=drop", &variables), FL_BAD_INPUT);
	assert_int_equal(ask("act=accept&version=x", &variables), FL_BAD_INPUT);
	assert_int_equal(ask("act=ask&message=%FF", &variables), FL_BAD_INPUT);
	assert_int_equal(ask("act=bill&TAX=%FF", &variables), FL_BAD_INPUT);
	fl_buf_lit(&many, "act=order&tasks=");
	for (int i = 0; i < 101; i++)
		fl_buf_lit(&many, "t%0A");
	fl_buf_char(&many, '\0');
	assert_int_equal(ask(many.ptr, &variables), FL_BAD_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_decides_gets_the_steps, begin, end),
		cmocka_unit_test_setup_teardown(who_reads_gets_none, begin, end),
		cmocka_unit_test_setup_teardown(a_problem_stands_once, begin, end),
		cmocka_unit_test_setup_teardown(a_problem_without_its_form_stands_too, begin, end),
		cmocka_unit_test_setup_teardown(a_form_becomes_an_input, begin, end),
		cmocka_unit_test_setup_teardown(a_bad_form_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
