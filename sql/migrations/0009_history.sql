-- Events of the past (imported or made up) are written with xid 0 and told to nobody: a reader starts behind them.
ALTER TABLE fleet.outbox_cursor ALTER seq SET DEFAULT 9223372036854775807;
