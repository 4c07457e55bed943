/* Work orders: words, the table of ways, and reading. */
#include "fleet/repair/repair_int.h"

/* ---- words and ways ---- */

static const fl_word states[] = { FL_ORDER_STATES(FL_WORD) };
static const fl_word verbs[] = { FL_ORDER_VERBS(FL_WORD) };
#define STEP(from, verb, to, effect) { FL_ORDER_##from, FL_ORDER_##verb, FL_ORDER_##to, FL_EFFECT_##effect },
static const fl_life_step steps[] = { FL_ORDER_STEPS(STEP) };
#undef STEP
const fl_life fl_order_life = { FL_WORDS(states), FL_WORDS(verbs), steps, FL_COUNT(steps) };

/* ---- reading ---- */

#define COLUMNS                                                                                                                  \
	"id, report_id, vehicle_id, vendor_id, state, planned_start, planned_end, started_at, finished_at, budget, "             \
	"instructions, version, created_by, created_at, estimate_id"

static fl_err read_orders(fl_ctx *ctx, const fl_rows *rows, fl_order **out, size_t *count)
{
	fl_order *orders = fl_new_array(ctx->mem, fl_order, (size_t)rows->count);
	if (!orders)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		orders[i] = (fl_order) {
			.id = fl_row_i32(rows, i, 0),
			.report_id = fl_row_uuid(rows, i, 1),
			.vehicle_id = fl_row_i32(rows, i, 2),
			.vendor_id = fl_row_i32(rows, i, 3),
			.state = fl_row_i16(rows, i, 4),
			.planned_start = fl_row_time_or_0(rows, i, 5),
			.planned_end = fl_row_time_or_0(rows, i, 6),
			.started_at = fl_row_time_or_0(rows, i, 7),
			.finished_at = fl_row_time_or_0(rows, i, 8),
			.has_budget = !fl_row_null(rows, i, 9),
			.budget_cents = fl_row_i64(rows, i, 9),
			.instructions = fl_row_text(rows, i, 10),
			.version = fl_row_i32(rows, i, 11),
			.created_by = fl_row_i32(rows, i, 12),
			.created_at = fl_row_time(rows, i, 13),
			.estimate_id = fl_row_i16(rows, i, 14),
		};
	*out = orders;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_orders_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_order **out, size_t *count)
{
	static const fl_sql sql = { "work_orders_get", "SELECT " COLUMNS " FROM work_orders WHERE id = ANY($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_orders(ctx, rows, out, count);
}

static const fl_sql of_reports_sql = { "work_orders_of_reports",
	"SELECT " COLUMNS " FROM work_orders WHERE report_id = ANY($1) ORDER BY report_id, id", .generic = true };

fl_err fl_orders_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_order **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &of_reports_sql, &args, &rows));
	return read_orders(ctx, rows, out, count);
}

fl_err fl_orders_in_tx(fl_ctx *ctx, fl_tx *tx, fl_uuid report, fl_order **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, &report, 1);
	FL_TRY(await_tx_query(ctx, tx, &of_reports_sql, &args, &rows));
	return read_orders(ctx, rows, out, count);
}

/* $3: the vendor, 0 for the own workshop, NULL for any. */
static const fl_sql find_sql = { "work_orders_find",
	"SELECT " COLUMNS " FROM work_orders WHERE id < $1 AND ($2::int2[] IS NULL OR state = ANY($2))"
	" AND ($3::int IS NULL OR vendor_id = $3 OR ($3 = 0 AND vendor_id IS NULL)) AND ($4::int IS NULL OR vehicle_id = $4)"
	" AND ($5::timestamptz IS NULL OR planned_start < $5) ORDER BY id DESC LIMIT $6" };

fl_err fl_orders_find(
	fl_ctx *ctx, const fl_order_filter *filter, int32_t after, uint32_t limit, fl_order **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_i32(&args, after ? after : INT32_MAX);
	fl_arg_i16s(&args, filter->states, filter->state_count);
	if (filter->has_vendor)
		fl_arg_i32(&args, filter->vendor_id);
	else
		fl_arg_null(&args, FL_DB_I32);
	if (filter->vehicle_id)
		fl_arg_i32(&args, filter->vehicle_id);
	else
		fl_arg_null(&args, FL_DB_I32);
	fl_arg_time(&args, filter->planned_before ? filter->planned_before : FL_NEVER);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &find_sql, &args, &rows));
	return read_orders(ctx, rows, out, count);
}

fl_err fl_tasks_of_orders(fl_ctx *ctx, const int32_t *orders, size_t order_count, fl_task **out, size_t *count)
{
	static const fl_sql sql = { "work_order_tasks_of",
		"SELECT work_order_id, id, title, done_at, done_by FROM work_order_tasks WHERE work_order_id = ANY($1) ORDER BY 1, 2",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	fl_arg_i32s(&args, orders, order_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_task *tasks = fl_new_array(ctx->mem, fl_task, (size_t)rows->count);
	if (!tasks)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		tasks[i] = (fl_task) { fl_row_i32(rows, i, 0), fl_row_i16(rows, i, 1), fl_row_text(rows, i, 2), fl_row_time_or_0(rows, i, 3),
			fl_row_i32(rows, i, 4) };
	*out = tasks;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_orders_begun(fl_ctx *ctx, fl_tx *tx, const fl_uuid *reports, size_t report_count, fl_begun **out, size_t *count)
{
	static const fl_sql sql = { "work_orders_begun",
		"SELECT report_id, min(id) FROM work_orders WHERE report_id = ANY($1) AND state IN (3, 4) GROUP BY 1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	fl_begun *list = fl_new_array(ctx->mem, fl_begun, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_begun) { fl_row_uuid(rows, i, 0), fl_row_i32(rows, i, 1) };
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_order_by_hand(const fl_begun *begun, size_t count, fl_uuid report, fl_diag *why)
{
	for (size_t i = 0; i < count; i++)
		if (fl_uuid_eq(begun[i].report_id, report))
			return fl_fail(why, FL_BAD_INPUT, "work order %d is being worked on: finish or cancel it, and the report follows", begun[i].order_id);
	return FL_OK;
}

/* ---- downtime ---- */

/* What has begun becomes one interval where it overlaps; what is planned stays beside it. */
#define DOWNTIME(key)                                                                                                            \
	"SELECT k, lower(d), upper(d), false FROM (SELECT " key " AS k, unnest(range_agg(tstzrange(started_at, finished_at, '[]'))) AS d" \
	" FROM work_orders WHERE " key " = ANY($1) AND started_at IS NOT NULL GROUP BY 1) x"                                    \
	" UNION ALL SELECT " key ", planned_start, planned_end, true FROM work_orders WHERE " key " = ANY($1) AND state IN (1, 2)" \
	" AND planned_start IS NOT NULL ORDER BY 1, 2 DESC"

static fl_err read_downtimes(fl_ctx *ctx, const fl_rows *rows, bool by_vehicle, fl_downtime **out, size_t *count)
{
	fl_downtime *list = fl_new_array(ctx->mem, fl_downtime, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		list[i] = (fl_downtime) { .from = fl_row_time(rows, i, 1), .until = fl_row_time_or_0(rows, i, 2), .planned = fl_row_bool(rows, i, 3) };
		if (by_vehicle)
			list[i].vehicle_id = fl_row_i32(rows, i, 0);
		else
			list[i].report_id = fl_row_uuid(rows, i, 0);
	}
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_downtimes_of_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, fl_downtime **out, size_t *count)
{
	static const fl_sql sql = { "downtimes_of_vehicles",
		"SELECT k, since, until, planned FROM (SELECT x.*, row_number() OVER (PARTITION BY k ORDER BY since DESC) AS n"
		" FROM (" DOWNTIME("vehicle_id") ") x(k, since, until, planned)) y WHERE n <= 100 ORDER BY 1, 2 DESC" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_i32s(&args, vehicles, vehicle_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_downtimes(ctx, rows, true, out, count);
}

fl_err fl_downtimes_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_downtime **out, size_t *count)
{
	static const fl_sql sql = { "downtimes_of_reports", DOWNTIME("report_id") };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_uuids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_downtimes(ctx, rows, false, out, count);
}
