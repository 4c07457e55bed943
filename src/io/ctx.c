/* The request's context, and waiting under its deadline. */
#include "io/io_int.h"

void fl_ctx_init(fl_ctx *ctx, fl_loop *loop, fl_arena *mem)
{
	*ctx = (fl_ctx){ .mem = mem, .loop = loop, .deadline_us = FL_NEVER };
	ring_init(&ctx->waits);
	ring_init(&ctx->children);
	ring_init(&ctx->sibling);
}

static void copy(fl_ctx *out, const fl_ctx *from)
{
	fl_ctx_init(out, from->loop, from->mem);
	out->caller = from->caller;
	out->request_id = from->request_id;
	out->operation = from->operation;
	out->services = from->services;
}

/* Far-off limits must not overflow. */
static int64_t from_now(const fl_loop *loop, int64_t timeout_us)
{
	int64_t at;
	return __builtin_add_overflow(loop->now_us, timeout_us, &at) ? FL_NEVER : at;
}

void fl_ctx_derive(fl_ctx *child, fl_ctx *parent, int64_t timeout_us)
{
	copy(child, parent);
	child->deadline_us = parent->deadline_us;
	if (timeout_us > 0)
		child->deadline_us = FL_MIN(parent->deadline_us, from_now(parent->loop, timeout_us));
	child->cancelled = parent->cancelled;
	child->trace = parent->trace; /* not of a detached one: it may outlive the trace, and the view */
	child->span = parent->span;
	child->view = parent->view;
	ring_add(&parent->children, &child->sibling);
}

void fl_ctx_detach(fl_ctx *out, const fl_ctx *from, int64_t timeout_us)
{
	assert(timeout_us > 0);
	copy(out, from);
	out->deadline_us = from_now(from->loop, timeout_us);
}

void fl_ctx_fini(fl_ctx *ctx)
{
	assert(ring_empty(&ctx->waits));
	assert(ring_empty(&ctx->children));
	ring_remove(&ctx->sibling);
}

void fl_ctx_cancel(fl_ctx *ctx)
{
	ctx->cancelled = true;
	for (fl_io_link *l = ctx->waits.next; l != &ctx->waits; l = l->next)
		fl_wake(FL_CONTAINER(l, fl_wait, link), FL_CANCELLED);
	/* Depth is that of derivations in our own code: two or three. */
	for (fl_io_link *l = ctx->children.next; l != &ctx->children; l = l->next)
		fl_ctx_cancel(FL_CONTAINER(l, fl_ctx, sibling));
}

fl_err fl_ctx_check(fl_ctx *ctx)
{
	if (ctx->cancelled)
		return FL_CANCELLED;
	if (ctx->deadline_us != FL_NEVER && ctx->deadline_us <= ctx->loop->now_us)
		return FL_TIMEOUT;
	return FL_OK;
}

/* ---- Waits ---- */

static void on_deadline(void *arg)
{
	fl_wake(arg, FL_TIMEOUT);
}

void fl_wait_init(fl_wait *w)
{
	w->co = NULL;
	w->err = FL_OK;
	w->done = false;
	fl_timer_init(&w->timer, on_deadline, w);
	ring_init(&w->link);
}

void fl_wake(fl_wait *w, fl_err err)
{
	if (w->done)
		return;
	w->done = true;
	w->err = err;
	if (w->co)
		co_queue_add(&w->co->loop->runnable, w->co);
}

static fl_co *running(fl_loop *loop)
{
	assert(loop->running && "a callback cannot wait: start a coroutine with fl_go");
	return loop->running;
}

fl_err fl_wait_certain(fl_loop *loop, fl_wait *w)
{
	if (!w->done) {
		w->co = running(loop);
		fl_co_suspend(w->co);
		w->co = NULL;
	}
	assert(w->done);
	return w->err;
}

fl_err await_wait_until(fl_ctx *ctx, fl_wait *w, int64_t deadline_us)
{
	if (w->done)
		return w->err;
	FL_TRY(fl_ctx_check(ctx));
	if (deadline_us <= ctx->loop->now_us)
		return FL_TIMEOUT;

	int64_t until = FL_MIN(deadline_us, ctx->deadline_us);
	if (until != FL_NEVER)
		fl_timer_start(ctx->loop, &w->timer, until);
	ring_add(&ctx->waits, &w->link);
	fl_err err = fl_wait_certain(ctx->loop, w);
	ring_remove(&w->link);
	fl_timer_stop(&w->timer);
	return err;
}

fl_err await_wait(fl_ctx *ctx, fl_wait *w)
{
	return await_wait_until(ctx, w, FL_NEVER);
}

fl_err await_sleep(fl_ctx *ctx, int64_t delay_us)
{
	int64_t at = from_now(ctx->loop, FL_MAX(delay_us, 1));
	fl_wait w;

	fl_wait_init(&w);
	FL_TRY(fl_ctx_check(ctx));
	fl_err err = await_wait_until(ctx, &w, at);
	/* The end of the sleep is success; the deadline, when it comes first, is not. */
	return err == FL_TIMEOUT && at <= ctx->deadline_us ? FL_OK : err;
}

fl_err await_yield(fl_ctx *ctx)
{
	FL_TRY(fl_ctx_check(ctx));
	fl_co *co = running(ctx->loop);
	co_queue_add(&ctx->loop->yielded, co);
	fl_co_suspend(co);
	return fl_ctx_check(ctx);
}
