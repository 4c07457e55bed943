/* References between tables, resolved for a whole batch: distinct keys, one query, scatter. */
#include "api/api_int.h"

fl_err fl_api_refer(fl_ctx *ctx, const fl_api_reference *reference, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	int64_t *wanted = fl_new_array(ctx->mem, int64_t, batch->count);
	bool *has = fl_new_array(ctx->mem, bool, batch->count);
	int32_t *ids = fl_new_array(ctx->mem, int32_t, batch->count);
	if (!wanted || !has || !ids)
		return FL_NOMEM;
	for (size_t i = 0; i < batch->count; i++) {
		wanted[i] = reference->key(batch->parents[i]);
		has[i] = wanted[i] != 0;
	}
	FL_TRY(fl_gql_distinct_i64(ctx->mem, wanted, has, batch->count, &keys));
	if (keys.count == 0)
		return FL_OK;
	for (size_t i = 0; i < keys.count; i++)
		ids[i] = (int32_t)keys.keys[i];
	const void *rows;
	size_t stride, count;
	FL_TRY(reference->load(ctx, ids, keys.count, &rows, &stride, &count));
	const void **found = fl_new_array(ctx->mem, const void *, keys.count);
	if (!found)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const void *row = (const char *)rows + i * stride;
		uint32_t place = fl_gql_find_i64(&keys, *(const int32_t *)row); /* every such row begins with its id */
		if (place != FL_GQL_NO_KEY)
			found[place] = row;
	}
	for (size_t i = 0; i < batch->count; i++)
		if (has[i])
			batch->results[i] = fl_gql_object(found[keys.place[i]]);
	return FL_OK;
}

_Static_assert(offsetof(fl_vehicle, id) == 0 && offsetof(fl_facility, id) == 0 && offsetof(fl_driver, id) == 0 && offsetof(fl_vendor, id) == 0,
	       "fl_api_refer reads ids there");

fl_err fl_api_refer_report(fl_ctx *ctx, bool (*key)(const void *parent, fl_uuid *out), fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_report *rows;
	size_t count;
	fl_uuid *wanted = fl_new_array(ctx->mem, fl_uuid, batch->count);
	bool *has = fl_new_array(ctx->mem, bool, batch->count);
	if (!wanted || !has)
		return FL_NOMEM;
	for (size_t i = 0; i < batch->count; i++)
		has[i] = key(batch->parents[i], &wanted[i]);
	FL_TRY(fl_gql_distinct_uuid(ctx->mem, wanted, has, batch->count, &keys));
	if (keys.count == 0)
		return FL_OK;
	FL_TRY(fl_reports_get(ctx, keys.keys, keys.count, &rows, &count));
	const fl_report **found = fl_new_array(ctx->mem, const fl_report *, keys.count);
	if (!found)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++) {
		uint32_t place = fl_gql_find_uuid(&keys, rows[i].id);
		if (place != FL_GQL_NO_KEY)
			found[place] = &rows[i];
	}
	for (size_t i = 0; i < batch->count; i++)
		if (has[i])
			batch->results[i] = fl_gql_object(found[keys.place[i]]);
	return FL_OK;
}

static bool own_key(const void *id, fl_uuid *out)
{
	*out = *(const fl_uuid *)id;
	return true;
}

/* Query.damageReportsByIds: the ids are the parents of a reference. */
fl_err fl_api_damage_reports_by_ids(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *given = fl_gql_arg(field, "ids");
	if (given->count < 1 || given->count > FL_PAGE_FIRST_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "give 1 to %d ids, not %u", FL_PAGE_FIRST_MAX, given->count);
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, given->count);
	const void **parents = fl_new_array(ctx->mem, const void *, given->count);
	fl_gql_batch reports = { given->count, parents, fl_new_array(ctx->mem, fl_gql_value, given->count) };
	if (!ids || !parents || !reports.results)
		return FL_NOMEM;
	for (uint32_t i = 0; i < given->count; i++) {
		FL_TRY(fl_api_uuid(ctx, "ids", &given->items[i], &ids[i]));
		parents[i] = &ids[i];
	}
	FL_TRY(fl_api_refer_report(ctx, own_key, &reports));
	batch->results[0] = fl_gql_list(reports.results, given->count);
	return FL_OK;
}

fl_err fl_api_id(fl_ctx *ctx, const char *what, const fl_gql_value *value, int32_t *out)
{
	fl_str text = fl_gql_text(value);
	if (value->kind == FL_GQL_INT && value->integer > 0 && value->integer <= INT32_MAX) {
		*out = (int32_t)value->integer;
		return FL_OK;
	}
	if (text.ptr && fl_str_i32(text, out) && *out > 0)
		return FL_OK;
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "%s is not an id of this kind: it is a number above 0, as in \"12\"", what);
}

fl_err fl_api_uuid(fl_ctx *ctx, const char *what, const fl_gql_value *value, fl_uuid *out)
{
	if (fl_uuid_parse(fl_gql_text(value), out))
		return FL_OK;
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "%s is not an id of this kind: it has 36 characters, as in \"0199c7a3-3f7b-7e2f-b1c0-5f1f1d1c0a11\"",
		       what);
}
