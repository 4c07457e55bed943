/* From a request to a caller. */
#include "api/api_int.h"
#include "fleet/freshness.h"
#include "fleet/session.h"

static fl_err enter_by(fl_ctx *ctx, fl_str token)
{
	fl_err err = fl_session_enter(ctx, token);
	if (err == FL_UNAUTHENTICATED && ctx->services->api)
		atomic_fetch_add_explicit(&ctx->services->api->tokens_refused, 1, memory_order_relaxed);
	return err;
}

uint64_t fl_api_tokens_refused(const fl_api *api)
{
	return atomic_load_explicit(&api->tokens_refused, memory_order_relaxed);
}

fl_err fl_api_authenticate_bearer(fl_ctx *ctx, fl_str header)
{
	fl_str token, scheme = fl_str_cut(header, ' ', &token);
	if (!fl_str_eq_nocase(scheme, FL_STR("Bearer")) || token.len == 0)
		return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "the authorization must be \"Bearer\" and a token");
	return enter_by(ctx, fl_str_trim(token));
}

/* What the client calls itself, for the custody of files: printable ASCII, at most so much of it. */
static fl_str client_of(fl_ctx *ctx, const fl_request *req)
{
	fl_str agent = fl_request_header(req, FL_STR("user-agent"));
	size_t len = FL_MIN(agent.len, (size_t)200);
	char *copy = len ? fl_arena_take(ctx->mem, len) : NULL;
	for (size_t i = 0; copy && i < len; i++)
		copy[i] = agent.ptr[i] >= ' ' && agent.ptr[i] <= '~' ? agent.ptr[i] : '?';
	return (fl_str){ copy, copy ? len : 0 };
}

static fl_err enter(fl_ctx *ctx, fl_request *req)
{
	fl_str cookie, header = fl_request_header(req, FL_STR("authorization"));
	if (header.ptr)
		return fl_api_authenticate_bearer(ctx, header);
	if (fl_request_cookie(req, FL_STR("fleet_session"), &cookie) && cookie.len)
		return enter_by(ctx, cookie);
	return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "log in first, or send a bearer token");
}

/* What the client was told when it wrote last. */
static fl_str written_of(const fl_request *req)
{
	fl_str cookie, header = fl_request_header(req, FL_STR("fleet-written"));
	if (header.ptr)
		return header;
	return fl_request_cookie(req, FL_STR("fleet_written"), &cookie) ? cookie : (fl_str){};
}

void fl_api_tell_written(fl_ctx *ctx, const fl_request *req, fl_response *res)
{
	fl_str token;
	char *text = ctx->view && ctx->view->written ? fl_arena_take(ctx->mem, FL_LSN_TEXT + 1) : NULL;
	if (!text)
		return;
	fl_lsn_format(ctx->view->written, text);
	fl_response_header(res, FL_STR("Fleet-Written"), fl_str_z(text));
	if (!fl_request_header(req, FL_STR("authorization")).ptr && fl_request_cookie(req, FL_STR("fleet_session"), &token))
		fl_response_cookie(res, &(fl_cookie){ .name = FL_STR("fleet_written"), .value = fl_str_z(text), .path = FL_STR("/"),
			.max_age_s = FL_FRESHNESS_S, .http_only = true, .secure = ctx->services->secure_cookies });
}

fl_err fl_api_authenticate(fl_ctx *ctx, fl_request *req)
{
	FL_TRY(enter(ctx, req));
	ctx->caller.client = client_of(ctx, req);
	fl_freshness_open(ctx, written_of(req));
	return FL_OK;
}

/* A page of another site can send a GET, or a form, with the reader's cookie and without a preflight; it cannot send JSON or
 * one of these headers. Our own pages are known by their origin. */
bool fl_api_asked_first(const fl_request *req)
{
	static const char *const headers[] = { "origin", "sec-fetch-site", "graphql-preflight", "apollo-require-preflight",
					       "x-apollo-operation-name", "x-requested-with" };
	for (size_t i = 0; i < FL_COUNT(headers); i++)
		if (fl_request_header(req, fl_str_z(headers[i])).len)
			return true;
	return req->method == FL_POST && fl_str_eq_nocase(fl_request_media_type(req), FL_STR("application/json"));
}

/* Browsers name the page's site in Origin (and newer ones in Sec-Fetch-Site); other clients send neither. */
bool fl_api_same_origin(const fl_request *req)
{
	fl_str origin = fl_request_header(req, FL_STR("origin")), site = fl_request_header(req, FL_STR("sec-fetch-site"));
	if (site.ptr && !fl_str_eq(site, FL_STR("same-origin")) && !fl_str_eq(site, FL_STR("none")))
		return false;
	if (!origin.ptr)
		return true;
	ptrdiff_t scheme = fl_str_find(origin, FL_STR("://"));
	return scheme >= 0 && fl_str_eq_nocase(fl_str_slice(origin, scheme + 3, origin.len), req->host);
}
