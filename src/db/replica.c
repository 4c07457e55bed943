/* Replicas: which of them may answer whom, and how a loop knows how far each has come.
 *
 *	primary   sampled: (when asked, LSN)  (.., ..)  (.., ..)     everything acknowledged before "when asked" lies below LSN
 *	replica   has replayed R: it has everything that was acknowledged before the newest sample whose LSN is not above R
 *
 * So lag is a time of this machine's clock alone, and a primary that writes nothing looks like no lag. A sample that never
 * came is as good as an old one: what is not known to be fresh is not asked. */
#include "db/replica_int.h"

#define CHANCE_PAUSE_US 10000
#define CHANCE_PAUSE_MAX_US 250000
#define CHANCE_BYTES (64 << 20)

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

void fl_replica_set(fl_replica *r, fl_replica_state state)
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

void fl_replica_refresh(fl_replica *r)
{
	const fl_replicas *all = r->all;
	uint64_t newest = all->sampled ? all->samples[(all->sampled - 1) % FL_REPLICA_SAMPLES].lsn : 0;
	int64_t fresh_us = 0;

	for (unsigned i = 0; i < FL_MIN(all->sampled, (unsigned)FL_REPLICA_SAMPLES); i++)
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
	fl_replica_refresh(r);
}

/* A write that goes over the new connection must not be looked for on a replica of the server before. */
void fl_replicas_doubt(fl_db *db)
{
	db->replicas->sampled = 0;
	for (int i = 0; i < db->replicas->count; i++)
		fl_replica_refresh(&db->replicas->items[i]);
}

/* It may have been started again, and then begins to replay from some time before. */
void fl_replica_lost(fl_replica *r)
{
	r->replayed = 0;
	fl_replica_refresh(r);
	fl_replica_set(r, FL_REPLICA_AWAY);
}

bool fl_replica_is_fresh(const fl_replica *r)
{
	return r->stats.fresh_us && fl_mono_us() - (int64_t)r->stats.fresh_us <= r->all->lag_us;
}

static bool is_good(const fl_replica *r)
{
	return r->stats.state == FL_REPLICA_GOOD && r->db->stats.up > 0 && fl_replica_is_fresh(r);
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
	FL_TRY(fl_watch_start(&all->watch, db, NULL));
	for (int i = 0; i < opts->replica_count; i++) {
		FL_TRY(open_one(all, opts, i));
		all->count++;
		FL_TRY(fl_watch_start(&all->items[i].watch, db, &all->items[i]));
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
	uint64_t newest = all->sampled ? all->samples[(all->sampled - 1) % FL_REPLICA_SAMPLES].lsn : 0;

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
