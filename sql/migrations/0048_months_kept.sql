-- Numbers of months that drop stay, and stay provable: what a month counts for in the totals is kept (rollup_kept) by the same transaction that
-- drops it, so that totals are always what reports and kept numbers say (fleet rebuild).
SET LOCAL search_path = fleet, public;

-- Of a table of reports that is attached to nothing any more.
CREATE FUNCTION platform.retire_keep(rel regclass) RETURNS void LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  EXECUTE format('INSERT INTO rollup_kept AS k SELECT tenant_id, (reported_at AT TIME ZONE ''UTC'')::date, status, coalesce(severity, 0::smallint), coalesce(damage_type, 0::smallint),'
    ' coalesce(facility_id, 0), vehicle_id, geo_cell(location), count(*), coalesce(sum(estimated_cost), 0)::bigint, coalesce(sum(actual_cost), 0)::bigint,'
    ' sum(report_cost(status, estimated_cost, actual_cost))::bigint, count(completed_at), sum(repair_seconds(reported_at, completed_at))::bigint'
    ' FROM %s GROUP BY 1, 2, 3, 4, 5, 6, 7, 8'
    ' ON CONFLICT (tenant_id, day, status, severity, damage_type, facility_id, vehicle_id, cell) DO UPDATE SET n = k.n + excluded.n, est = k.est + excluded.est, act = k.act + excluded.act,'
    ' cost = k.cost + excluded.cost, repairs = k.repairs + excluded.repairs, repair_s = k.repair_s + excluded.repair_s', rel); END $$;

-- Two statements sent as one are one transaction.
CREATE OR REPLACE FUNCTION platform.retire_plan(before date) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT CASE WHEN s LIKE 'DROP TABLE damage\_reports\_%' THEN format('SELECT platform.retire_keep(''fleet.%s''); ', substr(s, 12)) ELSE '' END || s
   FROM platform.retire_plan_of(least(before, platform.retire_floor())) s $$;
REVOKE EXECUTE ON FUNCTION platform.retire_keep(regclass), platform.retire_plan(date) FROM PUBLIC;
