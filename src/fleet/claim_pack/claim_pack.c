/* Claim packs: asking for one, the job that makes it, its file and its end. */
#include "fleet/claim_pack/claim_pack.h"
#include "fleet/claim_pack/claim_pack_int.h"
#include "fleet/event.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- rows ---- */

#define COLUMNS                                                                                                                  \
	"id, report_id, state, with_names, blob, role, user_id, manifest, error, total, done, bytes, files, created_at, "        \
	"finished_at, expires_at"

static fl_sha256 hash_of(fl_str bytes)
{
	fl_sha256 hash = {};
	if (bytes.len == sizeof(hash.bytes))
		memcpy(hash.bytes, bytes.ptr, bytes.len);
	return hash;
}

static fl_err read_pack(fl_ctx *ctx, const fl_rows *rows, int i, fl_claim_pack *out)
{
	fl_str manifest = fl_row_bytes(rows, i, 7);
	*out = (fl_claim_pack) {
		.id = fl_row_uuid(rows, i, 0),
		.report_id = fl_row_uuid(rows, i, 1),
		.state = fl_row_i16(rows, i, 2),
		.with_names = fl_row_bool(rows, i, 3),
		.has_blob = !fl_row_null(rows, i, 4),
		.blob = hash_of(fl_row_bytes(rows, i, 4)),
		.role = (fl_role)fl_row_i16(rows, i, 5),
		.user_id = fl_row_i32(rows, i, 6),
		.has_manifest = manifest.len > 0,
		.error = fl_row_text(rows, i, 8),
		.total = fl_row_i64(rows, i, 9),
		.done = fl_row_i64(rows, i, 10),
		.bytes = fl_row_i64(rows, i, 11),
		.files = fl_row_i32(rows, i, 12),
		.created_at = fl_row_time(rows, i, 13),
		.finished_at = fl_row_time_or_0(rows, i, 14),
		.expires_at = fl_row_time_or_0(rows, i, 15),
	};
	if (out->has_manifest)
		out->manifest_hex = fl_str_hex(ctx->mem, manifest.ptr, manifest.len);
	return FL_OK;
}

static fl_err get(fl_ctx *ctx, fl_uuid id, fl_claim_pack *out)
{
	static const fl_sql sql = { "claim_pack_get", "SELECT " COLUMNS " FROM claim_packs WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such claim pack");
	return read_pack(ctx, rows, 0, out);
}

fl_err fl_claim_pack_get(fl_ctx *ctx, fl_uuid id, fl_claim_pack *out)
{
	fl_claim_pack found;
	FL_TRY(fl_must(ctx, FL_MAY_CLAIM_PACK));
	FL_TRY(get(ctx, id, &found));
	if (found.user_id != ctx->caller.user_id || found.role != ctx->caller.role)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such claim pack");
	*out = found;
	return FL_OK;
}

fl_err fl_claim_packs_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_claim_pack **out, size_t *count)
{
	static const fl_sql sql = { "claim_packs_of_reports",
		"SELECT p.* FROM unnest($1::uuid[]) r CROSS JOIN LATERAL (SELECT " COLUMNS " FROM claim_packs WHERE report_id = r ORDER BY id DESC LIMIT 20) p",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_claim_pack *list = fl_new_array(ctx->mem, fl_claim_pack, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_pack(ctx, rows, i, &list[i]));
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_claim_pack_open(fl_ctx *ctx, fl_uuid id, fl_claim_pack *out, int *fd, int64_t *size)
{
	FL_TRY(fl_claim_pack_get(ctx, id, out));
	if (out->state != FL_TRANSFER_DONE)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this claim pack is not done");
	if (!out->has_blob || fl_now_us() >= out->expires_at)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this claim pack has expired: ask for another one");
	return fl_store_open_blob(ctx, ctx->services->store, out->blob, fd, size);
}

/* ---- asking for one ---- */

static fl_err originals(fl_ctx *ctx, fl_uuid report, int64_t *total)
{
	fl_photo_row *photos;
	fl_attachment *attachments;
	size_t photo_count, attachment_count;
	FL_TRY(fl_photos_of_reports(ctx, &report, 1, FL_PHOTO_FILE, &photos, &photo_count));
	FL_TRY(fl_attachments_of_reports(ctx, &report, 1, &attachments, &attachment_count));
	*total = 0;
	for (size_t i = 0; i < photo_count; i++)
		*total += photos[i].erased_at ? 0 : photos[i].size_bytes;
	for (size_t i = 0; i < attachment_count; i++)
		*total += attachments[i].size_bytes;
	if (*total > FL_CLAIM_PACK_BYTES_MAX - (32 << 20))
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "photos and attachments of this report come to %lld MB; a claim pack has at most %lld MB",
			(long long)(*total >> 20), (long long)(FL_CLAIM_PACK_BYTES_MAX >> 20));
	return FL_OK;
}

/* The one of the same caller that is being made, if there is one. */
static fl_err under_way(fl_ctx *ctx, fl_uuid report, bool with_names, fl_claim_pack *out, bool *found)
{
	fl_claim_pack *packs;
	size_t count, today = 0;
	*found = false;
	FL_TRY(fl_claim_packs_of_reports(ctx, &report, 1, &packs, &count));
	for (size_t i = 0; i < count; i++) {
		today += packs[i].created_at > fl_now_us() - FL_DAY_US;
		if (packs[i].state <= FL_TRANSFER_RUNNING && packs[i].user_id == ctx->caller.user_id && packs[i].with_names == with_names) {
			*out = packs[i];
			*found = true;
			return FL_OK;
		}
	}
	if (today >= FL_CLAIM_PACKS_A_DAY)
		return fl_fail(&ctx->diag, FL_TOO_MANY, "a report gets at most %d claim packs a day", FL_CLAIM_PACKS_A_DAY);
	return FL_OK;
}

static fl_err insert(fl_ctx *ctx, const fl_claim_pack *pack)
{
	static const fl_sql sql = { "claim_pack_insert",
		"INSERT INTO claim_packs (tenant_id, id, report_id, user_id, role, with_names, total) VALUES ($1, $2, $3, nullif($4, 0), $5, $6, $7)", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	char payload[80], id[FL_UUID_TEXT + 1];
	fl_uuid_format(pack->id, id);
	snprintf(payload, sizeof(payload), "{\"pack\":\"%s\"}", id);
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_uuid(&args, pack->id);
	fl_arg_uuid(&args, pack->report_id);
	fl_arg_i32(&args, pack->user_id);
	fl_arg_i16(&args, (int16_t)pack->role);
	fl_arg_bool(&args, pack->with_names);
	fl_arg_i64(&args, pack->total);
	const fl_stmt stmts[] = { { &sql, &args, NULL },
		fl_job_add(ctx->mem, &(fl_job_new) { .queue = FL_QUEUE_TRANSFER, .payload = fl_str_z(payload), .dedupe = fl_str_z(id), .priority = 3 }) };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_JOBS);
	return FL_OK;
}

fl_err fl_claim_pack_start(fl_ctx *ctx, fl_uuid report, bool with_names, fl_claim_pack *out)
{
	fl_report *reports;
	fl_claim_pack pack = { .id = fl_uuid7(fl_now_us()), .report_id = report, .state = FL_TRANSFER_WAITING, .role = ctx->caller.role,
		.user_id = ctx->caller.user_id, .with_names = with_names && fl_may(&ctx->caller, FL_MAY_PERSON_READ) };
	size_t count;
	bool found;
	FL_TRY(fl_must(ctx, FL_MAY_CLAIM_PACK));
	FL_TRY(fl_reports_get(ctx, &report, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	FL_TRY(under_way(ctx, report, pack.with_names, out, &found));
	if (found)
		return FL_OK;
	FL_TRY(originals(ctx, report, &pack.total));
	FL_TRY(insert(ctx, &pack));
	return get(ctx, pack.id, out);
}

/* ---- writing it: each step on the pool, so that the loop goes on ---- */

typedef struct step {
	fl_pack *pack;
	fl_str name, bytes, about;
	int fd;
	int64_t at, size, made_us, pack_bytes;
	fl_sha256 manifest;
	fl_diag *diag;
} step;

static fl_err file_step(void *arg)
{
	step *s = arg;
	return fl_pack_file(s->pack, s->name, s->bytes, s->diag);
}

static fl_err begin_step(void *arg)
{
	step *s = arg;
	return fl_pack_begin(s->pack, s->name, s->size, s->diag);
}

static fl_err copy_step(void *arg)
{
	step *s = arg;
	return fl_pack_copy(s->pack, s->fd, s->at, FL_MIN((int64_t)FL_PACK_PIECE, s->size - s->at), s->diag);
}

static fl_err seal_step(void *arg)
{
	step *s = arg;
	return fl_pack_seal(s->pack, s->about, s->made_us, s->diag, &s->manifest, &s->pack_bytes);
}

static fl_err add_text(fl_ctx *ctx, fl_pack *pack, const char *name, const fl_pack_contents *c,
	fl_err (*write)(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *out))
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(32 << 20);
	FL_TRY(write(ctx, c, &buf));
	step s = { .pack = pack, .name = fl_str_z(name), .bytes = fl_buf_view(&buf), .diag = &ctx->diag };
	return await_pool(ctx, file_step, &s);
}

static fl_err tell_begin(fl_ctx *ctx, fl_uuid id)
{
	static const fl_sql sql = { "claim_pack_begin", "UPDATE claim_packs SET state = 2, done = 0 WHERE id = $1", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_uuid(&args, id);
	return await_query(ctx, ctx->services->db, &sql, &args, NULL);
}

static fl_err tell_progress(fl_ctx *ctx, fl_uuid id, int64_t done)
{
	static const fl_sql sql = { "claim_pack_progress", "UPDATE claim_packs SET done = $2 WHERE id = $1", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_uuid(&args, id);
	fl_arg_i64(&args, done);
	return await_query(ctx, ctx->services->db, &sql, &args, NULL);
}

static fl_err copy_blob(fl_ctx *ctx, step *s, fl_sha256 blob)
{
	FL_TRY(await_pool(ctx, begin_step, s));
	for (s->at = 0; s->at < s->size; s->at += FL_PACK_PIECE)
		FL_TRY(await_pool(ctx, copy_step, s));
	fl_sha256 is = fl_pack_last(s->pack);
	if (memcmp(&is, &blob, sizeof(is)) != 0)
		return fl_fail(&ctx->diag, FL_CONFLICT, "%" FL_FMT " is not what was stored: its SHA-256 differs", FL_ARG(s->name));
	return FL_OK;
}

static fl_err add_blob(fl_ctx *ctx, fl_pack *pack, fl_str name, fl_sha256 blob, fl_claim_pack *row)
{
	step s = { .pack = pack, .name = name, .diag = &ctx->diag };
	fl_err err = fl_store_open_blob(ctx, ctx->services->store, blob, &s.fd, &s.size);
	if (err == FL_NOT_FOUND) /* a pack without it would look complete */
		return fl_fail(&ctx->diag, FL_CONFLICT, "%" FL_FMT " is missing from the store", FL_ARG(name));
	FL_TRY(err);
	err = copy_blob(ctx, &s, blob);
	close(s.fd);
	FL_TRY(err);
	row->done += s.size;
	return tell_progress(ctx, row->id, row->done);
}

static fl_err fill(fl_ctx *ctx, fl_pack *pack, fl_pack_contents *c)
{
	fl_str pdf;
	FL_TRY(fl_pack_pdf(ctx, c, &pdf));
	step s = { .pack = pack, .name = FL_STR("claim.pdf"), .bytes = pdf, .diag = &ctx->diag };
	FL_TRY(await_pool(ctx, file_step, &s));
	FL_TRY(add_text(ctx, pack, "report.json", c, fl_pack_json));
	FL_TRY(add_text(ctx, pack, "history.csv", c, fl_pack_history_csv));
	FL_TRY(add_text(ctx, pack, "custody.csv", c, fl_pack_custody_csv));
	for (size_t i = 0; i < c->photo_count; i++)
		if (!c->photos[i].erased_at)
			FL_TRY(add_blob(ctx, pack, c->photo_names[i], c->photos[i].original, &c->pack));
	for (size_t i = 0; i < c->attachment_count; i++)
		FL_TRY(add_blob(ctx, pack, c->attachment_names[i], c->attachments[i].blob, &c->pack));
	return FL_OK;
}

/* Writes into the nameless file fd, then hands it to the store. */
static fl_err write_pack(fl_ctx *ctx, int fd, fl_pack_contents *c, step *sealed, fl_blob *blob)
{
	FL_AUTO(fl_pack_free) fl_pack *pack = NULL;
	FL_AUTO_BUF fl_buf about = fl_buf_make(1 << 20);
	FL_TRY(fl_pack_new(fd, FL_CLAIM_PACK_BYTES_MAX, &pack));
	FL_TRY(fill(ctx, pack, c));
	FL_TRY(fl_pack_about(ctx, c, &about));
	*sealed = (step) { .pack = pack, .about = fl_buf_view(&about), .made_us = c->made_us, .diag = &ctx->diag };
	FL_TRY(await_pool(ctx, seal_step, sealed));
	c->pack.files = (int32_t)fl_pack_files(pack) + 2; /* with the manifest and its sums */
	return fl_store_put_fd(ctx, ctx->services->store, fd, blob);
}

static fl_err write_file(fl_ctx *ctx, fl_pack_contents *c, step *sealed, fl_blob *blob)
{
	fl_str id = fl_uuid_str(ctx->mem, c->pack.id);
	char *path = fl_str_cstr(ctx->mem, fl_str_fmt(ctx->mem, "%s/pack-%" FL_FMT ".zip", ctx->services->tmp_dir, FL_ARG(id)));
	int fd;
	if (!path)
		return FL_NOMEM;
	FL_TRY(await_file_open(ctx, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600, &fd));
	unlink(path);
	fl_err err = write_pack(ctx, fd, c, sealed, blob);
	close(fd);
	return err;
}

/* ---- the job ---- */

static const fl_sql done_sql = { "claim_pack_done",
	"UPDATE claim_packs SET state = 3, done = total, blob = $2, bytes = $3, files = $4, manifest = $5, finished_at = now(), expires_at = $6"
	" WHERE id = $1 AND state = 2",
	.write = true };

static fl_err done_args(fl_ctx *ctx, const fl_pack_contents *c, const step *sealed, const fl_blob *blob, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_uuid(args, c->pack.id);
	fl_arg_bytes(args, fl_str_make(blob->id.bytes, sizeof(blob->id.bytes)));
	fl_arg_i64(args, blob->size);
	fl_arg_i32(args, c->pack.files);
	fl_arg_bytes(args, fl_str_make(sealed->manifest.bytes, sizeof(sealed->manifest.bytes)));
	fl_arg_time(args, c->made_us + FL_CLAIM_PACK_DAYS * FL_DAY_US);
	return args->err;
}

static fl_err made_event(fl_ctx *ctx, const fl_pack_contents *c, const step *sealed, fl_args *args)
{
	fl_str id = fl_uuid_str(ctx->mem, c->pack.id), hash = fl_str_hex(ctx->mem, sealed->manifest.bytes, sizeof(sealed->manifest.bytes));
	return fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = FL_EVENT_PACK_MADE,
			.report_id = c->report->id,
			.vehicle_id = c->report->vehicle_id,
			.version = c->report->version,
			.actor = c->pack.user_id,
			.data = fl_str_fmt(ctx->mem, "{\"pack\":\"%" FL_FMT "\",\"manifest\":\"%" FL_FMT "\",\"bytes\":%lld,\"names\":%s}", FL_ARG(id), FL_ARG(hash),
				(long long)sealed->pack_bytes, c->pack.with_names ? "true" : "false") },
		args);
}

/* Row, event, the job that ends the pack, and the end of this job: all or nothing. */
static fl_err finish(fl_ctx *ctx, fl_job *job, const fl_pack_contents *c, const step *sealed, const fl_blob *blob)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[2];
	fl_str id = fl_uuid_str(ctx->mem, c->pack.id), payload = fl_str_fmt(ctx->mem, "{\"pack\":\"%" FL_FMT "\",\"expired\":true}", FL_ARG(id));
	FL_TRY(done_args(ctx, c, sealed, blob, &args[0]));
	FL_TRY(made_event(ctx, c, sealed, &args[1]));
	const fl_rows *done;
	const fl_stmt stmts[] = { { &done_sql, &args[0], &done }, { &fl_event_insert, &args[1], NULL },
		fl_job_add(ctx->mem, &(fl_job_new) { .queue = FL_QUEUE_TRANSFER, .payload = payload, .delay_us = FL_CLAIM_PACK_DAYS * FL_DAY_US }) };
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(await_tx_statements(ctx, &tx, stmts, FL_COUNT(stmts)));
	if (done->affected == 0) /* an erasure took a photo away meanwhile (photo_erase) */
		return fl_fail(&ctx->diag, FL_DB_RETRY, "the report changed while the pack was made");
	FL_TRY(await_job_commit(ctx, &tx, job));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

static fl_err make(fl_ctx *ctx, fl_job *job, const fl_claim_pack *row)
{
	fl_pack_contents *c = fl_new(ctx->mem, fl_pack_contents);
	step sealed = {};
	fl_blob blob = {};
	fl_caller system = ctx->caller;
	if (!c)
		return FL_NOMEM;
	FL_TRY(tell_begin(ctx, row->id));
	ctx->caller.user_id = row->user_id; /* what is read is what who asked may see */
	ctx->caller.role = row->role;
	fl_err err = fl_pack_gather(ctx, row, c);
	ctx->caller = system;
	c->pack.done = 0;
	FL_TRY(err);
	FL_TRY(write_file(ctx, c, &sealed, &blob));
	return finish(ctx, job, c, &sealed, &blob);
}

static fl_err fail(fl_ctx *ctx, const fl_claim_pack *row, fl_err err)
{
	static const fl_sql sql = { "claim_pack_fail", "UPDATE claim_packs SET state = 4, error = left($2, 500), finished_at = now() WHERE id = $1", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	bool ours = err != FL_TOO_LARGE && err != FL_CONFLICT && err != FL_NOT_FOUND;
	fl_arg_uuid(&args, row->id);
	fl_arg_text(&args, ours ? FL_STR("it failed on our side, more than once") : fl_str_dup(ctx->mem, fl_str_z(fl_diag_text(&ctx->diag, err))));
	return await_query(ctx, ctx->services->db, &sql, &args, NULL);
}

static fl_err expire(fl_ctx *ctx, const fl_claim_pack *row)
{
	static const fl_sql sql = { "claim_pack_expire", "UPDATE claim_packs SET blob = NULL WHERE id = $1", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	if (!row->has_blob)
		return FL_OK;
	FL_TRY(fl_store_drop(ctx, ctx->services->store, row->blob));
	fl_arg_uuid(&args, row->id);
	return await_query(ctx, ctx->services->db, &sql, &args, NULL);
}

fl_err fl_claim_pack_job(fl_ctx *ctx, fl_job *job, const fl_json *payload)
{
	fl_claim_pack row;
	fl_uuid id;
	if (!fl_uuid_parse(fl_json_str(fl_json_get(payload, FL_STR("pack")), FL_STR("")), &id))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the job names no claim pack");
	fl_err err = get(ctx, id, &row);
	if (err == FL_NOT_FOUND)
		return FL_OK; /* gone with its report */
	FL_TRY(err);
	if (fl_json_get(payload, FL_STR("expired")))
		return expire(ctx, &row);
	if (row.state == FL_TRANSFER_DONE || row.state == FL_TRANSFER_FAILED)
		return FL_OK;
	err = make(ctx, job, &row);
	bool hopeless = err == FL_TOO_LARGE || err == FL_NOT_FOUND;
	if (err == FL_OK || job->finished || (job->attempt < job->attempts_max && !hopeless))
		return err;
	FL_TRY(fail(ctx, &row, err));
	job->final = true;
	return err;
}
