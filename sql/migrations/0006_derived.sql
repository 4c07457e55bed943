-- What follows from reports by triggers: the search document and the totals.
SET LOCAL search_path = fleet, public;

-- Statement triggers: one INSERT ... SELECT for a whole COPY instead of a function call a row.
CREATE FUNCTION report_document(lang regconfig, number bigint, claim_no text, description text, address text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT setweight(to_tsvector('simple', coalesce(claim_no, '') || ' ' || number), 'A') ||
          setweight(to_tsvector(lang, description), 'B') || setweight(to_tsvector('simple', coalesce(address, '')), 'C') $$;
CREATE FUNCTION report_search_ins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO report_search (tenant_id, report_id, claim_no, address, tsv)
  SELECT r.tenant_id, r.id, r.claim_no, r.address, report_document(t.lang, r.report_number, r.claim_no, r.description, r.address)
  FROM new_rows r JOIN tenants t ON t.id = r.tenant_id;
  RETURN NULL; END $$;
CREATE FUNCTION report_search_upd() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  UPDATE report_search s SET claim_no = NEW.claim_no, address = NEW.address,
         tsv = report_document(t.lang, NEW.report_number, NEW.claim_no, NEW.description, NEW.address)
  FROM tenants t WHERE t.id = NEW.tenant_id AND s.tenant_id = NEW.tenant_id AND s.report_id = NEW.id;
  RETURN NULL; END $$;
CREATE TRIGGER dr_search_i AFTER INSERT ON damage_reports REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION report_search_ins();
CREATE TRIGGER dr_search_u AFTER UPDATE OF description, claim_no, address ON damage_reports FOR EACH ROW
  WHEN ((OLD.description, OLD.claim_no, OLD.address) IS DISTINCT FROM (NEW.description, NEW.claim_no, NEW.address)) EXECUTE FUNCTION report_search_upd();

-- Totals: writers append deltas (no hot row, no loss measured); one folder adds them up each second.
-- A severity or kind of 0 means not known yet.
CREATE TABLE rollup_delta (tenant_id int NOT NULL, day date NOT NULL, status smallint NOT NULL, severity smallint NOT NULL, damage_type smallint NOT NULL,
  n bigint NOT NULL, est bigint NOT NULL, act bigint NOT NULL) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE rollup_day (tenant_id int, day date, status smallint, n bigint NOT NULL, est bigint NOT NULL, act bigint NOT NULL,
  PRIMARY KEY (tenant_id, day, status)) WITH (fillfactor = 80);
CREATE TABLE rollup_month (tenant_id int, month date, severity smallint, damage_type smallint, n bigint NOT NULL, est bigint NOT NULL, act bigint NOT NULL,
  PRIMARY KEY (tenant_id, month, severity, damage_type)) WITH (fillfactor = 80);
-- Transition tables go with neither a column list nor two events, hence three triggers.
CREATE FUNCTION rollup_ins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta
  SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0), coalesce(damage_type, 0), count(*),
         coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0) FROM new_rows GROUP BY 1, 2, 3, 4, 5;
  RETURN NULL; END $$;
CREATE FUNCTION rollup_upd() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta
  SELECT tenant_id, day, status, severity, damage_type, sum(n), sum(e), sum(a) FROM (
    SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date AS day, status, coalesce(severity, 0::smallint) AS severity,
           coalesce(damage_type, 0::smallint) AS damage_type, 1 AS n, coalesce(estimated_cost, 0) AS e, coalesce(actual_cost, 0) AS a FROM new_rows
    UNION ALL
    SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0::smallint), coalesce(damage_type, 0::smallint),
           -1, -coalesce(estimated_cost, 0), -coalesce(actual_cost, 0) FROM old_rows) x
  GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0 OR sum(e) <> 0 OR sum(a) <> 0;
  RETURN NULL; END $$;
CREATE FUNCTION rollup_del() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO rollup_delta
  SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0), coalesce(damage_type, 0), -count(*),
         -coalesce(sum(estimated_cost), 0), -coalesce(sum(actual_cost), 0) FROM old_rows GROUP BY 1, 2, 3, 4, 5;
  RETURN NULL; END $$;
CREATE TRIGGER dr_rollup_i AFTER INSERT ON damage_reports REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rollup_ins();
CREATE TRIGGER dr_rollup_u AFTER UPDATE ON damage_reports REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rollup_upd();
CREATE TRIGGER dr_rollup_d AFTER DELETE ON damage_reports REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION rollup_del();
CREATE FUNCTION rollup_fold() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ DECLARE k bigint; BEGIN
  IF NOT pg_try_advisory_xact_lock(727001) THEN RETURN 0; END IF;
  WITH d AS (DELETE FROM rollup_delta RETURNING *),
  a AS (INSERT INTO rollup_day AS r SELECT tenant_id, day, status, sum(n), sum(est), sum(act) FROM d GROUP BY 1, 2, 3
        ON CONFLICT (tenant_id, day, status) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act),
  b AS (INSERT INTO rollup_month AS r SELECT tenant_id, date_trunc('month', day)::date, severity, damage_type, sum(n), sum(est), sum(act) FROM d GROUP BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, month, severity, damage_type) DO UPDATE SET n = r.n + excluded.n, est = r.est + excluded.est, act = r.act + excluded.act)
  SELECT count(*) INTO k FROM d;
  RETURN k; END $$;
GRANT EXECUTE ON FUNCTION rollup_fold() TO fleet_worker;
-- The one materialized view: small, for the platform's page, from the totals. It would ignore row security, so it is out of fleet_app's reach.
CREATE MATERIALIZED VIEW platform.month_overview AS
  SELECT month, severity, damage_type, sum(n) AS n, sum(est) AS est, sum(act) AS act FROM rollup_month GROUP BY 1, 2, 3;
CREATE UNIQUE INDEX month_overview_key ON platform.month_overview (month, severity, damage_type);
