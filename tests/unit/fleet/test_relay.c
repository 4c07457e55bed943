/* The relay against a real PostgreSQL and Redis: every committed event, in order, whatever happens in between. */
#include "world.h"

#include "fleet/relay.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static world w;

/* ---- what a subscriber hears ---- */

enum { HEARD_MAX = 4096 };
static char heard[HEARD_MAX][FL_UUID_TEXT + 1];
static size_t heard_count;

static void on_message(void *arg, fl_str pattern, fl_str channel, fl_str message)
{
	ptrdiff_t at = fl_str_find(message, FL_STR("\"id\":\""));
	assert_true(at >= 0 && heard_count < HEARD_MAX);
	fl_str id = fl_str_slice(message, at + 6, at + 6 + FL_UUID_TEXT);
	snprintf(heard[heard_count++], sizeof(heard[0]), "%.*s", FL_ARG(id));
}

static bool has_heard(const char *id)
{
	for (size_t i = 0; i < heard_count; i++)
		if (strcmp(heard[i], id) == 0)
			return true;
	return false;
}

static fl_err listen(fl_ctx *ctx, fl_redis_sub **out)
{
	heard_count = 0;
	FL_TRY(fl_redis_sub_open(ctx->loop, &(fl_redis_sub_opts){ .url = fl_str_z(w.redis_url), .on_message = on_message }, NULL, out));
	FL_TRY(fl_redis_sub_add(*out, FL_STR("fleet:events:1")));
	return await_redis_sub_ready(ctx, *out);
}

/* Until at least count messages have come; then whatever follows in a moment, so that a repeat would be seen. */
static fl_err hear(fl_ctx *ctx, size_t count)
{
	for (int i = 0; i < 1000 && heard_count < count; i++)
		FL_TRY(await_sleep(ctx, 10000));
	assert_true(heard_count >= count);
	return await_sleep(ctx, 50000);
}

/* ---- transactions that overlap ---- */

static PGconn *connect_and_begin(void)
{
	PGconn *pg = PQconnectdb(w.pg.url);
	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	PQclear(PQexec(pg, "SET search_path = fleet, public; BEGIN"));
	return pg;
}

static void add_event(PGconn *pg, char id[FL_UUID_TEXT + 1])
{
	PGresult *r = PQexec(pg, "INSERT INTO events (tenant_id, type, report_id, vehicle_id) VALUES (1, 'report.updated', uuid7(), 1) RETURNING id");
	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	snprintf(id, FL_UUID_TEXT + 1, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
}

static void finish(PGconn *pg, const char *how)
{
	PGresult *r = PQexec(pg, how);
	assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
	PQclear(r);
	PQfinish(pg);
}

static fl_err start_relay(fl_ctx *ctx, fl_relay **out)
{
	return fl_relay_start(ctx->loop, &w.worker, out);
}

/* The first transaction to write is the last to commit: a cursor on the sequence alone would step over it. */
static fl_err late_commits_are_heard(fl_ctx *ctx)
{
	char slow_id[FL_UUID_TEXT + 1], fast_id[FL_UUID_TEXT + 1], never_id[FL_UUID_TEXT + 1];
	fl_redis_sub *sub;
	fl_relay *relay;
	FL_TRY(listen(ctx, &sub));
	PGconn *slow = connect_and_begin(), *fast = connect_and_begin(), *never = connect_and_begin();
	add_event(slow, slow_id);
	add_event(fast, fast_id);
	add_event(never, never_id);
	finish(fast, "COMMIT");
	FL_TRY(start_relay(ctx, &relay));
	FL_TRY(await_sleep(ctx, 100000));
	assert_int_equal(heard_count, 0); /* what an open transaction may still precede waits */
	finish(slow, "COMMIT");
	finish(never, "ROLLBACK");
	fl_relay_poke(relay);
	FL_TRY(hear(ctx, 2));
	assert_int_equal(heard_count, 2);
	assert_string_equal(heard[0], slow_id);
	assert_string_equal(heard[1], fast_id);
	await_relay_stop(ctx, relay);
	fl_redis_sub_close(sub);
	return FL_OK;
}

/* ---- failures ---- */

static void add_events(char ids[][FL_UUID_TEXT + 1], size_t count)
{
	PGconn *pg = connect_and_begin();
	for (size_t i = 0; i < count; i++)
		add_event(pg, ids[i]);
	finish(pg, "COMMIT");
}

enum { SOME = 5 };

/* Each command of the batch fails in turn; not one event may be missing at the end. */
static fl_err refused_events_come_again(fl_ctx *ctx)
{
	char ids[SOME][FL_UUID_TEXT + 1], spec[40];
	fl_redis_sub *sub;
	fl_relay *relay;
	FL_TRY(listen(ctx, &sub));
	for (int nth = 1; nth <= SOME; nth++) {
		heard_count = 0;
		add_events(ids, SOME);
		snprintf(spec, sizeof(spec), "redis.command:%d", nth);
		FL_TRY(fl_faults_set(spec));
		FL_TRY(start_relay(ctx, &relay));
		for (int i = 0; i < 500 && fl_relay_statistics(relay).published == 0; i++)
			FL_TRY(await_sleep(ctx, 10000));
		FL_TRY(await_sleep(ctx, 50000));
		assert_int_equal(fl_relay_statistics(relay).failures, 1);
		for (size_t i = 0; i < SOME; i++)
			assert_true(has_heard(ids[i]));
		await_relay_stop(ctx, relay);
	}
	fl_redis_sub_close(sub);
	return fl_faults_set(NULL);
}

/* Redis is killed with events waiting, and comes back. */
static fl_err redis_may_go_away(fl_ctx *ctx)
{
	char ids[SOME][FL_UUID_TEXT + 1];
	fl_redis_sub *sub;
	fl_relay *relay;
	FL_TRY(listen(ctx, &sub));
	await_redis_server_stop(ctx, w.redis, 0);
	FL_TRY(start_relay(ctx, &relay));
	add_events(ids, SOME);
	fl_relay_poke(relay);
	for (int i = 0; i < 500 && fl_relay_statistics(relay).failures == 0; i++)
		FL_TRY(await_sleep(ctx, 10000));
	assert_true(fl_relay_statistics(relay).published == 0 && fl_relay_statistics(relay).failures > 0);
	await_relay_stop(ctx, relay);
	FL_TRY(await_redis_server_start(ctx, &(fl_redis_server_opts){ .home = w.home }, &w.redis));
	FL_TRY(await_redis_sub_ready(ctx, sub));
	FL_TRY(start_relay(ctx, &relay));
	FL_TRY(hear(ctx, SOME));
	for (size_t i = 0; i < SOME; i++)
		assert_true(has_heard(ids[i]));
	await_relay_stop(ctx, relay);
	fl_redis_sub_close(sub);
	return FL_OK;
}

/* As when the relay dies between publishing and moving its cursor: the move is refused after the publication. */
static fl_err death_repeats_but_loses_nothing(fl_ctx *ctx)
{
	char ids[SOME][FL_UUID_TEXT + 1];
	fl_redis_sub *sub;
	fl_relay *relay;
	FL_TRY(listen(ctx, &sub));
	(void)pg_fixture_sql(&w.pg, "CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'cut'; END $$;"
				    "CREATE TRIGGER fall BEFORE UPDATE ON outbox_cursor FOR EACH ROW EXECUTE FUNCTION fall()");
	add_events(ids, SOME);
	FL_TRY(start_relay(ctx, &relay));
	FL_TRY(hear(ctx, SOME));
	(void)pg_fixture_sql(&w.pg, "DROP FUNCTION fall() CASCADE");
	fl_relay_poke(relay);
	FL_TRY(hear(ctx, 2 * SOME));
	for (size_t i = 0; i < SOME; i++)
		assert_true(has_heard(ids[i]));
	size_t so_far = heard_count;
	FL_TRY(await_sleep(ctx, 1300000)); /* beyond its next look by itself */
	assert_int_equal(heard_count, so_far);
	await_relay_stop(ctx, relay);
	fl_redis_sub_close(sub);
	return FL_OK;
}

/* Two relays at once: one works, the other steps in; nothing twice while both live. */
static fl_err two_relays_are_one(fl_ctx *ctx)
{
	static char ids[1200][FL_UUID_TEXT + 1]; /* more than two batches */
	fl_redis_sub *sub;
	fl_relay *one, *two;
	FL_TRY(listen(ctx, &sub));
	FL_TRY(start_relay(ctx, &one));
	FL_TRY(start_relay(ctx, &two));
	add_events(ids, FL_COUNT(ids));
	fl_relay_poke(one);
	fl_relay_poke(two);
	FL_TRY(hear(ctx, FL_COUNT(ids)));
	assert_int_equal(heard_count, FL_COUNT(ids));
	for (size_t i = 0; i < FL_COUNT(ids); i++)
		assert_string_equal(heard[i], ids[i]);
	await_relay_stop(ctx, one);
	await_relay_stop(ctx, two);
	fl_redis_sub_close(sub);
	return FL_OK;
}

/* ---- */

#define SCENE(name)                                                                                                    \
	static void name##_test(void **state)                                                                          \
	{                                                                                                              \
		world_play(&w, name);                                                                                  \
	}
SCENE(late_commits_are_heard)
SCENE(refused_events_come_again)
SCENE(redis_may_go_away)
SCENE(death_repeats_but_loses_nothing)
SCENE(two_relays_are_one)

static int start(void **state)
{
	world_start(&w);
	return 0;
}

static int stop(void **state)
{
	world_stop(&w);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_commits_are_heard_test), cmocka_unit_test(refused_events_come_again_test),
		cmocka_unit_test(redis_may_go_away_test), cmocka_unit_test(death_repeats_but_loses_nothing_test),
		cmocka_unit_test(two_relays_are_one_test),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
