-- The proof that estimates are what their events say: `fleet rebuild`.
SET LOCAL search_path = fleet, public;

-- In the order of seq: who writes an event of an estimate has its row locked.
CREATE FUNCTION estimates_replay(t int, ids uuid[]) RETURNS TABLE (report_id uuid, id smallint, state smallint, revision smallint, total bigint)
LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ WITH told AS (
     SELECT e.report_id, (e.data->>'estimate')::smallint AS id,
       (array_agg(e.data->'state'->>1 ORDER BY e.seq DESC) FILTER (WHERE e.data ? 'state'))[1] AS state,
       (array_agg(e.data->>'revision' ORDER BY e.seq DESC) FILTER (WHERE e.data ? 'revision'))[1] AS revision,
       (array_agg(e.data->'total'->>1 ORDER BY e.seq DESC) FILTER (WHERE e.data ? 'total'))[1] AS total
     FROM events e WHERE e.tenant_id = t AND e.report_id = ANY (ids) AND e.type LIKE 'estimate.%' GROUP BY 1, 2)
   SELECT told.report_id, told.id, c.code, coalesce(told.revision, '0')::smallint, money_cents(told.total)
   FROM told JOIN ref_code c ON c.kind = 'estimate_state' AND c.name = lower(told.state) $$;

CREATE FUNCTION estimates_differences(t int, ids uuid[]) RETURNS TABLE (report_id uuid, field text, stored text, told text)
LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT coalesce(s.report_id, e.report_id), 'estimate ' || coalesce(s.id, e.id) || ', ' || d.field, d.stored, d.told
   FROM (SELECT x.report_id, x.id, x.state, x.revision, v.total FROM estimates x
           LEFT JOIN estimate_revisions v ON (v.tenant_id, v.report_id, v.estimate_id, v.id) = (x.tenant_id, x.report_id, x.id, x.revision)
         WHERE x.tenant_id = t AND x.report_id = ANY (ids)) s
   FULL JOIN estimates_replay(t, ids) e ON (e.report_id, e.id) = (s.report_id, s.id),
   LATERAL (VALUES ('state', s.state::text, e.state::text), ('revision', s.revision::text, e.revision::text),
     ('total', money_text(s.total), money_text(e.total))) d(field, stored, told)
   WHERE d.stored IS DISTINCT FROM d.told $$;

-- Mends the rows. What was sent in is never changed: where a total is not what its event says, somebody has to look.
CREATE FUNCTION estimates_mend(t int, ids uuid[]) RETURNS bigint LANGUAGE plpgsql VOLATILE SET search_path = fleet, public AS $$
DECLARE n bigint; m bigint; BEGIN
  -- In two steps: no two of a report are accepted at any moment.
  UPDATE estimates x SET state = e.state, revision = e.revision, version = x.version + 1 FROM estimates_replay(t, ids) e
  WHERE x.tenant_id = t AND (x.report_id, x.id) = (e.report_id, e.id) AND (x.state, x.revision) <> (e.state, e.revision) AND e.state <> 4;
  GET DIAGNOSTICS n = ROW_COUNT;
  UPDATE estimates x SET state = e.state, revision = e.revision, version = x.version + 1,
    before_choice = coalesce(x.before_choice, CASE WHEN e.revision > 1 THEN 3 ELSE 2 END) FROM estimates_replay(t, ids) e
  WHERE x.tenant_id = t AND (x.report_id, x.id) = (e.report_id, e.id) AND (x.state, x.revision) <> (e.state, e.revision) AND e.state = 4;
  GET DIAGNOSTICS m = ROW_COUNT;
  RETURN n + m; END $$;
