/* The bytes of photos, for those who may see the report. They never change, so a browser may keep them, but no cache that
 * serves several people may. */
#include "api/api_int.h"
#include "fleet/report/custody_log.h"
#include "fleet/repair/quote.h"

#include <unistd.h>

static fl_err find_photo(fl_ctx *ctx, fl_uuid report_id, int32_t number, const fl_photo_row **out)
{
	fl_report *reports;
	fl_photo_row *photos;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &report_id, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such photo");
	FL_TRY(fl_photos_of_reports(ctx, &report_id, 1, FL_PHOTO_ALL, &photos, &count));
	for (size_t i = 0; i < count; i++)
		if (photos[i].id == number) {
			*out = &photos[i];
			return FL_OK;
		}
	return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such photo");
}

typedef struct variant {
	fl_sha256 blob;
	fl_str media_type;
} variant;

static fl_err choose(fl_ctx *ctx, const fl_photo_row *photo, fl_str name, variant *out)
{
	assert(photo);
	if (fl_str_eq(name, FL_STR("original")))
		*out = (variant){ photo->original, photo->media_type };
	else if (photo->has_variants && fl_str_eq(name, FL_STR("view")))
		*out = (variant){ photo->view, FL_STR("image/jpeg") };
	else if (photo->has_variants && fl_str_eq(name, FL_STR("thumb")))
		*out = (variant){ photo->thumb, FL_STR("image/jpeg") };
	else
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "a photo is there as original, view and thumb");
	return FL_OK;
}

/* A stub is left of a photo that an erasure removed. Where a page shows the photo, it shows this picture instead. */
static fl_err send_removed(fl_ctx *ctx, fl_response *res, const fl_photo_row *photo, fl_str name)
{
	char day[FL_TIME_TEXT_MAX];
	bool thumb = fl_str_eq(name, FL_STR("thumb"));
	fl_time_format(photo->erased_at, day);
	if (!thumb && !fl_str_eq(name, FL_STR("view"))) {
		fl_err err = fl_fail(&ctx->diag, FL_NOT_FOUND, "photo %d was removed on %.10s by an erasure", photo->id, day);
		fl_response_error(ctx, res, err);
		fl_response_status(res, 410);
		return FL_OK;
	}
	fl_str svg = fl_str_fmt(ctx->mem,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 640 480\"><rect width=\"640\" height=\"480\" fill=\"#e6e6e6\"/>"
		"<text x=\"320\" y=\"220\" font-family=\"sans-serif\" font-size=\"%d\" fill=\"#444\" text-anchor=\"middle\">"
		"<tspan x=\"320\">Removed on %.10s</tspan><tspan x=\"320\" dy=\"1.4em\">by an erasure</tspan></text></svg>",
		thumb ? 320 : 640, thumb ? 240 : 480, thumb ? 64 : 32, day);
	if (!svg.ptr)
		return FL_NOMEM;
	fl_response_status(res, 410);
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_header(res, FL_STR("Content-Security-Policy"), FL_STR("default-src 'none'; sandbox"));
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	fl_response_body(res, FL_STR("image/svg+xml"), svg);
	return FL_OK;
}

static fl_err send_blob(fl_ctx *ctx, fl_request *req, fl_response *res, const variant *v)
{
	int fd;
	int64_t size;
	fl_str hex = fl_str_hex(ctx->mem, v->blob.bytes, sizeof(v->blob.bytes)), etag = fl_str_fmt(ctx->mem, "\"%.*s\"", FL_ARG(hex));
	if (!etag.ptr)
		return FL_NOMEM;
	FL_TRY(fl_store_open_blob(ctx, ctx->services->store, v->blob, &fd, &size));
	/* Uploaded bytes must never run as a page of ours, whatever a browser makes of them. */
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_header(res, FL_STR("Content-Security-Policy"), FL_STR("default-src 'none'; sandbox"));
	fl_err err = await_response_file(ctx, req, res,
					 &(fl_http_file){ .fd = fd, .size = (uint64_t)size, .etag = etag, .media_type = v->media_type,
							  .cache_control = FL_STR("private, max-age=31536000, immutable") });
	close(fd);
	return err;
}

fl_err fl_api_photo_bytes(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_photo_row *photo = NULL;
	fl_uuid report_id;
	int32_t number;
	variant v;
	FL_TRY(fl_api_authenticate(ctx, req));
	if (!fl_uuid_parse(req->captures[0], &report_id) || !fl_str_i32(req->captures[1], &number))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such photo");
	FL_TRY(find_photo(ctx, report_id, number, &photo));
	if (photo->erased_at)
		return send_removed(ctx, res, photo, req->captures[2]);
	FL_TRY(choose(ctx, photo, req->captures[2], &v));
	if (fl_str_eq(req->captures[2], FL_STR("original")))
		FL_TRY(fl_custody_opened(ctx, FL_EVENT_PHOTO_OPENED, "photo", report_id, (int16_t)number, (fl_str){}));
	return send_blob(ctx, req, res, &v);
}

/* A vendor looks at the damage; the original, with whatever the camera wrote into it, stays ours. */
fl_err fl_api_quote_photo(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_photo_row *photo = NULL;
	int32_t number = 0;
	variant v;
	if (!fl_str_i32(req->captures[1], &number))
		number = 0; /* the token is looked up all the same */
	FL_TRY(fl_quote_photo(ctx, req->captures[0], number, &photo));
	if (fl_str_eq(req->captures[2], FL_STR("original")))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such page");
	FL_TRY(choose(ctx, photo, req->captures[2], &v));
	fl_response_header(res, FL_STR("Referrer-Policy"), FL_STR("no-referrer"));
	return send_blob(ctx, req, res, &v);
}
