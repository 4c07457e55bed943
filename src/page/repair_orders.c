/* Work orders of a report: their steps, tasks and bills. */
#include "page/repair_int.h"
#include "page/words.h"

static const word order_states[] = {
	WORD("OPEN", "Open"),
	WORD("SCHEDULED", "Scheduled"),
	WORD("IN_PROGRESS", "In progress"),
	WORD("WAITING_PARTS", "Waits for parts"),
	WORD("DONE", "Done"),
	WORD("CANCELLED", "Cancelled"),
};

static const word steps[] = {
	WORD("UNSCHEDULE", "Take the date off"),
	WORD("START", "Start work"),
	WORD("WAIT_FOR_PARTS", "Wait for parts"),
	WORD("GO_ON", "Go on"),
	WORD("FINISH", "Finish"),
	WORD("TAKE_UP_AGAIN", "Take up again"),
};

static fl_str place_of(const repair *r, const char *what, const fl_json *order)
{
	return fl_str_fmt(r->mem, "%s:%" FL_FMT, what, FL_ARG(json_text(order, "id")));
}

/* ---- steps ---- */

static bool has_step(const fl_json *order, const char *step)
{
	for (const fl_json *s = json_first(json_at(order, "steps")); s; s = s->next)
		if (fl_str_eq(fl_json_str(s, FL_STR("")), fl_str_z(step)))
			return true;
	return false;
}

static void move_begin(html *h, const repair *r, const fl_json *order, fl_str place, const char *css_class)
{
	repair_form_begin(h, r, place, css_class);
	repair_hidden(h, "act", FL_STR("move"));
	repair_hidden(h, "id", json_text(order, "id"));
	repair_version(h, r, order);
}

static void step_button(html *h, fl_str step, const char *label, bool main)
{
	TEXT_EL(h, "button", fl_str_z(label), { "class", main ? FL_STR("button is-main") : FL_STR("button") }, { "name", FL_STR("step") },
		{ "value", step });
}

static void plain_steps(html *h, const repair *r, const fl_json *order)
{
	move_begin(h, r, order, place_of(r, "move", order), "repair-form");
	EL(h, "div", { "class", FL_STR("buttons") });
	for (size_t i = 0; i < FL_COUNT(steps); i++) {
		if (has_step(order, steps[i].code.ptr))
			step_button(h, steps[i].code, steps[i].text.ptr,
				fl_str_eq(steps[i].code, FL_STR("START")) || fl_str_eq(steps[i].code, FL_STR("FINISH")));
	}
	html_end(h);
	html_end(h);
}

static void fold_begin(html *h, const repair *r, fl_str place, const char *summary)
{
	EL(h, "details", { "data-key", place }, { "open", HTML_IF(repair_failed_at(r, place)) });
	TEXT_EL(h, "summary", fl_str_z(summary));
}

static void schedule(html *h, const repair *r, const fl_json *order)
{
	fl_str place = place_of(r, "schedule", order);

	fold_begin(h, r, place, json_at(order, "plannedStart") ? "Another date" : "Give it a date");
	move_begin(h, r, order, place, "ask");
	repair_input(h, r, place, "plannedStart", "Begins on", "date", "10");
	repair_input(h, r, place, "plannedEnd", "Done by", "date", "10");
	EL(h, "div", { "class", FL_STR("buttons") });
	step_button(h, FL_STR("SCHEDULE"), "Schedule", true);
	html_end(h);
	html_end(h);
	html_end(h);
}

static void cancel(html *h, const repair *r, const fl_json *order)
{
	fl_str place = place_of(r, "cancel", order);

	fold_begin(h, r, place, "Cancel this order");
	move_begin(h, r, order, place, "ask");
	repair_input(h, r, place, "reason", "Why will it not be done?", "text", "2000");
	EL(h, "div", { "class", FL_STR("buttons") });
	step_button(h, FL_STR("CANCEL"), "Cancel order", false);
	html_end(h);
	html_end(h);
	html_end(h);
}

/* ---- tasks ---- */

/* A button that is a check box: one press is one change, with or without a script. */
static void task(html *h, const repair *r, const fl_json *order, const fl_json *t, bool open)
{
	bool done = fl_json_bool(json_at(t, "done"), false);

	EL(h, "li");
	TEXT_EL(h, "button", json_text(t, "title"), { "class", FL_STR("check") }, { "role", FL_STR("checkbox") },
		{ "aria-checked", done ? FL_STR("true") : FL_STR("false") }, { "name", FL_STR("toggle") },
		{ "value", fl_str_fmt(r->mem, "%s%" FL_FMT, done ? "-" : "+", FL_ARG(json_text(t, "id"))) }, { "disabled", HTML_IF(!open) });
	html_end(h);
}

static void tasks(html *h, const repair *r, const fl_json *order)
{
	fl_str state = json_text(order, "state");
	bool over = fl_str_eq(state, FL_STR("DONE")) || fl_str_eq(state, FL_STR("CANCELLED"));

	if (json_count(json_at(order, "tasks")) == 0)
		return;
	repair_form_begin(h, r, place_of(r, "task", order), "repair-form");
	repair_hidden(h, "act", FL_STR("task"));
	repair_hidden(h, "workOrderId", json_text(order, "id"));
	EL(h, "ul", { "class", FL_STR("checks") }, { "aria-label", FL_STR("Tasks") });
	for (const fl_json *t = json_first(json_at(order, "tasks")); t; t = t->next)
		task(h, r, order, t, r->deciding && !over);
	html_end(h);
	html_end(h);
}

/* ---- bills ---- */

static void bill(html *h, const repair *r, const fl_json *order, const fl_json *b)
{
	fl_str state = json_text(b, "state"), number = json_text(b, "number");
	bool held = fl_str_eq(state, FL_STR("HELD"));

	EL(h, "li");
	html_text(h, number.len ? fl_str_fmt(r->mem, "Bill %" FL_FMT ", ", FL_ARG(number)) : FL_STR("Bill, "));
	TEXT_EL(h, "strong", mark_money(r->mem, b, "total", true));
	html_text(h, held ? FL_STR(", waits for a second person")
		: fl_str_eq(state, FL_STR("VOID")) ? fl_str_fmt(r->mem, ", void: %" FL_FMT, FL_ARG(json_text(b, "voidReason"))) : FL_STR(""));
	if (held && r->deciding) {
		repair_form_begin(h, r, fl_str_fmt(r->mem, "allow:%" FL_FMT ":%" FL_FMT, FL_ARG(json_text(order, "id")), FL_ARG(json_text(b, "id"))),
			"repair-form");
		repair_hidden(h, "id", json_text(b, "id"));
		repair_button(h, "allow", "Approve bill", false);
		html_end(h);
	}
	html_end(h);
}

static void bill_form(html *h, const repair *r, const fl_json *order)
{
	static const char *const kinds[][2] = { { "LABOUR", "Labour" }, { "PARTS", "Parts" }, { "PAINT", "Paint" }, { "TAX", "Tax" }, { "OTHER", "Other" } };
	fl_str place = place_of(r, "bill", order);

	fold_begin(h, r, place, "Record a bill");
	repair_form_begin(h, r, place, "ask");
	repair_hidden(h, "workOrderId", json_text(order, "id"));
	repair_input(h, r, place, "number", "Number on the bill", "text", "100");
	repair_input(h, r, place, "dated", "Date on the bill", "date", "10");
	EL(h, "div", { "class", FL_STR("repair-sums") });
	for (size_t i = 0; i < FL_COUNT(kinds); i++)
		repair_input(h, r, place, kinds[i][0], kinds[i][1], "decimal", "14");
	html_end(h);
	EL(h, "div", { "class", FL_STR("buttons") });
	repair_button(h, "bill", "Record bill", true);
	html_end(h);
	html_end(h);
	html_end(h);
}

/* ---- one order ---- */

static void fact_day(html *h, const repair *r, const char *label, const fl_json *order, const char *path)
{
	int64_t at;

	if (json_time(order, path, &at))
		repair_fact(h, label, words_day_time(r->mem, at));
}

static void order_facts(html *h, const repair *r, const fl_json *order)
{
	EL(h, "dl", { "class", FL_STR("facts") });
	repair_fact(h, "Budget", mark_money(r->mem, order, "budget", true));
	repair_fact(h, "Bills", mark_money(r->mem, order, "cost", true));
	fact_day(h, r, "Planned start", order, "plannedStart");
	fact_day(h, r, "Planned end", order, "plannedEnd");
	fact_day(h, r, "Started", order, "startedAt");
	fact_day(h, r, "Finished", order, "finishedAt");
	html_end(h);
}

static void order_deeds(html *h, const repair *r, const fl_json *order)
{
	if (!r->deciding)
		return;
	plain_steps(h, r, order);
	if (has_step(order, "SCHEDULE"))
		schedule(h, r, order);
	if (!fl_str_eq(json_text(order, "state"), FL_STR("CANCELLED")))
		bill_form(h, r, order);
	if (has_step(order, "CANCEL"))
		cancel(h, r, order);
}

static void one_order(html *h, const repair *r, const fl_json *order)
{
	fl_str vendor = json_text(order, "vendor.name"), instructions = json_text(order, "instructions");

	EL(h, "li");
	EL(h, "p", { "class", FL_STR("repair-head") });
	TEXT_EL(h, "strong", vendor.ptr ? vendor : FL_STR("Own workshop"));
	html_text(h, FL_STR(" "));
	TEXT_EL(h, "span", WORDS_TEXT(order_states, json_text(order, "state")), { "class", FL_STR("tag") });
	html_end(h);
	order_facts(h, r, order);
	if (instructions.len)
		TEXT_EL(h, "p", instructions, { "class", FL_STR("repair-note") });
	tasks(h, r, order);
	if (json_count(json_at(order, "invoices")) > 0) {
		EL(h, "ul", { "class", FL_STR("bills") }, { "aria-label", FL_STR("Bills") });
		for (const fl_json *b = json_first(json_at(order, "invoices")); b; b = b->next)
			bill(h, r, order, b);
		html_end(h);
	}
	order_deeds(h, r, order);
	html_end(h);
}

/* ---- a new one ---- */

static void who_option(html *h, const repair *r, fl_str label, fl_str value)
{
	TEXT_EL(h, "option", label, { "value", value }, { "selected", HTML_IF(fl_str_eq(value, repair_typed(r, FL_STR("order"), "who"))) });
}

/* The accepted estimate comes first: its workshop, total and lines make the order. An address that is no vendor of the registry
 * gets no orders. */
static void who(html *h, const repair *r)
{
	EL(h, "label");
	html_text(h, FL_STR("Who repairs it"));
	EL(h, "select", { "name", FL_STR("who") });
	for (const fl_json *e = json_first(json_at(r->report, "estimates")); e; e = e->next)
		if (fl_str_eq(json_text(e, "state"), FL_STR("ACCEPTED")))
			who_option(h, r, fl_str_fmt(r->mem, json_at(e, "vendor") ? "%" FL_FMT ", as estimated" : "Own workshop, as %" FL_FMT " estimated",
				FL_ARG(json_text(e, "vendorName"))),
				fl_str_fmt(r->mem, "e:%" FL_FMT, FL_ARG(json_text(e, "id"))));
	who_option(h, r, FL_STR("Own workshop"), FL_STR("own"));
	for (const fl_json *v = json_first(r->vendors); v; v = v->next)
		who_option(h, r, json_text(v, "name"), fl_str_fmt(r->mem, "v:%" FL_FMT, FL_ARG(json_text(v, "id"))));
	html_end(h);
	html_end(h);
}

static void area(html *h, const repair *r, const char *name, const char *label, const char *max)
{
	EL(h, "label");
	html_text(h, fl_str_z(label));
	TEXT_EL(h, "textarea", repair_typed(r, FL_STR("order"), name), { "name", fl_str_z(name) }, { "rows", FL_STR("2") },
		{ "maxlength", fl_str_z(max) });
	html_end(h);
}

static void order_form(html *h, const repair *r)
{
	fl_str place = FL_STR("order"), status = json_text(r->report, "status");

	if (!r->deciding || !(fl_str_eq(status, FL_STR("APPROVED")) || fl_str_eq(status, FL_STR("IN_REPAIR")) || repair_failed_at(r, place)))
		return;
	fold_begin(h, r, place, "Make a work order");
	repair_form_begin(h, r, place, "ask");
	repair_hidden(h, "reportId", json_text(r->report, "id"));
	who(h, r);
	repair_input(h, r, place, "plannedStart", "Begins on, if known", "date", "10");
	area(h, r, "instructions", "What the workshop should know", "5000");
	area(h, r, "tasks", "Tasks, one a line (none: the lines of the estimate)", "8000");
	EL(h, "div", { "class", FL_STR("buttons") });
	repair_button(h, "order", "Make work order", true);
	html_end(h);
	html_end(h);
	html_end(h);
}

/* What it did cost beside what was approved. */
static void costs(html *h, const repair *r)
{
	fl_str approved = mark_money(r->mem, r->report, "approvedAmount", true), actual = mark_money(r->mem, r->report, "actualCost", true);

	if (!approved.ptr && !actual.ptr)
		return;
	EL(h, "dl", { "class", FL_STR("facts") });
	repair_fact(h, "Approved amount", approved.ptr ? approved : FL_STR("–"));
	repair_fact(h, "Actual cost", actual.ptr ? actual : FL_STR("not known yet"));
	html_end(h);
}

void repair_orders(html *h, const repair *r)
{
	const fl_json *list = json_at(r->report, "workOrders");

	EL(h, "section", { "class", FL_STR("block") });
	TEXT_EL(h, "h3", FL_STR("Work orders"));
	costs(h, r);
	if (json_count(list) == 0)
		TEXT_EL(h, "p", FL_STR("No repair was ordered yet."), { "class", FL_STR("faint") });
	EL(h, "ul", { "class", FL_STR("repair-list") });
	for (const fl_json *o = json_first(list); o; o = o->next)
		one_order(h, r, o);
	html_end(h);
	order_form(h, r);
	html_end(h);
}
