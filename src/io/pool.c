/* The thread pool, and files on it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io_int.h"

/* Lies on the waiter's stack: await_pool does not return before uv is done with it. */
struct job {
	uv_work_t uv;
	fl_wait *wait;
	fl_err (*fn)(void *arg);
	void *arg;
	fl_err err;
	bool ran, ended;
};

static void job_run(uv_work_t *uv)
{
	struct job *job = FL_CONTAINER(uv, struct job, uv);
	job->err = job->fn(job->arg);
	job->ran = true;
}

static void job_ended(uv_work_t *uv, int status)
{
	struct job *job = FL_CONTAINER(uv, struct job, uv);
	job->ended = true;
	fl_wake(job->wait, FL_OK);
}

fl_err await_pool(fl_ctx *ctx, fl_err (*fn)(void *arg), void *arg)
{
	fl_wait patient, certain;
	struct job job = { .fn = fn, .arg = arg, .wait = &patient };

	FL_TRY(fl_ctx_check(ctx));
	if (FL_FAULT("io.pool"))
		return FL_BUSY;
	fl_wait_init(&patient);
	if (uv_queue_work(&ctx->loop->uv, &job.uv, job_run, job_ended) != 0)
		return FL_NOMEM;
	fl_err err = await_wait(ctx, &patient);
	if (err == FL_OK)
		return job.err;
	/* Too late or cancelled: back out of the queue, or, once it runs, wait for its end. */
	uv_cancel((uv_req_t *)&job.uv);
	fl_wait_init(&certain);
	job.wait = &certain;
	if (!job.ended)
		(void)fl_wait_certain(ctx->loop, &certain);
	return job.ran ? job.err : err;
}

/* ---- Files ---- */

struct file_job {
	const char *path, *to;
	int flags, fd;
	mode_t mode;
	void *buf;
	size_t len;
	int64_t offset;
	int number; /* errno */
};

static fl_err failed(struct file_job *f)
{
	f->number = errno;
	return fl_err_from_errno(errno);
}

static fl_err await_file(fl_ctx *ctx, fl_err (*fn)(void *arg), struct file_job *f, const char *what)
{
	fl_err err = await_pool(ctx, fn, f);
	return f->number ? fl_fail_errno(&ctx->diag, f->number, what) : err;
}

static fl_err do_open(void *arg)
{
	struct file_job *f = arg;
	f->fd = open(f->path, f->flags | O_CLOEXEC, f->mode);
	return f->fd < 0 ? failed(f) : FL_OK;
}

fl_err await_file_open(fl_ctx *ctx, const char *path, int flags, mode_t mode, int *fd)
{
	struct file_job f = { .path = path, .flags = flags, .mode = mode };

	FL_TRY(await_file(ctx, do_open, &f, path));
	*fd = f.fd;
	return FL_OK;
}

static fl_err do_read(void *arg)
{
	struct file_job *f = arg;
	size_t done = 0;

	while (done < f->len) {
		ssize_t n = pread(f->fd, (char *)f->buf + done, f->len - done, f->offset + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(f);
		if (n == 0)
			break;
		done += (size_t)n;
	}
	f->len = done;
	return FL_OK;
}

fl_err await_file_read(fl_ctx *ctx, int fd, void *buf, size_t cap, int64_t offset, size_t *len)
{
	struct file_job f = { .fd = fd, .buf = buf, .len = cap, .offset = offset };

	FL_TRY(await_file(ctx, do_read, &f, "read"));
	*len = f.len;
	return FL_OK;
}

static fl_err write_all(struct file_job *f)
{
	size_t done = 0;

	if (FL_FAULT("io.disk_full")) {
		errno = ENOSPC;
		return failed(f);
	}
	while (done < f->len) {
		ssize_t n =
			pwrite(f->fd, (const char *)f->buf + done, f->len - done, f->offset + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(f);
		done += (size_t)n;
	}
	return FL_OK;
}

static fl_err do_write(void *arg)
{
	return write_all(arg);
}

fl_err await_file_write(fl_ctx *ctx, int fd, const void *bytes, size_t len, int64_t offset)
{
	struct file_job f = { .fd = fd, .buf = (void *)bytes, .len = len, .offset = offset };
	return await_file(ctx, do_write, &f, "write");
}

static fl_err do_sync(void *arg)
{
	struct file_job *f = arg;
	return fsync(f->fd) != 0 ? failed(f) : FL_OK;
}

fl_err await_file_sync(fl_ctx *ctx, int fd)
{
	struct file_job f = { .fd = fd };
	return await_file(ctx, do_sync, &f, "fsync");
}

static fl_err do_size(void *arg)
{
	struct file_job *f = arg;
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return failed(f);
	f->offset = st.st_size;
	return FL_OK;
}

fl_err await_file_size(fl_ctx *ctx, int fd, int64_t *size)
{
	struct file_job f = { .fd = fd };

	FL_TRY(await_file(ctx, do_size, &f, "stat"));
	*size = f.offset;
	return FL_OK;
}

/* A new name is only durable when its folder is. */
static fl_err sync_folder_of(struct file_job *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";

	if (slash == path) {
		memcpy(folder, "/", sizeof "/");
	} else if (slash) {
		if ((size_t)(slash - path) >= sizeof folder)
			return FL_BAD_INPUT;
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = '\0';
	}
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed(f);
	fl_err err = fsync(fd) != 0 ? failed(f) : FL_OK;
	close(fd);
	return err;
}

static fl_err do_rename(void *arg)
{
	struct file_job *f = arg;

	if (rename(f->path, f->to) != 0)
		return failed(f);
	return sync_folder_of(f, f->to);
}

fl_err await_file_rename(fl_ctx *ctx, const char *from, const char *to)
{
	struct file_job f = { .path = from, .to = to };
	return await_file(ctx, do_rename, &f, from);
}

static fl_err do_unlink(void *arg)
{
	struct file_job *f = arg;
	return unlink(f->path) != 0 ? failed(f) : FL_OK;
}

fl_err await_file_unlink(fl_ctx *ctx, const char *path)
{
	struct file_job f = { .path = path };
	return await_file(ctx, do_unlink, &f, path);
}

fl_err await_file_get(fl_ctx *ctx, const char *path, size_t max, fl_str *out)
{
	int fd;
	int64_t size;

	FL_TRY(await_file_open(ctx, path, O_RDONLY, 0, &fd));
	fl_err err = await_file_size(ctx, fd, &size);
	if (err == FL_OK && (uint64_t)size > max)
		err = fl_fail(&ctx->diag, FL_TOO_LARGE, "%s: more than %zu bytes", path, max);
	char *bytes = NULL;
	if (err == FL_OK) {
		bytes = fl_arena_take(ctx->mem, (size_t)size + 1);
		err = bytes ? FL_OK : FL_NOMEM;
	}
	size_t len = 0;
	if (err == FL_OK)
		err = await_file_read(ctx, fd, bytes, (size_t)size, 0, &len);
	close(fd);
	FL_TRY(err);
	bytes[len] = '\0';
	*out = fl_str_make(bytes, len);
	return FL_OK;
}

static fl_err do_put(void *arg)
{
	struct file_job *f = arg;
	char temp[4096];
	unsigned char random[8];

	fl_random(random, sizeof random);
	uint64_t number;
	memcpy(&number, random, sizeof number);
	if (snprintf(temp, sizeof temp, "%s.%016llx", f->path, (unsigned long long)number) >= (int)sizeof temp)
		return FL_BAD_INPUT;
	f->fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, f->mode);
	if (f->fd < 0)
		return failed(f);
	fl_err err = write_all(f);
	if (err == FL_OK && fsync(f->fd) != 0)
		err = failed(f);
	close(f->fd);
	if (err == FL_OK && rename(temp, f->path) != 0)
		err = failed(f);
	if (err != FL_OK) {
		unlink(temp);
		return err;
	}
	return sync_folder_of(f, f->path);
}

fl_err await_file_put(fl_ctx *ctx, const char *path, fl_str bytes, mode_t mode)
{
	struct file_job f = { .path = path, .buf = (void *)bytes.ptr, .len = bytes.len, .mode = mode };
	return await_file(ctx, do_put, &f, path);
}
