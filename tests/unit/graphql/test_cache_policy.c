/* How long an answer may be kept, by @cacheControl. */
#include "shop.h"

#include "graphql/graphql_int.h"

static const char sdl[] = "enum CacheControlScope { PUBLIC PRIVATE }\n"
			  "directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)"
			  " on FIELD_DEFINITION | OBJECT | INTERFACE | UNION\n"
			  "type Query {\n"
			  "  book: Book\n"
			  "  fresh: Book @cacheControl(maxAge: 5)\n"
			  "  mine: Book @cacheControl(scope: PRIVATE)\n"
			  "  plain: Plain\n"
			  "  kept: Plain @cacheControl(maxAge: 30)\n"
			  "  count: Int\n"
			  "  total: Int @cacheControl(maxAge: 40)\n"
			  "  node: Node @cacheControl(maxAge: 50)\n"
			  "}\n"
			  "type Mutation { change: Book }\n"
			  "type Book @cacheControl(maxAge: 60) {\n"
			  "  title: String\n"
			  "  secret: String @cacheControl(scope: PRIVATE)\n"
			  "  price: Int @cacheControl(maxAge: 7)\n"
			  "  author: Author\n"
			  "  cover: Cover\n"
			  "  more: Plain @cacheControl(inheritMaxAge: true)\n"
			  "  plain: Plain\n"
			  "}\n"
			  "type Author @cacheControl(maxAge: 20, scope: PRIVATE) { name: String book: Book }\n"
			  "type Cover @cacheControl(inheritMaxAge: true) { url: String }\n"
			  "type Plain { n: Int book: Book }\n"
			  "interface Node @cacheControl(maxAge: 9) { id: ID }\n"
			  "type Leaf implements Node { id: ID plain: Plain }\n";

static fl_gql_schema *schema;
static fl_gql_engine *engine;

static int open_engine(void **state)
{
	fl_gql_schema_options options = { .sdl = { sdl, sizeof(sdl) - 1 } };
	fl_diag diag = {};
	if (gql_schema_build(&options, false, &schema, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	return fl_gql_engine_new(schema, NULL, 1 << 20, &engine);
}

static int close_engine(void **state)
{
	fl_gql_engine_free(engine);
	fl_gql_schema_free(schema);
	return 0;
}

/* Nothing is bound: every object is null, and every leaf shows its type. That is enough to be executed. */
static fl_gql_cache ask(const char *query, const char *variables)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_ctx ctx = { .mem = &mem, .deadline_us = FL_NEVER };
	fl_gql_request request = { .query = fl_str_z(query) };
	fl_gql_outcome outcome;
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 20);
	if (variables)
		assert_int_equal(fl_json_parse(&mem, fl_str_z(variables), &request.variables, NULL), FL_OK);
	assert_int_equal(fl_gql_execute(&ctx, engine, &request, &out, &outcome), FL_OK);
	fl_arena_fini(&mem);
	return outcome.cache;
}

static void expect_with(const char *query, const char *variables, int max_age_s, bool is_private)
{
	fl_gql_cache cache = ask(query, variables);
	if (cache.max_age_s != max_age_s || cache.is_private != is_private)
		fail_msg(
			"%s %s: %d s%s", query, variables ? variables : "", cache.max_age_s, cache.is_private ? ", private" : "");
}

static void expect(const char *query, int max_age_s, bool is_private)
{
	expect_with(query, NULL, max_age_s, is_private);
}

static void shortest_counts(void **state)
{
	expect("{ book { title } }", 60, false);
	expect("{ book { title price } }", 7, false);
	expect("{ fresh { title } }", 5, false); /* the field's own goes before the type's */
	expect("{ book { title } total }", 40, false);
	expect("{ a: book { title } b: fresh { title } }", 5, false);
	expect("{ node { id } }", 50, false);
	expect("{ book { author { book { price } } } }", 7, true);
}

static void defaults(void **state)
{
	expect("{ count }", 0, false);       /* root fields need a hint */
	expect("{ plain { n } }", 0, false); /* so do objects */
	expect("{ kept { n } }", 30, false);
	expect("{ kept { n book { title } } }", 30, false);
	expect("{ book { plain { n } } }", 0, false);
	expect("{ book { more { n } cover { url } } }", 60, false); /* unless they inherit */
	expect("{ node { ... on Leaf { plain { n } } } }", 0, false);
	expect("{ __typename }", 0, false);
	expect("{ book { __typename title } }", 60, false);
}

static void scopes(void **state)
{
	expect("{ book { secret } }", 60, true);
	expect("{ book { author { name } } }", 20, true);
	expect("{ mine { title } }", 60, true);
}

static void variables(void **state)
{
	const char *query =
		"query($p: Boolean!, $a: Boolean!) { book { title price @include(if: $p) author @include(if: $a) { name } } }";
	expect_with(query, "{\"p\":false,\"a\":false}", 60, false);
	expect_with(query, "{\"p\":true,\"a\":false}", 7, false);
	expect_with(query, "{\"p\":false,\"a\":true}", 20, true);
	const char *below = "query($s: Boolean!) { total book @skip(if: $s) { plain { n } } }";
	expect_with(below, "{\"s\":false}", 0, false);
	expect_with(below, "{\"s\":true}", 40, false); /* what lies below goes with it */
}

static void never(void **state)
{
	expect("mutation { change { title } }", 0, false);
	expect("{ book { nothing } }", 0, false);
}

static void wrong_sdl(void **state)
{
	static const char *const texts[] = { "type Query @cacheControl(maxAge: -1) { a: Int }",
		"type Query { a: Int @cacheControl(maxAge: 99999999999) }",
		"type Query { a: Int @cacheControl(maxAge: 1, inheritMaxAge: true) }" };
	for (size_t i = 0; i < FL_COUNT(texts); i++) {
		fl_gql_schema_options options = { .sdl = fl_str_z(texts[i]) };
		fl_gql_schema *none = NULL;
		fl_diag diag = {};
		assert_int_equal(gql_schema_build(&options, false, &none, &diag), FL_BAD_INPUT);
		assert_non_null(strstr(diag.text, "@cacheControl"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shortest_counts),
		cmocka_unit_test(defaults),
		cmocka_unit_test(scopes),
		cmocka_unit_test(variables),
		cmocka_unit_test(never),
		cmocka_unit_test(wrong_sdl),
	};
	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
