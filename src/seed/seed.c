/* The companies and when each of their reports is filed: day by day through all companies, so that rows lie in the order
 * of time, as they do when time itself brings them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "seed/seed_int.h"

enum {
	BATCH_MIN = 500,
	BATCH_MAX = 4000,
	ASIDE_LEAST = 15000,
	MONTHS_LEAST = 1000000,
	ANALYZE_LEAST = 20000,
	YEARS_DAYS = 3 * 365,
	MEM_MAX = 1 << 30,
	DAYS = YEARS_DAYS + 1,
	VEHICLES_A_COMPANY = 100,
	COMPANIES_A_TRANSACTION = 50
};

/* A report to come: when, and whose. */
typedef struct moment {
	int64_t at_us;
	int company;
} moment;

typedef struct work {
	const fl_seed_opts *opts;
	fl_diag *diag;
	fl_pg *pg;
	fl_arena mem, scratch;
	int64_t now_us, start_us;
	fl_company *companies;
	int company_count, batch_rows;
	fl_sender sender;
	fl_load load;
	moment *moments; /* of a day */
	size_t moments_cap;
} work;

static uint64_t seed_of(const work *w)
{
	return w->opts->seed ? w->opts->seed : 1;
}

/* ---- Companies ---- */

/* The part of everything that the i-th of n companies has: the first of two thousand 8 %, the last 0.02 %. */
static double part_of(int i, int n)
{
	return cbrt((double)(i + 1) / n) - cbrt((double)i / n);
}

static fl_err plan_two(work *w)
{
	int64_t small = w->opts->reports ? FL_MAX(20, FL_MIN(w->opts->reports / 10, 500)) : 0;

	w->companies[0] = fl_company_demo((int)FL_MAX(40, FL_MIN(w->opts->reports / 200, 3000)));
	w->companies[1] = fl_company_other(14);
	w->companies[0].reports = w->opts->reports;
	w->companies[1].reports = small;
	return FL_OK;
}

static fl_err plan_many(work *w)
{
	int n = w->company_count;
	int64_t given = 0;
	double due = 0;

	for (int i = 0; i < n; i++) {
		fl_company *c = &w->companies[i];
		int vehicles = (int)FL_MAX(5, lround(part_of(i, n) * VEHICLES_A_COMPANY * n));
		if (i == 0)
			*c = fl_company_demo(FL_MAX(40, vehicles * 5 / 9));
		else if (i == 1)
			*c = fl_company_other(FL_MAX(14, vehicles * 5 / 9));
		else
			FL_TRY(fl_company_of_city(i, vehicles, &w->mem, c));
		due += part_of(i, n) * (double)w->opts->reports;
		c->reports = i == n - 1 ? w->opts->reports - given : llround(due) - given;
		given += c->reports;
	}
	return FL_OK;
}

static fl_err plan_companies(work *w)
{
	w->company_count = FL_MAX(w->opts->companies, 2);
	w->companies = fl_new_array(&w->mem, fl_company, (size_t)w->company_count);
	if (!w->companies)
		return FL_NOMEM;
	return w->company_count == 2 ? plan_two(w) : plan_many(w);
}

/* Numbers from the company's sequence; the last of the range becomes its value, so that the next report follows it. */
static fl_err reserve_numbers(work *w, fl_company *c)
{
	char sql[160];
	fl_str first;

	snprintf(sql, sizeof sql, "SELECT setval('numbers.report_%d', nextval('numbers.report_%d') + %lld - 1) - %lld + 1",
		(int)c->tenant, (int)c->tenant, (long long)c->reports, (long long)c->reports);
	FL_TRY(fl_pg_value(w->pg, sql, &w->scratch, &first, w->diag));
	if (!first.ptr || !fl_str_i64(first, &c->number))
		return FL_DB;
	c->dice.state = (seed_of(w) ^ fl_hash(c->slug, strlen(c->slug), 11)) ^
			(uint64_t)c->number * UINT64_C(0xd1342543de82ef95); /* more reports later are other reports */
	return FL_OK;
}

static fl_err make_companies(work *w)
{
	for (int i = 0; i < w->company_count; i++) {
		fl_company *c = &w->companies[i];
		if (i % COMPANIES_A_TRANSACTION == 0)
			FL_TRY(fl_pg_exec(w->pg, "BEGIN; SELECT pg_advisory_xact_lock(727003)", w->diag));
		FL_TRY(fl_company_make(w->pg, c, w->opts->password, seed_of(w), &w->mem, &w->scratch, w->diag));
		if (c->reports)
			FL_TRY(reserve_numbers(w, c));
		fl_arena_reset(&w->scratch);
		if (i == w->company_count - 1 || i % COMPANIES_A_TRANSACTION == COMPANIES_A_TRANSACTION - 1)
			FL_TRY(fl_pg_exec(w->pg, "COMMIT", w->diag));
	}
	return FL_OK;
}

/* ---- Days ---- */

static int by_time(const void *a, const void *b)
{
	const moment *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->company - y->company;
}

static fl_err add_moments(work *w, size_t have, int company, int64_t day_us, int64_t count)
{
	fl_company *c = &w->companies[company];

	if (have + (size_t)count > w->moments_cap) {
		size_t cap = FL_MAX(2 * w->moments_cap, have + (size_t)count + 1024);
		moment *grown = realloc(w->moments, cap * sizeof *grown);
		if (!grown)
			return FL_NOMEM;
		w->moments = grown;
		w->moments_cap = cap;
	}
	for (int64_t i = 0; i < count; i++) {
		int64_t at_us = fl_day_moment(&c->dice, day_us);
		if (at_us >= w->now_us) /* today has only its hours so far */
			at_us = day_us + (int64_t)(fl_dice_unit(&c->dice) * (double)(w->now_us - day_us));
		w->moments[have + (size_t)i] = (moment) { at_us, company };
	}
	return FL_OK;
}

/* Each company's day gets its share; what does not come out even is carried to the next. */
static fl_err plan_day(work *w, int day, double share, size_t *count)
{
	int64_t day_us = w->start_us + day * FL_DAY_US;

	*count = 0;
	for (int i = 0; i < w->company_count; i++) {
		fl_company *c = &w->companies[i];
		int64_t until;
		c->share += share * (double)c->reports;
		until = day == DAYS - 1 ? c->reports : FL_MIN((int64_t)floor(c->share), c->reports);
		if (until > c->written && day_us < w->now_us) {
			FL_TRY(add_moments(w, *count, i, day_us, until - c->written));
			*count += (size_t)(until - c->written);
		}
		c->written = FL_MAX(until, c->written);
	}
	if (*count) /* a first quiet day has no room yet */
		qsort(w->moments, *count, sizeof *w->moments, by_time);
	return FL_OK;
}

/* Months that end before the moment have all their rows: later reports have only later events. */
static fl_err fill_pieces(work *w, int64_t until_us)
{
	while (fl_load_next_us(&w->load) <= until_us) {
		FL_TRY(fl_sender_flush(&w->sender));
		FL_TRY(fl_load_filled(&w->load, w->diag));
	}
	return FL_OK;
}

static fl_err write_day(work *w, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const moment *m = &w->moments[i];
		fl_company *c = &w->companies[m->company];
		fl_uuid id = fl_dice_uuid7(&c->dice, m->at_us);
		fl_story s;
		fl_story_make(&c->dice, c, m->at_us, w->now_us, &s);
		fl_rows_write(w->sender.at, c, &s, id);
		if (w->sender.at->rows >= w->batch_rows)
			FL_TRY(fl_sender_send(&w->sender));
	}
	return FL_OK;
}

static fl_err write_days(work *w)
{
	double sum = 0;

	for (int i = 0; i < DAYS; i++)
		sum += fl_day_weight(w->start_us + i * FL_DAY_US, w->start_us, w->now_us);
	for (int i = 0; i < DAYS; i++) {
		int64_t day_us = w->start_us + i * FL_DAY_US;
		size_t count;
		FL_TRY(fill_pieces(w, day_us));
		FL_TRY(plan_day(w, i, fl_day_weight(day_us, w->start_us, w->now_us) / sum, &count));
		FL_TRY(write_day(w, count));
	}
	FL_TRY(fl_sender_flush(&w->sender));
	return w->load.open ? fl_load_end(&w->load, w->diag) : FL_OK;
}

/* ---- The whole ---- */

static fl_err make_months(work *w)
{
	char from[FL_TIME_TEXT_MAX], sql[240];
	const int way = w->opts->way;
	bool by_month = way == FL_SEED_ASIDE_MONTHS || (way == FL_SEED_AUTO && w->sender.total >= MONTHS_LEAST);
	bool aside = by_month || way == FL_SEED_ASIDE || (way == FL_SEED_AUTO && w->sender.total >= ASIDE_LEAST);

	if (aside)
		return fl_load_open(&w->load, w->opts->url, w->start_us, by_month, &w->scratch, w->diag);
	fl_time_format(w->start_us, from);
	snprintf(sql, sizeof sql,
		"SELECT platform.ensure_history('%.10s', ARRAY['damage_reports', 'report_search', 'assessments', 'events'])",
		from);
	return fl_pg_exec(w->pg, sql, w->diag);
}

static fl_err write_reports(work *w)
{
	FL_TRY(make_months(w));
	FL_TRY(fl_sender_open(&w->sender, w->opts->url, &w->load, w->diag));
	FL_TRY(write_days(w));
	FL_TRY(fl_pg_exec(w->pg, "SET synchronous_commit = on; SELECT fleet.rollup_fold()", w->diag));
	if (w->sender.total >= ANALYZE_LEAST) /* autovacuum never looks at the parents */
		return fl_pg_exec(w->pg,
			"ANALYZE fleet.damage_reports (tenant_id, id, status, severity, damage_type, vehicle_id, facility_id), "
			"fleet.vehicles, fleet.drivers",
			w->diag);
	return FL_OK;
}

static fl_err seed(work *w, fl_seed_result *out)
{
	FL_TRY(fl_pg_open(w->opts->url, w->diag, &w->pg));
	FL_TRY(fl_pg_exec(w->pg, fl_seed_settings, w->diag));
	FL_TRY(plan_companies(w));
	FL_TRY(make_companies(w));
	for (int i = 0; i < w->company_count; i++)
		w->sender.total += w->companies[i].reports;
	w->batch_rows = (int)FL_MAX(BATCH_MIN, FL_MIN(w->sender.total / 16, BATCH_MAX));
	if (w->sender.total)
		FL_TRY(write_reports(w));
	*out = (fl_seed_result) { .demo = w->companies[0].tenant, .other = w->companies[1].tenant, .reports = w->sender.done };
	return FL_OK;
}

fl_err fl_seed(const fl_seed_opts *opts, fl_diag *diag, fl_seed_result *out)
{
	int64_t began_us = fl_mono_us();
	work w = { .opts = opts, .diag = diag, .mem = fl_arena_make(MEM_MAX), .scratch = fl_arena_make(64 << 20) };
	fl_err err;

	w.now_us = opts->now_us ? opts->now_us : fl_now_us();
	w.start_us = (w.now_us / FL_DAY_US - YEARS_DAYS) * FL_DAY_US;
	w.sender.progress = opts->progress;
	w.sender.arg = opts->arg;
	err = seed(&w, out);
	out->took_us = fl_mono_us() - began_us;
	fl_sender_close(&w.sender);
	fl_load_close(&w.load);
	fl_pg_close(w.pg);
	free(w.moments);
	fl_arena_fini(&w.scratch);
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
