/* Old months go: partitions that ended before a day are detached without stopping anybody, and dropped. But none that holds a report
 * under a legal hold, or one of a company with a policy of its own, which goes by that alone (archive/archive.h). */
#ifndef FL_FLEET_RETIRE_H
#define FL_FLEET_RETIRE_H

#include "db/db.h"

typedef struct fl_retire_opts {
	const char *url;                               /* of the owner of the tables */
	int64_t keep_months;                           /* whole months before this one that stay; 0: all */
	bool dry;                                      /* say only */
	void (*say)(void *arg, const char *statement); /* before each statement; may be NULL */
	void *arg;
} fl_retire_opts;

/* *dropped: tables that are gone now. Blocking, each statement for a few seconds at most. FL_DB_RETRY: somebody held a lock;
 * what is done stays done, and the next call goes on. FL_FORBIDDEN: the user does not own the tables. */
FL_MUST fl_err fl_months_retire(const fl_retire_opts *opts, int *dropped, fl_diag *diag);

#endif
