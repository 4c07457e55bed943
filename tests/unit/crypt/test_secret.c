/* crypt: secret files are complete, private, and made once. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[128];

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/fleet-secret-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "a", "b", "jwt.key" };
	for (size_t i = 0; i < FL_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir); /* fails when a temporary file stayed */
}

static void made_once(void **state)
{
	uint8_t first[32], second[32];
	char text[40];
	size_t len = 0;
	struct stat st;
	fl_diag diag = { 0 };
	assert_int_equal(fl_secret_read(dir, "a", text, sizeof(text), &len, &diag), FL_NOT_FOUND);
	assert_int_equal(fl_secret_random(dir, "a", first, sizeof(first), &diag), FL_OK);
	assert_int_equal(fl_secret_random(dir, "a", second, sizeof(second), &diag), FL_OK);
	assert_memory_equal(first, second, sizeof(first));
	assert_int_equal(fl_secret_create(dir, "a", FL_STR("other"), &diag), FL_DUPLICATE);
	snprintf(path, sizeof(path), "%s/a", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fl_secret_random(dir, "a", text, sizeof(text), &diag), FL_IO); /* another length */
}

static void others_may_not_read(void **state)
{
	char text[40];
	size_t len = 0;
	fl_diag diag = { 0 };
	assert_int_equal(fl_secret_create(dir, "b", FL_STR("secret"), &diag), FL_OK);
	snprintf(path, sizeof(path), "%s/b", dir);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(fl_secret_read(dir, "b", text, sizeof(text), &len, &diag), FL_FORBIDDEN);
	assert_non_null(strstr(diag.text, "chmod 600"));
}

static void jwt_key_survives(void **state)
{
	fl_jwt_keys first = { 0 }, second = { 0 };
	fl_diag diag = { 0 };
	assert_int_equal(fl_jwt_keys_load(&first, dir, &diag), FL_OK);
	assert_int_equal(fl_jwt_keys_load(&second, dir, &diag), FL_OK);
	assert_int_equal(first.count, 1);
	assert_memory_equal(&first, &second, sizeof(first));
	snprintf(path, sizeof(path), "%s/jwt.key", dir);
	FILE *file = fopen(path, "w");
	fputs("none 00", file);
	fclose(file);
	assert_int_equal(fl_jwt_keys_load(&second, dir, &diag), FL_IO);
	assert_memory_equal(&first, &second, sizeof(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_once),
		cmocka_unit_test(others_may_not_read),
		cmocka_unit_test(jwt_key_survives),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
