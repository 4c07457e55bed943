/* fleet company add: a new company, with its first administrator. Companies are made by whoever runs the platform: no token may.
 */
#include "app/app.h"
#include "app/state.h"
#include "crypt/crypt.h"
#include "db/db.h"

#include <stdio.h>
#include <stdlib.h>

static const app_option options[] = {
	{ "--name", "NAME", "the company's name" },
	{ "--admin", "EMAIL", "who administers it; the password is read from the first line of standard input" },
	{ "--currency", "CODE", "what its costs are kept in", .otherwise = "EUR" },
	{ "--time-zone", "ZONE", "what its days are counted in", .otherwise = "UTC" },
	{ "--language", "NAME", "of its reports, for searching, as in english, german, dutch, french", .otherwise = "english" },
	{ 0 },
};

static const char insert_sql[] = "WITH t AS (INSERT INTO fleet.tenants (slug, name, currency, tz, lang) SELECT $1, $2, $3, CASE "
				 "WHEN (now() AT TIME ZONE $4::text) IS NOT NULL THEN $4::text END,"
				 " ('pg_catalog.' || $5)::regconfig RETURNING id)"
				 " INSERT INTO fleet.users (tenant_id, email, name, role, password) SELECT id, lower($6), $6, 4, "
				 "$7 FROM t RETURNING tenant_id";

static bool plain_word(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
	return len > 0 && len < 40 && text[len] == 0;
}

static fl_err read_password(char *out, size_t size, fl_diag *diag)
{
	if (!fgets(out, (int)size, stdin))
		return fl_fail(diag, FL_BAD_INPUT, "give the administrator's password on standard input");
	out[strcspn(out, "\r\n")] = 0;
	return strlen(out) >= 12 ? FL_OK : fl_fail(diag, FL_BAD_INPUT, "the password is shorter than 12 characters");
}

static fl_err open_database(const app_call *call, fl_arena *mem, fl_pg **pg, fl_diag *diag)
{
	const char *url;
	FL_TRY(app_state_pg_url(call->config, mem, &url, diag));
	return fl_pg_open(url, diag, pg);
}

static fl_err add(const app_call *call, fl_arena *mem, int32_t *id, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	char password[256], hash[FL_PASSWORD_HASH_MAX];
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;
	FL_TRY(open_database(call, mem, &pg, diag));
	FL_TRY(read_password(password, sizeof(password), diag));
	fl_err err = fl_password_hash_now(fl_str_z(password), hash);
	explicit_bzero(password, sizeof(password));
	FL_TRY(err);
	fl_arg_text(&args, fl_str_z(call->arguments[1]));
	fl_arg_text(&args, fl_str_z(app_text(call, "--name")));
	fl_arg_text(&args, fl_str_z(app_text(call, "--currency")));
	fl_arg_text(&args, fl_str_z(app_text(call, "--time-zone")));
	fl_arg_text(&args, fl_str_z(app_text(call, "--language")));
	fl_arg_text(&args, fl_str_z(app_text(call, "--admin")));
	fl_arg_text(&args, fl_str_z(hash));
	FL_TRY(fl_pg_query(pg, insert_sql, &args, mem, &rows, diag));
	*id = fl_row_i32(rows, 0, 0);
	return FL_OK;
}

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_diag diag = { 0 };
	int32_t id = 0;
	if (call->argument_count != 2 || strcmp(call->arguments[0], "add") != 0)
		return app_usage(call, "say which: fleet company add SHORT-NAME --name \"Its name\" --admin admin@example.com");
	if (!app_text(call, "--name") || !app_text(call, "--admin"))
		return app_usage(call, "a company needs a --name and an --admin");
	if (!plain_word(app_text(call, "--language")))
		return app_usage(call, "the language is a word as in english");
	fl_err err = add(call, &mem, &id, &diag);
	fl_arena_fini(&mem);
	if (err != FL_OK)
		return app_fail("%s", err == FL_DUPLICATE ? "there is such a company, or the address is another person's"
							  : fl_diag_text(&diag, err));
	printf("company %d, %s\n", id, call->arguments[1]);
	return APP_DONE;
}

const app_verb app_verb_company = { "company", "add a company with its first administrator", .arguments = "add NAME",
	.details = "In the database at --pg-url, or that of a running `fleet up`. As in:\n"
		   "echo \"$PASSWORD\" | fleet company add north --name \"North Couriers\" --admin admin@north.example",
	.options = options, .run = run };
