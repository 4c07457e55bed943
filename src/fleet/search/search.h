/* search: finding reports by more than a list can: words, ranked; places; costs; parts. And what people keep of it.
 *
 * A place is a circle, a box or a polygon. Boxes and polygons are met in two steps: a bounding box on the sphere, which the
 * index knows, then the exact test on the flat map that people draw on. A box wider than 90 degrees has no first step.
 *
 * Memory: ctx->mem. Callers who may read only their own reports find only those. */
#ifndef FL_FLEET_SEARCH_H
#define FL_FLEET_SEARCH_H

#include "fleet/geo.h"

/* West may be greater than east: the box then crosses the 180th meridian. */
typedef struct fl_box {
	double west, south, east, north;
} fl_box;

/* What a filter may ask beyond report.h's. */
typedef struct fl_wide_filter {
	int32_t driver_id; /* 0: any */
	bool has_cost_min, has_cost_max;
	int64_t cost_min, cost_max;              /* of the actual cost, or the estimate where there is none; both inclusive */
	int64_t incident_after, incident_before; /* 0: any */
	bool has_near, has_box;
	fl_point near;
	double radius_m;
	fl_box box;
	fl_str area;         /* GeoJSON polygon (geo.h); ptr NULL: none */
	fl_str damage_areas; /* JSON list that damage_areas must contain; ptr NULL: any */
} fl_wide_filter;

FL_MUST fl_err fl_box_check(fl_diag *diag, const fl_box *box);
/* FL_BAD_INPUT: not above 0, or beyond 1,000 km. */
FL_MUST fl_err fl_radius_check(fl_diag *diag, double km, double *radius_m);

/* Newest first: fl_reports_find for filters that have a wide part. */
FL_MUST fl_err fl_search_newest(
	fl_ctx *ctx, const fl_report_filter *filter, const fl_uuid *after, uint32_t limit, fl_report **out, size_t *count);

/* ---- By words -------------------------------------------------------------------------------------------------------- */

typedef struct fl_hit {
	fl_report *report;
	float rank;
	fl_str snippet; /* of the description; what matched stands between U+0002 and U+0003 */
} fl_hit;

typedef struct fl_hit_key {
	float rank;
	fl_uuid id;
} fl_hit_key;

enum { FL_SEARCH_RANKED_MAX = 500 };

/* Best first, of the newest FL_SEARCH_RANKED_MAX that hold the words. Words in the company's language, the last one also as a beginning; claim
 * numbers, plates, VINs and vehicles' names also when they are nearly right. text: 1 to 200 characters, in the syntax of web search engines ("a phrase", -not, or).
 */
FL_MUST fl_err fl_search_words(fl_ctx *ctx, fl_str text, const fl_report_filter *filter, const fl_hit_key *after, uint32_t limit,
	fl_hit **out, size_t *count);

/* ---- By place -------------------------------------------------------------------------------------------------------- */

typedef struct fl_near {
	fl_report *report;
	double distance_m;
} fl_near;

/* Nearest first, within radius_m, among those that match. filter->reported_after 0: of the last twelve months. */
FL_MUST fl_err fl_search_near(
	fl_ctx *ctx, fl_point at, double radius_m, const fl_report_filter *filter, uint32_t limit, fl_near **out, size_t *count);

typedef struct fl_cluster {
	fl_point center; /* the mean of its reports; below zoom FL_CELL_ZOOM of the middles of its cells */
	int64_t count, cost_cents;
	int16_t severity; /* the worst; 0: none is known */
} fl_cluster;

enum { FL_CELL_ZOOM = 8, FL_ZOOM_MAX = 22, FL_CLUSTERS_MAX = 2000 };

/* What a map of the box at the zoom shows: a square of 64 pixels is one cluster. Below FL_CELL_ZOOM from totals, by whole months.
 * Largest first, at most FL_CLUSTERS_MAX. FL_FORBIDDEN for callers who see only their own reports. */
FL_MUST fl_err fl_search_clusters(
	fl_ctx *ctx, const fl_box *box, int zoom, int64_t after, int64_t before, fl_cluster **out, size_t *count);

typedef struct fl_hotspot {
	fl_point center;
	int64_t count, count_before, cost_cents;
	int16_t severity;
	int32_t facility_id; /* the depot that most of its reports belong to; 0: none */
	fl_str address;      /* the one that most of its reports have; ptr NULL: none has one */
} fl_hotspot;

enum { FL_HOTSPOT_DAYS_MAX = 366 };

/* Places of about 200 m with most reports in the last `days`, beside the same time before. */
FL_MUST fl_err fl_search_hotspots(fl_ctx *ctx, int days, const fl_box *box, uint32_t limit, fl_hotspot **out, size_t *count);

/* From FL_TILE_ZOOM on a tile shows reports one by one, the newest FL_TILE_REPORTS_MAX, below FL_CELL_ZOOM cells; between them reports unless
 * they are more than that, which no map can show and no phone should load. */
enum { FL_TILE_ZOOM = 12, FL_TILE_REPORTS_MAX = 4000 };

/* A vector tile of the web's map, as Mapbox Vector Tile 2, of the last `months`: layer "reports" (id, number, status, severity) or
 * layer "cells" (count, cost, severity). Empty: there is nothing. */
FL_MUST fl_err fl_search_tile(fl_ctx *ctx, int z, int x, int y, int months, fl_str *out);

/* ---- Saved filters --------------------------------------------------------------------------------------------------- */

typedef struct fl_saved_filter {
	int32_t id;
	fl_str name, filter; /* JSON */
	int64_t created_at;
} fl_saved_filter;

enum { FL_SAVED_FILTERS_MAX = 100 };

FL_MUST fl_err fl_filters_saved(fl_ctx *ctx, fl_saved_filter **out, size_t *count);
/* A name that the caller has used is given the new filter. FL_LIMIT: more than FL_SAVED_FILTERS_MAX. */
FL_MUST fl_err fl_filter_save(fl_ctx *ctx, fl_str name, fl_str filter, fl_saved_filter *out);
FL_MUST fl_err fl_filter_delete(fl_ctx *ctx, int32_t id); /* FL_NOT_FOUND */

#endif
