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

/* ---- the words ---- */

static fl_err check_time(fl_ctx *ctx, const fl_inspection_draft *draft)
{
	int64_t now = fl_now_us();
	if (draft->inspected_at > now + 5 * FL_MINUTE_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the inspection lies in the future");
	if (draft->inspected_at && draft->inspected_at < now - FL_INSPECTION_OLD_DAYS_MAX * FL_DAY_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the inspection is older than %d days; it can be sent for that long", FL_INSPECTION_OLD_DAYS_MAX);
	return FL_OK;
}

static fl_err check_defect(fl_ctx *ctx, const fl_inspection_draft *draft, size_t i)
{
	const fl_defect_draft *d = &draft->defects[i];
	if (fl_str_trim(d->note).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say of defect %zu what is wrong: its note is empty", i + 1);
	FL_TRY(fl_text_check(&ctx->diag, "the note of a defect", d->note, FL_INSPECTION_NOTE_MAX));
	if (d->on_trailer && !draft->trailer_id)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "defect %zu is on the trailer, but no trailer was named", i + 1);
	if (d->has_report && (d->photo_count || d->new_report))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "defect %zu names a report that is there; photos and newReport belong to a new one", i + 1);
	return FL_OK;
}

static bool any_unsafe(const fl_inspection_draft *draft)
{
	for (size_t i = 0; i < draft->defect_count; i++)
		if (draft->defects[i].unsafe)
			return true;
	return false;
}

static fl_err check_draft(fl_ctx *ctx, const fl_inspection_draft *draft)
{
	FL_TRY(fl_signing_check(ctx, &draft->signing));
	FL_TRY(check_time(ctx, draft));
	FL_TRY(fl_text_check(&ctx->diag, "the place", draft->place, FL_INSPECTION_PLACE_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the note", draft->note, FL_INSPECTION_NOTE_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the idempotency key", draft->idempotency_key, FL_IDEMPOTENCY_KEY_MAX - 60));
	if (draft->trailer_id == draft->vehicle_id)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the trailer is the vehicle itself; name another one, or none");
	if (draft->has_odometer && (draft->odometer_km < 0 || draft->odometer_km > 10000000))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the odometer reads %d km; it goes from 0 to 10,000,000", draft->odometer_km);
	fl_point at = draft->location;
	if (draft->has_location && !(at.latitude >= -90 && at.latitude <= 90 && at.longitude >= -180 && at.longitude <= 180))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the location is not on Earth: latitude -90 to 90, longitude -180 to 180");
	if (draft->defect_count > FL_INSPECTION_DEFECTS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%zu defects were given; an inspection takes %d", draft->defect_count, FL_INSPECTION_DEFECTS_MAX);
	for (size_t i = 0; i < draft->defect_count; i++)
		FL_TRY(check_defect(ctx, draft, i));
	if (any_unsafe(draft) == draft->safe)
		return draft->safe ? fl_fail(&ctx->diag, FL_BAD_INPUT, "the vehicle was called safe to operate, but a defect was called unsafe")
				   : fl_fail(&ctx->diag, FL_BAD_INPUT, "the vehicle was called not safe to operate: name the defect that makes it so, as unsafe");
	return FL_OK;
}

/* ---- the checklist ---- */

static const fl_answered_item *answer_of(const fl_inspection_draft *draft, fl_str key, size_t *times)
{
	const fl_answered_item *found = NULL;
	*times = 0;
	for (size_t i = 0; i < draft->item_count; i++)
		if (fl_str_eq(draft->items[i].key, key)) {
			found = &draft->items[i];
			++*times;
		}
	return found;
}

static bool has_defect(const fl_inspection_draft *draft, fl_str key)
{
	for (size_t i = 0; i < draft->defect_count; i++)
		if (fl_str_eq(draft->defects[i].item, key))
			return true;
	return false;
}

static fl_err take_item(fl_ctx *ctx, const fl_inspection_draft *draft, const fl_inspection_item *item, fl_answered_item *out)
{
	size_t times;
	const fl_answered_item *answer = answer_of(draft, item->key, &times);
	if (times != 1)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " (%" FL_FMT ") was %s: answer each item of the checklist once", FL_ARG(item->key),
			FL_ARG(item->title), times ? "answered more than once" : "not answered");
	assert(answer);
	if ((answer->result == FL_ITEM_DEFECT) != has_defect(draft, item->key))
		return answer->result == FL_ITEM_DEFECT
			? fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " was answered as defective: describe the defect", FL_ARG(item->key))
			: fl_fail(&ctx->diag, FL_BAD_INPUT, "a defect of %" FL_FMT " was described: answer the item as defective", FL_ARG(item->key));
	*out = (fl_answered_item) { item->key, item->title, answer->result };
	return FL_OK;
}

static bool is_item(const fl_inspection_template *template, fl_str key)
{
	for (size_t i = 0; i < template->item_count; i++)
		if (fl_str_eq(template->items[i].key, key))
			return true;
	return false;
}

static fl_err unknown_item(fl_ctx *ctx, fl_str key)
{
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "'%.*s' is no item of this checklist", (int)FL_MIN(key.len, 60), key.ptr);
}

static fl_err take_items(fl_ctx *ctx, filing *f, const fl_inspection_template *template)
{
	const fl_inspection_draft *draft = f->draft;
	f->in.items = fl_new_array(ctx->mem, fl_answered_item, template->item_count);
	if (!f->in.items)
		return FL_NOMEM;
	for (size_t i = 0; i < draft->item_count; i++)
		if (!is_item(template, draft->items[i].key))
			return unknown_item(ctx, draft->items[i].key);
	for (size_t i = 0; i < draft->defect_count; i++)
		if (!is_item(template, draft->defects[i].item))
			return unknown_item(ctx, draft->defects[i].item);
	for (size_t i = 0; i < template->item_count; i++)
		FL_TRY(take_item(ctx, draft, &template->items[i], &f->in.items[f->in.item_count++]));
	f->in.template_id = template->id;
	f->in.template_version = template->version;
	return FL_OK;
}

static fl_err take_template(fl_ctx *ctx, filing *f, const fl_inspection_policy *policy)
{
	fl_inspection_template *template = NULL;
	FL_TRY(fl_inspection_template_get(ctx, f->draft->has_template ? f->draft->template_id : policy->template_id, 0, &template));
	if (template->retired_at)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this checklist is out of use; take another one");
	return take_items(ctx, f, template);
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

/* ---- the reports behind the defects ---- */

static fl_str title_of(const fl_inspection *in, fl_str key)
{
	for (size_t i = 0; i < in->item_count; i++)
		if (fl_str_eq(in->items[i].key, key))
			return in->items[i].title;
	return key;
}

/* A report of any driver will do: a defect of a vehicle of the company is everybody's who drives it. */
static fl_err check_report(fl_ctx *ctx, const fl_defect *d, size_t number)
{
	static const fl_sql sql = { "defect_report", "SELECT vehicle_id, status FROM damage_reports WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, d->report_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0 || fl_row_i32(rows, 0, 0) != d->vehicle_id)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "defect %zu names a report that this vehicle does not have", number);
	if (fl_row_i16(rows, 0, 1) >= FL_STATUS_COMPLETED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report that defect %zu names is closed; leave it out, and a new one is filed", number);
	return FL_OK;
}

/* Which of the reports are open and of the vehicle: the first of them. */
static fl_err first_open(fl_ctx *ctx, const fl_rows *found, fl_defect *d, bool *joined)
{
	static const fl_sql sql = { "defect_reports_open",
		"SELECT id FROM damage_reports WHERE id = ANY($1) AND id >= $2 AND id <= $3 AND vehicle_id = $4 AND status < $5", .generic = true };
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, (size_t)found->count), low = fl_row_uuid(found, 0, 0), high = low;
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	if (!ids)
		return FL_NOMEM;
	for (int i = 0; i < found->count; i++) {
		ids[i] = fl_row_uuid(found, i, 0);
		low = fl_uuid_cmp(ids[i], low) < 0 ? ids[i] : low;
		high = fl_uuid_cmp(ids[i], high) > 0 ? ids[i] : high;
	}
	fl_arg_uuids(&args, ids, (size_t)found->count);
	fl_arg_uuid(&args, low); /* months before and after need not be looked at */
	fl_arg_uuid(&args, high);
	fl_arg_i32(&args, d->vehicle_id);
	fl_arg_i16(&args, FL_STATUS_COMPLETED);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	for (int i = 0; i < found->count && !*joined; i++)
		for (int k = 0; k < rows->count && !*joined; k++) {
			d->report_id = ids[i];
			*joined = fl_uuid_eq(ids[i], fl_row_uuid(rows, k, 0));
		}
	return FL_OK;
}

/* The open report behind an open defect of the same item: a broken lamp is not a new one each morning. */
static fl_err join_report(fl_ctx *ctx, fl_defect *d, bool *joined)
{
	static const fl_sql sql = { "defect_join",
		"SELECT report_id FROM inspection_defects WHERE vehicle_id = $1 AND state = 1 AND item = $2 ORDER BY inspection_id DESC LIMIT 20",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, d->vehicle_id);
	fl_arg_text(&args, d->item);
	*joined = false;
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return rows->count ? first_open(ctx, rows, d, joined) : FL_OK;
}

static fl_err new_report(fl_ctx *ctx, const filing *f, const fl_defect_draft *given, fl_defect *d)
{
	fl_str own = f->draft->idempotency_key.len ? f->draft->idempotency_key : fl_uuid_str(ctx->mem, f->in.id);
	fl_report_draft draft = {
		.vehicle_id = d->vehicle_id,
		.description = fl_str_fmt(ctx->mem, "%" FL_FMT ": %" FL_FMT, FL_ARG(d->title), FL_ARG(d->note)),
		.photos = given->photos,
		.photo_count = given->photo_count,
		.incident_at = f->in.inspected_at,
		.has_location = f->in.has_location,
		.location = f->in.location,
		.idempotency_key = fl_str_fmt(ctx->mem, "inspection %" FL_FMT " defect %d", FL_ARG(own), d->id),
	};
	if (!draft.description.ptr || !draft.idempotency_key.ptr)
		return FL_NOMEM;
	return fl_report_create(ctx, &draft, &d->report_id);
}

static fl_err take_report(fl_ctx *ctx, const filing *f, size_t i, fl_defect *d)
{
	const fl_defect_draft *given = &f->draft->defects[i];
	bool joined = false;
	if (given->has_report) {
		d->report_id = given->report_id;
		return check_report(ctx, d, i + 1);
	}
	if (!given->new_report && given->photo_count == 0)
		FL_TRY(join_report(ctx, d, &joined));
	return joined ? FL_OK : new_report(ctx, f, given, d);
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
			FL_TRY(take_report(ctx, f, i, &f->defects[i]));
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
	FL_TRY(check_draft(ctx, draft));
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
