#include "fleet/report/attachment.h"
#include "fleet/report/custody_log.h"
#include "fleet/event.h"

/* ---- kinds ---- */

static bool is_text(fl_str head)
{
	size_t end = head.len;
	for (size_t i = 0; i < head.len; i++)
		if ((unsigned char)head.ptr[i] < 32 && head.ptr[i] != '\t' && head.ptr[i] != '\n' && head.ptr[i] != '\r')
			return false;
	for (size_t cut = 0; cut < 4 && end > 0; cut++, end--) /* a character may be cut at the end */
		if (fl_str_utf8_valid(fl_str_slice(head, 0, end)))
			return true;
	return false;
}

static bool ends_with(fl_str name, const char *extension)
{
	size_t len = strlen(extension);
	return name.len >= len && fl_str_eq_nocase(fl_str_slice(name, name.len - len, name.len), fl_str_z(extension));
}

fl_str fl_attachment_kind(fl_str head, fl_str name)
{
	static const struct {
		const char *extension;
		fl_str kind;
	} offices[] = { { ".docx", FL_STR_INIT("application/vnd.openxmlformats-officedocument.wordprocessingml.document") },
		{ ".xlsx", FL_STR_INIT("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet") },
		{ ".odt", FL_STR_INIT("application/vnd.oasis.opendocument.text") },
		{ ".ods", FL_STR_INIT("application/vnd.oasis.opendocument.spreadsheet") } };
	if (fl_str_starts(head, FL_STR("%PDF-")))
		return FL_STR("application/pdf");
	if (fl_str_starts(head, FL_STR("\xff\xd8\xff")))
		return FL_STR("image/jpeg");
	if (fl_str_starts(head, FL_STR("\x89PNG\r\n\x1a\n")))
		return FL_STR("image/png");
	if (fl_str_starts(head, FL_STR("RIFF")) && fl_str_eq(fl_str_slice(head, 8, 12), FL_STR("WEBP")))
		return FL_STR("image/webp");
	if (fl_str_eq(fl_str_slice(head, 4, 11), FL_STR("ftyphei")) || fl_str_eq(fl_str_slice(head, 4, 12), FL_STR("ftypmif1")))
		return FL_STR("image/heic");
	if (fl_str_starts(head, FL_STR("PK\3\4")))
		for (size_t i = 0; i < FL_COUNT(offices); i++)
			if (ends_with(name, offices[i].extension))
				return offices[i].kind;
	if (is_text(head))
		return ends_with(name, ".csv") ? FL_STR("text/csv") : FL_STR("text/plain");
	return (fl_str) {};
}

/* A file's name, as it may stand in a header: the last part of a path, no control characters, no quotes. */
static fl_str clean_name(fl_arena *mem, fl_str name)
{
	size_t from = 0, n = 0;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] == '/' || name.ptr[i] == '\\')
			from = i + 1;
	char *copy = fl_arena_take(mem, name.len + 1);
	for (size_t i = from; copy && i < name.len && n < FL_ATTACHMENT_NAME_MAX; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		if (c >= 32 && c != 127 && c != '"' && c != ';')
			copy[n++] = (char)c;
	}
	fl_str clean = fl_str_trim((fl_str) { copy, n });
	while (clean.len && !fl_str_utf8_valid(clean))
		clean.len--;
	return clean.len ? clean : FL_STR("file");
}

/* ---- adding ---- */

typedef struct filing {
	fl_uuid report;
	int32_t vehicle_id, version;
	int16_t id;
	fl_str name, kind;
	fl_blob blob;
} filing;

static fl_err find_report(fl_ctx *ctx, fl_uuid id, filing *f)
{
	fl_report *reports;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	*f = (filing) { .report = id, .vehicle_id = reports->vehicle_id, .version = reports->version };
	return FL_OK;
}

static fl_err take_in(fl_ctx *ctx, const fl_upload *upload, filing *f)
{
	char head[512];
	size_t len;
	f->name = clean_name(ctx->mem, upload->name);
	if (upload->fd < 0 || upload->size > FL_ATTACHMENT_BYTES_MAX)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "%.*s has %.1f MB; an attachment has at most %zu MB", FL_ARG(f->name),
			upload->size / 1048576.0, FL_ATTACHMENT_BYTES_MAX >> 20);
	if (upload->size == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%.*s is empty", FL_ARG(f->name));
	FL_TRY(await_file_read(ctx, upload->fd, head, sizeof(head), 0, &len));
	f->kind = fl_attachment_kind((fl_str) { head, len }, f->name);
	if (!f->kind.ptr)
		return fl_fail(&ctx->diag, FL_UNSUPPORTED,
			"%.*s is of a kind that is not taken: send PDF, a picture, text, CSV, or an office document",
			FL_ARG(f->name));
	return fl_store_put_fd(ctx, ctx->services->store, upload->fd, &f->blob);
}

static fl_err event_data(fl_ctx *ctx, int16_t id, fl_str name, fl_str sha256, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(4096);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("attachment"));
	fl_json_put_i64(&j, id);
	fl_json_key(&j, FL_STR("name"));
	fl_json_put_str(&j, name);
	fl_json_key(&j, FL_STR("sha256"));
	fl_json_put_str(&j, sha256);
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static fl_err tell(fl_ctx *ctx, const filing *f, const char *type, fl_args *args)
{
	fl_str data;
	FL_TRY(event_data(ctx, f->id, f->name, fl_str_hex(ctx->mem, f->blob.id.bytes, sizeof(f->blob.id.bytes)), &data));
	return fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = type,
			.report_id = f->report,
			.vehicle_id = f->vehicle_id,
			.version = f->version,
			.actor = ctx->caller.user_id,
			.data = data },
		args);
}

/* Two at once may want the same number: the report's row is what they wait for. */
static fl_err take_number(fl_ctx *ctx, fl_tx *tx, filing *f)
{
	static const fl_sql lock = { "attachment_lock", "SELECT 1 FROM damage_reports WHERE id = $1 FOR NO KEY UPDATE",
		.generic = true };
	static const fl_sql next = { "attachment_next",
		"SELECT (coalesce(max(id), 0) + 1)::int2 FROM report_attachments WHERE report_id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, f->report);
	FL_TRY(await_tx_query(ctx, tx, &lock, &args, NULL));
	FL_TRY(await_tx_query(ctx, tx, &next, &args, &rows));
	f->id = fl_row_i16(rows, 0, 0);
	if (f->id > FL_ATTACHMENTS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a report has at most %d attachments", FL_ATTACHMENTS_MAX);
	return FL_OK;
}

static const fl_sql attachment_insert = { "attachment_insert",
	"INSERT INTO report_attachments (tenant_id, report_id, id, sha256, name, media_type, bytes, uploaded_by, client)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, 0), $9)",
	.write = true };

fl_err fl_attachment_add(fl_ctx *ctx, fl_uuid report, const fl_upload *upload, int16_t *id)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[2];
	filing f;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_CREATE));
	FL_TRY(find_report(ctx, report, &f));
	FL_TRY(take_in(ctx, upload, &f));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(take_number(ctx, &tx, &f));
	args[0] = fl_args_make(ctx->mem);
	fl_arg_i32(&args[0], ctx->caller.tenant_id);
	fl_arg_uuid(&args[0], report);
	fl_arg_i16(&args[0], f.id);
	fl_arg_bytes(&args[0], (fl_str) { (const char *)f.blob.id.bytes, sizeof(f.blob.id.bytes) });
	fl_arg_text(&args[0], f.name);
	fl_arg_text(&args[0], f.kind);
	fl_arg_i64(&args[0], f.blob.size);
	fl_arg_i32(&args[0], ctx->caller.user_id);
	fl_arg_text(&args[0], ctx->caller.client);
	FL_TRY(tell(ctx, &f, FL_EVENT_ATTACHMENT_ADDED, &args[1]));
	const fl_stmt stmts[] = { { &attachment_insert, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	*id = f.id;
	return FL_OK;
}

/* ---- reading ---- */

fl_err fl_attachments_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_attachment **out, size_t *count)
{
	static const fl_sql sql = { "attachments_of_reports",
		"SELECT report_id, id, name, media_type, sha256, bytes, uploaded_by, client, created_at FROM report_attachments"
		" WHERE report_id = ANY($1) AND removed_at IS NULL ORDER BY report_id, id",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	bool all = fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL);
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_attachment *list = fl_new_array(ctx->mem, fl_attachment, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		fl_str hash = fl_row_bytes(rows, i, 4);
		list[i] = (fl_attachment) { .report_id = fl_row_uuid(rows, i, 0),
			.id = fl_row_i16(rows, i, 1),
			.name = fl_row_text(rows, i, 2),
			.media_type = fl_row_text(rows, i, 3),
			.size_bytes = fl_row_i64(rows, i, 5),
			.uploaded_by = fl_row_i32(rows, i, 6),
			.client = all ? fl_row_text(rows, i, 7) : (fl_str) {},
			.created_at = fl_row_time(rows, i, 8) };
		if (hash.len == sizeof(list[i].blob.bytes))
			memcpy(list[i].blob.bytes, hash.ptr, hash.len);
		list[i].sha256_hex = fl_str_hex(ctx->mem, list[i].blob.bytes, sizeof(list[i].blob.bytes));
	}
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

static fl_err find_one(fl_ctx *ctx, fl_uuid report, int16_t id, filing *f, const fl_attachment **out)
{
	fl_attachment *list;
	size_t count;
	FL_TRY(find_report(ctx, report, f));
	FL_TRY(fl_attachments_of_reports(ctx, &report, 1, &list, &count));
	for (size_t i = 0; i < count; i++)
		if (list[i].id == id) {
			*out = &list[i];
			return FL_OK;
		}
	return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such attachment");
}

fl_err fl_attachment_open(fl_ctx *ctx, fl_uuid report, int16_t id, const fl_attachment **out)
{
	const fl_attachment *found = NULL;
	filing f;
	FL_TRY(find_one(ctx, report, id, &f, &found));
	FL_TRY(fl_custody_opened(ctx, FL_EVENT_ATTACHMENT_OPENED, "attachment", report, id, found->name));
	*out = found;
	return FL_OK;
}

fl_err fl_attachment_remove(fl_ctx *ctx, fl_uuid report, int16_t id)
{
	static const fl_sql sql = { "attachment_remove",
		"UPDATE report_attachments SET removed_at = now() WHERE report_id = $1 AND id = $2 AND removed_at IS NULL",
		.write = true };
	const fl_attachment *found = NULL;
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[2];
	filing f;
	FL_TRY(find_one(ctx, report, id, &f, &found));
	if (found->uploaded_by != ctx->caller.user_id)
		FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_CREATE));
	f.id = id;
	f.name = found->name;
	f.blob.id = found->blob;
	args[0] = fl_args_make(ctx->mem);
	fl_arg_uuid(&args[0], report);
	fl_arg_i16(&args[0], id);
	FL_TRY(tell(ctx, &f, FL_EVENT_ATTACHMENT_REMOVED, &args[1]));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	const fl_stmt stmts[] = { { &sql, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
