/* Bytes out. What a client does not take in time ends its connection; the time it takes is not the handler's. */
#include <errno.h>
#include <sys/uio.h>

#include "http/server_int.h"

fl_err await_client(fl_ctx *ctx, fl_exchange *x, fl_wait **slot, int64_t until_us)
{
	int64_t began = fl_loop_now_us(ctx->loop), deadline = ctx->deadline_us, took;
	fl_wait wait;
	fl_err err;

	if (x->conn->state == FL_CONN_CLOSED)
		return FL_CLOSED;
	assert(*slot == NULL);
	fl_wait_init(&wait);
	*slot = &wait;
	ctx->deadline_us = FL_NEVER;
	err = await_wait_until(ctx, &wait, until_us);
	*slot = NULL;
	took = fl_loop_now_us(ctx->loop) - began;
	ctx->deadline_us = deadline == FL_NEVER ? FL_NEVER : deadline + took;
	if (ctx != &x->ctx && x->ctx.deadline_us != FL_NEVER)
		x->ctx.deadline_us += took;
	return err;
}

static void on_writable(void *arg)
{
	fl_conn *conn = arg;

	if (conn->write_wait != NULL)
		fl_wake(conn->write_wait, FL_OK);
}

/* Takes written bytes off the vector; true: nothing is left. */
static bool advance(struct iovec **iov, int *count, size_t written)
{
	while (*count > 0 && written >= (*iov)->iov_len) {
		written -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + written;
		(*iov)->iov_len -= written;
	}
	return *count == 0;
}

fl_err await_wire(fl_ctx *ctx, fl_exchange *x, struct iovec *iov, int count)
{
	fl_conn *conn = x->conn;
	fl_err err = FL_OK;

	x->writing = true;
	for (;;) {
		size_t written = 0;

		if (conn->state == FL_CONN_CLOSED) {
			err = FL_CLOSED;
			break;
		}
		err = fl_stream_try_write(conn->stream, iov, count, &written);
		if (err != FL_OK)
			break;
		x->bytes_out += written;
		fl_count(&x->server->stats.bytes_out, written);
		if (advance(&iov, &count, written))
			break;
		fl_stream_on_writable(conn->stream, on_writable, conn);
		err = await_client(ctx, x, &conn->write_wait, fl_loop_now_us(ctx->loop) + x->server->opt.stall_timeout_us);
		if (conn->state != FL_CONN_CLOSED)
			fl_stream_on_writable(conn->stream, NULL, NULL);
		if (err != FL_OK)
			break;
	}
	x->writing = false;
	if (err == FL_TIMEOUT) {
		fl_count(&x->server->stats.timeouts, 1);
		fl_conn_no_linger(conn);
	}
	if (err != FL_OK && conn->state != FL_CONN_CLOSED)
		fl_conn_drop(conn); /* part may have been sent: nothing sensible can follow */
	return err;
}

fl_err await_wire_flush(fl_ctx *ctx, fl_exchange *x)
{
	struct iovec iov = { x->out.ptr + x->out_from, x->out.len - x->out_from };
	fl_err err;

	if (iov.iov_len == 0)
		return FL_OK;
	err = await_wire(ctx, x, &iov, 1);
	fl_buf_reset(&x->out);
	x->out_from = 0;
	return err;
}

void fl_wire_flush_soon(fl_exchange *x)
{
	fl_loop_defer(x->server->loop, &x->flush);
}

void fl_wire_flush_now(void *arg)
{
	fl_exchange *x = arg;
	struct iovec iov = { x->out.ptr + x->out_from, x->out.len - x->out_from };
	size_t written = 0;

	if (x->writing || iov.iov_len == 0 || x->conn->state == FL_CONN_CLOSED)
		return;
	if (fl_stream_try_write(x->conn->stream, &iov, 1, &written) != FL_OK)
		return; /* the next write learns of it */
	fl_count(&x->server->stats.bytes_out, written);
	x->out_from += written;
}
