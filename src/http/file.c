/* Files and assets: validators, ranges, compressed variants. */
#include "http/server_int.h"

static fl_str weight_header(const fl_request *req)
{
	return fl_request_header(req, FL_STR("accept-encoding"));
}

/* The variant to send: br before gzip before plain, unless the client weighs them otherwise. */
static fl_str choose_variant(const fl_request *req, const fl_http_asset *asset, const char **coding)
{
	fl_str accept = weight_header(req);
	int br = asset->br.len > 0 ? fl_weight_of(accept, FL_STR("br")) : 0;
	int gzip = asset->gzip.len > 0 ? fl_weight_of(accept, FL_STR("gzip")) : 0;

	*coding = NULL;
	if (br > 0 && br >= gzip) {
		*coding = "br";
		return asset->br;
	}
	if (gzip > 0) {
		*coding = "gzip";
		return asset->gzip;
	}
	return asset->body;
}

/* "\"abc\"" with coding br becomes "\"abc-br\"": each representation has a tag of its own. */
static fl_str variant_etag(fl_arena *mem, fl_str etag, const char *coding)
{
	if (coding == NULL || etag.len < 2)
		return etag;
	return fl_str_fmt(mem, "%" FL_FMT "-%.2s\"", (int)etag.len - 1, etag.ptr, coding);
}

void fl_response_asset(const fl_request *req, fl_response *res, const fl_http_asset *asset)
{
	fl_arena *mem = &fl_exchange_of_response(res)->mem;
	const char *coding;
	fl_str body = choose_variant(req, asset, &coding), etag = variant_etag(mem, asset->etag, coding);

	fl_response_header(res, FL_STR("ETag"), etag);
	fl_response_header(res, FL_STR("Cache-Control"),
		asset->immutable ? FL_STR("public, max-age=31536000, immutable") : FL_STR("no-cache"));
	if (asset->br.len > 0 || asset->gzip.len > 0)
		fl_response_header(res, FL_STR("Vary"), FL_STR("Accept-Encoding"));
	if (fl_etag_listed(fl_request_header(req, FL_STR("if-none-match")), etag)) {
		fl_response_status(res, 304);
		return;
	}
	if (coding != NULL)
		fl_response_header(res, FL_STR("Content-Encoding"), fl_str_z(coding));
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_body(res, asset->media_type, body.len > 0 ? body : FL_STR(""));
}

static bool not_modified(const fl_request *req, const fl_http_file *file)
{
	fl_str tags = fl_request_header(req, FL_STR("if-none-match"));
	int64_t since;

	if (tags.ptr != NULL)
		return fl_etag_listed(tags, file->etag);
	if (file->modified_us == 0 || !fl_http_date_parse(fl_request_header(req, FL_STR("if-modified-since")), &since))
		return false;
	return file->modified_us / FL_SECOND_US <= since / FL_SECOND_US;
}

/* If-Range holds when the client's copy is the present one; otherwise it gets the whole. */
static bool if_range_holds(const fl_request *req, const fl_http_file *file)
{
	fl_str value = fl_request_header(req, FL_STR("if-range"));
	int64_t at;

	if (value.ptr == NULL)
		return true;
	if (value.len > 0 && value.ptr[0] == '"')
		return fl_str_eq(value, file->etag);
	return file->modified_us != 0 && fl_http_date_parse(value, &at) && at / FL_SECOND_US == file->modified_us / FL_SECOND_US;
}

static fl_range wanted_range(const fl_request *req, const fl_http_file *file, uint64_t *from, uint64_t *len)
{
	fl_range range = FL_RANGE_WHOLE;

	if (req->method == FL_GET && if_range_holds(req, file))
		range = fl_range_parse(fl_request_header(req, FL_STR("range")), file->size, from, len);
	if (range != FL_RANGE_PART) {
		*from = 0;
		*len = file->size;
	}
	return range;
}

/* A name for the file that no header can be broken with; its other letters go into filename*. */
static fl_str disposition(fl_arena *mem, fl_str name)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(4096);

	fl_buf_lit(&text, "attachment; filename=\"");
	for (size_t i = 0; i < name.len; i++)
		fl_buf_char(&text, fl_ch_is(name.ptr[i], FL_CH_TOKEN) && name.ptr[i] != '%' ? name.ptr[i] : '_');
	fl_buf_lit(&text, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < name.len; i++) {
		if ((fl_ch_is(name.ptr[i], FL_CH_HEX) || fl_ch_is(name.ptr[i], FL_CH_UPPER) ||
		     (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || name.ptr[i] == '.' || name.ptr[i] == '-'))
			fl_buf_char(&text, name.ptr[i]);
		else
			fl_buf_fmt(&text, "%%%02X", (unsigned)(uint8_t)name.ptr[i]);
	}
	return fl_buf_err(&text) == FL_OK ? fl_str_dup(mem, fl_buf_view(&text)) : FL_STR("attachment");
}

static void put_headers(fl_ctx *ctx, fl_response *res, const fl_http_file *file)
{
	fl_arena *mem = ctx->mem;

	if (file->etag.len > 0)
		fl_response_header(res, FL_STR("ETag"), file->etag);
	if (file->modified_us != 0) {
		char *date = fl_arena_take(mem, FL_HTTP_DATE_LEN);

		if (date != NULL) {
			fl_http_date_format(file->modified_us, date);
			fl_response_header(res, FL_STR("Last-Modified"), fl_str_make(date, FL_HTTP_DATE_LEN));
		}
	}
	fl_response_header(res, FL_STR("Cache-Control"), file->cache_control.len > 0 ? file->cache_control : FL_STR("no-cache"));
	fl_response_header(res, FL_STR("Accept-Ranges"), FL_STR("bytes"));
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	if (file->download_name.len > 0)
		fl_response_header(res, FL_STR("Content-Disposition"), disposition(mem, file->download_name));
}

/* In pieces, each under the stall limit instead of the handler's deadline. */
static fl_err await_send(fl_ctx *ctx, fl_exchange *x, int fd, uint64_t from, uint64_t len)
{
	int64_t deadline = ctx->deadline_us, began = fl_loop_now_us(ctx->loop);
	fl_err err = await_wire_flush(ctx, x);

	x->writing = true;
	while (err == FL_OK && len > 0) {
		uint64_t n = FL_MIN(len, UINT64_C(256) << 10);

		if (x->conn->state == FL_CONN_CLOSED) {
			err = FL_CLOSED;
			break;
		}
		ctx->deadline_us = fl_loop_now_us(ctx->loop) + x->server->opt.stall_timeout_us;
		err = await_write_file(ctx, x->conn->stream, fd, (int64_t)from, (int64_t)n);
		if (err != FL_OK)
			break;
		from += n;
		len -= n;
		x->bytes_out += n;
		fl_count(&x->server->stats.bytes_out, n);
	}
	x->writing = false;
	ctx->deadline_us = deadline == FL_NEVER ? FL_NEVER : deadline + (fl_loop_now_us(ctx->loop) - began);
	if (err == FL_TIMEOUT) {
		fl_count(&x->server->stats.timeouts, 1);
		fl_conn_no_linger(x->conn);
	}
	if (err != FL_OK && x->conn->state != FL_CONN_CLOSED)
		fl_conn_drop(x->conn);
	return err;
}

fl_err await_response_file(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_http_file *file)
{
	fl_exchange *x = fl_exchange_of(req);
	uint64_t from, len;
	fl_range range = wanted_range(req, file, &from, &len);

	assert(!res->started);
	put_headers(ctx, res, file);
	if (not_modified(req, file)) {
		fl_response_status(res, 304);
		return FL_OK;
	}
	if (range == FL_RANGE_OUTSIDE) {
		fl_response_status(res, 416);
		fl_response_header(res, FL_STR("Content-Range"), fl_str_fmt(ctx->mem, "bytes */%llu", (unsigned long long)file->size));
		return FL_OK;
	}
	if (range == FL_RANGE_PART) {
		fl_response_status(res, 206);
		fl_response_header(res, FL_STR("Content-Range"), fl_str_fmt(ctx->mem, "bytes %llu-%llu/%llu",
			(unsigned long long)from, (unsigned long long)(from + len - 1), (unsigned long long)file->size));
	}
	res->media_type = file->media_type;
	FL_TRY(await_response_head(ctx, x, (int64_t)len));
	res->ended = true;
	if (res->no_body)
		return await_wire_flush(ctx, x);
	return await_send(ctx, x, file->fd, from, len);
}
