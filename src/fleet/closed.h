/* Log-ins that were closed: a token says who somebody was when they logged in, so each loop keeps the list of those whose tokens are good
 * for nothing any more. It is asked for at the first request, again at once when somebody closed a log-in (FL_CHANNEL_POKE_LOGINS), and
 * every five minutes in case that message was lost. */
#ifndef FL_FLEET_CLOSED_H
#define FL_FLEET_CLOSED_H

#include "fleet/fleet.h"

#define FL_CHANNEL_POKE_LOGINS "fleet:poke:logins"

FL_MUST fl_err fl_closed_new(fl_closed **out);
void fl_closed_free(fl_closed *closed); /* NULL is fine */
/* Asks again at the next request. */
void fl_closed_poke(fl_services *services);
/* Waits until the list is no longer due. Errors: it cannot be had, and the one from before holds. */
FL_MUST fl_err fl_closed_refresh(fl_ctx *ctx);
/* Whether that log-in is closed, by the list as it is. */
bool fl_closed_has(const fl_services *services, const fl_caller *caller);
/* FL_UNAUTHENTICATED: the caller's log-in is closed. Waits for the list when it is due; when the database does not answer, the list from
 * before holds, since refusing everybody would help nobody. */
FL_MUST fl_err fl_closed_check(fl_ctx *ctx);

#endif
