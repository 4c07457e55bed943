/* Small texts of HTTP: escapes, dates, ranges, entity tags, lists with weights, status reasons. Pure. */
#ifndef FL_HTTP_TEXT_INT_H
#define FL_HTTP_TEXT_INT_H

#include "base/base.h"

/* Decodes %XX (and '+' to a blank when plus) into the arena, or returns text itself when there is nothing to decode.
 * False: a bad escape, a NUL, or no memory. */
bool fl_url_decode(fl_arena *mem, fl_str text, bool plus, fl_str *out);

enum { FL_HTTP_DATE_LEN = 29 };
/* "Sun, 06 Nov 1994 08:49:37 GMT"; no NUL. */
void fl_http_date_format(int64_t time_us, char out[FL_HTTP_DATE_LEN]);
bool fl_http_date_parse(fl_str text, int64_t *out); /* that form only */

typedef enum fl_range { FL_RANGE_WHOLE, FL_RANGE_PART, FL_RANGE_OUTSIDE } fl_range;
/* A single "bytes=" range of a thing of that size; several ranges, or anything odd, mean the whole. */
fl_range fl_range_parse(fl_str value, uint64_t size, uint64_t *from, uint64_t *len);

/* Whether an If-None-Match list names the tag (weak comparison; "*" names all). */
bool fl_etag_listed(fl_str list, fl_str etag);

/* The weight 0..1000 that a list such as "br;q=0.5, gzip" gives to a word; -1 when it is not named. */
int fl_weight_of(fl_str list, fl_str word);

/* One item of a comma-separated list, trimmed; *rest is what follows. */
fl_str fl_list_next(fl_str list, fl_str *rest);

const char *fl_status_reason(int status);

#endif
