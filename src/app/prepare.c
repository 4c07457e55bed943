#include "app/prepare.h"

#include "app/demo.h"
#include "db/db.h"

static void tell(void *arg, const char *line)
{
	void (*say)(const char *) = *(void (**)(const char *))arg;
	say(line);
}

fl_err app_prepare_database(const app_config *config, const app_home *home, fl_str pg_url, void (*say)(const char *line),
	fl_diag *diag)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_migrate_report report = { 0 };
	fl_migrate_opts opts = { .url = fl_str_cstr(&mem, pg_url), .say = say ? tell : NULL, .arg = &say };
	fl_err err = opts.url ? fl_migrate(&opts, diag, &report) : FL_NOMEM;
	if (err == FL_OK && !report.leakproof && say)
		say("this PostgreSQL user may not mark operators leakproof: search will be slower (docs/operate/postgres.md)");
	fl_arena_fini(&mem);
	return err;
}
