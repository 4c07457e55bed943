/* Who is asking: the session's cookie, signing in and out, and whether a form is ours. */
#include "page/page_int.h"

#include "fleet/session.h"

static const fl_str cookie_name = FL_STR_INIT("fleet_session");

bool page_caller(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res)
{
	fl_err err = page->opts.authenticate(ctx, req);

	if (err == FL_OK && ctx->caller.tenant_id > 0)
		return true;
	/* Only what is asked by GET can be gone on to after signing in. */
	fl_response_redirect(res, 303, req->method == FL_POST ? FL_STR("/login")
		: fl_str_fmt(ctx->mem, "/login?next=%" FL_FMT, FL_ARG(page_percent(ctx->mem, req->target))));
	return false;
}

/* A form of another site carries that site's Origin. Where a browser hides the Origin ("null", by a referrer policy), it says
 * in Sec-Fetch-Site whether the form was ours; a browser that sends neither is too old to be lured with SameSite cookies. */
bool page_same_origin(const fl_request *req)
{
	fl_str origin = fl_request_header(req, FL_STR("origin")), site = fl_request_header(req, FL_STR("sec-fetch-site"));
	ptrdiff_t scheme;

	if (site.ptr)
		return fl_str_eq(site, FL_STR("same-origin"));
	if (!origin.ptr)
		return false;
	scheme = fl_str_find(origin, FL_STR("://"));
	return scheme > 0 && fl_str_eq_nocase(fl_str_slice(origin, (size_t)scheme + 3, origin.len), req->host);
}

fl_str page_next(fl_str next)
{
	if (next.len == 0 || next.ptr[0] != '/' || fl_str_starts(next, FL_STR("//")) || fl_str_find_char(next, '\\') >= 0)
		return FL_STR("/");
	for (size_t i = 0; i < next.len; i++) {
		if ((unsigned char)next.ptr[i] <= ' ' || next.ptr[i] == 0x7f)
			return FL_STR("/");
	}
	return next;
}

/* max_age_s below 0 takes the cookie away. */
static void set_cookie(fl_ctx *ctx, fl_response *res, fl_str token, int64_t max_age_s)
{
	fl_response_cookie(res, &(fl_cookie){ .name = cookie_name, .value = token, .path = FL_STR("/"), .max_age_s = max_age_s,
		.http_only = true, .secure = ctx->services->secure_cookies });
}

static fl_err show_login(fl_ctx *ctx, const fl_page *page, fl_response *res, fl_str next, fl_str email, fl_str problem, int status)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 16);
	html h = { .buf = &buf };

	frame_begin(&h, ctx, page, &(page_frame){ .title = FL_STR("Sign in"), .body_class = FL_STR("page-plain") });
	EL(&h, "main");
	EL(&h, "form", { "class", FL_STR("card") }, { "method", FL_STR("post") }, { "action", FL_STR("/login") });
	TEXT_EL(&h, "h1", FL_STR("Sign in"));
	if (problem.ptr)
		TEXT_EL(&h, "p", problem, { "class", FL_STR("problem") }, { "role", FL_STR("alert") });
	VOID_EL(&h, "input", { "type", FL_STR("hidden") }, { "name", FL_STR("next") }, { "value", page_next(next) });
	EL(&h, "label");
	html_text(&h, FL_STR("E-mail "));
	VOID_EL(&h, "input", { "type", FL_STR("email") }, { "name", FL_STR("email") }, { "value", email }, { "autocomplete", FL_STR("username") },
		{ "required", FL_STR("") }, { "autofocus", HTML_IF(!email.len) });
	html_end(&h);
	EL(&h, "label");
	html_text(&h, FL_STR("Password "));
	VOID_EL(&h, "input", { "type", FL_STR("password") }, { "name", FL_STR("password") }, { "autocomplete", FL_STR("current-password") },
		{ "required", FL_STR("") }, { "autofocus", HTML_IF(email.len) });
	html_end(&h);
	TEXT_EL(&h, "button", FL_STR("Sign in"), { "class", FL_STR("button is-main") });
	html_end(&h);
	frame_end(&h);
	return frame_send(res, &buf, status, frame_policy);
}

fl_err handle_login(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_str next, token, session;

	if (!fl_request_query(ctx->mem, req, FL_STR("next"), &next))
		next = FL_STR("/");
	if (!fl_request_query(ctx->mem, req, FL_STR("token"), &token))
		return show_login(ctx, page, res, next, FL_STR(""), (fl_str){}, 200);
	/* The link's token may live longer or shorter than a session; the browser gets one of its own. */
	if (fl_session_enter(ctx, token) != FL_OK || fl_session_token(ctx, FL_SESSION_HOURS * FL_HOUR_US, &session) != FL_OK)
		return show_login(ctx, page, res, next, FL_STR(""), FL_STR("This link is no longer good. Sign in with your password."), 401);
	set_cookie(ctx, res, session, FL_SESSION_HOURS * 3600);
	fl_response_redirect(res, 303, page_next(next)); /* and the token is out of the address bar */
	return FL_OK;
}

fl_err handle_login_form(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_str form, email = FL_STR(""), password = FL_STR(""), next = FL_STR("/"), session;
	fl_err err;

	if (!page_same_origin(req))
		return frame_problem(ctx, page, res, FL_FORBIDDEN);
	err = await_body_all(ctx, req, 1 << 14, &form);
	if (err != FL_OK)
		return frame_problem(ctx, page, res, err);
	(void)!fl_form_get(ctx->mem, form, FL_STR("email"), &email);
	(void)!fl_form_get(ctx->mem, form, FL_STR("password"), &password);
	(void)!fl_form_get(ctx->mem, form, FL_STR("next"), &next);
	err = fl_session_login(ctx, fl_str_trim(email), password, &session);
	if (err == FL_UNAUTHENTICATED)
		fl_info("log-in refused: from %s, request %" FL_FMT, req->peer, FL_ARG(ctx->request_id));
	if (err == FL_UNAUTHENTICATED)
		return show_login(ctx, page, res, next, email, FL_STR("This address and password do not belong together."), 401);
	if (err != FL_OK)
		return frame_problem(ctx, page, res, err);
	set_cookie(ctx, res, session, FL_SESSION_HOURS * 3600);
	fl_response_redirect(res, 303, page_next(next));
	return FL_OK;
}

fl_err handle_logout(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;

	if (!page_same_origin(req))
		return frame_problem(ctx, page, res, FL_FORBIDDEN);
	set_cookie(ctx, res, FL_STR(""), -1);
	fl_response_redirect(res, 303, FL_STR("/login"));
	return FL_OK;
}
