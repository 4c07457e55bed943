-- Loading in bulk, and a cheaper search document.
SET LOCAL search_path = fleet, public;

-- As before, in a form that PostgreSQL inlines into the statements of the triggers: text || bigint is only stable (it may
-- depend on settings), and a body less stable than its function is called row by row, with an executor of its own.
CREATE OR REPLACE FUNCTION report_document(lang regconfig, number bigint, claim_no text, description text, address text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT setweight(to_tsvector('pg_catalog.simple'::regconfig, coalesce(claim_no, '') || ' ' || number::text), 'A') ||
          setweight(to_tsvector(lang, description), 'B') ||
          setweight(to_tsvector('pg_catalog.simple'::regconfig, coalesce(address, '')), 'C') $$;

-- Trigrams answer "a part of a claim number": claim_no ILIKE '%0042%'. Those of addresses, forty a row, answered nothing
-- that the words of the search document do not, and were the largest part of this index.
DROP INDEX rs_trgm;
CREATE INDEX rs_claim ON report_search USING gin (tenant_id, claim_no gin_trgm_ops) WHERE claim_no IS NOT NULL;

-- Events of the past (xid 0) are told to nobody, so the order of telling need not hold them: an imported year of events
-- is four fifths of the table.
DROP INDEX ev_order;
CREATE INDEX ev_order ON events (xid, seq) WHERE xid > '0';
CREATE OR REPLACE FUNCTION outbox_read(after_xid xid8, after_seq bigint, lim int) RETURNS SETOF events LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT * FROM events WHERE (xid, seq) > (after_xid, after_seq) AND xid > '0' AND xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY xid, seq LIMIT lim $$;

-- ---- Bulk load ----
-- Months and years that do not exist yet are filled aside, in schema loading: no index, key or trigger sees a single row.
-- Then each gets its indexes, search documents, keys (checked for all rows at once) and totals, and becomes part of the
-- real table by one short transaction. What is attached is what inserts would have made. A load that died leaves schema
-- loading behind, which the next one throws away.
--
--   load_begin      what is missing from from_day until now; a parent without indexes for each table, to COPY into
--   load_detach     after the last row of a piece: out of that parent
--   load_index      of one table of a piece  } these may run side by side
--   load_search     search documents         }
--   load_keys       foreign keys, not yet checked: this alone locks vehicles, drivers and depots against changes, for a moment
--   load_check      checks them
--   load_attach     totals, and into the real tables
-- The caller holds session lock 727004 meanwhile.
CREATE FUNCTION platform.load_tables() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$ SELECT ARRAY['damage_reports', 'assessments', 'events'] $$;

CREATE FUNCTION platform.load_make(rel text, suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  EXECUTE format('CREATE TABLE loading.%I (LIKE fleet.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE)'
    ' WITH (fillfactor = %s, autovacuum_enabled = false)', rel || suffix, rel, CASE rel WHEN 'damage_reports' THEN 85 ELSE 100 END);
END $$;

CREATE FUNCTION platform.load_begin(from_day date) RETURNS TABLE (suffix text, from_id uuid, to_id uuid) LANGUAGE plpgsql
SET search_path = fleet, public AS $$
DECLARE rel text; y date := date_trunc('year', from_day); this_month date := date_trunc('month', now() AT TIME ZONE 'UTC'); lo date; hi date; BEGIN
  DROP SCHEMA IF EXISTS loading CASCADE;
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
    years AS (SELECT date_trunc('year', d)::date AS y, NOT bool_or(month_made OR year_made) AND date_trunc('year', d) < date_trunc('year', this_month) AS whole
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

CREATE FUNCTION platform.load_detach(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ DECLARE rel text; BEGIN
  FOREACH rel IN ARRAY platform.load_tables() LOOP
    EXECUTE format('ALTER TABLE loading.%I DETACH PARTITION loading.%I', rel, rel || suffix);
  END LOOP; END $$;

-- The indexes of the real table, in its own words.
CREATE FUNCTION platform.load_index(rel text, suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ DECLARE i record; BEGIN
  FOR i IN SELECT pg_get_indexdef(indexrelid) AS def, indisprimary FROM pg_index WHERE indrelid = format('fleet.%I', rel)::regclass ORDER BY indisprimary DESC, indexrelid LOOP
    EXECUTE regexp_replace(i.def, '^CREATE( UNIQUE)? INDEX \S+ ON ONLY \S+',
      format('CREATE\1 INDEX %s ON loading.%I', CASE WHEN i.indisprimary THEN quote_ident(rel || suffix || '_pkey') ELSE '' END, rel || suffix));
  END LOOP; END $$;

CREATE FUNCTION platform.load_search(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  EXECUTE format('INSERT INTO loading.%I (tenant_id, report_id, claim_no, address, tsv)'
    ' SELECT r.tenant_id, r.id, r.claim_no, r.address, report_document(t.lang, r.report_number, r.claim_no, r.description, r.address)'
    ' FROM loading.%I r JOIN tenants t ON t.id = r.tenant_id', 'report_search' || suffix, 'damage_reports' || suffix);
  PERFORM platform.load_index('report_search', suffix); END $$;

CREATE FUNCTION platform.load_keys(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE t platform.partitioned; rel text; k record; BEGIN
  FOR t IN SELECT p.* FROM platform.partitioned p JOIN pg_class c ON c.oid = p.parent
    WHERE c.relname = ANY (platform.load_tables() || ARRAY['report_search']) ORDER BY p.ord LOOP
    rel := (SELECT relname FROM pg_class WHERE oid = t.parent);
    EXECUTE format('ALTER TABLE loading.%I ADD PRIMARY KEY USING INDEX %I', rel || suffix, rel || suffix || '_pkey');
    FOR k IN SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE conrelid = t.parent AND contype = 'f' AND conparentid = 0 LOOP
      EXECUTE format('ALTER TABLE loading.%I ADD CONSTRAINT %I %s NOT VALID', rel || suffix, k.conname, k.def);
    END LOOP;
    IF t.of_report THEN
      EXECUTE format('ALTER TABLE loading.%I ADD CONSTRAINT %I FOREIGN KEY (tenant_id, report_id) REFERENCES loading.%I (tenant_id, id) ON DELETE CASCADE NOT VALID',
        rel || suffix, rel || '_report', 'damage_reports' || suffix);
    END IF;
  END LOOP; END $$;

CREATE FUNCTION platform.load_check(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ DECLARE k record; BEGIN
  FOR k IN SELECT c.conrelid::regclass AS rel, c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE r.relnamespace = 'loading'::regnamespace AND c.contype = 'f' AND NOT c.convalidated
      AND r.relname = ANY (SELECT n || suffix FROM unnest(platform.load_tables() || ARRAY['report_search']) n) ORDER BY c.oid LOOP
    EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', k.rel, k.conname);
  END LOOP; END $$;

-- The bounds are checked by a scan before the parents are locked: a CHECK that says the same spares ATTACH its own.
CREATE FUNCTION platform.load_bounds(suffix text, from_id uuid, to_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ DECLARE t record; BEGIN
  FOR t IN SELECT c.relname AS rel, a.attname AS col FROM platform.partitioned p JOIN pg_class c ON c.oid = p.parent
    JOIN pg_partitioned_table pt ON pt.partrelid = p.parent JOIN pg_attribute a ON a.attrelid = p.parent AND a.attnum = pt.partattrs[0]
    WHERE c.relname = ANY (platform.load_tables() || ARRAY['report_search']) LOOP
    EXECUTE format('ALTER TABLE loading.%I ADD CONSTRAINT load_bounds CHECK (%2$I >= %3$L AND %2$I < %4$L)', t.rel || suffix, t.col, from_id, to_id);
  END LOOP; END $$;

CREATE FUNCTION platform.load_attach(suffix text, from_id uuid, to_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE rel text; BEGIN
  EXECUTE format('INSERT INTO rollup_delta SELECT tenant_id, (reported_at AT TIME ZONE ''UTC'')::date, status, coalesce(severity, 0), coalesce(damage_type, 0), count(*),'
    ' coalesce(sum(estimated_cost), 0), coalesce(sum(actual_cost), 0) FROM loading.%I GROUP BY 1, 2, 3, 4, 5', 'damage_reports' || suffix);
  PERFORM pg_advisory_xact_lock(727002);
  FOR rel IN SELECT c.relname FROM platform.partitioned p JOIN pg_class c ON c.oid = p.parent
    WHERE c.relname = ANY (platform.load_tables() || ARRAY['report_search']) ORDER BY p.ord, c.relname LOOP
    EXECUTE format('ALTER TABLE loading.%I SET SCHEMA fleet', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I RESET (autovacuum_enabled), ENABLE ROW LEVEL SECURITY', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)', rel, rel || suffix, from_id, to_id);
    EXECUTE format('ALTER TABLE fleet.%I DROP CONSTRAINT load_bounds', rel || suffix);
  END LOOP; END $$;

REVOKE EXECUTE ON FUNCTION platform.load_tables(), platform.load_make(text, text), platform.load_begin(date), platform.load_detach(text),
  platform.load_index(text, text), platform.load_search(text), platform.load_keys(text), platform.load_check(text),
  platform.load_bounds(text, uuid, uuid), platform.load_attach(text, uuid, uuid) FROM PUBLIC;
