/* Cost by @cost and @listSize: what an operation may cost, before anything is run. */
#include "shop.h"

#include "graphql/graphql_int.h"

#include <stdio.h>

static const char sdl[] =
	"directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR\n"
	"directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
	" requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION\n"
	"type Query {\n"
	"  user(id: ID): User\n"
	"  users(max: Int): [User] @listSize(slicingArguments: [\"max\"], assumedSize: 50, requireOneSlicingArgument: false)\n"
	"  team: [User!]! @listSize(assumedSize: 7)\n"
	"  plain: [User]\n"
	"  page(first: Int = 20, last: Int, filter: Filter): Page\n"
	"    @listSize(slicingArguments: [\"first\", \"last\"], sizedFields: [\"edges\", \"nodes\"], requireOneSlicingArgument: false)\n"
	"  strict(first: Int, last: Int): [User] @listSize(slicingArguments: [\"first\", \"last\"])\n"
	"  usual(first: Int = 4, last: Int): [User] @listSize(slicingArguments: [\"first\", \"last\"])\n"
	"  within(filter: Filter): [User] @listSize(slicingArguments: [\"filter.max\"], requireOneSlicingArgument: false, assumedSize: 3)\n"
	"  things(first: Int!): [Thing] @listSize(slicingArguments: [\"first\"])\n"
	"  search(words: [Term!] @cost(weight: \"3\"), by: Int @cost(weight: \"0.5\")): User\n"
	"}\n"
	"type Mutation { rename(name: String): User @cost(weight: \"10\") }\n"
	"type Subscription { changed(first: Int = 2): [User] @listSize(slicingArguments: [\"first\"]) }\n"
	"type User { name: String age: Int @cost(weight: \"2.0\") photo: Photo friends(first: Int): [User]\n"
	"  @listSize(slicingArguments: [\"first\"], assumedSize: 5, requireOneSlicingArgument: false) }\n"
	"type Photo @cost(weight: \"4\") { url: Url }\n"
	"scalar Url @cost(weight: \"0.25\")\n"
	"type Page { edges: [Edge] nodes: [User] other: [User] @listSize(assumedSize: 2) info: Info }\n"
	"type Edge { node: User }\n"
	"type Info { more: Boolean }\n"
	"union Thing = User | Photo\n"
	"input Filter { max: Int = 9 word: Term }\n"
	"input Term { text: String @cost(weight: \"2\") }\n";

static fl_gql_schema *schema;
static fl_gql_engine *engine;
static fl_buf out;

static fl_gql_schema_options options_of(const char *text)
{
	return (fl_gql_schema_options){ .sdl = fl_str_z(text) };
}

static int open_engine(void **state)
{
	fl_gql_schema_options options = options_of(sdl);
	fl_diag diag = {};
	if (gql_schema_build(&options, false, &schema, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	out = fl_buf_make(1 << 20);
	return fl_gql_engine_new(schema, NULL, 1 << 20, &engine);
}

static int close_engine(void **state)
{
	fl_gql_engine_free(engine);
	fl_gql_schema_free(schema);
	fl_buf_fini(&out);
	return 0;
}

/* Nothing is bound, and nothing is run: cost comes first. */
static const char *ask(fl_gql_request request, const char *query, const char *variables, fl_gql_outcome *outcome)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_ctx ctx = { .mem = &mem, .deadline_us = FL_NEVER };
	request.query = fl_str_z(query);
	if (variables)
		assert_int_equal(fl_json_parse(&mem, fl_str_z(variables), &request.variables, NULL), FL_OK);
	fl_buf_reset(&out);
	assert_int_equal(fl_gql_execute(&ctx, engine, &request, &out, outcome), FL_OK);
	fl_buf_char(&out, 0);
	fl_arena_fini(&mem);
	return out.ptr;
}

static void expect(const char *query, const char *variables, double field, double type)
{
	fl_gql_outcome outcome;
	const char *answer = ask((fl_gql_request){ .cost_only = true }, query, variables, &outcome);
	if (outcome.status != FL_GQL_EXECUTED || outcome.cost.field != field || outcome.cost.type != type)
		fail_msg("%s: field %g, not %g; type %g, not %g; %s", query, outcome.cost.field, field, outcome.cost.type, type, answer);
}

static void weights(void **state)
{
	expect("{ __typename }", NULL, 0, 1);
	expect("{ user { name } }", NULL, 1, 2);
	expect("{ user { name age } }", NULL, 3, 2);
	expect("{ user { photo { url } } }", NULL, 2, 6.25);
	expect("{ a: user { name } b: user { name } a: user { age } }", NULL, 4, 3);
	expect("mutation { rename { name } }", NULL, 10, 2);
	expect("{ user { ...U ...U ... on User { age } } } fragment U on User { age photo { url } }", NULL, 4, 6.25);
}

static void sizes(void **state)
{
	expect("{ users(max: 5) { age } }", NULL, 11, 6);
	expect("{ users { age } }", NULL, 101, 51);
	expect("{ users(max: null) { age } }", NULL, 101, 51);
	expect("{ users(max: 0) { age } }", NULL, 1, 1);
	expect("{ users(max: -3) { age } }", NULL, 1, 1);
	expect("{ team { name } }", NULL, 1, 8);
	expect("{ plain { name } }", NULL, 1, 11); /* nothing is known */
	expect("{ users(max: 3) { friends(first: 2) { friends { name } } } }", NULL, 1 + 3 + 6, 1 + 3 + 6 + 30);
	expect("{ within { name } }", NULL, 1, 4);
	expect("{ within(filter: { max: 2 }) { name } }", NULL, 2, 3);
	expect("{ within(filter: {}) { name } }", NULL, 2, 10);
	expect("{ usual { name } }", NULL, 1, 5);
	expect("{ usual(last: 2) { name } }", NULL, 1, 5); /* the default counts too, and the largest wins */
}

static void sized_fields(void **state)
{
	expect("{ page { nodes { age } } }", NULL, 1 + 1 + 40, 1 + 1 + 20);
	expect("{ page(first: 3) { edges { node { name } } info { more } } }", NULL, 1 + 1 + 3 + 1, 1 + 1 + 3 + 3 + 1);
	expect("{ page(first: 3, last: 6) { nodes { name } other { name } } }", NULL, 3, 1 + 1 + 6 + 2);
}

static void abstract(void **state)
{
	expect("{ things(first: 10) { ... on User { age } ... on Photo { url } } }", NULL, 1 + 20, 1 + 42.5);
	expect("{ things(first: 10) { __typename } }", NULL, 1, 41);
}

static void arguments(void **state)
{
	expect("{ search { name } }", NULL, 1, 2);
	expect("{ search(by: 1) { name } }", NULL, 1.5, 2);
	expect("{ search(words: [{ text: \"a\" }, {}]) { name } }", NULL, 1 + 3 + 2 + 3, 2);
	expect("query($w: [Term!]) { search(words: $w) { name } }", "{\"w\":[{\"text\":\"a\"},{},{}]}", 1 + 9 + 2, 2);
	expect("query($w: [Term!]) { search(words: $w) { name } }", "{}", 1, 2);
	expect("{ page(filter: { word: { text: \"x\" } }) { info { more } } }", NULL, 1 + 1 + 1 + 2 + 1, 3);
}

static void variables(void **state)
{
	const char *users = "query($n: Int) { users(max: $n) { age } }";
	expect(users, "{\"n\":3}", 7, 4);
	expect(users, "{\"n\":1000}", 2001, 1001);
	expect(users, "{}", 101, 51);
	expect(users, "{\"n\":null}", 101, 51);
	const char *page = "query($n: Int = 2) { page(first: $n) { nodes { friends(first: 2) { age } } } }";
	expect(page, "{}", 1 + 1 + 2 + 8, 1 + 1 + 2 + 4);
	expect(page, "{\"n\":5}", 1 + 1 + 5 + 20, 1 + 1 + 5 + 10);
	const char *deep = "query($n: Int!) { users(max: 2) { name photo { url } friends(first: $n) { name photo { url } } } }";
	expect(deep, "{\"n\":3}", 1 + 2 * (1 + 1 + 3), 1 + 2 * (1 + 4.25 + 3 * 5.25));
	const char *skip = "query($s: Boolean!) { user { age photo @skip(if: $s) { url } } }";
	expect(skip, "{\"s\":false}", 4, 6.25);
	expect(skip, "{\"s\":true}", 3, 2);
}

static void one_slicing_argument(void **state)
{
	fl_gql_outcome outcome;
	const fl_gql_request request = { .cost_only = true };
	expect("{ strict(first: 2) { name } }", NULL, 1, 3);
	assert_non_null(strstr(ask(request, "{ strict { name } }", NULL, &outcome), "GRAPHQL_VALIDATION_FAILED"));
	assert_non_null(strstr(ask(request, "{ strict(first: 1, last: 1) { name } }", NULL, &outcome), "2 are given"));
	const char *strict = "query($a: Int, $b: Int) { strict(first: $a, last: $b) { name } }";
	expect(strict, "{\"a\":2}", 1, 3);
	expect(strict, "{\"b\":2,\"a\":null}", 1, 3);
	assert_non_null(strstr(ask(request, strict, "{\"a\":1,\"b\":1}", &outcome), "BAD_USER_INPUT"));
	assert_non_null(strstr(ask(request, strict, "{}", &outcome), "0 are given"));
}

static void budget(void **state)
{
	fl_gql_outcome outcome;
	const fl_gql_request request = { .budget = 100 };
	const char *dear = "query Q($n: Int) { user { age } all: users(max: $n) { pals: friends { name } } }";
	assert_string_equal(ask(request, dear, "{\"n\":30}", &outcome),
			    "{\"errors\":[{\"message\":\"This operation may cost 182 by its objects; the budget is 100. The dearest field is "
			    "\\\"all.pals\\\" (150). Ask for fewer items, or for less of each.\",\"locations\":[{\"line\":1,\"column\":55}],"
			    "\"extensions\":{\"code\":\"COST_LIMIT\",\"fieldCost\":34,\"typeCost\":182,\"budget\":100,"
			    "\"dearest\":{\"path\":[\"all\",\"pals\"],\"cost\":150}}}]}");
	assert_int_equal(outcome.status, FL_GQL_REQUEST_ERROR);
	assert_true(outcome.cost.type == 182);
	assert_non_null(strstr(ask((fl_gql_request){ .budget = 20 }, "{ team { age friends { age } } }", NULL, &outcome), "\"team\",\"friends\""));
	const char *by_calls = ask((fl_gql_request){ .budget = 9 }, "mutation { rename { name } }", NULL, &outcome);
	assert_non_null(strstr(by_calls, "may cost 10 by its calls"));
	/* A cost beyond all numbers is a number all the same. */
	const char *vast = "{ users(max: 2147483647) { friends(first: 2147483647) { friends(first: 2147483647) { name } } } }";
	assert_non_null(strstr(ask(request, vast, NULL, &outcome), "\"typeCost\":1000000000000000,"));
}

static void report(void **state)
{
	fl_gql_outcome outcome;
	const fl_gql_request request = { .budget = 10, .cost_only = true };
	assert_string_equal(ask(request, "{ users { photo { url } } }", NULL, &outcome),
			    "{\"extensions\":{\"cost\":{\"fieldCost\":51,\"typeCost\":263.50,\"budget\":10}}}");
	assert_true(outcome.cost.type == 263.5);
}

/* Whatever introspection nests, it stays bounded: each list within a list multiplies. */
static void introspection(void **state)
{
	fl_gql_outcome outcome;
	const fl_gql_request request = { .cost_only = true };
	ask(request, "{ __schema { types { name fields { name type { name } } } } }", NULL, &outcome);
	assert_true(outcome.cost.type > 1 && outcome.cost.type < 20);
	ask(request, "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", NULL, &outcome);
	assert_true(outcome.cost.type > 1000);
}

static void refuse_sdl(const char *rest, const char *why)
{
	static const char directives[] = /* laxer than they should be */
		"directive @cost(weight: String) on FIELD_DEFINITION | UNION directive @listSize(assumedSize: Int, slicingArguments: [String!], "
		"sizedFields: [String!]) on FIELD_DEFINITION ";
	char text[1000];
	snprintf(text, sizeof(text), "%s%s", directives, rest);
	fl_gql_schema_options options = options_of(text);
	fl_gql_schema *never = NULL;
	fl_diag diag = {};
	assert_int_equal(gql_schema_build(&options, false, &never, &diag), FL_BAD_INPUT);
	if (!strstr(diag.text, why))
		fail_msg("%s: %s", text, diag.text);
}

static void wrong_sdl(void **state)
{
	refuse_sdl("type Query { a: Int @cost(weight: \"much\") }", "Query.a: @cost needs a weight");
	refuse_sdl("type Query { a: Int @cost }", "needs a weight");
	refuse_sdl("type Query { a(n: Int): [Int] @listSize(slicingArguments: [\"m\"]) }", "no argument \"m\"");
	refuse_sdl("type Query { a(n: String): [Int] @listSize(slicingArguments: [\"n\"]) }", "no argument \"n\"");
	refuse_sdl("type Query { a: Query @listSize(assumedSize: 1) b: [Int] }", "sizedFields must say");
	refuse_sdl("type Query { a: Query @listSize(assumedSize: 1, sizedFields: [\"a\"]) b: [Int] }", "no list \"a\"");
	refuse_sdl("type Query { a: [Int] @listSize(assumedSize: -1) }", "assumedSize");
	refuse_sdl("type Query { u: U } union U @cost(weight: \"2\") = Query", "heaviest object");
}

/* The same number over and over, from the cache; what varies is walked anew. */
static void cached(void **state)
{
	fl_gql_outcome outcome;
	const fl_gql_request request = { .cost_only = true };
	for (int i = 0; i < 3; i++) {
		ask(request, "query Twice($n: Int) { users(max: $n) { age } }", i ? "{\"n\":2}" : "{\"n\":1}", &outcome);
		assert_true(outcome.cost.field == (i ? 5 : 3));
		assert_int_equal(outcome.cached, i > 0);
	}
}

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

static void shown_with_data(void **state)
{
	assert_string_equal(shop_run_request(&s, &(fl_gql_request){ .query = FL_STR("{ hello books(first: 1) { id } }"), .show_cost = true, .budget = 50 }, NULL),
			    "{\"data\":{\"hello\":\"world\",\"books\":[{\"id\":\"10\"}]},"
			    "\"extensions\":{\"cost\":{\"fieldCost\":1,\"typeCost\":11,\"budget\":50}}}");
	shop_run_request(&s, &(fl_gql_request){ .query = FL_STR("{ books { author { books { id } } } }"), .budget = 50 }, NULL);
	assert_non_null(strstr(s.out.ptr, "COST_LIMIT"));
	assert_int_equal(shop_counts_now.books, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights), cmocka_unit_test(sizes), cmocka_unit_test(sized_fields), cmocka_unit_test(abstract),
		cmocka_unit_test(arguments), cmocka_unit_test(variables), cmocka_unit_test(one_slicing_argument),
		cmocka_unit_test(budget), cmocka_unit_test(report), cmocka_unit_test(introspection), cmocka_unit_test(wrong_sdl),
		cmocka_unit_test(cached), cmocka_unit_test_setup_teardown(shown_with_data, open_shop, close_shop),
	};
	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
