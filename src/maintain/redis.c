/* Redis: INFO, read in a loop of its own for the length of one command. */
#include "cache/redis.h"
#include "io/io.h"
#include "maintain/maintain_int.h"

typedef struct asking {
	const char *url;
	fl_arena *mem;
	fl_str info;
	fl_diag *diag;
} asking;

static fl_err ask(fl_ctx *ctx, void *arg)
{
	asking *a = arg;
	fl_redis *redis;
	fl_redis_reply reply;

	FL_TRY(fl_redis_open(ctx->loop, &(fl_redis_opts) { .url = fl_str_z(a->url) }, a->diag, &redis));
	fl_err err = await_redis(ctx, redis, &reply, 1, (fl_str[]) { FL_STR("INFO") });
	if (err == FL_OK)
		a->info = fl_str_dup(a->mem, reply.str);
	else
		*a->diag = ctx->diag;
	fl_redis_close(redis);
	return err;
}

/* "name:value\r\n"; 0 where it is not. */
static double value_of(fl_str info, const char *name)
{
	while (info.len) {
		fl_str value, found = fl_str_cut(fl_str_cut(info, '\n', &info), ':', &value);
		double number;
		if (fl_str_eq(found, fl_str_z(name)) && fl_str_f64(fl_str_trim(value), &number))
			return number;
	}
	return 0;
}

static void read_info(fl_maintain *m, fl_str info)
{
	double hits = value_of(info, "keyspace_hits"), misses = value_of(info, "keyspace_misses"), most = value_of(info, "maxmemory");

	fl_found(m, FL_FIND_REDIS_AWAY, 0, FL_STR(""));
	if (hits + misses < 1000)
		fl_found_unknown(m, FL_FIND_REDIS_HITS, "too few keys were asked for to say");
	else
		fl_found(m, FL_FIND_REDIS_HITS, 100 * hits / (hits + misses), fl_str_fmt(m->mem, "of %.0f", hits + misses));
	fl_found(m, FL_FIND_REDIS_MEMORY, value_of(info, "used_memory"), most > 0 ? fl_str_fmt(m->mem, "of %.0f MB", most / (1 << 20)) : FL_STR("without a limit"));
	fl_found(m, FL_FIND_REDIS_EVICTED, value_of(info, "evicted_keys"), FL_STR("since it started"));
}

void fl_maintain_redis(fl_maintain *m)
{
	fl_diag diag = { 0 };
	asking a = { .url = m->opts->redis_url, .mem = m->mem, .diag = &diag };
	fl_loop *loop;

	if (!a.url || !a.url[0])
		return;
	fl_err err = fl_loop_new(&(fl_loop_opts) { 0 }, &loop);
	if (err == FL_OK) {
		err = fl_loop_run_task(loop, 5 * FL_SECOND_US, ask, &a);
		fl_loop_free(loop);
	}
	if (err == FL_OK)
		read_info(m, a.info);
	else
		fl_found(m, FL_FIND_REDIS_AWAY, 1, fl_str_fmt(m->mem, "%s", fl_diag_text(&diag, err)));
}
