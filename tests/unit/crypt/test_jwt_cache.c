/* crypt: a token that is remembered is worth what it was worth when it was read, and no longer than that. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <cmocka.h>

static const int64_t now = INT64_C(1790000000) * FL_SECOND_US;

typedef struct fixture {
	fl_arena mem;
	fl_jwt_keys keys;
	fl_jwt_cache *cache;
	fl_str token;
} fixture;

static fl_str sign(fixture *f, int32_t user)
{
	fl_claims claims = { .tenant_id = 3,
		.user_id = user,
		.role = FL_ROLE_MANAGER,
		.tenant = FL_STR("demo"),
		.name = FL_STR("Maria Öz"),
		.issued_us = now,
		.expires_us = now + FL_MINUTE_US };
	fl_str token;
	assert_int_equal(fl_jwt_sign(&f->keys, &f->mem, &claims, &token), FL_OK);
	return token;
}

static int setup(void **state)
{
	static fixture f;
	uint8_t secret[32] = { 7 };
	f = (fixture) { .mem = fl_arena_make(16 << 20), .keys.count = 1 };
	fl_jwt_key_make(&f.keys.keys[0], FL_JWT_HS256, secret);
	assert_int_equal(fl_jwt_cache_new(&f.keys, &f.cache), FL_OK);
	f.token = sign(&f, 42);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture *f = *state;
	fl_jwt_cache_free(f->cache);
	fl_arena_fini(&f->mem);
	return 0;
}

static fl_err verify(fixture *f, fl_str token, int64_t at, fl_claims *out)
{
	fl_diag diag = { 0 };
	return fl_jwt_cache_verify(f->cache, &f->mem, token, at, out, &diag);
}

static void again_and_again(void **state)
{
	fixture *f = *state;
	for (int i = 0; i < 3; i++) {
		fl_claims out;
		assert_int_equal(verify(f, f->token, now, &out), FL_OK);
		assert_int_equal(out.tenant_id, 3);
		assert_int_equal(out.user_id, 42);
		assert_int_equal(out.role, FL_ROLE_MANAGER);
		assert_true(fl_str_eq(out.tenant, FL_STR("demo")) && fl_str_eq(out.name, FL_STR("Maria Öz")));
	}
}

/* What is remembered is not read again: with the key gone it still counts, and only it. */
static void is_remembered(void **state)
{
	fixture *f = *state;
	fl_claims out;
	fl_str other = sign(f, 43);
	assert_int_equal(verify(f, f->token, now, &out), FL_OK);
	fl_jwt_keys_wipe(&f->keys);
	assert_int_equal(verify(f, f->token, now, &out), FL_OK);
	assert_int_equal(verify(f, other, now, &out), FL_UNAUTHENTICATED);
}

static void expires(void **state)
{
	fixture *f = *state;
	fl_claims out;
	assert_int_equal(verify(f, f->token, now, &out), FL_OK);
	assert_int_equal(verify(f, f->token, now + FL_MINUTE_US - 1, &out), FL_OK);
	assert_int_equal(verify(f, f->token, now + FL_MINUTE_US, &out), FL_UNAUTHENTICATED);
	assert_int_equal(verify(f, f->token, now - FL_MINUTE_US, &out), FL_UNAUTHENTICATED);
}

/* One changed character anywhere is another token. */
static void no_other_token(void **state)
{
	fixture *f = *state;
	fl_claims out;
	assert_int_equal(verify(f, f->token, now, &out), FL_OK);
	for (size_t i = 0; i < f->token.len; i++) {
		char *changed = (char *)fl_str_dup(&f->mem, f->token).ptr;
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		assert_int_equal(verify(f, fl_str_make(changed, f->token.len), now, &out), FL_UNAUTHENTICATED);
	}
	assert_int_equal(verify(f, fl_str_make(f->token.ptr, f->token.len - 1), now, &out), FL_UNAUTHENTICATED);
	assert_int_equal(verify(f, FL_STR(""), now, &out), FL_UNAUTHENTICATED);
}

/* More tokens than places: all stay right, whoever takes whose place. */
static void many(void **state)
{
	fixture *f = *state;
	fl_str tokens[1500];
	fl_claims out;
	for (int32_t i = 0; i < 1500; i++)
		tokens[i] = sign(f, i + 1);
	for (int round = 0; round < 2; round++)
		for (int32_t i = 0; i < 1500; i++) {
			assert_int_equal(verify(f, tokens[i], now, &out), FL_OK);
			assert_int_equal(out.user_id, i + 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(again_and_again, setup, teardown),
		cmocka_unit_test_setup_teardown(is_remembered, setup, teardown),
		cmocka_unit_test_setup_teardown(expires, setup, teardown),
		cmocka_unit_test_setup_teardown(no_other_token, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
