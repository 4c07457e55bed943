/* Freshness: what a caller has seen must never be taken back, though queries may go to replicas that come later.
 *
 *	fl_freshness_open(ctx, known);          // after the log-in: from here on, what is seen and written is kept
 *	await_freshness(ctx);                   // before a query that replicas may answer
 *
 * Redis keeps two marks (positions in PostgreSQL's log) for FL_FRESHNESS_S seconds, longer than any replica that is asked can
 * lag: one of each person, raised by all that the person is shown and by all that the person writes, and one of each company, raised
 * by the relay before it publishes an event, so that whoever asks because of an event sees what it tells of. A query asks
 * for both in one round trip; without Redis's answer it goes to the primary. A client's own word (the header Fleet-Written, or the
 * cookie) counts besides; too much of it costs the client nothing but replicas.
 * Without replicas all of this does nothing. */
#ifndef FL_FLEET_FRESHNESS_H
#define FL_FLEET_FRESHNESS_H

#include "fleet/fleet.h"

enum { FL_FRESHNESS_S = 60, FL_FRESHNESS_LAG_MS_MAX = 30000 };

/* Gives ctx a view, in ctx->mem. known: an LSN as the client sent it, or empty; nonsense counts as nothing. */
void fl_freshness_open(fl_ctx *ctx, fl_str known);
/* Lets the reads of ctx go to replicas that have what the caller has seen. */
void await_freshness(fl_ctx *ctx);
/* The reads of ctx go to the primary from here. */
void fl_freshness_newest(fl_ctx *ctx);
/* For fl_db_opts.on_mark. Waits for Redis when something was written, but not for long. */
void fl_freshness_mark(fl_ctx *ctx, uint64_t lsn, bool written);
/* The relay: what is published next tells of nothing newer than lsn. Sends and forgets, before what is sent after it. */
void fl_freshness_publish(fl_ctx *ctx, int32_t tenant_id, uint64_t lsn);

#endif
