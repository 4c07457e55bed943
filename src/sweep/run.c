#include "sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>

enum { FOLDERS = 256, FOUND_MAX = 50000 /* loose ones of one first byte; more wait for the next run */ };

#define LOCK_KEY "727007" /* archives have 727006 */

typedef struct found {
	fl_sha256 id;
	int64_t size;
} found;

typedef struct sweeping {
	const fl_sweep_site *site;
	fl_pg *pg;
	fl_arena *mem; /* of one query */
	fl_sweep_filter *names;
	int64_t began, before; /* what was put at `before` or later stays */
	found *list;           /* of one first byte */
	size_t count;
	bool noted[FOLDERS];   /* something of that first byte is noted */
	int64_t old; /* files that were put before the grace */
	fl_sweep_result *result;
	fl_diag *diag;
} sweeping;

/* ---- every name ---- */

static fl_err check_judged(sweeping *s)
{
	fl_str columns;
	FL_TRY(fl_pg_value(s->pg, "SELECT string_agg(c, ', ') FROM platform.blob_columns_unjudged() c", s->mem, &columns, s->diag));
	if (columns.len)
		return fl_fail(s->diag, FL_CONFLICT, "nobody has said whether %" FL_FMT " names bytes in the store (platform.blob_columns)", FL_ARG(columns));
	return FL_OK;
}

static fl_err make_filter(sweeping *s)
{
	const fl_rows *rows;
	FL_TRY(fl_pg_query(s->pg, "SELECT platform.blob_names_about()", NULL, s->mem, &rows, s->diag));
	s->names = fl_sweep_filter_new(fl_row_i64(rows, 0, 0));
	return s->names ? FL_OK : FL_NOMEM;
}

static fl_err open_names(sweeping *s)
{
	fl_str query;
	FL_TRY(fl_pg_value(s->pg, "SELECT 'DECLARE names NO SCROLL CURSOR FOR ' || platform.blob_names_query()", s->mem, &query, s->diag));
	const char *text = fl_str_cstr(s->mem, query);
	return text ? fl_pg_exec(s->pg, text, s->diag) : FL_NOMEM;
}

static fl_err add_names(sweeping *s)
{
	const fl_rows *rows;
	do {
		fl_arena_reset(s->mem);
		FL_TRY(fl_pg_query(s->pg, "FETCH 20000 FROM names", NULL, s->mem, &rows, s->diag));
		for (int i = 0; i < rows->count; i++) {
			fl_str bytes = fl_row_bytes(rows, i, 0);
			fl_sha256 id;
			if (bytes.len != sizeof(id.bytes))
				continue;
			memcpy(id.bytes, bytes.ptr, sizeof(id.bytes));
			fl_sweep_filter_add(s->names, id);
		}
	} while (rows->count > 0);
	return FL_OK;
}

/* row_security off: whoever does not see all rows gets an error, not fewer names. */
static fl_err read_names(sweeping *s)
{
	FL_TRY(fl_pg_exec(s->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off; SET LOCAL cursor_tuple_fraction = 1; SET LOCAL search_path = fleet, public", s->diag));
	fl_err err = open_names(s);
	if (err == FL_OK)
		err = add_names(s);
	fl_diag kept = *s->diag;
	fl_err ended = fl_pg_exec(s->pg, err ? "ROLLBACK" : "COMMIT", s->diag);
	if (err)
		*s->diag = kept;
	return err ? err : ended;
}

/* ---- the store ---- */

static fl_err look_at(void *arg, const fl_store_entry *entry)
{
	sweeping *s = arg;
	s->result->seen++;
	s->result->seen_bytes += entry->blob.size;
	s->old += entry->put_at < s->before;
	if (entry->put_at >= s->before || fl_sweep_filter_has(s->names, entry->blob.id) || s->count == FOUND_MAX)
		return FL_OK;
	s->list[s->count++] = (found) { entry->blob.id, entry->blob.size };
	s->result->loose++;
	s->result->loose_bytes += entry->blob.size;
	return FL_OK;
}

static fl_err look(sweeping *s, int first)
{
	s->count = 0;
	return fl_store_each(s->site->store, (uint8_t)first, look_at, s, s->diag);
}

/* ---- what is noted, and what goes ---- */

static fl_err read_noted(sweeping *s)
{
	const fl_rows *rows;
	FL_TRY(fl_pg_query(s->pg, "SELECT DISTINCT get_byte(sha256, 0) FROM platform.loose_blobs", NULL, s->mem, &rows, s->diag));
	for (int i = 0; i < rows->count; i++)
		s->noted[fl_row_i32(rows, i, 0)] = true;
	return FL_OK;
}

static fl_err arg_found(sweeping *s, fl_args *args)
{
	fl_str *ids = fl_new_array(s->mem, fl_str, s->count + 1);
	int64_t *sizes = fl_new_array(s->mem, int64_t, s->count + 1);
	if (!ids || !sizes)
		return FL_NOMEM;
	for (size_t i = 0; i < s->count; i++) {
		ids[i] = fl_str_make(s->list[i].id.bytes, sizeof(s->list[i].id.bytes));
		sizes[i] = s->list[i].size;
	}
	fl_arg_byteas(args, ids, s->count);
	fl_arg_i64s(args, sizes, s->count);
	return args->err;
}

static int64_t size_of(const sweeping *s, fl_sha256 id)
{
	for (size_t i = 0; i < s->count; i++)
		if (memcmp(s->list[i].id.bytes, id.bytes, sizeof(id.bytes)) == 0)
			return s->list[i].size;
	return 0;
}

static fl_err remove_due(sweeping *s, const fl_rows *due)
{
	fl_args args = fl_args_make(s->mem);
	fl_str *gone = fl_new_array(s->mem, fl_str, (size_t)due->count + 1);
	size_t count = 0;
	int64_t most = s->site->remove_max ? s->site->remove_max : FL_SWEEP_REMOVE_MAX;
	if (!gone)
		return FL_NOMEM;
	for (int i = 0; i < due->count && s->result->removed < most; i++) {
		fl_str bytes = fl_row_bytes(due, i, 0);
		fl_sha256 id;
		bool removed;
		assert(bytes.len == sizeof(id.bytes));
		memcpy(id.bytes, bytes.ptr, sizeof(id.bytes));
		FL_TRY(fl_store_remove_old(s->site->store, id, s->before, &removed, s->diag));
		if (!removed)
			continue;
		gone[count++] = bytes;
		s->result->removed++;
		s->result->removed_bytes += size_of(s, id);
	}
	if (count && FL_FAULT("sweep.removed"))
		return fl_fail(s->diag, FL_IO, "cut off on request");
	fl_arg_byteas(&args, gone, count);
	return count ? fl_pg_query(s->pg, "SELECT platform.blobs_removed($1)", &args, s->mem, NULL, s->diag) : FL_OK;
}

static fl_err sweep_folder(sweeping *s, int first)
{
	fl_args args = fl_args_make(s->mem);
	const fl_rows *due;
	FL_TRY(look(s, first));
	if (!s->count && !s->noted[first])
		return FL_OK;
	fl_arg_i32(&args, first);
	FL_TRY(arg_found(s, &args));
	fl_arg_time(&args, s->began);
	fl_arg_time(&args, s->before);
	FL_TRY(fl_pg_query(s->pg, "SELECT platform.blobs_loose($1, $2, $3, $4, $5)", &args, s->mem, &due, s->diag));
	s->result->due += due->count;
	return remove_due(s, due);
}

/* ---- whose store ---- */

static fl_err count_all(sweeping *s)
{
	for (int first = 0; first < FOLDERS; first++)
		FL_TRY(look(s, first));
	return FL_OK;
}

/* Without a mark: the first sweep of this store. What most of it is named by is its database; as long as all of it was put a short while
 * ago nobody can tell, and nothing would go. */
static fl_err may_adopt(sweeping *s, bool *adopt)
{
	FL_TRY(count_all(s));
	bool mostly = s->result->loose * 2 <= s->old;
	int64_t loose = s->result->loose;
	*adopt = s->site->adopt || s->old > 0 || s->result->seen == 0;
	*s->result = (fl_sweep_result) { .ran = true };
	if (mostly || s->site->adopt)
		return FL_OK;
	return fl_fail(s->diag, FL_CONFLICT,
		"%lld of %lld files in the store are named nowhere in this database: is it the one that they belong to? `fleet store adopt` says yes",
		(long long)loose, (long long)s->old);
}

static fl_err check_owner(sweeping *s)
{
	fl_str ours, mark;
	char copy[FL_STORE_MARK_MAX + 1];
	FL_TRY(fl_pg_value(s->pg, "SELECT store FROM platform.sweep", s->mem, &ours, s->diag));
	assert(ours.len <= FL_STORE_MARK_MAX);
	snprintf(copy, sizeof(copy), "%.*s", FL_ARG(ours));
	FL_TRY(fl_store_mark_get(s->site->store, s->mem, &mark, s->diag));
	if (fl_str_eq(mark, fl_str_z(copy)))
		return FL_OK;
	if (mark.len && !s->site->adopt)
		return fl_fail(s->diag, FL_CONFLICT, "the store belongs to another database; if it does not, `fleet store adopt` says so");
	bool adopt = true;
	if (!mark.len)
		FL_TRY(may_adopt(s, &adopt));
	return s->site->dry || !adopt ? FL_OK : fl_store_mark_set(s->site->store, fl_str_z(copy), s->diag);
}

/* ---- a run ---- */

static fl_err note_begin(sweeping *s, bool *due)
{
	fl_args args = fl_args_make(s->mem);
	const fl_rows *rows;
	fl_arg_time(&args, s->began);
	fl_arg_time(&args, s->site->only_due ? s->began - FL_SWEEP_EVERY_US : FL_NEVER);
	FL_TRY(fl_pg_query(s->pg, "UPDATE platform.sweep SET began_at = $1 WHERE $2::timestamptz IS NULL OR began_at IS NULL OR began_at < $2 RETURNING 1", &args, s->mem,
		&rows, s->diag));
	*due = rows->count > 0;
	return FL_OK;
}

static fl_err note_end(sweeping *s)
{
	fl_args args = fl_args_make(s->mem);
	fl_arg_i64(&args, s->result->seen);
	fl_arg_i64(&args, s->result->loose - s->result->removed);
	fl_arg_i64(&args, s->result->loose_bytes - s->result->removed_bytes);
	return fl_pg_query(s->pg, "UPDATE platform.sweep SET ended_at = clock_timestamp(), seen = $1 , loose = $2, loose_bytes = $3, refused = NULL", &args, s->mem, NULL, s->diag);
}

static void note_refusal(sweeping *s)
{
	fl_args args = fl_args_make(s->mem);
	fl_diag ignored = {};
	fl_arg_text(&args, fl_str_z(s->diag->text));
	if (fl_pg_query(s->pg, "UPDATE platform.sweep SET refused = left($1, 500)", &args, s->mem, NULL, &ignored) != FL_OK)
		fl_warn("sweep: its refusal could not be noted: %s", ignored.text);
}

static fl_err sweep(sweeping *s)
{
	FL_TRY(check_judged(s));
	FL_TRY(make_filter(s));
	FL_TRY(read_names(s));
	FL_TRY(check_owner(s));
	if (s->site->dry)
		return count_all(s);
	FL_TRY(read_noted(s));
	for (int first = 0; first < FOLDERS; first++) {
		fl_arena_reset(s->mem);
		FL_TRY(sweep_folder(s, first));
	}
	return note_end(s);
}

static fl_err locked(sweeping *s)
{
	const fl_rows *rows;
	bool due = true;
	FL_TRY(fl_pg_query(s->pg, "SELECT pg_try_advisory_lock(" LOCK_KEY ")", NULL, s->mem, &rows, s->diag));
	if (!fl_row_bool(rows, 0, 0))
		return fl_fail(s->diag, FL_IN_USE, "another sweep of the store is under way");
	FL_TRY(fl_pg_exec(s->pg, "SET lock_timeout = '2s'; SET statement_timeout = '60s'; SET application_name = 'fleet sweep'", s->diag));
	if (!s->site->dry)
		FL_TRY(note_begin(s, &due));
	s->result->ran = due;
	fl_err err = due ? sweep(s) : FL_OK;
	if (err == FL_CONFLICT && !s->site->dry)
		note_refusal(s);
	return err;
}

fl_err fl_sweep_run(const fl_sweep_site *site, fl_sweep_result *out, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(64 << 20);
	sweeping s = { .site = site, .mem = &mem, .began = fl_now_us(), .result = out, .diag = diag };
	s.before = s.began - FL_SWEEP_GRACE_US;
	*out = (fl_sweep_result) {};
	s.list = calloc(FOUND_MAX, sizeof(*s.list));
	fl_err err = s.list ? fl_pg_open(site->url, diag, &pg) : FL_NOMEM;
	s.pg = pg;
	if (err == FL_OK)
		err = locked(&s);
	fl_sweep_filter_free(s.names);
	free(s.list);
	fl_arena_fini(&mem);
	return err;
}
