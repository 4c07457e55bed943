/* Months and years filled aside (sql/migrations/0012_bulk.sql): when the last row of one is in, its indexes and search
 * documents are made by threads of a small pool, table by table, while later rows are still coming; whoever ends the last
 * table of a piece checks its keys and attaches it. */
#include <stdio.h>
#include <stdlib.h>

#include "seed/seed_int.h"

static const int64_t LOCK_TRIES = 20;

/* What may be done side by side for one piece, the longest first. */
static const char *const STEPS[] = {
	"SELECT platform.load_search('%s')",
	"SELECT platform.load_index('damage_reports', '%s')",
	"SELECT platform.load_index('events', '%s')",
	"SELECT platform.load_index('assessments', '%s')",
};
enum { STEP_COUNT = FL_COUNT(STEPS) };

bool fl_load_covers(const fl_load *l, int64_t at_us)
{
	for (int i = l->piece_count - 1; i >= 0; i--)
		if (at_us >= l->pieces[i].from_us)
			return at_us < l->pieces[i].to_us;
	return false;
}

/* ---- Finishing pieces ---- */

static fl_err run_step(fl_pg *pg, const char *format, const char *suffix, fl_diag *diag)
{
	char sql[200];

	snprintf(sql, sizeof sql, format, suffix);
	return fl_pg_exec(pg, sql, diag);
}

/* Needs locks that others may hold for a moment. */
static fl_err run_patiently(fl_pg *pg, const char *sql, fl_diag *diag)
{
	fl_err err = fl_pg_exec(pg, sql, diag);

	for (int64_t i = 1; err == FL_DB_RETRY && i < LOCK_TRIES; i++)
		err = fl_pg_exec(pg, sql, diag);
	return err;
}

static fl_err complete(fl_pg *pg, const fl_load_piece *p, fl_diag *diag)
{
	char sql[300], low[FL_UUID_TEXT + 1], high[FL_UUID_TEXT + 1];

	fl_uuid_format(fl_uuid7_floor(p->from_us), low);
	fl_uuid_format(fl_uuid7_floor(p->to_us), high);
	snprintf(sql, sizeof sql, "SELECT platform.load_keys('%s')", p->suffix);
	FL_TRY(run_patiently(pg, sql, diag));
	FL_TRY(run_step(pg, "SELECT platform.load_check('%s')", p->suffix, diag));
	snprintf(sql, sizeof sql, "SELECT platform.load_bounds('%s', '%s', '%s')", p->suffix, low, high);
	FL_TRY(fl_pg_exec(pg, sql, diag));
	snprintf(sql, sizeof sql, "SELECT platform.load_attach('%s', '%s', '%s')", p->suffix, low, high);
	return run_patiently(pg, sql, diag);
}

/* The next step of the oldest piece that has one; NULL when there is nothing more to come. Under the mutex. */
static fl_load_piece *take_step(fl_load *l, int *step)
{
	for (;;) {
		for (int i = 0; i < l->piece_count && l->err == FL_OK; i++) {
			fl_load_piece *p = &l->pieces[i];
			if (p->filled && p->taken < (int)STEP_COUNT) {
				*step = p->taken++;
				return p;
			}
		}
		if (l->ending || l->err != FL_OK)
			return NULL;
		pthread_cond_wait(&l->news, &l->mutex);
	}
}

static void *finish_pieces(void *arg)
{
	fl_load_worker *w = arg;
	fl_load *l = w->load;
	fl_load_piece *p;
	int step;

	pthread_mutex_lock(&l->mutex);
	while ((p = take_step(l, &step))) {
		fl_diag diag = {};
		pthread_mutex_unlock(&l->mutex);
		fl_err err = run_step(w->pg, STEPS[step], p->suffix, &diag);
		pthread_mutex_lock(&l->mutex);
		if (++p->done == (int)STEP_COUNT && err == FL_OK) {
			pthread_mutex_unlock(&l->mutex);
			err = complete(w->pg, p, &diag);
			pthread_mutex_lock(&l->mutex);
		}
		if (err != FL_OK && l->err == FL_OK) {
			l->err = err;
			l->diag = diag;
		}
	}
	pthread_mutex_unlock(&l->mutex);
	return NULL;
}

/* ---- The caller's side ---- */

static fl_err begin(fl_load *l, int64_t from_us, bool by_month, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	char day[FL_TIME_TEXT_MAX];
	const fl_rows *rows;

	fl_time_format(from_us, day);
	fl_arg_text(&args, fl_str_slice(fl_str_z(day), 0, 10));
	fl_arg_bool(&args, by_month);
	FL_TRY(fl_pg_exec(l->pg, "SELECT pg_advisory_lock(727004)", diag)); /* until we disconnect */
	FL_TRY(fl_pg_exec(l->pg, "SELECT platform.load_clear()", diag));
	FL_TRY(fl_pg_query(l->pg,
		"SELECT suffix, fleet.uuid7_time(from_id), fleet.uuid7_time(to_id) FROM platform.load_begin($1::text::date, $2)",
		&args, mem, &rows, diag));
	if (rows->count > FL_PIECES_MAX)
		return fl_fail(diag, FL_LIMIT, "%d months are missing; at most %d are made at once", rows->count, FL_PIECES_MAX);
	for (int i = 0; i < rows->count; i++) {
		fl_load_piece *p = &l->pieces[i];
		*p = (fl_load_piece) { .from_us = fl_row_time(rows, i, 1), .to_us = fl_row_time(rows, i, 2) };
		snprintf(p->suffix, sizeof p->suffix, "%" FL_FMT, FL_ARG(fl_row_text(rows, i, 0)));
	}
	l->piece_count = rows->count;
	return FL_OK;
}

fl_err fl_load_open(fl_load *l, const char *url, int64_t from_us, bool by_month, fl_arena *mem, fl_diag *diag)
{
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->news, NULL);
	l->open = true;
	FL_TRY(fl_pg_open(url, diag, &l->pg));
	FL_TRY(begin(l, from_us, by_month, mem, diag));
	for (int i = 0; i < fl_seed_threads(); i++) {
		fl_load_worker *w = &l->workers[i];
		w->load = l;
		FL_TRY(fl_pg_open(url, diag, &w->pg));
		FL_TRY(fl_pg_exec(w->pg, fl_seed_settings, diag));
		if (pthread_create(&w->thread, NULL, finish_pieces, w) != 0)
			return fl_fail(diag, FL_NOMEM, "no thread for the indexes could be started");
		l->worker_count++;
	}
	return FL_OK;
}

int64_t fl_load_next_us(const fl_load *l)
{
	return l->next < l->piece_count ? l->pieces[l->next].to_us : FL_NEVER;
}

fl_err fl_load_filled(fl_load *l, fl_diag *diag)
{
	fl_load_piece *p = &l->pieces[l->next];
	fl_err err;

	FL_TRY(run_step(l->pg, "SELECT platform.load_detach('%s')", p->suffix, diag));
	pthread_mutex_lock(&l->mutex);
	p->filled = true;
	l->next++;
	pthread_cond_broadcast(&l->news);
	err = l->err;
	if (err != FL_OK)
		*diag = l->diag;
	pthread_mutex_unlock(&l->mutex);
	return err;
}

static void end_workers(fl_load *l)
{
	pthread_mutex_lock(&l->mutex);
	l->ending = true;
	pthread_cond_broadcast(&l->news);
	pthread_mutex_unlock(&l->mutex);
	for (int i = 0; i < l->worker_count; i++)
		pthread_join(l->workers[i].thread, NULL);
	l->worker_count = 0;
}

fl_err fl_load_end(fl_load *l, fl_diag *diag)
{
	while (l->next < l->piece_count)
		FL_TRY(fl_load_filled(l, diag));
	end_workers(l);
	if (l->err != FL_OK) {
		*diag = l->diag;
		return l->err;
	}
	return fl_pg_exec(l->pg, "SELECT platform.load_clear()", diag);
}

void fl_load_close(fl_load *l)
{
	if (!l->open)
		return;
	pthread_mutex_lock(&l->mutex);
	l->err = l->err == FL_OK ? FL_CANCELLED : l->err; /* what is not begun by now is not begun any more */
	pthread_mutex_unlock(&l->mutex);
	end_workers(l);
	for (size_t i = 0; i < FL_COUNT(l->workers); i++)
		fl_pg_close(l->workers[i].pg);
	fl_pg_close(l->pg);
	pthread_mutex_destroy(&l->mutex);
	pthread_cond_destroy(&l->news);
}
