/* The private PostgreSQL: a cluster in a folder of ours, reachable through a unix socket in another, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "db/db_int.h"

enum { PATH_ROOM = 1024, OPTIONS_MAX = 80, STOP_WAIT_US = 30000000, READY_WAIT_US = 600000000 };

struct fl_pg_server {
	fl_pg_server_opts opts;
	char data[PATH_ROOM], run[PATH_ROOM], log[PATH_ROOM], url[2 * PATH_ROOM];
	const char *bindir;
	bool drop;
	uid_t uid;
	gid_t gid;
	pid_t pid; /* 0: not running */
	int status;
	off_t log_start; /* where this start's output begins */
};

static void say(const fl_pg_server *s, const char *line)
{
	if (s->opts.say)
		s->opts.say(s->opts.arg, line);
}

static void nap(int64_t us)
{
	struct timespec t = { us / FL_SECOND_US, us % FL_SECOND_US * 1000 };

	nanosleep(&t, NULL);
}

const char *fl_pg_bindir(void)
{
	static const char *const PLACES[] = { "/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/usr/local/pgsql/bin" };

	for (size_t i = 0; i < FL_COUNT(PLACES); i++) {
		char path[PATH_ROOM];
		snprintf(path, sizeof path, "%s/initdb", PLACES[i]);
		if (access(path, X_OK) == 0)
			return PLACES[i];
	}
	return NULL;
}

/* ---- Running its programs ---- */

typedef struct command {
	char text[OPTIONS_MAX][PATH_ROOM];
	char *argv[OPTIONS_MAX + 1];
	int count;
} command;

static void arg(command *c, const char *format, ...) FL_PRINTF(2, 3);
static void arg(command *c, const char *format, ...)
{
	va_list args;

	assert(c->count < OPTIONS_MAX);
	va_start(args, format);
	vsnprintf(c->text[c->count], PATH_ROOM, format, args);
	va_end(args);
	c->argv[c->count] = c->text[c->count];
	c->argv[++c->count] = NULL;
}

static void setting(command *c, const char *name, const char *value)
{
	arg(c, "-c");
	arg(c, "%s=%s", name, value);
}

/* In the child: only calls that are safe between fork and exec. */
static void become_child(const fl_pg_server *s, int log_fd, pid_t parent)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	setpgid(0, 0); /* Ctrl-C is for us: we stop it when nobody needs it any more */
	if (s->drop && (setgroups(0, NULL) != 0 || setgid(s->gid) != 0 || setuid(s->uid) != 0))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGINT); /* after setuid, which clears it */
	if (getppid() != parent)
		_exit(125);
	dup2(null_fd, 0);
	dup2(log_fd, 1);
	dup2(log_fd, 2);
	if (s->opts.program_fd > 0)
		dup2(s->opts.program_fd, FL_PG_PROGRAM_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP)
			signal(i, SIG_DFL);
	umask(077);
}

static fl_err spawn(fl_pg_server *s, const command *c, fl_diag *diag, pid_t *out)
{
	static char *const ENV[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", NULL };
	int log_fd = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t parent = getpid(), pid;

	if (log_fd < 0)
		return fl_fail(diag, errno == ENOSPC ? FL_DISK_FULL : FL_DENIED, "%s: %s", s->log, strerror(errno));
	s->log_start = lseek(log_fd, 0, SEEK_END);
	pid = fork();
	if (pid == 0) {
		become_child(s, log_fd, parent);
		if (chdir("/") == 0)
			execve(c->argv[0], c->argv, ENV);
		_exit(127);
	}
	close(log_fd);
	if (pid < 0)
		return fl_fail(diag, FL_NOMEM, "starting %s: %s", c->argv[0], strerror(errno));
	*out = pid;
	return FL_OK;
}

/* The last line that tells why, of what was written since log_start. */
static fl_err blame(const fl_pg_server *s, fl_diag *diag, const char *what)
{
	char text[8193] = "", *at, *end, *line = NULL;
	int fd = open(s->log, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? pread(fd, text, sizeof text - 1, s->log_start) : 0;

	if (fd >= 0)
		close(fd);
	text[FL_MAX(len, 0)] = '\0';
	for (at = text; at && *at; at = end ? end + 1 : NULL) {
		end = strchr(at, '\n');
		if (end)
			*end = '\0';
		if (strstr(at, "FATAL: ") || strstr(at, "PANIC: ") || strstr(at, "error: ") || strstr(at, "HINT: ") == at || !line)
			line = at;
		if (strstr(at, "No space left on device"))
			return fl_fail(diag, FL_DISK_FULL, "%s: the disk is full", what);
	}
	if (line && (strstr(line, "wrong ownership") || strstr(line, "invalid permissions") || strstr(line, "ermission denied")))
		return fl_fail(diag, FL_DENIED, "%s: %s", what, line);
	return fl_fail(diag, FL_UNAVAILABLE, "%s: %s (see %s)", what, line && *line ? line : "no reason given", s->log);
}

static fl_err run_to_end(fl_pg_server *s, const command *c, fl_diag *diag, const char *what)
{
	pid_t pid = 0;
	int status;

	FL_TRY(spawn(s, c, diag, &pid));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fl_fail(diag, FL_IO, "%s: %s", what, strerror(errno));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? FL_OK : blame(s, diag, what);
}

/* ---- The cluster ---- */

static fl_err own_folder(fl_pg_server *s, const char *path, fl_diag *diag)
{
	struct stat st;
	uid_t owner = s->drop ? s->uid : geteuid();

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fl_fail(diag, errno == ENOSPC ? FL_DISK_FULL : FL_DENIED, "%s: %s", path, strerror(errno));
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return fl_fail(diag, FL_DENIED, "%s is not a folder that we can use", path);
	if (st.st_uid != owner && (!s->drop || chown(path, s->uid, s->gid) != 0))
		return fl_fail(diag, FL_DENIED, "%s belongs to user %d, PostgreSQL would run as user %d", path, (int)st.st_uid, (int)owner);
	if ((st.st_mode & 077) && chmod(path, 0700) != 0)
		return fl_fail(diag, FL_DENIED, "%s: %s", path, strerror(errno));
	return FL_OK;
}

static bool has_cluster(const fl_pg_server *s)
{
	char path[2 * PATH_ROOM];

	snprintf(path, sizeof path, "%s/PG_VERSION", s->data);
	return access(path, F_OK) == 0;
}

static fl_err check_version(const fl_pg_server *s, fl_diag *diag)
{
	char path[2 * PATH_ROOM], text[16] = "";
	FILE *f;

	snprintf(path, sizeof path, "%s/PG_VERSION", s->data);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof text, f))
		text[0] = '\0';
	if (f)
		fclose(f);
	if (strncmp(text, "15\n", 3) != 0)
		return fl_fail(diag, FL_CONFLICT, "%s was made by PostgreSQL %.2s, this program runs 15", s->data, text);
	return FL_OK;
}

static fl_err clear_half_made(fl_pg_server *s, const char *fresh, fl_diag *diag)
{
	command rm = {};
	bool drop = s->drop;
	fl_err err;

	arg(&rm, "/bin/rm");
	arg(&rm, "-rf");
	arg(&rm, "%s", fresh);
	s->drop = false; /* the folder above may be ours alone */
	err = run_to_end(s, &rm, diag, "clearing an unfinished cluster");
	s->drop = drop;
	return err;
}

/* initdb leaves half a cluster when it is killed, so it works beside, and a rename makes it count. */
static fl_err make_cluster(fl_pg_server *s, fl_diag *diag)
{
	command c = {};
	char fresh[PATH_ROOM + 8];

	snprintf(fresh, sizeof fresh, "%s.new", s->data);
	if (access(fresh, F_OK) == 0)
		FL_TRY(clear_half_made(s, fresh, diag));
	FL_TRY(own_folder(s, fresh, diag));
	say(s, "making the database cluster");
	arg(&c, "%s/initdb", s->bindir);
	arg(&c, "--pgdata=%s", fresh);
	arg(&c, "--username=fleet");
	arg(&c, "--encoding=UTF8");
	arg(&c, "--locale=C.UTF-8");
	arg(&c, "--data-checksums");
	arg(&c, "--auth=trust"); /* only the owner of the 0700 socket folder gets that far */
	arg(&c, "--no-instructions");
	if (s->opts.fast_and_loose)
		arg(&c, "--no-sync");
	FL_TRY(run_to_end(s, &c, diag, "making the database cluster"));
	(void)!rmdir(s->data); /* an empty folder may stand there */
	if (rename(fresh, s->data) != 0)
		return fl_fail(diag, FL_DENIED, "%s: %s", s->data, strerror(errno));
	return FL_OK;
}

/* ---- What a crash left ---- */

/* True when process pid is a postgres that works in our data folder. A number in postmaster.pid may by now belong to any
 * process, in a container that restarted even surely so, and then PostgreSQL would refuse to start. */
static bool serves_us(const fl_pg_server *s, pid_t pid)
{
	char link[64], cwd[PATH_ROOM], real[PATH_ROOM];
	ssize_t len;

	snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
	len = readlink(link, cwd, sizeof cwd - 1);
	if (len < 0)
		return false;
	cwd[len] = '\0';
	return realpath(s->data, real) && strcmp(cwd, real) == 0;
}

static pid_t noted_pid(const fl_pg_server *s)
{
	char path[2 * PATH_ROOM], text[32] = "";
	int32_t pid = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/postmaster.pid", s->data);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof text, f) || !fl_str_i32(fl_str_trim(fl_str_z(text)), &pid))
		pid = -1;
	fclose(f);
	return pid;
}

static void remove_leftovers(const fl_pg_server *s)
{
	char path[2 * PATH_ROOM];

	snprintf(path, sizeof path, "%s/postmaster.pid", s->data);
	unlink(path);
	snprintf(path, sizeof path, "%s/.s.PGSQL.5432.lock", s->run);
	unlink(path);
	snprintf(path, sizeof path, "%s/.s.PGSQL.5432", s->run);
	unlink(path);
}

/* A server whose parent was killed is shutting down by itself: that may take a moment. */
static fl_err clear_leftovers(fl_pg_server *s, fl_diag *diag)
{
	int64_t give_up_us = fl_mono_us() + STOP_WAIT_US;
	pid_t pid = noted_pid(s);

	if (pid > 0 && serves_us(s, pid))
		say(s, "waiting for the previous database server to stop");
	while (pid > 0 && serves_us(s, pid)) {
		if (fl_mono_us() > give_up_us)
			return fl_fail(diag, FL_IN_USE, "another PostgreSQL (process %d) runs on %s; stop it first", (int)pid, s->data);
		nap(50000);
		pid = noted_pid(s);
	}
	if (pid != 0)
		remove_leftovers(s);
	return FL_OK;
}

/* ---- Start ---- */

/* Pages beyond a gigabyte are left to the kernel's cache: with six of 24 gigabytes and a database as large as those, writes were as fast, and
 * what reads a page for each row took a third longer (a virtual machine without huge pages). The log may grow before a checkpoint is
 * due: after each a page that changes goes whole into the log. */
static void add_memory(command *c)
{
	const int64_t total_mb = fl_pg_memory_bytes() >> 20;
	char text[32];

	snprintf(text, sizeof text, "%dMB", (int)FL_MAX(FL_MIN(total_mb / 8, 1024), 64));
	setting(c, "shared_buffers", text);
	snprintf(text, sizeof text, "%dMB", (int)FL_MAX(FL_MIN(total_mb / 4, 4096), 2048));
	setting(c, "max_wal_size", text);
	snprintf(text, sizeof text, "%dMB", (int)FL_MAX(total_mb / 2, 128));
	setting(c, "effective_cache_size", text);
}

static void fill_command(const fl_pg_server *s, command *c)
{
	char text[PATH_ROOM];

	arg(c, "%s/postgres", s->bindir);
	arg(c, "-D");
	arg(c, "%s", s->data);
	setting(c, "listen_addresses", "");
	snprintf(text, sizeof text, "%s", s->run);
	setting(c, "unix_socket_directories", text);
	setting(c, "unix_socket_permissions", "0700");
	snprintf(text, sizeof text, "%d", s->opts.connections_max ? s->opts.connections_max : 100);
	setting(c, "max_connections", text);
	add_memory(c);
	setting(c, "work_mem", "16MB");
	setting(c, "maintenance_work_mem", "128MB");
	setting(c, "wal_compression", "lz4");
	setting(c, "random_page_cost", "1.1"); /* solid state */
	setting(c, "autovacuum_naptime", "15s");
	setting(c, "cluster_name", "fleet");
	setting(c, "shared_preload_libraries", "pg_stat_statements"); /* `fleet db top`; part of every PostgreSQL package */
	setting(c, "pg_stat_statements.track_utility", "off");
	setting(c, "track_io_timing", "on");
	setting(c, "log_line_prefix", "%m [%p] ");
	setting(c, "log_min_messages", "warning");
	setting(c, "log_min_error_statement", "panic"); /* statements hold people's data */
	if (s->opts.archive_command) {
		setting(c, "archive_mode", "on");
		setting(c, "archive_command", s->opts.archive_command);
		setting(c, "archive_timeout", "60s"); /* what a lost machine may cost */
	}
	if (s->opts.fast_and_loose) {
		setting(c, "fsync", "off");
		setting(c, "full_page_writes", "off");
	}
}

static bool reap(fl_pg_server *s)
{
	if (s->pid && waitpid(s->pid, &s->status, WNOHANG) != 0)
		s->pid = 0;
	return s->pid == 0;
}

static fl_err wait_ready(fl_pg_server *s, fl_diag *diag)
{
	int64_t start_us = fl_mono_us(), told_us = start_us;
	char url[3 * PATH_ROOM];

	snprintf(url, sizeof url, "%.*s/postgres", (int)(strlen(s->url) - strlen("/fleet")), s->url);
	for (;;) {
		if (reap(s))
			return blame(s, diag, "PostgreSQL did not start");
		if (noted_pid(s) == s->pid && PQping(url) == PQPING_OK) /* ours, not another that has the socket */
			return FL_OK;
		if (fl_mono_us() - start_us > READY_WAIT_US)
			return fl_fail(diag, FL_TIMEOUT, "PostgreSQL did not become ready in 10 minutes (see %s)", s->log);
		if (fl_mono_us() - told_us > 5 * FL_SECOND_US) {
			say(s, "waiting for PostgreSQL (after a crash it repeats what its log holds)");
			told_us = fl_mono_us();
		}
		nap(15000);
	}
}

static fl_err make_database(fl_pg_server *s, fl_diag *diag)
{
	char url[3 * PATH_ROOM];
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(1 << 16);
	fl_str there;
	fl_err err;

	snprintf(url, sizeof url, "%.*s/postgres", (int)(strlen(s->url) - strlen("/fleet")), s->url);
	FL_TRY(fl_pg_open(url, diag, &pg));
	err = fl_pg_value(pg, "SELECT 1 FROM pg_database WHERE datname = 'fleet'", &mem, &there, diag);
	if (err == FL_OK && !there.ptr)
		err = fl_pg_exec(pg, "CREATE DATABASE fleet TEMPLATE template0", diag);
	fl_arena_fini(&mem);
	return err;
}

/* Backends that outlive a killed server keep its shared memory for a moment; PostgreSQL refuses to start until they end. */
static fl_err start(fl_pg_server *s, fl_diag *diag)
{
	int64_t give_up_us = fl_mono_us() + STOP_WAIT_US;
	command *c = calloc(1, sizeof *c);
	fl_err err;

	if (!c)
		return FL_NOMEM;
	fill_command(s, c);
	for (;;) {
		err = spawn(s, c, diag, &s->pid);
		if (err == FL_OK)
			err = wait_ready(s, diag);
		if (err != FL_UNAVAILABLE || !strstr(diag->text, "shared memory block") || fl_mono_us() > give_up_us)
			break;
		nap(200000);
	}
	free(c);
	return err;
}

static bool copy_path(char out[PATH_ROOM], const char *path)
{
	return snprintf(out, PATH_ROOM, "%s", path) < PATH_ROOM - 64;
}

/* postgresql://fleet@%2Frun%2Ffolder/fleet */
static void make_url(fl_pg_server *s)
{
	size_t n = (size_t)snprintf(s->url, sizeof s->url, "postgresql://fleet@");

	for (const char *p = s->run; *p && n + 12 < sizeof s->url; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' || *p == '.';
		n += (size_t)snprintf(s->url + n, sizeof s->url - n, plain ? "%c" : "%%%02X", (unsigned char)*p);
	}
	snprintf(s->url + n, sizeof s->url - n, "/fleet");
}

static fl_err find_user(fl_pg_server *s, fl_diag *diag)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return FL_OK;
	pw = s->opts.user ? getpwnam(s->opts.user) : NULL;
	if (!pw || pw->pw_uid == 0)
		return fl_fail(diag, FL_DENIED, "PostgreSQL does not run as root: name another user");
	s->drop = true;
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return FL_OK;
}

static fl_err prepare(fl_pg_server *s, fl_diag *diag)
{
	char log[PATH_ROOM + 16];

	s->bindir = fl_pg_bindir();
	if (!s->bindir)
		return fl_fail(diag, FL_NOT_FOUND, "PostgreSQL 15 is not installed (package postgresql-15)");
	snprintf(log, sizeof log, "%s.log", s->opts.data);
	if (!copy_path(s->data, s->opts.data) || !copy_path(s->run, s->opts.run) || !copy_path(s->log, s->opts.log ? s->opts.log : log))
		return fl_fail(diag, FL_LIMIT, "%s: the path is too long", s->opts.data);
	if (strlen(s->run) > 90) /* sun_path is 108 bytes */
		return fl_fail(diag, FL_LIMIT, "%s: the path is too long for a socket (90 bytes at most); choose a shorter home", s->run);
	make_url(s);
	FL_TRY(find_user(s, diag));
	FL_TRY(own_folder(s, s->run, diag));
	if (!has_cluster(s))
		FL_TRY(make_cluster(s, diag));
	FL_TRY(own_folder(s, s->data, diag));
	FL_TRY(check_version(s, diag));
	return clear_leftovers(s, diag);
}

fl_err fl_pg_server_start(const fl_pg_server_opts *opts, fl_diag *diag, fl_pg_server **out)
{
	fl_pg_server *s = calloc(1, sizeof *s);
	fl_err err;

	if (!s)
		return FL_NOMEM;
	s->opts = *opts;
	err = prepare(s, diag);
	if (err == FL_OK)
		err = start(s, diag);
	if (err == FL_OK)
		err = make_database(s, diag);
	if (err != FL_OK) {
		fl_pg_server_stop(s, STOP_WAIT_US);
		return err;
	}
	*out = s;
	return FL_OK;
}

const char *fl_pg_server_url(const fl_pg_server *s)
{
	return s->url;
}

pid_t fl_pg_server_pid(const fl_pg_server *s)
{
	return s->pid;
}

bool fl_pg_server_alive(fl_pg_server *s)
{
	return !reap(s);
}

static bool gone_within(fl_pg_server *s, int64_t us)
{
	for (int64_t end_us = fl_mono_us() + us; !reap(s); nap(10000))
		if (fl_mono_us() > end_us)
			return false;
	return true;
}

void fl_pg_server_stop(fl_pg_server *s, int64_t timeout_us)
{
	static const int HARDER[] = { SIGINT, SIGQUIT, SIGKILL };

	if (!s)
		return;
	for (size_t i = 0; i < FL_COUNT(HARDER) && !reap(s); i++) {
		kill(s->pid, HARDER[i]);
		if (gone_within(s, i == 0 ? timeout_us : 5 * FL_SECOND_US))
			break;
	}
	free(s);
}
