/* The scalar GeoJSON: a geometry of RFC 7946, in WGS 84, longitude before latitude. Features are no geometries. */
#include "graphql/graphql_int.h"

#include <math.h>

enum { POSITIONS_MAX = 20000, GEOMETRIES_MAX = 200 };

/* What coordinates are: depth 0 a position, 1 a list of them, and so on. */
typedef struct shape {
	const char *type;
	uint8_t depth;
	uint8_t least; /* positions in each innermost list */
	bool ring;     /* which then are closed */
} shape;

static const shape shapes[] = {
	{ "Point", 0, 0, false },
	{ "MultiPoint", 1, 0, false },
	{ "LineString", 1, 2, false },
	{ "MultiLineString", 2, 2, false },
	{ "Polygon", 2, 4, true },
	{ "MultiPolygon", 3, 4, true },
};

static const char no_geometry[] =
	"a GeoJSON is an object with \"type\" and \"coordinates\", as in {\"type\":\"Point\",\"coordinates\":[13.4,52.5]}";
static const char no_position[] = "a position is [longitude, latitude], -180 to 180 and -90 to 90, and perhaps the height";
static const char too_many[] = "it has more than 20000 positions";

static bool is_number(const fl_json *json)
{
	return json->type == FL_JSON_INT || (json->type == FL_JSON_DOUBLE && isfinite(json->number));
}

static const char *check_position(const fl_json *at)
{
	if (at->type != FL_JSON_ARRAY || at->items.count < 2 || at->items.count > 3)
		return no_position;
	for (const fl_json *n = at->items.first; n; n = n->next)
		if (!is_number(n))
			return no_position;
	const fl_json *longitude = at->items.first, *latitude = longitude->next;
	if (fabs(fl_json_double(longitude, 0)) > 180 || fabs(fl_json_double(latitude, 0)) > 90)
		return no_position;
	return NULL;
}

static bool same_position(const fl_json *a, const fl_json *b)
{
	a = a->items.first;
	b = b->items.first;
	for (; a && b; a = a->next, b = b->next)
		if (fl_json_double(a, 0) != fl_json_double(b, 0))
			return false;
	return a == b;
}

/* A list of positions. */
static const char *check_line(const shape *s, const fl_json *line, size_t *count)
{
	const fl_json *last = NULL;
	if (line->type != FL_JSON_ARRAY)
		return "its coordinates do not nest as its type asks";
	*count += line->items.count;
	if (*count > POSITIONS_MAX)
		return too_many;
	for (const fl_json *at = line->items.first; at; last = at, at = at->next) {
		const char *wrong = check_position(at);
		if (wrong)
			return wrong;
	}
	if (line->items.count < s->least)
		return s->ring ? "a ring has four or more positions" : "a line has two or more positions";
	if (s->ring && !same_position(line->items.first, last))
		return "the last position of a ring is its first";
	return NULL;
}

/* The lines of depth 2 and 3, without recursion: the lists of lists first, then their lines. */
static const char *check_lines(const shape *s, const fl_json *lists, size_t *count)
{
	if (lists->type != FL_JSON_ARRAY)
		return "its coordinates do not nest as its type asks";
	for (const fl_json *line = lists->items.first; line; line = line->next) {
		const char *wrong = check_line(s, line, count);
		if (wrong)
			return wrong;
	}
	if (s->ring && !lists->items.count)
		return "a polygon has one or more rings";
	return NULL;
}

static const char *check_coordinates(const shape *s, const fl_json *at, size_t *count)
{
	const char *wrong = NULL;
	if (s->depth == 0)
		return check_position(at);
	if (s->depth == 1)
		return check_line(s, at, count);
	if (s->depth == 2)
		return check_lines(s, at, count);
	if (at->type != FL_JSON_ARRAY)
		return "its coordinates do not nest as its type asks";
	for (const fl_json *polygon = at->items.first; polygon && !wrong; polygon = polygon->next)
		wrong = check_lines(s, polygon, count);
	return wrong;
}

static const char *check_bbox(const fl_json *box)
{
	if (!box)
		return NULL;
	if (box->type != FL_JSON_ARRAY || (box->items.count != 4 && box->items.count != 6))
		return "a bbox has four or six numbers";
	for (const fl_json *n = box->items.first; n; n = n->next)
		if (!is_number(n))
			return "a bbox has four or six numbers";
	return NULL;
}

/* Any geometry but a collection. */
static const char *check_simple(const fl_json *in, size_t *count)
{
	fl_str type = fl_json_str(fl_json_get(in, FL_STR("type")), (fl_str) {});
	const fl_json *coordinates = fl_json_get(in, FL_STR("coordinates"));
	const char *wrong = check_bbox(fl_json_get(in, FL_STR("bbox")));
	if (wrong)
		return wrong;
	if (!type.ptr)
		return no_geometry;
	for (size_t i = 0; i < FL_COUNT(shapes); i++)
		if (fl_str_eq(type, fl_str_z(shapes[i].type)))
			return coordinates ? check_coordinates(&shapes[i], coordinates, count) : no_geometry;
	return "its type is none of Point, MultiPoint, LineString, MultiLineString, Polygon, MultiPolygon, GeometryCollection";
}

static const char *check_collection(const fl_json *in, size_t *count)
{
	const fl_json *geometries = fl_json_get(in, FL_STR("geometries"));
	const char *wrong = check_bbox(fl_json_get(in, FL_STR("bbox")));
	if (wrong)
		return wrong;
	if (!geometries || geometries->type != FL_JSON_ARRAY || geometries->items.count > GEOMETRIES_MAX)
		return "a GeometryCollection has \"geometries\", at most 200";
	for (const fl_json *g = geometries->items.first; g && !wrong; g = g->next)
		wrong = check_simple(g, count); /* a collection in a collection is none of the types there */
	return wrong;
}

const char *gql_geojson_parse(fl_arena *mem, const fl_json *in, fl_gql_value *out)
{
	size_t count = 0;
	if (in->type != FL_JSON_OBJECT)
		return no_geometry;
	bool collection = fl_str_eq(fl_json_str(fl_json_get(in, FL_STR("type")), (fl_str) {}), FL_STR("GeometryCollection"));
	const char *wrong = collection ? check_collection(in, &count) : check_simple(in, &count);
	if (!wrong)
		*out = fl_gql_json(in);
	return wrong;
}
