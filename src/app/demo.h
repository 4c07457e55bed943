/* The demo companies' log-ins: a random password in HOME/secrets, and tokens made with HOME's key. */
#ifndef FL_APP_DEMO_H
#define FL_APP_DEMO_H

#include "app/home.h"
#include "crypt/crypt.h"

enum { APP_DEMO_PASSWORD_LEN = 12 };

/* HOME/secrets/demo.password, made at the first call. */
FL_MUST fl_err app_demo_password(const app_home *home, char out[APP_DEMO_PASSWORD_LEN + 1], fl_diag *diag);

/* A token for the company with this short name, in the name of its first user of that role (of a program where there is none).
 * Blocks: asks the database at pg_url, as its owner. FL_NOT_FOUND: no such company. */
FL_MUST fl_err app_token_make(const app_home *home, fl_str pg_url, fl_str tenant, fl_role role, int64_t ttl_us, fl_arena *mem,
	fl_str *token, fl_diag *diag);

#endif
