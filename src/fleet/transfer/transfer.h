/* transfer: files that come (imports) and go (exports), as CSV.
 *
 *	file --> store --> checked whole --> written in pieces of 500 lines, each with its progress, in a transaction
 *	                        '--> problems: line, column, what is wrong and what would be right
 *
 * A file with a bad line imports nothing. Up to FL_TRANSFER_NOW_LINES lines are imported at once; longer files, and exports to a
 * file, are jobs (FL_QUEUE_TRANSFER) that `fleet work` does; a worker that dies is followed by another, which goes on behind
 * the last piece that was committed.
 *
 * Memory: ctx->mem; an import holds its file (FL_PHOTO_BYTES_MAX at most), an export one page. */
#ifndef FL_FLEET_TRANSFER_H
#define FL_FLEET_TRANSFER_H

#include "fleet/registry/record.h"
#include "fleet/report/report.h"
#include "queue/queue.h"

enum { FL_TRANSFER_NOW_LINES = 10000, FL_TRANSFER_PROBLEMS_MAX = 1000 };

typedef enum fl_transfer_kind {
	FL_TRANSFER_VEHICLES = 1,
	FL_TRANSFER_DRIVERS,
	FL_TRANSFER_FACILITIES,
	FL_TRANSFER_REPORTS
} fl_transfer_kind;
typedef enum fl_transfer_state {
	FL_TRANSFER_WAITING = 1,
	FL_TRANSFER_RUNNING,
	FL_TRANSFER_DONE,
	FL_TRANSFER_FAILED
} fl_transfer_state;
typedef enum fl_transfer_direction { FL_TRANSFER_IMPORT = 1, FL_TRANSFER_EXPORT } fl_transfer_direction;

typedef struct fl_problem {
	int64_t line;
	fl_str column, value, problem; /* column empty: of the line as a whole */
} fl_problem;

typedef struct fl_transfer {
	fl_uuid id;
	int16_t direction, kind, state;
	bool dry_run, has_blob;
	int32_t user_id;
	fl_sha256 blob;
	int64_t total, done, bad; /* lines, without the first */
	fl_problem *problems;     /* the first FL_TRANSFER_PROBLEMS_MAX */
	size_t problem_count;
	fl_str error;                    /* ptr NULL: none */
	int64_t created_at, finished_at; /* 0: not yet */
} fl_transfer;

/* "vehicles"; FL_NOT_FOUND. */
FL_MUST fl_err fl_transfer_kind_parse(fl_diag *diag, fl_str name, fl_transfer_kind *out);
fl_str fl_transfer_kind_name(fl_transfer_kind kind);
/* The fields of the kind's files. */
const fl_record_kind *fl_transfer_record(fl_transfer_kind kind);
/* FL_FORBIDDEN. */
FL_MUST fl_err fl_transfer_may(fl_ctx *ctx, fl_transfer_direction direction, fl_transfer_kind kind);

/* Imports the file, or only checks it. What is wrong with lines is in out, not an error; a file that is no CSV at all is one. */
FL_MUST fl_err fl_import_start(fl_ctx *ctx, fl_transfer_kind kind, const fl_upload *file, bool dry_run, fl_transfer *out);
/* Queues an export to a file. */
FL_MUST fl_err fl_export_start(fl_ctx *ctx, fl_transfer_kind kind, fl_transfer *out);
/* FL_NOT_FOUND. */
FL_MUST fl_err fl_transfer_get(fl_ctx *ctx, fl_transfer_direction direction, fl_uuid id, fl_transfer *out);

/* The handler of FL_QUEUE_TRANSFER. */
fl_err fl_transfer_job(fl_ctx *ctx, fl_job *job, void *arg);

/* ---- Exports, page by page --------------------------------------------------------------------------------------------- */

/*	fl_export x = { .kind = FL_TRANSFER_REPORTS };
 *	do { FL_TRY(fl_export_page(ctx, &x, &buf)); send(buf); fl_buf_reset(&buf); } while (!x.finished); */
typedef struct fl_export {
	fl_transfer_kind kind;
	bool begun, finished;
	int32_t after_id;
	fl_uuid before; /* reports, newest first */
	int64_t lines;
} fl_export;

/* Appends the first line and then a page of 500; the caller has asked fl_transfer_may. */
FL_MUST fl_err fl_export_page(fl_ctx *ctx, fl_export *x, fl_buf *out);

#endif
