#include "app/maintain_site.h"

#include "app/backup_site.h"
#include "app/client.h"
#include "app/maintain_baseline.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The database ---- */

static fl_err find_database(app_maintain_site *site, fl_diag *diag)
{
	const app_config *config = site->config;

	site->opts.pg_url = config->pg_admin_url[0] ? config->pg_admin_url : config->pg_url;
	if (!site->opts.pg_url[0] && site->runs)
		site->opts.pg_url = fl_str_cstr(site->mem, site->state.pg_url);
	if (!site->opts.pg_url || !site->opts.pg_url[0])
		return fl_fail(diag, FL_NOT_FOUND, "no fleet runs here: start it with ./fleet up, or name its database by --pg-url");
	site->opts.redis_url = config->redis_url[0] || !site->runs ? config->redis_url : fl_str_cstr(site->mem, site->state.redis_url);
	return FL_OK;
}

/* A child of `fleet up` has the private PostgreSQL's URL in its environment, so that one is known by its socket. */
static bool is_private(const app_maintain_site *site)
{
	char socket[PATH_MAX + 32];

	snprintf(socket, sizeof(socket), "%s/.s.PGSQL.5432", site->home.run);
	return access(socket, F_OK) == 0 && fl_str_starts(fl_str_z(site->opts.pg_url), FL_STR("postgresql://fleet@%2F"));
}

static fl_err find_backups(app_maintain_site *site, fl_diag *diag)
{
	if (!is_private(site))
		return FL_OK;
	FL_TRY(app_backup_dir(site->config, &site->home, site->backup_dir, diag));
	site->backups = (fl_backup_site) {
		.run = site->home.run, .secrets = site->home.secrets, .blobs = site->home.blobs, .dir = site->backup_dir
	};
	site->opts.backups = &site->backups;
	return FL_OK;
}

/* ---- The server's counters ---- */

static void read_metrics(app_maintain_site *site)
{
	app_client client = { .url = site->state.url, .mem = site->mem };
	fl_diag diag = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	fl_err err = app_client_download(&client, FL_STR("/metrics"), out, 5 * FL_SECOND_US, &diag);
	app_client_close(&client);
	fclose(out);
	if (err == FL_OK)
		site->opts.metrics = fl_str_dup(site->mem, fl_str_make(text, len));
	free(text);
}

/* ---- The whole ---- */

static fl_err read_price(app_maintain_site *site, fl_diag *diag)
{
	const char *text = site->config->storage_price;

	if (text[0] && (!fl_str_f64(fl_str_z(text), &site->opts.price_gb_month) || !(site->opts.price_gb_month >= 0)))
		return fl_fail(diag, FL_BAD_INPUT, "FLEET_STORAGE_PRICE: '%s' is no price; write it as in 0.10", text);
	return FL_OK;
}

fl_err app_maintain_site_find(const app_config *config, fl_arena *mem, app_maintain_site *site, fl_diag *diag)
{
	fl_diag unneeded = { 0 };

	*site = (app_maintain_site) { .config = config, .mem = mem };
	FL_TRY(read_price(site, diag));
	site->has_home = app_home_enter(config->home, APP_HOME_USE, &site->home, &unneeded) == FL_OK;
	site->runs = site->has_home && app_state_read(&site->home, mem, &site->state, &unneeded) == FL_OK;
	FL_TRY(find_database(site, diag));
	site->opts.slow_ms = config->slow_ms;
	site->opts.keep_months = config->keep_months;
	if (!site->has_home)
		return FL_OK;
	site->opts.home = site->home.path;
	site->opts.log = site->home.log;
	site->opts.tmp = site->home.tmp;
	if (site->runs) {
		read_metrics(site);
		site->opts.baseline = app_maintain_baseline;
		site->opts.arg = site;
	}
	return find_backups(site, diag);
}

/* ---- Reports that are kept ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void forget_old(const app_maintain_site *site, const char *folder, const char *period)
{
	char path[PATH_MAX + 300];
	size_t count = 0, max = 4096;
	char **names = fl_new_array(site->mem, char *, max);
	DIR *d = opendir(folder);

	for (struct dirent *e; d && names && count < max && (e = readdir(d));)
		if (strncmp(e->d_name, period, strlen(period)) == 0 && (names[count] = fl_str_cstr(site->mem, fl_str_z(e->d_name))))
			count++;
	if (d)
		closedir(d);
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i + APP_REPORTS_KEPT < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
}

fl_err app_maintain_keep(const app_maintain_site *site, const fl_maintain_report *report, fl_str text, fl_diag *diag)
{
	char folder[PATH_MAX + 16], path[PATH_MAX + 300];
	fl_civil at = fl_time_civil(report->started_us);

	if (!site->has_home)
		return FL_OK;
	snprintf(folder, sizeof(folder), "%s/reports", site->home.path);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return fl_fail(diag, FL_IO, "%s: %s", folder, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s-%04d%02d%02dT%02d%02d%02dZ.txt", folder, fl_maintain_name(report->period), at.year, at.month, at.day, at.hour,
		at.minute, at.second);
	FILE *f = fopen(path, "we");
	bool good = f && fwrite(text.ptr, 1, text.len, f) == text.len;
	if ((f && fclose(f) != 0) || !good)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	forget_old(site, folder, fl_maintain_name(report->period));
	return FL_OK;
}
