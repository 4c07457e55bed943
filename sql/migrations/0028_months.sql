-- What the clock does to months: the overview is refreshed, old months go.
SET LOCAL search_path = fleet, public;

-- CONCURRENTLY: who reads meanwhile sees the old hour. Costs 0.1 s, because it adds up totals and not reports.
CREATE FUNCTION platform.overview_refresh() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public SET lock_timeout = '2s' AS $$ BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY platform.month_overview; END $$;
GRANT EXECUTE ON FUNCTION platform.overview_refresh() TO fleet_worker;

-- The statements that drop what ended before a day, each to be run as a transaction of its own by the owner: a part is detached
-- CONCURRENTLY (readers and writers of its parent go on; what lock_timeout cut short is finalized the next time) and then
-- dropped. What belongs to reports comes before the reports, or its foreign keys would refuse. Totals stay.
CREATE FUNCTION platform.retire_plan(before date) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = fleet, public AS $$
  SELECT unnest(CASE
      WHEN i.inhdetachpending THEN ARRAY[format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', p.parent::text, c.oid::regclass)]
      WHEN i.inhrelid IS NOT NULL THEN ARRAY[format('ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY', p.parent::text, c.oid::regclass)]
      ELSE '{}' END || format('DROP TABLE %s', c.oid::regclass))
  FROM platform.partitioned p JOIN pg_class r ON r.oid = p.parent
  JOIN pg_class c ON c.relnamespace = 'fleet'::regnamespace AND c.relkind = 'r' AND c.relname ~ ('^' || r.relname || '_[0-9]{4}([0-9]{2})?$')
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  CROSS JOIN LATERAL (SELECT substring(c.relname FROM '_([0-9]+)$') AS digits) d
  WHERE CASE length(d.digits) WHEN 4 THEN make_date(d.digits::int, 1, 1) + interval '1 year'
             ELSE make_date(left(d.digits, 4)::int, right(d.digits, 2)::int, 1) + interval '1 month' END <= before
  ORDER BY d.digits, p.ord DESC, r.relname $$;
REVOKE EXECUTE ON FUNCTION platform.retire_plan(date) FROM PUBLIC;

-- Where pg_cron runs in this database, months and the overview do not depend on a fleet that is up. Doing them twice does no harm.
CREATE FUNCTION platform.cron_schedule() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$ BEGIN
  IF current_setting('shared_preload_libraries') !~ 'pg_cron' OR current_setting('cron.database_name', true) IS DISTINCT FROM current_database() THEN RETURN false; END IF;
  CREATE EXTENSION IF NOT EXISTS pg_cron;
  EXECUTE $c$ SELECT cron.schedule('fleet-months', '10 * * * *', 'SELECT platform.ensure_partitions(now()::date, (now() + interval ''4 months'')::date)'),
                     cron.schedule('fleet-overview', '5 * * * *', 'SELECT platform.overview_refresh()') $c$;
  RETURN true;
EXCEPTION WHEN insufficient_privilege OR undefined_file THEN RETURN false; END $$;
REVOKE EXECUTE ON FUNCTION platform.cron_schedule() FROM PUBLIC;
