/* What is stored, by kind and by company, and what that costs. */
#include "maintain/maintain_int.h"

static fl_str priced(fl_maintain *m, fl_str name, double bytes)
{
	if (m->opts->price_gb_month <= 0)
		return name;
	return fl_str_fmt(m->mem, "%" FL_FMT ": %.2f a month", FL_ARG(name), bytes / (1 << 30) * m->opts->price_gb_month);
}

static void tell(fl_maintain *m, fl_finding_id id, const char *sql)
{
	const fl_rows *rows;
	fl_diag diag = { 0 };
	fl_err err = fl_pg_query(m->pg, sql, NULL, m->mem, &rows, &diag);

	if (err != FL_OK) {
		fl_found_unknown(m, id, "%s", fl_diag_text(&diag, err));
		return;
	}
	for (int i = 0; i < rows->count; i++) {
		double bytes = fl_row_f8(rows, i, 0);
		fl_found(m, id, bytes, priced(m, fl_str_dup(m->mem, fl_row_text(rows, i, 1)), bytes));
	}
}

/* Photos lie in HOME/blobs, with two small ones each; the tables know their sizes. */
#define PHOTOS "bytes + coalesce(view_bytes, 0) + coalesce(thumb_bytes, 0)"

static const char KINDS[] =
	"WITH t AS (SELECT coalesce(i.inhparent, c.oid)::regclass::text AS name, sum(pg_table_size(c.oid)) AS bytes, sum(pg_indexes_size(c.oid)) AS indexes FROM pg_class c"
	" LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind IN ('r', 'm') AND c.relnamespace IN ('fleet'::regnamespace, 'platform'::regnamespace) GROUP BY 1)"
	" SELECT bytes::float8, name FROM (SELECT (SELECT coalesce(sum(" PHOTOS "), 0) FROM fleet.damage_photos WHERE erased_at IS NULL) AS bytes, 'photos' AS name, 1 AS n"
	" UNION ALL SELECT sum(bytes), 'reports', 2 FROM t WHERE name ~ '(damage_reports|report_search)$' UNION ALL SELECT sum(bytes), 'events', 3 FROM t WHERE name ~ 'events$'"
	" UNION ALL SELECT sum(bytes), 'other tables', 4 FROM t WHERE name !~ '(damage_reports|report_search|events)$' UNION ALL SELECT sum(indexes), 'indexes', 5 FROM t"
	" UNION ALL SELECT (SELECT coalesce(sum(size), 0) FROM pg_ls_waldir()), 'PostgreSQL''s log', 6) x ORDER BY n";

/* The database is shared out by reports. */
static const char COMPANIES[] =
	"WITH r AS (SELECT tenant_id, sum(n) AS n FROM fleet.rollup_month GROUP BY 1), p AS (SELECT tenant_id, sum(" PHOTOS ") AS bytes FROM fleet.damage_photos WHERE erased_at IS NULL GROUP BY 1)"
	" SELECT (coalesce(p.bytes, 0) + pg_database_size(current_database()) * coalesce(r.n, 0) / greatest((SELECT sum(n) FROM r), 1))::float8,"
	" format('%s, %s reports', t.slug, coalesce(r.n, 0)) FROM fleet.tenants t LEFT JOIN r ON r.tenant_id = t.id LEFT JOIN p ON p.tenant_id = t.id ORDER BY 1 DESC LIMIT 10";

void fl_maintain_cost(fl_maintain *m)
{
	tell(m, FL_FIND_BYTES_KIND, KINDS);
	tell(m, FL_FIND_BYTES_COMPANY, COMPANIES);
}
