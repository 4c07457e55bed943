/* Links to estimates, from the side of who asks: making, renewing and revoking them, and the mail that carries one. */
#include "fleet/repair/estimate_int.h"
#include "fleet/repair/quote.h"
#include "fleet/registry/registry.h"

/* ---- the link ---- */

typedef struct link {
	char token[FL_QUOTE_TOKEN_LEN];
	fl_sha256 hash;
	int64_t expires_at;
} link;

static fl_err make_link(fl_ctx *ctx, int64_t expires_at, link *out)
{
	int64_t now = fl_now_us();
	out->expires_at = expires_at ? expires_at : now + FL_QUOTE_DAYS * 24 * FL_HOUR_US;
	if (out->expires_at <= now || out->expires_at > now + FL_QUOTE_DAYS_MAX * 24 * FL_HOUR_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a link ends at a time to come, within %d days", FL_QUOTE_DAYS_MAX);
	fl_random_text(out->token, sizeof(out->token));
	out->hash = fl_sha256_of(fl_str_make(out->token, sizeof(out->token)));
	return FL_OK;
}

/* Not by excluded.token_hash: that would need the right to read the column, which nobody has. */
static const fl_sql link_sql = { "estimate_link",
	"INSERT INTO estimate_links AS l (tenant_id, report_id, estimate_id, token_hash, expires_at, made_by) VALUES ($1, $2, "
	"$3, $4, $5, nullif($6, 0))"
	" ON CONFLICT (tenant_id, report_id, estimate_id) DO UPDATE SET token_hash = $4, expires_at = $5,"
	" made_by = nullif($6, 0), made_at = now(), revoked_at = NULL, uses = 0, last_used_at = NULL, minute_at = NULL, "
	"minute_uses = 0",
	.write = true };

static fl_err link_stmt(fl_ctx *ctx, fl_uuid report, int16_t id, const link *made, fl_stmt *out)
{
	fl_args *args = fl_new(ctx->mem, fl_args);
	if (!args)
		return FL_NOMEM;
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, report);
	fl_arg_i16(args, id);
	fl_arg_bytes(args, fl_str_make((const char *)made->hash.bytes, sizeof(made->hash.bytes)));
	fl_arg_time(args, made->expires_at);
	fl_arg_i32(args, ctx->caller.user_id);
	*out = (fl_stmt) { &link_sql, args, NULL };
	return args->err;
}

/* ---- the mail ---- */

static void write_mail(fl_buf *text, const fl_tenant *company, const fl_asked *asked, int64_t expires_at)
{
	char until[FL_TIME_TEXT_MAX];
	size_t len = fl_time_format(expires_at, until);
	fl_buf_fmt(text, "%s asks you for an estimate of a repair.\n\n", company->name);
	if (asked->estimate->message.len) {
		fl_buf_str(text, asked->estimate->message);
		fl_buf_lit(text, "\n\n");
	}
	fl_buf_fmt(text, "The damage, its photos and a form for your estimate are here:\n\n%" FL_FMT "\n\n", FL_ARG(asked->url));
	fl_buf_fmt(text,
		"You need no account. The link is for you: whoever has it can write your estimate. It ends at %.*s UTC.\n",
		(int)FL_MIN(len, 16), until);
}

static fl_err send_mail(fl_ctx *ctx, const fl_asked *asked, int64_t expires_at)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(64 << 10);
	const fl_tenant *company;
	fl_outbound_answer answer;
	fl_str id = fl_uuid_str(ctx->mem, fl_uuid7(fl_now_us()));
	FL_TRY(fl_tenant_get(ctx, &company));
	write_mail(&text, company, asked, expires_at);
	FL_TRY(fl_buf_err(&text));
	return await_outbound_mail(ctx, ctx->services->outbound,
		&(fl_outbound_mail) { .to = asked->estimate->email,
			.subject = fl_str_fmt(ctx->mem, "%s: estimate of a repair", company->name),
			.text = fl_buf_view(&text),
			.message_id = fl_str_fmt(ctx->mem, "%" FL_FMT "@fleet", FL_ARG(id)) },
		&answer);
}

/* What fails is told and no error: the link is made, and the caller has it. */
static void try_mail(fl_ctx *ctx, bool wanted, int64_t expires_at, fl_asked *out)
{
	if (!wanted)
		out->mail_why = FL_STR("no mail was asked for");
	else if (!out->estimate->email.len)
		out->mail_why = FL_STR("no address of the vendor is known");
	else if (!ctx->services->outbound || !fl_outbound_has_mail(ctx->services->outbound))
		out->mail_why = FL_STR("this server sends no mail: FLEET_MAIL_URL is not set");
	else {
		fl_err err = send_mail(ctx, out, expires_at);
		out->mailed = err == FL_OK;
		if (err)
			out->mail_why = fl_str_dup(ctx->mem, fl_str_z(fl_diag_text(&ctx->diag, err)));
		ctx->diag.text[0] = 0;
	}
}

static fl_err finish(fl_ctx *ctx, fl_uuid report, int16_t id, const link *made, bool mail, fl_asked *out)
{
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	*out = (fl_asked) {};
	FL_TRY(fl_estimate_get(ctx, report, id, &out->estimate));
	out->url = fl_str_fmt(ctx->mem, "%s/quote/%.*s", ctx->services->public_url, FL_QUOTE_TOKEN_LEN, made->token);
	if (!out->url.ptr)
		return FL_NOMEM;
	try_mail(ctx, mail, made->expires_at, out);
	return FL_OK;
}

/* ---- asking ---- */

static fl_err check_email(fl_ctx *ctx, fl_str text)
{
	const fl_field *field = &fl_record_vendor.fields[fl_record_field(&fl_record_vendor, "email")];
	fl_value value = { .given = true, .text = text };
	return fl_field_check(ctx->mem, &ctx->diag, field, &value);
}

/* Who is asked, and where. */
static fl_err address(fl_ctx *ctx, const fl_estimate_request *request, fl_estimate *out)
{
	fl_vendor *vendors;
	size_t count = 0;
	fl_str email = fl_str_trim(request->email);
	if (request->vendor_id) {
		FL_TRY(fl_vendors_get(ctx, &request->vendor_id, 1, &vendors, &count));
		if (count == 0 || vendors->retired_at)
			return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vendor %d in use", request->vendor_id);
		out->vendor_id = vendors->id;
		out->vendor = vendors->name;
		if (!email.len)
			email = vendors->email;
	}
	if (!request->vendor_id && !email.len)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "who shall estimate it? Name a vendor or an e-mail address");
	if (email.len)
		FL_TRY(check_email(ctx, email));
	out->email = email.len ? email : (fl_str) {};
	if (!out->vendor.ptr)
		out->vendor = email;
	return FL_OK;
}

static fl_err ask(fl_ctx *ctx, fl_tx *tx, const fl_estimate_request *request, const link *made, fl_estimate *after)
{
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all;
	size_t count;
	fl_stmt stmts[FL_ESTIMATE_STMTS + 1];
	FL_TRY(fl_estimate_begin(ctx, tx, request->report, &report, &policy));
	FL_TRY(fl_estimate_wanted(ctx, report));
	FL_TRY(fl_estimates_lock(ctx, tx, request->report, &all, &count));
	if (count >= FL_ESTIMATES_MAX)
		return fl_fail(&ctx->diag, FL_LIMIT, "a report has at most %d estimates", FL_ESTIMATES_MAX);
	after->id = (int16_t)(count ? all[count - 1].id + 1 : 1);
	const fl_estimate_report of = fl_estimate_report_of(report);
	const fl_estimate_change c = { .after = *after, .event = FL_EVENT_ESTIMATE_REQUESTED };
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	FL_TRY(link_stmt(ctx, request->report, after->id, made, &stmts[FL_ESTIMATE_STMTS]));
	return await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
}

fl_err fl_estimate_ask(fl_ctx *ctx, const fl_estimate_request *request, fl_asked *out)
{
	fl_str message = fl_str_trim(request->message);
	fl_estimate after = { .state = FL_ESTIMATE_REQUESTED,
		.requested_by = ctx->caller.user_id,
		.message = message.len ? message : (fl_str) {} };
	link made;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(fl_text_check(&ctx->diag, "the message", message, FL_QUOTE_MESSAGE_MAX));
	FL_TRY(make_link(ctx, request->expires_at, &made));
	FL_TRY(address(ctx, request, &after));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(ask(ctx, &tx, request, &made, &after));
	}
	return finish(ctx, request->report, after.id, &made, request->mail, out);
}

/* ---- again, and no more ---- */

static fl_err may_relink(fl_ctx *ctx, const fl_estimate *before, fl_estimate *after)
{
	fl_str state = fl_estimate_state_name(before->state);
	fl_estimate_state again = fl_estimate_step((fl_estimate_state)before->state, FL_ESTIMATE_REQUEST);
	*after = *before;
	if (again) {
		after->state = (int16_t)again;
		after->before_choice = 0;
		after->decided_by = 0;
		after->reason = (fl_str) {};
		return FL_OK;
	}
	return fl_estimate_step((fl_estimate_state)before->state, FL_ESTIMATE_SUBMIT)
		       ? FL_OK
		       : fl_fail(&ctx->diag, FL_BAD_INPUT, "this estimate is %" FL_FMT ": nothing more can be sent in",
				 FL_ARG(state));
}

static fl_err relink(fl_ctx *ctx, fl_tx *tx, const fl_estimate_pick *pick, const link *made)
{
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all;
	size_t count;
	fl_stmt stmts[FL_ESTIMATE_STMTS + 1];
	fl_estimate_change c = { .event = FL_EVENT_ESTIMATE_LINKED };
	FL_TRY(fl_estimate_begin(ctx, tx, pick->report, &report, &policy));
	FL_TRY(fl_estimate_wanted(ctx, report));
	FL_TRY(fl_estimates_lock(ctx, tx, pick->report, &all, &count));
	FL_TRY(fl_estimate_pick_of(ctx, all, count, pick, &c.before));
	FL_TRY(may_relink(ctx, c.before, &c.after));
	const fl_estimate_report of = fl_estimate_report_of(report);
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	FL_TRY(link_stmt(ctx, pick->report, pick->id, made, &stmts[FL_ESTIMATE_STMTS]));
	return await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
}

fl_err fl_estimate_relink(fl_ctx *ctx, const fl_estimate_pick *pick, int64_t expires_at, bool mail, fl_asked *out)
{
	link made;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(make_link(ctx, expires_at, &made));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(relink(ctx, &tx, pick, &made));
	}
	return finish(ctx, pick->report, pick->id, &made, mail, out);
}

static const fl_sql unlink_sql = { "estimate_unlink",
	"UPDATE estimate_links SET revoked_at = now() WHERE report_id = $1 AND estimate_id = $2 AND revoked_at IS NULL",
	.write = true };

fl_err fl_estimate_unlink(fl_ctx *ctx, const fl_estimate_pick *pick)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all;
	size_t count;
	fl_args args = fl_args_make(ctx->mem);
	fl_stmt stmts[FL_ESTIMATE_STMTS + 1];
	fl_estimate_change c = { .event = FL_EVENT_ESTIMATE_UNLINKED };
	FL_TRY(fl_estimate_begin(ctx, &tx, pick->report, &report, &policy));
	FL_TRY(fl_estimates_lock(ctx, &tx, pick->report, &all, &count));
	FL_TRY(fl_estimate_pick_of(ctx, all, count, pick, &c.before));
	if (!c.before->has_link || c.before->link_revoked)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "no link leads to this estimate");
	c.after = *c.before;
	const fl_estimate_report of = fl_estimate_report_of(report);
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	fl_arg_uuid(&args, pick->report);
	fl_arg_i16(&args, pick->id);
	stmts[FL_ESTIMATE_STMTS] = (fl_stmt) { &unlink_sql, &args, NULL };
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
