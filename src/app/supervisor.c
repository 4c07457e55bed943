#include "app/supervisor.h"

#include "app/backup_site.h"
#include "app/environment.h"
#include "app/prepare.h"
#include "app/restarts.h"
#include "cache/redis.h"
#include "db/db.h"
#include "io/io.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PG_WATCH_MS = 100,
	STARTS_BEFORE_READY_MAX = 3, /* a server that never came up and died this often has a lasting reason */
	LOG_FILE_MAX = 32 << 20,
};
#define BACKOFF_FIRST_US (100 * 1000)
#define BACKOFF_MAX_US (5 * FL_SECOND_US)
#define STEADY_US (30 * FL_SECOND_US) /* who ran this long starts again at once */
#define READY_US (60 * FL_SECOND_US)
#define OLD_SERVER_US (20 * FL_SECOND_US)

typedef struct supervisor supervisor;

typedef struct process {
	supervisor *owner;
	const char *verb;
	fl_child *child;
	int64_t mark; /* where its log begins; -1: it writes none */
} process;

struct supervisor {
	const app_supervisor_opts *opts;
	fl_loop *loop;
	fl_ctx *ctx;          /* of the task; never cancelled */
	fl_ctx keep;          /* of the keepers; cancelled to stop */
	int program;          /* this program's file: PostgreSQL hands its log over by it */
	fl_pg_server *pg;
	fl_redis_server *redis;
	fl_str pg_url, redis_url;
	process serve, work;
	fl_wait stop;         /* woken by a signal or a failed start */
	bool stopping, ready;
	fl_diag *diag;
};

static void say(supervisor *s, const char *line)
{
	if (s->opts->say)
		s->opts->say(line);
}

static void say_line(void *arg, const char *line)
{
	say(arg, line);
}

/* ---- stopping ---- */

static void stop(supervisor *s, fl_err why)
{
	if (s->stopping)
		return;
	s->stopping = true;
	fl_wake(&s->stop, why);
}

static void on_signal(void *arg, int signum)
{
	supervisor *s = arg;
	(void)signum;
	if (!s->stopping) {
		stop(s, FL_OK);
		return;
	}
	if (s->serve.child)
		fl_child_kill(s->serve.child, SIGKILL);
	if (s->work.child)
		fl_child_kill(s->work.child, SIGKILL);
}

/* ---- keeping one thing alive ---- */

/* Waits before the next start: longer each time it dies young. False when all is being stopped. */
static bool pause_before_restart(fl_ctx *ctx, int64_t started_us, int64_t *backoff_us)
{
	if (fl_loop_now_us(ctx->loop) - started_us > STEADY_US)
		*backoff_us = BACKOFF_FIRST_US;
	fl_err err = await_sleep(ctx, *backoff_us);
	*backoff_us = FL_MIN(*backoff_us * 2, BACKOFF_MAX_US);
	return err == FL_OK;
}

static void how_it_ended(int status, char out[64])
{
	if (status > 128)
		snprintf(out, 64, "was killed (signal %d)", status - 128);
	else
		snprintf(out, 64, "ended (status %d)", status);
}

/* ---- PostgreSQL ---- */

static fl_err start_postgres(supervisor *s, fl_diag *diag)
{
	char log[PATH_MAX + 16], keep[APP_BACKUP_COMMAND_MAX];
	snprintf(log, sizeof(log), "%s/postgres.log", s->opts->home->log);
	FL_TRY(app_backup_keep_command(s->opts->config, s->opts->home, keep, diag));
	const fl_pg_server_opts opts = {
		.data = s->opts->home->pg,
		.run = s->opts->home->run,
		.log = log,
		.connections_max = 200,
		.archive_command = keep,
		.program_fd = s->program,
		.say = say_line,
		.arg = s,
	};
	/* After a kill -9 of an earlier `up` its PostgreSQL may still be shutting down. */
	for (int64_t until = fl_mono_us() + OLD_SERVER_US;;) {
		fl_err err = fl_pg_server_start(&opts, diag, &s->pg);
		if (err != FL_IN_USE || fl_mono_us() > until || s->stopping)
			return err;
		FL_TRY(await_sleep(s->ctx, 200 * 1000));
	}
}

static fl_err keep_postgres(fl_ctx *ctx, void *arg)
{
	supervisor *s = arg;
	int64_t backoff_us = BACKOFF_FIRST_US, started_us = fl_loop_now_us(ctx->loop);
	while (await_sleep(ctx, PG_WATCH_MS * 1000) == FL_OK) {
		if (s->pg && fl_pg_server_alive(s->pg))
			continue;
		if (s->pg) {
			fl_warn("PostgreSQL ended; starting it again");
			app_restart_note(s->opts->home, "postgres", "ended", -1, fl_loop_now_us(ctx->loop) - started_us);
			fl_pg_server_stop(s->pg, 0);
			s->pg = NULL;
		}
		if (!pause_before_restart(ctx, started_us, &backoff_us))
			break;
		fl_diag diag = { 0 };
		fl_err err = start_postgres(s, &diag);
		started_us = fl_loop_now_us(ctx->loop);
		if (err == FL_OK)
			fl_info("PostgreSQL is back");
		else
			fl_error("PostgreSQL does not start: %s", fl_diag_text(&diag, err));
	}
	return FL_OK;
}

/* ---- Redis ---- */

static fl_err start_redis(supervisor *s, fl_ctx *ctx)
{
	return await_redis_server_start(ctx, &(fl_redis_server_opts){ .home = s->opts->home->path }, &s->redis);
}

static fl_err keep_redis(fl_ctx *ctx, void *arg)
{
	supervisor *s = arg;
	int64_t backoff_us = BACKOFF_FIRST_US, started_us = fl_loop_now_us(ctx->loop);
	int status = 0;
	for (;;) {
		if (s->redis) {
			char how[64];
			if (await_redis_server_end(ctx, s->redis, &status) != FL_OK)
				return FL_OK;
			how_it_ended(status, how);
			fl_warn("Redis %s; starting it again", how);
			app_restart_how(status, how);
			app_restart_note(s->opts->home, "redis", how, -1, fl_loop_now_us(ctx->loop) - started_us);
			await_redis_server_stop(ctx, s->redis, 0);
			s->redis = NULL;
		}
		if (!pause_before_restart(ctx, started_us, &backoff_us))
			return FL_OK;
		fl_err err = start_redis(s, ctx);
		started_us = fl_loop_now_us(ctx->loop);
		if (err == FL_OK)
			fl_info("Redis is back");
		else
			fl_error("Redis does not start: %s", fl_diag_text(&ctx->diag, err));
	}
}

/* ---- serve and work ---- */

/* HOME/log/VERB.log, or standard error. */
static int open_log(supervisor *s, const char *verb)
{
	char path[PATH_MAX + 32], older[PATH_MAX + 64];
	struct stat st;
	if (s->opts->verbose)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	snprintf(path, sizeof(path), "%s/%s.log", s->opts->home->log, verb);
	snprintf(older, sizeof(older), "%s.1", path);
	if (stat(path, &st) == 0 && st.st_size > LOG_FILE_MAX)
		rename(path, older);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static fl_err spawn(process *p, fl_ctx *ctx)
{
	supervisor *s = p->owner;
	fl_arena mem = fl_arena_make(1 << 20);
	const app_environment_add adds[] = {
		{ "FLEET_HOME", fl_str_z(s->opts->home->path) }, { "FLEET_PG_URL", s->pg_url }, { "FLEET_REDIS_URL", s->redis_url },
		{ "FLEET_PUBLIC_URL", fl_str_z(s->opts->url) }, { 0 },
	};
	char port[16];
	snprintf(port, sizeof(port), "%d", s->opts->port);
	const char *const argv[] = { "fleet", p->verb, "--port", port, NULL };
	int log = open_log(s, p->verb);
	p->mark = s->opts->verbose ? -1 : app_restart_mark(s->opts->home, p->verb);
	const char *const *env = app_environment(&mem, s->opts->config, adds);
	fl_err err = FL_IO;
	if (env && log >= 0)
		err = fl_child_spawn(s->loop, &(fl_spawn_opts){ .path = "/proc/self/exe", .argv = argv, .env = env,
			.out = FL_STDIO_FD, .out_fd = log, .err = FL_STDIO_FD, .err_fd = log,
			.death_signal = SIGKILL, .group = true }, &ctx->diag, &p->child);
	if (log >= 0)
		close(log);
	fl_arena_fini(&mem);
	return err;
}

static void report_end(process *p, int status, int64_t ran_us)
{
	char how[APP_RESTART_HOW_MAX];
	app_restart_how(status, how);
	app_restart_note(p->owner->opts->home, p->verb, how, p->mark, ran_us);
	how_it_ended(status, how);
	fl_warn("%s %s; starting it again%s%s%s", p->verb, how, p->owner->opts->verbose ? "" : " (log: ",
		p->owner->opts->verbose ? "" : p->owner->opts->home->log, p->owner->opts->verbose ? "" : ")");
}

static fl_err give_up(process *p)
{
	supervisor *s = p->owner;
	stop(s, fl_fail(s->diag, FL_UNAVAILABLE, "fleet %s does not start; the reason is at the end of %s/%s.log", p->verb,
		s->opts->home->log, p->verb));
	return FL_OK;
}

static fl_err keep_process(fl_ctx *ctx, void *arg)
{
	process *p = arg;
	int64_t backoff_us = BACKOFF_FIRST_US;
	for (int deaths = 0;; deaths++) {
		int64_t started_us = fl_loop_now_us(ctx->loop);
		int status = 0;
		if (!p->owner->ready && deaths == STARTS_BEFORE_READY_MAX)
			return give_up(p);
		fl_err err = spawn(p, ctx);
		if (err != FL_OK)
			fl_error("fleet %s cannot be started: %s", p->verb, fl_diag_text(&ctx->diag, err));
		else
			err = await_child(ctx, p->child, &status);
		if (p->owner->stopping)
			break;
		if (p->child)
			report_end(p, status, fl_loop_now_us(ctx->loop) - started_us);
		fl_child_free(p->child);
		p->child = NULL;
		if (!pause_before_restart(ctx, started_us, &backoff_us))
			break;
	}
	if (p->child) {
		fl_ctx last;
		fl_ctx_detach(&last, ctx, (p->owner->opts->config->drain_s + 10) * FL_SECOND_US);
		await_child_stop(&last, p->child, (p->owner->opts->config->drain_s + 5) * FL_SECOND_US);
		fl_ctx_fini(&last);
		fl_child_free(p->child);
		p->child = NULL;
	}
	return FL_OK;
}

/* ---- ready ---- */

static fl_err ask_ready(fl_ctx *ctx, const char *address)
{
	static const char request[] = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	fl_stream *stream = NULL;
	char answer[12];
	FL_TRY(await_connect(ctx, fl_str_z(address), &stream));
	fl_err err = await_write_bytes(ctx, stream, fl_str_z(request));
	if (err == FL_OK)
		err = await_read_all(ctx, stream, answer, sizeof(answer));
	fl_stream_close(stream);
	if (err == FL_OK && memcmp(answer, "HTTP/1.1 200", sizeof(answer)) != 0)
		return FL_UNAVAILABLE;
	return err;
}

static void announce(supervisor *s)
{
	app_state state = { .pid = getpid(), .url = fl_str_z(s->opts->url), .pg_url = s->pg_url, .redis_url = s->redis_url };
	fl_diag diag = { 0 };
	s->ready = true;
	if (app_state_write(s->opts->home, &state, &diag) != FL_OK)
		fl_error("%s", diag.text);
	if (s->opts->ready)
		s->opts->ready(s->opts->arg, &state);
}

static fl_err wait_ready(fl_ctx *ctx, void *arg)
{
	supervisor *s = arg;
	char address[FL_ADDRESS_MAX];
	const char *host = s->opts->config->host;
	bool any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
	snprintf(address, sizeof(address), strchr(host, ':') && !any ? "tcp:[%s]:%d" : "tcp:%s:%d", any ? "127.0.0.1" : host,
		s->opts->port);
	for (int64_t until = fl_loop_now_us(ctx->loop) + READY_US; fl_loop_now_us(ctx->loop) < until;) {
		fl_ctx ask;
		fl_ctx_derive(&ask, ctx, 2 * FL_SECOND_US);
		fl_err err = ask_ready(&ask, address);
		fl_ctx_fini(&ask);
		if (err == FL_OK) {
			announce(s);
			return FL_OK;
		}
		if (err == FL_CANCELLED || await_sleep(ctx, 20 * 1000) != FL_OK)
			return FL_OK;
	}
	stop(s, fl_fail(s->diag, FL_TIMEOUT, "the server does not answer on port %d; its log is %s/serve.log", s->opts->port,
		s->opts->home->log));
	return FL_OK;
}

/* ---- the whole ---- */

static fl_err start_servers(supervisor *s)
{
	s->pg_url = fl_str_z(s->opts->config->pg_url);
	s->redis_url = fl_str_z(s->opts->config->redis_url);
	if (s->pg_url.len == 0) {
		FL_TRY(start_postgres(s, s->diag));
		s->pg_url = fl_str_dup(s->ctx->mem, fl_str_z(fl_pg_server_url(s->pg)));
	}
	if (s->redis_url.len == 0) {
		fl_err err = start_redis(s, s->ctx);
		if (err != FL_OK)
			return fl_fail(s->diag, err, "%s", fl_diag_text(&s->ctx->diag, err));
		s->redis_url = fl_str_dup(s->ctx->mem, fl_redis_server_url(s->redis));
	}
	return FL_OK;
}

static void stop_servers(supervisor *s)
{
	fl_ctx last;
	fl_ctx_detach(&last, s->ctx, 10 * FL_SECOND_US);
	if (s->redis)
		await_redis_server_stop(&last, s->redis, 3 * FL_SECOND_US);
	fl_ctx_fini(&last);
	fl_pg_server_stop(s->pg, 10 * FL_SECOND_US);
}

static fl_err run_children(supervisor *s)
{
	fl_group keepers;
	fl_ctx_derive(&s->keep, s->ctx, 0);
	fl_group_init(&keepers, &s->keep);
	if (s->pg)
		fl_group_go(&keepers, keep_postgres, s);
	if (s->redis)
		fl_group_go(&keepers, keep_redis, s);
	if (s->opts->serve) {
		fl_group_go(&keepers, keep_process, &s->serve);
		fl_group_go(&keepers, wait_ready, s);
	}
	if (s->opts->work)
		fl_group_go(&keepers, keep_process, &s->work);
	fl_err err = await_wait(s->ctx, &s->stop);
	app_state_remove(s->opts->home);
	fl_ctx_cancel(&s->keep);
	fl_err ended = await_group(&keepers);
	fl_ctx_fini(&s->keep);
	return err != FL_OK ? err : ended == FL_CANCELLED ? FL_OK : ended;
}

static fl_err supervise(fl_ctx *ctx, void *arg)
{
	supervisor *s = arg;
	s->ctx = ctx;
	fl_err err = start_servers(s);
	if (err == FL_OK && !s->stopping)
		err = app_prepare_database(s->opts->config, s->opts->home, s->pg_url, s->opts->say, s->diag);
	if (err == FL_OK)
		err = await_yield(ctx); /* preparing may take minutes and blocks: without a turn the loop's clock would stand where it began */
	if (err == FL_OK && !s->stopping)
		err = run_children(s);
	say(s, "stopping");
	stop_servers(s);
	return err;
}

fl_err app_supervise(const app_supervisor_opts *opts, fl_diag *diag)
{
	supervisor s = { .opts = opts, .diag = diag, .program = app_backup_program() };
	s.serve = (process){ .owner = &s, .verb = "serve" };
	s.work = (process){ .owner = &s, .verb = "work" };
	fl_wait_init(&s.stop);
	FL_TRY(fl_loop_new(&(fl_loop_opts){ 0 }, &s.loop));
	fl_err err = fl_loop_on_signal(s.loop, SIGINT, on_signal, &s);
	if (err == FL_OK)
		err = fl_loop_on_signal(s.loop, SIGTERM, on_signal, &s);
	if (err == FL_OK)
		err = fl_loop_run_task(s.loop, 0, supervise, &s);
	fl_loop_free(s.loop);
	close(s.program);
	return err;
}
