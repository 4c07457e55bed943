/* Webhooks: made, changed and tried by those who run the company's account. */
#include "fleet/event.h"
#include "fleet/notice/notice.h"

#define COLUMNS "id, generation, version, url, description, types, active, stopped_why, created_at"

static fl_err read_webhooks(fl_ctx *ctx, const fl_rows *rows, fl_webhook **out)
{
	fl_webhook *made = fl_new_array(ctx->mem, fl_webhook, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		made[i] = (fl_webhook) {
			.id = fl_row_i32(rows, i, 0),
			.generation = fl_row_i32(rows, i, 1),
			.version = fl_row_i32(rows, i, 2),
			.url = fl_row_text(rows, i, 3),
			.description = fl_row_text(rows, i, 4),
			.active = fl_row_bool(rows, i, 6),
			.stopped_why = fl_row_text(rows, i, 7),
			.created_at = fl_row_time(rows, i, 8),
		};
		FL_TRY(fl_row_texts(rows, i, 5, ctx->mem, &made[i].types, &made[i].type_count));
	}
	*out = made;
	return FL_OK;
}

fl_err fl_webhooks(fl_ctx *ctx, fl_webhook **out, size_t *count)
{
	static const fl_sql sql = { "webhooks", "SELECT " COLUMNS " FROM webhooks WHERE deleted_at IS NULL ORDER BY id" };
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	FL_TRY(await_query(ctx, ctx->services->db, &sql, NULL, &rows));
	*count = (size_t)rows->count;
	return read_webhooks(ctx, rows, out);
}

/* Runs a statement that gives the webhook back; no row: it is not there, or moved on. */
static fl_err write_one(fl_ctx *ctx, const fl_sql *sql, const fl_args *args, const fl_webhook **out)
{
	const fl_rows *rows;
	fl_webhook *made;
	FL_TRY(await_query(ctx, ctx->services->db, sql, args, &rows));
	FL_TRY(read_webhooks(ctx, rows, &made));
	*out = rows->count ? made : NULL;
	return FL_OK;
}

static fl_err check(fl_ctx *ctx, const fl_webhook_patch *patch)
{
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	if (patch->url.ptr)
		FL_TRY(fl_outbound_check_url(ctx->services->outbound, patch->url, &ctx->diag));
	FL_TRY(fl_text_check(&ctx->diag, "the description", patch->description, 200));
	return fl_event_types_check(ctx, patch->types, patch->type_count);
}

static fl_err insert(fl_ctx *ctx, const fl_webhook_patch *patch, const fl_webhook **out)
{
	static const fl_sql sql = { "webhook_insert",
		"INSERT INTO webhooks (tenant_id, url, description, types, active)"
		" SELECT $1, $2, coalesce($3, ''), $4, $5 WHERE (SELECT count(*) FROM webhooks WHERE deleted_at IS NULL) < $6 "
		"RETURNING " COLUMNS,
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	if (!patch->url.ptr)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "url is missing: where shall events be sent?");
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_text(&args, patch->url);
	fl_arg_text(&args, patch->description);
	fl_arg_texts(&args, patch->types_given ? patch->types : (const fl_str[]) { { 0 } }, patch->type_count);
	fl_arg_bool(&args, patch->active_given ? patch->active : true);
	fl_arg_i64(&args, FL_WEBHOOKS_MAX);
	FL_TRY(write_one(ctx, &sql, &args, out));
	return *out ? FL_OK
		    : fl_fail(&ctx->diag, FL_LIMIT, "a company has at most %d webhooks; delete one first", FL_WEBHOOKS_MAX);
}

static fl_err update(fl_ctx *ctx, const fl_webhook_patch *patch, const fl_webhook **out)
{
	static const fl_sql sql = { "webhook_update",
		"UPDATE webhooks SET url = coalesce($3, url), description = coalesce($4, description),"
		" types = coalesce($5, types), active = coalesce($6, active), stopped_why = CASE WHEN $6 THEN NULL ELSE "
		"stopped_why END, version = version + 1"
		" WHERE id = $1 AND deleted_at IS NULL AND ($2 = 0 OR version = $2) RETURNING " COLUMNS,
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_i32(&args, patch->id);
	fl_arg_i32(&args, patch->version);
	fl_arg_text(&args, patch->url);
	fl_arg_text(&args, patch->description);
	fl_arg_texts(&args, patch->types_given ? patch->types : NULL, patch->type_count);
	if (patch->active_given)
		fl_arg_bool(&args, patch->active);
	else
		fl_arg_null(&args, FL_DB_BOOL);
	FL_TRY(write_one(ctx, &sql, &args, out));
	return *out ? FL_OK
		    : fl_fail(&ctx->diag, patch->version ? FL_CONFLICT : FL_NOT_FOUND, "there is no webhook %d%s", patch->id,
			      patch->version ? " of this version; read it again" : "");
}

fl_err fl_webhook_save(fl_ctx *ctx, const fl_webhook_patch *patch, const fl_webhook **out)
{
	FL_TRY(check(ctx, patch));
	return patch->id ? update(ctx, patch, out) : insert(ctx, patch, out);
}

static fl_err missing(fl_ctx *ctx, int32_t id)
{
	return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no webhook %d", id);
}

fl_err fl_webhook_delete(fl_ctx *ctx, int32_t id)
{
	static const fl_sql sql = { "webhook_delete",
		"UPDATE webhooks SET deleted_at = now(), active = false, version = version + 1"
		" WHERE id = $1 AND deleted_at IS NULL RETURNING " COLUMNS,
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_webhook *gone;
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	fl_arg_i32(&args, id);
	FL_TRY(write_one(ctx, &sql, &args, &gone));
	return gone ? FL_OK : missing(ctx, id);
}

fl_err fl_webhook_rotate(fl_ctx *ctx, int32_t id, const fl_webhook **out)
{
	static const fl_sql sql = { "webhook_rotate",
		"UPDATE webhooks SET generation = generation + 1, version = version + 1"
		" WHERE id = $1 AND deleted_at IS NULL RETURNING " COLUMNS,
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	fl_arg_i32(&args, id);
	FL_TRY(write_one(ctx, &sql, &args, out));
	return *out ? FL_OK : missing(ctx, id);
}

/* No event stands behind a test, so the message carries its own id as that of an event. */
fl_err fl_webhook_test(fl_ctx *ctx, int32_t id, fl_uuid *delivery)
{
	static const fl_sql make = { "webhook_test",
		"INSERT INTO deliveries (tenant_id, id, webhook_id, event_id, event_type)"
		" SELECT tenant_id, $2, id, $2, 'webhook.test' FROM webhooks WHERE id = $1 AND deleted_at IS NULL",
		.write = true };
	static const fl_sql queue = { "webhook_test_queue", "SELECT delivery_again($1)", .write = true };
	fl_args args[2] = { fl_args_make(ctx->mem), fl_args_make(ctx->mem) };
	const fl_rows *made;
	fl_uuid message = fl_uuid7(fl_now_us());
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	fl_arg_i32(&args[0], id);
	fl_arg_uuid(&args[0], message);
	fl_arg_uuid(&args[1], message);
	const fl_stmt stmts[] = { { &make, &args[0], &made }, { &queue, &args[1], NULL } };
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts)));
	if (made->affected == 0)
		return missing(ctx, id);
	fl_poke(ctx, FL_CHANNEL_POKE_JOBS);
	*delivery = message;
	return FL_OK;
}

fl_err fl_webhook_secret_of(fl_ctx *ctx, const fl_webhook *webhook, fl_str *out)
{
	char text[FL_WEBHOOK_SECRET_MAX];
	FL_TRY(fl_must(ctx, FL_MAY_INTEGRATE));
	fl_webhook_secret(
		ctx->services->webhook_key, &(fl_webhook_id) { ctx->caller.tenant_id, webhook->id, webhook->generation }, text);
	*out = fl_str_dup(ctx->mem, fl_str_z(text));
	return out->ptr ? FL_OK : FL_NOMEM;
}
