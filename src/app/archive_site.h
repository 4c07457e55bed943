/* Where the archives of a HOME are, and with what they are sealed. */
#ifndef FL_APP_ARCHIVE_SITE_H
#define FL_APP_ARCHIVE_SITE_H

#include "app/config.h"
#include "app/home.h"
#include "archive/archive.h"
#include "archive/register.h"
#include "sweep/sweep.h"

typedef struct app_archive_site {
	app_home home;
	char dir[PATH_MAX]; /* HOME/archive */
	fl_backup_key key;
	fl_store *store; /* its own */
	fl_archive_site site;
	char backup_dir[PATH_MAX];
	fl_register erasures; /* beside the backups of this HOME */
	fl_sweep_site sweep;
} app_archive_site;

/* For the command line: enters HOME; the database is that of --pg-url or of what runs on HOME. */
FL_MUST fl_err app_archive_open(const app_config *config, fl_arena *mem, app_archive_site *out, fl_diag *diag);
/* For a process that has entered HOME and opened the store. The key is made when there is none. */
FL_MUST fl_err app_archive_site_of(const app_config *config, const app_home *home, const char *url, fl_store *store, app_archive_site *out, fl_diag *diag);
void app_archive_close(app_archive_site *site);

#endif
