/* The first byte says whether deflate was negotiated, the rest are a client's frames: whole and byte by byte must give
 * the same messages, none longer than allowed. */
#include "fuzz.h"

#include <stdlib.h>

#include "http/frame_int.h"

enum { MESSAGE_MAX = 1000 };

static uint64_t run(const uint8_t *bytes, size_t len, size_t step, bool deflate)
{
	char *copy = malloc(len + 1), message[MESSAGE_MAX];
	uint64_t hash = 1;
	size_t at = 0, message_len = 0;
	fl_frame frame;

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	fl_frame_init(&frame, MESSAGE_MAX, deflate);
	for (;;) {
		size_t used;
		fl_str data;
		fl_frame_event event = fl_frame_feed(&frame, copy + at, FL_MIN(step, len - at), &used, &data);

		at += used;
		if (event == FL_FRAME_MORE && at == len)
			break;
		if (event == FL_FRAME_BYTES) {
			assert(data.len <= MESSAGE_MAX - message_len);
			if (data.len > 0)
				memcpy(message + message_len, data.ptr, data.len);
			message_len += data.len;
		} else if (event == FL_FRAME_MESSAGE) {
			assert(frame.message_op == FL_FRAME_TEXT || frame.message_op == FL_FRAME_BINARY);
			assert(deflate || !frame.compressed);
			hash = fl_hash(message, message_len, hash + frame.message_op);
			message_len = 0;
		} else if (event == FL_FRAME_CONTROL) {
			assert(frame.control_len <= FL_FRAME_CONTROL_MAX);
			hash = fl_hash(frame.control, frame.control_len, hash + frame.control_op);
		} else if (event == FL_FRAME_BAD) {
			assert(frame.close_code == 1002 || frame.close_code == 1007 || frame.close_code == 1009);
			hash += frame.close_code;
			break;
		}
	}
	free(copy);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint64_t whole;

	if (len == 0)
		return 0;
	whole = run(bytes + 1, len - 1, SIZE_MAX, bytes[0] & 1);
	assert(whole == run(bytes + 1, len - 1, 1, bytes[0] & 1));
	assert(whole == run(bytes + 1, len - 1, 5, bytes[0] & 1));
	return 0;
}
