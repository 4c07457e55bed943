-- Erasures that are done again after a restore, log-ins that end at once, and what was judged since 0040.
SET LOCAL search_path = fleet, public;

SELECT platform.personal_none('facilities', 'jurisdiction'), platform.personal_none('vehicles', 'jurisdiction'),
  platform.personal_none('total_loss_rules', 'tenant_id jurisdiction kind rate'), platform.personal_none('vehicle_values', 'tenant_id vehicle_id until value');

-- Saving a filter under a name that is there changes it, which an INSERT ... ON CONFLICT needs the right for even when none is.
GRANT UPDATE (filter) ON saved_filters TO fleet_app;

-- The register as it is kept outside the database: numbers only. A backup of an earlier moment knows the person again and has to be told.
CREATE FUNCTION erasures_register(since timestamptz, lim int DEFAULT 1000) RETURNS TABLE (id uuid, done_at timestamptz, line text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = fleet, public AS
$$ SELECT e.id, e.done_at, jsonb_build_object('tenant', e.tenant_id, 'company', t.public_id, 'id', e.id, 'driver', e.driver_id, 'users', e.user_ids, 'reference', e.reference,
     'requestedAt', e.requested_at, 'doneAt', e.done_at)::text
   FROM erasures e JOIN tenants t ON t.id = e.tenant_id WHERE e.state = 2 AND e.done_at >= since ORDER BY e.done_at, e.id LIMIT lim $$;
GRANT EXECUTE ON FUNCTION erasures_register(timestamptz, int) TO fleet_worker;
CREATE INDEX erasures_done ON erasures (done_at) WHERE state = 2; -- erasures_register, all companies

-- One line of it. True: it was not known here and is done again. Before anybody adds a driver or user, or a new one could have the number.
CREATE FUNCTION platform.erasure_again(line jsonb) RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE t int := (line->>'tenant')::int; logins int[] := ARRAY(SELECT jsonb_array_elements_text(line->'users')::int); c jsonb; BEGIN
  IF NOT EXISTS (SELECT 1 FROM tenants x WHERE x.id = t AND x.public_id = (line->>'company')::uuid) THEN RETURN false; END IF;
  IF EXISTS (SELECT 1 FROM erasures e WHERE e.tenant_id = t AND e.id = (line->>'id')::uuid AND e.state = 2) THEN RETURN false; END IF;
  PERFORM set_config('app.tenant_id', t::text, true);
  c := person_blank(t, (line->>'driver')::int, logins);
  INSERT INTO erasures AS e (tenant_id, id, driver_id, user_ids, state, reason, reference, requested_at, done_at, counts)
  VALUES (t, (line->>'id')::uuid, (line->>'driver')::int, logins, 2, 'done again after a restore', line->>'reference', (line->>'requestedAt')::timestamptz, (line->>'doneAt')::timestamptz, c)
  ON CONFLICT (tenant_id, id) DO UPDATE SET state = 2, done_at = excluded.done_at, until = NULL, counts = excluded.counts;
  INSERT INTO events (tenant_id, type, data) VALUES (t, 'person.erased', jsonb_build_object('erasure', line->>'id', 'driver', line->'driver', 'users', line->'users', 'again', true, 'counts', c));
  RETURN true; END $$;
REVOKE EXECUTE ON FUNCTION platform.erasure_again(jsonb) FROM PUBLIC;

-- Log-ins that were closed not long ago, all companies: their tokens are good for nothing any more.
CREATE FUNCTION logins_closed(since timestamptz) RETURNS TABLE (tenant_id int, user_id int, at timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = fleet, public AS
$$ SELECT u.tenant_id, u.id, u.disabled_at FROM users u WHERE u.disabled_at >= since ORDER BY u.disabled_at DESC LIMIT 10000 $$;
GRANT EXECUTE ON FUNCTION logins_closed(timestamptz) TO fleet_app;
CREATE INDEX users_closed ON users (disabled_at) WHERE disabled_at IS NOT NULL; -- logins_closed, all companies
