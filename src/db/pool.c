/* The pool of a loop: requests, the waves they are gathered in, and the coroutine that keeps connections up. */
#include "db/db_int.h"

/* ---- Requests ---- */

static fl_err check(fl_ctx *ctx, const fl_stmt *stmts, int count)
{
	for (int i = 0; i < count; i++)
		if (stmts[i].args && stmts[i].args->err != FL_OK)
			return stmts[i].args->err;
	return fl_ctx_check(ctx);
}

fl_err fl_request_new(fl_ctx *ctx, const fl_stmt *stmts, int count, fl_db_request **out)
{
	fl_db_request *r;

	FL_TRY(check(ctx, stmts, count));
	r = calloc(1, sizeof *r + (size_t)count * sizeof r->results[0]);
	if (!r)
		return FL_NOMEM;
	r->ctx = ctx;
	r->stmts = stmts;
	r->count = count;
	r->tenant_id = ctx->caller.tenant_id;
	r->started_us = fl_mono_us();
	for (int i = 0; i < count; i++)
		r->write = r->write || stmts[i].sql->write;
	*out = r;
	return FL_OK;
}

void fl_request_free(fl_db_request *r)
{
	for (int i = 0; i < r->count; i++)
		PQclear(r->results[i]);
	free(r);
}

static int64_t rows_of(const PGresult *result)
{
	if (!result)
		return 0;
	return PQresultStatus(result) == PGRES_TUPLES_OK ? PQntuples(result) : strtoll(PQcmdTuples((PGresult *)(uintptr_t)result), NULL, 10);
}

/* Names and numbers only: what the statement was asked with may be anybody's secret. */
static void log_slow(const fl_db_request *r, int64_t took_us)
{
	const fl_str operation = r->ctx ? r->ctx->operation : (fl_str){}, id = r->ctx ? r->ctx->request_id : (fl_str){};

	fl_warn("db: slow: %s%s took %lld ms: operation %" FL_FMT ", company %d, request %" FL_FMT, r->stmts[0].sql->name, r->count > 1 ? " and others" : "",
	        (long long)(took_us / 1000), FL_ARG(operation.len ? operation : FL_STR("-")), (int)r->tenant_id, FL_ARG(id.len ? id : FL_STR("-")));
}

static void count_statements(fl_db *db, fl_db_request *r)
{
	int64_t took_us = fl_mono_us() - r->started_us;

	if (r->quiet)
		return;
	db->stats.statements += (uint64_t)r->count;
	if (!r->wait)
		return;
	for (int i = 0; i < r->count; i++)
		if (db->opts.on_statement)
			db->opts.on_statement(db->opts.arg, r->ctx, r->stmts[i].sql, took_us, rows_of(r->results[i]), r->err);
	if (took_us >= db->opts.slow_us && r->count > 0) {
		db->stats.slow++;
		log_slow(r, took_us);
	}
}

void fl_request_finish(fl_db *db, fl_db_request *r)
{
	fl_wait *wait = r->wait;

	count_statements(db, r);
	if (!wait) {
		fl_request_free(r);
		return;
	}
	r->wait = NULL;
	r->done = true;
	fl_wake(wait, FL_OK);
}

/* ---- Waves ---- */

/* A second try has a wave of its own: what cut it off may have been a sibling that fails again. */
static fl_db_wave *wave_of(fl_db *db, int32_t tenant_id, bool alone)
{
	fl_db_wave **at = &db->waves, *w;

	for (; *at; at = &(*at)->next)
		if (!alone && !(*at)->alone && (*at)->tenant_id == tenant_id && (*at)->count < FL_DB_WAVE_MAX)
			return *at;
	w = db->spare_waves;
	if (w)
		db->spare_waves = w->next;
	else
		w = malloc(sizeof *w);
	if (!w)
		return NULL;
	*w = (fl_db_wave){ .tenant_id = tenant_id, .alone = alone };
	*at = w;
	return w;
}

void fl_request_gather(fl_db *db, fl_db_request *r)
{
	fl_db_wave *w = wave_of(db, r->tenant_id, r->retried);

	r->next = NULL;
	if (!w) {
		r->err = FL_NOMEM;
		fl_request_finish(db, r);
		return;
	}
	if (w->last)
		w->last->next = r;
	else
		w->first = r;
	w->last = r;
	w->count++;
	fl_loop_defer(db->loop, &db->flush);
}

/* The caller leaves before its wave was sent. False: it was sent. */
static bool ungather(fl_db *db, fl_db_request *r)
{
	for (fl_db_wave *w = db->waves; w; w = w->next) {
		fl_db_request *before = NULL;
		for (fl_db_request *q = w->first; q; before = q, q = q->next) {
			if (q != r)
				continue;
			if (before)
				before->next = r->next;
			else
				w->first = r->next;
			if (w->last == r)
				w->last = before;
			w->count--;
			return true;
		}
	}
	return false;
}

static void fail_wave(fl_db *db, fl_db_wave *w, fl_err err)
{
	for (fl_db_request *r = w->first, *next; r; r = next) {
		next = r->next;
		r->err = err;
		fl_request_finish(db, r);
	}
}

static bool has_view(const fl_db_wave *w)
{
	for (const fl_db_request *r = w->first; r; r = r->next)
		if (r->ctx && r->ctx->view)
			return true;
	return false;
}

/* SET, then those that plan once, then the others: at most one change of the plan mode. */
static void send_wave(fl_db *db, fl_db_wave *w)
{
	fl_db_conn *c = fl_conn_pick(db);
	fl_db_unit *u = c ? fl_unit_new(w->count + 4) : NULL;
	fl_db_step *set;
	bool generic = false, marks = fl_db_marks(db) && has_view(w);

	if (!u) {
		fail_wave(db, w, c ? FL_NOMEM : db->stats.up == db->count ? FL_BUSY : FL_UNAVAILABLE);
		return;
	}
	for (fl_db_request *r = w->first; r; r = r->next)
		generic = generic || r->stmts[0].sql->generic;
	set = fl_unit_add(u, FL_STEP_SET);
	set->tenant_id = w->first->tenant_id;
	set->generic = generic;
	if (marks && db->opts.self)
		fl_unit_add(u, FL_STEP_BEFORE);
	for (int pass = generic ? 1 : 0; pass >= 0; pass--)
		for (fl_db_request *r = w->first; r; r = r->next)
			if (r->stmts[0].sql->generic == pass)
				fl_unit_add_request(u, r, &generic);
	if (marks)
		fl_unit_add(u, FL_STEP_SEEN); /* last: what came before it has seen no more */
	fl_unit_send(c, u);
}

static void flush(void *arg)
{
	fl_db *db = arg;
	fl_db_wave *w = db->waves, *next;

	db->waves = NULL;
	for (; w; w = next) {
		next = w->next;
		if (w->first)
			send_wave(db, w);
		w->next = db->spare_waves;
		db->spare_waves = w;
	}
}

/* ---- Asking ---- */

fl_err fl_db_away(fl_ctx *ctx, const fl_db *db)
{
	if (db->closing)
		return FL_CLOSED;
	if (db->stats.up == db->count) /* else what is up belongs to transactions, and more is on its way */
		return fl_fail(&ctx->diag, FL_BUSY, "the database is busy");
	return fl_fail(&ctx->diag, FL_UNAVAILABLE, "the database is not available");
}

static fl_err hand_over(fl_ctx *ctx, fl_db_request *r)
{
	for (int i = 0; i < r->count; i++) {
		const fl_rows *rows;
		PGresult *result = r->results[i];

		r->results[i] = NULL;
		if (!r->stmts[i].rows) {
			PQclear(result);
			continue;
		}
		FL_TRY(fl_rows_wrap(ctx->mem, result, &rows));
		*r->stmts[i].rows = rows;
	}
	return FL_OK;
}

fl_err fl_request_await(fl_ctx *ctx, fl_db *db, fl_db_request *r)
{
	uint64_t seen;
	bool saw = false;
	fl_err err = FL_OK;

	db->stats.waiting++;
	if (!r->done) /* else its answer came while the caller waited for another one */
		err = await_wait(ctx, r->wait);
	db->stats.waiting--;
	if (!r->done) { /* the deadline or a cancellation: the answer will be read and thrown away */
		r->wait = NULL;
		r->ctx = NULL;
		r->stmts = NULL;
		if (ungather(db, r))
			fl_request_free(r);
		return err;
	}
	err = r->err;
	if (err == FL_OK && db->opts.self && !r->quiet && (r->before == 0 || r->before < r->floor)) {
		err = FL_DB_RETRY;
		r->error = fl_replica_behind;
	}
	if (err == FL_OK)
		err = hand_over(ctx, r);
	else {
		db->last_error = r->error;
		err = fl_db_fail(&ctx->diag, err, r->error.sqlstate);
	}
	seen = r->seen;
	if (r->tell)
		*r->tell = seen;
	else if (seen && ctx->view && err == FL_OK)
		saw = true;
	fl_request_free(r);
	if (saw)
		fl_view_saw(ctx, db, seen);
	return err;
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

/* ---- The keeper: one coroutine that connects what is down, one connection at a time ---- */

enum { PAUSE_MIN_US = 50000, PAUSE_MAX_US = 5000000 };

void fl_db_wake_keeper(fl_db *db)
{
	if (db->keeper_wait)
		fl_wake(db->keeper_wait, FL_OK);
	db->keeper_wait = NULL;
}

static void wake_ready(fl_db *db)
{
	for (size_t i = 0; i < FL_COUNT(db->ready_waiters); i++) {
		if (db->ready_waiters[i])
			fl_wake(db->ready_waiters[i], FL_OK);
		db->ready_waiters[i] = NULL;
	}
}

static fl_db_conn *find_down(fl_db *db)
{
	for (int i = 0; i < db->count; i++)
		if (!db->conns[i].pg)
			return &db->conns[i];
	return NULL;
}

static void keeper_sleep(fl_db *db, int64_t until_us)
{
	fl_wait wait;

	fl_wait_init(&wait);
	db->keeper_wait = &wait;
	if (await_wait_until(&db->keeper_ctx, &wait, until_us) != FL_OK)
		db->keeper_wait = NULL; /* nobody woke us: it is still there */
}

/* Half of the pause fixed, half random: copies of the server that lost PostgreSQL together do not come back together. */
static int64_t jittered(int64_t pause_us)
{
	uint32_t random;

	fl_random(&random, sizeof random);
	return pause_us / 2 + (int64_t)(random % (uint32_t)(pause_us / 2 + 1));
}

static bool connect_one(fl_db *db, fl_db_conn *c)
{
	fl_conn_opening o = { .db = db };
	fl_err err = await_pool(&db->keeper_ctx, fl_conn_open, &o);

	if (err == FL_OK && db->closing)
		PQfinish(o.pg);
	else if (err == FL_OK && fl_conn_attach(c, o.pg) != FL_OK)
		PQfinish(o.pg);
	else if (err == FL_OK)
		return true;
	if (!db->closing && strcmp(db->why, o.why) != 0) {
		fl_warn("db: %s: %s", db->name, o.why);
		memcpy(db->why, o.why, sizeof db->why);
	}
	return false;
}

static void keep(void *arg)
{
	fl_db *db = arg;
	int64_t pause_us = PAUSE_MIN_US;

	while (!db->closing) {
		fl_db_conn *c = find_down(db);
		if (!c) {
			pause_us = PAUSE_MIN_US;
			keeper_sleep(db, FL_NEVER);
		} else if (connect_one(db, c)) {
			db->why[0] = '\0';
			wake_ready(db);
		} else if (!db->closing) {
			keeper_sleep(db, fl_loop_now_us(db->loop) + jittered(pause_us));
			pause_us = FL_MIN(2 * pause_us, (int64_t)PAUSE_MAX_US);
		}
	}
	db->keeper_ended = true;
	wake_ready(db);
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
	fl_defer_init(&db->flush, flush, db);
	fl_gate_init(&db->tx_gate, (uint32_t)db->count - 1, (uint32_t)db->opts.transactions_max);
	db->keeper_mem = fl_arena_make(1 << 16);
	fl_ctx_init(&db->keeper_ctx, loop, &db->keeper_mem);
	err = fl_replicas_open(db, opts); /* before the keeper: its connections get ready for them */
	if (err != FL_OK) {
		db->closing = true; /* what was begun ends by itself, and looks at us then: nothing is freed */
		return err;
	}
	err = fl_go(loop, keep, db);
	if (err != FL_OK) {
		fl_ctx_fini(&db->keeper_ctx);
		free_db(db);
		return err;
	}
	*out = db;
	return FL_OK;
}

fl_err await_keeper_news(fl_ctx *ctx, fl_db *db)
{
	fl_wait wait, **slot = NULL;
	fl_err err;

	for (size_t i = 0; i < FL_COUNT(db->ready_waiters); i++)
		if (!db->ready_waiters[i])
			slot = &db->ready_waiters[i];
	if (!slot)
		return FL_BUSY;
	fl_wait_init(&wait);
	*slot = &wait;
	err = await_wait(ctx, &wait);
	if (*slot == &wait)
		*slot = NULL;
	return err;
}

fl_err await_db_ready(fl_ctx *ctx, fl_db *db)
{
	while (!db->stats.up) {
		fl_err err = db->closing ? FL_CLOSED : await_keeper_news(ctx, db);
		if (err != FL_OK)
			return db->why[0] ? fl_fail(&ctx->diag, err, "%s", db->why) : err;
	}
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
		fail_wave(db, w, FL_CLOSED);
		w->first = w->last = NULL;
	}
	fl_defer_cancel(&db->flush);
	flush(db); /* gives the empty waves back */
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
