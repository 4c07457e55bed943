/* fleet db: what the database spends its time and its room on, and the months that may go. */
#include "app/app.h"
#include "app/replicas.h"
#include "app/state.h"
#include "base/json.h"
#include "db/db.h"
#include "fleet/retention/retire.h"

#include <stdio.h>

static const app_option options[] = {
	{ "--limit", "N", "lines of top and size", .otherwise = "20" },
	{ "--json", NULL, "answer for machines: a line each" },
	{ "--reset", NULL, "top: forget what was counted until now, after showing it" },
	{ "--dry-run", NULL, "retire: only print the statements" },
	{ 0 },
};

/* One row is one line; columns have the widths of their titles. A name of ours is found in the comment that the pool puts before
 * each statement; others are shown by their beginning. */
static const char TOP[] =
	"SELECT coalesce(substring(query FROM '^/\\* ([a-z0-9_]+) \\*/'), left(regexp_replace(query, '\\s+', ' ', 'g'), 60)) AS "
	"statement,"
	" sum(calls)::bigint AS calls, round(sum(total_exec_time)::numeric)::bigint AS total_ms, round((sum(total_exec_time) / "
	"sum(calls))::numeric, 3)::text AS mean_ms,"
	" round(max(max_exec_time)::numeric, 1)::text AS max_ms, sum(rows)::bigint AS rows,"
	" round((100 * sum(shared_blks_hit) / greatest(sum(shared_blks_hit + shared_blks_read), 1))::numeric, 1)::text AS "
	"hit_percent,"
	" round((100 * sum(total_exec_time) / sum(sum(total_exec_time)) OVER ())::numeric, 1)::text AS share_percent"
	" FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
	" GROUP BY 1 ORDER BY 3 DESC LIMIT $1";
/* Partitions are shown with their parent. Dead rows are what a vacuum would give back. */
static const char SIZE[] =
	"WITH t AS (SELECT c.oid, coalesce(i.inhparent::regclass::text, c.oid::regclass::text) AS name FROM pg_class c LEFT JOIN "
	"pg_inherits i ON i.inhrelid = c.oid"
	" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('fleet', 'platform'))"
	" SELECT name AS table, count(*) AS parts, sum(pg_table_size(oid))::bigint AS table_bytes, "
	"sum(pg_indexes_size(oid))::bigint AS index_bytes,"
	" sum(coalesce(n_live_tup, 0))::bigint AS rows, sum(coalesce(n_dead_tup, 0))::bigint AS dead_rows,"
	" round(100 * sum(coalesce(n_dead_tup, 0))::numeric / greatest(sum(coalesce(n_live_tup, 0) + coalesce(n_dead_tup, 0)), "
	"1), 1)::text AS dead_percent"
	" FROM t LEFT JOIN pg_stat_all_tables s ON s.relid = t.oid GROUP BY 1 ORDER BY sum(pg_total_relation_size(oid)) DESC LIMIT $1";

typedef struct column {
	const char *title;
	bool text;
} column;

static const column TOP_COLUMNS[] = { { "statement", true }, { "calls" }, { "total_ms" }, { "mean_ms", true }, { "max_ms", true },
	{ "rows" }, { "hit_percent", true }, { "share_percent", true }, { 0 } };
static const column SIZE_COLUMNS[] = { { "table", true }, { "parts" }, { "table_bytes" }, { "index_bytes" }, { "rows" },
	{ "dead_rows" }, { "dead_percent", true }, { 0 } };

static fl_str cell(const fl_rows *rows, int row, int i, const column *c, fl_arena *mem)
{
	return c->text ? fl_row_text(rows, row, i) : fl_str_fmt(mem, "%lld", (long long)fl_row_i64(rows, row, i));
}

static void print_table(const fl_rows *rows, const column *columns, fl_arena *mem)
{
	for (int row = -1; row < rows->count; row++) {
		for (int i = 0; columns[i].title; i++) {
			fl_str text = row < 0 ? fl_str_z(columns[i].title) : cell(rows, row, i, &columns[i], mem);
			if (i == 0)
				printf("%-60.*s", (int)FL_MIN(text.len, 60), text.ptr);
			else
				printf(" %14.*s", (int)text.len, text.ptr);
		}
		putchar('\n');
	}
}

/* Numbers that come as text are numbers all the same: decimals that no double spoils. */
static void print_json(const fl_rows *rows, const column *columns, fl_arena *mem)
{
	for (int row = 0; row < rows->count; row++) {
		fl_buf out = fl_buf_make(1 << 20);
		for (int i = 0; columns[i].title; i++) {
			fl_str text = cell(rows, row, i, &columns[i], mem);
			fl_buf_fmt(&out, "%s\"%s\":", i ? "," : "{", columns[i].title);
			if (i == 0)
				fl_json_quote(&out, text);
			else
				fl_buf_str(&out, text);
		}
		fl_buf_char(&out, '}');
		printf("%.*s\n", (int)out.len, out.ptr);
		fl_buf_fini(&out);
	}
}

static fl_err show(fl_pg *pg, const app_call *call, const char *sql, const column *columns, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;
	int64_t limit = 20;

	if (!app_number(call, "--limit", 1, 1000, &limit))
		return FL_BAD_INPUT;
	fl_arg_i64(&args, limit);
	FL_TRY(fl_pg_query(pg, sql, &args, mem, &rows, diag));
	if (app_given(call, "--json"))
		print_json(rows, columns, mem);
	else
		print_table(rows, columns, mem);
	return FL_OK;
}

static fl_err top(fl_pg *pg, const app_call *call, fl_arena *mem, fl_diag *diag)
{
	fl_str loaded;

	FL_TRY(fl_pg_value(
		pg, "SELECT 1 WHERE current_setting('shared_preload_libraries') ~ 'pg_stat_statements'", mem, &loaded, diag));
	if (!loaded.ptr)
		return fl_fail(diag, FL_NOT_FOUND,
			"this PostgreSQL does not count statements: add pg_stat_statements to shared_preload_libraries and "
			"restart it");
	FL_TRY(fl_pg_exec(pg,
		"SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA platform; SET "
		"search_path = platform, pg_catalog",
		diag));
	FL_TRY(show(pg, call, TOP, TOP_COLUMNS, mem, diag));
	return app_given(call, "--reset") ? fl_pg_exec(pg, "SELECT pg_stat_statements_reset()", diag) : FL_OK;
}

static void say(void *arg, const char *statement)
{
	(void)arg;
	printf("%s\n", statement);
}

static fl_err retire(const app_call *call, const char *url, fl_diag *diag)
{
	int dropped;

	if (call->config->keep_months == 0)
		return fl_fail(diag, FL_BAD_INPUT, "how many months are to stay? Say --keep-months N; without it all do");
	FL_TRY(fl_months_retire(
		&(fl_retire_opts) {
			.url = url, .keep_months = call->config->keep_months, .dry = app_given(call, "--dry-run"), .say = say },
		&dropped, diag));
	return FL_OK;
}

/* ---- replicas ---- */

static const char *judge(const fl_pg_standing *primary, const fl_pg_standing *s)
{
	if (s->system != primary->system)
		return "foreign";
	if (!s->replica)
		return "promoted";
	if (s->timeline != primary->timeline)
		return "astray";
	return "follows";
}

static void show_replica(const app_call *call, int number, const fl_pg_standing *primary, const fl_pg_standing *s, const char *why)
{
	const char *state = s ? judge(primary, s) : "away";
	char lsn[FL_LSN_TEXT + 1] = "-";
	long long behind = s && s->lsn < primary->lsn ? (long long)(primary->lsn - s->lsn) : 0;
	if (s)
		fl_lsn_format(s->lsn, lsn);
	if (app_given(call, "--json")) {
		FL_AUTO_BUF fl_buf quoted = fl_buf_make(1 << 12);
		fl_json_quote(&quoted, fl_str_z(why));
		printf("{\"replica\":%d,\"state\":\"%s\",\"replayed\":\"%s\",\"behindBytes\":%lld,\"lastReplayedSeconds\":%.3f,\"timeline\":%d,\"why\":%.*s}\n",
			number, state, lsn, behind, s ? (double)s->replayed_age_us / 1e6 : 0, s ? (int)s->timeline : 0, FL_ARG(fl_buf_view(&quoted)));
		return;
	}
	printf("replica %-3d %-9s %-18s %14lld %10.1f %8d  %s\n", number, state, lsn, behind, s ? (double)s->replayed_age_us / 1e6 : 0,
		s ? (int)s->timeline : 0, why);
}

static fl_err show_replicas(fl_pg *pg, const app_call *call, fl_arena *mem, fl_diag *diag)
{
	app_replicas replicas;
	fl_pg_standing primary;
	FL_TRY(app_replicas_read(call->config, mem, &replicas, diag));
	if (replicas.count == 0)
		return fl_fail(diag, FL_BAD_INPUT, "which replicas? FLEET_PG_REPLICAS names none");
	FL_TRY(fl_pg_stand(pg, mem, &primary, diag));
	if (!app_given(call, "--json"))
		printf("%-11s %-9s %-18s %14s %10s %8s\n", "", "state", "replayed", "behind_bytes", "age_s", "timeline");
	for (int i = 0; i < replicas.count; i++) {
		FL_AUTO(fl_pg_close) fl_pg *replica = NULL;
		fl_diag why = {};
		fl_pg_standing s;
		fl_err err = fl_pg_open(replicas.urls[i], &why, &replica);
		if (err == FL_OK)
			err = fl_pg_stand(replica, mem, &s, &why);
		show_replica(call, i + 1, &primary, err == FL_OK ? &s : NULL, err == FL_OK ? "" : fl_diag_text(&why, err));
	}
	return FL_OK;
}

static fl_err act(const app_call *call, const char *what, fl_arena *mem, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	const char *url;

	FL_TRY(app_state_pg_url(call->config, mem, &url, diag));
	if (strcmp(what, "retire") == 0)
		return retire(call, url, diag);
	FL_TRY(fl_pg_open(url, diag, &pg));
	if (strcmp(what, "replicas") == 0)
		return show_replicas(pg, call, mem, diag);
	return strcmp(what, "top") == 0 ? top(pg, call, mem, diag) : show(pg, call, SIZE, SIZE_COLUMNS, mem, diag);
}

static int run(const app_call *call)
{
	const char *what = call->argument_count == 1 ? call->arguments[0] : "";
	fl_arena mem = fl_arena_make(16 << 20);
	fl_diag diag = { 0 };

	if (strcmp(what, "top") != 0 && strcmp(what, "size") != 0 && strcmp(what, "retire") != 0 &&
		strcmp(what, "replicas") != 0)
		return app_usage(call, "say what: top, size, replicas or retire");
	fl_err err = act(call, what, &mem, &diag);
	fl_arena_fini(&mem);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_db = { "db", "show what the database spends time and room on", .arguments = "top | size | replicas | retire",
	.details =
		"top     statements by the time they took, by the names that the program gives them (pg_stat_statements)\n"
		"size    tables with their partitions, indexes and dead rows\n"
		"replicas  how far those of FLEET_PG_REPLICAS are\n"
		"retire  drops the months that --keep-months N does not keep, as `fleet work` does each hour when it is told so\n"
		"Of the database at --pg-url, or of the one that a running `fleet up` has.",
	.options = options, .run = run };
