/* Brings a database to where the program can use it: the newest schema, and the demo companies when it is empty. */
#ifndef FL_APP_PREPARE_H
#define FL_APP_PREPARE_H

#include "app/config.h"
#include "app/home.h"

/* Blocks. say may be NULL. */
FL_MUST fl_err app_prepare_database(const app_config *config, const app_home *home, fl_str pg_url, void (*say)(const char *line),
	fl_diag *diag);

#endif
