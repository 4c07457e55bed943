/* db: how to run SQL as this caller, in batches, in transactions; migrations; the private PostgreSQL.
 *
 *	static const fl_sql VEHICLES = { "vehicles_by_id", "SELECT id, name FROM vehicles WHERE id = ANY($1)", .generic = true };
 *
 *	fl_args args = fl_args_make(ctx->mem);
 *	const fl_rows *rows;
 *	fl_arg_i32s(&args, ids, count);
 *	FL_TRY(await_query(ctx, db, &VEHICLES, &args, &rows));
 *	for (int i = 0; i < rows->count; i++)
 *		add(fl_row_i32(rows, i, 0), fl_row_text(rows, i, 1));
 *
 * A loop has a pool of connections (fl_db). All queries that the coroutines of one company issue in one turn of the loop
 * form a wave: [tenant setting, query, query, ..., Sync], one implicit transaction, one write, one round trip. Row
 * security confines it to ctx->caller.tenant_id; waves of different companies are never merged. Many waves are in flight
 * on a connection. When one query of a wave fails, only its caller gets the error: the others were only reading, and
 * those that the failure cut off run again. A statement marked .write has a transaction (and a round trip) of its own and
 * is acknowledged after its commit.
 *
 *	turn of the loop      connection                                PostgreSQL
 *	co A: query 1 --.
 *	co B: query 2 ---+--> tenant 7: set, 1, 2, Sync  ------------->  begin; set; 1; 2; commit
 *	co C: query 3 -----> tenant 9: set, 3, Sync      ------------->  begin; set; 3; commit
 *
 * Tenant 0 (nobody, the system) sets no tenant: the roles see no company's rows then, except where the worker may.
 * Errors: FL_UNAVAILABLE (PostgreSQL is away, or the connection broke: the outcome of a write is then unknown),
 * FL_BUSY (too much waits), FL_DUPLICATE, FL_CONFLICT (foreign key, exclusion), FL_BAD_INPUT (check, range, bad value),
 * FL_DB_RETRY (serialization, deadlock, lock timeout), FL_TIMEOUT (statement timeout, deadline), FL_CANCELLED,
 * FL_FORBIDDEN (row security), FL_DB (anything else: a bug). ctx->diag never holds SQL; the log does.
 * Replicas: see fl_db_view. Without one, everything is asked of the primary.
 * Threads: an fl_db belongs to its loop. Rows and arguments live in ctx->mem. */
#ifndef FL_DB_H
#define FL_DB_H

#include "io/io.h"

/* ---- Statements and their arguments ---- */

/* A statement; static and constant, because a connection remembers by its address what it has prepared.
 * Parameters are $1..$n in the order of the fl_arg_ calls, always with the same types for one statement. */
typedef struct fl_sql {
	const char *name; /* unique; shown in logs */
	const char *text; /* one statement; tables of schema fleet need no prefix */
	bool generic;     /* plan once: for lookups by key. Otherwise planned for the values: right for skewed filters */
	bool write;       /* changes something: never shares a transaction, never runs twice */
} fl_sql;

enum { FL_ARGS_MAX = 48, FL_ARG_KEYS_MAX = 20000 };

/* Arguments in PostgreSQL's binary form. Errors stick (FL_NOMEM, FL_TOO_LARGE) and are reported by the query. */
typedef struct fl_args {
	fl_arena *mem;
	fl_err err;
	int count;
	uint32_t types[FL_ARGS_MAX];
	const char *values[FL_ARGS_MAX]; /* NULL: SQL NULL */
	int lengths[FL_ARGS_MAX];
} fl_args;

static inline fl_args fl_args_make(fl_arena *mem)
{
	fl_args args;

	args.mem = mem;
	args.err = FL_OK;
	args.count = 0;
	return args;
}

typedef enum fl_db_type {
	FL_DB_BOOL = 16, FL_DB_BYTEA = 17, FL_DB_I64 = 20, FL_DB_I16 = 21, FL_DB_I32 = 23, FL_DB_TEXT = 25, FL_DB_F4 = 700, FL_DB_F8 = 701,
	FL_DB_TIME = 1184, FL_DB_UUID = 2950, FL_DB_JSONB = 3802, FL_DB_XID8 = 5069,
	FL_DB_I16S = 1005, FL_DB_I32S = 1007, FL_DB_TEXTS = 1009, FL_DB_I64S = 1016, FL_DB_BYTEAS = 1001, FL_DB_UUIDS = 2951,
} fl_db_type;

void fl_arg_null(fl_args *args, fl_db_type type);
void fl_arg_bool(fl_args *args, bool v);
void fl_arg_i16(fl_args *args, int16_t v);   /* smallint: every code */
void fl_arg_i32(fl_args *args, int32_t v);
void fl_arg_i64(fl_args *args, int64_t v);
void fl_arg_f4(fl_args *args, float v);
void fl_arg_f8(fl_args *args, double v);
void fl_arg_time(fl_args *args, int64_t time_us); /* timestamptz; FL_NEVER: NULL */
void fl_arg_uuid(fl_args *args, fl_uuid v);
void fl_arg_text(fl_args *args, fl_str v);   /* ptr NULL: NULL. Not copied: must live until the query returns */
void fl_arg_bytes(fl_args *args, fl_str v);  /* bytea; ptr NULL: NULL. Not copied */
void fl_arg_jsonb(fl_args *args, fl_str v);  /* ptr NULL: NULL */
void fl_arg_xid(fl_args *args, uint64_t v);
/* Arrays; v NULL: NULL, count 0: empty. A client decides how many keys a nested list needs, so more than FL_ARG_KEYS_MAX is an
 * error of that query (FL_TOO_LARGE), not a mistake of ours. */
void fl_arg_i16s(fl_args *args, const int16_t *v, size_t count);
void fl_arg_i32s(fl_args *args, const int32_t *v, size_t count);
void fl_arg_i64s(fl_args *args, const int64_t *v, size_t count);
void fl_arg_uuids(fl_args *args, const fl_uuid *v, size_t count);
void fl_arg_texts(fl_args *args, const fl_str *v, size_t count);
void fl_arg_byteas(fl_args *args, const fl_str *v, size_t count);

/* ---- Rows ---- */

/* A result; lives in the mem of the query's ctx. Texts and bytes point into it. */
typedef struct fl_rows {
	int count;        /* rows returned */
	int columns;
	int64_t affected; /* rows inserted, updated, deleted or returned */
	void *result;     /* private */
} fl_rows;

bool fl_row_null(const fl_rows *rows, int row, int column);
/* NULL reads as 0, false, empty (ptr NULL). The column's type must be the one named: anything else is an assert. */
bool fl_row_bool(const fl_rows *rows, int row, int column);
int16_t fl_row_i16(const fl_rows *rows, int row, int column);
int32_t fl_row_i32(const fl_rows *rows, int row, int column);
int64_t fl_row_i64(const fl_rows *rows, int row, int column);      /* any integer type */
float fl_row_f4(const fl_rows *rows, int row, int column);
double fl_row_f8(const fl_rows *rows, int row, int column);        /* any float type */
/* A geography(Point) selected as it is, which is much cheaper than asking for its ordinates. False: NULL, or no such point. */
bool fl_row_place(const fl_rows *rows, int row, int column, double *longitude, double *latitude);
int64_t fl_row_time(const fl_rows *rows, int row, int column);     /* NULL reads as FL_NEVER */
int64_t fl_row_time_or_0(const fl_rows *rows, int row, int column); /* NULL reads as 0: not yet, not said */
fl_uuid fl_row_uuid(const fl_rows *rows, int row, int column);
fl_str fl_row_text(const fl_rows *rows, int row, int column);
fl_str fl_row_bytes(const fl_rows *rows, int row, int column);
fl_str fl_row_jsonb(const fl_rows *rows, int row, int column);     /* the JSON text */
uint64_t fl_row_xid(const fl_rows *rows, int row, int column);
/* Elements of an array into mem; *count 0 and NULL for NULL or empty. NULL elements read as 0 or empty. */
FL_MUST fl_err fl_row_i32s(const fl_rows *rows, int row, int column, fl_arena *mem, int32_t **out, size_t *count);
FL_MUST fl_err fl_row_uuids(const fl_rows *rows, int row, int column, fl_arena *mem, fl_uuid **out, size_t *count);
FL_MUST fl_err fl_row_texts(const fl_rows *rows, int row, int column, fl_arena *mem, fl_str **out, size_t *count);
/* Gives a large result back before its arena ends. */
void fl_rows_free(const fl_rows *rows);

/* ---- The pool ---- */

typedef struct fl_db fl_db;

enum { FL_DB_REPLICAS_MAX = 16 };

typedef struct fl_db_opts {
	const char *url;             /* libpq: URL or key=value; of several hosts the one that takes writes is used */
	const char *role;            /* SET ROLE after connecting: "fleet_app", "fleet_worker"; NULL: stay who logged in */
	const char *name;            /* application_name, in pg_stat_activity and our log */
	int connections;             /* 0: 4. One at least stays free of explicit transactions */
	int waves_max;               /* 0: 64. Waves in flight on one connection; beyond, FL_BUSY */
	int transactions_max;        /* 0: 256. Explicit transactions that may wait for a connection; beyond, FL_BUSY */
	int64_t statement_timeout_us;/* 0: 10 s */
	int64_t slow_us;             /* 0: 250 ms. Slower statements are logged: name, time, operation, company, request; never values */
	/* Runs on a fresh connection before its first use, so that no request pays for the first plan (36 ms with many months). */
	const char *const *warm;     /* NULL-terminated SQL texts; NULL: fl_db_warm */
	/* Called after each statement, with ctx of the caller (NULL when it left): counters, traces. rows: returned or changed. */
	void (*on_statement)(void *arg, fl_ctx *ctx, const fl_sql *sql, int64_t took_us, int64_t rows, fl_err err);
	void *arg;
	const char *const *replicas; /* their URLs; a pool of its own for each. NULL: none */
	int replica_count;           /* at most FL_DB_REPLICAS_MAX */
	int64_t replica_lag_us;      /* 0: 2 s. A replica that is not known to have all that was committed so long ago is not asked */
	/* Called in the asker's coroutine: the caller of ctx has now been shown the state at lsn, or has written it (then it may
	 * wait). Only with replicas, and only for those who have a view. NULL: nobody keeps it. */
	void (*on_mark)(void *arg, fl_ctx *ctx, uint64_t lsn, bool written);
	struct fl_replica *self;     /* private: of a replica's own pool */
} fl_db_opts;

extern const char *const fl_db_warm[];

/* Starts connecting in the background, and keeps at it with pauses of 50 ms to 5 s. */
FL_MUST fl_err fl_db_open(fl_loop *loop, const fl_db_opts *opts, fl_db **out);
/* Waits until one connection is up; FL_TIMEOUT with the reason in ctx->diag. */
FL_MUST fl_err await_db_ready(fl_ctx *ctx, fl_db *db);
bool fl_db_up(const fl_db *db);
/* Ends every query with FL_CLOSED, then waits (up to 30 s) until the connecting coroutine has ended and every transaction
 * was let go. NULL is fine. */
void await_db_close(fl_ctx *ctx, fl_db *db);

/* One query; parts of one wave with whatever else this turn asks. rows may be NULL. On failure *rows is untouched. */
FL_MUST fl_err await_query(fl_ctx *ctx, fl_db *db, const fl_sql *sql, const fl_args *args, const fl_rows **rows);

/* Several statements in one implicit transaction and one round trip, all or nothing: the cheapest way to write. */
typedef struct fl_stmt {
	const fl_sql *sql;
	const fl_args *args;    /* NULL: none */
	const fl_rows **rows;   /* may be NULL */
} fl_stmt;
FL_MUST fl_err await_statements(fl_ctx *ctx, fl_db *db, const fl_stmt *stmts, int count);

/* What the server said about the latest failed query of this ctx's coroutine; constraint names which one was hurt. */
typedef struct fl_db_error {
	char sqlstate[6];
	char constraint[64];
} fl_db_error;
fl_db_error fl_db_last_error(const fl_db *db);

/* ---- Explicit transactions: when a decision in C stands between two statements ---- */

/*	FL_AUTO_TX fl_tx tx = {};
 *	FL_TRY(await_begin(ctx, db, &tx));
 *	FL_TRY(await_tx_query(ctx, &tx, &SQL, &args, &rows));
 *	return await_commit(ctx, &tx);            // any way out before it rolls back, without waiting
 *
 * It has a connection of its own. BEGIN travels with the first statement. After a failure only rolling back helps. */
typedef struct fl_tx {
	fl_db *db;
	struct fl_db_conn *conn;
	int32_t tenant_id;
	bool begun, failed, generic;
	uint64_t serial;
} fl_tx;

FL_MUST fl_err await_begin(fl_ctx *ctx, fl_db *db, fl_tx *tx);
FL_MUST fl_err await_tx_query(fl_ctx *ctx, fl_tx *tx, const fl_sql *sql, const fl_args *args, const fl_rows **rows);
FL_MUST fl_err await_tx_statements(fl_ctx *ctx, fl_tx *tx, const fl_stmt *stmts, int count); /* one round trip */
FL_MUST fl_err await_commit(fl_ctx *ctx, fl_tx *tx);
/* Statements and COMMIT in one round trip. */
FL_MUST fl_err await_commit_with(fl_ctx *ctx, fl_tx *tx, const fl_stmt *stmts, int count);
void fl_tx_end(fl_tx *tx); /* rolls back what is not committed; never waits; may be called twice */
static inline void fl_tx_end_auto(fl_tx *tx)
{
	fl_tx_end(tx);
}
#define FL_AUTO_TX __attribute__((cleanup(fl_tx_end_auto)))

/* Runs fn in a transaction and commits; again, up to 4 times with growing pauses, when it collided (FL_DB_RETRY). fn must
 * bear running twice. */
FL_MUST fl_err await_transaction(fl_ctx *ctx, fl_db *db, fl_err (*fn)(fl_ctx *ctx, fl_tx *tx, void *arg), void *arg);

/* ---- Replicas: how new must it be? ---- */

/* Hangs on ctx->view for whom what is asked may be answered by a replica, and lives as long as ctx and its children.
 *
 *	fl_db_view view = { .floor = what_the_caller_has_seen, .replicas = true };
 *	ctx->view = &view;
 *
 * A replica answers only when it has replayed floor, which it says before it runs the query, and lags by no more than the limit. All reads of a view go to the same
 * replica, so that one answer shows one state; when that one fails, or there is none, to the primary, and from then on
 * always there. So do writes, transactions and await_statements, and everything after the first commit. Failures of a
 * replica are never seen: the query runs again on the primary. */
typedef struct fl_db_view {
	uint64_t floor;            /* LSN; raised by what is seen and written */
	uint64_t told;             /* what on_mark was told, or knew before: not the floor, which may be a client's word */
	uint64_t written;          /* of the latest commit; 0: none */
	bool replicas;             /* may be asked */
	bool primary;              /* was asked: nothing older from here */
	struct fl_replica *pin;    /* private */
} fl_db_view;

#define FL_LSN_UNKNOWN UINT64_MAX /* a commit of which nobody knows how far it went: newer than every replica */
enum { FL_LSN_TEXT = 17 };
/* As PostgreSQL writes it, "16/B374D848"; out[FL_LSN_TEXT + 1]. */
void fl_lsn_format(uint64_t lsn, char out[FL_LSN_TEXT + 1]);
bool fl_lsn_parse(fl_str text, uint64_t *out); /* false: it is none; *out is then untouched */
/* SQL: up to where everything that is acknowledged lies in the log, as bigint; on a replica, what it has replayed. */
#define FL_LSN_SQL                                                                                                     \
	"pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"                                  \
	" WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()"                         \
	" ELSE pg_current_wal_flush_lsn() END, '0/0')::bigint"

#define FL_REPLICA_STATES(X)                                                                                           \
	X(AWAY, "away")           /* no connection */                                                                  \
	X(FOREIGN, "foreign")     /* of another cluster */                                                             \
	X(PROMOTED, "promoted")   /* takes writes of its own: no replica any more */                                   \
	X(ASTRAY, "astray")       /* follows another timeline than the primary, or has not said that it follows this one */ \
	X(LAGGING, "lagging")                                                                                          \
	X(PROVING, "proving")     /* good, but not three times in a row yet */                                         \
	X(GOOD, "good")
typedef enum fl_replica_state {
#define FL_REPLICA_ENUM(name, word) FL_REPLICA_##name,
	FL_REPLICA_STATES(FL_REPLICA_ENUM)
#undef FL_REPLICA_ENUM
} fl_replica_state;
const char *fl_replica_word(fl_replica_state state);

typedef struct fl_replica_stats { /* each a number of 64 bits */
	uint64_t state;
	uint64_t reads;          /* queries that it was asked */
	uint64_t failed, behind; /* of those, asked again of the primary: it failed; it had not come so far */
	uint64_t lag_bytes;      /* behind the primary, as last seen */
	uint64_t fresh_us;       /* fl_mono_us up to which it has everything; 0: not known */
} fl_replica_stats;

/* From any thread. index: from 0 to fl_db_replica_count. */
int fl_db_replica_count(const fl_db *db);
fl_replica_stats fl_db_replica_statistics(const fl_db *db, int index);
uint64_t fl_db_reads_of_primary(const fl_db *db); /* queries that a replica might have answered */
/* Whether any replica may be asked at present. */
bool fl_db_has_good_replica(const fl_db *db);
/* "primary", or "replica 1": where a statement of ctx goes now; for traces. */
const char *fl_db_target(const fl_ctx *ctx, const fl_sql *sql);

/* What a server says of itself; for the command line. */
typedef struct fl_pg_standing {
	bool replica;
	uint64_t lsn;
	int64_t system;
	int32_t timeline;
	int64_t replayed_age_us; /* since the latest replayed transaction; 0 on a primary. Grows while nothing is written */
} fl_pg_standing;

/* ---- Counters ---- */

typedef struct fl_db_stats {
	uint64_t statements, waves, transactions; /* a wave is one Sync; BEGIN, COMMIT and settings are no statements */
	uint64_t errors, retried, slow;           /* retried: ran again because a sibling failed */
	uint64_t connects, lost;
	int up, connections, in_flight, waiting;
} fl_db_stats;
fl_db_stats fl_db_statistics(const fl_db *db);

/* ---- Plain blocking access, for the command line and tests; never on a loop ---- */

typedef struct fl_pg fl_pg;

/* diag: why not, in words for the operator. */
FL_MUST fl_err fl_pg_open(const char *url, fl_diag *diag, fl_pg **out);
void fl_pg_close(fl_pg *pg); /* NULL is fine */
FL_AUTO_DEFINE(fl_pg, fl_pg_close)
/* One or more statements without arguments; the last value of the last row, when text is not NULL, into mem. */
FL_MUST fl_err fl_pg_exec(fl_pg *pg, const char *sql, fl_diag *diag);
FL_MUST fl_err fl_pg_value(fl_pg *pg, const char *sql, fl_arena *mem, fl_str *text, fl_diag *diag);
FL_MUST fl_err fl_pg_query(fl_pg *pg, const char *sql, const fl_args *args, fl_arena *mem, const fl_rows **rows, fl_diag *diag);
/* COPY ... FROM STDIN (FORMAT binary): start, any number of pieces, end. */
FL_MUST fl_err fl_pg_copy_start(fl_pg *pg, const char *sql, fl_diag *diag);
FL_MUST fl_err fl_pg_copy_data(fl_pg *pg, fl_str bytes, fl_diag *diag);
FL_MUST fl_err fl_pg_copy_end(fl_pg *pg, fl_diag *diag); /* *rows copied is lost on failure */

FL_MUST fl_err fl_pg_stand(fl_pg *pg, fl_arena *mem, fl_pg_standing *out, fl_diag *diag);

/* ---- Migrations ---- */

typedef struct fl_migrate_report {
	int applied;      /* files applied now */
	int version;      /* newest version in the database */
	int months_made;  /* partitions made ahead */
	bool leakproof;   /* false: index operators could not be marked (no superuser): search and geo are slower */
} fl_migrate_report;

typedef struct fl_migrate_opts {
	const char *url;
	const char *folder;   /* read *.sql here instead of the embedded ones (tests) */
	int upto;             /* 0: all; else stop after this version (tests) */
	void (*say)(void *arg, const char *line); /* one line a step; may be NULL */
	void *arg;
} fl_migrate_opts;

/* Brings the database to the newest version: missing files in order, each in a transaction, under a lock that lets one
 * process at a time do it. Re-runnable. Creates nothing outside the database but two roles.
 * FL_CONFLICT: an applied file was changed, or the database is newer than this program. diag says which. */
FL_MUST fl_err fl_migrate(const fl_migrate_opts *opts, fl_diag *diag, fl_migrate_report *report);

/* ---- The private PostgreSQL ---- */

typedef struct fl_pg_server fl_pg_server;

/* A path would not do: the user that PostgreSQL runs as may not be able to walk to where the program lies. */
#define FL_PG_PROGRAM "/proc/self/fd/9"
enum { FL_PG_PROGRAM_FD = 9 };

typedef struct fl_pg_server_opts {
	const char *data;      /* the cluster's folder, as in .fleet/pg; made when missing */
	const char *run;       /* an existing folder for the socket; 0700, ours. At most 90 bytes */
	const char *user;      /* NULL: who we are. As root this must name an unprivileged user that owns data and run */
	const char *log;       /* file for the server's output; NULL: data/../postgres.log */
	int connections_max;   /* 0: 100 */
	bool fast_and_loose;   /* no fsync: throw-away clusters of tests only */
	const char *archive_command; /* PostgreSQL's own; NULL: no log is kept for backups */
	int program_fd;        /* this program, open for reading: shell commands that PostgreSQL runs call it FL_PG_PROGRAM. 0: none */
	void (*say)(void *arg, const char *line);
	void *arg;
} fl_pg_server_opts;

/* Blocking: makes the cluster when there is none, clears what a crash left, starts the server as a child that gets SIGINT
 * (fast shutdown) when this thread ends, waits until it answers and makes database "fleet".
 * Errors with a sentence in diag: FL_NOT_FOUND (no PostgreSQL 15 binaries), FL_DISK_FULL, FL_DENIED (wrong owner or mode),
 * FL_IN_USE (another live server holds the folder), FL_UNAVAILABLE (it did not come up; the last log line is quoted). */
FL_MUST fl_err fl_pg_server_start(const fl_pg_server_opts *opts, fl_diag *diag, fl_pg_server **out);
const char *fl_pg_server_url(const fl_pg_server *s); /* of its superuser, database fleet */
pid_t fl_pg_server_pid(const fl_pg_server *s);
/* False once it has ended; never blocks. Start again by stop and start. */
bool fl_pg_server_alive(fl_pg_server *s);
/* Fast shutdown, waits up to timeout_us, then harder. Frees. NULL is fine. */
void fl_pg_server_stop(fl_pg_server *s, int64_t timeout_us);
/* The folder of the PostgreSQL 15 programs, or NULL. */
const char *fl_pg_bindir(void);

#endif
