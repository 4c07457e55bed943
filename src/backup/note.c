/* Notes about base backups: DIR/base/NAME.json. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backup/backup_int.h"

enum { NOTE_MAX = 4096 };

static void put_i64(fl_json_out *j, const char *key, int64_t value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_i64(j, value);
}

static void put_text(fl_json_out *j, const char *key, const char *value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_str(j, fl_str_z(value));
}

static void put_time(fl_json_out *j, const char *key, int64_t at)
{
	char text[FL_TIME_TEXT_MAX];
	fl_time_format(at, text);
	put_text(j, key, text);
}

static void put_note(fl_json_out *j, const fl_backup_note *note)
{
	fl_json_open(j, '{');
	put_text(j, "name", note->name);
	put_time(j, "startedAt", note->started_at);
	put_time(j, "finishedAt", note->finished_at);
	put_text(j, "walFirst", note->wal_first);
	put_i64(j, "clusterBytes", note->cluster_bytes);
	put_i64(j, "keptBytes", note->kept_bytes);
	put_i64(j, "blobs", note->blobs);
	put_i64(j, "blobsNew", note->blobs_new);
	put_i64(j, "archives", note->archives);
	put_i64(j, "archivesNew", note->archives_new);
	fl_json_close(j, '}');
}

fl_err fl_backup_note_write(const char *dir, const fl_backup_note *note, fl_diag *diag)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8];
	FL_AUTO_BUF fl_buf text = fl_buf_make(NOTE_MAX);
	put_note(&(fl_json_out) { .buf = &text }, note);
	fl_buf_char(&text, '\n');
	FL_TRY(fl_buf_err(&text));
	snprintf(path, sizeof(path), "%s/base/%s.json", dir, note->name);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fl_fail(diag, FL_IO, "%s: %s", temporary, strerror(errno));
	bool ok = write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0 && rename(temporary, path) == 0;
	close(fd);
	return ok ? FL_OK : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
}

static void get_text(const fl_json *json, const char *key, char *out, size_t room)
{
	fl_str text = fl_json_str(fl_json_get(json, fl_str_z(key)), FL_STR(""));
	snprintf(out, room, "%" FL_FMT, FL_ARG(fl_str_slice(text, 0, room - 1)));
}

static bool read_note(const char *dir, const char *file, fl_backup_note *out)
{
	char path[PATH_MAX], text[NOTE_MAX];
	fl_arena mem = fl_arena_make(64 << 10);
	const fl_json *json;
	snprintf(path, sizeof(path), "%s/base/%s", dir, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	bool ok = len > 0 && fl_json_parse(&mem, (fl_str) { text, (size_t)len }, &json, NULL) == FL_OK;
	if (ok) {
		*out = (fl_backup_note) {
			.cluster_bytes = fl_json_int(fl_json_get(json, FL_STR("clusterBytes")), 0),
			.kept_bytes = fl_json_int(fl_json_get(json, FL_STR("keptBytes")), 0),
			.blobs = fl_json_int(fl_json_get(json, FL_STR("blobs")), 0),
			.blobs_new = fl_json_int(fl_json_get(json, FL_STR("blobsNew")), 0),
			.archives = fl_json_int(fl_json_get(json, FL_STR("archives")), 0),
			.archives_new = fl_json_int(fl_json_get(json, FL_STR("archivesNew")), 0),
		};
		get_text(json, "name", out->name, sizeof(out->name));
		get_text(json, "walFirst", out->wal_first, sizeof(out->wal_first));
		ok = out->name[0] && !strchr(out->name, '/') &&
		     fl_time_parse(fl_json_str(fl_json_get(json, FL_STR("startedAt")), FL_STR("")), &out->started_at) &&
		     fl_time_parse(fl_json_str(fl_json_get(json, FL_STR("finishedAt")), FL_STR("")), &out->finished_at);
	}
	fl_arena_fini(&mem);
	return ok;
}

static int by_start(const void *a, const void *b)
{
	int64_t x = ((const fl_backup_note *)a)->started_at, y = ((const fl_backup_note *)b)->started_at;
	return (x > y) - (x < y);
}

fl_err fl_backup_list(const char *dir, fl_arena *mem, fl_backup_note **out, size_t *count, fl_diag *diag)
{
	char path[PATH_MAX];
	*out = fl_new_array(mem, fl_backup_note, FL_BACKUPS_MAX);
	*count = 0;
	if (!*out)
		return FL_NOMEM;
	snprintf(path, sizeof(path), "%s/base", dir);
	DIR *folder = opendir(path);
	if (!folder)
		return errno == ENOENT ? FL_OK : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	for (struct dirent *e; *count < FL_BACKUPS_MAX && (e = readdir(folder));)
		if (fl_str_ends(fl_str_z(e->d_name), FL_STR(".json")) && read_note(dir, e->d_name, &(*out)[*count]))
			++*count;
	closedir(folder);
	qsort(*out, *count, sizeof(**out), by_start);
	return FL_OK;
}

/* ---- Pruning ---- */

static void remove_base(const char *dir, const char *name)
{
	static const char *const kinds[] = { "json", "tar.sealed", "keys.sealed" }; /* the note first: half a backup is none */
	char path[PATH_MAX];
	for (size_t i = 0; i < FL_COUNT(kinds); i++) {
		snprintf(path, sizeof(path), "%s/base/%s.%s", dir, name, kinds[i]);
		unlink(path);
	}
}

/* Segments sort by name within a timeline, and the first eight digits, the timeline, do not decide what is old. */
static void remove_log_before(const char *dir, const char *first)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/wal", dir);
	DIR *folder = opendir(path);
	if (!folder)
		return;
	for (struct dirent *e; (e = readdir(folder));) {
		fl_str name = fl_str_z(e->d_name);
		bool segment = name.len == strlen("000000010000000000000042.sealed") && fl_str_ends(name, FL_STR(".sealed"));
		if (segment && strncmp(e->d_name + 8, first + 8, 16) < 0)
			unlinkat(dirfd(folder), e->d_name, 0);
	}
	closedir(folder);
}

fl_err fl_backup_prune(const char *dir, size_t keep, size_t *removed, fl_diag *diag)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_backup_note *notes;
	size_t count;
	*removed = 0;
	fl_err err = fl_backup_list(dir, &mem, &notes, &count, diag);
	if (err == FL_OK && count > keep && keep > 0) {
		for (; *removed < count - keep; ++*removed)
			remove_base(dir, notes[*removed].name);
		if (strlen(notes[*removed].wal_first) == 24)
			remove_log_before(dir, notes[*removed].wal_first);
	}
	int64_t forgotten = 0;
	if (err == FL_OK && count > *removed)
		err = fl_backup_forget(dir, notes[*removed].started_at, &forgotten, diag);
	fl_arena_fini(&mem);
	return err;
}
