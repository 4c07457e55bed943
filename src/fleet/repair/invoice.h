/* What repairs cost. Bills are recorded on work orders; the sum of those that count is the report's actual cost, and while there
 * are any nothing else sets it.
 *
 * Above what was approved, by more than the company's tolerance, a bill needs what APPROVE needs for that sum: the limit of who
 * records it, or a second person. Such a bill waits (FL_INVOICE_HELD) and counts for nothing until fl_invoice_approve. */
#ifndef FL_FLEET_INVOICE_H
#define FL_FLEET_INVOICE_H

#include "fleet/report/change.h"

typedef enum fl_invoice_state { FL_INVOICE_COUNTS = 1, FL_INVOICE_HELD, FL_INVOICE_VOID } fl_invoice_state;
#define FL_COST_KINDS(X) X(LABOUR, 1) X(PARTS, 2) X(PAINT, 3) X(TAX, 4) X(OTHER, 5)

enum { FL_INVOICE_LINES_MAX = 100, FL_INVOICE_NUMBER_MAX = 60, FL_INVOICES_MAX = 100 /* of an order */ };

typedef struct fl_invoice_line {
	int32_t invoice_id;
	int16_t kind; /* FL_COST_KINDS */
	fl_str title;
	int64_t cents;
} fl_invoice_line;

typedef struct fl_invoice {
	int32_t id; /* first: fl_api_refer reads it */
	int32_t order_id, vendor_id, recorded_by;
	fl_uuid report_id;
	fl_str number, void_reason; /* ptr NULL: none */
	int16_t state;
	int64_t total_cents, recorded_at, dated; /* dated: midnight UTC; 0: not said */
} fl_invoice;

typedef struct fl_invoice_draft {
	int32_t order_id;
	fl_str number; /* a vendor's bill has one; ptr NULL: none */
	int64_t dated; /* 0: not said */
	const fl_invoice_line *lines;
	size_t line_count;
} fl_invoice_draft;

/* Errors: FL_FORBIDDEN, FL_NOT_FOUND (order), FL_DUPLICATE (the vendor's number), FL_BAD_INPUT (a cancelled order, a closed
 * report, no lines, a sum that the caller's role may not approve). */
FL_MUST fl_err fl_invoice_record(fl_ctx *ctx, const fl_invoice_draft *draft, int32_t *id);
/* By a second person: somebody else than who recorded it. */
FL_MUST fl_err fl_invoice_approve(fl_ctx *ctx, int32_t id);
FL_MUST fl_err fl_invoice_void(fl_ctx *ctx, int32_t id, fl_str reason);

FL_MUST fl_err fl_invoices_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_invoice **out, size_t *count);
/* By order and id; lines by invoice and number. Ask for orders that the caller may read. */
FL_MUST fl_err fl_invoices_of_orders(fl_ctx *ctx, const int32_t *orders, size_t order_count, fl_invoice **out, size_t *count);
FL_MUST fl_err fl_lines_of_invoices(
	fl_ctx *ctx, const int32_t *invoices, size_t invoice_count, fl_invoice_line **out, size_t *count);

/* ---- What a report costs, in one row ---- */

typedef struct fl_report_cost {
	fl_uuid report_id;
	bool has_approved, has_invoices;
	int64_t approved_cents, invoiced_cents, held_cents;
} fl_report_cost;
FL_MUST fl_err fl_costs_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_report_cost **out, size_t *count);

/* ---- The guard of every way by which the actual cost changes ---- */

/* change->after.actual_cents is what it shall be. GOES as long as nothing was approved yet (APPROVE asks then), when it is no more than
 * before, or within the tolerance. endorsed_by: who was the first of two persons; 0: nobody. */
fl_verdict fl_cost_judge(
	const fl_caller *caller, const fl_change_of *change, const fl_policy *policy, int32_t endorsed_by, fl_diag *why);
/* The same for a figure set by hand, which no second person can approve: FL_BAD_INPUT unless it goes. */
FL_MUST fl_err fl_cost_check(const fl_caller *caller, const fl_change_of *change, const fl_policy *policy, fl_diag *why);
/* Refuses a figure by hand where bills say it. FL_BAD_INPUT. One statement for all of the changes. */
typedef struct fl_invoiced {
	fl_uuid report_id;
	int64_t cents;
} fl_invoiced;
FL_MUST fl_err fl_invoiced_of(fl_ctx *ctx, fl_tx *tx, const fl_uuid *reports, size_t count, fl_invoiced **out, size_t *out_count);
FL_MUST fl_err fl_cost_by_hand(const fl_change_of *change, const fl_invoiced *invoiced, size_t count, fl_diag *why);

#endif
