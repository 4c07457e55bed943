/* The relay: reads committed events in their order and publishes them to Redis. Any number may run; one at a time works, the
 * one that holds the row of its cursor. The cursor moves after publishing, so a relay that dies repeats at most its last
 * batch, and an event keeps its id by which a client knows it again; none is ever left out.
 * Needs services->db of role fleet_worker, and services->redis. */
#ifndef FL_FLEET_RELAY_H
#define FL_FLEET_RELAY_H

#include "fleet/fleet.h"

typedef struct fl_relay fl_relay;

FL_MUST fl_err fl_relay_start(fl_loop *loop, fl_services *services, fl_relay **out);
/* There may be events: look now. Cheap, may be called often. It looks by itself every second. */
void fl_relay_poke(fl_relay *relay);
/* Finishes the batch under way. Frees. NULL is fine. */
void await_relay_stop(fl_ctx *ctx, fl_relay *relay);

typedef struct fl_relay_stats {
	uint64_t published, failures;
	int64_t lag_us; /* from the last published event's time to its publication */
} fl_relay_stats;
fl_relay_stats fl_relay_statistics(const fl_relay *relay);

#endif
