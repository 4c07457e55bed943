#include "api/guests_int.h"
#include "fleet/freshness.h"

#include <stdlib.h>

fl_err fl_api_schema_new(fl_gql_schema **out, fl_diag *diag)
{
	const fl_gql_schema_options options = {
		.sdl = { fl_api_sdl, fl_api_sdl_len }, .types = fl_api_types, .type_count = fl_api_type_count,
		.entities = fl_api_entities, .entity_count = fl_api_entity_count,
	};
	return fl_gql_schema_new(&options, out, diag);
}

fl_str fl_api_schema_text(void)
{
	return (fl_str){ fl_api_sdl, fl_api_sdl_len };
}

enum { PLAN_CACHE_BYTES = 16 << 20, SUBSCRIPTIONS_MAX = 20000, BATCH_MAX = 10 };

static fl_err open_parts(fl_api *api, const fl_api_options *options)
{
	size_t cache = options->cache_bytes ? options->cache_bytes : PLAN_CACHE_BYTES;
	unsigned subscriptions = options->subscriptions_max ? options->subscriptions_max : SUBSCRIPTIONS_MAX;
	FL_TRY(fl_gql_engine_new(options->schema, NULL, cache, &api->engine));
	FL_TRY(fl_api_own_documents(api, options->documents, options->document_count));
	return fl_live_new(api->loop, options->services, subscriptions, &api->live);
}

fl_err fl_api_new(fl_loop *loop, const fl_api_options *options, fl_api **out)
{
	fl_api *api = calloc(1, sizeof(*api));
	if (!api)
		return FL_NOMEM;
	api->loop = loop;
	api->services = options->services;
	api->batch_max = options->batch_max ? options->batch_max : BATCH_MAX;
	api->trusted_only = options->trusted_only;
	api->automatic_documents = options->automatic_documents;
	memcpy(api->budgets, options->budgets, sizeof(api->budgets));
	api->keep_alive_us = options->keep_alive_us ? options->keep_alive_us : 25 * FL_SECOND_US;
	fl_api_guests_init(api);
	fl_err err = open_parts(api, options);
	if (err) {
		fl_gql_engine_free(api->engine);
		free(api->own);
		free(api);
		return err;
	}
	options->services->api = api;
	*out = api;
	return FL_OK;
}

void await_api_close(fl_ctx *ctx, fl_api *api)
{
	if (!api)
		return;
	if (await_api_guests_close(ctx, api) != FL_OK || !await_live_close(ctx, api->live))
		return;
	fl_gql_engine_free(api->engine);
	api->services->api = NULL;
	free(api->own);
	free(api);
}

fl_live_stats fl_api_live_statistics(const fl_api *api)
{
	return fl_live_statistics(api->live);
}

void fl_api_choose_reads(fl_ctx *ctx, const fl_gql_request *request)
{
	if (!ctx->view)
		return;
	if (fl_gql_is_query(ctx, ctx->services->api->engine, request))
		await_freshness(ctx);
	else
		fl_freshness_newest(ctx);
}

fl_err fl_api_execute(fl_ctx *ctx, fl_str document, fl_str variables_json, fl_str *out)
{
	fl_gql_request request = { .query = document };
	fl_gql_outcome outcome;
	FL_AUTO_BUF fl_buf buf = fl_buf_make(FL_API_ANSWER_MAX);
	if (variables_json.len)
		FL_TRY(fl_json_parse(ctx->mem, variables_json, &request.variables, &ctx->diag));
	fl_api_choose_reads(ctx, &request);
	FL_TRY(fl_gql_execute(ctx, ctx->services->api->engine, &request, &buf, &outcome));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}
