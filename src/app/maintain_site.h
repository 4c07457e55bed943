/* What `fleet maintain` looks at on this machine: HOME's folders, the servers that run, the backups. */
#ifndef FL_APP_MAINTAIN_SITE_H
#define FL_APP_MAINTAIN_SITE_H

#include "app/config.h"
#include "app/home.h"
#include "app/state.h"
#include "maintain/maintain.h"

typedef struct app_maintain_site {
	const app_config *config;
	fl_arena *mem;
	app_home home;
	bool has_home, runs; /* HOME is there; state is known */
	app_state state;
	char backup_dir[PATH_MAX];
	fl_backup_site backups;
	fl_maintain_opts opts; /* all but period and dry */
} app_maintain_site;

/* site stays where it is: opts points into it. FL_NOT_FOUND: there is neither a database nor a HOME that runs one. FL_BAD_INPUT: an
 * option. As root it becomes the owner of HOME. */
FL_MUST fl_err app_maintain_site_find(const app_config *config, fl_arena *mem, app_maintain_site *site, fl_diag *diag);

enum { APP_REPORTS_KEPT = 60 };

/* Keeps the report in HOME/reports/PERIOD-TIME.txt, and of each period the newest APP_REPORTS_KEPT. Nothing without HOME. */
FL_MUST fl_err app_maintain_keep(const app_maintain_site *site, const fl_maintain_report *report, fl_str text, fl_diag *diag);

#endif
