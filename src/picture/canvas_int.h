/* Shapes with smooth edges on a float canvas. Coordinates are metres of the scene; a camera maps them to pixels. */
#ifndef FL_PICTURE_CANVAS_INT_H
#define FL_PICTURE_CANVAS_INT_H

#include "base/base.h"

typedef struct vec {
	float x, y;
} vec;

typedef struct rgba {
	float r, g, b, a; /* 0..1; a: how much it covers */
} rgba;

/* pixel = centre + scale * turned(point - focus), y upwards in the scene */
typedef struct camera {
	vec focus;
	float scale, cos, sin, lean; /* lean: a slight perspective, higher things shrink */
} camera;

typedef struct canvas {
	int width, height;
	float *rgb;
	camera camera;
} canvas;

enum { PATH_MAX_POINTS = 1024 };

typedef struct path {
	vec points[PATH_MAX_POINTS];
	int count;
	bool broken; /* too many points */
} path;

typedef rgba shader(const void *arg, vec at); /* at: metres */

void path_start(path *p, float x, float y);
void path_line(path *p, float x, float y);
void path_curve(path *p, float x1, float y1, float x2, float y2, float x, float y); /* cubic */
void path_ellipse(path *p, float x, float y, float rx, float ry);
void path_box(path *p, float x0, float y0, float x1, float y1, float radius);
void path_mirror(path *p, float about_x); /* reflects all points */

void canvas_fill(canvas *c, const path *p, shader *shade, const void *arg);
void canvas_flat(canvas *c, const path *p, rgba colour);
void canvas_stroke(canvas *c, const path *p, float width, rgba colour); /* open line through the points */
void canvas_background(canvas *c, shader *shade, const void *arg);

/* Repeatable chance. */
typedef struct dice {
	uint64_t state;
} dice;

float roll(dice *d, float low, float high);
int pick(dice *d, int count);
float noise_at(float x, float y, uint32_t seed);             /* smooth, 0..1 */
float fractal_at(float x, float y, int octaves, uint32_t seed); /* the same with detail */

static inline rgba grey(float v, float a)
{
	return (rgba){ v, v, v, a };
}
static inline float clamp01(float v)
{
	return v < 0 ? 0 : v > 1 ? 1 : v;
}
static inline float smooth(float low, float high, float v)
{
	float t = clamp01((v - low) / (high - low));
	return t * t * (3 - 2 * t);
}
static inline rgba mix(rgba a, rgba b, float t)
{
	return (rgba){ a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t, a.a + (b.a - a.a) * t };
}
static inline rgba lit(rgba c, float light)
{
	return (rgba){ c.r * light, c.g * light, c.b * light, c.a };
}

#endif
