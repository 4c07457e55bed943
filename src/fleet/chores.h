/* Chores: what the data layer needs done by the clock, by every `fleet work`; where several run, a lock inside each chore
 * lets one do it. Totals are folded each second; deadlines that have
 * passed are told of within five; each hour months are made ahead, the platform's overview is refreshed, old idempotency keys
 * are dropped, erasures that waited are done, old reports of companies
 * with a policy go into archives, and, where a horizon is set, old months; every six hours bytes that nothing names any more.
 * Needs services->db of role fleet_worker. */
#ifndef FL_FLEET_CHORES_H
#define FL_FLEET_CHORES_H

#include "archive/archive.h"
#include "archive/register.h"
#include "fleet/fleet.h"
#include "sweep/sweep.h"

typedef struct fl_chores fl_chores;

typedef struct fl_chores_opts {
	const char *owner_url; /* of the user who owns the tables; must outlive the chores */
	int64_t keep_months;   /* whole months of reports that stay; 0: all */
	fl_register *erasures; /* kept beside the backups, every ten seconds; must outlive the chores. NULL: there are no backups of ours */
	const fl_archive_site *archive; /* for old reports of companies with a policy; must outlive the chores. NULL: they stay */
	const fl_sweep_site *sweep;     /* of the store; must outlive the chores. NULL: it keeps all */
} fl_chores_opts;

FL_MUST fl_err fl_chores_start(fl_loop *loop, fl_services *services, const fl_chores_opts *opts, fl_chores **out);
/* Waits for the chore under way. Frees. NULL is fine. */
void await_chores_stop(fl_ctx *ctx, fl_chores *chores);

#endif
