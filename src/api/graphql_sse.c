/* GraphQL over Server-Sent Events, the distinct connections mode of graphql-sse: one request, one stream.
 *
 *	event: next          data: a response; of a subscription one an event, of anything else one, or its parts (@defer, @stream)
 *	event: complete      after the last; a subscription has none: its client leaves
 *	:                    a comment while nothing happens, so that nobody in between gives the connection up
 *
 * A subscription that missed something (Redis was away, the reader is too slow, the log-in ended) gets a last next with
 * errors, and then the stream is cut without complete: clients come again by themselves and have to refetch. */
#include "api/guests_int.h"

enum {
	STREAMS_MAX = 1000,      /* subscriptions of a loop: each holds a coroutine, and requests need some too */
	PENDING_MAX = 256 << 10, /* bytes of answers that wait for the socket */
	NEXT_BYTES = 64,         /* what an event adds to an answer */
};

/* ---- the wire ---- */

bool fl_api_wants_events(const fl_request *req)
{
	fl_str accept = fl_request_header(req, FL_STR("accept"));
	return req->method != FL_HEAD && fl_str_find(accept.ptr ? accept : FL_STR(""), FL_STR("text/event-stream")) >= 0;
}

fl_err await_sse_open(fl_ctx *ctx, fl_response *res)
{
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	fl_response_header(res, FL_STR("X-Accel-Buffering"), FL_STR("no"));
	FL_TRY(await_response_begin(ctx, res, FL_STR("text/event-stream; charset=utf-8")));
	return await_response_write(ctx, res, FL_STR(":\n\n"));
}

static void put_next(fl_buf *out, fl_str json)
{
	fl_buf_lit(out, "event: next\ndata: ");
	fl_buf_str(out, json);
	fl_buf_lit(out, "\n\n");
}

fl_err await_sse_next(fl_ctx *ctx, fl_response *res, fl_str json)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(json.len + NEXT_BYTES);
	put_next(&out, json);
	FL_TRY(fl_buf_err(&out));
	return await_response_write(ctx, res, fl_buf_view(&out));
}

fl_err await_sse_complete(fl_ctx *ctx, fl_response *res)
{
	return await_response_write(ctx, res, FL_STR("event: complete\ndata: \n\n"));
}

/* ---- a subscription ---- */

typedef struct stream {
	fl_response *res;
	fl_live_sub *sub;
	fl_buf pending;    /* events that wait for the socket */
	const char *ended; /* why no more will come */
	bool closed;       /* the log-in, by somebody else */
	fl_wait *waits;    /* its coroutine, for something to send */
} stream;

/* May not wait. */
static void deliver(void *arg, fl_str answer)
{
	stream *s = arg;
	if (s->ended)
		return;
	if (!answer.ptr)
		s->ended = "events may have been missed: connect again and refetch";
	else if (s->pending.len + answer.len + NEXT_BYTES > PENDING_MAX)
		s->ended = "too slow: connect again and refetch";
	else
		put_next(&s->pending, answer);
	if (s->waits)
		fl_wake(s->waits, FL_OK);
}

static void turn_out(void *arg)
{
	stream *s = arg;
	s->closed = true;
	if (s->waits)
		fl_wake(s->waits, FL_OK);
}

static fl_err send_pending(fl_ctx *ctx, stream *s)
{
	FL_AUTO_BUF fl_buf now = s->pending;
	s->pending = fl_buf_make(PENDING_MAX);
	FL_TRY(fl_buf_err(&now));
	return await_response_write(ctx, s->res, fl_buf_view(&now));
}

/* Until there is something to send, or the log-in ends; a comment when it takes long. */
static fl_err await_something(fl_ctx *ctx, stream *s)
{
	int64_t in_us = ctx->services->api->keep_alive_us;
	fl_wait wait;
	if (ctx->caller.until_us)
		in_us = FL_MIN(in_us, FL_MAX(ctx->caller.until_us - fl_now_us(), 1));
	fl_wait_init(&wait);
	s->waits = &wait;
	fl_err err = await_wait_until(ctx, &wait, fl_loop_now_us(ctx->loop) + in_us);
	s->waits = NULL;
	return err == FL_TIMEOUT ? await_response_write(ctx, s->res, FL_STR(":\n\n")) : err;
}

/* The errors of a stream that ends before its time. */
static fl_err await_last_words(fl_ctx *ctx, stream *s, fl_err why, const char *text)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(4096);
	fl_gql_write_error(&out, why, fl_str_z(text));
	FL_TRY(fl_buf_err(&out));
	FL_TRY(await_sse_next(ctx, s->res, fl_buf_view(&out)));
	return fl_fail(&ctx->diag, why, "%s", text);
}

static bool login_ended(const fl_caller *caller)
{
	return caller->until_us && fl_now_us() >= caller->until_us;
}

/* Until the client leaves (FL_CANCELLED, FL_CLOSED), or must. */
static fl_err stream_events(fl_ctx *ctx, stream *s)
{
	for (;;) {
		if (s->closed)
			return await_last_words(ctx, s, FL_UNAUTHENTICATED, "the log-in was closed");
		if (login_ended(&ctx->caller))
			return await_last_words(ctx, s, FL_UNAUTHENTICATED, "the log-in has ended");
		if (s->pending.len)
			FL_TRY(send_pending(ctx, s));
		else if (s->ended)
			return await_last_words(ctx, s, FL_UNAVAILABLE, s->ended);
		else
			FL_TRY(await_something(ctx, s));
	}
}

/* Takes source. */
static fl_err follow(fl_ctx *ctx, stream *s, fl_gql_source *source)
{
	fl_api *api = ctx->services->api;
	if (api->streams >= STREAMS_MAX) {
		fl_gql_source_free(source);
		return fl_fail(&ctx->diag, FL_TOO_MANY, "this server has %d event streams already; a WebSocket costs it less",
			STREAMS_MAX);
	}
	return fl_live_follow(ctx, api->live, source, deliver, s, &s->sub);
}

static fl_err await_errors(fl_ctx *ctx, fl_response *res, fl_err err)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(64 << 10);
	bool ours = fl_err_status(err) >= 500;
	if (err == FL_CANCELLED || err == FL_CLOSED)
		return err;
	fl_gql_write_error(&out, err, fl_str_z(ours ? fl_err_text(err) : fl_diag_text(&ctx->diag, err)));
	FL_TRY(fl_buf_err(&out));
	FL_TRY(await_sse_open(ctx, res));
	FL_TRY(await_sse_next(ctx, res, fl_buf_view(&out)));
	return await_sse_complete(ctx, res);
}

/* The stream opens when its events are heard: what a client reads after that is not older than the first event. */
static fl_err await_stream(fl_ctx *ctx, stream *s)
{
	ctx->deadline_us = FL_NEVER; /* the client decides how long */
	FL_TRY(await_sse_open(ctx, s->res));
	fl_response_ends_with_client(s->res);
	return stream_events(ctx, s);
}

/* Takes source. */
static fl_err subscribe(fl_ctx *ctx, fl_response *res, fl_gql_source *source)
{
	fl_api *api = ctx->services->api;
	stream s = { .res = res, .pending = fl_buf_make(PENDING_MAX) };
	fl_err err = follow(ctx, &s, source);
	if (err != FL_OK)
		return await_errors(ctx, res, err);
	api->streams++;
	fl_api_guest guest = { .caller = &ctx->caller, .turn_out = turn_out, .arg = &s };
	fl_api_guest_enter(api, &guest);
	err = await_stream(ctx, &s);
	fl_api_guest_leave(&guest);
	fl_live_leave(s.sub);
	fl_buf_fini(&s.pending);
	api->streams--;
	return err;
}

/* ---- a response in parts ---- */

/* Takes the rest. */
static fl_err send_parts(fl_ctx *ctx, fl_response *res, fl_gql_stream *rest, fl_buf *out)
{
	fl_err err = await_sse_open(ctx, res);
	if (err == FL_OK)
		err = await_sse_next(ctx, res, fl_buf_view(out));
	for (bool more = rest; err == FL_OK && more;) {
		err = fl_api_next_part(ctx, rest, out, &more);
		if (err == FL_OK)
			err = await_sse_next(ctx, res, fl_buf_view(out));
	}
	fl_gql_stream_close(ctx, rest);
	return err == FL_OK ? await_sse_complete(ctx, res) : err;
}

/* ---- the answer ---- */

fl_err fl_api_sse(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_gql_request *request, fl_err ready)
{
	fl_gql_outcome outcome;
	fl_gql_source *source = NULL;
	fl_gql_engine *engine = ctx->services->api->engine;
	FL_AUTO_BUF fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	fl_gql_stream *rest = NULL;
	fl_gql_request in_parts = *request;
	in_parts.parts = FL_GQL_PARTS;
	bool parts = ready == FL_OK && fl_gql_is_incremental(ctx, engine, request);
	fl_err err = ready ? ready :
		     parts ? fl_gql_stream_open(ctx, engine, &in_parts, &rest, &out, &outcome) :
			     fl_gql_subscribe(ctx, engine, request, &source, &out, &outcome);
	if (err != FL_OK)
		return await_errors(ctx, res, err);
	fl_api_tell_written(ctx, req, res);
	if (parts)
		return send_parts(ctx, res, rest, &out);
	if (source)
		return subscribe(ctx, res, source);
	FL_TRY(await_sse_open(ctx, res));
	FL_TRY(await_sse_next(ctx, res, fl_buf_view(&out)));
	return await_sse_complete(ctx, res);
}
