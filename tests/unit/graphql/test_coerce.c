/* Coercion: literals and variables, defaults, errors, uploads. */
#include "shop.h"

#include <stdio.h>

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

/* What echo shows for these arguments. */
#define SHOWS(arguments, text) shop_expect(&s, "{ echo(" arguments ") }", NULL, "{\"data\":{\"echo\":\"" text "\"}}")
/* The same for one variable given as JSON. */
#define GIVES(type, argument, json, text)                                                                              \
	shop_expect(&s, "query($v: " type ") { echo(text: null, " argument ": $v) }", json, "{\"data\":{\"echo\":\"text=null" text "\"}}")
#define REFUSES(type, argument, json, message)                                                                         \
	assert_non_null(strstr(shop_run(&s, "query($v: " type ") { echo(" argument ": $v) }", json), "{\"errors\":[{\"message\":\"" message "\""))

static void literals(void **state)
{
	shop_expect(&s, "{ echo }", NULL, "{\"data\":{\"echo\":\"text='hi'\"}}");
	SHOWS("text: null", "text=null");
}

static void numbers(void **state)
{
	SHOWS("text: \"a\", n: -1, f: 2, b: false, id: 7", "text='a' n=-1 f=2 b=false id='7'");
	SHOWS("text: \"a\", f: 1.5e2", "text='a' f=150");
	SHOWS("text: \"a\", id: \"x\", color: BLUE", "text='a' id='x' color=#3");
}

static void objects(void **state)
{
	SHOWS("point: { x: 1 }", "text='hi' point={ x=1 y=5 }");
	SHOWS("point: { y: null, x: 2, inner: { x: 3 } }", "text='hi' point={ x=2 y=null inner={ x=3 y=5 } }");
	SHOWS("points: { x: 1 }", "text='hi' points=[ { x=1 y=5 } ]");
	SHOWS("points: [{ x: 1 }, { x: 2, label: \"b\" }]", "text='hi' points=[ { x=1 y=5 } { x=2 y=5 label='b' } ]");
	SHOWS("nested: 1", "text='hi' nested=[ [ 1 ] ]");
	SHOWS("nested: [1, [2, 3], null]", "text='hi' nested=[ [ 1 ] [ 2 3 ] null ]");
	SHOWS("pick: { name: \"n\" }", "text='hi' pick={ name='n' }");
}

static void scalars(void **state)
{
	SHOWS("time: \"1970-01-01T01:00:00.5+01:00\"", "text='hi' time=500000");
	SHOWS("big: 9223372036854775807", "text='hi' big=9223372036854775807");
	SHOWS("big: \"-5\"", "text='hi' big=-5");
	SHOWS("dec: 1.50", "text='hi' dec='1.50'"); /* a literal is text: nothing is lost */
	SHOWS("dec: \"-0.5\"", "text='hi' dec='-0.5'");
	SHOWS("uuid: \"01234567-89AB-CDEF-0123-456789ABCDEF\"", "text='hi' uuid='01234567-89ab-cdef-0123-456789abcdef'");
}

static void strings(void **state)
{
	SHOWS("text: \"a\\u0041\\u{1F600}\\uD83D\\uDE00\\n\\\\\\\"\\/\"", "text='aA\xf0\x9f\x98\x80\xf0\x9f\x98\x80\\n\\\\\\\"/'");
	SHOWS("text: \"\"", "text=''");
	SHOWS("text: \"\"\"\n    one\n      two\n\n    three \\\"\"\" x\n  \"\"\"", "text='one\\n  two\\n\\nthree \\\"\\\"\\\" x'");
	SHOWS("text: \"\"\"\"\"\"", "text=''");
	SHOWS("text: \"\"\"  first\n  second\"\"\"", "text='  first\\nsecond'");
}

static void variables(void **state)
{
	GIVES("Int", "n", "{\"v\":3}", " n=3");
	GIVES("Int", "n", "{\"v\":3.0}", " n=3");
	GIVES("Int", "n", "{\"v\":null}", " n=null");
	GIVES("Int", "n", "{}", "");
	GIVES("Int", "n", NULL, "");
	GIVES("Int = 4", "n", "{}", " n=4");
	GIVES("Int = 4", "n", "{\"v\":null}", " n=null");
	GIVES("Float", "f", "{\"v\":1}", " f=1");
	GIVES("ID", "id", "{\"v\":17}", " id='17'");
	GIVES("Color", "color", "{\"v\":\"GREEN\"}", " color=#2");
	GIVES("PointIn", "point", "{\"v\":{\"x\":1}}", " point={ x=1 y=5 }");
	GIVES("[PointIn!]", "points", "{\"v\":{\"x\":1}}", " points=[ { x=1 y=5 } ]");
	GIVES("[[Int]]", "nested", "{\"v\":[[1,null],[],null,2]}", " nested=[ [ 1 null ] [ ] null [ 2 ] ]");
	GIVES("BigInt", "big", "{\"v\":9007199254740993}", " big=9007199254740993");
	GIVES("Decimal", "dec", "{\"v\":\"12.50\"}", " dec='12.50'");
	GIVES("Decimal", "dec", "{\"v\":12}", " dec='12'");
	shop_expect(&s, "query($a: Int, $t: String) { echo(text: $t, nested: [[$a]], point: { x: 1, y: $a, label: $t }) }", "{\"a\":2}",
		    "{\"data\":{\"echo\":\"text='hi' point={ x=1 y=2 } nested=[ [ 2 ] ]\"}}");
	shop_expect(&s, "query($a: Int) { echo(text: null, nested: [[$a]], point: { x: 1, y: $a }) }", "{}",
		    "{\"data\":{\"echo\":\"text=null point={ x=1 y=5 } nested=[ [ null ] ]\"}}");
}

static void refused_variables(void **state)
{
	REFUSES("Int!", "n", "{}", "Variable \\\"$v\\\" of required type \\\"Int!\\\" was not provided.");
	REFUSES("Int!", "n", "{\"v\":null}", "Variable \\\"$v\\\" of non-null type \\\"Int!\\\" must not be null.");
	REFUSES("Int", "n", "{\"v\":\"x\"}", "Variable \\\"$v\\\" got invalid value \\\"x\\\"; Int cannot represent non-integer value: \\\"x\\\"");
	REFUSES("Int", "n", "{\"v\":2147483648}",
		"Variable \\\"$v\\\" got invalid value 2147483648; Int cannot represent non 32-bit signed integer value: 2147483648");
	REFUSES("Int", "n", "{\"v\":1.5}", "Variable \\\"$v\\\" got invalid value 1.5; Int cannot represent non-integer value: 1.5");
	REFUSES("Boolean", "b", "{\"v\":1}", "Variable \\\"$v\\\" got invalid value 1; Boolean cannot represent a non boolean value: 1");
	REFUSES("String", "text", "{\"v\":1}", "Variable \\\"$v\\\" got invalid value 1; String cannot represent a non string value: 1");
	REFUSES("ID", "id", "{\"v\":true}", "Variable \\\"$v\\\" got invalid value true; ID cannot represent value: true");
	REFUSES("Color", "color", "{\"v\":\"PINK\"}",
		"Variable \\\"$v\\\" got invalid value \\\"PINK\\\"; Value \\\"PINK\\\" does not exist in \\\"Color\\\" enum.");
	REFUSES("Color", "color", "{\"v\":1}",
		"Variable \\\"$v\\\" got invalid value 1; Enum \\\"Color\\\" cannot represent non-string value: 1.");
	REFUSES("[PointIn!]", "points", "{\"v\":[{\"x\":1},{\"x\":\"q\"}]}",
		"Variable \\\"$v\\\" got invalid value \\\"q\\\" at \\\"v[1].x\\\"; Int cannot represent non-integer value: \\\"q\\\"");
	REFUSES("[PointIn!]", "points", "{\"v\":[null]}",
		"Variable \\\"$v\\\" got invalid value null at \\\"v[0]\\\"; Expected non-nullable type \\\"PointIn!\\\" not to be null.");
	REFUSES("PointIn", "point", "{\"v\":{\"x\":1,\"inner\":{}}}",
		"Variable \\\"$v\\\" got invalid value {} at \\\"v.inner\\\"; Field \\\"PointIn.x\\\" of required type \\\"Int!\\\" was not provided.");
	REFUSES("PointIn", "point", "{\"v\":[]}", "Variable \\\"$v\\\" got invalid value []; Expected type \\\"PointIn\\\" to be an object.");
	REFUSES("Pick", "pick", "{\"v\":{\"id\":1,\"name\":\"x\"}}",
		"Variable \\\"$v\\\" got invalid value {id: 1, name: \\\"x\\\"}; OneOf Input Object \\\"Pick\\\" must specify exactly one key.");
	REFUSES("Decimal", "dec", "{\"v\":1.5}", "Variable \\\"$v\\\" got invalid value 1.5; Decimal cannot represent value: 1.5 (a Decimal is a string as in \\\"1250.00\\\", or an integer; "
		"never a JSON number with a fraction)");
	assert_int_equal(s.outcome.status, FL_GQL_REQUEST_ERROR);
}

/* A nullable variable is allowed where the argument has a default, and may still be null at run time. */
static void null_for_default(void **state)
{
	shop_expect(&s, "query($m: Int) { need(n: 1, m: $m) }", "{}", "{\"data\":{\"need\":8}}");
	assert_non_null(strstr(shop_run(&s, "query($m: Int) { need(n: 1, m: $m) }", "{\"m\":null}"), "must not be null"));
	assert_int_equal(s.outcome.status, FL_GQL_EXECUTED);
}

static void uploads(void **state)
{
	fl_gql_upload files[] = { { FL_STR("variables.a"), "A" }, { FL_STR("variables.l.1"), "B" }, { FL_STR("variables.l.0"), "C" } };
	fl_gql_request r = { .query = FL_STR("query($a: Upload!, $l: [Upload!]) { echo(text: null, file: $a, files: $l) }"),
			     .uploads = files, .upload_count = 3 };
	assert_string_equal(shop_run_request(&s, &r, "{\"a\":null,\"l\":[null,null]}"),
			    "{\"data\":{\"echo\":\"text=null file=file(A) files=[ file(C) file(B) ]\"}}");
	assert_non_null(strstr(shop_run_request(&s, &r, "{\"a\":null,\"l\":[null]}"), "The map names \\\"variables.l.1\\\""));
	assert_non_null(strstr(shop_run_request(&s, &r, "{\"a\":1,\"l\":[null,null]}"), "The map names \\\"variables.a\\\""));
	r.upload_count = 1;
	assert_non_null(strstr(shop_run_request(&s, &r, "{\"a\":null,\"l\":[null]}"), "\\\"Upload!\\\" not to be null."));
	files[0].path = FL_STR("operations.a");
	assert_non_null(strstr(shop_run_request(&s, &r, "{\"a\":null}"), "The map names"));
}

static void request_bodies(void **state)
{
	static const struct {
		const char *body;
		bool ok;
	} cases[] = {
		{ "{\"query\":\"{ hello }\"}", true },
		{ "{\"query\":\"{ hello }\",\"variables\":null,\"operationName\":null,\"extensions\":null}", true },
		{ "{\"query\":\"{ hello }\",\"variables\":{},\"operationName\":\"A\",\"extensions\":{}}", true },
		{ "{}", false }, { "[]", false }, { "{\"query\":1}", false }, { "{\"query\":\"\",\"variables\":[]}", false },
		{ "{\"query\":\"\",\"operationName\":1}", false }, { "{\"query\":\"\",\"extensions\":\"x\"}", false },
	};
	fl_arena mem = fl_arena_make(1 << 20);
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		const fl_json *body;
		fl_gql_request request;
		fl_diag diag = {};
		assert_int_equal(fl_json_parse(&mem, fl_str_z(cases[i].body), &body, &diag), FL_OK);
		assert_int_equal(fl_gql_request_from_json(body, &request, &diag), cases[i].ok ? FL_OK : FL_BAD_REQUEST);
		assert_true(cases[i].ok || diag.text[0]);
	}
	fl_arena_fini(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals),          cmocka_unit_test(numbers),          cmocka_unit_test(objects),
		cmocka_unit_test(scalars),           cmocka_unit_test(strings),          cmocka_unit_test(variables),
		cmocka_unit_test(refused_variables), cmocka_unit_test(null_for_default), cmocka_unit_test(uploads),
		cmocka_unit_test(request_bodies),
	};
	return cmocka_run_group_tests(tests, open_shop, close_shop);
}
