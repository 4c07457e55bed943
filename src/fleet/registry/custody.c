/* What a vehicle's days leave behind: odometer readings, and who had it when. */
#include "fleet/event.h"
#include "fleet/registry/registry.h"

/* A change of a vehicle's history with its event, in one transaction of two statements. */
static fl_err write_with_event(fl_ctx *ctx, const fl_sql *sql, const fl_args *args, const char *type, int32_t vehicle_id, fl_str data,
	const fl_rows **rows)
{
	fl_args event;
	if (!data.ptr)
		return FL_NOMEM;
	FL_TRY(fl_event_args(ctx, &(fl_event){ .id = fl_uuid7(fl_now_us()), .type = type, .vehicle_id = vehicle_id, .version = 0,
		.actor = ctx->caller.user_id, .data = data }, &event));
	const fl_stmt stmts[] = { { sql, args, rows }, { &fl_event_insert, &event, NULL } };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

static fl_str when(fl_ctx *ctx, int64_t at)
{
	char text[FL_TIME_TEXT_MAX];
	size_t len = fl_time_format(at, text);
	return fl_str_dup(ctx->mem, (fl_str){ text, len });
}

/* ---- odometer ---- */

static const fl_sql odometer_insert = {
	"odometer_insert",
	"INSERT INTO odometer_readings (tenant_id, vehicle_id, read_at, km, recorded_by) VALUES ($1, $2, $3, $4, $5)", .write = true
};

/* The neighbours of a moment in a vehicle's readings. */
static const fl_sql odometer_around = {
	"odometer_around",
	"SELECT b.km, b.read_at, a.km, a.read_at FROM (SELECT 1) one"
	" LEFT JOIN LATERAL (SELECT km, read_at FROM odometer_readings WHERE vehicle_id = $1 AND read_at < $2 ORDER BY read_at DESC LIMIT 1) b ON true"
	" LEFT JOIN LATERAL (SELECT km, read_at FROM odometer_readings WHERE vehicle_id = $1 AND read_at > $2 ORDER BY read_at LIMIT 1) a ON true",
	.generic = true
};

static void day_of(int64_t at, char out[11])
{
	char text[FL_TIME_TEXT_MAX];
	fl_time_format(at, text);
	memcpy(out, text, 10);
	out[10] = 0;
}

static fl_err warn_odometer(fl_ctx *ctx, const fl_odometer *reading, fl_warnings *warnings)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	char day[11];
	fl_arg_i32(&args, reading->vehicle_id);
	fl_arg_time(&args, reading->read_at);
	FL_TRY(await_query(ctx, ctx->services->db, &odometer_around, &args, &rows));
	if (!fl_row_null(rows, 0, 0) && fl_row_i32(rows, 0, 0) > reading->km) {
		day_of(fl_row_time(rows, 0, 1), day);
		fl_warnings_add(warnings, fl_str_fmt(ctx->mem, "an earlier reading, of %s, is higher: %d km", day, fl_row_i32(rows, 0, 0)));
	}
	if (fl_row_null(rows, 0, 2))
		return FL_OK;
	day_of(fl_row_time(rows, 0, 3), day);
	fl_warnings_add(warnings, fl_str_fmt(ctx->mem, "this reading is older than others; it was put in its place, before %s", day));
	if (fl_row_i32(rows, 0, 2) < reading->km)
		fl_warnings_add(warnings, fl_str_fmt(ctx->mem, "a later reading, of %s, is lower: %d km", day, fl_row_i32(rows, 0, 2)));
	return FL_OK;
}

fl_err fl_odometer_record(fl_ctx *ctx, const fl_odometer *reading, fl_warnings *warnings)
{
	fl_args args = fl_args_make(ctx->mem);
	FL_TRY(fl_must(ctx, FL_MAY_ODOMETER_RECORD));
	if (reading->km < 0 || reading->km > 10000000)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the odometer reads %d km; it goes from 0 to 10,000,000", reading->km);
	if (reading->read_at > fl_now_us() + 5 * FL_MINUTE_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the reading lies in the future");
	FL_TRY(warn_odometer(ctx, reading, warnings));
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_i32(&args, reading->vehicle_id);
	fl_arg_time(&args, reading->read_at);
	fl_arg_i32(&args, reading->km);
	if (ctx->caller.user_id)
		fl_arg_i32(&args, ctx->caller.user_id);
	else
		fl_arg_null(&args, FL_DB_I32);
	fl_str at = when(ctx, reading->read_at);
	fl_str data = fl_str_fmt(ctx->mem, "{\"km\":%d,\"at\":\"%.*s\"}", reading->km, FL_ARG(at));
	fl_err err = write_with_event(ctx, &odometer_insert, &args, "vehicle.odometer", reading->vehicle_id, data, NULL);
	if (err == FL_DUPLICATE)
		return fl_fail(&ctx->diag, FL_DUPLICATE, "there is a reading of this very moment already");
	return err == FL_CONFLICT ? fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vehicle with the id %d", reading->vehicle_id) : err;
}

fl_err fl_odometers_of(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, uint32_t limit, fl_odometer **out, size_t *count)
{
	static const fl_sql sql = { "odometers_of", "SELECT r.* FROM unnest($1::int[]) v CROSS JOIN LATERAL (SELECT vehicle_id, km, read_at, recorded_at"
		" FROM odometer_readings WHERE vehicle_id = v ORDER BY read_at DESC LIMIT $2) r", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, vehicles, vehicle_count);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_odometer *made = fl_new_array(ctx->mem, fl_odometer, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		made[i] = (fl_odometer){ fl_row_i32(rows, i, 0), fl_row_i32(rows, i, 1), fl_row_time(rows, i, 2), fl_row_time(rows, i, 3) };
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- assignments ---- */

#define ASSIGNMENT_COLUMNS "id, vehicle_id, driver_id, version, starts_at, ends_at"

static fl_assignment read_assignment(const fl_rows *rows, int i)
{
	return (fl_assignment){ fl_row_i32(rows, i, 0), fl_row_i32(rows, i, 1), fl_row_i32(rows, i, 2), fl_row_i32(rows, i, 3),
		fl_row_time(rows, i, 4), fl_row_time_or_0(rows, i, 5) };
}

static fl_err read_assignments(fl_ctx *ctx, const fl_rows *rows, fl_assignment **out, size_t *count)
{
	fl_assignment *made = fl_new_array(ctx->mem, fl_assignment, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		made[i] = read_assignment(rows, i);
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

static const fl_sql assignment_hand_over = {
	"assignment_hand_over",
	"UPDATE driver_assignments SET ends_at = $2, version = version + 1 WHERE vehicle_id = $1 AND ends_at IS NULL AND starts_at < $2", .write = true
};
static const fl_sql assignment_insert = {
	"assignment_insert",
	"INSERT INTO driver_assignments (tenant_id, vehicle_id, driver_id, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5) RETURNING " ASSIGNMENT_COLUMNS,
	.write = true
};

static fl_str assignment_data(fl_ctx *ctx, const fl_assignment *a)
{
	fl_str from = when(ctx, a->starts_at), until = a->ends_at ? when(ctx, a->ends_at) : FL_STR("");
	return fl_str_fmt(ctx->mem, "{\"driver\":%d,\"from\":\"%.*s\",\"until\":\"%.*s\"}", a->driver_id, FL_ARG(from), FL_ARG(until));
}

static fl_err assign(fl_ctx *ctx, const fl_assignment *a, fl_assignment *out)
{
	fl_args over = fl_args_make(ctx->mem), in = fl_args_make(ctx->mem), event;
	const fl_rows *rows;
	fl_str data = assignment_data(ctx, a);
	if (!data.ptr)
		return FL_NOMEM;
	fl_arg_i32(&over, a->vehicle_id);
	fl_arg_time(&over, a->starts_at);
	fl_arg_i32(&in, ctx->caller.tenant_id);
	fl_arg_i32(&in, a->vehicle_id);
	fl_arg_i32(&in, a->driver_id);
	fl_arg_time(&in, a->starts_at);
	fl_arg_time(&in, a->ends_at ? a->ends_at : FL_NEVER);
	FL_TRY(fl_event_args(ctx, &(fl_event){ .id = fl_uuid7(fl_now_us()), .type = "vehicle.driver", .vehicle_id = a->vehicle_id,
		.actor = ctx->caller.user_id, .data = data }, &event));
	const fl_stmt stmts[] = { { &assignment_hand_over, &over, NULL }, { &assignment_insert, &in, &rows }, { &fl_event_insert, &event, NULL } };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts)));
	*out = read_assignment(rows, 0);
	return FL_OK;
}

fl_err fl_driver_assign(fl_ctx *ctx, const fl_assignment *wanted, fl_assignment *out)
{
	fl_assignment a = *wanted;
	FL_TRY(fl_must(ctx, FL_MAY_REGISTRY_CHANGE));
	a.starts_at = a.starts_at ? a.starts_at : fl_now_us();
	if (a.ends_at && a.ends_at <= a.starts_at)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the assignment ends before it begins");
	fl_err err = assign(ctx, &a, out);
	if (err == FL_CONFLICT) {
		bool overlap = strcmp(fl_db_last_error(ctx->services->db).constraint, "driver_assignments_overlap") == 0;
		return overlap ? fl_fail(&ctx->diag, FL_CONFLICT, "the vehicle has another driver in a part of that time: end that assignment first")
			       : fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such vehicle or no such driver");
	}
	FL_TRY(err);
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

static const fl_sql assignment_end = {
	"assignment_end",
	"UPDATE driver_assignments SET ends_at = $3, version = version + 1 WHERE id = $1 AND ($2 = 0 OR version = $2) AND starts_at < $3"
	" RETURNING " ASSIGNMENT_COLUMNS, .write = true
};

fl_err fl_assignment_end(fl_ctx *ctx, int32_t id, int32_t version, int64_t ends_at, fl_assignment *out)
{
	fl_args args = fl_args_make(ctx->mem), event;
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REGISTRY_CHANGE));
	FL_AUTO_TX fl_tx tx = {};
	fl_arg_i32(&args, id);
	fl_arg_i32(&args, version);
	fl_arg_time(&args, ends_at ? ends_at : fl_now_us());
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	fl_err err = await_tx_query(ctx, &tx, &assignment_end, &args, &rows);
	if (err == FL_CONFLICT)
		return fl_fail(&ctx->diag, FL_CONFLICT, "the vehicle has another driver by then");
	FL_TRY(err);
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_CONFLICT, "there is no such assignment, it is at another version, or it begins later than that");
	*out = read_assignment(rows, 0);
	fl_str data = assignment_data(ctx, out);
	if (!data.ptr)
		return FL_NOMEM;
	FL_TRY(fl_event_args(ctx, &(fl_event){ .id = fl_uuid7(fl_now_us()), .type = "vehicle.driver", .vehicle_id = out->vehicle_id,
		.actor = ctx->caller.user_id, .data = data }, &event));
	FL_TRY(await_commit_with(ctx, &tx, &(fl_stmt){ &fl_event_insert, &event, NULL }, 1));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

fl_err fl_assignments_of(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, uint32_t limit, fl_assignment **out, size_t *count)
{
	static const fl_sql sql = { "assignments_of", "SELECT a.* FROM unnest($1::int[]) v CROSS JOIN LATERAL (SELECT " ASSIGNMENT_COLUMNS
		" FROM driver_assignments WHERE vehicle_id = v ORDER BY starts_at DESC LIMIT $2) a", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, vehicles, vehicle_count);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_assignments(ctx, rows, out, count);
}

fl_err fl_drivers_at(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, int64_t at, fl_assignment **out, size_t *count)
{
	static const fl_sql sql = { "drivers_at", "SELECT a.* FROM unnest($1::int[]) v CROSS JOIN LATERAL (SELECT " ASSIGNMENT_COLUMNS
		" FROM driver_assignments WHERE vehicle_id = v AND starts_at <= $2 ORDER BY starts_at DESC LIMIT 1) a"
		" WHERE a.ends_at IS NULL OR a.ends_at > $2", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, vehicles, vehicle_count);
	fl_arg_time(&args, at);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_assignments(ctx, rows, out, count);
}
