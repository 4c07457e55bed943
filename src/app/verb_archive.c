/* fleet archive: old reports by the policies of their companies, and the files of those that went. */
#include "app/app.h"
#include "app/archive_site.h"
#include "app/state.h"

#include <stdio.h>

static const app_option options[] = {
	{ "--company", "NAME", "only this company, by its short name" },
	{ "--report", "ID", "restore: only this report" },
	{ 0 },
};

static void say(void *arg, const char *line)
{
	(void)arg;
	printf("%s\n", line);
}

static fl_err parse_id(const char *text, fl_uuid *out, fl_diag *diag)
{
	if (text && fl_uuid_parse(fl_str_z(text), out))
		return FL_OK;
	return fl_fail(diag, FL_BAD_INPUT, "'%s' is no id; fleet archive list shows those of archives", text ? text : "");
}

static fl_err verify(const fl_archive_site *site, const app_call *call, fl_diag *diag)
{
	fl_archive_facts facts;
	fl_uuid id;
	FL_TRY(parse_id(call->arguments[1], &id, diag));
	FL_TRY(fl_archive_verify(site, id, &facts, diag));
	printf("whole and unchanged: %lld reports, %lld rows, %lld photos, %.1f MB\n", (long long)facts.reports, (long long)facts.rows, (long long)facts.blobs,
		(double)facts.bytes / 1e6);
	return FL_OK;
}

static fl_err restore(const fl_archive_site *site, const app_call *call, fl_diag *diag)
{
	fl_archive_result result;
	fl_uuid id, report;
	FL_TRY(parse_id(call->arguments[1], &id, diag));
	if (app_given(call, "--report"))
		FL_TRY(parse_id(app_text(call, "--report"), &report, diag));
	FL_TRY(fl_archive_restore(site, id, app_given(call, "--report") ? &report : NULL, &result, diag));
	printf("%lld reports are back\n", (long long)result.reports);
	return FL_OK;
}

static fl_err run_policies(const fl_archive_site *site, const char *company, fl_diag *diag)
{
	fl_archive_result result;
	FL_TRY(fl_archive_run(site, company, &result, diag));
	printf("%lld reports are gone, %lld files were written\n", (long long)result.reports, (long long)result.files);
	if (result.blobs_missing)
		printf("%lld photos were not in the store; the files say which\n", (long long)result.blobs_missing);
	return FL_OK;
}

static fl_err act(const app_call *call, fl_diag *diag)
{
	fl_arena mem = fl_arena_make(1 << 20);
	const char *what = call->arguments[0], *company = app_text(call, "--company");
	app_archive_site a;
	fl_err err = app_archive_open(call->config, &mem, &a, diag);
	a.site.say = say;
	if (err == FL_OK && strcmp(what, "plan") == 0)
		err = fl_archive_plan(&a.site, company, diag);
	else if (err == FL_OK && strcmp(what, "run") == 0)
		err = run_policies(&a.site, company, diag);
	else if (err == FL_OK && strcmp(what, "list") == 0)
		err = fl_archive_list(&a.site, company, diag);
	else if (err == FL_OK)
		err = strcmp(what, "verify") == 0 ? verify(&a.site, call, diag) : restore(&a.site, call, diag);
	app_archive_close(&a);
	fl_arena_fini(&mem);
	return err;
}

static int run(const app_call *call)
{
	static const char *const verbs[] = { "plan", "run", "list", "verify", "restore" };
	fl_diag diag = { 0 };
	size_t i = 0;
	while (i < FL_COUNT(verbs) && (call->argument_count == 0 || strcmp(call->arguments[0], verbs[i]) != 0))
		i++;
	if (i == FL_COUNT(verbs) || call->argument_count != (i < 3 ? 1 : 2))
		return app_usage(call, "say what: plan, run, list, verify ID or restore ID");
	fl_err err = act(call, &diag);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_archive = { "archive", "old reports: what goes by the companies' policies, and the files of what went", .arguments = "plan | run | list | verify ID | restore ID",
	.details = "plan     what would go now: a dry run\n"
		   "run      lets it go, as `fleet work` does each hour\n"
		   "list     the files, newest first\n"
		   "verify   unseals a file and checks every hash in it\n"
		   "restore  brings its reports back, or the one that --report names\n"
		   "The files lie in HOME/archive, sealed with the key of the backups. docs/retention.md tells more.",
	.options = options, .run = run };
