/* fleet serve: the server. One event loop a thread, each with its own listener, connections and services; they share the
 * routes, the schema, the keys and the store, which are read-only, and a flag that says when to stop. */
#include "api/api.h"
#include "app/app.h"
#include "app/documents.h"
#include "app/health.h"
#include "app/port.h"
#include "app/services.h"
#include "app/tracing.h"
#include "page/page.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MAX = APP_SERVERS_MAX };

typedef struct server server;

typedef struct server_loop {
	server *owner;
	int index;
	pthread_t thread;
	bool running;
	fl_loop *loop;
	fl_services services;
	fl_api *api;
	fl_http_server *http;
	fl_wait stop;
	bool stopping;
	fl_err err;
	fl_diag diag;
} server_loop;

struct server {
	app_shared shared;
	fl_router *router;
	fl_gql_schema *schema;
	fl_page *page;
	fl_str documents[APP_DOCUMENTS_MAX]; /* of the program itself */
	size_t document_count;
	atomic_bool draining;
	int count;
	server_loop loops[THREADS_MAX];
};

/* ---- stopping ---- */

static void stop_loop(void *arg)
{
	server_loop *l = arg;
	if (l->stopping)
		return;
	l->stopping = true;
	fl_wake(&l->stop, FL_OK);
}

/* From any thread: every loop drains and ends. */
static void stop_all(server *s)
{
	if (atomic_exchange(&s->draining, true))
		return;
	for (int i = 0; i < s->count; i++)
		if (fl_loop_post(s->loops[i].loop, stop_loop, &s->loops[i]) != FL_OK)
			fl_error("loop %d cannot be told to stop", i);
}

static void on_signal(void *arg, int signum)
{
	(void)signum;
	fl_info("stopping: no new connections; what is in flight is answered");
	stop_all(arg);
}

/* ---- one loop ---- */

static fl_err open_server(server_loop *l, fl_ctx *ctx)
{
	server *s = l->owner;
	const app_config *config = s->shared.config;
	FL_TRY(fl_api_new(l->loop, &(fl_api_options){
		.schema = s->schema,
		.services = &l->services,
		.batch_max = (unsigned)config->batch_max,
		.trusted_only = strcmp(config->documents, "trusted") == 0,
		.automatic_documents = config->automatic_documents != 0,
		.documents = s->documents,
		.document_count = s->document_count,
		.budgets = {
			[FL_ROLE_NONE] = (double)config->cost_anonymous,
			[FL_ROLE_DRIVER] = (double)config->cost_driver,
			[FL_ROLE_MANAGER] = (double)config->cost_manager,
			[FL_ROLE_AUDITOR] = (double)config->cost_auditor,
			[FL_ROLE_ADMIN] = (double)config->cost_admin,
		},
		.keep_alive_us = config->keep_alive_s * FL_SECOND_US,
	}, &l->api));
	FL_TRY(fl_http_server_new(l->loop, &(fl_http_options){
		.host = config->host,
		.port = (uint16_t)s->shared.port,
		.router = s->router,
		.services = &l->services,
		.before = config->otlp_url[0] ? app_trace_begin : NULL,
		.on_access = config->otlp_url[0] ? app_trace_end : NULL,
		.connections_max = (unsigned)config->connections_max,
		.connections_per_ip = (unsigned)config->connections_per_ip,
		.in_flight_max = (unsigned)config->in_flight_max,
	}, &l->http, &ctx->diag));
	atomic_store(&s->shared.metrics.servers[l->index], l->http);
	atomic_store(&s->shared.metrics.apis[l->index], l->api);
	atomic_store(&s->shared.metrics.dbs[l->index], l->services.db);
	return FL_OK;
}

/* What fails here is asked again by the first request that needs to know. */
static void learn_documents(server_loop *l, fl_ctx *ctx)
{
	fl_ctx own;
	fl_ctx_derive(&own, ctx, 2 * FL_SECOND_US);
	own.services = &l->services;
	if (await_api_documents(&own, l->api) != FL_OK)
		fl_info("registered documents are not known yet: %s", own.diag.text);
	fl_ctx_fini(&own);
}

static void drain(server_loop *l, fl_ctx *ctx)
{
	fl_ctx last;
	int64_t limit_us = l->owner->shared.config->drain_s * FL_SECOND_US;
	fl_ctx_detach(&last, ctx, limit_us + 5 * FL_SECOND_US);
	if (l->http)
		await_http_server_drain(&last, l->http, limit_us);
	atomic_store(&l->owner->shared.metrics.servers[l->index], NULL);
	atomic_store(&l->owner->shared.metrics.apis[l->index], NULL);
	atomic_store(&l->owner->shared.metrics.dbs[l->index], NULL);
	fl_http_server_free(l->http);
	await_api_close(&last, l->api);
	app_services_close(&last, &l->services);
	fl_ctx_fini(&last);
}

static fl_err serve_loop(fl_ctx *ctx, void *arg)
{
	server_loop *l = arg;
	fl_err err = app_services_open(ctx, &l->owner->shared, "fleet_app", "fleet serve", &l->services);
	if (err == FL_OK)
		err = open_server(l, ctx);
	if (err == FL_OK)
		learn_documents(l, ctx);
	if (err == FL_OK)
		err = await_wait(ctx, &l->stop);
	if (err != FL_OK)
		l->diag = ctx->diag;
	drain(l, ctx);
	return err;
}

static void *run_loop(void *arg)
{
	server_loop *l = arg;
	l->err = fl_loop_run_task(l->loop, 0, serve_loop, l);
	if (l->err != FL_OK)
		stop_all(l->owner); /* half a server is worse than one that is started again */
	return NULL;
}

/* ---- the whole ---- */

static fl_err make_routes(server *s, fl_diag *diag)
{
	FL_TRY(fl_api_schema_new(&s->schema, diag));
	s->router = fl_router_new();
	if (!s->router)
		return FL_NOMEM;
	FL_TRY(app_health_routes(s->router, &s->draining));
	FL_TRY(fl_api_routes(s->router));
	FL_TRY(app_metrics_routes(s->router, &s->shared.metrics));
	fl_err err = fl_page_new(&(fl_page_opts){ .authenticate = fl_api_authenticate, .execute = fl_api_execute }, &s->page, diag);
	if (err == FL_NOT_FOUND) {
		fl_warn("this program was built without its page: only the API is served (%s)", fl_diag_text(diag, err));
		return FL_OK;
	}
	FL_TRY(err);
	return fl_page_routes(s->page, s->router);
}

static fl_err make_loops(server *s)
{
	int wanted = (int)s->shared.config->threads;
	if (wanted == 0)
		wanted = (int)FL_MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
	for (s->count = 0; s->count < FL_MIN(wanted, THREADS_MAX); s->count++) {
		server_loop *l = &s->loops[s->count];
		*l = (server_loop){ .owner = s, .index = s->count };
		fl_wait_init(&l->stop);
		FL_TRY(fl_loop_new(&(fl_loop_opts){ 0 }, &l->loop));
	}
	return FL_OK;
}

/* The first loop runs in this thread, which also gets the signals. */
static fl_err run_loops(server *s, fl_diag *diag)
{
	FL_TRY(fl_loop_on_signal(s->loops[0].loop, SIGTERM, on_signal, s));
	FL_TRY(fl_loop_on_signal(s->loops[0].loop, SIGINT, on_signal, s));
	for (int i = 1; i < s->count; i++) {
		s->loops[i].running = pthread_create(&s->loops[i].thread, NULL, run_loop, &s->loops[i]) == 0;
		if (!s->loops[i].running)
			stop_all(s);
	}
	fl_info("serving on %s:%d, %d loop%s", s->shared.config->host, s->shared.port, s->count, s->count == 1 ? "" : "s");
	run_loop(&s->loops[0]);
	for (int i = 1; i < s->count; i++)
		if (s->loops[i].running)
			pthread_join(s->loops[i].thread, NULL);
	for (int i = 0; i < s->count; i++)
		if (s->loops[i].err != FL_OK) {
			*diag = s->loops[i].diag;
			return s->loops[i].err;
		}
	return FL_OK;
}

static void close_server(server *s)
{
	for (int i = 0; i < s->count; i++)
		fl_loop_free(s->loops[i].loop);
	fl_page_free(s->page);
	fl_router_free(s->router);
	fl_gql_schema_free(s->schema);
	app_shared_close(&s->shared);
	free(s);
}

static fl_err start(server *s, const app_config *config, fl_diag *diag)
{
	int port = (int)config->port;
	if (strcmp(config->documents, "any") != 0 && strcmp(config->documents, "trusted") != 0)
		return fl_fail(diag, FL_BAD_INPUT, "--documents: '%s' is neither any nor trusted", config->documents);
	s->document_count = app_own_documents(s->documents);
	FL_TRY(app_port_check(config->host, &port, diag));
	FL_TRY(app_shared_open(config, port, &s->shared, diag));
	FL_TRY(make_routes(s, diag));
	FL_TRY(make_loops(s));
	return run_loops(s, diag);
}

static int run(const app_call *call)
{
	fl_diag diag = { 0 };
	server *s = calloc(1, sizeof(*s));
	if (!s)
		return app_fail("out of memory");
	signal(SIGPIPE, SIG_IGN);
	fl_err err = start(s, call->config, &diag);
	close_server(s);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_serve = {
	"serve", "the server alone, with a database and Redis that run elsewhere",
	.details = "Needs FLEET_PG_URL and FLEET_REDIS_URL. SIGTERM drains: no new connections, what is in flight is answered.", .run = run };
