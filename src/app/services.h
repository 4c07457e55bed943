/* What `serve` and `work` share: opening what a loop of this process needs, and closing it again. */
#ifndef FL_APP_SERVICES_H
#define FL_APP_SERVICES_H

#include "app/archive_site.h"
#include "app/config.h"
#include "app/home.h"
#include "app/metrics.h"
#include "fleet/fleet.h"

/* Of the process; read-only once open, so all its loops use it, and only counts go on. */
typedef struct app_shared {
	const app_config *config;
	app_home home;
	fl_jwt_keys keys;
	fl_store *store;
	fl_outbound *outbound;
	app_archive_site archive;      /* old reports that went into files */
	uint8_t webhook_key[32];
	char public_url[300];
	int port;
	app_metrics metrics;           /* the only part that changes */
} app_shared;

/* HOME, keys, photos. Blocks. Errors with a sentence in diag. */
FL_MUST fl_err app_shared_open(const app_config *config, int port, app_shared *out, fl_diag *diag);
void app_shared_close(app_shared *shared);

/* Of one loop: database pool (as role, known as name), Redis client, photo workers. The database need not be up yet. */
FL_MUST fl_err app_services_open(fl_ctx *ctx, app_shared *shared, const char *role, const char *name, fl_services *out);
void app_services_close(fl_ctx *ctx, fl_services *services);

#endif
