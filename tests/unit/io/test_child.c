/* io: child processes. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io_test.h"

#define SHELL(text) (const char *const[]){ "sh", "-c", text, NULL }

static fl_err read_to_end(fl_ctx *ctx, fl_stream *s, char *buf, size_t cap)
{
	size_t at = 0, len;
	do {
		FL_TRY(await_read(ctx, s, buf + at, cap - 1 - at, &len));
		at += len;
	} while (len > 0);
	buf[at] = '\0';
	return FL_OK;
}

static void expect_text(const char *got, const char *expected)
{
	if (strcmp(got, expected) != 0) {
		fprintf(stderr, "got '%s', not '%s'\n", got, expected);
		abort();
	}
}

static fl_err pipes_task(fl_ctx *ctx, void *arg)
{
	fl_child *c;
	char out[4096], err[4096];
	int status;

	FL_TRY(fl_child_spawn(ctx->loop, &(fl_spawn_opts){ .path = "/bin/sh",
		.argv = SHELL("read line; echo got $line; echo oops >&2; exit 7"), .in = FL_STDIO_STREAM,
		.out = FL_STDIO_STREAM, .err = FL_STDIO_STREAM }, &ctx->diag, &c));
	FL_TRY(await_write_bytes(ctx, fl_child_in(c), FL_STR("a line\n")));
	fl_child_in_close(c);
	FL_TRY(read_to_end(ctx, fl_child_out(c), out, sizeof out));
	FL_TRY(read_to_end(ctx, fl_child_err(c), err, sizeof err));
	expect_text(out, "got a line\n");
	expect_text(err, "oops\n");
	FL_TRY(await_child(ctx, c, &status));
	CHECK_EQ(status, 7);
	FL_TRY(await_child(ctx, c, &status)); /* and again */
	CHECK_EQ(status, 7);
	fl_child_free(c);
	return FL_OK;
}

static void pipes(void **state)
{
	run_task(pipes_task, NULL);
}

static fl_err clean_task(fl_ctx *ctx, void *arg)
{
	fl_child *c;
	char out[4096];
	int status;
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec: closed all the same */
	CHECK(leak >= 0);

	FL_TRY(fl_child_spawn(ctx->loop, &(fl_spawn_opts){ .path = "/usr/bin/env",
		.argv = (const char *const[]){ "env", NULL }, .out = FL_STDIO_STREAM }, &ctx->diag, &c));
	FL_TRY(read_to_end(ctx, fl_child_out(c), out, sizeof out));
	expect_text(out, "");
	FL_TRY(await_child(ctx, c, &status));
	CHECK_EQ(status, 0);
	fl_child_free(c);

	FL_TRY(fl_child_spawn(ctx->loop,
			      &(fl_spawn_opts){ .path = "/bin/sh",
						.argv = SHELL("echo $A; pwd; umask; /bin/ls /proc/$$/fd"),
						.env = (const char *const[]){ "A=b", NULL },
						.cwd = "/",
						.umask = 027,
						.out = FL_STDIO_STREAM },
			      &ctx->diag, &c));
	FL_TRY(read_to_end(ctx, fl_child_out(c), out, sizeof out));
	expect_text(out, "b\n/\n0027\n0\n1\n2\n");
	FL_TRY(await_child(ctx, c, NULL));
	fl_child_free(c);
	close(leak);
	return FL_OK;
}

static void clean(void **state)
{
	run_task(clean_task, NULL);
}

static fl_err channel_task(fl_ctx *ctx, void *arg)
{
	fl_child *c;
	char out[64];
	int pipe_ends[2], file;

	CHECK_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
	file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* Sources and targets overlap: each ends where it was asked for. */
	fl_child_fd fds[] = { { pipe_ends[0], 5 }, { file, 4 } };
	FL_TRY(fl_child_spawn(
		ctx->loop,
		&(fl_spawn_opts){ .path = "/bin/sh",
				  .argv = SHELL("read a <&3; read b <&5; echo $a $b >&3; /bin/cat <&4 >&3"),
				  .channel = true,
				  .fds = fds,
				  .fd_count = 2,
				  .err = FL_STDIO_INHERIT },
		&ctx->diag, &c));
	CHECK_EQ(write(pipe_ends[1], "pipe\n", 5), 5);
	FL_TRY(await_write_bytes(ctx, fl_child_channel(c), FL_STR("channel\n")));
	FL_TRY(read_to_end(ctx, fl_child_channel(c), out, sizeof out));
	expect_text(out, "channel pipe\n");
	FL_TRY(await_child(ctx, c, NULL));
	fl_child_free(c);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	close(file);
	return FL_OK;
}

static void channels(void **state)
{
	run_task(channel_task, NULL);
}

static fl_err errors_task(fl_ctx *ctx, void *arg)
{
	fl_child *c;
	CHECK_EQ(fl_child_spawn(ctx->loop, &(fl_spawn_opts){ .path = "/no/such/program", .argv = SHELL("") },
				&ctx->diag, &c),
		 FL_NOT_FOUND);
	CHECK(strstr(ctx->diag.text, "/no/such/program"));
	CHECK_EQ(fl_child_spawn(ctx->loop, &(fl_spawn_opts){ .path = "/etc/passwd", .argv = SHELL("") },
				&ctx->diag, &c),
		 FL_DENIED);
	CHECK_EQ(fl_child_spawn(ctx->loop,
				&(fl_spawn_opts){ .path = "/bin/sh", .argv = SHELL(""), .cwd = "/no/such" },
				&ctx->diag, &c),
		 FL_NOT_FOUND);
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1); /* no zombies */
	return FL_OK;
}

static void errors(void **state)
{
	run_task(errors_task, NULL);
}

static void exited(void *arg, int status)
{
	*(int *)arg = status;
}

static fl_err kill_task(fl_ctx *ctx, void *arg)
{
	fl_child *c;
	int status = -1;

	FL_TRY(fl_child_spawn(ctx->loop, &(fl_spawn_opts){ .path = "/bin/sleep",
		.argv = (const char *const[]){ "sleep", "100", NULL } }, &ctx->diag, &c));
	fl_child_on_exit(c, exited, &status);
	fl_ctx child;
	fl_ctx_derive(&child, ctx, 10000);
	CHECK_EQ(await_child(&child, c, NULL), FL_TIMEOUT);
	fl_ctx_fini(&child);
	fl_child_kill(c, SIGKILL);
	FL_TRY(await_child(ctx, c, NULL));
	CHECK_EQ(status, 128 + SIGKILL);
	fl_child_kill(c, SIGKILL); /* nothing */
	fl_child_free(c);

	/* One that ignores SIGTERM, with a child of its own: the whole group goes. */
	FL_TRY(fl_child_spawn(
		ctx->loop,
		&(fl_spawn_opts){ .path = "/bin/sh",
				  .group = true,
				  .out = FL_STDIO_STREAM,
				  .argv = SHELL("trap '' TERM; echo ready; /bin/sleep 100; /bin/sleep 100") },
		&ctx->diag, &c));
	char ready[8];
	size_t len;
	FL_TRY(await_read(ctx, fl_child_out(c), ready, sizeof ready, &len));
	int64_t before = fl_mono_us();
	await_child_stop(ctx, c, 50000);
	CHECK(fl_mono_us() - before >= 49000);
	FL_TRY(await_child(ctx, c, &status));
	CHECK_EQ(status, 128 + SIGKILL);
	FL_TRY(await_read(ctx, fl_child_out(c), ready, sizeof ready,
			  &len)); /* no one holds the pipe any more */
	CHECK_EQ(len, 0);
	fl_child_free(c);

	/* Freed while it lives: killed and reaped behind our back. */
	FL_TRY(fl_child_spawn(ctx->loop, &(fl_spawn_opts){ .path = "/bin/sleep",
		.argv = (const char *const[]){ "sleep", "100", NULL } }, &ctx->diag, &c));
	pid_t pid = fl_child_pid(c);
	fl_child_free(c);
	for (int i = 0; i < 200 && kill(pid, 0) == 0; i++)
		FL_TRY(await_sleep(ctx, 5000));
	CHECK_EQ(kill(pid, 0), -1);
	return FL_OK;
}

static void kills(void **state)
{
	run_task(kill_task, NULL);
}

static fl_err drop_task(fl_ctx *ctx, void *arg)
{
	fl_child *c;
	char out[256];
	FL_TRY(fl_child_spawn(
		ctx->loop,
		&(fl_spawn_opts){ .path = "/bin/sh",
				  .out = FL_STDIO_STREAM,
				  .argv = SHELL("/usr/bin/id -u; /usr/bin/id -g; /usr/bin/id -G"),
				  .drop = true,
				  .uid = 65534,
				  .gid = 65534,
				  .death_signal = SIGKILL },
		&ctx->diag, &c));
	FL_TRY(read_to_end(ctx, fl_child_out(c), out, sizeof out));
	expect_text(out, "65534\n65534\n65534\n");
	FL_TRY(await_child(ctx, c, NULL));
	fl_child_free(c);
	return FL_OK;
}

static void drops(void **state)
{
	if (getuid() != 0)
		skip();
	run_task(drop_task, NULL);
}

static fl_err one_of_many(fl_ctx *ctx, void *arg)
{
	fl_child *c;
	int status;
	char text[32];
	snprintf(text, sizeof text, "exit %d", *(int *)arg);
	FL_TRY(fl_child_spawn(ctx->loop, &(fl_spawn_opts){ .path = "/bin/sh", .argv = SHELL(text) },
			      &ctx->diag, &c));
	FL_TRY(await_child(ctx, c, &status));
	CHECK_EQ(status, *(int *)arg);
	fl_child_free(c);
	return FL_OK;
}

static fl_err many_task(fl_ctx *ctx, void *arg)
{
	fl_group g;
	int numbers[40];
	fl_group_init(&g, ctx);
	for (int i = 0; i < 40; i++) {
		numbers[i] = i;
		fl_group_go(&g, one_of_many, &numbers[i]);
	}
	return await_group(&g);
}

static void many(void **state)
{
	run_task(many_task, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipes),  cmocka_unit_test(clean), cmocka_unit_test(channels),
		cmocka_unit_test(errors), cmocka_unit_test(kills), cmocka_unit_test(drops),
		cmocka_unit_test(many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
