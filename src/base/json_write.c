#include "base/json_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void separate(fl_json_out *j)
{
	if (j->comma)
		fl_buf_char(j->buf, ',');
	j->comma = true;
}

void fl_json_open(fl_json_out *j, char bracket)
{
	assert(bracket == '{' || bracket == '[');
	separate(j);
	fl_buf_char(j->buf, bracket);
	j->comma = false;
}

void fl_json_close(fl_json_out *j, char bracket)
{
	assert(bracket == '}' || bracket == ']');
	fl_buf_char(j->buf, bracket);
	j->comma = true;
}

void fl_json_key(fl_json_out *j, fl_str key)
{
	separate(j);
	fl_json_quote(j->buf, key);
	fl_buf_char(j->buf, ':');
	j->comma = false;
}

void fl_json_put_null(fl_json_out *j)
{
	fl_json_put_raw(j, FL_STR("null"));
}

void fl_json_put_bool(fl_json_out *j, bool value)
{
	fl_json_put_raw(j, value ? FL_STR("true") : FL_STR("false"));
}

void fl_json_put_i64(fl_json_out *j, int64_t value)
{
	separate(j);
	fl_buf_i64(j->buf, value);
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
void fl_json_put_double(fl_json_out *j, double value)
{
	char text[32];
	if (!isfinite(value)) {
		fl_json_put_null(j);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(text, sizeof(text), "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	fl_json_put_raw(j, fl_str_z(text));
}

void fl_json_put_str(fl_json_out *j, fl_str value)
{
	separate(j);
	fl_json_quote(j->buf, value);
}

void fl_json_put_raw(fl_json_out *j, fl_str json)
{
	separate(j);
	fl_buf_str(j->buf, json);
}

static void put_scalar(fl_json_out *j, const fl_json *value)
{
	switch (value->type) {
	case FL_JSON_BOOL:
		fl_json_put_bool(j, value->boolean);
		break;
	case FL_JSON_INT:
		fl_json_put_i64(j, value->integer);
		break;
	case FL_JSON_DOUBLE:
		fl_json_put_double(j, value->number);
		break;
	case FL_JSON_STRING:
		fl_json_put_str(j, value->string);
		break;
	default:
		fl_json_put_null(j);
	}
}

/* Walks with a stack of its own; values from fl_json_parse are at most FL_JSON_DEPTH deep. */
void fl_json_put(fl_json_out *j, const fl_json *value)
{
	const fl_json *stack[FL_JSON_DEPTH];
	size_t depth = 0;
	const fl_json *at = value;
	for (bool keyed = false;;) {
		if (keyed)
			fl_json_key(j, at->key);
		bool nested = at->type == FL_JSON_ARRAY || at->type == FL_JSON_OBJECT;
		if (nested)
			fl_json_open(j, at->type == FL_JSON_ARRAY ? '[' : '{');
		else
			put_scalar(j, at);
		if (nested && at->items.first) {
			assert(depth < FL_COUNT(stack));
			keyed = at->type == FL_JSON_OBJECT;
			stack[depth++] = at;
			at = at->items.first;
			continue;
		}
		if (nested)
			fl_json_close(j, at->type == FL_JSON_ARRAY ? ']' : '}');
		while (depth && !at->next) {
			at = stack[--depth];
			fl_json_close(j, at->type == FL_JSON_ARRAY ? ']' : '}');
		}
		if (!depth)
			return;
		at = at->next;
		keyed = stack[depth - 1]->type == FL_JSON_OBJECT;
	}
}

static const char *escape_of(unsigned char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

/* Writes the one character at p that cannot stand as it is; returns how many bytes of input it took. */
static size_t quote_special(fl_buf *buf, const unsigned char *p, size_t left)
{
	size_t step = fl_utf8_sequence(p, left);
	if (step == 0) {
		fl_buf_lit(buf, "\xef\xbf\xbd");
		return 1;
	}
	if (step > 1) {
		fl_buf_add(buf, p, step);
		return step;
	}
	const char *escape = escape_of(*p);
	if (escape)
		fl_buf_add(buf, escape, 2);
	else
		fl_buf_fmt(buf, "\\u%04x", *p);
	return 1;
}

/* How many bytes from p on need no escape, up to left: eight at a time where all eight are printable ASCII but quotes
 * and backslashes. */
static size_t plain_run(const unsigned char *p, size_t left)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
	size_t i = 0;
	for (uint64_t word; i + sizeof(word) <= left; i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
		/* The high bit of a byte is set where the byte is below the subtrahend; for bytes from 0x80 on the word itself says so. */
		if (((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word) & highs)
			break;
	}
	while (i < left && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

void fl_json_quote(fl_buf *buf, fl_str s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	fl_buf_char(buf, '"');
	for (size_t i = 0; i < s.len;) {
		size_t plain = plain_run(p + i, s.len - i);
		fl_buf_add(buf, p + i, plain);
		i += plain;
		if (i < s.len)
			i += quote_special(buf, p + i, s.len - i);
	}
	fl_buf_char(buf, '"');
}
