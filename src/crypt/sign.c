/* Signatures of messages to others: the scheme of Standard Webhooks, with secrets that are derived and not stored. */
#include "crypt/crypt.h"

#include <sodium.h>
#include <stdio.h>

static void derive(const uint8_t key[32], const fl_webhook_id *id, uint8_t out[32])
{
	char text[64];
	int len = snprintf(text, sizeof(text), "webhook:%d:%d:%d", id->tenant_id, id->webhook_id, id->generation);
	crypto_auth_hmacsha256(out, (const uint8_t *)text, (size_t)len, key);
}

void fl_webhook_secret(const uint8_t key[32], const fl_webhook_id *id, char out[FL_WEBHOOK_SECRET_MAX])
{
	uint8_t secret[32];
	memcpy(out, "whsec_", 6);
	derive(key, id, secret);
	sodium_bin2base64(out + 6, FL_WEBHOOK_SECRET_MAX - 6, secret, sizeof(secret), sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(secret, sizeof(secret));
}

void fl_webhook_sign(const uint8_t key[32], const fl_webhook_id *id, fl_str message_id, int64_t timestamp_s, fl_str body,
	char out[FL_WEBHOOK_SECRET_MAX])
{
	crypto_auth_hmacsha256_state mac;
	uint8_t secret[32], sum[32];
	char time[32];
	int len = snprintf(time, sizeof(time), ".%lld.", (long long)timestamp_s);
	derive(key, id, secret);
	crypto_auth_hmacsha256_init(&mac, secret, sizeof(secret));
	crypto_auth_hmacsha256_update(&mac, (const uint8_t *)message_id.ptr, message_id.len);
	crypto_auth_hmacsha256_update(&mac, (const uint8_t *)time, (size_t)len);
	crypto_auth_hmacsha256_update(&mac, (const uint8_t *)body.ptr, body.len);
	crypto_auth_hmacsha256_final(&mac, sum);
	memcpy(out, "v1,", 3);
	sodium_bin2base64(out + 3, FL_WEBHOOK_SECRET_MAX - 3, sum, sizeof(sum), sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(&mac, sizeof(mac));
}
