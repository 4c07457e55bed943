/* The protocol graphql-transport-ws on a WebSocket.
 *
 *	           connection_init            subscribe              complete, or the source ends
 *	opened -----------------> acknowledged ---------> following -----------------------------> (id is free again)
 *	   '-- 10 s --> 4408                   '--------> executing -----------------------------> (so it is here)
 *
 * Each message has a coroutine, so that a long query keeps no complete and no ping waiting. A pong is sent when every
 * subscription asked for before the ping hears its events: a client that reads after the pong misses nothing. */
#include "api/guests_int.h"
#include "fleet/closed.h"
#include "fleet/freshness.h"
#include "obs/trace.h"

#include <stdlib.h>

enum {
	OPERATIONS_MAX = 100, /* of a socket */
	EXECUTING_MAX = 32,   /* of those, queries and mutations under way */
	MESSAGES_MAX = 64,    /* coroutines of a socket; the input waits for more */
	ID_MAX = 128,
	QUEUE_MAX = 4 << 20,        /* bytes that wait for a socket, and so the longest answer */
	QUEUE_LIVE_MAX = 256 << 10, /* the same when an event is to be told: beyond, the reader is too slow */
};
#define INIT_TIMEOUT_US (10 * FL_SECOND_US)
#define FRAME_PING_US FL_MINUTE_US /* of the WebSocket itself; our own pings are sooner */

typedef struct operation {
	struct operation *next;
	struct socket *socket;
	fl_ctx *running;  /* of its coroutine; NULL: none */
	fl_live_sub *sub; /* NULL: nothing is followed */
	bool gone;        /* no more of the socket's: the coroutine frees it */
	uint8_t id_len;
	char id[];
} operation;

/* Somebody whose pong waits; on the stack of its coroutine. */
typedef struct pong {
	struct pong *next;
	fl_wait wait;
} pong;

typedef struct socket {
	fl_ws *ws;
	fl_api *api;
	fl_timer timer; /* first for connection_init, then for silence */
	bool initialised, acknowledged;
	bool heard, pinged; /* since the timer's last look */
	fl_caller caller;
	fl_api_guest guest;
	operation *operations;
	pong *pongs;
	uint16_t operation_count, starting, executing; /* starting: subscriptions that do not hear yet */
	char caller_name[204];
} socket;

/* ---- sending ---- */

/* {"id":..., "type":..., "payload":...}; id and payload may be left out. */
static fl_err send(socket *s, fl_str id, const char *type, fl_str payload)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(QUEUE_MAX);
	fl_json_out j = { .buf = &out };
	fl_json_open(&j, '{');
	if (id.ptr) {
		fl_json_key(&j, FL_STR("id"));
		fl_json_put_str(&j, id);
	}
	fl_json_key(&j, FL_STR("type"));
	fl_json_put_str(&j, fl_str_z(type));
	if (payload.ptr) {
		fl_json_key(&j, FL_STR("payload"));
		fl_json_put_raw(&j, payload);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&out));
	return fl_ws_send_text(s->ws, fl_buf_view(&out));
}

/* Whoever does not even take the protocol's small messages is too slow. */
static void say(socket *s, fl_str id, const char *type, fl_str payload)
{
	if (send(s, id, type, payload) == FL_BUSY)
		fl_ws_close(s->ws, 1013, FL_STR("too slow: connect again and refetch"));
}

static fl_str id_of(const operation *op)
{
	return (fl_str) { op->id, op->id_len };
}

/* The list under "errors" of a whole response. */
static void send_errors(fl_ctx *ctx, socket *s, fl_str id, fl_str response)
{
	const fl_json *json;
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &out };
	if (fl_json_parse(ctx->mem, response, &json, NULL) != FL_OK || !fl_json_get(json, FL_STR("errors")))
		return;
	fl_json_put(&j, fl_json_get(json, FL_STR("errors")));
	if (fl_buf_err(&out) != FL_OK) { /* an error without its detail is better than none */
		fl_buf_reset(&out);
		fl_buf_lit(&out, "[{\"message\":\"the errors are too long to be sent\"}]");
	}
	say(s, id, "error", fl_buf_view(&out));
}

static void send_error(fl_ctx *ctx, socket *s, fl_str id, fl_err err)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(64 << 10);
	bool ours = fl_err_status(err) >= 500;
	fl_gql_write_error(&out, err, fl_str_z(ours ? fl_err_text(err) : fl_diag_text(&ctx->diag, err)));
	send_errors(ctx, s, id, fl_buf_view(&out));
}

/* An event's answer. May not wait: a reader that does not keep up is told so and has to come again. */
static void deliver(void *arg, fl_str answer)
{
	operation *op = arg;
	fl_ws *ws = op->socket->ws;
	if (!answer.ptr)
		fl_ws_close(ws, 1012, FL_STR("events may have been missed: connect again and refetch"));
	else if (fl_ws_queued(ws) > QUEUE_LIVE_MAX)
		fl_ws_close(ws, 1013, FL_STR("too slow: connect again and refetch"));
	else
		say(op->socket, id_of(op), "next", answer);
}

/* ---- operations ---- */

static operation *find(socket *s, fl_str id)
{
	for (operation *op = s->operations; op; op = op->next)
		if (fl_str_eq(id_of(op), id))
			return op;
	return NULL;
}

static operation *add(socket *s, fl_str id)
{
	operation *op = calloc(1, sizeof(*op) + id.len);
	if (!op)
		return NULL;
	op->socket = s;
	op->id_len = (uint8_t)id.len;
	memcpy(op->id, id.ptr, id.len);
	op->next = s->operations;
	s->operations = op;
	s->operation_count++;
	return op;
}

/* Ends it, whatever it is doing; its id is free at once. */
static void drop(operation *op)
{
	socket *s = op->socket;
	operation **link = &s->operations;
	while (*link != op)
		link = &(*link)->next;
	*link = op->next;
	s->operation_count--;
	fl_live_leave(op->sub);
	op->sub = NULL;
	op->gone = true;
	if (op->running)
		fl_ctx_cancel(op->running);
	else
		free(op);
}

/* The answer of a query or mutation, once the socket has taken most of what went before. */
static void finish(fl_ctx *ctx, operation *op, const fl_gql_outcome *outcome, fl_str response)
{
	socket *s = op->socket;
	if (await_ws_queued(ctx, s->ws, QUEUE_LIVE_MAX) != FL_OK || op->gone)
		return;
	if (outcome->status != FL_GQL_EXECUTED) {
		send_errors(ctx, s, id_of(op), response);
		return;
	}
	fl_err err = send(s, id_of(op), "next", response);
	if (err == FL_BUSY || err == FL_TOO_LARGE) {
		fl_fail(&ctx->diag, FL_TOO_LARGE,
			"the answer has %zu bytes; a socket carries at most %d: ask for less, or by POST", response.len,
			QUEUE_MAX);
		send_error(ctx, s, id_of(op), FL_TOO_LARGE);
	} else if (err == FL_OK) {
		say(s, id_of(op), "complete", (fl_str) {});
	}
}

/* A response in parts: each is made when the socket has taken most of what went before. Takes the stream. */
static fl_err send_parts(fl_ctx *ctx, operation *op, fl_gql_stream *stream, fl_buf *out)
{
	socket *s = op->socket;
	fl_err err = FL_OK;
	for (bool more = stream; err == FL_OK && !op->gone;) {
		err = await_ws_queued(ctx, s->ws, QUEUE_LIVE_MAX);
		if (err == FL_OK && !op->gone)
			err = send(s, id_of(op), "next", fl_buf_view(out));
		if (err != FL_OK || !more)
			break;
		err = fl_api_next_part(ctx, stream, out, &more);
	}
	fl_gql_stream_close(ctx, stream);
	if (err == FL_BUSY || err == FL_TOO_LARGE)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "a part of the answer is larger than the %d bytes that a socket carries", QUEUE_MAX);
	if (err == FL_OK && !op->gone)
		say(s, id_of(op), "complete", (fl_str){});
	return err == FL_CLOSED ? FL_OK : err;
}

static fl_err execute_in_parts(fl_ctx *ctx, operation *op, fl_gql_request *request)
{
	socket *s = op->socket;
	fl_gql_stream *stream;
	fl_gql_outcome outcome = {};
	FL_AUTO_BUF fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	request->parts = FL_GQL_PARTS;
	s->executing++;
	fl_err err = fl_gql_stream_open(ctx, s->api->engine, request, &stream, &out, &outcome);
	if (err == FL_OK && !stream)
		finish(ctx, op, &outcome, fl_buf_view(&out));
	else if (err == FL_OK)
		err = send_parts(ctx, op, stream, &out);
	s->executing--;
	return err;
}

static void heard(socket *s)
{
	if (--s->starting == 0)
		for (pong *p = s->pongs; p; p = p->next)
			fl_wake(&p->wait, FL_OK);
}

static fl_err follow(fl_ctx *ctx, operation *op, fl_gql_source *source)
{
	socket *s = op->socket;
	fl_live_sub *sub = NULL;
	s->starting++;
	fl_err err = fl_live_follow(ctx, s->api->live, source, deliver, op, &sub);
	heard(s);
	if (op->gone)
		fl_live_leave(sub);
	else
		op->sub = sub;
	return err;
}

static fl_err execute(fl_ctx *ctx, operation *op, const fl_json *payload)
{
	socket *s = op->socket;
	fl_gql_request request = {};
	fl_gql_source *source = NULL;
	fl_gql_outcome outcome = {};
	FL_AUTO_BUF fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	fl_freshness_open(ctx, (fl_str){});
	FL_TRY(fl_api_request(ctx, payload, &request));
	fl_api_choose_reads(ctx, &request);
	if (fl_gql_is_incremental(ctx, s->api->engine, &request))
		return execute_in_parts(ctx, op, &request);
	s->executing++;
	fl_err err = fl_gql_subscribe(ctx, s->api->engine, &request, &source, &out, &outcome);
	s->executing--;
	if (err == FL_OK && source)
		return follow(ctx, op, source);
	if (err == FL_OK)
		finish(ctx, op, &outcome, fl_buf_view(&out));
	return err;
}

/* From subscribe to the end of its coroutine; what is followed then lives on without one. */
static void run(fl_ctx *ctx, operation *op, const fl_json *payload)
{
	fl_tracer *tracer = ctx->services->tracer;
	fl_str parent = fl_json_str(fl_json_get(fl_json_get(payload, FL_STR("extensions")), FL_STR("traceparent")), FL_STR(""));
	bool traced = fl_tracer_wants(tracer, parent) && fl_trace_open(ctx, FL_STR("graphql-transport-ws"), FL_SPAN_SERVER, parent);
	op->running = ctx;
	fl_err err = execute(ctx, op, payload);
	op->running = NULL;
	if (traced)
		fl_trace_close(ctx, tracer, err);
	if (op->gone) {
		free(op);
		return;
	}
	if (err != FL_OK)
		send_error(ctx, op->socket, id_of(op), err);
	if (!op->sub)
		drop(op);
}

static void close_taken(socket *s, fl_str id)
{
	FL_AUTO_BUF fl_buf reason = fl_buf_make(200);
	fl_str shown = fl_str_clip(id, 60);
	fl_buf_fmt(&reason, "Subscriber for %" FL_FMT " already exists", FL_ARG(shown));
	fl_ws_close(s->ws, 4409, fl_buf_view(&reason));
}

static void subscribe(fl_ctx *ctx, socket *s, const fl_json *message)
{
	fl_str id = fl_json_str(fl_json_get(message, FL_STR("id")), (fl_str) {});
	const fl_json *payload = fl_json_get(message, FL_STR("payload"));
	if (!s->acknowledged) {
		fl_ws_close(s->ws, 4401, FL_STR("Unauthorized"));
	} else if (!id.ptr || id.len == 0 || id.len > ID_MAX || !payload || payload->type != FL_JSON_OBJECT) {
		fl_ws_close(s->ws, 4400, FL_STR("subscribe needs an id of 1 to 128 bytes and a payload"));
	} else if (find(s, id)) {
		close_taken(s, id);
	} else if (s->operation_count >= OPERATIONS_MAX || s->executing >= EXECUTING_MAX) {
		fl_fail(&ctx->diag, FL_TOO_MANY,
			"a connection may have %d operations at a time, and %d of them queries or mutations", OPERATIONS_MAX,
			EXECUTING_MAX);
		send_error(ctx, s, id, FL_TOO_MANY);
	} else {
		operation *op = add(s, id);
		if (op)
			run(ctx, op, payload);
		else
			fl_ws_close(s->ws, 4500, FL_STR("Internal server error"));
	}
}

/* ---- connection ---- */

static void remember(socket *s, const fl_caller *caller)
{
	size_t len = FL_MIN(caller->name.len, sizeof(s->caller_name));
	s->caller = *caller;
	s->caller.client = (fl_str){}; /* it lived with the upgrade */
	if (len)
		memcpy(s->caller_name, caller->name.ptr, len);
	s->caller.name = (fl_str) { s->caller_name, len };
}

/* The next look: for silence, or at the end of the log-in. */
static void look_later(socket *s)
{
	int64_t in_us = s->api->keep_alive_us;
	if (s->caller.until_us)
		in_us = FL_MIN(in_us, FL_MAX(s->caller.until_us - fl_now_us(), 0));
	fl_timer_start(s->api->loop, &s->timer, fl_loop_now_us(s->api->loop) + in_us);
}

static fl_err authenticate(fl_ctx *ctx, socket *s, fl_str header)
{
	if (FL_FAULT("api.ws_init"))
		return FL_INTERNAL;
	if (header.ptr) { /* a bad token does not fall back to a cookie */
		FL_TRY(fl_api_authenticate_bearer(ctx, header));
		remember(s, &ctx->caller);
	} else if (s->caller.tenant_id > 0) { /* since the cookie came its log-in may have been closed */
		ctx->caller = s->caller;
		FL_TRY(fl_closed_check(ctx));
	}
	return s->caller.tenant_id > 0 ? FL_OK : FL_UNAUTHENTICATED;
}

static void turn_out(void *arg)
{
	socket *s = arg;
	fl_ws_close(s->ws, 4403, FL_STR("the log-in was closed"));
}

static void init(fl_ctx *ctx, socket *s, const fl_json *message)
{
	const fl_json *payload = fl_json_get(message, FL_STR("payload"));
	fl_str header = fl_json_str(fl_json_get(payload, FL_STR("authorization")), (fl_str) {});
	if (!header.ptr)
		header = fl_json_str(fl_json_get(payload, FL_STR("Authorization")), (fl_str) {});
	if (s->initialised) {
		fl_ws_close(s->ws, 4429, FL_STR("Too many initialisation requests"));
		return;
	}
	s->initialised = true;
	fl_err err = authenticate(ctx, s, header);
	if (err != FL_OK) {
		bool ours = fl_err_status(err) >= 500;
		fl_ws_close(s->ws, ours ? 4500 : 4403, ours ? FL_STR("Internal server error") : FL_STR("Forbidden"));
		return;
	}
	s->acknowledged = true;
	s->guest = (fl_api_guest) { .caller = &s->caller, .turn_out = turn_out, .arg = s };
	fl_api_guest_enter(s->api, &s->guest);
	look_later(s);
	say(s, (fl_str) {}, "connection_ack", (fl_str) {});
}

static void complete(socket *s, const fl_json *message)
{
	operation *op = find(s, fl_json_str(fl_json_get(message, FL_STR("id")), FL_STR("")));
	if (op)
		drop(op);
}

/* Its payload comes back, as a mark of which ping is answered. */
static void answer_ping(fl_ctx *ctx, socket *s, const fl_json *message)
{
	const fl_json *payload = fl_json_get(message, FL_STR("payload"));
	FL_AUTO_BUF fl_buf text = fl_buf_make(64 << 10);
	fl_json_out j = { .buf = &text };
	pong p = {}, **at = &s->pongs;
	if (s->starting) {
		fl_wait_init(&p.wait);
		p.next = s->pongs;
		s->pongs = &p;
		fl_err err = await_wait(ctx, &p.wait);
		while (*at != &p)
			at = &(*at)->next;
		*at = p.next;
		if (err != FL_OK)
			return;
	}
	if (payload)
		fl_json_put(&j, payload);
	if (fl_buf_err(&text) == FL_OK)
		say(s, (fl_str) {}, "pong", payload ? fl_buf_view(&text) : (fl_str) {});
	else
		fl_ws_close(s->ws, 4400, FL_STR("the ping's payload is too long"));
}

static void on_message(fl_ctx *ctx, fl_ws *ws, fl_str text, bool binary)
{
	socket *s = fl_ws_state(ws);
	const fl_json *message;
	ctx->caller = s->caller;
	s->heard = true;
	if (binary || fl_json_parse(ctx->mem, text, &message, NULL) != FL_OK) {
		fl_ws_close(ws, 4400, FL_STR("a message must be JSON text"));
		return;
	}
	fl_str type = fl_json_str(fl_json_get(message, FL_STR("type")), FL_STR(""));
	if (fl_str_eq(type, FL_STR("connection_init")))
		init(ctx, s, message);
	else if (fl_str_eq(type, FL_STR("subscribe")))
		subscribe(ctx, s, message);
	else if (fl_str_eq(type, FL_STR("complete")))
		complete(s, message);
	else if (fl_str_eq(type, FL_STR("ping")))
		answer_ping(ctx, s, message);
	else if (!fl_str_eq(type, FL_STR("pong")))
		fl_ws_close(ws, 4400, FL_STR("unknown message type"));
}

static void on_close(fl_ws *ws, uint16_t code)
{
	socket *s = fl_ws_state(ws);
	fl_timer_stop(&s->timer);
	fl_api_guest_leave(&s->guest);
	while (s->operations)
		drop(s->operations);
	free(s);
}

/* A socket that says nothing is asked whether it is still there; one that did not answer is given up. While bytes wait for it,
 * the question would stand behind them: whether they move is watched below (http.h). */
static void look_after(socket *s)
{
	s->heard |= fl_ws_queued(s->ws) > 0;
	if (s->caller.until_us && fl_now_us() >= s->caller.until_us) {
		fl_ws_close(s->ws, 4403, FL_STR("the log-in has ended"));
	} else if (s->pinged && !s->heard) {
		fl_ws_close(s->ws, 4499, FL_STR("Terminated: a ping was not answered"));
	} else {
		s->pinged = !s->heard;
		if (s->pinged)
			say(s, (fl_str) {}, "ping", (fl_str) {});
		s->heard = false;
		look_later(s);
	}
}

static void on_timer(void *arg)
{
	socket *s = arg;
	if (!s->initialised)
		fl_ws_close(s->ws, 4408, FL_STR("Connection initialisation timeout"));
	else if (s->acknowledged)
		look_after(s);
}

static const char *const protocols[] = { "graphql-transport-ws", NULL };
static const fl_ws_handler handler = { .protocols = protocols,
	.any_protocol = true,
	.message_max = FL_API_BODY_MAX,
	.queue_max = QUEUE_MAX,
	.running_max = MESSAGES_MAX,
	.slow = FL_WS_SLOW_DROP,
	.deflate = true,
	.ping_every_us = FRAME_PING_US,
	.on_message = on_message,
	.on_close = on_close };

/* A cookie counts only when our own page opened the socket; others send a token with connection_init. */
fl_err fl_api_ws(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	socket *s = calloc(1, sizeof(*s));
	if (!s)
		return FL_NOMEM;
	s->api = ctx->services->api;
	if (fl_api_same_origin(req) && fl_api_authenticate(ctx, req) == FL_OK)
		remember(s, &ctx->caller);
	ctx->diag.text[0] = 0;
	fl_timer_init(&s->timer, on_timer, s);
	fl_err err = await_ws_upgrade(ctx, req, res, &handler, s, &s->ws);
	if (err && !s->ws) /* once there is a socket, it owns s until on_close, also when its answer could not be sent */
		free(s);
	FL_TRY(err);
	fl_timer_start(ctx->loop, &s->timer, fl_loop_now_us(ctx->loop) + INIT_TIMEOUT_US);
	if (fl_ws_protocol(s->ws).len == 0)
		fl_ws_close(s->ws, 4406, FL_STR("Subprotocol not acceptable"));
	return FL_OK;
}
