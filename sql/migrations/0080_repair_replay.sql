-- The proof that work orders, bills and claims are what their events say: `fleet rebuild`.
SET LOCAL search_path = fleet, public;

-- ---- What each of them is, as its events put it: after each of them, everything ----
--
-- Not in it: words that people wrote (instructions, titles of tasks and lines), which events do not hold, and how to reach an adjuster.
CREATE FUNCTION work_order_json(o work_orders) RETURNS jsonb LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT jsonb_strip_nulls(jsonb_build_object('vehicle', o.vehicle_id, 'vendor', o.vendor_id, 'estimate', o.estimate_id, 'state', o.state, 'budget', o.budget,
     'plannedStart', o.planned_start AT TIME ZONE 'UTC', 'plannedEnd', o.planned_end AT TIME ZONE 'UTC', 'startedAt', o.started_at AT TIME ZONE 'UTC',
     'finishedAt', o.finished_at AT TIME ZONE 'UTC', 'createdBy', o.created_by,
     'tasks', (SELECT jsonb_object_agg(x.id, x.done_at IS NOT NULL) FROM work_order_tasks x WHERE x.tenant_id = o.tenant_id AND x.work_order_id = o.id))) $$;
-- lines: [kind, amount] of each. A void bill has the reason besides, which stands in its event.
CREATE FUNCTION invoice_json(i invoices) RETURNS jsonb LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT jsonb_strip_nulls(jsonb_build_object('workOrder', i.work_order_id, 'vendor', i.vendor_id, 'number', i.number, 'dated', i.dated, 'state', i.state, 'total', i.total,
     'recordedBy', i.recorded_by, 'lines', (SELECT jsonb_agg(jsonb_build_array(x.kind, x.amount) ORDER BY x.id) FROM invoice_lines x
       WHERE x.tenant_id = i.tenant_id AND x.invoice_id = i.id))) $$;
-- payments: [amount, day, reference] of each.
CREATE FUNCTION claim_json(c claims) RETURNS jsonb LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT jsonb_strip_nulls(jsonb_build_object('state', c.state, 'insurer', c.insurer, 'policyNumber', c.policy_no, 'deductible', c.deductible, 'claimed', c.claimed,
     'noticedOn', c.noticed_on, 'createdBy', c.created_by,
     'number', (SELECT r.claim_no FROM damage_reports r WHERE r.tenant_id = c.tenant_id AND r.id = c.report_id),
     'payments', (SELECT jsonb_object_agg(x.id, jsonb_build_array(x.amount, x.paid_on, x.reference)) FROM claim_payments x
       WHERE x.tenant_id = c.tenant_id AND x.report_id = c.report_id))) $$;

-- For the event that is being written, after the rows: NULL where its noun is none of these.
CREATE FUNCTION repair_after(t int, event_type text, report uuid, data jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT CASE split_part(event_type, '.', 1)
     WHEN 'work_order' THEN (SELECT work_order_json(x) FROM work_orders x WHERE x.tenant_id = t AND x.id = (data->>'workOrder')::int)
     WHEN 'invoice' THEN (SELECT invoice_json(x) FROM invoices x WHERE x.tenant_id = t AND x.id = (data->>'invoice')::int)
     WHEN 'claim' THEN (SELECT claim_json(x) FROM claims x WHERE x.tenant_id = t AND x.report_id = report) END $$;
REVOKE EXECUTE ON FUNCTION work_order_json(work_orders), invoice_json(invoices), claim_json(claims), repair_after(int, text, uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION work_order_json(work_orders), invoice_json(invoices), claim_json(claims), repair_after(int, text, uuid, jsonb) TO fleet_app;

-- ---- From events ----

-- id: of the work order or bill; 0: the claim. In the order of seq among events of one version: who writes them has the report locked.
CREATE FUNCTION repairs_replay(t int, ids uuid[]) RETURNS TABLE (report_id uuid, noun text, id int, told jsonb) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT DISTINCT ON (e.report_id, n.noun, n.id) e.report_id, n.noun, n.id,
     CASE WHEN n.noun = 'invoice' AND e.data->'after'->>'state' = '3' AND e.data ? 'reason'
       THEN e.data->'after' || jsonb_build_object('voidReason', event_open(t, e.id, e.data)->'reason') ELSE e.data->'after' END
   FROM events e CROSS JOIN LATERAL (SELECT split_part(e.type, '.', 1) AS noun,
     coalesce(CASE split_part(e.type, '.', 1) WHEN 'work_order' THEN (e.data->>'workOrder')::int WHEN 'invoice' THEN (e.data->>'invoice')::int END, 0) AS id) n
   WHERE e.tenant_id = t AND e.report_id = ANY (ids) AND n.noun IN ('work_order', 'invoice', 'claim') AND e.data ? 'after'
   ORDER BY e.report_id, n.noun, n.id, e.agg_version DESC NULLS LAST, e.seq DESC $$;
CREATE FUNCTION repairs_stored(t int, ids uuid[]) RETURNS TABLE (report_id uuid, noun text, id int, stored jsonb) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT x.report_id, 'work_order', x.id, work_order_json(x) FROM work_orders x WHERE x.tenant_id = t AND x.report_id = ANY (ids)
   UNION ALL SELECT x.report_id, 'invoice', x.id, invoice_json(x) || jsonb_strip_nulls(jsonb_build_object('voidReason', x.void_reason))
     FROM invoices x WHERE x.tenant_id = t AND x.report_id = ANY (ids)
   UNION ALL SELECT x.report_id, 'claim', 0, claim_json(x) FROM claims x WHERE x.tenant_id = t AND x.report_id = ANY (ids) $$;

-- Of a reason that was erased its event says only that there was one.
CREATE FUNCTION repair_agrees(stored jsonb, told jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN jsonb_typeof(told->'voidReason') = 'object' THEN stored - 'voidReason' = told - 'voidReason' ELSE stored = told END $$;
-- stored NULL: it is gone; told NULL: no event tells of it.
CREATE FUNCTION repairs_wrong(t int, ids uuid[]) RETURNS TABLE (report_id uuid, noun text, id int, stored jsonb, told jsonb) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT report_id, noun, id, s.stored, e.told FROM repairs_stored(t, ids) s FULL JOIN repairs_replay(t, ids) e USING (report_id, noun, id)
   WHERE repair_agrees(s.stored, e.told) IS NOT TRUE $$;

CREATE FUNCTION repairs_differences(t int, ids uuid[]) RETURNS TABLE (report_id uuid, field text, stored text, told text) LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT w.report_id, CASE w.noun WHEN 'claim' THEN 'claim' WHEN 'invoice' THEN 'bill ' || w.id ELSE 'work order ' || w.id END || d.field, d.stored, d.told
   FROM repairs_wrong(t, ids) w CROSS JOIN LATERAL (
     SELECT '' AS field, w.stored::text AS stored, w.told::text AS told WHERE w.stored IS NULL OR w.told IS NULL
     UNION ALL SELECT ', ' || key, s.value #>> '{}', e.value #>> '{}' FROM jsonb_each(w.stored) s FULL JOIN jsonb_each(w.told) e USING (key)
     WHERE w.stored IS NOT NULL AND w.told IS NOT NULL AND s.value IS DISTINCT FROM e.value AND NOT (key = 'voidReason' AND jsonb_typeof(e.value) IS NOT DISTINCT FROM 'object')) d $$;

-- ---- Mending ----

CREATE FUNCTION work_order_mend(t int, report uuid, o int, told jsonb) RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ INSERT INTO work_orders AS x (tenant_id, report_id, id, vehicle_id, vendor_id, estimate_id, state, planned_start, planned_end, started_at, finished_at, budget, created_by)
   VALUES (t, report, o, (told->>'vehicle')::int, (told->>'vendor')::int, (told->>'estimate')::smallint, (told->>'state')::smallint,
     (told->>'plannedStart')::timestamp AT TIME ZONE 'UTC', (told->>'plannedEnd')::timestamp AT TIME ZONE 'UTC', (told->>'startedAt')::timestamp AT TIME ZONE 'UTC',
     (told->>'finishedAt')::timestamp AT TIME ZONE 'UTC', (told->>'budget')::bigint, (told->>'createdBy')::int)
   ON CONFLICT (tenant_id, id) DO UPDATE SET report_id = excluded.report_id, vehicle_id = excluded.vehicle_id, vendor_id = excluded.vendor_id, estimate_id = excluded.estimate_id,
     state = excluded.state, planned_start = excluded.planned_start, planned_end = excluded.planned_end, started_at = excluded.started_at, finished_at = excluded.finished_at,
     budget = excluded.budget, created_by = excluded.created_by, version = x.version + 1, updated_at = now();
   DELETE FROM work_order_tasks x WHERE x.tenant_id = t AND x.work_order_id = o AND NOT coalesce(told->'tasks', '{}') ? x.id::text;
   -- What a task was called no event says.
   INSERT INTO work_order_tasks AS x (tenant_id, work_order_id, id, title, done_at)
   SELECT t, o, d.key::smallint, '(lost)', CASE WHEN d.value::boolean THEN now() END FROM jsonb_each_text(coalesce(told->'tasks', '{}')) d
   ON CONFLICT (tenant_id, work_order_id, id) DO UPDATE SET done_at = CASE WHEN excluded.done_at IS NOT NULL THEN coalesce(x.done_at, now()) END,
     done_by = CASE WHEN excluded.done_at IS NOT NULL THEN x.done_by END $$;
CREATE FUNCTION invoice_mend(t int, report uuid, i int, told jsonb) RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ INSERT INTO invoices AS x (tenant_id, report_id, id, work_order_id, vendor_id, number, dated, state, total, recorded_by, void_reason)
   VALUES (t, report, i, (told->>'workOrder')::int, (told->>'vendor')::int, told->>'number', (told->>'dated')::date, (told->>'state')::smallint, (told->>'total')::bigint,
     (told->>'recordedBy')::int, CASE WHEN jsonb_typeof(told->'voidReason') = 'string' THEN told->>'voidReason' END)
   ON CONFLICT (tenant_id, id) DO UPDATE SET report_id = excluded.report_id, work_order_id = excluded.work_order_id, vendor_id = excluded.vendor_id, number = excluded.number,
     dated = excluded.dated, state = excluded.state, total = excluded.total, recorded_by = excluded.recorded_by,
     void_reason = CASE WHEN excluded.state = 3 AND jsonb_typeof(told->'voidReason') = 'object' THEN x.void_reason ELSE excluded.void_reason END;
   DELETE FROM invoice_lines x WHERE x.tenant_id = t AND x.invoice_id = i AND x.id > jsonb_array_length(coalesce(told->'lines', '[]'));
   INSERT INTO invoice_lines AS x (tenant_id, invoice_id, id, kind, amount)
   SELECT t, i, l.n, (l.value->>0)::smallint, (l.value->>1)::bigint FROM jsonb_array_elements(coalesce(told->'lines', '[]')) WITH ORDINALITY l(value, n)
   ON CONFLICT (tenant_id, invoice_id, id) DO UPDATE SET kind = excluded.kind, amount = excluded.amount $$;
CREATE FUNCTION claim_mend(t int, report uuid, told jsonb) RETURNS void LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ INSERT INTO claims AS x (tenant_id, report_id, state, insurer, policy_no, deductible, claimed, noticed_on, created_by)
   VALUES (t, report, (told->>'state')::smallint, told->>'insurer', told->>'policyNumber', (told->>'deductible')::bigint, (told->>'claimed')::bigint, (told->>'noticedOn')::date,
     (told->>'createdBy')::int)
   ON CONFLICT (tenant_id, report_id) DO UPDATE SET state = excluded.state, insurer = excluded.insurer, policy_no = excluded.policy_no, deductible = excluded.deductible,
     claimed = excluded.claimed, noticed_on = excluded.noticed_on, created_by = excluded.created_by, version = x.version + 1, updated_at = now();
   UPDATE damage_reports x SET claim_no = told->>'number' WHERE x.tenant_id = t AND x.id = report AND x.claim_no IS DISTINCT FROM told->>'number';
   DELETE FROM claim_payments x WHERE x.tenant_id = t AND x.report_id = report AND NOT coalesce(told->'payments', '{}') ? x.id::text;
   INSERT INTO claim_payments AS x (tenant_id, report_id, id, amount, paid_on, reference)
   SELECT t, report, p.key::smallint, (p.value->>0)::bigint, (p.value->>1)::date, p.value->>2 FROM jsonb_each(coalesce(told->'payments', '{}')) p
   ON CONFLICT (tenant_id, report_id, id) DO UPDATE SET amount = excluded.amount, paid_on = excluded.paid_on, reference = excluded.reference $$;

-- What nobody told of goes first, bills before the orders that they are for; then orders, bills (void ones first: a number stands once), claims.
CREATE FUNCTION repairs_mend(t int, ids uuid[]) RETURNS bigint LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE w record; n bigint := 0; done bigint; BEGIN
  FOR w IN SELECT * FROM repairs_wrong(t, ids) x
    ORDER BY x.told IS NOT NULL, CASE WHEN x.told IS NULL THEN x.noun END, CASE WHEN x.told IS NOT NULL THEN x.noun END DESC, x.told->>'state' DESC, x.id LOOP
    done := 1;
    IF w.told IS NOT NULL AND w.noun = 'work_order' THEN PERFORM work_order_mend(t, w.report_id, w.id, w.told);
    ELSIF w.told IS NOT NULL AND w.noun = 'invoice' THEN PERFORM invoice_mend(t, w.report_id, w.id, w.told);
    ELSIF w.told IS NOT NULL THEN PERFORM claim_mend(t, w.report_id, w.told);
    ELSE
      CASE w.noun
        WHEN 'claim' THEN DELETE FROM claims x WHERE x.tenant_id = t AND x.report_id = w.report_id;
        WHEN 'invoice' THEN DELETE FROM invoices x WHERE x.tenant_id = t AND x.id = w.id;
        -- An order that bills tell of stays for somebody to look at.
        ELSE DELETE FROM work_orders x WHERE x.tenant_id = t AND x.id = w.id
          AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.tenant_id = t AND i.work_order_id = w.id);
      END CASE;
      GET DIAGNOSTICS done = ROW_COUNT;
    END IF;
    n := n + done;
  END LOOP;
  RETURN n; END $$;

-- ---- Histories from before ----
-- What events told too little of begins with what is known now: in an event that is told to nobody and is no part of what people read.
CREATE FUNCTION repairs_baseline(t int, ids uuid[]) RETURNS bigint LANGUAGE sql VOLATILE SET search_path = fleet, public AS
$$ WITH e AS (
     INSERT INTO events (tenant_id, xid, type, report_id, vehicle_id, agg_version, data)
     SELECT t, '0', s.noun || '.baseline', s.report_id, r.vehicle_id, r.version, jsonb_strip_nulls(jsonb_build_object('after', s.stored - 'voidReason', 'reason', s.stored->'voidReason',
       'workOrder', CASE s.noun WHEN 'work_order' THEN s.id WHEN 'invoice' THEN (s.stored->>'workOrder')::int END, 'invoice', CASE s.noun WHEN 'invoice' THEN s.id END))
     FROM repairs_stored(t, ids) s JOIN damage_reports r ON r.tenant_id = t AND r.id = s.report_id
     WHERE NOT EXISTS (SELECT 1 FROM repairs_replay(t, ARRAY[s.report_id]) x WHERE (x.noun, x.id) = (s.noun, s.id)) RETURNING 1)
   SELECT count(*) FROM e $$;
REVOKE EXECUTE ON FUNCTION repairs_replay(int, uuid[]), repairs_stored(int, uuid[]), repairs_wrong(int, uuid[]), repairs_differences(int, uuid[]), repairs_mend(int, uuid[]),
  repairs_baseline(int, uuid[]), work_order_mend(int, uuid, int, jsonb), invoice_mend(int, uuid, int, jsonb), claim_mend(int, uuid, jsonb) FROM PUBLIC;
DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT tenant_id AS t, array_agg(DISTINCT report_id) AS ids FROM (SELECT tenant_id, report_id FROM work_orders UNION ALL SELECT tenant_id, report_id FROM claims) x GROUP BY 1 LOOP
    PERFORM platform.ensure_partitions(now()::date, now()::date, ARRAY['events']); -- after a long sleep the month is not there yet
    PERFORM repairs_baseline(c.t, c.ids);
  END LOOP; END $$;

-- As in 0041; archives from before have such histories too.
CREATE OR REPLACE FUNCTION platform.archive_restored(t int, archive uuid, ids uuid[], kept boolean) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE e record; BEGIN
  IF kept THEN PERFORM platform.kept_add(t, ids, -1); END IF;
  FOR e IN SELECT x.driver_id, x.user_ids FROM erasures x JOIN archives a ON a.tenant_id = t AND a.id = archive WHERE x.tenant_id = t AND x.state = 2 AND x.done_at >= a.created_at LOOP
    PERFORM person_blank(t, e.driver_id, e.user_ids);
  END LOOP;
  PERFORM repairs_baseline(t, ids);
  UPDATE archives SET state = 3 WHERE tenant_id = t AND id = archive;
  INSERT INTO events (tenant_id, type, report_id, data) SELECT t, 'retention.restored', unnest(ids), jsonb_build_object('archive', archive); END $$;

-- As in 0040, with bills: why one is void stands in its event too.
CREATE OR REPLACE FUNCTION finding_decide(erasure uuid, finding int, words text, who int) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = fleet, public AS $$
DECLARE f erasure_findings; r text; BEGIN
  SELECT * INTO f FROM erasure_findings WHERE tenant_id = current_tenant() AND erasure_id = erasure AND id = finding AND state = 1 FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  IF words IS NOT NULL AND f.tbl <> 'damage_photos' THEN
    SELECT redact INTO STRICT r FROM platform.personal WHERE tbl = f.tbl AND col = f.col AND class = 'words';
    IF r IS NULL THEN EXECUTE format('DELETE FROM %I x WHERE x.tenant_id = $1 AND %s', f.tbl, finding_where(f.key)) USING f.tenant_id;
    ELSE EXECUTE format('UPDATE %I x SET %I = %s WHERE x.tenant_id = $2 AND %s', f.tbl, f.col, r, finding_where(f.key)) USING words, f.tenant_id; END IF;
  END IF;
  -- The events of the zone or bill told of it too; the replay asks no more for what is not there.
  IF words IS NOT NULL AND f.tbl = 'damage_zones' THEN
    DELETE FROM event_words w USING events e WHERE e.tenant_id = f.tenant_id AND e.report_id = f.report_id AND e.type LIKE 'zone.%' AND e.data->>'zone' = f.key->>'id'
      AND w.tenant_id = e.tenant_id AND w.event_id = e.id AND w.place[2] = 'note';
  END IF;
  IF words IS NOT NULL AND f.tbl = 'invoices' AND f.col = 'void_reason' THEN
    DELETE FROM event_words w USING events e WHERE e.tenant_id = f.tenant_id AND e.report_id = f.report_id AND e.type LIKE 'invoice.%' AND e.data->>'invoice' = f.key->>'id'
      AND w.tenant_id = e.tenant_id AND w.event_id = e.id AND w.place = '{reason}';
  END IF;
  UPDATE erasure_findings SET state = CASE WHEN words IS NULL THEN 2 ELSE 3 END, decided_by = who, decided_at = now()
  WHERE tenant_id = f.tenant_id AND erasure_id = erasure AND id = finding;
  INSERT INTO events (tenant_id, type, report_id, actor, data) VALUES (f.tenant_id, CASE WHEN words IS NULL THEN 'person.kept' ELSE 'person.redacted' END, f.report_id, who,
    jsonb_build_object('erasure', erasure, 'finding', finding, 'place', f.tbl || '.' || f.col));
  RETURN true; END $$;
