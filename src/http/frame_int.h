/* The WebSocket framer, RFC 6455 section 5 from the server's side, fed piece by piece; pure. It checks everything that
 * a frame alone can show (mask, reserved bits, opcodes, minimal lengths, fragment order, message size, close codes)
 * and unmasks in place. UTF-8 of whole messages is the caller's to check; of close reasons it is done here. */
#ifndef FL_HTTP_FRAME_INT_H
#define FL_HTTP_FRAME_INT_H

#include "base/base.h"

typedef enum fl_frame_op {
	FL_FRAME_CONTINUATION = 0,
	FL_FRAME_TEXT = 1,
	FL_FRAME_BINARY = 2,
	FL_FRAME_CLOSE = 8,
	FL_FRAME_PING = 9,
	FL_FRAME_PONG = 10,
} fl_frame_op;

typedef enum fl_frame_event {
	FL_FRAME_MORE,     /* everything was used */
	FL_FRAME_BYTES,    /* *data is content of the present message */
	FL_FRAME_MESSAGE,  /* the present message is complete: message_op and compressed tell its kind */
	FL_FRAME_CONTROL,  /* a ping, pong or close: control_op, control, control_len */
	FL_FRAME_BAD,      /* close_code and why */
} fl_frame_event;

/*  HEAD -> (LENGTH) -> MASK -> PAYLOAD -> HEAD; any refusal goes to FAILED. */
typedef enum fl_frame_state {
	FL_FRAME_HEAD,
	FL_FRAME_HEAD_LENGTH,
	FL_FRAME_LENGTH,
	FL_FRAME_MASK,
	FL_FRAME_PAYLOAD,
	FL_FRAME_END,
	FL_FRAME_FAILED,
} fl_frame_state;

enum { FL_FRAME_CONTROL_MAX = 125, FL_FRAME_HEAD_MAX = 10 };

typedef struct fl_frame {
	uint8_t state;
	uint8_t op, fin;        /* of the present frame */
	uint8_t need, got;      /* length or mask bytes */
	uint8_t message_op;     /* 0: no message under way */
	bool compressed;        /* RSV1 on its first frame */
	bool deflate;           /* RSV1 was negotiated */
	uint8_t control_op, control_len;
	uint16_t close_code;    /* the close code to send after BAD; the received one after CONTROL close (1005: none) */
	uint8_t mask[4];
	uint8_t phase;          /* of the mask */
	uint32_t message_max;
	uint64_t left;          /* of the payload */
	uint64_t message_len;   /* of the message so far */
	const char *why;
	char control[FL_FRAME_CONTROL_MAX];
} fl_frame;

void fl_frame_init(fl_frame *frame, uint32_t message_max, bool deflate);
fl_frame_event fl_frame_feed(fl_frame *frame, char *in, size_t len, size_t *used, fl_str *data);

/* Writes the header of an unmasked, final frame; returns its length. */
size_t fl_frame_head(char out[FL_FRAME_HEAD_MAX], fl_frame_op op, bool compressed, uint64_t len);

/* XORs the mask over bytes, beginning at phase 0..3 of it. */
void fl_frame_unmask(char *bytes, size_t len, const uint8_t mask[4], unsigned phase);

#endif
