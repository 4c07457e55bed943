#include "archive/register.h"
#include "backup/sealed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64 << 10, AT_ONCE = 1000 };

/* ---- keeping ---- */

static bool is_there(const char *dir, const char *name)
{
	char path[PATH_MAX];
	return snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path) && access(path, F_OK) == 0;
}

static fl_err keep_line(const fl_register *reg, fl_uuid id, fl_str line, int64_t *kept, fl_diag *diag)
{
	char text[FL_UUID_TEXT + 1], name[80], file[96];
	fl_sealed_size size;
	fl_uuid_format(id, text);
	snprintf(name, sizeof(name), "erasures/%s", text);
	snprintf(file, sizeof(file), "%s.sealed", name);
	if (is_there(reg->dir, file))
		return FL_OK;
	int fd = memfd_create("erasure", MFD_CLOEXEC);
	if (fd < 0)
		return FL_NOMEM;
	fl_err err = write(fd, line.ptr, line.len) == (ssize_t)line.len && lseek(fd, 0, SEEK_SET) == 0 ? FL_OK : FL_IO;
	if (err == FL_OK)
		err = fl_seal_into(reg->key, reg->dir, name, fd, &size, diag);
	close(fd);
	*kept += err == FL_OK;
	return err;
}

/* *more: there may be others after these. */
static fl_err keep_some(fl_register *reg, fl_pg *pg, fl_arena *mem, int64_t *kept, bool *more, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;
	int64_t before = reg->since;
	fl_arg_time(&args, reg->since);
	fl_arg_i32(&args, AT_ONCE);
	FL_TRY(fl_pg_query(pg, "SELECT id, done_at, line FROM fleet.erasures_register($1, $2)", &args, mem, &rows, diag));
	for (int i = 0; i < rows->count; i++) {
		FL_TRY(keep_line(reg, fl_row_uuid(rows, i, 0), fl_row_text(rows, i, 2), kept, diag));
		reg->since = fl_row_time(rows, i, 1);
	}
	*more = rows->count == AT_ONCE && reg->since > before;
	return FL_OK;
}

fl_err fl_register_keep(fl_register *reg, int64_t *kept, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(16 << 20);
	bool more = true;
	*kept = 0;
	if (!is_there(reg->dir, "base"))
		return FL_OK;
	fl_err err = fl_pg_open(reg->url, diag, &pg);
	while (err == FL_OK && more) {
		fl_arena_reset(&mem);
		err = keep_some(reg, pg, &mem, kept, &more, diag);
	}
	fl_arena_fini(&mem);
	return err;
}

/* ---- erasing again ---- */

static fl_err read_line(const fl_register *reg, const char *name, char *line, size_t *len, fl_diag *diag)
{
	fl_sealed_size size;
	int fd = memfd_create("erasure", MFD_CLOEXEC);
	if (fd < 0)
		return FL_NOMEM;
	fl_err err = fl_unseal_from(reg->key, reg->dir, name, fd, &size, diag);
	ssize_t got = err == FL_OK ? pread(fd, line, LINE_MAX_BYTES, 0) : 0;
	close(fd);
	if (err == FL_OK && got <= 0)
		return fl_fail(diag, FL_IO, "%s cannot be read", name);
	*len = (size_t)got;
	return err;
}

static fl_err apply(const fl_register *reg, fl_pg *pg, const char *file, fl_arena *mem, int64_t *again, fl_diag *diag)
{
	char name[300], *line = fl_arena_take(mem, LINE_MAX_BYTES);
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;
	size_t len = 0;
	if (!line)
		return FL_NOMEM;
	snprintf(name, sizeof(name), "erasures/%.*s", (int)(strlen(file) - strlen(".sealed")), file);
	FL_TRY(read_line(reg, name, line, &len, diag));
	fl_arg_jsonb(&args, (fl_str) { line, len });
	FL_TRY(fl_pg_query(pg, "SELECT platform.erasure_again($1)", &args, mem, &rows, diag));
	*again += fl_row_bool(rows, 0, 0);
	return FL_OK;
}

static bool is_line(const char *file)
{
	size_t len = strlen(file);
	return len == FL_UUID_TEXT + strlen(".sealed") && strcmp(file + FL_UUID_TEXT, ".sealed") == 0;
}

fl_err fl_register_again(const fl_register *reg, int64_t *again, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(4 << 20);
	char path[PATH_MAX];
	fl_err err = FL_OK;
	*again = 0;
	snprintf(path, sizeof(path), "%s/erasures", reg->dir);
	DIR *folder = opendir(path);
	if (!folder) {
		fl_arena_fini(&mem);
		return errno == ENOENT ? FL_OK : fl_fail(diag, FL_IO, "%s cannot be read", path);
	}
	err = fl_pg_open(reg->url, diag, &pg);
	for (struct dirent *entry; err == FL_OK && (entry = readdir(folder));) {
		fl_arena_reset(&mem);
		if (is_line(entry->d_name))
			err = apply(reg, pg, entry->d_name, &mem, again, diag);
	}
	closedir(folder);
	fl_arena_fini(&mem);
	return err;
}

/* ---- copies ---- */

static fl_err copy_file(const char *from_dir, const char *to_dir, const char *file, fl_diag *diag)
{
	char from[PATH_MAX + 80], to[PATH_MAX + 80], bytes[LINE_MAX_BYTES + 4096];
	snprintf(from, sizeof(from), "%s/erasures/%s", from_dir, file);
	snprintf(to, sizeof(to), "%s/erasures/%s", to_dir, file);
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t len = in < 0 ? -1 : read(in, bytes, sizeof(bytes));
	bool good = len > 0 && out >= 0 && write(out, bytes, (size_t)len) == len && fsync(out) == 0;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return good ? FL_OK : fl_fail(diag, FL_IO, "%s cannot be copied", from);
}

fl_err fl_register_copy(const char *dir, const char *to, fl_diag *diag)
{
	char path[PATH_MAX], made[PATH_MAX];
	fl_err err = FL_OK;
	snprintf(path, sizeof(path), "%s/erasures", dir);
	snprintf(made, sizeof(made), "%s/erasures", to);
	DIR *folder = opendir(path);
	if (!folder)
		return errno == ENOENT ? FL_OK : fl_fail(diag, FL_IO, "%s cannot be read", path);
	if (mkdir(made, 0700) != 0 && errno != EEXIST)
		err = fl_fail(diag, FL_IO, "%s cannot be made", made);
	for (struct dirent *entry; err == FL_OK && (entry = readdir(folder));)
		if (is_line(entry->d_name))
			err = copy_file(dir, to, entry->d_name, diag);
	closedir(folder);
	return err;
}

bool fl_register_is_there(const char *dir)
{
	return is_there(dir, "erasures");
}

void fl_register_remove(const char *dir)
{
	char path[PATH_MAX], file[PATH_MAX + 300];
	snprintf(path, sizeof(path), "%s/erasures", dir);
	DIR *folder = opendir(path);
	if (!folder)
		return;
	for (struct dirent *entry; (entry = readdir(folder));)
		if (is_line(entry->d_name)) {
			snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
			unlink(file);
		}
	closedir(folder);
	rmdir(path);
}
