/* Moving a report along its life: which ways are open to the caller, going one, taking the last one back. */
#ifndef FL_FLEET_TRANSITION_H
#define FL_FLEET_TRANSITION_H

#include "fleet/report/change.h"
#include "fleet/report/report.h"

/* How long a step can be taken back, as long as nothing else has happened to the report. */
#define FL_UNDO_WINDOW_US (10 * FL_MINUTE_US)

typedef struct fl_way {
	const fl_step *step;
	fl_verdict verdict;
	fl_str why_not; /* ptr NULL unless refused */
} fl_way;

/* The ways that lead on from each report for the caller; those that their role never may go are left out.
 * ways[i] and counts[i] belong to reports[i]. */
FL_MUST fl_err fl_ways_of_reports(fl_ctx *ctx, const fl_report *const *reports, size_t count, fl_way **ways, size_t *counts);

typedef struct fl_move {
	fl_uuid id;
	int32_t version; /* 0: whatever it is */
	fl_verb verb;
	fl_str reason; /* ptr NULL: none */
	bool has_duplicate_of, has_actual;
	fl_uuid duplicate_of; /* for MARK_DUPLICATE: the report that stays */
	int64_t actual_cents; /* sets the actual cost on the way */
} fl_move;

typedef struct fl_moved {
	const fl_report *report;
	bool endorsed;      /* the caller counts as the first of two persons; the report stays where it was */
	int64_t undo_until; /* 0: it cannot be taken back */
} fl_moved;

/* Errors: FL_NOT_FOUND, FL_CONFLICT (another version), FL_FORBIDDEN (the role may never), FL_BAD_INPUT (not from here, a guard,
 * no reason, no other report). */
FL_MUST fl_err fl_report_move(fl_ctx *ctx, const fl_move *move, fl_moved *out);

/* The same inside a transaction of the caller's, for a report that fl_changes_begin locked: judges, and makes change->after what
 * the step leads to. What after held before counts in the judgement, as a cost that is set on the way. */
FL_MUST fl_err fl_report_step(fl_ctx *ctx, fl_tx *tx, const fl_move *move, fl_change_of *change, const fl_policy *policy, fl_moved *out);

/* Takes the last step back: by who took it, or an administrator, within FL_UNDO_WINDOW_US, if it was the last change.
 * Errors: as above; FL_CONFLICT also when something has happened since. */
FL_MUST fl_err fl_report_undo(fl_ctx *ctx, fl_uuid id, int32_t version, const fl_report **out);

#endif
