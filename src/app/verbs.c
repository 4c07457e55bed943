/* The verbs, in the order of `fleet help`. */
#include "app/app.h"

extern const app_verb app_verb_documents, app_verb_up, app_verb_report, app_verb_token, app_verb_config, app_verb_down, app_verb_migrate,
	app_verb_doctor, app_verb_seed, app_verb_serve, app_verb_work, app_verb_worker_child, app_verb_backup, app_verb_restore,
	app_verb_schema, app_verb_wal, app_verb_db, app_verb_maintain;

extern const app_verb app_verb_import, app_verb_export, app_verb_claim, app_verb_company, app_verb_overview;
extern const app_verb app_verb_rebuild;
extern const app_verb app_verb_demo;
extern const app_verb app_verb_archive, app_verb_store;

const app_verb *const app_verbs[] = {
	&app_verb_up,
	&app_verb_report,
	&app_verb_demo,
	&app_verb_import,
	&app_verb_export,
	&app_verb_claim,
	&app_verb_company,
	&app_verb_overview,
	&app_verb_down,
	&app_verb_doctor,
	&app_verb_token,
	&app_verb_config,
	&app_verb_documents,
	&app_verb_migrate,
	&app_verb_schema,
	&app_verb_seed,
	&app_verb_rebuild,
	&app_verb_archive,
	&app_verb_store,
	&app_verb_db,
	&app_verb_backup,
	&app_verb_restore,
	&app_verb_maintain,
	&app_verb_serve,
	&app_verb_work,
	&app_verb_worker_child,
	&app_verb_wal,
	NULL,
};
