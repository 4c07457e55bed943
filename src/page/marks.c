/* The small marks that say status, severity, cost and time wherever a report is shown. */
#include "page/page_int.h"
#include "page/words.h"

#include <math.h>

static fl_str lower(fl_arena *mem, fl_str text)
{
	char *copy = fl_str_cstr(mem, text);

	if (!copy)
		return (fl_str){};
	for (size_t i = 0; i < text.len; i++)
		copy[i] |= copy[i] >= 'A' && copy[i] <= 'Z' ? 0x20 : 0;
	return fl_str_make(copy, text.len);
}

void mark_status(html *h, fl_arena *mem, fl_str status)
{
	TEXT_EL(h, "span", words_of_status(status), { "class", fl_str_fmt(mem, "status is-%" FL_FMT, FL_ARG(lower(mem, status))) });
}

/* Six steps; colour never says it alone. */
void mark_severity_meter(html *h, fl_arena *mem, int level)
{
	EL(h, "svg", { "class", fl_str_fmt(mem, "meter level-%d", level) }, { "viewBox", FL_STR("0 0 34 10") },
		{ "width", FL_STR("34") }, { "height", FL_STR("10") }, { "aria-hidden", FL_STR("true") });
	for (int step = 0; step < WORDS_SEVERITIES; step++) {
		EL(h, "rect", { "class", step < level ? FL_STR("on") : FL_STR("off") }, { "x", fl_str_fmt(mem, "%d", step * 6) },
			{ "y", fl_str_fmt(mem, "%g", 8 - step * 1.6) }, { "width", FL_STR("4") },
			{ "height", fl_str_fmt(mem, "%g", 2 + step * 1.6) }, { "rx", FL_STR("1") });
		html_end(h);
	}
	html_end(h);
}

void mark_severity(html *h, fl_arena *mem, fl_str severity, fl_str note)
{
	if (!severity.ptr) {
		TEXT_EL(h, "span", note.ptr ? note : FL_STR("Not assessed"), { "class", FL_STR("severity none") });
		return;
	}
	EL(h, "span", { "class", FL_STR("severity") });
	mark_severity_meter(h, mem, words_severity_index(severity) + 1);
	TEXT_EL(h, "span", words_of_severity(severity), { "class", FL_STR("severity-word") });
	if (note.len > 0)
		TEXT_EL(h, "small", note, { "class", FL_STR("sure") });
	html_end(h);
}

void mark_when(html *h, fl_arena *mem, const fl_json *value, const char *path, bool exact)
{
	int64_t at;

	if (!json_time(value, path, &at))
		return;
	TEXT_EL(h, "time", exact ? words_day_time(mem, at) : words_ago(mem, at, fl_now_us()), { "datetime", json_text(value, path) },
		{ "title", words_day_time(mem, at) });
}

void mark_confidence(html *h, fl_arena *mem, double share)
{
	EL(h, "svg", { "class", FL_STR("confidence") }, { "viewBox", FL_STR("0 0 60 6") }, { "width", FL_STR("60") },
		{ "height", FL_STR("6") }, { "preserveAspectRatio", FL_STR("none") }, { "aria-hidden", FL_STR("true") });
	EL(h, "rect", { "class", FL_STR("track") }, { "width", FL_STR("60") }, { "height", FL_STR("6") }, { "rx", FL_STR("3") });
	html_end(h);
	EL(h, "rect", { "class", FL_STR("fill") }, { "width", fl_str_fmt(mem, "%ld", FL_MAX(3, lround(share * 60))) },
		{ "height", FL_STR("6") }, { "rx", FL_STR("3") });
	html_end(h);
	html_end(h);
}

void mark_cost_line(html *h, fl_arena *mem, const fl_json *cost)
{
	double low = json_number(cost, "low.amount"), likely = json_number(cost, "likely.amount");
	double high = json_number(cost, "high.amount");
	double scale = high > 0 ? 300 / (high * 1.15) : 0;
	long from = lround(low * scale), to = lround(high * scale);

	EL(h, "svg", { "class", FL_STR("cost-line") }, { "viewBox", FL_STR("0 0 300 14") },
		{ "preserveAspectRatio", FL_STR("none") }, { "aria-hidden", FL_STR("true") });
	EL(h, "rect", { "class", FL_STR("track") }, { "y", FL_STR("5") }, { "width", FL_STR("300") }, { "height", FL_STR("4") },
		{ "rx", FL_STR("2") });
	html_end(h);
	EL(h, "rect", { "class", FL_STR("fill") }, { "x", fl_str_fmt(mem, "%ld", from) }, { "y", FL_STR("5") },
		{ "width", fl_str_fmt(mem, "%ld", FL_MAX(2, to - from)) }, { "height", FL_STR("4") }, { "rx", FL_STR("2") });
	html_end(h);
	EL(h, "rect", { "class", FL_STR("likely") }, { "x", fl_str_fmt(mem, "%ld", lround(likely * scale) - 2) }, { "y", FL_STR("0") },
		{ "width", FL_STR("4") }, { "height", FL_STR("14") }, { "rx", FL_STR("2") });
	html_end(h);
	html_end(h);
}

fl_str mark_money(fl_arena *mem, const fl_json *value, const char *path, bool cents)
{
	const fl_json *sum = json_at(value, path);

	if (!sum)
		return (fl_str){};
	return words_money(mem, json_text(sum, "amount"), json_text(sum, "currency"), cents);
}

void mark_thumb(html *h, const fl_json *photos, const char *css_class, const char *width, const char *height)
{
	const fl_json *first = json_first(photos);

	if (!first) {
		EL(h, "span", { "class", FL_STR("thumb is-empty") });
		html_end(h);
		return;
	}
	VOID_EL(h, "img", { "class", css_class ? fl_str_z(css_class) : (fl_str){} },
		{ "src", html_path(json_text(first, "thumbnailUrl")) }, { "width", fl_str_z(width) }, { "height", fl_str_z(height) },
		{ "alt", FL_STR("") }, { "loading", FL_STR("lazy") }, { "decoding", FL_STR("async") });
}
