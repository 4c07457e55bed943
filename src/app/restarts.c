#include "app/restarts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAIL_MAX = 16 << 10, WORDS_MAX = 160, FILE_MAX = 1 << 20 };

void app_restart_how(int status, char out[APP_RESTART_HOW_MAX])
{
	const char *name = status > 128 ? sigabbrev_np(status - 128) : NULL;

	if (name)
		snprintf(out, APP_RESTART_HOW_MAX, "SIG%s", name);
	else
		snprintf(out, APP_RESTART_HOW_MAX, "status %d", status);
}

static void path_of(const app_home *home, const char *who, char out[PATH_MAX + 64])
{
	snprintf(out, PATH_MAX + 64, "%s/%s.log", home->log, who);
}

int64_t app_restart_mark(const app_home *home, const char *who)
{
	char path[PATH_MAX + 64];
	struct stat st;

	path_of(home, who, path);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static bool tells(const char *line)
{
	static const char *const signs[] = { " error ", "Assertion `", "Sanitizer", "runtime error:", "FATAL: ", "PANIC: ", "terminate called", "# Out Of Memory" };

	for (size_t i = 0; i < FL_COUNT(signs); i++)
		if (strstr(line, signs[i]))
			return true;
	return false;
}

/* Without the time in front. */
static const char *words_of(const char *line)
{
	const char *space = strchr(line, ' ');

	if (space && line[0] >= '0' && line[0] <= '9')
		for (line = space; *line == ' ';)
			line++;
	return line;
}

/* The last line behind the mark that tells of an error; "": none does. */
static void last_words(const app_home *home, const char *who, int64_t mark, char out[WORDS_MAX])
{
	char path[PATH_MAX + 64], tail[TAIL_MAX + 1];
	struct stat st;

	out[0] = 0;
	path_of(home, who, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* A file that is shorter than the mark was begun anew meanwhile. */
	int64_t from = fstat(fd, &st) == 0 && st.st_size > mark ? FL_MAX(mark, st.st_size - TAIL_MAX) : 0;
	ssize_t len = pread(fd, tail, TAIL_MAX, from);
	close(fd);
	tail[FL_MAX(len, 0)] = 0;
	char *rest = NULL;
	for (char *line = strtok_r(tail, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (tells(line)) {
			fl_str words = fl_str_clip(fl_str_z(words_of(line)), WORDS_MAX - 1);
			snprintf(out, WORDS_MAX, "%.*s", FL_ARG(words));
		}
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
}

static int open_file(const app_home *home)
{
	char path[PATH_MAX + 64], older[PATH_MAX + 80];
	struct stat st;

	path_of(home, "restarts", path);
	snprintf(older, sizeof(older), "%s.1", path);
	if (stat(path, &st) == 0 && st.st_size > FILE_MAX)
		rename(path, older);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void app_restart_note(const app_home *home, const char *who, const char *how, int64_t mark, int64_t ran_us)
{
	char line[512], when[FL_TIME_TEXT_MAX], words[WORDS_MAX] = "";
	int fd = open_file(home);

	if (fd < 0)
		return;
	fl_time_format(fl_now_us() / 1000 * 1000, when);
	if (mark >= 0)
		last_words(home, who, mark, words);
	int len = snprintf(line, sizeof(line), "%s warn  up restart: %s, %s%s%s (ran %lld s)\n", when, who, how, words[0] ? ": " : "", words,
		(long long)(ran_us / FL_SECOND_US));
	ssize_t written = write(fd, line, FL_MIN((size_t)len, sizeof(line) - 1));
	(void)written;
	close(fd);
}
