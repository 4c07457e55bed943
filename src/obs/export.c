/* The tracer: finished traces become OTLP in JSON, gathered in one batch; a coroutine posts it once a second, or leaves it.
 *
 *	fl_trace_close --> batch (bounded) --> post --> collector
 *	       '-- full: dropped, counted                 '-- away: dropped, counted, said once */
#include "obs/trace.h"

#include <stdlib.h>

enum { BATCH_BYTES = 2 << 20, URL_MAX = 500, ANSWER_MAX = 4096 };
#define EVERY_US FL_SECOND_US
#define POST_TIMEOUT_US (5 * FL_SECOND_US)
#define LAST_POST_US FL_SECOND_US

struct fl_tracer {
	fl_loop *loop;
	char address[FL_ADDRESS_MAX], host[FL_ADDRESS_MAX], path[URL_MAX], service[100];
	unsigned percent;
	uint64_t seed;
	size_t batch_max;
	int64_t every_us;
	fl_buf batch; /* spans, with commas between */
	uint64_t batch_spans;
	fl_timer timer;     /* runs while a batch waits */
	bool posting, away; /* away: that the collector is was said */
	fl_wait *idle;
	fl_tracer_stats stats;
};

/* ---- OTLP ---- */

static void put_attr(fl_json_out *j, const fl_span_attr *attr)
{
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("key"));
	fl_json_put_str(j, fl_str_z(attr->key));
	fl_json_key(j, FL_STR("value"));
	fl_json_open(j, '{');
	if (attr->text.ptr) {
		fl_json_key(j, FL_STR("stringValue"));
		fl_json_put_str(j, attr->text);
	} else { /* 64-bit integers are texts in OTLP's JSON */
		char digits[24];
		fl_buf text = { .ptr = digits, .cap = sizeof(digits), .max = sizeof(digits) };
		fl_buf_i64(&text, attr->number);
		fl_json_key(j, FL_STR("intValue"));
		fl_json_put_str(j, fl_buf_view(&text));
	}
	fl_json_close(j, '}');
	fl_json_close(j, '}');
}

static void put_id(fl_json_out *j, fl_str key, uint64_t id)
{
	char text[17];
	for (int i = 15; i >= 0; i--, id >>= 4)
		text[i] = "0123456789abcdef"[id & 15];
	fl_json_key(j, key);
	fl_json_put_str(j, (fl_str) { text, 16 });
}

static void put_time(fl_json_out *j, fl_str key, int64_t time_us)
{
	char digits[24];
	fl_buf text = { .ptr = digits, .cap = sizeof(digits), .max = sizeof(digits) };
	fl_buf_i64(&text, time_us);
	fl_buf_lit(&text, "000");
	fl_json_key(j, key);
	fl_json_put_str(j, fl_buf_view(&text));
}

static void put_status(fl_json_out *j, fl_err err)
{
	if (err == FL_OK)
		return;
	fl_json_key(j, FL_STR("status"));
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("code"));
	fl_json_put_i64(j, 2);
	fl_json_key(j, FL_STR("message"));
	fl_json_put_str(j, fl_str_z(fl_err_name(err)));
	fl_json_close(j, '}');
}

static void put_span(fl_buf *out, const fl_trace *trace, const fl_span *span, int64_t now)
{
	fl_json_out j = { .buf = out };
	uint64_t parent = span->parent ? span->parent->id : trace->remote_parent;
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("traceId"));
	fl_buf_char(out, '"');
	fl_buf_hex(out, trace->id, sizeof(trace->id));
	fl_buf_char(out, '"');
	j.comma = true;
	put_id(&j, FL_STR("spanId"), span->id);
	if (parent)
		put_id(&j, FL_STR("parentSpanId"), parent);
	fl_json_key(&j, FL_STR("name"));
	fl_json_put_str(&j, span->name);
	fl_json_key(&j, FL_STR("kind"));
	fl_json_put_i64(&j, span->kind);
	put_time(&j, FL_STR("startTimeUnixNano"), span->start_us);
	put_time(&j, FL_STR("endTimeUnixNano"), span->end_us ? span->end_us : now);
	fl_json_key(&j, FL_STR("attributes"));
	fl_json_open(&j, '[');
	for (unsigned i = 0; i < span->attr_count; i++)
		put_attr(&j, &span->attrs[i]);
	fl_json_close(&j, ']');
	put_status(&j, span->err);
	fl_json_close(&j, '}');
}

static void put_body(const fl_tracer *tracer, fl_str spans, fl_buf *out)
{
	fl_buf_lit(
		out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":");
	fl_json_quote(out, fl_str_z(tracer->service));
	fl_buf_lit(out, "}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"fleet\"},\"spans\":[");
	fl_buf_str(out, spans);
	fl_buf_lit(out, "]}]}]}");
}

/* ---- posting ---- */

/* 200 to 299. */
static fl_err read_answer(fl_ctx *ctx, fl_stream *stream)
{
	char text[ANSWER_MAX];
	size_t have = 0, got = 1;
	while (have < 12 && got) {
		FL_TRY(await_read(ctx, stream, text + have, sizeof(text) - have, &got));
		have += got;
	}
	if (have < 12 || memcmp(text, "HTTP/1.", 7) != 0 || text[9] != '2')
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "the collector answered %.*s", (int)FL_MIN(have, 12), text);
	return FL_OK;
}

static fl_err post(fl_ctx *ctx, const fl_tracer *tracer, fl_str body)
{
	fl_stream *stream;
	fl_str head = fl_str_fmt(ctx->mem,
		"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: "
		"close\r\n\r\n",
		tracer->path, tracer->host, body.len);
	if (!head.ptr)
		return FL_NOMEM;
	FL_TRY(await_connect(ctx, fl_str_z(tracer->address), &stream));
	struct iovec iov[] = { { (char *)(uintptr_t)head.ptr, head.len }, { (char *)(uintptr_t)body.ptr, body.len } };
	fl_err err = await_write(ctx, stream, iov, FL_COUNT(iov));
	if (err == FL_OK)
		err = read_answer(ctx, stream);
	fl_stream_close(stream);
	return err;
}

static void note_result(fl_tracer *tracer, fl_ctx *ctx, fl_err err, uint64_t spans)
{
	if (err == FL_OK) {
		tracer->stats.sent++;
		tracer->away = false;
		return;
	}
	tracer->stats.failed++;
	tracer->stats.dropped += spans;
	if (!tracer->away)
		fl_warn("traces: %s does not take them: %s; what is not taken is dropped", tracer->address,
			fl_diag_text(&ctx->diag, err));
	tracer->away = true;
}

static void post_batch(fl_tracer *tracer, int64_t timeout_us)
{
	fl_arena mem = fl_arena_make(1 << 16);
	fl_buf body = fl_buf_make(tracer->batch_max + URL_MAX), spans = tracer->batch;
	uint64_t count = tracer->batch_spans;
	fl_ctx ctx;
	tracer->batch = fl_buf_make(tracer->batch_max);
	tracer->batch_spans = 0;
	fl_ctx_init(&ctx, tracer->loop, &mem);
	ctx.deadline_us = fl_loop_now_us(tracer->loop) + timeout_us;
	put_body(tracer, fl_buf_view(&spans), &body);
	fl_err err = fl_buf_err(&body);
	if (err == FL_OK)
		err = post(&ctx, tracer, fl_buf_view(&body));
	note_result(tracer, &ctx, err, count);
	fl_ctx_fini(&ctx);
	fl_buf_fini(&body);
	fl_buf_fini(&spans);
	fl_arena_fini(&mem);
}

static void run(void *arg)
{
	fl_tracer *tracer = arg;
	post_batch(tracer, POST_TIMEOUT_US);
	tracer->posting = false;
	if (tracer->idle)
		fl_wake(tracer->idle, FL_OK);
	else if (tracer->batch.len)
		fl_timer_start(tracer->loop, &tracer->timer, fl_loop_now_us(tracer->loop) + tracer->every_us);
}

static void on_timer(void *arg)
{
	fl_tracer *tracer = arg;
	tracer->posting = true;
	if (fl_go(tracer->loop, run, tracer) == FL_OK)
		return;
	tracer->posting = false; /* no stack now: later */
	fl_timer_start(tracer->loop, &tracer->timer, fl_loop_now_us(tracer->loop) + tracer->every_us);
}

void fl_trace_close(fl_ctx *ctx, fl_tracer *tracer, fl_err err)
{
	fl_trace *trace = ctx->trace;
	if (!trace)
		return;
	ctx->span = trace->first;
	if (trace->dropped)
		fl_span_number(trace->first, "fleet.spans_dropped", trace->dropped);
	fl_span_close_traced(ctx, trace->first, err);
	ctx->trace = NULL;
	if (!tracer)
		return;
	size_t before = tracer->batch.len;
	for (const fl_span *span = trace->first; span; span = span->next) {
		if (tracer->batch.len)
			fl_buf_char(&tracer->batch, ',');
		put_span(&tracer->batch, trace, span, trace->first->end_us);
	}
	if (fl_buf_err(&tracer->batch) != FL_OK) { /* whole traces or none */
		tracer->batch.err = FL_OK;
		tracer->batch.len = before;
		tracer->stats.dropped += trace->count;
		return;
	}
	tracer->stats.spans += trace->count;
	tracer->batch_spans += trace->count;
	if (!tracer->posting && !fl_timer_active(&tracer->timer))
		fl_timer_start(tracer->loop, &tracer->timer, fl_loop_now_us(tracer->loop) + tracer->every_us);
}

/* ---- life ---- */

static bool keep(char *out, size_t size, fl_str text)
{
	if (text.len >= size)
		return false;
	memcpy(out, text.len ? text.ptr : "", text.len);
	out[text.len] = 0;
	return true;
}

static bool ends_with_port(fl_str host)
{
	ptrdiff_t colon = -1;
	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] == ':')
			colon = (ptrdiff_t)i;
	return colon >= 0 && (host.ptr[0] != '[' || host.ptr[colon - 1] == ']');
}

static fl_err read_url(fl_tracer *tracer, fl_str url, fl_diag *diag)
{
	fl_str scheme = FL_STR("http://"), port = FL_STR(":4318");
	if (fl_str_starts(url, FL_STR("https://")))
		return fl_fail(
			diag, FL_UNSUPPORTED, "traces go by plain HTTP: let a collector beside this server forward them by TLS");
	if (!fl_str_starts(url, scheme))
		return fl_fail(diag, FL_BAD_INPUT, "the collector's address must be as in http://localhost:4318/v1/traces");
	fl_str rest = fl_str_slice(url, scheme.len, url.len);
	ptrdiff_t slash = fl_str_find_char(rest, '/');
	fl_str host = fl_str_slice(rest, 0, slash < 0 ? rest.len : (size_t)slash);
	fl_str path =
		slash < 0 || rest.len == (size_t)slash + 1 ? FL_STR("/v1/traces") : fl_str_slice(rest, (size_t)slash, rest.len);
	if (host.len == 0 || host.len + port.len >= FL_ADDRESS_MAX || !keep(tracer->host, sizeof(tracer->host), host) ||
		!keep(tracer->path, sizeof(tracer->path), path))
		return fl_fail(diag, FL_BAD_INPUT, "the collector's address has no host, or is too long");
	keep(tracer->address, sizeof(tracer->address), host);
	if (!ends_with_port(host))
		memcpy(tracer->address + host.len, port.ptr, port.len + 1);
	return FL_OK;
}

fl_err fl_tracer_new(fl_loop *loop, const fl_tracer_options *options, fl_diag *diag, fl_tracer **out)
{
	fl_tracer *tracer = calloc(1, sizeof(*tracer));
	if (!tracer)
		return FL_NOMEM;
	tracer->loop = loop;
	tracer->percent = options->percent;
	tracer->batch_max = options->batch_bytes ? options->batch_bytes : BATCH_BYTES;
	tracer->every_us = options->every_us ? options->every_us : EVERY_US;
	tracer->batch = fl_buf_make(tracer->batch_max);
	fl_random(&tracer->seed, sizeof(tracer->seed));
	fl_timer_init(&tracer->timer, on_timer, tracer);
	fl_err err = read_url(tracer, options->url, diag);
	if (err == FL_OK &&
		!keep(tracer->service, sizeof(tracer->service), options->service.len ? options->service : FL_STR("fleet")))
		err = fl_fail(diag, FL_BAD_INPUT, "the service's name is too long");
	if (err != FL_OK) {
		free(tracer);
		return err;
	}
	*out = tracer;
	return FL_OK;
}

void await_tracer_close(fl_ctx *ctx, fl_tracer *tracer)
{
	fl_ctx patient;
	fl_wait idle;
	if (!tracer)
		return;
	fl_timer_stop(&tracer->timer);
	fl_wait_init(&idle);
	tracer->idle = &idle;
	fl_ctx_detach(&patient, ctx, 2 * POST_TIMEOUT_US);
	fl_err err = tracer->posting ? await_wait(&patient, &idle) : FL_OK;
	fl_ctx_fini(&patient);
	tracer->idle = NULL;
	if (err != FL_OK)
		return; /* it keeps what it uses */
	if (tracer->batch.len)
		post_batch(tracer, LAST_POST_US);
	fl_buf_fini(&tracer->batch);
	free(tracer);
}

bool fl_tracer_wants(fl_tracer *tracer, fl_str traceparent)
{
	uint8_t id[16];
	uint64_t parent;
	bool sampled;
	if (!tracer)
		return false;
	if (fl_traceparent_read(traceparent, id, &parent, &sampled))
		return sampled;
	tracer->seed = tracer->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (tracer->seed >> 33) % 100 < tracer->percent;
}

fl_tracer_stats fl_tracer_statistics(const fl_tracer *tracer)
{
	return tracer->stats;
}
