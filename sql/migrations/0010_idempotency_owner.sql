-- A client's key belongs to the person who sent it: two people may choose the same one, and neither gets to another's report.
-- 0 is a program.
SET LOCAL search_path = fleet, public;

ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey;
UPDATE idempotency_keys SET user_id = 0 WHERE user_id IS NULL;
ALTER TABLE idempotency_keys ALTER user_id SET DEFAULT 0, ALTER user_id SET NOT NULL, ADD PRIMARY KEY (tenant_id, user_id, key);
