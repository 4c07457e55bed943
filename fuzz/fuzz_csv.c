/* Any bytes as a CSV file; what was read is written and read again, and must be the same. */
#include "fleet/transfer/csv.h"
#include "fuzz.h"

static void read_again(const fl_csv_row *row)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(16 << 20);
	fl_diag diag = { 0 };
	fl_csv csv;
	fl_csv_row again;
	fl_err err;
	fl_csv_put(&out, FL_STR("x"), true);
	for (size_t i = 0; i < row->count && i < FL_CSV_COLUMNS_MAX - 1; i++)
		fl_csv_put(&out, row->fields[i], false);
	fl_csv_end(&out);
	assert(fl_csv_open(&csv, fl_buf_view(&out), &diag) == FL_OK);
	csv.delimiter = ',';
	bool more = fl_csv_next(&csv, &again, &diag, &err);
	/* A field that grew by quotes and an apostrophe may be beyond the limit. */
	if (more) {
		assert(again.count == FL_MIN(row->count, (size_t)FL_CSV_COLUMNS_MAX - 1) + 1);
		for (size_t i = 1; i < again.count; i++)
			assert(fl_str_eq(again.fields[i], row->fields[i - 1]) || fl_str_eq(fl_csv_plain(again.fields[i]), row->fields[i - 1]));
	} else {
		assert(err != FL_OK);
	}
	fl_csv_close(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_diag diag = { 0 };
	fl_csv csv;
	fl_csv_row row;
	fl_err err = fl_csv_open(&csv, fl_str_make(bytes, len), &diag);
	while (err == FL_OK && fl_csv_next(&csv, &row, &diag, &err)) {
		assert(row.count >= 1 && row.count <= FL_CSV_COLUMNS_MAX);
		read_again(&row);
	}
	fl_csv_close(&csv);
	return 0;
}
