#include "app/tracing.h"

#include "fleet/fleet.h"
#include "obs/trace.h"

/* What asks all the time and is of no interest. */
static bool is_probe(fl_str path)
{
	return fl_str_eq(path, FL_STR("/healthz")) || fl_str_eq(path, FL_STR("/readyz")) || fl_str_eq(path, FL_STR("/metrics"));
}

fl_err app_trace_begin(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_tracer *tracer = ctx->services->tracer;
	if (!tracer || is_probe(req->path))
		return FL_OK;
	fl_str parent = fl_request_header(req, FL_STR("traceparent"));
	char *own = fl_arena_take(ctx->mem, FL_TRACEPARENT_LEN + 1);
	if (own && fl_tracer_wants(tracer, parent) && fl_trace_open(ctx, FL_STR("HTTP"), FL_SPAN_SERVER, parent) &&
		fl_trace_parent(ctx, own))
		fl_response_header(res, FL_STR("traceparent"), (fl_str) { own, FL_TRACEPARENT_LEN });
	return FL_OK;
}

void app_trace_end(void *arg, const fl_http_access *access)
{
	fl_ctx *ctx = access->ctx;
	if (!ctx->trace)
		return;
	fl_span *span = ctx->trace->first;
	fl_str route = access->route ? fl_str_z(access->route) : FL_STR("");
	fl_str name = fl_str_fmt(ctx->mem, "%" FL_FMT " %" FL_FMT, FL_ARG(access->method), FL_ARG(route));
	if (name.ptr)
		span->name = name;
	fl_span_text(span, "http.request.method", access->method);
	fl_span_text(span, "http.route", route);
	fl_span_text(span, "fleet.request_id", access->request_id);
	fl_span_number(span, "http.response.status_code", access->status);
	fl_span_number(span, "http.request.body.size", (int64_t)access->bytes_in);
	fl_span_number(span, "http.response.body.size", (int64_t)access->bytes_out);
	fl_trace_close(ctx, ctx->services->tracer, access->status >= 500 ? FL_INTERNAL : FL_OK);
}

void app_trace_statement(fl_ctx *ctx, const fl_sql *sql, int64_t took_us, int64_t rows, fl_err err)
{
	fl_span *span = ctx ? fl_span_past(ctx, FL_SPAN_CLIENT, fl_str_z(sql->name), took_us, err) : NULL;
	fl_span_text(span, "db.system.name", FL_STR("postgresql"));
	fl_span_text(span, "fleet.db.target", fl_str_z(fl_db_target(ctx, sql)));
	fl_span_text(span, "db.query.text", fl_str_z(sql->text));
	fl_span_number(span, "db.response.returned_rows", rows);
}
