/* fleet demo day: plays a manager's day on the demo company, through the public API and pages alone, and says what happened. */
#include "app/app.h"
#include "app/demo.h"
#include "app/documents.h"
#include "app/play.h"
#include "app/state.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const app_option options[] = {
	{ "--pause-s", "S", "wait so long after each step, to watch it on the dashboard", .otherwise = "0" },
	{ "--keep", "DIR", "keep the files of the day there: the claim pack, the inspection" },
	{ "--json", NULL, "a line of JSON for each step" },
	{ 0 },
};

typedef struct day {
	const app_call *call;
	app_play play;
	app_home home;
	app_step *steps;
	size_t count;
	int64_t pause_s;
	fl_arena mem;
} day;

static fl_err tokens_of_all(day *d, const app_state *state, fl_diag *diag)
{
	for (fl_role role = FL_ROLE_DRIVER; role <= FL_ROLE_ADMIN; role++)
		FL_TRY(app_token_make(&d->home, state->pg_url, FL_STR("demo"), role, FL_HOUR_US, &d->mem, &d->play.tokens[role], diag));
	return FL_OK;
}

static fl_err prepare(day *d, fl_diag *diag)
{
	app_state state = {};
	FL_TRY(app_home_enter(d->call->config->home, APP_HOME_LOOK, &d->home, diag));
	FL_TRY(app_state_read(&d->home, &d->mem, &state, diag));
	FL_TRY(app_script_parse(app_day_script(), &d->mem, &d->steps, &d->count, diag));
	app_play_init(&d->play, &d->home, state.url, &d->mem);
	d->play.keep_dir = app_text(d->call, "--keep");
	return tokens_of_all(d, &state, diag);
}

static void show_json(const app_step *step, const app_played *played, const char *problem)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &out };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("step"));
	fl_json_put_str(&j, step->title);
	fl_json_key(&j, FL_STR("done"));
	fl_json_put_bool(&j, problem == NULL);
	fl_json_key(&j, problem ? FL_STR("problem") : FL_STR("said"));
	fl_json_put_str(&j, problem ? fl_str_z(problem) : played->said);
	fl_json_key(&j, FL_STR("tookMs"));
	fl_json_put_i64(&j, played->took_us / 1000);
	fl_json_close(&j, '}');
	printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&out)));
}

static void show(const day *d, const app_step *step, const app_played *played, const char *problem)
{
	fl_str said;
	if (app_given(d->call, "--json")) {
		show_json(step, played, problem);
	} else {
		fl_str at = fl_str_cut(step->title, ' ', &said);
		printf("%-6.*s %" FL_FMT "  (%.2f s)\n", FL_ARG(at), FL_ARG(said), (double)played->took_us / 1e6);
		if (problem || played->said.len)
			printf("       %" FL_FMT "\n", FL_ARG(problem ? fl_str_z(problem) : played->said));
	}
	fflush(stdout);
}

static int play_all(day *d)
{
	for (size_t i = 0; i < d->count; i++) {
		app_played played = {};
		fl_diag diag = {};
		fl_err err = app_play_step(&d->play, &d->steps[i], &played, &diag);
		show(d, &d->steps[i], &played, err == FL_OK ? NULL : fl_diag_text(&diag, err));
		if (err != FL_OK)
			return app_fail("the day stopped at '%" FL_FMT "'", FL_ARG(d->steps[i].title));
		if (d->pause_s)
			nanosleep(&(struct timespec){ .tv_sec = d->pause_s }, NULL);
	}
	return APP_DONE;
}

static int run(const app_call *call)
{
	day d = { .call = call, .mem = fl_arena_make(64 << 20) };
	fl_diag diag = {};
	int status;
	if (call->argument_count != 1 || strcmp(call->arguments[0], "day") != 0)
		return app_usage(call, "say which demo: fleet demo day");
	if (!app_number(call, "--pause-s", 0, 60, &d.pause_s))
		return APP_USAGE;
	fl_err err = prepare(&d, &diag);
	status = err == FL_OK ? play_all(&d) : app_fail("%s", fl_diag_text(&diag, err));
	app_play_fini(&d.play);
	fl_arena_fini(&d.mem);
	return status;
}

const app_verb app_verb_demo = { "demo", "play a day of a fleet on the demo company", .arguments = "day",
	.details = "A manager's day from importing vans to a claim that is paid and a driver's data that is erased, by the public API and pages\n"
		   "alone: what tests/day/manager.day says, step by step. It can be played again and again.",
	.options = options, .run = run };
