/* The runner: one coroutine claims, one for each job runs, one for each job in flight keeps the lease.
 *
 *   claimer: sweep now and then -> claim up to the free places -> start -> sleep until poked, a place is free, or poll_us
 *   runner:  handler in a ctx of its own; beside it a heartbeat; then done, failed or released */
#include <stdlib.h>

#include "queue/queue.h"

enum { SWEEP_EVERY_US = 5000000, STEP_TIMEOUT_US = 15000000, LOOP_ARENA_MAX = 4 << 20 };

typedef struct run {
	struct run *next;
	fl_runner *runner;
	fl_job job;
	fl_arena mem;
	fl_ctx ctx;       /* the handler's */
	fl_ctx beat_ctx;  /* the heartbeat's */
	fl_wait beat_ended, *beat_waiter;
	bool beating, lost;
	struct run *ended_next; /* among those that wait to be acknowledged */
	fl_wait acknowledged;
	bool told;
	fl_err answer;
} run;

struct fl_runner {
	fl_loop *loop;
	fl_runner_opts opts;
	int64_t id;
	run *runs;
	run *ended, **ended_last; /* done, and not yet acknowledged; oldest first */
	bool telling;             /* an acknowledgement is under way */
	fl_runner_stats stats;
	int64_t swept_us;
	fl_ctx ctx; /* the claimer's */
	fl_arena mem;
	fl_wait *sleeping;
	fl_wait *stopper; /* whoever waits in await_runner_stop */
	bool poked, stopping, claimer_ended, releasing;
};

static void wake_claimer(fl_runner *w)
{
	w->poked = true;
	if (w->sleeping)
		fl_wake(w->sleeping, FL_OK);
	w->sleeping = NULL;
}

static void wake_stopper(fl_runner *w)
{
	if (w->stopper && w->stats.running == 0 && w->claimer_ended) {
		fl_wake(w->stopper, FL_OK);
		w->stopper = NULL;
	}
}

void fl_runner_poke(fl_runner *w)
{
	wake_claimer(w);
}

/* ---- One job ---- */

static void beat(void *arg)
{
	run *r = arg;
	const fl_runner_opts *o = &r->runner->opts;

	while (await_sleep(&r->beat_ctx, o->lease_us / 3) == FL_OK) {
		fl_arena scratch = fl_arena_make(1 << 16), *kept = r->beat_ctx.mem;
		fl_err err;

		r->beat_ctx.mem = &scratch;
		err = await_job_heartbeat(&r->beat_ctx, o->db, &r->job, o->lease_us);
		r->beat_ctx.mem = kept;
		fl_arena_fini(&scratch);
		if (err == FL_CONFLICT) { /* somebody else may have the job by now */
			r->lost = true;
			fl_ctx_cancel(&r->ctx);
			break;
		}
	}
	r->beating = false;
	if (r->beat_waiter)
		fl_wake(r->beat_waiter, FL_OK);
}

static void stop_beating(run *r, fl_ctx *ctx)
{
	fl_ctx_cancel(&r->beat_ctx);
	if (r->beating) {
		fl_wait_init(&r->beat_ended);
		r->beat_waiter = &r->beat_ended;
		/* Cancelled, so its waits end at once; ctx has a deadline that only a bug can reach. */
		fl_err err = await_wait(ctx, &r->beat_ended);
		assert(err == FL_OK && !r->beating);
	}
	fl_ctx_fini(&r->beat_ctx);
}

/* ---- Acknowledging: whoever finds nobody doing it does it for all that have ended by then ---- */

static fl_err await_tell(fl_runner *w, fl_ctx *ctx, run *ended, int count)
{
	fl_job **jobs = fl_new_array(ctx->mem, fl_job *, (size_t)count);
	bool *ours = fl_new_array(ctx->mem, bool, (size_t)count);
	int i = 0;

	if (!jobs || !ours)
		return FL_NOMEM;
	for (run *r = ended; r; r = r->ended_next)
		jobs[i++] = &r->job;
	FL_TRY(await_jobs_done(ctx, w->opts.db, jobs, count, ours));
	i = 0;
	for (run *r = ended; r; r = r->ended_next)
		r->answer = ours[i++] ? FL_OK : FL_CONFLICT;
	return FL_OK;
}

static void tell_all(fl_runner *w, fl_ctx *ctx)
{
	run *ended = w->ended, *next;
	int count = 0;

	w->ended = NULL;
	for (run *r = ended; r; r = r->ended_next)
		count++;
	w->telling = true;
	fl_err err = await_tell(w, ctx, ended, count);
	w->telling = false;
	for (run *r = ended; r; r = next) {
		next = r->ended_next;
		r->answer = err == FL_OK ? r->answer : err;
		r->told = true;
		fl_wake(&r->acknowledged, FL_OK);
	}
	if (w->ended) /* the oldest of those that came meanwhile goes on */
		fl_wake(&w->ended->acknowledged, FL_OK);
}

/* The statement has its deadline; whoever waits for one that another has sent waits as long as that one does. */
static fl_err acknowledge(run *r, fl_ctx *ctx)
{
	fl_runner *w = r->runner;
	fl_ctx patient;

	if (!w->ended)
		w->ended_last = &w->ended;
	*w->ended_last = r;
	w->ended_last = &r->ended_next;
	fl_ctx_detach(&patient, ctx, FL_NEVER);
	while (!r->told) {
		fl_wait_init(&r->acknowledged);
		if (!w->telling) {
			tell_all(w, ctx);
			continue;
		}
		fl_err err = await_wait(&patient, &r->acknowledged);
		assert(err == FL_OK);
	}
	fl_ctx_fini(&patient);
	return r->answer;
}

/* Tells the queue how it ended. Nothing to tell when the handler did, or when the lease is gone. */
static fl_err settle(run *r, fl_ctx *ctx, fl_err err)
{
	fl_runner *w = r->runner;

	if (r->job.finished || r->lost)
		return FL_OK;
	if (err == FL_OK)
		return acknowledge(r, ctx);
	if (w->releasing)
		return await_job_release(ctx, w->opts.db, &r->job);
	return await_job_fail(ctx, w->opts.db, &r->job, fl_str_z(fl_diag_text(&r->ctx.diag, err)));
}

static void count(run *r, fl_err err, fl_err settled)
{
	fl_runner_stats *s = &r->runner->stats;

	if (r->lost || settled == FL_CONFLICT || err == FL_CONFLICT)
		s->lost++;
	else if (err == FL_OK)
		s->done++;
	else if (r->runner->releasing)
		s->released++;
	else
		s->failed++;
	if (err != FL_OK && !r->runner->releasing && !r->lost)
		fl_warn("queue: job %lld of queue %d, attempt %d of %d: %s", (long long)r->job.id, (int)r->job.queue, r->job.attempt,
		        r->job.attempts_max, fl_diag_text(&r->ctx.diag, err));
	if (settled != FL_OK && settled != FL_CONFLICT)
		fl_warn("queue: job %lld could not be settled (%s); it runs again when its lease ends", (long long)r->job.id, fl_err_name(settled));
}

static void unlink_run(run *r)
{
	run **at = &r->runner->runs;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
}

static void work(void *arg)
{
	run *r = arg;
	fl_runner *w = r->runner;
	fl_ctx end;
	fl_err err, settled;

	r->beating = true;
	if (fl_go(w->loop, beat, r) != FL_OK)
		r->beating = false; /* no stack left: the job has one lease's time */
	err = w->opts.handle(&r->ctx, &r->job, w->opts.arg);
	fl_ctx_detach(&end, &r->ctx, STEP_TIMEOUT_US);
	stop_beating(r, &end);
	settled = settle(r, &end, err);
	count(r, err, settled);
	fl_ctx_fini(&end);
	fl_ctx_fini(&r->ctx);
	fl_arena_fini(&r->mem);
	unlink_run(r);
	free(r);
	w->stats.running--;
	wake_claimer(w); /* a place is free */
	wake_stopper(w);
}

static bool start(fl_runner *w, const fl_job *job)
{
	run *r = calloc(1, sizeof *r);

	if (!r)
		return false;
	r->runner = w;
	r->job = *job;
	r->mem = fl_arena_make(w->opts.arena_max);
	r->job.payload = fl_str_dup(&r->mem, job->payload);
	fl_ctx_init(&r->ctx, w->loop, &r->mem);
	r->ctx.deadline_us = fl_loop_now_us(w->loop) + w->opts.job_timeout_us;
	r->ctx.caller = (fl_caller){ .tenant_id = job->tenant_id, .role = FL_ROLE_SYSTEM, .name = FL_STR("worker") };
	r->ctx.services = w->opts.services;
	fl_ctx_init(&r->beat_ctx, w->loop, &r->mem);
	r->next = w->runs;
	w->runs = r;
	w->stats.running++;
	if (r->job.payload.ptr && fl_go(w->loop, work, r) == FL_OK)
		return true;
	unlink_run(r);
	w->stats.running--;
	fl_ctx_fini(&r->beat_ctx);
	fl_ctx_fini(&r->ctx);
	fl_arena_fini(&r->mem);
	free(r);
	return false;
}

/* ---- The claimer ---- */

static void sweep(fl_runner *w)
{
	int64_t moved;

	if (fl_loop_now_us(w->loop) - w->swept_us < SWEEP_EVERY_US)
		return;
	w->swept_us = fl_loop_now_us(w->loop);
	if (await_job_sweep(&w->ctx, w->opts.db, &moved) == FL_OK && moved > 0)
		fl_warn("queue: %lld jobs lost their worker", (long long)moved);
}

/* True when it filled every free place: there may be more. */
static bool claim(fl_runner *w)
{
	int places = w->opts.concurrency - w->stats.running, n = 0;
	fl_job *jobs;

	if (places <= 0 || w->stopping)
		return false;
	if (await_job_claim(&w->ctx, w->opts.db, w->opts.queue, w->id, places, w->opts.lease_us, &jobs, &n) != FL_OK)
		return false;
	for (int i = 0; i < n; i++) {
		fl_err err;

		if (!w->stopping && start(w, &jobs[i]))
			continue;
		err = await_job_release(&w->ctx, w->opts.db, &jobs[i]);
		if (err != FL_OK)
			fl_warn("queue: job %lld stays leased: %s", (long long)jobs[i].id, fl_err_name(err));
	}
	return n == places;
}

static void claimer_sleep(fl_runner *w)
{
	fl_wait wait;

	if (w->poked || w->stopping)
		return;
	fl_wait_init(&wait);
	w->sleeping = &wait;
	if (await_wait_until(&w->ctx, &wait, fl_loop_now_us(w->loop) + w->opts.poll_us) != FL_OK)
		w->sleeping = NULL;
}

static void claimer(void *arg)
{
	fl_runner *w = arg;

	while (!w->stopping) {
		w->poked = false;
		w->ctx.deadline_us = fl_loop_now_us(w->loop) + STEP_TIMEOUT_US;
		sweep(w);
		w->poked |= claim(w) && w->stats.running < w->opts.concurrency;
		fl_arena_reset(&w->mem);
		w->ctx.deadline_us = FL_NEVER;
		claimer_sleep(w);
	}
	w->claimer_ended = true;
	wake_stopper(w);
}

/* ---- Lifecycle ---- */

static void set_defaults(fl_runner_opts *o)
{
	if (!o->concurrency)
		o->concurrency = 2;
	if (!o->lease_us)
		o->lease_us = FL_MINUTE_US;
	if (!o->poll_us)
		o->poll_us = FL_SECOND_US;
	if (!o->job_timeout_us)
		o->job_timeout_us = 5 * FL_MINUTE_US;
	if (!o->arena_max)
		o->arena_max = 64 << 20;
}

fl_err fl_runner_start(fl_loop *loop, const fl_runner_opts *opts, fl_runner **out)
{
	fl_runner *w = calloc(1, sizeof *w);
	fl_err err;

	if (!w)
		return FL_NOMEM;
	w->loop = loop;
	w->opts = *opts;
	set_defaults(&w->opts);
	fl_random(&w->id, sizeof w->id);
	w->mem = fl_arena_make(LOOP_ARENA_MAX);
	fl_ctx_init(&w->ctx, loop, &w->mem);
	err = fl_go(loop, claimer, w);
	if (err != FL_OK) {
		fl_ctx_fini(&w->ctx);
		fl_arena_fini(&w->mem);
		free(w);
		return err;
	}
	*out = w;
	return FL_OK;
}

static void wait_for_end(fl_runner *w, fl_ctx *ctx, int64_t timeout_us)
{
	fl_wait wait;
	fl_ctx own;

	if (w->stats.running == 0 && w->claimer_ended)
		return;
	fl_ctx_detach(&own, ctx, timeout_us);
	fl_wait_init(&wait);
	w->stopper = &wait;
	if (await_wait(&own, &wait) != FL_OK)
		w->stopper = NULL;
	fl_ctx_fini(&own);
}

void await_runner_stop(fl_ctx *ctx, fl_runner *w, int64_t grace_us)
{
	if (!w)
		return;
	w->stopping = true;
	wake_claimer(w);
	wait_for_end(w, ctx, grace_us);
	w->releasing = true;
	for (run *r = w->runs; r; r = r->next)
		fl_ctx_cancel(&r->ctx);
	while (w->stats.running > 0 || !w->claimer_ended)
		wait_for_end(w, ctx, STEP_TIMEOUT_US);
	fl_ctx_fini(&w->ctx);
	fl_arena_fini(&w->mem);
	free(w);
}

fl_runner_stats fl_runner_statistics(const fl_runner *w)
{
	return w->stats;
}
