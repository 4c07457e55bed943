/* Streams on non-blocking descriptors. Reads wait for readiness first unless the last read filled its buffer;
 * writes are tried first and wait only when the socket is full. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io_int.h"

struct fl_stream {
	fl_poll poll;
	bool is_socket;
	bool maybe_readable; /* the last read filled its buffer: try before waiting */
	uint8_t streak;      /* reads without a wait */

	void (*read_fn)(void *arg);
	void *read_arg;
	fl_wait *reader;

	/* What is being written, for a coroutine (writer) or a callback (write_fn); or only the wish to
	 * know (writable_fn). */
	struct iovec *iov;
	int iov_count;
	fl_wait *writer;
	void (*write_fn)(void *arg, fl_err err);
	void *write_arg;
	void (*writable_fn)(void *arg);
	void *writable_arg;
};

static void watch(fl_stream *s);

/* ---- Reading and writing what is possible now ---- */

fl_err fl_stream_try_read(fl_stream *s, void *buf, size_t cap, size_t *len)
{
	ssize_t n;

	if (FL_FAULT("io.read"))
		return FL_CLOSED;
	do
		n = read(s->poll.fd, buf, cap);
	while (n < 0 && errno == EINTR);
	s->maybe_readable = n == (ssize_t)cap;
	if (n < 0)
		return errno == EIO ? FL_CLOSED : fl_err_from_errno(errno);
	*len = (size_t)n;
	return FL_OK;
}

enum { IOV_BATCH = 64 };

fl_err fl_stream_try_write(fl_stream *s, const struct iovec *iov, int count, size_t *len)
{
	struct msghdr message = { .msg_iov = (struct iovec *)iov,
				  .msg_iovlen = (size_t)FL_MIN(count, IOV_BATCH) };
	ssize_t n;

	if (FL_FAULT("io.write"))
		return FL_CLOSED;
	do
		n = s->is_socket ? sendmsg(s->poll.fd, &message, MSG_NOSIGNAL)
		                 : writev(s->poll.fd, iov, FL_MIN(count, IOV_BATCH));
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return fl_err_from_errno(errno);
	*len = n < 0 ? 0 : (size_t)n;
	return FL_OK;
}

/* Steps over len written bytes. */
static void iov_advance(struct iovec **iov, int *count, size_t len)
{
	while (*count > 0 && len >= (*iov)->iov_len) {
		len -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + len;
		(*iov)->iov_len -= len;
	}
}

/* Writes until all is out (FL_OK) or the socket is full (FL_AGAIN). */
static fl_err push(fl_stream *s, struct iovec **iov, int *count)
{
	iov_advance(iov, count, 0);
	while (*count > 0) {
		size_t len = 0;
		FL_TRY(fl_stream_try_write(s, *iov, *count, &len));
		if (len == 0)
			return FL_AGAIN;
		iov_advance(iov, count, len);
	}
	return FL_OK;
}

/* ---- Events ---- */

static void on_writable(fl_stream *s)
{
	if (s->iov) {
		fl_err err = push(s, &s->iov, &s->iov_count);
		if (err == FL_AGAIN)
			return;
		s->iov = NULL;
		fl_wait *w = s->writer;
		void (*fn)(void *arg, fl_err err) = s->write_fn;
		s->writer = NULL;
		s->write_fn = NULL;
		if (w)
			fl_wake(w, err);
		else
			fn(s->write_arg, err);
	} else if (s->writable_fn) {
		void (*fn)(void *arg) = s->writable_fn;
		s->writable_fn = NULL;
		fn(s->writable_arg);
	} else if (s->writer) {
		fl_wait *w = s->writer;
		s->writer = NULL;
		fl_wake(w, FL_OK);
	}
}

static void on_readable(fl_stream *s)
{
	if (s->reader) {
		fl_wait *w = s->reader;
		s->reader = NULL;
		fl_wake(w, FL_OK);
	} else if (s->read_fn) {
		s->read_fn(s->read_arg);
	}
}

static void on_event(void *arg, int events)
{
	fl_stream *s = arg;

	if (events & FL_WRITE)
		on_writable(s);
	/* Closed in the callback: the memory lasts until the end of the turn, but the poll has no fn any
	 * more. */
	if (s->poll.fn && events & FL_READ)
		on_readable(s);
	if (s->poll.fn)
		watch(s);
}

static void watch(fl_stream *s)
{
	int events = (s->reader || s->read_fn ? FL_READ : 0) |
		     (s->iov || s->writer || s->writable_fn ? FL_WRITE : 0);

	fl_poll_want(&s->poll, events);
}

/* ---- Life ---- */

fl_err fl_stream_open(fl_loop *loop, int fd, fl_stream **out)
{
	fl_stream *s = calloc(1, sizeof *s);
	if (!s)
		return FL_NOMEM;
	struct stat st;
	int flags = fcntl(fd, F_GETFL);
	if (fstat(fd, &st) != 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
		free(s);
		return fl_err_from_errno(errno);
	}
	fl_err err = fl_poll_init(&s->poll, loop, fd);
	if (err != FL_OK) {
		free(s);
		return err;
	}
	s->is_socket = S_ISSOCK(st.st_mode);
	s->poll.arg = s;
	s->poll.fn = on_event;
	fl_stream_nodelay(s, true);
	*out = s;
	return FL_OK;
}

static void free_stream(fl_poll *p)
{
	free(FL_CONTAINER(p, fl_stream, poll));
}

void fl_stream_close(fl_stream *s)
{
	if (!s)
		return;
	fl_wait *reader = s->reader, *writer = s->writer;
	int fd = s->poll.fd;

	assert(s->poll.fn && "closed twice");
	s->reader = s->writer = NULL;
	s->poll.fd = -1;
	fl_poll_fini(&s->poll, free_stream);
	close(fd);
	if (reader)
		fl_wake(reader, FL_CLOSED);
	if (writer)
		fl_wake(writer, FL_CLOSED);
}

void fl_stream_shutdown(fl_stream *s)
{
	if (s->is_socket)
		shutdown(s->poll.fd, SHUT_WR);
}

int fl_stream_fd(const fl_stream *s)
{
	return s->poll.fd;
}

fl_loop *fl_stream_loop(const fl_stream *s)
{
	return s->poll.loop;
}

fl_str fl_stream_peer(const fl_stream *s, char out[FL_ADDRESS_MAX])
{
	fl_sockaddr peer = { .len = sizeof peer.addr };

	if (getpeername(s->poll.fd, (struct sockaddr *)&peer.addr, &peer.len) != 0)
		peer.addr.ss_family = AF_UNSPEC;
	return fl_address_text(&peer, out, NULL);
}

void fl_stream_nodelay(fl_stream *s, bool on)
{
	int value = on;
	if (s->is_socket) /* refused by unix sockets, which have no delay */
		(void)setsockopt(s->poll.fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
}

/* ---- For coroutines ---- */

static fl_err await_readable(fl_ctx *ctx, fl_stream *s)
{
	fl_wait w;

	assert(!s->reader && !s->read_fn && "one reader at a time");
	FL_TRY(fl_ctx_check(ctx));
	fl_wait_init(&w);
	s->reader = &w;
	watch(s);
	fl_err err = await_wait(ctx, &w);
	if (err == FL_TIMEOUT || err == FL_CANCELLED)
		s->reader = NULL;
	return err;
}

static fl_err await_writable(fl_ctx *ctx, fl_stream *s)
{
	fl_wait w;

	assert(!s->writer && !s->iov && "one writer at a time");
	FL_TRY(fl_ctx_check(ctx));
	fl_wait_init(&w);
	s->writer = &w;
	watch(s);
	fl_err err = await_wait(ctx, &w);
	if (err == FL_TIMEOUT || err == FL_CANCELLED)
		s->writer = NULL;
	return err;
}

/* A sender that is faster than we are must not keep the others from their turn. */
enum { STREAK_MAX = 16 };

fl_err await_read(fl_ctx *ctx, fl_stream *s, void *buf, size_t cap, size_t *len)
{
	FL_TRY(fl_ctx_check(ctx));
	for (;;) {
		if (!s->maybe_readable || ++s->streak >= STREAK_MAX) {
			s->streak = 0;
			FL_TRY(await_readable(ctx, s));
		}
		fl_err err = fl_stream_try_read(s, buf, cap, len);
		if (err != FL_AGAIN)
			return err;
	}
}

fl_err await_read_all(fl_ctx *ctx, fl_stream *s, void *buf, size_t len)
{
	while (len > 0) {
		size_t got;
		FL_TRY(await_read(ctx, s, buf, len, &got));
		if (got == 0)
			return FL_CLOSED;
		buf = (char *)buf + got;
		len -= got;
	}
	return FL_OK;
}

fl_err await_write(fl_ctx *ctx, fl_stream *s, struct iovec *iov, int count)
{
	assert(!s->iov && !s->writer && "one writer at a time");
	FL_TRY(fl_ctx_check(ctx));
	fl_err err = push(s, &iov, &count);
	if (err != FL_AGAIN)
		return err;

	fl_wait w;
	fl_wait_init(&w);
	s->iov = iov;
	s->iov_count = count;
	s->writer = &w;
	watch(s);
	err = await_wait(ctx, &w);
	if (err == FL_TIMEOUT || err == FL_CANCELLED) {
		s->iov = NULL;
		s->writer = NULL;
	}
	return err;
}

fl_err await_write_bytes(fl_ctx *ctx, fl_stream *s, fl_str bytes)
{
	struct iovec iov = { (void *)bytes.ptr, bytes.len };
	return await_write(ctx, s, &iov, 1);
}

/* What is sent at once, and what a fast client may take before the others have their turn. */
enum { FILE_PIECE = 256 << 10, FILE_TURN = 4 << 20 };

fl_err await_write_file(fl_ctx *ctx, fl_stream *s, int fd, int64_t offset, int64_t len)
{
	off_t at = offset, turn_end = offset + FILE_TURN;

	FL_TRY(fl_ctx_check(ctx));
	while (len > 0) {
		ssize_t n = sendfile(s->poll.fd, fd, &at, (size_t)FL_MIN(len, FILE_PIECE));
		if (n == 0)
			return FL_CLOSED;
		if (n > 0) {
			len -= n;
			if (at >= turn_end) {
				turn_end = at + FILE_TURN;
				FL_TRY(await_writable(ctx, s));
			}
		} else if (errno == EAGAIN) {
			FL_TRY(await_writable(ctx, s));
		} else if (errno != EINTR) {
			return fl_err_from_errno(errno);
		}
	}
	return FL_OK;
}

fl_err await_write_fd(fl_ctx *ctx, fl_stream *s, fl_str bytes, int fd)
{
	struct iovec iov = { (void *)bytes.ptr, bytes.len };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	assert(bytes.len > 0 && "a descriptor travels with at least one byte");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	FL_TRY(fl_ctx_check(ctx));
	for (;;) {
		ssize_t n = sendmsg(s->poll.fd, &message, MSG_NOSIGNAL);
		if (n >= 0) /* it went with the first byte; the rest is plain */
			return await_write_bytes(ctx, s, fl_str_slice(bytes, (size_t)n, bytes.len));
		if (errno == EAGAIN)
			FL_TRY(await_writable(ctx, s));
		else if (errno != EINTR)
			return fl_err_from_errno(errno);
	}
}

fl_err await_read_fd(fl_ctx *ctx, fl_stream *s, void *buf, size_t cap, size_t *len, int *fd)
{
	struct iovec iov = { buf, cap };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	FL_TRY(fl_ctx_check(ctx));
	for (;;) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		n = recvmsg(s->poll.fd, &message, MSG_CMSG_CLOEXEC);
		if (n >= 0)
			break;
		if (errno == EAGAIN)
			FL_TRY(await_readable(ctx, s));
		else if (errno != EINTR)
			return fl_err_from_errno(errno);
	}
	*len = (size_t)n;
	*fd = -1;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(header), sizeof *fd);
	return FL_OK;
}

/* ---- For callbacks ---- */

void fl_stream_on_readable(fl_stream *s, void (*fn)(void *arg), void *arg)
{
	assert(!s->reader && "one reader at a time");
	s->read_fn = fn;
	s->read_arg = arg;
	watch(s);
}

void fl_stream_read_stop(fl_stream *s)
{
	s->read_fn = NULL;
	watch(s);
}

void fl_stream_on_writable(fl_stream *s, void (*fn)(void *arg), void *arg)
{
	s->writable_fn = fn;
	s->writable_arg = arg;
	watch(s);
}

fl_err fl_stream_write(fl_stream *s, struct iovec *iov, int count, void (*fn)(void *arg, fl_err err),
		       void *arg)
{
	assert(!s->iov && !s->writer && "one writer at a time");
	fl_err err = push(s, &iov, &count);
	if (err != FL_AGAIN)
		return err;
	s->iov = iov;
	s->iov_count = count;
	s->write_fn = fn;
	s->write_arg = arg;
	watch(s);
	return FL_AGAIN;
}
