-- Months of the partitioned tables, made ahead by the server.
-- of_report: each month of the table refers to the same month of damage_reports, which therefore comes first.
CREATE TABLE platform.partitioned (parent regclass PRIMARY KEY, ord int NOT NULL, of_report boolean NOT NULL);
INSERT INTO platform.partitioned VALUES ('fleet.damage_reports', 1, false), ('fleet.report_search', 2, true), ('fleet.damage_photos', 2, true),
  ('fleet.assessments', 2, true), ('fleet.photo_embeddings', 2, true), ('fleet.events', 2, false);

-- Makes the missing months of from_month..to_month, of all partitioned tables or only of those named; returns how many it
-- made. Each is built aside and then attached: ATTACH takes SHARE UPDATE EXCLUSIVE on the parent, CREATE ... PARTITION OF
-- would stop every reader. Partitions get row security without a policy and no grants: they are reached through their
-- parent only. One costs about 20 ms, so months of the past are made by whoever brings records of the past.
CREATE FUNCTION platform.ensure_partitions(from_month date, to_month date, only_tables text[] DEFAULT NULL) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE m date; p record; part text; made int := 0; lo uuid; hi uuid; BEGIN
  PERFORM pg_advisory_xact_lock(727002);
  FOR p IN SELECT t.parent, t.of_report, c.relname FROM platform.partitioned t JOIN pg_class c ON c.oid = t.parent
    WHERE only_tables IS NULL OR c.relname = ANY (only_tables) ORDER BY t.ord, c.relname LOOP
    m := date_trunc('month', from_month);
    WHILE m <= to_month LOOP
      part := p.relname || '_' || to_char(m, 'YYYYMM');
      IF to_regclass('fleet.' || part) IS NULL THEN
        lo := uuid7_floor(m::timestamp AT TIME ZONE 'UTC');
        hi := uuid7_floor((m + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        EXECUTE format('CREATE TABLE fleet.%I (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE) WITH (fillfactor = %s)',
          part, p.parent, CASE p.relname WHEN 'damage_reports' THEN 85 ELSE 100 END);
        EXECUTE format('ALTER TABLE fleet.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)', p.parent, part, lo, hi);
        IF p.of_report THEN
          EXECUTE format('ALTER TABLE fleet.%I ADD CONSTRAINT %I FOREIGN KEY (tenant_id, report_id) REFERENCES fleet.%I (tenant_id, id) ON DELETE CASCADE',
            part, p.relname || '_report', 'damage_reports_' || to_char(m, 'YYYYMM'));
        END IF;
        made := made + 1;
      END IF;
      m := (m + interval '1 month')::date;
    END LOOP;
  END LOOP;
  RETURN made; END $$;
GRANT EXECUTE ON FUNCTION platform.ensure_partitions(date, date, text[]) TO fleet_worker;

-- How many whole months are ready after this one; the server warns below two.
CREATE FUNCTION platform.months_ahead() RETURNS int LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT coalesce(max(n), -1) FROM generate_series(0, 24) n
   WHERE to_regclass('fleet.damage_reports_' || to_char(now() AT TIME ZONE 'UTC' + n * interval '1 month', 'YYYYMM')) IS NOT NULL $$;
GRANT EXECUTE ON FUNCTION platform.months_ahead() TO fleet_app, fleet_worker;
GRANT USAGE ON SCHEMA platform TO fleet_app;

SELECT platform.ensure_partitions((now() - interval '1 month')::date, (now() + interval '4 months')::date);
