/* Writes the companies and their reports: COPY in batches, oldest first, over a connection a core. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "seed/seed_int.h"

enum { BATCH = 1000, BATCHES_MAX = 5, ANALYZE_LEAST = 20000, YEARS_DAYS = 3 * 365, MEM_MAX = 64 << 20, DAYS = YEARS_DAYS + 1 };

static const char COPY_REPORTS[] =
	"COPY fleet.damage_reports (tenant_id, id, report_number, vehicle_id, driver_id, facility_id, reported_by, incident_at, status, severity, damage_type,"
	" priority, estimated_cost, actual_cost, location, address, description, damage_areas, claim_no, assessed_at, completed_at, version, updated_at)"
	" FROM STDIN (FORMAT binary)";
enum { REPORT_COLUMNS = 23 };
static const char COPY_ASSESSMENTS[] =
	"COPY fleet.assessments (tenant_id, report_id, id, model, created_at, duration_ms, severity, severity_confidence, part, part_confidence, damage_type,"
	" type_confidence, cost_low, cost_likely, cost_high, hours_low, hours_likely, hours_high, rule) FROM STDIN (FORMAT binary)";
enum { ASSESSMENT_COLUMNS = 19 };
static const char COPY_EVENTS[] = "COPY fleet.events (tenant_id, id, xid, type, report_id, vehicle_id, agg_version, actor, data) FROM STDIN (FORMAT binary)";
enum { EVENT_COLUMNS = 9 };

static const char SETTINGS[] = "SET constraint_exclusion = off; SET jit = off; SET synchronous_commit = off";

/* A batch of rows on its way: filled by the seed's own thread, then sent by a thread and a connection of the batch. */
typedef struct batch {
	fl_pg *pg;
	fl_copy reports, assessments, events;
	int rows;
	bool sending;
	pthread_t thread;
	fl_err err;
	fl_diag diag;
} batch;

typedef struct work {
	const fl_seed_opts *opts;
	fl_diag *diag;
	fl_pg *pg;
	fl_arena mem;
	int64_t now_us, start_us, done, total;
	int64_t number; /* of the next report */
	batch batches[BATCHES_MAX];
	int batch_count;
	batch *at;      /* being filled */
} work;

/* ---- Rows ---- */

static void nullable_text(fl_copy *c, const char *text)
{
	if (text && *text)
		fl_copy_text(c, fl_str_z(text));
	else
		fl_copy_null(c);
}

static void nullable_id(fl_copy *c, int32_t id)
{
	if (id)
		fl_copy_i32(c, id);
	else
		fl_copy_null(c);
}

static int64_t last_change(const fl_story *s)
{
	int64_t at = s->assessed_us;

	at = s->decided_us != FL_NEVER ? s->decided_us : at;
	at = s->repair_us != FL_NEVER ? s->repair_us : at;
	return s->completed_us != FL_NEVER ? s->completed_us : at;
}

static void write_report(work *w, const fl_company *c, const fl_story *s, fl_uuid id)
{
	fl_copy *o = &w->at->reports;
	char areas[40] = "[]";

	if (s->part)
		snprintf(areas, sizeof areas, "[{\"part\": \"%s\"}]", fl_part_code(s->part));
	fl_copy_row(o, REPORT_COLUMNS);
	fl_copy_i32(o, c->tenant);
	fl_copy_uuid(o, id);
	fl_copy_i64(o, w->number++);
	fl_copy_i32(o, s->vehicle->id);
	nullable_id(o, s->driver_id);
	fl_copy_i32(o, c->depot_ids[s->vehicle->facility]);
	nullable_id(o, s->driver_id && s->driver_id == c->driver_ids[0] ? c->driver_user : c->manager);
	fl_copy_time(o, s->incident_us);
	fl_copy_i16(o, (int16_t)s->status);
	fl_copy_i16(o, (int16_t)s->severity);
	fl_copy_i16(o, (int16_t)s->type);
	fl_copy_i16(o, (int16_t)s->priority);
	fl_copy_i64(o, s->likely_cents);
	if (s->actual_cents >= 0)
		fl_copy_i64(o, s->actual_cents);
	else
		fl_copy_null(o);
	fl_copy_point(o, s->latitude, s->longitude);
	fl_copy_text(o, fl_str_z(s->place->address));
	fl_copy_text(o, fl_str_z(s->description));
	fl_copy_jsonb(o, fl_str_z(areas));
	nullable_text(o, s->claim_no);
	fl_copy_time(o, s->assessed_us);
	fl_copy_time(o, s->completed_us);
	fl_copy_i32(o, s->version);
	fl_copy_time(o, last_change(s));
}

static void write_assessment(work *w, const fl_company *c, const fl_story *s, fl_uuid id, fl_dice *d)
{
	static const fl_str RULE[] = { FL_STR_INIT("Demo data: made up together with the report, no photo was looked at.") };
	fl_copy *o = &w->at->assessments;

	fl_copy_row(o, ASSESSMENT_COLUMNS);
	fl_copy_i32(o, c->tenant);
	fl_copy_uuid(o, id);
	fl_copy_i16(o, 1);
	fl_copy_text(o, FL_STR("demo"));
	fl_copy_time(o, s->assessed_us);
	fl_copy_i32(o, 0);
	fl_copy_i16(o, (int16_t)s->severity);
	fl_copy_f4(o, (float)(0.55 + 0.4 * fl_dice_unit(d)));
	if (s->part)
		fl_copy_i16(o, (int16_t)s->part);
	else
		fl_copy_null(o);
	fl_copy_f4(o, s->part ? (float)(0.6 + 0.38 * fl_dice_unit(d)) : 0.0f);
	fl_copy_i16(o, (int16_t)s->type);
	fl_copy_f4(o, (float)(0.5 + 0.45 * fl_dice_unit(d)));
	fl_copy_i64(o, s->low_cents);
	fl_copy_i64(o, s->likely_cents);
	fl_copy_i64(o, s->high_cents);
	fl_copy_f4(o, (float)(s->hours * 0.6));
	fl_copy_f4(o, (float)s->hours);
	fl_copy_f4(o, (float)(s->hours * 1.7));
	fl_copy_texts(o, RULE, 1);
}

static void write_event(work *w, const fl_company *c, const fl_story *s, fl_uuid report, fl_dice *d, const char *type, int64_t at_us, int version, int32_t actor,
                        const char *data)
{
	fl_copy *o = &w->at->events;

	fl_copy_row(o, EVENT_COLUMNS);
	fl_copy_i32(o, c->tenant);
	fl_copy_uuid(o, fl_dice_uuid7(d, at_us));
	fl_copy_i64(o, 0); /* xid 0: history, told to nobody */
	fl_copy_text(o, fl_str_z(type));
	fl_copy_uuid(o, report);
	fl_copy_i32(o, s->vehicle->id);
	fl_copy_i32(o, version);
	nullable_id(o, actor);
	fl_copy_jsonb(o, fl_str_z(data));
}

static void write_events(work *w, const fl_company *c, const fl_story *s, fl_uuid id, fl_dice *d)
{
	char refused[300];
	int version = 1;

	write_event(w, c, s, id, d, "report.created", s->reported_us, version++, c->driver_user, "{}");
	write_event(w, c, s, id, d, "report.assessed", s->assessed_us, version++, 0, "{}");
	if (s->decided_us != FL_NEVER && s->reason) {
		snprintf(refused, sizeof refused, "{\"status\": [\"ASSESSED\", \"REJECTED\"], \"reason\": \"%s\"}", s->reason);
		write_event(w, c, s, id, d, "report.updated", s->decided_us, version++, c->manager, refused);
	} else if (s->decided_us != FL_NEVER) {
		write_event(w, c, s, id, d, "report.updated", s->decided_us, version++, c->manager, "{\"status\": [\"ASSESSED\", \"APPROVED\"]}");
	}
	if (s->repair_us != FL_NEVER)
		write_event(w, c, s, id, d, "report.updated", s->repair_us, version++, c->manager, "{\"status\": [\"APPROVED\", \"IN_REPAIR\"]}");
	if (s->completed_us != FL_NEVER)
		write_event(w, c, s, id, d, "report.updated", s->completed_us, version++, c->manager, "{\"status\": [\"IN_REPAIR\", \"COMPLETED\"]}");
}

/* ---- Batches ---- */

static fl_err send_rows(batch *b)
{
	FL_TRY(fl_pg_exec(b->pg, "BEGIN", &b->diag));
	FL_TRY(fl_copy_send(&b->reports, b->pg, COPY_REPORTS, &b->diag));
	FL_TRY(fl_copy_send(&b->assessments, b->pg, COPY_ASSESSMENTS, &b->diag));
	FL_TRY(fl_copy_send(&b->events, b->pg, COPY_EVENTS, &b->diag));
	return fl_pg_exec(b->pg, "COMMIT", &b->diag);
}

static void *run_batch(void *arg)
{
	batch *b = arg;

	b->err = send_rows(b);
	return NULL;
}

/* Waits until the batch is in the database. */
static fl_err finish_batch(work *w, batch *b)
{
	if (!b->sending)
		return FL_OK;
	pthread_join(b->thread, NULL);
	b->sending = false;
	if (b->err != FL_OK) {
		*w->diag = b->diag;
		return b->err;
	}
	w->done += b->rows;
	b->rows = 0;
	if (w->opts->progress)
		w->opts->progress(w->opts->arg, w->done, w->total);
	return FL_OK;
}

/* Hands the batch over and turns to the next one, which may have to be waited for. */
static fl_err send_batch(work *w)
{
	batch *b = w->at;

	if (!b->rows)
		return FL_OK;
	b->sending = pthread_create(&b->thread, NULL, run_batch, b) == 0;
	if (!b->sending) {
		FL_TRY(send_rows(b));
		w->done += b->rows;
		b->rows = 0;
	}
	w->at = b + 1 < w->batches + w->batch_count ? b + 1 : w->batches;
	return finish_batch(w, w->at);
}

static fl_err finish_all(work *w)
{
	fl_err first = FL_OK;

	for (int i = 0; i < w->batch_count; i++) {
		fl_err err = finish_batch(w, &w->batches[i]);
		first = first == FL_OK ? err : first;
	}
	return first;
}

/* As many connections as cores, to a limit; while they send, one more batch is being made. */
static fl_err open_batches(work *w)
{
	int senders = (int)FL_MAX(1, FL_MIN(sysconf(_SC_NPROCESSORS_ONLN), BATCHES_MAX - 1));

	for (w->batch_count = 0; w->batch_count < senders + 1; w->batch_count++) {
		batch *b = &w->batches[w->batch_count];

		FL_TRY(fl_pg_open(w->opts->url, w->diag, &b->pg));
		FL_TRY(fl_pg_exec(b->pg, SETTINGS, w->diag));
		fl_copy_begin(&b->reports);
		fl_copy_begin(&b->assessments);
		fl_copy_begin(&b->events);
	}
	w->at = w->batches;
	return FL_OK;
}

static void close_batches(work *w)
{
	for (int i = 0; i < BATCHES_MAX; i++) {
		batch *b = &w->batches[i];

		if (b->sending)
			pthread_join(b->thread, NULL);
		fl_buf_fini(&b->reports.buf);
		fl_buf_fini(&b->assessments.buf);
		fl_buf_fini(&b->events.buf);
		fl_pg_close(b->pg);
	}
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static fl_err write_day(work *w, const fl_company *c, fl_dice *d, int64_t day_us, int64_t count)
{
	int64_t *moments = malloc((size_t)count * sizeof *moments);
	fl_err err = FL_OK;

	if (!moments)
		return FL_NOMEM;
	for (int64_t i = 0; i < count; i++) {
		moments[i] = fl_day_moment(d, day_us);
		if (moments[i] >= w->now_us) /* today has only its hours so far */
			moments[i] = day_us + (int64_t)(fl_dice_unit(d) * (double)(w->now_us - day_us));
	}
	qsort(moments, (size_t)count, sizeof *moments, by_time);
	for (int64_t i = 0; i < count && err == FL_OK; i++) {
		fl_story s;
		fl_uuid id = fl_dice_uuid7(d, moments[i]);
		fl_story_make(d, c, moments[i], w->now_us, &s);
		write_report(w, c, &s, id);
		write_assessment(w, c, &s, id, d);
		write_events(w, c, &s, id, d);
		if (++w->at->rows == BATCH)
			err = send_batch(w);
	}
	free(moments);
	return err;
}

static fl_err reserve_numbers(work *w, const fl_company *c, int64_t count)
{
	char sql[160];
	fl_str first;

	/* The last of the range becomes the sequence's value, so that the next report follows it. */
	snprintf(sql, sizeof sql, "SELECT setval('numbers.report_%d', nextval('numbers.report_%d') + %lld - 1) - %lld + 1", (int)c->tenant, (int)c->tenant,
	         (long long)count, (long long)count);
	FL_TRY(fl_pg_value(w->pg, sql, &w->mem, &first, w->diag));
	return first.ptr && fl_str_i64(first, &w->number) ? FL_OK : FL_DB;
}

/* Each day gets its share; what does not come out even is carried to the next. */
static fl_err write_reports(work *w, const fl_company *c, int64_t count)
{
	fl_dice d = { (w->opts->seed ? w->opts->seed : 1) ^ fl_hash(c->slug, strlen(c->slug), 11) };
	double sum = 0, share = 0;
	int64_t written = 0;

	if (count <= 0)
		return FL_OK;
	FL_TRY(reserve_numbers(w, c, count));
	d.state ^= (uint64_t)w->number * UINT64_C(0xd1342543de82ef95); /* more reports later are other reports */
	for (int i = 0; i < DAYS; i++)
		sum += fl_day_weight(w->start_us + i * FL_DAY_US, w->start_us, w->now_us);
	for (int i = 0; i < DAYS; i++) {
		int64_t day_us = w->start_us + i * FL_DAY_US, until;
		share += fl_day_weight(day_us, w->start_us, w->now_us) / sum * (double)count;
		until = i == DAYS - 1 ? count : FL_MIN((int64_t)floor(share), count);
		if (until > written && day_us < w->now_us)
			FL_TRY(write_day(w, c, &d, day_us, until - written));
		written = FL_MAX(until, written);
	}
	FL_TRY(send_batch(w));
	return finish_all(w);
}

/* ---- The whole ---- */

static fl_err make_months(work *w)
{
	char from[FL_TIME_TEXT_MAX], sql[240];

	fl_time_format(w->start_us, from);
	snprintf(sql, sizeof sql, "SELECT platform.ensure_history('%.10s', ARRAY['damage_reports', 'report_search', 'assessments', 'events'])", from);
	return fl_pg_exec(w->pg, sql, w->diag);
}

static fl_err make_companies(work *w, fl_company *demo, fl_company *other)
{
	uint64_t seed = w->opts->seed ? w->opts->seed : 1;

	FL_TRY(fl_pg_exec(w->pg, "BEGIN; SELECT pg_advisory_xact_lock(727003)", w->diag));
	FL_TRY(fl_company_make(w->pg, demo, w->opts->password, seed, &w->mem, w->diag));
	FL_TRY(fl_company_make(w->pg, other, w->opts->password, seed, &w->mem, w->diag));
	return fl_pg_exec(w->pg, "COMMIT", w->diag);
}

static fl_err seed(work *w, fl_seed_result *out)
{
	fl_company demo = fl_company_demo(w->opts->reports), other = fl_company_other();
	int64_t small = w->opts->reports ? FL_MAX(20, FL_MIN(w->opts->reports / 10, 500)) : 0;

	FL_TRY(fl_pg_open(w->opts->url, w->diag, &w->pg));
	FL_TRY(fl_pg_exec(w->pg, SETTINGS, w->diag));
	FL_TRY(make_companies(w, &demo, &other));
	w->total = w->opts->reports + small;
	if (w->total) {
		FL_TRY(make_months(w));
		FL_TRY(open_batches(w));
	}
	FL_TRY(write_reports(w, &demo, w->opts->reports));
	FL_TRY(write_reports(w, &other, small));
	FL_TRY(fl_pg_exec(w->pg, "SET synchronous_commit = on; SELECT fleet.rollup_fold()", w->diag));
	if (w->total >= ANALYZE_LEAST) /* autovacuum never looks at the parents */
		FL_TRY(fl_pg_exec(w->pg, "ANALYZE fleet.damage_reports (tenant_id, id, status, severity, damage_type, vehicle_id, facility_id), fleet.vehicles, fleet.drivers", w->diag));
	out->demo = demo.tenant;
	out->other = other.tenant;
	out->reports = w->done;
	return FL_OK;
}

fl_err fl_seed(const fl_seed_opts *opts, fl_diag *diag, fl_seed_result *out)
{
	int64_t began_us = fl_mono_us();
	work w = { .opts = opts, .diag = diag, .mem = fl_arena_make(MEM_MAX) };
	fl_err err;

	w.now_us = opts->now_us ? opts->now_us : fl_now_us();
	w.start_us = (w.now_us / FL_DAY_US - YEARS_DAYS) * FL_DAY_US;
	err = seed(&w, out);
	out->took_us = fl_mono_us() - began_us;
	close_batches(&w);
	fl_pg_close(w.pg);
	fl_arena_fini(&w.mem);
	return err;
}

fl_err fl_seed_needed(const char *url, bool *out, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(1 << 16);
	fl_str any;
	fl_err err;

	FL_TRY(fl_pg_open(url, diag, &pg));
	err = fl_pg_value(pg, "SELECT 1 FROM fleet.tenants LIMIT 1", &mem, &any, diag);
	if (err == FL_OK)
		*out = any.ptr == NULL;
	fl_arena_fini(&mem);
	return err;
}
