/* Hostile documents: every one is answered with an error, in bounded memory and time. With the limits of a server the bound is
 * 8 MiB; with limits far above them parser and validator still stay linear. The times are printed; the test only asks that
 * none is out of all proportion. */
#include "shop.h"

#include <stdio.h>
#include <time.h>

#include "graphql/graphql_int.h"

enum { MEMORY_MAX = 8 << 20, LOOSE_MEMORY_MAX = 128 << 20, CPU_MS_MAX = 3000 };

static shop s;
static fl_buf text;

static const fl_gql_limits usual = { .document_bytes = 4 << 20,
	.tokens = 15000,
	.depth = 32,
	.aliases = 1000,
	.directives = 500,
	.root_fields = 100,
	.selections = 20000 };
static const fl_gql_limits loose = { .document_bytes = 8 << 20,
	.tokens = 2000000,
	.depth = 100000,
	.aliases = 1000000,
	.directives = 1000000,
	.root_fields = 1000000,
	.selections = 1000000 };

static double cpu_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void repeat(const char *part, int count)
{
	for (int i = 0; i < count; i++)
		fl_buf_str(&text, fl_str_z(part));
}

static void numbered(const char *format, int count)
{
	for (int i = 0; i < count; i++) {
		char part[100];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(part, sizeof(part), format, i, i);
#pragma GCC diagnostic pop
		fl_buf_str(&text, fl_str_z(part));
	}
}

typedef struct verdict {
	bool refused, nomem;
	size_t bytes;
	double ms;
} verdict;

static verdict prepare(const fl_gql_limits *limits, size_t memory)
{
	fl_arena mem = fl_arena_make(memory), scratch = fl_arena_make(memory);
	gql_errors errors = { .mem = &mem };
	gql_plan plan = {};
	double start = cpu_ms();
	if (gql_parse(&plan.doc, &mem, fl_buf_view(&text), limits, &errors)) {
		gql_validate(s.schema, &plan.doc, limits, &scratch, &errors);
		if (!errors.count && !errors.nomem)
			(void)!gql_plan_make(&plan, s.schema, (fl_str) {}, NULL, limits, &scratch, &errors);
	}
	verdict v = { errors.count > 0, errors.nomem, mem.used + scratch.used, cpu_ms() - start };
	fl_arena_fini(&scratch);
	fl_arena_fini(&mem);
	return v;
}

/* With the usual limits: an error, 8 MiB at most. With loose ones: linear, and whatever the verdict. */
static void judge(const char *what)
{
	assert_int_equal(text.err, FL_OK);
	verdict v = prepare(&usual, MEMORY_MAX), free = prepare(&loose, LOOSE_MEMORY_MAX);
	printf("%-28s %7zu bytes: %6.1f ms %5zu KiB; loose limits %6.1f ms %6zu KiB%s\n", what, text.len, v.ms, v.bytes >> 10,
		free.ms, free.bytes >> 10,
		free.refused ? ""
		: free.nomem ? ", no memory"
			     : ", taken");
	assert_true(v.refused && !v.nomem);
	assert_true(v.bytes <= MEMORY_MAX);
	assert_true(v.ms < CPU_MS_MAX && free.ms < CPU_MS_MAX);
	fl_buf_reset(&text);
}

static void deep(void **state)
{
	repeat("{ loop ", 10000);
	repeat("}", 10000);
	judge("10,000 levels");
	repeat("{ ... ", 10000);
	fl_buf_lit(&text, "{ hello }");
	repeat("}", 10000);
	judge("10,000 inline fragments");
	fl_buf_lit(&text, "{ echo(nested: ");
	repeat("[", 10000);
	repeat("]", 10000);
	fl_buf_lit(&text, ") }");
	judge("10,000 lists in a value");
	fl_buf_lit(&text, "{ same(json: ");
	repeat("{a:", 10000);
	judge("10,000 objects, not closed");
	fl_buf_lit(&text, "query($v: ");
	repeat("[", 10000);
	judge("10,000 lists in a type");
	numbered("fragment F%d on Query { ...F%d hello } ", 10000);
	judge("10,000 fragments of itself");
	fl_buf_lit(&text, "{ ...F0 } ");
	for (int i = 0; i < 10000; i++)
		fl_buf_fmt(&text, "fragment F%d on Query { ...F%d hello } ", i, i + 1);
	judge("10,000 fragments in a row");
}

static void large(void **state)
{
	fl_buf_lit(&text, "{ ");
	repeat("hello ", 175000);
	fl_buf_lit(&text, "}");
	judge("1 MB of one field");
	fl_buf_lit(&text, "{ ");
	numbered("a%d: hello ", 50000);
	fl_buf_lit(&text, "}");
	judge("50,000 aliases");
	fl_buf_lit(&text, "{ ");
	numbered("books(first: %d) { id } ", 20000);
	fl_buf_lit(&text, "}");
	judge("20,000 that cannot merge");
	fl_buf_lit(&text, "{ nope(text: \"");
	repeat("a", 1 << 20);
	fl_buf_lit(&text, "\") }");
	judge("1 MB string");
	fl_buf_lit(&text, "{ nope ");
	repeat("#\n", 1 << 19);
	fl_buf_lit(&text, "}");
	judge("1 MB of comments");
	fl_buf_lit(&text, "{ hello ");
	repeat("@skip(if: false) ", 20000);
	fl_buf_lit(&text, "}");
	judge("20,000 directives");
	fl_buf_lit(&text, "query(");
	numbered("$v%d: Int ", 20000);
	fl_buf_lit(&text, ") { hello }");
	judge("20,000 variables");
}

static void strange(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} rows[] = {
#define ROW(what, literal) { what, literal, sizeof(literal) - 1 }
		ROW("bytes that are no UTF-8", "{ echo(text: \"\xff\xfe\") }"),
		ROW("an overlong NUL", "{ echo(text: \"\xc0\x80\") }"),
		ROW("a surrogate in UTF-8", "{ echo(text: \"\xed\xa0\x80\") }"),
		ROW("beyond Unicode in UTF-8", "{ echo(text: \"\xf4\x90\x80\x80\") }"),
		ROW("cut UTF-8", "{ hello } # \xe2\x82"),
		ROW("a NUL between tokens", "{ \0 hello }"),
		ROW("a lone high surrogate", "{ echo(text: \"\\uD83D\") }"),
		ROW("a lone low surrogate", "{ echo(text: \"\\uDE00\") }"),
		ROW("two high surrogates", "{ echo(text: \"\\uD83D\\uD83D\") }"),
		ROW("a surrogate in braces", "{ echo(text: \"\\u{D83D}\") }"),
		ROW("beyond Unicode in braces", "{ echo(text: \"\\u{110000}\") }"),
		ROW("a number without end", "{ echo(n: 1e999999999999999999999999) }"),
		ROW("an Int beyond 64 bits", "{ echo(n: 99999999999999999999999999) }"),
		ROW("nothing", ""),
		ROW("an open block string", "{ echo(text: \"\"\"a"),
	};
	for (size_t i = 0; i < FL_COUNT(rows); i++) {
		fl_buf_add(&text, rows[i].bytes, rows[i].len);
		judge(rows[i].what);
	}
}

/* What comes with a document is bounded like it. */
static void variables(void **state)
{
	repeat("[", 127);
	repeat("]", 127);
	fl_buf_char(&text, 0);
	FL_AUTO_BUF fl_buf json = fl_buf_make(1 << 20);
	fl_buf_fmt(&json, "{\"v\":%s}", text.ptr);
	fl_buf_char(&json, 0);
	assert_non_null(strstr(shop_run(&s, "query($v: JSON) { same(json: [[[$v]]]) }", json.ptr), "it nests too deep"));
	assert_non_null(strstr(shop_run(&s, "query($v: JSON) { same(json: $v) }", json.ptr), "it nests too deep"));
	assert_non_null(strstr(shop_run(&s, "query($v: [[Int]]) { echo(nested: $v) }", json.ptr), "BAD_USER_INPUT"));
	fl_buf_reset(&text);
}

static int open_all(void **state)
{
	shop_open(&s, NULL);
	text = fl_buf_make(8 << 20);
	return 0;
}

static int close_all(void **state)
{
	fl_buf_fini(&text);
	shop_close(&s);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deep),
		cmocka_unit_test(large),
		cmocka_unit_test(strange),
		cmocka_unit_test(variables),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
