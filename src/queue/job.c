/* The steps of a job's life, one statement each. */
#include "queue/queue.h"

static const fl_sql ADD = { .name = "job_add", .write = true,
	.text = "SELECT job_add($1::int2, $2::jsonb, $3::int2, $4::text, $5::int8 * interval '1 microsecond', $6::int2)" };
static const fl_sql CLAIM = { .name = "job_claim", .write = true,
	.text = "SELECT id, tenant_id, attempts, max_attempts, created_at, payload FROM job_claim($1::int2, $2::int8, $3::int4, $4::int8 * interval '1 microsecond')" };
static const fl_sql HEARTBEAT = { .name = "job_heartbeat", .write = true,
	.text = "SELECT job_heartbeat($1::int8, $2::int8, $3::int2, $4::int8 * interval '1 microsecond')" };
static const fl_sql DONE = { .name = "job_done", .write = true, .text = "SELECT job_done($1::int8, $2::int8, $3::int2)" };
static const fl_sql ALL_DONE = { .name = "jobs_done", .write = true, .text = "SELECT jobs_done($1::int8[], $2::int8, $3::int2[])" };
static const fl_sql FAIL = { .name = "job_fail", .write = true, .text = "SELECT job_fail($1::int8, $2::int8, $3::int2, $4::text, $5::bool)" };
static const fl_sql RELEASE = { .name = "job_release", .write = true, .text = "SELECT job_release($1::int8, $2::int8, $3::int2)" };
static const fl_sql SWEEP = { .name = "job_sweep", .write = true, .text = "SELECT job_sweep()" };
static const fl_sql DEPTH = { .name = "job_depth", .text = "SELECT ready, leased, dead, oldest_s FROM job_depth($1::int2)" };

fl_stmt fl_job_add(fl_arena *mem, const fl_job_new *job)
{
	fl_args *args = fl_new(mem, fl_args);
	static const fl_args FULL = { .err = FL_NOMEM };

	if (!args)
		return (fl_stmt){ &ADD, &FULL, NULL };
	*args = fl_args_make(mem);
	fl_arg_i16(args, (int16_t)job->queue);
	fl_arg_jsonb(args, job->payload);
	fl_arg_i16(args, (int16_t)(job->priority ? job->priority : 5));
	fl_arg_text(args, job->dedupe);
	fl_arg_i64(args, job->delay_us);
	fl_arg_i16(args, (int16_t)(job->attempts_max ? job->attempts_max : 5));
	return (fl_stmt){ &ADD, args, NULL };
}

static fl_args lease_of(fl_ctx *ctx, const fl_job *job)
{
	fl_args args = fl_args_make(ctx->mem);

	fl_arg_i64(&args, job->id);
	fl_arg_i64(&args, job->worker);
	fl_arg_i16(&args, (int16_t)job->attempt);
	return args;
}

/* The answer is one boolean: whether the lease was still ours. */
static fl_err was_ours(fl_ctx *ctx, const fl_rows *rows)
{
	bool ours = fl_row_bool(rows, 0, 0);

	fl_rows_free(rows);
	return ours ? FL_OK : fl_fail(&ctx->diag, FL_CONFLICT, "the job's lease was lost");
}

fl_err await_job_claim(fl_ctx *ctx, fl_db *db, fl_queue_id queue, int64_t worker, int count_max, int64_t lease_us, fl_job **out, int *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_job *jobs;

	fl_arg_i16(&args, (int16_t)queue);
	fl_arg_i64(&args, worker);
	fl_arg_i32(&args, count_max);
	fl_arg_i64(&args, lease_us);
	FL_TRY(await_query(ctx, db, &CLAIM, &args, &rows));
	jobs = fl_new_array(ctx->mem, fl_job, (size_t)FL_MAX(rows->count, 1));
	if (!jobs)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		jobs[i] = (fl_job){
			.id = fl_row_i64(rows, i, 0),
			.tenant_id = fl_row_i32(rows, i, 1),
			.queue = queue,
			.attempt = fl_row_i16(rows, i, 2),
			.attempts_max = fl_row_i16(rows, i, 3),
			.created_us = fl_row_time(rows, i, 4),
			.payload = fl_row_jsonb(rows, i, 5),
			.worker = worker,
		};
	*out = jobs;
	*count = rows->count;
	return FL_OK;
}

fl_err await_job_heartbeat(fl_ctx *ctx, fl_db *db, const fl_job *job, int64_t lease_us)
{
	fl_args args = lease_of(ctx, job);
	const fl_rows *rows;

	fl_arg_i64(&args, lease_us);
	FL_TRY(await_query(ctx, db, &HEARTBEAT, &args, &rows));
	return was_ours(ctx, rows);
}

static void mark_ours(const fl_rows *rows, fl_job *const *jobs, int count, bool *ours)
{
	for (int i = 0; i < count; i++) {
		ours[i] = false;
		for (int k = 0; k < rows->count && !ours[i]; k++)
			ours[i] = fl_row_i64(rows, k, 0) == jobs[i]->id;
	}
}

fl_err await_jobs_done(fl_ctx *ctx, fl_db *db, fl_job *const *jobs, int count, bool *ours)
{
	fl_args args = fl_args_make(ctx->mem);
	int64_t *ids = fl_new_array(ctx->mem, int64_t, (size_t)count);
	int16_t *attempts = fl_new_array(ctx->mem, int16_t, (size_t)count);
	const fl_rows *rows;

	assert(count > 0);
	if (!ids || !attempts)
		return FL_NOMEM;
	for (int i = 0; i < count; i++) {
		assert(jobs[i]->worker == jobs[0]->worker);
		ids[i] = jobs[i]->id;
		attempts[i] = (int16_t)jobs[i]->attempt;
	}
	fl_arg_i64s(&args, ids, (size_t)count);
	fl_arg_i64(&args, jobs[0]->worker);
	fl_arg_i16s(&args, attempts, (size_t)count);
	FL_TRY(await_query(ctx, db, &ALL_DONE, &args, &rows));
	mark_ours(rows, jobs, count, ours);
	fl_rows_free(rows);
	return FL_OK;
}

fl_err await_job_commit(fl_ctx *ctx, fl_tx *tx, fl_job *job)
{
	fl_args args = lease_of(ctx, job);
	const fl_rows *rows;
	fl_err err = await_tx_query(ctx, tx, &DONE, &args, &rows);

	if (err == FL_OK)
		err = was_ours(ctx, rows);
	if (err != FL_OK) {
		fl_tx_end(tx);
		return err;
	}
	FL_TRY(await_commit(ctx, tx));
	job->finished = true;
	return FL_OK;
}

fl_err await_job_fail(fl_ctx *ctx, fl_db *db, const fl_job *job, fl_str why)
{
	fl_args args = lease_of(ctx, job);
	const fl_rows *rows;

	fl_arg_text(&args, why);
	fl_arg_bool(&args, job->final);
	FL_TRY(await_query(ctx, db, &FAIL, &args, &rows));
	return was_ours(ctx, rows);
}

fl_err await_job_release(fl_ctx *ctx, fl_db *db, const fl_job *job)
{
	fl_args args = lease_of(ctx, job);
	const fl_rows *rows;

	FL_TRY(await_query(ctx, db, &RELEASE, &args, &rows));
	return was_ours(ctx, rows);
}

fl_err await_job_sweep(fl_ctx *ctx, fl_db *db, int64_t *moved)
{
	const fl_rows *rows;

	FL_TRY(await_query(ctx, db, &SWEEP, NULL, &rows));
	*moved = fl_row_i64(rows, 0, 0);
	return FL_OK;
}

fl_err await_job_depth(fl_ctx *ctx, fl_db *db, fl_queue_id queue, fl_job_depth *out)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;

	fl_arg_i16(&args, (int16_t)queue);
	FL_TRY(await_query(ctx, db, &DEPTH, &args, &rows));
	*out = (fl_job_depth){ .ready = fl_row_i64(rows, 0, 0), .leased = fl_row_i64(rows, 0, 1), .dead = fl_row_i64(rows, 0, 2),
		.oldest_s = fl_row_f8(rows, 0, 3) };
	return FL_OK;
}
