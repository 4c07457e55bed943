/* A connection: accepting, its states and their deadlines, its input, its end. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "http/server_int.h"

/* ---- peers ---- */

static fl_peer **peer_slot(fl_http_server *server, fl_str text)
{
	fl_peer **slot = &server->peers[fl_hash(text.ptr, text.len, server->id_seed) % FL_PEER_SLOTS];

	while (*slot != NULL && !fl_str_eq(fl_str_z((*slot)->text), text))
		slot = &(*slot)->next;
	return slot;
}

static bool is_local(fl_str text)
{
	return fl_str_starts(text, FL_STR("127.")) || fl_str_eq(text, FL_STR("::1")) ||
	       fl_str_starts(text, FL_STR("::ffff:127.")) || fl_str_eq(text, FL_STR("unix"));
}

static fl_peer *peer_get(fl_http_server *server, fl_str text)
{
	fl_peer **slot = peer_slot(server, text), *peer = *slot;

	if (peer == NULL) {
		peer = calloc(1, sizeof(*peer));
		if (peer == NULL)
			return NULL;
		memcpy(peer->text, text.ptr, text.len);
		peer->counted = server->opt.count_loopback || !is_local(text);
		*slot = peer;
	}
	peer->count++;
	return peer;
}

static void peer_put(fl_http_server *server, fl_peer *peer)
{
	fl_peer **slot;

	if (--peer->count > 0)
		return;
	slot = peer_slot(server, fl_str_z(peer->text));
	*slot = peer->next;
	free(peer);
}

/* ---- states ---- */

static void on_readable(void *arg);

void fl_conn_read_on(fl_conn *conn)
{
	if (conn->reading || conn->stream == NULL || conn->eof)
		return;
	conn->reading = true;
	fl_stream_on_readable(conn->stream, on_readable, conn);
}

void fl_conn_read_off(fl_conn *conn)
{
	if (!conn->reading || conn->stream == NULL)
		return;
	conn->reading = false;
	fl_stream_read_stop(conn->stream);
}

static void input_free(fl_conn *conn)
{
	free(conn->in);
	conn->in = NULL;
	conn->in_from = conn->in_to = conn->in_cap = 0;
}

/* The one function that changes the state; what a state waits for begins here. */
void fl_conn_enter(fl_conn *conn, fl_conn_state next)
{
	fl_http_server *server = conn->server;
	int64_t now = fl_loop_now_us(server->loop);

	assert(conn->state != FL_CONN_CLOSED);
	conn->state = (uint8_t)next;
	switch (next) {
	case FL_CONN_IDLE:
		input_free(conn);
		fl_timer_start(server->loop, &conn->timer, now + server->opt.idle_timeout_us);
		fl_conn_read_on(conn);
		return;
	case FL_CONN_HEAD:
		fl_timer_start(server->loop, &conn->timer, now + server->opt.head_timeout_us);
		fl_conn_read_on(conn);
		return;
	case FL_CONN_BUSY:
		fl_timer_stop(&conn->timer);
		return;
	case FL_CONN_LINGER:
		input_free(conn);
		fl_stream_shutdown(conn->stream);
		conn->linger_until_us = now + FL_LINGER_MAX_US;
		fl_timer_start(server->loop, &conn->timer, now + FL_LINGER_US);
		fl_conn_read_on(conn);
		return;
	case FL_CONN_WEBSOCKET:
		return;
	case FL_CONN_CLOSED:
		fl_timer_stop(&conn->timer);
		fl_stream_close(conn->stream);
		conn->stream = NULL;
		conn->reading = false;
		return;
	}
}

void fl_conn_free(fl_conn *conn)
{
	fl_http_server *server = conn->server;

	assert(conn->state == FL_CONN_CLOSED && conn->exchange == NULL && conn->ws == NULL);
	input_free(conn);
	free(conn->head);
	conn->link.prev->next = conn->link.next;
	conn->link.next->prev = conn->link.prev;
	peer_put(server, conn->peer);
	free(conn);
	server->conn_count--;
	fl_count(&server->stats.connections, (uint64_t)-1);
	fl_http_server_gone(server);
}

void fl_conn_drop(fl_conn *conn)
{
	if (conn->state == FL_CONN_WEBSOCKET) {
		fl_ws_lost(conn->ws, 1006);
		return;
	}
	fl_conn_enter(conn, FL_CONN_CLOSED);
	if (conn->exchange == NULL) {
		fl_conn_free(conn);
		return;
	}
	fl_ctx_cancel(&conn->exchange->ctx);
	if (conn->read_wait != NULL)
		fl_wake(conn->read_wait, FL_CLOSED);
	if (conn->write_wait != NULL)
		fl_wake(conn->write_wait, FL_CLOSED);
}

void fl_conn_no_linger(fl_conn *conn)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	if (conn->stream != NULL)
		(void)!setsockopt(fl_stream_fd(conn->stream), SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static void on_timer(void *arg)
{
	fl_conn *conn = arg;

	switch ((fl_conn_state)conn->state) {
	case FL_CONN_HEAD:
		fl_count(&conn->server->stats.timeouts, 1);
		fl_conn_refuse(conn, 408, "the request head took too long");
		return;
	case FL_CONN_WEBSOCKET:
		fl_ws_timer(conn);
		return;
	default:
		fl_conn_drop(conn);
	}
}

/* ---- accepting ---- */

static const char busy_answer[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n"
				  "Content-Type: application/json\r\nContent-Length: 98\r\n\r\n"
				  "{\"errors\":[{\"message\":\"the system is busy; try again\",\"extensions\":"
				  "{\"code\":\"UNAVAILABLE\"}}]}     \n";

static void write_busy(fl_stream *stream)
{
	struct iovec iov = { (char *)(uintptr_t)busy_answer, sizeof(busy_answer) - 1 };
	size_t written;

	(void)!fl_stream_try_write(stream, &iov, 1, &written); /* best effort */
}

static fl_peer *admit(fl_http_server *server, fl_stream *stream)
{
	char text[FL_ADDRESS_MAX];
	fl_str name = fl_stream_peer(stream, text);
	fl_peer *peer;

	if (server->conn_count >= server->opt.connections_max)
		return NULL;
	if (name.len == 0 || name.len >= FL_PEER_MAX)
		name = FL_STR("unix");
	peer = peer_get(server, name);
	if (peer != NULL && peer->counted && peer->count > server->opt.connections_per_ip) {
		peer_put(server, peer);
		return NULL;
	}
	return peer;
}

void fl_conn_accept(void *arg, fl_stream *stream)
{
	fl_http_server *server = arg;
	fl_peer *peer = admit(server, stream);
	fl_conn *conn;

	if (peer == NULL) {
		fl_count(&server->stats.refused, 1);
		write_busy(stream);
		fl_stream_close(stream);
		return;
	}
	conn = calloc(1, sizeof(*conn));
	if (conn == NULL) {
		peer_put(server, peer);
		fl_stream_close(stream);
		return;
	}
	conn->server = server;
	conn->stream = stream;
	conn->peer = peer;
	conn->link.prev = server->conns.prev;
	conn->link.next = &server->conns;
	conn->link.prev->next = conn->link.next->prev = &conn->link;
	server->conn_count++;
	fl_count(&server->stats.accepted, 1);
	fl_count(&server->stats.connections, 1);
	fl_timer_init(&conn->timer, on_timer, conn);
	fl_conn_enter(conn, FL_CONN_IDLE);
	/* A client that never says a word has only the time of a head. */
	fl_timer_start(server->loop, &conn->timer, fl_loop_now_us(server->loop) + server->opt.head_timeout_us);
}

/* ---- input ---- */

bool fl_conn_keep(fl_conn *conn, const char *bytes, size_t len)
{
	size_t have = conn->in_to - conn->in_from;

	if (conn->in_from > 0) {
		memmove(conn->in, conn->in + conn->in_from, have);
		conn->in_from = 0;
		conn->in_to = (uint32_t)have;
	}
	if (have + len > conn->in_cap) {
		size_t cap = FL_MAX(have + len, 2 * (size_t)conn->in_cap);
		char *in;

		cap = FL_MAX(cap, 512);
		in = realloc(conn->in, cap);
		if (in == NULL) {
			fl_conn_drop(conn);
			return false;
		}
		conn->in = in;
		conn->in_cap = (uint32_t)cap;
	}
	memcpy(conn->in + conn->in_to, bytes, len);
	conn->in_to += (uint32_t)len;
	return true;
}

void fl_conn_use(fl_conn *conn, size_t len)
{
	assert(len <= conn->in_to - conn->in_from);
	conn->in_from += (uint32_t)len;
	if (conn->in_from == conn->in_to) {
		conn->in_from = conn->in_to = 0;
		if (conn->in_cap > FL_PIPELINE_BYTES)
			input_free(conn);
	}
}

/* Answers a head that cannot be understood, and ends the connection. */
void fl_conn_refuse(fl_conn *conn, int status, const char *why)
{
	char text[512];
	int len, body_len;
	char body[256];
	struct iovec iov;
	size_t written;
	fl_http_server *server = conn->server;

	body_len = snprintf(body, sizeof(body), "{\"errors\":[{\"message\":\"%s\",\"extensions\":{\"code\":\"BAD_REQUEST\"}}]}\n", why);
	len = snprintf(text, sizeof(text), "HTTP/1.1 %d %s\r\nDate: %.29s\r\nConnection: close\r\nContent-Type: application/json\r\n"
		"Content-Length: %d\r\n\r\n%s", status, fl_status_reason(status), server->date, body_len, body);
	iov = (struct iovec){ text, (size_t)len };
	fl_count(&server->stats.bad_requests, status != 408);
	fl_count(&server->stats.status[status / 100], 1);
	if (fl_stream_try_write(conn->stream, &iov, 1, &written) != FL_OK) {
		fl_conn_drop(conn);
		return;
	}
	fl_count(&server->stats.bytes_out, written);
	fl_conn_enter(conn, FL_CONN_LINGER);
}

/* Overload: answered without a coroutine, and the connection ends so that the client's next try may go elsewhere. */
static bool must_shed(fl_http_server *server, const fl_head *head, const char *buf)
{
	fl_arena mem;
	fl_route_match match;
	bool shed;

	if (server->stats.in_flight < server->opt.in_flight_max && server->lag_us < server->opt.lag_shed_ms * INT64_C(1000))
		return false;
	mem = fl_arena_make(64 << 10);
	fl_router_match(server->opt.router, &mem, fl_method_of(fl_str_make(buf + head->method, head->method_len)),
		fl_str_make(buf + head->target, head->target_len), &match);
	shed = match.route == NULL || !match.route->options.never_shed;
	fl_arena_fini(&mem);
	return shed;
}

static void take_head(fl_conn *conn, const fl_head *head, const char *buf)
{
	fl_http_server *server = conn->server;

	if (must_shed(server, head, buf)) {
		fl_count(&server->stats.shed, 1);
		fl_count(&server->stats.status[5], 1);
		write_busy(conn->stream);
		fl_conn_enter(conn, FL_CONN_LINGER);
		return;
	}
	fl_conn_enter(conn, FL_CONN_BUSY);
	fl_exchange_start(conn, head, buf);
}

/* The first bytes of a request, in the server's scratch: nearly always a whole head. */
static void input_fresh(fl_conn *conn, char *buf, size_t len)
{
	fl_http_server *server = conn->server;
	fl_head *head = &server->head;

	fl_head_reset(head);
	switch (fl_head_parse(head, buf, len)) {
	case FL_PARSE_BAD:
		fl_conn_refuse(conn, head->status, head->why);
		return;
	case FL_PARSE_DONE:
		if (len > head->pos && !fl_conn_keep(conn, buf + head->pos, len - head->pos))
			return;
		take_head(conn, head, buf);
		return;
	case FL_PARSE_MORE:
		conn->head = malloc(sizeof(*head));
		if (conn->head == NULL) {
			fl_conn_drop(conn);
			return;
		}
		*conn->head = *head;
		if (fl_conn_keep(conn, buf, len))
			fl_conn_enter(conn, FL_CONN_HEAD);
		return;
	}
}

/* More of a head that is half there. */
static void input_more(fl_conn *conn, const char *buf, size_t len)
{
	fl_head *head = &conn->server->head;

	if (!fl_conn_keep(conn, buf, len))
		return;
	switch (fl_head_parse(conn->head, conn->in + conn->in_from, conn->in_to - conn->in_from)) {
	case FL_PARSE_BAD:
		fl_conn_refuse(conn, conn->head->status, conn->head->why);
		return;
	case FL_PARSE_DONE: {
		/* The exchange copies the head at once, so the bytes may be given up while it starts. */
		char *in = conn->in;
		uint32_t from = conn->in_from, end = from + conn->head->pos, to = conn->in_to;

		*head = *conn->head;
		free(conn->head);
		conn->head = NULL;
		conn->in = NULL;
		conn->in_from = conn->in_to = conn->in_cap = 0;
		assert(to - from <= FL_SCRATCH_BYTES);
		memcpy(conn->server->scratch, in + from, to - from);
		free(in);
		if (to > end && !fl_conn_keep(conn, conn->server->scratch + (end - from), to - end))
			return;
		take_head(conn, head, conn->server->scratch);
		return;
	}
	case FL_PARSE_MORE:
		return;
	}
}

/* While a request is answered: its body's reader is woken, or the next requests are read ahead, up to a limit. */
static void readable_busy(fl_conn *conn)
{
	fl_http_server *server = conn->server;
	size_t have = conn->in_to - conn->in_from, got = 0;

	if (conn->read_wait != NULL) {
		fl_wake(conn->read_wait, FL_OK);
		return;
	}
	if (have >= FL_PIPELINE_BYTES) {
		fl_conn_read_off(conn);
		return;
	}
	switch (fl_stream_try_read(conn->stream, server->scratch, FL_PIPELINE_BYTES - have, &got)) {
	case FL_OK:
		if (got == 0) { /* perhaps it only ended its half: the answer is still sent */
			conn->eof = true;
			fl_conn_read_off(conn);
			if (conn->exchange->res.ends_with_client)
				fl_conn_drop(conn);
			return;
		}
		fl_count(&server->stats.bytes_in, got);
		(void)!fl_conn_keep(conn, server->scratch, got);
		return;
	case FL_AGAIN:
		return;
	default:
		fl_conn_drop(conn);
	}
}

static void readable_linger(fl_conn *conn)
{
	int64_t at = fl_loop_now_us(conn->server->loop) + FL_LINGER_US;

	fl_timer_start(conn->server->loop, &conn->timer, FL_MIN(at, conn->linger_until_us));
}

static void on_readable(void *arg)
{
	fl_conn *conn = arg;
	fl_http_server *server = conn->server;
	size_t got = 0;
	fl_err err;

	if (conn->state == FL_CONN_BUSY) {
		readable_busy(conn);
		return;
	}
	if (conn->state == FL_CONN_WEBSOCKET) {
		fl_ws_readable(conn);
		return;
	}
	/* A head never needs more than its limit; what comes behind it waits in the socket. */
	err = fl_stream_try_read(conn->stream, server->scratch, FL_PIPELINE_BYTES, &got);
	if (err == FL_AGAIN)
		return;
	if (err != FL_OK || got == 0) {
		fl_conn_drop(conn);
		return;
	}
	fl_count(&server->stats.bytes_in, got);
	if (conn->state == FL_CONN_IDLE)
		input_fresh(conn, server->scratch, got);
	else if (conn->state == FL_CONN_HEAD)
		input_more(conn, server->scratch, got);
	else
		readable_linger(conn);
}

/* ---- after an answer ---- */

fl_parse fl_conn_look(fl_conn *conn)
{
	fl_head *head = &conn->server->head;

	fl_head_reset(head);
	return fl_head_parse(head, conn->in + conn->in_from, conn->in_to - conn->in_from);
}

void fl_conn_rest(fl_conn *conn)
{
	fl_http_server *server = conn->server;
	fl_parse parse = fl_conn_look(conn);

	assert(parse != FL_PARSE_DONE);
	if (parse == FL_PARSE_BAD) {
		fl_conn_refuse(conn, server->head.status, server->head.why);
		return;
	}
	if (conn->eof || (server->draining && conn->in_to == conn->in_from)) {
		fl_conn_drop(conn);
		return;
	}
	if (conn->in_to == conn->in_from) {
		fl_conn_enter(conn, FL_CONN_IDLE);
		return;
	}
	conn->head = malloc(sizeof(*conn->head));
	if (conn->head == NULL) {
		fl_conn_drop(conn);
		return;
	}
	*conn->head = server->head;
	fl_conn_enter(conn, FL_CONN_HEAD);
}

void fl_conn_finish(fl_conn *conn, bool linger)
{
	if (linger && !conn->eof)
		fl_conn_enter(conn, FL_CONN_LINGER);
	else
		fl_conn_drop(conn);
}
