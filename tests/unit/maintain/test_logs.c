/* maintain: what is counted in the logs, from when, and by which kinds. */
#include "maintain/maintain_int.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/fleet-logs-XXXXXX";
static int64_t since;

static void put(const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void drop(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static fl_log_counts *count(fl_arena *mem)
{
	fl_log_counts *counts = fl_new(mem, fl_log_counts);
	fl_diag diag = { 0 };
	assert_non_null(counts);
	assert_int_equal(fl_logs_count(folder, since, counts, &diag), FL_OK);
	return counts;
}

static void lines_are_counted_by_kind(void **state)
{
	fl_arena mem = fl_arena_make(8 << 20);
	(void)state;
	put("serve.log", "2026-03-01T09:29:59.999Z error serve too old: 1\n"
			 "2026-03-01T09:30:00Z error serve request 7: the sky fell\n"
			 "2026-03-01T10:00:00.123Z error serve request 4711: the sky fell\n"
			 "2026-03-02T00:00:00Z error serve another\n"
			 "2026-03-02T00:00:00Z warn  serve db: slow: report_list took 300 ms: operation Q, company 7, request 5\n"
			 "2026-03-02T00:00:00Z warn  serve something\n"
			 "2026-03-02T00:00:00Z info  serve an error that is none\n");
	put("work.log.1", "2026-03-02T00:00:00Z warn  work queue: 3 jobs lost their worker\n");
	put("notes.txt", "2026-03-02T00:00:00Z error serve no log\n");
	fl_log_counts *c = count(&mem);
	assert_int_equal(c->errors.total, 3);
	assert_int_equal(c->errors.count, 2);
	assert_string_equal(c->errors.kind[0].text, "serve request #: the sky fell");
	assert_int_equal(c->errors.kind[0].n, 2);
	assert_int_equal(c->warnings.total, 1);
	assert_string_equal(c->slow.kind[0].text, "report_list");
	assert_int_equal(c->crashes.total, 1);
	fl_str text = fl_log_kinds_text(&c->errors, 1, &mem);
	assert_true(fl_str_eq(text, FL_STR("serve request #: the sky fell (2)")));
	drop("serve.log");
	drop("work.log.1");
	drop("notes.txt");
	fl_arena_fini(&mem);
}

static void the_database_writes_another_time(void **state)
{
	fl_arena mem = fl_arena_make(8 << 20);
	(void)state;
	put("postgres.log", "2026-03-01 09:29:59.000 UTC [7] LOG:  server process (PID 1) was terminated by signal 9: Killed\n"
			    "2026-03-01 09:30:01.000 UTC [7] LOG:  server process (PID 2) was terminated by signal 9: Killed\n"
			    "\tsome statement\n\n");
	assert_int_equal(count(&mem)->crashes.total, 1);
	drop("postgres.log");
	fl_arena_fini(&mem);
}

static void restarts_say_how(void **state)
{
	fl_arena mem = fl_arena_make(8 << 20);
	(void)state;
	put("restarts.log", "2026-03-01T09:29:59.999Z warn  up restart: work, SIGKILL (ran 1 s)\n"
			    "2026-03-02T00:00:00.000Z warn  up restart: work, SIGKILL (ran 3 s)\n"
			    "2026-03-02T00:00:01.000Z warn  up restart: work, SIGKILL (ran 4711 s)\n"
			    "2026-03-02T00:00:02.000Z warn  up restart: serve, status 1: error serve request 7: the sky fell (ran 3 s)\n"
			    "2026-03-02T00:00:02.000Z warn  up restart: serve, SIGABRT: fleet: x.c:7: f: Assertion `n' failed. (ran 0 s)\n");
	fl_log_counts *c = count(&mem);
	assert_int_equal(c->restarts.total, 4);
	assert_int_equal(c->restarts.count, 3);
	assert_string_equal(c->restarts.kind[0].text, "work, SIGKILL");
	assert_int_equal(c->restarts.kind[0].n, 2);
	for (size_t i = 1; i < 3; i++)
		assert_true(strcmp(c->restarts.kind[i].text, "serve, status 1: error serve request #: the sky fell") == 0 ||
			strcmp(c->restarts.kind[i].text, "serve, SIGABRT: fleet: x.c:#: f: Assertion `n' failed.") == 0);
	assert_int_equal(c->warnings.total + c->errors.total + c->crashes.total, 0); /* they are said elsewhere */
	drop("restarts.log");
	fl_arena_fini(&mem);
}

static void refused_log_ins_have_an_account_and_an_address(void **state)
{
	fl_arena mem = fl_arena_make(8 << 20);
	(void)state;
	put("serve.log", "2026-03-02T00:00:00Z info  serve log-in refused: account 17 of company 2, request a\n"
			 "2026-03-02T00:00:00Z info  serve log-in refused: from 203.0.113.7, request a\n"
			 "2026-03-02T00:00:01Z info  serve log-in refused: account unknown, request b\n");
	fl_log_counts *c = count(&mem);
	assert_int_equal(c->accounts.count, 2);
	assert_string_equal(c->accounts.kind[0].text, "17 of company 2");
	assert_int_equal(c->addresses.total, 1);
	assert_string_equal(c->addresses.kind[0].text, "203.0.113.7");
	drop("serve.log");
	fl_arena_fini(&mem);
}

/* Somebody who makes each line another kind fills a table of a fixed size, and no more. */
static void kinds_have_a_limit(void **state)
{
	fl_arena mem = fl_arena_make(8 << 20);
	fl_buf text = fl_buf_make(1 << 20);
	(void)state;
	for (int i = 0; i < FL_LOG_KINDS_MAX + 50; i++)
		fl_buf_fmt(&text, "2026-03-02T00:00:00Z error serve %c%c\n", 'a' + i / 26, 'a' + i % 26);
	put("serve.log", fl_str_cstr(&mem, fl_buf_view(&text)));
	fl_log_counts *c = count(&mem);
	assert_int_equal(c->errors.total, FL_LOG_KINDS_MAX + 50);
	assert_int_equal(c->errors.count, FL_LOG_KINDS_MAX);
	drop("serve.log");
	fl_buf_fini(&text);
	fl_arena_fini(&mem);
}

static void no_folder_is_an_error(void **state)
{
	fl_arena mem = fl_arena_make(8 << 20);
	fl_log_counts *counts = fl_new(&mem, fl_log_counts);
	fl_diag diag = { 0 };
	(void)state;
	assert_int_equal(fl_logs_count("/nonexistent", since, counts, &diag), FL_IO);
	assert_non_null(strstr(diag.text, "/nonexistent"));
	fl_arena_fini(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_counted_by_kind),
		cmocka_unit_test(the_database_writes_another_time),
		cmocka_unit_test(restarts_say_how),
		cmocka_unit_test(refused_log_ins_have_an_account_and_an_address),
		cmocka_unit_test(kinds_have_a_limit),
		cmocka_unit_test(no_folder_is_an_error),
	};
	if (!mkdtemp(folder) || !fl_time_parse(FL_STR("2026-03-01T09:30:00Z"), &since))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
