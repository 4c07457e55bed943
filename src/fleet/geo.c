#include "fleet/geo.h"

bool fl_point_on_earth(fl_point at)
{
	return at.latitude >= -90 && at.latitude <= 90 && at.longitude >= -180 && at.longitude <= 180;
}

static bool same(fl_point a, fl_point b)
{
	return a.latitude == b.latitude && a.longitude == b.longitude;
}

static fl_err check_points(fl_diag *diag, const char *what, fl_area *area)
{
	while (area->count > 1 && same(area->points[0], area->points[area->count - 1]))
		area->count--;
	if (area->count < 3)
		return fl_fail(diag, FL_BAD_INPUT, "%s has %zu corners; an area needs three", what, area->count);
	if (area->count > FL_AREA_POINTS_MAX)
		return fl_fail(
			diag, FL_BAD_INPUT, "%s has %zu corners; at most %d are taken", what, area->count, FL_AREA_POINTS_MAX);
	for (size_t i = 0; i < area->count; i++)
		if (!fl_point_on_earth(area->points[i]))
			return fl_fail(diag, FL_BAD_INPUT,
				"corner %zu of %s is not on Earth: latitude -90 to 90, longitude -180 to 180", i + 1, what);
	return FL_OK;
}

static void put_corner(fl_json_out *j, fl_point at)
{
	fl_json_open(j, '[');
	fl_json_put_double(j, at.longitude);
	fl_json_put_double(j, at.latitude);
	fl_json_close(j, ']');
}

fl_err fl_area_text(fl_arena *mem, fl_diag *diag, const char *what, fl_area area, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(128 << 10);
	fl_json_out j = { .buf = &buf };
	FL_TRY(check_points(diag, what, &area));
	fl_buf_lit(&buf, "{\"type\":\"Polygon\",\"coordinates\":[");
	fl_json_open(&j, '[');
	for (size_t i = 0; i <= area.count; i++)
		put_corner(&j, area.points[i % area.count]);
	fl_json_close(&j, ']');
	fl_buf_lit(&buf, "]}");
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static bool is_number(const fl_json *value)
{
	return value && (value->type == FL_JSON_INT || value->type == FL_JSON_DOUBLE);
}

static bool read_corner(const fl_json *pair, fl_point *out)
{
	if (pair->type != FL_JSON_ARRAY || pair->items.count < 2 || !is_number(pair->items.first) ||
		!is_number(pair->items.first->next))
		return false;
	*out = (fl_point) { fl_json_double(pair->items.first->next, 0), fl_json_double(pair->items.first, 0) };
	return true;
}

/* The only ring of the polygon, or NULL. */
static const fl_json *ring_of(const fl_json *json)
{
	if (fl_str_eq(fl_json_str(fl_json_get(json, FL_STR("type")), FL_STR("")), FL_STR("Feature")))
		json = fl_json_get(json, FL_STR("geometry"));
	if (!fl_str_eq(fl_json_str(fl_json_get(json, FL_STR("type")), FL_STR("")), FL_STR("Polygon")))
		return NULL;
	const fl_json *rings = fl_json_get(json, FL_STR("coordinates"));
	if (!rings || rings->type != FL_JSON_ARRAY || rings->items.count != 1 || rings->items.first->type != FL_JSON_ARRAY)
		return NULL;
	return rings->items.first;
}

fl_err fl_area_parse(fl_arena *mem, fl_diag *diag, const char *what, fl_str text, fl_area *out)
{
	const fl_json *json = NULL;
	fl_diag ignored;
	bool good = text.len <= 128 << 10 && fl_json_parse(mem, text, &json, &ignored) == FL_OK;
	const fl_json *ring = good ? ring_of(json) : NULL;
	size_t count = 0;
	if (!ring)
		return fl_fail(diag, FL_BAD_INPUT,
			"%s is no GeoJSON polygon of one ring, as in "
			"{\"type\":\"Polygon\",\"coordinates\":[[[4.4,51.9],[4.5,51.9],[4.5,52.0],[4.4,51.9]]]}",
			what);
	fl_point *points = fl_new_array(mem, fl_point, ring->items.count);
	if (!points)
		return FL_NOMEM;
	for (const fl_json *pair = ring->items.first; pair; pair = pair->next)
		if (!read_corner(pair, &points[count++]))
			return fl_fail(diag, FL_BAD_INPUT, "corner %zu of %s is no pair of longitude and latitude", count, what);
	*out = (fl_area) { points, count };
	return check_points(diag, what, out);
}

fl_err fl_area_check(fl_arena *mem, fl_diag *diag, const char *what, fl_str *text)
{
	fl_area area;
	FL_TRY(fl_area_parse(mem, diag, what, *text, &area));
	return fl_area_text(mem, diag, what, area, text);
}
