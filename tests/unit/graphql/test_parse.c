/* Lexer, parser and limits: what they take, what they refuse and where, and that hostile input is answered at once. */
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

static const fl_gql_limits wide = { .document_bytes = 1 << 24, .tokens = 1 << 20, .depth = 1000, .aliases = 1 << 20, .directives = 1 << 20 };

/* The first error and its place, or "". */
static const char *syntax(fl_str source)
{
	static char text[512];
	fl_arena mem = fl_arena_make(64 << 20);
	gql_errors errors = { .mem = &mem };
	gql_document doc;
	text[0] = 0;
	bool ok = gql_parse(&doc, &mem, source, &wide, &errors);
	assert_int_equal(ok, errors.count == 0);
	if (!ok)
		snprintf(text, sizeof(text), "%" FL_FMT " @%d", FL_ARG(errors.first->message),
			 errors.first->place_count ? (int)errors.first->places[0] : -1);
	fl_arena_fini(&mem);
	return text;
}

#define TAKES(source) assert_string_equal(syntax(FL_STR(source)), "")
#define REFUSES(source, message) assert_string_equal(syntax(FL_STR(source)), message)

static void documents(void **state)
{
	TAKES("{ a }");
	TAKES("\xef\xbb\xbf# note\r\n{,a,,b}#");
	TAKES("query Q($a: Int = 1, $b: [[T!]]! = [[], [{ x: 1 y: RED }]] @d) @e(x: 1) { ...F @f ... on T @g { h } ... { i } j: k(l: \"m\") { n } }");
	TAKES("fragment F on T @d { a } mutation { b } subscription S { c }");
	TAKES("\"about\" query Q(\"about\" $a: Int) { a } \"\"\"about\"\"\" fragment F on T { a }");
	TAKES("query query { query: on(type: null, fragment: true, enum: [false]) { on fragment } }");
	TAKES("{ a(b: -0, c: 1.5E-3, d: 0.0, e: $f, g: \"\", h: \"\"\"\"\"\") }");
	TAKES("{ on } fragment on2 on on { on }");
}

static void refused(void **state)
{
	REFUSES("", "Syntax Error: Unexpected <EOF>. @0");
	REFUSES("{", "Syntax Error: Expected Name, found <EOF>. @1");
	REFUSES("{}", "Syntax Error: Expected Name, found \"}\". @1");
	REFUSES("{ a {} }", "Syntax Error: Unexpected \"}\". @5");
	REFUSES("{ a", "Syntax Error: Expected Name, found <EOF>. @3");
	REFUSES("{ a } }", "Syntax Error: Unexpected \"}\". @6");
	REFUSES("{ a: }", "Syntax Error: Expected Name, found \"}\". @5");
	REFUSES("{ a() }", "Syntax Error: Expected Name, found \")\". @4");
	REFUSES("{ a(b) }", "Syntax Error: Expected \":\", found \")\". @5");
	REFUSES("{ a(b:) }", "Syntax Error: Unexpected \")\". @6");
	REFUSES("{ a(b: [1) }", "Syntax Error: Unexpected \")\". @9");
	REFUSES("{ a(b: {c:1) }", "Syntax Error: Expected Name, found \")\". @11");
	REFUSES("query($a: Int = $b) { a }", "Syntax Error: Unexpected variable \"$b\" in constant value. @16");
	REFUSES("query() { a }", "Syntax Error: Expected \"$\", found \")\". @6");
	REFUSES("query($a: [Int) { a }", "Syntax Error: Expected \"]\", found \")\". @14");
	REFUSES("query($a: Int!!) { a }", "Syntax Error: Expected \"$\", found \"!\". @14");
	REFUSES("fragment on on T { a }", "Syntax Error: Unexpected Name \"on\". @9");
	REFUSES("fragment F { a }", "Syntax Error: Unexpected \"{\". @11");
	REFUSES("{ ... on }", "Syntax Error: Expected Name, found \"}\". @9");
	REFUSES("{ ...F { a } }", "Syntax Error: Expected Name, found \"{\". @7");
	REFUSES("notquery { a }", "Syntax Error: Unexpected Name \"notquery\". @0");
	REFUSES("\"about\" { a }", "Syntax Error: Unexpected \"{\". @8");
	REFUSES("{ a @ }", "Syntax Error: Expected Name, found \"}\". @6");
	REFUSES("{ a(b: 01) }", "Syntax Error: Invalid number, unexpected digit after 0: \"1\". @8");
	REFUSES("{ a(b: 1.) }", "Syntax Error: Invalid number, expected digit but got: \")\". @9");
	REFUSES("{ a(b: .1) }", "Syntax Error: Unexpected character: \".\". @7");
	REFUSES("{ a(b: 1e) }", "Syntax Error: Invalid number, expected digit but got: \")\". @9");
	REFUSES("{ a(b: 1a) }", "Syntax Error: Invalid number, expected digit but got: \"a\". @8");
	REFUSES("{ a(b: -) }", "Syntax Error: Invalid number, expected digit but got: \")\". @8");
	REFUSES("{ a(b: +1) }", "Syntax Error: Unexpected character: \"+\". @7");
	REFUSES("{ a(b: \"x) }", "Syntax Error: Unterminated string. @12");
	REFUSES("{ a(b: \"x\n\") }", "Syntax Error: Unterminated string. @9");
	REFUSES("{ a(b: \"\"\"x\"\") }", "Syntax Error: Unterminated string. @16");
	REFUSES("{ a(b: \"\\q\") }", "Syntax Error: Invalid character escape sequence, after a backslash: \"q\". @9");
	REFUSES("{ a(b: \"\\u12\") }", "Syntax Error: Invalid Unicode escape sequence. @8");
	REFUSES("{ a(b: \"\\uD800\") }", "Syntax Error: Invalid Unicode escape sequence. @8");
	REFUSES("{ a(b: \"\\uDC00\\uD800\") }", "Syntax Error: Invalid Unicode escape sequence. @8");
	REFUSES("{ a(b: \"\\u{D800}\") }", "Syntax Error: Invalid Unicode escape sequence. @8");
	REFUSES("{ a(b: \"\\u{110000}\") }", "Syntax Error: Invalid Unicode escape sequence. @8");
	REFUSES("{ a(b: \"\\u{}\") }", "Syntax Error: Invalid Unicode escape sequence. @8");
	REFUSES("{ a(b: \"\\u{0000000000000000000000001}\") }", "Syntax Error: Invalid Unicode escape sequence. @8");
	REFUSES("{ ? }", "Syntax Error: Unexpected character: \"?\". @2");
	REFUSES("{ \xe2\x82\xac }", "Syntax Error: Unexpected character: U+20AC. @2");
	REFUSES("{ a\0 }", "Syntax Error: Unexpected character: U+0000. @3");
	REFUSES("{ a \xff }", "Syntax Error: The document is not valid UTF-8. @0");
	REFUSES("{ a(b: \"\xed\xa0\x80\") }", "Syntax Error: The document is not valid UTF-8. @0");
	REFUSES("{ a ..b }", "Syntax Error: Unexpected character: \".\". @4");
}

static void places(void **state)
{
	shop_expect(&s, "{\n  hello\r\n  \xc3\xa9 }", NULL,
		    "{\"errors\":[{\"message\":\"Syntax Error: Unexpected character: U+00E9.\",\"locations\":[{\"line\":3,\"column\":3}],"
		    "\"extensions\":{\"code\":\"GRAPHQL_PARSE_FAILED\"}}]}");
	shop_expect(&s, "{ echo(text: \"\xf0\x9f\x98\x80\") nothing }", NULL,
		    "{\"errors\":[{\"message\":\"Cannot query field \\\"nothing\\\" on type \\\"Query\\\".\","
		    "\"locations\":[{\"line\":1,\"column\":19}],\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}]}");
}

/* ---- Limits and torture: refused with a stable code, quickly ---- */

static char *repeat(const char *head, const char *piece, size_t count, const char *tail)
{
	size_t len = strlen(piece), at = strlen(head);
	char *text = malloc(at + len * count + strlen(tail) + 1);
	memcpy(text, head, at);
	for (size_t i = 0; i < count; i++, at += len)
		memcpy(text + at, piece, len);
	memcpy(text + at, tail, strlen(tail) + 1);
	return text;
}

static void expect_quick(char *query, const char *message)
{
	int64_t before = fl_mono_us();
	const char *answer = shop_run(&s, query, NULL);
	int64_t took = fl_mono_us() - before;
	if (!strstr(answer, message))
		fail_msg("%.300s", answer);
	if (took > 500000) /* generous: machines under load; the bench measures */
		fail_msg("took %lld us", (long long)took);
	free(query);
}

static void torture(void **state)
{
	expect_quick(repeat("", "{loop", 10000, ""), "DEPTH_LIMIT");
	expect_quick(repeat("{hello ", "...{", 5000, ""), "DEPTH_LIMIT");
	expect_quick(repeat("{", "a:hello ", 50000, "}"), "DOCUMENT_BYTES_LIMIT");
	expect_quick(repeat("{", "hello ", 200000, "}"), "The document is larger than 262144 bytes.");
	expect_quick(repeat("{", "hello ", 20000, "}"), "The document has more than 15000 tokens.");
	expect_quick(repeat("{echo(nested:", "[", 10000, ")}"), "The document has more than 64 levels in one value.");
	expect_quick(repeat("{echo(point:", "{inner:", 10000, ")}"), "The document has more than 64 levels in one value.");
	expect_quick(repeat("query($a:", "[", 10000, "Int"), "VALUE_DEPTH_LIMIT");
	expect_quick(repeat("{hello ", "@skip(if:true)", 600, "}"), "The document has more than 500 directives.");
	expect_quick(repeat("{", "a", 200000, "}"), "Cannot query field");
	expect_quick(repeat("{echo(text:\"", "\\u{1F600}", 20000, "\")}"), "\xf0\x9f\x98\x80");
	expect_quick(repeat("#", "x", 200000, ""), "Unexpected <EOF>");
	expect_quick(repeat("{hello(", "x:1 ", 4000, ")}"), "Unknown argument");
	expect_quick(repeat("{echo(point:{", "x:1 ", 4000, "})}"), "There can be only one input field");
	expect_quick(repeat("{hello ", "@skip(if:true)", 400, "}"), "can only be used once");
	expect_quick(repeat("{", "need(n:1) need(n:2) ", 1000, "}"), "differing arguments");
	expect_quick(repeat("query(", "$a:Int ", 3000, "){hello}"), "There can be only one variable");
}

/* Fragments that double at each level: the merged document would have 2^n fields. */
static void exponential(void **state)
{
	char *text = malloc(1 << 16);
	size_t at = (size_t)sprintf(text, "{...F0}");
	for (int i = 0; i < 25; i++)
		at += (size_t)sprintf(text + at, "fragment F%d on Query{a:loop{...F%d}b:loop{...F%d}}", i, i + 1, i + 1);
	sprintf(text + at, "fragment F25 on Query{hello}");
	expect_quick(text, "The operation has more than 20000 fields");
	text = malloc(1 << 18);
	at = (size_t)sprintf(text, "{...F0}");
	for (int i = 0; i < 1000; i++)
		at += (size_t)sprintf(text + at, "fragment F%d on Query{...F%d...F%d}", i, i + 1, i + 1);
	sprintf(text + at, "fragment F1000 on Query{hello}");
	expect_quick(text, "{\"data\":{\"hello\":\"world\"}}");
	/* Every fragment spreads every later one: quadratic in the text, no more than linear in what is looked at. */
	text = malloc(1 << 18);
	at = (size_t)sprintf(text, "{...F0}");
	for (int i = 0; i < 100; i++) {
		at += (size_t)sprintf(text + at, "fragment F%d on Query{", i);
		for (int k = i + 1; k <= 100; k++)
			at += (size_t)sprintf(text + at, "...F%d ", k);
		at += (size_t)sprintf(text + at, "}");
	}
	sprintf(text + at, "fragment F100 on Query{hello}");
	expect_quick(text, "{\"data\":{\"hello\":\"world\"}}");
	/* Many operations that all reach the same fragments. */
	text = malloc(1 << 18);
	at = 0;
	for (int i = 0; i < 1000; i++)
		at += (size_t)sprintf(text + at, "query Q%d($a:Int){...F}", i);
	sprintf(text + at, "fragment F on Query{echo(n:$a)}");
	expect_quick(text, "Must provide operation name");
}

static void depth(void **state)
{
	expect_quick(repeat("{", "loop{", 31, "hello}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"), "\"hello\":\"world\"");
	expect_quick(repeat("{", "loop{", 32, "hello}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"), "The operation has more than 32 levels of fields.");
	char *text = malloc(1 << 16);
	size_t at = (size_t)sprintf(text, "{...F0}");
	for (int i = 0; i < 40; i++)
		at += (size_t)sprintf(text + at, "fragment F%d on Query{loop{...F%d}}", i, i + 1);
	sprintf(text + at, "fragment F40 on Query{hello}");
	expect_quick(text, "The operation has more than 32 levels of fields.");
}

/* Every limit has a code of its own, and reaching it is no accident. */
static void codes(void **state)
{
	static const fl_gql_limits tight = { .document_bytes = 300, .tokens = 60, .depth = 3, .aliases = 2, .directives = 2, .root_fields = 3,
					     .selections = 6, .result_bytes = 100 };
	static const struct {
		const char *query, *code;
	} cases[] = {
		{ "{ hello }", "\"data\":{" },
		{ "{ loop { loop { loop { hello } } } }", "\"DEPTH_LIMIT\"" },
		{ "{ ...A } fragment A on Query { loop { loop { ...B } } } fragment B on Query { loop { hello } }", "\"DEPTH_LIMIT\"" },
		{ "{ a: hello b: hello c: hello }", "\"ALIAS_LIMIT\"" },
		{ "{ hello @skip(if: false) a: hello @skip(if: false) b: hello @skip(if: false) }", "\"DIRECTIVE_LIMIT\"" },
		{ "{ hello __typename all { i8 } things { __typename } }", "\"ROOT_FIELD_LIMIT\"" },
		{ "{ all { i8 i16 i32 i64 u8 u16 u32 } }", "\"SELECTION_LIMIT\"" },
		{ "{ books(first: 4) { id name pages } }", "\"RESULT_BYTES_LIMIT\"" },
	};
	shop small;
	shop_open(&small, &tight);
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		const char *answer = shop_run(&small, cases[i].query, NULL);
		if (!strstr(answer, cases[i].code))
			fail_msg("%s: %s", cases[i].query, answer);
	}
	char *many = repeat("{", "hello ", 50, "}");
	assert_non_null(strstr(shop_run(&small, many, NULL), "\"DOCUMENT_BYTES_LIMIT\""));
	free(many);
	many = repeat("{", "a ", 70, "}");
	assert_non_null(strstr(shop_run(&small, many, NULL), "\"TOKEN_LIMIT\""));
	free(many);
	shop_close(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents), cmocka_unit_test(refused),     cmocka_unit_test(places),
		cmocka_unit_test(torture),   cmocka_unit_test(exponential), cmocka_unit_test(depth), cmocka_unit_test(codes),
	};
	return cmocka_run_group_tests(tests, open_shop, close_shop);
}
