-- Repair estimates: what vendors would charge for the damage of a report, revision by revision, and the links by which a vendor
-- without an account writes one.
SET LOCAL search_path = fleet, public;

-- States are FL_ESTIMATE_STATES in src/fleet/estimate.h. Either a vendor of the registry or an address is known; both may be.
CREATE TABLE estimates (
  tenant_id     int NOT NULL, report_id uuid NOT NULL, id smallint NOT NULL CHECK (id BETWEEN 1 AND 20),
  vendor_id     int,
  email         text CHECK (length(email) BETWEEN 3 AND 254),
  state         smallint NOT NULL CHECK (state BETWEEN 1 AND 7),
  version       int NOT NULL DEFAULT 1,
  revision      smallint NOT NULL DEFAULT 0 CHECK (revision BETWEEN 0 AND 50), -- the newest that was sent in; 0: none
  message       text CHECK (length(message) <= 2000),                         -- what the vendor was told
  requested_by  int,
  created_at    timestamptz NOT NULL DEFAULT now(),
  decided_by    int,
  decided_at    timestamptz,
  reason        text CHECK (length(reason) <= 2000),
  before_choice smallint CHECK (before_choice BETWEEN 1 AND 7),                -- the state before one of the report's was accepted
  PRIMARY KEY (tenant_id, report_id, id),
  CHECK (vendor_id IS NOT NULL OR email IS NOT NULL),
  FOREIGN KEY (tenant_id, report_id) REFERENCES damage_reports(tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, vendor_id) REFERENCES vendors(tenant_id, id));
CREATE UNIQUE INDEX estimates_accepted ON estimates (tenant_id, report_id) WHERE state = 4;
COMMENT ON INDEX estimates_accepted IS 'No two estimates of a report are accepted, whoever writes; src/fleet/estimate_decide.c says so in words.';

-- A revision is written as a draft (sent_at NULL), sent, and then never changed: the policy for UPDATE sees drafts only.
-- Amounts are minor units of the company's currency. How they follow from the lines: src/fleet/estimate_money.c.
CREATE TABLE estimate_revisions (
  tenant_id int NOT NULL, report_id uuid NOT NULL, estimate_id smallint NOT NULL, id smallint NOT NULL CHECK (id BETWEEN 1 AND 50),
  sent_at     timestamptz,
  entered_by  int,                                                             -- users.id; NULL: the vendor, by the link
  reference   text CHECK (length(reference) <= 100),
  note        text CHECK (length(note) <= 2000),
  valid_until timestamptz,
  repair_days smallint CHECK (repair_days BETWEEN 0 AND 365),
  tax_rate    int NOT NULL DEFAULT 0 CHECK (tax_rate BETWEEN 0 AND 10000),     -- hundredths of a percent; so for discounts
  lines       jsonb NOT NULL CHECK (jsonb_typeof(lines) = 'array' AND jsonb_array_length(lines) <= 200),
  labour_time bigint NOT NULL DEFAULT 0 CHECK (labour_time >= 0),              -- thousandths of an hour
  labour bigint NOT NULL DEFAULT 0, parts bigint NOT NULL DEFAULT 0, paint bigint NOT NULL DEFAULT 0, other bigint NOT NULL DEFAULT 0,
  net         bigint NOT NULL DEFAULT 0 CHECK (net = labour + parts + paint + other),
  tax         bigint NOT NULL DEFAULT 0 CHECK (tax >= 0),
  total       bigint NOT NULL DEFAULT 0 CHECK (total = net + tax AND total BETWEEN 0 AND 100000000000),
  PRIMARY KEY (tenant_id, report_id, estimate_id, id),
  FOREIGN KEY (tenant_id, report_id, estimate_id) REFERENCES estimates(tenant_id, report_id, id) ON DELETE CASCADE);

-- One link an estimate; a new one takes the place of the old one. The token itself is nowhere: only its SHA-256.
CREATE TABLE estimate_links (
  tenant_id int NOT NULL, report_id uuid NOT NULL, estimate_id smallint NOT NULL,
  token_hash   bytea NOT NULL CHECK (length(token_hash) = 32),
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  made_by      int,
  made_at      timestamptz NOT NULL DEFAULT now(),
  uses         int NOT NULL DEFAULT 0,
  last_used_at timestamptz,
  minute_at    timestamptz, minute_uses int NOT NULL DEFAULT 0,                -- how often since when, for the limit of quote_enter
  PRIMARY KEY (tenant_id, report_id, estimate_id),
  FOREIGN KEY (tenant_id, report_id, estimate_id) REFERENCES estimates(tenant_id, report_id, id) ON DELETE CASCADE);
CREATE INDEX estimate_links_token ON estimate_links (token_hash);
COMMENT ON INDEX estimate_links_token IS 'quote_enter(): whoever opens a link has named no company yet.';

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['estimates', 'estimate_links'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
ALTER TABLE estimate_revisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads ON estimate_revisions FOR SELECT TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant()));
CREATE POLICY tenant_adds ON estimate_revisions FOR INSERT TO fleet_app WITH CHECK (tenant_id = (SELECT current_tenant()));
CREATE POLICY tenant_drafts ON estimate_revisions FOR UPDATE TO fleet_app USING (tenant_id = (SELECT current_tenant()) AND sent_at IS NULL)
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT, UPDATE ON estimates, estimate_revisions TO fleet_app;
GRANT SELECT ON estimates, estimate_revisions TO fleet_worker;
-- Nobody who asks for rows gets at a token's hash.
GRANT SELECT (tenant_id, report_id, estimate_id, expires_at, revoked_at, made_by, made_at, uses, last_used_at), INSERT, UPDATE ON estimate_links TO fleet_app;

-- Opens a link: the only way from a token to a company. Counts the use; more than lim of them within a minute are too many.
CREATE FUNCTION quote_enter(hash bytea, lim int) RETURNS TABLE (tenant_id int, report_id uuid, estimate_id smallint, expires_at timestamptz, revoked boolean, too_many boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS
$$ UPDATE estimate_links l SET uses = l.uses + 1, last_used_at = now(),
     minute_at = CASE WHEN l.minute_at > now() - interval '1 minute' THEN l.minute_at ELSE now() END,
     minute_uses = CASE WHEN l.minute_at > now() - interval '1 minute' THEN l.minute_uses + 1 ELSE 1 END
   WHERE l.token_hash = hash
   RETURNING l.tenant_id, l.report_id, l.estimate_id, l.expires_at, l.revoked_at IS NOT NULL, l.minute_uses > lim $$;
REVOKE ALL ON FUNCTION quote_enter(bytea, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION quote_enter(bytea, int) TO fleet_app;

-- An estimate is accepted as long as the approval of its report stands. When that is taken back, by whatever way, the estimates
-- are what they were before the choice.
CREATE FUNCTION estimates_release() RETURNS trigger LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  WITH was AS (SELECT e.id, e.state, e.before_choice FROM estimates e
               WHERE e.tenant_id = NEW.tenant_id AND e.report_id = NEW.id AND e.before_choice IS NOT NULL ORDER BY e.id FOR UPDATE),
       u AS (UPDATE estimates e SET state = was.before_choice, before_choice = NULL, decided_at = NULL, decided_by = NULL, reason = NULL, version = e.version + 1
             FROM was WHERE e.tenant_id = NEW.tenant_id AND e.report_id = NEW.id AND e.id = was.id RETURNING e.id, was.state AS before, e.state AS after)
  INSERT INTO events (tenant_id, type, report_id, vehicle_id, agg_version, data)
  SELECT NEW.tenant_id, 'estimate.released', NEW.id, NEW.vehicle_id, NEW.version,
         jsonb_build_object('estimate', u.id, 'state', jsonb_build_array(upper(b.name), upper(a.name)))
  FROM u JOIN ref_code b ON b.kind = 'estimate_state' AND b.code = u.before JOIN ref_code a ON a.kind = 'estimate_state' AND a.code = u.after ORDER BY u.id;
  RETURN NULL; END $$;
CREATE TRIGGER damage_reports_release AFTER UPDATE OF status ON damage_reports FOR EACH ROW
  WHEN (OLD.status = 3 AND NEW.status NOT IN (3, 4)) EXECUTE FUNCTION estimates_release();
INSERT INTO ref_code (kind, code, name)
SELECT 'estimate_state', n, v FROM unnest(ARRAY['requested', 'submitted', 'revised', 'accepted', 'declined', 'expired', 'withdrawn']) WITH ORDINALITY u(v, n);

-- Tells once of each estimate whose time has passed: of a request when its link ends, of an offer when it is valid no more. All
-- companies, for the timer.
CREATE FUNCTION estimates_expire(lim int DEFAULT 500) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS
$$ WITH late AS (SELECT e.tenant_id, e.report_id, e.id, e.state FROM estimates e
                   LEFT JOIN estimate_revisions v ON (v.tenant_id, v.report_id, v.estimate_id, v.id) = (e.tenant_id, e.report_id, e.id, e.revision)
                   LEFT JOIN estimate_links l ON (l.tenant_id, l.report_id, l.estimate_id) = (e.tenant_id, e.report_id, e.id)
                 WHERE e.state <= 3 AND (CASE WHEN e.state = 1 THEN l.expires_at ELSE v.valid_until END) < now()
                 ORDER BY e.tenant_id, e.report_id, e.id LIMIT lim FOR UPDATE OF e SKIP LOCKED),
        u AS (UPDATE estimates e SET state = 6, version = e.version + 1 FROM late
              WHERE (e.tenant_id, e.report_id, e.id) = (late.tenant_id, late.report_id, late.id) RETURNING e.tenant_id, e.report_id, e.id, late.state AS before),
        w AS (INSERT INTO events (tenant_id, type, report_id, vehicle_id, agg_version, data)
              SELECT u.tenant_id, 'estimate.expired', u.report_id, r.vehicle_id, r.version,
                     jsonb_build_object('estimate', u.id, 'state', jsonb_build_array(upper(c.name), 'EXPIRED'))
              FROM u JOIN damage_reports r ON r.tenant_id = u.tenant_id AND r.id = u.report_id
              JOIN ref_code c ON c.kind = 'estimate_state' AND c.code = u.before RETURNING 1)
   SELECT count(*) FROM w $$;
REVOKE ALL ON FUNCTION estimates_expire(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION estimates_expire(int) TO fleet_worker;
CREATE INDEX estimates_open ON estimates (state) WHERE state <= 3;
COMMENT ON INDEX estimates_open IS 'estimates_expire(): the few that wait for something, of all companies.';
