/* The GraphQL engine alone, everything in memory: what a document costs to prepare, what a cached one costs, and what a
 * list costs beside a loop written by hand for that one query. The loop goes depth first, as programs without an engine do:
 * it reads the same variables from the same JSON and asks the same resolvers, for one parent at a time; but it knows keys and
 * types beforehand.
 *	bench_graphql_engine [SECONDS]         bench/graphql_engine.mjs runs the same documents on graphql-js */
#include "graphql/graphql_int.h"
#include "io/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "api_schema.h"

typedef struct facility {
	int32_t id;
	fl_str name;
} facility;

typedef struct vehicle {
	int32_t id;
	fl_str name, plate;
	int16_t year;
	const facility *facility;
} vehicle;

typedef struct driver {
	int32_t id;
	fl_str name;
} driver;

typedef struct photo {
	int32_t id;
	fl_str url;
	int32_t width, height;
} photo;

typedef struct report {
	fl_uuid id;
	int64_t number, reported_at;
	uint8_t status, severity, priority;
	fl_str description;
	double cost;
	const vehicle *vehicle;
	const driver *driver;
	photo photos[2];
} report;

enum { REPORTS = 1000 };
static report reports[REPORTS];
static vehicle vehicles[40];
static driver drivers[40];
static facility facilities[3];

static void fill(fl_arena *mem)
{
	for (int i = 0; i < 3; i++)
		facilities[i] = (facility){ i + 1, fl_str_fmt(mem, "Depot %d", i + 1) };
	for (int i = 0; i < 40; i++) {
		vehicles[i] = (vehicle){ i + 1, fl_str_fmt(mem, "VAN-%02d", i + 1), fl_str_fmt(mem, "AB-CD %d", 1000 + i), 2015 + i % 10,
					 &facilities[i % 3] };
		drivers[i] = (driver){ i + 1, fl_str_fmt(mem, "Driver %d", i + 1) };
	}
	for (int i = 0; i < REPORTS; i++) {
		report *r = &reports[i];
		*r = (report){ .number = 1000 + i, .reported_at = (INT64_C(1772357400) + i * 60) * FL_SECOND_US, .status = i % 3 + 1,
			       .severity = i % 3, .priority = i % 10 + 1, .cost = 1250.5 + i, .vehicle = &vehicles[i % 40],
			       .driver = i % 5 ? &drivers[i % 40] : NULL,
			       .description = FL_STR("Scraped the rear left door in the depot while turning; paint is off, no dent.") };
		r->id = fl_uuid7(r->reported_at);
		for (int k = 0; k < 2; k++)
			r->photos[k] = (photo){ k + 1, fl_str_fmt(mem, "/photos/%d/%d/view", i, k + 1), 4000, 3000 };
	}
}

/* ---- Binding ---- */

static fl_err all_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	batch->results[0] = fl_gql_rows(reports, sizeof(reports[0]), (size_t)fl_gql_int_or(fl_gql_arg(field, "first"), 50));
	return FL_OK;
}

static fl_err one_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	batch->results[0] = fl_gql_object(&reports[7]);
	return FL_OK;
}

static fl_err vehicle_of_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(((const report *)batch->parents[i])->vehicle);
	return FL_OK;
}

static fl_err driver_of_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(((const report *)batch->parents[i])->driver);
	return FL_OK;
}

static fl_err photos_of_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_rows(((const report *)batch->parents[i])->photos, sizeof(photo), 2);
	return FL_OK;
}

static fl_err facility_of_vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(((const vehicle *)batch->parents[i])->facility);
	return FL_OK;
}

const struct fl_api_query fl_api_query = { .reports = FL_BATCH_AT_ONCE(all_reports), .report = FL_BATCH_AT_ONCE(one_report) };
const struct fl_api_report fl_api_report = {
	.id = FL_COLUMN(report, id), .number = FL_COLUMN(report, number), .status = FL_COLUMN(report, status),
	.severity = FL_COLUMN(report, severity), .priority = FL_COLUMN(report, priority), .description = FL_COLUMN(report, description),
	.reported_at = FL_COLUMN(report, reported_at), .cost = FL_COLUMN(report, cost), .vehicle = FL_BATCH_AT_ONCE(vehicle_of_report),
	.driver = FL_BATCH_AT_ONCE(driver_of_report), .photos = FL_BATCH_AT_ONCE(photos_of_report),
};
const struct fl_api_vehicle fl_api_vehicle = {
	.id = FL_COLUMN(vehicle, id), .name = FL_COLUMN(vehicle, name), .plate = FL_COLUMN(vehicle, plate), .year = FL_COLUMN(vehicle, year),
	.facility = FL_BATCH_AT_ONCE(facility_of_vehicle),
};
const struct fl_api_facility fl_api_facility = { .id = FL_COLUMN(facility, id), .name = FL_COLUMN(facility, name) };
const struct fl_api_driver fl_api_driver = { .id = FL_COLUMN(driver, id), .name = FL_COLUMN(driver, name) };
const struct fl_api_photo fl_api_photo = {
	.id = FL_COLUMN(photo, id), .url = FL_COLUMN(photo, url), .width = FL_COLUMN(photo, width), .height = FL_COLUMN(photo, height),
};

/* ---- The same list, depth first, written by hand ---- */

static void hand_leaf(fl_buf *out, fl_str key, fl_str value)
{
	fl_buf_str(out, key);
	fl_json_quote(out, value);
}

static void hand_number(fl_buf *out, fl_str key, int64_t value, bool quoted)
{
	fl_buf_str(out, key);
	if (quoted)
		fl_buf_char(out, '"');
	fl_buf_i64(out, value);
	if (quoted)
		fl_buf_char(out, '"');
}

typedef fl_err resolver(fl_ctx *, const fl_gql_field *, fl_gql_batch *);

static fl_gql_value hand_resolve(fl_ctx *ctx, resolver *resolve, const void *parent)
{
	fl_gql_value value = {};
	fl_gql_batch batch = { 1, &parent, &value };
	if (resolve(ctx, NULL, &batch) != FL_OK)
		abort();
	return value;
}

static void hand_vehicle(fl_ctx *ctx, fl_buf *out, const vehicle *v)
{
	const facility *f = hand_resolve(ctx, facility_of_vehicle, v).pointer;
	fl_buf_lit(out, ",\"vehicle\":{");
	hand_leaf(out, FL_STR("\"name\":"), v->name);
	hand_leaf(out, FL_STR(",\"plate\":"), v->plate);
	fl_buf_lit(out, ",\"facility\":{");
	hand_leaf(out, FL_STR("\"name\":"), f->name);
	fl_buf_lit(out, "}}");
}

static void hand_photos(fl_buf *out, const fl_gql_value *list)
{
	const photo *photos = list->pointer;
	fl_buf_lit(out, ",\"photos\":[");
	for (uint32_t k = 0; k < list->count; k++) {
		fl_buf_str(out, k ? FL_STR(",{") : FL_STR("{"));
		hand_number(out, FL_STR("\"id\":"), photos[k].id, true);
		hand_leaf(out, FL_STR(",\"url\":"), photos[k].url);
		fl_buf_char(out, '}');
	}
	fl_buf_char(out, ']');
}

static void hand_report(fl_ctx *ctx, fl_buf *out, const report *r)
{
	static const fl_str statuses[] = { FL_STR_INIT("\"REPORTED\""), FL_STR_INIT("\"ASSESSED\""), FL_STR_INIT("\"APPROVED\"") };
	static const fl_str severities[] = { FL_STR_INIT("null"), FL_STR_INIT("\"MINOR\""), FL_STR_INIT("\"MAJOR\"") };
	char text[FL_UUID_TEXT + 1], time[FL_TIME_TEXT_MAX];
	fl_uuid_format(r->id, text);
	hand_leaf(out, FL_STR("{\"id\":"), fl_str_make(text, FL_UUID_TEXT));
	hand_number(out, FL_STR(",\"number\":"), r->number, true);
	fl_buf_lit(out, ",\"status\":");
	fl_buf_str(out, statuses[r->status - 1]);
	fl_buf_lit(out, ",\"severity\":");
	fl_buf_str(out, severities[r->severity]);
	hand_leaf(out, FL_STR(",\"description\":"), r->description);
	hand_leaf(out, FL_STR(",\"reportedAt\":"), fl_str_make(time, fl_time_format(r->reported_at, time)));
	fl_gql_value photos = hand_resolve(ctx, photos_of_report, r);
	hand_vehicle(ctx, out, hand_resolve(ctx, vehicle_of_report, r).pointer);
	fl_buf_lit(out, ",\"driver\":");
	const driver *d = hand_resolve(ctx, driver_of_report, r).pointer;
	if (d) {
		hand_leaf(out, FL_STR("{\"name\":"), d->name);
		fl_buf_char(out, '}');
	} else {
		fl_buf_lit(out, "null");
	}
	hand_photos(out, &photos);
	fl_buf_char(out, '}');
}

static void hand_list(fl_ctx *ctx, fl_buf *out, int64_t count)
{
	fl_buf_lit(out, "{\"data\":{\"reports\":[");
	for (int64_t i = 0; i < count; i++) {
		if (i)
			fl_buf_char(out, ',');
		hand_report(ctx, out, &reports[i]);
	}
	fl_buf_lit(out, "]}}");
}

/* ---- Measuring ---- */

#define ROW "{ id number status severity description reportedAt vehicle { name plate facility { name } } driver { name } photos { id url } }"
static const char list_query[] = "query List($first: Int) { reports(first: $first) " ROW " }";
static const char typename_query[] = "{ __typename }";
static const char by_id_query[] = "query ById($id: ID!) { report(id: $id) { id number status vehicle { name facility { name } } } }";

static double seconds = 1;
static fl_gql_schema *schema;
static fl_gql_engine *engine;
static fl_arena request_mem;
static fl_buf out;

static void run(const char *query, const char *variables, size_t *bytes)
{
	fl_gql_outcome outcome;
	fl_ctx ctx = { .mem = &request_mem, .deadline_us = FL_NEVER };
	fl_gql_request request = { .query = fl_str_z(query) };
	fl_buf_reset(&out);
	if ((variables && fl_json_parse(&request_mem, fl_str_z(variables), &request.variables, NULL) != FL_OK) ||
	    fl_gql_execute(&ctx, engine, &request, &out, &outcome) != FL_OK || outcome.errors)
		abort();
	*bytes = out.len;
	fl_arena_reset(&request_mem);
}

static void prepare(const char *query, const char *variables, size_t *bytes)
{
	static const fl_gql_limits limits = { .document_bytes = 1 << 20, .tokens = 100000, .depth = 32, .aliases = 1000, .directives = 1000,
					      .root_fields = 100, .selections = 20000 };
	static fl_arena plan_mem, scratch;
	gql_plan plan = {};
	plan_mem.max = scratch.max = 64 << 20;
	gql_errors errors = { .mem = &scratch };
	if (!gql_parse(&plan.doc, &plan_mem, fl_str_z(query), &limits, &errors))
		abort();
	gql_validate(schema, &plan.doc, &limits, &scratch, &errors);
	if (errors.count || !gql_plan_make(&plan, schema, (fl_str){}, NULL, &limits, &scratch, &errors))
		abort();
	*bytes = strlen(query);
	fl_arena_reset(&plan_mem);
	fl_arena_reset(&scratch);
}

static void by_hand(const char *query, const char *variables, size_t *bytes)
{
	fl_ctx ctx = { .mem = &request_mem, .deadline_us = FL_NEVER };
	const fl_json *json;
	fl_buf_reset(&out);
	if (fl_json_parse(&request_mem, fl_str_z(variables), &json, NULL) != FL_OK)
		abort();
	hand_list(&ctx, &out, fl_json_int(fl_json_get(json, FL_STR("first")), 50));
	*bytes = out.len;
	fl_arena_reset(&request_mem);
}

/* Processor time of this process: other work on the machine counts less. */
static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Median of seven rounds, in nanoseconds. */
static double measure(const char *what, void (*fn)(const char *, const char *, size_t *), const char *query, const char *variables)
{
	double rounds[7];
	size_t bytes, n = 1;
	for (double begin = cpu_us(); cpu_us() - begin < 20000; n++)
		fn(query, variables, &bytes);
	n = (size_t)((double)n * 50 * seconds / 7) + 1;
	for (int i = 0; i < 7; i++) {
		double begin = cpu_us();
		for (size_t k = 0; k < n; k++)
			fn(query, variables, &bytes);
		rounds[i] = (cpu_us() - begin) * 1000 / (double)n;
		for (int k = i; k > 0 && rounds[k] < rounds[k - 1]; k--) {
			double t = rounds[k];
			rounds[k] = rounds[k - 1];
			rounds[k - 1] = t;
		}
	}
	printf("%-44s %10.2f us %9.0f MB/s of %zu bytes\n", what, rounds[3] / 1000, (double)bytes * 1000 / rounds[3], bytes);
	return rounds[3];
}

static void check_same(void)
{
	size_t bytes;
	run(list_query, "{\"first\":50}", &bytes);
	char *ours = strndup(out.ptr, out.len);
	by_hand(NULL, "{\"first\":50}", &bytes);
	if (!ours || strncmp(ours, out.ptr, bytes) != 0) {
		fprintf(stderr, "the engine and the loop by hand differ\n");
		exit(1);
	}
	free(ours);
}

static char *introspection_query(void)
{
	FILE *file = fopen("fuzz/corpus/graphql_document/introspect", "re");
	char *text = calloc(1, 16384);
	if (!file || !text || fread(text, 1, 16383, file) == 0) {
		fprintf(stderr, "run it at the root of the project\n");
		exit(1);
	}
	fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	fl_arena mem = fl_arena_make(64 << 20);
	fl_diag diag = {};
	fl_gql_schema_options options = { .sdl = { fl_api_sdl, fl_api_sdl_len }, .types = fl_api_types, .type_count = fl_api_type_count };
	if (argc > 1 && !fl_str_f64(fl_str_z(argv[1]), &seconds))
		return 2;
	fill(&mem);
	request_mem = fl_arena_make(64 << 20);
	out = fl_buf_make(64 << 20);
	if (fl_gql_schema_new(&options, &schema, &diag) != FL_OK || fl_gql_engine_new(schema, NULL, 1 << 20, &engine) != FL_OK) {
		fprintf(stderr, "%s\n", diag.text);
		return 1;
	}
	check_same();
	char *introspect = introspection_query();
	measure("prepare (parse, validate, plan): list", prepare, list_query, NULL);
	measure("prepare: by id", prepare, by_id_query, NULL);
	measure("prepare: introspection", prepare, introspect, NULL);
	measure("cached: { __typename }", run, typename_query, NULL);
	measure("cached: by id, one variable", run, by_id_query, "{\"id\":\"7\"}");
	measure("cached: introspection of this schema", run, introspect, NULL);
	double one = measure("cached: list of 1", run, list_query, "{\"first\":1}");
	double one_hand = measure("  the same by hand", by_hand, NULL, "{\"first\":1}");
	double fifty = measure("cached: list of 50", run, list_query, "{\"first\":50}");
	double fifty_hand = measure("  the same by hand", by_hand, NULL, "{\"first\":50}");
	double thousand = measure("cached: list of 1000", run, list_query, "{\"first\":1000}");
	double thousand_hand = measure("  the same by hand", by_hand, NULL, "{\"first\":1000}");
	printf("engine / by hand: %.2f at 1, %.2f at 50, %.2f at 1000\n", one / one_hand, fifty / fifty_hand, thousand / thousand_hand);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("peak memory: %ld MiB\n", usage.ru_maxrss / 1024);
	return 0;
}
