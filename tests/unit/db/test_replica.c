/* Positions in the log, and what becomes of writes and reads beside servers that are no replicas. What real replicas do is
 * tests/replicas. */
#include "pg_fixture.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static pg_fixture fx;

static const fl_sql COUNT = { .name = "count", .text = "SELECT count(*) FROM vehicles" };
static const fl_sql ADD = { .name = "add", .text = "INSERT INTO vehicles (id, name, tenant_id, vin, make, model, year) "
	"VALUES ($1, $2, 1, $2, 'Ford', 'Transit', 2020)", .write = true };

typedef struct marks {
	int written, seen;
	uint64_t lsn;
} marks;

static void on_mark(void *arg, fl_ctx *ctx, uint64_t lsn, bool written)
{
	marks *m = arg;

	assert_non_null(ctx->view);
	assert_true(lsn >= m->lsn && lsn != FL_LSN_UNKNOWN);
	m->lsn = lsn;
	m->written += written;
	m->seen += !written;
}

static fl_err add(fl_ctx *ctx, fl_db *db, int32_t id)
{
	fl_args args = fl_args_make(ctx->mem);

	fl_arg_i32(&args, id);
	fl_arg_text(&args, fl_str_fmt(ctx->mem, "1FTYR1ZM0KKA%05d", (int)id));
	return await_query(ctx, db, &ADD, &args, NULL);
}

static fl_err count(fl_ctx *ctx, fl_db *db)
{
	const fl_rows *rows;

	return await_query(ctx, db, &COUNT, NULL, &rows);
}

/* Until the primary was sampled: what is no replica is called so only then. */
static fl_err await_state(fl_ctx *ctx, fl_db *db, int index, fl_replica_state state)
{
	while (fl_db_replica_statistics(db, index).state != state)
		FL_TRY(await_sleep(ctx, 2000));
	return FL_OK;
}

static fl_err beside(fl_ctx *ctx, fl_db *db, const marks *m)
{
	fl_db_view view = { .replicas = true };
	FL_AUTO_TX fl_tx tx = {};

	FL_TRY(await_state(ctx, db, 0, FL_REPLICA_PROMOTED));
	assert_int_equal(fl_db_replica_statistics(db, 1).state, FL_REPLICA_AWAY);
	assert_false(fl_db_has_good_replica(db));
	FL_TRY(add(ctx, db, 901)); /* nobody asked to know */
	assert_int_equal(m->written, 0);
	ctx->view = &view;
	assert_string_equal(fl_db_target(ctx, &COUNT), "primary");
	FL_TRY(count(ctx, db));
	assert_int_equal(fl_db_reads_of_primary(db), 1);
	assert_true(view.primary && view.floor > 0 && m->seen == 1);
	/* What a client says it has seen is not yet known to who keeps the marks. */
	view.told = 0;
	FL_TRY(count(ctx, db));
	assert_true(m->seen == 2 && view.told == m->lsn);
	FL_TRY(count(ctx, db));
	assert_true(m->seen <= 3);
	FL_TRY(add(ctx, db, 902));
	assert_true(m->written == 1 && view.written == m->lsn && view.floor == m->lsn);
	/* A failure is told as it was, though the connection was asked for a mark behind it. */
	assert_int_equal(add(ctx, db, 902), FL_DUPLICATE);
	assert_string_equal(fl_db_last_error(db).sqlstate, "23505");
	assert_int_equal(m->written, 1);
	FL_TRY(await_begin(ctx, db, &tx));
	FL_TRY(await_tx_query(ctx, &tx, &COUNT, NULL, NULL));
	assert_int_equal(m->written, 1);
	FL_TRY(await_commit(ctx, &tx));
	assert_true(m->written <= 2);
	return FL_OK;
}

static fl_err play(fl_ctx *ctx, void *arg)
{
	const char *const urls[] = { fx.url, "postgresql://nobody@/fleet?host=/nowhere" };
	marks m = {};
	fl_db_opts opts = { .url = fx.url, .name = "test", .replicas = urls, .replica_count = 2, .on_mark = on_mark, .arg = &m };
	fl_db *db;
	fl_err err;

	ctx->caller.tenant_id = 1;
	FL_TRY(fl_db_open(ctx->loop, &opts, &db));
	err = await_db_ready(ctx, db);
	if (err == FL_OK)
		err = beside(ctx, db, &m);
	if (err != FL_OK)
		print_message("%s: %s\n", fl_err_name(err), ctx->diag.text);
	ctx->view = NULL;
	await_db_close(ctx, db);
	return err;
}

static void servers_that_are_no_replicas(void **state)
{
	fl_loop *loop;

	assert_int_equal(fl_loop_new(&(fl_loop_opts){}, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, 30 * FL_SECOND_US, play, NULL), FL_OK);
	fl_loop_free(loop);
}

static void positions(void **state)
{
	static const char *const wrong[] = { "", "/", "0", "1/", "/1", "G/1", "1/2/3", "123456789/0", "0/123456789", "-1/0", " 1/2", "1/2 " };
	char text[FL_LSN_TEXT + 1];
	uint64_t lsn = 7;

	assert_true(fl_lsn_parse(FL_STR("16/b374D848"), &lsn));
	assert_true(lsn == UINT64_C(0x16B374D848));
	fl_lsn_format(lsn, text);
	assert_string_equal(text, "16/B374D848");
	fl_lsn_format(FL_LSN_UNKNOWN, text);
	assert_string_equal(text, "FFFFFFFF/FFFFFFFF");
	assert_true(fl_lsn_parse(fl_str_z(text), &lsn) && lsn == FL_LSN_UNKNOWN);
	for (size_t i = 0; i < FL_COUNT(wrong); i++) {
		lsn = 7;
		assert_false(fl_lsn_parse(fl_str_z(wrong[i]), &lsn));
		assert_true(lsn == 7);
	}
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
		cmocka_unit_test(positions),
		cmocka_unit_test(servers_that_are_no_replicas),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
