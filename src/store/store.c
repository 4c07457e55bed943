/* The waiting side of the store: each call runs on the pool. */
#include "store/store.h"

typedef struct put_job {
	fl_store *store;
	int fd;
	fl_str bytes;
	fl_blob *out;
	fl_diag *diag;
} put_job;

static fl_err put_fd_job(void *arg)
{
	put_job *job = arg;
	return fl_store_put_fd_now(job->store, job->fd, job->out, job->diag);
}

fl_err fl_store_put_fd(fl_ctx *ctx, fl_store *store, int fd, fl_blob *out)
{
	if (FL_FAULT("store.put"))
		return fl_fail(&ctx->diag, FL_IO, "the photo could not be stored");
	put_job job = { .store = store, .fd = fd, .out = out, .diag = &ctx->diag };
	return await_pool(ctx, put_fd_job, &job);
}

static fl_err put_bytes_job(void *arg)
{
	put_job *job = arg;
	return fl_store_put_now(job->store, job->bytes, job->out, job->diag);
}

fl_err fl_store_put(fl_ctx *ctx, fl_store *store, fl_str bytes, fl_blob *out)
{
	if (FL_FAULT("store.put"))
		return fl_fail(&ctx->diag, FL_IO, "the photo could not be stored");
	put_job job = { .store = store, .bytes = bytes, .out = out, .diag = &ctx->diag };
	return await_pool(ctx, put_bytes_job, &job);
}

typedef struct drop_job {
	fl_store *store;
	fl_sha256 id;
	fl_diag *diag;
} drop_job;

static fl_err drop_blob_job(void *arg)
{
	drop_job *job = arg;
	return fl_store_drop_now(job->store, job->id, job->diag);
}

fl_err fl_store_drop(fl_ctx *ctx, fl_store *store, fl_sha256 id)
{
	drop_job job = { store, id, &ctx->diag };
	return await_pool(ctx, drop_blob_job, &job);
}

typedef struct open_job {
	fl_store *store;
	fl_sha256 id;
	int *fd;
	int64_t *size;
	fl_diag *diag;
} open_job;

static fl_err open_blob_job(void *arg)
{
	open_job *job = arg;
	return fl_store_open_blob_now(job->store, job->id, job->fd, job->size, job->diag);
}

fl_err fl_store_open_blob(fl_ctx *ctx, fl_store *store, fl_sha256 id, int *fd, int64_t *size)
{
	open_job job = { .store = store, .id = id, .fd = fd, .size = size, .diag = &ctx->diag };
	return await_pool(ctx, open_blob_job, &job);
}
