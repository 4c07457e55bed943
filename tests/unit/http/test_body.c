/* Chunked bodies and multipart forms: accepted, refused, and the same in any pieces. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/chunk_int.h"
#include "http/form_int.h"

#include <cmocka.h>

/* step, or with step 0 a random size up to most; never more than left. */
static size_t piece_size(size_t step, size_t most, size_t left)
{
	size_t n = step ? step : 1 + (size_t)rand() % most;

	return FL_MIN(n, left);
}

/* ---- chunks ---- */

static const struct {
	const char *text;
	const char *body; /* NULL: refused */
	size_t rest;      /* bytes behind the body */
} chunks[] = {
	{ "0\r\n\r\n", "", 0 },
	{ "5\r\nhello\r\n0\r\n\r\n", "hello", 0 },
	{ "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET", "hello world", 3 },
	{ "A\r\n0123456789\r\n00\r\n\r\n", "0123456789", 0 },
	{ "a;name=\"value\"\r\n0123456789\r\n0;x\r\n\r\n", "0123456789", 0 },
	{ "1\r\na\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", "a", 0 },
	{ "5 \r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ " 5\r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ "5\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ "5\r\nhello\n0\r\n\r\n", NULL, 0 },
	{ "5\r\nhelloo\r\n0\r\n\r\n", NULL, 0 },
	{ "5\rxhello\r\n0\r\n\r\n", NULL, 0 },
	{ "0x5\r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ "+5\r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ "-5\r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ "\r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ ";x\r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ "5;a\nb\r\nhello\r\n0\r\n\r\n", NULL, 0 },
	{ "1000000000000000\r\n", NULL, 0 },
	{ "0\r\n x\r\n\r\n", NULL, 0 },
	{ "0\r\nX : y\r\n\r\n", NULL, 0 },
	{ "0\r\nX: y\n\r\n", NULL, 0 },
	{ "0\r\n\rX", NULL, 0 },
};

static fl_parse feed_chunks(const char *text, size_t len, size_t step, fl_buf *body, size_t *rest)
{
	fl_chunk chunk = { 0 };
	fl_parse parse = FL_PARSE_MORE;
	size_t at = 0;

	fl_buf_reset(body);
	while (at < len && parse == FL_PARSE_MORE) {
		size_t n = piece_size(step, 5, len - at), used;
		fl_str data;

		parse = fl_chunk_feed(&chunk, text + at, n, &used, &data);
		fl_buf_str(body, data);
		at += used;
	}
	*rest = len - at;
	return parse;
}

static void chunk_table(void **state)
{
	FL_AUTO_BUF fl_buf body = fl_buf_make(1024);

	for (size_t i = 0; i < FL_COUNT(chunks); i++) {
		size_t len = strlen(chunks[i].text), rest;

		for (size_t step = 0; step <= len; step++) {
			fl_parse parse = feed_chunks(chunks[i].text, len, step, &body, &rest);

			if (parse != (chunks[i].body ? FL_PARSE_DONE : FL_PARSE_BAD))
				fail_msg("%s (step %zu): %d", chunks[i].text, step, parse);
			if (chunks[i].body == NULL)
				continue;
			assert_int_equal(body.len, strlen(chunks[i].body));
			assert_memory_equal(body.ptr ? body.ptr : "", chunks[i].body, body.len);
			assert_int_equal(rest, chunks[i].rest);
		}
	}
}

static void chunk_limits(void **state)
{
	FL_AUTO_BUF fl_buf body = fl_buf_make(1024);
	static char text[8192];
	size_t rest, len;

	len = (size_t)snprintf(text, sizeof(text), "1;%05000d\r\na\r\n0\r\n\r\n", 1);
	assert_int_equal(feed_chunks(text, len, len, &body, &rest), FL_PARSE_BAD);
	len = (size_t)snprintf(text, sizeof(text), "0\r\nX: %05000d\r\n\r\n", 1);
	assert_int_equal(feed_chunks(text, len, len, &body, &rest), FL_PARSE_BAD);
}

/* ---- forms ---- */

#define TYPE "multipart/form-data; boundary=XX"
#define FIELD "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"

/* want: "name=content;" of each part, files as "name<filename|type>content;"; NULL: refused; a ~ at its end: not closed */
static const struct {
	const char *text, *want;
} forms[] = {
	{ FIELD "hello\r\n--XX--\r\n", "a=hello;" },
	{ FIELD "\r\n--XX--", "a=;" },
	{ "preamble\r\n" FIELD "x\r\n--XX--epilogue", "a=x;" },
	{ FIELD "x\r\n--XX  \r\nContent-Disposition: form-data; name=b\r\n\r\ny\r\n--XX--", "a=x;b=y;" },
	{ FIELD "\r\r\n-\r\n--X\r\n--XY\r\n\r\n--XX--", "a=\r\r\n-\r\n--X\r\n--XY\r\n;" },
	{ "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a b.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--XX--",
	  "f<a b.jpg|image/jpeg>\xff\xd8;" },
	{ "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"C:\\dir\\a.jpg\"\r\n\r\nx\r\n--XX--", "f<a.jpg|>x;" },
	{ "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../etc/passwd\"\r\n\r\nx\r\n--XX--", "f<passwd|>x;" },
	{ "--XX\r\nContent-Disposition: form-data; filename=\"q\\\"q.jpg\"; name=\"f\"\r\n\r\nx\r\n--XX--", "f<q\"q.jpg|>x;" },
	{ "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--XX--", "f<|>;" },
	{ "--XX--", "" },
	{ FIELD "cut", "a=cut~" },
	{ "--XX\r\n\r\nx\r\n--XX--", NULL },
	{ "--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--", NULL },
	{ "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--XX--", NULL },
	{ "--XX\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--XX--", NULL },
	{ "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--XX--", NULL },
	{ "--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x\r\n\r\nx\r\n--XX--", NULL },
	{ "--XX\r\nNo colon\r\n\r\nx\r\n--XX--", NULL },
	{ "--XX\r\nBad Name: x\r\n\r\nx\r\n--XX--", NULL },
	{ FIELD "x\r\n--XXzz\r\n", NULL },
	{ FIELD "x\r\n--XX-z\r\n", NULL },
	{ FIELD "x\r\n--XX\rz\r\n", NULL },
};

static bool feed_form(const char *type, const char *text, size_t len, size_t step, fl_buf *out)
{
	fl_form form;
	bool closed = false;

	fl_buf_reset(out);
	assert_true(fl_form_init(&form, fl_str_z(type)));
	for (size_t at = 0; at < len && !closed;) {
		size_t n = piece_size(step, 7, len - at), used;
		char piece[512]; /* the parser must not keep pointers into its input */
		fl_str data;
		fl_form_event event;

		memcpy(piece, text + at, n);
		event = fl_form_feed(&form, piece, n, &used, &data);
		at += used;
		switch (event) {
		case FL_FORM_BEGIN:
			fl_buf_str(out, form.name);
			if (form.has_filename) {
				fl_buf_char(out, '<');
				fl_buf_str(out, form.filename);
				fl_buf_char(out, '|');
				fl_buf_str(out, form.media_type);
				fl_buf_char(out, '>');
			} else {
				fl_buf_char(out, '=');
			}
			break;
		case FL_FORM_BYTES:
			fl_buf_str(out, data);
			break;
		case FL_FORM_END:
			fl_buf_char(out, ';');
			break;
		case FL_FORM_CLOSE:
			closed = true;
			break;
		case FL_FORM_BAD:
			return false;
		case FL_FORM_MORE:
			break;
		}
	}
	if (!closed)
		fl_buf_char(out, '~');
	return true;
}

static void form_table(void **state)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(1024);

	for (size_t i = 0; i < FL_COUNT(forms); i++) {
		size_t len = strlen(forms[i].text);

		for (size_t step = 0; step <= len; step++) {
			bool good = feed_form(TYPE, forms[i].text, len, step, &out);

			if (good != (forms[i].want != NULL))
				fail_msg("%s (step %zu): %s", forms[i].text, step, good ? "accepted" : "refused");
			if (!good)
				continue;
			if (!fl_str_eq(fl_buf_view(&out), fl_str_z(forms[i].want)))
				fail_msg("%s (step %zu): %.*s", forms[i].text, step, (int)out.len, out.ptr);
		}
	}
}

static void boundaries(void **state)
{
	static const char *const bad[] = { "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
		"multipart/mixed; boundary=x", "multipart/form-data; boundary=\"x ", "multipart/form-data; boundary=\"x \"",
		"multipart/form-data; boundary=a; boundary=b",
		"multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890" };
	fl_form form;

	for (size_t i = 0; i < FL_COUNT(bad); i++)
		assert_false(fl_form_init(&form, fl_str_z(bad[i])));
	assert_true(fl_form_init(&form, FL_STR("Multipart/Form-Data; charset=utf-8; Boundary=\"a b'()+_,-./:=?\"")));
	assert_memory_equal(form.mark, "\r\n--a b'()+_,-./:=?", form.mark_len);
}

static void form_limits(void **state)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(1024);
	static char text[16 << 10];
	size_t len = (size_t)snprintf(text, sizeof(text), "--XX\r\nX: %05000d\r\n\r\n", 1);

	assert_false(feed_form(TYPE, text, len, 100, &out));
	len = (size_t)snprintf(text, sizeof(text), "%05000d", 1);
	assert_false(feed_form(TYPE, text, len, 100, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunk_table), cmocka_unit_test(chunk_limits), cmocka_unit_test(form_table),
		cmocka_unit_test(boundaries),  cmocka_unit_test(form_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
