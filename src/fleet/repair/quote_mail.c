/* The mail that carries a link to a vendor: tried at once, and then by the queue until it went. */
#include "fleet/repair/quote_int.h"

/* When the queue looks for the first time by itself: when the try at once has ended for certain. */
#define LATER_US FL_MINUTE_US
enum { TRIES_MAX = 14 }; /* in about four hours, as alerts */

/* ---- the link ---- */

void fl_quote_link_token(fl_ctx *ctx, fl_quote_link *link)
{
	fl_str report = fl_uuid_str(ctx->mem, link->report);
	fl_str about = fl_str_fmt(ctx->mem, "quote:%d:%" FL_FMT ":%d:%.*s", ctx->caller.tenant_id, FL_ARG(report), link->estimate,
		FL_LINK_NONCE_LEN, link->nonce);
	fl_derived_text(ctx->services->webhook_key, about, link->token, sizeof(link->token));
	link->hash = fl_sha256_of(fl_str_make(link->token, sizeof(link->token)));
}

fl_str fl_quote_link_url(fl_ctx *ctx, const fl_quote_link *link)
{
	return fl_str_fmt(ctx->mem, "%s/quote/%.*s", ctx->services->public_url, FL_QUOTE_TOKEN_LEN, link->token);
}

/* ---- the mail ---- */

typedef struct letter {
	fl_str to, message; /* message ptr NULL: none */
	int64_t expires_at;
} letter;

static void write_mail(fl_buf *text, const fl_tenant *company, const letter *l, fl_str url)
{
	char until[FL_TIME_TEXT_MAX];
	size_t len = fl_time_format(l->expires_at, until);
	fl_buf_fmt(text, "%s asks you for an estimate of a repair.\n\n", company->name);
	if (l->message.len) {
		fl_buf_str(text, l->message);
		fl_buf_lit(text, "\n\n");
	}
	fl_buf_fmt(text, "The damage, its photos and a form for your estimate are here:\n\n%" FL_FMT "\n\n", FL_ARG(url));
	fl_buf_fmt(text,
		"You need no account. The link is for you: whoever has it can write your estimate. It ends at %.*s UTC.\n",
		(int)FL_MIN(len, 16), until);
}

static fl_err send_mail(fl_ctx *ctx, const fl_quote_link *link, const letter *l)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(64 << 10);
	const fl_tenant *company;
	fl_outbound_answer answer;
	fl_str url = fl_quote_link_url(ctx, link);
	FL_TRY(fl_tenant_get(ctx, &company));
	write_mail(&text, company, l, url);
	FL_TRY(fl_buf_err(&text));
	/* By the nonce: who gets it twice, as after a try of which nobody knows how it ended, can tell. */
	return await_outbound_mail(ctx, ctx->services->outbound,
		&(fl_outbound_mail) { .to = l->to,
			.subject = fl_str_fmt(ctx->mem, "%s: estimate of a repair", company->name),
			.text = fl_buf_view(&text),
			.message_id = fl_str_fmt(ctx->mem, "%.*s@fleet", FL_LINK_NONCE_LEN, link->nonce) },
		&answer);
}

const char *fl_quote_mail_why_not(fl_ctx *ctx, const fl_estimate *estimate)
{
	if (!estimate->email.len)
		return "no address of the vendor is known";
	if (!ctx->services->outbound || !fl_outbound_has_mail(ctx->services->outbound))
		return "this server sends no mail: FLEET_MAIL_URL is not set";
	return NULL;
}

/* ---- the job ---- */

static fl_str key_of(fl_ctx *ctx, const fl_quote_link *link)
{
	return fl_str_fmt(ctx->mem, "quote:%.*s", FL_LINK_NONCE_LEN, link->nonce);
}

fl_err fl_quote_mail_add(fl_ctx *ctx, const fl_quote_link *link, fl_stmt *out)
{
	fl_str report = fl_uuid_str(ctx->mem, link->report), key = key_of(ctx, link);
	fl_str payload = fl_str_fmt(ctx->mem, "{\"quote\":\"%" FL_FMT "\",\"estimate\":%d,\"nonce\":\"%.*s\"}", FL_ARG(report), link->estimate,
		FL_LINK_NONCE_LEN, link->nonce);
	if (!payload.ptr || !key.ptr)
		return FL_NOMEM;
	*out = fl_job_add(ctx->mem,
		&(fl_job_new) { .queue = FL_QUEUE_DELIVER, .payload = payload, .dedupe = key, .priority = 3, .attempts_max = TRIES_MAX, .delay_us = LATER_US });
	return FL_OK;
}

static const fl_sql noted_sql = { "quote_mail_noted", "SELECT quote_mail_noted($1, $2, $3, $4, $5, $6)", .write = true };

static fl_err noted_args(fl_ctx *ctx, const fl_quote_link *link, fl_link_mail state, fl_str why, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_uuid(args, link->report);
	fl_arg_i16(args, link->estimate);
	fl_arg_bytes(args, fl_str_make((const char *)link->hash.bytes, sizeof(link->hash.bytes)));
	fl_arg_i16(args, (int16_t)state);
	fl_arg_text(args, why);
	fl_arg_text(args, key_of(ctx, link));
	return args->err;
}

static fl_err note(fl_ctx *ctx, const fl_quote_link *link, fl_link_mail state, fl_str why)
{
	fl_args args;
	FL_TRY(noted_args(ctx, link, state, why, &args));
	return await_query(ctx, ctx->services->db, &noted_sql, &args, NULL);
}

/* No later try can help. */
static bool is_final(fl_err err)
{
	return err == FL_BAD_INPUT || err == FL_FORBIDDEN;
}

void fl_quote_mail_try(fl_ctx *ctx, const fl_quote_link *link, const fl_estimate *estimate, fl_asked *out)
{
	const letter l = { estimate->email, estimate->message, link->expires_at };
	fl_err err = send_mail(ctx, link, &l);
	fl_str why = err == FL_OK ? (fl_str) {} : fl_str_dup(ctx->mem, fl_str_z(fl_diag_text(&ctx->diag, err)));
	fl_link_mail state = err == FL_OK ? FL_LINK_MAIL_SENT : is_final(err) ? FL_LINK_MAIL_FAILED : FL_LINK_MAIL_WAITING;
	out->mailed = err == FL_OK;
	if (err != FL_OK)
		out->mail_why = is_final(err) ? why : fl_str_fmt(ctx->mem, "%" FL_FMT "; it is tried again", FL_ARG(why));
	/* When this is lost the job sends it once more, and says so. */
	if (note(ctx, link, state, why) != FL_OK)
		fl_warn("a mail with a link was tried, and that cannot be noted: %s", ctx->diag.text);
	ctx->diag.text[0] = 0;
}

/* What is to be sent, while it is: *found false when the link ended, or another took its place. */
static fl_err due(fl_ctx *ctx, const fl_quote_link *link, letter *out, bool *found)
{
	static const fl_sql sql = { "quote_mail_due", "SELECT email, message, expires_at FROM quote_mail_due($1, $2, $3)" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, link->report);
	fl_arg_i16(&args, link->estimate);
	fl_arg_bytes(&args, fl_str_make((const char *)link->hash.bytes, sizeof(link->hash.bytes)));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*found = rows->count > 0;
	if (*found)
		*out = (letter) { fl_row_text(rows, 0, 0), fl_row_text(rows, 0, 1), fl_row_time(rows, 0, 2) };
	return FL_OK;
}

static fl_err read_job(fl_ctx *ctx, const fl_job *job, fl_quote_link *out)
{
	const fl_json *json;
	FL_TRY(fl_json_parse(ctx->mem, job->payload, &json, &ctx->diag));
	fl_str nonce = fl_json_str(fl_json_get(json, FL_STR("nonce")), FL_STR(""));
	if (nonce.len != FL_LINK_NONCE_LEN || !fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("quote")), FL_STR("")), &out->report))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the job names no link");
	memcpy(out->nonce, nonce.ptr, FL_LINK_NONCE_LEN);
	out->estimate = (int16_t)fl_json_int(fl_json_get(json, FL_STR("estimate")), 0);
	fl_quote_link_token(ctx, out);
	return FL_OK;
}

static fl_err sent(fl_ctx *ctx, fl_job *job, const fl_quote_link *link)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args args;
	FL_TRY(noted_args(ctx, link, FL_LINK_MAIL_SENT, (fl_str) {}, &args));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(await_tx_query(ctx, &tx, &noted_sql, &args, NULL));
	return await_job_commit(ctx, &tx, job);
}

static fl_err failed(fl_ctx *ctx, fl_job *job, const fl_quote_link *link, fl_err err)
{
	fl_diag why = ctx->diag;
	job->final = is_final(err);
	bool last = job->final || job->attempt >= job->attempts_max;
	FL_TRY(note(ctx, link, last ? FL_LINK_MAIL_FAILED : FL_LINK_MAIL_WAITING, fl_str_z(fl_diag_text(&why, err))));
	ctx->diag = why;
	return err;
}

bool fl_quote_mail_is(const fl_job *job)
{
	return fl_str_find(job->payload, FL_STR("\"quote\"")) >= 0;
}

fl_err fl_quote_mail_job(fl_ctx *ctx, fl_job *job)
{
	fl_quote_link link = {};
	letter l;
	bool found;
	FL_TRY(read_job(ctx, job, &link));
	FL_TRY(due(ctx, &link, &l, &found));
	if (!found)
		return note(ctx, &link, FL_LINK_MAIL_FAILED, FL_STR("the link ended before it went"));
	fl_err err = send_mail(ctx, &link, &l);
	if (err == FL_CANCELLED)
		return err; /* the lease is lost, or this process ends: another tries */
	return err == FL_OK ? sent(ctx, job, &link) : failed(ctx, job, &link, err);
}
