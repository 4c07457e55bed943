/* The heart of `fleet up`: starts PostgreSQL, Redis, the server and the workers, starts again whichever of them dies, and
 * stops them all in the right order.
 *
 *	PostgreSQL -> Redis -> migrate -> seed -> serve, work -> /readyz answers -> opts.ready
 *	SIGINT, SIGTERM: serve and work drain -> Redis -> PostgreSQL     (a second signal does not wait for the draining)
 *
 * The children hold no state that matters: a kill -9 of any of them, or of this process, loses nothing that was acknowledged.
 * They die with this process (parent death signal), so a new `up` finds a clean house. */
#ifndef FL_APP_SUPERVISOR_H
#define FL_APP_SUPERVISOR_H

#include "app/config.h"
#include "app/home.h"
#include "app/state.h"

typedef struct app_supervisor_opts {
	const app_config *config;
	const app_home *home;
	int port;                /* a real one */
	const char *url;         /* where people reach it */
	bool verbose;            /* children log to standard error instead of HOME/log */
	bool serve, work;        /* which of the two to run */
	void (*say)(const char *line);                        /* one line a step of the start */
	void (*ready)(void *arg, const app_state *state);     /* once, when the server answers */
	void *arg;
} app_supervisor_opts;

/* Runs until a signal, then stops everything. An error, with a sentence in diag, when the start failed. */
FL_MUST fl_err app_supervise(const app_supervisor_opts *opts, fl_diag *diag);

#endif
