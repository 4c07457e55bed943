/* Work orders: writing them, and how the report follows. */
#include "fleet/repair/estimate.h"
#include "fleet/event.h"
#include "fleet/repair/repair_int.h"
#include "fleet/report/transition.h"
#include "fleet/registry/vehicle.h"

/* ---- the frame of every change ---- */

static fl_err find_order(fl_ctx *ctx, fl_repair *r, int32_t id, int32_t version, fl_order **out)
{
	for (size_t i = 0; i < r->order_count; i++)
		if (r->orders[i].id == id)
			*out = &r->orders[i];
	if (!*out)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no work order %d", id);
	if (version && version != (*out)->version)
		return fl_fail(&ctx->diag, FL_CONFLICT,
			"somebody changed this work order meanwhile: it is at version %d, you saw %d; read it again", (*out)->version,
			version);
	return FL_OK;
}

fl_err fl_repair_begin(fl_ctx *ctx, fl_uuid report, fl_repair *r)
{
	size_t found;
	FL_TRY(await_begin(ctx, ctx->services->db, &r->tx));
	FL_TRY(fl_changes_begin(ctx, &r->tx, &report, 1, &r->change, &found, &r->policy));
	if (found == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	return fl_orders_in_tx(ctx, &r->tx, report, &r->orders, &r->order_count);
}

fl_err fl_repair_begin_order(fl_ctx *ctx, int32_t id, int32_t version, fl_repair *r, fl_order **out)
{
	fl_order *order;
	size_t count;
	*out = NULL;
	FL_TRY(fl_must(ctx, FL_MAY_REPAIR));
	FL_TRY(fl_orders_get(ctx, &id, 1, &order, &count)); /* an order never changes its report */
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no work order %d", id);
	FL_TRY(fl_repair_begin(ctx, order->report_id, r));
	return find_order(ctx, r, id, version, out);
}

void fl_event_pair(fl_json_out *j, const char *field, fl_str before, fl_str after)
{
	const fl_str values[] = { before, after };
	fl_json_key(j, fl_str_z(field));
	fl_json_open(j, '[');
	for (size_t i = 0; i < FL_COUNT(values); i++)
		if (values[i].ptr)
			fl_json_put_str(j, values[i]);
		else
			fl_json_put_null(j);
	fl_json_close(j, ']');
}

/* With what the order, bill or claim is now, as the statements before left it: `fleet rebuild` compares. */
static const fl_sql event_insert = { "repair_event_insert",
	"INSERT INTO events (tenant_id, id, type, report_id, vehicle_id, agg_version, actor, data)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb || jsonb_build_object('after', repair_after($1, $3, $4, $8::jsonb)))", .write = true };

fl_err fl_repair_end(
	fl_ctx *ctx, fl_repair *r, const char *event, int32_t order, fl_str data, const fl_stmt *own, int own_count)
{
	fl_stmt stmts[FL_REPAIR_STMTS + FL_CHANGES_STMTS + 1];
	fl_args args;
	int count = own_count;
	assert(own_count <= FL_REPAIR_STMTS);
	for (int i = 0; i < own_count; i++)
		stmts[i] = own[i];
	if (r->moved) {
		r->change->extra = fl_str_fmt(ctx->mem, "\"workOrder\":%d", order);
		FL_TRY(fl_changes_stmts(ctx, FL_EVENT_REPORT_UPDATED, r->change, 1, &r->policy, &stmts[count]));
		count += FL_CHANGES_STMTS;
	}
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = event,
			.report_id = r->change->id,
			.vehicle_id = r->change->vehicle_id,
			.version = r->change->version + r->moved,
			.actor = ctx->caller.user_id,
			.data = data },
		&args));
	stmts[count++] = (fl_stmt) { &event_insert, &args, NULL };
	FL_TRY(await_commit_with(ctx, &r->tx, stmts, count));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

static fl_err build(fl_ctx *ctx, fl_buf *buf, fl_json_out *j, fl_str *out)
{
	fl_json_close(j, '}');
	FL_TRY(fl_buf_err(buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static void open_data(fl_json_out *j, int32_t order)
{
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("workOrder"));
	fl_json_put_i64(j, order);
}

/* ---- the report follows ---- */

static fl_err go(fl_ctx *ctx, fl_repair *r, fl_verb verb)
{
	const fl_step_facts facts = fl_change_facts(r->change);
	const fl_step *step = fl_step_by_verb(r->change->before.stage, verb, &facts);
	fl_str stage = fl_stage_name(r->change->before.stage);
	if (!step)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report is %" FL_FMT ": work begins when its repair is approved",
			FL_ARG(stage));
	FL_TRY(fl_must(ctx, step->permission));
	if (fl_step_judge(step, &ctx->caller, &facts, &r->policy.limits[ctx->caller.role], &ctx->diag) != FL_VERDICT_GOES)
		return FL_BAD_INPUT;
	fl_change_step(r->change, step);
	r->moved = true;
	return FL_OK;
}

/* The last order that ends takes the report along, as far as its own ways lead. */
static fl_err ended(fl_ctx *ctx, fl_repair *r)
{
	bool any_done = false;
	for (size_t i = 0; i < r->order_count; i++) {
		if (fl_order_is_open((fl_order_state)r->orders[i].state))
			return FL_OK;
		any_done |= r->orders[i].state == FL_ORDER_DONE;
	}
	if (r->change->before.stage != FL_STAGE_IN_REPAIR)
		return FL_OK;
	return go(ctx, r, any_done ? FL_VERB_COMPLETE : FL_VERB_HALT_REPAIR);
}

static fl_err follow(fl_ctx *ctx, fl_repair *r, fl_order_effect effect)
{
	fl_stage stage = r->change->before.stage;
	if (effect == FL_EFFECT_ENDS)
		return ended(ctx, r);
	if (effect == FL_EFFECT_NONE || stage == FL_STAGE_IN_REPAIR)
		return FL_OK;
	return go(ctx, r, stage == FL_STAGE_COMPLETED ? FL_VERB_RESUME_REPAIR : FL_VERB_START_REPAIR);
}

/* ---- checking ---- */

static fl_err check_plan(fl_ctx *ctx, int64_t start, int64_t end)
{
	int64_t far = FL_PLAN_DAYS_MAX * FL_DAY_US, now = fl_now_us();
	if (end && !start)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "plannedEnd is given without plannedStart");
	if (end && end <= start)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "plannedEnd must be after plannedStart");
	if ((start && (start < now - far || start > now + far)) || end > now + far)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a planned date lies within ten years of today");
	return FL_OK;
}

static fl_err check_vendor(fl_ctx *ctx, int32_t id)
{
	fl_vendor *vendor;
	size_t count;
	if (!id)
		return FL_OK;
	FL_TRY(fl_vendors_get(ctx, &id, 1, &vendor, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vendor %d", id);
	if (vendor->retired_at)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%.*s is out of use: choose another vendor", FL_ARG(vendor->name));
	return FL_OK;
}

static fl_err check_tasks(fl_ctx *ctx, const fl_str *tasks, size_t count)
{
	if (count > FL_TASKS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a work order has at most %d tasks", FL_TASKS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (fl_str_trim(tasks[i]).len == 0)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "task %zu is empty: say what is to be done", i + 1);
		FL_TRY(fl_text_check(&ctx->diag, "a task", tasks[i], FL_TASK_TITLE_MAX));
	}
	return FL_OK;
}

static fl_err check_budget(fl_ctx *ctx, const fl_repair *r, int64_t cents)
{
	int64_t approved;
	if (!fl_change_approved(r->change, &approved) || cents <= fl_cost_within(approved, &r->policy))
		return FL_OK;
	fl_str text = fl_money_text(ctx->mem, approved);
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "the budget is above what was approved, %.*s: withdraw the approval and approve more",
		FL_ARG(text));
}

/* ---- making one ---- */

static const fl_sql insert_sql = { "work_order_insert",
	"INSERT INTO work_orders (tenant_id, report_id, vehicle_id, vendor_id, state, planned_start, planned_end, budget, "
	"instructions, created_by, estimate_id)"
	" VALUES ($1, $2, $3, nullif($4, 0), $5, $6, $7, nullif($8, -1), $9, nullif($10, 0), nullif($11, 0::int2)) RETURNING id",
	.write = true };

static const fl_sql tasks_sql = { "work_order_tasks_insert",
	"INSERT INTO work_order_tasks (tenant_id, work_order_id, id, title)"
	" SELECT $1, $2, (SELECT coalesce(max(t.id), 0) FROM work_order_tasks t WHERE t.work_order_id = $2) + u.n, u.title"
	" FROM unnest($3::text[]) WITH ORDINALITY u(title, n)",
	.write = true };

static fl_err tasks_args(fl_ctx *ctx, int32_t order, const fl_str *tasks, size_t count, fl_args *args)
{
	fl_str *titles = fl_new_array(ctx->mem, fl_str, count);
	if (!titles)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		titles[i] = fl_str_trim(tasks[i]);
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_i32(args, order);
	fl_arg_texts(args, titles, count);
	return args->err;
}

static fl_err insert(fl_ctx *ctx, fl_repair *r, const fl_order_draft *d, const fl_order *order, int32_t *id)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_uuid(&args, d->report_id);
	fl_arg_i32(&args, r->change->vehicle_id);
	fl_arg_i32(&args, d->vendor_id);
	fl_arg_i16(&args, order->state);
	fl_arg_time(&args, d->planned_start ? d->planned_start : FL_NEVER);
	fl_arg_time(&args, d->planned_end ? d->planned_end : FL_NEVER);
	fl_arg_i64(&args, order->has_budget ? order->budget_cents : -1);
	fl_arg_text(&args, fl_str_trim(d->instructions.ptr ? d->instructions : FL_STR("")));
	fl_arg_i32(&args, ctx->caller.user_id);
	fl_arg_i16(&args, d->estimate_id);
	FL_TRY(await_tx_query(ctx, &r->tx, &insert_sql, &args, &rows));
	*id = fl_row_i32(rows, 0, 0);
	return FL_OK;
}

static fl_err check_draft(fl_ctx *ctx, const fl_order_draft *d)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPAIR));
	FL_TRY(check_plan(ctx, d->planned_start, d->planned_end));
	FL_TRY(check_tasks(ctx, d->tasks, d->task_count));
	FL_TRY(fl_text_check(&ctx->diag, "instructions", d->instructions, FL_INSTRUCTIONS_MAX));
	return check_vendor(ctx, d->vendor_id);
}

static fl_err check_stage(fl_ctx *ctx, const fl_repair *r)
{
	fl_stage stage = r->change->before.stage;
	fl_str name = fl_stage_name(stage);
	if (stage != FL_STAGE_APPROVED && stage != FL_STAGE_IN_REPAIR && stage != FL_STAGE_COMPLETED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report is %" FL_FMT ": approve its repair before ordering it", FL_ARG(name));
	if (r->order_count >= FL_ORDERS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a report has at most %d work orders", FL_ORDERS_MAX);
	return FL_OK;
}

static fl_err created_data(fl_ctx *ctx, const fl_order *order, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(4096);
	fl_json_out j = { .buf = &buf };
	open_data(&j, order->id);
	fl_event_pair(&j, "state", (fl_str) {}, fl_life_state(&fl_order_life, order->state));
	if (order->vendor_id)
		fl_event_pair(&j, "vendorId", (fl_str) {}, fl_str_fmt(ctx->mem, "%d", order->vendor_id));
	if (order->has_budget)
		fl_event_pair(&j, "budget", (fl_str) {}, fl_money_text(ctx->mem, order->budget_cents));
	return build(ctx, &buf, &j, out);
}

static fl_err create(fl_ctx *ctx, fl_repair *r, const fl_order_draft *d, int32_t *id)
{
	fl_order order = { .vendor_id = d->vendor_id, .state = d->planned_start ? FL_ORDER_SCHEDULED : FL_ORDER_OPEN,
		.has_budget = d->has_budget, .budget_cents = d->budget_cents };
	fl_stmt stmt = { &tasks_sql, NULL, NULL };
	fl_args tasks;
	fl_str data;
	FL_TRY(check_stage(ctx, r));
	if (!order.has_budget)
		order.has_budget = fl_change_approved(r->change, &order.budget_cents);
	else
		FL_TRY(check_budget(ctx, r, order.budget_cents));
	FL_TRY(insert(ctx, r, d, &order, &order.id));
	FL_TRY(tasks_args(ctx, order.id, d->tasks, d->task_count, &tasks));
	stmt.args = &tasks;
	FL_TRY(created_data(ctx, &order, &data));
	FL_TRY(fl_repair_end(ctx, r, FL_EVENT_ORDER_CREATED, order.id, data, &stmt, d->task_count > 0));
	*id = order.id;
	return FL_OK;
}

/* What is not said is as the accepted estimate has it. */
static fl_err take_estimate(fl_ctx *ctx, fl_order_draft *d)
{
	const fl_estimate *estimate;
	FL_TRY(fl_must(ctx, FL_MAY_REPAIR));
	FL_TRY(fl_estimate_get(ctx, d->report_id, d->estimate_id, &estimate));
	fl_str state = fl_life_state(&fl_estimate_life, estimate->state);
	if (estimate->state != FL_ESTIMATE_ACCEPTED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "estimate %d is %" FL_FMT ": accept it before ordering what it offers", estimate->id,
			FL_ARG(state));
	d->vendor_id = d->vendor_id ? d->vendor_id : estimate->vendor_id;
	if (!d->has_budget) {
		d->has_budget = true;
		d->budget_cents = estimate->now.totals.total;
	}
	if (d->task_count || estimate->now.line_count == 0)
		return FL_OK;
	fl_str *tasks = fl_new_array(ctx->mem, fl_str, FL_TASKS_MAX);
	if (!tasks)
		return FL_NOMEM;
	for (size_t i = 0; i < estimate->now.line_count && d->task_count < FL_TASKS_MAX; i++)
		if (fl_str_trim(estimate->now.lines[i].text).len)
			tasks[d->task_count++] = estimate->now.lines[i].text;
	d->tasks = tasks;
	return FL_OK;
}

fl_err fl_order_create(fl_ctx *ctx, const fl_order_draft *given, int32_t *id)
{
	fl_repair r = {};
	fl_order_draft draft = *given;
	if (draft.estimate_id)
		FL_TRY(take_estimate(ctx, &draft));
	FL_TRY(check_draft(ctx, &draft));
	fl_err err = fl_repair_begin(ctx, draft.report_id, &r);
	if (err == FL_OK)
		err = create(ctx, &r, &draft, id);
	fl_tx_end(&r.tx);
	return err;
}

/* ---- changing one ---- */

static const fl_sql update_sql = { "work_order_update",
	"UPDATE work_orders SET vendor_id = nullif($2, 0), state = $3, planned_start = $4, planned_end = $5, started_at = $6,"
	" finished_at = $7, budget = nullif($8, -1), instructions = $9, version = version + 1, updated_at = now() WHERE id = $1",
	.write = true };

static void arg_time(fl_args *args, int64_t at)
{
	fl_arg_time(args, at ? at : FL_NEVER);
}

static fl_err update_args(fl_ctx *ctx, const fl_order *o, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, o->id);
	fl_arg_i32(args, o->vendor_id);
	fl_arg_i16(args, o->state);
	arg_time(args, o->planned_start);
	arg_time(args, o->planned_end);
	arg_time(args, o->started_at);
	arg_time(args, o->finished_at);
	fl_arg_i64(args, o->has_budget ? o->budget_cents : -1);
	fl_arg_text(args, o->instructions);
	return args->err;
}

static fl_err changed_data(fl_ctx *ctx, const fl_order *before, const fl_order *after, const fl_order_patch *patch, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(64 << 10);
	fl_json_out j = { .buf = &buf };
	open_data(&j, after->id);
	if (before->vendor_id != after->vendor_id)
		fl_event_pair(&j, "vendorId", before->vendor_id ? fl_str_fmt(ctx->mem, "%d", before->vendor_id) : (fl_str) {},
			after->vendor_id ? fl_str_fmt(ctx->mem, "%d", after->vendor_id) : (fl_str) {});
	if (before->has_budget != after->has_budget || before->budget_cents != after->budget_cents)
		fl_event_pair(&j, "budget", before->has_budget ? fl_money_text(ctx->mem, before->budget_cents) : (fl_str) {},
			fl_money_text(ctx->mem, after->budget_cents));
	if (!fl_str_eq(before->instructions, after->instructions)) {
		fl_json_key(&j, FL_STR("instructions"));
		fl_json_put_bool(&j, true); /* that they changed; what they say stands in the order */
	}
	if (patch->has_tasks) {
		fl_json_key(&j, FL_STR("tasks"));
		fl_json_put_i64(&j, (int64_t)patch->task_count);
	}
	return build(ctx, &buf, &j, out);
}

static fl_err apply_patch(fl_ctx *ctx, const fl_repair *r, const fl_order_patch *patch, fl_order *order)
{
	fl_str state = fl_life_state(&fl_order_life, order->state);
	if (!fl_order_is_open((fl_order_state)order->state))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "work order %d is %" FL_FMT " and stays as it is", order->id, FL_ARG(state));
	if (patch->has_vendor && patch->vendor_id != order->vendor_id) {
		if (order->started_at)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "the work has begun: cancel this order and write one for the other workshop");
		order->vendor_id = patch->vendor_id;
	}
	if (patch->has_budget) {
		FL_TRY(check_budget(ctx, r, patch->budget_cents));
		order->has_budget = true;
		order->budget_cents = patch->budget_cents;
	}
	if (patch->instructions.ptr)
		order->instructions = fl_str_trim(patch->instructions);
	return FL_OK;
}

static const fl_sql tasks_drop_sql = { "work_order_tasks_drop",
	"DELETE FROM work_order_tasks WHERE work_order_id = $1 AND done_at IS NULL", .write = true };

static fl_err change(fl_ctx *ctx, fl_repair *r, const fl_order_patch *patch, fl_order *order)
{
	const fl_order before = *order;
	fl_args args[3];
	fl_stmt stmts[3] = { { &update_sql, &args[0], NULL }, { &tasks_drop_sql, &args[1], NULL }, { &tasks_sql, &args[2], NULL } };
	fl_str data;
	FL_TRY(apply_patch(ctx, r, patch, order));
	FL_TRY(update_args(ctx, order, &args[0]));
	args[1] = fl_args_make(ctx->mem);
	fl_arg_i32(&args[1], order->id);
	FL_TRY(tasks_args(ctx, order->id, patch->tasks, patch->task_count, &args[2]));
	FL_TRY(changed_data(ctx, &before, order, patch, &data));
	return fl_repair_end(ctx, r, FL_EVENT_ORDER_CHANGED, order->id, data, stmts, patch->has_tasks ? 3 : 1);
}

fl_err fl_order_change(fl_ctx *ctx, const fl_order_patch *patch)
{
	fl_repair r = {};
	fl_order *order;
	FL_TRY(check_tasks(ctx, patch->tasks, patch->task_count));
	FL_TRY(fl_text_check(&ctx->diag, "instructions", patch->instructions, FL_INSTRUCTIONS_MAX));
	if (patch->has_vendor)
		FL_TRY(check_vendor(ctx, patch->vendor_id));
	fl_err err = fl_repair_begin_order(ctx, patch->id, patch->version, &r, &order);
	if (err == FL_OK)
		err = change(ctx, &r, patch, order);
	fl_tx_end(&r.tx);
	return err;
}

/* ---- steps ---- */

static fl_err tasks_left(fl_ctx *ctx, fl_tx *tx, int32_t order)
{
	static const fl_sql sql = { "work_order_tasks_left",
		"SELECT count(*), left(min(title), 60) FROM work_order_tasks WHERE work_order_id = $1 AND done_at IS NULL", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, order);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	const int64_t left = fl_row_i64(rows, 0, 0);
	if (left == 0)
		return FL_OK;
	if (left == 1)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the task '%" FL_FMT "' is not done: mark it, or take it off the order", FL_ARG(fl_row_text(rows, 0, 1)));
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "%lld tasks are not done, among them '%" FL_FMT "': mark them, or take them off the order",
		(long long)left, FL_ARG(fl_row_text(rows, 0, 1)));
}

static void set_times(fl_order *o, const fl_life_step *step, const fl_order_move_in *in)
{
	int64_t now = fl_now_us();
	if (step->verb == FL_ORDER_SCHEDULE || step->verb == FL_ORDER_UNSCHEDULE) {
		o->planned_start = in->planned_start;
		o->planned_end = in->planned_end;
	}
	if (step->with == FL_EFFECT_BEGINS) {
		o->started_at = o->started_at ? o->started_at : now;
		o->finished_at = 0;
	}
	if (step->with == FL_EFFECT_ENDS && o->started_at)
		o->finished_at = now;
	o->state = (int16_t)step->to;
}

static fl_err check_step(fl_ctx *ctx, fl_repair *r, const fl_order_move_in *in, const fl_order *order, const fl_life_step **out)
{
	fl_str state = fl_life_state(&fl_order_life, order->state), verb = fl_life_verb(&fl_order_life, in->verb);
	const fl_life_step *step = fl_life_step_of(&fl_order_life, order->state, in->verb);
	if (!step)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " is not possible for a work order that is %" FL_FMT, FL_ARG(verb),
			FL_ARG(state));
	if (step->verb == FL_ORDER_SCHEDULE && !in->planned_start)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say when: SCHEDULE asks for plannedStart");
	if (step->verb != FL_ORDER_SCHEDULE && in->planned_start)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "plannedStart goes with SCHEDULE only");
	if (step->verb == FL_ORDER_CANCEL && fl_str_trim(in->reason).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why: CANCEL asks for a reason");
	if (step->verb == FL_ORDER_FINISH)
		FL_TRY(tasks_left(ctx, &r->tx, order->id));
	*out = step;
	return FL_OK;
}

static fl_err moved_data(fl_ctx *ctx, const fl_order *order, const fl_life_step *step, const fl_order_move_in *in, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(64 << 10);
	fl_json_out j = { .buf = &buf };
	char text[FL_TIME_TEXT_MAX];
	open_data(&j, order->id);
	fl_json_key(&j, FL_STR("step"));
	fl_json_put_str(&j, fl_life_verb(&fl_order_life, step->verb));
	fl_event_pair(&j, "state", fl_life_state(&fl_order_life, step->from), fl_life_state(&fl_order_life, step->to));
	if (in->planned_start) {
		fl_json_key(&j, FL_STR("plannedStart"));
		fl_json_put_str(&j, fl_str_make(text, fl_time_format(in->planned_start, text)));
	}
	if (fl_str_trim(in->reason).len) {
		fl_json_key(&j, FL_STR("reason"));
		fl_json_put_str(&j, fl_str_trim(in->reason));
	}
	return build(ctx, &buf, &j, out);
}

static fl_err move(fl_ctx *ctx, fl_repair *r, const fl_order_move_in *in, fl_order *order)
{
	const fl_life_step *step = NULL;
	fl_args args;
	fl_str data;
	FL_TRY(check_step(ctx, r, in, order, &step));
	assert(step);
	set_times(order, step, in); /* in r->orders: what follows looks at them all */
	FL_TRY(follow(ctx, r, step->with));
	FL_TRY(update_args(ctx, order, &args));
	FL_TRY(moved_data(ctx, order, step, in, &data));
	const fl_stmt stmt = { &update_sql, &args, NULL };
	return fl_repair_end(ctx, r, FL_EVENT_ORDER_MOVED, order->id, data, &stmt, 1);
}

fl_err fl_order_move(fl_ctx *ctx, const fl_order_move_in *in)
{
	fl_repair r = {};
	fl_order *order;
	FL_TRY(check_plan(ctx, in->planned_start, in->planned_end));
	FL_TRY(fl_text_check(&ctx->diag, "the reason", in->reason, FL_REASON_MAX));
	fl_err err = fl_repair_begin_order(ctx, in->id, in->version, &r, &order);
	if (err == FL_OK)
		err = move(ctx, &r, in, order);
	fl_tx_end(&r.tx);
	return err;
}

/* ---- tasks ---- */

static fl_err mark(fl_ctx *ctx, fl_repair *r, const fl_order *order, int16_t task, bool done)
{
	static const fl_sql sql = { "work_order_task_set",
		"UPDATE work_order_tasks SET done_at = CASE WHEN $3 THEN coalesce(done_at, now()) END, done_by = CASE WHEN $3 THEN coalesce(done_by, nullif($4, 0)) END"
		" WHERE work_order_id = $1 AND id = $2 RETURNING title",
		.write = true };
	FL_AUTO_BUF fl_buf buf = fl_buf_make(4096);
	fl_json_out j = { .buf = &buf };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_str data;
	if (!fl_order_is_open((fl_order_state)order->state))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the work order is no longer open: its tasks stay as they are");
	fl_arg_i32(&args, order->id);
	fl_arg_i16(&args, task);
	fl_arg_bool(&args, done);
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_tx_query(ctx, &r->tx, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "work order %d has no task %d", order->id, task);
	open_data(&j, order->id);
	fl_json_key(&j, FL_STR("task"));
	fl_json_put_i64(&j, task);
	fl_json_key(&j, FL_STR("name"));
	fl_json_put_str(&j, fl_row_text(rows, 0, 0));
	fl_json_key(&j, FL_STR("done"));
	fl_json_put_bool(&j, done);
	FL_TRY(build(ctx, &buf, &j, &data));
	return fl_repair_end(ctx, r, FL_EVENT_ORDER_TASK, order->id, data, NULL, 0);
}

fl_err fl_task_set(fl_ctx *ctx, int32_t id, int16_t task, bool done)
{
	fl_repair r = {};
	fl_order *order;
	fl_err err = fl_repair_begin_order(ctx, id, 0, &r, &order);
	if (err == FL_OK)
		err = mark(ctx, &r, order, task, done);
	fl_tx_end(&r.tx);
	return err;
}
