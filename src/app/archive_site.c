#include "app/archive_site.h"
#include "app/backup_site.h"
#include "app/state.h"

#include <stdio.h>

fl_err app_archive_site_of(const app_config *config, const app_home *home, const char *url, fl_store *store, app_archive_site *out, fl_diag *diag)
{
	if (snprintf(out->dir, sizeof(out->dir), "%s/archive", home->path) >= (int)sizeof(out->dir))
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", home->path);
	FL_TRY(app_backup_dir(config, home, out->backup_dir, diag));
	FL_TRY(fl_backup_key_load(home->secrets, &out->key, diag));
	out->site = (fl_archive_site) { .url = url, .dir = out->dir, .key = &out->key, .store = store, .backup_dir = out->backup_dir };
	out->erasures = (fl_register) { .url = url, .dir = out->backup_dir, .key = &out->key };
	out->sweep = (fl_sweep_site) { .url = url, .store = store };
	return FL_OK;
}

fl_err app_archive_open(const app_config *config, fl_arena *mem, app_archive_site *out, fl_diag *diag)
{
	const char *url;
	*out = (app_archive_site) {};
	FL_TRY(app_state_pg_url(config, mem, &url, diag));
	FL_TRY(app_home_enter(config->home, APP_HOME_USE, &out->home, diag));
	FL_TRY(fl_store_open(out->home.blobs, &out->store, diag));
	return app_archive_site_of(config, &out->home, url, out->store, out, diag);
}

void app_archive_close(app_archive_site *site)
{
	if (site->store)
		fl_store_close(site->store);
	fl_backup_key_wipe(&site->key);
}
