/* unix:/path?db=2, redis://user:password@host:port/db, redis+unix://user:password@/path?db=2. */
#include <stdio.h>

#include "cache/redis_int.h"

static bool unescape(fl_str in, char *out, size_t cap)
{
	size_t at = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = in.ptr[i];
		if (c == '%') {
			if (!fl_str_unhex(fl_str_slice(in, i + 1, i + 3), &c, 1))
				return false;
			i += 2;
		}
		if (at + 1 >= cap)
			return false;
		out[at++] = c;
	}
	out[at] = '\0';
	return true;
}

static bool parse_login(fl_str login, fl_redis_url *out)
{
	fl_str password, user = fl_str_cut(login, ':', &password);

	/* redis://secret@host is an old way to give only a password. */
	if (fl_str_find_char(login, ':') < 0)
		password = login, user = FL_STR("");
	return unescape(user, out->user, sizeof out->user) &&
	       unescape(password, out->password, sizeof out->password);
}

static bool parse_db(fl_str text, fl_redis_url *out)
{
	int32_t db = 0;

	if (text.len > 0 && (!fl_str_i32(text, &db) || db < 0))
		return false;
	out->db = db;
	return true;
}

static bool parse_path(fl_str text, fl_redis_url *out)
{
	fl_str query, path = fl_str_cut(text, '?', &query);

	if (query.len > 0 &&
	    (!fl_str_starts(query, FL_STR("db=")) || !parse_db(fl_str_slice(query, 3, query.len), out)))
		return false;
	char decoded[FL_ADDRESS_MAX];
	if (!fl_str_starts(path, FL_STR("/")) || !unescape(path, decoded, sizeof decoded))
		return false;
	snprintf(out->address, sizeof out->address, "unix:%s", decoded);
	return true;
}

static bool parse_host(fl_str text, fl_redis_url *out)
{
	fl_str db, host = fl_str_cut(text, '/', &db);
	bool has_port =
		host.len > 0 &&
		fl_str_find_char(fl_str_slice(host, (size_t)(fl_str_find_char(host, ']') + 1), host.len),
				 ':') >= 0;

	if (host.len == 0)
		host = FL_STR("localhost");
	if (host.len + 5 >= FL_ADDRESS_MAX || !parse_db(db, out))
		return false;
	snprintf(out->address, sizeof out->address, "tcp:%" FL_FMT "%s", FL_ARG(host),
		 has_port ? "" : ":6379");
	return true;
}

fl_err fl_redis_url_parse(fl_str url, fl_redis_url *out, fl_diag *diag)
{
	bool good;
	fl_diag unused;

	*out = (fl_redis_url){};
	if (!diag)
		diag = &unused;
	if (fl_str_starts(url, FL_STR("rediss:")))
		return fl_fail(diag, FL_UNSUPPORTED, "Redis over TLS (rediss:) is not supported");
	if (fl_str_starts(url, FL_STR("unix:"))) {
		good = parse_path(fl_str_slice(url, 5, url.len), out);
	} else {
		bool path = fl_str_starts(url, FL_STR("redis+unix://"));
		if (!path && !fl_str_starts(url, FL_STR("redis://")))
			return fl_fail(diag, FL_BAD_INPUT,
				       "a Redis URL starts with unix:, redis:// or redis+unix://");
		fl_str rest = fl_str_slice(url, path ? 13 : 8, url.len), login = {};
		for (size_t i = rest.len; i-- > 0;)
			if (rest.ptr[i] == '@') { /* the last one: a password may hold others */
				login = fl_str_slice(rest, 0, i);
				rest = fl_str_slice(rest, i + 1, rest.len);
				break;
			}
		good = parse_login(login, out) && (path ? parse_path(rest, out) : parse_host(rest, out));
	}
	/* Not the URL itself: it may hold a password. */
	return good ? FL_OK : fl_fail(diag, FL_BAD_INPUT, "the Redis URL is not valid");
}
