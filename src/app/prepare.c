#include "app/prepare.h"

#include "app/demo.h"
#include "archive/register.h"
#include "db/db.h"
#include "seed/seed.h"

#include <stdio.h>

static void tell(void *arg, const char *line)
{
	void (*say)(const char *) = *(void (**)(const char *))arg;
	say(line);
}

static fl_err migrate(const char *url, void (*say)(const char *line), fl_diag *diag)
{
	fl_migrate_report report = { 0 };
	FL_TRY(fl_migrate(&(fl_migrate_opts){ .url = url, .say = say ? tell : NULL, .arg = &say }, diag, &report));
	if (!report.leakproof && say)
		say("this PostgreSQL user may not mark operators leakproof: searching will be slower");
	return FL_OK;
}

/* An empty database gets the demo companies, so that the first start has something to show. */
static fl_err seed(const app_config *config, const app_home *home, const char *url, void (*say)(const char *line), fl_diag *diag)
{
	char password[APP_DEMO_PASSWORD_LEN + 1], hash[FL_PASSWORD_HASH_MAX], line[120];
	fl_seed_result result = { 0 };
	bool needed = false;
	FL_TRY(fl_seed_needed(url, &needed, diag));
	if (!needed)
		return FL_OK;
	FL_TRY(app_demo_password(home, password, diag));
	FL_TRY(fl_password_hash_now(fl_str_z(password), hash));
	FL_TRY(fl_seed(&(fl_seed_opts){ .url = url, .reports = config->seed_reports, .password = hash }, diag, &result));
	snprintf(line, sizeof(line), "made two demo companies with %lld reports in %.1f s", (long long)result.reports,
		(double)result.took_us / 1e6);
	if (say)
		say(line);
	return FL_OK;
}

/* A restored database knows people again that were erased since: `fleet restore` brought the register along, and nobody is in yet. */
static fl_err erase_again(const app_home *home, const char *url, void (*say)(const char *line), fl_diag *diag)
{
	fl_backup_key key;
	char line[80];
	int64_t again;
	FL_TRY(fl_backup_key_load(home->secrets, &key, diag));
	fl_err err = fl_register_again(&(fl_register) { .url = url, .dir = home->path, .key = &key }, &again, diag);
	fl_backup_key_wipe(&key);
	FL_TRY(err);
	fl_register_remove(home->path);
	snprintf(line, sizeof(line), "erased %lld persons again, as they were before the restore", (long long)again);
	if (again && say)
		say(line);
	return FL_OK;
}

fl_err app_prepare_database(const app_config *config, const app_home *home, fl_str pg_url, void (*say)(const char *line),
	fl_diag *diag)
{
	fl_arena mem = fl_arena_make(1 << 20);
	const char *url = fl_str_cstr(&mem, pg_url);
	fl_err err = url ? migrate(url, say, diag) : FL_NOMEM;
	if (err == FL_OK && fl_register_is_there(home->path))
		err = erase_again(home, url, say, diag);
	if (err == FL_OK)
		err = seed(config, home, url, say, diag);
	fl_arena_fini(&mem);
	return err;
}
