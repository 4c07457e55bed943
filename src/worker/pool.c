/* The pool's side: children that are kept warm, one job each at a time.
 *
 *	             spawn            SETUP answered          job            answered
 *	(no child) --------> starting --------------> idle --------> busy --------------> idle
 *	                        |                      |               |
 *	                        +---- failed ----------+--- ended -----+--- crashed, too slow, lied ---> killed
 *
 * A place in the pool is a place at the gate: whoever passed it takes an idle child or starts one. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "worker/wire_int.h"
#include "worker/worker.h"

#define START_US_MAX (20 * FL_SECOND_US) /* a loaded machine takes its time to link OpenCV */
#define JOB_US_DEFAULT (20 * FL_SECOND_US)
#define MEMORY_DEFAULT ((size_t)1536 << 20)

enum { CHANNEL_FD = 3, JOBS_DEFAULT = 500, TRIES = 2 };

typedef struct worker {
	struct worker *next; /* among the idle ones */
	fl_worker_pool *pool;
	fl_child *process;
	fl_stream *channel;
	uint64_t jobs;
	bool ready; /* SETUP has been answered */
	bool idle, ended;
	int status;
} worker;

struct fl_worker_pool {
	fl_loop *loop;
	fl_worker_options options;
	fl_gate gate;
	worker *idle;
	worker *all[FL_WORKER_CHILDREN_MAX];
	fl_worker_stats stats;
	uint64_t next_job;
	int users; /* coroutines inside; the last one out frees a closed pool */
	bool closed, told_locks;
};

/* ---- Children ---- */

static void unlink_idle(worker *w)
{
	for (worker **p = &w->pool->idle; *p; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			break;
		}
	w->idle = false;
}

static void worker_free(worker *w)
{
	fl_worker_pool *pool = w->pool;

	if (w->idle)
		unlink_idle(w);
	for (int i = 0; i < FL_WORKER_CHILDREN_MAX; i++)
		if (pool->all[i] == w) {
			pool->all[i] = NULL;
			pool->stats.children--;
		}
	fl_child_free(w->process); /* kills it where it still lives */
	free(w);
}

/* An idle child that ends is forgotten here; a busy one is freed by the coroutine that uses it. */
static void on_exit_of(void *arg, int status)
{
	worker *w = arg;

	w->ended = true;
	w->status = status;
	if (w->idle) {
		fl_warn("a picture reader ended while idle (status %d); the next job starts a new one", status);
		worker_free(w);
	}
}

static fl_err worker_spawn(fl_worker_pool *pool, fl_diag *diag, worker **out)
{
	const char *const argv[] = { "fleet", pool->options.argument, NULL };
	fl_spawn_opts opts = { .path = pool->options.program, .argv = argv, .err = FL_STDIO_INHERIT, .channel = true,
		               .death_signal = SIGKILL, .group = true };
	worker *w = calloc(1, sizeof(*w));
	int place = 0;

	if (!w)
		return FL_NOMEM;
	while (place < FL_WORKER_CHILDREN_MAX && pool->all[place])
		place++;
	assert(place < FL_WORKER_CHILDREN_MAX);
	fl_err err = FL_FAULT("worker.spawn") ? FL_IO : fl_child_spawn(pool->loop, &opts, diag, &w->process);
	if (err != FL_OK) {
		free(w);
		return fl_fail(diag, FL_UNAVAILABLE, "the picture reader could not be started (%s)", fl_err_text(err));
	}
	w->pool = pool;
	w->channel = fl_child_channel(w->process);
	pool->all[place] = w;
	pool->stats.children++;
	pool->stats.started++;
	fl_child_on_exit(w->process, on_exit_of, w);
	*out = w;
	return FL_OK;
}

/* One request and its answer; *body lies in ctx->mem. Anything but FL_OK means that the child is of no use any more. */
static fl_err exchange(fl_ctx *ctx, worker *w, fl_wire_op op, uint64_t argument, int fd, fl_wire_answer *answer, fl_str *body)
{
	uint8_t bytes[FL_MAX(FL_WIRE_REQUEST_BYTES, FL_WIRE_ANSWER_BYTES)];
	fl_wire_request request = { op, w->pool->next_job++, argument };

	fl_wire_put_request(&request, bytes);
	fl_str text = fl_str_make(bytes, FL_WIRE_REQUEST_BYTES);
	FL_TRY(fd < 0 ? await_write_bytes(ctx, w->channel, text) : await_write_fd(ctx, w->channel, text, fd));
	FL_TRY(await_read_all(ctx, w->channel, bytes, FL_WIRE_ANSWER_BYTES));
	if (!fl_wire_get_answer(bytes, answer) || answer->op != op || answer->job != request.job) {
		fl_error("a picture reader (pid %d) broke the protocol", (int)fl_child_pid(w->process));
		return FL_CLOSED;
	}
	char *room = fl_arena_take(ctx->mem, answer->body_len + 1u);
	if (!room)
		return FL_NOMEM;
	if (answer->body_len)
		FL_TRY(await_read_all(ctx, w->channel, room, answer->body_len));
	*body = (fl_str){ room, answer->body_len };
	return FL_OK;
}

static void tell_locks(fl_worker_pool *pool, int flags)
{
	if (pool->told_locks)
		return;
	pool->told_locks = true;
	if (!(flags & FL_WIRE_LANDLOCK))
		fl_warn("this kernel has no Landlock: picture readers are locked in by seccomp and limits only");
	if (!(flags & FL_WIRE_SECCOMP))
		fl_warn("this kernel has no seccomp filters: picture readers are locked in by limits only");
}

/* Waits until a new child has loaded its network and locked itself in. */
static fl_err worker_ready(fl_ctx *parent, worker *w)
{
	fl_ctx ctx;
	fl_wire_answer answer;
	fl_str body;

	if (w->ready)
		return FL_OK;
	fl_ctx_derive(&ctx, parent, START_US_MAX);
	fl_err err = exchange(&ctx, w, FL_WIRE_SETUP, w->pool->options.memory_bytes_max, -1, &answer, &body);
	fl_ctx_fini(&ctx);
	if (err == FL_CANCELLED)
		return err;
	if (err != FL_OK) {
		fl_error("a picture reader did not start: %s", fl_err_text(err));
		return fl_fail(&parent->diag, err == FL_CLOSED ? FL_UNAVAILABLE : err, "the picture reader did not start");
	}
	if (answer.err != FL_OK || body.len != 1)
		return fl_fail(&parent->diag, answer.err != FL_OK ? answer.err : FL_UNAVAILABLE, "%" FL_FMT, FL_ARG(body));
	tell_locks(w->pool, body.ptr[0]);
	w->ready = true;
	return FL_OK;
}

static fl_err worker_get(fl_ctx *ctx, fl_worker_pool *pool, worker **out)
{
	worker *w = pool->idle;

	if (w)
		unlink_idle(w);
	else
		FL_TRY(worker_spawn(pool, &ctx->diag, &w));
	fl_err err = worker_ready(ctx, w);
	if (err != FL_OK) {
		worker_free(w);
		return err;
	}
	*out = w;
	return FL_OK;
}

static void worker_put(worker *w)
{
	fl_worker_pool *pool = w->pool;

	if (pool->closed || w->ended || ++w->jobs >= (uint64_t)pool->options.jobs_max) {
		worker_free(w);
		return;
	}
	w->idle = true;
	w->next = pool->idle;
	pool->idle = w;
}

/* ---- Jobs ---- */

typedef struct job {
	fl_wire_op op;
	int fd;
	fl_str name;
	fl_str body; /* the answer's */
} job;

/* Text from a child is shown to people: nothing but printable characters. */
static fl_str printable(fl_arena *mem, fl_str text)
{
	char *copy = fl_str_cstr(mem, text);

	if (!copy)
		return FL_STR("it could not be read");
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)copy[i] < ' ' || (unsigned char)copy[i] > '~')
			copy[i] = '?';
	return fl_str_make(copy, text.len);
}

static fl_err refused(fl_ctx *ctx, const job *j, fl_err err, fl_str sentence)
{
	if (err == FL_NOMEM)
		return fl_fail(&ctx->diag, FL_BAD_IMAGE, "%" FL_FMT ": reading it takes more memory than allowed; send a smaller copy",
		               FL_ARG(j->name));
	return fl_fail(&ctx->diag, err, "%" FL_FMT ": %" FL_FMT, FL_ARG(j->name), FL_ARG(printable(ctx->mem, sentence)));
}

/* One try with one child. FL_CLOSED: the child is gone, another try may help. */
static fl_err try_job(fl_ctx *ctx, fl_worker_pool *pool, job *j)
{
	worker *w;
	fl_ctx limited;
	fl_wire_answer answer;

	FL_TRY(worker_get(ctx, pool, &w));
	fl_ctx_derive(&limited, ctx, pool->options.job_us_max);
	fl_err err = exchange(&limited, w, j->op, 0, j->fd, &answer, &j->body);
	fl_ctx_fini(&limited);
	if (err != FL_OK) {
		pool->stats.crashed += err == FL_CLOSED;
		pool->stats.timed_out += err == FL_TIMEOUT;
		worker_free(w);
		return err;
	}
	worker_put(w);
	if (answer.err != FL_OK) {
		pool->stats.refused++;
		return refused(ctx, j, answer.err, j->body);
	}
	return FL_OK;
}

/* A child may also be killed from outside (by an operator, for memory), so the first loss is not held against the photo. */
static fl_err run_tries(fl_ctx *ctx, fl_worker_pool *pool, job *j)
{
	for (int i = 0; i < TRIES; i++) {
		fl_err err = pool->closed ? FL_CLOSED : try_job(ctx, pool, j);
		if (pool->closed && err != FL_OK)
			return fl_fail(&ctx->diag, FL_CLOSED, "the server is stopping");
		if (err == FL_TIMEOUT)
			return fl_fail(&ctx->diag, FL_TIMEOUT, "%" FL_FMT ": reading it took too long; save it anew as a JPEG and send that",
			               FL_ARG(j->name));
		if (err != FL_CLOSED)
			return err;
		fl_warn("a picture reader ended in the middle of a job (try %d of %d)", i + 1, TRIES);
	}
	return fl_fail(&ctx->diag, FL_BAD_IMAGE, "%" FL_FMT ": the file breaks the program that reads it; save it anew as a JPEG and send that",
	               FL_ARG(j->name));
}

static void pool_leave(fl_worker_pool *pool)
{
	if (--pool->users == 0 && pool->closed)
		free(pool);
}

static fl_err run_job(fl_ctx *ctx, fl_worker_pool *pool, job *j)
{
	pool->users++;
	fl_err err = await_gate(ctx, &pool->gate);
	if (err == FL_BUSY)
		err = fl_fail(&ctx->diag, FL_BUSY, "%" FL_FMT ": too many photos are waiting to be read; try again", FL_ARG(j->name));
	if (err == FL_OK) {
		pool->stats.jobs++;
		pool->stats.busy++;
		err = run_tries(ctx, pool, j);
		pool->stats.busy--;
		fl_gate_leave(&pool->gate);
	}
	pool_leave(pool);
	return err;
}

static fl_err lied(fl_ctx *ctx, const job *j)
{
	fl_error("a picture reader gave an answer that cannot be true");
	return fl_fail(&ctx->diag, FL_BAD_IMAGE, "%" FL_FMT ": the file breaks the program that reads it; save it anew as a JPEG and send that",
	               FL_ARG(j->name));
}

fl_err fl_worker_inspect(fl_ctx *ctx, fl_worker_pool *pool, int fd, fl_str name, fl_photo *out)
{
	job j = { .op = FL_WIRE_INSPECT, .fd = fd, .name = printable(ctx->mem, fl_str_slice(name, 0, 100)) };

	FL_TRY(run_job(ctx, pool, &j));
	return fl_wire_get_photo(j.body, out) ? FL_OK : lied(ctx, &j);
}

typedef struct look {
	fl_worker_pool *pool;
	int fd;
	size_t number;
	fl_reading *out;
} look;

static fl_err assess_one(fl_ctx *ctx, void *arg)
{
	look *l = arg;
	job j = { .op = FL_WIRE_ASSESS, .fd = l->fd, .name = fl_str_fmt(ctx->mem, "photo %zu", l->number) };

	if (!j.name.ptr)
		return FL_NOMEM;
	FL_TRY(run_job(ctx, l->pool, &j));
	return fl_wire_get_reading(j.body, l->out) ? FL_OK : lied(ctx, &j);
}

fl_err fl_worker_assess(fl_ctx *ctx, fl_worker_pool *pool, const int *fds, size_t count, fl_reading *readings)
{
	fl_group group;
	look looks[FL_PHOTOS_MAX];

	assert(count <= FL_PHOTOS_MAX);
	fl_group_init(&group, ctx);
	for (size_t i = 0; i < count; i++) {
		looks[i] = (look){ pool, fds[i], i + 1, &readings[i] };
		fl_group_go(&group, assess_one, &looks[i]);
	}
	return await_group(&group);
}

/* ---- Lifecycle ---- */

static void apply_defaults(fl_worker_options *o)
{
	o->children = FL_MIN(o->children > 0 ? o->children : 1, FL_WORKER_CHILDREN_MAX);
	o->jobs_max = o->jobs_max > 0 ? o->jobs_max : JOBS_DEFAULT;
	o->memory_bytes_max = o->memory_bytes_max ? o->memory_bytes_max : MEMORY_DEFAULT;
	o->job_us_max = o->job_us_max > 0 ? o->job_us_max : JOB_US_DEFAULT;
	o->program = o->program ? o->program : "/proc/self/exe";
	o->argument = o->argument ? o->argument : "worker-child";
}

fl_err fl_worker_pool_open(fl_loop *loop, const fl_worker_options *options, fl_diag *diag, fl_worker_pool **out)
{
	fl_worker_pool *pool = calloc(1, sizeof(*pool));
	worker *first = NULL;

	if (!pool)
		return FL_NOMEM;
	pool->loop = loop;
	pool->options = *options;
	apply_defaults(&pool->options);
	fl_gate_init(&pool->gate, (uint32_t)pool->options.children, FL_WORKER_QUEUE_MAX);
	fl_err err = worker_spawn(pool, diag, &first);
	if (err != FL_OK) {
		free(pool);
		return err;
	}
	assert(first);
	first->idle = true;
	pool->idle = first;
	*out = pool;
	return FL_OK;
}

void fl_worker_pool_close(fl_worker_pool *pool)
{
	if (!pool)
		return;
	pool->closed = true;
	while (pool->idle)
		worker_free(pool->idle);
	for (int i = 0; i < FL_WORKER_CHILDREN_MAX; i++)
		if (pool->all[i])
			fl_child_kill(pool->all[i]->process, SIGKILL); /* its coroutine sees the end and frees it */
	if (pool->users == 0)
		free(pool);
}

fl_worker_stats fl_worker_pool_stats(const fl_worker_pool *pool)
{
	fl_worker_stats stats = pool->stats;

	stats.waiting = (int)pool->gate.waiting;
	return stats;
}
