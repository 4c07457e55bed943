/* Compressed answers: zstd, brotli or gzip, by Accept-Encoding. zstd comes first at equal weight: at these levels it takes a
 * third of brotli's time for the same size. Small answers stay as they are; large ones are compressed on the pool. */
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "http/server_int.h"

enum {
	PLAIN_MAX = 1023,      /* one packet either way */
	INLINE_MAX = 16 << 10, /* less than a hop to the pool is worth */
	ZSTD_LEVEL = 3,
	BROTLI_QUALITY = 4,
	BROTLI_WINDOW = 18,
	GZIP_LEVEL = 5,
};

typedef fl_err (*pack_fn)(fl_str in, fl_buf *out);

typedef struct pack_job {
	pack_fn pack;
	fl_str in;
	fl_buf *out;
} pack_job;

static fl_err pack_zstd(fl_str in, fl_buf *out)
{
	size_t room = ZSTD_compressBound(in.len);
	char *to = fl_buf_reserve(out, room);
	size_t len = to ? ZSTD_compress(to, room, in.ptr, in.len, ZSTD_LEVEL) : 0;

	if (!to || ZSTD_isError(len))
		return FL_NOMEM;
	fl_buf_commit(out, len);
	return FL_OK;
}

static fl_err pack_brotli(fl_str in, fl_buf *out)
{
	size_t len = BrotliEncoderMaxCompressedSize(in.len);
	char *to = len ? fl_buf_reserve(out, len) : NULL;

	if (!to || !BrotliEncoderCompress(
			   BROTLI_QUALITY, BROTLI_WINDOW, BROTLI_MODE_TEXT, in.len, (const uint8_t *)in.ptr, &len, (uint8_t *)to))
		return FL_NOMEM;
	fl_buf_commit(out, len);
	return FL_OK;
}

static fl_err pack_gzip(fl_str in, fl_buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.ptr, .avail_in = (uInt)in.len };
	char *to;
	int done = Z_MEM_ERROR;

	if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return FL_NOMEM;
	to = fl_buf_reserve(out, deflateBound(&z, in.len));
	if (to) {
		z.next_out = (Bytef *)to;
		z.avail_out = (uInt)deflateBound(&z, in.len);
		done = deflate(&z, Z_FINISH);
	}
	if (done == Z_STREAM_END)
		fl_buf_commit(out, z.total_out);
	deflateEnd(&z);
	return done == Z_STREAM_END ? FL_OK : FL_NOMEM;
}

static const struct {
	fl_str name;
	pack_fn pack;
} codings[] = {
	{ FL_STR_INIT("zstd"), pack_zstd },
	{ FL_STR_INIT("br"), pack_brotli },
	{ FL_STR_INIT("gzip"), pack_gzip },
};

/* The index of the coding that the client likes best; FL_COUNT(codings): none. What it does not name has the weight of "*". */
static size_t choose_coding(const fl_request *req)
{
	fl_str accept = fl_request_header(req, FL_STR("accept-encoding"));
	size_t best = FL_COUNT(codings);
	int most = 0;

	for (size_t i = 0; accept.ptr && i < FL_COUNT(codings); i++) {
		int q = fl_weight_of(accept, codings[i].name);

		if (q < 0)
			q = fl_weight_of(accept, FL_STR("*"));
		if (q > most) {
			best = i;
			most = q;
		}
	}
	/* "identity" named with more than any coding: the client wants it plain. */
	return fl_weight_of(accept, FL_STR("identity")) > most ? FL_COUNT(codings) : best;
}

static fl_err run_job(void *arg)
{
	pack_job *job = arg;

	return job->pack(job->in, job->out);
}

fl_err await_response_compress(fl_ctx *ctx, const fl_request *req, fl_response *res)
{
	FL_AUTO_BUF fl_buf packed = fl_buf_make(res->body.len + (64 << 10));
	size_t i = choose_coding(req);
	fl_err err;

	assert(!res->started);
	if (i == FL_COUNT(codings) || res->body.len <= PLAIN_MAX || res->err != FL_OK)
		return FL_OK;
	pack_job job = { codings[i].pack, res->body, &packed };
	err = res->body.len <= INLINE_MAX ? run_job(&job) : await_pool(ctx, run_job, &job);
	if (err == FL_NOMEM || err == FL_BUSY)
		return FL_OK; /* plain is good enough */
	FL_TRY(err);
	if (packed.len >= res->body.len)
		return FL_OK;
	fl_response_header(res, FL_STR("Content-Encoding"), codings[i].name);
	fl_response_take_buf(res, res->media_type, &packed);
	return FL_OK;
}
