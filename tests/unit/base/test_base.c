/* base: strings, arenas, buffers, time, ids, maps, JSON. */
#include "base/base.h"

#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

static void strings(void **state)
{
	fl_str rest, s = FL_STR("one,two");
	assert_true(fl_str_eq(fl_str_cut(s, ',', &rest), FL_STR("one")));
	assert_true(fl_str_eq(rest, FL_STR("two")));
	assert_true(fl_str_eq(fl_str_cut(rest, ',', &rest), FL_STR("two")));
	assert_int_equal(rest.len, 0);
	assert_true(fl_str_eq(fl_str_trim(FL_STR(" \t x \n")), FL_STR("x")));
	assert_true(fl_str_eq_nocase(FL_STR("Content-TYPE"), FL_STR("content-type")));
	assert_true(fl_str_starts(s, FL_STR("one")) && fl_str_ends(s, FL_STR("two")) && !fl_str_starts(FL_STR("o"), s));
	assert_int_equal(fl_str_find(s, FL_STR(",t")), 3);
	assert_int_equal(fl_str_find(s, FL_STR("three")), -1);
	assert_true(fl_str_cmp(FL_STR("a"), FL_STR("ab")) < 0);
}

static void numbers(void **state)
{
	int64_t n;
	double d;
	assert_true(fl_str_i64(FL_STR("-9223372036854775808"), &n) && n == INT64_MIN);
	assert_true(fl_str_i64(FL_STR("9223372036854775807"), &n) && n == INT64_MAX);
	assert_false(fl_str_i64(FL_STR("9223372036854775808"), &n));
	assert_false(fl_str_i64(FL_STR(""), &n) || fl_str_i64(FL_STR("-"), &n) || fl_str_i64(FL_STR("1 "), &n));
	assert_true(fl_str_f64(FL_STR("1.5e3"), &d) && d == 1500);
	assert_false(fl_str_f64(FL_STR("nan"), &d) || fl_str_f64(FL_STR("0x10"), &d) || fl_str_f64(FL_STR("1e999"), &d));
}

static void utf8(void **state)
{
	assert_true(fl_str_utf8_valid(FL_STR("aé€😀")));
	assert_false(fl_str_utf8_valid(FL_STR("\xed\xa0\x80")));  /* surrogate */
	assert_false(fl_str_utf8_valid(FL_STR("\xc0\xaf")));      /* overlong */
	assert_false(fl_str_utf8_valid(FL_STR("\xf4\x90\x80\x80"))); /* beyond U+10FFFF */
	assert_false(fl_str_utf8_valid(FL_STR("\xe2\x82")));      /* cut */
}

static int cleanups;
/* At every length: the whole beginning, or one character less. */
static void cut_texts(void **state)
{
	static const char text[] = "aé€😀é€😀z";
	fl_str all = fl_str_z(text);
	for (size_t max = 0; max <= all.len + 1; max++) {
		fl_str s = fl_str_clip(all, max);
		assert_true(s.len <= max && s.len + 3 >= FL_MIN(max, all.len) && fl_str_utf8_valid(s));
	}
	assert_int_equal(fl_str_clip(FL_STR("\x80\x80\x80"), 2).len, 0); /* no character at all */
	for (int before = 300; before < 325; before++) {
		fl_diag diag = {};
		assert_int_equal(fl_fail(&diag, FL_BAD_INPUT, "%*s%s", before, "", text), FL_BAD_INPUT);
		assert_true(fl_str_utf8_valid(fl_str_z(diag.text)));
		assert_true(strlen(diag.text) >= FL_MIN(sizeof(diag.text) - 4, before + strlen(text)));
	}
}

static void count_cleanup(void *arg)
{
	cleanups += *(int *)arg;
}

static void arena(void **state)
{
	int one = 1, ten = 10;
	fl_arena mem = fl_arena_make(64 << 10);
	char *small = fl_arena_take(&mem, 3);
	assert_non_null(small);
	assert_int_equal((uintptr_t)small % 16, 0);
	assert_int_equal((uintptr_t)fl_arena_take(&mem, 1) % 16, 0);
	assert_null(fl_arena_take(&mem, 65 << 10));
	volatile size_t huge = SIZE_MAX / 2;
	assert_null(fl_arena_array(&mem, huge, 16));
	assert_non_null(fl_arena_take(&mem, 50 << 10));
	assert_int_equal(fl_arena_defer(&mem, count_cleanup, &one), FL_OK);
	assert_int_equal(fl_arena_defer(&mem, count_cleanup, &ten), FL_OK);
	fl_arena_reset(&mem);
	assert_int_equal(cleanups, 11);
	while (fl_arena_take(&mem, 512))
		assert_true(mem.used <= mem.max);
	fl_arena_fini(&mem);
	assert_int_equal(mem.used, 0);
}

static void buffer(void **state)
{
	fl_buf buf = fl_buf_make(600);
	fl_buf_fmt(&buf, "%s-%d", "VAN", 12);
	fl_buf_i64(&buf, INT64_MIN);
	fl_buf_hex(&buf, "\x01\xff", 2);
	assert_true(fl_str_eq(fl_buf_view(&buf), FL_STR("VAN-12-922337203685477580801ff")));
	for (int i = 0; i < 600; i++)
		fl_buf_char(&buf, 'x');
	assert_int_equal(fl_buf_err(&buf), FL_TOO_LARGE);
	assert_true(buf.len <= 600);
	fl_buf_reset(&buf);
	fl_buf_lit(&buf, "again");
	assert_int_equal(fl_buf_err(&buf), FL_OK);
	fl_buf_fini(&buf);
}

static void check_time(const char *text, const char *expected)
{
	int64_t t;
	char out[FL_TIME_TEXT_MAX];
	assert_true(fl_time_parse(fl_str_z(text), &t));
	fl_time_format(t, out);
	assert_string_equal(out, expected);
}

static void times(void **state)
{
	static const char *const bad[] = { "", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:00:00", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00.Z", "2026-01-01", "0000-01-01T00:00:00Z" };
	int64_t t;
	check_time("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z");
	check_time("2024-02-29T23:59:59.250+02:00", "2024-02-29T21:59:59.250Z");
	check_time("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999Z");
	check_time("0001-01-01t00:00:00z", "0001-01-01T00:00:00Z");
	check_time("9999-12-31 00:00:00-23:59", "9999-12-31T23:59:00Z");
	for (size_t i = 0; i < FL_COUNT(bad); i++)
		assert_false(fl_time_parse(fl_str_z(bad[i]), &t));
	assert_int_equal(fl_time_civil(0).weekday, 4);
	assert_int_equal(fl_time_civil(-1).weekday, 3);
}

static void uuids(void **state)
{
	fl_uuid back, id = fl_uuid7(INT64_C(1760000000123456));
	char text[FL_UUID_TEXT + 1];
	fl_uuid_format(id, text);
	assert_int_equal(text[14], '7');
	assert_true(fl_uuid_parse(fl_str_z(text), &back) && fl_uuid_eq(id, back));
	assert_int_equal(fl_uuid7_time_us(id), INT64_C(1760000000123000));
	assert_true(fl_uuid_cmp(fl_uuid7_floor(INT64_C(1760000000123000)), id) < 0);
	assert_true(fl_uuid_cmp(fl_uuid7(INT64_C(1760000000123900)), id) > 0);
	assert_false(fl_uuid_parse(FL_STR("0199c7a3-3f7b-7e2f-b1c0"), &back));
	assert_false(fl_uuid_parse(FL_STR("0199c7a3x3f7b-7e2f-b1c0-000000000000"), &back));
}

static void maps(void **state)
{
	fl_arena mem = fl_arena_make(8 << 20);
	fl_map map;
	fl_map_init(&map, &mem);
	assert_null(fl_map_get(&map, FL_STR("x")));
	for (intptr_t i = 1; i <= 5000; i++)
		assert_int_equal(fl_map_put(&map, fl_str_fmt(&mem, "key-%d", (int)i), (void *)i), FL_OK);
	assert_int_equal(fl_map_put(&map, FL_STR("key-7"), (void *)70), FL_OK);
	assert_int_equal(map.count, 5000);
	assert_ptr_equal(fl_map_get(&map, FL_STR("key-7")), (void *)70);
	assert_ptr_equal(fl_map_get(&map, FL_STR("key-5000")), (void *)5000);
	assert_null(fl_map_get(&map, FL_STR("key-5001")));
	size_t i = 0, seen = 0;
	while (fl_map_next(&map, &i))
		seen++;
	assert_int_equal(seen, 5000);
	fl_arena_fini(&mem);
}

static void check_json(const char *text, const char *expected)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_buf buf = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &buf };
	const fl_json *value;
	fl_diag diag = {};
	assert_int_equal(fl_json_parse(&mem, fl_str_z(text), &value, &diag), FL_OK);
	fl_json_put(&j, value);
	assert_true(fl_str_eq(fl_buf_view(&buf), fl_str_z(expected)));
	fl_buf_fini(&buf);
	fl_arena_fini(&mem);
}

static void json(void **state)
{
	static const char *const bad[] = { "", "{", "[1,]", "{\"a\":1 \"b\":2}", "01", "nul", "\"\xff\"", "1 2", "[\"\\ud800\"]",
		"{a:1}", "'x'", "[1e400]" };
	check_json(" { \"a\" : [ 1 , -2.5 , true, null, \"x\\u00e9\\n\" ], \"b\":{}, \"c\":[] } ",
		   "{\"a\":[1,-2.5,true,null,\"x\xc3\xa9\\n\"],\"b\":{},\"c\":[]}");
	check_json("9223372036854775807", "9223372036854775807");
	check_json("0.1", "0.1");
	check_json("[[],[[{}]],{\"k\":[{}]}]", "[[],[[{}]],{\"k\":[{}]}]");
	for (size_t i = 0; i < FL_COUNT(bad); i++) {
		fl_arena mem = fl_arena_make(1 << 20);
		const fl_json *value;
		fl_diag diag = {};
		assert_int_equal(fl_json_parse(&mem, fl_str_z(bad[i]), &value, &diag), FL_BAD_JSON);
		assert_true(diag.text[0]);
		fl_arena_fini(&mem);
	}
}

static void json_depth(void **state)
{
	char deep[2 * 200];
	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	fl_arena mem = fl_arena_make(1 << 20);
	const fl_json *value;
	fl_diag diag = {};
	assert_int_equal(fl_json_parse(&mem, fl_str_make(deep, 400), &value, &diag), FL_BAD_JSON);
	assert_non_null(strstr(diag.text, "deeper"));
	assert_int_equal(fl_json_parse(&mem, fl_str_make(deep + 80, 240), &value, &diag), FL_OK);
	fl_arena_fini(&mem);
}

static void json_access(void **state)
{
	fl_arena mem = fl_arena_make(1 << 20);
	const fl_json *value;
	assert_int_equal(fl_json_parse(&mem, FL_STR("{\"n\":7,\"n\":8,\"d\":1.5,\"s\":\"x\",\"b\":true}"), &value, NULL), FL_OK);
	assert_int_equal(fl_json_int(fl_json_get(value, FL_STR("n")), 0), 8);
	assert_int_equal(fl_json_int(fl_json_get(value, FL_STR("s")), -1), -1);
	assert_true(fl_json_double(fl_json_get(value, FL_STR("d")), 0) == 1.5);
	assert_true(fl_json_bool(fl_json_get(value, FL_STR("b")), false));
	assert_true(fl_str_eq(fl_json_str(fl_json_get(value, FL_STR("s")), FL_STR("")), FL_STR("x")));
	assert_null(fl_json_get(value, FL_STR("absent")));
	fl_buf buf = fl_buf_make(64);
	fl_json_quote(&buf, FL_STR("\x01\"\xff/"));
	assert_true(fl_str_eq(fl_buf_view(&buf), FL_STR("\"\\u0001\\\"\xef\xbf\xbd/\"")));
	fl_buf_fini(&buf);
	fl_arena_fini(&mem);
}

/* Text is copied by blocks: each length, with something to escape at each place, or nothing. */
static void json_quote_blocks(void **state)
{
	static const struct {
		const char *raw, *written;
	} specials[] = { { "\"", "\\\"" }, { "\\", "\\\\" }, { "\n", "\\n" }, { "\x1f", "\\u001f" }, { "\x7f", "\x7f" },
			 { "\xc3\xa9", "\xc3\xa9" }, { "\xff", "\xef\xbf\xbd" }, { " ", " " } };
	fl_buf raw = fl_buf_make(256), expected = fl_buf_make(256), written = fl_buf_make(256);
	for (size_t k = 0; k < FL_COUNT(specials); k++)
		for (size_t len = 0; len < 70; len++)
			for (size_t at = 0; at <= len; at++) {
				fl_buf_reset(&raw);
				fl_buf_reset(&expected);
				fl_buf_reset(&written);
				fl_buf_char(&expected, '"');
				for (size_t i = 0; i <= len; i++) {
					fl_str in = i == at ? fl_str_z(specials[k].raw) : fl_str_make(&"abcdefghijklmnop"[i % 16], 1);
					fl_buf_str(&raw, in);
					fl_buf_str(&expected, i == at ? fl_str_z(specials[k].written) : in);
				}
				fl_buf_char(&expected, '"');
				fl_json_quote(&written, fl_buf_view(&raw));
				assert_true(fl_str_eq(fl_buf_view(&written), fl_buf_view(&expected)));
			}
	fl_buf_reset(&written);
	fl_json_quote(&written, (fl_str){ NULL, 0 });
	assert_true(fl_str_eq(fl_buf_view(&written), FL_STR("\"\"")));
	fl_buf_fini(&raw);
	fl_buf_fini(&expected);
	fl_buf_fini(&written);
}

static void errors(void **state)
{
	fl_diag diag = {};
	assert_string_equal(fl_diag_text(&diag, FL_NOT_FOUND), "no such thing");
	assert_int_equal(fl_fail(&diag, FL_BAD_IMAGE, "%s: the file is empty", "a.jpg"), FL_BAD_IMAGE);
	assert_string_equal(fl_diag_text(&diag, FL_BAD_IMAGE), "a.jpg: the file is empty");
	assert_int_equal(fl_err_status(FL_TOO_LARGE), 413);
	assert_true(fl_err_retryable(FL_BUSY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings), cmocka_unit_test(numbers), cmocka_unit_test(utf8), cmocka_unit_test(cut_texts), cmocka_unit_test(arena),
		cmocka_unit_test(buffer), cmocka_unit_test(times), cmocka_unit_test(uuids), cmocka_unit_test(maps),
		cmocka_unit_test(json), cmocka_unit_test(json_depth), cmocka_unit_test(json_access), cmocka_unit_test(json_quote_blocks), cmocka_unit_test(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
