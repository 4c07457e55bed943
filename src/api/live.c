/* Live subscriptions of one loop: who follows what. Redis hands over committed events; each group of subscriptions that an
 * event concerns executes its selection once, as its own caller, one event after the other.
 *
 *	Redis fleet:events:<tenant> --> on_message --> each group of the tenant: filter --> its queue --.
 *	                 every sub of it <-- deliver <-- execute <-- WORKERS_MAX coroutines <-- ready line <-'
 *
 * When Redis or the database was away, or a group is slower than its events, something was missed: deliver is told so
 * (a text without pointer) and the transport makes the client connect and read again. Nothing is ever left out silently. */
#include "api/guests_int.h"
#include "api/live_int.h"
#include "fleet/closed.h"

#include <stdlib.h>

#define EVENT_TIMEOUT_US (10 * FL_SECOND_US)
#define READY_TIMEOUT_US FL_SECOND_US

/* ---- from Redis ---- */

static bool concerns(const fl_live_group *group, const fl_live_event *event)
{
	const fl_live_filter *filter = &group->filter;
	const fl_change *change = &event->change;
	return group->caller.tenant_id == event->tenant_id && fl_live_topic_tells(filter->topic, change->type) &&
	       (!filter->vehicle_id || filter->vehicle_id == change->vehicle_id) &&
	       (!filter->has_report || fl_uuid_eq(filter->report_id, change->report_id));
}

static void login_closed(fl_live *live)
{
	fl_closed_poke(live->services);
	if (live->services->api) /* else this loop only begins */
		fl_api_guests_look(live->services->api);
}

static void on_message(void *arg, fl_str pattern, fl_str channel, fl_str message)
{
	fl_live *live = arg;
	if (fl_str_eq(channel, FL_STR(FL_CHANNEL_POKE_LOGINS))) {
		login_closed(live);
		return;
	}
	fl_live_event *event = fl_live_event_new(channel, message);
	if (!event)
		return;
	fl_live_count(&live->stats.events, 1);
	for (fl_live_group *group = live->buckets[(uint32_t)event->tenant_id % FL_LIVE_BUCKETS]; group; group = group->next)
		if (concerns(group, event))
			fl_live_push(group, event);
	fl_live_event_put(event);
}

static void on_gap(void *arg)
{
	fl_live *live = arg;
	login_closed(live); /* that may have been missed too */
	for (size_t i = 0; i < FL_LIVE_BUCKETS; i++)
		for (fl_live_group *group = live->buckets[i]; group; group = group->next)
			fl_live_miss(group);
}

/* ---- life ---- */

fl_err fl_live_new(fl_loop *loop, fl_services *services, unsigned subscriptions_max, fl_live **out)
{
	fl_live *live = calloc(1, sizeof(*live));
	if (!live)
		return FL_NOMEM;
	*live = (fl_live) { .loop = loop, .services = services, .max = subscriptions_max };
	live->ready_last = &live->ready;
	const fl_redis_sub_opts opts = {
		.url = fl_str_z(services->redis_url), .on_message = on_message, .on_gap = on_gap, .arg = live
	};
	fl_err err = fl_redis_sub_open(loop, &opts, NULL, &live->redis);
	if (err == FL_OK)
		err = fl_redis_sub_add(live->redis, FL_STR(FL_CHANNEL_POKE_LOGINS));
	if (err) {
		fl_redis_sub_close(live->redis);
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
	assert(live->stats.subscriptions == 0);
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
	for (fl_live_group *group; (group = fl_live_take_ready(live));)
		fl_live_group_free(group);
	free(live);
	return true;
}

fl_live_stats fl_live_statistics(const fl_live *live)
{
	const uint64_t *from = (const uint64_t *)&live->stats;
	fl_live_stats out;
	_Static_assert(sizeof(out) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(out) / sizeof(uint64_t); i++)
		((uint64_t *)&out)[i] = __atomic_load_n(from + i, __ATOMIC_RELAXED);
	return out;
}

/* ---- following ---- */

static fl_err read_filter(fl_ctx *ctx, const fl_gql_source *source, fl_live_filter *out)
{
	const fl_gql_field *field = fl_gql_source_field(source);
	*out = (fl_live_filter) { .topic = fl_live_topic_of(fl_gql_field_name(field)) };
	const char *vehicle = out->topic->vehicle_arg, *report = out->topic->report_arg;
	if (vehicle && fl_gql_given(fl_gql_arg(field, vehicle)))
		FL_TRY(fl_api_id(ctx, vehicle, fl_gql_arg(field, vehicle), &out->vehicle_id));
	if (report && fl_gql_given(fl_gql_arg(field, report))) {
		FL_TRY(fl_api_uuid(ctx, report, fl_gql_arg(field, report), &out->report_id));
		out->has_report = true;
	}
	return FL_OK;
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

static fl_live_group *find_group(fl_live *live, const fl_caller *caller, const fl_gql_source *source)
{
	uint64_t hash = fl_gql_source_hash(source);
	fl_live_group *group = live->buckets[(uint32_t)caller->tenant_id % FL_LIVE_BUCKETS];
	while (group &&
		(group->hash != hash || !fl_gql_source_same(group->source, source) || !fl_sees_alike(&group->caller, caller)))
		group = group->next;
	return group;
}

/* Takes source. */
static fl_live_group *make_group(fl_live *live, const fl_caller *caller, fl_gql_source *source, const fl_live_filter *filter)
{
	fl_live_group *group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	*group = (fl_live_group) {
		.live = live, .source = source, .hash = fl_gql_source_hash(source), .filter = *filter, .caller = *caller
	};
	size_t len = FL_MIN(caller->name.len, sizeof(group->caller_name));
	if (len)
		memcpy(group->caller_name, caller->name.ptr, len);
	group->caller.name = (fl_str) { group->caller_name, len };
	group->caller.client = (fl_str){}; /* it lives with the request */
	group->link = &live->buckets[(uint32_t)caller->tenant_id % FL_LIVE_BUCKETS];
	group->next = *group->link;
	if (group->next)
		group->next->link = &group->next;
	*group->link = group;
	fl_live_count(&live->stats.groups, 1);
	return group;
}

/* Into the group of those who are answered alike, or a new one. Takes source in either case. */
static fl_err join(fl_live *live, const fl_caller *caller, fl_gql_source *source, const fl_live_filter *filter, fl_live_sub *sub)
{
	fl_live_group *group = find_group(live, caller, source);
	if (group)
		fl_gql_source_free(source);
	else
		group = make_group(live, caller, source, filter);
	if (!group) {
		fl_gql_source_free(source);
		return FL_NOMEM;
	}
	sub->group = group;
	sub->next = group->subs;
	sub->link = &group->subs;
	if (sub->next)
		sub->next->link = &sub->next;
	group->subs = sub;
	return FL_OK;
}

static fl_err start(fl_ctx *ctx, fl_live *live, const fl_gql_source *source, fl_live_filter *filter, bool *listening)
{
	char name[48];
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(read_filter(ctx, source, filter));
	if (live->stats.subscriptions >= live->max)
		return fl_fail(&ctx->diag, FL_TOO_MANY, "this server follows %u subscriptions already", live->max);
	FL_TRY(fl_redis_sub_add(live->redis, fl_live_channel(name, ctx->caller.tenant_id)));
	fl_live_count(&live->stats.subscriptions, 1);
	fl_err err = await_listening(ctx, live, listening);
	if (err == FL_OK)
		return FL_OK;
	fl_live_count(&live->stats.subscriptions, -1);
	fl_redis_sub_remove(live->redis, fl_live_channel(name, ctx->caller.tenant_id));
	return err;
}

fl_err fl_live_follow(fl_ctx *ctx, fl_live *live, fl_gql_source *source, fl_live_deliver deliver, void *arg, fl_live_sub **out)
{
	char name[48];
	fl_live_filter filter;
	bool listening = false;
	fl_live_sub *sub = calloc(1, sizeof(*sub));
	fl_err err = sub ? start(ctx, live, source, &filter, &listening) : FL_NOMEM;
	if (err) {
		fl_gql_source_free(source);
		free(sub);
		return err;
	}
	*sub = (fl_live_sub) { .deliver = deliver, .arg = arg };
	err = join(live, &ctx->caller, source, &filter, sub);
	if (err) {
		fl_live_count(&live->stats.subscriptions, -1);
		fl_redis_sub_remove(live->redis, fl_live_channel(name, ctx->caller.tenant_id));
		free(sub);
		return err;
	}
	*out = sub;
	if (!listening) {
		sub->missed = true;
		deliver(arg, (fl_str) {});
	}
	return FL_OK;
}

static void leave_group(fl_live_group *group)
{
	*group->link = group->next;
	if (group->next)
		group->next->link = group->link;
	fl_live_count(&group->live->stats.groups, -1);
	fl_live_miss(group); /* nobody is left to be told: drops what waits */
	group->left = true;
	if (group->executing)
		fl_ctx_cancel(group->executing);
	if (!group->queued)
		fl_live_group_free(group);
}

void fl_live_leave(fl_live_sub *sub)
{
	char name[48];
	if (!sub)
		return;
	fl_live_group *group = sub->group;
	if (group->telling == sub)
		group->telling = sub->next;
	*sub->link = sub->next;
	if (sub->next)
		sub->next->link = sub->link;
	fl_live_count(&group->live->stats.subscriptions, -1);
	fl_redis_sub_remove(group->live->redis, fl_live_channel(name, group->caller.tenant_id));
	free(sub);
	if (!group->subs)
		leave_group(group);
}
