/* Submitting an inspection: check what the driver says against the checklist, make a report of each defect or join one, then write the
 * inspection with its defects and its first signature in one transaction. */
#include "fleet/inspection/inspection_int.h"

#include <math.h>

typedef struct filing {
	const fl_inspection_draft *draft;
	fl_inspection in;
	fl_defect defects[FL_INSPECTION_DEFECTS_MAX];
	fl_signature signature;
	fl_args args[4];
} filing;

/* ---- the checklist ---- */

static fl_err take_template(fl_ctx *ctx, filing *f, const fl_inspection_policy *policy)
{
	fl_inspection_template *template = NULL;
	FL_TRY(fl_inspection_template_get(ctx, f->draft->has_template ? f->draft->template_id : policy->template_id, 0, &template));
	if (template->retired_at)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this checklist is out of use; take another one");
	return fl_inspection_items_take(ctx, f->draft, template, &f->in);
}

/* ---- the vehicles ---- */

/* "VAN-12, V-123-AB, Ford Transit, WF0EXXTT0BB100001": what is signed does not change with the registry. */
static fl_str vehicle_text(fl_ctx *ctx, const fl_vehicle *v)
{
	return fl_str_fmt(ctx->mem, "%" FL_FMT "%s%" FL_FMT ", %" FL_FMT " %" FL_FMT ", %" FL_FMT, FL_ARG(v->name), v->plate.len ? ", " : "",
		FL_ARG(v->plate), FL_ARG(v->make), FL_ARG(v->model), FL_ARG(v->vin));
}

static fl_err take_vehicle(fl_ctx *ctx, int32_t id, fl_str *text)
{
	fl_vehicle *rows;
	size_t count;
	FL_TRY(fl_vehicles_get(ctx, &id, 1, &rows, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vehicle with the id %d", id);
	if (rows->retired_at)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the vehicle %" FL_FMT " is out of use", FL_ARG(rows->name));
	*text = vehicle_text(ctx, rows);
	return text->ptr ? FL_OK : FL_NOMEM;
}

/* ---- the defects ---- */

static fl_str title_of(const fl_inspection *in, fl_str key)
{
	for (size_t i = 0; i < in->item_count; i++)
		if (fl_str_eq(in->items[i].key, key))
			return in->items[i].title;
	return key;
}

/* Reports that are named are looked at before any is filed. */
static fl_err take_defects(fl_ctx *ctx, filing *f)
{
	for (int named = 1; named >= 0; named--)
		for (size_t i = 0; i < f->draft->defect_count; i++) {
			const fl_defect_draft *given = &f->draft->defects[i];
			if (given->has_report != (bool)named)
				continue;
			f->defects[i] = (fl_defect) { .inspection_id = f->in.id,
				.id = (int16_t)(i + 1),
				.vehicle_id = given->on_trailer ? f->in.trailer_id : f->in.vehicle_id,
				.item = given->item,
				.title = title_of(&f->in, given->item),
				.note = fl_str_trim(given->note),
				.severity = given->severity,
				.unsafe = given->unsafe,
				.state = FL_DEFECT_OPEN };
			FL_TRY(fl_defect_report_take(ctx, &f->in, f->draft, i, &f->defects[i]));
		}
	return FL_OK;
}

/* ---- writing ---- */

static const fl_sql inspection_insert = { "inspection_insert",
	"INSERT INTO inspections (tenant_id, id, vehicle_id, trailer_id, vehicle_text, trailer_text, kind, state, safe, made_by, driver_id,"
	" inspected_at, odometer_km, location, place, template_id, template_version, items, note, idempotency_key)"
	" VALUES ($1, $2, $3, nullif($4, 0), $5, $6, $7, $8, $9, $10, nullif($11, 0), $12, $13, ST_SetSRID(ST_MakePoint($14, $15), 4326)::geography,"
	" $16, nullif($17, 0), $18, $19, $20, $21)",
	.write = true };

static fl_err items_text(fl_ctx *ctx, const fl_inspection *in, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(128 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '[');
	for (size_t i = 0; i < in->item_count; i++) {
		fl_json_open(&j, '{');
		fl_json_key(&j, FL_STR("key"));
		fl_json_put_str(&j, in->items[i].key);
		fl_json_key(&j, FL_STR("title"));
		fl_json_put_str(&j, in->items[i].title);
		fl_json_key(&j, FL_STR("result"));
		fl_json_put_i64(&j, in->items[i].result);
		fl_json_close(&j, '}');
	}
	fl_json_close(&j, ']');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static void arg_place(fl_args *args, const fl_inspection *in)
{
	if (in->has_location) {
		fl_arg_f8(args, in->location.longitude);
		fl_arg_f8(args, in->location.latitude);
	} else {
		fl_arg_null(args, FL_DB_F8);
		fl_arg_null(args, FL_DB_F8);
	}
}

static fl_err inspection_args(fl_ctx *ctx, const filing *f, fl_args *args)
{
	const fl_inspection *in = &f->in;
	fl_str items;
	FL_TRY(items_text(ctx, in, &items));
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, in->id);
	fl_arg_i32(args, in->vehicle_id);
	fl_arg_i32(args, in->trailer_id);
	fl_arg_text(args, in->vehicle_text);
	fl_arg_text(args, in->trailer_text);
	fl_arg_i16(args, in->kind);
	fl_arg_i16(args, in->state);
	fl_arg_bool(args, in->safe);
	fl_arg_i32(args, in->made_by);
	fl_arg_i32(args, in->driver_id);
	fl_arg_time(args, in->inspected_at);
	if (in->has_odometer)
		fl_arg_i32(args, in->odometer_km);
	else
		fl_arg_null(args, FL_DB_I32);
	arg_place(args, in);
	fl_arg_text(args, in->place);
	fl_arg_i32(args, in->template_id);
	fl_arg_i32(args, in->template_version);
	fl_arg_jsonb(args, items);
	fl_arg_text(args, in->note);
	fl_arg_text(args, f->draft->idempotency_key.len ? f->draft->idempotency_key : (fl_str) {});
	return args->err;
}

static const fl_sql defects_insert = { "inspection_defects_insert",
	"INSERT INTO inspection_defects (tenant_id, inspection_id, id, vehicle_id, item, title, note, severity, unsafe, report_id)"
	" SELECT $1, $2, u.id, u.vehicle, u.item, u.title, u.note, nullif(u.severity, 0), u.unsafe <> 0, u.report"
	" FROM unnest($3::int2[], $4::int[], $5::text[], $6::text[], $7::text[], $8::int2[], $9::int2[], $10::uuid[])"
	" AS u(id, vehicle, item, title, note, severity, unsafe, report)",
	.write = true };

static fl_err defect_args(fl_ctx *ctx, const filing *f, fl_args *args)
{
	int16_t ids[FL_INSPECTION_DEFECTS_MAX], severities[FL_INSPECTION_DEFECTS_MAX], unsafe[FL_INSPECTION_DEFECTS_MAX];
	int32_t vehicles[FL_INSPECTION_DEFECTS_MAX];
	fl_str items[FL_INSPECTION_DEFECTS_MAX], titles[FL_INSPECTION_DEFECTS_MAX], notes[FL_INSPECTION_DEFECTS_MAX];
	fl_uuid reports[FL_INSPECTION_DEFECTS_MAX];
	size_t n = f->draft->defect_count;
	for (size_t i = 0; i < n; i++) {
		const fl_defect *d = &f->defects[i];
		ids[i] = d->id;
		severities[i] = d->severity;
		unsafe[i] = d->unsafe;
		vehicles[i] = d->vehicle_id;
		items[i] = d->item;
		titles[i] = d->title;
		notes[i] = d->note;
		reports[i] = d->report_id;
	}
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, f->in.id);
	fl_arg_i16s(args, ids, n);
	fl_arg_i32s(args, vehicles, n);
	fl_arg_texts(args, items, n);
	fl_arg_texts(args, titles, n);
	fl_arg_texts(args, notes, n);
	fl_arg_i16s(args, severities, n);
	fl_arg_i16s(args, unsafe, n);
	fl_arg_uuids(args, reports, n);
	return args->err;
}

static fl_err write_all(fl_ctx *ctx, filing *f)
{
	const fl_defect *defects[FL_INSPECTION_DEFECTS_MAX];
	size_t n = f->draft->defect_count;
	for (size_t i = 0; i < n; i++)
		defects[i] = &f->defects[i];
	fl_stmt stmts[4] = { { &inspection_insert, &f->args[0], NULL }, { &defects_insert, &f->args[1], NULL },
		{ &fl_signature_insert, &f->args[2], NULL } };
	FL_TRY(inspection_args(ctx, f, &f->args[0]));
	FL_TRY(defect_args(ctx, f, &f->args[1]));
	FL_TRY(fl_signature_args(ctx, &f->signature, &f->args[2]));
	FL_TRY(fl_inspection_events(ctx, FL_EVENT_INSPECTION_SUBMITTED, FL_EVENT_INSPECTION_FOUND, &f->in, defects, n, &f->signature, &f->args[3],
		&stmts[3]));
	return await_statements(ctx, ctx->services->db, stmts, FL_COUNT(stmts));
}

/* ---- all of it ---- */

static fl_err key_find(fl_ctx *ctx, fl_str key, bool *found, fl_uuid *out)
{
	static const fl_sql sql = { "inspection_key", "SELECT id FROM inspections WHERE made_by = $1 AND idempotency_key = $2", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	*found = false;
	if (key.len == 0)
		return FL_OK;
	fl_arg_i32(&args, ctx->caller.user_id);
	fl_arg_text(&args, key);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*found = rows->count > 0;
	if (*found)
		*out = fl_row_uuid(rows, 0, 0);
	return FL_OK;
}

static fl_err driver_of(fl_ctx *ctx, int32_t *out)
{
	static const fl_sql sql = { "driver_of_user", "SELECT driver_id FROM users WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*out = rows->count ? fl_row_i32(rows, 0, 0) : 0;
	return FL_OK;
}

/* Nothing is lost when the same reading is there already. */
static fl_err keep_odometer(fl_ctx *ctx, const fl_inspection *in, fl_warnings *warnings)
{
	if (!in->has_odometer)
		return FL_OK;
	fl_err err = fl_odometer_record(
		ctx, &(fl_odometer) { .vehicle_id = in->vehicle_id, .km = in->odometer_km, .read_at = in->inspected_at }, warnings);
	if (err != FL_DUPLICATE)
		return err;
	ctx->diag.text[0] = 0;
	return FL_OK;
}

static fl_str or_null(fl_str text)
{
	fl_str trimmed = fl_str_trim(text);
	return trimmed.len ? trimmed : (fl_str) {};
}

/* A degree's sixth digit is a decimetre: what is signed holds no more. */
static double rounded(double degrees)
{
	return round(degrees * 1e6) / 1e6;
}

static fl_err prepare(fl_ctx *ctx, filing *f, const fl_inspection_policy *policy)
{
	const fl_inspection_draft *draft = f->draft;
	int64_t now = fl_now_us();
	f->in = (fl_inspection) { .id = fl_uuid7(now),
		.vehicle_id = draft->vehicle_id,
		.trailer_id = draft->trailer_id,
		.kind = draft->kind,
		.safe = draft->safe,
		.made_by = ctx->caller.user_id,
		.inspected_at = draft->inspected_at ? draft->inspected_at : now,
		.has_odometer = draft->has_odometer,
		.odometer_km = draft->odometer_km,
		.has_location = draft->has_location,
		.location = { rounded(draft->location.latitude), rounded(draft->location.longitude) },
		.place = or_null(draft->place),
		.note = or_null(draft->note),
		.version = 1 };
	FL_TRY(take_template(ctx, f, policy));
	FL_TRY(take_vehicle(ctx, draft->vehicle_id, &f->in.vehicle_text));
	if (draft->trailer_id)
		FL_TRY(take_vehicle(ctx, draft->trailer_id, &f->in.trailer_text));
	f->in.state = (int16_t)fl_inspection_step(FL_INSPECTION_NONE, FL_INSPECTION_SUBMIT, draft->defect_count > 0);
	return driver_of(ctx, &f->in.driver_id);
}

static fl_err file(fl_ctx *ctx, filing *f, fl_submitted *out)
{
	bool found = false;
	FL_TRY(take_defects(ctx, f));
	FL_TRY(fl_signature_make(ctx, &f->in, f->defects, f->draft->defect_count, FL_SIGNER_DRIVER, &f->draft->signing, (fl_str) {}, NULL, &f->signature));
	fl_err err = write_all(ctx, f);
	out->id = f->in.id;
	if (err == FL_DUPLICATE) { /* the same, sent twice at once */
		FL_TRY(key_find(ctx, f->draft->idempotency_key, &found, &out->id));
		return found ? FL_OK : err;
	}
	FL_TRY(err);
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

fl_err fl_inspection_submit(fl_ctx *ctx, const fl_inspection_draft *draft, fl_submitted *out)
{
	fl_inspection_policy policy;
	*out = (fl_submitted) {};
	FL_TRY(fl_must(ctx, FL_MAY_INSPECT));
	FL_TRY(fl_inspection_draft_check(ctx, draft));
	FL_TRY(key_find(ctx, draft->idempotency_key, &out->filed, &out->id));
	if (out->filed)
		return FL_OK;
	filing *f = fl_new(ctx->mem, filing);
	if (!f)
		return FL_NOMEM;
	f->draft = draft;
	FL_TRY(fl_inspection_policy_get(ctx, &policy));
	FL_TRY(prepare(ctx, f, &policy));
	FL_TRY(keep_odometer(ctx, &f->in, &out->warnings));
	out->filed = draft->defect_count > 0 || policy.no_defect_reports;
	return out->filed ? file(ctx, f, out) : FL_OK;
}
