-- What maintenance remembers: figures of each day to compare with and to extend into the future, and when it ran. Of the platform
-- and not of a company; only the owner of the tables reads or writes it.

-- kind: statement (value: ms, count: calls, since PostgreSQL last forgot), table (bytes, rows), size (bytes), counter, api (ms).
CREATE TABLE platform.figures (
  day   date NOT NULL, kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 20), name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  value float8 NOT NULL, count bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, name, day));
COMMENT ON INDEX platform.figures_pkey IS 'a series of one figure: forecasts, and growth since a day';
CREATE TABLE platform.maintenance (
  period text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly')), began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz, acts int, PRIMARY KEY (period, began_at));
COMMENT ON INDEX platform.maintenance_pkey IS 'the newest run of a period: is one due?';
ALTER TABLE platform.figures ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.maintenance ENABLE ROW LEVEL SECURITY;

-- Where it is not loaded, or the owner may not make it, statements are not compared.
DO $$ BEGIN
  IF current_setting('shared_preload_libraries') ~ 'pg_stat_statements' THEN CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA platform; END IF;
EXCEPTION WHEN insufficient_privilege OR undefined_file THEN NULL; END $$;

-- The program's statements by the names that it gives them in a comment. Dynamic, because the view may be missing.
CREATE FUNCTION platform.statement_totals() RETURNS TABLE (name text, ms float8, calls bigint) LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE place text := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'); BEGIN
  IF place IS NULL THEN RETURN; END IF;
  RETURN QUERY EXECUTE format($q$ SELECT substring(query FROM '^/\* ([a-z0-9_]+) \*/'), sum(total_exec_time)::float8, sum(calls)::bigint FROM %I.pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query ~ '^/\* [a-z0-9_]+ \*/' GROUP BY 1 $q$, place);
EXCEPTION WHEN object_not_in_prerequisite_state OR insufficient_privilege THEN RETURN; END $$;
REVOKE EXECUTE ON FUNCTION platform.statement_totals() FROM PUBLIC;

-- What each took since the newest figures that are span days old, and in the time from figures twice as old to those. Counters that
-- began anew meanwhile count from their beginning. Without old figures all counts as new, and nothing as before.
CREATE FUNCTION platform.statement_growth(span int) RETURNS TABLE (name text, ms float8, calls bigint, ms_before float8, calls_before bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  WITH a AS (SELECT f.name, f.value, f.count FROM platform.figures f WHERE f.kind = 'statement' AND f.day =
               (SELECT max(day) FROM platform.figures WHERE kind = 'statement' AND day <= current_date - span)),
       b AS (SELECT f.name, f.value, f.count FROM platform.figures f WHERE f.kind = 'statement' AND f.day =
               (SELECT max(day) FROM platform.figures WHERE kind = 'statement' AND day <= current_date - 2 * span))
  SELECT t.name, t.ms - CASE WHEN t.calls >= a.count THEN a.value ELSE 0 END, t.calls - CASE WHEN t.calls >= a.count THEN a.count ELSE 0 END,
         a.value - CASE WHEN a.count >= b.count THEN b.value ELSE 0 END, a.count - CASE WHEN a.count >= b.count THEN b.count ELSE 0 END
  FROM platform.statement_totals() t LEFT JOIN a USING (name) LEFT JOIN b USING (name) $$;
REVOKE EXECUTE ON FUNCTION platform.statement_growth(int) FROM PUBLIC;

-- Jobs that gave up in that time run again, as new. One whose like waits or runs already stays where it is.
CREATE FUNCTION platform.jobs_revive(since interval DEFAULT '1 day') RETURNS bigint LANGUAGE sql VOLATILE SET search_path = fleet, public AS $$
  WITH back AS (INSERT INTO jobs (tenant_id, queue, priority, max_attempts, dedupe_key, payload, created_at)
         SELECT tenant_id, queue, priority, max_attempts, dedupe_key, payload, created_at FROM jobs_dead d WHERE died_at > now() - since
           AND NOT EXISTS (SELECT 1 FROM jobs j WHERE (j.queue, j.tenant_id, j.dedupe_key) = (d.queue, d.tenant_id, d.dedupe_key))
         ON CONFLICT DO NOTHING RETURNING tenant_id, queue, payload),
  gone AS (DELETE FROM jobs_dead d USING back b WHERE d.queue = b.queue AND d.tenant_id IS NOT DISTINCT FROM b.tenant_id AND d.payload = b.payload
           AND d.died_at > now() - since RETURNING 1)
  SELECT count(*) FROM back $$;
REVOKE EXECUTE ON FUNCTION platform.jobs_revive(interval) FROM PUBLIC;
