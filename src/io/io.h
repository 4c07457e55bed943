/* io: how a program waits, times out, cancels, runs something on the pool, talks to a socket, starts a
 * process.
 *
 * One loop per thread, nothing shared between loops except mailboxes. Request logic is a coroutine and reads
 * straight down; every function named await_* may suspend it and comes back with a result, with FL_TIMEOUT
 * when ctx->deadline_us has passed, or with FL_CANCELLED when somebody called fl_ctx_cancel. Idle things
 * (keep-alive sockets, timers, listeners) use callbacks and own no stack.
 *
 *	static fl_err hello(fl_ctx *ctx, void *arg)
 *	{
 *		fl_stream *s;
 *		char line[80];
 *		size_t len;
 *
 *		FL_TRY(await_connect(ctx, FL_STR("tcp:localhost:7"), &s));
 *		fl_err err = await_write_bytes(ctx, s, FL_STR("hello\n"));
 *		if (err == FL_OK)
 *			err = await_read(ctx, s, line, sizeof line, &len);
 *		fl_stream_close(s);
 *		return err;
 *	}
 *
 *	fl_loop *loop;
 *	FL_TRY(fl_loop_new(&(fl_loop_opts){}, &loop));
 *	fl_err err = fl_loop_run_task(loop, 5 * FL_SECOND_US, hello, NULL);
 *	fl_loop_free(loop);
 *
 * One turn of the loop, exactly:
 *
 *	poll: callbacks of sockets, signals, mailbox, finished pool jobs; then timers that are due
 *	  1. run every runnable coroutine until none is left
 *	  2. run the functions deferred so far (fl_loop_defer); when they made coroutines runnable, back to 1
 *	  3. nothing runnable, nothing deferred: block in poll until the next event or timer
 *
 * So whatever a turn's callbacks and coroutines ask of the database or Redis is known when the deferred
 * function of that client runs, and leaves in one write.
 *
 * Threads: everything here belongs to the thread of its loop, except fl_loop_post and fl_loop_stop.
 * Memory: objects are freed by their close/free; a callback may close its own object.
 * Times are int64_t microseconds; points in time are monotonic (fl_loop_now_us), not wall clock. */
#ifndef FL_IO_H
#define FL_IO_H

#include <sys/types.h>
#include <sys/uio.h>

#include "base/base.h"

typedef struct fl_loop fl_loop;
typedef struct fl_ctx fl_ctx;

/* Ends up in the run queue of its loop when woken; never runs on another thread. */
typedef struct fl_co fl_co;

/* A doubly linked ring; private to io, here because timers, waits and contexts are embedded by their
 * owners. */
typedef struct fl_io_link {
	struct fl_io_link *next, *prev;
} fl_io_link;

/* ---- Loop ---- */

typedef struct fl_loop_opts {
	uint32_t coroutines_max; /* 0: 8192. A guarded stack is two of the process's 65530 kernel mappings */
	uint32_t stack_bytes;    /* 0: 256 KiB of address space; only touched pages cost memory */
	uint32_t stacks_kept;    /* 0: 512. Finished coroutines' stacks kept for the next one */
	uint32_t mailbox_max;    /* 0: 65536 posted messages not yet run */
} fl_loop_opts;

FL_MUST fl_err fl_loop_new(const fl_loop_opts *opts, fl_loop **out);
/* Closes what is left and frees. Call when fl_loop_coroutines is 0: a suspended coroutine is dropped with its
 * stack, without running its cleanups (logged). */
void fl_loop_free(fl_loop *loop);
/* Runs until fl_loop_stop. May be called again. */
void fl_loop_run(fl_loop *loop);
/* From any thread, also from a callback of the loop. */
void fl_loop_stop(fl_loop *loop);
/* The loop whose fl_loop_run is running in this thread, or NULL. */
fl_loop *fl_loop_current(void);
/* Monotonic time, read after the poll and now and then within a long turn: up to a few ms behind
 * fl_mono_us. */
int64_t fl_loop_now_us(const fl_loop *loop);
/* Coroutines that have started and not ended. */
uint32_t fl_loop_coroutines(const fl_loop *loop);

/* Runs fn(arg) on the loop's thread in its next turn; messages of one sender keep their order. From any
 * thread. FL_BUSY: mailbox_max messages wait. */
FL_MUST fl_err fl_loop_post(fl_loop *loop, void (*fn)(void *arg), void *arg);

/* Runs a coroutine with a ctx and an arena of its own to its end and returns its result: for tests and for
 * verbs of the command line. timeout_us 0: none. */
FL_MUST fl_err fl_loop_run_task(fl_loop *loop, int64_t timeout_us, fl_err (*fn)(fl_ctx *ctx, void *arg),
                                void *arg);

/* The tick end: fn(arg) runs once, when everything runnable in this turn has run and before the loop blocks
 * (see the drawing above). Embed one in the client object; asking twice in a turn is one call. */
typedef struct fl_defer {
	void (*fn)(void *arg);
	void *arg;
	fl_io_link link; /* private */
} fl_defer;

void fl_defer_init(fl_defer *d, void (*fn)(void *arg), void *arg);
void fl_loop_defer(fl_loop *loop, fl_defer *d);
void fl_defer_cancel(fl_defer *d); /* nothing when not queued */

/* A timer embedded in its owner: starting and stopping is O(1), no allocation. Granularity 1 ms, never
 * early. */
typedef struct fl_timer {
	fl_io_link link; /* private */
	int64_t tick;
	void (*fn)(void *arg);
	void *arg;
	fl_loop *loop;
} fl_timer;

void fl_timer_init(fl_timer *t, void (*fn)(void *arg), void *arg);
/* Replaces an earlier start. at_us: point in time (fl_loop_now_us(loop) + delay). */
void fl_timer_start(fl_loop *loop, fl_timer *t, int64_t at_us);
void fl_timer_stop(fl_timer *t); /* nothing when not started */
bool fl_timer_active(const fl_timer *t);

/* Calls fn(arg, signum) on the loop for each (coalesced) signal until the loop is freed. */
FL_MUST fl_err fl_loop_on_signal(fl_loop *loop, int signum, void (*fn)(void *arg, int signum), void *arg);

/* ---- Coroutines ---- */

/* Starts fn(arg) at once, on a stack of its own; returns at its first wait (or end). From a callback or a
 * coroutine. FL_BUSY: coroutines_max are alive. FL_NOMEM. */
FL_MUST fl_err fl_go(fl_loop *loop, void (*fn)(void *arg), void *arg);
/* The running coroutine, or NULL in a callback. */
fl_co *fl_co_current(void);

/* ---- Context of a request ---- */

typedef enum fl_role {
	FL_ROLE_NONE,
	FL_ROLE_DRIVER,
	FL_ROLE_MANAGER,
	FL_ROLE_AUDITOR,
	FL_ROLE_ADMIN,
	FL_ROLE_SYSTEM, /* the program itself: jobs, the relay */
} fl_role;

typedef struct fl_caller {
	int32_t tenant_id; /* 0: nobody (not logged in) */
	int32_t user_id;
	fl_role role;
	fl_str name;
	int64_t until_us;  /* fl_now_us at which the token ends; 0: none did */
	fl_str client; /* the program that asks, by its own word; ptr NULL: it did not say. Lives as long as the request */
} fl_caller;

/* What every function that may wait gets first. One ctx may be used by many coroutines of its loop (a
 * group). */
struct fl_ctx {
	fl_arena *mem;       /* lives until the reply is sent */
	fl_loop *loop;
	int64_t deadline_us; /* fl_loop_now_us at which every wait ends with FL_TIMEOUT; FL_NEVER: none */
	bool cancelled;      /* set by fl_ctx_cancel */
	fl_caller caller;
	fl_str request_id;
	fl_str operation;    /* what the client asked for, by its own name; for logs; lives as long as it runs. ptr NULL: nothing named */
	fl_diag diag;        /* detail of the latest failure */
	struct fl_services *services; /* defined by fleet/fleet.h */
	struct fl_db_view *view;      /* db/db.h: how new what is read must be; NULL: the newest */
	struct fl_trace *trace;       /* obs/trace.h; NULL: this request is not traced */
	struct fl_span *span;         /* the one that is open */

	fl_io_link waits, children, sibling; /* private */
};

/* Nobody, no deadline. */
void fl_ctx_init(fl_ctx *ctx, fl_loop *loop, fl_arena *mem);
/* A child copies caller, services, view, request id, arena, trace; its deadline may only be earlier (timeout_us from now;
 * 0: the parent's); cancelling the parent cancels it. fl_ctx_fini before the parent's. */
void fl_ctx_derive(fl_ctx *child, fl_ctx *parent, int64_t timeout_us);
/* A copy that neither the parent's deadline nor its cancellation touches: for cleanups that wait (ROLLBACK)
 * and for work that outlives the request (give it an arena of its own then). timeout_us is required. */
void fl_ctx_detach(fl_ctx *out, const fl_ctx *from, int64_t timeout_us);
/* Asserts that nobody waits on it any more. */
void fl_ctx_fini(fl_ctx *ctx);
/* Every wait of ctx and of its children ends with FL_CANCELLED, now and later. From a callback or another
 * coroutine. */
void fl_ctx_cancel(fl_ctx *ctx);
/* FL_OK, FL_CANCELLED or FL_TIMEOUT: for long computations between waits. */
FL_MUST fl_err fl_ctx_check(fl_ctx *ctx);

/* ---- Waiting ---- */

/* One place where one coroutine waits for one event. Lives on the waiter's stack or in its object; init
 * before each use. fl_wake before await_wait is remembered; the first wake wins. When await_wait returns,
 * nobody may hold a pointer to the wait any more: on FL_TIMEOUT and FL_CANCELLED the caller takes it back
 * from whoever would have woken it. */
typedef struct fl_wait {
	fl_co *co;
	fl_err err;
	bool done;
	fl_timer timer;  /* private from here */
	fl_io_link link;
} fl_wait;

void fl_wait_init(fl_wait *w);
FL_MUST fl_err await_wait(fl_ctx *ctx, fl_wait *w);
/* As await_wait, and FL_TIMEOUT at deadline_us if that is earlier than the ctx's. */
FL_MUST fl_err await_wait_until(fl_ctx *ctx, fl_wait *w, int64_t deadline_us);
/* Queues the waiter; it runs later in this turn. Same thread only: from elsewhere, fl_loop_post a function
 * that wakes. */
void fl_wake(fl_wait *w, fl_err err);

FL_MUST fl_err await_sleep(fl_ctx *ctx, int64_t delay_us);
/* Lets sockets and other coroutines have a turn. */
FL_MUST fl_err await_yield(fl_ctx *ctx);

/* Runs fn(arg) on the thread pool (UV_THREADPOOL_SIZE threads, shared by all loops) and returns its result.
 * arg may lie on the stack: once fn runs, this returns only after it, whatever the deadline; before that, a
 * timeout or cancellation takes the job back. So keep fn short (tens of ms), and free of ctx. */
FL_MUST fl_err await_pool(fl_ctx *ctx, fl_err (*fn)(void *arg), void *arg);

/* Children that run as coroutines and are awaited together. A child runs at once until its first wait; one
 * that never waits costs two switches. Without a free stack it runs in the caller's place, so spawning
 * cannot fail. */
typedef struct fl_group {
	fl_ctx *ctx;
	fl_wait wait;     /* private */
	uint32_t running;
	fl_err err;       /* of the first child that failed */
} fl_group;

void fl_group_init(fl_group *g, fl_ctx *ctx);
void fl_group_go(fl_group *g, fl_err (*fn)(fl_ctx *ctx, void *arg), void *arg);
/* Returns when all children have ended, with the first failure. Never earlier: a cancelled ctx ends the
 * children's waits. */
FL_MUST fl_err await_group(fl_group *g);

/* A counted resource with a fair queue: at most `count` holders. */
typedef struct fl_gate {
	uint32_t free, waiting;
	uint32_t waiting_max; /* FL_BUSY beyond it */
	fl_io_link queue;
} fl_gate;

void fl_gate_init(fl_gate *gate, uint32_t count, uint32_t waiting_max);
FL_MUST fl_err await_gate(fl_ctx *ctx, fl_gate *gate);
void fl_gate_leave(fl_gate *gate);

/* ---- Streams: TCP and unix sockets, pipes ---- */

/* Addresses are "unix:/run/x.sock", "tcp:host:port", "tcp:[::1]:port"; a leading "tcp:" may be left out. */
#define FL_ADDRESS_MAX 128

typedef struct fl_stream fl_stream;

/* Host names are looked up on the pool; each address found is tried in turn. FL_UNAVAILABLE: refused,
 * unreachable, unknown. */
FL_MUST fl_err await_connect(fl_ctx *ctx, fl_str address, fl_stream **out);
/* Takes the fd (socket, pipe, tty) and makes it non-blocking; on failure it stays the caller's. */
FL_MUST fl_err fl_stream_open(fl_loop *loop, int fd, fl_stream **out);
/* Never waits; bytes not yet written are lost. Coroutines waiting on it wake with FL_CLOSED, callbacks are
 * not called any more. NULL is fine. */
void fl_stream_close(fl_stream *s);
/* No more will be written; the other side reads the end. */
void fl_stream_shutdown(fl_stream *s);
int fl_stream_fd(const fl_stream *s);
/* The other end, "192.0.2.7" without the port, "" for unix sockets and after the peer went away; lies in
 * out. */
fl_str fl_stream_peer(const fl_stream *s, char out[FL_ADDRESS_MAX]);
void fl_stream_nodelay(fl_stream *s, bool on); /* on for every TCP stream from the start */
fl_loop *fl_stream_loop(const fl_stream *s);

/* At least one byte into buf, *len of them; 0 at the end of the stream. One reader at a time. FL_CLOSED:
 * reset. */
FL_MUST fl_err await_read(fl_ctx *ctx, fl_stream *s, void *buf, size_t cap, size_t *len);
/* Exactly len bytes; FL_CLOSED when the stream ends before. */
FL_MUST fl_err await_read_all(fl_ctx *ctx, fl_stream *s, void *buf, size_t len);
/* Everything is handed to the kernel on FL_OK: a slow reader suspends us, which is the back-pressure. iov is
 * used up. One writer at a time. After FL_TIMEOUT or FL_CANCELLED part may have been sent: close. */
FL_MUST fl_err await_write(fl_ctx *ctx, fl_stream *s, struct iovec *iov, int count);
FL_MUST fl_err await_write_bytes(fl_ctx *ctx, fl_stream *s, fl_str bytes);
/* len bytes of a file from offset; FL_CLOSED when the file is shorter or the peer went away. */
FL_MUST fl_err await_write_file(fl_ctx *ctx, fl_stream *s, int fd, int64_t offset, int64_t len);
/* Unix sockets: bytes with one descriptor attached (the receiver gets a duplicate; ours stays ours). */
FL_MUST fl_err await_write_fd(fl_ctx *ctx, fl_stream *s, fl_str bytes, int fd);
/* *fd is -1 when none came, else the caller's, close-on-exec. */
FL_MUST fl_err await_read_fd(fl_ctx *ctx, fl_stream *s, void *buf, size_t cap, size_t *len, int *fd);

/* The same without a coroutine. */

/* fn(arg) whenever there is something to read (or the end, or an error): then call fl_stream_try_read. It is
 * called again in the next turn for what was left. Calling it again replaces fn. await_read and this
 * exclude each other. */
void fl_stream_on_readable(fl_stream *s, void (*fn)(void *arg), void *arg);
void fl_stream_read_stop(fl_stream *s);
/* FL_OK with *len bytes (0: end), FL_AGAIN: nothing there now, FL_CLOSED: reset. */
FL_MUST fl_err fl_stream_try_read(fl_stream *s, void *buf, size_t cap, size_t *len);
/* Writes what the socket takes at once. FL_OK: *len bytes (perhaps fewer than given, perhaps 0: socket
 * full). */
FL_MUST fl_err fl_stream_try_write(fl_stream *s, const struct iovec *iov, int count, size_t *len);
/* fn(arg) once, when the socket takes bytes again (or failed: the next write tells). NULL: not any more. */
void fl_stream_on_writable(fl_stream *s, void (*fn)(void *arg), void *arg);
/* Tries at once. FL_OK: all written, fn is not called. FL_AGAIN: the rest follows by itself and fn(arg,
 * result) is called once; until then iov and the bytes stay as they are (iov is used up). Else the error.
 * One write at a time. */
FL_MUST fl_err fl_stream_write(fl_stream *s, struct iovec *iov, int count,
                               void (*fn)(void *arg, fl_err err), void *arg);

/* ---- Listeners ---- */

typedef struct fl_listener fl_listener;

typedef struct fl_listen_opts {
	fl_str address;  /* port 0: any free port, see fl_listener_address */
	int fd;          /* > 0: an already listening socket instead of address (it is duplicated) */
	int backlog;     /* 0: 1024 */
	bool reuse_port; /* TCP: loops and processes of one user share the port, the kernel spreads connections.
	                    Shared unknowingly, too: listen once without it to learn whether the port is free */
	mode_t mode;     /* unix: of the socket file; 0: 0600. A stale file is replaced */
	void (*fn)(void *arg, fl_stream *s); /* owns s from here */
	void *arg;
} fl_listen_opts;

/* FL_IN_USE: the port, or the path, has a live server. */
FL_MUST fl_err fl_listen(fl_loop *loop, const fl_listen_opts *opts, fl_diag *diag, fl_listener **out);
void fl_listener_close(fl_listener *l); /* NULL is fine; a unix socket file of ours is removed */
fl_str fl_listener_address(const fl_listener *l); /* with the real port */
int fl_listener_port(const fl_listener *l);       /* 0: unix */
int fl_listener_fd(const fl_listener *l);

/* ---- Other descriptors (libpq, pidfd, eventfd) ---- */

enum { FL_READ = 1, FL_WRITE = 2 };

/* Watches a descriptor that somebody else owns. Close it before the descriptor. */
typedef struct fl_poll fl_poll;

FL_MUST fl_err fl_poll_open(fl_loop *loop, int fd, fl_poll **out);
/* fn(arg, events) in every turn in which one of events holds; errors and hang-ups count as both. Replaces.
 * 0: pause. */
void fl_poll_start(fl_poll *p, int events, void (*fn)(void *arg, int events), void *arg);
void fl_poll_close(fl_poll *p); /* NULL is fine; a waiter wakes with FL_CLOSED */
/* Until one of events holds; *got (may be NULL) says which. */
FL_MUST fl_err await_poll(fl_ctx *ctx, fl_poll *p, int events, int *got);
/* The same for once. */
FL_MUST fl_err await_fd(fl_ctx *ctx, int fd, int events);

/* ---- Files, on the pool ---- */

/* Errors: FL_NOT_FOUND, FL_DUPLICATE, FL_DENIED, FL_DISK_FULL, FL_IO; detail in ctx->diag. Paths end with
 * NUL. */
FL_MUST fl_err await_file_open(fl_ctx *ctx, const char *path, int flags, mode_t mode, int *fd);
FL_MUST fl_err await_file_read(fl_ctx *ctx, int fd, void *buf, size_t cap, int64_t offset, size_t *len);
/* All of it. */
FL_MUST fl_err await_file_write(fl_ctx *ctx, int fd, const void *bytes, size_t len, int64_t offset);
FL_MUST fl_err await_file_sync(fl_ctx *ctx, int fd);
FL_MUST fl_err await_file_size(fl_ctx *ctx, int fd, int64_t *size);
/* And syncs the folder of `to`. */
FL_MUST fl_err await_file_rename(fl_ctx *ctx, const char *from, const char *to);
FL_MUST fl_err await_file_unlink(fl_ctx *ctx, const char *path);
/* The whole file, into ctx->mem; FL_TOO_LARGE above max. */
FL_MUST fl_err await_file_get(fl_ctx *ctx, const char *path, size_t max, fl_str *out);
/* Atomic and durable: temporary file beside it, fsync, rename, fsync of the folder. */
FL_MUST fl_err await_file_put(fl_ctx *ctx, const char *path, fl_str bytes, mode_t mode);

/* ---- Child processes ---- */

typedef struct fl_child fl_child;

typedef enum fl_stdio { FL_STDIO_NULL, FL_STDIO_INHERIT, FL_STDIO_STREAM, FL_STDIO_FD } fl_stdio;

typedef struct fl_child_fd {
	int from, to; /* our descriptor, its number in the child (>= 3) */
} fl_child_fd;

#define FL_CHILD_FDS_MAX 8

typedef struct fl_spawn_opts {
	const char *path;             /* no search in PATH */
	const char *const *argv;      /* NULL-terminated */
	const char *const *env;       /* NULL-terminated; NULL: an empty environment */
	const char *cwd;              /* NULL: ours */
	fl_stdio in, out, err;        /* default: /dev/null */
	int in_fd, out_fd, err_fd;    /* with FL_STDIO_FD; stay ours */
	const fl_child_fd *fds;       /* extra descriptors; stay ours. Everything else is closed in the child */
	int fd_count;
	bool channel;                 /* a socket pair: fd 3 in the child (so `to` >= 4), fl_child_channel here */
	bool drop;                    /* become uid, gid, no other groups */
	uid_t uid;
	gid_t gid;
	int death_signal;             /* 0: none. Sent to the child when this thread ends, however it ends */
	bool group;                   /* leads a process group: Ctrl-C does not reach it, kill reaches all of it */
	mode_t umask;                 /* 0: ours */
} fl_spawn_opts;

/* Forks and execs; an exec that fails is an error here (FL_NOT_FOUND, FL_DENIED, FL_IO; detail in diag).
 * Never blocks longer than that. Signals are at their defaults in the child. */
FL_MUST fl_err fl_child_spawn(fl_loop *loop, const fl_spawn_opts *opts, fl_diag *diag, fl_child **out);
pid_t fl_child_pid(const fl_child *c);
/* Our ends; NULL when not asked for. Owned by the child object. */
fl_stream *fl_child_in(fl_child *c);
fl_stream *fl_child_out(fl_child *c);
fl_stream *fl_child_err(fl_child *c);
fl_stream *fl_child_channel(fl_child *c);
void fl_child_in_close(fl_child *c);
/* Exit status as the shell counts: 0..255, or 128 + signal. Several may wait; after the end it returns at
 * once. */
FL_MUST fl_err await_child(fl_ctx *ctx, fl_child *c, int *status);
/* fn(arg, status) once, from the loop. */
void fl_child_on_exit(fl_child *c, void (*fn)(void *arg, int status), void *arg);
/* To the process (or its group). Nothing when it has ended. */
void fl_child_kill(fl_child *c, int signum);
/* SIGTERM, and SIGKILL when it still lives after grace_us; waits for the end, whatever ctx's deadline
 * says. */
void await_child_stop(fl_ctx *ctx, fl_child *c, int64_t grace_us);
/* Closes our ends. A child that still lives is killed (SIGKILL) and reaped in the background. NULL is
 * fine. */
void fl_child_free(fl_child *c);

/* ---- Fault points ---- */

/* True when this pass shall fail: if (FL_FAULT("db.commit")) return FL_IO; one predicted branch when no
 * faults are set. FLEET_FAULTS="db.commit:3,redis.read:*" lets the third pass of the one fail, once, and
 * every pass of the other. Counted over all threads of the process: the one piece of state here that is
 * not a loop's. */
#define FL_FAULT(name) (__builtin_expect(fl_faults_on(), 0) && fl_fault_hit(name))
bool fl_faults_on(void);
bool fl_fault_hit(const char *name);
/* Replaces the faults (tests); NULL: none. fl_loop_new reads the environment once. FL_BAD_INPUT, FL_LIMIT
 * (16 faults). */
FL_MUST fl_err fl_faults_set(const char *spec);

#endif
