/* Drivers and depots: the types, and the list of drivers. */
#include "api/connection_int.h"
#include "fleet/geo.h"

/* ---- one by its id ---- */

fl_err fl_api_one(fl_ctx *ctx, const fl_gql_field *field,
	fl_err (*load)(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count),
	fl_gql_batch *batch)
{
	const void *rows;
	size_t stride, count;
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(load(ctx, &id, 1, &rows, &stride, &count));
	batch->results[0] = fl_gql_object(count ? rows : NULL);
	return FL_OK;
}

fl_err fl_api_driver_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	FL_TRY(fl_must(ctx, FL_MAY_PERSON_READ));
	return fl_api_one(ctx, field, fl_api_load_drivers, batch);
}

fl_err fl_api_facility_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	return fl_api_one(ctx, field, fl_api_load_facilities, batch);
}

/* ---- the list of drivers; its cursor is the id, then the name ---- */

static fl_str driver_key(fl_ctx *ctx, const void *row)
{
	const fl_driver *driver = row;
	size_t len = sizeof(driver->id) + driver->name.len;
	char *key = fl_arena_take(ctx->mem, len);
	if (!key)
		return (fl_str) {};
	memcpy(key, &driver->id, sizeof(driver->id));
	memcpy(key + sizeof(driver->id), driver->name.ptr, driver->name.len);
	return (fl_str) { key, len };
}

static bool read_key(const fl_gql_page *page, int32_t *id, fl_str *name)
{
	if (page->after.len < sizeof(*id))
		return false;
	memcpy(id, page->after.ptr, sizeof(*id));
	*name = fl_str_slice(page->after, sizeof(*id), page->after.len);
	return fl_str_utf8_valid(*name) && fl_str_find_char(*name, 0) < 0;
}

static const fl_api_list drivers = { FL_CURSOR_DRIVER, sizeof(fl_driver), driver_key };

fl_err fl_api_drivers(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *given = fl_gql_arg(field, "search");
	fl_str search = fl_gql_given(given) ? fl_str_trim(fl_gql_text(given)) : FL_STR(""), name = FL_STR("");
	fl_gql_page page;
	fl_driver *rows;
	int32_t id = 0;
	size_t count;
	FL_TRY(fl_api_page_args(ctx, field, &drivers, &page));
	bool later = page.after.ptr != NULL;
	if (later && !read_key(&page, &id, &name))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "after is no cursor of this list");
	FL_TRY(fl_text_check(&ctx->diag, "search", search, 100));
	FL_TRY(fl_drivers_find(ctx, search, later ? &name : NULL, id, page.first + 1, &rows, &count));
	return fl_api_page_make(ctx, &drivers, rows, count, &page, &batch->results[0]);
}

static fl_err driver_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_cursor(ctx, &drivers, parent, out);
}

const struct fl_api_driver_connection fl_api_driver_connection = {
	.edges = FL_GETTER(fl_api_page_rows),
	.nodes = FL_GETTER(fl_api_page_rows),
	.page_info = FL_GETTER(fl_api_page_info_get),
};

const struct fl_api_driver_edge fl_api_driver_edge = { .cursor = FL_GETTER(driver_cursor), .node = FL_SELF };

const struct fl_api_driver fl_api_driver = {
	.id = FL_COLUMN(fl_driver, id),
	.name = FL_COLUMN(fl_driver, name),
	.email = FL_COLUMN(fl_driver, email),
	.phone = FL_COLUMN(fl_driver, phone),
	.licence_number = FL_COLUMN(fl_driver, licence_no),
	.employee_number = FL_COLUMN(fl_driver, employee_no),
	.retired_at = FL_COLUMN(fl_driver, retired_at),
	.version = FL_COLUMN(fl_driver, version),
};

/* ---- depots ---- */

static fl_err geofence(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_facility *facility = parent;
	fl_area area;
	*out = fl_gql_null();
	if (!facility->geofence.ptr)
		return FL_OK;
	FL_TRY(fl_area_parse(ctx->mem, &ctx->diag, "the geofence", facility->geofence, &area));
	*out = fl_gql_rows(area.points, sizeof(area.points[0]), area.count);
	return FL_OK;
}

const struct fl_api_facility fl_api_facility = {
	.id = FL_COLUMN(fl_facility, id),
	.name = FL_COLUMN(fl_facility, name),
	.location = FL_INSIDE_IF(fl_facility, location, has_location),
	.address = FL_COLUMN(fl_facility, address),
	.geofence = FL_GETTER(geofence),
	.geofence_geo_json = FL_COLUMN(fl_facility, geofence),
	.jurisdiction = FL_COLUMN(fl_facility, jurisdiction),
	.retired_at = FL_COLUMN(fl_facility, retired_at),
	.version = FL_COLUMN(fl_facility, version),
};
