/* "unix:/path", "tcp:host:port", "host:port", "tcp:[::1]:port". */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "io/io_int.h"

fl_err fl_address_parse(fl_str text, fl_address *out, fl_diag *diag)
{
	fl_str whole = text;

	*out = (fl_address){};
	if (fl_str_starts(text, FL_STR("unix:"))) {
		fl_str path = fl_str_slice(text, 5, text.len);
		if (path.len == 0 || path.len >= sizeof((struct sockaddr_un){}.sun_path))
			return fl_fail(diag, FL_BAD_INPUT, "socket path must have 1 to 107 bytes: %" FL_FMT,
				       FL_ARG(path));
		memcpy(out->host, path.ptr, path.len);
		out->unix_socket = true;
		return FL_OK;
	}
	if (fl_str_starts(text, FL_STR("tcp:")))
		text = fl_str_slice(text, 4, text.len);
	fl_str host, port;
	int32_t number;
	if (fl_str_starts(text, FL_STR("["))) {
		host = fl_str_cut(fl_str_slice(text, 1, text.len), ']', &port);
		if (!fl_str_starts(port, FL_STR(":")))
			return fl_fail(diag, FL_BAD_INPUT, "not an address: %" FL_FMT, FL_ARG(whole));
		port = fl_str_slice(port, 1, port.len);
	} else {
		host = fl_str_cut(text, ':', &port);
	}
	if (host.len >= sizeof out->host || !fl_str_i32(port, &number) || number < 0 || number > 65535)
		return fl_fail(diag, FL_BAD_INPUT, "not an address (host:port): %" FL_FMT, FL_ARG(whole));
	memcpy(out->host, host.ptr, host.len);
	out->port = number;
	return FL_OK;
}

fl_err fl_address_numeric(const fl_address *address, fl_sockaddr *out, fl_diag *diag)
{
	*out = (fl_sockaddr){};
	if (address->unix_socket) {
		struct sockaddr_un *un = (struct sockaddr_un *)&out->addr;
		un->sun_family = AF_UNIX;
		memcpy(un->sun_path, address->host, strlen(address->host) + 1);
		out->len = sizeof *un;
		return FL_OK;
	}
	struct sockaddr_in *in = (struct sockaddr_in *)&out->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr;
	const char *host = address->host;
	if (!*host || strcmp(host, "*") == 0)
		host = "0.0.0.0";
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)address->port);
		out->len = sizeof *in;
		return FL_OK;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)address->port);
		out->len = sizeof *in6;
		return FL_OK;
	}
	return fl_fail(diag, FL_NOT_FOUND, "%s is not an IP address", host);
}

fl_str fl_address_text(const fl_sockaddr *addr, char out[FL_ADDRESS_MAX], int *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->addr;

	out[0] = '\0';
	if (port)
		*port = 0;
	if (addr->addr.ss_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, out, FL_ADDRESS_MAX);
		if (port)
			*port = ntohs(in->sin_port);
	} else if (addr->addr.ss_family == AF_INET6) {
		/* A dual-stack listener shows IPv4 peers as ::ffff:192.0.2.7. */
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], out, FL_ADDRESS_MAX);
		else
			inet_ntop(AF_INET6, &in6->sin6_addr, out, FL_ADDRESS_MAX);
		if (port)
			*port = ntohs(in6->sin6_port);
	}
	return fl_str_z(out);
}
