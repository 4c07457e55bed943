/* Rows for COPY ... (FORMAT binary). */
#include <endian.h>

#include "seed/seed_int.h"

enum { COPY_MAX = 512 << 20, HEADER = 19 };
static const int64_t PG_EPOCH_US = INT64_C(946684800000000);

static void be16(fl_copy *c, uint16_t v)
{
	v = htobe16(v);
	fl_buf_add(&c->buf, &v, 2);
}

static void be32(fl_copy *c, uint32_t v)
{
	v = htobe32(v);
	fl_buf_add(&c->buf, &v, 4);
}

static void be64(fl_copy *c, uint64_t v)
{
	v = htobe64(v);
	fl_buf_add(&c->buf, &v, 8);
}

void fl_copy_begin(fl_copy *c)
{
	if (!c->buf.max)
		c->buf = fl_buf_make(COPY_MAX);
	fl_buf_reset(&c->buf);
	fl_buf_add(&c->buf, "PGCOPY\n\377\r\n\0", 11);
	be32(c, 0);
	be32(c, 0);
}

bool fl_copy_empty(const fl_copy *c)
{
	return c->buf.len <= HEADER && c->buf.err == FL_OK;
}

void fl_copy_row(fl_copy *c, int columns)
{
	be16(c, (uint16_t)columns);
}

void fl_copy_null(fl_copy *c)
{
	be32(c, UINT32_MAX);
}

void fl_copy_i16(fl_copy *c, int16_t v)
{
	be32(c, 2);
	be16(c, (uint16_t)v);
}

void fl_copy_i32(fl_copy *c, int32_t v)
{
	be32(c, 4);
	be32(c, (uint32_t)v);
}

void fl_copy_i64(fl_copy *c, int64_t v)
{
	be32(c, 8);
	be64(c, (uint64_t)v);
}

void fl_copy_f4(fl_copy *c, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, 4);
	be32(c, 4);
	be32(c, bits);
}

void fl_copy_time(fl_copy *c, int64_t us)
{
	if (us == FL_NEVER)
		fl_copy_null(c);
	else
		fl_copy_i64(c, us - PG_EPOCH_US);
}

void fl_copy_uuid(fl_copy *c, fl_uuid v)
{
	be32(c, 16);
	fl_buf_add(&c->buf, v.bytes, 16);
}

void fl_copy_text(fl_copy *c, fl_str v)
{
	be32(c, (uint32_t)v.len);
	fl_buf_str(&c->buf, v);
}

void fl_copy_jsonb(fl_copy *c, fl_str v)
{
	be32(c, (uint32_t)v.len + 1);
	fl_buf_char(&c->buf, 1);
	fl_buf_str(&c->buf, v);
}

void fl_copy_texts(fl_copy *c, const fl_str *v, int count)
{
	uint32_t bytes = 20;

	for (int i = 0; i < count; i++)
		bytes += 4 + (uint32_t)v[i].len;
	be32(c, bytes);
	be32(c, 1);
	be32(c, 0);
	be32(c, FL_DB_TEXT);
	be32(c, (uint32_t)count);
	be32(c, 1);
	for (int i = 0; i < count; i++)
		fl_copy_text(c, v[i]);
}

/* PostGIS's binary form: byte order, type with the flag for an SRID, SRID, x, y. */
void fl_copy_point(fl_copy *c, double latitude, double longitude)
{
	uint64_t bits;

	be32(c, 25);
	fl_buf_char(&c->buf, 0);
	be32(c, 0x20000001);
	be32(c, 4326);
	memcpy(&bits, &longitude, 8);
	be64(c, bits);
	memcpy(&bits, &latitude, 8);
	be64(c, bits);
}

fl_err fl_copy_send(fl_copy *c, fl_pg *pg, const char *sql, fl_diag *diag)
{
	enum { PIECE = 1 << 20 };

	be16(c, UINT16_MAX);
	FL_TRY(fl_buf_err(&c->buf));
	FL_TRY(fl_pg_copy_start(pg, sql, diag));
	for (size_t at = 0; at < c->buf.len; at += PIECE)
		FL_TRY(fl_pg_copy_data(pg, fl_str_slice(fl_buf_view(&c->buf), at, at + PIECE), diag));
	FL_TRY(fl_pg_copy_end(pg, diag));
	fl_copy_begin(c);
	return FL_OK;
}
