#include "fleet/report/comment.h"
#include "fleet/event.h"

#include <ctype.h>

/* ---- people ---- */

#define PERSON_COLUMNS "id, name, split_part(email, '@', 1)"

static fl_err read_people(fl_ctx *ctx, const fl_rows *rows, fl_person **out, size_t *count)
{
	fl_person *people = fl_new_array(ctx->mem, fl_person, (size_t)rows->count);
	if (!people)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		people[i] = (fl_person) { fl_row_i32(rows, i, 0), fl_row_text(rows, i, 1), fl_row_text(rows, i, 2) };
	*out = people;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_people_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_person **out, size_t *count)
{
	static const fl_sql sql = { "people_get", "SELECT " PERSON_COLUMNS " FROM users WHERE id = ANY($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32s(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_people(ctx, rows, out, count);
}

fl_err fl_people_find(fl_ctx *ctx, fl_str text, fl_person **out, size_t *count)
{
	static const fl_sql sql = { "people_find",
		"SELECT " PERSON_COLUMNS " FROM users WHERE disabled_at IS NULL AND (starts_with(lower(name), lower($1))"
		" OR starts_with(email, lower($1))) ORDER BY name, id LIMIT 20" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_text(&args, text);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_people(ctx, rows, out, count);
}

/* ---- mentions ---- */

static bool is_handle_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-' || c == '+';
}

static size_t handle_len(fl_str text, size_t from)
{
	size_t at = from;
	while (at < text.len && is_handle_char(text.ptr[at]))
		at++;
	if (at > from && at + 1 < text.len && text.ptr[at] == '@' && is_handle_char(text.ptr[at + 1])) /* a whole address */
		for (at++; at < text.len && is_handle_char(text.ptr[at]);)
			at++;
	while (at > from && (text.ptr[at - 1] == '.' || text.ptr[at - 1] == '-'))
		at--; /* the end of a sentence */
	return at - from;
}

static fl_str lower(fl_arena *mem, fl_str text)
{
	char *copy = fl_arena_take(mem, text.len + 1);
	for (size_t i = 0; copy && i < text.len; i++)
		copy[i] = (char)tolower((unsigned char)text.ptr[i]);
	return (fl_str) { copy, text.len };
}

fl_err fl_mentions_in(fl_arena *mem, fl_str text, fl_str **out, size_t *count)
{
	fl_str *found = fl_new_array(mem, fl_str, FL_MENTIONS_MAX);
	size_t n = 0;
	if (!found)
		return FL_NOMEM;
	for (size_t i = 0; i < text.len && n < FL_MENTIONS_MAX; i++) {
		if (text.ptr[i] != '@' || (i && is_handle_char(text.ptr[i - 1])))
			continue; /* inside an address */
		size_t len = handle_len(text, i + 1), k = 0;
		fl_str handle = lower(mem, fl_str_slice(text, i + 1, i + 1 + len));
		if (!handle.ptr)
			return FL_NOMEM;
		while (k < n && !fl_str_eq(found[k], handle))
			k++;
		if (len && k == n)
			found[n++] = handle;
		i += len;
	}
	*out = found;
	*count = n;
	return FL_OK;
}

/* Who the text names; drivers are not told of internal comments. */
static fl_err resolve(fl_ctx *ctx, fl_tx *tx, fl_str body, bool internal, int32_t **out, size_t *count)
{
	static const fl_sql sql = { "mentions_resolve", "SELECT array_agg(id) FROM users WHERE disabled_at IS NULL AND (email = "
							"ANY($1) OR split_part(email, '@', 1) = ANY($1))"
							" AND (role > 1 OR NOT $2)" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_str *handles;
	size_t handle_count;
	*count = 0;
	FL_TRY(fl_mentions_in(ctx->mem, body, &handles, &handle_count));
	if (handle_count == 0)
		return FL_OK;
	fl_arg_texts(&args, handles, handle_count);
	fl_arg_bool(&args, internal);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	return fl_row_i32s(rows, 0, 0, ctx->mem, out, count);
}

/* ---- writing ---- */

typedef struct target {
	int32_t vehicle_id, version;
} target;

/* The report, when the caller may read it. */
static fl_err find_report(fl_ctx *ctx, fl_uuid id, target *out)
{
	fl_report *reports;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	*out = (target) { reports->vehicle_id, reports->version };
	return FL_OK;
}

static fl_err check_body(fl_ctx *ctx, fl_str body)
{
	if (fl_str_trim(body).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the comment is empty");
	return fl_text_check(&ctx->diag, "the comment", body, FL_COMMENT_MAX);
}

static fl_err event_data(fl_ctx *ctx, fl_uuid comment, bool internal, const int32_t *mentions, size_t count, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(4096);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("comment"));
	fl_json_put_str(&j, fl_uuid_str(ctx->mem, comment));
	if (internal) {
		fl_json_key(&j, FL_STR("internal"));
		fl_json_put_bool(&j, true);
	}
	if (count) {
		fl_json_key(&j, FL_STR("mentions"));
		fl_json_open(&j, '[');
		for (size_t i = 0; i < count; i++)
			fl_json_put_i64(&j, mentions[i]);
		fl_json_close(&j, ']');
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static const fl_sql comment_insert = { "comment_insert",
	"INSERT INTO report_comments (tenant_id, report_id, id, author, body, internal)"
	" VALUES ($1, $2, $3, nullif($4, 0), $5, $6)",
	.write = true };
static const fl_sql mentions_insert = { "mentions_insert",
	"INSERT INTO comment_mentions (tenant_id, user_id, comment_id, report_id)"
	" SELECT $1, u, $2, $3 FROM unnest($4::int[]) u ON CONFLICT DO NOTHING",
	.write = true };

/* The statements behind a comment's own: its mentions, and the event that tells of them. */
static fl_err tell(fl_ctx *ctx, fl_uuid report, fl_uuid id, const target *t, const char *type, bool internal,
	const int32_t *mentions, size_t count, fl_args args[2], fl_stmt out[2])
{
	fl_str data;
	args[0] = fl_args_make(ctx->mem);
	fl_arg_i32(&args[0], ctx->caller.tenant_id);
	fl_arg_uuid(&args[0], id);
	fl_arg_uuid(&args[0], report);
	fl_arg_i32s(&args[0], count ? mentions : (int32_t[]) { 0 }, count);
	FL_TRY(event_data(ctx, id, internal, mentions, count, &data));
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = type,
			.report_id = report,
			.vehicle_id = t->vehicle_id,
			.version = t->version,
			.actor = ctx->caller.user_id,
			.data = data },
		&args[1]));
	out[0] = (fl_stmt) { &mentions_insert, &args[0], NULL };
	out[1] = (fl_stmt) { &fl_event_insert, &args[1], NULL };
	return FL_OK;
}

fl_err fl_comment_add(fl_ctx *ctx, fl_uuid report, fl_str body, bool internal, fl_uuid *out)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[3];
	fl_stmt stmts[3];
	fl_uuid id = fl_uuid7(fl_now_us());
	int32_t *mentions = NULL;
	size_t count;
	target t = {};
	FL_TRY(find_report(ctx, report, &t));
	FL_TRY(check_body(ctx, body));
	if (internal && !fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return fl_fail(&ctx->diag, FL_FORBIDDEN, "internal comments are not for drivers");
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(resolve(ctx, &tx, body, internal, &mentions, &count));
	args[0] = fl_args_make(ctx->mem);
	fl_arg_i32(&args[0], ctx->caller.tenant_id);
	fl_arg_uuid(&args[0], report);
	fl_arg_uuid(&args[0], id);
	fl_arg_i32(&args[0], ctx->caller.user_id);
	fl_arg_text(&args[0], fl_str_trim(body));
	fl_arg_bool(&args[0], internal);
	stmts[0] = (fl_stmt) { &comment_insert, &args[0], NULL };
	FL_TRY(tell(ctx, report, id, &t, FL_EVENT_COMMENT_ADDED, internal, mentions, count, &args[1], &stmts[1]));
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	*out = id;
	return FL_OK;
}

/* Locks a comment that stands; FL_FORBIDDEN unless the caller wrote it (or is an administrator, where that counts). */
static fl_err lock_comment(fl_ctx *ctx, fl_tx *tx, fl_uuid report, fl_uuid id, bool or_admin, bool *internal, int64_t *edits)
{
	static const fl_sql sql = { "comment_lock",
		"SELECT author, internal, jsonb_array_length(edits) FROM report_comments WHERE report_id = $1 AND id = $2 AND "
		"removed_at IS NULL"
		" AND (NOT internal OR $3) FOR UPDATE",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, report);
	fl_arg_uuid(&args, id);
	fl_arg_bool(&args, fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL));
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such comment");
	bool own = fl_row_i32(rows, 0, 0) == ctx->caller.user_id;
	if (!own && !(or_admin && ctx->caller.role == FL_ROLE_ADMIN))
		return fl_fail(&ctx->diag, FL_FORBIDDEN, "only who wrote a comment may change it");
	*internal = fl_row_bool(rows, 0, 1);
	*edits = fl_row_i32(rows, 0, 2);
	return FL_OK;
}

fl_err fl_comment_edit_body(fl_ctx *ctx, fl_uuid report, fl_uuid id, fl_str body)
{
	static const fl_sql sql = { "comment_edit",
		"UPDATE report_comments SET edits = edits || jsonb_build_array(jsonb_build_object('at', (extract(epoch FROM "
		"now()) * 1000000)::bigint,"
		" 'body', body)), body = $3, edited_at = now() WHERE report_id = $1 AND id = $2",
		.write = true };
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[3];
	fl_stmt stmts[3];
	int32_t *mentions = NULL;
	bool internal = false;
	int64_t edits = 0;
	size_t count;
	target t = {};
	FL_TRY(find_report(ctx, report, &t));
	FL_TRY(check_body(ctx, body));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(lock_comment(ctx, &tx, report, id, false, &internal, &edits));
	if (edits >= FL_COMMENT_EDITS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a comment can be edited %d times", FL_COMMENT_EDITS_MAX);
	FL_TRY(resolve(ctx, &tx, body, internal, &mentions, &count));
	args[0] = fl_args_make(ctx->mem);
	fl_arg_uuid(&args[0], report);
	fl_arg_uuid(&args[0], id);
	fl_arg_text(&args[0], fl_str_trim(body));
	stmts[0] = (fl_stmt) { &sql, &args[0], NULL };
	FL_TRY(tell(ctx, report, id, &t, FL_EVENT_COMMENT_EDITED, internal, mentions, count, &args[1], &stmts[1]));
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

fl_err fl_comment_remove(fl_ctx *ctx, fl_uuid report, fl_uuid id)
{
	static const fl_sql sql = { "comment_remove",
		"UPDATE report_comments SET removed_at = now() WHERE report_id = $1 AND id = $2", .write = true };
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[3];
	fl_stmt stmts[3];
	bool internal = false;
	int64_t edits;
	target t = {};
	FL_TRY(find_report(ctx, report, &t));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(lock_comment(ctx, &tx, report, id, true, &internal, &edits));
	args[0] = fl_args_make(ctx->mem);
	fl_arg_uuid(&args[0], report);
	fl_arg_uuid(&args[0], id);
	stmts[0] = (fl_stmt) { &sql, &args[0], NULL };
	FL_TRY(tell(ctx, report, id, &t, FL_EVENT_COMMENT_REMOVED, internal, NULL, 0, &args[1], &stmts[1]));
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

/* ---- reading ---- */

#define COMMENT_COLUMNS                                                                                                          \
	"c.report_id, c.id, c.author, c.body, c.internal, c.edits, c.edited_at, c.removed_at,"                                   \
	" (SELECT array_agg(m.user_id ORDER BY m.user_id) FROM comment_mentions m WHERE m.report_id = c.report_id AND "          \
	"m.comment_id = c.id)"

static fl_err read_edits(fl_ctx *ctx, fl_str json, fl_comment *out)
{
	const fl_json *list;
	FL_TRY(fl_json_parse(ctx->mem, json, &list, &ctx->diag));
	if (list->type != FL_JSON_ARRAY)
		return FL_OK;
	out->edits = fl_new_array(ctx->mem, fl_comment_edit, list->items.count);
	if (!out->edits)
		return FL_NOMEM;
	for (const fl_json *item = list->items.first; item; item = item->next)
		out->edits[out->edit_count++] = (fl_comment_edit) { fl_json_int(fl_json_get(item, FL_STR("at")), 0),
			fl_json_str(fl_json_get(item, FL_STR("body")), FL_STR("")) };
	return FL_OK;
}

static fl_err read_comments(fl_ctx *ctx, const fl_rows *rows, fl_comment **out, size_t *count)
{
	fl_comment *comments = fl_new_array(ctx->mem, fl_comment, (size_t)rows->count);
	if (!comments)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		fl_comment *c = &comments[i];
		*c = (fl_comment) { .report_id = fl_row_uuid(rows, i, 0),
			.id = fl_row_uuid(rows, i, 1),
			.author = fl_row_i32(rows, i, 2),
			.internal = fl_row_bool(rows, i, 4),
			.edited_at = fl_row_time_or_0(rows, i, 6),
			.removed_at = fl_row_time_or_0(rows, i, 7) };
		c->created_at = fl_uuid7_time_us(c->id);
		if (!c->removed_at) {
			c->body = fl_row_text(rows, i, 3);
			FL_TRY(read_edits(ctx, fl_row_jsonb(rows, i, 5), c));
		}
		FL_TRY(fl_row_i32s(rows, i, 8, ctx->mem, &c->mentions, &c->mention_count));
	}
	*out = comments;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_comments_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_comment **out, size_t *count)
{
	static const fl_sql sql = { "comments_of_reports",
		"SELECT x.* FROM unnest($1::uuid[]) r CROSS JOIN LATERAL (SELECT " COMMENT_COLUMNS " FROM report_comments c"
		" WHERE c.report_id = r AND (NOT c.internal OR $2) ORDER BY c.id DESC LIMIT $3) x ORDER BY x.report_id, x.id" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuids(&args, reports, report_count);
	fl_arg_bool(&args, fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL));
	fl_arg_i64(&args, FL_COMMENTS_MAX);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_comments(ctx, rows, out, count);
}

fl_err fl_comments_for_caller(fl_ctx *ctx, bool unseen, const fl_uuid *after, uint32_t limit, fl_comment **out, size_t *count)
{
	static const fl_sql sql = { "comments_for_caller",
		"SELECT " COMMENT_COLUMNS
		" FROM comment_mentions me JOIN report_comments c ON c.report_id = me.report_id AND c.id = me.comment_id"
		" WHERE me.user_id = $1 AND me.comment_id < $2 AND c.removed_at IS NULL AND (NOT $4 OR me.seen_at IS NULL)"
		" AND ($5 OR (NOT c.internal AND EXISTS (SELECT 1 FROM damage_reports r WHERE r.id = me.report_id AND "
		"r.reported_by = $1)))"
		" ORDER BY me.comment_id DESC LIMIT $3" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_uuid high;
	memset(high.bytes, 0xff, sizeof(high.bytes));
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_i32(&args, ctx->caller.user_id);
	fl_arg_uuid(&args, after ? *after : high);
	fl_arg_i64(&args, limit);
	fl_arg_bool(&args, unseen);
	fl_arg_bool(&args, fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_comments(ctx, rows, out, count);
}

fl_err fl_mentions_seen(fl_ctx *ctx, const fl_uuid *comments, size_t comment_count, int64_t *count)
{
	static const fl_sql sql = { "mentions_seen",
		"UPDATE comment_mentions SET seen_at = now() WHERE user_id = $1 AND comment_id = ANY($2) AND seen_at IS NULL",
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_i32(&args, ctx->caller.user_id);
	fl_arg_uuids(&args, comments, comment_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*count = rows->affected;
	return FL_OK;
}
