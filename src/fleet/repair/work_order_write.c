/* Work orders: writing one and changing what it says. How it moves on: work_order_move.c. */
#include "fleet/event.h"
#include "fleet/registry/vehicle.h"
#include "fleet/repair/estimate.h"
#include "fleet/repair/repair_int.h"

/* ---- checking ---- */

fl_err fl_order_plan_check(fl_ctx *ctx, int64_t start, int64_t end)
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
	FL_TRY(fl_order_plan_check(ctx, d->planned_start, d->planned_end));
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
	fl_order_data_open(&j, order->id);
	fl_event_pair(&j, "state", (fl_str) {}, fl_life_state(&fl_order_life, order->state));
	if (order->vendor_id)
		fl_event_pair(&j, "vendorId", (fl_str) {}, fl_str_fmt(ctx->mem, "%d", order->vendor_id));
	if (order->has_budget)
		fl_event_pair(&j, "budget", (fl_str) {}, fl_money_text(ctx->mem, order->budget_cents));
	return fl_repair_data_close(ctx, &buf, &j, out);
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

const fl_sql fl_order_update_sql = { "work_order_update",
	"UPDATE work_orders SET vendor_id = nullif($2, 0), state = $3, planned_start = $4, planned_end = $5, started_at = $6,"
	" finished_at = $7, budget = nullif($8, -1), instructions = $9, version = version + 1, updated_at = now() WHERE id = $1",
	.write = true };

static void arg_time(fl_args *args, int64_t at)
{
	fl_arg_time(args, at ? at : FL_NEVER);
}

fl_err fl_order_update_args(fl_ctx *ctx, const fl_order *o, fl_args *args)
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
	fl_order_data_open(&j, after->id);
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
	return fl_repair_data_close(ctx, &buf, &j, out);
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
	fl_stmt stmts[3] = { { &fl_order_update_sql, &args[0], NULL }, { &tasks_drop_sql, &args[1], NULL }, { &tasks_sql, &args[2], NULL } };
	fl_str data;
	FL_TRY(apply_patch(ctx, r, patch, order));
	FL_TRY(fl_order_update_args(ctx, order, &args[0]));
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
