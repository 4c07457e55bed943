-- Bytes in the store that no row names: which columns name some, what was found, and since when. src/sweep takes them out.
SET LOCAL search_path = fleet, public;

-- Every bytea column of every table of ours, once; tests/unit/sweep/test_sweep.c and the sweep itself refuse one that nobody has judged.
-- names: it is the SHA-256 of bytes in the store, which stay as long as `belongs` holds for some row x. Else it is something else.
CREATE TABLE platform.blob_columns (sch text NOT NULL DEFAULT 'fleet', tbl text NOT NULL, col text NOT NULL, names boolean NOT NULL, belongs text NOT NULL DEFAULT 'true',
  PRIMARY KEY (sch, tbl, col));
ALTER TABLE platform.blob_columns ENABLE ROW LEVEL SECURITY;
INSERT INTO platform.blob_columns (tbl, col, names, belongs) VALUES
  ('damage_photos', 'sha256', true, DEFAULT), ('damage_photos', 'view_sha256', true, DEFAULT), ('damage_photos', 'thumb_sha256', true, DEFAULT),
  -- A removed attachment is in the report's history by its hash; its bytes go, unless somebody holds the report.
  ('report_attachments', 'sha256', true, 'x.removed_at IS NULL OR EXISTS (SELECT 1 FROM report_holds h WHERE h.tenant_id = x.tenant_id AND h.report_id = x.report_id)'),
  ('transfers', 'blob', true, DEFAULT), ('claim_packs', 'blob', true, DEFAULT),
  ('damage_photos', 'phash', false, DEFAULT), ('damage_photos', 'phash_mirrored', false, DEFAULT), ('photo_embeddings', 'q8', false, DEFAULT),
  ('inspection_signatures', 'sha256', false, DEFAULT), ('inspection_signatures', 'previous', false, DEFAULT), ('estimate_links', 'token_hash', false, DEFAULT),
  ('event_words', 'salt', false, DEFAULT), ('archives', 'sha256', false, DEFAULT), ('archives', 'plain_sha256', false, DEFAULT), ('claim_packs', 'manifest', false, DEFAULT);
INSERT INTO platform.blob_columns (sch, tbl, col, names) VALUES ('platform', 'documents', 'id', false), ('platform', 'schema_migrations', 'checksum', false), ('platform', 'loose_blobs', 'sha256', false);

-- Columns that nobody has judged, as 'schema.table.column'.
CREATE FUNCTION platform.blob_columns_unjudged() RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$ SELECT n.nspname || '.' || c.relname || '.' || a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE n.nspname IN ('fleet', 'platform') AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('bytea'::regtype, 'bytea[]'::regtype)
     AND NOT EXISTS (SELECT 1 FROM platform.blob_columns b WHERE (b.sch, b.tbl, b.col) = (n.nspname, c.relname, a.attname)) ORDER BY 1 $$;
-- One SELECT of every name, repeated as often as it is named; NULLs among them.
CREATE FUNCTION platform.blob_names_query() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$ SELECT string_agg(q, ' UNION ALL ' ORDER BY q) FROM (SELECT format('SELECT v.sha256 FROM %I.%I x CROSS JOIN LATERAL (VALUES %s) v (sha256) WHERE %s', sch, tbl,
     string_agg(format('(x.%I)', col), ', ' ORDER BY col), belongs) AS q FROM platform.blob_columns WHERE names GROUP BY sch, tbl, belongs) s $$;
-- About how many there are, as of the last ANALYZE.
CREATE FUNCTION platform.blob_names_about() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$ SELECT coalesce(sum(greatest(p.reltuples, 0)), 0)::bigint FROM platform.blob_columns b JOIN pg_class c ON c.oid = format('%I.%I', b.sch, b.tbl)::regclass
   CROSS JOIN LATERAL pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid WHERE b.names AND p.relkind = 'r' $$;

-- Found with no name, and when first. They go when they are still so after a time of grace.
CREATE TABLE platform.loose_blobs (sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32), bytes bigint NOT NULL, since timestamptz NOT NULL);
ALTER TABLE platform.loose_blobs ENABLE ROW LEVEL SECURITY;
COMMENT ON INDEX platform.loose_blobs_pkey IS 'those of one first byte: blobs_loose';
-- One row: whose store it is (the same number lies in the store), and the last sweep.
CREATE TABLE platform.sweep (one boolean PRIMARY KEY DEFAULT true CHECK (one), store uuid NOT NULL DEFAULT gen_random_uuid(), made_at timestamptz NOT NULL DEFAULT now(),
  began_at timestamptz, ended_at timestamptz,
  seen bigint NOT NULL DEFAULT 0, loose bigint NOT NULL DEFAULT 0, loose_bytes bigint NOT NULL DEFAULT 0,
  removed bigint NOT NULL DEFAULT 0, removed_bytes bigint NOT NULL DEFAULT 0,  -- since the beginning
  refused text CHECK (length(refused) <= 500));                                -- why the last one did nothing
ALTER TABLE platform.sweep ENABLE ROW LEVEL SECURITY;
INSERT INTO platform.sweep DEFAULT VALUES;

-- What a sweep found below one first byte of the names: notes what is new, forgets what is named again or gone. Returns those that
-- were found before `before` already and may go now.
CREATE FUNCTION platform.blobs_loose(first int, ids bytea[], sizes bigint[], at timestamptz, before timestamptz) RETURNS SETOF bytea LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog AS $$
DECLARE low bytea := decode(lpad(to_hex(first), 2, '0'), 'hex'); high bytea := CASE WHEN first < 255 THEN decode(lpad(to_hex(first + 1), 2, '0'), 'hex') END; BEGIN
  DELETE FROM platform.loose_blobs b WHERE b.sha256 >= low AND (high IS NULL OR b.sha256 < high) AND NOT EXISTS (SELECT 1 FROM unnest(ids) u WHERE u = b.sha256);
  INSERT INTO platform.loose_blobs SELECT u.id, u.size, at FROM unnest(ids, sizes) u (id, size) ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT b.sha256 FROM platform.loose_blobs b WHERE b.sha256 >= low AND (high IS NULL OR b.sha256 < high) AND b.since < before ORDER BY 1; END $$;
CREATE FUNCTION platform.blobs_removed(ids bytea[]) RETURNS void LANGUAGE sql VOLATILE SET search_path = pg_catalog AS
$$ WITH gone AS (DELETE FROM platform.loose_blobs b WHERE b.sha256 = ANY (ids) RETURNING b.bytes)
   UPDATE platform.sweep SET removed = removed + n, removed_bytes = removed_bytes + sum FROM (SELECT count(*) AS n, coalesce(sum(bytes), 0) AS sum FROM gone) g $$;
REVOKE EXECUTE ON FUNCTION platform.blob_columns_unjudged(), platform.blob_names_query(), platform.blob_names_about(),
  platform.blobs_loose(int, bytea[], bigint[], timestamptz, timestamptz), platform.blobs_removed(bytea[]) FROM PUBLIC;

-- What an archive takes along: what the report still names.
CREATE OR REPLACE FUNCTION platform.archive_blobs(t int, report uuid) RETURNS SETOF bytea LANGUAGE plpgsql STABLE SET search_path = fleet, public AS $$
DECLARE c record; BEGIN
  FOR c IN SELECT a.tbl, a.belongs, b.col, b.belongs AS named FROM platform.archived a JOIN platform.blob_columns b ON b.sch = 'fleet' AND b.tbl = a.tbl AND b.col = ANY (a.blobs) ORDER BY 1, 3 LOOP
    RETURN QUERY EXECUTE format('SELECT DISTINCT x.%I FROM %I x WHERE x.tenant_id = $1 AND (%s) AND x.%I IS NOT NULL AND (%s)', c.col, c.tbl, c.belongs, c.col, c.named) USING t, report;
  END LOOP; END $$;

-- For /metrics, of any process.
CREATE FUNCTION sweep_figures() RETURNS TABLE (loose bigint, loose_bytes bigint, removed bigint, removed_bytes bigint, ended_at timestamptz, refused boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
$$ SELECT s.loose, s.loose_bytes, s.removed, s.removed_bytes, s.ended_at, s.refused IS NOT NULL FROM platform.sweep s $$;
REVOKE EXECUTE ON FUNCTION sweep_figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sweep_figures() TO fleet_app, fleet_worker;
