/* What the searches share: the conditions of a filter as SQL, and their arguments. */
#ifndef FL_FLEET_SEARCH_INT_H
#define FL_FLEET_SEARCH_INT_H

#include "fleet/search/search.h"
#include "fleet/search/words.h"

/* A box on the index: one degree at a time along its edges, because the sphere's edges are great circles; a little larger, for
 * what is left of the difference. NULL when a corner is. */
#define FL_SQL_BOX(west, south, east, north)                                                                                  \
	"ST_Segmentize(ST_MakeEnvelope(" west " - 0.01, greatest(" south " - 0.01, -90), " east " + 0.01, least(" north " + 0.01, 90), 4326), 1.0)::geography"

/* $1 whose; $2-$4 codes; $5 vehicle; $6 depot; $7, $8 ids; $9 driver; $10, $11 cost; $12, $13 incident; $14-$16 near;
 * $17-$20 box; $21 whether the index knows the box; $22 polygon; $23 damage areas; $24 stages; $25 overdue only. The planner sees the values, so conditions
 * that are not asked for cost nothing. */
#define FL_SQL_WIDE                                                                                                           \
	"($1::int IS NULL OR reported_by = $1) AND ($2::int2[] IS NULL OR status = ANY($2)) AND ($3::int2[] IS NULL OR severity = ANY($3))" \
	" AND ($4::int2[] IS NULL OR damage_type = ANY($4)) AND ($5::int IS NULL OR vehicle_id = $5)"                           \
	" AND ($6::int IS NULL OR facility_id = $6) AND id >= $7 AND id < $8 AND ($9::int IS NULL OR driver_id = $9)"            \
	" AND ($10::bigint IS NULL OR coalesce(actual_cost, estimated_cost) >= $10)"                                             \
	" AND ($11::bigint IS NULL OR coalesce(actual_cost, estimated_cost) <= $11)"                                             \
	" AND ($12::timestamptz IS NULL OR incident_at >= $12) AND ($13::timestamptz IS NULL OR incident_at < $13)"              \
	" AND ($14::float8 IS NULL OR ST_DWithin(location, ST_SetSRID(ST_MakePoint($14, $15), 4326)::geography, $16))"           \
	" AND (NOT $21::bool OR location && " FL_SQL_BOX("$17::float8", "$18::float8", "$19::float8", "$20::float8") ")"         \
	" AND ($17::float8 IS NULL OR (ST_Y(location::geometry) BETWEEN $18 AND $20 AND CASE WHEN $17 <= $19"                    \
	" THEN ST_X(location::geometry) BETWEEN $17 AND $19 ELSE ST_X(location::geometry) >= $17 OR ST_X(location::geometry) <= $19 END))" \
	" AND ($22::text IS NULL OR ST_Covers(ST_SetSRID(ST_GeomFromGeoJSON($22::text), 4326), location::geometry))"            \
	" AND ($23::jsonb IS NULL OR damage_areas @> $23)"                                                                        \
	" AND ($24::int2[] IS NULL OR coalesce(stage, stage_of_status(status)) = ANY($24)) AND (NOT $25::bool OR due_at < now())"

/* Starts the arguments with $1 to $25. reported_after: used where the filter has none. */
FL_MUST fl_err fl_wide_args(fl_ctx *ctx, const fl_report_filter *filter, int64_t reported_after, const fl_uuid *after, fl_args *args);
/* The reports of column 0 in their order; those that are gone meanwhile are NULL. */
FL_MUST fl_err fl_reports_in_order(fl_ctx *ctx, const fl_rows *rows, fl_report ***out);

#endif
