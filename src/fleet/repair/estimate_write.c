/* Writing estimates: the statements of a change, and what a manager enters for a vendor. */
#include "fleet/repair/estimate_int.h"
#include "fleet/registry/vehicle.h"
#include "fleet/report/zone.h"

#include <stdio.h>

/* ---- checking ---- */

static fl_err check_line(fl_ctx *ctx, fl_estimate_line *l, size_t number)
{
	char what[64];
	l->text = fl_str_trim(l->text);
	l->part_number = fl_str_trim(l->part_number);
	snprintf(what, sizeof(what), "the text of line %zu", number);
	if (l->text.len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "line %zu does not say what it is for", number);
	FL_TRY(fl_text_check(&ctx->diag, what, l->text, FL_ESTIMATE_TEXT_MAX));
	snprintf(what, sizeof(what), "the part number of line %zu", number);
	FL_TRY(fl_text_check(&ctx->diag, what, l->part_number, FL_ESTIMATE_PART_NUMBER_MAX));
	if (l->kind != FL_LINE_PARTS && (l->part_number.len || l->source))
		return fl_fail(&ctx->diag, FL_BAD_INPUT,
			"line %zu has the number or source of a part, but is none: its kind is not PARTS", number);
	if (l->part < 0 || l->part >= FL_ZONE_PART_COUNT || l->side < 0 || l->side > FL_SIDE_MIDDLE || l->zone < 0 ||
		l->zone > FL_ZONES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "line %zu is for a part or zone that there is not", number);
	return FL_OK;
}

fl_err fl_estimate_check(fl_ctx *ctx, fl_estimate_draft *d, fl_estimate_totals *out)
{
	if (d->line_count == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "an estimate needs at least one line");
	if (d->repair_days < -1 || d->repair_days > FL_ESTIMATE_DAYS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the repair takes %d days; 0 to %d can be said", d->repair_days,
			FL_ESTIMATE_DAYS_MAX);
	if (d->valid_until && (d->valid_until <= fl_now_us() || d->valid_until > fl_now_us() + 10 * 366 * 24 * FL_HOUR_US))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "an estimate is valid until a day to come, within ten years");
	d->reference = fl_str_trim(d->reference);
	FL_TRY(fl_text_check(&ctx->diag, "the reference", d->reference, FL_ESTIMATE_REFERENCE_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the note", d->note, FL_ESTIMATE_NOTE_MAX));
	for (size_t i = 0; i < d->line_count && d->line_count <= FL_ESTIMATE_LINES_MAX; i++)
		FL_TRY(check_line(ctx, &d->lines[i], i + 1));
	return fl_estimate_count(&ctx->diag, d->lines, d->line_count, d->tax_rate, out);
}

fl_err fl_estimate_wanted(fl_ctx *ctx, const fl_change_of *change)
{
	fl_stage stage = change->before.stage;
	fl_str name = fl_stage_name(stage);
	if (fl_stage_status(stage) != FL_STATUS_REJECTED && fl_stage_status(stage) != FL_STATUS_COMPLETED &&
		stage != FL_STAGE_DRAFT)
		return FL_OK;
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "this report is %" FL_FMT ": there is nothing to estimate", FL_ARG(name));
}

fl_err fl_estimate_pick_of(fl_ctx *ctx, fl_estimate *estimates, size_t count, const fl_estimate_pick *pick, fl_estimate **out)
{
	for (size_t i = 0; i < count; i++) {
		if (estimates[i].id != pick->id)
			continue;
		if (pick->version && pick->version != estimates[i].version)
			return fl_fail(&ctx->diag, FL_CONFLICT,
				"somebody changed this estimate meanwhile: it is at version %d, you saw %d; read it again",
				estimates[i].version, pick->version);
		*out = &estimates[i];
		return FL_OK;
	}
	return fl_fail(&ctx->diag, FL_NOT_FOUND, "this report has no estimate %d", pick->id);
}

/* ---- events ---- */

static void put_states(fl_json_out *j, int before, int after)
{
	fl_json_key(j, FL_STR("state"));
	fl_json_open(j, '[');
	if (before)
		fl_json_put_str(j, fl_life_state(&fl_estimate_life, before));
	else
		fl_json_put_null(j);
	fl_json_put_str(j, fl_life_state(&fl_estimate_life, after));
	fl_json_close(j, ']');
}

static void put_total(fl_ctx *ctx, fl_json_out *j, const fl_estimate_change *c)
{
	fl_json_key(j, FL_STR("revision"));
	fl_json_put_i64(j, c->after.now.number);
	fl_json_key(j, FL_STR("total"));
	fl_json_open(j, '[');
	if (c->before && c->before->now.number)
		fl_json_put_str(j, fl_money_text(ctx->mem, c->before->now.totals.total));
	else
		fl_json_put_null(j);
	fl_json_put_str(j, fl_money_text(ctx->mem, c->total));
	fl_json_close(j, ']');
}

static fl_err event_data(fl_ctx *ctx, const fl_estimate_change *c, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(32 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("estimate"));
	fl_json_put_i64(&j, c->after.id);
	fl_json_key(&j, FL_STR("vendor"));
	fl_json_put_str(&j, c->after.vendor);
	if (!c->before || c->before->state != c->after.state)
		put_states(&j, c->before ? c->before->state : 0, c->after.state);
	if (c->has_total)
		put_total(ctx, &j, c);
	if (c->after.reason.len) {
		fl_json_key(&j, FL_STR("reason"));
		fl_json_put_str(&j, c->after.reason);
	}
	if (c->by_vendor) {
		fl_json_key(&j, FL_STR("byVendor"));
		fl_json_put_bool(&j, true);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* ---- rows ---- */

static const fl_sql insert_sql = { "estimate_insert",
	"INSERT INTO estimates (state, before_choice, revision, decided_by, decided_at, reason, tenant_id, report_id, id, "
	"vendor_id, "
	"email, message, requested_by)"
	" VALUES ($1, nullif($2, 0), $3, nullif($4, 0), CASE WHEN $5 THEN now() END, $6, $7, $8, $9, nullif($10, 0), $11, $12, "
	"nullif($13, 0))",
	.write = true };
static const fl_sql update_sql = { "estimate_update",
	"UPDATE estimates SET state = $1, before_choice = nullif($2, 0), revision = $3, decided_by = nullif($4, 0),"
	" decided_at = CASE WHEN $5 THEN coalesce(decided_at, now()) END, reason = $6, version = version + 1, message = $10"
	" WHERE tenant_id = $7 AND report_id = $8 AND id = $9",
	.write = true };

static fl_err row_args(fl_ctx *ctx, fl_uuid report, const fl_estimate *e, bool is_new, fl_args *args)
{
	bool decided = e->state == FL_ESTIMATE_ACCEPTED || e->state == FL_ESTIMATE_DECLINED || e->state == FL_ESTIMATE_WITHDRAWN;
	*args = fl_args_make(ctx->mem);
	fl_arg_i16(args, e->state);
	fl_arg_i16(args, e->before_choice);
	fl_arg_i16(args, e->now.number);
	fl_arg_i32(args, e->decided_by);
	fl_arg_bool(args, decided);
	fl_arg_text(args, e->reason);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, report);
	fl_arg_i16(args, e->id);
	if (!is_new) {
		fl_arg_text(args, e->message);
		return args->err;
	}
	fl_arg_i32(args, e->vendor_id);
	fl_arg_text(args, e->email);
	fl_arg_text(args, e->message);
	fl_arg_i32(args, e->requested_by);
	return args->err;
}

fl_err fl_estimate_stmts(
	fl_ctx *ctx, const fl_estimate_report *report, const fl_estimate_change *change, fl_stmt out[FL_ESTIMATE_STMTS])
{
	fl_args *args = fl_new_array(ctx->mem, fl_args, FL_ESTIMATE_STMTS);
	fl_str data;
	if (!args)
		return FL_NOMEM;
	FL_TRY(event_data(ctx, change, &data));
	FL_TRY(row_args(ctx, report->id, &change->after, !change->before, &args[0]));
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = change->event,
			.report_id = report->id,
			.vehicle_id = report->vehicle_id,
			.version = report->version,
			.actor = ctx->caller.user_id,
			.data = data },
		&args[1]));
	out[0] = (fl_stmt) { change->before ? &update_sql : &insert_sql, &args[0], NULL };
	out[1] = (fl_stmt) { &fl_event_insert, &args[1], NULL };
	return FL_OK;
}

static const fl_sql revision_sql = { "estimate_revision_write",
	"INSERT INTO estimate_revisions AS v (tenant_id, report_id, estimate_id, id, sent_at, entered_by, reference, note, "
	"valid_until, repair_days, tax_rate,"
	" lines, labour_time, labour, parts, paint, other, net, tax, total)"
	" VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN now() END, nullif($6, 0), nullif($7, ''), nullif($8, ''), $9, nullif($10, "
	"-1), $11, $12, $13, $14, $15,"
	" $16, $17, $18, $19, $20)"
	" ON CONFLICT (tenant_id, report_id, estimate_id, id) DO UPDATE SET sent_at = excluded.sent_at, entered_by = "
	"excluded.entered_by,"
	" reference = excluded.reference, note = excluded.note, valid_until = excluded.valid_until, repair_days = "
	"excluded.repair_days, tax_rate = excluded.tax_rate,"
	" lines = excluded.lines, labour_time = excluded.labour_time, labour = excluded.labour, parts = excluded.parts, paint = "
	"excluded.paint,"
	" other = excluded.other, net = excluded.net, tax = excluded.tax, total = excluded.total",
	.write = true };

static fl_err revision_args(fl_ctx *ctx, fl_uuid report, int16_t id, int16_t number, const fl_estimate_draft *d,
	const fl_estimate_totals *t, bool sent, fl_args *args)
{
	fl_str lines;
	FL_TRY(fl_estimate_lines_json(ctx, d->lines, d->line_count, &lines));
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, report);
	fl_arg_i16(args, id);
	fl_arg_i16(args, number);
	fl_arg_bool(args, sent);
	fl_arg_i32(args, ctx->caller.user_id);
	fl_arg_text(args, d->reference);
	fl_arg_text(args, d->note);
	fl_arg_time(args, d->valid_until ? d->valid_until : FL_NEVER);
	fl_arg_i16(args, d->repair_days);
	fl_arg_i32(args, d->tax_rate);
	fl_arg_jsonb(args, lines);
	const int64_t amounts[] = { t->labour_time, t->labour, t->parts, t->paint, t->other, t->net, t->tax, t->total };
	for (size_t i = 0; i < FL_COUNT(amounts); i++)
		fl_arg_i64(args, amounts[i]);
	return args->err;
}

fl_err fl_estimate_revision_stmt(fl_ctx *ctx, fl_uuid report, int16_t id, int16_t number, const fl_estimate_draft *draft,
	const fl_estimate_totals *totals, bool sent, fl_stmt *out)
{
	fl_args *args = fl_new(ctx->mem, fl_args);
	if (!args)
		return FL_NOMEM;
	FL_TRY(revision_args(ctx, report, id, number, draft, totals, sent, args));
	*out = (fl_stmt) { &revision_sql, args, NULL };
	return FL_OK;
}

/* ---- sending in ---- */

fl_err fl_estimate_next(fl_ctx *ctx, const fl_estimate *before, fl_estimate *after)
{
	fl_str state = fl_life_state(&fl_estimate_life, before->state);
	*after = *before;
	after->state = (int16_t)fl_life_next(&fl_estimate_life, before->state, FL_ESTIMATE_SUBMIT);
	if (!after->state)
		return fl_fail(
			&ctx->diag, FL_BAD_INPUT, "this estimate is %" FL_FMT ": it takes no further revision", FL_ARG(state));
	if (before->now.number >= FL_ESTIMATE_REVISIONS_MAX)
		return fl_fail(&ctx->diag, FL_LIMIT, "an estimate has at most %d revisions", FL_ESTIMATE_REVISIONS_MAX);
	after->now.number = (int16_t)(before->now.number + 1);
	/* The first time, whatever came before; asked again, it is a revision. */
	after->state = after->now.number == 1 ? FL_ESTIMATE_SUBMITTED : FL_ESTIMATE_REVISED;
	return FL_OK;
}

fl_err fl_estimate_begin(fl_ctx *ctx, fl_tx *tx, fl_uuid report, fl_change_of **change, fl_policy *policy)
{
	size_t found;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(await_begin(ctx, ctx->services->db, tx));
	FL_TRY(fl_changes_begin(ctx, tx, &report, 1, change, &found, policy));
	return found ? FL_OK : fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
}

/* A new estimate of a vendor that there is. */
static fl_err start_new(fl_ctx *ctx, const fl_estimate *last, size_t count, const fl_vendor *vendor, fl_estimate *out)
{
	if (count >= FL_ESTIMATES_MAX)
		return fl_fail(&ctx->diag, FL_LIMIT, "a report has at most %d estimates", FL_ESTIMATES_MAX);
	*out = (fl_estimate) { .id = (int16_t)(count ? last->id + 1 : 1),
		.state = FL_ESTIMATE_SUBMITTED,
		.vendor_id = vendor->id,
		.vendor = vendor->name,
		.requested_by = ctx->caller.user_id,
		.now = { .number = 1 } };
	return FL_OK;
}

static fl_err vendor_of(fl_ctx *ctx, int32_t id, const fl_vendor **out)
{
	fl_vendor *rows;
	size_t count;
	FL_TRY(fl_vendors_get(ctx, &id, 1, &rows, &count));
	if (count == 0 || rows->retired_at)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vendor %d in use", id);
	*out = rows;
	return FL_OK;
}

static fl_err submit(fl_ctx *ctx, fl_tx *tx, const fl_estimate_pick *pick, const fl_estimate_draft *draft,
	const fl_estimate_totals *totals, const fl_vendor *vendor, int16_t *id)
{
	fl_change_of *report;
	fl_policy policy;
	fl_estimate *all;
	size_t count;
	fl_stmt stmts[FL_ESTIMATE_STMTS + 1];
	fl_estimate_change c = { .event = FL_EVENT_ESTIMATE_SUBMITTED, .has_total = true, .total = totals->total };
	FL_TRY(fl_estimate_begin(ctx, tx, pick->report, &report, &policy));
	FL_TRY(fl_estimate_wanted(ctx, report));
	FL_TRY(fl_estimates_lock(ctx, tx, pick->report, &all, &count));
	if (vendor)
		FL_TRY(start_new(ctx, count ? &all[count - 1] : NULL, count, vendor, &c.after));
	else {
		FL_TRY(fl_estimate_pick_of(ctx, all, count, pick, &c.before));
		FL_TRY(fl_estimate_next(ctx, c.before, &c.after));
	}
	*id = c.after.id;
	const fl_estimate_report of = fl_estimate_report_of(report);
	FL_TRY(fl_estimate_stmts(ctx, &of, &c, stmts));
	FL_TRY(fl_estimate_revision_stmt(
		ctx, pick->report, *id, c.after.now.number, draft, totals, true, &stmts[FL_ESTIMATE_STMTS]));
	return await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
}

fl_err fl_estimate_submit(fl_ctx *ctx, const fl_estimate_pick *pick, fl_estimate_draft *draft, int16_t *id)
{
	const fl_vendor *vendor = NULL;
	fl_estimate_totals totals;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_DECIDE));
	FL_TRY(fl_estimate_check(ctx, draft, &totals));
	if (!pick->id)
		FL_TRY(vendor_of(ctx, draft->vendor_id, &vendor));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(submit(ctx, &tx, pick, draft, &totals, vendor, id));
	}
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
