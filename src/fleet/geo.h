/* Points, boxes and areas on Earth, WGS 84: what people draw, checked before it reaches the database. */
#ifndef FL_FLEET_GEO_H
#define FL_FLEET_GEO_H

#include "fleet/report/report.h"

enum { FL_AREA_POINTS_MAX = 1000 };

/* An outer ring; the first point is not repeated at the end. */
typedef struct fl_area {
	const fl_point *points;
	size_t count;
} fl_area;

bool fl_point_on_earth(fl_point at);
/* {"type":"Polygon","coordinates":[[[4.4,51.9],...]]}, closed. FL_BAD_INPUT: fewer than three points or more than
 * FL_AREA_POINTS_MAX, or one that is not on Earth. */
FL_MUST fl_err fl_area_text(fl_arena *mem, fl_diag *diag, const char *what, fl_area area, fl_str *out);
/* A GeoJSON polygon without holes, or a Feature that holds one. */
FL_MUST fl_err fl_area_parse(fl_arena *mem, fl_diag *diag, const char *what, fl_str text, fl_area *out);
/* Checks GeoJSON and puts it into the form above. */
FL_MUST fl_err fl_area_check(fl_arena *mem, fl_diag *diag, const char *what, fl_str *text);

#endif
