/* Checks that may fail inside a coroutine, where cmocka's long jump must not leave the stack: they abort. */
#ifndef FL_IO_TEST_H
#define FL_IO_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/io.h"

#include <cmocka.h>

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                      \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

#define CHECK_EQ(value, expected)                                                                                      \
	do {                                                                                                           \
		long long check_a = (long long)(value), check_b = (long long)(expected);                               \
		if (check_a != check_b) {                                                                              \
			fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #value, check_a, check_b); \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* Lets the loop run until it is true; the task's deadline is the end of patience. */
#define UNTIL(condition)                                                                                               \
	while (!(condition))                                                                                           \
	FL_TRY(await_sleep(ctx, 1000))

/* Runs one coroutine on a fresh loop; nothing may be left behind. */
static inline void run_task(fl_err (*fn)(fl_ctx *ctx, void *arg), void *arg)
{
	fl_loop *loop;
	CHECK_EQ(fl_loop_new(&(fl_loop_opts){ .coroutines_max = 20000 }, &loop), FL_OK);
	fl_err err = fl_loop_run_task(loop, 60 * FL_SECOND_US, fn, arg);
	if (err != FL_OK)
		fprintf(stderr, "the task failed: %s\n", fl_err_name(err));
	CHECK_EQ(err, FL_OK);
	CHECK_EQ(fl_loop_coroutines(loop), 0);
	fl_loop_free(loop);
}

#endif
