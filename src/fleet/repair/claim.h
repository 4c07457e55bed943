/* Insurance claims: what an insurer was asked to pay of a report, and did. One a report. docs/claims.md tells the whole.
 *
 *	fl_claim_draft draft = { .report_id = id, .insurer = FL_STR("Norddeutsche"), .deductible_cents = 50000, .claimed_cents = 240000 };
 *	FL_TRY(fl_claim_save(ctx, &draft));
 *	FL_TRY(fl_claim_move(ctx, &(fl_claim_step_in) { .report_id = id, .verb = FL_CLAIM_SUBMIT }));
 *
 * The adjuster is a person of the insurer: callers without FL_MAY_PERSON_READ do not get the name, and no event holds it.
 * FL_MAY_CLAIM changes, FL_MAY_REPORT_READ_ALL reads. */
#ifndef FL_FLEET_CLAIM_H
#define FL_FLEET_CLAIM_H

#include "fleet/life.h"
#include "fleet/report/report.h"

/* X(NAME, code, what it means) */
#define FL_CLAIM_STATES(X)                                                                                                       \
	X(OPEN, 1, "being written")                                                                                              \
	X(SUBMITTED, 2, "with the insurer")                                                                                      \
	X(ACCEPTED, 3, "the insurer will pay")                                                                                   \
	X(PARTLY_PAID, 4, "a part was paid")                                                                                     \
	X(PAID, 5, "what was claimed was paid, but for the deductible")                                                          \
	X(DENIED, 6, "the insurer refused, with a reason")                                                                       \
	X(CLOSED, 7, "done with")
typedef enum fl_claim_state {
	FL_CLAIM_NONE,
#define FL_CLAIM_ENUM(name, code, meaning) FL_CLAIM_##name = code,
	FL_CLAIM_STATES(FL_CLAIM_ENUM)
#undef FL_CLAIM_ENUM
} fl_claim_state;

/* X(NAME, code, what the history says) */
#define FL_CLAIM_VERBS(X)                                                                                                        \
	X(SUBMIT, 1, "submitted the claim")                                                                                      \
	X(ACCEPT, 2, "noted that the insurer accepts the claim")                                                                 \
	X(PAY, 3, "recorded a payment of the insurer")                                                                           \
	X(DENY, 4, "noted that the insurer denies the claim")                                                                    \
	X(APPEAL, 5, "contested the denial")                                                                                     \
	X(CLOSE, 6, "closed the claim")                                                                                          \
	X(REOPEN, 7, "took the claim up again")
typedef enum fl_claim_verb {
	FL_CLAIM_NO_VERB,
#define FL_CLAIM_ENUM(name, code, past) FL_CLAIM_DO_##name = code,
	FL_CLAIM_VERBS(FL_CLAIM_ENUM)
#undef FL_CLAIM_ENUM
} fl_claim_verb;

/* What a way asks for: nothing, an amount and a date of notice, a payment, a reason. */
typedef enum fl_claim_need { FL_NEED_NOTHING, FL_NEED_AMOUNT, FL_NEED_PAYMENT, FL_NEED_REASON } fl_claim_need;

/* X(from, verb, to, need). PAY leads to PAID when everything is paid. */
#define FL_CLAIM_STEPS(X)                                                                                                        \
	X(OPEN, SUBMIT, SUBMITTED, AMOUNT)                                                                                       \
	X(OPEN, CLOSE, CLOSED, REASON)                                                                                           \
	X(SUBMITTED, ACCEPT, ACCEPTED, NOTHING)                                                                                  \
	X(SUBMITTED, DENY, DENIED, REASON)                                                                                       \
	X(ACCEPTED, PAY, PARTLY_PAID, PAYMENT)                                                                                   \
	X(ACCEPTED, DENY, DENIED, REASON)                                                                                        \
	X(PARTLY_PAID, PAY, PARTLY_PAID, PAYMENT)                                                                                \
	X(PARTLY_PAID, CLOSE, CLOSED, REASON)                                                                                    \
	X(PAID, CLOSE, CLOSED, NOTHING)                                                                                          \
	X(DENIED, APPEAL, SUBMITTED, REASON)                                                                                     \
	X(DENIED, CLOSE, CLOSED, NOTHING)                                                                                        \
	X(CLOSED, REOPEN, SUBMITTED, REASON)

extern const fl_life fl_claim_life; /* a step's with: fl_claim_need */
/* Where a payment leads that brings the sum to paid: the deductible is the company's own. */
fl_claim_state fl_claim_paid_state(int64_t claimed_cents, int64_t deductible_cents, int64_t paid_cents);

enum { FL_CLAIM_TEXT_MAX = 200, FL_CLAIM_NUMBER_MAX = 100, FL_PAYMENTS_MAX = 50 };

typedef struct fl_claim {
	fl_uuid report_id;
	int16_t state;
	fl_str insurer, policy_no, claim_no;                   /* ptr NULL: not said */
	fl_str adjuster_name, adjuster_email, adjuster_phone;  /* ptr NULL: not said, or not for the caller */
	bool has_claimed;
	int64_t deductible_cents, claimed_cents, paid_cents;
	int64_t noticed_on;                                    /* midnight UTC; 0: not said */
	int32_t version, created_by;
	int64_t created_at;
} fl_claim;

typedef struct fl_payment {
	fl_uuid report_id;
	int16_t id;
	int64_t cents, paid_on, recorded_at;
	fl_str reference; /* ptr NULL: none */
	int32_t recorded_by;
} fl_payment;

/* A new claim, or what becomes different of the one that there is: what is left out (ptr NULL, has_ false, 0) stays; an empty text
 * takes it away. */
typedef struct fl_claim_draft {
	fl_uuid report_id;
	int32_t version; /* 0: whatever it is */
	fl_str insurer, policy_no, claim_no, adjuster_name, adjuster_email, adjuster_phone;
	bool has_deductible, has_claimed;
	int64_t deductible_cents, claimed_cents, noticed_on;
} fl_claim_draft;

/* Errors: FL_FORBIDDEN, FL_NOT_FOUND, FL_CONFLICT (another version), FL_BAD_INPUT (no insurer, a deductible that is not below the
 * amount claimed, an amount below what was paid, a claim that is closed). */
FL_MUST fl_err fl_claim_save(fl_ctx *ctx, const fl_claim_draft *draft);

typedef struct fl_claim_step_in {
	fl_uuid report_id;
	int32_t version;
	fl_claim_verb verb;
	fl_str reason, reference; /* ptr NULL: none */
	bool has_paid;
	int64_t paid_cents, paid_on; /* for PAY; paid_on 0: today */
} fl_claim_step_in;
FL_MUST fl_err fl_claim_move(fl_ctx *ctx, const fl_claim_step_in *in);

/* In no order; payments by report and number. Ask for reports that the caller may read. */
FL_MUST fl_err fl_claims_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_claim **out, size_t *count);
FL_MUST fl_err fl_payments_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_payment **out, size_t *count);

#endif
