#include "fleet/repair/claim.h"
#include "fleet/event.h"
#include "fleet/repair/repair_int.h"

/* ---- words and ways ---- */

static const fl_word states[] = { FL_CLAIM_STATES(FL_WORD) };
static const fl_word verbs[] = { FL_CLAIM_VERBS(FL_WORD) };
#define STEP(from, verb, to, need) { FL_CLAIM_##from, FL_CLAIM_DO_##verb, FL_CLAIM_##to, FL_NEED_##need },
static const fl_life_step steps[] = { FL_CLAIM_STEPS(STEP) };
#undef STEP
const fl_life fl_claim_life = { FL_WORDS(states), FL_WORDS(verbs), steps, FL_COUNT(steps) };

fl_claim_state fl_claim_paid_state(int64_t claimed_cents, int64_t deductible_cents, int64_t paid_cents)
{
	return paid_cents >= claimed_cents - deductible_cents ? FL_CLAIM_PAID : FL_CLAIM_PARTLY_PAID;
}

/* ---- reading ---- */

static const fl_sql claims_sql = { "claims_of_reports",
	"SELECT c.report_id, c.state, c.insurer, c.policy_no, r.claim_no, c.adjuster_name, c.adjuster_email, c.adjuster_phone, c.deductible,"
	" c.claimed, (SELECT coalesce(sum(p.amount), 0)::int8 FROM claim_payments p WHERE p.report_id = c.report_id),"
	" c.noticed_on::timestamp AT TIME ZONE 'UTC', c.version, c.created_by, c.created_at"
	" FROM claims c JOIN damage_reports r ON r.id = c.report_id AND r.tenant_id = c.tenant_id WHERE c.report_id = ANY($1)",
	.generic = true };

static fl_err read_claims(fl_ctx *ctx, const fl_rows *rows, bool person, fl_claim **out, size_t *count)
{
	fl_claim *list = fl_new_array(ctx->mem, fl_claim, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_claim) {
			.report_id = fl_row_uuid(rows, i, 0),
			.state = fl_row_i16(rows, i, 1),
			.insurer = fl_row_text(rows, i, 2),
			.policy_no = fl_row_text(rows, i, 3),
			.claim_no = fl_row_text(rows, i, 4),
			.adjuster_name = person ? fl_row_text(rows, i, 5) : (fl_str) {},
			.adjuster_email = person ? fl_row_text(rows, i, 6) : (fl_str) {},
			.adjuster_phone = person ? fl_row_text(rows, i, 7) : (fl_str) {},
			.deductible_cents = fl_row_i64(rows, i, 8),
			.has_claimed = !fl_row_null(rows, i, 9),
			.claimed_cents = fl_row_i64(rows, i, 9),
			.paid_cents = fl_row_i64(rows, i, 10),
			.noticed_on = fl_row_time_or_0(rows, i, 11),
			.version = fl_row_i32(rows, i, 12),
			.created_by = fl_row_i32(rows, i, 13),
			.created_at = fl_row_time(rows, i, 14),
		};
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_claims_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_claim **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &claims_sql, &args, &rows));
	return read_claims(ctx, rows, fl_may(&ctx->caller, FL_MAY_PERSON_READ), out, count);
}

fl_err fl_payments_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_payment **out, size_t *count)
{
	static const fl_sql sql = { "payments_of_reports",
		"SELECT report_id, id, amount, paid_on::timestamp AT TIME ZONE 'UTC', recorded_at, reference, recorded_by"
		" FROM claim_payments WHERE report_id = ANY($1) ORDER BY report_id, id",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_payment *list = fl_new_array(ctx->mem, fl_payment, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_payment) { fl_row_uuid(rows, i, 0), fl_row_i16(rows, i, 1), fl_row_i64(rows, i, 2), fl_row_time(rows, i, 3),
			fl_row_time(rows, i, 4), fl_row_text(rows, i, 5), fl_row_i32(rows, i, 6) };
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- under the report's lock ---- */

static fl_err begin(fl_ctx *ctx, fl_uuid report, fl_repair *r, fl_claim **out)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	size_t count;
	FL_TRY(fl_must(ctx, FL_MAY_CLAIM));
	FL_TRY(fl_repair_begin(ctx, report, r));
	fl_arg_uuids(&args, &report, 1);
	FL_TRY(await_tx_query(ctx, &r->tx, &claims_sql, &args, &rows));
	FL_TRY(read_claims(ctx, rows, true, out, &count)); /* what the caller may not see is kept all the same */
	if (count == 0)
		*out = NULL;
	return FL_OK;
}

static fl_err check_version(fl_ctx *ctx, const fl_claim *claim, int32_t version)
{
	if (!version || (claim && claim->version == version))
		return FL_OK;
	return fl_fail(&ctx->diag, FL_CONFLICT, "somebody changed this claim meanwhile: it is at version %d, you saw %d; read it again",
		claim ? claim->version : 0, version);
}

/* ---- saving ---- */

static fl_err check_texts(fl_ctx *ctx, const fl_claim_draft *d)
{
	FL_TRY(fl_text_check(&ctx->diag, "insurer", d->insurer, FL_CLAIM_TEXT_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "policyNumber", d->policy_no, FL_CLAIM_NUMBER_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "claimNumber", d->claim_no, FL_CLAIM_NUMBER_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the adjuster's name", d->adjuster_name, FL_CLAIM_TEXT_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the adjuster's e-mail", d->adjuster_email, 320));
	FL_TRY(fl_text_check(&ctx->diag, "the adjuster's phone", d->adjuster_phone, 60));
	if (d->adjuster_email.len && fl_str_find_char(d->adjuster_email, '@') < 1)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the adjuster's e-mail is no address; write it as in \"name@insurer.example\"");
	if (d->noticed_on > fl_now_us() + FL_DAY_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the insurer was told in the future: noticedOn is the day it happened");
	return FL_OK;
}

static void take_text(fl_str given, fl_str *into)
{
	fl_str text = given.ptr ? fl_str_trim(given) : *into;
	*into = text.len ? text : (fl_str) {};
}

static fl_err check_amounts(fl_ctx *ctx, const fl_claim *c)
{
	if (c->has_claimed && c->deductible_cents >= c->claimed_cents)
		return fl_fail(&ctx->diag, FL_BAD_INPUT,
			"the deductible is not below the amount claimed: the insurer would pay nothing");
	if (c->has_claimed && c->claimed_cents < c->paid_cents)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the insurer has paid more than that already");
	return FL_OK;
}

static fl_err apply(fl_ctx *ctx, const fl_claim_draft *d, fl_claim *c)
{
	if (c->state == FL_CLAIM_CLOSED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the claim is closed: take it up again before it changes");
	take_text(d->insurer, &c->insurer);
	take_text(d->policy_no, &c->policy_no);
	take_text(d->claim_no, &c->claim_no);
	take_text(d->adjuster_name, &c->adjuster_name);
	take_text(d->adjuster_email, &c->adjuster_email);
	take_text(d->adjuster_phone, &c->adjuster_phone);
	if (c->insurer.len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "name the insurer");
	if (d->has_deductible)
		c->deductible_cents = d->deductible_cents;
	if (d->has_claimed && d->claimed_cents == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the amount claimed must be above 0");
	if (d->has_claimed) {
		c->has_claimed = true;
		c->claimed_cents = d->claimed_cents;
	}
	if (d->noticed_on)
		c->noticed_on = d->noticed_on;
	if (c->state == FL_CLAIM_PARTLY_PAID || c->state == FL_CLAIM_PAID)
		c->state = (int16_t)fl_claim_paid_state(c->claimed_cents, c->deductible_cents, c->paid_cents);
	return check_amounts(ctx, c);
}

/* One claim a report, so a new one and a change are one statement. */
static const fl_sql save_sql = { "claim_save",
	"INSERT INTO claims AS c (tenant_id, report_id, state, insurer, policy_no, deductible, claimed, noticed_on, adjuster_name, adjuster_email,"
	" adjuster_phone, created_by) VALUES ($1, $2, $3, $4, $5, $6, nullif($7, 0), ($8::timestamptz AT TIME ZONE 'UTC')::date, $9, $10, $11, nullif($12, 0))"
	" ON CONFLICT (tenant_id, report_id) DO UPDATE SET state = excluded.state, insurer = excluded.insurer, policy_no = excluded.policy_no,"
	" deductible = excluded.deductible, claimed = excluded.claimed, noticed_on = excluded.noticed_on, adjuster_name = excluded.adjuster_name,"
	" adjuster_email = excluded.adjuster_email, adjuster_phone = excluded.adjuster_phone, version = c.version + 1, updated_at = now()",
	.write = true };
static const fl_sql number_sql = { "claim_number_set",
	"UPDATE damage_reports SET claim_no = $2 WHERE id = $1 AND claim_no IS DISTINCT FROM $2", .write = true };

static fl_err save_args(fl_ctx *ctx, const fl_claim *c, fl_args args[2])
{
	args[0] = fl_args_make(ctx->mem);
	fl_arg_i32(&args[0], ctx->caller.tenant_id);
	fl_arg_uuid(&args[0], c->report_id);
	fl_arg_i16(&args[0], c->state);
	fl_arg_text(&args[0], c->insurer);
	fl_arg_text(&args[0], c->policy_no);
	fl_arg_i64(&args[0], c->deductible_cents);
	fl_arg_i64(&args[0], c->has_claimed ? c->claimed_cents : 0);
	fl_arg_time(&args[0], c->noticed_on ? c->noticed_on : FL_NEVER);
	fl_arg_text(&args[0], c->adjuster_name);
	fl_arg_text(&args[0], c->adjuster_email);
	fl_arg_text(&args[0], c->adjuster_phone);
	fl_arg_i32(&args[0], ctx->caller.user_id);
	args[1] = fl_args_make(ctx->mem);
	fl_arg_uuid(&args[1], c->report_id);
	fl_arg_text(&args[1], c->claim_no);
	return args[0].err ? args[0].err : args[1].err;
}

static void pair_text(fl_json_out *j, const char *field, fl_str before, fl_str after)
{
	if (!fl_str_eq(before, after))
		fl_event_pair(j, field, before.len ? before : (fl_str) {}, after.len ? after : (fl_str) {});
}

static void pair_cents(fl_ctx *ctx, fl_json_out *j, const char *field, bool had, int64_t before, bool has, int64_t after)
{
	if (had != has || before != after)
		fl_event_pair(j, field, had ? fl_money_text(ctx->mem, before) : (fl_str) {}, has ? fl_money_text(ctx->mem, after) : (fl_str) {});
}

/* Of the adjuster an event says only that somebody is named. */
static fl_err saved_data(fl_ctx *ctx, const fl_claim *b, const fl_claim *a, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(16 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	pair_text(&j, "insurer", b->insurer, a->insurer);
	pair_text(&j, "policyNumber", b->policy_no, a->policy_no);
	pair_text(&j, "claimNumber", b->claim_no, a->claim_no);
	pair_cents(ctx, &j, "deductible", b->version > 0, b->deductible_cents, true, a->deductible_cents);
	pair_cents(ctx, &j, "claimed", b->has_claimed, b->claimed_cents, a->has_claimed, a->claimed_cents);
	pair_text(&j, "state", fl_life_state(&fl_claim_life, b->state), fl_life_state(&fl_claim_life, a->state));
	if (!fl_str_eq(b->adjuster_name, a->adjuster_name) || !fl_str_eq(b->adjuster_email, a->adjuster_email) ||
		!fl_str_eq(b->adjuster_phone, a->adjuster_phone)) {
		fl_json_key(&j, FL_STR("adjuster"));
		fl_json_put_bool(&j, a->adjuster_name.len || a->adjuster_email.len || a->adjuster_phone.len);
	}
	return fl_repair_data_close(ctx, &buf, &j, out);
}

static fl_err save(fl_ctx *ctx, fl_repair *r, const fl_claim_draft *d, fl_claim *found)
{
	const fl_claim before = found ? *found : (fl_claim) {};
	fl_claim made = before;
	fl_args args[2];
	fl_str data;
	FL_TRY(check_version(ctx, found, d->version));
	if (!found)
		made = (fl_claim) { .report_id = d->report_id, .state = FL_CLAIM_OPEN };
	FL_TRY(apply(ctx, d, &made));
	FL_TRY(save_args(ctx, &made, args));
	FL_TRY(saved_data(ctx, &before, &made, &data));
	/* Without a number said, the one that a report came with stays. */
	const fl_stmt stmts[] = { { &save_sql, &args[0], NULL }, { &number_sql, &args[1], NULL } };
	return fl_repair_end(ctx, r, found ? FL_EVENT_CLAIM_CHANGED : FL_EVENT_CLAIM_OPENED, 0, data, stmts, d->claim_no.ptr ? 2 : 1);
}

fl_err fl_claim_save(fl_ctx *ctx, const fl_claim_draft *draft)
{
	fl_repair r = {};
	fl_claim *found = NULL;
	FL_TRY(check_texts(ctx, draft));
	fl_err err = begin(ctx, draft->report_id, &r, &found);
	if (err == FL_OK)
		err = save(ctx, &r, draft, found);
	fl_tx_end(&r.tx);
	return err;
}

/* ---- steps ---- */

static fl_err check_need(fl_ctx *ctx, const fl_life_step *step, const fl_claim_step_in *in, const fl_claim *c)
{
	fl_str verb = fl_life_verb(&fl_claim_life, step->verb);
	switch (step->with) {
	case FL_NEED_NOTHING: return FL_OK;
	case FL_NEED_AMOUNT:
		if (!c->has_claimed || !c->noticed_on)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "a claim is submitted with claimedAmount and noticedOn, the day on which the insurer was told");
		return check_amounts(ctx, c);
	case FL_NEED_REASON:
		if (fl_str_trim(in->reason).len == 0)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why: %" FL_FMT " asks for a reason", FL_ARG(verb));
		return FL_OK;
	case FL_NEED_PAYMENT:
		if (!in->has_paid || in->paid_cents <= 0)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "say how much: PAY asks for paidAmount, above 0");
		if (in->paid_on > fl_now_us() + FL_DAY_US)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "paidOn lies in the future");
		if (c->paid_cents + in->paid_cents > c->claimed_cents)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "with that the insurer would have paid more than was claimed: claim more first");
		return FL_OK;
	}
	return FL_OK;
}

static const fl_sql pay_sql = { "claim_pay",
	"INSERT INTO claim_payments (tenant_id, report_id, id, amount, paid_on, reference, recorded_by)"
	" SELECT $1, $2, coalesce(max(p.id), 0) + 1, $3, ($4::timestamptz AT TIME ZONE 'UTC')::date, $5, nullif($6, 0)"
	" FROM claim_payments p WHERE p.report_id = $2",
	.write = true };
static const fl_sql state_sql = { "claim_state",
	"UPDATE claims SET state = $2, version = version + 1, updated_at = now() WHERE report_id = $1", .write = true };

static fl_err pay_args(fl_ctx *ctx, const fl_claim_step_in *in, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, in->report_id);
	fl_arg_i64(args, in->paid_cents);
	fl_arg_time(args, in->paid_on ? in->paid_on : fl_now_us());
	fl_arg_text(args, fl_str_trim(in->reference).len ? fl_str_trim(in->reference) : (fl_str) {});
	fl_arg_i32(args, ctx->caller.user_id);
	return args->err;
}

static fl_err moved_data(fl_ctx *ctx, const fl_claim *c, const fl_life_step *step, fl_claim_state to, const fl_claim_step_in *in, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(64 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("step"));
	fl_json_put_str(&j, fl_life_verb(&fl_claim_life, step->verb));
	fl_event_pair(&j, "state", fl_life_state(&fl_claim_life, c->state), fl_life_state(&fl_claim_life, to));
	if (step->with == FL_NEED_PAYMENT)
		pair_cents(ctx, &j, "paid", true, c->paid_cents, true, c->paid_cents + in->paid_cents);
	if (fl_str_trim(in->reason).len) {
		fl_json_key(&j, FL_STR("reason"));
		fl_json_put_str(&j, fl_str_trim(in->reason));
	}
	return fl_repair_data_close(ctx, &buf, &j, out);
}

static fl_err move(fl_ctx *ctx, fl_repair *r, const fl_claim_step_in *in, const fl_claim *c)
{
	fl_args args[2];
	fl_str data;
	if (!c)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this report has no insurance claim; saveClaim begins one");
	FL_TRY(check_version(ctx, c, in->version));
	const fl_life_step *step = fl_life_step_of(&fl_claim_life, c->state, in->verb);
	fl_str verb = fl_life_verb(&fl_claim_life, in->verb), state = fl_life_state(&fl_claim_life, c->state);
	if (!step)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " is not possible for a claim that is %" FL_FMT, FL_ARG(verb), FL_ARG(state));
	FL_TRY(check_need(ctx, step, in, c));
	bool pays = step->with == FL_NEED_PAYMENT;
	fl_claim_state to = pays ? fl_claim_paid_state(c->claimed_cents, c->deductible_cents, c->paid_cents + in->paid_cents) : (fl_claim_state)step->to;
	args[0] = fl_args_make(ctx->mem);
	fl_arg_uuid(&args[0], in->report_id);
	fl_arg_i16(&args[0], (int16_t)to);
	FL_TRY(pay_args(ctx, in, &args[1]));
	FL_TRY(moved_data(ctx, c, step, to, in, &data));
	const fl_stmt stmts[] = { { &state_sql, &args[0], NULL }, { &pay_sql, &args[1], NULL } };
	return fl_repair_end(ctx, r, FL_EVENT_CLAIM_MOVED, 0, data, stmts, pays ? 2 : 1);
}

fl_err fl_claim_move(fl_ctx *ctx, const fl_claim_step_in *in)
{
	fl_repair r = {};
	fl_claim *found = NULL;
	FL_TRY(fl_text_check(&ctx->diag, "the reason", in->reason, FL_REASON_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "reference", in->reference, FL_CLAIM_NUMBER_MAX));
	fl_err err = begin(ctx, in->report_id, &r, &found);
	if (err == FL_OK)
		err = move(ctx, &r, in, found);
	fl_tx_end(&r.tx);
	return err;
}
