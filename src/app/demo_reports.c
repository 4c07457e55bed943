#include "app/client.h"
#include "app/demo_picture.h"
#include "app/demo_reports.h"
#include "app/documents.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { COUNT_MAX = 100, NICE = 10 };

typedef struct plan {
	app_home home;
	fl_arena mem; /* holds url and token */
	app_client client;
	int count;
} plan;

typedef struct story {
	const char *vehicle, *words;
	fl_scene_vehicle kind;
	fl_scene_view view;
	fl_vehicle_part part;
	fl_scene_damage damage;
	float strength;
} story;

static const story stories[] = {
	{ "VAN-07", "Touched a bollard while reversing in the yard. The tailgate is dented, it still closes.", FL_SCENE_VAN, FL_SCENE_REAR,
	  FL_PART_TRUNK, FL_SCENE_DENT, 0.7f },
	{ "CAR-03", "Came back to the car after a delivery: somebody has scratched the door from end to end.", FL_SCENE_CAR, FL_SCENE_SIDE,
	  FL_PART_DOOR, FL_SCENE_SCRATCH, 0.8f },
	{ "VAN-21", "A stone from a truck in front hit the windscreen. The crack is growing.", FL_SCENE_VAN, FL_SCENE_FRONT,
	  FL_PART_WINDSHIELD, FL_SCENE_BROKEN, 0.6f },
	{ "TRUCK-04", "Misjudged the loading dock, the front bumper is broken on the left.", FL_SCENE_TRUCK, FL_SCENE_FRONT, FL_PART_BUMPER,
	  FL_SCENE_BROKEN, 0.9f },
	{ "CAR-11", "Small dent in the front wing, found in the morning at the depot.", FL_SCENE_CAR, FL_SCENE_SIDE, FL_PART_FENDER,
	  FL_SCENE_DENT, 0.4f },
	{ "VAN-15", "Left headlight smashed in the car park, no note, no witness.", FL_SCENE_VAN, FL_SCENE_FRONT, FL_PART_LIGHT,
	  FL_SCENE_BROKEN, 0.8f },
	{ "CAR-18", "A branch came down in the storm and lies across the bonnet. Scratches down to the metal.", FL_SCENE_CAR, FL_SCENE_FRONT,
	  FL_PART_HOOD, FL_SCENE_SCRATCH, 0.9f },
	{ "VAN-33", "Sliding door scraped along a wall in a narrow lane. It opens, but it is loud.", FL_SCENE_VAN, FL_SCENE_SIDE, FL_PART_DOOR,
	  FL_SCENE_SCRATCH, 0.7f },
	{ "TRUCK-09", "Rear light broken, noticed at the check before departure.", FL_SCENE_TRUCK, FL_SCENE_REAR, FL_PART_LIGHT, FL_SCENE_BROKEN,
	  0.6f },
	{ "CAR-07", "Bumped by a delivery scooter at walking pace, scuff on the rear bumper.", FL_SCENE_CAR, FL_SCENE_REAR, FL_PART_BUMPER,
	  FL_SCENE_SCRATCH, 0.4f },
};

/* ---- pictures ---- */

/* The whole side first, then close: as drivers are asked to do. The close one is noisier, as phones are indoors. */
static fl_scene scene_of(const story *s, int index, bool close)
{
	fl_scene scene = fl_scene_random((uint64_t)index + 1);
	scene.vehicle = s->kind;
	scene.view = s->view;
	scene.part = s->part;
	scene.damage = s->damage;
	scene.strength = s->strength;
	scene.light = index % 3 == 2 ? FL_SCENE_OVERCAST : FL_SCENE_DAY;
	scene.zoom = close ? 2.5f : 1;
	scene.noise = close ? 4 : 2;
	return scene;
}

/* ---- filing ---- */


static fl_str variables_of(fl_arena *mem, const story *s, int index)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(8192);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("input"));
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("vehicleName"));
	fl_json_put_str(&j, fl_str_z(s->vehicle));
	fl_json_key(&j, FL_STR("description"));
	fl_json_put_str(&j, fl_str_z(s->words));
	fl_json_key(&j, FL_STR("idempotencyKey"));
	fl_json_put_str(&j, fl_str_fmt(mem, "demo-photos-%d", index));
	fl_json_key(&j, FL_STR("photos"));
	fl_json_put_raw(&j, FL_STR("[null,null]"));
	fl_json_close(&j, '}');
	fl_json_close(&j, '}');
	return fl_str_dup(mem, fl_buf_view(&buf));
}

static fl_err file_one(plan *p, int index, fl_diag *diag)
{
	const story *s = &stories[(size_t)index % FL_COUNT(stories)];
	fl_arena mem = fl_arena_make(4 << 20);
	const fl_scene scenes[2] = { scene_of(s, index, false), scene_of(s, index, true) };
	app_upload photos[2];
	const fl_json *data;
	char *paths[2] = { fl_str_cstr(&mem, fl_str_fmt(&mem, "%s/demo-side.jpg", p->home.tmp)),
			   fl_str_cstr(&mem, fl_str_fmt(&mem, "%s/demo-close.jpg", p->home.tmp)) };
	fl_str variables = variables_of(&mem, s, index);
	fl_err err = paths[0] && paths[1] && variables.ptr ? FL_OK : FL_NOMEM;
	for (int i = 0; i < 2 && err == FL_OK; i++)
		err = app_demo_picture(&scenes[i], paths[i], &photos[i]);
	p->client.mem = &mem;
	if (err == FL_OK)
		err = app_client_ask(&p->client, app_document_file_demo, variables, photos, 2, "variables.input.photos", FL_MINUTE_US, &data, diag);
	for (int i = 0; i < 2 && paths[i]; i++)
		unlink(paths[i]);
	fl_arena_fini(&mem);
	return err;
}

static void mark_done(const plan *p)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/demo.done", p->home.path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

static bool is_done(const app_home *home)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/demo.done", home->path);
	return access(path, F_OK) == 0;
}

static void *run(void *arg)
{
	plan *p = arg;
	fl_err err = FL_OK;
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	for (int i = p->count - 1; i >= 0 && err == FL_OK; i--) {
		fl_diag diag = {};
		err = file_one(p, i, &diag);
		if (err != FL_OK)
			fl_warn("the demo's photos: %s", fl_diag_text(&diag, err));
	}
	if (err == FL_OK)
		mark_done(p);
	app_client_close(&p->client);
	fl_arena_fini(&p->mem);
	free(p);
	return NULL;
}

void app_demo_reports_start(const app_home *home, fl_str url, fl_str token, int count)
{
	pthread_t thread;
	plan *p = count > 0 && !is_done(home) ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return;
	*p = (plan){ .home = *home, .mem = fl_arena_make(64 << 10), .count = FL_MIN(count, (int)COUNT_MAX) };
	p->client = (app_client){ .url = fl_str_dup(&p->mem, url), .token = fl_str_dup(&p->mem, token) };
	if (pthread_create(&thread, NULL, run, p) == 0) {
		pthread_detach(thread);
		return;
	}
	fl_arena_fini(&p->mem);
	free(p);
}
