/* Runs vision code on hostile bytes in child processes that own nothing.
 *
 * A child is this same program (`fleet worker-child`) with an empty environment and one socket. It may read the
 * files that it is handed, compute, and answer; it can open nothing, reach nothing, start nothing (no_new_privs,
 * Landlock, seccomp, resource limits). A pool belongs to one event loop and keeps its children warm: each does
 * one job at a time, the others wait in line. A child that crashes, lies, or takes too long is killed and
 * replaced; the job that it had fails, with a sentence that names the file.
 *
 *     FL_TRY(fl_worker_pool_open(loop, &(fl_worker_options){ .children = 1 }, &diag, &pool));  // once per loop
 *     FL_TRY(fl_worker_inspect(ctx, pool, fd, FL_STR("door.jpg"), &photo));             // in a coroutine
 *     FL_TRY(fl_worker_assess(ctx, pool, fds, 3, readings));
 *
 * Threads: a pool is used on its own loop only. docs/vision.md draws the sandbox. */
#ifndef FL_WORKER_WORKER_H
#define FL_WORKER_WORKER_H

#include "io/io.h"
#include "vision/vision.h"

#define FL_WORKER_CHILDREN_MAX 16
#define FL_WORKER_QUEUE_MAX 256 /* jobs that wait in line; more are refused */

typedef struct fl_worker_pool fl_worker_pool;

/* Zero means the value in brackets. */
typedef struct fl_worker_options {
	int children;            /* processes at most [1]; started on first need, one at once */
	int jobs_max;            /* jobs after which a child is replaced by a fresh one [500] */
	size_t memory_bytes_max; /* address space of a child [1.5 GiB] */
	int64_t job_us_max;      /* wall time of one photo [20 s]; the caller's deadline counts too */
	const char *program;     /* path of the program [/proc/self/exe] */
	const char *argument;    /* its first argument [worker-child] */
} fl_worker_options;

/* Opens a pool on a loop and starts its first child, whose readiness the first job waits for. Never waits itself.
 * Errors: FL_NOMEM, FL_UNAVAILABLE (no child could be started). */
FL_MUST fl_err fl_worker_pool_open(fl_loop *loop, const fl_worker_options *options, fl_diag *diag, fl_worker_pool **out);

/* Kills the children; jobs under way and in line fail with FL_CLOSED while the loop still runs. NULL is fine. */
void fl_worker_pool_close(fl_worker_pool *pool);

typedef struct fl_worker_stats {
	uint64_t jobs, refused, crashed, timed_out, started;
	int children, busy, waiting;
} fl_worker_stats;

fl_worker_stats fl_worker_pool_stats(const fl_worker_pool *pool);

/* Reads one upload, an open file that starts at byte 0 (the descriptor stays the caller's; its offset does not
 * move). name: what the sender called it, for error sentences. out->view and thumb live in ctx->mem.
 * Errors, each naming the file: FL_BAD_IMAGE ("door.jpg: the JPEG file ends early ...", or it crashed two children, or
 * it takes too much memory), FL_TIMEOUT, FL_BUSY (line too long); FL_CANCELLED, FL_UNAVAILABLE (no child can be started).
 * Cost: 60 ms of one core for a 12-megapixel JPEG; up to 300 KB of ctx->mem. */
FL_MUST fl_err fl_worker_inspect(fl_ctx *ctx, fl_worker_pool *pool, int fd, fl_str name, fl_photo *out);

/* Runs the network on photos (the views that fl_worker_inspect made are best and fastest), each an open file;
 * spread over the idle children. readings has room for count (at most FL_PHOTOS_MAX).
 * The readings are checked: finite, in range. Errors as above. */
FL_MUST fl_err fl_worker_assess(fl_ctx *ctx, fl_worker_pool *pool, const int *fds, size_t count,
                                fl_reading *readings);

/* The whole life of a child: loads the network, locks itself in, serves jobs from the socket fd until it is
 * closed. Returns the exit status of the process. onnx may be empty: then only photos are inspected. */
int fl_worker_child_main(int fd, fl_str onnx, fl_str json);

#endif
