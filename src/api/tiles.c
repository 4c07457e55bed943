/* GET /tiles/:z/:x/:y.mvt[?months=12]: the company's damage on the web's map. A browser keeps a tile for a minute and then asks
 * whether it has changed; a cache that serves several people keeps none. */
#include "api/api_int.h"
#include "crypt/crypt.h"
#include "fleet/freshness.h"
#include "fleet/search/search.h"

enum { MONTHS = 12 };

static fl_err read_place(fl_ctx *ctx, const fl_request *req, int32_t out[3])
{
	fl_str rows = req->captures[2], suffix = FL_STR(".mvt");
	if (!fl_str_ends(rows, suffix) || !fl_str_i32(req->captures[0], &out[0]) || !fl_str_i32(req->captures[1], &out[1]) ||
		!fl_str_i32(fl_str_slice(rows, 0, rows.len - suffix.len), &out[2]) || out[0] > FL_ZOOM_MAX || out[0] < 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such tile; write it as in /tiles/9/262/169.mvt");
	return FL_OK;
}

static fl_err etag_of(fl_ctx *ctx, fl_str tile, fl_str *out)
{
	uint64_t hash[2] = { fl_hash(tile.ptr, tile.len, 1), fl_hash(tile.ptr, tile.len, 2) };
	fl_str hex = fl_str_hex(ctx->mem, hash, sizeof(hash));
	*out = fl_str_fmt(ctx->mem, "\"%.*s\"", FL_ARG(hex));
	return out->ptr ? FL_OK : FL_NOMEM;
}

fl_err fl_api_tile(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_str months_text, tile, etag;
	int32_t at[3], months = MONTHS;
	FL_TRY(fl_api_authenticate(ctx, req));
	FL_TRY(read_place(ctx, req, at));
	if (fl_request_query(ctx->mem, req, FL_STR("months"), &months_text) && !fl_str_i32(months_text, &months))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "months is no number");
	await_freshness(ctx);
	FL_TRY(fl_search_tile(ctx, at[0], at[1], at[2], months, &tile));
	FL_TRY(etag_of(ctx, tile, &etag));
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("private, max-age=60"));
	fl_response_header(res, FL_STR("Vary"), FL_STR("Authorization, Cookie"));
	fl_response_header(res, FL_STR("ETag"), etag);
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	if (fl_str_eq(fl_request_header(req, FL_STR("if-none-match")), etag))
		fl_response_status(res, 304);
	else if (tile.len == 0)
		fl_response_status(res, 204);
	else
		fl_response_body(res, FL_STR("application/vnd.mapbox-vector-tile"), tile);
	return FL_OK;
}
