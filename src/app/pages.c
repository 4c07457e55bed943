#include "app/pages.h"

#include "api/api.h"
#include "fleet/report.h"
#include "fleet/session.h"

static fl_err file_report(fl_ctx *ctx, const fl_page_report *in, int64_t *number)
{
	fl_upload photos[FL_PAGE_PHOTOS_MAX];
	for (size_t i = 0; i < in->photo_count; i++) {
		const fl_part *part = in->photos[i];
		photos[i] = (fl_upload){ .name = part->filename, .fd = part->too_large ? -1 : part->fd, .size = part->size };
	}
	const fl_report_draft draft = { .vehicle_name = in->vehicle, .description = in->description, .photos = photos,
		.photo_count = in->photo_count, .idempotency_key = in->key };
	fl_uuid id;
	fl_report *reports = NULL;
	size_t count = 0;
	FL_TRY(fl_report_create(ctx, &draft, &id));
	FL_TRY(fl_reports_get(ctx, &id, 1, &reports, &count));
	if (count != 1)
		return FL_NOT_FOUND;
	*number = reports[0].number;
	return FL_OK;
}

static fl_err login(fl_ctx *ctx, fl_request *req, fl_str email, fl_str password, fl_page_session *out)
{
	FL_TRY(fl_session_login(ctx, email, password, &out->token));
	out->max_age_s = FL_SESSION_HOURS * 3600;
	return FL_OK;
}

/* The link carries a token; the browser keeps that same one as long as it is good. */
static fl_err login_by_link(fl_ctx *ctx, fl_str token, fl_page_session *out)
{
	FL_TRY(fl_session_enter(ctx, token));
	out->token = token;
	out->max_age_s = 0;
	return FL_OK;
}

fl_err app_pages_new(const app_shared *shared, fl_router *router, fl_page **out, fl_diag *diag)
{
	fl_page *page = NULL;
	FL_TRY(fl_page_new(&(fl_page_opts){
		.authenticate = fl_api_authenticate,
		.execute = fl_api_execute,
		.file_report = file_report,
		.login = login,
		.login_by_link = login_by_link,
		.upload_dir = shared->home.tmp,
		.secure_cookies = fl_str_starts(fl_str_z(shared->public_url), FL_STR("https://")),
	}, &page, diag));
	fl_err err = fl_page_routes(page, router);
	if (err != FL_OK) {
		fl_page_free(page);
		return err;
	}
	*out = page;
	return FL_OK;
}
