/* Help for resolvers: distinct keys of a batch, keyset pages and their cursors. */
#include "graphql/graphql_int.h"

#include <stdlib.h>

#include "io/io.h"

/* ---- Distinct keys ---- */

static int compare_i64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int compare_uuid(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(fl_uuid));
}

/* Sorts and removes doubles in place; returns how many are left. */
static size_t sort_distinct(void *keys, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	char *at = keys;
	size_t kept = 0;
	qsort(keys, count, size, compare);
	for (size_t i = 0; i < count; i++)
		if (!kept || compare(at + (kept - 1) * size, at + i * size) != 0)
			memmove(at + kept++ * size, at + i * size, size);
	return kept;
}

static uint32_t find_key(const void *keys, size_t count, size_t size, const void *key, int (*compare)(const void *, const void *))
{
	const char *found = count ? bsearch(key, keys, count, size, compare) : NULL;
	return found ? (uint32_t)((found - (const char *)keys) / (ptrdiff_t)size) : FL_GQL_NO_KEY;
}

static fl_err distinct(fl_arena *mem, const void *keys, const bool *has, size_t count, size_t size,
		       int (*compare)(const void *, const void *), void **out, size_t *out_count, uint32_t **place)
{
	char *copy = fl_arena_take(mem, count * size);
	size_t used = 0;
	*place = fl_arena_take(mem, count * sizeof(**place));
	if (!copy || !*place)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		if (!has || has[i])
			memcpy(copy + used++ * size, (const char *)keys + i * size, size);
	*out_count = sort_distinct(copy, used, size, compare);
	*out = copy;
	for (size_t i = 0; i < count; i++)
		(*place)[i] = !has || has[i] ? find_key(copy, *out_count, size, (const char *)keys + i * size, compare) : FL_GQL_NO_KEY;
	return FL_OK;
}

fl_err fl_gql_distinct_i64(fl_arena *mem, const int64_t *keys, const bool *has, size_t count, fl_gql_keys_i64 *out)
{
	void *copy;
	FL_TRY(distinct(mem, keys, has, count, sizeof(*keys), compare_i64, &copy, &out->count, &out->place));
	out->keys = copy;
	return FL_OK;
}

fl_err fl_gql_distinct_uuid(fl_arena *mem, const fl_uuid *keys, const bool *has, size_t count, fl_gql_keys_uuid *out)
{
	void *copy;
	FL_TRY(distinct(mem, keys, has, count, sizeof(*keys), compare_uuid, &copy, &out->count, &out->place));
	out->keys = copy;
	return FL_OK;
}

uint32_t fl_gql_find_i64(const fl_gql_keys_i64 *keys, int64_t key)
{
	return find_key(keys->keys, keys->count, sizeof(key), &key, compare_i64);
}

uint32_t fl_gql_find_uuid(const fl_gql_keys_uuid *keys, fl_uuid key)
{
	return find_key(keys->keys, keys->count, sizeof(key), &key, compare_uuid);
}

/* ---- Cursors: base64url of the kind, the key, and one byte that catches slips of copying ---- */

enum { CURSOR_MAX = 512 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static unsigned char check_byte(const unsigned char *bytes, size_t len)
{
	return (unsigned char)fl_hash(bytes, len, 0x63757273);
}

fl_str fl_gql_cursor(fl_arena *mem, char kind, const void *key, size_t len)
{
	assert(len <= CURSOR_MAX);
	unsigned char raw[CURSOR_MAX + 2];
	size_t raw_len = len + 2;
	raw[0] = (unsigned char)kind;
	memcpy(raw + 1, key, len);
	raw[len + 1] = check_byte(raw, len + 1);
	char *text = fl_arena_take(mem, (raw_len * 4 + 2) / 3), *to = text;
	if (!text)
		return (fl_str){};
	for (size_t i = 0; i < raw_len; i += 3) {
		uint32_t group = (uint32_t)raw[i] << 16 | (i + 1 < raw_len ? raw[i + 1] << 8 : 0) | (i + 2 < raw_len ? raw[i + 2] : 0);
		size_t digits = FL_MIN(raw_len - i, 3) + 1;
		for (size_t k = 0; k < digits; k++)
			*to++ = alphabet[group >> (18 - 6 * k) & 63];
	}
	return (fl_str){ text, to - text };
}

static int digit_of(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

/* Undoes fl_gql_cursor; false for anything it did not make. */
bool gql_cursor_read(fl_arena *mem, char kind, fl_str cursor, fl_str *key)
{
	size_t len = cursor.len * 3 / 4, used = 0;
	if (cursor.len % 4 == 1 || len < 2 || len > CURSOR_MAX + 2)
		return false;
	unsigned char *raw = fl_arena_take(mem, len);
	uint32_t bits = 0, count = 0;
	for (size_t i = 0; raw && i < cursor.len; i++) {
		int digit = digit_of(cursor.ptr[i]);
		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			raw[used++] = (unsigned char)(bits >> count);
		}
	}
	if (!raw || (bits & ((1u << count) - 1)) || raw[0] != (unsigned char)kind || raw[used - 1] != check_byte(raw, used - 1))
		return false;
	*key = (fl_str){ (const char *)raw + 1, used - 2 };
	return true;
}

fl_err fl_gql_page_args(fl_ctx *ctx, const fl_gql_field *field, char kind, uint32_t first_default, uint32_t first_max, fl_gql_page *out)
{
	fl_gql_page page = {};
	int64_t first = fl_gql_int_or(fl_gql_arg(field, "first"), first_default);
	fl_str after = fl_gql_text(fl_gql_arg(field, "after"));
	if (first < 1 || first > first_max)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "\"first\" must be 1 to %u, not %lld", first_max, (long long)first);
	if (after.ptr && !gql_cursor_read(ctx->mem, kind, after, &page.after))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "\"after\" is not a cursor of this list");
	page.first = (uint32_t)first;
	*out = page;
	return FL_OK;
}
