/* The replicas that the configuration names. */
#ifndef FL_APP_REPLICAS_H
#define FL_APP_REPLICAS_H

#include "app/config.h"
#include "db/db.h"

typedef struct app_replicas {
	const char *urls[FL_DB_REPLICAS_MAX];
	int count;
} app_replicas;

/* Into mem. A comma within a URL (several hosts) belongs to the URL: a replica begins at "postgres://" or "postgresql://".
 * FL_BAD_INPUT with a sentence: something else stands in the list, or too many. */
FL_MUST fl_err app_replicas_read(const app_config *config, fl_arena *mem, app_replicas *out, fl_diag *diag);

#endif
