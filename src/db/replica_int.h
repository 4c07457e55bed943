/* Inside replica.c and watch.c. */
#ifndef FL_DB_REPLICA_INT_H
#define FL_DB_REPLICA_INT_H

#include "db/db_int.h"

enum { FL_REPLICA_SAMPLES = 64 };

typedef struct fl_sample {
	uint64_t lsn;
	int64_t at_us;
} fl_sample;

/* A coroutine that asks one server again and again. */
typedef struct fl_watch {
	fl_db *db;                  /* the primary's */
	struct fl_replica *replica; /* NULL: it watches the primary */
	fl_ctx ctx;
	fl_arena mem;
	int silent; /* probes in a row without any answer */
	bool started, ended;
	fl_wait *closer;
} fl_watch;

typedef struct fl_replica {
	struct fl_replicas *all;
	fl_db *db;
	int index;
	char target[24];    /* as traces show it */
	uint64_t replayed;  /* at least; 0: not known */
	int proofs;         /* good probes in a row */
	int64_t chance_us, pause_us; /* when it may be asked for more than it is known to have, and the pause after the next failure */
	uint64_t picked;    /* in the order of picks: among equals the one that waited longest */
	fl_replica_stats stats;
	fl_watch watch;
} fl_replica;

typedef struct fl_replicas {
	fl_db *primary;
	int64_t lag_us;
	int64_t system;     /* of the primary; 0: not known */
	int32_t timeline;
	fl_sample samples[FL_REPLICA_SAMPLES];
	unsigned sampled;
	uint64_t picks, picks_looked_at, reads_of_primary;
	fl_watch watch;
	int count;
	fl_replica items[];
} fl_replicas;

/* Written by the loop's thread, read by any. */
static inline void publish(uint64_t *field, uint64_t value)
{
	__atomic_store_n(field, value, __ATOMIC_RELAXED);
}

/* replica.c */
void fl_replica_set(fl_replica *r, fl_replica_state state);
void fl_replica_refresh(fl_replica *r); /* what is fresh, after a sample or a replay */
bool fl_replica_is_fresh(const fl_replica *r);

/* watch.c: of a replica, or of the primary (replica NULL). */
FL_MUST fl_err fl_watch_start(fl_watch *w, fl_db *db, fl_replica *replica);
void await_watch_end(fl_ctx *ctx, fl_watch *w);

#endif
