/* Documents by id, and those that stay prepared: one cache with that of texts. */
#include "shop.h"

#include <stdio.h>

static shop s;

static int open_shop(void **state)
{
	shop_open(&s, NULL);
	return 0;
}

static int close_shop(void **state)
{
	shop_close(&s);
	return 0;
}

/* Any 32 bytes do: who gives them has checked them. */
static fl_gql_request named(char id, const char *query)
{
	fl_gql_request request = { .by_id = FL_GQL_BY_HASH };
	memset(request.document_id, id, sizeof(request.document_id));
	if (query)
		request.query = fl_str_z(query);
	return request;
}

static const char *run(char id, const char *query, const char *operation, const char *variables)
{
	fl_gql_request request = named(id, query);
	if (operation)
		request.operation_name = fl_str_z(operation);
	return shop_run_request(&s, &request, variables);
}

static bool knows(char id)
{
	fl_gql_request request = named(id, NULL);
	return fl_gql_knows(s.engine, request.document_id);
}

static fl_err pin(char id, const char *text)
{
	fl_gql_request request = named(id, NULL);
	fl_diag diag;
	return fl_gql_pin(s.engine, fl_str_z(text), request.document_id, &diag);
}

static void unpin(char id)
{
	fl_gql_request request = named(id, NULL);
	fl_gql_unpin(s.engine, request.document_id);
}

#define UNKNOWN "{\"errors\":[{\"message\":\"PersistedQueryNotFound\",\"extensions\":{\"code\":\"PERSISTED_QUERY_NOT_FOUND\"}}]}"
#define WORLD "{\"data\":{\"hello\":\"world\"}}"

static void remembered(void **state)
{
	assert_string_equal(run('a', NULL, NULL, NULL), UNKNOWN);
	assert_int_equal(s.outcome.status, FL_GQL_REQUEST_ERROR);
	assert_string_equal(run('a', "query A { hello }", NULL, NULL), WORLD);
	assert_string_equal(run('a', NULL, NULL, NULL), WORLD);
	assert_true(s.outcome.cached);
	assert_string_equal(run('a', NULL, "A", NULL), WORLD); /* the only operation may be named */
	assert_non_null(strstr(run('a', NULL, "B", NULL), "Unknown operation named"));
	assert_string_equal(run('b', NULL, NULL, NULL), UNKNOWN);
	/* What is wrong is not remembered. */
	run('c', "{ nothing }", NULL, NULL);
	assert_false(knows('c'));
}

static void several_operations(void **state)
{
	const char *text = "query A { hello } query B($n: Int!) { need(n: $n) }";
	assert_string_equal(run('d', text, "A", NULL), WORLD);
	assert_string_equal(run('d', NULL, "B", "{\"n\":3}"), "{\"data\":{\"need\":10}}");
	assert_false(s.outcome.cached);
	assert_string_equal(run('d', NULL, "B", "{\"n\":3}"), "{\"data\":{\"need\":10}}");
	assert_true(s.outcome.cached);
	assert_non_null(strstr(run('d', NULL, NULL, NULL), "Must provide operation name"));
}

static void text_is_known_by_id_later(void **state)
{
	shop_run(&s, "query Late { hello }", NULL);
	assert_string_equal(run('e', "query Late { hello }", NULL, NULL), WORLD);
	assert_true(s.outcome.cached);
	assert_string_equal(run('e', NULL, NULL, NULL), WORLD);
}

static void pinned(void **state)
{
	fl_gql_stats before = fl_gql_engine_stats(s.engine);
	assert_int_equal(pin('f', "query P { hello }"), FL_OK);
	assert_int_equal(pin('f', "query P { hello }"), FL_OK);
	assert_int_equal(pin('g', "query A { hello } mutation B { add(n: 1) { n } }"), FL_OK);
	assert_int_equal(pin('h', "{ nothing }"), FL_BAD_INPUT);
	assert_int_equal(pin('h', "query A { hello } query B { nothing }"), FL_BAD_INPUT);
	assert_int_equal(pin('h', "{"), FL_BAD_INPUT);
	assert_int_equal(pin('h', "fragment F on Query { hello }"), FL_NOT_FOUND);
	assert_false(knows('h'));
	fl_gql_stats now = fl_gql_engine_stats(s.engine);
	assert_int_equal(now.pinned, 3); /* one an operation */
	assert_true(now.pinned_bytes > 0);
	assert_int_equal(now.bytes, before.bytes);
	assert_string_equal(run('f', NULL, NULL, NULL), WORLD);
	assert_true(s.outcome.cached);
	assert_string_equal(run('f', NULL, "P", NULL), WORLD);
	assert_string_equal(run('g', NULL, "B", NULL), "{\"data\":{\"add\":{\"n\":1}}}");
	shop_run(&s, "query P { hello }", NULL);
	assert_true(s.outcome.cached); /* by its text too */
	unpin('f');
	unpin('g');
	unpin('g');
	assert_int_equal(fl_gql_engine_stats(s.engine).pinned, 0);
	assert_string_equal(run('f', NULL, NULL, NULL), UNKNOWN);
}

/* Documents that come once drive each other out, their ids with them; pinned ones stay. */
static void eviction(void **state)
{
	char text[100];
	assert_int_equal(pin('p', "query Stays { hello }"), FL_OK);
	run('q', "query Goes { hello }", NULL, NULL);
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "query Once%d { hello books { id name author { name } } }", i);
		shop_run(&s, text, NULL);
	}
	assert_true(fl_gql_engine_stats(s.engine).evictions > 0);
	assert_false(knows('q'));
	assert_string_equal(run('q', NULL, NULL, NULL), UNKNOWN);
	assert_string_equal(run('p', NULL, NULL, NULL), WORLD);
	assert_true(s.outcome.cached);
	unpin('p');
}

static void ids(void **state)
{
	uint8_t id[FL_GQL_ID_BYTES];
	const char *digits = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
	char text[100];
	assert_true(fl_gql_document_id(fl_str_z(digits), id));
	assert_int_equal(id[15], 0xff);
	snprintf(text, sizeof(text), "sha256:%s", digits);
	assert_true(fl_gql_document_id(fl_str_z(text), id));
	assert_false(fl_gql_document_id(fl_str_z(digits + 1), id));
	assert_false(fl_gql_document_id(FL_STR(""), id));
	assert_false(fl_gql_document_id(FL_STR("md5:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), id));
	text[20] = 'x';
	assert_false(fl_gql_document_id(fl_str_z(text), id));
}

static void requests(void **state)
{
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	static const struct {
		const char *body;
		fl_err err;
		int by_id;
	} cases[] = {
		{ "{\"query\":\"{a}\"}", FL_OK, FL_GQL_BY_TEXT },
		{ "{}", FL_BAD_REQUEST, 0 },
		{ "{\"query\":7}", FL_BAD_REQUEST, 0 },
		{ "{\"documentId\":\"sha256:" HASH "\"}", FL_OK, FL_GQL_BY_DOCUMENT_ID },
		{ "{\"documentId\":\"x\"}", FL_BAD_REQUEST, 0 },
		{ "{\"documentId\":7}", FL_BAD_REQUEST, 0 },
		{ "{\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"" HASH "\"}}}", FL_OK, FL_GQL_BY_HASH },
		{ "{\"extensions\":{\"persistedQuery\":{\"version\":2,\"sha256Hash\":\"" HASH "\"}}}", FL_BAD_REQUEST, 0 },
		{ "{\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"7\"}}}", FL_BAD_REQUEST, 0 },
		{ "{\"extensions\":{\"persistedQuery\":[]}}", FL_BAD_REQUEST, 0 },
		{ "{\"extensions\":{\"persistedQuery\":null},\"query\":\"{a}\"}", FL_OK, FL_GQL_BY_TEXT },
		{ "{\"extensions\":[],\"query\":\"{a}\"}", FL_BAD_REQUEST, 0 },
	};
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_arena mem = fl_arena_make(1 << 16);
		fl_gql_request request;
		const fl_json *body;
		assert_int_equal(fl_json_parse(&mem, fl_str_z(cases[i].body), &body, NULL), FL_OK);
		if (fl_gql_request_from_json(body, &request, NULL) != cases[i].err)
			fail_msg("%s", cases[i].body);
		if (cases[i].err == FL_OK)
			assert_int_equal(request.by_id, cases[i].by_id);
		fl_arena_fini(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembered),
		cmocka_unit_test(several_operations),
		cmocka_unit_test(text_is_known_by_id_later),
		cmocka_unit_test(pinned),
		cmocka_unit_test(eviction),
		cmocka_unit_test(ids),
		cmocka_unit_test(requests),
	};
	return cmocka_run_group_tests(tests, open_shop, close_shop);
}
