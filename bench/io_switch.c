/* What waiting costs: switches, groups, timers, tick ends, the mailbox, a byte through a socket pair.
 *	build/bench/io_switch
 * Each line is the best of 15 runs in nanoseconds of CPU an operation (with both ends and the pool's
 * threads): the neighbours on a shared machine only ever add. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/io.h"

enum { RUNS = 15, SIBLINGS = 16 };

typedef fl_err (*bench_fn)(fl_ctx *ctx, int64_t count);

static fl_err at_once(fl_ctx *ctx, void *arg)
{
	++*(int64_t *)arg;
	return FL_OK;
}

static fl_err group_of_one(fl_ctx *ctx, int64_t count)
{
	int64_t n = 0;
	for (int64_t i = 0; i < count; i++) {
		fl_group g;
		fl_group_init(&g, ctx);
		fl_group_go(&g, at_once, &n);
		FL_TRY(await_group(&g));
	}
	return n == count ? FL_OK : FL_INTERNAL;
}

static fl_err waits_once(fl_ctx *ctx, void *arg)
{
	return await_wait(ctx, arg);
}

/* Sixteen children that wait, are woken and end, as a wave of resolvers does; an operation is one child. */
static fl_err group_of_waiting(fl_ctx *ctx, int64_t count)
{
	for (int64_t i = 0; i < count; i += SIBLINGS) {
		fl_wait w[SIBLINGS];
		fl_group g;
		fl_group_init(&g, ctx);
		for (int k = 0; k < SIBLINGS; k++) {
			fl_wait_init(&w[k]);
			fl_group_go(&g, waits_once, &w[k]);
		}
		for (int k = 0; k < SIBLINGS; k++)
			fl_wake(&w[k], FL_OK);
		FL_TRY(await_group(&g));
	}
	return FL_OK;
}

struct ping {
	fl_wait *waiting;
	int64_t left;
};

/* Two coroutines that wake each other: an operation is one wait with a deadline, one wake, two switches. */
static fl_err plays(fl_ctx *ctx, void *arg)
{
	struct ping *p = arg;
	while (p->left-- > 0) {
		fl_wait w, *other = p->waiting;
		fl_wait_init(&w);
		p->waiting = &w;
		if (other)
			fl_wake(other, FL_OK);
		if (p->left > 0)
			FL_TRY(await_wait(ctx, &w));
	}
	if (p->waiting)
		fl_wake(p->waiting, FL_OK);
	return FL_OK;
}

static fl_err ping_pong(fl_ctx *ctx, int64_t count)
{
	struct ping p = { .left = count };
	fl_group g;
	fl_group_init(&g, ctx);
	fl_group_go(&g, plays, &p);
	fl_group_go(&g, plays, &p);
	return await_group(&g);
}

static void never(void *arg)
{
}

static fl_err timer_start_stop(fl_ctx *ctx, int64_t count)
{
	fl_timer timers[64];
	for (int i = 0; i < 64; i++)
		fl_timer_init(&timers[i], never, NULL);
	for (int64_t i = 0; i < count; i++)
		fl_timer_start(ctx->loop, &timers[i & 63],
			       fl_loop_now_us(ctx->loop) + 1000 * (1 + (i * 7919) % 30000));
	for (int i = 0; i < 64; i++)
		fl_timer_stop(&timers[i]);
	return FL_OK;
}

struct ender {
	fl_defer defer;
	fl_wait *wait;
};

static void on_end(void *arg)
{
	struct ender *e = arg;
	fl_wake(e->wait, FL_OK);
}

static fl_err tick_end(fl_ctx *ctx, int64_t count)
{
	struct ender e;
	fl_defer_init(&e.defer, on_end, &e);
	for (int64_t i = 0; i < count; i++) {
		fl_wait w;
		fl_wait_init(&w);
		e.wait = &w;
		fl_loop_defer(ctx->loop, &e.defer);
		FL_TRY(await_wait(ctx, &w));
	}
	return FL_OK;
}

/* A whole turn of the loop with a poll in it. */
static fl_err turn(fl_ctx *ctx, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		FL_TRY(await_yield(ctx));
	return FL_OK;
}

struct echo {
	fl_stream *s;
	int64_t count;
};

static fl_err echoes(fl_ctx *ctx, void *arg)
{
	struct echo *e = arg;
	char c[64];
	size_t len;
	for (int64_t i = 0; i < e->count; i++) {
		FL_TRY(await_read(ctx, e->s, c, sizeof c, &len));
		FL_TRY(await_write_bytes(ctx, e->s, FL_STR("x")));
	}
	return FL_OK;
}

/* There and back: two reads, two writes, two turns with epoll. */
static fl_err socket_echo(fl_ctx *ctx, int64_t count)
{
	int ends[2];
	fl_stream *s;
	struct echo e = { .count = count };
	fl_group g;
	char c[64];
	size_t len;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return FL_IO;
	FL_TRY(fl_stream_open(ctx->loop, ends[0], &s));
	FL_TRY(fl_stream_open(ctx->loop, ends[1], &e.s));
	fl_group_init(&g, ctx);
	fl_group_go(&g, echoes, &e);
	for (int64_t i = 0; i < count; i++) {
		FL_TRY(await_write_bytes(ctx, s, FL_STR("x")));
		FL_TRY(await_read(ctx, s, c, sizeof c, &len));
	}
	FL_TRY(await_group(&g));
	fl_stream_close(s);
	fl_stream_close(e.s);
	return FL_OK;
}

static fl_err nothing(void *arg)
{
	return FL_OK;
}

static fl_err pool(fl_ctx *ctx, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		FL_TRY(await_pool(ctx, nothing, NULL));
	return FL_OK;
}

static const struct {
	const char *name;
	bench_fn fn;
	int64_t count;
} benches[] = {
	{ "group of one child that does not wait", group_of_one, 1000000 },
	{ "child of a group of 16 that waits once", group_of_waiting, 1000000 },
	{ "wait with deadline + wake (ping-pong)", ping_pong, 1000000 },
	{ "timer start (and stop of the one before)", timer_start_stop, 1000000 },
	{ "tick end: defer, wait, wake", tick_end, 1000000 },
	{ "turn of the loop with a poll", turn, 200000 },
	{ "byte there and back over a socket pair", socket_echo, 50000 },
	{ "empty job on the pool", pool, 20000 },
};

struct sample {
	size_t bench;
	int64_t elapsed_us;
};

static int64_t cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * FL_SECOND_US + t.tv_nsec / 1000;
}

static fl_err take_sample(fl_ctx *ctx, void *arg)
{
	struct sample *s = arg;
	int64_t before = cpu_us();
	FL_TRY(benches[s->bench].fn(ctx, benches[s->bench].count));
	s->elapsed_us = cpu_us() - before;
	return FL_OK;
}

int main(void)
{
	fl_loop *loop;
	if (fl_loop_new(NULL, &loop) != FL_OK)
		return 1;
	for (size_t i = 0; i < FL_COUNT(benches); i++) {
		int64_t best = FL_NEVER;
		for (int k = 0; k < RUNS; k++) {
			struct sample s = { .bench = i };
			if (fl_loop_run_task(loop, FL_MINUTE_US, take_sample, &s) != FL_OK)
				return 1;
			best = FL_MIN(best, s.elapsed_us);
		}
		printf("%-45s %8.0f ns\n", benches[i].name, (double)best * 1000 / (double)benches[i].count);
	}
	fl_loop_free(loop);
	return 0;
}
