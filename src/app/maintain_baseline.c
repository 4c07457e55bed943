#include "app/maintain_baseline.h"

#include "app/client.h"
#include "app/demo.h"
#include "db/db.h"

#include <stdlib.h>

enum { TIMES = 9 };

/* Never change one: give a new one a new name, or months would be compared that asked different things. */
static const struct {
	const char *name, *document;
} questions[] = {
	{ "viewer", "{ viewer { name role } }" },
	{ "list", "{ damageReports(first: 50) { nodes { id number status vehicle { name } photos { url } } } }" },
	{ "vehicles", "{ vehicles(first: 50) { nodes { id name } } }" },
	{ "stats", "{ damageReportStats { total { count } } }" },
};

static fl_err largest_company(const char *pg_url, fl_arena *mem, fl_str *slug, fl_diag *diag)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;

	FL_TRY(fl_pg_open(pg_url, diag, &pg));
	FL_TRY(fl_pg_value(pg, "SELECT t.slug FROM fleet.tenants t JOIN fleet.rollup_month r ON r.tenant_id = t.id GROUP BY t.id, t.slug ORDER BY sum(r.n) DESC, t.id LIMIT 1", mem,
		slug, diag));
	return slug->ptr ? FL_OK : fl_fail(diag, FL_NOT_FOUND, "no company has a report yet");
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static fl_err time_one(app_client *client, const char *document, double *median_ms, fl_diag *diag)
{
	double took[TIMES];

	for (int i = -1; i < TIMES; i++) {
		fl_arena mem = fl_arena_make(64 << 20), *outer = client->mem;
		const fl_json *data;
		int64_t start_us = fl_mono_us();
		client->mem = &mem;
		fl_err err = app_client_ask(client, fl_str_z(document), FL_STR("{}"), NULL, 0, NULL, 10 * FL_SECOND_US, &data, diag);
		client->mem = outer;
		fl_arena_fini(&mem);
		FL_TRY(err);
		if (i >= 0)
			took[i] = (double)(fl_mono_us() - start_us) / 1000;
	}
	qsort(took, TIMES, sizeof(*took), by_value);
	*median_ms = took[TIMES / 2];
	return FL_OK;
}

fl_err app_maintain_baseline(void *arg, fl_arena *mem, fl_maintain_timing **out, size_t *count, fl_diag *diag)
{
	app_maintain_site *site = arg;
	app_client client = { .url = site->state.url, .mem = mem };
	fl_maintain_timing *timings = fl_new_array(mem, fl_maintain_timing, FL_COUNT(questions));
	fl_str slug;
	fl_err err = FL_OK;

	if (!timings)
		return FL_NOMEM;
	FL_TRY(largest_company(site->opts.pg_url, mem, &slug, diag));
	FL_TRY(app_token_make(&site->home, fl_str_z(site->opts.pg_url), slug, FL_ROLE_MANAGER, FL_HOUR_US, mem, &client.token, diag));
	for (size_t i = 0; i < FL_COUNT(questions) && err == FL_OK; i++) {
		timings[i].name = questions[i].name;
		err = time_one(&client, questions[i].document, &timings[i].median_ms, diag);
	}
	app_client_close(&client);
	*out = timings;
	*count = FL_COUNT(questions);
	return err;
}
