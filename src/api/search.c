/* Searching: the wide part of filters, hits, places, saved filters. */
#include "api/connection_int.h"
#include "api/search_int.h"
#include "fleet/search/search.h"

/* ---- filters ---- */

static fl_err read_box(fl_ctx *ctx, const fl_gql_value *in, fl_box *out)
{
	*out = (fl_box) { fl_gql_float_or(fl_gql_member(in, "west"), 0), fl_gql_float_or(fl_gql_member(in, "south"), 0),
		fl_gql_float_or(fl_gql_member(in, "east"), 0), fl_gql_float_or(fl_gql_member(in, "north"), 0) };
	return fl_box_check(&ctx->diag, out);
}

static fl_err read_cents(fl_ctx *ctx, const fl_gql_value *in, const char *name, bool *has, int64_t *out)
{
	const fl_gql_value *value = fl_gql_member(in, name);
	*has = fl_gql_given(value);
	return *has ? fl_money_parse(&ctx->diag, name, fl_gql_text(value), out) : FL_OK;
}

static fl_err read_place(fl_ctx *ctx, const fl_gql_value *in, fl_wide_filter *w)
{
	const fl_gql_value *near = fl_gql_member(in, "near"), *within = fl_gql_member(in, "within"),
			   *area = fl_gql_member(in, "area");
	const fl_gql_value *geojson = fl_gql_member(in, "areaGeoJson");
	w->has_near = fl_gql_given(near);
	w->has_box = fl_gql_given(within);
	if (w->has_near) {
		w->near = fl_api_point(fl_gql_member(near, "point"));
		FL_TRY(fl_radius_check(&ctx->diag, fl_gql_float_or(fl_gql_member(near, "radiusKm"), 0), &w->radius_m));
		if (!fl_point_on_earth(w->near))
			return fl_fail(
				&ctx->diag, FL_BAD_INPUT, "the point is not on Earth: latitude -90 to 90, longitude -180 to 180");
	}
	if (w->has_box)
		FL_TRY(read_box(ctx, within, &w->box));
	if (fl_gql_given(area) && fl_gql_given(geojson))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "give one of area and areaGeoJson");
	if (fl_gql_given(area))
		return fl_api_area(ctx, "the area", area, &w->area);
	if (!fl_gql_given(geojson))
		return FL_OK;
	w->area = fl_gql_text(geojson);
	return fl_area_check(ctx->mem, &ctx->diag, "the area", &w->area);
}

static fl_err read_damage_areas(fl_ctx *ctx, const fl_gql_value *in, fl_wide_filter *w)
{
	const fl_gql_value *given = fl_gql_member(in, "damageAreas");
	const fl_json *json = NULL;
	if (!fl_gql_given(given))
		return FL_OK;
	w->damage_areas = fl_gql_text(given);
	if (w->damage_areas.len > 4096 || fl_json_parse(ctx->mem, w->damage_areas, &json, &ctx->diag) != FL_OK ||
		json->type != FL_JSON_ARRAY)
		return fl_fail(&ctx->diag, FL_BAD_INPUT,
			"damageAreas must be a JSON list of at most 4,096 bytes, as in [{\"part\":\"door\"}]");
	return FL_OK;
}

fl_err fl_api_wide_filter(fl_ctx *ctx, const fl_gql_value *in, const fl_wide_filter **out)
{
	static const char *const names[] = { "driverId", "minCost", "maxCost", "incidentAfter", "incidentBefore", "near",
		"within", "area", "areaGeoJson", "damageAreas" };
	const fl_gql_value *driver = fl_gql_member(in, "driverId");
	bool any = false;
	for (size_t i = 0; i < FL_COUNT(names); i++)
		any |= fl_gql_given(fl_gql_member(in, names[i]));
	*out = NULL;
	if (!any)
		return FL_OK;
	fl_wide_filter *w = fl_new(ctx->mem, fl_wide_filter);
	if (!w)
		return FL_NOMEM;
	if (fl_gql_given(driver))
		FL_TRY(fl_api_id(ctx, "driverId", driver, &w->driver_id));
	FL_TRY(read_cents(ctx, in, "minCost", &w->has_cost_min, &w->cost_min));
	FL_TRY(read_cents(ctx, in, "maxCost", &w->has_cost_max, &w->cost_max));
	w->incident_after = fl_gql_int_or(fl_gql_member(in, "incidentAfter"), 0);
	w->incident_before = fl_gql_int_or(fl_gql_member(in, "incidentBefore"), 0);
	FL_TRY(read_place(ctx, in, w));
	FL_TRY(read_damage_areas(ctx, in, w));
	*out = w;
	return FL_OK;
}

/* ---- by words ---- */

static fl_str hit_key(fl_ctx *ctx, const void *row)
{
	const fl_hit *hit = row;
	fl_hit_key *key = fl_new(ctx->mem, fl_hit_key);
	if (!key)
		return (fl_str) {};
	*key = (fl_hit_key) { hit->rank, hit->report->id };
	return (fl_str) { (const char *)key, sizeof(*key) };
}

static const fl_api_list hits = { FL_CURSOR_HIT, sizeof(fl_hit), hit_key };

fl_err fl_api_search_damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_report_filter filter;
	fl_hit_key key;
	fl_gql_page page;
	fl_hit *rows;
	size_t count;
	FL_TRY(fl_api_report_filter(ctx, fl_gql_arg(field, "filter"), &filter));
	if (filter.search.len)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "give what to look for as text; filter.search must be empty here");
	FL_TRY(fl_api_page_args(ctx, field, &hits, &page));
	if (page.after.ptr && page.after.len != sizeof(key))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "after is no cursor of this list");
	if (page.after.ptr)
		memcpy(&key, page.after.ptr, sizeof(key));
	FL_TRY(fl_search_words(ctx, fl_gql_text(fl_gql_arg(field, "text")), &filter, page.after.ptr ? &key : NULL, page.first + 1,
		&rows, &count));
	return fl_api_page_make(ctx, &hits, rows, count, &page, &batch->results[0]);
}

/* The reports, which are not rows: each hit points to its own. */
static fl_err hit_nodes(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_api_page *page = parent;
	const fl_hit *rows = (const fl_hit *)page->rows;
	const void **nodes = fl_new_array(ctx->mem, const void *, page->count);
	if (!nodes)
		return FL_NOMEM;
	for (size_t i = 0; i < page->count; i++)
		nodes[i] = rows[i].report;
	*out = fl_gql_ptrs(nodes, page->count);
	return FL_OK;
}

static fl_err hit_cursor(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_api_cursor(ctx, &hits, parent, out);
}

typedef struct fl_snippet_part {
	fl_str text;
	bool match;
} fl_snippet_part;

/* What matched stands between U+0002 and U+0003. */
static fl_err snippet(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_str text = ((const fl_hit *)parent)->snippet;
	size_t marks = 1, count = 0, start = 0;
	for (size_t i = 0; i < text.len; i++)
		marks += text.ptr[i] == 2 || text.ptr[i] == 3;
	fl_snippet_part *parts = fl_new_array(ctx->mem, fl_snippet_part, marks);
	if (!parts)
		return FL_NOMEM;
	for (size_t i = 0; i <= text.len; i++) {
		bool mark = i < text.len && (text.ptr[i] == 2 || text.ptr[i] == 3);
		if (i < text.len && !mark)
			continue;
		if (i > start)
			parts[count++] = (fl_snippet_part) { fl_str_slice(text, start, i), mark && text.ptr[i] == 3 };
		start = i + 1;
	}
	*out = fl_gql_rows(parts, sizeof(parts[0]), count);
	return FL_OK;
}

const struct fl_api_damage_report_search_connection fl_api_damage_report_search_connection = {
	.edges = FL_GETTER(fl_api_page_rows),
	.nodes = FL_GETTER(hit_nodes),
	.page_info = FL_GETTER(fl_api_page_info_get),
};

const struct fl_api_damage_report_hit fl_api_damage_report_hit = {
	.cursor = FL_GETTER(hit_cursor),
	.node = FL_POINTER(fl_hit, report),
	.rank = FL_COLUMN(fl_hit, rank),
	.snippet = FL_GETTER(snippet),
};

const struct fl_api_snippet_part fl_api_snippet_part = {
	.text = FL_COLUMN(fl_snippet_part, text),
	.match = FL_COLUMN(fl_snippet_part, match),
};

/* ---- places ---- */

fl_err fl_api_nearby_damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_report_filter filter;
	double radius_m;
	uint32_t first;
	fl_near *rows;
	size_t count;
	FL_TRY(fl_api_first(ctx, field, 20, FL_PAGE_FIRST_MAX, &first));
	FL_TRY(fl_radius_check(&ctx->diag, fl_gql_float_or(fl_gql_arg(field, "radiusKm"), 5), &radius_m));
	FL_TRY(fl_api_report_filter(ctx, fl_gql_arg(field, "filter"), &filter));
	if (filter.search.len || (filter.wide && filter.wide->has_near))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "filter.search and filter.near must be empty here");
	FL_TRY(fl_search_near(ctx, fl_api_point(fl_gql_arg(field, "point")), radius_m, &filter, first, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

const struct fl_api_nearby_damage_report fl_api_nearby_damage_report = {
	.report = FL_POINTER(fl_near, report),
	.distance_meters = FL_COLUMN(fl_near, distance_m),
};

fl_err fl_api_damage_report_clusters(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_cluster *rows;
	size_t count;
	fl_box box;
	FL_TRY(read_box(ctx, fl_gql_arg(field, "box"), &box));
	FL_TRY(fl_search_clusters(ctx, &box, (int)fl_gql_int_or(fl_gql_arg(field, "zoom"), 0),
		fl_gql_int_or(fl_gql_arg(field, "reportedAfter"), 0), fl_gql_int_or(fl_gql_arg(field, "reportedBefore"), 0),
		&rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

static fl_err cluster_cost(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, ((const fl_cluster *)batch->parents[i])->cost_cents, &batch->results[i]));
	return FL_OK;
}

const struct fl_api_damage_report_cluster fl_api_damage_report_cluster = {
	.center = FL_INSIDE(fl_cluster, center),
	.count = FL_COLUMN(fl_cluster, count),
	.cost = FL_BATCH(cluster_cost),
	.worst_severity = FL_COLUMN(fl_cluster, severity),
};

fl_err fl_api_damage_report_hotspots(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "box");
	fl_hotspot *rows;
	uint32_t first;
	size_t count;
	fl_box box;
	FL_TRY(fl_api_first(ctx, field, 10, FL_PAGE_FIRST_MAX, &first));
	if (fl_gql_given(in))
		FL_TRY(read_box(ctx, in, &box));
	FL_TRY(fl_search_hotspots(
		ctx, (int)fl_gql_int_or(fl_gql_arg(field, "days"), 90), fl_gql_given(in) ? &box : NULL, first, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

static fl_err hotspot_cost(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		FL_TRY(fl_api_cents(ctx, true, ((const fl_hotspot *)batch->parents[i])->cost_cents, &batch->results[i]));
	return FL_OK;
}

static fl_err trend(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_hotspot *spot = parent;
	*out = spot->count_before ? fl_gql_float((double)(spot->count - spot->count_before) / (double)spot->count_before)
				  : fl_gql_null();
	return FL_OK;
}

static int32_t hotspot_facility(const void *parent)
{
	return ((const fl_hotspot *)parent)->facility_id;
}

static fl_err facility(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { hotspot_facility, fl_api_load_facilities }, batch);
}

const struct fl_api_damage_report_hotspot fl_api_damage_report_hotspot = {
	.center = FL_INSIDE(fl_hotspot, center),
	.count = FL_COLUMN(fl_hotspot, count),
	.previous_count = FL_COLUMN(fl_hotspot, count_before),
	.trend = FL_GETTER(trend),
	.cost = FL_BATCH(hotspot_cost),
	.worst_severity = FL_COLUMN(fl_hotspot, severity),
	.facility = FL_BATCH(facility),
	.address = FL_COLUMN(fl_hotspot, address),
};

/* ---- saved filters ---- */

fl_err fl_api_saved_filters(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_saved_filter *rows;
	size_t count;
	FL_TRY(fl_filters_saved(ctx, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

fl_err fl_api_save_filter(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_saved_filter *saved = fl_new(ctx->mem, fl_saved_filter);
	if (!saved)
		return FL_NOMEM;
	FL_TRY(fl_filter_save(ctx, fl_gql_text(fl_gql_member(in, "name")), fl_gql_text(fl_gql_member(in, "filter")), saved));
	batch->results[0] = fl_gql_object(saved);
	return FL_OK;
}

fl_err fl_api_delete_saved_filter(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int32_t *id = fl_new(ctx->mem, int32_t);
	if (!id)
		return FL_NOMEM;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_arg(field, "id"), id));
	FL_TRY(fl_filter_delete(ctx, *id));
	batch->results[0] = fl_gql_object(id);
	return FL_OK;
}

const struct fl_api_saved_filter fl_api_saved_filter = {
	.id = FL_COLUMN(fl_saved_filter, id),
	.name = FL_COLUMN(fl_saved_filter, name),
	.filter = FL_COLUMN(fl_saved_filter, filter),
	.created_at = FL_COLUMN(fl_saved_filter, created_at),
};

static fl_err deleted_id(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_int(*(const int32_t *)parent);
	return FL_OK;
}

const struct fl_api_save_filter_payload fl_api_save_filter_payload = { .saved_filter = FL_SELF };
const struct fl_api_delete_saved_filter_payload fl_api_delete_saved_filter_payload = { .id = FL_GETTER(deleted_id) };
