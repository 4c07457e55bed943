/* What drawing vehicles and drawing damage share. */
#ifndef FL_PICTURE_SCENE_INT_H
#define FL_PICTURE_SCENE_INT_H

#include "picture/canvas_int.h"
#include "picture/picture.h"

/* The light that falls on everything. */
typedef struct sky {
	rgba top, low, sun; /* colours of the sky, and what the light multiplies */
	float contrast;
	bool lamp; /* dark, lit by the camera's flash */
} sky;

typedef struct stage {
	canvas canvas;
	fl_scene scene;
	dice dice;
	sky sky;
	rgba paint;
	float dirt;
	uint32_t seed;
} stage;

rgba stage_light(const stage *s, rgba colour, vec at);
void draw_background(stage *s);
void draw_vehicle(stage *s);
/* Where a part is in the view of the scene, in metres, and about how large. */
vec part_place(const fl_scene *scene, float *size);
void draw_damage(stage *s);

#endif
