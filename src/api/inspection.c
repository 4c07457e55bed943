/* Inspections: their types and lists. Their changes: inspection_in.c. */
#include "api/connection_int.h"
#include "fleet/inspection/inspection.h"

/* ---- references ---- */

static int32_t vehicle_key(const void *parent)
{
	return ((const fl_inspection *)parent)->vehicle_id;
}

static int32_t trailer_key(const void *parent)
{
	return ((const fl_inspection *)parent)->trailer_id;
}

static int32_t maker_key(const void *parent)
{
	return ((const fl_inspection *)parent)->made_by;
}

static int32_t driver_key(const void *parent)
{
	return ((const fl_inspection *)parent)->driver_id;
}

static fl_err vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { vehicle_key, fl_api_load_vehicles }, batch);
}

static fl_err trailer(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { trailer_key, fl_api_load_vehicles }, batch);
}

static fl_err made_by(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { maker_key, fl_api_load_people }, batch);
}

static fl_err driver(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { driver_key, fl_api_load_drivers }, batch);
}

/* ---- Inspection ---- */

static fl_err items(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_inspection *in = parent;
	*out = fl_gql_rows(in->items, sizeof(in->items[0]), in->item_count);
	return FL_OK;
}

static fl_err pdf_url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	char id[FL_UUID_TEXT + 1];
	fl_uuid_format(((const fl_inspection *)parent)->id, id);
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "/inspections/%s.pdf", id));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

/* 0 is an id here. */
static fl_err checklist_id(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "%d", ((const fl_inspection *)parent)->template_id));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err defects(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_defect *rows;
	size_t count;
	FL_TRY(fl_api_uuid_keys(ctx, batch, offsetof(fl_inspection, id), &keys));
	FL_TRY(fl_defects_of(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_defect, inspection_id), batch);
}

static fl_err signatures(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_signature *rows;
	size_t count;
	FL_TRY(fl_api_uuid_keys(ctx, batch, offsetof(fl_inspection, id), &keys));
	FL_TRY(fl_signatures_of(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_signature, inspection_id), batch);
}

const struct fl_api_inspection fl_api_inspection = {
	.id = FL_COLUMN(fl_inspection, id),
	.vehicle = FL_BATCH(vehicle),
	.vehicle_text = FL_COLUMN(fl_inspection, vehicle_text),
	.trailer = FL_BATCH(trailer),
	.trailer_text = FL_COLUMN(fl_inspection, trailer_text),
	.kind = FL_COLUMN(fl_inspection, kind),
	.state = FL_COLUMN(fl_inspection, state),
	.safe_to_operate = FL_COLUMN(fl_inspection, safe),
	.made_by = FL_BATCH(made_by),
	.driver = FL_BATCH(driver),
	.inspected_at = FL_COLUMN(fl_inspection, inspected_at),
	.submitted_at = FL_COLUMN(fl_inspection, submitted_at),
	.odometer_km = FL_OPTIONAL(fl_inspection, odometer_km, has_odometer),
	.location = FL_INSIDE_IF(fl_inspection, location, has_location),
	.place = FL_COLUMN(fl_inspection, place),
	.note = FL_COLUMN(fl_inspection, note),
	.checklist_id = FL_GETTER(checklist_id),
	.checklist_version = FL_COLUMN(fl_inspection, template_version),
	.items = FL_GETTER(items),
	.defects = FL_BATCH(defects),
	.signatures = FL_BATCH(signatures),
	.version = FL_COLUMN(fl_inspection, version),
	.pdf_url = FL_GETTER(pdf_url),
};

const struct fl_api_inspected_item fl_api_inspected_item = {
	.key = FL_COLUMN(fl_answered_item, key),
	.title = FL_COLUMN(fl_answered_item, title),
	.result = FL_COLUMN(fl_answered_item, result),
};

/* ---- InspectionDefect ---- */

static int32_t defect_vehicle_key(const void *parent)
{
	return ((const fl_defect *)parent)->vehicle_id;
}

static fl_err defect_vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { defect_vehicle_key, fl_api_load_vehicles }, batch);
}

static bool defect_report_key(const void *parent, fl_uuid *out)
{
	*out = ((const fl_defect *)parent)->report_id;
	return true;
}

static fl_err defect_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, defect_report_key, batch);
}

static fl_err defect_inspection(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_inspection *rows;
	size_t count;
	FL_TRY(fl_api_uuid_keys(ctx, batch, offsetof(fl_defect, inspection_id), &keys));
	FL_TRY(fl_inspections_get(ctx, keys.keys, keys.count, &rows, &count));
	for (size_t i = 0; i < batch->count; i++)
		for (size_t k = 0; k < count; k++)
			if (fl_uuid_eq(rows[k].id, ((const fl_defect *)batch->parents[i])->inspection_id))
				batch->results[i] = fl_gql_object(&rows[k]);
	return FL_OK;
}

const struct fl_api_inspection_defect fl_api_inspection_defect = {
	.id = FL_COLUMN(fl_defect, id),
	.inspection = FL_BATCH(defect_inspection),
	.vehicle = FL_BATCH(defect_vehicle),
	.item = FL_COLUMN(fl_defect, item),
	.title = FL_COLUMN(fl_defect, title),
	.note = FL_COLUMN(fl_defect, note),
	.severity = FL_COLUMN(fl_defect, severity),
	.unsafe = FL_COLUMN(fl_defect, unsafe),
	.state = FL_COLUMN(fl_defect, state),
	.remark = FL_COLUMN(fl_defect, remark),
	.resolved_at = FL_COLUMN(fl_defect, resolved_at),
	.report = FL_BATCH(defect_report),
};

/* ---- InspectionSignature ---- */

static int32_t account_key(const void *parent)
{
	return ((const fl_signature *)parent)->user_id;
}

static fl_err account(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { account_key, fl_api_load_people }, batch);
}

static fl_err strokes(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_signature *s = parent;
	*out = fl_gql_rows(s->strokes, sizeof(s->strokes[0]), s->stroke_count);
	return FL_OK;
}

static fl_err points(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_stroke *stroke = parent;
	fl_gql_value *made = fl_new_array(ctx->mem, fl_gql_value, stroke->count);
	if (!made)
		return FL_NOMEM;
	for (size_t i = 0; i < stroke->count; i++)
		made[i] = fl_gql_float(stroke->xy[i] / 10000.0);
	*out = fl_gql_list(made, stroke->count);
	return FL_OK;
}

const struct fl_api_inspection_signature fl_api_inspection_signature = {
	.id = FL_COLUMN(fl_signature, id),
	.signer = FL_COLUMN(fl_signature, role),
	.name = FL_COLUMN(fl_signature, name),
	.account = FL_BATCH(account),
	.signed_at = FL_COLUMN(fl_signature, signed_at),
	.statement = FL_COLUMN(fl_signature, statement),
	.remark = FL_COLUMN(fl_signature, remark),
	.strokes = FL_GETTER(strokes),
	.sha256 = FL_COLUMN(fl_signature, sha256_hex),
};
const struct fl_api_signature_stroke fl_api_signature_stroke = { .points = FL_GETTER(points) };

/* ---- InspectionProof ---- */

static fl_err checks(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_inspection_proof *proof = parent;
	*out = fl_gql_rows(proof->checks, sizeof(proof->checks[0]), proof->check_count);
	return FL_OK;
}

const struct fl_api_inspection_proof fl_api_inspection_proof = {
	.valid = FL_COLUMN(fl_inspection_proof, valid),
	.problem = FL_COLUMN(fl_inspection_proof, problem),
	.signatures = FL_GETTER(checks),
};
const struct fl_api_signature_proof fl_api_signature_proof = {
	.signature = FL_POINTER(fl_signature_check, signature),
	.valid = FL_COLUMN(fl_signature_check, valid),
	.problem = FL_COLUMN(fl_signature_check, problem),
};

fl_err fl_api_verify_inspection(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_inspection_proof *proof = fl_new(ctx->mem, fl_inspection_proof);
	fl_uuid id;
	if (!proof)
		return FL_NOMEM;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(fl_inspection_verify(ctx, id, proof));
	batch->results[0] = fl_gql_object(proof);
	return FL_OK;
}

/* ---- lists ---- */

static fl_str inspection_key(fl_ctx *ctx, const void *row)
{
	return fl_uuid_bytes(&((const fl_inspection *)row)->id);
}

static const fl_api_list inspections = { FL_CURSOR_INSPECTION, sizeof(fl_inspection), inspection_key };

static fl_err cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_cursor(ctx, &inspections, parent, out);
}

const struct fl_api_inspection_connection fl_api_inspection_connection = {
	.edges = FL_GETTER(fl_api_page_rows),
	.nodes = FL_GETTER(fl_api_page_rows),
	.page_info = FL_GETTER(fl_api_page_info_get),
};
const struct fl_api_inspection_edge fl_api_inspection_edge = { .cursor = FL_GETTER(cursor), .node = FL_SELF };

static fl_err find(fl_ctx *ctx, const fl_gql_field *field, const fl_inspection_filter *filter, fl_gql_batch *batch)
{
	fl_gql_page page;
	fl_inspection *rows;
	fl_uuid after;
	size_t count;
	FL_TRY(fl_api_page_args(ctx, field, &inspections, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	FL_TRY(fl_inspections_find(ctx, filter, later ? &after : NULL, page.first + 1, &rows, &count));
	return fl_api_page_make(ctx, &inspections, rows, count, &page, &batch->results[0]);
}

fl_err fl_api_inspections(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "filter"), *by = fl_gql_member(in, "vehicleId");
	fl_inspection_filter filter = {};
	if (fl_gql_given(in)) {
		FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "state"), &filter.states, &filter.state_count));
		if (fl_gql_given(by))
			FL_TRY(fl_api_id(ctx, "vehicleId", by, &filter.vehicle_id));
		filter.unsafe = fl_gql_bool_or(fl_gql_member(in, "unsafe"), false);
		filter.after = fl_gql_int_or(fl_gql_member(in, "submittedAfter"), 0);
		filter.before = fl_gql_int_or(fl_gql_member(in, "submittedBefore"), 0);
	}
	return find(ctx, field, &filter, batch);
}

fl_err fl_api_inspections_awaiting_mechanic(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	static const int16_t state = FL_INSPECTION_AWAITS_MECHANIC;
	return find(ctx, field, &(fl_inspection_filter) { .states = &state, .state_count = 1 }, batch);
}

fl_err fl_api_inspection_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_inspection *rows;
	size_t count;
	fl_uuid id;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(fl_inspections_get(ctx, &id, 1, &rows, &count));
	batch->results[0] = fl_gql_object(count ? rows : NULL);
	return FL_OK;
}

/* ---- Vehicle, DamageReport ---- */

typedef struct vehicles {
	fl_gql_keys_i64 keys;
	int32_t *ids;
} vehicles;

static fl_err vehicles_of(fl_ctx *ctx, const fl_gql_batch *batch, vehicles *out)
{
	return fl_api_number_keys(ctx, batch, offsetof(fl_vehicle, id), &out->keys, &out->ids);
}

fl_err fl_api_vehicle_inspections(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_page page;
	fl_api_groups groups;
	fl_inspection *rows;
	int32_t *owners;
	vehicles v;
	fl_uuid after;
	size_t count;
	FL_TRY(fl_api_page_args(ctx, field, &inspections, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	FL_TRY(vehicles_of(ctx, batch, &v));
	FL_TRY(fl_inspections_of_vehicles(ctx, v.ids, v.keys.count, later ? &after : NULL, page.first + 1, &rows, &owners, &count));
	FL_TRY(fl_api_group_numbers(ctx, owners, sizeof(owners[0]), count, &v.keys, &groups));
	return fl_api_pages_scatter(ctx, &inspections, rows, &groups, &page, batch);
}

fl_err fl_api_vehicle_last_inspection(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_inspection *rows;
	int32_t *owners;
	vehicles v;
	size_t count;
	FL_TRY(vehicles_of(ctx, batch, &v));
	FL_TRY(fl_inspections_of_vehicles(ctx, v.ids, v.keys.count, NULL, 1, &rows, &owners, &count));
	const fl_inspection **found = fl_new_array(ctx->mem, const fl_inspection *, v.keys.count);
	if (!found)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		found[fl_gql_find_i64(&v.keys, owners[i])] = &rows[i];
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(found[v.keys.place[i]]);
	return FL_OK;
}

fl_err fl_api_vehicle_open_defects(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_defect *rows;
	vehicles v;
	size_t count;
	FL_TRY(vehicles_of(ctx, batch, &v));
	FL_TRY(fl_open_defects_of(ctx, v.ids, v.keys.count, &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_defect, vehicle_id), &v.keys, batch);
}

fl_err fl_api_vehicle_safe_to_operate(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int32_t *unsafe;
	vehicles v;
	size_t count;
	FL_TRY(vehicles_of(ctx, batch, &v));
	FL_TRY(fl_unsafe_vehicles(ctx, v.ids, v.keys.count, &unsafe, &count));
	bool *is_unsafe = fl_new_array(ctx->mem, bool, v.keys.count);
	if (!is_unsafe)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++)
		is_unsafe[fl_gql_find_i64(&v.keys, unsafe[i])] = true;
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_bool(!is_unsafe[v.keys.place[i]]);
	return FL_OK;
}

fl_err fl_api_report_inspection_defects(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_defect *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_defects_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_defect, report_id), batch);
}
