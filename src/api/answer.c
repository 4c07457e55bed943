/* How an answer leaves: media type, status, validators, caching, compression. */
#include "api/api_int.h"

static const fl_str json_type = FL_STR_INIT("application/json; charset=utf-8");
static const fl_str graphql_type = FL_STR_INIT("application/graphql-response+json; charset=utf-8");

/* Clients that know the media type of GraphQL get status codes by it; the others get 200 with their errors. A wildcard
 * does not say that the client knows it. */
static bool is_typed(const fl_request *req)
{
	int typed = fl_request_names(req, FL_STR("application/graphql-response+json"));
	return typed > 0 && typed >= fl_request_names(req, FL_STR("application/json"));
}

fl_err fl_api_negotiate(fl_ctx *ctx, const fl_request *req)
{
	static const char *const types[] = { "application/graphql-response+json", "application/json", "multipart/mixed",
		"text/event-stream" };
	for (size_t i = 0; i < FL_COUNT(types); i++)
		if (fl_request_accepts(req, fl_str_z(types[i])))
			return FL_OK;
	return fl_fail(&ctx->diag, FL_NOT_ACCEPTABLE, "answers are application/graphql-response+json or application/json");
}

/* "\"…\"": the same bytes have the same tag; it is sent as a weak one, for the coding may differ. */
static fl_str etag_of(fl_ctx *ctx, fl_str body)
{
	fl_sha256 hash = fl_sha256_of(body);
	char text[FL_BASE64URL_LEN(16)];
	return fl_str_fmt(ctx->mem, "\"%.*s\"", (int)fl_base64url_encode(hash.bytes, 16, text), text);
}

static bool is_good_query(const fl_gql_outcome *outcome)
{
	return outcome->status == FL_GQL_EXECUTED && outcome->operation == FL_GQL_QUERY && !outcome->errors &&
	       !outcome->cost_only;
}

/* Only GET has validators: nothing else may be answered from a copy. True: the client has it already. */
static bool validate(fl_ctx *ctx, const fl_request *req, fl_response *res, fl_str body)
{
	fl_str etag = etag_of(ctx, body);
	fl_response_header(res, FL_STR("ETag"), fl_str_fmt(ctx->mem, "W/%" FL_FMT, FL_ARG(etag)));
	return fl_request_has_copy(req, etag);
}

/* Whatever somebody who is logged in sees is theirs alone. Without an age a copy may still be kept where it can be asked
 * whether it is good: by GET. */
static fl_str cache_control(fl_ctx *ctx, const fl_gql_outcome *outcome, bool has_tag)
{
	bool only_private = outcome->cache.is_private || ctx->caller.tenant_id != 0;
	if (!is_good_query(outcome) || (outcome->cache.max_age_s == 0 && !has_tag))
		return FL_STR("no-store");
	if (outcome->cache.max_age_s == 0)
		return only_private ? FL_STR("private, no-cache") : FL_STR("no-cache");
	return fl_str_fmt(ctx->mem, "%s, max-age=%d", only_private ? "private" : "public", outcome->cache.max_age_s);
}

static fl_err send(fl_ctx *ctx, fl_request *req, fl_response *res, fl_buf *out)
{
	fl_api_tell_written(ctx, req, res);
	fl_response_header(res, FL_STR("Vary"), FL_STR("Accept, Accept-Encoding, Authorization, Cookie"));
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_header(res, FL_STR("X-Request-Id"), ctx->request_id);
	fl_response_take_buf(res, is_typed(req) ? graphql_type : json_type, out);
	return await_response_compress(ctx, req, res);
}

fl_err fl_api_answer(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_gql_outcome *outcome, fl_buf *out)
{
	bool get = req->method != FL_POST, good = is_good_query(outcome);
	if (outcome->status == FL_GQL_NOT_ALLOWED) {
		fl_response_status(res, 405);
		fl_response_header(res, FL_STR("Allow"), FL_STR("POST"));
	} else if (outcome->status == FL_GQL_REQUEST_ERROR && is_typed(req)) {
		fl_response_status(res, 400);
	}
	fl_response_header(res, FL_STR("Cache-Control"), cache_control(ctx, outcome, get && good));
	if (get && good && validate(ctx, req, res, fl_buf_view(out))) {
		fl_response_status(res, 304);
		fl_buf_reset(out);
	}
	return send(ctx, req, res, out);
}

fl_err fl_api_answer_batch(fl_ctx *ctx, fl_request *req, fl_response *res, fl_buf *out)
{
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	return send(ctx, req, res, out);
}
