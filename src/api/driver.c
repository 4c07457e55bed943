/* Drivers and depots: the types, and the list of drivers. */
#include "api/api_int.h"
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

typedef struct fl_page_of_drivers {
	fl_driver *rows;
	size_t count;
	bool more, later;
} fl_page_of_drivers;

static fl_str cursor_of(fl_ctx *ctx, const fl_driver *driver)
{
	FL_AUTO_BUF fl_buf key = fl_buf_make(1024);
	fl_buf_add(&key, &driver->id, sizeof(driver->id));
	fl_buf_str(&key, driver->name);
	return fl_buf_err(&key) == FL_OK ? fl_gql_cursor(ctx->mem, FL_CURSOR_DRIVER, key.ptr, key.len) : (fl_str) {};
}

static bool read_cursor(const fl_gql_page *page, int32_t *id, fl_str *name)
{
	if (page->after.len < sizeof(*id))
		return false;
	memcpy(id, page->after.ptr, sizeof(*id));
	*name = fl_str_slice(page->after, sizeof(*id), page->after.len);
	return fl_str_utf8_valid(*name) && fl_str_find_char(*name, 0) < 0;
}

fl_err fl_api_drivers(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *given = fl_gql_arg(field, "search");
	fl_str search = fl_gql_given(given) ? fl_str_trim(fl_gql_text(given)) : FL_STR(""), name = FL_STR("");
	fl_page_of_drivers *made = fl_new(ctx->mem, fl_page_of_drivers);
	fl_gql_page page;
	int32_t id = 0;
	size_t count;
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_gql_page_args(ctx, field, FL_CURSOR_DRIVER, FL_PAGE_FIRST, FL_PAGE_FIRST_MAX, &page));
	made->later = page.after.ptr != NULL;
	if (made->later && !read_cursor(&page, &id, &name))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "after is no cursor of this list");
	FL_TRY(fl_text_check(&ctx->diag, "search", search, 100));
	FL_TRY(fl_drivers_find(ctx, search, made->later ? &name : NULL, id, page.first + 1, &made->rows, &count));
	made->count = FL_MIN(count, page.first);
	made->more = count > page.first;
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

static fl_err driver_rows(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_page_of_drivers *page = parent;
	*out = fl_gql_rows(page->rows, sizeof(page->rows[0]), page->count);
	return FL_OK;
}

static fl_err driver_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(cursor_of(ctx, parent));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err driver_page_info(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_page_of_drivers *page = parent;
	fl_page_info *info = fl_new(ctx->mem, fl_page_info);
	if (!info)
		return FL_NOMEM;
	*info = (fl_page_info) { .has_next = page->more, .has_previous = page->later };
	if (page->count) {
		info->start = cursor_of(ctx, &page->rows[0]);
		info->end = cursor_of(ctx, &page->rows[page->count - 1]);
	}
	*out = fl_gql_object(info);
	return FL_OK;
}

const struct fl_api_driver_connection fl_api_driver_connection = {
	.edges = FL_GETTER(driver_rows),
	.nodes = FL_GETTER(driver_rows),
	.page_info = FL_GETTER(driver_page_info),
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
