/* Schemas: what SDL and bindings are refused and in which words; distinct keys; look-ahead. */
#include "shop.h"

#include <stdio.h>

#include "graphql/graphql_int.h"

/* Why this SDL is refused, "" when it is not. */
static const char *refusal(const char *sdl)
{
	static fl_diag diag;
	fl_gql_schema *schema = NULL;
	fl_gql_schema_options options = { .sdl = fl_str_z(sdl) };
	diag.text[0] = 0;
	fl_err err = gql_schema_build(&options, false, &schema, &diag);
	assert_int_equal(err == FL_OK, diag.text[0] == 0);
	fl_gql_schema_free(schema);
	return err == FL_OK ? "" : diag.text + strlen("GraphQL schema: ");
}

#define TAKES(sdl) assert_string_equal(refusal(sdl), "")
#define REFUSES(sdl, why) assert_string_equal(refusal(sdl), why)
#define Q "type Query { a: Int } "

static void sdl(void **state)
{
	TAKES("type Query { a(b: Int = 1, c: [In!] = [{ x: 1 }]): [T!]! } input In { x: Int y: In = {} } scalar T");
	TAKES("schema { query: Q } type Q { a: Int } extend type Q { b: Int } enum E { A } extend enum E { B }");
	TAKES("interface A { id: ID } interface B implements A { id: ID } type Query implements A & B { id: ID! x(y: Int): Int } union U = Query");
	REFUSES("", "there is no query type");
	REFUSES("type Mutation { a: Int }", "there is no query type");
	REFUSES("schema { query: Nope } " Q, "the root type Nope is no object type");
	REFUSES("type Query { a: Nope }", "field Query.a: there is no type named Nope");
	REFUSES("type Query { a(b: Query): Int }", "argument a.b: Query is no input type");
	REFUSES("type Query { a: In } input In { x: Int }", "field Query.a: In is no output type");
	REFUSES(Q "input In { x: Query }", "input field In.x: Query is no input type");
	REFUSES(Q Q, "there can be only one type named: Query");
	REFUSES(Q "extend type T { a: Int }", "type T is extended, but not defined");
	REFUSES("type Query { a: Int a: Int }", "field Query.a is defined twice");
	REFUSES("type Query { a(b: Int, b: Int): Int }", "argument a.b is defined twice");
	REFUSES(Q "enum E { A A }", "enum value E.A is defined twice");
	REFUSES("type Query { __a: Int }", "Query.__a: names that begin with two underscores are reserved");
	REFUSES(Q "type __T { a: Int }", "names that begin with two underscores are reserved: __T");
	REFUSES(Q "union U = Int", "U names Int, which is no object type");
	REFUSES(Q "type T implements Query { a: Int }", "T names Query, which is no interface");
	REFUSES("interface I { id: ID! } type Query implements I { a: Int }", "Query implements I without its field id");
	REFUSES("interface I { id: ID! } type Query implements I { id: ID }", "the type of Query.id does not suit interface I");
	REFUSES("interface I { f(a: Int): Int } type Query implements I { f: Int }", "Query.f needs the argument a of interface I");
	REFUSES("interface I { f: Int } type Query implements I { f(a: Int!): Int }", "Query.f must not require the argument a, unknown to interface I");
	REFUSES("interface A { id: ID } interface B implements A { id: ID } type Query implements B { id: ID }",
		"Query implements B and must implement A too");
	REFUSES("type Query { a(b: Int = \"x\"): Int }", "the default of b: Int cannot represent non-integer value: \"x\"");
	REFUSES(Q "input In @oneOf { a: Int! }", "input field In.a of a oneOf type must be nullable and without a default");
	REFUSES("type Query { a(b: Int! @deprecated): Int }", "argument a.b is required and cannot be deprecated");
	REFUSES(Q "directive @d on NOWHERE", "no such place for a directive: NOWHERE");
	REFUSES("type Query { }", "Syntax Error: Expected Name, found \"}\".");
	REFUSES("type Query", "type Query has no fields");
	REFUSES("schema { query: Query } schema { query: Query } " Q, "there can be only one: schema");
	REFUSES("schema { query: Query query: Query } " Q, "there can be only one root type of: query");
	REFUSES("schema { query: Query mutation: Query } " Q, "all root types must be different: Query is that of query and mutation");
	REFUSES("extend type Query", "Syntax Error: Unexpected <EOF>.");
	REFUSES(Q "extend schema", "Syntax Error: Unexpected <EOF>.");
	REFUSES("extend enum Query { A } " Q, "an extension must be of the same kind as the type: Query");
	REFUSES("interface I { a: Int } type Query implements I & I { a: Int }", "Query implements I twice");
	REFUSES(Q "union U = Query | Query", "U includes Query twice");
	REFUSES("type Query { a(__b: Int): Int }", "a.__b: names that begin with two underscores are reserved");
	REFUSES(Q "enum E { __A }", "E.__A: names that begin with two underscores are reserved");
	REFUSES(Q "input A { b: B! } input B { c: C! } input C { a: A! }",
		"input A asks for itself by non-null fields, the last is C.a: it can never be given");
	TAKES(Q "input A { a: [A!]! b: B! } input B { a: A }");
	REFUSES("interface I { a: Int } type Query implements I { a: Int @deprecated }", "Query.a is deprecated, but not in interface I");
	TAKES("interface I { a: Int @deprecated } type Query implements I { a: Int @deprecated }");
}

static void applied_directives(void **state)
{
	TAKES("directive @d(n: Int!, o: In) repeatable on OBJECT | FIELD_DEFINITION input In { x: [Int] } "
	      "type Query @d(n: 1) @d(n: 2, o: { x: 3 }) { a: Int @d(n: 4) }");
	REFUSES("type Query @nope { a: Int }", "Query: Unknown directive \"@nope\".");
	REFUSES("type Query { a: Int @oneOf }", "Query.a: Directive \"@oneOf\" may not be used on FIELD_DEFINITION.");
	REFUSES("type Query { a(b: Int @skip(if: true)): Int }", "a.b: Directive \"@skip\" may not be used on ARGUMENT_DEFINITION.");
	REFUSES(Q "scalar S @specifiedBy", "S: Directive \"@specifiedBy\" argument \"url\" of type \"String!\" is required, but it was not provided.");
	REFUSES(Q "scalar S @specifiedBy(url: 7)", "S: String cannot represent a non string value: 7");
	REFUSES(Q "scalar S @specifiedBy(url: \"a\", at: 1)", "S: Unknown argument \"at\" on directive \"@specifiedBy\".");
	REFUSES(Q "scalar S @specifiedBy(url: \"a\") @specifiedBy(url: \"b\")", "S: The directive \"@specifiedBy\" can only be used once at this location.");
	REFUSES(Q "scalar S @specifiedBy(url: \"a\") extend scalar S @specifiedBy(url: \"b\")",
		"S: the directive \"@specifiedBy\" can only be used once at this location.");
	REFUSES(Q "enum E { A @oneOf }", "E.A: Directive \"@oneOf\" may not be used on ENUM_VALUE.");
	REFUSES("schema @oneOf { query: Query } " Q, "schema: Directive \"@oneOf\" may not be used on SCHEMA.");
	REFUSES(Q "directive @d on FIELD directive @d on FIELD", "there can be only one directive named: @d");
	REFUSES(Q "directive @__d on FIELD", "names that begin with two underscores are reserved: @__d");
	REFUSES(Q "directive @d(a: Int @d) on ARGUMENT_DEFINITION", "@d is applied to its own argument a");
	REFUSES("query { a }", "Syntax Error: Unexpected Name \"query\".");
}

typedef struct row {
	int32_t number;
	fl_str text;
	double real;
	bool flag;
} row;

static const char *binding_refusal(const char *text, const fl_gql_bind *binds, size_t count)
{
	static fl_diag diag;
	fl_gql_schema *schema = NULL;
	fl_gql_type_binds types[] = { { "Query", binds, count } };
	fl_gql_schema_options options = { .sdl = fl_str_z(text), .types = types, .type_count = count ? 1 : 0 };
	diag.text[0] = 0;
	fl_err err = fl_gql_schema_new(&options, &schema, &diag);
	fl_gql_schema_free(schema);
	return err == FL_OK ? "" : diag.text + strlen("GraphQL schema: ");
}

#define BINDS(sdl, why, ...)                                                                                           \
	do {                                                                                                           \
		const fl_gql_bind binds[] = { __VA_ARGS__ };                                                           \
		assert_string_equal(binding_refusal(sdl, binds, FL_COUNT(binds)), why);                                \
	} while (0)

static void binding(void **state)
{
	BINDS("type Query { a: Int b: String! c: Float d: Boolean e: ID f: Float }", "", FL_COLUMN(row, number), FL_COLUMN(row, text),
	      FL_COLUMN(row, real), FL_COLUMN(row, flag), FL_COLUMN(row, number), FL_COLUMN(row, number));
	BINDS("type Query { a: Int b: Int }", "field Query.b is not bound to anything", FL_COLUMN(row, number), {});
	BINDS("type Query { a: Int b: Int }", "type Query has 2 fields, but 1 bindings: the generated tables are stale", FL_COLUMN(row, number));
	BINDS("type Query { a: Int! }", "the column of field Query.a has a C type that cannot be Int!", FL_COLUMN(row, text));
	BINDS("type Query { a: [Int] }", "the column of field Query.a has a C type that cannot be [Int]", FL_COLUMN(row, number));
	BINDS("type Query { a: String }", "the column of field Query.a has a C type that cannot be String", FL_COLUMN(row, number));
	BINDS("type Query { a: Boolean }", "the column of field Query.a has a C type that cannot be Boolean", FL_COLUMN(row, number));
	BINDS("type Query { a: Odd } scalar Odd", "scalar Odd has no functions", FL_COLUMN(row, number));
	assert_string_equal(binding_refusal("type Query { a: Int }", NULL, 0), "type Query is not bound");
}

static void distinct_keys(void **state)
{
	fl_arena mem = fl_arena_make(1 << 16);
	int64_t ids[] = { 7, 3, 7, -1, 3, 9 };
	bool has[] = { true, true, true, false, true, true };
	fl_gql_keys_i64 keys;
	assert_int_equal(fl_gql_distinct_i64(&mem, ids, has, FL_COUNT(ids), &keys), FL_OK);
	assert_int_equal(keys.count, 3);
	assert_true(keys.keys[0] == 3 && keys.keys[1] == 7 && keys.keys[2] == 9);
	assert_true(keys.place[0] == 1 && keys.place[1] == 0 && keys.place[2] == 1 && keys.place[4] == 0 && keys.place[5] == 2);
	assert_int_equal(keys.place[3], FL_GQL_NO_KEY);
	assert_int_equal(fl_gql_find_i64(&keys, 7), 1);
	assert_int_equal(fl_gql_find_i64(&keys, 8), FL_GQL_NO_KEY);
	assert_int_equal(fl_gql_distinct_i64(&mem, ids, NULL, 0, &keys), FL_OK);
	assert_int_equal(keys.count, 0);
	assert_int_equal(fl_gql_find_i64(&keys, 7), FL_GQL_NO_KEY);
	fl_uuid uuids[] = { fl_uuid7(2000), fl_uuid7(1000), fl_uuid7(2000) };
	fl_gql_keys_uuid found;
	uuids[2] = uuids[0];
	assert_int_equal(fl_gql_distinct_uuid(&mem, uuids, NULL, 3, &found), FL_OK);
	assert_int_equal(found.count, 2);
	assert_true(found.place[0] == found.place[2] && found.place[0] != found.place[1]);
	assert_int_equal(fl_gql_find_uuid(&found, uuids[1]), found.place[1]);
	fl_arena_fini(&mem);
}

/* The plan of a document, and the look-ahead of its first root field. */
static uint64_t selected(const char *query, bool variable, const char *path)
{
	static const fl_gql_limits limits = { .document_bytes = 1 << 16, .tokens = 1000, .depth = 16, .aliases = 100, .directives = 100,
					      .root_fields = 10, .selections = 1000 };
	static const char text[] = "type Query { list: L } type L { nodes: [N] edges: [E] total: Int } type E { node: N cursor: Int } "
				   "type N { a: Int b: Int c: L }";
	fl_arena mem = fl_arena_make(1 << 20), scratch = fl_arena_make(1 << 20);
	fl_gql_schema *schema;
	fl_gql_schema_options options = { .sdl = { text, sizeof(text) - 1 } };
	gql_errors errors = { .mem = &mem };
	gql_plan plan = {};
	uint8_t holds[8] = { true, variable, !variable };
	assert_int_equal(gql_schema_build(&options, false, &schema, NULL), FL_OK);
	assert_true(gql_parse(&plan.doc, &mem, fl_str_z(query), &limits, &errors));
	gql_validate(schema, &plan.doc, &limits, &scratch, &errors);
	assert_int_equal(errors.count, 0);
	assert_true(gql_plan_make(&plan, schema, (fl_str){}, NULL, &limits, &scratch, &errors));
	gql_exec x = { .plan = &plan, .holds = holds };
	fl_gql_field field = { &x, &plan.root.nodes[0], NULL };
	uint64_t bits = fl_gql_selected(&field, path);
	fl_gql_schema_free(schema);
	fl_arena_fini(&mem);
	fl_arena_fini(&scratch);
	return bits;
}

static void look_ahead(void **state)
{
	const char *q = "query($v: Boolean!) { list { nodes { a } ... on L { edges { node { ...F } } } x: nodes { b @include(if: $v) } __typename } } "
			"fragment F on N { c { total } }";
	assert_int_equal(selected(q, true, ""), 1 | 2);
	assert_int_equal(selected(q, true, "nodes"), 1 | 2);
	assert_int_equal(selected(q, false, "nodes"), 1);
	assert_int_equal(selected(q, true, "edges"), 1);
	assert_int_equal(selected(q, true, "edges.node"), 4);
	assert_int_equal(selected(q, true, "edges.node.c"), 4);
	assert_int_equal(selected(q, true, "total"), 0);
	assert_int_equal(selected(q, true, "edges.nothing"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sdl), cmocka_unit_test(applied_directives), cmocka_unit_test(binding), cmocka_unit_test(distinct_keys), cmocka_unit_test(look_ahead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
