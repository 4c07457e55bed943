/* Does a repair pay? A rule of the company or of a jurisdiction, the best cost that is known, and what the vehicle was worth.
 *
 *	FL_TRY(fl_total_losses_of_reports(ctx, ids, count, &losses));      // one a report, in their order
 *
 * The rule is that of the vehicle's jurisdiction, or else its depot's: for "US-TX" one of US-TX, then of US, then the company's
 *own, then as delivered: 75 % of the value. The cost is that of the accepted estimate, of the cheapest that can be accepted, of
 *the assessment, or what the report says, in this order. The value is what the vehicle was worth when it happened. */
#ifndef FL_FLEET_TOTAL_LOSS_H
#define FL_FLEET_TOTAL_LOSS_H

#include "fleet/report/report.h"

enum { FL_LOSS_RATE = 7500, FL_LOSS_RATE_MAX = 20000, FL_LOSS_RULES_MAX = 300 }; /* rates in hundredths of a percent */

typedef enum fl_loss_kind {
	FL_LOSS_THRESHOLD = 1, /* repair / value reaches rate */
	FL_LOSS_FORMULA,       /* repair + rate x value (the salvage) reaches the value */
} fl_loss_kind;

typedef struct fl_loss_rule {
	fl_str jurisdiction; /* empty: of the company, for all others */
	int16_t kind;
	int32_t rate;
	bool own; /* of the company; else as delivered */
} fl_loss_rule;

/* "US-TX", "DE": FL_BAD_INPUT for anything else; *text is put into capitals. */
FL_MUST fl_err fl_jurisdiction_check(fl_arena *mem, fl_diag *diag, fl_str *text);

/* Pure. value above 0; *ratio: repair against value. */
bool fl_loss_judge(const fl_loss_rule *rule, int64_t cost_cents, int64_t value_cents, double *ratio);
/* The rule for a jurisdiction (ptr NULL: none is known) among a company's. Pure. */
fl_loss_rule fl_loss_rule_for(const fl_loss_rule *rules, size_t count, fl_str jurisdiction);

/* The company's rules by jurisdiction; the rule for all others is there always, as delivered when nobody set it. */
FL_MUST fl_err fl_loss_rules(fl_ctx *ctx, fl_loss_rule **out, size_t *count);
/* Administrators only. FL_FORBIDDEN, FL_BAD_INPUT, FL_LIMIT; FL_NOT_FOUND when there is no such rule to remove. */
FL_MUST fl_err fl_loss_rule_set(fl_ctx *ctx, const fl_loss_rule *rule);
FL_MUST fl_err fl_loss_rule_remove(fl_ctx *ctx, fl_str jurisdiction);

typedef enum fl_loss_basis {
	FL_BASIS_NONE,
	FL_BASIS_ACCEPTED,
	FL_BASIS_ESTIMATE,
	FL_BASIS_ASSESSMENT,
	FL_BASIS_REPORT
} fl_loss_basis;

typedef struct fl_total_loss {
	fl_uuid report_id;
	bool known, is_total_loss; /* known false: value or cost is not, and explanation says which */
	bool has_cost, has_value;
	int64_t cost_cents, value_cents;
	double ratio;        /* of known ones */
	int16_t basis;       /* fl_loss_basis: where the cost is from */
	fl_str jurisdiction; /* of vehicle or depot; ptr NULL: not known */
	fl_loss_rule rule;
	fl_str explanation;
} fl_total_loss;

/* FL_FORBIDDEN for who may not read estimates. Reports that the caller does not see have nothing known. */
FL_MUST fl_err fl_total_losses_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t count, fl_total_loss **out);

#endif
