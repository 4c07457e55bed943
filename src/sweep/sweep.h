/* sweep: bytes in the store that no row names go. Reports leave by erasure and retention, attachments are removed, uploads end half
 * way: none of that touches the store, because the bytes are kept by content and others may have sent the same.
 *
 *	fl_sweep_site site = { .url = owner_url, .store = store };
 *	FL_TRY(fl_sweep_run(&site, &result, &diag));
 *
 * One run reads every name there is, of all companies, in one snapshot (platform.blob_columns says in which columns), into a filter that
 * may think a name is there that is not, never the other way; the next run asks another filter. Then it walks over the store:
 *
 *	put or sent again a short while ago (grace)        stays: the row may be on its way
 *	in the filter                                      stays
 *	found with no name for the first time              stays, and is noted (platform.loose_blobs)
 *	noted longer ago than the grace                    goes, unless it was put meanwhile (store.h)
 *
 * Killed at any point it leaves a blob too many, never one too few. A store is swept only by the database that it belongs to: the number
 * in platform.sweep is written into the store by the first sweep that finds most of what is a day old named, so that another database, an empty one
 * above all, refuses (FL_CONFLICT) instead of removing everything. A column of bytes that nobody has judged refuses too.
 *
 * Blocking, as the owner of the tables; for the clock's thread and the command line. Errors carry a sentence in diag. */
#ifndef FL_SWEEP_H
#define FL_SWEEP_H

#include "db/db.h"
#include "store/store.h"

#define FL_SWEEP_GRACE_US (24 * FL_HOUR_US)
#define FL_SWEEP_EVERY_US (6 * FL_HOUR_US)
enum { FL_SWEEP_REMOVE_MAX = 100000 }; /* of one run */

typedef struct fl_sweep_site {
	const char *url; /* of the user who owns the tables */
	fl_store *store;
	int64_t remove_max; /* 0: FL_SWEEP_REMOVE_MAX */
	bool only_due;      /* nothing when the last run began less than FL_SWEEP_EVERY_US ago */
	bool dry;           /* counts, changes nothing */
	bool adopt;         /* a person says that the store belongs to this database */
} fl_sweep_site;

typedef struct fl_sweep_result {
	bool ran;
	int64_t seen, seen_bytes;   /* in the store */
	int64_t loose, loose_bytes; /* with no name, put before the grace; those that went are among them */
	int64_t due;                /* of those, noted long enough */
	int64_t removed, removed_bytes;
} fl_sweep_result;

/* One at a time in a database: FL_IN_USE. FL_CONFLICT: it refuses, see above. */
FL_MUST fl_err fl_sweep_run(const fl_sweep_site *site, fl_sweep_result *out, fl_diag *diag);

/* ---- The filter: public for its test ---- */

typedef struct fl_sweep_filter fl_sweep_filter;
/* For about so many names: 16 bits each, 128 KiB to 256 MiB. NULL: no memory. */
fl_sweep_filter *fl_sweep_filter_new(int64_t about);
void fl_sweep_filter_free(fl_sweep_filter *filter);
FL_AUTO_DEFINE(fl_sweep_filter, fl_sweep_filter_free)
void fl_sweep_filter_add(fl_sweep_filter *filter, fl_sha256 name);
/* False: it was never added. True: nearly always, it was. */
bool fl_sweep_filter_has(const fl_sweep_filter *filter, fl_sha256 name);

#endif
