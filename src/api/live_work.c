/* From a queued event to answers: the ready line of groups, the coroutines that work it off, and what is said when a group
 * is slower than its events. */
#include "api/live_int.h"
#include "obs/trace.h"

#include <stdlib.h>

enum { PENDING_FIRST = 4, PENDING_MAX = 256, WORKERS_MAX = 64, EVENT_MEM_MAX = 16 << 20, TOLD_AT_ONCE = 256 };
#define EVENT_TIMEOUT_US (10 * FL_SECOND_US)

void fl_live_group_free(fl_live_group *group)
{
	assert(group->count == 0 && !group->subs);
	fl_gql_source_free(group->source);
	free(group->ring);
	free(group);
}

/* ---- the queue of a group ---- */

static bool grow(fl_live_group *group)
{
	unsigned cap = group->cap ? group->cap * 2 : PENDING_FIRST;
	fl_live_event **ring = cap <= PENDING_MAX ? calloc(cap, sizeof(*ring)) : NULL;
	if (!ring)
		return false;
	for (unsigned i = 0; i < group->count; i++)
		ring[i] = group->ring[(group->first + i) % group->cap];
	free(group->ring);
	group->ring = ring;
	group->cap = cap;
	group->first = 0;
	return true;
}

static fl_live_event *take_event(fl_live_group *group)
{
	fl_live_event *event = group->ring[group->first];
	group->first = (group->first + 1) % group->cap;
	if (--group->count == 0 && group->cap > PENDING_FIRST) { /* a quiet group owns nothing */
		free(group->ring);
		group->ring = NULL;
		group->cap = group->first = 0;
	}
	return event;
}

void fl_live_miss(fl_live_group *group)
{
	while (group->count)
		fl_live_event_put(take_event(group));
	for (fl_live_sub *sub = group->subs; sub; sub = sub->next) {
		if (sub->missed)
			continue;
		sub->missed = true;
		fl_live_count(&group->live->stats.missed, 1);
		sub->deliver(sub->arg, (fl_str) {});
	}
}

/* ---- the ready line: groups with events, each once ---- */

static void put_ready(fl_live_group *group)
{
	fl_live *live = group->live;
	group->queued = true;
	group->ready_next = NULL;
	*live->ready_last = group;
	live->ready_last = &group->ready_next;
}

fl_live_group *fl_live_take_ready(fl_live *live)
{
	fl_live_group *group = live->ready;
	if (!group)
		return NULL;
	live->ready = group->ready_next;
	if (!live->ready)
		live->ready_last = &live->ready;
	return group;
}

/* ---- one event for one group ---- */

/* Those who may not see the whole company hear only of reports that they may read. Of however many such groups there are, one
 * asks the database who that is. */
static fl_err may_see(fl_ctx *ctx, fl_live_event *event, bool *out)
{
	fl_err err = FL_OK;
	*out = true;
	if (fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return FL_OK;
	FL_TRY(await_gate(ctx, &event->asking));
	if (!event->audience_known)
		err = fl_report_audience(ctx, event->change.report_id, &event->audience);
	event->audience_known |= err == FL_OK;
	fl_gate_leave(&event->asking);
	*out = err == FL_OK && fl_audience_has(&event->audience, &ctx->caller);
	return err;
}

/* The list may change while others have a turn: group->telling is kept right by whoever leaves. */
static void tell_all(fl_ctx *ctx, fl_live_group *group, fl_str answer)
{
	unsigned told = 0;
	for (group->telling = group->subs; group->telling;) {
		fl_live_sub *sub = group->telling;
		group->telling = sub->next;
		if (!sub->missed) {
			fl_live_count(&group->live->stats.delivered, 1);
			sub->deliver(sub->arg, answer);
		}
		if (++told % TOLD_AT_ONCE == 0 && await_yield(ctx) != FL_OK)
			fl_debug("subscription: an answer goes round without a pause");
	}
}

static fl_err answer(fl_ctx *ctx, fl_live_group *group, fl_live_event *event)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(EVENT_MEM_MAX);
	fl_gql_outcome outcome;
	bool seen;
	FL_TRY(may_see(ctx, event, &seen));
	if (!seen || group->left)
		return FL_OK;
	fl_live_count(&group->live->stats.executed, 1);
	FL_TRY(fl_gql_source_execute(ctx, group->source, &event->change, &out, &outcome));
	tell_all(ctx, group, fl_buf_view(&out));
	return FL_OK;
}

static void execute(fl_live_group *group, fl_live_event *event)
{
	fl_arena mem = fl_arena_make(EVENT_MEM_MAX);
	fl_ctx ctx;
	fl_ctx_init(&ctx, group->live->loop, &mem);
	ctx.deadline_us = fl_loop_now_us(group->live->loop) + EVENT_TIMEOUT_US;
	ctx.caller = group->caller;
	ctx.services = group->live->services;
	group->executing = &ctx;
	fl_tracer *tracer = ctx.services->tracer;
	if (fl_tracer_wants(tracer, (fl_str){}) && fl_trace_open(&ctx, fl_str_z(group->filter.topic->field), FL_SPAN_CONSUMER, (fl_str){}))
		fl_span_text(ctx.span, "messaging.message.type", fl_str_z(event->change.type));
	fl_err err = answer(&ctx, group, event);
	fl_trace_close(&ctx, tracer, err);
	group->executing = NULL;
	if (err != FL_OK && !group->left) {
		fl_warn("subscription: an event could not be shown: %s", fl_diag_text(&ctx.diag, err));
		fl_live_miss(group);
	}
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
}

/* One event, then the next group: a busy one does not keep the others waiting. */
static void work(void *arg)
{
	fl_live *live = arg;
	for (fl_live_group *group; (group = fl_live_take_ready(live));) {
		if (!group->left && group->count) {
			fl_live_event *event = take_event(group);
			execute(group, event);
			fl_live_event_put(event);
		}
		group->queued = false;
		if (group->left)
			fl_live_group_free(group);
		else if (group->count)
			put_ready(group);
	}
	if (--live->workers == 0 && live->idle)
		fl_wake(live->idle, FL_OK);
}

void fl_live_push(fl_live_group *group, fl_live_event *event)
{
	fl_live *live = group->live;
	if (group->count == group->cap && !grow(group)) {
		fl_live_miss(group);
		return;
	}
	event->refs++;
	group->ring[(group->first + group->count++) % group->cap] = event;
	if (!group->queued)
		put_ready(group);
	if (live->workers == WORKERS_MAX || !live->ready)
		return;
	live->workers++;
	if (fl_go(live->loop, work, live) == FL_OK)
		return;
	if (--live->workers == 0)
		fl_live_miss(group); /* nobody would come for it */
}
