/* Coroutines: guarded stacks from mmap, switched by Boost.Context's assembly; groups of them; gates.
 *
 * A stack is mapped as [guard page | stack ... | fl_co]. A finished coroutine's stack is kept for the next
 * one, last in first out, so that its pages are warm. A coroutine that starts or goes on runs on top of
 * whoever resumed it and returns there at its next wait; going on after a wait is always the loop's
 * business, so wakes never nest. */
#include <errno.h>
#include <sys/mman.h>

#include "io/io_int.h"

#ifdef FL_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define NO_ASAN __attribute__((no_sanitize_address))
#else
#define NO_ASAN
#endif
#ifdef FL_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* From libboost_context; its header is C++ only. */
fl_transfer jump_fcontext(fl_fcontext to, void *data);
fl_fcontext make_fcontext(void *stack_top, size_t bytes, void (*fn)(fl_transfer));

/* ---- Marks for the sanitizers: which stack we are about to run on ---- */

static inline void leave_for(fl_co *co, void **fake)
{
#ifdef FL_ASAN
	size_t guard = co->loop->page;
	__sanitizer_start_switch_fiber(fake, co->map + guard, co->map_bytes - guard);
#endif
#ifdef FL_TSAN
	co->back_fiber = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(co->fiber, 0);
#endif
}

static inline void came_back(void *fake)
{
#ifdef FL_ASAN
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
#endif
}

static inline void leave_to_back(fl_co *co, bool ended)
{
#ifdef FL_ASAN
	__sanitizer_start_switch_fiber(ended ? NULL : &co->fake, co->back_bottom, co->back_bytes);
#endif
#ifdef FL_TSAN
	__tsan_switch_to_fiber(co->back_fiber, 0);
#endif
}

static inline NO_ASAN void arrived(fl_co *co, bool first)
{
#ifdef FL_ASAN
	__sanitizer_finish_switch_fiber(first ? NULL : co->fake, &co->back_bottom, &co->back_bytes);
#endif
}

/* ---- Stacks ---- */

static fl_co *stack_map(fl_loop *loop)
{
	size_t bytes = loop->opts.stack_bytes + loop->page;
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	if (mprotect(map, loop->page, PROT_NONE) != 0) {
		munmap(map, bytes);
		return NULL;
	}
	size_t room = (sizeof(fl_co) + 63) & ~(size_t)63;
	fl_co *co = (fl_co *)(map + bytes - room);
	*co = (fl_co){ .loop = loop, .map = map, .map_bytes = bytes };
#ifdef FL_TSAN
	co->fiber = __tsan_create_fiber(0);
#endif
	return co;
}

static void stack_unmap(fl_co *co)
{
#ifdef FL_TSAN
	__tsan_destroy_fiber(co->fiber);
#endif
	munmap(co->map, co->map_bytes);
}

static fl_co *stack_get(fl_loop *loop)
{
	if (loop->co_count >= loop->opts.coroutines_max)
		return NULL;
	fl_co *co = loop->free_stacks;
	if (co) {
		loop->free_stacks = co->next;
		loop->free_count--;
		co->next = NULL;
	} else {
		co = stack_map(loop);
	}
	if (co)
		loop->co_count++;
	return co;
}

static void stack_put(fl_co *co)
{
	fl_loop *loop = co->loop;

	loop->co_count--;
	if (loop->free_count >= loop->opts.stacks_kept) {
		stack_unmap(co);
		return;
	}
#ifdef FL_ASAN
	/* The last frames never returned, so their red zones are still marked. */
	__asan_unpoison_memory_region(co->map + loop->page, (size_t)((char *)co - co->map) - loop->page);
#endif
	co->next = loop->free_stacks;
	loop->free_stacks = co;
	loop->free_count++;
}

void fl_co_stacks_free(fl_loop *loop)
{
	while (loop->free_stacks) {
		fl_co *co = loop->free_stacks;
		loop->free_stacks = co->next;
		stack_unmap(co);
	}
	loop->free_count = 0;
}

/* ---- Switching ---- */

static void child_run(fl_co *co)
{
	fl_group *g = co->group;
	fl_err err = co->child_fn(g->ctx, co->arg);

	if (err != FL_OK && g->err == FL_OK)
		g->err = err;
	if (--g->running == 0 && g->wait.co)
		fl_wake(&g->wait, FL_OK);
}

static NO_ASAN void entry(fl_transfer t)
{
	fl_co *co = t.data;

	arrived(co, true);
	co->back = t.from;
	if (co->group)
		child_run(co);
	else
		co->fn(co->arg);
	leave_to_back(co, true);
	jump_fcontext(co->back, co); /* data: it has ended */
	__builtin_unreachable();
}

void fl_co_resume(fl_co *co)
{
	fl_loop *loop = co->loop;
	fl_co *before = loop->running;
	void *fake = NULL;

	assert(co != before);
	loop->running = co;
	leave_for(co, &fake);
	fl_transfer t = jump_fcontext(co->self, co);
	came_back(fake);
	loop->running = before;
	if (t.data)
		stack_put(co);
	else
		co->self = t.from;
}

void fl_co_suspend(fl_co *co)
{
	assert(co == co->loop->running);
	leave_to_back(co, false);
	fl_transfer t = jump_fcontext(co->back, NULL);
	arrived(co, false);
	co->back = t.from;
}

static void co_start(fl_co *co)
{
	char *top = (char *)co;
	co->self = make_fcontext(top, (size_t)(top - co->map) - co->loop->page, entry);
	fl_co_resume(co);
}

fl_err fl_go(fl_loop *loop, void (*fn)(void *arg), void *arg)
{
	if (FL_FAULT("io.go"))
		return FL_BUSY;
	fl_co *co = stack_get(loop);
	if (!co)
		return loop->co_count >= loop->opts.coroutines_max ? FL_BUSY : FL_NOMEM;
	co->fn = fn;
	co->arg = arg;
	co->group = NULL;
	co_start(co);
	return FL_OK;
}

fl_co *fl_co_current(void)
{
	fl_loop *loop = fl_loop_current();
	return loop ? loop->running : NULL;
}

/* ---- Groups ---- */

void fl_group_init(fl_group *g, fl_ctx *ctx)
{
	*g = (fl_group){ .ctx = ctx };
}

void fl_group_go(fl_group *g, fl_err (*fn)(fl_ctx *ctx, void *arg), void *arg)
{
	fl_co *co = FL_FAULT("io.group") ? NULL : stack_get(g->ctx->loop);

	if (!co) {
		fl_err err = fn(g->ctx, arg);
		if (err != FL_OK && g->err == FL_OK)
			g->err = err;
		return;
	}
	g->running++;
	co->group = g;
	co->child_fn = fn;
	co->arg = arg;
	co_start(co);
}

fl_err await_group(fl_group *g)
{
	while (g->running > 0) {
		fl_wait_init(&g->wait);
		(void)fl_wait_certain(g->ctx->loop, &g->wait);
	}
	return g->err;
}

/* ---- Gates ---- */

struct gate_waiter {
	fl_wait wait;
	fl_io_link link;
};

void fl_gate_init(fl_gate *gate, uint32_t count, uint32_t waiting_max)
{
	*gate = (fl_gate){ .free = count, .waiting_max = waiting_max };
	ring_init(&gate->queue);
}

fl_err await_gate(fl_ctx *ctx, fl_gate *gate)
{
	FL_TRY(fl_ctx_check(ctx));
	if (gate->free > 0) {
		gate->free--;
		return FL_OK;
	}
	if (gate->waiting >= gate->waiting_max)
		return FL_BUSY;

	struct gate_waiter w;
	fl_wait_init(&w.wait);
	ring_add(&gate->queue, &w.link);
	gate->waiting++;
	fl_err err = await_wait(ctx, &w.wait);
	if (ring_linked(&w.link)) {
		ring_remove(&w.link);
		gate->waiting--;
	}
	return err;
}

void fl_gate_leave(fl_gate *gate)
{
	while (!ring_empty(&gate->queue)) {
		struct gate_waiter *w = FL_CONTAINER(gate->queue.next, struct gate_waiter, link);
		ring_remove(&w->link);
		gate->waiting--;
		if (!w->wait.done) { /* else it timed out in this turn and has not run yet */
			fl_wake(&w->wait, FL_OK);
			return;
		}
	}
	gate->free++;
}
