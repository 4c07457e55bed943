/* Links to estimates, from the side of who asks: making, renewing and revoking them. quote_mail.c sends them. */
#include "fleet/registry/registry.h"
#include "fleet/repair/quote_int.h"

/* ---- the link ---- */

static fl_err make_link(fl_ctx *ctx, int64_t expires_at, fl_quote_link *out)
{
	int64_t now = fl_now_us();
	out->expires_at = expires_at ? expires_at : now + FL_QUOTE_DAYS * 24 * FL_HOUR_US;
	if (out->expires_at <= now || out->expires_at > now + FL_QUOTE_DAYS_MAX * 24 * FL_HOUR_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a link ends at a time to come, within %d days", FL_QUOTE_DAYS_MAX);
	fl_random_text(out->nonce, sizeof(out->nonce));
	return FL_OK;
}

/* Not by excluded.token_hash: that would need the right to read the column, which nobody has. */
static const fl_sql link_sql = { "estimate_link",
	"INSERT INTO estimate_links AS l (tenant_id, report_id, estimate_id, token_hash, expires_at, made_by, mail_state) VALUES "
	"($1, $2, $3, $4, $5, nullif($6, 0), nullif($7, 0::int2))"
	" ON CONFLICT (tenant_id, report_id, estimate_id) DO UPDATE SET token_hash = $4, expires_at = $5,"
	" made_by = nullif($6, 0), made_at = now(), revoked_at = NULL, uses = 0, last_used_at = NULL, minute_at = NULL, "
	"minute_uses = 0, mail_state = nullif($7, 0::int2), mail_tries = 0, mail_tried_at = NULL, mail_why = NULL",
	.write = true };

/* One statement, and the job that sends it where a mail is wanted; the token becomes known as soon as the estimate has its number. */
static fl_err link_stmts(fl_ctx *ctx, const fl_estimate *estimate, fl_uuid report, bool mail, fl_quote_link *made, fl_stmt out[FL_LINK_STMTS], int *count)
{
	fl_args *args = fl_new(ctx->mem, fl_args);
	if (!args)
		return FL_NOMEM;
	made->report = report;
	made->estimate = estimate->id;
	made->mailed = mail && fl_quote_mail_why_not(ctx, estimate) == NULL;
	fl_quote_link_token(ctx, made);
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, report);
	fl_arg_i16(args, estimate->id);
	fl_arg_bytes(args, fl_str_make((const char *)made->hash.bytes, sizeof(made->hash.bytes)));
	fl_arg_time(args, made->expires_at);
	fl_arg_i32(args, ctx->caller.user_id);
	fl_arg_i16(args, made->mailed ? FL_LINK_MAIL_WAITING : 0);
	out[0] = (fl_stmt) { &link_sql, args, NULL };
	*count = 1;
	if (made->mailed)
		FL_TRY(fl_quote_mail_add(ctx, made, &out[(*count)++]));
	return args->err;
}

static fl_err finish(fl_ctx *ctx, const fl_quote_link *made, bool mail, fl_asked *out)
{
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	*out = (fl_asked) {};
	FL_TRY(fl_estimate_get(ctx, made->report, made->estimate, &out->estimate));
	out->url = fl_quote_link_url(ctx, made);
	if (!out->url.ptr)
		return FL_NOMEM;
	if (!mail) {
		out->mail_why = FL_STR("no mail was asked for");
		return FL_OK;
	}
	if (!made->mailed) {
		out->mail_why = fl_str_z(fl_quote_mail_why_not(ctx, out->estimate));
		return FL_OK;
	}
	fl_quote_mail_try(ctx, made, out->estimate, out);
	return fl_estimate_get(ctx, made->report, made->estimate, &out->estimate);
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

static fl_err ask(fl_ctx *ctx, fl_tx *tx, const fl_estimate_request *request, fl_quote_link *made, fl_estimate *after)
{
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all;
	size_t count;
	fl_stmt stmts[FL_ESTIMATE_STMTS + FL_LINK_STMTS];
	int links;
	FL_TRY(fl_estimate_begin(ctx, tx, request->report, &report, &policy));
	FL_TRY(fl_estimate_wanted(ctx, report));
	FL_TRY(fl_estimates_lock(ctx, tx, request->report, &all, &count));
	if (count >= FL_ESTIMATES_MAX)
		return fl_fail(&ctx->diag, FL_LIMIT, "a report has at most %d estimates", FL_ESTIMATES_MAX);
	after->id = (int16_t)(count ? all[count - 1].id + 1 : 1);
	const fl_estimate_report of = fl_estimate_report_of(report);
	const fl_estimate_change c = { .after = *after, .event = FL_EVENT_ESTIMATE_REQUESTED };
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	FL_TRY(link_stmts(ctx, after, request->report, request->mail, made, &stmts[FL_ESTIMATE_STMTS], &links));
	return await_commit_with(ctx, tx, stmts, FL_ESTIMATE_STMTS + links);
}

fl_err fl_estimate_ask(fl_ctx *ctx, const fl_estimate_request *request, fl_asked *out)
{
	fl_str message = fl_str_trim(request->message);
	fl_estimate after = { .state = FL_ESTIMATE_REQUESTED,
		.requested_by = ctx->caller.user_id,
		.message = message.len ? message : (fl_str) {} };
	fl_quote_link made = {};
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(fl_text_check(&ctx->diag, "the message", message, FL_QUOTE_MESSAGE_MAX));
	FL_TRY(make_link(ctx, request->expires_at, &made));
	FL_TRY(address(ctx, request, &after));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(ask(ctx, &tx, request, &made, &after));
	}
	return finish(ctx, &made, request->mail, out);
}

/* ---- again, and no more ---- */

static fl_err may_relink(fl_ctx *ctx, const fl_estimate *before, fl_estimate *after)
{
	fl_str state = fl_life_state(&fl_estimate_life, before->state);
	int again = fl_life_next(&fl_estimate_life, before->state, FL_ESTIMATE_REQUEST);
	*after = *before;
	if (again) {
		after->state = (int16_t)again;
		after->before_choice = 0;
		after->decided_by = 0;
		after->reason = (fl_str) {};
		return FL_OK;
	}
	return fl_life_next(&fl_estimate_life, before->state, FL_ESTIMATE_SUBMIT)
		       ? FL_OK
		       : fl_fail(&ctx->diag, FL_BAD_INPUT, "this estimate is %" FL_FMT ": nothing more can be sent in",
				 FL_ARG(state));
}

static fl_err relink(fl_ctx *ctx, fl_tx *tx, const fl_estimate_pick *pick, bool mail, fl_quote_link *made)
{
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all;
	size_t count;
	fl_stmt stmts[FL_ESTIMATE_STMTS + FL_LINK_STMTS];
	int links;
	fl_estimate_change c = { .event = FL_EVENT_ESTIMATE_LINKED };
	FL_TRY(fl_estimate_begin(ctx, tx, pick->report, &report, &policy));
	FL_TRY(fl_estimate_wanted(ctx, report));
	FL_TRY(fl_estimates_lock(ctx, tx, pick->report, &all, &count));
	FL_TRY(fl_estimate_pick_of(ctx, all, count, pick, &c.before));
	FL_TRY(may_relink(ctx, c.before, &c.after));
	const fl_estimate_report of = fl_estimate_report_of(report);
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	FL_TRY(link_stmts(ctx, &c.after, pick->report, mail, made, &stmts[FL_ESTIMATE_STMTS], &links));
	return await_commit_with(ctx, tx, stmts, FL_ESTIMATE_STMTS + links);
}

fl_err fl_estimate_relink(fl_ctx *ctx, const fl_estimate_pick *pick, int64_t expires_at, bool mail, fl_asked *out)
{
	fl_quote_link made = {};
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(make_link(ctx, expires_at, &made));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(relink(ctx, &tx, pick, mail, &made));
	}
	return finish(ctx, &made, mail, out);
}

static const fl_sql unlink_sql = { "estimate_unlink",
	"UPDATE estimate_links SET revoked_at = now(), mail_why = CASE mail_state WHEN 1 THEN 'the link was revoked before it went' ELSE mail_why END,"
	" mail_state = CASE mail_state WHEN 1 THEN 3 ELSE mail_state END WHERE report_id = $1 AND estimate_id = $2 AND revoked_at IS NULL",
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
