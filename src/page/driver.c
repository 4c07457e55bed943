/* The driver's page: web/src/driver.tsx. The plain form here sends the same report without any script. */
#include "page/page_int.h"
#include "page/words.h"

#include "fleet/report/report.h"

enum { PHOTO_MAX = 25000000, PHOTOS_MAX = 20, DESCRIPTION_MAX = 4 * FL_DESCRIPTION_MAX };

static void plain_form(html *h, fl_arena *mem, fl_str vehicle)
{
	fl_uuid key = fl_uuid7(fl_now_us());

	EL(h, "form", { "class", FL_STR("file") }, { "method", FL_STR("post") }, { "enctype", FL_STR("multipart/form-data") },
		{ "action", fl_str_fmt(mem, "/r/%" FL_FMT, FL_ARG(page_percent(mem, vehicle))) });
	VOID_EL(h, "input", { "type", FL_STR("hidden") }, { "name", FL_STR("key") }, { "value", fl_uuid_str(mem, key) });
	EL(h, "div", { "class", FL_STR("pick") });
	EL(h, "label", { "class", FL_STR("camera") });
	VOID_EL(h, "input", { "type", FL_STR("file") }, { "name", FL_STR("photos") }, { "accept", FL_STR("image/*") },
		{ "multiple", FL_STR("") }, { "required", FL_STR("") });
	html_text(h, FL_STR("Take a photo"));
	html_end(h);
	TEXT_EL(h, "p", FL_STR("Best: one of the whole side, one or two close up."), { "class", FL_STR("faint") });
	html_end(h);
	TEXT_EL(h, "label", FL_STR("What happened?"), { "class", FL_STR("field") }, { "for", FL_STR("description") });
	TEXT_EL(h, "textarea", FL_STR(""), { "id", FL_STR("description") }, { "name", FL_STR("description") }, { "rows", FL_STR("3") },
		{ "maxlength", FL_STR("10000") }, { "required", FL_STR("") },
		{ "placeholder", FL_STR("Scraped the rear left door at the loading dock") });
	TEXT_EL(h, "button", FL_STR("Send report"), { "class", FL_STR("send") });
	html_end(h);
}

static void earlier_report(html *h, fl_arena *mem, const fl_json *report)
{
	fl_str severity = json_text(report, "severity");

	EL(h, "li");
	mark_thumb(h, json_at(report, "photos"), NULL, "88", "66");
	EL(h, "p");
	TEXT_EL(h, "span", json_text(report, "description"), { "class", FL_STR("words") });
	EL(h, "span", { "class", FL_STR("line") });
	mark_status(h, mem, json_text(report, "status"));
	html_text(h, FL_STR(" "));
	mark_severity(h, mem, severity, severity.ptr ? (fl_str){} : FL_STR(""));
	html_end(h);
	EL(h, "span", { "class", FL_STR("faint") });
	html_text(h, fl_str_fmt(mem, "#%" FL_FMT ", ", FL_ARG(json_text(report, "number"))));
	mark_when(h, mem, report, "reportedAt", false);
	html_end(h);
	html_end(h);
	html_end(h);
}

static void earlier(html *h, fl_arena *mem, const fl_json *vehicle)
{
	const fl_json *reports = json_at(vehicle, "damageReports.nodes");

	if (json_count(reports) == 0)
		return;
	EL(h, "section", { "class", FL_STR("earlier") });
	TEXT_EL(h, "h2", fl_str_fmt(mem, "Already reported on %" FL_FMT, FL_ARG(json_text(vehicle, "name"))));
	EL(h, "ol");
	for (const fl_json *report = json_first(reports); report; report = report->next)
		earlier_report(h, mem, report);
	html_end(h);
	html_end(h);
}

static void filed(html *h, fl_arena *mem, fl_str number)
{
	EL(h, "section", { "class", FL_STR("card thanks") }, { "role", FL_STR("status") });
	TEXT_EL(h, "h2", fl_str_fmt(mem, "Thank you. Report #%" FL_FMT " is filed.", FL_ARG(number)));
	EL(h, "p");
	html_text(h, FL_STR("Your depot sees it now. "));
	TEXT_EL(h, "a", FL_STR("See the assessment"), { "href", fl_str_fmt(mem, "/reports/%" FL_FMT, FL_ARG(number)) });
	html_end(h);
	html_end(h);
}

static void write_driver(html *h, fl_ctx *ctx, const fl_page *page, const fl_json *data, fl_str filed_number)
{
	const fl_json *vehicle = json_at(data, "vehicle");
	fl_str name = json_text(vehicle, "name"), plate = json_text(vehicle, "plate");

	frame_begin(h, ctx, page, &(page_frame){ .title = fl_str_fmt(ctx->mem, "%" FL_FMT ", report damage", FL_ARG(name)),
		.body_class = FL_STR("page-driver"), .entry = filed_number.ptr ? NULL : &page->driver, .viewer = json_at(data, "viewer") });
	EL(h, "main", { "id", FL_STR("app") });
	EL(h, "header", { "class", FL_STR("vehicle") });
	TEXT_EL(h, "h1", name);
	TEXT_EL(h, "p", fl_str_fmt(ctx->mem, "%" FL_FMT " %" FL_FMT "%s%" FL_FMT, FL_ARG(json_text(vehicle, "make")),
		FL_ARG(json_text(vehicle, "model")), plate.ptr ? ", " : "", FL_ARG(plate)), { "class", FL_STR("faint") });
	EL(h, "p");
	TEXT_EL(h, "a", FL_STR("Inspect this vehicle"), { "href", fl_str_fmt(ctx->mem, "/inspect/%" FL_FMT, FL_ARG(page_percent(ctx->mem, name))) });
	html_end(h);
	html_end(h);
	if (filed_number.ptr)
		filed(h, ctx->mem, filed_number);
	else
		plain_form(h, ctx->mem, name);
	earlier(h, ctx->mem, vehicle);
	html_end(h);
	frame_first_screen(h, data, (fl_str){});
	frame_end(h);
}

static fl_err show_driver(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res)
{
	FL_AUTO_BUF fl_buf variables = fl_buf_make(4096), buf = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &variables };
	html h = { .buf = &buf };
	fl_str name = req->captures[0], number;
	const fl_json *data;
	int64_t ignored;

	if (!fl_str_utf8_valid(name))
		return FL_NOT_FOUND;
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("name"));
	fl_json_put_str(&j, name);
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&variables));
	FL_TRY(page_ask(ctx, page, page->documents.driver, fl_buf_view(&variables), &data));
	if (!json_at(data, "vehicle"))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vehicle %" FL_FMT, FL_ARG(name));
	if (!fl_request_query(ctx->mem, req, FL_STR("filed"), &number) || !fl_str_i64(number, &ignored))
		number = (fl_str){};
	write_driver(&h, ctx, page, data, number);
	return frame_send_packed(ctx, req, res, &buf, 200);
}

fl_err handle_driver(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_err err;

	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	err = show_driver(ctx, page, req, res);
	return err == FL_OK ? FL_OK : frame_problem(ctx, page, res, err);
}

/* ---- the plain form ---- */

typedef struct plain_report {
	fl_report_draft draft;
	fl_upload photos[PHOTOS_MAX];
} plain_report;

static fl_err take_photo(fl_ctx *ctx, plain_report *report, const fl_part *part)
{
	/* A browser sends one empty part when nothing was chosen. */
	if (part->size == 0 && part->filename.len == 0)
		return FL_OK;
	if (report->draft.photo_count == PHOTOS_MAX)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "%d photos are the most one report can have", PHOTOS_MAX);
	report->photos[report->draft.photo_count++] = (fl_upload){ .name = part->filename, .fd = part->too_large ? -1 : part->fd,
		.size = part->size };
	return FL_OK;
}

static fl_err read_form(fl_ctx *ctx, fl_request *req, plain_report *report)
{
	fl_multipart *form;
	fl_part *part;

	FL_TRY(fl_multipart_open(ctx, req, &(fl_multipart_options){ .dir = ctx->services->tmp_dir, .file_max = PHOTO_MAX,
		.field_max = DESCRIPTION_MAX, .parts_max = PHOTOS_MAX + 8, .files_max = PHOTOS_MAX + 1 }, &form));
	for (;;) {
		FL_TRY(await_multipart_next(ctx, form, &part));
		if (!part)
			return FL_OK;
		if (part->is_file)
			FL_TRY(take_photo(ctx, report, part));
		else if (fl_str_eq(part->name, FL_STR("description")))
			report->draft.description = fl_str_trim(part->value);
		else if (fl_str_eq(part->name, FL_STR("key")))
			report->draft.idempotency_key = part->value;
	}
}

static fl_err file(fl_ctx *ctx, fl_request *req, int64_t *number)
{
	plain_report *report = fl_new(ctx->mem, plain_report);
	fl_report *filed;
	size_t count;
	fl_uuid id;

	if (!report)
		return FL_NOMEM;
	report->draft.vehicle_name = req->captures[0];
	report->draft.photos = report->photos;
	FL_TRY(read_form(ctx, req, report));
	if (report->draft.photo_count == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "add at least one photo of the damage");
	FL_TRY(fl_report_create(ctx, &report->draft, &id));
	FL_TRY(fl_reports_get(ctx, &id, 1, &filed, &count));
	*number = count == 1 ? filed->number : 0;
	return count == 1 ? FL_OK : FL_NOT_FOUND;
}

fl_err handle_file(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	int64_t number = 0;
	fl_err err;

	if (!page_same_origin(req))
		return frame_problem(ctx, page, res, FL_FORBIDDEN);
	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	err = file(ctx, req, &number);
	if (err != FL_OK)
		return frame_problem(ctx, page, res, err);
	fl_response_redirect(res, 303, fl_str_fmt(ctx->mem, "/r/%" FL_FMT "?filed=%lld",
		FL_ARG(page_percent(ctx->mem, req->captures[0])), (long long)number));
	return FL_OK;
}
