/* The API's fixed questions: their medians are kept, and compared with those of a month ago. */
#include "maintain/maintain_int.h"

/* Below a difference of so much, a ratio says nothing. */
#define NOISE_MS 0.5

/* The newest that is about a month old; -1: none. */
static double before(fl_maintain *m, const char *name)
{
	fl_args args = fl_args_make(m->mem);
	const fl_rows *rows;
	fl_diag diag = { 0 };

	fl_arg_text(&args, fl_str_z(name));
	if (fl_pg_query(m->pg, "SELECT value FROM platform.figures WHERE kind = 'api' AND name = $1 AND day <= current_date - 20 ORDER BY day DESC LIMIT 1", &args, m->mem,
		&rows, &diag) != FL_OK || !rows->count)
		return -1;
	return fl_row_f8(rows, 0, 0);
}

static void compare(fl_maintain *m, const fl_maintain_timing *timings, size_t count)
{
	double worst = 0;
	fl_str detail = FL_STR("");
	int known = 0;

	for (size_t i = 0; i < count; i++) {
		double was = before(m, timings[i].name);
		if (was <= 0)
			continue;
		double ratio = timings[i].median_ms - was > NOISE_MS ? timings[i].median_ms / was : FL_MIN(timings[i].median_ms / was, 1);
		if (!known++ || ratio > worst) {
			worst = ratio;
			detail = fl_str_fmt(m->mem, "%s: %.1f ms, was %.1f ms", timings[i].name, timings[i].median_ms, was);
		}
	}
	if (known)
		fl_found(m, FL_FIND_API_SLOWER, worst, detail);
	else
		fl_found_unknown(m, FL_FIND_API_SLOWER, "no figures of last month yet");
}

static fl_err note(fl_maintain *m, const fl_maintain_timing *timings, size_t count, fl_diag *diag)
{
	for (size_t i = 0; i < count && !m->opts->dry; i++)
		FL_TRY(fl_figure_put(m, "api", fl_str_z(timings[i].name), timings[i].median_ms, 0, diag));
	return FL_OK;
}

void fl_maintain_baseline(fl_maintain *m)
{
	fl_maintain_timing *timings;
	fl_diag diag = { 0 };
	fl_str all = FL_STR("");
	size_t count, slowest = 0;

	fl_err err = m->opts->baseline ? m->opts->baseline(m->opts->arg, m->mem, &timings, &count, &diag)
		: fl_fail(&diag, FL_UNAVAILABLE, "no server answers on this machine");
	if (err == FL_OK)
		err = note(m, timings, count, &diag);
	if (err != FL_OK || !count) {
		fl_found_unknown(m, FL_FIND_API_MEDIAN, "%s", fl_diag_text(&diag, err));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		slowest = timings[i].median_ms > timings[slowest].median_ms ? i : slowest;
		all = fl_str_fmt(m->mem, "%" FL_FMT "%s%s %.1f", FL_ARG(all), i ? ", " : "", timings[i].name, timings[i].median_ms);
	}
	fl_found(m, FL_FIND_API_MEDIAN, timings[slowest].median_ms, all);
	compare(m, timings, count);
}
