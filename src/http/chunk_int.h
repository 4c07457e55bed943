/* The decoder of chunked bodies, RFC 9112 section 7.1, strict: no blanks around the size, no bare CR or LF, sizes of
 * at most 15 digits, bounded extensions and trailers (both are read and forgotten). */
#ifndef FL_HTTP_CHUNK_INT_H
#define FL_HTTP_CHUNK_INT_H

#include "http/head_int.h"

enum { FL_CHUNK_EXTRA_MAX = 4096 }; /* bytes of extensions, and of trailers, in one body */

typedef enum fl_chunk_state {
	FL_CHUNK_SIZE,
	FL_CHUNK_EXTENSION,
	FL_CHUNK_SIZE_LF,
	FL_CHUNK_DATA,
	FL_CHUNK_DATA_CR,
	FL_CHUNK_DATA_LF,
	FL_CHUNK_TRAILER_START,
	FL_CHUNK_TRAILER_NAME,
	FL_CHUNK_TRAILER_VALUE,
	FL_CHUNK_TRAILER_LF,
	FL_CHUNK_END_LF,
	FL_CHUNK_DONE,
	FL_CHUNK_FAILED,
} fl_chunk_state;

typedef struct fl_chunk {
	uint8_t state;   /* fl_chunk_state; zero is the start */
	uint8_t digits;  /* of the size read so far */
	uint16_t extra;  /* bytes of extensions and trailers so far */
	uint64_t left;   /* of the present chunk */
} fl_chunk;

/* Takes bytes from in[0..len): *used says how many. Stops at each piece of data, which *data then shows (in place);
 * it is empty when there was none. MORE: call again with what is left and what comes. DONE: the body has ended, the
 * rest of in belongs to the next request. */
fl_parse fl_chunk_feed(fl_chunk *chunk, const char *in, size_t len, size_t *used, fl_str *data);

#endif
