/* The server of the live tests: its handlers, its process. */
#include "live.h"

#include <fcntl.h>

char live_dir[64];

static fl_err hello(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_body(res, FL_STR("text/plain"), fl_str_fmt(ctx->mem, "hello %" FL_FMT, FL_ARG(req->captures[0])));
	return FL_OK;
}

static fl_err echo(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_str body;

	FL_TRY(await_body_all(ctx, req, 1 << 20, &body));
	fl_response_body(res, FL_STR("application/octet-stream"), body);
	return FL_OK;
}

static fl_err count(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	char piece[16384];
	uint64_t total = 0;
	size_t got;

	do {
		FL_TRY(await_body_read(ctx, req, piece, sizeof(piece), &got));
		total += got;
	} while (got > 0);
	fl_response_body(res, FL_STR("text/plain"), fl_str_fmt(ctx->mem, "%llu bytes", (unsigned long long)total));
	return FL_OK;
}

static fl_err ignore(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_status(res, 204);
	return FL_OK;
}

static fl_err upload(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_buf text = fl_buf_make(1 << 20);
	fl_multipart *mp;

	FL_TRY(fl_multipart_open(ctx, req, &(fl_multipart_options){ .dir = live_dir, .file_max = 40 << 20, .field_max = 1000 }, &mp));
	for (;;) {
		fl_part *part;
		struct stat info;
		fl_err err = await_multipart_next(ctx, mp, &part);

		if (err != FL_OK) {
			fl_buf_fini(&text);
			return err;
		}
		if (part == NULL)
			break;
		if (!part->is_file)
			fl_buf_fmt(&text, "%.*s=%.*s;", FL_ARG(part->name), FL_ARG(part->value));
		else if (part->too_large)
			fl_buf_fmt(&text, "%.*s<%.*s>too large %llu;", FL_ARG(part->name), FL_ARG(part->filename), (unsigned long long)part->size);
		else if (fstat(part->fd, &info) == 0 && access(part->path, R_OK) == 0)
			fl_buf_fmt(&text, "%.*s<%.*s>%llu on disk %llu;", FL_ARG(part->name), FL_ARG(part->filename),
				(unsigned long long)part->size, (unsigned long long)info.st_size);
	}
	fl_response_take_buf(res, FL_STR("text/plain"), &text);
	return FL_OK;
}

static fl_err stream(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	static char block[64 << 10];
	fl_str text;
	int64_t blocks = 3;

	memset(block, 'b', sizeof(block));
	if (fl_request_query(ctx->mem, req, FL_STR("blocks"), &text) && !fl_str_i64(text, &blocks))
		return FL_BAD_INPUT;
	FL_TRY(await_response_begin(ctx, res, FL_STR("text/plain")));
	for (int64_t i = 0; i < blocks; i++)
		FL_TRY(await_response_write(ctx, res, fl_str_make(block, sizeof(block))));
	return fl_request_query(ctx->mem, req, FL_STR("fail"), &text) ? FL_IO : FL_OK;
}

static fl_err big(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	size_t len = 8 << 20;
	fl_buf buf = fl_buf_make(len);
	char *to = fl_buf_reserve(&buf, len);

	if (to == NULL)
		return FL_NOMEM;
	memset(to, 'x', len);
	fl_buf_commit(&buf, len);
	fl_response_take_buf(res, FL_STR("text/plain"), &buf);
	return FL_OK;
}

static fl_err file(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	char path[128];
	int fd;
	fl_err err;

	snprintf(path, sizeof(path), "%s/file", live_dir);
	FL_TRY(await_file_open(ctx, path, O_RDONLY | O_CLOEXEC, 0, &fd));
	err = await_response_file(ctx, req, res, &(fl_http_file){ .fd = fd, .size = 1 << 20, .media_type = FL_STR("image/jpeg"),
		.modified_us = INT64_C(784111777) * FL_SECOND_US, .etag = FL_STR("\"tag\""), .download_name = FL_STR("d\"\xc3\xa9.jpg") });
	close(fd);
	return err;
}

static fl_err asset(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_asset(req, res, &(fl_http_asset){ .body = FL_STR("plain text"), .br = FL_STR("BR"), .gzip = FL_STR("GZ"),
		.etag = FL_STR("\"e\""), .media_type = FL_STR("text/css"), .immutable = true });
	return FL_OK;
}

static fl_err slow(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	FL_TRY(await_sleep(ctx, 400 * 1000));
	fl_response_body(res, FL_STR("text/plain"), FL_STR("slow"));
	return FL_OK;
}

static fl_err failing(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_cookie(res, &(fl_cookie){ .name = FL_STR("x"), .value = FL_STR("y") });
	if (fl_str_eq(req->captures[0], FL_STR("secret")))
		return fl_fail(&ctx->diag, FL_INTERNAL, "secret detail");
	return fl_fail(&ctx->diag, FL_NOT_FOUND, "no report \"17\"");
}

static fl_err split(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_header(res, FL_STR("X-Bad"), FL_STR("a\r\nSet-Cookie: x=y"));
	return FL_OK;
}

static fl_err cookie(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_cookie(res, &(fl_cookie){ .name = FL_STR("s"), .value = FL_STR("v"), .max_age_s = 60, .http_only = true });
	fl_response_security_headers(res, (fl_str){ 0 });
	fl_response_redirect(res, 303, FL_STR("/login?next=%2F"));
	return FL_OK;
}

static void ws_echo(fl_ctx *ctx, fl_ws *ws, fl_str message, bool binary)
{
	if (fl_str_eq(message, FL_STR("sleep")) && await_sleep(ctx, 200 * 1000) != FL_OK)
		return;
	if (fl_str_eq(message, FL_STR("close")))
		fl_ws_close(ws, 4001, FL_STR("as you like"));
	else if (fl_str_eq(message, FL_STR("flood")))
		while (fl_ws_send_text(ws, FL_STR("0123456789012345678901234567890123456789012345678901234567890123456789")) == FL_OK)
			;
	else if (binary)
		(void)!fl_ws_send_binary(ws, message);
	else
		(void)!fl_ws_send_text(ws, message);
}

static const char *const protocols[] = { "echo", "other", NULL };
static int closes;
static void ws_closed(fl_ws *ws, uint16_t code)
{
	closes++;
	fl_info("websocket of %s closed with %u (%d)", (const char *)fl_ws_state(ws), code, closes);
}

static const fl_ws_handler ws_handler = { .protocols = protocols, .message_max = 100000, .queue_max = 200000, .deflate = true,
	.on_message = ws_echo, .on_close = ws_closed };

static fl_err ws(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_ws *socket;

	FL_TRY(await_ws_upgrade(ctx, req, res, &ws_handler, "a test", &socket));
	(void)!fl_ws_send_text(socket, FL_STR("welcome"));
	return FL_OK;
}

static void ws_late_closed(fl_ws *ws, uint16_t code)
{
	free(fl_ws_state(ws));
}

static const fl_ws_handler ws_late_handler = { .protocols = protocols, .on_message = ws_echo, .on_close = ws_late_closed };

/* Upgrades when the client may be gone already; the state is freed once, whoever has to. */
static fl_err ws_late(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	char *state = strdup("late");
	fl_ws *socket;
	fl_err err;

	(void)!await_sleep(ctx, 50 * 1000);
	err = await_ws_upgrade(ctx, req, res, &ws_late_handler, state, &socket);
	if (err != FL_OK)
		free(state);
	return err;
}

/* A text of that many bytes that repeats itself, compressed as the client likes. */
static fl_err pack(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	int64_t len;
	FL_AUTO_BUF fl_buf text = fl_buf_make(8 << 20);

	if (!fl_str_i64(req->captures[0], &len))
		return FL_BAD_REQUEST;
	for (int64_t i = 0; i < len; i++)
		fl_buf_char(&text, (char)('a' + (i / 7 + i * i / 31) % 26));
	fl_response_take_buf(res, FL_STR("text/plain"), &text);
	return await_response_compress(ctx, req, res);
}

static void add_routes(fl_router *router)
{
	static const struct {
		unsigned methods;
		const char *pattern;
		fl_http_handler handler;
		fl_route_options options;
	} table[] = {
		{ FL_GET, "/hello/:name", hello, { .never_shed = true } },
		{ FL_POST, "/echo", echo, { 0 } },
		{ FL_POST, "/count", count, { .body_max = UINT64_C(2) << 30 } },
		{ FL_POST, "/ignore", ignore, { 0 } },
		{ FL_POST, "/upload", upload, { .body_max = 100 << 20 } },
		{ FL_GET, "/stream", stream, { 0 } },
		{ FL_GET, "/big", big, { 0 } },
		{ FL_GET, "/file", file, { 0 } },
		{ FL_GET, "/asset", asset, { 0 } },
		{ FL_GET, "/pack/:len", pack, { 0 } },
		{ FL_GET, "/slow", slow, { 0 } },
		{ FL_GET, "/late", slow, { .deadline_us = 100 * 1000 } },
		{ FL_GET, "/fail/:how", failing, { 0 } },
		{ FL_GET, "/split", split, { 0 } },
		{ FL_GET, "/cookie", cookie, { 0 } },
		{ FL_GET, "/ws", ws, { 0 } },
		{ FL_GET, "/ws-late", ws_late, { 0 } },
	};

	for (size_t i = 0; i < FL_COUNT(table); i++) {
		if (fl_router_add(router, table[i].methods, table[i].pattern, table[i].handler, &table[i].options) != FL_OK)
			abort();
	}
}

typedef struct live_stop_state {
	fl_loop *loop;
	fl_http_server *server;
} live_stop_state;

static void live_drain(void *arg)
{
	live_stop_state *state = arg;
	fl_arena mem = fl_arena_make(1 << 20);
	fl_ctx ctx;

	fl_ctx_init(&ctx, state->loop, &mem);
	await_http_server_drain(&ctx, state->server, 2 * FL_SECOND_US);
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	fl_http_server_free(state->server);
	fl_loop_stop(state->loop);
}

static void live_on_term(void *arg, int signum)
{
	live_stop_state *state = arg;

	if (fl_go(state->loop, live_drain, state) != FL_OK)
		abort();
}

void live_child(int report, fl_http_options options)
{
	live_stop_state state;
	fl_router *router = fl_router_new();
	fl_diag diag = { 0 };
	uint16_t port;

	add_routes(router);
	options.router = router;
	if (fl_loop_new(&(fl_loop_opts){ 0 }, &state.loop) != FL_OK ||
	    fl_http_server_new(state.loop, &options, &state.server, &diag) != FL_OK ||
	    fl_loop_on_signal(state.loop, SIGTERM, live_on_term, &state) != FL_OK)
		exit(9);
	port = fl_http_server_port(state.server);
	if (write(report, &port, sizeof(port)) != sizeof(port))
		exit(9);
	close(report);
	fl_loop_run(state.loop);
	fl_loop_free(state.loop);
	fl_router_free(router);
	exit(0);
}
