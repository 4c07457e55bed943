/* The dashboard: the list, and one report beside it. */
#include "page/page_int.h"
#include "page/words.h"

enum { LIST_FIRST = 30, PAGE_MAX = 4 << 20, SEARCH_MAX = 200 };

static board_filter read_filter(fl_arena *mem, const fl_request *req)
{
	board_filter filter = {};
	fl_str value;

	/* What is no status or severity is left out rather than refused: an old bookmark still opens. */
	if (fl_request_query(mem, req, FL_STR("status"), &value) && words_is_status(value))
		filter.status = value;
	if (fl_request_query(mem, req, FL_STR("severity"), &value) && words_severity_index(value) >= 0)
		filter.severity = value;
	if (fl_request_query(mem, req, FL_STR("search"), &value)) {
		value = fl_str_trim(value);
		if (value.len > 0 && value.len <= SEARCH_MAX && fl_str_utf8_valid(value))
			filter.search = value;
	}
	if (fl_request_query(mem, req, FL_STR("after"), &value) && value.len > 0)
		filter.after = value;
	return filter;
}

static void put_one(fl_json_out *j, const char *name, fl_str value)
{
	if (!value.ptr)
		return;
	fl_json_key(j, fl_str_z(name));
	fl_json_open(j, '[');
	fl_json_put_str(j, value);
	fl_json_close(j, ']');
}

static fl_err board_variables(fl_arena *mem, const board_filter *filter, fl_str number, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 16);
	fl_json_out j = { .buf = &buf };

	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("first"));
	fl_json_put_i64(&j, LIST_FIRST);
	if (filter->after.ptr) {
		fl_json_key(&j, FL_STR("after"));
		fl_json_put_str(&j, filter->after);
	}
	if (filter->status.ptr || filter->severity.ptr || filter->search.ptr) {
		fl_json_key(&j, FL_STR("filter"));
		fl_json_open(&j, '{');
		put_one(&j, "status", filter->status);
		put_one(&j, "severity", filter->severity);
		if (filter->search.ptr) {
			fl_json_key(&j, FL_STR("search"));
			fl_json_put_str(&j, filter->search);
		}
		fl_json_close(&j, '}');
	}
	if (number.ptr) {
		fl_json_key(&j, FL_STR("number"));
		fl_json_put_str(&j, number);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static void write_board(html *h, fl_ctx *ctx, const fl_page *page, const fl_json *data, const board_filter *filter, fl_str number,
	const repair *part)
{
	const fl_json *viewer = json_at(data, "viewer"), *report = json_at(data, "damageReport");
	fl_str title = !number.ptr ? FL_STR("Reports") : !report ? FL_STR("No such report")
		: fl_str_fmt(ctx->mem, "%" FL_FMT " #%" FL_FMT, FL_ARG(json_text(report, "vehicle.name")), FL_ARG(number));

	frame_begin(h, ctx, page, &(page_frame){ .title = title, .body_class = FL_STR("page-board"), .entry = &page->dashboard,
		.viewer = viewer, .live = true });
	EL(h, "main", { "id", FL_STR("app") });
	EL(h, "div", { "class", number.ptr ? FL_STR("board has-report") : FL_STR("board") });
	view_list(h, ctx, data, filter, number);
	if (number.ptr)
		view_report(h, ctx, report, viewer, filter, number, part);
	html_end(h);
	html_end(h);
	frame_first_screen(h, data, number);
	frame_end(h);
}

static fl_err show_board(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res, fl_str number, const repair_said *said,
	int status)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(PAGE_MAX);
	html h = { .buf = &buf };
	board_filter filter = read_filter(ctx->mem, req);
	const fl_json *data;
	fl_str variables;

	FL_TRY(board_variables(ctx->mem, &filter, number, &variables));
	FL_TRY(page_ask(ctx, page, number.ptr ? page->documents.board_report : page->documents.board, variables, &data));
	bool missing = number.ptr && !json_at(data, "damageReport");
	write_board(&h, ctx, page, data, &filter, number, number.ptr && !missing ? repair_load(ctx, page, number, said) : NULL);
	return frame_send_packed(ctx, req, res, &buf, missing ? 404 : status);
}

fl_err handle_board(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_err err;

	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	err = show_board(ctx, page, req, res, (fl_str){}, NULL, 200);
	return err == FL_OK ? FL_OK : frame_problem(ctx, page, res, err);
}

bool page_is_number(fl_str text)
{
	int64_t number;

	return fl_str_i64(text, &number) && number > 0;
}

fl_err show_report(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res, const repair_said *said, int status)
{
	return show_board(ctx, page, req, res, req->captures[0], said, status);
}

fl_err handle_report(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_err err;

	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	if (!page_is_number(req->captures[0]))
		return frame_problem(ctx, page, res, FL_NOT_FOUND);
	err = show_board(ctx, page, req, res, req->captures[0], NULL, 200);
	return err == FL_OK ? FL_OK : frame_problem(ctx, page, res, err);
}

/* ---- decisions by a plain form ---- */

static fl_err change_variables(fl_arena *mem, fl_str form, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 14);
	fl_json_out j = { .buf = &buf };
	fl_str id, transition, version_text;
	int64_t version;

	if (!fl_form_get(mem, form, FL_STR("id"), &id) || !fl_form_get(mem, form, FL_STR("transition"), &transition) ||
		!fl_form_get(mem, form, FL_STR("version"), &version_text) || !fl_str_i64(version_text, &version))
		return FL_BAD_INPUT;
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("input"));
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("id"));
	fl_json_put_str(&j, id);
	fl_json_key(&j, FL_STR("version"));
	fl_json_put_i64(&j, version);
	fl_json_key(&j, FL_STR("transition"));
	fl_json_put_str(&j, transition);
	fl_json_close(&j, '}');
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static fl_err change(fl_ctx *ctx, const fl_page *page, fl_request *req)
{
	fl_str form, variables;
	const fl_json *data;

	FL_TRY(await_body_all(ctx, req, 1 << 14, &form));
	FL_TRY(change_variables(ctx->mem, form, &variables));
	return page_ask(ctx, page, page->documents.transition, variables, &data);
}

fl_err handle_change(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_err err;

	if (!page_same_origin(req))
		return frame_problem(ctx, page, res, FL_FORBIDDEN);
	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	if (!page_is_number(req->captures[0]))
		return frame_problem(ctx, page, res, FL_NOT_FOUND);
	err = change(ctx, page, req);
	if (err != FL_OK)
		return frame_problem(ctx, page, res, err);
	fl_response_redirect(res, 303, fl_str_fmt(ctx->mem, "/reports/%" FL_FMT, FL_ARG(req->captures[0])));
	return FL_OK;
}
