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

/* Finds HOME and, when create is set, makes it with its folders; as root, becomes its owner for good. Also sets umask 077.
 * Errors with a sentence in diag: FL_NOT_FOUND (it is not there, and create is not set), FL_DENIED (somebody else's). */
FL_MUST fl_err app_home_enter(const char *config_home, bool create, app_home *home, fl_diag *diag);

#endif
