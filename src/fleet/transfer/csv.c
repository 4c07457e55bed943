#include "fleet/transfer/csv.h"

/* ---- reading ---- */

static char find_delimiter(fl_str text)
{
	static const char candidates[] = { ',', ';', '\t' };
	size_t counts[FL_COUNT(candidates)] = { 0 }, best = 0;
	bool quoted = false;
	for (size_t i = 0; i < text.len && (quoted || (text.ptr[i] != '\n' && text.ptr[i] != '\r')); i++) {
		quoted ^= text.ptr[i] == '"';
		for (size_t k = 0; k < FL_COUNT(candidates) && !quoted; k++)
			counts[k] += text.ptr[i] == candidates[k];
	}
	for (size_t k = 1; k < FL_COUNT(candidates); k++)
		best = counts[k] > counts[best] ? k : best;
	return candidates[best];
}

fl_err fl_csv_open(fl_csv *csv, fl_str text, fl_diag *diag)
{
	*csv = (fl_csv) { .line = 1, .row = fl_buf_make(FL_CSV_COLUMNS_MAX * FL_CSV_FIELD_MAX) };
	if (fl_str_starts(text, FL_STR("\xff\xfe")) || fl_str_starts(text, FL_STR("\xfe\xff")))
		return fl_fail(diag, FL_BAD_INPUT, "the file is UTF-16; save it as \"CSV UTF-8\"");
	if (fl_str_starts(text, FL_STR("\xef\xbb\xbf")))
		text = fl_str_slice(text, 3, text.len);
	if (fl_str_trim(text).len == 0)
		return fl_fail(diag, FL_BAD_INPUT, "the file is empty; its first line must name the columns");
	csv->text = text;
	csv->delimiter = find_delimiter(text);
	return FL_OK;
}

void fl_csv_close(fl_csv *csv)
{
	fl_buf_fini(&csv->row);
}

static char peek(const fl_csv *csv)
{
	return csv->text.len ? csv->text.ptr[0] : 0;
}

static void skip(fl_csv *csv, size_t n)
{
	csv->text.ptr += n;
	csv->text.len -= n;
}

/* Past a line end, if one is here. */
static bool skip_line_end(fl_csv *csv)
{
	if (csv->text.len == 0 || (peek(csv) != '\n' && peek(csv) != '\r'))
		return false;
	skip(csv, csv->text.len > 1 && csv->text.ptr[0] == '\r' && csv->text.ptr[1] == '\n' ? 2 : 1);
	csv->line++;
	return true;
}

static void read_plain(fl_csv *csv)
{
	size_t len = 0;
	while (len < csv->text.len && csv->text.ptr[len] != csv->delimiter && csv->text.ptr[len] != '\n' &&
		csv->text.ptr[len] != '\r')
		len++;
	fl_buf_add(&csv->row, csv->text.ptr, len);
	skip(csv, len);
}

/* Behind the opening quote; a doubled quote is one, line ends belong to the field. */
static fl_err read_quoted(fl_csv *csv, fl_diag *diag)
{
	int64_t line = csv->line;
	for (;;) {
		ptrdiff_t at = fl_str_find_char(csv->text, '"');
		if (at < 0)
			return fl_fail(diag, FL_BAD_INPUT, "line %lld: a quote begins here that does not end", (long long)line);
		for (ptrdiff_t i = 0; i < at; i++)
			csv->line += csv->text.ptr[i] == '\n' || (csv->text.ptr[i] == '\r' && csv->text.ptr[i + 1] != '\n');
		fl_buf_add(&csv->row, csv->text.ptr, (size_t)at);
		skip(csv, (size_t)at + 1);
		if (peek(csv) != '"')
			break;
		fl_buf_char(&csv->row, '"');
		skip(csv, 1);
	}
	while (peek(csv) == ' ')
		skip(csv, 1);
	if (csv->text.len && peek(csv) != csv->delimiter && peek(csv) != '\n' && peek(csv) != '\r')
		return fl_fail(diag, FL_BAD_INPUT,
			"line %lld: something follows a closing quote; write quotes within a field twice", (long long)csv->line);
	return FL_OK;
}

static fl_err read_field(fl_csv *csv, size_t index, fl_diag *diag)
{
	size_t start = csv->row.len;
	if (index == FL_CSV_COLUMNS_MAX)
		return fl_fail(
			diag, FL_BAD_INPUT, "line %lld has more than %d columns", (long long)csv->line, FL_CSV_COLUMNS_MAX);
	if (peek(csv) == '"' && csv->text.len) {
		skip(csv, 1);
		FL_TRY(read_quoted(csv, diag));
	} else {
		read_plain(csv);
	}
	if (csv->row.len - start > FL_CSV_FIELD_MAX)
		return fl_fail(
			diag, FL_BAD_INPUT, "line %lld: a field is longer than %d bytes", (long long)csv->line, FL_CSV_FIELD_MAX);
	csv->ends[index] = csv->row.len;
	return fl_buf_err(&csv->row);
}

/* Fields are cut when all are there: the buffer may move while they are read. */
static void cut_fields(fl_csv *csv, size_t count)
{
	for (size_t i = 0, start = 0; i < count; start = csv->ends[i++])
		csv->fields[i] = fl_str_slice(fl_buf_view(&csv->row), start, csv->ends[i]);
}

static fl_err read_row(fl_csv *csv, fl_csv_row *row, fl_diag *diag)
{
	size_t count = 0;
	fl_buf_reset(&csv->row);
	row->line = csv->line;
	for (bool more = true; more;) {
		FL_TRY(read_field(csv, count, diag));
		count++;
		more = csv->text.len && peek(csv) == csv->delimiter;
		if (more)
			skip(csv, 1);
	}
	(void)skip_line_end(csv);
	cut_fields(csv, count);
	row->fields = csv->fields;
	row->count = count;
	return FL_OK;
}

bool fl_csv_next(fl_csv *csv, fl_csv_row *row, fl_diag *diag, fl_err *err)
{
	*err = FL_OK;
	while (skip_line_end(csv))
		;
	if (csv->text.len == 0)
		return false;
	*err = read_row(csv, row, diag);
	return *err == FL_OK;
}

/* ---- writing ---- */

static bool is_number(fl_str s)
{
	double ignored;
	return s.len <= 40 && s.ptr[0] != '=' && s.ptr[0] != '@' && fl_str_f64(s, &ignored);
}

static bool like_formula(fl_str s)
{
	return s.len &&
	       (s.ptr[0] == '=' || s.ptr[0] == '+' || s.ptr[0] == '-' || s.ptr[0] == '@' || s.ptr[0] == '\t' ||
		       s.ptr[0] == '\r') &&
	       !is_number(s);
}

void fl_csv_put(fl_buf *out, fl_str field, bool first)
{
	bool formula = like_formula(field),
	     quote = formula || (field.len && (field.ptr[0] == ' ' || field.ptr[field.len - 1] == ' '));
	for (size_t i = 0; i < field.len && !quote; i++)
		quote = field.ptr[i] == ',' || field.ptr[i] == ';' || field.ptr[i] == '\t' || field.ptr[i] == '"' ||
			field.ptr[i] == '\n' || field.ptr[i] == '\r';
	if (!first)
		fl_buf_char(out, ',');
	if (!quote) {
		fl_buf_str(out, field);
		return;
	}
	fl_buf_char(out, '"');
	if (formula)
		fl_buf_char(out, '\'');
	for (size_t i = 0; i < field.len; i++) {
		if (field.ptr[i] == '"')
			fl_buf_char(out, '"');
		fl_buf_char(out, field.ptr[i]);
	}
	fl_buf_char(out, '"');
}

void fl_csv_end(fl_buf *out)
{
	fl_buf_lit(out, "\r\n");
}

fl_str fl_csv_plain(fl_str field)
{
	bool marked = field.len > 1 && field.ptr[0] == '\'' && like_formula(fl_str_slice(field, 1, field.len));
	return marked ? fl_str_slice(field, 1, field.len) : field;
}
