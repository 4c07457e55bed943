/* fleet store: bytes that no row names any more. */
#include "app/app.h"
#include "app/archive_site.h"

#include <stdio.h>

static fl_err act(const app_call *call, fl_sweep_result *r, fl_diag *diag)
{
	fl_arena mem = fl_arena_make(1 << 20);
	const char *what = call->arguments[0];
	app_archive_site a;
	fl_err err = app_archive_open(call->config, &mem, &a, diag);
	a.sweep.dry = strcmp(what, "plan") == 0;
	a.sweep.adopt = strcmp(what, "adopt") == 0;
	if (err == FL_OK)
		err = fl_sweep_run(&a.sweep, r, diag);
	app_archive_close(&a);
	fl_arena_fini(&mem);
	return err;
}

static int run(const app_call *call)
{
	static const char *const verbs[] = { "plan", "clean", "adopt" };
	fl_diag diag = { 0 };
	fl_sweep_result r = {};
	size_t i = 0;
	while (i < FL_COUNT(verbs) && (call->argument_count == 0 || strcmp(call->arguments[0], verbs[i]) != 0))
		i++;
	if (i == FL_COUNT(verbs) || call->argument_count != 1)
		return app_usage(call, "say what: plan, clean or adopt");
	fl_err err = act(call, &r, &diag);
	if (err != FL_OK)
		return app_fail("%s", fl_diag_text(&diag, err));
	printf("%lld files of %.1f MB in the store; nothing names %lld of %.1f MB", (long long)r.seen, (double)r.seen_bytes / 1e6, (long long)r.loose,
		(double)r.loose_bytes / 1e6);
	if (i == 0)
		printf("\n");
	else
		printf("; removed %lld of %.1f MB\n", (long long)r.removed, (double)r.removed_bytes / 1e6);
	return APP_DONE;
}

const app_verb app_verb_store = { "store", "bytes of photos and files: what nothing names any more", .arguments = "plan | clean | adopt",
	.details = "plan   counts: a dry run\n"
		   "clean  notes what nothing names, and removes what was noted more than a day ago, as `fleet work` does every six hours\n"
		   "adopt  the same, and says that HOME/blobs belongs to this database, where the first sweep could not tell\n"
		   "docs/retention.md tells more.",
	.run = run };
