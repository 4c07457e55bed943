/* Coroutines that ask the primary and each replica, again and again, how far they are. */
#include "db/replica_int.h"

enum { PROOFS = 3, SILENT_MAX = 3 };
#define BUSY_EVERY_US 250000
#define IDLE_EVERY_US FL_SECOND_US
#define PROBE_TIMEOUT_US FL_SECOND_US

/* What a server says of itself. A replica's timeline is the newest that it is known to follow: the control file learns of a new one
 * with the next restart point, the receiver at once, if the role that logged in may see it. */
#define STANDING_SQL                                                                                                    \
	"SELECT pg_is_in_recovery(), " FL_LSN_SQL ", (SELECT system_identifier FROM pg_control_system()),"              \
	" CASE WHEN pg_is_in_recovery() THEN greatest((SELECT timeline_id FROM pg_control_checkpoint()),"               \
	" (SELECT min_recovery_end_timeline FROM pg_control_recovery()), (SELECT received_tli FROM pg_stat_wal_receiver))" \
	" ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END,"                              \
	" CASE WHEN pg_is_in_recovery() THEN coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) ELSE 0 END" \
	" * 1000000.0"

static const fl_sql as_login = { "standing_login", "SELECT set_config('role', 'none', true)", .generic = true };
static const fl_sql standing = { "standing", "SELECT replica, lsn, system, timeline, age::float8 FROM (" STANDING_SQL
	") AS s (replica, lsn, system, timeline, age)", .generic = true };

static fl_pg_standing read_standing(const fl_rows *rows)
{
	return (fl_pg_standing){ .replica = fl_row_bool(rows, 0, 0), .lsn = (uint64_t)fl_row_i64(rows, 0, 1), .system = fl_row_i64(rows, 0, 2),
		.timeline = fl_row_i32(rows, 0, 3), .replayed_age_us = (int64_t)fl_row_f8(rows, 0, 4) };
}

fl_err fl_pg_stand(fl_pg *pg, fl_arena *mem, fl_pg_standing *out, fl_diag *diag)
{
	const fl_rows *rows;

	FL_TRY(fl_pg_query(pg, standing.text, NULL, mem, &rows, diag));
	*out = read_standing(rows);
	return FL_OK;
}

static fl_err ask(fl_ctx *ctx, fl_db *db, fl_pg_standing *out)
{
	const fl_rows *rows;
	const fl_stmt stmts[] = { { &as_login, NULL, NULL }, { &standing, NULL, &rows } };

	FL_TRY(await_statements_quietly(ctx, db, stmts, FL_COUNT(stmts)));
	*out = read_standing(rows);
	return FL_OK;
}

/* Another primary has taken over: what the samples say of the one before is worth nothing. */
static void take_sample(fl_replicas *all, const fl_pg_standing *s, int64_t asked_us)
{
	if (all->system && (all->system != s->system || all->timeline != s->timeline)) {
		fl_warn("db: the primary is another one now, on timeline %d", (int)s->timeline);
		all->sampled = 0;
	}
	all->system = s->system;
	all->timeline = s->timeline;
	all->samples[all->sampled++ % FL_REPLICA_SAMPLES] = (fl_sample){ s->lsn, asked_us };
	if (all->sampled == 2 * FL_REPLICA_SAMPLES)
		all->sampled = FL_REPLICA_SAMPLES;
	for (int i = 0; i < all->count; i++)
		fl_replica_refresh(&all->items[i]);
}

static fl_replica_state judge(fl_replica *r, const fl_pg_standing *s)
{
	const fl_replicas *all = r->all;

	if (all->sampled == 0)
		return FL_REPLICA_PROVING;
	if (s->system != all->system)
		return FL_REPLICA_FOREIGN;
	if (!s->replica)
		return FL_REPLICA_PROMOTED;
	if (s->timeline != all->timeline)
		return FL_REPLICA_ASTRAY;
	fl_replica_replayed(r, s->lsn);
	if (!fl_replica_is_fresh(r))
		return FL_REPLICA_LAGGING;
	return ++r->proofs >= PROOFS ? FL_REPLICA_GOOD : FL_REPLICA_PROVING;
}

/* A server that hangs keeps its connections: what was asked of it would wait for its deadline instead of being asked elsewhere. */
static void note_silence(fl_watch *w, fl_err err)
{
	fl_db *db = w->replica->db;

	w->silent = err == FL_TIMEOUT ? w->silent + 1 : 0;
	if (w->silent < SILENT_MAX)
		return;
	w->silent = 0;
	for (int i = 0; i < db->count; i++)
		fl_conn_lost(&db->conns[i], "it does not answer");
}

static void probe(fl_watch *w)
{
	fl_replica *r = w->replica;
	fl_pg_standing s = {};
	fl_ctx own;
	int64_t asked_us = fl_mono_us();
	fl_err err;

	fl_ctx_derive(&own, &w->ctx, PROBE_TIMEOUT_US);
	err = ask(&own, r ? r->db : w->db, &s);
	fl_ctx_fini(&own);
	if (w->db->closing)
		return;
	if (r) {
		fl_replica_state before = (fl_replica_state)r->stats.state, now = err == FL_OK ? judge(r, &s) : FL_REPLICA_AWAY;
		note_silence(w, err);
		fl_replica_set(r, now);
		if (now == FL_REPLICA_PROMOTED && before != now)
			fl_db_hurry_keeper(w->db); /* there is a primary again, whatever the pause is that connecting has come to */
	} else if (err == FL_OK && !s.replica) {
		take_sample(w->db->replicas, &s, asked_us);
	}
}

/* Often while queries come, and while a replica is left out; never so seldom that it would look late for that. */
static int64_t pause_us(const fl_watch *w)
{
	fl_replicas *all = w->db->replicas;
	bool busy = all->picks != all->picks_looked_at || all->sampled == 0;

	if (!w->replica)
		all->picks_looked_at = all->picks;
	for (int i = 0; i < all->count; i++)
		busy = busy || all->items[i].stats.state == FL_REPLICA_PROVING || all->items[i].stats.state == FL_REPLICA_LAGGING;
	return FL_MIN(busy ? BUSY_EVERY_US : IDLE_EVERY_US, all->lag_us / 4);
}

static void run_watch(void *arg)
{
	fl_watch *w = arg;

	do {
		probe(w);
		fl_arena_reset(&w->mem);
	} while (!w->db->closing && await_sleep(&w->ctx, pause_us(w)) == FL_OK);
	w->ended = true;
	if (w->closer)
		fl_wake(w->closer, FL_OK);
}

fl_err fl_watch_start(fl_watch *w, fl_db *db, fl_replica *replica)
{
	w->db = db;
	w->replica = replica;
	w->mem = fl_arena_make(1 << 20);
	fl_ctx_init(&w->ctx, db->loop, &w->mem);
	FL_TRY(fl_go(db->loop, run_watch, w));
	w->started = true;
	return FL_OK;
}

void await_watch_end(fl_ctx *ctx, fl_watch *w)
{
	fl_wait wait;

	if (!w->started)
		return;
	fl_ctx_cancel(&w->ctx);
	fl_wait_init(&wait);
	w->closer = &wait;
	if (!w->ended && await_wait(ctx, &wait) != FL_OK)
		fl_error("db: a watch over replicas did not end in time");
	assert(w->ended);
	fl_ctx_fini(&w->ctx);
	fl_arena_fini(&w->mem);
}
