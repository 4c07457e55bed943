/* What a running `fleet up` tells the other verbs of its HOME: HOME/run/up.json, and a lock that dies with it. */
#ifndef FL_APP_STATE_H
#define FL_APP_STATE_H

#include "app/config.h"
#include "app/home.h"

#include <sys/types.h>

typedef struct app_state {
	pid_t pid;
	fl_str url, pg_url, redis_url; /* as reached from this machine */
} app_state;

/* Takes the lock of HOME for as long as this process lives. FL_IN_USE: *holder has it. */
FL_MUST fl_err app_lock(const app_home *home, pid_t *holder, fl_diag *diag);
/* Who holds the lock now; 0: nobody. */
pid_t app_lock_holder(const app_home *home);

FL_MUST fl_err app_state_write(const app_home *home, const app_state *state, fl_diag *diag);
/* What the process that holds the lock wrote. FL_NOT_FOUND: nothing runs on this HOME. */
FL_MUST fl_err app_state_read(const app_home *home, fl_arena *mem, app_state *state, fl_diag *diag);
void app_state_remove(const app_home *home);

/* The database that a verb works on: --pg-url, else that of what runs on HOME; in mem. FL_NOT_FOUND: neither is there. */
FL_MUST fl_err app_state_pg_url(const app_config *config, fl_arena *mem, const char **url, fl_diag *diag);

#endif
