/* The report: findings, and how they read. */
#include <math.h>

#include "maintain/maintain_int.h"

const fl_finding_kind fl_finding_kinds[FL_FINDING_KINDS] = {
#define KIND(id, code, section, unit, side, limit, severity, what, advice)                                                         \
	[FL_FIND_##id] = { code, FL_SECTION_##section, FL_UNIT_##unit, FL_SIDE_##side, limit, SEVERITY_##severity, what, advice },
#define SEVERITY_ACT true
#define SEVERITY_WATCH false
	FL_FINDINGS(KIND)
};

const char *const fl_section_titles[FL_SECTION_COUNT] = {
#define TITLE(id, title) [FL_SECTION_##id] = title,
	FL_SECTIONS(TITLE)
};

const char *fl_maintain_name(fl_maintain_period period)
{
	return period == FL_MAINTAIN_DAILY ? "daily" : period == FL_MAINTAIN_WEEKLY ? "weekly" : "monthly";
}

/* ---- Adding ---- */

static void add(fl_maintain *m, fl_finding f)
{
	fl_maintain_report *r = m->report;
	size_t at = r->count;

	if (r->count == FL_FINDINGS_MAX)
		return;
	/* Sections stay together, in their order, whatever the order of the measuring. */
	for (; at > 0 && fl_finding_kinds[r->found[at - 1].id].section > fl_finding_kinds[f.id].section; at--)
		r->found[at] = r->found[at - 1];
	r->found[at] = f;
	r->count++;
}

void fl_found_limit(fl_maintain *m, fl_finding_id id, double value, double limit, fl_str detail)
{
	const fl_finding_kind *kind = &fl_finding_kinds[id];
	bool beyond = (kind->side == FL_SIDE_ABOVE && value > limit) || (kind->side == FL_SIDE_BELOW && value < limit);

	add(m, (fl_finding) { .id = id, .value = value, .limit = limit, .detail = detail,
		.state = !beyond ? FL_FOUND_OK : kind->act ? FL_FOUND_ACT : FL_FOUND_WATCH });
}

void fl_found(fl_maintain *m, fl_finding_id id, double value, fl_str detail)
{
	fl_found_limit(m, id, value, fl_finding_kinds[id].limit, detail);
}

void fl_found_state(fl_maintain *m, fl_finding_id id, fl_finding_state state, double value, fl_str detail)
{
	add(m, (fl_finding) { .id = id, .state = state, .value = value, .limit = fl_finding_kinds[id].limit, .detail = detail });
}

void fl_found_unknown(fl_maintain *m, fl_finding_id id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fl_str why = fl_str_vfmt(m->mem, format, args);
	va_end(args);
	fl_found_state(m, id, FL_FOUND_UNKNOWN, 0, why);
}

size_t fl_maintain_acts(const fl_maintain_report *report)
{
	size_t acts = 0;

	for (size_t i = 0; i < report->count; i++)
		acts += report->found[i].state == FL_FOUND_ACT;
	return acts;
}

/* ---- For people ---- */

enum { NUMBER_MAX = 32 };

static void bytes_text(double v, char out[NUMBER_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	size_t i = 0;

	while (fabs(v) >= 1024 && i + 1 < FL_COUNT(units)) {
		v /= 1024;
		i++;
	}
	snprintf(out, NUMBER_MAX, i ? "%.1f %s" : "%.0f %s", v, units[i]);
}

static void seconds_text(double v, char out[NUMBER_MAX])
{
	if (v < 120)
		snprintf(out, NUMBER_MAX, "%.0f s", v);
	else if (v < 2 * 3600)
		snprintf(out, NUMBER_MAX, "%.0f min", v / 60);
	else
		snprintf(out, NUMBER_MAX, "%.1f h", v / 3600);
}

static void number_text(fl_unit unit, double v, char out[NUMBER_MAX])
{
	if (!isfinite(v)) {
		snprintf(out, NUMBER_MAX, "never");
		return;
	}
	switch (unit) {
	case FL_UNIT_COUNT: snprintf(out, NUMBER_MAX, "%.0f", v); break;
	case FL_UNIT_PERCENT: snprintf(out, NUMBER_MAX, v < 10 ? "%.2f %%" : "%.1f %%", v); break;
	case FL_UNIT_BYTES: bytes_text(v, out); break;
	case FL_UNIT_MS: snprintf(out, NUMBER_MAX, v < 100 ? "%.1f ms" : "%.0f ms", v); break;
	case FL_UNIT_SECONDS: seconds_text(v, out); break;
	case FL_UNIT_HOURS: snprintf(out, NUMBER_MAX, "%.1f h", v); break;
	case FL_UNIT_DAYS: snprintf(out, NUMBER_MAX, v > 9999 ? "> 9999 days" : "%.0f days", v); break;
	case FL_UNIT_RATIO: snprintf(out, NUMBER_MAX, "%.2f x", v); break;
	}
}

static const struct {
	const char *name, *colour;
} states[] = {
	[FL_FOUND_OK] = { "ok", "32" }, [FL_FOUND_WATCH] = { "watch", "33" }, [FL_FOUND_ACT] = { "ACT", "1;31" },
	[FL_FOUND_DONE] = { "done", "32" }, [FL_FOUND_WOULD] = { "would", "36" }, [FL_FOUND_UNKNOWN] = { "?", "2" },
};

static void limit_text(const fl_finding_kind *kind, const fl_finding *f, char out[NUMBER_MAX + 16])
{
	char number[NUMBER_MAX];

	out[0] = 0;
	if (kind->side == FL_SIDE_FACT || f->state == FL_FOUND_UNKNOWN || f->state == FL_FOUND_DONE || f->state == FL_FOUND_WOULD)
		return;
	number_text(kind->unit, f->limit, number);
	snprintf(out, NUMBER_MAX + 16, "%s %s", kind->side == FL_SIDE_ABOVE ? "at most" : "at least", number);
}

static void line(const fl_finding *f, bool colour, fl_buf *out)
{
	const fl_finding_kind *kind = &fl_finding_kinds[f->id];
	char number[NUMBER_MAX] = "", limit[NUMBER_MAX + 16];

	if (f->state != FL_FOUND_UNKNOWN)
		number_text(kind->unit, f->value, number);
	limit_text(kind, f, limit);
	if (colour)
		fl_buf_fmt(out, "  \033[%sm%-5s\033[0m", states[f->state].colour, states[f->state].name);
	else
		fl_buf_fmt(out, "  %-5s", states[f->state].name);
	fl_buf_fmt(out, " %11s  %-54s %-18s %" FL_FMT, number, kind->what, limit, FL_ARG(f->detail));
	while (out->len && out->ptr[out->len - 1] == ' ')
		out->len--;
	fl_buf_char(out, '\n');
	if ((f->state == FL_FOUND_ACT || f->state == FL_FOUND_WATCH) && kind->advice[0])
		fl_buf_fmt(out, "        %11s  -> %s\n", "", kind->advice);
}

static size_t of_state(const fl_maintain_report *report, fl_finding_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < report->count; i++)
		n += report->found[i].state == state;
	return n;
}

void fl_maintain_text(const fl_maintain_report *report, bool colour, fl_buf *out)
{
	char when[FL_TIME_TEXT_MAX];
	int section = -1;

	fl_time_format(report->started_us / FL_SECOND_US * FL_SECOND_US, when);
	fl_buf_fmt(out, "%s maintenance, %s%s\n", fl_maintain_name(report->period), when, report->dry ? ", dry run: nothing was changed" : "");
	for (size_t i = 0; i < report->count; i++) {
		if ((int)fl_finding_kinds[report->found[i].id].section != section) {
			section = (int)fl_finding_kinds[report->found[i].id].section;
			fl_buf_fmt(out, colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", fl_section_titles[section]);
		}
		line(&report->found[i], colour, out);
	}
	size_t acts = fl_maintain_acts(report);
	fl_buf_fmt(out, "\n%zu measured, %zu to watch, %zu to act on, in %.1f s\n", report->count, of_state(report, FL_FOUND_WATCH), acts,
		(double)(report->ended_us - report->started_us) / FL_SECOND_US);
	if (!acts)
		fl_buf_lit(out, "nothing to do\n");
}

/* ---- For machines ---- */

static void put(fl_json_out *j, const char *key, fl_str value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_str(j, value);
}

static void json_finding(fl_json_out *j, const fl_finding *f)
{
	static const char *const units[] = { "count", "percent", "bytes", "ms", "seconds", "hours", "days", "ratio" };
	const fl_finding_kind *kind = &fl_finding_kinds[f->id];
	bool known = f->state != FL_FOUND_UNKNOWN, beyond = f->state == FL_FOUND_ACT || f->state == FL_FOUND_WATCH;

	fl_json_open(j, '{');
	put(j, "code", fl_str_z(kind->code));
	put(j, "section", fl_str_z(fl_section_titles[kind->section]));
	put(j, "state", fl_str_z(f->state == FL_FOUND_ACT ? "act" : f->state == FL_FOUND_UNKNOWN ? "unknown" : states[f->state].name));
	put(j, "what", fl_str_z(kind->what));
	fl_json_key(j, FL_STR("value"));
	if (known)
		fl_json_put_double(j, f->value);
	else
		fl_json_put_null(j);
	put(j, "unit", fl_str_z(units[kind->unit]));
	if (kind->side != FL_SIDE_FACT) {
		fl_json_key(j, kind->side == FL_SIDE_ABOVE ? FL_STR("atMost") : FL_STR("atLeast"));
		fl_json_put_double(j, f->limit);
	}
	put(j, "detail", f->detail);
	if (beyond)
		put(j, "advice", fl_str_z(kind->advice));
	fl_json_close(j, '}');
}

void fl_maintain_json(const fl_maintain_report *report, fl_buf *out)
{
	char when[FL_TIME_TEXT_MAX];
	fl_json_out j = { .buf = out };

	fl_time_format(report->started_us, when);
	fl_json_open(&j, '{');
	put(&j, "period", fl_str_z(fl_maintain_name(report->period)));
	put(&j, "startedAt", fl_str_z(when));
	fl_json_key(&j, FL_STR("seconds"));
	fl_json_put_double(&j, (double)(report->ended_us - report->started_us) / FL_SECOND_US);
	fl_json_key(&j, FL_STR("dryRun"));
	fl_json_put_bool(&j, report->dry);
	fl_json_key(&j, FL_STR("acts"));
	fl_json_put_i64(&j, (int64_t)fl_maintain_acts(report));
	fl_json_key(&j, FL_STR("findings"));
	fl_json_open(&j, '[');
	for (size_t i = 0; i < report->count; i++)
		json_finding(&j, &report->found[i]);
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	fl_buf_char(out, '\n');
}
