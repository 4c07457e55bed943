-- Bulk load: totals of months that had none are put in as they are, in the order of their keys. Asking for each line whether it is there
-- already (ON CONFLICT) was a quarter of the work on a month, and nearly no line of a month that is loaded whole ever is.
SET LOCAL search_path = fleet, public;

DROP FUNCTION platform.rollup_table(regclass);
-- Adds all reports of a table to the totals, without deltas: for tables that are loaded whole, and for totals made anew. fresh: none of their
-- lines is there yet. The caller holds lock 727001, which keeps the folder away.
CREATE FUNCTION platform.rollup_table(rel regclass, fresh boolean) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$
DECLARE t record; BEGIN
  FOR t IN SELECT * FROM (VALUES
    ('rollup_day', 3, 'tenant_id, day, status', 'tenant_id, (reported_at AT TIME ZONE ''UTC'')::date, status, count(*), coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0)',
      'true', 'n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act'),
    ('rollup_month', 4, 'tenant_id, month, severity, damage_type', 'tenant_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, coalesce(severity, 0), coalesce(damage_type, 0),'
      ' count(*), coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0)',
      'true', 'n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act'),
    ('rollup_depot', 6, 'tenant_id, month, facility_id, status, severity, damage_type', 'tenant_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, coalesce(facility_id, 0), status,'
      ' coalesce(severity, 0), coalesce(damage_type, 0), count(*), coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0),'
      ' sum(report_cost(status, estimated_cost, actual_cost)), count(completed_at), sum(repair_seconds(reported_at, completed_at))',
      'true', 'n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act, cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s'),
    ('rollup_vehicle', 3, 'tenant_id, vehicle_id, month', 'tenant_id, vehicle_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, count(*),'
      ' coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0), sum(report_cost(status, estimated_cost, actual_cost)), count(completed_at),'
      ' sum(repair_seconds(reported_at, completed_at))',
      'true', 'n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act, cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s'),
    ('rollup_cell', 4, 'tenant_id, month, cell, severity', 'tenant_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, geo_cell(location), coalesce(severity, 0), count(*),'
      ' sum(report_cost(status, estimated_cost, actual_cost))',
      'location IS NOT NULL', 'n = r.n + excluded.n, cost = r.cost + excluded.cost')
  ) x (total, keys, key, sums, counted, added) LOOP
    EXECUTE format('INSERT INTO %I AS r SELECT %s FROM %s WHERE %s GROUP BY %s ORDER BY %5$s', t.total, t.sums, rel, t.counted,
        (SELECT string_agg(i::text, ', ' ORDER BY i) FROM generate_series(1, t.keys) i))
      || CASE WHEN fresh THEN '' ELSE format(' ON CONFLICT (%s) DO UPDATE SET %s', t.key, t.added) END;
  END LOOP; END $$;
REVOKE EXECUTE ON FUNCTION platform.rollup_table(regclass, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION rollup_mend() RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ DELETE FROM rollup_delta;
   DELETE FROM rollup_day;
   DELETE FROM rollup_month;
   DELETE FROM rollup_depot;
   DELETE FROM rollup_vehicle;
   DELETE FROM rollup_cell;
   SELECT platform.rollup_table('damage_reports', false);
   INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s)
   SELECT tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s FROM rollup_kept $$;

-- Months that dropped have left their lines behind; those of one that is loaded again are added to them.
CREATE OR REPLACE FUNCTION platform.load_attach(suffix text, from_id uuid, to_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE rel text; low date := uuid7_time(from_id) AT TIME ZONE 'UTC'; high date := uuid7_time(to_id) AT TIME ZONE 'UTC'; BEGIN
  PERFORM pg_advisory_xact_lock_shared(727001);
  PERFORM platform.rollup_table(format('loading.%I', 'damage_reports' || suffix)::regclass,
    NOT EXISTS (SELECT 1 FROM tenants t WHERE EXISTS (SELECT 1 FROM rollup_month m WHERE m.tenant_id = t.id AND m.month >= low AND m.month < high)));
  PERFORM pg_advisory_xact_lock(727002);
  FOR rel IN SELECT c.relname FROM platform.partitioned p JOIN pg_class c ON c.oid = p.parent
    WHERE c.relname = ANY (platform.load_tables() || ARRAY['report_search']) ORDER BY p.ord, c.relname LOOP
    EXECUTE format('ALTER TABLE loading.%I SET SCHEMA fleet', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I RESET (autovacuum_enabled), ENABLE ROW LEVEL SECURITY', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)', rel, rel || suffix, from_id, to_id);
    EXECUTE format('ALTER TABLE fleet.%I DROP CONSTRAINT load_bounds', rel || suffix);
  END LOOP; END $$;
