#include "api/connection_int.h"
#include "api/work_order_int.h"

/* ---- DamageReport ---- */

static int32_t vehicle_key(const void *parent)
{
	return ((const fl_report *)parent)->vehicle_id;
}

static int32_t driver_key(const void *parent)
{
	return ((const fl_report *)parent)->driver_id;
}

static int32_t facility_key(const void *parent)
{
	return ((const fl_report *)parent)->facility_id;
}

static fl_err vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference){ vehicle_key, fl_api_load_vehicles }, batch);
}

static fl_err driver(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference){ driver_key, fl_api_load_drivers }, batch);
}

static fl_err facility(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference){ facility_key, fl_api_load_facilities }, batch);
}

static fl_photo_detail photo_detail(const fl_gql_field *field)
{
	static const int fields[] = { FL_API_PHOTO_TAKEN_AT, FL_API_PHOTO_QUALITY,     FL_API_PHOTO_ANGLE,       FL_API_PHOTO_LOCATION,
				      FL_API_PHOTO_CAMERA,   FL_API_PHOTO_UPLOADED_AT, FL_API_PHOTO_UPLOADED_BY, FL_API_PHOTO_CLIENT };
	uint64_t more = 0;
	for (size_t i = 0; i < FL_COUNT(fields); i++)
		more |= UINT64_C(1) << fields[i];
	return fl_gql_selected(field, "") & more ? FL_PHOTO_ALL : FL_PHOTO_FILE;
}

/* Photos come ordered by report, so those of one report lie side by side. */
static fl_err photos(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_photo_row *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_photos_of_reports(ctx, keys.keys, keys.count, photo_detail(field), &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_photo_row, report_id), batch);
}

static fl_err assessment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_assessment_row *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_assessments_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	const fl_assessment_row **found = fl_new_array(ctx->mem, const fl_assessment_row *, keys.count);
	if (!found)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++) {
		uint32_t place = fl_gql_find_uuid(&keys, rows[i].report_id);
		if (place != FL_GQL_NO_KEY)
			found[place] = &rows[i];
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(found[keys.place[i]]);
	return FL_OK;
}

static fl_err money(fl_ctx *ctx, bool has, int64_t cents, const char *currency, fl_gql_value *out)
{
	fl_money *made = has ? fl_new(ctx->mem, fl_money) : NULL;
	if (has && !made)
		return FL_NOMEM;
	if (made)
		*made = (fl_money){ cents, currency };
	*out = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_cents(fl_ctx *ctx, bool has, int64_t cents, fl_gql_value *out)
{
	const fl_tenant *tenant;
	*out = fl_gql_null();
	if (!has)
		return FL_OK;
	FL_TRY(fl_tenant_get(ctx, &tenant));
	return money(ctx, true, cents, tenant->currency, out);
}

static fl_err estimated_cost(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_report *report = parent;
	return money(ctx, report->has_estimated, report->estimated_cents, report->currency, out);
}

static fl_err actual_cost(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_report *report = parent;
	return money(ctx, report->has_actual, report->actual_cents, report->currency, out);
}

static fl_err text(fl_str made, fl_gql_value *out)
{
	*out = fl_gql_string(made);
	return made.ptr ? FL_OK : FL_NOMEM;
}

static fl_err url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_report *report = parent;
	return text(fl_str_fmt(ctx->mem, "%s/reports/%lld", ctx->services->public_url, (long long)report->number), out);
}

const struct fl_api_damage_report fl_api_damage_report = {
	.id = FL_COLUMN(fl_report, id),
	.number = FL_COLUMN(fl_report, number),
	.status = FL_COLUMN(fl_report, status),
	.severity = FL_COLUMN(fl_report, severity),
	.damage_type = FL_COLUMN(fl_report, damage_type),
	.priority = FL_COLUMN(fl_report, priority),
	.description = FL_COLUMN(fl_report, description),
	.reported_at = FL_COLUMN(fl_report, reported_at),
	.incident_at = FL_COLUMN(fl_report, incident_at),
	.updated_at = FL_COLUMN(fl_report, updated_at),
	.assessed_at = FL_COLUMN(fl_report, assessed_at),
	.completed_at = FL_COLUMN(fl_report, completed_at),
	.vehicle = FL_BATCH(vehicle),
	.driver = FL_BATCH(driver),
	.facility = FL_BATCH(facility),
	.location = FL_INSIDE_IF(fl_report, location, has_location),
	.address = FL_COLUMN(fl_report, address),
	.estimated_cost = FL_GETTER(estimated_cost),
	.actual_cost = FL_GETTER(actual_cost),
	.photos = FL_BATCH(photos),
	.assessment = FL_BATCH(assessment),
	.version = FL_COLUMN(fl_report, version),
	.url = FL_GETTER(url),
	.stage = FL_COLUMN(fl_report, stage),
	.available_transitions = FL_BATCH(fl_api_report_ways),
	.sla_due_at = FL_COLUMN(fl_report, due_at),
	.sla_state = FL_GETTER(fl_api_report_sla_state),
	.duplicate_of = FL_BATCH(fl_api_report_duplicate_of),
	.awaits_second_approval = FL_GETTER(fl_api_report_awaits_second),
	.history = FL_BATCH(fl_api_report_history),
	.zones = FL_BATCH(fl_api_report_zones),
	.comments = FL_BATCH(fl_api_report_comments),
	.hold = FL_BATCH(fl_api_report_hold),
	.attachments = FL_BATCH(fl_api_report_attachments),
	.estimates = FL_BATCH(fl_api_report_estimates),
	.estimate_comparison = FL_BATCH(fl_api_report_estimate_comparison),
	.total_loss = FL_BATCH(fl_api_report_total_loss),
	.approved_amount = FL_GETTER(fl_api_report_approved_amount),
	.work_orders = FL_BATCH(fl_api_report_work_orders),
	.downtimes = FL_BATCH(fl_api_report_downtimes),
	.claim = FL_BATCH(fl_api_report_claim),
	.net_cost = FL_BATCH(fl_api_report_net_cost),
	.inspection_defects = FL_BATCH(fl_api_report_inspection_defects),
	.claim_packs = FL_BATCH(fl_api_report_claim_packs),
};

/* ---- Money, GeoPoint ---- */

static fl_err amount(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return text(fl_money_text(ctx->mem, ((const fl_money *)parent)->cents), out);
}

const struct fl_api_money fl_api_money = {
	.amount = FL_GETTER(amount),
	.currency = FL_COLUMN(fl_money, currency),
};

/* Seven digits behind the point are a centimetre. */
static fl_err geo_json(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_point *p = parent;
	return text(fl_str_fmt(ctx->mem, "{\"type\":\"Point\",\"coordinates\":[%.10g,%.10g]}", p->longitude, p->latitude), out);
}

const struct fl_api_geo_point fl_api_geo_point = {
	.latitude = FL_COLUMN(fl_point, latitude),
	.longitude = FL_COLUMN(fl_point, longitude),
	.geo_json = FL_GETTER(geo_json),
};

/* ---- Photo ---- */

static fl_err photo_url(fl_ctx *ctx, const fl_photo_row *photo, const char *variant, fl_gql_value *out)
{
	char id[FL_UUID_TEXT + 1];
	fl_uuid_format(photo->report_id, id);
	return text(fl_str_fmt(ctx->mem, "/photos/%s/%d/%s", id, photo->id, variant), out);
}

static fl_err original_url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return photo_url(ctx, parent, "original", out);
}

static fl_err view_url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return photo_url(ctx, parent, "view", out);
}

static fl_err thumbnail_url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return photo_url(ctx, parent, "thumb", out);
}

static fl_err problems(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_photo_row *photo = parent;
	fl_gql_value *items = fl_new_array(ctx->mem, fl_gql_value, photo->problem_count);
	if (!items)
		return FL_NOMEM;
	for (size_t i = 0; i < photo->problem_count; i++)
		items[i] = fl_gql_string(photo->problems[i]);
	*out = fl_gql_list(items, photo->problem_count);
	return FL_OK;
}

static fl_err quality(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(((const fl_photo_row *)parent)->has_quality ? parent : NULL);
	return FL_OK;
}

const struct fl_api_photo fl_api_photo = {
	.id = FL_COLUMN(fl_photo_row, id),
	.url = FL_GETTER(original_url),
	.view_url = FL_GETTER(view_url),
	.thumbnail_url = FL_GETTER(thumbnail_url),
	.media_type = FL_COLUMN(fl_photo_row, media_type),
	.size_bytes = FL_COLUMN(fl_photo_row, size_bytes),
	.width = FL_COLUMN(fl_photo_row, width),
	.height = FL_COLUMN(fl_photo_row, height),
	.taken_at = FL_COLUMN(fl_photo_row, taken_at),
	.sha256 = FL_COLUMN(fl_photo_row, sha256_hex),
	.removed_at = FL_COLUMN(fl_photo_row, erased_at),
	.quality = FL_GETTER(quality),
	.angle = FL_COLUMN(fl_photo_row, angle),
	.location = FL_INSIDE_IF(fl_photo_row, place, has_place),
	.camera = FL_COLUMN(fl_photo_row, camera),
	.uploaded_at = FL_COLUMN(fl_photo_row, uploaded_at),
	.uploaded_by = FL_BATCH(fl_api_photo_uploader),
	.client = FL_COLUMN(fl_photo_row, client),
	.custody = FL_BATCH(fl_api_photo_custody),
};

const struct fl_api_photo_quality fl_api_photo_quality = {
	.sharpness = FL_COLUMN(fl_photo_row, sharpness),
	.brightness = FL_COLUMN(fl_photo_row, brightness),
	.problems = FL_GETTER(problems),
};

/* ---- Lists of reports ---- */

static fl_str report_key(fl_ctx *ctx, const void *row)
{
	return fl_uuid_bytes(&((const fl_report *)row)->id);
}

const fl_api_list fl_api_reports = { FL_CURSOR_REPORT, sizeof(fl_report), report_key };

static fl_err report_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_cursor(ctx, &fl_api_reports, parent, out);
}

const struct fl_api_damage_report_connection fl_api_damage_report_connection = {
	.edges = FL_GETTER(fl_api_page_rows),
	.nodes = FL_GETTER(fl_api_page_rows),
	.page_info = FL_GETTER(fl_api_page_info_get),
};

const struct fl_api_damage_report_edge fl_api_damage_report_edge = {
	.cursor = FL_GETTER(report_cursor),
	.node = FL_SELF,
};
