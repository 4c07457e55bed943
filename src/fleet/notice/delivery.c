/* The log of deliveries, and sending one again. */
#include "fleet/event.h"
#include "fleet/notice/notice.h"

#define COLUMNS "id, event_id, webhook_id, event_type, state, attempts, delivered_at, tries"

static fl_err read_tries(fl_ctx *ctx, fl_str text, fl_delivery *out)
{
	const fl_json *list;
	FL_TRY(fl_json_parse(ctx->mem, text, &list, &ctx->diag));
	out->tries = fl_new_array(ctx->mem, fl_delivery_try, list->type == FL_JSON_ARRAY ? list->items.count : 0);
	if (!out->tries)
		return FL_NOMEM;
	for (const fl_json *t = list->items.first; t; t = t->next)
		out->tries[out->try_count++] = (fl_delivery_try) {
			.at = fl_json_int(fl_json_get(t, FL_STR("at")), 0),
			.status = (int32_t)fl_json_int(fl_json_get(t, FL_STR("status")), 0),
			.duration_ms = (int32_t)fl_json_int(fl_json_get(t, FL_STR("ms")), 0),
			.error = fl_json_str(fl_json_get(t, FL_STR("error")), (fl_str) {}),
		};
	return FL_OK;
}

static fl_err read_deliveries(fl_ctx *ctx, const fl_rows *rows, fl_delivery **out, size_t *count)
{
	fl_delivery *made = fl_new_array(ctx->mem, fl_delivery, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		int64_t at = fl_row_time(rows, i, 6);
		made[i] = (fl_delivery) {
			.id = fl_row_uuid(rows, i, 0),
			.event_id = fl_row_uuid(rows, i, 1),
			.webhook_id = fl_row_i32(rows, i, 2),
			.event_type = fl_row_text(rows, i, 3),
			.state = fl_row_i16(rows, i, 4),
			.attempts = fl_row_i16(rows, i, 5),
			.delivered_at = at == FL_NEVER ? 0 : at,
		};
		FL_TRY(read_tries(ctx, fl_row_jsonb(rows, i, 7), &made[i]));
	}
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_deliveries(
	fl_ctx *ctx, int32_t webhook_id, int16_t state, const fl_uuid *after, uint32_t limit, fl_delivery **out, size_t *count)
{
	static const fl_sql sql = { "deliveries",
		"SELECT " COLUMNS " FROM deliveries WHERE ($1 = 0 OR webhook_id = $1) AND ($2 = 0 OR state = $2)"
		" AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	fl_arg_i32(&args, webhook_id);
	fl_arg_i16(&args, state);
	if (after)
		fl_arg_uuid(&args, *after);
	else
		fl_arg_null(&args, FL_DB_UUID);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_deliveries(ctx, rows, out, count);
}

fl_err fl_delivery_get(fl_ctx *ctx, fl_uuid id, const fl_delivery **out)
{
	static const fl_sql sql = { "delivery_get", "SELECT " COLUMNS " FROM deliveries WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_delivery *made;
	size_t count;
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	fl_arg_uuid(&args, id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	FL_TRY(read_deliveries(ctx, rows, &made, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such delivery");
	*out = made;
	return FL_OK;
}

fl_err fl_delivery_replay(fl_ctx *ctx, fl_uuid id, const fl_delivery **out)
{
	static const fl_sql sql = { "delivery_again", "SELECT delivery_again($1)", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	fl_arg_uuid(&args, id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 1 && !fl_row_null(rows, 0, 0) && !fl_row_bool(rows, 0, 0))
		return fl_fail(&ctx->diag, FL_CONFLICT, "this delivery is waiting for its turn already");
	fl_poke(ctx, FL_CHANNEL_POKE_JOBS);
	return fl_delivery_get(ctx, id, out);
}
