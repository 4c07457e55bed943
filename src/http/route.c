/* Finding the handler of a request. A server has some twenty routes: a list ordered by how specific they are is
 * quicker than a tree of that size, and its order can be read off. */
#include "http/route_int.h"

#include <stdlib.h>

#include "http/text_int.h"

struct fl_router {
	fl_route **routes;
	size_t count, cap;
};

static const struct {
	fl_method method;
	fl_str name;
} methods[] = {
	{ FL_GET, FL_STR_INIT("GET") },       { FL_HEAD, FL_STR_INIT("HEAD") },
	{ FL_POST, FL_STR_INIT("POST") },     { FL_PUT, FL_STR_INIT("PUT") },
	{ FL_PATCH, FL_STR_INIT("PATCH") },   { FL_DELETE, FL_STR_INIT("DELETE") },
	{ FL_OPTIONS, FL_STR_INIT("OPTIONS") },
};

fl_method fl_method_of(fl_str name)
{
	for (size_t i = 0; i < FL_COUNT(methods); i++) {
		if (fl_str_eq(name, methods[i].name))
			return methods[i].method;
	}
	return (fl_method)0;
}

fl_str fl_methods_text(fl_arena *mem, unsigned mask)
{
	fl_str text = { "", 0 };

	for (size_t i = 0; i < FL_COUNT(methods); i++) {
		if (mask & methods[i].method)
			text = fl_str_fmt(mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(text), text.len ? ", " : "", FL_ARG(methods[i].name));
	}
	return text;
}

fl_router *fl_router_new(void)
{
	return calloc(1, sizeof(fl_router));
}

void fl_router_free(fl_router *router)
{
	if (router == NULL)
		return;
	for (size_t i = 0; i < router->count; i++)
		free(router->routes[i]);
	free(router->routes);
	free(router);
}

static char kind_of(fl_str segment)
{
	return segment.len > 0 && (segment.ptr[0] == ':' || segment.ptr[0] == '*') ? segment.ptr[0] : '=';
}

/* Smaller is more specific: literal before capture before rest, from the left. */
static int rank(char kind)
{
	return kind == '=' ? 0 : kind == ':' ? 1 : 2;
}

static int compare_routes(const fl_route *a, const fl_route *b)
{
	for (unsigned i = 0; i < a->segment_count && i < b->segment_count; i++) {
		int by = rank(kind_of(a->segments[i])) - rank(kind_of(b->segments[i]));

		if (by != 0)
			return by;
	}
	return (int)b->segment_count - (int)a->segment_count;
}

static bool split_pattern(fl_route *route, const char *pattern)
{
	fl_str rest = fl_str_z(pattern);
	unsigned captures = 0;

	if (rest.len == 0 || rest.ptr[0] != '/')
		return false;
	rest = fl_str_slice(rest, 1, rest.len);
	for (;;) {
		ptrdiff_t slash = fl_str_find_char(rest, '/');
		fl_str segment = slash < 0 ? rest : fl_str_slice(rest, 0, (size_t)slash);
		char kind = kind_of(segment);

		if (route->segment_count == FL_SEGMENTS_MAX || route->rest || (kind != '=' && ++captures > FL_CAPTURES_MAX))
			return false;
		route->segments[route->segment_count++] = segment;
		route->rest = kind == '*';
		if (slash < 0)
			return true;
		rest = fl_str_slice(rest, (size_t)slash + 1, rest.len);
	}
}

static void fill_defaults(fl_route_options *options)
{
	if (options->body_max == 0)
		options->body_max = 1 << 20;
	if (options->deadline_us == 0)
		options->deadline_us = 30 * FL_SECOND_US;
	if (options->mem_max == 0)
		options->mem_max = 64 << 20;
}

fl_err fl_router_add(fl_router *router, unsigned mask, const char *pattern, fl_http_handler handler,
	const fl_route_options *options)
{
	fl_route *route;
	size_t at;

	if (router->count == router->cap) {
		size_t cap = router->cap ? router->cap * 2 : 16;
		fl_route **routes = reallocarray(router->routes, cap, sizeof(*routes));

		if (routes == NULL)
			return FL_NOMEM;
		router->routes = routes;
		router->cap = cap;
	}
	route = calloc(1, sizeof(*route));
	if (route == NULL)
		return FL_NOMEM;
	route->methods = mask & FL_GET ? mask | FL_HEAD : mask;
	route->handler = handler;
	route->pattern = pattern;
	if (options != NULL)
		route->options = *options;
	fill_defaults(&route->options);
	if (mask == 0 || !split_pattern(route, pattern)) {
		free(route);
		return FL_BAD_INPUT;
	}
	for (at = router->count; at > 0 && compare_routes(route, router->routes[at - 1]) < 0; at--)
		router->routes[at] = router->routes[at - 1];
	router->routes[at] = route;
	router->count++;
	return FL_OK;
}

typedef struct route_path {
	fl_str raw[FL_SEGMENTS_MAX + 1]; /* what follows the slash before each segment, undivided */
	fl_str segments[FL_SEGMENTS_MAX + 1]; /* decoded */
	unsigned count;
} route_path;

/* 0, or the status of the refusal. Dot segments are what clients must have resolved; here they are an attack. */
static int split_path(fl_arena *mem, fl_str text, route_path *out)
{
	fl_str rest = fl_str_slice(text, 1, text.len);

	out->count = 0;
	for (;;) {
		ptrdiff_t slash = fl_str_find_char(rest, '/');
		fl_str segment;

		if (out->count > FL_SEGMENTS_MAX)
			return 404;
		if (!fl_url_decode(mem, slash < 0 ? rest : fl_str_slice(rest, 0, (size_t)slash), false, &segment))
			return 400;
		if (fl_str_eq(segment, FL_STR("..")) || fl_str_eq(segment, FL_STR(".")))
			return 400;
		out->raw[out->count] = rest;
		out->segments[out->count++] = segment;
		if (slash < 0)
			return 0;
		rest = fl_str_slice(rest, (size_t)slash + 1, rest.len);
	}
}

static bool route_fits(const fl_route *route, const route_path *path)
{
	unsigned fixed = route->segment_count - route->rest;

	if (route->rest ? path->count < route->segment_count : path->count != route->segment_count)
		return false;
	for (unsigned i = 0; i < fixed; i++) {
		if (kind_of(route->segments[i]) == ':' ? path->segments[i].len == 0 : !fl_str_eq(route->segments[i], path->segments[i]))
			return false;
	}
	return true;
}

static bool capture(const fl_route *route, const route_path *path, fl_arena *mem, fl_route_match *out)
{
	out->capture_count = 0;
	for (unsigned i = 0; i < route->segment_count; i++) {
		char kind = kind_of(route->segments[i]);
		fl_str *to = &out->captures[out->capture_count];

		if (kind == '=')
			continue;
		out->capture_count++;
		if (kind == ':')
			*to = path->segments[i];
		else if (!fl_url_decode(mem, path->raw[i], false, to))
			return false;
	}
	return true;
}

void fl_router_match(const fl_router *router, fl_arena *mem, fl_method method, fl_str text, fl_route_match *out)
{
	route_path path;

	out->route = NULL;
	out->allowed = 0;
	if (text.len == 0 || text.ptr[0] != '/') { /* OPTIONS * */
		out->status = 404;
		return;
	}
	out->status = split_path(mem, text, &path);
	if (out->status != 0)
		return;
	for (size_t i = 0; i < router->count; i++) {
		const fl_route *route = router->routes[i];

		if (!route_fits(route, &path))
			continue;
		out->allowed |= route->methods;
		if (!(route->methods & method))
			continue;
		out->status = capture(route, &path, mem, out) ? 200 : 400;
		out->route = out->status == 200 ? route : NULL;
		return;
	}
	out->status = out->allowed ? 405 : 404;
}
