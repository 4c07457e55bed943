/* The repair part: what its forms share, and the estimates. */
#include "page/repair_int.h"
#include "page/words.h"

#include <math.h>
#include <stdlib.h>

static const word estimate_states[] = {
	WORD("REQUESTED", "Asked for"),
	WORD("SUBMITTED", "Sent in"),
	WORD("REVISED", "Revised"),
	WORD("ACCEPTED", "Accepted"),
	WORD("DECLINED", "Declined"),
	WORD("EXPIRED", "Expired"),
	WORD("WITHDRAWN", "Withdrawn"),
};

/* ---- forms ---- */

bool repair_failed_at(const repair *r, fl_str place)
{
	return r->said && r->said->problem.ptr && fl_str_eq(r->said->place, place);
}

fl_str repair_typed(const repair *r, fl_str place, const char *name)
{
	fl_str value;

	if (!repair_failed_at(r, place) || !fl_form_get(r->mem, r->said->form, fl_str_z(name), &value) || !fl_str_utf8_valid(value))
		return FL_STR("");
	return value;
}

void repair_hidden(html *h, const char *name, fl_str value)
{
	VOID_EL(h, "input", { "type", FL_STR("hidden") }, { "name", fl_str_z(name) }, { "value", value });
}

void repair_version(html *h, const repair *r, const fl_json *of)
{
	repair_hidden(h, "version", fl_str_fmt(r->mem, "%lld", (long long)json_whole(of, "version")));
}

void repair_button(html *h, const char *act, const char *label, bool main)
{
	TEXT_EL(h, "button", fl_str_z(label), { "class", main ? FL_STR("button is-main") : FL_STR("button") }, { "name", FL_STR("act") },
		{ "value", fl_str_z(act) });
}

void repair_form_begin(html *h, const repair *r, fl_str place, const char *css_class)
{
	EL(h, "form", { "class", fl_str_z(css_class) }, { "method", FL_STR("post") },
		{ "action", fl_str_fmt(r->mem, "/reports/%" FL_FMT "/repair#repair", FL_ARG(r->number)) });
	repair_hidden(h, "form", place);
	if (!repair_failed_at(r, place))
		return;
	TEXT_EL(h, "p", r->said->problem, { "class", FL_STR("problem") }, { "role", FL_STR("alert") });
	*r->told = true;
}

void repair_input(html *h, const repair *r, fl_str place, const char *name, const char *label, const char *mode, const char *max)
{
	bool is_type = fl_str_eq(fl_str_z(mode), FL_STR("date")) || fl_str_eq(fl_str_z(mode), FL_STR("email"));

	EL(h, "label");
	html_text(h, fl_str_z(label));
	VOID_EL(h, "input", { "name", fl_str_z(name) }, { "type", is_type ? fl_str_z(mode) : FL_STR("text") },
		{ "inputmode", is_type ? (fl_str){} : fl_str_z(mode) }, { "maxlength", fl_str_z(max) },
		{ "value", repair_typed(r, place, name) }, { "autocomplete", FL_STR("off") });
	html_end(h);
}

void repair_fact(html *h, const char *label, fl_str text)
{
	if (!text.ptr)
		return;
	EL(h, "div");
	TEXT_EL(h, "dt", fl_str_z(label));
	TEXT_EL(h, "dd", text);
	html_end(h);
}

/* ---- one estimate ---- */

static const fl_json *compared(const repair *r, const fl_json *estimate)
{
	fl_str id = json_text(estimate, "id");

	for (const fl_json *c = json_first(json_at(r->report, "estimateComparison.estimates")); c; c = c->next)
		if (fl_str_eq(json_text(c, "estimate.id"), id))
			return c;
	return NULL;
}

static fl_str deviation(fl_arena *mem, const fl_json *c)
{
	long percent = lround(json_number(c, "deviationPercent"));
	fl_str against = json_text(c, "against");

	if (!json_at(c, "deviationPercent"))
		return (fl_str){};
	const char *range = fl_str_eq(against, FL_STR("BELOW")) ? ", below the assessed range"
		: fl_str_eq(against, FL_STR("ABOVE")) ? ", above the assessed range" : "";
	if (percent == 0)
		return fl_str_fmt(mem, "As assessed%s", range);
	return fl_str_fmt(mem, "%ld %% %s%s", labs(percent), percent > 0 ? "more" : "less", range);
}

/* Marks tell estimates apart; one alone has none. */
static bool stands_out(const repair *r, const fl_json *c, const char *mark)
{
	return json_count(json_at(r->report, "estimateComparison.estimates")) > 1 && fl_json_bool(json_at(c, mark), false);
}

static void estimate_head(html *h, const repair *r, const fl_json *e, const fl_json *c)
{
	EL(h, "p", { "class", FL_STR("repair-head") });
	TEXT_EL(h, "strong", json_text(e, "vendorName"));
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", WORDS_TEXT(estimate_states, json_text(e, "state")), { "class", FL_STR("tag") });
	if (stands_out(r, c, "isCheapest")) {
		html_text(h, FL_STR(" "));
		TEXT_EL(h, "span", FL_STR("Cheapest"), { "class", FL_STR("tag is-good") });
	}
	if (stands_out(r, c, "isFastest")) {
		html_text(h, FL_STR(" "));
		TEXT_EL(h, "span", FL_STR("Fastest"), { "class", FL_STR("tag is-good") });
	}
	html_end(h);
}

static fl_str days(fl_arena *mem, const fl_json *e)
{
	int64_t count = json_whole(e, "current.repairDays");

	if (!json_at(e, "current.repairDays"))
		return (fl_str){};
	return fl_str_fmt(mem, count == 1 ? "%lld day" : "%lld days", (long long)count);
}

static fl_str link_of(fl_arena *mem, const fl_json *e)
{
	int64_t until;

	if (!json_at(e, "link") || !json_time(e, "link.expiresAt", &until))
		return (fl_str){};
	if (fl_json_bool(json_at(e, "link.revoked"), false))
		return FL_STR("Revoked");
	return fl_str_fmt(mem, "Good until %" FL_FMT ", used %lld times", FL_ARG(words_day_time(mem, until)),
		(long long)json_whole(e, "link.uses"));
}

/* Only what somebody may have to do something about. */
static fl_str mail_of(fl_arena *mem, const fl_json *e)
{
	fl_str state = json_text(e, "link.mail"), why = json_text(e, "link.mailProblem");

	if (fl_str_eq(state, FL_STR("WAITING")))
		return fl_str_fmt(mem, "Not yet sent%s%" FL_FMT ". It is tried again.", why.len ? ": " : "", FL_ARG(why));
	if (fl_str_eq(state, FL_STR("FAILED")))
		return fl_str_fmt(mem, "Not sent: %" FL_FMT ". Make a new link, or send this one yourself.", FL_ARG(why));
	return (fl_str){};
}

static bool is_state(const fl_json *e, const char *state)
{
	return fl_str_eq(json_text(e, "state"), fl_str_z(state));
}

static bool report_is_over(const repair *r)
{
	fl_str status = json_text(r->report, "status");

	return fl_str_eq(status, FL_STR("COMPLETED")) || fl_str_eq(status, FL_STR("REJECTED"));
}

static void estimate_form(html *h, const repair *r, const fl_json *e)
{
	bool may_accept = fl_json_bool(json_at(e, "isOpen"), false), asked = is_state(e, "REQUESTED");
	bool may_renew = asked || is_state(e, "DECLINED") || is_state(e, "EXPIRED");

	if (!r->deciding || report_is_over(r) || !(may_accept || may_renew))
		return;
	repair_form_begin(h, r, fl_str_fmt(r->mem, "e%" FL_FMT, FL_ARG(json_text(e, "id"))), "repair-form");
	repair_hidden(h, "reportId", json_text(r->report, "id"));
	repair_hidden(h, "estimateId", json_text(e, "id"));
	repair_version(h, r, e);
	EL(h, "div", { "class", FL_STR("buttons") });
	if (may_accept)
		repair_button(h, "accept", "Accept estimate", true);
	if ((may_accept && !is_state(e, "DECLINED")) || asked)
		repair_button(h, "decline", "Decline", false);
	if (may_renew)
		repair_button(h, "renew", "New link", false);
	html_end(h);
	html_end(h);
}

static void estimate(html *h, const repair *r, const fl_json *e)
{
	const fl_json *c = compared(r, e);
	fl_str note = json_text(e, "current.note"), reason = json_text(e, "reason");

	EL(h, "li");
	estimate_head(h, r, e, c);
	EL(h, "dl", { "class", FL_STR("facts") });
	repair_fact(h, "Total", mark_money(r->mem, e, "current.total", true));
	repair_fact(h, "Repair takes", days(r->mem, e));
	repair_fact(h, "Beside the assessment", deviation(r->mem, c));
	if (is_state(e, "REQUESTED"))
		repair_fact(h, "Link", link_of(r->mem, e));
	if (is_state(e, "REQUESTED"))
		repair_fact(h, "Mail", mail_of(r->mem, e));
	html_end(h);
	if (note.len)
		TEXT_EL(h, "p", note, { "class", FL_STR("repair-note") });
	if (reason.len)
		TEXT_EL(h, "p", reason, { "class", FL_STR("repair-note faint") });
	estimate_form(h, r, e);
	html_end(h);
}

/* ---- asking for one ---- */

static void vendor_choice(html *h, const repair *r, fl_str place)
{
	fl_str chosen = repair_typed(r, place, "vendorId");

	EL(h, "label");
	html_text(h, FL_STR("Workshop"));
	EL(h, "select", { "name", FL_STR("vendorId") });
	TEXT_EL(h, "option", FL_STR("None of the registry"), { "value", FL_STR("") });
	for (const fl_json *v = json_first(r->vendors); v; v = v->next)
		TEXT_EL(h, "option", json_text(v, "name"), { "value", json_text(v, "id") },
			{ "selected", HTML_IF(fl_str_eq(json_text(v, "id"), chosen)) });
	html_end(h);
	html_end(h);
}

static void ask_form(html *h, const repair *r)
{
	fl_str place = FL_STR("ask");

	if (!r->deciding || report_is_over(r))
		return;
	EL(h, "details", { "data-key", place }, { "open", HTML_IF(repair_failed_at(r, place)) });
	TEXT_EL(h, "summary", FL_STR("Ask a workshop for an estimate"));
	repair_form_begin(h, r, place, "ask");
	repair_hidden(h, "reportId", json_text(r->report, "id"));
	vendor_choice(h, r, place);
	repair_input(h, r, place, "email", "E-mail, if another one or none of the registry", "email", "254");
	EL(h, "label");
	html_text(h, FL_STR("What the workshop should know"));
	TEXT_EL(h, "textarea", repair_typed(r, place, "message"), { "name", FL_STR("message") }, { "rows", FL_STR("2") },
		{ "maxlength", FL_STR("2000") });
	html_end(h);
	EL(h, "div", { "class", FL_STR("buttons") });
	repair_button(h, "ask", "Ask for an estimate", true);
	html_end(h);
	html_end(h);
	html_end(h);
}

static void total_loss(html *h, const repair *r)
{
	const fl_json *loss = json_at(r->report, "totalLoss");

	if (loss)
		TEXT_EL(h, "p", fl_str_fmt(r->mem, "Total loss? %" FL_FMT, FL_ARG(json_text(loss, "explanation"))),
			{ "class", fl_json_bool(json_at(loss, "isTotalLoss"), false) ? FL_STR("caution") : FL_STR("faint") });
}

static void estimates(html *h, const repair *r)
{
	const fl_json *list = json_at(r->report, "estimates");

	EL(h, "section", { "class", FL_STR("block") });
	TEXT_EL(h, "h3", FL_STR("Estimates"));
	total_loss(h, r);
	if (json_count(list) == 0)
		TEXT_EL(h, "p", FL_STR("No workshop was asked yet."), { "class", FL_STR("faint") });
	EL(h, "ul", { "class", FL_STR("repair-list") });
	for (const fl_json *e = json_first(list); e; e = e->next)
		estimate(h, r, e);
	html_end(h);
	ask_form(h, r);
	html_end(h);
}

/* ---- the part ---- */

static void said(html *h, const repair *r)
{
	if (!r->said || !r->said->notice.ptr)
		return;
	EL(h, "div", { "class", FL_STR("caution repair-said") }, { "role", FL_STR("status") }, { "tabindex", FL_STR("-1") });
	TEXT_EL(h, "p", r->said->notice);
	if (r->said->link.ptr) {
		EL(h, "label");
		html_text(h, FL_STR("Link"));
		VOID_EL(h, "input", { "type", FL_STR("url") }, { "readonly", FL_STR("") }, { "value", r->said->link });
		html_end(h);
		/* Only the script can copy, so only it shows this. */
		TEXT_EL(h, "button", FL_STR("Copy link"), { "type", FL_STR("button") }, { "class", FL_STR("button") }, { "data-copy", FL_STR("") },
			{ "hidden", FL_STR("") });
	}
	html_end(h);
}

/* A form that is not on the page, as somebody else was faster or as it is not the caller's, leaves its sentence at the end. */
static void problem_without_form(html *h, const repair *r)
{
	if (r->said && r->said->problem.ptr && !*r->told)
		TEXT_EL(h, "p", r->said->problem, { "class", FL_STR("problem") }, { "role", FL_STR("alert") });
}

void view_repair(html *h, const repair *r)
{
	said(h, r);
	if (!r->report) {
		TEXT_EL(h, "p", FL_STR("The repair cannot be shown right now. Load the page again in a moment."), { "class", FL_STR("problem") });
		return;
	}
	estimates(h, r);
	repair_orders(h, r);
	repair_claim(h, r);
	repair_inspections(h, r);
	problem_without_form(h, r);
}
