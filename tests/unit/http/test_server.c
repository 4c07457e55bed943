/* The server, live: requests, bodies, answers, limits, its end. */
#include "live.h"

#include <sys/un.h>

static live server;

#define CLOSE "Host: a\r\nConnection: close\r\n\r\n"

static void assert_has(const char *answer, const char *part)
{
	assert_non_null(answer);
	if (strstr(answer, part) == NULL)
		fail_msg("no \"%s\" in: %.600s", part, answer);
}

static void assert_status(const char *answer, const char *status)
{
	char line[64];

	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(answer, line, strlen(line)) != 0)
		fail_msg("not %s: %.300s", status, answer);
}

static void simple(void **state)
{
	const char *answer = live_ask(&server, "GET /hello/w%C3%B6rld HTTP/1.1\r\n" CLOSE);

	assert_status(answer, "200");
	assert_has(answer, "\r\nDate: ");
	assert_has(answer, "\r\nContent-Type: text/plain\r\n");
	assert_has(answer, "\r\nContent-Length: 12\r\n");
	assert_has(answer, "\r\nConnection: close\r\n");
	assert_has(answer, "\r\n\r\nhello wörld");
	answer = live_ask(&server, "HEAD /hello/you HTTP/1.1\r\n" CLOSE);
	assert_has(answer, "\r\nContent-Length: 9\r\n");
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	assert_status(live_ask(&server, "GET /none HTTP/1.1\r\n" CLOSE), "404");
	answer = live_ask(&server, "DELETE /hello/you HTTP/1.1\r\n" CLOSE);
	assert_status(answer, "405");
	assert_has(answer, "\r\nAllow: GET, HEAD, OPTIONS\r\n");
	answer = live_ask(&server, "OPTIONS /hello/you HTTP/1.1\r\n" CLOSE);
	assert_status(answer, "204");
	assert_has(answer, "\r\nAllow: GET, HEAD, OPTIONS\r\n");
	assert_status(live_ask(&server, "BREW /hello/you HTTP/1.1\r\n" CLOSE), "501");
	assert_status(live_ask(&server, "GET /%2e%2e/x HTTP/1.1\r\n" CLOSE), "400");
	assert_status(live_ask(&server, "GET /late HTTP/1.1\r\n" CLOSE), "504");
	assert_status(live_ask(&server, "GARBAGE\r\n\r\n"), "400");
	assert_status(live_ask(&server, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), "400");
}

static void old_http(void **state)
{
	const char *answer = live_ask(&server, "GET /hello/you HTTP/1.0\r\n\r\n");
	char text[4096];
	int fd;

	assert_has(answer, "\r\nConnection: close\r\n");
	answer = live_ask(&server, "GET /stream?blocks=1 HTTP/1.0\r\n\r\n");
	assert_null(strstr(answer, "chunked"));
	assert_int_equal(strlen(strstr(answer, "\r\n\r\n")), 4 + (64 << 10));
	fd = live_connect(&server);
	for (int i = 0; i < 2; i++) {
		assert_true(live_say(fd, "GET /hello/you HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
		live_hear(fd, text, sizeof(text), "hello you", 0);
		assert_has(text, "\r\nConnection: keep-alive\r\n");
	}
	close(fd);
}

static void errors(void **state)
{
	const char *answer = live_ask(&server, "GET /fail/x HTTP/1.1\r\n" CLOSE);

	assert_status(answer, "404");
	assert_has(answer, "{\"errors\":[{\"message\":\"no report \\\"17\\\"\",\"extensions\":{\"code\":\"NOT_FOUND\"}}]}");
	assert_has(answer, "X-Request-Id: ");
	assert_null(strstr(answer, "Set-Cookie"));
	answer = live_ask(&server, "GET /fail/secret HTTP/1.1\r\n" CLOSE);
	assert_status(answer, "500");
	assert_null(strstr(answer, "secret"));
	answer = live_ask(&server, "GET /split HTTP/1.1\r\n" CLOSE);
	assert_status(answer, "500");
	assert_null(strstr(answer, "Set-Cookie"));
	answer = live_ask(&server, "GET /cookie HTTP/1.1\r\n" CLOSE);
	assert_status(answer, "303");
	assert_has(answer, "\r\nSet-Cookie: s=v; Path=/; Max-Age=60; SameSite=Lax; HttpOnly\r\n");
	assert_has(answer, "\r\nLocation: /login?next=%2F\r\n");
	assert_has(answer, "\r\nContent-Security-Policy: default-src 'self';");
}

static void pipelining(void **state)
{
	static char requests[200 * 64], answers[200 * 256];
	size_t len = 0, found = 0;
	int fd = live_connect(&server);

	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(requests + len, sizeof(requests) - len, i == 199 ? "GET /hello/%d HTTP/1.1\r\n" CLOSE :
			"GET /hello/%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
	assert_true(live_send(fd, requests, len));
	live_hear(fd, answers, sizeof(answers), NULL, 0);
	for (const char *at = answers; (at = strstr(at, "\r\n\r\nhello ")) != NULL; at += 4, found++)
		assert_int_equal(atoi(at + 10), found);
	assert_int_equal(found, 200);
	close(fd);
	fd = live_connect(&server); /* one that waits between two that do not, with a body among them, byte by byte */
	len = (size_t)snprintf(requests, sizeof(requests), "GET /hello/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloPOST /echo HTTP/1.1\r\nHost: a\r\n"
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /hello/2 HTTP/1.1\r\n" CLOSE);
	for (size_t i = 0; i < len; i++)
		assert_true(live_send(fd, requests + i, 1));
	live_hear(fd, answers, sizeof(answers), NULL, 0);
	assert_has(strstr(strstr(strstr(strstr(answers, "hello 1"), "\r\n\r\nslow"), "\r\n\r\nhello"), "\r\n\r\nabc"), "\r\n\r\nhello 2");
	close(fd);
}

static void bodies(void **state)
{
	const char *answer;
	char text[4096];
	int fd;

	assert_has(live_ask(&server, "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n" CLOSE "hello"), "\r\n\r\nhello");
	assert_has(live_ask(&server, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "5;x\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), "\r\n\r\nhello!");
	assert_status(live_ask(&server, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "5\nhello\r\n0\r\n\r\n"), "400");
	answer = live_ask(&server, "POST /echo HTTP/1.1\r\nContent-Length: 1073741824\r\nHost: a\r\n\r\n"); /* refused unread */
	assert_status(answer, "413");
	assert_has(answer, "\r\nConnection: close\r\n");
	fd = live_connect(&server); /* 100 Continue comes when the handler reads */
	assert_true(live_say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
	live_hear(fd, text, sizeof(text), "\r\n\r\n", 0);
	assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_true(live_say(fd, "hello"));
	live_hear(fd, text, sizeof(text), "hello", 0);
	assert_status(text, "200");
	close(fd);
	/* A handler that does not want the body: no 100, and the connection ends. */
	answer = live_ask(&server, "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	assert_status(answer, "204");
	assert_has(answer, "\r\nConnection: close\r\n");
	/* An unread body is skipped, and the next request understood. */
	answer = live_ask(&server, "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /hello/you HTTP/1.1\r\n" CLOSE);
	assert_status(answer, "204");
	assert_has(answer, "\r\n\r\nhello you");
	answer = live_ask(&server, "POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nGET /hello/you HTTP/1.1\r\n" CLOSE);
	assert_has(answer, "\r\n\r\nhello you");
}

static size_t read_all(int fd, size_t limit, char *last)
{
	static char piece[256 << 10];
	size_t total = 0;
	ssize_t n;

	while (total < limit && (n = recv(fd, piece, sizeof(piece), 0)) > 0) {
		total += (size_t)n;
		*last = piece[n - 1];
	}
	return total;
}

static void answers(void **state)
{
	int fd = live_connect(&server);
	char last = 0;
	const char *answer;

	assert_true(live_say(fd, "GET /big HTTP/1.1\r\n" CLOSE));
	usleep(100 * 1000); /* so that the socket fills and the server has to wait */
	assert_true(read_all(fd, SIZE_MAX, &last) > 8 << 20);
	close(fd);
	answer = live_ask(&server, "GET /stream HTTP/1.1\r\n" CLOSE);
	assert_has(answer, "\r\nTransfer-Encoding: chunked\r\n");
	assert_has(answer, "\r\n\r\n10000\r\nbbbb");
	assert_string_equal(answer + strlen(answer) - 7, "\r\n0\r\n\r\n");
	answer = live_ask(&server, "GET /stream?fail HTTP/1.1\r\n" CLOSE); /* cut: no last chunk */
	assert_string_equal(answer + strlen(answer) - 4, "bb\r\n");
	answer = live_ask(&server, "HEAD /stream HTTP/1.1\r\n" CLOSE);
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

static void files(void **state)
{
	static char content[1 << 20];
	char path[128], last;
	const char *answer;
	FILE *file;
	int fd;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (char)('a' + i % 26);
	snprintf(path, sizeof(path), "%s/file", server.dir);
	file = fopen(path, "we");
	assert_true(file && fwrite(content, 1, sizeof(content), file) == sizeof(content) && fclose(file) == 0);
	fd = live_connect(&server);
	assert_true(live_say(fd, "GET /file HTTP/1.1\r\n" CLOSE));
	assert_true(read_all(fd, SIZE_MAX, &last) > 1 << 20);
	assert_int_equal(last, content[sizeof(content) - 1]);
	close(fd);
	answer = live_ask(&server, "GET /file HTTP/1.1\r\nRange: bytes=26-30\r\n" CLOSE);
	assert_status(answer, "206");
	assert_has(answer, "\r\nContent-Range: bytes 26-30/1048576\r\n");
	assert_has(answer, "\r\nContent-Length: 5\r\n");
	assert_has(answer, "\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	assert_has(answer, "\r\nContent-Disposition: attachment; filename=\"d___.jpg\"; filename*=UTF-8''d%22%C3%A9.jpg\r\n");
	assert_has(answer, "\r\n\r\nabcde");
	assert_has(live_ask(&server, "GET /file HTTP/1.1\r\nRange: bytes=-2\r\n" CLOSE), "\r\n\r\nuv");
	assert_status(live_ask(&server, "GET /file HTTP/1.1\r\nRange: bytes=1048576-\r\n" CLOSE), "416");
	assert_status(live_ask(&server, "GET /file HTTP/1.1\r\nIf-None-Match: W/\"tag\"\r\n" CLOSE), "304");
	assert_status(live_ask(&server, "GET /file HTTP/1.1\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n" CLOSE), "304");
	assert_status(live_ask(&server, "GET /file HTTP/1.1\r\nRange: bytes=0-1\r\nIf-Range: \"tag\"\r\n" CLOSE), "206");
	assert_status(live_ask(&server, "GET /file HTTP/1.1\r\nRange: bytes=0-1\r\nIf-Range: \"old\"\r\n" CLOSE), "200");
	answer = live_ask(&server, "HEAD /file HTTP/1.1\r\nRange: bytes=0-1\r\n" CLOSE);
	assert_has(answer, "\r\nContent-Length: 1048576\r\n");
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	unlink(path);
}

static void assets(void **state)
{
	const char *answer = live_ask(&server, "GET /asset HTTP/1.1\r\nAccept-Encoding: gzip, br\r\n" CLOSE);

	assert_has(answer, "\r\nContent-Encoding: br\r\n");
	assert_has(answer, "\r\nETag: \"e-br\"\r\n");
	assert_has(answer, "\r\nVary: Accept-Encoding\r\n");
	assert_has(answer, "immutable");
	assert_has(answer, "\r\n\r\nBR");
	assert_has(live_ask(&server, "GET /asset HTTP/1.1\r\nAccept-Encoding: gzip, br;q=0\r\n" CLOSE), "\r\n\r\nGZ");
	assert_has(live_ask(&server, "GET /asset HTTP/1.1\r\n" CLOSE), "\r\n\r\nplain text");
	assert_status(live_ask(&server, "GET /asset HTTP/1.1\r\nAccept-Encoding: br\r\nIf-None-Match: \"e-br\"\r\n" CLOSE), "304");
	assert_status(live_ask(&server, "GET /asset HTTP/1.1\r\nIf-None-Match: \"e-br\"\r\n" CLOSE), "200");
}

/* Sends a form with one file of that size; the answer. */
static const char *send_file(size_t size)
{
	static char answer[4096], block[64 << 10];
	static const char head[] = "--XX\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nscraped\r\n"
				   "--XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n";
	static const char tail[] = "\r\n--XX--\r\n";
	char text[512];
	int fd = live_connect(&server);

	snprintf(text, sizeof(text), "POST /upload HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: %zu\r\n" CLOSE,
		sizeof(head) - 1 + size + sizeof(tail) - 1);
	assert_true(live_say(fd, text) && live_say(fd, head));
	for (size_t sent = 0; sent < size; sent += FL_MIN(sizeof(block), size - sent))
		assert_true(live_send(fd, block, FL_MIN(sizeof(block), size - sent)));
	assert_true(live_say(fd, tail));
	live_hear(fd, answer, sizeof(answer), NULL, 0);
	close(fd);
	return answer;
}

static void uploads(void **state)
{
	long before, after;
	const char *answer;

	assert_has(send_file(1000), "text=scraped;photo<a.jpg>1000 on disk 1000;");
	before = live_rss_kb(&server);
	assert_has(send_file(30 << 20), "text=scraped;photo<a.jpg>31457280 on disk 31457280;");
	after = live_rss_kb(&server);
	printf("a 30 MB upload took %ld KB of memory\n", after - before);
	assert_true(after - before < 2048);
	assert_has(send_file(50 << 20), "text=scraped;photo<a.jpg>too large 52428800;");
	assert_status(send_file(110 << 20), "413"); /* although all of it was sent before the answer was read */
	answer = live_ask(&server, "POST /upload HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: 8\r\n" CLOSE "--XX\r\n\r\n");
	assert_status(answer, "400");
	answer = live_ask(&server, "POST /upload HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n" CLOSE "ab");
	assert_status(answer, "415");
}

/* ---- limits ---- */

static double seconds_until_cut(const char *text, const char *drip)
{
	double began = live_now();
	char answer[512];
	int fd = live_connect(&server);

	assert_true(live_say(fd, text));
	while (live_now() - began < 10) {
		struct timeval limit = { .tv_usec = 100 * 1000 };
		ssize_t n;

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		n = recv(fd, answer, sizeof(answer), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n < 0 && !live_say(fd, drip))
			break;
	}
	close(fd);
	return live_now() - began;
}

static void slow_clients(void **state)
{
	double took = seconds_until_cut("GET /hello/you HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"); /* head: 1 s, then 408 and 2 s of linger */

	assert_true(took > 0.9 && took < 4.5);
	took = seconds_until_cut("", ""); /* never says a word */
	assert_true(took > 0.9 && took < 2.5);
	took = seconds_until_cut("GET /hello/you HTTP/1.1\r\nHost: a\r\n\r\n", ""); /* idle: 1.5 s */
	assert_true(took > 1.4 && took < 3);
	took = seconds_until_cut("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", ""); /* stalled body: 1 s */
	assert_true(took > 0.9 && took < 4.5);
}

static void slow_reader(void **state)
{
	double began = live_now();
	char piece[4096];
	int fd = live_connect(&server), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_true(live_say(fd, "GET /stream?blocks=1000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(recv(fd, piece, sizeof(piece), 0) > 0);
	usleep(2500 * 1000); /* stall: 1 s */
	while (recv(fd, piece, sizeof(piece), 0) > 0)
		;
	assert_true(live_now() - began < 10);
	close(fd);
}

static void caps(void **state)
{
	live small;
	char text[1024];
	int fds[4];

	live_start(&small, (fl_http_options){ .connections_per_ip = 3, .count_loopback = true });
	for (int i = 0; i < 3; i++) {
		fds[i] = live_connect(&small);
		assert_true(live_say(fds[i], "GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
		live_hear(fds[i], text, sizeof(text), "hello x", 0);
	}
	fds[3] = live_connect(&small);
	live_hear(fds[3], text, sizeof(text), NULL, 0);
	assert_status(text, "503");
	assert_has(text, "\r\nRetry-After: ");
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	live_stop(&small);
}

static void shedding(void **state)
{
	live small;
	char text[1024];
	int first, second;

	live_start(&small, (fl_http_options){ .in_flight_max = 1 });
	first = live_connect(&small);
	second = live_connect(&small);
	assert_true(live_say(first, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
	usleep(100 * 1000);
	assert_true(live_say(second, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
	live_hear(second, text, sizeof(text), NULL, 0);
	assert_status(text, "503");
	assert_has(live_ask(&small, "GET /hello/health HTTP/1.1\r\n" CLOSE), "hello health");
	live_hear(first, text, sizeof(text), "\r\n\r\nslow", 0);
	assert_status(text, "200");
	close(first);
	close(second);
	live_stop(&small);
}

static void draining(void **state)
{
	live small;
	char text[1024];
	int busy, idle, fd, status;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	live_start(&small, (fl_http_options){ 0 });
	at.sin_port = htons(small.port);
	busy = live_connect(&small);
	idle = live_connect(&small);
	assert_true(live_say(idle, "GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
	live_hear(idle, text, sizeof(text), "hello x", 0);
	assert_true(live_say(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
	usleep(100 * 1000);
	kill(small.pid, SIGTERM);
	assert_int_equal(recv(idle, text, sizeof(text), 0), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), -1);
	live_hear(busy, text, sizeof(text), NULL, 0);
	assert_has(text, "\r\n\r\nslow");
	assert_has(text, "\r\nConnection: close\r\n");
	assert_int_equal(waitpid(small.pid, &status, 0), small.pid);
	assert_int_equal(status, 0);
	rmdir(small.dir);
	close(busy);
	close(idle);
	close(fd);
}

/* A client that never ends its upload does not keep the server from ending. */
static void drain_limit(void **state)
{
	live small;
	double began = live_now();
	int fd;

	live_start(&small, (fl_http_options){ 0 });
	fd = live_connect(&small);
	assert_true(live_say(fd, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx"));
	usleep(100 * 1000);
	live_stop(&small);
	assert_true(live_now() - began < 6);
	close(fd);
}

static void idle_memory(void **state)
{
	enum { COUNT = 2000 };
	static int fds[COUNT];
	char text[1024];
	long before, after;

	live calm;

	live_start(&calm, (fl_http_options){ 0 });
	assert_has(live_ask(&calm, "GET /hello/x HTTP/1.1\r\n" CLOSE), "hello x");
	before = live_rss_kb(&calm);
	for (int i = 0; i < COUNT; i++) {
		fds[i] = live_connect(&calm);
		assert_true(live_say(fds[i], "GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
		live_hear(fds[i], text, sizeof(text), "hello x", 0);
	}
	after = live_rss_kb(&calm);
	printf("an idle connection takes %ld bytes\n", (after - before) * 1024 / COUNT);
#if !defined(__SANITIZE_ADDRESS__)
	assert_true((after - before) * 1024 / COUNT < 2048);
#endif
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	live_stop(&calm);
}

/* Clients that leave at any point of their request or of their answer. */
static void rude_clients(void **state)
{
	static const char *const texts[] = {
		"GET /big HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /stream?blocks=100 HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf",
		("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nContent-Type: multipart/form-data; boundary=XX\r\n\r\n--XX\r\n"
		 "Content-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\nabc"),
		"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /hel",
	};

	for (int round = 0; round < 60; round++) {
		const char *text = texts[(size_t)round % FL_COUNT(texts)];
		struct linger reset = { .l_onoff = round % 2, .l_linger = 0 };
		int fd = live_connect(&server);

		assert_true(live_send(fd, text, round < 30 ? strlen(text) : strlen(text) / 2));
		if (round % 3 == 0)
			usleep(5000);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	assert_has(live_ask(&server, "GET /hello/still HTTP/1.1\r\n" CLOSE), "hello still");
}

static void send_torn(const char *bytes, size_t len)
{
	static char answer[64 << 10];
	int fd = live_connect(&server);

	for (size_t at = 0; at < len;) {
		size_t n = (size_t)rand() % 40 + 1, left = len - at;

		n = FL_MIN(n, left);
		if (!live_send(fd, bytes + at, n))
			break;
		at += n;
	}
	shutdown(fd, SHUT_WR);
	live_hear(fd, answer, sizeof(answer), NULL, 0);
	close(fd);
}

/* What the fuzzers feed to the parsers, fed to the whole. */
static void corpus(void **state)
{
	live_each_corpus("http_request", send_torn);
	live_each_corpus("http_multipart", send_torn);
	assert_has(live_ask(&server, "GET /hello/still HTTP/1.1\r\n" CLOSE), "hello still");
}

/* Half-closing after the request is legitimate: printf | nc. */
static void half_close(void **state)
{
	char text[1024];
	int fd = live_connect(&server);

	assert_true(live_say(fd, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
	shutdown(fd, SHUT_WR);
	live_hear(fd, text, sizeof(text), NULL, 0);
	assert_has(text, "\r\n\r\nslow");
	close(fd);
}

static void unix_socket(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char text[1024];
	live small;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/../fl_http_%d.sock", server.dir, (int)getpid());
	live_start(&small, (fl_http_options){ .unix_path = at.sun_path });
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_true(live_say(fd, "GET /hello/you HTTP/1.1\r\n" CLOSE));
	live_hear(fd, text, sizeof(text), NULL, 0);
	assert_has(text, "hello you");
	close(fd);
	live_stop(&small);
}

static void with_curl(void **state)
{
	char command[512], path[128];

	if (system("command -v curl >/dev/null") != 0) {
		printf("no curl here: skipped\n");
		return;
	}
	snprintf(path, sizeof(path), "%s/in", server.dir);
	snprintf(command, sizeof(command), "cd %s && head -c 3000000 /dev/urandom > in && curl -sf -H 'Expect: 100-continue' -F text=hi -F photo=@in "
		"http://127.0.0.1:%u/upload | grep -q 'text=hi;photo<in>3000000 on disk 3000000;' && head -c 900000 in > part && "
		"curl -sf --data-binary @part http://127.0.0.1:%u/echo | cmp - part && curl -sf -H 'Transfer-Encoding: chunked' "
		"--data-binary @part http://127.0.0.1:%u/echo | cmp - part; rc=$?; rm -f in part; exit $rc",
		server.dir, server.port, server.port, server.port);
	assert_int_equal(system(command), 0);
}

static int start(void **state)
{
	live_start(&server, (fl_http_options){ .head_timeout_us = FL_SECOND_US, .idle_timeout_us = 1500 * 1000,
		.stall_timeout_us = FL_SECOND_US });
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
		cmocka_unit_test(simple),      cmocka_unit_test(old_http),    cmocka_unit_test(errors),
		cmocka_unit_test(pipelining),  cmocka_unit_test(bodies),      cmocka_unit_test(answers),
		cmocka_unit_test(files),       cmocka_unit_test(assets),      cmocka_unit_test(uploads),
		cmocka_unit_test(slow_clients), cmocka_unit_test(slow_reader), cmocka_unit_test(caps),
		cmocka_unit_test(shedding),    cmocka_unit_test(draining),    cmocka_unit_test(drain_limit),
		cmocka_unit_test(idle_memory), cmocka_unit_test(rude_clients), cmocka_unit_test(half_close), cmocka_unit_test(corpus),
		
		cmocka_unit_test(unix_socket), cmocka_unit_test(with_curl),
	};
	struct rlimit files_limit;

	getrlimit(RLIMIT_NOFILE, &files_limit);
	files_limit.rlim_cur = files_limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files_limit);
	signal(SIGPIPE, SIG_IGN);
	fl_log_level(FL_ERROR);
	return cmocka_run_group_tests(tests, start, stop);
}
