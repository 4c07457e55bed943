/* WebSocket connections: messages into coroutines, a bounded queue out, closing.
 *
 * Nothing here frees a socket inside a caller's call: a connection that ends is marked lost, and the end itself
 * (on_close, free) comes at the tick's end, when no message of it runs any more. */
#include <stdlib.h>

#include "http/ws_int.h"

#define CLOSE_LIMIT_US (5 * FL_SECOND_US)

enum { DEFLATE_LEAST = 1024, READ_BYTES = 32 << 10 };

/* ---- the end ---- */

static void end_tasks(fl_ws *ws)
{
	for (fl_exchange *x = ws->tasks; x != NULL; x = x->next)
		fl_ctx_cancel(&x->ctx);
}

/* Those for whom the queue is short enough, or who need not wait any more. */
static void wake_waiters(fl_ws *ws, fl_err err)
{
	for (fl_ws_waiter *w = ws->waiters; w != NULL; w = w->next)
		if (err != FL_OK || fl_ws_queued(ws) <= w->bytes)
			fl_wake(&w->wait, err);
}

void fl_ws_lost(fl_ws *ws, uint16_t code)
{
	fl_conn *conn = ws->conn;

	if (!ws->lost) {
		ws->lost = true;
		if (ws->code == 0)
			ws->code = code;
		if (conn->state != FL_CONN_CLOSED)
			fl_conn_enter(conn, FL_CONN_CLOSED);
		end_tasks(ws);
		wake_waiters(ws, FL_CLOSED);
	}
	fl_loop_defer(conn->server->loop, &ws->tick);
}

static void ws_end(fl_ws *ws)
{
	fl_conn *conn = ws->conn;

	if (ws->handler->on_close != NULL)
		ws->handler->on_close(ws, ws->code);
	fl_defer_cancel(&ws->tick);
	fl_buf_fini(&ws->queue);
	fl_buf_fini(&ws->message);
	free(ws);
	conn->ws = NULL;
	fl_count(&conn->server->stats.websockets, (uint64_t)-1);
	fl_conn_free(conn);
}

/* ---- out ---- */

size_t fl_ws_queued(const fl_ws *ws)
{
	return ws->queue.len - ws->queue_from;
}

static void on_ws_writable(void *arg)
{
	fl_conn *conn = arg;

	conn->ws->waits_writable = false;
	fl_loop_defer(conn->server->loop, &conn->ws->tick);
}

static void queue_written(fl_ws *ws, size_t written)
{
	ws->queue_from += written;
	if (written > 0)
		ws->progress_us = fl_loop_now_us(ws->conn->server->loop);
	if (ws->waiters != NULL)
		wake_waiters(ws, FL_OK);
	if (fl_ws_queued(ws) == 0) {
		fl_buf_fini(&ws->queue); /* an idle socket owns no buffer */
		ws->queue = fl_buf_make(ws->queue.max);
		ws->queue_from = 0;
	}
}

/* The closing handshake is complete and sent. */
static void shut(fl_ws *ws)
{
	fl_conn *conn = ws->conn;

	if (!ws->bad) {
		fl_ws_lost(ws, ws->code);
	} else if (!ws->shut) {
		ws->shut = true;
		fl_stream_shutdown(conn->stream);
		fl_timer_start(conn->server->loop, &conn->timer, fl_loop_now_us(conn->server->loop) + FL_LINGER_US);
		fl_conn_read_on(conn);
	}
}

/* At the tick's end: one write for all that was sent in it. */
void fl_ws_tick(void *arg)
{
	fl_ws *ws = arg;
	fl_conn *conn = ws->conn;

	if (!ws->lost && fl_ws_queued(ws) > 0 && !ws->waits_writable) {
		struct iovec iov = { ws->queue.ptr + ws->queue_from, fl_ws_queued(ws) };
		size_t written = 0;

		if (fl_stream_try_write(conn->stream, &iov, 1, &written) != FL_OK) {
			fl_ws_lost(ws, 1006);
		} else {
			fl_count(&conn->server->stats.bytes_out, written);
			queue_written(ws, written);
			if (fl_ws_queued(ws) > 0) {
				ws->waits_writable = true;
				fl_stream_on_writable(conn->stream, on_ws_writable, conn);
			}
		}
	}
	if (!ws->lost && ws->close_sent && ws->close_got && fl_ws_queued(ws) == 0)
		shut(ws);
	if (ws->lost && ws->running == 0 && conn->exchange == NULL)
		ws_end(ws);
}

/* Room behind the queue; makes it by moving, so that a long-lived queue does not creep. */
static bool queue_add(fl_ws *ws, fl_frame_op op, bool compressed, fl_str payload)
{
	char head[FL_FRAME_HEAD_MAX];
	size_t head_len = fl_frame_head(head, op, compressed, payload.len);

	if (ws->queue_from > 0 && ws->queue_from >= fl_ws_queued(ws)) {
		memmove(ws->queue.ptr, ws->queue.ptr + ws->queue_from, fl_ws_queued(ws));
		ws->queue.len -= ws->queue_from;
		ws->queue_from = 0;
	}
	if (fl_ws_queued(ws) == 0)
		ws->progress_us = fl_loop_now_us(ws->conn->server->loop);
	if (fl_buf_reserve(&ws->queue, head_len + payload.len) == NULL) {
		ws->queue.err = FL_OK;
		return false;
	}
	fl_buf_add(&ws->queue, head, head_len);
	if (payload.len > 0)
		fl_buf_add(&ws->queue, payload.ptr, payload.len);
	fl_loop_defer(ws->conn->server->loop, &ws->tick);
	return true;
}

static fl_err too_slow(fl_ws *ws)
{
	if (ws->handler->slow == FL_WS_SLOW_DROP)
		return FL_BUSY;
	fl_count(&ws->conn->server->stats.ws_dropped, 1);
	fl_conn_no_linger(ws->conn);
	fl_ws_lost(ws, 1013);
	return FL_CLOSED;
}

static fl_err send_message(fl_ws *ws, fl_frame_op op, fl_str payload)
{
	FL_AUTO_BUF fl_buf packed = fl_buf_make(payload.len + 64);
	bool compressed = false;

	if (ws->lost || ws->close_sent)
		return FL_CLOSED;
	if (fl_ws_queued(ws) + payload.len + FL_FRAME_HEAD_MAX > ws->queue_max)
		return too_slow(ws);
	if (ws->deflate && payload.len >= DEFLATE_LEAST && fl_ws_deflate(ws->conn->server, payload, &packed)) {
		compressed = true;
		payload = fl_buf_view(&packed);
	}
	if (!queue_add(ws, op, compressed, payload))
		return too_slow(ws);
	fl_count(&ws->conn->server->stats.ws_messages_out, 1);
	return FL_OK;
}

fl_err fl_ws_send_text(fl_ws *ws, fl_str text)
{
	return send_message(ws, FL_FRAME_TEXT, text);
}

fl_err fl_ws_send_binary(fl_ws *ws, fl_str bytes)
{
	return send_message(ws, FL_FRAME_BINARY, bytes);
}

fl_err await_ws_queued(fl_ctx *ctx, fl_ws *ws, size_t bytes)
{
	fl_ws_waiter w = { .next = ws->waiters, .bytes = bytes }, **at = &ws->waiters;
	fl_err err;

	if (ws->lost || ws->close_sent)
		return FL_CLOSED;
	if (fl_ws_queued(ws) <= bytes)
		return fl_ctx_check(ctx);
	fl_wait_init(&w.wait);
	ws->waiters = &w;
	err = await_wait(ctx, &w.wait);
	while (*at != &w)
		at = &(*at)->next;
	*at = w.next;
	return err != FL_OK ? err : ws->lost || ws->close_sent ? FL_CLOSED : FL_OK;
}

static void send_close(fl_ws *ws, uint16_t code, fl_str reason)
{
	char payload[FL_FRAME_CONTROL_MAX];
	size_t len = 0;

	if (ws->close_sent || ws->lost)
		return;
	reason = fl_str_clip(reason, FL_FRAME_CONTROL_MAX - 2);
	if (code != 1005) {
		payload[0] = (char)(code >> 8);
		payload[1] = (char)code;
		if (reason.len > 0)
			memcpy(payload + 2, reason.ptr, reason.len);
		len = 2 + reason.len;
	}
	ws->close_sent = true;
	wake_waiters(ws, FL_CLOSED);
	if (ws->code == 0)
		ws->code = code;
	if (!queue_add(ws, FL_FRAME_CLOSE, false, fl_str_make(payload, len))) {
		fl_ws_lost(ws, code);
		return;
	}
	fl_timer_start(ws->conn->server->loop, &ws->conn->timer, fl_loop_now_us(ws->conn->server->loop) + CLOSE_LIMIT_US);
}

void fl_ws_close(fl_ws *ws, uint16_t code, fl_str reason)
{
	send_close(ws, code, reason);
	fl_conn_read_on(ws->conn);
}

void *fl_ws_state(const fl_ws *ws)
{
	return ws->state;
}

fl_str fl_ws_protocol(const fl_ws *ws)
{
	return ws->protocol;
}

/* ---- in ---- */

static void input(fl_ws *ws, char *bytes, size_t len);

static void task_end(fl_ws *ws, fl_exchange *x)
{
	fl_exchange **at = &ws->tasks;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	ws->running--;
	fl_ctx_fini(&x->ctx);
	fl_buf_fini(&x->message);
	fl_exchange_give(x);
}

/* Goes on with what was held back while as many messages as allowed were handled. */
static void resume(fl_ws *ws)
{
	fl_conn *conn = ws->conn;
	size_t have = conn->in_to - conn->in_from;

	if (ws->lost || ws->running >= ws->running_max)
		return;
	if (have > 0) {
		char *bytes = conn->in, *from = conn->in + conn->in_from;

		conn->in = NULL;
		conn->in_from = conn->in_to = conn->in_cap = 0;
		input(ws, from, have);
		free(bytes);
	}
	if (!ws->lost && ws->running < ws->running_max)
		fl_conn_read_on(conn);
}

static void run_message(void *arg)
{
	fl_exchange *x = arg;
	fl_ws *ws = x->ws;

	ws->handler->on_message(&x->ctx, ws, fl_buf_view(&x->message), x->binary);
	task_end(ws, x);
	if (ws->lost)
		fl_loop_defer(ws->conn->server->loop, &ws->tick);
	else if (ws->running + 1 == ws->running_max) /* it was what the input waited for */
		resume(ws);
}

static void start_message(fl_ws *ws, fl_buf *message, bool binary)
{
	fl_exchange *x = fl_exchange_take(ws->conn);
	int64_t deadline = ws->handler->message_deadline_us;

	if (x == NULL) {
		send_close(ws, 1011, FL_STR("out of memory"));
		return;
	}
	fl_exchange_ctx(x, deadline ? deadline : 30 * FL_SECOND_US);
	x->mem.max = 64 << 20;
	x->ws = ws;
	x->message = *message;
	*message = fl_buf_make(message->max);
	x->binary = binary;
	x->next = ws->tasks;
	ws->tasks = x;
	ws->running++;
	if (fl_go(ws->conn->server->loop, run_message, x) != FL_OK) {
		task_end(ws, x);
		send_close(ws, 1013, FL_STR("the server is busy"));
	}
}

static void take_message(fl_ws *ws)
{
	fl_http_server *server = ws->conn->server;
	bool text = ws->frame.message_op == FL_FRAME_TEXT;
	fl_buf plain = fl_buf_make(ws->message_max + 1), *message = &ws->message;

	fl_count(&server->stats.ws_messages_in, 1);
	if (ws->frame.compressed) {
		fl_err err = fl_ws_inflate(server, message, &plain);

		fl_buf_fini(message);
		ws->message = fl_buf_make(ws->message_max + 4);
		message = &plain;
		if (err != FL_OK) {
			fl_buf_fini(&plain);
			if (err == FL_TOO_LARGE)
				send_close(ws, 1009, FL_STR("message too long"));
			else
				send_close(ws, err == FL_NOMEM ? 1011 : 1007, FL_STR("message cannot be inflated"));
			return;
		}
	}
	if (text && !fl_str_utf8_valid(fl_buf_view(message)))
		send_close(ws, 1007, FL_STR("text that is not UTF-8"));
	else
		start_message(ws, message, !text);
	fl_buf_fini(&plain);
}

static void take_control(fl_ws *ws)
{
	const fl_frame *frame = &ws->frame;

	switch (frame->control_op) {
	case FL_FRAME_PING:
		if (!ws->close_sent && fl_ws_queued(ws) + FL_FRAME_CONTROL_MAX < ws->queue_max)
			(void)!queue_add(ws, FL_FRAME_PONG, false, fl_str_make(frame->control, frame->control_len));
		return;
	case FL_FRAME_CLOSE:
		ws->close_got = true;
		ws->code = frame->close_code;
		send_close(ws, frame->close_code, (fl_str){ 0 });
		fl_loop_defer(ws->conn->server->loop, &ws->tick);
		return;
	default:
		return;
	}
}

static void add_bytes(fl_ws *ws, fl_str data)
{
	if (data.len == 0)
		return;
	fl_buf_str(&ws->message, data);
	if (fl_buf_err(&ws->message) != FL_OK)
		send_close(ws, 1011, FL_STR("out of memory"));
}

/* bytes is changed in place. What cannot be handled yet is kept in the connection. */
static void input(fl_ws *ws, char *bytes, size_t len)
{
	size_t at = 0;

	while (!ws->lost && !ws->close_got) {
		fl_str data;
		size_t used;
		fl_frame_event event;

		if (ws->running >= ws->running_max && !ws->close_sent) {
			fl_conn_read_off(ws->conn);
			if (at < len)
				(void)!fl_conn_keep(ws->conn, bytes + at, len - at);
			return;
		}
		event = fl_frame_feed(&ws->frame, bytes + at, len - at, &used, &data);
		at += used;
		if (event == FL_FRAME_MORE)
			return;
		if (event == FL_FRAME_BAD) {
			send_close(ws, ws->frame.close_code, fl_str_z(ws->frame.why));
			ws->bad = ws->close_got = true;
			fl_loop_defer(ws->conn->server->loop, &ws->tick);
		} else if (event == FL_FRAME_CONTROL) {
			take_control(ws);
		} else if (!ws->close_sent) { /* after our close its messages are not wanted any more */
			if (event == FL_FRAME_BYTES)
				add_bytes(ws, data);
			else
				take_message(ws);
		}
	}
}

void fl_ws_readable(fl_conn *conn)
{
	fl_http_server *server = conn->server;
	fl_ws *ws = conn->ws;
	size_t got = 0;
	fl_err err;

	if (ws->running >= ws->running_max && !ws->close_sent) {
		fl_conn_read_off(conn);
		return;
	}
	if (ws->close_got && !ws->bad) {
		fl_conn_read_off(conn);
		return;
	}
	err = fl_stream_try_read(conn->stream, server->scratch, READ_BYTES, &got);
	if (err == FL_AGAIN)
		return;
	if (err != FL_OK || got == 0) {
		fl_ws_lost(ws, 1006);
		return;
	}
	fl_count(&server->stats.bytes_in, got);
	ws->heard_us = fl_loop_now_us(server->loop);
	/* Handlers run inside and may read the scratch's next content: what they leave is copied before. */
	input(ws, server->scratch, got);
}

/* ---- time ---- */

static void next_look(fl_ws *ws)
{
	fl_http_server *server = ws->conn->server;

	if (ws->close_sent) /* it has its limit already */
		return;
	fl_timer_start(server->loop, &ws->conn->timer,
		fl_loop_now_us(server->loop) + FL_MIN(ws->ping_every_us, server->opt.stall_timeout_us));
}

void fl_ws_timer(fl_conn *conn)
{
	fl_ws *ws = conn->ws;
	fl_http_server *server = conn->server;
	int64_t now = fl_loop_now_us(server->loop);
	bool stalled = fl_ws_queued(ws) > 0 && now - ws->progress_us >= server->opt.stall_timeout_us;
	bool silent = conn->reading && now - ws->heard_us >= 2 * ws->ping_every_us;

	if (ws->close_sent) { /* the closing handshake took too long */
		fl_ws_lost(ws, ws->code);
		return;
	}
	if (stalled || silent) {
		fl_count(&server->stats.timeouts, 1);
		fl_conn_no_linger(conn);
		fl_ws_lost(ws, 1006);
		return;
	}
	if (fl_ws_queued(ws) == 0)
		(void)!queue_add(ws, FL_FRAME_PING, false, (fl_str){ 0 });
	next_look(ws);
}

void fl_ws_go_on(fl_conn *conn)
{
	fl_ws *ws = conn->ws;

	fl_conn_enter(conn, FL_CONN_WEBSOCKET);
	fl_loop_defer(conn->server->loop, &ws->tick); /* what was sent before the handler returned */
	if (conn->eof) {
		fl_ws_lost(ws, 1006);
		return;
	}
	next_look(ws);
	resume(ws);
}
