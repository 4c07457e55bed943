/* A small real world for tests of the domain: PostgreSQL with two companies, Redis, blobs and photo workers, all private and in
 * temporary folders. One a program; every scene runs in a coroutine with services and a caller.
 *
 *	static fl_err scene(fl_ctx *ctx) { world_as(ctx, 1, MANAGER); ... }
 *	world_start(&w); world_play(&w, scene); world_stop(&w);
 *
 * main must call world_child first: the program is its own photo worker. */
#ifndef FL_TESTS_WORLD_H
#define FL_TESTS_WORLD_H

#include "fleet/fleet.h"
#include "fleet/report/report.h"
#include "pg_fixture.h"

/* Users of company 1; of company 2 only the manager. */
enum { WORLD_MANAGER = 1, WORLD_DRIVER = 2, WORLD_OTHER_DRIVER = 3, WORLD_AUDITOR = 4 };

typedef struct world {
	pg_fixture pg;
	fl_loop *loop;
	char home[64], redis_url[128], child[16];
	fl_redis_server *redis;
	fl_store *store;
	fl_jwt_keys keys;
	fl_services app, worker; /* as fleet_app (with photo workers that know the model) and as fleet_worker */
} world;

/* Exits when this process was started as a photo worker. */
void world_child(int argc, char **argv);
void world_start(world *w);
void world_stop(world *w);
/* Runs the scene with the services of fleet_app; fails the test when it fails. */
void world_play(world *w, fl_err (*scene)(fl_ctx *ctx));
/* Whoever asks from now on. */
void world_as(fl_ctx *ctx, int32_t tenant, int32_t user);
/* A JPEG of random boxes, different for each seed; as an open file, which lives as long as the process. */
fl_image world_image(fl_arena *mem, unsigned seed);
fl_upload world_upload(fl_str name, fl_str bytes);
fl_upload world_photo(fl_ctx *ctx, unsigned seed);
int64_t world_count(const world *w, const char *sql);
/* Files a report of vehicle 1 as the caller. */
fl_err world_file(fl_ctx *ctx, const char *description, const fl_upload *photos, size_t count, fl_uuid *out);

#endif
