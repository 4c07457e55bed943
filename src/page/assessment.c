/* What the system makes of a report's photos: web/src/board/assessment.tsx. */
#include "page/page_int.h"
#include "page/words.h"

static void sure(html *h, fl_arena *mem, const char *element, double share)
{
	EL(h, element, { "class", FL_STR("share") });
	mark_confidence(h, mem, share);
	html_text(h, fl_str_fmt(mem, " %" FL_FMT ", %" FL_FMT, FL_ARG(words_percent(mem, share)), FL_ARG(words_sureness(share))));
	html_end(h);
}

static void finding(html *h, fl_arena *mem, const char *label, fl_str text, double share)
{
	EL(h, "div", { "class", FL_STR("finding") });
	TEXT_EL(h, "dt", fl_str_z(label));
	EL(h, "dd");
	TEXT_EL(h, "span", text.ptr ? text : FL_STR("Not clear from the photos"), { "class", text.ptr ? FL_STR("") : FL_STR("faint") });
	if (text.ptr)
		sure(h, mem, "span", share);
	html_end(h);
	html_end(h);
}

static void by_hand(html *h, fl_arena *mem, fl_str said, double share)
{
	EL(h, "p", { "class", FL_STR("share") });
	if (said.ptr)
		html_text(h, fl_str_fmt(mem, "Set by a person; the model said %" FL_FMT ", %" FL_FMT ".", FL_ARG(words_of_severity(said)),
			FL_ARG(words_percent(mem, share))));
	else
		html_text(h, FL_STR("Set by a person."));
	html_end(h);
}

static void verdict(html *h, fl_arena *mem, const fl_json *report)
{
	fl_str said = json_text(report, "assessment.severity"), severity = json_text(report, "severity");
	double share = json_number(report, "assessment.severityConfidence");
	int level;

	if (!severity.ptr)
		severity = said;
	EL(h, "div", { "class", FL_STR("verdict") });
	if (!severity.ptr) {
		TEXT_EL(h, "p", FL_STR("No severity"), { "class", FL_STR("verdict-word") });
		TEXT_EL(h, "p", FL_STR("The photos do not show enough for the model to decide. A person has to."), { "class", FL_STR("faint") });
		html_end(h);
		return;
	}
	level = words_severity_index(severity);
	EL(h, "p", { "class", FL_STR("verdict-word") });
	mark_severity_meter(h, mem, level + 1);
	html_text(h, FL_STR(" "));
	html_text(h, words_of_severity(severity));
	html_end(h);
	if (level >= 0)
		TEXT_EL(h, "p", words_severity_meaning[level], { "class", FL_STR("faint") });
	if (!said.ptr || !fl_str_eq(said, severity)) {
		by_hand(h, mem, said, share);
	} else {
		sure(h, mem, "p", share);
		if (share < 0.6)
			TEXT_EL(h, "p", FL_STR("The model is not sure. Look at the photos before deciding."), { "class", FL_STR("caution") });
	}
	html_end(h);
}

static void estimate(html *h, fl_arena *mem, const fl_json *made)
{
	const fl_json *cost = json_at(made, "cost");

	if (!cost) {
		TEXT_EL(h, "p", FL_STR("No cost: the photos do not show enough."), { "class", FL_STR("faint") });
		return;
	}
	EL(h, "div", { "class", FL_STR("estimate") });
	TEXT_EL(h, "p", FL_STR("Repair cost"), { "class", FL_STR("estimate-label") });
	TEXT_EL(h, "p", mark_money(mem, cost, "likely", false), { "class", FL_STR("estimate-sum") });
	mark_cost_line(h, mem, cost);
	TEXT_EL(h, "p", fl_str_fmt(mem, "Range by the rate table: %" FL_FMT " – %" FL_FMT, FL_ARG(mark_money(mem, cost, "low", false)),
		FL_ARG(mark_money(mem, cost, "high", false))), { "class", FL_STR("faint") });
	html_end(h);
}

static void hours(html *h, fl_arena *mem, const fl_json *range)
{
	if (!range)
		return;
	EL(h, "p", { "class", FL_STR("hours") });
	html_text(h, fl_str_fmt(mem, "%" FL_FMT " h of work ", FL_ARG(words_hours(mem, json_number(range, "likely")))));
	TEXT_EL(h, "span", fl_str_fmt(mem, "(%" FL_FMT " – %" FL_FMT " h)", FL_ARG(words_hours(mem, json_number(range, "low"))),
		FL_ARG(words_hours(mem, json_number(range, "high")))), { "class", FL_STR("faint") });
	html_end(h);
}

static void rule(html *h, const fl_json *lines)
{
	if (json_count(lines) == 0)
		return;
	EL(h, "details", { "class", FL_STR("rule") });
	TEXT_EL(h, "summary", FL_STR("How cost and hours are made"));
	EL(h, "ol");
	for (const fl_json *line = json_first(lines); line; line = line->next)
		TEXT_EL(h, "li", fl_json_str(line, FL_STR("")));
	html_end(h);
	html_end(h);
}

static void pending(html *h, bool is_busy)
{
	EL(h, "section", { "class", FL_STR("card assessment") }, { "aria-busy", is_busy ? FL_STR("true") : (fl_str){} });
	TEXT_EL(h, "h3", FL_STR("Assessment"));
	if (is_busy) {
		EL(h, "div", { "class", FL_STR("pending") });
		TEXT_EL(h, "p", FL_STR("The photos are being assessed. The result appears here by itself."));
		TEXT_EL(h, "span", FL_STR(""), { "class", FL_STR("bone") });
		TEXT_EL(h, "span", FL_STR(""), { "class", FL_STR("bone") });
		TEXT_EL(h, "span", FL_STR(""), { "class", FL_STR("bone is-short") });
		html_end(h);
	} else {
		TEXT_EL(h, "p", FL_STR("No assessment was made for this report."), { "class", FL_STR("faint") });
	}
	html_end(h);
}

static fl_str origin(fl_arena *mem, const fl_json *made)
{
	double seconds = json_number(made, "durationMs") / 1000;
	fl_str model = json_text(made, "model");

	if (seconds <= 0)
		return fl_str_fmt(mem, "Made by %" FL_FMT ". A suggestion: people decide.", FL_ARG(model));
	return fl_str_fmt(mem, "Made by %" FL_FMT " in %.1f s. A suggestion: people decide.", FL_ARG(model), seconds);
}

void view_assessment(html *h, fl_ctx *ctx, const fl_json *report)
{
	const fl_json *made = json_at(report, "assessment");
	fl_str part = json_text(made, "part"), type = json_text(made, "damageType");

	if (!made) {
		pending(h, fl_str_eq(json_text(report, "status"), FL_STR("REPORTED")));
		return;
	}
	EL(h, "section", { "class", FL_STR("card assessment") });
	TEXT_EL(h, "h3", FL_STR("Assessment"));
	verdict(h, ctx->mem, report);
	EL(h, "dl");
	finding(h, ctx->mem, "Part", part.ptr ? words_of_part(part) : part, json_number(made, "partConfidence"));
	finding(h, ctx->mem, "Kind", type.ptr ? words_of_type(type) : type, json_number(made, "damageTypeConfidence"));
	html_end(h);
	estimate(h, ctx->mem, made);
	hours(h, ctx->mem, json_at(made, "repairHours"));
	rule(h, json_at(made, "rule"));
	TEXT_EL(h, "p", origin(ctx->mem, made), { "class", FL_STR("origin") });
	html_end(h);
}

static void report_link(html *h, fl_arena *mem, const fl_json *report, const char *before)
{
	fl_str number = json_text(report, "number");

	TEXT_EL(h, "a", fl_str_fmt(mem, "%s#%" FL_FMT ", %" FL_FMT, before, FL_ARG(number), FL_ARG(json_text(report, "vehicle.name"))),
		{ "href", fl_str_fmt(mem, "/reports/%" FL_FMT, FL_ARG(number)) });
}

static void fraud_sign(html *h, fl_arena *mem, const fl_json *sign)
{
	const fl_json *earlier = json_at(sign, "seenIn");

	EL(h, "li", { "class", FL_STR("signal") });
	if (json_first(json_at(earlier, "photos")))
		mark_thumb(h, json_at(earlier, "photos"), NULL, "72", "54");
	EL(h, "div");
	EL(h, "p");
	TEXT_EL(h, "strong", words_of_signal(json_text(sign, "kind")));
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", words_percent(mem, json_number(sign, "score")), { "class", FL_STR("share") });
	html_end(h);
	TEXT_EL(h, "p", json_text(sign, "message"));
	if (earlier) {
		EL(h, "p");
		report_link(h, mem, earlier, "Open report ");
		html_end(h);
	}
	html_end(h);
	html_end(h);
}

static void similar_case(html *h, fl_arena *mem, const fl_json *found)
{
	const fl_json *report = json_at(found, "report");
	fl_str number = json_text(report, "number"), paid = mark_money(mem, report, "actualCost", false);
	fl_str cost = paid.ptr ? paid : mark_money(mem, report, "estimatedCost", false);

	EL(h, "li");
	EL(h, "a", { "href", fl_str_fmt(mem, "/reports/%" FL_FMT, FL_ARG(number)) });
	mark_thumb(h, json_at(report, "photos"), NULL, "144", "108");
	EL(h, "span");
	TEXT_EL(h, "strong", json_text(report, "vehicle.name"));
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", fl_str_fmt(mem, "#%" FL_FMT, FL_ARG(number)), { "class", FL_STR("number") });
	html_end(h);
	mark_severity(h, mem, json_text(report, "severity"), (fl_str){});
	EL(h, "span");
	html_text(h, cost.ptr ? cost : FL_STR("No cost"));
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "small", paid.ptr ? FL_STR("paid") : FL_STR("estimated"), { "class", FL_STR("sure") });
	html_end(h);
	TEXT_EL(h, "span", fl_str_fmt(mem, "%" FL_FMT " alike", FL_ARG(words_percent(mem, json_number(found, "similarity")))),
		{ "class", FL_STR("faint") });
	html_end(h);
	html_end(h);
}

void view_evidence(html *h, fl_ctx *ctx, const fl_json *report)
{
	const fl_json *signs = json_at(report, "assessment.fraudSignals"), *cases = json_at(report, "assessment.similarCases");

	if (json_count(signs) > 0) {
		EL(h, "section", { "class", FL_STR("block signals") });
		TEXT_EL(h, "h3", FL_STR("Check these photos"));
		EL(h, "ul");
		for (const fl_json *sign = json_first(signs); sign; sign = sign->next)
			fraud_sign(h, ctx->mem, sign);
		html_end(h);
		html_end(h);
	}
	if (json_count(cases) > 0) {
		EL(h, "section", { "class", FL_STR("block") });
		TEXT_EL(h, "h3", FL_STR("Similar cases"));
		EL(h, "ol", { "class", FL_STR("similar") });
		for (const fl_json *found = json_first(cases); found; found = found->next)
			similar_case(h, ctx->mem, found);
		html_end(h);
		html_end(h);
	}
}
