#include "fleet/report/change.h"

/* ---- reading ---- */

static fl_change_of read_change(const fl_rows *rows, int i)
{
	fl_change_of change = {
		.id = fl_row_uuid(rows, i, 0),
		.vehicle_id = fl_row_i32(rows, i, 1),
		.reported_by = fl_row_i32(rows, i, 2),
		.version = fl_row_i32(rows, i, 3),
		.reported_at = fl_row_time(rows, i, 4),
		.number = fl_row_i64(rows, i, 5),
		.before = {
			.stage = (fl_stage)fl_row_i16(rows, i, 6),
			.severity = fl_row_i16(rows, i, 7),
			.damage_type = fl_row_i16(rows, i, 8),
			.priority = fl_row_i16(rows, i, 9),
			.has_estimated = !fl_row_null(rows, i, 10),
			.estimated_cents = fl_row_i64(rows, i, 10),
			.has_actual = !fl_row_null(rows, i, 11),
			.actual_cents = fl_row_i64(rows, i, 11),
			.description = fl_row_text(rows, i, 12),
			.assessed_at = fl_row_time_or_0(rows, i, 13),
			.completed_at = fl_row_time_or_0(rows, i, 14),
			.phase_since = fl_row_time_or_0(rows, i, 15),
			.due_at = fl_row_time_or_0(rows, i, 16),
			.overdue_told = fl_row_bool(rows, i, 17),
			.endorsed_by = fl_row_i32(rows, i, 18),
			.has_duplicate_of = !fl_row_null(rows, i, 19),
			.duplicate_of = fl_row_uuid(rows, i, 19),
		},
	};
	change.after = change.before;
	return change;
}

/* Locked in the order of ids, so that two batches never wait for each other. */
static const fl_sql lock_sql = {
	"reports_lock",
	"SELECT id, vehicle_id, reported_by, version, reported_at, report_number, coalesce(stage, stage_of_status(status)), "
	"severity, damage_type,"
	" priority, estimated_cost, actual_cost, description, assessed_at, completed_at, phase_since, due_at, overdue_told, "
	"endorsed_by, duplicate_of"
	" FROM damage_reports WHERE ($1::int IS NULL OR reported_by = $1) AND id = ANY($2) AND id >= $3 AND id <= $4 ORDER BY id "
	"FOR UPDATE",
};

static void arg_bounds(fl_args *args, const fl_uuid *ids, size_t count)
{
	fl_uuid low = count ? ids[0] : (fl_uuid) {}, high = low;
	for (size_t i = 1; i < count; i++) {
		if (fl_uuid_cmp(ids[i], low) < 0)
			low = ids[i];
		if (fl_uuid_cmp(ids[i], high) > 0)
			high = ids[i];
	}
	fl_arg_uuid(args, low);
	fl_arg_uuid(args, high);
}

fl_err fl_changes_begin(
	fl_ctx *ctx, fl_tx *tx, const fl_uuid *ids, size_t id_count, fl_change_of **out, size_t *count, fl_policy *policy)
{
	fl_policy_query query;
	fl_stmt stmts[1 + FL_POLICY_STMTS];
	const fl_rows *rows;
	fl_args args = fl_args_make(ctx->mem);
	if (fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		fl_arg_null(&args, FL_DB_I32);
	else
		fl_arg_i32(&args, ctx->caller.user_id);
	fl_arg_uuids(&args, ids, id_count);
	arg_bounds(&args, ids, id_count);
	stmts[0] = (fl_stmt) { &lock_sql, &args, &rows };
	fl_policy_stmts(&query, &stmts[1]);
	FL_TRY(await_tx_statements(ctx, tx, stmts, FL_COUNT(stmts)));
	fl_policy_read(&query, policy);
	fl_change_of *changes = fl_new_array(ctx->mem, fl_change_of, (size_t)rows->count);
	if (!changes)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		changes[i] = read_change(rows, i);
	*out = changes;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- going a way ---- */

static bool same_estimate(const fl_report_state *a, const fl_report_state *b)
{
	return a->has_estimated == b->has_estimated && a->estimated_cents == b->estimated_cents;
}

fl_step_facts fl_change_facts(const fl_change_of *change)
{
	const fl_report_state *s = &change->after;
	/* Whoever approved first approved that amount and no other. */
	bool same_cost = same_estimate(&change->before, s);
	return (fl_step_facts) {
		.assessed = s->assessed_at != 0,
		.has_severity = s->severity != 0,
		.has_cost = s->has_estimated || s->has_actual,
		.has_actual = s->has_actual,
		.cost_cents = FL_MAX(s->has_estimated ? s->estimated_cents : 0, s->has_actual ? s->actual_cents : 0),
		.reported_by = change->reported_by,
		.endorsed_by = same_cost ? s->endorsed_by : 0,
	};
}

/* Where an amount is approved. A dispute may be settled with the outcome as it was, so its amount counts as approved too. */
static bool is_approved(fl_stage stage)
{
	fl_status status = fl_stage_status(stage);
	return status == FL_STATUS_APPROVED || status == FL_STATUS_IN_REPAIR || status == FL_STATUS_COMPLETED ||
	       stage == FL_STAGE_DISPUTED;
}

fl_err fl_change_may_cost(const fl_change_of *change, const fl_caller *caller, const fl_policy *policy, fl_diag *diag)
{
	const fl_report_state *b = &change->before, *a = &change->after;
	bool raised = a->has_estimated && (!b->has_estimated || a->estimated_cents > b->estimated_cents);
	if (!raised || !is_approved(b->stage) || !is_approved(a->stage))
		return FL_OK;
	const fl_step_facts facts = { .has_cost = true, .cost_cents = a->estimated_cents };
	switch (fl_amount_judge(caller, &facts, &policy->limits[caller->role], diag)) {
	case FL_VERDICT_REFUSED: return FL_BAD_INPUT;
	case FL_VERDICT_ENDORSES:
		return fl_fail(diag, FL_BAD_INPUT, "this raises what is approved above what you may approve alone: "
						   "withdraw the approval and approve anew with a second person, or ask an administrator");
	case FL_VERDICT_GOES: break;
	}
	return FL_OK;
}

void fl_change_step(fl_change_of *change, const fl_step *step)
{
	change->verb = step->verb;
	change->after.stage = step->to;
	change->after.endorsed_by = 0;
	if (step->to != FL_STAGE_DUPLICATE)
		change->after.has_duplicate_of = false;
}

/* What follows from the stage: when it was completed, and until when something has to happen. The clock of a phase goes on
 * while the phase does, so an assessment that arrives gives nobody more time to look. */
static void settle(fl_change_of *change, const fl_policy *policy, int64_t now)
{
	const fl_report_state *b = &change->before;
	fl_report_state *a = &change->after;
	fl_phase phase = fl_stage_phase(a->stage);
	bool moved = phase != fl_stage_phase(b->stage) || change->version == 0;
	bool same_cost = same_estimate(a, b);
	if (fl_stage_status(a->stage) != FL_STATUS_COMPLETED)
		a->completed_at = 0;
	else if (!a->completed_at)
		a->completed_at = now;
	if (!same_cost && a->endorsed_by == b->endorsed_by)
		a->endorsed_by = 0; /* the first person approved another amount */
	if (change->undo || (!moved && a->priority == b->priority))
		return; /* undo has put the clock back */
	if (moved)
		a->phase_since = now;
	else if (!a->phase_since)
		a->phase_since = change->reported_at;
	a->due_at = fl_sla_due(policy, phase, a->priority, a->phase_since);
	if (!a->due_at)
		a->phase_since = 0;
	if (a->due_at != b->due_at)
		a->overdue_told = false;
}

/* ---- what an event says ---- */

/* ptr NULL: null. */
static void put_pair(fl_json_out *j, const char *field, fl_str before, fl_str after)
{
	fl_json_key(j, fl_str_z(field));
	fl_json_open(j, '[');
	if (before.ptr)
		fl_json_put_str(j, before);
	else
		fl_json_put_null(j);
	if (after.ptr)
		fl_json_put_str(j, after);
	else
		fl_json_put_null(j);
	fl_json_close(j, ']');
}

static fl_str or_null(fl_str text)
{
	return text.len ? text : (fl_str) {};
}

static fl_str money_or_null(fl_ctx *ctx, bool has, int64_t cents)
{
	return has ? fl_money_text(ctx->mem, cents) : (fl_str) {};
}

static fl_str number_or_null(fl_ctx *ctx, int32_t number)
{
	return number ? fl_str_fmt(ctx->mem, "%d", number) : (fl_str) {};
}

static fl_str time_or_null(fl_ctx *ctx, int64_t at)
{
	char text[FL_TIME_TEXT_MAX];
	if (!at)
		return (fl_str) {};
	return fl_str_dup(ctx->mem, fl_str_make(text, fl_time_format(at, text)));
}

static fl_str id_or_null(fl_ctx *ctx, bool has, fl_uuid id)
{
	return has ? fl_uuid_str(ctx->mem, id) : (fl_str) {};
}

static void put_stage(fl_json_out *j, fl_stage before, fl_stage after, bool is_new)
{
	fl_status was = fl_stage_status(before), is = fl_stage_status(after);
	if (was != is || is_new)
		put_pair(j, "status", or_null(fl_status_name(was)), fl_status_name(is));
	if (before != after && !(is_new && fl_status_stage(is) == after))
		put_pair(j, "stage", or_null(fl_stage_name(before)), fl_stage_name(after));
}

static void put_fields(fl_ctx *ctx, fl_json_out *j, const fl_report_state *b, const fl_report_state *a, bool is_new)
{
	if (a->stage != b->stage)
		put_stage(j, b->stage, a->stage, is_new);
	if (a->severity != b->severity)
		put_pair(j, "severity", or_null(fl_severity_name(b->severity)), or_null(fl_severity_name(a->severity)));
	if (a->damage_type != b->damage_type)
		put_pair(j, "damageType", or_null(fl_damage_type_name(b->damage_type)),
			or_null(fl_damage_type_name(a->damage_type)));
	if (a->priority != b->priority)
		put_pair(j, "priority", number_or_null(ctx, b->priority), number_or_null(ctx, a->priority));
	if (a->has_estimated != b->has_estimated || a->estimated_cents != b->estimated_cents)
		put_pair(j, "estimatedCost", money_or_null(ctx, b->has_estimated, b->estimated_cents),
			money_or_null(ctx, a->has_estimated, a->estimated_cents));
	if (a->has_actual != b->has_actual || a->actual_cents != b->actual_cents)
		put_pair(j, "actualCost", money_or_null(ctx, b->has_actual, b->actual_cents),
			money_or_null(ctx, a->has_actual, a->actual_cents));
	if (a->has_duplicate_of != b->has_duplicate_of || (a->has_duplicate_of && !fl_uuid_eq(a->duplicate_of, b->duplicate_of)))
		put_pair(j, "duplicateOf", id_or_null(ctx, b->has_duplicate_of, b->duplicate_of),
			id_or_null(ctx, a->has_duplicate_of, a->duplicate_of));
	if (a->endorsed_by != b->endorsed_by)
		put_pair(j, "endorsedBy", number_or_null(ctx, b->endorsed_by), number_or_null(ctx, a->endorsed_by));
	if (a->due_at != b->due_at)
		put_pair(j, "dueAt", time_or_null(ctx, b->due_at), time_or_null(ctx, a->due_at));
	if (a->phase_since != b->phase_since)
		put_pair(j, "phaseSince", time_or_null(ctx, b->phase_since), time_or_null(ctx, a->phase_since));
	if (a->completed_at != b->completed_at)
		put_pair(j, "completedAt", time_or_null(ctx, b->completed_at), time_or_null(ctx, a->completed_at));
	if (!is_new && !fl_str_eq(a->description, b->description))
		put_pair(j, "description", b->description, a->description);
}

fl_err fl_change_data(fl_ctx *ctx, const fl_change_of *change, bool is_new, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(256 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	put_fields(ctx, &j, &change->before, &change->after, is_new);
	if (change->verb) {
		fl_json_key(&j, fl_str_z(change->undo ? "undone" : change->endorses ? "endorses" : "transition"));
		fl_json_put_str(&j, fl_verb_name(change->verb));
	}
	if (change->reason.len) {
		fl_json_key(&j, FL_STR("reason"));
		fl_json_put_str(&j, change->reason);
	}
	if (change->extra.len) {
		if (j.comma)
			fl_buf_char(&buf, ',');
		fl_buf_str(&buf, change->extra);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* ---- writing ---- */

/* Columns side by side. In arrays a 0 or a nil id stands for NULL, and -1 for an amount of money that is none. */
typedef struct columns {
	fl_uuid ids[FL_CHANGES_MAX], events[FL_CHANGES_MAX], duplicates[FL_CHANGES_MAX];
	int16_t status[FL_CHANGES_MAX], stage[FL_CHANGES_MAX], severity[FL_CHANGES_MAX], type[FL_CHANGES_MAX],
		priority[FL_CHANGES_MAX], told[FL_CHANGES_MAX];
	int32_t version[FL_CHANGES_MAX], endorsed[FL_CHANGES_MAX], vehicle[FL_CHANGES_MAX];
	int64_t estimated[FL_CHANGES_MAX], actual[FL_CHANGES_MAX], assessed[FL_CHANGES_MAX], completed[FL_CHANGES_MAX],
		since[FL_CHANGES_MAX], due[FL_CHANGES_MAX];
	fl_str description[FL_CHANGES_MAX], data[FL_CHANGES_MAX];
	size_t count;
} columns;

static fl_err add_change(fl_ctx *ctx, columns *c, const fl_change_of *change)
{
	const fl_report_state *a = &change->after;
	size_t i = c->count++;
	fl_status status = fl_stage_status(a->stage);
	c->ids[i] = change->id;
	c->events[i] = fl_uuid7(fl_now_us());
	c->duplicates[i] = a->has_duplicate_of ? a->duplicate_of : (fl_uuid) {};
	c->status[i] = (int16_t)status;
	c->stage[i] = fl_status_stage(status) == a->stage ? 0 : (int16_t)a->stage;
	c->severity[i] = a->severity;
	c->type[i] = a->damage_type;
	c->priority[i] = a->priority;
	c->told[i] = a->overdue_told;
	c->version[i] = change->version + 1;
	c->endorsed[i] = a->endorsed_by;
	c->vehicle[i] = change->vehicle_id;
	c->estimated[i] = a->has_estimated ? a->estimated_cents : -1;
	c->actual[i] = a->has_actual ? a->actual_cents : -1;
	c->assessed[i] = a->assessed_at;
	c->completed[i] = a->completed_at;
	c->since[i] = a->phase_since;
	c->due[i] = a->due_at;
	c->description[i] = a->description;
	return fl_change_data(ctx, change, false, &c->data[i]);
}

#define MOMENT(name) "CASE WHEN u." name " <> 0 THEN timestamptz 'epoch' + u." name " * interval '1 microsecond' END"

static const fl_sql
	update_sql = { "reports_change",
		"UPDATE damage_reports r SET status = u.status, stage = nullif(u.stage, 0), severity = nullif(u.severity, 0), "
		"damage_type = nullif(u.type, 0),"
		" priority = u.priority, overdue_told = u.told <> 0, version = u.version, endorsed_by = nullif(u.endorsed, 0),"
		" estimated_cost = nullif(u.estimated, -1), actual_cost = nullif(u.actual, -1), assessed_at = " MOMENT("assessed") ", completed_at = " MOMENT(
			"completed") ", phase_since = " MOMENT("since") ", due_at = " MOMENT("due") ", description = "
												    "u.description, duplicate_of "
												    "= nullif(u.duplicate, "
												    "'00000000-0000-0000-0000-"
												    "000000000000'), updated_at "
												    "= now()"
												    " FROM unnest($1::uuid[], "
												    "$2::int2[], $3::int2[], "
												    "$4::int2[], $5::int2[], "
												    "$6::int2[], $7::int2[], "
												    "$8::int[], $9::int[], "
												    "$10::int8[],"
												    " $11::int8[], $12::int8[], "
												    "$13::int8[], $14::int8[], "
												    "$15::int8[], $16::text[], "
												    "$17::uuid[]) AS u(id, "
												    "status, stage, severity, "
												    "type, priority,"
												    " told, version, endorsed, "
												    "estimated, actual, "
												    "assessed, completed, since, "
												    "due, description, duplicate)"
												    " WHERE r.id = u.id AND r.id "
												    ">= $18 AND r.id <= $19",
		.write = true };

static fl_err update_args(fl_ctx *ctx, const columns *c, fl_args *args)
{
	size_t n = c->count;
	*args = fl_args_make(ctx->mem);
	fl_arg_uuids(args, c->ids, n);
	fl_arg_i16s(args, c->status, n);
	fl_arg_i16s(args, c->stage, n);
	fl_arg_i16s(args, c->severity, n);
	fl_arg_i16s(args, c->type, n);
	fl_arg_i16s(args, c->priority, n);
	fl_arg_i16s(args, c->told, n);
	fl_arg_i32s(args, c->version, n);
	fl_arg_i32s(args, c->endorsed, n);
	fl_arg_i64s(args, c->estimated, n);
	fl_arg_i64s(args, c->actual, n);
	fl_arg_i64s(args, c->assessed, n);
	fl_arg_i64s(args, c->completed, n);
	fl_arg_i64s(args, c->since, n);
	fl_arg_i64s(args, c->due, n);
	fl_arg_texts(args, c->description, n);
	fl_arg_uuids(args, c->duplicates, n);
	arg_bounds(args, c->ids, n);
	return args->err;
}

static const fl_sql events_sql = { "events_insert",
	"INSERT INTO events (tenant_id, id, type, report_id, vehicle_id, agg_version, actor, data)"
	" SELECT $1, u.id, $2, u.report, u.vehicle, u.version, nullif($3, 0), u.data::jsonb"
	" FROM unnest($4::uuid[], $5::uuid[], $6::int[], $7::int[], $8::text[]) AS u(id, report, vehicle, version, data)",
	.write = true };

static fl_err event_args(fl_ctx *ctx, const char *type, const columns *c, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_text(args, fl_str_z(type));
	fl_arg_i32(args, ctx->caller.user_id);
	fl_arg_uuids(args, c->events, c->count);
	fl_arg_uuids(args, c->ids, c->count);
	fl_arg_i32s(args, c->vehicle, c->count);
	fl_arg_i32s(args, c->version, c->count);
	fl_arg_texts(args, c->data, c->count);
	return args->err;
}

fl_err fl_changes_stmts(fl_ctx *ctx, const char *event_type, fl_change_of *changes, size_t count, const fl_policy *policy,
	fl_stmt out[FL_CHANGES_STMTS])
{
	int64_t now = fl_now_us();
	columns *c = fl_new(ctx->mem, columns);
	fl_args *args = fl_new_array(ctx->mem, fl_args, FL_CHANGES_STMTS);
	if (!c || !args)
		return FL_NOMEM;
	assert(count <= FL_CHANGES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (changes[i].skip)
			continue;
		settle(&changes[i], policy, now);
		FL_TRY(add_change(ctx, c, &changes[i]));
	}
	FL_TRY(update_args(ctx, c, &args[0]));
	FL_TRY(event_args(ctx, event_type, c, &args[1]));
	out[0] = (fl_stmt) { &update_sql, &args[0], NULL };
	out[1] = (fl_stmt) { &events_sql, &args[1], NULL };
	return FL_OK;
}
