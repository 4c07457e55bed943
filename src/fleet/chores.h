/* Chores: what the data layer needs done by the clock, by every `fleet work`; where several run, a lock inside each chore
 * lets one do it. Totals are folded each second; deadlines that have
 * passed are told of within five; months are made ahead and old idempotency keys dropped each hour.
 * Needs services->db of role fleet_worker. */
#ifndef FL_FLEET_CHORES_H
#define FL_FLEET_CHORES_H

#include "fleet/fleet.h"

typedef struct fl_chores fl_chores;

FL_MUST fl_err fl_chores_start(fl_loop *loop, fl_services *services, fl_chores **out);
/* Waits for the chore under way. Frees. NULL is fine. */
void await_chores_stop(fl_ctx *ctx, fl_chores *chores);

#endif
