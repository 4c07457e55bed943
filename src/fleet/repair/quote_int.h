/* What making a link to an estimate and sending it share. */
#ifndef FL_FLEET_QUOTE_INT_H
#define FL_FLEET_QUOTE_INT_H

#include "fleet/repair/estimate_int.h"
#include "fleet/repair/quote.h"

enum { FL_LINK_NONCE_LEN = 22, FL_LINK_STMTS = 2 };

/* The token follows from the server's own key, the estimate and the nonce, so that it can be made again to send it, and still is
 * nowhere: a copy of the database has its hash, and in the job that waits the nonce. */
typedef struct fl_quote_link {
	fl_uuid report;
	int16_t estimate;
	char nonce[FL_LINK_NONCE_LEN];
	bool mailed; /* a job sends it */
	int64_t expires_at;
	char token[FL_QUOTE_TOKEN_LEN]; /* by fl_quote_link_token, as the hash */
	fl_sha256 hash;
} fl_quote_link;

void fl_quote_link_token(fl_ctx *ctx, fl_quote_link *link);
fl_str fl_quote_link_url(fl_ctx *ctx, const fl_quote_link *link); /* ptr NULL: no memory */

/* Why nothing can be sent at all, in a sentence; NULL: it can. */
const char *fl_quote_mail_why_not(fl_ctx *ctx, const fl_estimate *estimate);
/* The job that sends it, for the transaction that makes the link. It looks some time after the try below, for the case that this
 * process dies before, and soon when that fails. */
FL_MUST fl_err fl_quote_mail_add(fl_ctx *ctx, const fl_quote_link *link, fl_stmt *out);
/* Sends it now. What fails is told and no error: the caller has the link, and the job goes on. */
void fl_quote_mail_try(fl_ctx *ctx, const fl_quote_link *link, const fl_estimate *estimate, fl_asked *out);

#endif
