/* outbound: requests that leave the house: HTTP POST to addresses that customers choose, and mail through the operator's server.
 *
 *	fl_outbound_open(&(fl_outbound_opts){ .allow = "" }, &diag, &client);
 *	fl_outbound_answer answer;
 *	FL_TRY(await_outbound_post(ctx, client, &(fl_outbound_post){ .url = url, .headers = headers, .header_count = 3, .body =
 *json }, &answer));
 *
 * An address that a customer chose is hostile: it may name the inside of our network. So each connection is checked at the moment
 * it is opened, by the address that the name led to and not by the name: private, loopback, link-local, multicast and other
 * addresses that are not of the public internet are refused (FL_FORBIDDEN), but those that the operator allows by name and port.
 * http and https only, https only for addresses that are not allowed so; no redirects, no proxy of the environment, no
 * names or passwords in the URL, certificates are checked, answers are read up to a limit and thrown away beyond it.
 *
 * libcurl runs in one thread of the client; loops hand requests over and are woken through their mailbox. At most
 * FL_OUTBOUND_MAX are under way, FL_BUSY beyond. Any loop may use a client. */
#ifndef FL_OUTBOUND_H
#define FL_OUTBOUND_H

#include "io/io.h"

enum {
	FL_OUTBOUND_MAX = 64,
	FL_OUTBOUND_URL_MAX = 2000,
	FL_OUTBOUND_HEADERS_MAX = 8,
	FL_OUTBOUND_ANSWER_MAX = 2048, /* bytes of an answer that are kept */
};

typedef struct fl_outbound fl_outbound;

typedef struct fl_outbound_opts {
	const char *allow;     /* "127.0.0.1:9000,10.1.2.3:443": addresses inside that may be reached all the same; NULL: none */
	const char *mail_url;  /* "smtp://host:25", "smtps://user:password@host"; NULL or empty: no mail */
	const char *mail_from; /* "fleet@example.com" */
} fl_outbound_opts;

FL_MUST fl_err fl_outbound_open(const fl_outbound_opts *opts, fl_diag *diag, fl_outbound **out);
/* Ends what is under way with FL_CLOSED. NULL is fine. */
void fl_outbound_close(fl_outbound *o);
bool fl_outbound_has_mail(const fl_outbound *o);

/* What can be said about a URL before its name is looked up. FL_BAD_INPUT, FL_FORBIDDEN with a sentence for who chose it. */
FL_MUST fl_err fl_outbound_check_url(const fl_outbound *o, fl_str url, fl_diag *diag);
/* Whether an address, "192.0.2.7" or "2001:db8::1", is of the public internet. */
bool fl_outbound_is_public(const char *address);

typedef struct fl_outbound_post {
	fl_str url, body;
	fl_str headers[FL_OUTBOUND_HEADERS_MAX]; /* "Name: value"; no line breaks */
	size_t header_count;
	int64_t timeout_us; /* 0: 10 s */
} fl_outbound_post;

typedef struct fl_outbound_answer {
	int status; /* of HTTP or SMTP; 0: there was none */
	int64_t took_us;
	fl_str body; /* its beginning, in ctx->mem */
} fl_outbound_answer;

/* FL_OK: there was an answer, whatever its status. FL_FORBIDDEN, FL_UNAVAILABLE (no connection), FL_TIMEOUT, FL_BUSY,
 * FL_BAD_INPUT; ctx->diag says what happened in words for the owner of the address. */
FL_MUST fl_err await_outbound_post(fl_ctx *ctx, fl_outbound *o, const fl_outbound_post *post, fl_outbound_answer *out);

typedef struct fl_outbound_mail {
	fl_str to, subject, text; /* UTF-8; to is one bare address; text in lines */
	fl_str message_id;        /* unique: who gets it twice can tell */
} fl_outbound_mail;

/* FL_OK: the mail server took it. */
FL_MUST fl_err await_outbound_mail(fl_ctx *ctx, fl_outbound *o, const fl_outbound_mail *mail, fl_outbound_answer *out);

#endif
