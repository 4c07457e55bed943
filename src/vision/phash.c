/* The perceptual hash: which of the 256 lowest frequencies of a 64 x 64 gray copy stand above their median.
 *
 * A mirrored picture has the same frequencies, those with an odd number of half waves across negated; so its hash
 * costs one more median. */
#include <math.h>
#include <stdlib.h>

#include "vision/photo_int.h"

enum { SIDE = 64, LOW = 16 };

/* A hash has about half of its bits set, unless the picture is flat: those are all alike and prove nothing. */
enum { BITS_MIN = 80 };

#define NOISE 0.05f

/* table[u][x] = cos((2x + 1) u pi / 2 SIDE) */
static void cosines(float table[LOW][SIDE])
{
	for (int u = 0; u < LOW; u++)
		for (int x = 0; x < SIDE; x++)
			table[u][x] = (float)cos((2 * x + 1) * u * M_PI / (2 * SIDE));
}

/* The low corner of the two-dimensional DCT-II: first along the rows, then along the columns. */
static void transform(const float *gray, float out[LOW * LOW])
{
	float table[LOW][SIDE], rows[SIDE][LOW];

	cosines(table);
	for (int y = 0; y < SIDE; y++)
		for (int u = 0; u < LOW; u++) {
			float sum = 0;
			for (int x = 0; x < SIDE; x++)
				sum += gray[y * SIDE + x] * table[u][x];
			rows[y][u] = sum;
		}
	for (int v = 0; v < LOW; v++)
		for (int u = 0; u < LOW; u++) {
			float sum = 0;
			for (int y = 0; y < SIDE; y++)
				sum += rows[y][u] * table[v][y];
			out[v * LOW + u] = sum;
		}
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

static fl_phash above_median(const float low[LOW * LOW])
{
	float sorted[LOW * LOW];
	fl_phash hash = { { 0 } };

	memcpy(sorted, low, sizeof(sorted));
	qsort(sorted, LOW * LOW, sizeof(*sorted), by_value);
	float median = (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2;
	for (int i = 0; i < LOW * LOW; i++)
		if (low[i] > median)
			hash.bits[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return hash;
}

fl_err fl_image_phash(const fl_image *image, fl_arena *mem, fl_phash *out, fl_phash *mirrored)
{
	fl_image small;
	float low[LOW * LOW];

	FL_TRY(fl_image_resize(image, SIDE, SIDE, mem, &small));
	float *gray = fl_image_gray(&small, mem);
	if (!gray)
		return FL_NOMEM;
	transform(gray, low);
	for (int i = 0; i < LOW * LOW; i++) /* a flat picture has no frequencies but rounding */
		if (fabsf(low[i]) < NOISE)
			low[i] = 0;
	*out = above_median(low);
	for (int i = 0; i < LOW * LOW; i++)
		if (i % LOW % 2)
			low[i] = -low[i];
	*mirrored = above_median(low);
	return FL_OK;
}

int fl_phash_distance(const fl_phash *a, const fl_phash *b)
{
	uint64_t x[4], y[4];
	int bits = 0;

	memcpy(x, a->bits, sizeof(x));
	memcpy(y, b->bits, sizeof(y));
	for (int i = 0; i < 4; i++)
		bits += __builtin_popcountll(x[i] ^ y[i]);
	return bits;
}

static int bits_set(const fl_phash *hash)
{
	static const fl_phash none;

	return fl_phash_distance(hash, &none);
}

fl_fraud_kind fl_phash_compare(const fl_phash *a, const fl_phash *a_mirrored, const fl_phash *b, float *score)
{
	int plain = fl_phash_distance(a, b), mirrored = fl_phash_distance(a_mirrored, b), least = FL_MIN(plain, mirrored);

	*score = 0;
	if (least > FL_PHASH_SAME_MAX || bits_set(a) < BITS_MIN || bits_set(b) < BITS_MIN)
		return FL_FRAUD_NONE;
	*score = 1.0f - 0.5f * (float)least / FL_PHASH_SAME_MAX;
	return plain <= mirrored ? FL_FRAUD_SAME_PICTURE : FL_FRAUD_MIRRORED_PICTURE;
}
