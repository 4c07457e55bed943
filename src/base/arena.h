/* Arena: memory that is freed at once. Bump allocation in growing chunks up to a maximum. */
#ifndef FL_BASE_ARENA_H
#define FL_BASE_ARENA_H

typedef struct fl_arena_chunk fl_arena_chunk;
typedef struct fl_arena_cleanup fl_arena_cleanup;

typedef struct fl_arena {
	char *next, *end;
	fl_arena_chunk *chunks;
	fl_arena_cleanup *cleanups;
	size_t used, max; /* bytes taken from the system, and their limit */
} fl_arena;

/* No memory is taken before the first allocation. */
static inline fl_arena fl_arena_make(size_t max_bytes)
{
	return (fl_arena){ .max = max_bytes };
}

void fl_arena_fini(fl_arena *mem);  /* runs the cleanups, newest first, and frees everything; mem may be used again */
void fl_arena_reset(fl_arena *mem); /* the same, but keeps one chunk for the next use */

/* Uninitialised memory aligned for any type; NULL when the arena is full. */
void *fl_arena_take(fl_arena *mem, size_t size) __attribute__((alloc_size(2)));
/* Zeroed memory; NULL when full. */
void *fl_arena_zero(fl_arena *mem, size_t size) __attribute__((alloc_size(2)));
/* Zeroed array; NULL when full or when count * size overflows. */
void *fl_arena_array(fl_arena *mem, size_t count, size_t size) __attribute__((alloc_size(2, 3)));
/* Runs fn(arg) when the arena ends or is reset. FL_NOMEM: fn has been run at once. */
FL_MUST fl_err fl_arena_defer(fl_arena *mem, void (*fn)(void *), void *arg);

#define fl_new(mem, type) ((type *)fl_arena_zero((mem), sizeof(type)))
#define fl_new_array(mem, type, count) ((type *)fl_arena_array((mem), (count), sizeof(type)))

#endif
