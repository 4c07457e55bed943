/* Any bytes as a connection's input: a head, then what follows as a chunked body. Whole and byte by byte must agree,
 * and nothing that two servers could read in two ways may get through. The head's texts go on into the small parsers. */
#include "fuzz.h"

#include <stdlib.h>

#include "http/chunk_int.h"
#include "http/route_int.h"
#include "http/text_int.h"

static fl_parse parse_bytewise(fl_head *head, char *copy, size_t len)
{
	fl_parse parse = FL_PARSE_MORE;

	fl_head_reset(head);
	for (size_t have = 1; have <= len && parse == FL_PARSE_MORE; have++)
		parse = fl_head_parse(head, copy, have);
	return parse;
}

static void check_head(const fl_head *head, const char *buf)
{
	assert(!(head->chunked && head->has_length));
	assert(head->minor == 0 || head->hosts == 1);
	assert(head->pos <= FL_HEAD_BYTES_MAX && head->count <= FL_HEAD_HEADERS_MAX);
	assert(head->target + head->target_len <= head->pos && head->host + head->host_len <= head->pos);
	for (unsigned i = 0; i < head->count; i++) {
		const fl_head_line *line = &head->lines[i];

		assert(line->name_len > 0 && line->value + line->value_len <= head->pos);
		for (unsigned k = 0; k < line->name_len; k++)
			assert(fl_ch_is(buf[line->name + k], FL_CH_TOKEN) && !fl_ch_is(buf[line->name + k], FL_CH_UPPER));
		for (unsigned k = 0; k < line->value_len; k++)
			assert(fl_ch_is(buf[line->value + k], FL_CH_VALUE));
	}
}

static void try_chunks(const char *bytes, size_t len)
{
	fl_chunk whole = { 0 }, part = { 0 };
	fl_parse a = FL_PARSE_MORE, b = FL_PARSE_MORE;
	uint64_t hash_a = 0, hash_b = 0;
	size_t at_a = 0, at_b = 0, used;
	fl_str data;

	while (a == FL_PARSE_MORE && at_a < len) {
		a = fl_chunk_feed(&whole, bytes + at_a, len - at_a, &used, &data);
		assert(used > 0 || a != FL_PARSE_MORE);
		at_a += used;
		for (size_t i = 0; i < data.len; i++)
			hash_a = hash_a * 31 + (uint8_t)data.ptr[i];
	}
	while (b == FL_PARSE_MORE && at_b < len) {
		b = fl_chunk_feed(&part, bytes + at_b, 1, &used, &data);
		at_b += used;
		for (size_t i = 0; i < data.len; i++)
			hash_b = hash_b * 31 + (uint8_t)data.ptr[i];
	}
	assert(a == b && at_a == at_b && hash_a == hash_b);
}

static void try_texts(fl_str text)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_str rest = text, out;
	uint64_t from, len;
	int64_t at;

	if (fl_range_parse(text, 1000, &from, &len) == FL_RANGE_PART)
		assert(len > 0 && from + len <= 1000);
	if (fl_http_date_parse(text, &at)) {
		char again[FL_HTTP_DATE_LEN];

		fl_http_date_format(at, again);
		assert(memcmp(again, text.ptr, FL_HTTP_DATE_LEN) == 0);
	}
	(void)fl_etag_listed(text, FL_STR("\"abc\""));
	assert(fl_weight_of(text, FL_STR("gzip")) <= 1000);
	if (fl_url_decode(&mem, text, true, &out))
		assert(out.len <= text.len && memchr(out.ptr ? out.ptr : "", 0, out.len) == NULL);
	while (rest.len > 0)
		(void)fl_list_next(rest, &rest);
	fl_arena_fini(&mem);
}

static fl_err none(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	return FL_OK;
}

static void try_route(fl_str target)
{
	static fl_router *router;
	fl_arena mem = fl_arena_make(1 << 20);
	fl_route_match match;

	if (router == NULL) {
		router = fl_router_new();
		if (fl_router_add(router, FL_GET, "/a/:x/c", none, NULL) != FL_OK || fl_router_add(router, FL_GET, "/b/*rest", none, NULL) != FL_OK)
			abort();
	}
	fl_router_match(router, &mem, FL_GET, target, &match);
	for (size_t i = 0; match.route != NULL && i < match.capture_count; i++)
		assert(!fl_str_eq(match.captures[i], FL_STR("..")));
	fl_arena_fini(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static fl_head whole, part;
	char *a, *b;
	fl_parse parse;

	if (len > 64 << 10)
		return 0;
	a = malloc(len + 1);
	b = malloc(len + 1);
	if (a == NULL || b == NULL)
		abort();
	memcpy(a, bytes, len);
	memcpy(b, bytes, len);
	fl_head_reset(&whole);
	parse = len > 0 ? fl_head_parse(&whole, a, len) : FL_PARSE_MORE;
	assert(parse_bytewise(&part, b, len) == parse);
	assert(whole.status == part.status && whole.count == part.count);
	if (parse == FL_PARSE_BAD)
		assert(whole.status >= 400 && whole.why != NULL);
	if (parse == FL_PARSE_DONE) {
		assert(whole.pos == part.pos && memcmp(a, b, whole.pos) == 0);
		assert(memcmp(whole.lines, part.lines, whole.count * sizeof(whole.lines[0])) == 0);
		check_head(&whole, a);
		try_route(fl_str_make(a + whole.target, whole.target_len));
		for (unsigned i = 0; i < whole.count; i++)
			try_texts(fl_str_make(a + whole.lines[i].value, whole.lines[i].value_len));
		try_chunks(a + whole.pos, len - whole.pos);
	} else {
		try_chunks((const char *)bytes, len);
	}
	free(a);
	free(b);
	return 0;
}
