-- Damage reports and what belongs to them, in months of the report's id.
SET LOCAL search_path = fleet, public;

CREATE TABLE damage_reports (
  tenant_id      int NOT NULL,
  id             uuid NOT NULL DEFAULT uuid7(),
  reported_at    timestamptz NOT NULL GENERATED ALWAYS AS (uuid7_time(id)) STORED,
  report_number  bigint NOT NULL DEFAULT next_report_number(),
  vehicle_id     int NOT NULL,
  driver_id      int,
  facility_id    int,
  reported_by    int,                                                     -- users.id; NULL when a program filed it
  incident_at    timestamptz NOT NULL,
  status         smallint NOT NULL DEFAULT 1 CHECK (status BETWEEN 1 AND 6),
  severity       smallint CHECK (severity BETWEEN 1 AND 6),               -- NULL until assessed or set by hand
  damage_type    smallint CHECK (damage_type BETWEEN 1 AND 12),
  priority       smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 10),
  estimated_cost bigint CHECK (estimated_cost >= 0),
  actual_cost    bigint CHECK (actual_cost >= 0),
  location       geography(Point, 4326),
  address        text CHECK (length(address) <= 500),
  description    text NOT NULL DEFAULT '' CHECK (length(description) <= 10000),
  damage_areas   jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(damage_areas) = 'array'),  -- [{"part":"door"}, ...]
  claim_no       text CHECK (length(claim_no) <= 100),
  assessed_at    timestamptz,
  completed_at   timestamptz,
  version        int NOT NULL DEFAULT 1,                                  -- grows by one with each change
  updated_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),                                            -- read backwards: newest first
  FOREIGN KEY (tenant_id, vehicle_id) REFERENCES vehicles(tenant_id, id),
  FOREIGN KEY (tenant_id, driver_id) REFERENCES drivers(tenant_id, id),
  FOREIGN KEY (tenant_id, facility_id) REFERENCES facilities(tenant_id, id)
) PARTITION BY RANGE (id);
-- Only one index may hold status: with it in any index no status change is a heap-only update.
CREATE INDEX dr_list ON damage_reports (tenant_id, status, id DESC)
  INCLUDE (reported_at, severity, damage_type, priority, vehicle_id, estimated_cost, report_number);
CREATE INDEX dr_vehicle ON damage_reports (tenant_id, vehicle_id, id DESC);
CREATE INDEX dr_number ON damage_reports (tenant_id, report_number);
CREATE INDEX dr_brin ON damage_reports USING brin (reported_at, incident_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX dr_geo ON damage_reports USING gist (tenant_id, location);
CREATE INDEX dr_areas ON damage_reports USING gin (tenant_id, damage_areas jsonb_path_ops);

-- What belongs to a report refers to it month by month (0005): a foreign key to the partitioned table would look at every
-- month for each row, 32 to 120 us instead of 8.

-- Full text lives beside the report: a stored tsvector made the row 2.6 times larger, and each status change copies the row.
CREATE TABLE report_search (
  tenant_id int NOT NULL, report_id uuid NOT NULL, tsv tsvector NOT NULL, claim_no text, address text,
  PRIMARY KEY (tenant_id, report_id)
) PARTITION BY RANGE (report_id);
CREATE INDEX rs_tsv ON report_search USING gin (tenant_id, tsv);
CREATE INDEX rs_trgm ON report_search USING gin (tenant_id, claim_no gin_trgm_ops, address gin_trgm_ops);

-- The 21 leading 12-bit pieces of a 256-bit picture hash, each tagged with its place. Two hashes that differ in few bits
-- share a piece: always up to 20 bits, in 99.5 of 100 cases at 31 bits.
CREATE FUNCTION phash_bands(hash bytea) RETURNS int[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT array_agg((i << 12) | ((((get_byte(hash, i * 12 / 8) << 8) | get_byte(hash, i * 12 / 8 + 1)) >> (4 - i * 12 % 8)) & 4095) ORDER BY i)
   FROM generate_series(0, 20) i $$;

CREATE TABLE damage_photos (
  tenant_id      int NOT NULL, report_id uuid NOT NULL, id smallint NOT NULL CHECK (id BETWEEN 1 AND 20),
  sha256         bytea NOT NULL CHECK (length(sha256) = 32),              -- of the file as sent; names its blob
  media_type     text NOT NULL,
  bytes          bigint NOT NULL CHECK (bytes > 0),
  width          int NOT NULL CHECK (width > 0),                          -- upright
  height         int NOT NULL CHECK (height > 0),
  taken_at       timestamptz,
  software       text CHECK (length(software) <= 200),
  phash          bytea CHECK (length(phash) = 32),
  phash_mirrored bytea CHECK (length(phash_mirrored) = 32),
  bands          int[] GENERATED ALWAYS AS (phash_bands(phash)) STORED,
  sharpness      real,
  brightness     real,
  problems       text[] NOT NULL DEFAULT '{}',
  view_sha256    bytea CHECK (length(view_sha256) = 32),
  view_bytes     int,
  thumb_sha256   bytea CHECK (length(thumb_sha256) = 32),
  thumb_bytes    int,
  created_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, report_id, id)
) PARTITION BY RANGE (report_id);
CREATE INDEX dp_sha ON damage_photos (tenant_id, sha256);
CREATE INDEX dp_bands ON damage_photos USING gin (tenant_id, bands);

-- Photos of this company that may show the same picture as the hash: at most lim, to be compared bit by bit by the caller.
-- SECURITY DEFINER with the tenant named inside: array overlap is not leakproof, so the policy would keep it off the index.
CREATE FUNCTION photo_candidates(hash bytea, lim int DEFAULT 2000)
RETURNS TABLE (report_id uuid, photo_id smallint, phash bytea) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = fleet, public AS
$$ SELECT p.report_id, p.id, p.phash FROM damage_photos p
   WHERE p.tenant_id = (SELECT current_tenant()) AND p.bands && phash_bands(hash) LIMIT lim $$;
GRANT EXECUTE ON FUNCTION photo_candidates(bytea, int), phash_bands(bytea) TO fleet_app, fleet_worker;

-- What the system made of the photos; one row per run, the newest has the highest id.
CREATE TABLE assessments (
  tenant_id int NOT NULL, report_id uuid NOT NULL, id smallint NOT NULL,
  model               text NOT NULL,
  created_at          timestamptz NOT NULL DEFAULT now(),
  duration_ms         int NOT NULL CHECK (duration_ms >= 0),
  severity            smallint CHECK (severity BETWEEN 1 AND 6),
  severity_confidence real NOT NULL CHECK (severity_confidence BETWEEN 0 AND 1),
  part                smallint CHECK (part BETWEEN 1 AND 7),
  part_confidence     real NOT NULL CHECK (part_confidence BETWEEN 0 AND 1),
  damage_type         smallint CHECK (damage_type BETWEEN 1 AND 12),
  type_confidence     real NOT NULL CHECK (type_confidence BETWEEN 0 AND 1),
  cost_low            bigint CHECK (cost_low >= 0),
  cost_likely         bigint CHECK (cost_likely >= cost_low),
  cost_high           bigint CHECK (cost_high >= cost_likely),
  hours_low           real CHECK (hours_low >= 0),
  hours_likely        real CHECK (hours_likely >= hours_low),
  hours_high          real CHECK (hours_high >= hours_likely),
  rule                text[] NOT NULL DEFAULT '{}',                       -- the rule behind cost and hours, line by line
  fraud_signals       jsonb NOT NULL DEFAULT '[]',                        -- [{"kind":1,"score":0.9,"message":"..","photo":1,"seen_in":"uuid"|null}]
  similar_cases       jsonb NOT NULL DEFAULT '[]',                        -- [{"report":"uuid","similarity":0.8}]
  evidence            jsonb NOT NULL DEFAULT '{}',                        -- what the model gave per photo
  PRIMARY KEY (tenant_id, report_id, id)
) PARTITION BY RANGE (report_id);

-- Vectors are kept here and compared in the worker's memory: an exact int8 scan in C beats every SQL way measured.
CREATE TABLE photo_embeddings (
  tenant_id int NOT NULL, report_id uuid NOT NULL, photo_id smallint NOT NULL, model smallint NOT NULL, scale real NOT NULL, q8 bytea NOT NULL,
  PRIMARY KEY (tenant_id, report_id, photo_id, model)
) PARTITION BY RANGE (report_id);
ALTER TABLE photo_embeddings ALTER q8 SET STORAGE PLAIN;

-- A client's own key for a report. In the transaction that files it: INSERT ... ON CONFLICT DO NOTHING RETURNING;
-- no row means that another request has the key (the insert waited for its commit): read report_id and return that.
CREATE TABLE idempotency_keys (
  tenant_id int NOT NULL REFERENCES tenants(id), key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200), report_id uuid NOT NULL,
  user_id int, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant_id, key));
CREATE INDEX idempotency_keys_age ON idempotency_keys USING brin (created_at);
-- Keys count for a month.
CREATE FUNCTION idempotency_prune() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = fleet, public AS
$$ WITH d AS (DELETE FROM idempotency_keys WHERE created_at < now() - interval '30 days' RETURNING 1) SELECT count(*) FROM d $$;
GRANT EXECUTE ON FUNCTION idempotency_prune() TO fleet_worker;
