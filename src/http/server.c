/* The server: listening, limits, the clock tick, draining, counters. */
#include <stdio.h>
#include <stdlib.h>

#include "http/server_int.h"

#define TICK_US (250 * INT64_C(1000))

static void set_defaults(fl_http_options *opt)
{
	if (opt->connections_max == 0)
		opt->connections_max = 16384;
	if (opt->connections_per_ip == 0)
		opt->connections_per_ip = 1024;
	if (opt->in_flight_max == 0)
		opt->in_flight_max = 2048;
	if (opt->lag_shed_ms == 0)
		opt->lag_shed_ms = 500;
	if (opt->head_timeout_us == 0)
		opt->head_timeout_us = 10 * FL_SECOND_US;
	if (opt->idle_timeout_us == 0)
		opt->idle_timeout_us = 60 * FL_SECOND_US;
	if (opt->stall_timeout_us == 0)
		opt->stall_timeout_us = 30 * FL_SECOND_US;
	if (opt->body_bytes_per_s == 0)
		opt->body_bytes_per_s = 1024;
}

/* How late the tick comes is how long a new request would have waited. One late tick is an accident (a busy machine,
 * a long callback); two in a row are overload. */
static void on_tick(void *arg)
{
	fl_http_server *server = arg;
	int64_t now = fl_loop_now_us(server->loop);

	server->lag_us = FL_MIN(now - server->tick_due_us, server->tick_lag_us);
	server->tick_lag_us = now - server->tick_due_us;
	fl_http_date_format(fl_now_us(), server->date);
	server->tick_due_us = now + TICK_US;
	fl_timer_start(server->loop, &server->tick, server->tick_due_us);
}

static fl_err start_listening(fl_http_server *server, fl_diag *diag)
{
	const fl_http_options *opt = &server->opt;
	char address[FL_ADDRESS_MAX];
	const char *host = opt->host ? opt->host : "127.0.0.1";

	if (opt->unix_path)
		snprintf(address, sizeof(address), "unix:%s", opt->unix_path);
	else if (strchr(host, ':'))
		snprintf(address, sizeof(address), "tcp:[%s]:%u", host, opt->port);
	else
		snprintf(address, sizeof(address), "tcp:%s:%u", host, opt->port);
	return fl_listen(server->loop, &(fl_listen_opts){
		.address = fl_str_z(address),
		.fd = opt->listen_fd,
		.reuse_port = opt->unix_path == NULL && opt->listen_fd <= 0,
		.fn = fl_conn_accept,
		.arg = server,
	}, diag, &server->listener);
}

fl_err fl_http_server_new(fl_loop *loop, const fl_http_options *options, fl_http_server **out, fl_diag *diag)
{
	fl_http_server *server;
	fl_err err;

	assert(options->router != NULL);
	server = malloc(sizeof(*server));
	if (server == NULL)
		return FL_NOMEM;
	memset(server, 0, offsetof(fl_http_server, head));
	server->loop = loop;
	server->opt = *options;
	set_defaults(&server->opt);
	server->conns.next = server->conns.prev = &server->conns;
	fl_random(&server->id_seed, sizeof(server->id_seed));
	fl_timer_init(&server->tick, on_tick, server);
	server->tick_due_us = fl_loop_now_us(loop);
	err = start_listening(server, diag);
	if (err != FL_OK) {
		free(server);
		return err;
	}
	on_tick(server);
	server->lag_us = server->tick_lag_us = 0;
	*out = server;
	return FL_OK;
}

uint16_t fl_http_server_port(const fl_http_server *server)
{
	return server->listener ? (uint16_t)fl_listener_port(server->listener) : 0;
}

static void server_destroy(fl_http_server *server)
{
	fl_timer_stop(&server->tick);
	while (server->pool != NULL) {
		fl_exchange *x = server->pool;

		server->pool = x->next;
		fl_arena_fini(&x->mem);
		fl_buf_fini(&x->out);
		free(x);
	}
	fl_ws_codec_free(server->codec);
	free(server);
}

void fl_http_server_gone(fl_http_server *server)
{
	if (server->conn_count > 0)
		return;
	if (server->drain_wait != NULL)
		fl_wake(server->drain_wait, FL_OK);
	if (server->freeing)
		server_destroy(server);
}

static void stop_listening(fl_http_server *server)
{
	fl_listener_close(server->listener);
	server->listener = NULL;
}

/* Calls fn for each connection; fn may drop the one it is given. */
static void each_conn(fl_http_server *server, void (*fn)(fl_conn *conn))
{
	fl_link *link = server->conns.next;

	while (link != &server->conns) {
		fl_link *next = link->next;

		fn(FL_CONTAINER(link, fl_conn, link));
		link = next;
	}
}

static void drain_one(fl_conn *conn)
{
	bool endless = conn->state == FL_CONN_BUSY && conn->exchange != NULL && conn->exchange->res.ends_with_client;

	if (conn->state == FL_CONN_IDLE || endless)
		fl_conn_drop(conn);
	else if (conn->state == FL_CONN_WEBSOCKET && conn->ws != NULL)
		fl_ws_close(conn->ws, 1001, FL_STR("the server restarts"));
}

static void drop_one(fl_conn *conn)
{
	if (conn->state != FL_CONN_CLOSED)
		fl_conn_drop(conn);
}

static fl_err await_none_left(fl_ctx *ctx, fl_http_server *server, int64_t until_us)
{
	fl_wait wait;
	fl_err err;

	if (server->conn_count == 0)
		return FL_OK;
	fl_wait_init(&wait);
	server->drain_wait = &wait;
	err = await_wait_until(ctx, &wait, until_us);
	server->drain_wait = NULL;
	return err;
}

void await_http_server_drain(fl_ctx *ctx, fl_http_server *server, int64_t limit_us)
{
	server->draining = true;
	stop_listening(server);
	each_conn(server, drain_one);
	if (await_none_left(ctx, server, fl_loop_now_us(server->loop) + limit_us) == FL_OK)
		return;
	fl_warn("http: %u connections cut after the drain's limit", server->conn_count);
	each_conn(server, drop_one);
	/* Their coroutines end as soon as their next wait tells them. */
	if (await_none_left(ctx, server, fl_loop_now_us(server->loop) + 5 * FL_SECOND_US) != FL_OK)
		fl_warn("http: %u requests do not end", server->conn_count);
}

void fl_http_server_free(fl_http_server *server)
{
	if (server == NULL)
		return;
	server->draining = true;
	stop_listening(server);
	each_conn(server, drop_one);
	server->freeing = true;
	fl_http_server_gone(server);
}

void fl_http_server_stats(const fl_http_server *server, fl_http_stats *out)
{
	const uint64_t *from = (const uint64_t *)&server->stats;
	uint64_t *to = (uint64_t *)out;

	_Static_assert(sizeof(fl_http_stats) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(*out) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(from + i, __ATOMIC_RELAXED);
}
