/* The WebSocket framer: one state machine, one function that changes its state. */
#include "http/frame_int.h"

void fl_frame_init(fl_frame *frame, uint32_t message_max, bool deflate)
{
	memset(frame, 0, offsetof(fl_frame, control));
	frame->message_max = message_max;
	frame->deflate = deflate;
}

void fl_frame_unmask(char *bytes, size_t len, const uint8_t mask[4], unsigned phase)
{
	uint8_t turned[8];
	uint64_t wide, word;
	size_t i = 0;

	for (unsigned k = 0; k < 8; k++)
		turned[k] = mask[(phase + k) & 3];
	memcpy(&wide, turned, 8);
	for (; i + 8 <= len; i += 8) {
		memcpy(&word, bytes + i, 8);
		word ^= wide;
		memcpy(bytes + i, &word, 8);
	}
	for (; i < len; i++)
		bytes[i] ^= (char)turned[i & 7];
}

size_t fl_frame_head(char out[FL_FRAME_HEAD_MAX], fl_frame_op op, bool compressed, uint64_t len)
{
	unsigned width = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;

	out[0] = (char)(0x80 | (compressed ? 0x40 : 0) | op);
	out[1] = (char)(width == 0 ? len : width == 2 ? 126 : 127);
	for (unsigned i = 0; i < width; i++)
		out[2 + i] = (char)(len >> (8 * (width - 1 - i)));
	return 2 + width;
}

static fl_frame_event refuse(fl_frame *frame, uint16_t code, const char *why)
{
	frame->state = FL_FRAME_FAILED;
	frame->close_code = code;
	frame->why = why;
	return FL_FRAME_BAD;
}

static fl_frame_event step_head(fl_frame *frame, uint8_t byte)
{
	bool rsv1 = byte & 0x40;

	frame->fin = byte >> 7;
	frame->op = byte & 0x0f;
	if ((byte & 0x30) || (rsv1 && !frame->deflate))
		return refuse(frame, 1002, "reserved bits");
	switch (frame->op) {
	case FL_FRAME_TEXT:
	case FL_FRAME_BINARY:
		if (frame->message_op)
			return refuse(frame, 1002, "a new message inside another");
		frame->message_op = frame->op;
		frame->message_len = 0;
		frame->compressed = rsv1;
		break;
	case FL_FRAME_CONTINUATION:
		if (!frame->message_op || rsv1)
			return refuse(frame, 1002, "a continuation of nothing");
		break;
	case FL_FRAME_CLOSE:
	case FL_FRAME_PING:
	case FL_FRAME_PONG:
		if (!frame->fin || rsv1)
			return refuse(frame, 1002, "a fragmented control frame");
		break;
	default:
		return refuse(frame, 1002, "an unknown opcode");
	}
	frame->state = FL_FRAME_HEAD_LENGTH;
	return FL_FRAME_MORE;
}

/* The length is known: what it may not be. */
static fl_frame_event take_length(fl_frame *frame)
{
	frame->state = FL_FRAME_MASK;
	frame->need = 4;
	frame->got = 0;
	if (frame->op >= FL_FRAME_CLOSE) {
		frame->control_op = frame->op;
		frame->control_len = 0;
		return FL_FRAME_MORE;
	}
	if (frame->left > frame->message_max || frame->message_len + frame->left > frame->message_max)
		return refuse(frame, 1009, "message too long");
	frame->message_len += frame->left;
	return FL_FRAME_MORE;
}

static fl_frame_event step_head_length(fl_frame *frame, uint8_t byte)
{
	uint8_t len = byte & 0x7f;

	if (!(byte & 0x80))
		return refuse(frame, 1002, "a frame without mask");
	if (frame->op >= FL_FRAME_CLOSE && len > FL_FRAME_CONTROL_MAX)
		return refuse(frame, 1002, "a long control frame");
	frame->left = len;
	if (len < 126)
		return take_length(frame);
	frame->left = 0;
	frame->need = len == 126 ? 2 : 8;
	frame->got = 0;
	frame->state = FL_FRAME_LENGTH;
	return FL_FRAME_MORE;
}

static fl_frame_event step_length(fl_frame *frame, uint8_t byte)
{
	if (frame->need == 8 && frame->got == 0 && byte >= 0x80)
		return refuse(frame, 1002, "a length of 64 bits");
	frame->left = frame->left << 8 | byte;
	if (++frame->got < frame->need)
		return FL_FRAME_MORE;
	if (frame->left < 126 || (frame->need == 8 && frame->left <= UINT16_MAX))
		return refuse(frame, 1002, "a length that is not minimal");
	return take_length(frame);
}

static bool close_code_is_good(uint16_t code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) || (code >= 3000 && code <= 4999);
}

/* The payload is complete. */
static fl_frame_event take_end(fl_frame *frame)
{
	frame->state = FL_FRAME_HEAD;
	if (frame->op < FL_FRAME_CLOSE) {
		if (!frame->fin)
			return FL_FRAME_MORE;
		return FL_FRAME_MESSAGE; /* message_op is forgotten at the next call */
	}
	if (frame->op == FL_FRAME_CLOSE) {
		frame->close_code = 1005;
		if (frame->control_len == 1)
			return refuse(frame, 1002, "half a close code");
		if (frame->control_len >= 2) {
			frame->close_code = (uint16_t)((uint8_t)frame->control[0] << 8 | (uint8_t)frame->control[1]);
			if (!close_code_is_good(frame->close_code))
				return refuse(frame, 1002, "a close code that may not be sent");
			if (!fl_str_utf8_valid(fl_str_make(frame->control + 2, frame->control_len - 2u)))
				return refuse(frame, 1007, "a close reason that is not UTF-8");
		}
	}
	return FL_FRAME_CONTROL;
}

static fl_frame_event step_mask(fl_frame *frame, uint8_t byte)
{
	frame->mask[frame->got++] = byte;
	if (frame->got < 4)
		return FL_FRAME_MORE;
	frame->phase = 0;
	frame->state = frame->left ? FL_FRAME_PAYLOAD : FL_FRAME_END;
	return FL_FRAME_MORE;
}

static fl_frame_event step_payload(fl_frame *frame, char *in, size_t len, size_t *i, fl_str *data)
{
	size_t n = FL_MIN(len - *i, frame->left);
	char *at = in + *i;

	fl_frame_unmask(at, n, frame->mask, frame->phase);
	frame->phase = (uint8_t)((frame->phase + n) & 3);
	*i += n;
	frame->left -= n;
	if (frame->left == 0)
		frame->state = FL_FRAME_END;
	if (frame->op < FL_FRAME_CLOSE) {
		*data = fl_str_make(at, n);
		return FL_FRAME_BYTES;
	}
	memcpy(frame->control + frame->control_len, at, n);
	frame->control_len = (uint8_t)(frame->control_len + n);
	return FL_FRAME_MORE;
}

fl_frame_event fl_frame_feed(fl_frame *frame, char *in, size_t len, size_t *used, fl_str *data)
{
	fl_frame_event event = FL_FRAME_MORE;
	size_t i = 0;

	*data = (fl_str){ 0 };
	/* END needs no byte, so that an empty payload and the last byte of one are the same case. */
	while (event == FL_FRAME_MORE && (i < len || frame->state == FL_FRAME_END)) {
		switch ((fl_frame_state)frame->state) {
		case FL_FRAME_HEAD:
			if (frame->fin && frame->op < FL_FRAME_CLOSE)
				frame->message_op = 0;
			event = step_head(frame, (uint8_t)in[i++]);
			break;
		case FL_FRAME_HEAD_LENGTH:
			event = step_head_length(frame, (uint8_t)in[i++]);
			break;
		case FL_FRAME_LENGTH:
			event = step_length(frame, (uint8_t)in[i++]);
			break;
		case FL_FRAME_MASK:
			event = step_mask(frame, (uint8_t)in[i++]);
			break;
		case FL_FRAME_PAYLOAD:
			event = step_payload(frame, in, len, &i, data);
			break;
		case FL_FRAME_END:
			event = take_end(frame);
			break;
		case FL_FRAME_FAILED:
			event = FL_FRAME_BAD;
			break;
		}
	}
	*used = i;
	return event;
}
