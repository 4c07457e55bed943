/* What client and subscriber share: one connection that speaks RESP. */
#ifndef FL_REDIS_INT_H
#define FL_REDIS_INT_H

#include <hiredis/read.h>
#include <sys/uio.h>

#include "cache/redis.h"

enum {
	REDIS_REPLY_BYTES_MAX = 256 << 20, /* one reply */
	REDIS_BACKOFF_FIRST_US = 10000,
};

typedef struct fl_redis_url {
	char address[FL_ADDRESS_MAX + 8]; /* for await_connect */
	char user[64], password[256];
	int db;
} fl_redis_url;

fl_err fl_redis_url_parse(fl_str url, fl_redis_url *out, fl_diag *diag);

/* An open connection calls on_reply for each reply and on_lost once when it breaks (not when we close it). */
typedef struct fl_redis_link {
	fl_loop *loop;
	fl_redis_url url;
	fl_stream *stream; /* NULL: not open */
	redisReader *reader;
	fl_arena parsed;   /* of the reply being read */
	fl_buf out, sending;
	struct iovec iov;  /* of what is being sent */
	bool open, writing; /* open: past the handshake */
	fl_defer flush;
	uint64_t writes, bytes_in;
	void (*on_reply)(void *arg, const fl_redis_reply *reply);
	void (*on_lost)(void *arg);
	void *arg;
} fl_redis_link;

void fl_redis_link_init(fl_redis_link *link, fl_loop *loop, size_t bytes_max);
void fl_redis_link_fini(fl_redis_link *link);
/* Connects, authenticates, selects, and asks whether it is ready. FL_UNAVAILABLE, FL_TIMEOUT,
 * FL_CANCELLED. */
fl_err await_redis_link_open(fl_ctx *ctx, fl_redis_link *link);
/* Forgets what was not sent. */
void fl_redis_link_close(fl_redis_link *link);
/* Queues a command for the end of the turn; false: bytes_max. */
bool fl_redis_link_add(fl_redis_link *link, int argc, const fl_str *argv);

/* The next pause, and the longer one after it; with jitter, so that a thousand clients do not come back at
 * once. */
int64_t fl_redis_backoff(int64_t *pause_us, int64_t max_us);

#endif
