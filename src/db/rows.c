/* Results in PostgreSQL's binary form. */
#include "db/db_int.h"

typedef struct box {
	fl_rows rows; /* first: the caller's pointer is this one's */
} box;

static void clear(void *arg)
{
	fl_rows_free(arg);
}

fl_err fl_rows_wrap(fl_arena *mem, PGresult *result, const fl_rows **out)
{
	box *b = fl_new(mem, box);
	const char *affected = PQcmdTuples(result);
	int64_t n = 0;

	if (!b) {
		PQclear(result);
		return FL_NOMEM;
	}
	(void)fl_str_i64(fl_str_z(affected), &n);
	b->rows = (fl_rows){ .count = PQntuples(result), .columns = PQnfields(result), .affected = n, .result = result };
	FL_TRY(fl_arena_defer(mem, clear, b));
	*out = &b->rows;
	return FL_OK;
}

void fl_rows_free(const fl_rows *rows)
{
	box *b = (box *)rows; /* made by fl_rows_wrap: not a constant object */

	if (!b || !b->rows.result)
		return;
	PQclear(b->rows.result);
	b->rows = (fl_rows){};
}

bool fl_row_null(const fl_rows *rows, int row, int column)
{
	assert(row >= 0 && row < rows->count && column >= 0 && column < rows->columns);
	return PQgetisnull(rows->result, row, column);
}

/* The bytes of a value, ptr NULL for NULL. */
static fl_str value(const fl_rows *rows, int row, int column)
{
	int len = PQgetlength(rows->result, row, column);

	/* libpq says 0 for NULL too; only then is there something to tell apart. */
	if (len == 0 && fl_row_null(rows, row, column))
		return (fl_str){ NULL, 0 };
	return (fl_str){ PQgetvalue(rows->result, row, column), (size_t)len };
}

static uint32_t type_of(const fl_rows *rows, int column)
{
	return PQftype(rows->result, column);
}

static fl_str typed(const fl_rows *rows, int row, int column, fl_db_type type)
{
	/* A column has one type: the first row shows whether it is the right one. */
	assert(row > 0 || type_of(rows, column) == (uint32_t)type);
	return value(rows, row, column);
}

static uint16_t be16(const char *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return be16toh(v);
}

static uint32_t be32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return be32toh(v);
}

static uint64_t be64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return be64toh(v);
}

bool fl_row_bool(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_BOOL);

	return v.ptr && v.ptr[0];
}

int16_t fl_row_i16(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_I16);

	return v.ptr ? (int16_t)be16(v.ptr) : 0;
}

int32_t fl_row_i32(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_I32);

	return v.ptr ? (int32_t)be32(v.ptr) : 0;
}

int64_t fl_row_i64(const fl_rows *rows, int row, int column)
{
	fl_str v = value(rows, row, column);

	assert(row > 0 || type_of(rows, column) == FL_DB_I64 || type_of(rows, column) == FL_DB_I32 || type_of(rows, column) == FL_DB_I16);
	if (!v.ptr)
		return 0;
	return v.len == 8 ? (int64_t)be64(v.ptr) : v.len == 4 ? (int32_t)be32(v.ptr) : (int16_t)be16(v.ptr);
}

uint64_t fl_row_xid(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_XID8);

	return v.ptr ? be64(v.ptr) : 0;
}

float fl_row_f4(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_F4);
	uint32_t bits = v.ptr ? be32(v.ptr) : 0;
	float out;

	memcpy(&out, &bits, 4);
	return out;
}

double fl_row_f8(const fl_rows *rows, int row, int column)
{
	fl_str v;
	uint64_t bits;
	double out;

	if (type_of(rows, column) == FL_DB_F4)
		return fl_row_f4(rows, row, column);
	v = typed(rows, row, column, FL_DB_F8);
	bits = v.ptr ? be64(v.ptr) : 0;
	memcpy(&out, &bits, 8);
	return out;
}

/* PostGIS's own form (EWKB): 1 for little-endian, the type with the mark of an SRID, the SRID, x, y. */
bool fl_row_place(const fl_rows *rows, int row, int column, double *longitude, double *latitude)
{
	static const char head[] = { 1, 1, 0, 0, 0x20, (char)0xe6, 0x10, 0, 0 };
	fl_str v = value(rows, row, column);
	uint64_t bits[2];

	if (!v.ptr || v.len != sizeof head + sizeof bits || memcmp(v.ptr, head, sizeof head) != 0)
		return false;
	memcpy(bits, v.ptr + sizeof head, sizeof bits);
	for (int i = 0; i < 2; i++)
		bits[i] = le64toh(bits[i]);
	memcpy(longitude, &bits[0], 8);
	memcpy(latitude, &bits[1], 8);
	return true;
}

int64_t fl_row_time(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_TIME);

	return v.ptr ? (int64_t)be64(v.ptr) + FL_PG_EPOCH_US : FL_NEVER;
}

int64_t fl_row_time_or_0(const fl_rows *rows, int row, int column)
{
	return fl_row_null(rows, row, column) ? 0 : fl_row_time(rows, row, column);
}

fl_uuid fl_row_uuid(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_UUID);
	fl_uuid out = {};

	if (v.ptr)
		memcpy(out.bytes, v.ptr, 16);
	return out;
}

fl_str fl_row_text(const fl_rows *rows, int row, int column)
{
	return typed(rows, row, column, FL_DB_TEXT);
}

fl_str fl_row_bytes(const fl_rows *rows, int row, int column)
{
	return typed(rows, row, column, FL_DB_BYTEA);
}

fl_str fl_row_jsonb(const fl_rows *rows, int row, int column)
{
	fl_str v = typed(rows, row, column, FL_DB_JSONB);

	if (!v.ptr)
		return v;
	assert(v.len >= 1 && v.ptr[0] == 1);
	return (fl_str){ v.ptr + 1, v.len - 1 };
}

/* Walks an array: next element in *element (ptr NULL for NULL). */
typedef struct walk {
	const char *at, *end;
	size_t count;
} walk;

static walk array_start(const fl_rows *rows, int row, int column, fl_db_type type)
{
	fl_str v = typed(rows, row, column, type);

	if (!v.ptr || be32(v.ptr) == 0)
		return (walk){};
	assert(be32(v.ptr) == 1); /* one dimension */
	return (walk){ v.ptr + 20, v.ptr + v.len, be32(v.ptr + 12) };
}

static fl_str array_next(walk *w)
{
	int32_t len = (int32_t)be32(w->at);
	fl_str element = { w->at + 4, (size_t)len };

	w->at += 4;
	if (len < 0)
		return (fl_str){ NULL, 0 };
	assert(len <= w->end - w->at);
	w->at += len;
	return element;
}

fl_err fl_row_i32s(const fl_rows *rows, int row, int column, fl_arena *mem, int32_t **out, size_t *count)
{
	walk w = array_start(rows, row, column, FL_DB_I32S);
	int32_t *v = w.count ? fl_new_array(mem, int32_t, w.count) : NULL;

	if (w.count && !v)
		return FL_NOMEM;
	for (size_t i = 0; i < w.count; i++) {
		fl_str e = array_next(&w);
		v[i] = e.ptr ? (int32_t)be32(e.ptr) : 0;
	}
	*out = v;
	*count = w.count;
	return FL_OK;
}

fl_err fl_row_uuids(const fl_rows *rows, int row, int column, fl_arena *mem, fl_uuid **out, size_t *count)
{
	walk w = array_start(rows, row, column, FL_DB_UUIDS);
	fl_uuid *v = w.count ? fl_new_array(mem, fl_uuid, w.count) : NULL;

	if (w.count && !v)
		return FL_NOMEM;
	for (size_t i = 0; i < w.count; i++) {
		fl_str e = array_next(&w);
		if (e.ptr)
			memcpy(v[i].bytes, e.ptr, 16);
	}
	*out = v;
	*count = w.count;
	return FL_OK;
}

fl_err fl_row_texts(const fl_rows *rows, int row, int column, fl_arena *mem, fl_str **out, size_t *count)
{
	walk w = array_start(rows, row, column, FL_DB_TEXTS);
	fl_str *v = w.count ? fl_new_array(mem, fl_str, w.count) : NULL;

	if (w.count && !v)
		return FL_NOMEM;
	for (size_t i = 0; i < w.count; i++)
		v[i] = array_next(&w);
	*out = v;
	*count = w.count;
	return FL_OK;
}
