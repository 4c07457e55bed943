/* Where the backups of a HOME are, and how PostgreSQL reaches this program to hand its log over. */
#ifndef FL_APP_BACKUP_SITE_H
#define FL_APP_BACKUP_SITE_H

#include "app/config.h"
#include "app/home.h"
#include "backup/backup.h"

enum { APP_BACKUP_COMMAND_MAX = 1000 };

/* FLEET_BACKUP_DIR, else HOME/backup; absolute. */
FL_MUST fl_err app_backup_dir(const app_config *config, const app_home *home, char out[PATH_MAX], fl_diag *diag);

/* The archive_command of the private PostgreSQL. It costs a shell's look at DIR/wal until the first backup makes that folder. */
FL_MUST fl_err app_backup_keep_command(
	const app_config *config, const app_home *home, char out[APP_BACKUP_COMMAND_MAX], fl_diag *diag);
/* Its restore_command. */
FL_MUST fl_err app_backup_fetch_command(const char *dir, const app_home *home, char out[APP_BACKUP_COMMAND_MAX], fl_diag *diag);

/* This program's file, open for reading; -1 when that fails. */
int app_backup_program(void);

#endif
