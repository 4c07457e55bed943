/* Chores in the database: fresh statistics, the materialized views, vacuum, and indexes made anew where it pays. Each is a statement
 * of its own that holds no lock which readers or writers would wait for, and gives up after two seconds of waiting for one. */
#include "maintain/maintain_int.h"

enum { TIDY_MAX = 200 }; /* chores of a kind in one run; the rest is for the next */

/* An index is made anew when that saves so much of it, and so many bytes: below, the work costs more than the room. */
#define REINDEX_SHARE 0.3
#define REINDEX_BYTES (8 << 20)

/* True when it was done. */
static bool chore(fl_maintain *m, const char *statement, double *took_ms)
{
	int64_t start_us = fl_mono_us();
	fl_diag diag = { 0 };
	fl_err err = fl_pg_exec(m->pg, statement, &diag);

	*took_ms = (double)(fl_mono_us() - start_us) / 1000;
	if (err != FL_OK)
		fl_found(m, FL_FIND_TIDY_FAILED, 1, fl_str_fmt(m->mem, "%s: %s", statement, fl_diag_text(&diag, err)));
	return err == FL_OK;
}

static const fl_rows *list(fl_maintain *m, fl_finding_id id, const char *sql)
{
	const fl_rows *rows = NULL;
	fl_diag diag = { 0 };
	fl_err err = fl_pg_query(m->pg, sql, NULL, m->mem, &rows, &diag);

	if (err == FL_OK)
		return rows;
	fl_found_unknown(m, id, "%s", fl_diag_text(&diag, err));
	return NULL;
}

/* Rows are (name, statement): does them all, and tells how many. */
static void do_each(fl_maintain *m, fl_finding_id id, const char *sql)
{
	const fl_rows *rows = list(m, id, sql);
	fl_str names = FL_STR("");
	double took, total = 0;
	int done = 0;

	for (int i = 0; rows && i < rows->count && i < TIDY_MAX; i++) {
		const char *statement = fl_str_cstr(m->mem, fl_row_text(rows, i, 1));
		if (!statement || (!m->opts->dry && !chore(m, statement, &took)))
			continue;
		total += m->opts->dry ? 0 : took;
		if (done++ < 5)
			names = fl_str_fmt(m->mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(names), done > 1 ? ", " : "", FL_ARG(fl_row_text(rows, i, 0)));
	}
	if (!rows)
		return;
	if (done && !m->opts->dry)
		names = fl_str_fmt(m->mem, "%" FL_FMT "%s; %.0f ms", FL_ARG(names), done > 5 ? ", ..." : "", total);
	fl_found_state(m, id, !done ? FL_FOUND_OK : m->opts->dry ? FL_FOUND_WOULD : FL_FOUND_DONE, done, names);
}

/* ---- Weekly ---- */

/* A partitioned table has statistics of its own, which nobody makes but who asks: its parts' changes count for it. */
static const char ANALYZE[] =
	"WITH t AS (SELECT coalesce(i.inhparent, s.relid) AS oid, sum(s.n_mod_since_analyze) AS changed, sum(s.n_live_tup) AS live,"
	" min(coalesce(greatest(p.last_analyze, p.last_autoanalyze), '-infinity')) AS at FROM pg_stat_user_tables s LEFT JOIN pg_inherits i ON i.inhrelid = s.relid"
	" JOIN pg_stat_all_tables p ON p.relid = coalesce(i.inhparent, s.relid) JOIN pg_class c ON c.oid = s.relid"
	" WHERE s.schemaname IN ('fleet', 'platform') AND c.relkind = 'r' GROUP BY 1)"
	" SELECT oid::regclass::text, format('ANALYZE %s', oid::regclass) FROM t WHERE live > 0 AND"
	" (changed > greatest(1000, live / 10) OR (at < now() - interval '7 days' AND (changed > 0 OR at = '-infinity'))) ORDER BY changed DESC LIMIT 200";

static void refresh_views(fl_maintain *m)
{
	const fl_rows *rows = list(m, FL_FIND_REFRESHED,
		"SELECT c.oid::regclass::text, format('REFRESH MATERIALIZED VIEW CONCURRENTLY %s', c.oid::regclass) FROM pg_class c WHERE c.relkind = 'm'"
		" AND c.relnamespace IN ('fleet'::regnamespace, 'platform'::regnamespace) AND EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND"
		" i.indisunique AND i.indpred IS NULL) ORDER BY 1");
	double took;

	for (int i = 0; rows && i < rows->count && i < TIDY_MAX; i++) {
		fl_str name = fl_str_dup(m->mem, fl_row_text(rows, i, 0));
		const char *statement = fl_str_cstr(m->mem, fl_row_text(rows, i, 1));
		if (m->opts->dry)
			fl_found_state(m, FL_FIND_REFRESHED, FL_FOUND_WOULD, 0, name);
		else if (statement && chore(m, statement, &took))
			fl_found_state(m, FL_FIND_REFRESHED, FL_FOUND_DONE, took, name);
	}
}

void fl_maintain_tidy_weekly(fl_maintain *m)
{
	double took;

	(void)!chore(m, "SET statement_timeout = '15min'", &took);
	do_each(m, FL_FIND_ANALYZED, ANALYZE);
	refresh_views(m);
	(void)!chore(m, "SET statement_timeout = '60s'", &took);
}

/* ---- Monthly ---- */

/* TRUNCATE false: giving back empty pages at a table's end would need a lock that readers wait for. */
static const char VACUUM[] =
	"SELECT relid::regclass::text, format('VACUUM (ANALYZE, TRUNCATE false) %s', relid::regclass) FROM pg_stat_user_tables"
	" WHERE schemaname IN ('fleet', 'platform') AND n_dead_tup >= greatest(1000, (n_live_tup + n_dead_tup) / 5) ORDER BY n_dead_tup DESC LIMIT 200";

/* What the rows would fill, by their average widths (24 bytes of header and 4 of pointer a row, aligned), against what there is. */
static const char BLOATED[] =
	"WITH w AS (SELECT starelid, sum((1 - stanullfrac) * stawidth) AS width FROM pg_statistic WHERE NOT stainherit GROUP BY 1),"
	" t AS (SELECT c.oid, c.relpages * 8192::float8 AS size, c.reltuples * (28 + ceil(w.width / 8) * 8) / 0.97 / coalesce((SELECT option_value::float8 / 100"
	" FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'), 1) AS need FROM pg_class c JOIN w ON w.starelid = c.oid"
	" WHERE c.relkind = 'r' AND c.relnamespace IN ('fleet'::regnamespace, 'platform'::regnamespace) AND c.reltuples >= 0)"
	" SELECT greatest(size - need, 0)::float8, format('%s: %s of %s', oid::regclass, pg_size_pretty(greatest(size - need, 0)::bigint), pg_size_pretty(size::bigint))"
	" FROM t ORDER BY 1 DESC LIMIT 1";

static void find_bloated(fl_maintain *m)
{
	const fl_rows *rows = list(m, FL_FIND_BLOATED, BLOATED);

	if (rows && rows->count)
		fl_found(m, FL_FIND_BLOATED, fl_row_f8(rows, 0, 0), fl_str_dup(m->mem, fl_row_text(rows, 0, 1)));
}

/* B-trees only: of the others nothing is known. An entry is 8 bytes of header, the columns, and 4 of pointer; a page is filled to
 * nine tenths. Equal keys share entries, so an index may need less than this: never more. Expressions have statistics by the index. */
static const char INDEXES[] =
	"WITH k AS (SELECT i.indexrelid, sum((1 - s.stanullfrac) * s.stawidth) AS width, count(*) FILTER (WHERE s.starelid IS NULL) AS unknown"
	" FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY n(attnum, ord) LEFT JOIN pg_statistic s ON NOT s.stainherit AND"
	" ((n.attnum > 0 AND s.starelid = i.indrelid AND s.staattnum = n.attnum) OR (n.attnum = 0 AND s.starelid = i.indexrelid AND s.staattnum = n.ord))"
	" WHERE i.indisvalid GROUP BY 1),"
	" x AS (SELECT c.oid, pg_relation_size(c.oid)::float8 AS size, 16384 + c.reltuples * (12 + ceil(k.width / 8) * 8) / 0.9 AS need FROM k JOIN pg_class c"
	" ON c.oid = k.indexrelid JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' WHERE k.unknown = 0 AND c.reltuples >= 0 AND c.relkind = 'i'"
	" AND c.relnamespace IN ('fleet'::regnamespace, 'platform'::regnamespace))"
	" SELECT oid::regclass::text, format('REINDEX INDEX CONCURRENTLY %s', oid::regclass), size, greatest(size - need, 0)::float8 FROM x ORDER BY size - need DESC LIMIT 200";

static double index_size(fl_maintain *m, fl_str name)
{
	fl_args args = fl_args_make(m->mem);
	const fl_rows *rows;
	fl_diag diag = { 0 };

	fl_arg_text(&args, name);
	if (fl_pg_query(m->pg, "SELECT pg_relation_size(to_regclass($1))::float8", &args, m->mem, &rows, &diag) != FL_OK)
		return 0;
	return fl_row_f8(rows, 0, 0);
}

/* A new index that was given up stays behind, marked as not valid: each write would keep it up for nobody. */
static void drop_left_over(fl_maintain *m)
{
	const fl_rows *rows = list(m, FL_FIND_REINDEXED,
		"SELECT format('DROP INDEX CONCURRENTLY %s', c.oid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid AND c.relkind = 'i'"
		" AND c.relname ~ '_cc(new|old)[0-9]*$' AND c.relnamespace IN ('fleet'::regnamespace, 'platform'::regnamespace)");
	double took;

	for (int i = 0; rows && i < rows->count && !m->opts->dry; i++)
		(void)!chore(m, fl_str_cstr(m->mem, fl_row_text(rows, i, 0)), &took);
}

/* The old one stays until the new one is whole, and sorting takes as much again. */
static bool has_room(fl_maintain *m, double size)
{
	fl_disk disk;

	return !m->opts->home || !fl_disk_of(m->opts->home, &disk) || disk.free > 3 * size;
}

static void reindex(fl_maintain *m)
{
	const fl_rows *rows = list(m, FL_FIND_REINDEXED, INDEXES);
	double saved = 0, left = 0, took;
	fl_str names = FL_STR(""), skipped = FL_STR("");
	int done = 0;

	for (int i = 0; rows && i < rows->count; i++) {
		fl_str name = fl_str_dup(m->mem, fl_row_text(rows, i, 0));
		const char *statement = fl_str_cstr(m->mem, fl_row_text(rows, i, 1));
		double size = fl_row_f8(rows, i, 2), gain = fl_row_f8(rows, i, 3);
		if (!statement || gain < REINDEX_BYTES || gain < REINDEX_SHARE * size)
			continue;
		if (!has_room(m, size) || (!m->opts->dry && !chore(m, statement, &took))) {
			skipped = FL_MAX(left, gain) == gain ? name : skipped;
			left = FL_MAX(left, gain);
			continue;
		}
		saved += m->opts->dry ? gain : size - index_size(m, name);
		if (done++ < 5)
			names = fl_str_fmt(m->mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(names), done > 1 ? ", " : "", FL_ARG(name));
	}
	if (rows)
		fl_found_state(m, FL_FIND_REINDEXED, !done ? FL_FOUND_OK : m->opts->dry ? FL_FOUND_WOULD : FL_FOUND_DONE, saved, names);
	if (left > 0)
		fl_found(m, FL_FIND_REINDEX_LEFT, left, skipped);
}

void fl_maintain_tidy_monthly(fl_maintain *m)
{
	double took;

	(void)!chore(m, "SET statement_timeout = '2h'", &took);
	do_each(m, FL_FIND_VACUUMED, VACUUM);
	drop_left_over(m);
	find_bloated(m);
	reindex(m);
	drop_left_over(m);
	(void)!chore(m, "SET statement_timeout = '60s'", &took);
}
