#include "fleet/rebuild.h"

#include <stdio.h>

enum { BATCH = 1000, SAID_MAX = 1000 };

typedef struct work {
	const fl_rebuild_opts *opts;
	fl_rebuild_result *result;
	fl_diag *diag;
	fl_pg *pg;
	fl_arena mem; /* of a batch */
} work;

static void say(work *w, const char *format, ...) FL_PRINTF(2, 3);
static void say(work *w, const char *format, ...)
{
	char line[700];
	int64_t most = w->opts->said_max ? w->opts->said_max : SAID_MAX;
	va_list args;
	w->result->differences++;
	if (!w->opts->say || w->result->differences > most + 1)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	w->opts->say(w->opts->arg, w->result->differences <= most ? line : "and more");
}

static fl_str or_nothing(const fl_rows *rows, int row, int column)
{
	return fl_row_null(rows, row, column) ? FL_STR("nothing") : fl_row_text(rows, row, column);
}

/* ---- reports, zones, estimates, and what their repair makes: orders, bills, claims ---- */

static const char DIFFERENCES[] =
	"SELECT r.report_number, t.slug, d.field, d.stored, d.told FROM (SELECT * FROM fleet.reports_differences($1, $2)"
	" UNION ALL SELECT * FROM fleet.zones_differences($1, $2) UNION ALL SELECT * FROM fleet.estimates_differences($1, $2)"
	" UNION ALL SELECT * FROM fleet.repairs_differences($1, $2)) d"
	" JOIN fleet.damage_reports r ON r.tenant_id = $1 AND r.id = d.report_id JOIN fleet.tenants t ON t.id = $1 ORDER BY 1, 3";

static fl_err compare(work *w, int32_t tenant, const fl_uuid *ids, size_t count)
{
	fl_args args = fl_args_make(&w->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, tenant);
	fl_arg_uuids(&args, ids, count);
	FL_TRY(fl_pg_query(w->pg, DIFFERENCES, &args, &w->mem, &rows, w->diag));
	for (int i = 0; i < rows->count; i++) {
		fl_str slug = fl_row_text(rows, i, 1), field = fl_row_text(rows, i, 2), stored = or_nothing(rows, i, 3),
		       told = or_nothing(rows, i, 4);
		say(w, "%" FL_FMT ", report %lld, %" FL_FMT ": it is %" FL_FMT ", its events say %" FL_FMT, FL_ARG(slug),
			(long long)fl_row_i64(rows, i, 0), FL_ARG(field), FL_ARG(stored), FL_ARG(told));
	}
	return FL_OK;
}

static const char LOCK[] = "SELECT 1 FROM fleet.damage_reports WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE";
static const char MEND[] = "SELECT fleet.reports_mend($1, $2) + fleet.zones_mend($1, $2) + fleet.estimates_mend($1, $2) + "
			   "fleet.repairs_mend($1, $2)";
static const char AREAS[] = "UPDATE fleet.damage_reports r SET damage_areas = a.areas FROM (SELECT z.report_id, "
			    "fleet.zone_areas(z.report_id) AS areas FROM fleet.damage_zones z"
			    " WHERE z.tenant_id = $1 AND z.report_id = ANY ($2) GROUP BY 1) a WHERE r.tenant_id = $1 AND r.id = "
			    "a.report_id AND r.damage_areas <> a.areas";

static fl_err mend(work *w, int32_t tenant, const fl_uuid *ids, size_t count)
{
	fl_args args = fl_args_make(&w->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, tenant);
	fl_arg_uuids(&args, ids, count);
	FL_TRY(fl_pg_exec(w->pg, "BEGIN", w->diag));
	FL_TRY(fl_pg_query(w->pg, LOCK, &args, &w->mem, NULL, w->diag));
	FL_TRY(fl_pg_query(w->pg, MEND, &args, &w->mem, &rows, w->diag));
	w->result->mended += fl_row_i64(rows, 0, 0);
	FL_TRY(fl_pg_query(w->pg, AREAS, &args, &w->mem, NULL, w->diag));
	return fl_pg_exec(w->pg, "COMMIT", w->diag);
}

/* The next reports of the company after *last; *count 0 at the end. */
static fl_err next_batch(work *w, int32_t tenant, fl_uuid *last, fl_uuid **ids, size_t *count)
{
	static const char SQL[] = "SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM fleet.damage_reports WHERE tenant_id = "
				  "$1 AND id > $2 ORDER BY id LIMIT $3) x";
	fl_args args = fl_args_make(&w->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, tenant);
	fl_arg_uuid(&args, *last);
	fl_arg_i64(&args, BATCH);
	FL_TRY(fl_pg_query(w->pg, SQL, &args, &w->mem, &rows, w->diag));
	FL_TRY(fl_row_uuids(rows, 0, 0, &w->mem, ids, count));
	if (*count)
		*last = (*ids)[*count - 1];
	return FL_OK;
}

static fl_err do_company(work *w, int32_t tenant)
{
	fl_uuid last = {}, *ids;
	size_t count;
	for (;;) {
		int64_t before = w->result->differences;
		fl_arena_reset(&w->mem);
		FL_TRY(next_batch(w, tenant, &last, &ids, &count));
		if (count == 0)
			return FL_OK;
		w->result->reports += (int64_t)count;
		FL_TRY(compare(w, tenant, ids, count));
		if (!w->opts->check && w->result->differences > before)
			FL_TRY(mend(w, tenant, ids, count));
	}
}

static fl_err do_reports(work *w)
{
	fl_arena mem = fl_arena_make(4 << 20);
	const fl_rows *rows;
	int32_t *tenants;
	size_t count;
	fl_err err = fl_pg_query(w->pg, "SELECT array_agg(id ORDER BY id) FROM fleet.tenants", NULL, &mem, &rows, w->diag);
	if (err == FL_OK)
		err = fl_row_i32s(rows, 0, 0, &mem, &tenants, &count);
	for (size_t i = 0; err == FL_OK && i < count; i++)
		err = do_company(w, tenants[i]);
	fl_arena_fini(&mem);
	return err;
}

/* ---- totals ---- */

/* clang-format off */
#define SUMS "sum(n) AS n, sum(est) AS e, sum(act) AS a, sum(cost) AS c, sum(repairs) AS r, sum(repair_s) AS s"
#define SAME(x) "(coalesce(" x ".n, 0), coalesce(" x ".e, 0), coalesce(" x ".a, 0), coalesce(" x ".c, 0), coalesce(" x ".r, 0), coalesce(" x ".s, 0))"
#define MONTH "date_trunc('month', day)::date"
/* One total against the reports: what its table keeps and what waits to be folded, grouped as the table is, beside the count. has: the
 * columns that the table keeps, the others as 0; key: its key in words; by: a key's words from a day's row. */
#define TOTAL(name, table, has, wait, key, by, some) \
	" SELECT '" name "' AS total, tenant_id, k AS key, sum(kept.n) AS stored, sum(real.n) AS counted FROM" \
	" (SELECT tenant_id, k, " SUMS " FROM (SELECT tenant_id, " key " AS k, " has " FROM " table \
	"  UNION ALL SELECT tenant_id, " by ", " wait " FROM waiting WHERE " some ") x GROUP BY 1, 2) kept FULL JOIN" \
	" (SELECT tenant_id, k, " SUMS " FROM (SELECT tenant_id, " by " AS k, " wait " FROM reports WHERE " some ") x GROUP BY 1, 2) real USING (tenant_id, k)" \
	" WHERE " SAME("kept") " <> " SAME("real") " GROUP BY 2, 3"

#define COSTS "n, est, act, 0 AS cost, 0 AS repairs, 0 AS repair_s"
#define ALL "n, est, act, cost, repairs, repair_s"
#define PLACE "n, 0 AS est, 0 AS act, cost, 0 AS repairs, 0 AS repair_s"

/* In one snapshot. What a report adds to a total stands in the triggers of damage_reports: the same words are here. */
static const char TOTALS[] =
	"WITH reports AS MATERIALIZED (SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date AS day, status, coalesce(severity, 0::smallint) AS severity,"
	" coalesce(damage_type, 0::smallint) AS damage_type, coalesce(facility_id, 0) AS facility_id, vehicle_id, geo_cell(location) AS cell, count(*) AS n,"
	" coalesce(sum(estimated_cost), 0) AS est, coalesce(sum(actual_cost), 0) AS act, sum(report_cost(status, estimated_cost, actual_cost)) AS cost,"
	" count(completed_at) AS repairs, sum(repair_seconds(reported_at, completed_at)) AS repair_s FROM damage_reports GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
	" UNION ALL SELECT tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s FROM rollup_kept),"
	" waiting AS MATERIALIZED (SELECT * FROM rollup_delta), differing AS ("
	TOTAL("day", "rollup_day", COSTS, COSTS, "format('%s status %s', day, status)", "format('%s status %s', day, status)", "true") " UNION ALL"
	TOTAL("month", "rollup_month", COSTS, COSTS, "format('%s severity %s kind %s', month, severity, damage_type)",
		"format('%s severity %s kind %s', " MONTH ", severity, damage_type)", "true") " UNION ALL"
	TOTAL("depot", "rollup_depot", ALL, ALL, "format('%s depot %s status %s severity %s kind %s', month, facility_id, status, severity, damage_type)",
		"format('%s depot %s status %s severity %s kind %s', " MONTH ", facility_id, status, severity, damage_type)", "true") " UNION ALL"
	TOTAL("vehicle", "rollup_vehicle", ALL, ALL, "format('%s vehicle %s', month, vehicle_id)", "format('%s vehicle %s', " MONTH ", vehicle_id)", "true") " UNION ALL"
	TOTAL("place", "rollup_cell", PLACE, PLACE, "format('%s cell %s severity %s', month, cell, severity)",
		"format('%s cell %s severity %s', " MONTH ", cell, severity)", "cell >= 0")
	") SELECT d.total, t.slug, d.key, coalesce(d.stored, 0)::bigint, coalesce(d.counted, 0)::bigint FROM differing d JOIN tenants t ON t.id = d.tenant_id"
	" ORDER BY 1, 2, 3";
/* clang-format on */

/* The lock keeps folders away and is taken before the snapshot: deltas of commits after that stay and are folded later. */
static const char TOTALS_ANEW[] = "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE fleet.rollup_day IN SHARE ROW EXCLUSIVE MODE;"
				  " SELECT fleet.rollup_mend(); COMMIT";

static fl_err do_totals(work *w)
{
	const fl_rows *rows;
	int64_t before = w->result->differences;
	fl_arena_reset(&w->mem);
	FL_TRY(fl_pg_exec(w->pg, "SET search_path = fleet, public", w->diag));
	FL_TRY(fl_pg_query(w->pg, TOTALS, NULL, &w->mem, &rows, w->diag));
	for (int i = 0; i < rows->count; i++) {
		fl_str total = fl_row_text(rows, i, 0), slug = fl_row_text(rows, i, 1), key = fl_row_text(rows, i, 2);
		say(w, "%" FL_FMT ", total by %" FL_FMT ", %" FL_FMT ": it counts %lld reports, there are %lld", FL_ARG(slug), FL_ARG(total), FL_ARG(key),
		    (long long)fl_row_i64(rows, i, 3), (long long)fl_row_i64(rows, i, 4));
	}
	if (w->opts->check || w->result->differences == before)
		return FL_OK;
	w->result->mended++;
	return fl_pg_exec(w->pg, TOTALS_ANEW, w->diag);
}

fl_err fl_rebuild(const fl_rebuild_opts *opts, fl_diag *diag, fl_rebuild_result *out)
{
	fl_rebuild_result result = {};
	work w = { .opts = opts, .result = &result, .diag = diag, .mem = fl_arena_make(64 << 20) };
	fl_err err = fl_pg_open(opts->url, diag, &w.pg);
	if (err == FL_OK)
		err = do_reports(&w);
	if (err == FL_OK)
		err = do_totals(&w);
	fl_pg_close(w.pg);
	fl_arena_fini(&w.mem);
	if (err == FL_OK)
		*out = result;
	return err;
}
