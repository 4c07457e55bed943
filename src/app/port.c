#include "app/port.h"

#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The inode of the socket that listens on port, from /proc/net/tcp or tcp6; 0 when there is none. */
static unsigned long listening_inode(const char *table, int port)
{
	FILE *file = fopen(table, "re");
	char line[512];
	unsigned long found = 0;
	while (file && !found && fgets(line, sizeof(line), file)) {
		unsigned local = 0, state = 0;
		unsigned long inode = 0;
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%X %*s %X %*s %*s %*s %*s %*s %lu", &local, &state, &inode) == 3 &&
		    (int)local == port && state == 10)
			found = inode;
	}
	if (file)
		fclose(file);
	return found;
}

static bool holds_socket(const char *pid, unsigned long inode)
{
	char path[600], wanted[64], link[64];
	bool found = false;
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		ssize_t len = readlink(path, link, sizeof(link) - 1);
		found = len > 0 && (size_t)len == strlen(wanted) && memcmp(link, wanted, (size_t)len) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* " (process 4711, nginx)", or nothing: other users' processes keep theirs to themselves. */
static void find_holder(int port, char out[96])
{
	unsigned long inode = listening_inode("/proc/net/tcp", port);
	if (!inode)
		inode = listening_inode("/proc/net/tcp6", port);
	DIR *dir = inode ? opendir("/proc") : NULL;
	out[0] = 0;
	for (struct dirent *entry; dir && !out[0] && (entry = readdir(dir));) {
		char path[300], name[32] = "?";
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || !holds_socket(entry->d_name, inode))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		FILE *file = fopen(path, "re");
		if (file && fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = 0;
		if (file)
			fclose(file);
		snprintf(out, 96, " (by process %.10s, %s)", entry->d_name, name);
	}
	if (dir)
		closedir(dir);
}

static fl_err explain(const char *host, int port, int number, fl_diag *diag)
{
	char holder[96];
	if (number == EACCES)
		return fl_fail(diag, FL_DENIED, "port %d needs root or a proxy in front; choose one from 1024 up: --port 8080", port);
	if (number != EADDRINUSE)
		return fl_fail(diag, FL_BAD_INPUT, "--host %s: %s", host, strerror(number));
	find_holder(port, holder);
	return fl_fail(diag, FL_IN_USE, "port %d is in use%s. Stop what uses it, or choose another: --port %d", port, holder,
		port < 65535 ? port + 1 : 8080);
}

static int bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

fl_err app_port_check(const char *host, int *port, fl_diag *diag)
{
	char service[16];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found = NULL;
	snprintf(service, sizeof(service), "%d", *port);
	int rc = getaddrinfo(host, service, &hints, &found);
	if (rc != 0)
		return fl_fail(diag, FL_BAD_INPUT, "--host %s: %s", host, gai_strerror(rc));
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), number = errno;
	bool free_port = false;
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)); /* not REUSEPORT: it would share a busy port */
		free_port = bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0;
		number = errno;
		if (free_port && *port == 0)
			*port = bound_port(fd);
		close(fd);
	}
	freeaddrinfo(found);
	return free_port ? FL_OK : explain(host, *port, number, diag);
}
