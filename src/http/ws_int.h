/* What the parts of a WebSocket share: ws.c (its life), ws_upgrade.c (its birth), ws_deflate.c (its compression). */
#ifndef FL_HTTP_WS_INT_H
#define FL_HTTP_WS_INT_H

#include "http/frame_int.h"
#include "http/server_int.h"

/* A coroutine that waits for the queue to shrink; on its stack. */
typedef struct fl_ws_waiter {
	struct fl_ws_waiter *next;
	fl_wait wait;
	size_t bytes;
} fl_ws_waiter;

struct fl_ws {
	fl_conn *conn;
	const fl_ws_handler *handler;
	void *state;
	fl_str protocol;
	size_t message_max, queue_max;
	unsigned running, running_max;
	fl_exchange *tasks;       /* running on_message coroutines */
	fl_defer tick;            /* writes the queue; ends what is lost */
	fl_buf queue;
	size_t queue_from;
	fl_ws_waiter *waiters;
	int64_t heard_us;         /* last byte of the peer */
	int64_t progress_us;      /* the queue last shrank, or was empty */
	int64_t ping_every_us;
	uint16_t code;            /* for on_close */
	bool deflate;
	bool close_sent, close_got;
	bool bad;                 /* what it sent cannot be understood: read and drop the rest, so that our close arrives */
	bool shut;                /* everything is sent, the peer must end now */
	bool lost;
	bool waits_writable;
	fl_buf message;           /* of the present message */
	fl_frame frame;
};

/* ws.c: writes the queue, ends what is lost; runs at the tick's end. */
void fl_ws_tick(void *ws);

/* ws_deflate.c: FL_TOO_LARGE when out is full, FL_BAD_REQUEST for what is no deflate stream. */
FL_MUST fl_err fl_ws_inflate(fl_http_server *server, fl_buf *message, fl_buf *out);
/* False: it would not get smaller, or there is no memory: send it plain. */
bool fl_ws_deflate(fl_http_server *server, fl_str text, fl_buf *out);

#endif
