/* Archives of old reports in backups. They are sealed already, with the backups' key and under their own name, so they are copied as they
 * lie and opened once to see that the copy is whole. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_int.h"

/* COMPANY/2021-03-ID.sealed below path; name without the end. */
static bool name_of(const FTSENT *e, char out[FL_ARCHIVE_NAME_MAX])
{
	fl_str file = fl_str_z(e->fts_name);
	if (e->fts_info != FTS_F || e->fts_level != 2 || !fl_str_ends(file, FL_STR(".sealed")))
		return false;
	return snprintf(out, FL_ARCHIVE_NAME_MAX, "%s/%.*s", e->fts_parent->fts_name, (int)(file.len - strlen(".sealed")), file.ptr) <
	       FL_ARCHIVE_NAME_MAX;
}

static fl_err each(const char *path, fl_err (*visit)(void *arg, const char *name, const FTSENT *e), void *arg, fl_diag *diag)
{
	char *paths[] = { (char *)path, NULL }, name[FL_ARCHIVE_NAME_MAX];
	struct stat st;
	fl_err err = FL_OK;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? FL_OK : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!walk)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	for (FTSENT *e; err == FL_OK && (e = fts_read(walk));)
		if (name_of(e, name))
			err = visit(arg, name, e);
	fts_close(walk);
	return err;
}

/* ---- copying ---- */

static fl_err failed(fl_diag *diag, const char *path)
{
	return fl_fail(diag, errno == ENOSPC || errno == EDQUOT ? FL_DISK_FULL : FL_IO, "%s: %s", path, strerror(errno));
}

static fl_err copy_bytes(int in, int out, const char *path, fl_diag *diag)
{
	char piece[64 << 10];
	ssize_t n;
	while ((n = read(in, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(diag, path);
		for (ssize_t at = 0, put; at < n; at += put)
			if ((put = write(out, piece + at, (size_t)(n - at))) < 0) {
				if (errno != EINTR)
					return failed(diag, path);
				put = 0;
			}
	}
	return fsync(out) == 0 ? FL_OK : failed(diag, path);
}

static fl_err make_folder(const char *dir, const char *name, fl_diag *diag)
{
	char path[PATH_MAX];
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return failed(diag, dir);
	snprintf(path, sizeof(path), "%s/%.*s", dir, (int)strcspn(name, "/"), name);
	return mkdir(path, 0700) == 0 || errno == EEXIST ? FL_OK : failed(diag, path);
}

static void sync_folder(const char *dir, const char *name)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%.*s", dir, (int)strcspn(name, "/"), name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* FROM/NAME.sealed to TO/NAME.sealed, whole and synced and seen to open, or not there. */
static fl_err copy(const char *from, const char *to, const fl_backup_key *key, const char *name, fl_diag *diag)
{
	char source[PATH_MAX], path[PATH_MAX], part[FL_ARCHIVE_NAME_MAX + 8], temporary[PATH_MAX];
	fl_sealed_size size;
	if (snprintf(source, sizeof(source), "%s/%s.sealed", from, name) >= (int)sizeof(source) ||
		snprintf(path, sizeof(path), "%s/%s.sealed", to, name) >= (int)sizeof(path) - 8)
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", to);
	snprintf(part, sizeof(part), "%s.part", name);
	snprintf(temporary, sizeof(temporary), "%s/%s.part", to, name);
	FL_TRY(make_folder(to, name, diag));
	int in = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return errno == ENOENT ? fl_fail(diag, FL_NOT_FOUND, "%s is not there", source) : failed(diag, source);
	int out = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	fl_err err = out < 0 ? failed(diag, temporary) : copy_bytes(in, out, temporary, diag);
	close(in);
	if (err == FL_OK && lseek(out, 0, SEEK_SET) != 0)
		err = failed(diag, temporary);
	if (err == FL_OK)
		err = fl_unseal(key, fl_str_z(name), out, -1, &size, diag);
	if (out >= 0)
		close(out);
	if (err == FL_OK && rename(temporary, path) != 0)
		err = failed(diag, path);
	if (err != FL_OK)
		unlink(temporary);
	else
		sync_folder(to, name);
	return err;
}

static bool is_there(const char *dir, const char *name)
{
	char path[PATH_MAX];
	return snprintf(path, sizeof(path), "%s/%s.sealed", dir, name) < (int)sizeof(path) && access(path, F_OK) == 0;
}

/* ---- into backups ---- */

static bool folder_of(const char *dir, const char *what, char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s/%s", dir, what) < PATH_MAX;
}

fl_err fl_backup_archive_put(const char *dir, const fl_backup_key *key, const char *archives, const char *name, fl_diag *diag)
{
	char base[PATH_MAX], to[PATH_MAX];
	if (!folder_of(dir, "base", base) || !folder_of(dir, "archives", to))
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", dir);
	if (access(base, F_OK) != 0 || is_there(to, name))
		return FL_OK;
	return copy(archives, to, key, name, diag);
}

typedef struct copying {
	const fl_backup_site *site;
	const fl_backup_key *key;
	fl_backup_note *note;
	fl_diag *diag;
} copying;

static fl_err copy_one(void *arg, const char *name, const FTSENT *e)
{
	copying *c = arg;
	char to[PATH_MAX], path[PATH_MAX];
	if (!folder_of(c->site->dir, "archives", to) || snprintf(path, sizeof(path), "%s/%s.sealed", to, name) >= (int)sizeof(path))
		return fl_fail(c->diag, FL_BAD_INPUT, "%s: the path is too long", c->site->dir);
	c->note->archives++;
	if (!is_there(to, name)) {
		FL_TRY(copy(c->site->archives, to, c->key, name, c->diag));
		c->note->archives_new++;
		c->note->kept_bytes += e->fts_statp->st_size;
	}
	return fl_backup_seen(path, c->note->started_at, c->diag);
}

fl_err fl_backup_archives_copy(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *note, fl_diag *diag)
{
	copying c = { site, key, note, diag };
	return site->archives ? each(site->archives, copy_one, &c, diag) : FL_OK;
}

/* ---- checking, and out of backups ---- */

typedef struct checking {
	const char *dir;
	const fl_backup_key *key;
	fl_diag *diag;
} checking;

static fl_err check_one(void *arg, const char *name, const FTSENT *e)
{
	checking *c = arg;
	fl_sealed_size size;
	(void)e;
	return fl_unseal_from(c->key, c->dir, name, -1, &size, c->diag);
}

fl_err fl_backup_archives_check(const char *dir, const fl_backup_key *key, fl_diag *diag)
{
	char from[PATH_MAX];
	checking c = { from, key, diag };
	if (!folder_of(dir, "archives", from))
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", dir);
	return each(from, check_one, &c, diag);
}

fl_err fl_backup_archive_restore(const char *dir, const fl_backup_key *key, const char *to, const char *name, fl_diag *diag)
{
	char from[PATH_MAX];
	if (!folder_of(dir, "archives", from))
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", dir);
	return copy(from, to, key, name, diag);
}

/* ---- what no kept backup needs any more ---- */

fl_err fl_backup_seen(const char *path, int64_t at, fl_diag *diag)
{
	struct timespec time = { .tv_sec = (time_t)(at / FL_SECOND_US), .tv_nsec = at % FL_SECOND_US * 1000 };
	return utimensat(AT_FDCWD, path, (struct timespec[]) { time, time }, 0) == 0 ? FL_OK : failed(diag, path);
}

/* Disks may keep time in steps of two seconds. */
static bool is_needed(const FTSENT *e, int64_t since)
{
	return e->fts_statp->st_mtim.tv_sec * FL_SECOND_US + e->fts_statp->st_mtim.tv_nsec / 1000 + 2 * FL_SECOND_US >= since;
}

fl_err fl_backup_forget(const char *dir, int64_t since, int64_t *removed, fl_diag *diag)
{
	char blobs[PATH_MAX], archives[PATH_MAX];
	if (!folder_of(dir, "blobs", blobs) || !folder_of(dir, "archives", archives))
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", dir);
	char *paths[] = { blobs, archives, NULL };
	fl_err err = FL_OK;
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!walk)
		return failed(diag, dir);
	for (FTSENT *e; err == FL_OK && (e = fts_read(walk));) {
		if (e->fts_info != FTS_F || !fl_str_ends(fl_str_z(e->fts_name), FL_STR(".sealed")) || is_needed(e, since))
			continue;
		if (unlink(e->fts_accpath) != 0)
			err = failed(diag, e->fts_path);
		*removed += err == FL_OK;
	}
	fts_close(walk);
	return err;
}
