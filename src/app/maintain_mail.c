#include "app/maintain_mail.h"

#include "outbound/outbound.h"

#include <stdio.h>

#define MAIL_US (60 * FL_SECOND_US)

typedef struct sending {
	const app_config *config;
	fl_outbound_mail mail;
	fl_diag *diag;
} sending;

static fl_err send(fl_ctx *ctx, void *arg)
{
	sending *s = arg;
	fl_outbound *outbound;
	fl_outbound_answer answer;

	FL_TRY(fl_outbound_open(&(fl_outbound_opts) { .mail_url = s->config->mail_url, .mail_from = s->config->mail_from }, s->diag, &outbound));
	fl_err err = await_outbound_mail(ctx, outbound, &s->mail, &answer);
	if (err != FL_OK)
		*s->diag = ctx->diag;
	fl_outbound_close(outbound);
	return err;
}

fl_err app_maintain_mail(const app_config *config, const fl_maintain_report *report, fl_str text, fl_diag *diag)
{
	const char *name = fl_maintain_name(report->period);
	char subject[128], id[128];
	fl_loop *loop;

	if (!config->operator_mail[0] || !config->mail_url[0])
		return FL_OK;
	size_t acts = fl_maintain_acts(report);
	snprintf(subject, sizeof(subject), "fleet: %zu finding%s of the %s maintenance to act on", acts, acts == 1 ? "" : "s", name);
	snprintf(id, sizeof(id), "maintain-%s-%lld@fleet", name, (long long)report->started_us);
	sending s = { .config = config, .diag = diag, .mail = { .to = fl_str_z(config->operator_mail), .subject = fl_str_z(subject), .text = text,
		.message_id = fl_str_z(id) } };
	FL_TRY(fl_loop_new(&(fl_loop_opts) { 0 }, &loop));
	fl_err err = fl_loop_run_task(loop, MAIL_US, send, &s);
	fl_loop_free(loop);
	return err;
}
