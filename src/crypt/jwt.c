/* JSON Web Tokens, RFC 7519 and 8725: the key id decides the algorithm, never the token. */
#include "crypt/crypt.h"

#include <sodium.h>
#include <stdio.h>

#define ISSUER FL_STR("fleet")
#define AUDIENCE FL_STR("fleet-api")

enum { SIGNATURE_MAX = 64, KEY_BYTES = 32 };

static const fl_str roles[] = {
	[FL_ROLE_DRIVER] = FL_STR_INIT("driver"),
	[FL_ROLE_MANAGER] = FL_STR_INIT("manager"),
	[FL_ROLE_AUDITOR] = FL_STR_INIT("auditor"),
	[FL_ROLE_ADMIN] = FL_STR_INIT("admin"),
};

fl_str fl_role_name(fl_role role)
{
	return role < FL_COUNT(roles) && roles[role].ptr ? roles[role] : FL_STR("");
}

fl_role fl_role_parse(fl_str name)
{
	for (size_t i = 0; i < FL_COUNT(roles); i++)
		if (roles[i].ptr && fl_str_eq(roles[i], name))
			return (fl_role)i;
	return FL_ROLE_NONE;
}

static fl_str alg_name(fl_jwt_alg alg)
{
	return alg == FL_JWT_HS256 ? FL_STR("HS256") : FL_STR("EdDSA");
}

void fl_jwt_key_make(fl_jwt_key *key, fl_jwt_alg alg, const uint8_t secret[32])
{
	fl_sha256 sum;
	*key = (fl_jwt_key){ .alg = alg };
	if (alg == FL_JWT_EDDSA) {
		crypto_sign_seed_keypair(key->public_key, key->secret, secret);
		sum = fl_sha256_of(fl_str_make(key->public_key, sizeof(key->public_key)));
	} else {
		memcpy(key->secret, secret, KEY_BYTES);
		crypto_auth_hmacsha256(sum.bytes, (const uint8_t *)"fleet key id", 12, secret);
	}
	sodium_bin2hex(key->id, 17, sum.bytes, 8);
}

void fl_jwt_keys_wipe(fl_jwt_keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

/* The file's one line: the algorithm, a space, 64 hexadecimal digits. */
static bool parse_key_line(fl_str line, fl_jwt_key *key)
{
	uint8_t secret[KEY_BYTES];
	fl_str digits, name = fl_str_cut(fl_str_trim(line), ' ', &digits);
	bool eddsa = fl_str_eq(name, FL_STR("EdDSA"));
	if ((!eddsa && !fl_str_eq(name, FL_STR("HS256"))) || digits.len != 2 * KEY_BYTES ||
	    !fl_str_unhex(digits, secret, sizeof(secret)))
		return false;
	fl_jwt_key_make(key, eddsa ? FL_JWT_EDDSA : FL_JWT_HS256, secret);
	sodium_memzero(secret, sizeof(secret));
	return true;
}

static fl_err load_key(fl_jwt_keys *keys, const char *dir, const char *name, fl_diag *diag)
{
	char line[128];
	size_t len = 0;
	FL_TRY(fl_secret_read(dir, name, line, sizeof(line), &len, diag));
	bool good = parse_key_line(fl_str_make(line, len), &keys->keys[keys->count]);
	sodium_memzero(line, sizeof(line));
	if (!good)
		return fl_fail(diag, FL_IO, "%s/%s: not a key (expected: HS256 or EdDSA, a space, 64 hexadecimal digits)", dir, name);
	keys->count++;
	return FL_OK;
}

static fl_err create_key(const char *dir, const char *name, fl_diag *diag)
{
	uint8_t secret[KEY_BYTES];
	char line[128] = "HS256 ";
	fl_random(secret, sizeof(secret));
	sodium_bin2hex(line + 6, 2 * KEY_BYTES + 1, secret, sizeof(secret));
	fl_err err = fl_secret_create(dir, name, fl_str_z(line), diag);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(line, sizeof(line));
	return err == FL_DUPLICATE ? FL_OK : err;
}

fl_err fl_jwt_keys_load(fl_jwt_keys *keys, const char *dir, fl_diag *diag)
{
	fl_jwt_keys loaded = { 0 };
	fl_err err = load_key(&loaded, dir, "jwt.key", diag);
	if (err == FL_NOT_FOUND) {
		FL_TRY(create_key(dir, "jwt.key", diag));
		err = load_key(&loaded, dir, "jwt.key", diag);
	}
	FL_TRY(err);
	err = load_key(&loaded, dir, "jwt.old.key", diag);
	if (err != FL_OK && err != FL_NOT_FOUND)
		return err;
	*keys = loaded;
	return FL_OK;
}

static size_t signature_len(fl_jwt_alg alg)
{
	return alg == FL_JWT_EDDSA ? crypto_sign_BYTES : crypto_auth_hmacsha256_BYTES;
}

static void add_base64url(fl_buf *out, const void *bytes, size_t len)
{
	char *room = fl_buf_reserve(out, FL_BASE64URL_LEN(len) + 2);
	if (room)
		fl_buf_commit(out, fl_base64url_encode(bytes, len, room));
}

static void add_header(fl_buf *out, const fl_jwt_key *key)
{
	char header[128];
	int len = snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}", alg_name(key->alg).ptr, key->id);
	add_base64url(out, header, (size_t)len);
}

static void put_text(fl_json_out *j, const char *key, fl_str value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_str(j, value);
}

static void put_number(fl_json_out *j, const char *key, int64_t value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_i64(j, value);
}

static void write_claims(fl_buf *out, const fl_claims *claims)
{
	char subject[24];
	snprintf(subject, sizeof(subject), "%d", claims->user_id);
	int64_t issued_s = (claims->issued_us ? claims->issued_us : fl_now_us()) / FL_SECOND_US;
	fl_json_out j = { .buf = out };
	fl_json_open(&j, '{');
	put_text(&j, "iss", ISSUER);
	put_text(&j, "aud", AUDIENCE);
	put_text(&j, "sub", fl_str_z(subject));
	put_number(&j, "tenant", claims->tenant_id);
	put_text(&j, "tslug", claims->tenant);
	put_text(&j, "role", fl_role_name(claims->role));
	put_text(&j, "name", claims->name);
	put_number(&j, "iat", issued_s);
	put_number(&j, "nbf", issued_s);
	put_number(&j, "exp", claims->expires_us / FL_SECOND_US);
	fl_json_close(&j, '}');
}

static void compute_signature(const fl_jwt_key *key, fl_str text, uint8_t out[SIGNATURE_MAX])
{
	if (key->alg == FL_JWT_EDDSA)
		crypto_sign_detached(out, NULL, (const uint8_t *)text.ptr, text.len, key->secret);
	else
		crypto_auth_hmacsha256(out, (const uint8_t *)text.ptr, text.len, key->secret);
}

fl_err fl_jwt_sign(const fl_jwt_keys *keys, fl_arena *mem, const fl_claims *claims, fl_str *out)
{
	assert(keys->count > 0 && claims->tenant_id > 0 && claims->expires_us > 0 && fl_role_name(claims->role).len > 0);
	const fl_jwt_key *key = &keys->keys[0];
	FL_AUTO_BUF fl_buf token = fl_buf_make(FL_JWT_TOKEN_MAX), payload = fl_buf_make(FL_JWT_TOKEN_MAX);
	uint8_t signature[SIGNATURE_MAX];

	write_claims(&payload, claims);
	FL_TRY(fl_buf_err(&payload));
	add_header(&token, key);
	fl_buf_char(&token, '.');
	add_base64url(&token, payload.ptr, payload.len);
	FL_TRY(fl_buf_err(&token));
	compute_signature(key, fl_buf_view(&token), signature);
	fl_buf_char(&token, '.');
	add_base64url(&token, signature, signature_len(key->alg));
	FL_TRY(fl_buf_err(&token));

	fl_str copy = fl_str_dup(mem, fl_buf_view(&token));
	if (!copy.ptr)
		return FL_NOMEM;
	*out = copy;
	return FL_OK;
}

static bool signature_good(const fl_jwt_key *key, fl_str text, fl_str encoded)
{
	uint8_t given[SIGNATURE_MAX], right[SIGNATURE_MAX];
	size_t len = 0;
	if (!fl_base64url_decode(encoded, given, sizeof(given), &len) || len != signature_len(key->alg))
		return false;
	if (key->alg == FL_JWT_EDDSA)
		return crypto_sign_verify_detached(given, (const uint8_t *)text.ptr, text.len, key->public_key) == 0;
	compute_signature(key, text, right);
	return sodium_memcmp(given, right, len) == 0;
}

/* Decodes one part of the token into JSON in mem. */
static fl_err read_part(fl_arena *mem, fl_str part, const fl_json **out, fl_diag *diag)
{
	char text[FL_JWT_TOKEN_MAX];
	size_t len = 0;
	fl_diag ignored = { 0 };
	if (!fl_base64url_decode(part, text, sizeof(text), &len))
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token is not well-formed");
	fl_err err = fl_json_parse(mem, fl_str_make(text, len), out, &ignored);
	if (err == FL_NOMEM)
		return err;
	if (err != FL_OK || (*out)->type != FL_JSON_OBJECT)
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token is not well-formed");
	return FL_OK;
}

static const fl_jwt_key *find_key(const fl_jwt_keys *keys, const fl_json *header)
{
	fl_str id = fl_json_str(fl_json_get(header, FL_STR("kid")), FL_STR(""));
	fl_str alg = fl_json_str(fl_json_get(header, FL_STR("alg")), FL_STR(""));
	if (fl_json_get(header, FL_STR("crit")))
		return NULL; /* it demands an extension, and we know none */
	for (size_t i = 0; i < keys->count; i++)
		if (fl_str_eq(id, fl_str_z(keys->keys[i].id)))
			return fl_str_eq(alg, alg_name(keys->keys[i].alg)) ? &keys->keys[i] : NULL;
	return NULL;
}

static fl_str claim_text(const fl_json *claims, fl_str name)
{
	return fl_json_str(fl_json_get(claims, name), FL_STR(""));
}

static fl_err check_times(const fl_json *json, int64_t now_s, fl_diag *diag)
{
	int64_t expires = fl_json_int(fl_json_get(json, FL_STR("exp")), 0);
	int64_t not_before = fl_json_int(fl_json_get(json, FL_STR("nbf")), 0);
	if (expires <= 0 || expires > INT64_MAX / FL_SECOND_US || now_s >= expires)
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token has expired");
	if (not_before < 0 || not_before > now_s + FL_JWT_CLOCK_SKEW_S)
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token is not valid yet");
	return FL_OK;
}

static fl_err read_claims(const fl_json *json, int64_t now_us, fl_claims *out, fl_diag *diag)
{
	fl_claims claims = { 0 };
	if (!fl_str_eq(claim_text(json, FL_STR("iss")), ISSUER) || !fl_str_eq(claim_text(json, FL_STR("aud")), AUDIENCE))
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token was made for something else");
	FL_TRY(check_times(json, now_us / FL_SECOND_US, diag));
	int64_t tenant = fl_json_int(fl_json_get(json, FL_STR("tenant")), 0);
	if (tenant <= 0 || tenant > INT32_MAX || !fl_str_i32(claim_text(json, FL_STR("sub")), &claims.user_id) ||
	    claims.user_id < 0)
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token names no company or user");
	claims.tenant_id = (int32_t)tenant;
	claims.tenant = claim_text(json, FL_STR("tslug"));
	claims.role = fl_role_parse(claim_text(json, FL_STR("role")));
	if (claims.role == FL_ROLE_NONE)
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token names no role that is known here");
	claims.name = claim_text(json, FL_STR("name"));
	claims.issued_us = fl_json_int(fl_json_get(json, FL_STR("nbf")), 0) * FL_SECOND_US;
	claims.expires_us = fl_json_int(fl_json_get(json, FL_STR("exp")), 0) * FL_SECOND_US;
	*out = claims;
	return FL_OK;
}

fl_err fl_jwt_verify(const fl_jwt_keys *keys, fl_arena *mem, fl_str token, int64_t now_us, fl_claims *out, fl_diag *diag)
{
	fl_str rest, signature;
	const fl_json *header = NULL, *payload = NULL;
	if (token.len > FL_JWT_TOKEN_MAX)
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token is too long");
	fl_str first = fl_str_cut(token, '.', &rest);
	fl_str second = fl_str_cut(rest, '.', &signature);

	FL_TRY(read_part(mem, first, &header, diag));
	const fl_jwt_key *key = find_key(keys, header);
	if (!key)
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token was signed by a key that is not known here");
	fl_str signed_text = fl_str_make(token.ptr, first.len + 1 + second.len);
	if (second.len == 0 || !signature_good(key, signed_text, signature))
		return fl_fail(diag, FL_UNAUTHENTICATED, "the token's signature is not right");
	FL_TRY(read_part(mem, second, &payload, diag));
	return read_claims(payload, now_us, out, diag);
}
