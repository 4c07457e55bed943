/* backup: copies of one installation that survive the loss of its machine, and the way back to any moment.
 *
 *	fl_backup_site site = { .run = "/srv/fleet/run", .secrets = "/srv/fleet/secrets", .blobs = "/srv/fleet/blobs", .dir =
 *"/mnt/backup" }; FL_TRY(fl_backup_key_load(site.secrets, &key, &diag));                 // made at the first backup
 *	FL_TRY(fl_backup_make(&site, &key, &made, &diag));                     // base backup, photos, secrets
 *	FL_TRY(fl_backup_verify(&site, &key, made.name, &diag));               // unpacks and checks all of it
 *	FL_TRY(fl_restore(&from, &key, at_us, &result, &diag));                // another HOME, as it was at that moment
 *
 * What lies in DIR, all but the notes sealed (sealed.h: compressed, encrypted, authenticated, bound to its name):
 *
 *	DIR/base/NAME.json        what the base backup is: when, from which log position, how large. No personal data
 *	DIR/base/NAME.tar.sealed  the cluster, with the log that makes it consistent
 *	DIR/base/NAME.keys.sealed HOME/secrets without the backup's own key
 *	DIR/wal/SEGMENT.sealed    the write-ahead log since: PostgreSQL hands over each segment when it is full, and every minute
 *	DIR/blobs/ab/cd/....sealed photos by content, each once
 *	DIR/archives/COMPANY/....sealed  archives of old reports, as they lie in HOME/archive
 *
 * Photos and archives that left their HOME go from DIR when no kept base backup is older than their going: each backup notes on a file that
 * it found the original (as its time).
 *
 * A file is there under its name completely and synced, or not at all. A moment T can be reached when a base backup ended
 * before T and the log up to T has been handed over; the last minute may be missing when a machine is lost.
 *
 * Whoever has the key reads everything; without it nothing can be restored. It lives in HOME/secrets, so keep a copy elsewhere.
 * Blocking, for the command line; never on a loop. Errors carry a sentence in diag. */
#ifndef FL_BACKUP_H
#define FL_BACKUP_H

#include "base/base.h"

enum { FL_BACKUP_KEY_BYTES = 32, FL_BACKUP_KEY_TEXT = 64, FL_BACKUP_NAME_MAX = 32, FL_BACKUPS_MAX = 1000, FL_ARCHIVE_NAME_MAX = 128 };

typedef struct fl_backup_key {
	uint8_t bytes[FL_BACKUP_KEY_BYTES];
} fl_backup_key;

/* Takes the key from SECRETS/backup.key; makes it when there is none. */
FL_MUST fl_err fl_backup_key_load(const char *secrets, fl_backup_key *out, fl_diag *diag);
/* 64 hexadecimal digits, as a person writes it down. */
void fl_backup_key_text(const fl_backup_key *key, char out[FL_BACKUP_KEY_TEXT + 1]);
FL_MUST fl_err fl_backup_key_parse(fl_str text, fl_backup_key *out, fl_diag *diag);
void fl_backup_key_wipe(fl_backup_key *key);

typedef struct fl_backup_site {
	const char *run;                          /* the folder of the private PostgreSQL's socket */
	const char *secrets;                      /* HOME/secrets */
	const char *blobs;                        /* HOME/blobs */
	const char *archives;                     /* HOME/archive */
	const char *dir;                          /* where backups are kept; another disk, at best another machine's */
	void (*say)(void *arg, const char *line); /* progress; may be NULL */
	void *arg;
} fl_backup_site;

typedef struct fl_backup_note {
	char name[FL_BACKUP_NAME_MAX];     /* 20261125T200000Z: when it began */
	int64_t started_at, finished_at;   /* UTC */
	int64_t cluster_bytes, kept_bytes; /* before sealing, and on disk */
	int64_t blobs, blobs_new;          /* photos there are; copied this time */
	int64_t archives, archives_new;    /* of old reports, likewise */
	char wal_first[25];                /* the first log segment that a restore from here needs */
} fl_backup_note;

/* Makes a base backup, copies what is new of the photos, and writes the note last: a backup that was cut off is none.
 * Errors: FL_UNAVAILABLE (no private PostgreSQL answers), FL_DISK_FULL, FL_IO. */
FL_MUST fl_err fl_backup_make(const fl_backup_site *site, const fl_backup_key *key, fl_backup_note *out, fl_diag *diag);
/* The notes, oldest first, in mem. A DIR that is not there has none. */
FL_MUST fl_err fl_backup_list(const char *dir, fl_arena *mem, fl_backup_note **out, size_t *count, fl_diag *diag);
/* Unseals everything that a restore from this backup reads, unpacks the cluster into a folder of its own under scratch and lets
 * pg_verifybackup compare each file with its checksum. name NULL: the newest. */
FL_MUST fl_err fl_backup_verify(
	const fl_backup_site *site, const fl_backup_key *key, const char *name, const char *scratch, fl_diag *diag);
/* Removes base backups but the newest keep, and the log that only those needed. */
FL_MUST fl_err fl_backup_prune(const char *dir, size_t keep, size_t *removed, fl_diag *diag);

/* Keeps an archive of old reports beside the backups as soon as it is written: its reports leave the tables then. name: "COMPANY/2021-03-ID"
 * below the folder archives. Nothing as long as there is no backup. */
FL_MUST fl_err fl_backup_archive_put(const char *dir, const fl_backup_key *key, const char *archives, const char *name, fl_diag *diag);

/* PostgreSQL's archive_command and restore_command. Putting a segment that is there already is fine when it is the same.
 * Fetching: FL_NOT_FOUND when it was never handed over. */
FL_MUST fl_err fl_backup_wal_put(const char *dir, const fl_backup_key *key, const char *path, fl_diag *diag);
FL_MUST fl_err fl_backup_wal_get(const char *dir, const fl_backup_key *key, const char *name, const char *path, fl_diag *diag);

typedef struct fl_restore_opts {
	const char *dir;                              /* the backups */
	const char *archives;                         /* folder of the new HOME */
	const char *pg, *run, *secrets, *blobs, *log; /* folders of the new HOME; pg and blobs are not there yet, or empty */
	const char *fetch_command;                    /* PostgreSQL's restore_command: with %f and %p */
	int program_fd;                               /* what it runs, as fl_pg_server_opts has it */
	int64_t at_us;                                /* the moment to go back to; FL_NEVER: as far as the log reaches */
	void (*say)(void *arg, const char *line);
	void *arg;
} fl_restore_opts;

typedef struct fl_restored {
	char base[FL_BACKUP_NAME_MAX];
	int64_t reached_us; /* of the last change that is in; 0: no change after the base backup */
	int64_t reports, blobs;
	int64_t archives, archives_missing; /* that the database knows; those whose file is in no backup were said */
} fl_restored;

/* Brings the cluster to the moment, the photos and the secrets beside it, and stops: `fleet up` on the new HOME goes on from
 * there. Errors: FL_NOT_FOUND (no base backup is that old), FL_CONFLICT (something is there already), FL_BAD_INPUT (the log does
 * not reach that moment), FL_DENIED (another key, or a file was changed). What was begun is left for a look. */
FL_MUST fl_err fl_restore(const fl_restore_opts *opts, const fl_backup_key *key, fl_restored *out, fl_diag *diag);

#endif
