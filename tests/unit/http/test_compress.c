/* Compressed answers: which coding is chosen, that it holds the same text, and when an answer stays plain. */
#include "live.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

static live server;

typedef struct packed {
	char coding[16]; /* of Content-Encoding; empty: none */
	const char *body;
	size_t len;
} packed;

static packed ask(size_t text_len, const char *accept)
{
	static char answer[4 << 20];
	packed out = { .coding = "" };
	int fd = live_connect(&server);
	snprintf(answer, sizeof(answer), "GET /pack/%zu HTTP/1.1\r\nHost: a\r\n%s%s%sConnection: close\r\n\r\n", text_len,
		accept ? "Accept-Encoding: " : "", accept ? accept : "", accept ? "\r\n" : "");
	assert_true(live_say(fd, answer));
	size_t have = live_hear(fd, answer, sizeof(answer), NULL, 0);
	close(fd);
	const char *coding = strstr(answer, "\r\nContent-Encoding: "), *body = strstr(answer, "\r\n\r\n");
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	if (coding)
		sscanf(coding + 20, "%15s", out.coding);
	out.body = body + 4;
	out.len = have - (size_t)(out.body - answer);
	return out;
}

static size_t unpack(const packed *p, char *text, size_t room)
{
	if (strcmp(p->coding, "zstd") == 0)
		return ZSTD_decompress(text, room, p->body, p->len);
	if (strcmp(p->coding, "br") == 0) {
		assert_int_equal(BrotliDecoderDecompress(p->len, (const uint8_t *)p->body, &room, (uint8_t *)text),
			BROTLI_DECODER_RESULT_SUCCESS);
		return room;
	}
	if (strcmp(p->coding, "gzip") == 0) {
		z_stream z = { .next_in = (Bytef *)(uintptr_t)p->body,
			.avail_in = (uInt)p->len,
			.next_out = (Bytef *)text,
			.avail_out = (uInt)room };
		assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		inflateEnd(&z);
		return z.total_out;
	}
	memcpy(text, p->body, p->len);
	return p->len;
}

static void expect(size_t len, const char *accept, const char *coding)
{
	static char text[4 << 20];
	packed p = ask(len, accept);
	if (strcmp(p.coding, coding) != 0)
		fail_msg("%s: '%s', not '%s'", accept ? accept : "(none)", p.coding, coding);
	assert_int_equal(unpack(&p, text, sizeof(text)), len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(text[i], 'a' + (i / 7 + i * i / 31) % 26);
	if (coding[0])
		assert_true(p.len < len);
}

static void choice(void **state)
{
	expect(5000, NULL, "");
	expect(5000, "gzip", "gzip");
	expect(5000, "br", "br");
	expect(5000, "zstd", "zstd");
	expect(5000, "gzip, deflate, br, zstd", "zstd");
	expect(5000, "gzip, deflate, br", "br");
	expect(5000, "gzip;q=1.0, br;q=0.8, zstd;q=0.5", "gzip");
	expect(5000, "zstd;q=0, br;q=0, gzip;q=0.1", "gzip");
	expect(5000, "zstd;q=0, br;q=0, gzip;q=0", "");
	expect(5000, "*", "zstd");
	expect(5000, "*;q=0.5, zstd;q=0", "br");
	expect(5000, "identity, gzip;q=0.5", "");
	expect(5000, "deflate, compress", "");
}

static void sizes(void **state)
{
	expect(0, "zstd", "");
	expect(1023, "zstd", "");
	expect(1024, "zstd", "zstd");
	for (size_t i = 0; i < 3; i++) {
		static const char *const codings[] = { "zstd", "br", "gzip" };
		expect(16 << 10, codings[i], codings[i]);
		expect((16 << 10) + 1, codings[i], codings[i]); /* on the pool from here */
		expect(2 << 20, codings[i], codings[i]);
	}
}

static int start(void **state)
{
	live_start(&server, (fl_http_options) { 0 });
	return 0;
}

static int stop(void **state)
{
	live_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(choice), cmocka_unit_test(sizes) };
	return cmocka_run_group_tests(tests, start, stop);
}
