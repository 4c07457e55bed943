/* Links to estimates, from the side of who bears one. */
#include "fleet/repair/quote.h"
#include "fleet/repair/estimate_int.h"

/* ---- opening ---- */

typedef struct entry {
	fl_uuid report_id;
	int16_t estimate_id;
	int64_t expires_at;
	bool revoked;
} entry;

static fl_err not_found(fl_ctx *ctx)
{
	return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such page");
}

/* Whatever the token is, its hash is looked up: a wrong one costs what a right one does. */
static fl_err enter(fl_ctx *ctx, fl_str token, entry *out)
{
	static const fl_sql sql = { "quote_enter",
		"SELECT tenant_id, report_id, estimate_id, expires_at, revoked, too_many FROM quote_enter($1, $2)",
		.generic = true, .write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_sha256 hash = fl_sha256_of(token);
	ctx->caller = (fl_caller) {};
	fl_arg_bytes(&args, fl_str_make((const char *)hash.bytes, sizeof(hash.bytes)));
	fl_arg_i32(&args, FL_QUOTE_USES_A_MINUTE_MAX);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0)
		return not_found(ctx);
	if (fl_row_bool(rows, 0, 5))
		return fl_fail(&ctx->diag, FL_TOO_MANY, "this link was used too often within a minute; wait a little");
	*out = (entry) { fl_row_uuid(rows, 0, 1), fl_row_i16(rows, 0, 2), fl_row_time(rows, 0, 3), fl_row_bool(rows, 0, 4) };
	ctx->caller = (fl_caller) { .tenant_id = fl_row_i32(rows, 0, 0), .name = FL_STR("a vendor") };
	return FL_OK;
}

static fl_quote_state state_of(const entry *e, const fl_estimate *estimate, fl_stage stage)
{
	fl_status status = fl_stage_status(stage);
	if (e->revoked || estimate->state == FL_ESTIMATE_WITHDRAWN)
		return FL_QUOTE_REVOKED;
	if (e->expires_at <= fl_now_us())
		return FL_QUOTE_EXPIRED;
	if (estimate->state == FL_ESTIMATE_ACCEPTED)
		return FL_QUOTE_ACCEPTED;
	if (estimate->state == FL_ESTIMATE_DECLINED)
		return FL_QUOTE_DECLINED;
	if (status == FL_STATUS_REJECTED || status == FL_STATUS_COMPLETED || stage == FL_STAGE_DRAFT)
		return FL_QUOTE_OVER;
	return FL_QUOTE_OPEN;
}

static const fl_sql facts_sql = { "quote_facts",
	"SELECT r.vehicle_id, r.version, coalesce(r.stage, stage_of_status(r.status)), t.name, t.currency, r.description, "
	"v.make, v.model, v.plate, v.year"
	" FROM damage_reports r JOIN tenants t ON t.id = r.tenant_id JOIN vehicles v ON v.tenant_id = r.tenant_id AND v.id = "
	"r.vehicle_id"
	" WHERE r.id = $1",
	.generic = true };

static fl_err read_facts(fl_ctx *ctx, const entry *e, fl_quote *out)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, e->report_id);
	FL_TRY(await_query(ctx, ctx->services->db, &facts_sql, &args, &rows));
	if (rows->count == 0)
		return not_found(ctx);
	out->vehicle_id = fl_row_i32(rows, 0, 0);
	out->report_version = fl_row_i32(rows, 0, 1);
	out->state = state_of(e, out->estimate, (fl_stage)fl_row_i16(rows, 0, 2));
	out->company = fl_row_text(rows, 0, 3);
	out->currency = fl_row_text(rows, 0, 4);
	if (out->state != FL_QUOTE_OPEN && out->state != FL_QUOTE_ACCEPTED)
		return FL_OK;
	out->description = fl_row_text(rows, 0, 5);
	out->make = fl_row_text(rows, 0, 6);
	out->model = fl_row_text(rows, 0, 7);
	out->plate = fl_row_text(rows, 0, 8);
	out->year = fl_row_i16(rows, 0, 9);
	return FL_OK;
}

/* What was saved and not sent in, or else what was sent in last: the next revision begins as the last one. */
static fl_err read_draft(fl_ctx *ctx, fl_quote *q)
{
	FL_TRY(fl_estimate_draft_read(
		ctx, NULL, q->report_id, q->estimate->id, (int16_t)(q->estimate->now.number + 1), &q->draft));
	q->has_draft = q->draft.number != 0;
	if (!q->has_draft && q->estimate->now.number)
		q->draft = q->estimate->now;
	return FL_OK;
}

static fl_err open_quote(fl_ctx *ctx, fl_str token, fl_quote **out)
{
	entry e = {};
	fl_quote *q = fl_new(ctx->mem, fl_quote);
	if (!q)
		return FL_NOMEM;
	FL_TRY(enter(ctx, token, &e));
	q->report_id = e.report_id;
	q->expires_at = e.expires_at;
	FL_TRY(fl_estimate_one(ctx, e.report_id, e.estimate_id, &q->estimate));
	FL_TRY(read_facts(ctx, &e, q));
	*out = q;
	return FL_OK;
}

static bool shows(const fl_quote *q)
{
	return q->state == FL_QUOTE_OPEN || q->state == FL_QUOTE_ACCEPTED;
}

fl_err fl_quote_open(fl_ctx *ctx, fl_str token, const fl_quote **out)
{
	fl_quote *q = NULL;
	FL_TRY(open_quote(ctx, token, &q));
	if (shows(q)) {
		FL_TRY(read_draft(ctx, q));
		FL_TRY(fl_zones_of_reports(ctx, &q->report_id, 1, &q->zones, &q->zone_count));
		FL_TRY(fl_photos_of_reports(ctx, &q->report_id, 1, FL_PHOTO_ALL, &q->photos, &q->photo_count));
	}
	*out = q;
	return FL_OK;
}

fl_err fl_quote_photo(fl_ctx *ctx, fl_str token, int32_t number, const fl_photo_row **out)
{
	fl_quote *q = NULL;
	FL_TRY(open_quote(ctx, token, &q));
	if (!shows(q))
		return not_found(ctx);
	FL_TRY(fl_photos_of_reports(ctx, &q->report_id, 1, FL_PHOTO_ALL, &q->photos, &q->photo_count));
	for (size_t i = 0; i < q->photo_count; i++)
		if (q->photos[i].id == number) {
			*out = &q->photos[i];
			return FL_OK;
		}
	return not_found(ctx);
}

/* ---- writing ---- */

/* Locks the estimate, and sees whether it is still what the bearer saw. */
static fl_err lock_own(fl_ctx *ctx, fl_tx *tx, const fl_quote *q, fl_estimate **out)
{
	fl_estimate *all;
	size_t count;
	const fl_estimate_pick pick = { q->report_id, q->estimate->id, 0 };
	FL_TRY(await_begin(ctx, ctx->services->db, tx));
	FL_TRY(fl_estimates_lock(ctx, tx, q->report_id, &all, &count));
	FL_TRY(fl_estimate_pick_of(ctx, all, count, &pick, out));
	if ((*out)->now.number != q->estimate->now.number)
		return fl_fail(&ctx->diag, FL_CONFLICT, "this estimate was sent in meanwhile; open the link again");
	if (!(*out)->has_link || (*out)->link_revoked)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this link was revoked");
	return FL_OK;
}

static fl_err must_be_open(fl_ctx *ctx, const fl_quote *q)
{
	return q->state == FL_QUOTE_OPEN ? FL_OK : fl_fail(&ctx->diag, FL_BAD_INPUT, "nothing more can be sent in by this link");
}

static fl_err write_quote(
	fl_ctx *ctx, fl_tx *tx, const fl_quote *q, const fl_estimate_draft *draft, const fl_estimate_totals *totals, bool send)
{
	fl_stmt stmts[1 + FL_ESTIMATE_STMTS];
	fl_estimate_change c = {
		.event = FL_EVENT_ESTIMATE_SUBMITTED, .by_vendor = true, .has_total = true, .total = totals->total
	};
	const fl_estimate_report of = { q->report_id, q->vehicle_id, q->report_version };
	FL_TRY(lock_own(ctx, tx, q, &c.before));
	FL_TRY(fl_estimate_next(ctx, c.before, &c.after));
	FL_TRY(fl_estimate_revision_stmt(ctx, q->report_id, c.after.id, c.after.now.number, draft, totals, send, &stmts[0]));
	if (send)
		FL_TRY(fl_estimate_stmts(ctx, &of, &c, &stmts[1]));
	return await_commit_with(ctx, tx, stmts, send ? (int)FL_COUNT(stmts) : 1);
}

fl_err fl_quote_write(fl_ctx *ctx, const fl_quote *quote, fl_estimate_draft *draft, bool send)
{
	fl_estimate_totals totals;
	FL_TRY(must_be_open(ctx, quote));
	FL_TRY(fl_estimate_check(ctx, draft, &totals));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(write_quote(ctx, &tx, quote, draft, &totals, send));
	}
	if (send)
		fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

fl_err fl_quote_withdraw(fl_ctx *ctx, const fl_quote *quote, fl_str reason)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_stmt stmts[FL_ESTIMATE_STMTS];
	fl_estimate_change c = { .event = FL_EVENT_ESTIMATE_WITHDRAWN, .by_vendor = true };
	const fl_estimate_report of = { quote->report_id, quote->vehicle_id, quote->report_version };
	reason = fl_str_trim(reason);
	FL_TRY(must_be_open(ctx, quote));
	FL_TRY(fl_text_check(&ctx->diag, "the reason", reason, FL_REASON_MAX));
	FL_TRY(lock_own(ctx, &tx, quote, &c.before));
	c.after = *c.before;
	c.after.state = (int16_t)fl_life_next(&fl_estimate_life, c.before->state, FL_ESTIMATE_WITHDRAW);
	if (!c.after.state)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this estimate is decided: it cannot be taken back any more");
	c.after.before_choice = 0;
	c.after.reason = reason.len ? reason : (fl_str) {};
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
