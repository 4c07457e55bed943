/* One report: web/src/board/report.tsx. */
#include "page/page_int.h"
#include "page/words.h"

static void fact(html *h, const char *label, fl_str text)
{
	if (!text.ptr)
		return;
	EL(h, "div");
	TEXT_EL(h, "dt", fl_str_z(label));
	TEXT_EL(h, "dd", text);
	html_end(h);
}

static void fact_time(html *h, fl_arena *mem, const char *label, const fl_json *report, const char *path)
{
	if (!json_at(report, path))
		return;
	EL(h, "div");
	TEXT_EL(h, "dt", fl_str_z(label));
	EL(h, "dd");
	mark_when(h, mem, report, path, true);
	html_end(h);
	html_end(h);
}

static void facts(html *h, fl_arena *mem, const fl_json *report)
{
	const fl_json *location = json_at(report, "location");
	fl_str type = json_text(report, "damageType");

	EL(h, "section", { "class", FL_STR("block") });
	TEXT_EL(h, "h3", FL_STR("Facts"));
	EL(h, "dl", { "class", FL_STR("facts") });
	fact_time(h, mem, "Filed", report, "reportedAt");
	fact_time(h, mem, "Happened", report, "incidentAt");
	fact(h, "Driver", json_text(report, "driver.name"));
	fact(h, "Depot", json_text(report, "facility.name"));
	fact(h, "Place", json_text(report, "address"));
	if (location)
		fact(h, "Position", fl_str_fmt(mem, "%.5f, %.5f", json_number(location, "latitude"), json_number(location, "longitude")));
	fact(h, "Plate", json_at(report, "vehicle.plate") ? json_text(report, "vehicle.plate") : FL_STR("–"));
	fact(h, "VIN", json_text(report, "vehicle.vin"));
	fact(h, "Kind", type.ptr ? words_of_type(type) : type);
	fact(h, "Estimated cost", mark_money(mem, report, "estimatedCost", true));
	fact(h, "Actual cost", mark_money(mem, report, "actualCost", true));
	fact_time(h, mem, "Completed", report, "completedAt");
	EL(h, "div");
	TEXT_EL(h, "dt", FL_STR("Last change"));
	EL(h, "dd");
	mark_when(h, mem, report, "updatedAt", true);
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", fl_str_fmt(mem, "version %lld", (long long)json_whole(report, "version")), { "class", FL_STR("faint") });
	html_end(h);
	html_end(h);
	html_end(h);
	html_end(h);
}

static void file_row(html *h, fl_arena *mem, const fl_json *photo, int index)
{
	EL(h, "tr");
	EL(h, "td");
	if (json_at(photo, "removedAt"))
		html_text(h, fl_str_fmt(mem, "Photo %d", index));
	else
		TEXT_EL(h, "a", fl_str_fmt(mem, "Photo %d", index), { "href", html_path(json_text(photo, "url")) });
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", json_text(photo, "mediaType"), { "class", FL_STR("faint") });
	html_end(h);
	TEXT_EL(h, "td", fl_str_fmt(mem, "%.0f × %.0f, %" FL_FMT, json_number(photo, "width"), json_number(photo, "height"),
		FL_ARG(words_size(mem, json_whole(photo, "sizeBytes")))));
	EL(h, "td");
	if (json_at(photo, "removedAt")) {
		EL(h, "span", { "class", FL_STR("faint") });
		html_text(h, FL_STR("removed by an erasure, "));
		mark_when(h, mem, photo, "removedAt", true);
		html_end(h);
	} else if (json_at(photo, "takenAt"))
		mark_when(h, mem, photo, "takenAt", true);
	else
		TEXT_EL(h, "span", FL_STR("not in the file"), { "class", FL_STR("faint") });
	html_end(h);
	EL(h, "td");
	TEXT_EL(h, "code", json_text(photo, "sha256"));
	html_end(h);
	html_end(h);
}

static void files(html *h, fl_arena *mem, const fl_json *photos)
{
	int index = 0;

	if (json_count(photos) == 0)
		return;
	EL(h, "details", { "class", FL_STR("block files") });
	TEXT_EL(h, "summary", fl_str_fmt(mem, "Photo files as sent (%zu)", json_count(photos)));
	EL(h, "div", { "class", FL_STR("scroll") });
	EL(h, "table");
	EL(h, "thead");
	EL(h, "tr");
	TEXT_EL(h, "th", FL_STR("Photo"));
	TEXT_EL(h, "th", FL_STR("Size"));
	TEXT_EL(h, "th", FL_STR("Taken"));
	TEXT_EL(h, "th", FL_STR("SHA-256"));
	html_end(h);
	html_end(h);
	EL(h, "tbody");
	for (const fl_json *photo = json_first(photos); photo; photo = photo->next)
		file_row(h, mem, photo, ++index);
	html_end(h);
	html_end(h);
	html_end(h);
	html_end(h);
}

static void removed(html *h, fl_arena *mem, const fl_json *photo)
{
	if (!json_at(photo, "removedAt"))
		return;
	EL(h, "figcaption", { "class", FL_STR("quality") });
	html_text(h, FL_STR("This photo was removed by an erasure, "));
	mark_when(h, mem, photo, "removedAt", true);
	html_text(h, FL_STR("."));
	html_end(h);
}

static void problems(html *h, fl_arena *mem, const fl_json *photo)
{
	const fl_json *first = json_first(json_at(photo, "quality.problems"));
	fl_str text = FL_STR("");

	if (!first)
		return;
	for (const fl_json *problem = first; problem; problem = problem->next)
		text = fl_str_fmt(mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(text), problem == first ? "" : ", ", FL_ARG(fl_json_str(problem, FL_STR(""))));
	TEXT_EL(h, "figcaption", fl_str_fmt(mem, "This photo is %" FL_FMT ".", FL_ARG(text)), { "class", FL_STR("quality") });
}

static void strip(html *h, fl_arena *mem, const fl_json *photos)
{
	int index = 0;

	EL(h, "ol", { "class", FL_STR("strip") });
	for (const fl_json *photo = json_first(photos); photo; photo = photo->next) {
		index++;
		EL(h, "li");
		EL(h, "a", { "href", html_path(json_text(photo, "viewUrl")) }, { "aria-current", index == 1 ? FL_STR("true") : (fl_str){} },
			{ "aria-label", fl_str_fmt(mem, "Photo %d", index) });
		VOID_EL(h, "img", { "src", html_path(json_text(photo, "thumbnailUrl")) }, { "width", FL_STR("72") }, { "height", FL_STR("54") },
			{ "alt", FL_STR("") }, { "loading", FL_STR("lazy") });
		html_end(h);
		html_end(h);
	}
	html_end(h);
}

static void gallery(html *h, fl_arena *mem, const fl_json *photos, fl_str vehicle)
{
	const fl_json *first = json_first(photos);

	if (!first) {
		TEXT_EL(h, "p", FL_STR("No photos."), { "class", FL_STR("gallery is-empty") });
		return;
	}
	EL(h, "figure", { "class", FL_STR("gallery") });
	EL(h, "div", { "class", FL_STR("stage") });
	EL(h, "a", { "href", html_path(json_text(first, "viewUrl")) });
	VOID_EL(h, "img", { "src", html_path(json_text(first, "viewUrl")) },
		{ "alt", fl_str_fmt(mem, "Photo 1 of %zu, %" FL_FMT, json_count(photos), FL_ARG(vehicle)) },
		{ "width", fl_str_fmt(mem, "%.0f", json_number(first, "width")) },
		{ "height", fl_str_fmt(mem, "%.0f", json_number(first, "height")) }, { "decoding", FL_STR("async") },
		{ "fetchpriority", FL_STR("high") });
	html_end(h);
	html_end(h);
	removed(h, mem, first);
	problems(h, mem, first);
	if (json_count(photos) > 1)
		strip(h, mem, photos);
	html_end(h);
}

static bool may_decide(const fl_json *viewer)
{
	fl_str role = json_text(viewer, "role");

	return fl_str_eq(role, FL_STR("MANAGER")) || fl_str_eq(role, FL_STR("ADMIN"));
}

/* What only the script can ask for: a reason, a cost, another report. */
static bool asks(const fl_json *way)
{
	return fl_json_bool(json_at(way, "needsReason"), false) || fl_json_bool(json_at(way, "needsDuplicateOf"), false) ||
	       fl_str_eq(json_text(way, "transition"), FL_STR("COMPLETE"));
}

static bool leads_on(fl_str transition)
{
	static const fl_str onward[] = { FL_STR_INIT("APPROVE"), FL_STR_INIT("START_REPAIR"), FL_STR_INIT("COMPLETE"), FL_STR_INIT("CLOSE") };

	for (size_t i = 0; i < FL_COUNT(onward); i++)
		if (fl_str_eq(onward[i], transition))
			return true;
	return false;
}

static void way_button(html *h, fl_arena *mem, const fl_json *way)
{
	fl_str transition = json_text(way, "transition");
	bool closed = asks(way) || !fl_json_bool(json_at(way, "allowed"), false);

	TEXT_EL(h, "button", fl_str_fmt(mem, "%" FL_FMT "%s", FL_ARG(json_text(way, "label")), asks(way) ? "…" : ""),
		{ "class", leads_on(transition) ? FL_STR("button is-main") : FL_STR("button") }, { "name", FL_STR("transition") },
		{ "value", transition }, { "data-step", transition }, { "title", json_text(way, "whyNot") }, { "disabled", HTML_IF(closed) });
}

/* The ways that the server opens: web/src/board/actions.tsx shows the same. */
static void actions(html *h, fl_arena *mem, const fl_json *report, fl_str number)
{
	fl_str status = json_text(report, "status");
	bool is_over = fl_str_eq(status, FL_STR("COMPLETED")) || fl_str_eq(status, FL_STR("REJECTED"));

	EL(h, "section", { "class", FL_STR("actions") }, { "aria-label", FL_STR("Decision") });
	EL(h, "form", { "class", FL_STR("buttons") }, { "method", FL_STR("post") },
		{ "action", fl_str_fmt(mem, "/reports/%" FL_FMT, FL_ARG(number)) });
	VOID_EL(h, "input", { "type", FL_STR("hidden") }, { "name", FL_STR("id") }, { "value", json_text(report, "id") });
	VOID_EL(h, "input", { "type", FL_STR("hidden") }, { "name", FL_STR("version") },
		{ "value", fl_str_fmt(mem, "%lld", (long long)json_whole(report, "version")) });
	for (const fl_json *way = json_first(json_at(report, "availableTransitions")); way; way = way->next)
		way_button(h, mem, way);
	if (!is_over)
		TEXT_EL(h, "button", FL_STR("Correct severity…"), { "class", FL_STR("button") }, { "disabled", FL_STR("") });
	html_end(h);
	if (fl_json_bool(json_at(report, "awaitsSecondApproval"), false))
		TEXT_EL(h, "p", FL_STR("One person approved; the cost asks for a second one."), { "class", FL_STR("caution") });
	html_end(h);
}

static void timeline(html *h, fl_arena *mem, const fl_json *entries)
{
	EL(h, "section", { "class", FL_STR("block") });
	TEXT_EL(h, "h3", FL_STR("History"));
	EL(h, "ol", { "class", FL_STR("timeline") });
	for (const fl_json *entry = json_first(entries); entry; entry = entry->next) {
		fl_str reason = json_text(entry, "reason");
		EL(h, "li");
		mark_when(h, mem, entry, "at", true);
		html_text(h, FL_STR(" "));
		TEXT_EL(h, "span", json_text(entry, "text"));
		if (reason.len)
			TEXT_EL(h, "q", reason);
		html_end(h);
	}
	html_end(h);
	html_end(h);
}

static void head(html *h, fl_arena *mem, const fl_json *report, fl_str number)
{
	fl_str plate = json_text(report, "vehicle.plate");

	EL(h, "header", { "class", FL_STR("report-head") });
	EL(h, "h2");
	html_text(h, json_text(report, "vehicle.name"));
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", fl_str_fmt(mem, "#%" FL_FMT, FL_ARG(number)), { "class", FL_STR("number") });
	html_end(h);
	mark_status(h, mem, json_text(report, "status"));
	TEXT_EL(h, "p", fl_str_fmt(mem, "%" FL_FMT " %" FL_FMT " %.0f%s%" FL_FMT, FL_ARG(json_text(report, "vehicle.make")),
		FL_ARG(json_text(report, "vehicle.model")), json_number(report, "vehicle.year"), plate.ptr ? ", " : "", FL_ARG(plate)),
		{ "class", FL_STR("faint") });
	html_end(h);
}

void view_report(html *h, fl_ctx *ctx, const fl_json *report, const fl_json *viewer, const board_filter *filter, fl_str number,
	const repair *part)
{
	EL(h, "section", { "class", FL_STR("report-pane") }, { "aria-label", FL_STR("Report") });
	TEXT_EL(h, "a", FL_STR("‹ All reports"), { "class", FL_STR("back-to-list") },
		{ "href", board_address(ctx->mem, filter, (fl_str){}) });
	if (!report) {
		EL(h, "div", { "class", FL_STR("empty") });
		TEXT_EL(h, "p", fl_str_fmt(ctx->mem, "There is no report #%" FL_FMT ".", FL_ARG(number)));
		html_end(h);
		html_end(h);
		return;
	}
	EL(h, "article", { "class", FL_STR("report") });
	head(h, ctx->mem, report, number);
	if (may_decide(viewer))
		actions(h, ctx->mem, report, number);
	EL(h, "div", { "class", FL_STR("report-body") });
	EL(h, "div", { "class", FL_STR("report-main") });
	gallery(h, ctx->mem, json_at(report, "photos"), json_text(report, "vehicle.name"));
	TEXT_EL(h, "p", json_text(report, "description"), { "class", FL_STR("description") });
	html_end(h);
	view_assessment(h, ctx, report);
	html_end(h);
	view_evidence(h, ctx, report);
	if (part) {
		EL(h, "div", { "id", FL_STR("repair") }, { "class", FL_STR("repair") });
		view_repair(h, part);
		html_end(h);
	}
	facts(h, ctx->mem, report);
	timeline(h, ctx->mem, json_at(report, "history.nodes"));
	files(h, ctx->mem, json_at(report, "photos"));
	html_end(h);
	html_end(h);
}
