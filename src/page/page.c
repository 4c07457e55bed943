/* The page object, its routes, and what is served as it is. */
#include "page/page_int.h"

#include "asset/asset.h"

#include <stdlib.h>

/* ---- the page object ---- */

static fl_err entry_of(const fl_json *manifest, const char *name, const char *kind, fl_str *out, fl_diag *diag)
{
	const fl_json *entry = fl_json_get(fl_json_get(manifest, FL_STR("entries")), fl_str_z(name));

	*out = fl_json_str(fl_json_get(entry, fl_str_z(kind)), (fl_str){});
	return out->ptr ? FL_OK : fl_fail(diag, FL_NOT_FOUND, "web/manifest.json names no %s of %s", kind, name);
}

static fl_err document(const char *path, fl_str *out, fl_diag *diag)
{
	fl_asset asset;

	if (!fl_asset_find(fl_str_z(path), &asset))
		return fl_fail(diag, FL_NOT_FOUND, "%s is not embedded", path);
	*out = asset.bytes;
	return FL_OK;
}

static fl_err load(fl_page *page, fl_diag *diag)
{
	const fl_json *manifest;
	fl_asset asset;

	if (!fl_asset_find(FL_STR("web/manifest.json"), &asset))
		return fl_fail(diag, FL_NOT_FOUND, "web/manifest.json is not embedded");
	FL_TRY(fl_json_parse(&page->mem, asset.bytes, &manifest, diag));
	FL_TRY(entry_of(manifest, "dashboard", "js", &page->dashboard.js, diag));
	FL_TRY(entry_of(manifest, "driver", "js", &page->driver.js, diag));
	FL_TRY(entry_of(manifest, "graphiql", "js", &page->graphiql.js, diag));
	FL_TRY(entry_of(manifest, "graphiql", "css", &page->graphiql.css, diag));
	FL_TRY(entry_of(manifest, "app", "css", &page->style, diag));
	FL_TRY(document("web/queries/board.graphql", &page->documents.board, diag));
	FL_TRY(document("web/queries/board_report.graphql", &page->documents.board_report, diag));
	FL_TRY(document("web/queries/driver.graphql", &page->documents.driver, diag));
	FL_TRY(document("web/queries/transition.graphql", &page->documents.transition, diag));
	for (size_t i = 0; i < REPAIR_ACTS; i++)
		FL_TRY(document(repair_act_path(i), &page->documents.repair_acts[i], diag));
	return document("web/queries/repair.graphql", &page->documents.repair, diag);
}

fl_err fl_page_new(const fl_page_opts *opts, fl_page **out, fl_diag *diag)
{
	FL_AUTO(fl_page_free) fl_page *page = calloc(1, sizeof *page);

	assert(opts->authenticate && opts->execute);
	if (!page)
		return FL_NOMEM;
	page->opts = *opts;
	page->mem = fl_arena_make(1 << 20);
	FL_TRY(load(page, diag));
	*out = page;
	page = NULL;
	return FL_OK;
}

void fl_page_free(fl_page *page)
{
	if (!page)
		return;
	fl_arena_fini(&page->mem);
	free(page);
}

/* ---- what is served as it is ---- */

static fl_err send_asset(fl_request *req, fl_response *res, fl_str path, fl_str media_type, bool immutable)
{
	fl_asset asset;

	if (!fl_asset_find(path, &asset))
		return FL_NOT_FOUND;
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_asset(req, res, &(fl_http_asset){ .body = asset.bytes, .br = asset.brotli, .gzip = asset.gzip, .etag = asset.etag,
		.media_type = media_type, .immutable = immutable });
	return FL_OK;
}

static fl_str media_type_of(fl_str path)
{
	static const struct {
		fl_str ending, type;
	} types[] = {
		{ FL_STR_INIT(".js"), FL_STR_INIT("text/javascript; charset=utf-8") },
		{ FL_STR_INIT(".css"), FL_STR_INIT("text/css; charset=utf-8") },
		{ FL_STR_INIT(".svg"), FL_STR_INIT("image/svg+xml") },
		{ FL_STR_INIT(".png"), FL_STR_INIT("image/png") },
		{ FL_STR_INIT(".webmanifest"), FL_STR_INIT("application/manifest+json") },
	};

	for (size_t i = 0; i < FL_COUNT(types); i++) {
		if (fl_str_ends(path, types[i].ending))
			return types[i].type;
	}
	return FL_STR("application/octet-stream");
}

fl_err handle_asset(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_str name = req->captures[0];

	return send_asset(req, res, fl_str_fmt(ctx->mem, "web/assets/%" FL_FMT, FL_ARG(name)), media_type_of(name), true);
}

/* Files at the root: their addresses cannot carry a hash. */
fl_err handle_root_file(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	return send_asset(req, res, fl_str_fmt(ctx->mem, "web%" FL_FMT, FL_ARG(req->path)), media_type_of(req->path), false);
}

fl_err handle_icon(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	(void)ctx;
	return send_asset(req, res, FL_STR("web/icon.svg"), FL_STR("image/svg+xml"), false);
}

fl_err handle_graphiql(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 16);
	html h = { .buf = &buf };

	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	frame_begin(&h, ctx, page, &(page_frame){ .title = FL_STR("API"), .body_class = FL_STR("page-graphiql"), .entry = &page->graphiql });
	EL(&h, "main", { "id", FL_STR("app") });
	frame_end(&h);
	return frame_send(res, &buf, 200, frame_policy_graphiql);
}

/* For people a page, for programs the JSON error. */
fl_err handle_missing(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;

	if (!fl_request_header(req, FL_STR("accept")).ptr || !fl_request_accepts(req, FL_STR("text/html")))
		return FL_NOT_FOUND;
	return frame_problem(ctx, page, res, FL_NOT_FOUND);
}

/* ---- routes ---- */

fl_err fl_page_routes(const fl_page *page, fl_router *router)
{
	static const struct {
		unsigned methods;
		const char *pattern;
		fl_http_handler handler;
		uint64_t body_max;
		int64_t deadline_us;
	} routes[] = {
		{ FL_GET, "/", handle_board, 0, 0 },
		{ FL_GET, "/reports/:number", handle_report, 0, 0 },
		{ FL_POST, "/reports/:number", handle_change, 1 << 14, 0 },
		{ FL_GET, "/reports/:number/repair", handle_repair, 0, 0 },
		{ FL_POST, "/reports/:number/repair", handle_repair_form, 1 << 15, 0 },
		{ FL_GET, "/r/:vehicle", handle_driver, 0, 0 },
		/* Twenty photos over a bad line: the server's own guard against slow bodies ends it earlier. */
		{ FL_POST, "/r/:vehicle", handle_file, 20 * UINT64_C(25000000) + (1 << 20), 30 * FL_MINUTE_US },
		{ FL_GET, "/inspect/:vehicle", handle_inspect, 0, 0 },
		{ FL_POST, "/inspect/:vehicle", handle_inspect_form, 20 * UINT64_C(25000000) + (1 << 20), 30 * FL_MINUTE_US },
		{ FL_GET, "/quote/:token", handle_quote, 0, 0 },
		{ FL_POST, "/quote/:token", handle_quote_form, 1 << 19, 0 },
		{ FL_GET, "/login", handle_login, 0, 0 },
		{ FL_POST, "/login", handle_login_form, 1 << 14, 0 },
		{ FL_POST, "/logout", handle_logout, 1 << 14, 0 },
		{ FL_GET, "/graphiql", handle_graphiql, 0, 0 },
		{ FL_GET, "/assets/*path", handle_asset, 0, 0 },
		{ FL_GET, "/sw.js", handle_root_file, 0, 0 },
		{ FL_GET, "/manifest.webmanifest", handle_root_file, 0, 0 },
		{ FL_GET, "/icon.svg", handle_root_file, 0, 0 },
		{ FL_GET, "/favicon.ico", handle_icon, 0, 0 },
		{ FL_GET, "/*path", handle_missing, 0, 0 },
	};

	for (size_t i = 0; i < FL_COUNT(routes); i++) {
		FL_TRY(fl_router_add(router, routes[i].methods, routes[i].pattern, routes[i].handler, &(fl_route_options){
			.arg = (void *)page, .body_max = routes[i].body_max, .deadline_us = routes[i].deadline_us }));
	}
	return FL_OK;
}
