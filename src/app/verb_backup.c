/* fleet backup: makes, lists and checks backups, and prints the key without which they are worth nothing. */
#include "app/app.h"
#include "app/backup_site.h"
#include "app/state.h"

#include <stdio.h>
#include <unistd.h>

static const app_option options[] = {
	{ "--keep", "N", "after a new backup, remove all but the newest N", .otherwise = "7" },
	{ "--json", NULL, "answer for machines" },
	{ 0 },
};

typedef struct backup {
	const app_call *call;
	app_home home;
	char dir[PATH_MAX], archives[PATH_MAX + 16];
	fl_backup_key key;
	fl_backup_site site;
	fl_diag diag;
} backup;

static void say(void *arg, const char *line)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "fleet: %s\n", line);
}

static fl_err open_site(backup *b)
{
	const app_config *config = b->call->config;
	FL_TRY(app_home_enter(config->home, APP_HOME_USE, &b->home, &b->diag));
	FL_TRY(app_backup_dir(config, &b->home, b->dir, &b->diag));
	FL_TRY(fl_backup_key_load(b->home.secrets, &b->key, &b->diag));
	snprintf(b->archives, sizeof(b->archives), "%s/archive", b->home.path);
	b->site = (fl_backup_site) {
		.run = b->home.run, .secrets = b->home.secrets, .blobs = b->home.blobs, .archives = b->archives, .dir = b->dir, .say = say
	};
	return FL_OK;
}

static void bytes_text(int64_t bytes, char out[32])
{
	snprintf(out, 32, bytes >= 1 << 30 ? "%.1f GB" : "%.1f MB", (double)bytes / (bytes >= 1 << 30 ? 1 << 30 : 1 << 20));
}

static void print_note(const fl_backup_note *note, bool json)
{
	char at[FL_TIME_TEXT_MAX], cluster[32], kept[32];
	fl_time_format(note->finished_at, at);
	bytes_text(note->cluster_bytes, cluster);
	bytes_text(note->kept_bytes, kept);
	if (json)
		printf("{\"name\":\"%s\",\"finishedAt\":\"%s\",\"clusterBytes\":%lld,\"keptBytes\":%lld,\"blobs\":%lld,"
		       "\"blobsNew\":%lld,\"archives\":%lld,\"archivesNew\":%lld}\n",
			note->name, at, (long long)note->cluster_bytes, (long long)note->kept_bytes, (long long)note->blobs,
			(long long)note->blobs_new, (long long)note->archives, (long long)note->archives_new);
	else
		printf("%s  database %s, %lld photos (%lld new), %lld archives (%lld new), %s kept, %.1f s\n", note->name, cluster, (long long)note->blobs,
			(long long)note->blobs_new, (long long)note->archives, (long long)note->archives_new, kept, (double)(note->finished_at - note->started_at) / 1e6);
}

static fl_err check_private(const backup *b)
{
	if (b->call->config->pg_url[0])
		return fl_fail((fl_diag *)&b->diag, FL_BAD_INPUT,
			"the database at FLEET_PG_URL is not ours to copy: use its operator's backups with recovery to a point "
			"in time");
	if (!app_lock_holder(&b->home))
		return fl_fail((fl_diag *)&b->diag, FL_UNAVAILABLE, "nothing runs on %s: start ./fleet up first", b->home.path);
	return FL_OK;
}

static fl_err make(backup *b, int64_t keep)
{
	fl_backup_note note;
	size_t removed;
	FL_TRY(check_private(b));
	bool first = access(b->dir, F_OK) != 0;
	FL_TRY(fl_backup_make(&b->site, &b->key, &note, &b->diag));
	print_note(&note, app_given(b->call, "--json"));
	FL_TRY(fl_backup_prune(b->dir, (size_t)keep, &removed, &b->diag));
	if (first)
		fprintf(stderr,
			"fleet: the backups in %s open only with the key: run `fleet backup key` and keep it on another "
			"machine\n",
			b->dir);
	return FL_OK;
}

static fl_err list(backup *b)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_backup_note *notes;
	size_t count;
	fl_err err = fl_backup_list(b->dir, &mem, &notes, &count, &b->diag);
	for (size_t i = 0; err == FL_OK && i < count; i++)
		print_note(&notes[i], app_given(b->call, "--json"));
	if (err == FL_OK && !count && !app_given(b->call, "--json"))
		printf("no backup in %s yet\n", b->dir);
	fl_arena_fini(&mem);
	return err;
}

static fl_err verify(backup *b, const char *name)
{
	FL_TRY(fl_backup_verify(&b->site, &b->key, name, b->home.tmp, &b->diag));
	printf("good: every file opens, and the database's files have their checksums\n");
	return FL_OK;
}

static fl_err print_key(backup *b)
{
	char text[FL_BACKUP_KEY_TEXT + 1];
	fl_backup_key_text(&b->key, text);
	printf("%s\n", text);
	return FL_OK;
}

static int run(const app_call *call)
{
	backup b = { .call = call };
	const char *what = call->argument_count ? call->arguments[0] : "now";
	bool named = call->argument_count == 2;
	int64_t keep;
	fl_err err;
	if (!app_number(call, "--keep", 1, FL_BACKUPS_MAX, &keep))
		return APP_USAGE;
	if (call->argument_count > 2 || (named && strcmp(what, "verify") != 0))
		return app_usage(call, "too many arguments");
	err = open_site(&b);
	if (err != FL_OK)
		return app_fail("%s", fl_diag_text(&b.diag, err));
	if (strcmp(what, "now") == 0)
		err = make(&b, keep);
	else if (strcmp(what, "list") == 0)
		err = list(&b);
	else if (strcmp(what, "verify") == 0)
		err = verify(&b, named ? call->arguments[1] : NULL);
	else if (strcmp(what, "key") == 0)
		err = print_key(&b);
	else
		return app_usage(call, "'%s' is none of now, list, verify, key", what);
	fl_backup_key_wipe(&b.key);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&b.diag, err));
}

const app_verb app_verb_backup = { "backup", "make, list or check backups", .arguments = "now | list | verify [NAME] | key",
	.details = "now      copies the database of a running `fleet up`, new photos and archives, and the keys, encrypted, to --backup-dir. "
		   "From then on\n"
		   "         PostgreSQL hands over its log as well, at least every minute, so that `fleet restore` can go to any "
		   "moment\n"
		   "verify   opens everything and compares the database's files with their checksums\n"
		   "key      prints the key: keep it somewhere else, nothing can be restored without it",
	.options = options, .run = run };
