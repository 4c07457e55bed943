/* What one SELECT tells. Each gives rows of (value, detail[, limit]): a row is a finding, and a NULL value one that cannot be known
 * yet, with the reason in detail. $1: FLEET_SLOW_MS. $2: FLEET_KEEP_MONTHS. */
#include "maintain/maintain_int.h"

typedef struct check {
	int periods;
	fl_finding_id id;
	const char *sql;
} check;

enum { DAY = FL_MAINTAIN_DAILY, WEEK = FL_MAINTAIN_WEEKLY, MONTH = FL_MAINTAIN_MONTHLY };

/* clang-format off */
#define SLOWER(span, floor) \
	"WITH g AS (SELECT name, (ms / nullif(calls, 0)) / nullif(ms_before / nullif(calls_before, 0), 0) AS ratio, ms / nullif(calls, 0) AS mean" \
	" FROM platform.statement_growth(" span ") WHERE calls >= 50 AND calls_before >= 50 AND name NOT LIKE 'chore\\_%')" \
	" SELECT CASE WHEN count(*) = 0 THEN NULL ELSE coalesce(max(ratio) FILTER (WHERE mean >= " floor "), 1) END::float8, CASE WHEN count(*) = 0" \
	" THEN 'too few figures to compare with' ELSE (SELECT string_agg(t, '; ') FROM (SELECT format('%s: %s ms, %s x', name, round(mean::numeric, 1)," \
	" round(ratio::numeric, 2)) AS t FROM g WHERE mean >= " floor " AND ratio > 1.2 ORDER BY ratio DESC LIMIT 3) x) END FROM g"

static const check checks[] = {
	{ DAY, FL_FIND_DEAD_JOBS,
	  "SELECT (SELECT count(*) FROM fleet.jobs_dead WHERE died_at > now() - interval '1 day')::float8, (SELECT string_agg(t, '; ') FROM"
	  " (SELECT format('%s: %s (%s)', coalesce(c.name, d.queue::text), left(regexp_replace(coalesce(d.last_error, 'no reason'), '[0-9]+', '#', 'g'), 80),"
	  " count(*)) AS t FROM fleet.jobs_dead d LEFT JOIN fleet.ref_code c ON c.kind = 'queue' AND c.code = d.queue WHERE d.died_at > now() - interval '1 day'"
	  " GROUP BY coalesce(c.name, d.queue::text), left(regexp_replace(coalesce(d.last_error, 'no reason'), '[0-9]+', '#', 'g'), 80)"
	  " ORDER BY count(*) DESC LIMIT 3) x)" },
	{ DAY, FL_FIND_FAILED_DELIVERIES,
	  "SELECT count(*)::float8, string_agg(DISTINCT CASE WHEN webhook_id IS NULL THEN 'mail' ELSE 'webhook ' || webhook_id END || ' of company ' || tenant_id, '; ')"
	  " FROM (SELECT * FROM fleet.deliveries WHERE id >= fleet.uuid7_floor(now() - interval '1 day') AND state = 3 LIMIT 10000) d" },
	{ DAY, FL_FIND_BUFFER_HITS,
	  "SELECT CASE WHEN blks_hit + blks_read >= 100000 THEN 100.0 * blks_hit / (blks_hit + blks_read) END::float8,"
	  " CASE WHEN blks_hit + blks_read < 100000 THEN 'too little was read to say' ELSE format('of %s; shared_buffers is %s', blks_hit + blks_read,"
	  " current_setting('shared_buffers')) END FROM pg_stat_database WHERE datname = current_database()" },
	{ DAY, FL_FIND_SLOW_MEAN, /* chores are long and nobody waits for them */
	  "SELECT CASE WHEN count(*) > 0 THEN max(ms / calls) END::float8, CASE WHEN count(*) = 0 THEN 'no statement ran five times, or pg_stat_statements is not"
	  " loaded' ELSE (array_agg(format('%s, %s times', name, calls) ORDER BY ms / calls DESC))[1] END, greatest($1, 1)::float8"
	  " FROM platform.statement_growth(1) WHERE calls >= 5 AND name NOT LIKE 'chore\\_%'" },
	{ DAY, FL_FIND_TOP_TOTAL,
	  "SELECT (100 * sum(ms) FILTER (WHERE n <= 3) / nullif(sum(ms), 0))::float8, coalesce(string_agg(format('%s: %s s, %s times', name,"
	  " round((ms / 1000)::numeric, 1), calls), '; ' ORDER BY n) FILTER (WHERE n <= 3), 'pg_stat_statements is not loaded')"
	  " FROM (SELECT *, row_number() OVER (ORDER BY ms DESC) AS n FROM platform.statement_growth(1)) g" },
	{ DAY, FL_FIND_SLOWER_DAY, SLOWER("1", "5") },
	{ WEEK, FL_FIND_SLOWER_WEEK, SLOWER("7", "5") },
	{ WEEK, FL_FIND_TIME_WEEK,
	  "SELECT (sum(ms) / nullif(sum(ms_before), 0))::float8, CASE WHEN sum(ms_before) IS NULL THEN 'no figures of two weeks ago yet' ELSE format('%s s to %s s',"
	  " round(sum(ms)::numeric / 1000), round(sum(ms_before)::numeric / 1000)) END FROM platform.statement_growth(7)" },
	{ DAY, FL_FIND_QUEUE_OLDEST,
	  "SELECT coalesce(extract(epoch FROM now() - min(greatest(run_at, created_at))), 0)::float8, coalesce('queue ' || (array_agg(queue ORDER BY run_at))[1], '')"
	  " FROM fleet.jobs WHERE state = 0 AND run_at <= now()" },
	{ DAY, FL_FIND_QUEUE_DEPTH, "SELECT count(*)::float8, '' FROM fleet.jobs WHERE state = 0 AND run_at <= now()" },
	{ DAY, FL_FIND_RELAY_LAG,
	  "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(fleet.uuid7_time(e.id))), 0)::float8, coalesce((array_agg(c.consumer ORDER BY e.id))[1], '')"
	  " FROM fleet.outbox_cursor c CROSS JOIN LATERAL fleet.outbox_read(c.xid, c.seq, 1) e" },
	{ DAY, FL_FIND_REPLICA_LAG,
	  "SELECT max(extract(epoch FROM coalesce(replay_lag, '0')))::float8, CASE WHEN count(*) = 0 THEN 'there is no replica' ELSE"
	  " string_agg(format('%s: %s', application_name, state), '; ') END FROM pg_stat_replication" },
	{ DAY, FL_FIND_SLOT_KEPT,
	  "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8, slot_name::text FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL" },
	{ DAY | MONTH, FL_FIND_MONTHS_MISSING,
	  "SELECT count(*)::float8, string_agg(name, ', ') FROM (SELECT c.relname || '_' || to_char(m, 'YYYYMM') AS name FROM platform.partitioned p"
	  " JOIN pg_class c ON c.oid = p.parent CROSS JOIN generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), date_trunc('month', now() AT TIME ZONE 'UTC')"
	  " + interval '2 months', interval '1 month') m) x WHERE NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = to_regclass('fleet.' || x.name))" },
	{ DAY | WEEK | MONTH, FL_FIND_MONTHS_AHEAD, "SELECT platform.months_ahead()::float8, ''" },
	{ MONTH, FL_FIND_MONTH_OLDEST,
	  "SELECT (extract(year FROM a) * 12 + extract(month FROM a))::float8, 'the oldest is ' || oldest FROM (SELECT min(d) AS oldest,"
	  " age(date_trunc('month', now() AT TIME ZONE 'UTC'), to_date(rpad(min(d), 6, '01'), 'YYYYMM')) AS a FROM (SELECT substring(c.relname FROM '_([0-9]{4,6})$') AS d"
	  " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'fleet.damage_reports'::regclass) x) y" },
	{ MONTH, FL_FIND_MONTHS_DROP,
	  "SELECT CASE WHEN $2 > 0 THEN count(*) END::float8, CASE WHEN $2 = 0 THEN 'FLEET_KEEP_MONTHS is 0: all months stay' ELSE coalesce('first ' ||"
	  " min(substring(s FROM 'DROP TABLE (.*)$')), 'none yet') END FROM platform.retire_plan((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month'"
	  " - greatest($2, 1)::int * interval '1 month')::date) s WHERE s LIKE 'DROP%'" },
	{ DAY | WEEK | MONTH, FL_FIND_DATABASE_SIZE,
	  "SELECT pg_database_size(current_database())::float8, (SELECT string_agg(format('%s %s', name, pg_size_pretty(b)), ', ') FROM (SELECT coalesce(i.inhparent,"
	  " c.oid)::regclass::text AS name, sum(pg_total_relation_size(c.oid)) AS b FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind"
	  " IN ('r', 'm') AND c.relnamespace = 'fleet'::regnamespace GROUP BY 1 ORDER BY 2 DESC LIMIT 3) x)" },
	{ DAY | WEEK | MONTH, FL_FIND_LOOSE_BYTES,
	  "SELECT CASE WHEN ended_at IS NOT NULL THEN loose_bytes END::float8, CASE WHEN ended_at IS NULL THEN 'the store was never swept' ELSE"
	  " format('%s of %s files; %s (%s) went so far', loose, seen, removed, pg_size_pretty(removed_bytes)) END FROM platform.sweep" },
	{ DAY, FL_FIND_SWEEP_AGE, "SELECT (extract(epoch FROM now() - coalesce(ended_at, made_at)) / 3600)::float8, coalesce(refused, '') FROM platform.sweep" },
	{ DAY, FL_FIND_CONNECTIONS,
	  "SELECT (100.0 * count(*) / current_setting('max_connections')::int)::float8, format('%s of %s', count(*), current_setting('max_connections'))"
	  " FROM pg_stat_activity WHERE backend_type = 'client backend'" },
	{ DAY, FL_FIND_XID_AGE, "SELECT (100.0 * max(age(datfrozenxid)) / 2147483648)::float8, '' FROM pg_database" },
	{ WEEK, FL_FIND_ROLES_WIDE, /* the role with oid 10 made the cluster; ours neither log in nor pass row security */
	  "SELECT count(*)::float8, string_agg(rolname, ', ') FROM pg_roles WHERE (rolsuper AND oid <> 10 AND rolname <> current_user) OR (rolname IN ('fleet_app',"
	  " 'fleet_worker') AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = pg_roles.oid)))" },
	{ WEEK, FL_FIND_ROW_SECURITY_OFF,
	  "SELECT count(*)::float8, string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'fleet'::regnamespace AND relkind IN ('r', 'p')"
	  " AND NOT relrowsecurity AND oid::regclass::text NOT LIKE '%ref_code' AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = pg_class.oid AND a.attname = 'tenant_id')" },
	{ WEEK, FL_FIND_HBA_TRUST, /* initdb trusts this machine's own address; that counts once PostgreSQL listens */
	  "SELECT count(*)::float8, string_agg(format('line %s: %s %s', line_number, type, address), '; ') FROM pg_hba_file_rules WHERE type LIKE 'host%'"
	  " AND auth_method = 'trust' AND (current_setting('listen_addresses') <> '' OR address NOT IN ('127.0.0.1', '::1', 'localhost', 'samehost'))" },
};
/* clang-format on */

static void run_check(fl_maintain *m, const check *c)
{
	fl_args args = fl_args_make(m->mem);
	const fl_rows *rows;
	fl_diag diag = { 0 };

	fl_arg_f8(&args, (double)m->opts->slow_ms);
	fl_arg_f8(&args, (double)m->opts->keep_months);
	fl_err err = fl_pg_query(m->pg, c->sql, &args, m->mem, &rows, &diag);
	if (err != FL_OK) {
		fl_found_unknown(m, c->id, "%s", fl_diag_text(&diag, err));
		return;
	}
	for (int i = 0; i < rows->count; i++) {
		fl_str detail = fl_str_dup(m->mem, fl_row_text(rows, i, 1));
		if (fl_row_null(rows, i, 0))
			fl_found_unknown(m, c->id, "%" FL_FMT, FL_ARG(detail));
		else if (rows->columns > 2)
			fl_found_limit(m, c->id, fl_row_f8(rows, i, 0), fl_row_f8(rows, i, 2), detail);
		else
			fl_found(m, c->id, fl_row_f8(rows, i, 0), detail);
	}
}

void fl_maintain_checks(fl_maintain *m)
{
	for (size_t i = 0; i < FL_COUNT(checks); i++)
		if (checks[i].periods & (int)m->opts->period)
			run_check(m, &checks[i]);
}
