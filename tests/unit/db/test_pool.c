/* The pool against a real PostgreSQL: waves, transactions, errors, loss and recovery. */
#include "pg_fixture.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static pg_fixture fx;

static const fl_sql ONE = { .name = "one", .text = "SELECT $1::int4 + 1" };
static const fl_sql SLEEP = { .name = "sleep", .text = "SELECT pg_sleep($1::float8)" };
static const fl_sql TENANT = { .name = "tenant", .text = "SELECT current_setting('app.tenant_id'), current_setting('plan_cache_mode')" };
static const fl_sql TENANT_GENERIC = { .name = "tenant_generic",
	.text = "SELECT current_setting('app.tenant_id'), current_setting('plan_cache_mode')", .generic = true };
static const fl_sql DIVIDE = { .name = "divide", .text = "SELECT 1 / $1::int4" };
static const fl_sql VEHICLES = { .name = "vehicles", .text = "SELECT id, name, tenant_id FROM vehicles ORDER BY id" };
static const fl_sql ADD = { .name = "add", .text = "INSERT INTO vehicles (name, tenant_id, vin, make, model, year) "
	"VALUES ($1, $2, $3, 'Ford', 'Transit', 2020) RETURNING id", .write = true };
static const fl_sql BROKEN = { .name = "broken", .text = "SELECT nonsense FROM nowhere" };
static const fl_sql BACKEND = { .name = "backend", .text = "SELECT pg_backend_pid()" };
static const fl_sql COUNT = { .name = "count", .text = "SELECT count(*) FROM vehicles WHERE name LIKE $1" };

typedef fl_err test_fn(fl_ctx *ctx, fl_db *db);

typedef struct scene {
	test_fn *fn;
	const char *role;
	int connections;
} scene;

static fl_err play(fl_ctx *ctx, void *arg)
{
	const scene *s = arg;
	fl_db_opts opts = { .url = fx.url, .role = s->role, .name = "test", .connections = s->connections };
	fl_db *db;
	fl_err err;

	ctx->caller.tenant_id = 1;
	FL_TRY(fl_db_open(ctx->loop, &opts, &db));
	err = await_db_ready(ctx, db);
	if (err == FL_OK)
		err = s->fn(ctx, db);
	if (err != FL_OK)
		print_message("%s: %s\n", fl_err_name(err), ctx->diag.text);
	await_db_close(ctx, db);
	return err;
}

/* All connections up. */
static fl_err all_up(fl_ctx *ctx, fl_db *db)
{
	while (fl_db_statistics(db).up < fl_db_statistics(db).connections)
		FL_TRY(await_sleep(ctx, 2000));
	return FL_OK;
}

static void run_as(test_fn *fn, const char *role, int connections)
{
	scene s = { fn, role, connections };
	fl_loop *loop;

	assert_int_equal(fl_loop_new(&(fl_loop_opts){}, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, 180 * FL_SECOND_US, play, &s), FL_OK);
	assert_int_equal(fl_loop_coroutines(loop), 0);
	fl_loop_free(loop);
}

/* ---- One query as a child of a group ---- */

typedef struct ask {
	fl_db *db;
	const fl_sql *sql;
	int32_t n;
	fl_err err;
	const fl_rows *rows;
} ask;

static fl_err ask_one(fl_ctx *ctx, void *arg)
{
	ask *a = arg;
	fl_args args = fl_args_make(ctx->mem);

	if (a->sql == &ONE || a->sql == &DIVIDE)
		fl_arg_i32(&args, a->n);
	a->err = await_query(ctx, a->db, a->sql, &args, &a->rows);
	return FL_OK;
}

static fl_err query_one(fl_ctx *ctx, fl_db *db)
{
	ask a = { db, &ONE, 41, FL_OK, NULL };

	FL_TRY(ask_one(ctx, &a));
	assert_int_equal(a.err, FL_OK);
	assert_int_equal(a.rows->count, 1);
	assert_int_equal(fl_row_i32(a.rows, 0, 0), 42);
	return FL_OK;
}

static void test_query(void **state)
{
	run_as(query_one, "fleet_app", 2);
}

static fl_err one_wave(fl_ctx *ctx, fl_db *db)
{
	fl_db_stats before = fl_db_statistics(db), after;
	ask asks[50];
	fl_group group;

	fl_group_init(&group, ctx);
	for (int i = 0; i < 50; i++) {
		asks[i] = (ask){ db, i % 2 ? &TENANT : &TENANT_GENERIC, i, FL_OK, NULL };
		fl_group_go(&group, ask_one, &asks[i]);
	}
	FL_TRY(await_group(&group));
	after = fl_db_statistics(db);
	assert_int_equal(after.statements - before.statements, 50);
	assert_int_equal(after.waves - before.waves, 1); /* one Sync */
	for (int i = 0; i < 50; i++) {
		assert_int_equal(asks[i].err, FL_OK);
		assert_true(fl_str_eq(fl_row_text(asks[i].rows, 0, 0), FL_STR("1")));
		assert_true(fl_str_eq(fl_row_text(asks[i].rows, 0, 1), i % 2 ? FL_STR("force_custom_plan") : FL_STR("force_generic_plan")));
	}
	return FL_OK;
}

static void test_one_wave(void **state)
{
	run_as(one_wave, "fleet_app", 2);
}

static fl_err two_tenants(fl_ctx *ctx, fl_db *db)
{
	fl_db_stats before = fl_db_statistics(db);
	fl_ctx other;
	fl_group group, group2;
	ask asks[4] = { { db, &TENANT }, { db, &TENANT }, { db, &TENANT }, { db, &VEHICLES } };

	fl_ctx_derive(&other, ctx, 0);
	other.caller.tenant_id = 2;
	fl_group_init(&group, ctx);
	fl_group_init(&group2, &other);
	fl_group_go(&group, ask_one, &asks[0]);
	fl_group_go(&group2, ask_one, &asks[1]);
	fl_group_go(&group, ask_one, &asks[2]);
	fl_group_go(&group2, ask_one, &asks[3]);
	FL_TRY(await_group(&group));
	FL_TRY(await_group(&group2));
	fl_ctx_fini(&other);
	assert_int_equal(fl_db_statistics(db).waves - before.waves, 2);
	assert_true(fl_str_eq(fl_row_text(asks[0].rows, 0, 0), FL_STR("1")));
	assert_true(fl_str_eq(fl_row_text(asks[1].rows, 0, 0), FL_STR("2")));
	assert_int_equal(asks[3].rows->count, 1);
	assert_int_equal(fl_row_i32(asks[3].rows, 0, 2), 2);
	return FL_OK;
}

static void test_two_tenants(void **state)
{
	run_as(two_tenants, "fleet_app", 2);
}

static fl_err tenant_does_not_stick(fl_ctx *ctx, fl_db *db)
{
	ask a = { db, &VEHICLES }, b = { db, &VEHICLES };

	FL_TRY(ask_one(ctx, &a));
	ctx->caller.tenant_id = 0;
	FL_TRY(ask_one(ctx, &b));
	assert_int_equal(a.rows->count, 1);
	assert_int_equal(b.err, FL_OK);
	assert_int_equal(b.rows->count, 0);
	return FL_OK;
}

static void test_tenant_does_not_stick(void **state)
{
	run_as(tenant_does_not_stick, "fleet_app", 2);
}

static fl_err error_in_wave(fl_ctx *ctx, fl_db *db)
{
	ask asks[5] = { { db, &ONE, 1 }, { db, &DIVIDE, 0 }, { db, &ONE, 2 }, { db, &BROKEN, 0 }, { db, &TENANT, 0 } };
	fl_db_stats before = fl_db_statistics(db);
	fl_group group;

	fl_group_init(&group, ctx);
	for (int i = 0; i < 5; i++)
		fl_group_go(&group, ask_one, &asks[i]);
	FL_TRY(await_group(&group));
	assert_int_equal(asks[0].err, FL_OK);
	assert_int_equal(asks[1].err, FL_BAD_INPUT);
	assert_int_equal(asks[2].err, FL_OK);
	assert_int_equal(fl_row_i32(asks[2].rows, 0, 0), 3);
	assert_int_equal(asks[3].err, FL_DB);
	assert_int_equal(asks[4].err, FL_OK);
	assert_true(fl_db_statistics(db).retried > before.retried);
	assert_null(strstr(ctx->diag.text, "nonsense")); /* clients never see SQL */
	for (int i = 0; i < 2; i++) { /* and a statement that could not be prepared can be tried again */
		ask again = { db, &BROKEN, 0 };
		FL_TRY(ask_one(ctx, &again));
		assert_int_equal(again.err, FL_DB);
	}
	return query_one(ctx, db);
}

static void test_error_in_wave(void **state)
{
	run_as(error_in_wave, "fleet_app", 2);
}

static fl_err add_vehicle(fl_ctx *ctx, fl_db *db, fl_tx *tx, const char *name, const char *vin)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;

	fl_arg_text(&args, fl_str_z(name));
	fl_arg_i32(&args, 1);
	fl_arg_text(&args, fl_str_z(vin));
	return tx ? await_tx_query(ctx, tx, &ADD, &args, &rows) : await_query(ctx, db, &ADD, &args, &rows);
}

static int64_t count_vehicles(fl_ctx *ctx, fl_db *db, const char *pattern)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;

	fl_arg_text(&args, fl_str_z(pattern));
	assert_int_equal(await_query(ctx, db, &COUNT, &args, &rows), FL_OK);
	return fl_row_i64(rows, 0, 0);
}

static fl_err write_errors(fl_ctx *ctx, fl_db *db)
{
	fl_err err;

	FL_TRY(add_vehicle(ctx, db, NULL, "W-1", "WRITE0001"));
	err = add_vehicle(ctx, db, NULL, "w-1", "WRITE0002");
	assert_int_equal(err, FL_DUPLICATE);
	assert_string_equal(fl_db_last_error(db).constraint, "vehicles_tenant_id_name_key_key");
	assert_string_equal(fl_db_last_error(db).sqlstate, "23505");
	assert_int_equal(add_vehicle(ctx, db, NULL, "W-2", "lower"), FL_BAD_INPUT);
	assert_int_equal(count_vehicles(ctx, db, "W-%"), 1);
	ctx->caller.tenant_id = 2; /* the row says 1: row security refuses it */
	assert_int_equal(add_vehicle(ctx, db, NULL, "W-3", "WRITE0003"), FL_FORBIDDEN);
	return FL_OK;
}

static void test_write_errors(void **state)
{
	run_as(write_errors, "fleet_app", 2);
}

static fl_err batch(fl_ctx *ctx, fl_db *db)
{
	fl_args a = fl_args_make(ctx->mem), b = fl_args_make(ctx->mem);
	fl_db_stats before = fl_db_statistics(db);
	const fl_rows *rows = NULL;

	fl_arg_text(&a, FL_STR("B-1"));
	fl_arg_i32(&a, 1);
	fl_arg_text(&a, FL_STR("BATCH0001"));
	b = a;
	assert_int_equal(await_statements(ctx, db, (fl_stmt[]){ { &ADD, &a, &rows }, { &ADD, &b, NULL } }, 2), FL_DUPLICATE);
	assert_null(rows);
	assert_int_equal(count_vehicles(ctx, db, "B-%"), 0); /* all or nothing */
	FL_TRY(await_statements(ctx, db, (fl_stmt[]){ { &ADD, &a, &rows }, { &TENANT, NULL, NULL } }, 2));
	assert_int_equal(rows->affected, 1);
	assert_int_equal(count_vehicles(ctx, db, "B-%"), 1);
	assert_int_equal(fl_db_statistics(db).waves - before.waves, 4);
	return FL_OK;
}

static void test_batch(void **state)
{
	run_as(batch, "fleet_app", 2);
}

static fl_err leave_early(fl_ctx *ctx, fl_db *db)
{
	FL_AUTO_TX fl_tx tx = {};

	FL_TRY(await_begin(ctx, db, &tx));
	FL_TRY(add_vehicle(ctx, db, &tx, "T-0", "TRANS0000"));
	return FL_BAD_INPUT;
}

static fl_err transactions(fl_ctx *ctx, fl_db *db)
{
	fl_tx tx = {};

	assert_int_equal(leave_early(ctx, db), FL_BAD_INPUT);
	assert_int_equal(count_vehicles(ctx, db, "T-%"), 0);

	FL_TRY(await_begin(ctx, db, &tx));
	FL_TRY(add_vehicle(ctx, db, &tx, "T-1", "TRANS0001"));
	assert_int_equal(count_vehicles(ctx, db, "T-%"), 0); /* not visible to others */
	FL_TRY(await_commit(ctx, &tx));
	assert_int_equal(count_vehicles(ctx, db, "T-%"), 1);

	FL_TRY(await_begin(ctx, db, &tx));
	FL_TRY(add_vehicle(ctx, db, &tx, "T-2", "TRANS0002"));
	assert_int_equal(add_vehicle(ctx, db, &tx, "T-2", "TRANS0003"), FL_DUPLICATE);
	fl_tx_end(&tx);
	fl_tx_end(&tx);
	assert_int_equal(count_vehicles(ctx, db, "T-%"), 1);

	FL_TRY(await_begin(ctx, db, &tx)); /* nothing said */
	FL_TRY(await_commit(ctx, &tx));
	while (fl_db_statistics(db).in_flight > 0) /* the rollback is answered by and by */
		FL_TRY(await_sleep(ctx, 1000));
	return FL_OK;
}

static void test_transactions(void **state)
{
	run_as(transactions, "fleet_app", 2);
}

/* Two transactions that lock the same rows in opposite order: one is refused, and runs again. */
static const fl_sql RENAME = { .name = "rename", .text = "UPDATE drivers SET name = name || '!' WHERE id = $1", .write = true };

typedef struct locker {
	fl_db *db;
	int32_t first, second;
	int runs;
} locker;

static fl_err lock_both(fl_ctx *ctx, fl_tx *tx, void *arg)
{
	locker *l = arg;
	fl_args first = fl_args_make(ctx->mem), second = fl_args_make(ctx->mem);

	l->runs++;
	fl_arg_i32(&first, l->first);
	fl_arg_i32(&second, l->second);
	FL_TRY(await_tx_query(ctx, tx, &RENAME, &first, NULL));
	FL_TRY(await_sleep(ctx, 100000));
	return await_tx_query(ctx, tx, &RENAME, &second, NULL);
}

static fl_err lock_child(fl_ctx *ctx, void *arg)
{
	locker *l = arg;

	return await_transaction(ctx, l->db, lock_both, l);
}

static fl_err collision(fl_ctx *ctx, fl_db *db)
{
	locker a = { db, 1, 2, 0 }, b = { db, 2, 1, 0 };
	fl_group group;

	(void)pg_fixture_sql(&fx, "INSERT INTO drivers (tenant_id, id, name) VALUES (1, 2, 'Lou')");
	FL_TRY(all_up(ctx, db));
	fl_group_init(&group, ctx);
	fl_group_go(&group, lock_child, &a);
	fl_group_go(&group, lock_child, &b);
	FL_TRY(await_group(&group));
	assert_true(a.runs + b.runs >= 3);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT name FROM drivers WHERE tenant_id = 1 AND id = 2"), "Lou!!");
	return FL_OK;
}

static void test_collision(void **state)
{
	run_as(collision, "fleet_app", 4);
}

static fl_err deadline(fl_ctx *ctx, fl_db *db)
{
	fl_ctx child;
	fl_args args = fl_args_make(ctx->mem);
	int64_t start_us = fl_mono_us();

	fl_arg_f8(&args, 3.0);
	fl_ctx_derive(&child, ctx, 50000);
	assert_int_equal(await_query(&child, db, &SLEEP, &args, NULL), FL_TIMEOUT);
	assert_true(fl_mono_us() - start_us < 2 * FL_SECOND_US);
	fl_ctx_fini(&child);
	FL_AUTO_TX fl_tx tx = {};
	FL_TRY(await_begin(ctx, db, &tx));
	fl_ctx_derive(&child, ctx, 50000); /* in a transaction: the rollback waits behind it, we do not */
	assert_int_equal(await_tx_query(&child, &tx, &SLEEP, &args, NULL), FL_TIMEOUT);
	fl_tx_end(&tx);
	fl_ctx_fini(&child);
	for (int i = 0; i < 20; i++)
		FL_TRY(query_one(ctx, db));
	return FL_OK;
}

static void test_deadline(void **state)
{
	run_as(deadline, "fleet_app", 2);
}

static fl_err kill_backend(fl_ctx *ctx, fl_db *db)
{
	ask a = { db, &BACKEND };
	char sql[100];

	FL_TRY(all_up(ctx, db));
	FL_TRY(ask_one(ctx, &a));
	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)", fl_row_i32(a.rows, 0, 0));
	(void)pg_fixture_sql(&fx, sql);
	for (int i = 0; i < 20; i++) /* reads run again on another connection */
		FL_TRY(query_one(ctx, db));
	FL_TRY(all_up(ctx, db));
	assert_int_equal(fl_db_statistics(db).lost, 1);
	return FL_OK;
}

static void test_kill_backend(void **state)
{
	run_as(kill_backend, "fleet_app", 3);
}

typedef struct hammer {
	fl_db *db;
	bool stop;
	int ok, failed, other;
} hammer;

static fl_err hammer_on(fl_ctx *ctx, void *arg)
{
	hammer *h = arg;

	while (!h->stop) {
		ask a = { h->db, &ONE, 1 };
		FL_TRY(ask_one(ctx, &a));
		h->ok += a.err == FL_OK;
		h->failed += a.err == FL_UNAVAILABLE;
		h->other += a.err != FL_OK && a.err != FL_UNAVAILABLE;
		if (a.rows)
			fl_rows_free(a.rows);
		FL_TRY(await_sleep(ctx, 1000));
	}
	return FL_OK;
}

static fl_err restart_task(void *arg)
{
	pg_fixture_restart(&fx);
	return FL_OK;
}

static fl_err kill_server(fl_ctx *ctx, fl_db *db)
{
	hammer h = { .db = db };
	fl_tx tx = {};
	fl_group group;
	int ok;

	FL_TRY(await_begin(ctx, db, &tx));
	FL_TRY(add_vehicle(ctx, db, &tx, "K-1", "KILL00001"));
	fl_group_init(&group, ctx);
	for (int i = 0; i < 10; i++)
		fl_group_go(&group, hammer_on, &h);
	for (int i = 0; i < 2500 && h.ok <= 10; i++)
		FL_TRY(await_sleep(ctx, 20000));
	assert_true(h.ok > 10);
	kill(fl_pg_server_pid(fx.server), SIGKILL);
	for (int i = 0; i < 2500 && h.failed <= 10; i++)
		FL_TRY(await_sleep(ctx, 20000));
	assert_true(h.failed > 10);
	assert_int_equal(add_vehicle(ctx, db, &tx, "K-2", "KILL00002"), FL_UNAVAILABLE);
	fl_tx_end(&tx);
	ok = h.ok;
	FL_TRY(await_pool(ctx, restart_task, NULL));
	for (int i = 0; i < 2500 && h.ok < ok + 50; i++)
		FL_TRY(await_sleep(ctx, 20000));
	assert_true(h.ok >= ok + 50);
	h.stop = true;
	FL_TRY(await_group(&group));
	assert_int_equal(h.other, 0);
	assert_int_equal(count_vehicles(ctx, db, "K-%"), 0);
	return FL_OK;
}

static void test_kill_server(void **state)
{
	run_as(kill_server, "fleet_app", 4);
}

static fl_err types(fl_ctx *ctx, fl_db *db)
{
	static const fl_sql ALL = { .name = "all_types", .text =
		"SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::int4[], $18::text" };
	fl_args args = fl_args_make(ctx->mem);
	fl_uuid id = fl_uuid7(fl_now_us()), *ids;
	const fl_str texts[] = { FL_STR_INIT("a"), FL_STR_INIT(""), FL_STR_INIT("\xc3\xa4") };
	fl_str *texts_out;
	int32_t *ints;
	const fl_rows *r;
	size_t n;

	fl_arg_bool(&args, true);
	fl_arg_i16(&args, -2);
	fl_arg_i32(&args, INT32_MIN);
	fl_arg_i64(&args, INT64_MIN);
	fl_arg_f4(&args, 0.5f);
	fl_arg_f8(&args, -1e300);
	fl_arg_time(&args, 1234567890123456);
	fl_arg_uuid(&args, id);
	fl_arg_text(&args, FL_STR(""));
	fl_arg_bytes(&args, (fl_str){ "a\0b", 3 });
	fl_arg_jsonb(&args, FL_STR("{\"a\": [1, null]}"));
	fl_arg_xid(&args, 77);
	fl_arg_i32s(&args, (int32_t[]){ 1, -1 }, 2);
	fl_arg_uuids(&args, &id, 1);
	fl_arg_texts(&args, texts, 3);
	fl_arg_i64s(&args, (int64_t[]){ 5 }, 1);
	fl_arg_i32s(&args, (int32_t[]){ 1 }, 0);
	fl_arg_null(&args, FL_DB_TEXT);
	FL_TRY(await_query(ctx, db, &ALL, &args, &r));
	assert_true(fl_row_bool(r, 0, 0));
	assert_int_equal(fl_row_i16(r, 0, 1), -2);
	assert_int_equal(fl_row_i32(r, 0, 2), INT32_MIN);
	assert_true(fl_row_i64(r, 0, 3) == INT64_MIN);
	assert_true(fl_row_f4(r, 0, 4) == 0.5f && fl_row_f8(r, 0, 4) == 0.5);
	assert_true(fl_row_f8(r, 0, 5) == -1e300);
	assert_true(fl_row_time(r, 0, 6) == 1234567890123456);
	assert_true(fl_uuid_eq(fl_row_uuid(r, 0, 7), id));
	assert_true(fl_row_text(r, 0, 8).len == 0 && !fl_row_null(r, 0, 8));
	assert_memory_equal(fl_row_bytes(r, 0, 9).ptr, "a\0b", 3);
	assert_true(fl_str_eq(fl_row_jsonb(r, 0, 10), FL_STR("{\"a\": [1, null]}")));
	assert_int_equal(fl_row_xid(r, 0, 11), 77);
	FL_TRY(fl_row_i32s(r, 0, 12, ctx->mem, &ints, &n));
	assert_true(n == 2 && ints[0] == 1 && ints[1] == -1);
	FL_TRY(fl_row_uuids(r, 0, 13, ctx->mem, &ids, &n));
	assert_true(n == 1 && fl_uuid_eq(ids[0], id));
	FL_TRY(fl_row_texts(r, 0, 14, ctx->mem, &texts_out, &n));
	assert_true(n == 3 && texts_out[1].len == 0 && fl_str_eq(texts_out[2], texts[2]));
	FL_TRY(fl_row_i32s(r, 0, 16, ctx->mem, &ints, &n));
	assert_true(n == 0 && !fl_row_null(r, 0, 16));
	assert_true(fl_row_null(r, 0, 17) && !fl_row_text(r, 0, 17).ptr);
	return FL_OK;
}

static void test_types(void **state)
{
	run_as(types, "fleet_app", 2);
}

static fl_err big(fl_ctx *ctx, fl_db *db)
{
	static const fl_sql ECHO = { .name = "echo", .text = "SELECT $1::text, length($1)" };
	size_t len = 8 << 20;
	char *text = malloc(len);
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *r;

	memset(text, 'x', len);
	fl_arg_text(&args, (fl_str){ text, len });
	FL_TRY(await_query(ctx, db, &ECHO, &args, &r)); /* more than any socket buffer, both ways */
	assert_int_equal(fl_row_i32(r, 0, 1), len);
	assert_int_equal(fl_row_text(r, 0, 0).len, len);
	free(text);
	return FL_OK;
}

static void test_big(void **state)
{
	run_as(big, "fleet_app", 2);
}

typedef struct closer {
	fl_db *db;
	fl_err query, tx;
} closer;

static fl_err query_through_close(fl_ctx *ctx, void *arg)
{
	closer *c = arg;
	fl_args args = fl_args_make(ctx->mem);

	fl_arg_f8(&args, 5.0);
	c->query = await_query(ctx, c->db, &SLEEP, &args, NULL);
	return FL_OK;
}

static fl_err hold_through_close(fl_ctx *ctx, void *arg)
{
	closer *c = arg;
	FL_AUTO_TX fl_tx tx = {};

	FL_TRY(await_begin(ctx, c->db, &tx));
	c->tx = add_vehicle(ctx, c->db, &tx, "C-1", "CLOSE0001");
	if (c->tx == FL_OK) {
		FL_TRY(await_sleep(ctx, 100000));
		c->tx = await_commit(ctx, &tx);
	}
	return FL_OK;
}

/* Closing under everybody's feet: all get an answer, nobody looks at freed memory, nothing is committed. */
static fl_err close_task(fl_ctx *ctx, void *arg)
{
	closer c = { NULL, FL_OK, FL_OK };
	fl_group group;

	ctx->caller.tenant_id = 1;
	FL_TRY(fl_db_open(ctx->loop, &(fl_db_opts){ .url = fx.url, .role = "fleet_app", .name = "close", .connections = 3 }, &c.db));
	FL_TRY(await_db_ready(ctx, c.db));
	FL_TRY(all_up(ctx, c.db));
	fl_group_init(&group, ctx);
	fl_group_go(&group, query_through_close, &c);
	fl_group_go(&group, hold_through_close, &c);
	FL_TRY(await_sleep(ctx, 30000));
	await_db_close(ctx, c.db);
	FL_TRY(await_group(&group));
	assert_int_equal(c.query, FL_CLOSED);
	assert_true(c.tx == FL_UNAVAILABLE || c.tx == FL_CLOSED);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT count(*) FROM vehicles WHERE name LIKE 'C-%'"), "0");
	return FL_OK;
}

static void test_close(void **state)
{
	fl_loop *loop;

	assert_int_equal(fl_loop_new(&(fl_loop_opts){}, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, 30 * FL_SECOND_US, close_task, NULL), FL_OK);
	assert_int_equal(fl_loop_coroutines(loop), 0);
	fl_loop_free(loop);
}

static fl_err away_task(fl_ctx *ctx, void *arg)
{
	fl_db_opts opts = { .url = "postgresql://nobody@%2Fnowhere/none", .name = "away" };
	fl_ctx child;
	fl_db *db;
	int64_t start_us = fl_mono_us();

	FL_TRY(fl_db_open(ctx->loop, &opts, &db));
	assert_int_equal(await_query(ctx, db, &ONE, NULL, NULL), FL_UNAVAILABLE);
	assert_true(fl_mono_us() - start_us < FL_SECOND_US);
	fl_ctx_derive(&child, ctx, FL_SECOND_US);
	assert_int_equal(await_db_ready(&child, db), FL_TIMEOUT);
	assert_non_null(strstr(child.diag.text, "nowhere"));
	fl_ctx_fini(&child);
	await_db_close(ctx, db);
	return FL_OK;
}

static void test_away(void **state)
{
	fl_loop *loop;

	assert_int_equal(fl_loop_new(&(fl_loop_opts){}, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, 20 * FL_SECOND_US, away_task, NULL), FL_OK);
	fl_loop_free(loop);
}

static int set_up(void **state)
{
	pg_fixture_start(&fx);
	pg_fixture_load_two_companies(&fx);
	return 0;
}

static int tear_down(void **state)
{
	pg_fixture_stop(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_one_wave),
		cmocka_unit_test(test_two_tenants),
		cmocka_unit_test(test_tenant_does_not_stick),
		cmocka_unit_test(test_error_in_wave),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_write_errors),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_collision),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_kill_backend),
		cmocka_unit_test(test_kill_server),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_away),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
