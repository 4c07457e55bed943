-- Bulk load: what a trigger does to a single new row before it is kept (events are sealed, 0040) is done to rows that are filled aside as
-- well. Each piece borrows such triggers while it is filled, and gives them back before it becomes part of the real table, which
-- brings its own.
SET LOCAL search_path = fleet, public;

CREATE FUNCTION platform.load_rows(rel text, suffix text, borrow boolean) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$
DECLARE t record; BEGIN
  FOR t IN SELECT tgname, pg_get_triggerdef(oid) AS def FROM pg_trigger
    WHERE tgrelid = format('fleet.%I', rel)::regclass AND NOT tgisinternal AND tgtype & 7 = 7 ORDER BY tgname LOOP -- BEFORE INSERT, FOR EACH ROW
    IF borrow THEN
      EXECUTE regexp_replace(t.def, ' ON \S+ FOR EACH ROW ', format(' ON loading.%I FOR EACH ROW ', rel || suffix));
    ELSE
      EXECUTE format('DROP TRIGGER %I ON loading.%I', t.tgname, rel || suffix);
    END IF;
  END LOOP; END $$;
REVOKE EXECUTE ON FUNCTION platform.load_rows(text, text, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION platform.load_make(rel text, suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  EXECUTE format('CREATE TABLE loading.%I (LIKE fleet.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE)'
    ' WITH (fillfactor = %s, autovacuum_enabled = false)', rel || suffix, rel, CASE rel WHEN 'damage_reports' THEN 85 ELSE 100 END);
  PERFORM platform.load_rows(rel, suffix, true);
END $$;

CREATE OR REPLACE FUNCTION platform.load_detach(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ DECLARE rel text; BEGIN
  FOREACH rel IN ARRAY platform.load_tables() LOOP
    EXECUTE format('ALTER TABLE loading.%I DETACH PARTITION loading.%I', rel, rel || suffix);
    PERFORM platform.load_rows(rel, suffix, false);
  END LOOP; END $$;
