/* app: options of a verb, options of the configuration, the environment, and what a child gets. */
#include "app/app.h"
#include "app/environment.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static const app_option options[] = {
	{ "--vehicle", "NAME", "which", .otherwise = "none" },
	{ "--photo", "FILE", "pictures", .many = true },
	{ "--json", NULL, "for machines" },
	{ "--wait-s", "S", "how long", .otherwise = "60" },
	{ 0 },
};
static const app_verb verb = { "try", "a verb of this test", .arguments = "TEXT", .options = options };

static bool parse(app_call *call, app_config *config, int *status, int argc, const char **argv)
{
	fl_diag diag = { 0 };
	assert_int_equal(app_config_init(config, &diag), FL_OK);
	return app_parse(&verb, config, argc, (char **)argv, call, status);
}

#define PARSE(...)                                                                                                             \
	parse(&call, &config, &status, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ })

static void takes_everything(void **state)
{
	app_call call;
	app_config config;
	int status = -1;
	int64_t wait = 0;
	assert_true(PARSE("--vehicle", "VAN-12", "--photo=a.jpg", "--port", "9000", "some text", "--photo", "b=c.jpg", "--json", "--", "--x"));
	assert_string_equal(app_text(&call, "--vehicle"), "VAN-12");
	assert_int_equal(app_count(&call, "--photo"), 2);
	assert_string_equal(app_nth(&call, "--photo", 0), "a.jpg");
	assert_string_equal(app_nth(&call, "--photo", 1), "b=c.jpg");
	assert_null(app_nth(&call, "--photo", 2));
	assert_true(app_given(&call, "--json"));
	assert_true(app_number(&call, "--wait-s", 0, 100, &wait) && wait == 60);
	assert_int_equal(config.port, 9000);
	assert_int_equal(config.from[APP_CONFIG_ROW_port], APP_FROM_FLAG);
	assert_int_equal(call.argument_count, 2);
	assert_string_equal(call.arguments[0], "some text");
	assert_string_equal(call.arguments[1], "--x");
}

static void refuses(void **state)
{
	app_call call;
	app_config config;
	int status = -1;
	int64_t wait;
	assert_true(!PARSE("--nothing") && status == APP_USAGE);
	assert_true(!PARSE("--vehicle") && status == APP_USAGE);
	assert_true(!PARSE("--json=yes") && status == APP_USAGE);
	assert_true(!PARSE("--vehicle", "a", "--vehicle", "b") && status == APP_USAGE);
	assert_true(!PARSE("--port", "70000") && status == APP_USAGE);
	assert_true(!PARSE("--port", "80x") && status == APP_USAGE);
	assert_true(PARSE("--wait-s", "1e9"));
	assert_false(app_number(&call, "--wait-s", 0, 100, &wait));
	const char *many[2 * APP_ARGUMENTS_MAX + 2];
	for (size_t i = 0; i < FL_COUNT(many); i++)
		many[i] = i % 2 ? "x.jpg" : "--photo";
	assert_true(!parse(&call, &config, &status, FL_COUNT(many), many) && status == APP_USAGE);
}

static void environment_and_flags(void **state)
{
	app_call call;
	app_config config;
	fl_diag diag = { 0 };
	int status = -1;
	setenv("FLEET_PORT", "1234", 1);
	setenv("FLEET_JOBS", "", 1); /* empty counts as not set */
	assert_true(PARSE("text"));
	assert_int_equal(config.port, 1234);
	assert_int_equal(config.from[APP_CONFIG_ROW_port], APP_FROM_ENVIRONMENT);
	assert_int_equal(config.from[APP_CONFIG_ROW_jobs], APP_FROM_DEFAULT);
	assert_true(PARSE("--port", "1235"));
	assert_int_equal(config.port, 1235);
	setenv("FLEET_PORT", "many", 1);
	assert_int_equal(app_config_init(&config, &diag), FL_BAD_INPUT);
	assert_non_null(strstr(diag.text, "FLEET_PORT"));
	unsetenv("FLEET_PORT");
	unsetenv("FLEET_JOBS");
}

static void passwords_are_not_shown(void **state)
{
	static const char *const urls[][2] = {
		{ "postgres://user:secret@host:5432/db", "postgres://user:***@host:5432/db" },
		{ "postgres://user@host/db", "postgres://user@host/db" },
		{ "redis://:secret@host", "redis://:***@host" },
		{ "unix:/run/redis.sock", "unix:/run/redis.sock" },
		{ "postgres://u:p@ss@host/", "postgres://u:***@host/" },
	};
	app_config config;
	fl_diag diag = { 0 };
	assert_int_equal(app_config_init(&config, &diag), FL_OK);
	for (size_t i = 0; i < FL_COUNT(urls); i++) {
		FL_AUTO_BUF fl_buf out = fl_buf_make(4096);
		assert_int_equal(app_config_set(&config, "--pg-url", urls[i][0], &diag), FL_OK);
		app_config_show(&config, app_config_find("--pg-url"), &out);
		fl_buf_char(&out, 0);
		assert_string_equal(out.ptr, urls[i][1]);
	}
}

static int times(const char *const *env, const char *entry)
{
	int count = 0;
	for (; *env; env++)
		count += strcmp(*env, entry) == 0;
	return count;
}

static void a_child_gets_flags_as_environment(void **state)
{
	fl_arena mem = fl_arena_make(1 << 20);
	app_call call;
	app_config config;
	int status;
	setenv("FLEET_JOBS", "9", 1);
	setenv("OTHER", "stays", 1);
	assert_true(PARSE("--threads", "3"));
	const app_environment_add adds[] = { { "FLEET_HOME", FL_STR("/somewhere") }, { 0 } };
	const char *const *env = app_environment(&mem, &config, adds);
	assert_int_equal(times(env, "FLEET_HOME=/somewhere"), 1);
	assert_int_equal(times(env, "FLEET_THREADS=3"), 1);
	assert_int_equal(times(env, "FLEET_JOBS=9"), 1);
	assert_int_equal(times(env, "OTHER=stays"), 1);
	fl_arena_fini(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_everything),
		cmocka_unit_test(refuses),
		cmocka_unit_test(environment_and_flags),
		cmocka_unit_test(passwords_are_not_shown),
		cmocka_unit_test(a_child_gets_flags_as_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
