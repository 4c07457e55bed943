/* Making and changing a record: lock it, lay the new values over the old ones, check, write it and its event together. */
#include "fleet/registry/record.h"
#include "fleet/event.h"

/* ---- reading what is there ---- */

static fl_value read_value(const fl_field *field, const fl_rows *rows, int column)
{
	fl_value value = { .given = true, .null = fl_row_null(rows, 0, column) };
	if (value.null)
		return value;
	if (field->kind == FL_FIELD_TEXT || field->kind == FL_FIELD_AREA)
		value.text = fl_row_text(rows, 0, column);
	else if (field->kind == FL_FIELD_DEGREES)
		value.degrees = fl_row_f8(rows, 0, column);
	else if (field->kind == FL_FIELD_TIME)
		value.number = fl_row_time(rows, 0, column);
	else
		value.number = fl_row_i64(rows, 0, column);
	return value;
}

static fl_err lock_record(
	fl_ctx *ctx, fl_tx *tx, const fl_record_kind *kind, int32_t id, int32_t seen, int32_t *version, fl_value *values)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, id);
	FL_TRY(await_tx_query(ctx, tx, &kind->lock, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no %s with the id %d", kind->noun, id);
	*version = fl_row_i32(rows, 0, 0);
	if (seen && seen != *version)
		return fl_fail(&ctx->diag, FL_CONFLICT,
			"somebody changed this %s meanwhile: it is at version %d, you saw %d; read it again", kind->noun,
			*version, seen);
	for (size_t i = 0; i < kind->field_count; i++)
		values[i] = read_value(&kind->fields[i], rows, (int)i + 1);
	return FL_OK;
}

/* ---- the history ---- */

static bool same_value(const fl_field *field, const fl_value *a, const fl_value *b)
{
	if (a->null || b->null)
		return a->null == b->null;
	if (field->kind == FL_FIELD_TEXT || field->kind == FL_FIELD_AREA)
		return fl_str_eq(a->text, b->text);
	return field->kind == FL_FIELD_DEGREES ? a->degrees == b->degrees : a->number == b->number;
}

static void put_pair(fl_json_out *j, fl_arena *mem, const fl_field *field, const fl_value *before, const fl_value *after)
{
	fl_json_key(j, fl_str_z(field->name));
	fl_json_open(j, '[');
	fl_json_put_str(j, fl_field_text(mem, field, before));
	fl_json_put_str(j, fl_field_text(mem, field, after));
	fl_json_close(j, ']');
}

/* {"id": 12, "plate": ["V-1", "V-2"], "private": ["email"]}: what is personal is named, never told. */
static fl_err describe(
	fl_ctx *ctx, const fl_record_kind *kind, int32_t id, const fl_value *before, const fl_value *after, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(256 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("id"));
	fl_json_put_i64(&j, id);
	for (size_t i = 0; i < kind->field_count; i++)
		if (!kind->fields[i].personal && !same_value(&kind->fields[i], &before[i], &after[i]))
			put_pair(&j, ctx->mem, &kind->fields[i], &before[i], &after[i]);
	fl_json_key(&j, FL_STR("private"));
	fl_json_open(&j, '[');
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].personal && !same_value(&kind->fields[i], &before[i], &after[i]))
			fl_json_put_str(&j, fl_str_z(kind->fields[i].name));
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static fl_err event_args(
	fl_ctx *ctx, const fl_record_kind *kind, const char *type, int32_t id, int32_t version, fl_str data, fl_args *args)
{
	return fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = type,
			.vehicle_id = kind->is_vehicle ? id : 0,
			.version = version,
			.actor = ctx->caller.user_id,
			.data = data },
		args);
}

/* ---- writing ---- */

fl_err fl_record_refused(fl_ctx *ctx, const fl_record_kind *kind, fl_err err)
{
	fl_db_error error = fl_db_last_error(ctx->services->db);
	if (err != FL_DUPLICATE && err != FL_CONFLICT && err != FL_BAD_INPUT)
		return err;
	for (const fl_refusal *r = kind->refusals; r->constraint; r++)
		if (strcmp(error.constraint, r->constraint) == 0)
			return fl_fail(&ctx->diag, r->err, "%s", r->sentence);
	return err;
}

static fl_err write_args(fl_ctx *ctx, const fl_record_kind *kind, int32_t first, const fl_value *values, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, first);
	for (size_t i = 0; i < kind->field_count; i++)
		fl_record_arg(args, &kind->fields[i], &values[i]);
	return args->err;
}

static fl_err insert(fl_ctx *ctx, fl_tx *tx, const fl_record_kind *kind, const fl_value *values, int32_t *id)
{
	static const fl_value nothing[FL_FIELDS_MAX];
	fl_value before[FL_FIELDS_MAX];
	const fl_rows *rows;
	fl_args args;
	fl_str data;
	memcpy(before, nothing, sizeof(before));
	for (size_t i = 0; i < kind->field_count; i++)
		before[i].null = true;
	FL_TRY(write_args(ctx, kind, ctx->caller.tenant_id, values, &args));
	fl_err err = await_tx_query(ctx, tx, &kind->insert, &args, &rows);
	if (err)
		return fl_record_refused(ctx, kind, err);
	*id = fl_row_i32(rows, 0, 0);
	FL_TRY(describe(ctx, kind, *id, before, values, &data));
	FL_TRY(event_args(ctx, kind, kind->event_created, *id, 1, data, &args));
	const fl_stmt event = { &fl_event_insert, &args, NULL };
	return await_commit_with(ctx, tx, &event, 1);
}

static fl_err update(fl_ctx *ctx, fl_tx *tx, const fl_record_kind *kind, int32_t id, int32_t version, const fl_value *before,
	const fl_value *after)
{
	fl_args args[2];
	fl_str data;
	FL_TRY(write_args(ctx, kind, id, after, &args[0]));
	FL_TRY(describe(ctx, kind, id, before, after, &data));
	FL_TRY(event_args(ctx, kind, kind->event_updated, id, version + 1, data, &args[1]));
	const fl_stmt stmts[] = { { &kind->update, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	fl_err err = await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
	return err ? fl_record_refused(ctx, kind, err) : FL_OK;
}

/* Given values over those that are there; what nobody gave and nothing holds is none. */
static fl_err lay_over(fl_ctx *ctx, const fl_record_kind *kind, const fl_value *given, const fl_value *before, fl_value *after)
{
	for (size_t i = 0; i < kind->field_count; i++) {
		after[i] = given[i].given ? given[i] : before[i];
		after[i].null |= !after[i].given;
		after[i].given = true;
		if (given[i].given || !before[i].given)
			FL_TRY(fl_field_check(ctx->mem, &ctx->diag, &kind->fields[i], &after[i]));
	}
	return FL_OK;
}

static fl_err save(fl_ctx *ctx, fl_tx *tx, const fl_record_kind *kind, const fl_record_change *change, int32_t *id)
{
	fl_value before[FL_FIELDS_MAX] = {}, after[FL_FIELDS_MAX] = {};
	int32_t version = 0;
	if (change->id)
		FL_TRY(lock_record(ctx, tx, kind, change->id, change->version, &version, before));
	FL_TRY(lay_over(ctx, kind, change->values, before, after));
	*id = change->id;
	return change->id ? update(ctx, tx, kind, change->id, version, before, after) : insert(ctx, tx, kind, after, id);
}

fl_err fl_record_save(fl_ctx *ctx, const fl_record_kind *kind, fl_record_change *change, int32_t *id)
{
	assert(kind->field_count <= FL_FIELDS_MAX);
	FL_TRY(fl_must(ctx, kind->may));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(await_begin(ctx, ctx->services->db, &tx));
		FL_TRY(save(ctx, &tx, kind, change, id));
	}
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

static fl_err retire(fl_ctx *ctx, fl_tx *tx, const fl_record_kind *kind, int32_t id, int32_t seen, bool retired)
{
	fl_value values[FL_FIELDS_MAX];
	fl_args args[2] = { fl_args_make(ctx->mem) };
	int32_t version;
	FL_TRY(lock_record(ctx, tx, kind, id, seen, &version, values));
	fl_arg_i32(&args[0], id);
	fl_arg_bool(&args[0], retired);
	fl_str data = fl_str_fmt(ctx->mem, "{\"id\":%d,\"retired\":%s}", id, retired ? "true" : "false");
	if (!data.ptr)
		return FL_NOMEM;
	FL_TRY(event_args(ctx, kind, kind->event_retired, id, version + 1, data, &args[1]));
	const fl_stmt stmts[] = { { &kind->retire, &args[0], NULL }, { &fl_event_insert, &args[1], NULL } };
	return await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
}

fl_err fl_record_retire(fl_ctx *ctx, const fl_record_kind *kind, int32_t id, int32_t version, bool retired)
{
	FL_TRY(fl_must(ctx, kind->may));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(await_begin(ctx, ctx->services->db, &tx));
		FL_TRY(retire(ctx, &tx, kind, id, version, retired));
	}
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
