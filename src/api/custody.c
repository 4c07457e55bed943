/* A vehicle's odometer and drivers: lists of many vehicles in one statement, and one moment's driver. */
#include "api/api_int.h"
#include "fleet/registry/registry.h"

/* The distinct vehicles of a batch whose parents are vehicles. */
typedef struct vehicle_keys {
	fl_gql_keys_i64 keys;
	int32_t *ids;
} vehicle_keys;

static fl_err keys_of(fl_ctx *ctx, const fl_gql_batch *batch, vehicle_keys *out)
{
	int64_t *all = fl_new_array(ctx->mem, int64_t, batch->count);
	out->ids = fl_new_array(ctx->mem, int32_t, batch->count);
	if (!all || !out->ids)
		return FL_NOMEM;
	for (size_t i = 0; i < batch->count; i++)
		all[i] = ((const fl_vehicle *)batch->parents[i])->id;
	FL_TRY(fl_gql_distinct_i64(ctx->mem, all, NULL, batch->count, &out->keys));
	for (size_t i = 0; i < out->keys.count; i++)
		out->ids[i] = (int32_t)out->keys.keys[i];
	return FL_OK;
}

static fl_err read_first(fl_ctx *ctx, const fl_gql_field *field, uint32_t *out)
{
	int64_t first = fl_gql_int_or(fl_gql_arg(field, "first"), 10);
	if (first < 1 || first > FL_PAGE_FIRST_MAX)
		return fl_fail(
			&ctx->diag, FL_BAD_INPUT, "first is %lld; it goes from 1 to %d", (long long)first, FL_PAGE_FIRST_MAX);
	*out = (uint32_t)first;
	return FL_OK;
}

/* Rows that come grouped by vehicle, each run to its parents. vehicle_at: where a row holds its vehicle. */
static fl_err scatter(fl_ctx *ctx, const void *rows, size_t count, size_t stride, size_t vehicle_at, const vehicle_keys *keys,
	fl_gql_batch *batch)
{
	const char *at = rows;
	fl_gql_value *lists = fl_new_array(ctx->mem, fl_gql_value, keys->keys.count);
	if (!lists)
		return FL_NOMEM;
	for (size_t i = 0; i < keys->keys.count; i++)
		lists[i] = fl_gql_rows(rows, stride, 0);
	for (size_t i = 0, end; i < count; i = end) {
		int32_t vehicle = *(const int32_t *)(at + i * stride + vehicle_at);
		for (end = i + 1; end < count && *(const int32_t *)(at + end * stride + vehicle_at) == vehicle;)
			end++;
		uint32_t place = fl_gql_find_i64(&keys->keys, vehicle);
		if (place != FL_GQL_NO_KEY)
			lists[place] = fl_gql_rows(at + i * stride, stride, end - i);
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = lists[keys->keys.place[i]];
	return FL_OK;
}

fl_err fl_api_vehicle_odometer(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	vehicle_keys keys;
	fl_odometer *rows;
	uint32_t first;
	size_t count;
	FL_TRY(read_first(ctx, field, &first));
	FL_TRY(keys_of(ctx, batch, &keys));
	FL_TRY(fl_odometers_of(ctx, keys.ids, keys.keys.count, first, &rows, &count));
	return scatter(ctx, rows, count, sizeof(rows[0]), offsetof(fl_odometer, vehicle_id), &keys, batch);
}

fl_err fl_api_vehicle_assignments(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	vehicle_keys keys;
	fl_assignment *rows;
	uint32_t first;
	size_t count;
	FL_TRY(read_first(ctx, field, &first));
	FL_TRY(keys_of(ctx, batch, &keys));
	FL_TRY(fl_assignments_of(ctx, keys.ids, keys.keys.count, first, &rows, &count));
	return scatter(ctx, rows, count, sizeof(rows[0]), offsetof(fl_assignment, vehicle_id), &keys, batch);
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
