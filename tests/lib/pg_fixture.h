/* A throw-away PostgreSQL in a temporary folder, migrated: one a test program.
 *	pg_fixture_start(&fx); ... fx.url ...; pg_fixture_stop(&fx); */
#ifndef FL_TESTS_PG_FIXTURE_H
#define FL_TESTS_PG_FIXTURE_H

#include "db/db.h"

typedef struct pg_fixture {
	char folder[64];
	char data[80], run[80];
	char url[200];
	fl_pg_server *server;
	bool durable; /* set before start: with fsync, as in production */
	bool empty;   /* set before start: no migrations */
} pg_fixture;

void pg_fixture_start(pg_fixture *fx);
void pg_fixture_stop(pg_fixture *fx);
void pg_fixture_restart(pg_fixture *fx); /* the server only */
const char *pg_fixture_user(void);       /* NULL when we are not root */
/* Plain SQL as the owner; fails the test on an error. The first column of the last row, "" for none. */
const char *pg_fixture_sql(const pg_fixture *fx, const char *sql);
/* As role and company; returns the SQLSTATE of a failure or "". */
const char *pg_fixture_sql_as(const pg_fixture *fx, const char *role, int tenant, const char *sql, char *value, size_t cap);
void pg_fixture_load_two_companies(const pg_fixture *fx); /* tenants 1 and 2, each with depot 1, vehicle 1 and driver 1 */

#endif
