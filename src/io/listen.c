/* Listening sockets of our own making (uv 1.44 knows no SO_REUSEPORT), and connecting. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io_int.h"

struct fl_listener {
	fl_poll poll;
	fl_timer pause; /* after running out of descriptors */
	void (*fn)(void *arg, fl_stream *s);
	void *arg;
	int port;
	char address[FL_ADDRESS_MAX + 16];
	char path[FL_ADDRESS_MAX]; /* of a unix socket that is ours to remove; "" otherwise */
};

/* ---- Accepting ---- */

/* A burst of connections must not keep those that are open from their turn. */
enum { ACCEPT_BATCH = 64, PAUSE_US = 100000 };

static void on_pause_over(void *arg)
{
	fl_listener *l = arg;
	fl_poll_want(&l->poll, FL_READ);
}

static void on_connections(void *arg, int events)
{
	fl_listener *l = arg;

	for (int i = 0; i < ACCEPT_BATCH && l->poll.fn; i++) {
		int fd = FL_FAULT("io.accept") ? (errno = EMFILE, -1)
		                               : accept4(l->poll.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			fl_stream *s;
			if (fl_stream_open(l->poll.loop, fd, &s) == FL_OK)
				l->fn(l->arg, s);
			else
				close(fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* Those waiting stay in the kernel's queue until somebody leaves. */
			fl_warn("io: %s: cannot accept: %s", l->address,
				fl_err_text(fl_err_from_errno(errno)));
			fl_poll_want(&l->poll, 0);
			fl_timer_start(l->poll.loop, &l->pause, l->poll.loop->now_us + PAUSE_US);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return; /* EAGAIN: none left */
		}
	}
}

/* ---- Opening ---- */

/* A socket file without a server behind it is a leftover of a crash. */
static fl_err remove_stale(const fl_sockaddr *addr, const char *path, fl_diag *diag)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fl_fail_errno(diag, errno, "socket");
	int failed = connect(fd, (const struct sockaddr *)&addr->addr, addr->len) == 0 ? 0 : errno;
	close(fd);
	if (failed == 0 || failed == EAGAIN)
		return fl_fail(diag, FL_IN_USE, "%s: another server listens there", path);
	if (failed == ECONNREFUSED)
		unlink(path);
	return FL_OK;
}

static fl_err bind_socket(int fd, const fl_listen_opts *opts, const fl_address *address, fl_sockaddr *addr,
			  fl_diag *diag)
{
	int on = 1, off = 0;

	if (address->unix_socket) {
		FL_TRY(remove_stale(addr, address->host, diag));
		/* Linux gives the file the mode of the socket: no moment with a wider one. */
		if (fchmod(fd, opts->mode ? opts->mode : 0600) != 0)
			return fl_fail_errno(diag, errno, address->host);
	} else {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (opts->reuse_port)
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
		if (addr->addr.ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	}
	if (bind(fd, (struct sockaddr *)&addr->addr, addr->len) != 0 ||
	    listen(fd, opts->backlog ? opts->backlog : 1024) != 0)
		return fl_fail_errno(diag, errno, address->unix_socket ? address->host : "cannot listen");
	return FL_OK;
}

static fl_err open_socket(const fl_listen_opts *opts, fl_diag *diag, int *out, char *path)
{
	fl_address address;
	fl_sockaddr addr;

	FL_TRY(fl_address_parse(opts->address, &address, diag));
	fl_err err = fl_address_numeric(&address, &addr, diag);
	if (err == FL_NOT_FOUND && strcmp(address.host, "localhost") == 0) {
		memcpy(address.host, "127.0.0.1", sizeof "127.0.0.1");
		err = fl_address_numeric(&address, &addr, diag);
	}
	FL_TRY(err);
	int fd = socket(addr.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fl_fail_errno(diag, errno, "socket");
	err = bind_socket(fd, opts, &address, &addr, diag);
	if (err != FL_OK) {
		close(fd);
		return err;
	}
	if (address.unix_socket)
		memcpy(path, address.host, sizeof address.host);
	*out = fd;
	return FL_OK;
}

static void describe(fl_listener *l)
{
	fl_sockaddr addr = { .len = sizeof addr.addr };
	char host[FL_ADDRESS_MAX];

	if (getsockname(l->poll.fd, (struct sockaddr *)&addr.addr, &addr.len) != 0)
		return;
	fl_str text = fl_address_text(&addr, host, &l->port);
	if (addr.addr.ss_family == AF_UNIX)
		snprintf(l->address, sizeof l->address, "unix:%s", l->path);
	else
		snprintf(l->address, sizeof l->address,
			 addr.addr.ss_family == AF_INET6 ? "tcp:[%s]:%d" : "tcp:%s:%d", text.ptr, l->port);
}

fl_err fl_listen(fl_loop *loop, const fl_listen_opts *opts, fl_diag *diag, fl_listener **out)
{
	fl_listener *l = calloc(1, sizeof *l);
	int fd = -1;

	if (!l)
		return FL_NOMEM;
	fl_err err = FL_OK;
	if (opts->fd > 0) {
		fd = fcntl(opts->fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			err = fl_fail_errno(diag, errno, "listening socket");
	} else {
		err = open_socket(opts, diag, &fd, l->path);
	}
	if (err == FL_OK)
		err = fl_poll_init(&l->poll, loop, fd);
	if (err != FL_OK) {
		if (fd >= 0)
			close(fd);
		free(l);
		return err;
	}
	l->fn = opts->fn;
	l->arg = opts->arg;
	fl_timer_init(&l->pause, on_pause_over, l);
	describe(l);
	fl_poll_start(&l->poll, FL_READ, on_connections, l);
	*out = l;
	return FL_OK;
}

static void free_listener(fl_poll *p)
{
	free(FL_CONTAINER(p, fl_listener, poll));
}

void fl_listener_close(fl_listener *l)
{
	if (!l)
		return;
	int fd = l->poll.fd;
	fl_timer_stop(&l->pause);
	fl_poll_fini(&l->poll, free_listener);
	close(fd);
	if (l->path[0])
		unlink(l->path);
}

fl_str fl_listener_address(const fl_listener *l)
{
	return fl_str_z(l->address);
}

int fl_listener_port(const fl_listener *l)
{
	return l->port;
}

int fl_listener_fd(const fl_listener *l)
{
	return l->poll.fd;
}

/* ---- Names ---- */

/* A look-up may outlive its request, so it lies on the heap and belongs to uv until its callback. */
struct lookup {
	uv_getaddrinfo_t uv;
	fl_wait *wait; /* NULL: nobody waits any more */
	fl_sockaddr found[FL_ADDRESSES_MAX];
	int count;
};

static void on_lookup(uv_getaddrinfo_t *uv, int status, struct addrinfo *list)
{
	struct lookup *l = FL_CONTAINER(uv, struct lookup, uv);

	if (!l->wait) {
		uv_freeaddrinfo(list);
		free(l);
		return;
	}
	for (struct addrinfo *a = list; a && l->count < FL_ADDRESSES_MAX; a = a->ai_next) {
		fl_sockaddr *to = &l->found[l->count++];
		memcpy(&to->addr, a->ai_addr, a->ai_addrlen);
		to->len = a->ai_addrlen;
	}
	uv_freeaddrinfo(list);
	fl_wake(l->wait, status == 0 && l->count > 0 ? FL_OK : FL_UNAVAILABLE);
}

static fl_err await_lookup(fl_ctx *ctx, const fl_address *address, struct lookup **out)
{
	struct lookup *l = calloc(1, sizeof *l);
	fl_wait w;

	if (!l)
		return FL_NOMEM;
	fl_wait_init(&w);
	l->wait = &w;
	fl_err err = fl_address_numeric(address, &l->found[0], &ctx->diag);
	if (err == FL_OK) {
		l->count = 1;
		*out = l;
		return FL_OK;
	}
	char port[8];
	snprintf(port, sizeof port, "%d", address->port);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	if (fl_ctx_check(ctx) != FL_OK ||
	    uv_getaddrinfo(&ctx->loop->uv, &l->uv, on_lookup, address->host, port, &hints) != 0) {
		free(l);
		FL_TRY(fl_ctx_check(ctx));
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "%s: the name cannot be looked up", address->host);
	}
	err = await_wait(ctx, &w);
	if (err == FL_OK) {
		*out = l;
		return FL_OK;
	}
	if (w.done && err == FL_UNAVAILABLE) {
		free(l);
		return fl_fail(&ctx->diag, err, "%s: no such host", address->host);
	}
	l->wait = NULL;
	uv_cancel((uv_req_t *)&l->uv);
	return err;
}

/* ---- Connecting ---- */

static fl_err await_connected(fl_ctx *ctx, int fd, const fl_sockaddr *addr, const char *name, int64_t until_us)
{
	for (;;) {
		if (connect(fd, (const struct sockaddr *)&addr->addr, addr->len) == 0)
			return FL_OK;
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN) { /* a unix server whose queue is full: no event says when it is not */
			FL_TRY(await_sleep(ctx, 2000));
			if (ctx->loop->now_us >= until_us)
				return FL_TIMEOUT;
			continue;
		}
		break;
	}
	if (errno != EINPROGRESS)
		return fl_fail_errno(&ctx->diag, errno, name);

	fl_ctx attempt;
	fl_ctx_derive(&attempt, ctx, FL_MAX(until_us - ctx->loop->now_us, 1));
	fl_err err = await_fd(&attempt, fd, FL_WRITE);
	fl_ctx_fini(&attempt);
	FL_TRY(err);
	int failed = 0;
	socklen_t len = sizeof failed;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len);
	return failed ? fl_fail_errno(&ctx->diag, failed, name) : FL_OK;
}

static fl_err await_attempt(fl_ctx *ctx, const fl_sockaddr *addr, const char *name, int64_t until_us,
			    fl_stream **out)
{
	int fd = socket(addr->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return fl_fail_errno(&ctx->diag, errno, "socket");
	fl_err err = await_connected(ctx, fd, addr, name, until_us);
	if (err == FL_OK)
		err = fl_stream_open(ctx->loop, fd, out);
	if (err != FL_OK)
		close(fd);
	/* A path that is not there is a server that is not there. */
	return err == FL_NOT_FOUND ? FL_UNAVAILABLE : err;
}

/* With several addresses, a silent one gets its share of the time and no more than this. */
enum { ATTEMPT_US = 5000000 };

fl_err await_connect(fl_ctx *ctx, fl_str text, fl_stream **out)
{
	fl_address address;
	struct lookup *found = NULL;

	FL_TRY(fl_address_parse(text, &address, &ctx->diag));
	FL_TRY(fl_ctx_check(ctx));
	if (FL_FAULT("io.connect"))
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "%s: fault", address.host);
	FL_TRY(await_lookup(ctx, &address, &found));
	assert(found);
	fl_err err = FL_UNAVAILABLE;
	for (int i = 0; i < found->count; i++) {
		int64_t until_us = FL_NEVER;
		if (i + 1 < found->count) {
			int64_t share = ctx->deadline_us == FL_NEVER
			                        ? ATTEMPT_US
			                        : (ctx->deadline_us - ctx->loop->now_us) / (found->count - i);
			until_us = ctx->loop->now_us + FL_MIN(share, ATTEMPT_US);
		}
		err = await_attempt(ctx, &found->found[i], address.host, until_us, out);
		if (err == FL_OK || fl_ctx_check(ctx) != FL_OK)
			break;
	}
	free(found);
	return err;
}
