/* Responses in parts over HTTP: multipart/mixed, a part a payload, each sent as soon as it is there.
 *
 *	---                                        the boundary is "-"
 *	Content-Type: application/json; charset=utf-8
 *
 *	{"data":...,"hasNext":true}
 *	---                                        stands behind each part at once, so that nobody waits for the next one
 *	...
 *	-----
 *
 * The next payload is asked of the engine when the socket has taken the one before. */
#include "api/api_int.h"

#define PAYLOAD_LIMIT_US (30 * FL_SECOND_US) /* to make one payload; how long the client takes to read it is limited below */

static const fl_str mixed = FL_STR_INIT("multipart/mixed");

/* The range of Accept that names multipart/mixed, with its parameters. */
static fl_str find_range(fl_str accept)
{
	while (accept.len) {
		fl_str range = fl_str_trim(fl_str_cut(accept, ',', &accept)), parameters;
		if (fl_str_eq_nocase(fl_str_trim(fl_str_cut(range, ';', &parameters)), mixed))
			return range;
	}
	return (fl_str){};
}

fl_gql_parts fl_api_parts_wanted(const fl_request *req)
{
	if (req->method == FL_HEAD || fl_request_names(req, mixed) <= 0)
		return FL_GQL_WHOLE;
	fl_str range = find_range(fl_request_header(req, FL_STR("accept")));
	return fl_str_find(range, FL_STR("deferSpec=20220824")) >= 0 ? FL_GQL_PARTS_OF_2022 : FL_GQL_PARTS;
}

static fl_err begin(fl_ctx *ctx, fl_request *req, fl_response *res, fl_gql_parts parts)
{
	fl_api_tell_written(ctx, req, res);
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	fl_response_header(res, FL_STR("Vary"), FL_STR("Accept, Authorization, Cookie"));
	fl_response_header(res, FL_STR("X-Accel-Buffering"), FL_STR("no"));
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_header(res, FL_STR("X-Request-Id"), ctx->request_id);
	return await_response_begin(ctx, res, parts == FL_GQL_PARTS_OF_2022 ? FL_STR("multipart/mixed; boundary=\"-\"; deferSpec=20220824") :
									      FL_STR("multipart/mixed; boundary=\"-\"; incrementalSpec=v0.2"));
}

/* One part and the boundary behind it, in one write; the first has a boundary in front too. */
static fl_err send_part(fl_ctx *ctx, fl_response *res, fl_str json, bool first, bool last)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(json.len + 128);
	if (first)
		fl_buf_lit(&out, "\r\n---");
	fl_buf_lit(&out, "\r\nContent-Type: application/json; charset=utf-8\r\n\r\n");
	fl_buf_str(&out, json);
	fl_buf_str(&out, last ? FL_STR("\r\n-----\r\n") : FL_STR("\r\n---"));
	FL_TRY(fl_buf_err(&out));
	return await_response_write(ctx, res, fl_buf_view(&out));
}

fl_err fl_api_next_part(fl_ctx *ctx, fl_gql_stream *stream, fl_buf *out, bool *more)
{
	fl_buf_reset(out);
	ctx->deadline_us = fl_loop_now_us(ctx->loop) + PAYLOAD_LIMIT_US;
	fl_err err = fl_gql_stream_next(ctx, stream, out, more);
	ctx->deadline_us = FL_NEVER;
	return err;
}

static fl_err send_parts(fl_ctx *ctx, fl_request *req, fl_response *res, fl_gql_parts parts, fl_gql_stream *stream, fl_buf *out)
{
	bool more = stream;
	FL_TRY(begin(ctx, req, res, parts));
	FL_TRY(send_part(ctx, res, fl_buf_view(out), true, !more));
	while (more) {
		FL_TRY(fl_api_next_part(ctx, stream, out, &more));
		FL_TRY(send_part(ctx, res, fl_buf_view(out), false, !more));
	}
	return FL_OK;
}

/* A response that has one part only goes out as others do, when the client takes JSON too. */
static bool takes_json(const fl_request *req)
{
	return fl_request_accepts(req, FL_STR("application/json")) || fl_request_accepts(req, FL_STR("application/graphql-response+json"));
}

fl_err fl_api_answer_in_parts(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_gql_request *request)
{
	fl_gql_outcome outcome;
	fl_gql_stream *stream;
	FL_AUTO_BUF fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	FL_TRY(fl_gql_stream_open(ctx, ctx->services->api->engine, request, &stream, &out, &outcome));
	if (!stream && (takes_json(req) || outcome.status == FL_GQL_NOT_ALLOWED))
		return fl_api_answer(ctx, req, res, &outcome, &out);
	fl_err err = send_parts(ctx, req, res, request->parts, stream, &out);
	fl_gql_stream_close(ctx, stream);
	return err;
}
