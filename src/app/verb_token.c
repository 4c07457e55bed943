/* fleet token: a bearer token for scripts. */
#include "app/app.h"
#include "app/demo.h"
#include "app/state.h"

#include <stdio.h>

static const app_option options[] = {
	{ "--tenant", "NAME", "the company's short name", .otherwise = "demo" },
	{ "--role", "ROLE", "driver, manager, auditor or admin", .otherwise = "manager" },
	{ "--hours", "N", "how long it is good", .otherwise = "24" },
	{ 0 },
};

static fl_err make(const app_call *call, fl_role role, int64_t hours, fl_arena *mem, fl_str *token, fl_diag *diag)
{
	app_home home;
	app_state state;
	fl_str pg_url = fl_str_z(call->config->pg_url);
	FL_TRY(app_home_enter(call->config->home, APP_HOME_LOOK, &home, diag));
	if (pg_url.len == 0) {
		FL_TRY(app_state_read(&home, mem, &state, diag));
		pg_url = state.pg_url;
	}
	return app_token_make(&home, pg_url, fl_str_z(app_text(call, "--tenant")), role, hours * FL_HOUR_US, mem, token, diag);
}

static int run(const app_call *call)
{
	fl_role role = fl_role_parse(fl_str_z(app_text(call, "--role")));
	fl_arena mem = fl_arena_make(1 << 20);
	fl_diag diag = { 0 };
	fl_str token;
	int64_t hours;
	if (role == FL_ROLE_NONE)
		return app_usage(call, "--role: '%s' is none of driver, manager, auditor, admin", app_text(call, "--role"));
	if (!app_number(call, "--hours", 1, 24 * 366, &hours))
		return APP_USAGE;
	fl_err err = make(call, role, hours, &mem, &token, &diag);
	if (err == FL_OK)
		printf("%" FL_FMT "\n", FL_ARG(token));
	fl_arena_fini(&mem);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_token = { "token", "print a bearer token for the API", .options = options, .run = run };
