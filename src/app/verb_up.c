/* fleet up: everything on this machine, in the foreground. */
#include "app/app.h"
#include "app/demo.h"
#include "app/demo_reports.h"
#include "app/port.h"
#include "app/supervisor.h"

#include <stdio.h>
#include <unistd.h>

static const app_option options[] = {
	{ "--json", NULL, "one line for machines when ready: url, pid, tokens" },
	{ "--verbose", NULL, "show the logs here instead of keeping them in HOME/log" },
	{ 0 },
};

static const fl_str roles[] = { FL_STR_INIT("manager"), FL_STR_INIT("driver"), FL_STR_INIT("auditor"), FL_STR_INIT("admin") };

typedef struct up {
	const app_call *call;
	app_home home;
	fl_arena mem;
	int64_t start_us;
	int port;
} up;

static void say(const char *line)
{
	fprintf(stderr, "fleet: %s\n", line);
}

static void put_text(fl_json_out *j, fl_str key, fl_str value)
{
	fl_json_key(j, key);
	fl_json_put_str(j, value);
}

static void put_token(fl_json_out *j, up *u, const app_state *state, fl_str name, fl_str tenant, fl_role role)
{
	fl_diag diag = { 0 };
	fl_str token;
	if (app_token_make(&u->home, state->pg_url, tenant, role, 24 * FL_HOUR_US, &u->mem, &token, &diag) == FL_OK)
		put_text(j, name, token);
}

/* One for each role of the demo company, and "other" for a manager of the other one; none in a database without them. */
static void put_tokens(fl_json_out *j, up *u, const app_state *state)
{
	fl_json_key(j, FL_STR("tokens"));
	fl_json_open(j, '{');
	for (size_t i = 0; i < FL_COUNT(roles); i++)
		put_token(j, u, state, roles[i], FL_STR("demo"), fl_role_parse(roles[i]));
	put_token(j, u, state, FL_STR("other"), FL_STR("other"), FL_ROLE_MANAGER);
	fl_json_close(j, '}');
}

static void ready_json(up *u, const app_state *state)
{
	FL_AUTO_BUF fl_buf line = fl_buf_make(1 << 16);
	fl_json_out j = { .buf = &line };
	fl_diag diag = { 0 };
	char password[APP_DEMO_PASSWORD_LEN + 1];
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("ready"));
	fl_json_put_bool(&j, true);
	put_text(&j, FL_STR("url"), state->url);
	fl_json_key(&j, FL_STR("pid"));
	fl_json_put_i64(&j, state->pid);
	put_text(&j, FL_STR("home"), fl_str_z(u->home.path));
	if (app_demo_password(&u->home, password, &diag) == FL_OK)
		put_text(&j, FL_STR("password"), fl_str_z(password));
	put_tokens(&j, u, state);
	fl_json_close(&j, '}');
	printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&line)));
	fflush(stdout);
}

static void ready_text(up *u, const app_state *state)
{
	char password[APP_DEMO_PASSWORD_LEN + 1];
	fl_diag diag = { 0 };
	fl_str url = state->url;
	printf("\n  Dashboard     %" FL_FMT "/\n"
	       "  Driver page   %" FL_FMT "/r/VAN-12\n"
	       "  API           %" FL_FMT "/graphiql\n\n",
		FL_ARG(url), FL_ARG(url), FL_ARG(url));
	if (app_demo_password(&u->home, password, &diag) == FL_OK)
		printf("  Log in as     manager@demo.example (or driver@, auditor@, admin@; manager@other.example)\n"
		       "  Password      %s\n\n", password);
	printf("  File a report ./fleet report --vehicle VAN-12 --photo PHOTO.jpg \"scraped the rear left door\"\n"
	       "  Data, logs    %s\n"
	       "  Stop          Ctrl-C, or ./fleet down\n\n"
	       "ready: %" FL_FMT " (pid %d, %.1f s)\n",
		u->home.path, FL_ARG(url), (int)state->pid, (double)(fl_mono_us() - u->start_us) / 1e6);
	fflush(stdout);
}

/* A demo company that this program has just made gets some reports with photos. */
static void show_photos(up *u, const app_state *state)
{
	const app_config *config = u->call->config;
	char here[160];
	fl_diag diag = { 0 };
	fl_str token;
	bool any = strcmp(config->host, "0.0.0.0") == 0 || strcmp(config->host, "::") == 0;
	snprintf(here, sizeof(here), "http://%s:%d", any ? "127.0.0.1" : config->host, u->port);
	if (config->seed_reports > 0 && config->demo_photos > 0 &&
	    app_token_make(&u->home, state->pg_url, FL_STR("demo"), FL_ROLE_MANAGER, FL_HOUR_US, &u->mem, &token, &diag) == FL_OK)
		app_demo_reports_start(&u->home, fl_str_z(here), token, (int)config->demo_photos);
}

static void on_ready(void *arg, const app_state *state)
{
	up *u = arg;
	if (app_given(u->call, "--json"))
		ready_json(u, state);
	else
		ready_text(u, state);
	show_photos(u, state);
}

static fl_err runs_already(up *u, pid_t holder, fl_diag *diag)
{
	app_state other;
	bool known = app_state_read(&u->home, &u->mem, &other, diag) == FL_OK;
	return fl_fail(diag, FL_IN_USE, "fleet runs already on %s (pid %d%s%" FL_FMT "). Stop it with ./fleet down, or give this one its own --home and --port",
		u->home.path, (int)holder, known ? ", " : "", FL_ARG(known ? other.url : FL_STR("")));
}

/* What speaks against a start is said before anything is made. */
static fl_err check(up *u, int *port, fl_diag *diag)
{
	const app_config *config = u->call->config;
	fl_err err = app_home_enter(config->home, APP_HOME_LOOK, &u->home, diag);
	pid_t holder = err == FL_OK ? app_lock_holder(&u->home) : 0;
	if (holder)
		return runs_already(u, holder, diag);
	if (err != FL_OK && err != FL_NOT_FOUND)
		return err;
	return app_port_check(config->host, port, diag);
}

static fl_err take_home(up *u, fl_diag *diag)
{
	pid_t holder = 0;
	FL_TRY(app_home_enter(u->call->config->home, APP_HOME_MAKE, &u->home, diag));
	fl_err err = app_lock(&u->home, &holder, diag);
	return err == FL_IN_USE ? runs_already(u, holder, diag) : err;
}

static fl_err start(up *u, fl_diag *diag)
{
	const app_config *config = u->call->config;
	char url[300];
	int port = (int)config->port;
	FL_TRY(check(u, &port, diag));
	u->port = port;
	FL_TRY(take_home(u, diag));
	snprintf(url, sizeof(url), "http://localhost:%d", port);
	/* The working folder may be one that this user cannot even look at, and PostgreSQL complains about that. */
	if (chdir(u->home.path) != 0)
		return fl_fail(diag, FL_DENIED, "%s cannot be entered", u->home.path);
	return app_supervise(&(app_supervisor_opts){ .config = config, .home = &u->home, .port = port,
		.url = config->public_url[0] ? config->public_url : url, .verbose = app_given(u->call, "--verbose"),
		.serve = true, .work = true, .say = say, .ready = on_ready, .arg = u }, diag);
}

static int run(const app_call *call)
{
	up u = { .call = call, .mem = fl_arena_make(4 << 20), .start_us = fl_mono_us() };
	fl_diag diag = { 0 };
	fl_err err = start(&u, &diag);
	fl_arena_fini(&u.mem);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_up = {
	"up", "run everything on this machine: database, cache, server, workers",
	.details = "Stays in the foreground until Ctrl-C or `fleet down`. With --pg-url or --redis-url those servers are used instead of\n"
		   "private ones. The first start makes the schema and two demo companies.",
	.options = options, .run = run };
