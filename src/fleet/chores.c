#include "fleet/chores.h"
#include "fleet/retention/retire.h"

#include <stdlib.h>

#define CHORE_TIMEOUT_US (60 * FL_SECOND_US)
#define ARCHIVE_TIMEOUT_US (10 * FL_MINUTE_US) /* photos are many bytes */

typedef struct chore {
	fl_sql sql;
	int64_t every_us;
} chore;

/* Partitions cannot be missing when a month begins: the hour leaves 720 tries for each month. */
static const chore chores[] = {
	{ { "chore_fold", "SELECT rollup_fold(3)", .write = true }, FL_SECOND_US },
	{ { "chore_overdue", "SELECT reports_overdue()", .write = true }, 5 * FL_SECOND_US },
	{ { "chore_estimates", "SELECT estimates_expire()", .write = true }, 30 * FL_SECOND_US },
	{ { "chore_deliveries", "SELECT deliveries_fan_out(5000)", .write = true }, FL_SECOND_US },
	{ { "chore_months", "SELECT platform.ensure_partitions(now()::date, (now() + interval '4 months')::date)", .write = true }, FL_HOUR_US },
	{ { "chore_overview", "SELECT platform.overview_refresh()", .write = true }, FL_HOUR_US },
	{ { "chore_erasures", "SELECT erasures_due()", .write = true }, FL_HOUR_US },
	{ { "chore_inspections", "SELECT inspections_expire()", .write = true }, FL_HOUR_US },
	{ { "chore_keys", "SELECT idempotency_prune()", .write = true }, FL_HOUR_US },
};

enum { ARCHIVE = FL_COUNT(chores), RETIRE, REGISTER, SWEEP, CHORES };

struct fl_chores {
	fl_loop *loop;
	fl_services *services;
	fl_chores_opts opts;
	int64_t due_us[CHORES]; /* the last four: old reports, old months, the register of erasures, loose bytes */
	fl_wait wait;
	bool sleeping, stopping;
	fl_wait *stopped;
};

static void do_chore(fl_ctx *ctx, fl_chores *c, size_t i)
{
	fl_ctx chore_ctx;
	fl_ctx_derive(&chore_ctx, ctx, CHORE_TIMEOUT_US);
	fl_err err = await_query(&chore_ctx, c->services->db, &chores[i].sql, NULL, NULL);
	if (err != FL_OK && err != FL_UNAVAILABLE)
		fl_warn("%s: %s", chores[i].sql.name, fl_diag_text(&chore_ctx.diag, err));
	fl_ctx_fini(&chore_ctx);
	/* What failed is tried again soon: a database that is back must not wait an hour for its months. */
	int64_t pause = err == FL_OK ? chores[i].every_us : FL_MIN(chores[i].every_us, 5 * FL_SECOND_US);
	c->due_us[i] = fl_loop_now_us(c->loop) + pause;
}

/* ---- Old months: by the owner of the tables, on a connection of its own, because CONCURRENTLY bears no transaction around it ---- */

typedef struct retiring {
	const fl_chores_opts *opts;
	int dropped;
	fl_diag diag;
} retiring;

static fl_err retire(void *arg)
{
	retiring *r = arg;
	return fl_months_retire(&(fl_retire_opts){ .url = r->opts->owner_url, .keep_months = r->opts->keep_months }, &r->dropped, &r->diag);
}

static void do_retire(fl_ctx *ctx, fl_chores *c)
{
	retiring r = { .opts = &c->opts };
	fl_ctx chore_ctx;
	fl_ctx_derive(&chore_ctx, ctx, CHORE_TIMEOUT_US);
	fl_err err = await_pool(&chore_ctx, retire, &r);
	fl_ctx_fini(&chore_ctx);
	if (r.dropped)
		fl_info("chores: dropped %d tables of months older than the %lld that are kept", r.dropped, (long long)c->opts.keep_months);
	if (err != FL_OK && err != FL_UNAVAILABLE)
		fl_warn("chores: old months: %s", fl_diag_text(&r.diag, err));
	c->due_us[RETIRE] = fl_loop_now_us(c->loop) + (err == FL_DB_RETRY ? FL_MINUTE_US : FL_HOUR_US);
}

/* ---- Old reports of companies with a policy ---- */

enum { REPORTS_A_RUN = 500 };

typedef struct archiving {
	fl_archive_site site;
	fl_archive_result result;
	fl_diag diag;
} archiving;

static fl_err archive(void *arg)
{
	archiving *a = arg;
	return fl_archive_run(&a->site, NULL, &a->result, &a->diag);
}

static void do_archive(fl_ctx *ctx, fl_chores *c)
{
	archiving a = { .site = *c->opts.archive };
	fl_ctx chore_ctx;
	a.site.reports_max = REPORTS_A_RUN;
	fl_ctx_derive(&chore_ctx, ctx, ARCHIVE_TIMEOUT_US);
	fl_err err = await_pool(&chore_ctx, archive, &a);
	fl_ctx_fini(&chore_ctx);
	if (a.result.reports)
		fl_info("chores: %lld old reports are gone, %lld archives were written", (long long)a.result.reports, (long long)a.result.files);
	if (err != FL_OK && err != FL_UNAVAILABLE && err != FL_IN_USE)
		fl_warn("chores: old reports: %s", fl_diag_text(&a.diag, err));
	bool more = err == FL_DB_RETRY || (err == FL_OK && a.result.reports >= REPORTS_A_RUN);
	c->due_us[ARCHIVE] = fl_loop_now_us(c->loop) + (more ? FL_MINUTE_US : FL_HOUR_US);
}

/* ---- The register of erasures, beside the backups ---- */

typedef struct keeping {
	fl_register *reg;
	int64_t kept;
	fl_diag diag;
} keeping;

static fl_err keep(void *arg)
{
	keeping *k = arg;
	return fl_register_keep(k->reg, &k->kept, &k->diag);
}

static void do_register(fl_ctx *ctx, fl_chores *c)
{
	keeping k = { .reg = c->opts.erasures };
	fl_ctx chore_ctx;
	fl_ctx_derive(&chore_ctx, ctx, CHORE_TIMEOUT_US);
	fl_err err = await_pool(&chore_ctx, keep, &k);
	fl_ctx_fini(&chore_ctx);
	if (err != FL_OK && err != FL_UNAVAILABLE)
		fl_warn("chores: the register of erasures: %s", fl_diag_text(&k.diag, err));
	c->due_us[REGISTER] = fl_loop_now_us(c->loop) + 10 * FL_SECOND_US;
}

/* ---- Bytes that nothing names ---- */

typedef struct sweeping {
	fl_sweep_site site;
	fl_sweep_result result;
	fl_diag diag;
} sweeping;

static fl_err sweep(void *arg)
{
	sweeping *s = arg;
	return fl_sweep_run(&s->site, &s->result, &s->diag);
}

/* Looks each hour whether a run is due: of several `fleet work` any does it. */
static void do_sweep(fl_ctx *ctx, fl_chores *c)
{
	sweeping s = { .site = *c->opts.sweep };
	fl_ctx chore_ctx;
	s.site.only_due = true;
	fl_ctx_derive(&chore_ctx, ctx, ARCHIVE_TIMEOUT_US);
	fl_err err = await_pool(&chore_ctx, sweep, &s);
	fl_ctx_fini(&chore_ctx);
	if (s.result.removed)
		fl_info("chores: %lld files of %.1f MB that nothing names are gone from the store", (long long)s.result.removed, (double)s.result.removed_bytes / 1e6);
	if (err != FL_OK && err != FL_UNAVAILABLE && err != FL_IN_USE)
		fl_warn("chores: loose bytes: %s", fl_diag_text(&s.diag, err));
	c->due_us[SWEEP] = fl_loop_now_us(c->loop) + FL_HOUR_US;
}

static void sleep_until(fl_ctx *ctx, fl_chores *c, int64_t at_us)
{
	fl_wait_init(&c->wait);
	c->sleeping = true;
	fl_err err = await_wait_until(ctx, &c->wait, at_us);
	c->sleeping = false;
	(void)err; /* the time has come, or the end has */
}

static void run(void *arg)
{
	fl_chores *c = arg;
	fl_arena mem = fl_arena_make(8 << 20);
	fl_ctx ctx;
	fl_ctx_init(&ctx, c->loop, &mem);
	ctx.services = c->services;
	while (!c->stopping) {
		int64_t next = FL_NEVER;
		for (size_t i = 0; i < FL_COUNT(chores) && !c->stopping; i++) {
			if (c->due_us[i] <= fl_loop_now_us(c->loop))
				do_chore(&ctx, c, i);
			next = FL_MIN(next, c->due_us[i]);
		}
		if (!c->stopping && c->due_us[ARCHIVE] <= fl_loop_now_us(c->loop))
			do_archive(&ctx, c);
		if (!c->stopping && c->due_us[RETIRE] <= fl_loop_now_us(c->loop))
			do_retire(&ctx, c);
		if (!c->stopping && c->due_us[REGISTER] <= fl_loop_now_us(c->loop))
			do_register(&ctx, c);
		if (!c->stopping && c->due_us[SWEEP] <= fl_loop_now_us(c->loop))
			do_sweep(&ctx, c);
		for (size_t i = FL_COUNT(chores); i < CHORES; i++)
			next = FL_MIN(next, c->due_us[i]);
		if (!c->stopping)
			sleep_until(&ctx, c, next);
		fl_arena_reset(&mem);
	}
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	if (c->stopped)
		fl_wake(c->stopped, FL_OK);
}

fl_err fl_chores_start(fl_loop *loop, fl_services *services, const fl_chores_opts *opts, fl_chores **out)
{
	fl_chores *c = calloc(1, sizeof(*c));
	if (!c)
		return FL_NOMEM;
	c->loop = loop;
	c->services = services;
	c->opts = *opts;
	if (opts->keep_months <= 0 || !opts->owner_url)
		c->due_us[RETIRE] = FL_NEVER;
	if (!opts->erasures)
		c->due_us[REGISTER] = FL_NEVER;
	if (!opts->archive)
		c->due_us[ARCHIVE] = FL_NEVER;
	if (!opts->sweep)
		c->due_us[SWEEP] = FL_NEVER;
	fl_err err = fl_go(loop, run, c);
	if (err) {
		free(c);
		return err;
	}
	*out = c;
	return FL_OK;
}

void await_chores_stop(fl_ctx *ctx, fl_chores *c)
{
	fl_wait ended;
	fl_ctx patient;
	if (!c)
		return;
	fl_wait_init(&ended);
	c->stopped = &ended;
	c->stopping = true;
	if (c->sleeping)
		fl_wake(&c->wait, FL_OK);
	fl_ctx_detach(&patient, ctx, CHORE_TIMEOUT_US + FL_SECOND_US);
	if (await_wait(&patient, &ended) == FL_OK) {
		free(c);
	} else {
		c->stopped = NULL; /* they keep their memory and end unseen */
		fl_error("chores: they did not stop in time");
	}
	fl_ctx_fini(&patient);
}
