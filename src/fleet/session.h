/* Sessions: from an e-mail address and a password, or from a token, to a caller. */
#ifndef FL_FLEET_SESSION_H
#define FL_FLEET_SESSION_H

#include "fleet/fleet.h"

enum { FL_SESSION_HOURS = 12 };

/* Checks the password and gives a token that is good for FL_SESSION_HOURS. FL_UNAUTHENTICATED says neither whether the
 * address exists nor which of the two was wrong, and takes the same time for both. */
FL_MUST fl_err fl_session_login(fl_ctx *ctx, fl_str email, fl_str password, fl_str *token);

/* Makes the token's owner the caller of ctx. FL_UNAUTHENTICATED with a sentence. */
FL_MUST fl_err fl_session_enter(fl_ctx *ctx, fl_str token);

/* A token for the present caller, as for links; good for ttl_us. */
FL_MUST fl_err fl_session_token(fl_ctx *ctx, int64_t ttl_us, fl_str *token);

#endif
