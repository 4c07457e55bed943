/* What a company has decided about its reports: who may approve how much, and how soon things must happen.
 * Both are read in the transaction of a change, so a new limit counts at once and everywhere. */
#ifndef FL_FLEET_POLICY_H
#define FL_FLEET_POLICY_H

#include "fleet/report/lifecycle.h"

enum { FL_PRIORITY_MAX = 10, FL_SLA_HOURS_MAX = 8760, FL_TOLERANCE_PERCENT = 10, FL_TOLERANCE_PERCENT_MAX = 100 };

/* Hours until a thing is due; 0: no deadline. */
typedef struct fl_sla {
	int32_t priority; /* 1 to 10 */
	int32_t triage_hours, decide_hours, repair_hours;
	bool own; /* of the company; else as delivered */
} fl_sla;

typedef struct fl_policy {
	fl_limit limits[FL_ROLE_SYSTEM + 1];
	fl_sla sla[FL_PRIORITY_MAX + 1]; /* by priority */
	int32_t tolerance_percent;       /* how much more than approved a repair may cost before somebody must allow that */
} fl_policy;

/* The statements that read it, for a round trip of the caller's: two of them. */
enum { FL_POLICY_STMTS = 2 };
typedef struct fl_policy_query {
	const fl_rows *limits, *sla;
} fl_policy_query;
void fl_policy_stmts(fl_policy_query *query, fl_stmt out[FL_POLICY_STMTS]);
void fl_policy_read(const fl_policy_query *query, fl_policy *out);

/* The caller's company's. */
FL_MUST fl_err fl_policy_get(fl_ctx *ctx, const fl_policy **out);

/* When the deadline of a phase ends that began at since; 0: there is none. */
int64_t fl_sla_due(const fl_policy *policy, fl_phase phase, int priority, int64_t since);

typedef enum fl_sla_state { FL_SLA_NONE, FL_SLA_OK, FL_SLA_DUE_SOON, FL_SLA_OVERDUE } fl_sla_state;
/* Due soon: less than a quarter of the time is left. */
fl_sla_state fl_sla_state_at(int64_t since, int64_t due, int64_t now);

/* Administrators only (FL_FORBIDDEN). Errors: FL_BAD_INPUT. */
FL_MUST fl_err fl_limit_set(fl_ctx *ctx, fl_role role, const fl_limit *limit);
FL_MUST fl_err fl_sla_set(fl_ctx *ctx, const fl_sla *sla);
FL_MUST fl_err fl_tolerance_set(fl_ctx *ctx, int64_t percent);

#endif
