#include "app/metrics.h"

static void sum_servers(app_metrics *m, fl_http_stats *sum)
{
	for (size_t i = 0; i < APP_SERVERS_MAX; i++) {
		fl_http_stats one;
		fl_http_server *server = atomic_load(&m->servers[i]);
		if (!server)
			continue;
		fl_http_server_stats(server, &one);
		sum->accepted += one.accepted;
		sum->refused += one.refused;
		sum->connections += one.connections;
		sum->websockets += one.websockets;
		sum->in_flight += one.in_flight;
		sum->shed += one.shed;
		sum->bad_requests += one.bad_requests;
		sum->timeouts += one.timeouts;
		sum->bytes_in += one.bytes_in;
		sum->bytes_out += one.bytes_out;
		for (size_t class = 1; class < FL_COUNT(sum->status); class++)
			sum->status[class] += one.status[class];
	}
}

static void sum_live(app_metrics *m, fl_live_stats *sum)
{
	for (size_t i = 0; i < APP_SERVERS_MAX; i++) {
		fl_api *api = atomic_load(&m->apis[i]);
		if (!api)
			continue;
		fl_live_stats one = fl_api_live_statistics(api);
		sum->subscriptions += one.subscriptions;
		sum->groups += one.groups;
		sum->events += one.events;
		sum->executed += one.executed;
		sum->delivered += one.delivered;
		sum->missed += one.missed;
	}
}

/* A replica as all loops together see it: the worst lag, and how many loops ask it. */
typedef struct replica_sum {
	uint64_t reads, failed, behind, lag_bytes, used_by;
	int64_t lag_us;
} replica_sum;

static int sum_replicas(app_metrics *m, replica_sum sums[FL_DB_REPLICAS_MAX], uint64_t *primary)
{
	int count = 0;
	for (size_t i = 0; i < APP_SERVERS_MAX; i++) {
		fl_db *db = atomic_load(&m->dbs[i]);
		if (!db)
			continue;
		count = fl_db_replica_count(db);
		*primary += fl_db_reads_of_primary(db);
		for (int r = 0; r < count; r++) {
			fl_replica_stats one = fl_db_replica_statistics(db, r);
			sums[r].reads += one.reads;
			sums[r].failed += one.failed;
			sums[r].behind += one.behind;
			sums[r].lag_bytes = FL_MAX(sums[r].lag_bytes, one.lag_bytes);
			sums[r].used_by += one.state == FL_REPLICA_GOOD;
			if (one.fresh_us)
				sums[r].lag_us = FL_MAX(sums[r].lag_us, fl_mono_us() - (int64_t)one.fresh_us);
		}
	}
	return count;
}

static void replica_line(fl_buf *out, int index, const char *name, double value)
{
	fl_buf_fmt(out, "%s{replica=\"%d\"} %.6g\n", name, index + 1, value);
}

static void replica_lines(fl_buf *out, app_metrics *m)
{
	replica_sum sums[FL_DB_REPLICAS_MAX] = {};
	uint64_t primary = 0;
	int count = sum_replicas(m, sums, &primary);
	if (count == 0)
		return;
	fl_buf_lit(out, "# HELP fleet_db_reads_total Queries that a replica might answer, by who did.\n# TYPE fleet_db_reads_total counter\n");
	fl_buf_fmt(out, "fleet_db_reads_total{target=\"primary\"} %llu\n", (unsigned long long)primary);
	for (int r = 0; r < count; r++)
		fl_buf_fmt(out, "fleet_db_reads_total{target=\"replica %d\"} %llu\n", r + 1, (unsigned long long)(sums[r].reads - sums[r].failed - sums[r].behind));
	fl_buf_lit(out, "# HELP fleet_replica_failed_total Queries that a replica failed and the primary answered.\n# TYPE fleet_replica_failed_total counter\n");
	for (int r = 0; r < count; r++)
		replica_line(out, r, "fleet_replica_failed_total", (double)sums[r].failed);
	fl_buf_lit(out, "# HELP fleet_replica_behind_total Queries that it had not come far enough for; the primary answered.\n"
			"# TYPE fleet_replica_behind_total counter\n");
	for (int r = 0; r < count; r++)
		replica_line(out, r, "fleet_replica_behind_total", (double)sums[r].behind);
	fl_buf_lit(out, "# HELP fleet_replica_used Event loops that ask the replica.\n# TYPE fleet_replica_used gauge\n");
	for (int r = 0; r < count; r++)
		replica_line(out, r, "fleet_replica_used", (double)sums[r].used_by);
	fl_buf_lit(out, "# HELP fleet_replica_lag_bytes Log that it has not replayed.\n# TYPE fleet_replica_lag_bytes gauge\n");
	for (int r = 0; r < count; r++)
		replica_line(out, r, "fleet_replica_lag_bytes", (double)sums[r].lag_bytes);
	fl_buf_lit(out, "# HELP fleet_replica_lag_seconds It has everything that is older.\n# TYPE fleet_replica_lag_seconds gauge\n");
	for (int r = 0; r < count; r++)
		replica_line(out, r, "fleet_replica_lag_seconds", (double)sums[r].lag_us / 1e6);
}

static void line(fl_buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	fl_buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name, (unsigned long long)value);
}

static void status_lines(fl_buf *out, const fl_http_stats *sum)
{
	fl_buf_lit(out, "# HELP fleet_http_responses_total Answers by class of status.\n# TYPE fleet_http_responses_total counter\n");
	for (unsigned class = 1; class < FL_COUNT(sum->status); class++)
		fl_buf_fmt(out, "fleet_http_responses_total{class=\"%uxx\"} %llu\n", class, (unsigned long long)sum->status[class]);
}

static void live_lines(fl_buf *out, app_metrics *m)
{
	fl_live_stats sum = { 0 };
	sum_live(m, &sum);
	line(out, "fleet_subscriptions", "gauge", "Live subscriptions.", sum.subscriptions);
	line(out, "fleet_subscription_groups", "gauge", "Groups of subscriptions that are answered together.", sum.groups);
	line(out, "fleet_subscription_events_total", "counter", "Events that came from Redis.", sum.events);
	line(out, "fleet_subscription_executions_total", "counter", "Answers made for events.", sum.executed);
	line(out, "fleet_subscription_answers_total", "counter", "Answers told to subscribers.", sum.delivered);
	line(out, "fleet_subscription_missed_total", "counter", "Subscribers told that they missed something.", sum.missed);
}

static uint64_t tokens_refused(app_metrics *m)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < APP_SERVERS_MAX; i++) {
		fl_api *api = atomic_load(&m->apis[i]);
		sum += api ? fl_api_tokens_refused(api) : 0;
	}
	return sum;
}

/* ---- The store: `fleet work` sweeps it, so its figures are in the database ---- */

#define STORE_EVERY_US FL_MINUTE_US
#define STORE_TIMEOUT_US FL_SECOND_US

static void ask_store(fl_ctx *ctx, app_metrics *m)
{
	static const fl_sql sql = { "sweep_figures", "SELECT loose, loose_bytes, removed, removed_bytes, ended_at, refused FROM sweep_figures()", .generic = true };
	const fl_rows *rows;
	fl_ctx own;
	fl_ctx_derive(&own, ctx, STORE_TIMEOUT_US);
	if (await_query(&own, ctx->services->db, &sql, NULL, &rows) == FL_OK && rows->count == 1) {
		atomic_fetch_sub(&m->sql_statements, 1); /* whoever looks on is no part of the picture */
		atomic_store(&m->store_loose, fl_row_i64(rows, 0, 0));
		atomic_store(&m->store_loose_bytes, fl_row_i64(rows, 0, 1));
		atomic_store(&m->store_removed, fl_row_i64(rows, 0, 2));
		atomic_store(&m->store_removed_bytes, fl_row_i64(rows, 0, 3));
		atomic_store(&m->store_swept_s, fl_row_null(rows, 0, 4) ? 0 : fl_row_time(rows, 0, 4) / FL_SECOND_US);
		atomic_store(&m->store_refused, fl_row_bool(rows, 0, 5));
	}
	fl_ctx_fini(&own);
}

static void store_lines(fl_ctx *ctx, fl_buf *out, app_metrics *m)
{
	long long asked = atomic_load(&m->store_asked_us), now = fl_mono_us();
	if ((asked == 0 || now - asked > STORE_EVERY_US) && atomic_compare_exchange_strong(&m->store_asked_us, &asked, now))
		ask_store(ctx, m);
	line(out, "fleet_store_loose_files", "gauge", "Files in the store that nothing named at the last sweep.", (uint64_t)atomic_load(&m->store_loose));
	line(out, "fleet_store_loose_bytes", "gauge", "Their bytes.", (uint64_t)atomic_load(&m->store_loose_bytes));
	line(out, "fleet_store_removed_files_total", "counter", "Files that sweeps removed.", (uint64_t)atomic_load(&m->store_removed));
	line(out, "fleet_store_removed_bytes_total", "counter", "Their bytes.", (uint64_t)atomic_load(&m->store_removed_bytes));
	line(out, "fleet_store_swept_seconds", "gauge", "When the last sweep ended, in seconds since 1970; 0: never.", (uint64_t)atomic_load(&m->store_swept_s));
	line(out, "fleet_store_sweep_refused", "gauge", "1: the last sweep refused; fleet store clean says why.", (uint64_t)atomic_load(&m->store_refused));
}

static fl_err metrics(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	app_metrics *m = req->arg;
	fl_http_stats sum = { 0 };
	fl_buf out = fl_buf_make(1 << 16);
	sum_servers(m, &sum);
	status_lines(&out, &sum);
	line(&out, "fleet_http_connections", "gauge", "Open connections.", sum.connections);
	line(&out, "fleet_http_websockets", "gauge", "Open WebSockets.", sum.websockets);
	line(&out, "fleet_http_in_flight", "gauge", "Requests being answered.", sum.in_flight);
	line(&out, "fleet_http_accepted_total", "counter", "Connections taken.", sum.accepted);
	line(&out, "fleet_http_refused_total", "counter", "Connections refused by a limit.", sum.refused);
	line(&out, "fleet_http_shed_total", "counter", "Requests refused because of overload.", sum.shed);
	line(&out, "fleet_http_bad_requests_total", "counter", "Requests that were not HTTP.", sum.bad_requests);
	line(&out, "fleet_http_timeouts_total", "counter", "Requests cut by a deadline.", sum.timeouts);
	line(&out, "fleet_tokens_refused_total", "counter", "Tokens and cookies that were not good.", tokens_refused(m));
	line(&out, "fleet_http_received_bytes_total", "counter", "Bytes received.", sum.bytes_in);
	line(&out, "fleet_http_sent_bytes_total", "counter", "Bytes sent.", sum.bytes_out);
	line(&out, "fleet_sql_statements_total", "counter", "SQL statements, without transaction control.", atomic_load(&m->sql_statements));
	line(&out, "fleet_sql_errors_total", "counter", "SQL statements that failed.", atomic_load(&m->sql_errors));
	line(&out, "fleet_sql_microseconds_total", "counter", "Time that SQL statements took.", atomic_load(&m->sql_us));
	replica_lines(&out, m);
	live_lines(&out, m);
	store_lines(ctx, &out, m);
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("no-store"));
	fl_response_take_buf(res, FL_STR("text/plain; version=0.0.4; charset=utf-8"), &out);
	return FL_OK;
}

fl_err app_metrics_routes(fl_router *router, app_metrics *m)
{
	return fl_router_add(router, FL_GET, "/metrics", metrics, &(fl_route_options){ .never_shed = true, .arg = m });
}
