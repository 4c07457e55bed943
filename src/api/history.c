/* The history of reports, and the people in it. */
#include "api/api_int.h"
#include "fleet/report/comment.h"
#include "fleet/report/history.h"

/* ---- Person ---- */

_Static_assert(offsetof(fl_person, id) == 0, "fl_api_refer reads ids there");

fl_err fl_api_load_people(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count)
{
	fl_person *people;
	FL_TRY(fl_people_get(ctx, ids, count, &people, row_count));
	*rows = people;
	*stride = sizeof(people[0]);
	return FL_OK;
}

const struct fl_api_person fl_api_person = {
	.id = FL_COLUMN(fl_person, id),
	.name = FL_COLUMN(fl_person, name),
	.handle = FL_COLUMN(fl_person, handle),
};

/* ---- DamageReport.history ---- */

typedef struct page_of_history {
	fl_history_entry *rows;
	size_t count;
	bool more, later;
} page_of_history;

enum { CURSOR_HISTORY = 'h' };

static fl_err make_page(fl_ctx *ctx, fl_history_entry *rows, size_t count, const fl_gql_page *page, fl_gql_value *out)
{
	page_of_history *made = fl_new(ctx->mem, page_of_history);
	if (!made)
		return FL_NOMEM;
	*made = (page_of_history) { rows, FL_MIN(count, page->first), count > page->first, page->after.ptr != NULL };
	*out = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_report_history(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_history_entry *rows;
	fl_gql_page page;
	fl_uuid after;
	size_t count;
	FL_TRY(fl_gql_page_args(ctx, field, CURSOR_HISTORY, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_history_of_reports(ctx, keys.keys, keys.count, later ? &after : NULL, page.first + 1, &rows, &count));
	fl_gql_value *pages = fl_new_array(ctx->mem, fl_gql_value, keys.count);
	if (!pages)
		return FL_NOMEM;
	for (size_t i = 0; i < keys.count; i++)
		FL_TRY(make_page(ctx, rows, 0, &page, &pages[i]));
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && fl_uuid_eq(rows[end].report_id, rows[i].report_id);)
			end++;
		FL_TRY(make_page(ctx, &rows[i], end - i, &page, &pages[fl_gql_find_uuid(&keys, rows[i].report_id)]));
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = pages[keys.place[i]];
	return FL_OK;
}

static fl_err entry_rows(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const page_of_history *page = parent;
	*out = fl_gql_rows(page->rows, sizeof(page->rows[0]), page->count);
	return FL_OK;
}

static fl_str cursor_of(fl_ctx *ctx, const fl_history_entry *entry)
{
	return fl_gql_cursor_uuid(ctx->mem, CURSOR_HISTORY, entry->id);
}

static fl_err entry_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(cursor_of(ctx, parent));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err page_info(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const page_of_history *page = parent;
	fl_page_info *info = fl_new(ctx->mem, fl_page_info);
	if (!info)
		return FL_NOMEM;
	*info = (fl_page_info) { .has_next = page->more, .has_previous = page->later };
	if (page->count) {
		info->start = cursor_of(ctx, &page->rows[0]);
		info->end = cursor_of(ctx, &page->rows[page->count - 1]);
	}
	*out = fl_gql_object(info);
	return FL_OK;
}

const struct fl_api_history_connection fl_api_history_connection = {
	.edges = FL_GETTER(entry_rows),
	.nodes = FL_GETTER(entry_rows),
	.page_info = FL_GETTER(page_info),
};

const struct fl_api_history_edge fl_api_history_edge = {
	.cursor = FL_GETTER(entry_cursor),
	.node = FL_SELF,
};

/* ---- HistoryEntry ---- */

static int32_t actor_key(const void *parent)
{
	return ((const fl_history_entry *)parent)->actor;
}

static fl_err actor(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { actor_key, fl_api_load_people }, batch);
}

static fl_err changes(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_history_entry *entry = parent;
	*out = fl_gql_rows(entry->changes, sizeof(entry->changes[0]), entry->change_count);
	return FL_OK;
}

static fl_err number(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_history_entry *entry = parent;
	*out = entry->number ? fl_gql_int(entry->number) : fl_gql_null();
	return FL_OK;
}

const struct fl_api_history_entry fl_api_history_entry = {
	.id = FL_COLUMN(fl_history_entry, id),
	.kind = FL_COLUMN(fl_history_entry, kind),
	.at = FL_COLUMN(fl_history_entry, at),
	.actor = FL_BATCH(actor),
	.text = FL_COLUMN(fl_history_entry, text),
	.reason = FL_COLUMN(fl_history_entry, reason),
	.changes = FL_GETTER(changes),
	.number = FL_GETTER(number),
	.comment_id = FL_OPTIONAL(fl_history_entry, comment, has_comment),
};

const struct fl_api_field_change fl_api_field_change = {
	.field = FL_COLUMN(fl_field_change, field),
	.before = FL_COLUMN(fl_field_change, before),
	.after = FL_COLUMN(fl_field_change, after),
};
