/* Federation: what @link defines, what introspection shows, _service, and _entities in batches. */
#include "subgraph.h"

#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "graphql/graphql_int.h"
#include "subgraph_schema.h"

static struct {
	fl_loop *loop;
	fl_gql_schema *schema;
	fl_gql_engine *engine;
	fl_gql_outcome outcome;
	fl_buf out;
} s;

static int open_subgraph(void **state)
{
	fl_diag diag = {};
	s.out = fl_buf_make(16 << 20);
	if (subgraph_schema(&s.schema, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	assert_int_equal(fl_gql_engine_new(s.schema, NULL, 1 << 20, &s.engine), FL_OK);
	assert_int_equal(fl_loop_new(&(fl_loop_opts) {}, &s.loop), FL_OK);
	return 0;
}

static int close_subgraph(void **state)
{
	fl_loop_free(s.loop);
	fl_gql_engine_free(s.engine);
	fl_gql_schema_free(s.schema);
	fl_buf_fini(&s.out);
	return 0;
}

typedef struct run {
	const char *query, *variables;
	fl_gql_engine *engine;
} run;

static fl_err run_in_loop(fl_ctx *ctx, void *arg)
{
	const run *r = arg;
	fl_gql_request request = { .query = fl_str_z(r->query) };
	if (r->variables)
		FL_TRY(fl_json_parse(ctx->mem, fl_str_z(r->variables), &request.variables, &ctx->diag));
	return fl_gql_execute(ctx, r->engine, &request, &s.out, &s.outcome);
}

static const char *ask(fl_gql_engine *engine, const char *query, const char *variables)
{
	run r = { query, variables, engine };
	subgraph_counts_now = (subgraph_counts) {};
	fl_buf_reset(&s.out);
	fl_err err = fl_loop_run_task(s.loop, 5 * FL_SECOND_US, run_in_loop, &r);
	if (err != FL_OK)
		fl_buf_fmt(&s.out, "%s", fl_err_name(err));
	fl_buf_char(&s.out, 0);
	return s.out.ptr;
}

#define EXPECT(query, variables, expected) assert_string_equal(ask(s.engine, query, variables), expected)
#define HAS(query, variables, part) assert_non_null(strstr(ask(s.engine, query, variables), part))
#define ENTITIES(selections) "query($r: [_Any!]!) { _entities(representations: $r) { __typename " selections " } }"

static void service(void **state)
{
	FL_AUTO_BUF fl_buf expected = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &expected };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("data"));
	fl_json_put_raw(&j, FL_STR("{\"_service\":{\"sdl\":"));
	fl_json_quote(&expected, (fl_str) { fl_api_sdl, fl_api_sdl_len });
	fl_buf_lit(&expected, "}}}");
	fl_buf_char(&expected, 0);
	EXPECT("{ _service { sdl } }", NULL, expected.ptr);
}

static void keys(void **state)
{
	EXPECT(ENTITIES("... on Product { sku package }"),
		"{\"r\":[{\"__typename\":\"Product\",\"id\":\"studio\"},{\"__typename\":\"Product\",\"sku\":\"federation\","
		"\"package\":\"federation-package\"},"
		"{\"__typename\":\"Product\",\"sku\":\"federation\",\"variation\":{\"id\":\"OSS\"}},{\"__typename\":\"Product\","
		"\"id\":\"none\"}]}",
		"{\"data\":{\"_entities\":[{\"__typename\":\"Product\",\"sku\":\"studio\",\"package\":\"\"},"
		"{\"__typename\":\"Product\",\"sku\":\"federation\",\"package\":\"federation-package\"},"
		"{\"__typename\":\"Product\",\"sku\":\"federation\",\"package\":\"federation-package\"},null]}}");
	assert_int_equal(subgraph_counts_now.products, 1);
	assert_int_equal(subgraph_counts_now.keys, 4);
	/* A key inside an object; a compound key; literals instead of variables, and variables inside them. */
	EXPECT("query($c: ID!, $p: String) { _entities(representations: [{ __typename: \"ProductResearch\", study: { caseNumber: "
	       "$c } },"
	       " { __typename: \"DeprecatedProduct\", sku: \"federation-v1\", package: $p }]) {"
	       " ... on ProductResearch { study { description } } ... on DeprecatedProduct { reason } } }",
		"{\"c\":\"1235\",\"p\":\"federation-v1-package\"}",
		"{\"data\":{\"_entities\":[{\"study\":{\"description\":\"Studio Study\"}},{\"reason\":\"Migrate to Federation "
		"V2\"}]}}");
}

/* Each type is asked once, and all types beside each other. */
static void batches(void **state)
{
	EXPECT(ENTITIES("... on Product { id } ... on User { email } ... on DeprecatedProduct { sku }"),
		"{\"r\":[{\"__typename\":\"User\",\"email\":\"a\"},{\"__typename\":\"Product\",\"id\":\"studio\"},"
		"{\"__typename\":\"User\",\"email\":\"b\"},{\"__typename\":\"DeprecatedProduct\",\"sku\":\"x\",\"package\":\"y\"}"
		","
		"{\"__typename\":\"Product\",\"id\":\"federation\"}]}",
		"{\"data\":{\"_entities\":[{\"__typename\":\"User\",\"email\":\"a\"},{\"__typename\":\"Product\",\"id\":"
		"\"studio\"},"
		"{\"__typename\":\"User\",\"email\":\"b\"},null,{\"__typename\":\"Product\",\"id\":\"federation\"}]}}");
	assert_int_equal(subgraph_counts_now.products, 1);
	assert_int_equal(subgraph_counts_now.users, 1);
	assert_int_equal(subgraph_counts_now.deprecated, 1);
	assert_int_equal(subgraph_counts_now.most_waiting, 3);
	assert_true(s.outcome.cost.type > 5 && s.outcome.cost.type < 7); /* each representation counts */
	EXPECT(ENTITIES(""), "{\"r\":[]}", "{\"data\":{\"_entities\":[]}}");
}

static void requires_and_interface_object(void **state)
{
	EXPECT(ENTITIES("... on User { averageProductsCreatedPerYear name }"),
		"{\"r\":[{\"__typename\":\"User\",\"email\":\"a\",\"totalProductsCreated\":1337,\"yearsOfEmployment\":10}]}",
		"{\"data\":{\"_entities\":[{\"__typename\":\"User\",\"averageProductsCreatedPerYear\":134,\"name\":\"Jane "
		"Smith\"}]}}");
	EXPECT(ENTITIES("... on Inventory { id deprecatedProducts { sku } }"),
		"{\"r\":[{\"__typename\":\"Inventory\",\"id\":\"i\"}]}",
		"{\"data\":{\"_entities\":[{\"__typename\":\"Inventory\",\"id\":\"i\",\"deprecatedProducts\":[{\"sku\":"
		"\"federation-v1\"}]}]}}");
}

static void failures(void **state)
{
	HAS(ENTITIES("... on User { email }"),
		"{\"r\":[{\"__typename\":\"User\",\"email\":\"nobody@example.org\"},{\"__typename\":\"User\",\"email\":\"b\"}]}",
		"\"data\":{\"_entities\":[null,{\"__typename\":\"User\",\"email\":\"b\"}]}");
	HAS(ENTITIES("... on User { email }"), "{\"r\":[{\"__typename\":\"User\",\"email\":\"nobody@example.org\"}]}",
		"\"path\":[\"_entities\",0]");
	HAS(ENTITIES("... on User { email } ... on Product { id }"),
		"{\"r\":[{\"__typename\":\"Product\",\"id\":\"studio\"},{\"__typename\":\"User\",\"email\":\"everybody@example."
		"org\"}]}",
		"\"data\":{\"_entities\":[{\"__typename\":\"Product\",\"id\":\"studio\"},null]}");
	HAS(ENTITIES(""), "{\"r\":[{\"__typename\":\"Query\"}]}", "this subgraph has no entity Query");
	HAS(ENTITIES(""), "{\"r\":[{\"id\":\"studio\"}]}", "a representation is an object with a __typename");
	HAS(ENTITIES(""), "{\"r\":[7]}", "a representation is an object with a __typename");
	HAS(ENTITIES(""), "{\"r\":null}", "must not be null");
	HAS("{ _entities { __typename } }", NULL, "is required, but it was not provided");
	HAS("{ _entities(representations: [{ __typename: \"Product\", id: [[[[1]]]] }]) { ... on Product { id } } }", NULL,
		"\"_entities\":[null]");
}

static void too_many(void **state)
{
	FL_AUTO_BUF fl_buf variables = fl_buf_make(1 << 20);
	fl_buf_lit(&variables, "{\"r\":[");
	for (int i = 0; i <= FL_GQL_REPRESENTATIONS_MAX; i++)
		fl_buf_fmt(&variables, "%s{\"__typename\":\"User\",\"email\":\"%d\"}", i ? "," : "", i);
	fl_buf_lit(&variables, "]}");
	fl_buf_char(&variables, 0);
	HAS(ENTITIES(""), variables.ptr, "at most 10000 representations in one request");
}

/* What clients see is the schema without the machinery. */
static void introspection(void **state)
{
	const char *all = ask(s.engine,
		"{ __schema { types { name fields { name } } directives { name } } any: __type(name: \"_Any\") { name }"
		" set: __type(name: \"federation__FieldSet\") { name } }",
		NULL);
	static const char *const hidden[] = { "_entities", "_service", "_Any\"", "_Service", "_Entity", "federation__", "link",
		"\"key\"", "tag" };
	for (size_t i = 0; i < FL_COUNT(hidden); i++)
		if (strstr(all, hidden[i]))
			fail_msg("introspection shows %s", hidden[i]);
	assert_non_null(strstr(all, "\"any\":null,\"set\":null"));
	assert_non_null(strstr(all, "\"name\":\"custom\"")); /* the schema's own */
	assert_non_null(strstr(all, "\"name\":\"unit\""));   /* inaccessible is for the composed schema, not for this one */
}

static void closed(void **state)
{
	fl_gql_engine *engine;
	const fl_gql_limits limits = { .no_introspection = true };
	assert_int_equal(fl_gql_engine_new(s.schema, &limits, 1 << 20, &engine), FL_OK);
	assert_non_null(strstr(ask(engine, "{ _service { sdl } }", NULL), "INTROSPECTION_DISABLED"));
	assert_non_null(
		strstr(ask(engine, ENTITIES(""), "{\"r\":[{\"__typename\":\"Product\",\"id\":\"studio\"}]}"), "\"data\""));
	fl_gql_engine_free(engine);
}

/* ---- SDL ---- */

static const char *refusal(const char *sdl)
{
	static fl_diag diag;
	fl_gql_schema *schema = NULL;
	fl_gql_schema_options options = { .sdl = fl_str_z(sdl) };
	diag.text[0] = 0;
	fl_err err = gql_schema_build(&options, false, &schema, &diag);
	fl_gql_schema_free(schema);
	return err == FL_OK ? "" : diag.text + strlen("GraphQL schema: ");
}

#define TAKES(sdl) assert_string_equal(refusal(sdl), "")
#define REFUSES(sdl, why) assert_string_equal(refusal(sdl), why)
#define LINK(version, rest) "extend schema @link(url: \"https://specs.apollo.dev/federation/" version "\"" rest ") "

static void links(void **state)
{
	TAKES(LINK("v2.0", "") "type Query { a: T } type T @federation__key(fields: \"id\") { id: ID @federation__shareable }");
	TAKES(LINK("v2.7", ", as: \"fed\"") "type Query { a: T } type T @fed__key(fields: \"id\") { id: ID @fed__override(from: "
					    "\"x\", label: \"y\") }");
	TAKES(LINK("v2.3",
		", import: [\"@key\", { name: \"@shareable\", as: \"@share\" }, \"FieldSet\"]") "type Query { a: T } interface T "
												"@key(fields: \"id\") { id: ID } "
												"type U implements T "
												"@key(fields: \"id\") { id: ID "
												"@share }");
	TAKES(LINK("v2.9", ", import: [\"@cost\", \"@listSize\", \"@authenticated\", \"@requiresScopes\", \"@policy\", "
			   "\"@context\", \"@extends\"]") "extend type Query { a: [Int] @listSize(assumedSize: 5) @cost(weight: "
							  "2) @requiresScopes(scopes: [[\"read\"]]) }");
	TAKES(LINK("v2.0", ", import: [\"@key\"]") "type Query { a: T } type T @key(fields: \"o { id }\", resolvable: false) { "
						   "o: O } type O { id: ID }");
	TAKES(LINK("v2.0",
		", import: [\"@key\", \"@provides\", \"@external\", \"@requires\"]") "type Query { a: T @provides(fields: \"x\") "
										     "} type T @key(fields: \"id\") { id: ID x: "
										     "Int @external y: Int @requires(fields: "
										     "\"x\") }");
	REFUSES(LINK("v1.0", "") "type Query { a: Int }",
		"@link: https://specs.apollo.dev/federation/v1.0 is none of the versions v2.0 to v2.12");
	REFUSES(LINK("v2.0", ", import: [\"@interfaceObject\"]") "type Query { a: Int }",
		"federation v2.0 has no @interfaceObject to import");
	REFUSES(LINK("v2.0", ", import: [{ name: \"@key\", as: \"key\" }]") "type Query { a: Int }",
		"the import @key is renamed to key: both or none begin with @");
	REFUSES(LINK("v2.0", ", import: [7]") "type Query { a: Int }",
		"an import of @link is \"@name\" or { name: \"@name\", as: \"@other\" }");
	REFUSES(LINK("v2.0", "") LINK("v2.1", "") "type Query { a: Int }", "@link names the federation twice");
	REFUSES(LINK("v2.0", ", import: [\"@key\"]") "type Query { a: T } type T @key(fields: \"nope\") { id: ID }",
		"the @key of T names nope, which T does not have");
	REFUSES(LINK("v2.0", ", import: [\"@key\"]") "type Query { a: T } type T @key(fields: \"o\") { o: O } type O { id: ID }",
		"the @key of T names o without fields");
	REFUSES(LINK("v2.0", ", import: [\"@key\"]") "type Query { a: T } type T @key(fields: \"id {\") { id: ID }",
		"the @key of T is no set of fields: \"id {\"");
	REFUSES(LINK("v2.0", ", import: [\"@requires\"]") "type Query { a: Int @requires(fields: \"b\") }",
		"the @requires of a names b, which Query does not have");
}

static void unbound(void **state)
{
	static const fl_gql_bind query[] = { FL_COLUMN(fl_str, len) }, t[] = { FL_COLUMN(fl_str, ptr) };
	static const fl_gql_type_binds types[] = { { "Query", query, 1 }, { "T", t, 1 } };
	fl_gql_schema_options options = {
		.sdl = FL_STR(
			LINK("v2.0", ", import: [\"@key\"]") "type Query { a: Int } type T @key(fields: \"id\") { id: ID }"),
		.types = types,
		.type_count = 2,
	};
	fl_gql_schema *schema;
	fl_diag diag = {};
	assert_int_equal(fl_gql_schema_new(&options, &schema, &diag), FL_BAD_INPUT);
	assert_string_equal(diag.text, "GraphQL schema: entity T has a @key, but nothing that looks it up");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(service),
		cmocka_unit_test(keys),
		cmocka_unit_test(batches),
		cmocka_unit_test(requires_and_interface_object),
		cmocka_unit_test(failures),
		cmocka_unit_test(too_many),
		cmocka_unit_test(introspection),
		cmocka_unit_test(closed),
		cmocka_unit_test(links),
		cmocka_unit_test(unbound),
	};
	return cmocka_run_group_tests(tests, open_subgraph, close_subgraph);
}
