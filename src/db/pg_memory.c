/* How much memory PostgreSQL may reckon with: the machine's, or less where a control group says so, as in a container. */
#include <stdio.h>
#include <sys/sysinfo.h>

#include "db/db_int.h"

/* A limit as control groups write it, in bytes; "max" and what cannot be read is none. */
static int64_t limit_in(const char *path)
{
	char text[32] = "";
	int64_t bytes;
	FILE *f = fopen(path, "re");

	if (!f)
		return INT64_MAX;
	bool read = fgets(text, sizeof text, f) != NULL;
	fclose(f);
	return read && fl_str_i64(fl_str_trim(fl_str_z(text)), &bytes) && bytes > 0 ? bytes : INT64_MAX;
}

int64_t fl_pg_memory_bytes(void)
{
	static const char *const LIMITS[] = { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
	struct sysinfo info;
	int64_t bytes = sysinfo(&info) == 0 ? (int64_t)info.totalram * info.mem_unit : INT64_C(2) << 30;

	for (size_t i = 0; i < FL_COUNT(LIMITS); i++)
		bytes = FL_MIN(bytes, limit_in(LIMITS[i]));
	return bytes;
}
