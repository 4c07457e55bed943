/* The delivery job: one message to one receiver, once more. */
#include "fleet/event.h"
#include "fleet/notice/notice.h"

enum { BODY_MAX = 256 << 10, TRIES_KEPT = 20 };

typedef struct message {
	fl_uuid id, event_id, report_id;
	bool has_report, by_mail, receiver_active;
	int32_t vehicle_id;
	fl_str type, data, company;
	fl_webhook_id webhook;
	fl_str url;                  /* of the webhook */
	fl_str to, rule;             /* of the mail */
	fl_str vehicle, description; /* of the report, for mails; ptr NULL: none */
	int64_t number;
	int16_t severity;
} message;

static const fl_sql load_sql = { "delivery_load",
	"SELECT d.event_id, d.event_type, d.report_id, d.vehicle_id, event_open(d.tenant_id, d.event_id, d.data), d.webhook_id, w.url, w.generation, "
	"coalesce(w.active, a.active AND u.disabled_at IS NULL),"
	" u.email, a.name, t.public_id, r.report_number, r.severity, v.name, left(r.description, 500)"
	" FROM deliveries d JOIN tenants t ON t.id = d.tenant_id"
	" LEFT JOIN webhooks w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id"
	" LEFT JOIN alert_rules a ON a.tenant_id = d.tenant_id AND a.id = d.rule_id LEFT JOIN users u ON u.tenant_id = "
	"a.tenant_id AND u.id = a.user_id"
	" LEFT JOIN damage_reports r ON r.tenant_id = d.tenant_id AND r.id = d.report_id"
	" LEFT JOIN vehicles v ON v.tenant_id = d.tenant_id AND v.id = coalesce(d.vehicle_id, r.vehicle_id)"
	" WHERE d.tenant_id = $1 AND d.id = $2 AND d.state <> 2" };

/* *found false: delivered already, or gone. */
static fl_err load(fl_ctx *ctx, const fl_job *job, message *m, bool *found)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	const fl_json *json;
	FL_TRY(fl_json_parse(ctx->mem, job->payload, &json, &ctx->diag));
	if (!fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("delivery")), FL_STR("")), &m->id))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the job names no delivery");
	fl_arg_i32(&args, job->tenant_id);
	fl_arg_uuid(&args, m->id);
	FL_TRY(await_query(ctx, ctx->services->db, &load_sql, &args, &rows));
	*found = rows->count;
	if (!rows->count)
		return FL_OK;
	m->event_id = fl_row_uuid(rows, 0, 0);
	m->type = fl_row_text(rows, 0, 1);
	m->has_report = !fl_row_null(rows, 0, 2);
	m->report_id = fl_row_uuid(rows, 0, 2);
	m->vehicle_id = fl_row_i32(rows, 0, 3);
	m->data = fl_row_jsonb(rows, 0, 4);
	m->by_mail = fl_row_null(rows, 0, 5);
	m->webhook = (fl_webhook_id) { job->tenant_id, fl_row_i32(rows, 0, 5), fl_row_i32(rows, 0, 7) };
	m->url = fl_row_text(rows, 0, 6);
	m->receiver_active = fl_row_bool(rows, 0, 8);
	m->to = fl_row_text(rows, 0, 9);
	m->rule = fl_row_text(rows, 0, 10);
	m->company = fl_uuid_str(ctx->mem, fl_row_uuid(rows, 0, 11));
	m->number = fl_row_i64(rows, 0, 12);
	m->severity = fl_row_i16(rows, 0, 13);
	m->vehicle = fl_row_text(rows, 0, 14);
	m->description = fl_row_text(rows, 0, 15);
	return FL_OK;
}

/* ---- webhooks ---- */

static void put_text(fl_json_out *j, const char *key, fl_str text)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_str(j, text);
}

static fl_str report_url(fl_ctx *ctx, const message *m)
{
	fl_str id = fl_uuid_str(ctx->mem, m->report_id);
	return fl_str_fmt(ctx->mem, "%s/reports/%.*s", ctx->services->public_url, FL_ARG(id));
}

/* {"type", "timestamp", "data": {"eventId", "company", "reportId", "reportUrl", "vehicleId", "change"}}: enough to know whether
 * to ask. */
static fl_err write_body(fl_ctx *ctx, const message *m, fl_buf *out)
{
	char at[FL_TIME_TEXT_MAX];
	fl_json_out j = { .buf = out };
	fl_json_open(&j, '{');
	put_text(&j, "type", m->type);
	put_text(&j, "timestamp", (fl_str) { at, fl_time_format(fl_uuid7_time_us(m->event_id), at) });
	fl_json_key(&j, FL_STR("data"));
	fl_json_open(&j, '{');
	put_text(&j, "eventId", fl_uuid_str(ctx->mem, m->event_id));
	put_text(&j, "company", m->company);
	if (m->has_report) {
		put_text(&j, "reportId", fl_uuid_str(ctx->mem, m->report_id));
		put_text(&j, "reportUrl", report_url(ctx, m));
	}
	if (m->vehicle_id)
		put_text(&j, "vehicleId", fl_str_fmt(ctx->mem, "%d", m->vehicle_id));
	fl_json_key(&j, FL_STR("change"));
	fl_json_put_raw(&j, m->data);
	fl_json_close(&j, '}');
	fl_json_close(&j, '}');
	return fl_buf_err(out);
}

static fl_err send_webhook(fl_ctx *ctx, const message *m, fl_outbound_answer *answer)
{
	FL_AUTO_BUF fl_buf body = fl_buf_make(BODY_MAX);
	char signature[FL_WEBHOOK_SECRET_MAX];
	fl_str id = fl_uuid_str(ctx->mem, m->id);
	int64_t now_s = fl_now_us() / FL_SECOND_US;
	FL_TRY(write_body(ctx, m, &body));
	fl_webhook_sign(ctx->services->webhook_key, &m->webhook, id, now_s, fl_buf_view(&body), signature);
	const fl_outbound_post post = {
		.url = m->url,
		.body = fl_buf_view(&body),
		.header_count = 3,
		.headers = { fl_str_fmt(ctx->mem, "webhook-id: %.*s", FL_ARG(id)),
			fl_str_fmt(ctx->mem, "webhook-timestamp: %lld", (long long)now_s),
			fl_str_fmt(ctx->mem, "webhook-signature: %s", signature) },
	};
	FL_TRY(await_outbound_post(ctx, ctx->services->outbound, &post, answer));
	return answer->status >= 200 && answer->status < 300
		       ? FL_OK
		       : fl_fail(&ctx->diag, FL_UNAVAILABLE, "it answered %d", answer->status);
}

/* ---- mail ---- */

static fl_err write_mail(fl_ctx *ctx, const message *m, fl_str *subject, fl_buf *text)
{
	fl_str severity = m->severity ? fl_severity_name((fl_severity)m->severity) : FL_STR("damage");
	fl_str vehicle = m->vehicle.ptr ? m->vehicle : FL_STR("a vehicle");
	*subject = m->has_report ? fl_str_fmt(ctx->mem, "Report %lld: %.*s, %.*s (%.*s)", (long long)m->number, FL_ARG(vehicle),
					   FL_ARG(severity), FL_ARG(m->type))
				 : fl_str_fmt(ctx->mem, "%.*s: %.*s", FL_ARG(vehicle), FL_ARG(m->type));
	if (m->description.len) {
		fl_buf_str(text, m->description);
		fl_buf_lit(text, "\n\n");
	}
	if (m->has_report) {
		fl_buf_str(text, report_url(ctx, m));
		fl_buf_lit(text, "\n\n");
	}
	fl_buf_fmt(text, "You get this because of your alert \"%" FL_FMT "\".\n", FL_ARG(m->rule));
	return subject->ptr ? fl_buf_err(text) : FL_NOMEM;
}

static fl_err send_mail(fl_ctx *ctx, const message *m, fl_outbound_answer *answer)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(BODY_MAX);
	fl_str subject, id = fl_uuid_str(ctx->mem, m->id);
	FL_TRY(write_mail(ctx, m, &subject, &text));
	return await_outbound_mail(ctx, ctx->services->outbound,
		&(fl_outbound_mail) { .to = m->to,
			.subject = subject,
			.text = fl_buf_view(&text),
			.message_id = fl_str_fmt(ctx->mem, "%.*s@fleet", FL_ARG(id)) },
		answer);
}

/* ---- what came of it ---- */

static fl_err describe(fl_ctx *ctx, const fl_outbound_answer *answer, fl_err err, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(8 << 10);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '[');
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("at"));
	fl_json_put_i64(&j, fl_now_us());
	fl_json_key(&j, FL_STR("status"));
	fl_json_put_i64(&j, answer->status);
	fl_json_key(&j, FL_STR("ms"));
	fl_json_put_i64(&j, answer->took_us / 1000);
	if (err != FL_OK)
		put_text(&j, "error", fl_str_z(fl_diag_text(&ctx->diag, err)));
	fl_json_close(&j, '}');
	fl_json_close(&j, ']');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static const fl_sql note_sql = { "delivery_note",
	"UPDATE deliveries SET state = $3, attempts = attempts + 1, delivered_at = CASE WHEN $3 = 2 THEN now() END,"
	" tries = (SELECT coalesce(jsonb_agg(t ORDER BY n), '[]') FROM jsonb_array_elements(tries || $4) WITH ORDINALITY x(t, n)"
	" WHERE n > jsonb_array_length(tries || $4) - $5) WHERE tenant_id = $1 AND id = $2",
	.write = true };

static const fl_sql stop_sql = { "webhook_stop",
	"UPDATE webhooks SET active = false, stopped_why = 'the receiver answered 410 Gone', version = version + 1"
	" WHERE tenant_id = $1 AND id = $2 AND active",
	.write = true };

static fl_err note_args(fl_ctx *ctx, const fl_job *job, const message *m, int16_t state, const fl_outbound_answer *answer,
	fl_err err, fl_args *args)
{
	fl_str tried;
	FL_TRY(describe(ctx, answer, err, &tried));
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, job->tenant_id);
	fl_arg_uuid(args, m->id);
	fl_arg_i16(args, state);
	fl_arg_jsonb(args, tried);
	fl_arg_i32(args, TRIES_KEPT);
	return args->err;
}

/* The log and the end of the job are one: what was delivered is not delivered again, but when the machine dies between the two.
 */
static fl_err finish(fl_ctx *ctx, fl_job *job, const message *m, const fl_outbound_answer *answer)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args args;
	FL_TRY(note_args(ctx, job, m, FL_DELIVERY_DELIVERED, answer, FL_OK, &args));
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(await_tx_query(ctx, &tx, &note_sql, &args, NULL));
	return await_job_commit(ctx, &tx, job);
}

static fl_err note_failure(fl_ctx *ctx, fl_job *job, const message *m, const fl_outbound_answer *answer, fl_err err)
{
	fl_args args[2];
	bool gone = !m->by_mail && answer->status == 410;
	job->final = gone || err == FL_BAD_INPUT || err == FL_FORBIDDEN;
	bool last = job->final || job->attempt >= job->attempts_max;
	FL_TRY(note_args(ctx, job, m, last ? FL_DELIVERY_FAILED : FL_DELIVERY_WAITING, answer, err, &args[0]));
	args[1] = fl_args_make(ctx->mem);
	fl_arg_i32(&args[1], job->tenant_id);
	fl_arg_i32(&args[1], m->webhook.webhook_id);
	const fl_stmt stmts[] = { { &note_sql, &args[0], NULL }, { &stop_sql, &args[1], NULL } };
	fl_diag why = ctx->diag;
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, gone ? 2 : 1));
	ctx->diag = why;
	return err;
}

fl_err fl_deliver_job(fl_ctx *ctx, fl_job *job, void *arg)
{
	message m = {};
	bool found;
	fl_outbound_answer answer = {};
	FL_TRY(load(ctx, job, &m, &found));
	if (!found)
		return FL_OK;
	fl_err err = !m.receiver_active ? fl_fail(&ctx->diag, FL_BAD_INPUT, "the receiver is switched off")
		     : m.by_mail        ? send_mail(ctx, &m, &answer)
					: send_webhook(ctx, &m, &answer);
	if (err == FL_CANCELLED)
		return err; /* the lease is lost, or this process ends: another tries */
	return err == FL_OK ? finish(ctx, job, &m, &answer) : note_failure(ctx, job, &m, &answer, err);
}
