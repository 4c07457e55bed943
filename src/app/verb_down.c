/* fleet down: stops a running `fleet up` and waits for its end. */
#include "app/app.h"
#include "app/state.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

static const app_option options[] = {
	{ "--wait-s", "S", "how long to wait for its end", .otherwise = "60" },
	{ 0 },
};

static int run(const app_call *call)
{
	app_home home;
	fl_diag diag = { 0 };
	int64_t wait_s;
	if (!app_number(call, "--wait-s", 0, 86400, &wait_s))
		return APP_USAGE;
	if (app_home_enter(call->config->home, APP_HOME_LOOK, &home, &diag) != FL_OK)
		return app_fail("%s", diag.text);
	pid_t pid = app_lock_holder(&home);
	if (pid == 0) {
		printf("nothing runs on %s\n", home.path);
		return APP_DONE;
	}
	if (kill(pid, SIGTERM) != 0)
		return app_fail("process %d cannot be stopped; try as its user", (int)pid);
	for (int64_t until = fl_mono_us() + wait_s * FL_SECOND_US; app_lock_holder(&home) == pid;) {
		if (fl_mono_us() > until)
			return app_fail("process %d has not ended after %lld s; kill -9 %d ends it without loss", (int)pid,
				(long long)wait_s, (int)pid);
		nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
	}
	printf("stopped\n");
	return APP_DONE;
}

const app_verb app_verb_down = { "down", "stop a running `fleet up`", .options = options, .run = run };
