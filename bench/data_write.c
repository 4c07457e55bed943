/* bench data: reports per second with everything on, and jobs per second. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_bench.h"

enum { SECONDS_US = 4000000 };

typedef struct writer {
	pthread_t thread;
	const char *sql[4];
	int number;
	double until_us, done;
	int per_round;
} writer;

/* Repeats its statements, as one transaction, until the time is over. */
static void *write_on(void *arg)
{
	writer *w = arg;
	PGconn *pg = bench_connect(0);
	char text[40];

	snprintf(text, sizeof text, "%d", w->number);
	PQclear(PQexecParams(pg, "SELECT set_config('bench.writer', $1, false)", 1, NULL, (const char *[]){ text }, NULL, NULL, 0));
	bench_run(pg, "SET gin_pending_list_limit = '16MB'; SET work_mem = '64MB'");
	while (bench_now_us() < w->until_us) {
		bench_run(pg, "BEGIN");
		for (int i = 0; i < 4 && w->sql[i]; i++)
			bench_run(pg, w->sql[i]);
		bench_run(pg, "COMMIT");
		w->done += w->per_round;
	}
	PQfinish(pg);
	return NULL;
}

static double rate(const writer *model, int threads)
{
	writer w[THREADS_MAX];
	double start = bench_now_us(), done = 0;

	for (int i = 0; i < threads; i++) {
		w[i] = *model;
		w[i].number = i;
		w[i].until_us = start + SECONDS_US;
		if (pthread_create(&w[i].thread, NULL, write_on, &w[i]) != 0)
			bench_die(NULL, "no thread");
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(w[i].thread, NULL);
		done += w[i].done;
	}
	return done * 1e6 / (bench_now_us() - start);
}

/* New reports like those of the last months, filed now: with number, search document, totals and event, keys checked. */
#define LIKE_BEFORE(from)                                                                                                                  \
	"WITH r AS (INSERT INTO fleet.damage_reports (tenant_id, id, report_number, vehicle_id, driver_id, facility_id, reported_by, incident_at, status,"  \
	" damage_type, location, address, description) SELECT tenant_id, id, nextval('bench.number'), vehicle_id, driver_id, facility_id, reported_by,"     \
	" now(), 1, damage_type, location, address, description FROM " from " RETURNING tenant_id, id, vehicle_id)"                                        \
	" INSERT INTO fleet.events (tenant_id, type, report_id, vehicle_id, agg_version) SELECT tenant_id, 'report.created', id, vehicle_id, 1 FROM r"

void bench_writes(void)
{
	PGconn *pg = bench_connect(0);
	const writer batches = { .per_round = 1000, .sql = { LIKE_BEFORE("(SELECT fleet.uuid7() AS id, s.* FROM bench.sample s WHERE n / 1000 ="
		" (SELECT (nextval('bench.turn') % 20)::int)) x") } };
	const writer single = { .per_round = 1, .sql = { LIKE_BEFORE("(SELECT fleet.uuid7() AS id, s.* FROM bench.sample s WHERE n = (SELECT (nextval('bench.turn') % 20000)::int)) x") } };

	bench_run(pg, "CREATE SCHEMA IF NOT EXISTS bench; DROP TABLE IF EXISTS bench.sample; DROP SEQUENCE IF EXISTS bench.number, bench.turn;"
		      " CREATE SEQUENCE bench.number MINVALUE 1000000000 CACHE 1000; CREATE SEQUENCE bench.turn;"
		      " CREATE TABLE bench.sample AS SELECT (row_number() OVER (ORDER BY md5(id::text)) - 1)::int AS n, tenant_id, vehicle_id, driver_id, facility_id,"
		      " reported_by, damage_type, location, address, description FROM (SELECT * FROM fleet.damage_reports ORDER BY id DESC LIMIT 20000) x;"
		      " CREATE UNIQUE INDEX ON bench.sample (n); CREATE INDEX ON bench.sample ((n / 1000)); ANALYZE bench.sample");
	bench_report(&(figure){ .name = "new reports, everything on, 1,000 a transaction, 2 writers", .unit = "a second", .got = rate(&batches, 2), .target = 10000, .at_least = true });
	bench_report(&(figure){ .name = "new reports, everything on, one a transaction, 16 writers", .unit = "a second", .got = rate(&single, 16), .target = 1500, .at_least = true });
	PQfinish(pg);
}

void bench_queue(void)
{
	PGconn *pg = bench_connect(0);
	/* A worker's turn: take twenty, then acknowledge each under its lease. Two commits, as there is work between them. */
	const writer drain = { .per_round = 20, .sql = {
		"CREATE TEMP TABLE IF NOT EXISTS mine (id bigint, attempts smallint); TRUNCATE mine",
		"INSERT INTO mine SELECT id, attempts FROM fleet.job_claim(30000::smallint, current_setting('bench.writer')::bigint, 20, '1 minute')",
		"COMMIT; BEGIN",
		"SELECT count(*) FROM mine WHERE fleet.job_done(id, current_setting('bench.writer')::bigint, attempts)" } };

	bench_run(pg, "DELETE FROM fleet.jobs WHERE queue = 30000; INSERT INTO fleet.jobs (queue, payload) SELECT 30000, '{}' FROM generate_series(1, 400000); ANALYZE fleet.jobs");
	bench_report(&(figure){ .name = "jobs, claimed by twenty and acknowledged, 16 workers", .unit = "a second", .got = rate(&drain, 16), .target = 10000, .at_least = true });
	bench_run(pg, "DELETE FROM fleet.jobs WHERE queue = 30000");
	PQfinish(pg);
}
