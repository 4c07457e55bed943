/* Many live subscribers over WebSocket, from one thread: how much memory each costs the server, how long a committed change
 * takes to reach them all, how many answers a second go out. Run by bench/live.sh.
 *
 *	bench_live PORT TOKEN REPORT SERVER-PID SUBSCRIBERS GROUPS EVENTS
 *
 * Subscribers of one group send the same document; documents of different groups differ by a comment. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { OPENING_MAX = 200, EVENTS_AT_ONCE = 512, BUFFER = 4096 };

typedef enum state { CONNECTING, UPGRADING, ENTERING, IDLE, FOLLOWING, READY } state;

typedef struct client {
	int fd;
	state state;
	unsigned have;
	char *buf;
} client;

static struct sockaddr_in server;
static const char *token, *report;
static client *clients;
static int subscribers, groups, events, epoll_fd, server_pid;
static int in_state[READY + 1];
static int64_t told; /* answers that came */
static double *latency_ms;
static int64_t latency_count, event_at_us;
static bool timed;

static void die(const char *what)
{
	fprintf(stderr, "bench live: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static long memory_kib(void)
{
	char path[64], line[256];
	long kib = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", server_pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static void enter(client *c, state next)
{
	in_state[c->state]--;
	in_state[next]++;
	c->state = next;
}

/* ---- a subscriber ---- */

static void write_all(client *c, const char *bytes, size_t len)
{
	if (write(c->fd, bytes, len) != (ssize_t)len)
		die("write");
}

static void send_message(client *c, const char *text)
{
	char frame[BUFFER];
	size_t len = strlen(text), at = 0;
	frame[at++] = (char)0x81;
	if (len < 126) {
		frame[at++] = (char)(0x80 | len);
	} else {
		frame[at++] = (char)(0x80 | 126);
		frame[at++] = (char)(len >> 8);
		frame[at++] = (char)len;
	}
	memset(frame + at, 0, 4); /* a mask of zeros */
	memcpy(frame + at + 4, text, len);
	write_all(c, frame, at + 4 + len);
}

static void upgrade(client *c)
{
	static const char text[] = "GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
				   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
				   "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
	write_all(c, text, sizeof(text) - 1);
	enter(c, UPGRADING);
}

static void subscribe(client *c)
{
	char text[1024];
	snprintf(text, sizeof(text),
		"{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"subscription { damageReportUpdated { eventId at "
		"report { id number"
		" status priority vehicle { name } } } } #%d\"}}",
		(int)(c - clients) % groups);
	send_message(c, text);
	send_message(c, "{\"type\":\"ping\"}");
	enter(c, FOLLOWING);
}

/* "at":"2026-03-01T09:30:00.250123Z" */
static int64_t read_at(const char *text)
{
	struct tm tm = { 0 };
	const char *at = strstr(text, "\"at\":\"");
	char *rest = at ? strptime(at + 6, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int64_t us = 0, unit = 100000;
	if (!rest)
		return 0;
	for (rest += *rest == '.'; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
		us += (*rest - '0') * unit;
	return timegm(&tm) * INT64_C(1000000) + us;
}

static void on_message(client *c, const char *text)
{
	if (strstr(text, "\"type\":\"next\"")) {
		told++;
		if (!timed)
			return;
		if (!event_at_us)
			event_at_us = read_at(text);
		latency_ms[latency_count++] = (double)(now_us() - event_at_us) / 1000;
	} else if (strstr(text, "\"type\":\"ping\"")) {
		send_message(c, "{\"type\":\"pong\"}");
	} else if (strstr(text, "connection_ack")) {
		enter(c, IDLE);
	} else if (strstr(text, "\"type\":\"pong\"")) {
		enter(c, READY);
	} else {
		fprintf(stderr, "bench live: unexpected: %s\n", text);
		exit(1);
	}
}

/* Takes one frame off the buffer; false: it is not whole. */
static bool take_frame(client *c)
{
	unsigned char *b = (unsigned char *)c->buf;
	size_t head = 2, len;
	char text[BUFFER];
	if (c->have < 2)
		return false;
	len = b[1] & 127;
	if (len == 126) {
		head = 4;
		if (c->have < 4)
			return false;
		len = (size_t)b[2] << 8 | b[3];
	}
	if (len + head > BUFFER - 1 || (b[1] & 127) == 127) {
		fprintf(stderr, "bench live: a long frame\n");
		exit(1);
	}
	if (c->have < head + len)
		return false;
	memcpy(text, c->buf + head, len);
	text[len] = 0;
	unsigned op = b[0] & 15;
	c->have -= head + len;
	memmove(c->buf, c->buf + head + len, c->have);
	if (op == 1)
		on_message(c, text);
	else if (op == 8) {
		fprintf(stderr, "bench live: closed: %s\n", len > 2 ? text + 2 : "");
		exit(1);
	}
	return true;
}

static void readable(client *c)
{
	static char shared[BUFFER];
	if (!c->buf)
		c->buf = shared; /* a quiet subscriber owns no buffer */
	ssize_t got = read(c->fd, c->buf + c->have, BUFFER - 1 - c->have);
	if (got < 0 && errno == EAGAIN)
		got = 0;
	else if (got <= 0)
		die("a connection was cut");
	c->have += (unsigned)got;
	if (c->state == UPGRADING) {
		c->buf[c->have] = 0;
		char *end = strstr(c->buf, "\r\n\r\n");
		if (!end)
			return;
		if (strncmp(c->buf, "HTTP/1.1 101", 12) != 0)
			die(c->buf);
		c->have -= (unsigned)(end + 4 - c->buf);
		memmove(c->buf, end + 4, c->have);
		char text[2048];
		snprintf(text, sizeof(text), "{\"type\":\"connection_init\",\"payload\":{\"authorization\":\"Bearer %s\"}}",
			token);
		send_message(c, text);
		enter(c, ENTERING);
	}
	while (take_frame(c))
		;
	if (c->buf == shared) {
		c->buf = NULL;
		if (c->have) {
			c->buf = malloc(BUFFER);
			if (!c->buf)
				die("memory");
			memcpy(c->buf, shared, c->have);
		}
	} else if (!c->have) {
		free(c->buf);
		c->buf = NULL;
	}
}

static void turn(int wait_ms)
{
	struct epoll_event ready[EVENTS_AT_ONCE];
	int n = epoll_wait(epoll_fd, ready, EVENTS_AT_ONCE, wait_ms);
	for (int i = 0; i < n; i++) {
		client *c = &clients[ready[i].data.u32];
		if (c->state == CONNECTING) {
			if (!(ready[i].events & EPOLLOUT))
				die("connect");
			struct epoll_event want = { .events = EPOLLIN, .data.u32 = ready[i].data.u32 };
			epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &want);
			upgrade(c);
		} else {
			readable(c);
		}
	}
}

static void open_one(int i)
{
	client *c = &clients[i];
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die("socket");
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) != 0 && errno != EINPROGRESS)
		die("connect");
	struct epoll_event want = { .events = EPOLLOUT, .data.u32 = (uint32_t)i };
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &want) != 0)
		die("epoll");
	in_state[CONNECTING]++;
}

/* ---- changes, over a connection of their own ---- */

static int change_fd;

static void send_change(int n)
{
	char body[512], text[4096];
	int len = snprintf(body, sizeof(body),
		"{\"query\":\"mutation { updateDamageReport(input: { id: \\\"%s\\\", priority: %d }) { report { version } } }\"}",
		report, 1 + n % 10);
	int all = snprintf(text, sizeof(text),
		"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n"
		"Content-Length: %d\r\n\r\n%s",
		token, len, body);
	if (write(change_fd, text, (size_t)all) != all)
		die("the change");
}

static void take_answer(void)
{
	char text[4096];
	ssize_t got = read(change_fd, text, sizeof(text) - 1);
	if (got <= 0)
		die("the change's answer");
	text[got] = 0;
	if (!strstr(text, "\"version\"")) {
		fprintf(stderr, "bench live: %s\n", text);
		exit(1);
	}
}

static void until_told(int64_t wanted)
{
	int64_t end = now_us() + 60000000;
	while (told < wanted) {
		turn(100);
		if (now_us() > end) {
			fprintf(stderr, "bench live: %ld of %ld answers came\n", (long)told, (long)wanted);
			exit(1);
		}
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: bench_live PORT TOKEN REPORT SERVER-PID SUBSCRIBERS GROUPS EVENTS\n");
		return 2;
	}
	server = (struct sockaddr_in) { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtol(argv[1], NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	token = argv[2];
	report = argv[3];
	server_pid = (int)strtol(argv[4], NULL, 10);
	subscribers = (int)strtol(argv[5], NULL, 10);
	groups = (int)strtol(argv[6], NULL, 10);
	events = (int)strtol(argv[7], NULL, 10);
	clients = calloc((size_t)subscribers, sizeof(*clients));
	latency_ms = calloc((size_t)subscribers * (size_t)events, sizeof(*latency_ms));
	epoll_fd = epoll_create1(0);
	if (!clients || !latency_ms || epoll_fd < 0)
		die("memory");
	long before = memory_kib();
	int64_t start = now_us();
	for (int next = 0; in_state[IDLE] < subscribers; turn(100))
		while (next < subscribers && next - in_state[IDLE] < OPENING_MAX)
			open_one(next++);
	double opened_s = (double)(now_us() - start) / 1e6;
	long idle = memory_kib();
	start = now_us();
	for (int next = 0; in_state[READY] < subscribers; turn(100))
		for (int n = 0; n < 200 && next < subscribers; n++)
			subscribe(&clients[next++]);
	double followed_s = (double)(now_us() - start) / 1e6;
	long following = memory_kib();

	change_fd = socket(AF_INET, SOCK_STREAM, 0);
	if (change_fd < 0 || connect(change_fd, (struct sockaddr *)&server, sizeof(server)) != 0)
		die("connect");
	int64_t wanted = told;
	timed = true;
	for (int i = 0; i < events; i++) { /* one at a time: how long it takes */
		event_at_us = 0;
		send_change(i);
		until_told(wanted += subscribers);
		take_answer();
	}
	timed = false;
	qsort(latency_ms, (size_t)latency_count, sizeof(*latency_ms), by_value);
	start = now_us();
	for (int i = 0; i < events; i++) { /* as fast as they commit: how many go out */
		send_change(i);
		take_answer();
		turn(0);
	}
	until_told(wanted += (int64_t)subscribers * events);
	double storm_s = (double)(now_us() - start) / 1e6;
	printf("%d %d %.1f %.1f %.0f %.0f %.2f %.2f %.0f\n", subscribers, groups, opened_s, followed_s,
		(double)(idle - before) * 1024 / subscribers, (double)(following - idle) * 1024 / subscribers,
		latency_ms[latency_count / 2], latency_ms[latency_count * 99 / 100], (double)subscribers * events / storm_s);
	return 0;
}
