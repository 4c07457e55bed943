/* Replicas: which of them may answer whom, and how a loop knows how far each has come.
 *
 *	primary   sampled: (when asked, LSN)  (.., ..)  (.., ..)     everything acknowledged before "when asked" lies below LSN
 *	replica   has replayed R: it has everything that was acknowledged before the newest sample whose LSN is not above R
 *
 * So lag is a time of this machine's clock alone, and a primary that writes nothing looks like no lag. A sample that never
 * came is as good as an old one: what is not known to be fresh is not asked. */
#include "db/db_int.h"

enum { SAMPLES = 64, PROOFS = 3, SILENT_MAX = 3 };
#define BUSY_EVERY_US 250000
#define IDLE_EVERY_US FL_SECOND_US
#define PROBE_TIMEOUT_US FL_SECOND_US
#define CHANCE_PAUSE_US 10000
#define CHANCE_PAUSE_MAX_US 250000
#define CHANCE_BYTES (64 << 20)

typedef struct sample {
	uint64_t lsn;
	int64_t at_us;
} sample;

/* A coroutine that asks one server again and again. */
typedef struct watch {
	fl_db *db;                  /* the primary's */
	struct fl_replica *replica; /* NULL: it watches the primary */
	fl_ctx ctx;
	fl_arena mem;
	int silent; /* probes in a row without any answer */
	bool started, ended;
	fl_wait *closer;
} watch;

typedef struct fl_replica {
	struct fl_replicas *all;
	fl_db *db;
	int index;
	char target[24];    /* as traces show it */
	uint64_t replayed;  /* at least; 0: not known */
	int proofs;         /* good probes in a row */
	int64_t chance_us, pause_us; /* when it may be asked for more than it is known to have, and the pause after the next failure */
	uint64_t picked;    /* in the order of picks: among equals the one that waited longest */
	fl_replica_stats stats;
	watch watch;
} fl_replica;

typedef struct fl_replicas {
	fl_db *primary;
	int64_t lag_us;
	int64_t system;     /* of the primary; 0: not known */
	int32_t timeline;
	sample samples[SAMPLES];
	unsigned sampled;
	uint64_t picks, picks_looked_at, reads_of_primary;
	watch watch;
	int count;
	fl_replica items[];
} fl_replicas;

/* Written by the loop's thread, read by any. */
static void publish(uint64_t *field, uint64_t value)
{
	__atomic_store_n(field, value, __ATOMIC_RELAXED);
}

const char *fl_replica_word(fl_replica_state state)
{
	static const char *const words[] = {
#define WORD(name, word) [FL_REPLICA_##name] = word,
		FL_REPLICA_STATES(WORD)
#undef WORD
	};
	return words[state];
}

/* ---- What is known ---- */

static void set_state(fl_replica *r, fl_replica_state state)
{
	fl_replica_state before = (fl_replica_state)r->stats.state;

	if (state != FL_REPLICA_GOOD && state != FL_REPLICA_PROVING)
		r->proofs = 0;
	publish(&r->stats.state, state);
	if (before == state || state == FL_REPLICA_PROVING)
		return;
	if (state == FL_REPLICA_GOOD)
		fl_info("db: %s: in use", r->target);
	else
		fl_warn("db: %s: left out: %s", r->target, fl_replica_word(state));
}

static void refresh(fl_replica *r)
{
	const fl_replicas *all = r->all;
	uint64_t newest = all->sampled ? all->samples[(all->sampled - 1) % SAMPLES].lsn : 0;
	int64_t fresh_us = 0;

	for (unsigned i = 0; i < FL_MIN(all->sampled, (unsigned)SAMPLES); i++)
		if (all->samples[i].lsn <= r->replayed)
			fresh_us = FL_MAX(fresh_us, all->samples[i].at_us);
	publish(&r->stats.fresh_us, r->replayed ? (uint64_t)fresh_us : 0);
	publish(&r->stats.lag_bytes, newest > r->replayed ? newest - r->replayed : 0);
}

void fl_replica_replayed(fl_replica *r, uint64_t lsn)
{
	if (lsn <= r->replayed)
		return;
	r->replayed = lsn;
	refresh(r);
}

/* A write that goes over the new connection must not be looked for on a replica of the server before. */
void fl_replicas_doubt(fl_db *db)
{
	db->replicas->sampled = 0;
	for (int i = 0; i < db->replicas->count; i++)
		refresh(&db->replicas->items[i]);
}

/* It may have been started again, and then begins to replay from some time before. */
void fl_replica_lost(fl_replica *r)
{
	r->replayed = 0;
	refresh(r);
	set_state(r, FL_REPLICA_AWAY);
}

static bool is_fresh(const fl_replica *r)
{
	return r->stats.fresh_us && fl_mono_us() - (int64_t)r->stats.fresh_us <= r->all->lag_us;
}

static bool is_good(const fl_replica *r)
{
	return r->stats.state == FL_REPLICA_GOOD && r->db->stats.up > 0 && is_fresh(r);
}

/* ---- Watching ---- */

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
	all->samples[all->sampled++ % SAMPLES] = (sample){ s->lsn, asked_us };
	if (all->sampled == 2 * SAMPLES)
		all->sampled = SAMPLES;
	for (int i = 0; i < all->count; i++)
		refresh(&all->items[i]);
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
	if (!is_fresh(r))
		return FL_REPLICA_LAGGING;
	return ++r->proofs >= PROOFS ? FL_REPLICA_GOOD : FL_REPLICA_PROVING;
}

/* A server that hangs keeps its connections: what was asked of it would wait for its deadline instead of being asked elsewhere. */
static void note_silence(watch *w, fl_err err)
{
	fl_db *db = w->replica->db;

	w->silent = err == FL_TIMEOUT ? w->silent + 1 : 0;
	if (w->silent < SILENT_MAX)
		return;
	w->silent = 0;
	for (int i = 0; i < db->count; i++)
		fl_conn_lost(&db->conns[i], "it does not answer");
}

static void probe(watch *w)
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
		note_silence(w, err);
		set_state(r, err == FL_OK ? judge(r, &s) : FL_REPLICA_AWAY);
	} else if (err == FL_OK && !s.replica) {
		take_sample(w->db->replicas, &s, asked_us);
	}
}

/* Often while queries come, and while a replica is left out; never so seldom that it would look late for that. */
static int64_t pause_us(const watch *w)
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
	watch *w = arg;

	do {
		probe(w);
		fl_arena_reset(&w->mem);
	} while (!w->db->closing && await_sleep(&w->ctx, pause_us(w)) == FL_OK);
	w->ended = true;
	if (w->closer)
		fl_wake(w->closer, FL_OK);
}

static fl_err start_watch(watch *w, fl_db *db, fl_replica *replica)
{
	w->db = db;
	w->replica = replica;
	w->mem = fl_arena_make(1 << 20);
	fl_ctx_init(&w->ctx, db->loop, &w->mem);
	FL_TRY(fl_go(db->loop, run_watch, w));
	w->started = true;
	return FL_OK;
}

static void await_watch_end(fl_ctx *ctx, watch *w)
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

/* ---- Life ---- */

static fl_err open_one(fl_replicas *all, const fl_db_opts *opts, int index)
{
	fl_replica *r = &all->items[index];
	fl_db_opts own = *opts;
	char name[80];

	*r = (fl_replica){ .all = all, .index = index };
	snprintf(r->target, sizeof(r->target), "replica %d", index + 1);
	snprintf(name, sizeof(name), "%s, %s", opts->name ? opts->name : "fleet", r->target);
	own.url = opts->replicas[index];
	own.name = name;
	own.replicas = NULL;
	own.replica_count = 0;
	own.self = r;
	return fl_db_open(all->primary->loop, &own, &r->db);
}

fl_err fl_replicas_open(fl_db *db, const fl_db_opts *opts)
{
	fl_replicas *all;

	if (!opts->replicas || opts->replica_count == 0)
		return FL_OK;
	assert(opts->replica_count <= FL_DB_REPLICAS_MAX);
	all = calloc(1, sizeof(*all) + (size_t)opts->replica_count * sizeof(all->items[0]));
	if (!all)
		return FL_NOMEM;
	all->primary = db;
	all->lag_us = opts->replica_lag_us ? opts->replica_lag_us : 2 * FL_SECOND_US;
	db->replicas = all;
	FL_TRY(start_watch(&all->watch, db, NULL));
	for (int i = 0; i < opts->replica_count; i++) {
		FL_TRY(open_one(all, opts, i));
		all->count++;
		FL_TRY(start_watch(&all->items[i].watch, db, &all->items[i]));
	}
	return FL_OK;
}

void await_replicas_close(fl_ctx *ctx, fl_db *db)
{
	fl_replicas *all = db->replicas;
	fl_ctx own;

	if (!all)
		return;
	db->closing = true;
	fl_ctx_detach(&own, ctx, 30 * FL_SECOND_US);
	await_watch_end(&own, &all->watch);
	for (int i = 0; i < all->count; i++)
		await_watch_end(&own, &all->items[i].watch);
	for (int i = 0; i < all->count; i++)
		await_db_close(&own, all->items[i].db);
	fl_ctx_fini(&own);
	db->replicas = NULL;
	free(all);
}

/* ---- Reading ---- */

fl_db *fl_replica_db(fl_replica *r)
{
	return r->db;
}

static bool is_better(const fl_replica *a, const fl_replica *b)
{
	int waiting_a = a->db->stats.waiting, waiting_b = b->db->stats.waiting;

	return waiting_a != waiting_b ? waiting_a < waiting_b : a->picked < b->picked;
}

/* Most replicas are a few milliseconds behind, and what is known of them is older. So one is asked on the chance that it has come so
 * far; it says so before it answers, and when it had not, the primary is asked, and for a while no chance is taken. */
static bool has_chance(const fl_replica *r, uint64_t floor)
{
	const fl_replicas *all = r->all;
	uint64_t newest = all->sampled ? all->samples[(all->sampled - 1) % SAMPLES].lsn : 0;

	return floor <= newest + CHANCE_BYTES && fl_mono_us() >= r->chance_us;
}

static fl_replica *find(fl_replicas *all, uint64_t floor, bool chance)
{
	fl_replica *best = NULL;

	for (int i = 0; i < all->count; i++) {
		fl_replica *r = &all->items[i];
		if (is_good(r) && (chance ? has_chance(r, floor) : r->replayed >= floor) && fl_conn_pick(r->db) && (!best || is_better(r, best)))
			best = r;
	}
	return best;
}

fl_replica *fl_replica_pick(fl_ctx *ctx, fl_db *db)
{
	fl_replicas *all = db->replicas;
	fl_db_view *view = ctx->view;

	if (!all || !view)
		return NULL;
	if (view->pin && (!view->replicas || !is_good(view->pin)))
		view->primary = true;
	if (!view->primary && !view->pin && view->replicas) {
		view->pin = find(all, view->floor, false);
		if (!view->pin)
			view->pin = find(all, view->floor, true);
		if (view->pin)
			view->pin->picked = ++all->picks;
	}
	if (!view->primary && view->pin)
		return view->pin;
	if (view->replicas)
		publish(&all->reads_of_primary, all->reads_of_primary + 1);
	view->primary = true;
	all->picks++;
	return NULL;
}

/* Of several that failed together the first one counts. */
static void miss_chance(fl_replica *r)
{
	int64_t now_us = fl_mono_us();

	if (now_us < r->chance_us)
		return;
	r->pause_us = FL_MIN(FL_MAX(2 * r->pause_us, CHANCE_PAUSE_US), CHANCE_PAUSE_MAX_US);
	r->chance_us = now_us + r->pause_us;
}

const fl_db_error fl_replica_behind = { .sqlstate = "FL001" };

/* The caller's own trouble is no reason to ask again; everything else may be the replica's: it went away, it cut the query off so that
 * the log can be replayed, or the statement does something that only a primary can. */
bool fl_replica_failed(fl_ctx *ctx, fl_replica *r, fl_err err)
{
	publish(&r->stats.reads, r->stats.reads + 1);
	if (err == FL_OK)
		r->pause_us = 0;
	if (err == FL_OK || err == FL_TIMEOUT || err == FL_CANCELLED || err == FL_NOMEM || err == FL_TOO_LARGE || err == FL_BAD_INPUT)
		return false;
	if (strcmp(r->db->last_error.sqlstate, fl_replica_behind.sqlstate) == 0) {
		miss_chance(r);
		publish(&r->stats.behind, r->stats.behind + 1);
	} else {
		publish(&r->stats.failed, r->stats.failed + 1);
	}
	if (strcmp(r->db->last_error.sqlstate, "25006") == 0)
		fl_error("db: a statement that writes is not marked so; the primary runs it");
	ctx->diag.text[0] = 0;
	ctx->view->primary = true;
	return true;
}

static void tell(fl_ctx *ctx, fl_db *db, uint64_t lsn, bool written)
{
	if (db->opts.on_mark)
		db->opts.on_mark(db->opts.arg, ctx, lsn, written);
}

void fl_view_saw(fl_ctx *ctx, fl_db *db, uint64_t lsn)
{
	if (lsn <= ctx->view->floor)
		return;
	ctx->view->floor = lsn;
	tell(ctx, db, lsn, false);
}

/* ---- Writing ---- */

void fl_mark_ask(fl_ctx *ctx, fl_db_conn *c, fl_mark *mark)
{
	fl_db_unit *u;

	mark->wanted = c->db->replicas && ctx->view;
	if (!mark->wanted || !c->pg || fl_request_new(ctx, NULL, 0, &mark->request) != FL_OK)
		return;
	u = fl_unit_new(1);
	if (!u) {
		fl_request_free(mark->request);
		mark->request = NULL;
		return;
	}
	fl_wait_init(&mark->wait);
	mark->request->wait = &mark->wait;
	mark->request->quiet = true;
	mark->request->tell = &mark->lsn;
	u->owner = mark->request;
	fl_unit_add(u, FL_STEP_SEEN);
	fl_unit_send(c, u);
}

void fl_mark_take(fl_ctx *ctx, fl_db *db, fl_mark *mark, fl_err err)
{
	fl_db_error error = db->last_error;
	fl_diag diag = ctx->diag;

	if (mark->request && fl_request_await(ctx, db, mark->request) != FL_OK)
		mark->lsn = 0;
	db->last_error = error; /* what is to be told is how the write went */
	ctx->diag = diag;
	if (!mark->wanted || err != FL_OK)
		return;
	ctx->view->written = mark->lsn ? mark->lsn : FL_LSN_UNKNOWN;
	ctx->view->floor = FL_MAX(ctx->view->floor, ctx->view->written);
	ctx->view->primary = true;
	tell(ctx, db, ctx->view->written, true);
}

/* ---- Being asked about ---- */

int fl_db_replica_count(const fl_db *db)
{
	return db->replicas ? db->replicas->count : 0;
}

fl_replica_stats fl_db_replica_statistics(const fl_db *db, int index)
{
	const uint64_t *from = (const uint64_t *)&db->replicas->items[index].stats;
	fl_replica_stats out;

	_Static_assert(sizeof(out) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(out) / sizeof(uint64_t); i++)
		((uint64_t *)&out)[i] = __atomic_load_n(from + i, __ATOMIC_RELAXED);
	return out;
}

uint64_t fl_db_reads_of_primary(const fl_db *db)
{
	return db->replicas ? __atomic_load_n(&db->replicas->reads_of_primary, __ATOMIC_RELAXED) : 0;
}

bool fl_db_has_good_replica(const fl_db *db)
{
	for (int i = 0; db->replicas && i < db->replicas->count; i++)
		if (is_good(&db->replicas->items[i]))
			return true;
	return false;
}

const char *fl_db_target(const fl_ctx *ctx, const fl_sql *sql)
{
	const fl_db_view *view = ctx ? ctx->view : NULL;

	return view && view->pin && !view->primary && !sql->write ? view->pin->target : "primary";
}

void fl_lsn_format(uint64_t lsn, char out[FL_LSN_TEXT + 1])
{
	snprintf(out, FL_LSN_TEXT + 1, "%X/%X", (unsigned)(lsn >> 32), (unsigned)lsn);
}

static bool parse_half(fl_str text, uint32_t *out)
{
	uint32_t value = 0;

	if (text.len == 0 || text.len > 8)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*out = value;
	return true;
}

bool fl_lsn_parse(fl_str text, uint64_t *out)
{
	fl_str low, high = fl_str_cut(text, '/', &low);
	uint32_t halves[2];

	if (!parse_half(high, &halves[0]) || !parse_half(low, &halves[1]))
		return false;
	*out = (uint64_t)halves[0] << 32 | halves[1];
	return true;
}
