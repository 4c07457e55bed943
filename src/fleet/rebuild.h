/* Projections and their events: proves that reports, zones, estimates, work orders,
 * bills, claims and totals are what the events say, and mends them.
 * Blocking, as the owner of the tables; for the command line and tests. Reads while others write: each batch is judged in one
 * snapshot. */
#ifndef FL_FLEET_REBUILD_H
#define FL_FLEET_REBUILD_H

#include "db/db.h"

typedef struct fl_rebuild_opts {
	const char *url;
	bool check;                                     /* only say what differs */
	int64_t said_max;                               /* 0: 1,000. Differences that are said one by one */
	void (*say)(void *arg, const char *difference); /* may be NULL */
	void *arg;
} fl_rebuild_opts;

typedef struct fl_rebuild_result {
	int64_t reports;     /* looked at */
	int64_t differences; /* found, before mending */
	int64_t mended;      /* reports and what belongs to them; totals count as one */
} fl_rebuild_result;

FL_MUST fl_err fl_rebuild(const fl_rebuild_opts *opts, fl_diag *diag, fl_rebuild_result *out);

#endif
