#include "fleet/retention/retire.h"

#include <stdio.h>

static fl_err plan(fl_pg *pg, int64_t keep_months, fl_arena *mem, const fl_rows **rows, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);

	fl_arg_i32(&args, (int32_t)keep_months);
	return fl_pg_query(pg,
		"SELECT platform.retire_plan((date_trunc('month', now() AT TIME ZONE 'UTC') - $1 * interval '1 month')::date)",
		&args, mem, rows, diag);
}

/* Rows that hang on reports of those months and lie in no month themselves, in steps that the limits bear. */
static fl_err sweep(fl_pg *pg, int64_t keep_months, fl_arena *mem, fl_diag *diag)
{
	const fl_rows *rows;
	do {
		fl_args args = fl_args_make(mem);
		fl_arg_i32(&args, (int32_t)keep_months);
		FL_TRY(fl_pg_query(pg,
			"SELECT platform.retire_sweep((date_trunc('month', now() AT TIME ZONE 'UTC') - $1 * interval '1 month')::date)",
			&args, mem, &rows, diag));
	} while (fl_row_i64(rows, 0, 0) > 0);
	return FL_OK;
}

static fl_err run(fl_pg *pg, const fl_retire_opts *opts, fl_arena *mem, int *dropped, fl_diag *diag)
{
	const fl_rows *rows;

	FL_TRY(fl_pg_exec(pg, "SET lock_timeout = '2s'; SET statement_timeout = '10s'", diag));
	if (!opts->dry)
		FL_TRY(sweep(pg, opts->keep_months, mem, diag));
	FL_TRY(plan(pg, opts->keep_months, mem, &rows, diag));
	for (int i = 0; i < rows->count; i++) {
		const char *statement = fl_str_cstr(mem, fl_row_text(rows, i, 0));
		if (!statement)
			return FL_NOMEM;
		if (opts->say)
			opts->say(opts->arg, statement);
		if (opts->dry)
			continue;
		FL_TRY(fl_pg_exec(pg, statement, diag));
		*dropped += fl_str_find(fl_str_z(statement), FL_STR("DROP TABLE")) >= 0;
	}
	return FL_OK;
}

fl_err fl_months_retire(const fl_retire_opts *opts, int *dropped, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(1 << 20);
	fl_err err;

	*dropped = 0;
	if (opts->keep_months <= 0)
		return FL_OK;
	FL_TRY(fl_pg_open(opts->url, diag, &pg));
	err = run(pg, opts, &mem, dropped, diag);
	fl_arena_fini(&mem);
	return err;
}
