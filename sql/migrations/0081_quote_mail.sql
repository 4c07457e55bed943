-- What became of the mail that carries a link to a vendor. It is tried at once and then by the queue; the token is made again for it from
-- the server's own key and the nonce in the job, and still is nowhere in the database.
SET LOCAL search_path = fleet, public;

ALTER TABLE estimate_links ADD COLUMN mail_state smallint CHECK (mail_state BETWEEN 1 AND 3), -- waiting, sent, failed: fl_link_mail; NULL: none was asked for
  ADD COLUMN mail_tries smallint NOT NULL DEFAULT 0, ADD COLUMN mail_tried_at timestamptz,
  ADD COLUMN mail_why text CHECK (length(mail_why) <= 500);
GRANT SELECT (mail_state, mail_tries, mail_tried_at, mail_why) ON estimate_links TO fleet_app, fleet_worker;
SELECT platform.personal_none('estimate_links', 'mail_state mail_tries mail_tried_at');
INSERT INTO platform.personal (tbl, col, class) VALUES ('estimate_links', 'mail_why', 'contact'); -- what a mail server says of the vendor's address

-- Whoever asks shows by the hash that they know the link: no role may read the column.
CREATE FUNCTION quote_mail_due(report uuid, estimate smallint, hash bytea) RETURNS TABLE (email text, message text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = fleet, public AS
$$ SELECT e.email, e.message, l.expires_at FROM estimate_links l JOIN estimates e ON (e.tenant_id, e.report_id, e.id) = (l.tenant_id, l.report_id, l.estimate_id)
   WHERE l.tenant_id = current_tenant() AND l.report_id = report AND l.estimate_id = estimate AND l.token_hash = hash AND l.mail_state = 1
     AND l.revoked_at IS NULL AND l.expires_at > now() AND e.state IN (1, 2, 3) AND e.email IS NOT NULL $$;
-- After a try. job: the key of the one that waits; it looks soon when the try failed, and no more when nothing is left to do.
CREATE FUNCTION quote_mail_noted(report uuid, estimate smallint, hash bytea, new_state smallint, why text, job text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS
$$ WITH l AS (UPDATE estimate_links x SET mail_state = new_state, mail_tries = x.mail_tries + 1, mail_tried_at = now(), mail_why = left(why, 500)
              WHERE x.tenant_id = current_tenant() AND x.report_id = report AND x.estimate_id = estimate AND x.token_hash = hash AND x.mail_state = 1 RETURNING 1),
        d AS (DELETE FROM jobs j WHERE new_state > 1 AND j.tenant_id = current_tenant() AND j.queue = 5 AND j.dedupe_key = job AND j.state = 0),
        u AS (UPDATE jobs j SET run_at = now() + interval '2 seconds'
              WHERE new_state = 1 AND j.tenant_id = current_tenant() AND j.queue = 5 AND j.dedupe_key = job AND j.state = 0 AND j.attempts = 0)
   SELECT EXISTS (SELECT 1 FROM l) $$;
REVOKE EXECUTE ON FUNCTION quote_mail_due(uuid, smallint, bytea), quote_mail_noted(uuid, smallint, bytea, smallint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION quote_mail_due(uuid, smallint, bytea) TO fleet_worker;
GRANT EXECUTE ON FUNCTION quote_mail_noted(uuid, smallint, bytea, smallint, text, text) TO fleet_app, fleet_worker;
