/* Reading inspections, their defects and signatures. */
#include "fleet/inspection/inspection_int.h"

/* ---- inspections ---- */

#define INSPECTION_COLUMNS                                                                                                       \
	"i.id, i.vehicle_id, i.trailer_id, i.vehicle_text, i.trailer_text, i.kind, i.state, i.safe, i.made_by, i.driver_id, i.inspected_at,"  \
	" i.odometer_km, i.location, i.place, i.note, i.template_id, i.template_version, i.items, i.version"

static fl_err read_items(fl_ctx *ctx, fl_str json, fl_inspection *out)
{
	const fl_json *list;
	FL_TRY(fl_json_parse(ctx->mem, json, &list, &ctx->diag));
	out->items = fl_new_array(ctx->mem, fl_answered_item, list->items.count);
	if (!out->items)
		return FL_NOMEM;
	for (const fl_json *item = list->items.first; item; item = item->next)
		out->items[out->item_count++] = (fl_answered_item) { fl_json_str(fl_json_get(item, FL_STR("key")), FL_STR("")),
			fl_json_str(fl_json_get(item, FL_STR("title")), FL_STR("")), (int16_t)fl_json_int(fl_json_get(item, FL_STR("result")), 0) };
	return FL_OK;
}

static fl_err read_inspection(fl_ctx *ctx, const fl_rows *rows, int i, fl_inspection *out)
{
	*out = (fl_inspection) {
		.id = fl_row_uuid(rows, i, 0),
		.vehicle_id = fl_row_i32(rows, i, 1),
		.trailer_id = fl_row_i32(rows, i, 2),
		.vehicle_text = fl_row_text(rows, i, 3),
		.trailer_text = fl_row_text(rows, i, 4),
		.kind = fl_row_i16(rows, i, 5),
		.state = fl_row_i16(rows, i, 6),
		.safe = fl_row_bool(rows, i, 7),
		.made_by = fl_row_i32(rows, i, 8),
		.driver_id = fl_row_i32(rows, i, 9),
		.inspected_at = fl_row_time(rows, i, 10),
		.has_odometer = !fl_row_null(rows, i, 11),
		.odometer_km = fl_row_i32(rows, i, 11),
		.place = fl_row_text(rows, i, 13),
		.note = fl_row_text(rows, i, 14),
		.template_id = fl_row_i32(rows, i, 15),
		.template_version = fl_row_i32(rows, i, 16),
		.version = fl_row_i32(rows, i, 18),
	};
	out->submitted_at = fl_uuid7_time_us(out->id);
	out->has_location = fl_row_place(rows, i, 12, &out->location.longitude, &out->location.latitude);
	return read_items(ctx, fl_row_jsonb(rows, i, 17), out);
}

static fl_err read_inspections(fl_ctx *ctx, const fl_rows *rows, fl_inspection **out, size_t *count)
{
	fl_inspection *made = fl_new_array(ctx->mem, fl_inspection, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_inspection(ctx, rows, i, &made[i]));
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

static void arg_bounds(fl_args *args, const fl_inspection_filter *filter, const fl_uuid *after)
{
	fl_uuid low = {}, high;
	memset(high.bytes, 0xff, sizeof(high.bytes));
	if (filter->after)
		low = fl_uuid7_floor(filter->after);
	if (filter->before)
		high = fl_uuid7_floor(filter->before);
	if (after && fl_uuid_cmp(*after, high) < 0)
		high = *after;
	fl_arg_uuid(args, low);
	fl_arg_uuid(args, high);
}

fl_err fl_inspections_find(fl_ctx *ctx, const fl_inspection_filter *filter, const fl_uuid *after, uint32_t limit, fl_inspection **out,
	size_t *count)
{
	static const fl_sql sql = { "inspections_find",
		"SELECT " INSPECTION_COLUMNS " FROM inspections i WHERE ($1::int2[] IS NULL OR i.state = ANY($1))"
		" AND ($2::int IS NULL OR i.vehicle_id = $2 OR i.trailer_id = $2) AND (NOT $3 OR NOT i.safe) AND i.id >= $4 AND i.id < $5"
		" ORDER BY i.id DESC LIMIT $6" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_i16s(&args, filter->states, filter->state_count);
	if (filter->vehicle_id)
		fl_arg_i32(&args, filter->vehicle_id);
	else
		fl_arg_null(&args, FL_DB_I32);
	fl_arg_bool(&args, filter->unsafe);
	arg_bounds(&args, filter, after);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_inspections(ctx, rows, out, count);
}

fl_err fl_inspections_of_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, const fl_uuid *after, uint32_t limit,
	fl_inspection **out, int32_t **owners, size_t *count)
{
	static const fl_sql sql = { "inspections_of_vehicles",
		"SELECT " INSPECTION_COLUMNS ", v FROM unnest($1::int[]) v CROSS JOIN LATERAL (SELECT * FROM ("
		"(SELECT * FROM inspections WHERE vehicle_id = v AND id < $2 ORDER BY id DESC LIMIT $3) UNION ALL"
		" (SELECT * FROM inspections WHERE trailer_id = v AND id < $2 ORDER BY id DESC LIMIT $3)) b ORDER BY id DESC LIMIT $3) i"
		" ORDER BY v, i.id DESC",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_uuid high;
	memset(high.bytes, 0xff, sizeof(high.bytes));
	fl_arg_i32s(&args, vehicles, vehicle_count);
	fl_arg_uuid(&args, after ? *after : high);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*owners = fl_new_array(ctx->mem, int32_t, (size_t)rows->count);
	if (!*owners)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		(*owners)[i] = fl_row_i32(rows, i, 19);
	return read_inspections(ctx, rows, out, count);
}

static const fl_sql get_sql = { "inspections_get", "SELECT " INSPECTION_COLUMNS " FROM inspections i WHERE i.id = ANY($1)", .generic = true };

fl_err fl_inspections_get(fl_ctx *ctx, const fl_uuid *ids, size_t id_count, fl_inspection **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_uuids(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &get_sql, &args, &rows));
	return read_inspections(ctx, rows, out, count);
}

/* ---- defects ---- */

#define DEFECT_COLUMNS                                                                                                           \
	"d.inspection_id, d.id, d.vehicle_id, d.item, d.title, d.note, d.severity, d.unsafe, d.report_id, d.state, d.remark, d.resolved_by,"  \
	" d.resolved_at"

static fl_err read_defects(fl_ctx *ctx, const fl_rows *rows, fl_defect **out, size_t *count)
{
	fl_defect *made = fl_new_array(ctx->mem, fl_defect, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		made[i] = (fl_defect) {
			.inspection_id = fl_row_uuid(rows, i, 0),
			.id = fl_row_i16(rows, i, 1),
			.vehicle_id = fl_row_i32(rows, i, 2),
			.item = fl_row_text(rows, i, 3),
			.title = fl_row_text(rows, i, 4),
			.note = fl_row_text(rows, i, 5),
			.severity = fl_row_i16(rows, i, 6),
			.unsafe = fl_row_bool(rows, i, 7),
			.report_id = fl_row_uuid(rows, i, 8),
			.state = fl_row_i16(rows, i, 9),
			.remark = fl_row_text(rows, i, 10),
			.resolved_by = fl_row_i16(rows, i, 11),
			.resolved_at = fl_row_time_or_0(rows, i, 12),
		};
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

static const fl_sql defects_sql = { "inspection_defects_of",
	"SELECT " DEFECT_COLUMNS " FROM inspection_defects d WHERE d.inspection_id = ANY($1) ORDER BY d.inspection_id, d.id", .generic = true };

fl_err fl_defects_of(fl_ctx *ctx, const fl_uuid *inspections, size_t inspection_count, fl_defect **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, inspections, inspection_count);
	FL_TRY(await_query(ctx, ctx->services->db, &defects_sql, &args, &rows));
	return read_defects(ctx, rows, out, count);
}

fl_err fl_open_defects_of(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, fl_defect **out, size_t *count)
{
	static const fl_sql sql = { "open_defects_of",
		"SELECT " DEFECT_COLUMNS " FROM unnest($1::int[]) v CROSS JOIN LATERAL (SELECT * FROM inspection_defects x"
		" WHERE x.vehicle_id = v AND x.state = 1 ORDER BY x.inspection_id DESC, x.id LIMIT $2) d"
		" ORDER BY d.vehicle_id, d.inspection_id DESC, d.id",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, vehicles, vehicle_count);
	fl_arg_i64(&args, FL_OPEN_DEFECTS_MAX);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_defects(ctx, rows, out, count);
}

fl_err fl_unsafe_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, int32_t **out, size_t *count)
{
	static const fl_sql sql = { "unsafe_vehicles",
		"SELECT array_agg(v) FROM unnest($1::int[]) v WHERE EXISTS (SELECT 1 FROM inspection_defects d WHERE d.vehicle_id = v AND d.state = 1"
		" AND d.unsafe)",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, vehicles, vehicle_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return fl_row_i32s(rows, 0, 0, ctx->mem, out, count);
}

fl_err fl_defects_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_defect **out, size_t *count)
{
	static const fl_sql sql = { "defects_of_reports",
		"SELECT " DEFECT_COLUMNS " FROM unnest($1::uuid[]) r CROSS JOIN LATERAL (SELECT * FROM inspection_defects x WHERE x.report_id = r"
		" ORDER BY x.inspection_id DESC, x.id LIMIT $2) d ORDER BY d.report_id, d.inspection_id DESC, d.id",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, reports, report_count);
	fl_arg_i64(&args, FL_OPEN_DEFECTS_MAX);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_defects(ctx, rows, out, count);
}

/* ---- signatures ---- */

static const fl_sql signatures_sql = { "inspection_signatures_of",
	"SELECT inspection_id, id, role, user_id, name, signed_at, statement, remark, strokes, form, sha256, previous FROM inspection_signatures"
	" WHERE inspection_id = ANY($1) ORDER BY inspection_id, id",
	.generic = true };

static fl_err read_stroke(fl_ctx *ctx, const fl_json *json, fl_stroke *out)
{
	int32_t *xy = fl_new_array(ctx->mem, int32_t, json->items.count);
	if (!xy)
		return FL_NOMEM;
	for (const fl_json *n = json->items.first; n; n = n->next)
		xy[out->count++] = (int32_t)fl_json_int(n, 0);
	out->xy = xy;
	return FL_OK;
}

static fl_err read_strokes(fl_ctx *ctx, fl_str text, fl_signature *out)
{
	const fl_json *list;
	if (!text.ptr)
		return FL_OK;
	FL_TRY(fl_json_parse(ctx->mem, text, &list, &ctx->diag));
	fl_stroke *strokes = fl_new_array(ctx->mem, fl_stroke, list->items.count);
	if (!strokes)
		return FL_NOMEM;
	for (const fl_json *stroke = list->items.first; stroke; stroke = stroke->next)
		if (stroke->type == FL_JSON_ARRAY)
			FL_TRY(read_stroke(ctx, stroke, &strokes[out->stroke_count++]));
	out->strokes = strokes;
	return FL_OK;
}

static void read_hash(fl_str bytes, fl_sha256 *out)
{
	if (bytes.len == sizeof(out->bytes))
		memcpy(out->bytes, bytes.ptr, sizeof(out->bytes));
}

static fl_err read_signatures(fl_ctx *ctx, const fl_rows *rows, fl_signature **out, size_t *count)
{
	fl_signature *made = fl_new_array(ctx->mem, fl_signature, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		fl_signature *s = &made[i];
		*s = (fl_signature) { .inspection_id = fl_row_uuid(rows, i, 0),
			.id = fl_row_i16(rows, i, 1),
			.role = fl_row_i16(rows, i, 2),
			.user_id = fl_row_i32(rows, i, 3),
			.name = fl_row_text(rows, i, 4),
			.signed_at = fl_row_time(rows, i, 5),
			.statement = fl_row_text(rows, i, 6),
			.remark = fl_row_text(rows, i, 7),
			.form = fl_row_i16(rows, i, 9) };
		FL_TRY(read_strokes(ctx, fl_row_jsonb(rows, i, 8), s));
		read_hash(fl_row_bytes(rows, i, 10), &s->sha256);
		read_hash(fl_row_bytes(rows, i, 11), &s->previous);
		s->sha256_hex = fl_str_hex(ctx->mem, s->sha256.bytes, sizeof(s->sha256.bytes));
		if (!s->sha256_hex.ptr)
			return FL_NOMEM;
	}
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_signatures_of(fl_ctx *ctx, const fl_uuid *inspections, size_t inspection_count, fl_signature **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, inspections, inspection_count);
	FL_TRY(await_query(ctx, ctx->services->db, &signatures_sql, &args, &rows));
	return read_signatures(ctx, rows, out, count);
}

/* ---- all of one ---- */

static fl_err read_whole(fl_ctx *ctx, const fl_rows *const rows[3], fl_inspection_whole *out)
{
	size_t count;
	FL_TRY(read_inspections(ctx, rows[0], &out->inspection, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such inspection");
	FL_TRY(read_defects(ctx, rows[1], &out->defects, &out->defect_count));
	return read_signatures(ctx, rows[2], &out->signatures, &out->signature_count);
}

fl_err fl_inspection_lock(fl_ctx *ctx, fl_tx *tx, fl_uuid id, fl_inspection_whole *out)
{
	static const fl_sql lock = { "inspection_lock", "SELECT " INSPECTION_COLUMNS " FROM inspections i WHERE i.id = ANY($1) FOR UPDATE",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows[3];
	fl_arg_uuids(&args, &id, 1);
	FL_TRY(await_tx_query(ctx, tx, &lock, &args, &rows[0])); /* first: what is read after it is what the last step left */
	const fl_stmt stmts[] = { { &defects_sql, &args, &rows[1] }, { &signatures_sql, &args, &rows[2] } };
	FL_TRY(await_tx_statements(ctx, tx, stmts, FL_COUNT(stmts)));
	return read_whole(ctx, rows, out);
}

static fl_err read_once(fl_ctx *ctx, const fl_args *args, fl_inspection_whole *out)
{
	const fl_rows *rows[3];
	*out = (fl_inspection_whole) {};
	FL_TRY(await_query(ctx, ctx->services->db, &get_sql, args, &rows[0]));
	FL_TRY(await_query(ctx, ctx->services->db, &defects_sql, args, &rows[1]));
	FL_TRY(await_query(ctx, ctx->services->db, &signatures_sql, args, &rows[2]));
	return read_whole(ctx, rows, out);
}

/* Without a lock, so that any server can answer. Each step adds a version and a signature: where the two differ, a step came
 * between the statements, and all is read again; where they still differ, somebody changed the record by hand. */
fl_err fl_inspection_read(fl_ctx *ctx, fl_uuid id, fl_inspection_whole *out)
{
	enum { TRIES = 3 };
	fl_args args = fl_args_make(ctx->mem);
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_uuids(&args, &id, 1);
	for (int i = 0; i < TRIES; i++) {
		FL_TRY(read_once(ctx, &args, out));
		if ((size_t)out->inspection->version == out->signature_count)
			break;
	}
	return FL_OK;
}
