/* Checking a pack: whatever the file is, it is only read. Twice: for the manifest, which stands at the end, and for the files. */
#include "pack/pack_int.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <unistd.h>

typedef struct listed {
	fl_pack_entry entry;
	bool found;
} listed;

typedef struct work {
	const fl_pack_check *check;
	fl_pack_verdict *verdict;
	fl_diag *diag;
	fl_arena mem;
	int fd;
	fl_buf manifest, sums;
	bool has_manifest, has_sums;
	listed *files;
	size_t count;
	fl_pack_hash hash;
} work;

static void find(work *w, const char *format, ...) FL_PRINTF(2, 3);
static void find(work *w, const char *format, ...)
{
	char line[600];
	va_list args;
	w->verdict->findings++;
	if (!w->check->say)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	w->check->say(w->check->arg, line);
}

/* ---- walking through the ZIP ---- */

static fl_err open_zip(work *w, struct archive **out)
{
	struct archive *zip = archive_read_new();
	if (!zip)
		return FL_NOMEM;
	if (lseek(w->fd, 0, SEEK_SET) != 0 || archive_read_support_format_zip_seekable(zip) != ARCHIVE_OK ||
		archive_read_open_fd(zip, w->fd, 1 << 16) != ARCHIVE_OK) {
		fl_err err = fl_fail(w->diag, FL_BAD_INPUT, "this is no ZIP file: %s", archive_error_string(zip) ? archive_error_string(zip) : "?");
		archive_read_free(zip);
		return err;
	}
	*out = zip;
	return FL_OK;
}

typedef fl_err (*visit)(work *w, struct archive *zip, fl_str name);

static fl_err walk(work *w, visit fn)
{
	struct archive *zip = NULL;
	struct archive_entry *entry;
	fl_err err = FL_OK;
	int status = ARCHIVE_OK;
	FL_TRY(open_zip(w, &zip));
	for (size_t n = 0; err == FL_OK && n < FL_PACK_FILES_MAX + 2; n++) {
		status = archive_read_next_header(zip, &entry);
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			break;
		const char *name = archive_entry_pathname(entry);
		err = fn(w, zip, fl_str_z(name ? name : ""));
	}
	if (err == FL_OK && status == ARCHIVE_OK)
		err = fl_fail(w->diag, FL_BAD_INPUT, "the file has more than %d entries: it is no pack", FL_PACK_FILES_MAX + 2);
	else if (err == FL_OK && status != ARCHIVE_EOF)
		err = fl_fail(w->diag, FL_BAD_INPUT, "the ZIP file is damaged: %s", archive_error_string(zip) ? archive_error_string(zip) : "?");
	archive_read_free(zip);
	return err;
}

/* The bytes of the entry, block by block; false when they cannot be read to the end (a wrong checksum too). */
static bool read_entry(struct archive *zip, fl_err (*fn)(work *w, fl_str bytes), work *w, fl_err *err)
{
	const void *block;
	size_t len;
	la_int64_t offset;
	for (;;) {
		int status = archive_read_data_block(zip, &block, &len, &offset);
		if (status == ARCHIVE_EOF)
			return true;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return false;
		*err = fn(w, fl_str_make(block, len));
		if (*err != FL_OK || status == ARCHIVE_WARN)
			return false;
	}
}

/* ---- the manifest ---- */

static fl_err keep_manifest(work *w, fl_str bytes)
{
	fl_buf_str(&w->manifest, bytes);
	return fl_buf_err(&w->manifest);
}

static fl_err keep_sums(work *w, fl_str bytes)
{
	fl_buf_str(&w->sums, bytes);
	return fl_buf_err(&w->sums);
}

static fl_err pick(work *w, struct archive *zip, fl_str name)
{
	fl_err err = FL_OK;
	bool whole = true;
	if (fl_str_eq(name, FL_STR(FL_PACK_MANIFEST))) {
		if (w->has_manifest)
			return fl_fail(w->diag, FL_BAD_INPUT, "there are two files manifest.json: it is no pack");
		whole = read_entry(zip, keep_manifest, w, &err);
		w->has_manifest = true;
	} else if (fl_str_eq(name, FL_STR(FL_PACK_SUMS))) {
		whole = read_entry(zip, keep_sums, w, &err);
		w->has_sums = true;
	}
	if (err == FL_TOO_LARGE)
		return fl_fail(w->diag, FL_BAD_INPUT, "%.*s is larger than any manifest", FL_ARG(name));
	if (!whole && err == FL_OK)
		find(w, "%.*s: its checksum in the ZIP does not fit its bytes", FL_ARG(fl_str_clip(name, 100)));
	return err;
}

static bool read_hash(const fl_json *value, fl_sha256 *out)
{
	return fl_str_unhex(fl_json_str(value, FL_STR("")), out->bytes, sizeof(out->bytes));
}

static bool read_listed(work *w, const fl_json *item, fl_pack_entry *out)
{
	const fl_json *pieces = fl_json_get(item, FL_STR("pieces"));
	out->name = fl_json_str(fl_json_get(item, FL_STR("name")), FL_STR(""));
	out->size = fl_json_int(fl_json_get(item, FL_STR("size")), -1);
	if (!fl_pack_name_safe(out->name) || out->size < 0 || !read_hash(fl_json_get(item, FL_STR("sha256")), &out->sha256))
		return false;
	if (!pieces || pieces->type != FL_JSON_ARRAY)
		return true;
	out->pieces = fl_new_array(&w->mem, fl_sha256, pieces->items.count);
	if (!out->pieces)
		return false;
	for (const fl_json *p = pieces->items.first; p; p = p->next)
		if (!read_hash(p, &out->pieces[out->piece_count++]))
			return false;
	return true;
}

static fl_err read_manifest(work *w)
{
	const fl_json *json;
	fl_diag ignored;
	if (!w->has_manifest)
		return fl_fail(w->diag, FL_BAD_INPUT, "there is no manifest.json in it: it is no pack");
	w->verdict->manifest = fl_sha256_of(fl_buf_view(&w->manifest));
	if (fl_json_parse(&w->mem, fl_buf_view(&w->manifest), &json, &ignored) != FL_OK ||
		!fl_str_eq(fl_json_str(fl_json_get(json, FL_STR("format")), FL_STR("")), FL_STR(FL_PACK_FORMAT)))
		return fl_fail(w->diag, FL_BAD_INPUT, "manifest.json is not one of a pack: it was changed, or comes from elsewhere");
	const fl_json *files = fl_json_get(json, FL_STR("files"));
	fl_str made = fl_json_str(fl_json_get(json, FL_STR("madeAt")), FL_STR(""));
	snprintf(w->verdict->made_at, sizeof(w->verdict->made_at), "%.*s", FL_ARG(made));
	if (!files || files->type != FL_JSON_ARRAY || files->items.count > FL_PACK_FILES_MAX)
		return fl_fail(w->diag, FL_BAD_INPUT, "manifest.json lists no files");
	w->files = fl_new_array(&w->mem, listed, files->items.count);
	if (!w->files)
		return FL_NOMEM;
	for (const fl_json *item = files->items.first; item; item = item->next)
		if (!read_listed(w, item, &w->files[w->count++].entry))
			return fl_fail(w->diag, FL_BAD_INPUT, "line %zu of the files in manifest.json is not readable", w->count);
	return FL_OK;
}

static listed *lookup(work *w, fl_str name)
{
	for (size_t i = 0; i < w->count; i++)
		if (fl_str_eq(w->files[i].entry.name, name))
			return &w->files[i];
	return NULL;
}

/* MANIFEST.sha256 says the same as manifest.json, and of that itself. */
static void compare_sums(work *w)
{
	fl_str rest = fl_buf_view(&w->sums);
	size_t lines = 0;
	if (!w->has_sums) {
		find(w, "MANIFEST.sha256 is missing");
		return;
	}
	while (rest.len) {
		fl_str line = fl_str_cut(rest, '\n', &rest), name = fl_str_slice(line, 66, line.len);
		const listed *l = lookup(w, name);
		const fl_sha256 *expected = l ? &l->entry.sha256 : fl_str_eq(name, FL_STR(FL_PACK_MANIFEST)) ? &w->verdict->manifest : NULL;
		fl_sha256 said;
		lines++;
		if (!expected || !fl_str_unhex(fl_str_slice(line, 0, 64), said.bytes, sizeof(said.bytes)) ||
			memcmp(&said, expected, sizeof(said)) != 0)
			find(w, "MANIFEST.sha256 and manifest.json disagree in line %zu, %.*s", lines, FL_ARG(fl_str_clip(name, 100)));
	}
	if (lines != w->count + 1)
		find(w, "MANIFEST.sha256 has %zu lines, there should be %zu", lines, w->count + 1);
}

/* ---- the files ---- */

static fl_err hash_block(work *w, fl_str bytes)
{
	w->verdict->bytes += (int64_t)bytes.len;
	if (w->verdict->bytes > (w->check->bytes_max ? w->check->bytes_max : INT64_C(4) << 30))
		return fl_fail(w->diag, FL_BAD_INPUT, "the files come to more than a pack may have");
	return fl_pack_hash_add(&w->hash, bytes);
}

/* Where the file differs: the first and the last piece that do. */
static void find_range(work *w, const fl_pack_entry *e, const fl_pack_entry *is)
{
	size_t first = 0, last, n = FL_MIN(e->piece_count, is->piece_count);
	while (first < n && memcmp(&e->pieces[first], &is->pieces[first], sizeof(fl_sha256)) == 0)
		first++;
	for (last = n; last > first && memcmp(&e->pieces[last - 1], &is->pieces[last - 1], sizeof(fl_sha256)) == 0;)
		last--;
	int64_t from = n ? (int64_t)first * FL_PACK_PIECE : 0;
	int64_t to = n && e->size == is->size ? FL_MIN((int64_t)last * FL_PACK_PIECE, is->size) : FL_MAX(is->size, e->size);
	if (is->size != e->size)
		find(w, "%.*s: it has %lld bytes, the manifest says %lld; what is there differs from byte %lld on", FL_ARG(e->name), (long long)is->size,
			(long long)e->size, (long long)FL_MIN(from, is->size));
	else
		find(w, "%.*s: bytes %lld to %lld are not what the manifest says", FL_ARG(e->name), (long long)from, (long long)to - 1);
}

static fl_err check_file(work *w, struct archive *zip, fl_str name)
{
	fl_err err = FL_OK;
	fl_pack_entry is = { .name = name };
	listed *l = lookup(w, name);
	if (fl_str_eq(name, FL_STR(FL_PACK_MANIFEST)) || fl_str_eq(name, FL_STR(FL_PACK_SUMS)))
		return FL_OK;
	if (!l || l->found) {
		find(w, "%.*s: %s", FL_ARG(fl_str_clip(name, 200)), l ? "it is in the ZIP twice" : "the manifest does not name it");
		return FL_OK;
	}
	bool whole = read_entry(zip, hash_block, w, &err);
	FL_TRY(err);
	FL_TRY(fl_pack_hash_end(&w->hash, &w->mem, &is));
	l->found = true;
	w->verdict->files++;
	if (memcmp(&is.sha256, &l->entry.sha256, sizeof(is.sha256)) != 0 || is.size != l->entry.size)
		find_range(w, &l->entry, &is);
	else if (!whole)
		find(w, "%.*s: the file is as the manifest says, but its checksum in the ZIP is not", FL_ARG(name));
	return FL_OK;
}

static fl_err verify(work *w)
{
	FL_TRY(walk(w, pick));
	FL_TRY(read_manifest(w));
	compare_sums(w);
	FL_TRY(fl_pack_hash_init(&w->hash));
	FL_TRY(walk(w, check_file));
	for (size_t i = 0; i < w->count; i++)
		if (!w->files[i].found)
			find(w, "%.*s: it is missing", FL_ARG(w->files[i].entry.name));
	return FL_OK;
}

fl_err fl_pack_verify(int fd, const fl_pack_check *check, fl_diag *diag, fl_pack_verdict *out)
{
	*out = (fl_pack_verdict) {};
	work w = { .check = check, .verdict = out, .diag = diag, .mem = fl_arena_make(256 << 20), .fd = fd,
		.manifest = fl_buf_make(FL_PACK_MANIFEST_MAX), .sums = fl_buf_make(FL_PACK_MANIFEST_MAX) };
	fl_err err = verify(&w);
	fl_pack_hash_fini(&w.hash);
	fl_buf_fini(&w.manifest);
	fl_buf_fini(&w.sums);
	fl_arena_fini(&w.mem);
	return err;
}
