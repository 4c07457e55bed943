#include "fleet/report/zone.h"
#include "fleet/life.h"
#include "fleet/report/change.h"

/* ---- words ---- */

static const fl_word part_list[] = { FL_ZONE_PARTS(FL_WORD) };
static const fl_word kind_list[] = { FL_ZONE_KINDS(FL_WORD) };
static const fl_word angle_list[] = {
	FL_VIEWPOINTS(FL_WORD)
	[FL_ANGLE_CLOSE_UP] = { FL_STR_INIT("CLOSE_UP"), "" },
	[FL_ANGLE_INSIDE] = { FL_STR_INIT("INSIDE"), "" },
};
static const fl_words parts = FL_WORDS(part_list), kinds = FL_WORDS(kind_list), angles = FL_WORDS(angle_list);

fl_str fl_zone_part_name(int part)
{
	return fl_word_name(&parts, part);
}

fl_str fl_zone_kind_name(int kind)
{
	return fl_word_name(&kinds, kind);
}

fl_str fl_angle_name(int angle)
{
	return fl_word_name(&angles, angle);
}

/* ---- reading ---- */

#define ZONE_COLUMNS                                                                                                             \
	"z.report_id, z.id, z.part, z.side, z.kind, z.size_mm, z.severity, z.viewpoint, z.shape, z.photo_id, z.note, z.state, "  \
	"z.created_at,"                                                                                                          \
	" z.created_by, z.closed_at"

static fl_err read_corners(fl_ctx *ctx, fl_str json, fl_zone *out)
{
	const fl_json *list;
	if (!json.ptr)
		return FL_OK;
	FL_TRY(fl_json_parse(ctx->mem, json, &list, &ctx->diag));
	if (list->type != FL_JSON_ARRAY)
		return FL_OK;
	fl_corner *corners = fl_new_array(ctx->mem, fl_corner, list->items.count);
	if (!corners)
		return FL_NOMEM;
	for (const fl_json *item = list->items.first; item; item = item->next)
		if (item->type == FL_JSON_ARRAY && item->items.count == 2)
			corners[out->corner_count++] =
				(fl_corner) { fl_json_double(item->items.first, 0), fl_json_double(item->items.first->next, 0) };
	out->corners = corners;
	return FL_OK;
}

/* The columns from at on. */
static fl_err read_zone(fl_ctx *ctx, const fl_rows *rows, int i, int at, fl_zone *out)
{
	*out = (fl_zone) {
		.report_id = fl_row_uuid(rows, i, at),
		.id = fl_row_i16(rows, i, at + 1),
		.part = fl_row_i16(rows, i, at + 2),
		.side = fl_row_i16(rows, i, at + 3),
		.kind = fl_row_i16(rows, i, at + 4),
		.size_mm = fl_row_i32(rows, i, at + 5),
		.severity = fl_row_i16(rows, i, at + 6),
		.viewpoint = fl_row_i16(rows, i, at + 7),
		.photo = fl_row_i16(rows, i, at + 9),
		.note = fl_row_text(rows, i, at + 10),
		.state = fl_row_i16(rows, i, at + 11),
		.created_at = fl_row_time_or_0(rows, i, at + 12),
		.created_by = fl_row_i32(rows, i, at + 13),
		.closed_at = fl_row_time_or_0(rows, i, at + 14),
	};
	return read_corners(ctx, fl_row_jsonb(rows, i, at + 8), out);
}

fl_err fl_zones_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_zone **out, size_t *count)
{
	static const fl_sql sql = { "zones_of_reports",
		"SELECT " ZONE_COLUMNS
		" FROM damage_zones z WHERE z.report_id = ANY($1) AND z.state < 3 ORDER BY z.report_id, z.id",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_zone *zones = fl_new_array(ctx->mem, fl_zone, (size_t)rows->count);
	if (!zones)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_zone(ctx, rows, i, 0, &zones[i]));
	*out = zones;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* A damage begins with its incident and ends with its zone's repair or its report's completion, whichever comes first. Drafts
 * (1), rejected reports (9) and copies (10) are none. $4: the user who may read the words of their own reports only; NULL: all.
 */
static const fl_sql damages_sql = {
	"damages_of_vehicles",
	"SELECT d.* FROM unnest($1::int[]) v CROSS JOIN LATERAL ("
	"SELECT r.vehicle_id, r.id, r.incident_at, least(r.completed_at, z.closed_at) AS gone_at, " ZONE_COLUMNS
	", $4::int IS NULL OR r.reported_by = $4 AS readable"
	" FROM damage_reports r LEFT JOIN damage_zones z ON z.tenant_id = r.tenant_id AND z.report_id = r.id"
	" WHERE r.vehicle_id = v AND r.incident_at <= $2 AND r.status <> 6 AND r.stage IS DISTINCT FROM 1 AND (r.completed_at IS "
	"NULL OR r.completed_at > $2)"
	" AND (z.id IS NULL OR (z.state < 3 AND (z.closed_at IS NULL OR z.closed_at > $2)))"
	" ORDER BY r.id DESC, z.id LIMIT $3) d",
};

fl_err fl_damages_of_vehicles(
	fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, int64_t at, fl_damage **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_i32s(&args, vehicles, vehicle_count);
	fl_arg_time(&args, at);
	fl_arg_i64(&args, FL_DAMAGES_MAX);
	if (fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		fl_arg_null(&args, FL_DB_I32);
	else
		fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &damages_sql, &args, &rows));
	fl_damage *damages = fl_new_array(ctx->mem, fl_damage, (size_t)rows->count);
	if (!damages)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		fl_damage *d = &damages[i];
		*d = (fl_damage) { .vehicle_id = fl_row_i32(rows, i, 0),
			.report_id = fl_row_uuid(rows, i, 1),
			.since = fl_row_time(rows, i, 2),
			.until = fl_row_time_or_0(rows, i, 3),
			.has_zone = !fl_row_null(rows, i, 5) };
		if (d->has_zone)
			FL_TRY(read_zone(ctx, rows, i, 4, &d->zone));
		if (!fl_row_bool(rows, i, 19))
			d->zone.note = (fl_str) {};
	}
	*out = damages;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- checking ---- */

static fl_err check_corners(fl_ctx *ctx, const fl_zone *z)
{
	if (z->corner_count && !z->viewpoint)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say which viewpoint's diagram the corners lie on");
	if (z->corner_count == 1 || z->corner_count > FL_ZONE_CORNERS_MAX)
		return fl_fail(
			&ctx->diag, FL_BAD_INPUT, "a drawing has 2 corners (a box) or 3 to %d (a polygon)", FL_ZONE_CORNERS_MAX);
	for (size_t i = 0; i < z->corner_count; i++)
		if (!(z->corners[i].x >= 0 && z->corners[i].x <= 1 && z->corners[i].y >= 0 && z->corners[i].y <= 1))
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "corner %zu leaves the diagram: x and y go from 0 to 1", i + 1);
	return FL_OK;
}

static fl_err check_zone(fl_ctx *ctx, const fl_zone *z)
{
	if (z->size_mm < 0 || z->size_mm > FL_ZONE_SIZE_MAX_MM)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "sizeMm is %d; it goes from 1 to %d", z->size_mm, FL_ZONE_SIZE_MAX_MM);
	FL_TRY(fl_text_check(&ctx->diag, "the note", z->note, FL_ZONE_NOTE_MAX));
	return check_corners(ctx, z);
}

/* Those who decide may draw as long as they like; who filed a report may until it is decided. */
static fl_err may_draw(fl_ctx *ctx, const fl_change_of *change)
{
	fl_status status = fl_stage_status(change->before.stage);
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_CREATE));
	if (fl_may(&ctx->caller, FL_MAY_REPORT_DECIDE) || status == FL_STATUS_REPORTED || status == FL_STATUS_ASSESSED)
		return FL_OK;
	return fl_fail(&ctx->diag, FL_FORBIDDEN, "this report is decided: only a manager changes its zones now");
}

/* ---- writing ---- */

static void put_number(fl_json_out *j, const char *key, int64_t number)
{
	if (!number)
		return;
	fl_json_key(j, fl_str_z(key));
	fl_json_put_i64(j, number);
}

static fl_err shape_json(fl_ctx *ctx, const fl_zone *z, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(16 << 10);
	fl_json_out j = { .buf = &buf };
	*out = (fl_str) {};
	if (!z->corner_count)
		return FL_OK;
	fl_json_open(&j, '[');
	for (size_t i = 0; i < z->corner_count; i++) {
		fl_json_open(&j, '[');
		fl_json_put_double(&j, z->corners[i].x);
		fl_json_put_double(&j, z->corners[i].y);
		fl_json_close(&j, ']');
	}
	fl_json_close(&j, ']');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* As zone_json() in SQL: the replay compares the two. */
static void put_zone(fl_json_out *j, const fl_zone *z, fl_str shape)
{
	fl_json_open(j, '{');
	put_number(j, "part", z->part);
	put_number(j, "side", z->side);
	put_number(j, "kind", z->kind);
	put_number(j, "sizeMm", z->size_mm);
	put_number(j, "severity", z->severity);
	put_number(j, "viewpoint", z->viewpoint);
	if (shape.ptr) {
		fl_json_key(j, FL_STR("shape"));
		fl_json_put_raw(j, shape);
	}
	put_number(j, "photo", z->photo);
	if (z->note.len) {
		fl_json_key(j, FL_STR("note"));
		fl_json_put_str(j, z->note);
	}
	put_number(j, "state", z->state);
	fl_json_close(j, '}');
}

/* "zone":3,"before":{...},"after":{...} */
static fl_err event_extra(fl_ctx *ctx, const fl_zone *before, const fl_zone *after, fl_str shape, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(64 << 10);
	fl_json_out j = { .buf = &buf };
	fl_str shape_before;
	put_number(&j, "zone", after->id);
	if (before) {
		FL_TRY(shape_json(ctx, before, &shape_before));
		fl_json_key(&j, FL_STR("before"));
		put_zone(&j, before, shape_before);
	}
	fl_json_key(&j, FL_STR("after"));
	put_zone(&j, after, shape);
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static const fl_sql zone_write = { "zone_write",
	"INSERT INTO damage_zones AS z (tenant_id, report_id, id, part, side, kind, size_mm, severity, viewpoint, shape, "
	"photo_id, note, state, created_by, closed_at)"
	" VALUES ($1, $2, $3, $4, nullif($5, 0), $6, nullif($7, 0), nullif($8, 0), nullif($9, 0), $10, nullif($11, 0), $12, $13, "
	"nullif($14, 0),"
	" CASE WHEN $13 <> 1 THEN now() END)"
	" ON CONFLICT (tenant_id, report_id, id) DO UPDATE SET part = excluded.part, side = excluded.side, kind = excluded.kind, "
	"size_mm = excluded.size_mm,"
	" severity = excluded.severity, viewpoint = excluded.viewpoint, shape = excluded.shape, photo_id = excluded.photo_id, "
	"note = excluded.note,"
	" state = excluded.state, closed_at = excluded.closed_at",
	.write = true };
static const fl_sql areas_write = { "zone_areas_write", "UPDATE damage_reports SET damage_areas = zone_areas(id) WHERE id = $1",
	.write = true };

static fl_err write_args(fl_ctx *ctx, fl_uuid report, const fl_zone *z, fl_str shape, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, report);
	fl_arg_i16(args, z->id);
	fl_arg_i16(args, z->part);
	fl_arg_i16(args, z->side);
	fl_arg_i16(args, z->kind);
	fl_arg_i32(args, z->size_mm);
	fl_arg_i16(args, z->severity);
	fl_arg_i16(args, z->viewpoint);
	fl_arg_jsonb(args, shape);
	fl_arg_i16(args, z->photo);
	fl_arg_text(args, z->note.len ? z->note : (fl_str) {});
	fl_arg_i16(args, z->state);
	fl_arg_i32(args, ctx->caller.user_id);
	return args->err;
}

/* A report with its zones' numbers, locked. */
typedef struct drawing {
	fl_change_of *change;
	fl_policy policy;
	fl_zone before; /* id 0: there was none */
	int16_t next;   /* the number of a new one */
	bool has_photo; /* the photo asked for is there */
} drawing;

static fl_err begin(fl_ctx *ctx, fl_tx *tx, fl_uuid report, int32_t version, int16_t zone, int16_t photo, drawing *d)
{
	static const fl_sql sql = { "zone_lock",
		"SELECT " ZONE_COLUMNS ", (SELECT coalesce(max(id), 0) + 1 FROM damage_zones WHERE report_id = $1)::int2,"
		" EXISTS (SELECT 1 FROM damage_photos p WHERE p.report_id = $1 AND p.id = $3)"
		" FROM (SELECT 1) one LEFT JOIN damage_zones z ON z.report_id = $1 AND z.id = $2",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	size_t found;
	FL_TRY(await_begin(ctx, ctx->services->db, tx));
	FL_TRY(fl_changes_begin(ctx, tx, &report, 1, &d->change, &found, &d->policy));
	if (found == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	if (version && version != d->change->version)
		return fl_fail(&ctx->diag, FL_CONFLICT,
			"somebody changed this report meanwhile: it is at version %d, you saw %d; read it again",
			d->change->version, version);
	FL_TRY(may_draw(ctx, d->change));
	fl_arg_uuid(&args, report);
	fl_arg_i16(&args, zone);
	fl_arg_i16(&args, photo);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	if (!fl_row_null(rows, 0, 1))
		FL_TRY(read_zone(ctx, rows, 0, 0, &d->before));
	d->next = fl_row_i16(rows, 0, 15);
	d->has_photo = fl_row_bool(rows, 0, 16);
	if (photo && !d->has_photo)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this report has no photo %d", photo);
	if (zone && d->before.id == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this report has no zone %d", zone);
	if (zone && d->before.state != FL_ZONE_OPEN)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "zone %d is repaired or removed: it stays as it is", zone);
	return FL_OK;
}

static fl_err finish(fl_ctx *ctx, fl_tx *tx, const char *event, drawing *d, const fl_zone *zone)
{
	fl_stmt stmts[FL_CHANGES_STMTS + 2];
	fl_args args[2];
	fl_str shape;
	FL_TRY(shape_json(ctx, zone, &shape));
	FL_TRY(event_extra(ctx, d->before.id ? &d->before : NULL, zone, shape, &d->change->extra));
	FL_TRY(write_args(ctx, d->change->id, zone, shape, &args[0]));
	args[1] = fl_args_make(ctx->mem);
	fl_arg_uuid(&args[1], d->change->id);
	FL_TRY(fl_changes_stmts(ctx, event, d->change, 1, &d->policy, stmts));
	stmts[FL_CHANGES_STMTS] = (fl_stmt) { &zone_write, &args[0], NULL };
	stmts[FL_CHANGES_STMTS + 1] = (fl_stmt) { &areas_write, &args[1], NULL };
	FL_TRY(await_commit_with(ctx, tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

fl_err fl_zone_add(fl_ctx *ctx, fl_uuid report, int32_t version, const fl_zone *zone, int16_t *id)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_zone made = *zone;
	drawing d = {};
	FL_TRY(check_zone(ctx, zone));
	FL_TRY(begin(ctx, &tx, report, version, 0, zone->photo, &d));
	if (d.next > FL_ZONES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a report has at most %d zones", FL_ZONES_MAX);
	made.id = d.next;
	made.state = FL_ZONE_OPEN;
	FL_TRY(finish(ctx, &tx, FL_EVENT_ZONE_ADDED, &d, &made));
	*id = made.id;
	return FL_OK;
}

fl_err fl_zone_change(fl_ctx *ctx, fl_uuid report, int32_t version, const fl_zone *zone)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_zone made = *zone;
	drawing d = {};
	FL_TRY(check_zone(ctx, zone));
	FL_TRY(begin(ctx, &tx, report, version, zone->id, zone->photo, &d));
	made.state = FL_ZONE_OPEN;
	return finish(ctx, &tx, FL_EVENT_ZONE_CHANGED, &d, &made);
}

fl_err fl_zone_close(fl_ctx *ctx, fl_uuid report, int32_t version, int16_t id, fl_zone_state how)
{
	FL_AUTO_TX fl_tx tx = {};
	drawing d = {};
	assert(how == FL_ZONE_REPAIRED || how == FL_ZONE_REMOVED);
	if (how == FL_ZONE_REPAIRED)
		FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(begin(ctx, &tx, report, version, id, 0, &d));
	fl_zone made = d.before;
	made.state = (int16_t)how;
	return finish(ctx, &tx, how == FL_ZONE_REPAIRED ? FL_EVENT_ZONE_REPAIRED : FL_EVENT_ZONE_REMOVED, &d, &made);
}
