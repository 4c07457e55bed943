/* Scripts of a day: what is read, and what is said about a mistake. */
#include "app/documents.h"
#include "app/script.h"

#include <setjmp.h>
#include <cmocka.h>

static fl_arena mem;

static int begin(void **state)
{
	(void)state;
	mem = fl_arena_make(8 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fl_arena_fini(&mem);
	return 0;
}

static void reads_steps_lines_and_blocks(void **state)
{
	const fl_str text = FL_STR("# for the reader\n\n=== 08:00 One\nas manager\n  want a.b  3 \n--- operation\n{ a\n\n  b }\n--- variables\n{}\n\n=== 09:00 Two\nget /x\n");
	app_step *steps;
	size_t count;
	fl_diag diag = {};
	(void)state;
	assert_int_equal(app_script_parse(text, &mem, &steps, &count, &diag), FL_OK);
	assert_int_equal(count, 2);
	assert_true(fl_str_eq(steps[0].title, FL_STR("08:00 One")));
	assert_true(fl_str_eq(app_step_line(&steps[0], "as"), FL_STR("manager")));
	assert_true(fl_str_eq(app_step_line(&steps[0], "want"), FL_STR("a.b  3")));
	assert_true(fl_str_eq(fl_str_trim(steps[0].operation), FL_STR("{ a\n\n  b }")));
	assert_true(fl_str_eq(fl_str_trim(steps[0].variables), FL_STR("{}")));
	assert_int_equal(steps[1].operation.len, 0);
	assert_int_equal(app_step_line(&steps[1], "as").len, 0);
}

static void names_the_line_of_a_mistake(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = { { "as manager\n", "line 1: a script begins with '=== '" }, { "=== a\n--- picture\n", "line 2: a block is operation, variables, file or form, not 'picture'" } };
	app_step *steps;
	size_t count;
	(void)state;
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_diag diag = {};
		assert_int_equal(app_script_parse(fl_str_z(cases[i].text), &mem, &steps, &count, &diag), FL_BAD_INPUT);
		assert_non_null(strstr(diag.text, cases[i].said));
	}
}

static void has_an_end(void **state)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 20);
	app_step *steps;
	size_t count;
	fl_diag diag = {};
	(void)state;
	for (int i = 0; i <= APP_STEPS_MAX; i++)
		fl_buf_fmt(&buf, "=== %d\n", i);
	assert_int_equal(app_script_parse(fl_buf_view(&buf), &mem, &steps, &count, &diag), FL_BAD_INPUT);
	buf.len = 0;
	fl_buf_fmt(&buf, "=== a\n");
	for (int i = 0; i <= APP_STEP_LINES_MAX; i++)
		fl_buf_fmt(&buf, "want a 1\n");
	assert_int_equal(app_script_parse(fl_buf_view(&buf), &mem, &steps, &count, &diag), FL_BAD_INPUT);
}

/* What the program brings along can be read, and its operations fit among the documents that a server of trusted ones takes. */
static void the_day_can_be_read(void **state)
{
	static fl_str documents[APP_DOCUMENTS_MAX];
	app_step *steps;
	size_t count, operations = 0;
	fl_diag diag = {};
	(void)state;
	assert_int_equal(app_script_parse(app_day_script(), &mem, &steps, &count, &diag), FL_OK);
	assert_true(count > 20);
	for (size_t i = 0; i < count; i++)
		operations += steps[i].operation.len > 0;
	size_t all = app_own_documents(documents);
	assert_true(all < APP_DOCUMENTS_MAX && all > operations);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_steps_lines_and_blocks), cmocka_unit_test(names_the_line_of_a_mistake),
		cmocka_unit_test(has_an_end), cmocka_unit_test(the_day_can_be_read) };
	return cmocka_run_group_tests(tests, begin, end);
}
