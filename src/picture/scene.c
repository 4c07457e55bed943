/* One picture: light, camera, background, vehicle, damage, sensor. */
#include <math.h>

#include "picture/scene_int.h"

enum { DRAWN_SIDE_MAX = 1600 }; /* larger pictures are enlarged; their detail is noise, as in real photos */

fl_scene fl_scene_random(uint64_t seed)
{
	dice d = { seed * 77 + 1 };
	fl_scene s = { .seed = seed, .vehicle = (fl_scene_vehicle)pick(&d, FL_SCENE_VEHICLES), .part = (fl_vehicle_part)(1 + pick(&d, 7)),
		       .damage = (fl_scene_damage)(1 + pick(&d, 3)), .light = (fl_scene_light)pick(&d, 3), .strength = roll(&d, 0.2f, 1),
		       .zoom = roll(&d, 1.2f, 3.2f), .noise = roll(&d, 1.5f, 4), .width = 1600, .height = 1200 };

	switch (s.part) {
	case FL_PART_DOOR:
	case FL_PART_FENDER: s.view = FL_SCENE_SIDE; break;
	case FL_PART_TRUNK: s.view = FL_SCENE_REAR; break;
	case FL_PART_HOOD:
	case FL_PART_WINDSHIELD: s.view = FL_SCENE_FRONT; break;
	default: s.view = pick(&d, 2) ? FL_SCENE_FRONT : FL_SCENE_REAR; break;
	}
	return s;
}

static sky sky_for(fl_scene_light light)
{
	switch (light) {
	case FL_SCENE_OVERCAST:
		return (sky){ { 0.66f, 0.69f, 0.73f, 1 }, { 0.80f, 0.81f, 0.82f, 1 }, { 0.86f, 0.88f, 0.92f, 1 }, 0.9f, false };
	case FL_SCENE_EVENING:
		return (sky){ { 0.35f, 0.42f, 0.62f, 1 }, { 0.95f, 0.70f, 0.48f, 1 }, { 0.95f, 0.74f, 0.55f, 1 }, 1, false };
	case FL_SCENE_NIGHT:
		return (sky){ { 0.02f, 0.02f, 0.05f, 1 }, { 0.06f, 0.06f, 0.09f, 1 }, { 0.42f, 0.41f, 0.42f, 1 }, 1, true };
	default:
		return (sky){ { 0.32f, 0.52f, 0.83f, 1 }, { 0.78f, 0.86f, 0.94f, 1 }, { 1, 0.98f, 0.94f, 1 }, 1.05f, false };
	}
}

static rgba paint_for(dice *d)
{
	static const rgba paints[] = {
		{ 0.87f, 0.88f, 0.89f, 1 }, { 0.90f, 0.90f, 0.88f, 1 }, { 0.62f, 0.64f, 0.67f, 1 }, { 0.12f, 0.13f, 0.15f, 1 },
		{ 0.62f, 0.10f, 0.10f, 1 }, { 0.10f, 0.22f, 0.48f, 1 }, { 0.20f, 0.36f, 0.30f, 1 }, { 0.88f, 0.66f, 0.12f, 1 },
		{ 0.30f, 0.33f, 0.37f, 1 }, { 0.45f, 0.60f, 0.72f, 1 },
	};

	return paints[pick(d, (int)FL_COUNT(paints))];
}

/* The whole vehicle at zoom 1, towards the damaged part as it grows; held by hand, so a little askew. */
static camera aim(stage *s)
{
	static const float spans[][2] = { { 5.3f, 2.9f }, { 6.3f, 3.4f }, { 7.6f, 3.9f } };
	static const float lengths[] = { 4.4f, 5.3f, 6.4f }, heights[] = { 1.46f, 2.35f, 2.95f };
	bool side = s->scene.view == FL_SCENE_SIDE;
	float size, zoom = fmaxf(s->scene.zoom, 0.5f), tilt = roll(&s->dice, -0.03f, 0.03f);
	vec part = part_place(&s->scene, &size), whole = { side ? lengths[s->scene.vehicle] / 2 : 0, heights[s->scene.vehicle] / 2 - 0.1f };
	float toward = smooth(1, 2.5f, zoom), span = spans[s->scene.vehicle][!side] / zoom;
	vec focus = { whole.x + (part.x - whole.x) * toward + roll(&s->dice, -0.06f, 0.06f) * span,
		      whole.y + (part.y - whole.y) * toward + roll(&s->dice, -0.05f, 0.05f) * span };
	float scale = fminf((float)s->canvas.width, 1.33f * (float)s->canvas.height) / span;

	return (camera){ focus, scale, cosf(tilt), sinf(tilt), roll(&s->dice, 0.0f, 0.03f) };
}

static uint32_t hash3(uint32_t x, uint32_t seed)
{
	uint32_t h = x * 0x9e3779b1u ^ seed;

	h = (h ^ (h >> 16)) * 0x85ebca6bu;
	h = (h ^ (h >> 13)) * 0xc2b2ae35u;
	return h ^ (h >> 16);
}

/* Four dice make a bell; grain is the same in all channels up to a little colour. */
static void add_noise(fl_image *image, float level, uint32_t seed)
{
	size_t count = (size_t)image->width * (size_t)image->height;

	for (size_t i = 0; i < count && level > 0; i++) {
		uint32_t h = hash3((uint32_t)i, seed);
		float bell = (float)((h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24)) / 147.0f - 3.46f;
		uint32_t tint = hash3((uint32_t)i, seed + 1);
		for (size_t c = 0; c < 3; c++) {
			float v = (float)image->rgb[3 * i + c] + level * (bell + ((float)(tint >> (8 * c) & 255) / 255.0f - 0.5f));
			image->rgb[3 * i + c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
		}
	}
}

static fl_err develop(const stage *s, fl_arena *mem, fl_image *out)
{
	const canvas *c = &s->canvas;
	size_t count = 3 * (size_t)c->width * (size_t)c->height;
	fl_image drawn = { c->width, c->height, fl_arena_take(mem, count) };

	if (!drawn.rgb)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		drawn.rgb[i] = (uint8_t)(clamp01(c->rgb[i]) * 255.0f + 0.5f);
	FL_TRY(fl_image_resize(&drawn, s->scene.width, s->scene.height, mem, out));
	add_noise(out, s->scene.noise, s->seed);
	return FL_OK;
}

fl_err fl_scene_draw(const fl_scene *scene, fl_arena *mem, fl_image *out)
{
	stage s = { .scene = *scene, .dice = { scene->seed * 2654435761u + 12345 } };
	int longer = FL_MAX(scene->width, scene->height);

	assert(scene->width >= FL_PHOTO_SIDE_MIN && scene->height >= FL_PHOTO_SIDE_MIN);
	s.canvas.width = longer > DRAWN_SIDE_MAX ? FL_MAX(1, scene->width * DRAWN_SIDE_MAX / longer) : scene->width;
	s.canvas.height = longer > DRAWN_SIDE_MAX ? FL_MAX(1, scene->height * DRAWN_SIDE_MAX / longer) : scene->height;
	s.canvas.rgb = fl_new_array(mem, float, 3 * (size_t)s.canvas.width * (size_t)s.canvas.height);
	if (!s.canvas.rgb)
		return FL_NOMEM;
	s.seed = (uint32_t)(scene->seed * 2246822519u + 374761393u);
	s.sky = sky_for(scene->light);
	s.paint = paint_for(&s.dice);
	s.dirt = roll(&s.dice, 0, 0.5f);
	s.canvas.camera = aim(&s);
	draw_background(&s);
	draw_vehicle(&s);
	draw_damage(&s);
	return develop(&s, mem, out);
}
