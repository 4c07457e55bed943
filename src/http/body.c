/* A request's body: by length or chunked, pulled by the handler, under a least rate. */
#include "http/server_int.h"

void fl_body_init(fl_exchange *x, const fl_head *head)
{
	x->body = (fl_body){
		.kind = head->chunked ? FL_BODY_CHUNKED : head->length > 0 ? FL_BODY_LENGTH : FL_BODY_NONE,
		.done = !head->chunked && head->length == 0,
		.left = head->chunked ? 0 : head->length,
		.max = 1 << 20,
	};
	x->body.want_continue = head->expect_continue && !x->body.done;
}

static fl_err fail(fl_body *body, fl_err err)
{
	body->err = err;
	return err;
}

static fl_err await_send_continue(fl_ctx *ctx, fl_exchange *x)
{
	x->body.want_continue = false;
	if (x->conn->in_to > x->conn->in_from)
		return FL_OK; /* it did not wait */
	fl_buf_lit(&x->out, "HTTP/1.1 100 Continue\r\n\r\n");
	FL_TRY(fl_buf_err(&x->out));
	return await_wire_flush(ctx, x);
}

/* Until when the next byte must have come: ten seconds of grace, and then what the least rate gives for the bytes so
 * far; but no single silence may be longer than the stall limit. */
static int64_t rate_deadline(const fl_exchange *x)
{
	const fl_body *body = &x->body;
	int64_t now = fl_loop_now_us(x->server->loop);
	int64_t earned = FL_BODY_GRACE_US + (int64_t)(body->total * FL_SECOND_US / x->server->opt.body_bytes_per_s);

	return now + FL_MIN(earned - body->waited_us, x->server->opt.stall_timeout_us);
}

/* Bytes of the socket into buf, waiting for at least one. */
static fl_err await_socket(fl_ctx *ctx, fl_exchange *x, void *buf, size_t len, size_t *got)
{
	fl_conn *conn = x->conn;

	for (;;) {
		int64_t began = fl_loop_now_us(ctx->loop);
		fl_err err;

		if (conn->state == FL_CONN_CLOSED || conn->eof)
			return FL_CLOSED;
		err = fl_stream_try_read(conn->stream, buf, len, got);
		if (err == FL_OK && *got == 0) {
			conn->eof = true;
			fl_conn_read_off(conn);
			return FL_CLOSED;
		}
		if (err == FL_OK)
			fl_count(&x->server->stats.bytes_in, *got);
		if (err != FL_AGAIN)
			return err;
		fl_conn_read_on(conn);
		err = await_client(ctx, x, &conn->read_wait, rate_deadline(x));
		x->body.waited_us += fl_loop_now_us(ctx->loop) - began;
		if (err == FL_TIMEOUT) {
			fl_count(&x->server->stats.timeouts, 1);
			return fl_fail(&ctx->diag, FL_TIMEOUT, "the body came too slowly");
		}
		FL_TRY(err);
	}
}

static fl_err await_length(fl_ctx *ctx, fl_exchange *x, void *buf, size_t len, size_t *got)
{
	fl_conn *conn = x->conn;
	fl_body *body = &x->body;
	size_t have = conn->in_to - conn->in_from, n = FL_MIN(len, body->left);

	if (have > 0) {
		n = FL_MIN(n, have);
		memcpy(buf, conn->in + conn->in_from, n);
		fl_conn_use(conn, n);
	} else {
		FL_TRY(await_socket(ctx, x, buf, n, &n));
	}
	body->left -= n;
	body->done = body->left == 0;
	*got = n;
	return FL_OK;
}

/* What the connection holds, or a fresh piece of the socket put there. */
static fl_err await_some_input(fl_ctx *ctx, fl_exchange *x)
{
	size_t got;

	if (x->conn->in_to > x->conn->in_from)
		return FL_OK;
	{
		char piece[8192];

		FL_TRY(await_socket(ctx, x, piece, sizeof(piece), &got));
		return fl_conn_keep(x->conn, piece, got) ? FL_OK : FL_NOMEM;
	}
}

static fl_err await_chunked(fl_ctx *ctx, fl_exchange *x, void *buf, size_t len, size_t *got)
{
	fl_conn *conn = x->conn;
	fl_body *body = &x->body;

	for (;;) {
		fl_str data;
		size_t used;
		fl_parse parse;

		FL_TRY(await_some_input(ctx, x));
		parse = fl_chunk_feed(&body->chunk, conn->in + conn->in_from, FL_MIN(conn->in_to - conn->in_from, len), &used, &data);
		if (data.len > 0)
			memcpy(buf, data.ptr, data.len);
		fl_conn_use(conn, used);
		if (parse == FL_PARSE_BAD)
			return fl_fail(&ctx->diag, FL_BAD_REQUEST, "the chunked body is malformed");
		if (body->total + data.len > body->max)
			return fl_fail(&ctx->diag, FL_TOO_LARGE, "the body is larger than the %llu bytes allowed here",
				(unsigned long long)body->max);
		body->done = parse == FL_PARSE_DONE;
		*got = data.len;
		if (data.len > 0 || body->done)
			return FL_OK;
	}
}

fl_err await_body_read(fl_ctx *ctx, fl_request *req, void *buf, size_t len, size_t *got)
{
	fl_exchange *x = fl_exchange_of(req);
	fl_body *body = &x->body;
	size_t n = 0;
	fl_err err = FL_OK;

	assert(len > 0);
	FL_TRY(body->err);
	if (body->done) {
		*got = 0;
		return FL_OK;
	}
	if (body->want_continue)
		err = await_send_continue(ctx, x);
	if (err == FL_OK)
		err = body->kind == FL_BODY_LENGTH ? await_length(ctx, x, buf, len, &n) : await_chunked(ctx, x, buf, len, &n);
	if (err != FL_OK)
		return fail(body, err);
	body->total += n;
	*got = n;
	return FL_OK;
}

fl_err await_body_all(fl_ctx *ctx, fl_request *req, size_t max, fl_str *out)
{
	fl_exchange *x = fl_exchange_of(req);
	FL_AUTO_BUF fl_buf buf = fl_buf_make(max);
	size_t got;
	char *text;

	if (x->body.kind == FL_BODY_LENGTH && x->body.left > max)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "the body is larger than the %zu bytes allowed here", max);
	if (x->body.kind == FL_BODY_LENGTH) { /* of known size: straight into the arena */
		size_t len = x->body.left, at = 0;

		text = fl_arena_take(ctx->mem, len);
		if (text == NULL)
			return FL_NOMEM;
		for (; at < len; at += got)
			FL_TRY(await_body_read(ctx, req, text + at, len - at, &got));
		*out = fl_str_make(text, len);
		return FL_OK;
	}
	for (;;) {
		char piece[4096];

		FL_TRY(await_body_read(ctx, req, piece, sizeof(piece), &got));
		if (got == 0)
			break;
		fl_buf_add(&buf, piece, got);
		FL_TRY(fl_buf_err(&buf));
	}
	*out = buf.len > 0 ? fl_str_dup(ctx->mem, fl_buf_view(&buf)) : FL_STR("");
	return out->ptr != NULL ? FL_OK : FL_NOMEM;
}

bool await_body_skip(fl_ctx *ctx, fl_exchange *x)
{
	uint64_t limit = x->body.total + FL_SKIP_BYTES_MAX;

	x->body.max = limit;
	while (!x->body.done) {
		char piece[8192];
		size_t got;

		if (await_body_read(ctx, &x->req, piece, sizeof(piece), &got) != FL_OK || x->body.total > limit)
			return false;
	}
	return true;
}
