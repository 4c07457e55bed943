-- Bulk load, continued: what follows from new reports (search documents, totals) is made by the functions of the triggers
-- themselves, whatever they are by then, instead of by a copy of their words that another migration would leave behind.
--
-- Each piece has a schema of its own, loading_2024 and the like, that shadows what those functions name: new_rows is a view of
-- the piece's reports, report_search its table of documents, rollup_delta an unlogged table whose rows the borrowed
-- rollup_fold adds to the real totals. A function is borrowed by making it again in that schema, with that schema first in
-- its search_path; a trigger of an empty table, bell, calls it once for all rows.
SET LOCAL search_path = fleet, public;

CREATE FUNCTION platform.load_borrow(func regprocedure, suffix text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE def text := pg_get_functiondef(func); own text := 'loading' || suffix; BEGIN
  IF def !~ 'SET search_path TO ''fleet'', ''public''' THEN
    RAISE EXCEPTION '% does not pin search_path to fleet, public, so a bulk load cannot borrow it', func;
  END IF;
  def := replace(def, 'FUNCTION fleet.', format('FUNCTION %I.', own));
  def := replace(def, 'SET search_path TO ''fleet'', ''public''', format('SET search_path TO %L, ''fleet'', ''public''', own));
  -- The lock is for those who share one table of deltas; a piece has one for itself.
  EXECUTE replace(def, 'pg_try_advisory_xact_lock(727001)', 'true'); END $$;

-- Rings for the functions whose triggers fit.
CREATE FUNCTION platform.load_ring(suffix text, search boolean) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$
DECLARE own text := 'loading' || suffix; t record; BEGIN
  EXECUTE format('CREATE TABLE %I.bell ()', own);
  FOR t IN SELECT tgname, tgfoid, proname FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid WHERE tgrelid = 'damage_reports'::regclass AND NOT tgisinternal
    AND tgtype & 4 = 4 AND tgnewtable IS NOT NULL AND (proname = 'report_search_ins') = search ORDER BY tgname LOOP
    PERFORM platform.load_borrow(t.tgfoid::regprocedure, suffix);
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I.bell FOR EACH STATEMENT EXECUTE FUNCTION %2$I.%3$I()', t.tgname, own, t.proname);
  END LOOP;
  EXECUTE format('INSERT INTO %I.bell DEFAULT VALUES', own);
  EXECUTE format('DROP TABLE %I.bell', own); END $$;

CREATE OR REPLACE FUNCTION platform.load_search(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$
DECLARE own text := 'loading' || suffix; BEGIN
  EXECUTE format('CREATE SCHEMA %I', own);
  EXECUTE format('CREATE VIEW %I.new_rows AS SELECT * FROM loading.%I', own, 'damage_reports' || suffix);
  EXECUTE format('CREATE VIEW %I.report_search AS SELECT * FROM loading.%I', own, 'report_search' || suffix);
  PERFORM platform.load_ring(suffix, true);
  PERFORM platform.load_index('report_search', suffix); END $$;

CREATE OR REPLACE FUNCTION platform.load_attach(suffix text, from_id uuid, to_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public SET lock_timeout = '5s' AS $$
DECLARE rel text; own text := 'loading' || suffix; folded bigint; BEGIN
  EXECUTE format('CREATE UNLOGGED TABLE %I.rollup_delta (LIKE fleet.rollup_delta INCLUDING DEFAULTS)', own);
  PERFORM platform.load_ring(suffix, false);
  PERFORM platform.load_borrow('rollup_fold'::regproc::regprocedure, suffix);
  EXECUTE format('SELECT %I.rollup_fold()', own) INTO folded;
  EXECUTE format('SELECT count(*) FROM %I.rollup_delta', own) INTO folded;
  IF folded > 0 THEN RAISE EXCEPTION 'totals: % deltas of % are left', folded, suffix; END IF;
  EXECUTE format('DROP SCHEMA %I CASCADE', own);
  PERFORM pg_advisory_xact_lock(727002);
  FOR rel IN SELECT c.relname FROM platform.partitioned p JOIN pg_class c ON c.oid = p.parent
    WHERE c.relname = ANY (platform.load_tables() || ARRAY['report_search']) ORDER BY p.ord, c.relname LOOP
    EXECUTE format('ALTER TABLE loading.%I SET SCHEMA fleet', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I RESET (autovacuum_enabled), ENABLE ROW LEVEL SECURITY', rel || suffix);
    EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)', rel, rel || suffix, from_id, to_id);
    EXECUTE format('ALTER TABLE fleet.%I DROP CONSTRAINT load_bounds', rel || suffix);
  END LOOP; END $$;

-- Before a load: nothing of one that died.
CREATE FUNCTION platform.load_clear() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$ DECLARE s text; BEGIN
  FOR s IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^loading(_[0-9]+)?$' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', s);
  END LOOP; END $$;
REVOKE EXECUTE ON FUNCTION platform.load_borrow(regprocedure, text), platform.load_ring(text, boolean), platform.load_clear() FROM PUBLIC;
