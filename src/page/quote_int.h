/* The vendor's page: what its form holds, as text, and the two ways between that and an estimate. */
#ifndef FL_PAGE_QUOTE_INT_H
#define FL_PAGE_QUOTE_INT_H

#include "page/page_int.h"

#include "fleet/repair/quote.h"

enum { QUOTE_ROWS_FIRST = 6, QUOTE_ROWS_MORE = 10, QUOTE_FORM_MAX = 1 << 19 };

/* One line, as it was typed. */
typedef struct quote_row {
	fl_str kind, text, number, source, zone, quantity, price, discount, tax; /* empty: nothing was typed */
} quote_row;

typedef struct quote_form {
	fl_str action, revision; /* the button; on which revision the form was written */
	fl_str reference, note, valid, days, tax, reason;
	quote_row rows[FL_ESTIMATE_LINES_MAX];
	size_t count; /* rows that are shown */
} quote_form;

/* What was posted. Rows beyond the limit are dropped. */
void quote_form_read(fl_ctx *ctx, fl_str body, quote_form *out);
/* What the bearer wrote last, or an empty form. */
void quote_form_fill(fl_ctx *ctx, const fl_quote *quote, quote_form *out);
/* FL_BAD_INPUT with a sentence that names the line. Rows with nothing in them are left out. */
FL_MUST fl_err quote_form_draft(fl_ctx *ctx, const quote_form *form, fl_estimate_draft *out);
/* The same from a program: {"reference", "note", "validUntil", "repairDays", "taxRate", "lines": [{"kind", "text", ...}]}. */
FL_MUST fl_err quote_json_draft(fl_ctx *ctx, fl_str body, fl_estimate_draft *out, bool *send);

/* problem, notice: ptr NULL when there is none. */
void view_quote(html *h, fl_ctx *ctx, const fl_quote *quote, const quote_form *form, fl_str token, fl_str problem, fl_str notice);
/* The headline and the sentence of a quote that cannot be written any more. */
void quote_over(fl_ctx *ctx, const fl_quote *quote, fl_str *headline, fl_str *sentence);
void quote_json(fl_ctx *ctx, const fl_quote *quote, fl_str token, fl_buf *out);

#endif
