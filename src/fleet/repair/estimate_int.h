/* What the files about estimates share: reading and writing inside transactions.
 *
 * The data of their events: {"estimate": 2, "vendor": "Garage Maas", "state": ["SUBMITTED", "ACCEPTED"], "revision": 3,
 * "total": ["1200.00", "1150.00"], "reason": "...", "byVendor": true}; total where one was sent in. */
#ifndef FL_FLEET_ESTIMATE_INT_H
#define FL_FLEET_ESTIMATE_INT_H

#include "fleet/report/change.h"
#include "fleet/repair/estimate.h"

FL_MUST fl_err fl_estimate_lines_json(fl_ctx *ctx, const fl_estimate_line *lines, size_t count, fl_str *out);

/* For who needs no permission: the bearer of a link. */
FL_MUST fl_err fl_estimate_one(fl_ctx *ctx, fl_uuid report, int16_t id, const fl_estimate **out);
/* All of a report, locked in the order of their numbers, then read. */
FL_MUST fl_err fl_estimates_lock(fl_ctx *ctx, fl_tx *tx, fl_uuid report, fl_estimate **out, size_t *count);
/* The draft of that number; empty when there is none. tx may be NULL. */
FL_MUST fl_err fl_estimate_draft_read(
	fl_ctx *ctx, fl_tx *tx, fl_uuid report, int16_t id, int16_t number, fl_estimate_revision *out);

/* The one of that number and version: FL_NOT_FOUND, FL_CONFLICT. */
FL_MUST fl_err fl_estimate_pick_of(
	fl_ctx *ctx, fl_estimate *estimates, size_t count, const fl_estimate_pick *pick, fl_estimate **out);

/* The report whose estimates change. */
typedef struct fl_estimate_report {
	fl_uuid id;
	int32_t vehicle_id, version;
} fl_estimate_report;

/* What became of an estimate, for its row and its event. */
typedef struct fl_estimate_change {
	fl_estimate *before; /* its row as it was; NULL: a new one */
	fl_estimate after;
	const char *event; /* FL_EVENT_ESTIMATE_... */
	bool by_vendor, has_total;
	int64_t total; /* of what was sent in now */
} fl_estimate_change;

enum { FL_ESTIMATE_STMTS = 2 };
/* The statements that write the row (inserting one that is new) and the event. */
FL_MUST fl_err fl_estimate_stmts(
	fl_ctx *ctx, const fl_estimate_report *report, const fl_estimate_change *change, fl_stmt out[FL_ESTIMATE_STMTS]);
/* The statement that writes a revision; sent: for good, else as a draft. */
FL_MUST fl_err fl_estimate_revision_stmt(fl_ctx *ctx, fl_uuid report, int16_t id, int16_t number, const fl_estimate_draft *draft,
	const fl_estimate_totals *totals, bool sent, fl_stmt *out);
/* What sending in makes of the estimate, or why it cannot be. FL_BAD_INPUT, FL_LIMIT. */
FL_MUST fl_err fl_estimate_next(fl_ctx *ctx, const fl_estimate *before, fl_estimate *after);

/* Locks the report as who decides about reports. FL_NOT_FOUND. */
FL_MUST fl_err fl_estimate_begin(fl_ctx *ctx, fl_tx *tx, fl_uuid report, fl_change_of **change, fl_policy *policy);
static inline fl_estimate_report fl_estimate_report_of(const fl_change_of *change)
{
	return (fl_estimate_report) { change->id, change->vehicle_id, change->version };
}
/* Is there anything to repair, as far as the report goes? FL_BAD_INPUT. */
FL_MUST fl_err fl_estimate_wanted(fl_ctx *ctx, const fl_change_of *change);

#endif
