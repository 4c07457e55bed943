/* fleet restore: a new HOME from a backup, as it was at a moment. */
#include "app/app.h"
#include "app/backup_site.h"
#include "archive/register.h"

#include "crypt/crypt.h"
#include "db/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const app_option options[] = {
	{ "--at", "TIME", "the moment to go back to, as in 2026-03-01T09:30:00Z; left out: as far as the log reaches" },
	{ "--key-file", "FILE", "the file with what `fleet backup key` printed" },
	{ "--json", NULL, "answer for machines" },
	{ 0 },
};

static void say(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "fleet: %s\n", line);
}

static fl_err read_key(const app_call *call, fl_backup_key *key, fl_diag *diag)
{
	const char *path = app_text(call, "--key-file");
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	if (len < 0)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	fl_err err = fl_backup_key_parse((fl_str) { text, (size_t)len }, key, diag);
	explicit_bzero(text, sizeof(text));
	return err;
}

static fl_err keep_key(const app_home *home, const fl_backup_key *key, fl_diag *diag)
{
	fl_err err = fl_secret_create(home->secrets, "backup.key", fl_str_make(key->bytes, sizeof(key->bytes)), diag);
	return err == FL_DUPLICATE
		       ? fl_fail(diag, FL_CONFLICT, "%s was used before; restore into a HOME that is not there yet", home->path)
		       : err;
}

static fl_err restore(
	const app_call *call, const fl_backup_key *key, int64_t at_us, fl_restored *done, app_home *home, fl_diag *diag)
{
	char dir[PATH_MAX], log[PATH_MAX + 16], fetch[APP_BACKUP_COMMAND_MAX], archives[PATH_MAX + 16];
	if (!call->config->backup_dir[0])
		return fl_fail(diag, FL_BAD_INPUT, "say where the backups are: --backup-dir");
	FL_TRY(app_home_enter(call->config->home, APP_HOME_MAKE, home, diag));
	FL_TRY(app_backup_dir(call->config, home, dir, diag));
	FL_TRY(app_backup_fetch_command(dir, home, fetch, diag));
	FL_TRY(keep_key(home, key, diag));
	snprintf(log, sizeof(log), "%s/postgres.log", home->log);
	snprintf(archives, sizeof(archives), "%s/archive", home->path);
	const fl_restore_opts opts = { .dir = dir,
		.pg = home->pg,
		.run = home->run,
		.secrets = home->secrets,
		.blobs = home->blobs,
		.archives = archives,
		.log = log,
		.fetch_command = fetch,
		.program_fd = app_backup_program(),
		.at_us = at_us,
		.say = say };
	fl_err err = fl_restore(&opts, key, done, diag);
	close(opts.program_fd);
	return err == FL_OK ? fl_register_copy(dir, home->path, diag) : err; /* `up` works it off before anybody uses the database */
}

static void print(const fl_restored *done, const app_home *home, bool json)
{
	char reached[FL_TIME_TEXT_MAX] = "";
	if (done->reached_us)
		fl_time_format(done->reached_us, reached);
	if (json)
		printf("{\"base\":\"%s\",\"reached\":\"%s\",\"reports\":%lld,\"blobs\":%lld,\"archives\":%lld,\"archivesMissing\":%lld}\n", done->base, reached,
			(long long)done->reports, (long long)done->blobs, (long long)done->archives, (long long)done->archives_missing);
	else
		printf("restored from %s, last change %s: %lld reports, %lld photo files, %lld archives%s\n./fleet up --home %s goes on from "
		       "there\n",
			done->base, reached[0] ? reached : "that of the backup", (long long)done->reports, (long long)done->blobs,
			(long long)done->archives, done->archives_missing ? " (others are in no backup, see above)" : "", home->path);
}

static int run(const app_call *call)
{
	const char *at = app_text(call, "--at");
	int64_t at_us = FL_NEVER;
	fl_backup_key key = {};
	fl_restored done;
	app_home home;
	fl_diag diag = { 0 };
	if (at && !fl_time_parse(fl_str_z(at), &at_us))
		return app_usage(call, "--at: '%s' is no time; write it as in 2026-03-01T09:30:00Z", at);
	if (!app_text(call, "--key-file"))
		return app_usage(call, "--key-file: the backups do not open without their key");
	fl_err err = read_key(call, &key, &diag);
	if (err == FL_OK)
		err = restore(call, &key, at_us, &done, &home, &diag);
	fl_backup_key_wipe(&key);
	if (err != FL_OK)
		return app_fail("%s", fl_diag_text(&diag, err));
	print(&done, &home, app_given(call, "--json"));
	return APP_DONE;
}

const app_verb app_verb_restore = { "restore", "make a new HOME from a backup, as it was at a moment",
	.details = "Into --home, which must not be there yet, from --backup-dir. A HOME in use is never touched.",
	.options = options, .run = run };
