/* Work orders on their way: the steps, the tasks, and how the report follows. */
#include "fleet/event.h"
#include "fleet/repair/repair_int.h"
#include "fleet/report/transition.h"

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
	fl_order_data_open(&j, order->id);
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
	return fl_repair_data_close(ctx, &buf, &j, out);
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
	FL_TRY(fl_order_update_args(ctx, order, &args));
	FL_TRY(moved_data(ctx, order, step, in, &data));
	const fl_stmt stmt = { &fl_order_update_sql, &args, NULL };
	return fl_repair_end(ctx, r, FL_EVENT_ORDER_MOVED, order->id, data, &stmt, 1);
}

fl_err fl_order_move(fl_ctx *ctx, const fl_order_move_in *in)
{
	fl_repair r = {};
	fl_order *order;
	FL_TRY(fl_order_plan_check(ctx, in->planned_start, in->planned_end));
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
	fl_order_data_open(&j, order->id);
	fl_json_key(&j, FL_STR("task"));
	fl_json_put_i64(&j, task);
	fl_json_key(&j, FL_STR("name"));
	fl_json_put_str(&j, fl_row_text(rows, 0, 0));
	fl_json_key(&j, FL_STR("done"));
	fl_json_put_bool(&j, done);
	FL_TRY(fl_repair_data_close(ctx, &buf, &j, &data));
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
