/* Inside live*.c: an event, a group of subscriptions that are answered together, and one subscription.
 *
 *	fl_live ─ bucket of a tenant ─ group ─ sub ─ sub ─ sub      same document, variables, and callers who see alike
 *	                               │ ring of events             not yet executed
 *	                               '- ready line ─ WORKERS_MAX coroutines: execute once, deliver to every sub
 */
#ifndef FL_LIVE_INT_H
#define FL_LIVE_INT_H

#include "api/api_int.h"

enum { FL_LIVE_BUCKETS = 1024 };

/* Shared by the groups that it waits in. */
typedef struct fl_live_event {
	unsigned refs;
	fl_arena mem; /* of change.data */
	fl_change change;
	int32_t tenant_id;
	fl_gate asking; /* one at a time asks for the audience */
	bool audience_known;
	fl_audience audience;
} fl_live_event;

/* What a subscription's arguments say. */
typedef struct fl_live_filter {
	const fl_live_topic *topic;
	int32_t vehicle_id; /* 0: any */
	bool has_report;
	fl_uuid report_id;
} fl_live_filter;

typedef struct fl_live_group {
	fl_live *live;
	struct fl_live_group *next, **link; /* in its bucket */
	fl_gql_source *source;
	uint64_t hash; /* of source */
	fl_live_filter filter;
	fl_caller caller;
	char caller_name[204];
	fl_live_sub *subs, *telling; /* telling: who is next while an answer goes round */
	fl_live_event **ring;
	unsigned cap, first, count;
	struct fl_live_group *ready_next;
	fl_ctx *executing; /* for the event under way; NULL: none */
	bool queued, left; /* queued: stands in the ready line or executes; left: nobody follows, freed at the end of it */
} fl_live_group;

struct fl_live_sub {
	fl_live_group *group;
	fl_live_sub *next, **link;
	fl_live_deliver deliver;
	void *arg;
	bool missed; /* was told so: hears no more */
};

struct fl_live {
	fl_loop *loop;
	fl_services *services;
	fl_redis_sub *redis;
	fl_live_group *buckets[FL_LIVE_BUCKETS]; /* by tenant */
	unsigned max;
	fl_live_stats stats;
	fl_live_group *ready, **ready_last;
	unsigned workers;
	fl_wait *idle; /* who waits for the last worker's end */
};

/* Counters are written by the loop's thread and read by any. */
static inline void fl_live_count(uint64_t *counter, int by)
{
	__atomic_store_n(counter, *counter + (uint64_t)(int64_t)by, __ATOMIC_RELAXED);
}

/* live_event.c: from a message of Redis; NULL: it is none that anybody may follow, or there is no memory. */
fl_live_event *fl_live_event_new(fl_str channel, fl_str message);
void fl_live_event_put(fl_live_event *event);
/* The channel of a company's events, in out. */
fl_str fl_live_channel(char out[48], int32_t tenant_id);

/* live_work.c */
/* Queues the event; the group's subscriptions get its answer, or are told that they missed it. */
void fl_live_push(fl_live_group *group, fl_live_event *event);
/* Tells all of the group that something was missed; what waits is dropped. */
void fl_live_miss(fl_live_group *group);
void fl_live_group_free(fl_live_group *group);
fl_live_group *fl_live_take_ready(fl_live *live);

#endif
