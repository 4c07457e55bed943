/* Any bytes as what a child and its pool say to each other. What is accepted, said again, gives the same bytes. */
#include "fuzz.h"
#include "worker/wire_int.h"

static void try_photo(fl_str body)
{
	fl_buf again = fl_buf_make(FL_WIRE_BODY_MAX);
	fl_photo photo;

	if (fl_wire_get_photo(body, &photo)) {
		assert(photo.width <= FL_PHOTO_SIDE_MAX && photo.view.len <= FL_WIRE_VIEW_MAX);
		fl_wire_put_photo(&photo, &again);
		assert(fl_buf_err(&again) == FL_OK && again.len == body.len);
	}
	fl_buf_fini(&again);
}

static void try_reading(fl_str body)
{
	fl_buf again = fl_buf_make(FL_WIRE_BODY_MAX);
	fl_reading reading;

	if (fl_wire_get_reading(body, &reading)) {
		fl_wire_put_reading(&reading, &again);
		assert(fl_buf_err(&again) == FL_OK && fl_str_eq(fl_buf_view(&again), body));
	}
	fl_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_wire_request request;
	fl_wire_answer answer;
	uint8_t head[FL_WIRE_ANSWER_BYTES] = { 0 };

	memcpy(head, bytes, FL_MIN(len, sizeof(head)));
	if (fl_wire_get_request(head, &request))
		assert(request.op >= FL_WIRE_SETUP && request.op < FL_WIRE_OPS);
	if (fl_wire_get_answer(head, &answer))
		assert(answer.body_len <= FL_WIRE_BODY_MAX);
	fl_str body = len > sizeof(head) ? fl_str_make(bytes + sizeof(head), len - sizeof(head)) : FL_STR("");
	try_photo(body);
	try_reading(body);
	return 0;
}
