/* base: the vocabulary of every other folder. Strings, arenas, buffers, errors, time, ids, JSON, maps, the log.
 *
 *	fl_arena mem = fl_arena_make(1 << 20);             // at most 1 MiB
 *	fl_str name = fl_str_fmt(&mem, "VAN-%d", 12);      // lives as long as mem
 *	if (!name.ptr)
 *		return FL_NOMEM;
 *	fl_arena_fini(&mem);
 *
 * Who frees what: fl_str never owns. What an arena argument returns lives as long as that arena. new/free and
 * init/fini come in pairs. Nothing here keeps mutable state except the log's level. Nothing here blocks.
 * Threads: values may move between threads; an arena, a buffer or a map belongs to one thread at a time. */
#ifndef FL_BASE_H
#define FL_BASE_H

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FL_MUST __attribute__((warn_unused_result))
#define FL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define FL_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FL_MIN(a, b) ((a) < (b) ? (a) : (b))
#define FL_MAX(a, b) ((a) > (b) ? (a) : (b))
#define FL_CONTAINER(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* A handle that cleans itself: FL_AUTO(fl_rows_free) fl_rows *rows = NULL; with void fl_rows_free_auto(fl_rows **). */
#define FL_AUTO(free_fn) __attribute__((cleanup(free_fn##_auto)))
#define FL_AUTO_DEFINE(type, free_fn)                                                                                  \
	static inline void free_fn##_auto(type **p)                                                                    \
	{                                                                                                              \
		free_fn(*p);                                                                                           \
	}

#include "base/err.h"
#include "base/str.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "base/map.h"
#include "base/json.h"
#include "base/log.h"

#endif
