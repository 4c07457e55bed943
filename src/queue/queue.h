/* queue: jobs in PostgreSQL, added in the transaction that makes them necessary, done at least once, acknowledged once.
 *
 *	const fl_stmt add = fl_job_add(ctx->mem, &(fl_job_new){ .queue = FL_QUEUE_ASSESS, .payload = json, .dedupe = id });
 *	... await_commit_with(ctx, &tx, &add, 1), then poke the workers (fleet:poke:jobs)
 *
 *	fl_runner_opts opts = { .db = worker_db, .queue = FL_QUEUE_ASSESS, .concurrency = 4, .handle = assess };
 *	FL_TRY(fl_runner_start(loop, &opts, &runner));
 *
 * A worker claims jobs (SKIP LOCKED, in batches), holds each by a lease that it renews, and runs handle in a coroutine with
 * a ctx and an arena of its own; ctx->caller is the job's company, role FL_ROLE_SYSTEM. A worker that dies loses its
 * leases: after lease_us the job runs elsewhere. A lease is named by worker and attempt, so whoever lost it can neither
 * finish nor fail the job: write the results and finish the job in one transaction (await_job_commit) and nothing is ever
 * done twice. Jobs that end while an acknowledgement is under way are acknowledged together.
 *
 *	ready --claim--> leased --done--> (deleted)
 *	  ^                | | '--lease ran out, attempts left--> ready
 *	  '----failed------' '--attempts spent or final--> jobs_dead
 *
 * Failed jobs wait 2^attempts seconds give or take a half, at most an hour. No NOTIFY: it costs a factor of 7 in the
 * transaction that files; call fl_runner_poke instead, a poll every second is the safety net.
 * Everything belongs to the loop of opts.db. */
#ifndef FL_QUEUE_H
#define FL_QUEUE_H

#include "db/db.h"

/* As in ref_code, kind queue. */
typedef enum fl_queue_id { FL_QUEUE_ASSESS = 1, FL_QUEUE_DELIVER = 5, FL_QUEUE_TRANSFER = 7 } fl_queue_id;

typedef struct fl_job_new {
	fl_queue_id queue;
	fl_str payload;       /* a JSON value */
	fl_str dedupe;        /* no second job of this company with this key while one waits or runs; ptr NULL: none */
	int priority;         /* 1 first to 9 last; 0: 5 */
	int attempts_max;     /* 0: 5 */
	int64_t delay_us;
} fl_job_new;

/* The statement that adds it for ctx->caller's company; put it into the transaction of its cause. Fields are borrowed. */
fl_stmt fl_job_add(fl_arena *mem, const fl_job_new *job);

typedef struct fl_job {
	int64_t id;
	int32_t tenant_id;
	fl_queue_id queue;
	int attempt, attempts_max; /* attempt counts from 1 */
	int64_t worker;
	int64_t created_us;
	fl_str payload;
	bool finished; /* set by await_job_commit: the worker has nothing to acknowledge */
	bool final;    /* set by a handler that fails and knows that no retry will help */
} fl_job;

/* Finishes the job and commits tx, or neither: FL_CONFLICT when the lease was lost meanwhile (tx is rolled back; drop the
 * results silently). tx must belong to a pool of role fleet_worker. */
FL_MUST fl_err await_job_commit(fl_ctx *ctx, fl_tx *tx, fl_job *job);

/* The steps by themselves, for a worker of another shape. */
FL_MUST fl_err await_job_claim(fl_ctx *ctx, fl_db *db, fl_queue_id queue, int64_t worker, int count_max, int64_t lease_us, fl_job **out, int *count);
FL_MUST fl_err await_job_heartbeat(fl_ctx *ctx, fl_db *db, const fl_job *job, int64_t lease_us); /* FL_CONFLICT: lost */
/* Of one worker; ours[i] tells whether the lease of jobs[i] was still its own. One statement, one commit. */
FL_MUST fl_err await_jobs_done(fl_ctx *ctx, fl_db *db, fl_job *const *jobs, int count, bool *ours);
FL_MUST fl_err await_job_fail(fl_ctx *ctx, fl_db *db, const fl_job *job, fl_str why);            /* FL_CONFLICT: lost */
FL_MUST fl_err await_job_release(fl_ctx *ctx, fl_db *db, const fl_job *job);                     /* the attempt does not count */
FL_MUST fl_err await_job_sweep(fl_ctx *ctx, fl_db *db, int64_t *moved);

typedef struct fl_job_depth {
	int64_t ready, leased, dead;
	double oldest_s; /* age of the oldest job that could run now */
} fl_job_depth;
FL_MUST fl_err await_job_depth(fl_ctx *ctx, fl_db *db, fl_queue_id queue, fl_job_depth *out);

typedef struct fl_runner fl_runner;

typedef struct fl_runner_opts {
	fl_db *db;                /* role fleet_worker */
	fl_queue_id queue;
	int concurrency;          /* 0: 2. Handlers at a time */
	int64_t lease_us;         /* 0: 60 s. Renewed every third of it */
	int64_t poll_us;          /* 0: 1 s */
	int64_t job_timeout_us;   /* 0: 5 min. The deadline of a handler's ctx */
	size_t arena_max;         /* 0: 64 MiB a job */
	struct fl_services *services;
	/* FL_OK: done. Any error: failed, with ctx->diag as the reason. When the lease is lost, ctx is cancelled. */
	fl_err (*handle)(fl_ctx *ctx, fl_job *job, void *arg);
	void *arg;
} fl_runner_opts;

FL_MUST fl_err fl_runner_start(fl_loop *loop, const fl_runner_opts *opts, fl_runner **out);
/* There may be work: look now. Cheap, may be called often. */
void fl_runner_poke(fl_runner *w);
/* Claims no more; waits up to grace_us for handlers, then cancels them; their jobs go back to ready. Frees. NULL is fine. */
void await_runner_stop(fl_ctx *ctx, fl_runner *w, int64_t grace_us);

typedef struct fl_runner_stats {
	uint64_t done, failed, lost, released;
	int running;
} fl_runner_stats;
fl_runner_stats fl_runner_statistics(const fl_runner *w);

#endif
