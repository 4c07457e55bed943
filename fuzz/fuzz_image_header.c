/* Any bytes: is this a photo that we open? Whatever is accepted keeps the limits. */
#include "fuzz.h"
#include "vision/vision.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_diag diag = { "" };
	fl_photo_header header;

	fl_err err = fl_photo_probe(fl_str_make(bytes, len), &diag, &header);
	if (err == FL_OK) {
		assert(header.width >= FL_PHOTO_SIDE_MIN && header.height >= FL_PHOTO_SIDE_MIN);
		assert((int64_t)header.width * header.height <= FL_PHOTO_PIXELS_MAX);
		assert(header.orientation >= 1 && header.orientation <= 8);
	} else {
		assert(err == FL_NOMEM || (err == FL_BAD_IMAGE && diag.text[0]));
	}
	return 0;
}
