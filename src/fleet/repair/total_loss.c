#include "fleet/repair/total_loss.h"
#include "fleet/repair/estimate.h"
#include "fleet/event.h"

#include <ctype.h>

/* ---- rules ---- */

fl_err fl_jurisdiction_check(fl_arena *mem, fl_diag *diag, fl_str *text)
{
	fl_str given = fl_str_trim(*text);
	char *made = fl_arena_take(mem, given.len + 1);
	if (!made)
		return FL_NOMEM;
	bool good = given.len == 2 || (given.len >= 4 && given.len <= 6 && given.ptr[2] == '-');
	for (size_t i = 0; i < given.len; i++) {
		made[i] = (char)toupper((unsigned char)given.ptr[i]);
		bool letter = made[i] >= 'A' && made[i] <= 'Z', digit = made[i] >= '0' && made[i] <= '9';
		good = good && (i < 2 ? letter : i == 2 ? made[i] == '-' : letter || digit);
	}
	if (!good)
		return fl_fail(diag, FL_BAD_INPUT,
			"the jurisdiction is a country or a part of one by ISO 3166, as in \"DE\" or \"US-TX\"");
	*text = fl_str_make(made, given.len);
	return FL_OK;
}

bool fl_loss_judge(const fl_loss_rule *rule, int64_t cost, int64_t value, double *ratio)
{
	assert(value > 0 && cost >= 0);
	*ratio = (double)cost / (double)value;
	/* In numbers of 128 bits: both factors come from people. */
	__int128 unit = 10000, repair = cost * unit, share = (__int128)rule->rate * value;
	return rule->kind == FL_LOSS_FORMULA ? repair + share >= value * unit : repair >= share;
}

static const fl_loss_rule *find_rule(const fl_loss_rule *rules, size_t count, fl_str jurisdiction)
{
	for (size_t i = 0; i < count; i++)
		if (fl_str_eq(rules[i].jurisdiction, jurisdiction))
			return &rules[i];
	return NULL;
}

fl_loss_rule fl_loss_rule_for(const fl_loss_rule *rules, size_t count, fl_str jurisdiction)
{
	const fl_loss_rule *found = jurisdiction.len ? find_rule(rules, count, jurisdiction) : NULL;
	if (!found && jurisdiction.len > 2)
		found = find_rule(rules, count, fl_str_slice(jurisdiction, 0, 2));
	if (!found)
		found = find_rule(rules, count, FL_STR(""));
	return found ? *found : (fl_loss_rule) { FL_STR(""), FL_LOSS_THRESHOLD, FL_LOSS_RATE, false };
}

fl_err fl_loss_rules(fl_ctx *ctx, fl_loss_rule **out, size_t *count)
{
	static const fl_sql sql = { "loss_rules", "SELECT jurisdiction, kind, rate FROM total_loss_rules ORDER BY 1",
		.generic = true };
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, NULL, &rows));
	fl_loss_rule *made = fl_new_array(ctx->mem, fl_loss_rule, (size_t)rows->count + 1);
	size_t n = 0;
	if (!made)
		return FL_NOMEM;
	if (rows->count == 0 || fl_row_text(rows, 0, 0).len)
		made[n++] = fl_loss_rule_for(NULL, 0, FL_STR(""));
	for (int i = 0; i < rows->count; i++)
		made[n++] = (fl_loss_rule) { fl_row_text(rows, i, 0), fl_row_i16(rows, i, 1), fl_row_i32(rows, i, 2), true };
	*out = made;
	*count = n;
	return FL_OK;
}

static fl_str rule_text(fl_ctx *ctx, int16_t kind, int32_t rate)
{
	return fl_str_fmt(ctx->mem, "%s %d.%02d", kind == FL_LOSS_FORMULA ? "FORMULA" : "THRESHOLD", rate / 100, rate % 100);
}

/* As it was, in words; ptr NULL: there was none. */
static fl_err lock_rule(fl_ctx *ctx, fl_tx *tx, fl_str jurisdiction, fl_str *out)
{
	static const fl_sql sql = { "loss_rule_lock",
		"SELECT kind, rate FROM total_loss_rules WHERE jurisdiction = $1 FOR UPDATE", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_text(&args, jurisdiction);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	*out = rows->count ? rule_text(ctx, fl_row_i16(rows, 0, 0), fl_row_i32(rows, 0, 1)) : (fl_str) {};
	return FL_OK;
}

/* {"jurisdiction": "US-TX", "rule": ["THRESHOLD 75.00", null]} */
static fl_err event_data(fl_ctx *ctx, fl_str jurisdiction, fl_str before, fl_str after, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(4096);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("jurisdiction"));
	fl_json_put_str(&j, jurisdiction);
	fl_json_key(&j, FL_STR("rule"));
	fl_json_open(&j, '[');
	for (int i = 0; i < 2; i++) {
		fl_str text = i ? after : before;
		if (text.ptr)
			fl_json_put_str(&j, text);
		else
			fl_json_put_null(&j);
	}
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* The statement and the event that tells of it, together. */
static fl_err write_rule(fl_ctx *ctx, const fl_sql *sql, const fl_args *args, fl_str jurisdiction, const fl_loss_rule *rule)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args event;
	fl_str before, data, after = rule ? rule_text(ctx, rule->kind, rule->rate) : (fl_str) {};
	const fl_rows *rows;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(lock_rule(ctx, &tx, jurisdiction, &before));
	FL_TRY(event_data(ctx, jurisdiction, before, after, &data));
	FL_TRY(fl_event_args(ctx,
		&(fl_event) {
			.id = fl_uuid7(fl_now_us()), .type = FL_EVENT_LOSS_RULE_SET, .actor = ctx->caller.user_id, .data = data },
		&event));
	FL_TRY(await_tx_query(ctx, &tx, sql, args, &rows));
	if (rows->affected == 0)
		return rule ? fl_fail(&ctx->diag, FL_LIMIT, "a company has at most %d rules", FL_LOSS_RULES_MAX)
			    : fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such rule");
	const fl_stmt told = { &fl_event_insert, &event, NULL };
	FL_TRY(await_commit_with(ctx, &tx, &told, 1));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

fl_err fl_loss_rule_set(fl_ctx *ctx, const fl_loss_rule *rule)
{
	static const fl_sql sql = { "loss_rule_set",
		"INSERT INTO total_loss_rules (tenant_id, jurisdiction, kind, rate) SELECT $1, $2, $3, $4"
		" WHERE (SELECT count(*) FROM total_loss_rules WHERE jurisdiction <> $2) < $5"
		" ON CONFLICT (tenant_id, jurisdiction) DO UPDATE SET kind = excluded.kind, rate = excluded.rate",
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	fl_str jurisdiction = fl_str_trim(rule->jurisdiction);
	FL_TRY(fl_must(ctx, FL_MAY_POLICY_WRITE));
	if (jurisdiction.len)
		FL_TRY(fl_jurisdiction_check(ctx->mem, &ctx->diag, &jurisdiction));
	else
		jurisdiction = FL_STR("");
	if (rule->kind == FL_LOSS_THRESHOLD && (rule->rate < 100 || rule->rate > FL_LOSS_RATE_MAX))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the threshold goes from 1 to 200 percent of the value");
	if (rule->kind == FL_LOSS_FORMULA && (rule->rate < 0 || rule->rate > 10000))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the salvage goes from 0 to 100 percent of the value");
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_text(&args, jurisdiction);
	fl_arg_i16(&args, rule->kind);
	fl_arg_i32(&args, rule->rate);
	fl_arg_i64(&args, FL_LOSS_RULES_MAX);
	return write_rule(ctx, &sql, &args, jurisdiction, rule);
}

fl_err fl_loss_rule_remove(fl_ctx *ctx, fl_str jurisdiction)
{
	static const fl_sql sql = { "loss_rule_remove", "DELETE FROM total_loss_rules WHERE jurisdiction = $1", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	jurisdiction = fl_str_trim(jurisdiction);
	FL_TRY(fl_must(ctx, FL_MAY_POLICY_WRITE));
	if (jurisdiction.len)
		FL_TRY(fl_jurisdiction_check(ctx->mem, &ctx->diag, &jurisdiction));
	else
		jurisdiction = FL_STR("");
	fl_arg_text(&args, jurisdiction);
	return write_rule(ctx, &sql, &args, jurisdiction, NULL);
}

/* ---- facts ---- */

/* The value until the first change of it after the incident, or else the one of today. */
static const fl_sql facts_sql = { "loss_facts",
	"SELECT r.id, coalesce(v.jurisdiction, f.jurisdiction), coalesce((SELECT h.value FROM vehicle_values h WHERE "
	"h.vehicle_id = r.vehicle_id"
	" AND h.until > r.incident_at ORDER BY h.until LIMIT 1), v.value), r.estimated_cost"
	" FROM damage_reports r JOIN vehicles v ON v.tenant_id = r.tenant_id AND v.id = r.vehicle_id"
	" LEFT JOIN facilities f ON f.tenant_id = r.tenant_id AND f.id = coalesce(v.facility_id, r.facility_id)"
	" WHERE r.id = ANY($1) AND r.id >= $2 AND r.id <= $3",
	.generic = true };

static fl_total_loss *loss_of(fl_total_loss *losses, size_t count, fl_uuid report)
{
	for (size_t i = 0; i < count; i++)
		if (fl_uuid_eq(losses[i].report_id, report))
			return &losses[i];
	return NULL;
}

static void take_cost(fl_total_loss *loss, int16_t basis, int64_t cents)
{
	assert(loss); /* of a report that was asked for */
	if (!loss)
		return; /* of a report that nobody asked about */
	bool better = !loss->has_cost || basis < loss->basis || (basis == loss->basis && cents < loss->cost_cents);
	if (!better)
		return;
	loss->has_cost = true;
	loss->basis = basis;
	loss->cost_cents = cents;
}

static fl_err read_facts(fl_ctx *ctx, const fl_uuid *reports, size_t count, fl_total_loss *losses)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_uuid low = reports[0], high = reports[0];
	for (size_t i = 1; i < count; i++) {
		if (fl_uuid_cmp(reports[i], low) < 0)
			low = reports[i];
		if (fl_uuid_cmp(reports[i], high) > 0)
			high = reports[i];
	}
	fl_arg_uuids(&args, reports, count);
	fl_arg_uuid(&args, low);
	fl_arg_uuid(&args, high);
	FL_TRY(await_query(ctx, ctx->services->db, &facts_sql, &args, &rows));
	for (int i = 0; i < rows->count; i++) {
		fl_total_loss *loss = loss_of(losses, count, fl_row_uuid(rows, i, 0));
		assert(loss); /* of a report that was asked for */
		loss->jurisdiction = fl_row_text(rows, i, 1);
		loss->has_value = fl_row_i64(rows, i, 2) > 0;
		loss->value_cents = fl_row_i64(rows, i, 2);
		if (!fl_row_null(rows, i, 3))
			take_cost(loss, FL_BASIS_REPORT, fl_row_i64(rows, i, 3));
	}
	return FL_OK;
}

static fl_err read_costs(fl_ctx *ctx, const fl_uuid *reports, size_t count, fl_total_loss *losses)
{
	fl_estimate *estimates;
	fl_assessment_row *assessments;
	size_t estimate_count, assessment_count;
	int64_t now = fl_now_us();
	FL_TRY(fl_estimates_of_reports(ctx, reports, count, &estimates, &estimate_count));
	FL_TRY(fl_assessments_of_reports(ctx, reports, count, &assessments, &assessment_count));
	for (size_t i = 0; i < assessment_count; i++)
		if (assessments[i].has_estimate)
			take_cost(loss_of(losses, count, assessments[i].report_id), FL_BASIS_ASSESSMENT,
				assessments[i].cost_likely);
	for (size_t i = 0; i < estimate_count; i++) {
		const fl_estimate *e = &estimates[i];
		bool waits = e->state != FL_ESTIMATE_DECLINED && fl_estimate_is_open(e, now);
		if (e->state == FL_ESTIMATE_ACCEPTED || waits)
			take_cost(loss_of(losses, count, e->report_id), waits ? FL_BASIS_ESTIMATE : FL_BASIS_ACCEPTED,
				e->now.totals.total);
	}
	return FL_OK;
}

/* ---- judging ---- */

static fl_err explain(fl_ctx *ctx, fl_total_loss *l)
{
	fl_str cost = fl_money_text(ctx->mem, l->cost_cents), value = fl_money_text(ctx->mem, l->value_cents);
	fl_str rate = fl_decimal_text(ctx->mem, l->rule.rate, 2), where = l->rule.jurisdiction;
	fl_str whose = where.len     ? fl_str_fmt(ctx->mem, "the rule for %" FL_FMT, FL_ARG(where))
		       : l->rule.own ? FL_STR("the company's rule")
				     : FL_STR("the usual rule");
	if (!l->has_value)
		l->explanation = FL_STR("Nobody can tell: the vehicle's value is not known.");
	else if (!l->has_cost)
		l->explanation = FL_STR("Nobody can tell: what the repair costs is not known.");
	else
		l->explanation = fl_str_fmt(ctx->mem,
			l->rule.kind == FL_LOSS_FORMULA ? "The repair costs %" FL_FMT " and the vehicle was worth %" FL_FMT
							  ", %.1f %% of it. By %" FL_FMT " it is a total loss when the "
							  "repair and %" FL_FMT " %% of the value as salvage reach the value: %s."
							: "The repair costs %" FL_FMT " and the vehicle was worth %" FL_FMT
							  ", %.1f %% of it. By %" FL_FMT " it is a total loss from "
							  "%" FL_FMT " %% on: %s.",
			FL_ARG(cost), FL_ARG(value), l->ratio * 100, FL_ARG(whose), FL_ARG(rate),
			l->is_total_loss ? "it is one" : "it is none");
	return l->explanation.ptr ? FL_OK : FL_NOMEM;
}

fl_err fl_total_losses_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t count, fl_total_loss **out)
{
	fl_loss_rule *rules;
	size_t rule_count;
	fl_total_loss *losses = fl_new_array(ctx->mem, fl_total_loss, count);
	if (!losses)
		return FL_NOMEM;
	FL_TRY(fl_must(ctx, FL_MAY_ESTIMATE_READ));
	for (size_t i = 0; i < count; i++)
		losses[i] = (fl_total_loss) { .report_id = reports[i] };
	*out = losses;
	if (count == 0)
		return FL_OK;
	FL_TRY(fl_loss_rules(ctx, &rules, &rule_count));
	FL_TRY(read_facts(ctx, reports, count, losses));
	FL_TRY(read_costs(ctx, reports, count, losses));
	for (size_t i = 0; i < count; i++) {
		fl_total_loss *l = &losses[i];
		l->rule = fl_loss_rule_for(rules, rule_count, l->jurisdiction);
		l->known = l->has_value && l->has_cost;
		l->is_total_loss = l->known && fl_loss_judge(&l->rule, l->cost_cents, l->value_cents, &l->ratio);
		FL_TRY(explain(ctx, l));
	}
	return FL_OK;
}
