/* Sockets and event streams, for the case that the log-in of one is closed: guests.c. */
#ifndef FL_API_GUESTS_INT_H
#define FL_API_GUESTS_INT_H

#include "api/api_int.h"

void fl_api_guests_init(fl_api *api);
/* The caller whose log-in may be closed lives as long as the guest; turn_out may not wait, and may leave. */
void fl_api_guest_enter(fl_api *api, fl_api_guest *guest);
void fl_api_guest_leave(fl_api_guest *guest); /* one that did not enter is fine */
/* Some log-in may have been closed: whoever's it is goes. Starts a coroutine, waits for nothing. */
void fl_api_guests_look(fl_api *api);
/* Looks no more; FL_TIMEOUT: a look did not end. */
FL_MUST fl_err await_api_guests_close(fl_ctx *ctx, fl_api *api);

#endif
