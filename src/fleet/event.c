#include "fleet/event.h"

const fl_sql fl_event_insert = { "event_insert", "INSERT INTO events (tenant_id, id, type, report_id, vehicle_id, agg_version, actor, data)"
						 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", .write = true };

static void arg_report(fl_args *args, fl_uuid id)
{
	static const fl_uuid none;
	if (fl_uuid_eq(id, none))
		fl_arg_null(args, FL_DB_UUID);
	else
		fl_arg_uuid(args, id);
}

static void arg_number(fl_args *args, int32_t n)
{
	if (n)
		fl_arg_i32(args, n);
	else
		fl_arg_null(args, FL_DB_I32);
}

fl_err fl_event_args(fl_ctx *ctx, const fl_event *event, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, event->id);
	fl_arg_text(args, fl_str_z(event->type));
	arg_report(args, event->report_id);
	arg_number(args, event->vehicle_id);
	arg_number(args, event->version);
	arg_number(args, event->actor);
	fl_arg_jsonb(args, event->data.ptr ? event->data : FL_STR("{}"));
	return args->err;
}

void fl_poke(fl_ctx *ctx, const char *channel)
{
	if (ctx->services->redis)
		fl_redis_publish(ctx->services->redis, fl_str_z(channel), FL_STR("1"));
}
