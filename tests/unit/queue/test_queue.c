/* The queue against a real PostgreSQL: nothing twice, nothing lost. */
#include "pg_fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "queue/queue.h"

#include <cmocka.h>

static pg_fixture fx;

typedef fl_err test_fn(fl_ctx *ctx, fl_db *app, fl_db *worker);

static fl_err play(fl_ctx *ctx, void *arg)
{
	test_fn **fn = arg;
	fl_db *app, *worker;
	fl_err err;

	ctx->caller.tenant_id = 1;
	(void)pg_fixture_sql(&fx, "DELETE FROM jobs; DELETE FROM jobs_dead");
	FL_TRY(fl_db_open(ctx->loop, &(fl_db_opts){ .url = fx.url, .role = "fleet_app", .name = "app", .connections = 2 }, &app));
	FL_TRY(fl_db_open(ctx->loop, &(fl_db_opts){ .url = fx.url, .role = "fleet_worker", .name = "worker", .connections = 4 }, &worker));
	FL_TRY(await_db_ready(ctx, app));
	FL_TRY(await_db_ready(ctx, worker));
	err = (*fn)(ctx, app, worker);
	if (err != FL_OK)
		print_message("%s: %s\n", fl_err_name(err), ctx->diag.text);
	await_db_close(ctx, app);
	await_db_close(ctx, worker);
	return err;
}

static void run(test_fn *fn)
{
	fl_loop *loop;

	assert_int_equal(fl_loop_new(&(fl_loop_opts){}, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, 60 * FL_SECOND_US, play, &fn), FL_OK);
	assert_int_equal(fl_loop_coroutines(loop), 0);
	fl_loop_free(loop);
}

static fl_err add(fl_ctx *ctx, fl_db *app, int n, const char *dedupe)
{
	fl_job_new job = { .queue = FL_QUEUE_ASSESS, .payload = fl_str_fmt(ctx->mem, "{\"n\": %d}", n), .attempts_max = 3 };
	fl_stmt stmt;

	if (dedupe)
		job.dedupe = fl_str_z(dedupe);
	stmt = fl_job_add(ctx->mem, &job);
	return await_statements(ctx, app, &stmt, 1);
}

static int64_t left(const char *table)
{
	char sql[80];
	int64_t n = -1;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	assert_true(fl_str_i64(fl_str_z(pg_fixture_sql(&fx, sql)), &n));
	return n;
}

static fl_err acknowledge(fl_ctx *ctx, fl_db *db, fl_job *job)
{
	bool ours = false;

	FL_TRY(await_jobs_done(ctx, db, &job, 1, &ours));
	return ours ? FL_OK : FL_CONFLICT;
}

static fl_err steps(fl_ctx *ctx, fl_db *app, fl_db *db)
{
	fl_job *jobs, *again;
	fl_job_depth depth;
	int n;

	FL_TRY(add(ctx, app, 1, "a"));
	FL_TRY(add(ctx, app, 2, "a")); /* waits already */
	FL_TRY(add(ctx, app, 3, NULL));
	assert_int_equal(left("jobs"), 2);
	FL_TRY(await_job_depth(ctx, db, FL_QUEUE_ASSESS, &depth));
	assert_int_equal(depth.ready, 2);
	FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 1, FL_MINUTE_US, &jobs, &n));
	assert_int_equal(n, 1);
	assert_int_equal(jobs[0].tenant_id, 1);
	assert_int_equal(jobs[0].attempt, 1);
	assert_true(fl_str_eq(jobs[0].payload, FL_STR("{\"n\": 1}")));
	FL_TRY(await_job_heartbeat(ctx, db, &jobs[0], FL_MINUTE_US));
	fl_job stranger = jobs[0];
	stranger.worker = 8;
	assert_int_equal(await_job_heartbeat(ctx, db, &stranger, FL_MINUTE_US), FL_CONFLICT);
	assert_int_equal(acknowledge(ctx, db, &stranger), FL_CONFLICT);
	assert_int_equal(await_job_fail(ctx, db, &stranger, FL_STR("no")), FL_CONFLICT);
	FL_TRY(acknowledge(ctx, db, &jobs[0]));
	assert_int_equal(acknowledge(ctx, db, &jobs[0]), FL_CONFLICT);
	/* A failed one comes back later, a released one at once and without counting. */
	FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 5, FL_MINUTE_US, &jobs, &n));
	assert_int_equal(n, 1);
	FL_TRY(await_job_release(ctx, db, &jobs[0]));
	FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 5, FL_MINUTE_US, &again, &n));
	assert_int_equal(n, 1);
	assert_int_equal(again[0].attempt, 1);
	FL_TRY(await_job_fail(ctx, db, &again[0], FL_STR("bad luck")));
	FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 5, FL_MINUTE_US, &jobs, &n));
	assert_int_equal(n, 0);
	for (int attempt = 2; attempt <= 3; attempt++) {
		(void)pg_fixture_sql(&fx, "UPDATE jobs SET run_at = now()");
		FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 5, FL_MINUTE_US, &jobs, &n));
		assert_int_equal(n, 1);
		assert_int_equal(jobs[0].attempt, attempt);
		FL_TRY(await_job_fail(ctx, db, &jobs[0], FL_STR("bad luck")));
	}
	assert_int_equal(left("jobs"), 0);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT last_error || attempts FROM jobs_dead"), "bad luck3");
	return FL_OK;
}

static void test_steps(void **state)
{
	run(steps);
}

/* Acknowledged together: only those whose lease is still ours, by worker and by attempt. */
static fl_err together(fl_ctx *ctx, fl_db *app, fl_db *db)
{
	fl_job *jobs, *ended[4];
	bool ours[4] = {};
	int64_t moved;
	int n;

	for (int i = 1; i <= 4; i++)
		FL_TRY(add(ctx, app, i, NULL));
	FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 4, FL_MINUTE_US, &jobs, &n));
	assert_int_equal(n, 4);
	(void)pg_fixture_sql(&fx, "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id = (SELECT min(id) FROM jobs)");
	FL_TRY(await_job_sweep(ctx, db, &moved));
	(void)pg_fixture_sql(&fx, "UPDATE jobs SET attempts = 2 WHERE id = (SELECT max(id) FROM jobs)");
	for (int i = 0; i < 4; i++)
		ended[i] = &jobs[i];
	FL_TRY(await_jobs_done(ctx, db, ended, 4, ours));
	assert_false(ours[0]);
	assert_true(ours[1] && ours[2]);
	assert_false(ours[3]);
	assert_int_equal(left("jobs"), 2);
	(void)pg_fixture_sql(&fx, "DELETE FROM jobs");
	return FL_OK;
}

static void test_together(void **state)
{
	run(together);
}

static fl_err expiry(fl_ctx *ctx, fl_db *app, fl_db *db)
{
	fl_job *first, *second;
	FL_AUTO_TX fl_tx tx = {};
	int64_t moved;
	int n;

	FL_TRY(add(ctx, app, 1, NULL));
	FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 1, 20000, &first, &n));
	FL_TRY(await_job_sweep(ctx, db, &moved));
	assert_int_equal(moved, 0);
	FL_TRY(await_sleep(ctx, 50000));
	FL_TRY(await_job_sweep(ctx, db, &moved));
	assert_int_equal(moved, 1);
	/* The same worker claims it anew: its first life may not finish it. */
	FL_TRY(await_job_claim(ctx, db, FL_QUEUE_ASSESS, 7, 1, FL_MINUTE_US, &second, &n));
	assert_int_equal(n, 1);
	FL_TRY(await_begin(ctx, db, &tx));
	assert_int_equal(await_job_commit(ctx, &tx, first), FL_CONFLICT);
	FL_TRY(await_begin(ctx, db, &tx));
	FL_TRY(await_job_commit(ctx, &tx, second));
	assert_true(second->finished);
	assert_int_equal(left("jobs"), 0);
	return FL_OK;
}

static void test_expiry(void **state)
{
	run(expiry);
}

/* ---- Workers ---- */

enum { JOBS = 400 };

typedef struct tally {
	int seen[JOBS], running, most, fail_first;
	fl_db *db;
} tally;

static fl_err handle(fl_ctx *ctx, fl_job *job, void *arg)
{
	tally *t = arg;
	const fl_json *body;
	int64_t n;

	FL_TRY(fl_json_parse(ctx->mem, job->payload, &body, &ctx->diag));
	n = fl_json_int(fl_json_get(body, FL_STR("n")), -1);
	assert(n >= 0 && n < JOBS && ctx->caller.tenant_id == 1);
	t->running++;
	t->most = FL_MAX(t->most, t->running);
	fl_err err = await_sleep(ctx, 1000);
	t->running--;
	FL_TRY(err);
	if (n % 50 == 0 && job->attempt == 1) {
		t->fail_first++;
		return fl_fail(&ctx->diag, FL_INTERNAL, "on purpose");
	}
	t->seen[n]++;
	return FL_OK;
}

static fl_err concurrency(fl_ctx *ctx, fl_db *app, fl_db *db)
{
	tally *t = fl_new(ctx->mem, tally);
	fl_runner *w[3];
	fl_runner_stats total = {};

	for (int i = 0; i < JOBS; i += 50) {
		fl_stmt stmts[50];
		for (int j = 0; j < 50; j++)
			stmts[j] = fl_job_add(ctx->mem, &(fl_job_new){ .queue = FL_QUEUE_ASSESS, .payload = fl_str_fmt(ctx->mem, "{\"n\":%d}", i + j) });
		FL_TRY(await_statements(ctx, app, stmts, 50));
	}
	for (int i = 0; i < 3; i++)
		FL_TRY(fl_runner_start(ctx->loop, &(fl_runner_opts){ .db = db, .queue = FL_QUEUE_ASSESS, .concurrency = 4, .handle = handle, .arg = t,
			.poll_us = 50000 }, &w[i]));
	while (left("jobs WHERE attempts = 0 OR state = 1") > 0)
		FL_TRY(await_sleep(ctx, 5000));
	(void)pg_fixture_sql(&fx, "UPDATE jobs SET run_at = now()");
	while (left("jobs") > 0)
		FL_TRY(await_sleep(ctx, 5000));
	for (int i = 0; i < 3; i++) {
		fl_runner_stats s = fl_runner_statistics(w[i]);
		total.done += s.done;
		total.failed += s.failed;
		await_runner_stop(ctx, w[i], FL_SECOND_US);
	}
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(t->seen[i], 1);
	assert_int_equal(t->fail_first, JOBS / 50);
	assert_int_equal(total.failed, JOBS / 50);
	assert_true(t->most <= 12 && t->most > 3);
	return FL_OK;
}

static void test_concurrency(void **state)
{
	run(concurrency);
}

static fl_err sleeper(fl_ctx *ctx, fl_job *job, void *arg)
{
	int *started = arg;

	++*started;
	return await_sleep(ctx, 30 * FL_SECOND_US);
}

static fl_err stopping(fl_ctx *ctx, fl_db *app, fl_db *db)
{
	int started = 0;
	fl_runner *w;

	FL_TRY(add(ctx, app, 1, NULL));
	FL_TRY(fl_runner_start(ctx->loop, &(fl_runner_opts){ .db = db, .queue = FL_QUEUE_ASSESS, .handle = sleeper, .arg = &started, .lease_us = 60000 }, &w));
	while (!started)
		FL_TRY(await_sleep(ctx, 2000));
	FL_TRY(await_sleep(ctx, 200000)); /* heartbeats keep the short lease */
	assert_string_equal(pg_fixture_sql(&fx, "SELECT (lease_until > clock_timestamp())::text FROM jobs"), "true");
	await_runner_stop(ctx, w, 20000);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT state || ' ' || attempts FROM jobs"), "0 0"); /* given back, not counted */
	return FL_OK;
}

static void test_stopping(void **state)
{
	run(stopping);
}

static fl_err poke(fl_ctx *ctx, fl_db *app, fl_db *db)
{
	tally *t = fl_new(ctx->mem, tally);
	fl_runner *w;
	int64_t start_us;

	FL_TRY(fl_runner_start(ctx->loop, &(fl_runner_opts){ .db = db, .queue = FL_QUEUE_ASSESS, .handle = handle, .arg = t, .poll_us = 20 * FL_SECOND_US }, &w));
	FL_TRY(await_sleep(ctx, 50000));
	FL_TRY(add(ctx, app, 1, NULL));
	start_us = fl_mono_us();
	fl_runner_poke(w);
	while (!t->seen[1])
		FL_TRY(await_sleep(ctx, 1000));
	assert_true(fl_mono_us() - start_us < FL_SECOND_US);
	await_runner_stop(ctx, w, FL_SECOND_US);
	assert_int_equal(left("jobs"), 0);
	return FL_OK;
}

static void test_poke(void **state)
{
	run(poke);
}

static int set_up(void **state)
{
	pg_fixture_start(&fx);
	pg_fixture_load_two_companies(&fx);
	return 0;
}

static int tear_down(void **state)
{
	pg_fixture_stop(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_concurrency),
		cmocka_unit_test(test_stopping),
		cmocka_unit_test(test_poke),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
