/* The registry: the kinds of records (record.h), companies, and the histories of vehicles: odometer and drivers. */
#ifndef FL_FLEET_REGISTRY_H
#define FL_FLEET_REGISTRY_H

#include "fleet/registry/record.h"
#include "fleet/registry/vehicle.h"

extern const fl_record_kind fl_record_vehicle, fl_record_driver, fl_record_facility, fl_record_vendor, fl_record_company;

/* What is odd about values that were taken all the same, as sentences; at most FL_WARNINGS_MAX. */
enum { FL_WARNINGS_MAX = 4 };
typedef struct fl_warnings {
	fl_str texts[FL_WARNINGS_MAX];
	size_t count;
} fl_warnings;
void fl_warnings_add(fl_warnings *warnings, fl_str text); /* an empty text is none */

/* ---- Odometer -------------------------------------------------------------------------------------------------------- */

typedef struct fl_odometer {
	int32_t vehicle_id, km;
	int64_t read_at, recorded_at;
} fl_odometer;

/* Keeps a reading, also one of the past: a reading that does not fit between its neighbours is kept with a warning.
 * FL_DUPLICATE: there is one of that very moment. */
FL_MUST fl_err fl_odometer_record(fl_ctx *ctx, const fl_odometer *reading, fl_warnings *warnings);
/* The newest `limit` of each vehicle, grouped by vehicle. */
FL_MUST fl_err fl_odometers_of(
	fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, uint32_t limit, fl_odometer **out, size_t *count);

/* ---- Who drives what ------------------------------------------------------------------------------------------------- */

typedef struct fl_assignment {
	int32_t id, vehicle_id, driver_id, version;
	int64_t starts_at, ends_at; /* ends_at 0: goes on */
} fl_assignment;

/* From starts_at (0: now) on, until ends_at (0: until further notice). An assignment of the vehicle that goes on ends where
 * this one starts; any other overlap is FL_CONFLICT. */
FL_MUST fl_err fl_driver_assign(fl_ctx *ctx, const fl_assignment *wanted, fl_assignment *out);
FL_MUST fl_err fl_assignment_end(fl_ctx *ctx, int32_t id, int32_t version, int64_t ends_at, fl_assignment *out);
/* The newest `limit` of each vehicle, grouped by vehicle, newest first. */
FL_MUST fl_err fl_assignments_of(
	fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, uint32_t limit, fl_assignment **out, size_t *count);
/* Who drove each vehicle at the moment: at most one of each. */
FL_MUST fl_err fl_drivers_at(
	fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, int64_t at, fl_assignment **out, size_t *count);

#endif
