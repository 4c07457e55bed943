/* GraphQL over HTTP: POST with JSON, POST with multipart/form-data (the multipart request specification), GET for queries. */
#include "api/api_int.h"
#include "api/search_int.h"
#include "obs/trace.h"

/* The header "GraphQL-Cost: report" shows the cost beside the data, "validate" instead of it. */
void fl_api_cost_wishes(const fl_request *req, fl_gql_request *request)
{
	fl_str header = fl_request_header(req, FL_STR("graphql-cost"));
	request->show_cost |= fl_str_eq_nocase(header, FL_STR("report"));
	request->cost_only |= fl_str_eq_nocase(header, FL_STR("validate"));
}

/* The header "Fleet-Explain: 1" shows plan, calls and SQL beside the data, to those who may see them. */
static fl_err explain_wishes(fl_ctx *ctx, const fl_request *req, fl_gql_request *request)
{
	fl_str header = fl_request_header(req, FL_STR("fleet-explain"));
	if (header.len == 0 || fl_str_eq(header, FL_STR("0")))
		return FL_OK;
	FL_TRY(fl_must(ctx, FL_MAY_EXPLAIN));
	request->explain = true;
	return ctx->trace || fl_trace_open(ctx, FL_STR("explain"), FL_SPAN_INTERNAL, (fl_str){}) ? FL_OK : FL_NOMEM;
}

static fl_err run(fl_ctx *ctx, fl_request *req, fl_response *res, fl_gql_request *request)
{
	fl_gql_outcome outcome = {};
	FL_TRY(explain_wishes(ctx, req, request));
	fl_api_cost_wishes(req, request);
	request->budget = fl_api_budget(ctx);
	fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	if (fl_api_wants_events(req))
		return fl_api_sse(ctx, req, res, request);
	request->parts = fl_api_parts_wanted(req);
	if (request->parts != FL_GQL_WHOLE)
		return fl_api_answer_in_parts(ctx, req, res, request);
	fl_err err = fl_gql_execute(ctx, ctx->services->api->engine, request, &out, &outcome);
	if (err == FL_OK)
		err = fl_api_answer(ctx, req, res, &outcome, &out);
	fl_buf_fini(&out);
	return err;
}

/* ---- multipart: operations, map, then the files in the map's order ---- */

typedef struct upload_list {
	fl_gql_upload items[2 * FL_PHOTOS_MAX];
	size_t count;
} upload_list;

static fl_err bad(fl_ctx *ctx, const char *why)
{
	return fl_fail(&ctx->diag, FL_BAD_REQUEST, "multipart request: %s", why);
}

/* Puts the file at each path that the map gives it. */
static fl_err place_file(fl_ctx *ctx, const fl_json *map, const fl_part *part, upload_list *list)
{
	const fl_json *paths = fl_json_get(map, part->name);
	fl_upload *upload = fl_new(ctx->mem, fl_upload);
	if (!upload)
		return FL_NOMEM;
	if (!paths || paths->type != FL_JSON_ARRAY || paths->items.count == 0)
		return bad(ctx, "a file is not in the map, or its entry is not a list of paths");
	*upload = (fl_upload){ part->filename.len ? part->filename : FL_STR("photo"), part->too_large ? -1 : part->fd, part->size };
	for (const fl_json *path = paths->items.first; path; path = path->next) {
		if (path->type != FL_JSON_STRING || list->count == FL_COUNT(list->items))
			return bad(ctx, "the map's paths must be texts, at most 40 of them");
		list->items[list->count++] = (fl_gql_upload){ path->string, upload };
	}
	return FL_OK;
}

static fl_err take_field(fl_ctx *ctx, const fl_part *part, const fl_json **operations, const fl_json **map)
{
	if (fl_str_eq(part->name, FL_STR("operations")))
		return fl_json_parse(ctx->mem, part->value, operations, &ctx->diag);
	if (fl_str_eq(part->name, FL_STR("map")))
		return fl_json_parse(ctx->mem, part->value, map, &ctx->diag);
	return bad(ctx, "there are only the fields operations and map, and files");
}

static fl_err read_multipart(fl_ctx *ctx, fl_request *req, const fl_json **operations, upload_list *list)
{
	const fl_json *map = NULL;
	fl_multipart *parts;
	fl_part *part;
	const fl_multipart_options options = { .dir = ctx->services->tmp_dir, .file_max = FL_PHOTO_BYTES_MAX, .field_max = FL_API_BODY_MAX,
					       .files_max = FL_PHOTOS_MAX };
	FL_TRY(fl_multipart_open(ctx, req, &options, &parts));
	for (;;) {
		FL_TRY(await_multipart_next(ctx, parts, &part));
		if (!part)
			break;
		if (!part->is_file) {
			FL_TRY(take_field(ctx, part, operations, &map));
			continue;
		}
		if (!*operations || !map)
			return bad(ctx, "the fields operations and map must come before the files");
		FL_TRY(place_file(ctx, map, part, list));
	}
	return *operations ? FL_OK : bad(ctx, "the field operations is missing");
}

/* ---- the routes ---- */

/* A request that a page of another site could send with the reader's cookie must not do anything: a cookie counts only
 * from our own origin, or with a header that no foreign page may set. */
static fl_err enter(fl_ctx *ctx, fl_request *req)
{
	bool bearer = fl_request_header(req, FL_STR("authorization")).ptr != NULL;
	fl_str cookie;
	FL_TRY(fl_api_negotiate(ctx, req));
	if (!bearer && !fl_api_same_origin(req))
		return fl_fail(&ctx->diag, FL_FORBIDDEN, "a page of another site may not use your log-in here");
	if (!bearer && fl_request_cookie(req, FL_STR("fleet_session"), &cookie) && !fl_api_asked_first(req))
		return fl_fail(&ctx->diag, FL_FORBIDDEN, "without a bearer token, send JSON, or a header such as GraphQL-Preflight: 1");
	return fl_api_authenticate(ctx, req);
}

static fl_err post_json(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_json *body;
	fl_gql_request request;
	fl_str text;
	FL_TRY(await_body_all(ctx, req, FL_API_BODY_MAX, &text));
	FL_TRY(fl_json_parse(ctx->mem, text, &body, &ctx->diag));
	if (body->type == FL_JSON_ARRAY)
		return fl_api_batch(ctx, req, res, body);
	FL_TRY(fl_gql_request_from_json(body, &request, &ctx->diag));
	return run(ctx, req, res, &request);
}

static fl_err post_multipart(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_json *operations = NULL;
	fl_gql_request request;
	upload_list *list = fl_new(ctx->mem, upload_list);
	if (!list)
		return FL_NOMEM;
	FL_TRY(read_multipart(ctx, req, &operations, list));
	FL_TRY(fl_gql_request_from_json(operations, &request, &ctx->diag));
	request.uploads = list->items;
	request.upload_count = list->count;
	return run(ctx, req, res, &request);
}

static fl_err post(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_str type = fl_request_media_type(req);
	FL_TRY(enter(ctx, req));
	if (fl_str_eq_nocase(type, FL_STR("application/json")))
		return post_json(ctx, req, res);
	if (fl_str_eq_nocase(type, FL_STR("multipart/form-data")))
		return post_multipart(ctx, req, res);
	return fl_fail(&ctx->diag, FL_UNSUPPORTED, "send application/json, or multipart/form-data with photos");
}

static fl_err get(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_gql_request request = { .queries_only = true };
	fl_str variables;
	if (fl_request_header(req, FL_STR("upgrade")).ptr)
		return fl_api_ws(ctx, req, res);
	FL_TRY(enter(ctx, req));
	if (!fl_request_query(ctx->mem, req, FL_STR("query"), &request.query))
		return fl_fail(&ctx->diag, FL_BAD_REQUEST, "the parameter query is missing; try /graphiql in a browser");
	if (!fl_request_query(ctx->mem, req, FL_STR("operationName"), &request.operation_name))
		request.operation_name = (fl_str){};
	if (fl_request_query(ctx->mem, req, FL_STR("variables"), &variables) && variables.len)
		FL_TRY(fl_json_parse(ctx->mem, variables, &request.variables, &ctx->diag));
	return run(ctx, req, res, &request);
}


fl_err fl_api_routes(fl_router *router)
{
	const fl_route_options upload = { .body_max = FL_API_UPLOAD_MAX, .deadline_us = 10 * FL_MINUTE_US };
	FL_TRY(fl_router_add(router, FL_POST, "/graphql", post, &upload));
	FL_TRY(fl_router_add(router, FL_GET, "/graphql", get, NULL));
	FL_TRY(fl_router_add(router, FL_GET, "/tiles/:z/:x/:y", fl_api_tile, NULL));
	FL_TRY(fl_api_transfer_routes(router));
	return fl_router_add(router, FL_GET, "/photos/:report/:photo/:variant", fl_api_photo_bytes, NULL);
}
