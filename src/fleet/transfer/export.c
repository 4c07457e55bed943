/* Exporting: pages of 500 records as lines of a file; and the job that makes a file of them. */
#include "fleet/claim_pack/claim_pack.h"
#include "fleet/event.h"
#include "fleet/transfer/transfer_int.h"

#include <fcntl.h>
#include <unistd.h>

enum { PAGE = 500 };

static fl_value read_value(const fl_field *field, const fl_rows *rows, int row, int column)
{
	fl_value value = { .given = true, .null = fl_row_null(rows, row, column) };
	if (value.null)
		return value;
	switch (field->kind) {
	case FL_FIELD_TEXT:
	case FL_FIELD_AREA:
	case FL_FIELD_DEPOT:
	case FL_FIELD_VEHICLE:
	case FL_FIELD_DRIVER: value.text = fl_row_text(rows, row, column); break;
	case FL_FIELD_DEGREES: value.degrees = fl_row_f8(rows, row, column); break;
	case FL_FIELD_TIME: value.number = fl_row_time(rows, row, column); break;
	default: value.number = fl_row_i64(rows, row, column);
	}
	return value;
}

static void put_heading(fl_buf *out, const fl_record_kind *record)
{
	for (size_t i = 0; i < record->field_count; i++)
		fl_csv_put(out, fl_str_z(record->fields[i].column), i == 0);
	fl_csv_end(out);
}

static void put_row(fl_arena *mem, fl_buf *out, const fl_record_kind *record, const fl_rows *rows, int row)
{
	for (size_t i = 0; i < record->field_count; i++) {
		fl_value value = read_value(&record->fields[i], rows, row, (int)i + 1);
		fl_csv_put(out, fl_field_text(mem, &record->fields[i], &value), i == 0);
	}
	fl_csv_end(out);
}

static void arg_after(fl_export *x, fl_args *args)
{
	if (x->kind == FL_TRANSFER_REPORTS)
		fl_arg_uuid(args, x->before);
	else
		fl_arg_i32(args, x->after_id);
}

static void move_on(fl_export *x, const fl_rows *rows)
{
	x->lines += rows->count;
	x->finished = rows->count < PAGE;
	if (rows->count == 0)
		return;
	if (x->kind == FL_TRANSFER_REPORTS)
		x->before = fl_row_uuid(rows, rows->count - 1, 0);
	else
		x->after_id = fl_row_i32(rows, rows->count - 1, 0);
}

static fl_err page(fl_ctx *ctx, fl_export *x, fl_buf *out)
{
	const fl_import_kind *kind = fl_import_kind_of(x->kind);
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	arg_after(x, &args);
	fl_arg_i64(&args, PAGE);
	FL_TRY(await_query(ctx, ctx->services->db, &kind->page, &args, &rows));
	for (int i = 0; i < rows->count; i++)
		put_row(ctx->mem, out, kind->record, rows, i);
	move_on(x, rows);
	return fl_buf_err(out);
}

/* A page has an arena of its own, so that a year of reports takes no more memory than a day. */
fl_err fl_export_page(fl_ctx *ctx, fl_export *x, fl_buf *out)
{
	fl_arena mem = fl_arena_make(64 << 20);
	fl_ctx own;
	if (!x->begun) {
		memset(x->before.bytes, 0xff, sizeof(x->before.bytes));
		put_heading(out, fl_import_kind_of(x->kind)->record);
	}
	x->begun = true;
	fl_ctx_derive(&own, ctx, 0);
	own.mem = &mem;
	fl_err err = page(&own, x, out);
	if (err)
		ctx->diag = own.diag;
	fl_ctx_fini(&own);
	fl_arena_fini(&mem);
	return err;
}

/* ---- the job ---- */

static fl_err write_pages(fl_ctx *ctx, fl_transfer *t, int fd)
{
	fl_export x = { .kind = (fl_transfer_kind)t->kind };
	FL_AUTO_BUF fl_buf buf = fl_buf_make(64 << 20);
	int64_t at = 0, told = 0;
	while (!x.finished) {
		FL_TRY(fl_export_page(ctx, &x, &buf));
		FL_TRY(await_file_write(ctx, fd, buf.ptr, buf.len, at));
		at += (int64_t)buf.len;
		fl_buf_reset(&buf);
		t->done = x.lines;
		if (x.lines - told >= 20 * PAGE) {
			told = x.lines;
			FL_TRY(fl_transfer_save(ctx, t));
		}
	}
	t->total = t->done;
	return FL_OK;
}

static fl_err export_to_file(fl_ctx *ctx, fl_transfer *t)
{
	fl_str id = fl_uuid_str(ctx->mem, t->id);
	char *path = fl_str_cstr(ctx->mem, fl_str_fmt(ctx->mem, "%s/export-%.*s.csv", ctx->services->tmp_dir, FL_ARG(id)));
	fl_blob blob = { 0 };
	int fd;
	if (!path)
		return FL_NOMEM;
	t->state = FL_TRANSFER_RUNNING;
	FL_TRY(await_file_open(ctx, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600, &fd));
	unlink(path);
	fl_err err = write_pages(ctx, t, fd);
	if (err == FL_OK)
		err = fl_store_put_fd(ctx, ctx->services->store, fd, &blob);
	close(fd);
	FL_TRY(err);
	t->has_blob = true;
	t->blob = blob.id;
	t->state = FL_TRANSFER_DONE;
	t->finished_at = fl_now_us();
	return fl_transfer_save(ctx, t);
}

static fl_err read_payload(fl_ctx *ctx, const fl_json *json, fl_uuid *id, fl_transfer_direction *direction)
{
	static const fl_sql sql = { "transfer_direction", "SELECT direction FROM transfers WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	if (!fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("transfer")), FL_STR("")), id))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the job names no transfer");
	fl_arg_uuid(&args, *id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "the transfer is gone");
	*direction = (fl_transfer_direction)fl_row_i16(rows, 0, 0);
	return FL_OK;
}

fl_err fl_transfer_job(fl_ctx *ctx, fl_job *job, void *arg)
{
	fl_transfer_direction direction = FL_TRANSFER_IMPORT;
	fl_transfer t;
	const fl_json *json;
	fl_uuid id;
	(void)arg;
	FL_TRY(fl_json_parse(ctx->mem, job->payload, &json, &ctx->diag));
	if (fl_json_get(json, FL_STR("pack")))
		return fl_claim_pack_job(ctx, job, json);
	FL_TRY(read_payload(ctx, json, &id, &direction));
	FL_TRY(fl_transfer_get(ctx, direction, id, &t));
	if (t.state == FL_TRANSFER_DONE || t.state == FL_TRANSFER_FAILED)
		return FL_OK;
	fl_err err = direction == FL_TRANSFER_IMPORT ? fl_import_run(ctx, &t) : export_to_file(ctx, &t);
	bool large = err == FL_TOO_LARGE;
	if (err == FL_OK || (job->attempt < job->attempts_max && !large))
		return err;
	t.state = FL_TRANSFER_FAILED;
	t.error = large ? FL_STR("the file is too large to be kept; GET /exports streams it")
			: FL_STR("it failed on our side, more than once");
	t.finished_at = fl_now_us();
	FL_TRY(fl_transfer_save(ctx, &t));
	job->final = true;
	return err;
}
