/* Back to a moment: the newest base backup that ended before it, then the log up to it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup/backup_int.h"
#include "db/db.h"

#define REPLAY_MAX_US (24 * FL_HOUR_US)

fl_err fl_backup_unpack(
	const char *dir, const fl_backup_key *key, const char *name, const char *kind, const char *folder, fl_diag *diag)
{
	char file[80];
	fl_sealed_size size;
	fl_program p;
	fl_diag ended = {};
	char *argv[] = { "/bin/tar", "-C", (char *)folder, "-xf", "-", NULL };
	FL_TRY(fl_program_start(&p, argv, true, diag));
	snprintf(file, sizeof(file), "base/%s.%s", name, kind);
	signal(SIGPIPE, SIG_IGN); /* a tar that gave up says why itself */
	fl_err err = fl_unseal_from(key, dir, file, p.fd, &size, diag);
	fl_err end = fl_program_end(&p, &ended);
	if (end != FL_OK && (err == FL_OK || err == FL_IO)) {
		*diag = ended;
		err = end;
	}
	return err;
}

static fl_err choose(const fl_restore_opts *o, fl_restored *out, fl_diag *diag)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_backup_note *notes;
	size_t count;
	fl_err err = fl_backup_list(o->dir, &mem, &notes, &count, diag);
	if (err == FL_OK && count == 0)
		err = fl_fail(diag, FL_NOT_FOUND, "there is no backup in %s", o->dir);
	for (size_t i = count; err == FL_OK && i-- > 0;)
		if (notes[i].finished_at <= o->at_us) {
			memcpy(out->base, notes[i].name, sizeof(out->base));
			break;
		}
	if (err == FL_OK && !out->base[0]) {
		char text[FL_TIME_TEXT_MAX];
		fl_time_format(notes[0].finished_at, text);
		err = fl_fail(diag, FL_NOT_FOUND, "the oldest backup in %s reaches back to %s", o->dir, text);
	}
	fl_arena_fini(&mem);
	return err;
}

static fl_err empty_folder(const char *path, fl_diag *diag)
{
	if (rmdir(path) != 0 && errno != ENOENT)
		return fl_fail(diag, FL_CONFLICT, "%s holds something already; restore into a HOME that is not there yet", path);
	return mkdir(path, 0700) == 0 ? FL_OK : fl_fail(diag, FL_IO, "%s cannot be made: %s", path, strerror(errno));
}

static fl_err write_text(const char *folder, const char *name, fl_str text, int flags, fl_diag *diag)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	bool ok = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok ? FL_OK : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
}

static void put_quoted(fl_buf *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '\'')
			fl_buf_char(out, '\'');
		fl_buf_char(out, *c);
	}
}

/* What PostgreSQL is to do once; taken away again when it has done it. */
static fl_err write_target(const fl_restore_opts *o, fl_diag *diag)
{
	char at[FL_TIME_TEXT_MAX];
	FL_AUTO_BUF fl_buf text = fl_buf_make(16 << 10);
	fl_buf_lit(&text, "restore_command = '");
	put_quoted(&text, o->fetch_command);
	fl_buf_lit(&text, "'\nrecovery_target_action = 'promote'\n");
	if (o->at_us != FL_NEVER) {
		size_t len = fl_time_format(o->at_us, at);
		fl_buf_fmt(&text, "recovery_target_time = '%.*s+00'\n", (int)len - 1, at); /* PostgreSQL takes no Z here */
	}
	FL_TRY(fl_buf_err(&text));
	FL_TRY(write_text(o->pg, "postgresql.auto.conf", fl_buf_view(&text), O_TRUNC, diag));
	return write_text(o->pg, "recovery.signal", FL_STR(""), O_TRUNC, diag);
}

static fl_err ask(fl_pg *pg, const char *sql, fl_arena *mem, int64_t *out, fl_diag *diag)
{
	fl_str text;
	FL_TRY(fl_pg_value(pg, sql, mem, &text, diag));
	if (!text.ptr || !fl_str_i64(text, out))
		*out = 0;
	return FL_OK;
}

/* Whether the end of PostgreSQL's own log says that its write-ahead log ended before the moment. */
static bool ended_early(const fl_restore_opts *o)
{
	enum { TAIL = 16 << 10 };
	static const char words[] = "recovery ended before configured recovery target was reached";
	char *text = calloc(1, TAIL + 1);
	int fd = open(o->log, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	bool found = text && fd >= 0 && pread(fd, text, TAIL, FL_MAX(end - TAIL, 0)) > 0 &&
		     memmem(text, TAIL, words, sizeof(words) - 1);
	if (fd >= 0)
		close(fd);
	free(text);
	return found;
}

/* PostgreSQL ends when its log ends before the moment: at the start, or later, while it is asked. It may take a while to go. */
static fl_err explain_end(const fl_restore_opts *o, fl_pg_server *server, fl_err err, fl_diag *diag)
{
	for (int i = 0; server && i < 100 && fl_pg_server_alive(server); i++)
		nanosleep(&(struct timespec) { .tv_nsec = 100 * 1000 * 1000 }, NULL);
	if (!ended_early(o))
		return err;
	return fl_fail(diag, FL_BAD_INPUT, "the log does not reach that moment; restore without --at goes as far as it does");
}

static fl_err wait_for_end(const fl_restore_opts *o, fl_pg_server *server, fl_pg *pg, fl_arena *mem, fl_diag *diag)
{
	int64_t until_us = fl_mono_us() + REPLAY_MAX_US, recovering = 1;
	for (;;) {
		fl_err err = ask(pg, "SELECT pg_is_in_recovery()::int", mem, &recovering, diag);
		if (err != FL_OK)
			return explain_end(o, server, err, diag);
		if (!recovering)
			return FL_OK;
		if (fl_mono_us() > until_us)
			return fl_fail(diag, FL_TIMEOUT, "replaying the log took more than a day");
		nanosleep(&(struct timespec) { .tv_nsec = 100 * 1000 * 1000 }, NULL);
	}
}

static fl_err look(fl_pg *pg, fl_arena *mem, fl_restored *out, fl_diag *diag)
{
	FL_TRY(ask(pg, "SELECT count(*) FROM fleet.damage_reports", mem, &out->reports, diag));
	return ask(pg, "SELECT (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint", mem, &out->reached_us,
		diag);
}

/* Those that the database knows at that moment: what was archived later is in its tables still. */
static fl_err read_archives(fl_pg *pg, fl_arena *mem, const fl_rows **out, fl_diag *diag)
{
	fl_str table;
	*out = NULL;
	FL_TRY(fl_pg_value(pg, "SELECT to_regclass('fleet.archives')::text", mem, &table, diag));
	if (!table.ptr) /* a backup of a version without them */
		return FL_OK;
	return fl_pg_query(pg, "SELECT t.slug || '/' || to_char(a.month, 'YYYY-MM') || '-' || a.id FROM fleet.archives a JOIN fleet.tenants t ON t.id = a.tenant_id ORDER BY a.id",
		NULL, mem, out, diag);
}

static fl_err restore_archive(const fl_restore_opts *o, const fl_backup_key *key, const char *name, fl_restored *out, fl_diag *diag)
{
	char line[FL_ARCHIVE_NAME_MAX + 64];
	fl_err err = fl_backup_archive_restore(o->dir, key, o->archives, name, diag);
	if (err != FL_NOT_FOUND) {
		out->archives += err == FL_OK;
		return err;
	}
	out->archives_missing++;
	snprintf(line, sizeof(line), "the archive %s is in no backup", name);
	fl_backup_say(o->say, o->arg, line);
	return FL_OK;
}

static fl_err restore_archives(const fl_restore_opts *o, const fl_backup_key *key, const fl_rows *rows, fl_arena *mem, fl_restored *out, fl_diag *diag)
{
	for (int i = 0; o->archives && rows && i < rows->count; i++) {
		const char *name = fl_str_cstr(mem, fl_row_text(rows, i, 0));
		if (!name)
			return FL_NOMEM;
		FL_TRY(restore_archive(o, key, name, out, diag));
	}
	return FL_OK;
}

static fl_err replay(const fl_restore_opts *o, const fl_backup_key *key, fl_restored *out, fl_diag *diag)
{
	const fl_pg_server_opts opts = { .data = o->pg,
		.run = o->run,
		.log = o->log,
		.connections_max = 200,
		.program_fd = o->program_fd,
		.say = o->say,
		.arg = o->arg };
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	const fl_rows *archives = NULL;
	fl_pg_server *server;
	fl_arena mem = fl_arena_make(64 << 20);
	fl_err err = fl_pg_server_start(&opts, diag, &server);
	if (err != FL_OK) {
		fl_arena_fini(&mem);
		return explain_end(o, NULL, err, diag);
	}
	err = fl_pg_open(fl_pg_server_url(server), diag, &pg);
	if (err == FL_OK)
		err = wait_for_end(o, server, pg, &mem, diag);
	if (err == FL_OK)
		err = look(pg, &mem, out, diag);
	if (err == FL_OK)
		err = read_archives(pg, &mem, &archives, diag);
	fl_pg_close(pg);
	pg = NULL;
	fl_pg_server_stop(server, FL_MINUTE_US);
	if (err == FL_OK)
		err = restore_archives(o, key, archives, &mem, out, diag);
	fl_arena_fini(&mem);
	return err;
}

fl_err fl_restore(const fl_restore_opts *o, const fl_backup_key *key, fl_restored *out, fl_diag *diag)
{
	*out = (fl_restored) {};
	FL_TRY(choose(o, out, diag));
	FL_TRY(empty_folder(o->pg, diag));
	FL_TRY(empty_folder(o->blobs, diag));
	fl_backup_say(o->say, o->arg, "unpacking the database");
	FL_TRY(fl_backup_unpack(o->dir, key, out->base, "tar", o->pg, diag));
	FL_TRY(fl_backup_unpack(o->dir, key, out->base, "keys", o->secrets, diag));
	FL_TRY(write_target(o, diag));
	fl_backup_say(o->say, o->arg, "repeating the log");
	FL_TRY(replay(o, key, out, diag));
	FL_TRY(write_text(
		o->pg, "postgresql.auto.conf", FL_STR("# Empty: fleet gives PostgreSQL its settings.\n"), O_TRUNC, diag));
	fl_backup_say(o->say, o->arg, "unpacking photos");
	return fl_backup_blobs_restore(o->dir, key, o->blobs, &out->blobs, diag);
}
