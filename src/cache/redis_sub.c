/* The subscriber: a table of names with counts, and one coroutine that keeps a connection up and tells it all
 * names again after each loss. */
#include <stdlib.h>

#include "cache/redis_int.h"

struct name {
	struct name *next;
	uint64_t hash;
	uint32_t count;
	bool pattern;
	size_t len;
	char text[];
};

/* Waits until Redis has confirmed as many subscriptions as had been asked for. */
struct ready_waiter {
	fl_wait wait;
	struct ready_waiter *next;
	uint64_t target;
};

struct fl_redis_sub {
	fl_redis_link link;
	fl_redis_sub_opts opts;
	fl_ctx ctx; /* of the keeper */
	fl_arena mem;
	struct name **buckets;
	size_t bucket_count, name_count;
	uint64_t seed;
	uint64_t asked,
		confirmed; /* (un)subscriptions since the start; what a loss cut off counts as confirmed */
	uint64_t gap_until;          /* confirmed subscriptions after which the gap is over; 0: no gap */
	struct ready_waiter *ready;
	fl_wait *keeper;             /* where the keeper waits for a loss, for work or for the end */
	bool keeping, closed, was_connected;
};

/* ---- Names ---- */

static struct name **find(fl_redis_sub *sub, fl_str text, bool pattern)
{
	uint64_t hash = fl_hash(text.ptr, text.len, sub->seed + pattern);
	struct name **at = &sub->buckets[hash & (sub->bucket_count - 1)];

	while (*at && !((*at)->hash == hash && (*at)->pattern == pattern &&
			fl_str_eq(text, fl_str_make((*at)->text, (*at)->len))))
		at = &(*at)->next;
	return at;
}

static bool grow(fl_redis_sub *sub)
{
	size_t count = sub->bucket_count ? sub->bucket_count * 2 : 64;
	struct name **buckets = calloc(count, sizeof *buckets);

	if (!buckets)
		return false;
	for (size_t i = 0; i < sub->bucket_count; i++)
		for (struct name *n = sub->buckets[i], *next; n; n = next) {
			next = n->next;
			n->next = buckets[n->hash & (count - 1)];
			buckets[n->hash & (count - 1)] = n;
		}
	free(sub->buckets);
	sub->buckets = buckets;
	sub->bucket_count = count;
	return true;
}

/* ---- Telling Redis ---- */

static void tell(fl_redis_sub *sub, fl_str command, fl_str name)
{
	if (!sub->link.open)
		return; /* all names are told when there is a connection */
	sub->asked++;
	if (!fl_redis_link_add(&sub->link, 2, (fl_str[]){ command, name })) {
		/* It would never be said again: start over. */
		fl_redis_link_close(&sub->link);
		if (sub->keeper)
			fl_wake(sub->keeper, FL_CLOSED);
	}
}

static void check_ready(fl_redis_sub *sub)
{
	if (sub->gap_until && sub->confirmed >= sub->gap_until) {
		sub->gap_until = 0;
		if (sub->opts.on_gap)
			sub->opts.on_gap(sub->opts.arg);
	}
	for (struct ready_waiter *w = sub->ready; w; w = w->next)
		if (sub->confirmed >= w->target)
			fl_wake(&w->wait, FL_OK);
}

/* A fresh connection knows nothing: every name once more, and whoever waits, waits for all of them. */
static void tell_all(fl_redis_sub *sub)
{
	sub->confirmed = sub->asked;
	for (size_t i = 0; i < sub->bucket_count && sub->link.open; i++)
		for (struct name *n = sub->buckets[i]; n; n = n->next)
			tell(sub, n->pattern ? FL_STR("PSUBSCRIBE") : FL_STR("SUBSCRIBE"),
			     fl_str_make(n->text, n->len));
	for (struct ready_waiter *w = sub->ready; w; w = w->next)
		w->target = sub->asked;
	if (sub->was_connected)
		sub->gap_until = FL_MAX(sub->asked, 1);
	sub->was_connected = true;
	check_ready(sub);
}

/* ---- Hearing from Redis ---- */

static void on_reply(void *arg, const fl_redis_reply *reply)
{
	fl_redis_sub *sub = arg;

	if (reply->type == FL_REDIS_ERROR) {
		fl_warn("redis: subscription refused: %" FL_FMT, FL_ARG(reply->str));
		sub->confirmed++;
		check_ready(sub);
		return;
	}
	if (reply->type != FL_REDIS_ARRAY || reply->count < 3)
		return; /* the answer to a ping */
	const fl_redis_reply *items = reply->items;
	if (fl_str_eq(items[0].str, FL_STR("message"))) {
		sub->opts.on_message(sub->opts.arg, FL_STR(""), items[1].str, items[2].str);
	} else if (fl_str_eq(items[0].str, FL_STR("pmessage")) && reply->count == 4) {
		sub->opts.on_message(sub->opts.arg, items[1].str, items[2].str, items[3].str);
	} else {
		sub->confirmed++;
		check_ready(sub);
	}
}

static void on_lost(void *arg)
{
	fl_redis_sub *sub = arg;

	fl_warn("redis: subscriptions lost their connection");
	if (sub->keeper)
		fl_wake(sub->keeper, FL_CLOSED);
}

/* ---- The keeper ---- */

/* Until the connection is lost (FL_CLOSED), silent for too long (FL_TIMEOUT), or we are closed
 * (FL_CANCELLED). */
static fl_err await_loss(fl_redis_sub *sub)
{
	bool asked = false;

	while (sub->link.open) {
		uint64_t before = sub->link.bytes_in;
		fl_wait w;
		fl_wait_init(&w);
		sub->keeper = &w;
		fl_err err =
			await_wait_until(&sub->ctx, &w, fl_loop_now_us(sub->link.loop) + sub->opts.ping_us);
		sub->keeper = NULL;
		if (err != FL_TIMEOUT)
			return err;
		bool silent = sub->link.bytes_in == before;
		if (silent && asked)
			return FL_TIMEOUT;
		asked = silent;
		if (silent && sub->link.open &&
		    !fl_redis_link_add(&sub->link, 1, (fl_str[]){ FL_STR("PING") }))
			return FL_BUSY;
	}
	return FL_CLOSED;
}

static void finish(fl_redis_sub *sub)
{
	fl_ctx_fini(&sub->ctx);
	fl_redis_link_fini(&sub->link);
	for (size_t i = 0; i < sub->bucket_count; i++)
		for (struct name *n = sub->buckets[i], *next; n; n = next) {
			next = n->next;
			free(n);
		}
	free(sub->buckets);
	fl_arena_fini(&sub->mem);
	free(sub);
}

static void keep(void *arg)
{
	fl_redis_sub *sub = arg;
	int64_t pause_us = 0;

	while (!sub->closed) {
		fl_ctx attempt;
		fl_ctx_derive(&attempt, &sub->ctx, FL_SECOND_US);
		fl_err err = await_redis_link_open(&attempt, &sub->link);
		if (err != FL_OK && pause_us == 0 && !sub->closed)
			fl_warn("redis: cannot subscribe: %s", fl_diag_text(&attempt.diag, err));
		fl_ctx_fini(&attempt);
		fl_arena_reset(&sub->mem);
		if (err == FL_OK) {
			pause_us = 0;
			tell_all(sub);
			err = await_loss(sub);
			fl_redis_link_close(&sub->link);
		}
		if (await_sleep(&sub->ctx, fl_redis_backoff(&pause_us, sub->opts.backoff_us_max)) != FL_OK)
			break;
	}
	finish(sub);
}

/* ---- Doors ---- */

static fl_err add(fl_redis_sub *sub, fl_str text, bool pattern)
{
	struct name **at = find(sub, text, pattern);

	if (*at) {
		(*at)->count++;
		return FL_OK;
	}
	if (sub->name_count >= sub->opts.channels_max)
		return FL_LIMIT;
	if (sub->name_count >= sub->bucket_count && grow(sub))
		at = find(sub, text, pattern);
	struct name *n = malloc(sizeof *n + text.len);
	if (!n)
		return FL_NOMEM;
	*n = (struct name){ .hash = fl_hash(text.ptr, text.len, sub->seed + pattern),
			    .count = 1,
			    .pattern = pattern,
			    .len = text.len };
	memcpy(n->text, text.ptr, text.len);
	*at = n;
	sub->name_count++;
	if (!sub->keeping) {
		fl_err err = fl_go(sub->link.loop, keep, sub);
		if (err != FL_OK) {
			*at = NULL;
			free(n);
			sub->name_count--;
			return err;
		}
		sub->keeping = true;
	}
	tell(sub, pattern ? FL_STR("PSUBSCRIBE") : FL_STR("SUBSCRIBE"), text);
	return FL_OK;
}

static void drop(fl_redis_sub *sub, fl_str text, bool pattern)
{
	struct name **at = find(sub, text, pattern), *n = *at;

	assert(n && "removed more often than added");
	if (--n->count > 0)
		return;
	tell(sub, pattern ? FL_STR("PUNSUBSCRIBE") : FL_STR("UNSUBSCRIBE"), text);
	*at = n->next;
	free(n);
	sub->name_count--;
}

fl_err fl_redis_sub_add(fl_redis_sub *sub, fl_str channel)
{
	return add(sub, channel, false);
}

void fl_redis_sub_remove(fl_redis_sub *sub, fl_str channel)
{
	drop(sub, channel, false);
}

fl_err fl_redis_sub_add_pattern(fl_redis_sub *sub, fl_str pattern)
{
	return add(sub, pattern, true);
}

void fl_redis_sub_remove_pattern(fl_redis_sub *sub, fl_str pattern)
{
	drop(sub, pattern, true);
}

bool fl_redis_sub_connected(const fl_redis_sub *sub)
{
	return sub->link.open;
}

fl_err await_redis_sub_ready(fl_ctx *ctx, fl_redis_sub *sub)
{
	struct ready_waiter w = { .target = sub->link.open ? sub->asked : UINT64_MAX };

	if (sub->name_count == 0 || sub->confirmed >= w.target)
		return FL_OK;
	fl_wait_init(&w.wait);
	w.next = sub->ready;
	sub->ready = &w;
	fl_err err = await_wait(ctx, &w.wait);
	if (err == FL_CLOSED) /* the subscriber is gone */
		return err;
	struct ready_waiter **at = &sub->ready;
	while (*at && *at != &w)
		at = &(*at)->next;
	if (*at)
		*at = w.next;
	return err;
}

fl_err fl_redis_sub_open(fl_loop *loop, const fl_redis_sub_opts *opts, fl_diag *diag, fl_redis_sub **out)
{
	fl_redis_sub *sub = calloc(1, sizeof *sub);

	if (!sub)
		return FL_NOMEM;
	fl_err err = fl_redis_url_parse(opts->url, &sub->link.url, diag);
	if (err == FL_OK && !grow(sub))
		err = FL_NOMEM;
	if (err != FL_OK) {
		free(sub);
		return err;
	}
	sub->opts = *opts;
	sub->opts.url = (fl_str){};
	if (!sub->opts.channels_max)
		sub->opts.channels_max = 65536;
	if (!sub->opts.backoff_us_max)
		sub->opts.backoff_us_max = 2 * FL_SECOND_US;
	if (!sub->opts.ping_us)
		sub->opts.ping_us = 15 * FL_SECOND_US;
	fl_random(&sub->seed, sizeof sub->seed);
	sub->mem = fl_arena_make(1 << 20);
	fl_ctx_init(&sub->ctx, loop, &sub->mem);
	fl_redis_link_init(&sub->link, loop, 16 << 20);
	sub->link.on_reply = on_reply;
	sub->link.on_lost = on_lost;
	sub->link.arg = sub;
	*out = sub;
	return FL_OK;
}

void fl_redis_sub_close(fl_redis_sub *sub)
{
	if (!sub)
		return;
	sub->closed = true;
	for (struct ready_waiter *w = sub->ready; w; w = w->next)
		fl_wake(&w->wait, FL_CLOSED);
	sub->ready = NULL;
	if (sub->keeping)
		fl_ctx_cancel(&sub->ctx); /* the keeper frees */
	else
		finish(sub);
}
