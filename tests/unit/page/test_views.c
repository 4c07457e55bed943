/* page: what reports look like, also when their words are hostile or their fields are empty. */
#include "page/page_int.h"

#include <setjmp.h>
#include <cmocka.h>

static fl_arena mem;
static fl_ctx ctx;
static fl_buf buf;
static html h;

static int begin(void **state)
{
	mem = fl_arena_make(8 << 20);
	fl_ctx_init(&ctx, NULL, &mem);
	buf = fl_buf_make(1 << 20);
	h = (html){ .buf = &buf };
	return 0;
}

static int end(void **state)
{
	fl_buf_fini(&buf);
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	return 0;
}

static const fl_json *parse(const char *text)
{
	const fl_json *value;

	assert_int_equal(fl_json_parse(&mem, fl_str_z(text), &value, &ctx.diag), FL_OK);
	return value;
}

static void expect(const char *part)
{
	if (fl_str_find(fl_buf_view(&buf), fl_str_z(part)) < 0)
		fail_msg("%s is not in %.*s", part, (int)buf.len, buf.ptr);
}

static void expect_not(const char *part)
{
	if (fl_str_find(fl_buf_view(&buf), fl_str_z(part)) >= 0)
		fail_msg("%s is in %.*s", part, (int)buf.len, buf.ptr);
}

#define HOSTILE "\\\"><script>alert(1)</script>"

static const char list[] = "{\"damageReports\":{\"nodes\":["
	"{\"id\":\"a\",\"number\":\"7\",\"version\":2,\"status\":\"ASSESSED\",\"severity\":\"MAJOR\",\"description\":\"" HOSTILE "\","
	"\"reportedAt\":\"2026-01-02T03:04:05Z\",\"vehicle\":{\"name\":\"" HOSTILE "\",\"make\":\"Ford\",\"model\":\"Transit\"},"
	"\"estimatedCost\":{\"amount\":\"1250.00\",\"currency\":\"EUR\"},"
	"\"photos\":[{\"id\":\"1\",\"thumbnailUrl\":\"javascript:alert(1)\"}],"
	"\"assessment\":{\"severity\":\"MAJOR\",\"severityConfidence\":0.71,\"fraudSignals\":[{\"kind\":\"EDITED\"}]}},"
	"{\"id\":\"b\",\"number\":\"6\",\"version\":1,\"status\":\"REPORTED\",\"severity\":null,\"description\":\"\","
	"\"reportedAt\":\"2026-01-02T03:04:05Z\",\"vehicle\":{\"name\":\"VAN-1\",\"make\":\"\",\"model\":\"\"},"
	"\"estimatedCost\":null,\"photos\":[],\"assessment\":null}],"
	"\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"a+b/c=\"}}}";

static void a_list_is_escaped_and_whole(void **state)
{
	board_filter filter = { .status = FL_STR("ASSESSED"), .search = FL_STR("rear \"door\"") };

	view_list(&h, &ctx, parse(list), &filter, FL_STR("7"));
	assert_int_equal(h.depth, 0);
	expect_not("<script>");
	expect_not("javascript:");
	expect("class=\"row is-open\"");
	expect("€1,250");
	expect("71 %");
	expect("Check photo");
	expect("value=\"rear &quot;door&quot;\"");
	expect("href=\"/reports/6?status=ASSESSED&amp;search=rear%20%22door%22\"");
	expect("after=a%2Bb%2Fc%3D");
	expect("thumb is-empty");
}

static void an_empty_list_says_so(void **state)
{
	view_list(&h, &ctx, parse("{\"damageReports\":{\"nodes\":[],\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}}}"),
		&(board_filter){}, (fl_str){});
	assert_int_equal(h.depth, 0);
	expect("No damage reported yet.");
	expect_not("Show older");
}

static const char bare_report[] = "{\"id\":\"x\",\"number\":\"7\",\"version\":1,\"status\":\"REPORTED\",\"description\":\"" HOSTILE "\","
	"\"vehicle\":{\"name\":\"VAN-1\",\"make\":\"Ford\",\"model\":\"Transit\",\"year\":2020,\"plate\":null,\"vin\":\"V\"},"
	"\"photos\":[],\"assessment\":null}";

static void a_bare_report_is_whole(void **state)
{
	view_report(&h, &ctx, parse(bare_report), parse("{\"role\":\"AUDITOR\"}"), &(board_filter){}, FL_STR("7"), NULL);
	assert_int_equal(h.depth, 0);
	expect_not("<script>");
	expect("The photos are being assessed.");
	expect("No photos.");
	expect_not("<button");
}

static void only_who_decides_sees_buttons(void **state)
{
	view_report(&h, &ctx, parse("{\"id\":\"x\",\"number\":\"7\",\"version\":3,\"status\":\"ASSESSED\",\"vehicle\":{\"name\":\"V\"},\"availableTransitions\":["
		"{\"transition\":\"APPROVE\",\"label\":\"Approve repair\",\"allowed\":false,\"whyNot\":\"too much\"},"
		"{\"transition\":\"TRIAGE\",\"label\":\"Triage\",\"allowed\":true},{\"transition\":\"REJECT\",\"label\":\"Reject\",\"allowed\":true,\"needsReason\":true}],"
		"\"history\":{\"nodes\":[{\"at\":\"2026-03-01T09:30:00Z\",\"text\":\"Mo <b>filed</b> it\",\"reason\":\"so\"}]}}"),
		parse("{\"role\":\"MANAGER\"}"), &(board_filter){}, FL_STR("7"), NULL);
	expect("value=\"APPROVE\" data-step=\"APPROVE\" title=\"too much\" disabled=\"\">Approve repair");
	expect("data-step=\"TRIAGE\">Triage");
	expect("Reject…"); /* asks for a reason: the script's */
	expect("Mo &lt;b&gt;filed&lt;/b&gt; it");
	expect("name=\"version\" value=\"3\"");
}

static void an_unsure_model_says_so(void **state)
{
	view_assessment(&h, &ctx, parse("{\"severity\":\"MINOR\",\"assessment\":{\"model\":\"m\",\"durationMs\":900,\"severity\":\"MINOR\","
		"\"severityConfidence\":0.41,\"part\":null,\"damageType\":null,\"rule\":[\"1 h at 60 <EUR>\"],"
		"\"cost\":{\"low\":{\"amount\":\"100\",\"currency\":\"EUR\"},\"likely\":{\"amount\":\"200\",\"currency\":\"EUR\"},"
		"\"high\":{\"amount\":\"400\",\"currency\":\"EUR\"}},\"repairHours\":{\"low\":1,\"likely\":2.5,\"high\":4}}}"));
	assert_int_equal(h.depth, 0);
	expect("41 %, unsure");
	expect("Look at the photos before deciding.");
	expect("Not clear from the photos");
	expect("Range by the rate table: €100 – €400");
	expect("2.5 h of work");
	expect("1 h at 60 &lt;EUR&gt;");
}

static void a_person_over_the_model_is_told(void **state)
{
	view_assessment(&h, &ctx, parse("{\"severity\":\"MAJOR\",\"assessment\":{\"model\":\"m\",\"severity\":\"MINOR\",\"severityConfidence\":0.9}}"));
	expect("Set by a person; the model said Minor, 90 %.");
}

static void no_report_says_so(void **state)
{
	view_report(&h, &ctx, NULL, NULL, &(board_filter){}, FL_STR("99"), NULL);
	assert_int_equal(h.depth, 0);
	expect("There is no report #99.");
}

static void next_stays_here(void **state)
{
	assert_true(fl_str_eq(page_next(FL_STR("/r/VAN-12?x=1")), FL_STR("/r/VAN-12?x=1")));
	assert_true(fl_str_eq(page_next(FL_STR("//evil.example")), FL_STR("/")));
	assert_true(fl_str_eq(page_next(FL_STR("/\\evil.example")), FL_STR("/")));
	assert_true(fl_str_eq(page_next(FL_STR("https://evil.example")), FL_STR("/")));
	assert_true(fl_str_eq(page_next(FL_STR("/x\r\nSet-Cookie: a=b")), FL_STR("/")));
	assert_true(fl_str_eq(page_next(FL_STR("")), FL_STR("/")));
}

static bool from(const char *origin, const char *site)
{
	fl_http_header headers[2];
	fl_request req = { .headers = headers, .host = FL_STR("fleet.example:8080") };

	if (origin)
		headers[req.header_count++] = (fl_http_header){ FL_STR("origin"), fl_str_z(origin) };
	if (site)
		headers[req.header_count++] = (fl_http_header){ FL_STR("sec-fetch-site"), fl_str_z(site) };
	return page_same_origin(&req);
}

static void forms_of_others_are_refused(void **state)
{
	assert_true(from("http://fleet.example:8080", NULL));
	assert_true(from("http://fleet.example:8080", "same-origin"));
	assert_true(from("null", "same-origin"));
	assert_false(from("http://evil.example", NULL));
	assert_false(from("http://evil.example", "cross-site"));
	assert_false(from("http://fleet.example:8080", "same-site"));
	assert_false(from("null", NULL));
	assert_false(from(NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_list_is_escaped_and_whole, begin, end),
		cmocka_unit_test_setup_teardown(an_empty_list_says_so, begin, end),
		cmocka_unit_test_setup_teardown(a_bare_report_is_whole, begin, end),
		cmocka_unit_test_setup_teardown(only_who_decides_sees_buttons, begin, end),
		cmocka_unit_test_setup_teardown(an_unsure_model_says_so, begin, end),
		cmocka_unit_test_setup_teardown(a_person_over_the_model_is_told, begin, end),
		cmocka_unit_test_setup_teardown(no_report_says_so, begin, end),
		cmocka_unit_test(next_stays_here),
		cmocka_unit_test(forms_of_others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
