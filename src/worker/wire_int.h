/* What the pool and its children say to each other over a unix socket.
 *
 *	pool -> child   request, 24 bytes, with the photo's descriptor attached (INSPECT, ASSESS):
 *	                magic u32 | op u8 | 0 u8 x 3 | job u64 | argument u64
 *	child -> pool   answer, 24 bytes, then its body:
 *	                magic u32 | err u8 | op u8 | 0 u16 | job u64 | body length u32 | 0 u32
 *
 * All numbers are little-endian. The body of a failure is its sentence. Both sides check everything that they read: a
 * child that decodes hostile bytes may have been taken over, so its answers are as hostile as the photo was. */
#ifndef FL_WORKER_WIRE_INT_H
#define FL_WORKER_WIRE_INT_H

#include "vision/vision.h"

enum {
	FL_WIRE_REQUEST_BYTES = 24,
	FL_WIRE_ANSWER_BYTES = 24,
	FL_WIRE_VIEW_MAX = 6 << 20,   /* a JPEG of 1280 x 1280 noise has about 2 MB */
	FL_WIRE_THUMB_MAX = 512 << 10,
	FL_WIRE_BODY_MAX = FL_WIRE_VIEW_MAX + FL_WIRE_THUMB_MAX + 4096,
};

typedef enum fl_wire_op {
	FL_WIRE_SETUP = 1, /* argument: address space in bytes; the first request; the answer says that the child is locked in */
	FL_WIRE_INSPECT,
	FL_WIRE_ASSESS,
	FL_WIRE_OPS,
} fl_wire_op;

typedef struct fl_wire_request {
	fl_wire_op op;
	uint64_t job, argument;
} fl_wire_request;

typedef struct fl_wire_answer {
	fl_err err;
	fl_wire_op op;
	uint64_t job;
	uint32_t body_len;
} fl_wire_answer;

/* How far the child could lock itself in: the body of SETUP's answer, one byte. */
enum { FL_WIRE_LANDLOCK = 1, FL_WIRE_SECCOMP = 2, FL_WIRE_MODEL = 4 };

void fl_wire_put_request(const fl_wire_request *request, uint8_t out[FL_WIRE_REQUEST_BYTES]);
bool fl_wire_get_request(const uint8_t in[FL_WIRE_REQUEST_BYTES], fl_wire_request *out);
void fl_wire_put_answer(const fl_wire_answer *answer, uint8_t out[FL_WIRE_ANSWER_BYTES]);
bool fl_wire_get_answer(const uint8_t in[FL_WIRE_ANSWER_BYTES], fl_wire_answer *out);

/* Bodies. get: false when anything in it cannot be true; strings then point into the body. */
void fl_wire_put_photo(const fl_photo *photo, fl_buf *out);
bool fl_wire_get_photo(fl_str body, fl_photo *out);
void fl_wire_put_reading(const fl_reading *reading, fl_buf *out);
bool fl_wire_get_reading(fl_str body, fl_reading *out);

#endif
