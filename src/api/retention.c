/* How long reports are kept, and the files of those that went. */
#include "fleet/retention/retention.h"
#include "api/connection_int.h"

#include <unistd.h>

static fl_err give(fl_ctx *ctx, const fl_retention *policy, fl_gql_batch *batch)
{
	fl_retention *made = fl_new(ctx->mem, fl_retention);
	if (!made)
		return FL_NOMEM;
	*made = *policy;
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_retention_policy_get(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_retention policy;
	FL_TRY(fl_retention_get(ctx, &policy));
	return give(ctx, &policy, batch);
}

fl_err fl_api_set_retention_policy(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *years = fl_gql_member(in, "years");
	fl_retention policy;
	if (fl_gql_given(years) && fl_gql_int_or(years, 0) < 1)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%lld is no number of years to keep reports: 1 to %d, or none for ever",
			(long long)fl_gql_int_or(years, 0), FL_RETENTION_YEARS_MAX);
	FL_TRY(fl_retention_set(ctx, (int32_t)fl_gql_int_or(years, 0), (fl_keep)fl_gql_int_or(fl_gql_member(in, "keep"), FL_KEEP_ARCHIVE),
		(int32_t)fl_gql_int_or(fl_gql_member(in, "version"), -1), &policy));
	return give(ctx, &policy, batch);
}

static fl_err years(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_retention *policy = parent;
	*out = policy->years ? fl_gql_int(policy->years) : fl_gql_null();
	return FL_OK;
}

/* Of the caller's company, so there is one policy in an answer. */
static fl_err plan(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_retention_month *months;
	size_t count;
	FL_TRY(fl_retention_plan(ctx, &months, &count));
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_rows(months, sizeof(months[0]), count);
	return FL_OK;
}

const struct fl_api_retention_policy fl_api_retention_policy = {
	.years = FL_GETTER(years),
	.keep = FL_COLUMN(fl_retention, keep),
	.version = FL_COLUMN(fl_retention, version),
	.set_at = FL_COLUMN(fl_retention, set_at),
	.plan = FL_BATCH(plan),
};

static fl_err text_of(fl_ctx *ctx, int64_t number, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "%lld", (long long)number));
	return FL_OK;
}

static fl_err month_bytes(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return text_of(ctx, ((const fl_retention_month *)parent)->bytes, out);
}

const struct fl_api_retention_month fl_api_retention_month = {
	.month = FL_COLUMN(fl_retention_month, month),
	.reports = FL_COLUMN(fl_retention_month, reports),
	.photos = FL_COLUMN(fl_retention_month, photos),
	.bytes = FL_GETTER(month_bytes),
	.held = FL_COLUMN(fl_retention_month, held),
	.open = FL_COLUMN(fl_retention_month, open),
};

const struct fl_api_set_retention_policy_payload fl_api_set_retention_policy_payload = { .policy = FL_SELF };

/* ---- archives ---- */

fl_err fl_api_archives(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *given = fl_gql_arg(field, "after");
	uint32_t first;
	fl_archive_row *rows;
	fl_uuid after;
	size_t count;
	FL_TRY(fl_api_first(ctx, field, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, &first));
	if (fl_gql_given(given))
		FL_TRY(fl_api_uuid(ctx, "after", given, &after));
	FL_TRY(fl_archives_list(ctx, fl_gql_given(given) ? &after : NULL, first, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

static fl_err archive_bytes(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return text_of(ctx, ((const fl_archive_row *)parent)->bytes, out);
}

static fl_err archive_url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_str id = fl_uuid_str(ctx->mem, ((const fl_archive_row *)parent)->id);
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "/archives/%" FL_FMT, FL_ARG(id)));
	return FL_OK;
}

const struct fl_api_archive fl_api_archive = {
	.url = FL_GETTER(archive_url),
	.id = FL_COLUMN(fl_archive_row, id),
	.month = FL_COLUMN(fl_archive_row, month),
	.state = FL_COLUMN(fl_archive_row, state),
	.reports = FL_COLUMN(fl_archive_row, reports),
	.files = FL_COLUMN(fl_archive_row, photos),
	.bytes = FL_GETTER(archive_bytes),
	.sha256 = FL_COLUMN(fl_archive_row, sha256),
	.created_at = FL_COLUMN(fl_archive_row, created_at),
};

/* ---- GET /archives/:id ---- */

fl_err fl_api_archive_file(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_uuid id;
	int64_t size;
	int fd;
	FL_TRY(fl_api_authenticate(ctx, req));
	if (!fl_uuid_parse(req->captures[0], &id))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such archive");
	FL_TRY(fl_archive_open(ctx, id, &fd, &size));
	fl_err err = await_response_file(ctx, req, res,
		&(fl_http_file) { .fd = fd, .size = (uint64_t)size, .media_type = FL_STR("application/octet-stream"), .cache_control = FL_STR("private, no-store") });
	close(fd);
	return err;
}
