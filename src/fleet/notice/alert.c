/* Alerts: what a person wants to hear of by mail. */
#include "fleet/notice/notice.h"

#define COLUMNS "id, version, facility_id, name, types, severity_min, quiet_from, quiet_to, active"

static fl_err read_alerts(fl_ctx *ctx, const fl_rows *rows, fl_alert **out)
{
	fl_alert *made = fl_new_array(ctx->mem, fl_alert, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		made[i] = (fl_alert) {
			.id = fl_row_i32(rows, i, 0),
			.version = fl_row_i32(rows, i, 1),
			.facility_id = fl_row_i32(rows, i, 2),
			.name = fl_row_text(rows, i, 3),
			.severity_min = fl_row_i16(rows, i, 5),
			.quiet_from = fl_row_null(rows, i, 6) ? -1 : fl_row_i16(rows, i, 6),
			.quiet_to = fl_row_null(rows, i, 7) ? -1 : fl_row_i16(rows, i, 7),
			.active = fl_row_bool(rows, i, 8),
		};
		FL_TRY(fl_row_texts(rows, i, 4, ctx->mem, &made[i].types, &made[i].type_count));
	}
	*out = made;
	return FL_OK;
}

/* Mails go to the address that the person logs in with. */
static fl_err must_be_person(fl_ctx *ctx)
{
	FL_TRY(fl_must(ctx, FL_MAY_ALERT));
	return ctx->caller.user_id
		       ? FL_OK
		       : fl_fail(&ctx->diag, FL_FORBIDDEN, "alerts belong to a person; this token belongs to a program");
}

fl_err fl_alerts(fl_ctx *ctx, fl_alert **out, size_t *count)
{
	static const fl_sql sql = { "alerts",
		"SELECT " COLUMNS " FROM alert_rules WHERE user_id = $1 AND deleted_at IS NULL ORDER BY id" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(must_be_person(ctx));
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*count = (size_t)rows->count;
	return read_alerts(ctx, rows, out);
}

static fl_err check(fl_ctx *ctx, const fl_alert *a)
{
	FL_TRY(must_be_person(ctx));
	if (fl_str_trim(a->name).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "name is empty: what is this alert about?");
	if ((a->quiet_from < 0) != (a->quiet_to < 0))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "quiet hours have a beginning and an end: give both or neither");
	FL_TRY(fl_text_check(&ctx->diag, "name", a->name, 100));
	return fl_event_types_check(ctx, a->types, a->type_count);
}

static void put_or_null(fl_args *args, bool given, int16_t value)
{
	if (given)
		fl_arg_i16(args, value);
	else
		fl_arg_null(args, FL_DB_I16);
}

static fl_err write_args(fl_ctx *ctx, const fl_alert *a, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.user_id);
	fl_arg_text(args, fl_str_trim(a->name));
	fl_arg_texts(args, a->types ? a->types : (fl_str[]) { { 0 } }, a->type_count);
	put_or_null(args, a->severity_min > 0, a->severity_min);
	if (a->facility_id)
		fl_arg_i32(args, a->facility_id);
	else
		fl_arg_null(args, FL_DB_I32);
	put_or_null(args, a->quiet_from >= 0, a->quiet_from);
	put_or_null(args, a->quiet_to >= 0, a->quiet_to);
	fl_arg_bool(args, a->active);
	return args->err;
}

fl_err fl_alert_save(fl_ctx *ctx, const fl_alert *a, const fl_alert **out)
{
	static const fl_sql insert = { "alert_insert",
		"INSERT INTO alert_rules (tenant_id, user_id, name, types, severity_min, facility_id, quiet_from, quiet_to, "
		"active)"
		" SELECT $9, $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM alert_rules WHERE user_id = $1 AND "
		"deleted_at IS NULL) < $10 RETURNING " COLUMNS,
		.write = true };
	static const fl_sql update = { "alert_update",
		"UPDATE alert_rules SET name = $2, types = $3, severity_min = $4, facility_id = $5, quiet_from = $6, quiet_to = "
		"$7,"
		" active = $8, version = version + 1 WHERE id = $9 AND user_id = $1 AND deleted_at IS NULL AND ($10 = 0 OR "
		"version = $10) RETURNING " COLUMNS,
		.write = true };
	fl_args args;
	const fl_rows *rows;
	fl_alert *made;
	FL_TRY(check(ctx, a));
	FL_TRY(write_args(ctx, a, &args));
	fl_arg_i32(&args, a->id ? a->id : ctx->caller.tenant_id);
	if (a->id)
		fl_arg_i32(&args, a->version);
	else
		fl_arg_i64(&args, FL_ALERTS_MAX);
	fl_err err = await_query(ctx, ctx->services->db, a->id ? &update : &insert, &args, &rows);
	if (err == FL_CONFLICT)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no depot %d", a->facility_id);
	FL_TRY(err);
	FL_TRY(read_alerts(ctx, rows, &made));
	if (rows->count == 0 && !a->id)
		return fl_fail(&ctx->diag, FL_LIMIT, "a person has at most %d alerts; delete one first", FL_ALERTS_MAX);
	if (rows->count == 0)
		return fl_fail(&ctx->diag, a->version ? FL_CONFLICT : FL_NOT_FOUND, "you have no alert %d%s", a->id,
			a->version ? " of this version" : "");
	*out = made;
	return FL_OK;
}

fl_err fl_alert_delete(fl_ctx *ctx, int32_t id)
{
	static const fl_sql sql = { "alert_delete",
		"UPDATE alert_rules SET deleted_at = now(), active = false, version = version + 1"
		" WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL",
		.write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(must_be_person(ctx));
	fl_arg_i32(&args, id);
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return rows->affected ? FL_OK : fl_fail(&ctx->diag, FL_NOT_FOUND, "you have no alert %d", id);
}
