/* fleet wal: what PostgreSQL runs to hand a segment of its log over, and to get one back. */
#include "app/app.h"
#include "app/backup_site.h"

static int run(const app_call *call)
{
	app_home home;
	char dir[PATH_MAX];
	fl_backup_key key;
	fl_diag diag = { 0 };
	bool put = call->argument_count == 2 && strcmp(call->arguments[0], "put") == 0;
	bool get = call->argument_count == 3 && strcmp(call->arguments[0], "get") == 0;
	if (!put && !get)
		return app_usage(call, "put PATH, or get NAME PATH");
	fl_err err = app_home_enter(call->config->home, APP_HOME_USE, &home, &diag);
	if (err == FL_OK)
		err = app_backup_dir(call->config, &home, dir, &diag);
	if (err == FL_OK)
		err = fl_backup_key_load(home.secrets, &key, &diag);
	if (err == FL_OK)
		err = put ? fl_backup_wal_put(dir, &key, call->arguments[1], &diag)
			  : fl_backup_wal_get(dir, &key, call->arguments[1], call->arguments[2], &diag);
	fl_backup_key_wipe(&key);
	if (get && err == FL_NOT_FOUND)
		return APP_FAILED; /* where the log ends: PostgreSQL asks until it is told so */
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_wal = { "wal", "hand over or fetch a segment of PostgreSQL's log",
	.arguments = "put PATH | get NAME PATH", .run = run, .hidden = true };
