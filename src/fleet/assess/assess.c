#include "fleet/assess/assess_int.h"

#include <unistd.h>

static fl_err read_payload(fl_ctx *ctx, fl_job *job, fl_case *c)
{
	const fl_json *payload;
	FL_TRY(fl_json_parse(ctx->mem, job->payload, &payload, &ctx->diag));
	if (fl_uuid_parse(fl_json_str(fl_json_get(payload, FL_STR("report")), FL_STR("")), &c->report_id))
		return FL_OK;
	job->final = true;
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "the job names no report");
}

static void read_bits(const fl_rows *rows, int row, int column, void *out, size_t len)
{
	fl_str bytes = fl_row_bytes(rows, row, column);
	if (bytes.len == len)
		memcpy(out, bytes.ptr, len);
}

static fl_case_photo read_photo(const fl_rows *rows, int i)
{
	fl_case_photo photo = { .id = fl_row_i16(rows, i, 0), .has_phash = !fl_row_null(rows, i, 2) };
	read_bits(rows, i, 1, photo.view.bytes, sizeof(photo.view.bytes));
	read_bits(rows, i, 2, photo.phash.bits, sizeof(photo.phash.bits));
	read_bits(rows, i, 3, photo.mirrored.bits, sizeof(photo.mirrored.bits));
	photo.header.has_taken_at = !fl_row_null(rows, i, 4);
	if (photo.header.has_taken_at)
		photo.header.taken_at = fl_row_time(rows, i, 4);
	fl_str software = fl_row_text(rows, i, 5);
	size_t len = FL_MIN(software.len, sizeof(photo.header.software) - 1);
	if (len)
		memcpy(photo.header.software, software.ptr, len);
	return photo;
}

/* The report and its photos. */
static fl_err load(fl_ctx *ctx, fl_job *job, fl_case *c)
{
	static const fl_sql report_sql = { "case_report", "SELECT report_number, incident_at, reported_at, vehicle_id FROM damage_reports WHERE id = $1",
					   .generic = true };
	static const fl_sql photos_sql = { "case_photos",
					   "SELECT id, view_sha256, phash, phash_mirrored, taken_at, software FROM damage_photos"
					   " WHERE report_id = $1 AND view_sha256 IS NOT NULL ORDER BY id",
					   .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *report, *photos;
	fl_arg_uuid(&args, c->report_id);
	const fl_stmt stmts[] = { { &report_sql, &args, &report }, { &photos_sql, &args, &photos } };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts)));
	job->final = report->count == 0;
	if (job->final)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "the report does not exist any more");
	c->number = fl_row_i64(report, 0, 0);
	c->incident_at = fl_row_time(report, 0, 1);
	c->reported_at = fl_row_time(report, 0, 2);
	c->vehicle_id = fl_row_i32(report, 0, 3);
	c->photo_count = FL_MIN((size_t)photos->count, (size_t)FL_PHOTOS_MAX);
	c->photos = fl_new_array(ctx->mem, fl_case_photo, c->photo_count);
	if (!c->photos)
		return FL_NOMEM;
	for (size_t i = 0; i < c->photo_count; i++)
		c->photos[i] = read_photo(photos, (int)i);
	return fl_tenant_get(ctx, &c->tenant);
}

static fl_err open_views(fl_ctx *ctx, fl_case *c, int fds[FL_PHOTOS_MAX], size_t *opened)
{
	for (size_t i = 0; i < c->photo_count; i++) {
		int64_t size;
		FL_TRY(fl_store_open_blob(ctx, ctx->services->store, c->photos[i].view, &fds[i], &size));
		*opened = i + 1;
	}
	return FL_OK;
}

/* Runs the network on the views, in a worker child. */
static fl_err look(fl_ctx *ctx, fl_case *c)
{
	int fds[FL_PHOTOS_MAX];
	size_t opened = 0;
	fl_reading *readings = fl_new_array(ctx->mem, fl_reading, c->photo_count);
	if (!readings)
		return FL_NOMEM;
	fl_err err = open_views(ctx, c, fds, &opened);
	if (err == FL_OK)
		err = fl_worker_assess(ctx, ctx->services->workers, fds, c->photo_count, readings);
	for (size_t i = 0; i < opened; i++)
		close(fds[i]);
	FL_TRY(err);
	for (size_t i = 0; i < c->photo_count; i++)
		c->photos[i].reading = readings[i];
	const fl_rates *rates = fl_rates_find(fl_str_z(c->tenant->currency));
	return fl_assess(c->facts, readings, c->photo_count, rates, ctx->mem, &c->answer);
}

fl_err fl_assess_job(fl_ctx *ctx, fl_job *job, void *arg)
{
	fl_case *c = fl_new(ctx->mem, fl_case);
	if (!c)
		return FL_NOMEM;
	c->facts = arg;
	c->started_us = fl_mono_us();
	FL_TRY(read_payload(ctx, job, c));
	FL_TRY(load(ctx, job, c));
	FL_TRY(look(ctx, c));
	FL_TRY(fl_case_find_seen(ctx, c));
	FL_TRY(fl_case_find_similar(ctx, c));
	FL_TRY(fl_case_write(ctx, c, job));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
