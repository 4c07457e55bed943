/* The configuration: one table gives each option its environment name, flag, default, bounds and help.
 * A flag wins over the environment, the environment over the default. `fleet config` prints it all. */
#ifndef FL_APP_CONFIG_H
#define FL_APP_CONFIG_H

#include "base/base.h"

/* TEXT(field, environment, flag, default, value, help)
 * NUMBER(field, environment, flag, default, least, most, value, help) */
#define APP_CONFIG(TEXT, NUMBER)                                                                                                \
	TEXT(home, "FLEET_HOME", "--home", ".fleet", "DIR", "where all data is kept; the default is beside ./fleet")            \
	TEXT(host, "FLEET_HOST", "--host", "127.0.0.1", "ADDRESS", "address to listen on; 0.0.0.0 lets other machines in")      \
	NUMBER(port, "FLEET_PORT", "--port", 8080, 0, 65535, "N", "port to serve on; 0 takes any free one")                     \
	TEXT(public_url, "FLEET_PUBLIC_URL", "--public-url", "", "URL", "how people reach this server; the default is http://localhost:PORT") \
	TEXT(pg_url, "FLEET_PG_URL", "--pg-url", "", "URL", "a PostgreSQL 15 to use; empty: a private one is started")          \
	TEXT(pg_replicas, "FLEET_PG_REPLICAS", "--pg-replicas", "", "URLS", "streaming replicas of it that may answer queries, separated by commas (docs/operate/replicas.md)") \
	NUMBER(replica_lag_ms, "FLEET_REPLICA_LAG_MS", "--replica-lag-ms", 2000, 200, 30000, "MS", "how late a replica may be and still be asked") \
	TEXT(redis_url, "FLEET_REDIS_URL", "--redis-url", "", "URL", "a Redis 7 to use; empty: a private one is started")       \
	NUMBER(threads, "FLEET_THREADS", "--threads", 0, 0, 256, "N", "event loops of a server; 0: one a core")                 \
	NUMBER(db_connections, "FLEET_DB_CONNECTIONS", "--db-connections", 4, 1, 64, "N", "PostgreSQL connections of each loop") \
	NUMBER(photo_workers, "FLEET_PHOTO_WORKERS", "--photo-workers", 2, 1, 16, "N", "child processes of each loop that look at photos") \
	NUMBER(jobs, "FLEET_JOBS", "--jobs", 2, 1, 64, "N", "assessments that one `fleet work` makes at a time")                \
	NUMBER(connections_max, "FLEET_CONNECTIONS_MAX", "--connections-max", 16384, 16, 1000000, "N", "open connections of each loop") \
	NUMBER(in_flight_max, "FLEET_IN_FLIGHT_MAX", "--in-flight-max", 2048, 1, 100000, "N", "requests of each loop at one time; more are asked to come back") \
	NUMBER(connections_per_ip, "FLEET_CONNECTIONS_PER_IP", "--connections-per-ip", 1024, 1, 1000000, "N", "connections of one address to each loop") \
	TEXT(documents, "FLEET_DOCUMENTS", "--documents", "any", "WHICH", "GraphQL documents that are run: any, or trusted (registered by `fleet documents add`)") \
	NUMBER(automatic_documents, "FLEET_AUTOMATIC_DOCUMENTS", "--automatic-documents", 1, 0, 1, "0|1", "whether clients may register documents by their SHA-256 (automatic persisted queries)") \
	NUMBER(batch_max, "FLEET_BATCH_MAX", "--batch-max", 10, 1, 1000, "N", "GraphQL requests that one HTTP request may hold in a JSON array") \
	NUMBER(cost_driver, "FLEET_COST_DRIVER", "--cost-driver", 5000, 1, 1000000000, "N", "what one GraphQL request of a driver may cost (docs/graphql-limits.md)") \
	NUMBER(cost_manager, "FLEET_COST_MANAGER", "--cost-manager", 20000, 1, 1000000000, "N", "the same of a manager")        \
	NUMBER(cost_auditor, "FLEET_COST_AUDITOR", "--cost-auditor", 20000, 1, 1000000000, "N", "the same of an auditor")       \
	NUMBER(cost_admin, "FLEET_COST_ADMIN", "--cost-admin", 1000000, 1, 1000000000, "N", "the same of an administrator")     \
	NUMBER(cost_anonymous, "FLEET_COST_ANONYMOUS", "--cost-anonymous", 500, 1, 1000000000, "N", "the same of somebody who is not logged in") \
	NUMBER(slow_ms, "FLEET_SLOW_MS", "--slow-ms", 250, 0, 600000, "MS", "SQL statements that take longer are logged with the GraphQL operation they serve; 0: all") \
	NUMBER(keep_months, "FLEET_KEEP_MONTHS", "--keep-months", 0, 0, 1200, "N", "whole months of reports that are kept; older ones are dropped. 0: all") \
	NUMBER(statement_timeout_ms, "FLEET_STATEMENT_TIMEOUT_MS", "--statement-timeout-ms", 10000, 10, 600000, "MS", "longest time of one SQL statement") \
	NUMBER(keep_alive_s, "FLEET_KEEP_ALIVE_S", "--keep-alive-s", 25, 1, 3600, "S", "between signs of life on quiet WebSockets and event streams") \
	NUMBER(drain_s, "FLEET_DRAIN_S", "--drain-s", 10, 0, 3600, "S", "how long requests in flight may take once the server stops") \
	NUMBER(seed_reports, "FLEET_SEED_REPORTS", "--seed-reports", 2000, 0, 100000000, "N", "reports of the demo company that `up` makes in an empty database") \
	NUMBER(demo_photos, "FLEET_DEMO_PHOTOS", "--demo-photos", 10, 0, 100, "N", "reports with drawn photos that a first `up` files for the demo company") \
	TEXT(outbound_allow, "FLEET_OUTBOUND_ALLOW", "--outbound-allow", "", "LIST", "addresses inside that webhooks may reach, as in 10.1.2.3:443,127.0.0.1:9000") \
	TEXT(mail_url, "FLEET_MAIL_URL", "--mail-url", "", "URL", "the mail server for alerts, as in smtp://host:25 or smtps://user:password@host; empty: no mail") \
	TEXT(mail_from, "FLEET_MAIL_FROM", "--mail-from", "", "ADDRESS", "whom alerts come from") \
	TEXT(backup_dir, "FLEET_BACKUP_DIR", "--backup-dir", "", "DIR", "where `fleet backup` keeps backups; empty: HOME/backup. Another disk is better") \
	TEXT(maintain, "FLEET_MAINTAIN", "--maintain", "on", "on|off", "whether `fleet work` does by itself what `fleet maintain` does") \
	NUMBER(maintain_hour, "FLEET_MAINTAIN_HOUR", "--maintain-hour", 3, 0, 23, "N", "from which hour of the day, UTC, it does") \
	NUMBER(maintain_look_s, "FLEET_MAINTAIN_LOOK_S", "--maintain-look-s", 600, 1, 86400, "S", "between looks whether some is due") \
	TEXT(operator_mail, "FLEET_OPERATOR_MAIL", "--operator-mail", "", "ADDRESS", "who gets the reports that need a person; empty: nobody") \
	TEXT(storage_price, "FLEET_STORAGE_PRICE", "--storage-price", "", "PRICE", "of a GB of storage a month, as in 0.10, for the monthly report; empty: sizes only") \
	TEXT(pg_admin_url, "FLEET_PG_ADMIN_URL", "--pg-admin-url", "", "URL", "the database as the owner of its tables, for `fleet maintain`; empty: FLEET_PG_URL") \
	TEXT(otlp_url, "FLEET_OTLP_URL", "--otlp-url", "", "URL", "collector that gets traces by OTLP over HTTP, as in http://localhost:4318; empty: no traces") \
	NUMBER(trace_percent, "FLEET_TRACE_PERCENT", "--trace-percent", 100, 0, 100, "N", "of requests that are traced when they do not say") \
	TEXT(log_level, "FLEET_LOG_LEVEL", "--log-level", "info", "LEVEL", "debug, info, warn or error")

typedef enum app_source { APP_FROM_DEFAULT, APP_FROM_ENVIRONMENT, APP_FROM_FLAG } app_source;

enum {
#define APP_CONFIG_TEXT(field, env, flag, otherwise, value, help) APP_CONFIG_ROW_##field,
#define APP_CONFIG_NUMBER(field, env, flag, otherwise, least, most, value, help) APP_CONFIG_ROW_##field,
	APP_CONFIG(APP_CONFIG_TEXT, APP_CONFIG_NUMBER)
#undef APP_CONFIG_TEXT
#undef APP_CONFIG_NUMBER
	APP_CONFIG_ROWS
};

typedef struct app_config {
#define APP_CONFIG_TEXT(field, env, flag, otherwise, value, help) const char *field;
#define APP_CONFIG_NUMBER(field, env, flag, otherwise, least, most, value, help) int64_t field;
	APP_CONFIG(APP_CONFIG_TEXT, APP_CONFIG_NUMBER)
#undef APP_CONFIG_TEXT
#undef APP_CONFIG_NUMBER
	app_source from[APP_CONFIG_ROWS]; /* where each value is from, in the order of app_config_rows */
} app_config;

typedef struct app_config_row {
	const char *field, *env, *flag, *otherwise, *value, *help;
	bool is_number;
	int64_t number, least, most; /* number: the default */
	size_t offset;               /* in app_config */
} app_config_row;

extern const app_config_row app_config_rows[APP_CONFIG_ROWS];

/* Defaults, then the environment. diag names what is wrong there. */
FL_MUST fl_err app_config_init(app_config *config, fl_diag *diag);
/* One flag; FL_NOT_FOUND when there is none of that name. value is borrowed. */
FL_MUST fl_err app_config_set(app_config *config, const char *flag, const char *value, fl_diag *diag);
const app_config_row *app_config_find(const char *flag); /* NULL when there is none */
/* As text; app_config_show leaves passwords out: those within URLs show as ***. */
void app_config_value(const app_config *config, const app_config_row *row, fl_buf *out);
void app_config_show(const app_config *config, const app_config_row *row, fl_buf *out);

#endif
