/* fleet maintain: the chores of a day, a week, a month, and a report to act on. */
#include "app/app.h"
#include "app/maintain_mail.h"
#include "app/maintain_site.h"

#include <stdio.h>
#include <unistd.h>

static const app_option options[] = {
	{ "--json", NULL, "answer for machines: an object a report" },
	{ "--dry-run", NULL, "only say what it would do" },
	{ "--quiet", NULL, "print no report: it is kept, and mailed when it needs a person" },
	{ 0 },
};

/* Unlike other verbs: 1 means that the report needs a person, 2 that there is none. */
enum { EXIT_WELL = 0, EXIT_ACT = 1, EXIT_FAILED = 2 };

static void print(const app_call *call, const fl_maintain_report *report)
{
	fl_buf out = fl_buf_make(4 << 20);

	if (app_given(call, "--quiet"))
		return;
	if (app_given(call, "--json"))
		fl_maintain_json(report, &out);
	else
		fl_maintain_text(report, isatty(STDOUT_FILENO), &out);
	fwrite(out.ptr, 1, out.len, stdout);
	fl_buf_fini(&out);
}

/* In HOME/reports, and where --quiet says that nobody reads it here, by mail. */
static fl_err keep(const app_call *call, const app_maintain_site *site, const fl_maintain_report *report, fl_diag *diag)
{
	fl_buf text = fl_buf_make(4 << 20);

	fl_maintain_text(report, false, &text);
	fl_err err = fl_buf_err(&text);
	if (err == FL_OK)
		err = app_maintain_keep(site, report, fl_buf_view(&text), diag);
	if (err == FL_OK && app_given(call, "--quiet") && fl_maintain_acts(report))
		err = app_maintain_mail(call->config, report, fl_buf_view(&text), diag);
	fl_buf_fini(&text);
	return err;
}

static fl_err run_one(const app_call *call, app_maintain_site *site, fl_maintain_period period, size_t *acts, fl_diag *diag)
{
	fl_maintain_report *report;

	site->opts.period = period;
	site->opts.dry = app_given(call, "--dry-run");
	FL_TRY(fl_maintain_run(&site->opts, site->mem, &report, diag));
	if (!report)
		return FL_OK; /* another did it meanwhile */
	print(call, report);
	*acts += fl_maintain_acts(report);
	return site->opts.dry ? FL_OK : keep(call, site, report, diag);
}

static fl_err run_all(const app_call *call, fl_arena *mem, int periods, size_t *acts, fl_diag *diag)
{
	app_maintain_site site;

	FL_TRY(app_maintain_site_find(call->config, mem, &site, diag));
	site.opts.only_due = !periods;
	if (!periods)
		FL_TRY(fl_maintain_due(site.opts.pg_url, fl_now_us(), &periods, diag));
	if (!periods && !app_given(call, "--quiet"))
		printf("nothing is due\n");
	for (int period = FL_MAINTAIN_DAILY; period <= FL_MAINTAIN_MONTHLY; period *= 2)
		if (periods & period)
			FL_TRY(run_one(call, &site, period, acts, diag));
	return FL_OK;
}

static int run(const app_call *call)
{
	const char *what = call->argument_count == 1 ? call->arguments[0] : "";
	int periods = strcmp(what, "daily") == 0 ? FL_MAINTAIN_DAILY
		: strcmp(what, "weekly") == 0    ? FL_MAINTAIN_WEEKLY
		: strcmp(what, "monthly") == 0   ? FL_MAINTAIN_MONTHLY
						 : 0;
	fl_arena mem = fl_arena_make(256 << 20);
	fl_diag diag = { 0 };
	size_t acts = 0;

	if (!periods && strcmp(what, "due") != 0)
		return app_usage(call, "say which: daily, weekly, monthly, or due");
	fl_err err = run_all(call, &mem, periods, &acts, &diag);
	fl_arena_fini(&mem);
	if (err != FL_OK) {
		app_fail("%s", fl_diag_text(&diag, err));
		return EXIT_FAILED;
	}
	return acts ? EXIT_ACT : EXIT_WELL;
}

const app_verb app_verb_maintain = { "maintain", "do the chores of a day, a week or a month, and report", .arguments = "daily | weekly | monthly | due",
	.details = "daily    errors, caches, slow statements, backups, queue, relay, replicas, months, disk\n"
		   "weekly   statements against last week, statistics, the overview, log-ins and rights, when the disk will be full\n"
		   "monthly  vacuum, indexes, packages, the API's times against last month, months, what storage costs\n"
		   "due      what of these did not run yet in this day, week, month: what `fleet work` does from --maintain-hour on\n"
		   "Exit status: 0 all well, 1 something needs a person, 2 it could not run. Reports are kept in HOME/reports.",
	.options = options, .run = run };
