/* What resolvers ask about their field: name, arguments, which children are selected. */
#include "graphql/incremental_int.h"

#include "io/io.h"

enum { FRONTIER_MAX = 64 };

const char *fl_gql_field_name(const fl_gql_field *field)
{
	return field->node->def->name.ptr;
}

const char *fl_gql_field_type_name(const fl_gql_field *field)
{
	return field->node->def->owner->name.ptr;
}

const fl_gql_schema *gql_field_schema(const fl_gql_field *field)
{
	return field->exec->plan->schema;
}

static const fl_gql_value absent;

const fl_gql_value *fl_gql_arg(const fl_gql_field *field, const char *name)
{
	const gql_field_def *def = field->node->def;
	const gql_input *in = gql_find_input(def->args, def->arg_count, fl_str_z(name));
	assert(in);
	const fl_gql_value *args = gql_node_args(field->exec, field->node);
	return args ? &args[in - def->args] : &absent;
}

const fl_gql_value *fl_gql_member(const fl_gql_value *input, const char *name)
{
	if (input->kind != FL_GQL_INPUT)
		return &absent;
	const gql_type *type = input->items[-1].pointer;
	const gql_input *in = gql_find_input(type->inputs, type->input_count, fl_str_z(name));
	assert(in);
	return &input->items[in - type->inputs];
}

/* ---- Look-ahead ---- */

typedef struct frontier {
	const gql_node *nodes[FRONTIER_MAX];
	uint32_t count;
	bool overflow; /* then everything counts as selected: too much is correct, too little is not */
} frontier;

static void add_named(const gql_exec *x, const gql_branch *branch, fl_str name, frontier *out)
{
	for (uint32_t i = 0; i < branch->count; i++) {
		const gql_node *child = &branch->nodes[i];
		if (!gql_holds(x, child) || !fl_str_eq(child->def->name, name))
			continue;
		if (out->count == FRONTIER_MAX)
			out->overflow = true;
		else
			out->nodes[out->count++] = child;
	}
}

static uint64_t selected_in(const gql_exec *x, const gql_branch *branch)
{
	uint64_t bits = 0;
	for (uint32_t i = 0; i < branch->count; i++) {
		const gql_node *child = &branch->nodes[i];
		if (!child->def->is_typename && gql_holds(x, child))
			bits |= UINT64_C(1) << FL_MIN(child->def->index, 63u);
	}
	return bits;
}

/* A branch and its parts: fields that follow later read the same objects. */
typedef struct branch_list {
	const gql_branch *all[FRONTIER_MAX];
	uint32_t count;
	bool overflow;
} branch_list;

static void list_parts(const gql_branch *branch, branch_list *out)
{
	out->all[0] = branch;
	out->count = 1;
	out->overflow = false;
	for (uint32_t i = 0; i < out->count; i++) {
		const gql_deferred *d = out->all[i]->deferred;
		for (uint32_t k = 0; d && k < d->part_count; k++) {
			if (out->count == FRONTIER_MAX)
				out->overflow = true;
			else
				out->all[out->count++] = &d->parts[k].branch;
		}
	}
}

static void add_children(const gql_exec *x, const gql_node *node, fl_str name, frontier *out)
{
	branch_list list;
	for (uint32_t b = 0; b < node->branch_count; b++) {
		list_parts(&node->branches[b], &list);
		out->overflow |= list.overflow;
		for (uint32_t i = 0; i < list.count; i++)
			add_named(x, list.all[i], name, out);
	}
}

static uint64_t selected_on(const gql_exec *x, const gql_node *node)
{
	uint64_t bits = 0;
	branch_list list;
	for (uint32_t b = 0; b < node->branch_count; b++) {
		list_parts(&node->branches[b], &list);
		if (list.overflow)
			return UINT64_MAX;
		for (uint32_t i = 0; i < list.count; i++)
			bits |= selected_in(x, list.all[i]);
	}
	return bits;
}

uint64_t fl_gql_selected(const fl_gql_field *field, const char *path)
{
	frontier now = {}, next;
	uint64_t bits = 0;
	for (const fl_gql_field *f = field; f; f = f->also) {
		if (now.count == FRONTIER_MAX)
			return UINT64_MAX;
		now.nodes[now.count++] = f->node;
	}
	for (fl_str rest = fl_str_z(path); rest.len;) {
		fl_str step = fl_str_cut(rest, '.', &rest);
		next.count = 0;
		next.overflow = false;
		for (uint32_t i = 0; i < now.count; i++)
			add_children(field->exec, now.nodes[i], step, &next);
		if (next.overflow)
			return UINT64_MAX;
		now.count = next.count;
		memcpy(now.nodes, next.nodes, next.count * sizeof(next.nodes[0]));
	}
	for (uint32_t i = 0; i < now.count; i++)
		bits |= selected_on(field->exec, now.nodes[i]);
	return bits;
}

/* ---- Failures ---- */

fl_gql_value gql_failure_value(fl_arena *mem, fl_err err, fl_str text)
{
	static const gql_failure no_memory = { FL_NOMEM, {} };
	gql_failure *failure = fl_new(mem, gql_failure);
	if (failure)
		*failure = (gql_failure){ err, text };
	return (fl_gql_value){ .kind = FL_GQL_ERROR, .pointer = failure ? failure : &no_memory };
}

fl_gql_value fl_gql_error(fl_ctx *ctx, fl_err err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fl_str text = fl_str_vfmt(ctx->mem, format, args);
	va_end(args);
	return gql_failure_value(ctx->mem, err, text);
}
