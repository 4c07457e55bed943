/* The page behind a link to an estimate: no account, no script needed. Whoever bears the link sees and writes one estimate.
 * Programs of vendors get and send the same as JSON. */
#include "page/quote_int.h"

static bool wants_json(const fl_request *req)
{
	return fl_request_names(req, FL_STR("application/json")) > fl_request_names(req, FL_STR("text/html"));
}

static bool is_json(const fl_request *req)
{
	return fl_str_eq_nocase(fl_request_media_type(req), FL_STR("application/json"));
}

static int status_of(const fl_quote *q)
{
	return q->state == FL_QUOTE_OPEN || q->state == FL_QUOTE_ACCEPTED ? 200 : 410;
}

/* ---- showing ---- */

static fl_err show(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_quote *q, const quote_form *form, fl_str problem,
	fl_str notice, int status)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(2 << 20);
	html h = { .buf = &buf };
	const fl_page *page = req->arg;
	frame_begin(&h, ctx, page, &(page_frame) { .title = FL_STR("Estimate"), .body_class = FL_STR("page-quote") });
	view_quote(&h, ctx, q, form, req->captures[0], problem, notice);
	frame_end(&h);
	fl_response_header(res, FL_STR("X-Robots-Tag"), FL_STR("noindex, nofollow"));
	return frame_send_packed(ctx, req, res, &buf, status);
}

static fl_err send_json(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_quote *q)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 20);
	quote_json(ctx, q, req->captures[0], &buf);
	FL_TRY(fl_buf_err(&buf));
	fl_response_status(res, status_of(q));
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("private, no-store"));
	fl_response_take_buf(res, FL_STR("application/json"), &buf);
	return FL_OK;
}

static fl_str notice_of(fl_ctx *ctx, const fl_request *req)
{
	fl_str done;
	if (!fl_request_query(ctx->mem, req, FL_STR("done"), &done))
		return (fl_str) {};
	if (fl_str_eq(done, FL_STR("send")))
		return FL_STR("Thank you. Your estimate was sent; you may revise it until it is decided.");
	return fl_str_eq(done, FL_STR("save")) ? FL_STR("Saved. It is not sent yet.") : (fl_str) {};
}

static fl_err get_quote(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_quote *q;
	quote_form *form = fl_new(ctx->mem, quote_form);
	if (!form)
		return FL_NOMEM;
	FL_TRY(fl_quote_open(ctx, req->captures[0], &q));
	if (wants_json(req))
		return send_json(ctx, req, res, q);
	quote_form_fill(ctx, q, form);
	return show(ctx, req, res, q, form, (fl_str) {}, notice_of(ctx, req), status_of(q));
}

/* For programs the JSON error, for people a page. */
static fl_err problem(fl_ctx *ctx, fl_request *req, fl_response *res, fl_err err)
{
	return wants_json(req) || is_json(req) ? err : frame_problem(ctx, req->arg, res, err);
}

fl_err handle_quote(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_err err = get_quote(ctx, req, res);
	return err == FL_OK ? FL_OK : problem(ctx, req, res, err);
}

/* ---- taking ---- */

static fl_err same_revision(fl_ctx *ctx, const fl_quote *q, const quote_form *form)
{
	int32_t seen;
	if (fl_str_i32(form->revision, &seen) && seen == q->estimate->now.number)
		return FL_OK;
	return fl_fail(&ctx->diag, FL_CONFLICT,
		"this estimate was sent in meanwhile from elsewhere; look at it below and send it again if you like");
}

static fl_err act(fl_ctx *ctx, const fl_quote *q, const quote_form *form)
{
	fl_estimate_draft draft;
	if (fl_str_eq(form->action, FL_STR("withdraw")))
		return fl_quote_withdraw(ctx, q, form->reason);
	FL_TRY(same_revision(ctx, q, form));
	FL_TRY(quote_form_draft(ctx, form, &draft));
	return fl_quote_write(ctx, q, &draft, fl_str_eq(form->action, FL_STR("send")));
}

/* What was typed is shown again with what is wrong with it: nobody types twenty lines twice. */
static fl_err show_again(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_quote *q, const quote_form *form, fl_err err)
{
	fl_str text = fl_str_fmt(ctx->mem, "Not done: %s.", fl_diag_text(&ctx->diag, err));
	if (fl_err_status(err) >= 500)
		return err;
	return show(ctx, req, res, q, form, text, (fl_str) {}, fl_err_status(err));
}

static fl_err post_form(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_quote *q, fl_str body)
{
	quote_form *form = fl_new(ctx->mem, quote_form);
	if (!form)
		return FL_NOMEM;
	quote_form_read(ctx, body, form);
	if (q->state != FL_QUOTE_OPEN || fl_str_eq(form->action, FL_STR("more")))
		return show(ctx, req, res, q, form, (fl_str) {}, (fl_str) {}, status_of(q));
	fl_err err = act(ctx, q, form);
	if (err)
		return show_again(ctx, req, res, q, form, err);
	bool sent = fl_str_eq(form->action, FL_STR("send"));
	fl_response_redirect(
		res, 303, fl_str_fmt(ctx->mem, "/quote/%" FL_FMT "?done=%s", FL_ARG(req->captures[0]), sent ? "send" : "save"));
	return FL_OK;
}

static fl_err post_json(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_quote *q, fl_str body)
{
	fl_estimate_draft draft;
	bool send = true;
	if (q->state != FL_QUOTE_OPEN)
		return send_json(ctx, req, res, q);
	FL_TRY(quote_json_draft(ctx, body, &draft, &send));
	FL_TRY(fl_quote_write(ctx, q, &draft, send));
	FL_TRY(fl_quote_open(ctx, req->captures[0], &q));
	return send_json(ctx, req, res, q);
}

static fl_err post_quote(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_quote *q;
	fl_str body;
	/* The token first: whoever has none sends nothing here. */
	FL_TRY(fl_quote_open(ctx, req->captures[0], &q));
	FL_TRY(await_body_all(ctx, req, QUOTE_FORM_MAX, &body));
	return is_json(req) ? post_json(ctx, req, res, q, body) : post_form(ctx, req, res, q, body);
}

fl_err handle_quote_form(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_err err = post_quote(ctx, req, res);
	return err == FL_OK ? FL_OK : problem(ctx, req, res, err);
}
