/* What the files of http share: the server, a connection, a request in flight (exchange).
 *
 * A connection is a small struct. It owns input bytes only while a head is half there or more requests wait behind
 * the present one, and an exchange (context, arena, stack) only while a request is answered:
 *
 *	        first byte           head complete            answer sent
 *	IDLE ---------------> HEAD ------------------> BUSY ---------------> IDLE, or HEAD when more is there
 *	  |  head complete at once                      | \----> LINGER      answered, but the client still sends
 *	  +--------------------------------------------/   \---> WEBSOCKET
 *	any -> CLOSED
 */
#ifndef FL_HTTP_SERVER_INT_H
#define FL_HTTP_SERVER_INT_H

#include "http/chunk_int.h"
#include "http/head_int.h"
#include "http/http.h"
#include "http/route_int.h"
#include "http/text_int.h"
#include "io/io.h"

enum {
	FL_SCRATCH_BYTES = 64 << 10,
	FL_PIPELINE_BYTES = 32 << 10,   /* read ahead of the present request */
	FL_OUT_BYTES = 32 << 10,        /* answers gathered before they are written */
	FL_SKIP_BYTES_MAX = 256 << 10,  /* of an unread body; longer: the connection ends */
	FL_RESPONSE_HEADERS_MAX = 32,
	FL_EXCHANGES_KEPT = 256,
	FL_PEER_SLOTS = 4096,
};

/* An answer that came before the body's end (413) is only seen by a client that may send on for a while. */
#define FL_LINGER_US (2 * FL_SECOND_US)      /* silence */
#define FL_LINGER_MAX_US (30 * FL_SECOND_US) /* all of it */
#define FL_BODY_GRACE_US (10 * FL_SECOND_US)

typedef struct fl_link {
	struct fl_link *next, *prev;
} fl_link;

/* One remote address and how many connections it has. */
typedef struct fl_peer {
	struct fl_peer *next;
	unsigned count;
	bool counted; /* against connections_per_ip */
	char text[FL_PEER_MAX];
} fl_peer;

typedef enum fl_conn_state {
	FL_CONN_IDLE,
	FL_CONN_HEAD,
	FL_CONN_BUSY,
	FL_CONN_LINGER,
	FL_CONN_WEBSOCKET,
	FL_CONN_CLOSED,
} fl_conn_state;

typedef struct fl_exchange fl_exchange;

typedef struct fl_conn {
	fl_link link;
	fl_http_server *server;
	fl_stream *stream;        /* NULL once CLOSED */
	fl_peer *peer;
	fl_timer timer;           /* of the state */
	uint8_t state;            /* fl_conn_state; only conn_enter changes it */
	bool eof;                 /* the peer sends no more */
	bool reading;             /* on_readable is set */
	fl_head *head;            /* a head that is half there */
	char *in;                 /* bytes read but not used */
	uint32_t in_from, in_to, in_cap;
	int64_t linger_until_us;
	fl_exchange *exchange;    /* while BUSY */
	fl_ws *ws;                /* while WEBSOCKET, and until its last coroutine ends */
	fl_wait *read_wait, *write_wait;
} fl_conn;

typedef enum fl_body_kind { FL_BODY_NONE, FL_BODY_LENGTH, FL_BODY_CHUNKED } fl_body_kind;

typedef struct fl_body {
	uint8_t kind;
	bool done;
	bool want_continue;       /* the client waits for 100 Continue */
	fl_err err;               /* of an earlier read */
	fl_chunk chunk;
	uint64_t left;            /* with FL_BODY_LENGTH */
	uint64_t total, max;
	int64_t waited_us;        /* for the client's bytes */
} fl_body;

struct fl_response {
	uint16_t status;
	uint16_t header_count;
	bool started;             /* the head is written or gathered */
	bool streaming, chunked;
	bool no_body;             /* HEAD, 204, 304: say the length, send nothing */
	bool ended;               /* complete on the wire or gathered */
	bool ends_with_client;
	bool upgraded;
	fl_err err;               /* sticky mistake */
	fl_str media_type, body;
	fl_buf owned;             /* fl_response_take_buf */
	fl_http_header headers[FL_RESPONSE_HEADERS_MAX];
};

/* A request in flight; pooled. Also carries the coroutine of a WebSocket message. */
struct fl_exchange {
	fl_request req;
	fl_response res;
	fl_conn *conn;
	fl_http_server *server;
	fl_ctx ctx;
	fl_arena mem;
	fl_body body;
	const fl_route *route;
	bool http10, keep;        /* keep: the connection outlives the answer */
	bool method_known;
	fl_str method_name;
	uint64_t bytes_out, bytes_in_before;
	fl_defer flush;           /* writes what is gathered at the tick's end, in case the next handler waits */
	fl_buf out;               /* answers gathered for one write */
	size_t out_from;
	bool writing;
	char request_id[17];
	fl_exchange *next;        /* in the pool, or among a WebSocket's tasks */
	fl_ws *ws;                /* as a WebSocket's task */
	fl_buf message;
	bool binary;
};

struct fl_http_server {
	fl_loop *loop;
	fl_http_options opt;
	fl_listener *listener;
	fl_link conns;            /* ring of all */
	unsigned conn_count;
	bool draining, freeing;
	fl_wait *drain_wait;
	fl_timer tick;            /* lateness of the loop, the Date header */
	int64_t tick_due_us, tick_lag_us; /* of the latest tick */
	int64_t lag_us;           /* that lasts: of the better of two ticks */
	char date[FL_HTTP_DATE_LEN];
	uint64_t id_seed, id_count;
	fl_exchange *pool;
	unsigned pool_count;
	fl_http_stats stats;
	fl_peer *peers[FL_PEER_SLOTS];
	struct fl_ws_codec *codec; /* ws_deflate.c: zlib's state, made on first use */
	fl_head head;             /* for heads that come whole */
	char scratch[FL_SCRATCH_BYTES];
};

/* Counters are written by one thread and read by any. */
static inline void fl_count(uint64_t *counter, uint64_t by)
{
	__atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

/* server.c: a connection was freed */
void fl_http_server_gone(fl_http_server *server);

/* conn.c */
void fl_conn_accept(void *server, fl_stream *stream);
void fl_conn_enter(fl_conn *conn, fl_conn_state next);
void fl_conn_read_on(fl_conn *conn);
void fl_conn_read_off(fl_conn *conn);
/* Ends the connection at once; one that is BUSY or has WebSocket coroutines is freed when they have ended. */
void fl_conn_drop(fl_conn *conn);
/* Its end will also forget what the peer has not taken, instead of leaving megabytes with the kernel for minutes. */
void fl_conn_no_linger(fl_conn *conn);
/* The last coroutine of a CLOSED connection has ended. */
void fl_conn_free(fl_conn *conn);
bool fl_conn_keep(fl_conn *conn, const char *bytes, size_t len); /* to the end of in; false: no memory, dropped */
void fl_conn_use(fl_conn *conn, size_t len);
void fl_conn_refuse(fl_conn *conn, int status, const char *why);
/* After an answer: parses what is in conn->in into server->head. */
fl_parse fl_conn_look(fl_conn *conn);
/* There is no whole head in conn->in: the connection waits for one, or ends. Its exchange must be gone. */
void fl_conn_rest(fl_conn *conn);
void fl_conn_finish(fl_conn *conn, bool linger);

/* exchange.c */
/* One from the pool: arena and context are ready, services are set; NULL: no memory. */
fl_exchange *fl_exchange_take(fl_conn *conn);
void fl_exchange_give(fl_exchange *x);
void fl_exchange_ctx(fl_exchange *x, int64_t deadline_us); /* a fresh context; fl_ctx_fini ends it */
/* Answers the request whose head is parsed, in a new coroutine. buf is where head's offsets point to. */
void fl_exchange_start(fl_conn *conn, const fl_head *head, const char *buf);

/* wire.c: bytes out, under the stall limit; the request's deadline stands still meanwhile. */
FL_MUST fl_err await_wire(fl_ctx *ctx, fl_exchange *x, struct iovec *iov, int count);
FL_MUST fl_err await_wire_flush(fl_ctx *ctx, fl_exchange *x);
/* Waits until *slot is woken; the time does not count against ctx's deadline. */
FL_MUST fl_err await_client(fl_ctx *ctx, fl_exchange *x, fl_wait **slot, int64_t until_us);
void fl_wire_flush_soon(fl_exchange *x);
void fl_wire_flush_now(void *x);

/* response.c */
void fl_response_init(fl_response *res, fl_exchange *x);
FL_MUST fl_err await_response_finish(fl_ctx *ctx, fl_exchange *x);
/* Adds the head to what is gathered; length < 0: not known, to be chunked (-2: said by nobody, as in 304). */
FL_MUST fl_err await_response_head(fl_ctx *ctx, fl_exchange *x, int64_t length);

/* body.c */
void fl_body_init(fl_exchange *x, const fl_head *head);
/* Reads and drops what the handler left. False: too long, or it failed: the connection must end. */
bool await_body_skip(fl_ctx *ctx, fl_exchange *x);

/* ws.c, ws_upgrade.c, ws_deflate.c */
void fl_ws_readable(fl_conn *conn);
void fl_ws_timer(fl_conn *conn);
void fl_ws_lost(fl_ws *ws, uint16_t code);
void fl_ws_accept_key(const char key[24], char out[28]);
void fl_ws_codec_free(struct fl_ws_codec *codec);
void fl_ws_go_on(fl_conn *conn);  /* the upgrade's answer is out: take what came behind it */

static inline fl_exchange *fl_exchange_of(const fl_request *req)
{
	return FL_CONTAINER((fl_request *)(uintptr_t)req, fl_exchange, req);
}

static inline fl_exchange *fl_exchange_of_response(const fl_response *res)
{
	return FL_CONTAINER((fl_response *)(uintptr_t)res, fl_exchange, res);
}

#endif
