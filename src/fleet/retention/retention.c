#include "fleet/retention/retention.h"
#include "archive/archive.h"
#include "fleet/event.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const words[] = { "", "NOTHING", "NUMBERS", "ARCHIVE" };

static void read_policy(const fl_rows *rows, fl_retention *out)
{
	*out = (fl_retention) { .keep = FL_KEEP_NUMBERS };
	if (rows->count)
		*out = (fl_retention) { fl_row_i16(rows, 0, 0), (fl_keep)fl_row_i16(rows, 0, 1), fl_row_i32(rows, 0, 2), fl_row_i32(rows, 0, 3),
			fl_row_time(rows, 0, 4) };
}

fl_err fl_retention_get(fl_ctx *ctx, fl_retention *out)
{
	static const fl_sql sql = { "retention_get", "SELECT years, keep, version, set_by, set_at FROM retention_policies WHERE tenant_id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_i32(&args, ctx->caller.tenant_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	read_policy(rows, out);
	return FL_OK;
}

static fl_err write_policy(fl_ctx *ctx, fl_tx *tx, int32_t years, fl_keep keep)
{
	static const fl_sql set = { "retention_set",
		"INSERT INTO retention_policies AS p (tenant_id, years, keep, set_by) VALUES ($1, $2, $3, nullif($4, 0)) ON CONFLICT (tenant_id) DO UPDATE"
		" SET years = excluded.years, keep = excluded.keep, set_by = excluded.set_by, set_at = now(), version = p.version + 1",
		.write = true };
	static const fl_sql clear = { "retention_clear", "DELETE FROM retention_policies WHERE tenant_id = $1", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_i32(&args, ctx->caller.tenant_id);
	if (!years)
		return await_tx_query(ctx, tx, &clear, &args, NULL);
	fl_arg_i16(&args, (int16_t)years);
	fl_arg_i16(&args, (int16_t)keep);
	fl_arg_i32(&args, ctx->caller.user_id);
	return await_tx_query(ctx, tx, &set, &args, NULL);
}

static fl_err change(fl_ctx *ctx, int32_t years, fl_keep keep, int32_t version)
{
	static const fl_sql lock = { "retention_lock", "SELECT years, keep, version, set_by, set_at FROM retention_policies WHERE tenant_id = $1 FOR UPDATE" };
	FL_AUTO_TX fl_tx tx = {};
	fl_args args = fl_args_make(ctx->mem);
	fl_retention before;
	const fl_rows *rows;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	fl_arg_i32(&args, ctx->caller.tenant_id);
	FL_TRY(await_tx_query(ctx, &tx, &lock, &args, &rows));
	read_policy(rows, &before);
	if (version >= 0 && version != before.version)
		return fl_fail(&ctx->diag, FL_CONFLICT, "somebody changed this policy meanwhile: it is at version %d, you saw %d; read it again",
			before.version, version);
	FL_TRY(write_policy(ctx, &tx, years, keep));
	fl_str data = fl_str_fmt(ctx->mem, "{\"years\":[\"%d\",\"%d\"],\"keep\":[\"%s\",\"%s\"]}", before.years, years, words[before.keep], words[keep]);
	if (!data.ptr)
		return FL_NOMEM;
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()), .type = FL_EVENT_RETENTION_SET, .actor = ctx->caller.user_id, .data = data }, &args));
	const fl_stmt event = { &fl_event_insert, &args, NULL };
	return await_commit_with(ctx, &tx, &event, 1);
}

fl_err fl_retention_set(fl_ctx *ctx, int32_t years, fl_keep keep, int32_t version, fl_retention *out)
{
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	if (years < 0 || years > FL_RETENTION_YEARS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%d is no number of years to keep reports: 1 to %d, or 0 for ever", years, FL_RETENTION_YEARS_MAX);
	FL_TRY(change(ctx, years, keep, version));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return fl_retention_get(ctx, out);
}

fl_err fl_retention_plan(fl_ctx *ctx, fl_retention_month **out, size_t *count)
{
	static const fl_sql sql = { "retention_plan", "SELECT to_char(month, 'YYYY-MM'), reports, photos, bytes, held, open FROM retention_plan() ORDER BY month LIMIT 1200" };
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, NULL, &rows));
	fl_retention_month *months = fl_new_array(ctx->mem, fl_retention_month, (size_t)rows->count);
	if (!months)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		months[i] = (fl_retention_month) { fl_row_text(rows, i, 0), fl_row_i64(rows, i, 1), fl_row_i64(rows, i, 2), fl_row_i64(rows, i, 3),
			fl_row_i64(rows, i, 4), fl_row_i64(rows, i, 5) };
	*out = months;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_archives_list(fl_ctx *ctx, const fl_uuid *after, uint32_t limit, fl_archive_row **out, size_t *count)
{
	static const fl_sql sql = { "archives_list", "SELECT id, to_char(month, 'YYYY-MM'), encode(sha256, 'hex'), state, reports, blobs, sealed_bytes, created_at FROM archives"
		" WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	if (after)
		fl_arg_uuid(&args, *after);
	else
		fl_arg_null(&args, FL_DB_UUID);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_archive_row *list = fl_new_array(ctx->mem, fl_archive_row, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_archive_row) { fl_row_uuid(rows, i, 0), fl_row_text(rows, i, 1), fl_row_text(rows, i, 2), fl_row_i16(rows, i, 3), fl_row_i32(rows, i, 4),
			fl_row_i32(rows, i, 5), fl_row_i64(rows, i, 6), fl_row_time(rows, i, 7) };
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- taking one out ---- */

typedef struct opening {
	const fl_archive_site *site;
	int32_t tenant;
	fl_uuid id;
	int fd;
	int64_t size;
	fl_diag *diag;
} opening;

static fl_err open_job(void *arg)
{
	opening *o = arg;
	struct stat st;
	o->fd = open(o->site->dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (o->fd < 0)
		return fl_fail(o->diag, FL_NOT_FOUND, "there is no such archive");
	fl_err err = fl_archive_copy(o->site, o->tenant, o->id, o->fd, o->diag);
	if (err == FL_OK && fstat(o->fd, &st) != 0)
		err = FL_IO;
	if (err == FL_OK)
		o->size = st.st_size;
	else
		close(o->fd);
	return err;
}

static fl_err tell(fl_ctx *ctx, fl_uuid id)
{
	fl_args args;
	fl_str text = fl_uuid_str(ctx->mem, id), data = fl_str_fmt(ctx->mem, "{\"archive\":\"%" FL_FMT "\"}", FL_ARG(text));
	if (!data.ptr)
		return FL_NOMEM;
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()), .type = FL_EVENT_ARCHIVE_OPENED, .actor = ctx->caller.user_id, .data = data }, &args));
	return await_query(ctx, ctx->services->db, &fl_event_insert, &args, NULL);
}

fl_err fl_archive_open(fl_ctx *ctx, fl_uuid id, int *fd, int64_t *size)
{
	opening o = { .site = ctx->services->archive, .tenant = ctx->caller.tenant_id, .id = id, .fd = -1, .diag = &ctx->diag };
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	if (!o.site)
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "archives are not on this machine");
	FL_TRY(await_pool(ctx, open_job, &o));
	fl_err err = tell(ctx, id);
	if (err != FL_OK) {
		close(o.fd);
		return err;
	}
	*fd = o.fd;
	*size = o.size;
	return FL_OK;
}
