/* The insurance claim of a report, and the inspections that found the damage. */
#include "page/repair_int.h"
#include "page/words.h"

static const word claim_states[] = {
	WORD("OPEN", "Being written"),
	WORD("SUBMITTED", "With the insurer"),
	WORD("ACCEPTED", "The insurer will pay"),
	WORD("PARTLY_PAID", "Paid in part"),
	WORD("PAID", "Paid"),
	WORD("DENIED", "Refused by the insurer"),
	WORD("CLOSED", "Closed"),
};

static const word pack_states[] = {
	WORD("WAITING", "is being made"),
	WORD("RUNNING", "is being made"),
	WORD("DONE", "is ready for who asked for it"),
	WORD("FAILED", "could not be made"),
};

static const word defect_states[] = {
	WORD("OPEN", "not certified yet"),
	WORD("REPAIRED", "certified as repaired"),
	WORD("REPAIR_UNNECESSARY", "certified: repair unnecessary"),
};

static void pack(html *h, const repair *r, const fl_json *p)
{
	fl_str url = json_text(p, "url"), maker = json_text(p, "madeBy.name"), state = json_text(p, "state");
	bool waits = fl_str_eq(state, FL_STR("WAITING")) || fl_str_eq(state, FL_STR("RUNNING"));

	EL(h, "li", { "data-wait", HTML_IF(waits) }); /* the script looks again */
	if (url.len)
		TEXT_EL(h, "a", fl_str_fmt(r->mem, "Claim pack, %lld files", (long long)json_whole(p, "files")), { "href", html_path(url) });
	else
		html_text(h, fl_str_fmt(r->mem, "A claim pack %" FL_FMT, FL_ARG(WORDS_TEXT(pack_states, state))));
	EL(h, "p", { "class", FL_STR("faint") });
	mark_when(h, r->mem, p, "createdAt", true);
	if (maker.len)
		html_text(h, fl_str_fmt(r->mem, ", %" FL_FMT, FL_ARG(maker)));
	if (json_text(p, "error").len)
		html_text(h, fl_str_fmt(r->mem, ": %" FL_FMT, FL_ARG(json_text(p, "error"))));
	html_end(h);
	html_end(h);
}

/* One file of everything about the report, for the insurer. It appears here when it is ready. */
static void packs(html *h, const repair *r)
{
	const fl_json *list = json_at(r->report, "claimPacks");

	if (json_count(list)) {
		EL(h, "ul", { "class", FL_STR("repair-list") });
		for (const fl_json *p = json_first(list); p; p = p->next)
			pack(h, r, p);
		html_end(h);
	}
	if (!r->deciding)
		return;
	repair_form_begin(h, r, FL_STR("pack"), "repair-form");
	repair_hidden(h, "reportId", json_text(r->report, "id"));
	EL(h, "div", { "class", FL_STR("buttons") });
	repair_button(h, "pack", "Make a claim pack", false);
	html_end(h);
	html_end(h);
}

void repair_claim(html *h, const repair *r)
{
	const fl_json *claim = json_at(r->report, "claim");

	if (!claim)
		return;
	EL(h, "section", { "class", FL_STR("block") });
	TEXT_EL(h, "h3", FL_STR("Insurance claim"));
	EL(h, "dl", { "class", FL_STR("facts") });
	repair_fact(h, "State", WORDS_TEXT(claim_states, json_text(claim, "state")));
	repair_fact(h, "Insurer", json_text(claim, "insurer"));
	repair_fact(h, "Claim number", json_text(claim, "claimNumber"));
	repair_fact(h, "Deductible", mark_money(r->mem, claim, "deductible", true));
	repair_fact(h, "Claimed", mark_money(r->mem, claim, "claimedAmount", true));
	repair_fact(h, "Paid by the insurer", mark_money(r->mem, claim, "paidAmount", true));
	repair_fact(h, "Left to the company", mark_money(r->mem, r->report, "netCost", true));
	html_end(h);
	packs(h, r);
	html_end(h);
}

void repair_inspections(html *h, const repair *r)
{
	const fl_json *defects = json_at(r->report, "inspectionDefects");

	if (json_count(defects) == 0)
		return;
	EL(h, "section", { "class", FL_STR("block") });
	TEXT_EL(h, "h3", FL_STR("Found by an inspection"));
	EL(h, "ul", { "class", FL_STR("repair-list") });
	for (const fl_json *d = json_first(defects); d; d = d->next) {
		EL(h, "li");
		TEXT_EL(h, "strong", json_text(d, "title"));
		html_text(h, FL_STR(" "));
		html_text(h, json_text(d, "note"));
		EL(h, "p", { "class", FL_STR("faint") });
		mark_when(h, r->mem, d, "inspection.inspectedAt", true);
		html_text(h, fl_json_bool(json_at(d, "unsafe"), false) ? FL_STR(", unsafe, ") : FL_STR(", "));
		html_text(h, WORDS_TEXT(defect_states, json_text(d, "state")));
		html_text(h, FL_STR(", "));
		TEXT_EL(h, "a", FL_STR("the inspection as PDF"), { "href", html_path(json_text(d, "inspection.pdfUrl")) });
		html_end(h);
		html_end(h);
	}
	html_end(h);
	html_end(h);
}
