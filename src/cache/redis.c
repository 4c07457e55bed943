/* The client: requests in the order of their commands, one link, a state.
 *
 *	AWAY --first command, pause over--> CONNECTING --handshake--> READY
 *	AWAY <-----attempt failed----------- CONNECTING
 *	AWAY <----------------------------connection lost------------ READY
 *
 * Only set_state changes it. Leaving CONNECTING or READY for AWAY fails every request. */
#include <stdio.h>
#include <stdlib.h>
#include <openssl/sha.h>

#include "cache/redis_int.h"

enum state { AWAY, CONNECTING, READY };

/* A command that waits for its reply. Its waiter may have given up: then the reply is dropped. */
struct request {
	struct request *next;
	struct waiter *waiter;
	int64_t deadline_us; /* of the command: when it has passed without a byte from Redis, the connection is dead */
	uint64_t bytes_in;   /* read from Redis when it was asked */
	bool forgotten;      /* nobody ever waited */
};

struct waiter {
	fl_wait wait;
	struct request *request;
	fl_ctx *ctx;
	fl_redis_reply *out;
};

struct fl_redis {
	fl_redis_link link;
	fl_redis_opts opts;
	enum state state;
	struct request *first, **last;
	struct request *spare; /* for the next requests */
	int64_t retry_us, pause_us;
	fl_ctx connect_ctx;
	fl_arena connect_mem;
	bool closed; /* while connecting: the attempt frees */
	fl_redis_stats stats;
};

/* ---- Requests ---- */

static struct request *request_get(fl_redis *r)
{
	struct request *q = r->spare;

	if (q)
		r->spare = q->next;
	else
		q = malloc(sizeof *q);
	if (q)
		*q = (struct request){};
	return q;
}

static void request_put(fl_redis *r, struct request *q)
{
	q->next = r->spare;
	r->spare = q;
}

static void answer(fl_redis *r, struct request *q, fl_err err)
{
	if (err != FL_OK) {
		r->stats.failed++;
		r->stats.dropped += q->forgotten;
	}
	if (q->waiter) {
		q->waiter->request = NULL;
		fl_wake(&q->waiter->wait, err);
	}
	request_put(r, q);
}

static struct request *take_first(fl_redis *r)
{
	struct request *q = r->first;

	if (!q)
		return NULL;
	r->first = q->next;
	if (!r->first)
		r->last = &r->first;
	r->stats.in_flight--;
	return q;
}

/* ---- State ---- */

static void connect_run(void *arg);

static void set_state(fl_redis *r, enum state state, fl_err why)
{
	enum state before = r->state;

	r->state = state;
	r->stats.connected = state == READY;
	switch (state) {
	case READY:
		r->pause_us = 0;
		r->stats.connects++;
		break;
	case AWAY:
		/* After a loss the next command may try at once; after a failed attempt there is a pause. */
		r->retry_us = before == CONNECTING
				      ? fl_loop_now_us(r->link.loop) +
						fl_redis_backoff(&r->pause_us, r->opts.backoff_us_max)
				      : 0;
		for (struct request *q; (q = take_first(r));)
			answer(r, q, why);
		break;
	case CONNECTING:
		assert(before == AWAY);
		if (fl_go(r->link.loop, connect_run, r) != FL_OK) {
			r->retry_us = fl_loop_now_us(r->link.loop) + REDIS_BACKOFF_FIRST_US;
			r->state = AWAY;
		}
		break;
	}
}

static void finish(fl_redis *r)
{
	fl_redis_link_fini(&r->link);
	while (r->spare) {
		struct request *next = r->spare->next;
		free(r->spare);
		r->spare = next;
	}
	free(r);
}

static void connect_run(void *arg)
{
	fl_redis *r = arg;
	fl_ctx *ctx = &r->connect_ctx;

	r->connect_mem = fl_arena_make(1 << 20);
	fl_ctx_init(ctx, r->link.loop, &r->connect_mem);
	ctx->deadline_us = fl_loop_now_us(r->link.loop) + r->opts.connect_us_max;
	fl_err err = await_redis_link_open(ctx, &r->link);
	if (err != FL_OK && !r->closed && r->pause_us == 0)
		fl_warn("redis: cannot connect: %s", fl_diag_text(&ctx->diag, err));
	fl_ctx_fini(ctx);
	fl_arena_fini(&r->connect_mem);
	if (r->closed) {
		finish(r);
		return;
	}
	if (err != FL_OK)
		fl_buf_reset(&r->link.out); /* belongs to the requests that fail now */
	set_state(r, err == FL_OK ? READY : AWAY, FL_UNAVAILABLE);
}

static void on_lost(void *arg)
{
	fl_redis *r = arg;

	fl_warn("redis: connection lost, %u commands in flight", r->stats.in_flight);
	set_state(r, AWAY, FL_UNAVAILABLE);
}

/* ---- Replies ---- */

static fl_err copy_reply(fl_arena *mem, const fl_redis_reply *from, fl_redis_reply *out)
{
	*out = *from;
	if (from->str.ptr) {
		out->str = fl_str_dup(mem, from->str);
		if (!out->str.ptr)
			return FL_NOMEM;
	}
	if (from->count == 0)
		return FL_OK;
	out->items = fl_new_array(mem, fl_redis_reply, from->count);
	if (!out->items)
		return FL_NOMEM;
	for (size_t i = 0; i < from->count; i++) /* nesting is bounded by the reader's seven levels */
		FL_TRY(copy_reply(mem, &from->items[i], &out->items[i]));
	return FL_OK;
}

static fl_err error_of(fl_str text)
{
	static const struct {
		fl_str word;
		fl_err err;
	} table[] = {
		{ FL_STR_INIT("NOSCRIPT"), FL_NOT_FOUND },     { FL_STR_INIT("LOADING"), FL_UNAVAILABLE },
		{ FL_STR_INIT("MASTERDOWN"), FL_UNAVAILABLE }, { FL_STR_INIT("OOM"), FL_UNAVAILABLE },
		{ FL_STR_INIT("READONLY"), FL_UNAVAILABLE },   { FL_STR_INIT("BUSY"), FL_UNAVAILABLE },
		{ FL_STR_INIT("MISCONF"), FL_UNAVAILABLE },
	};
	fl_str rest, word = fl_str_cut(text, ' ', &rest);

	for (size_t i = 0; i < FL_COUNT(table); i++)
		if (fl_str_eq(word, table[i].word))
			return table[i].err;
	return FL_BAD_INPUT;
}

static void on_reply(void *arg, const fl_redis_reply *reply)
{
	fl_redis *r = arg;
	struct request *q = take_first(r);
	fl_err err = FL_OK;

	if (!q) {
		fl_warn("redis: a reply that nobody asked for");
		return;
	}
	struct waiter *w = q->waiter;
	if (reply->type == FL_REDIS_ERROR) {
		err = error_of(reply->str);
		if (w)
			err = fl_fail(&w->ctx->diag, err, "Redis: %" FL_FMT, FL_ARG(reply->str));
		else
			fl_debug("redis: %" FL_FMT, FL_ARG(reply->str));
	} else if (w && w->out) {
		fl_redis_reply copy;
		err = copy_reply(w->ctx->mem, reply, &copy);
		if (err == FL_OK)
			*w->out = copy;
	}
	answer(r, q, err);
}

/* ---- Commands ---- */

/* Queues a command; *out is its request. */
static fl_err submit(fl_redis *r, int argc, const fl_str *argv, struct request **out)
{
	int64_t now = fl_loop_now_us(r->link.loop);

	if (FL_FAULT("redis.command"))
		return FL_UNAVAILABLE;
	if (r->state == AWAY) {
		if (now < r->retry_us)
			return FL_UNAVAILABLE;
		set_state(r, CONNECTING, FL_OK);
		if (r->state == AWAY)
			return FL_UNAVAILABLE;
	}
	if (r->stats.in_flight >= r->opts.in_flight_max)
		return FL_BUSY;
	struct request *q = request_get(r);
	if (!q)
		return FL_NOMEM;
	if (!fl_redis_link_add(&r->link, argc, argv)) {
		request_put(r, q);
		return FL_BUSY;
	}
	q->deadline_us = now + r->opts.command_us_max;
	q->bytes_in = r->link.bytes_in;
	*r->last = q;
	r->last = &q->next;
	r->stats.in_flight++;
	r->stats.commands++;
	*out = q;
	return FL_OK;
}

/* A connection that has brought nothing since a command timed out is dead, though nobody told us. */
static void check_stall(fl_redis *r)
{
	struct request *oldest = r->first;

	if (r->state != READY || !oldest || oldest->bytes_in != r->link.bytes_in ||
	    fl_loop_now_us(r->link.loop) < oldest->deadline_us)
		return;
	fl_redis_link_close(&r->link);
	on_lost(r);
	r->retry_us = fl_loop_now_us(r->link.loop) + fl_redis_backoff(&r->pause_us, r->opts.backoff_us_max);
}

fl_err await_redis(fl_ctx *ctx, fl_redis *r, fl_redis_reply *out, int argc, const fl_str *argv)
{
	struct waiter w = { .ctx = ctx, .out = out };

	assert(argc > 0);
	FL_TRY(fl_ctx_check(ctx));
	fl_err err = submit(r, argc, argv, &w.request);
	if (err != FL_OK)
		return fl_fail(&ctx->diag, err,
			       err == FL_BUSY ? "too many Redis commands at once" : "Redis is away");
	fl_wait_init(&w.wait);
	w.request->waiter = &w;
	err = await_wait_until(ctx, &w.wait, w.request->deadline_us);
	if (w.request) { /* given up: the reply still has its place */
		w.request->waiter = NULL;
		if (err == FL_TIMEOUT)
			check_stall(r);
	}
	return err;
}

void fl_redis_send(fl_redis *r, int argc, const fl_str *argv)
{
	struct request *q;

	if (submit(r, argc, argv, &q) == FL_OK)
		q->forgotten = true;
	else
		r->stats.dropped++;
}

/* ---- Life ---- */

fl_err fl_redis_open(fl_loop *loop, const fl_redis_opts *opts, fl_diag *diag, fl_redis **out)
{
	fl_redis *r = calloc(1, sizeof *r);

	if (!r)
		return FL_NOMEM;
	fl_err err = fl_redis_url_parse(opts->url, &r->link.url, diag);
	if (err != FL_OK) {
		free(r);
		return err;
	}
	r->opts = *opts;
	r->opts.url = (fl_str){};
	if (!r->opts.in_flight_max)
		r->opts.in_flight_max = 8192;
	if (!r->opts.bytes_max)
		r->opts.bytes_max = 64 << 20;
	if (!r->opts.command_us_max)
		r->opts.command_us_max = 2 * FL_SECOND_US;
	if (!r->opts.connect_us_max)
		r->opts.connect_us_max = FL_SECOND_US;
	if (!r->opts.backoff_us_max)
		r->opts.backoff_us_max = 2 * FL_SECOND_US;
	r->last = &r->first;
	fl_redis_link_init(&r->link, loop, r->opts.bytes_max);
	r->link.on_reply = on_reply;
	r->link.on_lost = on_lost;
	r->link.arg = r;
	*out = r;
	return FL_OK;
}

void fl_redis_close(fl_redis *r)
{
	if (!r)
		return;
	for (struct request *q; (q = take_first(r));)
		answer(r, q, FL_CLOSED);
	if (r->state == CONNECTING) {
		r->closed = true;
		fl_ctx_cancel(&r->connect_ctx);
	} else {
		finish(r);
	}
}

fl_redis_stats fl_redis_get_stats(const fl_redis *r)
{
	fl_redis_stats stats = r->stats;
	stats.writes = r->link.writes;
	return stats;
}

/* ---- Helpers ---- */

fl_err await_redis_get(fl_ctx *ctx, fl_redis *r, fl_str key, fl_str *out)
{
	fl_redis_reply reply;

	FL_TRY(await_redis(ctx, r, &reply, 2, (fl_str[]){ FL_STR("GET"), key }));
	*out = reply.str;
	return FL_OK;
}

enum { MGET_BATCH = 256 };

fl_err await_redis_mget(fl_ctx *ctx, fl_redis *r, const fl_str *keys, size_t count, fl_str *out)
{
	fl_str argv[MGET_BATCH + 1] = { FL_STR("MGET") };

	for (size_t at = 0; at < count; at += MGET_BATCH) {
		size_t some = FL_MIN(count - at, (size_t)MGET_BATCH);
		fl_redis_reply reply;
		memcpy(argv + 1, keys + at, some * sizeof *keys);
		FL_TRY(await_redis(ctx, r, &reply, (int)some + 1, argv));
		if (reply.type != FL_REDIS_ARRAY || reply.count != some)
			return FL_INTERNAL;
		for (size_t i = 0; i < some; i++)
			out[at + i] = reply.items[i].str;
	}
	return FL_OK;
}

static fl_str number_text(int64_t n, char buf[24])
{
	return fl_str_make(buf, (size_t)snprintf(buf, 24, "%lld", (long long)n));
}

static int64_t milliseconds(int64_t us)
{
	return us / 1000 + (us % 1000 > 0);
}

fl_err await_redis_set(fl_ctx *ctx, fl_redis *r, fl_str key, fl_str value, int64_t ttl_us)
{
	char ttl[24];
	fl_str argv[] = { FL_STR("SET"), key, value, FL_STR("PX"), number_text(milliseconds(ttl_us), ttl) };

	return await_redis(ctx, r, NULL, ttl_us > 0 ? 5 : 3, argv);
}

fl_err await_redis_del(fl_ctx *ctx, fl_redis *r, fl_str key)
{
	return await_redis(ctx, r, NULL, 2, (fl_str[]){ FL_STR("DEL"), key });
}

fl_err await_redis_incr(fl_ctx *ctx, fl_redis *r, fl_str key, int64_t ttl_us, int64_t *out)
{
	fl_redis_reply reply;
	char ttl[24];

	/* Both leave in one write. NX: the expiry is that of the first count, so a window has an end. */
	if (ttl_us > 0) {
		fl_str argv[] = {
			FL_STR("SET"), key, FL_STR("0"), FL_STR("PX"), number_text(milliseconds(ttl_us), ttl),
			FL_STR("NX")
		};
		fl_redis_send(r, 6, argv);
	}
	FL_TRY(await_redis(ctx, r, &reply, 2, (fl_str[]){ FL_STR("INCR"), key }));
	*out = reply.integer;
	return FL_OK;
}

fl_err await_redis_publish(fl_ctx *ctx, fl_redis *r, fl_str channel, fl_str message, int64_t *receivers)
{
	fl_redis_reply reply;

	FL_TRY(await_redis(ctx, r, &reply, 3, (fl_str[]){ FL_STR("PUBLISH"), channel, message }));
	if (receivers)
		*receivers = reply.integer;
	return FL_OK;
}

void fl_redis_publish(fl_redis *r, fl_str channel, fl_str message)
{
	fl_redis_send(r, 3, (fl_str[]){ FL_STR("PUBLISH"), channel, message });
}

/* ---- Scripts ---- */

void fl_redis_script_init(fl_redis_script *script, fl_str text)
{
	unsigned char digest[SHA_DIGEST_LENGTH];

	script->text = text;
	SHA1((const unsigned char *)text.ptr, text.len, digest);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(script->sha1 + 2 * i, 3, "%02x", digest[i]);
}

enum { SCRIPT_ARGS_MAX = 64 };

fl_err await_redis_script(fl_ctx *ctx, fl_redis *r, const fl_redis_script *script, int key_count, int argc,
			  const fl_str *argv, fl_redis_reply *out)
{
	fl_str all[SCRIPT_ARGS_MAX + 3];
	char keys[24];

	assert(argc <= SCRIPT_ARGS_MAX && key_count <= argc);
	all[0] = FL_STR("EVALSHA");
	all[1] = fl_str_z(script->sha1);
	all[2] = number_text(key_count, keys);
	memcpy(all + 3, argv, (size_t)argc * sizeof *argv);
	fl_err err = await_redis(ctx, r, out, argc + 3, all);
	if (err != FL_NOT_FOUND)
		return err;
	all[0] = FL_STR("EVAL");
	all[1] = script->text;
	return await_redis(ctx, r, out, argc + 3, all);
}
