/* From a file: checking it, copying it out, and bringing its reports back. */
#include "archive/archive_int.h"

#include <unistd.h>

typedef struct found {
	int32_t tenant;
	char name[128];
	fl_sha256 sum;
	fl_str day;
} found;

static fl_err find(const fl_archive_site *site, fl_pg *pg, int32_t tenant, fl_uuid id, fl_arena *mem, found *out, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, id);
	fl_arg_i32(&args, tenant);
	FL_TRY(fl_pg_query(pg, "SELECT a.tenant_id, t.slug, to_char(a.month, 'YYYY-MM'), a.plain_sha256, a.month::text FROM fleet.archives a JOIN fleet.tenants t ON t.id = a.tenant_id"
			       " WHERE a.id = $1 AND ($2 = 0 OR a.tenant_id = $2)", &args, mem, &rows, diag));
	if (rows->count == 0)
		return fl_fail(diag, FL_NOT_FOUND, "there is no such archive");
	const char *month = fl_str_cstr(mem, fl_row_text(rows, 0, 2));
	fl_str sum = fl_row_bytes(rows, 0, 3);
	if (!month)
		return FL_NOMEM;
	out->tenant = fl_row_i32(rows, 0, 0);
	out->day = fl_row_text(rows, 0, 4);
	memcpy(out->sum.bytes, sum.ptr, sizeof(out->sum.bytes));
	fl_archive_name(fl_row_text(rows, 0, 1), month, id, out->name);
	return FL_OK;
}

/* Unsealed into fd and checked, sums and all, before anybody sees a byte of it. */
static fl_err unseal(const fl_archive_site *site, const found *f, int fd, fl_archive_facts *facts, fl_diag *diag)
{
	const fl_archive_visitor nothing = {};
	fl_sealed_size size;
	FL_TRY(fl_unseal_from(site->key, site->dir, f->name, fd, &size, diag));
	FL_TRY(fl_archive_read(fd, &nothing, facts, diag));
	if (memcmp(facts->sha256.bytes, f->sum.bytes, sizeof(f->sum.bytes)) != 0)
		return fl_fail(diag, FL_BAD_INPUT, "this is not the archive that was written: its sum is another");
	return FL_OK;
}

typedef struct opened {
	fl_pg *pg;
	fl_arena mem;
	found f;
	fl_archive_facts facts;
	int fd;
} opened;

static fl_err open_archive(const fl_archive_site *site, int32_t tenant, fl_uuid id, opened *o, fl_diag *diag)
{
	*o = (opened) { .mem = fl_arena_make(64 << 20), .fd = -1 };
	FL_TRY(fl_pg_open(site->url, diag, &o->pg));
	FL_TRY(find(site, o->pg, tenant, id, &o->mem, &o->f, diag));
	o->fd = fl_archive_scratch(site->dir);
	if (o->fd < 0)
		return fl_fail(diag, FL_IO, "%s cannot be written", site->dir);
	return unseal(site, &o->f, o->fd, &o->facts, diag);
}

static void close_archive(opened *o)
{
	fl_pg_close(o->pg);
	fl_arena_fini(&o->mem);
	if (o->fd >= 0)
		close(o->fd);
}

fl_err fl_archive_verify(const fl_archive_site *site, fl_uuid id, fl_archive_facts *out, fl_diag *diag)
{
	opened o;
	fl_err err = open_archive(site, 0, id, &o, diag);
	if (err == FL_OK)
		*out = o.facts;
	close_archive(&o);
	return err;
}

static fl_err copy(int from, int to, fl_diag *diag)
{
	char piece[64 << 10];
	ssize_t n;
	if (lseek(from, 0, SEEK_SET) != 0)
		return FL_IO;
	while ((n = read(from, piece, sizeof(piece))) > 0)
		for (ssize_t at = 0, put; at < n; at += put)
			if ((put = write(to, piece + at, (size_t)(n - at))) < 0)
				return fl_fail(diag, FL_IO, "the archive cannot be written out");
	return n < 0 ? FL_IO : FL_OK;
}

fl_err fl_archive_copy(const fl_archive_site *site, int32_t tenant, fl_uuid id, int fd, fl_diag *diag)
{
	opened o;
	fl_err err = open_archive(site, tenant, id, &o, diag);
	if (err == FL_OK)
		err = copy(o.fd, fd, diag);
	close_archive(&o);
	return err;
}

/* ---- back into the tables ---- */

typedef struct restoring {
	const fl_archive_site *site;
	fl_pg *pg;
	const found *f;
	fl_uuid archive;
	const fl_uuid *only; /* NULL: every report */
	fl_archive_result *result;
	fl_arena *mem;
	bool fresh;          /* the report under way was not there */
	bool wanted, begun;  /* is the report under way the one? known by its first row, which is its own */
} restoring;

/* The first row of each report is the report itself: platform.archived begins with it. */
static fl_err begin_report(restoring *r, fl_str row, fl_diag *diag)
{
	const fl_json *json;
	fl_uuid id;
	FL_TRY(fl_json_parse(r->mem, row, &json, diag));
	if (!fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("id")), FL_STR("")), &id))
		return fl_fail(diag, FL_BAD_INPUT, "this archive is not what it says: a report has no id");
	r->wanted = !r->only || fl_uuid_eq(*r->only, id);
	r->begun = true;
	return r->wanted ? fl_pg_exec(r->pg, "BEGIN", diag) : FL_OK;
}

static fl_err put_row(void *arg, fl_str table, fl_str row, fl_diag *diag)
{
	restoring *r = arg;
	bool first = !r->begun;
	const fl_rows *rows;
	fl_arena_reset(r->mem);
	if (first)
		FL_TRY(begin_report(r, row, diag));
	if (!r->wanted || (!first && !r->fresh))
		return FL_OK;
	fl_args args = fl_args_make(r->mem);
	fl_arg_i32(&args, r->f->tenant);
	fl_arg_text(&args, table);
	fl_arg_jsonb(&args, row);
	FL_TRY(fl_pg_query(r->pg, "SELECT platform.archive_put($1, $2, $3)", &args, r->mem, &rows, diag));
	if (first)
		r->fresh = fl_row_i64(rows, 0, 0) == 1;
	return FL_OK;
}

static fl_err put_blob(void *arg, fl_str hex, fl_str bytes, fl_diag *diag)
{
	restoring *r = arg;
	fl_blob blob;
	(void)hex;
	return fl_store_put_now(r->site->store, bytes, &blob, diag);
}

static fl_err end_report(void *arg, fl_uuid id, fl_diag *diag)
{
	restoring *r = arg;
	bool done = r->wanted && r->fresh, open = r->wanted && r->begun;
	r->begun = r->wanted = false;
	if (!open)
		return FL_OK;
	if (done) {
		fl_args args = fl_args_make(r->mem);
		fl_arg_i32(&args, r->f->tenant);
		fl_arg_uuid(&args, r->archive);
		fl_arg_uuids(&args, &id, 1);
		FL_TRY(fl_pg_query(r->pg, "SELECT platform.archive_restored($1, $2, $3, true)", &args, r->mem, NULL, diag));
		r->result->reports++;
	}
	return fl_pg_exec(r->pg, "COMMIT", diag);
}

/* Blobs lie between the rows and the end of the first report that names them; of one report alone those that an earlier one named are
 * needed as well, so all are put back. */
static fl_err restore(restoring *r, opened *o, fl_diag *diag)
{
	const fl_archive_visitor visitor = { put_row, put_blob, end_report, r };
	fl_archive_facts facts;
	fl_args args = fl_args_make(&o->mem);
	fl_arg_text(&args, o->f.day);
	FL_TRY(fl_pg_exec(r->pg, "SET search_path = fleet, public; SET lock_timeout = '2s'; SET statement_timeout = '10s'", diag));
	FL_TRY(fl_pg_query(r->pg, "SELECT platform.ensure_history($1::text::date)", &args, &o->mem, NULL, diag));
	return fl_archive_read(o->fd, &visitor, &facts, diag);
}

fl_err fl_archive_restore(const fl_archive_site *site, fl_uuid id, const fl_uuid *report, fl_archive_result *out, fl_diag *diag)
{
	opened o;
	fl_arena mem = fl_arena_make(64 << 20);
	*out = (fl_archive_result) {};
	fl_err err = open_archive(site, 0, id, &o, diag);
	restoring r = { .site = site, .pg = o.pg, .f = &o.f, .archive = id, .only = report, .result = out, .mem = &mem };
	if (err == FL_OK)
		err = restore(&r, &o, diag);
	if (err == FL_OK && report && out->reports == 0)
		err = fl_fail(diag, FL_NOT_FOUND, "this archive holds no such report, or the report is there already");
	close_archive(&o);
	fl_arena_fini(&mem);
	return err;
}
