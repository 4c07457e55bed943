/* The life of a damage report: one table of stages, one table of ways between them, and who may go which way.
 *
 *	fl_step_list list = fl_steps_from(report.stage);
 *	fl_verdict verdict = fl_step_judge(&list.steps[0], &ctx->caller, &facts, &limit, &why);
 *
 * Everything that moves a report asks this page: the API, the page's buttons, the worker's assessment, undo. docs/lifecycle.md
 * is drawn from the same tables. A stage is finer than the status that lists, totals and older clients know; each stage has
 * exactly one status. Pure: no database, no clock. */
#ifndef FL_FLEET_LIFECYCLE_H
#define FL_FLEET_LIFECYCLE_H

#include "fleet/fleet.h"

/* ---- Stages: X(NAME, code, status, phase whose deadline runs, what it means) ---- */

#define FL_STAGES(X)                                                                                                   \
	X(DRAFT, 1, REPORTED, NONE, "being written; nobody is asked to act")                                           \
	X(REPORTED, 2, REPORTED, TRIAGE, "filed; nobody has looked at it")                                             \
	X(TRIAGED, 3, ASSESSED, DECIDE, "somebody looked; a decision is due")                                          \
	X(ASSESSED, 4, ASSESSED, TRIAGE, "the assessment is there; somebody has to look")                              \
	X(APPROVED, 5, APPROVED, REPAIR, "the repair is approved")                                                     \
	X(IN_REPAIR, 6, IN_REPAIR, REPAIR, "a workshop is at work")                                                    \
	X(COMPLETED, 7, COMPLETED, NONE, "repaired")                                                                   \
	X(CLOSED, 8, COMPLETED, NONE, "repaired, paid for, done with")                                                 \
	X(REJECTED, 9, REJECTED, NONE, "refused, with a reason")                                                       \
	X(DUPLICATE, 10, REJECTED, NONE, "the same damage as another report")                                          \
	X(DISPUTED, 11, ASSESSED, DECIDE, "somebody contests the outcome; a decision is due")                          \
	X(REOPENED, 12, ASSESSED, DECIDE, "taken up again; a decision is due")

typedef enum fl_stage {
	FL_STAGE_NONE,
#define FL_STAGE_ENUM(name, code, status, phase, meaning) FL_STAGE_##name = code,
	FL_STAGES(FL_STAGE_ENUM)
#undef FL_STAGE_ENUM
	FL_STAGE_COUNT
} fl_stage;

/* What a deadline is for. */
typedef enum fl_phase { FL_PHASE_NONE, FL_PHASE_TRIAGE, FL_PHASE_DECIDE, FL_PHASE_REPAIR } fl_phase;

fl_str fl_stage_name(fl_stage stage);        /* "IN_REPAIR"; empty for none */
const char *fl_stage_meaning(fl_stage stage);
fl_status fl_stage_status(fl_stage stage);
fl_phase fl_stage_phase(fl_stage stage);
fl_stage fl_status_stage(fl_status status);  /* the stage that a status has by itself */

/* ---- Ways: X(from, verb, to, permission, guard, why must be said, may be undone) ---- */

#define FL_STEPS(X)                                                                                                    \
	X(DRAFT, SUBMIT, REPORTED, REPORT_CREATE, AUTHOR, 0, 0)                                                        \
	X(REPORTED, ASSESS, ASSESSED, REPORT_DECIDE, FINDING, 0, 0)                                                    \
	X(REPORTED, TRIAGE, TRIAGED, REPORT_DECIDE, NONE, 0, 1)                                                        \
	X(REPORTED, APPROVE, APPROVED, REPORT_DECIDE, LIMIT, 0, 1)                                                     \
	X(REPORTED, REJECT, REJECTED, REPORT_DECIDE, NONE, 1, 1)                                                       \
	X(REPORTED, MARK_DUPLICATE, DUPLICATE, REPORT_DECIDE, OTHER, 0, 1)                                             \
	X(ASSESSED, TRIAGE, TRIAGED, REPORT_DECIDE, NONE, 0, 1)                                                        \
	X(ASSESSED, APPROVE, APPROVED, REPORT_DECIDE, LIMIT, 0, 1)                                                     \
	X(ASSESSED, REJECT, REJECTED, REPORT_DECIDE, NONE, 1, 1)                                                       \
	X(ASSESSED, MARK_DUPLICATE, DUPLICATE, REPORT_DECIDE, OTHER, 0, 1)                                             \
	X(TRIAGED, APPROVE, APPROVED, REPORT_DECIDE, LIMIT, 0, 1)                                                      \
	X(TRIAGED, REJECT, REJECTED, REPORT_DECIDE, NONE, 1, 1)                                                        \
	X(TRIAGED, MARK_DUPLICATE, DUPLICATE, REPORT_DECIDE, OTHER, 0, 1)                                              \
	X(APPROVED, START_REPAIR, IN_REPAIR, REPORT_DECIDE, NONE, 0, 1)                                                \
	X(APPROVED, WITHDRAW_APPROVAL, ASSESSED, REPORT_DECIDE, NONE, 0, 1)                                            \
	X(APPROVED, REJECT, REJECTED, REPORT_DECIDE, NONE, 1, 1)                                                       \
	X(APPROVED, DISPUTE, DISPUTED, REPORT_DISPUTE, NONE, 1, 0)                                                     \
	X(IN_REPAIR, COMPLETE, COMPLETED, REPORT_DECIDE, NONE, 0, 1)                                                   \
	X(IN_REPAIR, HALT_REPAIR, APPROVED, REPORT_DECIDE, NONE, 0, 1)                                                 \
	X(COMPLETED, CLOSE, CLOSED, REPORT_DECIDE, COST, 0, 1)                                                         \
	X(COMPLETED, RESUME_REPAIR, IN_REPAIR, REPORT_DECIDE, NONE, 0, 1)                                              \
	X(COMPLETED, REOPEN, REOPENED, REPORT_DECIDE, NONE, 1, 1)                                                      \
	X(COMPLETED, DISPUTE, DISPUTED, REPORT_DISPUTE, NONE, 1, 0)                                                    \
	X(CLOSED, REOPEN, REOPENED, REPORT_DECIDE, NONE, 1, 1)                                                         \
	X(CLOSED, DISPUTE, DISPUTED, REPORT_DISPUTE, NONE, 1, 0)                                                       \
	X(REJECTED, RESTORE, REPORTED, REPORT_DECIDE, UNASSESSED, 0, 1)                                                \
	X(REJECTED, RESTORE, ASSESSED, REPORT_DECIDE, ASSESSED, 0, 1)                                                  \
	X(REJECTED, REOPEN, REOPENED, REPORT_DECIDE, NONE, 1, 1)                                                       \
	X(REJECTED, DISPUTE, DISPUTED, REPORT_DISPUTE, NONE, 1, 0)                                                     \
	X(DUPLICATE, REOPEN, REOPENED, REPORT_DECIDE, NONE, 1, 1)                                                      \
	X(DUPLICATE, DISPUTE, DISPUTED, REPORT_DISPUTE, NONE, 1, 0)                                                    \
	X(DISPUTED, APPROVE, APPROVED, REPORT_DECIDE, LIMIT, 0, 1)                                                     \
	X(DISPUTED, REJECT, REJECTED, REPORT_DECIDE, NONE, 1, 1)                                                       \
	X(DISPUTED, SETTLE, CLOSED, REPORT_DECIDE, NONE, 1, 1)                                                         \
	X(REOPENED, TRIAGE, TRIAGED, REPORT_DECIDE, NONE, 0, 1)                                                        \
	X(REOPENED, APPROVE, APPROVED, REPORT_DECIDE, LIMIT, 0, 1)                                                     \
	X(REOPENED, REJECT, REJECTED, REPORT_DECIDE, NONE, 1, 1)                                                       \
	X(REOPENED, MARK_DUPLICATE, DUPLICATE, REPORT_DECIDE, OTHER, 0, 1)

/* X(NAME, code, what a button says, what the history says) */
#define FL_VERBS(X)                                                                                                    \
	X(SUBMIT, 1, "Send report", "sent the report")                                                                 \
	X(ASSESS, 2, "Mark as assessed", "assessed the report")                                                        \
	X(TRIAGE, 3, "Triage", "triaged the report")                                                                   \
	X(APPROVE, 4, "Approve repair", "approved the repair")                                                         \
	X(REJECT, 5, "Reject", "rejected the report")                                                                  \
	X(MARK_DUPLICATE, 6, "Mark as duplicate", "marked the report as a duplicate")                                  \
	X(START_REPAIR, 7, "Start repair", "started the repair")                                                       \
	X(WITHDRAW_APPROVAL, 8, "Withdraw approval", "withdrew the approval")                                          \
	X(COMPLETE, 9, "Complete", "completed the repair")                                                             \
	X(HALT_REPAIR, 10, "Halt repair", "halted the repair")                                                         \
	X(CLOSE, 11, "Close", "closed the report")                                                                     \
	X(RESUME_REPAIR, 12, "Resume repair", "resumed the repair")                                                    \
	X(REOPEN, 13, "Reopen", "reopened the report")                                                                 \
	X(RESTORE, 14, "Take back rejection", "took the rejection back")                                               \
	X(DISPUTE, 15, "Contest", "contested the outcome")                                                             \
	X(SETTLE, 16, "Settle", "settled the dispute")

typedef enum fl_verb {
	FL_VERB_NONE,
#define FL_VERB_ENUM(name, code, button, past) FL_VERB_##name = code,
	FL_VERBS(FL_VERB_ENUM)
#undef FL_VERB_ENUM
	FL_VERB_COUNT
} fl_verb;

fl_str fl_verb_name(fl_verb verb);       /* "START_REPAIR"; empty for none */
const char *fl_verb_button(fl_verb verb);
const char *fl_verb_past(fl_verb verb);
fl_verb fl_verb_find(fl_str name);

/* What must hold besides the permission: X(NAME, what the diagram says) */
#define FL_GUARDS(X)                                                                                                   \
	X(NONE, "")                                                                                                    \
	X(AUTHOR, "by who wrote it, or who decides")                                                                   \
	X(FINDING, "with an assessment or a severity")                                                                 \
	X(ASSESSED, "with an assessment")                                                                              \
	X(UNASSESSED, "without an assessment")                                                                         \
	X(LIMIT, "up to the approval limit, or with a second person")                                                  \
	X(OTHER, "names the other report")                                                                             \
	X(COST, "with the actual cost")

typedef enum fl_guard {
#define FL_GUARD_ENUM(name, text) FL_GUARD_##name,
	FL_GUARDS(FL_GUARD_ENUM)
#undef FL_GUARD_ENUM
} fl_guard;

const char *fl_guard_text(fl_guard guard);

typedef struct fl_step {
	fl_stage from;
	fl_verb verb;
	fl_stage to;
	fl_permission permission;
	fl_guard guard;
	bool reason, undo;
} fl_step;

typedef struct fl_step_list {
	const fl_step *steps;
	size_t count;
} fl_step_list;

fl_step_list fl_steps_all(void);
fl_step_list fl_steps_from(fl_stage stage);

/* ---- Judging ---- */

/* What the guards look at. */
typedef struct fl_step_facts {
	bool assessed, has_severity;
	bool has_cost, has_actual;
	int64_t cost_cents;                /* the higher of estimate and actual cost */
	int32_t reported_by, endorsed_by;  /* users; 0: a program, nobody */
} fl_step_facts;

/* What a role may approve. */
typedef struct fl_limit {
	bool has_alone, has_together;
	int64_t alone_cents, together_cents;
} fl_limit;

typedef enum fl_verdict {
	FL_VERDICT_REFUSED,  /* diag says why */
	FL_VERDICT_ENDORSES, /* counts as the first of two persons: the report stays where it is */
	FL_VERDICT_GOES,
} fl_verdict;

/* May the caller go this way now? Whether a reason or another report was named is not asked here. */
fl_verdict fl_step_judge(const fl_step *step, const fl_caller *caller, const fl_step_facts *facts, const fl_limit *limit, fl_diag *why);

/* The part of it that is about money: may the caller approve this cost? */
fl_verdict fl_amount_judge(const fl_caller *caller, const fl_step_facts *facts, const fl_limit *limit, fl_diag *why);

/* The way that a verb means from a stage; of several the first whose guard holds. NULL: there is none. */
const fl_step *fl_step_by_verb(fl_stage from, fl_verb verb, const fl_step_facts *facts);
/* To the stage that the status has by itself, for clients that know statuses only. */
const fl_step *fl_step_by_status(fl_stage from, fl_status to);

#endif
