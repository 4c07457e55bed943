/* The pool of a loop: how it is asked, opened and closed. Requests and their waves: wave.c; what keeps connections up: keeper.c. */
#include "db/db_int.h"

/* ---- Asking ---- */

fl_err fl_db_away(fl_ctx *ctx, const fl_db *db)
{
	if (db->closing)
		return FL_CLOSED;
	if (db->stats.up == db->count) /* else what is up belongs to transactions, and more is on its way */
		return fl_fail(&ctx->diag, FL_BUSY, "the database is busy");
	return fl_fail(&ctx->diag, FL_UNAVAILABLE, "the database is not available");
}

static fl_err await_batch(fl_ctx *ctx, fl_db *db, const fl_stmt *stmts, int count, bool quiet)
{
	fl_db_conn *c = fl_conn_pick(db);
	bool generic = stmts[0].sql->generic;
	fl_db_request *r;
	fl_db_unit *u;
	fl_db_step *set;
	fl_wait wait;
	fl_mark mark = {};
	bool write;
	fl_err err;

	if (!c)
		return fl_db_away(ctx, db);
	FL_TRY(fl_request_new(ctx, stmts, count, &r));
	u = fl_unit_new(2 * count + 1);
	if (!u) {
		fl_request_free(r);
		return FL_NOMEM;
	}
	fl_wait_init(&wait);
	r->wait = &wait;
	r->quiet = quiet;
	u->owner = r;
	set = fl_unit_add(u, FL_STEP_SET);
	set->tenant_id = r->tenant_id;
	set->generic = generic;
	fl_unit_add_request(u, r, &generic);
	write = r->write;
	fl_unit_send(c, u);
	if (write)
		fl_mark_ask(ctx, c, &mark);
	err = fl_request_await(ctx, db, r);
	fl_mark_take(ctx, db, &mark, err);
	return err;
}

static fl_err await_one(fl_ctx *ctx, fl_db *db, const fl_sql *sql, const fl_args *args, const fl_rows **rows)
{
	const fl_stmt stmt = { sql, args, rows };
	fl_db_request *r;
	fl_wait wait;

	if (!db->stats.up || db->closing)
		return fl_db_away(ctx, db);
	FL_TRY(fl_request_new(ctx, &stmt, 1, &r));
	if (db->opts.self)
		r->floor = ctx->view->floor;
	fl_wait_init(&wait);
	r->wait = &wait;
	fl_request_gather(db, r);
	return fl_request_await(ctx, db, r);
}

fl_err await_query(fl_ctx *ctx, fl_db *db, const fl_sql *sql, const fl_args *args, const fl_rows **rows)
{
	const fl_stmt stmt = { sql, args, rows };
	struct fl_replica *replica;

	if (sql->write)
		return await_batch(ctx, db, &stmt, 1, false);
	replica = fl_replica_pick(ctx, db);
	if (replica) {
		fl_replica_db(replica)->last_error = (fl_db_error){};
		fl_err err = await_one(ctx, fl_replica_db(replica), sql, args, rows);
		if (!fl_replica_failed(ctx, replica, err)) {
			db->last_error = fl_replica_db(replica)->last_error;
			return err;
		}
	}
	return await_one(ctx, db, sql, args, rows);
}

fl_err await_statements(fl_ctx *ctx, fl_db *db, const fl_stmt *stmts, int count)
{
	return count > 0 ? await_batch(ctx, db, stmts, count, false) : FL_OK;
}

fl_err await_statements_quietly(fl_ctx *ctx, fl_db *db, const fl_stmt *stmts, int count)
{
	return await_batch(ctx, db, stmts, count, true);
}

fl_db_error fl_db_last_error(const fl_db *db)
{
	return db->last_error;
}

fl_db_stats fl_db_statistics(const fl_db *db)
{
	fl_db_stats s = db->stats;

	s.connections = db->count;
	s.in_flight = 0;
	for (int i = 0; i < db->count; i++)
		s.in_flight += db->conns[i].in_flight;
	return s;
}

bool fl_db_up(const fl_db *db)
{
	return db->stats.up > 0;
}

/* ---- Lifecycle ---- */

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void free_db(fl_db *db)
{
	for (int i = 0; db->conns && i < db->count; i++)
		free(db->conns[i].prepared);
	for (fl_db_wave *w = db->spare_waves, *next; w; w = next) {
		next = w->next;
		free(w);
	}
	fl_arena_fini(&db->keeper_mem);
	free(db->conns);
	free(db->url);
	free(db->role);
	free(db->name);
	free(db);
}

static void set_defaults(fl_db_opts *o)
{
	if (!o->connections)
		o->connections = 4;
	if (o->connections < 2)
		o->connections = 2; /* one for explicit transactions, one for everything else */
	if (!o->waves_max)
		o->waves_max = 64;
	if (!o->transactions_max)
		o->transactions_max = 256;
	if (!o->statement_timeout_us)
		o->statement_timeout_us = 10 * FL_SECOND_US;
	if (!o->slow_us)
		o->slow_us = 250000;
	if (!o->warm)
		o->warm = fl_db_warm;
	if (!o->name)
		o->name = "fleet";
}

fl_err fl_db_open(fl_loop *loop, const fl_db_opts *opts, fl_db **out)
{
	fl_db *db = calloc(1, sizeof *db);
	fl_err err;

	if (!db)
		return FL_NOMEM;
	db->loop = loop;
	db->opts = *opts;
	set_defaults(&db->opts);
	db->count = db->opts.connections;
	db->url = copy(opts->url);
	db->role = copy(opts->role);
	db->name = copy(db->opts.name);
	db->conns = calloc((size_t)db->count, sizeof *db->conns);
	if (!db->url || (opts->role && !db->role) || !db->name || !db->conns) {
		free_db(db);
		return FL_NOMEM;
	}
	for (int i = 0; i < db->count; i++)
		db->conns[i].db = db;
	fl_defer_init(&db->flush, fl_waves_flush, db);
	fl_gate_init(&db->tx_gate, (uint32_t)db->count - 1, (uint32_t)db->opts.transactions_max);
	db->keeper_mem = fl_arena_make(1 << 16);
	fl_ctx_init(&db->keeper_ctx, loop, &db->keeper_mem);
	err = fl_replicas_open(db, opts); /* before the keeper: its connections get ready for them */
	if (err != FL_OK) {
		db->closing = true; /* what was begun ends by itself, and looks at us then: nothing is freed */
		return err;
	}
	err = fl_go(loop, fl_db_keep, db);
	if (err != FL_OK) {
		fl_ctx_fini(&db->keeper_ctx);
		free_db(db);
		return err;
	}
	*out = db;
	return FL_OK;
}

void await_db_close(fl_ctx *ctx, fl_db *db)
{
	fl_ctx own;

	if (!db)
		return;
	await_replicas_close(ctx, db);
	db->closing = true;
	for (int i = 0; i < db->count; i++)
		fl_conn_lost(&db->conns[i], "closing");
	for (fl_db_wave *w = db->waves; w; w = w->next) {
		fl_wave_fail(db, w, FL_CLOSED);
		w->first = w->last = NULL;
	}
	fl_defer_cancel(&db->flush);
	fl_waves_flush(db); /* gives the empty waves back */
	fl_db_wake_keeper(db);
	fl_ctx_detach(&own, ctx, 30 * FL_SECOND_US);
	while (!db->keeper_ended && await_keeper_news(&own, db) == FL_OK)
		;
	/* Those who were woken with FL_CLOSED, and those who hold a transaction, still look at us on their way out. */
	while ((db->stats.waiting > 0 || db->tx_gate.free < (uint32_t)db->count - 1) && await_sleep(&own, 1000) == FL_OK)
		;
	fl_ctx_fini(&own);
	assert(db->keeper_ended && db->stats.waiting == 0);
	fl_ctx_fini(&db->keeper_ctx);
	free_db(db);
}
