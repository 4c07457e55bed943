/* Rights that nobody meant to give: all grants, compared with those of a database that has only been migrated. */
#include "maintain/maintain_int.h"

#define SCRATCH "fleet_rights_check"

/* A line a right that somebody besides the owner has. Months come and go, so a part is named by its parent; parts have no rights. */
static const char RIGHTS[] =
	"WITH o AS (SELECT 'table ' || coalesce(i.inhparent::regclass::text || ' (a part)', c.oid::regclass::text) AS name, c.relowner AS owner, c.relacl AS acl"
	"   FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relnamespace IN"
	"   ('fleet'::regnamespace, 'platform'::regnamespace) AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
	" UNION ALL SELECT 'column ' || c.oid::regclass || '.' || a.attname, c.relowner, a.attacl FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
	"   WHERE a.attacl IS NOT NULL AND c.relnamespace IN ('fleet'::regnamespace, 'platform'::regnamespace) AND NOT EXISTS"
	"   (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
	" UNION ALL SELECT 'function ' || p.oid::regprocedure, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) FROM pg_proc p WHERE p.pronamespace IN"
	"   ('fleet'::regnamespace, 'platform'::regnamespace) AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
	" UNION ALL SELECT 'schema ' || n.nspname, n.nspowner, n.nspacl FROM pg_namespace n WHERE n.nspname IN ('fleet', 'platform', 'public'))"
	" SELECT DISTINCT format('%s: %s to %s', o.name, e.privilege_type, coalesce(r.rolname, 'everybody')) FROM o CROSS JOIN LATERAL aclexplode(o.acl) e"
	" LEFT JOIN pg_roles r ON r.oid = e.grantee WHERE e.grantee <> o.owner ORDER BY 1";

/* postgresql://user@host/NAME?options with another name. NULL: not such a URL. */
static const char *other_database(fl_maintain *m, const char *name)
{
	fl_str url = fl_str_z(m->opts->pg_url);
	ptrdiff_t scheme = fl_str_find(url, FL_STR("://")), options = fl_str_find_char(url, '?');
	size_t end = options < 0 ? url.len : (size_t)options, slash = end;

	while (slash > 0 && url.ptr[slash - 1] != '/')
		slash--;
	if (scheme < 0 || slash < (size_t)scheme + 4)
		return NULL;
	return fl_str_cstr(m->mem, fl_str_fmt(m->mem, "%.*s%s%.*s", (int)slash, url.ptr, name, (int)(url.len - end), url.ptr + end));
}

static fl_err rights_of_scratch(fl_maintain *m, const char *url, const fl_rows **rows, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_migrate_report report;

	FL_TRY(fl_migrate(&(fl_migrate_opts) { .url = url }, diag, &report));
	FL_TRY(fl_pg_open(url, diag, &pg));
	return fl_pg_query(pg, RIGHTS, NULL, m->mem, rows, diag);
}

static fl_err meant(fl_maintain *m, const fl_rows **rows, fl_diag *diag)
{
	const char *url = other_database(m, SCRATCH);
	fl_diag unneeded = { 0 };

	if (!url)
		return fl_fail(diag, FL_BAD_INPUT, "the database is not named by a URL");
	FL_TRY(fl_pg_exec(m->pg, "DROP DATABASE IF EXISTS " SCRATCH, diag));
	FL_TRY(fl_pg_exec(m->pg, "CREATE DATABASE " SCRATCH " TEMPLATE template0", diag));
	fl_err err = rights_of_scratch(m, url, rows, diag);
	(void)!fl_pg_exec(m->pg, "DROP DATABASE IF EXISTS " SCRATCH, &unneeded);
	return err;
}

static bool has(const fl_rows *rows, fl_str right)
{
	for (int i = 0; i < rows->count; i++)
		if (fl_str_eq(fl_row_text(rows, i, 0), right))
			return true;
	return false;
}

void fl_maintain_rights(fl_maintain *m)
{
	const fl_rows *is, *should;
	fl_diag diag = { 0 };
	fl_str names = FL_STR("");
	int wide = 0;

	if (m->opts->dry) {
		fl_found_unknown(m, FL_FIND_RIGHTS_WIDE, "a dry run makes no database to compare with");
		return;
	}
	fl_err err = fl_pg_query(m->pg, RIGHTS, NULL, m->mem, &is, &diag);
	if (err == FL_OK)
		err = meant(m, &should, &diag);
	if (err != FL_OK) {
		fl_found_unknown(m, FL_FIND_RIGHTS_WIDE, "%s", fl_diag_text(&diag, err));
		return;
	}
	for (int i = 0; i < is->count; i++)
		if (!has(should, fl_row_text(is, i, 0)) && wide++ < 5)
			names = fl_str_fmt(m->mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(names), wide > 1 ? "; " : "", FL_ARG(fl_row_text(is, i, 0)));
	fl_found(m, FL_FIND_RIGHTS_WIDE, wide, wide ? names : fl_str_fmt(m->mem, "%d rights, all of the migrations", is->count));
}
