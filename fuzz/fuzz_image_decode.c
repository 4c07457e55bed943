/* Any bytes through the whole reading of an upload. Large pictures are left out: they cost time and show nothing new. */
#include "fuzz.h"
#include "vision/vision.h"

enum { PIXELS_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_arena mem = fl_arena_make(256 << 20);
	fl_str text = fl_str_make(bytes, len);
	fl_diag diag = { "" };
	fl_photo_header header;
	fl_photo photo;

	if (fl_photo_probe(text, &diag, &header) == FL_OK && (int64_t)header.width * header.height <= PIXELS_MAX &&
	    fl_photo_inspect(text, &mem, &diag, &photo) == FL_OK) {
		assert(photo.view.len > 100 && photo.thumb.len > 100);
		assert(photo.sharpness >= 0 && photo.sharpness <= 1 && photo.brightness >= 0 && photo.brightness <= 1);
	}
	fl_arena_fini(&mem);
	return 0;
}
