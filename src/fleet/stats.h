/* stats: reports in numbers, from totals that follow each commit within two seconds (sql/migrations/0017_stats.sql).
 *
 * Whole months come from the totals; the days before the first whole month and after the last one are counted from the
 * reports themselves, so any bounds are exact. Vehicles together with another dimension have no total: those are counted
 * from the reports, which is slower. */
#ifndef FL_FLEET_STATS_H
#define FL_FLEET_STATS_H

#include "fleet/registry/vehicle.h"

/* As bits of `group`. */
enum {
	FL_STATS_STATUS = 1,
	FL_STATS_SEVERITY = 2,
	FL_STATS_TYPE = 4,
	FL_STATS_DEPOT = 8,
	FL_STATS_VEHICLE = 16,
	FL_STATS_MONTH = 32,
};
enum { FL_STATS_GROUPS_MAX = 1000 };

typedef struct fl_stats_query {
	fl_report_filter filter; /* without search; reported_after 0: twelve months ago */
	unsigned group;
	uint32_t limit;
} fl_stats_query;

typedef struct fl_stats_group {
	int16_t status, severity, damage_type; /* 0: not grouped by it, or not known */
	int32_t facility_id, vehicle_id;
	int64_t month; /* its first moment; 0: not grouped by it */
	int64_t count, estimated_cents, actual_cents, cost_cents, repairs, repair_s;
} fl_stats_group;

/* Grouped by month: newest first; otherwise the largest first. Without a group: one row, of zeros when nothing matches.
 * FL_FORBIDDEN for callers who see only their own reports. */
FL_MUST fl_err fl_stats_count(fl_ctx *ctx, const fl_stats_query *query, fl_stats_group **out, size_t *count);

typedef struct fl_risk {
	int32_t vehicle_id;
	int64_t cost_cents, reports; /* of this month and the eleven before */
} fl_risk;

/* Those of the vehicles that had reports. */
FL_MUST fl_err fl_risks_of(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, fl_risk **out, size_t *count);
/* 1 low, 2 moderate, 3 high, 4 critical. */
int16_t fl_risk_category(int64_t cost_cents, int64_t value_cents);
FL_MUST fl_err fl_vehicles_riskiest(fl_ctx *ctx, uint32_t limit, fl_vehicle **out, size_t *count);

#endif
