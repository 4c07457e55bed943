/* The engine: a request becomes a prepared document (from the cache or anew), coerced variables, and a response. */
#include "graphql/graphql_int.h"

#include <stdlib.h>

#include "io/io.h"
#include "obs/trace.h"

enum {
	PLAN_BYTES_MAX = 32 << 20,    /* of one prepared document */
	SCRATCH_BYTES_MAX = 32 << 20, /* working memory while preparing it */
};

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

fl_err fl_gql_engine_new(const fl_gql_schema *schema, const fl_gql_limits *limits, size_t cache_bytes, fl_gql_engine **out)
{
	static const fl_gql_limits none;
	const fl_gql_limits *l = limits ? limits : &none;
	fl_gql_engine *engine = calloc(1, sizeof(*engine));
	if (!engine)
		return FL_NOMEM;
	if (!gql_cache_init(&engine->cache, cache_bytes)) {
		free(engine);
		return FL_NOMEM;
	}
	engine->schema = schema;
	engine->limits = (fl_gql_limits){
		.document_bytes = or_default(l->document_bytes, 256 << 10),
		.tokens = or_default(l->tokens, 15000),
		.depth = or_default(l->depth, 32),
		.aliases = or_default(l->aliases, 1000),
		.directives = or_default(l->directives, 500),
		.root_fields = or_default(l->root_fields, 100),
		.selections = or_default(l->selections, 20000),
		.result_bytes = or_default(l->result_bytes, 64 << 20),
		.unstreamed_items = or_default(l->unstreamed_items, 10000),
		.no_introspection = l->no_introspection,
	};
	*out = engine;
	return FL_OK;
}

void fl_gql_engine_free(fl_gql_engine *engine)
{
	if (!engine)
		return;
	gql_cache_fini(&engine->cache);
	free(engine);
}

fl_gql_stats fl_gql_engine_stats(const fl_gql_engine *engine)
{
	fl_gql_stats stats = engine->cache.stats;
	stats.documents = engine->cache.count;
	stats.bytes = engine->cache.bytes;
	stats.pinned = engine->cache.pinned_count;
	stats.pinned_bytes = engine->cache.pinned_bytes;
	return stats;
}

fl_err fl_gql_request_from_json(const fl_json *body, fl_gql_request *out, fl_diag *diag)
{
	if (!body || body->type != FL_JSON_OBJECT)
		return fl_fail(diag, FL_BAD_REQUEST, "the body must be a JSON object");
	const fl_json *query = fl_json_get(body, FL_STR("query")), *name = fl_json_get(body, FL_STR("operationName"));
	const fl_json *variables = fl_json_get(body, FL_STR("variables")), *extensions = fl_json_get(body, FL_STR("extensions"));
	const fl_json *id = fl_json_get(body, FL_STR("documentId"));
	if (query && query->type != FL_JSON_NULL && query->type != FL_JSON_STRING)
		return fl_fail(diag, FL_BAD_REQUEST, "\"query\" must be a string");
	if (id && id->type != FL_JSON_NULL && id->type != FL_JSON_STRING)
		return fl_fail(diag, FL_BAD_REQUEST, "\"documentId\" must be a string");
	if (name && name->type != FL_JSON_NULL && name->type != FL_JSON_STRING)
		return fl_fail(diag, FL_BAD_REQUEST, "\"operationName\" must be a string or null");
	if (variables && variables->type != FL_JSON_NULL && variables->type != FL_JSON_OBJECT)
		return fl_fail(diag, FL_BAD_REQUEST, "\"variables\" must be an object or null");
	*out = (fl_gql_request){
		.query = fl_json_str(query, (fl_str){}),
		.operation_name = fl_json_str(name, (fl_str){}),
		.variables = variables && variables->type == FL_JSON_OBJECT ? variables : NULL,
	};
	if (out->operation_name.len == 0)
		out->operation_name.ptr = NULL;
	FL_TRY(fl_gql_request_extend(out, fl_json_str(id, (fl_str){}), extensions, diag));
	if (!out->query.ptr && !out->by_id)
		return fl_fail(diag, FL_BAD_REQUEST, "\"query\" must be a string, unless \"documentId\" or a \"persistedQuery\" names one");
	return FL_OK;
}

/* ---- Preparing a document ---- */

gql_entry *gql_prepare(fl_gql_engine *engine, const fl_gql_request *request, const gql_variant *values, gql_errors *errors)
{
	gql_entry *entry = calloc(1, sizeof(*entry));
	if (!entry) {
		errors->nomem = true;
		return NULL;
	}
	entry->refs = 1;
	entry->mem = fl_arena_make(PLAN_BYTES_MAX);
	fl_arena scratch = fl_arena_make(SCRATCH_BYTES_MAX);
	fl_str source = request->query.len <= engine->limits.document_bytes ? fl_str_dup(&entry->mem, request->query) : request->query;
	if (request->operation_name.ptr)
		entry->operation_name = fl_str_dup(&entry->mem, request->operation_name);
	gql_plan *plan = &entry->plan;
	bool ok = source.ptr && gql_parse(&plan->doc, &entry->mem, source, &engine->limits, errors);
	if (ok) {
		gql_validate(engine->schema, &plan->doc, &engine->limits, &scratch, errors);
		ok = !errors->count && !errors->nomem &&
		     gql_plan_make(plan, engine->schema, request->operation_name, values, &engine->limits, &scratch, errors) &&
		     (values || (gql_cost_prepare(plan, &scratch, errors) && gql_cache_policy_prepare(plan, &scratch, errors)));
	}
	fl_arena_fini(&scratch);
	if (ok)
		return entry;
	gql_entry_put(entry);
	if (!errors->count)
		errors->nomem = true;
	return NULL;
}

/* ---- Cost ---- */

bool gql_admit(gql_exec *x, const fl_gql_request *request, fl_gql_outcome *outcome)
{
	if (!gql_cost_measure(x, &x->cost))
		return false;
	x->budget = request->budget;
	x->show_cost = request->show_cost || request->cost_only;
	outcome->cost = x->cost;
	if (request->budget <= 0 || request->cost_only || (x->cost.field <= request->budget && x->cost.type <= request->budget))
		return true;
	gql_cost_refuse(x, x->cost, request->budget);
	return false;
}

static bool has_extensions(const gql_exec *x)
{
	return x->show_cost || x->explain;
}

static void write_extensions(const gql_exec *x, fl_buf *out)
{
	if (!has_extensions(x))
		return;
	fl_buf_lit(out, "\"extensions\":{");
	if (x->show_cost) {
		fl_buf_lit(out, "\"cost\":");
		gql_cost_write(out, x->cost, x->budget);
	}
	if (x->show_cost && x->explain)
		fl_buf_char(out, ',');
	if (x->explain) {
		fl_buf_lit(out, "\"explain\":");
		gql_explain_write(x, out);
	}
	fl_buf_char(out, '}');
}

/* The answer to request.cost_only. */
static fl_err answer_cost(const gql_exec *x, fl_buf *out, fl_gql_outcome *outcome)
{
	size_t start = out->len;
	fl_buf_char(out, '{');
	write_extensions(x, out);
	fl_buf_char(out, '}');
	outcome->status = FL_GQL_EXECUTED;
	outcome->cost_only = true;
	if (!out->err)
		return FL_OK;
	out->len = start;
	return out->err;
}

/* ---- Responses ---- */

fl_err gql_answer_errors(fl_buf *out, const gql_errors *errors, fl_str document, fl_gql_outcome *outcome)
{
	size_t start = out->len;
	if (errors->nomem)
		return FL_NOMEM;
	fl_buf_char(out, '{');
	gql_write_errors(out, errors, document, (fl_str){});
	fl_buf_char(out, '}');
	outcome->errors = errors->count;
	if (out->err) {
		fl_err err = out->err;
		out->len = start;
		return err;
	}
	return FL_OK;
}

/* Puts the errors in front of the data, where people look first. */
static void put_errors_first(gql_exec *x, fl_buf *out, size_t start)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(16 << 20);
	gql_write_errors(&text, &x->errors, x->plan->doc.source, x->ctx->request_id);
	fl_buf_char(&text, ',');
	size_t at = start + 1, tail = out->len - at;
	if (text.err || !fl_buf_reserve(out, text.len)) {
		out->err = out->err ? out->err : text.err;
		return;
	}
	memmove(out->ptr + at + text.len, out->ptr + at, tail);
	memcpy(out->ptr + at, text.ptr, text.len);
	out->len += text.len;
}

/* It was executed, mutations too, but is not sent. */
fl_err gql_answer_too_large(gql_exec *x, fl_buf *out, size_t start)
{
	uint32_t max = x->limits->result_bytes;
	out->len = start;
	out->err = FL_OK;
	x->errors = (gql_errors){ .mem = x->mem };
	gql_fault(&x->errors, GQL_CODE_RESULT, GQL_NONE, GQL_NONE, "The answer is larger than %u bytes: ask for less at a time.", max);
	fl_buf_lit(out, "{");
	gql_write_errors(out, &x->errors, x->plan->doc.source, x->ctx->request_id);
	fl_buf_lit(out, ",\"data\":null}");
	return out->err;
}

/* variables, holds and arguments are settled: the rest is running and writing. */
fl_err gql_run_and_write(gql_exec *x, fl_buf *out)
{
	const gql_plan *plan = x->plan;
	size_t start = out->len;
	x->sets = fl_new_array(x->mem, gql_set, plan->set_count);
	x->runs = fl_new_array(x->mem, gql_run, plan->run_count);
	if (!x->sets || !x->runs)
		return FL_NOMEM;
	x->sets[plan->root.set] = (gql_set){ &x->root, 1 };
	FL_TRY(gql_run_batches(x));
	if (x->explain)
		x->explain->executed_us = fl_mono_us();
	fl_buf_lit(out, "{\"data\":");
	FL_TRY(gql_write_data(x, out));
	if (x->explain)
		x->explain->written_us = fl_mono_us();
	if (has_extensions(x))
		fl_buf_char(out, ',');
	write_extensions(x, out);
	if (x->errors.count)
		put_errors_first(x, out, start);
	return out->err ? out->err : out->len - start > x->limits->result_bytes ? FL_TOO_LARGE : FL_OK;
}

fl_err gql_run_to_end(gql_exec *x, fl_buf *out, fl_gql_outcome *outcome)
{
	size_t start = out->len;
	fl_err err = gql_run_and_write(x, out);
	fl_buf_char(out, '}');
	if (err == FL_OK)
		err = out->err;
	if (err == FL_TOO_LARGE)
		err = gql_answer_too_large(x, out, start);
	if (err != FL_OK)
		out->len = start;
	outcome->status = FL_GQL_EXECUTED;
	outcome->errors = x->errors.count;
	outcome->resolver_calls = x->resolver_calls;
	outcome->waves = x->waves;
	return err;
}

/* Settles what variables decide, asks the cost, runs and writes. */
static fl_err execute_settled(gql_exec *x, const fl_gql_request *request, fl_buf *out, fl_gql_outcome *outcome)
{
	fl_str document = x->plan->doc.source;
	if (!gql_coerce_variables(x, request))
		return gql_answer_errors(out, &x->errors, document, outcome);
	x->errors.max = GQL_FIELD_ERRORS_MAX;
	if (!gql_settle(x))
		return FL_NOMEM;
	if (!gql_admit(x, request, outcome))
		return gql_answer_errors(out, &x->errors, document, outcome);
	if (request->cost_only)
		return answer_cost(x, out, outcome);
	FL_TRY(gql_run_to_end(x, out, outcome));
	if (x->plan->operation == FL_GQL_QUERY && !outcome->errors && !x->explain)
		outcome->cache = gql_cache_policy(x);
	return FL_OK;
}

static void describe(fl_span *span, const gql_entry *entry, const fl_gql_outcome *outcome)
{
	fl_span_text(span, "graphql.operation.name", entry->plan.definition->name);
	fl_span_number(span, "graphql.cached", outcome->cached);
	fl_span_number(span, "graphql.waves", outcome->waves);
	fl_span_number(span, "graphql.calls", outcome->resolver_calls);
	fl_span_number(span, "graphql.errors", outcome->errors);
}

static fl_err execute_entry(fl_ctx *ctx, fl_gql_engine *engine, const gql_entry *entry, const fl_gql_request *request, fl_buf *out,
			    fl_gql_outcome *outcome)
{
	static const fl_str words[] = { FL_STR_INIT("query"), FL_STR_INIT("mutation"), FL_STR_INIT("subscription") };
	gql_explain explain = { .cached = outcome->cached, .began_us = outcome->began_us };
	gql_exec x = { .ctx = ctx, .mem = ctx->mem, .plan = &entry->plan, .limits = &engine->limits, .root = request->root,
		       .errors = { .mem = ctx->mem } };
	if (request->explain) {
		explain.prepared_us = fl_mono_us();
		x.explain = &explain;
	}
	fl_span *span = fl_span_open(ctx, FL_SPAN_INTERNAL, words[entry->plan.operation]);
	fl_err err = execute_settled(&x, request, out, outcome);
	if (span) {
		describe(span, entry, outcome);
		fl_span_close(ctx, span, err);
	}
	return err;
}

fl_err gql_refuse(fl_buf *out, fl_gql_outcome *outcome, fl_err code, fl_str why)
{
	size_t start = out->len;
	fl_gql_write_error(out, code, why);
	outcome->errors = 1;
	if (!out->err)
		return FL_OK;
	out->len = start;
	return out->err;
}

fl_err gql_execute_entry(fl_ctx *ctx, fl_gql_engine *engine, const gql_entry *entry, const fl_gql_request *request, fl_buf *out,
			 fl_gql_outcome *outcome)
{
	outcome->operation = entry->plan.operation;
	if (entry->plan.operation == FL_GQL_SUBSCRIPTION)
		return gql_refuse(out, outcome, FL_BAD_REQUEST,
				  FL_STR("Subscriptions need a WebSocket with the subprotocol graphql-transport-ws, or Accept: "
					 "text/event-stream."));
	if (entry->plan.operation == FL_GQL_MUTATION && request->queries_only) {
		outcome->status = FL_GQL_NOT_ALLOWED;
		return gql_refuse(out, outcome, FL_BAD_METHOD, FL_STR("Mutations are sent by POST."));
	}
	ctx->operation = entry->plan.definition->name;
	fl_err err = execute_entry(ctx, engine, entry, request, out, outcome);
	ctx->operation = (fl_str){};
	return err;
}

fl_err fl_gql_execute(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request, fl_buf *out, fl_gql_outcome *outcome)
{
	gql_errors errors = { .mem = ctx->mem };
	*outcome = (fl_gql_outcome){ .began_us = request->explain ? fl_mono_us() : 0 };
	gql_entry *entry = gql_engine_entry(engine, request, 0, NULL, &errors, &outcome->cached);
	if (!entry)
		return gql_answer_errors(out, &errors, request->query, outcome);
	fl_err err = gql_execute_entry(ctx, engine, entry, request, out, outcome);
	gql_entry_put(entry);
	return err;
}

bool fl_gql_is_query(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request)
{
	gql_errors errors = { .mem = ctx->mem };
	bool cached;
	gql_entry *entry = gql_engine_entry(engine, request, 0, NULL, &errors, &cached);
	bool yes = entry && entry->plan.operation == FL_GQL_QUERY;
	gql_entry_put(entry);
	return yes;
}
