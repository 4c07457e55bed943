/* cache: the Redis client, subscriber and private server, against a real redis-server on a socket in a temp folder. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../io/io_test.h"
#include "cache/redis.h"
#include "cache/redis_int.h"

static char folder[] = "/tmp/fl-redis-XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static fl_redis_server *start(fl_ctx *ctx, bool keep)
{
	fl_redis_server *server = NULL;
	fl_redis_server_opts opts = { .home = folder, .keep = keep };
	fl_err err = await_redis_server_start(ctx, &opts, &server);
	if (err != FL_OK)
		fprintf(stderr, "start: %s\n", fl_diag_text(&ctx->diag, err));
	CHECK_EQ(err, FL_OK);
	return server;
}

static fl_redis *client(fl_ctx *ctx, const fl_redis_opts *opts)
{
	fl_redis_opts o = *opts;
	fl_redis *redis;
	if (!o.url.ptr)
		o.url = fl_str_fmt(ctx->mem, "unix:%s/run/redis.sock", folder);
	CHECK_EQ(fl_redis_open(ctx->loop, &o, &ctx->diag, &redis), FL_OK);
	return redis;
}

static void settle(fl_ctx *ctx)
{
	while (fl_loop_coroutines(ctx->loop) > 1)
		CHECK_EQ(await_sleep(ctx, 1000), FL_OK);
}

#define ARGV(...) FL_COUNT(((fl_str[]){ __VA_ARGS__ })), (fl_str[]){ __VA_ARGS__ }

/* ---- URLs ---- */

static void urls(void **state)
{
	fl_redis_url u;
	fl_diag diag;
	assert_int_equal(fl_redis_url_parse(FL_STR("unix:/run/x.sock"), &u, &diag), FL_OK);
	assert_string_equal(u.address, "unix:/run/x.sock");
	assert_int_equal(fl_redis_url_parse(FL_STR("unix:/run/x.sock?db=3"), &u, &diag), FL_OK);
	assert_int_equal(u.db, 3);
	assert_int_equal(fl_redis_url_parse(FL_STR("redis://h"), &u, &diag), FL_OK);
	assert_string_equal(u.address, "tcp:h:6379");
	assert_int_equal(fl_redis_url_parse(FL_STR("redis://"), &u, &diag), FL_OK);
	assert_string_equal(u.address, "tcp:localhost:6379");
	assert_int_equal(fl_redis_url_parse(FL_STR("redis://me:p%40ss@[::1]:7000/2"), &u, &diag), FL_OK);
	assert_string_equal(u.address, "tcp:[::1]:7000");
	assert_string_equal(u.user, "me");
	assert_string_equal(u.password, "p@ss");
	assert_int_equal(u.db, 2);
	assert_int_equal(fl_redis_url_parse(FL_STR("redis://[::1]"), &u, &diag), FL_OK);
	assert_string_equal(u.address, "tcp:[::1]:6379");
	assert_int_equal(fl_redis_url_parse(FL_STR("redis://:secret@h:1/"), &u, &diag), FL_OK);
	assert_string_equal(u.password, "secret");
	assert_string_equal(u.user, "");
	assert_int_equal(fl_redis_url_parse(FL_STR("redis+unix://:pw@/a/b?db=1"), &u, &diag), FL_OK);
	assert_string_equal(u.address, "unix:/a/b");
	assert_int_equal(u.db, 1);
	assert_int_equal(fl_redis_url_parse(FL_STR("rediss://h"), &u, &diag), FL_UNSUPPORTED);
	const char *bad[] = {
		"http://h", "unix:relative", "redis://h/x", "redis://h/-1", "unix:/x?y=1", "redis://a%4@h", ""
	};
	for (size_t i = 0; i < FL_COUNT(bad); i++)
		assert_int_equal(fl_redis_url_parse(fl_str_z(bad[i]), &u, NULL), FL_BAD_INPUT);
}

/* ---- Commands ---- */

#ifdef __SANITIZE_THREAD__
enum { MANY = 100 }; /* its fibres are slow to make */
#else
enum { MANY = 1000 };
#endif

struct numbered {
	fl_redis *redis;
	int number;
};

static fl_err set_and_get(fl_ctx *ctx, void *arg)
{
	struct numbered *n = arg;
	char key[32], value[32];
	fl_str k = fl_str_make(key, (size_t)snprintf(key, sizeof key, "key:%d", n->number));
	fl_str v = fl_str_make(value, (size_t)snprintf(value, sizeof value, "value %d", n->number)), got;
	FL_TRY(await_redis_set(ctx, n->redis, k, v, 0));
	FL_TRY(await_redis_get(ctx, n->redis, k, &got));
	CHECK(fl_str_eq(got, v));
	return FL_OK;
}

static fl_err commands_task(fl_ctx *ctx, void *arg)
{
	fl_redis_server *server = start(ctx, false);
	fl_redis *r = client(ctx, &(fl_redis_opts){});
	fl_redis_reply reply;
	fl_str got, bytes = fl_str_make("\0\r\n\xff", 4);
	int64_t n;
	struct stat st;

	char run[64];
	snprintf(run, sizeof run, "%s/run", folder);
	CHECK_EQ(stat(run, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0700);

	FL_TRY(await_redis_get(ctx, r, FL_STR("absent"), &got));
	CHECK(got.ptr == NULL);
	FL_TRY(await_redis_set(ctx, r, bytes, bytes, 0));
	FL_TRY(await_redis_get(ctx, r, bytes, &got));
	CHECK(fl_str_eq(got, bytes));
	FL_TRY(await_redis_set(ctx, r, FL_STR("empty"), FL_STR(""), FL_SECOND_US));
	FL_TRY(await_redis_get(ctx, r, FL_STR("empty"), &got));
	CHECK(got.ptr && got.len == 0);
	FL_TRY(await_redis(ctx, r, &reply, ARGV(FL_STR("PTTL"), FL_STR("empty"))));
	CHECK(reply.type == FL_REDIS_INTEGER && reply.integer > 0 && reply.integer <= 1000);
	FL_TRY(await_redis_incr(ctx, r, FL_STR("n"), 5 * FL_SECOND_US, &n));
	FL_TRY(await_redis_incr(ctx, r, FL_STR("n"), 5 * FL_SECOND_US, &n));
	CHECK_EQ(n, 2);
	fl_str keys[] = { bytes, FL_STR("none"), FL_STR("n") }, values[3];
	FL_TRY(await_redis_mget(ctx, r, keys, 3, values));
	CHECK(fl_str_eq(values[0], bytes) && !values[1].ptr && fl_str_eq(values[2], FL_STR("2")));
	FL_TRY(await_redis_del(ctx, r, bytes));

	/* What Redis refuses is the caller's mistake, with Redis's words. */
	CHECK_EQ(await_redis(ctx, r, NULL, ARGV(FL_STR("NONSENSE"))), FL_BAD_INPUT);
	CHECK(strstr(ctx->diag.text, "unknown command"));
	CHECK_EQ(await_redis(ctx, r, NULL, ARGV(FL_STR("LPUSH"), FL_STR("n"), FL_STR("x"))), FL_BAD_INPUT);

	/* Arrays in arrays, errors inside, a large value in many pieces. */
	FL_TRY(await_redis(ctx, r, &reply, ARGV(FL_STR("EVAL"),
		FL_STR("return {1, 'two', {3, {'four'}}, false, redis.error_reply('five')}"), FL_STR("0"))));
	CHECK(reply.type == FL_REDIS_ARRAY && reply.count == 5);
	CHECK(reply.items[0].integer == 1 && fl_str_eq(reply.items[1].str, FL_STR("two")));
	CHECK(fl_str_eq(reply.items[2].items[1].items[0].str, FL_STR("four")));
	CHECK(reply.items[3].type == FL_REDIS_NIL && reply.items[4].type == FL_REDIS_ERROR);
	size_t len = 5 << 20;
	char *large = malloc(len);
	for (size_t i = 0; i < len; i++)
		large[i] = (char)(i * 7 >> 3);
	FL_TRY(await_redis_set(ctx, r, FL_STR("large"), fl_str_make(large, len), 0));
	FL_TRY(await_redis_get(ctx, r, FL_STR("large"), &got));
	CHECK(fl_str_eq(got, fl_str_make(large, len)));
	free(large);

	fl_redis_script script;
	fl_redis_script_init(&script, FL_STR("return ARGV[1] .. KEYS[1]"));
	FL_TRY(await_redis(ctx, r, NULL, ARGV(FL_STR("SCRIPT"), FL_STR("FLUSH"))));
	for (int i = 0; i < 2; i++) {
		FL_TRY(await_redis_script(ctx, r, &script, 1, 2, (fl_str[]){ FL_STR("k"), FL_STR("a") },
					  &reply));
		CHECK(fl_str_eq(reply.str, FL_STR("ak")));
	}

	/* A thousand coroutines with two commands each: two batches. */
	static struct numbered numbers[MANY];
	fl_group g;
	fl_redis_stats before = fl_redis_get_stats(r);
	fl_group_init(&g, ctx);
	for (int i = 0; i < MANY; i++) {
		numbers[i] = (struct numbered){ r, i };
		fl_group_go(&g, set_and_get, &numbers[i]);
	}
	FL_TRY(await_group(&g));
	fl_redis_stats after = fl_redis_get_stats(r);
	CHECK_EQ(after.commands - before.commands, 2 * MANY);
	CHECK(after.writes - before.writes <= 20);
	CHECK_EQ(after.in_flight, 0);
	CHECK_EQ(after.connects, 1);

	fl_redis_send(r, ARGV(FL_STR("SET"), FL_STR("sent"), FL_STR("1")));
	FL_TRY(await_redis_get(ctx, r, FL_STR("sent"), &got));
	CHECK(fl_str_eq(got, FL_STR("1")));
	fl_redis_close(r);
	await_redis_server_stop(ctx, server, FL_SECOND_US);
	settle(ctx);
	return FL_OK;
}

static void commands(void **state)
{
	run_task(commands_task, NULL);
}

static fl_err one_get(fl_ctx *ctx, void *arg)
{
	fl_str got;
	return await_redis_get(ctx, arg, FL_STR("x"), &got);
}

static fl_err await_back(fl_ctx *ctx, fl_redis *r)
{
	fl_err err = FL_UNAVAILABLE;
	for (int i = 0; i < 1000 && err == FL_UNAVAILABLE; i++) {
		FL_TRY(await_sleep(ctx, 5000));
		err = one_get(ctx, r);
	}
	return err;
}

static fl_err limits_task(fl_ctx *ctx, void *arg)
{
	fl_redis_server *server = start(ctx, false);
	fl_redis *r = client(
		ctx, &(fl_redis_opts){ .in_flight_max = 10, .bytes_max = 4096, .command_us_max = 400000 });
	fl_group g;
	fl_str got;

	fl_group_init(&g, ctx);
	for (int i = 0; i < 10; i++)
		fl_group_go(&g, one_get, r);
	CHECK_EQ(one_get(ctx, r), FL_BUSY);
	FL_TRY(await_group(&g));
	char big[5000] = "";
	CHECK_EQ(await_redis_set(ctx, r, FL_STR("big"), fl_str_make(big, sizeof big), 0), FL_BUSY);
	FL_TRY(one_get(ctx, r)); /* nothing of it is left in the pipeline */

	/* A deadline of the request, and of the command: the reply comes later and meets nobody, the order holds. */
	fl_ctx child;
	fl_ctx_derive(&child, ctx, 5000);
	kill(fl_redis_server_pid(server), SIGSTOP);
	CHECK_EQ(await_redis_set(&child, r, FL_STR("x"), FL_STR("late"), 0), FL_TIMEOUT);
	fl_ctx_fini(&child);
	kill(fl_redis_server_pid(server), SIGCONT);
	FL_TRY(await_redis_set(ctx, r, FL_STR("x"), FL_STR("y"), 0));
	FL_TRY(await_redis_get(ctx, r, FL_STR("x"), &got));
	CHECK(fl_str_eq(got, FL_STR("y")));

	/* Silent for longer than a command may take: the connection is given up, then Redis is away at once. */
	kill(fl_redis_server_pid(server), SIGSTOP);
	CHECK_EQ(one_get(ctx, r), FL_TIMEOUT);
	CHECK(!fl_redis_get_stats(r).connected);
	int64_t before = fl_mono_us();
	CHECK_EQ(one_get(ctx, r), FL_UNAVAILABLE);
	CHECK(fl_mono_us() - before < 300000);
	kill(fl_redis_server_pid(server), SIGCONT);
	FL_TRY(await_back(ctx, r));

	/* Closing with commands under way. */
	fl_group_init(&g, ctx);
	fl_group_go(&g, one_get, r);
	fl_redis_close(r);
	CHECK_EQ(await_group(&g), FL_CLOSED);
	r = client(ctx, &(fl_redis_opts){});
	fl_group_init(&g, ctx);
	fl_group_go(&g, one_get, r); /* connecting */
	fl_redis_close(r);
	CHECK_EQ(await_group(&g), FL_CLOSED);
	await_redis_server_stop(ctx, server, FL_SECOND_US);
	settle(ctx);
	return FL_OK;
}

static void limits(void **state)
{
	run_task(limits_task, NULL);
}

/* ---- Away and back ---- */

static fl_err away_task(fl_ctx *ctx, void *arg)
{
	fl_redis *r = client(ctx, &(fl_redis_opts){ .backoff_us_max = 50000 });
	fl_group g;
	fl_str got;

	int64_t before = fl_mono_us();
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(one_get(ctx, r), FL_UNAVAILABLE);
	CHECK(fl_mono_us() - before < 2 * FL_SECOND_US);

	fl_redis_server *server = start(ctx, true);
	FL_TRY(await_back(ctx, r));
	FL_TRY(await_redis_set(ctx, r, FL_STR("kept"), FL_STR("yes"), 0));
	FL_TRY(await_sleep(ctx, 1200000)); /* everysec */

	/* Killed with commands under way: they fail, none hangs. */
	kill(fl_redis_server_pid(server), SIGSTOP);
	fl_group_init(&g, ctx);
	for (int i = 0; i < 100; i++)
		fl_group_go(&g, one_get, r);
	FL_TRY(await_sleep(ctx, 5000));
	kill(fl_redis_server_pid(server), SIGKILL);
	CHECK_EQ(await_group(&g), FL_UNAVAILABLE);
	int status;
	FL_TRY(await_redis_server_end(ctx, server, &status));
	CHECK_EQ(status, 128 + SIGKILL);
	await_redis_server_stop(ctx, server, 0);
	CHECK_EQ(one_get(ctx, r), FL_UNAVAILABLE);

	/* It comes back with its data, and so do we. */
	server = start(ctx, true);
	FL_TRY(await_back(ctx, r));
	FL_TRY(await_redis_get(ctx, r, FL_STR("kept"), &got));
	CHECK(fl_str_eq(got, FL_STR("yes")));
	CHECK_EQ(fl_redis_get_stats(r).connects, 2);

	/* Broken connections: each costs the commands of its moment. */
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(fl_faults_set(i % 2 ? "redis.read" : "redis.write"), FL_OK);
		CHECK_EQ(one_get(ctx, r), FL_UNAVAILABLE);
		CHECK_EQ(fl_faults_set(NULL), FL_OK);
		FL_TRY(await_back(ctx, r));
	}
	fl_redis_close(r);
	await_redis_server_stop(ctx, server, FL_SECOND_US);
	settle(ctx);
	return FL_OK;
}

static void away(void **state)
{
	run_task(away_task, NULL);
}

static fl_err login_task(fl_ctx *ctx, void *arg)
{
	fl_redis_server *server = start(ctx, false);
	fl_redis *r = client(ctx, &(fl_redis_opts){});
	fl_str got;
	char url[128];

	FL_TRY(await_redis(ctx, r, NULL,
			   ARGV(FL_STR("CONFIG"), FL_STR("SET"), FL_STR("requirepass"), FL_STR("s3cret"))));
	fl_redis_close(r);
	r = client(ctx, &(fl_redis_opts){});
	CHECK_EQ(one_get(ctx, r), FL_UNAVAILABLE);
	fl_redis_close(r);
	snprintf(url, sizeof url, "redis+unix://:s3cret@%s/run/redis.sock?db=5", folder);
	r = client(ctx, &(fl_redis_opts){ .url = fl_str_z(url) });
	FL_TRY(await_redis_set(ctx, r, FL_STR("here"), FL_STR("5"), 0));
	FL_TRY(await_redis(ctx, r, NULL, ARGV(FL_STR("SELECT"), FL_STR("0"))));
	FL_TRY(await_redis_get(ctx, r, FL_STR("here"), &got));
	CHECK(!got.ptr);
	fl_redis_close(r);
	await_redis_server_stop(ctx, server, FL_SECOND_US);
	settle(ctx);
	return FL_OK;
}

static void login(void **state)
{
	run_task(login_task, NULL);
}

/* ---- Server ---- */

static fl_err server_task(fl_ctx *ctx, void *arg)
{
	fl_redis_server *server, *second;
	int status;

	CHECK_EQ(await_redis_server_start(
			 ctx, &(fl_redis_server_opts){ .home = folder, .program = "/bin/false" }, &server),
		 FL_UNAVAILABLE);
	CHECK(strstr(ctx->diag.text, "status 1"));
	CHECK_EQ(await_redis_server_start(
			 ctx, &(fl_redis_server_opts){ .home = folder, .program = "/no/such" }, &server),
		 FL_NOT_FOUND);
	CHECK_EQ(await_redis_server_start(ctx, &(fl_redis_server_opts){ .home = "/no/such/home" }, &server),
		 FL_IO);

	/* redis-tools alone will do. */
	fl_redis_server_opts tools = { .home = folder, .program = "/usr/bin/redis-check-rdb" };
	FL_TRY(await_redis_server_start(ctx, &tools, &server));
	/* A second start in the same home takes over. */
	FL_TRY(await_redis_server_start(ctx, &tools, &second));
	FL_TRY(await_redis_server_end(ctx, server, &status));
	CHECK_EQ(status, 0);
	await_redis_server_stop(ctx, server, 0);
	await_redis_server_stop(ctx, second, FL_SECOND_US);
	return FL_OK;
}

static void servers(void **state)
{
	run_task(server_task, NULL);
}

/* ---- Subscriptions ---- */

struct heard {
	int messages, gaps, last;
	char pattern[32], channel[32], text[32];
};

static void on_message(void *arg, fl_str pattern, fl_str channel, fl_str message)
{
	struct heard *h = arg;
	h->messages++;
	snprintf(h->pattern, sizeof h->pattern, "%" FL_FMT, FL_ARG(pattern));
	snprintf(h->channel, sizeof h->channel, "%" FL_FMT, FL_ARG(channel));
	snprintf(h->text, sizeof h->text, "%" FL_FMT, FL_ARG(message));
}

static void on_gap(void *arg)
{
	((struct heard *)arg)->gaps++;
}

static fl_err await_heard(fl_ctx *ctx, struct heard *h, int messages)
{
	for (int i = 0; i < 5000 && h->messages < messages; i++)
		FL_TRY(await_sleep(ctx, 1000));
	CHECK_EQ(h->messages, messages);
	return FL_OK;
}

static fl_err sub_task(fl_ctx *ctx, void *arg)
{
	struct heard h = {};
	fl_redis_sub *sub;
	fl_redis_sub_opts opts = { .url = fl_str_fmt(ctx->mem, "unix:%s/run/redis.sock", folder),
				   .on_message = on_message,
				   .on_gap = on_gap,
				   .arg = &h,
				   .backoff_us_max = 50000,
				   .ping_us = 250000,
				   .channels_max = 1010 };
	int64_t receivers;
	char name[32];

	/* Subscribed before there is a server. */
	CHECK_EQ(fl_redis_sub_open(ctx->loop, &opts, &ctx->diag, &sub), FL_OK);
	FL_TRY(fl_redis_sub_add(sub, FL_STR("events:1")));
	FL_TRY(fl_redis_sub_add_pattern(sub, FL_STR("poke:*")));
	fl_ctx child;
	fl_ctx_derive(&child, ctx, 20000);
	CHECK_EQ(await_redis_sub_ready(&child, sub), FL_TIMEOUT);
	fl_ctx_fini(&child);
	fl_redis_server *server = start(ctx, false);
	fl_redis *r = client(ctx, &(fl_redis_opts){ .backoff_us_max = 20000 });
	FL_TRY(await_redis_sub_ready(ctx, sub));
	CHECK(fl_redis_sub_connected(sub));
	FL_TRY(await_redis_publish(ctx, r, FL_STR("events:1"), FL_STR("one"), &receivers));
	CHECK_EQ(receivers, 1);
	FL_TRY(await_heard(ctx, &h, 1));
	CHECK(!strcmp(h.channel, "events:1") && !strcmp(h.text, "one") && !*h.pattern);
	fl_redis_publish(r, FL_STR("poke:jobs"), FL_STR(""));
	FL_TRY(await_heard(ctx, &h, 2));
	CHECK(!strcmp(h.pattern, "poke:*") && !strcmp(h.channel, "poke:jobs") && !*h.text);

	/* Counted: the second removal ends it. */
	FL_TRY(fl_redis_sub_add(sub, FL_STR("events:1")));
	fl_redis_sub_remove(sub, FL_STR("events:1"));
	FL_TRY(await_redis_publish(ctx, r, FL_STR("events:1"), FL_STR("two"), &receivers));
	CHECK_EQ(receivers, 1);
	FL_TRY(await_heard(ctx, &h, 3));
	fl_redis_sub_remove(sub, FL_STR("events:1"));
	FL_TRY(await_redis_sub_ready(ctx, sub));
	FL_TRY(await_redis_publish(ctx, r, FL_STR("events:1"), FL_STR("three"), &receivers));
	CHECK_EQ(receivers, 0);

	for (int i = 0; i < 1009; i++) {
		snprintf(name, sizeof name, "many:%d", i);
		FL_TRY(fl_redis_sub_add(sub, fl_str_z(name)));
	}
	CHECK_EQ(fl_redis_sub_add(sub, FL_STR("one too many")), FL_LIMIT);
	FL_TRY(await_redis_sub_ready(ctx, sub));
	CHECK_EQ(h.gaps, 0);

	/* kill -9: afterwards everything is subscribed again, and the gap is told once. */
	kill(fl_redis_server_pid(server), SIGKILL);
	FL_TRY(await_redis_server_end(ctx, server, NULL));
	await_redis_server_stop(ctx, server, 0);
	while (fl_redis_sub_connected(sub))
		FL_TRY(await_sleep(ctx, 1000));
	fl_redis_sub_remove(sub, FL_STR("many:7")); /* while it is away */
	server = start(ctx, false);
	FL_TRY(await_redis_sub_ready(ctx, sub));
	CHECK_EQ(h.gaps, 1);
	FL_TRY(await_back(ctx, r));
	FL_TRY(await_redis_publish(ctx, r, FL_STR("many:1000"), FL_STR("x"), &receivers));
	CHECK_EQ(receivers, 1);
	FL_TRY(await_redis_publish(ctx, r, FL_STR("many:7"), FL_STR("x"), &receivers));
	CHECK_EQ(receivers, 0);
	FL_TRY(await_redis_publish(ctx, r, FL_STR("poke:relay"), FL_STR("x"), &receivers));
	CHECK_EQ(receivers, 1);
	FL_TRY(await_heard(ctx, &h, 5));

	/* A server that hangs is noticed by its silence. */
	FL_TRY(await_sleep(ctx, 900000));
	CHECK_EQ(h.gaps, 1); /* a quiet one is not */
	kill(fl_redis_server_pid(server), SIGSTOP);
	for (int i = 0; i < 5000 && fl_redis_sub_connected(sub); i++)
		FL_TRY(await_sleep(ctx, 1000));
	CHECK(!fl_redis_sub_connected(sub));
	kill(fl_redis_server_pid(server), SIGCONT);
	FL_TRY(await_redis_sub_ready(ctx, sub));
	CHECK_EQ(h.gaps, 2);

	fl_redis_sub_close(sub);
	fl_redis_close(r);
	await_redis_server_stop(ctx, server, FL_SECOND_US);
	settle(ctx);
	return FL_OK;
}

static void subscriptions(void **state)
{
	run_task(sub_task, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),		 cmocka_unit_test(commands), cmocka_unit_test(limits),
		cmocka_unit_test(away),		 cmocka_unit_test(login),    cmocka_unit_test(servers),
		cmocka_unit_test(subscriptions),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
