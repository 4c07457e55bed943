/* Any bytes as a token; and any bytes as the signed claims, since a key may also be in other hands. */
#include "crypt/crypt.h"
#include "fuzz.h"

#include <sodium.h>
#include <stdio.h>

static void verify(const fl_jwt_keys *keys, fl_str token)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_claims claims;
	fl_diag diag = { 0 };
	if (fl_jwt_verify(keys, &mem, token, INT64_C(1790000000) * FL_SECOND_US, &claims, &diag) == FL_OK)
		assert(claims.tenant_id > 0 && claims.user_id >= 0 && fl_role_name(claims.role).len > 0);
	fl_arena_fini(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const uint8_t secret[32] = "a key that everybody may know...";
	static fl_jwt_keys keys;
	if (keys.count == 0)
		fl_jwt_key_make(&keys.keys[keys.count++], FL_JWT_HS256, secret);
	verify(&keys, fl_str_make(bytes, len));

	FL_AUTO_BUF fl_buf token = fl_buf_make(1 << 16);
	char part[4096];
	uint8_t mac[32];
	if (len > 2048)
		return 0;
	int head_len = snprintf(part, sizeof(part), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", keys.keys[0].id);
	fl_buf_commit(&token, fl_base64url_encode(part, (size_t)head_len, fl_buf_reserve(&token, 256)));
	fl_buf_char(&token, '.');
	fl_buf_commit(&token, fl_base64url_encode(bytes, len, fl_buf_reserve(&token, 4096)));
	crypto_auth_hmacsha256(mac, (const uint8_t *)token.ptr, token.len, secret);
	fl_buf_char(&token, '.');
	fl_buf_commit(&token, fl_base64url_encode(mac, sizeof(mac), fl_buf_reserve(&token, 64)));
	verify(&keys, fl_buf_view(&token));
	return 0;
}
