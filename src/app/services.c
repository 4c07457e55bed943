#include "app/services.h"
#include "app/replicas.h"
#include "app/tracing.h"
#include "fleet/freshness.h"
#include "obs/trace.h"

#include <stdio.h>
#include <unistd.h>

static fl_err check_urls(const app_config *config, fl_diag *diag)
{
	if (!config->pg_url[0])
		return fl_fail(diag, FL_BAD_INPUT, "which PostgreSQL? Set FLEET_PG_URL, or run `fleet up`, which brings its own");
	if (!config->redis_url[0])
		return fl_fail(diag, FL_BAD_INPUT, "which Redis? Set FLEET_REDIS_URL, or run `fleet up`, which brings its own");
	return FL_OK;
}

fl_err app_shared_open(const app_config *config, int port, app_shared *out, fl_diag *diag)
{
	FL_TRY(check_urls(config, diag));
	*out = (app_shared){ .config = config, .port = port };
	FL_TRY(app_home_enter(config->home, APP_HOME_MAKE, &out->home, diag));
	FL_TRY(fl_jwt_keys_load(&out->keys, out->home.secrets, diag));
	FL_TRY(fl_store_open(out->home.blobs, &out->store, diag));
	FL_TRY(fl_secret_random(out->home.secrets, "webhook.key", out->webhook_key, sizeof(out->webhook_key), diag));
	FL_TRY(fl_outbound_open(&(fl_outbound_opts){ config->outbound_allow, config->mail_url, config->mail_from }, diag, &out->outbound));
	FL_TRY(app_archive_site_of(config, &out->home, config->pg_url, out->store, &out->archive, diag));
	if (config->public_url[0])
		snprintf(out->public_url, sizeof(out->public_url), "%s", config->public_url);
	else
		snprintf(out->public_url, sizeof(out->public_url), "http://localhost:%d", port);
	for (size_t len = strlen(out->public_url); len && out->public_url[len - 1] == '/'; len--)
		out->public_url[len - 1] = 0;
	if (chdir(out->home.path) != 0)
		return fl_fail(diag, FL_DENIED, "%s cannot be entered", out->home.path);
	return FL_OK;
}

void app_shared_close(app_shared *shared)
{
	fl_outbound_close(shared->outbound);
	fl_store_close(shared->store);
	fl_backup_key_wipe(&shared->archive.key);
	fl_jwt_keys_wipe(&shared->keys);
	explicit_bzero(shared->webhook_key, sizeof(shared->webhook_key));
}

static void on_statement(void *arg, fl_ctx *ctx, const fl_sql *sql, int64_t took_us, int64_t rows, fl_err err)
{
	app_metrics *metrics = arg;
	atomic_fetch_add_explicit(&metrics->sql_statements, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&metrics->sql_us, (unsigned long long)took_us, memory_order_relaxed);
	if (err != FL_OK)
		atomic_fetch_add_explicit(&metrics->sql_errors, 1, memory_order_relaxed);
	app_trace_statement(ctx, sql, took_us, rows, err);
}

static void on_mark(void *arg, fl_ctx *ctx, uint64_t lsn, bool written)
{
	(void)arg;
	fl_freshness_mark(ctx, lsn, written);
}

/* Those who write, and decide on what they read, ask no replica. */
static fl_err open_parts(fl_ctx *ctx, app_shared *shared, const char *role, const char *name, fl_services *s)
{
	bool asks_replicas = strcmp(role, "fleet_app") == 0;
	const app_config *config = shared->config;
	app_replicas replicas = {};
	FL_TRY(app_replicas_read(config, ctx->mem, &replicas, &ctx->diag));
	s->has_replicas = replicas.count > 0;
	s->archive = &shared->archive.site;
	FL_TRY(fl_db_open(ctx->loop, &(fl_db_opts){ .url = config->pg_url, .role = role, .name = name,
		.connections = (int)config->db_connections,
		.statement_timeout_us = config->statement_timeout_ms * 1000,
		.slow_us = FL_MAX(config->slow_ms * 1000, 1),
		.on_statement = on_statement, .arg = &shared->metrics,
		.replicas = asks_replicas ? replicas.urls : NULL, .replica_count = asks_replicas ? replicas.count : 0,
		.replica_lag_us = config->replica_lag_ms * 1000, .on_mark = on_mark }, &s->db));
	FL_TRY(fl_redis_open(ctx->loop, &(fl_redis_opts){ .url = fl_str_z(config->redis_url) }, &ctx->diag, &s->redis));
	fl_redis_send(s->redis, 1, (fl_str[]){ FL_STR("PING") }); /* connects now, so that /readyz can tell */
	if (config->otlp_url[0])
		FL_TRY(fl_tracer_new(ctx->loop, &(fl_tracer_options){ .url = fl_str_z(config->otlp_url), .service = fl_str_z(name),
			.percent = (unsigned)config->trace_percent }, &ctx->diag, &s->tracer));
	FL_TRY(fl_worker_pool_open(ctx->loop, &(fl_worker_options){ .children = (int)config->photo_workers }, &ctx->diag,
		&s->workers));
	return fl_services_init(s);
}

fl_err app_services_open(fl_ctx *ctx, app_shared *shared, const char *role, const char *name, fl_services *out)
{
	*out = (fl_services){
		.store = shared->store,
		.keys = &shared->keys,
		.outbound = shared->outbound,
		.webhook_key = shared->webhook_key,
		.redis_url = shared->config->redis_url,
		.public_url = shared->public_url,
		.tmp_dir = shared->home.tmp,
		.secure_cookies = fl_str_starts(fl_str_z(shared->public_url), FL_STR("https://")),
	};
	fl_err err = open_parts(ctx, shared, role, name, out);
	if (err != FL_OK)
		app_services_close(ctx, out);
	return err;
}

void app_services_close(fl_ctx *ctx, fl_services *services)
{
	fl_services_fini(services);
	fl_worker_pool_close(services->workers);
	await_tracer_close(ctx, services->tracer);
	fl_redis_close(services->redis);
	await_db_close(ctx, services->db);
	*services = (fl_services){ 0 };
}
