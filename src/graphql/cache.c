/* Prepared documents, bounded by bytes. Eviction is SIEVE: a queue in order of arrival, a bit "was used since", and a
 * hand that walks from the oldest to the newest, clears bits and throws out the first entry without one. One pass of
 * documents that never come again leaves those in use where they are. */
#include "graphql/graphql_int.h"

#include <stdlib.h>

enum { BUCKETS = 1024 };

bool gql_cache_init(gql_cache *cache, size_t bytes_max)
{
	*cache = (gql_cache){ .bytes_max = bytes_max };
	fl_random(&cache->seed, sizeof(cache->seed));
	cache->buckets = calloc(BUCKETS, sizeof(gql_entry *));
	return cache->buckets;
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

static void unlink_entry(gql_cache *cache, gql_entry *e)
{
	gql_entry **at = &cache->buckets[e->hash % BUCKETS];
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	*(e->newer ? &e->newer->older : &cache->newest) = e->older;
	*(e->older ? &e->older->newer : &cache->oldest) = e->newer;
	cache->bytes -= e->mem.used;
	cache->count--;
	e->cached = false;
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
	entry->hash = hash_of(cache, entry->plan.doc.source, entry->operation_name, entry->variant);
	entry->chain = cache->buckets[entry->hash % BUCKETS];
	cache->buckets[entry->hash % BUCKETS] = entry;
	entry->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
	cache->bytes += entry->mem.used;
	cache->count++;
	entry->cached = true;
	entry->refs++;
}

void gql_cache_fini(gql_cache *cache)
{
	while (cache->oldest)
		unlink_entry(cache, cache->oldest);
	free(cache->buckets);
}
