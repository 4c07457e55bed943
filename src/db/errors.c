/* What PostgreSQL says, in our errors. */
#include "db/db_int.h"

typedef struct rule {
	const char *prefix; /* of the SQLSTATE; the first that fits */
	fl_err err;
	const char *text;   /* for the client; NULL: the error's own sentence */
} rule;

static const rule RULES[] = {
	{ "23505", FL_DUPLICATE, NULL },
	{ "23503", FL_CONFLICT, "it refers to something that does not exist, or something refers to it" },
	{ "23P01", FL_CONFLICT, NULL },
	{ "23", FL_BAD_INPUT, "a value is missing or outside its limits" },
	{ "22", FL_BAD_INPUT, "a value is outside its limits" },
	{ "40", FL_DB_RETRY, NULL },
	{ "55P03", FL_DB_RETRY, NULL },
	{ "57014", FL_TIMEOUT, NULL },
	{ "57P", FL_UNAVAILABLE, "the database is not available" },
	{ "08", FL_UNAVAILABLE, "the database is not available" },
	{ "53100", FL_DISK_FULL, "the database's disk is full" },
	{ "53", FL_UNAVAILABLE, "the database has no room for more" },
	{ "25P03", FL_UNAVAILABLE, "the database gave up waiting for us" },
	{ "25006", FL_UNAVAILABLE, "the database is read-only at the moment" },
	{ "42501", FL_FORBIDDEN, NULL },
};

static const rule *find(const char *sqlstate)
{
	for (size_t i = 0; i < FL_COUNT(RULES); i++)
		if (strncmp(sqlstate, RULES[i].prefix, strlen(RULES[i].prefix)) == 0)
			return &RULES[i];
	return NULL;
}

fl_err fl_db_err_of(const char *sqlstate)
{
	const rule *r = find(sqlstate);

	return r ? r->err : FL_DB;
}

const char *fl_db_text_of(const char *sqlstate)
{
	const rule *r = find(sqlstate);

	return r ? r->text : NULL;
}

static void field(const PGresult *result, int code, char *out, size_t cap)
{
	const char *v = PQresultErrorField(result, code);

	snprintf(out, cap, "%s", v ? v : "");
}

fl_err fl_db_err_from(const PGresult *result, fl_db_error *out)
{
	field(result, PG_DIAG_SQLSTATE, out->sqlstate, sizeof out->sqlstate);
	field(result, PG_DIAG_CONSTRAINT_NAME, out->constraint, sizeof out->constraint);
	if (!out->sqlstate[0]) /* libpq's own: the connection */
		memcpy(out->sqlstate, "08006", 6);
	return fl_db_err_of(out->sqlstate);
}

fl_err fl_db_fail(fl_diag *diag, fl_err err, const char *sqlstate)
{
	const char *text = fl_db_text_of(sqlstate);

	return text ? fl_fail(diag, err, "%s", text) : fl_fail(diag, err, "%s", fl_err_text(err));
}
