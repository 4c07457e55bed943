/* Damage on top of the vehicle: scratches, dents, breakage. */
#include <math.h>

#include "picture/scene_int.h"

/* A line that wavers. */
static void wander(stage *s, path *p, vec from, float angle, float length, float waver)
{
	int steps = 24;

	path_start(p, from.x, from.y);
	for (int i = 0; i < steps; i++) {
		angle += roll(&s->dice, -waver, waver);
		from.x += cosf(angle) * length / (float)steps;
		from.y += sinf(angle) * length / (float)steps;
		path_line(p, from.x, from.y);
	}
}

static void draw_scratches(stage *s, vec at, float size)
{
	float strength = s->scene.strength, angle = roll(&s->dice, -0.35f, 0.35f) + (pick(&s->dice, 2) ? (float)M_PI : 0);
	int strands = 2 + (int)(strength * 7);
	path p;

	for (int i = 0; i < strands; i++) {
		vec from = { at.x - cosf(angle) * size * 0.5f + roll(&s->dice, -0.2f, 0.2f) * size,
			     at.y - sinf(angle) * size * 0.5f + roll(&s->dice, -0.15f, 0.15f) * size };
		float width = roll(&s->dice, 0.002f, 0.004f + 0.006f * strength), length = size * roll(&s->dice, 0.4f, 1.2f);
		rgba primer = stage_light(s, grey(roll(&s->dice, 0.62f, 0.85f), 0.9f), from), metal = lit(s->paint, 0.35f);
		wander(s, &p, from, angle, length, 0.05f);
		metal.a = 0.6f;
		canvas_stroke(&s->canvas, &p, width * 1.9f, metal);
		canvas_stroke(&s->canvas, &p, width, primer);
	}
}

/* A dent bends the reflection: dark where the panel turns down, bright where it turns up. */
typedef struct dent {
	const stage *stage;
	vec at;
	float rx, ry, depth;
} dent;

static rgba dent_shade(const void *arg, vec p)
{
	const dent *d = arg;
	float u = (p.x - d->at.x) / d->rx, v = (p.y - d->at.y) / d->ry, r = sqrtf(u * u + v * v);
	float ripple = fractal_at(p.x * 9, p.y * 9, 3, d->stage->seed + 5) - 0.5f;
	float slope = -(v + 0.4f * u + 0.5f * ripple) * expf(-2.2f * r * r) * 2.4f * d->depth;
	float edge = expf(-25 * (r - 0.72f) * (r - 0.72f)) * 0.22f * d->depth;

	if (slope + edge > 0)
		return (rgba){ 1, 1, 1, clamp01(0.42f * (slope + edge)) };
	return (rgba){ 0, 0, 0.02f, clamp01(-0.75f * slope) };
}

static void draw_dent(stage *s, vec at, float size)
{
	float strength = s->scene.strength;
	dent d = { s, at, size * (0.25f + 0.3f * strength), size * (0.2f + 0.22f * strength), 0.6f + 0.4f * strength };
	path p;

	path_ellipse(&p, at.x, at.y, d.rx * 1.5f, d.ry * 1.5f);
	canvas_fill(&s->canvas, &p, dent_shade, &d);
	for (int i = 0; i < (int)(strength * 4); i++) { /* creases */
		float angle = roll(&s->dice, 0, 2 * (float)M_PI);
		wander(s, &p, (vec){ at.x + cosf(angle) * d.rx * 0.3f, at.y + sinf(angle) * d.ry * 0.3f }, angle, d.rx * 0.9f, 0.12f);
		canvas_stroke(&s->canvas, &p, 0.006f, (rgba){ 0, 0, 0, 0.45f });
		for (int k = 0; k < p.count; k++)
			p.points[k].y += 0.006f;
		canvas_stroke(&s->canvas, &p, 0.005f, (rgba){ 1, 1, 1, 0.4f });
	}
	if (strength > 0.4f)
		draw_scratches(s, at, size * 0.5f);
}

/* A hole with torn edges, cracks running from it, shards around. */
static void draw_hole(stage *s, vec at, float size)
{
	float around = size * (0.12f + 0.22f * s->scene.strength);
	path p;

	path_start(&p, at.x + around, at.y);
	for (int i = 1; i < 22; i++) {
		float angle = (float)i * 2 * (float)M_PI / 22, r = around * roll(&s->dice, 0.45f, 1.25f);
		path_line(&p, at.x + r * cosf(angle), at.y + 0.7f * r * sinf(angle));
	}
	canvas_flat(&s->canvas, &p, (rgba){ 0.05f, 0.05f, 0.055f, 0.93f });
	canvas_stroke(&s->canvas, &p, 0.008f, stage_light(s, grey(0.75f, 0.7f), at));
	for (int i = 0; i < 5 + (int)(8 * s->scene.strength); i++) {
		float angle = roll(&s->dice, 0, 2 * (float)M_PI);
		wander(s, &p, (vec){ at.x + cosf(angle) * around * 0.8f, at.y + sinf(angle) * around * 0.6f }, angle,
		       size * roll(&s->dice, 0.15f, 0.5f), 0.2f);
		canvas_stroke(&s->canvas, &p, roll(&s->dice, 0.002f, 0.007f), (rgba){ 0.04f, 0.04f, 0.04f, 0.85f });
	}
	for (int i = 0; i < 14; i++) {
		float x = at.x + roll(&s->dice, -1, 1) * around * 1.4f, y = at.y + roll(&s->dice, -1, 1) * around, r = roll(&s->dice, 0.008f, 0.03f);
		path_start(&p, x, y);
		path_line(&p, x + roll(&s->dice, 0.5f, 1) * r, y + roll(&s->dice, -1, 1) * r);
		path_line(&p, x + roll(&s->dice, -1, 1) * r, y + r);
		canvas_flat(&s->canvas, &p, stage_light(s, grey(roll(&s->dice, 0.3f, 0.95f), 0.85f), at));
	}
}

/* The star that a stone makes in glass. */
static void draw_star(stage *s, vec at, float size)
{
	float reach = size * (0.25f + 0.6f * s->scene.strength);
	int rays = 9 + (int)(14 * s->scene.strength);
	path p;

	for (int i = 0; i < rays; i++) {
		float angle = ((float)i + roll(&s->dice, -0.4f, 0.4f)) * 2 * (float)M_PI / (float)rays;
		wander(s, &p, at, angle, reach * roll(&s->dice, 0.35f, 1), 0.1f);
		canvas_stroke(&s->canvas, &p, roll(&s->dice, 0.002f, 0.005f), stage_light(s, grey(0.95f, 0.75f), at));
	}
	for (int ring = 1; ring <= 3; ring++) {
		float r = reach * 0.16f * (float)ring;
		path_start(&p, at.x + r, at.y);
		for (int i = 1; i <= 30; i++) {
			float angle = (float)i * 2 * (float)M_PI / 30, wave = r * roll(&s->dice, 0.85f, 1.15f);
			path_line(&p, at.x + wave * cosf(angle), at.y + 0.8f * wave * sinf(angle));
		}
		canvas_stroke(&s->canvas, &p, 0.003f, stage_light(s, grey(0.9f, 0.6f / (float)ring), at));
	}
	path_ellipse(&p, at.x, at.y, 0.02f, 0.016f);
	canvas_flat(&s->canvas, &p, (rgba){ 0.98f, 0.99f, 1, 0.85f });
}

void draw_damage(stage *s)
{
	float size;
	vec at = part_place(&s->scene, &size);

	switch (s->scene.damage) {
	case FL_SCENE_SCRATCH: draw_scratches(s, at, size); break;
	case FL_SCENE_DENT: draw_dent(s, at, size); break;
	case FL_SCENE_BROKEN:
		if (s->scene.part == FL_PART_WINDSHIELD)
			draw_star(s, at, size);
		else
			draw_hole(s, at, size);
		break;
	default: break;
	}
}
