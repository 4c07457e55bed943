/* How reports change: lock them, read what they are, decide in C, write what they become and the events that say so. Every
 * change of a report goes through here, one report or a hundred, so that state and events cannot part.
 *
 *	FL_TRY(await_begin(ctx, db, &tx));
 *	FL_TRY(fl_changes_begin(ctx, &tx, ids, count, &changes, &found, &policy));   // locked, before == after
 *	changes[0].after.severity = FL_SEV_MAJOR;
 *	FL_TRY(fl_changes_stmts(ctx, FL_EVENT_REPORT_UPDATED, changes, found, &policy, stmts));
 *	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_CHANGES_STMTS));               // two statements, however many reports
 *
 * An event's data holds "field": [before, after] for each field that differs: `fleet rebuild` makes reports from that. */
#ifndef FL_FLEET_CHANGE_H
#define FL_FLEET_CHANGE_H

#include "fleet/event.h"
#include "fleet/report/lifecycle.h"
#include "fleet/report/policy.h"

enum { FL_CHANGES_MAX = 100, FL_CHANGES_STMTS = 2 };

typedef struct fl_report_state {
	int16_t severity, damage_type, priority; /* 0: none */
	fl_stage stage;
	bool has_estimated, has_actual, has_duplicate_of, overdue_told;
	int64_t estimated_cents, actual_cents;
	fl_str description;
	int64_t assessed_at, completed_at, phase_since, due_at; /* 0: none */
	int32_t endorsed_by;
	fl_uuid duplicate_of;
} fl_report_state;

typedef struct fl_change_of {
	fl_uuid id;
	int32_t vehicle_id, reported_by, version; /* version: before */
	int64_t reported_at, number;
	fl_report_state before, after;
	fl_verb verb;        /* FL_VERB_NONE: no way was gone */
	bool undo, endorses; /* verb was taken back; verb counts as the first of two persons */
	fl_str reason;       /* ptr NULL: none was given */
	fl_str extra;        /* members of an event's data besides, as in "zone":3,"after":{}; ptr NULL: none */
	bool skip;           /* is not written */
} fl_change_of;

/* Locks the reports among ids that the caller may see, in the order of their ids; *count of them, with after == before. */
FL_MUST fl_err fl_changes_begin(
	fl_ctx *ctx, fl_tx *tx, const fl_uuid *ids, size_t id_count, fl_change_of **out, size_t *count, fl_policy *policy);

/* Goes the way: sets the stage and what follows from it. */
void fl_change_step(fl_change_of *change, const fl_step *step);
fl_step_facts fl_change_facts(const fl_change_of *change);

/* Approved reports: may the caller make the approved amount what after says? Raising it is judged as an approval of the new
 * amount would be, but nobody can be the first of two persons for it. FL_BAD_INPUT with the reason. */
FL_MUST fl_err fl_change_may_cost(const fl_change_of *change, const fl_caller *caller, const fl_policy *policy, fl_diag *diag);

/* Settles deadlines and completion, then makes the statements that write state and events. */
FL_MUST fl_err fl_changes_stmts(fl_ctx *ctx, const char *event_type, fl_change_of *changes, size_t count, const fl_policy *policy,
	fl_stmt out[FL_CHANGES_STMTS]);

/* The data of an event that tells of a new report's first state. */
FL_MUST fl_err fl_change_data(fl_ctx *ctx, const fl_change_of *change, bool is_new, fl_str *out);

#endif
