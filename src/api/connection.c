#include "api/connection_int.h"

/* ---- arguments ---- */

fl_err fl_api_page_args(fl_ctx *ctx, const fl_gql_field *field, const fl_api_list *list, fl_gql_page *out)
{
	return fl_gql_page_args(ctx, field, list->cursor, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, out);
}

fl_err fl_api_first(fl_ctx *ctx, const fl_gql_field *field, int64_t otherwise, uint32_t max, uint32_t *out)
{
	int64_t first = fl_gql_int_or(fl_gql_arg(field, "first"), otherwise);
	if (first < 1 || first > max)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "first is %lld; it goes from 1 to %u", (long long)first, max);
	*out = (uint32_t)first;
	return FL_OK;
}

/* ---- pages ---- */

fl_err fl_api_page_make(
	fl_ctx *ctx, const fl_api_list *list, const void *rows, size_t count, const fl_gql_page *page, fl_gql_value *out)
{
	fl_api_page *made = fl_new(ctx->mem, fl_api_page);
	if (!made)
		return FL_NOMEM;
	*made = (fl_api_page) { list, rows, FL_MIN(count, page->first), count > page->first, page->after.ptr != NULL };
	*out = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_pages_scatter(fl_ctx *ctx, const fl_api_list *list, const void *rows, const fl_api_groups *groups,
	const fl_gql_page *page, fl_gql_batch *batch)
{
	fl_gql_value *pages = fl_new_array(ctx->mem, fl_gql_value, groups->key_count);
	if (!pages)
		return FL_NOMEM;
	for (size_t i = 0; i < groups->key_count; i++)
		FL_TRY(fl_api_page_make(ctx, list, rows, 0, page, &pages[i]));
	for (size_t i = 0, end; i < groups->row_count; i = end) {
		end = fl_api_group_end(groups, i);
		if (groups->of_row[i] != FL_GQL_NO_KEY)
			FL_TRY(fl_api_page_make(
				ctx, list, (const char *)rows + i * list->stride, end - i, page, &pages[groups->of_row[i]]));
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = pages[groups->of_parent[i]];
	return FL_OK;
}

/* ---- what the schema shows of them ---- */

static fl_str cursor_of(fl_ctx *ctx, const fl_api_list *list, const void *row)
{
	fl_str key = list->key(ctx, row);
	return key.ptr ? fl_gql_cursor(ctx->mem, list->cursor, key.ptr, key.len) : (fl_str) {};
}

fl_err fl_api_cursor(fl_ctx *ctx, const fl_api_list *list, const void *row, fl_gql_value *out)
{
	*out = fl_gql_string(cursor_of(ctx, list, row));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

fl_err fl_api_page_rows(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_api_page *page = parent;
	*out = fl_gql_rows(page->rows, page->list->stride, page->count);
	return FL_OK;
}

fl_err fl_api_page_info_get(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_api_page *page = parent;
	fl_page_info *info = fl_new(ctx->mem, fl_page_info);
	if (!info)
		return FL_NOMEM;
	*info = (fl_page_info) { .has_next = page->more, .has_previous = page->later };
	if (page->count) {
		info->start = cursor_of(ctx, page->list, page->rows);
		info->end = cursor_of(ctx, page->list, page->rows + (page->count - 1) * page->list->stride);
		if (!info->start.ptr || !info->end.ptr)
			return FL_NOMEM;
	}
	*out = fl_gql_object(info);
	return FL_OK;
}

const struct fl_api_page_info fl_api_page_info = {
	.has_next_page = FL_COLUMN(fl_page_info, has_next),
	.has_previous_page = FL_COLUMN(fl_page_info, has_previous),
	.start_cursor = FL_COLUMN(fl_page_info, start),
	.end_cursor = FL_COLUMN(fl_page_info, end),
};
