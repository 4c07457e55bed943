/* Backgrounds and vehicles. The side view looks at a vehicle whose front is at the right, x from 0 to its length; front
 * and rear views have x = 0 in the middle. The ground is y = 0. */
#include <math.h>

#include "picture/scene_int.h"

typedef struct build {
	float length, height, width, wheel, rear_axle, front_axle;
	float belt, nose; /* heights of the window line and of the hood's tip */
} build;

static const build builds[] = {
	[FL_SCENE_CAR] = { 4.4f, 1.46f, 1.82f, 0.33f, 0.86f, 3.52f, 0.94f, 0.80f },
	[FL_SCENE_VAN] = { 5.3f, 2.35f, 2.02f, 0.36f, 1.05f, 4.32f, 1.30f, 1.12f },
	[FL_SCENE_TRUCK] = { 6.4f, 2.95f, 2.30f, 0.45f, 1.35f, 5.35f, 1.65f, 1.15f },
};

vec part_place(const fl_scene *scene, float *size)
{
	const build *b = &builds[scene->vehicle];
	static const float sizes[] = { 0.5f, 0.7f, 0.55f, 0.6f, 0.7f, 0.5f, 0.26f, 0.6f };
	bool side = scene->view == FL_SCENE_SIDE;
	float half = b->width / 2;

	*size = sizes[scene->part] * (scene->vehicle == FL_SCENE_CAR ? 1 : 1.15f);
	switch (scene->part) {
	case FL_PART_HOOD: return side ? (vec){ b->length - 0.6f, b->nose } : (vec){ 0.15f, b->nose + 0.06f };
	case FL_PART_BUMPER: return side ? (vec){ b->length - 0.15f, 0.42f } : (vec){ 0.42f, 0.42f };
	case FL_PART_TRUNK: return side ? (vec){ 0.2f, b->belt - 0.05f } : (vec){ -0.1f, b->belt - 0.12f };
	case FL_PART_DOOR: return (vec){ b->length * 0.56f, b->belt * 0.66f };
	case FL_PART_FENDER: return side ? (vec){ b->front_axle - 0.05f, b->belt - 0.12f } : (vec){ half - 0.12f, b->nose - 0.08f };
	case FL_PART_LIGHT: return side ? (vec){ b->length - 0.2f, b->nose - 0.12f } : (vec){ half - 0.28f, b->nose - 0.12f };
	case FL_PART_WINDSHIELD: return side ? (vec){ b->length * 0.68f, b->belt + 0.2f } : (vec){ -0.2f, b->belt + (b->height - b->belt) * 0.42f };
	default: return side ? (vec){ b->length / 2, b->belt * 0.7f } : (vec){ 0, b->belt * 0.6f };
	}
}

/* ---- Background ---- */

rgba stage_light(const stage *s, rgba c, vec at)
{
	float flash = 1;

	if (s->sky.lamp) {
		float dx = at.x - s->canvas.camera.focus.x, dy = at.y - s->canvas.camera.focus.y;
		float reach = (float)s->canvas.width / s->canvas.camera.scale * 0.45f;
		flash = 0.25f + 1.1f * expf(-(dx * dx + dy * dy) / (reach * reach));
	}
	return (rgba){ c.r * s->sky.sun.r * flash, c.g * s->sky.sun.g * flash, c.b * s->sky.sun.b * flash, c.a };
}

static rgba sky_and_ground(const void *arg, vec p)
{
	const stage *s = arg;

	if (p.y < 0.12f) { /* asphalt, rougher near by */
		float grain = fractal_at(p.x * 40, p.y * 90, 3, s->seed), patch = fractal_at(p.x * 0.9f, p.y * 2.2f, 3, s->seed + 9);
		return stage_light(s, lit(grey(1, 1), 0.26f + 0.14f * grain + 0.14f * patch - 0.06f * p.y), p);
	}
	float cloud = smooth(0.45f, 0.75f, fractal_at(p.x * 0.35f, p.y * 0.8f, 5, s->seed + 2));
	rgba air = mix(s->sky.low, s->sky.top, smooth(0.8f, 5, p.y));
	return mix(air, lit(grey(1, 1), 0.9f * s->sky.low.g + 0.05f), 0.55f * cloud);
}

static rgba wall(const void *arg, vec p)
{
	const stage *s = arg;
	float row = floorf(p.y / 0.24f), shift = fmodf(row, 2) * 0.26f;
	float u = (p.x + shift) / 0.52f - floorf((p.x + shift) / 0.52f), v = p.y / 0.24f - row;
	float joint = u < 0.03f || v < 0.06f ? 0.82f : 1;
	float stain = 0.75f + 0.35f * fractal_at(p.x * 0.8f, p.y * 0.8f, 4, s->seed + 3) + 0.1f * noise_at(p.x * 60, p.y * 60, s->seed);
	rgba brick = s->seed % 3 == 0 ? (rgba){ 0.62f, 0.42f, 0.34f, 1 } : (rgba){ 0.66f, 0.65f, 0.61f, 1 };

	return stage_light(s, lit(brick, joint * stain), p);
}

/* Houses or trees behind the vehicle, soft and small. */
static void draw_skyline(stage *s)
{
	path p;

	for (int i = 0; i < 14; i++) {
		float x = -9 + 1.7f * (float)i + roll(&s->dice, -0.6f, 0.6f), h = roll(&s->dice, 1.2f, 3.4f), w = roll(&s->dice, 0.8f, 1.8f);
		rgba house = stage_light(s, grey(roll(&s->dice, 0.42f, 0.6f), 1), (vec){ x, h });
		rgba tree = stage_light(s, (rgba){ roll(&s->dice, 0.16f, 0.3f), roll(&s->dice, 0.3f, 0.42f), 0.17f, 1 }, (vec){ x, h });
		if (i % 3) {
			path_box(&p, x - 0.1f, 0.1f, x + 0.1f, 0.8f * h, 0.02f);
			canvas_flat(&s->canvas, &p, lit(tree, 0.5f));
			path_ellipse(&p, x, 0.2f + 0.62f * h, w * 0.8f, h * 0.45f);
			canvas_flat(&s->canvas, &p, tree);
		} else {
			path_box(&p, x - w, 0, x + w, h, 0.05f);
			canvas_flat(&s->canvas, &p, house);
		}
	}
}

void draw_background(stage *s)
{
	path p;
	bool walled = s->seed % 5 < 2;

	canvas_background(&s->canvas, sky_and_ground, s);
	if (walled) {
		path_box(&p, -30, 0.1f, 30, 6, 0.01f);
		canvas_fill(&s->canvas, &p, wall, s);
	} else {
		draw_skyline(s);
	}
	path_box(&p, -30, 0.02f, 30, 0.16f, 0.01f); /* the kerb */
	canvas_flat(&s->canvas, &p, stage_light(s, grey(0.55f, 1), (vec){ 0, 0 }));
	for (int i = -4; i < 9; i++) { /* parking lines */
		path_start(&p, (float)i * 2.6f, -0.05f);
		path_line(&p, (float)i * 2.6f + 0.12f, -0.05f);
		path_line(&p, (float)i * 2.6f - 0.5f, -0.9f);
		path_line(&p, (float)i * 2.6f - 0.66f, -0.9f);
		canvas_flat(&s->canvas, &p, stage_light(s, grey(0.82f, 0.6f), (vec){ (float)i * 2.6f, 0 }));
	}
}

/* ---- Materials ---- */

/* Painted metal: darker below, the sky mirrored above a wandering horizon, flakes, dirt near the ground. */
static rgba paint(const void *arg, vec p)
{
	const stage *s = arg;
	const build *b = &builds[s->scene.vehicle];
	float h = p.y / b->belt, horizon = 0.60f + 0.05f * sinf(p.x * 1.3f) + 0.05f * fractal_at(p.x * 1.5f, 1, 3, s->seed + 4);
	float mirror = 0.30f * smooth(horizon - 0.05f, horizon + 0.06f, h) * (1.25f - 0.45f * h);
	float gloss = 0.30f * expf(-60 * (h - 0.86f) * (h - 0.86f)), shade = 0.62f + 0.38f * smooth(0.1f, 0.95f, h);
	float flake = 0.97f + 0.06f * noise_at(p.x * 160, p.y * 160, s->seed + 6);
	rgba c = lit(s->paint, shade * flake * s->sky.contrast);

	c = mix(c, s->sky.low, mirror);
	c = mix(c, grey(1, 1), gloss * (s->sky.lamp ? 0.4f : 1));
	float dirt = s->dirt * smooth(0.75f, 0.1f, h) * fractal_at(p.x * 5, p.y * 7, 4, s->seed + 7);
	c = mix(c, (rgba){ 0.42f, 0.38f, 0.32f, 1 }, clamp01(dirt));
	c.a = 1;
	return stage_light(s, c, p);
}

static rgba glass(const void *arg, vec p)
{
	const stage *s = arg;
	float streak = smooth(0.55f, 0.62f, noise_at(p.x * 1.1f + p.y * 0.9f, 3, s->seed + 8));
	rgba c = mix((rgba){ 0.07f, 0.09f, 0.11f, 1 }, s->sky.low, 0.18f + 0.35f * streak);

	c.a = 1;
	return stage_light(s, c, p);
}

static rgba plastic(const void *arg, vec p)
{
	const stage *s = arg;
	float v = 0.10f + 0.05f * noise_at(p.x * 80, p.y * 80, s->seed) + 0.08f * smooth(0.2f, 0.6f, p.y);

	return stage_light(s, grey(v, 1), p);
}

typedef struct lamp {
	const stage *stage;
	rgba colour;
} lamp;

static rgba lens(const void *arg, vec p)
{
	const lamp *l = arg;
	float ribs = 0.85f + 0.15f * sinf(p.x * 140), spark = smooth(0.7f, 0.9f, noise_at(p.x * 14, p.y * 14, l->stage->seed + 1));

	return stage_light(l->stage, mix(lit(l->colour, ribs), grey(1, 1), 0.6f * spark), p);
}

static void draw_lamp(stage *s, const path *p, rgba colour)
{
	lamp l = { s, colour };

	canvas_fill(&s->canvas, p, lens, &l);
	canvas_stroke(&s->canvas, p, 0.012f, (rgba){ 0.05f, 0.05f, 0.05f, 0.6f });
}

static rgba shadow(const void *arg, vec p)
{
	const vec *reach = arg; /* x: half length, y: middle */
	float u = (p.x - reach->y) / reach->x, v = (p.y + 0.03f) / 0.22f;

	return (rgba){ 0, 0, 0, 0.75f * clamp01(1.2f - u * u * u * u - v * v) };
}

static void draw_shadow(stage *s, float middle, float half)
{
	vec reach = { half * 1.08f, middle };
	path p;

	path_ellipse(&p, middle, -0.03f, half * 1.15f, 0.25f);
	canvas_fill(&s->canvas, &p, shadow, &reach);
}

static void draw_wheel(stage *s, float x, float r)
{
	path p;
	rgba rim = stage_light(s, grey(0.68f, 1), (vec){ x, r });
	float turn = roll(&s->dice, 0, 1);

	path_ellipse(&p, x, r * 1.03f, r * 1.2f, r * 1.2f);
	canvas_flat(&s->canvas, &p, (rgba){ 0.02f, 0.02f, 0.025f, 1 }); /* the arch */
	path_ellipse(&p, x, r, r, r);
	canvas_flat(&s->canvas, &p, stage_light(s, grey(0.09f, 1), (vec){ x, r }));
	path_ellipse(&p, x, r, r * 0.66f, r * 0.66f);
	canvas_flat(&s->canvas, &p, rim);
	for (int i = 0; i < 5; i++) {
		float a = turn + (float)i * 2 * (float)M_PI / 5;
		path_ellipse(&p, x + cosf(a) * r * 0.4f, r + sinf(a) * r * 0.4f, r * 0.15f, r * 0.15f);
		canvas_flat(&s->canvas, &p, stage_light(s, grey(0.2f, 1), (vec){ x, r }));
	}
	path_ellipse(&p, x, r, r * 0.13f, r * 0.13f);
	canvas_flat(&s->canvas, &p, lit(rim, 0.7f));
}

static void seam(stage *s, const path *p)
{
	canvas_stroke(&s->canvas, p, 0.016f, (rgba){ 0, 0, 0, 0.6f });
}

/* ---- Side ---- */

static void side_outline(const build *b, fl_scene_vehicle kind, path *p)
{
	float l = b->length, h = b->height, n = b->nose, w = b->belt;

	path_start(p, 0.08f, 0.28f);
	if (kind == FL_SCENE_CAR) {
		path_curve(p, 0, 0.5f, 0, 0.75f, 0.06f, w - 0.06f);
		path_curve(p, 0.15f, w + 0.04f, 0.4f, w + 0.06f, 0.55f, w + 0.08f);
		path_curve(p, 0.9f, h - 0.04f, 1.3f, h, 1.9f, h);
		path_curve(p, 2.4f, h, 2.7f, h - 0.06f, 3.25f, w + 0.05f);
		path_curve(p, 3.7f, w - 0.02f, 4.1f, n + 0.04f, l - 0.12f, n - 0.08f);
	} else {
		path_line(p, 0.05f, h - 0.2f);
		path_curve(p, 0.05f, h, 0.1f, h, 0.3f, h);
		path_line(p, l * 0.70f, h);
		path_curve(p, l * 0.78f, h, l * 0.8f, h - 0.15f, l * 0.87f, w + 0.03f);
		path_curve(p, l * 0.93f, w - 0.06f, l - 0.1f, n, l - 0.05f, n - 0.15f);
	}
	path_curve(p, l + 0.02f, n - 0.25f, l + 0.02f, 0.45f, l - 0.05f, 0.28f);
}

static void side_windows(stage *s, const build *b)
{
	float l = b->length, top = b->height - 0.12f, w = b->belt + 0.02f;
	path p;

	if (s->scene.vehicle == FL_SCENE_CAR) {
		path_start(&p, 0.82f, w + 0.06f);
		path_curve(&p, 1.1f, top - 0.02f, 1.4f, top, 1.95f, top);
		path_curve(&p, 2.35f, top, 2.6f, top - 0.06f, 3.05f, w + 0.04f);
	} else {
		path_start(&p, l * 0.62f, w);
		path_line(&p, l * 0.62f, top - 0.1f);
		path_line(&p, l * 0.735f, top - 0.1f);
		path_curve(&p, l * 0.77f, top - 0.2f, l * 0.8f, w + 0.2f, l * 0.835f, w);
	}
	canvas_fill(&s->canvas, &p, glass, s);
	canvas_stroke(&s->canvas, &p, 0.02f, (rgba){ 0.03f, 0.03f, 0.03f, 0.9f });
	if (s->scene.vehicle == FL_SCENE_CAR) {
		path_box(&p, 1.9f, w, 2.0f, top + 0.01f, 0.01f);
		canvas_fill(&s->canvas, &p, plastic, s);
	}
}

static void side_doors(stage *s, const build *b)
{
	float l = b->length, w = b->belt, from = s->scene.vehicle == FL_SCENE_CAR ? l * 0.44f : l * 0.60f, to = l * (s->scene.vehicle == FL_SCENE_CAR ? 0.71f : 0.80f);
	path p;

	path_start(&p, from, w + 0.02f);
	path_line(&p, from + 0.01f, 0.36f);
	path_line(&p, to - 0.06f, 0.36f);
	path_curve(&p, to, 0.5f, to, w - 0.2f, to - 0.02f, w + 0.02f);
	seam(s, &p);
	if (s->scene.vehicle == FL_SCENE_CAR) {
		path_start(&p, l * 0.225f, w - 0.02f);
		path_curve(&p, l * 0.25f, 0.7f, l * 0.31f, 0.5f, l * 0.33f, 0.36f);
		path_line(&p, from, 0.36f);
		seam(s, &p);
	} else {
		path_start(&p, l * 0.3f, b->height - 0.25f); /* the sliding door */
		path_line(&p, l * 0.3f, 0.4f);
		path_line(&p, from - 0.05f, 0.4f);
		path_line(&p, from - 0.05f, b->height - 0.25f);
		path_line(&p, l * 0.3f, b->height - 0.25f);
		seam(s, &p);
	}
	path_box(&p, from + 0.06f, w - 0.13f, from + 0.25f, w - 0.095f, 0.015f);
	canvas_fill(&s->canvas, &p, plastic, s);
	path_start(&p, 0.3f, w - 0.1f); /* the crease along the side */
	path_curve(&p, l * 0.3f, w - 0.05f, l * 0.6f, w - 0.06f, l - 0.45f, w - 0.16f);
	canvas_stroke(&s->canvas, &p, 0.012f, (rgba){ 1, 1, 1, 0.22f });
}

static void draw_side(stage *s)
{
	const build *b = &builds[s->scene.vehicle];
	float l = b->length;
	path p;

	draw_shadow(s, l / 2, l / 2);
	side_outline(b, s->scene.vehicle, &p);
	canvas_fill(&s->canvas, &p, paint, s);
	side_windows(s, b);
	side_doors(s, b);
	path_box(&p, 0.35f, 0.24f, l - 0.3f, 0.36f, 0.04f); /* the sill */
	canvas_fill(&s->canvas, &p, plastic, s);
	path_box(&p, l - 0.42f, 0.27f, l, 0.52f, 0.1f);
	canvas_fill(&s->canvas, &p, plastic, s);
	path_box(&p, 0.02f, 0.27f, 0.42f, 0.52f, 0.1f);
	canvas_fill(&s->canvas, &p, plastic, s);
	draw_wheel(s, b->rear_axle, b->wheel);
	draw_wheel(s, b->front_axle, b->wheel);
	path_start(&p, l - 0.42f, b->nose - 0.05f); /* headlight */
	path_curve(&p, l - 0.3f, b->nose - 0.02f, l - 0.15f, b->nose - 0.06f, l - 0.06f, b->nose - 0.14f);
	path_curve(&p, l - 0.05f, b->nose - 0.2f, l - 0.2f, b->nose - 0.24f, l - 0.42f, b->nose - 0.05f);
	draw_lamp(s, &p, (rgba){ 0.86f, 0.9f, 0.93f, 1 });
	path_box(&p, 0.04f, b->belt - 0.28f, 0.16f, b->belt - 0.08f, 0.04f);
	draw_lamp(s, &p, (rgba){ 0.75f, 0.08f, 0.07f, 1 });
	path_box(&p, l * 0.7f, b->belt - 0.01f, l * 0.7f + 0.2f, b->belt + 0.13f, 0.05f); /* mirror */
	canvas_fill(&s->canvas, &p, paint, s);
}

/* ---- Front and rear ---- */

static void both_sides(stage *s, path *p, shader *shade)
{
	canvas_fill(&s->canvas, p, shade, s);
	path_mirror(p, 0);
	canvas_fill(&s->canvas, p, shade, s);
}

static void end_body(stage *s, const build *b)
{
	float w = b->width / 2, h = b->height, roof = s->scene.vehicle == FL_SCENE_CAR ? w * 0.66f : w * 0.88f;
	path p;

	draw_shadow(s, 0, w);
	path_box(&p, -w + 0.04f, 0.0f, -w + 0.28f, 0.5f, 0.06f); /* tyres */
	both_sides(s, &p, plastic);
	path_start(&p, -w, 0.3f);
	path_curve(&p, -w - 0.02f, 0.6f, -w, b->belt - 0.2f, -w + 0.07f, b->belt);
	path_curve(&p, -w + 0.15f, b->belt + 0.1f, -roof - 0.04f, h - 0.12f, -roof, h - 0.04f);
	path_curve(&p, -roof / 2, h + 0.01f, roof / 2, h + 0.01f, roof, h - 0.04f);
	path_curve(&p, roof + 0.04f, h - 0.12f, w - 0.15f, b->belt + 0.1f, w - 0.07f, b->belt);
	path_curve(&p, w, b->belt - 0.2f, w + 0.02f, 0.6f, w, 0.3f);
	canvas_fill(&s->canvas, &p, paint, s);
}

static void end_window(stage *s, const build *b, float low)
{
	float w = b->width / 2, h = b->height - 0.1f, top = s->scene.vehicle == FL_SCENE_CAR ? w * 0.6f : w * 0.8f;
	path p;

	path_start(&p, -w + 0.2f, low);
	path_curve(&p, -w + 0.25f, low + 0.1f, -top - 0.02f, h - 0.05f, -top, h);
	path_curve(&p, -top / 2, h + 0.03f, top / 2, h + 0.03f, top, h);
	path_curve(&p, top + 0.02f, h - 0.05f, w - 0.25f, low + 0.1f, w - 0.2f, low);
	path_curve(&p, w / 2, low - 0.05f, -w / 2, low - 0.05f, -w + 0.2f, low);
	canvas_fill(&s->canvas, &p, glass, s);
	canvas_stroke(&s->canvas, &p, 0.025f, (rgba){ 0.03f, 0.03f, 0.03f, 0.9f });
}

static void end_bumper(stage *s, const build *b)
{
	float w = b->width / 2;
	path p;

	path_box(&p, -w - 0.01f, 0.26f, w + 0.01f, 0.58f, 0.1f);
	canvas_fill(&s->canvas, &p, s->seed % 2 ? paint : plastic, s);
	path_start(&p, -w, 0.58f);
	path_curve(&p, -w / 2, 0.55f, w / 2, 0.55f, w, 0.58f);
	seam(s, &p);
	path_box(&p, -w * 0.6f, 0.28f, w * 0.6f, 0.38f, 0.04f);
	canvas_fill(&s->canvas, &p, plastic, s);
	path_box(&p, -0.26f, 0.44f, 0.26f, 0.55f, 0.01f); /* the plate, unreadable on purpose */
	canvas_flat(&s->canvas, &p, stage_light(s, grey(0.88f, 1), (vec){ 0, 0.5f }));
	for (int i = 0; i < 7; i++) {
		path_box(&p, -0.2f + 0.06f * (float)i, 0.465f, -0.165f + 0.06f * (float)i, 0.525f, 0.005f);
		canvas_flat(&s->canvas, &p, stage_light(s, grey(0.2f, i == 2 ? 0 : 0.8f), (vec){ 0, 0.5f }));
	}
}

static void draw_front(stage *s)
{
	const build *b = &builds[s->scene.vehicle];
	float w = b->width / 2, n = b->nose;
	path p;

	end_body(s, b);
	end_window(s, b, b->belt + 0.04f);
	path_start(&p, -w + 0.16f, b->belt + 0.01f); /* the hood's edges */
	path_curve(&p, -w + 0.2f, n + 0.05f, -w + 0.3f, n - 0.02f, -w + 0.42f, n - 0.05f);
	path_curve(&p, -0.2f, n - 0.08f, 0.2f, n - 0.08f, w - 0.42f, n - 0.05f);
	path_curve(&p, w - 0.3f, n - 0.02f, w - 0.2f, n + 0.05f, w - 0.16f, b->belt + 0.01f);
	seam(s, &p);
	path_box(&p, -0.42f, n - 0.24f, 0.42f, n - 0.08f, 0.05f); /* the grille */
	canvas_fill(&s->canvas, &p, plastic, s);
	for (int i = 0; i < 4; i++) {
		path_box(&p, -0.4f, n - 0.22f + 0.035f * (float)i, 0.4f, n - 0.213f + 0.035f * (float)i, 0.002f);
		canvas_flat(&s->canvas, &p, stage_light(s, grey(0.6f, 0.8f), (vec){ 0, n }));
	}
	for (int side = -1; side <= 1; side += 2) {
		path_start(&p, (float)side * (w - 0.46f), n - 0.2f);
		path_curve(&p, (float)side * (w - 0.4f), n - 0.06f, (float)side * (w - 0.2f), n - 0.02f, (float)side * (w - 0.06f), n - 0.02f);
		path_curve(&p, (float)side * (w - 0.04f), n - 0.14f, (float)side * (w - 0.2f), n - 0.22f, (float)side * (w - 0.46f), n - 0.2f);
		draw_lamp(s, &p, (rgba){ 0.86f, 0.9f, 0.93f, 1 });
		path_box(&p, (float)side * (w - 0.04f) - 0.1f, b->belt + 0.02f, (float)side * (w - 0.04f) + 0.1f, b->belt + 0.07f, 0.02f);
		canvas_fill(&s->canvas, &p, plastic, s);
		path_box(&p, (float)side * (w + 0.1f) - 0.12f, b->belt, (float)side * (w + 0.1f) + 0.12f, b->belt + 0.15f, 0.05f);
		canvas_fill(&s->canvas, &p, paint, s);
	}
	end_bumper(s, b);
}

static void draw_rear(stage *s)
{
	const build *b = &builds[s->scene.vehicle];
	float w = b->width / 2, low = s->scene.vehicle == FL_SCENE_CAR ? b->belt + 0.08f : b->belt + 0.15f;
	path p;

	end_body(s, b);
	end_window(s, b, low);
	path_start(&p, -w + 0.3f, low - 0.02f); /* the lid */
	path_curve(&p, -w + 0.26f, 0.8f, -w + 0.26f, 0.7f, -w + 0.32f, 0.62f);
	path_line(&p, w - 0.32f, 0.62f);
	path_curve(&p, w - 0.26f, 0.7f, w - 0.26f, 0.8f, w - 0.3f, low - 0.02f);
	seam(s, &p);
	if (s->scene.vehicle != FL_SCENE_CAR) {
		path_start(&p, 0, 0.62f);
		path_line(&p, 0, b->height - 0.08f);
		seam(s, &p);
	}
	for (int side = -1; side <= 1; side += 2) {
		path_box(&p, FL_MIN((float)side * (w - 0.05f), (float)side * (w - 0.34f)), b->nose - 0.24f,
		         FL_MAX((float)side * (w - 0.05f), (float)side * (w - 0.34f)), b->nose - 0.02f, 0.05f);
		draw_lamp(s, &p, (rgba){ 0.72f, 0.07f, 0.07f, 1 });
		path_box(&p, (float)side * (w - 0.2f) - 0.06f, b->nose - 0.2f, (float)side * (w - 0.2f) + 0.06f, b->nose - 0.13f, 0.02f);
		draw_lamp(s, &p, (rgba){ 0.9f, 0.6f, 0.2f, 1 });
	}
	path_box(&p, -0.14f, 0.66f, 0.14f, 0.7f, 0.01f);
	canvas_fill(&s->canvas, &p, plastic, s);
	end_bumper(s, b);
}

void draw_vehicle(stage *s)
{
	switch (s->scene.view) {
	case FL_SCENE_FRONT: draw_front(s); break;
	case FL_SCENE_REAR: draw_rear(s); break;
	default: draw_side(s); break;
	}
}
