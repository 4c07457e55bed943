/* Prepared documents, bounded by bytes. Eviction is SIEVE: a queue in order of arrival, a bit "was used since", and a
 * hand that walks from the oldest to the newest, clears bits and throws out the first entry without one. One pass of
 * documents that never come again leaves those in use where they are. */
#include "graphql/graphql_int.h"

#include <stdlib.h>

enum { BUCKETS = 1024 };

bool gql_cache_init(gql_cache *cache, size_t bytes_max)
{
	*cache = (gql_cache) { .bytes_max = bytes_max };
	fl_random(&cache->seed, sizeof(cache->seed));
	cache->buckets = calloc(BUCKETS, sizeof(gql_entry *));
	cache->id_buckets = calloc(BUCKETS, sizeof(gql_entry *));
	if (cache->buckets && cache->id_buckets)
		return true;
	free(cache->buckets);
	free(cache->id_buckets);
	return false;
}

void gql_entry_put(gql_entry *entry)
{
	if (!entry || --entry->refs)
		return;
	fl_arena_fini(&entry->mem);
	free(entry);
}

static uint64_t hash_of(const gql_cache *cache, fl_str query, fl_str operation_name, uint64_t variant)
{
	return fl_hash(query.ptr, query.len, fl_hash(operation_name.ptr, operation_name.len, cache->seed ^ variant));
}

static bool same_name(fl_str a, fl_str b)
{
	return !a.ptr == !b.ptr && fl_str_eq(a, b);
}

gql_entry *gql_cache_get(gql_cache *cache, fl_str query, fl_str operation_name, uint64_t variant)
{
	uint64_t hash = hash_of(cache, query, operation_name, variant);
	for (gql_entry *e = cache->buckets[hash % BUCKETS]; e; e = e->chain)
		if (e->hash == hash && e->variant == variant && fl_str_eq(e->plan.doc.source, query) && same_name(e->operation_name, operation_name)) {
			e->visited = true;
			e->refs++;
			cache->stats.hits++;
			return e;
		}
	cache->stats.misses++;
	return NULL;
}

/* ---- By id ---- */

static gql_entry **id_bucket(const gql_cache *cache, const uint8_t *id)
{
	return &cache->id_buckets[fl_hash(id, FL_GQL_ID_BYTES, cache->seed) % BUCKETS];
}

static bool has_id(const gql_entry *e, const uint8_t *id)
{
	return memcmp(e->id, id, FL_GQL_ID_BYTES) == 0;
}

/* Clients may name the only operation of a document, or not. */
static bool runs(const gql_entry *e, fl_str operation_name)
{
	return operation_name.ptr ? fl_str_eq(e->plan.definition->name, operation_name) : !e->operation_name.ptr;
}

gql_entry *gql_cache_get_by_id(gql_cache *cache, const uint8_t *id, fl_str operation_name)
{
	for (gql_entry *e = *id_bucket(cache, id); e; e = e->id_chain)
		if (has_id(e, id) && runs(e, operation_name)) {
			e->visited = true;
			e->refs++;
			cache->stats.hits++;
			return e;
		}
	cache->stats.misses++;
	return NULL;
}

gql_entry *gql_cache_any(const gql_cache *cache, const uint8_t *id)
{
	gql_entry *found = NULL;
	for (gql_entry *e = *id_bucket(cache, id); e; e = e->id_chain)
		if (has_id(e, id) && (!found || e->pinned))
			found = e;
	return found;
}

void gql_cache_identify(gql_cache *cache, gql_entry *e, const uint8_t *id)
{
	gql_entry **bucket = id_bucket(cache, id);
	if (e->has_id || !e->cached)
		return;
	memcpy(e->id, id, FL_GQL_ID_BYTES);
	e->has_id = true;
	e->id_chain = *bucket;
	*bucket = e;
}

static void forget_id(gql_cache *cache, gql_entry *e)
{
	gql_entry **at = id_bucket(cache, e->id);
	if (!e->has_id)
		return;
	while (*at != e)
		at = &(*at)->id_chain;
	*at = e->id_chain;
	e->has_id = false;
}

/* ---- By text ---- */

static void unlink_bucket(gql_cache *cache, gql_entry *e)
{
	gql_entry **at = &cache->buckets[e->hash % BUCKETS];
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	forget_id(cache, e);
	e->cached = false;
}

static void link_bucket(gql_cache *cache, gql_entry *e)
{
	e->hash = hash_of(cache, e->plan.doc.source, e->operation_name, e->variant);
	e->chain = cache->buckets[e->hash % BUCKETS];
	cache->buckets[e->hash % BUCKETS] = e;
	e->cached = true;
	e->refs++;
}

static void unlink_entry(gql_cache *cache, gql_entry *e)
{
	unlink_bucket(cache, e);
	*(e->newer ? &e->newer->older : &cache->newest) = e->older;
	*(e->older ? &e->older->newer : &cache->oldest) = e->newer;
	cache->bytes -= e->mem.used;
	cache->count--;
	gql_entry_put(e);
}

static void evict_one(gql_cache *cache)
{
	gql_entry *at = cache->hand ? cache->hand : cache->oldest;
	while (at->visited) {
		at->visited = false;
		at = at->newer ? at->newer : cache->oldest;
	}
	cache->hand = at->newer;
	cache->stats.evictions++;
	unlink_entry(cache, at);
}

void gql_cache_put(gql_cache *cache, gql_entry *entry)
{
	if (entry->mem.used > cache->bytes_max)
		return;
	while (cache->bytes + entry->mem.used > cache->bytes_max)
		evict_one(cache);
	link_bucket(cache, entry);
	entry->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
	cache->bytes += entry->mem.used;
	cache->count++;
}

/* ---- Entries that stay ---- */

void gql_cache_pin(gql_cache *cache, gql_entry *e, const uint8_t *id)
{
	assert(!e->cached);
	link_bucket(cache, e);
	gql_cache_identify(cache, e, id);
	e->pinned = true;
	e->older = NULL;
	e->newer = cache->pinned;
	if (cache->pinned)
		cache->pinned->older = e;
	cache->pinned = e;
	cache->pinned_bytes += e->mem.used;
	cache->pinned_count++;
}

void gql_cache_unpin(gql_cache *cache, gql_entry *e)
{
	assert(e->pinned);
	unlink_bucket(cache, e);
	*(e->older ? &e->older->newer : &cache->pinned) = e->newer;
	if (e->newer)
		e->newer->older = e->older;
	cache->pinned_bytes -= e->mem.used;
	cache->pinned_count--;
	e->pinned = false;
	gql_entry_put(e);
}

void gql_cache_fini(gql_cache *cache)
{
	while (cache->oldest)
		unlink_entry(cache, cache->oldest);
	while (cache->pinned)
		gql_cache_unpin(cache, cache->pinned);
	free(cache->buckets);
	free(cache->id_buckets);
}
