/* Fields and their texts, VINs and areas: pure rules. */
#include <setjmp.h>
#include <stdio.h>

#include "fleet/geo.h"
#include "fleet/registry/registry.h"
#include "fleet/registry/vin.h"

#include <cmocka.h>

static fl_arena mem;
static fl_diag diag;

static const char *vin(const char *text)
{
	fl_str v = fl_str_z(text);
	return fl_vin_check(&mem, &diag, &v) == FL_OK ? fl_str_cstr(&mem, v) : NULL;
}

static void test_vin(void **state)
{
	assert_string_equal(vin("1hgcm826 33a-004352"), "1HGCM82633A004352");
	assert_null(vin("1HGCM82633A00435"));
	assert_null(vin("1HGCM82633A0043522"));
	assert_null(vin("1HGCM82633AOO4352"));
	assert_null(vin("1HGCM82633A00435\xc3\xa9"));
	assert_int_equal(fl_vin_warning(&mem, FL_STR("1HGCM82633A004352")).len, 0);
	assert_int_equal(fl_vin_warning(&mem, FL_STR("11111111111111111")).len, 0);
	assert_int_equal(fl_vin_warning(&mem, FL_STR("1M8GDM9AXKP042788")).len, 0); /* X is ten */
	assert_true(fl_vin_warning(&mem, FL_STR("1HGCM82643A004352")).len > 0);
	assert_int_equal(fl_vin_warning(&mem, FL_STR("WF0EXXTT9LR012345")).len, 0); /* Europe has no check digit */
}

static fl_err parse(const char *name, const char *text, fl_value *out)
{
	int field = fl_record_field(&fl_record_vehicle, name);
	assert_true(field >= 0);
	return fl_field_parse(&mem, &diag, &fl_record_vehicle.fields[field], fl_str_z(text), out);
}

static void test_fields(void **state)
{
	fl_value v;
	assert_int_equal(parse("year", " 2021 ", &v), FL_OK);
	assert_int_equal(v.number, 2021);
	assert_int_equal(parse("year", "1021", &v), FL_BAD_INPUT);
	assert_non_null(strstr(diag.text, "1950"));
	assert_int_equal(parse("year", "this one", &v), FL_BAD_INPUT);
	assert_int_equal(parse("year", "", &v), FL_BAD_INPUT); /* it must be there */
	assert_int_equal(parse("value", "12500.5", &v), FL_OK);
	assert_int_equal(v.number, 1250050);
	assert_int_equal(parse("value", "", &v), FL_OK);
	assert_true(v.null);
	assert_int_equal(parse("kind", "truck", &v), FL_OK);
	assert_int_equal(v.number, 3);
	assert_int_equal(parse("kind", "boat", &v), FL_BAD_INPUT);
	assert_non_null(strstr(diag.text, "CAR, VAN, TRUCK"));
	assert_int_equal(parse("name", "a\x01", &v), FL_BAD_INPUT);
	assert_int_equal(parse("name", "\xff\xfe", &v), FL_BAD_INPUT);
	assert_int_equal(parse("facilityId", "Breda", &v), FL_OK); /* looked up by whoever reads the file */
}

static void test_areas(void **state)
{
	fl_area area;
	fl_str text = FL_STR("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[4,51],[5,51],[5,52],[4,51]]]}}");
	assert_int_equal(fl_area_check(&mem, &diag, "the area", &text), FL_OK);
	assert_string_equal(fl_str_cstr(&mem, text), "{\"type\":\"Polygon\",\"coordinates\":[[[4,51],[5,51],[5,52],[4,51]]]}");
	assert_int_equal(fl_area_parse(&mem, &diag, "the area", text, &area), FL_OK);
	assert_int_equal(area.count, 3);
	static const char *const bad[] = { "", "{}", "[]", "{\"type\":\"Point\",\"coordinates\":[4,51]}", "{\"type\":\"Polygon\",\"coordinates\":[[[4,51],[5,51]]]}",
		"{\"type\":\"Polygon\",\"coordinates\":[[[4,51],[5,51],[5,95]]]}", "{\"type\":\"Polygon\",\"coordinates\":[[[4,51],[5],[5,52]]]}",
		"{\"type\":\"Polygon\",\"coordinates\":[[4,51],[5,51],[5,52]]}" };
	for (size_t i = 0; i < FL_COUNT(bad); i++)
		assert_int_equal(fl_area_parse(&mem, &diag, "the area", fl_str_z(bad[i]), &area), FL_BAD_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_vin), cmocka_unit_test(test_fields), cmocka_unit_test(test_areas) };
	mem = fl_arena_make(8 << 20);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fl_arena_fini(&mem);
	return failed;
}
