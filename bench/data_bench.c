/* bench data: the questions of the API at the size of a large platform, beside one plain table with single-column b-trees in the
 * same database (made by bench/data.sh as bench.reports). What is measured is one round trip of a prepared statement as role
 * fleet_app, row security included: no HTTP, no GraphQL.
 *
 * usage: bench_data --url URL [--rounds N] [--json] [--only reads|storage|writes|queue] [--like WORDS: of the reads those whose name has them] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data_bench.h"

const char *bench_url;
int bench_rounds = 200;
static bool json, missed;
static const char *like = "";

double bench_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void bench_die(PGconn *pg, const char *what)
{
	fprintf(stderr, "bench data: %s: %s\n", what, pg ? PQerrorMessage(pg) : "");
	exit(1);
}

void bench_run(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		bench_die(pg, sql);
	PQclear(r);
}

void bench_value(PGconn *pg, const char *sql, char *out, int cap)
{
	PGresult *r = PQexec(pg, sql);

	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) == 0)
		bench_die(pg, sql);
	snprintf(out, (size_t)cap, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
}

PGconn *bench_connect(int tenant)
{
	PGconn *pg = PQconnectdb(bench_url);
	char sql[100];

	if (PQstatus(pg) != CONNECTION_OK)
		bench_die(pg, "connecting");
	bench_run(pg, "SET search_path = fleet, public; SET timezone = 'UTC'; SET plan_cache_mode = force_custom_plan; SET jit = off;"
		      " SET constraint_exclusion = off; SET max_parallel_workers_per_gather = 0; SET client_min_messages = warning");
	snprintf(sql, sizeof sql, "SET ROLE fleet_app; SELECT set_config('app.tenant_id', '%d', false)", tenant);
	if (tenant)
		bench_run(pg, sql);
	return pg;
}

void bench_report(const figure *f)
{
	bool met = f->target == 0 || (f->at_least ? f->got >= f->target : f->got <= f->target);

	missed = missed || !met;
	if (json)
		printf("{\"name\":\"%s\",\"unit\":\"%s\",\"got\":%.3f,\"p50\":%.3f,\"target\":%.3f,\"met\":%s}\n", f->name, f->unit, f->got, f->p50,
			f->target, met ? "true" : "false");
	else if (f->target != 0)
		printf("%-58s %10.1f %-9s %s %8.0f  %s\n", f->name, f->got, f->unit, f->at_least ? ">=" : "<=", f->target, met ? "yes" : "NO");
	else
		printf("%-58s %10.1f %-9s\n", f->name, f->got, f->unit);
	fflush(stdout);
}

/* ---- Questions ---- */

/* A statement and where its arguments come from: a query of the owner's that gives one row a round, as text. */
typedef struct question {
	const char *name, *sql;
	const char *arguments; /* {t} is the company, {n} the number of rounds */
	double target_ms; /* 0: none */
	bool generic;     /* planned once, as the program does it */
	bool owner;       /* asked by the owner, of all companies */
	const char *scattered; /* $1 and $2 are a year in windows that grow until there are `most` rows, as src/fleet/search/words.c has them; this from the second on */
	int most;
	bool reports; /* the rows are ids, and the reports are read by them at the end */
} question;

#define COLUMNS                                                                                                                            \
	"id, report_number, status, severity, damage_type, priority, vehicle_id, driver_id, facility_id, reported_by, reported_at, incident_at," \
	" updated_at, assessed_at, completed_at, description, address, ST_Y(location::geometry), ST_X(location::geometry), estimated_cost,"      \
	" actual_cost, version"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

typedef struct measured {
	double p50_ms, p95_ms, rows;
} measured;

enum { IDS_MAX = 50, ID_TEXT = 36 };

/* As an array's text, newest first. */
static void keep_ids(const PGresult *r, char *ids)
{
	for (int i = 0; i < PQntuples(r) && strlen(ids) < IDS_MAX * (ID_TEXT + 1); i++) {
		const unsigned char *b = (const unsigned char *)PQgetvalue(r, i, 0);
		char *at = ids + strlen(ids);
		*at = at == ids ? '{' : ',';
		at++;
		for (int k = 0; k < 16; k++)
			at += snprintf(at, 4, k == 4 || k == 6 || k == 8 || k == 10 ? "-%02x" : "%02x", b[k]);
	}
}

static void read_reports(PGconn *pg, char *ids)
{
	char first[ID_TEXT + 1], last[ID_TEXT + 1];

	if (!ids[0])
		return;
	snprintf(first, sizeof first, "%.36s", ids + 1);
	snprintf(last, sizeof last, "%.36s", ids + strlen(ids) - ID_TEXT);
	memcpy(ids + strlen(ids), "}", 2);
	bench_run(pg, "SET plan_cache_mode = force_generic_plan");
	PGresult *r = PQexecPrepared(pg, "reports", 5, (const char *[]){ ids, last, last, first, first }, NULL, NULL, 1);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		bench_die(pg, "reports by id");
	PQclear(r);
	bench_run(pg, "SET plan_cache_mode = force_custom_plan");
}

static void floor_id(int64_t ms, char *out)
{
	snprintf(out, 37, "%08x-%04x-0000-0000-000000000000", (unsigned)(ms >> 16), (unsigned)(ms & 0xffff));
}

static int once(PGconn *pg, const question *q, const char *name, int columns, const char **values, char *ids)
{
	PGresult *r = PQexecPrepared(pg, name, columns, values, NULL, NULL, 1);
	int rows = PQntuples(r);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		bench_die(pg, q->name);
	if (ids)
		keep_ids(r, ids);
	PQclear(r);
	return rows;
}

static int by_windows(PGconn *pg, const question *q, int columns, const char **values)
{
	const int64_t day = 86400000, now = (int64_t)time(NULL) * 1000, least = now - 365 * day;
	char low[37], high[37] = "ffffffff-ffff-ffff-ffff-ffffffffffff";
	int64_t from = now, span = 7 * day;
	int rows = 0, number = 0;
	char ids[(IDS_MAX + 1) * (ID_TEXT + 1) + 2] = "";

	values[0] = low;
	values[1] = high;
	while (rows < q->most && from > least) {
		if (number)
			floor_id(from, high);
		from = from - span > least ? from - span : least;
		floor_id(from, low);
		int found = once(pg, q, number++ ? "scattered" : "q", columns, values, q->reports ? ids : NULL);
		double enough = found > 0 ? 1.5 * (double)span * (q->most - rows - found) / found : 4.0 * (double)span;
		span = enough > 4.0 * (double)span ? 4 * span : enough < 7.0 * (double)day ? 7 * day : (int64_t)enough;
		rows += found;
	}
	if (q->reports)
		read_reports(pg, ids);
	return rows;
}

/* Each round has other arguments. All are asked twice and the second time counts, so that nothing waits for a disk. */
static measured ask(PGconn *pg, const question *q, PGresult *arguments)
{
	static double us[ROUNDS_MAX];
	int rounds = PQntuples(arguments), columns = PQnfields(arguments);
	double rows = 0;

	if (rounds < 2)
		bench_die(NULL, "too few rounds");
	PQclear(PQexec(pg, "DEALLOCATE ALL"));
	bench_run(pg, q->generic ? "SET plan_cache_mode = force_generic_plan" : "SET plan_cache_mode = force_custom_plan");
	PQclear(PQprepare(pg, "q", q->sql, 0, NULL));
	if (q->scattered)
		PQclear(PQprepare(pg, "scattered", q->scattered, 0, NULL));
	if (q->reports)
		PQclear(PQprepare(pg, "reports", "SELECT " COLUMNS " FROM damage_reports WHERE id = ANY($1::uuid[]) AND (id >= $2::uuid OR id >= $3::uuid) AND (id <= $4::uuid OR id <= $5::uuid)", 0, NULL));
	for (int i = 0; i < 2 * rounds; i++) {
		const char *values[12] = {};
		for (int k = 0; k < columns; k++)
			values[k] = PQgetisnull(arguments, i % rounds, k) ? NULL : PQgetvalue(arguments, i % rounds, k);
		double start = bench_now_us();
		rows += q->scattered ? by_windows(pg, q, columns, values) : once(pg, q, "q", columns, values, NULL);
		us[i % rounds] = bench_now_us() - start;
	}
	qsort(us, (size_t)rounds, sizeof *us, by_value);
	return (measured){ us[rounds / 2] / 1e3, us[(int)(rounds * 0.95)] / 1e3, rows / (2 * rounds) };
}

/* The template with {t} and {n} filled in: one row of arguments a round, drawn by the owner. */
static PGresult *draw(PGconn *owner, const char *template, int tenant)
{
	char sql[3000];
	size_t len = 0;
	PGresult *r;

	for (const char *p = template; *p && len < sizeof sql - 20; p++) {
		if (p[0] == '{' && (p[1] == 't' || p[1] == 'n') && p[2] == '}') {
			len += (size_t)snprintf(sql + len, sizeof sql - len, "%d", p[1] == 't' ? tenant : bench_rounds);
			p += 2;
		} else {
			sql[len++] = *p;
		}
	}
	sql[len] = 0;
	r = PQexec(owner, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		bench_die(owner, sql);
	return r;
}

static measured measure(const question *q, int tenant)
{
	PGconn *owner = bench_connect(0), *pg = q->owner ? owner : bench_connect(tenant);
	PGresult *arguments = draw(owner, q->arguments, tenant);
	measured m = ask(pg, q, arguments);

	PQclear(arguments);
	if (pg != owner)
		PQfinish(pg);
	PQfinish(owner);
	return m;
}

static measured show(const question *q, int tenant)
{
	if (!strstr(q->name, like))
		return (measured){};
	measured m = measure(q, tenant);
	char name[160];

	snprintf(name, sizeof name, "%s (p50 %.2f, %.0f rows)", q->name, m.p50_ms, m.rows);
	bench_report(&(figure){ .name = name, .unit = "ms p95", .got = m.p95_ms, .p50 = m.p50_ms, .target = q->target_ms });
	return m;
}

/* ---- What is asked ---- */

#define MONTH "fleet.uuid7_floor(now() - interval '30 days')"
#define LAST "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
#define POINT(x, y) "ST_SetSRID(ST_MakePoint(" x ", " y "), 4326)::geography"
/* Points where the company had reports: nobody looks for an incident where there is none. */
#define SOMEWHERE "(SELECT ST_X(location::geometry) AS x, ST_Y(location::geometry) AS y FROM fleet.damage_reports WHERE tenant_id = {t} ORDER BY id DESC LIMIT {n}) p"

/* newest_sql of src/fleet/report/report_find.c, and the same question to the plain table. */
static const question newest = { "newest 50 of a company in 30 days",
	"SELECT " COLUMNS " FROM damage_reports WHERE id < $2::uuid AND (id >= $1::uuid OR id >= $3::uuid) ORDER BY id DESC LIMIT 50",
	"SELECT " MONTH ", fleet.uuid7_floor(now() - i * interval '7 minutes'), " MONTH " FROM generate_series(1, {n}) i", 5, true, false };
static const question newest_plain = { "the same from the plain table",
	"SELECT " COLUMNS " FROM bench.reports WHERE tenant_id = $1::int AND reported_at >= now() - interval '30 days' AND reported_at < $2::timestamptz"
	" ORDER BY reported_at DESC, id DESC LIMIT 50",
	"SELECT {t}, now() - i * interval '7 minutes' FROM generate_series(1, {n}) i", 0, false, true };
static const question deep = { "50 at any depth of the largest company, by cursor",
	"SELECT " COLUMNS " FROM damage_reports WHERE id < $1::uuid ORDER BY id DESC LIMIT 50",
	"SELECT fleet.uuid7_floor(now() - random() * interval '1050 days') FROM generate_series(1, {n}) i", 5, true, false };
static const question by_id = { "a report by id",
	"SELECT " COLUMNS " FROM damage_reports WHERE id = ANY($1::uuid[]) AND (id >= $2::uuid OR id >= $3::uuid) AND (id <= $4::uuid OR id <= $5::uuid)",
	"SELECT ARRAY[id], id, id, id, id FROM (SELECT id FROM fleet.damage_reports TABLESAMPLE SYSTEM (0.5) WHERE tenant_id = {t} ORDER BY random() LIMIT {n}) x", 2, true, false };
/* of_status_sql of src/fleet/report/report_find.c. */
static const question filtered = { "newest 50 of two statuses and a severity, 30 days",
	"SELECT " COLUMNS " FROM damage_reports WHERE id >= $3::uuid AND id < $4::uuid AND id IN (SELECT n.id FROM unnest($1::int2[]) s CROSS JOIN LATERAL"
	" (SELECT id FROM damage_reports WHERE status = s AND ($2::int2[] IS NULL OR severity = ANY($2)) AND ($5::int2[] IS NULL OR damage_type = ANY($5))"
	" AND id >= $3::uuid AND id < $4::uuid ORDER BY id DESC LIMIT 50) n ORDER BY 1 DESC LIMIT 50) ORDER BY id DESC",
	"SELECT ARRAY[1 + i % 6, 1 + (i + 2) % 6], ARRAY[1 + i % 5], " MONTH ", " LAST ", NULL FROM generate_series(1, {n}) i", 5, false, false };
#define WORDS "(ARRAY['bollard','windscreen','hail','bumper','lamp post','mirror','dented door','skip','traffic sign','rear left','cracked','Market'])[1 + i % 12]"
#define ASKED "(websearch_to_tsquery($4::int::oid::regconfig, $3) || websearch_to_tsquery('simple', $3))"
#define TWELVE_WORDS "SELECT NULL, NULL, " WORDS ", (SELECT lang::oid::int FROM fleet.tenants WHERE id = {t}) FROM generate_series(1, {n}) i"
#define HOLDERS(columns, fence, limit) "SELECT " columns " FROM (SELECT report_id, tsv FROM report_search WHERE report_id >= $1::uuid AND report_id < $2::uuid" \
	" AND tsv @@ " ASKED fence ") s ORDER BY report_id DESC LIMIT " limit
/* words_sql and words_scattered_sql of src/fleet/report/report_find.c; the reports themselves are then read by their ids. */
static const question words = { "search in a company, newest 50 of a year", HOLDERS("report_id", "", "50"), TWELVE_WORDS, 20,
	.scattered = HOLDERS("report_id", " OFFSET 0", "50"), .most = 50, .reports = true };
/* all_words_sql and all_scattered_sql of src/fleet/search/ranked.c: what is ranked, before the page is cut out of it. */
static const question ranked = { "search in a company, ranks of the newest 500 of a year", HOLDERS("report_id, ts_rank(tsv, " ASKED ")", "", "500"), TWELVE_WORDS, 20,
	.scattered = HOLDERS("report_id, ts_rank(tsv, " ASKED ")", " OFFSET 0", "500"), .most = 500 };
/* newest_walk_sql and newest_sql of src/fleet/search/search.c, with a point as all there is of a filter. */
#define CIRCLE "ST_DWithin(location, " POINT("$3::float8", "$4::float8") ", 50000)"
static const question near_newest = { "newest 50 within 50 km, a company and a year",
	"SELECT id FROM (SELECT * FROM damage_reports WHERE id >= $1::uuid AND id < $2::uuid ORDER BY id DESC OFFSET 0) r WHERE " CIRCLE " ORDER BY id DESC LIMIT 50",
	"SELECT NULL, NULL, x, y FROM " SOMEWHERE, 50, .scattered = "SELECT id FROM damage_reports WHERE id >= $1::uuid AND id < $2::uuid AND " CIRCLE " ORDER BY id DESC LIMIT 50", .most = 50 };
static const question near_year = { "all within 50 km counted, a company and a year",
	"SELECT count(*), coalesce(sum(estimated_cost), 0) FROM damage_reports WHERE id >= $1::uuid AND id < $2::uuid AND ST_DWithin(location, " POINT("$3::float8", "$4::float8") ", 50000)",
	"SELECT fleet.uuid7_floor(now() - interval '12 months'), " LAST ", x, y FROM " SOMEWHERE, 50, false, false };
static const question near_year_largest = { "all within 50 km counted, the largest company and a year",
	"SELECT count(*), coalesce(sum(estimated_cost), 0) FROM damage_reports WHERE id >= $1::uuid AND id < $2::uuid AND ST_DWithin(location, " POINT("$3::float8", "$4::float8") ", 50000)",
	"SELECT fleet.uuid7_floor(now() - interval '12 months'), " LAST ", x, y FROM " SOMEWHERE, 250, false, false };
static const question near_all = { "all within 50 km counted, all companies, 30 days",
	"SELECT count(*), coalesce(sum(estimated_cost), 0) FROM fleet.damage_reports WHERE id >= $1::uuid AND id < $2::uuid AND ST_DWithin(location, " POINT("$3::float8", "$4::float8") ", 50000)",
	"SELECT " MONTH ", " LAST ", x, y FROM (SELECT ST_X(location::geometry) AS x, ST_Y(location::geometry) AS y FROM fleet.damage_reports"
	" WHERE tenant_id > 2 ORDER BY id DESC LIMIT {n}) p", 75, false, true };
static const question board = { "the board's numbers: by status and day, 90 days",
	"SELECT status, day, sum(n), sum(est), sum(act) FROM rollup_day WHERE day >= $1::date GROUP BY 1, 2",
	"SELECT (now() - interval '90 days' - i * interval '1 day')::date FROM generate_series(1, {n}) i", 15, false, false };
static const question stats = { "stats: by month, severity and kind, 12 months",
	"SELECT month, severity, damage_type, sum(n), sum(est), sum(act) FROM rollup_month WHERE month >= $1::date GROUP BY 1, 2, 3",
	"SELECT (date_trunc('month', now()) - interval '12 months' - (i % 3) * interval '1 month')::date FROM generate_series(1, {n}) i", 15, false, false };
static const question platform = { "the platform's page: by month, severity and kind",
	"SELECT month, severity, damage_type, n, est, act FROM platform.month_overview WHERE month >= $1::date",
	"SELECT (date_trunc('month', now()) - interval '12 months')::date FROM generate_series(1, {n}) i", 15, false, true };
/* search_tile_either of src/fleet/search/places.c below zoom 12, search_tile from there on. */
#define CELLS_OF_TILE " FROM rollup_cell WHERE month = ANY(ARRAY(SELECT generate_series(date_trunc('month', now() - interval '11 months')::date, now()::date, '1 month')::date))" \
	" AND cell >= $4::int * (8192 >> $3::int) * 8192 AND cell < ($4::int + 1) * (8192 >> $3::int) * 8192" \
	" AND cell % 8192 BETWEEN $5::int * (8192 >> $3::int) AND ($5::int + 1) * (8192 >> $3::int) - 1"
static const question tile9 = { "tile of a company and a year, z 9 to 14",
	"SELECT CASE WHEN $3::int < 12 AND (SELECT coalesce(sum(n), 0)" CELLS_OF_TILE ") > 4000 THEN"
	" (SELECT ST_AsMVT(t, 'cells', 4096, 'place') FROM (SELECT ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(sum(n * (x + 0.5))::float8 / sum(n)::float8 / 8192 * 360 - 180,"
	" degrees(atan(sinh(pi() * (1 - 2 * (sum(n * (y + 0.5))::float8 / sum(n)::float8 / 8192)))))), 4326), 3857), ST_TileEnvelope($3::int, $4::int, $5::int), 4096, 64, true) AS place,"
	" sum(n)::bigint AS count, sum(cost)::bigint AS cost, max(severity)::int AS severity FROM (SELECT cell / 8192 AS x, cell % 8192 AS y, severity, sum(n) AS n, sum(cost) AS cost"
	CELLS_OF_TILE " GROUP BY 1, 2, 3 HAVING sum(n) > 0) c GROUP BY x, y) t WHERE place IS NOT NULL) ELSE"
	" (SELECT ST_AsMVT(t, 'reports', 4096, 'place') FROM (SELECT ST_AsMVTGeom(ST_Transform(location::geometry, 3857), ST_TileEnvelope($3::int, $4::int, $5::int), 4096, 64, true)"
	" AS place, id::text AS id, report_number AS number, status::int AS status, severity::int AS severity FROM damage_reports"
	" WHERE id >= $1::uuid AND id < $2::uuid AND location && ST_Transform(ST_TileEnvelope($3::int, $4::int, $5::int), 4326)::geography"
	" ORDER BY damage_reports.id DESC LIMIT 4000) t WHERE place IS NOT NULL) END",
	"SELECT fleet.uuid7_floor(now() - interval '12 months'), " LAST ", z, floor((x + 180) / 360 * (1 << z))::int,"
	" floor((0.5 - ln(tan(pi() / 4 + radians(y) / 2)) / (2 * pi())) * (1 << z))::int FROM (SELECT 9 + row_number() OVER ()::int % 6 AS z, x, y FROM " SOMEWHERE ") q", 100, false, false };
/* What the totals replace. */
static const question raw_stats = { "stats counted from the plain table",
	"SELECT date_trunc('month', reported_at), severity, damage_type, count(*), sum(estimated_cost), sum(actual_cost) FROM bench.reports WHERE reported_at >= $1::timestamptz GROUP BY 1, 2, 3",
	"SELECT now() - interval '12 months' FROM generate_series(1, 5) i", 0, false, true };

static int company_of_rank(int rank)
{
	PGconn *pg = bench_connect(0);
	char sql[200], value[32];

	snprintf(sql, sizeof sql, "SELECT tenant_id FROM fleet.rollup_day GROUP BY 1 ORDER BY sum(n) DESC, 1 OFFSET (SELECT least(%d, count(*) - 1) FROM fleet.tenants) LIMIT 1", rank);
	bench_value(pg, sql, value, sizeof value);
	PQfinish(pg);
	return (int)strtol(value, NULL, 10);
}

static void ratio(const char *name, double ours, double theirs, double target)
{
	if (ours == 0)
		return;
	bench_report(&(figure){ .name = name, .unit = "times", .got = theirs / ours, .target = target, .at_least = true });
}

static void bench_reads(int middle, int largest)
{
	measured ours = show(&newest, middle), theirs = show(&newest_plain, middle);

	ratio("  faster than the plain table (p50)", ours.p50_ms, theirs.p50_ms, 40);
	show(&newest, largest);
	show(&deep, largest);
	show(&by_id, largest);
	show(&filtered, largest);
	show(&words, middle);
	show(&words, largest);
	show(&ranked, middle);
	show(&ranked, largest);
	show(&near_newest, middle);
	show(&near_newest, largest);
	show(&near_year, middle);
	show(&near_year_largest, largest);
	show(&near_all, middle);
	show(&board, largest);
	measured totals = show(&stats, largest);
	measured overview = show(&platform, largest);
	measured counted = show(&raw_stats, largest);
	ratio("  faster than counting the plain table (p50)", totals.p50_ms > overview.p50_ms ? totals.p50_ms : overview.p50_ms, counted.p50_ms, 10);
	show(&tile9, middle);
	show(&tile9, largest);
}

/* ---- Storage ---- */

static double bytes_of(PGconn *pg, const char *sql)
{
	char value[40];

	bench_value(pg, sql, value, sizeof value);
	return strtod(value, NULL);
}

static void bench_storage(void)
{
	PGconn *pg = bench_connect(0);
	double btree = bytes_of(pg, "SELECT pg_relation_size('bench.reports_reported_at') + pg_relation_size('bench.reports_incident_at')");
	double brin = bytes_of(pg, "SELECT sum(pg_relation_size(i.relid)) FROM pg_partition_tree('fleet.dr_brin') i WHERE isleaf");
	double plain = bytes_of(pg, "SELECT pg_indexes_size('bench.reports')");
	double all = bytes_of(pg, "SELECT sum(pg_indexes_size(i.relid)) FROM pg_partition_tree('fleet.damage_reports') i WHERE isleaf");

	bench_report(&(figure){ .name = "time columns: BRIN smaller than b-trees by", .unit = "%", .got = 100 * (1 - brin / btree), .target = 95, .at_least = true });
	bench_report(&(figure){ .name = "indexes of the plain table", .unit = "MB", .got = plain / 1048576 });
	bench_report(&(figure){ .name = "indexes of damage_reports, all", .unit = "MB", .got = all / 1048576 });
	PQfinish(pg);
}

static void reads(void)
{
	bench_reads(company_of_rank(16), company_of_rank(0));
}

static const struct {
	const char *name;
	void (*measure)(void);
} parts[] = { { "reads", reads }, { "storage", bench_storage }, { "writes", bench_writes }, { "queue", bench_queue } };

static void usage(void)
{
	bench_die(NULL, "usage: bench_data --url URL [--rounds 20..2000] [--json] [--only reads|storage|writes|queue] [--like WORDS]");
}

int main(int argc, char **argv)
{
	const char *only = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--url") == 0 && i + 1 < argc)
			bench_url = argv[++i];
		else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
			bench_rounds = (int)strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			only = argv[++i];
		else if (strcmp(argv[i], "--like") == 0 && i + 1 < argc)
			like = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			json = true;
		else
			usage();
	}
	if (!bench_url || bench_rounds < 20 || bench_rounds > ROUNDS_MAX)
		usage();
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!only || strcmp(only, parts[i].name) == 0)
			parts[i].measure();
	return missed;
}
