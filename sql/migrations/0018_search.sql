-- Finding: words, plates and claim numbers that are nearly right, places, saved filters; and files that come and go.
SET LOCAL search_path = fleet, public;

-- ---- Nearly right ----
-- Plates, VINs and names without their blanks and hyphens: "v123ab" finds V-123-AB.
CREATE FUNCTION compact(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT lower(regexp_replace($1, '[^[:alnum:]]', '', 'g')) $$;
ALTER TABLE vehicles ADD COLUMN search_key text NOT NULL GENERATED ALWAYS AS
  (lower(regexp_replace(coalesce(plate, ''), '[^[:alnum:]]', '', 'g') || ' ' || vin || ' ' || regexp_replace(name, '[^[:alnum:]]', '', 'g'))) STORED;
CREATE INDEX vehicles_search_key ON vehicles USING gin (tenant_id, search_key gin_trgm_ops); -- vehicles_like

-- Vehicles whose plate, VIN or name holds the text or resembles it, the closest first. SECURITY DEFINER with the tenant named inside,
-- because similarity is not leakproof: the policy would keep it off the index.
CREATE FUNCTION vehicles_like(needle text, lim int) RETURNS TABLE (id int, closeness real) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = fleet, public SET pg_trgm.word_similarity_threshold = 0.55 AS
$$ SELECT v.id, CASE WHEN v.search_key LIKE '%' || compact(needle) || '%' THEN 1 ELSE word_similarity(compact(needle), v.search_key) END::real
   FROM vehicles v WHERE v.tenant_id = (SELECT current_tenant()) AND length(compact(needle)) >= 3
     AND (v.search_key LIKE '%' || compact(needle) || '%' OR compact(needle) <% v.search_key) ORDER BY 2 DESC, 1 LIMIT lim $$;
-- Reports whose claim number does, newest first among equals.
CREATE FUNCTION claims_like(needle text, low uuid, high uuid, lim int) RETURNS TABLE (id uuid, closeness real) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = fleet, public SET pg_trgm.word_similarity_threshold = 0.6 AS
$$ SELECT s.report_id, CASE WHEN s.claim_no ILIKE '%' || needle || '%' THEN 1 ELSE word_similarity(needle, s.claim_no) END::real
   FROM report_search s WHERE s.tenant_id = (SELECT current_tenant()) AND s.report_id >= low AND s.report_id < high AND length(needle) >= 3
     AND position('%' IN needle) = 0 AND position('_' IN needle) = 0 AND position('\' IN needle) = 0
     AND (s.claim_no ILIKE '%' || needle || '%' OR needle <% s.claim_no) ORDER BY 2 DESC, 1 DESC LIMIT lim $$;
GRANT EXECUTE ON FUNCTION compact(text), vehicles_like(text, int), claims_like(text, uuid, uuid, int) TO fleet_app, fleet_worker;

-- ---- Places ----
-- The world as 8192 x 8192 cells of the web's map (about 5 km at the equator): what tiles and clusters below zoom 8 are made of.
-- cell is x * 8192 + y, with y from the north; -1 is no place.
CREATE FUNCTION geo_x(lon float8) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT least(greatest((lon + 180) / 360, 0), 0.9999999999) $$;
CREATE FUNCTION geo_y(lat float8) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT least(greatest(0.5 - ln(tan(pi() / 4 + radians(least(greatest(lat, -85.05), 85.05)) / 2)) / (2 * pi()), 0), 0.9999999999) $$;
CREATE FUNCTION geo_cell(place geography) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(floor(geo_x(ST_X(place::geometry)) * 8192)::int * 8192 + floor(geo_y(ST_Y(place::geometry)) * 8192)::int, -1) $$;
GRANT EXECUTE ON FUNCTION geo_x(float8), geo_y(float8), geo_cell(geography) TO fleet_app, fleet_worker;

ALTER TABLE rollup_delta ADD COLUMN cell int NOT NULL DEFAULT -1;
CREATE TABLE rollup_cell (tenant_id int, month date, cell int, severity smallint, n bigint NOT NULL, cost bigint NOT NULL,
  PRIMARY KEY (tenant_id, month, cell, severity)) WITH (fillfactor = 80);

CREATE OR REPLACE FUNCTION rollup_ins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s)
  SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0), coalesce(damage_type, 0), coalesce(facility_id, 0), vehicle_id,
         geo_cell(location), count(*), coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0), sum(report_cost(status, estimated_cost, actual_cost)),
         count(completed_at), sum(repair_seconds(reported_at, completed_at)) FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
  RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION rollup_upd() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s)
  SELECT tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, sum(n), sum(e), sum(a), sum(c), sum(r), sum(s) FROM (
    SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date AS day, status, coalesce(severity, 0::smallint) AS severity,
           coalesce(damage_type, 0::smallint) AS damage_type, coalesce(facility_id, 0) AS facility_id, vehicle_id, geo_cell(location) AS cell, 1 AS n,
           coalesce(estimated_cost, 0) AS e, coalesce(actual_cost, 0) AS a, report_cost(status, estimated_cost, actual_cost) AS c,
           (completed_at IS NOT NULL)::int AS r, repair_seconds(reported_at, completed_at) AS s FROM new_rows
    UNION ALL
    SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0::smallint), coalesce(damage_type, 0::smallint),
           coalesce(facility_id, 0), vehicle_id, geo_cell(location), -1, -coalesce(estimated_cost, 0), -coalesce(actual_cost, 0),
           -report_cost(status, estimated_cost, actual_cost), -(completed_at IS NOT NULL)::int, -repair_seconds(reported_at, completed_at) FROM old_rows) x
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(n) <> 0 OR sum(e) <> 0 OR sum(a) <> 0 OR sum(c) <> 0 OR sum(r) <> 0 OR sum(s) <> 0;
  RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION rollup_del() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s)
  SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0), coalesce(damage_type, 0), coalesce(facility_id, 0), vehicle_id,
         geo_cell(location), -count(*), -coalesce(sum(estimated_cost), 0), -coalesce(sum(actual_cost), 0), -sum(report_cost(status, estimated_cost, actual_cost)),
         -count(completed_at), -sum(repair_seconds(reported_at, completed_at)) FROM old_rows GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
  RETURN NULL; END $$;

CREATE OR REPLACE FUNCTION rollup_fold(passes int DEFAULT 1000) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$
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
            cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s),
    g AS (INSERT INTO rollup_cell AS r SELECT tenant_id, date_trunc('month', day)::date, cell, severity, sum(n), sum(cost) FROM d WHERE cell >= 0 GROUP BY 1, 2, 3, 4
          ON CONFLICT (tenant_id, month, cell, severity) DO UPDATE SET n = r.n + excluded.n, cost = r.cost + excluded.cost)
    SELECT count(*) INTO k FROM d;
    total := total + k;
    passes := passes - 1;
  END LOOP;
  RETURN total; END $$;

-- Adds all reports of a table to the totals, without deltas: for tables that are loaded whole, and for totals made anew.
-- The caller holds lock 727001, which keeps the folder away.
CREATE FUNCTION platform.rollup_table(rel regclass) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  EXECUTE format('INSERT INTO rollup_day AS r SELECT tenant_id, (reported_at AT TIME ZONE ''UTC'')::date, status, count(*), coalesce(sum(estimated_cost), 0),'
    ' coalesce(sum(actual_cost), 0) FROM %s GROUP BY 1, 2, 3'
    ' ON CONFLICT (tenant_id, day, status) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act', rel);
  EXECUTE format('INSERT INTO rollup_month AS r SELECT tenant_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, coalesce(severity, 0), coalesce(damage_type, 0),'
    ' count(*), coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0) FROM %s GROUP BY 1, 2, 3, 4'
    ' ON CONFLICT (tenant_id, month, severity, damage_type) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act', rel);
  EXECUTE format('INSERT INTO rollup_depot AS r SELECT tenant_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, coalesce(facility_id, 0), status,'
    ' coalesce(severity, 0), coalesce(damage_type, 0), count(*), coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0),'
    ' sum(report_cost(status, estimated_cost, actual_cost)), count(completed_at), sum(repair_seconds(reported_at, completed_at)) FROM %s GROUP BY 1, 2, 3, 4, 5, 6'
    ' ON CONFLICT (tenant_id, month, facility_id, status, severity, damage_type) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est,'
    ' act = r.act + excluded.act, cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s', rel);
  EXECUTE format('INSERT INTO rollup_vehicle AS r SELECT tenant_id, vehicle_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, count(*),'
    ' coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0), sum(report_cost(status, estimated_cost, actual_cost)), count(completed_at),'
    ' sum(repair_seconds(reported_at, completed_at)) FROM %s GROUP BY 1, 2, 3'
    ' ON CONFLICT (tenant_id, vehicle_id, month) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act,'
    ' cost = r.cost + excluded.cost, repairs = r.repairs + excluded.repairs, repair_s = r.repair_s + excluded.repair_s', rel);
  EXECUTE format('INSERT INTO rollup_cell AS r SELECT tenant_id, date_trunc(''month'', reported_at AT TIME ZONE ''UTC'')::date, geo_cell(location), coalesce(severity, 0),'
    ' count(*), sum(report_cost(status, estimated_cost, actual_cost)) FROM %s WHERE location IS NOT NULL GROUP BY 1, 2, 3, 4'
    ' ON CONFLICT (tenant_id, month, cell, severity) DO UPDATE SET n = r.n + excluded.n, cost = r.cost + excluded.cost', rel);
END $$;
REVOKE EXECUTE ON FUNCTION platform.rollup_table(regclass) FROM PUBLIC;

-- As before, with the totals of 0017 and those above.
CREATE OR REPLACE FUNCTION platform.load_attach(suffix text, from_id uuid, to_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE rel text; BEGIN
  PERFORM pg_advisory_xact_lock(727001);
  PERFORM platform.rollup_table(format('loading.%I', 'damage_reports' || suffix)::regclass);
  PERFORM pg_advisory_xact_lock(727002);
  FOR rel IN SELECT c.relname FROM platform.partitioned p JOIN pg_class c ON c.oid = p.parent
    WHERE c.relname = ANY (platform.load_tables() || ARRAY['report_search']) ORDER BY p.ord, c.relname LOOP
    EXECUTE format('ALTER TABLE loading.%I SET SCHEMA fleet', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I RESET (autovacuum_enabled), ENABLE ROW LEVEL SECURITY', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)', rel, rel || suffix, from_id, to_id);
    EXECUTE format('ALTER TABLE fleet.%I DROP CONSTRAINT load_bounds', rel || suffix);
  END LOOP; END $$;

-- Makes all totals anew. The caller locks rollup_day and then takes a REPEATABLE READ snapshot: deltas of later commits are
-- not seen, stay, and are folded afterwards.
CREATE OR REPLACE FUNCTION rollup_mend() RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ DELETE FROM rollup_delta;
   DELETE FROM rollup_day;
   DELETE FROM rollup_month;
   DELETE FROM rollup_depot;
   DELETE FROM rollup_vehicle;
   DELETE FROM rollup_cell;
   SELECT platform.rollup_table('damage_reports') $$;

-- What is there already; what waits counts as folded.
SELECT rollup_mend();

-- ---- Saved filters: each person's own ----
CREATE TABLE saved_filters (
  tenant_id int NOT NULL, user_id int NOT NULL, id int GENERATED BY DEFAULT AS IDENTITY, name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  filter jsonb NOT NULL CHECK (jsonb_typeof(filter) = 'object' AND length(filter::text) <= 16384), created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, user_id, name), FOREIGN KEY (tenant_id, user_id) REFERENCES users(tenant_id, id) ON DELETE CASCADE);

-- ---- Files that come and go ----
-- An import or export, as a person follows it. blob names the file in the store: the one that was sent, or the one that was made.
-- An import first checks the whole file, then writes it piece by piece; done moves with each piece's commit, so that whoever
-- goes on after a crash goes on there.
INSERT INTO ref_code (kind, code, name) VALUES ('queue', 7, 'transfer');
CREATE TABLE transfers (
  tenant_id int NOT NULL REFERENCES tenants(id), id uuid NOT NULL DEFAULT uuid7(), user_id int, role smallint NOT NULL,
  direction smallint NOT NULL CHECK (direction IN (1, 2)),                   -- import, export
  kind      smallint NOT NULL CHECK (kind BETWEEN 1 AND 4),                  -- vehicles, drivers, facilities, reports
  state     smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),       -- waiting, running, done, failed
  dry_run   boolean NOT NULL DEFAULT false,
  blob      bytea CHECK (length(blob) = 32), bytes bigint,
  total     bigint NOT NULL DEFAULT 0, done bigint NOT NULL DEFAULT 0, bad bigint NOT NULL DEFAULT 0,
  problems  jsonb NOT NULL DEFAULT '[]',                                     -- [{"line":3,"column":"vin","problem":"...","line_text":"..."}], the first 1,000
  error     text, created_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz,
  PRIMARY KEY (tenant_id, id));

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['rollup_cell', 'saved_filters', 'transfers'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT ON rollup_cell TO fleet_app, fleet_worker;
GRANT SELECT, INSERT, DELETE ON saved_filters TO fleet_app;
GRANT SELECT, INSERT, UPDATE ON transfers TO fleet_app, fleet_worker;
-- Long files are read by the worker, as long as they are written: new records only.
GRANT INSERT ON vehicles, drivers, facilities, damage_reports TO fleet_worker;

-- Room for records of the past, for whoever brings some; a company's first day is not before 2000.
CREATE FUNCTION history_room(from_day date) RETURNS int LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS
$$ SELECT platform.ensure_history(greatest(least(from_day, now()::date), DATE '2000-01-01')) $$;
GRANT EXECUTE ON FUNCTION history_room(date) TO fleet_app, fleet_worker;
