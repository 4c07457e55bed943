#include "fleet/vehicle.h"

/* ---- vehicles ---- */

#define VEHICLE_COLUMNS "id, facility_id, year, name, plate, vin, make, model"

static fl_err read_vehicles(fl_ctx *ctx, const fl_rows *rows, fl_vehicle **out, size_t *count)
{
	fl_vehicle *vehicles = fl_new_array(ctx->mem, fl_vehicle, (size_t)rows->count);
	if (!vehicles)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		vehicles[i] = (fl_vehicle){
			.id = fl_row_i32(rows, i, 0),
			.facility_id = fl_row_i32(rows, i, 1),
			.year = fl_row_i16(rows, i, 2),
			.name = fl_row_text(rows, i, 3),
			.plate = fl_row_text(rows, i, 4),
			.vin = fl_row_text(rows, i, 5),
			.make = fl_row_text(rows, i, 6),
			.model = fl_row_text(rows, i, 7),
		};
	*out = vehicles;
	*count = rows->count;
	return FL_OK;
}

fl_err fl_vehicles_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_vehicle **out, size_t *count)
{
	static const fl_sql sql = { "vehicles_get", "SELECT " VEHICLE_COLUMNS " FROM vehicles WHERE id = ANY($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_vehicles(ctx, rows, out, count);
}

fl_err fl_vehicle_by_name(fl_ctx *ctx, fl_str name, const fl_vehicle **out)
{
	static const fl_sql sql = { "vehicle_by_name", "SELECT " VEHICLE_COLUMNS " FROM vehicles WHERE name_key = lower($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_vehicle *vehicles;
	size_t count;
	fl_arg_text(&args, name);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	FL_TRY(read_vehicles(ctx, rows, &vehicles, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vehicle %.*s", (int)FL_MIN(name.len, 60), name.ptr);
	*out = vehicles;
	return FL_OK;
}

/* The text as a pattern of LIKE that matches it anywhere. */
static fl_str like_pattern(fl_arena *mem, fl_str text)
{
	char *pattern = fl_arena_take(mem, 2 * text.len + 2), *to = pattern;
	if (!pattern)
		return (fl_str){};
	*to++ = '%';
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '%' || text.ptr[i] == '_' || text.ptr[i] == '\\')
			*to++ = '\\';
		*to++ = text.ptr[i];
	}
	*to++ = '%';
	return (fl_str){ pattern, to - pattern };
}

fl_err fl_vehicles_find(fl_ctx *ctx, fl_str search, const fl_str *after_name_key, uint32_t limit, fl_vehicle **out, size_t *count)
{
	static const fl_sql sql = { "vehicles_find", "SELECT " VEHICLE_COLUMNS " FROM vehicles"
						     " WHERE ($1::text IS NULL OR search ILIKE $1) AND ($2::text IS NULL OR name_key > lower($2))"
						     " ORDER BY name_key LIMIT $3" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_text(&args, search.len ? like_pattern(ctx->mem, search) : (fl_str){});
	fl_arg_text(&args, after_name_key ? *after_name_key : (fl_str){});
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_vehicles(ctx, rows, out, count);
}

/* ---- depots ---- */

#define FACILITY_COLUMNS "id, name, address, ST_Y(location::geometry), ST_X(location::geometry)"

static fl_err read_facilities(fl_ctx *ctx, const fl_rows *rows, fl_facility **out, size_t *count)
{
	fl_facility *facilities = fl_new_array(ctx->mem, fl_facility, (size_t)rows->count);
	if (!facilities)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		facilities[i] = (fl_facility){
			.id = fl_row_i32(rows, i, 0),
			.name = fl_row_text(rows, i, 1),
			.address = fl_row_text(rows, i, 2),
			.has_location = !fl_row_null(rows, i, 3),
			.location = { fl_row_f8(rows, i, 3), fl_row_f8(rows, i, 4) },
		};
	*out = facilities;
	*count = rows->count;
	return FL_OK;
}

fl_err fl_facilities_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_facility **out, size_t *count)
{
	static const fl_sql sql = { "facilities_get", "SELECT " FACILITY_COLUMNS " FROM facilities WHERE id = ANY($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_facilities(ctx, rows, out, count);
}

fl_err fl_facilities_all(fl_ctx *ctx, fl_facility **out, size_t *count)
{
	static const fl_sql sql = { "facilities_all", "SELECT " FACILITY_COLUMNS " FROM facilities ORDER BY name LIMIT 1000" };
	const fl_rows *rows;
	FL_TRY(await_query(ctx, ctx->services->db, &sql, NULL, &rows));
	return read_facilities(ctx, rows, out, count);
}

/* ---- drivers ---- */

fl_err fl_drivers_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_driver **out, size_t *count)
{
	static const fl_sql sql = { "drivers_get", "SELECT id, name FROM drivers WHERE id = ANY($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_driver *drivers = fl_new_array(ctx->mem, fl_driver, (size_t)rows->count);
	if (!drivers)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		drivers[i] = (fl_driver){ fl_row_i32(rows, i, 0), fl_row_text(rows, i, 1) };
	*out = drivers;
	*count = rows->count;
	return FL_OK;
}
