/* WebSockets, live: the upgrade, messages, closing, limits. */
#include "live.h"

#include <zlib.h>

#include "http/frame_int.h"

static live server;

#define UPGRADE "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* A masked frame. */
static bool say(int fd, unsigned first, const void *payload, size_t len)
{
	static const uint8_t mask[4] = { 0x12, 0xfe, 0x80, 0x07 };
	char *bytes = malloc(len + 14), *at = bytes;
	bool sent;

	*at++ = (char)first;
	if (len < 126) {
		*at++ = (char)(0x80 | len);
	} else if (len <= UINT16_MAX) {
		*at++ = (char)(0x80 | 126);
		*at++ = (char)(len >> 8);
		*at++ = (char)len;
	} else {
		*at++ = (char)(0x80 | 127);
		for (int i = 7; i >= 0; i--)
			*at++ = (char)((uint64_t)len >> (8 * i));
	}
	memcpy(at, mask, 4);
	memcpy(at + 4, payload, len);
	fl_frame_unmask(at + 4, len, mask, 0);
	sent = live_send(fd, bytes, (size_t)(at + 4 + len - bytes));
	free(bytes);
	return sent;
}

static bool say_text(int fd, const char *text)
{
	return say(fd, 0x81, text, strlen(text));
}

/* One frame of the server; its first byte, or -1 at the end. */
static int hear(int fd, char *payload, size_t cap, size_t *len)
{
	uint8_t head[10];
	size_t n;

	if (live_hear(fd, (char *)head, 3, NULL, 2) != 2)
		return -1;
	n = head[1];
	assert_true(n < 128); /* not masked */
	if (n >= 126) {
		size_t width = n == 126 ? 2 : 8;
		char more[9];

		assert_int_equal(live_hear(fd, more, sizeof(more), NULL, width), width);
		n = 0;
		for (size_t i = 0; i < width; i++)
			n = n << 8 | (uint8_t)more[i];
	}
	assert_true(n + 1 < cap);
	*len = n == 0 ? 0 : live_hear(fd, payload, n + 1, NULL, n);
	payload[*len] = '\0';
	return *len == n ? head[0] : -1;
}

static void expect(int fd, int first, const char *payload)
{
	static char text[300000];
	size_t len;
	int got = hear(fd, text, sizeof(text), &len);

	if (got != first || (payload != NULL && strcmp(text, payload) != 0))
		fail_msg("want %02x %.60s, got %02x %.60s", (unsigned)first, payload ? payload : "", (unsigned)got, got < 0 ? "" : text);
}

static void expect_close(int fd, unsigned code)
{
	char text[200];
	size_t len;

	assert_int_equal(hear(fd, text, sizeof(text), &len), 0x88);
	assert_true(len >= 2);
	assert_int_equal((uint8_t)text[0] << 8 | (uint8_t)text[1], code);
	assert_int_equal(recv(fd, text, 1, 0), 0); /* and the server ends the connection */
	close(fd);
}

static int open_ws(const live *l, const char *more, char answer[2048])
{
	int fd = live_connect(l);
	char request[1024];
	size_t n = 0;

	snprintf(request, sizeof(request), UPGRADE "Sec-WebSocket-Protocol: unknown, other, echo\r\n%s\r\n", more);
	assert_true(live_say(fd, request));
	do /* byte by byte: frames follow */
		assert_int_equal(recv(fd, answer + n, 1, 0), 1);
	while (++n < 2047 && (n < 4 || memcmp(answer + n - 4, "\r\n\r\n", 4) != 0));
	answer[n] = '\0';
	assert_non_null(strstr(answer, "HTTP/1.1 101 "));
	return fd;
}

static int connected(const live *l)
{
	char answer[2048];
	int fd = open_ws(l, "", answer);

	expect(fd, 0x81, "welcome");
	return fd;
}

static void upgrade(void **state)
{
	char answer[2048];
	int fd = open_ws(&server, "", answer);

	assert_non_null(strstr(answer, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_non_null(strstr(answer, "\r\nSec-WebSocket-Protocol: echo\r\n"));
	assert_null(strstr(answer, "Extensions"));
	expect(fd, 0x81, "welcome");
	close(fd);
	assert_non_null(strstr(live_ask(&server, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), " 400 "));
	assert_non_null(strstr(live_ask(&server, UPGRADE "Connection: close\r\n\r\n"), "subprotocol"));
	assert_non_null(strstr(live_ask(&server, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: echo\r\n\r\n"), "version 13"));
	assert_non_null(strstr(live_ask(&server, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\nSec-WebSocket-Protocol: echo\r\n\r\n"), "Key"));
}

static void messages(void **state)
{
	static char big[100001];
	int fd = connected(&server);

	assert_true(say_text(fd, "hello"));
	expect(fd, 0x81, "hello");
	assert_true(say_text(fd, ""));
	expect(fd, 0x81, "");
	assert_true(say(fd, 0x82, "\x01\xff", 2));
	expect(fd, 0x82, "\x01\xff");
	memset(big, 'x', 100000);
	assert_true(say_text(fd, big));
	expect(fd, 0x81, big);
	assert_true(say(fd, 0x01, "fr\xc3", 3) && say(fd, 0x00, "", 0) && say(fd, 0x89, "ping", 4) && say(fd, 0x80, "\xa4gment", 6));
	expect(fd, 0x8a, "ping");
	expect(fd, 0x81, "fr\xc3\xa4gment");
	/* Messages are handled in order although the first one waits; what follows is held back. */
	assert_true(say_text(fd, "sleep") && say_text(fd, "after") && say(fd, 0x89, "p", 1) && say_text(fd, "sleep") && say_text(fd, "end"));
	expect(fd, 0x81, "sleep");
	expect(fd, 0x81, "after");
	expect(fd, 0x8a, "p");
	expect(fd, 0x81, "sleep");
	expect(fd, 0x81, "end");
	assert_true(say(fd, 0x88, "\x03\xe8", 2));
	expect_close(fd, 1000);
}

static void frames_behind_the_upgrade(void **state)
{
	char answer[2048];
	int fd = open_ws(&server, "", answer);

	assert_true(say_text(fd, "early"));
	expect(fd, 0x81, "welcome");
	expect(fd, 0x81, "early");
	close(fd);
}

static void closing(void **state)
{
	char text[200];
	size_t len;
	int fd = connected(&server);

	assert_true(say(fd, 0x88, "", 0));
	assert_int_equal(hear(fd, text, sizeof(text), &len), 0x88);
	assert_int_equal(len, 0);
	close(fd);
	fd = connected(&server);
	assert_true(say_text(fd, "close"));
	assert_int_equal(hear(fd, text, sizeof(text), &len), 0x88);
	assert_memory_equal(text, "\x0f\xa1" "as you like", 13);
	assert_true(say(fd, 0x88, "\x0f\xa1", 2));
	assert_int_equal(recv(fd, text, 1, 0), 0);
	close(fd);
	fd = connected(&server);
	assert_true(say(fd, 0x81, "\xff", 1));
	assert_int_equal(hear(fd, text, sizeof(text), &len), 0x88);
	assert_memory_equal(text, "\x03\xef", 2); /* 1007 */
	close(fd);
}

static void violations(void **state)
{
	static char big[200000];
	int fd = connected(&server);

	assert_true(live_send(fd, "\x81\x02hi", 4)); /* not masked */
	shutdown(fd, SHUT_WR);
	expect_close(fd, 1002);
	fd = connected(&server);
	assert_true(say(fd, 0xc1, "hi", 2)); /* compressed without being asked */
	shutdown(fd, SHUT_WR);
	expect_close(fd, 1002);
	fd = connected(&server);
	assert_true(say(fd, 0x82, big, sizeof(big)));
	shutdown(fd, SHUT_WR);
	expect_close(fd, 1009);
	fd = connected(&server);
	assert_true(say(fd, 0x02, big, 60000) && say(fd, 0x80, big, 60000));
	shutdown(fd, SHUT_WR);
	expect_close(fd, 1009);
}

/* Messages that the client does not read must not fill our memory: the queue's limit cuts it. */
static void slow_consumer(void **state)
{
	static char piece[100000];
	long before = live_rss_kb(&server), after;
	int fd = connected(&server), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_true(say_text(fd, "flood"));
	while (recv(fd, piece, sizeof(piece), 0) > 0)
		;
	close(fd);
	after = live_rss_kb(&server);
	assert_true(after - before < 4096);
}

static size_t deflated(const char *text, char *out, size_t cap)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)strlen(text);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	deflateEnd(&z);
	return cap - z.avail_out - 4;
}

static void inflated(char *bytes, size_t len, const char *want)
{
	static char out[200000];
	z_stream z = { 0 };

	memcpy(bytes + len, "\0\0\xff\xff", 4);
	assert_int_equal(inflateInit2(&z, -15), Z_OK);
	z.next_in = (Bytef *)bytes;
	z.avail_in = (uInt)len + 4;
	z.next_out = (Bytef *)out;
	z.avail_out = sizeof(out);
	assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(sizeof(out) - z.avail_out, strlen(want));
	assert_memory_equal(out, want, strlen(want));
	inflateEnd(&z);
}

static void compression(void **state)
{
	static char text[100001], packed[200000], bomb[200001];
	char answer[2048];
	size_t len;
	int fd = open_ws(&server, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n", answer);

	assert_non_null(strstr(answer, "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"));
	expect(fd, 0x81, "welcome"); /* too short to be worth it */
	for (size_t i = 0; i < 100000; i++)
		text[i] = (char)('a' + i * i % 23);
	len = deflated(text, packed, sizeof(packed));
	close(fd);
	fd = open_ws(&server, "Sec-WebSocket-Extensions: x, permessage-deflate\r\n", answer);
	expect(fd, 0x81, "welcome");
	for (int round = 0; round < 3; round++) { /* no context goes over from one to the next */
		assert_true(say(fd, 0x41, packed, len / 2) && say(fd, 0x80, packed + len / 2, len - len / 2));
		{
			static char back[200000];
			size_t back_len;

			assert_int_equal(hear(fd, back, sizeof(back), &back_len), 0xc1);
			inflated(back, back_len, text);
		}
	}
	memset(bomb, 'x', 200000);
	len = deflated(bomb, packed, sizeof(packed));
	assert_true(len < 1000 && say(fd, 0xc1, packed, len));
	{
		char close_text[200];
		size_t close_len;

		assert_int_equal(hear(fd, close_text, sizeof(close_text), &close_len), 0x88);
		assert_memory_equal(close_text, "\x03\xf1", 2); /* 1009 */
	}
	close(fd);
	/* An offer that we cannot keep is not taken. */
	fd = open_ws(&server, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n", answer);
	assert_null(strstr(answer, "Extensions"));
	close(fd);
}

/* Leaving at any point, also while a message is handled. */
static void rude_clients(void **state)
{
	for (int round = 0; round < 60; round++) {
		struct linger reset = { .l_onoff = round % 2, .l_linger = 0 };
		int fd = connected(&server);

		assert_true(say_text(fd, round % 3 ? "sleep" : "flood"));
		(void)!say_text(fd, "x"); /* the flood may have ended it already */
		if (round % 5 == 0)
			usleep(20000);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	messages(state);
}

/* Leaving between the request and its 101. */
static void gone_before_the_answer(void **state)
{
	for (int round = 0; round < 40; round++) {
		struct linger reset = { .l_onoff = round % 2, .l_linger = 0 };
		int fd = live_connect(&server);

		assert_true(live_say(fd, "GET /ws-late HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: echo\r\n\r\n"));
		usleep((useconds_t)(round % 8) * 8000);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	usleep(200000);
	messages(state);
}

static void send_frames(const char *bytes, size_t len)
{
	static char back[64 << 10];
	int fd = connected(&server);

	(void)!live_send(fd, bytes + 1, len - 1);
	shutdown(fd, SHUT_WR);
	live_hear(fd, back, sizeof(back), NULL, 0);
	close(fd);
}

/* What the fuzzer feeds to the framer, fed to the whole. */
static void corpus(void **state)
{
	live_each_corpus("http_websocket", send_frames);
	close(connected(&server));
}

static void draining(void **state)
{
	live small;
	char text[200];
	size_t len;
	int fd, status;

	live_start(&small, (fl_http_options){ 0 });
	fd = connected(&small);
	kill(small.pid, SIGTERM);
	assert_int_equal(hear(fd, text, sizeof(text), &len), 0x88);
	assert_memory_equal(text, "\x03\xe9", 2); /* 1001 */
	assert_true(say(fd, 0x88, "\x03\xe9", 2));
	assert_int_equal(waitpid(small.pid, &status, 0), small.pid);
	assert_int_equal(status, 0);
	rmdir(small.dir);
	close(fd);
}

static void idle_memory(void **state)
{
	enum { COUNT = 2000 };
	static int fds[COUNT];
	long before, after;
	live calm;

	live_start(&calm, (fl_http_options){ 0 });
	close(connected(&calm));
	before = live_rss_kb(&calm);
	for (int i = 0; i < COUNT; i++) {
		fds[i] = connected(&calm);
		assert_true(say_text(fds[i], "hello"));
		expect(fds[i], 0x81, "hello");
	}
	after = live_rss_kb(&calm);
	printf("an idle WebSocket takes %ld bytes\n", (after - before) * 1024 / COUNT);
#if !defined(__SANITIZE_ADDRESS__)
	assert_true((after - before) * 1024 / COUNT < 4096);
#endif
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	live_stop(&calm);
}

static int start(void **state)
{
	live_start(&server, (fl_http_options){ .stall_timeout_us = FL_SECOND_US });
	return 0;
}

static int stop(void **state)
{
	live_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrade),       cmocka_unit_test(messages),    cmocka_unit_test(frames_behind_the_upgrade),
		cmocka_unit_test(closing),       cmocka_unit_test(violations),  cmocka_unit_test(slow_consumer),
		cmocka_unit_test(compression),   cmocka_unit_test(rude_clients), cmocka_unit_test(gone_before_the_answer), cmocka_unit_test(corpus),      cmocka_unit_test(draining),
		cmocka_unit_test(idle_memory),
	};
	struct rlimit files_limit;

	getrlimit(RLIMIT_NOFILE, &files_limit);
	files_limit.rlim_cur = files_limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files_limit);
	signal(SIGPIPE, SIG_IGN);
	fl_log_level(FL_ERROR);
	return cmocka_run_group_tests(tests, start, stop);
}
