/* Making a response and putting its head on the wire. */
#include <stdio.h>
#include <sys/uio.h>

#include "http/server_int.h"

void fl_response_init(fl_response *res, fl_exchange *x)
{
	memset(res, 0, offsetof(fl_response, headers));
	res->status = 200;
	res->no_body = x->req.method == FL_HEAD;
}

void fl_response_status(fl_response *res, int status)
{
	assert(!res->started);
	assert(status >= 200 && status <= 599);
	res->status = (uint16_t)status;
}

static bool name_is_good(fl_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!fl_ch_is(name.ptr[i], FL_CH_TOKEN))
			return false;
	}
	return name.len > 0;
}

static bool value_is_good(fl_str value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (!fl_ch_is(value.ptr[i], FL_CH_VALUE))
			return false;
	}
	return value.ptr != NULL || value.len == 0;
}

void fl_response_header(fl_response *res, fl_str name, fl_str value)
{
	assert(!res->started);
	if (!name_is_good(name) || !value_is_good(value) || res->header_count == FL_RESPONSE_HEADERS_MAX) {
		res->err = FL_INTERNAL;
		return;
	}
	res->headers[res->header_count++] = (fl_http_header){ name, value };
}

static bool cookie_text_is_good(fl_str text)
{
	return value_is_good(text) && fl_str_find_char(text, ';') < 0 && fl_str_find_char(text, ',') < 0 &&
	       fl_str_find_char(text, ' ') < 0 && fl_str_find_char(text, '"') < 0;
}

void fl_response_cookie(fl_response *res, const fl_cookie *cookie)
{
	fl_arena *mem = &fl_exchange_of_response(res)->mem;
	fl_str path = cookie->path.len > 0 ? cookie->path : FL_STR("/"), age = { "", 0 }, line;

	if (!name_is_good(cookie->name) || !cookie_text_is_good(cookie->value) || !cookie_text_is_good(path)) {
		res->err = FL_INTERNAL;
		return;
	}
	if (cookie->max_age_s != 0)
		age = fl_str_fmt(mem, "; Max-Age=%lld", (long long)FL_MAX(cookie->max_age_s, 0));
	line = fl_str_fmt(mem, "%" FL_FMT "=%" FL_FMT "; Path=%" FL_FMT "%" FL_FMT "; SameSite=%s%s%s", FL_ARG(cookie->name),
		FL_ARG(cookie->value), FL_ARG(path), FL_ARG(age), cookie->same_site_strict ? "Strict" : "Lax",
		cookie->http_only ? "; HttpOnly" : "", cookie->secure ? "; Secure" : "");
	if (line.ptr == NULL)
		res->err = FL_NOMEM;
	else
		fl_response_header(res, FL_STR("Set-Cookie"), line);
}

void fl_response_body(fl_response *res, fl_str media_type, fl_str body)
{
	assert(!res->started);
	if (body.ptr == NULL && body.len == 0 && media_type.len > 0)
		body = FL_STR("");
	if (!value_is_good(media_type) || body.ptr == NULL)
		res->err = FL_INTERNAL;
	res->media_type = media_type;
	res->body = body;
}

void fl_response_take_buf(fl_response *res, fl_str media_type, fl_buf *buf)
{
	if (buf->err != FL_OK)
		res->err = buf->err;
	fl_buf_fini(&res->owned);
	res->owned = *buf;
	*buf = fl_buf_make(buf->max);
	fl_response_body(res, media_type, res->owned.len > 0 ? fl_buf_view(&res->owned) : FL_STR(""));
}

void fl_response_redirect(fl_response *res, int status, fl_str location)
{
	fl_response_status(res, status);
	fl_response_header(res, FL_STR("Location"), location);
	fl_response_body(res, FL_STR("text/plain; charset=utf-8"), FL_STR("See the Location header.\n"));
}

bool fl_response_started(const fl_response *res)
{
	return res->started;
}

void fl_response_error(fl_ctx *ctx, fl_response *res, fl_err err)
{
	fl_buf buf = fl_buf_make(64 << 10);
	fl_json_out j = { .buf = &buf };
	int status = fl_err_status(err);
	const char *text = fl_diag_text(&ctx->diag, err);

	if (res->started)
		return;
	if (status >= 500 && !fl_err_retryable(err)) {
		fl_error("request %" FL_FMT ": %s: %s", FL_ARG(ctx->request_id), fl_err_name(err), text);
		text = fl_err_text(err);
	}
	fl_buf_fini(&res->owned);
	fl_response_init(res, fl_exchange_of_response(res));
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("errors"));
	fl_json_open(&j, '[');
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("message"));
	fl_json_put_str(&j, fl_str_z(text));
	fl_json_key(&j, FL_STR("extensions"));
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("code"));
	fl_json_put_str(&j, fl_str_z(fl_err_code(err)));
	fl_json_close(&j, '}');
	fl_json_close(&j, '}');
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	fl_buf_char(&buf, '\n');
	fl_response_status(res, status);
	if (status == 503 || status == 429)
		fl_response_header(res, FL_STR("Retry-After"), FL_STR("2"));
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	fl_response_header(res, FL_STR("X-Request-Id"), ctx->request_id);
	fl_response_take_buf(res, FL_STR("application/json"), &buf);
}

void fl_response_security_headers(fl_response *res, fl_str csp)
{
	if (csp.len == 0)
		csp = FL_STR("default-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; "
			     "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
	fl_response_header(res, FL_STR("Content-Security-Policy"), csp);
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_header(res, FL_STR("X-Frame-Options"), FL_STR("DENY"));
	fl_response_header(res, FL_STR("Referrer-Policy"), FL_STR("strict-origin-when-cross-origin"));
	fl_response_header(res, FL_STR("Permissions-Policy"), FL_STR("camera=(self), geolocation=(self), microphone=(self)"));
}

/* ---- the wire ---- */

static char *put(char *to, const void *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}
#define PUT(to, literal) put((to), "" literal, sizeof(literal) - 1)

static char *put_number(char *to, uint64_t n)
{
	char digits[20];
	size_t i = sizeof(digits);

	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return put(to, digits + i, sizeof(digits) - i);
}

static char *put_line(char *to, fl_str name, fl_str value)
{
	to = put(to, name.ptr, name.len);
	to = PUT(to, ": ");
	to = put(to, value.ptr, value.len);
	return PUT(to, "\r\n");
}

static size_t head_room(const fl_response *res)
{
	size_t room = 256 + res->media_type.len;

	for (unsigned i = 0; i < res->header_count; i++)
		room += res->headers[i].name.len + res->headers[i].value.len + 4;
	return room;
}

/* Adds the head to what is gathered. length < 0: not known. */
static fl_err put_head(fl_exchange *x, int64_t length)
{
	fl_response *res = &x->res;
	const char *reason = fl_status_reason(res->status);
	char *start = fl_buf_reserve(&x->out, head_room(res)), *to = start;

	if (to == NULL)
		return fl_buf_err(&x->out);
	to = PUT(to, "HTTP/1.1 ");
	to = put_number(to, res->status);
	to = PUT(to, " ");
	to = put(to, reason, strlen(reason));
	to = PUT(to, "\r\nDate: ");
	to = put(to, x->server->date, FL_HTTP_DATE_LEN);
	to = PUT(to, "\r\n");
	if (res->media_type.len > 0)
		to = put_line(to, FL_STR("Content-Type"), res->media_type);
	for (unsigned i = 0; i < res->header_count; i++)
		to = put_line(to, res->headers[i].name, res->headers[i].value);
	if (length >= 0 && res->status != 204) {
		to = PUT(to, "Content-Length: ");
		to = put_number(to, (uint64_t)length);
		to = PUT(to, "\r\n");
	} else if (length == -1 && !x->http10) {
		to = PUT(to, "Transfer-Encoding: chunked\r\n");
	}
	if (!x->keep)
		to = PUT(to, "Connection: close\r\n");
	else if (x->http10)
		to = PUT(to, "Connection: keep-alive\r\n");
	to = PUT(to, "\r\n");
	fl_buf_commit(&x->out, (size_t)(to - start));
	res->started = true;
	return FL_OK;
}

fl_err await_response_head(fl_ctx *ctx, fl_exchange *x, int64_t length)
{
	fl_response *res = &x->res;

	FL_TRY(res->err);
	if (!value_is_good(res->media_type))
		return FL_INTERNAL;
	if (x->conn->state == FL_CONN_CLOSED)
		return FL_CLOSED;
	res->no_body |= res->status == 204 || res->status == 304;
	if (x->server->draining)
		x->keep = false;
	if (length < 0 && x->http10)
		x->keep = false; /* the end of such an answer is the end of the connection */
	return put_head(x, length);
}

fl_err await_response_begin(fl_ctx *ctx, fl_response *res, fl_str media_type)
{
	fl_exchange *x = fl_exchange_of_response(res);

	assert(!res->started);
	res->media_type = media_type;
	FL_TRY(await_response_head(ctx, x, -1));
	res->streaming = true;
	res->chunked = !x->http10;
	fl_wire_flush_soon(x);
	return FL_OK;
}

void fl_response_ends_with_client(fl_response *res)
{
	fl_exchange *x = fl_exchange_of_response(res);

	res->ends_with_client = true;
	if (x->conn->eof && x->conn->state != FL_CONN_CLOSED)
		fl_conn_drop(x->conn);
}

/* Sends what is gathered and up to three pieces more in one go. */
static fl_err await_gathered_and(fl_ctx *ctx, fl_exchange *x, const struct iovec *more, int count)
{
	struct iovec iov[4];
	int n = 0;
	fl_err err;

	if (x->out.len > x->out_from)
		iov[n++] = (struct iovec){ x->out.ptr + x->out_from, x->out.len - x->out_from };
	for (int i = 0; i < count; i++)
		iov[n++] = more[i];
	err = await_wire(ctx, x, iov, n);
	fl_buf_reset(&x->out);
	x->out_from = 0;
	return err;
}

fl_err await_response_write(fl_ctx *ctx, fl_response *res, fl_str bytes)
{
	fl_exchange *x = fl_exchange_of_response(res);
	char size[20];
	struct iovec iov[3];

	assert(res->streaming);
	if (bytes.len == 0 || res->no_body)
		return x->conn->state == FL_CONN_CLOSED ? FL_CLOSED : FL_OK;
	iov[1] = (struct iovec){ (char *)(uintptr_t)bytes.ptr, bytes.len };
	if (!res->chunked)
		return await_gathered_and(ctx, x, iov + 1, 1);
	iov[0] = (struct iovec){ size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", bytes.len) };
	iov[2] = (struct iovec){ (char *)(uintptr_t) "\r\n", 2 };
	return await_gathered_and(ctx, x, iov, 3);
}

/* More requests are there already: their answers may travel in the same write. */
static bool may_gather(const fl_exchange *x)
{
	return x->keep && x->body.done && x->conn->in_to > x->conn->in_from && x->out.len < FL_OUT_BYTES;
}

fl_err await_response_finish(fl_ctx *ctx, fl_exchange *x)
{
	fl_response *res = &x->res;
	struct iovec body;

	if (res->upgraded || res->ended)
		return FL_OK;
	res->ended = true;
	if (res->streaming) {
		if (res->chunked && !res->no_body)
			fl_buf_lit(&x->out, "0\r\n\r\n");
		return await_gathered_and(ctx, x, NULL, 0);
	}
	FL_TRY(await_response_head(ctx, x, res->status == 304 ? -2 : (int64_t)res->body.len));
	if (res->no_body || res->body.len == 0)
		return may_gather(x) ? (fl_wire_flush_soon(x), FL_OK) : await_gathered_and(ctx, x, NULL, 0);
	if (res->body.len <= 4096 || may_gather(x)) {
		fl_buf_str(&x->out, res->body);
		FL_TRY(fl_buf_err(&x->out));
		return may_gather(x) ? (fl_wire_flush_soon(x), FL_OK) : await_gathered_and(ctx, x, NULL, 0);
	}
	body = (struct iovec){ (char *)(uintptr_t)res->body.ptr, res->body.len };
	return await_gathered_and(ctx, x, &body, 1);
}
