/* Explicit transactions: a connection is theirs from the first statement to the end. */
#include "db/db_int.h"

static bool holds(const fl_tx *tx)
{
	return tx->conn && tx->conn->pg && tx->conn->tx_serial == tx->serial;
}

static void let_go(fl_tx *tx)
{
	if (!tx->db)
		return;
	if (tx->conn && tx->conn->tx_serial == tx->serial)
		tx->conn->tx_serial = 0;
	fl_gate_leave(&tx->db->tx_gate);
	*tx = (fl_tx){};
}

static int count_free(const fl_db *db)
{
	int n = 0;

	for (int i = 0; i < db->count; i++)
		n += db->conns[i].pg && db->conns[i].tx_serial == 0;
	return n;
}

/* One connection stays for the waves. The gate sees to that when all are up; while some are down, wait for the next. */
static fl_err await_second_connection(fl_ctx *ctx, fl_db *db)
{
	fl_ctx own;
	fl_err err = FL_OK;

	fl_ctx_derive(&own, ctx, 2 * FL_SECOND_US);
	while (err == FL_OK && db->stats.up && count_free(db) < 2)
		err = await_keeper_news(&own, db);
	fl_ctx_fini(&own);
	return err == FL_TIMEOUT ? fl_ctx_check(ctx) : err;
}

fl_err await_begin(fl_ctx *ctx, fl_db *db, fl_tx *tx)
{
	fl_db_conn *c;
	fl_err err;

	assert(!tx->db);
	if (!db->stats.up || db->closing)
		return fl_db_away(ctx, db);
	FL_TRY(await_gate(ctx, &db->tx_gate));
	err = await_second_connection(ctx, db);
	if (err != FL_OK) {
		fl_gate_leave(&db->tx_gate);
		return err;
	}
	c = count_free(db) >= 2 ? fl_conn_pick(db) : NULL;
	if (!c) {
		fl_gate_leave(&db->tx_gate);
		return fl_db_away(ctx, db);
	}
	*tx = (fl_tx){ .db = db, .conn = c, .tenant_id = ctx->caller.tenant_id, .serial = ++db->tx_serial };
	c->tx_serial = tx->serial;
	db->stats.transactions++;
	return FL_OK;
}

/* BEGIN and the tenant travel with the first statement. */
static fl_db_unit *make_unit(fl_tx *tx, fl_db_request *r, bool commit)
{
	fl_db_unit *u = fl_unit_new(2 * r->count + 3);

	if (!u)
		return NULL;
	u->owner = r;
	if (!tx->begun) {
		fl_unit_add(u, FL_STEP_BEGIN);
		tx->generic = r->count && r->stmts[0].sql->generic;
		fl_db_step *set = fl_unit_add(u, FL_STEP_SET);
		set->tenant_id = tx->tenant_id;
		set->generic = tx->generic;
	}
	fl_unit_add_request(u, r, &tx->generic);
	if (commit)
		fl_unit_add(u, FL_STEP_COMMIT);
	return u;
}

static fl_err await_piece(fl_ctx *ctx, fl_tx *tx, const fl_stmt *stmts, int count, bool commit)
{
	fl_db *db = tx->db;
	fl_db_request *r;
	fl_db_unit *u;
	fl_wait wait;
	fl_mark mark = {};
	fl_err err;

	assert(db && !tx->failed);
	if (!holds(tx)) {
		tx->failed = true;
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "the database is not available");
	}
	FL_TRY(fl_request_new(ctx, stmts, count, &r));
	u = make_unit(tx, r, commit);
	if (!u) {
		fl_request_free(r);
		return FL_NOMEM;
	}
	fl_wait_init(&wait);
	r->wait = &wait;
	tx->begun = true;
	fl_unit_send(tx->conn, u);
	if (commit)
		fl_mark_ask(ctx, tx->conn, &mark);
	err = fl_request_await(ctx, db, r);
	fl_mark_take(ctx, db, &mark, err);
	if (err != FL_OK)
		tx->failed = true;
	return err;
}

fl_err await_tx_statements(fl_ctx *ctx, fl_tx *tx, const fl_stmt *stmts, int count)
{
	return count > 0 ? await_piece(ctx, tx, stmts, count, false) : FL_OK;
}

fl_err await_tx_query(fl_ctx *ctx, fl_tx *tx, const fl_sql *sql, const fl_args *args, const fl_rows **rows)
{
	return await_piece(ctx, tx, &(fl_stmt){ sql, args, rows }, 1, false);
}

fl_err await_commit_with(fl_ctx *ctx, fl_tx *tx, const fl_stmt *stmts, int count)
{
	if (tx->begun || count > 0)
		FL_TRY(await_piece(ctx, tx, stmts, count, true));
	let_go(tx);
	return FL_OK;
}

fl_err await_commit(fl_ctx *ctx, fl_tx *tx)
{
	return await_commit_with(ctx, tx, NULL, 0);
}

void fl_tx_end(fl_tx *tx)
{
	fl_db_unit *u;
	fl_db_conn *c = tx->conn;

	if (!tx->db)
		return;
	if (tx->begun && holds(tx)) {
		u = fl_unit_new(1);
		if (!u) { /* a connection inside a transaction must not go back */
			fl_conn_lost(c, "no memory for ROLLBACK");
		} else {
			fl_unit_add(u, FL_STEP_ROLLBACK);
			fl_unit_send(c, u);
		}
	}
	let_go(tx);
}

fl_err await_transaction(fl_ctx *ctx, fl_db *db, fl_err (*fn)(fl_ctx *ctx, fl_tx *tx, void *arg), void *arg)
{
	int64_t pause_us = 5000;

	for (int attempt = 1;; attempt++, pause_us *= 3) {
		FL_AUTO_TX fl_tx tx = {};
		uint32_t random;
		fl_err err;

		FL_TRY(await_begin(ctx, db, &tx));
		err = fn(ctx, &tx, arg);
		if (err == FL_OK)
			err = await_commit(ctx, &tx);
		if (err != FL_DB_RETRY || attempt == 5)
			return err;
		fl_tx_end(&tx);
		fl_random(&random, sizeof random);
		FL_TRY(await_sleep(ctx, pause_us / 2 + (int64_t)(random % (uint32_t)pause_us)));
	}
}
