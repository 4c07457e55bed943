/* One connection that speaks RESP: batches out, replies in. hiredis's reader parses; its objects are ours, in
 * an arena that is reset after each reply, because whoever asked may be gone before a long reply is
 * complete. */
#include <stdio.h>

#include "cache/redis_int.h"

/* ---- Replies ---- */

/* The place for a parsed value: its element of the array around it, or the root. */
static fl_redis_reply *place(const redisReadTask *task, fl_redis_type type)
{
	fl_redis_link *link = task->privdata;
	fl_redis_reply *reply;

	if (task->parent)
		reply = &((fl_redis_reply *)task->parent->obj)->items[task->idx];
	else
		reply = fl_new(&link->parsed, fl_redis_reply);
	if (reply)
		reply->type = type;
	return reply;
}

static void *create_string(const redisReadTask *task, char *bytes, size_t len)
{
	fl_redis_link *link = task->privdata;
	fl_redis_reply *reply = place(task, task->type == REDIS_REPLY_ERROR    ? FL_REDIS_ERROR
	                                    : task->type == REDIS_REPLY_STATUS ? FL_REDIS_STATUS
	                                                                       : FL_REDIS_STRING);
	if (!reply)
		return NULL;
	reply->str = fl_str_dup(&link->parsed, fl_str_make(bytes, len));
	return reply->str.ptr ? reply : NULL;
}

static void *create_array(const redisReadTask *task, int count)
{
	fl_redis_link *link = task->privdata;
	fl_redis_reply *reply = place(task, FL_REDIS_ARRAY);

	if (!reply)
		return NULL;
	reply->count = (size_t)count;
	reply->items = count > 0 ? fl_new_array(&link->parsed, fl_redis_reply, (size_t)count) : NULL;
	return count > 0 && !reply->items ? NULL : reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
	fl_redis_reply *reply = place(task, FL_REDIS_INTEGER);
	if (reply)
		reply->integer = value;
	return reply;
}

static void *create_nil(const redisReadTask *task)
{
	return place(task, FL_REDIS_NIL);
}

static void free_object(void *object)
{
	/* The arena's. */
}

static redisReplyObjectFunctions functions = {
	create_string, create_array, create_integer, create_nil, free_object,
};

/* ---- Writing ---- */

static void lost(fl_redis_link *link)
{
	fl_redis_link_close(link);
	link->on_lost(link->arg);
}

static void on_written(void *arg, fl_err err)
{
	fl_redis_link *link = arg;

	link->writing = false;
	if (err != FL_OK)
		lost(link);
	else if (link->out.len > 0)
		fl_loop_defer(link->loop, &link->flush);
}

static void on_flush(void *arg)
{
	fl_redis_link *link = arg;

	if (!link->open || link->writing || link->out.len == 0)
		return;
	fl_buf swap = link->sending;
	link->sending = link->out;
	link->out = swap;
	fl_buf_reset(&link->out);
	link->writes++;
	link->iov = (struct iovec){ link->sending.ptr, link->sending.len };
	link->writing = true;
	fl_err err = FL_FAULT("redis.write") ? FL_CLOSED
					     : fl_stream_write(link->stream, &link->iov, 1, on_written, link);
	if (err != FL_AGAIN)
		on_written(link, err);
}

static void format(fl_buf *buf, int argc, const fl_str *argv)
{
	fl_buf_char(buf, '*');
	fl_buf_i64(buf, argc);
	for (int i = 0; i < argc; i++) {
		fl_buf_lit(buf, "\r\n$");
		fl_buf_i64(buf, (int64_t)argv[i].len);
		fl_buf_lit(buf, "\r\n");
		fl_buf_str(buf, argv[i]);
	}
	fl_buf_lit(buf, "\r\n");
}

bool fl_redis_link_add(fl_redis_link *link, int argc, const fl_str *argv)
{
	size_t before = link->out.len;

	format(&link->out, argc, argv);
	if (fl_buf_err(&link->out) != FL_OK) {
		link->out.len = before;
		link->out.err = FL_OK;
		return false;
	}
	if (link->open)
		fl_loop_defer(link->loop, &link->flush);
	return true;
}

/* ---- Reading ---- */

enum { READ_BYTES = 64 << 10 };

/* Takes one reply out of what has been read: FL_AGAIN when it is not complete. It lasts until the next
 * call. */
static fl_err next_reply(fl_redis_link *link, const fl_redis_reply **out)
{
	void *reply = NULL;

	if (redisReaderGetReply(link->reader, &reply) != REDIS_OK) {
		fl_warn("redis: %s", link->reader->errstr);
		return FL_IO;
	}
	*out = reply;
	return reply ? FL_OK : FL_AGAIN;
}

static void on_readable(void *arg)
{
	fl_redis_link *link = arg;
	char buf[READ_BYTES];
	size_t len = 0;
	const fl_redis_reply *reply;

	fl_err err =
		FL_FAULT("redis.read") ? FL_CLOSED : fl_stream_try_read(link->stream, buf, sizeof buf, &len);
	if (err == FL_AGAIN)
		return;
	if (err == FL_OK && len == 0)
		err = FL_CLOSED;
	if (err == FL_OK && redisReaderFeed(link->reader, buf, len) != REDIS_OK)
		err = FL_NOMEM;
	link->bytes_in += len;
	while (err == FL_OK) {
		err = next_reply(link, &reply);
		if (err == FL_OK) {
			link->on_reply(link->arg, reply);
			if (!link->open) /* closed by whoever got the reply */
				return;
			fl_arena_reset(&link->parsed);
		}
	}
	if (err != FL_AGAIN)
		lost(link);
}

/* ---- Opening ---- */

static fl_err await_answer(fl_ctx *ctx, fl_redis_link *link, int argc, const fl_str *argv)
{
	fl_buf buf = fl_buf_make(4096);
	const fl_redis_reply *reply;
	char bytes[512];
	size_t len;

	format(&buf, argc, argv);
	fl_err err = fl_buf_err(&buf);
	if (err == FL_OK)
		err = await_write_bytes(ctx, link->stream, fl_buf_view(&buf));
	if (buf.ptr)
		explicit_bzero(buf.ptr, buf.len); /* a password */
	fl_buf_fini(&buf);
	FL_TRY(err);
	while ((err = next_reply(link, &reply)) == FL_AGAIN) {
		FL_TRY(await_read(ctx, link->stream, bytes, sizeof bytes, &len));
		if (len == 0)
			return FL_CLOSED;
		if (redisReaderFeed(link->reader, bytes, len) != REDIS_OK)
			return FL_NOMEM;
	}
	FL_TRY(err);
	if (reply->type == FL_REDIS_ERROR)
		err = fl_fail(&ctx->diag, FL_UNAVAILABLE, "Redis: %" FL_FMT, FL_ARG(reply->str));
	fl_arena_reset(&link->parsed);
	return err;
}

static fl_err await_handshake(fl_ctx *ctx, fl_redis_link *link)
{
	const fl_redis_url *url = &link->url;
	char db[16];

	if (url->password[0]) {
		fl_str argv[] = { FL_STR("AUTH"), fl_str_z(url->user), fl_str_z(url->password) };
		if (url->user[0]) {
			FL_TRY(await_answer(ctx, link, 3, argv));
		} else {
			argv[1] = argv[2];
			FL_TRY(await_answer(ctx, link, 2, argv));
		}
	}
	if (url->db > 0) {
		snprintf(db, sizeof db, "%d", url->db);
		FL_TRY(await_answer(ctx, link, 2, (fl_str[]){ FL_STR("SELECT"), fl_str_z(db) }));
	}
	/* Also tells a server that is still loading its data. */
	return await_answer(ctx, link, 1, (fl_str[]){ FL_STR("PING") });
}

fl_err await_redis_link_open(fl_ctx *ctx, fl_redis_link *link)
{
	fl_stream *stream;

	assert(!link->stream);
	FL_TRY(await_connect(ctx, fl_str_z(link->url.address), &stream));
	link->reader = redisReaderCreateWithFunctions(&functions);
	if (!link->reader) {
		fl_stream_close(stream);
		return FL_NOMEM;
	}
	link->reader->privdata = link; /* the macro for it casts a pointer to int */
	link->stream = stream;
	fl_err err = await_handshake(ctx, link);
	if (err != FL_OK) {
		fl_redis_link_close(link);
		return err == FL_CLOSED || err == FL_IO ? FL_UNAVAILABLE : err;
	}
	link->open = true;
	fl_stream_on_readable(stream, on_readable, link);
	if (link->out.len > 0)
		fl_loop_defer(link->loop, &link->flush);
	return FL_OK;
}

/* ---- Life ---- */

void fl_redis_link_init(fl_redis_link *link, fl_loop *loop, size_t bytes_max)
{
	link->loop = loop;
	link->out = fl_buf_make(bytes_max);
	link->sending = fl_buf_make(bytes_max);
	link->parsed = fl_arena_make(REDIS_REPLY_BYTES_MAX);
	fl_defer_init(&link->flush, on_flush, link);
}

void fl_redis_link_close(fl_redis_link *link)
{
	fl_defer_cancel(&link->flush);
	fl_stream_close(link->stream);
	link->stream = NULL;
	if (link->reader)
		redisReaderFree(link->reader);
	link->reader = NULL;
	link->open = link->writing = false;
	fl_buf_reset(&link->out);
	fl_buf_reset(&link->sending);
	fl_arena_fini(&link->parsed);
}

void fl_redis_link_fini(fl_redis_link *link)
{
	fl_redis_link_close(link);
	fl_buf_fini(&link->out);
	fl_buf_fini(&link->sending);
	explicit_bzero(&link->url, sizeof link->url);
}

int64_t fl_redis_backoff(int64_t *pause_us, int64_t max_us)
{
	uint32_t random;
	int64_t pause = FL_MIN(*pause_us ? *pause_us : REDIS_BACKOFF_FIRST_US, max_us);

	fl_random(&random, sizeof random);
	*pause_us = FL_MIN(pause * 2, max_us);
	return pause / 2 + (int64_t)(random % (uint64_t)(pause / 2 + 1));
}
