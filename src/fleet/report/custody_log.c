#include "fleet/report/custody_log.h"
#include "fleet/event.h"

static fl_err opened_data(fl_ctx *ctx, const char *key, int16_t number, fl_str name, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(4096);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, fl_str_z(key));
	fl_json_put_i64(&j, number);
	if (name.len) {
		fl_json_key(&j, FL_STR("name"));
		fl_json_put_str(&j, name);
	}
	if (ctx->caller.client.len) {
		fl_json_key(&j, FL_STR("client"));
		fl_json_put_str(&j, ctx->caller.client);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static const fl_sql opened_sql = { "custody_opened",
	"INSERT INTO events (tenant_id, id, type, report_id, vehicle_id, agg_version, actor, data)"
	" SELECT $1, $2, $3, r.id, r.vehicle_id, r.version, nullif($5, 0), $6 FROM damage_reports r WHERE r.id = $4 AND NOT "
	"EXISTS ("
	"SELECT 1 FROM events e WHERE e.report_id = $4 AND e.id > $7 AND e.type = $3 AND e.actor IS NOT DISTINCT FROM nullif($5, "
	"0)"
	" AND (e.data->>$8)::int = $9)",
	.write = true };

fl_err fl_custody_opened(fl_ctx *ctx, const char *event, const char *key, fl_uuid report, int16_t number, fl_str name)
{
	int64_t now = fl_now_us();
	fl_args args = fl_args_make(ctx->mem);
	fl_str data;
	FL_TRY(opened_data(ctx, key, number, name, &data));
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_uuid(&args, fl_uuid7(now));
	fl_arg_text(&args, fl_str_z(event));
	fl_arg_uuid(&args, report);
	fl_arg_i32(&args, ctx->caller.user_id);
	fl_arg_jsonb(&args, data);
	fl_arg_uuid(&args, fl_uuid7_floor(now - FL_HOUR_US));
	fl_arg_text(&args, fl_str_z(key));
	fl_arg_i32(&args, number);
	return await_query(ctx, ctx->services->db, &opened_sql, &args, NULL);
}

static const fl_sql custody_sql = {
	"custody_of_reports",
	"SELECT * FROM (SELECT p.report_id, p.id AS photo, 1 AS action, p.created_at AS at, p.uploaded_by AS actor, p.client "
	"FROM damage_photos p"
	" WHERE p.report_id = ANY($1) AND p.report_id >= $2 AND p.report_id <= $3"
	" UNION ALL SELECT e.report_id, (e.data->>'photo')::int2, CASE e.type WHEN 'photo.opened' THEN 2 WHEN 'photo.changed' THEN 3 ELSE 4 END, "
	"uuid7_time(e.id), e.actor, (SELECT w.word FROM event_words w WHERE w.event_id = e.id AND w.place = '{client}')"
	" FROM events e WHERE e.report_id = ANY($1) AND e.id >= $4 AND e.type IN ('photo.opened', 'photo.changed', 'photo.erased')) x ORDER BY "
	"report_id, photo, at, action",
};

fl_err fl_custody_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_custody_row **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_uuid low = report_count ? reports[0] : (fl_uuid) {}, high = low;
	for (size_t i = 1; i < report_count; i++) {
		if (fl_uuid_cmp(reports[i], low) < 0)
			low = reports[i];
		if (fl_uuid_cmp(reports[i], high) > 0)
			high = reports[i];
	}
	fl_arg_uuids(&args, reports, report_count);
	fl_arg_uuid(&args, low);
	fl_arg_uuid(&args, high);
	fl_arg_uuid(&args, fl_uuid7_floor(fl_uuid7_time_us(low)));
	FL_TRY(await_query(ctx, ctx->services->db, &custody_sql, &args, &rows));
	fl_custody_row *list = fl_new_array(ctx->mem, fl_custody_row, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_custody_row) { fl_row_uuid(rows, i, 0), fl_row_i16(rows, i, 1), fl_row_i32(rows, i, 2),
			fl_row_time(rows, i, 3), fl_row_i32(rows, i, 4), fl_row_text(rows, i, 5) };
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

static const fl_sql angle_sql = { "photo_angle",
	"UPDATE damage_photos SET angle = $3 WHERE report_id = $1 AND id = $2 AND report_id >= $1 AND report_id <= $1",
	.write = true };

fl_err fl_photo_set_angle(fl_ctx *ctx, fl_uuid report, int16_t photo, int16_t angle)
{
	fl_args args[2];
	fl_report *reports;
	fl_photo_row *photos, *found = NULL;
	size_t count;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_CREATE));
	FL_TRY(fl_reports_get(ctx, &report, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	int32_t vehicle = reports->vehicle_id, version = reports->version;
	FL_TRY(fl_photos_of_reports(ctx, &report, 1, FL_PHOTO_ALL, &photos, &count));
	for (size_t i = 0; i < count; i++)
		found = photos[i].id == photo ? &photos[i] : found;
	if (!found)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this report has no photo %d", photo);
	args[0] = fl_args_make(ctx->mem);
	fl_arg_uuid(&args[0], report);
	fl_arg_i16(&args[0], photo);
	fl_arg_i16(&args[0], angle);
	fl_str data = fl_str_fmt(ctx->mem, "{\"photo\":%d,\"before\":%d,\"after\":%d}", photo, found->angle, angle);
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = FL_EVENT_PHOTO_CHANGED,
			.report_id = report,
			.vehicle_id = vehicle,
			.version = version,
			.actor = ctx->caller.user_id,
			.data = data },
		&args[1]));
	const fl_stmt stmts[] = { { &angle_sql, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
