#include "pg_fixture.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

const char *pg_fixture_user(void)
{
	static const char *const USERS[] = { "fleet", "postgres", "nobody" };

	for (size_t i = 0; geteuid() == 0 && i < FL_COUNT(USERS); i++)
		if (getpwnam(USERS[i]))
			return USERS[i];
	return NULL;
}

void pg_fixture_restart(pg_fixture *fx)
{
	fl_diag diag = {};
	fl_pg_server_opts opts = { .data = fx->data, .run = fx->run, .user = pg_fixture_user(), .fast_and_loose = !fx->durable };
	fl_err err;

	fl_pg_server_stop(fx->server, 10 * FL_SECOND_US);
	fx->server = NULL;
	err = fl_pg_server_start(&opts, &diag, &fx->server);
	if (err != FL_OK)
		fail_msg("PostgreSQL: %s: %s", fl_err_name(err), diag.text);
	snprintf(fx->url, sizeof fx->url, "%s", fl_pg_server_url(fx->server));
}

void pg_fixture_start(pg_fixture *fx)
{
	fl_diag diag = {};
	fl_migrate_report report;
	fl_err err;

	snprintf(fx->folder, sizeof fx->folder, "/tmp/fleet-test-XXXXXX");
	assert_non_null(mkdtemp(fx->folder));
	assert_int_equal(chmod(fx->folder, 0711), 0);
	snprintf(fx->data, sizeof fx->data, "%s/pg", fx->folder);
	snprintf(fx->run, sizeof fx->run, "%s/run", fx->folder);
	pg_fixture_restart(fx);
	if (fx->empty)
		return;
	err = fl_migrate(&(fl_migrate_opts){ .url = fx->url }, &diag, &report);
	if (err != FL_OK)
		fail_msg("migrations: %s: %s", fl_err_name(err), diag.text);
}

void pg_fixture_stop(pg_fixture *fx)
{
	char command[128];

	fl_pg_server_stop(fx->server, 10 * FL_SECOND_US);
	fx->server = NULL;
	snprintf(command, sizeof command, "rm -rf '%s'", fx->folder);
	if (system(command) != 0)
		print_message("%s stays\n", fx->folder);
}

const char *pg_fixture_sql(const pg_fixture *fx, const char *sql)
{
	static char value[4096];
	PGconn *pg = PQconnectdb(fx->url);
	PGresult *r;

	if (PQstatus(pg) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(pg));
	PQclear(PQexec(pg, "SET search_path = fleet, public; SET timezone = 'UTC'; SET client_min_messages = warning"));
	r = PQexec(pg, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(pg));
	snprintf(value, sizeof value, "%s", PQntuples(r) ? PQgetvalue(r, PQntuples(r) - 1, 0) : "");
	PQclear(r);
	PQfinish(pg);
	return value;
}

const char *pg_fixture_sql_as(const pg_fixture *fx, const char *role, int tenant, const char *sql, char *value, size_t cap)
{
	static char state[6];
	PGconn *pg = PQconnectdb(fx->url);
	char set[200];
	PGresult *r;

	snprintf(set, sizeof set,
	         "SET search_path = fleet, public; SET client_min_messages = warning; SET ROLE %s; SET app.tenant_id = '%.0d'", role, tenant);
	PQclear(PQexec(pg, set));
	r = PQexec(pg, sql);
	snprintf(state, sizeof state, "%s", PQresultErrorField(r, PG_DIAG_SQLSTATE) ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : "");
	if (value)
		snprintf(value, cap, "%s", PQntuples(r) ? PQgetvalue(r, PQntuples(r) - 1, 0) : "");
	PQclear(r);
	PQfinish(pg);
	return state;
}

void pg_fixture_load_two_companies(const pg_fixture *fx)
{
	(void)pg_fixture_sql(fx,
		"INSERT INTO tenants (id, slug, name) VALUES (1, 'one', 'One'), (2, 'two', 'Two');"
		"INSERT INTO facilities (tenant_id, id, name, location) SELECT t, 1, 'Depot', 'SRID=4326;POINT(4.4 51.9)' FROM generate_series(1, 2) t;"
		"INSERT INTO vehicles (tenant_id, id, name, facility_id, vin, make, model, year)"
		" SELECT t, 1, 'VAN-12', 1, 'WF0XXXTTGX' || t, 'Ford', 'Transit', 2021 FROM generate_series(1, 2) t;"
		"INSERT INTO drivers (tenant_id, id, name) SELECT t, 1, 'Kim' FROM generate_series(1, 2) t;"
		"SELECT setval(pg_get_serial_sequence(t, 'id'), 100) FROM unnest(ARRAY['tenants', 'facilities', 'vehicles', 'drivers']) t");
}
