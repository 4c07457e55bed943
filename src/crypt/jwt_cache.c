/* Tokens that were found good lately: a client sends the same one with each request. A place belongs to a hash with a secret
 * seed, and the whole token is compared; a newer token takes the place of an older one. */
#include "crypt/crypt.h"

#include <sodium.h>
#include <stdlib.h>

enum { PLACES = 512 };

typedef struct place {
	uint64_t hash;
	fl_claims claims; /* texts in kept, behind the token */
	fl_str token;     /* at the start of kept */
	char *kept;       /* NULL: empty */
} place;

struct fl_jwt_cache {
	const fl_jwt_keys *keys;
	uint64_t seed;
	place places[PLACES];
};

fl_err fl_jwt_cache_new(const fl_jwt_keys *keys, fl_jwt_cache **out)
{
	fl_jwt_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return FL_NOMEM;
	cache->keys = keys;
	fl_random(&cache->seed, sizeof(cache->seed));
	*out = cache;
	return FL_OK;
}

static void empty(place *at)
{
	if (at->kept)
		sodium_memzero(at->kept, at->token.len);
	free(at->kept);
	*at = (place) { 0 };
}

void fl_jwt_cache_free(fl_jwt_cache *cache)
{
	for (size_t i = 0; cache && i < PLACES; i++)
		empty(&cache->places[i]);
	free(cache);
}

static bool holds(const place *at, uint64_t hash, fl_str token)
{
	return at->kept && at->hash == hash && fl_equal_secret(at->token, token);
}

/* As for a token that is read: expiry in whole seconds, and some difference of clocks at its start. */
static bool is_its_time(const fl_claims *claims, int64_t now_us)
{
	return now_us / FL_SECOND_US < claims->expires_us / FL_SECOND_US &&
	       claims->issued_us <= now_us + FL_JWT_CLOCK_SKEW_S * FL_SECOND_US;
}

static fl_err copy_out(const place *at, fl_arena *mem, fl_claims *out)
{
	fl_claims claims = at->claims;
	claims.tenant = fl_str_dup(mem, at->claims.tenant);
	claims.name = fl_str_dup(mem, at->claims.name);
	if (!claims.tenant.ptr || !claims.name.ptr)
		return FL_NOMEM;
	*out = claims;
	return FL_OK;
}

static fl_str append(char **at, fl_str text)
{
	fl_str copy = { *at, text.len };
	if (text.len)
		memcpy(*at, text.ptr, text.len);
	*at += text.len;
	return copy;
}

/* Without memory it is just not kept. */
static void keep(place *at, uint64_t hash, fl_str token, const fl_claims *claims)
{
	char *to = malloc(token.len + claims->tenant.len + claims->name.len);
	if (!to)
		return;
	empty(at);
	*at = (place) { .hash = hash, .claims = *claims, .kept = to };
	at->token = append(&to, token);
	at->claims.tenant = append(&to, claims->tenant);
	at->claims.name = append(&to, claims->name);
}

fl_err fl_jwt_cache_verify(fl_jwt_cache *cache, fl_arena *mem, fl_str token, int64_t now_us, fl_claims *out, fl_diag *diag)
{
	uint64_t hash = fl_hash(token.ptr, token.len, cache->seed);
	place *at = &cache->places[hash % PLACES];
	if (holds(at, hash, token) && is_its_time(&at->claims, now_us))
		return copy_out(at, mem, out);
	FL_TRY(fl_jwt_verify(cache->keys, mem, token, now_us, out, diag));
	keep(at, hash, token, out);
	return FL_OK;
}
