/* The history of reports, and the people in it. */
#include "api/connection_int.h"
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

static fl_str entry_key(fl_ctx *ctx, const void *row)
{
	return fl_uuid_bytes(&((const fl_history_entry *)row)->id);
}

static const fl_api_list history = { FL_CURSOR_HISTORY, sizeof(fl_history_entry), entry_key };

fl_err fl_api_report_history(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_api_groups groups;
	fl_history_entry *rows;
	fl_gql_page page;
	fl_uuid after;
	size_t count;
	FL_TRY(fl_api_page_args(ctx, field, &history, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_history_of_reports(ctx, keys.keys, keys.count, later ? &after : NULL, page.first + 1, &rows, &count));
	FL_TRY(fl_api_group_uuids(ctx, &rows->report_id, sizeof(rows[0]), count, &keys, &groups));
	return fl_api_pages_scatter(ctx, &history, rows, &groups, &page, batch);
}

static fl_err entry_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_cursor(ctx, &history, parent, out);
}

const struct fl_api_history_connection fl_api_history_connection = {
	.edges = FL_GETTER(fl_api_page_rows),
	.nodes = FL_GETTER(fl_api_page_rows),
	.page_info = FL_GETTER(fl_api_page_info_get),
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
