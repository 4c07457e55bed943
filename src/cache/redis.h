/* redis: a Redis client on io's streams, a subscriber, and a private Redis server.
 *
 *	fl_redis *redis;
 *	FL_TRY(fl_redis_open(loop, &(fl_redis_opts){ .url = FL_STR("unix:/run/fleet/redis.sock") }, &redis));
 *	...                                                             // in a coroutine:
 *	fl_redis_reply reply;
 *	FL_TRY(await_redis(ctx, redis, &reply, 2, (fl_str[]){ FL_STR("GET"), key }));
 *	if (reply.type == FL_REDIS_STRING)
 *		use(reply.str);
 *
 * One client per loop. Commands that coroutines ask for in one turn of the loop leave in one write at its
 * end, and their replies come in order, so a wave of a hundred keys costs one round trip. The connection is
 * made at the first command and made again, with growing and jittered pauses, when it is lost.
 *
 * Redis away means FL_UNAVAILABLE at once, never a wait: while a connection attempt is under way commands
 * wait for it (bounded by connect_us_max and by ctx); between two attempts they fail without one. A command
 * that was sent when the connection broke fails with FL_UNAVAILABLE too: it may or may not have happened, and
 * only the caller knows whether it may be sent again.
 *
 * Threads: a client and a subscriber belong to their loop. Not here: TLS (a rediss: URL is
 * FL_UNSUPPORTED), Cluster. */
#ifndef FL_CACHE_REDIS_H
#define FL_CACHE_REDIS_H

#include "io/io.h"

/* ---- Commands ---- */

typedef struct fl_redis fl_redis;

/* Zero means the value in brackets. The strings are copied. */
typedef struct fl_redis_opts {
	fl_str url;              /* unix:/path, unix:/path?db=2, redis://[[user]:password@]host[:port][/db],
	                            redis+unix://[[user]:password@]/path[?db=2] */
	uint32_t in_flight_max;  /* commands sent and not answered [8192]; beyond it FL_BUSY */
	size_t bytes_max;        /* bytes not yet sent [64 MiB]; beyond it FL_BUSY */
	int64_t command_us_max;  /* deadline of a command, ctx's counts too [2 s] */
	int64_t connect_us_max;  /* one attempt [1 s] */
	int64_t backoff_us_max;  /* longest pause between attempts [2 s]; the first is 10 ms */
} fl_redis_opts;

/* FL_BAD_INPUT, FL_UNSUPPORTED: the url. Does not connect. diag may be NULL. */
FL_MUST fl_err fl_redis_open(fl_loop *loop, const fl_redis_opts *opts, fl_diag *diag, fl_redis **out);
/* Waiting commands fail with FL_CLOSED. NULL is fine. */
void fl_redis_close(fl_redis *redis);

typedef enum fl_redis_type {
	FL_REDIS_NIL,
	FL_REDIS_STRING,
	FL_REDIS_STATUS, /* "OK" in str */
	FL_REDIS_INTEGER,
	FL_REDIS_ARRAY,
	FL_REDIS_ERROR,  /* only inside arrays (of EXEC, of a batch); otherwise it is the fl_err */
} fl_redis_type;

typedef struct fl_redis_reply {
	fl_redis_type type;
	int64_t integer;
	fl_str str;                   /* strings, statuses, errors */
	struct fl_redis_reply *items; /* arrays */
	size_t count;
} fl_redis_reply;

/* Sends argv (argc strings, any bytes) and waits for its reply, which lives in ctx->mem. out may be NULL.
 * Errors: FL_UNAVAILABLE, FL_BUSY, FL_TIMEOUT, FL_CANCELLED, and what Redis answers: FL_BAD_INPUT with
 * Redis's sentence in ctx->diag (FL_UNAVAILABLE for LOADING, MASTERDOWN, OOM, READONLY; FL_NOT_FOUND for
 * NOSCRIPT). A command given up keeps its place in the pipeline; its reply is dropped when it comes. */
FL_MUST fl_err await_redis(fl_ctx *ctx, fl_redis *redis, fl_redis_reply *out, int argc, const fl_str *argv);

/* Sends and forgets: the reply is dropped, an error is counted. For pokes and writes whose loss costs only
 * speed. */
void fl_redis_send(fl_redis *redis, int argc, const fl_str *argv);

/* Small helpers. A value that is not there is *out with ptr NULL. ttl_us 0: none (it is rounded up to
 * milliseconds). */
FL_MUST fl_err await_redis_get(fl_ctx *ctx, fl_redis *redis, fl_str key, fl_str *out);
FL_MUST fl_err await_redis_mget(fl_ctx *ctx, fl_redis *redis, const fl_str *keys, size_t count, fl_str *out);
FL_MUST fl_err await_redis_set(fl_ctx *ctx, fl_redis *redis, fl_str key, fl_str value, int64_t ttl_us);
FL_MUST fl_err await_redis_del(fl_ctx *ctx, fl_redis *redis, fl_str key);
FL_MUST fl_err await_redis_incr(fl_ctx *ctx, fl_redis *redis, fl_str key, int64_t ttl_us, int64_t *out);
/* *receivers (may be NULL): subscribers that this Redis handed it to. */
FL_MUST fl_err await_redis_publish(fl_ctx *ctx, fl_redis *redis, fl_str channel, fl_str message,
                                   int64_t *receivers);
void fl_redis_publish(fl_redis *redis, fl_str channel, fl_str message); /* sends and forgets */

/* Runs a script by its SHA-1, sending the text only when this Redis does not know it yet. keys first, then
 * args. */
typedef struct fl_redis_script {
	fl_str text;
	char sha1[41]; /* set by fl_redis_script_init */
} fl_redis_script;

void fl_redis_script_init(fl_redis_script *script, fl_str text);
FL_MUST fl_err await_redis_script(fl_ctx *ctx, fl_redis *redis, const fl_redis_script *script, int key_count,
                                  int argc, const fl_str *argv, fl_redis_reply *out);

typedef struct fl_redis_stats {
	uint64_t commands, writes, failed, connects, dropped; /* dropped: forgotten commands that failed */
	uint32_t in_flight;
	bool connected;
} fl_redis_stats;

fl_redis_stats fl_redis_get_stats(const fl_redis *redis);

/* ---- Subscriptions ---- */

typedef struct fl_redis_sub fl_redis_sub;

typedef struct fl_redis_sub_opts {
	fl_str url;             /* as above */
	uint32_t channels_max;  /* channels and patterns [65536] */
	int64_t backoff_us_max; /* [2 s] */
	int64_t ping_us;        /* a silent connection is asked, and given up after as long again [15 s] */
	/* One message. pattern is empty for a plain subscription. The strings last until it returns. */
	void (*on_message)(void *arg, fl_str pattern, fl_str channel, fl_str message);
	/* All subscriptions are active again after a loss: messages in between were missed, so refetch.
	 * NULL: don't care. */
	void (*on_gap)(void *arg);
	void *arg;
} fl_redis_sub_opts;

/* Has its own connection, made at the first subscription and kept up until close. */
FL_MUST fl_err fl_redis_sub_open(fl_loop *loop, const fl_redis_sub_opts *opts, fl_diag *diag,
                                 fl_redis_sub **out);
void fl_redis_sub_close(fl_redis_sub *sub); /* NULL is fine; not from on_message */

/* Subscribing is counted: as many removals as additions end it. FL_LIMIT, FL_NOMEM. */
FL_MUST fl_err fl_redis_sub_add(fl_redis_sub *sub, fl_str channel);
void fl_redis_sub_remove(fl_redis_sub *sub, fl_str channel);
FL_MUST fl_err fl_redis_sub_add_pattern(fl_redis_sub *sub, fl_str pattern);
void fl_redis_sub_remove_pattern(fl_redis_sub *sub, fl_str pattern);
/* Until Redis has confirmed everything added so far: what is published from now on arrives. */
FL_MUST fl_err await_redis_sub_ready(fl_ctx *ctx, fl_redis_sub *sub);
bool fl_redis_sub_connected(const fl_redis_sub *sub);

/* ---- A private server ---- */

/* A Redis of our own: a unix socket in home/run (0700), data in home/redis, no port. It dies with the thread
 * that started it. Needs Debian's redis-tools only: its redis-check-rdb is the server under another name. */
typedef struct fl_redis_server fl_redis_server;

typedef struct fl_redis_server_opts {
	const char *home;       /* existing folder, absolute */
	const char *program;    /* [redis-server, or redis-check-rdb, in /usr/bin, /usr/local/bin] */
	uint32_t memory_mb;     /* [256], least recently used keys go first */
	bool keep;              /* append-only file, synced each second; otherwise nothing is written */
	bool drop;              /* run as uid, gid */
	uid_t uid;
	gid_t gid;
} fl_redis_server_opts;

/* Starts and waits until it answers. A server that is left from a crash of ours and still answers there is
 * stopped first. Errors: FL_NOT_FOUND (no program: the diag names the package), FL_UNAVAILABLE (it ended;
 * its last words in diag), FL_TIMEOUT. */
FL_MUST fl_err await_redis_server_start(fl_ctx *ctx, const fl_redis_server_opts *opts, fl_redis_server **out);
/* The "unix:..." url; lives as long as the server. */
fl_str fl_redis_server_url(const fl_redis_server *server);
pid_t fl_redis_server_pid(const fl_redis_server *server);
/* Its end, wanted or not; *status as await_child. */
FL_MUST fl_err await_redis_server_end(fl_ctx *ctx, fl_redis_server *server, int *status);
/* Saves and stops; killed after grace_us. Frees. NULL is fine. */
void await_redis_server_stop(fl_ctx *ctx, fl_redis_server *server, int64_t grace_us);

#endif
