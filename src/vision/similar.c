/* Cases that look alike: an exact scan of packed embeddings. One byte a number keeps a million photos in 256 MB, and
 * reading them in order is what memory does best; measured, no index is worth its errors below some millions. */
#include <math.h>

#include "vision/vision.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

float fl_embedding_pack(const float *embedding, int len, int8_t *out)
{
	float largest = 0;

	for (int i = 0; i < len; i++)
		largest = FL_MAX(largest, fabsf(embedding[i]));
	float scale = largest > 0 ? largest / 127.0f : 1.0f;
	for (int i = 0; i < len; i++)
		out[i] = (int8_t)lrintf(embedding[i] / scale);
	return scale;
}

typedef int32_t dot_fn(const int8_t *a, const int8_t *b, int len);

static int32_t dot_plain(const int8_t *a, const int8_t *b, int len)
{
	int32_t sum = 0;

	for (int i = 0; i < len; i++)
		sum += a[i] * b[i];
	return sum;
}

#if defined(__x86_64__)
/* 32 products at a time; bytes widen to 16 bits, so nothing saturates. */
__attribute__((target("avx2"))) static int32_t dot_avx2(const int8_t *a, const int8_t *b, int len)
{
	__m256i sum = _mm256_setzero_si256();
	int i = 0;

	for (; i + 16 <= len; i += 16) {
		__m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(a + i)));
		__m256i y = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(b + i)));
		sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
	}
	__m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
	four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
	four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
	return _mm_cvtsi128_si32(four) + dot_plain(a + i, b + i, len - i);
}
#endif

static dot_fn *pick_dot(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return dot_avx2;
#endif
	return dot_plain;
}

/* Puts a hit at its place among the best so far. */
static size_t keep(fl_similar_hit *hits, size_t count, size_t want, fl_similar_hit hit)
{
	size_t at = count < want ? count : want - 1;

	if (count == want && hit.similarity <= hits[at].similarity)
		return count;
	for (; at > 0 && hits[at - 1].similarity < hit.similarity; at--)
		hits[at] = hits[at - 1];
	hits[at] = hit;
	return count < want ? count + 1 : count;
}

size_t fl_similar_scan(const int8_t *query, float query_scale, const int8_t *packed, const float *scales,
                       size_t rows, int len, fl_similar_hit *hits, size_t want)
{
	dot_fn *dot = pick_dot();
	size_t count = 0;

	if (want == 0)
		return 0;
	for (size_t i = 0; i < rows; i++) {
		int32_t product = dot(query, packed + i * (size_t)len, len);
		count = keep(hits, count, want, (fl_similar_hit){ i, (float)product * query_scale * scales[i] });
	}
	return count;
}
