/* CSV as people send it, and as spreadsheets may open it. */
#include <setjmp.h>
#include <stdio.h>

#include "fleet/transfer/csv.h"

#include <cmocka.h>

static fl_arena mem;
static fl_diag diag;

/* Rows as "line:a|b|c;", or the error's sentence. */
static const char *rows(fl_str text)
{
	fl_buf out = fl_buf_make(1 << 20);
	fl_csv csv;
	fl_csv_row row;
	fl_err err = fl_csv_open(&csv, text, &diag);
	while (err == FL_OK && fl_csv_next(&csv, &row, &diag, &err)) {
		fl_buf_fmt(&out, "%lld:", (long long)row.line);
		for (size_t i = 0; i < row.count; i++)
			fl_buf_fmt(&out, "%s%.*s", i ? "|" : "", FL_ARG(row.fields[i]));
		fl_buf_char(&out, ';');
	}
	if (err)
		fl_buf_fmt(&out, "%s", diag.text);
	fl_csv_close(&csv);
	char *made = fl_str_cstr(&mem, fl_buf_view(&out));
	fl_buf_fini(&out);
	return made;
}

static void test_reading(void **state)
{
	assert_string_equal(rows(FL_STR("a,b\n1,2\n")), "1:a|b;2:1|2;");
	assert_string_equal(rows(FL_STR("\xef\xbb\xbf" "a;b\r\n1,5;2\r\n")), "1:a|b;2:1,5|2;");
	assert_string_equal(rows(FL_STR("a\tb\r1\t2")), "1:a|b;2:1|2;");
	assert_string_equal(rows(FL_STR("a,b\n\n\r\n\n\"x\"\"y\",\"1\r\n2\" \n,\n")), "1:a|b;5:x\"y|1\r\n2;7:|;");
	assert_string_equal(rows(FL_STR("\"a,b\";c\n")), "1:a,b|c;");
	assert_string_equal(rows(FL_STR("a,b\n5\" nail,x\n")), "1:a|b;2:5\" nail|x;");
	assert_string_equal(rows(FL_STR("a\n\"")), "1:a;line 2: a quote begins here that does not end");
	assert_string_equal(rows(FL_STR("a,b\n\"x\"y,z\n")), "1:a|b;line 2: something follows a closing quote; write quotes within a field twice");
	assert_string_equal(rows(FL_STR(" \n")), "the file is empty; its first line must name the columns");
	assert_string_equal(rows(FL_STR("\xff\xfe" "a")), "the file is UTF-16; save it as \"CSV UTF-8\"");
}

static void test_limits(void **state)
{
	fl_buf text = fl_buf_make(1 << 20);
	for (int i = 0; i < FL_CSV_COLUMNS_MAX + 1; i++)
		fl_buf_lit(&text, "x,");
	assert_non_null(strstr(rows(fl_buf_view(&text)), "more than 64 columns"));
	fl_buf_reset(&text);
	for (int i = 0; i < FL_CSV_FIELD_MAX + 1; i++)
		fl_buf_char(&text, 'x');
	assert_non_null(strstr(rows(fl_buf_view(&text)), "longer than"));
	fl_buf_fini(&text);
}

static const char *written(const char *field)
{
	fl_buf out = fl_buf_make(1024);
	fl_csv_put(&out, fl_str_z(field), true);
	fl_csv_put(&out, FL_STR("z"), false);
	char *made = fl_str_cstr(&mem, fl_buf_view(&out));
	fl_buf_fini(&out);
	return made;
}

static void test_writing(void **state)
{
	assert_string_equal(written("plain"), "plain,z");
	assert_string_equal(written("a,b"), "\"a,b\",z");
	assert_string_equal(written("a\"b\n"), "\"a\"\"b\n\",z");
	assert_string_equal(written("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\",z");
	assert_string_equal(written("+31 6 1234"), "\"'+31 6 1234\",z");
	assert_string_equal(written("@x"), "\"'@x\",z");
	assert_string_equal(written("-1+2"), "\"'-1+2\",z");
	assert_string_equal(written("-0.127"), "-0.127,z"); /* a longitude is no formula */
	assert_string_equal(written(""), ",z");
}

/* Whatever is written is read as it was. */
static void test_round_trip(void **state)
{
	static const char *const fields[] = { "", "a", " a ", "a;b", "=1", "-1", "+1x", "\t", "\r\n", "\"\"", "'=1", "a\nb,c\"d", "\xc3\xa9" };
	for (size_t i = 0; i < FL_COUNT(fields); i++) {
		fl_buf out = fl_buf_make(1024);
		fl_csv csv;
		fl_csv_row row;
		fl_err err;
		fl_csv_put(&out, FL_STR("x"), true);
		fl_csv_put(&out, FL_STR("y"), false);
		fl_csv_put(&out, fl_str_z(fields[i]), false);
		fl_csv_end(&out);
		assert_int_equal(fl_csv_open(&csv, fl_buf_view(&out), &diag), FL_OK);
		assert_true(fl_csv_next(&csv, &row, &diag, &err));
		assert_int_equal(row.count, 3);
		assert_string_equal(fl_str_cstr(&mem, i == 10 ? row.fields[2] : fl_csv_plain(row.fields[2])), fields[i]);
		fl_csv_close(&csv);
		fl_buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_reading), cmocka_unit_test(test_limits), cmocka_unit_test(test_writing),
		cmocka_unit_test(test_round_trip) };
	mem = fl_arena_make(64 << 20);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fl_arena_fini(&mem);
	return failed;
}
