-- Bulk load: words are taken out of events (0040) after a piece is filled, by one statement, instead of by a trigger on each row. A trigger
-- that may change a row makes COPY write rows one by one, and four fifths of all rows are events: it was a quarter of the whole load.
SET LOCAL search_path = fleet, public;

-- The rows that the trigger would have taken.
CREATE FUNCTION platform.load_seal(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  EXECUTE format('UPDATE loading.%I SET data = event_seal(tenant_id, id, type, data)'
    ' WHERE data ?| ARRAY(SELECT DISTINCT place[1] FROM platform.event_places) AND split_part(type, ''.'', 1) = ANY (ARRAY(SELECT noun FROM platform.event_places))',
    'events' || suffix); END $$;

CREATE OR REPLACE FUNCTION platform.load_make(rel text, suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  EXECUTE format('CREATE TABLE loading.%I (LIKE fleet.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE)'
    ' WITH (fillfactor = %s, autovacuum_enabled = false)', rel || suffix, rel, CASE rel WHEN 'damage_reports' THEN 85 ELSE 100 END); END $$;

CREATE OR REPLACE FUNCTION platform.load_detach(suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ DECLARE rel text; BEGIN
  FOREACH rel IN ARRAY platform.load_tables() LOOP
    EXECUTE format('ALTER TABLE loading.%I DETACH PARTITION loading.%I', rel, rel || suffix);
  END LOOP; END $$;
DROP FUNCTION platform.load_rows(text, text, boolean);

-- The indexes of the real table, in its own words; of events when their words are out.
CREATE OR REPLACE FUNCTION platform.load_index(rel text, suffix text) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ DECLARE i record; BEGIN
  IF rel = 'events' THEN PERFORM platform.load_seal(suffix); END IF;
  FOR i IN SELECT pg_get_indexdef(indexrelid) AS def, indisprimary FROM pg_index WHERE indrelid = format('fleet.%I', rel)::regclass ORDER BY indisprimary DESC, indexrelid LOOP
    EXECUTE regexp_replace(i.def, '^CREATE( UNIQUE)? INDEX \S+ ON ONLY \S+',
      format('CREATE\1 INDEX %s ON loading.%I', CASE WHEN i.indisprimary THEN quote_ident(rel || suffix || '_pkey') ELSE '' END, rel || suffix));
  END LOOP; END $$;
REVOKE EXECUTE ON FUNCTION platform.load_seal(text) FROM PUBLIC;
