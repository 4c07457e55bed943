/* archive: how a company's old reports go. What its policy no longer keeps is written into a sealed file, one for a company and a month,
 * checked by reading it back, and only then taken out of the tables in small steps. A file brings its reports back, one or all.
 *
 *	fl_archive_site site = { .url = owner_url, .dir = "/srv/fleet/archive", .key = &key, .store = store };
 *	FL_TRY(fl_archive_run(&site, NULL, &result, &diag));              // all companies that have a policy
 *	FL_TRY(fl_archive_verify(&site, id, &facts, &diag));              // unseals and hashes all of it
 *	FL_TRY(fl_archive_restore(&site, id, NULL, &result, &diag));      // every report of it
 *
 *	DIR/COMPANY/2021-03-ID.sealed       backup/sealed.h: zstd, then XChaCha20-Poly1305 under the key of the backups
 *
 * Inside, lines of JSON, each report's together, and bytes of photos after the line that announces them:
 *
 *	{"archive": ID, "company": ..., "month": "2021-03", "format": 1}
 *	{"t": "damage_reports", "r": {...}}          rows, in the order in which they go back in
 *	{"blob": SHA-256, "bytes": N} and N bytes    each once a file
 *	{"report": ID, "sha256": ...}                of the report's rows above: the manifest
 *	{"end": true, "reports": n, "rows": n, "blobs": n, "sha256": ...}     of everything before this line
 *
 * A held report never goes; one that is open neither. Numbers in totals stay unless the policy says otherwise (rollup_kept).
 * Blocking, as the owner of the tables; for the clock's thread and the command line. Errors carry a sentence in diag. */
#ifndef FL_ARCHIVE_H
#define FL_ARCHIVE_H

#include "backup/backup.h"
#include "db/db.h"
#include "store/store.h"

enum {
	FL_ARCHIVE_REPORTS_MAX = 5000, /* in one file */
	FL_ARCHIVE_STEP = 100,         /* reports taken out in one transaction */
	FL_ARCHIVE_LINE_MAX = 4 << 20,
};

typedef struct fl_archive_site {
	const char *url; /* of the user who owns the tables */
	const char *dir;
	const fl_backup_key *key;
	const char *backup_dir; /* where each file is kept beside the backups before its reports go, once there is a backup; NULL: not */
	fl_store *store;
	int64_t reports_max;                      /* of one run; 0: all */
	void (*say)(void *arg, const char *line); /* progress; may be NULL */
	void *arg;
} fl_archive_site;

/* What a run would do, a line a company and month, through say. Nothing is changed. company NULL: all. */
FL_MUST fl_err fl_archive_plan(const fl_archive_site *site, const char *company, fl_diag *diag);

typedef struct fl_archive_result {
	int64_t files, reports, blobs_missing; /* blobs_missing: named, but not in the store; the file says so */
} fl_archive_result;

/* FL_DB_RETRY: somebody held a lock; what is done stays done and the next run goes on. One run at a time (FL_IN_USE). */
FL_MUST fl_err fl_archive_run(const fl_archive_site *site, const char *company, fl_archive_result *out, fl_diag *diag);

typedef struct fl_archive_facts {
	int64_t reports, rows, blobs, bytes; /* bytes: unsealed */
	fl_sha256 sha256;                    /* of everything before the last line */
} fl_archive_facts;

/* FL_NOT_FOUND, FL_DENIED (another key, or changed), FL_BAD_INPUT (it is not what it says). */
FL_MUST fl_err fl_archive_verify(const fl_archive_site *site, fl_uuid id, fl_archive_facts *out, fl_diag *diag);
/* report NULL: all. What is there already stays as it is. The photos' bytes go back into the store. Erasures that happened since are
 * done again. */
FL_MUST fl_err fl_archive_restore(
	const fl_archive_site *site, fl_uuid id, const fl_uuid *report, fl_archive_result *out, fl_diag *diag);
/* Unsealed, to fd: for the company that it belongs to. tenant 0: any. */
FL_MUST fl_err fl_archive_copy(const fl_archive_site *site, int32_t tenant, fl_uuid id, int fd, fl_diag *diag);
/* A line a file, newest first, through say. */
FL_MUST fl_err fl_archive_list(const fl_archive_site *site, const char *company, fl_diag *diag);

#endif
