-- Claim packs (0067) are copies: they are in no archive, go with their report, and those that may name an erased person end at once.
SET LOCAL search_path = fleet, public;

INSERT INTO platform.archived (tbl, ord, filed) VALUES ('claim_packs', 9, false);
INSERT INTO platform.personal (tbl, col, class, belongs, becomes) VALUES ('claim_packs', 'expires_at', 'erase',
  'x.report_id IN (SELECT r.id FROM damage_reports r WHERE r.tenant_id = $1 AND (r.driver_id = $2 OR r.reported_by = ANY ($3)))', 'least(x.expires_at, now())');
