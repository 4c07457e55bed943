/* Connections: made on the pool of threads (DNS, TLS and the server's greeting block), used by the loop. */
#include "db/db_int.h"

const char *const fl_db_warm[] = {
	/* The first plan over the partitioned tables loads their whole catalogue entries: 12 to 36 ms. */
	"SELECT r.id FROM fleet.damage_reports r LEFT JOIN fleet.vehicles v USING (tenant_id) WHERE r.id > fleet.uuid7_floor(now() - interval '1 hour') LIMIT 1",
	"SELECT p.report_id, a.id FROM fleet.damage_photos p LEFT JOIN fleet.assessments a USING (tenant_id, report_id) "
	"WHERE p.report_id > fleet.uuid7_floor(now() - interval '1 hour') LIMIT 1",
	NULL,
};

/* A connection plans once unless it is told otherwise: most waves then set nothing but the company. */
static const char *const settings[][2] = {
	{ "fl_set", "SELECT set_config('app.tenant_id', $1, true)" },
	{ "fl_set_custom", "SELECT set_config('app.tenant_id', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true)" },
	{ "fl_plan", "SELECT set_config('plan_cache_mode', $1, true)" },
};

static void quiet(void *arg, const PGresult *result)
{
	fl_debug("db: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

static bool run(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(r);

	PQclear(r);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool prepare(PGconn *pg, const char *name, const char *sql, int count)
{
	const Oid text = 25;
	PGresult *r = PQprepare(pg, name, sql, count, &text);
	ExecStatusType status = PQresultStatus(r);

	PQclear(r);
	return status == PGRES_COMMAND_OK;
}

static bool set_up(PGconn *pg, const fl_db *db)
{
	char sql[600];
	char *role = db->role ? PQescapeIdentifier(pg, db->role, strlen(db->role)) : NULL;
	bool ok;

	/* SET, not start-up options: poolers in between refuse those. */
	snprintf(sql, sizeof sql,
	         "SET statement_timeout = %lld; SET lock_timeout = 2000; SET idle_in_transaction_session_timeout = 30000; "
	         "SET search_path = fleet, public; SET timezone = 'UTC'; SET plan_cache_mode = force_generic_plan; SET jit = off; "
	         "SET constraint_exclusion = off; " /* partitions are pruned by their bounds; reading their CHECKs costs each plan 30 us */
	         "SET max_parallel_workers_per_gather = 0; %s%s",
	         (long long)(db->opts.statement_timeout_us / 1000), role ? "SET ROLE " : "", role ? role : "");
	PQfreemem(role);
	ok = run(pg, sql);
	for (size_t i = 0; ok && i < FL_COUNT(settings); i++)
		ok = prepare(pg, settings[i][0], settings[i][1], 1);
	if (ok && fl_db_marks(db))
		ok = prepare(pg, "fl_seen", "SELECT " FL_LSN_SQL, 0);
	if (ok && db->opts.self) /* one that was promoted has no state of the primary's */
		ok = prepare(pg, "fl_before", "SELECT CASE WHEN pg_is_in_recovery() THEN " FL_LSN_SQL " ELSE 0 END", 0);
	for (const char *const *w = db->opts.warm; ok && w && *w; w++)
		if (!run(pg, *w))
			fl_debug("db: warming up: %s", PQerrorMessage(pg)); /* as before the first migration */
	return ok;
}

fl_err fl_conn_open(void *arg)
{
	fl_conn_opening *o = arg;
	const char *keys[] = { "dbname", "application_name", "connect_timeout", "client_encoding", "keepalives_idle", "tcp_user_timeout",
		"target_session_attrs", NULL };
	/* One that hangs must not hold a thread of the pool for long; of a replica there are others. */
	const char *values[] = { o->db->url, o->db->name, o->db->opts.self ? "2" : "5", "UTF8", "30", "15000", o->db->opts.self ? "any" : fl_pg_attrs(o->db->url), NULL };
	PGconn *pg = PQconnectdbParams(keys, values, 1);

	if (pg)
		PQsetNoticeReceiver(pg, quiet, NULL);
	if (PQstatus(pg) != CONNECTION_OK || !set_up(pg, o->db) || !PQenterPipelineMode(pg) || PQsetnonblocking(pg, 1) != 0) {
		fl_str why = fl_str_trim(fl_str_z(PQerrorMessage(pg)));
		snprintf(o->why, sizeof o->why, "%" FL_FMT, FL_ARG(why));
		PQfinish(pg);
		return FL_UNAVAILABLE;
	}
	o->pg = pg;
	return FL_OK;
}

fl_err fl_conn_attach(fl_db_conn *c, PGconn *pg)
{
	FL_TRY(fl_poll_open(c->db->loop, PQsocket(pg), &c->poll));
	c->pg = pg;
	c->events = 0;
	c->in_step = false;
	c->prepared_count = 0;
	if (c->prepared)
		memset(c->prepared, 0, c->prepared_cap * sizeof *c->prepared);
	c->db->stats.connects++;
	c->db->stats.up++;
	if (c->db->replicas)
		fl_replicas_doubt(c->db);
	fl_conn_read(c); /* starts watching */
	return FL_OK;
}

void fl_conn_lost(fl_db_conn *c, const char *why)
{
	fl_db *db = c->db;
	fl_db_unit *u = c->first, *next;
	fl_str reason = fl_str_trim(fl_str_z(why));

	if (!c->pg)
		return;
	if (!db->closing)
		fl_warn("db: %s: connection lost: %" FL_FMT, db->name, FL_ARG(reason));
	fl_poll_close(c->poll);
	PQfinish(c->pg);
	c->pg = NULL;
	c->poll = NULL;
	c->first = c->last = NULL;
	c->in_flight = 0;
	db->stats.lost++;
	db->stats.up--;
	if (db->opts.self)
		fl_replica_lost(db->opts.self);
	for (; u; u = next) {
		next = u->next;
		if (u->err == FL_OK || u->owner) {
			u->err = db->closing ? FL_CLOSED : FL_UNAVAILABLE;
			memcpy(u->error.sqlstate, "08006", 6);
		}
		fl_unit_finish(db, u);
	}
	fl_db_wake_keeper(db);
}

fl_db_conn *fl_conn_pick(fl_db *db)
{
	fl_db_conn *best = NULL;

	for (int i = 0; i < db->count; i++) {
		fl_db_conn *c = &db->conns[i];
		if (c->pg && c->tx_serial == 0 && c->in_flight < db->opts.waves_max && (!best || c->in_flight < best->in_flight))
			best = c;
	}
	return best;
}
