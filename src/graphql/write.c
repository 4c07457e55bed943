/* Writes the data as JSON, depth first, in one pass with a stack of its own. A null where none may be cuts the output
 * back to the nearest place that may be null; that is all there is to null propagation. */
#include "graphql/incremental_int.h"


#include "io/io.h"

typedef struct frame {
	const gql_branch *branch;  /* an object; NULL: a list */
	const gql_node *node;      /* whose value this is part of; NULL: data */
	size_t start;              /* where the value begins in the output */
	bool nullable, comma;
	uint32_t at;               /* the next field or item */
	const void *object;
	uint32_t row;              /* of the object in its branch's set */
	gql_type_ref item;         /* of a list */
	fl_gql_value list;
	uint32_t child;            /* of a list: the place of the next object among the children of the field */
	gql_scope *scope;    /* of an object of which something follows later */
} frame;

typedef struct writer {
	gql_exec *x;
	fl_buf *out;
	frame *frames;
	uint32_t depth, cap;
	/* Of a later part of the response: where it belongs. */
	fl_str prefix;             /* the path of the object or list, "[...]" */
	gql_scope *scope;
	uint32_t first;            /* of items: the index of the first */
} writer;

/* ---- Errors ---- */

/* Where the writer is. */
static fl_str path_here(const writer *w)
{
	FL_AUTO_BUF fl_buf path = fl_buf_make(64 << 10);
	fl_buf_char(&path, '[');
	if (w->prefix.len > 2)
		fl_buf_add(&path, w->prefix.ptr + 1, w->prefix.len - 2);
	for (uint32_t i = 0; i < w->depth; i++) {
		const frame *f = &w->frames[i];
		if (path.len > 1)
			fl_buf_char(&path, ',');
		const gql_node *node = f->branch ? gql_branch_node(w->x, f->branch, f->at - 1) : NULL;
		if (node)
			fl_buf_add(&path, node->key.ptr + 1, node->key.len - 2);
		else
			fl_buf_i64(&path, (int64_t)f->at - 1 + (i ? 0 : w->first));
	}
	fl_buf_char(&path, ']');
	return fl_str_dup(w->x->mem, fl_buf_view(&path));
}

static void add_error(writer *w, const gql_node *node, const char *code, fl_str message)
{
	gql_error *error = gql_fault_at(&w->x->errors, code, node->places, node->place_count, message);
	if (error)
		error->path = path_here(w);
}

/* What is wrong inside stays inside: clients get the sentence of the error and may quote the request. */
static void add_failure(writer *w, const gql_node *node, const gql_failure *failure)
{
	bool ours = strcmp(fl_err_code(failure->err), "INTERNAL") == 0;
	fl_str text = ours || !failure->text.len ? fl_str_z(fl_err_text(failure->err)) : failure->text;
	add_error(w, node, fl_err_code(failure->err), text);
}

static void add_unfit(writer *w, const gql_node *node, const char *what)
{
	const gql_field_def *def = node->def;
	fl_warn("graphql: %" FL_FMT ".%" FL_FMT ": %s", FL_ARG(def->owner->name), FL_ARG(def->name), what);
	add_error(w, node, "INTERNAL",
		  fl_str_fmt(w->x->mem, "%" FL_FMT ".%" FL_FMT ": %s", FL_ARG(def->owner->name), FL_ARG(def->name), what));
}

/* ---- Values ---- */

fl_gql_value gql_call_getter(const gql_exec *x, const gql_node *node, const void *parent)
{
	fl_gql_field field = { x, node, NULL };
	fl_gql_value value = {};
	if (node->arg_literals && !x->arguments[node->dynamic])
		return (fl_gql_value){ .kind = FL_GQL_ERROR, .pointer = x->wrong_arguments[node->dynamic] };
	x->ctx->diag.text[0] = 0;
	fl_err err = node->def->bind.getter(x->ctx, &field, parent, &value);
	return err == FL_OK ? value : gql_failure_value(x->mem, err, fl_str_dup(x->mem, fl_str_z(x->ctx->diag.text)));
}

static frame *open_frame(writer *w)
{
	assert(w->depth < w->cap);
	frame *f = &w->frames[w->depth++];
	f->branch = NULL; /* members that only lists or only objects have stay as they are */
	f->start = w->out->len;
	f->at = 0;
	f->comma = false;
	return f;
}

/* Takes back everything up to the nearest value that may be null, and writes null there. */
static void cut_back(writer *w)
{
	while (w->depth) {
		const frame *f = &w->frames[--w->depth];
		w->out->len = FL_MIN(w->out->len, f->start);
		if (f->nullable)
			break;
	}
	if (w->x->notes)
		gql_notes_cut(w->x->notes, w->out->len);
	fl_buf_lit(w->out, "null");
}

static void write_null(writer *w, const gql_node *node, gql_type_ref ref)
{
	if (!gql_ref_nonnull(ref)) {
		fl_buf_lit(w->out, "null");
		return;
	}
	add_error(w, node, "INTERNAL",
		  fl_str_fmt(w->x->mem, "Cannot return null for non-nullable field %" FL_FMT ".%" FL_FMT ".",
			     FL_ARG(node->def->owner->name), FL_ARG(node->def->name)));
	cut_back(w);
}

/* After an error that was already added. */
static void write_failed(writer *w, gql_type_ref ref)
{
	if (gql_ref_nonnull(ref))
		cut_back(w);
	else
		fl_buf_lit(w->out, "null");
}

static void write_unfit(writer *w, const gql_node *node, gql_type_ref ref, size_t start)
{
	w->out->len = FL_MIN(w->out->len, start);
	add_unfit(w, node, "the value does not fit the type");
	write_failed(w, ref);
}

static bool is_list(const fl_gql_value *value)
{
	return value->kind == FL_GQL_LIST || value->kind == FL_GQL_ROWS || value->kind == FL_GQL_PTRS;
}

static void open_list(writer *w, const gql_node *node, gql_type_ref ref, const fl_gql_value *value, uint32_t child)
{
	frame *f = open_frame(w);
	f->node = node;
	f->nullable = !gql_ref_nonnull(ref);
	f->item = gql_ref_item(ref);
	f->list = *value;
	f->child = child;
	fl_buf_char(w->out, '[');
}

/* The innermost object around this place of which something follows later. */
static gql_scope *scope_here(const writer *w)
{
	for (uint32_t i = w->depth; i-- > 0;)
		if (w->frames[i].branch && w->frames[i].branch->deferred)
			return w->frames[i].scope;
	return w->scope;
}

static void note_object(writer *w, frame *f)
{
	w->depth--; /* the path and the scope around the object, not in it */
	f->scope = gql_notes_object(w->x->notes, f->branch->deferred, f->object, scope_here(w), path_here(w), f->start);
	w->depth++;
}

/* The items that are written at once; the rest is noted. */
static fl_gql_value note_list(writer *w, const gql_node *node, const fl_gql_value *value)
{
	fl_gql_value head = gql_list_head(w->x, node, value);
	if (gql_list_goes_on(value, &head))
		gql_notes_list(w->x->notes, node, value, head.count, scope_here(w), path_here(w), w->out->len);
	return head;
}

/* child: the place of the object among all children of the field. */
static void open_object(writer *w, const gql_node *node, gql_type_ref ref, const void *object, uint16_t type_index, uint32_t child)
{
	const gql_type *type = ref.type;
	const gql_branch *branch = node->branches;
	if (gql_is_abstract(type)) {
		const fl_gql_schema *schema = w->x->plan->schema;
		branch = type_index < schema->type_count ? gql_node_branch(node, schema->types[type_index]) : NULL;
		if (!branch) {
			add_unfit(w, node, "the object is of no type that this interface or union can be");
			write_failed(w, ref);
			return;
		}
		if (branch->set != GQL_NONE)
			child = w->x->runs[node->run].sub[child];
	}
	frame *f = open_frame(w);
	f->branch = branch;
	f->node = node;
	f->nullable = !gql_ref_nonnull(ref);
	f->object = object;
	f->row = child;
	if (branch->deferred)
		note_object(w, f);
	fl_buf_char(w->out, '{');
}

static void write_value(writer *w, const gql_node *node, gql_type_ref ref, const fl_gql_value *value, uint32_t child)
{
	size_t start = w->out->len;
	if (value->kind <= FL_GQL_NULL) {
		write_null(w, node, ref);
	} else if (value->kind == FL_GQL_ERROR) {
		add_failure(w, node, value->pointer);
		write_failed(w, ref);
	} else if (ref.lists ? !is_list(value) : is_list(value)) {
		write_unfit(w, node, ref, start);
	} else if (ref.lists) {
		open_list(w, node, ref, value, child);
	} else if (node->composite) {
		if (value->kind == FL_GQL_OBJECT)
			open_object(w, node, ref, value->pointer, value->stride_or_type, child);
		else
			write_unfit(w, node, ref, start);
	} else if (!gql_write_leaf(w->out, ref.type, value)) {
		write_unfit(w, node, ref, start);
	}
}

static void write_column_field(writer *w, const gql_node *node, const void *object)
{
	size_t start = w->out->len;
	switch (gql_write_column(w->out, node, object)) {
	case GQL_WROTE:
		return;
	case GQL_WROTE_NULL:
		write_null(w, node, node->def->type);
		return;
	case GQL_WROTE_WRONG:
		write_unfit(w, node, node->def->type, start);
		return;
	}
}

/* The value of one field of the object on top. */
static void write_field(writer *w, const frame *f, const gql_node *node)
{
	gql_exec *x = w->x;
	const gql_run *run = node->run == GQL_NONE ? NULL : &x->runs[node->run];
	uint32_t child = run && run->first ? run->first[f->row] : 0;
	fl_gql_value value;
	if (node->how == FL_GQL_UNBOUND) {
		fl_buf_str(w->out, f->branch->type->quoted_name);
		return;
	}
	if (run && run->results) {
		value = run->results[f->row];
	} else if (node->how == FL_GQL_GETTER) {
		value = gql_call_getter(x, node, f->object);
	} else if (node->how == FL_GQL_COLUMN) {
		if (!node->composite && node->def->bind.storage != FL_GQL_STORE_VALUE) {
			write_column_field(w, node, f->object);
			return;
		}
		value = gql_read_column(node, f->object);
	} else {
		value = fl_gql_null(); /* a root field of a mutation that was not begun any more */
	}
	if (node->stream)
		value = note_list(w, node, &value);
	write_value(w, node, node->def->type, &value, child);
}

static void step_object(writer *w, frame *f)
{
	while (f->at < f->branch->count) {
		const gql_node *node = gql_branch_node(w->x, f->branch, f->at++);
		if (!gql_holds(w->x, node))
			continue;
		fl_buf_add(w->out, node->key.ptr + !f->comma, node->key.len - !f->comma);
		f->comma = true;
		uint32_t depth = w->depth;
		write_field(w, f, node);
		if (w->depth != depth)
			return; /* something was opened, or cut back */
	}
	fl_buf_char(w->out, '}');
	w->depth--;
}

static uint32_t objects_in(const fl_gql_value *value)
{
	uint32_t count = 0;
	const fl_gql_value *open[GQL_LISTS_MAX + 1], *ends[GQL_LISTS_MAX + 1];
	uint32_t depth = 0;
	for (const fl_gql_value *at = value, *end = value + 1;;) {
		while (at == end) {
			if (!depth)
				return count;
			at = open[--depth];
			end = ends[depth];
		}
		const fl_gql_value *v = at++;
		count += v->kind == FL_GQL_OBJECT ? 1 : v->kind == FL_GQL_ROWS ? v->count : 0;
		for (uint32_t i = 0; v->kind == FL_GQL_PTRS && i < v->count; i++)
			count += v->pointers[i] != NULL;
		if (v->kind == FL_GQL_LIST && depth <= GQL_LISTS_MAX) {
			open[depth] = at;
			ends[depth++] = end;
			at = v->items;
			end = at + v->count;
		}
	}
}

static fl_gql_value list_item(const frame *f, uint32_t i)
{
	switch (f->list.kind) {
	case FL_GQL_ROWS:
		return fl_gql_object((const char *)f->list.pointer + (size_t)i * f->list.stride_or_type);
	case FL_GQL_PTRS:
		return fl_gql_object(f->list.pointers[i]);
	default:
		return f->list.items[i];
	}
}

static void step_item(writer *w, frame *f)
{
	fl_gql_value item = list_item(f, f->at++);
	uint32_t child = f->child;
	if (f->comma)
		fl_buf_char(w->out, ',');
	f->comma = true;
	if (f->node->composite)
		f->child += item.kind == FL_GQL_OBJECT ? 1 : is_list(&item) ? objects_in(&item) : 0;
	write_value(w, f->node, f->item, &item, child);
}

static void step_list(writer *w, frame *f)
{
	while (f->at < f->list.count) {
		uint32_t depth = w->depth;
		step_item(w, f);
		if (w->depth != depth)
			return;
	}
	fl_buf_char(w->out, ']');
	w->depth--;
}

static bool start_writer(writer *w, gql_exec *x, fl_buf *out)
{
	*w = (writer){ .x = x, .out = out };
	w->cap = (x->plan->depth + 1) * (x->plan->lists_nest ? GQL_LISTS_MAX + 1 : 2) + 1;
	if (!x->frames)
		x->frames = fl_arena_take(x->mem, w->cap * sizeof(*w->frames));
	w->frames = x->frames;
	return w->frames;
}

static void write_down_to(writer *w, uint32_t depth)
{
	while (w->depth > depth && w->out->err == FL_OK) {
		frame *f = &w->frames[w->depth - 1];
		if (f->branch)
			step_object(w, f);
		else
			step_list(w, f);
	}
}

static void open_root(writer *w, const gql_branch *branch, const void *object, uint32_t row, bool nullable)
{
	frame *root = open_frame(w);
	root->branch = branch;
	root->node = NULL;
	root->nullable = nullable;
	root->object = object;
	root->row = row;
	if (branch->deferred)
		note_object(w, root);
	fl_buf_char(w->out, '{');
}

fl_err gql_write_data(gql_exec *x, fl_buf *out)
{
	writer w;
	if (!start_writer(&w, x, out))
		return FL_NOMEM;
	open_root(&w, &x->plan->root, x->root, 0, true);
	write_down_to(&w, 0);
	return x->errors.nomem ? FL_NOMEM : FL_OK;
}

/* ---- Later parts of a response ---- */

fl_err gql_write_piece(gql_exec *x, const gql_piece *piece, uint32_t row, fl_buf *out, bool *whole)
{
	writer w;
	size_t start = out->len;
	if (!start_writer(&w, x, out))
		return FL_NOMEM;
	w.prefix = piece->scope->path;
	w.scope = piece->scope;
	open_root(&w, &piece->part->branch, piece->scope->object, row, false);
	write_down_to(&w, 0);
	*whole = out->err == FL_OK && out->ptr[start] == '{';
	return x->errors.nomem ? FL_NOMEM : FL_OK;
}

fl_err gql_write_items(gql_exec *x, const gql_tail *tail, const fl_gql_value *items, uint32_t child, fl_buf *out, uint32_t *written)
{
	writer w;
	if (!start_writer(&w, x, out))
		return FL_NOMEM;
	w.prefix = tail->path;
	w.scope = tail->scope;
	w.first = tail->position;
	open_list(&w, tail->node, tail->node->def->type, items, child);
	frame *list = &w.frames[0];
	for (*written = 0; list->at < items->count && out->err == FL_OK; ++*written) {
		/* An item that may not be null and is ends the list; those before it stay. */
		list->start = out->len;
		step_item(&w, list);
		write_down_to(&w, 1);
		if (w.depth == 0) {
			out->len = list->start;
			break;
		}
	}
	fl_buf_char(out, ']');
	return x->errors.nomem ? FL_NOMEM : FL_OK;
}

fl_err gql_write_end(gql_exec *x, const gql_tail *tail, const gql_failure *failure)
{
	writer w = { .x = x, .prefix = tail->path };
	add_failure(&w, tail->node, failure);
	return x->errors.nomem ? FL_NOMEM : FL_OK;
}
