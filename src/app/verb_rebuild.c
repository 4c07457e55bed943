/* fleet rebuild: reports, zones and totals from their events. */
#include "app/app.h"
#include "app/state.h"
#include "fleet/rebuild.h"

#include <stdio.h>

static const app_option options[] = {
	{ "--check", NULL, "change nothing; name each difference and exit with 1 when there is one" },
	{ 0 },
};

static void say(void *arg, const char *difference)
{
	(void)arg;
	printf("%s\n", difference);
}

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_rebuild_result result = { 0 };
	fl_diag diag = { 0 };
	const char *url = NULL;
	bool check = app_given(call, "--check");
	fl_err err = app_state_pg_url(call->config, &mem, &url, &diag);
	if (err == FL_OK)
		err = fl_rebuild(
			&(fl_rebuild_opts) { .url = url, .check = check, .say = say }, &diag, &result);
	fl_arena_fini(&mem);
	if (err != FL_OK)
		return app_fail("%s", fl_diag_text(&diag, err));
	if (check)
		printf("%lld reports, %lld differences\n", (long long)result.reports, (long long)result.differences);
	else
		printf("%lld reports, %lld differences, %lld mended\n", (long long)result.reports, (long long)result.differences,
			(long long)result.mended);
	return check && result.differences ? APP_FAILED : APP_DONE;
}

const app_verb app_verb_rebuild = { "rebuild", "make reports and totals from their events again",
	.details = "Compares every report, zone and total with what the events say, and mends what differs. The events are "
		   "right: a\n"
		   "change that left no event is taken back. Of the database at --pg-url, or of the one that a running `fleet "
		   "up` has.",
	.options = options, .run = run };
