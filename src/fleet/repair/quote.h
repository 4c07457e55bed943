/* Links by which a vendor without an account writes an estimate.
 *
 *	FL_TRY(fl_estimate_ask(ctx, &(fl_estimate_request) { .report = id, .email = FL_STR("shop@example.com") }, &asked));
 *	send(asked.url);                                       // the only time that anybody sees it
 *	...
 *	FL_TRY(fl_quote_open(ctx, token, &quote));             // in another request, by nobody: FL_NOT_FOUND for every wrong
 *token FL_TRY(fl_quote_write(ctx, quote, &draft, true));
 *
 * A token has 44 characters that nobody can guess (255 bits) and is bound to one estimate of one report; the database knows its SHA-256 only.
 * It ends with its time, when it is revoked, and when another takes its place. Opening one makes its company ctx->caller's, with
 * no user and no role: nothing that asks for a permission is open to it, and the functions here show what a workshop needs: the
 * vehicle's make, model, year and plate, the damage, its zones and photos, and its own estimate. Nothing of people, of other
 * vendors, of what we think that it costs. */
#ifndef FL_FLEET_QUOTE_H
#define FL_FLEET_QUOTE_H

#include "fleet/repair/estimate.h"
#include "fleet/report/zone.h"
#include "queue/queue.h"

enum {
	FL_QUOTE_TOKEN_LEN = 44,
	FL_QUOTE_DAYS = 14, /* how long a link lasts when nobody says */
	FL_QUOTE_DAYS_MAX = 180,
	FL_QUOTE_MESSAGE_MAX = 2000,
	FL_QUOTE_USES_A_MINUTE_MAX = 240, /* of one link: a page and its photos count each */
};

/* ---- Who asks ---- */

typedef struct fl_estimate_request {
	fl_uuid report;
	int32_t vendor_id;  /* this or email, or both */
	fl_str email;       /* ptr NULL: the vendor's, where it has one */
	fl_str message;     /* ptr NULL: none */
	int64_t expires_at; /* 0: in FL_QUOTE_DAYS */
	bool mail;          /* send the link to the address, where the server can send mail */
} fl_estimate_request;

typedef struct fl_asked {
	const fl_estimate *estimate;
	fl_str url; /* with the token */
	bool mailed;
	fl_str mail_why; /* why it was not, or not yet, in a sentence; ptr NULL when it was */
} fl_asked;

/* Errors: FL_FORBIDDEN, FL_NOT_FOUND (report, vendor), FL_LIMIT (estimates of the report), FL_BAD_INPUT (address, time, nothing
 * to estimate). A mail that fails is no error: the caller has the link, and the queue tries again, 14 times in about four hours. */
FL_MUST fl_err fl_estimate_ask(fl_ctx *ctx, const fl_estimate_request *request, fl_asked *out);
/* A new link in place of the old one, also for an estimate that was declined or has expired: it is then asked for again. */
FL_MUST fl_err fl_estimate_relink(fl_ctx *ctx, const fl_estimate_pick *pick, int64_t expires_at, bool mail, fl_asked *out);
FL_MUST fl_err fl_estimate_unlink(fl_ctx *ctx, const fl_estimate_pick *pick);

/* Of the queue FL_QUEUE_DELIVER: whether a job sends a link, and the handler for it. Needs services->outbound and ->webhook_key. */
bool fl_quote_mail_is(const fl_job *job);
FL_MUST fl_err fl_quote_mail_job(fl_ctx *ctx, fl_job *job);

/* ---- Who bears the link ---- */

typedef enum fl_quote_state {
	FL_QUOTE_OPEN,    /* can be written and sent in */
	FL_QUOTE_EXPIRED, /* the link's time is over */
	FL_QUOTE_REVOKED, /* the company revoked it, or took the request back */
	FL_QUOTE_ACCEPTED,
	FL_QUOTE_DECLINED,
	FL_QUOTE_OVER, /* nothing is to be repaired any more */
} fl_quote_state;

typedef struct fl_quote {
	fl_quote_state state;
	int64_t expires_at;
	const fl_estimate *estimate; /* its own, with what was sent in last */
	fl_estimate_revision draft;  /* what is being written: the draft, or else what was sent in last, or nothing */
	bool has_draft;
	fl_uuid report_id;
	int32_t vehicle_id, report_version;
	fl_str company, currency, description; /* what follows is empty unless the link is open or accepted */
	fl_str make, model, plate;
	int32_t year;
	fl_zone *zones;
	size_t zone_count;
	fl_photo_row *photos;
	size_t photo_count;
} fl_quote;

/* FL_NOT_FOUND for every wrong token, after the same work; FL_TOO_MANY when this link is used too often. */
FL_MUST fl_err fl_quote_open(fl_ctx *ctx, fl_str token, const fl_quote **out);
/* One photo of an open or accepted quote. FL_NOT_FOUND. */
FL_MUST fl_err fl_quote_photo(fl_ctx *ctx, fl_str token, int32_t number, const fl_photo_row **out);
/* Keeps the draft; send: sends it in as the next revision. Errors: FL_BAD_INPUT (a line, or the quote is not open any more),
 * FL_CONFLICT (sent in meanwhile from elsewhere), FL_LIMIT. */
FL_MUST fl_err fl_quote_write(fl_ctx *ctx, const fl_quote *quote, fl_estimate_draft *draft, bool send);
/* The vendor makes no offer, or none any more. */
FL_MUST fl_err fl_quote_withdraw(fl_ctx *ctx, const fl_quote *quote, fl_str reason);

#endif
