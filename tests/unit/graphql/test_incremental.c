/* Responses in parts: what is sent when, how often resolvers are called, errors, both formats, memory. */
#include "shop.h"

#include <malloc.h>
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

#define PARTS(query, expected) shop_expect_parts(&s, (query), NULL, (expected))
#define MORE ",\"hasNext\":true}\n"
#define END ",\"hasNext\":false}"

static void whole(void **state)
{
	/* Nothing to put off, nothing left to put off, or the client takes no parts: one response, as ever. */
	PARTS("{ hello }", "{\"data\":{\"hello\":\"world\"}}");
	PARTS("{ hello ... @defer(if: false) { a: hello } }", "{\"data\":{\"hello\":\"world\",\"a\":\"world\"}}");
	PARTS("{ hello ... @defer { hello } }", "{\"data\":{\"hello\":\"world\"}}");
	PARTS("{ book(id: 77) { ... @defer { id } } }", "{\"data\":{\"book\":null}}");
	PARTS("{ books @stream(initialCount: 3) { id } }",
		"{\"data\":{\"books\":[{\"id\":\"10\"},{\"id\":\"11\"},{\"id\":\"12\"}]}}");
	shop_expect(&s, "{ hello ... @defer { a: hello } books @stream { id } }", NULL,
		"{\"data\":{\"hello\":\"world\",\"a\":\"world\",\"books\":[{\"id\":\"10\"},{\"id\":\"11\"},{\"id\":\"12\"}]}}");
	assert_non_null(strstr(shop_run_parts(&s, "{ nothing }", NULL, FL_GQL_PARTS), "Cannot query field"));
	assert_int_equal(s.outcome.status, FL_GQL_REQUEST_ERROR);
}

static void deferred(void **state)
{
	PARTS("{ hello ... @defer(label: \"x\") { book(id: 10) { id } } }",
		"{\"data\":{\"hello\":\"world\"},\"pending\":[{\"id\":\"0\",\"path\":[],\"label\":\"x\"}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"data\":{\"book\":{\"id\":\"10\"}}}],\"completed\":[{\"id\":\"0\"}]" END);
	/* One inside the other: the inner one waits. What was sent is not sent again. */
	PARTS("{ ... @defer(label: \"P\") { hello ... @defer(label: \"C\") { hello a: hello } } }",
		"{\"data\":{},\"pending\":[{\"id\":\"0\",\"path\":[],\"label\":\"P\"}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"data\":{\"hello\":\"world\"}}],\"completed\":[{\"id\":\"0\"}],"
		"\"pending\":[{\"id\":\"1\",\"path\":[],\"label\":\"C\"}]" MORE
		"{\"incremental\":[{\"id\":\"1\",\"data\":{\"a\":\"world\"}}],\"completed\":[{\"id\":\"1\"}]" END);
	/* Fields of a deferred fragment inside an object that came at once. */
	PARTS("{ book(id: 10) { author { id } } ... @defer { book(id: 10) { pages author { id name } } } }",
		"{\"data\":{\"book\":{\"author\":{\"id\":\"1\"}}},\"pending\":[{\"id\":\"0\",\"path\":[]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"subPath\":[\"book\"],\"data\":{\"pages\":100}},"
		"{\"id\":\"0\",\"subPath\":[\"book\",\"author\"],\"data\":{\"name\":\"Ann\"}}],\"completed\":[{\"id\":\"0\"}"
		"]" END);
	/* What two fragments share is sent once. */
	PARTS("{ ... @defer(label: \"a\") { book(id: 10) { id name } } ... @defer(label: \"b\") { book(id: 10) { id pages } } }",
		"{\"data\":{},\"pending\":[{\"id\":\"0\",\"path\":[],\"label\":\"a\"},{\"id\":\"1\",\"path\":[],\"label\":\"b\"}"
		"]" MORE "{\"incremental\":[{\"id\":\"0\",\"data\":{\"book\":{\"id\":\"10\"}}},{\"id\":\"0\",\"subPath\":["
			 "\"book\"],\"data\":{\"name\":\"One\"}},"
		"{\"id\":\"1\",\"subPath\":[\"book\"],\"data\":{\"pages\":100}}],\"completed\":[{\"id\":\"0\"},{\"id\":\"1\"}"
		"]" END);
}

static void variables(void **state)
{
	const char *q = "query($d: Boolean, $i: Boolean!) { hello ... @defer(if: $d) { a: hello b: hello @include(if: $i) } a: "
			"hello @skip(if: $i) }";
	shop_expect_parts(&s, q, "{\"d\":false,\"i\":true}", "{\"data\":{\"hello\":\"world\",\"a\":\"world\",\"b\":\"world\"}}");
	shop_expect_parts(&s, q, "{\"d\":true,\"i\":false}", "{\"data\":{\"hello\":\"world\",\"a\":\"world\"}}");
	/* Not given means on, by the default of the directive. */
	shop_expect_parts(&s, q, "{\"i\":true}",
		"{\"data\":{\"hello\":\"world\"},\"pending\":[{\"id\":\"0\",\"path\":[]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"data\":{\"a\":\"world\",\"b\":\"world\"}}],\"completed\":[{\"id\":\"0\"}"
		"]" END);
	assert_false(s.outcome.cached);
	shop_run_parts(&s, q, "{\"i\":true}", FL_GQL_PARTS);
	assert_true(s.outcome.cached);
	q = "query($n: Int!) { books @stream(initialCount: $n) { id } }";
	shop_expect_parts(&s, q, "{\"n\":2}",
		"{\"data\":{\"books\":[{\"id\":\"10\"},{\"id\":\"11\"}]},\"pending\":[{\"id\":\"0\",\"path\":[\"books\"]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"items\":[{\"id\":\"12\"}]}],\"completed\":[{\"id\":\"0\"}]" END);
	assert_non_null(strstr(shop_run_parts(&s, q, "{\"n\":-1}", FL_GQL_PARTS), "initialCount must be 0 or more"));
}

/* However many objects a fragment stands on, and however many lists go on: one call a field and step. */
static void batches(void **state)
{
	shop_run_parts(&s, "{ books(first: 4) { id ... @defer { author { name } reviews { stars } } } }", NULL, FL_GQL_PARTS);
	assert_int_equal(shop_counts_now.authors, 1);
	assert_int_equal(shop_counts_now.author_keys, 2);
	assert_int_equal(shop_counts_now.reviews, 1);
	assert_int_equal(shop_counts_now.review_parents, 4);
	assert_int_equal(shop_counts_now.most_waiting, 2);
	/* Inside what a fragment shares with the first payload. */
	shop_run_parts(&s, "{ books(first: 4) { author { id } } ... @defer { books(first: 4) { author { books { id } } } } }",
		NULL, FL_GQL_PARTS);
	assert_int_equal(shop_counts_now.authors, 1);
	assert_int_equal(shop_counts_now.books_of_author, 1);
	/* A streamed list below each of four: one step for all of them. */
	shop_run_parts(&s, "{ books(first: 4) { reviews @stream { stars book { author { name } } } } }", NULL, FL_GQL_PARTS);
	assert_int_equal(shop_counts_now.reviews, 1);
	assert_int_equal(shop_counts_now.authors, 1);
	/* Chunks of 16, 32, 52: a call each, and the first item's. */
	shop_run_parts(&s, "{ shelf(count: 101) @stream(initialCount: 1) { author { name } } }", NULL, FL_GQL_PARTS);
	assert_int_equal(shop_counts_now.authors, 4);
	assert_int_equal(shop_counts_now.pages, 4);
	/* A fragment inside streamed items: one call a chunk too. */
	shop_run_parts(&s, "{ shelf(count: 100) @stream { id ... @defer { author { name } } } }", NULL, FL_GQL_PARTS);
	assert_int_equal(shop_counts_now.authors, 3);
}

/* Fragments do not wait for each other, and run at the same time. */
static void side_by_side(void **state)
{
	shop_run_parts(&s,
		"{ ... @defer { a: books { author { id } } } ... @defer { b: books { id } } ... @defer { shelf @stream { id } } "
		"}",
		NULL, FL_GQL_PARTS);
	assert_true(shop_counts_now.most_waiting >= 2);
	const char *out = shop_run_parts(&s,
		"{ ... @defer(label: \"slow\") { books { author { id } } } ... @defer(label: \"fast\") { hello } }", NULL,
		FL_GQL_PARTS);
	assert_true(strstr(out, "\"data\":{\"hello\"") < strstr(out, "\"data\":{\"books\""));
}

static void streamed(void **state)
{
	PARTS("{ shelf(count: 3) @stream(initialCount: 1, label: \"s\") { id } }",
		"{\"data\":{\"shelf\":[{\"id\":\"10\"}]},\"pending\":[{\"id\":\"0\",\"path\":[\"shelf\"],\"label\":\"s\"}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"items\":[{\"id\":\"11\"},{\"id\":\"12\"}]}],\"completed\":[{\"id\":\"0\"}"
		"]" END);
	PARTS("{ shelf(count: 0) @stream { id } }",
		"{\"data\":{\"shelf\":[]},\"pending\":[{\"id\":\"0\",\"path\":[\"shelf\"]}]" MORE
		"{\"completed\":[{\"id\":\"0\"}]" END);
	shop_expect(&s, "{ shelf(count: 3) { id } }", NULL,
		"{\"data\":{\"shelf\":[{\"id\":\"10\"},{\"id\":\"11\"},{\"id\":\"12\"}]}}");
	assert_non_null(strstr(shop_run(&s, "{ shelf(count: 10001) { id } }", NULL),
		"there are more than 10000 items: ask for them with @stream"));
	/* Two readers of one field have a pager each. */
	PARTS("{ a: shelf(count: 1) { id } b: shelf(count: 1) @stream { id } }",
		"{\"data\":{\"a\":[{\"id\":\"10\"}],\"b\":[]},\"pending\":[{\"id\":\"0\",\"path\":[\"b\"]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"items\":[{\"id\":\"10\"}]}],\"completed\":[{\"id\":\"0\"}]" END);
	PARTS("{ things @stream(initialCount: 4) { __typename ... on Book { author { name } } } }",
		"{\"data\":{\"things\":[{\"__typename\":\"Book\",\"author\":{\"name\":\"Bob\"}},{\"__typename\":\"Author\"},null,"
		"{\"__typename\":\"Review\"}]},\"pending\":[{\"id\":\"0\",\"path\":[\"things\"]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"items\":[{\"__typename\":\"Book\",\"author\":{\"name\":\"Ann\"}},{\"__"
		"typename\":\"Author\"}]}],"
		"\"completed\":[{\"id\":\"0\"}]" END);
}

#define NOT_NULL(place, path)                                                                                                    \
	"\"errors\":[{\"message\":\"Cannot return null for non-nullable field "                                                  \
	"Bad.firm.\",\"locations\":[{\"line\":1,\"column\":" place "}],\"path\":" path                                           \
	",\"extensions\":{\"code\":\"INTERNAL\"}}]"

static void errors(void **state)
{
	/* A null where none may be ends the fragment, and all that it shares with nobody. */
	PARTS("{ bad { soft ... @defer { firm } } }",
		"{\"data\":{\"bad\":{\"soft\":\"soft\"}},\"pending\":[{\"id\":\"0\",\"path\":[\"bad\"]}]" MORE
		"{\"completed\":[{\"id\":\"0\"," NOT_NULL("27", "[\"bad\",\"firm\"]") "}]" END);
	/* Inside the fragment there is a place that may be null. */
	PARTS("{ loop { ... @defer { bad { firm } } } }",
		"{\"data\":{\"loop\":{}},\"pending\":[{\"id\":\"0\",\"path\":[\"loop\"]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"data\":{\"bad\":null}," NOT_NULL(
			"29", "[\"loop\",\"bad\",\"firm\"]") "}],"
							     "\"completed\":[{\"id\":\"0\"}]" END);
	/* The fragment inside one that failed is never heard of. */
	const char *out = shop_run_parts(&s, "{ bad { ... @defer { firm ... @defer { soft } } } }", NULL, FL_GQL_PARTS);
	assert_null(strstr(out, "\"soft\""));
	assert_null(strstr(out, "\"id\":\"1\""));
	/* The list breaks: what came before stays. */
	PARTS("{ shelf(count: -2) @stream { id } }",
		"{\"data\":{\"shelf\":[]},\"pending\":[{\"id\":\"0\",\"path\":[\"shelf\"]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"items\":[{\"id\":\"10\"},{\"id\":\"11\"}]}]" MORE
		"{\"completed\":[{\"id\":\"0\",\"errors\":[{\"message\":\"the shelf "
		"broke\",\"locations\":[{\"line\":1,\"column\":3}],"
		"\"path\":[\"shelf\"],\"extensions\":{\"code\":\"CONFLICT\"}}]}]" END);
	/* An item that may not be null and is: so do those before it. */
	out = shop_run_parts(&s, "{ bad { softList @stream } }", NULL, FL_GQL_PARTS);
	assert_non_null(strstr(out, "\"items\":[1]}],\"completed\":[{\"id\":\"0\",\"errors\":"));
	assert_non_null(strstr(out, "\"path\":[\"bad\",\"softList\",1]"));
	/* What is cut back in the first payload is not announced. */
	PARTS("{ hello bad { ... @defer { soft } firm } }",
		"{" NOT_NULL("35", "[\"bad\",\"firm\"]") ",\"data\":{\"hello\":\"world\",\"bad\":null}}");
	/* A deferred failure of a batch names its object. */
	out = shop_run_parts(&s, "{ loop { loop { ... @defer { bad { batchError } } } } }", NULL, FL_GQL_PARTS);
	assert_non_null(strstr(out, "\"path\":[\"loop\",\"loop\",\"bad\",\"batchError\"]"));
}

static void mutations(void **state)
{
	PARTS("mutation { a: add(n: 1) { n ... @defer { books { id } } } b: add(n: 1) { n } }",
		"{\"data\":{\"a\":{\"n\":1},\"b\":{\"n\":2}},\"pending\":[{\"id\":\"0\",\"path\":[\"a\"]}]" MORE
		"{\"incremental\":[{\"id\":\"0\",\"data\":{\"books\":[{\"id\":\"10\"}]}}],\"completed\":[{\"id\":\"0\"}]" END);
}

static void format_of_2022(void **state)
{
	assert_string_equal(shop_run_parts(&s,
				    "{ hello ... @defer(label: \"x\") { hello a: hello } books @stream(initialCount: 2, label: "
				    "\"y\") { id } }",
				    NULL, FL_GQL_PARTS_OF_2022),
		"{\"data\":{\"hello\":\"world\",\"books\":[{\"id\":\"10\"},{\"id\":\"11\"}]},\"hasNext\":true}\n"
		"{\"incremental\":[{\"path\":[],\"label\":\"x\",\"data\":{\"hello\":\"world\",\"a\":\"world\"}},"
		"{\"path\":[\"books\",2],\"label\":\"y\",\"items\":[{\"id\":\"12\"}]}],\"hasNext\":false}");
	assert_string_equal(shop_run_parts(&s, "{ bad { soft ... @defer { firm } } }", NULL, FL_GQL_PARTS_OF_2022),
		"{\"data\":{\"bad\":{\"soft\":\"soft\"}},\"hasNext\":true}\n"
		"{\"incremental\":[{\"path\":[\"bad\"],\"data\":null," NOT_NULL(
			"27", "[\"bad\",\"firm\"]") "}],\"hasNext\":false}");
}

/* ---- Pulling ---- */

typedef struct pull {
	const char *query;
	unsigned payloads;    /* 0: all */
	size_t longest, most; /* bytes of one payload; of memory */
} pull;

static fl_err pull_some(fl_ctx *ctx, void *arg)
{
	pull *p = arg;
	fl_gql_stream *stream;
	fl_gql_request request = { .query = fl_str_z(p->query), .parts = FL_GQL_PARTS };
	FL_TRY(fl_gql_stream_open(ctx, s.engine, &request, &stream, &s.out, &s.outcome));
	fl_err err = FL_OK;
	for (bool more = true; more && err == FL_OK && --p->payloads;) {
		fl_buf_reset(&s.out);
		err = fl_gql_stream_next(ctx, stream, &s.out, &more);
		p->longest = FL_MAX(p->longest, s.out.len);
		p->most = FL_MAX(p->most, mallinfo2().uordblks);
	}
	fl_gql_stream_close(ctx, stream);
	return err;
}

/* Nothing is asked for before it is pulled, and whoever leaves early leaves nothing behind. */
static void leaving_early(void **state)
{
	pull p = { .query = "{ shelf(count: 1000) @stream { author { id } } ... @defer { books { author { id } } } }" };
	for (p.payloads = 1; p.payloads < 5;) {
		unsigned n = p.payloads;
		shop_counts_now = (shop_counts) {};
		assert_int_equal(fl_loop_run_task(s.loop, FL_SECOND_US, pull_some, &p), FL_OK);
		assert_true(shop_counts_now.pages <= n - 1);
		p.payloads = n + 1;
	}
}

/* The memory of a list of 200,000 is that of one of 2,000: chunks are given back. Fragments inside the items too. */
static void constant_memory(void **state)
{
	static const char *const queries[2][2] = {
		{ "{ shelf(count: 2000) @stream { id name author { name } reviews { stars } } }",
			"{ shelf(count: 200000) @stream { id name author { name } reviews { stars } } }" },
		{ "{ shelf(count: 2000) @stream { id ... @defer { author { name } } } }",
			"{ shelf(count: 100000) @stream { id ... @defer { author { name } } } }" },
	};
	for (size_t i = 0; i < FL_COUNT(queries); i++) {
		pull few = { .query = queries[i][0] }, many = { .query = queries[i][1] };
		assert_int_equal(fl_loop_run_task(s.loop, 60 * FL_SECOND_US, pull_some, &few), FL_OK);
		shop_counts_now = (shop_counts) {};
		assert_int_equal(fl_loop_run_task(s.loop, 60 * FL_SECOND_US, pull_some, &many), FL_OK);
		assert_true(shop_counts_now.pages > 100000 / 512 && shop_counts_now.authors >= shop_counts_now.pages);
		assert_true(many.longest < 1 << 20);
		assert_true(many.most <= few.most + few.most / 4); /* 0 under ASan */
	}
}

static void limits(void **state)
{
	FL_AUTO_BUF fl_buf q = fl_buf_make(1 << 20);
	/* 500 directives in a fragment that is spread in several places make more deferred fragments than a plan may have. */
	fl_buf_lit(&q, "{ a: loop { ...F } b: loop { ...F } c: loop { ...F } } fragment F on Query {");
	for (int i = 0; i < 400; i++)
		fl_buf_fmt(&q, " ... @defer { a%d: hello }", i);
	fl_buf_lit(&q, " }");
	fl_buf_char(&q, 0);
	assert_non_null(strstr(shop_run_parts(&s, q.ptr, NULL, FL_GQL_PARTS), "DEFERRED_LIMIT"));
	assert_non_null(strstr(shop_run(&s, q.ptr, NULL), "\"a399\":\"world\""));
	/* Many fragments that all bring the same fields. */
	fl_buf_reset(&q);
	fl_buf_lit(&q, "{");
	for (int i = 0; i < 300; i++)
		fl_buf_lit(&q, " ... @defer { hello book(id: 10) { author { name } } }");
	fl_buf_lit(&q, " }");
	fl_buf_char(&q, 0);
	assert_non_null(strstr(shop_run_parts(&s, q.ptr, NULL, FL_GQL_PARTS), "\"id\":\"299\"}],\"hasNext\":false"));
	assert_int_equal(shop_counts_now.authors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(deferred),
		cmocka_unit_test(variables),
		cmocka_unit_test(batches),
		cmocka_unit_test(side_by_side),
		cmocka_unit_test(streamed),
		cmocka_unit_test(errors),
		cmocka_unit_test(mutations),
		cmocka_unit_test(format_of_2022),
		cmocka_unit_test(leaving_early),
		cmocka_unit_test(constant_memory),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, open_shop, close_shop);
}
