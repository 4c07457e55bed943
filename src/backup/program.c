#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/backup_int.h"
#include "db/db.h"

static void set_up(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes)
{
	sigset_t none, pipe_only;
	posix_spawn_file_actions_init(files);
	posix_spawnattr_init(attributes);
	sigemptyset(&none);
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &pipe_only);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

fl_err fl_program_start(fl_program *p, char *const argv[], bool writes, fl_diag *diag)
{
	static char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int ends[2];
	*p = (fl_program) { .fd = -1, .name = argv[0], .complaints = tmpfile() };
	if (!p->complaints || pipe2(ends, O_CLOEXEC) != 0)
		return fl_fail(diag, FL_IO, "starting %s: %s", argv[0], strerror(errno));
	set_up(&files, &attributes);
	posix_spawn_file_actions_adddup2(&files, ends[writes ? 0 : 1], writes ? 0 : 1);
	posix_spawn_file_actions_addopen(&files, writes ? 1 : 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, fileno(p->complaints), 2);
	int rc = posix_spawn(&p->pid, argv[0], &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	close(ends[writes ? 0 : 1]);
	p->fd = ends[writes ? 1 : 0];
	if (rc == 0)
		return FL_OK;
	close(p->fd);
	fclose(p->complaints);
	return fl_fail(diag, FL_NOT_FOUND, "%s: %s", argv[0], strerror(rc));
}

static void last_line(FILE *from, char out[200])
{
	char line[200];
	out[0] = 0;
	rewind(from);
	while (fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0])
			memcpy(out, line, sizeof(line));
	}
}

fl_err fl_program_end(fl_program *p, fl_diag *diag)
{
	char why[200];
	int status = 0;
	close(p->fd);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	last_line(p->complaints, why);
	fclose(p->complaints);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return FL_OK;
	const char *name = strrchr(p->name, '/');
	return fl_fail(diag, FL_UNAVAILABLE, "%s: %s", name ? name + 1 : p->name, why[0] ? why : "it ended without a reason");
}

fl_err fl_program_run(char *const argv[], fl_diag *diag)
{
	fl_program p;
	char drain[4096];
	FL_TRY(fl_program_start(&p, argv, false, diag));
	while (read(p.fd, drain, sizeof(drain)) > 0)
		;
	return fl_program_end(&p, diag);
}

fl_err fl_program_pg(const char *name, char out[PATH_MAX], fl_diag *diag)
{
	const char *folder = fl_pg_bindir();
	if (!folder)
		return fl_fail(diag, FL_NOT_FOUND, "PostgreSQL 15 is not installed (package postgresql-15)");
	snprintf(out, PATH_MAX, "%s/%s", folder, name);
	return FL_OK;
}
