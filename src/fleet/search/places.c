/* Nearest reports, clusters, hotspots and vector tiles. */
#include "fleet/search/search_int.h"

#include <math.h>

static int64_t months_ago(int months)
{
	fl_civil c = fl_time_civil(fl_now_us());
	int n = c.year * 12 + c.month - 1 - months;
	return fl_time_from_civil((fl_civil){ .year = n / 12, .month = n % 12 + 1, .day = 1 });
}

/* ---- nearest ---- */

/* The index gives them in order of distance. The circle is told to it as a box, which the planner can estimate: of ST_DWithin it
 * believes that hardly anything matches, and sorts it all. $27, $28 the point, $29 the radius. */
#define PLACE "ST_SetSRID(ST_MakePoint($27, $28), 4326)::geography"
static const fl_sql near_sql = {
	"search_near",
	"SELECT id, ST_Distance(location, " PLACE ") FROM (SELECT id, location FROM damage_reports WHERE " FL_SQL_WIDE
	" AND location && _ST_Expand(" PLACE ", $29) ORDER BY location <-> " PLACE " LIMIT $26) n"
	" WHERE ST_Distance(location, " PLACE ") <= $29 ORDER BY 2, 1"
};
#undef PLACE

fl_err fl_search_near(fl_ctx *ctx, fl_point at, double radius_m, const fl_report_filter *filter, uint32_t limit, fl_near **out, size_t *count)
{
	const fl_rows *rows;
	fl_report **reports;
	fl_args args;
	if (!fl_point_on_earth(at))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the point is not on Earth: latitude -90 to 90, longitude -180 to 180");
	FL_TRY(fl_wide_args(ctx, filter, months_ago(12), NULL, &args));
	fl_arg_i64(&args, limit);
	fl_arg_f8(&args, at.longitude);
	fl_arg_f8(&args, at.latitude);
	fl_arg_f8(&args, radius_m);
	FL_TRY(await_query(ctx, ctx->services->db, &near_sql, &args, &rows));
	FL_TRY(fl_reports_in_order(ctx, rows, &reports));
	fl_near *made = fl_new_array(ctx->mem, fl_near, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	*count = 0;
	for (int i = 0; i < rows->count; i++)
		if (reports[i])
			made[(*count)++] = (fl_near){ reports[i], fl_row_f8(rows, i, 1) };
	*out = made;
	return FL_OK;
}

/* ---- clusters ---- */

#define MONTH_OF(moment) "date_trunc('month', " moment "::timestamptz AT TIME ZONE 'UTC')::date"

/* From reports: $17-$21 as in FL_SQL_WIDE, $26 cells along the map's edge, $27 limit. */
static const fl_sql clusters_sql = {
	"search_clusters",
	"SELECT avg(ST_Y(location::geometry)), avg(ST_X(location::geometry)), count(*), sum(report_cost(status, estimated_cost, actual_cost))::bigint,"
	" coalesce(max(severity), 0::int2) FROM damage_reports WHERE location IS NOT NULL AND " FL_SQL_WIDE
	" GROUP BY floor(geo_x(ST_X(location::geometry)) * $26::float8), floor(geo_y(ST_Y(location::geometry)) * $26::float8) ORDER BY 3 DESC, 1, 2 LIMIT $27"
};

/* From totals: $1-$4 the box in cells, $5, $6 whether x wraps and by how many bits cells are joined, $7, $8 months, $9 limit. */
static const fl_sql cells_sql = {
	"search_cells",
	"SELECT sum(n * (y + 0.5))::float8 / sum(n)::float8, sum(n * (x + 0.5))::float8 / sum(n)::float8, sum(n)::bigint, sum(cost)::bigint,"
	" coalesce(max(severity), 0::int2) FROM ("
	" SELECT cell / 8192 AS x, cell % 8192 AS y, severity, sum(n) AS n, sum(cost) AS cost FROM rollup_cell WHERE month >= " MONTH_OF("$7")
	" AND month < $8::date GROUP BY 1, 2, 3 HAVING sum(n) > 0) c"
	" WHERE y BETWEEN $2 AND $4 AND CASE WHEN $5 THEN x >= $1 OR x <= $3 ELSE x BETWEEN $1 AND $3 END"
	" GROUP BY x >> $6, y >> $6 ORDER BY 3 DESC, 1, 2 LIMIT $9"
};

static double map_x(double longitude)
{
	return FL_MIN(FL_MAX((longitude + 180) / 360, 0), 0.9999999999);
}

static double map_y(double latitude)
{
	double lat = FL_MIN(FL_MAX(latitude, -85.05), 85.05) * M_PI / 180;
	return FL_MIN(FL_MAX(0.5 - log(tan(M_PI / 4 + lat / 2)) / (2 * M_PI), 0), 0.9999999999);
}

static fl_point of_map(double x, double y)
{
	return (fl_point){ atan(sinh(M_PI * (1 - 2 * y))) * 180 / M_PI, x * 360 - 180 };
}

enum { CELLS = 8192, CELL_BITS = 13 };

static void arg_date_after(fl_args *args, int64_t before)
{
	/* The first month that is not counted; the months up to now when there is no end. */
	fl_civil c = fl_time_civil(before ? before - 1 : fl_now_us());
	int n = c.year * 12 + c.month;
	char text[FL_TIME_TEXT_MAX];
	fl_time_format(fl_time_from_civil((fl_civil){ .year = n / 12, .month = n % 12 + 1, .day = 1 }), text);
	text[10] = 0;
	fl_arg_text(args, fl_str_dup(args->mem, fl_str_z(text)));
}

/* A cluster is 64 pixels of a map whose tiles have 256: 4 along a tile's edge, so 2^(zoom + 2) along the map's. */
static fl_err ask_cells(fl_ctx *ctx, const fl_box *box, int zoom, int64_t after, int64_t before, const fl_rows **rows)
{
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_i32(&args, (int32_t)(map_x(box->west) * CELLS));
	fl_arg_i32(&args, (int32_t)(map_y(box->north) * CELLS));
	fl_arg_i32(&args, (int32_t)(map_x(box->east) * CELLS));
	fl_arg_i32(&args, (int32_t)(map_y(box->south) * CELLS));
	fl_arg_bool(&args, box->west > box->east);
	fl_arg_i32(&args, FL_MAX(CELL_BITS - zoom - 2, 0));
	fl_arg_time(&args, after);
	arg_date_after(&args, before);
	fl_arg_i64(&args, FL_CLUSTERS_MAX);
	return await_query(ctx, ctx->services->db, &cells_sql, &args, rows);
}

static fl_err ask_reports(fl_ctx *ctx, const fl_box *box, int zoom, int64_t after, int64_t before, const fl_rows **rows)
{
	const fl_wide_filter wide = { .has_box = true, .box = *box };
	fl_args args;
	FL_TRY(fl_wide_args(ctx, &(fl_report_filter){ .reported_before = before, .wide = &wide }, after, NULL, &args));
	fl_arg_f8(&args, ldexp(1, zoom + 2));
	fl_arg_i64(&args, FL_CLUSTERS_MAX);
	return await_query(ctx, ctx->services->db, &clusters_sql, &args, rows);
}

fl_err fl_search_clusters(fl_ctx *ctx, const fl_box *box, int zoom, int64_t after, int64_t before, fl_cluster **out, size_t *count)
{
	const fl_rows *rows;
	bool cells = zoom < FL_CELL_ZOOM;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	FL_TRY(fl_box_check(&ctx->diag, box));
	if (zoom < 0 || zoom > FL_ZOOM_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "zoom is %d; it goes from 0 to %d", zoom, FL_ZOOM_MAX);
	after = after ? after : months_ago(12);
	FL_TRY(cells ? ask_cells(ctx, box, zoom, after, before, &rows) : ask_reports(ctx, box, zoom, after, before, &rows));
	fl_cluster *made = fl_new_array(ctx->mem, fl_cluster, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		double a = fl_row_f8(rows, i, 0), b = fl_row_f8(rows, i, 1);
		made[i] = (fl_cluster){ cells ? of_map(b / CELLS, a / CELLS) : (fl_point){ a, b }, fl_row_i64(rows, i, 2), fl_row_i64(rows, i, 3),
			fl_row_i16(rows, i, 4) };
	}
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- hotspots ---- */

/* $26 cells along the map's edge (2^17: 190 m at 52 degrees north), $27 where the present begins, $28 limit. */
static const fl_sql hotspots_sql = {
	"search_hotspots",
	"SELECT avg(ST_Y(location::geometry)) FILTER (WHERE id >= $27), avg(ST_X(location::geometry)) FILTER (WHERE id >= $27),"
	" count(*) FILTER (WHERE id >= $27), count(*) FILTER (WHERE id < $27),"
	" coalesce(sum(report_cost(status, estimated_cost, actual_cost)) FILTER (WHERE id >= $27), 0)::bigint,"
	" coalesce(max(severity) FILTER (WHERE id >= $27), 0::int2), coalesce(mode() WITHIN GROUP (ORDER BY facility_id) FILTER (WHERE id >= $27), 0),"
	" mode() WITHIN GROUP (ORDER BY address) FILTER (WHERE id >= $27 AND address IS NOT NULL)"
	" FROM damage_reports WHERE location IS NOT NULL AND " FL_SQL_WIDE
	" GROUP BY floor(geo_x(ST_X(location::geometry)) * $26::float8), floor(geo_y(ST_Y(location::geometry)) * $26::float8)"
	" HAVING count(*) FILTER (WHERE id >= $27) > 0 ORDER BY 3 DESC, 5 DESC, 1, 2 LIMIT $28"
};

fl_err fl_search_hotspots(fl_ctx *ctx, int days, const fl_box *box, uint32_t limit, fl_hotspot **out, size_t *count)
{
	const int64_t now = fl_now_us(), present = now - days * FL_DAY_US;
	const fl_wide_filter wide = { .has_box = box != NULL, .box = box ? *box : (fl_box){} };
	const fl_rows *rows;
	fl_args args;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	if (days < 1 || days > FL_HOTSPOT_DAYS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "days is %d; it goes from 1 to %d", days, FL_HOTSPOT_DAYS_MAX);
	if (box)
		FL_TRY(fl_box_check(&ctx->diag, box));
	FL_TRY(fl_wide_args(ctx, &(fl_report_filter){ .wide = &wide }, present - days * FL_DAY_US, NULL, &args));
	fl_arg_f8(&args, ldexp(1, 17));
	fl_arg_uuid(&args, fl_uuid7_floor(present));
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &hotspots_sql, &args, &rows));
	fl_hotspot *made = fl_new_array(ctx->mem, fl_hotspot, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		made[i] = (fl_hotspot){ { fl_row_f8(rows, i, 0), fl_row_f8(rows, i, 1) }, fl_row_i64(rows, i, 2), fl_row_i64(rows, i, 3),
			fl_row_i64(rows, i, 4), fl_row_i16(rows, i, 5), fl_row_i32(rows, i, 6), fl_row_text(rows, i, 7) };
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

/* ---- tiles ---- */

/* The reports of a tile, newest first. Points a little outside it are in it too, so that none is cut at an edge. */
#define TILE_REPORTS(z, x, y, most)                                                                                                                 \
	"(SELECT ST_AsMVT(t, 'reports', 4096, 'place') FROM (SELECT ST_AsMVTGeom(ST_Transform(location::geometry, 3857), ST_TileEnvelope(" z ", " x ", " y "), 4096, 64, true) AS place," \
	" id::text AS id, report_number AS number, status::int AS status, severity::int AS severity FROM damage_reports WHERE location IS NOT NULL AND " FL_SQL_WIDE \
	" ORDER BY damage_reports.id DESC LIMIT " most "::bigint) t WHERE place IS NOT NULL)"

/* The totals of its cells: from (x0, y0) to (x1, y1), of the months from `from` to before `to`. Named one by one the months are a
 * condition of the index, and each is entered at the first cell. */
#define TILE_TOTALS(x0, y0, x1, y1, from, to)                                                                                                  \
	" FROM rollup_cell WHERE month = ANY(ARRAY(SELECT generate_series(" MONTH_OF(from) ", " to "::date - 1, '1 month')::date))"                \
	" AND cell >= " x0 " * 8192 AND cell < (" x1 " + 1) * 8192 AND cell % 8192 BETWEEN " y0 " AND " y1

/* Clusters of cells, joined by `bits`: 32 along the edge, as far as cells go. */
#define TILE_CELLS(z, x, y, x0, y0, x1, y1, bits, from, to)                                                                                    \
	"(SELECT ST_AsMVT(t, 'cells', 4096, 'place') FROM (SELECT ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint("                             \
	" sum(n * (x + 0.5))::float8 / sum(n)::float8 / 8192 * 360 - 180, degrees(atan(sinh(pi() * (1 - 2 * (sum(n * (y + 0.5))::float8 / sum(n)::float8 / 8192)))))), 4326), 3857)," \
	" ST_TileEnvelope(" z ", " x ", " y "), 4096, 64, true) AS place, sum(n)::bigint AS count, sum(cost)::bigint AS cost, max(severity)::int AS severity FROM (" \
	" SELECT cell / 8192 AS x, cell % 8192 AS y, severity, sum(n) AS n, sum(cost) AS cost" TILE_TOTALS(x0, y0, x1, y1, from, to)              \
	" GROUP BY 1, 2, 3 HAVING sum(n) > 0) c GROUP BY x >> " bits ", y >> " bits ") t WHERE place IS NOT NULL)"

/* $26-$28 the tile, $29 how many reports. */
static const fl_sql tile_reports_sql = { "search_tile", "SELECT " TILE_REPORTS("$26", "$27", "$28", "$29") };

/* $1-$3 the tile, $4-$7 its cells, $8 the bits, $9, $10 months. */
static const fl_sql tile_cells_sql = { "search_tile_cells", "SELECT " TILE_CELLS("$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10") };

/* $26-$28 the tile, $29-$32 its cells, $33 the bits, $34, $35 months, $36 up to how many reports are shown one by one. PostgreSQL
 * runs only the branch that it takes. */
static const fl_sql tile_either_sql = {
	"search_tile_either",
	"SELECT CASE WHEN (SELECT coalesce(sum(n), 0)" TILE_TOTALS("$29", "$30", "$31", "$32", "$34", "$35") ") > $36::bigint THEN "
	TILE_CELLS("$26", "$27", "$28", "$29", "$30", "$31", "$32", "$33", "$34", "$35") " ELSE " TILE_REPORTS("$26", "$27", "$28", "$36") " END"
};

typedef struct tile {
	int z, x, y, months;
} tile;

static void arg_tile(fl_args *args, const tile *t)
{
	fl_arg_i32(args, t->z);
	fl_arg_i32(args, t->x);
	fl_arg_i32(args, t->y);
}

static void arg_cells(fl_args *args, const tile *t)
{
	const int size = CELLS >> t->z;
	fl_arg_i32(args, t->x * size);
	fl_arg_i32(args, t->y * size);
	fl_arg_i32(args, (t->x + 1) * size - 1);
	fl_arg_i32(args, (t->y + 1) * size - 1);
	fl_arg_i32(args, FL_MAX(CELL_BITS - t->z - 5, 0));
	fl_arg_time(args, months_ago(t->months - 1));
	arg_date_after(args, 0);
}

static fl_err arg_reports(fl_ctx *ctx, fl_args *args, const tile *t)
{
	const double n = ldexp(1, t->z), margin = 64.0 / 4096 / n;
	const fl_point nw = of_map(t->x / n, FL_MAX(t->y / n - margin, 0)), se = of_map((t->x + 1) / n, FL_MIN((t->y + 1) / n + margin, 1));
	const fl_wide_filter wide = { .has_box = true, .box = { FL_MAX(nw.longitude - 360 * margin, -180), se.latitude,
		FL_MIN(se.longitude + 360 * margin, 180), nw.latitude } };
	return fl_wide_args(ctx, &(fl_report_filter){ .wide = &wide }, months_ago(t->months - 1), NULL, args);
}

static fl_err tile_of_cells(fl_ctx *ctx, const tile *t, const fl_rows **rows)
{
	fl_args args = fl_args_make(ctx->mem);
	arg_tile(&args, t);
	arg_cells(&args, t);
	return await_query(ctx, ctx->services->db, &tile_cells_sql, &args, rows);
}

static fl_err tile_of_reports(fl_ctx *ctx, const tile *t, const fl_rows **rows)
{
	fl_args args;
	FL_TRY(arg_reports(ctx, &args, t));
	arg_tile(&args, t);
	fl_arg_i64(&args, FL_TILE_REPORTS_MAX);
	return await_query(ctx, ctx->services->db, &tile_reports_sql, &args, rows);
}

static fl_err tile_of_either(fl_ctx *ctx, const tile *t, const fl_rows **rows)
{
	fl_args args;
	FL_TRY(arg_reports(ctx, &args, t));
	arg_tile(&args, t);
	arg_cells(&args, t);
	fl_arg_i64(&args, FL_TILE_REPORTS_MAX);
	return await_query(ctx, ctx->services->db, &tile_either_sql, &args, rows);
}

/* Totals are everybody's, so a driver's tiles are made of the driver's own reports at every zoom. */
static fl_err ask_tile(fl_ctx *ctx, const tile *t, const fl_rows **rows)
{
	if (t->z >= FL_TILE_ZOOM || !fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		return tile_of_reports(ctx, t, rows);
	return t->z < FL_CELL_ZOOM ? tile_of_cells(ctx, t, rows) : tile_of_either(ctx, t, rows);
}

fl_err fl_search_tile(fl_ctx *ctx, int z, int x, int y, int months, fl_str *out)
{
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	if (z < 0 || z > FL_ZOOM_MAX || x < 0 || y < 0 || x >= 1 << z || y >= 1 << z)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such tile");
	if (months < 1 || months > 60)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "months is %d; it goes from 1 to 60", months);
	FL_TRY(ask_tile(ctx, &(tile){ z, x, y, months }, &rows));
	*out = rows->count ? fl_row_bytes(rows, 0, 0) : FL_STR("");
	return FL_OK;
}
