/* Migrations: numbered SQL files, applied once, in order, by one process at a time. */
#include <dirent.h>
#include <sys/stat.h>

#include "asset/asset.h"
#include "db/db_int.h"

enum { FILES_MAX = 1000, FILE_BYTES_MAX = 1 << 20, MONTHS_AHEAD = 4 };

typedef struct file {
	int version;
	fl_str name; /* 0001_foundation.sql */
	fl_str text;
} file;

typedef struct work {
	const fl_migrate_opts *opts;
	fl_diag *diag;
	fl_arena mem;
	fl_pg *pg;
	file *files;
	int count;
	fl_migrate_report report;
} work;

static void say(const work *w, const char *format, ...) FL_PRINTF(2, 3);
static void say(const work *w, const char *format, ...)
{
	char line[300];
	va_list args;

	if (!w->opts->say)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	w->opts->say(w->opts->arg, line);
}

/* ---- The files ---- */

static fl_err add_file(work *w, fl_str name, fl_str text)
{
	fl_str rest;
	int32_t version;

	if (!fl_str_ends(name, FL_STR(".sql")))
		return FL_OK;
	if (!fl_str_i32(fl_str_cut(name, '_', &rest), &version) || version <= 0)
		return fl_fail(w->diag, FL_BAD_INPUT, "%" FL_FMT ": a migration is called NNNN_name.sql", FL_ARG(name));
	if (w->count == FILES_MAX)
		return fl_fail(w->diag, FL_LIMIT, "more than %d migrations", FILES_MAX);
	w->files[w->count++] = (file){ version, fl_str_dup(&w->mem, name), fl_str_dup(&w->mem, text) };
	return w->files[w->count - 1].text.ptr ? FL_OK : FL_NOMEM;
}

static fl_err read_file(work *w, const char *folder, const char *name)
{
	fl_str path = fl_str_fmt(&w->mem, "%s/%s", folder, name);
	FILE *f = path.ptr ? fopen(path.ptr, "re") : NULL;
	char *text = fl_arena_take(&w->mem, FILE_BYTES_MAX);
	size_t len;

	if (!f || !text) {
		if (f)
			fclose(f);
		return fl_fail(w->diag, FL_IO, "%s cannot be read", name);
	}
	len = fread(text, 1, FILE_BYTES_MAX, f);
	fclose(f);
	if (len == FILE_BYTES_MAX)
		return fl_fail(w->diag, FL_TOO_LARGE, "%s is larger than a migration may be", name);
	return add_file(w, fl_str_z(name), (fl_str){ text, len });
}

static fl_err find_in_folder(work *w, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	fl_err err = FL_OK;

	if (!dir)
		return fl_fail(w->diag, FL_NOT_FOUND, "%s cannot be opened", folder);
	while (err == FL_OK && (e = readdir(dir)))
		if (fl_str_ends(fl_str_z(e->d_name), FL_STR(".sql")))
			err = read_file(w, folder, e->d_name);
	closedir(dir);
	return err;
}

static fl_err find_embedded(work *w)
{
	static const fl_str PREFIX = FL_STR_INIT("sql/migrations/");
	size_t first, count = fl_asset_range(PREFIX, &first);

	for (size_t i = 0; i < count; i++) {
		fl_asset asset;
		fl_asset_at(first + i, &asset);
		FL_TRY(add_file(w, fl_str_slice(asset.path, PREFIX.len, asset.path.len), asset.bytes));
	}
	return count ? FL_OK : fl_fail(w->diag, FL_NOT_FOUND, "this program carries no migrations");
}

static int by_version(const void *a, const void *b)
{
	return ((const file *)a)->version - ((const file *)b)->version;
}

static fl_err find_files(work *w)
{
	w->files = fl_new_array(&w->mem, file, FILES_MAX);
	if (!w->files)
		return FL_NOMEM;
	FL_TRY(w->opts->folder ? find_in_folder(w, w->opts->folder) : find_embedded(w));
	qsort(w->files, (size_t)w->count, sizeof *w->files, by_version);
	for (int i = 1; i < w->count; i++)
		if (w->files[i].version == w->files[i - 1].version)
			return fl_fail(w->diag, FL_CONFLICT, "two migrations have number %d", w->files[i].version);
	return FL_OK;
}

/* ---- Applying ---- */

static const char HISTORY[] =
	"CREATE SCHEMA IF NOT EXISTS platform;"
	"CREATE TABLE IF NOT EXISTS platform.schema_migrations ("
	" version int PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";

/* Rows: version, name, whether the checksum fits the file of ours ($1 names, $2 texts). */
static const char APPLIED[] =
	"SELECT m.version, m.name, m.checksum = sha256(convert_to(f.text, 'UTF8'))"
	" FROM platform.schema_migrations m LEFT JOIN unnest($1::text[], $2::text[]) f(name, text) USING (name) ORDER BY 1";

/* History must be what our files say; *done is the number of files applied already. */
static fl_err check_history(work *w, int *done)
{
	fl_args args = fl_args_make(&w->mem);
	fl_str *names = fl_new_array(&w->mem, fl_str, (size_t)w->count), *texts = fl_new_array(&w->mem, fl_str, (size_t)w->count);
	const fl_rows *rows;

	if (!names || !texts)
		return FL_NOMEM;
	for (int i = 0; i < w->count; i++) {
		names[i] = w->files[i].name;
		texts[i] = w->files[i].text;
	}
	fl_arg_texts(&args, names, (size_t)w->count);
	fl_arg_texts(&args, texts, (size_t)w->count);
	FL_TRY(fl_pg_query(w->pg, APPLIED, &args, &w->mem, &rows, w->diag));
	for (int i = 0; i < rows->count; i++) {
		fl_str name = fl_row_text(rows, i, 1);
		if (i >= w->count)
			return fl_fail(w->diag, FL_CONFLICT, "the database is newer than this program: it has %" FL_FMT, FL_ARG(name));
		if (!fl_str_eq(name, w->files[i].name))
			return fl_fail(w->diag, FL_CONFLICT, "the database has %" FL_FMT " where this program has %" FL_FMT, FL_ARG(name),
			               FL_ARG(w->files[i].name));
		if (!fl_row_bool(rows, i, 2))
			return fl_fail(w->diag, FL_CONFLICT, "%" FL_FMT " was changed after it had been applied", FL_ARG(name));
		w->report.version = fl_row_i32(rows, i, 0);
	}
	*done = rows->count;
	return FL_OK;
}

static fl_err record(work *w, const file *f)
{
	fl_args args = fl_args_make(&w->mem);

	fl_arg_i32(&args, f->version);
	fl_arg_text(&args, f->name);
	fl_arg_text(&args, f->text);
	return fl_pg_query(w->pg, "INSERT INTO platform.schema_migrations VALUES ($1, $2, sha256(convert_to($3, 'UTF8')))", &args, &w->mem, NULL, w->diag);
}

static fl_err in_transaction(work *w, const file *f)
{
	FL_TRY(fl_pg_exec(w->pg, "BEGIN", w->diag));
	FL_TRY(fl_pg_exec(w->pg, f->text.ptr, w->diag)); /* fl_str_dup ended it with a NUL */
	FL_TRY(record(w, f));
	return fl_pg_exec(w->pg, "COMMIT; RESET ALL; SET timezone = 'UTC'; SET client_min_messages = warning", w->diag);
}

/* A file that begins with "-- no transaction" (CREATE INDEX CONCURRENTLY) must bear being run again after half of it. */
static fl_err apply(work *w, const file *f)
{
	int64_t start_us = fl_mono_us();
	fl_diag why = {};
	fl_err err;

	if (fl_str_starts(f->text, FL_STR("-- no transaction"))) {
		err = fl_pg_exec(w->pg, f->text.ptr, w->diag);
		if (err == FL_OK)
			err = record(w, f);
	} else {
		err = in_transaction(w, f);
		if (err != FL_OK) {
			fl_diag ignored;
			why = *w->diag;
			(void)!fl_pg_exec(w->pg, "ROLLBACK", &ignored);
			*w->diag = why;
		}
	}
	if (err != FL_OK) {
		why = *w->diag;
		return fl_fail(w->diag, err, "%" FL_FMT ": %s", FL_ARG(f->name), fl_diag_text(&why, err));
	}
	w->report.applied++;
	w->report.version = f->version;
	say(w, "applied %" FL_FMT " in %d ms", FL_ARG(f->name), (int)((fl_mono_us() - start_us) / 1000));
	return FL_OK;
}

static fl_err number(work *w, const char *sql, int *out)
{
	fl_str text;
	int32_t n = 0;

	FL_TRY(fl_pg_value(w->pg, sql, &w->mem, &text, w->diag));
	if (text.ptr && !fl_str_i32(text, &n))
		return FL_DB;
	*out = n;
	return FL_OK;
}

/* What every start does, also when nothing is new: months ahead, and marks that a restored dump has lost. */
static fl_err keep_up(work *w)
{
	int marked, cron;
	char sql[160];

	snprintf(sql, sizeof sql,
	         "SELECT platform.ensure_partitions((now() - interval '1 month')::date, (now() + interval '%d months')::date)", MONTHS_AHEAD);
	FL_TRY(number(w, sql, &w->report.months_made));
	FL_TRY(number(w, "SELECT platform.leakproof_mark()::int", &marked));
	FL_TRY(number(w, "SELECT platform.cron_schedule()::int", &cron));
	if (cron)
		say(w, "pg_cron makes months and refreshes the overview, too");
	w->report.leakproof = marked != 0;
	if (!w->report.leakproof)
		say(w, "some index operators are not marked leakproof (only a superuser may): search and maps will be slower");
	return FL_OK;
}

static fl_err migrate(work *w)
{
	int done = 0;

	FL_TRY(find_files(w));
	FL_TRY(fl_pg_open(w->opts->url, w->diag, &w->pg));
	FL_TRY(fl_pg_exec(w->pg, "SELECT pg_advisory_lock(727000)", w->diag)); /* until we disconnect */
	FL_TRY(fl_pg_exec(w->pg, HISTORY, w->diag));
	FL_TRY(check_history(w, &done));
	for (int i = done; i < w->count; i++)
		if (!w->opts->upto || w->files[i].version <= w->opts->upto)
			FL_TRY(apply(w, &w->files[i]));
	return w->opts->upto ? FL_OK : keep_up(w);
}

fl_err fl_migrate(const fl_migrate_opts *opts, fl_diag *diag, fl_migrate_report *report)
{
	work w = { .opts = opts, .diag = diag, .mem = fl_arena_make(256 << 20) };
	fl_err err = migrate(&w);

	if (err == FL_OK)
		*report = w.report;
	fl_pg_close(w.pg);
	fl_arena_fini(&w.mem);
	return err;
}
