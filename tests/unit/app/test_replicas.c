/* app: the list of replicas, and what of it is shown. */
#include "app/app.h"
#include "app/replicas.h"

#include <setjmp.h>
#include <cmocka.h>

static fl_err read_list(const char *text, fl_arena *mem, app_replicas *out)
{
	app_config config = { .pg_replicas = text };
	fl_diag diag = { 0 };
	fl_err err = app_replicas_read(&config, mem, out, &diag);

	assert_true(err == FL_OK || strstr(diag.text, "FLEET_PG_REPLICAS"));
	return err;
}

static void reads_lists(void **state)
{
	fl_arena mem = fl_arena_make(1 << 16);
	app_replicas replicas;

	assert_int_equal(read_list("", &mem, &replicas), FL_OK);
	assert_int_equal(replicas.count, 0);
	assert_int_equal(read_list(" postgresql://a/fleet , postgres://b1,b2:5433/fleet,postgresql:///fleet?host=/x,/y ", &mem, &replicas), FL_OK);
	assert_int_equal(replicas.count, 3);
	assert_string_equal(replicas.urls[0], "postgresql://a/fleet");
	assert_string_equal(replicas.urls[1], "postgres://b1,b2:5433/fleet");
	assert_string_equal(replicas.urls[2], "postgresql:///fleet?host=/x,/y");
	fl_arena_fini(&mem);
}

static void refuses_what_is_no_list(void **state)
{
	fl_arena mem = fl_arena_make(1 << 16);
	fl_buf many = fl_buf_make(1 << 12);
	app_replicas replicas;

	assert_int_equal(read_list("host=a dbname=fleet", &mem, &replicas), FL_BAD_INPUT);
	assert_int_equal(read_list(",postgresql://a/fleet", &mem, &replicas), FL_BAD_INPUT);
	for (int i = 0; i <= FL_DB_REPLICAS_MAX; i++)
		fl_buf_fmt(&many, "%spostgresql://h%d/fleet", i ? "," : "", i);
	assert_int_equal(read_list(fl_str_cstr(&mem, fl_buf_view(&many)), &mem, &replicas), FL_BAD_INPUT);
	fl_buf_fini(&many);
	fl_arena_fini(&mem);
}

static void hides_each_password(void **state)
{
	app_config config;
	fl_diag diag = { 0 };
	fl_buf out = fl_buf_make(1 << 12);

	assert_int_equal(app_config_init(&config, &diag), FL_OK);
	config.pg_replicas = "postgresql://u:one,1@a/fleet,postgresql://u:two@b,c/fleet,postgresql://d/fleet";
	app_config_show(&config, app_config_find("--pg-replicas"), &out);
	assert_true(fl_str_eq(fl_buf_view(&out), FL_STR("postgresql://u:***@a/fleet,postgresql://u:***@b,c/fleet,postgresql://d/fleet")));
	fl_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(refuses_what_is_no_list),
		cmocka_unit_test(hides_each_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
