/* From a file's bytes to checked rows, a piece at a time: columns by their names, values by their fields, references by a look at
 * the company, and what may stand only once. */
#include "fleet/transfer/transfer_int.h"

typedef struct reader {
	fl_ctx *ctx; /* its memory outlives the pieces */
	fl_import_read *read;
	fl_csv csv;
	int columns[FL_CSV_COLUMNS_MAX]; /* field of each column; -1: none */
	size_t column_count;
	fl_map seen[4]; /* of each unique field: value to its line */
	fl_arena mem;   /* of one piece */
	fl_chunk chunk;
} reader;

fl_err fl_problem_add(fl_ctx *ctx, fl_transfer *t, int64_t line, const char *column, fl_str value, fl_str problem)
{
	if (t->problem_count == FL_TRANSFER_PROBLEMS_MAX)
		return FL_OK;
	if (!t->problems)
		t->problems = fl_new_array(ctx->mem, fl_problem, FL_TRANSFER_PROBLEMS_MAX);
	if (!t->problems)
		return FL_NOMEM;
	value = fl_str_clip(value, 200);
	if (!fl_str_utf8_valid(value) || fl_str_find_char(value, 0) >= 0)
		value = FL_STR("");
	t->problems[t->problem_count++] = (fl_problem) { line, fl_str_dup(ctx->mem, fl_str_z(column)),
		fl_str_dup(ctx->mem, value), fl_str_dup(ctx->mem, problem) };
	return FL_OK;
}

/* A row counts as bad once, however much is wrong with it. */
static fl_err row_problem(reader *r, size_t row, const char *column, fl_str value, const char *problem)
{
	r->read->transfer->bad += !r->chunk.bad[row];
	r->chunk.bad[row] = true;
	return fl_problem_add(r->ctx, r->read->transfer, r->chunk.lines[row], column, value, fl_str_z(problem));
}

/* ---- columns ---- */

static int field_of_column(const fl_record_kind *record, fl_str name)
{
	for (size_t i = 0; i < record->field_count; i++)
		if (fl_str_eq_nocase(name, fl_str_z(record->fields[i].column)) ||
			fl_str_eq_nocase(name, fl_str_z(record->fields[i].name)))
			return (int)i;
	return -1;
}

static fl_str known_columns(fl_ctx *ctx, const fl_record_kind *record)
{
	FL_AUTO_BUF fl_buf names = fl_buf_make(2048);
	for (size_t i = 0; i < record->field_count; i++)
		fl_buf_fmt(&names, "%s%s", i ? ", " : "", record->fields[i].column);
	return fl_str_dup(ctx->mem, fl_buf_view(&names));
}

static fl_err read_columns(fl_ctx *ctx, reader *r)
{
	const fl_record_kind *record = r->read->kind->record;
	bool has[FL_FIELDS_MAX] = {};
	fl_csv_row row;
	fl_err err;
	fl_str known = known_columns(ctx, record);
	if (!fl_csv_next(&r->csv, &row, &ctx->diag, &err))
		return err ? err
			   : fl_fail(&ctx->diag, FL_BAD_INPUT, "the file is empty; its first line must name the columns: %.*s",
				     FL_ARG(known));
	for (size_t i = 0; i < row.count; i++) {
		int field = r->columns[i] = field_of_column(record, fl_str_trim(row.fields[i]));
		if (field < 0)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "line 1: there is no column \"%.*s\"; there are: %.*s",
				(int)FL_MIN(row.fields[i].len, 40), row.fields[i].ptr, FL_ARG(known));
		if (has[field])
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "line 1: the column \"%s\" is there twice",
				record->fields[field].column);
		has[field] = true;
	}
	for (size_t i = 0; i < record->field_count; i++)
		if (record->fields[i].required && !has[i])
			return fl_fail(&ctx->diag, FL_BAD_INPUT,
				"line 1: the column \"%s\" is missing; it is needed, as in \"%s\"", record->fields[i].column,
				record->fields[i].example);
	r->column_count = row.count;
	return FL_OK;
}

/* ---- one row ---- */

static fl_err read_row(fl_ctx *ctx, reader *r, const fl_csv_row *row)
{
	const fl_record_kind *record = r->read->kind->record;
	size_t index = r->chunk.count++;
	fl_value *values = r->chunk.values[index];
	fl_diag why = {};
	memset(values, 0, sizeof(r->chunk.values[index]));
	for (size_t i = 0; i < FL_FIELDS_MAX; i++)
		values[i].null = true;
	r->chunk.lines[index] = row->line;
	r->chunk.bad[index] = false;
	r->read->transfer->total++;
	if (row->count != r->column_count) {
		fl_str text = fl_str_fmt(
			ctx->mem, "the line has %zu fields; the first line names %zu columns", row->count, r->column_count);
		return row_problem(r, index, "", FL_STR(""), text.ptr ? text.ptr : "");
	}
	for (size_t i = 0; i < row->count; i++) {
		const fl_field *field = &record->fields[r->columns[i]];
		fl_str text = fl_str_dup(&r->mem, fl_csv_plain(row->fields[i]));
		if (!text.ptr)
			return FL_NOMEM;
		if (fl_field_parse(&r->mem, &why, field, text, &values[r->columns[i]]) != FL_OK)
			FL_TRY(row_problem(r, index, field->column, text, why.text));
	}
	return FL_OK;
}

/* ---- references: names to ids, all of a piece at once ---- */

static const fl_sql depots_named = { "import_depots",
	"SELECT t, f.id FROM unnest($1::text[]) t JOIN facilities f ON lower(f.name) = lower(t)" };
static const fl_sql vehicles_named = { "import_vehicles_named",
	"SELECT t, v.id FROM unnest($1::text[]) t JOIN vehicles v ON v.name_key = lower(t)", .generic = true };
static const fl_sql drivers_named = { "import_drivers_named",
	"SELECT t, d.id FROM unnest($1::text[]) t JOIN drivers d ON d.employee_no = t" };

/* The texts of a field; *count of them, from rows that have one. */
static fl_err texts_of(reader *r, int field, fl_str **out, size_t *count)
{
	fl_str *texts = fl_new_array(&r->mem, fl_str, r->chunk.count);
	if (!texts)
		return FL_NOMEM;
	*count = 0;
	for (size_t i = 0; i < r->chunk.count; i++)
		if (!r->chunk.values[i][field].null && r->chunk.values[i][field].text.len)
			texts[(*count)++] = r->chunk.values[i][field].text;
	*out = texts;
	return FL_OK;
}

static fl_err ask_texts(fl_ctx *ctx, reader *r, const fl_sql *sql, int field, const fl_rows **rows)
{
	fl_args args = fl_args_make(&r->mem);
	fl_str *texts;
	size_t count;
	FL_TRY(texts_of(r, field, &texts, &count));
	fl_arg_texts(&args, texts, count);
	return await_query(ctx, ctx->services->db, sql, &args, rows);
}

static fl_err resolve(fl_ctx *ctx, reader *r, int field, const fl_sql *sql)
{
	const fl_field *f = &r->read->kind->record->fields[field];
	const fl_rows *rows;
	fl_map ids;
	FL_TRY(ask_texts(ctx, r, sql, field, &rows));
	fl_map_init(&ids, &r->mem);
	for (int i = 0; i < rows->count; i++)
		FL_TRY(fl_map_put(&ids, fl_row_text(rows, i, 0), (void *)(intptr_t)fl_row_i32(rows, i, 1)));
	for (size_t i = 0; i < r->chunk.count; i++) {
		fl_value *value = &r->chunk.values[i][field];
		if (value->null || r->chunk.bad[i])
			continue;
		value->number = (int64_t)(intptr_t)fl_map_get(&ids, value->text);
		if (value->number)
			continue;
		fl_str text = fl_str_fmt(&r->mem, "there is no such %s; write it as in \"%s\"",
			f->what + (strncmp(f->what, "the ", 4) == 0 ? 4 : 0), f->example);
		FL_TRY(row_problem(r, i, f->column, value->text, text.ptr ? text.ptr : ""));
	}
	return FL_OK;
}

static fl_err resolve_all(fl_ctx *ctx, reader *r)
{
	const fl_record_kind *record = r->read->kind->record;
	for (size_t i = 0; i < record->field_count; i++) {
		fl_field_kind kind = record->fields[i].kind;
		if (kind == FL_FIELD_DEPOT)
			FL_TRY(resolve(ctx, r, (int)i, &depots_named));
		else if (kind == FL_FIELD_VEHICLE)
			FL_TRY(resolve(ctx, r, (int)i, &vehicles_named));
		else if (kind == FL_FIELD_DRIVER)
			FL_TRY(resolve(ctx, r, (int)i, &drivers_named));
	}
	return FL_OK;
}

/* ---- what may stand once ---- */

static fl_str lower(fl_arena *mem, fl_str text)
{
	char *copy = fl_arena_take(mem, text.len + 1);
	for (size_t i = 0; copy && i < text.len; i++)
		copy[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] + 'a' - 'A') : text.ptr[i];
	return (fl_str) { copy, copy ? text.len : 0 };
}

static fl_err check_in_file(reader *r, fl_map *seen, int field)
{
	const char *column = r->read->kind->record->fields[field].column;
	for (size_t i = 0; i < r->chunk.count; i++) {
		fl_value *value = &r->chunk.values[i][field];
		if (value->null || value->text.len == 0)
			continue;
		fl_str key = fl_str_dup(r->ctx->mem, lower(&r->mem, value->text));
		int64_t before = (int64_t)(intptr_t)fl_map_get(seen, key);
		if (before) {
			fl_str text = fl_str_fmt(&r->mem, "line %lld has the same one", (long long)before);
			FL_TRY(row_problem(r, i, column, value->text, text.ptr ? text.ptr : ""));
		} else if (!key.ptr || fl_map_put(seen, key, (void *)(intptr_t)r->chunk.lines[i]) != FL_OK) {
			return FL_NOMEM;
		}
	}
	return FL_OK;
}

static fl_err check_in_company(fl_ctx *ctx, reader *r, const fl_import_unique *unique, int field)
{
	const char *column = r->read->kind->record->fields[field].column;
	const fl_rows *rows;
	fl_map taken;
	FL_TRY(ask_texts(ctx, r, &unique->taken, field, &rows));
	fl_map_init(&taken, &r->mem);
	for (int i = 0; i < rows->count; i++)
		FL_TRY(fl_map_put(&taken, fl_row_text(rows, i, 0), r));
	for (size_t i = 0; i < r->chunk.count; i++) {
		fl_value *value = &r->chunk.values[i][field];
		if (!value->null && fl_map_get(&taken, value->text))
			FL_TRY(row_problem(r, i, column, value->text, "the company has one like this already"));
	}
	return FL_OK;
}

static fl_err check_uniques(fl_ctx *ctx, reader *r)
{
	const fl_import_unique *unique = r->read->kind->uniques;
	for (size_t i = 0; r->read->check && unique[i].field; i++) {
		int field = fl_record_field(r->read->kind->record, unique[i].field);
		assert(field >= 0 && i < FL_COUNT(r->seen));
		FL_TRY(check_in_file(r, &r->seen[i], field));
		FL_TRY(check_in_company(ctx, r, &unique[i], field));
	}
	return FL_OK;
}

/* ---- pieces ---- */

static void note_earliest(reader *r)
{
	int field = fl_record_field(r->read->kind->record, "reportedAt");
	for (size_t i = 0; field >= 0 && i < r->chunk.count; i++)
		if (!r->chunk.values[i][field].null)
			r->read->earliest = FL_MIN(r->read->earliest, r->chunk.values[i][field].number);
}

static fl_err use_piece(fl_ctx *ctx, reader *r)
{
	FL_TRY(resolve_all(ctx, r));
	FL_TRY(check_uniques(ctx, r));
	note_earliest(r);
	return r->read->use ? r->read->use(ctx, r->read, &r->chunk) : FL_OK;
}

/* What a piece needs ends with it; its problems stay. */
static fl_err finish_piece(fl_ctx *ctx, reader *r)
{
	fl_ctx piece;
	if (r->chunk.count == 0)
		return FL_OK;
	fl_ctx_derive(&piece, ctx, 0);
	piece.mem = &r->mem;
	fl_err err = use_piece(&piece, r);
	if (err)
		ctx->diag = piece.diag;
	fl_ctx_fini(&piece);
	r->chunk.count = 0;
	fl_arena_reset(&r->mem);
	return err;
}

static fl_err read_rows(fl_ctx *ctx, reader *r)
{
	fl_err err = FL_OK;
	fl_csv_row row;
	int64_t skip = r->read->skip;
	while (fl_csv_next(&r->csv, &row, &ctx->diag, &err)) {
		if (skip-- > 0) {
			r->read->transfer->total++;
			continue;
		}
		FL_TRY(read_row(ctx, r, &row));
		if (r->chunk.count == FL_CHUNK_ROWS)
			FL_TRY(finish_piece(ctx, r));
	}
	FL_TRY(finish_piece(ctx, r));
	if (err == FL_BAD_INPUT) { /* nothing can be read behind it */
		r->read->transfer->bad++;
		FL_TRY(fl_problem_add(ctx, r->read->transfer, r->csv.line, "", FL_STR(""), fl_str_z(ctx->diag.text)));
		err = FL_OK;
	}
	return err;
}

/* In the order of the file, and of a line's columns. They nearly are: only what a whole piece tells comes later. */
static void sort_problems(fl_transfer *t)
{
	for (size_t i = 1; i < t->problem_count; i++) {
		fl_problem moved = t->problems[i];
		size_t at = i;
		for (; at > 0 && t->problems[at - 1].line > moved.line; at--)
			t->problems[at] = t->problems[at - 1];
		t->problems[at] = moved;
	}
}

fl_err fl_import_scan(fl_ctx *ctx, fl_str text, fl_import_read *read)
{
	reader *r = fl_new(ctx->mem, reader);
	if (!r)
		return FL_NOMEM;
	r->ctx = ctx;
	r->read = read;
	r->mem = fl_arena_make(64 << 20);
	r->chunk.values = fl_arena_array(ctx->mem, FL_CHUNK_ROWS, sizeof(r->chunk.values[0]));
	if (!r->chunk.values)
		return FL_NOMEM;
	read->earliest = FL_NEVER;
	read->transfer->total = 0;
	for (size_t i = 0; i < FL_COUNT(r->seen); i++)
		fl_map_init(&r->seen[i], ctx->mem);
	FL_TRY(fl_csv_open(&r->csv, text, &ctx->diag));
	fl_err err = read_columns(ctx, r);
	if (err == FL_OK)
		err = read_rows(ctx, r);
	sort_problems(read->transfer);
	fl_csv_close(&r->csv);
	fl_arena_fini(&r->mem);
	return err;
}
