/* The protocol graphql-transport-ws on a WebSocket.
 *
 *	           connection_init            subscribe              complete, or the source ends
 *	opened -----------------> acknowledged ---------> following -----------------------------> (id is free again)
 *	   '-- 10 s --> 4408
 *
 * Messages of one socket are handled one after the other. */
#include "api/api_int.h"

#include <stdlib.h>

enum { OPERATIONS_MAX = 100, ID_MAX = 128 };
#define INIT_TIMEOUT_US (10 * FL_SECOND_US)

typedef struct operation {
	struct operation *next;
	struct socket *socket;
	fl_live_sub *sub; /* NULL while a query runs */
	size_t id_len;
	char id[ID_MAX];
} operation;

typedef struct socket {
	fl_ws *ws;
	fl_timer init_timer;
	bool initialised, acknowledged;
	fl_caller caller;
	char caller_name[204];
	operation *operations;
	unsigned operation_count;
} socket;

/* ---- sending ---- */

/* {"id":..., "type":..., "payload":...}; id and payload may be left out. */
static void send(socket *s, fl_str id, const char *type, fl_str payload)
{
	fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
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
	if (fl_buf_err(&out) != FL_OK || fl_ws_send_text(s->ws, fl_buf_view(&out)) != FL_OK)
		fl_debug("websocket: a message was not sent");
	fl_buf_fini(&out);
}

static fl_str id_of(const operation *op)
{
	return (fl_str){ op->id, op->id_len };
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
	send(s, id, "error", fl_buf_view(&out));
}

static void send_error(fl_ctx *ctx, socket *s, fl_str id, fl_err err)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(64 << 10);
	bool ours = fl_err_status(err) >= 500;
	fl_gql_write_error(&out, err, fl_str_z(ours ? fl_err_text(err) : fl_diag_text(&ctx->diag, err)));
	send_errors(ctx, s, id, fl_buf_view(&out));
}

static void deliver(void *arg, fl_str answer)
{
	operation *op = arg;
	if (answer.ptr)
		send(op->socket, id_of(op), "next", answer);
	else
		fl_ws_close(op->socket->ws, 1012, FL_STR("events may have been missed: connect again and refetch"));
}

/* ---- operations ---- */

static operation *find(socket *s, fl_str id)
{
	for (operation *op = s->operations; op; op = op->next)
		if (fl_str_eq(id_of(op), id))
			return op;
	return NULL;
}

static void drop(socket *s, operation *op)
{
	operation **link = &s->operations;
	while (*link != op)
		link = &(*link)->next;
	*link = op->next;
	s->operation_count--;
	fl_live_leave(op->sub);
	free(op);
}

static operation *add(socket *s, fl_str id)
{
	operation *op = calloc(1, sizeof(*op));
	if (!op)
		return NULL;
	op->socket = s;
	op->id_len = id.len;
	memcpy(op->id, id.ptr, id.len);
	op->next = s->operations;
	s->operations = op;
	s->operation_count++;
	return op;
}

static void finish(fl_ctx *ctx, socket *s, operation *op, const fl_gql_outcome *outcome, fl_str response)
{
	if (outcome->status == FL_GQL_EXECUTED) {
		send(s, id_of(op), "next", response);
		send(s, id_of(op), "complete", (fl_str){});
	} else {
		send_errors(ctx, s, id_of(op), response);
	}
	drop(s, op);
}

static void run(fl_ctx *ctx, socket *s, operation *op, const fl_json *payload)
{
	fl_gql_request request = {};
	fl_gql_source *source = NULL;
	fl_gql_outcome outcome = {};
	fl_api *api = ctx->services->api;
	FL_AUTO_BUF fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	fl_err err = fl_gql_request_from_json(payload, &request, &ctx->diag);
	request.budget = fl_api_budget(ctx);
	if (err == FL_OK)
		err = fl_gql_subscribe(ctx, api->engine, &request, &source, &out, &outcome);
	if (err == FL_OK && !source) {
		finish(ctx, s, op, &outcome, fl_buf_view(&out));
		return;
	}
	if (err == FL_OK)
		err = fl_live_follow(ctx, api->live, source, deliver, op, &op->sub);
	if (err == FL_OK)
		return;
	send_error(ctx, s, id_of(op), err);
	drop(s, op);
}

static void subscribe(fl_ctx *ctx, socket *s, const fl_json *message)
{
	fl_str id = fl_json_str(fl_json_get(message, FL_STR("id")), (fl_str){});
	const fl_json *payload = fl_json_get(message, FL_STR("payload"));
	if (!s->acknowledged) {
		fl_ws_close(s->ws, 4401, FL_STR("Unauthorized"));
	} else if (!id.ptr || id.len == 0 || id.len > ID_MAX || !payload || payload->type != FL_JSON_OBJECT) {
		fl_ws_close(s->ws, 4400, FL_STR("subscribe needs an id of 1 to 128 bytes and a payload"));
	} else if (find(s, id)) {
		FL_AUTO_BUF fl_buf reason = fl_buf_make(200);
		fl_buf_fmt(&reason, "Subscriber for %.*s already exists", (int)FL_MIN(id.len, 60), id.ptr);
		fl_ws_close(s->ws, 4409, fl_buf_view(&reason));
	} else if (s->operation_count >= OPERATIONS_MAX) {
		fl_fail(&ctx->diag, FL_TOO_MANY, "a connection may run %d operations at a time", OPERATIONS_MAX);
		send_error(ctx, s, id, FL_TOO_MANY);
	} else {
		operation *op = add(s, id);
		if (op)
			run(ctx, s, op, payload);
		else
			send_error(ctx, s, id, FL_NOMEM);
	}
}

/* ---- connection ---- */

static void remember(socket *s, const fl_caller *caller)
{
	size_t len = FL_MIN(caller->name.len, sizeof(s->caller_name));
	s->caller = *caller;
	if (len)
		memcpy(s->caller_name, caller->name.ptr, len);
	s->caller.name = (fl_str){ s->caller_name, len };
}

static void init(fl_ctx *ctx, socket *s, const fl_json *message)
{
	const fl_json *payload = fl_json_get(message, FL_STR("payload"));
	fl_str header = fl_json_str(fl_json_get(payload, FL_STR("authorization")), (fl_str){});
	if (!header.ptr)
		header = fl_json_str(fl_json_get(payload, FL_STR("Authorization")), (fl_str){});
	if (s->initialised) {
		fl_ws_close(s->ws, 4429, FL_STR("Too many initialisation requests"));
		return;
	}
	s->initialised = true;
	fl_timer_stop(&s->init_timer);
	bool refused = header.ptr && fl_api_authenticate_bearer(ctx, header) != FL_OK;
	if (header.ptr && !refused)
		remember(s, &ctx->caller);
	if (refused || s->caller.tenant_id <= 0) { /* a bad token does not fall back to a cookie */
		fl_ws_close(s->ws, 4403, FL_STR("Forbidden"));
		return;
	}
	s->acknowledged = true;
	send(s, (fl_str){}, "connection_ack", (fl_str){});
}

static void complete(socket *s, const fl_json *message)
{
	operation *op = find(s, fl_json_str(fl_json_get(message, FL_STR("id")), FL_STR("")));
	if (op)
		drop(s, op);
}

static void on_message(fl_ctx *ctx, fl_ws *ws, fl_str text, bool binary)
{
	socket *s = fl_ws_state(ws);
	const fl_json *message;
	ctx->caller = s->caller;
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
		send(s, (fl_str){}, "pong", (fl_str){});
	else if (!fl_str_eq(type, FL_STR("pong")))
		fl_ws_close(ws, 4400, FL_STR("unknown message type"));
}

static void on_close(fl_ws *ws, uint16_t code)
{
	socket *s = fl_ws_state(ws);
	fl_timer_stop(&s->init_timer);
	while (s->operations)
		drop(s, s->operations);
	free(s);
}

static void on_init_timeout(void *arg)
{
	fl_ws_close(((socket *)arg)->ws, 4408, FL_STR("Connection initialisation timeout"));
}

/* A cookie counts only when our own page opened the socket; others send a token with connection_init. */
fl_err fl_api_ws(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	static const char *const protocols[] = { "graphql-transport-ws", NULL };
	static const fl_ws_handler handler = { .protocols = protocols, .message_max = FL_API_BODY_MAX, .queue_max = 4 << 20, .deflate = true,
					       .on_message = on_message, .on_close = on_close };
	socket *s = calloc(1, sizeof(*s));
	if (!s)
		return FL_NOMEM;
	if (fl_api_same_origin(req) && fl_api_authenticate(ctx, req) == FL_OK)
		remember(s, &ctx->caller);
	ctx->diag.text[0] = 0;
	fl_timer_init(&s->init_timer, on_init_timeout, s);
	fl_err err = await_ws_upgrade(ctx, req, res, &handler, s, &s->ws);
	if (err && !s->ws) /* once there is a socket, it owns s until on_close, also when its answer could not be sent */
		free(s);
	FL_TRY(err);
	fl_timer_start(ctx->loop, &s->init_timer, fl_loop_now_us(ctx->loop) + INIT_TIMEOUT_US);
	return FL_OK;
}
