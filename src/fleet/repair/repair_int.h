/* What the writers of work orders and bills share: the report's lock, its orders, and how it follows them. */
#ifndef FL_FLEET_REPAIR_INT_H
#define FL_FLEET_REPAIR_INT_H

#include "fleet/report/change.h"
#include "fleet/repair/work_order.h"

typedef struct fl_repair {
	fl_tx tx;
	fl_change_of *change; /* the report, locked */
	fl_policy policy;
	fl_order *orders; /* all of the report, as they are under the lock */
	size_t order_count;
	bool moved; /* the report changes too */
} fl_repair;

/* Errors: FL_NOT_FOUND. repair->tx is the caller's to end. */
FL_MUST fl_err fl_repair_begin(fl_ctx *ctx, fl_uuid report, fl_repair *repair);
/* The same by an order of the report; *order lies in repair->orders. */
FL_MUST fl_err fl_repair_begin_order(fl_ctx *ctx, int32_t order, int32_t version, fl_repair *repair, fl_order **out);
/* Commits stmts with the event, and with what changed of the report. count_max of stmts: FL_REPAIR_STMTS. */
enum { FL_REPAIR_STMTS = 4 };
FL_MUST fl_err fl_repair_end(
	fl_ctx *ctx, fl_repair *repair, const char *event, int32_t order, fl_str data, const fl_stmt *stmts, int count);

FL_MUST fl_err fl_orders_in_tx(fl_ctx *ctx, fl_tx *tx, fl_uuid report, fl_order **out, size_t *count);
/* What counts as approved; false: nothing is known. */
bool fl_change_approved(const fl_change_of *change, int64_t *cents);
/* The most that may be spent without asking anybody: what was approved and the tolerance. */
int64_t fl_cost_within(int64_t approved_cents, const fl_policy *policy);

/* "field": [before, after]; ptr NULL is null. */
void fl_event_pair(fl_json_out *j, const char *field, fl_str before, fl_str after);
/* {"workOrder": 12, and open for more. */
void fl_order_data_open(fl_json_out *j, int32_t order);
/* Closes the object; out in ctx->mem. */
FL_MUST fl_err fl_repair_data_close(fl_ctx *ctx, fl_buf *buf, fl_json_out *j, fl_str *out);

/* ---- work_order_write.c ---- */

/* FL_BAD_INPUT: an end without a start or not after it, or farther off than FL_PLAN_DAYS_MAX. 0: not said. */
FL_MUST fl_err fl_order_plan_check(fl_ctx *ctx, int64_t start, int64_t end);
/* Writes an order as it is now; its version rises. */
extern const fl_sql fl_order_update_sql;
FL_MUST fl_err fl_order_update_args(fl_ctx *ctx, const fl_order *order, fl_args *args);

#endif
