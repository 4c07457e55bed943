/* The engine: a request becomes a prepared document (from the cache or anew), coerced variables, and a response. */
#include "graphql/graphql_int.h"

#include <stdlib.h>

#include "io/io.h"
#include "obs/trace.h"

enum {
	PLAN_BYTES_MAX = 32 << 20,    /* of one prepared document */
	SCRATCH_BYTES_MAX = 32 << 20, /* working memory while preparing it */
	SOURCE_BYTES_MAX = 1 << 20,   /* variables of a subscription */
};

struct fl_gql_source {
	fl_gql_engine *engine;
	gql_entry *entry;
	fl_arena mem;
	fl_str variables;   /* as JSON text */
	gql_exec exec;      /* variables and arguments; copied for each event */
	fl_gql_field field;
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

/* ---- Variables ---- */

static bool place_uploads(const fl_gql_request *request, gql_literal *literals, gql_errors *errors)
{
	for (size_t i = 0; i < request->upload_count; i++) {
		fl_str path = request->uploads[i].path, rest;
		gql_literal *v = NULL;
		if (fl_str_eq(fl_str_cut(path, '.', &rest), FL_STR("variables")) && literals && rest.len)
			v = gql_literal_at(literals, rest);
		if (!v || (v->kind != GQL_L_NULL && v->kind != GQL_L_OPAQUE)) {
			gql_fault(errors, GQL_CODE_INPUT, GQL_NONE, GQL_NONE, "The map names \"%" FL_FMT "\", which is no null in the variables.",
				  FL_ARG(fl_str_slice(path, 0, 100)));
			return false;
		}
		v->kind = GQL_L_OPAQUE;
		v->file = request->uploads[i].file;
	}
	return true;
}

static void coerce_variable(gql_exec *x, const gql_literal *literals, uint32_t found, uint32_t i, fl_gql_value *out)
{
	const gql_plan *plan = x->plan;
	const gql_variable *v = &plan->doc.variables[plan->definition->variables.first + i];
	gql_type_ref ref = { v->named, v->type.lists, v->type.nonnull };
	if (found == GQL_NONE) {
		*out = plan->variable_defaults[i];
		if (out->kind == FL_GQL_ABSENT && gql_ref_nonnull(ref))
			gql_fault(&x->errors, GQL_CODE_INPUT, v->place, GQL_NONE,
				  "Variable \"$%" FL_FMT "\" of required type \"%" FL_FMT "\" was not provided.", FL_ARG(v->name),
				  FL_ARG(gql_ref_text(x->mem, ref)));
		return;
	}
	if (literals[found].kind == GQL_L_NULL && gql_ref_nonnull(ref)) {
		gql_fault(&x->errors, GQL_CODE_INPUT, v->place, GQL_NONE,
			  "Variable \"$%" FL_FMT "\" of non-null type \"%" FL_FMT "\" must not be null.", FL_ARG(v->name),
			  FL_ARG(gql_ref_text(x->mem, ref)));
		return;
	}
	gql_coercer c = { .mem = x->mem, .errors = &x->errors, .code = GQL_CODE_INPUT, .literals = literals, .place = v->place, .variable = v->name };
	(void)!gql_coerce(&c, ref, found, out);
}

static uint32_t find_member(const gql_literal *literals, fl_str name)
{
	uint32_t found = GQL_NONE;
	for (uint32_t k = 1; literals && k < literals[0].end; k = literals[k].end)
		if (fl_str_eq(literals[k].name, name))
			found = k;
	return found;
}

bool gql_coerce_variables(gql_exec *x, const fl_gql_request *request)
{
	gql_range range = x->plan->definition->variables;
	uint32_t count = range.end - range.first, literal_count;
	gql_literal *literals = NULL;
	fl_gql_value *values = fl_new_array(x->mem, fl_gql_value, count);
	gql_sent *sent = fl_new_array(x->mem, gql_sent, count);
	if (!values || !sent)
		goto full;
	if (request->variables && request->variables->type == FL_JSON_OBJECT && (count || request->upload_count) &&
	    !gql_literals_from_json(x->mem, request->variables, &literals, &literal_count))
		goto full;
	if (!place_uploads(request, literals, &x->errors))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const gql_variable *v = &x->plan->doc.variables[range.first + i];
		uint32_t found = find_member(literals, v->name);
		coerce_variable(x, literals, found, i, &values[i]);
		if (found != GQL_NONE)
			sent[i] = (gql_sent){ literals, found };
		else if (v->default_value != GQL_NONE)
			sent[i] = (gql_sent){ x->plan->doc.literals, v->default_value };
	}
	x->variables = values;
	x->sent = sent;
	return !x->errors.count && !x->errors.nomem;
full:
	x->errors.nomem = true;
	return false;
}

/* ---- What of the plan depends on variables ---- */

static bool settle_conditions(gql_exec *x)
{
	const gql_plan *plan = x->plan;
	x->holds = fl_arena_take(x->mem, plan->condition_count);
	if (!x->holds)
		return false;
	x->holds[0] = true;
	for (uint32_t i = 1; i < plan->condition_count; i++) {
		const gql_condition *c = &plan->conditions[i];
		if (c->is_or)
			x->holds[i] = x->holds[c->a] || x->holds[c->b];
		else
			x->holds[i] = x->holds[c->a] && (x->variables[c->b].kind == FL_GQL_BOOL && x->variables[c->b].boolean) == c->wanted;
	}
	return true;
}

/* The place of the first occurrence that holds; where none does, the field is left out anyway. */
static uint32_t position_of(const gql_exec *x, const gql_node *node)
{
	for (uint32_t i = 0; node->occurrences && i < node->place_count; i++)
		if (x->holds[node->occurrences[i].condition])
			return node->occurrences[i].position;
	return node->position;
}

static bool settle_order(gql_exec *x, const gql_branch *branch)
{
	const gql_node **at = fl_new_array(x->mem, const gql_node *, branch->positions);
	uint32_t count = 0;
	if (!at)
		return false;
	for (uint32_t i = 0; i < branch->count; i++)
		at[position_of(x, &branch->nodes[i])] = &branch->nodes[i];
	for (uint32_t i = 0; i < branch->positions; i++)
		if (at[i])
			at[count++] = at[i];
	assert(count == branch->count);
	x->orders[branch->order] = at;
	return true;
}

static bool settle_orders(gql_exec *x)
{
	const gql_plan *plan = x->plan;
	if (!plan->order_count)
		return true;
	x->orders = fl_new_array(x->mem, const gql_node **, plan->order_count);
	for (uint32_t i = 0; x->orders && i < plan->order_count; i++)
		if (!settle_order(x, plan->orders[i]))
			return false;
	return x->orders;
}

/* The arguments of one field; what is wrong with them fails the field when it is reached, not the request. */
static bool settle_node(gql_exec *x, uint32_t i)
{
	const gql_node *node = x->plan->dynamics[i];
	const gql_field_def *def = node->def;
	fl_gql_value *args = fl_arena_take(x->mem, def->arg_count * sizeof(*args));
	gql_errors errors = { .mem = x->mem };
	gql_coercer c = { .mem = x->mem, .errors = &errors, .code = GQL_CODE_INPUT, .literals = x->plan->doc.literals,
			  .place = GQL_NONE, .variable_values = x->variables, .sent = x->sent };
	if (!args)
		return false;
	memcpy(args, node->args, def->arg_count * sizeof(*args));
	for (uint32_t k = 0; k < def->arg_count; k++) {
		if (node->arg_literals[k] == GQL_NONE)
			continue;
		const gql_literal *v = &x->plan->doc.literals[node->arg_literals[k]];
		if (v->kind == GQL_L_VARIABLE && x->variables[v->integer].kind == FL_GQL_ABSENT && args[k].kind != FL_GQL_ABSENT)
			continue; /* not given: the default stays */
		args[k] = (fl_gql_value){};
		if (!gql_coerce(&c, def->args[k].type, node->arg_literals[k], &args[k]) && errors.first) {
			x->wrong_arguments[i] = gql_failure_value(x->mem, FL_BAD_INPUT, errors.first->message).pointer;
			return true;
		}
	}
	x->arguments[i] = args;
	return !errors.nomem;
}

static bool settle_arguments(gql_exec *x)
{
	const gql_plan *plan = x->plan;
	if (!plan->dynamic_count)
		return true;
	x->arguments = fl_new_array(x->mem, const fl_gql_value *, plan->dynamic_count);
	x->wrong_arguments = fl_new_array(x->mem, const gql_failure *, plan->dynamic_count);
	if (!x->arguments || !x->wrong_arguments)
		return false;
	for (uint32_t i = 0; i < plan->dynamic_count; i++)
		if (!settle_node(x, i))
			return false;
	return true;
}

bool gql_settle(gql_exec *x)
{
	return settle_conditions(x) && settle_orders(x) && settle_arguments(x);
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

static fl_err run_to_end(gql_exec *x, fl_buf *out, fl_gql_outcome *outcome)
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
	FL_TRY(run_to_end(x, out, outcome));
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

/* ---- Subscriptions ---- */

void fl_gql_source_free(fl_gql_source *source)
{
	if (!source)
		return;
	gql_entry_put(source->entry);
	fl_arena_fini(&source->mem);
	free(source);
}

const fl_gql_field *fl_gql_source_field(const fl_gql_source *source)
{
	return &source->field;
}

/* A prepared document that left the cache and was prepared again counts as another: no answer is wrong by that. */
bool fl_gql_source_same(const fl_gql_source *a, const fl_gql_source *b)
{
	return a->entry == b->entry && a->exec.show_cost == b->exec.show_cost && fl_str_eq(a->variables, b->variables);
}

uint64_t fl_gql_source_hash(const fl_gql_source *source)
{
	return fl_hash(source->variables.ptr, source->variables.len, source->entry->hash);
}

/* The one root field that the variables leave in; validation allows no more. */
static const gql_node *root_field(const gql_exec *x)
{
	const gql_branch *root = &x->plan->root;
	for (uint32_t i = 0; i < root->count; i++)
		if (gql_holds(x, &root->nodes[i]))
			return &root->nodes[i];
	return NULL;
}

/* Values borrowed from the request (its JSON, its document) must outlive it. */
static bool keep_variables(fl_gql_source *s, const fl_gql_request *request, fl_gql_request *kept)
{
	*kept = *request;
	if (!request->variables)
		return true;
	FL_AUTO_BUF fl_buf text = fl_buf_make(SOURCE_BYTES_MAX);
	fl_json_out j = { .buf = &text };
	fl_json_put(&j, request->variables);
	if (fl_buf_err(&text) != FL_OK || fl_json_parse(&s->mem, fl_buf_view(&text), &kept->variables, NULL) != FL_OK)
		return false;
	s->variables = fl_str_dup(&s->mem, fl_buf_view(&text));
	return s->variables.ptr;
}

static fl_err open_source(fl_ctx *ctx, fl_gql_engine *engine, gql_entry *entry, const fl_gql_request *request, fl_gql_source **source,
			  fl_buf *out, fl_gql_outcome *outcome)
{
	fl_gql_source *s = calloc(1, sizeof(*s));
	fl_gql_request kept;
	if (!s)
		return FL_NOMEM;
	s->engine = engine;
	s->mem = fl_arena_make(SOURCE_BYTES_MAX);
	s->exec = (gql_exec){ .mem = &s->mem, .plan = &entry->plan, .limits = &engine->limits, .errors = { .mem = &s->mem } };
	if (!keep_variables(s, request, &kept)) {
		fl_gql_source_free(s);
		return FL_NOMEM;
	}
	if (!gql_coerce_variables(&s->exec, &kept)) {
		fl_err err = gql_answer_errors(out, &s->exec.errors, entry->plan.doc.source, outcome);
		fl_gql_source_free(s);
		return err;
	}
	const gql_node *node = gql_settle(&s->exec) ? root_field(&s->exec) : NULL;
	if (node && !gql_admit(&s->exec, request, outcome)) {
		fl_err err = gql_answer_errors(out, &s->exec.errors, entry->plan.doc.source, outcome);
		fl_gql_source_free(s);
		return err;
	}
	if (!node || (node->arg_literals && !s->exec.arguments[node->dynamic])) {
		const gql_failure *wrong = node ? s->exec.wrong_arguments[node->dynamic] : NULL;
		fl_err err = gql_refuse(out, outcome, FL_BAD_INPUT, wrong ? wrong->text : FL_STR("The subscription selects no field."));
		fl_gql_source_free(s);
		return err;
	}
	s->field = (fl_gql_field){ &s->exec, node, NULL };
	s->entry = entry;
	entry->refs++;
	*source = s;
	return FL_OK;
}

fl_err fl_gql_subscribe(fl_ctx *ctx, fl_gql_engine *engine, const fl_gql_request *request, fl_gql_source **source, fl_buf *out,
			fl_gql_outcome *outcome)
{
	gql_errors errors = { .mem = ctx->mem };
	*outcome = (fl_gql_outcome){ .began_us = request->explain ? fl_mono_us() : 0 };
	*source = NULL;
	gql_entry *entry = gql_engine_entry(engine, request, 0, NULL, &errors, &outcome->cached);
	if (!entry)
		return gql_answer_errors(out, &errors, request->query, outcome);
	fl_err err;
	outcome->operation = entry->plan.operation;
	if (entry->plan.operation == FL_GQL_SUBSCRIPTION)
		err = open_source(ctx, engine, entry, request, source, out, outcome);
	else
		err = gql_execute_entry(ctx, engine, entry, request, out, outcome);
	gql_entry_put(entry);
	return err;
}

fl_err fl_gql_source_execute(fl_ctx *ctx, fl_gql_source *source, const void *root, fl_buf *out, fl_gql_outcome *outcome)
{
	gql_exec x = source->exec;
	*outcome = (fl_gql_outcome){ .operation = FL_GQL_SUBSCRIPTION, .cached = true };
	x.ctx = ctx;
	x.mem = ctx->mem;
	x.root = root;
	x.errors = (gql_errors){ .mem = ctx->mem, .max = GQL_FIELD_ERRORS_MAX };
	x.show_cost = false;
	return run_to_end(&x, out, outcome);
}
