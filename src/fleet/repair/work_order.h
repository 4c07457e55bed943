/* Work orders: what a workshop is asked to do about a report, how far it is, what it did cost.
 *
 *	fl_order_draft draft = { .report_id = id, .vendor_id = 4, .tasks = tasks, .task_count = 2 };
 *	FL_TRY(fl_order_create(ctx, &draft, &order));
 *	FL_TRY(fl_order_move(ctx, &(fl_order_move_in) { .id = order, .verb = FL_ORDER_START }));   // the report is in repair now
 *
 * The report follows by its own ways (lifecycle.h): the first order that starts begins the repair, or resumes it; when no order
 * is open any more the report is completed if one was done, and halted if all were cancelled. Both halves are one transaction,
 * under the report's lock, so two workshops that finish at once cannot both believe that the other goes on.
 *
 * Who may: FL_MAY_REPAIR changes, FL_MAY_REPORT_READ_ALL reads. */
#ifndef FL_FLEET_WORK_ORDER_H
#define FL_FLEET_WORK_ORDER_H

#include "fleet/life.h"
#include "fleet/report/report.h"

/* ---- States and the ways between them; docs/repair.md draws them ---- */

/* X(NAME, code, what it means) */
#define FL_ORDER_STATES(X)                                                                                                       \
	X(OPEN, 1, "written; nobody has said when")                                                                              \
	X(SCHEDULED, 2, "has a date")                                                                                            \
	X(IN_PROGRESS, 3, "is being worked on")                                                                                  \
	X(WAITING_PARTS, 4, "was begun, waits for parts")                                                                        \
	X(DONE, 5, "done")                                                                                                       \
	X(CANCELLED, 6, "will not be done, with a reason")

typedef enum fl_order_state {
	FL_ORDER_NO_STATE,
#define FL_ORDER_ENUM(name, code, meaning) FL_ORDER_##name = code,
	FL_ORDER_STATES(FL_ORDER_ENUM)
#undef FL_ORDER_ENUM
} fl_order_state;

/* X(NAME, code, what the history says) */
#define FL_ORDER_VERBS(X)                                                                                                        \
	X(SCHEDULE, 1, "scheduled")                                                                                              \
	X(UNSCHEDULE, 2, "took the date off")                                                                                    \
	X(START, 3, "started")                                                                                                   \
	X(WAIT_FOR_PARTS, 4, "stopped, waiting for parts,")                                                                      \
	X(GO_ON, 5, "went on with")                                                                                              \
	X(FINISH, 6, "finished")                                                                                                 \
	X(TAKE_UP_AGAIN, 7, "took up again")                                                                                     \
	X(CANCEL, 8, "cancelled")

typedef enum fl_order_verb {
	FL_ORDER_NO_VERB,
#define FL_ORDER_ENUM(name, code, past) FL_ORDER_##name = code,
	FL_ORDER_VERBS(FL_ORDER_ENUM)
#undef FL_ORDER_ENUM
} fl_order_verb;

/* What a step does to the vehicle: nothing, takes it away, gives it back. */
typedef enum fl_order_effect { FL_EFFECT_NONE, FL_EFFECT_BEGINS, FL_EFFECT_ENDS } fl_order_effect;

/* X(from, verb, to, effect) */
#define FL_ORDER_STEPS(X)                                                                                                        \
	X(OPEN, SCHEDULE, SCHEDULED, NONE)                                                                                       \
	X(OPEN, START, IN_PROGRESS, BEGINS)                                                                                      \
	X(OPEN, CANCEL, CANCELLED, ENDS)                                                                                         \
	X(SCHEDULED, SCHEDULE, SCHEDULED, NONE)                                                                                  \
	X(SCHEDULED, UNSCHEDULE, OPEN, NONE)                                                                                     \
	X(SCHEDULED, START, IN_PROGRESS, BEGINS)                                                                                 \
	X(SCHEDULED, CANCEL, CANCELLED, ENDS)                                                                                    \
	X(IN_PROGRESS, WAIT_FOR_PARTS, WAITING_PARTS, NONE)                                                                      \
	X(IN_PROGRESS, FINISH, DONE, ENDS)                                                                                       \
	X(IN_PROGRESS, CANCEL, CANCELLED, ENDS)                                                                                  \
	X(WAITING_PARTS, GO_ON, IN_PROGRESS, NONE)                                                                               \
	X(WAITING_PARTS, CANCEL, CANCELLED, ENDS)                                                                                \
	X(DONE, TAKE_UP_AGAIN, IN_PROGRESS, BEGINS)

extern const fl_life fl_order_life; /* a step's with: fl_order_effect */

static inline bool fl_order_is_open(fl_order_state state)
{
	return state >= FL_ORDER_OPEN && state < FL_ORDER_DONE;
}

/* ---- Orders ---- */

enum {
	FL_ORDERS_MAX = 50, /* of a report */
	FL_TASKS_MAX = 100,
	FL_TASK_TITLE_MAX = 300,
	FL_INSTRUCTIONS_MAX = 5000,
	FL_PLAN_DAYS_MAX = 3660, /* how far off a planned date may be */
};

typedef struct fl_task {
	int32_t order_id;
	int16_t id;
	fl_str title;
	int64_t done_at; /* 0: not done */
	int32_t done_by;
} fl_task;

typedef struct fl_order {
	int32_t id; /* first: fl_api_refer reads it */
	fl_uuid report_id;
	int32_t vehicle_id, vendor_id; /* vendor_id 0: the own workshop */
	int16_t state, estimate_id; /* estimate_id 0: none */
	int64_t planned_start, planned_end, started_at, finished_at; /* 0: not said, not yet */
	bool has_budget;
	int64_t budget_cents;
	fl_str instructions;
	int32_t version, created_by;
	int64_t created_at;
} fl_order;

typedef struct fl_order_draft {
	fl_uuid report_id;
	int16_t estimate_id; /* an accepted one: its vendor, total and lines are taken where nothing else is said; 0: none */
	int32_t vendor_id;
	int64_t planned_start, planned_end; /* 0: not said */
	bool has_budget;                    /* false: what was approved */
	int64_t budget_cents;
	fl_str instructions;
	const fl_str *tasks;
	size_t task_count;
} fl_order_draft;

/* The report must be approved, in repair, or completed. With a planned start the order is SCHEDULED. Errors: FL_FORBIDDEN,
 * FL_NOT_FOUND (report, vendor), FL_BAD_INPUT (its stage, the plan, a budget above what was approved). */
FL_MUST fl_err fl_order_create(fl_ctx *ctx, const fl_order_draft *draft, int32_t *id);

/* What is left out (ptr NULL, false) stays. Tasks that are given replace those that are not done. */
typedef struct fl_order_patch {
	int32_t id, version; /* version 0: whatever it is */
	bool has_vendor, has_budget, has_tasks;
	int32_t vendor_id;
	int64_t budget_cents;
	fl_str instructions;
	const fl_str *tasks;
	size_t task_count;
} fl_order_patch;
/* FL_CONFLICT: another version. FL_BAD_INPUT also when the order is done or cancelled, or a vendor is changed that has begun. */
FL_MUST fl_err fl_order_change(fl_ctx *ctx, const fl_order_patch *patch);

typedef struct fl_order_move_in {
	int32_t id, version; /* version 0: whatever it is */
	fl_order_verb verb;
	fl_str reason;                      /* CANCEL asks for one; ptr NULL: none */
	int64_t planned_start, planned_end; /* for SCHEDULE */
} fl_order_move_in;
/* Errors as above; FL_BAD_INPUT also when tasks are not done, or the report is not where it can follow. */
FL_MUST fl_err fl_order_move(fl_ctx *ctx, const fl_order_move_in *in);
FL_MUST fl_err fl_task_set(fl_ctx *ctx, int32_t order, int16_t task, bool done);

/* ---- Finding ---- */

typedef struct fl_order_filter {
	const int16_t *states; /* NULL: any */
	size_t state_count;
	bool has_vendor;
	int32_t vendor_id;  /* 0 with has_vendor: the own workshop's */
	int32_t vehicle_id; /* 0: any */
	int64_t planned_before; /* 0: any */
} fl_order_filter;

/* Newest first; those older than after (0: from the newest). FL_FORBIDDEN for drivers. */
FL_MUST fl_err fl_orders_find(
	fl_ctx *ctx, const fl_order_filter *filter, int32_t after, uint32_t limit, fl_order **out, size_t *count);
FL_MUST fl_err fl_orders_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_order **out, size_t *count);
/* By report and id. Ask for reports that the caller may read. */
FL_MUST fl_err fl_orders_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_order **out, size_t *count);
/* By order and number. */
FL_MUST fl_err fl_tasks_of_orders(fl_ctx *ctx, const int32_t *orders, size_t order_count, fl_task **out, size_t *count);

/* Reports that workshops are at work on, of those named: nobody says of these by hand that they are done or halted. */
typedef struct fl_begun {
	fl_uuid report_id;
	int32_t order_id; /* one of the orders */
} fl_begun;
FL_MUST fl_err fl_orders_begun(fl_ctx *ctx, fl_tx *tx, const fl_uuid *reports, size_t report_count, fl_begun **out, size_t *count);
/* FL_BAD_INPUT when the report is among them. */
FL_MUST fl_err fl_order_by_hand(const fl_begun *begun, size_t count, fl_uuid report, fl_diag *why);

/* ---- Downtime: when the vehicle was away, as its orders say; orders that overlap are one ---- */

typedef struct fl_downtime {
	int32_t vehicle_id;
	fl_uuid report_id;
	int64_t from, until; /* until 0: it still is */
	bool planned;        /* has not begun */
} fl_downtime;
enum { FL_DOWNTIMES_MAX = 100 }; /* of one vehicle; the newest */
FL_MUST fl_err fl_downtimes_of_vehicles(
	fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, fl_downtime **out, size_t *count);
FL_MUST fl_err fl_downtimes_of_reports(
	fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_downtime **out, size_t *count);

#endif
