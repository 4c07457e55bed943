/* What goes on as it did: slopes of the figures of the last hundred days, and when they meet a limit. */
#include <math.h>
#include <stdlib.h>

#include "maintain/maintain_int.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double fl_slope_robust(const double *x, const double *y, size_t count)
{
	size_t n = FL_MIN(count, (size_t)FL_SLOPE_POINTS_MAX), pairs = 0;

	if (n < 2)
		return 0;
	double *slopes = calloc(n * (n - 1) / 2, sizeof(*slopes));
	if (!slopes)
		return 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (x[j] != x[i])
				slopes[pairs++] = (y[j] - y[i]) / (x[j] - x[i]);
	double slope = pairs ? median_of(slopes, pairs) : 0;
	free(slopes);
	return slope;
}

/* By least squares, to be told beside. */
static double slope_linear(const double *x, const double *y, size_t count)
{
	double mx = 0, my = 0, xy = 0, xx = 0;

	for (size_t i = 0; i < count; i++) {
		mx += x[i] / (double)count;
		my += y[i] / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		xy += (x[i] - mx) * (y[i] - my);
		xx += (x[i] - mx) * (x[i] - mx);
	}
	return xx > 0 ? xy / xx : 0;
}

enum { POINTS_MAX = 100, POINTS_MIN = 3 };

typedef struct series {
	size_t count;
	double x[POINTS_MAX], y[POINTS_MAX], robust, linear; /* x: days; slopes: per day */
} series;

/* False: too few days are known. */
static bool read_series(fl_maintain *m, const char *kind, const char *name, series *s)
{
	fl_args args = fl_args_make(m->mem);
	const fl_rows *rows;
	fl_diag diag = { 0 };

	fl_arg_text(&args, fl_str_z(kind));
	fl_arg_text(&args, fl_str_z(name));
	*s = (series) { 0 };
	if (fl_pg_query(m->pg, "SELECT (day - current_date)::float8, value FROM platform.figures WHERE kind = $1 AND name = $2 AND day > current_date - 100 ORDER BY day", &args,
		m->mem, &rows, &diag) != FL_OK)
		return false;
	for (int i = 0; i < rows->count && s->count < POINTS_MAX; i++, s->count++) {
		s->x[s->count] = fl_row_f8(rows, i, 0);
		s->y[s->count] = fl_row_f8(rows, i, 1);
	}
	s->robust = fl_slope_robust(s->x, s->y, s->count);
	s->linear = slope_linear(s->x, s->y, s->count);
	return s->count >= POINTS_MIN;
}

static double days_until(double from, double to, double slope)
{
	return from >= to ? 0 : slope > 0 ? (to - from) / slope : INFINITY;
}

static fl_str days_text(fl_maintain *m, const char *what, double days)
{
	return isfinite(days) && days < 10000 ? fl_str_fmt(m->mem, "%s %.0f days", what, days) : fl_str_fmt(m->mem, "%s never", what);
}

static void forecast_disk(fl_maintain *m, fl_finding_id id, const series *s, const fl_disk *disk, double share)
{
	double full = share * (disk->used + disk->free), days = days_until(disk->used, full, s->robust);

	fl_found(m, id, days, days_text(m, "a straight line says", days_until(disk->used, full, s->linear)));
}

static void forecast_growth(fl_maintain *m, fl_finding_id id, const char *kind, const char *name)
{
	series s;

	if (read_series(m, kind, name, &s))
		fl_found(m, id, s.robust, fl_str_fmt(m->mem, "of %zu days", s.count));
	else
		fl_found_unknown(m, id, "known after %d days; %zu are", POINTS_MIN, s.count);
}

static void forecast_connections(fl_maintain *m)
{
	series s;
	const fl_rows *rows;
	fl_diag diag = { 0 };

	if (!read_series(m, "counter", "connections", &s) || fl_pg_query(m->pg, "SELECT current_setting('max_connections')::float8", NULL, m->mem, &rows, &diag) != FL_OK)
		return;
	fl_found(m, FL_FIND_GROWTH_CONNECTIONS, days_until(s.y[s.count - 1], fl_row_f8(rows, 0, 0), s.robust),
		fl_str_fmt(m->mem, "%.0f of %.0f now", s.y[s.count - 1], fl_row_f8(rows, 0, 0)));
}

void fl_maintain_forecast(fl_maintain *m)
{
	series s;
	fl_disk disk;

	if (!m->opts->home || !fl_disk_of(m->opts->home, &disk)) {
		fl_found_unknown(m, FL_FIND_DISK_80, "the data are not on this machine");
	} else if (!read_series(m, "size", "disk-used", &s)) {
		fl_found_unknown(m, FL_FIND_DISK_80, "known after %d days; %zu are", POINTS_MIN, s.count);
	} else {
		forecast_disk(m, FL_FIND_DISK_80, &s, &disk, 0.80);
		forecast_disk(m, FL_FIND_DISK_95, &s, &disk, 0.95);
	}
	forecast_growth(m, FL_FIND_GROWTH_DATABASE, "size", "database");
	forecast_growth(m, FL_FIND_GROWTH_REPORTS, "counter", "reports");
	forecast_connections(m);
}
