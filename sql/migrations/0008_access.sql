-- Who may do what. Both roles see one company at a time, the one named in the transaction; the worker sees the events,
-- the queue and the list of companies as a whole besides, because the relay and the queue serve all of them.
SET LOCAL search_path = fleet, public;

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['facilities', 'vehicles', 'drivers', 'users', 'damage_reports', 'report_search', 'damage_photos', 'assessments',
                           'photo_embeddings', 'idempotency_keys', 'events', 'rollup_day', 'rollup_month'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['tenants', 'jobs', 'jobs_dead', 'rollup_delta', 'outbox_cursor'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
  END LOOP;
END $$;
CREATE POLICY tenant_self ON tenants FOR SELECT TO fleet_app USING (id = (SELECT current_tenant()));
CREATE POLICY worker_all ON tenants FOR SELECT TO fleet_worker USING (true);
CREATE POLICY worker_all ON events FOR SELECT TO fleet_worker USING (true);
CREATE POLICY worker_all ON jobs TO fleet_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON jobs_dead TO fleet_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON outbox_cursor TO fleet_worker USING (true) WITH CHECK (true);

-- Requests: read and write the company's own records, append events; no hash, no queue, no totals of others.
GRANT SELECT ON tenants, rollup_day, rollup_month, photo_embeddings, report_search, assessments TO fleet_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON facilities, vehicles, drivers TO fleet_app;
GRANT SELECT, INSERT, UPDATE ON damage_reports TO fleet_app;
GRANT SELECT, INSERT ON damage_photos, events, idempotency_keys TO fleet_app;
GRANT SELECT (tenant_id, id, email, name, role, driver_id, disabled_at, created_at), INSERT, UPDATE (name, role, driver_id, password, disabled_at) ON users TO fleet_app;

-- Jobs: what an assessment reads and writes, the queue, the outbox.
GRANT SELECT ON tenants, facilities, vehicles, drivers, report_search, damage_photos, events, rollup_day, rollup_month TO fleet_worker;
GRANT SELECT, UPDATE ON damage_reports TO fleet_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON photo_embeddings, outbox_cursor, jobs, jobs_dead TO fleet_worker;
GRANT SELECT, INSERT ON assessments TO fleet_worker;
GRANT INSERT ON events TO fleet_worker;
GRANT EXECUTE ON FUNCTION outbox_read(xid8, bigint, int), report_document(regconfig, bigint, text, text, text) TO fleet_worker;

-- Operators that index conditions use must be leakproof, or row security keeps them off the index: 3 to 600 times slower
-- on a large company. That they raise no error that tells a value of these types is a judgement. A dump does not carry the
-- marks, nor does an extension made anew, so the server asks leakproof_missing() at each start.
CREATE TABLE platform.leakproof (func text PRIMARY KEY);
INSERT INTO platform.leakproof VALUES ('pg_catalog.ts_match_vq(tsvector,tsquery)'), ('pg_catalog.jsonb_contains(jsonb,jsonb)'),
  ('public.geography_overlaps(public.geography,public.geography)'), ('public.st_dwithin(public.geography,public.geography,float8,boolean)'),
  ('pg_catalog.texticlike(text,text)');
CREATE FUNCTION platform.leakproof_missing() RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$ SELECT l.func FROM platform.leakproof l JOIN pg_proc p ON p.oid = l.func::regprocedure WHERE NOT p.proleakproof ORDER BY 1 $$;
-- Only a superuser may mark them; elsewhere this returns false and the server runs, slower, with a warning.
CREATE FUNCTION platform.leakproof_mark() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$ DECLARE f text; BEGIN
  FOR f IN SELECT * FROM platform.leakproof_missing() LOOP
    EXECUTE 'ALTER FUNCTION ' || f::regprocedure || ' LEAKPROOF';
  END LOOP;
  RETURN true;
EXCEPTION WHEN insufficient_privilege THEN RETURN false; END $$;
SELECT platform.leakproof_mark();
GRANT SELECT ON platform.leakproof TO fleet_app, fleet_worker;
GRANT EXECUTE ON FUNCTION platform.leakproof_missing() TO fleet_app, fleet_worker;
