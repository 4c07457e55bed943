#include "app/maintain_clock.h"

#include "app/environment.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STOP_US (5 * FL_SECOND_US)

struct app_maintain_clock {
	fl_loop *loop;
	const app_config *config;
	int64_t started_us;
	fl_child *child;
	fl_wait wait;
	bool sleeping, stopping;
	fl_wait *stopped;
};

bool app_maintain_is_time(int64_t now_us, int64_t up_us, int quiet_hour)
{
	int hour = fl_time_civil(now_us).hour;
	return hour == quiet_hour || (hour > quiet_hour && up_us >= FL_HOUR_US);
}

static fl_err spawn(app_maintain_clock *c, fl_ctx *ctx)
{
	static const app_environment_add none[] = { { 0 } };
	static const char *const argv[] = { "fleet", "maintain", "due", "--quiet", NULL };
	const char *const *env = app_environment(ctx->mem, c->config, none);

	if (!env)
		return FL_NOMEM;
	return fl_child_spawn(c->loop, &(fl_spawn_opts) { .path = "/proc/self/exe", .argv = argv, .env = env, .err = FL_STDIO_FD, .err_fd = STDERR_FILENO,
		.death_signal = SIGTERM, .group = true }, &ctx->diag, &c->child);
}

/* 0 and 1 are reports, which lie in HOME/reports; 2 has said why on our standard error. */
static void look(app_maintain_clock *c, fl_ctx *ctx)
{
	int status = 0;
	fl_err err = spawn(c, ctx);

	if (err == FL_OK)
		err = await_child(ctx, c->child, &status);
	fl_child_free(c->child);
	c->child = NULL;
	if (c->stopping)
		return;
	if (err != FL_OK)
		fl_warn("maintenance: %s", fl_diag_text(&ctx->diag, err));
	else if (status == 1)
		fl_info("maintenance: something needs a person; the report lies in HOME/reports");
	else if (status > 2)
		fl_warn("maintenance: it ended with status %d", status);
}

static void run(void *arg)
{
	app_maintain_clock *c = arg;
	fl_arena mem = fl_arena_make(1 << 20);
	fl_ctx ctx;

	fl_ctx_init(&ctx, c->loop, &mem);
	while (!c->stopping) {
		fl_wait_init(&c->wait);
		c->sleeping = true;
		fl_err err = await_wait_until(&ctx, &c->wait, fl_loop_now_us(c->loop) + c->config->maintain_look_s * FL_SECOND_US);
		c->sleeping = false;
		(void)err; /* the time has come, or the end has */
		if (!c->stopping && app_maintain_is_time(fl_now_us(), fl_mono_us() - c->started_us, (int)c->config->maintain_hour))
			look(c, &ctx);
		fl_arena_reset(&mem);
	}
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	if (c->stopped)
		fl_wake(c->stopped, FL_OK);
}

fl_err app_maintain_clock_start(fl_loop *loop, const app_config *config, fl_diag *diag, app_maintain_clock **out)
{
	bool on = strcmp(config->maintain, "on") == 0;

	*out = NULL;
	if (!on && strcmp(config->maintain, "off") != 0)
		return fl_fail(diag, FL_BAD_INPUT, "FLEET_MAINTAIN: '%s' is neither on nor off", config->maintain);
	if (!on)
		return FL_OK;
	app_maintain_clock *c = calloc(1, sizeof(*c));
	if (!c)
		return FL_NOMEM;
	c->loop = loop;
	c->config = config;
	c->started_us = fl_mono_us();
	fl_err err = fl_go(loop, run, c);
	if (err != FL_OK) {
		free(c);
		return err;
	}
	*out = c;
	return FL_OK;
}

void await_app_maintain_clock_stop(fl_ctx *ctx, app_maintain_clock *c)
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
	fl_ctx_detach(&patient, ctx, 2 * STOP_US);
	if (c->child)
		await_child_stop(&patient, c->child, STOP_US);
	if (await_wait(&patient, &ended) == FL_OK)
		free(c);
	else
		c->stopped = NULL; /* it keeps its memory and ends unseen */
	fl_ctx_fini(&patient);
}
