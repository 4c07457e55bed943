/* A vehicle's odometer and drivers: lists of many vehicles in one statement, and one moment's driver. */
#include "api/connection_int.h"
#include "fleet/registry/registry.h"

/* The distinct vehicles of a batch whose parents are vehicles. */
typedef struct vehicle_keys {
	fl_gql_keys_i64 keys;
	int32_t *ids;
} vehicle_keys;

static fl_err keys_of(fl_ctx *ctx, const fl_gql_batch *batch, vehicle_keys *out)
{
	return fl_api_number_keys(ctx, batch, offsetof(fl_vehicle, id), &out->keys, &out->ids);
}

fl_err fl_api_vehicle_odometer(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	vehicle_keys keys;
	fl_odometer *rows;
	uint32_t first;
	size_t count;
	FL_TRY(fl_api_first(ctx, field, 10, FL_PAGE_FIRST_MAX, &first));
	FL_TRY(keys_of(ctx, batch, &keys));
	FL_TRY(fl_odometers_of(ctx, keys.ids, keys.keys.count, first, &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_odometer, vehicle_id), &keys.keys, batch);
}

fl_err fl_api_vehicle_assignments(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	vehicle_keys keys;
	fl_assignment *rows;
	uint32_t first;
	size_t count;
	FL_TRY(fl_api_first(ctx, field, 10, FL_PAGE_FIRST_MAX, &first));
	FL_TRY(keys_of(ctx, batch, &keys));
	FL_TRY(fl_assignments_of(ctx, keys.ids, keys.keys.count, first, &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_assignment, vehicle_id), &keys.keys, batch);
}

/* ---- one moment's driver ---- */

/* The drivers of rows, each once; *keys says which row has which. */
static fl_err load_drivers(fl_ctx *ctx, const fl_assignment *rows, size_t count, fl_gql_keys_i64 *keys, const fl_driver ***out)
{
	int64_t *wanted = fl_new_array(ctx->mem, int64_t, count);
	int32_t *ids = fl_new_array(ctx->mem, int32_t, count);
	const fl_driver **found = fl_new_array(ctx->mem, const fl_driver *, count);
	fl_driver *drivers;
	size_t driver_count;
	if (!wanted || !ids || !found)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		wanted[i] = rows[i].driver_id;
	FL_TRY(fl_gql_distinct_i64(ctx->mem, wanted, NULL, count, keys));
	for (size_t i = 0; i < keys->count; i++)
		ids[i] = (int32_t)keys->keys[i];
	FL_TRY(fl_drivers_get(ctx, ids, keys->count, &drivers, &driver_count));
	for (size_t i = 0; i < driver_count; i++)
		found[fl_gql_find_i64(keys, drivers[i].id)] = &drivers[i];
	*out = found;
	return FL_OK;
}

fl_err fl_api_vehicle_driver_at(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int64_t at = fl_gql_int_or(fl_gql_arg(field, "time"), 0);
	const fl_driver **drivers;
	fl_gql_keys_i64 driver_keys;
	vehicle_keys keys;
	fl_assignment *rows;
	size_t count;
	FL_TRY(keys_of(ctx, batch, &keys));
	FL_TRY(fl_drivers_at(ctx, keys.ids, keys.keys.count, at ? at : fl_now_us(), &rows, &count));
	if (count == 0)
		return FL_OK;
	const fl_driver **found = fl_new_array(ctx->mem, const fl_driver *, keys.keys.count);
	if (!found)
		return FL_NOMEM;
	FL_TRY(load_drivers(ctx, rows, count, &driver_keys, &drivers));
	for (size_t i = 0; i < count; i++) {
		uint32_t place = fl_gql_find_i64(&keys.keys, rows[i].vehicle_id);
		if (place != FL_GQL_NO_KEY)
			found[place] = drivers[driver_keys.place[i]];
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(found[keys.keys.place[i]]);
	return FL_OK;
}

/* ---- types ---- */

const struct fl_api_odometer_reading fl_api_odometer_reading = {
	.read_at = FL_COLUMN(fl_odometer, read_at),
	.km = FL_COLUMN(fl_odometer, km),
	.recorded_at = FL_COLUMN(fl_odometer, recorded_at),
};

static int32_t vehicle_key(const void *parent)
{
	return ((const fl_assignment *)parent)->vehicle_id;
}

static int32_t driver_key(const void *parent)
{
	return ((const fl_assignment *)parent)->driver_id;
}

static fl_err vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { vehicle_key, fl_api_load_vehicles }, batch);
}

static fl_err driver(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { driver_key, fl_api_load_drivers }, batch);
}

const struct fl_api_driver_assignment fl_api_driver_assignment = {
	.id = FL_COLUMN(fl_assignment, id),
	.vehicle = FL_BATCH(vehicle),
	.driver = FL_BATCH(driver),
	.from = FL_COLUMN(fl_assignment, starts_at),
	.until = FL_COLUMN(fl_assignment, ends_at),
	.version = FL_COLUMN(fl_assignment, version),
};
