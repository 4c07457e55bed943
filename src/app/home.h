/* HOME: the folder that holds everything of one installation (FLEET_HOME, normally .fleet beside ./fleet).
 *
 *	HOME/pg/         the private PostgreSQL        HOME/secrets/   keys and the demo password (0600 in 0700)
 *	HOME/redis/      the private Redis             HOME/blobs/     photos, by content
 *	HOME/run/        sockets, up.lock, up.json     HOME/tmp/       uploads on their way in
 *	HOME/log/        one file a process
 *
 * It belongs to one ordinary user. Root never works in it: app_home_enter becomes its owner first (the user `fleet` for a new
 * one). Where that user cannot get to the folder, as below /root, the data lies in /var/lib/fleet/NAME and HOME is a link. */
#ifndef FL_APP_HOME_H
#define FL_APP_HOME_H

#include "base/base.h"

#include <limits.h>

typedef struct app_home {
	char path[PATH_MAX];    /* absolute; links resolved */
	char run[PATH_MAX];     /* where the sockets are: HOME/run, or a short folder in /tmp when that is too long for a socket */
	char secrets[PATH_MAX], blobs[PATH_MAX], tmp[PATH_MAX], log[PATH_MAX], pg[PATH_MAX], redis[PATH_MAX];
} app_home;

typedef enum app_home_mode {
	APP_HOME_LOOK, /* only read: nothing is made, and root stays root */
	APP_HOME_USE,  /* it must be there; root becomes its owner */
	APP_HOME_MAKE, /* the same, and it is made with its folders where it is missing */
} app_home_mode;

/* Finds HOME. USE and MAKE also set umask 077.
 * Errors with a sentence in diag: FL_NOT_FOUND (it is not there), FL_DENIED (somebody else's). */
FL_MUST fl_err app_home_enter(const char *config_home, app_home_mode mode, app_home *home, fl_diag *diag);

#endif
