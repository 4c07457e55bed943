/* From a request to a WebSocket: is it one, which protocol, which extensions, the answer. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "http/ws_int.h"

/* RFC 6455 4.2.2: base64 of SHA-1 over the key and a fixed GUID. SHA-1 is part of the protocol, not of its security. */
void fl_ws_accept_key(const char key[24], char out[28])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[24 + sizeof(guid) - 1], base64[29];
	uint8_t digest[20];

	memcpy(text, key, 24);
	memcpy(text + 24, guid, sizeof(guid) - 1);
	if (EVP_Digest(text, sizeof(text), digest, NULL, EVP_sha1(), NULL) != 1)
		memset(digest, 0, sizeof(digest)); /* only where SHA-1 is forbidden altogether: the client refuses the upgrade */
	EVP_EncodeBlock((unsigned char *)base64, digest, sizeof(digest));
	memcpy(out, base64, 28);
}

static bool key_is_good(fl_str key)
{
	if (key.len != 24 || key.ptr[22] != '=' || key.ptr[23] != '=')
		return false;
	for (size_t i = 0; i < 22; i++) {
		char c = key.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
	}
	return true;
}

static bool is_upgrade(const fl_request *req, const fl_exchange *x)
{
	fl_str connection = fl_request_header(req, FL_STR("connection"));

	return req->method == FL_GET && !x->http10 && x->body.done &&
	       fl_weight_of(fl_request_header(req, FL_STR("upgrade")), FL_STR("websocket")) >= 0 &&
	       fl_weight_of(connection, FL_STR("upgrade")) >= 0;
}

/* The server's best that the client also names; empty when there is none. */
static fl_str choose_protocol(const fl_request *req, const fl_ws_handler *handler)
{
	fl_str offered = fl_request_header(req, FL_STR("sec-websocket-protocol"));

	for (size_t i = 0; handler->protocols != NULL && handler->protocols[i] != NULL; i++) {
		fl_str rest = offered;

		while (rest.len > 0) {
			if (fl_str_eq(fl_list_next(rest, &rest), fl_str_z(handler->protocols[i])))
				return fl_str_z(handler->protocols[i]);
		}
	}
	return (fl_str){ 0 };
}

/* An offer that we can keep: no parameter but those that the answer below satisfies. */
static bool offers_deflate(const fl_request *req)
{
	fl_str offers = fl_request_header(req, FL_STR("sec-websocket-extensions"));

	while (offers.len > 0) {
		fl_str params, offer = fl_list_next(offers, &offers);
		bool good = fl_str_eq_nocase(fl_str_trim(fl_str_cut(offer, ';', &params)), FL_STR("permessage-deflate"));

		while (params.len > 0) {
			fl_str value, name = fl_str_trim(fl_str_cut(fl_str_cut(params, ';', &params), '=', &value));

			good &= fl_str_eq(name, FL_STR("client_max_window_bits")) ||
				fl_str_eq(name, FL_STR("server_no_context_takeover")) ||
				fl_str_eq(name, FL_STR("client_no_context_takeover"));
		}
		if (good)
			return true;
	}
	return false;
}

static fl_err check_upgrade(fl_ctx *ctx, const fl_request *req, const fl_exchange *x, const fl_ws_handler *handler)
{
	fl_diag *diag = &ctx->diag;

	if (!is_upgrade(req, x))
		return fl_fail(diag, FL_BAD_REQUEST, "this address speaks WebSocket: an upgrade is expected");
	if (!fl_str_eq(fl_request_header(req, FL_STR("sec-websocket-version")), FL_STR("13")))
		return fl_fail(diag, FL_BAD_REQUEST, "only WebSocket version 13 is supported");
	if (!key_is_good(fl_request_header(req, FL_STR("sec-websocket-key"))))
		return fl_fail(diag, FL_BAD_REQUEST, "bad Sec-WebSocket-Key");
	if (handler->protocols != NULL && !handler->any_protocol && choose_protocol(req, handler).len == 0)
		return fl_fail(diag, FL_BAD_REQUEST, "no common WebSocket subprotocol; this address speaks %s", handler->protocols[0]);
	return FL_OK;
}

static fl_ws *ws_new(fl_exchange *x, const fl_ws_handler *handler, void *state)
{
	fl_ws *ws = calloc(1, sizeof(*ws));
	int64_t now = fl_loop_now_us(x->server->loop);

	if (ws == NULL)
		return NULL;
	ws->conn = x->conn;
	ws->handler = handler;
	ws->state = state;
	ws->protocol = choose_protocol(&x->req, handler);
	ws->message_max = handler->message_max ? handler->message_max : 64 << 10;
	ws->queue_max = handler->queue_max ? handler->queue_max : 1 << 20;
	ws->running_max = handler->running_max ? handler->running_max : 1;
	ws->ping_every_us = handler->ping_every_us ? handler->ping_every_us : 30 * FL_SECOND_US;
	ws->deflate = handler->deflate && offers_deflate(&x->req);
	ws->queue = fl_buf_make(ws->queue_max + 1024); /* control frames beside the messages */
	ws->message = fl_buf_make(ws->message_max + 4);
	ws->heard_us = ws->progress_us = now;
	fl_defer_init(&ws->tick, fl_ws_tick, ws);
	fl_frame_init(&ws->frame, (uint32_t)FL_MIN(ws->message_max, UINT32_MAX), ws->deflate);
	return ws;
}

static void put_switch(fl_exchange *x, const fl_ws *ws)
{
	fl_buf *out = &x->out;
	char accept[28];

	fl_ws_accept_key(fl_request_header(&x->req, FL_STR("sec-websocket-key")).ptr, accept);
	fl_buf_lit(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
	fl_buf_add(out, accept, sizeof(accept));
	if (ws->protocol.len > 0) {
		fl_buf_lit(out, "\r\nSec-WebSocket-Protocol: ");
		fl_buf_str(out, ws->protocol);
	}
	if (ws->deflate)
		fl_buf_lit(out, "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover");
	fl_buf_lit(out, "\r\n");
	for (unsigned i = 0; i < x->res.header_count; i++) { /* cookies, and what the handler wants to say */
		fl_buf_str(out, x->res.headers[i].name);
		fl_buf_lit(out, ": ");
		fl_buf_str(out, x->res.headers[i].value);
		fl_buf_lit(out, "\r\n");
	}
	fl_buf_lit(out, "\r\n");
}

fl_err await_ws_upgrade(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_ws_handler *handler, void *state,
	fl_ws **out)
{
	fl_exchange *x = fl_exchange_of(req);
	fl_ws *ws;

	assert(handler->on_message != NULL && !res->started);
	FL_TRY(res->err);
	FL_TRY(check_upgrade(ctx, req, x, handler));
	if (x->server->draining)
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "the server restarts");
	if (x->conn->state == FL_CONN_CLOSED)
		return FL_CLOSED;
	ws = ws_new(x, handler, state);
	if (ws == NULL)
		return FL_NOMEM;
	put_switch(x, ws);
	res->started = true;
	res->upgraded = true;
	res->status = 101;
	x->conn->ws = ws;
	fl_count(&x->server->stats.websockets, 1);
	*out = ws;
	/* From here on the state is the WebSocket's. A peer that is gone already is told by on_close, as one that leaves later:
	 * an error would let the caller free what on_close frees again. */
	if (await_wire_flush(ctx, x) != FL_OK)
		assert(x->conn->state == FL_CONN_CLOSED);
	return FL_OK;
}
