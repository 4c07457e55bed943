/* Making a base backup, and checking one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_int.h"
#include "db/db.h"

static void name_of(int64_t at, char out[FL_BACKUP_NAME_MAX])
{
	char text[FL_TIME_TEXT_MAX];
	size_t len = 0;
	fl_time_format(at / FL_SECOND_US * FL_SECOND_US, text);
	for (const char *c = text; *c; c++)
		if (*c != '-' && *c != ':')
			out[len++] = *c;
	out[len] = 0;
}

/* The log segment of the checkpoint that a base backup made now starts from, or one before it. */
static fl_err find_log_start(const fl_backup_site *site, fl_backup_note *note, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_arena mem = fl_arena_make(1 << 16);
	fl_str url = fl_str_fmt(&mem, "host=%s user=fleet dbname=fleet", site->run), segment = {};
	fl_err err = url.ptr ? fl_pg_open(url.ptr, diag, &pg) : FL_NOMEM;
	if (err == FL_OK)
		err = fl_pg_value(pg, "SELECT pg_walfile_name(redo_lsn) FROM pg_control_checkpoint()", &mem, &segment, diag);
	if (err == FL_OK)
		snprintf(note->wal_first, sizeof(note->wal_first), "%" FL_FMT, FL_ARG(segment));
	fl_arena_fini(&mem);
	return err;
}

/* The log that makes the copy consistent travels inside it (-X fetch): a base backup needs nothing else to be restored. */
static fl_err keep_cluster(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *note, fl_diag *diag)
{
	char program[PATH_MAX], name[64];
	fl_sealed_size size;
	fl_program p;
	fl_diag ended = {};
	FL_TRY(fl_program_pg("pg_basebackup", program, diag));
	char *argv[] = { program, "-h", (char *)site->run, "-U", "fleet", "-D", "-", "-Ft", "-X", "fetch", "-c", "fast", "-w",
		NULL };
	FL_TRY(fl_program_start(&p, argv, false, diag));
	snprintf(name, sizeof(name), "base/%s.tar", note->name);
	fl_err err = fl_seal_into(key, site->dir, name, p.fd, &size, diag);
	fl_err end = fl_program_end(&p, &ended);
	if (err == FL_OK && end != FL_OK) {
		*diag = ended;
		err = end;
	}
	note->cluster_bytes = size.plain;
	note->kept_bytes += size.sealed;
	return err;
}

static fl_err keep_secrets(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *note, fl_diag *diag)
{
	char name[64];
	fl_sealed_size size;
	fl_program p;
	char *argv[] = { "/bin/tar", "-C", (char *)site->secrets, "--exclude=./backup.key", "-cf", "-", ".", NULL };
	FL_TRY(fl_program_start(&p, argv, false, diag));
	snprintf(name, sizeof(name), "base/%s.keys", note->name);
	fl_err err = fl_seal_into(key, site->dir, name, p.fd, &size, diag);
	fl_err end = fl_program_end(&p, err == FL_OK ? diag : &(fl_diag) {});
	note->kept_bytes += size.sealed;
	return err != FL_OK ? err : end;
}

/* DIR/wal must be there before the copy begins: PostgreSQL hands its log over from then on (the archive_command looks). */
static fl_err make_folders(const fl_backup_site *site, fl_diag *diag)
{
	static const char *const folders[] = { "", "/base", "/wal" };
	char path[PATH_MAX];
	for (size_t i = 0; i < FL_COUNT(folders); i++) {
		snprintf(path, sizeof(path), "%s%s", site->dir, folders[i]);
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return fl_fail(
				diag, errno == ENOSPC ? FL_DISK_FULL : FL_IO, "%s cannot be made: %s", path, strerror(errno));
	}
	return FL_OK;
}

fl_err fl_backup_make(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *out, fl_diag *diag)
{
	fl_backup_note note = { .started_at = fl_now_us() };
	name_of(note.started_at, note.name);
	FL_TRY(make_folders(site, diag));
	FL_TRY(find_log_start(site, &note, diag));
	fl_backup_say(site->say, site->arg, "copying the database");
	FL_TRY(keep_cluster(site, key, &note, diag));
	note.finished_at = fl_now_us();                        /* from this moment on a restore may aim at */
	fl_backup_say(site->say, site->arg, "copying photos"); /* after the database: none that it names is missing */
	FL_TRY(fl_backup_blobs_copy(site, key, &note, diag));
	FL_TRY(fl_backup_archives_copy(site, key, &note, diag));
	FL_TRY(keep_secrets(site, key, &note, diag));
	FL_TRY(fl_backup_note_write(site->dir, &note, diag));
	*out = note;
	return FL_OK;
}

/* ---- Checking ---- */

static fl_err find_name(const char *dir, const char *wanted, char out[FL_BACKUP_NAME_MAX], fl_diag *diag)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_backup_note *notes;
	size_t count, i = 0;
	fl_err err = fl_backup_list(dir, &mem, &notes, &count, diag);
	if (err == FL_OK && !count)
		err = fl_fail(diag, FL_NOT_FOUND, "there is no backup in %s yet: `fleet backup` makes one", dir);
	while (err == FL_OK && wanted && i < count && strcmp(notes[i].name, wanted) != 0)
		i++;
	if (err == FL_OK && wanted && i == count)
		err = fl_fail(diag, FL_NOT_FOUND, "there is no backup '%s'; `fleet backup list` names those there are", wanted);
	if (err == FL_OK)
		memcpy(out, notes[wanted ? i : count - 1].name, FL_BACKUP_NAME_MAX);
	fl_arena_fini(&mem);
	return err;
}

static fl_err check_log(const fl_backup_site *site, const fl_backup_key *key, fl_diag *diag)
{
	fl_arena mem = fl_arena_make(64 << 20);
	fl_str *names;
	size_t count;
	fl_sealed_size size;
	fl_err err = fl_backup_wal_names(site->dir, &mem, &names, &count, diag);
	for (size_t i = 0; err == FL_OK && i < count; i++)
		err = fl_unseal_from(key, site->dir, names[i].ptr, -1, &size, diag);
	fl_arena_fini(&mem);
	return err;
}

static fl_err check_cluster(
	const fl_backup_site *site, const fl_backup_key *key, const char *name, const char *folder, fl_diag *diag)
{
	char program[PATH_MAX];
	FL_TRY(fl_backup_unpack(site->dir, key, name, "tar", folder, diag));
	FL_TRY(fl_program_pg("pg_verifybackup", program, diag));
	char *argv[] = { program, "-q", (char *)folder, NULL };
	return fl_program_run(argv, diag);
}

fl_err fl_backup_verify(
	const fl_backup_site *site, const fl_backup_key *key, const char *wanted, const char *scratch, fl_diag *diag)
{
	char name[FL_BACKUP_NAME_MAX], folder[PATH_MAX], keys[64];
	int64_t blobs;
	fl_sealed_size size;
	FL_TRY(find_name(site->dir, wanted, name, diag));
	snprintf(folder, sizeof(folder), "%s/verify-%d", scratch, (int)getpid());
	if (mkdir(folder, 0700) != 0)
		return fl_fail(diag, FL_IO, "%s: %s", folder, strerror(errno));
	fl_backup_say(site->say, site->arg, "unpacking the database and comparing each file with its checksum");
	fl_err err = check_cluster(site, key, name, folder, diag);
	char *rm[] = { "/bin/rm", "-rf", folder, NULL };
	fl_err cleared = fl_program_run(rm, err == FL_OK ? diag : &(fl_diag) {});
	FL_TRY(err);
	FL_TRY(cleared);
	snprintf(keys, sizeof(keys), "base/%s.keys", name);
	FL_TRY(fl_unseal_from(key, site->dir, keys, -1, &size, diag));
	fl_backup_say(site->say, site->arg, "opening the log, the photos and the archives");
	FL_TRY(check_log(site, key, diag));
	FL_TRY(fl_backup_blobs_restore(site->dir, key, NULL, &blobs, diag));
	return fl_backup_archives_check(site->dir, key, diag);
}
