/* /metrics: counters of this process in Prometheus's text form. Counted with atomics, so any loop may answer for all. */
#ifndef FL_APP_METRICS_H
#define FL_APP_METRICS_H

#include "api/api.h"
#include "http/http.h"

#include <stdatomic.h>

enum { APP_SERVERS_MAX = 256 };

typedef struct app_metrics {
	atomic_ullong sql_statements, sql_errors, sql_us;
	atomic_llong store_asked_us; /* when the database was last asked for the figures below */
	atomic_llong store_loose, store_loose_bytes, store_removed, store_removed_bytes, store_swept_s, store_refused;
	fl_http_server *_Atomic servers[APP_SERVERS_MAX]; /* NULL: not open */
	fl_api *_Atomic apis[APP_SERVERS_MAX];            /* so it is here */
	fl_db *_Atomic dbs[APP_SERVERS_MAX];              /* and here */
} app_metrics;

/* metrics must outlive the router. */
FL_MUST fl_err app_metrics_routes(fl_router *router, app_metrics *metrics);

#endif
