/* The disk, and the keys that lie on it. */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "maintain/maintain_int.h"

bool fl_disk_of(const char *path, fl_disk *out)
{
	struct statvfs st;

	if (statvfs(path, &st) != 0 || st.f_blocks == 0)
		return false;
	out->total = (double)st.f_blocks * (double)st.f_frsize;
	out->used = out->total - (double)st.f_bfree * (double)st.f_frsize;
	out->free = (double)st.f_bavail * (double)st.f_frsize;
	return true;
}

static void one_disk(fl_maintain *m, const char *path, const char *name)
{
	fl_disk disk;

	/* As df counts: what only root may fill is not ours. */
	if (fl_disk_of(path, &disk))
		fl_found(m, FL_FIND_DISK_USED, 100 * disk.used / (disk.used + disk.free),
			fl_str_fmt(m->mem, "of %s; %.1f GB of %.1f GB are free", name, disk.free / (1 << 30), disk.total / (1 << 30)));
	else
		fl_found_unknown(m, FL_FIND_DISK_USED, "%s cannot be looked at", name);
}

static bool same_disk(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev;
}

static void growth(fl_maintain *m)
{
	const fl_rows *rows;
	fl_disk disk;
	fl_diag diag = { 0 };

	if (fl_pg_query(m->pg, "SELECT value, (current_date - day)::float8 FROM platform.figures WHERE kind = 'size' AND name = 'disk-used' AND day < current_date"
		" ORDER BY day DESC LIMIT 1", NULL, m->mem, &rows, &diag) != FL_OK || !rows->count || !fl_disk_of(m->opts->home, &disk))
		fl_found_unknown(m, FL_FIND_DISK_GROWTH, "known from the second day on");
	else
		fl_found(m, FL_FIND_DISK_GROWTH, (disk.used - fl_row_f8(rows, 0, 0)) / fl_row_f8(rows, 0, 1), FL_STR(""));
}

void fl_maintain_room(fl_maintain *m)
{
	if (!m->opts->home) {
		fl_found_unknown(m, FL_FIND_DISK_USED, "the data are not on this machine");
		return;
	}
	one_disk(m, m->opts->home, "HOME");
	if (m->opts->backups && access(m->opts->backups->dir, F_OK) == 0 && !same_disk(m->opts->home, m->opts->backups->dir))
		one_disk(m, m->opts->backups->dir, "the backups");
	if (m->opts->period == FL_MAINTAIN_DAILY)
		growth(m);
}

void fl_maintain_keys(fl_maintain *m)
{
	char path[4096];
	struct stat st;
	int64_t oldest = m->now_us;
	fl_str name = FL_STR("");

	snprintf(path, sizeof(path), "%s/secrets", m->opts->home ? m->opts->home : "");
	DIR *d = m->opts->home ? opendir(path) : NULL;
	if (!d) {
		fl_found_unknown(m, FL_FIND_KEY_AGE, "the keys are not on this machine");
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		if (!fl_str_ends(fl_str_z(e->d_name), FL_STR(".key")) || fstatat(dirfd(d), e->d_name, &st, 0) != 0)
			continue;
		if ((int64_t)st.st_mtime * FL_SECOND_US < oldest) {
			oldest = (int64_t)st.st_mtime * FL_SECOND_US;
			name = fl_str_dup(m->mem, fl_str_z(e->d_name));
		}
	}
	closedir(d);
	fl_found(m, FL_FIND_KEY_AGE, (double)(m->now_us - oldest) / (double)FL_DAY_US, name);
}
