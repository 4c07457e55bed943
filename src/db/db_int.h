#ifndef FL_DB_INT_H
#define FL_DB_INT_H

#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/db.h"

#define FL_PG_EPOCH_US INT64_C(946684800000000) /* 2000-01-01: PostgreSQL counts from there */

void fl_put_be16(char *at, uint16_t v);
void fl_put_be32(char *at, uint32_t v);
void fl_put_be64(char *at, uint64_t v);

/* Takes result. */
FL_MUST fl_err fl_rows_wrap(fl_arena *mem, PGresult *result, const fl_rows **out);

fl_err fl_db_err_of(const char *sqlstate);
const char *fl_db_text_of(const char *sqlstate); /* NULL: the error's own sentence */
fl_err fl_db_err_from(const PGresult *result, fl_db_error *out);
fl_err fl_db_fail(fl_diag *diag, fl_err err, const char *sqlstate);

const char *fl_pg_attrs(const char *url); /* target_session_attrs */
int64_t fl_pg_memory_bytes(void);         /* the machine's, or what its control group allows */

/* ---- The pool ----
 *
 * fl_db
 *  |- waves being gathered in this turn, one a tenant (requests not sent yet)
 *  '- connections, each with a queue of units in flight, in the order sent:
 *       unit = [step, step, ..., Sync]; a step gives one result
 *
 * A request is one suspended caller with its statements. It is on the heap, because the caller may leave (deadline,
 * cancellation) before PostgreSQL has answered: then wait is NULL, and the request is freed with its unit. */

typedef struct fl_db_request {
	fl_ctx *ctx;                /* NULL: the caller left */
	fl_wait *wait;              /* NULL: the caller left, or has been woken */
	struct fl_db_request *next; /* in its wave, not yet sent */
	const fl_stmt *stmts;       /* the caller's; valid while wait is set */
	int32_t tenant_id;
	bool write, retried;
	bool quiet;                 /* our own: not counted, not told */
	uint64_t floor, before;     /* of a replica: what it must have replayed, and had before the statement ran; 0: not told */
	uint64_t seen;              /* the newest state that it may show; 0: not asked */
	uint64_t *tell;             /* gets seen, instead of the caller's view */
	bool aborted;               /* a step was skipped because another had failed */
	bool done;
	fl_err err;
	fl_db_error error;
	int64_t started_us;
	int count;
	PGresult *results[];
} fl_db_request;

typedef enum fl_step_kind {
	FL_STEP_PREPARE, /* of the request's statement */
	FL_STEP_SET,     /* the tenant and the plan mode of this transaction */
	FL_STEP_PLAN,    /* the plan mode from here */
	FL_STEP_STMT,    /* the request's statement */
	FL_STEP_BEFORE,  /* of a replica: which state the wave sees at least */
	FL_STEP_SEEN,    /* and at most */
	FL_STEP_BEGIN,
	FL_STEP_COMMIT,
	FL_STEP_ROLLBACK,
} fl_step_kind;

typedef struct fl_db_step {
	fl_step_kind kind;
	bool generic;           /* SET, PLAN */
	int32_t tenant_id;      /* SET */
	int index;              /* PREPARE, STMT: of the statement within its request */
	fl_db_request *request; /* PREPARE (only while sending), STMT */
	const fl_sql *sql;      /* PREPARE, STMT */
} fl_db_step;

typedef struct fl_db_unit {
	struct fl_db_unit *next;
	fl_db_request *owner; /* of a batch or a piece of a transaction: all or nothing; NULL: a wave of independent reads */
	int count, cap, cursor;
	fl_err err;           /* of the step that failed, or of the commit at Sync */
	fl_db_error error;
	uint64_t before, seen; /* LSN; 0: not asked */
	fl_db_step steps[];
} fl_db_unit;

typedef struct fl_db_conn {
	fl_db *db;
	PGconn *pg; /* NULL: down */
	fl_poll *poll;
	int events;
	fl_db_unit *first, *last;
	int in_flight;
	bool in_step; /* a result of the current step has been read, its NULL has not */
	uint64_t tx_serial; /* of the transaction that holds it; 0: free */
	const fl_sql **prepared; /* open addressing */
	size_t prepared_count, prepared_cap;
} fl_db_conn;

typedef struct fl_db_wave {
	struct fl_db_wave *next;
	int32_t tenant_id;
	bool alone; /* nobody may join */
	int count;
	fl_db_request *first, *last;
} fl_db_wave;

struct fl_db {
	fl_loop *loop;
	fl_db_opts opts;
	char *url, *role, *name;
	int count;
	fl_db_conn *conns;
	fl_db_wave *waves, *spare_waves;
	fl_defer flush;
	fl_gate tx_gate;
	uint64_t tx_serial;
	fl_db_error last_error;
	fl_db_stats stats;
	/* The coroutine that connects. */
	fl_ctx keeper_ctx;
	fl_arena keeper_mem;
	fl_wait *keeper_wait; /* set while it sleeps */
	bool closing, keeper_ended, keeper_hurried;
	fl_wait *ready_waiters[64]; /* coroutines in await_keeper_news */
	char why[256];              /* why the latest connect failed */
	struct fl_replicas *replicas; /* replica.c; NULL: none */
};

static inline bool fl_db_marks(const fl_db *db)
{
	return db->replicas || db->opts.self;
}

enum { FL_DB_WAVE_MAX = 64 };

/* conn.c */
typedef struct fl_conn_opening {
	const fl_db *db;
	PGconn *pg;
	char why[256];
} fl_conn_opening;
fl_err fl_conn_open(void *opening); /* blocking: on the pool */
FL_MUST fl_err fl_conn_attach(fl_db_conn *c, PGconn *pg);
void fl_conn_lost(fl_db_conn *c, const char *why);
fl_db_conn *fl_conn_pick(fl_db *db); /* NULL: all down or full */

/* unit.c: units are filled first and sent then. */
fl_db_unit *fl_unit_new(int cap);
fl_db_step *fl_unit_add(fl_db_unit *u, fl_step_kind kind);
/* SET or PLAN as needed, then the statements of r; *generic is the mode so far. */
void fl_unit_add_request(fl_db_unit *u, fl_db_request *r, bool *generic);
/* Prepares what is not prepared yet, sends the steps and Sync; takes u. A connection that fails takes its units with it. */
void fl_unit_send(fl_db_conn *c, fl_db_unit *u);
void fl_unit_finish(fl_db *db, fl_db_unit *u); /* after Sync, or after the connection was lost (u->err set) */
void fl_conn_read(fl_db_conn *c);

/* replica.c */
FL_MUST fl_err fl_replicas_open(fl_db *db, const fl_db_opts *opts);
void await_replicas_close(fl_ctx *ctx, fl_db *db);
/* Where ctx may read: a replica, or NULL for the primary. */
struct fl_replica *fl_replica_pick(fl_ctx *ctx, fl_db *db);
fl_db *fl_replica_db(struct fl_replica *replica);
/* Whether the primary has to be asked instead. */
extern const fl_db_error fl_replica_behind; /* it had not replayed what the caller must see: nothing was shown */
bool fl_replica_failed(fl_ctx *ctx, struct fl_replica *replica, fl_err err);
void fl_replica_replayed(struct fl_replica *replica, uint64_t lsn);
void fl_replicas_doubt(fl_db *db); /* a new connection to the primary: it may be another one */
void fl_replica_lost(struct fl_replica *replica); /* a connection: what it had replayed counts no more */

/* mark.c */
void fl_view_saw(fl_ctx *ctx, fl_db *db, uint64_t lsn);
/* After a commit, in the same write to the socket: how far it lies in the log. */
typedef struct fl_mark {
	bool wanted;
	fl_db_request *request; /* NULL: not asked */
	uint64_t lsn;
	fl_wait wait;
} fl_mark;
void fl_mark_ask(fl_ctx *ctx, fl_db_conn *c, fl_mark *mark);
/* err: what came of the write. */
void fl_mark_take(fl_ctx *ctx, fl_db *db, fl_mark *mark, fl_err err);

/* wave.c */
FL_MUST fl_err fl_request_new(fl_ctx *ctx, const fl_stmt *stmts, int count, fl_db_request **out);
void fl_request_free(fl_db_request *r);
void fl_request_finish(fl_db *db, fl_db_request *r); /* wakes its caller, or frees it */
void fl_request_gather(fl_db *db, fl_db_request *r); /* into the wave of its tenant */
/* Waits for the request and hands the results over; frees it. */
FL_MUST fl_err fl_request_await(fl_ctx *ctx, fl_db *db, fl_db_request *r);
/* Answers all requests of a wave. */
void fl_wave_fail(fl_db *db, fl_db_wave *w, fl_err err);
void fl_waves_flush(void *db); /* sends what was gathered: a deferred call of the loop */

/* pool.c */
FL_MUST fl_err fl_db_away(fl_ctx *ctx, const fl_db *db); /* why there is no connection: FL_UNAVAILABLE or FL_BUSY */
FL_MUST fl_err await_statements_quietly(fl_ctx *ctx, fl_db *db, const fl_stmt *stmts, int count); /* not counted, not told */

/* keeper.c */
void fl_db_keep(void *db); /* the keeper's coroutine */
void fl_db_wake_keeper(fl_db *db);
void fl_db_hurry_keeper(fl_db *db); /* and its pauses begin anew: connecting may succeed now */
FL_MUST fl_err await_keeper_news(fl_ctx *ctx, fl_db *db); /* until a connection came up, or the keeper ended */

#endif
