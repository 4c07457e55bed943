-- Claim packs: the files that were made of a report for an insurer. The file itself is a blob until the pack expires; that it was made, by
-- whom and with which manifest stays in the report's history.
SET LOCAL search_path = fleet, public;

CREATE TABLE claim_packs (
  tenant_id  int NOT NULL, id uuid NOT NULL DEFAULT uuid7(), report_id uuid NOT NULL,
  user_id    int, role smallint NOT NULL CHECK (role BETWEEN 1 AND 4),       -- who asked: the pack holds what they may see, and is theirs
  with_names boolean NOT NULL,
  state      smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),      -- waiting, running, done, failed: as transfers
  total      bigint NOT NULL DEFAULT 0, done bigint NOT NULL DEFAULT 0,      -- bytes of photos and attachments
  blob       bytea CHECK (length(blob) = 32), bytes bigint, files int,
  manifest   bytea CHECK (length(manifest) = 32),                            -- the SHA-256 of manifest.json
  error      text CHECK (length(error) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz, expires_at timestamptz,
  PRIMARY KEY (tenant_id, id), CHECK (state <> 3 OR (manifest IS NOT NULL AND expires_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, report_id) REFERENCES damage_reports(tenant_id, id) ON DELETE CASCADE);
CREATE INDEX claim_packs_report ON claim_packs (tenant_id, report_id, id DESC);  -- claim_packs_of_reports, and the cascade

ALTER TABLE claim_packs ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_rw ON claim_packs TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT ON claim_packs TO fleet_app;
GRANT SELECT, UPDATE ON claim_packs TO fleet_worker;
-- The worker writes the pack, so it reads what goes into it.
GRANT SELECT ON report_attachments TO fleet_worker;
GRANT SELECT (tenant_id, report_id, estimate_id, expires_at, revoked_at, made_by, made_at, uses, last_used_at) ON estimate_links TO fleet_worker;
GRANT SELECT (name) ON users TO fleet_worker;

SELECT platform.personal_none('claim_packs', 'tenant_id id report_id user_id role with_names state total done blob bytes files manifest error created_at finished_at expires_at');
