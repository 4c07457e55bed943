/* worker: photos are read in children that can do nothing else; children that crash, hang or lie cost one job at most.
 * This program is its own child: its first argument says how that child behaves. */
#include "worker/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <png.h>
#include <setjmp.h>
#include <cmocka.h>

#include "picture/picture.h"
#include "worker/sandbox_int.h"
#include "worker/wire_int.h"

/* ---- Photos and files ---- */

/* A soft pattern with some detail; different for each seed. */
static fl_image pattern(fl_arena *mem, int width, int height, unsigned seed)
{
	fl_image image = { width, height, fl_arena_array(mem, (size_t)width * (size_t)height, 3) };

	assert_non_null(image.rgb);
	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++) {
			uint8_t *p = image.rgb + 3 * ((size_t)y * (size_t)width + (size_t)x);
			p[0] = (uint8_t)(x * 255 / width + (int)seed * 7);
			p[1] = (uint8_t)(y * 255 / height);
			p[2] = (uint8_t)(((x / 16) ^ (y / 16)) * 13 + (int)seed);
		}
	return image;
}

static fl_str jpeg(fl_arena *mem, int width, int height, unsigned seed)
{
	fl_image image = pattern(mem, width, height, seed);
	fl_str bytes;

	assert_int_equal(fl_image_jpeg(&image, 85, mem, &bytes), FL_OK);
	return bytes;
}

static int file_of(fl_str bytes)
{
	int fd = memfd_create("photo", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
	return fd;
}

/* ---- Children that misbehave ---- */

static void say_ready(int sock, uint64_t job)
{
	uint8_t head[FL_WIRE_ANSWER_BYTES];
	fl_wire_answer answer = { .op = FL_WIRE_SETUP, .job = job, .body_len = 1 };

	fl_wire_put_answer(&answer, head);
	if (write(sock, head, sizeof(head)) != sizeof(head) || write(sock, "\3", 1) != 1)
		_exit(9);
}

static int misbehave(const char *how)
{
	uint8_t request[FL_WIRE_REQUEST_BYTES];
	fl_wire_request r;

	fcntl(3, F_SETFL, 0);
	if (read(3, request, sizeof(request)) != sizeof(request) || !fl_wire_get_request(request, &r))
		return 9;
	if (strcmp(how, "dead") == 0)
		return 1;
	say_ready(3, r.job);
	if (read(3, request, sizeof(request)) != sizeof(request) || !fl_wire_get_request(request, &r))
		return 9;
	if (strcmp(how, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(how, "liar") == 0) {
		uint8_t head[FL_WIRE_ANSWER_BYTES];
		fl_wire_answer answer = { .op = r.op, .job = r.job, .body_len = 500 };
		char body[500];
		memset(body, 1, sizeof(body));
		fl_wire_put_answer(&answer, head);
		return write(3, head, sizeof(head)) > 0 && write(3, body, sizeof(body)) > 0 ? (int)pause() : 9;
	}
	if (strcmp(how, "babble") == 0) {
		static char noise[4096];
		return write(3, noise, sizeof(noise)) > 0 ? (int)pause() : 9;
	}
	raise(SIGKILL); /* "crash"; without the stories that sanitizers tell of other signals */
	return 0;
}

/* ---- Tests ---- */

typedef struct scene {
	fl_worker_options options;
	fl_err (*body)(fl_ctx *ctx, fl_worker_pool *pool);
	fl_err result;
	char said[320];
} scene;

static fl_err play(fl_ctx *ctx, void *arg)
{
	scene *s = arg;
	fl_worker_pool *pool;

	FL_TRY(fl_worker_pool_open(ctx->loop, &s->options, &ctx->diag, &pool));
	s->result = s->body(ctx, pool);
	snprintf(s->said, sizeof(s->said), "%s", ctx->diag.text);
	fl_worker_pool_close(pool);
	return FL_OK;
}

static void perform(scene *s)
{
	fl_loop *loop;

	assert_int_equal(fl_loop_new(&(fl_loop_opts){ 0 }, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, 60 * FL_SECOND_US, play, s), FL_OK);
	fl_loop_free(loop);
}

static fl_err inspect_bytes(fl_ctx *ctx, fl_worker_pool *pool, fl_str bytes, fl_photo *out)
{
	int fd = file_of(bytes);
	fl_err err = fl_worker_inspect(ctx, pool, fd, FL_STR("door.jpg"), out);

	close(fd);
	return err;
}

static fl_err body_inspect(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_str bytes = jpeg(ctx->mem, 1600, 1200, 1);
	fl_photo photo;
	uint8_t sha256[32];

	for (int i = 0; i < 3; i++) {
		FL_TRY(inspect_bytes(ctx, pool, bytes, &photo));
		assert_int_equal(photo.header.format, FL_PHOTO_JPEG);
		assert_int_equal(photo.width, 1600);
		assert_int_equal(photo.size_bytes, bytes.len);
		fl_photo_sha256(bytes, sha256);
		assert_memory_equal(photo.sha256, sha256, 32);
		assert_true(photo.view.len > 1000 && photo.thumb.len > 200);
	}
	fl_worker_stats stats = fl_worker_pool_stats(pool);
	assert_int_equal(stats.jobs, 3);
	assert_int_equal(stats.started, 1);
	assert_int_equal(stats.busy, 0);
	return FL_OK;
}

static void inspects(void **state)
{
	scene s = { .body = body_inspect, .options = { .argument = "child" } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

static fl_err body_refuse(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_str bytes = jpeg(ctx->mem, 640, 480, 1);
	fl_photo photo;

	assert_int_equal(inspect_bytes(ctx, pool, fl_str_slice(bytes, 0, bytes.len / 2), &photo), FL_BAD_IMAGE);
	assert_non_null(strstr(ctx->diag.text, "door.jpg: the JPEG file ends early"));
	assert_int_equal(inspect_bytes(ctx, pool, FL_STR(""), &photo), FL_BAD_IMAGE);
	assert_non_null(strstr(ctx->diag.text, "door.jpg: the file is empty"));
	assert_int_equal(inspect_bytes(ctx, pool, bytes, &photo), FL_OK);

	/* Too large a file is not even read. */
	int fd = memfd_create("big", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)FL_PHOTO_BYTES_MAX + 1), 0);
	assert_int_equal(fl_worker_inspect(ctx, pool, fd, FL_STR("big.jpg"), &photo), FL_BAD_IMAGE);
	assert_non_null(strstr(ctx->diag.text, "big.jpg: it has 25.0 MB; at most 25 MB"));
	close(fd);

	/* Neither is something that is no file. */
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fl_worker_inspect(ctx, pool, ends[0], FL_STR("pipe"), &photo), FL_IO);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(fl_worker_pool_stats(pool).started, 1);
	assert_int_equal(fl_worker_pool_stats(pool).refused, 4);
	return FL_OK;
}

static void refuses_naming_the_file(void **state)
{
	scene s = { .body = body_refuse, .options = { .argument = "child" } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

static fl_err body_once(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_photo photo;

	return inspect_bytes(ctx, pool, jpeg(ctx->mem, 320, 240, 2), &photo);
}

static void survives_bad_children(void **state)
{
	static const struct {
		const char *how;
		fl_err err;
		const char *says;
	} cases[] = {
		{ "crash", FL_BAD_IMAGE, "door.jpg: the file breaks the program" },
		{ "babble", FL_BAD_IMAGE, "door.jpg: the file breaks the program" },
		{ "liar", FL_BAD_IMAGE, "door.jpg: the file breaks the program" },
		{ "hang", FL_TIMEOUT, "door.jpg: reading it took too long" },
		{ "dead", FL_UNAVAILABLE, "did not start" },
	};

	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		scene s = { .body = body_once, .options = { .argument = cases[i].how } };
		if (cases[i].err == FL_TIMEOUT)
			s.options.job_us_max = 300000;
		perform(&s);
		assert_int_equal(s.result, cases[i].err);
		assert_non_null(strstr(s.said, cases[i].says));
	}
}

static fl_err stop_soon(fl_ctx *ctx, void *arg)
{
	FL_TRY(await_sleep(ctx, 50000));
	fl_ctx_cancel(arg);
	return FL_OK;
}

static fl_err body_cancel(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_ctx mine;
	fl_group group;
	fl_photo photo;

	fl_ctx_derive(&mine, ctx, 0);
	fl_group_init(&group, ctx);
	fl_group_go(&group, stop_soon, &mine);
	fl_err err = inspect_bytes(&mine, pool, jpeg(ctx->mem, 320, 240, 2), &photo);
	fl_ctx_fini(&mine);
	FL_TRY(await_group(&group));
	assert_int_equal(fl_worker_pool_stats(pool).children, 0); /* the child that hung is gone */
	return err;
}

static void cancelling_kills_the_child(void **state)
{
	scene s = { .body = body_cancel, .options = { .argument = "hang" } };

	perform(&s);
	assert_int_equal(s.result, FL_CANCELLED);
}

/* A living child of ours, from /proc; -1: none. */
static pid_t child_of(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = -1;

	assert_non_null(proc);
	while (found < 0 && (entry = readdir(proc))) {
		char path[300], state;
		int pid, ppid;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		FILE *f = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		if (fscanf(f, "%d (%*[^)]) %c %d", &pid, &state, &ppid) == 3 && ppid == parent && state != 'Z')
			found = pid;
		fclose(f);
	}
	closedir(proc);
	return found;
}

static fl_err kill_child(fl_ctx *ctx, void *arg)
{
	FL_TRY(await_sleep(ctx, *(int64_t *)arg));
	pid_t pid = child_of(getpid());
	if (pid > 0)
		kill(pid, SIGKILL);
	return FL_OK;
}

/* kill -9 in the middle of a job: another child does it, the caller notices nothing. */
static fl_err body_killed(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_photo photo;
	fl_str bytes = jpeg(ctx->mem, 4000, 3000, 2);

	FL_TRY(inspect_bytes(ctx, pool, bytes, &photo)); /* warm */
	for (int64_t delay_us = 1000; delay_us < 40000; delay_us += 13000) {
		fl_group group;
		fl_group_init(&group, ctx);
		fl_group_go(&group, kill_child, &delay_us);
		FL_TRY(inspect_bytes(ctx, pool, bytes, &photo));
		FL_TRY(await_group(&group));
	}
	fl_worker_stats stats = fl_worker_pool_stats(pool);
	assert_true(stats.started >= 2);

	/* And while it is idle. */
	kill(child_of(getpid()), SIGKILL);
	FL_TRY(await_sleep(ctx, 50000));
	return inspect_bytes(ctx, pool, bytes, &photo);
}

static void survives_kill(void **state)
{
	scene s = { .body = body_killed, .options = { .argument = "child" } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

static fl_err body_replace(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_photo photo;

	for (int i = 0; i < 6; i++)
		FL_TRY(inspect_bytes(ctx, pool, jpeg(ctx->mem, 320, 240, 2), &photo));
	assert_int_equal(fl_worker_pool_stats(pool).started, 3);
	return FL_OK;
}

static void replaces_after_some_jobs(void **state)
{
	scene s = { .body = body_replace, .options = { .argument = "child", .jobs_max = 2 } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

typedef struct one {
	fl_worker_pool *pool;
	fl_str bytes;
	fl_photo photo;
} one;

static fl_err inspect_one(fl_ctx *ctx, void *arg)
{
	one *o = arg;

	return inspect_bytes(ctx, o->pool, o->bytes, &o->photo);
}

/* Many at once on two children: each answer belongs to its question. */
static fl_err body_many(fl_ctx *ctx, fl_worker_pool *pool)
{
	enum { MANY = 12 };
	one ones[MANY];
	fl_group group;

	fl_group_init(&group, ctx);
	for (unsigned i = 0; i < MANY; i++) {
		ones[i] = (one){ .pool = pool, .bytes = jpeg(ctx->mem, 400 + 10 * (int)i, 300, i) };
		fl_group_go(&group, inspect_one, &ones[i]);
	}
	FL_TRY(await_group(&group));
	for (int i = 0; i < MANY; i++)
		assert_int_equal(ones[i].photo.width, 400 + 10 * i);
	assert_true(fl_worker_pool_stats(pool).children <= 2);
	return FL_OK;
}

static void keeps_many_apart(void **state)
{
	scene s = { .body = body_many, .options = { .argument = "child", .children = 2 } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

/* Every format opens inside the sandbox, and so does the largest picture that is allowed. */
static fl_err body_formats(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_scene drawing = fl_scene_random(4);
	fl_image image;
	fl_photo photo;
	fl_str bytes;

	FL_TRY(fl_scene_draw(&drawing, ctx->mem, &image));
	for (int f = FL_PHOTO_JPEG; f <= FL_PHOTO_HEIC; f++) {
		FL_TRY(fl_picture_write(&image, &(fl_picture_file){ .format = (fl_photo_format)f }, ctx->mem, &bytes));
		FL_TRY(inspect_bytes(ctx, pool, bytes, &photo));
		assert_int_equal(photo.header.format, f);
	}
	return FL_OK;
}

static void opens_every_format(void **state)
{
	scene s = { .body = body_formats, .options = { .argument = "child" } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

static void add_bytes(png_structp png, png_bytep bytes, size_t len)
{
	fl_buf_add(png_get_io_ptr(png), bytes, len);
}

static void add_nothing(png_structp png)
{
}

/* A PNG of nothing: 100 megapixels in 100 KB. */
static void write_bomb(fl_buf *out, unsigned width, unsigned height, int interlace)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_bytep row = calloc(width, 1);

	if (setjmp(png_jmpbuf(png)))
		fail();
	png_set_write_fn(png, out, add_bytes, add_nothing);
	png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_GRAY, interlace, 0, 0);
	png_set_filter(png, 0, PNG_FILTER_NONE);
	png_write_info(png, info);
	int passes = png_set_interlace_handling(png);
	for (int pass = 0; pass < passes; pass++)
		for (unsigned y = 0; y < height; y++)
			png_write_row(png, row);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	free(row);
}

static fl_err body_bomb(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_photo photo;
	fl_buf bytes = fl_buf_make(64 << 20);

	write_bomb(&bytes, 10000, 10000, PNG_INTERLACE_ADAM7);
	FL_TRY(inspect_bytes(ctx, pool, fl_buf_view(&bytes), &photo));
	assert_int_equal(photo.width, 10000);
	assert_true(photo.problems & FL_PHOTO_TOO_DARK);
	fl_buf_reset(&bytes);
	write_bomb(&bytes, 10000, 10001, PNG_INTERLACE_NONE);
	assert_int_equal(inspect_bytes(ctx, pool, fl_buf_view(&bytes), &photo), FL_BAD_IMAGE);
	assert_non_null(strstr(ctx->diag.text, "door.jpg: it is 10000 x 10001 pixels; at most 100 megapixels"));
	fl_buf_fini(&bytes);
	return FL_OK;
}

static void opens_the_largest(void **state)
{
	scene s = { .body = body_bomb, .options = { .argument = "child" } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

/* With too little memory for a picture the child says so and lives on. */
static fl_err body_tight(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_photo photo;
	fl_buf bytes = fl_buf_make(64 << 20);

	write_bomb(&bytes, 10000, 10000, PNG_INTERLACE_ADAM7);
	assert_int_equal(inspect_bytes(ctx, pool, fl_buf_view(&bytes), &photo), FL_BAD_IMAGE);
	assert_non_null(strstr(ctx->diag.text, "more memory than allowed"));
	fl_buf_fini(&bytes);
	FL_TRY(inspect_bytes(ctx, pool, jpeg(ctx->mem, 320, 240, 2), &photo));
	assert_int_equal(fl_worker_pool_stats(pool).started, 1);
	return FL_OK;
}

static void says_when_memory_is_short(void **state)
{
#if defined(__SANITIZE_ADDRESS__)
	skip();
#endif
	scene s = { .body = body_tight, .options = { .argument = "child", .memory_bytes_max = (size_t)340 << 20 } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

/* The network runs inside the sandbox too, on both children. */
static fl_err body_assess(fl_ctx *ctx, fl_worker_pool *pool)
{
	enum { PHOTOS = 4 };
	fl_reading readings[PHOTOS], again;
	int fds[PHOTOS];

	for (unsigned i = 0; i < PHOTOS; i++)
		fds[i] = file_of(jpeg(ctx->mem, 640, 480, i * 40));
	FL_TRY(fl_worker_assess(ctx, pool, fds, PHOTOS, readings));
	for (int i = 0; i < PHOTOS; i++) {
		FL_TRY(fl_worker_assess(ctx, pool, &fds[i], 1, &again));
		assert_memory_equal(&again, &readings[i], sizeof(again));
		close(fds[i]);
	}
	assert_true(memcmp(&readings[0], &readings[1], sizeof(again)) != 0);
	int bad = file_of(FL_STR("no picture"));
	assert_int_equal(fl_worker_assess(ctx, pool, &bad, 1, &again), FL_BAD_IMAGE);
	assert_non_null(strstr(ctx->diag.text, "photo 1: this is not a picture"));
	close(bad);
	return FL_OK;
}

static void assesses(void **state)
{
	scene s = { .body = body_assess, .options = { .argument = "model", .children = 2 } };

	perform(&s);
	assert_int_equal(s.result, FL_OK);
}

static fl_err body_without(fl_ctx *ctx, fl_worker_pool *pool)
{
	fl_reading reading;
	int fd = file_of(jpeg(ctx->mem, 320, 240, 2));
	fl_err err = fl_worker_assess(ctx, pool, &fd, 1, &reading);

	close(fd);
	return err;
}

static void says_when_there_is_no_network(void **state)
{
	scene s = { .body = body_without, .options = { .argument = "child" } };

	perform(&s);
	assert_int_equal(s.result, FL_BAD_MODEL);
}

/* ---- The sandbox itself ---- */

/* Forks, locks the child in, and runs `try`: its exit status, or 128 + the signal that ended it. */
static int locked_in(int (*try)(void))
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid = fork();
	if (pid == 0) {
		fl_sandbox sandbox;
		if (fl_sandbox_enter(ends[1], (uint64_t)1 << 30, &sandbox) != FL_OK || !sandbox.seccomp)
			_exit(99);
		_exit(try());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int try_open(void)
{
	return open("/etc/hostname", O_RDONLY) < 0 && open("/tmp/x", O_CREAT | O_WRONLY, 0600) < 0 ? 0 : 1;
}
static int try_unlink(void)
{
	return unlink("/tmp/does-not-matter") < 0 && errno == EPERM ? 0 : 1;
}
static int try_memory(void)
{
	return mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 0 : 1;
}
static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 0 : 1;
}
static void *idle(void *arg)
{
	return arg;
}
static int try_thread(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, idle, NULL) != 0 ? 0 : 1;
}
static int try_stdout(void)
{
	return write(1, "x", 1) < 0 ? 0 : 1;
}
static int try_work(void)
{
	char *p = malloc(64 << 20);
	if (!p)
		return 1;
	memset(p, 1, 64 << 20);
	free(p);
	return 0;
}
static int try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static int try_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}
static int try_fork(void)
{
	return fork() >= 0; /* glibc uses clone: refused, not deadly */
}
static int try_kill(void)
{
	return kill(getppid(), 0) == 0;
}

static void sandbox_denies(void **state)
{
#if defined(__SANITIZE_ADDRESS__)
	skip(); /* the sanitizer's runtime needs what is denied, and more memory */
#endif
	assert_int_equal(locked_in(try_work), 0);
	assert_int_equal(locked_in(try_open), 0);
	assert_int_equal(locked_in(try_unlink), 0);
	assert_int_equal(locked_in(try_memory), 0);
	assert_int_equal(locked_in(try_code), 0);
	assert_int_equal(locked_in(try_stdout), 0);
	assert_int_equal(locked_in(try_fork), 0);
	assert_int_equal(locked_in(try_thread), 0);
	assert_int_equal(locked_in(try_socket), 128 + SIGSYS);
	assert_int_equal(locked_in(try_exec), 128 + SIGSYS);
	assert_int_equal(locked_in(try_kill), 128 + SIGSYS);
}

static fl_str file(const char *path)
{
	static char bytes[2][16 << 20];
	static int used;
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", SOURCE_ROOT, path);
	FILE *f = fopen(whole, "rb");
	if (!f)
		return FL_STR("");
	size_t len = fread(bytes[used], 1, sizeof(bytes[used]), f);
	fclose(f);
	return fl_str_make(bytes[used++], len);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inspects),
		cmocka_unit_test(refuses_naming_the_file),
		cmocka_unit_test(survives_bad_children),
		cmocka_unit_test(cancelling_kills_the_child),
		cmocka_unit_test(survives_kill),
		cmocka_unit_test(replaces_after_some_jobs),
		cmocka_unit_test(keeps_many_apart),
		cmocka_unit_test(opens_every_format),
		cmocka_unit_test(opens_the_largest),
		cmocka_unit_test(says_when_memory_is_short),
		cmocka_unit_test(assesses),
		cmocka_unit_test(says_when_there_is_no_network),
		cmocka_unit_test(sandbox_denies),
	};

	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return fl_worker_child_main(3, FL_STR(""), FL_STR(""));
	if (argc > 1 && strcmp(argv[1], "model") == 0)
		return fl_worker_child_main(3, file("/models/damage.onnx"), file("/models/damage.json"));
	if (argc > 1)
		return misbehave(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
