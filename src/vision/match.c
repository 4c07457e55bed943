/* Do two pictures show the same scene? The shim finds points that agree; here both are brought to one size, and the
 * mirror image is tried too. */
#include "vision/net_int.h"
#include "vision/photo_int.h"

enum { SIDE = 512 };

static fl_err small_gray(const fl_image *image, bool mirrored, fl_arena *mem, uint8_t **out, int *width, int *height)
{
	fl_image small;

	fl_fit_within(image->width, image->height, SIDE, width, height);
	FL_TRY(fl_image_resize(image, *width, *height, mem, &small));
	float *gray = fl_image_gray(&small, mem);
	uint8_t *bytes = fl_arena_take(mem, (size_t)*width * (size_t)*height);
	if (!gray || !bytes)
		return FL_NOMEM;
	for (int y = 0; y < *height; y++)
		for (int x = 0; x < *width; x++)
			bytes[y * *width + x] = (uint8_t)(255.0f * gray[y * *width + (mirrored ? *width - 1 - x : x)]);
	*out = bytes;
	return FL_OK;
}

static fl_err match(const fl_image *a, const fl_image *b, bool mirrored, fl_arena *mem, fl_diag *diag, int *inliers)
{
	uint8_t *gray_a, *gray_b;
	int wa, ha, wb, hb;

	FL_TRY(small_gray(a, mirrored, mem, &gray_a, &wa, &ha));
	FL_TRY(small_gray(b, false, mem, &gray_b, &wb, &hb));
	return fl_match_gray(gray_a, wa, ha, gray_b, wb, hb, diag, inliers);
}

fl_err fl_image_match(const fl_image *a, const fl_image *b, fl_diag *diag, int *inliers)
{
	fl_arena mem = fl_arena_make((size_t)256 << 20);
	int plain = 0, mirrored = 0;

	fl_err err = match(a, b, false, &mem, diag, &plain);
	if (err == FL_OK)
		err = match(a, b, true, &mem, diag, &mirrored);
	fl_arena_fini(&mem);
	if (err == FL_OK)
		*inliers = FL_MAX(plain, mirrored);
	return err;
}
