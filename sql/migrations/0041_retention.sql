-- How long companies keep their reports, what is left of those that go, and the way to go: into a sealed file, then out of the tables in
-- small steps. Months are shared by all companies, so a month is dropped as a whole (0028) only when nobody needs anything in it.
SET LOCAL search_path = fleet, public;

-- No row: reports stay for ever. keep: 1 nothing, 2 the numbers in totals and statistics, 3 the numbers and a sealed file.
CREATE TABLE retention_policies (
  tenant_id int PRIMARY KEY REFERENCES tenants(id), years smallint NOT NULL CHECK (years BETWEEN 1 AND 100), keep smallint NOT NULL CHECK (keep BETWEEN 1 AND 3),
  version int NOT NULL DEFAULT 1, set_by int, set_at timestamptz NOT NULL DEFAULT now());

-- A file of reports of one company and one month. The file is named by id; sha256 is of the sealed file, plain_sha256 of what is in it.
CREATE TABLE archives (
  tenant_id int NOT NULL REFERENCES tenants(id), id uuid NOT NULL DEFAULT uuid7(), month date NOT NULL, state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 3),
                                                                             -- written (its reports may be there still), complete, restored
  reports int NOT NULL, rows bigint NOT NULL, blobs int NOT NULL, plain_bytes bigint NOT NULL, sealed_bytes bigint NOT NULL,
  sha256 bytea NOT NULL CHECK (length(sha256) = 32), plain_sha256 bytea NOT NULL CHECK (length(plain_sha256) = 32), created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id));

-- The numbers of reports that went, as they stood in the totals: totals are those of the reports plus these.
CREATE TABLE rollup_kept (
  tenant_id int NOT NULL, day date NOT NULL, status smallint NOT NULL, severity smallint NOT NULL, damage_type smallint NOT NULL, facility_id int NOT NULL,
  vehicle_id int NOT NULL, cell int NOT NULL, n bigint NOT NULL, est bigint NOT NULL, act bigint NOT NULL, cost bigint NOT NULL, repairs bigint NOT NULL, repair_s bigint NOT NULL,
  PRIMARY KEY (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell));

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['retention_policies', 'archives', 'rollup_kept'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_policies TO fleet_app;
GRANT SELECT ON archives TO fleet_app;
SELECT platform.personal_none('retention_policies', 'tenant_id years keep version set_by set_at'),
  platform.personal_none('archives', 'tenant_id id month state reports rows blobs plain_bytes sealed_bytes sha256 plain_sha256 created_at'),
  platform.personal_none('rollup_kept', 'tenant_id day status severity damage_type facility_id vehicle_id cell n est act cost repairs repair_s');

-- What belongs to a report. Written into a file in this order and put back in it; removed in the other. filed: false where it is made
-- from something else, or worth nothing without its day. blobs: the columns that name bytes in the store. Every table with a report_id is
-- here; tests/unit/fleet/test_retention.c refuses one that was forgotten. belongs: for the row x; $1 company, $2 report.
CREATE TABLE platform.archived (tbl text PRIMARY KEY, ord int NOT NULL, filed boolean NOT NULL DEFAULT true, blobs text[] NOT NULL DEFAULT '{}',
  belongs text NOT NULL DEFAULT 'x.report_id = $2');
INSERT INTO platform.archived (tbl, ord, filed, blobs, belongs) VALUES
  ('damage_reports', 1, true, '{}', 'x.id = $2'), ('report_search', 9, false, '{}', DEFAULT), ('damage_photos', 2, true, '{sha256,view_sha256,thumb_sha256}', DEFAULT),
  ('assessments', 2, true, '{}', DEFAULT), ('photo_embeddings', 3, true, '{}', DEFAULT), ('damage_zones', 2, true, '{}', DEFAULT), ('report_comments', 2, true, '{}', DEFAULT),
  ('comment_mentions', 3, true, '{}', DEFAULT), ('report_attachments', 2, true, '{sha256}', DEFAULT), ('estimates', 2, true, '{}', DEFAULT),
  ('estimate_revisions', 3, true, '{}', DEFAULT), ('estimate_links', 3, false, '{}', DEFAULT), ('idempotency_keys', 9, false, '{}', DEFAULT), ('deliveries', 9, false, '{}', DEFAULT),
  ('work_orders', 6, true, '{}', DEFAULT), ('claims', 6, true, '{}', DEFAULT), ('claim_payments', 7, true, '{}', DEFAULT), ('invoices', 7, true, '{}', DEFAULT),
  ('work_order_tasks', 8, true, '{}', 'x.work_order_id IN (SELECT o.id FROM work_orders o WHERE o.tenant_id = $1 AND o.report_id = $2)'),
  ('invoice_lines', 8, true, '{}', 'x.invoice_id IN (SELECT i.id FROM invoices i WHERE i.tenant_id = $1 AND i.report_id = $2)'),
  ('events', 4, true, '{}', DEFAULT), ('event_words', 5, true, '{}', 'x.event_id IN (SELECT e.id FROM events e WHERE e.tenant_id = $1 AND e.report_id = $2)');

-- Events go only with their report, by the owner who says so: the server's roles own nothing.
CREATE OR REPLACE FUNCTION deny_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' AND current_setting('fleet.retention', true) = 'on' AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RETURN OLD; END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;

-- ---- What may go ----
-- Reports that are done with: closed in some way, repaired at least so long ago, under no hold. A claim that is open keeps its report open.
CREATE FUNCTION platform.archive_ids(t int, month date, before timestamptz, lim int) RETURNS uuid[] LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM (SELECT r.id FROM damage_reports r
     WHERE r.tenant_id = t AND r.id >= uuid7_floor(month::timestamp AT TIME ZONE 'UTC') AND r.id < uuid7_floor((month + interval '1 month')::timestamp AT TIME ZONE 'UTC')
       AND r.id < uuid7_floor(greatest(before, timestamptz 'epoch')) AND coalesce(r.stage, stage_of_status(r.status)) IN (7, 8, 9, 10) AND coalesce(r.completed_at, r.reported_at) < before
       AND NOT (coalesce(r.stage, stage_of_status(r.status)) = 7 AND r.claim_no IS NOT NULL AND coalesce(r.completed_at, r.reported_at) > now() - interval '1 year')
       AND NOT EXISTS (SELECT 1 FROM report_holds h WHERE h.tenant_id = t AND h.report_id = r.id)
     ORDER BY r.id LIMIT lim) x $$;
-- Months with reports (ids know no time before 1970) before the end of a company's years, oldest first. slug NULL: all companies.
CREATE FUNCTION platform.archive_months(short text DEFAULT NULL) RETURNS TABLE (tenant_id int, slug text, keep smallint, before timestamptz, month date) LANGUAGE plpgsql STABLE
SET search_path = fleet, public AS $$
DECLARE p record; m date; last uuid; hit uuid; BEGIN
  FOR p IN SELECT t.id, t.slug, r.keep, greatest(now() - r.years * interval '1 year', timestamptz 'epoch') AS before FROM retention_policies r JOIN tenants t ON t.id = r.tenant_id
    WHERE short IS NULL OR t.slug = short ORDER BY t.id LOOP
    last := '00000000-0000-0000-0000-000000000000';
    LOOP -- from one month that has reports to the next: no month is looked at in vain
      SELECT d.id INTO hit FROM damage_reports d WHERE d.tenant_id = p.id AND d.id >= last AND d.id < uuid7_floor(p.before) ORDER BY d.id LIMIT 1;
      EXIT WHEN NOT FOUND;
      m := date_trunc('month', uuid7_time(hit) AT TIME ZONE 'UTC')::date;
      tenant_id := p.id; slug := p.slug; keep := p.keep; before := p.before; month := m;
      RETURN NEXT;
      last := uuid7_floor((m + interval '1 month')::timestamp AT TIME ZONE 'UTC');
    END LOOP;
  END LOOP; END $$;
-- What a run would do: reports, photos with their bytes, and what stays behind because somebody holds it or it is not done with.
CREATE FUNCTION platform.archive_plan(short text DEFAULT NULL) RETURNS TABLE (slug text, month date, keep smallint, reports bigint, photos bigint, bytes bigint, held bigint, open bigint)
LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT m.slug, m.month, m.keep, cardinality(i.ids)::bigint, p.n, p.bytes, s.held, s.total - s.held - cardinality(i.ids)
   FROM platform.archive_months(short) m CROSS JOIN LATERAL (SELECT platform.archive_ids(m.tenant_id, m.month, m.before, 1000000) AS ids) i
   CROSS JOIN LATERAL (SELECT count(*) AS n, coalesce(sum(x.bytes), 0)::bigint AS bytes FROM damage_photos x WHERE x.tenant_id = m.tenant_id AND x.report_id = ANY (i.ids)) p
   CROSS JOIN LATERAL (SELECT count(*) AS total, count(h.report_id) AS held FROM damage_reports r LEFT JOIN report_holds h ON h.tenant_id = r.tenant_id AND h.report_id = r.id
     WHERE r.tenant_id = m.tenant_id AND r.id >= uuid7_floor(m.month::timestamp AT TIME ZONE 'UTC')
       AND r.id < least(uuid7_floor((m.month + interval '1 month')::timestamp AT TIME ZONE 'UTC'), uuid7_floor(m.before))) s $$;
-- For an administrator: their own company's.
CREATE FUNCTION retention_plan() RETURNS TABLE (month date, reports bigint, photos bigint, bytes bigint, held bigint, open bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = fleet, public AS
$$ SELECT p.month, p.reports, p.photos, p.bytes, p.held, p.open FROM tenants t, platform.archive_plan(t.slug) p WHERE t.id = current_tenant() $$;
GRANT EXECUTE ON FUNCTION retention_plan() TO fleet_app;

-- ---- Out and in ----
CREATE FUNCTION platform.archive_lines(t int, report uuid) RETURNS SETOF text LANGUAGE plpgsql STABLE SET search_path = fleet, public AS $$
DECLARE c record; BEGIN
  FOR c IN SELECT * FROM platform.archived WHERE filed ORDER BY ord, tbl LOOP
    RETURN QUERY EXECUTE format('SELECT jsonb_build_object(''t'', %L, ''r'', to_jsonb(x))::text FROM %I x WHERE x.tenant_id = $1 AND (%s) ORDER BY 1', c.tbl, c.tbl, c.belongs)
      USING t, report;
  END LOOP; END $$;
-- The bytes that a report names.
CREATE FUNCTION platform.archive_blobs(t int, report uuid) RETURNS SETOF bytea LANGUAGE plpgsql STABLE SET search_path = fleet, public AS $$
DECLARE c record; BEGIN
  FOR c IN SELECT a.tbl, a.belongs, unnest(a.blobs) AS col FROM platform.archived a ORDER BY 1, 3 LOOP
    RETURN QUERY EXECUTE format('SELECT DISTINCT x.%I FROM %I x WHERE x.tenant_id = $1 AND (%s) AND x.%I IS NOT NULL', c.col, c.tbl, c.belongs, c.col) USING t, report;
  END LOOP; END $$;

-- Their share of the totals, in the words of the triggers of damage_reports.
CREATE FUNCTION platform.kept_of(t int, ids uuid[]) RETURNS SETOF rollup_kept LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT tenant_id, (reported_at AT TIME ZONE 'UTC')::date, status, coalesce(severity, 0::smallint), coalesce(damage_type, 0::smallint), coalesce(facility_id, 0), vehicle_id,
     geo_cell(location), count(*), coalesce(sum(estimated_cost), 0)::bigint, coalesce(sum(actual_cost), 0)::bigint, sum(report_cost(status, estimated_cost, actual_cost))::bigint,
     count(completed_at), sum(repair_seconds(reported_at, completed_at))::bigint
   FROM damage_reports WHERE tenant_id = t AND id = ANY (ids) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 $$;
CREATE FUNCTION platform.kept_add(t int, ids uuid[], sign int) RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s)
   SELECT tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, sign * n, sign * est, sign * act, sign * cost, sign * repairs, sign * repair_s
   FROM platform.kept_of(t, ids);
   INSERT INTO rollup_kept AS k SELECT tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, sign * n, sign * est, sign * act, sign * cost, sign * repairs, sign * repair_s
   FROM platform.kept_of(t, ids)
   ON CONFLICT (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell) DO UPDATE SET n = k.n + excluded.n, est = k.est + excluded.est, act = k.act + excluded.act,
     cost = k.cost + excluded.cost, repairs = k.repairs + excluded.repairs, repair_s = k.repair_s + excluded.repair_s;
   DELETE FROM rollup_kept WHERE tenant_id = t AND n = 0 $$;

-- Takes reports out, with all that belongs to them and an event that says how many; keep as in retention_policies. What became held or
-- changed since it was looked at stays: versions are those that the file has. Returns how many reports went.
CREATE FUNCTION platform.archive_remove(t int, ids uuid[], keep int, archive uuid, month date) RETURNS int LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE c record; gone uuid[]; n bigint; counts jsonb := '{}'; one uuid; BEGIN
  PERFORM set_config('fleet.retention', 'on', true);
  SELECT coalesce(array_agg(x.id), '{}') INTO gone FROM (SELECT r.id FROM damage_reports r WHERE r.tenant_id = t AND r.id = ANY (ids)
    AND NOT EXISTS (SELECT 1 FROM report_holds h WHERE h.tenant_id = t AND h.report_id = r.id) ORDER BY r.id FOR UPDATE SKIP LOCKED) x;
  IF gone = '{}' THEN RETURN 0; END IF;
  IF keep > 1 THEN PERFORM platform.kept_add(t, gone, 1); END IF;
  FOR c IN SELECT * FROM platform.archived ORDER BY ord DESC, tbl LOOP
    EXECUTE format('DELETE FROM %I x WHERE x.tenant_id = $1 AND (%s)', c.tbl, replace(c.belongs, '= $2', '= ANY ($2)')) USING t, gone;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n > 0 AND c.filed THEN counts := counts || jsonb_build_object(c.tbl, n); END IF;
  END LOOP;
  INSERT INTO events (tenant_id, type, data) VALUES (t, 'retention.removed',
    jsonb_strip_nulls(jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'archive', archive, 'kept', (ARRAY['NOTHING', 'NUMBERS', 'ARCHIVE'])[keep], 'rows', counts)));
  RETURN cardinality(gone); END $$;

-- One row of a file, as of that company. Events are told to nobody again. A row that is there already stays as it is.
CREATE FUNCTION platform.archive_put(t int, tbl text, r jsonb) RETURNS bigint LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE cols text; n bigint; BEGIN
  IF NOT EXISTS (SELECT 1 FROM platform.archived a WHERE a.tbl = archive_put.tbl AND a.filed) THEN RAISE 'an archive holds no rows of %', tbl USING ERRCODE = 'check_violation'; END IF;
  SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) INTO cols FROM pg_attribute a
  WHERE a.attrelid = ('fleet.' || tbl)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND NOT (tbl = 'events' AND a.attname = 'seq') AND r ? a.attname;
  r := r || jsonb_build_object('tenant_id', t) || CASE WHEN tbl = 'events' THEN '{"xid": "0"}'::jsonb ELSE '{}' END;
  EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM jsonb_populate_record(NULL::%I, $1) ON CONFLICT DO NOTHING', tbl, cols, cols, tbl) USING r;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n; END $$;
-- After the rows of some reports: the kept numbers count no more, erasures since then are done again, and the history says so.
CREATE FUNCTION platform.archive_restored(t int, archive uuid, ids uuid[], kept boolean) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE e record; BEGIN
  IF kept THEN PERFORM platform.kept_add(t, ids, -1); END IF;
  FOR e IN SELECT x.driver_id, x.user_ids FROM erasures x JOIN archives a ON a.tenant_id = t AND a.id = archive WHERE x.tenant_id = t AND x.state = 2 AND x.done_at >= a.created_at LOOP
    PERFORM person_blank(t, e.driver_id, e.user_ids);
  END LOOP;
  UPDATE archives SET state = 3 WHERE tenant_id = t AND id = archive;
  INSERT INTO events (tenant_id, type, report_id, data) SELECT t, 'retention.restored', unnest(ids), jsonb_build_object('archive', archive); END $$;

-- Totals made anew: those of the reports, and those that were kept, which are folded like any delta.
CREATE OR REPLACE FUNCTION rollup_mend() RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ DELETE FROM rollup_delta;
   DELETE FROM rollup_day;
   DELETE FROM rollup_month;
   DELETE FROM rollup_depot;
   DELETE FROM rollup_vehicle;
   DELETE FROM rollup_cell;
   SELECT platform.rollup_table('damage_reports');
   INSERT INTO rollup_delta (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s)
   SELECT tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell, n, est, act, cost, repairs, repair_s FROM rollup_kept $$;

-- ---- Months of the platform ----
-- The first moment that must stay: of a held report, and of any report of a company with a policy, which goes by that alone.
CREATE FUNCTION platform.retire_floor() RETURNS date LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT date_trunc('month', min(uuid7_time(id)) AT TIME ZONE 'UTC')::date FROM (
     SELECT report_id AS id FROM report_holds
     UNION ALL SELECT (SELECT r.id FROM damage_reports r WHERE r.tenant_id = p.tenant_id ORDER BY r.id LIMIT 1) FROM retention_policies p) x $$;
ALTER FUNCTION platform.retire_plan(date) RENAME TO retire_plan_of;
CREATE FUNCTION platform.retire_plan(before date) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT platform.retire_plan_of(least(before, platform.retire_floor())) $$;
-- What hangs on the reports of those months and is not cut into months itself, a few rows at a time: with it the months could not go.
CREATE FUNCTION platform.retire_sweep(before date, lim int DEFAULT 5000) RETURNS bigint LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE c record; n bigint; total bigint := 0; last uuid := uuid7_floor(least(before, platform.retire_floor())::timestamp AT TIME ZONE 'UTC'); BEGIN
  FOR c IN SELECT a.tbl, CASE a.tbl WHEN 'event_words' THEN 'event_id' ELSE 'report_id' END AS col FROM platform.archived a JOIN pg_class r ON r.oid = ('fleet.' || a.tbl)::regclass
    JOIN pg_attribute n ON n.attrelid = r.oid AND n.attname = CASE a.tbl WHEN 'event_words' THEN 'event_id' ELSE 'report_id' END -- the rest goes with these
    WHERE r.relkind = 'r' ORDER BY a.ord DESC, a.tbl LOOP
    EXECUTE format('DELETE FROM %I WHERE ctid = ANY (ARRAY(SELECT ctid FROM %I WHERE %I < $1 LIMIT $2))', c.tbl, c.tbl, c.col) USING last, lim;
    GET DIAGNOSTICS n = ROW_COUNT;
    total := total + n;
    EXIT WHEN n >= lim; -- what refers to others goes before them, all of it
  END LOOP;
  RETURN total; END $$;
REVOKE EXECUTE ON FUNCTION platform.archive_ids(int, date, timestamptz, int), platform.archive_months(text), platform.archive_plan(text), platform.archive_lines(int, uuid),
  platform.archive_blobs(int, uuid), platform.kept_of(int, uuid[]), platform.kept_add(int, uuid[], int), platform.archive_remove(int, uuid[], int, uuid, date),
  platform.archive_put(int, text, jsonb), platform.archive_restored(int, uuid, uuid[], boolean), platform.retire_floor(), platform.retire_plan(date),
  platform.retire_sweep(date, int) FROM PUBLIC;
