/* A server in a process of its own, and a plain blocking client for it. */
#ifndef FL_HTTP_LIVE_H
#define FL_HTTP_LIVE_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/http.h"
#include "io/io.h"

#include <cmocka.h>

typedef struct live {
	pid_t pid;
	uint16_t port;
	char dir[64]; /* uploads */
} live;

extern char live_dir[64]; /* in the server's process: the folder of uploads */

/* Serves until SIGTERM, then drains; the port goes to report. Never returns. */
void live_child(int report, fl_http_options options);

static inline void live_start(live *l, fl_http_options options)
{
	int ends[2];

	strcpy(l->dir, "/tmp/fl_http_XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	assert_int_equal(pipe(ends), 0);
	l->pid = fork();
	if (l->pid == 0) {
		strcpy(live_dir, l->dir);
		close(ends[0]);
		live_child(ends[1], options);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &l->port, sizeof(l->port)), sizeof(l->port));
	close(ends[0]);
}

/* Ends the server gracefully; it must have left nothing behind and reported nothing. */
static inline void live_stop(live *l)
{
	int status;

	kill(l->pid, SIGTERM);
	assert_int_equal(waitpid(l->pid, &status, 0), l->pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(l->dir), 0); /* also says that no upload stayed */
}

static inline int live_connect(const live *l)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(l->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* False when the server has cut the connection. */
static inline bool live_send(int fd, const void *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = send(fd, (const char *)bytes + at, len - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static inline bool live_say(int fd, const char *text)
{
	return live_send(fd, text, strlen(text));
}

/* Reads until what is there ends with end (NULL: until the connection ends) or is len bytes; NUL-terminated. */
static inline size_t live_hear(int fd, char *out, size_t cap, const char *end, size_t len)
{
	size_t have = 0;

	out[0] = '\0';
	while (have + 1 < cap && (len == 0 || have < len)) {
		ssize_t n = recv(fd, out + have, (len ? FL_MIN(len, cap - 1) : cap - 1) - have, 0);

		if (n <= 0)
			break;
		have += (size_t)n;
		out[have] = '\0';
		if (end != NULL && strstr(out, end) != NULL)
			break;
	}
	return have;
}

/* One request on a fresh connection, which the request should end; the whole answer. */
static inline const char *live_ask(const live *l, const char *text)
{
	static char answer[256 << 10];
	int fd = live_connect(l);

	assert_true(live_say(fd, text));
	live_hear(fd, answer, sizeof(answer), NULL, 0);
	close(fd);
	return answer;
}

/* Calls fn with each file of the fuzzers' corpus of that name. */
static inline void live_each_corpus(const char *name, void (*fn)(const char *bytes, size_t len))
{
	char path[512];
	DIR *dir;
	int files = 0;

	snprintf(path, sizeof(path), CORPUS "/%s", name);
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		static char bytes[64 << 10];
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), CORPUS "/%s/%s", name, entry->d_name);
		file = fopen(path, "re");
		assert_non_null(file);
		fn(bytes, fread(bytes, 1, sizeof(bytes), file));
		fclose(file);
		files++;
	}
	closedir(dir);
	assert_true(files > 0);
}

static inline double live_now(void)
{
	return (double)fl_mono_us() / 1e6;
}

/* Kilobytes that belong to the process alone. */
static inline long live_rss_kb(const live *l)
{
	char path[64], line[256];
	long kb = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)l->pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			break;
	}
	fclose(file);
	return kb;
}

#endif
