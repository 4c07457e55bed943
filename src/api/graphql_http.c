/* GraphQL over HTTP: POST with JSON, POST with multipart/form-data (the multipart request specification), GET for queries. */
#include "api/api_int.h"
#include "api/search_int.h"
#include "api/work_order_int.h"
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

/* A document that may not run, or is not known, is a request error as any other. */
static fl_err execute(fl_ctx *ctx, const fl_gql_request *request, fl_err ready, fl_buf *out, fl_gql_outcome *outcome)
{
	if (ready == FL_OK)
		return fl_gql_execute(ctx, ctx->services->api->engine, request, out, outcome);
	if (!fl_api_is_document_error(ready))
		return ready;
	fl_gql_write_error(out, ready, fl_str_z(fl_diag_text(&ctx->diag, ready)));
	outcome->errors = 1;
	return fl_buf_err(out);
}

/* ready: what came of reading the request. */
static fl_err run(fl_ctx *ctx, fl_request *req, fl_response *res, fl_gql_request *request, fl_err ready)
{
	fl_gql_outcome outcome = {};
	FL_TRY(explain_wishes(ctx, req, request));
	fl_buf out = fl_buf_make(FL_API_ANSWER_MAX);
	fl_api_cost_wishes(req, request);
	if (ready == FL_OK)
		fl_api_choose_reads(ctx, request);
	if (fl_api_wants_events(req) && (ready == FL_OK || fl_api_is_document_error(ready)))
		return fl_api_sse(ctx, req, res, request, ready);
	request->parts = fl_api_parts_wanted(req);
	if (request->parts != FL_GQL_WHOLE && ready == FL_OK)
		return fl_api_answer_in_parts(ctx, req, res, request);
	fl_err err = execute(ctx, request, ready, &out, &outcome);
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
	fl_gql_request request = {};
	fl_str text;
	FL_TRY(await_body_all(ctx, req, FL_API_BODY_MAX, &text));
	FL_TRY(fl_json_parse(ctx->mem, text, &body, &ctx->diag));
	if (body->type == FL_JSON_ARRAY)
		return fl_api_batch(ctx, req, res, body);
	return run(ctx, req, res, &request, fl_api_request(ctx, body, &request));
}

static fl_err post_multipart(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_json *operations = NULL;
	fl_gql_request request = {};
	upload_list *list = fl_new(ctx->mem, upload_list);
	if (!list)
		return FL_NOMEM;
	FL_TRY(read_multipart(ctx, req, &operations, list));
	if (operations->type == FL_JSON_ARRAY)
		return bad(ctx, "a batch cannot have files");
	fl_err ready = fl_api_request(ctx, operations, &request);
	request.uploads = list->items;
	request.upload_count = list->count;
	return run(ctx, req, res, &request, ready);
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

/* A parameter as JSON; NULL when it is not given. */
static fl_err get_json(fl_ctx *ctx, fl_request *req, fl_str name, const fl_json **out)
{
	fl_str text;
	*out = NULL;
	if (!fl_request_query(ctx->mem, req, name, &text) || text.len == 0)
		return FL_OK;
	return fl_json_parse(ctx->mem, text, out, &ctx->diag);
}

static fl_err read_get(fl_ctx *ctx, fl_request *req, fl_gql_request *out)
{
	fl_str id;
	const fl_json *extensions;
	*out = (fl_gql_request){ .queries_only = true, .budget = fl_api_budget(ctx) };
	if (!fl_request_query(ctx->mem, req, FL_STR("query"), &out->query))
		out->query = (fl_str){};
	if (!fl_request_query(ctx->mem, req, FL_STR("operationName"), &out->operation_name) || out->operation_name.len == 0)
		out->operation_name = (fl_str){};
	FL_TRY(get_json(ctx, req, FL_STR("variables"), &out->variables));
	FL_TRY(get_json(ctx, req, FL_STR("extensions"), &extensions));
	if (!fl_request_query(ctx->mem, req, FL_STR("documentId"), &id))
		id = (fl_str){};
	FL_TRY(fl_gql_request_extend(out, id, extensions, &ctx->diag));
	if (!out->query.ptr && !out->by_id)
		return fl_fail(&ctx->diag, FL_BAD_REQUEST, "the parameter query is missing; try /graphiql in a browser");
	return fl_api_document(ctx, out);
}

static fl_err get(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_gql_request request;
	if (fl_request_header(req, FL_STR("upgrade")).ptr)
		return fl_api_ws(ctx, req, res);
	FL_TRY(enter(ctx, req));
	fl_err ready = read_get(ctx, req, &request);
	return run(ctx, req, res, &request, ready);
}

fl_err fl_api_routes(fl_router *router)
{
	const fl_route_options upload = { .body_max = FL_API_UPLOAD_MAX, .deadline_us = 10 * FL_MINUTE_US };
	FL_TRY(fl_router_add(router, FL_POST, "/graphql", post, &upload));
	FL_TRY(fl_router_add(router, FL_GET, "/graphql", get, NULL));
	FL_TRY(fl_router_add(router, FL_GET, "/tiles/:z/:x/:y", fl_api_tile, NULL));
	FL_TRY(fl_api_transfer_routes(router));
	FL_TRY(fl_router_add(router, FL_GET, "/inspections/:file", fl_api_inspection_pdf, NULL));
	FL_TRY(fl_api_claim_pack_routes(router));
	FL_TRY(fl_router_add(router, FL_GET, "/photos/:report/:photo/:variant", fl_api_photo_bytes, NULL));
	FL_TRY(fl_router_add(router, FL_GET, "/quote/:token/photos/:photo/:variant", fl_api_quote_photo, NULL));
	return fl_router_add(router, FL_GET, "/attachments/:report/:attachment", fl_api_attachment_bytes, NULL);
}
