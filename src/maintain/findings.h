/* What maintenance looks at: a row a kind of finding.
 * X(id, code, section, unit, side, limit, severity, what, advice). side: a value ABOVE or BELOW the limit is beyond it; FACT has no
 * limit and is only told. The advice is what to do, with a command where there is one. docs/operate/maintain.md explains them. */
#ifndef FL_MAINTAIN_FINDINGS_H
#define FL_MAINTAIN_FINDINGS_H

/* clang-format off */
#define FL_SECTIONS(X) \
	X(ERRORS, "errors") X(CACHES, "caches") X(QUERIES, "queries") X(BACKUP, "backup") X(QUEUE, "queue and relay") X(MONTHS, "months") \
	X(ROOM, "room") X(TIDY, "tidying") X(SECURITY, "security") X(FORECAST, "forecast") X(PACKAGES, "packages") X(BASELINE, "baseline") \
	X(COST, "storage")

#define FL_FINDINGS(X) \
	X(LOG_ERRORS, "log-errors", ERRORS, COUNT, ABOVE, 0, ACT, "errors in the logs of a day", "read them: grep ' error ' HOME/log/*.log") \
	X(LOG_WARNINGS, "log-warnings", ERRORS, COUNT, ABOVE, 500, WATCH, "warnings in the logs of a day", "see which repeats: grep ' warn ' HOME/log/*.log") \
	X(CRASHES, "crashes", ERRORS, COUNT, ABOVE, 3, ACT, "processes that ended unasked", "the reason stands in HOME/log/*.log; ./fleet doctor checks the machine") \
	X(RESTARTS, "restarts", ERRORS, COUNT, ABOVE, 0, ACT, "servers that died in a day and were started again", "HOME/log/restarts.log says how each ended; SIGKILL: look for memory in dmesg") \
	X(SERVER_ERRORS, "server-errors", ERRORS, PERCENT, ABOVE, 0.1, ACT, "answers of status 5xx", "their requests: grep -E ' (warn|error) ' HOME/log/serve.log") \
	X(DEAD_JOBS, "dead-jobs", ERRORS, COUNT, ABOVE, 0, ACT, "jobs that gave up in a day", "mend the cause, then put them back: SELECT platform.jobs_revive()") \
	X(FAILED_DELIVERIES, "failed-deliveries", ERRORS, COUNT, ABOVE, 0, WATCH, "webhooks and mails given up in a day", "their owners see them in the webhook's log; for mail check FLEET_MAIL_URL") \
	X(BUFFER_HITS, "buffer-hits", CACHES, PERCENT, BELOW, 95, WATCH, "pages that PostgreSQL found in memory", "give the machine more memory, or PostgreSQL more shared_buffers") \
	X(REDIS_AWAY, "redis-away", CACHES, COUNT, ABOVE, 0, ACT, "Redis that does not answer", "./fleet doctor; its log is HOME/log/redis.log") \
	X(REDIS_HITS, "redis-hits", CACHES, PERCENT, BELOW, 50, WATCH, "keys that Redis had when it was asked", "normal after a start; else its memory is too small") \
	X(REDIS_MEMORY, "redis-memory", CACHES, BYTES, FACT, 0, WATCH, "memory of Redis", "") \
	X(REDIS_EVICTED, "redis-evicted", CACHES, COUNT, ABOVE, 0, WATCH, "keys that Redis threw out for want of memory", "raise its maxmemory") \
	X(SLOW_MEAN, "slow-mean", QUERIES, MS, ABOVE, 250, ACT, "slowest statement by its mean", "./fleet db top shows it; EXPLAIN it, and see docs/db.md") \
	X(SLOWER_DAY, "slower-day", QUERIES, RATIO, ABOVE, 3, WATCH, "statement that slowed down most since the day before", "./fleet db top; ANALYZE its tables") \
	X(SLOWER_WEEK, "slower-week", QUERIES, RATIO, ABOVE, 2, ACT, "statement that slowed down most since last week", "./fleet db top; EXPLAIN it, compare the plan with docs/db.md") \
	X(TIME_WEEK, "time-week", QUERIES, RATIO, ABOVE, 3, WATCH, "database time of this week to last week's", "./fleet db top shows where it goes") \
	X(TOP_TOTAL, "top-total", QUERIES, PERCENT, FACT, 0, WATCH, "of the database's time the three largest took", "") \
	X(SLOW_LOG, "slow-log", QUERIES, COUNT, ABOVE, 100, WATCH, "statements above FLEET_SLOW_MS in a day", "grep 'db: slow' HOME/log/*.log names operation and company") \
	X(BACKUP_AGE, "backup-age", BACKUP, HOURS, ABOVE, 26, ACT, "age of the newest backup", "./fleet backup, each day by cron") \
	X(BACKUP_VERIFY, "backup-verify", BACKUP, COUNT, ABOVE, 0, ACT, "faults in the newest backup", "make a new one: ./fleet backup; then ./fleet backup verify") \
	X(WAL_GAP, "wal-gap", BACKUP, COUNT, ABOVE, 0, ACT, "segments of the log that are missing behind it", "moments behind the gap are out of reach until ./fleet backup") \
	X(WAL_AGE, "wal-age", BACKUP, SECONDS, ABOVE, 900, ACT, "since the log was handed over", "its disk is full or away? The reason is in HOME/log/postgres.log") \
	X(QUEUE_OLDEST, "queue-oldest", QUEUE, SECONDS, ABOVE, 300, ACT, "wait of the oldest job that could run", "does `fleet work` run? Start more of them, or raise FLEET_JOBS") \
	X(QUEUE_DEPTH, "queue-depth", QUEUE, COUNT, ABOVE, 10000, WATCH, "jobs that could run", "start another `fleet work`, or raise FLEET_JOBS") \
	X(RELAY_LAG, "relay-lag", QUEUE, SECONDS, ABOVE, 60, ACT, "wait of the oldest event that was not told", "does `fleet work` run, and does Redis answer? HOME/log/work.log says") \
	X(REPLICA_LAG, "replica-lag", QUEUE, SECONDS, ABOVE, 30, ACT, "that the slowest replica is behind", "look at the network and the disk of the replica") \
	X(SLOT_KEPT, "slot-kept", QUEUE, BYTES, ABOVE, 2147483648, ACT, "log kept for a replica that is away", "bring it back, or SELECT pg_drop_replication_slot(NAME)") \
	X(MONTHS_MISSING, "months-missing", MONTHS, COUNT, ABOVE, 0, ACT, "months missing up to two months ahead", "SELECT platform.ensure_partitions(now()::date, (now() + interval '4 months')::date)") \
	X(MONTHS_AHEAD, "months-ahead", MONTHS, COUNT, BELOW, 2, ACT, "months ready ahead", "`fleet work` makes them each hour: does it run?") \
	X(MONTH_OLDEST, "month-oldest", MONTHS, COUNT, FACT, 0, WATCH, "months kept before this one", "") \
	X(MONTHS_DROP, "months-drop", MONTHS, COUNT, FACT, 0, WATCH, "tables that FLEET_KEEP_MONTHS drops next", "") \
	X(DISK_USED, "disk-used", ROOM, PERCENT, ABOVE, 80, ACT, "of the disk is used", "make room or get a larger disk; ./fleet db size, FLEET_KEEP_MONTHS") \
	X(DISK_GROWTH, "disk-growth", ROOM, BYTES, FACT, 0, WATCH, "growth of what is used, a day", "") \
	X(DATABASE_SIZE, "database-size", ROOM, BYTES, FACT, 0, WATCH, "size of the database", "") \
	X(LOOSE_BYTES, "loose-bytes", ROOM, BYTES, FACT, 0, WATCH, "in the store that nothing names; they go after a day", "") \
	X(SWEEP_AGE, "sweep-age", ROOM, HOURS, ABOVE, 26, ACT, "since the store was last swept", "does `fleet work` run? ./fleet store clean says what is in the way") \
	X(CONNECTIONS, "connections", ROOM, PERCENT, ABOVE, 80, WATCH, "of PostgreSQL's connections are taken", "lower FLEET_DB_CONNECTIONS or FLEET_THREADS, or raise max_connections") \
	X(XID_AGE, "xid-age", ROOM, PERCENT, ABOVE, 50, ACT, "of PostgreSQL's transaction numbers until it stops", "VACUUM (FREEZE) the oldest table; is an old transaction or slot in the way?") \
	X(KEY_AGE, "key-age", SECURITY, DAYS, ABOVE, 730, WATCH, "age of the oldest key in HOME/secrets", "plan its change: docs/operate/maintain.md, \"keys\"") \
	X(ANALYZED, "analyzed", TIDY, COUNT, FACT, 0, WATCH, "tables whose statistics were old", "") \
	X(REFRESHED, "refreshed", TIDY, MS, FACT, 0, WATCH, "took a materialized view", "") \
	X(VACUUMED, "vacuumed", TIDY, COUNT, FACT, 0, WATCH, "tables with many dead rows", "") \
	X(BLOATED, "bloated", TIDY, BYTES, ABOVE, 1073741824, WATCH, "empty room in the emptiest table", "new rows fill it; to give it back, VACUUM (FULL) at a time when nobody works") \
	X(REINDEXED, "reindexed", TIDY, BYTES, FACT, 0, WATCH, "that new indexes save", "") \
	X(REINDEX_LEFT, "reindex-left", TIDY, BYTES, ABOVE, 0, WATCH, "that an index could save, had it room or a lock", "make room on the disk and run ./fleet maintain monthly again") \
	X(TIDY_FAILED, "tidy-failed", TIDY, COUNT, ABOVE, 0, ACT, "chores that could not be done", "somebody held a lock, or a right is missing: run it again") \
	X(LOGINS_ACCOUNT, "logins-account", SECURITY, COUNT, ABOVE, 30, ACT, "failed log-ins of one account in a week", "ask its owner; disable it or set a new password") \
	X(LOGINS_ADDRESS, "logins-address", SECURITY, COUNT, ABOVE, 100, ACT, "failed log-ins from one address in a week", "shut the address out at the proxy or firewall") \
	X(TOKENS_REFUSED, "tokens-refused", SECURITY, COUNT, ABOVE, 10000, WATCH, "tokens that were refused", "a program with an old token, or somebody who guesses: HOME/log/serve.log") \
	X(RATE_LIMITED, "rate-limited", SECURITY, COUNT, ABOVE, 10000, WATCH, "requests and connections refused by a limit", "who? The proxy's log has the addresses") \
	X(RIGHTS_WIDE, "rights-wide", SECURITY, COUNT, ABOVE, 0, ACT, "rights that the migrations did not give", "REVOKE them, or find out who gave them") \
	X(ROLES_WIDE, "roles-wide", SECURITY, COUNT, ABOVE, 0, ACT, "roles with powers they should not have", "ALTER ROLE ... NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION") \
	X(ROW_SECURITY_OFF, "row-security-off", SECURITY, COUNT, ABOVE, 0, ACT, "tables without row security", "ALTER TABLE ... ENABLE ROW LEVEL SECURITY") \
	X(HBA_TRUST, "hba-trust", SECURITY, COUNT, ABOVE, 0, ACT, "lines of pg_hba.conf that let anybody in by TCP", "write scram-sha-256 there, then SELECT pg_reload_conf()") \
	X(DISK_80, "disk-80", FORECAST, DAYS, BELOW, 30, ACT, "until the disk is 80 % full", "order room now; ./fleet db size shows what grows") \
	X(DISK_95, "disk-95", FORECAST, DAYS, BELOW, 60, ACT, "until the disk is 95 % full", "order room now") \
	X(GROWTH_DATABASE, "growth-database", FORECAST, BYTES, FACT, 0, WATCH, "growth of the database, a day", "") \
	X(GROWTH_REPORTS, "growth-reports", FORECAST, COUNT, FACT, 0, WATCH, "new reports a day", "") \
	X(GROWTH_CONNECTIONS, "growth-connections", FORECAST, DAYS, BELOW, 30, WATCH, "until connections run out", "raise max_connections, or put a pool before PostgreSQL") \
	X(UPDATES_SECURITY, "updates-security", PACKAGES, COUNT, ABOVE, 0, ACT, "security updates that wait", "apt-get update && apt-get upgrade; then restart fleet") \
	X(UPDATES, "updates", PACKAGES, COUNT, ABOVE, 0, WATCH, "other updates of packages that fleet uses", "apt-get upgrade at a quiet time") \
	X(LISTS_AGE, "lists-age", PACKAGES, DAYS, ABOVE, 31, WATCH, "age of the lists of packages", "apt-get update") \
	X(API_MEDIAN, "api-median", BASELINE, MS, FACT, 0, WATCH, "median of the slowest fixed question", "") \
	X(API_SLOWER, "api-slower", BASELINE, RATIO, ABOVE, 1.5, ACT, "slowest fixed question to last month's", "./fleet maintain weekly names the statement; ./fleet bench list") \
	X(BYTES_KIND, "bytes-kind", COST, BYTES, FACT, 0, WATCH, "stored: by kind", "") \
	X(BYTES_COMPANY, "bytes-company", COST, BYTES, FACT, 0, WATCH, "stored: by company", "")
/* clang-format on */

typedef enum fl_finding_id {
#define FL_FINDING_ENUM(id, code, section, unit, side, limit, severity, what, advice) FL_FIND_##id,
	FL_FINDINGS(FL_FINDING_ENUM)
#undef FL_FINDING_ENUM
	FL_FINDING_KINDS
} fl_finding_id;

typedef enum fl_section {
#define FL_SECTION_ENUM(id, title) FL_SECTION_##id,
	FL_SECTIONS(FL_SECTION_ENUM)
#undef FL_SECTION_ENUM
	FL_SECTION_COUNT
} fl_section;

typedef enum fl_unit { FL_UNIT_COUNT, FL_UNIT_PERCENT, FL_UNIT_BYTES, FL_UNIT_MS, FL_UNIT_SECONDS, FL_UNIT_HOURS, FL_UNIT_DAYS, FL_UNIT_RATIO } fl_unit;
typedef enum fl_side { FL_SIDE_ABOVE, FL_SIDE_BELOW, FL_SIDE_FACT } fl_side;

typedef struct fl_finding_kind {
	const char *code;
	fl_section section;
	fl_unit unit;
	fl_side side;
	double limit;
	bool act; /* beyond the limit a person is needed */
	const char *what, *advice;
} fl_finding_kind;

extern const fl_finding_kind fl_finding_kinds[FL_FINDING_KINDS];
extern const char *const fl_section_titles[FL_SECTION_COUNT];

#endif
