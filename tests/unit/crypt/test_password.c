/* crypt: passwords match themselves and nothing else. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <cmocka.h>

static void passwords(void **state)
{
	char hash[FL_PASSWORD_HASH_MAX];
	assert_int_equal(fl_password_hash_now(FL_STR("correct horse"), hash), FL_OK);
	assert_true(fl_str_starts(fl_str_z(hash), FL_STR("$argon2id$")));
	assert_int_equal(fl_password_verify_now(fl_str_z(hash), FL_STR("correct horse")), FL_OK);
	assert_int_equal(fl_password_verify_now(fl_str_z(hash), FL_STR("correct horsE")), FL_UNAUTHENTICATED);
	assert_int_equal(fl_password_verify_now(FL_STR(""), FL_STR("correct horse")), FL_UNAUTHENTICATED);
	assert_int_equal(fl_password_verify_now(fl_str_z(hash), FL_STR("")), FL_UNAUTHENTICATED);
	assert_int_equal(fl_password_hash_now(FL_STR(""), hash), FL_BAD_INPUT);
}

/* An unknown user costs about as much time as a known one: the clock must not tell who has an account. */
static void unknown_user_takes_time(void **state)
{
	int64_t start = fl_mono_us();
	assert_int_equal(fl_password_verify_now(FL_STR(""), FL_STR("guess")), FL_UNAUTHENTICATED);
	assert_true(fl_mono_us() - start > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(passwords), cmocka_unit_test(unknown_user_takes_time) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
