-- Schemas, extensions, roles, time-ordered ids, the tenant of a transaction and the code tables.
--
-- Rules behind every table of these files:
--   * tenant_id leads every primary key, and foreign keys carry it: one index serves row security, list order and
--     lookup, and a row can never point into another company.
--   * report ids are UUIDv7 and are the partition key, so ORDER BY id DESC is newest first and the cursor is the id.
--   * no DEFAULT partition: it turns an ordered Append into a MergeAppend over every month and hides mistakes.
--   * codes are smallint, never ENUM: enum_eq is not leakproof, so under row security it cannot use an index.
--   * money is bigint in minor units of the company's currency.
--   * functions that name tables pin search_path: triggers and schedulers run them with the caller's.
CREATE SCHEMA IF NOT EXISTS fleet;
CREATE SCHEMA IF NOT EXISTS platform;
CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;

-- fleet_app serves requests; fleet_worker runs jobs, the relay and the timers. Neither owns a table, neither bypasses
-- row security. Roles belong to the cluster, so another database of it may have made them already.
DO $$ BEGIN
  IF to_regrole('fleet_app') IS NULL THEN CREATE ROLE fleet_app NOLOGIN; END IF;
  IF to_regrole('fleet_worker') IS NULL THEN CREATE ROLE fleet_worker NOLOGIN; END IF;
END $$;
GRANT USAGE ON SCHEMA fleet TO fleet_app, fleet_worker;
GRANT USAGE ON SCHEMA platform TO fleet_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA fleet REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The server makes ids itself (48 bits of milliseconds, then random). These versions are for defaults, bounds and tests.
CREATE FUNCTION fleet.uuid7_floor(ts timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (encode(substring(int8send(floor(extract(epoch FROM ts) * 1000)::bigint) FROM 3), 'hex') || '00000000000000000000')::uuid $$;
CREATE FUNCTION fleet.uuid7(ts timestamptz DEFAULT clock_timestamp()) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS
$$ SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
     PLACING substring(int8send(floor(extract(epoch FROM ts) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid $$;
CREATE FUNCTION fleet.uuid7_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT to_timestamp((('x' || lpad(encode(substring(uuid_send(id) FROM 1 FOR 6), 'hex'), 16, '0'))::bit(64)::bigint) / 1000.0) $$;

-- The company of this transaction: set_config('app.tenant_id', $1, true), pipelined before the first query.
-- nullif: once used, an unset setting reads '' instead of NULL, and ''::int would raise.
CREATE FUNCTION fleet.current_tenant() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.tenant_id', true), '')::int $$;
GRANT EXECUTE ON FUNCTION fleet.uuid7_floor(timestamptz), fleet.uuid7(timestamptz), fleet.uuid7_time(uuid), fleet.current_tenant()
  TO fleet_app, fleet_worker;

-- Codes, in the order of the enums in schema/fleet.graphql; 1 is the first.
CREATE TABLE fleet.ref_code (
  kind text NOT NULL, code smallint NOT NULL, name text NOT NULL, PRIMARY KEY (kind, code), UNIQUE (kind, name));
INSERT INTO fleet.ref_code (kind, code, name)
          SELECT 'role', n, v FROM unnest(ARRAY['driver','manager','auditor','admin']) WITH ORDINALITY u(v, n)
UNION ALL SELECT 'status', n, v FROM unnest(ARRAY['reported','assessed','approved','in_repair','completed','rejected']) WITH ORDINALITY u(v, n)
UNION ALL SELECT 'severity', n, v FROM unnest(ARRAY['cosmetic','minor','moderate','major','critical','total_loss']) WITH ORDINALITY u(v, n)
UNION ALL SELECT 'damage_type', n, v FROM unnest(ARRAY['collision','vandalism','weather','wear_tear','mechanical','glass','tire',
            'interior','theft','fire','flood','other']) WITH ORDINALITY u(v, n)
UNION ALL SELECT 'part', n, v FROM unnest(ARRAY['hood','bumper','trunk','door','fender','light','windshield']) WITH ORDINALITY u(v, n)
UNION ALL SELECT 'vehicle_kind', n, v FROM unnest(ARRAY['car','van','truck']) WITH ORDINALITY u(v, n)
UNION ALL SELECT 'fraud_signal', n, v FROM unnest(ARRAY['same_file','same_picture','mirrored_picture','capture_time','edited']) WITH ORDINALITY u(v, n)
UNION ALL SELECT 'queue', n, v FROM unnest(ARRAY['assess']) WITH ORDINALITY u(v, n);
GRANT SELECT ON fleet.ref_code TO fleet_app, fleet_worker;
