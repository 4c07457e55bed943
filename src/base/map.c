#include "base/base.h"

enum { CAP_FIRST = 16 };

void fl_map_init(fl_map *map, fl_arena *mem)
{
	*map = (fl_map){ .mem = mem };
	fl_random(&map->seed, sizeof(map->seed));
}

/* The slot that holds key, or the free one where it belongs. At most 3/4 are full, so one is free. */
static fl_map_slot *probe(fl_map_slot *slots, size_t cap, fl_str key, uint64_t hash)
{
	for (size_t i = hash & (cap - 1);; i = (i + 1) & (cap - 1)) {
		fl_map_slot *slot = &slots[i];
		if (!slot->key.ptr || (slot->hash == hash && fl_str_eq(slot->key, key)))
			return slot;
	}
}

void *fl_map_get(const fl_map *map, fl_str key)
{
	if (!map->cap)
		return NULL;
	return probe(map->slots, map->cap, key, fl_hash(key.ptr, key.len, map->seed))->value;
}

static fl_err grow(fl_map *map)
{
	size_t cap = map->cap ? map->cap * 2 : CAP_FIRST;
	fl_map_slot *slots = fl_new_array(map->mem, fl_map_slot, cap);
	if (!slots)
		return FL_NOMEM;
	for (size_t i = 0; i < map->cap; i++)
		if (map->slots[i].key.ptr)
			*probe(slots, cap, map->slots[i].key, map->slots[i].hash) = map->slots[i];
	map->slots = slots;
	map->cap = cap;
	return FL_OK;
}

fl_err fl_map_put(fl_map *map, fl_str key, void *value)
{
	assert(value);
	if (!key.ptr)
		key = FL_STR("");
	if ((map->count + 1) * 4 > map->cap * 3)
		FL_TRY(grow(map));
	uint64_t hash = fl_hash(key.ptr, key.len, map->seed);
	fl_map_slot *slot = probe(map->slots, map->cap, key, hash);
	map->count += !slot->key.ptr;
	*slot = (fl_map_slot){ slot->key.ptr ? slot->key : key, hash, value };
	return FL_OK;
}

const fl_map_slot *fl_map_next(const fl_map *map, size_t *i)
{
	while (*i < map->cap) {
		const fl_map_slot *slot = &map->slots[(*i)++];
		if (slot->key.ptr)
			return slot;
	}
	return NULL;
}
