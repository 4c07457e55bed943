/* The write-ahead log: PostgreSQL hands segments over, and asks for them back. */
#include "backup/backup_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* 000000010000000000000042, its .partial and .backup relatives, and 00000002.history. */
static bool is_wal_name(fl_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.'))
			return false;
	}
	return name.len >= 8 && name.len <= 64 && fl_str_find(name, FL_STR("..")) < 0;
}

static fl_err wal_name(const char *name, char out[128], fl_diag *diag)
{
	if (!is_wal_name(fl_str_z(name)))
		return fl_fail(diag, FL_BAD_INPUT, "'%.80s' is no segment of PostgreSQL's log", name);
	snprintf(out, 128, "wal/%s", name);
	return FL_OK;
}

/* Whether what is kept under this name is this very file. PostgreSQL hands a segment over again when it could not note that it
 * had; another content under the name would mean that two clusters share a folder. */
static fl_err same_as_kept(const char *dir, const fl_backup_key *key, const char *name, int in, bool *there, fl_diag *diag)
{
	FILE *copy = tmpfile();
	char kept[8192], given[8192];
	fl_sealed_size size;
	fl_err err = copy ? fl_unseal_from(key, dir, name, fileno(copy), &size, diag) : FL_IO;
	bool same = err == FL_OK && lseek(fileno(copy), 0, SEEK_SET) == 0 && lseek(in, 0, SEEK_SET) == 0;
	while (same) {
		ssize_t a = read(fileno(copy), kept, sizeof(kept)), b = read(in, given, sizeof(given));
		same = a >= 0 && a == b && memcmp(kept, given, (size_t)a) == 0;
		if (a == 0)
			break;
	}
	if (copy)
		fclose(copy);
	*there = err != FL_NOT_FOUND;
	if (err != FL_OK)
		return err == FL_NOT_FOUND ? FL_OK : err;
	return same ? FL_OK
		    : fl_fail(diag, FL_CONFLICT, "%s is kept already with another content: do two installations share %s?", name,
			      dir);
}

fl_err fl_backup_wal_put(const char *dir, const fl_backup_key *key, const char *path, fl_diag *diag)
{
	const char *slash = strrchr(path, '/');
	char name[128];
	fl_sealed_size size;
	bool there = false;
	FL_TRY(wal_name(slash ? slash + 1 : path, name, diag));
	int in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	fl_err err = same_as_kept(dir, key, name, in, &there, diag);
	if (err == FL_OK && !there)
		err = fl_seal_into(key, dir, name, in, &size, diag);
	close(in);
	return err;
}

fl_err fl_backup_wal_get(const char *dir, const fl_backup_key *key, const char *name, const char *path, fl_diag *diag)
{
	char kept[128];
	fl_sealed_size size;
	FL_TRY(wal_name(name, kept, diag));
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	fl_err err = fl_unseal_from(key, dir, kept, out, &size, diag);
	close(out);
	if (err != FL_OK)
		unlink(path); /* PostgreSQL must not find half a segment */
	return err;
}

static int by_name(const void *a, const void *b)
{
	return fl_str_cmp(*(const fl_str *)a, *(const fl_str *)b);
}

enum { SEGMENTS_MAX = 200000 };

fl_err fl_backup_wal_names(const char *dir, fl_arena *mem, fl_str **out, size_t *count, fl_diag *diag)
{
	char path[PATH_MAX];
	fl_err err = FL_OK;
	*count = 0;
	*out = fl_new_array(mem, fl_str, SEGMENTS_MAX);
	snprintf(path, sizeof(path), "%s/wal", dir);
	DIR *folder = opendir(path);
	if (!*out || !folder) {
		if (folder)
			closedir(folder);
		return !*out ? FL_NOMEM : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	}
	for (struct dirent *e; err == FL_OK && *count < SEGMENTS_MAX && (e = readdir(folder));) {
		fl_str name = fl_str_z(e->d_name);
		if (!fl_str_ends(name, FL_STR(".sealed")))
			continue;
		(*out)[*count] = fl_str_fmt(mem, "wal/%.*s", (int)(name.len - strlen(".sealed")), name.ptr);
		err = (*out)[(*count)++].ptr ? FL_OK : FL_NOMEM;
	}
	closedir(folder);
	qsort(*out, *count, sizeof(**out), by_name);
	return err;
}
