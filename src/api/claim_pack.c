/* Claim packs: asking for one, how it stands, and the file.
 *
 *	GET /claim-packs/:id     the ZIP, for who asked for it, until it expires */
#include "fleet/claim_pack/claim_pack.h"
#include "api/group_int.h"
#include "api/work_order_int.h"

#include <unistd.h>

/* ---- fields ---- */

fl_err fl_api_report_claim_packs(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_claim_pack *rows;
	size_t count;
	if (!fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return FL_OK; /* null for drivers: the SDL says so */
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_claim_packs_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_claim_pack, report_id), batch);
}

static fl_err give(fl_ctx *ctx, const fl_claim_pack *pack, fl_gql_batch *batch)
{
	fl_claim_pack *made = fl_new(ctx->mem, fl_claim_pack);
	if (!made)
		return FL_NOMEM;
	*made = *pack;
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_claim_pack_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_claim_pack pack;
	fl_uuid id;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_arg(field, "id"), &id));
	fl_err err = fl_claim_pack_get(ctx, id, &pack);
	if (err != FL_NOT_FOUND)
		return err ? err : give(ctx, &pack, batch);
	ctx->diag.text[0] = 0;
	return FL_OK;
}

fl_err fl_api_make_claim_pack(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_claim_pack pack;
	fl_uuid report;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(fl_claim_pack_start(ctx, report, fl_gql_bool_or(fl_gql_member(in, "withNames"), true), &pack));
	return give(ctx, &pack, batch);
}

const struct fl_api_claim_pack_payload fl_api_claim_pack_payload = { .pack = FL_SELF };

static int32_t maker_key(const void *parent)
{
	return ((const fl_claim_pack *)parent)->user_id;
}

static fl_err maker(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { maker_key, fl_api_load_people }, batch);
}

/* Shown to all who see the pack, of use to who asked for it: answers to subscribers are shared. */
static fl_err url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_claim_pack *pack = parent;
	char id[FL_UUID_TEXT + 1];
	*out = fl_gql_null();
	if (pack->state != FL_TRANSFER_DONE || !pack->has_blob || fl_now_us() >= pack->expires_at)
		return FL_OK;
	fl_uuid_format(pack->id, id);
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "/claim-packs/%s", id));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err size_bytes(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_claim_pack *pack = parent;
	*out = pack->has_manifest ? fl_gql_int(pack->bytes) : fl_gql_null();
	return FL_OK;
}

static fl_err files(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_claim_pack *pack = parent;
	*out = pack->has_manifest ? fl_gql_int(pack->files) : fl_gql_null();
	return FL_OK;
}

const struct fl_api_claim_pack fl_api_claim_pack = {
	.id = FL_COLUMN(fl_claim_pack, id),
	.state = FL_COLUMN(fl_claim_pack, state),
	.total = FL_COLUMN(fl_claim_pack, total),
	.done = FL_COLUMN(fl_claim_pack, done),
	.with_names = FL_COLUMN(fl_claim_pack, with_names),
	.size_bytes = FL_GETTER(size_bytes),
	.files = FL_GETTER(files),
	.manifest_sha256 = FL_COLUMN(fl_claim_pack, manifest_hex),
	.url = FL_GETTER(url),
	.error = FL_COLUMN(fl_claim_pack, error),
	.made_by = FL_BATCH(maker),
	.created_at = FL_COLUMN(fl_claim_pack, created_at),
	.finished_at = FL_COLUMN(fl_claim_pack, finished_at),
	.expires_at = FL_COLUMN(fl_claim_pack, expires_at),
};

/* ---- the file ---- */

static fl_err name_file(fl_ctx *ctx, fl_response *res, const fl_claim_pack *pack)
{
	const fl_report *report;
	FL_TRY(fl_api_report_of(ctx, pack->report_id, &report));
	fl_str line = fl_str_fmt(ctx->mem, "attachment; filename=\"claim-%lld.zip\"", (long long)report->number);
	if (!line.ptr)
		return FL_NOMEM;
	fl_response_header(res, FL_STR("Content-Disposition"), line);
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	return FL_OK;
}

static fl_err file(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_claim_pack pack;
	fl_uuid id;
	int64_t size;
	int fd;
	FL_TRY(fl_api_authenticate(ctx, req));
	if (!fl_uuid_parse(req->captures[0], &id))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such claim pack");
	FL_TRY(fl_claim_pack_open(ctx, id, &pack, &fd, &size));
	fl_err err = name_file(ctx, res, &pack);
	if (err == FL_OK)
		err = await_response_file(ctx, req, res,
			&(fl_http_file) { .fd = fd, .size = (uint64_t)size, .media_type = FL_STR("application/zip"), .cache_control = FL_STR("private, no-store") });
	close(fd);
	return err;
}

fl_err fl_api_claim_pack_routes(fl_router *router)
{
	const fl_route_options options = { .deadline_us = FL_HOUR_US };
	return fl_router_add(router, FL_GET, "/claim-packs/:id", file, &options);
}
