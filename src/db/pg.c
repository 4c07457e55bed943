/* Plain blocking access: the command line's way. */
#include "db/db_int.h"

struct fl_pg {
	PGconn *conn;
};

static void quiet(void *arg, const PGresult *result)
{
	fl_debug("db: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* Of several hosts only the one that takes writes is the primary. A single one is taken as it is. */
const char *fl_pg_attrs(const char *url)
{
	PQconninfoOption *all = PQconninfoParse(url, NULL);
	bool several = false;

	for (const PQconninfoOption *o = all; o && o->keyword; o++)
		if (o->val && (strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0 || strcmp(o->keyword, "port") == 0))
			several = several || strchr(o->val, ',');
	PQconninfoFree(all);
	return several ? "read-write" : "any";
}

static fl_err complain(fl_diag *diag, fl_err err, const char *message)
{
	fl_str text = fl_str_trim(fl_str_z(message));

	return fl_fail(diag, err, "%.300s", text.len ? text.ptr : fl_err_text(err));
}

fl_err fl_pg_open(const char *url, fl_diag *diag, fl_pg **out)
{
	const char *keys[] = { "dbname", "application_name", "connect_timeout", "client_encoding", "target_session_attrs", NULL };
	const char *values[] = { url, "fleet", "10", "UTF8", fl_pg_attrs(url), NULL };
	fl_pg *pg = calloc(1, sizeof *pg);
	fl_err err;

	if (!pg)
		return FL_NOMEM;
	pg->conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(pg->conn) != CONNECTION_OK) {
		err = complain(diag, FL_UNAVAILABLE, pg->conn ? PQerrorMessage(pg->conn) : "");
		fl_pg_close(pg);
		return err;
	}
	PQsetNoticeReceiver(pg->conn, quiet, NULL);
	err = fl_pg_exec(pg, "SET timezone = 'UTC'; SET client_min_messages = warning", diag);
	if (err != FL_OK) {
		fl_pg_close(pg);
		return err;
	}
	*out = pg;
	return FL_OK;
}

void fl_pg_close(fl_pg *pg)
{
	if (!pg)
		return;
	PQfinish(pg->conn);
	free(pg);
}

static bool good(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
}

/* What is wrong, with the line of the text where the server names one. */
static fl_err explain(PGresult *r, const PGconn *conn, const char *sql, fl_diag *diag)
{
	const char *text = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *at = r ? PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION) : NULL;
	fl_db_error error = {};
	fl_err err = r ? fl_db_err_from(r, &error) : FL_UNAVAILABLE;
	int64_t position = 0;
	int line = 1;

	if (!text)
		return complain(diag, err, PQerrorMessage(conn));
	if (!at || !fl_str_i64(fl_str_z(at), &position))
		return fl_fail(diag, err, "%s", text);
	for (int64_t i = 0; sql && sql[i] && i < position - 1; i++)
		line += sql[i] == '\n';
	return fl_fail(diag, err, "line %d: %s", line, text);
}

static fl_err run(fl_pg *pg, const char *sql, PGresult **out, fl_diag *diag)
{
	PGresult *r = PQexec(pg->conn, sql);
	fl_err err;

	if (!good(r)) {
		err = explain(r, pg->conn, sql, diag);
		PQclear(r);
		return err;
	}
	*out = r;
	return FL_OK;
}

fl_err fl_pg_exec(fl_pg *pg, const char *sql, fl_diag *diag)
{
	PGresult *r = NULL;

	FL_TRY(run(pg, sql, &r, diag));
	PQclear(r);
	return FL_OK;
}

fl_err fl_pg_value(fl_pg *pg, const char *sql, fl_arena *mem, fl_str *text, fl_diag *diag)
{
	PGresult *r = NULL;
	int n;

	FL_TRY(run(pg, sql, &r, diag));
	n = PQntuples(r);
	if (n == 0 || PQgetisnull(r, n - 1, 0)) {
		PQclear(r);
		*text = (fl_str){ NULL, 0 };
		return FL_OK;
	}
	*text = fl_str_dup(mem, fl_str_z(PQgetvalue(r, n - 1, 0)));
	PQclear(r);
	return text->ptr ? FL_OK : FL_NOMEM;
}

fl_err fl_pg_query(fl_pg *pg, const char *sql, const fl_args *args, fl_arena *mem, const fl_rows **rows, fl_diag *diag)
{
	int formats[FL_ARGS_MAX];
	int count = args ? args->count : 0;
	const fl_rows *ignored;
	PGresult *r = NULL;

	if (args && args->err != FL_OK)
		return args->err;
	for (int i = 0; i < count; i++)
		formats[i] = 1;
	r = PQexecParams(pg->conn, sql, count, args ? args->types : NULL, args ? args->values : NULL, args ? args->lengths : NULL, formats, 1);
	if (!good(r)) {
		fl_err err = explain(r, pg->conn, sql, diag);
		PQclear(r);
		return err;
	}
	return fl_rows_wrap(mem, r, rows ? rows : &ignored);
}

fl_err fl_pg_copy_start(fl_pg *pg, const char *sql, fl_diag *diag)
{
	PGresult *r = PQexec(pg->conn, sql);
	fl_err err = FL_OK;

	if (PQresultStatus(r) != PGRES_COPY_IN)
		err = explain(r, pg->conn, sql, diag);
	PQclear(r);
	return err;
}

fl_err fl_pg_copy_data(fl_pg *pg, fl_str bytes, fl_diag *diag)
{
	assert(bytes.len <= INT32_MAX);
	if (PQputCopyData(pg->conn, bytes.ptr, (int)bytes.len) != 1)
		return complain(diag, FL_UNAVAILABLE, PQerrorMessage(pg->conn));
	return FL_OK;
}

fl_err fl_pg_copy_end(fl_pg *pg, fl_diag *diag)
{
	fl_err err = FL_OK;
	PGresult *r = NULL;

	if (PQputCopyEnd(pg->conn, NULL) != 1)
		return complain(diag, FL_UNAVAILABLE, PQerrorMessage(pg->conn));
	while ((r = PQgetResult(pg->conn))) {
		if (!good(r) && err == FL_OK)
			err = explain(r, pg->conn, NULL, diag);
		PQclear(r);
	}
	return err;
}
