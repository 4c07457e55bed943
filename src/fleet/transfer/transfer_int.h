/* What imports and exports share. */
#ifndef FL_FLEET_TRANSFER_INT_H
#define FL_FLEET_TRANSFER_INT_H

#include "fleet/transfer/csv.h"
#include "fleet/transfer/transfer.h"

/* A field whose values may stand once in a company: the statement gives those of $1 (in lower case) that are taken. */
typedef struct fl_import_unique {
	const char *field;
	fl_sql taken;
} fl_import_unique;

typedef struct fl_import_kind {
	const char *name;
	const fl_record_kind *record;
	fl_permission import, export;
	const fl_import_unique *uniques; /* ends with { 0 } */
	/* insert: $1 company, $2 actor, $3 the import's id, then an array of texts for each field; for reports the ids besides.
	 * page: $1 the last id, $2 how many; the id, then the fields as texts, numbers and times (kinds as in field.c). */
	fl_sql insert, page;
} fl_import_kind;

const fl_import_kind *fl_import_kind_of(fl_transfer_kind kind);

/* ---- reading a file ---- */

enum { FL_CHUNK_ROWS = 500 };

typedef struct fl_chunk {
	size_t count;
	int64_t lines[FL_CHUNK_ROWS];
	bool bad[FL_CHUNK_ROWS];
	fl_value (*values)[FL_FIELDS_MAX]; /* references have their ids in number and their names in text */
} fl_chunk;

typedef struct fl_import_read {
	const fl_import_kind *kind;
	fl_transfer *transfer; /* total, bad and problems grow */
	bool check;            /* names that are taken, in the file and in the company, are problems */
	int64_t skip;          /* lines to leave out */
	int64_t earliest;      /* of reported_at; FL_NEVER: none */
	/* Gets each piece; its memory ends with the call. NULL: nothing is done with it. */
	fl_err (*use)(fl_ctx *ctx, const struct fl_import_read *read, const fl_chunk *chunk);
	void *arg;
} fl_import_read;

/* FL_BAD_INPUT: no CSV, or its first line names no known column. */
FL_MUST fl_err fl_import_scan(fl_ctx *ctx, fl_str text, fl_import_read *read);
FL_MUST fl_err fl_problem_add(fl_ctx *ctx, fl_transfer *transfer, int64_t line, const char *column, fl_str value, fl_str problem);

/* Reads, checks and writes; the transfer's row says how it went. Errors are those of the world. */
FL_MUST fl_err fl_import_run(fl_ctx *ctx, fl_transfer *transfer);
/* Writes what changed of the row. */
FL_MUST fl_err fl_transfer_save(fl_ctx *ctx, const fl_transfer *transfer);
FL_MUST fl_err fl_transfer_problems_json(fl_ctx *ctx, const fl_transfer *transfer, fl_str *out);
extern const fl_sql fl_transfer_update;
FL_MUST fl_err fl_transfer_update_args(fl_ctx *ctx, const fl_transfer *transfer, fl_args *args);

#endif
