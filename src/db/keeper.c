/* The keeper: one coroutine that connects what is down, one connection at a time, and those who wait for news of it. */
#include "db/db_int.h"

enum { PAUSE_MIN_US = 50000, PAUSE_MAX_US = 5000000 };

void fl_db_wake_keeper(fl_db *db)
{
	if (db->keeper_wait)
		fl_wake(db->keeper_wait, FL_OK);
	db->keeper_wait = NULL;
}

void fl_db_hurry_keeper(fl_db *db)
{
	db->keeper_hurried = true;
	fl_db_wake_keeper(db);
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

void fl_db_keep(void *arg)
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
			pause_us = db->keeper_hurried ? PAUSE_MIN_US : FL_MIN(2 * pause_us, (int64_t)PAUSE_MAX_US);
			db->keeper_hurried = false;
		}
	}
	db->keeper_ended = true;
	wake_ready(db);
}

/* ---- Waiting for it ---- */

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
