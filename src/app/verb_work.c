/* fleet work: assessments, the relay of events, and what has to be done by the clock. Any number may run beside each other. */
#include "app/app.h"
#include "app/maintain_clock.h"
#include "app/services.h"
#include "asset/asset.h"
#include "fleet/assess/assess.h"
#include "fleet/chores.h"
#include "fleet/notice/notice.h"
#include "fleet/relay.h"
#include "fleet/repair/quote.h"
#include "fleet/transfer/transfer.h"
#include "queue/queue.h"

#include <signal.h>

/* How long the jobs of a killed worker wait before another does them. Renewed every third of it. */
#define LEASE_US (15 * FL_SECOND_US)

/* Messages under way: receivers are slow, and cost next to nothing. */
enum { DELIVERIES = 16 };

typedef struct worker {
	app_shared shared;
	fl_services services;
	fl_loop *loop;
	fl_model_facts facts;
	fl_redis_sub *pokes;
	fl_runner *assessments, *deliveries, *transfers;
	fl_relay *relay;
	fl_chores *chores;
	app_maintain_clock *clock;
	fl_wait stop;
	bool stopping;
} worker;

static void on_signal(void *arg, int signum)
{
	worker *w = arg;
	(void)signum;
	if (w->stopping)
		return;
	w->stopping = true;
	fl_wake(&w->stop, FL_OK);
}

static void poke_jobs(worker *w)
{
	fl_runner_poke(w->assessments);
	fl_runner_poke(w->deliveries);
	fl_runner_poke(w->transfers);
}

/* Somebody committed something: look at once instead of at the next second. */
static void on_poke(void *arg, fl_str pattern, fl_str channel, fl_str message)
{
	worker *w = arg;
	if (fl_str_eq(channel, FL_STR("fleet:poke:jobs")))
		poke_jobs(w);
	else
		fl_relay_poke(w->relay);
}

static fl_err read_facts(worker *w, fl_diag *diag)
{
	fl_asset json;
	if (!fl_asset_find(FL_STR("models/damage.json"), &json))
		return fl_fail(diag, FL_NOT_FOUND, "this program was built without the damage model (models/damage.json)");
	return fl_model_facts_read(json.bytes, diag, &w->facts);
}

/* Messages to the outside: links to vendors, and notices of what happened. */
static fl_err deliver(fl_ctx *ctx, fl_job *job, void *arg)
{
	return fl_quote_mail_is(job) ? fl_quote_mail_job(ctx, job) : fl_deliver_job(ctx, job, arg);
}

static fl_err start_parts(worker *w, fl_ctx *ctx)
{
	FL_TRY(read_facts(w, &ctx->diag));
	FL_TRY(app_maintain_clock_start(w->loop, w->shared.config, &ctx->diag, &w->clock));
	FL_TRY(fl_relay_start(w->loop, &w->services, &w->relay));
	FL_TRY(fl_chores_start(w->loop, &w->services, &(fl_chores_opts){ .owner_url = w->shared.config->pg_url,
		.keep_months = w->shared.config->keep_months, .archive = &w->shared.archive.site, .erasures = &w->shared.archive.erasures,
		.sweep = &w->shared.archive.sweep }, &w->chores));
	FL_TRY(fl_runner_start(w->loop, &(fl_runner_opts){ .db = w->services.db, .queue = FL_QUEUE_ASSESS,
		.concurrency = (int)w->shared.config->jobs, .lease_us = LEASE_US, .services = &w->services, .handle = fl_assess_job,
		.arg = &w->facts }, &w->assessments));
	FL_TRY(fl_runner_start(w->loop, &(fl_runner_opts){ .db = w->services.db, .queue = FL_QUEUE_DELIVER, .concurrency = DELIVERIES,
		.lease_us = FL_MINUTE_US, .job_timeout_us = 45 * FL_SECOND_US, .arena_max = 4 << 20, .services = &w->services,
		.handle = deliver }, &w->deliveries));
	/* One at a time: a file is long, and nobody waits at the screen for it. */
	FL_TRY(fl_runner_start(w->loop, &(fl_runner_opts){ .db = w->services.db, .queue = FL_QUEUE_TRANSFER, .concurrency = 1, .lease_us = LEASE_US,
		.job_timeout_us = 2 * FL_HOUR_US, .arena_max = 384 << 20, .services = &w->services, .handle = fl_transfer_job }, &w->transfers));
	FL_TRY(fl_redis_sub_open(w->loop, &(fl_redis_sub_opts){ .url = fl_str_z(w->shared.config->redis_url),
		.on_message = on_poke, .arg = w }, &ctx->diag, &w->pokes));
	FL_TRY(fl_redis_sub_add(w->pokes, FL_STR("fleet:poke:jobs")));
	return fl_redis_sub_add(w->pokes, FL_STR("fleet:poke:relay"));
}

static void stop_parts(worker *w, fl_ctx *ctx)
{
	fl_ctx last;
	int64_t grace_us = w->shared.config->drain_s * FL_SECOND_US;
	fl_ctx_detach(&last, ctx, grace_us + 5 * FL_SECOND_US);
	fl_redis_sub_close(w->pokes);
	await_runner_stop(&last, w->assessments, grace_us);
	await_runner_stop(&last, w->deliveries, grace_us);
	await_runner_stop(&last, w->transfers, grace_us);
	await_relay_stop(&last, w->relay);
	await_chores_stop(&last, w->chores);
	await_app_maintain_clock_stop(&last, w->clock);
	app_services_close(&last, &w->services);
	fl_ctx_fini(&last);
}

static fl_err work(fl_ctx *ctx, void *arg)
{
	worker *w = arg;
	FL_TRY(app_services_open(ctx, &w->shared, "fleet_worker", "fleet work", &w->services));
	fl_err err = start_parts(w, ctx);
	if (err == FL_OK) {
		fl_info("working");
		err = await_wait(ctx, &w->stop);
	} else {
		fl_error("%s", fl_diag_text(&ctx->diag, err));
	}
	stop_parts(w, ctx);
	return err;
}

static fl_err start(worker *w, const app_config *config, fl_diag *diag)
{
	FL_TRY(app_shared_open(config, (int)config->port, &w->shared, diag));
	FL_TRY(fl_loop_new(&(fl_loop_opts){ 0 }, &w->loop));
	FL_TRY(fl_loop_on_signal(w->loop, SIGTERM, on_signal, w));
	FL_TRY(fl_loop_on_signal(w->loop, SIGINT, on_signal, w));
	return fl_loop_run_task(w->loop, 0, work, w);
}

static int run(const app_call *call)
{
	worker w = { 0 };
	fl_diag diag = { 0 };
	fl_wait_init(&w.stop);
	signal(SIGPIPE, SIG_IGN);
	fl_err err = start(&w, call->config, &diag);
	if (w.loop)
		fl_loop_free(w.loop);
	app_shared_close(&w.shared);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&diag, err));
}

const app_verb app_verb_work = {
	"work", "assess reports and relay events, with a database and Redis that run elsewhere",
	.details = "Needs FLEET_PG_URL and FLEET_REDIS_URL. Any number may run; a job of one that dies is done by another, once.",
	.run = run };
