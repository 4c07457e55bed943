-- Append-only events: the audit trail and the transactional outbox in one.
--
-- A reader may only see rows of transactions that no running one can precede, and its cursor is (xid, seq), not seq:
-- transaction 100 may take seq 1 and stay open while transaction 99 takes seq 2 and commits; a cursor on seq alone
-- would then stand behind 2 when 1 appears. Everything below the oldest running xid is decided, so no row can appear
-- behind (xid, seq). Events of one report follow their agg_version.
SET LOCAL search_path = fleet, public;

CREATE TABLE events (
  tenant_id   int NOT NULL,
  id          uuid NOT NULL DEFAULT uuid7(),
  seq         bigint GENERATED ALWAYS AS IDENTITY,
  xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
  type        text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),       -- report.created, report.assessed, report.updated
  report_id   uuid,
  vehicle_id  int,
  agg_version int,
  actor       int,                                                        -- users.id; NULL for the system
  data        jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX ev_report ON events (tenant_id, report_id, id);
CREATE INDEX ev_order ON events (xid, seq);

-- Events of the past (imported or made up) are written with xid 0 and told to nobody: a new reader starts behind them.
CREATE TABLE outbox_cursor (consumer text PRIMARY KEY, xid xid8 NOT NULL DEFAULT '0', seq bigint NOT NULL DEFAULT 9223372036854775807,
  moved_at timestamptz NOT NULL DEFAULT now());

-- The next events for a reader, oldest first.
CREATE FUNCTION outbox_read(after_xid xid8, after_seq bigint, lim int) RETURNS SETOF events LANGUAGE sql STABLE SET search_path = fleet, public AS
$$ SELECT * FROM events WHERE (xid, seq) > (after_xid, after_seq) AND xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY xid, seq LIMIT lim $$;

CREATE FUNCTION deny_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION deny_change();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION deny_change();
