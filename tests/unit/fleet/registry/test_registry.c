/* The registry against a real PostgreSQL: what one company changes, another neither sees nor touches; what is personal never
 * enters the history. */
#include "world.h"

#include "fleet/registry/registry.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;

static void set(fl_record_change *change, const fl_record_kind *kind, const char *name, const char *text)
{
	int field = fl_record_field(kind, name);
	assert_true(field >= 0);
	change->values[field] = (fl_value){ .given = true, .text = fl_str_z(text) };
}

static fl_err add_vendor(fl_ctx *ctx, const char *name, int32_t *id)
{
	fl_record_change change = {};
	set(&change, &fl_record_vendor, "name", name);
	return fl_record_save(ctx, &fl_record_vendor, &change, id);
}

static fl_err companies_keep_to_themselves(fl_ctx *ctx)
{
	fl_record_change change = {};
	fl_vendor *vendors;
	size_t count;
	int32_t id;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(add_vendor(ctx, "Ours", &id));
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(fl_vendors_all(ctx, &vendors, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_vendors_get(ctx, &id, 1, &vendors, &count));
	assert_int_equal(count, 0);
	change.id = id;
	set(&change, &fl_record_vendor, "name", "Theirs");
	assert_int_equal(fl_record_save(ctx, &fl_record_vendor, &change, &id), FL_NOT_FOUND);
	assert_int_equal(fl_record_retire(ctx, &fl_record_vendor, change.id, 0, true), FL_NOT_FOUND);
	FL_TRY(add_vendor(ctx, "Ours", &id)); /* a name is taken in its company only */
	return FL_OK;
}

static fl_err foreign_vehicles_and_drivers(fl_ctx *ctx)
{
	fl_warnings warnings = {};
	fl_assignment out;
	(void)pg_fixture_sql(&w.pg, "INSERT INTO vehicles (tenant_id, id, name, vin, make, model, year) VALUES (1, 77, 'OURS', 'OURSOURS', 'm', 'm', 2020)");
	world_as(ctx, 2, WORLD_MANAGER);
	assert_int_equal(fl_odometer_record(ctx, &(fl_odometer){ .vehicle_id = 77, .km = 1, .read_at = 1 }, &warnings), FL_NOT_FOUND);
	assert_int_equal(fl_driver_assign(ctx, &(fl_assignment){ .vehicle_id = 77, .driver_id = 1 }, &out), FL_NOT_FOUND);
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(fl_driver_assign(ctx, &(fl_assignment){ .vehicle_id = 77, .driver_id = 1, .starts_at = FL_DAY_US }, &out));
	int32_t id = out.id;
	world_as(ctx, 2, WORLD_MANAGER);
	assert_int_equal(fl_assignment_end(ctx, id, 0, 0, &out), FL_CONFLICT);
	fl_assignment *rows;
	size_t count;
	FL_TRY(fl_drivers_at(ctx, (int32_t[]){ 77 }, 1, 2 * FL_DAY_US, &rows, &count));
	assert_int_equal(count, 0);
	return FL_OK;
}

static fl_err history_forgets_no_person(fl_ctx *ctx)
{
	fl_record_change change = {};
	int32_t id;
	world_as(ctx, 1, WORLD_MANAGER);
	set(&change, &fl_record_driver, "name", "Somebody Special");
	set(&change, &fl_record_driver, "email", "special@example.com");
	FL_TRY(fl_record_save(ctx, &fl_record_driver, &change, &id));
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE type = 'driver.created'"), 1);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE data::text ILIKE '%special%'"), 0);
	assert_string_equal(pg_fixture_sql(&w.pg, "SELECT data->'private' FROM events WHERE type = 'driver.created'"), "[\"name\", \"email\"]");
	change = (fl_record_change){ .id = 1 };
	set(&change, &fl_record_vehicle, "plate", "NEW-1");
	set(&change, &fl_record_vehicle, "vin", "WF0EXXTT9LR012345");
	FL_TRY(fl_record_save(ctx, &fl_record_vehicle, &change, &id));
	assert_string_equal(pg_fixture_sql(&w.pg, "SELECT data->'plate' FROM events WHERE type = 'vehicle.updated' AND vehicle_id = 1"), "[\"\", \"NEW-1\"]");
	return FL_OK;
}

static void test_companies(void **state)
{
	world_play(&w, companies_keep_to_themselves);
}

static void test_foreign(void **state)
{
	world_play(&w, foreign_vehicles_and_drivers);
}

static void test_history(void **state)
{
	world_play(&w, history_forgets_no_person);
}

int main(int argc, char **argv)
{
	world_child(argc, argv);
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_companies), cmocka_unit_test(test_foreign), cmocka_unit_test(test_history) };
	world_start(&w);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	world_stop(&w);
	return failed;
}
