/* Sends a large page compressed: a list of 30 reports is 54 kB of HTML and data, 7.5 kB compressed.
 * A page holds no secret that could be guessed from lengths together with what a request reflects: the session is in a cookie
 * that no other site's request carries. */
#include "page/page_int.h"

#include <zlib.h>

typedef struct pack_job {
	fl_str in;
	fl_buf *out;
} pack_job;

/* On the pool: a page takes 1 to 2 ms. Level 5 is where more stops to pay. */
static fl_err pack(void *arg)
{
	pack_job *job = arg;
	z_stream z = { .next_in = (Bytef *)(uintptr_t)job->in.ptr, .avail_in = (uInt)job->in.len };
	char *room;
	int done;

	if (deflateInit2(&z, 5, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return FL_NOMEM;
	room = fl_buf_reserve(job->out, deflateBound(&z, job->in.len));
	if (room) {
		z.next_out = (Bytef *)room;
		z.avail_out = (uInt)deflateBound(&z, job->in.len);
	}
	done = room ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
	if (done == Z_STREAM_END)
		fl_buf_commit(job->out, z.total_out);
	deflateEnd(&z);
	return done == Z_STREAM_END ? FL_OK : FL_NOMEM;
}

static bool takes_gzip(const fl_request *req)
{
	fl_str encodings = fl_request_header(req, FL_STR("accept-encoding"));

	return fl_str_find(encodings, FL_STR("gzip")) >= 0 && fl_str_find(encodings, FL_STR("gzip;q=0")) < 0;
}

fl_err frame_send_packed(fl_ctx *ctx, fl_request *req, fl_response *res, fl_buf *buf, int status)
{
	FL_AUTO_BUF fl_buf packed = fl_buf_make(buf->max + 4096);

	FL_TRY(fl_buf_err(buf));
	fl_response_header(res, FL_STR("Vary"), FL_STR("Accept-Encoding"));
	if (!takes_gzip(req))
		return frame_send(res, buf, status, frame_policy);
	FL_TRY(await_pool(ctx, pack, &(pack_job){ .in = fl_buf_view(buf), .out = &packed }));
	fl_response_header(res, FL_STR("Content-Encoding"), FL_STR("gzip"));
	return frame_send(res, &packed, status, frame_policy);
}
