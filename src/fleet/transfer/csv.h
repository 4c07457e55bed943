/* csv: RFC 4180 as people send it: UTF-8 with or without a mark in front, any line ends, commas, semicolons or tabs; and as
 * spreadsheets may open it.
 *
 *	fl_csv csv;
 *	FL_TRY(fl_csv_open(&csv, text, diag));
 *	while (fl_csv_next(&csv, &row, diag, &err))
 *		use(row.line, row.fields, row.count);          // valid until the next call
 *	fl_csv_close(&csv);
 *
 * Text is borrowed. Nothing recurses; a row has at most FL_CSV_COLUMNS_MAX fields of FL_CSV_FIELD_MAX bytes. */
#ifndef FL_FLEET_CSV_H
#define FL_FLEET_CSV_H

#include "base/base.h"

enum { FL_CSV_COLUMNS_MAX = 64, FL_CSV_FIELD_MAX = 64 << 10 };

typedef struct fl_csv_row {
	int64_t line;         /* that it begins in, from 1 */
	const fl_str *fields; /* as they are meant: without quotes */
	size_t count;
} fl_csv_row;

typedef struct fl_csv {
	fl_str text; /* what is left */
	char delimiter;
	int64_t line;
	fl_buf row; /* the bytes of the row's fields, one after another */
	fl_str fields[FL_CSV_COLUMNS_MAX];
	size_t ends[FL_CSV_COLUMNS_MAX];
} fl_csv;

/* Finds the separator in the first line. FL_BAD_INPUT: the text is UTF-16, or empty. */
FL_MUST fl_err fl_csv_open(fl_csv *csv, fl_str text, fl_diag *diag);
void fl_csv_close(fl_csv *csv);
/* The next row that is not blank; false at the end, or when *err says why no more can be read: a quote that does not end, a
 * quote within a field, too many or too long fields. */
bool fl_csv_next(fl_csv *csv, fl_csv_row *row, fl_diag *diag, fl_err *err);

/* Writes one field of a row; first: it begins the row. A text that a spreadsheet would take for a formula is given an
 * apostrophe in front, unless it is a number. */
void fl_csv_put(fl_buf *out, fl_str field, bool first);
/* CRLF. */
void fl_csv_end(fl_buf *out);
/* Takes that apostrophe away again. */
fl_str fl_csv_plain(fl_str field);

#endif
