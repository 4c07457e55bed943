/* Zones: each damage of a report at its place on the vehicle. A zone is added, changed, marked repaired, or removed (it was
 * never there); its number stays its own for ever. damage_reports.damage_areas follows from the zones.
 *
 *	fl_zone zone = { .part = FL_ZONE_FRONT_DOOR, .side = FL_SIDE_LEFT, .kind = FL_KIND_DENT, .size_mm = 120 };
 *	FL_TRY(fl_zone_add(ctx, report_id, version, &zone, &id));
 *
 * "Was it already there?": fl_damages_of_vehicles answers for any moment. A damage is there from its incident until its report
 * is completed or its zone is marked repaired; rejected reports and copies of others count for nothing. */
#ifndef FL_FLEET_ZONE_H
#define FL_FLEET_ZONE_H

#include "fleet/report/report.h"

/* X(NAME, code): as in the schema and in zone_part; FRONT and REAR are in the part's name, left and right are its side. */
#define FL_ZONE_PARTS(X) \
	X(FRONT_BUMPER, 1) X(REAR_BUMPER, 2) X(HOOD, 3) X(ROOF, 4) X(TRUNK, 5) X(FRONT_DOOR, 6) \
	X(REAR_DOOR, 7) X(SLIDING_DOOR, 8) X(CARGO_DOOR, 9) X(FRONT_FENDER, 10) X(REAR_QUARTER, 11) \
	X(SIDE_PANEL, 12) X(SILL, 13) X(PILLAR, 14) X(MIRROR, 15) X(WINDSHIELD, 16) X(REAR_WINDOW, 17) \
	X(SIDE_WINDOW, 18) X(HEADLIGHT, 19) X(TAIL_LIGHT, 20) X(INDICATOR, 21) X(GRILLE, 22) \
	X(NUMBER_PLATE, 23) X(FRONT_WHEEL, 24) X(REAR_WHEEL, 25) X(FRONT_TIRE, 26) X(REAR_TIRE, 27) \
	X(UNDERBODY, 28) X(EXHAUST, 29) X(LOAD_AREA, 30) X(TAIL_LIFT, 31) X(SEAT, 32) X(DASHBOARD, 33) \
	X(TRIM, 34) X(ENGINE, 35) X(OTHER, 36)
#define FL_ZONE_KINDS(X) \
	X(SCRATCH, 1) X(DENT, 2) X(CRACK, 3) X(GLASS_SHATTER, 4) X(LAMP_BROKEN, 5) X(TIRE_FLAT, 6) X(PAINT_DAMAGE, 7) X(MISSING_PART, 8) \
	X(DEFORMATION, 9) X(RUST, 10) X(HOLE, 11) X(HAIL, 12) X(STAIN_OR_TEAR, 13) X(UNDERBODY, 14) X(OTHER, 15)
#define FL_VIEWPOINTS(X) X(FRONT, 1) X(FRONT_LEFT, 2) X(LEFT, 3) X(REAR_LEFT, 4) X(REAR, 5) X(REAR_RIGHT, 6) X(RIGHT, 7) X(FRONT_RIGHT, 8)

enum {
#define FL_ZONE_ENUM(name, code) FL_ZONE_##name = code,
	FL_ZONE_PARTS(FL_ZONE_ENUM)
#undef FL_ZONE_ENUM
	FL_ZONE_PART_COUNT
};
enum {
#define FL_ZONE_ENUM(name, code) FL_KIND_##name = code,
	FL_ZONE_KINDS(FL_ZONE_ENUM)
#undef FL_ZONE_ENUM
};
enum { FL_SIDE_LEFT = 1, FL_SIDE_RIGHT, FL_SIDE_MIDDLE };
typedef enum fl_zone_state { FL_ZONE_OPEN = 1, FL_ZONE_REPAIRED, FL_ZONE_REMOVED } fl_zone_state;

fl_str fl_zone_part_name(int part); /* "FRONT_DOOR"; empty for none */
fl_str fl_zone_kind_name(int kind);
fl_str fl_angle_name(int angle); /* of a photo (fl_photo_angle): a viewpoint, CLOSE_UP or INSIDE */

enum { FL_ZONES_MAX = 200, FL_ZONE_CORNERS_MAX = 50, FL_ZONE_NOTE_MAX = 500, FL_ZONE_SIZE_MAX_MM = 30000, FL_VIEWPOINT_COUNT = 8 };

/* A corner on the diagram of a viewpoint: 0 to 1, from the left and from the top. */
typedef struct fl_corner {
	double x, y;
} fl_corner;

typedef struct fl_zone {
	int16_t id;                    /* from 1 within its report */
	int16_t part, side, kind;      /* side 0: not said */
	int16_t severity, viewpoint;   /* 0: not said */
	int16_t photo, state;          /* photo 0: none; state: fl_zone_state */
	int32_t size_mm;               /* the longer side; 0: not said */
	const fl_corner *corners;      /* 2 of them: a box from corner to corner; more: a polygon */
	size_t corner_count;           /* 0: not drawn */
	fl_str note;                   /* ptr NULL: none */
	fl_uuid report_id;
	int64_t created_at, closed_at; /* closed_at 0: open */
	int32_t created_by;            /* 0: a program */
} fl_zone;

/* version: of the report, 0: whatever it is. Errors: FL_FORBIDDEN, FL_NOT_FOUND, FL_CONFLICT (another version),
 * FL_BAD_INPUT (a drawing that leaves the diagram, no such photo, too many zones, a decided report). */
FL_MUST fl_err fl_zone_add(fl_ctx *ctx, fl_uuid report, int32_t version, const fl_zone *zone, int16_t *id);
/* The zone with zone->id becomes what zone says; one that is closed stays as it is (FL_BAD_INPUT). */
FL_MUST fl_err fl_zone_change(fl_ctx *ctx, fl_uuid report, int32_t version, const fl_zone *zone);
FL_MUST fl_err fl_zone_close(fl_ctx *ctx, fl_uuid report, int32_t version, int16_t id, fl_zone_state how);

/* The zones of reports that are not removed, ordered by report and number. */
FL_MUST fl_err fl_zones_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_zone **out, size_t *count);

/* One damage of a vehicle at some moment: a zone, or a report in which nobody has drawn any. */
typedef struct fl_damage {
	int32_t vehicle_id;
	fl_uuid report_id;
	bool has_zone;
	fl_zone zone;
	int64_t since, until; /* until 0: it is still there, as far as anybody knows */
} fl_damage;

enum { FL_DAMAGES_MAX = 500 }; /* of one vehicle; the newest */
/* What was there on each vehicle at that moment, newest first, grouped by vehicle. All of the company's reports count, also for
 * a driver, who has to know what is there already; the report behind a damage is shown only to those who may read it. */
FL_MUST fl_err fl_damages_of_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, int64_t at, fl_damage **out, size_t *count);

#endif
