/* Running the policies: a file, checked by reading it back, then its row, then its reports out of the tables step by step. A run that was
 * cut off leaves a file without a row, which nobody reads, or reports that are in a file and in the tables: the next run writes those
 * that are left into a new file. */
#include "archive/archive_int.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct running {
	const fl_archive_site *site;
	fl_pg *pg;
	fl_archive_result *result;
	fl_arena *mem; /* of the list of months */
	fl_diag *diag;
} running;

typedef struct month {
	int32_t tenant;
	fl_str slug;
	int16_t keep;
	int64_t before;
	fl_str day; /* 2021-03-01 */
} month;

static void say(const fl_archive_site *site, const char *format, ...) FL_PRINTF(2, 3);
static void say(const fl_archive_site *site, const char *format, ...)
{
	char line[400];
	va_list args;
	if (!site->say)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	site->say(site->arg, line);
}

static const char *keep_word(int keep)
{
	static const char *const words[] = { "", "nothing is kept", "numbers are kept", "numbers and a file are kept" };
	return keep >= 1 && keep <= 3 ? words[keep] : "";
}

static void bytes_text(int64_t bytes, char out[32])
{
	snprintf(out, 32, "%.1f MB", (double)bytes / 1e6);
}

/* Session limits: a file may take long, taking out must not. */
static fl_err connect_to(const fl_archive_site *site, fl_pg **pg, fl_diag *diag)
{
	FL_TRY(fl_pg_open(site->url, diag, pg));
	return fl_pg_exec(*pg, "SET search_path = fleet, public; SET lock_timeout = '2s'; SET statement_timeout = '60s'", diag);
}

static void arg_company(fl_args *args, const char *company)
{
	fl_arg_text(args, company ? fl_str_z(company) : (fl_str) {});
}

/* ---- what would go ---- */

static fl_err plan(const fl_archive_site *site, fl_pg *pg, const char *company, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;
	char bytes[32];
	arg_company(&args, company);
	FL_TRY(fl_pg_query(pg, "SELECT slug, to_char(month, 'YYYY-MM'), keep, reports, photos, bytes, held, open FROM platform.archive_plan($1)", &args, mem, &rows, diag));
	for (int i = 0; i < rows->count; i++) {
		fl_str slug = fl_row_text(rows, i, 0), day = fl_row_text(rows, i, 1);
		bytes_text(fl_row_i64(rows, i, 5), bytes);
		say(site, "%" FL_FMT " %" FL_FMT ": %lld reports would go, with %lld photos of %s; %lld are held, %lld are open; %s", FL_ARG(slug), FL_ARG(day),
			(long long)fl_row_i64(rows, i, 3), (long long)fl_row_i64(rows, i, 4), bytes, (long long)fl_row_i64(rows, i, 6),
			(long long)fl_row_i64(rows, i, 7), keep_word(fl_row_i16(rows, i, 2)));
	}
	if (rows->count == 0)
		say(site, "nothing is older than a policy allows");
	return FL_OK;
}

fl_err fl_archive_plan(const fl_archive_site *site, const char *company, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(16 << 20);
	fl_err err = connect_to(site, &pg, diag);
	if (err == FL_OK)
		err = plan(site, pg, company, &mem, diag);
	fl_arena_fini(&mem);
	return err;
}

/* ---- the file ---- */

static fl_err check_file(running *r, const char *name, const fl_archive_facts *facts, fl_diag *diag)
{
	const fl_archive_visitor nothing = {};
	fl_archive_facts read_back;
	fl_sealed_size size;
	int fd = fl_archive_scratch(r->site->dir);
	if (fd < 0)
		return fl_fail(diag, FL_IO, "%s cannot be written", r->site->dir);
	fl_err err = fl_unseal_from(r->site->key, r->site->dir, name, fd, &size, diag);
	if (err == FL_OK)
		err = fl_archive_read(fd, &nothing, &read_back, diag);
	if (err == FL_OK && memcmp(read_back.sha256.bytes, facts->sha256.bytes, sizeof(facts->sha256.bytes)) != 0)
		err = fl_fail(diag, FL_IO, "the archive %s reads back as another", name);
	close(fd);
	return err;
}

static fl_err sha_of_sealed(const fl_archive_site *site, const char *name, fl_sha256 *out, int64_t *size, fl_diag *diag)
{
	char path[4200];
	snprintf(path, sizeof(path), "%s/%s.sealed", site->dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fl_fail(diag, FL_IO, "%s cannot be read", path);
	fl_err err = fl_sha256_of_fd(fd, out, size);
	close(fd);
	return err;
}

static fl_err note_file(running *r, const fl_archive_batch *batch, const fl_archive_facts *facts, const fl_sha256 *sealed, int64_t sealed_size)
{
	fl_args args = fl_args_make(r->mem);
	char day[16];
	snprintf(day, sizeof(day), "%s-01", batch->month);
	fl_arg_i32(&args, batch->tenant);
	fl_arg_uuid(&args, batch->id);
	fl_arg_text(&args, fl_str_z(day));
	fl_arg_i32(&args, (int32_t)facts->reports);
	fl_arg_i64(&args, facts->rows);
	fl_arg_i32(&args, (int32_t)facts->blobs);
	fl_arg_i64(&args, facts->bytes);
	fl_arg_i64(&args, sealed_size);
	fl_arg_bytes(&args, (fl_str) { (const char *)sealed->bytes, sizeof(sealed->bytes) });
	fl_arg_bytes(&args, (fl_str) { (const char *)facts->sha256.bytes, sizeof(facts->sha256.bytes) });
	return fl_pg_query(r->pg,
		"INSERT INTO archives (tenant_id, id, month, reports, rows, blobs, plain_bytes, sealed_bytes, sha256, plain_sha256)"
		" VALUES ($1, $2, $3::text::date, $4, $5, $6, $7, $8, $9, $10)",
		&args, r->mem, NULL, r->diag);
}

/* One snapshot: a report that changes meanwhile is as it was when the file began, and is looked at again before it goes. */
static fl_err write_plain(running *r, const fl_archive_batch *batch, int fd, fl_archive_facts *facts)
{
	FL_TRY(fl_pg_exec(r->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", r->diag));
	fl_err err = fl_archive_write(r->site, r->pg, batch, fd, facts, &r->result->blobs_missing, r->diag);
	fl_diag kept = *r->diag;
	fl_err ended = fl_pg_exec(r->pg, err ? "ROLLBACK" : "COMMIT", r->diag);
	if (err)
		*r->diag = kept;
	return err ? err : ended;
}

static fl_err make_file(running *r, const fl_archive_batch *batch)
{
	fl_archive_facts facts;
	fl_sealed_size size;
	fl_sha256 sealed;
	int64_t sealed_size;
	char name[128];
	int fd = fl_archive_scratch(r->site->dir);
	if (fd < 0)
		return fl_fail(r->diag, FL_IO, "%s cannot be written", r->site->dir);
	fl_archive_name(batch->slug, batch->month, batch->id, name);
	fl_err err = write_plain(r, batch, fd, &facts);
	if (err == FL_OK && lseek(fd, 0, SEEK_SET) != 0)
		err = FL_IO;
	if (err == FL_OK)
		err = fl_seal_into(r->site->key, r->site->dir, name, fd, &size, r->diag);
	close(fd);
	FL_TRY(err);
	FL_TRY(check_file(r, name, &facts, r->diag));
	if (r->site->backup_dir)
		FL_TRY(fl_backup_archive_put(r->site->backup_dir, r->site->key, r->site->dir, name, r->diag));
	FL_TRY(sha_of_sealed(r->site, name, &sealed, &sealed_size, r->diag));
	FL_TRY(note_file(r, batch, &facts, &sealed, sealed_size));
	r->result->files++;
	say(r->site, "%s: %lld reports, %lld photos", name, (long long)facts.reports, (long long)facts.blobs);
	return FL_OK;
}

/* ---- out of the tables ---- */

static fl_err remove_step(running *r, const month *m, const fl_archive_batch *batch, size_t from, size_t count, int32_t *gone)
{
	fl_args args = fl_args_make(r->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, m->tenant);
	fl_arg_uuids(&args, batch->reports + from, count);
	fl_arg_i32(&args, m->keep);
	if (m->keep == 3)
		fl_arg_uuid(&args, batch->id);
	else
		fl_arg_null(&args, FL_DB_UUID);
	fl_arg_text(&args, m->day);
	FL_TRY(fl_pg_query(r->pg, "SELECT platform.archive_remove($1, $2, $3, $4, $5::text::date)", &args, r->mem, &rows, r->diag));
	*gone = fl_row_i32(rows, 0, 0);
	return FL_OK;
}

static fl_err remove_all(running *r, const month *m, const fl_archive_batch *batch)
{
	FL_TRY(fl_pg_exec(r->pg, "SET statement_timeout = '10s'", r->diag));
	for (size_t at = 0; at < batch->count; at += FL_ARCHIVE_STEP) {
		int32_t gone;
		FL_TRY(remove_step(r, m, batch, at, FL_MIN((size_t)FL_ARCHIVE_STEP, batch->count - at), &gone));
		r->result->reports += gone;
	}
	FL_TRY(fl_pg_exec(r->pg, "SET statement_timeout = '60s'", r->diag));
	if (m->keep != 3)
		return FL_OK;
	fl_args args = fl_args_make(r->mem);
	fl_arg_i32(&args, m->tenant);
	fl_arg_uuid(&args, batch->id);
	return fl_pg_query(r->pg, "UPDATE archives SET state = 2 WHERE tenant_id = $1 AND id = $2", &args, r->mem, NULL, r->diag);
}

/* ---- months ---- */

static fl_err next_ids(running *r, const month *m, int64_t most, fl_uuid **ids, size_t *count)
{
	fl_args args = fl_args_make(r->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, m->tenant);
	fl_arg_text(&args, m->day);
	fl_arg_time(&args, m->before);
	fl_arg_i32(&args, (int32_t)most);
	FL_TRY(fl_pg_query(r->pg, "SELECT platform.archive_ids($1, $2::text::date, $3, $4)", &args, r->mem, &rows, r->diag));
	return fl_row_uuids(rows, 0, 0, r->mem, ids, count);
}

static int64_t room(const running *r)
{
	int64_t left = r->site->reports_max ? r->site->reports_max - r->result->reports : FL_ARCHIVE_REPORTS_MAX;
	return FL_MIN(left, (int64_t)FL_ARCHIVE_REPORTS_MAX);
}

static fl_err do_month(running *r, const month *m)
{
	fl_archive_batch batch = { .tenant = m->tenant, .slug = m->slug };
	memcpy(batch.month, m->day.ptr, 7);
	while (room(r) > 0) {
		int64_t before = r->result->reports;
		fl_uuid *ids;
		FL_TRY(next_ids(r, m, room(r), &ids, &batch.count));
		if (batch.count == 0)
			return FL_OK;
		batch.reports = ids;
		batch.id = fl_uuid7(fl_now_us());
		if (m->keep == 3)
			FL_TRY(make_file(r, &batch));
		FL_TRY(remove_all(r, m, &batch));
		if (r->result->reports == before)
			return FL_OK; /* all of them are held or in use now: the next run looks again */
		fl_str slug = m->slug;
		say(r->site, "%" FL_FMT " %s: %lld reports are gone, %s", FL_ARG(slug), batch.month, (long long)(r->result->reports - before), keep_word(m->keep));
	}
	return FL_OK;
}

static fl_err do_months(running *r, const char *company)
{
	fl_args args = fl_args_make(r->mem);
	const fl_rows *rows;
	arg_company(&args, company);
	FL_TRY(fl_pg_query(r->pg, "SELECT tenant_id, slug, keep, before, month::text FROM platform.archive_months($1)", &args, r->mem, &rows, r->diag));
	for (int i = 0; i < rows->count && room(r) > 0; i++) {
		const month m = { fl_row_i32(rows, i, 0), fl_row_text(rows, i, 1), fl_row_i16(rows, i, 2), fl_row_time(rows, i, 3), fl_row_text(rows, i, 4) };
		FL_TRY(do_month(r, &m));
	}
	return FL_OK;
}

static fl_err locked(running *r, const char *company)
{
	fl_str have;
	FL_TRY(fl_pg_value(r->pg, "SELECT 1 WHERE pg_try_advisory_lock(727006)", r->mem, &have, r->diag));
	if (!have.ptr)
		return fl_fail(r->diag, FL_IN_USE, "another run is at work on old reports");
	return do_months(r, company);
}

fl_err fl_archive_run(const fl_archive_site *site, const char *company, fl_archive_result *out, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(64 << 20);
	running r = { .site = site, .result = out, .mem = &mem, .diag = diag };
	*out = (fl_archive_result) {};
	fl_err err = FL_OK;
	if (mkdir(site->dir, 0700) != 0 && access(site->dir, W_OK) != 0)
		err = fl_fail(diag, FL_IO, "%s cannot be written", site->dir);
	if (err == FL_OK)
		err = connect_to(site, &pg, diag);
	r.pg = pg;
	if (err == FL_OK)
		err = locked(&r, company);
	fl_arena_fini(&mem);
	return err;
}

fl_err fl_archive_list(const fl_archive_site *site, const char *company, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(16 << 20);
	fl_args args = fl_args_make(&mem);
	const fl_rows *rows;
	arg_company(&args, company);
	fl_err err = connect_to(site, &pg, diag);
	if (err == FL_OK)
		err = fl_pg_query(pg, "SELECT a.id || '  ' || t.slug || ' ' || to_char(a.month, 'YYYY-MM') || ': ' || a.reports || ' reports, ' || a.blobs || ' photos, '"
			" || round(a.sealed_bytes / 1e6, 1) || ' MB, ' || (ARRAY['written', 'complete', 'restored'])[a.state]"
			" FROM archives a JOIN tenants t ON t.id = a.tenant_id WHERE $1::text IS NULL OR t.slug = $1 ORDER BY a.id DESC LIMIT 1000", &args, &mem, &rows, diag);
	for (int i = 0; err == FL_OK && i < rows->count; i++) {
		fl_str line = fl_row_text(rows, i, 0);
		say(site, "%" FL_FMT, FL_ARG(line));
	}
	fl_arena_fini(&mem);
	return err;
}
