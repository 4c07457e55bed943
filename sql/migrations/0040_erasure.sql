-- What is personal and where, free words of events apart from the events, legal holds, and the erasure of a person's data.
-- docs/retention.md tells the whole; decision 0040 says why words are kept apart and not encrypted.
SET LOCAL search_path = fleet, public;

-- ---- Words apart from events ----
--
-- Events are append-only and prove the record, and what people wrote must be able to go. So an event holds a commitment in the
-- place of a text, {"sealed": "SHA-256 of salt and text"}, and the text with its salt lies here. When the text goes, the event is
-- the same to the byte, its hash too; the salt is gone with the text, so that nobody can try names until one fits.
-- Not cut into months: people write these, a few rows a report.
CREATE TABLE event_words (
  tenant_id int NOT NULL REFERENCES tenants(id), event_id uuid NOT NULL, place text[] NOT NULL,   -- where in data: {description,0}
  salt bytea NOT NULL CHECK (length(salt) = 16), word text NOT NULL,
  PRIMARY KEY (tenant_id, event_id, place));

-- Which places of which events hold words of people, by the noun of the event's type. A noun that comes later adds its own, under one
-- of these members: the trigger below looks for them, so that events without words cost nothing more.
CREATE TABLE platform.event_places (noun text NOT NULL, place text[] NOT NULL
    CHECK (place[1] IN ('description', 'reason', 'note', 'name', 'client', 'before', 'after', 'vendor', 'words')),
  PRIMARY KEY (noun, place));
INSERT INTO platform.event_places VALUES ('report', '{description,0}'), ('report', '{description,1}'), ('report', '{reason}'),
  ('zone', '{reason}'), ('zone', '{before,note}'), ('zone', '{after,note}'), ('attachment', '{name}'), ('attachment', '{client}'),
  ('photo', '{client}'), ('estimate', '{reason}'), ('estimate', '{vendor}');

CREATE FUNCTION event_commitment(salt bytea, word text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT encode(sha256(salt || convert_to(word, 'UTF8')), 'hex') $$;
-- The data with its words taken out; they are put into event_words.
CREATE FUNCTION event_seal(t int, event uuid, event_type text, data jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = fleet, public AS $$
DECLARE p text[]; word text; salt bytea; BEGIN
  FOR p IN SELECT e.place FROM platform.event_places e WHERE e.noun = split_part(event_type, '.', 1) ORDER BY e.place LOOP
    CONTINUE WHEN jsonb_typeof(data #> p) IS DISTINCT FROM 'string' OR data #>> p = '';
    word := data #>> p;
    salt := uuid_send(gen_random_uuid());
    INSERT INTO event_words VALUES (t, event, p, salt, word) ON CONFLICT DO NOTHING;
    data := jsonb_set(data, p, jsonb_build_object('sealed', event_commitment(salt, word)), false);
  END LOOP;
  RETURN data; END $$;
REVOKE EXECUTE ON FUNCTION event_seal(int, uuid, text, jsonb), event_commitment(bytea, text) FROM PUBLIC;
-- As the reader sees it: with the words that are still there. {"sealed": ...} that stays was erased.
CREATE FUNCTION event_open(t int, event uuid, data jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = fleet, public AS $$
DECLARE w record; BEGIN
  IF position('"sealed"' IN data::text) = 0 THEN RETURN data; END IF;
  FOR w IN SELECT place, word FROM event_words x WHERE x.tenant_id = t AND x.event_id = event LOOP
    data := jsonb_set(data, w.place, to_jsonb(w.word), false);
  END LOOP;
  RETURN data; END $$;
GRANT EXECUTE ON FUNCTION event_open(int, uuid, jsonb) TO fleet_app, fleet_worker;

CREATE FUNCTION events_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = fleet, public AS $$ BEGIN
  NEW.data := event_seal(NEW.tenant_id, NEW.id, NEW.type, NEW.data);
  RETURN NEW; END $$;
CREATE TRIGGER events_sealed BEFORE INSERT ON events FOR EACH ROW
  WHEN (NEW.data ?| '{description,reason,note,name,client,before,after,vendor,words}') EXECUTE FUNCTION events_seal();

CREATE POLICY tenant_rw ON event_words TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()));
CREATE POLICY worker_all ON event_words FOR SELECT TO fleet_worker USING (true);
ALTER TABLE event_words ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON event_words TO fleet_app, fleet_worker;

-- Events from before. Nobody sees the gap in the ban on changes: it ends with this transaction, as it began.
CREATE OR REPLACE FUNCTION deny_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
UPDATE events SET data = event_seal(tenant_id, id, type, data) WHERE data ?| '{description,reason,note,name,client,before,after,vendor,words}'
  AND split_part(type, '.', 1) IN (SELECT noun FROM platform.event_places);
CREATE OR REPLACE FUNCTION deny_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;

-- ---- The replay, with words ----
-- A zone is what its events say; of a note that was erased they say only that there was one.
CREATE OR REPLACE FUNCTION zones_replay(t int, ids uuid[]) RETURNS TABLE (report_id uuid, id smallint, told jsonb) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT DISTINCT ON (e.report_id, (e.data->>'zone')::smallint) e.report_id, (e.data->>'zone')::smallint, event_open(t, e.id, e.data)->'after'
   FROM events e WHERE e.tenant_id = t AND e.report_id = ANY (ids) AND e.type LIKE 'zone.%'
   ORDER BY e.report_id, (e.data->>'zone')::smallint, e.agg_version DESC, e.id DESC $$;
CREATE FUNCTION zone_agrees(stored jsonb, told jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN jsonb_typeof(told->'note') = 'object' THEN stored - 'note' = told - 'note' ELSE stored = told END $$;
CREATE OR REPLACE FUNCTION zones_differences(t int, ids uuid[]) RETURNS TABLE (report_id uuid, field text, stored text, told text) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT coalesce(z.report_id, e.report_id), 'zone ' || coalesce(z.id, e.id), zone_json(z)::text, e.told::text
   FROM (SELECT * FROM damage_zones x WHERE x.tenant_id = t AND x.report_id = ANY (ids)) z
   FULL JOIN zones_replay(t, ids) e ON (e.report_id, e.id) = (z.report_id, z.id)
   WHERE z.id IS NULL OR zone_agrees(zone_json(z), e.told) IS NOT TRUE
   UNION ALL
   -- Words that are there are those that the event was sealed with.
   SELECT e.report_id, 'words of ' || e.type, w.place::text, e.data #>> w.place
   FROM events e JOIN event_words w ON w.tenant_id = e.tenant_id AND w.event_id = e.id
   WHERE e.tenant_id = t AND e.report_id = ANY (ids) AND e.data #>> (w.place || 'sealed'::text) IS DISTINCT FROM event_commitment(w.salt, w.word) $$;
CREATE OR REPLACE FUNCTION zones_mend(t int, ids uuid[]) RETURNS bigint LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ WITH wrong AS (SELECT e.report_id, e.id, e.told FROM zones_replay(t, ids) e LEFT JOIN damage_zones z ON z.tenant_id = t AND z.report_id = e.report_id AND z.id = e.id
                  WHERE z.id IS NULL OR zone_agrees(zone_json(z), e.told) IS NOT TRUE),
        d AS (DELETE FROM damage_zones z WHERE z.tenant_id = t AND z.report_id = ANY (ids)
              AND NOT EXISTS (SELECT 1 FROM zones_replay(t, ids) e WHERE (e.report_id, e.id) = (z.report_id, z.id)) RETURNING 1),
        u AS (INSERT INTO damage_zones AS z (tenant_id, report_id, id, part, side, kind, size_mm, severity, viewpoint, shape, photo_id, note, state, closed_at)
              SELECT t, w.report_id, w.id, (w.told->>'part')::smallint, (w.told->>'side')::smallint, (w.told->>'kind')::smallint, (w.told->>'sizeMm')::int,
                     (w.told->>'severity')::smallint, (w.told->>'viewpoint')::smallint, w.told->'shape', (w.told->>'photo')::smallint,
                     CASE WHEN jsonb_typeof(w.told->'note') = 'string' THEN w.told->>'note' END,
                     (w.told->>'state')::smallint, CASE WHEN w.told->>'state' <> '1' THEN now() END
              FROM wrong w
              ON CONFLICT (tenant_id, report_id, id) DO UPDATE SET part = excluded.part, side = excluded.side, kind = excluded.kind, size_mm = excluded.size_mm,
                severity = excluded.severity, viewpoint = excluded.viewpoint, shape = excluded.shape, photo_id = excluded.photo_id, note = excluded.note,
                state = excluded.state, closed_at = CASE WHEN excluded.state <> 1 THEN coalesce(z.closed_at, now()) END
              RETURNING 1)
   SELECT (SELECT count(*) FROM d) + (SELECT count(*) FROM u) $$;

-- ---- Legal holds ----
-- The row is the hold: no DELETE of its report and no DROP of its month gets past the foreign key. Who set and released it stands in
-- the events.
CREATE TABLE report_holds (
  tenant_id int NOT NULL, report_id uuid NOT NULL, reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  set_by int, set_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, report_id), FOREIGN KEY (tenant_id, report_id) REFERENCES damage_reports(tenant_id, id));
INSERT INTO platform.event_places VALUES ('hold', '{reason}'), ('person', '{reason}');

-- ---- What is personal ----
-- Every column of every table of the domain, once; tests/unit/fleet/test_erasure.c refuses a column that nobody has judged.
--   none     nothing of a person, or the number of one: a number names nobody once the person's own row is blank
--   erase    set to `becomes` where `belongs` holds, for the row x of the person: $1 company, $2 driver, $3 log-ins
--   delete   the row goes where `belongs` holds
--   words    what people wrote: searched for the person, and what is found is listed for an administrator. Where a person's own go
--            without asking there is an erase besides. redact: what takes its place, $1 is the administrator's text; NULL: the row goes
--   contact  of a business partner, not of drivers or users; changed by hand where the partner's noun is
--   derived  made from other columns by the database
CREATE TABLE platform.personal (
  tbl text NOT NULL, col text NOT NULL, class text NOT NULL CHECK (class IN ('none', 'erase', 'delete', 'words', 'contact', 'derived')),
  belongs text, becomes text, redact text DEFAULT '$1',
  PRIMARY KEY (tbl, col, class), CHECK ((class IN ('erase', 'delete')) = (belongs IS NOT NULL)), CHECK ((class = 'erase') = (becomes IS NOT NULL)));
CREATE FUNCTION platform.personal_none(tbl text, cols text) RETURNS void LANGUAGE sql AS
$$ INSERT INTO platform.personal (tbl, col, class) SELECT $1, unnest(string_to_array($2, ' ')), 'none' $$;
SELECT platform.personal_none('tenants', 'id public_id slug name currency plan lang tz created_at version'),
  platform.personal_none('facilities', 'tenant_id id name location address geofence version retired_at updated_at'),
  platform.personal_none('vehicles', 'tenant_id id name kind facility_id vin plate make model year value updated_at name_key search version retired_at search_key'),
  platform.personal_none('drivers', 'tenant_id id erased_at version retired_at updated_at'),
  platform.personal_none('users', 'tenant_id id role driver_id disabled_at created_at'),
  platform.personal_none('vendors', 'tenant_id id labour_rate version retired_at updated_at'),
  platform.personal_none('odometer_readings', 'tenant_id vehicle_id read_at km recorded_by recorded_at'),
  platform.personal_none('driver_assignments', 'tenant_id id vehicle_id driver_id starts_at ends_at version'),
  platform.personal_none('damage_reports', 'tenant_id id reported_at report_number vehicle_id driver_id facility_id reported_by incident_at status severity damage_type'
    ' priority estimated_cost actual_cost location damage_areas claim_no assessed_at completed_at version updated_at stage phase_since due_at overdue_told duplicate_of endorsed_by'),
  platform.personal_none('report_search', 'tenant_id report_id claim_no'),
  platform.personal_none('damage_photos', 'tenant_id report_id id sha256 media_type bytes width height taken_at software phash phash_mirrored bands sharpness brightness'
    ' problems view_sha256 view_bytes thumb_sha256 thumb_bytes created_at angle location camera uploaded_by'),
  platform.personal_none('assessments', 'tenant_id report_id id model created_at duration_ms severity severity_confidence part part_confidence damage_type type_confidence'
    ' cost_low cost_likely cost_high hours_low hours_likely hours_high rule fraud_signals similar_cases evidence'),
  platform.personal_none('photo_embeddings', 'tenant_id report_id photo_id model scale q8'),
  platform.personal_none('idempotency_keys', 'tenant_id report_id user_id created_at'),
  platform.personal_none('events', 'tenant_id id seq xid type report_id vehicle_id agg_version actor data'),
  platform.personal_none('event_words', 'tenant_id event_id place salt'),
  platform.personal_none('outbox_cursor', 'consumer xid seq moved_at'),
  platform.personal_none('ref_code', 'kind code name'), platform.personal_none('zone_part', 'code name area'),
  platform.personal_none('rollup_delta', 'tenant_id day status severity damage_type n est act facility_id vehicle_id cost repairs repair_s cell'),
  platform.personal_none('rollup_day', 'tenant_id day status n est act'),
  platform.personal_none('rollup_month', 'tenant_id month severity damage_type n est act'),
  platform.personal_none('rollup_depot', 'tenant_id month facility_id status severity damage_type n est act cost repairs repair_s'),
  platform.personal_none('rollup_vehicle', 'tenant_id vehicle_id month n est act cost repairs repair_s'),
  platform.personal_none('rollup_cell', 'tenant_id month cell severity n cost'),
  platform.personal_none('jobs', 'id tenant_id queue priority state run_at attempts max_attempts lease_until worker dedupe_key payload last_error created_at'),
  platform.personal_none('jobs_dead', 'id tenant_id queue priority state run_at attempts max_attempts lease_until worker dedupe_key payload last_error created_at died_at'),
  platform.personal_none('approval_limits', 'tenant_id role alone together'),
  platform.personal_none('sla_policies', 'tenant_id priority triage_hours decide_hours repair_hours'),
  platform.personal_none('damage_zones', 'tenant_id report_id id part side kind size_mm severity viewpoint shape photo_id state created_at created_by closed_at'),
  platform.personal_none('report_comments', 'tenant_id report_id id author internal edited_at removed_at'),
  platform.personal_none('comment_mentions', 'tenant_id user_id comment_id report_id seen_at'),
  platform.personal_none('report_attachments', 'tenant_id report_id id sha256 media_type bytes uploaded_by created_at removed_at'),
  platform.personal_none('saved_filters', 'tenant_id user_id id created_at'),
  platform.personal_none('transfers', 'tenant_id id user_id role direction kind state dry_run bytes total done bad created_at finished_at'),
  platform.personal_none('webhooks', 'tenant_id id url types description generation active stopped_why version created_at deleted_at'),
  platform.personal_none('alert_rules', 'tenant_id id user_id types severity_min facility_id quiet_from quiet_to version'),
  platform.personal_none('deliveries', 'tenant_id id webhook_id rule_id event_id event_type report_id vehicle_id data state attempts delivered_at'),
  platform.personal_none('estimates', 'tenant_id report_id id vendor_id state version revision requested_by created_at decided_by decided_at before_choice'),
  platform.personal_none('estimate_revisions', 'tenant_id report_id estimate_id id sent_at entered_by valid_until repair_days tax_rate labour_time labour parts paint other'
    ' net tax total'),
  platform.personal_none('estimate_links', 'tenant_id report_id estimate_id token_hash expires_at revoked_at made_by made_at uses last_used_at minute_at minute_uses'),
  platform.personal_none('report_holds', 'tenant_id report_id set_by set_at'),
  platform.personal_none('erasures', 'tenant_id id driver_id user_ids state reference requested_by requested_at done_at until counts'),
  platform.personal_none('erasure_findings', 'tenant_id erasure_id id tbl col key report_id state decided_by decided_at');
INSERT INTO platform.personal (tbl, col, class, belongs, becomes) VALUES
  ('drivers', 'name', 'erase', 'x.id = $2', $$'erased driver '||x.id$$), ('drivers', 'email', 'erase', 'x.id = $2', 'NULL'), ('drivers', 'phone', 'erase', 'x.id = $2', 'NULL'),
  ('drivers', 'licence_no', 'erase', 'x.id = $2', 'NULL'), ('drivers', 'employee_no', 'erase', 'x.id = $2', 'NULL'),
  ('users', 'name', 'erase', 'x.id = ANY ($3)', $$'erased person '||x.id$$), ('users', 'password', 'erase', 'x.id = ANY ($3)', 'NULL'),
  ('users', 'email', 'erase', 'x.id = ANY ($3)', $$'erased-'||x.tenant_id||'-'||x.id||'@erased.invalid'$$),
  ('damage_photos', 'client', 'erase', 'x.uploaded_by = ANY ($3)', 'NULL'), ('report_attachments', 'client', 'erase', 'x.uploaded_by = ANY ($3)', 'NULL'),
  ('report_comments', 'body', 'erase', 'x.author = ANY ($3)', $$'(erased)'$$), ('report_comments', 'edits', 'erase', 'x.author = ANY ($3)', $$'[]'::jsonb$$),
  ('alert_rules', 'name', 'erase', 'x.user_id = ANY ($3)', $$'(erased)'$$), ('alert_rules', 'active', 'erase', 'x.user_id = ANY ($3)', 'false'),
  ('alert_rules', 'deleted_at', 'erase', 'x.user_id = ANY ($3)', 'coalesce(x.deleted_at, now())'),
  ('deliveries', 'tries', 'erase', 'x.rule_id IN (SELECT a.id FROM alert_rules a WHERE a.tenant_id = $1 AND a.user_id = ANY ($3))', $$'[]'::jsonb$$),
  -- Files of drivers hold the person among others, and nobody needs them once they were read.
  ('transfers', 'problems', 'erase', 'x.kind = 2 OR x.user_id = ANY ($3)', $$'[]'::jsonb$$), ('transfers', 'error', 'erase', 'x.user_id = ANY ($3)', 'NULL'),
  ('transfers', 'blob', 'erase', 'x.kind = 2 OR x.user_id = ANY ($3)', 'NULL');
INSERT INTO platform.personal (tbl, col, class, belongs) VALUES
  ('saved_filters', 'name', 'delete', 'x.user_id = ANY ($3)'), ('saved_filters', 'filter', 'delete', 'x.user_id = ANY ($3)'),
  ('idempotency_keys', 'key', 'delete', 'x.user_id = ANY ($3)'),
  -- From where and with what the person opened files.
  ('event_words', 'word', 'delete', $$x.place = '{client}' AND EXISTS (SELECT 1 FROM events e WHERE e.tenant_id = $1 AND e.id = x.event_id AND e.actor = ANY ($3))$$);
INSERT INTO platform.personal (tbl, col, class, redact) VALUES
  ('event_words', 'word', 'words', NULL), ('damage_reports', 'description', 'words', '$1'), ('damage_reports', 'address', 'words', '$1'), ('damage_zones', 'note', 'words', '$1'),
  ('report_comments', 'body', 'words', '$1'), ('report_comments', 'edits', 'words', $$'[]'::jsonb$$), ('report_attachments', 'name', 'words', '$1'),
  ('estimates', 'message', 'words', '$1'), ('estimates', 'reason', 'words', '$1'), ('estimate_revisions', 'reference', 'words', 'left($1, 100)'),
  ('estimate_revisions', 'note', 'words', '$1'),
  ('estimate_revisions', 'lines', 'words', $$(SELECT jsonb_agg(l || jsonb_build_object('text', $1) ORDER BY n) FROM jsonb_array_elements(x.lines) WITH ORDINALITY y(l, n))$$),
  ('report_holds', 'reason', 'words', '$1'), ('erasures', 'reason', 'words', '$1');
INSERT INTO platform.personal (tbl, col, class) VALUES ('drivers', 'name_key', 'derived'), ('report_search', 'tsv', 'derived'), ('report_search', 'address', 'derived'),
  ('estimates', 'email', 'contact'), ('vendors', 'name', 'contact'), ('vendors', 'address', 'contact'), ('vendors', 'email', 'contact'), ('vendors', 'phone', 'contact');

-- ---- Erasures ----
-- The register: who asked for what, and the certificate of what went. It names numbers only, so it stays, and so that erasures can be
-- done again after a backup was restored that still knew the person.
CREATE TABLE erasures (
  tenant_id int NOT NULL REFERENCES tenants(id), id uuid NOT NULL DEFAULT uuid7(), driver_id int, user_ids int[] NOT NULL DEFAULT '{}',
  state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 2),           -- waiting until duties end (use is restricted meanwhile), done
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500), reference text NOT NULL DEFAULT '' CHECK (length(reference) <= 100),
  requested_by int, requested_at timestamptz NOT NULL DEFAULT now(), done_at timestamptz CHECK ((done_at IS NULL) = (state = 1)),
  until timestamptz,                                                         -- of waiting ones: the last duty that has a date
  counts jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id));
-- One at a time for a driver: two administrators at once get one erasure.
CREATE UNIQUE INDEX erasures_driver ON erasures (tenant_id, driver_id) WHERE driver_id IS NOT NULL;
CREATE INDEX erasures_waiting ON erasures (requested_at) WHERE state = 1; -- erasures_due, all companies
-- Where words of others may name the person, and photos that may show them; state: open, kept, redacted. No words are copied here.
CREATE TABLE erasure_findings (
  tenant_id int NOT NULL, erasure_id uuid NOT NULL, id int NOT NULL, tbl text NOT NULL, col text NOT NULL, key jsonb NOT NULL, report_id uuid,
  state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 3), decided_by int, decided_at timestamptz,
  PRIMARY KEY (tenant_id, erasure_id, id), FOREIGN KEY (tenant_id, erasure_id) REFERENCES erasures(tenant_id, id));

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['report_holds', 'erasures', 'erasure_findings'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, DELETE, UPDATE (reason, set_by, set_at) ON report_holds TO fleet_app;
GRANT SELECT ON erasures, erasure_findings TO fleet_app;

-- What forbids to erase now: each with its sentence, and until when where that is known.
CREATE FUNCTION erasure_duties(driver int, logins int[]) RETURNS TABLE (sentence text, until timestamptz) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ (SELECT format('report %s is under a legal hold (%s), until that is released', r.report_number, h.reason), NULL::timestamptz
    FROM report_holds h JOIN damage_reports r ON r.tenant_id = h.tenant_id AND r.id = h.report_id
    WHERE h.tenant_id = (SELECT current_tenant()) AND (r.driver_id = driver OR r.reported_by = ANY (logins)) ORDER BY h.report_id LIMIT 20)
   UNION ALL
   (SELECT format('report %s has the open claim %s, until the report is closed or a year after its repair', r.report_number, r.claim_no), r.completed_at + interval '1 year'
    FROM damage_reports r WHERE r.tenant_id = (SELECT current_tenant()) AND (r.driver_id = driver OR r.reported_by = ANY (logins)) AND r.claim_no IS NOT NULL
      AND coalesce(r.stage, stage_of_status(r.status)) NOT IN (8, 9, 10)
      AND (r.completed_at IS NULL OR r.completed_at > now() - interval '1 year') ORDER BY r.id LIMIT 20) $$;
GRANT EXECUTE ON FUNCTION erasure_duties(int, int[]) TO fleet_app;

-- As a pattern for ~*: the whole of what identifies, and each longer part of the name, as words. NULL: nothing to look for.
CREATE FUNCTION person_pattern(t int, driver int, logins int[]) RETURNS text LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ WITH own AS (SELECT unnest(ARRAY[name, email, phone, licence_no, employee_no]) AS v, name FROM drivers WHERE tenant_id = t AND id = driver
       UNION SELECT unnest(ARRAY[name, email]), name FROM users WHERE tenant_id = t AND id = ANY (logins)),
     words AS (SELECT v FROM own WHERE length(v) >= 3 UNION SELECT w FROM own, regexp_split_to_table(name, '\s+') w WHERE length(w) >= 3)
   SELECT '(^|\W)(' || string_agg(regexp_replace(v, '([^[:alnum:][:space:]])', '\\\1', 'g'), '|' ORDER BY length(v) DESC, v) || ')(\W|$)' FROM words $$;
REVOKE EXECUTE ON FUNCTION person_pattern(int, int, int[]) FROM PUBLIC;

-- Who is a person: a driver, and the log-ins that are theirs.
CREATE FUNCTION person_of(INOUT driver int, login int, OUT logins int[]) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT d.driver, coalesce((SELECT array_agg(u.id ORDER BY u.id) FROM users u WHERE u.tenant_id = (SELECT current_tenant()) AND (u.id = login OR u.driver_id = d.driver)), '{}')
   FROM (SELECT coalesce(driver, (SELECT u.driver_id FROM users u WHERE u.tenant_id = (SELECT current_tenant()) AND u.id = login)) AS driver) d $$;
GRANT EXECUTE ON FUNCTION person_of(int, int) TO fleet_app;

-- Nobody uses the data any more, but they are still there: the driver drives nothing, the log-ins are closed.
CREATE FUNCTION person_restrict(t int, driver int, logins int[]) RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE tenant_id = t AND id = ANY (logins);
   UPDATE drivers SET retired_at = coalesce(retired_at, now()), version = version + 1, updated_at = now() WHERE tenant_id = t AND id = driver AND retired_at IS NULL;
   UPDATE driver_assignments SET ends_at = now(), version = version + 1 WHERE tenant_id = t AND driver_id = driver AND starts_at < now() AND coalesce(ends_at, 'infinity') > now() $$;
REVOKE EXECUTE ON FUNCTION person_restrict(int, int, int[]) FROM PUBLIC;

-- Where the person may still be found. One table and column after the other, as the catalogue has them.
CREATE FUNCTION erasure_search(t int, erasure uuid, driver int, logins int[], pattern text) RETURNS int LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE p record; k text; n int; BEGIN
  FOR p IN SELECT c.tbl, c.col, a.attname IS NOT NULL AS of_report FROM platform.personal c LEFT JOIN pg_attribute a ON a.attrelid = ('fleet.' || c.tbl)::regclass AND a.attname = 'report_id'
    WHERE c.class = 'words' AND pattern IS NOT NULL ORDER BY 1, 2 LOOP
    k := (SELECT string_agg(format('%L, x.%I', a.attname, a.attname), ', ' ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
          AND a.attnum = ANY (i.indkey::int2[]) WHERE i.indrelid = ('fleet.' || p.tbl)::regclass AND i.indisprimary AND a.attname <> 'tenant_id');
    EXECUTE format('INSERT INTO erasure_findings (tenant_id, erasure_id, id, tbl, col, key, report_id)'
      ' SELECT $1, $2, coalesce((SELECT max(id) FROM erasure_findings WHERE tenant_id = $1 AND erasure_id = $2), 0) + row_number() OVER (), %L, %L, jsonb_build_object(%s), %s'
      ' FROM %I x WHERE x.tenant_id = $1 AND x.%I::text ~* $3 LIMIT 1000', p.tbl, p.col, k,
      CASE WHEN p.tbl = 'damage_reports' THEN 'x.id' WHEN p.of_report THEN 'x.report_id'
           WHEN p.tbl = 'event_words' THEN '(SELECT e.report_id FROM events e WHERE e.tenant_id = x.tenant_id AND e.id = x.event_id)' ELSE 'NULL' END, p.tbl, p.col)
      USING t, erasure, pattern;
  END LOOP;
  INSERT INTO erasure_findings (tenant_id, erasure_id, id, tbl, col, key, report_id)
  SELECT t, erasure, coalesce((SELECT max(f.id) FROM erasure_findings f WHERE f.tenant_id = t AND f.erasure_id = erasure), 0) + row_number() OVER (), 'damage_photos', 'sha256',
         jsonb_build_object('report_id', x.report_id, 'id', x.id), x.report_id
  FROM damage_reports r JOIN damage_photos x ON x.tenant_id = r.tenant_id AND x.report_id = r.id
  WHERE r.tenant_id = t AND (r.driver_id = driver OR r.reported_by = ANY (logins)) ORDER BY x.report_id DESC, x.id LIMIT 1000;
  SELECT count(*) INTO n FROM erasure_findings f WHERE f.tenant_id = t AND f.erasure_id = erasure;
  RETURN n; END $$;
REVOKE EXECUTE ON FUNCTION erasure_search(int, uuid, int, int[], text) FROM PUBLIC;

-- Everything of the person that goes without asking; how many rows of each table. Doing it twice does no harm: a restored backup gets
-- it again.
CREATE FUNCTION person_blank(t int, driver int, logins int[]) RETURNS jsonb LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE p record; n bigint; counts jsonb := '{}'; BEGIN
  PERFORM person_restrict(t, driver, logins);
  UPDATE drivers SET erased_at = now(), version = version + 1, updated_at = now() WHERE tenant_id = t AND id = driver AND erased_at IS NULL;
  FOR p IN SELECT tbl, belongs, class, string_agg(format('%I = %s', col, becomes), ', ' ORDER BY col) AS sets,
      string_agg(format('x.%I IS DISTINCT FROM %s', col, becomes), ' OR ' ORDER BY col) AS differs
    FROM platform.personal WHERE class IN ('erase', 'delete') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LOOP
    IF p.class = 'delete' THEN
      EXECUTE format('DELETE FROM %I x WHERE x.tenant_id = $1 AND (%s)', p.tbl, p.belongs) USING t, driver, logins;
    ELSE
      EXECUTE format('UPDATE %I x SET %s WHERE x.tenant_id = $1 AND (%s) AND (%s)', p.tbl, p.sets, p.belongs, p.differs)
        USING t, driver, logins;
    END IF;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n > 0 THEN counts := counts || jsonb_build_object(p.tbl, coalesce((counts->>p.tbl)::bigint, 0) + n); END IF;
  END LOOP;
  RETURN counts; END $$;
REVOKE EXECUTE ON FUNCTION person_blank(int, int, int[]) FROM PUBLIC;

CREATE FUNCTION erasure_finish(t int, erasure uuid) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE e erasures; pattern text; n int; c jsonb; BEGIN
  SELECT * INTO STRICT e FROM erasures WHERE tenant_id = t AND id = erasure FOR UPDATE;
  pattern := person_pattern(t, e.driver_id, e.user_ids); -- while the name is there
  c := person_blank(t, e.driver_id, e.user_ids);
  n := erasure_search(t, erasure, e.driver_id, e.user_ids, pattern);
  c := c || jsonb_build_object('findings', n);
  UPDATE erasures SET state = 2, done_at = now(), until = NULL, counts = c WHERE tenant_id = t AND id = erasure;
  INSERT INTO events (tenant_id, type, actor, data) VALUES (t, 'person.erased', e.requested_by,
    jsonb_build_object('erasure', e.id, 'driver', e.driver_id, 'users', e.user_ids, 'reason', e.reason, 'reference', e.reference, 'counts', c));
END $$;
REVOKE EXECUTE ON FUNCTION erasure_finish(int, uuid) FROM PUBLIC;

-- Erases, or restricts and waits when duties forbid it and wait is set; NULL when they forbid it and it is not. The caller has asked
-- erasure_duties for the sentences. fleet_app has no other way to write here.
CREATE FUNCTION erasure_begin(driver int, logins int[], why text, ref text, who int, wait boolean) RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = fleet, public AS $$
DECLARE t int := current_tenant(); made uuid; held boolean; BEGIN
  -- Asked twice, or by two at once: the same erasure.
  PERFORM 1 FROM drivers d WHERE d.tenant_id = t AND d.id = driver FOR UPDATE;
  PERFORM 1 FROM users u WHERE u.tenant_id = t AND u.id = ANY (logins) ORDER BY u.id FOR UPDATE;
  SELECT e.id INTO made FROM erasures e WHERE e.tenant_id = t AND (e.driver_id = driver OR e.user_ids && logins) LIMIT 1;
  IF FOUND THEN RETURN made; END IF;
  held := EXISTS (SELECT 1 FROM erasure_duties(driver, logins));
  IF held AND NOT wait THEN RETURN NULL; END IF;
  INSERT INTO erasures AS e (tenant_id, driver_id, user_ids, reason, reference, requested_by, until)
  VALUES (t, driver, logins, why, ref, who, (SELECT max(d.until) FROM erasure_duties(driver, logins) d)) RETURNING e.id INTO made;
  IF held THEN
    PERFORM person_restrict(t, driver, logins);
    INSERT INTO events (tenant_id, type, actor, data) VALUES (t, 'person.restricted', who,
      jsonb_build_object('erasure', made, 'driver', driver, 'users', logins, 'reason', why, 'reference', ref));
  ELSE
    PERFORM erasure_finish(t, made);
  END IF;
  RETURN made; END $$;
GRANT EXECUTE ON FUNCTION erasure_begin(int, int[], text, text, int, boolean) TO fleet_app;

-- Waiting ones whose duties have ended, of all companies; for the clock.
CREATE FUNCTION erasures_due(lim int DEFAULT 20) RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS $$
DECLARE e erasures; n bigint := 0; BEGIN
  FOR e IN SELECT * FROM erasures WHERE state = 1 ORDER BY requested_at LIMIT 1000 FOR UPDATE SKIP LOCKED LOOP
    EXIT WHEN n >= lim;
    PERFORM set_config('app.tenant_id', e.tenant_id::text, true);
    CONTINUE WHEN EXISTS (SELECT 1 FROM erasure_duties(e.driver_id, e.user_ids));
    PERFORM erasure_finish(e.tenant_id, e.id);
    n := n + 1;
  END LOOP;
  PERFORM set_config('app.tenant_id', '', true);
  RETURN n; END $$;
GRANT EXECUTE ON FUNCTION erasures_due(int) TO fleet_worker;

-- The row that a finding points to: its key as a condition.
CREATE FUNCTION finding_where(key jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT string_agg(format('x.%I::text = %L', k, CASE WHEN jsonb_typeof(v) = 'array' THEN (SELECT array_agg(a) FROM jsonb_array_elements_text(v) a)::text ELSE v #>> '{}' END), ' AND ')
   FROM jsonb_each(key) j(k, v) $$;
-- What stands there now; NULL: it is gone.
CREATE FUNCTION finding_text(f erasure_findings) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = fleet, public AS $$
DECLARE found text; BEGIN
  IF f.tenant_id IS DISTINCT FROM current_tenant() OR f.tbl = 'damage_photos' OR NOT EXISTS (SELECT 1 FROM platform.personal p WHERE p.tbl = f.tbl AND p.col = f.col AND p.class = 'words')
    THEN RETURN NULL; END IF;
  EXECUTE format('SELECT left(x.%I::text, 10000) FROM %I x WHERE x.tenant_id = $1 AND %s', f.col, f.tbl, finding_where(f.key)) INTO found USING f.tenant_id;
  RETURN found; END $$;
GRANT EXECUTE ON FUNCTION finding_text(erasure_findings) TO fleet_app;
-- An administrator has decided: kept (words NULL), or these words in place of those. False: it was decided before.
CREATE FUNCTION finding_decide(erasure uuid, finding int, words text, who int) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS $$
DECLARE f erasure_findings; r text; BEGIN
  SELECT * INTO f FROM erasure_findings WHERE tenant_id = current_tenant() AND erasure_id = erasure AND id = finding AND state = 1 FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  IF words IS NOT NULL AND f.tbl <> 'damage_photos' THEN
    SELECT redact INTO STRICT r FROM platform.personal WHERE tbl = f.tbl AND col = f.col AND class = 'words';
    IF r IS NULL THEN EXECUTE format('DELETE FROM %I x WHERE x.tenant_id = $1 AND %s', f.tbl, finding_where(f.key)) USING f.tenant_id;
    ELSE EXECUTE format('UPDATE %I x SET %I = %s WHERE x.tenant_id = $2 AND %s', f.tbl, f.col, r, finding_where(f.key)) USING words, f.tenant_id; END IF;
  END IF;
  -- The zone's events told of the note too; the replay asks no more for what is not there.
  IF words IS NOT NULL AND f.tbl = 'damage_zones' THEN
    DELETE FROM event_words w USING events e WHERE e.tenant_id = f.tenant_id AND e.report_id = f.report_id AND e.type LIKE 'zone.%' AND e.data->>'zone' = f.key->>'id'
      AND w.tenant_id = e.tenant_id AND w.event_id = e.id AND w.place[2] = 'note';
  END IF;
  UPDATE erasure_findings SET state = CASE WHEN words IS NULL THEN 2 ELSE 3 END, decided_by = who, decided_at = now()
  WHERE tenant_id = f.tenant_id AND erasure_id = erasure AND id = finding;
  INSERT INTO events (tenant_id, type, report_id, actor, data) VALUES (f.tenant_id, CASE WHEN words IS NULL THEN 'person.kept' ELSE 'person.redacted' END, f.report_id, who,
    jsonb_build_object('erasure', erasure, 'finding', finding, 'place', f.tbl || '.' || f.col));
  RETURN true; END $$;
GRANT EXECUTE ON FUNCTION finding_decide(uuid, int, text, int) TO fleet_app;
