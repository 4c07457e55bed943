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

/* The rows come grouped by vehicle: one page is made of each run. */
static fl_err scatter_pages(fl_ctx *ctx, fl_report *rows, size_t count, const fl_gql_keys_i64 *keys, const fl_gql_page *page,
			    fl_gql_batch *batch)
{
	fl_gql_value *pages = fl_new_array(ctx->mem, fl_gql_value, keys->count);
	if (!pages)
		return FL_NOMEM;
	for (size_t i = 0; i < keys->count; i++)
		FL_TRY(fl_api_page_of_reports(ctx, rows, 0, page, &pages[i]));
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && rows[end].vehicle_id == rows[i].vehicle_id;)
			end++;
		uint32_t place = fl_gql_find_i64(keys, rows[i].vehicle_id);
		if (place != FL_GQL_NO_KEY)
			FL_TRY(fl_api_page_of_reports(ctx, &rows[i], end - i, page, &pages[place]));
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = pages[keys->place[i]];
	return FL_OK;
}

static fl_err damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_page page;
	fl_gql_keys_i64 keys;
	fl_uuid after;
	fl_report *rows;
	size_t count;
	FL_TRY(fl_gql_page_args(ctx, field, FL_CURSOR_REPORT, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	int64_t *ids = fl_new_array(ctx->mem, int64_t, batch->count);
	int32_t *distinct = fl_new_array(ctx->mem, int32_t, batch->count);
	if (!ids || !distinct)
		return FL_NOMEM;
	for (size_t i = 0; i < batch->count; i++)
		ids[i] = ((const fl_vehicle *)batch->parents[i])->id;
	FL_TRY(fl_gql_distinct_i64(ctx->mem, ids, NULL, batch->count, &keys));
	for (size_t i = 0; i < keys.count; i++)
		distinct[i] = (int32_t)keys.keys[i];
	FL_TRY(fl_reports_of_vehicles(ctx, distinct, keys.count, later ? &after : NULL, page.first + 1, &rows, &count));
	return scatter_pages(ctx, rows, count, &keys, &page, batch);
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

static fl_err vehicle_rows(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_page_of_vehicles *page = parent;
	*out = fl_gql_rows(page->rows, sizeof(page->rows[0]), page->count);
	return FL_OK;
}

static fl_str cursor_of(fl_ctx *ctx, const fl_vehicle *vehicle)
{
	return fl_gql_cursor(ctx->mem, FL_CURSOR_VEHICLE, vehicle->name.ptr, vehicle->name.len);
}

static fl_err vehicle_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(cursor_of(ctx, parent));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err vehicle_page_info(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_page_of_vehicles *page = parent;
	fl_page_info *info = fl_new(ctx->mem, fl_page_info);
	if (!info)
		return FL_NOMEM;
	*info = (fl_page_info){ .has_next = page->more, .has_previous = page->later };
	if (page->count) {
		info->start = cursor_of(ctx, &page->rows[0]);
		info->end = cursor_of(ctx, &page->rows[page->count - 1]);
	}
	*out = fl_gql_object(info);
	return FL_OK;
}

const struct fl_api_vehicle_connection fl_api_vehicle_connection = {
	.edges = FL_GETTER(vehicle_rows),
	.nodes = FL_GETTER(vehicle_rows),
	.page_info = FL_GETTER(vehicle_page_info),
};

const struct fl_api_vehicle_edge fl_api_vehicle_edge = {
	.cursor = FL_GETTER(vehicle_cursor),
	.node = FL_SELF,
};
