/* io: the loop, coroutines, groups, deadlines, cancellation, tick end, timers, mailbox, pool. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "io_test.h"

/* ---- Coroutines and groups ---- */

static fl_err deep(fl_ctx *ctx, int depth)
{
	volatile char frame[512];
	memset((char *)frame, depth, sizeof frame);
	if (depth > 0)
		FL_TRY(deep(ctx, depth - 1));
	else
		FL_TRY(await_yield(ctx));
	CHECK_EQ(frame[17], (char)depth);
	return FL_OK;
}

static fl_err sleeper(fl_ctx *ctx, void *arg)
{
	int *count = arg;
	FL_TRY(deep(ctx, 20));
	FL_TRY(await_sleep(ctx, 2000));
	FL_TRY(await_sleep(ctx, 1000 + rand() % 20000));
	++*count;
	return FL_OK;
}

#ifdef __SANITIZE_THREAD__
enum { MANY = 1000 }; /* each of its fibres takes memory mappings of its own */
#else
enum { MANY = 10000 };
#endif

static fl_err very_many(fl_ctx *ctx, void *arg)
{
	fl_group g;
	int count = 0;
	fl_group_init(&g, ctx);
	for (int i = 0; i < MANY; i++)
		fl_group_go(&g, sleeper, &count);
	CHECK_EQ(count, 0);
	CHECK_EQ(fl_loop_coroutines(ctx->loop), MANY + 1);
	FL_TRY(await_group(&g));
	CHECK_EQ(count, MANY);
	CHECK_EQ(fl_loop_coroutines(ctx->loop), 1);
	return FL_OK;
}

static void many(void **state)
{
	run_task(very_many, NULL);
}

static fl_err at_once(fl_ctx *ctx, void *arg)
{
	*(int *)arg += 1;
	return FL_OK;
}

static fl_err fails(fl_ctx *ctx, void *arg)
{
	FL_TRY(await_yield(ctx));
	return *(fl_err *)arg;
}

static fl_err nested(fl_ctx *ctx, void *arg)
{
	int *count = arg;
	fl_group g;
	fl_group_init(&g, ctx);
	for (int i = 0; i < 10; i++)
		fl_group_go(&g, sleeper, count);
	return await_group(&g);
}

static fl_err group_rules(fl_ctx *ctx, void *arg)
{
	fl_group g;
	int count = 0;

	fl_group_init(&g, ctx); /* none */
	FL_TRY(await_group(&g));

	fl_group_go(&g, at_once, &count); /* runs before spawning returns */
	CHECK_EQ(count, 1);
	fl_group_go(&g, at_once, &count);
	FL_TRY(await_group(&g));

	fl_err first = FL_BUSY, second = FL_CONFLICT;
	fl_group_go(&g, fails, &first);
	fl_group_go(&g, fails, &second);
	fl_group_go(&g, at_once, &count);
	CHECK_EQ(await_group(&g), FL_BUSY);
	CHECK_EQ(count, 3);

	count = 0;
	fl_group_init(&g, ctx);
	for (int i = 0; i < 10; i++)
		fl_group_go(&g, nested, &count);
	FL_TRY(await_group(&g));
	CHECK_EQ(count, 100);

	/* Without stacks, children run in place. */
	count = 0;
	CHECK_EQ(fl_faults_set("io.group:*"), FL_OK);
	for (int i = 0; i < 5; i++)
		fl_group_go(&g, sleeper, &count);
	CHECK_EQ(count, 5);
	CHECK_EQ(fl_faults_set(NULL), FL_OK);
	return await_group(&g);
}

static void groups(void **state)
{
	run_task(group_rules, NULL);
}

static void count_up(void *arg)
{
	++*(int *)arg;
}

static void waits_forever(void *arg)
{
	fl_wait **w = arg;
	fl_wait mine;
	fl_ctx ctx;
	fl_loop *loop = fl_loop_current();
	fl_ctx_init(&ctx, loop, NULL);
	fl_wait_init(&mine);
	*w = &mine;
	CHECK_EQ(await_wait(&ctx, &mine), FL_OK);
	fl_ctx_fini(&ctx);
}

static fl_err limit_task(fl_ctx *ctx, void *arg)
{
	fl_wait *w[3];
	int n = 0;
	CHECK_EQ(fl_go(ctx->loop, waits_forever, &w[0]), FL_OK);
	CHECK_EQ(fl_go(ctx->loop, waits_forever, &w[1]), FL_OK);
	CHECK_EQ(fl_go(ctx->loop, waits_forever, &w[2]), FL_OK);
	CHECK_EQ(fl_go(ctx->loop, count_up, &n), FL_BUSY);
	CHECK_EQ(n, 0);
	fl_wake(w[1], FL_OK);
	FL_TRY(await_yield(ctx));
	CHECK_EQ(fl_go(ctx->loop, count_up, &n), FL_OK);
	CHECK_EQ(n, 1);
	fl_wake(w[0], FL_OK);
	fl_wake(w[2], FL_OK);
	return await_yield(ctx);
}

static void limit(void **state)
{
	fl_loop *loop;
	assert_int_equal(fl_loop_new(&(fl_loop_opts){ .coroutines_max = 4, .stacks_kept = 2 }, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, FL_SECOND_US, limit_task, NULL), FL_OK);
	fl_loop_free(loop);
}

/* ---- Deadlines, cancellation ---- */

static fl_err waits(fl_ctx *ctx, void *arg)
{
	fl_wait w;
	fl_wait_init(&w);
	*(fl_err *)arg = await_wait(ctx, &w);
	return FL_OK;
}

static fl_err deadline_rules(fl_ctx *ctx, void *arg)
{
	fl_ctx child, grandchild, calm;
	fl_wait w;

	fl_ctx_derive(&child, ctx, 5000);
	int64_t before = fl_mono_us();
	fl_wait_init(&w);
	CHECK_EQ(await_wait(&child, &w), FL_TIMEOUT);
	CHECK(fl_mono_us() - before >= 4000);
	CHECK(fl_mono_us() - before < 2 * FL_SECOND_US);
	CHECK_EQ(await_sleep(&child, 1), FL_TIMEOUT); /* and from now on at once */
	CHECK_EQ(fl_ctx_check(&child), FL_TIMEOUT);
	fl_ctx_derive(&grandchild, &child, 60 * FL_SECOND_US); /* never later than its parent */
	CHECK_EQ(fl_ctx_check(&grandchild), FL_TIMEOUT);
	fl_ctx_fini(&grandchild);
	fl_ctx_detach(&calm, &child, FL_SECOND_US);
	CHECK_EQ(await_sleep(&calm, 1000), FL_OK);
	fl_ctx_fini(&calm);
	fl_ctx_fini(&child);

	/* A sleep that ends before the deadline is a success, one that would not is cut. */
	fl_ctx_derive(&child, ctx, 20000);
	CHECK_EQ(await_sleep(&child, 1000), FL_OK);
	CHECK_EQ(await_sleep(&child, FL_HOUR_US), FL_TIMEOUT);
	fl_ctx_fini(&child);

	/* A wake before the wait counts, also when time is up; the first one wins. */
	fl_wait_init(&w);
	fl_wake(&w, FL_CONFLICT);
	fl_wake(&w, FL_OK);
	CHECK_EQ(await_wait(ctx, &w), FL_CONFLICT);
	fl_wait_init(&w);
	CHECK_EQ(await_wait_until(ctx, &w, fl_loop_now_us(ctx->loop) + 3000), FL_TIMEOUT);
	CHECK_EQ(fl_ctx_check(ctx), FL_OK);
	return FL_OK;
}

static void deadlines(void **state)
{
	run_task(deadline_rules, NULL);
}

static fl_err cancel_rules(fl_ctx *ctx, void *arg)
{
	fl_ctx child, grandchild;
	fl_err results[4] = {};
	fl_group a, b;

	fl_ctx_derive(&child, ctx, 0);
	fl_ctx_derive(&grandchild, &child, 0);
	fl_group_init(&a, &child);
	fl_group_init(&b, &grandchild);
	fl_group_go(&a, waits, &results[0]);
	fl_group_go(&a, waits, &results[1]);
	fl_group_go(&b, waits, &results[2]);
	fl_ctx_cancel(&child);
	FL_TRY(await_group(&a));
	FL_TRY(await_group(&b));
	for (int i = 0; i < 3; i++)
		CHECK_EQ(results[i], FL_CANCELLED);
	CHECK(grandchild.cancelled && !ctx->cancelled);
	CHECK_EQ(await_sleep(&grandchild, 1), FL_CANCELLED);
	fl_ctx_fini(&grandchild);
	fl_ctx_fini(&child);
	return FL_OK;
}

static void cancel(void **state)
{
	run_task(cancel_rules, NULL);
}

/* ---- Tick end ---- */

struct tick {
	fl_loop *loop;
	fl_defer end;
	int asked, calls, asked_at_call[8];
	fl_wait *waiting[64];
};

static void tick_end(void *arg)
{
	struct tick *t = arg;
	t->asked_at_call[t->calls++] = t->asked;
	for (int i = 0; i < t->asked; i++)
		if (t->waiting[i])
			fl_wake(t->waiting[i], FL_OK);
	t->asked = 0;
	memset(t->waiting, 0, sizeof t->waiting);
}

static fl_err ask(fl_ctx *ctx, struct tick *t)
{
	fl_wait w;
	fl_wait_init(&w);
	t->waiting[t->asked++] = &w;
	fl_loop_defer(ctx->loop, &t->end);
	return await_wait(ctx, &w);
}

static fl_err asks_twice(fl_ctx *ctx, void *arg)
{
	FL_TRY(ask(ctx, arg));
	return ask(ctx, arg);
}

static fl_err sleeps_and_asks(fl_ctx *ctx, void *arg)
{
	struct tick *t = arg;
	FL_TRY(await_sleep(ctx, 5000));
	return ask(ctx, t);
}

/* Two levels of 20 siblings are two batches of 20; those woken by one timer tick are one batch. */
static fl_err tick_rules(fl_ctx *ctx, void *arg)
{
	struct tick t = { .loop = ctx->loop };
	fl_group g;
	fl_defer_init(&t.end, tick_end, &t);
	fl_group_init(&g, ctx);
	for (int i = 0; i < 20; i++)
		fl_group_go(&g, asks_twice, &t);
	CHECK_EQ(t.calls, 0);
	FL_TRY(await_group(&g));
	CHECK_EQ(t.calls, 2);
	CHECK_EQ(t.asked_at_call[0], 20);
	CHECK_EQ(t.asked_at_call[1], 20);

	t.calls = 0;
	for (int i = 0; i < 20; i++)
		fl_group_go(&g, sleeps_and_asks, &t);
	FL_TRY(await_group(&g));
	CHECK_EQ(t.calls, 1);
	CHECK_EQ(t.asked_at_call[0], 20);

	t.calls = 0;
	fl_loop_defer(ctx->loop, &t.end);
	fl_defer_cancel(&t.end);
	fl_defer_cancel(&t.end);
	FL_TRY(await_yield(ctx));
	CHECK_EQ(t.calls, 0);
	return FL_OK;
}

static void tick_ends(void **state)
{
	run_task(tick_rules, NULL);
}

struct order {
	char text[64];
	fl_defer first, second;
	fl_loop *loop;
};

static void note(struct order *o, char c)
{
	size_t len = strlen(o->text);
	o->text[len] = c;
	o->text[len + 1] = '\0';
}

static void end_first(void *arg)
{
	struct order *o = arg;
	note(o, '1');
	fl_loop_defer(o->loop, &o->second); /* asked for at the end: still this turn */
}

static void end_second(void *arg)
{
	note(arg, '2');
}

static void posted(void *arg)
{
	note(arg, 'p');
}

static fl_err order_child(fl_ctx *ctx, void *arg)
{
	struct order *o = arg;
	note(o, 'a');
	fl_loop_defer(ctx->loop, &o->first);
	FL_TRY(await_yield(ctx)); /* lets the sockets have a turn: the ends come before */
	note(o, 'b');
	return FL_OK;
}

static fl_err order_task(fl_ctx *ctx, void *arg)
{
	struct order o = { .loop = ctx->loop };
	fl_group g;
	fl_defer_init(&o.first, end_first, &o);
	fl_defer_init(&o.second, end_second, &o);
	fl_group_init(&g, ctx);
	CHECK_EQ(fl_loop_post(ctx->loop, posted, &o), FL_OK);
	fl_group_go(&g, order_child, &o);
	note(&o, 'm');
	FL_TRY(await_group(&g));
	if (strcmp(o.text, "am12pb") != 0) {
		fprintf(stderr, "order is %s\n", o.text);
		abort();
	}
	return FL_OK;
}

static void turn_order(void **state)
{
	run_task(order_task, NULL);
}

/* ---- Timers ---- */

enum { TIMERS = 3000 };

struct timed {
	fl_timer timer;
	fl_loop *loop;
	int64_t at_us;
	int *fired;
};

static void on_timed(void *arg)
{
	struct timed *t = arg;
	int64_t now = fl_mono_us();
	CHECK(now >= t->at_us);
	CHECK(now - t->at_us < FL_SECOND_US);
	++*t->fired;
}

static fl_err timer_task(fl_ctx *ctx, void *arg)
{
	struct timed *timed = calloc(TIMERS, sizeof *timed);
	int fired = 0, stopped = 0;
	for (int i = 0; i < TIMERS; i++) {
		struct timed *t = &timed[i];
		t->at_us = fl_mono_us() + rand() % 400000;
		t->fired = &fired;
		fl_timer_init(&t->timer, on_timed, t);
		fl_timer_start(ctx->loop, &t->timer, t->at_us + (i % 5 == 0 ? 90 * FL_DAY_US : 0));
	}
	for (int i = 0; i < TIMERS; i++) {
		if (i % 5 == 0) { /* far away, restarted near or stopped */
			if (i % 10 == 0)
				fl_timer_start(ctx->loop, &timed[i].timer, timed[i].at_us);
			else
				fl_timer_stop(&timed[i].timer), stopped++;
		}
	}
	FL_TRY(await_sleep(ctx, 450000));
	CHECK_EQ(fired + stopped, TIMERS);
	for (int i = 0; i < TIMERS; i++)
		CHECK(!fl_timer_active(&timed[i].timer));
	free(timed);
	return FL_OK;
}

static void timers(void **state)
{
	run_task(timer_task, NULL);
}

struct pair {
	fl_timer a, b;
	int fired;
};

static void stops_other(void *arg)
{
	struct pair *p = arg;
	p->fired++;
	fl_timer_stop(&p->a);
	fl_timer_stop(&p->b);
}

static fl_err timer_pair(fl_ctx *ctx, void *arg)
{
	struct pair p = {};
	fl_timer_init(&p.a, stops_other, &p);
	fl_timer_init(&p.b, stops_other, &p);
	fl_timer_start(ctx->loop, &p.a, fl_loop_now_us(ctx->loop) + 3000);
	fl_timer_start(ctx->loop, &p.b, fl_loop_now_us(ctx->loop) + 3000);
	FL_TRY(await_sleep(ctx, 10000));
	CHECK_EQ(p.fired, 1);
	return FL_OK;
}

static void timer_stops_timer(void **state)
{
	run_task(timer_pair, NULL);
}

/* ---- Mailbox ---- */

enum { SENDERS = 4, MESSAGES = 20000 };

struct sender {
	fl_loop *loop;
	int64_t next, seen;
	pthread_t thread;
};

struct numbered {
	struct sender *from;
	int64_t number;
};

static int64_t received;

static void receive(void *arg)
{
	struct numbered *m = arg;
	CHECK_EQ(m->number, m->from->seen);
	m->from->seen++;
	free(m);
	if (++received == SENDERS * MESSAGES)
		fl_loop_stop(fl_loop_current());
}

static void *send_all(void *arg)
{
	struct sender *s = arg;
	for (int i = 0; i < MESSAGES; i++) {
		struct numbered *m = malloc(sizeof *m);
		*m = (struct numbered){ s, i };
		while (fl_loop_post(s->loop, receive, m) == FL_BUSY)
			usleep(100);
	}
	return NULL;
}

static void mailbox(void **state)
{
	fl_loop *loop;
	struct sender senders[SENDERS] = {};
	assert_int_equal(fl_loop_new(&(fl_loop_opts){ .mailbox_max = 1000 }, &loop), FL_OK);
	received = 0;
	for (int i = 0; i < SENDERS; i++) {
		senders[i].loop = loop;
		pthread_create(&senders[i].thread, NULL, send_all, &senders[i]);
	}
	fl_loop_run(loop);
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		assert_int_equal(senders[i].seen, MESSAGES);
	}
	int n = 0;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(fl_loop_post(loop, count_up, &n), FL_OK);
	assert_int_equal(fl_loop_post(loop, count_up, &n), FL_BUSY);
	fl_loop_stop(loop); /* before the run: it returns at once */
	fl_loop_run(loop);
	fl_loop_free(loop); /* delivers what was posted */
	assert_int_equal(n, 1000);
}

/* ---- Pool ---- */

struct work {
	int64_t sleep_us;
	fl_err result;
	int ran;
};

static fl_err do_work(void *arg)
{
	struct work *w = arg;
	usleep((useconds_t)w->sleep_us);
	w->ran++;
	return w->result;
}

static fl_err pooled(fl_ctx *ctx, void *arg)
{
	return await_pool(ctx, do_work, arg);
}

static fl_err pool_task(fl_ctx *ctx, void *arg)
{
	struct work w = { 1000, FL_CONFLICT, 0 };
	CHECK_EQ(await_pool(ctx, do_work, &w), FL_CONFLICT);
	CHECK_EQ(w.ran, 1);

	/* The deadline does not leave a running job behind; one still in line is taken back. */
	fl_ctx child;
	fl_group g;
	struct work jobs[64];
	fl_ctx_derive(&child, ctx, 10000);
	fl_group_init(&g, &child);
	for (size_t i = 0; i < FL_COUNT(jobs); i++) {
		jobs[i] = (struct work){ 30000, FL_OK, 0 };
		fl_group_go(&g, pooled, &jobs[i]);
	}
	CHECK_EQ(await_group(&g), FL_TIMEOUT);
	fl_ctx_fini(&child);
	int ran = 0;
	for (size_t i = 0; i < FL_COUNT(jobs); i++)
		ran += jobs[i].ran;
	CHECK(ran >= 1 && ran < 64);
	return FL_OK;
}

static void pool(void **state)
{
	run_task(pool_task, NULL);
}

/* ---- Gate ---- */

struct gated {
	fl_gate gate;
	int inside, most, served;
};

static fl_err enter(fl_ctx *ctx, void *arg)
{
	struct gated *g = arg;
	FL_TRY(await_gate(ctx, &g->gate));
	g->inside++;
	g->most = FL_MAX(g->most, g->inside);
	fl_err err = await_sleep(ctx, 500);
	g->inside--;
	g->served++;
	fl_gate_leave(&g->gate);
	return err;
}

static fl_err gate_task(fl_ctx *ctx, void *arg)
{
	struct gated g = {};
	fl_group group;
	fl_gate_init(&g.gate, 3, 20);
	fl_group_init(&group, ctx);
	for (int i = 0; i < 24; i++)
		fl_group_go(&group, enter, &g);
	CHECK_EQ(await_group(&group), FL_BUSY); /* the 24th found the queue full */
	CHECK_EQ(g.served, 23);
	CHECK_EQ(g.most, 3);

	fl_ctx child;
	CHECK_EQ(await_gate(ctx, &g.gate), FL_OK);
	CHECK_EQ(await_gate(ctx, &g.gate), FL_OK);
	CHECK_EQ(await_gate(ctx, &g.gate), FL_OK);
	fl_ctx_derive(&child, ctx, 2000);
	CHECK_EQ(await_gate(&child, &g.gate), FL_TIMEOUT);
	fl_ctx_fini(&child);
	for (int i = 0; i < 3; i++)
		fl_gate_leave(&g.gate);
	CHECK_EQ(g.gate.free, 3);
	CHECK_EQ(g.gate.waiting, 0);
	return FL_OK;
}

static void gates(void **state)
{
	run_task(gate_task, NULL);
}

/* ---- Signals, faults ---- */

static void on_signal(void *arg, int signum)
{
	*(int *)arg = signum;
	fl_loop_stop(fl_loop_current());
}

static void signals(void **state)
{
	fl_loop *loop;
	int got = 0;
	assert_int_equal(fl_loop_new(NULL, &loop), FL_OK);
	assert_int_equal(fl_loop_on_signal(loop, SIGUSR1, on_signal, &got), FL_OK);
	kill(getpid(), SIGUSR1);
	fl_loop_run(loop);
	assert_int_equal(got, SIGUSR1);
	fl_loop_free(loop);
}

static void faults(void **state)
{
	assert_false(FL_FAULT("x.a"));
	assert_int_equal(fl_faults_set("x.a:2, x.b:*,x.c"), FL_OK);
	assert_false(FL_FAULT("x.a"));
	assert_true(FL_FAULT("x.a"));
	assert_false(FL_FAULT("x.a"));
	assert_true(FL_FAULT("x.b") && FL_FAULT("x.b"));
	assert_true(FL_FAULT("x.c"));
	assert_false(FL_FAULT("x.c") || FL_FAULT("x.d"));
	assert_int_equal(fl_faults_set("x.a:0"), FL_BAD_INPUT);
	assert_int_equal(fl_faults_set(NULL), FL_OK);
	assert_false(FL_FAULT("x.b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many),     cmocka_unit_test(groups),    cmocka_unit_test(limit),
		cmocka_unit_test(deadlines), cmocka_unit_test(cancel),   cmocka_unit_test(tick_ends),
		cmocka_unit_test(turn_order), cmocka_unit_test(timers),  cmocka_unit_test(timer_stops_timer),
		cmocka_unit_test(mailbox),  cmocka_unit_test(pool),      cmocka_unit_test(gates),
		cmocka_unit_test(signals),  cmocka_unit_test(faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
