/* Validation: every rule with documents that keep it and documents that break it. */
#include "shop.h"

#include <stdio.h>

#include "graphql/graphql_int.h"

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

/* The messages of all errors, one a line; "" for a valid document. */
static const char *verdict(const char *query)
{
	static char text[8192];
	const fl_gql_limits limits = { .document_bytes = 1 << 20, .tokens = 100000, .depth = 100, .aliases = 1000, .directives = 1000 };
	fl_arena mem = fl_arena_make(16 << 20), scratch = fl_arena_make(16 << 20);
	gql_errors errors = { .mem = &mem };
	gql_document doc;
	size_t len = 0;
	if (gql_parse(&doc, &mem, fl_str_z(query), &limits, &errors))
		gql_validate(s.schema, &doc, &limits, &scratch, &errors);
	text[0] = 0;
	for (const gql_error *e = errors.first; e; e = e->next)
		len += snprintf(text + len, sizeof(text) - len, "%s%" FL_FMT, len ? "\n" : "", FL_ARG(e->message));
	assert_false(errors.nomem);
	fl_arena_fini(&mem);
	fl_arena_fini(&scratch);
	return text;
}

#define VALID(query) assert_string_equal(verdict(query), "")
#define WRONG(query, message) assert_string_equal(verdict(query), message)

static void executable_definitions(void **state)
{
	WRONG("{ hello } type T { a: Int }", "The \"type\" definition is not executable.");
	WRONG("extend type Query { a: Int }", "The \"extend\" definition is not executable.");
}

static void operation_names(void **state)
{
	VALID("query A { hello } query B { hello } mutation C { fail }");
	WRONG("query A { hello } mutation A { fail }", "There can be only one operation named \"A\".");
	VALID("{ hello }");
	WRONG("{ hello } query B { hello }", "This anonymous operation must be the only defined operation.");
}

static void subscriptions(void **state)
{
	VALID("subscription S { added { n } }");
	VALID("subscription S { added { n } ...F } fragment F on Subscription { added { n } }");
	WRONG("subscription S { added { n } other }", "Subscription \"S\" must select only one top level field.");
	WRONG("subscription { a: other b: other }", "Anonymous Subscription must select only one top level field.");
	WRONG("subscription { ...F } fragment F on Subscription { other added { n } }",
	      "Anonymous Subscription must select only one top level field.");
	WRONG("subscription { __typename }", "Anonymous Subscription must not select an introspection top level field.");
	WRONG("subscription S { added @skip(if: true) { n } }", "Subscription \"S\" must not use @skip or @include on its top level fields.");
}

static void type_names(void **state)
{
	VALID("query($c: Color, $p: [PointIn!]) { echo(color: $c, points: $p) things { ... on Book { id } } }");
	WRONG("query($c: Colour) { echo(color: $c) }", "Unknown type \"Colour\".");
	WRONG("{ things { ... on Boook { id } } }", "Unknown type \"Boook\".");
	WRONG("{ ...F } fragment F on Qwery { hello }", "Unknown type \"Qwery\".");
}

static void fragments_on_composites(void **state)
{
	WRONG("{ ... on Color { hello } }", "Fragment cannot condition on non composite type \"Color\".");
	WRONG("{ ...F } fragment F on PointIn { x }", "Fragment \"F\" cannot condition on non composite type \"PointIn\".");
}

static void input_variables(void **state)
{
	WRONG("query($b: Book) { hello }",
	      "Variable \"$b\" cannot be non-input type \"Book\".\nVariable \"$b\" is never used.");
	WRONG("query($b: [Thing!]!) { echo(text: $b) }", "Variable \"$b\" cannot be non-input type \"Thing\".");
}

static void leafs(void **state)
{
	VALID("{ book(id: 1) { id } }");
	WRONG("{ hello { x } }", "Field \"hello\" must not have a selection since type \"String!\" has no subfields.");
	WRONG("{ book(id: 1) }", "Field \"book\" of type \"Book\" must have a selection of subfields. Did you mean \"book { ... }\"?");
	WRONG("{ things { __typename { x } } }", "Field \"__typename\" must not have a selection since type \"String!\" has no subfields.");
}

static void fields_exist(void **state)
{
	VALID("{ __typename __schema { types { name } } __type(name: \"Int\") { name } }");
	WRONG("{ nothing }", "Cannot query field \"nothing\" on type \"Query\".");
	WRONG("{ things { id } }", "Cannot query field \"id\" on type \"Thing\".");
	WRONG("{ node(id: 1) { name } }", "Cannot query field \"name\" on type \"Node\".");
	WRONG("mutation { __schema { types { name } } }", "Cannot query field \"__schema\" on type \"Mutation\".");
	WRONG("{ book(id: 1) { __schema { types { name } } } }", "Cannot query field \"__schema\" on type \"Book\".");
}

static void fragment_names(void **state)
{
	WRONG("{ ...F } fragment F on Query { hello } fragment F on Query { hello }",
	      "There can be only one fragment named \"F\".\nFragment \"F\" is never used.");
	WRONG("{ ...G }", "Unknown fragment \"G\".");
	WRONG("{ hello } fragment F on Query { hello }", "Fragment \"F\" is never used.");
	WRONG("{ hello } fragment F on Query { ...G } fragment G on Query { hello }",
	      "Fragment \"F\" is never used.\nFragment \"G\" is never used.");
}

static void spreads_possible(void **state)
{
	VALID("{ things { ... on Node { id } ... on Named { name } } node(id: 1) { ... on Named { name ... on Book { pages } } } }");
	WRONG("{ book(id: 1) { ... on Author { id } } }",
	      "Fragment cannot be spread here as objects of type \"Book\" can never be of type \"Author\".");
	WRONG("{ things { ...F } } fragment F on Counter { n }",
	      "Fragment \"F\" cannot be spread here as objects of type \"Thing\" can never be of type \"Counter\".");
	WRONG("{ node(id: 1) { ... on Query { hello } } }",
	      "Fragment cannot be spread here as objects of type \"Node\" can never be of type \"Query\".");
}

static void cycles(void **state)
{
	WRONG("{ loop { ...F } } fragment F on Query { ...F }", "Cannot spread fragment \"F\" within itself.");
	WRONG("{ ...F } fragment F on Query { loop { ...G } } fragment G on Query { ... { ...H } } fragment H on Query { loop { ...F } }",
	      "Cannot spread fragment \"F\" within itself via \"G\", \"H\".");
	VALID("{ ...F ...G } fragment F on Query { ...H } fragment G on Query { ...H } fragment H on Query { hello }");
}

static void variables(void **state)
{
	VALID("query($a: Int) { ...F } fragment F on Query { echo(n: $a) }");
	WRONG("query($a: Int, $a: Int) { echo(n: $a) }", "There can be only one variable named \"$a\".");
	WRONG("query Q { echo(n: $a) }", "Variable \"$a\" is not defined by operation \"Q\".");
	WRONG("{ echo(n: $a) }", "Variable \"$a\" is not defined.");
	WRONG("query A($a: Int) { ...F } query B { ...F } fragment F on Query { echo(n: $a) }",
	      "Variable \"$a\" is not defined by operation \"B\".");
	WRONG("query Q($a: Int) { hello }", "Variable \"$a\" is never used in operation \"Q\".");
	VALID("query($a: Int) { echo(point: { x: 1, y: $a }, nested: [[$a]]) }");
	VALID("query($t: Boolean!) { hello @skip(if: $t) }");
	VALID("query($n: String!) @tag(name: $n) { hello }");
}

static void directives(void **state)
{
	VALID("query @tag(name: \"a\") @tag(name: \"b\") { hello @include(if: true) @skip(if: false) }");
	WRONG("{ hello @nothing }", "Unknown directive \"@nothing\".");
	WRONG("query @include(if: true) { hello }", "Directive \"@include\" may not be used on QUERY.");
	WRONG("{ hello @deprecated }", "Directive \"@deprecated\" may not be used on FIELD.");
	WRONG("query($a: Int @tag(name: \"x\")) { echo(n: $a) }", "Directive \"@tag\" may not be used on VARIABLE_DEFINITION.");
	WRONG("{ ... @tag(name: \"x\") { hello } }", "Directive \"@tag\" may not be used on INLINE_FRAGMENT.");
	WRONG("{ ...F } fragment F on Query @skip(if: true) { hello }", "Directive \"@skip\" may not be used on FRAGMENT_DEFINITION.");
	WRONG("{ hello @skip(if: true) @skip(if: true) }", "The directive \"@skip\" can only be used once at this location.");
	WRONG("{ hello @skip }", "Directive \"@skip\" argument \"if\" of type \"Boolean!\" is required, but it was not provided.");
	WRONG("{ hello @skip(if: true, unless: 1) }", "Unknown argument \"unless\" on directive \"@skip\".");
	WRONG("{ hello @skip(if: 1) }", "Boolean cannot represent a non boolean value: 1");
}

static void arguments(void **state)
{
	VALID("{ need(n: 1) }");
	WRONG("{ need }", "Field \"need\" argument \"n\" of type \"Int!\" is required, but it was not provided.");
	WRONG("{ need(n: 1, k: 2) }", "Unknown argument \"k\" on field \"Query.need\".");
	WRONG("{ need(n: 1, n: 2) }", "There can be only one argument named \"n\".");
	WRONG("{ hello(x: 1, x: 2) }", "Unknown argument \"x\" on field \"Query.hello\".\nUnknown argument \"x\" on field \"Query.hello\".\n"
				       "There can be only one argument named \"x\".");
}

static void values(void **state)
{
	VALID("{ echo(n: 1, f: 1, b: true, id: 7, color: RED, point: { x: 1 }, points: { x: 1 }, nested: [1, [2, null]]) }");
	VALID("{ echo(n: null, time: \"2026-03-01T09:30:00Z\", big: 9007199254740993, dec: \"1.50\", pick: { id: 1 }) }");
	WRONG("{ echo(n: \"1\") }", "Int cannot represent non-integer value: \"1\"");
	WRONG("{ echo(n: 1.0) }", "Int cannot represent non-integer value: 1.0");
	WRONG("{ echo(n: 2147483648) }", "Int cannot represent non 32-bit signed integer value: 2147483648");
	WRONG("{ echo(f: \"1\") }", "Float cannot represent non numeric value: \"1\"");
	WRONG("{ echo(text: 1) }", "String cannot represent a non string value: 1");
	WRONG("{ echo(text: RED) }", "String cannot represent a non string value: RED");
	WRONG("{ echo(b: 1) }", "Boolean cannot represent a non boolean value: 1");
	WRONG("{ echo(id: 1.5) }", "ID cannot represent a non-string and non-integer value: 1.5");
	WRONG("{ echo(color: \"RED\") }", "Enum \"Color\" cannot represent non-enum value: \"RED\".");
	WRONG("{ echo(color: PINK) }", "Value \"PINK\" does not exist in \"Color\" enum.");
	WRONG("{ echo(point: 1) }", "Expected value of type \"PointIn\", found 1.");
	WRONG("{ echo(point: [{ x: 1 }]) }", "Expected value of type \"PointIn\", found [{ x: 1 }].");
	WRONG("{ echo(point: {}) }", "Field \"PointIn.x\" of required type \"Int!\" was not provided.");
	WRONG("{ echo(point: { x: null }) }", "Expected value of type \"Int!\", found null.");
	WRONG("{ echo(point: { x: 1, z: 2 }) }", "Field \"z\" is not defined by type \"PointIn\".");
	WRONG("{ echo(points: [{ x: 1 }, null]) }", "Expected value of type \"PointIn!\", found null.");
	WRONG("{ need(n: null) }", "Expected value of type \"Int!\", found null.");
	WRONG("{ echo(n: { a: 1 }) }", "Int cannot represent non-integer value: { a: 1 }");
	WRONG("query($a: Int = \"x\") { echo(n: $a) }", "Int cannot represent non-integer value: \"x\"");
	WRONG("query($a: Int! = null) { echo(n: $a) }", "Expected value of type \"Int!\", found null.");
	WRONG("{ echo(dec: 1e3) }", "Decimal cannot represent value: 1e3 (a Decimal is a string as in \"1250.00\", or an integer; never a JSON "
				    "number with a fraction)");
	WRONG("{ echo(file: \"x\") }", "Upload cannot represent value: \"x\" (an Upload is a file of a multipart request)");
}

static void one_of(void **state)
{
	VALID("query($i: ID!) { echo(pick: { id: $i }) }");
	WRONG("{ echo(pick: {}) }", "OneOf Input Object \"Pick\" must specify exactly one key.");
	WRONG("{ echo(pick: { id: 1, name: \"a\" }) }", "OneOf Input Object \"Pick\" must specify exactly one key.");
	WRONG("{ echo(pick: { id: null }) }", "Field \"Pick.id\" must be non-null.");
	WRONG("query($i: ID) { echo(pick: { id: $i }) }", "Variable \"$i\" must be non-nullable to be used for OneOf Input Object \"Pick\".");
}

static void input_fields_unique(void **state)
{
	WRONG("{ echo(point: { x: 1, x: 2 }) }", "There can be only one input field named \"x\".");
	VALID("{ echo(point: { x: 1, inner: { x: 2 } }) }");
}

static void variable_positions(void **state)
{
	VALID("query($a: Int!) { need(n: $a) }");
	VALID("query($a: Int = 1) { need(n: $a) }");
	VALID("query($a: Int) { need(n: 1, m: $a) }"); /* the argument has a default */
	VALID("query($a: Int!) { echo(n: $a, points: [{ x: $a }]) }");
	VALID("query($p: [PointIn!]!) { echo(points: $p) }");
	WRONG("query($a: Int) { need(n: $a) }", "Variable \"$a\" of type \"Int\" used in position expecting type \"Int!\".");
	WRONG("query($a: Int = null) { need(n: $a) }", "Variable \"$a\" of type \"Int\" used in position expecting type \"Int!\".");
	WRONG("query($a: String) { echo(n: $a) }", "Variable \"$a\" of type \"String\" used in position expecting type \"Int\".");
	WRONG("query($p: [PointIn]) { echo(points: $p) }", "Variable \"$p\" of type \"[PointIn]\" used in position expecting type \"[PointIn!]\".");
	WRONG("query($p: PointIn!) { echo(points: $p) }", "Variable \"$p\" of type \"PointIn!\" used in position expecting type \"[PointIn!]\".");
	WRONG("query($a: Int) { echo(point: { x: $a }) }", "Variable \"$a\" of type \"Int\" used in position expecting type \"Int!\".");
	WRONG("query($a: Int) { hello @skip(if: $a) }", "Variable \"$a\" of type \"Int\" used in position expecting type \"Boolean!\".");
}

#define ALIASES " Use different aliases on the fields to fetch both if this was intentional."

static void merging(void **state)
{
	VALID("{ book(id: 1) { id name } book(id: 1) { name pages } }");
	VALID("{ echo(n: 1, point: { x: 1, y: 2 }) echo(point: { y: 2, x: 1 }, n: 1) }");
	VALID("{ things { ... on Book { x: name } ... on Author { x: name } ... on Review { y: stars } ... on Book { y: pages } } }");
	WRONG("{ a: hello a: need(n: 1) }", "Fields \"a\" conflict because they return conflicting types \"String!\" and \"Int!\"." ALIASES
					   "\nFields \"a\" conflict because \"hello\" and \"need\" are different fields." ALIASES);
	WRONG("{ need(n: 1) need(n: 2) }", "Fields \"need\" conflict because they have differing arguments." ALIASES);
	WRONG("{ need(n: 1) need(n: 1, m: 2) }", "Fields \"need\" conflict because they have differing arguments." ALIASES);
	WRONG("query($a: Int!) { need(n: 1) need(n: $a) }", "Fields \"need\" conflict because they have differing arguments." ALIASES);
	WRONG("{ book(id: 1) { x: name } ...F } fragment F on Query { book(id: 1) { x: id } }",
	      "Fields \"x\" conflict because they return conflicting types \"String\" and \"ID!\"." ALIASES
	      "\nFields \"x\" conflict because \"name\" and \"id\" are different fields." ALIASES);
	WRONG("{ things { ... on Book { x: name } ... on Author { x: id } } }",
	      "Fields \"x\" conflict because they return conflicting types \"String\" and \"ID!\"." ALIASES);
	WRONG("{ things { ... on Book { x: author { n: name } } ... on Author { x: rival { n: name } } } }",
	      "Fields \"x\" conflict because they return conflicting types \"Author!\" and \"Author\"." ALIASES);
	WRONG("{ things { ... on Review { x: book { n: name } } ... on Book { x: author { n: id } } } }",
	      "Fields \"n\" conflict because they return conflicting types \"String\" and \"ID!\"." ALIASES);
	VALID("{ things { ... on Review { x: book { n: name } } ... on Book { x: author { n: name } } } }");
	WRONG("{ node(id: 1) { x: id ... on Book { x: pages } } }",
	      "Fields \"x\" conflict because they return conflicting types \"ID!\" and \"Int!\"." ALIASES
	      "\nFields \"x\" conflict because \"id\" and \"pages\" are different fields." ALIASES);
	WRONG("{ things { ... on Book { reviews(first: 1) { id } } ... on Node { ... on Book { reviews { id } } } } }",
	      "Fields \"reviews\" conflict because they have differing arguments." ALIASES);
}

static void incremental_labels(void **state)
{
	VALID("{ ... @defer(label: \"a\") { hello } books @stream(label: \"b\") { id } ...F @defer } fragment F on Query { hello }");
	VALID("{ ... @defer(label: null) { hello } ... @defer(label: null) { hello } }");
	WRONG("query($l: String) { ... @defer(label: $l) { hello } }", "Argument \"@defer(label:)\" must be a static string.");
	WRONG("{ ... @defer(label: \"a\") { books @stream(label: \"a\") { id } } }",
	      "Value for arguments \"defer(label:)\" and \"stream(label:)\" must be unique across all Defer/Stream directive usages.");
	WRONG("{ ... @defer(label: 1) { hello } }", "String cannot represent a non string value: 1");
	WRONG("{ hello @defer }", "Directive \"@defer\" may not be used on FIELD.");
	WRONG("{ ... @stream { hello } }", "Directive \"@stream\" may not be used on INLINE_FRAGMENT.");
	WRONG("{ ... @defer(if: null) { hello } }", "Expected value of type \"Boolean!\", found null.");
}

static void incremental_places(void **state)
{
	VALID("{ matrix @stream(initialCount: 1) }");
	WRONG("{ hello @stream }", "Directive \"@stream\" cannot be used on non-list field \"Query.hello\".");
	WRONG("{ things { ... on Book { author @stream { id } } } }", "Directive \"@stream\" cannot be used on non-list field \"Book.author\".");
	VALID("mutation { add(n: 1) { ... @defer { books @stream { id } } } }");
	VALID("mutation { ...F ...F @defer } fragment F on Mutation { fail }");
	WRONG("mutation { ... { ...F @defer } } fragment F on Mutation { fail }", "Defer directive cannot be used on root mutation type \"Mutation\".");
	WRONG("subscription { ... @defer(if: false) { added { n } } }",
	      "Defer directive cannot be used on root subscription type \"Subscription\".");
	VALID("subscription($b: Boolean!) { added { ... @defer(if: false) { n } books @stream(if: $b) { id } } }");
	VALID("subscription($b: Boolean!) { added { ... @defer @include(if: $b) { n } books @stream @skip(if: true) { id } n } }");
	WRONG("subscription { added { ...F } } fragment F on Counter { n ... @defer { n } }",
	      "Defer directive not supported on subscription operations. Disable `@defer` by setting the `if` argument to `false`.");
	WRONG("subscription { added { books @stream(if: true) @skip(if: false) { id } } }",
	      "Stream directive not supported on subscription operations. Disable `@stream` by setting the `if` argument to `false`.");
}

static void streams_do_not_merge(void **state)
{
	VALID("{ a: books @stream { id } b: books @stream { id } books { id } }");
	VALID("{ loop { ...F } loop { ...F } } fragment F on Query { books @stream { id } }");
	WRONG("{ books @stream { id } books { id } }", "Fields \"books\" conflict because they have overlapping stream directives." ALIASES);
	WRONG("{ books @stream { id } ... on Query { books @stream { id } } }",
	      "Fields \"books\" conflict because they have overlapping stream directives." ALIASES);
	WRONG("{ things { ... on Book { x: reviews { id } } ... on Book { x: reviews @stream(initialCount: 1) { id } } } }",
	      "Fields \"x\" conflict because they have overlapping stream directives." ALIASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(executable_definitions), cmocka_unit_test(operation_names), cmocka_unit_test(subscriptions),
		cmocka_unit_test(type_names), cmocka_unit_test(fragments_on_composites), cmocka_unit_test(input_variables),
		cmocka_unit_test(leafs), cmocka_unit_test(fields_exist), cmocka_unit_test(fragment_names),
		cmocka_unit_test(spreads_possible), cmocka_unit_test(cycles), cmocka_unit_test(variables), cmocka_unit_test(directives),
		cmocka_unit_test(arguments), cmocka_unit_test(values), cmocka_unit_test(one_of), cmocka_unit_test(input_fields_unique),
		cmocka_unit_test(variable_positions), cmocka_unit_test(merging), cmocka_unit_test(incremental_labels), cmocka_unit_test(incremental_places),
		cmocka_unit_test(streams_do_not_merge),
	};
	return cmocka_run_group_tests(tests, open_shop, close_shop);
}
