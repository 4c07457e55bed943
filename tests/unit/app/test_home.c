/* app: HOME and its folders, the lock and the state of a running `up`, ports. */
#include "app/home.h"
#include "app/port.h"
#include "app/state.h"

#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], home_path[80];

static int make_folder(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/fleet-home-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(home_path, sizeof(home_path), "%s/home", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void made_private(void **state)
{
	app_home home;
	fl_diag diag = { 0 };
	struct stat st;
	assert_int_equal(app_home_enter(home_path, APP_HOME_LOOK, &home, &diag), FL_NOT_FOUND);
	assert_non_null(strstr(diag.text, home_path));
	if (geteuid() == 0)
		return; /* root becomes another user for good; the suites that start a whole fleet test that */
	assert_int_equal(app_home_enter(home_path, APP_HOME_MAKE, &home, &diag), FL_OK);
	assert_string_equal(home.path, home_path);
	assert_true(stat(home.secrets, &st) == 0 && (st.st_mode & 0777) == 0700);
}

static void look(app_home *home)
{
	static const char *const names[] = { "", "/run", "/secrets" };
	fl_diag diag = { 0 };
	char path[160];
	for (size_t i = 0; i < FL_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s%s", home_path, names[i]);
		mkdir(path, 0700);
	}
	assert_int_equal(app_home_enter(home_path, APP_HOME_LOOK, home, &diag), FL_OK);
}

/* The other process: takes the lock, says so, and ends without tidying up when its pipe closes, as after kill -9. */
static void hold(const app_home *home, const app_state *state, int ready, int done)
{
	fl_diag diag = { 0 };
	pid_t holder;
	char byte = 'x';
	bool good = app_lock(home, &holder, &diag) == FL_OK && app_state_write(home, state, &diag) == FL_OK;
	good = write(ready, &byte, 1) == 1 && read(done, &byte, 1) == 0 && good;
	_exit(good ? 0 : 1);
}

static void one_at_a_time(void **state)
{
	app_home home;
	app_state out = { 0 }, in = { .pid = 1, .url = FL_STR("http://localhost:1"), .pg_url = FL_STR("p"), .redis_url = FL_STR("r") };
	fl_arena mem = fl_arena_make(1 << 20);
	fl_diag diag = { 0 };
	int ready[2], done[2], status;
	char byte;
	pid_t holder = 0;
	look(&home);
	assert_int_equal(app_lock_holder(&home), 0);
	assert_true(pipe(ready) == 0 && pipe(done) == 0);
	pid_t child = fork();
	if (child == 0) {
		close(done[1]);
		hold(&home, &in, ready[1], done[0]);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(app_lock_holder(&home), child);
	assert_int_equal(app_lock(&home, &holder, &diag), FL_IN_USE);
	assert_int_equal(holder, child);
	assert_int_equal(app_state_read(&home, &mem, &out, &diag), FL_OK);
	assert_int_equal(out.pid, child);
	assert_true(fl_str_eq(out.url, in.url) && fl_str_eq(out.pg_url, in.pg_url));
	close(done[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(app_lock_holder(&home), 0);
	assert_int_equal(app_state_read(&home, &mem, &out, &diag), FL_NOT_FOUND);
	assert_int_equal(app_lock(&home, &holder, &diag), FL_OK);
	fl_arena_fini(&mem);
}

static void long_paths_get_a_short_run(void **state)
{
	char deep[300];
	app_home home;
	fl_diag diag = { 0 };
	snprintf(deep, sizeof(deep), "%s/%0100d", folder, 7);
	assert_int_equal(mkdir(deep, 0700), 0);
	assert_int_equal(app_home_enter(deep, APP_HOME_LOOK, &home, &diag), FL_OK);
	assert_true(strlen(home.run) < 60 && strncmp(home.run, "/tmp/fleet-", 11) == 0);
}

static void ports(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	fl_diag diag = { 0 };
	char self[32];
	int port = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(app_port_check("127.0.0.1", &port, &diag), FL_OK);
	assert_true(port > 0);
	/* Also one that would share it: two servers would each get half of the connections. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int));
	assert_true(bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 1) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	port = ntohs(address.sin_port);
	assert_int_equal(app_port_check("127.0.0.1", &port, &diag), FL_IN_USE);
	snprintf(self, sizeof(self), "process %d", (int)getpid());
	assert_non_null(strstr(diag.text, self));
	close(fd);
	assert_int_equal(app_port_check("nowhere.invalid", &port, &diag), FL_BAD_INPUT);
	assert_int_equal(app_port_check("203.0.113.7", &port, &diag), FL_BAD_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_private),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(long_paths_get_a_short_run),
		cmocka_unit_test(ports),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
