/* crypt: who is asking, and secrets. Signed tokens (JWT), passwords (argon2id), random text, SHA-256, and the files that hold
 * keys. libsodium and OpenSSL do the arithmetic; nothing here invents any.
 *
 *	fl_jwt_keys keys = {};
 *	FL_TRY(fl_jwt_keys_load(&keys, "/var/lib/fleet/secrets", &diag));       // makes the key at the first start
 *	fl_claims claims = { .tenant_id = 1, .tenant = FL_STR("demo"), .user_id = 7, .role = FL_ROLE_MANAGER,
 *	                     .name = FL_STR("Maria"), .expires_us = fl_now_us() + 15 * FL_MINUTE_US };
 *	FL_TRY(fl_jwt_sign(&keys, mem, &claims, &token));
 *	FL_TRY(fl_jwt_verify(&keys, mem, token, fl_now_us(), &claims, &diag));  // FL_UNAUTHENTICATED when it is not good
 *
 * Threads: keys are read-only once loaded; everything else is a plain function. Only fl_password_* wait (on the pool).
 * Secrets are wiped from the memory that this folder owns. Nothing here logs. */
#ifndef FL_CRYPT_H
#define FL_CRYPT_H

#include "io/io.h"

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

/* HS256 where one operator signs and verifies; EdDSA (Ed25519) where others verify what they must not be able to sign. */
typedef enum fl_jwt_alg { FL_JWT_HS256, FL_JWT_EDDSA } fl_jwt_alg;

enum {
	FL_JWT_KEYS_MAX = 8,
	FL_JWT_TOKEN_MAX = 4096,    /* bytes of a token; longer ones are refused unread */
	FL_JWT_CLOCK_SKEW_S = 30,   /* how far two machines' clocks may differ */
	FL_JWT_KEY_ID_MAX = 32,
};

typedef struct fl_jwt_key {
	char id[FL_JWT_KEY_ID_MAX];
	fl_jwt_alg alg;             /* a token of this key id with any other algorithm is refused: the header does not choose */
	uint8_t secret[64];         /* HS256: 32 bytes; EdDSA: Ed25519 secret key */
	uint8_t public_key[32];     /* EdDSA only */
} fl_jwt_key;

/* A ring: the first key signs, all verify, so that a key can be changed without logging everybody out. */
typedef struct fl_jwt_keys {
	fl_jwt_key keys[FL_JWT_KEYS_MAX];
	size_t count;
} fl_jwt_keys;

typedef struct fl_claims {
	int32_t tenant_id;          /* above 0 */
	int32_t user_id;            /* 0: a program, not a person */
	fl_role role;
	fl_str tenant, name;        /* tenant: the company's short name */
	int64_t issued_us;          /* set by fl_jwt_sign when 0 */
	int64_t expires_us;
} fl_claims;

/* Takes the key from DIR/jwt.key; makes it (0600) when there is none. Also reads DIR/jwt.old.key, which only verifies. */
FL_MUST fl_err fl_jwt_keys_load(fl_jwt_keys *keys, const char *dir, fl_diag *diag);
/* One key from 32 bytes (for EdDSA: the seed). The id is derived from the public part or a hash, never from the secret itself. */
void fl_jwt_key_make(fl_jwt_key *key, fl_jwt_alg alg, const uint8_t secret[32]);
void fl_jwt_keys_wipe(fl_jwt_keys *keys);

FL_MUST fl_err fl_jwt_sign(const fl_jwt_keys *keys, fl_arena *mem, const fl_claims *claims, fl_str *out);
/* Checks form, key id, algorithm, signature, issuer, audience, not-before and expiry; only then are claims read.
 * out's texts live in mem. Errors: FL_UNAUTHENTICATED (diag says why, safe to show), FL_NOMEM. Cost: 3 us (HS256). */
FL_MUST fl_err fl_jwt_verify(const fl_jwt_keys *keys, fl_arena *mem, fl_str token, int64_t now_us, fl_claims *out, fl_diag *diag);

/* The same for a server, which sees one token many times: remembers the 512 latest good ones, whole. Of one thread; keys are
 * borrowed and must not change. Cost of one that is remembered: 0.2 us. */
typedef struct fl_jwt_cache fl_jwt_cache;
FL_MUST fl_err fl_jwt_cache_new(const fl_jwt_keys *keys, fl_jwt_cache **out);
void fl_jwt_cache_free(fl_jwt_cache *cache); /* wipes the tokens; NULL is fine */
FL_MUST fl_err fl_jwt_cache_verify(fl_jwt_cache *cache, fl_arena *mem, fl_str token, int64_t now_us, fl_claims *out, fl_diag *diag);

/* "driver", "manager", "auditor", "admin"; FL_ROLE_NONE for any other text. No token is made or taken for FL_ROLE_SYSTEM. */
fl_str fl_role_name(fl_role role);
fl_role fl_role_parse(fl_str name);

/* ---- passwords --------------------------------------------------------------------------------------------------- */

enum { FL_PASSWORD_MAX = 256, FL_PASSWORD_HASH_MAX = 128 };

/* argon2id, 64 MiB, on the pool: ~70 ms each. The hash is text that carries its own salt and costs. */
FL_MUST fl_err fl_password_hash(fl_ctx *ctx, fl_str password, char out[FL_PASSWORD_HASH_MAX]);
/* FL_UNAUTHENTICATED when it does not match. An empty hash (no such user) takes the same time and never matches. */
FL_MUST fl_err fl_password_verify(fl_ctx *ctx, fl_str hash, fl_str password);
/* The same without a loop: blocks the calling thread. For seeding and command lines. */
FL_MUST fl_err fl_password_hash_now(fl_str password, char out[FL_PASSWORD_HASH_MAX]);
FL_MUST fl_err fl_password_verify_now(fl_str hash, fl_str password);

/* ---- small things ------------------------------------------------------------------------------------------------ */

/* Equal content? The time taken depends on the lengths only. */
bool fl_equal_secret(fl_str a, fl_str b);

/* Random text of letters and digits that a person can read aloud (no 0, O, 1, l, I); about 5.8 bits a character. */
void fl_random_text(char *out, size_t len);
/* The same letters, but always the same text for one key and one about: a secret that is made again and need not be kept. */
void fl_derived_text(const uint8_t key[32], fl_str about, char *out, size_t len);

typedef struct fl_sha256 {
	uint8_t bytes[32];
} fl_sha256;
fl_sha256 fl_sha256_of(fl_str bytes);
/* Reads fd from its start to its end (its offset is not used). Blocks: call it on the pool. */
FL_MUST fl_err fl_sha256_of_fd(int fd, fl_sha256 *out, int64_t *size);

/* The same piece by piece. */
typedef struct fl_hasher fl_hasher;
FL_MUST fl_err fl_hasher_new(fl_hasher **out);
void fl_hasher_free(fl_hasher *hasher); /* NULL is fine */
void fl_hasher_add(fl_hasher *hasher, fl_str bytes);
fl_sha256 fl_hasher_end(fl_hasher *hasher); /* and is ready for the next */

/* base64url without padding, as JWT and cursors use it. Decoding is strict: one text for each value. */
#define FL_BASE64URL_LEN(len) (((len) * 4 + 2) / 3)
size_t fl_base64url_encode(const void *bytes, size_t len, char *out);      /* out: FL_BASE64URL_LEN(len) */
bool fl_base64url_decode(fl_str text, void *out, size_t max, size_t *len);

/* ---- webhooks ----------------------------------------------------------------------------------------------------- */

/* Which secret: a new generation makes the old one worthless. */
typedef struct fl_webhook_id {
	int32_t tenant_id, webhook_id, generation;
} fl_webhook_id;
enum { FL_WEBHOOK_SECRET_MAX = 56 };
/* "whsec_..." as its receiver keeps it, derived from the server's own key. */
void fl_webhook_secret(const uint8_t key[32], const fl_webhook_id *id, char out[FL_WEBHOOK_SECRET_MAX]);
/* "v1,...": HMAC-SHA256 of "ID.TIMESTAMP.BODY", for the header webhook-signature (Standard Webhooks 1.0). */
void fl_webhook_sign(const uint8_t key[32], const fl_webhook_id *id, fl_str message_id, int64_t timestamp_s, fl_str body,
	char out[FL_WEBHOOK_SECRET_MAX]);

/* A secret that lives in the file DIR/NAME, mode 0600. FL_NOT_FOUND when it is not there; FL_FORBIDDEN when others may read it
 * (diag says how to mend it). Blocks; for start-up. */
FL_MUST fl_err fl_secret_read(const char *dir, const char *name, void *out, size_t max, size_t *len, fl_diag *diag);
/* Writes it once: complete or not at all, durable, never over an existing one (FL_DUPLICATE). Makes DIR (0700). */
FL_MUST fl_err fl_secret_create(const char *dir, const char *name, fl_str bytes, fl_diag *diag);
/* Reads it; makes it with len random bytes when it is not there. Two processes that start at once get the same. */
FL_MUST fl_err fl_secret_random(const char *dir, const char *name, void *out, size_t len, fl_diag *diag);

#endif
