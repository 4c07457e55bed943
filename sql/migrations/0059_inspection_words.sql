-- What is personal in inspections (0040 tells what that means), and that the law keeps them for three months whoever asks.
SET LOCAL search_path = fleet, public;

SELECT platform.personal_none('inspection_policies', 'tenant_id no_defect_reports template_id keep_days version'),
  platform.personal_none('inspection_templates', 'tenant_id id name version retired_at'),
  platform.personal_none('inspection_template_versions', 'tenant_id template_id version items created_at created_by'),
  platform.personal_none('inspections', 'tenant_id id vehicle_id trailer_id vehicle_text trailer_text kind state safe made_by driver_id inspected_at odometer_km location'
    ' template_id template_version items version'),
  platform.personal_none('inspection_defects', 'tenant_id inspection_id id vehicle_id item title severity unsafe report_id state resolved_by resolved_at'),
  platform.personal_none('inspection_signatures', 'tenant_id inspection_id id role user_id signed_at statement form sha256 previous');
-- '(erased)' is what verifyInspection knows it by: the hash of what was signed stays.
INSERT INTO platform.personal (tbl, col, class, belongs, becomes) VALUES
  ('inspection_signatures', 'name', 'erase', 'x.user_id = ANY ($3)', $$'(erased)'$$), ('inspection_signatures', 'strokes', 'erase', 'x.user_id = ANY ($3)', 'NULL'),
  ('inspections', 'idempotency_key', 'erase', 'x.made_by = ANY ($3)', 'NULL');
INSERT INTO platform.personal (tbl, col, class, redact) VALUES
  ('inspections', 'place', 'words', 'left($1, 200)'), ('inspections', 'note', 'words', 'left($1, 2000)'), ('inspection_defects', 'note', 'words', 'left($1, 2000)'),
  ('inspection_defects', 'remark', 'words', 'left($1, 1000)'), ('inspection_signatures', 'remark', 'words', 'left($1, 1000)');

-- As in 0040, and inspections that the person signed in the last three months.
CREATE OR REPLACE FUNCTION erasure_duties(driver int, logins int[]) RETURNS TABLE (sentence text, until timestamptz) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ (SELECT format('report %s is under a legal hold (%s), until that is released', r.report_number, h.reason), NULL::timestamptz
    FROM report_holds h JOIN damage_reports r ON r.tenant_id = h.tenant_id AND r.id = h.report_id
    WHERE h.tenant_id = (SELECT current_tenant()) AND (r.driver_id = driver OR r.reported_by = ANY (logins)) ORDER BY h.report_id LIMIT 20)
   UNION ALL
   (SELECT format('report %s has the open claim %s, until the report is closed or a year after its repair', r.report_number, r.claim_no), r.completed_at + interval '1 year'
    FROM damage_reports r WHERE r.tenant_id = (SELECT current_tenant()) AND (r.driver_id = driver OR r.reported_by = ANY (logins)) AND r.claim_no IS NOT NULL
      AND coalesce(r.stage, stage_of_status(r.status)) NOT IN (8, 9, 10)
      AND (r.completed_at IS NULL OR r.completed_at > now() - interval '1 year') ORDER BY r.id LIMIT 20)
   UNION ALL
   (SELECT format('the inspection of %s on %s is kept for three months (49 CFR 396.11)', i.vehicle_text, (i.inspected_at AT TIME ZONE 'UTC')::date),
      uuid7_time(i.id) + interval '3 months'
    FROM inspections i WHERE i.tenant_id = (SELECT current_tenant()) AND i.id >= uuid7_floor(now() - interval '3 months')
      AND EXISTS (SELECT 1 FROM inspection_signatures s WHERE s.tenant_id = i.tenant_id AND s.inspection_id = i.id AND s.user_id = ANY (logins))
    ORDER BY i.id DESC LIMIT 20) $$;
