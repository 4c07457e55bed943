-- GraphQL documents that were registered to be run where only trusted ones are. They are of the platform and not of a company:
-- they belong to the programs that people use, the same for all, and hold no data. A document's id is the SHA-256 of its text.
-- Servers remember the version up to which they know this table; one that was removed keeps its row, so that they learn of it.
CREATE TABLE platform.documents (
  id         bytea PRIMARY KEY CHECK (octet_length(id) = 32),
  name       text NOT NULL CHECK (length(name) <= 200),
  body       text NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 262144),
  version    bigint NOT NULL,
  added_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  removed_at timestamptz);
CREATE UNIQUE INDEX documents_version ON platform.documents (version);
ALTER TABLE platform.documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_reads ON platform.documents FOR SELECT TO fleet_app USING (true);
GRANT SELECT ON platform.documents TO fleet_app;

-- One writer at a time, so versions appear in their order; servers keep all of them prepared, so there is a bound.
CREATE FUNCTION platform.document_add(text_ text, name_ text) RETURNS bytea LANGUAGE plpgsql SET search_path = pg_catalog, platform AS $$
DECLARE id_ bytea := sha256(convert_to(text_, 'UTF8')); BEGIN
  LOCK TABLE documents IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO documents AS d (id, name, body, version)
  VALUES (id_, name_, text_, (SELECT coalesce(max(version), 0) + 1 FROM documents))
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, removed_at = NULL, added_at = clock_timestamp()
    WHERE d.removed_at IS NOT NULL OR d.name <> excluded.name;
  IF (SELECT count(*) > 2000 OR sum(octet_length(body)) > 4194304 FROM documents WHERE removed_at IS NULL) THEN
    RAISE EXCEPTION 'there may be 2,000 documents of 4 MiB together; remove some first' USING ERRCODE = 'check_violation';
  END IF;
  RETURN id_;
END $$;
CREATE FUNCTION platform.document_remove(id_ bytea) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, platform AS $$ BEGIN
  LOCK TABLE documents IN SHARE ROW EXCLUSIVE MODE;
  UPDATE documents SET removed_at = clock_timestamp(), version = (SELECT max(version) + 1 FROM documents)
  WHERE id = id_ AND removed_at IS NULL;
  RETURN FOUND;
END $$;
