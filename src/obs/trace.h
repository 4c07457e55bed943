/* obs: what happened while a request was answered, as spans: the request, the calls of its selections, its SQL statements.
 *
 *	fl_trace_open(ctx, "POST /graphql", FL_SPAN_SERVER, traceparent);
 *	fl_span *span = fl_span_open(ctx, FL_SPAN_INTERNAL, FL_STR("Query.vehicles"));   // NULL while nobody traces
 *	...
 *	fl_span_number(span, "graphql.parents", 1);
 *	fl_span_close(ctx, span, err);
 *	fl_trace_close(ctx, tracer, err);                                                // on its way to the collector
 *
 * A trace belongs to a ctx (ctx->trace; ctx->span is the span that is open) and lives in its arena. Contexts derived from it
 * share the trace, and each has its own open span, so siblings that run side by side keep their parents apart. Without a
 * trace every function here is one comparison with NULL.
 *
 * Trace context is that of the W3C: an incoming traceparent gives the trace's id and the parent, and decides whether the
 * request is traced at all. The tracer sends finished traces in batches to a collector by OTLP over HTTP in JSON. It never
 * makes a request wait: what does not fit into its batch is dropped and counted.
 *
 * Threads: everything belongs to its loop. */
#ifndef FL_OBS_TRACE_H
#define FL_OBS_TRACE_H

#include "io/io.h"

typedef struct fl_tracer fl_tracer;
typedef struct fl_trace fl_trace;
typedef struct fl_span fl_span;

enum { FL_SPANS_MAX = 1000, FL_SPAN_ATTRS_MAX = 8, FL_TRACEPARENT_LEN = 55 };

typedef enum fl_span_kind {
	FL_SPAN_INTERNAL = 1,
	FL_SPAN_SERVER = 2,
	FL_SPAN_CLIENT = 3,
	FL_SPAN_CONSUMER = 5
} fl_span_kind; /* as in OTLP */

typedef struct fl_span_attr {
	const char *key;
	fl_str text; /* ptr NULL: number */
	int64_t number;
} fl_span_attr;

struct fl_span {
	fl_span *next; /* in the order of opening */
	const fl_span *parent;
	uint64_t id;
	fl_str name; /* borrowed: constant, or in the arena */
	fl_span_kind kind;
	fl_err err;
	int64_t start_us, end_us; /* fl_now_us; end 0: still open */
	fl_span_attr attrs[FL_SPAN_ATTRS_MAX];
	unsigned attr_count;
};

struct fl_trace {
	uint8_t id[16];
	uint64_t remote_parent;  /* 0: none */
	fl_span *first, *last;   /* first: of the whole request */
	unsigned count, dropped; /* dropped: beyond FL_SPANS_MAX */
};

/* Begins a trace whose first span is of this name. traceparent is the incoming header (ptr NULL or nonsense: a new trace).
 * False: no memory; the request goes on untraced. */
bool fl_trace_open(fl_ctx *ctx, fl_str name, fl_span_kind kind, fl_str traceparent);
/* Ends the first span, hands all over to the tracer (NULL: nobody wants them) and takes the trace off ctx. Nothing without one.
 */
void fl_trace_close(fl_ctx *ctx, fl_tracer *tracer, fl_err err);
/* "00-<trace>-<open span>-01" into out, NUL-terminated; false without a trace. */
bool fl_trace_parent(const fl_ctx *ctx, char out[FL_TRACEPARENT_LEN + 1]);

fl_span *fl_span_open_traced(fl_ctx *ctx, fl_span_kind kind, fl_str name);
void fl_span_close_traced(fl_ctx *ctx, fl_span *span, fl_err err);

/* Below the span that is open in ctx; it is open from now on. */
static inline fl_span *fl_span_open(fl_ctx *ctx, fl_span_kind kind, fl_str name)
{
	return __builtin_expect(ctx->trace != NULL, 0) ? fl_span_open_traced(ctx, kind, name) : NULL;
}
static inline void fl_span_close(fl_ctx *ctx, fl_span *span, fl_err err)
{
	if (span)
		fl_span_close_traced(ctx, span, err);
}
/* Something that is over already and took so long. NULL without a trace. */
fl_span *fl_span_past(fl_ctx *ctx, fl_span_kind kind, fl_str name, int64_t took_us, fl_err err);
/* Attributes; key is constant, text borrowed. More than FL_SPAN_ATTRS_MAX are left out. NULL is fine. */
void fl_span_number(fl_span *span, const char *key, int64_t number);
void fl_span_text(fl_span *span, const char *key, fl_str text);
/* The number of that key, or otherwise. */
int64_t fl_span_number_of(const fl_span *span, const char *key, int64_t otherwise);
fl_str fl_span_text_of(const fl_span *span, const char *key); /* ptr NULL: none */

/* ---- Sampling and export ---- */

typedef struct fl_tracer_options {
	fl_str url;         /* "http://host:port/v1/traces"; port 4318 and the path unless said */
	fl_str service;     /* service.name; "" is "fleet" */
	unsigned percent;   /* of requests that come without a traceparent */
	size_t batch_bytes; /* 0: 2 MiB; beyond, traces are dropped */
	int64_t every_us;   /* 0: 1 s */
} fl_tracer_options;

/* FL_BAD_INPUT, FL_UNSUPPORTED (https): the url, with a sentence in diag. Does not connect. */
FL_MUST fl_err fl_tracer_new(fl_loop *loop, const fl_tracer_options *options, fl_diag *diag, fl_tracer **out);
/* Sends what waits, for a second at most. Frees. NULL is fine. */
void await_tracer_close(fl_ctx *ctx, fl_tracer *tracer);
/* Shall a request be traced? NULL: no. */
bool fl_tracer_wants(fl_tracer *tracer, fl_str traceparent);

typedef struct fl_tracer_stats {
	uint64_t spans, dropped, sent, failed; /* dropped: spans; sent, failed: batches */
} fl_tracer_stats;
fl_tracer_stats fl_tracer_statistics(const fl_tracer *tracer);

/* ---- Inside obs ---- */

/* Reads "00-<32 hex>-<16 hex>-<2 hex>"; false: it is none. Higher versions are read as far as this one goes. */
bool fl_traceparent_read(fl_str text, uint8_t trace[16], uint64_t *parent, bool *sampled);

#endif
