/* Importing: keep the file, check the whole of it, then write it piece by piece; and the job that does so for long files. */
#include "fleet/event.h"
#include "fleet/transfer/transfer_int.h"

#include <unistd.h>

/* ---- writing ---- */

/* The texts of one field in a piece, as the statement reads them; empty is none. */
static fl_err column_texts(fl_ctx *ctx, const fl_field *field, int index, const fl_chunk *chunk, fl_str **out)
{
	fl_str *texts = fl_new_array(ctx->mem, fl_str, chunk->count);
	if (!texts)
		return FL_NOMEM;
	for (size_t i = 0; i < chunk->count; i++) {
		const fl_value *value = &chunk->values[i][index];
		bool number = field->kind == FL_FIELD_NUMBER || field->kind == FL_FIELD_CENTS || field->kind == FL_FIELD_CODE ||
			      field->kind == FL_FIELD_DEPOT || field->kind == FL_FIELD_VEHICLE || field->kind == FL_FIELD_DRIVER;
		if (!value->given || value->null)
			texts[i] = FL_STR("");
		else if (number)
			texts[i] = fl_str_fmt(ctx->mem, "%lld", (long long)value->number);
		else if (field->kind == FL_FIELD_DEGREES)
			texts[i] = fl_str_fmt(ctx->mem, "%.9g", value->degrees);
		else
			texts[i] = fl_field_text(ctx->mem, field, value);
		if (!texts[i].ptr)
			return FL_NOMEM;
	}
	*out = texts;
	return FL_OK;
}

static fl_err report_ids(fl_ctx *ctx, const fl_import_read *read, const fl_chunk *chunk, fl_args *args)
{
	int field = fl_record_field(read->kind->record, "reportedAt");
	fl_uuid *ids = field >= 0 ? fl_new_array(ctx->mem, fl_uuid, chunk->count) : NULL;
	if (field < 0)
		return FL_OK;
	if (!ids)
		return FL_NOMEM;
	for (size_t i = 0; i < chunk->count; i++)
		ids[i] = fl_uuid7(chunk->values[i][field].number);
	fl_arg_uuids(args, ids, chunk->count);
	return args->err;
}

static fl_err insert_args(fl_ctx *ctx, const fl_import_read *read, const fl_chunk *chunk, fl_args *args)
{
	const fl_record_kind *record = read->kind->record;
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	if (read->transfer->user_id)
		fl_arg_i32(args, read->transfer->user_id);
	else
		fl_arg_null(args, FL_DB_I32);
	fl_arg_text(args, fl_uuid_str(ctx->mem, read->transfer->id));
	for (size_t i = 0; i < record->field_count; i++) {
		fl_str *texts;
		FL_TRY(column_texts(ctx, &record->fields[i], (int)i, chunk, &texts));
		fl_arg_texts(args, texts, chunk->count);
	}
	return report_ids(ctx, read, chunk, args);
}

/* A piece and its progress, or neither. */
static fl_err write_piece(fl_ctx *ctx, const fl_import_read *read, const fl_chunk *chunk)
{
	static const fl_sql progress = { "transfer_progress", "UPDATE transfers SET done = done + $2 WHERE id = $1",
		.write = true };
	fl_args insert, moved = fl_args_make(ctx->mem);
	FL_TRY(insert_args(ctx, read, chunk, &insert));
	fl_arg_uuid(&moved, read->transfer->id);
	fl_arg_i64(&moved, (int64_t)chunk->count);
	const fl_stmt stmts[] = { { &read->kind->insert, &insert, NULL }, { &progress, &moved, NULL } };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts)));
	read->transfer->done += (int64_t)chunk->count;
	return FL_OK;
}

static fl_err make_room(fl_ctx *ctx, int64_t earliest)
{
	static const fl_sql sql = { "import_room", "SELECT history_room(($1::timestamptz AT TIME ZONE 'UTC')::date)",
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	if (earliest == FL_NEVER)
		return FL_OK;
	fl_arg_time(&args, earliest);
	return await_query(ctx, ctx->services->db, &sql, &args, NULL);
}

/* ---- the whole ---- */

static fl_err load_file(fl_ctx *ctx, const fl_transfer *t, fl_str *out)
{
	int fd;
	int64_t size;
	FL_TRY(fl_store_open_blob(ctx, ctx->services->store, t->blob, &fd, &size));
	char *bytes = size <= (int64_t)FL_PHOTO_BYTES_MAX ? fl_arena_take(ctx->mem, (size_t)size + 1) : NULL;
	fl_err err = bytes ? FL_OK : FL_TOO_LARGE;
	for (int64_t at = 0; err == FL_OK && at < size;) {
		size_t len = 0;
		err = await_file_read(ctx, fd, bytes + at, (size_t)(size - at), at, &len);
		if (err == FL_OK && len == 0)
			err = FL_IO;
		at += (int64_t)len;
	}
	close(fd);
	*out = (fl_str) { bytes, (size_t)size };
	return err;
}

static fl_err finish(fl_ctx *ctx, fl_transfer *t, fl_transfer_state state, fl_str error)
{
	t->state = (int16_t)state;
	t->error = error;
	t->finished_at = fl_now_us();
	return fl_transfer_save(ctx, t);
}

/* What is wrong with a report beside its fields: an id says when it was filed, so that must be right. */
static fl_err check_times(fl_ctx *ctx, const fl_import_read *read, const fl_chunk *chunk)
{
	int field = fl_record_field(read->kind->record, "reportedAt");
	int64_t now = fl_now_us(), first = fl_time_from_civil((fl_civil) { .year = 2000, .month = 1, .day = 1 });
	for (size_t i = 0; field >= 0 && i < chunk->count; i++) {
		int64_t at = chunk->values[i][field].number;
		if (chunk->bad[i] || (at >= first && at <= now))
			continue;
		read->transfer->bad++;
		fl_ctx *keep = read->arg;
		FL_TRY(fl_problem_add(keep, read->transfer, chunk->lines[i], "reported_at",
			fl_field_text(ctx->mem, &read->kind->record->fields[field], &chunk->values[i][field]),
			FL_STR("the time of the report lies in the future or before 2000")));
	}
	return FL_OK;
}

static fl_err write_file(fl_ctx *ctx, fl_transfer *t, fl_str text, fl_import_read *checked)
{
	fl_import_read writing = { .kind = checked->kind, .transfer = t, .skip = t->done, .use = write_piece };
	FL_TRY(make_room(ctx, checked->earliest));
	fl_err err = fl_import_scan(ctx, text, &writing);
	if (err == FL_DUPLICATE || err == FL_CONFLICT || err == FL_BAD_INPUT) {
		fl_str why = fl_str_fmt(ctx->mem, "behind line %lld: %s", (long long)t->done + 1, fl_diag_text(&ctx->diag, err));
		return finish(ctx, t, FL_TRANSFER_FAILED, why.ptr ? why : FL_STR("a line was refused"));
	}
	FL_TRY(err);
	return finish(ctx, t, FL_TRANSFER_DONE, (fl_str) {});
}

fl_err fl_import_run(fl_ctx *ctx, fl_transfer *t)
{
	const fl_import_kind *kind = fl_import_kind_of((fl_transfer_kind)t->kind);
	fl_import_read check = { .kind = kind, .transfer = t, .check = t->done == 0, .use = check_times, .arg = ctx };
	fl_str text;
	FL_TRY(load_file(ctx, t, &text));
	t->bad = 0;
	t->problem_count = 0;
	t->state = FL_TRANSFER_RUNNING;
	fl_err err = fl_import_scan(ctx, text, &check);
	if (err == FL_BAD_INPUT)
		return finish(ctx, t, FL_TRANSFER_FAILED, fl_str_dup(ctx->mem, fl_str_z(ctx->diag.text)));
	FL_TRY(err);
	if (t->dry_run) {
		t->done = t->total;
		return finish(ctx, t, FL_TRANSFER_DONE, (fl_str) {});
	}
	if (t->bad) {
		fl_str why = fl_str_fmt(
			ctx->mem, "%lld of %lld lines are wrong; nothing was imported", (long long)t->bad, (long long)t->total);
		return finish(ctx, t, FL_TRANSFER_FAILED, why);
	}
	FL_TRY(fl_transfer_save(ctx, t));
	return write_file(ctx, t, text, &check);
}

/* ---- starting ---- */

static const fl_sql transfer_insert = { "transfer_insert",
	"INSERT INTO transfers (tenant_id, id, user_id, role, direction, kind, dry_run, blob, bytes, total) VALUES ($1, $2, $3, "
	"$4, $5, $6, $7, $8, $9, $10)",
	.write = true };

static fl_err insert_transfer(fl_ctx *ctx, const fl_transfer *t, int64_t bytes, bool as_job)
{
	fl_args args = fl_args_make(ctx->mem);
	fl_str id = fl_uuid_str(ctx->mem, t->id), payload = fl_str_fmt(ctx->mem, "{\"transfer\":\"%.*s\"}", FL_ARG(id));
	if (!payload.ptr)
		return FL_NOMEM;
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_uuid(&args, t->id);
	if (t->user_id)
		fl_arg_i32(&args, t->user_id);
	else
		fl_arg_null(&args, FL_DB_I32);
	fl_arg_i16(&args, (int16_t)ctx->caller.role);
	fl_arg_i16(&args, t->direction);
	fl_arg_i16(&args, t->kind);
	fl_arg_bool(&args, t->dry_run);
	fl_arg_bytes(&args, t->has_blob ? fl_str_make(t->blob.bytes, sizeof(t->blob.bytes)) : (fl_str) {});
	fl_arg_i64(&args, bytes);
	fl_arg_i64(&args, t->total);
	const fl_stmt stmts[] = { { &transfer_insert, &args, NULL },
		fl_job_add(ctx->mem,
			&(fl_job_new) { .queue = FL_QUEUE_TRANSFER, .payload = payload, .dedupe = id, .attempts_max = 3 }) };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, as_job ? 2 : 1));
	if (as_job)
		fl_poke(ctx, FL_CHANNEL_POKE_JOBS);
	return FL_OK;
}

static int64_t count_lines(fl_str text)
{
	int64_t lines = 0;
	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	return lines;
}

static fl_transfer new_transfer(const fl_ctx *ctx, fl_transfer_direction direction, fl_transfer_kind kind)
{
	int64_t now = fl_now_us();
	return (fl_transfer) { .id = fl_uuid7(now),
		.direction = (int16_t)direction,
		.kind = (int16_t)kind,
		.state = FL_TRANSFER_WAITING,
		.user_id = ctx->caller.user_id,
		.created_at = now };
}

fl_err fl_import_start(fl_ctx *ctx, fl_transfer_kind kind, const fl_upload *file, bool dry_run, fl_transfer *out)
{
	fl_transfer t = new_transfer(ctx, FL_TRANSFER_IMPORT, kind);
	fl_blob blob;
	fl_str text;
	FL_TRY(fl_transfer_may(ctx, FL_TRANSFER_IMPORT, kind));
	if (file->fd < 0 || file->size > FL_PHOTO_BYTES_MAX)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "the file has %.1f MB; at most %zu MB are taken: send it in parts",
			(double)file->size / 1048576, FL_PHOTO_BYTES_MAX >> 20);
	FL_TRY(fl_store_put_fd(ctx, ctx->services->store, file->fd, &blob));
	t.dry_run = dry_run;
	t.has_blob = true;
	t.blob = blob.id;
	FL_TRY(load_file(ctx, &t, &text));
	int64_t lines = count_lines(text);
	FL_TRY(insert_transfer(ctx, &t, (int64_t)file->size, lines > FL_TRANSFER_NOW_LINES));
	if (lines <= FL_TRANSFER_NOW_LINES)
		FL_TRY(fl_import_run(ctx, &t));
	*out = t;
	return FL_OK;
}

fl_err fl_export_start(fl_ctx *ctx, fl_transfer_kind kind, fl_transfer *out)
{
	*out = new_transfer(ctx, FL_TRANSFER_EXPORT, kind);
	FL_TRY(fl_transfer_may(ctx, FL_TRANSFER_EXPORT, kind));
	return insert_transfer(ctx, out, 0, true);
}
