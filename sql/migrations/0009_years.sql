-- History in whole years. Months are for what still grows and will be dropped month by month; three years of them are
-- 148 tables that cost a fresh start seconds and every first plan milliseconds.
CREATE FUNCTION platform.make_partition(p platform.partitioned, suffix text, from_day date, to_day date) RETURNS int LANGUAGE plpgsql
SET search_path = fleet, public AS $$
DECLARE rel text := (SELECT relname FROM pg_class WHERE oid = p.parent); BEGIN
  EXECUTE format('CREATE TABLE fleet.%I (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE) WITH (fillfactor = %s)',
    rel || suffix, p.parent, CASE rel WHEN 'damage_reports' THEN 85 ELSE 100 END);
  EXECUTE format('ALTER TABLE fleet.%I ENABLE ROW LEVEL SECURITY', rel || suffix);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)', p.parent, rel || suffix,
    uuid7_floor(from_day::timestamp AT TIME ZONE 'UTC'), uuid7_floor(to_day::timestamp AT TIME ZONE 'UTC'));
  IF p.of_report THEN
    EXECUTE format('ALTER TABLE fleet.%I ADD CONSTRAINT %I FOREIGN KEY (tenant_id, report_id) REFERENCES fleet.%I (tenant_id, id) ON DELETE CASCADE',
      rel || suffix, rel || '_report', 'damage_reports' || suffix);
  END IF;
  RETURN 1; END $$;

-- As before, and a month that lies in a year's table is there already.
CREATE OR REPLACE FUNCTION platform.ensure_partitions(from_month date, to_month date, only_tables text[] DEFAULT NULL) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE m date; p platform.partitioned; rel text; made int := 0; BEGIN
  PERFORM pg_advisory_xact_lock(727002);
  FOR p IN SELECT * FROM platform.partitioned ORDER BY ord, parent::text LOOP
    rel := (SELECT relname FROM pg_class WHERE oid = p.parent);
    CONTINUE WHEN NOT rel = ANY (coalesce(only_tables, ARRAY[rel]));
    m := date_trunc('month', from_month);
    WHILE m <= to_month LOOP
      IF to_regclass('fleet.' || rel || to_char(m, '_YYYYMM')) IS NULL AND to_regclass('fleet.' || rel || to_char(m, '_YYYY')) IS NULL THEN
        made := made + platform.make_partition(p, to_char(m, '_YYYYMM'), m, (m + interval '1 month')::date);
      END IF;
      m := (m + interval '1 month')::date;
    END LOOP;
  END LOOP;
  RETURN made; END $$;

-- Room for records from from_day until now: whole years where a past year has no month yet, months otherwise.
CREATE FUNCTION platform.ensure_history(from_day date, only_tables text[] DEFAULT NULL) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE y date; p platform.partitioned; rel text; made int := 0; BEGIN
  PERFORM pg_advisory_xact_lock(727002);
  FOR p IN SELECT * FROM platform.partitioned ORDER BY ord, parent::text LOOP
    rel := (SELECT relname FROM pg_class WHERE oid = p.parent);
    CONTINUE WHEN NOT rel = ANY (coalesce(only_tables, ARRAY[rel]));
    y := date_trunc('year', from_day);
    WHILE y < date_trunc('year', now() AT TIME ZONE 'UTC') LOOP
      IF to_regclass('fleet.' || rel || to_char(y, '_YYYY')) IS NULL
         AND NOT EXISTS (SELECT 1 FROM generate_series(0, 11) n WHERE to_regclass('fleet.' || rel || to_char(y + n * interval '1 month', '_YYYYMM')) IS NOT NULL)
         AND (NOT p.of_report OR to_regclass('fleet.damage_reports' || to_char(y, '_YYYY')) IS NOT NULL) THEN
        made := made + platform.make_partition(p, to_char(y, '_YYYY'), y, (y + interval '1 year')::date);
      END IF;
      y := (y + interval '1 year')::date;
    END LOOP;
  END LOOP;
  RETURN made + platform.ensure_partitions(from_day, (now() AT TIME ZONE 'UTC')::date, only_tables); END $$;
REVOKE EXECUTE ON FUNCTION platform.make_partition(platform.partitioned, text, date, date), platform.ensure_history(date, text[]) FROM PUBLIC;
