#include "app/backup_site.h"

#include "db/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

fl_err app_backup_dir(const app_config *config, const app_home *home, char out[PATH_MAX], fl_diag *diag)
{
	const char *given = config->backup_dir;
	char cwd[PATH_MAX] = "";
	if (given[0] && given[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return fl_fail(diag, FL_IO, "the current folder is gone");
	int len = given[0] == '/' ? snprintf(out, PATH_MAX, "%s", given)
		  : given[0]      ? snprintf(out, PATH_MAX, "%s/%s", cwd, given)
				  : snprintf(out, PATH_MAX, "%s/backup", home->path);
	return len < PATH_MAX - 128 ? FL_OK : fl_fail(diag, FL_BAD_INPUT, "the path of --backup-dir is too long");
}

/* Paths stand in a shell's single quotes, inside a setting of PostgreSQL that gives % a meaning. */
static fl_err check_path(const char *path, fl_diag *diag)
{
	for (const char *c = path; *c; c++)
		if (*c == '\'' || *c == '%' || *c == '\\' || (unsigned char)*c < ' ')
			return fl_fail(diag, FL_BAD_INPUT,
				"%s: a path with ', %% or \\ in it cannot be used here; choose another --home or --backup-dir",
				path);
	return FL_OK;
}

static fl_err check_length(int len, fl_diag *diag)
{
	return len < APP_BACKUP_COMMAND_MAX ? FL_OK
					    : fl_fail(diag, FL_BAD_INPUT, "the paths of --home and --backup-dir are too long");
}

fl_err app_backup_keep_command(const app_config *config, const app_home *home, char out[APP_BACKUP_COMMAND_MAX], fl_diag *diag)
{
	char dir[PATH_MAX];
	FL_TRY(app_backup_dir(config, home, dir, diag));
	FL_TRY(check_path(dir, diag));
	FL_TRY(check_path(home->path, diag));
	int len = snprintf(out, APP_BACKUP_COMMAND_MAX,
		"test ! -d '%s/wal' || " FL_PG_PROGRAM " wal --home '%s' --backup-dir '%s' put %%p", dir, home->path, dir);
	return check_length(len, diag);
}

fl_err app_backup_fetch_command(const char *dir, const app_home *home, char out[APP_BACKUP_COMMAND_MAX], fl_diag *diag)
{
	FL_TRY(check_path(dir, diag));
	FL_TRY(check_path(home->path, diag));
	int len = snprintf(
		out, APP_BACKUP_COMMAND_MAX, FL_PG_PROGRAM " wal --home '%s' --backup-dir '%s' get %%f %%p", home->path, dir);
	return check_length(len, diag);
}

int app_backup_program(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}
