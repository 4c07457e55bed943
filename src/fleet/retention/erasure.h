/* Erasing what is known of a person, and legal holds, which forbid it. docs/retention.md tells the whole; which columns hold what is
 * the catalogue platform.personal (0040), and the database does it in one transaction.
 *
 *	fl_erasure_order order = { .driver_id = 12, .reason = FL_STR("asked by letter"), .reference = FL_STR("GDPR-2026-17") };
 *	FL_TRY(fl_person_erase(ctx, &order, &erasure));       // FL_CONFLICT: a duty forbids it, the sentence says which and until when
 *
 * Everything here is for administrators (FL_FORBIDDEN). The erasure is the certificate: numbers and counts, no words of the person.
 * Where words of others may name the person is listed as findings; nothing of others is changed before somebody decides. */
#ifndef FL_FLEET_ERASURE_H
#define FL_FLEET_ERASURE_H

#include "fleet/report/report.h"

enum { FL_ERASURE_REASON_MAX = 500, FL_ERASURE_REFERENCE_MAX = 100, FL_DUTIES_MAX = 40, FL_REDACTION_MAX = 5000 };

typedef enum fl_erasure_state { FL_ERASURE_WAITING = 1, FL_ERASURE_DONE } fl_erasure_state;

/* A driver with the log-ins that are theirs, or a log-in with its driver: one person. */
typedef struct fl_erasure_order {
	int32_t driver_id, user_id; /* exactly one is set */
	fl_str reason, reference;   /* why; and whatever the company files it under, which may be empty */
	bool wait;                  /* where duties forbid it: restrict the use now, erase when they have ended */
	bool dry_run;               /* only say what would go and what forbids it */
} fl_erasure_order;

typedef struct fl_erased_count {
	fl_str what; /* the table */
	int64_t rows;
} fl_erased_count;

typedef struct fl_erasure {
	fl_uuid id;
	int32_t driver_id, requested_by; /* 0: none */
	fl_erasure_state state;
	fl_str reason, reference;
	int64_t requested_at, done_at, until; /* 0: none; until: the last duty that has a date */
	fl_erased_count *counts;
	size_t count_count;
	int32_t findings, findings_open;
	fl_str *duties; /* what forbids it: sentences */
	size_t duty_count;
} fl_erasure;

/* Errors: FL_NOT_FOUND, FL_BAD_INPUT, FL_CONFLICT (duties). Asked again, it answers with the erasure that there is. */
FL_MUST fl_err fl_person_erase(fl_ctx *ctx, const fl_erasure_order *order, fl_erasure *out);
/* Newest first, those before after when it is not NULL. */
FL_MUST fl_err fl_erasures_list(fl_ctx *ctx, const fl_uuid *after, uint32_t limit, fl_erasure **out, size_t *count);
FL_MUST fl_err fl_erasure_get(fl_ctx *ctx, fl_uuid id, fl_erasure *out); /* FL_NOT_FOUND */

typedef enum fl_finding_state { FL_FINDING_OPEN = 1, FL_FINDING_KEPT, FL_FINDING_REDACTED } fl_finding_state;

typedef struct fl_finding {
	fl_uuid erasure_id;
	int32_t id;
	fl_str place; /* "damage_reports.description" */
	bool has_report;
	fl_uuid report_id;
	int32_t photo; /* of the report, when it is a photo; 0: none */
	fl_finding_state state;
	fl_str text;   /* what stands there now; ptr NULL: a photo, or gone */
} fl_finding;

/* In the order of their ids, those after `after`. */
FL_MUST fl_err fl_findings_of(fl_ctx *ctx, fl_uuid erasure, int32_t after, uint32_t limit, fl_finding **out, size_t *count);
/* words ptr NULL: it stays. Else they take its place. FL_NOT_FOUND, FL_CONFLICT (decided already), FL_BAD_INPUT. */
FL_MUST fl_err fl_finding_decide(fl_ctx *ctx, fl_uuid erasure, int32_t finding, fl_str words, fl_finding *out);

typedef struct fl_hold {
	fl_uuid report_id;
	fl_str reason;
	int32_t set_by; /* 0: a program */
	int64_t set_at;
} fl_hold;

/* A held report is neither archived nor dropped, and its people are not erased. Holding again changes the reason. */
FL_MUST fl_err fl_report_hold(fl_ctx *ctx, fl_uuid report, fl_str reason);
FL_MUST fl_err fl_report_release(fl_ctx *ctx, fl_uuid report); /* FL_CONFLICT: it is not held */
/* At most one a report. Needs no permission beyond reading the report. */
FL_MUST fl_err fl_holds_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_hold **out, size_t *count);

#endif
