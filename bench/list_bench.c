/* The ceiling of the list of 50: what libpq can do with the statements alone, without a server of ours in between.
 *
 *	ninja -C build bench_list
 *	build/bench/bench_list --url "$(fleet config --get pg_url)" --tenant demo [--depot] [--connections 8] [--seconds 5] [--json]
 *
 * A request is what the API asks for a page of reports with vehicle, driver and photos, in its two waves; with --depot also
 * the vehicles' depots, in a third:
 *	1. [tenant, the newest 50 reports, Sync]
 *	2. [tenant, vehicles = ANY, drivers = ANY, photos of reports = ANY, Sync]
 *	3. [tenant, facilities = ANY, Sync]
 * Each connection has one request in flight, prepared statements, binary values, role fleet_app: row security is on. One
 * thread drives all of them with poll. Results are walked through, not turned into JSON. */
#include <endian.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 50, CONNECTIONS_MAX = 256, SAMPLES_MAX = 1 << 20 };

static const char *const STATEMENTS[][2] = {
	{ "tenant", "SELECT set_config('app.tenant_id', $1, true)" },
	{ "list", "SELECT id, report_number, status, severity, damage_type, priority, description, reported_at, incident_at, updated_at, version,"
		  " vehicle_id, driver_id, estimated_cost FROM damage_reports ORDER BY id DESC LIMIT 50" },
	{ "vehicles", "SELECT id, name, plate, vin, make, model, year, facility_id FROM vehicles WHERE id = ANY($1::int[])" },
	{ "drivers", "SELECT id, name FROM drivers WHERE id = ANY($1::int[])" },
	{ "facilities", "SELECT id, name FROM facilities WHERE id = ANY($1::int[])" },
	{ "photos", "SELECT report_id, id, sha256, media_type, bytes, width, height FROM damage_photos"
		    " WHERE report_id = ANY($1::uuid[]) AND report_id >= $2::uuid AND report_id <= $3::uuid" },
};

typedef struct array {
	char bytes[20 + PAGE * 20];
	int len, count;
} array;

typedef struct client {
	PGconn *pg;
	int wave; /* in flight: 1, 2, 3 */
	double began;
	array vehicles, drivers, reports, facilities;
	char oldest[16], newest[16];
} client;

static double *samples;
static size_t sample_count;
static uint64_t bytes_read;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_list: %s: %s\n", what, why);
	exit(1);
}

static void must(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		die(sql, PQerrorMessage(pg));
	PQclear(r);
}

static void be32(char *at, uint32_t v)
{
	v = htobe32(v);
	memcpy(at, &v, 4);
}

static void array_start(array *a, uint32_t type)
{
	be32(a->bytes, 1);
	be32(a->bytes + 4, 0);
	be32(a->bytes + 8, type);
	be32(a->bytes + 16, 1);
	a->len = 20;
	a->count = 0;
}

/* Keys once each: the page has 50 reports of fewer vehicles. */
static void array_add(array *a, const char *value, int len)
{
	for (int i = 0; i < a->count; i++)
		if (memcmp(a->bytes + 20 + i * (4 + len) + 4, value, (size_t)len) == 0)
			return;
	be32(a->bytes + a->len, (uint32_t)len);
	memcpy(a->bytes + a->len + 4, value, (size_t)len);
	a->len += 4 + len;
	be32(a->bytes + 12, (uint32_t)++a->count);
}

static PGconn *connect_one(const char *url)
{
	PGconn *pg = PQconnectdb(url);

	if (PQstatus(pg) != CONNECTION_OK)
		die("connecting", PQerrorMessage(pg));
	must(pg, "SET search_path = fleet, public; SET jit = off; SET max_parallel_workers_per_gather = 0; SET constraint_exclusion = off;"
		 " SET plan_cache_mode = force_generic_plan; SET ROLE fleet_app");
	for (size_t i = 0; i < sizeof STATEMENTS / sizeof STATEMENTS[0]; i++) {
		PGresult *r = PQprepare(pg, STATEMENTS[i][0], STATEMENTS[i][1], 0, NULL);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			die(STATEMENTS[i][0], PQerrorMessage(pg));
		PQclear(r);
	}
	if (!PQenterPipelineMode(pg) || PQsetnonblocking(pg, 1) != 0)
		die("pipeline", PQerrorMessage(pg));
	return pg;
}

static void send_one(client *c, const char *name, int count, const char *const *values, const int *lengths)
{
	static const int BINARY[] = { 1, 1, 1 };

	if (!PQsendQueryPrepared(c->pg, name, count, values, lengths, BINARY, 1))
		die(name, PQerrorMessage(c->pg));
}

static const char *tenant;
static bool with_depot;

static void send_tenant(client *c)
{
	send_one(c, "tenant", 1, &tenant, (int[]){ (int)strlen(tenant) });
}

static void sync_now(client *c)
{
	if (!PQpipelineSync(c->pg))
		die("sync", PQerrorMessage(c->pg));
}

static void first_wave(client *c)
{
	c->wave = 1;
	c->began = now();
	array_start(&c->vehicles, 23);
	array_start(&c->drivers, 23);
	array_start(&c->reports, 2950);
	array_start(&c->facilities, 23);
	send_tenant(c);
	send_one(c, "list", 0, NULL, NULL);
	sync_now(c);
}

static void second_wave(client *c)
{
	const char *vehicles = c->vehicles.bytes, *drivers = c->drivers.bytes;
	const char *photos[] = { c->reports.bytes, c->oldest, c->newest };

	c->wave = 2;
	send_tenant(c);
	send_one(c, "vehicles", 1, &vehicles, &c->vehicles.len);
	send_one(c, "drivers", 1, &drivers, &c->drivers.len);
	send_one(c, "photos", 3, photos, (int[]){ c->reports.len, 16, 16 });
	sync_now(c);
}

static void third_wave(client *c)
{
	const char *facilities = c->facilities.bytes;

	c->wave = 3;
	send_tenant(c);
	send_one(c, "facilities", 1, &facilities, &c->facilities.len);
	sync_now(c);
}

static void walk(client *c, const PGresult *r)
{
	int rows = PQntuples(r), columns = PQnfields(r);

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			bytes_read += (uint64_t)PQgetlength(r, i, j);
	for (int i = 0; columns == 8 && i < rows; i++)
		if (!PQgetisnull(r, i, 7))
			array_add(&c->facilities, PQgetvalue(r, i, 7), 4);
	if (columns != 14)
		return;
	for (int i = 0; i < rows; i++) {
		array_add(&c->reports, PQgetvalue(r, i, 0), 16);
		array_add(&c->vehicles, PQgetvalue(r, i, 11), 4);
		if (!PQgetisnull(r, i, 12))
			array_add(&c->drivers, PQgetvalue(r, i, 12), 4);
		if (i == 0)
			memcpy(c->newest, PQgetvalue(r, i, 0), 16);
		memcpy(c->oldest, PQgetvalue(r, i, 0), 16);
	}
	if (rows != PAGE)
		die("the list", "this company has fewer than 50 reports");
}

/* True when a Sync came back: the wave is complete. */
static bool read_some(client *c)
{
	bool done = false;
	int empty = 0;

	if (!PQconsumeInput(c->pg))
		die("reading", PQerrorMessage(c->pg));
	while (!done && !PQisBusy(c->pg)) {
		PGresult *r = PQgetResult(c->pg);
		if (!r) {
			if (++empty > 1)
				break;
			continue;
		}
		empty = 0;
		if (PQresultStatus(r) == PGRES_PIPELINE_SYNC)
			done = true;
		else if (PQresultStatus(r) == PGRES_TUPLES_OK)
			walk(c, r);
		else
			die("a statement", PQresultErrorMessage(r));
		PQclear(r);
	}
	return done;
}

static void step(client *c, bool more)
{
	if (!read_some(c))
		return;
	if (c->wave == 1) {
		second_wave(c);
		return;
	}
	if (c->wave == 2 && with_depot) {
		third_wave(c);
		return;
	}
	if (sample_count < SAMPLES_MAX)
		samples[sample_count] = now() - c->began;
	sample_count++;
	if (more)
		first_wave(c);
	else
		c->began = 0;
}

static void run(client *clients, int count, double seconds)
{
	struct pollfd fds[CONNECTIONS_MAX];
	double until = now() + seconds;
	int busy = count;

	for (int i = 0; i < count; i++)
		first_wave(&clients[i]);
	while (busy) {
		busy = 0;
		for (int i = 0; i < count; i++) {
			fds[i] = (struct pollfd){ .fd = clients[i].began > 0 ? PQsocket(clients[i].pg) : -1, .events = POLLIN };
			if (clients[i].began > 0)
				busy++;
			if (clients[i].began > 0 && PQflush(clients[i].pg) == 1)
				fds[i].events |= POLLOUT;
		}
		if (!busy || poll(fds, (nfds_t)count, 10000) <= 0)
			break;
		for (int i = 0; i < count; i++)
			if (fds[i].revents)
				step(&clients[i], now() < until);
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double percentile(double p)
{
	size_t n = sample_count < SAMPLES_MAX ? sample_count : SAMPLES_MAX;

	return n ? samples[(size_t)(p * (double)(n - 1))] * 1e3 : 0;
}

static const char *find_tenant(const char *url, const char *slug)
{
	static char id[16];
	PGconn *pg = PQconnectdb(url);
	PGresult *r;

	if (PQstatus(pg) != CONNECTION_OK)
		die("connecting", PQerrorMessage(pg));
	r = PQexecParams(pg, "SELECT id::text FROM fleet.tenants WHERE slug = $1", 1, NULL, &slug, NULL, NULL, 0);
	if (PQntuples(r) != 1)
		die(slug, "no such company");
	snprintf(id, sizeof id, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(pg);
	return id;
}

int main(int argc, char **argv)
{
	static client clients[CONNECTIONS_MAX];
	const char *url = "", *slug = "demo";
	double seconds = 5, began, took;
	int connections = 8;
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--depot") == 0)
			with_depot = true;
		else if (i + 1 == argc)
			die(argv[i], "needs a value, or is unknown");
		else if (strcmp(argv[i], "--url") == 0)
			url = argv[++i];
		else if (strcmp(argv[i], "--tenant") == 0)
			slug = argv[++i];
		else if (strcmp(argv[i], "--connections") == 0)
			connections = (int)strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(argv[++i], NULL);
		else
			die(argv[i], "unknown");
	}
	if (connections < 1 || connections > CONNECTIONS_MAX)
		die("--connections", "1 to 256");
	samples = calloc(SAMPLES_MAX, sizeof *samples);
	if (!samples)
		die("memory", "none");
	tenant = find_tenant(url, slug);
	for (int i = 0; i < connections; i++)
		clients[i].pg = connect_one(url);
	run(clients, connections, 0.5); /* warm: first plans, caches */
	sample_count = 0;
	bytes_read = 0;
	began = now();
	run(clients, connections, seconds);
	took = now() - began;
	qsort(samples, sample_count < SAMPLES_MAX ? sample_count : SAMPLES_MAX, sizeof *samples, by_size);
	printf(json ? "{\"bench\": \"list\", \"peer\": \"libpq pipeline\", \"requests_per_s\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"connections\": %d, \"bytes_per_request\": %.0f}\n"
		    : "libpq pipeline: %.1f lists of 50 a second, p50 %.3f ms, p99 %.3f ms (%d connections, %.0f bytes of values each)\n",
	       (double)sample_count / took, percentile(0.5), percentile(0.99), connections, sample_count ? (double)bytes_read / (double)sample_count : 0.0);
	for (int i = 0; i < connections; i++)
		PQfinish(clients[i].pg);
	free(samples);
	return 0;
}
