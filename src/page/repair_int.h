/* The repair part of a report's page: estimates, work orders and bills, the claim, the inspection behind it. The server alone
 * writes it; web/src/board/repair.tsx only puts what the server answers in its place.
 *
 *	GET  /reports/:number/repair    with ?part that part alone, else on to the page
 *	POST /reports/:number/repair    one of its forms; with ?part the answer is that part, else the page
 *
 * A form says by `form` where on the page it stands and by `act` what is to be done; the other fields are those of the
 * mutation's input (repair_form.c). */
#ifndef FL_PAGE_REPAIR_INT_H
#define FL_PAGE_REPAIR_INT_H

#include "page/page_int.h"

/* What came of a form. */
struct repair_said {
	fl_str form;    /* its fields, to show them again */
	fl_str place;   /* which form it was */
	fl_str problem; /* a sentence; ptr NULL: it went well */
	fl_str notice;  /* a sentence that must not be missed */
	fl_str link;    /* told this once */
};

struct repair {
	fl_arena *mem;
	fl_str number;         /* of the report */
	const fl_json *report; /* NULL: it could not be asked for */
	const fl_json *vendors;
	const repair_said *said; /* or NULL */
	bool deciding;
	bool *told; /* the problem stands beside its form */
};

/* ---- forms (repair_form.c) ---- */

/* The mutation that a form asks for and its variables. FL_BAD_INPUT with a sentence. */
FL_MUST fl_err repair_form_read(fl_ctx *ctx, const fl_page *page, fl_str form, fl_str *document, fl_str *variables);

/* ---- views ---- */

/* Begins a form at a place and writes what was wrong with it when it was sent last. */
void repair_form_begin(html *h, const repair *r, fl_str place, const char *css_class);
bool repair_failed_at(const repair *r, fl_str place);
/* What was typed into a field of a form that failed; else "". */
fl_str repair_typed(const repair *r, fl_str place, const char *name);
void repair_hidden(html *h, const char *name, fl_str value);
void repair_version(html *h, const repair *r, const fl_json *of);
void repair_button(html *h, const char *act, const char *label, bool main);
/* A labelled input; mode is its inputmode or type "date". */
void repair_input(html *h, const repair *r, fl_str place, const char *name, const char *label, const char *mode, const char *max);
void repair_fact(html *h, const char *label, fl_str text); /* nothing when ptr is NULL */
void repair_orders(html *h, const repair *r);             /* repair_orders.c */
void repair_claim(html *h, const repair *r);              /* repair_claim.c */
void repair_inspections(html *h, const repair *r);        /* repair_claim.c */

#endif
