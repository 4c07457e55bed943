/* The target: 10 photos of 12 megapixels, inspected and assessed, in under 3 s on 2 cores (aim: under 1 s).
 *
 *	ninja vision_bench && bench/vision_bench [photos] [children]
 *
 * First the steps of one photo on one core, then the whole through the pool as the server does it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "asset/asset.h"
#include "picture/picture.h"
#include "worker/worker.h"

enum { WIDTH = 4000, HEIGHT = 3000, ROUNDS = 5 };

typedef struct bench {
	fl_str *files;
	int *uploads, *views;
	fl_photo *photos;
	int count, children;
	fl_worker_pool *pool;
} bench;

static fl_str embedded(const char *path)
{
	fl_asset asset;

	return fl_asset_find(fl_str_z(path), &asset) ? asset.bytes : FL_STR("");
}

static void must(fl_err err, const fl_diag *diag)
{
	if (err == FL_OK)
		return;
	fprintf(stderr, "%s\n", fl_diag_text(diag, err));
	exit(1);
}

static int file_of(fl_str bytes)
{
	int fd = memfd_create("photo", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len)
		exit(1);
	return fd;
}

static void draw_photos(bench *b, fl_arena *keep)
{
	size_t total = 0;

	for (int i = 0; i < b->count; i++) {
		fl_scene scene = fl_scene_random((uint64_t)(100 + i));
		fl_arena mem = fl_arena_make((size_t)1 << 30);
		fl_image image;
		fl_str bytes;
		scene.width = WIDTH;
		scene.height = HEIGHT;
		must(fl_scene_draw(&scene, &mem, &image), &(fl_diag){ "drawing" });
		must(fl_picture_write(&image, &(fl_picture_file){ .format = FL_PHOTO_JPEG, .quality = 92, .orientation = i % 2 ? 6 : 1 }, &mem, &bytes),
		     &(fl_diag){ "writing" });
		b->files[i] = fl_str_dup(keep, bytes);
		b->uploads[i] = file_of(bytes);
		total += bytes.len;
		fl_arena_fini(&mem);
	}
	printf("%d photos of %d x %d, %.1f MB on average\n", b->count, WIDTH, HEIGHT, (double)total / b->count / 1e6);
}

/* ---- The steps of one photo, on one core ---- */

#define STEP(name, call)                                                             \
	do {                                                                          \
		int64_t start_us = fl_mono_us();                                      \
		clock_t start_cpu = clock();                                          \
		must(call, &diag);                                                    \
		printf("  %-28s %7.1f ms, CPU %6.1f ms\n", name, (double)(fl_mono_us() - start_us) / 1e3, \
		       (double)(clock() - start_cpu) * 1e3 / CLOCKS_PER_SEC);         \
	} while (0)

static fl_err hash_file(fl_str bytes)
{
	uint8_t sha256[32];

	fl_photo_sha256(bytes, sha256);
	return FL_OK;
}

static void time_steps(const bench *b)
{
	fl_arena mem = fl_arena_make((size_t)1 << 30);
	fl_diag diag = { "" };
	fl_photo_header header;
	fl_photo photo;
	fl_image view, upright, small;
	fl_phash hash, mirrored;
	fl_model *model;
	fl_reading reading;
	float sharpness, brightness;
	unsigned problems;
	fl_str bytes;

	printf("one photo, one core:\n");
	STEP("probe", fl_photo_probe(b->files[0], &diag, &header));
	STEP("decode at a half, shrink", fl_photo_decode(b->files[0], FL_VIEW_SIDE_MAX, &mem, &diag, &view));
	STEP("turn upright", fl_image_orient(&view, 6, &mem, &upright));
	STEP("SHA-256", hash_file(b->files[0]));
	STEP("perceptual hashes", fl_image_phash(&view, &mem, &hash, &mirrored));
	STEP("sharpness, brightness", fl_image_quality(&view, WIDTH, HEIGHT, &mem, &sharpness, &brightness, &problems));
	STEP("view: JPEG", fl_image_jpeg(&view, 85, &mem, &bytes));
	STEP("thumb: shrink", fl_image_resize(&view, 320, 240, &mem, &small));
	STEP("thumb: JPEG", fl_image_jpeg(&small, 80, &mem, &bytes));
	STEP("all of it (inspect)", fl_photo_inspect(b->files[0], &mem, &diag, &photo));
	STEP("load the network", fl_model_new(embedded("models/damage.onnx"), embedded("models/damage.json"), &diag, &model));
	STEP("open the view", fl_photo_decode(photo.view, 0, &mem, &diag, &view));
	STEP("run the network", fl_model_read(model, &view, 1, &diag, &reading));
	STEP("run it again", fl_model_read(model, &view, 1, &diag, &reading));
	fl_model_free(model);
	fl_arena_fini(&mem);
}

/* ---- The whole, through the pool ---- */

typedef struct one {
	bench *bench;
	int at;
} one;

static fl_err inspect_one(fl_ctx *ctx, void *arg)
{
	const one *o = arg;
	bench *b = o->bench;

	FL_TRY(fl_worker_inspect(ctx, b->pool, b->uploads[o->at], FL_STR("photo.jpg"), &b->photos[o->at]));
	b->views[o->at] = file_of(b->photos[o->at].view);
	return FL_OK;
}

static fl_err inspect_all(fl_ctx *ctx, bench *b)
{
	fl_group group;
	one ones[FL_PHOTOS_MAX];

	fl_group_init(&group, ctx);
	for (int i = 0; i < b->count; i++) {
		ones[i] = (one){ b, i };
		fl_group_go(&group, inspect_one, &ones[i]);
	}
	return await_group(&group);
}

static fl_err run_all(fl_ctx *ctx, void *arg)
{
	static fl_reading readings[FL_PHOTOS_MAX];
	bench *b = arg;
	fl_model_facts facts;
	fl_assessment answer;

	FL_TRY(fl_model_facts_read(embedded("models/damage.json"), &ctx->diag, &facts));
	FL_TRY(fl_worker_pool_open(ctx->loop, &(fl_worker_options){ .children = b->children }, &ctx->diag, &b->pool));
	FL_TRY(inspect_all(ctx, b)); /* the children start and load their networks */
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = fl_mono_us();
		FL_TRY(inspect_all(ctx, b));
		int64_t inspected = fl_mono_us();
		FL_TRY(fl_worker_assess(ctx, b->pool, b->views, (size_t)b->count, readings));
		FL_TRY(fl_assess(&facts, readings, (size_t)b->count, fl_rates_find(FL_STR("EUR")), ctx->mem, &answer));
		int64_t assessed = fl_mono_us();
		printf("%d photos, %d children: inspect %.0f ms, assess %.0f ms, together %.0f ms\n", b->count, b->children,
		       (double)(inspected - start) / 1e3, (double)(assessed - inspected) / 1e3, (double)(assessed - start) / 1e3);
	}
	fl_worker_pool_close(b->pool);
	FL_TRY(await_sleep(ctx, 300000)); /* until the children are reaped and counted */
	struct rusage used;
	getrusage(RUSAGE_CHILDREN, &used);
	printf("CPU of the children: %.0f ms a round, starting included; %.0f MB at most\n",
	       ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3) / (ROUNDS + 1),
	       (double)used.ru_maxrss / 1e3);
	return FL_OK;
}

int main(int argc, char **argv)
{
	fl_arena keep = fl_arena_make((size_t)1 << 30);
	fl_loop *loop;

	if (argc > 1 && strcmp(argv[1], "worker-child") == 0)
		return fl_worker_child_main(3, embedded("models/damage.onnx"), embedded("models/damage.json"));
	bench b = { .count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10, .children = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 2 };
	if (b.count < 1 || b.count > FL_PHOTOS_MAX)
		return 2;
	b.files = fl_new_array(&keep, fl_str, (size_t)b.count);
	b.uploads = fl_new_array(&keep, int, (size_t)b.count);
	b.views = fl_new_array(&keep, int, (size_t)b.count);
	b.photos = fl_new_array(&keep, fl_photo, (size_t)b.count);
	draw_photos(&b, &keep);
	time_steps(&b);
	fl_diag diag = { "" };
	must(fl_loop_new(&(fl_loop_opts){ 0 }, &loop), &diag);
	must(fl_loop_run_task(loop, 120 * FL_SECOND_US, run_all, &b), &diag);
	fl_loop_free(loop);
	fl_arena_fini(&keep);
	return 0;
}
