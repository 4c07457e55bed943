/* Live subscriptions against a real Redis and PostgreSQL: who hears what, and that nothing is left out silently. */
#include "world.h"

#include "api/guests_int.h"
#include "fleet/closed.h"
#include "fleet/model.h"
#include "fleet/relay.h"

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

/* Many who ask alike are answered by one execution; others are not, and nobody hears of what they may not see. */
static fl_err alike_is_executed_once(fl_ctx *ctx)
{
	static ear ears[12];
	ear driver, auditor;
	fl_uuid id;
	const fl_live *live = ctx->services->api->live;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "many look", NULL, 0, &id));
	for (size_t i = 0; i < FL_COUNT(ears); i++)
		FL_TRY(follow(ctx, UPDATED, &ears[i]));
	world_as(ctx, 1, WORLD_AUDITOR);
	FL_TRY(follow(ctx, UPDATED, &auditor));
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(follow(ctx, UPDATED, &driver));
	assert_int_equal(fl_live_statistics(live).subscriptions, 14);
	assert_int_equal(fl_live_statistics(live).groups, 3);
	publish(ctx, "updated", id);
	for (size_t i = 0; i < FL_COUNT(ears); i++)
		FL_TRY(until(ctx, &ears[i].answers, 1));
	FL_TRY(until(ctx, &auditor.answers, 1));
	assert_int_equal(fl_live_statistics(live).executed, 2); /* the driver's was not even begun */
	assert_int_equal(fl_live_statistics(live).delivered, 13);
	fl_live_leave(ears[3].sub); /* the others of the group go on */
	publish(ctx, "updated", id);
	FL_TRY(until(ctx, &ears[11].answers, 2));
	FL_TRY(until(ctx, &ears[0].answers, 2));
	assert_int_equal(ears[3].answers, 1);
	assert_int_equal(driver.answers, 0);
	for (size_t i = 0; i < FL_COUNT(ears); i++)
		if (i != 3)
			fl_live_leave(ears[i].sub);
	fl_live_leave(driver.sub);
	fl_live_leave(auditor.sub);
	assert_int_equal(fl_live_statistics(live).groups, 0);
	return FL_OK;
}

/* The same words with other values are another question. */
static fl_err variables_part_groups(fl_ctx *ctx)
{
	static const char document[] = "subscription($id: ID) { damageReportUpdated(reportId: $id) { report { description } } }";
	fl_api *api = ctx->services->api;
	ear ears[2] = {};
	fl_uuid ids[2];
	world_as(ctx, 1, WORLD_MANAGER);
	for (size_t i = 0; i < 2; i++) {
		fl_gql_request request = { .query = fl_str_z(document) };
		fl_gql_source *source;
		fl_gql_outcome outcome;
		FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 16);
		FL_TRY(world_file(ctx, i ? "two" : "one", NULL, 0, &ids[i]));
		fl_str id = fl_uuid_str(ctx->mem, ids[i]);
		FL_TRY(fl_json_parse(ctx->mem, fl_str_fmt(ctx->mem, "{\"id\":\"%.*s\"}", FL_ARG(id)), &request.variables, NULL));
		FL_TRY(fl_gql_subscribe(ctx, api->engine, &request, &source, &out, &outcome));
		FL_TRY(fl_live_follow(ctx, api->live, source, deliver, &ears[i], &ears[i].sub));
	}
	assert_int_equal(fl_live_statistics(api->live).groups, 2);
	publish(ctx, "updated", ids[0]);
	publish(ctx, "updated", ids[1]);
	FL_TRY(until(ctx, &ears[0].answers, 1));
	FL_TRY(until(ctx, &ears[1].answers, 1));
	assert_non_null(strstr(ears[0].last, "one"));
	assert_non_null(strstr(ears[1].last, "two"));
	for (size_t i = 0; i < 2; i++)
		fl_live_leave(ears[i].sub);
	return FL_OK;
}

/* From the domain's function through the outbox, the relay and Redis to the subscriber, and to nobody else. */
static fl_err model_progress_arrives(fl_ctx *ctx)
{
	static const char document[] = "subscription { model3DProcessingStatus { stage percent message url report { description } } }";
	ear hears, foreign, updated;
	fl_uuid id;
	fl_relay *relay;
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(follow(ctx, document, &foreign));
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "in three dimensions", NULL, 0, &id));
	FL_TRY(follow(ctx, document, &hears));
	FL_TRY(follow(ctx, UPDATED, &updated));
	FL_TRY(fl_relay_start(ctx->loop, &w.worker, &relay));
	const fl_model_progress wrong = { .stage = FL_MODEL_SURFACE, .percent = 101 };
	assert_int_equal(fl_model_progress_tell(ctx, id, 1, &wrong), FL_BAD_INPUT);
	const fl_model_progress steps[] = {
		{ .stage = FL_MODEL_SURFACE, .percent = 70, .message = FL_STR("the surface is closed") },
		{ .stage = FL_MODEL_READY, .percent = 100, .url = FL_STR("/models/1") },
	};
	for (size_t i = 0; i < FL_COUNT(steps); i++) {
		FL_TRY(fl_model_progress_tell(ctx, id, 1, &steps[i]));
		fl_relay_poke(relay);
		FL_TRY(until(ctx, &hears.answers, (int)i + 1));
		assert_string_equal(hears.last, i == 0 ? "{\"data\":{\"model3DProcessingStatus\":{\"stage\":\"SURFACE\",\"percent\":70,"
							 "\"message\":\"the surface is closed\",\"url\":null,"
							 "\"report\":{\"description\":\"in three dimensions\"}}}}" :
							 "{\"data\":{\"model3DProcessingStatus\":{\"stage\":\"READY\",\"percent\":100,"
							 "\"message\":null,\"url\":\"/models/1\","
							 "\"report\":{\"description\":\"in three dimensions\"}}}}");
	}
	assert_true(foreign.answers == 0 && foreign.gaps == 0 && updated.answers == 0);
	await_relay_stop(ctx, relay);
	ear *const ears[] = { &hears, &foreign, &updated };
	for (size_t i = 0; i < FL_COUNT(ears); i++)
		fl_live_leave(ears[i]->sub);
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
	publish(ctx, "updated", id); /* after a gap nothing more is told: the rest would look whole */
	FL_TRY(await_sleep(ctx, 50000));
	assert_true(e.answers == 0 && e.gaps == 1);
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

/* ---- closed log-ins ---- */

typedef struct visitor {
	fl_api_guest guest;
	fl_caller caller;
	int turned_out;
} visitor;

static void on_turn_out(void *arg)
{
	visitor *v = arg;
	v->turned_out++;
	fl_api_guest_leave(&v->guest); /* as a socket may, in the middle of the look */
}

static void visit(fl_ctx *ctx, visitor *v, int32_t tenant, int32_t user)
{
	world_as(ctx, tenant, user);
	*v = (visitor) { .caller = ctx->caller };
	v->guest = (fl_api_guest) { .caller = &v->caller, .turn_out = on_turn_out, .arg = v };
	fl_api_guest_enter(ctx->services->api, &v->guest);
}

static fl_err closed_logins_go(fl_ctx *ctx)
{
	visitor two[2], manager, stranger;
	for (size_t i = 0; i < FL_COUNT(two); i++)
		visit(ctx, &two[i], 1, WORLD_AUDITOR);
	visit(ctx, &manager, 1, WORLD_MANAGER);
	visit(ctx, &stranger, 2, WORLD_MANAGER);
	fl_api_guests_look(ctx->services->api);
	FL_TRY(await_sleep(ctx, 100000));
	assert_int_equal(two[0].turned_out + manager.turned_out, 0);
	(void)pg_fixture_sql(&w.pg, "UPDATE users SET disabled_at = now() WHERE tenant_id = 1 AND id = 4");
	fl_api_guests_look(ctx->services->api); /* a list that is not due: nobody said anything */
	FL_TRY(await_sleep(ctx, 100000));
	assert_int_equal(two[0].turned_out, 0);
	fl_redis_publish(ctx->services->redis, FL_STR(FL_CHANNEL_POKE_LOGINS), FL_STR("1"));
	FL_TRY(until(ctx, &two[0].turned_out, 1));
	assert_true(two[0].turned_out == 1 && two[1].turned_out == 1 && manager.turned_out == 0 && stranger.turned_out == 0);
	assert_null(two[0].guest.link);
	fl_api_guest_leave(&two[0].guest); /* again is fine */
	fl_api_guest_leave(&manager.guest);
	fl_api_guest_leave(&stranger.guest);
	assert_null(ctx->services->api->guests.first);
	(void)pg_fixture_sql(&w.pg, "UPDATE users SET disabled_at = NULL WHERE tenant_id = 1 AND id = 4");
	fl_closed_poke(ctx->services);
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
SCENE(alike_is_executed_once)
SCENE(variables_part_groups)
SCENE(model_progress_arrives)
SCENE(failures_are_told)
SCENE(redis_away_is_told)
SCENE(limits_hold)
SCENE(closed_logins_go)

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
		cmocka_unit_test(alike_is_executed_once_test), cmocka_unit_test(variables_part_groups_test),
		cmocka_unit_test(model_progress_arrives_test),
		cmocka_unit_test(failures_are_told_test), cmocka_unit_test(redis_away_is_told_test), cmocka_unit_test(limits_hold_test),
		cmocka_unit_test(closed_logins_go_test),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
