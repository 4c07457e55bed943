/* fleet export: a company's records as a CSV file, streamed through the public API. */
#include "app/reach.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define READ_US FL_HOUR_US

static const app_option options[] = {
	{ "--out", "FILE", "where to; default: standard output" },
	APP_REACH_OPTIONS,
	{ 0 },
};

static fl_err download(const app_call *call, app_client *client, FILE *out, fl_diag *diag)
{
	fl_str place = fl_str_fmt(client->mem, "/exports/%s.csv", call->arguments[0]);
	if (!place.ptr)
		return FL_NOMEM;
	FL_TRY(app_reach(call, client, diag));
	FL_TRY(app_client_download(client, place, out, READ_US, diag));
	return fflush(out) == 0 ? FL_OK : fl_fail(diag, FL_IO, "writing failed: %s", strerror(errno));
}

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(16 << 20);
	app_client client = { .mem = &mem };
	const char *path = app_text(call, "--out");
	fl_diag diag = { 0 };
	if (call->argument_count != 1)
		return app_usage(call, "say what: fleet export reports --out reports.csv");
	FILE *out = path ? fopen(path, "we") : stdout;
	if (!out)
		return app_fail("%s: %s", path, strerror(errno));
	fl_err err = download(call, &client, out, &diag);
	if (path && fclose(out) != 0 && err == FL_OK)
		err = fl_fail(&diag, FL_IO, "%s: %s", path, strerror(errno));
	if (err != FL_OK && path)
		unlink(path); /* half a file looks like a whole one */
	app_client_close(&client);
	int status = err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
	fl_arena_fini(&mem);
	return status;
}

const app_verb app_verb_export = { "export", "write vehicles, drivers, depots or reports to a CSV file", .arguments = "KIND",
	.details = "KIND is vehicles, drivers, facilities or reports. As in: fleet export reports --out reports.csv",
	.options = options, .run = run };
