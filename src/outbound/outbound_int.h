/* Inside outbound/: the client and its thread. */
#ifndef FL_OUTBOUND_INT_H
#define FL_OUTBOUND_INT_H

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "outbound/outbound.h"

/* Who still cares for a transfer. Either side leaves WAITING once: the coroutine by DROPPED, then the thread frees; the thread by
 * DONE, then the coroutine is woken, now or very soon, and frees. */
enum { WAITING, DROPPED, DONE };

typedef struct transfer {
	struct transfer *next; /* in the line of new ones */
	fl_outbound *owner;
	fl_loop *loop;
	CURL *easy;
	struct curl_slist *list; /* headers, or the receiver of a mail */
	char *body;              /* a copy */
	size_t body_len, body_sent;
	bool refused, is_mail; /* refused: the address was not public */
	atomic_int state;
	CURLcode result;
	char why[CURL_ERROR_SIZE];
	int status;
	int64_t started_us, took_us;
	char answer[FL_OUTBOUND_ANSWER_MAX];
	size_t answer_len;
	fl_wait wait; /* of the loop's thread */
} transfer;

struct fl_outbound {
	char *allow, *mail_url, *mail_from;
	CURLM *multi;
	pthread_t thread;
	pthread_mutex_t lock;
	transfer *first, **last; /* handed over, not begun */
	bool closing;
	atomic_int under_way;
};

bool outbound_public(const struct sockaddr *address);
bool outbound_allowed(const fl_outbound *o, const struct sockaddr *address);

/* client.c: hands t over and waits; frees it. */
FL_MUST fl_err outbound_run(fl_ctx *ctx, fl_outbound *o, transfer *t, fl_outbound_answer *out);
transfer *outbound_transfer_new(fl_outbound *o, fl_str body);
void outbound_transfer_free(transfer *t);

#endif
