/* Child processes. vfork keeps the start cheap whatever this process weighs: until exec the child borrows our
 * memory, so it only makes plain system calls (glibc's setuid would signal our other threads). Its end is an
 * event of a pidfd; on kernels without (before 5.3), a timer asks. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/io_int.h"

struct child_waiter {
	fl_wait wait;
	fl_io_link link;
};

struct fl_child {
	fl_loop *loop;
	pid_t pid;
	bool group, ended, freed;
	int status;
	int pidfd;      /* -1: the timer asks */
	fl_poll *poll;
	fl_timer timer;
	fl_stream *in, *out, *err, *channel;
	fl_io_link waiters;
	fl_io_link dying; /* among the loop's, once freed */
	void (*fn)(void *arg, int status);
	void *arg;
};

enum { ASK_US = 20000 };

/* ---- The end ---- */

static void destroy(fl_child *c)
{
	if (c->freed)
		ring_remove(&c->dying);
	fl_timer_stop(&c->timer);
	fl_poll_close(c->poll);
	if (c->pidfd >= 0)
		close(c->pidfd);
	free(c);
}

static bool reap(fl_child *c)
{
	int status;
	pid_t got;

	do
		got = waitpid(c->pid, &status, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	c->ended = true;
	c->status = got < 0 ? 255 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	fl_timer_stop(&c->timer);
	fl_poll_close(c->poll);
	c->poll = NULL;
	if (c->freed) {
		destroy(c);
		return true;
	}
	for (fl_io_link *l = c->waiters.next; l != &c->waiters; l = l->next)
		fl_wake(&FL_CONTAINER(l, struct child_waiter, link)->wait, FL_OK);
	if (c->fn)
		c->fn(c->arg, c->status);
	return true;
}

static void on_pidfd(void *arg, int events)
{
	reap(arg);
}

static void on_ask(void *arg)
{
	fl_child *c = arg;
	if (!reap(c))
		fl_timer_start(c->loop, &c->timer, c->loop->now_us + ASK_US);
}

static void watch_end(fl_child *c)
{
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd >= 0 && fl_poll_open(c->loop, c->pidfd, &c->poll) == FL_OK)
		fl_poll_start(c->poll, FL_READ, on_pidfd, c);
	else
		fl_timer_start(c->loop, &c->timer, c->loop->now_us + ASK_US);
}

/* ---- The start ---- */

enum { FDS_MAX = 3 + 1 + FL_CHILD_FDS_MAX };

/* Everything prepared before vfork; the child only walks through it. */
struct start {
	const fl_spawn_opts *opts;
	fl_child_fd fds[FDS_MAX];
	int fd_count, fd_end; /* fd_end: first number that stays closed in the child */
	int close_after[FDS_MAX], close_count;
	pid_t parent;
	int report;           /* pipe on which the child says what failed; exec closes it */
};

struct failure {
	int number;           /* errno; 0: nothing failed */
	const char *step;     /* the same address on both sides, whether memory was borrowed or copied */
};

static void child_fail(struct start *s, const char *step)
{
	struct failure failure = { errno, step };
	if (write(s->report, &failure, sizeof failure) < 0)
		_exit(126);
	_exit(127);
}

static void child_fds(struct start *s)
{
	int report = fcntl(s->report, F_DUPFD_CLOEXEC, s->fd_end);
	if (report < 0)
		child_fail(s, "dup");
	s->report = report;
	/* First out of the way of all targets, then to their places: sources and targets may overlap in
	 * any way. */
	for (int i = 0; i < s->fd_count; i++) {
		int fd = fcntl(s->fds[i].from, F_DUPFD_CLOEXEC, s->fd_end);
		if (fd < 0)
			child_fail(s, "dup");
		s->fds[i].from = fd;
	}
	for (int i = 0; i < s->fd_count; i++)
		if (dup2(s->fds[i].from, s->fds[i].to) < 0)
			child_fail(s, "dup2");
	/* What is not a target goes, also numbers below fd_end that nobody asked for. */
	for (int fd = 3; fd < s->fd_end; fd++) {
		bool target = false;
		for (int i = 0; i < s->fd_count; i++)
			target |= s->fds[i].to == fd;
		if (!target)
			close(fd);
	}
	/* The rest at exec, so that the report can still be sent. */
	if (syscall(SYS_close_range, s->fd_end, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		for (int fd = s->fd_end; fd < 65536; fd++)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
}

__attribute__((noreturn)) static void child_main(struct start *s)
{
	const fl_spawn_opts *o = s->opts;
	struct sigaction standard = { .sa_handler = SIG_DFL };

	for (int signum = 1; signum < NSIG; signum++)
		sigaction(signum, &standard, NULL);
	if (o->group && setpgid(0, 0) != 0)
		child_fail(s, "setpgid");
	if (o->umask)
		umask(o->umask);
	if (o->cwd && chdir(o->cwd) != 0)
		child_fail(s, o->cwd);
	child_fds(s);
	if (o->drop) {
		if (syscall(SYS_setgroups, 0, NULL) != 0 && errno != EPERM)
			child_fail(s, "setgroups");
		if (syscall(SYS_setresgid, o->gid, o->gid, o->gid) != 0)
			child_fail(s, "setgid");
		if (syscall(SYS_setresuid, o->uid, o->uid, o->uid) != 0)
			child_fail(s, "setuid");
	}
	/* After the change of user, which clears it. */
	if (o->death_signal && prctl(PR_SET_PDEATHSIG, o->death_signal) != 0)
		child_fail(s, "prctl");
	if (o->death_signal && getppid() != s->parent) /* it died before we asked */
		_exit(127);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	static const char *const empty[] = { NULL };
	execve(o->path, (char *const *)o->argv, (char *const *)(o->env ? o->env : empty));
	child_fail(s, o->path);
	__builtin_unreachable();
}

/* Returns the child, or -1 with *failure. Under ThreadSanitizer vfork is fork; the pipe works with both. */
__attribute__((noinline)) static pid_t start_child(struct start *s, struct failure *failure)
{
	sigset_t all, before;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		*failure = (struct failure){ errno, "pipe" };
		return -1;
	}
	s->report = ends[1];
	/* Handlers must not run in the child while it borrows our memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = vfork();
	if (pid == 0)
		child_main(s);
	if (pid < 0)
		*failure = (struct failure){ errno, "fork" };
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (pid > 0) {
		ssize_t n;
		do
			n = read(ends[0], failure, sizeof *failure);
		while (n < 0 && errno == EINTR);
		if (n != (ssize_t)sizeof *failure)
			*failure = (struct failure){};
	}
	close(ends[0]);
	return pid;
}

static void add_fd(struct start *s, int from, int to)
{
	s->fds[s->fd_count++] = (fl_child_fd){ from, to };
	s->fd_end = FL_MAX(s->fd_end, to + 1);
}

static fl_err prepare_stdio(struct start *s, fl_child *c, fl_stdio kind, int fd, int to, fl_stream **ours,
			    fl_diag *diag)
{
	int ends[2];

	switch (kind) {
	case FL_STDIO_NULL:
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return fl_fail_errno(diag, errno, "/dev/null");
		s->close_after[s->close_count++] = fd;
		break;
	case FL_STDIO_INHERIT:
		fd = to;
		break;
	case FL_STDIO_FD:
		break;
	case FL_STDIO_STREAM:
		if (pipe2(ends, O_CLOEXEC) != 0)
			return fl_fail_errno(diag, errno, "pipe");
		int mine = to == 0 ? ends[1] : ends[0];
		fd = to == 0 ? ends[0] : ends[1];
		s->close_after[s->close_count++] = fd;
		fl_err err = fl_stream_open(c->loop, mine, ours);
		if (err != FL_OK) {
			close(mine);
			return err;
		}
		break;
	}
	add_fd(s, fd, to);
	return FL_OK;
}

static fl_err prepare_channel(struct start *s, fl_child *c, fl_diag *diag)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return fl_fail_errno(diag, errno, "socketpair");
	s->close_after[s->close_count++] = ends[1];
	fl_err err = fl_stream_open(c->loop, ends[0], &c->channel);
	if (err != FL_OK) {
		close(ends[0]);
		return err;
	}
	add_fd(s, ends[1], 3);
	return FL_OK;
}

static fl_err prepare(struct start *s, fl_child *c, fl_diag *diag)
{
	const fl_spawn_opts *o = s->opts;

	FL_TRY(prepare_stdio(s, c, o->in, o->in_fd, 0, &c->in, diag));
	FL_TRY(prepare_stdio(s, c, o->out, o->out_fd, 1, &c->out, diag));
	FL_TRY(prepare_stdio(s, c, o->err, o->err_fd, 2, &c->err, diag));
	if (o->channel)
		FL_TRY(prepare_channel(s, c, diag));
	for (int i = 0; i < o->fd_count; i++) {
		assert(o->fds[i].to >= (o->channel ? 4 : 3));
		add_fd(s, o->fds[i].from, o->fds[i].to);
	}
	return FL_OK;
}

fl_err fl_child_spawn(fl_loop *loop, const fl_spawn_opts *opts, fl_diag *diag, fl_child **out)
{
	struct start s = { .opts = opts, .parent = getpid() };
	fl_child *c = calloc(1, sizeof *c);

	assert(opts->fd_count <= FL_CHILD_FDS_MAX);
	if (!c)
		return FL_NOMEM;
	c->loop = loop;
	c->pidfd = -1;
	c->group = opts->group;
	ring_init(&c->waiters);
	fl_timer_init(&c->timer, on_ask, c);
	fl_err err = FL_FAULT("io.spawn") ? FL_IO : prepare(&s, c, diag);
	if (err == FL_OK) {
		struct failure failure = {};
		c->pid = start_child(&s, &failure);
		if (c->pid > 0 && failure.number) /* it got as far as failing; take it away */
			while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
				;
		if (failure.number)
			err = fl_fail_errno(diag, failure.number, failure.step);
	}
	for (int i = 0; i < s.close_count; i++)
		close(s.close_after[i]);
	if (err != FL_OK) {
		c->ended = true;
		fl_child_free(c);
		return err;
	}
	watch_end(c);
	*out = c;
	return FL_OK;
}

/* ---- Life ---- */

pid_t fl_child_pid(const fl_child *c)
{
	return c->pid;
}

fl_stream *fl_child_in(fl_child *c)
{
	return c->in;
}

fl_stream *fl_child_out(fl_child *c)
{
	return c->out;
}

fl_stream *fl_child_err(fl_child *c)
{
	return c->err;
}

fl_stream *fl_child_channel(fl_child *c)
{
	return c->channel;
}

void fl_child_in_close(fl_child *c)
{
	fl_stream_close(c->in);
	c->in = NULL;
}

fl_err await_child(fl_ctx *ctx, fl_child *c, int *status)
{
	if (!c->ended) {
		struct child_waiter w;
		fl_wait_init(&w.wait);
		ring_add(&c->waiters, &w.link);
		fl_err err = await_wait(ctx, &w.wait);
		ring_remove(&w.link);
		FL_TRY(err);
	}
	if (status)
		*status = c->status;
	return FL_OK;
}

void fl_child_on_exit(fl_child *c, void (*fn)(void *arg, int status), void *arg)
{
	c->fn = fn;
	c->arg = arg;
}

void fl_child_kill(fl_child *c, int signum)
{
	/* Not yet reaped, so the number cannot belong to somebody else. */
	if (!c->ended)
		kill(c->group ? -c->pid : c->pid, signum);
}

void await_child_stop(fl_ctx *ctx, fl_child *c, int64_t grace_us)
{
	fl_ctx calm;

	fl_ctx_detach(&calm, ctx, FL_MAX(grace_us, 1));
	fl_child_kill(c, SIGTERM);
	if (await_child(&calm, c, NULL) != FL_OK) {
		fl_child_kill(c, SIGKILL);
		calm.deadline_us = FL_NEVER;
		if (await_child(&calm, c, NULL) != FL_OK)
			fl_warn("io: a killed child does not end");
	}
	fl_ctx_fini(&calm);
}

void fl_child_free(fl_child *c)
{
	if (!c)
		return;
	fl_stream_close(c->in);
	fl_stream_close(c->out);
	fl_stream_close(c->err);
	fl_stream_close(c->channel);
	c->in = c->out = c->err = c->channel = NULL;
	assert(ring_empty(&c->waiters));
	if (c->ended) {
		destroy(c);
		return;
	}
	c->freed = true;
	ring_add(&c->loop->dying, &c->dying);
	fl_child_kill(c, SIGKILL);
}

void fl_children_end(fl_loop *loop)
{
	while (!ring_empty(&loop->dying)) {
		fl_child *c = FL_CONTAINER(loop->dying.next, fl_child, dying);
		waitpid(c->pid, NULL, 0); /* it was killed: this is short */
		destroy(c);
	}
}
