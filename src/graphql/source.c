/* Sources: a subscription that is settled once and executed for each event. */
#include "graphql/graphql_int.h"

#include <stdlib.h>

#include "io/io.h"

enum { SOURCE_BYTES_MAX = 1 << 20 }; /* variables of a subscription */

struct fl_gql_source {
	fl_gql_engine *engine;
	gql_entry *entry;
	fl_arena mem;
	fl_str variables;   /* as JSON text */
	gql_exec exec;      /* variables and arguments; copied for each event */
	fl_gql_field field;
};

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
	return gql_run_to_end(&x, out, outcome);
}
