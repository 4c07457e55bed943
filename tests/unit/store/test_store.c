/* store: whole or not at all, once, found by content. */
#include "store/store.h"

#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static fl_store *store;

static int open_store(void **state)
{
	fl_diag diag = { 0 };
	snprintf(dir, sizeof(dir), "/tmp/fleet-store-XXXXXX");
	return mkdtemp(dir) && fl_store_open(dir, &store, &diag) == FL_OK ? 0 : -1;
}

static int close_store(void **state)
{
	char command[128];
	fl_store_close(store);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static fl_str slurp(int fd, char *out, size_t max)
{
	ssize_t got = pread(fd, out, max, 0);
	close(fd);
	return fl_str_make(out, got < 0 ? 0 : (size_t)got);
}

static void bytes_come_back(void **state)
{
	fl_blob a, b;
	fl_diag diag = { 0 };
	char text[64], path[256];
	int fd = -1;
	int64_t size = 0;
	struct stat st;
	assert_int_equal(fl_store_put_now(store, FL_STR("abc"), &a, &diag), FL_OK);
	assert_int_equal(fl_store_put_now(store, FL_STR("abc"), &b, &diag), FL_OK);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(fl_store_open_blob_now(store, a.id, &fd, &size, &diag), FL_OK);
	assert_int_equal(size, 3);
	assert_true(fl_str_eq(slurp(fd, text, sizeof(text)), FL_STR("abc")));
	snprintf(path, sizeof(path), "%s/ba/78/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0440);
	assert_int_equal(st.st_nlink, 1);
}

static void files_come_back(void **state)
{
	enum { LEN = 300000 };
	fl_blob a, b;
	fl_diag diag = { 0 };
	int fd = -1;
	int64_t size = 0;
	char *bytes = malloc(LEN), *back = malloc(LEN + 1);
	FILE *file = tmpfile();
	fl_random(bytes, LEN);
	fwrite(bytes, 1, LEN, file);
	fflush(file);
	assert_int_equal(fl_store_put_fd_now(store, fileno(file), &a, &diag), FL_OK); /* its offset is at the end */
	assert_int_equal(a.size, LEN);
	assert_int_equal(fl_store_put_now(store, fl_str_make(bytes, LEN), &b, &diag), FL_OK);
	assert_memory_equal(&a.id, &b.id, sizeof(a.id));
	assert_int_equal(fl_store_open_blob_now(store, a.id, &fd, &size, &diag), FL_OK);
	assert_true(fl_str_eq(slurp(fd, back, LEN + 1), fl_str_make(bytes, LEN)));
	fclose(file);
	free(bytes);
	free(back);
}

static void failures(void **state)
{
	fl_diag diag = { 0 };
	fl_blob blob;
	fl_sha256 nothing = { 0 };
	int fd = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int64_t size;
	assert_int_equal(fl_store_open_blob_now(store, nothing, &fd, &size, &diag), FL_NOT_FOUND);
	assert_int_equal(fl_store_put_fd_now(store, null, &blob, &diag), FL_IO);
	FILE *file = tmpfile();
	assert_int_equal(ftruncate(fileno(file), FL_STORE_BLOB_MAX + 1), 0);
	assert_int_equal(fl_store_put_fd_now(store, fileno(file), &blob, &diag), FL_TOO_LARGE);
	fclose(file);
	close(null);
}

static void no_place(void **state)
{
	fl_diag diag = { 0 };
	fl_store *other = NULL;
	assert_int_equal(fl_store_open("/proc/nowhere/blobs", &other, &diag), FL_IO);
	assert_null(other);
	assert_non_null(strstr(diag.text, "/proc/nowhere/blobs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_back),
		cmocka_unit_test(files_come_back),
		cmocka_unit_test(failures),
		cmocka_unit_test(no_place),
	};
	return cmocka_run_group_tests(tests, open_store, close_store);
}
