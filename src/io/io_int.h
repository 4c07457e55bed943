/* What the files of io share: the loop, the coroutine, link rings, and mapping of system errors. */
#ifndef FL_IO_INT_H
#define FL_IO_INT_H

#include <stdatomic.h>
#include <sys/socket.h>
#include <uv.h>

#include "io/io.h"

#if defined(__SANITIZE_ADDRESS__)
#define FL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FL_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define FL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FL_TSAN 1
#endif
#endif

/* ---- Rings ---- */

static inline void ring_init(fl_io_link *l)
{
	l->next = l->prev = l;
}

static inline bool ring_empty(const fl_io_link *head)
{
	return head->next == head;
}

static inline bool ring_linked(const fl_io_link *l)
{
	return l->next && l->next != l;
}

static inline void ring_add(fl_io_link *head, fl_io_link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/* Also fine for a link that is in no ring. */
static inline void ring_remove(fl_io_link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	ring_init(l);
}

/* Moves all of `from` to the end of `to`. */
static inline void ring_move(fl_io_link *to, fl_io_link *from)
{
	if (ring_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	ring_init(from);
}

/* ---- Timer wheel ----
 *
 * Five levels of 64 slots; a slot of level L is 64^L ms wide. A timer lies on the level of its distance and
 * moves down when the wheel reaches its slot, so start and stop touch one ring and one bit. Further than 12
 * days: it moves down from the last slot as often as needed. */
enum { WHEEL_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_BITS, WHEEL_LEVELS = 5 };

typedef struct fl_wheel {
	int64_t tick; /* milliseconds done so far */
	uint64_t used[WHEEL_LEVELS];
	fl_io_link slots[WHEEL_LEVELS][WHEEL_SLOTS];
} fl_wheel;

void fl_wheel_init(fl_wheel *wheel, int64_t now_us);
void fl_wheel_advance(fl_wheel *wheel, int64_t now_us); /* calls what is due */
int64_t fl_wheel_next(const fl_wheel *wheel);           /* tick to look at next, FL_NEVER when empty */

/* ---- Coroutines ---- */

typedef void *fl_fcontext;
typedef struct fl_transfer {
	fl_fcontext from;
	void *data;
} fl_transfer;

struct fl_co {
	fl_fcontext self, back; /* where it goes on; who resumed it */
	fl_loop *loop;
	fl_co *next;            /* in the run queue or among the free stacks */
	void (*fn)(void *arg);
	void *arg;
	fl_group *group;
	fl_err (*child_fn)(fl_ctx *ctx, void *arg);
	char *map;              /* guard page, stack; this struct is at its top end */
	size_t map_bytes;
#ifdef FL_ASAN
	void *fake;
	const void *back_bottom;
	size_t back_bytes;
#endif
#ifdef FL_TSAN
	void *fiber, *back_fiber;
#endif
};

typedef struct fl_co_queue {
	fl_co *head, **tail;
} fl_co_queue;

typedef struct fl_message {
	struct fl_message *next;
	void (*fn)(void *arg);
	void *arg;
} fl_message;

typedef struct fl_loop_signal {
	uv_signal_t uv;
	struct fl_loop_signal *next;
	void (*fn)(void *arg, int signum);
	void *arg;
} fl_loop_signal;

struct fl_loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle;
	uv_async_t async;
	uv_timer_t timer;
	int64_t now_us;
	int64_t timer_tick; /* what uv's timer is set for */
	fl_wheel wheel;
	fl_io_link deferred;
	fl_io_link dying; /* children that were freed before their end */
	fl_co_queue runnable, yielded, after_poll;
	fl_co *running;
	fl_co *free_stacks;
	uint32_t free_count, co_count;
	fl_loop_opts opts;
	size_t page;
	_Atomic(fl_message *) mailbox;
	_Atomic uint32_t mailbox_count;
	atomic_bool stop;
	fl_loop_signal *signals;
	bool turning;
#ifdef FL_ASAN
	void *fake;
#endif
};

static inline void co_queue_init(fl_co_queue *q)
{
	q->head = NULL;
	q->tail = &q->head;
}

static inline void co_queue_add(fl_co_queue *q, fl_co *co)
{
	co->next = NULL;
	*q->tail = co;
	q->tail = &co->next;
}

/* Moves all of `from` to the end of `to`. */
static inline void co_queue_move(fl_co_queue *to, fl_co_queue *from)
{
	if (!from->head)
		return;
	*to->tail = from->head;
	to->tail = from->tail;
	co_queue_init(from);
}

void fl_co_resume(fl_co *co);
void fl_co_suspend(fl_co *co);
void fl_co_stacks_free(fl_loop *loop);

/* Waits whatever the deadline says: only for events that are certain to come soon. */
fl_err fl_wait_certain(fl_loop *loop, fl_wait *w);

/* ---- Descriptors ---- */

struct fl_poll {
	uv_poll_t uv;
	fl_loop *loop;
	int fd;
	int armed;     /* what uv watches; may be more than wanted, then it is trimmed at the next event */
	int events;    /* what fn wants */
	void (*fn)(void *arg, int events);
	void *arg;
	int wait_events, got;
	fl_wait *wait;
	void (*closed)(struct fl_poll *p); /* frees the owner */
};

fl_err fl_poll_init(fl_poll *p, fl_loop *loop, int fd);
/* Changes what fn is called for. */
void fl_poll_want(fl_poll *p, int events);
/* Stops watching at once, so that the descriptor may be closed; `closed` runs later in the turn. */
void fl_poll_fini(fl_poll *p, void (*closed)(fl_poll *p));

/* ---- Errors of the system ---- */

fl_err fl_err_from_errno(int number);
/* Maps errno and sets the detail "what: strerror". diag may be NULL. */
fl_err fl_fail_errno(fl_diag *diag, int number, const char *what);

void fl_faults_from_env(void);

/* ---- Addresses ---- */

enum { FL_ADDRESSES_MAX = 8 };

typedef struct fl_sockaddr {
	struct sockaddr_storage addr;
	socklen_t len;
} fl_sockaddr;

/* A parsed address: a path, or a host (without brackets) and a port. */
typedef struct fl_address {
	bool unix_socket;
	char host[FL_ADDRESS_MAX]; /* or the path */
	int port;
} fl_address;

fl_err fl_address_parse(fl_str text, fl_address *out, fl_diag *diag);
/* Without a look-up: unix paths, IPv4 and IPv6 numbers, "" and "*" for any. FL_NOT_FOUND: it is a name. */
fl_err fl_address_numeric(const fl_address *address, fl_sockaddr *out, fl_diag *diag);
/* "192.0.2.7" into out; port may be NULL. */
fl_str fl_address_text(const fl_sockaddr *addr, char out[FL_ADDRESS_MAX], int *port);

/* Waits for the killed children that nobody owns any more: when their loop ends. */
void fl_children_end(fl_loop *loop);

#endif
