/* Leaves as JSON: from values of resolvers, and straight from the columns of the structs that hold them. */
#include "graphql/graphql_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Values. Each is false when the value cannot be shown as this type. ---- */

static bool write_integer(fl_buf *out, const gql_type *type, int64_t n)
{
	fl_gql_value value = fl_gql_int(n);
	if (type->kind == GQL_ENUM_TYPE) {
		if (n < 1 || n > type->value_count)
			return false;
		fl_buf_str(out, type->values[n - 1].quoted);
		return true;
	}
	switch (type->builtin) {
	case GQL_SCALAR_INT:
		if (n < INT32_MIN || n > INT32_MAX)
			return false;
		fl_buf_i64(out, n);
		return true;
	case GQL_SCALAR_FLOAT:
		fl_buf_i64(out, n);
		return true;
	case GQL_SCALAR_ID:
		fl_buf_char(out, '"');
		fl_buf_i64(out, n);
		fl_buf_char(out, '"');
		return true;
	case GQL_CUSTOM:
		return type->scalar->write(out, &value);
	default:
		return false;
	}
}

/* Shortest decimals that read back the same. Most numbers of an API have few: the quotient of two integers below 2^53
 * by a power of ten is what reading the same digits gives, so the first power that gives the value back is exact. */
static void write_double(fl_buf *out, double n)
{
	static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7 };
	fl_json_out j = { .buf = out };
	for (size_t k = 0; k < FL_COUNT(powers) && fabs(n) < 1e8; k++) {
		double scaled = nearbyint(n * powers[k]);
		if (scaled / powers[k] != n)
			continue;
		char text[32];
		uint64_t digits = (uint64_t)fabs(scaled);
		size_t at = sizeof(text);
		for (size_t i = 0; i <= k || digits; i++) {
			if (i == k && k)
				text[--at] = '.';
			text[--at] = '0' + digits % 10;
			digits /= 10;
		}
		if (n < 0)
			text[--at] = '-';
		fl_buf_add(out, text + at, sizeof(text) - at);
		return;
	}
	fl_json_put_double(&j, n);
}

/* The double that is written shortest among those that are this float: 4.8, not 4.800000190734863. */
static double shortest(float n)
{
	char text[32];
	for (int precision = 6; isfinite(n) && precision <= 9; precision++) {
		snprintf(text, sizeof(text), "%.*g", precision, n);
		if (strtof(text, NULL) == n)
			return strtod(text, NULL);
	}
	return n;
}

static bool write_number(fl_buf *out, const gql_type *type, double n)
{
	fl_gql_value value = fl_gql_float(n);
	if (type->kind != GQL_SCALAR)
		return false;
	if (type->builtin == GQL_CUSTOM)
		return type->scalar->write(out, &value);
	if (type->builtin != GQL_SCALAR_FLOAT || !isfinite(n))
		return false;
	write_double(out, n);
	return true;
}

static bool write_string(fl_buf *out, const gql_type *type, fl_str s)
{
	fl_gql_value value = fl_gql_string(s);
	if (type->kind != GQL_SCALAR)
		return false;
	if (type->builtin == GQL_CUSTOM)
		return type->scalar->write(out, &value);
	if (type->builtin != GQL_SCALAR_STRING && type->builtin != GQL_SCALAR_ID)
		return false;
	fl_json_quote(out, s);
	return true;
}

static bool write_bool(fl_buf *out, const gql_type *type, bool b)
{
	fl_gql_value value = fl_gql_bool(b);
	if (type->kind == GQL_SCALAR && type->builtin == GQL_CUSTOM)
		return type->scalar->write(out, &value);
	if (type->builtin != GQL_SCALAR_BOOLEAN)
		return false;
	fl_buf_str(out, b ? FL_STR("true") : FL_STR("false"));
	return true;
}

bool gql_write_leaf(fl_buf *out, const gql_type *type, const fl_gql_value *value)
{
	switch (value->kind) {
	case FL_GQL_BOOL:
		return write_bool(out, type, value->boolean);
	case FL_GQL_INT:
		return type->kind != GQL_ENUM_TYPE && write_integer(out, type, value->integer);
	case FL_GQL_ENUM:
		return type->kind == GQL_ENUM_TYPE && write_integer(out, type, value->integer);
	case FL_GQL_FLOAT:
		return write_number(out, type, value->number);
	case FL_GQL_STRING:
		return write_string(out, type, fl_gql_text(value));
	default:
		return type->kind == GQL_SCALAR && type->builtin == GQL_CUSTOM && type->scalar->write(out, value);
	}
}

/* ---- Columns ---- */

static bool column_is_null(const gql_node *node, const void *parent)
{
	uint32_t has = node->def->bind.has_offset;
	return has && !*(const bool *)((const char *)parent + has - 1);
}

static int64_t column_integer(fl_gql_storage storage, const void *at)
{
	switch (storage) {
	case FL_GQL_STORE_I8:
		return *(const int8_t *)at;
	case FL_GQL_STORE_I16:
		return *(const int16_t *)at;
	case FL_GQL_STORE_I32:
		return *(const int32_t *)at;
	case FL_GQL_STORE_U8:
		return *(const uint8_t *)at;
	case FL_GQL_STORE_U16:
		return *(const uint16_t *)at;
	case FL_GQL_STORE_U32:
		return *(const uint32_t *)at;
	default:
		return *(const int64_t *)at;
	}
}

fl_gql_value gql_read_column(const gql_node *node, const void *parent)
{
	const fl_gql_bind *bind = &node->def->bind;
	const char *at = (const char *)parent + bind->offset;
	const fl_gql_span *span = (const fl_gql_span *)at;
	if (column_is_null(node, parent))
		return fl_gql_null();
	switch (bind->storage) {
	case FL_GQL_STORE_POINTER:
		return fl_gql_object(*(const void *const *)at);
	case FL_GQL_STORE_INSIDE:
		return fl_gql_object(at);
	case FL_GQL_STORE_SPAN:
		return fl_gql_rows(span->rows, span->stride, span->count);
	case FL_GQL_STORE_VALUE:
		return *(const fl_gql_value *)at;
	default:
		assert(!"a column of objects");
		return fl_gql_null();
	}
}

static bool write_uuid(fl_buf *out, const fl_uuid *id)
{
	char *to = fl_buf_reserve(out, FL_UUID_TEXT + 3);
	if (!to)
		return true;
	fl_uuid_format(*id, to + 1); /* and a NUL, which the last quote replaces */
	to[0] = to[FL_UUID_TEXT + 1] = '"';
	fl_buf_commit(out, FL_UUID_TEXT + 2);
	return true;
}

static gql_wrote wrote_if(bool ok)
{
	return ok ? GQL_WROTE : GQL_WROTE_WRONG;
}

static gql_wrote write_column_integer(fl_buf *out, const gql_node *node, const void *at)
{
	const gql_type *type = node->def->type.type;
	int64_t n = column_integer(node->def->bind.storage, at);
	if (n == 0 && (type->kind == GQL_ENUM_TYPE || node->zero_is_null))
		return GQL_WROTE_NULL;
	return wrote_if(write_integer(out, type, n));
}

static gql_wrote write_texts(fl_buf *out, const gql_type *type, const fl_gql_texts *texts)
{
	fl_buf_char(out, '[');
	for (size_t i = 0; i < texts->count; i++) {
		if (i)
			fl_buf_char(out, ',');
		if (!write_string(out, type, texts->items[i].ptr ? texts->items[i] : FL_STR("")))
			return GQL_WROTE_WRONG;
	}
	fl_buf_char(out, ']');
	return GQL_WROTE;
}

gql_wrote gql_write_column(fl_buf *out, const gql_node *node, const void *parent)
{
	const fl_gql_bind *bind = &node->def->bind;
	const gql_type *type = node->def->type.type;
	const char *at = (const char *)parent + bind->offset;
	if (column_is_null(node, parent))
		return GQL_WROTE_NULL;
	switch (bind->storage) {
	case FL_GQL_STORE_STR:
		return ((const fl_str *)at)->ptr ? wrote_if(write_string(out, type, *(const fl_str *)at)) : GQL_WROTE_NULL;
	case FL_GQL_STORE_CSTR:
		return *(const char *const *)at ? wrote_if(write_string(out, type, fl_str_z(*(const char *const *)at))) : GQL_WROTE_NULL;
	case FL_GQL_STORE_BOOL:
		return wrote_if(write_bool(out, type, *(const bool *)at));
	case FL_GQL_STORE_F32:
		return wrote_if(write_number(out, type, shortest(*(const float *)at)));
	case FL_GQL_STORE_F64:
		return wrote_if(write_number(out, type, *(const double *)at));
	case FL_GQL_STORE_UUID:
		return wrote_if(write_uuid(out, (const fl_uuid *)at));
	case FL_GQL_STORE_TEXTS:
		return write_texts(out, type, (const fl_gql_texts *)at);
	default:
		return write_column_integer(out, node, at);
	}
}
