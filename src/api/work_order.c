/* Work orders: their fields, the board, their changes; and when vehicles were away. */
#include "api/connection_int.h"
#include "api/work_order_int.h"
#include "fleet/report/policy.h"

/* ---- help ---- */

fl_err fl_api_report_of(fl_ctx *ctx, fl_uuid id, const fl_report **out)
{
	fl_report *rows;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	*out = rows;
	return FL_OK;
}

fl_err fl_api_order_of(fl_ctx *ctx, int32_t id, const fl_order **out)
{
	fl_order *rows;
	size_t count;
	FL_TRY(fl_orders_get(ctx, &id, 1, &rows, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no work order %d", id);
	*out = rows;
	return FL_OK;
}

static fl_err load_orders(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count)
{
	fl_order *orders;
	FL_TRY(fl_orders_get(ctx, ids, count, &orders, row_count));
	*rows = orders;
	*stride = sizeof(orders[0]);
	return FL_OK;
}

/* ---- fields of other types ---- */

fl_err fl_api_report_work_orders(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_order *rows;
	size_t count;
	if (!fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return FL_OK; /* null for drivers: the SDL says so */
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_orders_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_order, report_id), batch);
}

fl_err fl_api_report_downtimes(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_downtime *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_downtimes_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_downtime, report_id), batch);
}

fl_err fl_api_vehicle_downtimes(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	fl_downtime *rows;
	int32_t *ids;
	size_t count;
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_vehicle, id), &keys, &ids));
	FL_TRY(fl_downtimes_of_vehicles(ctx, ids, keys.count, &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_downtime, vehicle_id), &keys, batch);
}

static fl_err hours(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_downtime *d = parent;
	int64_t until = d->until ? d->until : d->planned ? d->from : fl_now_us();
	*out = fl_gql_float((double)FL_MAX(until - d->from, 0) / (double)FL_HOUR_US);
	return FL_OK;
}

const struct fl_api_downtime fl_api_downtime = {
	.from = FL_COLUMN(fl_downtime, from),
	.until = FL_COLUMN(fl_downtime, until),
	.planned = FL_COLUMN(fl_downtime, planned),
	.hours = FL_GETTER(hours),
};

/* ---- WorkOrder ---- */

static bool report_key(const void *parent, fl_uuid *out)
{
	*out = ((const fl_order *)parent)->report_id;
	return true;
}

static fl_err report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, report_key, batch);
}

static int32_t vehicle_key(const void *parent)
{
	return ((const fl_order *)parent)->vehicle_id;
}

static int32_t vendor_key(const void *parent)
{
	return ((const fl_order *)parent)->vendor_id;
}

static int32_t author_key(const void *parent)
{
	return ((const fl_order *)parent)->created_by;
}

static fl_err vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { vehicle_key, fl_api_load_vehicles }, batch);
}

static fl_err vendor(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { vendor_key, fl_api_load_vendors }, batch);
}

static fl_err author(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { author_key, fl_api_load_people }, batch);
}

static fl_err budget(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const fl_order *order = batch->parents[i];
		FL_TRY(fl_api_cents(ctx, order->has_budget, order->budget_cents, &batch->results[i]));
	}
	return FL_OK;
}

static fl_err estimate_id(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_order *order = parent;
	*out = order->estimate_id ? fl_gql_int(order->estimate_id) : fl_gql_null();
	return FL_OK;
}

fl_err fl_api_verbs(fl_ctx *ctx, const fl_life *life, int state, fl_gql_value *out)
{
	size_t n = 0;
	fl_gql_value *items = fl_new_array(ctx->mem, fl_gql_value, life->step_count);
	if (!items)
		return FL_NOMEM;
	for (size_t i = 0; i < life->step_count; i++)
		if (life->steps[i].from == state)
			items[n++] = fl_gql_enum(life->steps[i].verb);
	*out = fl_gql_list(items, n);
	return FL_OK;
}

static fl_err order_steps(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_verbs(ctx, &fl_order_life, ((const fl_order *)parent)->state, out);
}

static fl_err tasks(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	fl_task *rows;
	int32_t *ids;
	size_t count;
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_order, id), &keys, &ids));
	FL_TRY(fl_tasks_of_orders(ctx, ids, keys.count, &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_task, order_id), &keys, batch);
}

const struct fl_api_work_order fl_api_work_order = {
	.id = FL_COLUMN(fl_order, id),
	.report = FL_BATCH(report),
	.vehicle = FL_BATCH(vehicle),
	.vendor = FL_BATCH(vendor),
	.estimate_id = FL_GETTER(estimate_id),
	.state = FL_COLUMN(fl_order, state),
	.steps = FL_GETTER(order_steps),
	.planned_start = FL_COLUMN(fl_order, planned_start),
	.planned_end = FL_COLUMN(fl_order, planned_end),
	.started_at = FL_COLUMN(fl_order, started_at),
	.finished_at = FL_COLUMN(fl_order, finished_at),
	.budget = FL_BATCH(budget),
	.cost = FL_BATCH(fl_api_order_cost),
	.instructions = FL_COLUMN(fl_order, instructions),
	.tasks = FL_BATCH(tasks),
	.invoices = FL_BATCH(fl_api_order_invoices),
	.created_at = FL_COLUMN(fl_order, created_at),
	.created_by = FL_BATCH(author),
	.version = FL_COLUMN(fl_order, version),
};

static fl_err task_done(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const fl_task *)parent)->done_at != 0);
	return FL_OK;
}

static int32_t task_person(const void *parent)
{
	return ((const fl_task *)parent)->done_by;
}

static fl_err task_done_by(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { task_person, fl_api_load_people }, batch);
}

const struct fl_api_work_order_task fl_api_work_order_task = {
	.id = FL_COLUMN(fl_task, id),
	.title = FL_COLUMN(fl_task, title),
	.done = FL_GETTER(task_done),
	.done_at = FL_COLUMN(fl_task, done_at),
	.done_by = FL_BATCH(task_done_by),
};

/* ---- the board ---- */

static fl_str order_key(fl_ctx *ctx, const void *row)
{
	const fl_order *order = row;
	return (fl_str) { (const char *)&order->id, sizeof(order->id) };
}

static const fl_api_list orders = { FL_CURSOR_ORDER, sizeof(fl_order), order_key };

fl_err fl_api_work_order_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_one(ctx, field, load_orders, batch);
}

static fl_err read_filter(fl_ctx *ctx, const fl_gql_value *in, fl_order_filter *out)
{
	const fl_gql_value *vendor_id = fl_gql_member(in, "vendorId"), *vehicle_id = fl_gql_member(in, "vehicleId");
	bool own = fl_gql_bool_or(fl_gql_member(in, "ownWorkshop"), false);
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "state"), &out->states, &out->state_count));
	if (own && fl_gql_given(vendor_id))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "give one of vendorId and ownWorkshop");
	out->has_vendor = own || fl_gql_given(vendor_id);
	if (fl_gql_given(vendor_id))
		FL_TRY(fl_api_id(ctx, "vendorId", vendor_id, &out->vendor_id));
	if (fl_gql_given(vehicle_id))
		FL_TRY(fl_api_id(ctx, "vehicleId", vehicle_id, &out->vehicle_id));
	out->planned_before = fl_gql_int_or(fl_gql_member(in, "plannedBefore"), 0);
	return FL_OK;
}

fl_err fl_api_work_orders(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_order_filter filter = {};
	fl_gql_page page;
	fl_order *rows;
	int32_t after = 0;
	size_t count;
	FL_TRY(read_filter(ctx, fl_gql_arg(field, "filter"), &filter));
	FL_TRY(fl_api_page_args(ctx, field, &orders, &page));
	if (page.after.ptr && page.after.len != sizeof(after))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "after is no cursor of this list");
	if (page.after.ptr)
		memcpy(&after, page.after.ptr, sizeof(after));
	FL_TRY(fl_orders_find(ctx, &filter, after, page.first + 1, &rows, &count));
	return fl_api_page_make(ctx, &orders, rows, count, &page, &batch->results[0]);
}

static fl_err order_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_cursor(ctx, &orders, parent, out);
}

const struct fl_api_work_order_connection fl_api_work_order_connection = {
	.edges = FL_GETTER(fl_api_page_rows),
	.nodes = FL_GETTER(fl_api_page_rows),
	.page_info = FL_GETTER(fl_api_page_info_get),
};

const struct fl_api_work_order_edge fl_api_work_order_edge = { .cursor = FL_GETTER(order_cursor), .node = FL_SELF };

/* ---- changes ---- */

typedef struct order_answer {
	const fl_order *order;
	const fl_report *report;
} order_answer;

const struct fl_api_work_order_payload fl_api_work_order_payload = {
	.work_order = FL_POINTER(order_answer, order),
	.report = FL_POINTER(order_answer, report),
};

static fl_err answer(fl_ctx *ctx, int32_t id, fl_gql_batch *batch)
{
	order_answer *made = fl_new(ctx->mem, order_answer);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_api_order_of(ctx, id, &made->order));
	FL_TRY(fl_api_report_of(ctx, made->order->report_id, &made->report));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

static fl_err read_tasks(fl_ctx *ctx, const fl_gql_value *list, const fl_str **out, size_t *count)
{
	if (!fl_gql_given(list))
		return FL_OK;
	fl_str *texts = fl_new_array(ctx->mem, fl_str, list->count);
	if (!texts)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++)
		texts[i] = fl_gql_text(&list->items[i]);
	*out = texts;
	*count = list->count;
	return FL_OK;
}

fl_err fl_api_create_work_order(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *vendor_id = fl_gql_member(in, "vendorId"),
			   *estimate = fl_gql_member(in, "estimateId");
	fl_order_draft draft = {
		.planned_start = fl_gql_int_or(fl_gql_member(in, "plannedStart"), 0),
		.planned_end = fl_gql_int_or(fl_gql_member(in, "plannedEnd"), 0),
		.instructions = fl_gql_text(fl_gql_member(in, "instructions")),
	};
	int32_t id = 0;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &draft.report_id));
	if (fl_gql_given(estimate))
		FL_TRY(fl_api_id(ctx, "estimateId", estimate, &id));
	draft.estimate_id = (int16_t)FL_MIN(id, INT16_MAX);
	if (fl_gql_given(vendor_id))
		FL_TRY(fl_api_id(ctx, "vendorId", vendor_id, &draft.vendor_id));
	FL_TRY(fl_api_cents_in(ctx, in, "budget", &draft.has_budget, &draft.budget_cents));
	FL_TRY(read_tasks(ctx, fl_gql_member(in, "tasks"), &draft.tasks, &draft.task_count));
	FL_TRY(fl_order_create(ctx, &draft, &id));
	return answer(ctx, id, batch);
}

fl_err fl_api_update_work_order(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *vendor_id = fl_gql_member(in, "vendorId"), *list = fl_gql_member(in, "tasks");
	fl_order_patch patch = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.has_vendor = vendor_id->kind != FL_GQL_ABSENT,
		.has_tasks = fl_gql_given(list),
		.instructions = fl_gql_text(fl_gql_member(in, "instructions")),
	};
	FL_TRY(fl_api_id(ctx, "id", fl_gql_member(in, "id"), &patch.id));
	if (fl_gql_given(vendor_id))
		FL_TRY(fl_api_id(ctx, "vendorId", vendor_id, &patch.vendor_id));
	FL_TRY(fl_api_cents_in(ctx, in, "budget", &patch.has_budget, &patch.budget_cents));
	FL_TRY(read_tasks(ctx, list, &patch.tasks, &patch.task_count));
	FL_TRY(fl_order_change(ctx, &patch));
	return answer(ctx, patch.id, batch);
}

fl_err fl_api_move_work_order(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_order_move_in move = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.verb = (fl_order_verb)fl_gql_int_or(fl_gql_member(in, "step"), 0),
		.reason = fl_gql_text(fl_gql_member(in, "reason")),
		.planned_start = fl_gql_int_or(fl_gql_member(in, "plannedStart"), 0),
		.planned_end = fl_gql_int_or(fl_gql_member(in, "plannedEnd"), 0),
	};
	FL_TRY(fl_api_id(ctx, "id", fl_gql_member(in, "id"), &move.id));
	FL_TRY(fl_order_move(ctx, &move));
	return answer(ctx, move.id, batch);
}

fl_err fl_api_set_work_order_task(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	int32_t order, task;
	FL_TRY(fl_api_id(ctx, "workOrderId", fl_gql_member(in, "workOrderId"), &order));
	FL_TRY(fl_api_id(ctx, "taskId", fl_gql_member(in, "taskId"), &task));
	FL_TRY(fl_task_set(ctx, order, (int16_t)FL_MIN(task, INT16_MAX), fl_gql_bool_or(fl_gql_member(in, "done"), true)));
	return answer(ctx, order, batch);
}
