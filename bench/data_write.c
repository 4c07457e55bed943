/* bench data: reports per second with everything on, and jobs per second. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_bench.h"

enum { SECONDS_US = 4000000 };

typedef struct writer writer;
struct writer {
	pthread_t thread;
	/* Prepared once, as the program does it, and given to every turn as "1" and "2". */
	const char *sql[2];
	double (*turn)(writer *w, PGconn *pg); /* what it got done */
	int number;
	double until_us, done;
};

static PGresult *run(PGconn *pg, const char *name, int count, const char *const *values)
{
	PGresult *r = PQexecPrepared(pg, name, count, values, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		bench_die(pg, name);
	return r;
}

/* Repeats its turn until the time is over. */
static void *write_on(void *arg)
{
	static const char *const names[] = { "1", "2" };
	writer *w = arg;
	PGconn *pg = bench_connect(0);

	bench_run(pg, "SET plan_cache_mode = force_generic_plan");
	for (int i = 0; i < 2 && w->sql[i]; i++) {
		PGresult *r = PQprepare(pg, names[i], w->sql[i], 0, NULL);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			bench_die(pg, w->sql[i]);
		PQclear(r);
	}
	while (bench_now_us() < w->until_us)
		w->done += w->turn(w, pg);
	PQfinish(pg);
	return NULL;
}

static double rate_of(const writer *model, int threads)
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

/* The second of two turns counts: in the first each page that is written to goes whole into the log, once after a checkpoint. */
static double rate(const writer *model, int threads)
{
	rate_of(model, threads);
	return rate_of(model, threads);
}

/* New reports like those of the last months, filed now: with number, search document, totals and event, keys checked. */
#define LIKE_BEFORE(from)                                                                                                                  \
	"WITH r AS (INSERT INTO fleet.damage_reports (tenant_id, id, report_number, vehicle_id, driver_id, facility_id, reported_by, incident_at, status,"  \
	" damage_type, location, address, description) SELECT tenant_id, id, nextval('bench.number'), vehicle_id, driver_id, facility_id, reported_by,"     \
	" now(), 1, damage_type, location, address, description FROM " from " RETURNING tenant_id, id, vehicle_id)"                                        \
	" INSERT INTO fleet.events (tenant_id, type, report_id, vehicle_id, agg_version) SELECT tenant_id, 'report.created', id, vehicle_id, 1 FROM r"

/* One statement, one transaction; it says how many rows it made. */
static double file_reports(writer *w, PGconn *pg)
{
	PGresult *r = run(pg, "1", 0, NULL);
	double made = strtod(PQcmdTuples(r), NULL);

	(void)w;
	PQclear(r);
	return made;
}

void bench_writes(void)
{
	PGconn *pg = bench_connect(0);
	const writer batches = { .turn = file_reports, .sql = { LIKE_BEFORE("(SELECT fleet.uuid7() AS id, s.* FROM bench.sample s WHERE n / 1000 ="
		" (SELECT (nextval('bench.turn') % 20)::int)) x") } };
	const writer single = { .turn = file_reports, .sql = { LIKE_BEFORE("(SELECT fleet.uuid7() AS id, s.* FROM bench.sample s WHERE n = (SELECT (nextval('bench.turn') % 20000)::int)) x") } };

	bench_run(pg, "CREATE SCHEMA IF NOT EXISTS bench; DROP TABLE IF EXISTS bench.sample; DROP SEQUENCE IF EXISTS bench.number, bench.turn;"
		      " CREATE SEQUENCE bench.number MINVALUE 1000000000 CACHE 1000; CREATE SEQUENCE bench.turn;"
		      " CREATE TABLE bench.sample AS SELECT (row_number() OVER (ORDER BY md5(id::text)) - 1)::int AS n, tenant_id, vehicle_id, driver_id, facility_id,"
		      " reported_by, damage_type, location, address, description FROM (SELECT * FROM fleet.damage_reports ORDER BY id DESC LIMIT 20000) x;"
		      " CREATE UNIQUE INDEX ON bench.sample (n); CREATE INDEX ON bench.sample ((n / 1000)); ANALYZE bench.sample");
	bench_report(&(figure){ .name = "new reports, everything on, 1,000 a transaction, 2 writers", .unit = "a second", .got = rate(&batches, 2), .target = 10000, .at_least = true });
	bench_report(&(figure){ .name = "new reports, everything on, one a transaction, 16 writers", .unit = "a second", .got = rate(&single, 16), .target = 1500, .at_least = true });
	PQfinish(pg);
}

/* A worker's turn: take twenty, then acknowledge them under their leases. Two commits, as there is work between them. */
static double work_off(writer *w, PGconn *pg)
{
	char number[12], ids[20 * 22 + 3] = "{", attempts[20 * 7 + 3] = "{";
	size_t id_len = 1, attempt_len = 1;

	snprintf(number, sizeof number, "%d", w->number);
	PGresult *claimed = run(pg, "1", 1, (const char *[]){ number });
	int count = PQntuples(claimed);
	for (int i = 0; i < count; i++) {
		id_len += (size_t)snprintf(ids + id_len, sizeof ids - id_len, "%s%s", i ? "," : "", PQgetvalue(claimed, i, 0));
		attempt_len += (size_t)snprintf(attempts + attempt_len, sizeof attempts - attempt_len, "%s%s", i ? "," : "", PQgetvalue(claimed, i, 1));
	}
	snprintf(ids + id_len, sizeof ids - id_len, "}");
	snprintf(attempts + attempt_len, sizeof attempts - attempt_len, "}");
	PQclear(claimed);
	PGresult *done = run(pg, "2", 3, (const char *[]){ ids, number, attempts });
	double acknowledged = strtod(PQgetvalue(done, 0, 0), NULL);
	PQclear(done);
	return acknowledged;
}

void bench_queue(void)
{
	PGconn *pg = bench_connect(0);
	const writer drain = { .turn = work_off, .sql = {
		"SELECT id, attempts FROM fleet.job_claim(30000::smallint, $1::bigint, 20, '1 minute')",
		"SELECT count(*) FROM fleet.jobs_done($1::bigint[], $2::bigint, $3::smallint[])" } };

	bench_run(pg, "DELETE FROM fleet.jobs WHERE queue = 30000; INSERT INTO fleet.jobs (queue, payload) SELECT 30000, '{}' FROM generate_series(1, 400000); ANALYZE fleet.jobs");
	bench_report(&(figure){ .name = "jobs, claimed by twenty and acknowledged, 16 workers", .unit = "a second", .got = rate(&drain, 16), .target = 10000, .at_least = true });
	bench_run(pg, "DELETE FROM fleet.jobs WHERE queue = 30000");
	PQfinish(pg);
}
