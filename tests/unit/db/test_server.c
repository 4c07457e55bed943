/* The private PostgreSQL: started, killed, started again; what stands in its way is said in words. */
#include "pg_fixture.h"

#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static pg_fixture fx;

static fl_err start(const char *data, const char *run, fl_diag *diag, fl_pg_server **out)
{
	*diag = (fl_diag){};
	return fl_pg_server_start(&(fl_pg_server_opts){ .data = data, .run = run, .user = pg_fixture_user(), .fast_and_loose = true }, diag, out);
}

static void nap_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void test_private(void **state)
{
	struct stat st;
	char path[200];

	assert_string_equal(pg_fixture_sql(&fx, "SHOW listen_addresses"), "");
	assert_string_equal(pg_fixture_sql(&fx, "SHOW data_checksums"), "on");
	assert_string_equal(pg_fixture_sql(&fx, "SELECT datcollate || ' ' || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'fleet'"), "C.UTF-8 UTF8");
	assert_int_equal(stat(fx.run, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(path, sizeof path, "%s/.s.PGSQL.5432", fx.run);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_true(fl_pg_server_alive(fx.server));
	assert_string_equal(pg_fixture_sql(&fx, "SELECT setting::bigint * 8192 BETWEEN 64::bigint << 20 AND 1::bigint << 30 FROM pg_settings WHERE name = 'shared_buffers'"), "t");
	assert_string_equal(pg_fixture_sql(&fx, "SELECT setting::bigint BETWEEN 2048 AND 4096 FROM pg_settings WHERE name = 'max_wal_size'"), "t");
}

/* An acknowledged write survives kill -9 of the server. */
static void test_kill(void **state)
{
	(void)pg_fixture_sql(&fx, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)");
	kill(fl_pg_server_pid(fx.server), SIGKILL);
	for (int i = 0; i < 500 && fl_pg_server_alive(fx.server); i++)
		nap_ms(10);
	assert_false(fl_pg_server_alive(fx.server));
	pg_fixture_restart(&fx);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT n FROM kept"), "42");
}

static void put_pid(int pid)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/postmaster.pid", fx.data);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "%d\n%s\n0\n5432\n%s\n\n", pid, fx.data, fx.run);
	fclose(f);
}

/* After a restart of a container the number in postmaster.pid may belong to anybody, and PostgreSQL alone would refuse. */
static void test_stale_pid(void **state)
{
	const char *user = pg_fixture_user();
	const struct passwd *pw = user ? getpwnam(user) : NULL;
	pid_t stranger;

	fl_pg_server_stop(fx.server, 10 * FL_SECOND_US);
	fx.server = NULL;
	stranger = fork();
	if (stranger == 0) {
		if (pw && setuid(pw->pw_uid) != 0)
			_exit(1);
		pause();
		_exit(0);
	}
	put_pid(stranger);
	pg_fixture_restart(&fx);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT 1"), "1");
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
}

static void test_empty_pid_file(void **state)
{
	char path[200];

	fl_pg_server_stop(fx.server, 10 * FL_SECOND_US);
	fx.server = NULL;
	snprintf(path, sizeof path, ": > %s/postmaster.pid", fx.data);
	assert_int_equal(system(path), 0);
	pg_fixture_restart(&fx);
}

/* Whoever started it is killed: it shuts down by itself, and the next start waits for that. */
static void test_parent_dies(void **state)
{
	fl_pg_server *server = NULL;
	int status;
	pid_t child;

	fl_pg_server_stop(fx.server, 10 * FL_SECOND_US);
	fx.server = NULL;
	child = fork();
	if (child == 0) {
		fl_diag diag;
		_exit(start(fx.data, fx.run, &diag, &server) == FL_OK ? 7 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 7);
	pg_fixture_restart(&fx);
	assert_string_equal(pg_fixture_sql(&fx, "SELECT n FROM kept"), "42");
}

static void test_half_made(void **state)
{
	char data[100], run[100], command[600];
	fl_pg_server *server;
	fl_diag diag;

	snprintf(data, sizeof data, "%s/pg2", fx.folder);
	snprintf(run, sizeof run, "%s/run2", fx.folder);
	snprintf(command, sizeof command, "mkdir -p %s.new/base && touch %s.new/PG_VERSION && chown -R %s %s.new", data, data,
		pg_fixture_user() ? pg_fixture_user() : "$(id -u)", data); /* a killed initdb */
	assert_int_equal(system(command), 0);
	if (start(data, run, &diag, &server) != FL_OK)
		fail_msg("%s", diag.text);
	fl_pg_server_stop(server, 10 * FL_SECOND_US);
}

static void test_obstacles(void **state)
{
	char path[300], command[700];
	fl_pg_server *server;
	fl_diag diag;

	snprintf(path, sizeof path, "%s/a-rather-long-name-of-a-folder-for-the-socket/that-does-not-fit-into-the-kernels-structure", fx.folder);
	assert_int_equal(start(fx.data, path, &diag, &server), FL_LIMIT);
	assert_non_null(strstr(diag.text, "too long"));
	snprintf(path, sizeof path, "%s/none/run", fx.folder);
	assert_int_equal(start(fx.data, path, &diag, &server), FL_DENIED);
	snprintf(path, sizeof path, "%s/old", fx.folder);
	snprintf(command, sizeof command, "mkdir %s && echo 11 > %s/PG_VERSION", path, path);
	assert_int_equal(system(command), 0);
	assert_int_equal(start(path, fx.run, &diag, &server), FL_CONFLICT);
	assert_non_null(strstr(diag.text, "PostgreSQL 11"));
	snprintf(path, sizeof path, "%s/broken", fx.folder);
	snprintf(command, sizeof command, "mkdir %s && echo 15 > %s/PG_VERSION", path, path);
	assert_int_equal(system(command), 0);
	assert_int_equal(start(path, fx.run, &diag, &server), FL_UNAVAILABLE);
	assert_non_null(strstr(diag.text, ".log"));
	if (geteuid() == 0) {
		diag = (fl_diag){};
		assert_int_equal(fl_pg_server_start(&(fl_pg_server_opts){ .data = fx.data, .run = fx.run }, &diag, &server), FL_DENIED);
		assert_non_null(strstr(diag.text, "root"));
	}
}

static int set_up(void **state)
{
	fx.empty = true;
	fx.durable = true;
	pg_fixture_start(&fx);
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
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_stale_pid),
		cmocka_unit_test(test_empty_pid_file),
		cmocka_unit_test(test_parent_dies),
		cmocka_unit_test(test_half_made),
		cmocka_unit_test(test_obstacles),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
