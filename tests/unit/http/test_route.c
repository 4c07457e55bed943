/* Routes, escapes, dates, ranges, entity tags, weights. */
#include <setjmp.h>
#include <stdlib.h>

#include "http/route_int.h"
#include "http/text_int.h"

#include <cmocka.h>

static fl_err none(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	return FL_OK;
}

static void check(const fl_router *router, fl_method method, const char *path, int status, const char *pattern, const char *first)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_route_match match;

	fl_router_match(router, &mem, method, fl_str_z(path), &match);
	if (match.status != status || (pattern != NULL && strcmp(match.route->pattern, pattern) != 0))
		fail_msg("%s: %d %s", path, match.status, match.route ? match.route->pattern : "");
	if (first != NULL)
		assert_true(match.capture_count > 0 && fl_str_eq(match.captures[0], fl_str_z(first)));
	fl_arena_fini(&mem);
}

static void routes(void **state)
{
	FL_AUTO(fl_router_free) fl_router *router = fl_router_new();
	static const struct {
		unsigned methods;
		const char *pattern;
	} table[] = {
		{ FL_GET, "/assets/*path" }, { FL_GET, "/reports/:number" }, { FL_GET, "/reports/new" }, { FL_POST, "/reports/new" },
		{ FL_GET, "/" },             { FL_GET, "/photos/:id/:n" },   { FL_DELETE, "/photos/:id/:n" },
	};
	fl_arena mem = fl_arena_make(1 << 20);
	fl_route_match match;

	for (size_t i = 0; i < FL_COUNT(table); i++)
		assert_int_equal(fl_router_add(router, table[i].methods, table[i].pattern, none, NULL), FL_OK);
	assert_int_equal(fl_router_add(router, FL_GET, "no-slash", none, NULL), FL_BAD_INPUT);
	assert_int_equal(fl_router_add(router, FL_GET, "/*rest/more", none, NULL), FL_BAD_INPUT);
	assert_int_equal(fl_router_add(router, FL_GET, "/:1/:2/:3/:4/:5/:6/:7/:8/:9", none, NULL), FL_BAD_INPUT);
	assert_int_equal(fl_router_add(router, 0, "/x", none, NULL), FL_BAD_INPUT);
	check(router, FL_GET, "/", 200, "/", NULL);
	check(router, FL_HEAD, "/", 200, "/", NULL);
	check(router, FL_GET, "/reports/17", 200, "/reports/:number", "17");
	check(router, FL_GET, "/reports/new", 200, "/reports/new", NULL);
	check(router, FL_GET, "/reports/n%65w", 200, "/reports/new", NULL);
	check(router, FL_GET, "/reports/a%20b%2Fc", 200, "/reports/:number", "a b/c");
	check(router, FL_GET, "/reports/", 404, NULL, NULL);
	check(router, FL_GET, "/reports", 404, NULL, NULL);
	check(router, FL_GET, "/reports/1/2", 404, NULL, NULL);
	check(router, FL_GET, "/assets/js/app.js", 200, "/assets/*path", "js/app.js");
	check(router, FL_GET, "/assets/", 200, "/assets/*path", "");
	check(router, FL_GET, "/assets", 404, NULL, NULL);
	check(router, FL_GET, "/assets/../x", 400, NULL, NULL);
	check(router, FL_GET, "/assets/%2e%2E/x", 400, NULL, NULL);
	check(router, FL_GET, "/assets/./x", 400, NULL, NULL);
	check(router, FL_GET, "/a%00", 400, NULL, NULL);
	check(router, FL_GET, "/a%2", 400, NULL, NULL);
	check(router, FL_GET, "/a%zz", 400, NULL, NULL);
	check(router, FL_PUT, "/reports/new", 405, NULL, NULL);
	check(router, (fl_method)0, "/", 405, NULL, NULL);
	check(router, FL_POST, "/reports/17", 405, NULL, NULL);
	check(router, FL_GET, "*", 404, NULL, NULL);
	check(router, FL_GET, "/1/2/3/4/5/6/7/8/9/1/2/3/4/5/6/7/8/9/1/2/3/4/5/6/7/8/9", 404, NULL, NULL);
	fl_router_match(router, &mem, FL_PUT, FL_STR("/photos/1/2"), &match);
	assert_true(fl_str_eq(fl_methods_text(&mem, match.allowed), FL_STR("GET, HEAD, DELETE")));
	fl_arena_fini(&mem);
}

static void dates(void **state)
{
	static const char *const bad[] = { "Sun, 06 Nov 1994 08:49:37 GM", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Thu, 29 Feb 2001 00:00:00 GMT", "" };
	char text[FL_HTTP_DATE_LEN];
	int64_t at;

	fl_http_date_format(INT64_C(784111777) * FL_SECOND_US + 999, text);
	assert_memory_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT", FL_HTTP_DATE_LEN);
	assert_true(fl_http_date_parse(fl_str_make(text, FL_HTTP_DATE_LEN), &at) && at == INT64_C(784111777) * FL_SECOND_US);
	assert_true(fl_http_date_parse(FL_STR("Tue, 29 Feb 2000 00:00:00 GMT"), &at));
	for (size_t i = 0; i < FL_COUNT(bad); i++)
		assert_false(fl_http_date_parse(fl_str_z(bad[i]), &at));
}

static void ranges(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
		fl_range range;
		uint64_t from, len;
	} table[] = {
		{ "bytes=0-0", 10, FL_RANGE_PART, 0, 1 },     { "bytes=2-5", 10, FL_RANGE_PART, 2, 4 },
		{ "bytes=2-", 10, FL_RANGE_PART, 2, 8 },      { "bytes=-3", 10, FL_RANGE_PART, 7, 3 },
		{ "bytes=-30", 10, FL_RANGE_PART, 0, 10 },    { "Bytes=5-99", 10, FL_RANGE_PART, 5, 5 },
		{ "bytes=10-", 10, FL_RANGE_OUTSIDE, 0, 0 },  { "bytes=-0", 10, FL_RANGE_OUTSIDE, 0, 0 },
		{ "bytes=0-", 0, FL_RANGE_OUTSIDE, 0, 0 },    { "bytes=5-2", 10, FL_RANGE_WHOLE, 0, 0 },
		{ "bytes=0-1,3-4", 10, FL_RANGE_WHOLE, 0, 0 }, { "bytes=a-b", 10, FL_RANGE_WHOLE, 0, 0 },
		{ "bytes=", 10, FL_RANGE_WHOLE, 0, 0 },       { "bytes=-", 10, FL_RANGE_WHOLE, 0, 0 },
		{ "items=0-1", 10, FL_RANGE_WHOLE, 0, 0 },    { "bytes=99999999999999999999-", 10, FL_RANGE_WHOLE, 0, 0 },
		{ "", 10, FL_RANGE_WHOLE, 0, 0 },
	};

	for (size_t i = 0; i < FL_COUNT(table); i++) {
		uint64_t from = 0, len = 0;

		assert_int_equal(fl_range_parse(fl_str_z(table[i].text), table[i].size, &from, &len), table[i].range);
		if (table[i].range == FL_RANGE_PART)
			assert_true(from == table[i].from && len == table[i].len);
	}
}

static void lists(void **state)
{
	fl_str etag = FL_STR("\"abc\"");

	assert_true(fl_etag_listed(FL_STR("\"x\", W/\"abc\""), etag));
	assert_true(fl_etag_listed(FL_STR("*"), etag));
	assert_false(fl_etag_listed(FL_STR("\"abcd\", abc"), etag));
	assert_false(fl_etag_listed(FL_STR(""), (fl_str){ 0 }));
	assert_int_equal(fl_weight_of(FL_STR("br;q=0.5, gzip"), FL_STR("br")), 500);
	assert_int_equal(fl_weight_of(FL_STR("br;q=0.5, GZIP"), FL_STR("gzip")), 1000);
	assert_int_equal(fl_weight_of(FL_STR("br; q=0"), FL_STR("br")), 0);
	assert_int_equal(fl_weight_of(FL_STR("br; a=b; q=0.123"), FL_STR("br")), 123);
	assert_int_equal(fl_weight_of(FL_STR("deflate"), FL_STR("br")), -1);
	assert_int_equal(fl_weight_of((fl_str){ 0 }, FL_STR("br")), -1);
}

static void forms(void **state)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_request req = { .query = FL_STR("a=1&b=x+y%26&c&a=2&d=%zz"),
		.headers = (fl_http_header[]){ { FL_STR("cookie"), FL_STR("x=1; session=\"a.b\"; y=") } }, .header_count = 1 };
	fl_str value;

	assert_true(fl_request_query(&mem, &req, FL_STR("a"), &value) && fl_str_eq(value, FL_STR("1")));
	assert_true(fl_request_query(&mem, &req, FL_STR("b"), &value) && fl_str_eq(value, FL_STR("x y&")));
	assert_true(fl_request_query(&mem, &req, FL_STR("c"), &value) && value.len == 0);
	assert_false(fl_request_query(&mem, &req, FL_STR("d"), &value));
	assert_false(fl_request_query(&mem, &req, FL_STR("e"), &value));
	assert_true(fl_request_cookie(&req, FL_STR("session"), &value) && fl_str_eq(value, FL_STR("a.b")));
	assert_true(fl_request_cookie(&req, FL_STR("y"), &value) && value.len == 0);
	assert_false(fl_request_cookie(&req, FL_STR("essio"), &value));
	fl_arena_fini(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes), cmocka_unit_test(dates), cmocka_unit_test(ranges),
		cmocka_unit_test(lists),  cmocka_unit_test(forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
