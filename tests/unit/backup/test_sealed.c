/* backup: a sealed file opens only whole, unchanged, with its key and under its name. */
#include "backup/sealed.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const fl_backup_key key = { { 1, 2, 3 } }, other = { { 1, 2, 4 } };

static FILE *file_of(const uint8_t *bytes, size_t len)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	assert_int_equal(write(fileno(f), bytes, len), len);
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	return f;
}

static uint8_t *bytes_of(FILE *f, size_t *len)
{
	off_t end = lseek(fileno(f), 0, SEEK_END);
	uint8_t *bytes = malloc((size_t)end + 1);
	assert_non_null(bytes);
	assert_int_equal(pread(fileno(f), bytes, (size_t)end, 0), end);
	*len = (size_t)end;
	return bytes;
}

static uint8_t *seal(const uint8_t *plain, size_t len, size_t *sealed_len)
{
	FILE *in = file_of(plain, len), *out = tmpfile();
	fl_sealed_size size;
	fl_diag diag = {};
	assert_int_equal(fl_seal(&key, FL_STR("a name"), fileno(in), fileno(out), &size, &diag), FL_OK);
	assert_int_equal(size.plain, len);
	uint8_t *sealed = bytes_of(out, sealed_len);
	assert_int_equal(size.sealed, *sealed_len);
	fclose(in);
	fclose(out);
	return sealed;
}

static fl_err open_as(const fl_backup_key *with, const char *name, const uint8_t *sealed, size_t len)
{
	FILE *in = file_of(sealed, len);
	fl_sealed_size size;
	fl_diag diag = {};
	fl_err err = fl_unseal(with, fl_str_z(name), fileno(in), -1, &size, &diag);
	fclose(in);
	return err;
}

static void check_round(const uint8_t *plain, size_t len)
{
	size_t sealed_len, back_len;
	uint8_t *sealed = seal(plain, len, &sealed_len);
	FILE *in = file_of(sealed, sealed_len), *out = tmpfile();
	fl_sealed_size size;
	fl_diag diag = {};
	assert_int_equal(fl_unseal(&key, FL_STR("a name"), fileno(in), fileno(out), &size, &diag), FL_OK);
	uint8_t *back = bytes_of(out, &back_len);
	assert_int_equal(back_len, len);
	assert_memory_equal(back, plain, len);
	free(back);
	free(sealed);
	fclose(in);
	fclose(out);
}

static void comes_back_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 65535, 65536, 65537, 131072, 1000000, 16 << 20 };
	uint8_t *plain = calloc(1, 16 << 20);
	for (size_t i = 0; i < FL_COUNT(sizes); i++)
		check_round(plain, sizes[i]); /* zeros: many bytes come out of few */
	fl_random(plain, 16 << 20);
	for (size_t i = 0; i < FL_COUNT(sizes); i++)
		check_round(plain, sizes[i]);
	free(plain);
}

static void opens_for_nobody_else(void **state)
{
	size_t len;
	uint8_t *sealed = seal((const uint8_t *)"the log of a company", 20, &len);
	assert_int_equal(open_as(&key, "a name", sealed, len), FL_OK);
	assert_int_equal(open_as(&other, "a name", sealed, len), FL_DENIED);
	assert_int_equal(open_as(&key, "another name", sealed, len), FL_DENIED);
	free(sealed);
}

static void any_change_is_seen(void **state)
{
	uint8_t plain[3000];
	size_t len;
	fl_random(plain, sizeof(plain));
	uint8_t *sealed = seal(plain, sizeof(plain), &len);
	for (size_t i = 0; i < len; i += 7) {
		sealed[i] ^= 0x20;
		assert_int_equal(open_as(&key, "a name", sealed, len), FL_DENIED);
		sealed[i] ^= 0x20;
	}
	free(sealed);
}

static void an_end_that_is_missing_or_too_late_is_seen(void **state)
{
	enum { LEN = 200000 };
	uint8_t *plain = malloc(LEN), *sealed;
	size_t len;
	fl_random(plain, LEN);
	sealed = seal(plain, LEN, &len);
	const size_t piece = 65536 + 17, head = 32;
	const size_t cuts[] = { 0, 8, 31, head, head + 1, head + piece, head + 2 * piece, head + 3 * piece, len - 1 };
	for (size_t i = 0; i < FL_COUNT(cuts); i++)
		assert_int_equal(open_as(&key, "a name", sealed, cuts[i]), FL_DENIED);
	sealed = realloc(sealed, len + 1);
	sealed[len] = 0;
	assert_int_equal(open_as(&key, "a name", sealed, len + 1), FL_DENIED);
	free(sealed);
	free(plain);
}

static void keys_are_written_down(void **state)
{
	char text[FL_BACKUP_KEY_TEXT + 1];
	fl_backup_key back;
	fl_diag diag = {};
	fl_backup_key_text(&key, text);
	assert_int_equal(fl_backup_key_parse(fl_str_z(text), &back, &diag), FL_OK);
	assert_memory_equal(&back, &key, sizeof(key));
	text[3] = 'x';
	assert_int_equal(fl_backup_key_parse(fl_str_z(text), &back, &diag), FL_BAD_INPUT);
	assert_int_equal(fl_backup_key_parse(FL_STR("0102"), &back, &diag), FL_BAD_INPUT);
}

static void segments_have_names_of_segments(void **state)
{
	static const char *const names[] = { "../secrets/jwt.key", "a/b", "", "..", "0000000100000000000000.." };
	fl_diag diag = {};
	for (size_t i = 0; i < FL_COUNT(names); i++)
		assert_int_equal(fl_backup_wal_get("/nonexistent", &key, names[i], "/nonexistent/x", &diag), FL_BAD_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_whole),
		cmocka_unit_test(opens_for_nobody_else),
		cmocka_unit_test(any_change_is_seen),
		cmocka_unit_test(an_end_that_is_missing_or_too_late_is_seen),
		cmocka_unit_test(keys_are_written_down),
		cmocka_unit_test(segments_have_names_of_segments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
