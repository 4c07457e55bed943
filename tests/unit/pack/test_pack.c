/* Packs: the same bytes each time, read by unzip and sha256sum, and what was changed is named. */
#include "pack/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { LARGE = 3 * FL_PACK_PIECE + 1000 };

static char large[LARGE];
static char said[4000];

static void say(void *arg, const char *finding)
{
	size_t len = strlen(said);
	(void)arg;
	snprintf(said + len, sizeof(said) - len, "%s\n", finding);
}

/* A pack of three files in a new file of memory. */
static int make(fl_sha256 *manifest, int64_t *bytes)
{
	FL_AUTO(fl_pack_free) fl_pack *pack = NULL;
	fl_diag diag = {};
	int fd = memfd_create("pack", MFD_CLOEXEC);
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i * 2654435761u >> 13);
	assert_int_equal(fl_pack_new(fd, 64 << 20, &pack), FL_OK);
	assert_int_equal(fl_pack_file(pack, FL_STR("report.json"), FL_STR("{\"number\":7}\n"), &diag), FL_OK);
	assert_int_equal(fl_pack_file(pack, FL_STR("empty.csv"), FL_STR(""), &diag), FL_OK);
	assert_int_equal(fl_pack_begin(pack, FL_STR("photos/01.jpg"), LARGE, &diag), FL_OK);
	for (size_t at = 0; at < LARGE; at += 100000)
		assert_int_equal(fl_pack_write(pack, fl_str_make(large + at, FL_MIN((size_t)100000, LARGE - at)), &diag), FL_OK);
	assert_int_equal(fl_pack_seal(pack, FL_STR("\"kind\":\"claim\""), INT64_C(1750000000000000), &diag, manifest, bytes), FL_OK);
	assert_int_equal(lseek(fd, 0, SEEK_END), *bytes);
	return fd;
}

static fl_pack_verdict check(int fd, fl_err expected)
{
	fl_pack_verdict verdict;
	fl_diag diag = {};
	said[0] = 0;
	fl_err err = fl_pack_verify(fd, &(fl_pack_check) { .say = say }, &diag, &verdict);
	if (err != expected)
		fail_msg("%s: %s", fl_err_name(err), diag.text);
	return verdict;
}

static int64_t find(int fd, const char *text, size_t len, int64_t from)
{
	static char all[8 << 20];
	ssize_t size = pread(fd, all, sizeof(all), 0);
	const char *at = size > 0 ? memmem(all + from, (size_t)(size - from), text, len) : NULL;
	assert_non_null(at);
	return at - all;
}

static void flip(int fd, int64_t at)
{
	char c;
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

/* ---- */

static void whole_and_the_same(void **state)
{
	fl_sha256 first, second, ends[2];
	int64_t bytes, again, size;
	int a = make(&first, &bytes), b = make(&second, &again);
	fl_pack_verdict verdict = check(a, FL_OK);
	assert_int_equal(verdict.findings, 0);
	assert_int_equal(verdict.files, 3);
	assert_int_equal(verdict.bytes, LARGE + 13);
	assert_memory_equal(&verdict.manifest, &first, sizeof(first));
	assert_string_equal(verdict.made_at, "2025-06-15T15:06:40Z");
	assert_int_equal(fl_sha256_of_fd(a, &ends[0], &size), FL_OK);
	assert_int_equal(fl_sha256_of_fd(b, &ends[1], &size), FL_OK);
	assert_memory_equal(&ends[0], &ends[1], sizeof(ends[0]));
	close(a);
	close(b);
}

static void read_by_others(void **state)
{
	fl_sha256 manifest;
	int64_t bytes;
	char folder[] = "/tmp/fleet-pack-XXXXXX", command[600];
	int fd = make(&manifest, &bytes);
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command),
		"cat /proc/%d/fd/%d >%s/p.zip && cd %s && unzip -tq p.zip >/dev/null && unzip -q p.zip && sha256sum --strict -c MANIFEST.sha256 >/dev/null", getpid(),
		fd, folder, folder);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "cd %s && echo x >>photos/01.jpg && sha256sum -c MANIFEST.sha256 >/dev/null 2>&1", folder);
	assert_int_not_equal(system(command), 0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
	close(fd);
}

static void what_was_changed_is_named(void **state)
{
	fl_sha256 manifest;
	int64_t bytes;
	int fd = make(&manifest, &bytes);
	int64_t photo = find(fd, large, 64, 0);
	flip(fd, photo + 2 * FL_PACK_PIECE + 5);
	assert_int_equal(check(fd, FL_OK).findings, 1);
	assert_non_null(strstr(said, "photos/01.jpg: bytes 2097152 to 3145727 are not"));
	flip(fd, photo + 2 * FL_PACK_PIECE + 5);
	flip(fd, photo + LARGE - 1); /* the last piece is shorter */
	assert_int_equal(check(fd, FL_OK).findings, 1);
	assert_non_null(strstr(said, "bytes 3145728 to 3146727 are not"));
	flip(fd, photo + LARGE - 1);
	flip(fd, find(fd, "{\"number", 8, 0) + 3);
	assert_int_equal(check(fd, FL_OK).findings, 1);
	assert_non_null(strstr(said, "report.json: bytes 0 to 12 are not"));
	close(fd);
}

static void a_changed_manifest_is_found_out(void **state)
{
	fl_sha256 manifest;
	int64_t bytes;
	int fd = make(&manifest, &bytes);
	int64_t hash = find(fd, "\"sha256\":\"", 10, 0) + 10;
	char c = 0;
	assert_int_equal(pread(fd, &c, 1, hash), 1);
	assert_int_equal(pwrite(fd, c == 'a' ? "b" : "a", 1, hash), 1);
	fl_pack_verdict verdict = check(fd, FL_OK);
	assert_true(verdict.findings >= 2); /* its own sum, and the file that it now misnames */
	assert_memory_not_equal(&verdict.manifest, &manifest, sizeof(manifest));
	assert_non_null(strstr(said, "disagree"));
	close(fd);
}

static void no_pack_at_all(void **state)
{
	fl_sha256 manifest;
	int64_t bytes;
	int fd = memfd_create("x", MFD_CLOEXEC);
	(void)check(fd, FL_BAD_INPUT); /* empty */
	assert_int_equal(write(fd, "hello, this is no ZIP", 21), 21);
	(void)check(fd, FL_BAD_INPUT);
	close(fd);
	fd = make(&manifest, &bytes);
	assert_int_equal(ftruncate(fd, bytes / 2), 0);
	fl_pack_verdict verdict;
	fl_diag diag = {};
	said[0] = 0;
	fl_err err = fl_pack_verify(fd, &(fl_pack_check) { .say = say }, &diag, &verdict);
	assert_true(err == FL_BAD_INPUT || verdict.findings > 0);
	close(fd);
}

static void names_and_limits(void **state)
{
	FL_AUTO(fl_pack_free) fl_pack *pack = NULL;
	fl_arena mem = fl_arena_make(1 << 20);
	fl_diag diag = {};
	int fd = memfd_create("pack", MFD_CLOEXEC);
	assert_int_equal(fl_pack_new(fd, 10000, &pack), FL_OK);
	static const char *const bad[] = { "", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "a b", "caf\xc3\xa9", "a\\b", "." };
	for (size_t i = 0; i < FL_COUNT(bad); i++)
		assert_int_equal(fl_pack_file(pack, fl_str_z(bad[i]), FL_STR("x"), &diag), FL_BAD_INPUT);
	assert_int_equal(fl_pack_file(pack, FL_STR("a"), FL_STR("x"), &diag), FL_OK);
	assert_int_equal(fl_pack_file(pack, FL_STR("a"), FL_STR("x"), &diag), FL_BAD_INPUT);
	assert_int_equal(fl_pack_begin(pack, FL_STR("b"), 20000, &diag), FL_TOO_LARGE);
	assert_non_null(strstr(diag.text, "larger than"));
	assert_int_equal(fl_pack_file(pack, FL_STR("c"), FL_STR("x"), &diag), FL_TOO_LARGE); /* it sticks */
	assert_true(fl_str_eq(fl_pack_name(&mem, FL_STR("../a b.pdf")), FL_STR("_._a_b.pdf")));
	assert_true(fl_str_eq(fl_pack_name(&mem, FL_STR("")), FL_STR("_")));
	fl_arena_fini(&mem);
	close(fd);
}

static void copies_come_in_pieces(void **state)
{
	FL_AUTO(fl_pack_free) fl_pack *pack = NULL;
	fl_diag diag = {};
	int fd = memfd_create("pack", MFD_CLOEXEC), from = memfd_create("blob", MFD_CLOEXEC);
	assert_int_equal(write(from, "photo", 5), 5);
	fl_sha256 right = fl_sha256_of(FL_STR("photo"));
	assert_int_equal(fl_pack_new(fd, 1 << 20, &pack), FL_OK);
	assert_int_equal(fl_pack_begin(pack, FL_STR("a"), 5, &diag), FL_OK);
	assert_int_equal(fl_pack_copy(pack, from, 0, 3, &diag), FL_OK);
	assert_int_equal(fl_pack_copy(pack, from, 3, 2, &diag), FL_OK);
	fl_sha256 is = fl_pack_last(pack);
	assert_memory_equal(&is, &right, sizeof(is));
	assert_int_equal(fl_pack_begin(pack, FL_STR("c"), 6, &diag), FL_OK);
	assert_int_equal(fl_pack_copy(pack, from, 0, 6, &diag), FL_IO);
	close(fd);
	close(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_the_same),
		cmocka_unit_test(read_by_others),
		cmocka_unit_test(what_was_changed_is_named),
		cmocka_unit_test(a_changed_manifest_is_found_out),
		cmocka_unit_test(no_pack_at_all),
		cmocka_unit_test(names_and_limits),
		cmocka_unit_test(copies_come_in_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
