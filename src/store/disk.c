/* Blobs on local disk: written under a temporary name, synced, linked into place. */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 80 }; /* ab/cd/ + 64 digits + NUL */

struct fl_store {
	int dir, tmp; /* descriptors of HOME/blobs and HOME/blobs/tmp: renaming HOME does not lose them */
	char path[PATH_MAX];
};

static fl_err io_error(const fl_store *store, fl_diag *diag, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return fl_fail(diag, FL_DISK_FULL, "the disk of %s is full", store->path);
	return fl_fail(diag, FL_IO, "%s: %s: %s", store->path, what, strerror(errno));
}

fl_err fl_store_open(const char *dir, fl_store **out, fl_diag *diag)
{
	fl_store *store = calloc(1, sizeof(*store));
	if (!store)
		return FL_NOMEM;
	snprintf(store->path, sizeof(store->path), "%s", dir);
	store->tmp = -1;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		goto fail;
	store->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0)
		goto fail;
	if (mkdirat(store->dir, "tmp", 0700) != 0 && errno != EEXIST)
		goto fail;
	store->tmp = openat(store->dir, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->tmp < 0)
		goto fail;
	*out = store;
	return FL_OK;
fail:;
	fl_err err = io_error(store, diag, "the folder for photos cannot be made");
	fl_store_close(store);
	return err;
}

void fl_store_close(fl_store *store)
{
	if (!store)
		return;
	if (store->dir > 0)
		close(store->dir);
	if (store->tmp >= 0)
		close(store->tmp);
	free(store);
}

/* "ab/cd/abcd..." */
static void blob_name(fl_sha256 id, char out[NAME_MAX_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char hex[65];
	for (size_t i = 0; i < sizeof(id.bytes); i++) {
		hex[2 * i] = digits[id.bytes[i] >> 4];
		hex[2 * i + 1] = digits[id.bytes[i] & 15];
	}
	hex[64] = 0;
	snprintf(out, NAME_MAX_BYTES, "%.2s/%.2s/%s", hex, hex + 2, hex);
}

/* ---- Puts and removals of the same blob ----
 * A lock of one byte of HOME/blobs/lock, the folder's number. Each taker opens the file for itself: the lock is that of the open file, so it
 * holds between threads too, and ends with its process. */

static int lock_folder(fl_store *store, fl_sha256 id, short type, bool wait)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = id.bytes[0] << 8 | id.bytes[1], .l_len = 1 };
	int rc, fd = openat(store->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	do
		rc = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
	while (rc != 0 && wait && errno == EINTR);
	if (rc == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static bool blob_exists(fl_store *store, fl_sha256 id, int64_t size)
{
	char name[NAME_MAX_BYTES];
	struct stat st;
	blob_name(id, name);
	return fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_size == size;
}

static fl_err sync_dir_at(fl_store *store, const char *name)
{
	int fd = openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return FL_IO;
	int rc = fsync(fd);
	close(fd);
	return rc == 0 ? FL_OK : FL_IO;
}

/* Makes one level of folders; a new one is synced into its parent, so that a power cut cannot lose what is linked below it. */
static fl_err make_dir(fl_store *store, const char *name, const char *parent)
{
	if (mkdirat(store->dir, name, 0700) == 0)
		return sync_dir_at(store, parent);
	return errno == EEXIST ? FL_OK : FL_IO;
}

static fl_err make_dirs(fl_store *store, const char *name)
{
	char first[4], second[8];
	snprintf(first, sizeof(first), "%.2s", name);
	snprintf(second, sizeof(second), "%.5s", name);
	FL_TRY(make_dir(store, first, "."));
	return make_dir(store, second, first);
}

/* Gives the finished file behind fd its name. On FL_OK the name is durable. A blob that is there already was put now as well. */
static fl_err link_blob(fl_store *store, int fd, fl_sha256 id, fl_diag *diag)
{
	char name[NAME_MAX_BYTES], proc[32], parent[8];
	blob_name(id, name);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	snprintf(parent, sizeof(parent), "%.5s", name);
	if (make_dirs(store, name) != FL_OK)
		return io_error(store, diag, "a folder for photos cannot be made");
	if (linkat(AT_FDCWD, proc, store->dir, name, AT_SYMLINK_FOLLOW) != 0 &&
		(errno != EEXIST || utimensat(store->dir, name, NULL, AT_SYMLINK_NOFOLLOW) != 0))
		return io_error(store, diag, "a photo cannot be kept");
	if (sync_dir_at(store, parent) != FL_OK) /* also when another put was faster: its name may not be durable yet */
		return io_error(store, diag, "a photo cannot be kept");
	return FL_OK;
}

/* A nameless file in tmp: a crash leaves nothing behind. */
static int open_nameless(fl_store *store)
{
	return openat(store->tmp, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0440);
}

static fl_err write_all(int fd, const char *bytes, size_t len, int64_t offset)
{
	while (len > 0) {
		ssize_t put = pwrite(fd, bytes, len, offset);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return FL_IO;
		bytes += put;
		len -= (size_t)put;
		offset += put;
	}
	return FL_OK;
}

static fl_err copy_file(int from, int to, int64_t size)
{
	for (int64_t left = size; left > 0;) {
		off_t in = size - left, out = in;
		ssize_t moved = copy_file_range(from, &in, to, &out, (size_t)left, 0);
		if (moved > 0) {
			left -= moved;
			continue;
		}
		if (moved < 0 && errno == EINTR)
			continue;
		char block[65536];
		ssize_t got = pread(from, block, FL_MIN(sizeof(block), (size_t)left), in); /* not every file system can */
		if (got <= 0)
			return FL_IO;
		FL_TRY(write_all(to, block, (size_t)got, out));
		left -= got;
	}
	return FL_OK;
}

static fl_err keep_locked(fl_store *store, int fd, const fl_blob *blob, fl_diag *diag)
{
	if (!blob_exists(store, blob->id, blob->size) && fsync(fd) != 0)
		return io_error(store, diag, "a photo cannot be written");
	FL_TRY(link_blob(store, fd, blob->id, diag));
	if (!blob_exists(store, blob->id, blob->size))
		return fl_fail(diag, FL_IO, "%s: a kept photo is damaged on disk", store->path);
	return FL_OK;
}

/* Nobody removes it meanwhile: puts share the folder's lock, a removal has it alone. */
static fl_err keep(fl_store *store, int fd, const fl_blob *blob, fl_diag *diag)
{
	int lock = lock_folder(store, blob->id, F_RDLCK, true);
	if (lock < 0)
		return io_error(store, diag, "a photo cannot be kept");
	fl_err err = keep_locked(store, fd, blob, diag);
	close(lock);
	return err;
}

fl_err fl_store_put_fd_now(fl_store *store, int fd, fl_blob *out, fl_diag *diag)
{
	fl_blob blob;
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fl_fail(diag, FL_IO, "only a plain file can be stored");
	if (st.st_size > FL_STORE_BLOB_MAX)
		return fl_fail(diag, FL_TOO_LARGE, "the file is larger than %d MB", FL_STORE_BLOB_MAX >> 20);
	int copy = open_nameless(store);
	if (copy < 0)
		return io_error(store, diag, "a photo cannot be written");
	fl_err err = copy_file(fd, copy, st.st_size);
	if (err != FL_OK)
		err = io_error(store, diag, "a photo cannot be written");
	if (err == FL_OK) /* of the copy: the source may be changing under us */
		err = fl_sha256_of_fd(copy, &blob.id, &blob.size);
	if (err == FL_OK)
		err = keep(store, copy, &blob, diag);
	close(copy);
	if (err == FL_OK)
		*out = blob;
	return err;
}

fl_err fl_store_put_now(fl_store *store, fl_str bytes, fl_blob *out, fl_diag *diag)
{
	fl_blob blob = { .id = fl_sha256_of(bytes), .size = (int64_t)bytes.len };
	if (bytes.len > FL_STORE_BLOB_MAX)
		return fl_fail(diag, FL_TOO_LARGE, "the file is larger than %d MB", FL_STORE_BLOB_MAX >> 20);
	int fd = open_nameless(store);
	if (fd < 0)
		return io_error(store, diag, "a photo cannot be written");
	fl_err err = write_all(fd, bytes.ptr, bytes.len, 0);
	if (err != FL_OK)
		err = io_error(store, diag, "a photo cannot be written");
	else
		err = keep(store, fd, &blob, diag);
	close(fd);
	if (err == FL_OK)
		*out = blob;
	return err;
}

fl_err fl_store_open_blob_now(fl_store *store, fl_sha256 id, int *fd, int64_t *size, fl_diag *diag)
{
	char name[NAME_MAX_BYTES];
	struct stat st;
	blob_name(id, name);
	int found = openat(store->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (found < 0)
		return errno == ENOENT ? FL_NOT_FOUND : io_error(store, diag, "a photo cannot be read");
	if (fstat(found, &st) != 0) {
		close(found);
		return io_error(store, diag, "a photo cannot be read");
	}
	*fd = found;
	*size = st.st_size;
	return FL_OK;
}

fl_err fl_store_drop_now(fl_store *store, fl_sha256 id, fl_diag *diag)
{
	char name[NAME_MAX_BYTES];
	blob_name(id, name);
	if (unlinkat(store->dir, name, 0) != 0 && errno != ENOENT)
		return io_error(store, diag, "a file cannot be removed");
	return FL_OK;
}

/* ---- What nobody names ---- */

static bool hex_byte(const char *text, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *high = text[0] ? strchr(digits, text[0]) : NULL, *low = high && text[1] ? strchr(digits, text[1]) : NULL;
	if (low)
		*out = (uint8_t)((high - digits) << 4 | (low - digits));
	return low != NULL;
}

static bool name_of(const char *text, fl_sha256 *out)
{
	for (size_t i = 0; i < sizeof(out->bytes); i++)
		if (!hex_byte(text + 2 * i, &out->bytes[i]))
			return false;
	return text[2 * sizeof(out->bytes)] == 0;
}

static fl_err visit_folder(
	fl_store *store, const char *name, fl_err (*visit)(void *arg, const fl_store_entry *entry), void *arg, fl_diag *diag)
{
	int fd = openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	fl_err err = FL_OK;
	if (!folder) {
		err = errno == ENOENT ? FL_OK : io_error(store, diag, "a folder cannot be read");
		if (fd >= 0)
			close(fd);
		return err;
	}
	for (struct dirent *e; err == FL_OK && (e = readdir(folder));) {
		fl_store_entry entry;
		struct stat st;
		if (!name_of(e->d_name, &entry.blob.id) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		entry.blob.size = st.st_size;
		entry.put_at = st.st_mtim.tv_sec * FL_SECOND_US + st.st_mtim.tv_nsec / 1000;
		err = visit(arg, &entry);
	}
	closedir(folder);
	return err;
}

fl_err fl_store_each(fl_store *store, uint8_t first, fl_err (*visit)(void *arg, const fl_store_entry *entry), void *arg, fl_diag *diag)
{
	char name[8];
	snprintf(name, sizeof(name), "%02x", first);
	if (faccessat(store->dir, name, F_OK, 0) != 0)
		return errno == ENOENT ? FL_OK : io_error(store, diag, "a folder cannot be read");
	for (int second = 0; second < 256; second++) {
		snprintf(name, sizeof(name), "%02x/%02x", first, second);
		FL_TRY(visit_folder(store, name, visit, arg, diag));
	}
	return FL_OK;
}

static fl_err remove_locked(fl_store *store, const char *name, int64_t put_before, bool *removed, fl_diag *diag)
{
	struct stat st;
	bool there = fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && errno != ENOENT)
		return io_error(store, diag, "a file cannot be looked at");
	if (there && st.st_mtim.tv_sec * FL_SECOND_US + st.st_mtim.tv_nsec / 1000 >= put_before)
		return FL_OK;
	if (there && unlinkat(store->dir, name, 0) != 0 && errno != ENOENT)
		return io_error(store, diag, "a file cannot be removed");
	*removed = true;
	return FL_OK;
}

fl_err fl_store_remove_old(fl_store *store, fl_sha256 id, int64_t put_before, bool *removed, fl_diag *diag)
{
	char name[NAME_MAX_BYTES];
	blob_name(id, name);
	*removed = false;
	int lock = lock_folder(store, id, F_WRLCK, false);
	if (lock < 0)
		return errno == EAGAIN || errno == EACCES ? FL_OK : io_error(store, diag, "a file cannot be removed");
	fl_err err = remove_locked(store, name, put_before, removed, diag);
	close(lock);
	return err;
}

fl_err fl_store_mark_get(fl_store *store, fl_arena *mem, fl_str *out, fl_diag *diag)
{
	char text[FL_STORE_MARK_MAX];
	int fd = openat(store->dir, "owner", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return io_error(store, diag, "the store's owner cannot be read");
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	if (len < 0)
		return io_error(store, diag, "the store's owner cannot be read");
	*out = fl_str_dup(mem, (fl_str) { text, (size_t)len });
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* Whole or not at all, as a blob is. */
fl_err fl_store_mark_set(fl_store *store, fl_str mark, fl_diag *diag)
{
	assert(mark.len <= FL_STORE_MARK_MAX);
	int fd = openat(store->tmp, "owner", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write_all(fd, mark.ptr, mark.len, 0) == FL_OK && fsync(fd) == 0 &&
		    renameat(store->tmp, "owner", store->dir, "owner") == 0 && fsync(store->dir) == 0;
	fl_err err = good ? FL_OK : io_error(store, diag, "the store's owner cannot be written");
	if (fd >= 0)
		close(fd);
	return err;
}
