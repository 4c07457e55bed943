/* The loop: libuv's, with our run queue and tick end around its poll. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/io_int.h"

static _Thread_local fl_loop *current;

/* Rounds of "run all, then the deferred" before sockets get a look-in, should two parts keep each other
 * busy. */
enum { ROUNDS_MAX = 64 };

#if defined(FL_ASAN) || defined(FL_TSAN)
enum { STACK_BYTES = 512 << 10 };
#else
enum { STACK_BYTES = 256 << 10 };
#endif

/* ---- A turn ---- */

/* Reading the clock costs as much as two switches, so not for each. */
enum { CLOCK_EVERY = 32 };

static void run_runnable(fl_loop *loop)
{
	for (unsigned i = 1; loop->runnable.head; i++) {
		fl_co *co = loop->runnable.head;
		loop->runnable.head = co->next;
		if (!co->next)
			loop->runnable.tail = &loop->runnable.head;
		co->next = NULL;
		if (i % CLOCK_EVERY == 0)
			loop->now_us = fl_mono_us();
		fl_co_resume(co);
	}
}

static void run_deferred(fl_loop *loop)
{
	fl_io_link now;

	ring_init(&now);
	ring_move(&now, &loop->deferred);
	while (!ring_empty(&now)) {
		fl_defer *d = FL_CONTAINER(now.next, fl_defer, link);
		ring_remove(&d->link);
		d->fn(d->arg);
	}
}

static void turn(fl_loop *loop)
{
	assert(!loop->turning && !loop->running);
	loop->turning = true;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		run_runnable(loop);
		if (ring_empty(&loop->deferred))
			break;
		run_deferred(loop);
	}
	loop->turning = false;
}

static void on_timer(uv_timer_t *timer)
{
	((fl_loop *)timer->data)->timer_tick =
		FL_NEVER; /* it only ends the poll; the turn looks at the wheel */
}

static void on_idle(uv_idle_t *idle)
{
	/* Only there to keep the poll from blocking. */
}

static void set_timer(fl_loop *loop)
{
	int64_t next = fl_wheel_next(&loop->wheel);

	if (next == loop->timer_tick)
		return;
	loop->timer_tick = next;
	if (next == FL_NEVER) {
		uv_timer_stop(&loop->timer);
		return;
	}
	uv_update_time(&loop->uv);
	uv_timer_start(&loop->timer, on_timer, (uint64_t)FL_MAX(next - loop->now_us / 1000, 0), 0);
}

/* Before the poll. */
static void on_prepare(uv_prepare_t *prepare)
{
	fl_loop *loop = prepare->data;

	loop->now_us = fl_mono_us();
	turn(loop);
	set_timer(loop);
	co_queue_move(&loop->after_poll, &loop->yielded);
	if (loop->runnable.head || loop->after_poll.head || !ring_empty(&loop->deferred))
		uv_idle_start(&loop->idle, on_idle);
	else
		uv_idle_stop(&loop->idle);
}

/* After the poll. Who yielded before it goes on now, having let the sockets have their turn. */
static void on_check(uv_check_t *check)
{
	fl_loop *loop = check->data;

	co_queue_move(&loop->runnable, &loop->after_poll);
	/* Only here, after the sockets: an answer that arrived in time, while we were busy, must win over
	 * its deadline. */
	loop->now_us = fl_mono_us();
	fl_wheel_advance(&loop->wheel, loop->now_us);
	turn(loop);
	if (atomic_load_explicit(&loop->stop, memory_order_acquire))
		uv_stop(&loop->uv);
}

/* ---- Mailbox ---- */

static void mailbox_run(fl_loop *loop)
{
	fl_message *newest = atomic_exchange_explicit(&loop->mailbox, NULL, memory_order_acquire);
	fl_message *oldest = NULL;

	while (newest) {
		fl_message *next = newest->next;
		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	while (oldest) {
		fl_message *message = oldest;
		oldest = message->next;
		atomic_fetch_sub_explicit(&loop->mailbox_count, 1, memory_order_relaxed);
		message->fn(message->arg);
		free(message);
	}
}

static void on_async(uv_async_t *async)
{
	mailbox_run(async->data);
}

fl_err fl_loop_post(fl_loop *loop, void (*fn)(void *arg), void *arg)
{
	if (atomic_fetch_add_explicit(&loop->mailbox_count, 1, memory_order_relaxed) >=
	    loop->opts.mailbox_max) {
		atomic_fetch_sub_explicit(&loop->mailbox_count, 1, memory_order_relaxed);
		return FL_BUSY;
	}
	fl_message *message = malloc(sizeof *message);
	if (!message) {
		atomic_fetch_sub_explicit(&loop->mailbox_count, 1, memory_order_relaxed);
		return FL_NOMEM;
	}
	message->fn = fn;
	message->arg = arg;
	message->next = atomic_load_explicit(&loop->mailbox, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&loop->mailbox, &message->next, message,
						      memory_order_release, memory_order_relaxed))
		;
	uv_async_send(&loop->async);
	return FL_OK;
}

/* ---- Life ---- */

/* A peer that goes away is an error of write, never a signal. */
static void ignore_sigpipe(void)
{
	struct sigaction now;
	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

fl_err fl_loop_new(const fl_loop_opts *opts, fl_loop **out)
{
	fl_loop *loop = calloc(1, sizeof *loop);
	if (!loop)
		return FL_NOMEM;
	if (uv_loop_init(&loop->uv) != 0) {
		free(loop);
		return FL_IO;
	}
	fl_faults_from_env();
	ignore_sigpipe();
	loop->opts = opts ? *opts : (fl_loop_opts){};
	loop->page = (size_t)sysconf(_SC_PAGESIZE);
	if (!loop->opts.coroutines_max)
		loop->opts.coroutines_max = 8192;
	if (!loop->opts.stack_bytes)
		loop->opts.stack_bytes = STACK_BYTES;
	loop->opts.stack_bytes = (uint32_t)((loop->opts.stack_bytes + loop->page - 1) & ~(loop->page - 1));
	if (!loop->opts.stacks_kept)
		loop->opts.stacks_kept = 512;
	if (!loop->opts.mailbox_max)
		loop->opts.mailbox_max = 65536;
	loop->now_us = fl_mono_us();
	loop->timer_tick = FL_NEVER;
	fl_wheel_init(&loop->wheel, loop->now_us);
	ring_init(&loop->deferred);
	ring_init(&loop->dying);
	co_queue_init(&loop->runnable);
	co_queue_init(&loop->yielded);
	co_queue_init(&loop->after_poll);

	loop->prepare.data = loop->check.data = loop->idle.data = loop->async.data = loop->timer.data = loop;
	int failed = uv_async_init(&loop->uv, &loop->async, on_async);
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_check_init(&loop->uv, &loop->check);
	uv_idle_init(&loop->uv, &loop->idle);
	uv_timer_init(&loop->uv, &loop->timer);
	if (failed) {
		fl_loop_free(loop);
		return FL_IO;
	}
	uv_prepare_start(&loop->prepare, on_prepare);
	uv_check_start(&loop->check, on_check);
	*out = loop;
	return FL_OK;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void fl_loop_free(fl_loop *loop)
{
	if (!loop)
		return;
	assert(!loop->running);
	if (loop->co_count > 0)
		fl_warn("io: %u coroutines were still waiting when their loop ended", loop->co_count);
	uv_prepare_stop(&loop->prepare);
	uv_check_stop(&loop->check);
	fl_loop *before = current;
	current = loop;
	mailbox_run(loop);
	fl_children_end(loop);
	uv_walk(&loop->uv, close_handle, NULL);
	while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
		;
	current = before;
	int left = uv_loop_close(&loop->uv);
	assert(left == 0);
	while (loop->signals) {
		fl_loop_signal *next = loop->signals->next;
		free(loop->signals);
		loop->signals = next;
	}
	fl_co_stacks_free(loop);
	free(loop);
}

void fl_loop_run(fl_loop *loop)
{
	fl_loop *before = current;

	assert(!before || !before->running);
	current = loop;
	/* A stop that came earlier counts; it is used up here. */
	while (!atomic_exchange_explicit(&loop->stop, false, memory_order_acq_rel))
		uv_run(&loop->uv, UV_RUN_DEFAULT);
	current = before;
}

void fl_loop_stop(fl_loop *loop)
{
	atomic_store_explicit(&loop->stop, true, memory_order_release);
	uv_async_send(&loop->async);
}

fl_loop *fl_loop_current(void)
{
	return current;
}

int64_t fl_loop_now_us(const fl_loop *loop)
{
	return loop->now_us;
}

uint32_t fl_loop_coroutines(const fl_loop *loop)
{
	return loop->co_count;
}

/* ---- Tick end ---- */

void fl_defer_init(fl_defer *d, void (*fn)(void *arg), void *arg)
{
	*d = (fl_defer){ .fn = fn, .arg = arg };
	ring_init(&d->link);
}

void fl_loop_defer(fl_loop *loop, fl_defer *d)
{
	if (!ring_linked(&d->link))
		ring_add(&loop->deferred, &d->link);
}

void fl_defer_cancel(fl_defer *d)
{
	if (ring_linked(&d->link))
		ring_remove(&d->link);
}

/* ---- Signals ---- */

static void on_signal(uv_signal_t *uv, int signum)
{
	fl_loop_signal *s = FL_CONTAINER(uv, fl_loop_signal, uv);
	s->fn(s->arg, signum);
}

fl_err fl_loop_on_signal(fl_loop *loop, int signum, void (*fn)(void *arg, int signum), void *arg)
{
	fl_loop_signal *s = calloc(1, sizeof *s);
	if (!s)
		return FL_NOMEM;
	if (uv_signal_init(&loop->uv, &s->uv) != 0) {
		free(s);
		return FL_IO;
	}
	s->fn = fn;
	s->arg = arg;
	s->next = loop->signals;
	loop->signals = s;
	return uv_signal_start(&s->uv, on_signal, signum) == 0 ? FL_OK : FL_IO;
}

/* ---- One task ---- */

struct task {
	fl_loop *loop;
	fl_ctx ctx;
	fl_err (*fn)(fl_ctx *ctx, void *arg);
	void *arg;
	fl_err err;
	bool ended;
};

enum { TASK_ARENA_BYTES = 256 << 20 };

static void task_run(void *arg)
{
	struct task *task = arg;

	task->err = task->fn(&task->ctx, task->arg);
	if (task->err != FL_OK)
		fl_debug("io: task: %s", fl_diag_text(&task->ctx.diag, task->err));
	task->ended = true;
	fl_loop_stop(task->loop);
}

static void task_start(void *arg)
{
	struct task *task = arg;
	fl_err err = fl_go(task->loop, task_run, task);

	if (err != FL_OK) {
		task->err = err;
		task->ended = true;
		fl_loop_stop(task->loop);
	}
}

fl_err fl_loop_run_task(fl_loop *loop, int64_t timeout_us, fl_err (*fn)(fl_ctx *ctx, void *arg), void *arg)
{
	fl_arena mem = fl_arena_make(TASK_ARENA_BYTES);
	struct task task = { .loop = loop, .fn = fn, .arg = arg };

	loop->now_us = fl_mono_us();
	fl_ctx_init(&task.ctx, loop, &mem);
	if (timeout_us > 0)
		task.ctx.deadline_us = loop->now_us + timeout_us;
	fl_err err = fl_loop_post(loop, task_start, &task);
	if (err == FL_OK) {
		while (!task.ended)
			fl_loop_run(loop);
		err = task.err;
		fl_ctx_fini(&task.ctx);
	}
	fl_arena_fini(&mem);
	return err;
}
