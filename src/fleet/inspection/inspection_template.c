/* Checklists and their versions, and what a company decides about its inspections. */
#include "fleet/event.h"
#include "fleet/inspection/inspection.h"

/* ---- the checklist that is delivered ---- */

static const fl_inspection_item law[] = {
#define ITEM(key, title) { FL_STR_INIT(#key), FL_STR_INIT(title), true },
	FL_INSPECTION_ITEMS(ITEM)
#undef ITEM
};
_Static_assert(FL_COUNT(law) == FL_INSPECTION_ITEMS_LAW, "49 CFR 396.11(a)(1) has eleven");

static const fl_inspection_template delivered = {
	.id = 0, .version = 1, .name = FL_STR_INIT("Driver vehicle inspection"), .items = law, .item_count = FL_COUNT(law)
};

static bool is_law(fl_str key)
{
	for (size_t i = 0; i < FL_COUNT(law); i++)
		if (fl_str_eq(law[i].key, key))
			return true;
	return false;
}

/* ---- reading ---- */

static fl_err read_items(fl_ctx *ctx, fl_str json, fl_inspection_template *out)
{
	const fl_json *list;
	size_t n = 0;
	FL_TRY(fl_json_parse(ctx->mem, json, &list, &ctx->diag));
	fl_inspection_item *items = fl_new_array(ctx->mem, fl_inspection_item, list->items.count);
	if (!items)
		return FL_NOMEM;
	for (const fl_json *item = list->items.first; item; item = item->next, n++) {
		items[n].key = fl_json_str(fl_json_get(item, FL_STR("key")), FL_STR(""));
		items[n].title = fl_json_str(fl_json_get(item, FL_STR("title")), FL_STR(""));
		items[n].required = is_law(items[n].key);
	}
	out->items = items;
	out->item_count = n;
	return FL_OK;
}

#define TEMPLATE_COLUMNS "t.id, v.version, t.name, v.items, t.retired_at"

static fl_err read_template(fl_ctx *ctx, const fl_rows *rows, int i, fl_inspection_template *out)
{
	*out = (fl_inspection_template) { .id = fl_row_i32(rows, i, 0),
		.version = fl_row_i32(rows, i, 1),
		.name = fl_row_text(rows, i, 2),
		.retired_at = fl_row_time_or_0(rows, i, 4) };
	return read_items(ctx, fl_row_jsonb(rows, i, 3), out);
}

fl_err fl_inspection_templates(fl_ctx *ctx, fl_inspection_template **out, size_t *count)
{
	static const fl_sql sql = { "inspection_templates",
		"SELECT " TEMPLATE_COLUMNS " FROM inspection_templates t JOIN inspection_template_versions v ON v.template_id = t.id"
		" AND v.version = t.version WHERE t.retired_at IS NULL ORDER BY t.name LIMIT $1",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	fl_arg_i64(&args, FL_INSPECTION_TEMPLATES_MAX);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_inspection_template *made = fl_new_array(ctx->mem, fl_inspection_template, (size_t)rows->count + 1);
	if (!made)
		return FL_NOMEM;
	made[0] = delivered;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_template(ctx, rows, i, &made[i + 1]));
	*out = made;
	*count = (size_t)rows->count + 1;
	return FL_OK;
}

fl_err fl_inspection_template_get(fl_ctx *ctx, int32_t id, int32_t version, fl_inspection_template **out)
{
	static const fl_sql sql = { "inspection_template",
		"SELECT " TEMPLATE_COLUMNS " FROM inspection_templates t JOIN inspection_template_versions v ON v.template_id = t.id"
		" WHERE t.id = $1 AND v.version = coalesce(nullif($2, 0), t.version)",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_inspection_template *made = fl_new(ctx->mem, fl_inspection_template);
	if (!made)
		return FL_NOMEM;
	*made = delivered;
	if (id) {
		fl_arg_i32(&args, id);
		fl_arg_i32(&args, version);
		FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
		if (rows->count == 0)
			return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no checklist with the id %d", id);
		FL_TRY(read_template(ctx, rows, 0, made));
	}
	*out = made;
	return FL_OK;
}

/* ---- saving ---- */

static bool is_key(fl_str key)
{
	for (size_t i = 0; i < key.len; i++)
		if (!((key.ptr[i] >= 'a' && key.ptr[i] <= 'z') || (key.ptr[i] >= '0' && key.ptr[i] <= '9') || key.ptr[i] == '_'))
			return false;
	return key.len >= 1 && key.len <= FL_INSPECTION_KEY_MAX;
}

static fl_err check_item(fl_ctx *ctx, const fl_inspection_template_change *change, size_t i)
{
	const fl_inspection_item *item = &change->items[i];
	if (!is_key(item->key))
		return fl_fail(&ctx->diag, FL_BAD_INPUT,
			"'%.*s' is no key of an item: write 1 to %d small letters, digits and underlines, as in tail_lift",
			(int)FL_MIN(item->key.len, 60), item->key.ptr, FL_INSPECTION_KEY_MAX);
	if (is_law(item->key))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " stands in every checklist already; give only the items besides the eleven",
			FL_ARG(item->key));
	for (size_t k = 0; k < i; k++)
		if (fl_str_eq(change->items[k].key, item->key))
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " was given twice", FL_ARG(item->key));
	if (fl_str_trim(item->title).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the item %" FL_FMT " has no title", FL_ARG(item->key));
	return fl_text_check(&ctx->diag, "the title of an item", item->title, FL_INSPECTION_TITLE_MAX);
}

static fl_err check_template(fl_ctx *ctx, const fl_inspection_template_change *change)
{
	if (fl_str_trim(change->name).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the checklist has no name");
	FL_TRY(fl_text_check(&ctx->diag, "the name", change->name, 100));
	if (change->item_count > FL_INSPECTION_ITEMS_MAX - FL_INSPECTION_ITEMS_LAW)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%zu items were given; a checklist takes %d besides the eleven", change->item_count,
			FL_INSPECTION_ITEMS_MAX - FL_INSPECTION_ITEMS_LAW);
	for (size_t i = 0; i < change->item_count; i++)
		FL_TRY(check_item(ctx, change, i));
	return FL_OK;
}

static void put_items(fl_json_out *j, const fl_inspection_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fl_json_open(j, '{');
		fl_json_key(j, FL_STR("key"));
		fl_json_put_str(j, items[i].key);
		fl_json_key(j, FL_STR("title"));
		fl_json_put_str(j, fl_str_trim(items[i].title));
		fl_json_close(j, '}');
	}
}

static fl_err items_text(fl_ctx *ctx, const fl_inspection_template_change *change, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(128 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '[');
	put_items(&j, law, FL_COUNT(law));
	put_items(&j, change->items, change->item_count);
	fl_json_close(&j, ']');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static fl_err put_name(fl_ctx *ctx, fl_tx *tx, const fl_inspection_template_change *change, int32_t *id, int32_t *version)
{
	static const fl_sql insert = { "inspection_template_insert",
		"INSERT INTO inspection_templates (tenant_id, name) SELECT $1, $2 WHERE (SELECT count(*) FROM inspection_templates"
		" WHERE retired_at IS NULL) < $3 RETURNING id, version",
		.write = true };
	static const fl_sql update = { "inspection_template_update",
		"UPDATE inspection_templates SET name = $2, version = version + 1, retired_at = CASE WHEN $4 THEN coalesce(retired_at, now()) END"
		" WHERE id = $1 AND ($3 = 0 OR version = $3) RETURNING id, version",
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, change->id ? change->id : ctx->caller.tenant_id);
	fl_arg_text(&args, fl_str_trim(change->name));
	fl_arg_i32(&args, change->id ? change->version : FL_INSPECTION_TEMPLATES_MAX);
	if (change->id)
		fl_arg_bool(&args, change->retired);
	fl_err err = await_tx_query(ctx, tx, change->id ? &update : &insert, &args, &rows);
	if (err == FL_DUPLICATE)
		return fl_fail(&ctx->diag, FL_DUPLICATE, "there is a checklist of this name already");
	FL_TRY(err);
	if (rows->count == 0)
		return change->id ? fl_fail(&ctx->diag, FL_CONFLICT, "there is no such checklist, or somebody changed it meanwhile; read it again")
				  : fl_fail(&ctx->diag, FL_BAD_INPUT, "a company has at most %d checklists in use", FL_INSPECTION_TEMPLATES_MAX);
	*id = fl_row_i32(rows, 0, 0);
	*version = fl_row_i32(rows, 0, 1);
	return FL_OK;
}

static fl_err event_args(fl_ctx *ctx, const char *type, fl_str data, fl_args *args)
{
	if (!data.ptr)
		return FL_NOMEM;
	return fl_event_args(
		ctx, &(fl_event) { .id = fl_uuid7(fl_now_us()), .type = type, .actor = ctx->caller.user_id, .data = data }, args);
}

fl_err fl_inspection_template_save(fl_ctx *ctx, const fl_inspection_template_change *change, int32_t *id)
{
	static const fl_sql insert = { "inspection_template_version",
		"INSERT INTO inspection_template_versions (tenant_id, template_id, version, items, created_by) VALUES ($1, $2, $3, $4, nullif($5, 0))",
		.write = true };
	FL_AUTO_TX fl_tx tx = {};
	fl_args args[2] = { fl_args_make(ctx->mem) };
	int32_t version = 0;
	fl_str items;
	FL_TRY(fl_must(ctx, FL_MAY_REGISTRY_CHANGE));
	FL_TRY(check_template(ctx, change));
	FL_TRY(items_text(ctx, change, &items));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(put_name(ctx, &tx, change, id, &version));
	fl_arg_i32(&args[0], ctx->caller.tenant_id);
	fl_arg_i32(&args[0], *id);
	fl_arg_i32(&args[0], version);
	fl_arg_jsonb(&args[0], items);
	fl_arg_i32(&args[0], ctx->caller.user_id);
	fl_str data = fl_str_fmt(ctx->mem, "{\"id\":%d,\"templateVersion\":%d,\"items\":%zu,\"retired\":%s}", *id, version,
		change->item_count + FL_COUNT(law), change->retired ? "true" : "false");
	FL_TRY(event_args(ctx, FL_EVENT_INSPECTION_TEMPLATE, data, &args[1]));
	const fl_stmt stmts[] = { { &insert, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	FL_TRY(await_commit_with(ctx, &tx, stmts, FL_COUNT(stmts)));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

/* ---- policy ---- */

fl_err fl_inspection_policy_get(fl_ctx *ctx, fl_inspection_policy *out)
{
	static const fl_sql sql = { "inspection_policy",
		"SELECT no_defect_reports, template_id, keep_days, version FROM inspection_policies", .generic = true };
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, NULL, &rows));
	*out = (fl_inspection_policy) {};
	if (rows->count)
		*out = (fl_inspection_policy) { fl_row_bool(rows, 0, 0), fl_row_i32(rows, 0, 1), fl_row_i32(rows, 0, 2), fl_row_i32(rows, 0, 3) };
	return FL_OK;
}

static fl_err check_policy(fl_ctx *ctx, const fl_inspection_policy *policy)
{
	fl_inspection_template *template = NULL;
	if (policy->keep_days && policy->keep_days < FL_INSPECTION_KEEP_DAYS_MIN)
		return fl_fail(&ctx->diag, FL_BAD_INPUT,
			"inspections are kept for three months at least (49 CFR 396.11): give %d days or more, or nothing for ever",
			FL_INSPECTION_KEEP_DAYS_MIN);
	FL_TRY(fl_inspection_template_get(ctx, policy->template_id, 0, &template));
	if (template->retired_at)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this checklist is out of use");
	return FL_OK;
}

fl_err fl_inspection_policy_set(fl_ctx *ctx, const fl_inspection_policy *policy)
{
	static const fl_sql sql = { "inspection_policy_set",
		"INSERT INTO inspection_policies AS p (tenant_id, no_defect_reports, template_id, keep_days) VALUES ($1, $2, nullif($3, 0), nullif($4, 0))"
		" ON CONFLICT (tenant_id) DO UPDATE SET no_defect_reports = excluded.no_defect_reports, template_id = excluded.template_id,"
		" keep_days = excluded.keep_days, version = p.version + 1 WHERE $5 = 0 OR p.version = $5 RETURNING version",
		.write = true };
	FL_AUTO_TX fl_tx tx = {};
	fl_args args = fl_args_make(ctx->mem), event;
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_POLICY_WRITE));
	FL_TRY(check_policy(ctx, policy));
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_bool(&args, policy->no_defect_reports);
	fl_arg_i32(&args, policy->template_id);
	fl_arg_i32(&args, policy->keep_days);
	fl_arg_i32(&args, policy->version);
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(await_tx_query(ctx, &tx, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_CONFLICT, "somebody changed these settings meanwhile; read them again");
	fl_str data = fl_str_fmt(ctx->mem, "{\"noDefectReports\":%s,\"template\":%d,\"keepDays\":%d}",
		policy->no_defect_reports ? "true" : "false", policy->template_id, policy->keep_days);
	FL_TRY(event_args(ctx, FL_EVENT_INSPECTION_POLICY, data, &event));
	FL_TRY(await_commit_with(ctx, &tx, &(fl_stmt) { &fl_event_insert, &event, NULL }, 1));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
