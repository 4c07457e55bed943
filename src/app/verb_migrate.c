/* fleet migrate: brings a database to the newest schema. */
#include "app/app.h"
#include "app/state.h"
#include "db/db.h"

#include <stdio.h>

static void say(void *arg, const char *line)
{
	(void)arg;
	printf("%s\n", line);
}

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_migrate_report report = { 0 };
	fl_diag diag = { 0 };
	const char *url = NULL;
	fl_err err = app_state_pg_url(call->config, &mem, &url, &diag);
	if (err == FL_OK)
		err = fl_migrate(&(fl_migrate_opts){ .url = url, .say = say }, &diag, &report);
	fl_arena_fini(&mem);
	if (err != FL_OK)
		return app_fail("%s", fl_diag_text(&diag, err));
	printf("version %d, %d applied now, %d months of partitions made\n", report.version, report.applied, report.months_made);
	return APP_DONE;
}

const app_verb app_verb_migrate = {
	"migrate", "bring the database to the newest schema",
	.details = "Of the database at --pg-url, or of the one that a running `fleet up` has. `fleet up` does this by itself.", .run = run };
