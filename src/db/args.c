/* Arguments in PostgreSQL's binary form. */
#include "db/db_int.h"

static char *add(fl_args *args, fl_db_type type, size_t len)
{
	assert(args->count < FL_ARGS_MAX);
	char *at = fl_arena_take(args->mem, FL_MAX(len, (size_t)1));
	int i = args->count++;

	if (!at || len > INT32_MAX) {
		args->err = FL_NOMEM;
		at = NULL;
	}
	args->types[i] = (uint32_t)type;
	args->values[i] = at;
	args->lengths[i] = (int)len;
	return at;
}

static void add_borrowed(fl_args *args, fl_db_type type, fl_str v)
{
	assert(args->count < FL_ARGS_MAX);
	int i = args->count++;

	if (v.len > INT32_MAX)
		args->err = FL_TOO_LARGE;
	args->types[i] = (uint32_t)type;
	args->values[i] = v.ptr;
	args->lengths[i] = (int)v.len;
}

void fl_put_be16(char *at, uint16_t v)
{
	v = htobe16(v);
	memcpy(at, &v, 2);
}

void fl_put_be32(char *at, uint32_t v)
{
	v = htobe32(v);
	memcpy(at, &v, 4);
}

void fl_put_be64(char *at, uint64_t v)
{
	v = htobe64(v);
	memcpy(at, &v, 8);
}

void fl_arg_null(fl_args *args, fl_db_type type)
{
	add_borrowed(args, type, (fl_str){ NULL, 0 });
}

void fl_arg_bool(fl_args *args, bool v)
{
	char *at = add(args, FL_DB_BOOL, 1);

	if (at)
		*at = v;
}

void fl_arg_i16(fl_args *args, int16_t v)
{
	char *at = add(args, FL_DB_I16, 2);

	if (at)
		fl_put_be16(at, (uint16_t)v);
}

void fl_arg_i32(fl_args *args, int32_t v)
{
	char *at = add(args, FL_DB_I32, 4);

	if (at)
		fl_put_be32(at, (uint32_t)v);
}

static void add64(fl_args *args, fl_db_type type, uint64_t v)
{
	char *at = add(args, type, 8);

	if (at)
		fl_put_be64(at, v);
}

void fl_arg_i64(fl_args *args, int64_t v)
{
	add64(args, FL_DB_I64, (uint64_t)v);
}

void fl_arg_xid(fl_args *args, uint64_t v)
{
	add64(args, FL_DB_XID8, v);
}

void fl_arg_f4(fl_args *args, float v)
{
	char *at = add(args, FL_DB_F4, 4);
	uint32_t bits;

	memcpy(&bits, &v, 4);
	if (at)
		fl_put_be32(at, bits);
}

void fl_arg_f8(fl_args *args, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, 8);
	add64(args, FL_DB_F8, bits);
}

void fl_arg_time(fl_args *args, int64_t time_us)
{
	if (time_us == FL_NEVER)
		fl_arg_null(args, FL_DB_TIME);
	else
		add64(args, FL_DB_TIME, (uint64_t)(time_us - FL_PG_EPOCH_US));
}

void fl_arg_uuid(fl_args *args, fl_uuid v)
{
	char *at = add(args, FL_DB_UUID, 16);

	if (at)
		memcpy(at, v.bytes, 16);
}

/* libpq reads a NULL pointer as SQL NULL, so an empty text must point somewhere: fl_str_z("") does, { NULL, 0 } is NULL. */
void fl_arg_text(fl_args *args, fl_str v)
{
	add_borrowed(args, FL_DB_TEXT, v);
}

void fl_arg_bytes(fl_args *args, fl_str v)
{
	add_borrowed(args, FL_DB_BYTEA, v);
}

void fl_arg_jsonb(fl_args *args, fl_str v)
{
	char *at;

	if (!v.ptr) {
		fl_arg_null(args, FL_DB_JSONB);
		return;
	}
	at = add(args, FL_DB_JSONB, v.len + 1);
	if (!at)
		return;
	at[0] = 1; /* the version of the binary form */
	memcpy(at + 1, v.ptr, v.len);
}

/* An array of one dimension: dimensions, has NULLs, element type, length, lower bound; then [length, bytes] each. */
enum { ARRAY_HEAD = 20 };

static char *add_array(fl_args *args, fl_db_type type, fl_db_type element, const void *v, size_t count, size_t bytes)
{
	char *at;

	if (!v && count == 0) {
		fl_arg_null(args, type);
		return NULL;
	}
	if (count > FL_ARG_KEYS_MAX) {
		args->err = FL_TOO_LARGE;
		fl_arg_null(args, type);
		return NULL;
	}
	at = add(args, type, count ? ARRAY_HEAD + 4 * count + bytes : 12);
	if (!at)
		return NULL;
	fl_put_be32(at, count ? 1 : 0);
	fl_put_be32(at + 4, 0);
	fl_put_be32(at + 8, (uint32_t)element);
	if (count == 0)
		return NULL;
	fl_put_be32(at + 12, (uint32_t)count);
	fl_put_be32(at + 16, 1);
	return at + ARRAY_HEAD;
}

void fl_arg_i16s(fl_args *args, const int16_t *v, size_t count)
{
	char *at = add_array(args, FL_DB_I16S, FL_DB_I16, v, count, 2 * count);

	for (size_t i = 0; at && i < count; i++, at += 6) {
		fl_put_be32(at, 2);
		fl_put_be16(at + 4, (uint16_t)v[i]);
	}
}

void fl_arg_i32s(fl_args *args, const int32_t *v, size_t count)
{
	char *at = add_array(args, FL_DB_I32S, FL_DB_I32, v, count, 4 * count);

	for (size_t i = 0; at && i < count; i++, at += 8) {
		fl_put_be32(at, 4);
		fl_put_be32(at + 4, (uint32_t)v[i]);
	}
}

void fl_arg_i64s(fl_args *args, const int64_t *v, size_t count)
{
	char *at = add_array(args, FL_DB_I64S, FL_DB_I64, v, count, 8 * count);

	for (size_t i = 0; at && i < count; i++, at += 12) {
		fl_put_be32(at, 8);
		fl_put_be64(at + 4, (uint64_t)v[i]);
	}
}

void fl_arg_uuids(fl_args *args, const fl_uuid *v, size_t count)
{
	char *at = add_array(args, FL_DB_UUIDS, FL_DB_UUID, v, count, 16 * count);

	for (size_t i = 0; at && i < count; i++, at += 20) {
		fl_put_be32(at, 16);
		memcpy(at + 4, v[i].bytes, 16);
	}
}

static void add_strings(fl_args *args, fl_db_type type, fl_db_type element, const fl_str *v, size_t count)
{
	size_t bytes = 0;
	char *at;

	for (size_t i = 0; i < count; i++)
		bytes += v[i].len;
	at = add_array(args, type, element, v, count, bytes);
	for (size_t i = 0; at && i < count; i++) {
		fl_put_be32(at, (uint32_t)v[i].len);
		if (v[i].len)
			memcpy(at + 4, v[i].ptr, v[i].len);
		at += 4 + v[i].len;
	}
}

void fl_arg_texts(fl_args *args, const fl_str *v, size_t count)
{
	add_strings(args, FL_DB_TEXTS, FL_DB_TEXT, v, count);
}

void fl_arg_byteas(fl_args *args, const fl_str *v, size_t count)
{
	add_strings(args, FL_DB_BYTEAS, FL_DB_BYTEA, v, count);
}
