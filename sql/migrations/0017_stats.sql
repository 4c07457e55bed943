-- Totals by depot and by vehicle, with what repairs cost and how long they took. As before writers only append deltas and
-- one folder adds them up each second, so the totals are exact two seconds after the last commit.
--
--   rollup_day      tenant, day, status                                     the board
--   rollup_month    tenant, month, severity, kind                           the platform's overview
--   rollup_depot    tenant, month, depot, status, severity, kind            damageReportStats, but by vehicle
--   rollup_vehicle  tenant, vehicle, month                                  damageReportStats by vehicle; a vehicle's risk
--
-- cost is what repairs cost: the actual cost where it is known, else the estimate; refused reports cost nothing.
-- repairs counts the completed ones, repair_s the seconds from their filing to their completion.
SET LOCAL search_path = fleet, public;

ALTER TABLE rollup_delta ADD COLUMN facility_id int NOT NULL DEFAULT 0, ADD COLUMN vehicle_id int NOT NULL DEFAULT 0,
  ADD COLUMN cost bigint NOT NULL DEFAULT 0, ADD COLUMN repairs bigint NOT NULL DEFAULT 0, ADD COLUMN repair_s bigint NOT NULL DEFAULT 0;
CREATE TABLE rollup_depot (tenant_id int, month date, facility_id int, status smallint, severity smallint, damage_type smallint,
  n bigint NOT NULL, est bigint NOT NULL, act bigint NOT NULL, cost bigint NOT NULL, repairs bigint NOT NULL, repair_s bigint NOT NULL,
  PRIMARY KEY (tenant_id, month, facility_id, status, severity, damage_type)) WITH (fillfactor = 80);
CREATE TABLE rollup_vehicle (tenant_id int, vehicle_id int, month date,
  n bigint NOT NULL, est bigint NOT NULL, act bigint NOT NULL, cost bigint NOT NULL, repairs bigint NOT NULL, repair_s bigint NOT NULL,
  PRIMARY KEY (tenant_id, vehicle_id, month)) WITH (fillfactor = 80);
-- Every vehicle of a company in some months: by month first.
CREATE INDEX rollup_vehicle_month ON rollup_vehicle (tenant_id, month);

-- A report's share of the totals.
CREATE FUNCTION report_cost(status smallint, est bigint, act bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN status = 6 THEN 0 ELSE coalesce(act, est, 0) END $$;
CREATE FUNCTION repair_seconds(reported timestamptz, completed timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(extract(epoch FROM completed - reported)::bigint, 0) $$;
GRANT EXECUTE ON FUNCTION report_cost(smallint, bigint, bigint), repair_seconds(timestamptz, timestamptz) TO fleet_app, fleet_worker;

CREATE OR REPLACE FUNCTION rollup_ins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, n, est, act, cost, repairs, repair_s)
  SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0), coalesce(damage_type, 0), coalesce(facility_id, 0), vehicle_id, count(*),
         coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0), sum(report_cost(status, estimated_cost, actual_cost)),
         count(completed_at), sum(repair_seconds(reported_at, completed_at)) FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6, 7;
  RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION rollup_upd() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, n, est, act, cost, repairs, repair_s)
  SELECT tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, sum(n), sum(e), sum(a), sum(c), sum(r), sum(s) FROM (
    SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date AS day, status, coalesce(severity, 0::smallint) AS severity,
           coalesce(damage_type, 0::smallint) AS damage_type, coalesce(facility_id, 0) AS facility_id, vehicle_id, 1 AS n, coalesce(estimated_cost, 0) AS e,
           coalesce(actual_cost, 0) AS a, report_cost(status, estimated_cost, actual_cost) AS c, (completed_at IS NOT NULL)::int AS r,
           repair_seconds(reported_at, completed_at) AS s FROM new_rows
    UNION ALL
    SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0::smallint), coalesce(damage_type, 0::smallint),
           coalesce(facility_id, 0), vehicle_id, -1, -coalesce(estimated_cost, 0), -coalesce(actual_cost, 0), -report_cost(status, estimated_cost, actual_cost),
           -(completed_at IS NOT NULL)::int, -repair_seconds(reported_at, completed_at) FROM old_rows) x
  GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0 OR sum(e) <> 0 OR sum(a) <> 0 OR sum(c) <> 0 OR sum(r) <> 0 OR sum(s) <> 0;
  RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION rollup_del() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, n, est, act, cost, repairs, repair_s)
  SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0), coalesce(damage_type, 0), coalesce(facility_id, 0), vehicle_id, -count(*),
         -coalesce(sum(estimated_cost), 0), -coalesce(sum(actual_cost), 0), -sum(report_cost(status, estimated_cost, actual_cost)),
         -count(completed_at), -sum(repair_seconds(reported_at, completed_at)) FROM old_rows GROUP BY 1, 2, 3, 4, 5, 6, 7;
  RETURN NULL; END $$;

-- Adds up deltas, 100,000 at a time and so many times at most: a year that was loaded at once must not hold up the second.
DROP FUNCTION rollup_fold();
CREATE FUNCTION rollup_fold(passes int DEFAULT 1000) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$
DECLARE k bigint := 100000; total bigint := 0; BEGIN
  IF NOT pg_try_advisory_xact_lock(727001) THEN RETURN 0; END IF;
  WHILE passes > 0 AND k = 100000 LOOP
    WITH d AS (DELETE FROM rollup_delta WHERE ctid = ANY (ARRAY(SELECT ctid FROM rollup_delta LIMIT 100000)) RETURNING *),
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
            cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s)
    SELECT count(*) INTO k FROM d;
    total := total + k;
    passes := passes - 1;
  END LOOP;
  RETURN total; END $$;
GRANT EXECUTE ON FUNCTION rollup_fold(int) TO fleet_worker;

-- What is there already. Deltas that wait were made before there were depots in them: folded first, as they were.
SELECT rollup_fold();
DELETE FROM rollup_depot;
DELETE FROM rollup_vehicle;
INSERT INTO rollup_depot SELECT tenant_id, date_trunc('month', reported_at AT TIME ZONE 'UTC')::date, coalesce(facility_id, 0), status, coalesce(severity, 0),
  coalesce(damage_type, 0), count(*), coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0), sum(report_cost(status, estimated_cost, actual_cost)),
  count(completed_at), sum(repair_seconds(reported_at, completed_at)) FROM damage_reports GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO rollup_vehicle SELECT tenant_id, vehicle_id, date_trunc('month', reported_at AT TIME ZONE 'UTC')::date, count(*), coalesce(sum(estimated_cost), 0),
  coalesce(sum(actual_cost), 0), sum(report_cost(status, estimated_cost, actual_cost)), count(completed_at), sum(repair_seconds(reported_at, completed_at))
  FROM damage_reports GROUP BY 1, 2, 3;

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['rollup_depot', 'rollup_vehicle'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT ON rollup_depot, rollup_vehicle TO fleet_app, fleet_worker;
