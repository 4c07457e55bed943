/* Area-averaged shrinking, one row at a time.
 *
 * Rows are first added up, weighted by how much of the output row they cover (long runs of equal work, which the
 * compiler turns into vector code); each finished sum is then averaged across. */
#include "vision/photo_int.h"

/* The loader picks the variant for the machine. Sanitizers run before it may, so they get the plain one. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define FL_FASTEST __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define FL_FASTEST
#endif

FL_FASTEST static void add_row(float *restrict sum, const uint8_t *restrict row, size_t count, float weight)
{
	for (size_t i = 0; i < count; i++)
		sum[i] += weight * (float)row[i];
}

static void set_row(float *restrict sum, size_t count)
{
	memset(sum, 0, count * sizeof(*sum));
}

static void finish_row(const fl_shrink *s)
{
	uint8_t *out = s->out + (size_t)s->done * (size_t)s->to_width * 3;

	for (int x = 0; x < s->to_width; x++) {
		const float *in = s->sum + 3 * (size_t)s->first[x];
		const float *share = s->share + (size_t)x * (size_t)s->taps;
		float r = 0.5f, g = 0.5f, b = 0.5f;

		for (int k = 0; k < s->taps; k++, in += 3) {
			r += share[k] * in[0];
			g += share[k] * in[1];
			b += share[k] * in[2];
		}
		out[3 * x] = (uint8_t)(int)FL_MIN(r, 255.0f);
		out[3 * x + 1] = (uint8_t)(int)FL_MIN(g, 255.0f);
		out[3 * x + 2] = (uint8_t)(int)FL_MIN(b, 255.0f);
	}
}

/* Output column x covers the input from x * from/to to (x + 1) * from/to, in exact 1/to units. */
static void plan_columns(fl_shrink *s)
{
	int64_t from = s->from_width, to = s->to_width;

	for (int64_t x = 0; x < to; x++) {
		int64_t begin = x * from, end = begin + from, first = begin / to;

		first = FL_MIN(first, from - s->taps); /* all taps stay inside the row; the early ones weigh 0 */
		s->first[x] = (int)first;
		for (int k = 0; k < s->taps; k++) {
			int64_t low = FL_MAX(begin, (first + k) * to), high = FL_MIN(end, (first + k + 1) * to);
			s->share[x * s->taps + k] = high > low ? (float)(high - low) / (float)from : 0.0f;
		}
	}
}

fl_err fl_shrink_start(fl_shrink *s, int from_width, int from_height, int to_width, int to_height, fl_arena *mem,
                       fl_image *out)
{
	assert(to_width > 0 && to_height > 0 && to_width <= from_width && to_height <= from_height);
	*s = (fl_shrink){ from_width, from_height, to_width, to_height };
	s->out = fl_arena_array(mem, (size_t)to_width * (size_t)to_height, 3);
	if (from_width != to_width || from_height != to_height) {
		s->taps = FL_MIN(from_width, (from_width + to_width - 1) / to_width + 1);
		s->sum = fl_new_array(mem, float, (size_t)from_width * 3);
		s->first = fl_new_array(mem, int, (size_t)to_width);
		s->share = fl_new_array(mem, float, (size_t)to_width * (size_t)s->taps);
		if (!s->sum || !s->first || !s->share)
			return FL_NOMEM;
		plan_columns(s);
	}
	if (!s->out)
		return FL_NOMEM;
	*out = (fl_image){ to_width, to_height, s->out };
	return FL_OK;
}

void fl_shrink_push(fl_shrink *s, const uint8_t *rgb)
{
	size_t count = (size_t)s->from_width * 3;
	int64_t from = s->from_height, to = s->to_height;
	int64_t begin = (int64_t)s->row * to, end = begin + to; /* this row, in units where output rows are `from` long */

	assert(s->row < s->from_height);
	s->row++;
	if (!s->sum) {
		memcpy(s->out + (size_t)s->done++ * count, rgb, count);
		return;
	}
	while (begin < end) {
		int64_t edge = (s->done + 1) * from, part = FL_MIN(end, edge) - begin;

		add_row(s->sum, rgb, count, (float)part / (float)from);
		begin += part;
		if (begin == edge) {
			finish_row(s);
			set_row(s->sum, count);
			s->done++;
		}
	}
}

void fl_fit_within(int width, int height, int side_max, int *fit_width, int *fit_height)
{
	int64_t longer = FL_MAX(width, height);

	*fit_width = width;
	*fit_height = height;
	if (side_max <= 0 || longer <= side_max)
		return;
	*fit_width = (int)FL_MAX((width * (int64_t)side_max + longer / 2) / longer, 1);
	*fit_height = (int)FL_MAX((height * (int64_t)side_max + longer / 2) / longer, 1);
}
