/* Live subscriptions of one loop. Redis hands over committed events; each subscription that an event concerns executes its
 * selection as its own caller, one event after the other.
 *
 *	Redis fleet:events:<tenant> --> on_message --> each subscription of the tenant: filter --> its queue --.
 *	                                         deliver <-- execute <-- WORKERS_MAX coroutines <-- ready line <-'
 *
 * When Redis or the database was away, or a subscriber is slower than its events, something was missed: deliver is told so
 * (a text without pointer) and the transport makes the client connect and read again. Nothing is ever left out silently. */
#include "api/api_int.h"

#include <stdlib.h>

enum { PENDING_MAX = 64, WORKERS_MAX = 64, EVENT_MEM_MAX = 16 << 20 };
#define EVENT_TIMEOUT_US (10 * FL_SECOND_US)
#define READY_TIMEOUT_US FL_SECOND_US

struct fl_live_sub {
	fl_live *live;
	fl_live_sub *next, **link; /* in its bucket */
	fl_gql_source *source;
	fl_caller caller;
	char caller_name[204];
	bool created;              /* else: updated */
	int32_t vehicle_id;        /* 0: any */
	bool has_report;
	fl_uuid report_id;
	fl_live_deliver deliver;
	void *arg;
	fl_change pending[PENDING_MAX];
	unsigned first, count;
	fl_live_sub *ready_next;
	fl_ctx *executing;         /* for the event under way; NULL: none */
	bool queued, left;         /* queued: stands in the ready line or executes; who left is freed at the end of it */
};

enum { BUCKETS = 1024 };

struct fl_live {
	fl_loop *loop;
	fl_services *services;
	fl_redis_sub *redis;
	fl_live_sub *buckets[BUCKETS]; /* by tenant */
	unsigned count, max;
	fl_live_sub *ready, **ready_last;
	unsigned workers;
	fl_wait *idle;                 /* who waits for the last worker's end */
};

static fl_str channel_of(char out[48], int32_t tenant_id)
{
	fl_arena mem = fl_arena_make(256);
	fl_str text = fl_str_fmt(&mem, FL_CHANNEL_EVENTS "%d", tenant_id);
	size_t len = FL_MIN(text.len, 47);
	if (len)
		memcpy(out, text.ptr, len);
	fl_arena_fini(&mem);
	return (fl_str){ out, len };
}

/* ---- one event for one subscription ---- */

/* A driver may follow the company's events but hears only of reports that they may read. */
static fl_err may_see(fl_ctx *ctx, const fl_change *change, bool *out)
{
	fl_report *rows;
	size_t count = 1;
	if (!fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		FL_TRY(fl_reports_get(ctx, &change->report_id, 1, &rows, &count));
	*out = count > 0;
	return FL_OK;
}

static fl_err answer(fl_ctx *ctx, fl_live_sub *sub, const fl_change *change, fl_buf *out, bool *seen)
{
	fl_gql_outcome outcome;
	FL_TRY(may_see(ctx, change, seen));
	return *seen ? fl_gql_source_execute(ctx, sub->source, change, out, &outcome) : FL_OK;
}

static void execute(fl_live_sub *sub, const fl_change *change)
{
	fl_arena mem = fl_arena_make(EVENT_MEM_MAX);
	fl_buf out = fl_buf_make(EVENT_MEM_MAX);
	bool seen = true;
	fl_ctx ctx;
	fl_ctx_init(&ctx, sub->live->loop, &mem);
	ctx.deadline_us = fl_loop_now_us(sub->live->loop) + EVENT_TIMEOUT_US;
	ctx.caller = sub->caller;
	ctx.services = sub->live->services;
	sub->executing = &ctx;
	fl_err err = answer(&ctx, sub, change, &out, &seen);
	sub->executing = NULL;
	if (err != FL_OK && !sub->left)
		fl_warn("subscription: an event could not be shown: %s", fl_diag_text(&ctx.diag, err));
	if (seen && !sub->left)
		sub->deliver(sub->arg, err == FL_OK ? fl_buf_view(&out) : (fl_str){});
	fl_ctx_fini(&ctx);
	fl_buf_fini(&out);
	fl_arena_fini(&mem);
}

static void free_sub(fl_live_sub *sub)
{
	fl_gql_source_free(sub->source);
	free(sub);
}

/* ---- the ready line: subscriptions with events, each once ---- */

static void put_ready(fl_live_sub *sub)
{
	fl_live *live = sub->live;
	sub->queued = true;
	sub->ready_next = NULL;
	*live->ready_last = sub;
	live->ready_last = &sub->ready_next;
}

static fl_live_sub *take_ready(fl_live *live)
{
	fl_live_sub *sub = live->ready;
	if (!sub)
		return NULL;
	live->ready = sub->ready_next;
	if (!live->ready)
		live->ready_last = &live->ready;
	return sub;
}

/* One event, then the next subscription: a busy one does not keep the others waiting. */
static void work(void *arg)
{
	fl_live *live = arg;
	for (fl_live_sub *sub; (sub = take_ready(live));) {
		if (!sub->left && sub->count) {
			fl_change change = sub->pending[sub->first];
			sub->first = (sub->first + 1) % PENDING_MAX;
			sub->count--;
			execute(sub, &change);
		}
		sub->queued = false;
		if (sub->left)
			free_sub(sub);
		else if (sub->count)
			put_ready(sub);
	}
	if (--live->workers == 0 && live->idle)
		fl_wake(live->idle, FL_OK);
}

static void miss(fl_live_sub *sub)
{
	sub->count = 0;
	sub->deliver(sub->arg, (fl_str){});
}

static void push(fl_live_sub *sub, const fl_change *change)
{
	fl_live *live = sub->live;
	if (sub->count == PENDING_MAX) {
		miss(sub);
		return;
	}
	sub->pending[(sub->first + sub->count++) % PENDING_MAX] = *change;
	if (!sub->queued)
		put_ready(sub);
	if (live->workers == WORKERS_MAX || !live->ready)
		return;
	live->workers++;
	if (fl_go(live->loop, work, live) == FL_OK)
		return;
	if (--live->workers == 0)
		miss(sub); /* nobody would come for it */
}

/* ---- from Redis ---- */

static int kind_of(fl_str type)
{
	if (fl_str_eq(type, fl_str_z(FL_EVENT_REPORT_CREATED)))
		return FL_API_DAMAGE_REPORT_CHANGE_KIND_CREATED;
	if (fl_str_eq(type, fl_str_z(FL_EVENT_REPORT_ASSESSED)))
		return FL_API_DAMAGE_REPORT_CHANGE_KIND_ASSESSED;
	return fl_str_eq(type, fl_str_z(FL_EVENT_REPORT_UPDATED)) ? FL_API_DAMAGE_REPORT_CHANGE_KIND_UPDATED : 0;
}

static bool read_change(fl_str message, fl_change *out)
{
	fl_arena mem = fl_arena_make(1 << 20);
	const fl_json *json;
	bool ok = fl_json_parse(&mem, message, &json, NULL) == FL_OK &&
		  fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("id")), FL_STR("")), &out->event_id) &&
		  fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("report")), FL_STR("")), &out->report_id);
	if (ok) {
		out->kind = kind_of(fl_json_str(fl_json_get(json, FL_STR("type")), FL_STR("")));
		out->vehicle_id = (int32_t)fl_json_int(fl_json_get(json, FL_STR("vehicle")), 0);
		out->at = fl_json_int(fl_json_get(json, FL_STR("at")), 0);
	}
	fl_arena_fini(&mem);
	return ok && out->kind;
}

static bool concerns(const fl_live_sub *sub, int32_t tenant_id, const fl_change *change)
{
	return sub->caller.tenant_id == tenant_id && sub->created == (change->kind == FL_API_DAMAGE_REPORT_CHANGE_KIND_CREATED) &&
	       (!sub->vehicle_id || sub->vehicle_id == change->vehicle_id) &&
	       (!sub->has_report || fl_uuid_eq(sub->report_id, change->report_id));
}

static void on_message(void *arg, fl_str pattern, fl_str channel, fl_str message)
{
	fl_live *live = arg;
	fl_change change = {};
	int32_t tenant_id;
	fl_str prefix = fl_str_z(FL_CHANNEL_EVENTS);
	if (!fl_str_starts(channel, prefix) || !fl_str_i32(fl_str_slice(channel, prefix.len, channel.len), &tenant_id) ||
	    !read_change(message, &change))
		return;
	for (fl_live_sub *sub = live->buckets[(uint32_t)tenant_id % BUCKETS]; sub; sub = sub->next)
		if (concerns(sub, tenant_id, &change))
			push(sub, &change);
}

static void on_gap(void *arg)
{
	fl_live *live = arg;
	for (size_t i = 0; i < BUCKETS; i++)
		for (fl_live_sub *sub = live->buckets[i]; sub; sub = sub->next)
			miss(sub);
}

/* ---- life ---- */

fl_err fl_live_new(fl_loop *loop, fl_services *services, unsigned subscriptions_max, fl_live **out)
{
	fl_live *live = calloc(1, sizeof(*live));
	if (!live)
		return FL_NOMEM;
	*live = (fl_live){ .loop = loop, .services = services, .max = subscriptions_max };
	live->ready_last = &live->ready;
	const fl_redis_sub_opts opts = { .url = fl_str_z(services->redis_url), .on_message = on_message, .on_gap = on_gap, .arg = live };
	fl_err err = fl_redis_sub_open(loop, &opts, NULL, &live->redis);
	if (err) {
		free(live);
		return err;
	}
	*out = live;
	return FL_OK;
}

bool await_live_close(fl_ctx *ctx, fl_live *live)
{
	fl_wait idle;
	fl_ctx patient;
	fl_err err = FL_OK;
	if (!live)
		return true;
	assert(live->count == 0);
	fl_redis_sub_close(live->redis);
	fl_ctx_detach(&patient, ctx, EVENT_TIMEOUT_US);
	fl_wait_init(&idle);
	live->idle = &idle;
	if (live->workers)
		err = await_wait(&patient, &idle);
	fl_ctx_fini(&patient);
	live->idle = NULL;
	if (err != FL_OK) {
		fl_error("subscriptions: %u did not end in time", live->workers);
		return false;
	}
	for (fl_live_sub *sub; (sub = take_ready(live));)
		free_sub(sub);
	free(live);
	return true;
}

static fl_err read_arguments(fl_ctx *ctx, fl_live_sub *sub)
{
	const fl_gql_field *field = fl_gql_source_field(sub->source);
	sub->created = strcmp(fl_gql_field_name(field), "damageReportCreated") == 0;
	const fl_gql_value *value = fl_gql_arg(field, sub->created ? "vehicleId" : "reportId");
	if (!fl_gql_given(value))
		return FL_OK;
	if (sub->created)
		return fl_api_id(ctx, "vehicleId", value, &sub->vehicle_id);
	sub->has_report = true;
	return fl_api_uuid(ctx, "reportId", value, &sub->report_id);
}

/* Whatever is committed from here on is heard: a client that pings after it subscribed and reads after the pong misses
 * nothing. *listening false: Redis is away. */
static fl_err await_listening(fl_ctx *ctx, fl_live *live, bool *listening)
{
	fl_ctx soon;
	fl_ctx_derive(&soon, ctx, READY_TIMEOUT_US);
	*listening = await_redis_sub_ready(&soon, live->redis) == FL_OK;
	fl_ctx_fini(&soon);
	return *listening ? FL_OK : fl_ctx_check(ctx);
}

static fl_err start(fl_ctx *ctx, fl_live_sub *sub, bool *listening)
{
	char name[48];
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(read_arguments(ctx, sub));
	if (sub->live->count >= sub->live->max)
		return fl_fail(&ctx->diag, FL_TOO_MANY, "this server follows %u subscriptions already", sub->live->max);
	FL_TRY(fl_redis_sub_add(sub->live->redis, channel_of(name, ctx->caller.tenant_id)));
	fl_err err = await_listening(ctx, sub->live, listening);
	if (err)
		fl_redis_sub_remove(sub->live->redis, channel_of(name, ctx->caller.tenant_id));
	return err;
}

fl_err fl_live_follow(fl_ctx *ctx, fl_live *live, fl_gql_source *source, fl_live_deliver deliver, void *arg, fl_live_sub **out)
{
	fl_live_sub *sub = calloc(1, sizeof(*sub));
	if (!sub) {
		fl_gql_source_free(source);
		return FL_NOMEM;
	}
	*sub = (fl_live_sub){ .live = live, .source = source, .caller = ctx->caller, .deliver = deliver, .arg = arg };
	size_t len = FL_MIN(ctx->caller.name.len, sizeof(sub->caller_name));
	if (len)
		memcpy(sub->caller_name, ctx->caller.name.ptr, len);
	sub->caller.name = (fl_str){ sub->caller_name, len };
	bool listening = false;
	fl_err err = start(ctx, sub, &listening);
	if (err) {
		free_sub(sub);
		return err;
	}
	sub->link = &live->buckets[(uint32_t)sub->caller.tenant_id % BUCKETS];
	sub->next = *sub->link;
	if (sub->next)
		sub->next->link = &sub->next;
	*sub->link = sub;
	live->count++;
	*out = sub;
	if (!listening)
		miss(sub);
	return FL_OK;
}

void fl_live_leave(fl_live_sub *sub)
{
	char name[48];
	if (!sub)
		return;
	*sub->link = sub->next;
	if (sub->next)
		sub->next->link = sub->link;
	sub->live->count--;
	fl_redis_sub_remove(sub->live->redis, channel_of(name, sub->caller.tenant_id));
	sub->left = true;
	if (sub->executing)
		fl_ctx_cancel(sub->executing);
	if (!sub->queued)
		free_sub(sub);
}
