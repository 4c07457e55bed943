/* How long a company keeps its reports, and what is left of those that go. The going itself is archive/archive.h, by the clock. */
#ifndef FL_FLEET_RETENTION_H
#define FL_FLEET_RETENTION_H

#include "fleet/fleet.h"

enum { FL_RETENTION_YEARS_MAX = 100 };

typedef enum fl_keep { FL_KEEP_NOTHING = 1, FL_KEEP_NUMBERS, FL_KEEP_ARCHIVE } fl_keep;

typedef struct fl_retention {
	int32_t years; /* 0: for ever */
	fl_keep keep;
	int32_t version; /* 0: there is no policy */
	int32_t set_by;
	int64_t set_at;
} fl_retention;

/* Whoever may read all reports. */
FL_MUST fl_err fl_retention_get(fl_ctx *ctx, fl_retention *out);
/* Administrators. years 0 removes the policy. FL_CONFLICT: version is another (0 for none; -1: whatever it is). */
FL_MUST fl_err fl_retention_set(fl_ctx *ctx, int32_t years, fl_keep keep, int32_t version, fl_retention *out);

/* What the next runs would take out, by month. */
typedef struct fl_retention_month {
	fl_str month; /* 2021-03 */
	int64_t reports, photos, bytes, held, open;
} fl_retention_month;
FL_MUST fl_err fl_retention_plan(fl_ctx *ctx, fl_retention_month **out, size_t *count);

typedef struct fl_archive_row {
	fl_uuid id;
	fl_str month, sha256;
	int16_t state; /* 1 written, 2 complete, 3 restored from */
	int32_t reports, photos;
	int64_t bytes, created_at;
} fl_archive_row;
/* Administrators. Newest first. */
FL_MUST fl_err fl_archives_list(fl_ctx *ctx, const fl_uuid *after, uint32_t limit, fl_archive_row **out, size_t *count);

/* The archive of the caller's company as it was before it was sealed, checked, in a nameless file that the caller closes. Administrators;
 * an event says who took it. FL_NOT_FOUND, FL_UNAVAILABLE (this process has no archives). */
FL_MUST fl_err fl_archive_open(fl_ctx *ctx, fl_uuid id, int *fd, int64_t *size);

#endif
