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

static const word defect_states[] = {
	WORD("OPEN", "not certified yet"),
	WORD("REPAIRED", "certified as repaired"),
	WORD("REPAIR_UNNECESSARY", "certified: repair unnecessary"),
};

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
