/* Finding the handler of a request: a sorted list of patterns, most specific first. */
#ifndef FL_HTTP_ROUTE_INT_H
#define FL_HTTP_ROUTE_INT_H

#include "http/http.h"

enum { FL_SEGMENTS_MAX = 24 };

typedef struct fl_route {
	unsigned methods;
	fl_http_handler handler;
	const char *pattern;
	fl_route_options options; /* defaults filled in */
	unsigned segment_count;
	bool rest;                /* the last segment takes all that follows */
	fl_str segments[FL_SEGMENTS_MAX]; /* ":name", "*name" or a literal */
} fl_route;

typedef struct fl_route_match {
	const fl_route *route;    /* NULL: see status */
	int status;               /* 400, 404 or 405 */
	unsigned allowed;         /* methods that the path knows */
	fl_str captures[FL_CAPTURES_MAX];
	size_t capture_count;
} fl_route_match;

/* path is as sent; decoded captures live in mem, or in path. */
void fl_router_match(const fl_router *router, fl_arena *mem, fl_method method, fl_str path, fl_route_match *out);

fl_method fl_method_of(fl_str name); /* 0: none of ours */
/* "GET, HEAD" for a mask; lives in mem. */
fl_str fl_methods_text(fl_arena *mem, unsigned methods);

#endif
