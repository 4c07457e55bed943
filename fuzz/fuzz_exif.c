/* Any bytes as an EXIF block: never more than the facts that we know how to say. */
#include "fuzz.h"
#include "vision/photo_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_photo_header header = { .orientation = 1 };

	fl_exif_read(fl_str_make(bytes, len), &header);
	assert(header.orientation >= 1 && header.orientation <= 8);
	assert(strnlen(header.software, sizeof(header.software)) < sizeof(header.software));
	assert(strnlen(header.camera, sizeof(header.camera)) < sizeof(header.camera));
	assert(!header.has_zone || header.has_taken_at);
	assert(!header.has_taken_at || header.taken_at > 0);
	return 0;
}
