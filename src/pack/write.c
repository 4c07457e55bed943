#include "pack/pack_int.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct fl_pack {
	struct archive *zip;
	struct archive_entry *entry;
	fl_arena mem; /* entries and their pieces */
	fl_pack_hash hash;
	fl_pack_entry files[FL_PACK_FILES_MAX];
	size_t count;
	int64_t left;                 /* of the file that is being written */
	bool open;
	int fd;
	int64_t bytes, bytes_max;
	fl_err err;                   /* sticks */
};

/* libarchive hands on what it has; what fails here is told apart by err. */
static la_ssize_t put(struct archive *zip, void *arg, const void *bytes, size_t len)
{
	fl_pack *pack = arg;
	ssize_t done;
	if (pack->bytes + (int64_t)len > pack->bytes_max) {
		pack->err = FL_TOO_LARGE;
		archive_set_error(zip, EFBIG, "too large");
		return -1;
	}
	do
		done = write(pack->fd, bytes, len);
	while (done < 0 && errno == EINTR);
	if (done < 0) {
		pack->err = errno == ENOSPC || errno == EDQUOT ? FL_DISK_FULL : FL_IO;
		archive_set_error(zip, errno, "write");
		return -1;
	}
	pack->bytes += done;
	return done;
}

static bool open_zip(fl_pack *pack)
{
	pack->zip = archive_write_new();
	pack->entry = archive_entry_new();
	return pack->zip && pack->entry && archive_write_set_format_zip(pack->zip) == ARCHIVE_OK &&
	       archive_write_set_options(pack->zip, "zip:compression=store") == ARCHIVE_OK &&
	       archive_write_set_bytes_per_block(pack->zip, 0) == ARCHIVE_OK &&
	       archive_write_open(pack->zip, pack, NULL, put, NULL) == ARCHIVE_OK;
}

fl_err fl_pack_new(int fd, int64_t bytes_max, fl_pack **out)
{
	fl_pack *pack = calloc(1, sizeof(*pack));
	if (!pack)
		return FL_NOMEM;
	pack->mem = fl_arena_make(64 << 20);
	pack->fd = fd;
	pack->bytes_max = bytes_max;
	if (fl_pack_hash_init(&pack->hash) != FL_OK || !open_zip(pack)) {
		fl_pack_free(pack);
		return FL_NOMEM;
	}
	*out = pack;
	return FL_OK;
}

void fl_pack_free(fl_pack *pack)
{
	if (!pack)
		return;
	pack->bytes_max = -1; /* what is not sealed is not made to look whole: put takes nothing any more */
	if (pack->zip)
		(void)archive_write_close(pack->zip); /* frees what archive_write_free leaves behind after an error */
	archive_write_free(pack->zip);
	archive_entry_free(pack->entry);
	fl_pack_hash_fini(&pack->hash);
	fl_arena_fini(&pack->mem);
	free(pack);
}

size_t fl_pack_files(const fl_pack *pack)
{
	return pack->count;
}

/* The failure of libarchive as ours. */
static fl_err failed(fl_pack *pack, fl_diag *diag)
{
	if (pack->err == FL_OK)
		pack->err = FL_IO;
	if (pack->err == FL_TOO_LARGE)
		return fl_fail(diag, FL_TOO_LARGE, "the pack would be larger than %lld MB", (long long)(pack->bytes_max >> 20));
	return fl_fail(diag, pack->err, "the pack cannot be written: %s", archive_error_string(pack->zip) ? archive_error_string(pack->zip) : "?");
}

static fl_err check_name(fl_pack *pack, fl_str name, fl_diag *diag)
{
	if (!fl_pack_name_safe(name))
		return fl_fail(diag, FL_BAD_INPUT, "'%" FL_FMT "' is no name for a file of a pack", FL_ARG(fl_str_clip(name, 100)));
	for (size_t i = 0; i < pack->count; i++)
		if (fl_str_eq(pack->files[i].name, name))
			return fl_fail(diag, FL_BAD_INPUT, "the pack has a file '%" FL_FMT "' already", FL_ARG(name));
	if (pack->count == FL_PACK_FILES_MAX)
		return fl_fail(diag, FL_TOO_LARGE, "a pack has at most %d files", FL_PACK_FILES_MAX);
	return FL_OK;
}

static fl_err begin(fl_pack *pack, fl_str name, int64_t size, fl_diag *diag)
{
	char path[FL_PACK_NAME_MAX + 1];
	assert(!pack->open && name.len < sizeof(path));
	if (pack->bytes + size > pack->bytes_max) /* before it is half written */
		pack->err = FL_TOO_LARGE;
	if (pack->err != FL_OK)
		return failed(pack, diag);
	memcpy(path, name.ptr, name.len);
	path[name.len] = 0;
	archive_entry_clear(pack->entry);
	archive_entry_set_pathname(pack->entry, path);
	archive_entry_set_size(pack->entry, size);
	archive_entry_set_filetype(pack->entry, AE_IFREG);
	archive_entry_set_perm(pack->entry, 0644);
	if (archive_write_header(pack->zip, pack->entry) != ARCHIVE_OK)
		return failed(pack, diag);
	pack->left = size;
	pack->open = true;
	return FL_OK;
}

/* What must be at the end is not looked up in the list: it is none of the files. */
static fl_err end(fl_pack *pack, fl_pack_entry *out, fl_diag *diag)
{
	assert(pack->open && pack->left == 0);
	pack->open = false;
	if (archive_write_finish_entry(pack->zip) != ARCHIVE_OK)
		return failed(pack, diag);
	return fl_pack_hash_end(&pack->hash, &pack->mem, out);
}

fl_err fl_pack_begin(fl_pack *pack, fl_str name, int64_t size, fl_diag *diag)
{
	FL_TRY(check_name(pack, name, diag));
	FL_TRY(begin(pack, name, size, diag));
	pack->files[pack->count].name = fl_str_dup(&pack->mem, name);
	if (!pack->files[pack->count].name.ptr)
		return FL_NOMEM;
	return size == 0 ? end(pack, &pack->files[pack->count++], diag) : FL_OK;
}

static fl_err write_bytes(fl_pack *pack, fl_str bytes, fl_diag *diag)
{
	assert(pack->open && (int64_t)bytes.len <= pack->left);
	for (size_t at = 0; at < bytes.len;) {
		la_ssize_t done = archive_write_data(pack->zip, bytes.ptr + at, bytes.len - at);
		if (done <= 0)
			return failed(pack, diag);
		at += (size_t)done;
	}
	pack->left -= (int64_t)bytes.len;
	return fl_pack_hash_add(&pack->hash, bytes);
}

fl_err fl_pack_write(fl_pack *pack, fl_str bytes, fl_diag *diag)
{
	FL_TRY(write_bytes(pack, bytes, diag));
	return pack->left == 0 ? end(pack, &pack->files[pack->count++], diag) : FL_OK;
}

fl_err fl_pack_file(fl_pack *pack, fl_str name, fl_str bytes, fl_diag *diag)
{
	FL_TRY(fl_pack_begin(pack, name, (int64_t)bytes.len, diag));
	return bytes.len ? fl_pack_write(pack, bytes, diag) : FL_OK;
}

fl_err fl_pack_copy(fl_pack *pack, int fd, int64_t offset, int64_t len, fl_diag *diag)
{
	static _Thread_local char block[256 << 10]; /* pool threads have small stacks */
	for (int64_t at = 0; at < len;) {
		ssize_t got = pread(fd, block, (size_t)FL_MIN((int64_t)sizeof(block), len - at), offset + at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fl_fail(diag, FL_IO, "a file cannot be read to its end");
		FL_TRY(fl_pack_write(pack, (fl_str) { block, (size_t)got }, diag));
		at += got;
	}
	return FL_OK;
}

fl_sha256 fl_pack_last(const fl_pack *pack)
{
	assert(pack->count > 0 && !pack->open);
	return pack->files[pack->count - 1].sha256;
}

/* ---- the seal ---- */

static void put_hash(fl_json_out *j, const fl_sha256 *hash)
{
	char hex[65];
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash->bytes[i]);
	fl_json_put_str(j, fl_str_make(hex, 64));
}

static void put_entry(fl_json_out *j, const fl_pack_entry *e)
{
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("name"));
	fl_json_put_str(j, e->name);
	fl_json_key(j, FL_STR("size"));
	fl_json_put_i64(j, e->size);
	fl_json_key(j, FL_STR("sha256"));
	put_hash(j, &e->sha256);
	if (e->piece_count) {
		fl_json_key(j, FL_STR("pieces"));
		fl_json_open(j, '[');
		for (size_t i = 0; i < e->piece_count; i++)
			put_hash(j, &e->pieces[i]);
		fl_json_close(j, ']');
	}
	fl_json_close(j, '}');
}

static void put_manifest(fl_pack *pack, fl_str about, int64_t made_us, fl_buf *buf)
{
	fl_json_out j = { .buf = buf };
	char text[FL_TIME_TEXT_MAX];
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("format"));
	fl_json_put_str(&j, FL_STR(FL_PACK_FORMAT));
	fl_json_key(&j, FL_STR("madeAt"));
	fl_json_put_str(&j, fl_str_make(text, fl_time_format(made_us, text)));
	if (about.len) {
		fl_buf_char(buf, ',');
		fl_buf_str(buf, about);
	}
	fl_json_key(&j, FL_STR("pieceSize"));
	fl_json_put_i64(&j, FL_PACK_PIECE);
	fl_json_key(&j, FL_STR("files"));
	fl_json_open(&j, '[');
	for (size_t i = 0; i < pack->count; i++)
		put_entry(&j, &pack->files[i]);
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	fl_buf_char(buf, '\n');
}

static void put_sum(fl_buf *buf, const fl_sha256 *hash, fl_str name)
{
	fl_buf_hex(buf, hash->bytes, sizeof(hash->bytes));
	fl_buf_lit(buf, "  ");
	fl_buf_str(buf, name);
	fl_buf_char(buf, '\n');
}

static fl_err put_last(fl_pack *pack, fl_str name, const fl_buf *buf, fl_pack_entry *out, fl_diag *diag)
{
	FL_TRY(fl_buf_err(buf));
	FL_TRY(begin(pack, name, (int64_t)buf->len, diag));
	FL_TRY(write_bytes(pack, fl_buf_view(buf), diag));
	return end(pack, out, diag);
}

fl_err fl_pack_seal(fl_pack *pack, fl_str about, int64_t made_us, fl_diag *diag, fl_sha256 *manifest, int64_t *bytes)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(FL_PACK_MANIFEST_MAX), sums = fl_buf_make(FL_PACK_MANIFEST_MAX);
	fl_pack_entry last;
	assert(!pack->open);
	put_manifest(pack, about, made_us, &text);
	FL_TRY(put_last(pack, FL_STR(FL_PACK_MANIFEST), &text, &last, diag));
	*manifest = last.sha256;
	for (size_t i = 0; i < pack->count; i++)
		put_sum(&sums, &pack->files[i].sha256, pack->files[i].name);
	put_sum(&sums, &last.sha256, FL_STR(FL_PACK_MANIFEST));
	FL_TRY(put_last(pack, FL_STR(FL_PACK_SUMS), &sums, &last, diag));
	if (archive_write_close(pack->zip) != ARCHIVE_OK)
		return failed(pack, diag);
	*bytes = pack->bytes;
	return FL_OK;
}
