/* The ceiling of `bench http`: the least that answers HTTP on one thread. epoll, read, look for the empty line, write a
 * constant answer. No routing, no Date, no limits, no deadlines: it is what the kernel costs, not a server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"
			     "{\"message\":\"hello, world\"}";

static int listen_on(unsigned short port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 1024) != 0) {
		perror("listen");
		exit(1);
	}
	getsockname(fd, (struct sockaddr *)&at, &len);
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void watch(int ep, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

static void accept_all(int ep, int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		watch(ep, fd);
	}
}

static void serve(int fd)
{
	char buf[16384];
	ssize_t len = read(fd, buf, sizeof(buf));

	if (len <= 0) {
		close(fd);
		return;
	}
	for (char *at = buf; (at = memmem(at, (size_t)(buf + len - at), "\r\n\r\n", 4)) != NULL; at += 4) {
		if (send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0) {
			close(fd);
			return;
		}
	}
}

int main(int argc, char **argv)
{
	struct epoll_event events[256];
	int listener = listen_on(argc > 1 ? (unsigned short)strtoul(argv[1], NULL, 10) : 0), ep = epoll_create1(EPOLL_CLOEXEC);

	watch(ep, listener);
	for (;;) {
		int n = epoll_wait(ep, events, 256, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_all(ep, listener);
			else
				serve(events[i].data.fd);
		}
	}
}
