/* extensions.explain: what the engine makes of an operation and where its time went. The plan is the engine's own; calls and
 * SQL statements are read from the trace of the request (obs/trace.h), so what is shown is what was measured.
 *
 *	{ "operation", "cached", "micros": { "prepare", "execute", "write" },
 *	  "plan":  [{ "key", "field", "how", "on", "wave", "selections": [...] }],
 *	  "calls": [{ "wave", "field", "parents", "startMicros", "micros", "error", "sql": [{ "name", "text", "rows", "micros" }]
 *}] } */
#include "graphql/graphql_int.h"

#include "io/io.h"
#include "obs/trace.h"

/* ---- the plan: a tree, walked with a stack of its own ---- */

typedef struct level {
	const gql_branch *branches;
	uint32_t count, branch, at;
	bool narrow; /* the fields belong to one of several types */
} level;

static void put_text(fl_json_out *j, fl_str key, fl_str text)
{
	fl_json_key(j, key);
	fl_json_put_str(j, text);
}

static void put_number(fl_json_out *j, fl_str key, int64_t number)
{
	fl_json_key(j, key);
	fl_json_put_i64(j, number);
}

static fl_str how_of(const gql_node *node)
{
	switch (node->how) {
	case FL_GQL_COLUMN: return FL_STR("column");
	case FL_GQL_GETTER: return FL_STR("getter");
	case FL_GQL_BATCH: return FL_STR("batch");
	case FL_GQL_BATCH_AT_ONCE: return FL_STR("batch at once");
	default: return FL_STR("name");
	}
}

/* Leaves the object open. */
static void put_node(fl_json_out *j, const gql_exec *x, const gql_node *node, const level *l)
{
	const gql_field_def *def = node->def;
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("key"));
	fl_json_put_raw(j, fl_str_slice(node->key, 1, node->key.len - 1)); /* ,"key": */
	put_text(j, FL_STR("field"),
		def->is_typename ? def->name
				 : fl_str_fmt(x->mem, "%" FL_FMT ".%" FL_FMT, FL_ARG(def->owner->name), FL_ARG(def->name)));
	put_text(j, FL_STR("how"), how_of(node));
	if (l->narrow)
		put_text(j, FL_STR("on"), l->branches[l->branch].type->name);
	if (node->run != GQL_NONE && x->runs[node->run].wave)
		put_number(j, FL_STR("wave"), x->runs[node->run].wave);
}

static void put_plan(fl_json_out *j, const gql_exec *x)
{
	level *levels = fl_new_array(x->mem, level, x->plan->depth + 2);
	uint32_t depth = 0;
	if (!levels) {
		j->buf->err = FL_NOMEM;
		return;
	}
	fl_json_open(j, '[');
	levels[depth++] = (level) { &x->plan->root, 1, 0, 0, false };
	while (depth) {
		level *l = &levels[depth - 1];
		if (l->branch == l->count) {
			fl_json_close(j, ']');
			if (--depth)
				fl_json_close(j, '}');
			continue;
		}
		if (l->at == l->branches[l->branch].count) {
			l->branch++;
			l->at = 0;
			continue;
		}
		const gql_node *node = &l->branches[l->branch].nodes[l->at++];
		if (!gql_holds(x, node))
			continue;
		put_node(j, x, node, l);
		if (!node->composite) {
			fl_json_close(j, '}');
			continue;
		}
		fl_json_key(j, FL_STR("selections"));
		fl_json_open(j, '[');
		assert(depth < x->plan->depth + 2);
		levels[depth++] = (level) { node->branches, node->branch_count, 0, 0, gql_is_abstract(node->def->type.type) };
	}
}

/* ---- the calls ---- */

static int64_t took_us(const fl_span *span)
{
	return span->end_us ? span->end_us - span->start_us : 0;
}

static void put_statement(fl_json_out *j, const fl_span *span)
{
	fl_str text = fl_span_text_of(span, "db.query.text");
	fl_json_open(j, '{');
	put_text(j, FL_STR("name"), span->name);
	if (text.ptr)
		put_text(j, FL_STR("text"), text);
	put_number(j, FL_STR("rows"), fl_span_number_of(span, "db.response.returned_rows", 0));
	put_number(j, FL_STR("micros"), took_us(span));
	fl_json_close(j, '}');
}

static void put_call(fl_json_out *j, const fl_trace *trace, const fl_span *call, int64_t wave)
{
	fl_json_open(j, '{');
	put_number(j, FL_STR("wave"), wave);
	put_text(j, FL_STR("field"), call->name);
	put_number(j, FL_STR("parents"), fl_span_number_of(call, "graphql.parents", 0));
	put_number(j, FL_STR("startMicros"), call->start_us - trace->first->start_us);
	put_number(j, FL_STR("micros"), took_us(call));
	if (call->err != FL_OK)
		put_text(j, FL_STR("error"), fl_str_z(fl_err_code(call->err)));
	fl_json_key(j, FL_STR("sql"));
	fl_json_open(j, '[');
	for (const fl_span *span = call->next; span; span = span->next)
		if (span->parent == call && span->kind == FL_SPAN_CLIENT)
			put_statement(j, span);
	fl_json_close(j, ']');
	fl_json_close(j, '}');
}

static void put_calls(fl_json_out *j, const fl_trace *trace)
{
	fl_json_open(j, '[');
	for (const fl_span *span = trace ? trace->first : NULL; span; span = span->next) {
		int64_t wave = fl_span_number_of(span, "graphql.wave", 0);
		if (wave)
			put_call(j, trace, span, wave);
	}
	fl_json_close(j, ']');
}

void gql_explain_write(const gql_exec *x, fl_buf *out)
{
	static const fl_str words[] = { FL_STR_INIT("query"), FL_STR_INIT("mutation"), FL_STR_INIT("subscription") };
	const gql_explain *e = x->explain;
	fl_json_out j = { .buf = out };
	fl_json_open(&j, '{');
	put_text(&j, FL_STR("operation"), words[x->plan->operation]);
	fl_json_key(&j, FL_STR("cached"));
	fl_json_put_bool(&j, e->cached);
	fl_json_key(&j, FL_STR("micros"));
	fl_json_open(&j, '{');
	put_number(&j, FL_STR("prepare"), e->prepared_us - e->began_us);
	put_number(&j, FL_STR("execute"), e->executed_us - e->prepared_us);
	put_number(&j, FL_STR("write"), e->written_us - e->executed_us);
	fl_json_close(&j, '}');
	fl_json_key(&j, FL_STR("plan"));
	put_plan(&j, x);
	fl_json_key(&j, FL_STR("calls"));
	put_calls(&j, x->ctx->trace);
	fl_json_close(&j, '}');
}
