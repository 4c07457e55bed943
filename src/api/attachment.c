/* Attachments: their fields, their changes, their bytes. And what is known of a photo besides its picture. */
#include "api/group_int.h"
#include "fleet/report/attachment.h"
#include "fleet/report/custody_log.h"

#include <unistd.h>

fl_err fl_api_report_attachments(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_attachment *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_attachments_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_attachment, report_id), batch);
}

/* ---- Attachment ---- */

static int32_t uploader_key(const void *parent)
{
	return ((const fl_attachment *)parent)->uploaded_by;
}

static fl_err uploader(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { uploader_key, fl_api_load_people }, batch);
}

static fl_err url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_attachment *attachment = parent;
	char id[FL_UUID_TEXT + 1];
	fl_uuid_format(attachment->report_id, id);
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "/attachments/%s/%d", id, attachment->id));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

const struct fl_api_attachment fl_api_attachment = {
	.id = FL_COLUMN(fl_attachment, id),
	.name = FL_COLUMN(fl_attachment, name),
	.media_type = FL_COLUMN(fl_attachment, media_type),
	.size_bytes = FL_COLUMN(fl_attachment, size_bytes),
	.sha256 = FL_COLUMN(fl_attachment, sha256_hex),
	.url = FL_GETTER(url),
	.created_at = FL_COLUMN(fl_attachment, created_at),
	.uploaded_by = FL_BATCH(uploader),
	.client = FL_COLUMN(fl_attachment, client),
};

/* ---- Photo ---- */

static int32_t photo_uploader_key(const void *parent)
{
	return ((const fl_photo_row *)parent)->uploaded_by;
}

fl_err fl_api_photo_uploader(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { photo_uploader_key, fl_api_load_people }, batch);
}

fl_err fl_api_photo_custody(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_custody_row *rows;
	size_t count;
	if (!fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return FL_OK; /* null for drivers: the SDL says so */
	FL_TRY(fl_api_uuid_keys(ctx, batch, offsetof(fl_photo_row, report_id), &keys));
	FL_TRY(fl_custody_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	for (size_t i = 0; i < batch->count; i++) {
		const fl_photo_row *photo = batch->parents[i];
		size_t first = 0, n = 0;
		while (first < count && !(fl_uuid_eq(rows[first].report_id, photo->report_id) && rows[first].photo == photo->id))
			first++;
		while (first + n < count && fl_uuid_eq(rows[first + n].report_id, photo->report_id) &&
			rows[first + n].photo == photo->id)
			n++;
		batch->results[i] = fl_gql_rows(rows + first, sizeof(rows[0]), n);
	}
	return FL_OK;
}

static int32_t custody_actor_key(const void *parent)
{
	return ((const fl_custody_row *)parent)->actor;
}

static fl_err custody_actor(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { custody_actor_key, fl_api_load_people }, batch);
}

const struct fl_api_custody_entry fl_api_custody_entry = {
	.action = FL_COLUMN(fl_custody_row, action),
	.at = FL_COLUMN(fl_custody_row, at),
	.actor = FL_BATCH(custody_actor),
	.client = FL_COLUMN(fl_custody_row, client),
};

/* ---- Changes ---- */

typedef struct attachment_answer {
	const fl_attachment *attachment;
	const fl_report *report;
} attachment_answer;

const struct fl_api_attachment_payload fl_api_attachment_payload = {
	.attachment = FL_POINTER(attachment_answer, attachment),
	.report = FL_POINTER(attachment_answer, report),
};
const struct fl_api_remove_attachment_payload fl_api_remove_attachment_payload = { .report = FL_SELF };
const struct fl_api_set_photo_angle_payload fl_api_set_photo_angle_payload = { .report = FL_SELF };

static fl_err find_report(fl_ctx *ctx, fl_uuid id, const fl_report **out)
{
	fl_report *rows;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	if (count == 0)
		return FL_NOT_FOUND;
	*out = rows;
	return FL_OK;
}

static fl_err read_number(fl_ctx *ctx, const char *what, const fl_gql_value *value, int16_t *out)
{
	int32_t number;
	FL_TRY(fl_api_id(ctx, what, value, &number));
	*out = (int16_t)FL_MIN(number, INT16_MAX);
	return FL_OK;
}

fl_err fl_api_add_attachment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	attachment_answer *made = fl_new(ctx->mem, attachment_answer);
	fl_attachment *rows;
	size_t count;
	fl_uuid report;
	int16_t id = 0;
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(fl_attachment_add(ctx, report, fl_gql_member(in, "file")->pointer, &id));
	FL_TRY(fl_attachments_of_reports(ctx, &report, 1, &rows, &count));
	for (size_t i = 0; i < count; i++)
		made->attachment = rows[i].id == id ? &rows[i] : made->attachment;
	FL_TRY(find_report(ctx, report, &made->report));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_remove_attachment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	const fl_report *found;
	fl_uuid report;
	int16_t id = 0;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(read_number(ctx, "attachmentId", fl_gql_member(in, "attachmentId"), &id));
	FL_TRY(fl_attachment_remove(ctx, report, id));
	FL_TRY(find_report(ctx, report, &found));
	batch->results[0] = fl_gql_object(found);
	return FL_OK;
}

fl_err fl_api_set_photo_angle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	const fl_report *found;
	fl_uuid report;
	int16_t id = 0;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(read_number(ctx, "photoId", fl_gql_member(in, "photoId"), &id));
	FL_TRY(fl_photo_set_angle(ctx, report, id, (int16_t)fl_gql_int_or(fl_gql_member(in, "angle"), 0)));
	FL_TRY(find_report(ctx, report, &found));
	batch->results[0] = fl_gql_object(found);
	return FL_OK;
}

/* ---- Bytes ---- */

/* filename* in UTF-8, percent-encoded but for letters and digits (RFC 8187). */
static fl_str disposition(fl_arena *mem, fl_str name)
{
	static const char hex[] = "0123456789ABCDEF";
	FL_AUTO_BUF fl_buf text = fl_buf_make(1024);
	fl_buf_lit(&text, "attachment; filename*=UTF-8''");
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' ||
			c == '_')
			fl_buf_char(&text, (char)c);
		else
			fl_buf_fmt(&text, "%%%c%c", hex[c >> 4], hex[c & 15]);
	}
	return fl_buf_err(&text) == FL_OK ? fl_str_dup(mem, fl_buf_view(&text)) : (fl_str) {};
}

/* Uploaded bytes are always saved, never shown: whatever a browser would make of them, it does not run here. */
static fl_err send_blob(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_attachment *attachment)
{
	int fd;
	int64_t size;
	fl_str etag = fl_str_fmt(ctx->mem, "\"%.*s\"", FL_ARG(attachment->sha256_hex)),
	       save = disposition(ctx->mem, attachment->name);
	if (!etag.ptr || !save.ptr)
		return FL_NOMEM;
	FL_TRY(fl_store_open_blob(ctx, ctx->services->store, attachment->blob, &fd, &size));
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_header(res, FL_STR("Content-Security-Policy"), FL_STR("default-src 'none'; sandbox"));
	fl_response_header(res, FL_STR("Content-Disposition"), save);
	fl_err err = await_response_file(ctx, req, res,
		&(fl_http_file) { .fd = fd,
			.size = (uint64_t)size,
			.etag = etag,
			.media_type = attachment->media_type,
			.cache_control = FL_STR("private, no-cache") });
	close(fd);
	return err;
}

fl_err fl_api_attachment_bytes(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_attachment *attachment;
	fl_uuid report;
	int32_t number;
	FL_TRY(fl_api_authenticate(ctx, req));
	if (!fl_uuid_parse(req->captures[0], &report) || !fl_str_i32(req->captures[1], &number) || number < 1 ||
		number > INT16_MAX)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such attachment");
	FL_TRY(fl_attachment_open(ctx, report, (int16_t)number, &attachment));
	return send_blob(ctx, req, res, attachment);
}
