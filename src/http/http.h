/* http: an HTTP/1.1 and WebSocket server on one event loop. It knows nothing about vehicles.
 *
 *	static fl_err hello(fl_ctx *ctx, fl_request *req, fl_response *res)
 *	{
 *		fl_response_body(res, FL_STR("text/plain"), fl_str_fmt(ctx->mem, "hello %" FL_FMT, FL_ARG(req->captures[0])));
 *		return FL_OK;                       // an error becomes the JSON error answer of base/err.h
 *	}
 *	fl_router *router = fl_router_new();        // filled once, then shared by all loops
 *	FL_TRY(fl_router_add(router, FL_GET, "/hello/:name", hello, NULL));
 *	FL_TRY(fl_http_server_new(loop, &(fl_http_options){ .host = "127.0.0.1", .port = 8080, .router = router }, &server));
 *
 * One server belongs to one loop; every core has its own, on the same port (SO_REUSEPORT), sharing nothing but the
 * router, which is read-only by then. A request runs as a coroutine of its own, with its own arena (ctx->mem), its
 * deadline and its request_id; ctx->services is what the options name. A connection that waits for its next request,
 * and a WebSocket that waits for its next message, own a small struct and no stack.
 *
 * Order of a handler: read what it needs of the request, then make one response. Functions named await_ may switch
 * to other coroutines; they fail with FL_TIMEOUT, FL_CANCELLED or FL_CLOSED (the peer is gone), which a handler just
 * returns. Whatever of the body a handler leaves unread is skipped, or the connection is closed when that is long.
 * Everything a request points to, and everything given to a response, lives until the handler has returned and the
 * response is sent: that is, the arena's life.
 * Threads: nothing here may be used outside its loop's thread, except fl_http_server_stats. */
#ifndef FL_HTTP_H
#define FL_HTTP_H

#include "base/base.h"

typedef struct fl_ctx fl_ctx;   /* io/io.h */
typedef struct fl_loop fl_loop; /* io/io.h */
typedef struct fl_http_server fl_http_server;
typedef struct fl_router fl_router;
typedef struct fl_request fl_request;
typedef struct fl_response fl_response;
typedef struct fl_ws fl_ws;

/* ---- routes ------------------------------------------------------------------------------------------------- */

typedef enum fl_method {
	FL_GET = 1, /* answers HEAD as well */
	FL_HEAD = 2,
	FL_POST = 4,
	FL_PUT = 8,
	FL_PATCH = 16,
	FL_DELETE = 32,
	FL_OPTIONS = 64, /* answered by the server (204, Allow) where no route takes it */
} fl_method;

typedef fl_err (*fl_http_handler)(fl_ctx *ctx, fl_request *req, fl_response *res);

typedef struct fl_route_options {
	void *arg;              /* the handler finds it as req->arg */
	uint64_t body_max;      /* bytes of a body; a longer one is refused with 413 before the handler runs. 0: 1 MiB */
	int64_t deadline_us;    /* from the head to the answer, less the time spent waiting for the client's bytes (those
	                         * waits have limits of their own). 0: 30 s; FL_NEVER: none */
	size_t mem_max;         /* bytes of the arena. 0: 64 MiB */
	bool never_shed;        /* answered even when overloaded or draining: health checks */
} fl_route_options;

/* Patterns: "/reports/:number" captures one segment, "/assets/" followed by "*path" captures the rest (may be empty).
 * A literal segment wins over a capture, a capture over a rest. Segments are percent-decoded before they are
 * compared or captured; a path with "..", a NUL or bad escapes gets 400. No route: 404; another method: 405 + Allow.
 * pattern and options->arg must stay valid; options may be NULL and are copied. */
fl_router *fl_router_new(void);
void fl_router_free(fl_router *router);
FL_AUTO_DEFINE(fl_router, fl_router_free)
FL_MUST fl_err fl_router_add(fl_router *router, unsigned methods, const char *pattern, fl_http_handler handler,
	const fl_route_options *options);

/* ---- server -------------------------------------------------------------------------------------------------- */

/* What one request came to; text is valid during the call only. */
typedef struct fl_http_access {
	fl_ctx *ctx;                   /* of the request, which ends behind this call */
	fl_str method, target, peer, request_id;
	const char *route;             /* the pattern; NULL when none fitted */
	int status; /* 101 for an upgrade, 499 when the client left first */
	uint64_t bytes_in, bytes_out;
	int64_t taken_us;
} fl_http_access;

typedef struct fl_http_options {
	const char *host;              /* NULL: 127.0.0.1 */
	uint16_t port;                 /* 0: any free one, see fl_http_server_port */
	const char *unix_path;         /* listen there instead */
	int listen_fd;                 /* > 0: a listening socket, taken over, instead of the above */
	const fl_router *router;
	void *services;                /* becomes ctx->services of every handler */
	fl_http_handler before;        /* runs before each route's handler, in its coroutine; may be NULL */
	void (*on_access)(void *arg, const fl_http_access *access);
	void *on_access_arg;
	/* Limits; 0 takes the default in brackets. */
	unsigned connections_max;      /* of this server [16384] */
	unsigned connections_per_ip;   /* [1024]; loopback and unix peers are not counted */
	bool count_loopback;           /* count them all the same */
	unsigned in_flight_max;        /* requests with a coroutine [2048]; beyond: 503 + Retry-After, at once */
	unsigned lag_shed_ms;          /* shed new requests while the loop keeps being this late [500] */
	int64_t head_timeout_us;       /* first byte of a head to its last [10 s] */
	int64_t idle_timeout_us;       /* between requests [60 s] */
	int64_t stall_timeout_us;      /* a write that makes no progress [30 s] */
	unsigned body_bytes_per_s;     /* slower bodies are cut, after 10 s of grace [1024] */
} fl_http_options;

/* Listens at once. options are copied; router and services must outlive the server.
 * Errors: FL_IN_USE, FL_IO with a sentence in diag, FL_NOMEM. */
FL_MUST fl_err fl_http_server_new(fl_loop *loop, const fl_http_options *options, fl_http_server **out, fl_diag *diag);
uint16_t fl_http_server_port(const fl_http_server *server);

/* Graceful end: accepts no more, answers what is in flight (with Connection: close), sends close 1001 to WebSockets,
 * closes idle connections, and cuts what is left after limit_us. Returns when no connection is left. */
void await_http_server_drain(fl_ctx *ctx, fl_http_server *server, int64_t limit_us);
/* Cuts everything that is left. The server is freed when the last coroutine of it has ended, at the latest when the
 * loop runs empty. */
void fl_http_server_free(fl_http_server *server);

typedef struct fl_http_stats {
	uint64_t accepted, refused;          /* connections; refused: over a cap */
	uint64_t connections, websockets;    /* open now */
	uint64_t in_flight;                  /* requests now */
	uint64_t requests, shed;             /* all; shed: answered 503 unseen */
	uint64_t status[6];                  /* answers by class: status[2] is 2xx */
	uint64_t bad_requests, timeouts;     /* refused by the parser; cut by a deadline */
	uint64_t bytes_in, bytes_out;
	uint64_t ws_messages_in, ws_messages_out, ws_dropped; /* dropped: connections cut for being slow */
} fl_http_stats;
/* May be called from any thread. */
void fl_http_server_stats(const fl_http_server *server, fl_http_stats *out);

/* ---- request ------------------------------------------------------------------------------------------------- */

enum { FL_CAPTURES_MAX = 8, FL_PEER_MAX = 46 };

typedef struct fl_http_header {
	fl_str name; /* lower case */
	fl_str value;
} fl_http_header;

struct fl_request {
	fl_method method;               /* FL_HEAD stays FL_HEAD in a FL_GET handler; its body is not sent */
	fl_str target;                  /* as sent, for the log */
	fl_str path;                    /* as sent, up to '?' */
	fl_str query;                   /* after '?', as sent; empty when none */
	fl_str host;                    /* Host header or the target's authority; may be empty in HTTP/1.0 */
	const fl_http_header *headers;
	size_t header_count;
	fl_str captures[FL_CAPTURES_MAX]; /* decoded, in the pattern's order */
	size_t capture_count;
	int64_t content_length;         /* -1: chunked, not known */
	int64_t start_us;               /* fl_mono_us when its head was complete */
	char peer[FL_PEER_MAX];         /* "203.0.113.7", "2001:db8::1" or "unix" */
	void *arg;                      /* of the route */
};

/* First header of that name (any case); empty with ptr NULL when absent. */
fl_str fl_request_header(const fl_request *req, fl_str name);
/* Decoded value of a query parameter ('+' is a blank); false when absent. Errors of decoding count as absent. */
bool fl_request_query(fl_arena *mem, const fl_request *req, fl_str name, fl_str *out);
/* A cookie's value as sent (without quotes); false when absent. */
bool fl_request_cookie(const fl_request *req, fl_str name, fl_str *out);
/* The media type of Content-Type without parameters, as sent: compare with fl_str_eq_nocase. */
fl_str fl_request_media_type(const fl_request *req);
/* True when Accept names the type (or a wildcard for it) with q > 0; also when there is no Accept. */
bool fl_request_accepts(const fl_request *req, fl_str media_type);
/* The weight 0..1000 that Accept gives the type by its name, wildcards aside; -1 when it does not name it. */
int fl_request_names(const fl_request *req, fl_str media_type);

/* Reads up to len bytes of the body; *got == 0 is its end. Sends 100 Continue first where the client waits for it.
 * Errors: FL_TOO_LARGE (chunked and beyond body_max), FL_BAD_REQUEST (bad chunks), FL_CLOSED, FL_TIMEOUT (too slow). */
FL_MUST fl_err await_body_read(fl_ctx *ctx, fl_request *req, void *buf, size_t len, size_t *got);
/* The whole body into ctx->mem. Errors as above; FL_TOO_LARGE beyond max. */
FL_MUST fl_err await_body_all(fl_ctx *ctx, fl_request *req, size_t max, fl_str *out);
/* application/x-www-form-urlencoded text: decoded value of a field; false when absent. */
bool fl_form_get(fl_arena *mem, fl_str form, fl_str name, fl_str *out);

/* multipart/form-data. Parts come in the order of the body; a file's bytes go straight to a temporary file.
 *	fl_multipart *mp;
 *	FL_TRY(fl_multipart_open(ctx, req, &(fl_multipart_options){ .dir = tmp, .file_max = 25 << 20 }, &mp));
 *	for (;;) {
 *		fl_part *part;
 *		FL_TRY(await_multipart_next(ctx, mp, &part));
 *		if (part == NULL)
 *			break;
 *	} */
typedef struct fl_multipart fl_multipart;
typedef struct fl_multipart_options {
	const char *dir;        /* for files; the caller makes it, mode 0700. NULL: parts with a filename are refused */
	uint64_t file_max;      /* bytes of one file. 0: 25 MiB */
	size_t field_max;       /* bytes of one field. 0: 1 MiB */
	unsigned parts_max;     /* 0: 64 */
	unsigned files_max;     /* 0: 20 */
} fl_multipart_options;
typedef struct fl_part {
	fl_str name;
	fl_str filename;        /* last path component as the client named it, any bytes but control ones: never use as a path */
	fl_str media_type;      /* as the client says; empty when it does not */
	bool is_file;
	bool too_large;         /* the file went beyond file_max: nothing of it is kept, the rest is skipped, size counts on */
	fl_str value;           /* a field's content */
	uint64_t size;          /* a file's bytes */
	const char *path;       /* the file; unlinked when ctx->mem ends, unless fl_part_take */
	int fd;                 /* open for reading, at offset 0; closed when ctx->mem ends. -1 for fields */
} fl_part;
/* Errors: FL_UNSUPPORTED (another media type), FL_BAD_REQUEST (no boundary), FL_NOMEM. */
FL_MUST fl_err fl_multipart_open(fl_ctx *ctx, fl_request *req, const fl_multipart_options *options, fl_multipart **out);
/* *out is NULL after the last part. A field beyond field_max, or more parts than allowed, is FL_TOO_LARGE; a cut
 * or malformed body is FL_BAD_REQUEST. Parts stay valid until ctx->mem ends. */
FL_MUST fl_err await_multipart_next(fl_ctx *ctx, fl_multipart *mp, fl_part **out);
/* The file stays on disk under part->path, which is the caller's to unlink. */
void fl_part_take(fl_part *part);

/* ---- response ------------------------------------------------------------------------------------------------ */

/* All of these only note down; the bytes go out when the handler returns, or with the first await_. A mistake (a
 * header with CR or LF, too many headers, no memory) is sticky and becomes a 500 answer. */
void fl_response_status(fl_response *res, int status); /* 200 unless said */
/* Adds a line. Content-Length, Transfer-Encoding, Connection and Date are the server's. Text is borrowed. */
void fl_response_header(fl_response *res, fl_str name, fl_str value);
typedef struct fl_cookie {
	fl_str name, value, path;   /* path: "/" unless said */
	int64_t max_age_s;          /* 0: ends with the browser; negative: delete it */
	bool http_only, secure, same_site_strict; /* SameSite=Lax unless strict */
} fl_cookie;
void fl_response_cookie(fl_response *res, const fl_cookie *cookie);
/* The whole body, borrowed: in ctx->mem or constant. */
void fl_response_body(fl_response *res, fl_str media_type, fl_str body);
/* The same, taking the buffer over: it is freed after sending, and *buf is empty. */
void fl_response_take_buf(fl_response *res, fl_str media_type, fl_buf *buf);
/* Compresses the body as Accept-Encoding asks (zstd, br, gzip), where that makes it smaller; the caller says Vary. */
FL_MUST fl_err await_response_compress(fl_ctx *ctx, const fl_request *req, fl_response *res);
/* Whether If-None-Match names the tag (with its quotes, without W/). */
bool fl_request_has_copy(const fl_request *req, fl_str etag);
void fl_response_redirect(fl_response *res, int status, fl_str location);
/* {"errors":[{"message":…,"extensions":{"code":…}}]} with the status of err, the text from ctx->diag when it has one
 * (never for 500s: they are logged instead). Drops what the response held before, cookies too. */
void fl_response_error(fl_ctx *ctx, fl_response *res, fl_err err);
bool fl_response_started(const fl_response *res); /* the head is out: status and headers cannot change any more */

/* For pages: Content-Security-Policy (csp, empty: "default-src 'self'; …" without inline script), nosniff, no
 * framing, Referrer-Policy, Permissions-Policy that leaves camera and location to the page itself. */
void fl_response_security_headers(fl_response *res, fl_str csp);

/* Streaming: chunked for HTTP/1.1. A write returns when the socket has taken the bytes: that is the back-pressure.
 * Nothing of it is done for HEAD, where writes are dropped. The end is written when the handler returns FL_OK;
 * when it fails, the connection is cut so that the client sees the answer is not whole. */
FL_MUST fl_err await_response_begin(fl_ctx *ctx, fl_response *res, fl_str media_type);
FL_MUST fl_err await_response_write(fl_ctx *ctx, fl_response *res, fl_str bytes);
/* For streams without an end of their own, as text/event-stream: a client that shuts its side down has left, and a server that
 * drains does not wait for it. Both cut the connection and cancel ctx. */
void fl_response_ends_with_client(fl_response *res);

/* A file, by sendfile. Answers If-None-Match, If-Modified-Since, If-Range and a single Range (others: the whole).
 * fd stays the caller's. */
typedef struct fl_http_file {
	int fd;
	uint64_t size;
	int64_t modified_us;        /* 0: no Last-Modified */
	fl_str etag;                /* with its quotes; empty: none */
	fl_str media_type;
	fl_str cache_control;       /* empty: "no-cache" */
	fl_str download_name;       /* not empty: Content-Disposition: attachment */
} fl_http_file;
FL_MUST fl_err await_response_file(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_http_file *file);

/* A thing in memory with its compressed forms; all of it constant or living as long as ctx->mem. */
typedef struct fl_http_asset {
	fl_str body, br, gzip;      /* br and gzip may be empty */
	fl_str etag;                /* with its quotes, of body; the variants get "-br" and "-gz" */
	fl_str media_type;
	bool immutable;             /* its name carries a hash: may be cached for a year */
} fl_http_asset;
/* Chooses the variant by Accept-Encoding, answers If-None-Match with 304; Vary, ETag and Cache-Control are set. */
void fl_response_asset(const fl_request *req, fl_response *res, const fl_http_asset *asset);

/* ---- WebSocket ----------------------------------------------------------------------------------------------- */

typedef enum fl_ws_slow {
	FL_WS_SLOW_CLOSE, /* a full queue cuts the connection (close 1013): for streams of which nothing may be missing */
	FL_WS_SLOW_DROP,  /* the new message is dropped and the send says FL_BUSY: for latest-value streams */
} fl_ws_slow;

typedef struct fl_ws_handler {
	const char *const *protocols;    /* NULL-terminated, best first; NULL: none. No common one: 400, or with */
	bool any_protocol;               /* this set a WebSocket without one, for a close code that says so */
	size_t message_max;              /* bytes, after inflating. 0: 64 KiB. Beyond: close 1009 */
	size_t queue_max;                /* bytes waiting to be sent. 0: 1 MiB */
	unsigned running_max;            /* on_message coroutines at one time; 0: 1, so messages are handled in order */
	fl_ws_slow slow;
	bool deflate;                    /* offer permessage-deflate (without context takeover) */
	int64_t ping_every_us;           /* 0: 30 s; a peer silent for two of them is cut */
	/* Each message in a coroutine of its own: ctx has an arena and the deadline message_deadline_us (0: 30 s). */
	void (*on_message)(fl_ctx *ctx, fl_ws *ws, fl_str message, bool binary);
	int64_t message_deadline_us;
	/* The connection is over: all on_message coroutines have ended (their ctx was cancelled when it was lost).
	 * The last chance to drop references; may not wait. code 1006: lost without a close. May be NULL. */
	void (*on_close)(fl_ws *ws, uint16_t code);
} fl_ws_handler;

/* Turns the request into a WebSocket; called from its handler, which then returns FL_OK. handler and state must stay
 * valid until on_close; state is found by fl_ws_state. *out may be used for sending at once.
 * Errors: FL_BAD_REQUEST (not an upgrade, no common protocol), FL_UNAVAILABLE, FL_CLOSED - return it; nothing has been done
 * then. After FL_OK on_close always comes, also when the peer left before it read the answer. */
FL_MUST fl_err await_ws_upgrade(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_ws_handler *handler, void *state,
	fl_ws **out);
void *fl_ws_state(const fl_ws *ws);
fl_str fl_ws_protocol(const fl_ws *ws);   /* the chosen one; empty when none */

/* Never wait and may be called from any coroutine or callback of the loop. Bytes are copied where the socket does
 * not take them at once. FL_CLOSED: it is gone or closing; FL_BUSY: dropped (FL_WS_SLOW_DROP). */
fl_err fl_ws_send_text(fl_ws *ws, fl_str text);    /* must be UTF-8 */
fl_err fl_ws_send_binary(fl_ws *ws, fl_str bytes);
size_t fl_ws_queued(const fl_ws *ws);              /* bytes that wait for the socket */
/* Until no more than bytes wait for the socket: for who has much to send. FL_CLOSED: it is gone or closing. */
FL_MUST fl_err await_ws_queued(fl_ctx *ctx, fl_ws *ws, size_t bytes);
/* Starts the closing handshake; on_close follows within 5 s at the latest. */
void fl_ws_close(fl_ws *ws, uint16_t code, fl_str reason);

#endif
