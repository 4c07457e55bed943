/* page/html: nothing that a person typed becomes markup. */
#include "page/html.h"

#include <setjmp.h>
#include <cmocka.h>

static fl_buf buf;
static html h;

static int begin(void **state)
{
	buf = fl_buf_make(1 << 16);
	h = (html){ .buf = &buf };
	return 0;
}

static int end(void **state)
{
	fl_buf_fini(&buf);
	return 0;
}

static void expect(const char *text)
{
	assert_int_equal(fl_buf_err(&buf), FL_OK);
	fl_buf_char(&buf, '\0');
	assert_string_equal(buf.ptr, text);
}

static void text_is_escaped(void **state)
{
	TEXT_EL(&h, "p", FL_STR("<script>alert(\"1\" & '2')</script>"));
	expect("<p>&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</p>");
}

static void attributes_are_escaped(void **state)
{
	EL(&h, "a", { "title", FL_STR("\" onclick=\"x") }, { "href", FL_STR("/?a=1&b=2") });
	html_end(&h);
	expect("<a title=\"&quot; onclick=&quot;x\" href=\"/?a=1&amp;b=2\"></a>");
}

static void absent_attributes_are_left_out(void **state)
{
	VOID_EL(&h, "input", { "value", FL_STR("") }, { "disabled", HTML_IF(false) }, { "required", HTML_IF(true) });
	expect("<input value=\"\" required=\"\">");
}

static void a_nul_does_not_pass(void **state)
{
	TEXT_EL(&h, "p", fl_str_make("a\0b", 3));
	expect("<p>a\xef\xbf\xbd" "b</p>");
}

static void data_cannot_end_its_element(void **state)
{
	html_json(&h, FL_STR("x"), FL_STR("{\"a\":\"</script><!--\"}"));
	expect("<script type=\"application/json\" id=\"x\">{\"a\":\"\\u003c/script>\\u003c!--\"}</script>");
}

static void paths_stay_on_this_origin(void **state)
{
	static const struct {
		const char *url, *path;
	} cases[] = {
		{ "/photos/1/thumb", "/photos/1/thumb" },
		{ "https://fleet.example/photos/1?x=2", "/photos/1?x=2" },
		{ "http://127.0.0.1:8080", "/" },
		{ "//evil.example/x", "#" },
		{ "/\\evil.example", "#" },
		{ "https://fleet.example//evil.example/x", "#" },
		{ "javascript:alert(1)", "#" },
		{ "javascript://x/%0aalert(1)", "/%0aalert(1)" },
		{ "", "#" },
	};

	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_str path = html_path(fl_str_z(cases[i].url));
		assert_true(fl_str_eq(path, fl_str_z(cases[i].path)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_is_escaped, begin, end),
		cmocka_unit_test_setup_teardown(attributes_are_escaped, begin, end),
		cmocka_unit_test_setup_teardown(absent_attributes_are_left_out, begin, end),
		cmocka_unit_test_setup_teardown(a_nul_does_not_pass, begin, end),
		cmocka_unit_test_setup_teardown(data_cannot_end_its_element, begin, end),
		cmocka_unit_test(paths_stay_on_this_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
