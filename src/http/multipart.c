/* multipart/form-data of a request: the parser's events become parts; files go straight to disk. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "http/form_int.h"
#include "http/server_int.h"

enum { PIECE_BYTES = 64 << 10, GATHER_BYTES = 256 << 10 };

typedef struct stored_part {
	fl_part part;    /* first: fl_part_take gets at the rest */
	bool taken;
	char *path;
} stored_part;

struct fl_multipart {
	fl_request *req;
	fl_multipart_options opt;
	unsigned parts, files;
	size_t from, to; /* of piece: read but not parsed */
	bool closed;
	fl_err err;      /* of an earlier call: nothing can follow it */
	size_t gathered; /* bytes of the present file that are not on disk yet */
	fl_form form;
	char piece[PIECE_BYTES];
	/* The parser cuts at every CR, and a photo has one every 256 bytes: a job on the pool for each would take longer
	 * than the network. */
	char gather[GATHER_BYTES];
};

fl_err fl_multipart_open(fl_ctx *ctx, fl_request *req, const fl_multipart_options *options, fl_multipart **out)
{
	fl_multipart *mp;

	if (!fl_str_eq_nocase(fl_request_media_type(req), FL_STR("multipart/form-data")))
		return fl_fail(&ctx->diag, FL_UNSUPPORTED, "the body is not multipart/form-data");
	mp = fl_arena_take(ctx->mem, sizeof(*mp));
	if (mp == NULL)
		return FL_NOMEM;
	memset(mp, 0, offsetof(fl_multipart, form));
	if (!fl_form_init(&mp->form, fl_request_header(req, FL_STR("content-type"))))
		return fl_fail(&ctx->diag, FL_BAD_REQUEST, "the multipart body has no usable boundary");
	mp->req = req;
	mp->opt = *options;
	mp->opt.file_max = mp->opt.file_max ? mp->opt.file_max : 25 << 20;
	mp->opt.field_max = mp->opt.field_max ? mp->opt.field_max : 1 << 20;
	mp->opt.parts_max = mp->opt.parts_max ? mp->opt.parts_max : 64;
	mp->opt.files_max = mp->opt.files_max ? mp->opt.files_max : 20;
	*out = mp;
	return FL_OK;
}

void fl_part_take(fl_part *part)
{
	((stored_part *)part)->taken = true;
}

/* The arena ends. Closing and unlinking a fresh file does not wait for the disk. */
static void clean_part(void *arg)
{
	stored_part *stored = arg;

	if (stored->part.fd >= 0)
		close(stored->part.fd);
	if (stored->path != NULL && !stored->taken)
		unlink(stored->path);
}

static fl_err await_open_file(fl_ctx *ctx, fl_multipart *mp, stored_part *stored)
{
	fl_uuid id;
	fl_str path;

	fl_random(&id, sizeof(id));
	path = fl_str_fmt(ctx->mem, "%s/upload-%s", mp->opt.dir, fl_str_hex(ctx->mem, &id, sizeof(id)).ptr);
	if (path.ptr == NULL)
		return FL_NOMEM;
	FL_TRY(await_file_open(ctx, path.ptr, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &stored->part.fd));
	stored->path = (char *)(uintptr_t)path.ptr;
	stored->part.path = stored->path;
	return FL_OK;
}

static fl_err await_begin_part(fl_ctx *ctx, fl_multipart *mp, stored_part **out)
{
	const fl_form *form = &mp->form;
	stored_part *stored = fl_new(ctx->mem, stored_part);

	if (stored == NULL)
		return FL_NOMEM;
	if (mp->parts++ == mp->opt.parts_max)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "more than %u form fields", mp->opt.parts_max);
	stored->part.fd = -1;
	stored->part.is_file = form->has_filename;
	stored->part.name = fl_str_dup(ctx->mem, form->name);
	stored->part.filename = fl_str_dup(ctx->mem, form->filename);
	stored->part.media_type = fl_str_dup(ctx->mem, form->media_type);
	if (stored->part.name.ptr == NULL || stored->part.filename.ptr == NULL || stored->part.media_type.ptr == NULL)
		return FL_NOMEM;
	*out = stored;
	if (!form->has_filename)
		return FL_OK;
	if (mp->opt.dir == NULL)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "files are not accepted here");
	if (mp->files++ == mp->opt.files_max)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "more than %u files", mp->opt.files_max);
	FL_TRY(fl_arena_defer(ctx->mem, clean_part, stored));
	return await_open_file(ctx, mp, stored);
}

/* Too long: what is on disk goes at once, the rest is only counted. */
static void give_up_file(fl_multipart *mp, stored_part *stored)
{
	stored->part.too_large = true;
	mp->gathered = 0;
	close(stored->part.fd);
	stored->part.fd = -1;
	unlink(stored->path);
	stored->path = NULL;
	stored->part.path = NULL;
}

/* part->size counts what was gathered, too. */
static fl_err await_flush(fl_ctx *ctx, fl_multipart *mp, const fl_part *part)
{
	size_t len = mp->gathered;

	mp->gathered = 0;
	return len > 0 ? await_file_write(ctx, part->fd, mp->gather, len, (int64_t)(part->size - len)) : FL_OK;
}

static fl_err await_gather(fl_ctx *ctx, fl_multipart *mp, fl_part *part, fl_str data)
{
	while (data.len > 0) {
		size_t len = FL_MIN(data.len, GATHER_BYTES - mp->gathered);

		memcpy(mp->gather + mp->gathered, data.ptr, len);
		mp->gathered += len;
		part->size += len;
		data = fl_str_slice(data, len, data.len);
		if (mp->gathered == GATHER_BYTES)
			FL_TRY(await_flush(ctx, mp, part));
	}
	return FL_OK;
}

static fl_err await_take_bytes(fl_ctx *ctx, fl_multipart *mp, stored_part *stored, fl_buf *field, fl_str data)
{
	assert(stored);
	fl_part *part = &stored->part;

	if (!part->is_file) {
		part->size += data.len;
		fl_buf_str(field, data);
		if (fl_buf_err(field) == FL_TOO_LARGE)
			return fl_fail(&ctx->diag, FL_TOO_LARGE, "the form field %.60s is too long", part->name.ptr);
		return fl_buf_err(field);
	}
	if (part->size + data.len > mp->opt.file_max && !part->too_large)
		give_up_file(mp, stored);
	if (part->too_large) {
		part->size += data.len;
		return FL_OK;
	}
	return await_gather(ctx, mp, part, data);
}

static fl_err await_more(fl_ctx *ctx, fl_multipart *mp)
{
	size_t got;

	if (mp->from < mp->to)
		return FL_OK;
	mp->from = mp->to = 0;
	FL_TRY(await_body_read(ctx, mp->req, mp->piece, PIECE_BYTES, &got));
	if (got == 0)
		return fl_fail(&ctx->diag, FL_BAD_REQUEST, "the multipart body ends too early");
	mp->to = got;
	return FL_OK;
}

static fl_err await_finish_part(fl_ctx *ctx, fl_multipart *mp, stored_part *stored, fl_buf *field)
{
	assert(stored);
	fl_part *part = &stored->part;

	if (part->is_file)
		return part->too_large ? FL_OK : await_flush(ctx, mp, part);
	part->value = field->len > 0 ? fl_str_dup(ctx->mem, fl_buf_view(field)) : FL_STR("");
	return part->value.ptr != NULL ? FL_OK : FL_NOMEM;
}

/* Reads the body to its end, so that the connection can go on. */
static fl_err await_epilogue(fl_ctx *ctx, fl_multipart *mp)
{
	size_t got;

	mp->closed = true;
	do
		FL_TRY(await_body_read(ctx, mp->req, mp->piece, PIECE_BYTES, &got));
	while (got > 0);
	return FL_OK;
}

static fl_err await_part(fl_ctx *ctx, fl_multipart *mp, fl_part **out)
{
	FL_AUTO_BUF fl_buf field = fl_buf_make(mp->opt.field_max);
	stored_part *stored = NULL;

	for (;;) {
		fl_str data;
		size_t used;
		fl_form_event event;

		if (mp->closed) {
			*out = NULL;
			return FL_OK;
		}
		FL_TRY(await_more(ctx, mp));
		event = fl_form_feed(&mp->form, mp->piece + mp->from, mp->to - mp->from, &used, &data);
		mp->from += used;
		assert((event != FL_FORM_BYTES && event != FL_FORM_END) || stored != NULL);
		switch (event) {
		case FL_FORM_MORE:
			break;
		case FL_FORM_BEGIN:
			FL_TRY(await_begin_part(ctx, mp, &stored));
			break;
		case FL_FORM_BYTES:
			FL_TRY(await_take_bytes(ctx, mp, stored, &field, data));
			break;
		case FL_FORM_END:
			FL_TRY(await_finish_part(ctx, mp, stored, &field));
			*out = &stored->part;
			return FL_OK;
		case FL_FORM_CLOSE:
			FL_TRY(await_epilogue(ctx, mp));
			break;
		case FL_FORM_BAD:
			return fl_fail(&ctx->diag, FL_BAD_REQUEST, "the multipart body is malformed: %s", mp->form.why);
		}
	}
}

fl_err await_multipart_next(fl_ctx *ctx, fl_multipart *mp, fl_part **out)
{
	if (mp->err == FL_OK)
		mp->err = await_part(ctx, mp, out);
	return mp->err;
}
