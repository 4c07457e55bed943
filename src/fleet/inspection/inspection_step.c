/* What becomes of an inspection: the mechanic's word on its defects, the next driver's that he has read it. */
#include "fleet/inspection/inspection_int.h"

/* ---- events ---- */

static const fl_sql events_insert = { "inspection_events",
	"INSERT INTO events (tenant_id, id, type, report_id, vehicle_id, actor, data) SELECT $1, u.id, u.type,"
	" nullif(u.report, '00000000-0000-0000-0000-000000000000'), u.vehicle, $2, u.data::jsonb"
	" FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::int[], $7::text[]) AS u(id, type, report, vehicle, data)",
	.write = true };

/* No words of people: those stand in the inspection alone. */
static fl_err step_data(fl_ctx *ctx, const fl_inspection *in, size_t defects, const fl_signature *s, fl_str *out)
{
	fl_str id = fl_uuid_str(ctx->mem, in->id), state = fl_inspection_state_text(in->state);
	*out = fl_str_fmt(ctx->mem,
		"{\"inspection\":\"%" FL_FMT "\",\"stepVersion\":%d,\"state\":\"%" FL_FMT "\",\"safe\":%s,\"defects\":%zu,\"signature\":%d,\"sha256\":\"%" FL_FMT
		"\"}",
		FL_ARG(id), in->version, FL_ARG(state), in->safe ? "true" : "false", defects, s->id, FL_ARG(s->sha256_hex));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static fl_err defect_data(fl_ctx *ctx, const fl_defect *d, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(4096);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("inspection"));
	fl_json_put_str(&j, fl_uuid_str(ctx->mem, d->inspection_id));
	fl_json_key(&j, FL_STR("defect"));
	fl_json_put_i64(&j, d->id);
	fl_json_key(&j, FL_STR("item"));
	fl_json_put_str(&j, d->title);
	fl_json_key(&j, FL_STR("found"));
	fl_json_put_str(&j, fl_defect_state_text(d->state));
	fl_json_key(&j, FL_STR("unsafe"));
	fl_json_put_bool(&j, d->unsafe);
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

fl_err fl_inspection_events(fl_ctx *ctx, const char *type, const char *report_type, const fl_inspection *inspection,
	const fl_defect *const *defects, size_t defect_count, const fl_signature *signature, fl_args *args, fl_stmt *out)
{
	fl_uuid ids[1 + FL_INSPECTION_DEFECTS_MAX], reports[1 + FL_INSPECTION_DEFECTS_MAX] = {};
	fl_str types[1 + FL_INSPECTION_DEFECTS_MAX], data[1 + FL_INSPECTION_DEFECTS_MAX];
	int32_t vehicles[1 + FL_INSPECTION_DEFECTS_MAX];
	int64_t now = fl_now_us();
	assert(defect_count <= FL_INSPECTION_DEFECTS_MAX);
	FL_TRY(step_data(ctx, inspection, defect_count, signature, &data[0]));
	types[0] = fl_str_z(type);
	vehicles[0] = inspection->vehicle_id;
	for (size_t i = 0; i <= defect_count; i++)
		ids[i] = fl_uuid7(now);
	for (size_t i = 0; i < defect_count; i++) {
		types[i + 1] = fl_str_z(report_type);
		reports[i + 1] = defects[i]->report_id;
		vehicles[i + 1] = defects[i]->vehicle_id;
		FL_TRY(defect_data(ctx, defects[i], &data[i + 1]));
	}
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_i32(args, ctx->caller.user_id);
	fl_arg_uuids(args, ids, defect_count + 1);
	fl_arg_texts(args, types, defect_count + 1);
	fl_arg_uuids(args, reports, defect_count + 1);
	fl_arg_i32s(args, vehicles, defect_count + 1);
	fl_arg_texts(args, data, defect_count + 1);
	*out = (fl_stmt) { &events_insert, args, NULL };
	return args->err;
}

/* ---- a step ---- */

static fl_err check_version(fl_ctx *ctx, const fl_inspection *in, int32_t version)
{
	if (!version || version == in->version)
		return FL_OK;
	return fl_fail(&ctx->diag, FL_CONFLICT, "somebody signed this inspection meanwhile: it is at version %d, you saw %d; read it again",
		in->version, version);
}

/* Moves the inspection, or says why not. */
static fl_err take_step(fl_ctx *ctx, fl_inspection *in, fl_inspection_verb verb, bool open)
{
	fl_inspection_state to = fl_inspection_step((fl_inspection_state)in->state, verb, open);
	fl_str state = fl_inspection_state_text(in->state);
	if (to == FL_INSPECTION_NONE)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this inspection %s%" FL_FMT ": it cannot be %s now",
			in->state == FL_INSPECTION_CLOSED ? "is " : "", FL_ARG(state), verb == FL_INSPECTION_CERTIFY ? "certified" : "acknowledged");
	in->state = (int16_t)to;
	in->version++;
	return FL_OK;
}

static const fl_sql inspection_update = { "inspection_step",
	"UPDATE inspections SET state = $2, version = $3 WHERE id = $1", .write = true };

static fl_err step_args(fl_ctx *ctx, const fl_inspection *in, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_uuid(args, in->id);
	fl_arg_i16(args, in->state);
	fl_arg_i32(args, in->version);
	return args->err;
}

static const fl_signature *last_of(const fl_inspection_whole *all)
{
	return all->signature_count ? &all->signatures[all->signature_count - 1] : NULL;
}

static fl_err room_for_signature(fl_ctx *ctx, const fl_inspection_whole *all)
{
	if (all->signature_count >= FL_INSPECTION_SIGNATURES_MAX)
		return fl_fail(&ctx->diag, FL_LIMIT, "this inspection has %d signatures; it takes no more", FL_INSPECTION_SIGNATURES_MAX);
	return FL_OK;
}

/* ---- the mechanic's ---- */

static fl_defect *find_defect(const fl_inspection_whole *all, int16_t id)
{
	for (size_t i = 0; i < all->defect_count; i++)
		if (all->defects[i].id == id)
			return &all->defects[i];
	return NULL;
}

static fl_err resolve_one(fl_ctx *ctx, const fl_inspection_whole *all, const fl_resolution *r, int16_t signature, const fl_defect **out)
{
	fl_defect *d = find_defect(all, r->defect);
	if (!d)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this inspection has no defect %d", r->defect);
	if (d->resolved_by == signature)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "defect %d was named twice", r->defect);
	if (d->state != FL_DEFECT_OPEN) {
		fl_str state = fl_defect_state_text(d->state);
		return fl_fail(&ctx->diag, FL_CONFLICT, "defect %d is certified already: %" FL_FMT, r->defect, FL_ARG(state));
	}
	if (r->state != FL_DEFECT_REPAIRED && r->state != FL_DEFECT_UNNECESSARY)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say of defect %d that it was repaired or that its repair is unnecessary", r->defect);
	if (r->state == FL_DEFECT_UNNECESSARY && fl_str_trim(r->remark).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why the repair of defect %d is unnecessary: the remark is missing", r->defect);
	FL_TRY(fl_text_check(&ctx->diag, "a remark", r->remark, FL_INSPECTION_REMARK_MAX));
	fl_str remark = fl_str_trim(r->remark);
	d->state = r->state;
	d->remark = remark.len ? remark : (fl_str) {};
	d->resolved_by = signature;
	*out = d;
	return FL_OK;
}

static bool any_open(const fl_inspection_whole *all)
{
	for (size_t i = 0; i < all->defect_count; i++)
		if (all->defects[i].state == FL_DEFECT_OPEN)
			return true;
	return false;
}

static const fl_sql defects_update = { "inspection_resolve",
	"UPDATE inspection_defects d SET state = u.state, remark = nullif(u.remark, ''), resolved_by = $2, resolved_at = $3"
	" FROM unnest($4::int2[], $5::int2[], $6::text[]) AS u(id, state, remark) WHERE d.inspection_id = $1 AND d.id = u.id",
	.write = true };

static fl_err resolve_args(fl_ctx *ctx, const fl_defect *const *defects, size_t count, const fl_signature *s, fl_args *args)
{
	int16_t ids[FL_INSPECTION_DEFECTS_MAX], states[FL_INSPECTION_DEFECTS_MAX];
	fl_str remarks[FL_INSPECTION_DEFECTS_MAX];
	for (size_t i = 0; i < count; i++) {
		ids[i] = defects[i]->id;
		states[i] = defects[i]->state;
		remarks[i] = defects[i]->remark.ptr ? defects[i]->remark : FL_STR("");
	}
	*args = fl_args_make(ctx->mem);
	fl_arg_uuid(args, s->inspection_id);
	fl_arg_i16(args, s->id);
	fl_arg_time(args, s->signed_at);
	fl_arg_i16s(args, ids, count);
	fl_arg_i16s(args, states, count);
	fl_arg_texts(args, remarks, count);
	return args->err;
}

static fl_err certify(fl_ctx *ctx, fl_tx *tx, fl_uuid id, int32_t version, const fl_resolution *resolutions, size_t count,
	const fl_signing *signing, const fl_defect *resolved[FL_INSPECTION_DEFECTS_MAX])
{
	fl_inspection_whole all;
	fl_signature signature;
	fl_args args[4];
	FL_TRY(fl_inspection_lock(ctx, tx, id, &all));
	FL_TRY(check_version(ctx, all.inspection, version));
	FL_TRY(room_for_signature(ctx, &all));
	for (size_t i = 0; i < count; i++)
		FL_TRY(resolve_one(ctx, &all, &resolutions[i], (int16_t)(all.signature_count + 1), &resolved[i]));
	FL_TRY(take_step(ctx, all.inspection, FL_INSPECTION_CERTIFY, any_open(&all)));
	FL_TRY(fl_signature_make(ctx, all.inspection, all.defects, all.defect_count, FL_SIGNER_MECHANIC, signing, (fl_str) {}, last_of(&all), &signature));
	fl_stmt stmts[4] = { { &inspection_update, &args[0], NULL }, { &defects_update, &args[1], NULL }, { &fl_signature_insert, &args[2], NULL } };
	FL_TRY(step_args(ctx, all.inspection, &args[0]));
	FL_TRY(resolve_args(ctx, resolved, count, &signature, &args[1]));
	FL_TRY(fl_signature_args(ctx, &signature, &args[2]));
	FL_TRY(fl_inspection_events(ctx, FL_EVENT_INSPECTION_CERTIFIED, FL_EVENT_INSPECTION_RESOLVED, all.inspection, resolved, count, &signature,
		&args[3], &stmts[3]));
	return await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
}

static fl_err certify_one(fl_ctx *ctx, fl_uuid id, int32_t version, const fl_resolution *resolutions, size_t count, const fl_signing *signing,
	const fl_defect *resolved[FL_INSPECTION_DEFECTS_MAX])
{
	FL_AUTO_TX fl_tx tx = {};
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	return certify(ctx, &tx, id, version, resolutions, count, signing, resolved);
}

/* Open defects of other inspections behind the reports of those that were just resolved, grouped by inspection. */
static fl_err repeated(fl_ctx *ctx, fl_uuid id, const fl_defect *const *resolved, size_t count, const fl_rows **out)
{
	static const fl_sql sql = { "defects_repeated",
		"SELECT inspection_id, id, report_id FROM inspection_defects WHERE report_id = ANY($1) AND state = 1 AND inspection_id <> $2"
		" ORDER BY inspection_id, id LIMIT $3",
		.generic = true };
	fl_uuid reports[FL_INSPECTION_DEFECTS_MAX];
	fl_args args = fl_args_make(ctx->mem);
	for (size_t i = 0; i < count; i++)
		reports[i] = resolved[i]->report_id;
	fl_arg_uuids(&args, reports, count);
	fl_arg_uuid(&args, id);
	fl_arg_i64(&args, FL_INSPECTION_REPEATS_MAX);
	return await_query(ctx, ctx->services->db, &sql, &args, out);
}

static fl_resolution same_word(const fl_rows *rows, int row, const fl_defect *const *resolved, size_t count)
{
	fl_resolution made = { .defect = fl_row_i16(rows, row, 1) };
	for (size_t i = 0; i < count; i++)
		if (fl_uuid_eq(resolved[i]->report_id, fl_row_uuid(rows, row, 2))) {
			made.state = resolved[i]->state;
			made.remark = resolved[i]->remark;
		}
	return made;
}

/* Each in a transaction and with a signature of its own; one that somebody signed meanwhile is left to them. */
static fl_err certify_repeated(fl_ctx *ctx, fl_uuid id, const fl_defect *const *resolved, size_t count, const fl_signing *signing, int32_t *also)
{
	fl_resolution resolutions[FL_INSPECTION_DEFECTS_MAX];
	const fl_defect *ignored[FL_INSPECTION_DEFECTS_MAX];
	const fl_rows *rows;
	FL_TRY(repeated(ctx, id, resolved, count, &rows));
	for (int i = 0, end; i < rows->count; i = end) {
		size_t n = 0;
		fl_uuid other = fl_row_uuid(rows, i, 0);
		for (end = i; end < rows->count && fl_uuid_eq(fl_row_uuid(rows, end, 0), other); end++)
			if (n < FL_INSPECTION_DEFECTS_MAX)
				resolutions[n++] = same_word(rows, end, resolved, count);
		fl_err err = certify_one(ctx, other, 0, resolutions, n, signing, ignored);
		if (err != FL_OK && err != FL_CONFLICT)
			return err;
		*also += err == FL_OK;
	}
	return FL_OK;
}

fl_err fl_inspection_certify(fl_ctx *ctx, fl_uuid id, int32_t version, const fl_resolution *resolutions, size_t count,
	const fl_signing *signing, int32_t *also)
{
	const fl_defect *resolved[FL_INSPECTION_DEFECTS_MAX];
	FL_TRY(fl_must(ctx, FL_MAY_INSPECTION_CERTIFY));
	FL_TRY(fl_signing_check(ctx, signing));
	if (count == 0 || count > FL_INSPECTION_DEFECTS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "name the defects that are certified, 1 to %d of them", FL_INSPECTION_DEFECTS_MAX);
	FL_TRY(certify_one(ctx, id, version, resolutions, count, signing, resolved));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	if (!also)
		return FL_OK;
	*also = 0;
	return certify_repeated(ctx, id, resolved, count, signing, also);
}

/* ---- the next driver's ---- */

static fl_err acknowledge(fl_ctx *ctx, fl_tx *tx, fl_uuid id, int32_t version, fl_str remark, const fl_signing *signing)
{
	fl_inspection_whole all;
	fl_signature signature;
	fl_args args[3];
	FL_TRY(fl_inspection_lock(ctx, tx, id, &all));
	FL_TRY(check_version(ctx, all.inspection, version));
	FL_TRY(room_for_signature(ctx, &all));
	FL_TRY(take_step(ctx, all.inspection, FL_INSPECTION_ACKNOWLEDGE, any_open(&all)));
	FL_TRY(fl_signature_make(ctx, all.inspection, all.defects, all.defect_count, FL_SIGNER_NEXT_DRIVER, signing, remark, last_of(&all), &signature));
	fl_stmt stmts[3] = { { &inspection_update, &args[0], NULL }, { &fl_signature_insert, &args[1], NULL } };
	FL_TRY(step_args(ctx, all.inspection, &args[0]));
	FL_TRY(fl_signature_args(ctx, &signature, &args[1]));
	FL_TRY(fl_inspection_events(
		ctx, FL_EVENT_INSPECTION_ACKNOWLEDGED, FL_EVENT_INSPECTION_RESOLVED, all.inspection, NULL, 0, &signature, &args[2], &stmts[2]));
	return await_commit_with(ctx, tx, stmts, FL_COUNT(stmts));
}

/* Any driver of the company: the next one is seldom the one who made it. */
fl_err fl_inspection_acknowledge(fl_ctx *ctx, fl_uuid id, int32_t version, fl_str remark, const fl_signing *signing)
{
	FL_TRY(fl_must(ctx, FL_MAY_INSPECT));
	FL_TRY(fl_signing_check(ctx, signing));
	FL_TRY(fl_text_check(&ctx->diag, "the remark", remark, FL_INSPECTION_REMARK_MAX));
	{
		FL_AUTO_TX fl_tx tx = {};
		FL_TRY(await_begin(ctx, ctx->services->db, &tx));
		FL_TRY(acknowledge(ctx, &tx, id, version, fl_str_trim(remark), signing));
	}
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
