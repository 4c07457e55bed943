/* Draws pictures of damaged vehicles: the photos of our tests, of the demo company and of the README. They look like
 * simple photos (light, reflections, dirt, sensor noise) and are the same, byte for byte of pixels, for the same scene.
 *
 *     fl_scene scene = fl_scene_random(7);
 *     FL_TRY(fl_scene_draw(&scene, &mem, &image));
 *     FL_TRY(fl_picture_write(&image, &(fl_picture_file){ .format = FL_PHOTO_JPEG }, &mem, &bytes));
 *
 * It uses encoders that nothing else in the product does: tools/picture, tests and the demo company draw with it. Pure:
 * numbers in, pixels and bytes out. */
#ifndef FL_PICTURE_H
#define FL_PICTURE_H

#include "vision/vision.h"

typedef enum fl_scene_vehicle { FL_SCENE_CAR, FL_SCENE_VAN, FL_SCENE_TRUCK, FL_SCENE_VEHICLES } fl_scene_vehicle;
typedef enum fl_scene_view { FL_SCENE_SIDE, FL_SCENE_FRONT, FL_SCENE_REAR, FL_SCENE_VIEWS } fl_scene_view;
typedef enum fl_scene_damage { FL_SCENE_WHOLE, FL_SCENE_SCRATCH, FL_SCENE_DENT, FL_SCENE_BROKEN, FL_SCENE_DAMAGES } fl_scene_damage;
typedef enum fl_scene_light { FL_SCENE_DAY, FL_SCENE_OVERCAST, FL_SCENE_EVENING, FL_SCENE_NIGHT, FL_SCENE_LIGHTS } fl_scene_light;

typedef struct fl_scene {
	uint64_t seed; /* colour, background, small shapes, noise */
	fl_scene_vehicle vehicle;
	fl_scene_view view;
	fl_vehicle_part part; /* where the damage is */
	fl_scene_damage damage;
	fl_scene_light light;
	float strength; /* of the damage, 0..1 */
	float zoom;     /* 1: the whole vehicle; 4: a close-up of the part */
	float noise;    /* of the sensor, in steps of 255; 3 is usual */
	int width, height;
} fl_scene;

/* A scene chosen by its seed, at 1600 x 1200; the view shows the part. */
fl_scene fl_scene_random(uint64_t seed);

FL_MUST fl_err fl_scene_draw(const fl_scene *scene, fl_arena *mem, fl_image *out);

/* How a picture is kept. Zero means none, or the usual. */
typedef struct fl_picture_file {
	fl_photo_format format;
	int quality;     /* 1..100 [90]; PNG ignores it */
	int orientation; /* 1..8 [1]: pixels are turned so that this EXIF value brings them back upright */
	bool progressive, gray;
	const char *taken_at; /* EXIF time, "2026:03:01 09:30:00" */
	const char *zone;     /* "+01:00" */
	const char *software, *make, *model;
} fl_picture_file;

FL_MUST fl_err fl_picture_write(const fl_image *image, const fl_picture_file *file, fl_arena *mem, fl_str *out);

#endif
