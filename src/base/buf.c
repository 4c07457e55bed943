#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

enum { CAP_FIRST = 256 };

void fl_buf_fini(fl_buf *buf)
{
	free(buf->ptr);
	*buf = fl_buf_make(buf->max);
}

static bool grow(fl_buf *buf, size_t need)
{
	size_t cap = FL_MAX(buf->cap, CAP_FIRST);
	while (cap < need)
		cap *= 2;
	cap = FL_MIN(cap, buf->max);
	char *ptr = realloc(buf->ptr, cap);
	if (!ptr) {
		buf->err = FL_NOMEM;
		return false;
	}
	buf->ptr = ptr;
	buf->cap = cap;
	return true;
}

char *fl_buf_reserve(fl_buf *buf, size_t len)
{
	if (buf->err)
		return NULL;
	if (len > buf->max - buf->len) {
		buf->err = FL_TOO_LARGE;
		return NULL;
	}
	if (buf->len + len > buf->cap && !grow(buf, buf->len + len))
		return NULL;
	return buf->ptr + buf->len;
}

void fl_buf_add_slow(fl_buf *buf, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	char *to = fl_buf_reserve(buf, len);
	if (!to)
		return;
	memcpy(to, bytes, len);
	buf->len += len;
}

void fl_buf_i64(fl_buf *buf, int64_t n)
{
	char digits[20], *at = digits + sizeof(digits);
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
	do
		*--at = '0' + left % 10;
	while (left /= 10);
	if (n < 0)
		fl_buf_char(buf, '-');
	fl_buf_add(buf, at, digits + sizeof(digits) - at);
}

void fl_buf_fmt(fl_buf *buf, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *to = len < 0 ? NULL : fl_buf_reserve(buf, (size_t)len + 1);
	if (to) {
		vsnprintf(to, (size_t)len + 1, format, args);
		buf->len += len;
	}
	va_end(args);
}

void fl_buf_hex(fl_buf *buf, const void *bytes, size_t len)
{
	char *to = fl_buf_reserve(buf, 2 * len);
	if (!to)
		return;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = ((const unsigned char *)bytes)[i];
		*to++ = "0123456789abcdef"[byte >> 4];
		*to++ = "0123456789abcdef"[byte & 15];
	}
	buf->len += 2 * len;
}
