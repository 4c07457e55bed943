-- A large load is cut into months, a small one's past into years: a question about the last twelve months should not read a whole year
-- more, which a few hundred reports do not notice and a hundred thousand do; three years of months are 148 tables, which a small
-- fleet notices at its first start and a large one does not.
DROP FUNCTION platform.load_begin(date);
CREATE FUNCTION platform.load_begin(from_day date, by_month boolean) RETURNS TABLE (suffix text, from_id uuid, to_id uuid) LANGUAGE plpgsql
SET search_path = fleet, public AS $$
DECLARE rel text; y date := date_trunc('year', from_day); this_month date := date_trunc('month', now() AT TIME ZONE 'UTC'); lo date; hi date; BEGIN
  PERFORM platform.load_clear();
  CREATE SCHEMA loading;
  FOREACH rel IN ARRAY platform.load_tables() LOOP
    EXECUTE format('CREATE TABLE loading.%I (LIKE fleet.%1$I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS) PARTITION BY RANGE (%s)',
      rel, CASE rel WHEN 'assessments' THEN 'report_id' ELSE 'id' END);
  END LOOP;
  EXECUTE format('ALTER TABLE loading.events ALTER seq SET DEFAULT nextval(%L)', pg_get_serial_sequence('fleet.events', 'seq'));
  FOR suffix, lo, hi IN
    WITH m AS (SELECT d::date AS d FROM generate_series(y, this_month, interval '1 month') d),
    taken AS (SELECT m.d, bool_or(to_regclass('fleet.' || t || to_char(m.d, '_YYYYMM')) IS NOT NULL) AS month_made,
                     bool_or(to_regclass('fleet.' || t || to_char(m.d, '_YYYY')) IS NOT NULL) AS year_made
              FROM m, unnest(platform.load_tables() || ARRAY['report_search']) t GROUP BY m.d),
    years AS (SELECT date_trunc('year', d)::date AS y, NOT bool_or(month_made OR year_made) AND date_trunc('year', d) < date_trunc('year', this_month) AND NOT by_month AS whole
              FROM taken GROUP BY 1, date_trunc('year', d))
    SELECT to_char(years.y, '_YYYY'), years.y, (years.y + interval '1 year')::date FROM years WHERE whole
    UNION ALL
    SELECT to_char(d, '_YYYYMM'), d, (d + interval '1 month')::date FROM taken JOIN years ON years.y = date_trunc('year', d)
    WHERE NOT whole AND NOT month_made AND NOT year_made AND d >= date_trunc('month', from_day) ORDER BY 2
  LOOP
    from_id := uuid7_floor(lo::timestamp AT TIME ZONE 'UTC');
    to_id := uuid7_floor(hi::timestamp AT TIME ZONE 'UTC');
    FOREACH rel IN ARRAY platform.load_tables() LOOP
      PERFORM platform.load_make(rel, suffix);
      EXECUTE format('ALTER TABLE loading.%I ATTACH PARTITION loading.%I FOR VALUES FROM (%L) TO (%L)', rel, rel || suffix, from_id, to_id);
    END LOOP;
    PERFORM platform.load_make('report_search', suffix);
    RETURN NEXT;
  END LOOP; END $$;
REVOKE EXECUTE ON FUNCTION platform.load_begin(date, boolean) FROM PUBLIC;
