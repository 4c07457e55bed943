/* Which addresses of the internet protocol are public, and which URLs may be called at all. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>

#include "outbound/outbound_int.h"

typedef struct block4 {
	uint32_t address;
	int bits;
} block4;

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* IANA's special-purpose registry: whatever is not globally reachable. */
static const block4 inside4[] = {
	{ V4(0, 0, 0, 0), 8 },
	{ V4(10, 0, 0, 0), 8 },
	{ V4(100, 64, 0, 0), 10 },
	{ V4(127, 0, 0, 0), 8 },
	{ V4(169, 254, 0, 0), 16 },
	{ V4(172, 16, 0, 0), 12 },
	{ V4(192, 0, 0, 0), 24 },
	{ V4(192, 0, 2, 0), 24 },
	{ V4(192, 88, 99, 0), 24 },
	{ V4(192, 168, 0, 0), 16 },
	{ V4(198, 18, 0, 0), 15 },
	{ V4(198, 51, 100, 0), 24 },
	{ V4(203, 0, 113, 0), 24 },
	{ V4(224, 0, 0, 0), 4 },
	{ V4(240, 0, 0, 0), 4 },
};

static bool public4(uint32_t address)
{
	for (size_t i = 0; i < FL_COUNT(inside4); i++)
		if ((address ^ inside4[i].address) >> (32 - inside4[i].bits) == 0)
			return false;
	return true;
}

static uint32_t word(const uint8_t *bytes)
{
	return V4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* Only 2000::/3 is public, and in it are tunnels to addresses of version 4, which count as those. */
static bool public6(const uint8_t a[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, translated[12] = { 0x00, 0x64, 0xff, 0x9b };
	if (memcmp(a, mapped, 12) == 0 || memcmp(a, translated, 12) == 0)
		return public4(word(a + 12));
	if (a[0] >> 5 != 1)
		return false;
	if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
		return public4(word(a + 2));
	bool teredo = a[0] == 0x20 && a[1] == 0x01 && a[2] < 0x02; /* 2001::/23: Teredo, ORCHID and others of the protocols */
	bool documents =
		(a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) || (a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10);
	return !teredo && !documents;
}

bool outbound_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return public4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
	return address->sa_family == AF_INET6 && public6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
}

bool fl_outbound_is_public(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return outbound_public((const struct sockaddr *)&v4);
	return inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 && outbound_public((const struct sockaddr *)&v6);
}

static bool in_list(const char *list, fl_str name)
{
	fl_str rest = fl_str_z(list), entry;
	while (rest.len) {
		entry = fl_str_trim(fl_str_cut(rest, ',', &rest));
		if (fl_str_eq_nocase(entry, name))
			return true;
	}
	return false;
}

bool outbound_allowed(const fl_outbound *o, const struct sockaddr *address)
{
	char host[INET6_ADDRSTRLEN] = "", text[INET6_ADDRSTRLEN + 16];
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	if (address->sa_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)))
		snprintf(text, sizeof(text), "%s:%d", host, ntohs(v4->sin_port));
	else if (address->sa_family == AF_INET6 && inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)))
		snprintf(text, sizeof(text), "[%s]:%d", host, ntohs(v6->sin6_port));
	else
		return false;
	return in_list(o->allow, fl_str_z(text));
}

/* ---- URLs ---- */

static fl_err check_parts(const fl_outbound *o, CURLU *url, fl_diag *diag)
{
	char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL, place[512];
	fl_err err = FL_OK;
	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(url, CURLUPART_HOST, &host, 0) ||
		curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT)) {
		err = fl_fail(diag, FL_BAD_INPUT, "the URL names no host");
	} else {
		snprintf(place, sizeof(place), "%.400s:%.5s", host, port);
		bool allowed = in_list(o->allow, fl_str_z(place));
		bool https = strcmp(scheme, "https") == 0, http = strcmp(scheme, "http") == 0;
		if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
			err = fl_fail(diag, FL_BAD_INPUT, "a URL must not hold a name or a password");
		else if (!https && !(http && allowed))
			err = fl_fail(diag, FL_BAD_INPUT, "the URL must begin with https://");
		else if (!allowed && strspn(host, "0123456789.") == strlen(host) && !fl_outbound_is_public(host))
			err = fl_fail(diag, FL_FORBIDDEN, "%s is not an address of the public internet", host);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	return err;
}

fl_err fl_outbound_check_url(const fl_outbound *o, fl_str text, fl_diag *diag)
{
	char z[FL_OUTBOUND_URL_MAX + 1];
	if (text.len == 0 || text.len > FL_OUTBOUND_URL_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "a URL has 1 to %d characters", FL_OUTBOUND_URL_MAX);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || (unsigned char)text.ptr[i] >= 127)
			return fl_fail(diag, FL_BAD_INPUT, "a URL has no spaces and only ASCII characters; write others as %%XX");
	memcpy(z, text.ptr, text.len);
	z[text.len] = 0;
	CURLU *url = curl_url();
	if (!url)
		return FL_NOMEM;
	fl_err err = curl_url_set(url, CURLUPART_URL, z, 0) ? fl_fail(diag, FL_BAD_INPUT, "this is no URL")
							    : check_parts(o, url, diag);
	curl_url_cleanup(url);
	return err;
}
