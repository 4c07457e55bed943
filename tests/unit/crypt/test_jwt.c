/* crypt: a token is taken only when everything about it is right. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t now = INT64_C(1790000000) * FL_SECOND_US;

static fl_jwt_keys ring(fl_jwt_alg alg, uint8_t fill)
{
	fl_jwt_keys keys = { .count = 1 };
	uint8_t secret[32];
	memset(secret, fill, sizeof(secret));
	fl_jwt_key_make(&keys.keys[0], alg, secret);
	return keys;
}

static fl_claims maria(void)
{
	return (fl_claims){
		.tenant_id = 3, .user_id = 42, .role = FL_ROLE_MANAGER, .tenant = FL_STR("demo"), .name = FL_STR("Maria \"M\" Öz"),
		.issued_us = now, .expires_us = now + 15 * FL_MINUTE_US,
	};
}

static void round_trip(void **state)
{
	for (int alg = FL_JWT_HS256; alg <= FL_JWT_EDDSA; alg++) {
		fl_arena mem = fl_arena_make(1 << 20);
		fl_jwt_keys keys = ring((fl_jwt_alg)alg, 7);
		fl_claims in = maria(), out;
		fl_diag diag = { 0 };
		fl_str token;
		assert_int_equal(fl_jwt_sign(&keys, &mem, &in, &token), FL_OK);
		assert_int_equal(fl_jwt_verify(&keys, &mem, token, now, &out, &diag), FL_OK);
		assert_int_equal(out.tenant_id, 3);
		assert_int_equal(out.user_id, 42);
		assert_int_equal(out.role, FL_ROLE_MANAGER);
		assert_true(fl_str_eq(out.tenant, FL_STR("demo")) && fl_str_eq(out.name, in.name));
		assert_int_equal(out.expires_us, in.expires_us);
		fl_arena_fini(&mem);
	}
}

static void refuse(const fl_jwt_keys *keys, fl_str token, int64_t at)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_claims out;
	fl_diag diag = { 0 };
	assert_int_equal(fl_jwt_verify(keys, &mem, token, at, &out, &diag), FL_UNAUTHENTICATED);
	assert_true(diag.text[0] != 0);
	fl_arena_fini(&mem);
}

static void every_changed_byte_is_noticed(void **state)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_jwt_keys keys = ring(FL_JWT_HS256, 7);
	fl_claims in = maria();
	fl_str token;
	assert_int_equal(fl_jwt_sign(&keys, &mem, &in, &token), FL_OK);
	char *bytes = (char *)token.ptr;
	for (size_t i = 0; i < token.len; i++) {
		char was = bytes[i];
		bytes[i] = was == 'A' ? 'B' : 'A';
		refuse(&keys, token, now);
		bytes[i] = was;
		refuse(&keys, fl_str_make(token.ptr, i), now);
	}
	refuse(&keys, fl_str_fmt(&mem, "%" FL_FMT ".", FL_ARG(token)), now);
	fl_arena_fini(&mem);
}

static void times(void **state)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_jwt_keys keys = ring(FL_JWT_HS256, 7);
	fl_claims in = maria(), out;
	fl_diag diag = { 0 };
	fl_str token;
	assert_int_equal(fl_jwt_sign(&keys, &mem, &in, &token), FL_OK);
	refuse(&keys, token, in.expires_us);
	assert_int_equal(fl_jwt_verify(&keys, &mem, token, in.expires_us - 1, &out, &diag), FL_OK);
	assert_int_equal(fl_jwt_verify(&keys, &mem, token, now - FL_JWT_CLOCK_SKEW_S * FL_SECOND_US, &out, &diag), FL_OK);
	refuse(&keys, token, now - (FL_JWT_CLOCK_SKEW_S + 1) * FL_SECOND_US);
	fl_arena_fini(&mem);
}

/* "alg": "none", and an Ed25519 public key used as an HMAC secret: the two classic forgeries. */
static void algorithm_is_the_keys(void **state)
{
	static const char none[] = "eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOjF9.";
	fl_arena mem = fl_arena_make(1 << 20);
	fl_jwt_keys eddsa = ring(FL_JWT_EDDSA, 7), forged = { .count = 1 };
	fl_claims in = maria();
	fl_str token;
	refuse(&eddsa, fl_str_z(none), now);
	fl_jwt_key_make(&forged.keys[0], FL_JWT_HS256, eddsa.keys[0].public_key);
	memcpy(forged.keys[0].id, eddsa.keys[0].id, sizeof(forged.keys[0].id));
	assert_int_equal(fl_jwt_sign(&forged, &mem, &in, &token), FL_OK);
	refuse(&eddsa, token, now);
	fl_arena_fini(&mem);
}

static void ring_of_two(void **state)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_jwt_keys old = ring(FL_JWT_HS256, 7), both = ring(FL_JWT_HS256, 8);
	fl_claims in = maria(), out;
	fl_diag diag = { 0 };
	fl_str token;
	assert_int_equal(fl_jwt_sign(&old, &mem, &in, &token), FL_OK);
	refuse(&both, token, now);
	both.keys[both.count++] = old.keys[0];
	assert_int_equal(fl_jwt_verify(&both, &mem, token, now, &out, &diag), FL_OK);
	fl_arena_fini(&mem);
}

static void rubbish(void **state)
{
	static const char *const texts[] = { "", ".", "..", "...", "a.b.c", "e30.e30.", "bnVsbA.bnVsbA.AAAA", "W10.W10.W10" };
	fl_jwt_keys keys = ring(FL_JWT_HS256, 7);
	for (size_t i = 0; i < FL_COUNT(texts); i++)
		refuse(&keys, fl_str_z(texts[i]), now);
	char *large = malloc(FL_JWT_TOKEN_MAX + 1);
	memset(large, 'A', FL_JWT_TOKEN_MAX + 1);
	refuse(&keys, fl_str_make(large, FL_JWT_TOKEN_MAX + 1), now);
	refuse(&keys, fl_str_make(large, FL_JWT_TOKEN_MAX), now);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(times),
		cmocka_unit_test(algorithm_is_the_keys),
		cmocka_unit_test(ring_of_two),
		cmocka_unit_test(rubbish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
