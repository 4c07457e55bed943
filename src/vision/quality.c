/* How usable a photo is: sharp enough, bright enough, large enough.
 *
 * Sharpness: the variance of the Laplacian is high where something is in focus. A door is mostly smooth paint, so the
 * whole picture says little; the picture is cut into 8 x 8 tiles and the eighth-sharpest tile speaks for it. Of 150 real
 * photos 3 fall below the threshold, and all 150 do when their detail is taken away by a factor of 6 (test_shared.c). */
#include <stdlib.h>

#include "vision/photo_int.h"

enum { TILES = 8, SPEAKS = 8, SMALL_SIDE = 480 };

#define HALF_SHARP 300.0f  /* the tile variance that counts as sharpness 0.5 */
#define BLURRED_BELOW 0.25f
#define DARK_BELOW 0.15f
#define BRIGHT_ABOVE 0.90f

static uint8_t *gray_bytes(const fl_image *image, fl_arena *mem)
{
	size_t count = (size_t)image->width * (size_t)image->height;
	uint8_t *gray = fl_arena_take(mem, count);
	const uint8_t *in = image->rgb;

	for (size_t i = 0; gray && i < count; i++, in += 3)
		gray[i] = (uint8_t)((77u * in[0] + 150u * in[1] + 29u * in[2] + 128) >> 8);
	return gray;
}

/* Variance of the Laplacian over one tile, whose border the caller keeps inside the picture. */
static float tile_variance(const uint8_t *gray, int stride, int x0, int x1, int y0, int y1)
{
	int64_t sum = 0, squares = 0, count = (int64_t)(x1 - x0) * (y1 - y0);

	if (count < 1)
		return 0;
	for (int y = y0; y < y1; y++) {
		const uint8_t *p = gray + (size_t)y * (size_t)stride;
		int row_sum = 0, row_squares = 0;
		for (int x = x0; x < x1; x++) {
			int l = 4 * p[x] - p[x - 1] - p[x + 1] - p[x - stride] - p[x + stride];
			row_sum += l;
			row_squares += l * l;
		}
		sum += row_sum;
		squares += row_squares;
	}
	float mean = (float)sum / (float)count;
	return (float)squares / (float)count - mean * mean;
}

static int descending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x < y) - (x > y);
}

static float measure_sharpness(const uint8_t *gray, int width, int height)
{
	float tiles[TILES * TILES];

	for (int ty = 0; ty < TILES; ty++)
		for (int tx = 0; tx < TILES; tx++)
			tiles[ty * TILES + tx] = tile_variance(gray, width, 1 + (width - 2) * tx / TILES,
			                                       1 + (width - 2) * (tx + 1) / TILES, 1 + (height - 2) * ty / TILES,
			                                       1 + (height - 2) * (ty + 1) / TILES);
	qsort(tiles, TILES * TILES, sizeof(*tiles), descending);
	float variance = tiles[SPEAKS - 1];
	return variance / (variance + HALF_SHARP);
}

static float measure_brightness(const uint8_t *gray, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += gray[i];
	return (float)((double)sum / (double)count / 255.0);
}

fl_err fl_image_quality(const fl_image *image, int original_width, int original_height, fl_arena *mem,
                        float *sharpness, float *brightness, unsigned *problems)
{
	uint8_t *gray = gray_bytes(image, mem);

	if (!gray)
		return FL_NOMEM;
	*sharpness = measure_sharpness(gray, image->width, image->height);
	*brightness = measure_brightness(gray, (size_t)image->width * (size_t)image->height);
	*problems = 0;
	if (*brightness < DARK_BELOW)
		*problems |= FL_PHOTO_TOO_DARK;
	else if (*brightness > BRIGHT_ABOVE)
		*problems |= FL_PHOTO_TOO_BRIGHT;
	else if (*sharpness < BLURRED_BELOW)
		*problems |= FL_PHOTO_BLURRED; /* a black picture is not sharp either, but that is not the advice to give */
	if (FL_MAX(original_width, original_height) < SMALL_SIDE)
		*problems |= FL_PHOTO_TOO_SMALL;
	return FL_OK;
}

fl_err fl_photo_advice(unsigned problems, fl_arena *mem, fl_str **out, size_t *count)
{
	static const struct {
		unsigned problem;
		fl_str sentence;
	} advice[] = {
		{ FL_PHOTO_BLURRED, FL_STR_INIT("blurred: hold the camera still, or wipe the lens") },
		{ FL_PHOTO_TOO_DARK, FL_STR_INIT("too dark: switch on a light or the flash") },
		{ FL_PHOTO_TOO_BRIGHT, FL_STR_INIT("too bright: turn away from the sun or the lamp") },
		{ FL_PHOTO_TOO_SMALL, FL_STR_INIT("too small: send the photo in its original size") },
	};
	fl_str *lines = fl_new_array(mem, fl_str, FL_COUNT(advice));
	size_t n = 0;

	if (!lines)
		return FL_NOMEM;
	for (size_t i = 0; i < FL_COUNT(advice); i++)
		if (problems & advice[i].problem)
			lines[n++] = advice[i].sentence;
	*out = lines;
	*count = n;
	return FL_OK;
}
