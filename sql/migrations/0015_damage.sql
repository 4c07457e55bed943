-- Damage in detail: zones on the vehicle, where and by whom photos were taken, comments, attachments.
--
-- These tables are not cut into months: people write them, a few rows a report, and history that is loaded in bulk has none.
-- Their foreign key to the reports costs each row 0.1 ms; a month of reports is dropped after what hangs on it.
SET LOCAL search_path = fleet, public;

-- One damage at one place. Whether it is there at a date follows from its report (incident, completion) and closed_at.
CREATE TABLE damage_zones (
  tenant_id  int NOT NULL, report_id uuid NOT NULL, id smallint NOT NULL CHECK (id BETWEEN 1 AND 200),
  part       smallint NOT NULL CHECK (part BETWEEN 1 AND 60),          -- FL_ZONE_PARTS in src/fleet/zone.h
  side       smallint CHECK (side BETWEEN 1 AND 3),                    -- left, right, middle
  kind       smallint NOT NULL CHECK (kind BETWEEN 1 AND 30),          -- FL_ZONE_KINDS
  size_mm    int CHECK (size_mm BETWEEN 1 AND 30000),                  -- the longer side
  severity   smallint CHECK (severity BETWEEN 1 AND 6),
  viewpoint  smallint CHECK (viewpoint BETWEEN 1 AND 8),               -- of the diagram that the shape lies on
  shape      jsonb CHECK (jsonb_typeof(shape) = 'array'),              -- corners [[x, y], ...], 0 to 1 of the diagram
  photo_id   smallint,
  note       text CHECK (length(note) <= 500),
  state      smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 3),-- open, repaired, removed (was never there)
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by int,
  closed_at  timestamptz CHECK ((closed_at IS NULL) = (state = 1)),
  PRIMARY KEY (tenant_id, report_id, id),
  FOREIGN KEY (tenant_id, report_id) REFERENCES damage_reports(tenant_id, id) ON DELETE CASCADE);

-- The codes that damage_reports.damage_areas had before: the filter on it goes on working.
CREATE TABLE zone_part (code smallint PRIMARY KEY, name text NOT NULL UNIQUE, area text);
INSERT INTO zone_part VALUES (1, 'front_bumper', 'bumper'), (2, 'rear_bumper', 'bumper'), (3, 'hood', 'hood'), (4, 'roof', NULL), (5, 'trunk', 'trunk'),
  (6, 'front_door', 'door'), (7, 'rear_door', 'door'), (8, 'sliding_door', 'door'), (9, 'cargo_door', 'trunk'), (10, 'front_fender', 'fender'),
  (11, 'rear_quarter', 'fender'), (12, 'side_panel', 'fender'), (13, 'sill', NULL), (14, 'pillar', NULL), (15, 'mirror', NULL), (16, 'windshield', 'windshield'),
  (17, 'rear_window', 'windshield'), (18, 'side_window', NULL), (19, 'headlight', 'light'), (20, 'tail_light', 'light'), (21, 'indicator', 'light'),
  (22, 'grille', NULL), (23, 'number_plate', NULL), (24, 'front_wheel', NULL), (25, 'rear_wheel', NULL), (26, 'front_tire', NULL), (27, 'rear_tire', NULL),
  (28, 'underbody', NULL), (29, 'exhaust', NULL), (30, 'load_area', NULL), (31, 'tail_lift', NULL), (32, 'seat', NULL), (33, 'dashboard', NULL),
  (34, 'trim', NULL), (35, 'engine', NULL), (36, 'other', NULL);
ALTER TABLE damage_zones ADD FOREIGN KEY (part) REFERENCES zone_part(code);
-- damage_areas from the zones that are there: {"part": "door"} as before, with what is known more exactly now.
CREATE FUNCTION zone_areas(report uuid) RETURNS jsonb LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('part', coalesce(p.area, p.name), 'exact', p.name, 'zone', z.id, 'side', z.side, 'kind', z.kind,
     'severity', z.severity)) ORDER BY z.id), '[]')
   FROM damage_zones z JOIN zone_part p ON p.code = z.part WHERE z.report_id = report AND z.state < 3 $$;
GRANT SELECT ON zone_part TO fleet_app, fleet_worker;
GRANT EXECUTE ON FUNCTION zone_areas(uuid) TO fleet_app, fleet_worker;

-- Where a photo was taken by its own word, from where it looks at the vehicle, who sent it and with what.
ALTER TABLE damage_photos
  ADD angle       smallint CHECK (angle BETWEEN 1 AND 10), -- the 8 viewpoints, close-up, inside
  ADD location    geography(Point, 4326),
  ADD camera      text CHECK (length(camera) <= 200),
  ADD uploaded_by int,
  ADD client      text CHECK (length(client) <= 200);
GRANT UPDATE (angle) ON damage_photos TO fleet_app;

CREATE TABLE report_comments (
  tenant_id  int NOT NULL, report_id uuid NOT NULL, id uuid NOT NULL DEFAULT uuid7(),
  author     int,                                                        -- users.id; NULL: a program
  body       text NOT NULL CHECK (length(body) BETWEEN 1 AND 5000),      -- '' never: who takes a comment back leaves removed_at
  internal   boolean NOT NULL DEFAULT false,                             -- not for drivers
  edits      jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(edits) = 'array'),  -- [{"at": .., "body": what it was}], oldest first
  edited_at  timestamptz,
  removed_at timestamptz,
  PRIMARY KEY (tenant_id, report_id, id),
  FOREIGN KEY (tenant_id, report_id) REFERENCES damage_reports(tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, author) REFERENCES users(tenant_id, id));
-- "Mentions of me", newest first.
CREATE TABLE comment_mentions (
  tenant_id int NOT NULL, user_id int NOT NULL, comment_id uuid NOT NULL, report_id uuid NOT NULL, seen_at timestamptz,
  PRIMARY KEY (tenant_id, user_id, comment_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users(tenant_id, id),
  FOREIGN KEY (tenant_id, report_id, comment_id) REFERENCES report_comments(tenant_id, report_id, id) ON DELETE CASCADE);
CREATE INDEX comment_mentions_of ON comment_mentions (tenant_id, report_id, comment_id);

CREATE TABLE report_attachments (
  tenant_id   int NOT NULL, report_id uuid NOT NULL, id smallint NOT NULL CHECK (id BETWEEN 1 AND 50),
  sha256      bytea NOT NULL CHECK (length(sha256) = 32),                -- names its blob
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  media_type  text NOT NULL,
  bytes       bigint NOT NULL CHECK (bytes > 0),
  uploaded_by int, client text CHECK (length(client) <= 200),
  created_at  timestamptz NOT NULL DEFAULT now(),
  removed_at  timestamptz,                                               -- the blob stays: history names it
  PRIMARY KEY (tenant_id, report_id, id),
  FOREIGN KEY (tenant_id, report_id) REFERENCES damage_reports(tenant_id, id) ON DELETE CASCADE);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['damage_zones', 'report_comments', 'comment_mentions', 'report_attachments'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON damage_zones, report_attachments TO fleet_app;
GRANT SELECT, INSERT, UPDATE ON report_comments, comment_mentions TO fleet_app;
GRANT SELECT ON damage_zones TO fleet_worker;

-- ---- Replay, with zones ----

-- A version is told by every event of the report, fields only by those of the report itself: a zone has a severity too.
CREATE OR REPLACE FUNCTION reports_replay(t int, ids uuid[]) RETURNS TABLE (report_id uuid, version int, status smallint, stage smallint, severity smallint,
  damage_type smallint, priority smallint, estimated_cost bigint, actual_cost bigint, duplicate_of uuid, endorsed_by int)
LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ WITH e AS (SELECT x.report_id, x.id, x.agg_version, CASE WHEN x.type LIKE 'report.%' THEN x.data ELSE '{}' END AS data
     FROM events x WHERE x.tenant_id = t AND x.report_id = ANY (ids) AND x.agg_version IS NOT NULL),
   told AS (
     SELECT e.report_id, max(e.agg_version) AS version,
       (array_agg(coalesce(e.data->'stage'->>1, e.data->'status'->>1) ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ?| '{stage,status}'))[1] AS stage,
       (array_agg(e.data->'severity'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'severity'))[1] AS severity,
       (array_agg(e.data->'damageType'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'damageType'))[1] AS damage_type,
       (array_agg(e.data->'priority'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'priority'))[1] AS priority,
       (array_agg(e.data->'estimatedCost'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'estimatedCost'))[1] AS estimated,
       (array_agg(e.data->'actualCost'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'actualCost'))[1] AS actual,
       (array_agg(e.data->'duplicateOf'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'duplicateOf'))[1] AS duplicate_of,
       (array_agg(e.data->'endorsedBy'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'endorsedBy'))[1] AS endorsed_by
     FROM e GROUP BY e.report_id)
   SELECT told.report_id, told.version, status_of_stage(st.code), st.code, sv.code, dt.code, coalesce(told.priority, '5')::smallint,
          money_cents(told.estimated), money_cents(told.actual), told.duplicate_of::uuid, told.endorsed_by::int
   FROM told
   LEFT JOIN ref_code st ON st.kind = 'stage' AND st.name = lower(coalesce(told.stage, 'reported'))
   LEFT JOIN ref_code sv ON sv.kind = 'severity' AND sv.name = lower(told.severity)
   LEFT JOIN ref_code dt ON dt.kind = 'damage_type' AND dt.name = lower(told.damage_type) $$;

-- What a zone is, as its events put it: after each of them, everything.
CREATE FUNCTION zone_json(z damage_zones) RETURNS jsonb LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT jsonb_strip_nulls(jsonb_build_object('part', z.part, 'side', z.side, 'kind', z.kind, 'sizeMm', z.size_mm, 'severity', z.severity, 'viewpoint', z.viewpoint,
     'shape', z.shape, 'photo', z.photo_id, 'note', z.note, 'state', z.state)) $$;
GRANT EXECUTE ON FUNCTION zone_json(damage_zones) TO fleet_app, fleet_worker;
CREATE FUNCTION zones_replay(t int, ids uuid[]) RETURNS TABLE (report_id uuid, id smallint, told jsonb) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT DISTINCT ON (e.report_id, (e.data->>'zone')::smallint) e.report_id, (e.data->>'zone')::smallint, e.data->'after'
   FROM events e WHERE e.tenant_id = t AND e.report_id = ANY (ids) AND e.type LIKE 'zone.%'
   ORDER BY e.report_id, (e.data->>'zone')::smallint, e.agg_version DESC, e.id DESC $$;
CREATE FUNCTION zones_differences(t int, ids uuid[]) RETURNS TABLE (report_id uuid, field text, stored text, told text) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT coalesce(z.report_id, e.report_id), 'zone ' || coalesce(z.id, e.id), zone_json(z)::text, e.told::text
   FROM (SELECT * FROM damage_zones x WHERE x.tenant_id = t AND x.report_id = ANY (ids)) z
   FULL JOIN zones_replay(t, ids) e ON (e.report_id, e.id) = (z.report_id, z.id)
   WHERE z.id IS NULL OR zone_json(z) IS DISTINCT FROM e.told $$;
CREATE FUNCTION zones_mend(t int, ids uuid[]) RETURNS bigint LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ WITH wrong AS (SELECT e.report_id, e.id, e.told FROM zones_replay(t, ids) e LEFT JOIN damage_zones z ON z.tenant_id = t AND z.report_id = e.report_id AND z.id = e.id
                  WHERE z.id IS NULL OR zone_json(z) IS DISTINCT FROM e.told),
        d AS (DELETE FROM damage_zones z WHERE z.tenant_id = t AND z.report_id = ANY (ids)
              AND NOT EXISTS (SELECT 1 FROM zones_replay(t, ids) e WHERE (e.report_id, e.id) = (z.report_id, z.id)) RETURNING 1),
        u AS (INSERT INTO damage_zones AS z (tenant_id, report_id, id, part, side, kind, size_mm, severity, viewpoint, shape, photo_id, note, state, closed_at)
              SELECT t, w.report_id, w.id, (w.told->>'part')::smallint, (w.told->>'side')::smallint, (w.told->>'kind')::smallint, (w.told->>'sizeMm')::int,
                     (w.told->>'severity')::smallint, (w.told->>'viewpoint')::smallint, w.told->'shape', (w.told->>'photo')::smallint, w.told->>'note',
                     (w.told->>'state')::smallint, CASE WHEN w.told->>'state' <> '1' THEN now() END
              FROM wrong w
              ON CONFLICT (tenant_id, report_id, id) DO UPDATE SET part = excluded.part, side = excluded.side, kind = excluded.kind, size_mm = excluded.size_mm,
                severity = excluded.severity, viewpoint = excluded.viewpoint, shape = excluded.shape, photo_id = excluded.photo_id, note = excluded.note,
                state = excluded.state, closed_at = CASE WHEN excluded.state <> 1 THEN coalesce(z.closed_at, now()) END
              RETURNING 1)
   SELECT (SELECT count(*) FROM d) + (SELECT count(*) FROM u) $$;
