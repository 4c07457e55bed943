/* Vehicles, and what stands beside them: depots and drivers. */
#ifndef FL_FLEET_VEHICLE_H
#define FL_FLEET_VEHICLE_H

#include "fleet/report.h"

typedef struct fl_vehicle {
	int32_t id, facility_id; /* 0: none */
	int32_t year;
	fl_str name, plate, vin, make, model; /* plate.ptr NULL: none */
} fl_vehicle;

typedef struct fl_facility {
	int32_t id;
	fl_str name, address; /* address.ptr NULL: none */
	bool has_location;
	fl_point location;
} fl_facility;

typedef struct fl_driver {
	int32_t id;
	fl_str name;
} fl_driver;

/* Those of the ids that exist, in no order. */
FL_MUST fl_err fl_vehicles_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_vehicle **out, size_t *count);
FL_MUST fl_err fl_facilities_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_facility **out, size_t *count);
FL_MUST fl_err fl_drivers_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_driver **out, size_t *count);

/* Any case. FL_NOT_FOUND. */
FL_MUST fl_err fl_vehicle_by_name(fl_ctx *ctx, fl_str name, const fl_vehicle **out);
/* By name; those after the vehicle `after` when it is not NULL, whose texts contain `search` when that is not empty. */
FL_MUST fl_err fl_vehicles_find(fl_ctx *ctx, fl_str search, const fl_str *after_name_key, uint32_t limit, fl_vehicle **out, size_t *count);
/* All of the company, by name; at most 1,000. */
FL_MUST fl_err fl_facilities_all(fl_ctx *ctx, fl_facility **out, size_t *count);

#endif
