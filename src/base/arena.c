#include "base/base.h"

#include <stdlib.h>

enum { CHUNK_FIRST = 4096, CHUNK_MAX = 1 << 20, ALIGN = 16 };

struct fl_arena_chunk {
	fl_arena_chunk *older;
	size_t size; /* of the data that follows */
	_Alignas(ALIGN) char data[];
};

struct fl_arena_cleanup {
	fl_arena_cleanup *older;
	void (*fn)(void *);
	void *arg;
};

static void *take_from_new_chunk(fl_arena *mem, size_t size)
{
	size_t want = mem->chunks ? FL_MIN(mem->chunks->size * 2, (size_t)CHUNK_MAX) : CHUNK_FIRST - sizeof(fl_arena_chunk);
	want = FL_MAX(want, size);
	if (mem->used + want > mem->max)
		want = size;
	if (size > mem->max || mem->used + want > mem->max)
		return NULL;
	fl_arena_chunk *chunk = malloc(sizeof(fl_arena_chunk) + want);
	if (!chunk)
		return NULL;
	chunk->older = mem->chunks;
	chunk->size = want;
	mem->chunks = chunk;
	mem->used += want;
	mem->next = chunk->data + size;
	mem->end = chunk->data + want;
	return chunk->data;
}

void *fl_arena_take(fl_arena *mem, size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	size = (FL_MAX(size, 1) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if ((size_t)(mem->end - mem->next) < size)
		return take_from_new_chunk(mem, size);
	void *at = mem->next;
	mem->next += size;
	return at;
}

void *fl_arena_zero(fl_arena *mem, size_t size)
{
	void *at = fl_arena_take(mem, size);
	if (at)
		memset(at, 0, size);
	return at;
}

void *fl_arena_array(fl_arena *mem, size_t count, size_t size)
{
	size_t bytes;
	return __builtin_mul_overflow(count, size, &bytes) ? NULL : fl_arena_zero(mem, bytes);
}

fl_err fl_arena_defer(fl_arena *mem, void (*fn)(void *), void *arg)
{
	fl_arena_cleanup *cleanup = fl_new(mem, fl_arena_cleanup);
	if (!cleanup) {
		fn(arg);
		return FL_NOMEM;
	}
	*cleanup = (fl_arena_cleanup){ mem->cleanups, fn, arg };
	mem->cleanups = cleanup;
	return FL_OK;
}

static void run_cleanups(fl_arena *mem)
{
	while (mem->cleanups) {
		fl_arena_cleanup *cleanup = mem->cleanups;
		mem->cleanups = cleanup->older;
		cleanup->fn(cleanup->arg);
	}
}

void fl_arena_fini(fl_arena *mem)
{
	run_cleanups(mem);
	for (fl_arena_chunk *chunk = mem->chunks, *older; chunk; chunk = older) {
		older = chunk->older;
		free(chunk);
	}
	*mem = fl_arena_make(mem->max);
}

void fl_arena_reset(fl_arena *mem)
{
	run_cleanups(mem);
	fl_arena_chunk *keep = mem->chunks;
	if (!keep)
		return;
	for (fl_arena_chunk *chunk = keep->older, *older; chunk; chunk = older) {
		older = chunk->older;
		free(chunk);
	}
	keep->older = NULL;
	mem->used = keep->size;
	mem->next = keep->data;
	mem->end = keep->data + keep->size;
}
