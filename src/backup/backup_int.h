/* Inside backup/: programs to run, notes to write, files to walk over. */
#ifndef FL_BACKUP_INT_H
#define FL_BACKUP_INT_H

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

#include "backup/backup.h"
#include "backup/sealed.h"

/* ---- Programs (program.c): blocking, with one end of a pipe ---- */

enum { FL_PROGRAM_ARGS_MAX = 24 };

typedef struct fl_program {
	pid_t pid;
	int fd; /* ours: its output to read, or its input to write */
	const char *name;
	FILE *complaints; /* its standard error */
} fl_program;

/* argv ends with NULL. writes true: fd is its standard input, its output is thrown away; else fd is its output. */
FL_MUST fl_err fl_program_start(fl_program *p, char *const argv[], bool writes, fl_diag *diag);
/* Closes fd, waits for its end. diag holds the last line that it complained with. */
FL_MUST fl_err fl_program_end(fl_program *p, fl_diag *diag);
/* Both, for one that needs neither input nor output. */
FL_MUST fl_err fl_program_run(char *const argv[], fl_diag *diag);
/* PostgreSQL's program of that name. */
FL_MUST fl_err fl_program_pg(const char *name, char out[PATH_MAX], fl_diag *diag);

/* ---- Notes (note.c) ---- */

FL_MUST fl_err fl_backup_note_write(const char *dir, const fl_backup_note *note, fl_diag *diag);

/* The kept segments of the log, as "wal/000000010000000000000042", in order (wal.c). */
FL_MUST fl_err fl_backup_wal_names(const char *dir, fl_arena *mem, fl_str **out, size_t *count, fl_diag *diag);

/* DIR/base/NAME.KIND.sealed, a tar file, into folder (restore.c). */
FL_MUST fl_err fl_backup_unpack(
	const char *dir, const fl_backup_key *key, const char *name, const char *kind, const char *folder, fl_diag *diag);

/* ---- Photos (blobs.c) ---- */

/* Seals what DIR/blobs lacks; sets note->blobs and blobs_new. */
FL_MUST fl_err fl_backup_blobs_copy(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *note, fl_diag *diag);
/* Unseals all of DIR/blobs below to; to NULL: only checks. */
FL_MUST fl_err fl_backup_blobs_restore(const char *dir, const fl_backup_key *key, const char *to, int64_t *count, fl_diag *diag);

/* ---- Archives of old reports, and what goes (archives.c) ---- */

/* Copies what DIR/archives lacks; sets note->archives and archives_new. */
FL_MUST fl_err fl_backup_archives_copy(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *note, fl_diag *diag);
/* Opens all of them. */
FL_MUST fl_err fl_backup_archives_check(const char *dir, const fl_backup_key *key, fl_diag *diag);
/* One, into the folder. FL_NOT_FOUND. */
FL_MUST fl_err fl_backup_archive_restore(const char *dir, const fl_backup_key *key, const char *to, const char *name, fl_diag *diag);

/* Notes on a kept file that the backup that began then found its original. */
FL_MUST fl_err fl_backup_seen(const char *path, int64_t at, fl_diag *diag);
/* Removes kept photos and archives whose originals were gone before the backup that began then: no moment that can be reached has them. */
FL_MUST fl_err fl_backup_forget(const char *dir, int64_t since, int64_t *removed, fl_diag *diag);

static inline void fl_backup_say(void (*say)(void *arg, const char *line), void *arg, const char *line)
{
	if (say)
		say(arg, line);
}

#endif
