/* A request in flight: from its parsed head through its handler to its answer, and on to the next one that waits. */
#include <stdlib.h>

#include "http/server_int.h"

enum { TURNS_MAX = 64 }; /* pipelined requests answered before others get a look-in */

/* ---- pool ---- */

/* 16 hex digits: unlike a UUID they cost no system call. */
static void make_request_id(fl_http_server *server, char out[17])
{
	static const char hex[] = "0123456789abcdef";
	uint64_t x = server->id_seed + server->id_count++ * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	for (int i = 0; i < 16; i++, x >>= 4)
		out[i] = hex[x & 15];
	out[16] = '\0';
}

fl_exchange *fl_exchange_take(fl_conn *conn)
{
	fl_http_server *server = conn->server;
	fl_exchange *x = server->pool;

	if (x != NULL) {
		server->pool = x->next;
		server->pool_count--;
	} else {
		x = calloc(1, sizeof(*x));
		if (x == NULL)
			return NULL;
		x->mem = fl_arena_make(64 << 20);
		x->out = fl_buf_make(1 << 20);
		fl_defer_init(&x->flush, fl_wire_flush_now, x);
	}
	x->server = server;
	x->conn = conn;
	x->next = NULL;
	x->ws = NULL;
	x->writing = false;
	x->out_from = 0;
	x->mem.max = 64 << 20;
	fl_count(&server->stats.in_flight, 1);
	return x;
}

void fl_exchange_give(fl_exchange *x)
{
	fl_http_server *server = x->server;

	fl_count(&server->stats.in_flight, (uint64_t)-1);
	fl_defer_cancel(&x->flush);
	fl_arena_reset(&x->mem);
	fl_buf_reset(&x->out);
	if (server->pool_count == FL_EXCHANGES_KEPT || x->out.cap > 2 * FL_OUT_BYTES) {
		fl_arena_fini(&x->mem);
		fl_buf_fini(&x->out);
		free(x);
		return;
	}
	x->next = server->pool;
	server->pool = x;
	server->pool_count++;
}

void fl_exchange_ctx(fl_exchange *x, int64_t deadline_us)
{
	fl_ctx_init(&x->ctx, x->server->loop, &x->mem);
	x->ctx.services = x->server->opt.services;
	if (deadline_us != FL_NEVER)
		x->ctx.deadline_us = fl_loop_now_us(x->server->loop) + deadline_us;
	make_request_id(x->server, x->request_id);
	x->ctx.request_id = fl_str_make(x->request_id, 16);
}

/* ---- request ---- */

static bool copy_headers(fl_request *req, fl_arena *mem, const fl_head *head, const char *bytes)
{
	fl_http_header *headers = fl_arena_take(mem, (head->count + 1u) * sizeof(*headers));

	if (headers == NULL)
		return false;
	for (unsigned i = 0; i < head->count; i++) {
		const fl_head_line *line = &head->lines[i];

		headers[i].name = fl_str_make(bytes + line->name, line->name_len);
		headers[i].value = fl_str_make(bytes + line->value, line->value_len);
	}
	req->headers = headers;
	req->header_count = head->count;
	return true;
}

static bool fill_request(fl_exchange *x, const fl_head *head, const char *buf)
{
	fl_request *req = &x->req;
	char *bytes = fl_arena_take(&x->mem, head->pos);
	const char *question;

	if (bytes == NULL)
		return false;
	memcpy(bytes, buf, head->pos);
	if (!copy_headers(req, &x->mem, head, bytes))
		return false;
	x->method_name = fl_str_make(bytes + head->method, head->method_len);
	x->http10 = head->minor == 0;
	x->keep = !head->close && (!x->http10 || head->keep_alive) && !x->server->draining;
	req->method = fl_method_of(x->method_name);
	req->target = fl_str_make(bytes + head->target, head->target_len);
	question = memchr(req->target.ptr, '?', req->target.len);
	req->path = fl_str_slice(req->target, 0, question ? (size_t)(question - req->target.ptr) : req->target.len);
	req->query = question ? fl_str_slice(req->target, req->path.len + 1, req->target.len) : (fl_str){ "", 0 };
	req->host = fl_str_make(bytes + head->host, head->host_len);
	req->content_length = head->chunked ? -1 : (int64_t)head->length;
	req->start_us = fl_loop_now_us(x->server->loop);
	req->capture_count = 0;
	req->arg = NULL;
	memcpy(req->peer, x->conn->peer->text, FL_PEER_MAX);
	return true;
}

/* Takes the head in; from here on the connection's buffers may change. */
static bool begin(fl_exchange *x, const fl_head *head, const char *buf)
{
	x->route = NULL;
	x->bytes_out = 0;
	if (!fill_request(x, head, buf))
		return false;
	fl_body_init(x, head);
	fl_response_init(&x->res, x);
	fl_count(&x->server->stats.requests, 1);
	return true;
}

/* ---- answering ---- */

static void answer_options(fl_exchange *x, unsigned allowed)
{
	fl_response_status(&x->res, 204);
	fl_response_header(&x->res, FL_STR("Allow"), fl_methods_text(&x->mem, allowed | FL_OPTIONS));
}

static fl_err answer_no_route(fl_exchange *x, const fl_route_match *match)
{
	if (match->status == 405 && x->req.method == FL_OPTIONS) {
		answer_options(x, match->allowed);
		return FL_OK;
	}
	if (match->status == 404 && x->req.method == FL_OPTIONS && fl_str_eq(x->req.path, FL_STR("*"))) {
		answer_options(x, FL_GET | FL_HEAD | FL_POST);
		return FL_OK;
	}
	if (match->status == 405) {
		fl_response_error(&x->ctx, &x->res, FL_BAD_METHOD);
		if (x->req.method == 0) /* not one of ours at all */
			fl_response_status(&x->res, 501);
		fl_response_header(&x->res, FL_STR("Allow"), fl_methods_text(&x->mem, match->allowed | FL_OPTIONS));
		return FL_OK;
	}
	return match->status == 400 ? fl_fail(&x->ctx.diag, FL_BAD_REQUEST, "the path is not valid") :
				      fl_fail(&x->ctx.diag, FL_NOT_FOUND, "no such page");
}

static fl_err run_handler(fl_exchange *x)
{
	fl_ctx *ctx = &x->ctx;
	fl_route_match match;

	fl_router_match(x->server->opt.router, &x->mem, x->req.method, x->req.path, &match);
	if (match.route == NULL)
		return answer_no_route(x, &match);
	x->route = match.route;
	x->req.arg = match.route->options.arg;
	x->req.capture_count = match.capture_count;
	memcpy(x->req.captures, match.captures, match.capture_count * sizeof(fl_str));
	if (match.route->options.deadline_us != FL_NEVER)
		ctx->deadline_us = fl_loop_now_us(ctx->loop) + match.route->options.deadline_us;
	x->mem.max = match.route->options.mem_max;
	x->body.max = match.route->options.body_max;
	if (x->body.kind == FL_BODY_LENGTH && x->body.left > x->body.max)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "the body is larger than the %llu bytes allowed here",
			(unsigned long long)x->body.max);
	if (x->server->opt.before != NULL)
		FL_TRY(x->server->opt.before(ctx, &x->req, &x->res));
	return match.route->handler(ctx, &x->req, &x->res);
}

static void log_access(fl_exchange *x, int status)
{
	fl_http_server *server = x->server;

	fl_count(&server->stats.status[FL_MIN(status / 100, 5)], 1);
	if (server->opt.on_access == NULL)
		return;
	server->opt.on_access(server->opt.on_access_arg, &(fl_http_access){
		.ctx = &x->ctx,
		.method = x->method_name,
		.target = x->req.target,
		.peer = fl_str_z(x->req.peer),
		.request_id = x->ctx.request_id,
		.route = x->route ? x->route->pattern : NULL,
		.status = status,
		.bytes_in = x->body.total,
		.bytes_out = x->bytes_out,
		.taken_us = fl_loop_now_us(server->loop) - x->req.start_us,
	});
}

/* What the log calls a request: its route. The target may hold a token, as links do that let somebody in. */
static const char *logged(const fl_exchange *x)
{
	return x->route ? x->route->pattern : "no route";
}

/* Whether the body's rest may be skipped, so that the connection can go on. */
static bool body_is_skippable(const fl_exchange *x)
{
	const fl_body *body = &x->body;

	if (body->done)
		return true;
	return body->err == FL_OK && !body->want_continue && (body->kind == FL_BODY_CHUNKED || body->left <= FL_SKIP_BYTES_MAX);
}

/* Runs one request to its end. False: the connection ends with it, *linger says how. */
static bool serve(fl_exchange *x, bool *linger)
{
	fl_conn *conn = x->conn;
	fl_err err = run_handler(x);
	bool started;

	*linger = false;
	if (conn->state == FL_CONN_CLOSED) {
		log_access(x, 499);
		return false;
	}
	started = x->res.started;
	if (err == FL_OK && x->res.err != FL_OK) {
		fl_error("http: a handler's answer to %s %" FL_FMT " is not valid: %s", logged(x), FL_ARG(x->ctx.request_id), fl_err_name(x->res.err));
		err = FL_INTERNAL;
	}
	if (err != FL_OK && started) { /* too late to say so: a cut answer is how the client learns of it */
		fl_warn("http: %s %" FL_FMT " failed after its answer began: %s", logged(x), FL_ARG(x->ctx.request_id),
			fl_diag_text(&x->ctx.diag, err));
		if (x->res.upgraded)
			fl_ws_close(conn->ws, 1011, fl_str_z(fl_err_text(err)));
		log_access(x, x->res.status);
		return false;
	}
	if (err != FL_OK)
		fl_response_error(&x->ctx, &x->res, err);
	if (!body_is_skippable(x))
		x->keep = false;
	err = await_response_finish(&x->ctx, x);
	log_access(x, err == FL_OK ? x->res.status : 499);
	if (err != FL_OK || conn->state == FL_CONN_CLOSED || x->res.upgraded)
		return false;
	*linger = !x->body.done;
	if (!x->body.done && x->keep)
		x->keep = await_body_skip(&x->ctx, x);
	return x->keep;
}

/* The coroutine of a connection's requests ends. */
static void leave(fl_exchange *x, bool linger, bool rest)
{
	fl_conn *conn = x->conn;

	fl_exchange_give(x);
	conn->exchange = NULL;
	if (conn->state == FL_CONN_CLOSED) {
		if (conn->ws != NULL)
			fl_ws_lost(conn->ws, 1006);
		else
			fl_conn_free(conn);
	} else if (conn->ws != NULL) {
		fl_ws_go_on(conn);
	} else if (rest) {
		fl_conn_rest(conn);
	} else {
		fl_conn_finish(conn, linger);
	}
}

static void end_request(fl_exchange *x)
{
	fl_ctx_fini(&x->ctx);
	fl_buf_fini(&x->res.owned);
}

/* Writes what is gathered and waits for it; false: the connection is lost. */
static bool flush_all(fl_exchange *x)
{
	fl_err err;

	fl_exchange_ctx(x, FL_NEVER);
	err = await_wire_flush(&x->ctx, x);
	fl_ctx_fini(&x->ctx);
	return err == FL_OK && x->conn->state != FL_CONN_CLOSED;
}

static void run(void *arg)
{
	fl_exchange *x = arg;
	fl_conn *conn = x->conn;
	bool linger = false;

	for (unsigned turn = 1;; turn++) {
		bool go_on = serve(x, &linger);

		if (go_on && turn % TURNS_MAX == 0)
			go_on = await_yield(&x->ctx) == FL_OK;
		end_request(x);
		if (!go_on) {
			bool sent = conn->state != FL_CONN_CLOSED && flush_all(x);

			leave(x, linger && sent, false);
			return;
		}
		fl_arena_reset(&x->mem);
		while (fl_conn_look(conn) != FL_PARSE_DONE) {
			if (x->out.len == x->out_from) {
				leave(x, false, true);
				return;
			}
			if (!flush_all(x)) {
				leave(x, false, false);
				return;
			}
		}
		fl_exchange_ctx(x, FL_NEVER);
		if (!begin(x, &conn->server->head, conn->in + conn->in_from)) {
			fl_ctx_fini(&x->ctx);
			leave(x, false, false);
			return;
		}
		fl_conn_use(conn, conn->server->head.pos);
	}
}

void fl_exchange_start(fl_conn *conn, const fl_head *head, const char *buf)
{
	fl_exchange *x = fl_exchange_take(conn);

	if (x == NULL) {
		fl_conn_drop(conn);
		return;
	}
	conn->exchange = x;
	fl_exchange_ctx(x, FL_NEVER);
	if (!begin(x, head, buf) || fl_go(conn->server->loop, run, x) != FL_OK) {
		fl_ctx_fini(&x->ctx);
		leave(x, false, false);
	}
}
