/* Zones of reports, and what was damaged on a vehicle at a moment. */
#include "api/group_int.h"
#include "fleet/report/zone.h"

/* ---- DamageReport.zones ---- */

fl_err fl_api_report_zones(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_uuid keys;
	fl_zone *rows;
	size_t count;
	FL_TRY(fl_api_report_keys(ctx, batch, &keys));
	FL_TRY(fl_zones_of_reports(ctx, keys.keys, keys.count, &rows, &count));
	return fl_api_scatter(ctx, rows, sizeof(rows[0]), count, &keys, offsetof(fl_zone, report_id), batch);
}

/* ---- DamageZone ---- */

static fl_err corners(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_zone *zone = parent;
	*out = fl_gql_rows(zone->corners, sizeof(zone->corners[0]), zone->corner_count);
	return FL_OK;
}

static fl_err size_mm(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_zone *zone = parent;
	*out = zone->size_mm ? fl_gql_int(zone->size_mm) : fl_gql_null();
	return FL_OK;
}

static fl_err photo_id(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_zone *zone = parent;
	*out = zone->photo ? fl_gql_int(zone->photo) : fl_gql_null();
	return FL_OK;
}

const struct fl_api_damage_zone fl_api_damage_zone = {
	.id = FL_COLUMN(fl_zone, id),
	.part = FL_COLUMN(fl_zone, part),
	.side = FL_COLUMN(fl_zone, side),
	.kind = FL_COLUMN(fl_zone, kind),
	.size_mm = FL_GETTER(size_mm),
	.severity = FL_COLUMN(fl_zone, severity),
	.viewpoint = FL_COLUMN(fl_zone, viewpoint),
	.corners = FL_GETTER(corners),
	.photo_id = FL_GETTER(photo_id),
	.note = FL_COLUMN(fl_zone, note),
	.state = FL_COLUMN(fl_zone, state),
	.created_at = FL_COLUMN(fl_zone, created_at),
	.closed_at = FL_COLUMN(fl_zone, closed_at),
};

const struct fl_api_zone_corner fl_api_zone_corner = {
	.x = FL_COLUMN(fl_corner, x),
	.y = FL_COLUMN(fl_corner, y),
};

/* ---- Vehicle.damagesAt ---- */

fl_err fl_api_vehicle_damages(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	fl_damage *rows;
	size_t count;
	int32_t *ids;
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_vehicle, id), &keys, &ids));
	FL_TRY(fl_damages_of_vehicles(
		ctx, ids, keys.count, fl_gql_int_or(fl_gql_arg(field, "at"), fl_now_us()), &rows, &count));
	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_damage, vehicle_id), &keys, batch);
}

static bool damage_report_key(const void *parent, fl_uuid *out)
{
	*out = ((const fl_damage *)parent)->report_id;
	return true;
}

static fl_err damage_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, damage_report_key, batch);
}

const struct fl_api_vehicle_damage fl_api_vehicle_damage = {
	.report = FL_BATCH(damage_report),
	.zone = FL_INSIDE_IF(fl_damage, zone, has_zone),
	.since = FL_COLUMN(fl_damage, since),
	.until = FL_COLUMN(fl_damage, until),
};

/* ---- Changes ---- */

typedef struct zone_answer {
	const fl_report *report;
	int32_t zone;
} zone_answer;

const struct fl_api_damage_zone_payload fl_api_damage_zone_payload = {
	.report = FL_POINTER(zone_answer, report),
	.zone_id = FL_COLUMN(zone_answer, zone),
};

static fl_err answer(fl_ctx *ctx, fl_uuid report, int32_t zone, fl_gql_batch *batch)
{
	fl_report *rows;
	size_t count;
	zone_answer *made = fl_new(ctx->mem, zone_answer);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_reports_get(ctx, &report, 1, &rows, &count));
	if (count == 0)
		return FL_NOT_FOUND;
	*made = (zone_answer) { rows, zone };
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

/* A number within a report, as an ID. */
static fl_err small_id(fl_ctx *ctx, const char *what, const fl_gql_value *value, int16_t *out)
{
	int32_t number;
	FL_TRY(fl_api_id(ctx, what, value, &number));
	if (number > INT16_MAX)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no %s %d", what, number);
	*out = (int16_t)number;
	return FL_OK;
}

static fl_err read_input(fl_ctx *ctx, const fl_gql_value *in, fl_zone *out)
{
	const fl_gql_value *list = fl_gql_member(in, "corners"), *photo = fl_gql_member(in, "photoId"),
			   *size = fl_gql_member(in, "sizeMm");
	*out = (fl_zone) {
		.part = (int16_t)fl_gql_int_or(fl_gql_member(in, "part"), 0),
		.side = (int16_t)fl_gql_int_or(fl_gql_member(in, "side"), 0),
		.kind = (int16_t)fl_gql_int_or(fl_gql_member(in, "kind"), 0),
		.severity = (int16_t)fl_gql_int_or(fl_gql_member(in, "severity"), 0),
		.viewpoint = (int16_t)fl_gql_int_or(fl_gql_member(in, "viewpoint"), 0),
		.size_mm = (int32_t)fl_gql_int_or(size, 0),
		.note = fl_gql_text(fl_gql_member(in, "note")),
	};
	if (fl_gql_given(size) && out->size_mm == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "sizeMm is 0; it goes from 1 to %d", FL_ZONE_SIZE_MAX_MM);
	if (fl_gql_given(photo))
		FL_TRY(small_id(ctx, "photoId", photo, &out->photo));
	if (!fl_gql_given(list))
		return FL_OK;
	fl_corner *made = fl_new_array(ctx->mem, fl_corner, list->count);
	if (!made)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++)
		made[i] = (fl_corner) { fl_gql_float_or(fl_gql_member(&list->items[i], "x"), -1),
			fl_gql_float_or(fl_gql_member(&list->items[i], "y"), -1) };
	out->corners = made;
	out->corner_count = list->count;
	return FL_OK;
}

static int32_t version_of(const fl_gql_value *in)
{
	return (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0);
}

fl_err fl_api_add_damage_zone(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_uuid report;
	fl_zone zone;
	int16_t id = 0;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(read_input(ctx, fl_gql_member(in, "zone"), &zone));
	FL_TRY(fl_zone_add(ctx, report, version_of(in), &zone, &id));
	return answer(ctx, report, id, batch);
}

fl_err fl_api_change_damage_zone(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_uuid report;
	fl_zone zone;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(read_input(ctx, fl_gql_member(in, "zone"), &zone));
	FL_TRY(small_id(ctx, "zoneId", fl_gql_member(in, "zoneId"), &zone.id));
	FL_TRY(fl_zone_change(ctx, report, version_of(in), &zone));
	return answer(ctx, report, zone.id, batch);
}

static fl_err close_zone(fl_ctx *ctx, const fl_gql_field *field, fl_zone_state how, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_uuid report;
	int16_t id = 0;
	FL_TRY(fl_api_uuid(ctx, "reportId", fl_gql_member(in, "reportId"), &report));
	FL_TRY(small_id(ctx, "zoneId", fl_gql_member(in, "zoneId"), &id));
	FL_TRY(fl_zone_close(ctx, report, version_of(in), id, how));
	return answer(ctx, report, id, batch);
}

fl_err fl_api_repair_damage_zone(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return close_zone(ctx, field, FL_ZONE_REPAIRED, batch);
}

fl_err fl_api_remove_damage_zone(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return close_zone(ctx, field, FL_ZONE_REMOVED, batch);
}
