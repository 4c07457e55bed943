/* Writing the plain form of an archive, report by report: memory holds one report at a time. */
#include "archive/archive_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- hashes ---- */

fl_err fl_archive_hash_init(fl_archive_hash *hash)
{
	hash->ctx = EVP_MD_CTX_new();
	return hash->ctx && EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL) ? FL_OK : FL_NOMEM;
}

void fl_archive_hash_add(fl_archive_hash *hash, fl_str bytes)
{
	int done = EVP_DigestUpdate(hash->ctx, bytes.ptr, bytes.len);
	assert(done);
}

fl_sha256 fl_archive_hash_end(fl_archive_hash *hash)
{
	fl_sha256 out;
	int done = EVP_DigestFinal_ex(hash->ctx, out.bytes, NULL) && EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL);
	assert(done);
	return out;
}

void fl_archive_hash_fini(fl_archive_hash *hash)
{
	EVP_MD_CTX_free(hash->ctx);
}

int fl_archive_scratch(const char *dir)
{
	return open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}

void fl_archive_name(fl_str slug, const char *month, fl_uuid id, char out[128])
{
	char text[FL_UUID_TEXT + 1];
	fl_uuid_format(id, text);
	snprintf(out, 128, "%.*s/%s-%s", (int)FL_MIN(slug.len, 63), slug.ptr, month, text);
}

/* ---- lines ---- */

typedef struct writing {
	const fl_archive_site *site;
	fl_pg *pg;
	const fl_archive_batch *batch;
	int fd;
	fl_archive_hash all, report;
	fl_archive_facts *facts;
	int64_t *missing;
	fl_sha256 *seen; /* blobs that are in the file, sorted by nothing: a month has few thousand */
	size_t seen_count, seen_room;
	fl_diag *diag;
} writing;

static fl_err put(writing *w, fl_str bytes)
{
	fl_archive_hash_add(&w->all, bytes);
	w->facts->bytes += (int64_t)bytes.len;
	for (size_t at = 0; at < bytes.len;) {
		ssize_t n = write(w->fd, bytes.ptr + at, bytes.len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fl_fail(w->diag, errno == ENOSPC ? FL_DISK_FULL : FL_IO, "the archive cannot be written: %s", strerror(errno));
		at += (size_t)n;
	}
	return FL_OK;
}

static fl_err put_line(writing *w, const char *format, ...) FL_PRINTF(2, 3);
static fl_err put_line(writing *w, const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	assert(len > 0 && (size_t)len < sizeof(line));
	return put(w, (fl_str) { line, (size_t)len });
}

/* ---- photos ---- */

static bool seen(writing *w, fl_sha256 id)
{
	for (size_t i = w->seen_count; i-- > 0;)
		if (memcmp(w->seen[i].bytes, id.bytes, sizeof(id.bytes)) == 0)
			return true;
	return false;
}

static fl_err remember(writing *w, fl_sha256 id)
{
	if (w->seen_count == w->seen_room) {
		size_t room = w->seen_room ? w->seen_room * 2 : 256;
		fl_sha256 *grown = reallocarray(w->seen, room, sizeof(*grown));
		if (!grown)
			return FL_NOMEM;
		w->seen = grown;
		w->seen_room = room;
	}
	w->seen[w->seen_count++] = id;
	return FL_OK;
}

static fl_err copy_bytes(writing *w, int fd, int64_t size)
{
	static const size_t piece_max = 256 << 10;
	char *piece = malloc(piece_max);
	fl_err err = piece ? FL_OK : FL_NOMEM;
	while (err == FL_OK && size > 0) {
		ssize_t n = read(fd, piece, FL_MIN(piece_max, (size_t)size));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			err = fl_fail(w->diag, FL_IO, "a photo cannot be read");
		else
			err = put(w, (fl_str) { piece, (size_t)n });
		size -= n > 0 ? n : 0;
	}
	free(piece);
	return err;
}

static fl_err put_blob(writing *w, fl_arena *mem, fl_sha256 id)
{
	fl_str hex = fl_str_hex(mem, id.bytes, sizeof(id.bytes));
	int64_t size;
	int fd;
	if (seen(w, id))
		return FL_OK;
	FL_TRY(remember(w, id));
	fl_err err = fl_store_open_blob_now(w->site->store, id, &fd, &size, w->diag);
	if (err == FL_NOT_FOUND) {
		++*w->missing;
		return put_line(w, "{\"missing\":\"%.*s\"}\n", FL_ARG(hex));
	}
	FL_TRY(err);
	err = put_line(w, "{\"blob\":\"%.*s\",\"bytes\":%lld}\n", FL_ARG(hex), (long long)size);
	if (err == FL_OK)
		err = copy_bytes(w, fd, size);
	if (err == FL_OK)
		err = put(w, FL_STR("\n"));
	close(fd);
	w->facts->blobs += err == FL_OK;
	return err;
}

/* ---- reports ---- */

static fl_err query_of(writing *w, const char *sql, fl_uuid report, fl_arena *mem, const fl_rows **rows)
{
	fl_args args = fl_args_make(mem);
	fl_arg_i32(&args, w->batch->tenant);
	fl_arg_uuid(&args, report);
	return fl_pg_query(w->pg, sql, &args, mem, rows, w->diag);
}

static fl_err put_rows(writing *w, fl_uuid report, fl_arena *mem)
{
	const fl_rows *rows;
	FL_TRY(query_of(w, "SELECT platform.archive_lines($1, $2)", report, mem, &rows));
	for (int i = 0; i < rows->count; i++) {
		fl_str line = fl_row_text(rows, i, 0);
		if (line.len >= FL_ARCHIVE_LINE_MAX)
			return fl_fail(w->diag, FL_TOO_LARGE, "a row of %zu bytes does not fit into an archive", line.len);
		fl_archive_hash_add(&w->report, line);
		fl_archive_hash_add(&w->report, FL_STR("\n"));
		FL_TRY(put(w, line));
		FL_TRY(put(w, FL_STR("\n")));
		w->facts->rows++;
	}
	return FL_OK;
}

static fl_err put_blobs(writing *w, fl_uuid report, fl_arena *mem)
{
	const fl_rows *rows;
	FL_TRY(query_of(w, "SELECT platform.archive_blobs($1, $2)", report, mem, &rows));
	for (int i = 0; i < rows->count; i++) {
		fl_str bytes = fl_row_bytes(rows, i, 0);
		fl_sha256 id;
		assert(bytes.len == sizeof(id.bytes));
		memcpy(id.bytes, bytes.ptr, bytes.len);
		FL_TRY(put_blob(w, mem, id));
	}
	return FL_OK;
}

static fl_err put_report(writing *w, fl_uuid report, fl_arena *mem)
{
	char id[FL_UUID_TEXT + 1];
	fl_uuid_format(report, id);
	FL_TRY(put_rows(w, report, mem));
	FL_TRY(put_blobs(w, report, mem));
	fl_sha256 sum = fl_archive_hash_end(&w->report);
	fl_str hex = fl_str_hex(mem, sum.bytes, sizeof(sum.bytes));
	w->facts->reports++;
	return put_line(w, "{\"report\":\"%s\",\"sha256\":\"%.*s\"}\n", id, FL_ARG(hex));
}

static fl_err write_all(writing *w, fl_arena *mem)
{
	char id[FL_UUID_TEXT + 1];
	fl_uuid_format(w->batch->id, id);
	FL_TRY(put_line(w, "{\"archive\":\"%s\",\"company\":\"%.*s\",\"month\":\"%s\",\"format\":1}\n", id, FL_ARG(w->batch->slug), w->batch->month));
	for (size_t i = 0; i < w->batch->count; i++) {
		fl_arena_reset(mem);
		FL_TRY(put_report(w, w->batch->reports[i], mem));
	}
	w->facts->sha256 = fl_archive_hash_end(&w->all);
	fl_str hex = fl_str_hex(mem, w->facts->sha256.bytes, sizeof(w->facts->sha256.bytes));
	return put_line(w, "{\"end\":true,\"reports\":%lld,\"rows\":%lld,\"blobs\":%lld,\"sha256\":\"%.*s\"}\n", (long long)w->facts->reports,
		(long long)w->facts->rows, (long long)w->facts->blobs, FL_ARG(hex));
}

fl_err fl_archive_write(const fl_archive_site *site, fl_pg *pg, const fl_archive_batch *batch, int fd, fl_archive_facts *facts,
	int64_t *blobs_missing, fl_diag *diag)
{
	writing w = { .site = site, .pg = pg, .batch = batch, .fd = fd, .facts = facts, .missing = blobs_missing, .diag = diag };
	fl_arena mem = fl_arena_make(64 << 20);
	*facts = (fl_archive_facts) {};
	fl_err err = fl_archive_hash_init(&w.all);
	if (err == FL_OK)
		err = fl_archive_hash_init(&w.report);
	if (err == FL_OK)
		err = write_all(&w, &mem);
	fl_archive_hash_fini(&w.all);
	fl_archive_hash_fini(&w.report);
	free(w.seen);
	fl_arena_fini(&mem);
	return err;
}
