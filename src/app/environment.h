/* The environment of a child `fleet`: ours, the configuration (so that flags reach it too), and what the parent adds. */
#ifndef FL_APP_ENVIRONMENT_H
#define FL_APP_ENVIRONMENT_H

#include "app/config.h"

typedef struct app_environment_add {
	const char *name; /* NULL ends the list */
	fl_str value;
} app_environment_add;

/* NULL-terminated, in mem; NULL when mem is full. An addition wins over the configuration, that over what we have. */
const char *const *app_environment(fl_arena *mem, const app_config *config, const app_environment_add *adds);

#endif
