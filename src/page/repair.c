/* The repair part of a report's page: asks for it, takes its forms. */
#include "page/repair_int.h"

enum { FORM_MAX = 1 << 15, PART_MAX = 1 << 20 };

/* Drivers see nothing of what a repair costs, so nobody asks on their behalf. */
static bool sees(const fl_ctx *ctx)
{
	return ctx->caller.role != FL_ROLE_DRIVER;
}

static bool decides(const fl_ctx *ctx)
{
	return ctx->caller.role == FL_ROLE_MANAGER || ctx->caller.role == FL_ROLE_ADMIN;
}

static fl_err ask(fl_ctx *ctx, const fl_page *page, repair *r)
{
	fl_str variables = fl_str_fmt(ctx->mem, "{\"number\":\"%" FL_FMT "\",\"deciding\":%s}", FL_ARG(r->number), r->deciding ? "true" : "false");
	const fl_json *data;

	FL_TRY(page_ask(ctx, page, page->documents.repair, variables, &data));
	r->report = json_at(data, "damageReport");
	r->vendors = json_at(data, "vendors");
	return FL_OK;
}

const repair *repair_load(fl_ctx *ctx, const fl_page *page, fl_str number, const repair_said *said)
{
	repair *r = sees(ctx) ? fl_new(ctx->mem, repair) : NULL;
	bool *told = r ? fl_new(ctx->mem, bool) : NULL;

	if (!told)
		return NULL;
	*r = (repair){ .mem = ctx->mem, .number = number, .said = said, .deciding = decides(ctx), .told = told };
	/* The rest of the page is good without it. */
	fl_err err = ask(ctx, page, r);
	if (err != FL_OK)
		fl_warn("repair of a report not shown: request %" FL_FMT " %s %s", FL_ARG(ctx->request_id), fl_err_name(err), fl_diag_text(&ctx->diag, err));
	return r;
}

static fl_err send_part(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res, const repair_said *said)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(PART_MAX);
	html h = { .buf = &buf };
	const repair *r = repair_load(ctx, page, req->captures[0], said);

	if (r)
		view_repair(&h, r);
	return frame_send_packed(ctx, req, res, &buf, 200);
}

static bool wants_part(fl_ctx *ctx, const fl_request *req)
{
	fl_str part;

	return fl_request_query(ctx->mem, req, FL_STR("part"), &part);
}

fl_err handle_repair(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;

	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	if (!page_is_number(req->captures[0]))
		return frame_problem(ctx, page, res, FL_NOT_FOUND);
	if (wants_part(ctx, req))
		return send_part(ctx, page, req, res, NULL);
	/* Somebody kept the address that a form led to. */
	fl_response_redirect(res, 303, fl_str_fmt(ctx->mem, "/reports/%" FL_FMT "#repair", FL_ARG(req->captures[0])));
	return FL_OK;
}

/* ---- forms ---- */

static void tell_link(fl_arena *mem, const fl_json *done, repair_said *said)
{
	fl_str name = json_text(done, "estimate.vendorName"), problem = json_text(done, "mailProblem");
	bool mailed = fl_json_bool(json_at(done, "mailed"), false), waits = fl_str_eq(json_text(done, "estimate.link.mail"), FL_STR("WAITING"));

	said->link = json_text(done, "url");
	said->notice = fl_str_fmt(mem, "This is the link for %" FL_FMT ". It is shown only now.%s%" FL_FMT "%s", FL_ARG(name),
		mailed ? " It was also sent by mail." : waits ? " It was not sent by mail yet: " : problem.len ? " It was not sent by mail: " : " Send it to them.",
		FL_ARG(mailed || !problem.ptr ? FL_STR("") : problem), !mailed && problem.len ? "." : "");
}

static void tell(fl_arena *mem, const fl_json *done, repair_said *said)
{
	if (json_at(done, "url"))
		tell_link(mem, done, said);
	else if (fl_json_bool(json_at(done, "awaitsSecondApproval"), false))
		said->notice = FL_STR("You accepted it. Its total is above what one person may approve, so a second person has to accept it too; "
			"nothing is approved until then.");
	else if (fl_str_eq(json_text(done, "invoice.state"), FL_STR("HELD")))
		said->notice = FL_STR("The bill is recorded and waits: it takes the cost too far above what was approved, so a second person has to "
			"approve it.");
}

static fl_err change(fl_ctx *ctx, const fl_page *page, repair_said *said)
{
	fl_str document, variables;
	const fl_json *data;

	FL_TRY(repair_form_read(ctx, page, said->form, &document, &variables));
	FL_TRY(page_ask(ctx, page, document, variables, &data));
	tell(ctx->mem, json_at(data, "done"), said);
	return FL_OK;
}

/* The script gets the part, which says all, as 200: for it nothing failed. A browser without script gets the whole page, or is
 * led to it, so that loading it again sends nothing twice. */
static fl_err answer(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res, const repair_said *said, fl_err err)
{
	if (wants_part(ctx, req))
		return send_part(ctx, page, req, res, said);
	if (said->problem.ptr || said->notice.ptr)
		return show_report(ctx, page, req, res, said, err == FL_OK ? 200 : fl_err_status(err));
	fl_response_redirect(res, 303, fl_str_fmt(ctx->mem, "/reports/%" FL_FMT "#repair", FL_ARG(req->captures[0])));
	return FL_OK;
}

static fl_err take_form(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res)
{
	repair_said said = {};

	FL_TRY(await_body_all(ctx, req, FORM_MAX, &said.form));
	(void)!fl_form_get(ctx->mem, said.form, FL_STR("form"), &said.place);
	fl_err err = change(ctx, page, &said);
	if (err != FL_OK && fl_err_status(err) >= 500)
		return err;
	if (err != FL_OK)
		said.problem = err == FL_CONFLICT ? fl_str_fmt(ctx->mem, "Not done: %s. This is how it stands now.", fl_diag_text(&ctx->diag, err))
			: fl_str_fmt(ctx->mem, "Not done: %s.", fl_diag_text(&ctx->diag, err));
	return answer(ctx, page, req, res, &said, err);
}

fl_err handle_repair_form(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_err err;

	if (!page_same_origin(req))
		return frame_problem(ctx, page, res, FL_FORBIDDEN);
	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	if (!page_is_number(req->captures[0]))
		return frame_problem(ctx, page, res, FL_NOT_FOUND);
	err = take_form(ctx, page, req, res);
	return err == FL_OK ? FL_OK : frame_problem(ctx, page, res, err);
}
