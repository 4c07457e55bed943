/* Photos in backups: each under its own name, once, however many base backups there are. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_int.h"

enum { HEX = 64 };

static bool is_blob(const FTSENT *e)
{
	return e->fts_info == FTS_F && e->fts_level == 3 && strspn(e->fts_name, "0123456789abcdef") >= HEX;
}

/* Walks over the files ab/cd/abcd... below path. */
static fl_err each_blob(const char *path, fl_err (*visit)(void *arg, const FTSENT *e), void *arg, fl_diag *diag)
{
	char *paths[] = { (char *)path, NULL };
	struct stat st;
	fl_err err = FL_OK;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? FL_OK : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!walk)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	for (FTSENT *e; err == FL_OK && (e = fts_read(walk));)
		if (is_blob(e))
			err = visit(arg, e);
	fts_close(walk);
	return err;
}

typedef struct copying {
	const fl_backup_site *site;
	const fl_backup_key *key;
	fl_backup_note *note;
	fl_diag *diag;
} copying;

static fl_err copy_one(void *arg, const FTSENT *e)
{
	copying *c = arg;
	char name[128], kept[PATH_MAX];
	struct stat st;
	fl_sealed_size size;
	snprintf(name, sizeof(name), "blobs/%.2s/%.2s/%.*s", e->fts_name, e->fts_name + 2, HEX, e->fts_name);
	snprintf(kept, sizeof(kept), "%s/%s.sealed", c->site->dir, name);
	c->note->blobs++;
	if (stat(kept, &st) == 0)
		return fl_backup_seen(kept, c->note->started_at, c->diag);
	int in = open(e->fts_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return errno == ENOENT ? FL_OK : fl_fail(c->diag, FL_IO, "%s: %s", e->fts_path, strerror(errno));
	fl_err err = fl_seal_into(c->key, c->site->dir, name, in, &size, c->diag);
	close(in);
	c->note->blobs_new++;
	c->note->kept_bytes += size.sealed;
	return err == FL_OK ? fl_backup_seen(kept, c->note->started_at, c->diag) : err;
}

fl_err fl_backup_blobs_copy(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *note, fl_diag *diag)
{
	copying c = { site, key, note, diag };
	return each_blob(site->blobs, copy_one, &c, diag);
}

typedef struct restoring {
	const char *dir, *to;
	const fl_backup_key *key;
	int64_t *count;
	fl_diag *diag;
} restoring;

static fl_err make_place(const restoring *r, const char *hex, char out[PATH_MAX])
{
	for (int len = 0; len <= 6; len += 3) {
		snprintf(out, PATH_MAX, "%s/%.2s/%.2s", r->to, hex, hex + 2);
		out[strlen(r->to) + (size_t)len] = 0;
		if (mkdir(out, 0700) != 0 && errno != EEXIST)
			return fl_fail(r->diag, FL_IO, "%s: %s", out, strerror(errno));
	}
	snprintf(out, PATH_MAX, "%s/%.2s/%.2s/%.*s", r->to, hex, hex + 2, HEX, hex);
	return FL_OK;
}

static fl_err restore_one(void *arg, const FTSENT *e)
{
	restoring *r = arg;
	char name[128], path[PATH_MAX];
	fl_sealed_size size;
	int out = -1;
	snprintf(name, sizeof(name), "blobs/%.2s/%.2s/%.*s", e->fts_name, e->fts_name + 2, HEX, e->fts_name);
	if (r->to) {
		FL_TRY(make_place(r, e->fts_name, path));
		out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (out < 0)
			return fl_fail(r->diag, FL_IO, "%s: %s", path, strerror(errno));
	}
	fl_err err = fl_unseal_from(r->key, r->dir, name, out, &size, r->diag);
	if (out >= 0)
		close(out);
	++*r->count;
	return err;
}

fl_err fl_backup_blobs_restore(const char *dir, const fl_backup_key *key, const char *to, int64_t *count, fl_diag *diag)
{
	char path[PATH_MAX];
	restoring r = { dir, to, key, count, diag };
	*count = 0;
	snprintf(path, sizeof(path), "%s/blobs", dir);
	return each_blob(path, restore_one, &r, diag);
}
