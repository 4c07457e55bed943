/* Figures of days: what today's numbers are compared with. */
#include <math.h>

#include "maintain/maintain_int.h"

fl_err fl_figure_put(fl_maintain *m, const char *kind, fl_str name, double value, int64_t count, fl_diag *diag)
{
	fl_args args = fl_args_make(m->mem);

	fl_arg_text(&args, fl_str_z(kind));
	fl_arg_text(&args, fl_str_clip(name, 200));
	fl_arg_f8(&args, value);
	fl_arg_i64(&args, count);
	return fl_pg_query(m->pg,
		"INSERT INTO platform.figures (day, kind, name, value, count) VALUES (current_date, $1, $2, $3, $4)"
		" ON CONFLICT (kind, name, day) DO UPDATE SET value = excluded.value, count = excluded.count",
		&args, m->mem, NULL, diag);
}

/* The 300 statements and tables that matter most, so that a day is some hundred rows whatever happens. */
static const char NOTE[] =
	"INSERT INTO platform.figures (day, kind, name, value, count)"
	" (SELECT current_date, 'statement', name, ms, calls FROM platform.statement_totals() ORDER BY ms DESC LIMIT 300)"
	" UNION ALL (SELECT current_date, 'table', coalesce(i.inhparent, c.oid)::regclass::text, sum(pg_total_relation_size(c.oid)),"
	" sum(greatest(c.reltuples, 0))::bigint FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
	" WHERE c.relkind IN ('r', 'm') AND c.relnamespace IN ('fleet'::regnamespace, 'platform'::regnamespace) GROUP BY 3 ORDER BY 4 DESC LIMIT 300)"
	" UNION ALL SELECT current_date, 'size', 'database', pg_database_size(current_database()), 0"
	" UNION ALL SELECT current_date, 'counter', 'connections', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), 0"
	" UNION ALL SELECT current_date, 'counter', 'reports', (SELECT coalesce(sum(n), 0)::float8 FROM fleet.rollup_month), 0"
	" ON CONFLICT (kind, name, day) DO UPDATE SET value = excluded.value, count = excluded.count;"
	" DELETE FROM platform.figures WHERE day < current_date - 400;"
	" DELETE FROM platform.maintenance WHERE began_at < now() - interval '400 days'";

static fl_err note_metrics(fl_maintain *m, fl_diag *diag)
{
	fl_str rest = m->opts->metrics;

	for (int left = 500; rest.len && left > 0; left--) {
		fl_str line = fl_str_cut(rest, '\n', &rest), value, name = fl_str_cut(line, ' ', &value);
		double number;
		if (fl_str_starts(line, FL_STR("fleet_")) && fl_str_ends(fl_str_cut(name, '{', &(fl_str) { 0 }), FL_STR("_total")) &&
			fl_str_f64(value, &number))
			FL_TRY(fl_figure_put(m, "counter", name, number, 0, diag));
	}
	return FL_OK;
}

fl_err fl_figures_note(fl_maintain *m, fl_diag *diag)
{
	fl_disk disk;

	FL_TRY(fl_pg_exec(m->pg, NOTE, diag));
	if (m->opts->home && fl_disk_of(m->opts->home, &disk)) {
		FL_TRY(fl_figure_put(m, "size", FL_STR("disk-used"), disk.used, 0, diag));
		FL_TRY(fl_figure_put(m, "size", FL_STR("disk-total"), disk.total, 0, diag));
	}
	return note_metrics(m, diag);
}

double fl_metric(fl_str metrics, const char *name)
{
	while (metrics.len) {
		fl_str value, found = fl_str_cut(fl_str_cut(metrics, '\n', &metrics), ' ', &value);
		double number;
		if (fl_str_eq(found, fl_str_z(name)) && fl_str_f64(value, &number))
			return number;
	}
	return -1;
}

double fl_metric_growth(fl_maintain *m, const char *name, int days)
{
	fl_args args = fl_args_make(m->mem);
	double now = fl_metric(m->opts->metrics, name), before = 0;
	const fl_rows *rows;
	fl_diag diag = { 0 };

	fl_arg_text(&args, fl_str_z(name));
	fl_arg_i32(&args, FL_MAX(days, 1));
	if (now > 0 && fl_pg_query(m->pg,
			"SELECT value FROM platform.figures WHERE kind = 'counter' AND name = $1 AND day <= current_date - $2 ORDER BY day DESC LIMIT 1", &args,
			m->mem, &rows, &diag) == FL_OK && rows->count)
		before = fl_row_f8(rows, 0, 0);
	return now >= before ? fmax(now - before, 0) : fmax(now, 0);
}
