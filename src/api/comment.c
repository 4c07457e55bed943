/* Comments, mentions, and the people that can be named. */
#include "api/connection_int.h"
#include "fleet/report/comment.h"

fl_err fl_api_report_comments(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_comment *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_comments_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_comment, report_id), batch);
}

/* ---- Comment ---- */

static bool report_key(const void *parent, fl_uuid *out)
{
	*out = ((const fl_comment *)parent)->report_id;
	return true;
}

static fl_err comment_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, report_key, batch);
}

static int32_t author_key(const void *parent)
{
	return ((const fl_comment *)parent)->author;
}

static fl_err author(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { author_key, fl_api_load_people }, batch);
}

static fl_err edits(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_comment *comment = parent;
	*out = fl_gql_rows(comment->edits, sizeof(comment->edits[0]), comment->edit_count);
	return FL_OK;
}

/* The people of all comments at once, then each comment's own among them. */
static fl_err mentioned(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	size_t total = 0, found;
	fl_person *people;
	for (size_t i = 0; i < batch->count; i++)
		total += ((const fl_comment *)batch->parents[i])->mention_count;
	int32_t *ids = fl_new_array(ctx->mem, int32_t, total);
	const void **pointers = fl_new_array(ctx->mem, const void *, total);
	if (!ids || !pointers)
		return FL_NOMEM;
	total = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const fl_comment *c = batch->parents[i];
		for (size_t k = 0; k < c->mention_count; k++)
			ids[total++] = c->mentions[k];
	}
	FL_TRY(fl_people_get(ctx, ids, total, &people, &found));
	for (size_t i = 0; i < batch->count; i++) {
		const fl_comment *c = batch->parents[i];
		const void **first = pointers;
		for (size_t k = 0; k < c->mention_count; k++)
			for (size_t p = 0; p < found; p++)
				if (people[p].id == c->mentions[k])
					*pointers++ = &people[p];
		batch->results[i] = fl_gql_ptrs(first, (size_t)(pointers - first));
	}
	return FL_OK;
}

const struct fl_api_comment fl_api_comment = {
	.id = FL_COLUMN(fl_comment, id),
	.report = FL_BATCH(comment_report),
	.author = FL_BATCH(author),
	.body = FL_COLUMN(fl_comment, body),
	.internal = FL_COLUMN(fl_comment, internal),
	.mentions = FL_BATCH(mentioned),
	.created_at = FL_COLUMN(fl_comment, created_at),
	.edited_at = FL_COLUMN(fl_comment, edited_at),
	.removed_at = FL_COLUMN(fl_comment, removed_at),
	.edits = FL_GETTER(edits),
};

const struct fl_api_comment_edit fl_api_comment_edit = {
	.at = FL_COLUMN(fl_comment_edit, at),
	.body = FL_COLUMN(fl_comment_edit, body),
};

/* ---- Query ---- */

fl_err fl_api_mentions(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *given = fl_gql_arg(field, "after");
	uint32_t first;
	fl_comment *rows;
	size_t count;
	fl_uuid after;
	FL_TRY(fl_api_first(ctx, field, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, &first));
	if (fl_gql_given(given))
		FL_TRY(fl_api_uuid(ctx, "after", given, &after));
	FL_TRY(fl_comments_for_caller(ctx, fl_gql_bool_or(fl_gql_arg(field, "unseen"), false),
		fl_gql_given(given) ? &after : NULL, first, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

fl_err fl_api_people(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_str search = fl_str_trim(fl_gql_text(fl_gql_arg(field, "search")));
	fl_person *rows;
	size_t count;
	FL_TRY(fl_text_check(&ctx->diag, "search", search, 100));
	FL_TRY(fl_people_find(ctx, search, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

/* ---- Mutation ---- */

static fl_err answer(fl_ctx *ctx, fl_uuid report, fl_uuid id, fl_gql_batch *batch)
{
	fl_comment *rows;
	size_t count;
	FL_TRY(fl_comments_of_reports(ctx, &report, 1, &rows, &count));
	for (size_t i = 0; i < count; i++)
		if (fl_uuid_eq(rows[i].id, id))
			batch->results[0] = fl_gql_object(&rows[i]);
	return batch->results[0].kind == FL_GQL_OBJECT ? FL_OK : FL_NOT_FOUND;
}

const struct fl_api_comment_payload fl_api_comment_payload = { .comment = FL_SELF };

static fl_err read_ids(fl_ctx *ctx, const fl_gql_value *in, fl_uuid *report, fl_uuid *comment)
{
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), report));
	return fl_api_uuid(ctx, "commentId", fl_gql_member(in, "commentId"), comment);
}

fl_err fl_api_add_comment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_uuid report, id;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(fl_comment_add(
		ctx, report, fl_gql_text(fl_gql_member(in, "body")), fl_gql_bool_or(fl_gql_member(in, "internal"), false), &id));
	return answer(ctx, report, id, batch);
}

fl_err fl_api_edit_comment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_uuid report, id;
	FL_TRY(read_ids(ctx, in, &report, &id));
	FL_TRY(fl_comment_edit_body(ctx, report, id, fl_gql_text(fl_gql_member(in, "body"))));
	return answer(ctx, report, id, batch);
}

fl_err fl_api_remove_comment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_uuid report, id;
	FL_TRY(read_ids(ctx, in, &report, &id));
	FL_TRY(fl_comment_remove(ctx, report, id));
	return answer(ctx, report, id, batch);
}

typedef struct seen_answer {
	int64_t seen;
} seen_answer;

const struct fl_api_mark_mentions_seen_payload fl_api_mark_mentions_seen_payload = { .seen = FL_COLUMN(seen_answer, seen) };

fl_err fl_api_mark_mentions_seen(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *list = fl_gql_arg(field, "commentIds");
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, list->count);
	seen_answer *made = fl_new(ctx->mem, seen_answer);
	if (!ids || !made)
		return FL_NOMEM;
	if (list->count > 100)
		return fl_fail(
			&ctx->diag, FL_BAD_INPUT, "%u comments were named; at most 100 can be marked at once", list->count);
	for (size_t i = 0; i < list->count; i++)
		FL_TRY(fl_api_uuid(ctx, "commentIds", &list->items[i], &ids[i]));
	FL_TRY(fl_mentions_seen(ctx, ids, list->count, &made->seen));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}
