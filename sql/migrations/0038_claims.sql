-- What an insurer pays of a repair. One claim a report; its number also stands in damage_reports.claim_no, where the search finds it.
SET LOCAL search_path = fleet, public;

CREATE TABLE claims (
  tenant_id      int NOT NULL, report_id uuid NOT NULL,
  state          smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 7),   -- FL_CLAIM_STATES in src/fleet/claim.h
  insurer        text NOT NULL CHECK (length(insurer) BETWEEN 1 AND 200),
  policy_no      text CHECK (length(policy_no) BETWEEN 1 AND 100),
  deductible     bigint NOT NULL DEFAULT 0 CHECK (deductible >= 0),
  claimed        bigint CHECK (claimed > 0),
  noticed_on     date,                                                        -- when the insurer was told
  adjuster_name  text CHECK (length(adjuster_name) <= 200),                   -- who decides there; for those who may reach a person
  adjuster_email text CHECK (length(adjuster_email) <= 320),
  adjuster_phone text CHECK (length(adjuster_phone) <= 60),
  version        int NOT NULL DEFAULT 1,
  created_by     int, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, report_id), CHECK (claimed > deductible),
  FOREIGN KEY (tenant_id, report_id) REFERENCES damage_reports(tenant_id, id) ON DELETE CASCADE);

CREATE TABLE claim_payments (
  tenant_id int NOT NULL, report_id uuid NOT NULL, id smallint NOT NULL CHECK (id BETWEEN 1 AND 50),
  amount    bigint NOT NULL CHECK (amount > 0),
  paid_on   date NOT NULL,
  reference text CHECK (length(reference) <= 100),                            -- the insurer's own
  recorded_by int, recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, report_id, id),
  FOREIGN KEY (tenant_id, report_id) REFERENCES claims(tenant_id, report_id) ON DELETE CASCADE);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['claims', 'claim_payments'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON claims TO fleet_app;
GRANT SELECT, INSERT ON claim_payments TO fleet_app;
GRANT SELECT ON claims, claim_payments TO fleet_worker;
