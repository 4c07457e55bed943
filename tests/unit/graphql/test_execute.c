/* Execution: results, batches, errors, nulls, abstract types, mutations, subscriptions. */
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

static void scalars(void **state)
{
	shop_expect(&s, "{ hello }", NULL, "{\"data\":{\"hello\":\"world\"}}");
	shop_expect(&s, "{ a: hello __typename b: hello }", NULL, "{\"data\":{\"a\":\"world\",\"__typename\":\"Query\",\"b\":\"world\"}}");
	assert_int_equal(s.outcome.status, FL_GQL_EXECUTED);
}

static void columns(void **state)
{
	shop_expect(&s,
		    "{ all { i8 i16 i32 i64 u8 u16 u32 f32 f64 text noText ztext flag uuid number time noTime money color noColor maybe "
		    "maybeNot inside { n } noInside { n } texts value } }",
		    NULL,
		    "{\"data\":{\"all\":{\"i8\":-8,\"i16\":-16,\"i32\":-2147483648,\"i64\":\"-9223372036854775808\",\"u8\":255,\"u16\":65535,"
		    "\"u32\":1073741824,\"f32\":0.5,\"f64\":-1234.567,\"text\":\"t\\u0001\",\"noText\":null,\"ztext\":\"z\",\"flag\":true,"
		    "\"uuid\":\"01234567-89ab-cdef-0123-456789abcdef\",\"number\":\"-9223372036854775808\",\"time\":\"1970-01-01T00:00:01Z\","
		    "\"noTime\":null,\"money\":\"12.50\",\"color\":\"GREEN\",\"noColor\":null,\"maybe\":-8,\"maybeNot\":null,"
		    "\"inside\":{\"n\":3},\"noInside\":null,\"texts\":[\"a\",\"\xc3\xa9\\n\"],\"value\":[1,null]}}}");
}

static void lists(void **state)
{
	shop_expect(&s, "{ books { id name author { name } } }", NULL,
		    "{\"data\":{\"books\":[{\"id\":\"10\",\"name\":\"One\",\"author\":{\"name\":\"Ann\"}},"
		    "{\"id\":\"11\",\"name\":\"Two \\\"2\\\"\",\"author\":{\"name\":\"Bob\"}},"
		    "{\"id\":\"12\",\"name\":null,\"author\":{\"name\":\"Ann\"}}]}}");
	shop_expect(&s, "{ matrix grid { id author { id } } }", NULL,
		    "{\"errors\":[{\"message\":\"Cannot return null for non-nullable field Query.matrix.\",\"locations\":[{\"line\":1,\"column\":3}],"
		    "\"path\":[\"matrix\",1,1],\"extensions\":{\"code\":\"INTERNAL\"}}],"
		    "\"data\":{\"matrix\":[[0,1,2],null,null],\"grid\":[[{\"id\":\"10\",\"author\":{\"id\":\"1\"}},"
		    "{\"id\":\"11\",\"author\":{\"id\":\"2\"}}],null,[null,{\"id\":\"13\",\"author\":{\"id\":\"2\"}}]]}}");
}

/* One call a level and wave, whatever the number of parents, aliases and paths; keys once. */
static void batches(void **state)
{
	shop_run(&s, "{ books(first: 4) { author { name } } }", NULL);
	assert_int_equal(shop_counts_now.authors, 1);
	assert_int_equal(shop_counts_now.author_keys, 2);
	assert_int_equal(s.outcome.resolver_calls, 2);
	assert_int_equal(s.outcome.waves, 2);
	shop_run(&s, "{ a: books { x: author { name } } b: books(first: 4) { y: author { id } z: author { name } reviews { stars } } }", NULL);
	assert_int_equal(shop_counts_now.authors, 1);
	assert_int_equal(shop_counts_now.author_keys, 2);
	assert_int_equal(shop_counts_now.books, 2);
	assert_int_equal(shop_counts_now.reviews, 1);
	assert_int_equal(shop_counts_now.most_waiting, 2);
	shop_run(&s, "{ books { reviews(first: 1) { id } r: reviews { id } q: reviews(first: 2) { id } } }", NULL);
	assert_int_equal(shop_counts_now.reviews, 2); /* (1), and (2) with its default and without */
	assert_int_equal(shop_counts_now.review_parents, 6); /* aliases share the three books */
	shop_expect(&s, "{ a: book(id: 10) { id } b: book(id: 10) { name } c: book(id: 11) { id } }", NULL,
		    "{\"data\":{\"a\":{\"id\":\"10\"},\"b\":{\"name\":\"One\"},\"c\":{\"id\":\"11\"}}}");
	assert_int_equal(s.outcome.resolver_calls, 2);
}

static void fragments(void **state)
{
	shop_expect(&s, "query { book(id: 10) { ...F ...F ... on Named { name } ... { id } } } fragment F on Book { pages id }", NULL,
		    "{\"data\":{\"book\":{\"pages\":100,\"id\":\"10\",\"name\":\"One\"}}}");
	shop_expect(&s, "{ book(id: 10) { author { id } author { name } ...A } } fragment A on Book { author { rival { id } } }", NULL,
		    "{\"data\":{\"book\":{\"author\":{\"id\":\"1\",\"name\":\"Ann\",\"rival\":{\"id\":\"2\"}}}}}");
}

static void abstract(void **state)
{
	shop_expect(&s,
		    "{ things { __typename ... on Node { id } ... on Book { author { name } } ... on Review { stars book { author { id } } } } }",
		    NULL,
		    "{\"data\":{\"things\":[{\"__typename\":\"Book\",\"id\":\"11\",\"author\":{\"name\":\"Bob\"}},"
		    "{\"__typename\":\"Author\",\"id\":\"1\"},null,"
		    "{\"__typename\":\"Review\",\"id\":\"102\",\"stars\":3,\"book\":{\"author\":{\"id\":\"2\"}}},"
		    "{\"__typename\":\"Book\",\"id\":\"10\",\"author\":{\"name\":\"Ann\"}},{\"__typename\":\"Author\",\"id\":\"2\"}]}}");
	shop_expect(&s, "{ node(id: 2) { id ... on Named { name } ... on Book { pages } } }", NULL,
		    "{\"data\":{\"node\":{\"id\":\"2\",\"name\":\"Bob\"}}}");
	shop_expect(&s, "{ node(id: 3) { id } }", NULL, "{\"data\":{\"node\":null}}");
	assert_non_null(strstr(shop_run(&s, "{ node(id: 99) { id } }", NULL), "\"data\":{\"node\":null}"));
}

static void conditions(void **state)
{
	const char *q = "query($a: Boolean!, $b: Boolean!) { x: hello @include(if: $a) y: hello @skip(if: $a) z: hello @include(if: $a) @skip(if: $b) "
			"... @include(if: $b) { w: hello x: hello } n: hello @include(if: false) m: hello @skip(if: false) }";
	shop_expect(&s, q, "{\"a\":true,\"b\":false}", "{\"data\":{\"x\":\"world\",\"z\":\"world\",\"m\":\"world\"}}");
	shop_expect(&s, q, "{\"a\":false,\"b\":true}", "{\"data\":{\"y\":\"world\",\"w\":\"world\",\"x\":\"world\",\"m\":\"world\"}}");
	q = "query($a: Boolean!) { book(id: 10) @include(if: $a) { id } book(id: 10) { author { id } ...F @include(if: $a) ...F @skip(if: $a) } } "
	    "fragment F on Book { pages }";
	shop_expect(&s, q, "{\"a\":true}", "{\"data\":{\"book\":{\"id\":\"10\",\"author\":{\"id\":\"1\"},\"pages\":100}}}");
	shop_expect(&s, q, "{\"a\":false}", "{\"data\":{\"book\":{\"author\":{\"id\":\"1\"},\"pages\":100}}}");
}

static void field_errors(void **state)
{
	shop_expect(&s, "{ bad { soft rowError batchError } }", NULL,
		    "{\"errors\":[{\"message\":\"no row 0\",\"locations\":[{\"line\":1,\"column\":14}],\"path\":[\"bad\",\"rowError\"],"
		    "\"extensions\":{\"code\":\"NOT_FOUND\"}},{\"message\":\"not for you\",\"locations\":[{\"line\":1,\"column\":23}],"
		    "\"path\":[\"bad\",\"batchError\"],\"extensions\":{\"code\":\"FORBIDDEN\"}}],"
		    "\"data\":{\"bad\":{\"soft\":\"soft\",\"rowError\":null,\"batchError\":null}}}");
	shop_expect(&s, "{ bad { getterError\n masked\n soft } }", NULL,
		    "{\"errors\":[{\"message\":\"too late\",\"locations\":[{\"line\":1,\"column\":9}],\"path\":[\"bad\",\"getterError\"],"
		    "\"extensions\":{\"code\":\"CONFLICT\"}},{\"message\":\"the database refused the statement\","
		    "\"locations\":[{\"line\":2,\"column\":2}],\"path\":[\"bad\",\"masked\"],\"extensions\":{\"code\":\"INTERNAL\"}}],"
		    "\"data\":{\"bad\":{\"getterError\":null,\"masked\":null,\"soft\":\"soft\"}}}");
	assert_non_null(strstr(shop_run(&s, "{ bad { tooBig wrongEnum } }", NULL), "\"data\":{\"bad\":{\"tooBig\":null,\"wrongEnum\":null}}"));
	assert_int_equal(s.outcome.errors, 2);
}

#define DATA(query, data) assert_non_null(strstr(shop_run(&s, (query), NULL), "\"data\":" data "}"))

static void null_propagation(void **state)
{
	DATA("{ hello bad { soft firm } }", "{\"hello\":\"world\",\"bad\":null}");
	DATA("{ hello badFirm { soft firm } }", "null");
	DATA("{ bad { soft deep { soft deepFirm { soft deepFirm { firm } } } } }", "{\"bad\":{\"soft\":\"soft\",\"deep\":null}}");
	DATA("{ bad { soft firmList } hello }", "{\"bad\":null,\"hello\":\"world\"}");
	DATA("{ bad { softList softItems } }", "{\"bad\":{\"softList\":null,\"softItems\":[1,null,3]}}");
	DATA("{ bad { list { soft } firmItems { soft } } }", "{\"bad\":{\"list\":[{\"soft\":\"soft\"},null,{\"soft\":\"soft\"}],\"firmItems\":null}}");
	DATA("{ bad { list { soft firm } } }", "{\"bad\":{\"list\":[null,null,null]}}");
	assert_int_equal(s.outcome.errors, 2);
	/* The batch below a list with holes still finds its rows. */
	DATA("{ bad { list { rowError soft } } }",
	     "{\"bad\":{\"list\":[{\"rowError\":null,\"soft\":\"soft\"},null,{\"rowError\":7,\"soft\":\"soft\"}]}}");
}

static void mutations(void **state)
{
	shop_expect(&s, "mutation { a: add(n: 1) { n } b: add(n: 10) { n books { author { name } } } c: add(n: 100) { n } }", NULL,
		    "{\"data\":{\"a\":{\"n\":1},\"b\":{\"n\":11,\"books\":[{\"author\":{\"name\":\"Ann\"}}]},\"c\":{\"n\":111}}}");
	DATA("mutation { a: add(n: 1) { n } fail b: add(n: 1) { n } }", "{\"a\":{\"n\":112},\"fail\":null,\"b\":{\"n\":113}}");
	DATA("mutation { a: add(n: 1) { n } failFirm b: add(n: 1) { n } }", "null");
	shop_expect(&s, "mutation { add(n: 1) { n } }", NULL, "{\"data\":{\"add\":{\"n\":115}}}"); /* b was not begun */
	fl_gql_request get = { .query = FL_STR("mutation { add(n: 1) { n } }"), .queries_only = true };
	shop_run_request(&s, &get, NULL);
	assert_int_equal(s.outcome.status, FL_GQL_NOT_ALLOWED);
}

static void operations(void **state)
{
	fl_gql_request two = { .query = FL_STR("query A { a: hello } query B { b: hello }"), .operation_name = FL_STR("B") };
	assert_string_equal(shop_run_request(&s, &two, NULL), "{\"data\":{\"b\":\"world\"}}");
	two.operation_name = FL_STR("C");
	assert_non_null(strstr(shop_run_request(&s, &two, NULL), "Unknown operation named \\\"C\\\"."));
	assert_int_equal(s.outcome.status, FL_GQL_REQUEST_ERROR);
	two.operation_name = (fl_str){};
	assert_non_null(strstr(shop_run_request(&s, &two, NULL), "Must provide operation name"));
	assert_non_null(strstr(shop_run(&s, "fragment F on Query { hello }", NULL), "Fragment \\\"F\\\" is never used."));
	assert_non_null(strstr(shop_run(&s, "subscription { other }", NULL), "WebSocket"));
}

static void cache(void **state)
{
	fl_gql_stats before = fl_gql_engine_stats(s.engine);
	shop_run(&s, "{ unique: hello }", NULL);
	assert_false(s.outcome.cached);
	shop_run(&s, "{ unique: hello }", NULL);
	assert_true(s.outcome.cached);
	fl_gql_stats after = fl_gql_engine_stats(s.engine);
	assert_int_equal(after.hits, before.hits + 1);
	assert_int_equal(after.misses, before.misses + 1);
	for (int i = 0; i < 1000; i++) {
		char query[64];
		snprintf(query, sizeof(query), "{ a%d: hello }", i);
		shop_run(&s, query, NULL);
		shop_run(&s, "{ unique: hello }", NULL);
	}
	assert_true(s.outcome.cached); /* in use, so it stays */
	after = fl_gql_engine_stats(s.engine);
	assert_true(after.evictions > 0 && after.bytes <= 1 << 20);
}

static void pages(void **state)
{
	fl_arena mem = fl_arena_make(4096);
	size_t from = 2;
	fl_str cursor = fl_gql_cursor(&mem, 'b', &from, sizeof(from)), wrong = fl_gql_cursor(&mem, 'c', &from, sizeof(from));
	char variables[200];
	const char *q = "query($c: String, $n: Int) { books(after: $c, first: $n) { id } }";
	snprintf(variables, sizeof(variables), "{\"c\":\"%" FL_FMT "\",\"n\":1}", FL_ARG(cursor));
	shop_expect(&s, q, variables, "{\"data\":{\"books\":[{\"id\":\"12\"}]}}");
	shop_expect(&s, q, "{\"n\":null,\"c\":null}", "{\"data\":{\"books\":[{\"id\":\"10\"},{\"id\":\"11\"},{\"id\":\"12\"}]}}");
	snprintf(variables, sizeof(variables), "{\"c\":\"%" FL_FMT "\",\"n\":1}", FL_ARG(wrong));
	assert_non_null(strstr(shop_run(&s, q, variables), "\\\"after\\\" is not a cursor of this list"));
	assert_non_null(strstr(shop_run(&s, q, "{\"c\":\"zzz!\"}"), "BAD_USER_INPUT"));
	assert_non_null(strstr(shop_run(&s, q, "{\"n\":0}"), "\\\"first\\\" must be 1 to 4, not 0"));
	assert_non_null(strstr(shop_run(&s, q, "{\"n\":5}"), "\\\"first\\\" must be 1 to 4, not 5"));
	for (size_t i = 0; i < cursor.len; i++) {
		char broken[64];
		memcpy(broken, cursor.ptr, cursor.len);
		broken[i] = broken[i] == 'A' ? 'B' : 'A';
		snprintf(variables, sizeof(variables), "{\"c\":\"%.*s\"}", (int)cursor.len, broken);
		assert_non_null(strstr(shop_run(&s, q, variables), "is not a cursor"));
	}
	fl_arena_fini(&mem);
}

/* ---- Subscriptions ---- */

static fl_err follow(fl_ctx *ctx, void *arg)
{
	fl_gql_source *source;
	struct {
		int32_t n;
	} event = { 42 };
	const fl_json *variables;
	FL_TRY(fl_json_parse(ctx->mem, FL_STR("{\"m\":5}"), &variables, NULL));
	fl_gql_request request = { .query = FL_STR("subscription($m: Int) { x: added(min: $m) { n books { id author { name } } } }"),
				   .variables = variables };
	FL_TRY(fl_gql_subscribe(ctx, s.engine, &request, &source, &s.out, &s.outcome));
	assert_non_null(source);
	assert_string_equal(fl_gql_field_name(fl_gql_source_field(source)), "added");
	assert_int_equal(fl_gql_arg(fl_gql_source_field(source), "min")->integer, 5);
	for (int i = 0; i < 2; i++, event.n++) {
		fl_arena mem = fl_arena_make(1 << 20);
		fl_ctx own;
		fl_ctx_init(&own, ctx->loop, &mem);
		FL_TRY(fl_gql_source_execute(&own, source, &event, &s.out, &s.outcome));
		fl_ctx_fini(&own);
		fl_arena_fini(&mem);
	}
	fl_gql_source_free(source);
	request.query = FL_STR("{ hello }");
	FL_TRY(fl_gql_subscribe(ctx, s.engine, &request, &source, &s.out, &s.outcome));
	assert_null(source);
	request.query = FL_STR("subscription {");
	return fl_gql_subscribe(ctx, s.engine, &request, &source, &s.out, &s.outcome);
}

static void subscriptions(void **state)
{
	fl_buf_reset(&s.out);
	assert_int_equal(fl_loop_run_task(s.loop, FL_SECOND_US, follow, NULL), FL_OK);
	fl_buf_char(&s.out, 0);
	assert_string_equal(s.out.ptr,
			    "{\"data\":{\"x\":{\"n\":42,\"books\":[{\"id\":\"10\",\"author\":{\"name\":\"Ann\"}}]}}}"
			    "{\"data\":{\"x\":{\"n\":43,\"books\":[{\"id\":\"10\",\"author\":{\"name\":\"Ann\"}}]}}}"
			    "{\"data\":{\"hello\":\"world\"}}"
			    "{\"errors\":[{\"message\":\"Syntax Error: Expected Name, found <EOF>.\",\"locations\":[{\"line\":1,\"column\":15}],"
			    "\"extensions\":{\"code\":\"GRAPHQL_PARSE_FAILED\"}}]}");
}

static void introspection(void **state)
{
	shop_expect(&s, "{ __type(name: \"Pick\") { name kind isOneOf inputFields { name type { name kind } } } }", NULL,
		    "{\"data\":{\"__type\":{\"name\":\"Pick\",\"kind\":\"INPUT_OBJECT\",\"isOneOf\":true,\"inputFields\":["
		    "{\"name\":\"id\",\"type\":{\"name\":\"ID\",\"kind\":\"SCALAR\"}},{\"name\":\"name\",\"type\":{\"name\":\"String\",\"kind\":\"SCALAR\"}}]}}}");
	shop_expect(&s, "{ __type(name: \"Mutation\") { fields { name type { kind name ofType { kind name } } args { name defaultValue } } } }", NULL,
		    "{\"data\":{\"__type\":{\"fields\":[{\"name\":\"add\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"OBJECT\","
		    "\"name\":\"Counter\"}},\"args\":[{\"name\":\"n\",\"defaultValue\":null}]},"
		    "{\"name\":\"fail\",\"type\":{\"kind\":\"SCALAR\",\"name\":\"Int\",\"ofType\":null},\"args\":[]},"
		    "{\"name\":\"failFirm\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"SCALAR\",\"name\":\"Int\"}},\"args\":[]}]}}}");
	shop_expect(&s, "{ __type(name: \"Color\") { enumValues { name } all: enumValues(includeDeprecated: true) { name deprecationReason } } }", NULL,
		    "{\"data\":{\"__type\":{\"enumValues\":[{\"name\":\"RED\"},{\"name\":\"GREEN\"}],\"all\":[{\"name\":\"RED\",\"deprecationReason\":null},"
		    "{\"name\":\"GREEN\",\"deprecationReason\":null},{\"name\":\"BLUE\",\"deprecationReason\":\"out of fashion\"}]}}}");
	shop_expect(&s, "{ __schema { queryType { name } subscriptionType { name } } __type(name: \"Thing\") { possibleTypes { name } } }", NULL,
		    "{\"data\":{\"__schema\":{\"queryType\":{\"name\":\"Query\"},\"subscriptionType\":{\"name\":\"Subscription\"}},"
		    "\"__type\":{\"possibleTypes\":[{\"name\":\"Book\"},{\"name\":\"Author\"},{\"name\":\"Review\"}]}}}");
	shop_expect(&s, "{ __type(name: \"Nothing\") { name } }", NULL, "{\"data\":{\"__type\":null}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars),         cmocka_unit_test(columns),   cmocka_unit_test(lists),
		cmocka_unit_test(batches),         cmocka_unit_test(fragments), cmocka_unit_test(abstract),
		cmocka_unit_test(conditions),      cmocka_unit_test(field_errors), cmocka_unit_test(null_propagation),
		cmocka_unit_test(mutations),       cmocka_unit_test(operations), cmocka_unit_test(cache),
		cmocka_unit_test(pages),           cmocka_unit_test(subscriptions), cmocka_unit_test(introspection),
	};
	return cmocka_run_group_tests(tests, open_shop, close_shop);
}
