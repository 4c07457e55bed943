/* One run: the lock, the parts of its period, the records. */
#include <stdlib.h>

#include "maintain/maintain_int.h"

/* The key of the lock in the database; others of ours begin with 7270 as well. */
#define LOCK "727044"

static fl_err who_runs(fl_maintain *m, fl_diag *diag)
{
	const fl_rows *rows;

	FL_TRY(fl_pg_query(m->pg,
		"SELECT a.application_name, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS'), l.pid FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)"
		" WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = " LOCK " AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname ="
		" current_database())", NULL, m->mem, &rows, diag));
	if (!rows->count)
		return fl_fail(diag, FL_IN_USE, "another maintenance has just run; try again");
	return fl_fail(diag, FL_IN_USE, "%" FL_FMT " runs already, since %" FL_FMT " UTC (process %d of PostgreSQL); wait for its end",
		FL_ARG(fl_row_text(rows, 0, 0)), FL_ARG(fl_row_text(rows, 0, 1)), (int)fl_row_i32(rows, 0, 2));
}

static fl_err take_lock(fl_maintain *m, fl_diag *diag)
{
	char name[128];
	fl_str taken;

	snprintf(name, sizeof(name), "SET application_name = 'fleet maintain %s'", fl_maintain_name(m->opts->period));
	FL_TRY(fl_pg_exec(m->pg, name, diag));
	FL_TRY(fl_pg_exec(m->pg, "SET lock_timeout = '2s'; SET statement_timeout = '60s'", diag));
	FL_TRY(fl_pg_value(m->pg, "SELECT 'yes' WHERE pg_try_advisory_lock(" LOCK ")", m->mem, &taken, diag));
	return taken.ptr ? FL_OK : who_runs(m, diag);
}

/* The begin is written first, so that a run that dies is not begun again within its period. */
static fl_err note_begin(fl_maintain *m, fl_diag *diag)
{
	fl_args args = fl_args_make(m->mem);

	fl_arg_text(&args, fl_str_z(fl_maintain_name(m->opts->period)));
	fl_arg_time(&args, m->report->started_us);
	return fl_pg_query(m->pg, "INSERT INTO platform.maintenance (period, began_at) VALUES ($1, $2)", &args, m->mem, NULL, diag);
}

static fl_err note_end(fl_maintain *m, fl_diag *diag)
{
	fl_args args = fl_args_make(m->mem);

	fl_arg_text(&args, fl_str_z(fl_maintain_name(m->opts->period)));
	fl_arg_time(&args, m->report->started_us);
	fl_arg_i32(&args, (int32_t)fl_maintain_acts(m->report));
	return fl_pg_query(m->pg, "UPDATE platform.maintenance SET ended_at = clock_timestamp(), acts = $3 WHERE period = $1 AND began_at = $2", &args, m->mem,
		NULL, diag);
}

/* ---- What is due ---- */

static const char DUE[] =
	"SELECT coalesce(bit_or(bit), 0) FROM (VALUES ('daily', 'day', 1), ('weekly', 'week', 2), ('monthly', 'month', 4)) p(period, unit, bit)"
	" WHERE NOT EXISTS (SELECT 1 FROM platform.maintenance m WHERE m.period = p.period AND m.began_at >= date_trunc(p.unit, $1::timestamptz))";

static fl_err ask_due(fl_pg *pg, int64_t now_us, fl_arena *mem, int *periods, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;

	fl_arg_time(&args, now_us);
	FL_TRY(fl_pg_query(pg, DUE, &args, mem, &rows, diag));
	*periods = fl_row_i32(rows, 0, 0);
	return FL_OK;
}

fl_err fl_maintain_due(const char *pg_url, int64_t now_us, int *periods, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(1 << 20);

	fl_err err = fl_pg_open(pg_url, diag, &pg);
	if (err == FL_OK)
		err = ask_due(pg, now_us, &mem, periods, diag);
	fl_arena_fini(&mem);
	return err;
}

/* ---- The run ---- */

typedef struct part {
	int periods;
	void (*run)(fl_maintain *m);
} part;

enum { DAY = FL_MAINTAIN_DAILY, WEEK = FL_MAINTAIN_WEEKLY, MONTH = FL_MAINTAIN_MONTHLY };

static const part parts[] = {
	{ DAY, fl_maintain_errors },
	{ DAY, fl_maintain_redis },
	{ DAY, fl_maintain_backups },
	{ DAY | WEEK | MONTH, fl_maintain_room },
	{ DAY, fl_maintain_keys },
	{ DAY | WEEK | MONTH, fl_maintain_checks },
	{ WEEK, fl_maintain_tidy_weekly },
	{ WEEK, fl_maintain_logins },
	{ WEEK, fl_maintain_rights },
	{ WEEK, fl_maintain_forecast },
	{ MONTH, fl_maintain_tidy_monthly },
	{ MONTH, fl_maintain_packages },
	{ MONTH, fl_maintain_baseline },
	{ MONTH, fl_maintain_cost },
};

static fl_err run_parts(fl_maintain *m, fl_diag *diag)
{
	if (!m->opts->dry)
		FL_TRY(note_begin(m, diag));
	for (size_t i = 0; i < FL_COUNT(parts); i++)
		if (parts[i].periods & (int)m->opts->period)
			parts[i].run(m);
	/* After the comparing: figures of an earlier run of this day would else be compared with themselves. */
	if (!m->opts->dry)
		FL_TRY(fl_figures_note(m, diag));
	m->report->ended_us = fl_now_us();
	return m->opts->dry ? FL_OK : note_end(m, diag);
}

fl_err fl_maintain_run(const fl_maintain_opts *opts, fl_arena *mem, fl_maintain_report **out, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_maintain m = { .opts = opts, .mem = mem, .now_us = fl_now_us(), .report = fl_new(mem, fl_maintain_report) };
	int due = (int)opts->period;

	if (!m.report)
		return FL_NOMEM;
	m.report->period = opts->period;
	m.report->started_us = m.now_us;
	m.report->dry = opts->dry;
	FL_TRY(fl_pg_open(opts->pg_url, diag, &pg));
	m.pg = pg;
	FL_TRY(take_lock(&m, diag));
	if (opts->only_due)
		FL_TRY(ask_due(pg, m.now_us, mem, &due, diag));
	if (due & (int)opts->period)
		FL_TRY(run_parts(&m, diag));
	*out = due & (int)opts->period ? m.report : NULL;
	return FL_OK;
}
