/* The list of reports with its filter: web/src/board/list.tsx. */
#include "page/page_int.h"
#include "page/words.h"

fl_str page_percent(fl_arena *mem, fl_str text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = fl_arena_take(mem, text.len * 3 + 1);
	size_t len = 0;

	if (!out)
		return (fl_str){};
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
			c == '.' || c == '~';
		if (plain) {
			out[len++] = (char)c;
		} else {
			out[len++] = '%';
			out[len++] = digits[c >> 4];
			out[len++] = digits[c & 15];
		}
	}
	return fl_str_make(out, len);
}

static fl_str with_param(fl_arena *mem, fl_str address, const char *name, fl_str value)
{
	if (!value.ptr)
		return address;
	return fl_str_fmt(mem, "%" FL_FMT "%c%s=%" FL_FMT, FL_ARG(address), fl_str_find_char(address, '?') < 0 ? '?' : '&', name,
		FL_ARG(page_percent(mem, value)));
}

fl_str board_address(fl_arena *mem, const board_filter *filter, fl_str number)
{
	fl_str address = number.ptr ? fl_str_fmt(mem, "/reports/%" FL_FMT, FL_ARG(number)) : FL_STR("/");

	address = with_param(mem, address, "status", filter->status);
	address = with_param(mem, address, "severity", filter->severity);
	return with_param(mem, address, "search", filter->search);
}

/* Whose judgement the severity is: the model's, with its confidence, or a person's. */
static fl_str severity_note(fl_arena *mem, const fl_json *report)
{
	fl_str severity = json_text(report, "severity"), made = json_text(report, "assessment.severity");

	if (!severity.ptr)
		return fl_str_eq(json_text(report, "status"), FL_STR("REPORTED")) ? FL_STR("") : FL_STR("No severity");
	if (!made.ptr || !fl_str_eq(made, severity))
		return FL_STR("by hand");
	return words_percent(mem, json_number(report, "assessment.severityConfidence"));
}

static void row(html *h, fl_arena *mem, const fl_json *report, const board_filter *filter, fl_str open_number)
{
	fl_str number = json_text(report, "number"), cost = mark_money(mem, report, "estimatedCost", false);
	bool is_open = open_number.ptr && fl_str_eq(number, open_number);

	EL(h, "li", { "class", is_open ? FL_STR("row is-open") : FL_STR("row") },
		{ "id", fl_str_fmt(mem, "report-%" FL_FMT, FL_ARG(number)) });
	EL(h, "a", { "href", board_address(mem, filter, number) }, { "aria-current", is_open ? FL_STR("true") : (fl_str){} });
	mark_thumb(h, json_at(report, "photos"), "thumb", "88", "66");
	EL(h, "span", { "class", FL_STR("who") });
	TEXT_EL(h, "strong", json_text(report, "vehicle.name"));
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", fl_str_fmt(mem, "#%" FL_FMT, FL_ARG(number)), { "class", FL_STR("number") });
	html_end(h);
	TEXT_EL(h, "span", fl_str_fmt(mem, "%" FL_FMT " %" FL_FMT, FL_ARG(json_text(report, "vehicle.make")),
		FL_ARG(json_text(report, "vehicle.model"))), { "class", FL_STR("model") });
	TEXT_EL(h, "span", json_text(report, "description"), { "class", FL_STR("words") });
	mark_status(h, mem, json_text(report, "status"));
	mark_severity(h, mem, json_text(report, "severity"), severity_note(mem, report));
	TEXT_EL(h, "span", cost, { "class", FL_STR("cost") });
	EL(h, "span", { "class", FL_STR("when") });
	mark_when(h, mem, report, "reportedAt", false);
	html_end(h);
	if (json_first(json_at(report, "assessment.fraudSignals")))
		TEXT_EL(h, "span", FL_STR("Check photo"), { "class", FL_STR("flag") });
	html_end(h);
	html_end(h);
}

static void tab(html *h, fl_arena *mem, fl_str code, fl_str text, fl_str chosen)
{
	bool is_chosen = code.ptr ? chosen.ptr && fl_str_eq(code, chosen) : !chosen.ptr;

	TEXT_EL(h, "a", text, { "class", FL_STR("tab") }, { "href", with_param(mem, FL_STR("/"), "status", code) },
		{ "aria-current", is_chosen ? FL_STR("page") : (fl_str){} });
}

static void filter_bar(html *h, fl_arena *mem, const board_filter *filter)
{
	EL(h, "div", { "class", FL_STR("filter") });
	EL(h, "nav", { "class", FL_STR("tabs") }, { "aria-label", FL_STR("Status") });
	tab(h, mem, (fl_str){}, FL_STR("All"), filter->status);
	for (size_t i = 0; i < WORDS_STATUSES; i++)
		tab(h, mem, words_status[i].code, words_status[i].text, filter->status);
	html_end(h);
	EL(h, "form", { "class", FL_STR("search") }, { "action", FL_STR("/") }, { "method", FL_STR("get") }, { "role", FL_STR("search") });
	if (filter->status.ptr)
		VOID_EL(h, "input", { "type", FL_STR("hidden") }, { "name", FL_STR("status") }, { "value", filter->status });
	VOID_EL(h, "input", { "type", FL_STR("search") }, { "name", FL_STR("search") }, { "id", FL_STR("search") },
		{ "placeholder", FL_STR("Search descriptions and places") }, { "aria-label", FL_STR("Search") },
		{ "value", filter->search.ptr ? filter->search : FL_STR("") }, { "autocomplete", FL_STR("off") });
	EL(h, "select", { "name", FL_STR("severity") }, { "aria-label", FL_STR("Severity") });
	TEXT_EL(h, "option", FL_STR("Any severity"), { "value", FL_STR("") });
	for (size_t i = 0; i < WORDS_SEVERITIES; i++) {
		bool chosen = filter->severity.ptr && fl_str_eq(filter->severity, words_severity[i].code);
		TEXT_EL(h, "option", words_severity[i].text, { "value", words_severity[i].code }, { "selected", HTML_IF(chosen) });
	}
	html_end(h);
	EL(h, "noscript");
	TEXT_EL(h, "button", FL_STR("Search"), { "class", FL_STR("button") });
	html_end(h);
	html_end(h);
	html_end(h);
}

static void nothing(html *h, const board_filter *filter)
{
	EL(h, "div", { "class", FL_STR("empty") });
	if (filter->status.ptr || filter->severity.ptr || filter->search.ptr) {
		TEXT_EL(h, "p", FL_STR("No report matches."));
		EL(h, "p");
		TEXT_EL(h, "a", FL_STR("Show all reports"), { "href", FL_STR("/") });
		html_end(h);
	} else {
		TEXT_EL(h, "p", FL_STR("No damage reported yet."));
		EL(h, "p");
		html_text(h, FL_STR("Drivers file reports at "));
		TEXT_EL(h, "code", FL_STR("/r/"));
		html_text(h, FL_STR(" and the name of the vehicle. New reports appear here by themselves."));
		html_end(h);
	}
	html_end(h);
}

void view_list(html *h, fl_ctx *ctx, const fl_json *data, const board_filter *filter, fl_str open_number)
{
	const fl_json *reports = json_at(data, "damageReports.nodes");
	fl_str older = json_text(data, "damageReports.pageInfo.endCursor");

	EL(h, "section", { "class", FL_STR("list-pane") }, { "aria-label", FL_STR("Reports") });
	filter_bar(h, ctx->mem, filter);
	if (json_count(reports) == 0) {
		nothing(h, filter);
	} else {
		EL(h, "ol", { "class", FL_STR("rows") });
		for (const fl_json *report = json_first(reports); report; report = report->next)
			row(h, ctx->mem, report, filter, open_number);
		html_end(h);
	}
	if (older.ptr && fl_json_bool(json_at(data, "damageReports.pageInfo.hasNextPage"), false)) {
		EL(h, "p", { "class", FL_STR("older") });
		TEXT_EL(h, "a", FL_STR("Show older"), { "class", FL_STR("button") },
			{ "href", with_param(ctx->mem, board_address(ctx->mem, filter, (fl_str){}), "after", older) });
		html_end(h);
	}
	html_end(h);
}
