#include "base/json_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool fl_str_eq_nocase(fl_str a, fl_str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

int fl_str_cmp(fl_str a, fl_str b)
{
	size_t common = FL_MIN(a.len, b.len);
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool fl_str_starts(fl_str s, fl_str prefix)
{
	return s.len >= prefix.len && fl_str_eq(fl_str_slice(s, 0, prefix.len), prefix);
}

fl_str fl_str_clip(fl_str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.ptr[max] & 0xc0) == 0x80)
		max--;
	return (fl_str){ s.ptr, max };
}

bool fl_str_ends(fl_str s, fl_str suffix)
{
	return s.len >= suffix.len && fl_str_eq(fl_str_slice(s, s.len - suffix.len, s.len), suffix);
}

ptrdiff_t fl_str_find(fl_str s, fl_str part)
{
	if (part.len == 0)
		return 0;
	const char *at = s.len ? memmem(s.ptr, s.len, part.ptr, part.len) : NULL;
	return at ? at - s.ptr : -1;
}

ptrdiff_t fl_str_find_char(fl_str s, char c)
{
	const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
	return at ? at - s.ptr : -1;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

fl_str fl_str_trim(fl_str s)
{
	while (s.len && is_space(s.ptr[0]))
		s.ptr++, s.len--;
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

fl_str fl_str_slice(fl_str s, size_t from, size_t to)
{
	to = FL_MIN(to, s.len);
	from = FL_MIN(from, to);
	return (fl_str){ s.ptr + from, to - from };
}

fl_str fl_str_cut(fl_str s, char separator, fl_str *rest)
{
	ptrdiff_t at = fl_str_find_char(s, separator);
	if (at < 0) {
		*rest = (fl_str){ s.ptr + s.len, 0 };
		return s;
	}
	*rest = fl_str_slice(s, at + 1, s.len);
	return fl_str_slice(s, 0, at);
}

bool fl_str_i64(fl_str s, int64_t *out)
{
	bool negative = s.len && s.ptr[0] == '-';
	size_t i = negative;
	int64_t n = 0;
	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		int digit = s.ptr[i] - '0';
		if (digit < 0 || digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, negative ? -digit : digit, &n))
			return false;
	}
	*out = n;
	return true;
}

bool fl_str_i32(fl_str s, int32_t *out)
{
	int64_t n;
	if (!fl_str_i64(s, &n) || n < INT32_MIN || n > INT32_MAX)
		return false;
	*out = n;
	return true;
}

bool fl_str_f64(fl_str s, double *out)
{
	char z[64], *end;
	if (s.len == 0 || s.len >= sizeof(z) || is_space(s.ptr[0]) || memchr(s.ptr, 'x', s.len) || memchr(s.ptr, 0, s.len))
		return false;
	memcpy(z, s.ptr, s.len);
	z[s.len] = 0;
	errno = 0;
	double n = strtod(z, &end);
	if (*end || errno == ERANGE || n != n || n - n != 0)
		return false;
	*out = n;
	return true;
}

/* The length of the UTF-8 sequence that starts at p, 0 when it is malformed (RFC 3629, table 3-7 of Unicode). */
size_t fl_utf8_sequence(const unsigned char *p, size_t len)
{
	if (p[0] < 0x80)
		return 1;
	size_t need = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
	if (need == 0 || need > len)
		return 0;
	unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return need;
}

bool fl_str_utf8_valid(fl_str s)
{
	for (size_t i = 0; i < s.len;) {
		size_t step = fl_utf8_sequence((const unsigned char *)s.ptr + i, s.len - i);
		if (!step)
			return false;
		i += step;
	}
	return true;
}

fl_str fl_str_dup(fl_arena *mem, fl_str s)
{
	char *copy = fl_arena_take(mem, s.len + 1);
	if (!copy)
		return (fl_str){};
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = 0;
	return (fl_str){ copy, s.len };
}

char *fl_str_cstr(fl_arena *mem, fl_str s)
{
	return (char *)fl_str_dup(mem, s).ptr;
}

fl_str fl_str_vfmt(fl_arena *mem, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *text = len < 0 ? NULL : fl_arena_take(mem, (size_t)len + 1);
	if (!text)
		return (fl_str){};
	vsnprintf(text, (size_t)len + 1, format, args);
	return (fl_str){ text, len };
}

fl_str fl_str_fmt(fl_arena *mem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fl_str text = fl_str_vfmt(mem, format, args);
	va_end(args);
	return text;
}

fl_str fl_str_hex(fl_arena *mem, const void *bytes, size_t len)
{
	const unsigned char *in = bytes;
	char *text = fl_arena_take(mem, 2 * len + 1);
	if (!text)
		return (fl_str){};
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = "0123456789abcdef"[in[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[in[i] & 15];
	}
	text[2 * len] = 0;
	return (fl_str){ text, 2 * len };
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool fl_str_unhex(fl_str s, void *out, size_t len)
{
	if (s.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(s.ptr[2 * i]), low = hex_digit(s.ptr[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		((unsigned char *)out)[i] = high << 4 | low;
	}
	return true;
}

/* A multiply-and-fold hash in the manner of wyhash: 128-bit products of 8-byte words with odd constants. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t fl_hash(const void *bytes, size_t len, uint64_t seed)
{
	const char *p = bytes;
	uint64_t hash = seed ^ UINT64_C(0x9e3779b97f4a7c15), word = 0;
	for (size_t left = len; left; p += 8, left -= 8) {
		word = 0;
		memcpy(&word, p, FL_MIN(left, 8));
		hash = fold(hash ^ word, UINT64_C(0xe7037ed1a0b428db));
		if (left <= 8)
			break;
	}
	return fold(hash ^ len, UINT64_C(0x8ebc6af09c88c6e3));
}
