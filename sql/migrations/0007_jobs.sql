-- The job queue. State 0 is ready, 1 is leased; a finished job is deleted, a spent one moves to jobs_dead.
-- A lease is named by (worker, attempts): whoever lost it changes nothing any more, not even the same worker.
SET LOCAL search_path = fleet, public;

CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id int REFERENCES tenants(id), queue smallint NOT NULL,
  priority smallint NOT NULL DEFAULT 5, state smallint NOT NULL DEFAULT 0 CHECK (state IN (0, 1)),
  run_at timestamptz NOT NULL DEFAULT now(), attempts smallint NOT NULL DEFAULT 0, max_attempts smallint NOT NULL DEFAULT 5 CHECK (max_attempts > 0),
  lease_until timestamptz, worker bigint, dedupe_key text, payload jsonb NOT NULL, last_error text, created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX jobs_ready ON jobs (queue, priority, id) WHERE state = 0;
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 1;
CREATE UNIQUE INDEX jobs_dedupe ON jobs (queue, tenant_id, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE TABLE jobs_dead (LIKE jobs, died_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id));

-- Adds a job for the company of this transaction; NULL when one with the same dedupe_key waits or runs already.
CREATE FUNCTION job_add(q smallint, body jsonb, prio smallint DEFAULT 5, dedupe text DEFAULT NULL, delay interval DEFAULT '0', tries smallint DEFAULT 5)
RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS
$$ INSERT INTO jobs (tenant_id, queue, priority, run_at, max_attempts, dedupe_key, payload)
   VALUES (current_tenant(), q, prio, now() + delay, tries, dedupe, body) ON CONFLICT DO NOTHING RETURNING id $$;
CREATE FUNCTION job_claim(q smallint, w bigint, lim int, lease interval) RETURNS SETOF jobs LANGUAGE sql SET search_path = fleet, public AS
$$ WITH c AS (SELECT id FROM jobs WHERE queue = q AND state = 0 AND run_at <= clock_timestamp() AND attempts < max_attempts
              ORDER BY priority, id LIMIT lim FOR UPDATE SKIP LOCKED)
   UPDATE jobs j SET state = 1, attempts = attempts + 1, worker = w, lease_until = clock_timestamp() + lease FROM c WHERE j.id = c.id RETURNING j.* $$;
CREATE FUNCTION job_heartbeat(j bigint, w bigint, try smallint, lease interval) RETURNS boolean LANGUAGE sql SET search_path = fleet, public AS
$$ WITH u AS (UPDATE jobs SET lease_until = clock_timestamp() + lease WHERE id = j AND worker = w AND attempts = try AND state = 1 RETURNING 1)
   SELECT EXISTS (SELECT 1 FROM u) $$;
CREATE FUNCTION job_done(j bigint, w bigint, try smallint) RETURNS boolean LANGUAGE sql SET search_path = fleet, public AS
$$ WITH d AS (DELETE FROM jobs WHERE id = j AND worker = w AND attempts = try AND state = 1 RETURNING 1) SELECT EXISTS (SELECT 1 FROM d) $$;
-- Back to ready after a pause of 2^attempts seconds (at most an hour) give or take a half, or to the dead letters when
-- the attempts are spent or final is set. False when the lease was lost.
CREATE FUNCTION job_fail(j bigint, w bigint, try smallint, err text, final boolean DEFAULT false) RETURNS boolean LANGUAGE sql SET search_path = fleet, public AS
$$ WITH dead AS (DELETE FROM jobs WHERE id = j AND worker = w AND attempts = try AND state = 1 AND (final OR attempts >= max_attempts) RETURNING *),
        m AS (INSERT INTO jobs_dead SELECT d.id, d.tenant_id, d.queue, d.priority, 0, d.run_at, d.attempts, d.max_attempts, NULL, d.worker,
                     d.dedupe_key, d.payload, left(err, 2000), d.created_at FROM dead d RETURNING 1),
        u AS (UPDATE jobs SET state = 0, worker = NULL, lease_until = NULL, last_error = left(err, 2000),
                     run_at = clock_timestamp() + least(interval '1 hour', interval '1 s' * power(2, attempts) * (0.5 + random()))
              WHERE id = j AND worker = w AND attempts = try AND state = 1 AND NOT final AND attempts < max_attempts RETURNING 1)
   SELECT EXISTS (SELECT 1 FROM m) OR EXISTS (SELECT 1 FROM u) $$;
-- Gives a claimed job back untouched, as at a clean stop: the attempt does not count.
CREATE FUNCTION job_release(j bigint, w bigint, try smallint) RETURNS boolean LANGUAGE sql SET search_path = fleet, public AS
$$ WITH u AS (UPDATE jobs SET state = 0, worker = NULL, lease_until = NULL, attempts = attempts - 1
              WHERE id = j AND worker = w AND attempts = try AND state = 1 RETURNING 1) SELECT EXISTS (SELECT 1 FROM u) $$;
-- Expired leases: back to ready, or to the dead letters when the attempts are spent.
CREATE FUNCTION job_sweep() RETURNS bigint LANGUAGE sql SET search_path = fleet, public AS
$$ WITH late AS (SELECT id FROM jobs WHERE state = 1 AND lease_until < clock_timestamp() ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED),
        dead AS (DELETE FROM jobs j USING late WHERE j.id = late.id AND j.attempts >= j.max_attempts RETURNING j.*),
        m AS (INSERT INTO jobs_dead SELECT d.id, d.tenant_id, d.queue, d.priority, 0, d.run_at, d.attempts, d.max_attempts, NULL, d.worker,
                     d.dedupe_key, d.payload, coalesce(d.last_error, 'the worker went away'), d.created_at FROM dead d RETURNING 1),
        e AS (UPDATE jobs j SET state = 0, worker = NULL, lease_until = NULL, last_error = 'the worker went away'
              FROM late WHERE j.id = late.id AND j.attempts < j.max_attempts RETURNING 1)
   SELECT (SELECT count(*) FROM m) + (SELECT count(*) FROM e) $$;
-- Jobs of a queue that could run now, how many run, and the age of the oldest that could.
CREATE FUNCTION job_depth(q smallint) RETURNS TABLE (ready bigint, leased bigint, dead bigint, oldest_s float8) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT count(*) FILTER (WHERE state = 0 AND run_at <= now()), count(*) FILTER (WHERE state = 1),
          (SELECT count(*) FROM jobs_dead WHERE queue = q),
          coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE state = 0 AND run_at <= now())), 0)::float8
   FROM jobs WHERE queue = q $$;
GRANT EXECUTE ON FUNCTION job_add(smallint, jsonb, smallint, text, interval, smallint) TO fleet_app, fleet_worker;
GRANT EXECUTE ON FUNCTION job_claim(smallint, bigint, int, interval), job_heartbeat(bigint, bigint, smallint, interval), job_done(bigint, bigint, smallint),
  job_fail(bigint, bigint, smallint, text, boolean), job_release(bigint, bigint, smallint), job_sweep(), job_depth(smallint) TO fleet_worker;
