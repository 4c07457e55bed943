#include "fleet/registry/vehicle.h"

/* ---- vehicles ---- */

#define VEHICLE_COLUMNS "id, facility_id, year, name, plate, vin, make, model, kind, value, version, retired_at, jurisdiction"

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
			.kind = fl_row_i16(rows, i, 8),
			.has_value = !fl_row_null(rows, i, 9),
			.value_cents = fl_row_i64(rows, i, 9),
			.version = fl_row_i32(rows, i, 10),
			.retired_at = fl_row_time_or_0(rows, i, 11),
			.jurisdiction = fl_row_text(rows, i, 12),
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

/* Names are found by their key in lower case and compared as they are by whoever asked. */
fl_err fl_vehicles_by_key(fl_ctx *ctx, fl_vehicle_key key, const fl_str *texts, size_t text_count, fl_vehicle **out, size_t *count)
{
	static const fl_sql by_vin = { "vehicles_by_vin", "SELECT " VEHICLE_COLUMNS " FROM vehicles WHERE vin = ANY($1)", .generic = true };
	static const fl_sql by_name = { "vehicles_by_name",
		"SELECT " VEHICLE_COLUMNS " FROM vehicles WHERE name_key = ANY(ARRAY(SELECT lower(t) FROM unnest($1::text[]) t))", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_texts(&args, texts, text_count);
	FL_TRY(await_query(ctx, ctx->services->db, key == FL_VEHICLE_BY_VIN ? &by_vin : &by_name, &args, &rows));
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

fl_err fl_vehicles_find(fl_ctx *ctx, fl_str search, bool retired, const fl_str *after_name_key, uint32_t limit, fl_vehicle **out,
			size_t *count)
{
	static const fl_sql sql = { "vehicles_find", "SELECT " VEHICLE_COLUMNS " FROM vehicles"
						     " WHERE ($1::text IS NULL OR search ILIKE $1) AND ($2::text IS NULL OR name_key > lower($2))"
						     " AND ($4 OR retired_at IS NULL) ORDER BY name_key LIMIT $3" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_text(&args, search.len ? like_pattern(ctx->mem, search) : (fl_str){});
	fl_arg_text(&args, after_name_key ? *after_name_key : (fl_str){});
	fl_arg_i64(&args, limit);
	fl_arg_bool(&args, retired);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_vehicles(ctx, rows, out, count);
}

/* ---- depots ---- */

#define FACILITY_COLUMNS "id, name, address, ST_Y(location::geometry), ST_X(location::geometry), ST_AsGeoJSON(geofence::geometry, 7), version, retired_at, jurisdiction"

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
			.geofence = fl_row_text(rows, i, 5),
			.version = fl_row_i32(rows, i, 6),
			.retired_at = fl_row_time_or_0(rows, i, 7),
			.jurisdiction = fl_row_text(rows, i, 8),
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
	static const fl_sql sql = { "facilities_all", "SELECT " FACILITY_COLUMNS " FROM facilities WHERE retired_at IS NULL ORDER BY name LIMIT 1000" };
	const fl_rows *rows;
	FL_TRY(await_query(ctx, ctx->services->db, &sql, NULL, &rows));
	return read_facilities(ctx, rows, out, count);
}

/* ---- drivers ---- */

#define DRIVER_COLUMNS "id, name, email, phone, licence_no, employee_no, version, retired_at"

/* How to reach a driver is for those who may know. */
static fl_err read_drivers(fl_ctx *ctx, const fl_rows *rows, fl_driver **out, size_t *count)
{
	bool person = fl_may(&ctx->caller, FL_MAY_PERSON_READ);
	fl_driver *drivers = fl_new_array(ctx->mem, fl_driver, (size_t)rows->count);
	if (!drivers)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		drivers[i] = (fl_driver){ .id = fl_row_i32(rows, i, 0), .name = fl_row_text(rows, i, 1), .version = fl_row_i32(rows, i, 6),
					  .retired_at = fl_row_time_or_0(rows, i, 7) };
		if (!person)
			continue;
		drivers[i].email = fl_row_text(rows, i, 2);
		drivers[i].phone = fl_row_text(rows, i, 3);
		drivers[i].licence_no = fl_row_text(rows, i, 4);
		drivers[i].employee_no = fl_row_text(rows, i, 5);
	}
	*out = drivers;
	*count = rows->count;
	return FL_OK;
}

fl_err fl_drivers_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_driver **out, size_t *count)
{
	static const fl_sql sql = { "drivers_get", "SELECT " DRIVER_COLUMNS " FROM drivers WHERE id = ANY($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_drivers(ctx, rows, out, count);
}

fl_err fl_drivers_find(fl_ctx *ctx, fl_str search, const fl_str *after_name, int32_t after_id, uint32_t limit, fl_driver **out, size_t *count)
{
	static const fl_sql sql = { "drivers_find", "SELECT " DRIVER_COLUMNS " FROM drivers WHERE ($1::text IS NULL OR name_key ILIKE $1)"
						    " AND ($2::text IS NULL OR (name_key, id) > (lower($2), $3)) ORDER BY name_key, id LIMIT $4" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_PERSON_READ));
	fl_arg_text(&args, search.len ? like_pattern(ctx->mem, search) : (fl_str){});
	fl_arg_text(&args, after_name ? *after_name : (fl_str){});
	fl_arg_i32(&args, after_id);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_drivers(ctx, rows, out, count);
}

/* ---- vendors ---- */

#define VENDOR_COLUMNS "id, name, address, email, phone, labour_rate, version, retired_at"

static fl_err read_vendors(fl_ctx *ctx, const fl_rows *rows, fl_vendor **out, size_t *count)
{
	fl_vendor *vendors = fl_new_array(ctx->mem, fl_vendor, (size_t)rows->count);
	if (!vendors)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		vendors[i] = (fl_vendor){
			.id = fl_row_i32(rows, i, 0),
			.name = fl_row_text(rows, i, 1),
			.address = fl_row_text(rows, i, 2),
			.email = fl_row_text(rows, i, 3),
			.phone = fl_row_text(rows, i, 4),
			.has_labour_rate = !fl_row_null(rows, i, 5),
			.labour_rate_cents = fl_row_i64(rows, i, 5),
			.version = fl_row_i32(rows, i, 6),
			.retired_at = fl_row_time_or_0(rows, i, 7),
		};
	*out = vendors;
	*count = rows->count;
	return FL_OK;
}

fl_err fl_vendors_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_vendor **out, size_t *count)
{
	static const fl_sql sql = { "vendors_get", "SELECT " VENDOR_COLUMNS " FROM vendors WHERE id = ANY($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_vendors(ctx, rows, out, count);
}

fl_err fl_vendors_all(fl_ctx *ctx, fl_vendor **out, size_t *count)
{
	static const fl_sql sql = { "vendors_all", "SELECT " VENDOR_COLUMNS " FROM vendors WHERE retired_at IS NULL ORDER BY name LIMIT 1000" };
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, NULL, &rows));
	return read_vendors(ctx, rows, out, count);
}
