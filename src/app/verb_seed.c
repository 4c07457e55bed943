/* fleet seed: fills the demo companies. */
#include "app/app.h"
#include "app/demo.h"
#include "app/state.h"
#include "seed/seed.h"

#include <stdio.h>
#include <unistd.h>

static const app_option options[] = {
	{ "--reports", "N", "reports to add: to the company demo, or with --companies in all", .otherwise = "10000" },
	{ "--companies", "N", "spread the reports over N companies in many cities, large and small (3 to 10000), a hundred vehicles each in the mean" },
	{ "--seed", "N", "the same number and moment give the same companies", .otherwise = "1" },
	{ 0 },
};

static void progress(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[Kseeding: %lld of %lld reports%s", (long long)done, (long long)total, done == total ? "\n" : "");
}

static fl_err seed(const app_call *call, fl_seed_opts *opts, fl_arena *mem, fl_seed_result *result, fl_diag *diag)
{
	app_home home;
	app_state state = { .pg_url = fl_str_z(call->config->pg_url) };
	char password[APP_DEMO_PASSWORD_LEN + 1], hash[FL_PASSWORD_HASH_MAX];
	FL_TRY(app_home_enter(call->config->home, APP_HOME_USE, &home, diag));
	if (state.pg_url.len == 0)
		FL_TRY(app_state_read(&home, mem, &state, diag));
	FL_TRY(app_demo_password(&home, password, diag));
	FL_TRY(fl_password_hash_now(fl_str_z(password), hash));
	opts->url = fl_str_cstr(mem, state.pg_url);
	opts->password = hash;
	fl_err err = opts->url ? fl_seed(opts, diag, result) : FL_NOMEM;
	opts->password = NULL; /* it ends with this function */
	return err;
}

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_seed_opts opts = { .progress = progress };
	fl_seed_result result = { 0 };
	fl_diag diag = { 0 };
	int64_t number, companies = 0;
	if (!app_number(call, "--reports", 0, 1000000000, &opts.reports) || !app_number(call, "--seed", 1, INT64_MAX, &number))
		return APP_USAGE;
	if (app_given(call, "--companies") && !app_number(call, "--companies", 3, FL_SEED_COMPANIES_MAX, &companies))
		return APP_USAGE;
	opts.seed = (uint64_t)number;
	opts.companies = (int)companies;
	fl_err err = seed(call, &opts, &mem, &result, &diag);
	fl_arena_fini(&mem);
	if (err != FL_OK)
		return app_fail("%s", fl_diag_text(&diag, err));
	double seconds = (double)result.took_us / 1e6;
	printf("%lld reports in %.1f s (%.0f a second)\n", (long long)result.reports, seconds,
		seconds > 0 ? (double)result.reports / seconds : 0);
	return APP_DONE;
}

const app_verb app_verb_seed = {
	"seed", "add reports to the demo companies",
	.details = "Into the database at --pg-url, or that of a running `fleet up`. `fleet up` fills an empty database by itself\n"
		   "(--seed-reports). Fifteen thousand and more are loaded in bulk where their months do not exist yet.",
	.options = options, .run = run };
