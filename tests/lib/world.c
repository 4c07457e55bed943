#include "world.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "asset/asset.h"

#include <cmocka.h>

void world_child(int argc, char **argv)
{
	fl_asset onnx, json;
	if (argc < 2 || strcmp(argv[1], "child") != 0)
		return;
	if (!fl_asset_find(FL_STR("models/damage.onnx"), &onnx) || !fl_asset_find(FL_STR("models/damage.json"), &json))
		exit(1);
	exit(fl_worker_child_main(3, onnx.bytes, json.bytes));
}

static void people(world *w)
{
	pg_fixture_load_two_companies(&w->pg);
	(void)pg_fixture_sql(&w->pg,
		"INSERT INTO users (tenant_id, id, email, name, role, driver_id) VALUES"
		" (1, 1, 'manager@one.example', 'Mo', 2, NULL), (1, 2, 'driver@one.example', 'Kim', 1, 1),"
		" (1, 3, 'second@one.example', 'Lee', 1, NULL), (1, 4, 'auditor@one.example', 'Al', 3, NULL),"
		" (2, 1, 'manager@two.example', 'Bo', 2, NULL)");
}

static fl_err open_services(fl_ctx *ctx, world *w, const char *role, fl_services *s)
{
	static const uint8_t webhook_key[32] = { 9 };
	*s = (fl_services){ .webhook_key = webhook_key, .store = w->store, .keys = &w->keys, .redis_url = w->redis_url, .public_url = "http://fleet.example",
			    .tmp_dir = w->home };
	FL_TRY(fl_db_open(ctx->loop, &(fl_db_opts){ .url = w->pg.url, .role = role, .name = role, .connections = 4 }, &s->db));
	FL_TRY(fl_redis_open(ctx->loop, &(fl_redis_opts){ .url = fl_str_z(w->redis_url) }, &ctx->diag, &s->redis));
	FL_TRY(fl_services_init(s));
	return await_db_ready(ctx, s->db);
}

static fl_err open_world(fl_ctx *ctx, void *arg)
{
	world *w = arg;
	FL_TRY(await_redis_server_start(ctx, &(fl_redis_server_opts){ .home = w->home }, &w->redis));
	fl_str url = fl_redis_server_url(w->redis);
	snprintf(w->redis_url, sizeof(w->redis_url), "%.*s", FL_ARG(url));
	FL_TRY(open_services(ctx, w, "fleet_app", &w->app));
	FL_TRY(open_services(ctx, w, "fleet_worker", &w->worker));
	FL_TRY(fl_worker_pool_open(ctx->loop, &(fl_worker_options){ .argument = "child" }, &ctx->diag, &w->app.workers));
	w->worker.workers = w->app.workers;
	return FL_OK;
}

static fl_err close_world(fl_ctx *ctx, void *arg)
{
	world *w = arg;
	fl_worker_pool_close(w->app.workers);
	fl_services *const all[] = { &w->app, &w->worker };
	for (size_t i = 0; i < FL_COUNT(all); i++) {
		fl_services_fini(all[i]);
		fl_redis_close(all[i]->redis);
		await_db_close(ctx, all[i]->db);
	}
	await_redis_server_stop(ctx, w->redis, FL_SECOND_US);
	return FL_OK;
}

void world_start(world *w)
{
	fl_diag diag = {};
	char blobs[80];
	uint8_t secret[32] = { 7 };
	pg_fixture_start(&w->pg);
	people(w);
	snprintf(w->home, sizeof(w->home), "/tmp/fleet-world-XXXXXX");
	assert_non_null(mkdtemp(w->home));
	snprintf(blobs, sizeof(blobs), "%s/blobs", w->home);
	assert_int_equal(fl_store_open(blobs, &w->store, &diag), FL_OK);
	fl_jwt_key_make(&w->keys.keys[0], FL_JWT_HS256, secret);
	w->keys.count = 1;
	assert_int_equal(fl_loop_new(&(fl_loop_opts){}, &w->loop), FL_OK);
	assert_int_equal(fl_loop_run_task(w->loop, FL_MINUTE_US, open_world, w), FL_OK);
}

void world_stop(world *w)
{
	char command[128];
	assert_int_equal(fl_loop_run_task(w->loop, FL_MINUTE_US, close_world, w), FL_OK);
	fl_loop_free(w->loop);
	fl_store_close(w->store);
	pg_fixture_stop(&w->pg);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->home);
	if (system(command) != 0)
		print_message("%s stays\n", w->home);
}

typedef struct play {
	world *w;
	fl_err (*scene)(fl_ctx *ctx);
} play;

static fl_err run_scene(fl_ctx *ctx, void *arg)
{
	play *p = arg;
	ctx->services = &p->w->app;
	fl_err err = p->scene(ctx);
	if (err != FL_OK)
		print_message("%s: %s\n", fl_err_name(err), ctx->diag.text);
	return err;
}

void world_play(world *w, fl_err (*scene)(fl_ctx *ctx))
{
	play p = { w, scene };
	assert_int_equal(fl_loop_run_task(w->loop, FL_MINUTE_US, run_scene, &p), FL_OK);
}

void world_as(fl_ctx *ctx, int32_t tenant, int32_t user)
{
	static const fl_role roles[] = { [WORLD_MANAGER] = FL_ROLE_MANAGER, [WORLD_DRIVER] = FL_ROLE_DRIVER,
					 [WORLD_OTHER_DRIVER] = FL_ROLE_DRIVER, [WORLD_AUDITOR] = FL_ROLE_AUDITOR };
	ctx->caller = (fl_caller){ tenant, user, roles[user], FL_STR("somebody") };
}

fl_image world_image(fl_arena *mem, unsigned seed)
{
	fl_image image = { 640, 480, fl_arena_array(mem, 640 * 480, 3) };
	uint32_t random = seed * 2654435761u + 1;
	assert_non_null(image.rgb);
	for (int box = 0; box < 40; box++) {
		int v[5];
		for (size_t i = 0; i < FL_COUNT(v); i++) {
			random = random * 1664525u + 1013904223u;
			v[i] = (int)(random >> 12);
		}
		int x0 = v[0] % 600, y0 = v[1] % 440, x1 = FL_MIN(x0 + 20 + v[2] % 300, 640), y1 = FL_MIN(y0 + 20 + v[3] % 200, 480);
		for (int y = y0; y < y1; y++)
			for (int x = x0; x < x1; x++)
				for (int k = 0; k < 3; k++)
					image.rgb[3 * (y * 640 + x) + k] = (uint8_t)(v[4] >> 4 * k);
	}
	return image;
}

fl_upload world_upload(fl_str name, fl_str bytes)
{
	int fd = memfd_create("upload", MFD_CLOEXEC);
	assert_true(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
	return (fl_upload){ name, fd, bytes.len };
}

fl_upload world_photo(fl_ctx *ctx, unsigned seed)
{
	fl_image image = world_image(ctx->mem, seed);
	fl_str bytes;
	assert_int_equal(fl_image_jpeg(&image, 90, ctx->mem, &bytes), FL_OK);
	return world_upload(FL_STR("photo.jpg"), bytes);
}

int64_t world_count(const world *w, const char *sql)
{
	int64_t n;
	assert_true(fl_str_i64(fl_str_z(pg_fixture_sql(&w->pg, sql)), &n));
	return n;
}

fl_err world_file(fl_ctx *ctx, const char *description, const fl_upload *photos, size_t count, fl_uuid *out)
{
	const fl_report_draft draft = { .vehicle_id = 1, .description = fl_str_z(description), .photos = photos, .photo_count = count };
	return fl_report_create(ctx, &draft, out);
}
