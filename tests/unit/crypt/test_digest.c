/* crypt: SHA-256, base64url, random text. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

static void sha256(void **state)
{
	fl_arena mem = fl_arena_make(4096);
	fl_sha256 sum = fl_sha256_of(FL_STR("abc")), same;
	fl_str hex = fl_str_hex(&mem, sum.bytes, sizeof(sum.bytes));
	assert_true(fl_str_eq(hex, FL_STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
	FILE *file = tmpfile();
	int64_t size = 0;
	fputs("abc", file);
	fflush(file);
	lseek(fileno(file), 2, SEEK_SET); /* the offset does not count */
	assert_int_equal(fl_sha256_of_fd(fileno(file), &same, &size), FL_OK);
	assert_int_equal(size, 3);
	assert_memory_equal(same.bytes, sum.bytes, sizeof(sum.bytes));
	fclose(file);
	fl_arena_fini(&mem);
}

static void base64url(void **state)
{
	char text[400];
	uint8_t bytes[256], back[256];
	size_t len;
	for (size_t n = 0; n <= 200; n++) {
		fl_random(bytes, n);
		size_t made = fl_base64url_encode(bytes, n, text);
		assert_int_equal(made, FL_BASE64URL_LEN(n));
		assert_true(fl_base64url_decode(fl_str_make(text, made), back, sizeof(back), &len));
		assert_int_equal(len, n);
		assert_memory_equal(bytes, back, n);
	}
	static const char *const bad[] = { "a", "aaaaa", "aa=", "a+bc", "a/bc", "aa==", "aB", "aaB", " aaa" };
	for (size_t i = 0; i < FL_COUNT(bad); i++)
		assert_false(fl_base64url_decode(fl_str_z(bad[i]), back, sizeof(back), &len));
	assert_false(fl_base64url_decode(FL_STR("AAAA"), back, 2, &len));
}

static void derived_text(void **state)
{
	const uint8_t key[32] = { 1 }, other[32] = { 2 };
	char a[100], b[100];
	fl_derived_text(key, FL_STR("this"), a, sizeof(a));
	fl_derived_text(key, FL_STR("this"), b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a)); /* longer than one sum is, and the same again */
	assert_memory_not_equal(a, a + 50, 50);
	for (size_t i = 0; i < sizeof(a); i++)
		assert_true(isalnum((unsigned char)a[i]) && !strchr("0O1lIo", a[i]));
	fl_derived_text(key, FL_STR("that"), b, sizeof(b));
	assert_memory_not_equal(a, b, 44);
	fl_derived_text(other, FL_STR("this"), b, sizeof(b));
	assert_memory_not_equal(a, b, 44);
}

static void random_text(void **state)
{
	char a[24], b[24];
	fl_random_text(a, sizeof(a));
	fl_random_text(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		assert_null(strchr("0O1lI ", a[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256),
		cmocka_unit_test(base64url),
		cmocka_unit_test(random_text),
		cmocka_unit_test(derived_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
