/* The WebSocket framer: events for frames in any pieces, refusals with their close codes, and what it writes. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/frame_int.h"
#include "http/server_int.h"

#include <cmocka.h>

/* step, or with step 0 a random size up to most; never more than left. */
static size_t piece_size(size_t step, size_t most, size_t left)
{
	size_t n = step ? step : 1 + (size_t)rand() % most;

	return FL_MIN(n, left);
}

/* A masked client frame; first: fin, rsv and opcode byte. */
static size_t put_frame(char *to, unsigned first, const char *payload, size_t len)
{
	static const uint8_t mask[4] = { 0x12, 0xfe, 0x80, 0x07 };
	char *at = to;

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
			*at++ = (char)(len >> (8 * i));
	}
	memcpy(at, mask, 4);
	at += 4;
	memcpy(at, payload, len);
	fl_frame_unmask(at, len, mask, 0);
	return (size_t)(at + len - to);
}

/* Describes what the framer makes of the bytes: "T(hello)", "B(...)", "P(...)" ping, "O(...)" pong, "C(1000 bye)", "!1002". */
static void describe(const char *bytes, size_t len, size_t step, uint32_t max, bool deflate, fl_buf *out)
{
	FL_AUTO_BUF fl_buf message = fl_buf_make(1 << 20);
	char *copy = malloc(len + 1);
	fl_frame frame;

	fl_buf_reset(out);
	memcpy(copy, bytes, len);
	fl_frame_init(&frame, max, deflate);
	for (size_t at = 0;;) {
		size_t n = piece_size(step, 9, len - at), used;
		fl_str data;

		switch (fl_frame_feed(&frame, copy + at, n, &used, &data)) {
		case FL_FRAME_MORE:
			if (at + used == len) {
				free(copy);
				return;
			}
			break;
		case FL_FRAME_BYTES:
			fl_buf_str(&message, data);
			break;
		case FL_FRAME_MESSAGE:
			fl_buf_fmt(out, "%s%c(", frame.compressed ? "z" : "", frame.message_op == FL_FRAME_TEXT ? 'T' : 'B');
			if (message.len > 40)
				fl_buf_fmt(out, "%zu", message.len);
			else
				fl_buf_str(out, fl_buf_view(&message));
			fl_buf_char(out, ')');
			fl_buf_reset(&message);
			break;
		case FL_FRAME_CONTROL:
			if (frame.control_op == FL_FRAME_CLOSE)
				fl_buf_fmt(out, "C(%u)", frame.close_code);
			else
				fl_buf_fmt(out, "%c(%.*s)", frame.control_op == FL_FRAME_PING ? 'P' : 'O', frame.control_len, frame.control);
			break;
		case FL_FRAME_BAD:
			fl_buf_fmt(out, "!%u", frame.close_code);
			free(copy);
			return;
		}
		at += used;
	}
}

static void expect(const char *bytes, size_t len, const char *want)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(4096);

	for (size_t step = 0; step <= FL_MIN(len, 40); step++) {
		describe(bytes, len, step == 40 ? len : step, 70000, false, &out);
		if (!fl_str_eq(fl_buf_view(&out), fl_str_z(want)))
			fail_msg("want %s, got %.*s (step %zu)", want, (int)out.len, out.ptr, step);
	}
}

static void good(void **state)
{
	static char bytes[80000], big[70001];
	size_t n;

	n = put_frame(bytes, 0x81, "hello", 5);
	expect(bytes, n, "T(hello)");
	n += put_frame(bytes + n, 0x82, "", 0);
	expect(bytes, n, "T(hello)B()");
	n = put_frame(bytes, 0x01, "he", 2);
	n += put_frame(bytes + n, 0x89, "are you there", 13);
	n += put_frame(bytes + n, 0x00, "", 0);
	n += put_frame(bytes + n, 0x80, "llo", 3);
	n += put_frame(bytes + n, 0x8a, "", 0);
	n += put_frame(bytes + n, 0x81, "next", 4);
	n += put_frame(bytes + n, 0x88, "\x03\xe8" "bye", 5);
	expect(bytes, n, "P(are you there)T(hello)O()T(next)C(1000)");
	n = put_frame(bytes, 0x88, "", 0);
	expect(bytes, n, "C(1005)");
	memset(big, 'x', sizeof(big));
	n = put_frame(bytes, 0x81, big, 126);
	n += put_frame(bytes + n, 0x81, big, 60000);
	expect(bytes, n, "T(126)T(60000)");
	n = put_frame(bytes, 0x82, big, 70000);
	expect(bytes, n, "B(70000)");
	n = put_frame(bytes, 0x82, big, 70001);
	expect(bytes, n, "!1009");
	n = put_frame(bytes, 0x02, big, 40000);
	n += put_frame(bytes + n, 0x80, big, 30001);
	expect(bytes, n, "!1009");
}

static void bad(void **state)
{
	static const struct {
		unsigned first;
		const char *payload;
		size_t len;
		const char *want;
	} table[] = {
		{ 0x91, "", 0, "!1002" }, { 0xa1, "", 0, "!1002" }, { 0xc1, "", 0, "!1002" }, /* reserved bits */
		{ 0x83, "", 0, "!1002" }, { 0x8b, "", 0, "!1002" }, { 0x8f, "", 0, "!1002" }, /* opcodes */
		{ 0x80, "", 0, "!1002" }, { 0x00, "", 0, "!1002" },                           /* continuation of nothing */
		{ 0x09, "", 0, "!1002" }, { 0x08, "", 0, "!1002" },                           /* fragmented control */
		{ 0x88, "\x03", 1, "!1002" }, { 0x88, "\x03\xe7", 2, "!1002" },               /* close codes: half, 999 */
		{ 0x88, "\x03\xed", 2, "!1002" }, { 0x88, "\x03\xee", 2, "!1002" }, { 0x88, "\x03\xf7", 2, "!1002" },
		{ 0x88, "\x07\xd0", 2, "!1002" }, { 0x88, "\x13\x88", 2, "!1002" }, { 0x88, "\x0b\xb8", 2, "C(3000)" },
		{ 0x88, "\x03\xe8\xff", 3, "!1007" },
	};
	char bytes[256];
	size_t n;

	for (size_t i = 0; i < FL_COUNT(table); i++) {
		n = put_frame(bytes, table[i].first, table[i].payload, table[i].len);
		expect(bytes, n, table[i].want);
	}
	n = put_frame(bytes, 0x01, "a", 1);
	n += put_frame(bytes + n, 0x81, "b", 1);
	expect(bytes, n, "!1002"); /* a new message inside another */
	expect("\x81\x05hello", 7, "!1002"); /* no mask */
	expect("\x89\xfe\x00\x7e", 4, "!1002"); /* a long ping */
	expect("\x81\xfe\x00\x7d", 4, "!1002"); /* lengths that are not minimal */
	expect("\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff", 10, "!1002");
	expect("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", 3, "!1002");
	expect("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10, "!1009");
}

static void compressed(void **state)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(4096);
	char bytes[64];
	size_t n = put_frame(bytes, 0x41, "a", 1);

	n += put_frame(bytes + n, 0x80, "b", 1);
	describe(bytes, n, 0, 100, true, &out);
	assert_true(fl_str_eq(fl_buf_view(&out), FL_STR("zT(ab)")));
	n = put_frame(bytes, 0x41, "a", 1);
	n += put_frame(bytes + n, 0xc0, "b", 1); /* RSV1 belongs to the first frame */
	describe(bytes, n, 0, 100, true, &out);
	assert_true(fl_str_eq(fl_buf_view(&out), FL_STR("!1002")));
	n = put_frame(bytes, 0xc9, "", 0);
	describe(bytes, n, 0, 100, true, &out);
	assert_true(fl_str_eq(fl_buf_view(&out), FL_STR("!1002")));
}

static void masks(void **state)
{
	static const uint8_t mask[4] = { 1, 2, 3, 4 };

	for (size_t len = 0; len < 40; len++) {
		for (unsigned phase = 0; phase < 4; phase++) {
			char bytes[40] = { 0 };

			fl_frame_unmask(bytes, len, mask, phase);
			for (size_t i = 0; i < len; i++)
				assert_int_equal(bytes[i], mask[(phase + i) & 3]);
		}
	}
}

static void heads(void **state)
{
	char head[FL_FRAME_HEAD_MAX];

	assert_int_equal(fl_frame_head(head, FL_FRAME_TEXT, false, 125), 2);
	assert_memory_equal(head, "\x81\x7d", 2);
	assert_int_equal(fl_frame_head(head, FL_FRAME_BINARY, true, 126), 4);
	assert_memory_equal(head, "\xc2\x7e\x00\x7e", 4);
	assert_int_equal(fl_frame_head(head, FL_FRAME_TEXT, false, 65536), 10);
	assert_memory_equal(head, "\x81\x7f\0\0\0\0\0\1\0\0", 10);
}

static void accept_key(void **state)
{
	char out[28];

	fl_ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", out); /* RFC 6455 1.3 */
	assert_memory_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),  cmocka_unit_test(bad),   cmocka_unit_test(compressed),
		cmocka_unit_test(masks), cmocka_unit_test(heads), cmocka_unit_test(accept_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
