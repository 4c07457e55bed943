#include "app/health.h"

#include "fleet/fleet.h"

static fl_err livez(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	fl_response_body(res, FL_STR("text/plain; charset=utf-8"), FL_STR("alive\n"));
	return FL_OK;
}

static void put(fl_json_out *j, fl_str name, bool value)
{
	fl_json_key(j, name);
	fl_json_put_bool(j, value);
}

/* How this loop sees them. Without them the primary answers, so they do not count either. */
static void put_replicas(fl_json_out *j, const fl_db *db)
{
	if (fl_db_replica_count(db) == 0)
		return;
	fl_json_key(j, FL_STR("replicas"));
	fl_json_open(j, '[');
	for (int i = 0; i < fl_db_replica_count(db); i++) {
		fl_replica_stats s = fl_db_replica_statistics(db, i);
		fl_json_put_str(j, fl_str_z(fl_replica_word((fl_replica_state)s.state)));
	}
	fl_json_close(j, ']');
}

/* Redis is told but does not count: without it everything still works, later and slower. */
static fl_err readyz(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_services *services = ctx->services;
	atomic_bool *draining = req->arg;
	bool stopping = atomic_load(draining), database = fl_db_up(services->db);
	fl_buf body = fl_buf_make(1024);
	fl_json_out j = { .buf = &body };
	fl_json_open(&j, '{');
	put(&j, FL_STR("ready"), database && !stopping);
	put(&j, FL_STR("postgres"), database);
	put(&j, FL_STR("redis"), fl_redis_get_stats(services->redis).connected);
	put_replicas(&j, services->db);
	put(&j, FL_STR("stopping"), stopping);
	fl_json_close(&j, '}');
	fl_response_status(res, database && !stopping ? 200 : 503);
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	fl_response_take_buf(res, FL_STR("application/json"), &body);
	return FL_OK;
}

fl_err app_health_routes(fl_router *router, atomic_bool *draining)
{
	const fl_route_options options = { .never_shed = true, .arg = draining };
	FL_TRY(fl_router_add(router, FL_GET, "/livez", livez, &options));
	return fl_router_add(router, FL_GET, "/readyz", readyz, &options);
}
