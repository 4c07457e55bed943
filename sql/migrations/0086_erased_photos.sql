-- A photo that an erasure removes: the row stays as a stub with its hash, so that numbers, history and proof hold; everything that the
-- picture told goes, and its bytes with the next sweeps (0085).
SET LOCAL search_path = fleet, public;

ALTER TABLE damage_photos ADD COLUMN erased_at timestamptz;
SELECT platform.personal_none('damage_photos', 'erased_at');
UPDATE platform.blob_columns SET belongs = 'x.erased_at IS NULL' WHERE sch = 'fleet' AND tbl = 'damage_photos' AND names;

-- False: it is not there, or was removed before. The event names the file by its hash; the vector, and packs with the photo in them, go too.
-- A pack that is being made begins anew: its worker finds it waiting when it wants to finish (claim_pack_done).
CREATE FUNCTION photo_erase(t int, report uuid, photo smallint, erasure uuid, finding int, who int, again boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET search_path = fleet, public AS $$
DECLARE hash bytea; BEGIN
  UPDATE damage_photos p SET erased_at = now(), view_sha256 = NULL, view_bytes = NULL, thumb_sha256 = NULL, thumb_bytes = NULL, phash = NULL, phash_mirrored = NULL,
    sharpness = NULL, brightness = NULL, problems = '{}', taken_at = NULL, software = NULL, camera = NULL, location = NULL, client = NULL
  WHERE p.tenant_id = t AND p.report_id = report AND p.id = photo AND p.erased_at IS NULL RETURNING p.sha256 INTO hash;
  IF NOT FOUND THEN RETURN false; END IF;
  DELETE FROM photo_embeddings e WHERE e.tenant_id = t AND e.report_id = report AND e.photo_id = photo;
  UPDATE claim_packs c SET blob = NULL, expires_at = least(expires_at, now()) WHERE c.tenant_id = t AND c.report_id = report AND c.state = 3;
  UPDATE claim_packs c SET state = 1 WHERE c.tenant_id = t AND c.report_id = report AND c.state = 2;
  INSERT INTO events (tenant_id, type, report_id, vehicle_id, actor, data) SELECT t, 'photo.erased', report, r.vehicle_id, who,
    jsonb_strip_nulls(jsonb_build_object('photo', photo, 'sha256', encode(hash, 'hex'), 'erasure', erasure, 'finding', finding, 'again', CASE WHEN again THEN true END))
  FROM damage_reports r WHERE r.tenant_id = t AND r.id = report;
  RETURN true; END $$;
REVOKE EXECUTE ON FUNCTION photo_erase(int, uuid, smallint, uuid, int, int, boolean) FROM PUBLIC;

-- As in 0080; a photo goes. NULL: a hold on its report forbids it.
CREATE OR REPLACE FUNCTION finding_decide(erasure uuid, finding int, words text, who int) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS $$
DECLARE f erasure_findings; r text; BEGIN
  SELECT * INTO f FROM erasure_findings WHERE tenant_id = current_tenant() AND erasure_id = erasure AND id = finding AND state = 1 FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  IF words IS NOT NULL AND f.tbl = 'damage_photos' THEN
    -- The report's row is what a hold locks as well: it refers to it.
    PERFORM 1 FROM damage_reports d WHERE d.tenant_id = f.tenant_id AND d.id = f.report_id FOR UPDATE;
    IF EXISTS (SELECT 1 FROM report_holds h WHERE h.tenant_id = f.tenant_id AND h.report_id = f.report_id) THEN RETURN NULL; END IF;
    PERFORM photo_erase(f.tenant_id, f.report_id, (f.key->>'id')::smallint, erasure, finding, who);
  ELSIF words IS NOT NULL THEN
    SELECT redact INTO STRICT r FROM platform.personal WHERE tbl = f.tbl AND col = f.col AND class = 'words';
    IF r IS NULL THEN EXECUTE format('DELETE FROM %I x WHERE x.tenant_id = $1 AND %s', f.tbl, finding_where(f.key)) USING f.tenant_id;
    ELSE EXECUTE format('UPDATE %I x SET %I = %s WHERE x.tenant_id = $2 AND %s', f.tbl, f.col, r, finding_where(f.key)) USING words, f.tenant_id; END IF;
  END IF;
  -- The events of the zone or bill told of it too; the replay asks no more for what is not there.
  IF words IS NOT NULL AND f.tbl = 'damage_zones' THEN
    DELETE FROM event_words w USING events e WHERE e.tenant_id = f.tenant_id AND e.report_id = f.report_id AND e.type LIKE 'zone.%' AND e.data->>'zone' = f.key->>'id'
      AND w.tenant_id = e.tenant_id AND w.event_id = e.id AND w.place[2] = 'note';
  END IF;
  IF words IS NOT NULL AND f.tbl = 'invoices' AND f.col = 'void_reason' THEN
    DELETE FROM event_words w USING events e WHERE e.tenant_id = f.tenant_id AND e.report_id = f.report_id AND e.type LIKE 'invoice.%' AND e.data->>'invoice' = f.key->>'id'
      AND w.tenant_id = e.tenant_id AND w.event_id = e.id AND w.place = '{reason}';
  END IF;
  UPDATE erasure_findings SET state = CASE WHEN words IS NULL THEN 2 ELSE 3 END, decided_by = who, decided_at = now()
  WHERE tenant_id = f.tenant_id AND erasure_id = erasure AND id = finding;
  INSERT INTO events (tenant_id, type, report_id, actor, data) VALUES (f.tenant_id, CASE WHEN words IS NULL THEN 'person.kept' ELSE 'person.redacted' END, f.report_id, who,
    jsonb_build_object('erasure', erasure, 'finding', finding, 'place', f.tbl || '.' || f.col));
  RETURN true; END $$;

-- Findings of photos that are open already, decided as redacted before photos could go: they are open again, so that a person sees them.
UPDATE erasure_findings SET state = 1, decided_by = NULL, decided_at = NULL WHERE tbl = 'damage_photos' AND state = 3;

-- As in 0080; photos that were removed since the archive was written go again.
CREATE OR REPLACE FUNCTION platform.archive_restored(t int, archive uuid, ids uuid[], kept boolean) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE e record; BEGIN
  IF kept THEN PERFORM platform.kept_add(t, ids, -1); END IF;
  FOR e IN SELECT x.driver_id, x.user_ids FROM erasures x JOIN archives a ON a.tenant_id = t AND a.id = archive WHERE x.tenant_id = t AND x.state = 2 AND x.done_at >= a.created_at LOOP
    PERFORM person_blank(t, e.driver_id, e.user_ids);
  END LOOP;
  PERFORM photo_erase(t, f.report_id, (f.key->>'id')::smallint, f.erasure_id, f.id, NULL, true) FROM erasure_findings f
  WHERE f.tenant_id = t AND f.tbl = 'damage_photos' AND f.state = 3 AND f.report_id = ANY (ids);
  PERFORM repairs_baseline(t, ids);
  UPDATE archives SET state = 3 WHERE tenant_id = t AND id = archive;
  INSERT INTO events (tenant_id, type, report_id, data) SELECT t, 'retention.restored', unnest(ids), jsonb_build_object('archive', archive); END $$;

-- ---- The register beside the backups, with photos: a backup of an earlier moment has them again ----
CREATE INDEX erasure_findings_photos ON erasure_findings (decided_at) WHERE tbl = 'damage_photos' AND state = 3; -- erasures_register, all companies
CREATE OR REPLACE FUNCTION erasures_register(since timestamptz, lim int DEFAULT 1000) RETURNS TABLE (id uuid, done_at timestamptz, line text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = fleet, public AS
$$ SELECT * FROM (
     (SELECT e.id, e.done_at, jsonb_build_object('tenant', e.tenant_id, 'company', t.public_id, 'id', e.id, 'driver', e.driver_id, 'users', e.user_ids, 'reference', e.reference,
        'requestedAt', e.requested_at, 'doneAt', e.done_at)::text
      FROM erasures e JOIN tenants t ON t.id = e.tenant_id WHERE e.state = 2 AND e.done_at >= since ORDER BY e.done_at, e.id LIMIT lim)
     UNION ALL
     (SELECT md5(f.erasure_id::text || ' ' || f.id)::uuid, f.decided_at, jsonb_build_object('tenant', f.tenant_id, 'company', t.public_id, 'erasure', f.erasure_id, 'finding', f.id,
        'report', f.report_id, 'photo', f.key->'id')::text
      FROM erasure_findings f JOIN tenants t ON t.id = f.tenant_id WHERE f.tbl = 'damage_photos' AND f.state = 3 AND f.decided_at >= since ORDER BY f.decided_at, f.id LIMIT lim)
   ) x (id, done_at, line) ORDER BY 2, 1 LIMIT lim $$;
CREATE OR REPLACE FUNCTION platform.erasure_again(line jsonb) RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE t int := (line->>'tenant')::int; logins int[] := ARRAY(SELECT jsonb_array_elements_text(line->'users')::int); c jsonb; BEGIN
  IF NOT EXISTS (SELECT 1 FROM tenants x WHERE x.id = t AND x.public_id = (line->>'company')::uuid) THEN RETURN false; END IF;
  PERFORM set_config('app.tenant_id', t::text, true);
  IF line ? 'photo' THEN
    RETURN photo_erase(t, (line->>'report')::uuid, (line->>'photo')::smallint, (line->>'erasure')::uuid, (line->>'finding')::int, NULL, true); END IF;
  IF EXISTS (SELECT 1 FROM erasures e WHERE e.tenant_id = t AND e.id = (line->>'id')::uuid AND e.state = 2) THEN RETURN false; END IF;
  c := person_blank(t, (line->>'driver')::int, logins);
  INSERT INTO erasures AS e (tenant_id, id, driver_id, user_ids, state, reason, reference, requested_at, done_at, counts)
  VALUES (t, (line->>'id')::uuid, (line->>'driver')::int, logins, 2, 'done again after a restore', line->>'reference', (line->>'requestedAt')::timestamptz, (line->>'doneAt')::timestamptz, c)
  ON CONFLICT (tenant_id, id) DO UPDATE SET state = 2, done_at = excluded.done_at, until = NULL, counts = excluded.counts;
  INSERT INTO events (tenant_id, type, data) VALUES (t, 'person.erased', jsonb_build_object('erasure', line->>'id', 'driver', line->'driver', 'users', line->'users', 'again', true, 'counts', c));
  RETURN true; END $$;
