/* Imports and exports: their mutations, how they stand, and the files themselves.
 *
 *	GET /exports/reports.csv     written while it is read: a page is asked for when the last was taken
 *	GET /exports/jobs/:id        the file that exportFile made */
#include "api/search_int.h"
#include "fleet/freshness.h"
#include "fleet/transfer/transfer.h"

#include <unistd.h>

/* ---- mutations and queries ---- */

static fl_err give(fl_ctx *ctx, const fl_transfer *transfer, fl_gql_batch *batch)
{
	fl_transfer *made = fl_new(ctx->mem, fl_transfer);
	if (!made)
		return FL_NOMEM;
	*made = *transfer;
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_import_file(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	const fl_upload *file = fl_gql_member(in, "file")->pointer;
	fl_transfer made;
	FL_TRY(fl_import_start(ctx, (fl_transfer_kind)fl_gql_int_or(fl_gql_member(in, "kind"), 1), file,
		fl_gql_bool_or(fl_gql_member(in, "dryRun"), false), &made));
	return give(ctx, &made, batch);
}

fl_err fl_api_export_file(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_transfer made;
	FL_TRY(fl_export_start(ctx, (fl_transfer_kind)fl_gql_int_or(fl_gql_member(in, "kind"), 1), &made));
	return give(ctx, &made, batch);
}

static fl_err by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch, fl_transfer_direction direction)
{
	fl_transfer found;
	fl_uuid id;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_arg(field, "id"), &id));
	fl_err err = fl_transfer_get(ctx, direction, id, &found);
	if (err != FL_NOT_FOUND)
		return err ? err : give(ctx, &found, batch);
	ctx->diag.text[0] = 0;
	return FL_OK;
}

fl_err fl_api_import_job_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return by_id(ctx, field, batch, FL_TRANSFER_IMPORT);
}

fl_err fl_api_export_job_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return by_id(ctx, field, batch, FL_TRANSFER_EXPORT);
}

/* ---- types ---- */

static fl_err problems(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int64_t first = fl_gql_int_or(fl_gql_arg(field, "first"), 100);
	if (first < 1 || first > FL_TRANSFER_PROBLEMS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "first is %lld; it goes from 1 to %d", (long long)first,
			FL_TRANSFER_PROBLEMS_MAX);
	for (size_t i = 0; i < batch->count; i++) {
		const fl_transfer *t = batch->parents[i];
		batch->results[i] = fl_gql_rows(t->problems, sizeof(t->problems[0]), FL_MIN(t->problem_count, (size_t)first));
	}
	return FL_OK;
}

const struct fl_api_import_job fl_api_import_job = {
	.id = FL_COLUMN(fl_transfer, id),
	.kind = FL_COLUMN(fl_transfer, kind),
	.state = FL_COLUMN(fl_transfer, state),
	.dry_run = FL_COLUMN(fl_transfer, dry_run),
	.total = FL_COLUMN(fl_transfer, total),
	.done = FL_COLUMN(fl_transfer, done),
	.bad = FL_COLUMN(fl_transfer, bad),
	.problems = FL_BATCH_AT_ONCE(problems),
	.error = FL_COLUMN(fl_transfer, error),
	.created_at = FL_COLUMN(fl_transfer, created_at),
	.finished_at = FL_COLUMN(fl_transfer, finished_at),
};

const struct fl_api_import_problem fl_api_import_problem = {
	.line = FL_COLUMN(fl_problem, line),
	.column = FL_COLUMN(fl_problem, column),
	.value = FL_COLUMN(fl_problem, value),
	.problem = FL_COLUMN(fl_problem, problem),
};

static fl_err url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_transfer *t = parent;
	char id[FL_UUID_TEXT + 1];
	*out = fl_gql_null();
	if (t->state != FL_TRANSFER_DONE)
		return FL_OK;
	fl_uuid_format(t->id, id);
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "/exports/jobs/%s", id));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

const struct fl_api_export_job fl_api_export_job = {
	.id = FL_COLUMN(fl_transfer, id),
	.kind = FL_COLUMN(fl_transfer, kind),
	.state = FL_COLUMN(fl_transfer, state),
	.done = FL_COLUMN(fl_transfer, done),
	.url = FL_GETTER(url),
	.error = FL_COLUMN(fl_transfer, error),
	.created_at = FL_COLUMN(fl_transfer, created_at),
	.finished_at = FL_COLUMN(fl_transfer, finished_at),
};

const struct fl_api_import_file_payload fl_api_import_file_payload = { .job = FL_SELF };
const struct fl_api_export_file_payload fl_api_export_file_payload = { .job = FL_SELF };

/* ---- the files ---- */

static const fl_str csv_type = FL_STR_INIT("text/csv; charset=utf-8");

static fl_err read_kind(fl_ctx *ctx, const fl_request *req, fl_transfer_kind *out)
{
	fl_str name = req->captures[0], suffix = FL_STR(".csv");
	if (!fl_str_ends(name, suffix))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such file; write it as in /exports/reports.csv");
	return fl_transfer_kind_parse(&ctx->diag, fl_str_slice(name, 0, name.len - suffix.len), out);
}

/* What a browser is given to keep; never to show as a page of ours. */
static fl_err name_file(fl_ctx *ctx, fl_response *res, fl_transfer_kind kind)
{
	fl_str name = fl_transfer_kind_name(kind);
	fl_str line = fl_str_fmt(ctx->mem, "attachment; filename=\"%.*s.csv\"", FL_ARG(name));
	if (!line.ptr)
		return FL_NOMEM;
	fl_response_header(res, FL_STR("Content-Disposition"), line);
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	return FL_OK;
}

static fl_err stream(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_export x = {};
	FL_AUTO_BUF fl_buf page = fl_buf_make(64 << 20);
	FL_TRY(fl_api_authenticate(ctx, req));
	FL_TRY(read_kind(ctx, req, &x.kind));
	FL_TRY(fl_transfer_may(ctx, FL_TRANSFER_EXPORT, x.kind));
	await_freshness(ctx); /* and one replica for all pages, as long as it is there */
	FL_TRY(fl_export_page(ctx, &x, &page)); /* what fails at once has an answer of its own */
	FL_TRY(name_file(ctx, res, x.kind));
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("private, no-store"));
	FL_TRY(await_response_begin(ctx, res, csv_type));
	for (;;) {
		FL_TRY(await_response_write(ctx, res, fl_buf_view(&page)));
		if (x.finished)
			return FL_OK;
		fl_buf_reset(&page);
		FL_TRY(fl_export_page(ctx, &x, &page));
	}
}

static fl_err made_file(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_transfer t;
	fl_uuid id;
	int64_t size;
	int fd;
	FL_TRY(fl_api_authenticate(ctx, req));
	if (!fl_uuid_parse(req->captures[0], &id))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such export");
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	FL_TRY(fl_transfer_get(ctx, FL_TRANSFER_EXPORT, id, &t));
	if (t.state != FL_TRANSFER_DONE || !t.has_blob)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "this export is not done");
	FL_TRY(fl_store_open_blob(ctx, ctx->services->store, t.blob, &fd, &size));
	fl_err err = name_file(ctx, res, (fl_transfer_kind)t.kind);
	if (err == FL_OK)
		err = await_response_file(ctx, req, res,
			&(fl_http_file) { .fd = fd,
				.size = (uint64_t)size,
				.media_type = csv_type,
				.cache_control = FL_STR("private, no-store") });
	close(fd);
	return err;
}

fl_err fl_api_transfer_routes(fl_router *router)
{
	/* As long as the client reads: each write has a limit of its own. */
	const fl_route_options options = { .deadline_us = FL_HOUR_US, .mem_max = 128 << 20 };
	FL_TRY(fl_router_add(router, FL_GET, "/exports/:file", stream, &options));
	FL_TRY(fl_router_add(router, FL_GET, "/archives/:id", fl_api_archive_file, &options));
	return fl_router_add(router, FL_GET, "/exports/jobs/:id", made_file, &options);
}
