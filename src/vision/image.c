/* Pixels: turning upright, resizing. */
#include "vision/photo_int.h"

/* Where the pixel (x, y) of the stored picture goes in the upright one, as origin and two steps in pixels. */
typedef struct turn {
	ptrdiff_t origin, step_x, step_y;
} turn;

static turn turn_for(int orientation, ptrdiff_t w, ptrdiff_t h)
{
	switch (orientation) {
	case 2: return (turn){ w - 1, -1, w };                  /* mirrored */
	case 3: return (turn){ w * h - 1, -1, -w };             /* upside down */
	case 4: return (turn){ w * (h - 1), 1, -w };            /* mirrored, upside down */
	case 5: return (turn){ 0, h, 1 };                       /* mirrored, lying */
	case 6: return (turn){ h - 1, h, -1 };                  /* to be turned right */
	case 7: return (turn){ w * h - 1, -h, -1 };             /* mirrored, lying the other way */
	case 8: return (turn){ (w - 1) * h, -h, 1 };            /* to be turned left */
	default: return (turn){ 0, 1, w };
	}
}

fl_err fl_image_orient(const fl_image *image, int orientation, fl_arena *mem, fl_image *out)
{
	assert(orientation >= 1 && orientation <= 8);
	ptrdiff_t w = image->width, h = image->height;
	uint8_t *rgb = fl_arena_array(mem, (size_t)(w * h), 3);
	turn t = turn_for(orientation, w, h);
	const uint8_t *in = image->rgb;

	if (!rgb)
		return FL_NOMEM;
	for (ptrdiff_t y = 0; y < h; y++) {
		uint8_t *to = rgb + 3 * (t.origin + y * t.step_y);
		for (ptrdiff_t x = 0; x < w; x++, in += 3, to += 3 * t.step_x) {
			to[0] = in[0];
			to[1] = in[1];
			to[2] = in[2];
		}
	}
	*out = orientation >= 5 ? (fl_image){ (int)h, (int)w, rgb } : (fl_image){ (int)w, (int)h, rgb };
	return FL_OK;
}

static fl_err shrink(const fl_image *image, int width, int height, fl_arena *mem, fl_image *out)
{
	fl_shrink s;

	FL_TRY(fl_shrink_start(&s, image->width, image->height, width, height, mem, out));
	for (int y = 0; y < image->height; y++)
		fl_shrink_push(&s, image->rgb + (size_t)y * (size_t)image->width * 3);
	return FL_OK;
}

/* Samples between pixel centres; the border repeats. */
static fl_err enlarge(const fl_image *image, int width, int height, fl_arena *mem, fl_image *out)
{
	uint8_t *rgb = fl_arena_array(mem, (size_t)width * (size_t)height, 3);

	if (!rgb)
		return FL_NOMEM;
	for (int y = 0; y < height; y++) {
		float fy = FL_MAX(((float)y + 0.5f) * (float)image->height / (float)height - 0.5f, 0.0f);
		int y0 = FL_MIN((int)fy, image->height - 1), y1 = FL_MIN(y0 + 1, image->height - 1);
		const uint8_t *upper = image->rgb + (size_t)y0 * (size_t)image->width * 3;
		const uint8_t *lower = image->rgb + (size_t)y1 * (size_t)image->width * 3;
		float down = fy - (float)y0;
		for (int x = 0; x < width; x++) {
			float fx = FL_MAX(((float)x + 0.5f) * (float)image->width / (float)width - 0.5f, 0.0f);
			int x0 = FL_MIN((int)fx, image->width - 1), x1 = FL_MIN(x0 + 1, image->width - 1);
			float right = fx - (float)x0;
			for (int c = 0; c < 3; c++) {
				float top = (float)upper[3 * x0 + c] * (1 - right) + (float)upper[3 * x1 + c] * right;
				float low = (float)lower[3 * x0 + c] * (1 - right) + (float)lower[3 * x1 + c] * right;
				rgb[3 * ((size_t)y * (size_t)width + (size_t)x) + (size_t)c] =
					(uint8_t)(int)(top * (1 - down) + low * down + 0.5f);
			}
		}
	}
	*out = (fl_image){ width, height, rgb };
	return FL_OK;
}

fl_err fl_image_resize(const fl_image *image, int width, int height, fl_arena *mem, fl_image *out)
{
	assert(width > 0 && height > 0);
	fl_image step;

	if (width <= image->width && height <= image->height)
		return shrink(image, width, height, mem, out);
	FL_TRY(shrink(image, FL_MIN(width, image->width), FL_MIN(height, image->height), mem, &step));
	return enlarge(&step, width, height, mem, out);
}

float *fl_image_gray(const fl_image *image, fl_arena *mem)
{
	size_t count = (size_t)image->width * (size_t)image->height;
	float *gray = fl_new_array(mem, float, count);
	const uint8_t *in = image->rgb;

	for (size_t i = 0; gray && i < count; i++, in += 3)
		gray[i] = (0.299f * (float)in[0] + 0.587f * (float)in[1] + 0.114f * (float)in[2]) / 255.0f;
	return gray;
}
