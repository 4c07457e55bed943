/* Live subscriptions against a real Redis and PostgreSQL: who hears what, and that nothing is left out silently. */
#include "world.h"

#include "api/api_int.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;
static fl_gql_schema *schema;

typedef struct ear {
	fl_live_sub *sub;
	int answers, gaps;
	char last[512];
} ear;

static void deliver(void *arg, fl_str answer)
{
	ear *e = arg;
	e->gaps += !answer.ptr;
	e->answers += answer.ptr != NULL;
	if (answer.ptr)
		snprintf(e->last, sizeof(e->last), "%.*s", FL_ARG(answer));
}

static fl_err follow(fl_ctx *ctx, const char *document, ear *e)
{
	fl_api *api = ctx->services->api;
	fl_gql_request request = { .query = fl_str_z(document) };
	fl_gql_source *source;
	fl_gql_outcome outcome;
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 16);
	*e = (ear){};
	FL_TRY(fl_gql_subscribe(ctx, api->engine, &request, &source, &out, &outcome));
	assert_non_null(source);
	return fl_live_follow(ctx, api->live, source, deliver, e, &e->sub);
}

static fl_str message_of(fl_ctx *ctx, const char *type, fl_uuid report)
{
	fl_str event = fl_uuid_str(ctx->mem, fl_uuid7(fl_now_us())), id = fl_uuid_str(ctx->mem, report);
	return fl_str_fmt(ctx->mem, "{\"id\":\"%.*s\",\"type\":\"report.%s\",\"report\":\"%.*s\",\"vehicle\":1,\"at\":1}", FL_ARG(event), type,
			  FL_ARG(id));
}

static void publish(fl_ctx *ctx, const char *type, fl_uuid report)
{
	fl_redis_publish(ctx->services->redis, FL_STR("fleet:events:1"), message_of(ctx, type, report));
}

static fl_err until(fl_ctx *ctx, const int *count, int wanted)
{
	for (int i = 0; i < 500 && *count < wanted; i++)
		FL_TRY(await_sleep(ctx, 10000));
	assert_true(*count >= wanted);
	return FL_OK;
}

#define UPDATED "subscription { damageReportUpdated { kind report { description } } }"
#define CREATED "subscription { damageReportCreated { report { description } } }"

static fl_err only_those_concerned_hear(fl_ctx *ctx)
{
	ear all, one, created, own, other, foreign;
	fl_uuid first, second;
	char filtered[200];
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(world_file(ctx, "the first", NULL, 0, &first));
	FL_TRY(follow(ctx, UPDATED, &own));
	world_as(ctx, 1, WORLD_OTHER_DRIVER);
	FL_TRY(world_file(ctx, "the second", NULL, 0, &second));
	FL_TRY(follow(ctx, UPDATED, &other));
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(follow(ctx, UPDATED, &foreign));
	world_as(ctx, 1, WORLD_MANAGER);
	fl_str id = fl_uuid_str(ctx->mem, second);
	snprintf(filtered, sizeof(filtered), "subscription { damageReportUpdated(reportId: \"%.*s\") { kind } }", FL_ARG(id));
	FL_TRY(follow(ctx, UPDATED, &all));
	FL_TRY(follow(ctx, filtered, &one));
	FL_TRY(follow(ctx, CREATED, &created));
	publish(ctx, "updated", first);
	publish(ctx, "assessed", second);
	publish(ctx, "created", second);
	FL_TRY(until(ctx, &all.answers, 2));
	FL_TRY(until(ctx, &created.answers, 1));
	FL_TRY(until(ctx, &own.answers, 1));
	FL_TRY(until(ctx, &other.answers, 1));
	FL_TRY(until(ctx, &one.answers, 1));
	FL_TRY(await_sleep(ctx, 50000));
	assert_true(all.answers == 2 && one.answers == 1 && created.answers == 1 && own.answers == 1 && other.answers == 1);
	assert_true(foreign.answers == 0 && foreign.gaps == 0);
	assert_non_null(strstr(own.last, "the first"));
	assert_non_null(strstr(other.last, "the second"));
	ear *const ears[] = { &all, &one, &created, &own, &other, &foreign };
	for (size_t i = 0; i < FL_COUNT(ears); i++)
		fl_live_leave(ears[i]->sub);
	return FL_OK;
}

static fl_err slow_ears_are_told(fl_ctx *ctx)
{
	ear e;
	fl_uuid id;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "busy", NULL, 0, &id));
	FL_TRY(follow(ctx, UPDATED, &e));
	for (int i = 0; i < 500; i++)
		publish(ctx, "updated", id);
	FL_TRY(until(ctx, &e.gaps, 1));
	fl_live_leave(e.sub); /* perhaps in the middle of an event */
	return FL_OK;
}

/* When nobody can say whether a driver may see a report, the driver is told that something was missed. */
static fl_err failures_are_told(fl_ctx *ctx)
{
	ear e;
	fl_uuid id;
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(world_file(ctx, "unreadable for a while", NULL, 0, &id));
	FL_TRY(follow(ctx, UPDATED, &e));
	(void)pg_fixture_sql(&w.pg, "REVOKE SELECT ON damage_reports FROM fleet_app");
	publish(ctx, "updated", id);
	FL_TRY(until(ctx, &e.gaps, 1));
	assert_int_equal(e.answers, 0);
	(void)pg_fixture_sql(&w.pg, "GRANT SELECT ON damage_reports TO fleet_app");
	fl_live_leave(e.sub);
	return FL_OK;
}

static fl_err redis_away_is_told(fl_ctx *ctx)
{
	ear before, meanwhile;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(follow(ctx, UPDATED, &before));
	await_redis_server_stop(ctx, w.redis, 0);
	FL_TRY(follow(ctx, UPDATED, &meanwhile));
	assert_int_equal(meanwhile.gaps, 1);
	FL_TRY(await_redis_server_start(ctx, &(fl_redis_server_opts){ .home = w.home }, &w.redis));
	FL_TRY(until(ctx, &before.gaps, 1));
	fl_live_leave(before.sub);
	fl_live_leave(meanwhile.sub);
	return FL_OK;
}

static fl_err limits_hold(fl_ctx *ctx)
{
	static ear ears[21];
	world_as(ctx, 1, WORLD_MANAGER);
	for (size_t i = 0; i < 20; i++)
		FL_TRY(follow(ctx, UPDATED, &ears[i]));
	assert_int_equal(follow(ctx, UPDATED, &ears[20]), FL_TOO_MANY);
	for (size_t i = 0; i < 20; i++)
		fl_live_leave(ears[i].sub);
	world_as(ctx, 0, WORLD_MANAGER);
	assert_int_equal(follow(ctx, UPDATED, &ears[20]), FL_UNAUTHENTICATED);
	return FL_OK;
}

/* ---- */

static fl_err (*scene)(fl_ctx *ctx);

static fl_err with_api(fl_ctx *ctx)
{
	fl_api *api;
	FL_TRY(fl_api_new(ctx->loop, &(fl_api_options){ .schema = schema, .services = &w.app, .subscriptions_max = 20 }, &api));
	fl_err err = scene(ctx);
	await_api_close(ctx, api);
	return err;
}

#define SCENE(name)                                                                                                    \
	static void name##_test(void **state)                                                                          \
	{                                                                                                              \
		scene = name;                                                                                          \
		world_play(&w, with_api);                                                                              \
	}
SCENE(only_those_concerned_hear)
SCENE(slow_ears_are_told)
SCENE(failures_are_told)
SCENE(redis_away_is_told)
SCENE(limits_hold)

static int start(void **state)
{
	fl_diag diag = {};
	assert_int_equal(fl_api_schema_new(&schema, &diag), FL_OK);
	world_start(&w);
	return 0;
}

static int stop(void **state)
{
	world_stop(&w);
	fl_gql_schema_free(schema);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_those_concerned_hear_test), cmocka_unit_test(slow_ears_are_told_test),
		cmocka_unit_test(failures_are_told_test), cmocka_unit_test(redis_away_is_told_test), cmocka_unit_test(limits_hold_test),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
