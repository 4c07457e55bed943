-- The life of a report: stages finer than its status, deadlines, who may approve how much, and the proof that a report is
-- what its events say.
SET LOCAL search_path = fleet, public;

INSERT INTO ref_code (kind, code, name)
SELECT 'stage', n, v FROM unnest(ARRAY['draft','reported','triaged','assessed','approved','in_repair','completed','closed','rejected','duplicate',
  'disputed','reopened']) WITH ORDINALITY u(v, n);

-- As FL_STAGES in src/fleet/lifecycle.h says; tests/unit/fleet/test_lifecycle.c compares the two.
CREATE FUNCTION status_of_stage(stage smallint) RETURNS smallint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (ARRAY[1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 2, 2]::smallint[])[stage] $$;
CREATE FUNCTION stage_of_status(status smallint) RETURNS smallint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (ARRAY[2, 4, 5, 6, 7, 9]::smallint[])[status] $$;
GRANT EXECUTE ON FUNCTION status_of_stage(smallint), stage_of_status(smallint) TO fleet_app, fleet_worker;

-- stage is NULL as long as the status says it all: lists, totals and bulk loads know six statuses and need no more.
-- duplicate_of is no foreign key: months are dropped one by one, and a copy may outlive the report that it repeats.
-- endorsed_by is the first of two persons who approve an amount that is too high for one.
ALTER TABLE damage_reports
  ADD stage        smallint CHECK (stage BETWEEN 1 AND 12),
  ADD phase_since  timestamptz,                     -- when the deadline's clock began; NULL: no clock runs
  ADD due_at       timestamptz,                     -- of triage, decision or repair, by the stage; NULL: none
  ADD overdue_told boolean NOT NULL DEFAULT false,  -- the event went out
  ADD duplicate_of uuid CHECK (duplicate_of <> id),
  ADD endorsed_by  int,
  ADD CONSTRAINT damage_reports_stage_fits CHECK (stage IS NULL OR status = (ARRAY[1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 2, 2])[stage]);
-- Few reports have a deadline at a time, so both are small. The first answers the filter "overdue", the second the timer.
CREATE INDEX dr_due ON damage_reports (tenant_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX dr_due_next ON damage_reports (due_at) WHERE due_at IS NOT NULL AND NOT overdue_told;

-- What a role may approve alone, and up to what two persons may together; NULL: any amount. No row: any amount.
CREATE TABLE approval_limits (
  tenant_id int NOT NULL REFERENCES tenants(id), role smallint NOT NULL CHECK (role BETWEEN 1 AND 4),
  alone bigint CHECK (alone >= 0), together bigint CHECK (together >= alone),
  PRIMARY KEY (tenant_id, role));
-- Hours by priority; NULL: no deadline. No row: what src/fleet/policy.c says.
CREATE TABLE sla_policies (
  tenant_id int NOT NULL REFERENCES tenants(id), priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 10),
  triage_hours int CHECK (triage_hours BETWEEN 1 AND 8760), decide_hours int CHECK (decide_hours BETWEEN 1 AND 8760),
  repair_hours int CHECK (repair_hours BETWEEN 1 AND 8760),
  PRIMARY KEY (tenant_id, priority));
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['approval_limits', 'sla_policies'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON approval_limits, sla_policies TO fleet_app;
GRANT SELECT ON approval_limits, sla_policies TO fleet_worker;

-- Tells once of each deadline that has passed: the mark and the event in one statement. All companies, for the timer.
CREATE FUNCTION reports_overdue(lim int DEFAULT 500) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS
$$ WITH late AS (SELECT tenant_id, id FROM damage_reports WHERE due_at IS NOT NULL AND NOT overdue_told AND due_at < now()
                 ORDER BY due_at LIMIT lim FOR UPDATE SKIP LOCKED),
        u AS (UPDATE damage_reports r SET overdue_told = true FROM late WHERE r.tenant_id = late.tenant_id AND r.id = late.id
              RETURNING r.tenant_id, r.id, r.vehicle_id, r.version, r.due_at, coalesce(r.stage, stage_of_status(r.status)) AS stage),
        e AS (INSERT INTO events (tenant_id, type, report_id, vehicle_id, agg_version, data)
              SELECT u.tenant_id, 'report.overdue', u.id, u.vehicle_id, u.version,
                     jsonb_build_object('dueAt', to_char(u.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'while', upper(c.name))
              FROM u JOIN ref_code c ON c.kind = 'stage' AND c.code = u.stage RETURNING 1)
   SELECT count(*) FROM e $$;
GRANT EXECUTE ON FUNCTION reports_overdue(int) TO fleet_worker;

-- ---- Reports from their events ----
--
-- An event's data has "field": [before, after] for each field that it changed; the last one that tells of a field holds.
-- A status without a stage means the stage that the status has by itself.
CREATE FUNCTION money_text(cents bigint) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (cents::numeric / 100)::numeric(20, 2)::text $$;
CREATE FUNCTION money_cents(amount text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (amount::numeric * 100)::bigint $$;

CREATE FUNCTION reports_replay(t int, ids uuid[]) RETURNS TABLE (report_id uuid, version int, status smallint, stage smallint, severity smallint,
  damage_type smallint, priority smallint, estimated_cost bigint, actual_cost bigint, duplicate_of uuid, endorsed_by int)
LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ WITH told AS (
     SELECT e.report_id, max(e.agg_version) AS version,
       (array_agg(coalesce(e.data->'stage'->>1, e.data->'status'->>1) ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ?| '{stage,status}'))[1] AS stage,
       (array_agg(e.data->'severity'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'severity'))[1] AS severity,
       (array_agg(e.data->'damageType'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'damageType'))[1] AS damage_type,
       (array_agg(e.data->'priority'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'priority'))[1] AS priority,
       (array_agg(e.data->'estimatedCost'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'estimatedCost'))[1] AS estimated,
       (array_agg(e.data->'actualCost'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'actualCost'))[1] AS actual,
       (array_agg(e.data->'duplicateOf'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'duplicateOf'))[1] AS duplicate_of,
       (array_agg(e.data->'endorsedBy'->>1 ORDER BY e.agg_version DESC, e.id DESC) FILTER (WHERE e.data ? 'endorsedBy'))[1] AS endorsed_by
     FROM events e WHERE e.tenant_id = t AND e.report_id = ANY (ids) AND e.type LIKE 'report.%' AND e.agg_version IS NOT NULL GROUP BY e.report_id)
   SELECT told.report_id, told.version, status_of_stage(st.code), st.code, sv.code, dt.code, coalesce(told.priority, '5')::smallint,
          money_cents(told.estimated), money_cents(told.actual), told.duplicate_of::uuid, told.endorsed_by::int
   FROM told
   LEFT JOIN ref_code st ON st.kind = 'stage' AND st.name = lower(coalesce(told.stage, 'reported'))
   LEFT JOIN ref_code sv ON sv.kind = 'severity' AND sv.name = lower(told.severity)
   LEFT JOIN ref_code dt ON dt.kind = 'damage_type' AND dt.name = lower(told.damage_type) $$;

-- Where reports differ from their events: one row a field.
CREATE FUNCTION reports_differences(t int, ids uuid[]) RETURNS TABLE (report_id uuid, field text, stored text, told text)
LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT r.id, d.field, d.stored, d.told
   FROM damage_reports r LEFT JOIN reports_replay(t, ids) e ON e.report_id = r.id,
   LATERAL (VALUES ('events', 'a report', CASE WHEN e.report_id IS NULL THEN 'nothing' ELSE 'a report' END),
     ('version', r.version::text, e.version::text), ('status', r.status::text, e.status::text),
     ('stage', coalesce(r.stage, stage_of_status(r.status))::text, e.stage::text), ('severity', r.severity::text, e.severity::text),
     ('damageType', r.damage_type::text, e.damage_type::text), ('priority', r.priority::text, e.priority::text),
     ('estimatedCost', money_text(r.estimated_cost), money_text(e.estimated_cost)), ('actualCost', money_text(r.actual_cost), money_text(e.actual_cost)),
     ('duplicateOf', r.duplicate_of::text, e.duplicate_of::text), ('endorsedBy', r.endorsed_by::text, e.endorsed_by::text)) d(field, stored, told)
   WHERE r.tenant_id = t AND r.id = ANY (ids) AND d.stored IS DISTINCT FROM d.told AND (d.field = 'events' OR e.report_id IS NOT NULL) $$;

-- Makes reports what their events say; returns how many it changed. A report that no event tells of stays as it is.
CREATE FUNCTION reports_mend(t int, ids uuid[]) RETURNS bigint LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ WITH u AS (UPDATE damage_reports r SET version = e.version, status = e.status, stage = nullif(e.stage, stage_of_status(e.status)), severity = e.severity,
     damage_type = e.damage_type, priority = e.priority, estimated_cost = e.estimated_cost, actual_cost = e.actual_cost, duplicate_of = e.duplicate_of,
     endorsed_by = e.endorsed_by, completed_at = CASE WHEN e.status = 5 THEN coalesce(r.completed_at, now()) END
   FROM reports_replay(t, ids) e WHERE r.tenant_id = t AND r.id = e.report_id
     AND (r.version, r.status, coalesce(r.stage, stage_of_status(r.status)), r.severity, r.damage_type, r.priority, r.estimated_cost, r.actual_cost,
          r.duplicate_of, r.endorsed_by)
       IS DISTINCT FROM (e.version, e.status, e.stage, e.severity, e.damage_type, e.priority, e.estimated_cost, e.actual_cost, e.duplicate_of, e.endorsed_by)
   RETURNING 1) SELECT count(*) FROM u $$;

-- Histories from before events told everything begin with what was known at this moment.
INSERT INTO events (tenant_id, xid, type, report_id, vehicle_id, agg_version, data)
SELECT r.tenant_id, '0', 'report.baseline', r.id, r.vehicle_id, r.version, jsonb_build_object('status', jsonb_build_array(NULL, upper(st.name)),
    'severity', jsonb_build_array(NULL, upper(sv.name)), 'damageType', jsonb_build_array(NULL, upper(dt.name)), 'priority', jsonb_build_array(NULL, r.priority::text),
    'estimatedCost', jsonb_build_array(NULL, money_text(r.estimated_cost)), 'actualCost', jsonb_build_array(NULL, money_text(r.actual_cost)))
FROM damage_reports r JOIN ref_code st ON st.kind = 'status' AND st.code = r.status
LEFT JOIN ref_code sv ON sv.kind = 'severity' AND sv.code = r.severity LEFT JOIN ref_code dt ON dt.kind = 'damage_type' AND dt.code = r.damage_type;
