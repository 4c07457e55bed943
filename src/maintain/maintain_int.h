/* Inside maintain/: the run, and how its parts add findings. */
#ifndef FL_MAINTAIN_INT_H
#define FL_MAINTAIN_INT_H

#include <stdio.h>

#include "db/db.h"
#include "maintain/maintain.h"

typedef struct fl_maintain {
	const fl_maintain_opts *opts;
	fl_maintain_report *report;
	fl_pg *pg;
	fl_arena *mem;
	int64_t now_us;
} fl_maintain;

/* ---- Findings (report.c) ---- */

/* Compares with the kind's limit, or with the one given. detail lives in m->mem. What is beyond FL_FINDINGS_MAX is left out. */
void fl_found(fl_maintain *m, fl_finding_id id, double value, fl_str detail);
void fl_found_limit(fl_maintain *m, fl_finding_id id, double value, double limit, fl_str detail);
void fl_found_state(fl_maintain *m, fl_finding_id id, fl_finding_state state, double value, fl_str detail);
/* Could not be measured: why. */
void fl_found_unknown(fl_maintain *m, fl_finding_id id, const char *format, ...) FL_PRINTF(3, 4);

/* ---- The parts ---- */

/* Logs of a window of time (logs.c): what maintenance counts in them. */
enum { FL_LOG_KINDS_MAX = 256, FL_LOG_TEXT_MAX = 96 };

typedef struct fl_log_kinds {
	size_t count;
	int64_t total;
	struct {
		char text[FL_LOG_TEXT_MAX];
		int64_t n;
	} kind[FL_LOG_KINDS_MAX];
} fl_log_kinds;

typedef struct fl_log_counts {
	fl_log_kinds errors, warnings, slow, crashes, restarts, accounts, addresses;
} fl_log_counts;

/* Lines of folder/ *.log and *.log.1 from since_us on; of each file at most the newest 64 MiB. */
FL_MUST fl_err fl_logs_count(const char *folder, int64_t since_us, fl_log_counts *out, fl_diag *diag);
/* "text (n), text (n)": the most frequent. */
fl_str fl_log_kinds_text(const fl_log_kinds *kinds, size_t most, fl_arena *mem);

void fl_maintain_errors(fl_maintain *m);
void fl_maintain_logins(fl_maintain *m);
void fl_maintain_redis(fl_maintain *m);
void fl_maintain_backups(fl_maintain *m);
void fl_maintain_room(fl_maintain *m);
void fl_maintain_keys(fl_maintain *m);
void fl_maintain_tidy_weekly(fl_maintain *m);
void fl_maintain_tidy_monthly(fl_maintain *m);
void fl_maintain_rights(fl_maintain *m);
void fl_maintain_forecast(fl_maintain *m);
void fl_maintain_packages(fl_maintain *m);
void fl_maintain_baseline(fl_maintain *m);
void fl_maintain_cost(fl_maintain *m);

/* Everything that one SELECT tells (checks.c). */
void fl_maintain_checks(fl_maintain *m);

/* ---- Figures of days (figures.c): table platform.figures ---- */

/* Notes the figures of today, and forgets those older than 400 days. */
FL_MUST fl_err fl_figures_note(fl_maintain *m, fl_diag *diag);
FL_MUST fl_err fl_figure_put(fl_maintain *m, const char *kind, fl_str name, double value, int64_t count, fl_diag *diag);

/* One counter of the metrics, as in "fleet_http_shed_total"; -1: not there. */
double fl_metric(fl_str metrics, const char *name);
/* How much a counter grew since the newest figure that is at least days old (0: the newest of an earlier day); since its start
 * where there is none, or where it began anew. */
double fl_metric_growth(fl_maintain *m, const char *name, int days);

/* Bytes of the file system that path is on. False: it cannot be said. */
typedef struct fl_disk {
	double total, used, free; /* free: for us */
} fl_disk;
bool fl_disk_of(const char *path, fl_disk *out);

/* ---- Other programs (program.c) ---- */

/* Runs argv[0] (a path) and takes at most max bytes of what it writes; ends it after timeout_us. */
FL_MUST fl_err fl_program_read(char *const argv[], size_t max, int64_t timeout_us, fl_arena *mem, fl_str *out, fl_diag *diag);

#endif
