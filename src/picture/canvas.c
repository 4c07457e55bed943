/* Filling paths: four sub-rows a pixel row, exact coverage across. */
#include <math.h>
#include <stdlib.h>

#include "picture/canvas_int.h"

enum { SUBROWS = 4, CROSSINGS_MAX = 256, CURVE_STEPS = 14, ELLIPSE_STEPS = 48 };

void path_start(path *p, float x, float y)
{
	p->count = 0;
	p->broken = false;
	path_line(p, x, y);
}

void path_line(path *p, float x, float y)
{
	if (p->count == PATH_MAX_POINTS) {
		p->broken = true;
		return;
	}
	p->points[p->count++] = (vec){ x, y };
}

void path_curve(path *p, float x1, float y1, float x2, float y2, float x, float y)
{
	vec from = p->points[p->count - 1];

	for (int i = 1; i <= CURVE_STEPS; i++) {
		float t = (float)i / CURVE_STEPS, s = 1 - t;
		path_line(p, s * s * s * from.x + 3 * s * s * t * x1 + 3 * s * t * t * x2 + t * t * t * x,
		          s * s * s * from.y + 3 * s * s * t * y1 + 3 * s * t * t * y2 + t * t * t * y);
	}
}

void path_ellipse(path *p, float x, float y, float rx, float ry)
{
	path_start(p, x + rx, y);
	for (int i = 1; i < ELLIPSE_STEPS; i++) {
		float angle = (float)i * 2 * (float)M_PI / ELLIPSE_STEPS;
		path_line(p, x + rx * cosf(angle), y + ry * sinf(angle));
	}
}

void path_box(path *p, float x0, float y0, float x1, float y1, float r)
{
	float k = 0.45f * r;

	path_start(p, x0 + r, y0);
	path_line(p, x1 - r, y0);
	path_curve(p, x1 - k, y0, x1, y0 + k, x1, y0 + r);
	path_line(p, x1, y1 - r);
	path_curve(p, x1, y1 - k, x1 - k, y1, x1 - r, y1);
	path_line(p, x0 + r, y1);
	path_curve(p, x0 + k, y1, x0, y1 - k, x0, y1 - r);
	path_line(p, x0, y0 + r);
	path_curve(p, x0, y0 + k, x0 + k, y0, x0 + r, y0);
}

void path_mirror(path *p, float about_x)
{
	for (int i = 0; i < p->count; i++)
		p->points[i].x = 2 * about_x - p->points[i].x;
}

static vec to_pixels(const canvas *c, vec at)
{
	const camera *cam = &c->camera;
	float x = at.x - cam->focus.x, y = at.y - cam->focus.y;
	float s = cam->scale / (1 + cam->lean * y);

	return (vec){ (float)c->width / 2 + s * (cam->cos * x - cam->sin * y), (float)c->height / 2 - s * (cam->sin * x + cam->cos * y) };
}

static vec to_metres(const canvas *c, float px, float py)
{
	const camera *cam = &c->camera;
	float u = (px - (float)c->width / 2) / cam->scale, v = -(py - (float)c->height / 2) / cam->scale;
	float x = cam->cos * u + cam->sin * v, y = -cam->sin * u + cam->cos * v;
	float s = 1 / (1 - cam->lean * y); /* the inverse of the perspective, near enough for shading */

	return (vec){ cam->focus.x + x * s, cam->focus.y + y * s };
}

static void blend(float *rgb, rgba colour, float cover)
{
	float a = clamp01(colour.a * cover);

	rgb[0] += (colour.r - rgb[0]) * a;
	rgb[1] += (colour.g - rgb[1]) * a;
	rgb[2] += (colour.b - rgb[2]) * a;
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

/* Adds the coverage of one sub-row: the even-odd spans between crossings. */
static void cover_subrow(const vec *p, int count, float y, float *cover, int width)
{
	float xs[CROSSINGS_MAX];
	int n = 0;

	for (int i = 0; i < count; i++) {
		vec a = p[i], b = p[(i + 1) % count];
		if ((a.y <= y) != (b.y <= y) && n < CROSSINGS_MAX)
			xs[n++] = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
	}
	if (n < 2)
		return;
	qsort(xs, (size_t)n, sizeof(*xs), by_value);
	for (int i = 0; i + 1 < n; i += 2) {
		float from = fmaxf(xs[i], 0), to = fminf(xs[i + 1], (float)width);
		for (int x = (int)from; x < width && (float)x < to; x++)
			cover[x] += (fminf((float)x + 1, to) - fmaxf((float)x, from)) / SUBROWS;
	}
}

static void fill_pixels(canvas *c, const vec *p, int count, shader *shade, const void *arg)
{
	float top = p[0].y, bottom = p[0].y;
	float *cover = calloc((size_t)c->width, sizeof(float));

	for (int i = 1; i < count; i++) {
		top = fminf(top, p[i].y);
		bottom = fmaxf(bottom, p[i].y);
	}
	for (int y = FL_MAX(0, (int)floorf(top)); cover && y < c->height && (float)y <= bottom; y++) {
		float *row = c->rgb + 3 * (size_t)y * (size_t)c->width;
		memset(cover, 0, (size_t)c->width * sizeof(float));
		for (int s = 0; s < SUBROWS; s++)
			cover_subrow(p, count, (float)y + ((float)s + 0.5f) / SUBROWS, cover, c->width);
		for (int x = 0; x < c->width; x++)
			if (cover[x] > 0.002f)
				blend(row + 3 * x, shade(arg, to_metres(c, (float)x + 0.5f, (float)y + 0.5f)), cover[x]);
	}
	free(cover);
}

void canvas_fill(canvas *c, const path *p, shader *shade, const void *arg)
{
	vec *points = calloc((size_t)p->count, sizeof(*points));

	assert(!p->broken && p->count > 2);
	for (int i = 0; points && i < p->count; i++)
		points[i] = to_pixels(c, p->points[i]);
	if (points)
		fill_pixels(c, points, p->count, shade, arg);
	free(points);
}

static rgba flat(const void *arg, vec at)
{
	return *(const rgba *)arg;
}

void canvas_flat(canvas *c, const path *p, rgba colour)
{
	canvas_fill(c, p, flat, &colour);
}

void canvas_stroke(canvas *c, const path *p, float width, rgba colour)
{
	for (int i = 0; i + 1 < p->count; i++) {
		vec a = p->points[i], b = p->points[i + 1];
		float dx = b.x - a.x, dy = b.y - a.y, len = hypotf(dx, dy);
		if (len < 1e-6f)
			continue;
		float ox = -dy / len * width / 2, oy = dx / len * width / 2;
		path quad = { { { a.x + ox, a.y + oy }, { b.x + ox, b.y + oy }, { b.x - ox, b.y - oy }, { a.x - ox, a.y - oy } }, 4, false };
		canvas_flat(c, &quad, colour);
	}
}

void canvas_background(canvas *c, shader *shade, const void *arg)
{
	for (int y = 0; y < c->height; y++)
		for (int x = 0; x < c->width; x++)
			blend(c->rgb + 3 * ((size_t)y * (size_t)c->width + (size_t)x), shade(arg, to_metres(c, (float)x + 0.5f, (float)y + 0.5f)), 1);
}

/* ---- Chance ---- */

static uint64_t next(dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

float roll(dice *d, float low, float high)
{
	return low + (high - low) * (float)(next(d) >> 40) / (float)(1 << 24);
}

int pick(dice *d, int count)
{
	return (int)(next(d) % (uint64_t)count);
}

static float lattice(int x, int y, uint32_t seed)
{
	uint32_t h = (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ seed * 0xcb1ab31fu;

	h = (h ^ (h >> 15)) * 0x2c1b3c6du;
	h = (h ^ (h >> 12)) * 0x297a2d39u;
	return (float)((h ^ (h >> 15)) >> 8) / (float)(1 << 24);
}

float noise_at(float x, float y, uint32_t seed)
{
	float fx = floorf(x), fy = floorf(y), u = smooth(0, 1, x - fx), v = smooth(0, 1, y - fy);
	int ix = (int)fx, iy = (int)fy;
	float low = lattice(ix, iy, seed) * (1 - u) + lattice(ix + 1, iy, seed) * u;
	float high = lattice(ix, iy + 1, seed) * (1 - u) + lattice(ix + 1, iy + 1, seed) * u;

	return low * (1 - v) + high * v;
}

float fractal_at(float x, float y, int octaves, uint32_t seed)
{
	float sum = 0, weight = 0.5f, total = 0;

	for (int i = 0; i < octaves; i++, weight /= 2, x *= 2.03f, y *= 2.03f) {
		sum += weight * noise_at(x, y, seed + (uint32_t)i);
		total += weight;
	}
	return sum / total;
}
