/* Repair estimates: what vendors would charge for the damage of a report, line by line and revision by revision. docs/repair.md
 * tells the whole of it; quote.h is the vendor's side (the link), total_loss.h asks whether a repair pays.
 *
 *	fl_estimate_draft draft = { .vendor_id = 7, .lines = lines, .line_count = 2, .tax_rate = 2100 };
 *	FL_TRY(fl_estimate_submit(ctx, report, &draft, &number));          // totals are counted here, never taken from anybody
 *	FL_TRY(fl_estimate_accept(ctx, &(fl_estimate_pick) { report, number, version }, &accepted));
 *
 * The amount that is approved is one thing: the report's estimated cost while the report is APPROVED, IN_REPAIR or COMPLETED
 * (fl_report_approved). Accepting an estimate makes its total that amount, in the same step and under the same limits as
 * APPROVE; raising it afterwards is judged like an approval of the new amount (fl_change_may_cost in change.h).
 *
 * Who decides about reports manages estimates; auditors read them; drivers see none. Memory: ctx->mem. */
#ifndef FL_FLEET_ESTIMATE_H
#define FL_FLEET_ESTIMATE_H

#include "fleet/life.h"
#include "fleet/report/report.h"

enum {
	FL_ESTIMATES_MAX = 20, /* of a report */
	FL_ESTIMATE_LINES_MAX = 200,
	FL_ESTIMATE_REVISIONS_MAX = 50, /* of an estimate */
	FL_ESTIMATE_TEXT_MAX = 300,     /* characters of a line */
	FL_ESTIMATE_PART_NUMBER_MAX = 60,
	FL_ESTIMATE_REFERENCE_MAX = 100,
	FL_ESTIMATE_NOTE_MAX = 2000,
	FL_ESTIMATE_DAYS_MAX = 365,
};

/* ---- States: X(NAME, code, what it means) ---- */

#define FL_ESTIMATE_STATES(X)                                                                                                    \
	X(REQUESTED, 1, "asked for; nothing was sent in yet")                                                                    \
	X(SUBMITTED, 2, "sent in")                                                                                               \
	X(REVISED, 3, "sent in again")                                                                                           \
	X(ACCEPTED, 4, "chosen: its total is the approved amount")                                                               \
	X(DECLINED, 5, "not chosen")                                                                                             \
	X(EXPIRED, 6, "the link ended before anything was sent in, or the offer is valid no more")                               \
	X(WITHDRAWN, 7, "taken back, by who asked or by the vendor")

typedef enum fl_estimate_state {
	FL_ESTIMATE_NONE,
#define FL_ESTIMATE_ENUM(name, code, meaning) FL_ESTIMATE_##name = code,
	FL_ESTIMATE_STATES(FL_ESTIMATE_ENUM)
#undef FL_ESTIMATE_ENUM
	FL_ESTIMATE_STATE_COUNT
} fl_estimate_state;

/* X(from, verb, to). RELEASE leads back to what was before the choice (estimates_release in sql/). */
#define FL_ESTIMATE_STEPS(X)                                                                                                     \
	X(REQUESTED, SUBMIT, SUBMITTED)                                                                                          \
	X(REQUESTED, DECLINE, DECLINED)                                                                                          \
	X(REQUESTED, EXPIRE, EXPIRED)                                                                                            \
	X(REQUESTED, WITHDRAW, WITHDRAWN)                                                                                        \
	X(SUBMITTED, SUBMIT, REVISED)                                                                                            \
	X(SUBMITTED, ACCEPT, ACCEPTED)                                                                                           \
	X(SUBMITTED, DECLINE, DECLINED)                                                                                          \
	X(SUBMITTED, EXPIRE, EXPIRED)                                                                                            \
	X(SUBMITTED, WITHDRAW, WITHDRAWN)                                                                                        \
	X(REVISED, SUBMIT, REVISED)                                                                                              \
	X(REVISED, ACCEPT, ACCEPTED)                                                                                             \
	X(REVISED, DECLINE, DECLINED)                                                                                            \
	X(REVISED, EXPIRE, EXPIRED)                                                                                              \
	X(REVISED, WITHDRAW, WITHDRAWN)                                                                                          \
	X(ACCEPTED, DECLINE, DECLINED)                                                                                           \
	X(ACCEPTED, RELEASE, SUBMITTED)                                                                                          \
	X(DECLINED, ACCEPT, ACCEPTED)                                                                                            \
	X(DECLINED, REQUEST, REQUESTED)                                                                                          \
	X(DECLINED, RELEASE, SUBMITTED)                                                                                          \
	X(EXPIRED, SUBMIT, REVISED)                                                                                              \
	X(EXPIRED, REQUEST, REQUESTED)                                                                                           \
	X(EXPIRED, WITHDRAW, WITHDRAWN)

typedef enum fl_estimate_verb {
	FL_ESTIMATE_SUBMIT = 1,
	FL_ESTIMATE_ACCEPT,
	FL_ESTIMATE_DECLINE,
	FL_ESTIMATE_EXPIRE,
	FL_ESTIMATE_WITHDRAW,
	FL_ESTIMATE_RELEASE,
	FL_ESTIMATE_REQUEST, /* asked for again, by a new link */
} fl_estimate_verb;

extern const fl_life fl_estimate_life; /* its verbs have no words */

/* ---- Lines and money ---- */

/* X(NAME, code) */
#define FL_ESTIMATE_KINDS(X) X(LABOUR, 1) X(PARTS, 2) X(PAINT, 3) X(OTHER, 4) X(SUBLET, 5)
#define FL_PART_SOURCES(X) X(OEM, 1) X(AFTERMARKET, 2) X(USED, 3)
enum {
#define FL_ESTIMATE_ENUM(name, code) FL_LINE_##name = code,
	FL_ESTIMATE_KINDS(FL_ESTIMATE_ENUM)
#undef FL_ESTIMATE_ENUM
	FL_LINE_KIND_COUNT
};
enum {
#define FL_ESTIMATE_ENUM(name, code) FL_SOURCE_##name = code,
	FL_PART_SOURCES(FL_ESTIMATE_ENUM)
#undef FL_ESTIMATE_ENUM
	FL_SOURCE_COUNT
};

#define FL_QUANTITY_MAX (INT64_C(10000) * 1000)           /* thousandths */
#define FL_UNIT_PRICE_MAX (INT64_C(10000000) * 100)       /* cents */
#define FL_ESTIMATE_TOTAL_MAX (INT64_C(1000000000) * 100) /* cents */
enum { FL_RATE_MAX = 10000, FL_RATE_AS_ESTIMATE = -1 };   /* hundredths of a percent */

typedef struct fl_estimate_line {
	int16_t kind;             /* FL_LINE_... */
	int16_t source;           /* of a part: FL_SOURCE_...; 0: not said */
	int16_t part, side, zone; /* where (zone.h); 0: not said */
	fl_str text;
	fl_str part_number; /* ptr NULL: none */
	int64_t quantity;   /* thousandths: of hours for labour, of pieces else */
	int64_t unit_cents; /* an hour's rate, or the price of a piece */
	int32_t discount_rate;
	int32_t tax_rate;  /* FL_RATE_AS_ESTIMATE: that of the estimate */
	int64_t net_cents; /* counted by fl_estimate_count */
} fl_estimate_line;

typedef struct fl_estimate_totals {
	int64_t labour_time;                 /* thousandths of an hour */
	int64_t labour, parts, paint, other; /* nets; sublet work is among other */
	int64_t net, tax, total;
} fl_estimate_totals;

/* Counts: sets net_cents of every line and the totals. A line's net is quantity x price, rounded, less its discount, rounded;
 * tax is counted once for each rate, from the sum of the nets that have it, and rounded. Halves round up. In whole cents.
 * FL_BAD_INPUT: a number beyond its limit; the sentence names the line. Pure. */
FL_MUST fl_err fl_estimate_count(fl_diag *diag, fl_estimate_line *lines, size_t count, int32_t tax_rate, fl_estimate_totals *out);

/* "1.5" with at most `decimals` digits behind the point (or comma), times 10^decimals. FL_BAD_INPUT: none, or beyond max. */
FL_MUST fl_err fl_decimal_parse(fl_diag *diag, const char *what, fl_str text, int decimals, int64_t max, int64_t *out);
/* The way back, without needless zeros: 1500 of three decimals as "1.5". */
fl_str fl_decimal_text(fl_arena *mem, int64_t value, int decimals);

/* ---- Reading ---- */

typedef struct fl_estimate_revision {
	fl_uuid report_id;
	int16_t estimate_id, number; /* number 0: nothing was sent in */
	int64_t sent_at;             /* 0: a draft */
	int32_t entered_by;          /* 0: the vendor */
	fl_str reference, note;      /* ptr NULL: none */
	int64_t valid_until;         /* 0: not said */
	int16_t repair_days;         /* -1: not said */
	int32_t tax_rate;
	fl_estimate_line *lines;
	size_t line_count;
	fl_estimate_totals totals;
} fl_estimate_revision;

typedef enum fl_link_mail { FL_LINK_MAIL_WAITING = 1, FL_LINK_MAIL_SENT, FL_LINK_MAIL_FAILED } fl_link_mail;

typedef struct fl_estimate {
	fl_uuid report_id;
	int16_t id; /* from 1 within its report */
	int16_t state, before_choice;
	int32_t version;
	int32_t vendor_id;             /* 0: known by its address only */
	fl_str vendor;                 /* its name, or the address */
	fl_str email, message, reason; /* ptr NULL: none */
	int32_t requested_by, decided_by;
	int64_t created_at, decided_at;
	bool has_link, link_revoked;
	int64_t link_expires_at, link_used_at;
	int32_t link_uses;
	int16_t mail_state, mail_tries; /* fl_link_mail of the mail that carries it; 0: none was asked for */
	int64_t mail_tried_at;          /* 0: not yet */
	fl_str mail_why;                /* why it did not go yet, or could not; ptr NULL: nothing is wrong */
	fl_estimate_revision now; /* the newest that was sent in */
} fl_estimate;

/* Can it be accepted, as far as it goes by itself: sent in, neither withdrawn nor expired? */
bool fl_estimate_is_open(const fl_estimate *estimate, int64_t now);

/* The estimates of reports, ordered by report and number, with their newest revision. None for callers who may not read them. */
FL_MUST fl_err fl_estimates_of_reports(
	fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_estimate **out, size_t *count);
/* Every revision that was sent in, of all estimates of the reports, ordered by report, estimate and number. */
FL_MUST fl_err fl_estimate_revisions_of_reports(
	fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_estimate_revision **out, size_t *count);
/* FL_NOT_FOUND. */
FL_MUST fl_err fl_estimate_get(fl_ctx *ctx, fl_uuid report, int16_t id, const fl_estimate **out);

/* The approved amount of a report; false: nothing is approved, or no amount is known. */
bool fl_report_approved(const fl_report *report, int64_t *cents);

/* ---- Changing ---- */

/* Which one: version is the estimate's, 0: whatever it is. */
typedef struct fl_estimate_pick {
	fl_uuid report;
	int16_t id;
	int32_t version;
} fl_estimate_pick;

/* What is sent in. */
typedef struct fl_estimate_draft {
	int32_t vendor_id; /* of a new estimate */
	fl_str reference, note;
	int64_t valid_until; /* 0: not said */
	int16_t repair_days; /* -1: not said */
	int32_t tax_rate;
	fl_estimate_line *lines;
	size_t line_count;
} fl_estimate_draft;

/* Limits and texts; counts the totals. FL_BAD_INPUT. */
FL_MUST fl_err fl_estimate_check(fl_ctx *ctx, fl_estimate_draft *draft, fl_estimate_totals *out);

/* Enters an estimate for a vendor: a new one (pick->id 0), or the next revision of one that there is.
 * Errors: FL_FORBIDDEN, FL_NOT_FOUND (report, estimate, vendor), FL_CONFLICT (another version), FL_LIMIT (too many),
 * FL_BAD_INPUT (decided already, limits). */
FL_MUST fl_err fl_estimate_submit(fl_ctx *ctx, const fl_estimate_pick *pick, fl_estimate_draft *draft, int16_t *id);

typedef struct fl_accepted {
	const fl_estimate *estimate;
	const fl_report *report;
	bool endorsed;      /* the caller counts as the first of two persons; nothing is accepted yet */
	int64_t undo_until; /* 0: it cannot be taken back */
} fl_accepted;

/* Accepts an estimate and approves its report at that cost, under the limits of APPROVE, and declines the others of the report,
 * all in one transaction. In a report that is approved or in repair already, it changes the approved amount.
 * Errors: as above; FL_BAD_INPUT also when the limits refuse. */
FL_MUST fl_err fl_estimate_accept(fl_ctx *ctx, const fl_estimate_pick *pick, fl_accepted *out);
/* verb: DECLINE or WITHDRAW. An accepted one cannot be declined while its report's approval stands. */
FL_MUST fl_err fl_estimate_close(fl_ctx *ctx, const fl_estimate_pick *pick, fl_estimate_verb verb, fl_str reason);

/* ---- Comparison with the assessment ---- */

typedef enum fl_against { FL_AGAINST_UNKNOWN, FL_AGAINST_BELOW, FL_AGAINST_WITHIN, FL_AGAINST_ABOVE } fl_against;

typedef struct fl_estimate_compared {
	const fl_estimate *estimate;
	int16_t against;    /* fl_against: the assessed range */
	bool has_deviation; /* in percent of the assessed cost */
	double deviation, hours, hours_deviation;
	bool has_hours;                   /* hours_deviation: against the assessed repair time */
	bool has_places;                  /* zones are drawn, and lines name places; else the next two are empty */
	const fl_estimate_line **outside; /* lines for places that are not damaged */
	size_t outside_count;
	const struct fl_zone **missing; /* damage that no line is for */
	size_t missing_count;
	bool is_cheapest, is_fastest; /* of those that can be accepted or are; several when equal */
} fl_estimate_compared;

typedef struct fl_estimate_comparison {
	fl_uuid report_id;
	const fl_assessment_row *assessment; /* NULL: none */
	fl_estimate_compared *rows;          /* of estimates that were sent in */
	size_t count;
} fl_estimate_comparison;

/* One for each report, in the order of reports. FL_FORBIDDEN for who may not read estimates. */
FL_MUST fl_err fl_estimates_compare(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_estimate_comparison **out);

#endif
