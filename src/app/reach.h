/* Which server a verb talks to, and as whom: what the command line says, or what runs on this HOME. */
#ifndef FL_APP_REACH_H
#define FL_APP_REACH_H

#include "app/app.h"
#include "app/client.h"

/* The verb's options --url and --token; their texts, those that are found, and answers live in client->mem. */
FL_MUST fl_err app_reach(const app_call *call, app_client *client, fl_diag *diag);

#define APP_REACH_OPTIONS                                                                                              \
	{ "--url", "URL", "the server; default: the one that runs on this HOME" },                                     \
	{ "--token", "TOKEN", "as whom; default: FLEET_TOKEN, or a manager of the demo company of this HOME" }

#endif
