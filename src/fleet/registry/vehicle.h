/* Reading vehicles, and what stands beside them: depots, drivers, vendors. registry.h changes them. */
#ifndef FL_FLEET_VEHICLE_H
#define FL_FLEET_VEHICLE_H

#include "fleet/report/report.h"

typedef struct fl_vehicle {
	int32_t id, facility_id; /* 0: none */
	int32_t year;
	fl_str name, plate, vin, make, model; /* plate.ptr NULL: none */
	int16_t kind;                         /* 1 car, 2 van, 3 truck */
	bool has_value;
	int64_t value_cents;
	int32_t version;
	int64_t retired_at;                   /* 0: in use */
	fl_str jurisdiction;                  /* "US-TX" (total_loss.h); ptr NULL: that of the depot */
} fl_vehicle;

typedef struct fl_facility {
	int32_t id;
	fl_str name, address; /* address.ptr NULL: none */
	bool has_location;
	fl_point location;
	fl_str geofence;      /* GeoJSON (geo.h); ptr NULL: none */
	int32_t version;
	int64_t retired_at;   /* 0: in use */
	fl_str jurisdiction;  /* ptr NULL: not said */
} fl_facility;

typedef struct fl_driver {
	int32_t id;
	fl_str name;
	fl_str email, phone, licence_no, employee_no; /* ptr NULL: none, or not for this caller */
	int32_t version;
	int64_t retired_at;   /* 0: works here */
} fl_driver;

typedef struct fl_vendor {
	int32_t id;
	fl_str name, address, email, phone; /* ptr NULL: none */
	bool has_labour_rate;
	int64_t labour_rate_cents;          /* an hour */
	int32_t version;
	int64_t retired_at;                 /* 0: in use */
} fl_vendor;

/* Those of the ids that exist, in no order. */
FL_MUST fl_err fl_vehicles_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_vehicle **out, size_t *count);
FL_MUST fl_err fl_facilities_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_facility **out, size_t *count);
FL_MUST fl_err fl_drivers_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_driver **out, size_t *count);
FL_MUST fl_err fl_vendors_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_vendor **out, size_t *count);

/* Those whose VIN or name is one of the texts, in no order: just as it is written. */
typedef enum fl_vehicle_key { FL_VEHICLE_BY_VIN, FL_VEHICLE_BY_NAME } fl_vehicle_key;
FL_MUST fl_err fl_vehicles_by_key(fl_ctx *ctx, fl_vehicle_key key, const fl_str *texts, size_t text_count, fl_vehicle **out, size_t *count);

/* Any case. FL_NOT_FOUND. */
FL_MUST fl_err fl_vehicle_by_name(fl_ctx *ctx, fl_str name, const fl_vehicle **out);
/* By name; those after the vehicle `after` when it is not NULL, whose texts contain `search` when that is not empty. Those out
 * of use only when asked for. */
FL_MUST fl_err fl_vehicles_find(fl_ctx *ctx, fl_str search, bool retired, const fl_str *after_name_key, uint32_t limit, fl_vehicle **out,
				size_t *count);
/* By name and id; those after the driver when `after_name` is not NULL, whose name begins with `search`. */
FL_MUST fl_err fl_drivers_find(fl_ctx *ctx, fl_str search, const fl_str *after_name, int32_t after_id, uint32_t limit, fl_driver **out,
			       size_t *count);
/* All in use, by name; at most 1,000. */
FL_MUST fl_err fl_vendors_all(fl_ctx *ctx, fl_vendor **out, size_t *count);
/* All in use, by name; at most 1,000. */
FL_MUST fl_err fl_facilities_all(fl_ctx *ctx, fl_facility **out, size_t *count);

#endif
