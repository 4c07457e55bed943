/* Secrets in files: complete or absent, readable by their owner only. */
#include "crypt/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static fl_err check_owner(int fd, const char *path, fl_diag *diag)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fl_fail(diag, FL_FORBIDDEN, "%s is not a plain file", path);
	if (st.st_mode & 077)
		return fl_fail(diag, FL_FORBIDDEN, "%s can be read by others; run: chmod 600 %s", path, path);
	return FL_OK;
}

static fl_err read_all(int fd, const char *path, void *out, size_t max, size_t *len, fl_diag *diag)
{
	size_t have = 0;
	while (have < max) {
		ssize_t got = read(fd, (char *)out + have, max - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
		if (got == 0)
			break;
		have += (size_t)got;
	}
	*len = have;
	return FL_OK;
}

fl_err fl_secret_read(const char *dir, const char *name, void *out, size_t max, size_t *len, fl_diag *diag)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return fl_fail(diag, FL_IO, "%s: the path is too long", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return FL_NOT_FOUND;
	if (fd < 0)
		return fl_fail(diag, errno == EACCES ? FL_FORBIDDEN : FL_IO, "%s: %s", path, strerror(errno));
	fl_err err = check_owner(fd, path, diag);
	if (err == FL_OK)
		err = read_all(fd, path, out, max, len, diag);
	close(fd);
	return err;
}

static fl_err write_synced(const char *path, fl_str bytes, fl_diag *diag)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	fl_err err = FL_OK;
	if (write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len || fsync(fd) != 0)
		err = fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	close(fd);
	return err;
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

fl_err fl_secret_create(const char *dir, const char *name, fl_str bytes, fl_diag *diag)
{
	char path[PATH_MAX], temporary[PATH_MAX], random[9] = "";
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return fl_fail(diag, FL_IO, "%s: %s", dir, strerror(errno));
	fl_random_text(random, sizeof(random) - 1);
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) ||
	    snprintf(temporary, sizeof(temporary), "%s/.%s.%s", dir, name, random) >= (int)sizeof(temporary))
		return fl_fail(diag, FL_IO, "%s: the path is too long", dir);

	fl_err err = write_synced(temporary, bytes, diag);
	if (err == FL_OK && link(temporary, path) != 0) /* link, not rename: it never replaces */
		err = errno == EEXIST ? FL_DUPLICATE : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	unlink(temporary);
	if (err == FL_OK)
		sync_dir(dir);
	return err;
}

fl_err fl_secret_random(const char *dir, const char *name, void *out, size_t len, fl_diag *diag)
{
	size_t have = 0;
	fl_err err = fl_secret_read(dir, name, out, len, &have, diag);
	if (err == FL_NOT_FOUND) {
		fl_random(out, len);
		err = fl_secret_create(dir, name, fl_str_make(out, len), diag);
		if (err == FL_OK)
			return FL_OK;
		if (err == FL_DUPLICATE) /* another process was faster: its secret counts */
			err = fl_secret_read(dir, name, out, len, &have, diag);
	}
	if (err == FL_OK && have != len)
		return fl_fail(diag, FL_IO, "%s/%s is too short; remove it to have a new one made", dir, name);
	return err;
}
