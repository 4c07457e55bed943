/* io: streams, listeners, connecting, descriptors, passing descriptors, files. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_test.h"

static char folder[] = "/tmp/fl-io-XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static const char *in_folder(fl_ctx *ctx, const char *name)
{
	return fl_str_fmt(ctx->mem, "%s/%s", folder, name).ptr;
}

/* ---- Echo ---- */

struct echo_server {
	fl_listener *listener;
	fl_loop *loop;
	int served;
};

static void echo(void *arg)
{
	fl_stream *s = arg;
	fl_ctx ctx;
	char buf[4096];
	size_t len;

	fl_ctx_init(&ctx, fl_stream_loop(s), NULL);
	while (await_read(&ctx, s, buf, sizeof buf, &len) == FL_OK && len > 0)
		if (await_write_bytes(&ctx, s, fl_str_make(buf, len)) != FL_OK)
			break;
	fl_ctx_fini(&ctx);
	fl_stream_close(s);
}

static void on_accept(void *arg, fl_stream *s)
{
	struct echo_server *server = arg;
	server->served++;
	CHECK_EQ(fl_go(server->loop, echo, s), FL_OK);
}

static void echo_start(fl_ctx *ctx, struct echo_server *server, fl_str address)
{
	*server = (struct echo_server){ .loop = ctx->loop };
	fl_err err =
		fl_listen(ctx->loop, &(fl_listen_opts){ .address = address, .fn = on_accept, .arg = server },
			  &ctx->diag, &server->listener);
	if (err != FL_OK)
		fprintf(stderr, "%s\n", fl_diag_text(&ctx->diag, err));
	CHECK_EQ(err, FL_OK);
}

enum { BULK = 8 << 20 };

static fl_err send_bulk(fl_ctx *ctx, void *arg)
{
	fl_stream *s = arg;
	char *bytes = malloc(BULK);
	struct iovec iov[100];

	for (size_t i = 0; i < BULK; i++)
		bytes[i] = (char)(i * 31 >> 7);
	size_t at = 0;
	for (size_t i = 0; i < FL_COUNT(iov); i++) {
		size_t len = i + 1 == FL_COUNT(iov) ? BULK - at : (size_t)(rand() % (BULK / 120));
		iov[i] = (struct iovec){ bytes + at, len };
		at += len;
	}
	fl_err err = await_write(ctx, s, iov, FL_COUNT(iov));
	free(bytes);
	fl_stream_shutdown(s);
	return err;
}

/* A reader that takes small pieces and pauses: the echo and the sender have to wait for it, no byte is lost. */
static fl_err slow_reader(fl_ctx *ctx, void *arg)
{
	fl_stream *s = arg;
	char buf[65536];
	size_t at = 0, len;

	for (int i = 0;; i++) {
		FL_TRY(await_read(ctx, s, buf, sizeof buf, &len));
		if (len == 0)
			break;
		for (size_t k = 0; k < len; k++)
			CHECK(buf[k] == (char)((at + k) * 31 >> 7));
		at += len;
		if (i % 16 == 0)
			FL_TRY(await_sleep(ctx, 1000));
	}
	CHECK_EQ(at, BULK);
	return FL_OK;
}

static fl_err echo_task(fl_ctx *ctx, void *arg)
{
	struct echo_server server;
	fl_stream *s, *many[50];
	char buf[64], peer[FL_ADDRESS_MAX];
	size_t len;

	echo_start(ctx, &server, fl_str_z(arg));
	fl_str address = fl_str_dup(ctx->mem, fl_listener_address(server.listener));
	FL_TRY(await_connect(ctx, address, &s));
	CHECK(fl_str_eq(fl_stream_peer(s, peer), fl_str_starts(address, FL_STR("tcp:[")) ? FL_STR("::1")
	                : fl_listener_port(server.listener) ? FL_STR("127.0.0.1") : FL_STR("")));
	FL_TRY(await_write_bytes(ctx, s, FL_STR("hello")));
	FL_TRY(await_read_all(ctx, s, buf, 5));
	CHECK(memcmp(buf, "hello", 5) == 0);

	fl_ctx child;
	fl_ctx_derive(&child, ctx, 3000);
	CHECK_EQ(await_read(&child, s, buf, sizeof buf, &len), FL_TIMEOUT);
	fl_ctx_fini(&child);

	fl_group g;
	fl_group_init(&g, ctx);
	fl_group_go(&g, slow_reader, s);
	fl_group_go(&g, send_bulk, s);
	FL_TRY(await_group(&g));
	fl_stream_close(s);

	for (size_t i = 0; i < FL_COUNT(many); i++)
		FL_TRY(await_connect(ctx, address, &many[i]));
	for (size_t i = 0; i < FL_COUNT(many); i++)
		FL_TRY(await_write_bytes(ctx, many[i], FL_STR("x")));
	for (size_t i = 0; i < FL_COUNT(many); i++) {
		FL_TRY(await_read_all(ctx, many[i], buf, 1));
		fl_stream_close(many[i]);
	}
	CHECK_EQ(server.served, 51);

	/* A second server on the same address is refused; after the first is gone the name is free. */
	fl_listener *other;
	CHECK_EQ(fl_listen(ctx->loop, &(fl_listen_opts){ .address = address, .fn = on_accept }, &ctx->diag,
			   &other),
		 FL_IN_USE);
	fl_listener_close(server.listener);
	CHECK_EQ(await_connect(ctx, address, &s), FL_UNAVAILABLE);
	while (fl_loop_coroutines(ctx->loop) > 1)
		FL_TRY(await_sleep(ctx, 1000));
	return FL_OK;
}

static void tcp_echo(void **state)
{
	run_task(echo_task, "tcp:127.0.0.1:0");
}

static void tcp6_echo(void **state)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0)
		skip();
	close(fd);
	run_task(echo_task, "tcp:[::1]:0");
}

static void unix_echo(void **state)
{
	char address[64];
	snprintf(address, sizeof address, "unix:%s/echo.sock", folder);
	run_task(echo_task, address);
}

static fl_err names_task(fl_ctx *ctx, void *arg)
{
	struct echo_server server;
	fl_stream *s;

	echo_start(ctx, &server, FL_STR("localhost:0"));
	fl_str address = fl_str_fmt(ctx->mem, "localhost:%d", fl_listener_port(server.listener));
	FL_TRY(await_connect(ctx, address, &s));
	fl_stream_close(s);
	CHECK_EQ(await_connect(ctx, FL_STR("tcp:no-such-host.invalid:80"), &s), FL_UNAVAILABLE);
	CHECK_EQ(await_connect(ctx, FL_STR("unix:/no/such/socket"), &s), FL_UNAVAILABLE);
	CHECK_EQ(await_connect(ctx, FL_STR("nonsense"), &s), FL_BAD_INPUT);
	CHECK_EQ(await_connect(ctx, FL_STR("host:70000"), &s), FL_BAD_INPUT);
	CHECK_EQ(await_connect(ctx, FL_STR("[::1]80"), &s), FL_BAD_INPUT);
	fl_listener_close(server.listener);
	return await_sleep(ctx, 5000);
}

static void names(void **state)
{
	run_task(names_task, NULL);
}

/* ---- Unix socket files ---- */

static fl_err stale_task(fl_ctx *ctx, void *arg)
{
	const char *path = in_folder(ctx, "stale.sock");
	fl_str address = fl_str_fmt(ctx->mem, "unix:%s", path);
	struct echo_server server;
	struct stat st;

	echo_start(ctx, &server, address);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	/* As after a crash: the socket goes, the file stays. */
	CHECK_EQ(rename(path, in_folder(ctx, "kept.sock")), 0);
	fl_listener_close(server.listener);
	CHECK_EQ(rename(in_folder(ctx, "kept.sock"), path), 0);
	echo_start(ctx, &server, address);
	fl_listener_close(server.listener);
	CHECK_EQ(stat(path, &st), -1);
	return FL_OK;
}

static void stale(void **state)
{
	run_task(stale_task, NULL);
}

/* ---- Several loops on one port ---- */

struct shard {
	fl_loop *loop;
	fl_listener *listener;
	pthread_t thread;
	_Atomic int accepted;
};

static void shard_accept(void *arg, fl_stream *s)
{
	struct shard *shard = arg;
	shard->accepted++;
	fl_stream_close(s);
}

static void *shard_run(void *arg)
{
	struct shard *shard = arg;
	fl_loop_run(shard->loop);
	fl_listener_close(shard->listener);
	return NULL;
}

static fl_err connect_many(fl_ctx *ctx, void *arg)
{
	struct shard *shards = arg;
	char buf[1];
	size_t len;
	for (int i = 0; i < 60; i++) {
		fl_stream *s;
		FL_TRY(await_connect(ctx, fl_listener_address(shards[0].listener), &s));
		CHECK_EQ(await_read(ctx, s, buf, 1, &len), FL_OK);
		CHECK_EQ(len, 0);
		fl_stream_close(s);
	}
	return FL_OK;
}

static void reuse_port(void **state)
{
	struct shard shards[2] = {};
	fl_str address = FL_STR("tcp:127.0.0.1:0");
	fl_diag diag;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fl_loop_new(NULL, &shards[i].loop), FL_OK);
		fl_listen_opts opts = {
			.address = address, .reuse_port = true, .fn = shard_accept, .arg = &shards[i]
		};
		assert_int_equal(fl_listen(shards[i].loop, &opts, &diag, &shards[i].listener), FL_OK);
		address = fl_listener_address(shards[0].listener);
	}
	for (int i = 0; i < 2; i++)
		pthread_create(&shards[i].thread, NULL, shard_run, &shards[i]);
	run_task(connect_many, shards);
	for (int i = 0; i < 2; i++) {
		fl_loop_stop(shards[i].loop);
		pthread_join(shards[i].thread, NULL);
		fl_loop_free(shards[i].loop);
		assert_true(shards[i].accepted > 0);
	}
	assert_int_equal(shards[0].accepted + shards[1].accepted, 60);
}

/* ---- Without coroutines ---- */

struct idle {
	fl_stream *s;
	char got[64];
	size_t len;
	int calls, written;
	fl_err written_err;
	bool ended;
};

static void idle_readable(void *arg)
{
	struct idle *i = arg;
	size_t len;
	i->calls++;
	/* One byte at a time: called again for the rest. */
	CHECK_EQ(fl_stream_try_read(i->s, i->got + i->len, 1, &len), FL_OK);
	i->len += len;
	if (len == 0) {
		i->ended = true;
		fl_stream_close(i->s);
	}
}

static void idle_written(void *arg, fl_err err)
{
	struct idle *i = arg;
	i->written++;
	i->written_err = err;
}

static void idle_writable(void *arg)
{
	((struct idle *)arg)->written += 100;
}

static fl_err callback_task(fl_ctx *ctx, void *arg)
{
	int ends[2];
	fl_stream *ours;
	struct idle idle = {};
	size_t len;
	char buf[4096];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	FL_TRY(fl_stream_open(ctx->loop, ends[0], &ours));
	FL_TRY(fl_stream_open(ctx->loop, ends[1], &idle.s));
	CHECK_EQ(fl_stream_try_read(idle.s, buf, 1, &len), FL_AGAIN);
	fl_stream_on_readable(idle.s, idle_readable, &idle);
	FL_TRY(await_write_bytes(ctx, ours, FL_STR("abc")));
	UNTIL(idle.len == 3);
	fl_stream_read_stop(idle.s);
	FL_TRY(await_write_bytes(ctx, ours, FL_STR("def")));
	FL_TRY(await_sleep(ctx, 3000));
	CHECK_EQ(idle.len, 3);

	/* Written at once: no callback. Too much: the rest follows as the other side reads. */
	struct iovec iov = { "small", 5 };
	CHECK_EQ(fl_stream_write(idle.s, &iov, 1, idle_written, &idle), FL_OK);
	CHECK_EQ(idle.written, 0);
	FL_TRY(await_read_all(ctx, ours, buf, 5));
	char *big = calloc(1, BULK);
	iov = (struct iovec){ big, BULK };
	CHECK_EQ(fl_stream_write(idle.s, &iov, 1, idle_written, &idle), FL_AGAIN);
	for (size_t at = 0; at < BULK; at += len)
		FL_TRY(await_read(ctx, ours, buf, sizeof buf, &len));
	UNTIL(idle.written == 1);
	CHECK_EQ(idle.written_err, FL_OK);

	/* The socket is full, then not. */
	for (;;) {
		iov = (struct iovec){ big, BULK };
		FL_TRY(fl_stream_try_write(idle.s, &iov, 1, &len));
		if (len == 0)
			break;
	}
	fl_stream_on_writable(idle.s, idle_writable, &idle);
	FL_TRY(await_sleep(ctx, 1000));
	CHECK_EQ(idle.written, 1);
	fl_ctx child;
	fl_ctx_derive(&child, ctx, 200000);
	while (await_read(&child, ours, buf, sizeof buf, &len) == FL_OK)
		;
	fl_ctx_fini(&child);
	CHECK_EQ(idle.written, 101);

	/* A write under way when the peer goes. */
	iov = (struct iovec){ big, BULK };
	CHECK_EQ(fl_stream_write(idle.s, &iov, 1, idle_written, &idle), FL_AGAIN);
	fl_stream_on_readable(idle.s, idle_readable, &idle);
	fl_stream_shutdown(ours);
	UNTIL(idle.ended);
	CHECK_EQ(idle.len, 6);
	fl_stream_close(ours);
	free(big);
	return FL_OK;
}

static void callbacks(void **state)
{
	run_task(callback_task, NULL);
}

static fl_err reads(fl_ctx *ctx, void *arg)
{
	char buf[8];
	size_t len;
	return await_read(ctx, arg, buf, sizeof buf, &len);
}

static fl_err writes(fl_ctx *ctx, void *arg)
{
	char *big = calloc(1, BULK);
	fl_err err = await_write_bytes(ctx, arg, fl_str_make(big, BULK));
	free(big);
	return err;
}

static fl_err close_task(fl_ctx *ctx, void *arg)
{
	int ends[2];
	fl_stream *a, *b;
	fl_group g;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	FL_TRY(fl_stream_open(ctx->loop, ends[0], &a));
	FL_TRY(fl_stream_open(ctx->loop, ends[1], &b));
	fl_group_init(&g, ctx);
	fl_group_go(&g, reads, a);
	fl_group_go(&g, writes, a);
	fl_stream_close(a);
	CHECK_EQ(await_group(&g), FL_CLOSED);
	fl_group_init(&g, ctx);
	fl_group_go(&g, writes, b); /* the other end is gone: an error, no SIGPIPE */
	CHECK_EQ(await_group(&g), FL_CLOSED);
	fl_stream_close(b);

	/* A cancelled reader leaves the stream usable. */
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	FL_TRY(fl_stream_open(ctx->loop, ends[0], &a));
	FL_TRY(fl_stream_open(ctx->loop, ends[1], &b));
	fl_ctx child;
	fl_ctx_derive(&child, ctx, 0);
	fl_group_init(&g, &child);
	fl_group_go(&g, reads, a);
	fl_ctx_cancel(&child);
	CHECK_EQ(await_group(&g), FL_CANCELLED);
	fl_ctx_fini(&child);
	fl_group_init(&g, ctx);
	fl_group_go(&g, reads, a);
	FL_TRY(await_write_bytes(ctx, b, FL_STR("x")));
	FL_TRY(await_group(&g));
	fl_stream_close(a);
	fl_stream_close(b);
	return FL_OK;
}

static void closing(void **state)
{
	run_task(close_task, NULL);
}

/* ---- Descriptors ---- */

static void on_poll(void *arg, int events)
{
	*(int *)arg += 1;
}

static fl_err signal_soon(fl_ctx *ctx, void *arg)
{
	FL_TRY(await_sleep(ctx, 2000));
	CHECK_EQ(eventfd_write(*(int *)arg, 1), 0);
	return FL_OK;
}

static fl_err poll_task(fl_ctx *ctx, void *arg)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), got = 0, calls = 0;
	eventfd_t value;
	fl_group g;
	fl_poll *p;

	CHECK_EQ(await_fd(ctx, fd, FL_WRITE), FL_OK);
	fl_group_init(&g, ctx);
	fl_group_go(&g, signal_soon, &fd);
	CHECK_EQ(await_fd(ctx, fd, FL_READ), FL_OK);
	CHECK_EQ(eventfd_read(fd, &value), 0);

	FL_TRY(fl_poll_open(ctx->loop, fd, &p));
	CHECK_EQ(await_poll(ctx, p, FL_READ | FL_WRITE, &got), FL_OK);
	CHECK_EQ(got, FL_WRITE);
	fl_group_go(&g, signal_soon, &fd);
	CHECK_EQ(await_poll(ctx, p, FL_READ, &got), FL_OK);
	CHECK_EQ(got, FL_READ);
	fl_poll_start(p, FL_READ, on_poll, &calls);
	UNTIL(calls >= 1);
	CHECK_EQ(eventfd_read(fd, &value), 0);
	int before = calls;
	FL_TRY(await_sleep(ctx, 3000));
	CHECK_EQ(calls, before);
	fl_ctx child;
	fl_ctx_derive(&child, ctx, 2000);
	CHECK_EQ(await_poll(&child, p, FL_READ, NULL), FL_TIMEOUT);
	fl_ctx_fini(&child);
	fl_poll_close(p);
	FL_TRY(await_group(&g));
	close(fd);
	return FL_OK;
}

static void polls(void **state)
{
	run_task(poll_task, NULL);
}

static fl_err pass_task(fl_ctx *ctx, void *arg)
{
	int ends[2], file, fd;
	fl_stream *a, *b;
	char buf[32];
	size_t len;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	FL_TRY(fl_stream_open(ctx->loop, ends[0], &a));
	FL_TRY(fl_stream_open(ctx->loop, ends[1], &b));
	FL_TRY(await_file_open(ctx, in_folder(ctx, "passed"), O_RDWR | O_CREAT, 0600, &file));
	FL_TRY(await_file_write(ctx, file, "secret", 6, 0));
	FL_TRY(await_write_fd(ctx, a, FL_STR("here"), file));
	close(file);
	FL_TRY(await_read_fd(ctx, b, buf, sizeof buf, &len, &fd));
	CHECK_EQ(len, 4);
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) & FD_CLOEXEC);
	FL_TRY(await_file_read(ctx, fd, buf, sizeof buf, 2, &len));
	CHECK(fl_str_eq(fl_str_make(buf, len), FL_STR("cret")));
	close(fd);
	FL_TRY(await_write_bytes(ctx, a, FL_STR("none")));
	FL_TRY(await_read_fd(ctx, b, buf, sizeof buf, &len, &fd));
	CHECK_EQ(fd, -1);
	fl_stream_close(a);
	fl_stream_close(b);
	return FL_OK;
}

static void pass_descriptors(void **state)
{
	run_task(pass_task, NULL);
}

/* ---- Files ---- */

static fl_err count_bytes(fl_ctx *ctx, void *arg)
{
	struct {
		fl_stream *s;
		size_t len;
	} *r = arg;
	char buf[8192];
	size_t len;
	do {
		FL_TRY(await_read(ctx, r->s, buf, sizeof buf, &len));
		r->len += len;
	} while (len > 0);
	return FL_OK;
}

static fl_err file_task(fl_ctx *ctx, void *arg)
{
	const char *path = in_folder(ctx, "file");
	fl_str text;
	int fd, ends[2];
	int64_t size;

	CHECK_EQ(await_file_get(ctx, path, 100, &text), FL_NOT_FOUND);
	FL_TRY(await_file_put(ctx, path, FL_STR("first"), 0600));
	FL_TRY(await_file_put(ctx, path, FL_STR("second"), 0600));
	FL_TRY(await_file_get(ctx, path, 100, &text));
	CHECK(fl_str_eq(text, FL_STR("second")));
	CHECK_EQ(await_file_get(ctx, path, 5, &text), FL_TOO_LARGE);
	CHECK_EQ(fl_faults_set("io.disk_full"), FL_OK);
	CHECK_EQ(await_file_put(ctx, path, FL_STR("third"), 0600), FL_DISK_FULL);
	CHECK_EQ(fl_faults_set(NULL), FL_OK);
	FL_TRY(await_file_get(ctx, path, 100, &text));
	CHECK(fl_str_eq(text, FL_STR("second")));
	FL_TRY(await_file_rename(ctx, path, in_folder(ctx, "moved")));
	CHECK_EQ(await_file_unlink(ctx, path), FL_NOT_FOUND);
	CHECK_EQ(await_file_open(ctx, in_folder(ctx, "moved"), O_RDWR | O_CREAT | O_EXCL, 0600, &fd),
		 FL_DUPLICATE);
	FL_TRY(await_file_open(ctx, in_folder(ctx, "moved"), O_RDWR, 0, &fd));
	FL_TRY(await_file_write(ctx, fd, "!", 1, 3 << 20));
	FL_TRY(await_file_sync(ctx, fd));
	FL_TRY(await_file_size(ctx, fd, &size));
	CHECK_EQ(size, (3 << 20) + 1);

	struct {
		fl_stream *s;
		size_t len;
	} reader = {};
	fl_stream *s;
	fl_group g;
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	FL_TRY(fl_stream_open(ctx->loop, ends[0], &s));
	FL_TRY(fl_stream_open(ctx->loop, ends[1], &reader.s));
	fl_group_init(&g, ctx);
	fl_group_go(&g, count_bytes, &reader);
	FL_TRY(await_write_file(ctx, s, fd, 1, 3 << 20));
	CHECK_EQ(await_write_file(ctx, s, fd, 3 << 20, 5), FL_CLOSED);
	fl_stream_close(s);
	FL_TRY(await_group(&g));
	CHECK_EQ(reader.len, (3 << 20) + 1);
	fl_stream_close(reader.s);
	close(fd);
	return await_file_unlink(ctx, in_folder(ctx, "moved"));
}

static void files(void **state)
{
	run_task(file_task, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_echo),  cmocka_unit_test(tcp6_echo),        cmocka_unit_test(unix_echo),
		cmocka_unit_test(names),     cmocka_unit_test(stale),            cmocka_unit_test(reuse_port),
		cmocka_unit_test(callbacks), cmocka_unit_test(closing),          cmocka_unit_test(polls),
		cmocka_unit_test(files),     cmocka_unit_test(pass_descriptors),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
