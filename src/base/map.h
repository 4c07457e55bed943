/* Hash map from bytes to a pointer. Grows in its arena; keys are borrowed and must live as long as the map. */
#ifndef FL_BASE_MAP_H
#define FL_BASE_MAP_H

typedef struct fl_map_slot {
	fl_str key; /* key.ptr NULL: free */
	uint64_t hash;
	void *value;
} fl_map_slot;

typedef struct fl_map {
	fl_arena *mem;
	fl_map_slot *slots;
	size_t count, cap;
	uint64_t seed;
} fl_map;

void fl_map_init(fl_map *map, fl_arena *mem);
void *fl_map_get(const fl_map *map, fl_str key);               /* NULL when absent */
/* Sets key to value (not NULL), replacing an older one. */
FL_MUST fl_err fl_map_put(fl_map *map, fl_str key, void *value);
/* The slot after index i that holds something, or NULL; start with *i = 0. Order is arbitrary. */
const fl_map_slot *fl_map_next(const fl_map *map, size_t *i);

#endif
