/* A private Redis: started as a child that dies with us, asked until it answers. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/redis_int.h"

struct fl_redis_server {
	fl_child *child;
	char url[FL_ADDRESS_MAX + 8];
};

struct paths {
	char run[PATH_MAX], data[PATH_MAX], socket[PATH_MAX], log[PATH_MAX];
};

/* ---- Folders ---- */

static fl_err make_folder(fl_ctx *ctx, const fl_redis_server_opts *o, const char *path)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fl_fail(&ctx->diag, FL_IO, "%s: %s", path, strerror(errno));
	if (o->drop && chown(path, o->uid, o->gid) != 0)
		return fl_fail(&ctx->diag, FL_IO, "%s: %s", path, strerror(errno));
	return FL_OK;
}

static fl_err make_paths(fl_ctx *ctx, const fl_redis_server_opts *o, struct paths *p)
{
	snprintf(p->run, sizeof p->run, "%s/run", o->home);
	snprintf(p->data, sizeof p->data, "%s/redis", o->home);
	if (snprintf(p->socket, sizeof p->socket, "%s/run/redis.sock", o->home) > 107)
		return fl_fail(&ctx->diag, FL_BAD_INPUT,
			       "%s: this folder's name is too long for a socket in it", o->home);
	snprintf(p->log, sizeof p->log, "%s/redis/redis.log", o->home);
	FL_TRY(make_folder(ctx, o, p->run));
	return make_folder(ctx, o, p->data);
}

/* ---- Before ---- */

/* redis-check-rdb of redis-tools is the server; the package redis-server only adds a link and a system
 * service. */
static fl_err find_program(fl_ctx *ctx, const fl_redis_server_opts *o, const char **out)
{
	static const char *const places[] = {
		"/usr/bin/redis-server",
		"/usr/local/bin/redis-server",
		"/usr/bin/redis-check-rdb",
		"/usr/local/bin/redis-check-rdb",
	};

	*out = o->program;
	if (o->program)
		return FL_OK;
	for (size_t i = 0; i < FL_COUNT(places) && !*out; i++)
		if (access(places[i], X_OK) == 0)
			*out = places[i];
	return *out ? FL_OK
		    : fl_fail(&ctx->diag, FL_NOT_FOUND,
			      "Redis is not installed: apt-get install redis-tools");
}

/* One question to whoever answers at the socket. FL_OK: the answer starts with `expected`. */
static fl_err await_question(fl_ctx *ctx, fl_str url, fl_str question, fl_str expected)
{
	char text[64];
	size_t len;
	fl_stream *s;

	FL_TRY(await_connect(ctx, url, &s));
	fl_err err = await_write_bytes(ctx, s, question);
	if (err == FL_OK)
		err = await_read(ctx, s, text, sizeof text, &len);
	fl_stream_close(s);
	FL_TRY(err);
	return fl_str_starts(fl_str_make(text, len), expected) ? FL_OK : FL_UNAVAILABLE;
}

enum { ASK_US = 10000, LEFTOVER_ROUNDS = 500 };

/* A server that outlived its parent would write the same files. */
static fl_err await_leftover_gone(fl_ctx *ctx, fl_str url)
{
	for (int i = 0; i < LEFTOVER_ROUNDS; i++) {
		fl_stream *s;
		if (await_connect(ctx, url, &s) != FL_OK)
			return fl_ctx_check(ctx);
		fl_err err = i % 100 == 0 ? await_write_bytes(ctx, s, FL_STR("SHUTDOWN\r\n")) : FL_OK;
		fl_stream_close(s);
		if (err != FL_OK && err != FL_CLOSED)
			return err;
		FL_TRY(await_sleep(ctx, ASK_US));
	}
	return fl_fail(&ctx->diag, FL_IN_USE, "another Redis answers at %" FL_FMT " and does not stop",
		       FL_ARG(url));
}

/* ---- Start ---- */

enum { LOG_BYTES_MAX = 1 << 20 };

static int open_log(const fl_redis_server_opts *o, const char *path)
{
	struct stat st;
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;

	if (stat(path, &st) == 0 && st.st_size > LOG_BYTES_MAX)
		flags |= O_TRUNC;
	int fd = open(path, flags, 0600);
	if (fd >= 0 && o->drop && fchown(fd, o->uid, o->gid) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static fl_err spawn(fl_ctx *ctx, const fl_redis_server_opts *o, const char *program, const struct paths *p,
		    fl_child **out)
{
	char memory[24];
	int log = open_log(o, p->log);

	if (log < 0)
		return fl_fail(&ctx->diag, FL_IO, "%s: %s", p->log, strerror(errno));
	snprintf(memory, sizeof memory, "%umb", o->memory_mb ? o->memory_mb : 256);
	const char *argv[] = {
		"redis-server", "--daemonize", "no", "--logfile", "", "--set-proc-title", "no",
		"--port", "0", "--unixsocket", p->socket, "--unixsocketperm", "700",
		"--dir", p->data, "--save", "", "--appendonly", o->keep ? "yes" : "no", "--appendfsync", "everysec",
		"--maxmemory", memory, "--maxmemory-policy", "allkeys-lru", NULL,
	};
	static const char *const env[] = { "LANG=C.UTF-8", "PATH=/usr/bin:/bin", NULL };
	fl_spawn_opts child = {
		.path = program, .argv = argv, .env = env, .cwd = p->data, .umask = 077, .group = true,
		.out = FL_STDIO_FD, .out_fd = log, .err = FL_STDIO_FD, .err_fd = log,
		.drop = o->drop, .uid = o->uid, .gid = o->gid, .death_signal = SIGTERM,
	};
	fl_err err = fl_child_spawn(ctx->loop, &child, &ctx->diag, out);
	close(log);
	return err;
}

/* The last line of its log, for a person. */
static fl_err report_end(fl_ctx *ctx, const char *path, int status)
{
	char text[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd >= 0) {
		off_t size = lseek(fd, 0, SEEK_END);
		n = pread(fd, text, sizeof text, FL_MAX(size - (off_t)sizeof text, 0));
		close(fd);
	}
	fl_str all = fl_str_trim(fl_str_make(text, (size_t)FL_MAX(n, 0))), line = all;
	for (size_t i = all.len; i-- > 0 && line.len == all.len;)
		if (all.ptr[i] == '\n')
			line = fl_str_slice(all, i + 1, all.len);
	return fl_fail(&ctx->diag, FL_UNAVAILABLE, "Redis ended with status %d: %" FL_FMT " (%s)", status,
		       FL_ARG(line), path);
}

static fl_err await_answering(fl_ctx *ctx, const fl_redis_server *server, const char *log)
{
	for (;;) {
		fl_ctx moment;
		int status;

		fl_ctx_derive(&moment, ctx, ASK_US);
		fl_err err = await_child(&moment, server->child, &status);
		fl_ctx_fini(&moment);
		if (err == FL_OK)
			return report_end(ctx, log, status);
		FL_TRY(fl_ctx_check(ctx));
		if (await_question(ctx, fl_str_z(server->url), FL_STR("PING\r\n"), FL_STR("+PONG")) == FL_OK)
			return FL_OK;
	}
}

fl_err await_redis_server_start(fl_ctx *ctx, const fl_redis_server_opts *o, fl_redis_server **out)
{
	struct paths p;
	const char *program;

	FL_TRY(find_program(ctx, o, &program));
	FL_TRY(make_paths(ctx, o, &p));
	fl_redis_server *server = calloc(1, sizeof *server);
	if (!server)
		return FL_NOMEM;
	snprintf(server->url, sizeof server->url, "unix:%.107s", p.socket);
	fl_err err = await_leftover_gone(ctx, fl_str_z(server->url));
	if (err == FL_OK)
		err = spawn(ctx, o, program, &p, &server->child);
	if (err == FL_OK)
		err = await_answering(ctx, server, p.log);
	if (err != FL_OK) {
		fl_child_free(server->child);
		free(server);
		return err;
	}
	*out = server;
	return FL_OK;
}

/* ---- Life ---- */

fl_str fl_redis_server_url(const fl_redis_server *server)
{
	return fl_str_z(server->url);
}

pid_t fl_redis_server_pid(const fl_redis_server *server)
{
	return fl_child_pid(server->child);
}

fl_err await_redis_server_end(fl_ctx *ctx, fl_redis_server *server, int *status)
{
	return await_child(ctx, server->child, status);
}

void await_redis_server_stop(fl_ctx *ctx, fl_redis_server *server, int64_t grace_us)
{
	if (!server)
		return;
	await_child_stop(ctx, server->child, grace_us);
	fl_child_free(server->child);
	free(server);
}
