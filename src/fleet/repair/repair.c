/* The frame of every change of a repair: the lock of the report, what the event says, and the commit of all of it. */
#include "fleet/event.h"
#include "fleet/repair/repair_int.h"

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

/* ---- what the event says ---- */

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

void fl_order_data_open(fl_json_out *j, int32_t order)
{
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("workOrder"));
	fl_json_put_i64(j, order);
}

fl_err fl_repair_data_close(fl_ctx *ctx, fl_buf *buf, fl_json_out *j, fl_str *out)
{
	fl_json_close(j, '}');
	FL_TRY(fl_buf_err(buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* ---- the end ---- */

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
