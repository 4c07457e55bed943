-- Totals fold in time with what there is to fold. The rows of a pass were named by an array of ctids, and PostgreSQL, which knows little of
-- a table that is emptied every second, went through that array once for each row: a hundred thousand deltas cost minutes. A pass
-- now takes a hundred pages, which it finds by their numbers: about 7,000 deltas, so that a few passes stay far from the limit of a
-- statement even where each delta goes to another place of the totals. Empty ones do not count as a pass.
SET LOCAL search_path = fleet, public;

CREATE OR REPLACE FUNCTION rollup_fold(passes int DEFAULT 1000) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public SET enable_seqscan = off AS $$
DECLARE step int := 100; page int := 0; pages int; k bigint; total bigint := 0; BEGIN
  IF NOT pg_try_advisory_xact_lock(727001) THEN RETURN 0; END IF;
  pages := pg_relation_size('rollup_delta') / current_setting('block_size')::int;
  WHILE passes > 0 AND page < pages LOOP
    WITH d AS (DELETE FROM rollup_delta WHERE ctid >= format('(%s,0)', page)::tid AND ctid < format('(%s,0)', page + step)::tid RETURNING *),
    a AS (INSERT INTO rollup_day AS r SELECT tenant_id, day, status, sum(n), sum(est), sum(act) FROM d GROUP BY 1, 2, 3
          ON CONFLICT (tenant_id, day, status) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act),
    b AS (INSERT INTO rollup_month AS r SELECT tenant_id, date_trunc('month', day)::date, severity, damage_type, sum(n), sum(est), sum(act) FROM d GROUP BY 1, 2, 3, 4
          ON CONFLICT (tenant_id, month, severity, damage_type) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act),
    c AS (INSERT INTO rollup_depot AS r SELECT tenant_id, date_trunc('month', day)::date, facility_id, status, severity, damage_type, sum(n), sum(est), sum(act),
            sum(cost), sum(repairs), sum(repair_s) FROM d GROUP BY 1, 2, 3, 4, 5, 6
          ON CONFLICT (tenant_id, month, facility_id, status, severity, damage_type) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est,
            act = r.act + excluded.act, cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s),
    v AS (INSERT INTO rollup_vehicle AS r SELECT tenant_id, vehicle_id, date_trunc('month', day)::date, sum(n), sum(est), sum(act), sum(cost), sum(repairs), sum(repair_s)
            FROM d GROUP BY 1, 2, 3
          ON CONFLICT (tenant_id, vehicle_id, month) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act,
            cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s),
    g AS (INSERT INTO rollup_cell AS r SELECT tenant_id, date_trunc('month', day)::date, cell, severity, sum(n), sum(cost) FROM d WHERE cell >= 0 GROUP BY 1, 2, 3, 4
          ON CONFLICT (tenant_id, month, cell, severity) DO UPDATE SET n = r.n + excluded.n, cost = r.cost + excluded.cost)
    SELECT count(*) INTO k FROM d;
    total := total + k;
    page := page + step;
    passes := passes - (k > 0)::int;
  END LOOP;
  RETURN total; END $$;

-- Months that are attached side by side write different rows of the totals, so they need not wait for each other, only keep the folder away.
CREATE OR REPLACE FUNCTION platform.load_attach(suffix text, from_id uuid, to_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE rel text; BEGIN
  PERFORM pg_advisory_xact_lock_shared(727001);
  PERFORM platform.rollup_table(format('loading.%I', 'damage_reports' || suffix)::regclass);
  PERFORM pg_advisory_xact_lock(727002);
  FOR rel IN SELECT c.relname FROM platform.partitioned p JOIN pg_class c ON c.oid = p.parent
    WHERE c.relname = ANY (platform.load_tables() || ARRAY['report_search']) ORDER BY p.ord, c.relname LOOP
    EXECUTE format('ALTER TABLE loading.%I SET SCHEMA fleet', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I RESET (autovacuum_enabled), ENABLE ROW LEVEL SECURITY', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)', rel, rel || suffix, from_id, to_id);
    EXECUTE format('ALTER TABLE fleet.%I DROP CONSTRAINT load_bounds', rel || suffix);
  END LOOP; END $$;
