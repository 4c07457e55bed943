/* Requests as traces: which are traced, what their first span says, and SQL statements as spans below. */
#ifndef FL_APP_TRACING_H
#define FL_APP_TRACING_H

#include "db/db.h"
#include "http/http.h"

/* For fl_http_options.before and on_access. */
FL_MUST fl_err app_trace_begin(fl_ctx *ctx, fl_request *req, fl_response *res);
void app_trace_end(void *arg, const fl_http_access *access);
/* For fl_db_opts.on_statement. ctx may be NULL. */
void app_trace_statement(fl_ctx *ctx, const fl_sql *sql, int64_t took_us, int64_t rows, fl_err err);

#endif
