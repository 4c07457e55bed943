/* crypt: signatures of webhooks, checked as a receiver would. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>

static const uint8_t key[32] = { 9 };
static const fl_webhook_id id = { 1, 2, 3 };

/* What a receiver does: decode its secret, sign anew, compare. */
static void a_receiver_can_check(void **state)
{
	char secret[FL_WEBHOOK_SECRET_MAX], signature[FL_WEBHOOK_SECRET_MAX], again[64];
	uint8_t bytes[64], sum[32];
	size_t len;
	static const char text[] = "msg_1.1700000000.{}";
	crypto_auth_hmacsha256_state mac;
	fl_webhook_secret(key, &id, secret);
	fl_webhook_sign(key, &id, FL_STR("msg_1"), 1700000000, FL_STR("{}"), signature);
	assert_memory_equal(secret, "whsec_", 6);
	assert_int_equal(sodium_base642bin(bytes, sizeof(bytes), secret + 6, strlen(secret + 6), NULL, &len, NULL,
				 sodium_base64_VARIANT_ORIGINAL),
		0);
	assert_int_equal(len, 32);
	crypto_auth_hmacsha256_init(&mac, bytes, len);
	crypto_auth_hmacsha256_update(&mac, (const uint8_t *)text, sizeof(text) - 1);
	crypto_auth_hmacsha256_final(&mac, sum);
	sodium_bin2base64(again, sizeof(again), sum, sizeof(sum), sodium_base64_VARIANT_ORIGINAL);
	assert_memory_equal(signature, "v1,", 3);
	assert_string_equal(signature + 3, again);
}

static void every_webhook_has_its_own(void **state)
{
	static const fl_webhook_id others[] = { { 2, 2, 3 }, { 1, 3, 3 }, { 1, 2, 4 }, { 12, 3, 0 } };
	char secret[FL_WEBHOOK_SECRET_MAX], other[FL_WEBHOOK_SECRET_MAX];
	fl_webhook_secret(key, &id, secret);
	for (size_t i = 0; i < FL_COUNT(others); i++) {
		fl_webhook_secret(key, &others[i], other);
		assert_string_not_equal(secret, other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_receiver_can_check), cmocka_unit_test(every_webhook_has_its_own) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
