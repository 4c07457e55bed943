#include "api/connection_int.h"
#include "api/work_order_int.h"

/* ---- Loaders by id ---- */

fl_err fl_api_load_vehicles(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count)
{
	fl_vehicle *vehicles;
	FL_TRY(fl_vehicles_get(ctx, ids, count, &vehicles, row_count));
	*rows = vehicles;
	*stride = sizeof(vehicles[0]);
	return FL_OK;
}

fl_err fl_api_load_facilities(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count)
{
	fl_facility *facilities;
	FL_TRY(fl_facilities_get(ctx, ids, count, &facilities, row_count));
	*rows = facilities;
	*stride = sizeof(facilities[0]);
	return FL_OK;
}

fl_err fl_api_load_drivers(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count)
{
	fl_driver *drivers;
	FL_TRY(fl_drivers_get(ctx, ids, count, &drivers, row_count));
	*rows = drivers;
	*stride = sizeof(drivers[0]);
	return FL_OK;
}

/* ---- Vehicle ---- */

static int32_t facility_key(const void *parent)
{
	return ((const fl_vehicle *)parent)->facility_id;
}

static fl_err facility(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference){ facility_key, fl_api_load_facilities }, batch);
}

static fl_err damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_page page;
	fl_gql_keys_i64 keys;
	fl_api_groups groups;
	fl_uuid after;
	fl_report *rows;
	int32_t *ids;
	size_t count;
	FL_TRY(fl_api_page_args(ctx, field, &fl_api_reports, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_vehicle, id), &keys, &ids));
	FL_TRY(fl_reports_of_vehicles(ctx, ids, keys.count, later ? &after : NULL, page.first + 1, &rows, &count));
	FL_TRY(fl_api_group_numbers(ctx, &rows->vehicle_id, sizeof(rows[0]), count, &keys, &groups));
	return fl_api_pages_scatter(ctx, &fl_api_reports, rows, &groups, &page, batch);
}

static fl_err report_url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	static const char hex[] = "0123456789ABCDEF";
	const fl_vehicle *vehicle = parent;
	FL_AUTO_BUF fl_buf url = fl_buf_make(1024);
	fl_buf_str(&url, fl_str_z(ctx->services->public_url));
	fl_buf_lit(&url, "/r/");
	for (size_t i = 0; i < vehicle->name.len; i++) {
		unsigned char c = vehicle->name.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
		if (plain)
			fl_buf_char(&url, (char)c);
		else
			fl_buf_fmt(&url, "%%%c%c", hex[c >> 4], hex[c & 15]);
	}
	FL_TRY(fl_buf_err(&url));
	*out = fl_gql_string(fl_str_dup(ctx->mem, fl_buf_view(&url)));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err value(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const fl_vehicle *vehicle = batch->parents[i];
		FL_TRY(fl_api_cents(ctx, vehicle->has_value, vehicle->value_cents, &batch->results[i]));
	}
	return FL_OK;
}

const struct fl_api_vehicle fl_api_vehicle = {
	.id = FL_COLUMN(fl_vehicle, id),
	.name = FL_COLUMN(fl_vehicle, name),
	.plate = FL_COLUMN(fl_vehicle, plate),
	.vin = FL_COLUMN(fl_vehicle, vin),
	.make = FL_COLUMN(fl_vehicle, make),
	.model = FL_COLUMN(fl_vehicle, model),
	.year = FL_COLUMN(fl_vehicle, year),
	.kind = FL_COLUMN(fl_vehicle, kind),
	.value = FL_BATCH(value),
	.facility = FL_BATCH(facility),
	.jurisdiction = FL_COLUMN(fl_vehicle, jurisdiction),
	.odometer = FL_BATCH(fl_api_vehicle_odometer),
	.assignments = FL_BATCH(fl_api_vehicle_assignments),
	.driver_at = FL_BATCH(fl_api_vehicle_driver_at),
	.retired_at = FL_COLUMN(fl_vehicle, retired_at),
	.version = FL_COLUMN(fl_vehicle, version),
	.damage_reports = FL_BATCH(damage_reports),
	.report_url = FL_GETTER(report_url),
	.risk = FL_BATCH(fl_api_vehicle_risk_of),
	.damages_at = FL_BATCH(fl_api_vehicle_damages),
	.downtimes = FL_BATCH(fl_api_vehicle_downtimes),
	.inspections = FL_BATCH(fl_api_vehicle_inspections),
	.last_inspection = FL_BATCH(fl_api_vehicle_last_inspection),
	.open_defects = FL_BATCH(fl_api_vehicle_open_defects),
	.safe_to_operate = FL_BATCH(fl_api_vehicle_safe_to_operate),
};

/* ---- Lists of vehicles ---- */

static fl_str vehicle_key(fl_ctx *ctx, const void *row)
{
	return ((const fl_vehicle *)row)->name;
}

static const fl_api_list vehicles = { FL_CURSOR_VEHICLE, sizeof(fl_vehicle), vehicle_key };

fl_err fl_api_vehicles(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_page page;
	fl_vehicle *rows;
	size_t count;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(fl_api_page_args(ctx, field, &vehicles, &page));
	const fl_gql_value *given = fl_gql_arg(field, "search");
	fl_str search = fl_gql_given(given) ? fl_str_trim(fl_gql_text(given)) : FL_STR("");
	if (search.len > 100 || fl_str_find_char(search, 0) >= 0 || !fl_str_utf8_valid(page.after) || fl_str_find_char(page.after, 0) >= 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "search is longer than 100 characters, or search or after is no text");
	FL_TRY(fl_vehicles_find(ctx, search, fl_gql_bool_or(fl_gql_arg(field, "includeRetired"), false), page.after.ptr ? &page.after : NULL, page.first + 1, &rows, &count));
	return fl_api_page_make(ctx, &vehicles, rows, count, &page, &batch->results[0]);
}

static fl_err vehicle_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_cursor(ctx, &vehicles, parent, out);
}

const struct fl_api_vehicle_connection fl_api_vehicle_connection = {
	.edges = FL_GETTER(fl_api_page_rows),
	.nodes = FL_GETTER(fl_api_page_rows),
	.page_info = FL_GETTER(fl_api_page_info_get),
};

const struct fl_api_vehicle_edge fl_api_vehicle_edge = {
	.cursor = FL_GETTER(vehicle_cursor),
	.node = FL_SELF,
};
