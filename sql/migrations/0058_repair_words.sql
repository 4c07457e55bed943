-- What is personal in work orders, bills and claims, and where their events hold words of people (0040 tells what that means).
SET LOCAL search_path = fleet, public;

INSERT INTO platform.event_places VALUES ('work_order', '{reason}'), ('work_order', '{name}'), ('invoice', '{reason}'), ('claim', '{reason}');
SELECT platform.personal_none('repair_policies', 'tenant_id cost_tolerance'),
  platform.personal_none('work_orders', 'tenant_id id report_id vehicle_id vendor_id estimate_id state planned_start planned_end started_at finished_at budget version'
    ' created_by created_at updated_at'),
  platform.personal_none('work_order_tasks', 'tenant_id work_order_id id done_at done_by'),
  platform.personal_none('invoices', 'tenant_id id work_order_id report_id vendor_id number dated state total recorded_by recorded_at'),
  platform.personal_none('invoice_lines', 'tenant_id invoice_id id kind amount'),
  platform.personal_none('claims', 'tenant_id report_id state insurer policy_no deductible claimed noticed_on version created_by created_at updated_at'),
  platform.personal_none('claim_payments', 'tenant_id report_id id amount paid_on reference recorded_by recorded_at');
INSERT INTO platform.personal (tbl, col, class, redact) VALUES
  ('work_orders', 'instructions', 'words', '$1'), ('work_order_tasks', 'title', 'words', 'left($1, 300)'), ('invoices', 'void_reason', 'words', 'left($1, 2000)'),
  ('invoice_lines', 'title', 'words', 'left($1, 300)');
INSERT INTO platform.personal (tbl, col, class) VALUES
  ('claims', 'adjuster_name', 'contact'), ('claims', 'adjuster_email', 'contact'), ('claims', 'adjuster_phone', 'contact');
