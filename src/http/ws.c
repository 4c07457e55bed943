/* WebSocket connections: the upgrade, messages into coroutines, a bounded queue out, closing.
 *
 * Nothing here frees a socket inside a caller's call: a connection that ends is marked lost, and the end itself
 * (on_close, free) comes at the tick's end, when no message of it runs any more. */
#include <stdlib.h>
#include <zlib.h>

#include "http/frame_int.h"
#include "http/server_int.h"

#define CLOSE_LIMIT_US (5 * FL_SECOND_US)

enum { DEFLATE_LEAST = 1024, READ_BYTES = 32 << 10 };

struct fl_ws {
	fl_conn *conn;
	const fl_ws_handler *handler;
	void *state;
	fl_str protocol;
	size_t message_max, queue_max;
	unsigned running, running_max;
	fl_exchange *tasks;       /* running on_message coroutines */
	fl_defer tick;            /* writes the queue; ends what is lost */
	fl_buf queue;
	size_t queue_from;
	int64_t heard_us;         /* last byte of the peer */
	int64_t progress_us;      /* the queue last shrank, or was empty */
	int64_t ping_every_us;
	uint16_t code;            /* for on_close */
	bool deflate;
	bool close_sent, close_got;
	bool bad;                 /* what it sent cannot be understood: read and drop the rest, so that our close arrives */
	bool shut;                /* everything is sent, the peer must end now */
	bool lost;
	bool waits_writable;
	fl_buf message;           /* of the present message */
	fl_frame frame;
};

/* ---- permessage-deflate, without context takeover: one codec for all sockets of a server ---- */

struct fl_ws_codec {
	z_stream in, out;
};

static struct fl_ws_codec *codec_of(fl_http_server *server)
{
	struct fl_ws_codec *codec = server->codec;

	if (codec != NULL)
		return codec;
	codec = calloc(1, sizeof(*codec));
	if (codec == NULL)
		return NULL;
	if (inflateInit2(&codec->in, -15) != Z_OK) {
		free(codec);
		return NULL;
	}
	if (deflateInit2(&codec->out, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		inflateEnd(&codec->in);
		free(codec);
		return NULL;
	}
	server->codec = codec;
	return codec;
}

void fl_ws_codec_free(struct fl_ws_codec *codec)
{
	if (codec == NULL)
		return;
	inflateEnd(&codec->in);
	deflateEnd(&codec->out);
	free(codec);
}

/* FL_TOO_LARGE when out is full, FL_BAD_REQUEST for what is no deflate stream. */
static fl_err inflate_message(fl_http_server *server, fl_buf *message, fl_buf *out)
{
	struct fl_ws_codec *codec = codec_of(server);
	int status = Z_OK;

	fl_buf_add(message, "\0\0\xff\xff", 4);
	if (codec == NULL || fl_buf_err(message) != FL_OK)
		return FL_NOMEM;
	inflateReset(&codec->in);
	codec->in.next_in = (Bytef *)message->ptr;
	codec->in.avail_in = (uInt)message->len;
	codec->in.avail_out = 1;
	while (status == Z_OK && (codec->in.avail_in > 0 || codec->in.avail_out == 0)) {
		size_t room = FL_MIN(FL_MAX(message->len * 2, 4096), out->max - out->len);
		char *to = room > 0 ? fl_buf_reserve(out, room) : NULL;

		if (to == NULL)
			return FL_TOO_LARGE;
		codec->in.next_out = (Bytef *)to;
		codec->in.avail_out = (uInt)room;
		status = inflate(&codec->in, Z_SYNC_FLUSH);
		fl_buf_commit(out, room - codec->in.avail_out);
	}
	if (out->len == out->max)
		return FL_TOO_LARGE;
	return status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END ? FL_OK : FL_BAD_REQUEST;
}

/* False: it would not get smaller, or there is no memory: send it plain. */
static bool deflate_message(fl_http_server *server, fl_str text, fl_buf *out)
{
	struct fl_ws_codec *codec = codec_of(server);
	char *to = codec ? fl_buf_reserve(out, text.len) : NULL;
	size_t len;

	if (to == NULL)
		return false;
	deflateReset(&codec->out);
	codec->out.next_in = (Bytef *)(uintptr_t)text.ptr;
	codec->out.avail_in = (uInt)text.len;
	codec->out.next_out = (Bytef *)to;
	codec->out.avail_out = (uInt)text.len;
	if (deflate(&codec->out, Z_SYNC_FLUSH) != Z_OK || codec->out.avail_in > 0 || codec->out.avail_out == 0)
		return false;
	len = text.len - codec->out.avail_out;
	if (len < 4)
		return false;
	fl_buf_commit(out, len - 4); /* RFC 7692 7.2.1: without the trailing 00 00 ff ff */
	return true;
}

/* ---- the end ---- */

static void end_tasks(fl_ws *ws)
{
	for (fl_exchange *x = ws->tasks; x != NULL; x = x->next)
		fl_ctx_cancel(&x->ctx);
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
static void on_tick(void *arg)
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
	if (ws->deflate && payload.len >= DEFLATE_LEAST && deflate_message(ws->conn->server, payload, &packed)) {
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

static void send_close(fl_ws *ws, uint16_t code, fl_str reason)
{
	char payload[FL_FRAME_CONTROL_MAX];
	size_t len = 0;

	if (ws->close_sent || ws->lost)
		return;
	reason = fl_str_slice(reason, 0, FL_FRAME_CONTROL_MAX - 2);
	if (code != 1005) {
		payload[0] = (char)(code >> 8);
		payload[1] = (char)code;
		if (reason.len > 0)
			memcpy(payload + 2, reason.ptr, reason.len);
		len = 2 + reason.len;
	}
	ws->close_sent = true;
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
		fl_err err = inflate_message(server, message, &plain);

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

/* ---- the upgrade ---- */

/* RFC 6455 4.2.2: base64 of SHA-1 over the key and a fixed GUID. SHA-1 is part of the protocol, not of its security. */
static uint32_t rotate(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

static void sha1_block(uint32_t h[5], const uint8_t *block)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f, k, t;

		if (i < 20)
			f = (b & c) | (~b & d), k = 0x5a827999;
		else if (i < 40)
			f = b ^ c ^ d, k = 0x6ed9eba1;
		else if (i < 60)
			f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
		else
			f = b ^ c ^ d, k = 0xca62c1d6;
		t = rotate(a, 5) + f + e + k + w[i];
		e = d, d = c, c = rotate(b, 30), b = a, a = t;
	}
	h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

/* key: 24 characters; 24 + 36 = 60 bytes, so always two blocks. */
void fl_ws_accept_key(const char key[24], char out[28])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t block[128] = { 0 }, digest[21] = { 0 };

	memcpy(block, key, 24);
	memcpy(block + 24, guid, 36);
	block[60] = 0x80;
	block[126] = (60 * 8) >> 8;
	block[127] = (60 * 8) & 0xff;
	sha1_block(h, block);
	sha1_block(h, block + 64);
	for (int i = 0; i < 20; i++)
		digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
	for (int i = 0; i < 7; i++) {
		uint32_t n = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];

		for (int k = 0; k < 4; k++)
			out[4 * i + k] = b64[n >> (18 - 6 * k) & 63];
	}
	out[27] = '=';
}

static bool key_is_good(fl_str key)
{
	if (key.len != 24 || key.ptr[22] != '=' || key.ptr[23] != '=')
		return false;
	for (size_t i = 0; i < 22; i++) {
		char c = key.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
	}
	return true;
}

static bool is_upgrade(const fl_request *req, const fl_exchange *x)
{
	fl_str connection = fl_request_header(req, FL_STR("connection"));

	return req->method == FL_GET && !x->http10 && x->body.done &&
	       fl_weight_of(fl_request_header(req, FL_STR("upgrade")), FL_STR("websocket")) >= 0 &&
	       fl_weight_of(connection, FL_STR("upgrade")) >= 0;
}

/* The server's best that the client also names; empty when there is none. */
static fl_str choose_protocol(const fl_request *req, const fl_ws_handler *handler)
{
	fl_str offered = fl_request_header(req, FL_STR("sec-websocket-protocol"));

	for (size_t i = 0; handler->protocols != NULL && handler->protocols[i] != NULL; i++) {
		fl_str rest = offered;

		while (rest.len > 0) {
			if (fl_str_eq(fl_list_next(rest, &rest), fl_str_z(handler->protocols[i])))
				return fl_str_z(handler->protocols[i]);
		}
	}
	return (fl_str){ 0 };
}

/* An offer that we can keep: no parameter but those that the answer below satisfies. */
static bool offers_deflate(const fl_request *req)
{
	fl_str offers = fl_request_header(req, FL_STR("sec-websocket-extensions"));

	while (offers.len > 0) {
		fl_str params, offer = fl_list_next(offers, &offers);
		bool good = fl_str_eq_nocase(fl_str_trim(fl_str_cut(offer, ';', &params)), FL_STR("permessage-deflate"));

		while (params.len > 0) {
			fl_str value, name = fl_str_trim(fl_str_cut(fl_str_cut(params, ';', &params), '=', &value));

			good &= fl_str_eq(name, FL_STR("client_max_window_bits")) ||
				fl_str_eq(name, FL_STR("server_no_context_takeover")) ||
				fl_str_eq(name, FL_STR("client_no_context_takeover"));
		}
		if (good)
			return true;
	}
	return false;
}

static fl_err check_upgrade(fl_ctx *ctx, const fl_request *req, const fl_exchange *x, const fl_ws_handler *handler)
{
	fl_diag *diag = &ctx->diag;

	if (!is_upgrade(req, x))
		return fl_fail(diag, FL_BAD_REQUEST, "this address speaks WebSocket: an upgrade is expected");
	if (!fl_str_eq(fl_request_header(req, FL_STR("sec-websocket-version")), FL_STR("13")))
		return fl_fail(diag, FL_BAD_REQUEST, "only WebSocket version 13 is supported");
	if (!key_is_good(fl_request_header(req, FL_STR("sec-websocket-key"))))
		return fl_fail(diag, FL_BAD_REQUEST, "bad Sec-WebSocket-Key");
	if (handler->protocols != NULL && choose_protocol(req, handler).len == 0)
		return fl_fail(diag, FL_BAD_REQUEST, "no common WebSocket subprotocol; this address speaks %s", handler->protocols[0]);
	return FL_OK;
}

static fl_ws *ws_new(fl_exchange *x, const fl_ws_handler *handler, void *state)
{
	fl_ws *ws = calloc(1, sizeof(*ws));
	int64_t now = fl_loop_now_us(x->server->loop);

	if (ws == NULL)
		return NULL;
	ws->conn = x->conn;
	ws->handler = handler;
	ws->state = state;
	ws->protocol = choose_protocol(&x->req, handler);
	ws->message_max = handler->message_max ? handler->message_max : 64 << 10;
	ws->queue_max = handler->queue_max ? handler->queue_max : 1 << 20;
	ws->running_max = handler->running_max ? handler->running_max : 1;
	ws->ping_every_us = handler->ping_every_us ? handler->ping_every_us : 30 * FL_SECOND_US;
	ws->deflate = handler->deflate && offers_deflate(&x->req);
	ws->queue = fl_buf_make(ws->queue_max + 1024); /* control frames beside the messages */
	ws->message = fl_buf_make(ws->message_max + 4);
	ws->heard_us = ws->progress_us = now;
	fl_defer_init(&ws->tick, on_tick, ws);
	fl_frame_init(&ws->frame, (uint32_t)FL_MIN(ws->message_max, UINT32_MAX), ws->deflate);
	return ws;
}

static void put_switch(fl_exchange *x, const fl_ws *ws)
{
	fl_buf *out = &x->out;
	char accept[28];

	fl_ws_accept_key(fl_request_header(&x->req, FL_STR("sec-websocket-key")).ptr, accept);
	fl_buf_lit(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
	fl_buf_add(out, accept, sizeof(accept));
	if (ws->protocol.len > 0) {
		fl_buf_lit(out, "\r\nSec-WebSocket-Protocol: ");
		fl_buf_str(out, ws->protocol);
	}
	if (ws->deflate)
		fl_buf_lit(out, "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover");
	fl_buf_lit(out, "\r\n");
	for (unsigned i = 0; i < x->res.header_count; i++) { /* cookies, and what the handler wants to say */
		fl_buf_str(out, x->res.headers[i].name);
		fl_buf_lit(out, ": ");
		fl_buf_str(out, x->res.headers[i].value);
		fl_buf_lit(out, "\r\n");
	}
	fl_buf_lit(out, "\r\n");
}

fl_err await_ws_upgrade(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_ws_handler *handler, void *state,
	fl_ws **out)
{
	fl_exchange *x = fl_exchange_of(req);
	fl_ws *ws;

	assert(handler->on_message != NULL && !res->started);
	FL_TRY(res->err);
	FL_TRY(check_upgrade(ctx, req, x, handler));
	if (x->server->draining)
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "the server restarts");
	if (x->conn->state == FL_CONN_CLOSED)
		return FL_CLOSED;
	ws = ws_new(x, handler, state);
	if (ws == NULL)
		return FL_NOMEM;
	put_switch(x, ws);
	res->started = true;
	res->upgraded = true;
	res->status = 101;
	x->conn->ws = ws;
	fl_count(&x->server->stats.websockets, 1);
	*out = ws;
	/* From here on the state is the WebSocket's. A peer that is gone already is told by on_close, as one that leaves later:
	 * an error would let the caller free what on_close frees again. */
	if (await_wire_flush(ctx, x) != FL_OK)
		assert(x->conn->state == FL_CONN_CLOSED);
	return FL_OK;
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
