/* Debian packages that fleet uses and that have updates, by what this machine's lists say; no network is asked. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asset/asset.h"
#include "maintain/maintain_int.h"

enum { NAMES_MAX = 200, OUTPUT_MAX = 4 << 20 };
#define APT_TIMEOUT_US (60 * FL_SECOND_US)

/* ---- Running apt ---- */

static fl_err start(char *const argv[], pid_t *pid, int *fd)
{
	static char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	posix_spawn_file_actions_t files;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return FL_IO;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, ends[1], 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	int rc = posix_spawn(pid, argv[0], &files, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	close(ends[1]);
	*fd = ends[0];
	if (rc == 0)
		return FL_OK;
	close(ends[0]);
	return FL_NOT_FOUND;
}

static fl_err read_until(int fd, int64_t until_us, fl_buf *out)
{
	char piece[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left_ms = (until_us - fl_mono_us()) / 1000;
		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
			return FL_TIMEOUT;
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n <= 0)
			return n == 0 ? fl_buf_err(out) : FL_IO;
		fl_buf_add(out, piece, (size_t)n);
	}
}

fl_err fl_program_read(char *const argv[], size_t max, int64_t timeout_us, fl_arena *mem, fl_str *out, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(max);
	pid_t pid;
	int fd, status = 0;

	if (start(argv, &pid, &fd) != FL_OK)
		return fl_fail(diag, FL_NOT_FOUND, "%s is not on this machine", argv[0]);
	fl_err err = read_until(fd, fl_mono_us() + timeout_us, &text);
	close(fd);
	if (err != FL_OK)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (err != FL_OK)
		return fl_fail(diag, err, "%s: %s", argv[0], fl_err_text(err));
	if (status != 0)
		return fl_fail(diag, FL_UNAVAILABLE, "%s ended with status %d", argv[0], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	*out = fl_str_dup(mem, fl_buf_view(&text));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* ---- Which packages are ours ---- */

static size_t read_list(const char *path, fl_arena *mem, char **out, size_t count)
{
	fl_asset list;

	if (!fl_asset_find(fl_str_z(path), &list))
		return count;
	for (fl_str rest = list.bytes; rest.len && count < NAMES_MAX;) {
		fl_str line = fl_str_trim(fl_str_cut(rest, '\n', &rest));
		if (line.len && line.ptr[0] != '#' && (out[count] = fl_str_cstr(mem, line)))
			count++;
	}
	return count;
}

/* Those of packages/, and what they depend on: "libssl-dev" stands for libssl3. A text of lines, "\nNAME\n". */
static fl_err ours(fl_maintain *m, fl_str *out, fl_diag *diag)
{
	static char apt_cache[] = "/usr/bin/apt-cache", depends[] = "depends", installed[] = "--installed";
	char *argv[NAMES_MAX + 4] = { apt_cache, depends, installed };
	FL_AUTO_BUF fl_buf names = fl_buf_make(OUTPUT_MAX);
	fl_str text = FL_STR("");

	size_t count = read_list("packages/run.txt", m->mem, argv, read_list("packages/build.txt", m->mem, argv, 3));
	FL_TRY(fl_program_read(argv, OUTPUT_MAX, APT_TIMEOUT_US, m->mem, &text, diag));
	fl_buf_char(&names, '\n');
	for (size_t i = 3; i < count; i++)
		fl_buf_fmt(&names, "%s\n", argv[i]);
	while (text.len) {
		fl_str value, line = fl_str_cut(text, '\n', &text);
		fl_str_cut(line, ':', &value);
		if (fl_str_starts(fl_str_trim(line), FL_STR("Depends:")))
			fl_buf_fmt(&names, "%" FL_FMT "\n", FL_ARG(fl_str_trim(value)));
	}
	*out = fl_str_dup(m->mem, fl_buf_view(&names));
	return fl_buf_err(&names);
}

/* ---- Which have updates ---- */

typedef struct updates {
	int security, other;
	fl_str security_names, other_names;
} updates;

static void count_update(fl_maintain *m, updates *u, fl_str name, bool security)
{
	int *count = security ? &u->security : &u->other;
	fl_str *names = security ? &u->security_names : &u->other_names;

	if ((*count)++ < 8)
		*names = fl_str_fmt(m->mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(*names), *count > 1 ? ", " : "", FL_ARG(name));
	else if (*count == 9)
		*names = fl_str_fmt(m->mem, "%" FL_FMT ", ...", FL_ARG(*names));
}

/* "Inst libssl3 [3.0.11-1] (3.0.15-1 Debian-Security:12/stable-security [amd64])" */
static void read_updates(fl_maintain *m, fl_str text, fl_str names, updates *u)
{
	while (text.len) {
		fl_str rest, line = fl_str_cut(text, '\n', &text);
		if (!fl_str_starts(line, FL_STR("Inst ")))
			continue;
		fl_str name = fl_str_cut(fl_str_slice(line, 5, line.len), ' ', &rest);
		if (fl_str_find(names, fl_str_fmt(m->mem, "\n%" FL_FMT "\n", FL_ARG(name))) >= 0)
			count_update(m, u, name, fl_str_find(rest, FL_STR("ecurity")) >= 0);
	}
}

static void lists_age(fl_maintain *m)
{
	struct stat st;
	time_t newest = 0;
	DIR *d = opendir("/var/lib/apt/lists");

	for (struct dirent *e; d && (e = readdir(d));)
		if (fl_str_ends(fl_str_z(e->d_name), FL_STR("Release")) && fstatat(dirfd(d), e->d_name, &st, 0) == 0)
			newest = FL_MAX(newest, FL_MAX(st.st_mtime, st.st_ctime));
	if (d)
		closedir(d);
	if (newest)
		fl_found(m, FL_FIND_LISTS_AGE, ((double)m->now_us / FL_SECOND_US - (double)newest) / 86400, FL_STR("updates since then are not known"));
	else
		fl_found_unknown(m, FL_FIND_LISTS_AGE, "there are none: apt-get update");
}

void fl_maintain_packages(fl_maintain *m)
{
	static char apt_get[] = "/usr/bin/apt-get", simulate[] = "-s", lock[] = "-oDebug::NoLocking=1", upgrade[] = "dist-upgrade";
	char *argv[] = { apt_get, simulate, lock, upgrade, NULL };
	updates u = { 0 };
	fl_diag diag = { 0 };
	fl_str names = FL_STR(""), text = FL_STR("");

	fl_err err = ours(m, &names, &diag);
	if (err == FL_OK)
		err = fl_program_read(argv, OUTPUT_MAX, APT_TIMEOUT_US, m->mem, &text, &diag);
	if (err != FL_OK) {
		fl_found_unknown(m, FL_FIND_UPDATES_SECURITY, "%s", fl_diag_text(&diag, err));
		return;
	}
	read_updates(m, text, names, &u);
	fl_found(m, FL_FIND_UPDATES_SECURITY, u.security, u.security_names);
	fl_found(m, FL_FIND_UPDATES, u.other, u.other_names);
	lists_age(m);
}
