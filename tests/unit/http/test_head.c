/* The request head parser: what it accepts, what it refuses, and that pieces make no difference. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/head_int.h"

#include <cmocka.h>

/* step, or with step 0 a random size up to most; never more than left. */
static size_t piece_size(size_t step, size_t most, size_t left)
{
	size_t n = step ? step : 1 + (size_t)rand() % most;

	return FL_MIN(n, left);
}

#define H "Host: a\r\n"

/* status 0: accepted */
static const struct {
	const char *text;
	int status;
} heads[] = {
	{ "GET / HTTP/1.1\r\n" H "\r\n", 0 },
	{ "\r\nGET / HTTP/1.1\r\n" H "\r\n", 0 },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET / HTTP/1.0\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n\r\n", 400 },                                  /* no Host */
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" H H "\r\n", 400 },
	{ "GET / HTTP/1.0\r\n" H H "\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 0 },
	{ "GET  / HTTP/1.1\r\n" H "\r\n", 400 },
	{ " GET / HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET /\r\n" H "\r\n", 400 },                                       /* HTTP/0.9 */
	{ "GET / HTTP/1.1 \r\n" H "\r\n", 400 },
	{ "GET /a b HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET /\x01 HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET /a#b HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET /?a={\"b\":[1|2]} HTTP/1.1\r\n" H "\r\n", 400 },              /* browsers escape the quote */
	{ "GET /?a={b:[1|2]}^`\\ HTTP/1.1\r\n" H "\r\n", 0 },                /* but not these */
	{ "get / HTTP/1.1\r\n" H "\r\n", 0 },                                /* a method of that name; the router says 501 */
	{ "G(T / HTTP/1.1\r\n" H "\r\n", 400 },
	{ "ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n" H "\r\n", 501 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400 },
	{ "GET / HTTP/2.0\r\n" H "\r\n", 505 },
	{ "GET / HTTP/1.2\r\n" H "\r\n", 505 },
	{ "GET / HTTP/11\r\n" H "\r\n", 400 },
	{ "GET / HTTP/1.x\r\n" H "\r\n", 400 },
	{ "GET / http/1.1\r\n" H "\r\n", 400 },
	{ "GET / HTTP/1.1\n" H "\n", 400 },                                  /* bare LF */
	{ "GET / HTTP/1.1\r\nHost: a\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400 },                  /* bare CR */
	{ "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", 400 },                /* folded */
	{ "GET / HTTP/1.1\r\n X: a\r\n" H "\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" H "X : a\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" H ": a\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" H "X\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" H "X\xe9: a\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" H "X: \xe9t\xe9\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n" H "X:\r\n\r\n", 0 },
	{ "GET http://b/x HTTP/1.1\r\n" H "\r\n", 0 },
	{ "GET HTTPS://b:443/x HTTP/1.1\r\n" H "\r\n", 0 },
	{ "GET http://b HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET http:///x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET http://u@b/x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET ftp://b/x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "CONNECT b:443 HTTP/1.1\r\n" H "\r\n", 400 },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", 0 },
	{ "GET * HTTP/1.1\r\n" H "\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n", 0 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 0 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 9999999999999999999\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked \r\n\r\n", 0 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\x0b" "chunked\r\n\r\n", 400 },
	{ "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nExpect: 100-continue\r\n\r\n", 0 },
	{ "POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n", 417 },
};

static void assert_same(const fl_head *a, const fl_head *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->count, b->count);
	if (a->state != FL_HEAD_DONE)
		return;
	assert_int_equal(a->pos, b->pos);
	assert_int_equal(a->length, b->length);
	assert_int_equal(a->chunked, b->chunked);
	assert_memory_equal(a->lines, b->lines, a->count * sizeof(a->lines[0]));
}

/* Feeds growing prefixes; step 0: random ones. */
static fl_parse feed(fl_head *head, char *copy, const char *text, size_t len, size_t step)
{
	fl_parse parse = FL_PARSE_MORE;

	fl_head_reset(head);
	memcpy(copy, text, len);
	for (size_t have = 0; have < len && parse == FL_PARSE_MORE;) {
		have = have + piece_size(step, 9, len - have);
		parse = fl_head_parse(head, copy, have);
	}
	return parse;
}

static void table(void **state)
{
	for (size_t i = 0; i < FL_COUNT(heads); i++) {
		size_t len = strlen(heads[i].text);
		char copy[512];
		fl_head whole, part;
		fl_parse parse = feed(&whole, copy, heads[i].text, len, len);

		if (parse != (heads[i].status ? FL_PARSE_BAD : FL_PARSE_DONE) || whole.status != heads[i].status)
			fail_msg("%s: status %u (%s), not %d", heads[i].text, whole.status, whole.why ? whole.why : "-", heads[i].status);
		assert_int_equal(feed(&part, copy, heads[i].text, len, 1), parse);
		assert_same(&whole, &part);
		for (int round = 0; round < 20; round++) {
			assert_int_equal(feed(&part, copy, heads[i].text, len, 0), parse);
			assert_same(&whole, &part);
		}
	}
}

static void nul_anywhere(void **state)
{
	static const char text[] = "POST /a HTTP/1.1\r\nHost: a\r\nX-Y: zz\r\nContent-Length: 3\r\n\r\n";
	size_t len = sizeof(text) - 1;

	for (size_t i = 0; i < len; i++) {
		char with[sizeof(text)], copy[sizeof(text)];
		fl_head head;

		memcpy(with, text, len);
		with[i] = '\0';
		assert_int_equal(feed(&head, copy, with, len, len), FL_PARSE_BAD);
	}
}

static void fields(void **state)
{
	static const char text[] = "POST http://shop.example:81/a/b?c=d HTTP/1.1\r\nHoST: other\r\nX-Thing:  two  words \t\r\n"
				   "Connection: Keep-Alive, Upgrade\r\nUpgrade: h2c, WebSocket\r\nContent-Length: 12\r\n\r\nbody";
	char copy[512];
	fl_head head;

	assert_int_equal(feed(&head, copy, text, sizeof(text) - 1, 7), FL_PARSE_DONE);
	assert_memory_equal(copy + head.target, "/a/b?c=d", head.target_len);
	assert_int_equal(head.target_len, 8);
	assert_memory_equal(copy + head.host, "shop.example:81", head.host_len);
	assert_memory_equal(copy + head.lines[0].name, "host", 4);
	assert_int_equal(head.lines[1].value_len, 10);
	assert_memory_equal(copy + head.lines[1].value, "two  words", 10);
	assert_true(head.keep_alive && head.upgrade && head.websocket && !head.close);
	assert_int_equal(head.length, 12);
	assert_string_equal(copy + head.pos - 4, "\r\n\r\nbody");
}

static void limits(void **state)
{
	static char text[64 << 10], copy[64 << 10];
	fl_head head;
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "GET /%08000d HTTP/1.1\r\n" H "\r\n", 1);
	assert_int_equal(feed(&head, copy, text, len, len), FL_PARSE_DONE);
	len = (size_t)snprintf(text, sizeof(text), "GET /%09000d HTTP/1.1\r\n" H "\r\n", 1);
	for (size_t step = 1; step <= len; step += len - 1) {
		assert_int_equal(feed(&head, copy, text, len, step), FL_PARSE_BAD);
		assert_int_equal(head.status, 414);
	}
	len = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H "X: %017000d\r\n\r\n", 1);
	for (size_t step = 1; step <= len; step += len - 1) {
		assert_int_equal(feed(&head, copy, text, len, step), FL_PARSE_BAD);
		assert_int_equal(head.status, 431);
	}
	for (int count = FL_HEAD_HEADERS_MAX - 1; count <= FL_HEAD_HEADERS_MAX; count++) {
		len = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H);
		for (int i = 0; i < count; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "X: y\r\n");
		len += (size_t)snprintf(text + len, sizeof(text) - len, "\r\n");
		assert_int_equal(feed(&head, copy, text, len, len), count < FL_HEAD_HEADERS_MAX ? FL_PARSE_DONE : FL_PARSE_BAD);
	}
	assert_int_equal(head.status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(nul_anywhere),
		cmocka_unit_test(fields),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
