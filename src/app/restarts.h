/* What had to be started again: a line each in HOME/log/restarts.log, which `fleet maintain daily` counts. Its own file, because the
 * supervisor's messages go to a terminal, and because the log of what died says nothing where it was killed. */
#ifndef FL_APP_RESTARTS_H
#define FL_APP_RESTARTS_H

#include "app/home.h"

enum { APP_RESTART_HOW_MAX = 64 };

/* "SIGKILL", "status 1": the status of a child as io.h gives it. */
void app_restart_how(int status, char out[APP_RESTART_HOW_MAX]);

/* What of a log was written by one process: its end when the process started. -1: it has none. */
int64_t app_restart_mark(const app_home *home, const char *who);

/* "... warn  up restart: work, SIGABRT: error work the sky fell (ran 12 s)". The sentence in the middle is the last line of
 * HOME/log/WHO.log behind the mark that tells of an error; it may be missing. What cannot be written is lost: nothing waits for it. */
void app_restart_note(const app_home *home, const char *who, const char *how, int64_t mark, int64_t ran_us);

#endif
