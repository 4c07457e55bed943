/* permessage-deflate (RFC 7692) without context takeover: one codec serves all sockets of a server. */
#include <stdlib.h>
#include <zlib.h>

#include "http/ws_int.h"

struct fl_ws_codec {
	z_stream in, out;
};

static struct fl_ws_codec *codec_of(fl_http_server *server)
{
	struct fl_ws_codec *codec = server->codec;

	if (codec != NULL)
		return codec;
	codec = calloc(1, sizeof(*codec));
	if (codec == NULL)
		return NULL;
	if (inflateInit2(&codec->in, -15) != Z_OK) {
		free(codec);
		return NULL;
	}
	if (deflateInit2(&codec->out, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		inflateEnd(&codec->in);
		free(codec);
		return NULL;
	}
	server->codec = codec;
	return codec;
}

void fl_ws_codec_free(struct fl_ws_codec *codec)
{
	if (codec == NULL)
		return;
	inflateEnd(&codec->in);
	deflateEnd(&codec->out);
	free(codec);
}

fl_err fl_ws_inflate(fl_http_server *server, fl_buf *message, fl_buf *out)
{
	struct fl_ws_codec *codec = codec_of(server);
	int status = Z_OK;

	fl_buf_add(message, "\0\0\xff\xff", 4);
	if (codec == NULL || fl_buf_err(message) != FL_OK)
		return FL_NOMEM;
	inflateReset(&codec->in);
	codec->in.next_in = (Bytef *)message->ptr;
	codec->in.avail_in = (uInt)message->len;
	codec->in.avail_out = 1;
	while (status == Z_OK && (codec->in.avail_in > 0 || codec->in.avail_out == 0)) {
		size_t room = FL_MIN(FL_MAX(message->len * 2, 4096), out->max - out->len);
		char *to = room > 0 ? fl_buf_reserve(out, room) : NULL;

		if (to == NULL)
			return FL_TOO_LARGE;
		codec->in.next_out = (Bytef *)to;
		codec->in.avail_out = (uInt)room;
		status = inflate(&codec->in, Z_SYNC_FLUSH);
		fl_buf_commit(out, room - codec->in.avail_out);
	}
	if (out->len == out->max)
		return FL_TOO_LARGE;
	return status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END ? FL_OK : FL_BAD_REQUEST;
}

bool fl_ws_deflate(fl_http_server *server, fl_str text, fl_buf *out)
{
	struct fl_ws_codec *codec = codec_of(server);
	char *to = codec ? fl_buf_reserve(out, text.len) : NULL;
	size_t len;

	if (to == NULL)
		return false;
	deflateReset(&codec->out);
	codec->out.next_in = (Bytef *)(uintptr_t)text.ptr;
	codec->out.avail_in = (uInt)text.len;
	codec->out.next_out = (Bytef *)to;
	codec->out.avail_out = (uInt)text.len;
	if (deflate(&codec->out, Z_SYNC_FLUSH) != Z_OK || codec->out.avail_in > 0 || codec->out.avail_out == 0)
		return false;
	len = text.len - codec->out.avail_out;
	if (len < 4)
		return false;
	fl_buf_commit(out, len - 4); /* RFC 7692 7.2.1: without the trailing 00 00 ff ff */
	return true;
}
