/* fleet overview: the whole platform in numbers, for whoever runs it. There is no such field in the API: a token belongs to one
 * company, and what all companies together have is nobody's business there (docs/decisions). */
#include "app/app.h"
#include "app/state.h"
#include "db/db.h"

#include <stdio.h>

static const app_option options[] = {
	{ "--months", "N", "how many months back", .otherwise = "12" },
	{ "--json", NULL, "answer for machines" },
	{ 0 },
};

/* The view is refreshed by the hour; the counts of companies and vehicles are of this moment. */
static const char months_sql[] = "SELECT to_char(month, 'YYYY-MM'), sum(n)::bigint, sum(est)::bigint, sum(act)::bigint, sum(n) "
				 "FILTER (WHERE severity >= 4)::bigint"
				 " FROM platform.month_overview WHERE month > (date_trunc('month', now() AT TIME ZONE 'UTC') - "
				 "make_interval(months => $1))::date GROUP BY 1 ORDER BY 1";
static const char counts_sql[] = "SELECT (SELECT count(*) FROM fleet.tenants), (SELECT count(*) FROM fleet.vehicles WHERE "
				 "retired_at IS NULL), (SELECT count(*) FROM fleet.drivers WHERE retired_at IS NULL),"
				 " (SELECT coalesce(sum(n), 0)::bigint FROM fleet.rollup_month)";

static fl_err open_database(const app_call *call, fl_arena *mem, fl_pg **pg, fl_diag *diag)
{
	const char *url;
	FL_TRY(app_state_pg_url(call->config, mem, &url, diag));
	return fl_pg_open(url, diag, pg);
}

static void print_text(const fl_rows *counts, const fl_rows *months)
{
	printf("%lld companies, %lld vehicles, %lld drivers, %lld reports\n\n", (long long)fl_row_i64(counts, 0, 0),
		(long long)fl_row_i64(counts, 0, 1), (long long)fl_row_i64(counts, 0, 2), (long long)fl_row_i64(counts, 0, 3));
	printf("month     reports      major+        estimated             paid\n");
	for (int i = 0; i < months->count; i++)
		printf("%-7.*s %9lld %11lld %16.2f %16.2f\n", FL_ARG(fl_row_text(months, i, 0)),
			(long long)fl_row_i64(months, i, 1), (long long)fl_row_i64(months, i, 4),
			(double)fl_row_i64(months, i, 2) / 100, (double)fl_row_i64(months, i, 3) / 100);
	printf("\nSums are over all companies, whatever their currency; by the hour.\n");
}

static void put_number(fl_json_out *j, const char *name, int64_t value)
{
	fl_json_key(j, fl_str_z(name));
	fl_json_put_i64(j, value);
}

static void print_json(const fl_rows *counts, const fl_rows *months)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &out };
	fl_json_open(&j, '{');
	put_number(&j, "companies", fl_row_i64(counts, 0, 0));
	put_number(&j, "vehicles", fl_row_i64(counts, 0, 1));
	put_number(&j, "drivers", fl_row_i64(counts, 0, 2));
	put_number(&j, "reports", fl_row_i64(counts, 0, 3));
	fl_json_key(&j, FL_STR("months"));
	fl_json_open(&j, '[');
	for (int i = 0; i < months->count; i++) {
		fl_json_open(&j, '{');
		fl_json_key(&j, FL_STR("month"));
		fl_json_put_str(&j, fl_row_text(months, i, 0));
		put_number(&j, "reports", fl_row_i64(months, i, 1));
		put_number(&j, "estimatedCents", fl_row_i64(months, i, 2));
		put_number(&j, "paidCents", fl_row_i64(months, i, 3));
		put_number(&j, "majorOrWorse", fl_row_i64(months, i, 4));
		fl_json_close(&j, '}');
	}
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&out)));
}

static fl_err overview(const app_call *call, int64_t back, fl_arena *mem, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_args args = fl_args_make(mem);
	const fl_rows *counts, *months;
	FL_TRY(open_database(call, mem, &pg, diag));
	fl_arg_i32(&args, (int32_t)back);
	FL_TRY(fl_pg_query(pg, counts_sql, NULL, mem, &counts, diag));
	FL_TRY(fl_pg_query(pg, months_sql, &args, mem, &months, diag));
	if (app_given(call, "--json"))
		print_json(counts, months);
	else
		print_text(counts, months);
	return FL_OK;
}

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_diag diag = { 0 };
	int64_t months;
	if (!app_number(call, "--months", 1, 120, &months))
		return APP_USAGE;
	fl_err err = overview(call, months, &mem, &diag);
	fl_arena_fini(&mem);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_overview = { "overview", "the whole platform in numbers, for whoever runs it",
	.details = "From the database at --pg-url, or that of a running `fleet up`.", .options = options, .run = run };
