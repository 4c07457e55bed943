/* maintain: the chores of a day, a week and a month, and a report that a person can act on.
 *
 *	fl_maintain_report *report;
 *	FL_TRY(fl_maintain_run(&(fl_maintain_opts) { .period = FL_MAINTAIN_DAILY, .pg_url = url, .log = "/srv/fleet/log" }, &mem, &report, &diag));
 *	fl_maintain_text(report, true, &out);
 *	return fl_maintain_acts(report) ? 1 : 0;
 *
 * A report is a list of findings: what was measured, its number, its limit, and what to do when it is beyond. The kinds are rows
 * of findings.h, so that report, JSON and docs say the same. A finding is in one of these states:
 *
 *	ok     within its limit                       watch    beyond it, and worth a look
 *	act    beyond it, and a person is needed      done     a chore that was done (number: what it moved or took)
 *	would  a chore that a dry run left alone      unknown  it could not be measured; the detail says why
 *
 * Blocking, for the command line; never on a loop. One runs at a time in a database: a lock of its session keeps others out. A
 * dry run changes nothing, not even its own records. Everything it takes from the database runs with lock_timeout, so that it
 * gives up rather than stand in anybody's way. */
#ifndef FL_MAINTAIN_H
#define FL_MAINTAIN_H

#include "backup/backup.h"
#include "base/base.h"
#include "maintain/findings.h"

typedef enum fl_maintain_period { FL_MAINTAIN_DAILY = 1, FL_MAINTAIN_WEEKLY = 2, FL_MAINTAIN_MONTHLY = 4 } fl_maintain_period;

typedef struct fl_maintain_timing {
	const char *name;
	double median_ms;
} fl_maintain_timing;

typedef struct fl_maintain_opts {
	fl_maintain_period period;
	const char *pg_url;    /* of the owner of the tables */
	const char *redis_url; /* NULL or empty: not looked at */
	const char *home;      /* HOME, for its disk; NULL: the data are elsewhere */
	const char *log;       /* HOME/log */
	const char *tmp;       /* a folder for what a check unpacks */
	fl_str metrics;        /* what /metrics of the running server said; empty: none runs */
	int64_t slow_ms;       /* statements of a longer mean are slow */
	int64_t keep_months;   /* 0: all */
	double price_gb_month; /* of storage; 0: not said */
	const fl_backup_site *backups; /* NULL: the database is not ours to copy */
	bool dry;
	bool only_due;         /* *out is NULL when one of this period began meanwhile: asked again under the lock */
	/* Times the API's fixed questions; NULL: no server runs. */
	fl_err (*baseline)(void *arg, fl_arena *mem, fl_maintain_timing **out, size_t *count, fl_diag *diag);
	void *arg;
} fl_maintain_opts;

typedef enum fl_finding_state { FL_FOUND_OK, FL_FOUND_WATCH, FL_FOUND_ACT, FL_FOUND_DONE, FL_FOUND_WOULD, FL_FOUND_UNKNOWN } fl_finding_state;

typedef struct fl_finding {
	fl_finding_id id;
	fl_finding_state state;
	double value, limit; /* in the kind's unit */
	fl_str detail;       /* of what: a table, a statement, the reason. May be empty */
} fl_finding;

enum { FL_FINDINGS_MAX = 400 };

typedef struct fl_maintain_report {
	fl_maintain_period period;
	int64_t started_us, ended_us;
	bool dry;
	size_t count;
	fl_finding found[FL_FINDINGS_MAX]; /* in the order of the sections */
} fl_maintain_report;

/* FL_IN_USE: another runs; diag says which. FL_UNAVAILABLE: no database. Whatever single thing cannot be measured is a finding. */
FL_MUST fl_err fl_maintain_run(const fl_maintain_opts *opts, fl_arena *mem, fl_maintain_report **out, fl_diag *diag);

/* What is due now of the three, by the records of the database: a period of which no run began since its day, its week (Monday)
 * or its month (the 1st) did. 0: nothing. */
FL_MUST fl_err fl_maintain_due(const char *pg_url, int64_t now_us, int *periods, fl_diag *diag);

size_t fl_maintain_acts(const fl_maintain_report *report); /* findings that need a person */
const char *fl_maintain_name(fl_maintain_period period);   /* "daily" */
void fl_maintain_text(const fl_maintain_report *report, bool colour, fl_buf *out);
void fl_maintain_json(const fl_maintain_report *report, fl_buf *out);

/* Which of ten statements is slow, how a series grows: pure, and public for their tests. */

/* The median of the slopes between all pairs of points (Theil and Sen): one odd day does not move it. Per unit of x. 0 for less
 * than two points. count at most FL_SLOPE_POINTS_MAX, later ones are left out. */
enum { FL_SLOPE_POINTS_MAX = 400 };
double fl_slope_robust(const double *x, const double *y, size_t count);

#endif
