/* Watching descriptors. uv watches level-triggered; what nobody wants any more is taken off at its next
 * event, not when the wish ends, because most wishes come back before (a request read, the next one
 * awaited) and each change is a system call. */
#include <stdlib.h>

#include "io/io_int.h"

static void on_event(uv_poll_t *uv, int status, int uv_events);

static void arm(fl_poll *p, int events)
{
	p->armed = events;
	int uv = (events & FL_READ ? UV_READABLE : 0) | (events & FL_WRITE ? UV_WRITABLE : 0);
	if (uv)
		uv_poll_start(&p->uv, uv, on_event);
	else
		uv_poll_stop(&p->uv);
}

static int wanted(const fl_poll *p)
{
	return (p->fn ? p->events : 0) | (p->wait ? p->wait_events : 0);
}

static void arm_wanted(fl_poll *p)
{
	int want = wanted(p);
	if (want & ~p->armed)
		arm(p, p->armed | want);
}

static void on_event(uv_poll_t *uv, int status, int uv_events)
{
	fl_poll *p = FL_CONTAINER(uv, fl_poll, uv);
	int got = (uv_events & UV_READABLE ? FL_READ : 0) | (uv_events & UV_WRITABLE ? FL_WRITE : 0);
	bool superfluous = got & ~wanted(p);

	if (status <
	    0) { /* an error on the descriptor: uv has stopped; whoever reads or writes learns which */
		p->armed = 0;
		got = FL_READ | FL_WRITE;
	}
	if (p->wait && got & p->wait_events) {
		p->got = got & p->wait_events;
		fl_wait *w = p->wait;
		p->wait = NULL;
		fl_wake(w, FL_OK);
	}
	if (p->fn && got & p->events)
		p->fn(p->arg, got & p->events);
	if (uv_is_closing((uv_handle_t *)uv))
		return;
	if (superfluous && p->armed != wanted(p))
		arm(p, wanted(p));
	else
		arm_wanted(p);
}

fl_err fl_poll_init(fl_poll *p, fl_loop *loop, int fd)
{
	*p = (fl_poll){ .loop = loop, .fd = fd };
	int failed = uv_poll_init(&loop->uv, &p->uv, fd);
	return failed == 0 ? FL_OK : fl_err_from_errno(-failed);
}

static void on_closed(uv_handle_t *handle)
{
	fl_poll *p = FL_CONTAINER(handle, fl_poll, uv);
	p->closed(p);
}

void fl_poll_fini(fl_poll *p, void (*closed)(fl_poll *p))
{
	fl_wait *w = p->wait;

	p->fn = NULL;
	p->wait = NULL;
	p->closed = closed;
	uv_close((uv_handle_t *)&p->uv, on_closed);
	if (w)
		fl_wake(w, FL_CLOSED);
}

static void free_poll(fl_poll *p)
{
	free(p);
}

fl_err fl_poll_open(fl_loop *loop, int fd, fl_poll **out)
{
	fl_poll *p = malloc(sizeof *p);
	if (!p)
		return FL_NOMEM;
	fl_err err = fl_poll_init(p, loop, fd);
	if (err != FL_OK) {
		free(p);
		return err;
	}
	*out = p;
	return FL_OK;
}

void fl_poll_close(fl_poll *p)
{
	if (p)
		fl_poll_fini(p, free_poll);
}

void fl_poll_want(fl_poll *p, int events)
{
	p->events = events;
	arm_wanted(p);
}

void fl_poll_start(fl_poll *p, int events, void (*fn)(void *arg, int events), void *arg)
{
	p->fn = fn;
	p->arg = arg;
	fl_poll_want(p, events);
}

fl_err await_poll(fl_ctx *ctx, fl_poll *p, int events, int *got)
{
	fl_wait w;

	assert(!p->wait && "one coroutine at a time waits on a poll");
	FL_TRY(fl_ctx_check(ctx));
	fl_wait_init(&w);
	p->wait = &w;
	p->wait_events = events;
	arm_wanted(p);
	fl_err err = await_wait(ctx, &w);
	if (err == FL_TIMEOUT || err == FL_CANCELLED)
		p->wait = NULL;
	else if (err == FL_OK && got)
		*got = p->got;
	return err;
}

fl_err await_fd(fl_ctx *ctx, int fd, int events)
{
	fl_poll *p;

	FL_TRY(fl_poll_open(ctx->loop, fd, &p));
	fl_err err = await_poll(ctx, p, events, NULL);
	fl_poll_close(p);
	return err;
}
