#include "app/home.h"

#include "crypt/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_FOLDER_MAX = 80 }; /* a socket's path has room for 107 bytes, its name included */

static fl_err find_path(const char *config_home, char out[PATH_MAX], fl_diag *diag)
{
	const char *root = getenv("FLEET_ROOT"); /* the launcher tells where the checkout is */
	char cwd[PATH_MAX] = "";
	bool absolute = config_home[0] == '/', ours = strcmp(config_home, ".fleet") == 0 && root && root[0] == '/';
	if (!absolute && !ours && !getcwd(cwd, sizeof(cwd)))
		return fl_fail(diag, FL_IO, "the current folder is gone");
	const char *base = absolute ? "" : ours ? root : cwd;
	if (snprintf(out, PATH_MAX, "%s%s%s", base, absolute ? "" : "/", config_home) >= PATH_MAX - 64)
		return fl_fail(diag, FL_BAD_INPUT, "the path of --home is too long");
	return FL_OK;
}

/* Can this user get into the folder that HOME is to stand in? */
static bool reachable(const char *path, const struct passwd *user)
{
	char parent[PATH_MAX];
	snprintf(parent, sizeof(parent), "%s", path);
	char *slash = strrchr(parent, '/');
	if (slash && slash != parent)
		*slash = 0;
	if (setegid(user->pw_gid) != 0 || seteuid(user->pw_uid) != 0)
		return false;
	bool yes = faccessat(AT_FDCWD, parent, X_OK, AT_EACCESS) == 0;
	if (seteuid(0) != 0 || setegid(0) != 0)
		abort(); /* neither root nor the user: nothing sensible is left to do */
	return yes;
}

static fl_err make_owned(const char *path, const struct passwd *user, fl_diag *diag)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fl_fail(diag, FL_IO, "%s cannot be made: %s", path, strerror(errno));
	if (chown(path, user->pw_uid, user->pw_gid) != 0)
		return fl_fail(diag, FL_IO, "%s cannot be given to the user %s: %s", path, user->pw_name, strerror(errno));
	return FL_OK;
}

/* /var/lib/fleet/NAME, where NAME is made of HOME's path: the same checkout finds the same data again. */
static fl_err make_elsewhere(const char *path, const struct passwd *user, fl_diag *diag)
{
	char target[PATH_MAX];
	fl_sha256 sum = fl_sha256_of(fl_str_z(path));
	if ((mkdir("/var/lib/fleet", 0755) != 0 && errno != EEXIST) || chmod("/var/lib/fleet", 0755) != 0) /* whatever the umask */
		return fl_fail(diag, FL_IO, "/var/lib/fleet cannot be made: %s", strerror(errno));
	snprintf(target, sizeof(target), "/var/lib/fleet/%02x%02x%02x%02x", sum.bytes[0], sum.bytes[1], sum.bytes[2], sum.bytes[3]);
	FL_TRY(make_owned(target, user, diag));
	if (symlink(target, path) != 0 && errno != EEXIST)
		return fl_fail(diag, FL_IO, "%s cannot be made: %s", path, strerror(errno));
	return FL_OK;
}

static fl_err become(const struct passwd *user, fl_diag *diag)
{
	if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return fl_fail(diag, FL_DENIED, "root could not become the user %s: %s", user->pw_name, strerror(errno));
	setenv("HOME", "/nonexistent", 1); /* root's own settings are not for this user */
	setenv("USER", user->pw_name, 1);
	setenv("LOGNAME", user->pw_name, 1);
	return FL_OK;
}

/* As root: makes HOME where it is missing, for an ordinary user, and becomes that user. path becomes the folder itself, without
 * links: the way to it may lead through folders that this user cannot enter. */
static fl_err leave_root(char path[PATH_MAX], bool create, fl_diag *diag)
{
	char resolved[PATH_MAX];
	struct stat st;
	bool there = stat(path, &st) == 0;
	const struct passwd *user = there && st.st_uid != 0 ? getpwuid(st.st_uid) : getpwnam("fleet");
	if (!user)
		return fl_fail(diag, FL_DENIED, "root does not run this: make a user for it (useradd --system fleet), or start it by ./fleet");
	if (!there && !create)
		return FL_NOT_FOUND;
	if (there && st.st_uid == 0)
		return fl_fail(diag, FL_DENIED, "%s belongs to root; run: chown -R fleet: %s", path, path);
	if (!there)
		FL_TRY(reachable(path, user) ? make_owned(path, user, diag) : make_elsewhere(path, user, diag));
	if (!realpath(path, resolved))
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	memcpy(path, resolved, sizeof(resolved));
	return become(user, diag);
}

static fl_err check_ours(const char *path, fl_diag *diag)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? FL_NOT_FOUND : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fl_fail(diag, FL_DENIED, "%s is not a folder", path);
	if (st.st_uid != geteuid() && geteuid() != 0) {
		const struct passwd *owner = getpwuid(st.st_uid);
		return fl_fail(diag, FL_DENIED, "%s belongs to %s. Run fleet as that user, or: sudo chown -R $USER %s", path,
			owner ? owner->pw_name : "another user", path);
	}
	return FL_OK;
}

static fl_err make_folder(const char *home, const char *name, bool create, char out[PATH_MAX], fl_diag *diag)
{
	if (snprintf(out, PATH_MAX, "%s/%s", home, name) >= PATH_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "the path of --home is too long");
	if (create && mkdir(out, 0700) != 0 && errno != EEXIST)
		return errno == ENOSPC || errno == EDQUOT ? fl_fail(diag, FL_DISK_FULL, "the disk of %s is full", home)
							  : fl_fail(diag, FL_IO, "%s cannot be made: %s", out, strerror(errno));
	return FL_OK;
}

/* A folder with a short name for the sockets; ours alone, or not used. */
static fl_err short_run(app_home *home, bool create, fl_diag *diag)
{
	fl_sha256 sum = fl_sha256_of(fl_str_z(home->path));
	struct stat st;
	snprintf(home->run, sizeof(home->run), "/tmp/fleet-%u-%02x%02x%02x%02x", (unsigned)geteuid(), sum.bytes[0], sum.bytes[1],
		sum.bytes[2], sum.bytes[3]);
	if (create && mkdir(home->run, 0700) != 0 && errno != EEXIST)
		return fl_fail(diag, FL_IO, "%s cannot be made: %s", home->run, strerror(errno));
	if (lstat(home->run, &st) == 0 && (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)))
		return fl_fail(diag, FL_DENIED, "%s is not ours alone; remove it", home->run);
	return FL_OK;
}

static fl_err make_folders(app_home *home, bool create, fl_diag *diag)
{
	const struct {
		const char *name;
		char *out;
	} folders[] = { { "secrets", home->secrets }, { "blobs", home->blobs }, { "tmp", home->tmp }, { "log", home->log } };
	for (size_t i = 0; i < FL_COUNT(folders); i++)
		FL_TRY(make_folder(home->path, folders[i].name, create, folders[i].out, diag));
	FL_TRY(make_folder(home->path, "pg", false, home->pg, diag)); /* made by who runs it */
	FL_TRY(make_folder(home->path, "redis", create, home->redis, diag));
	if (strlen(home->path) + strlen("/run") > SOCKET_FOLDER_MAX)
		return short_run(home, create, diag);
	return make_folder(home->path, "run", create, home->run, diag);
}

static fl_err enter(char path[PATH_MAX], app_home_mode mode, fl_diag *diag)
{
	bool create = mode == APP_HOME_MAKE;
	if (mode != APP_HOME_LOOK)
		umask(077);
	if (mode != APP_HOME_LOOK && geteuid() == 0)
		FL_TRY(leave_root(path, create, diag));
	if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
		return fl_fail(diag, FL_IO, "%s cannot be made: %s", path, strerror(errno));
	return check_ours(path, diag);
}

fl_err app_home_enter(const char *config_home, app_home_mode mode, app_home *home, fl_diag *diag)
{
	char path[PATH_MAX] = "", resolved[PATH_MAX];
	FL_TRY(find_path(config_home, path, diag));
	fl_err err = enter(path, mode, diag);
	if (err == FL_NOT_FOUND)
		return fl_fail(diag, FL_NOT_FOUND, "there is no %s yet: ./fleet up makes it (or name another by --home)", path);
	FL_TRY(err);
	if (!realpath(path, resolved))
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	memcpy(home->path, resolved, sizeof(home->path));
	return make_folders(home, mode == APP_HOME_MAKE, diag);
}
