/* /livez: this process answers. /readyz: it may be sent requests: its database is up and it is not being stopped. */
#ifndef FL_APP_HEALTH_H
#define FL_APP_HEALTH_H

#include "http/http.h"

#include <stdatomic.h>

/* draining must outlive the router. */
FL_MUST fl_err app_health_routes(fl_router *router, atomic_bool *draining);

#endif
