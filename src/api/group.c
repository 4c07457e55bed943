#include "api/group_int.h"

/* ---- the parents' keys ---- */

fl_err fl_api_number_keys(fl_ctx *ctx, const fl_gql_batch *batch, size_t offset, fl_gql_keys_i64 *keys, int32_t **ids)
{
	int64_t *wanted = fl_new_array(ctx->mem, int64_t, batch->count);
	*ids = fl_new_array(ctx->mem, int32_t, batch->count);
	if (!wanted || !*ids)
		return FL_NOMEM;
	for (size_t i = 0; i < batch->count; i++)
		wanted[i] = *(const int32_t *)((const char *)batch->parents[i] + offset);
	FL_TRY(fl_gql_distinct_i64(ctx->mem, wanted, NULL, batch->count, keys));
	for (size_t i = 0; i < keys->count; i++)
		(*ids)[i] = (int32_t)keys->keys[i];
	return FL_OK;
}

fl_err fl_api_uuid_keys(fl_ctx *ctx, const fl_gql_batch *batch, size_t offset, fl_gql_keys_uuid *out)
{
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, batch->count);
	if (!ids)
		return FL_NOMEM;
	for (size_t i = 0; i < batch->count; i++)
		ids[i] = *(const fl_uuid *)((const char *)batch->parents[i] + offset);
	return fl_gql_distinct_uuid(ctx->mem, ids, NULL, batch->count, out);
}

fl_err fl_api_report_keys(fl_ctx *ctx, const fl_gql_batch *batch, fl_gql_keys_uuid *out)
{
	return fl_api_uuid_keys(ctx, batch, offsetof(fl_report, id), out);
}

/* ---- the rows' groups ---- */

static fl_err groups_make(fl_ctx *ctx, size_t row_count, size_t key_count, const uint32_t *of_parent, fl_api_groups *out)
{
	*out = (fl_api_groups) { key_count, row_count, of_parent, fl_new_array(ctx->mem, uint32_t, row_count) };
	return out->of_row ? FL_OK : FL_NOMEM;
}

fl_err fl_api_group_uuids(
	fl_ctx *ctx, const void *keys_at, size_t stride, size_t count, const fl_gql_keys_uuid *keys, fl_api_groups *out)
{
	const char *at = keys_at;
	FL_TRY(groups_make(ctx, count, keys->count, keys->place, out));
	for (size_t i = 0; i < count; i++) {
		const fl_uuid *key = (const fl_uuid *)(at + i * stride);
		bool same = i && fl_uuid_eq(*key, *(const fl_uuid *)(at + (i - 1) * stride));
		out->of_row[i] = same ? out->of_row[i - 1] : fl_gql_find_uuid(keys, *key);
	}
	return FL_OK;
}

fl_err fl_api_group_numbers(
	fl_ctx *ctx, const void *keys_at, size_t stride, size_t count, const fl_gql_keys_i64 *keys, fl_api_groups *out)
{
	const char *at = keys_at;
	FL_TRY(groups_make(ctx, count, keys->count, keys->place, out));
	for (size_t i = 0; i < count; i++) {
		int32_t key = *(const int32_t *)(at + i * stride);
		bool same = i && key == *(const int32_t *)(at + (i - 1) * stride);
		out->of_row[i] = same ? out->of_row[i - 1] : fl_gql_find_i64(keys, key);
	}
	return FL_OK;
}

size_t fl_api_group_end(const fl_api_groups *groups, size_t i)
{
	size_t end = i + 1;
	while (end < groups->row_count && groups->of_row[end] == groups->of_row[i])
		end++;
	return end;
}

/* ---- lists ---- */

static fl_err scatter(fl_ctx *ctx, const void *rows, size_t stride, const fl_api_groups *groups, fl_gql_batch *batch)
{
	fl_gql_value *lists = fl_new_array(ctx->mem, fl_gql_value, groups->key_count);
	if (!lists)
		return FL_NOMEM;
	for (size_t i = 0; i < groups->key_count; i++)
		lists[i] = fl_gql_rows(rows, stride, 0);
	for (size_t i = 0, end; i < groups->row_count; i = end) {
		end = fl_api_group_end(groups, i);
		if (groups->of_row[i] != FL_GQL_NO_KEY)
			lists[groups->of_row[i]] = fl_gql_rows((const char *)rows + i * stride, stride, end - i);
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = lists[groups->of_parent[i]];
	return FL_OK;
}

fl_err fl_api_scatter(fl_ctx *ctx, const void *rows, size_t stride, size_t count, const fl_gql_keys_uuid *keys, size_t offset,
	fl_gql_batch *batch)
{
	fl_api_groups groups;
	FL_TRY(fl_api_group_uuids(ctx, (const char *)rows + offset, stride, count, keys, &groups));
	return scatter(ctx, rows, stride, &groups, batch);
}

fl_err fl_api_scatter_numbers(fl_ctx *ctx, const void *rows, size_t stride, size_t count, size_t offset, const fl_gql_keys_i64 *keys,
	fl_gql_batch *batch)
{
	fl_api_groups groups;
	FL_TRY(fl_api_group_numbers(ctx, (const char *)rows + offset, stride, count, keys, &groups));
	return scatter(ctx, rows, stride, &groups, batch);
}
