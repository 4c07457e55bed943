/* Writes the data as JSON, depth first, in one pass with a stack of its own. A null where none may be cuts the output
 * back to the nearest place that may be null; that is all there is to null propagation. Leaves and the walk are one file, so
 * that the compiler makes one of both: apart, a list of 1000 took 7 % more instructions. */
#include "graphql/incremental_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

/* ---- Leaves. Each is false when the value cannot be shown as this type. ---- */

static bool write_integer(fl_buf *out, const gql_type *type, int64_t n)
{
	fl_gql_value value = fl_gql_int(n);
	if (type->kind == GQL_ENUM_TYPE) {
		if (n < 1 || n > type->value_count)
			return false;
		fl_buf_str(out, type->values[n - 1].quoted);
		return true;
	}
	switch (type->builtin) {
	case GQL_SCALAR_INT:
		if (n < INT32_MIN || n > INT32_MAX)
			return false;
		fl_buf_i64(out, n);
		return true;
	case GQL_SCALAR_FLOAT:
		fl_buf_i64(out, n);
		return true;
	case GQL_SCALAR_ID:
		fl_buf_char(out, '"');
		fl_buf_i64(out, n);
		fl_buf_char(out, '"');
		return true;
	case GQL_CUSTOM:
		return type->scalar->write(out, &value);
	default:
		return false;
	}
}

/* Shortest decimals that read back the same. Most numbers of an API have few: the quotient of two integers below 2^53
 * by a power of ten is what reading the same digits gives, so the first power that gives the value back is exact. */
static void write_double(fl_buf *out, double n)
{
	static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7 };
	fl_json_out j = { .buf = out };
	for (size_t k = 0; k < FL_COUNT(powers) && fabs(n) < 1e8; k++) {
		double scaled = nearbyint(n * powers[k]);
		if (scaled / powers[k] != n)
			continue;
		char text[32];
		uint64_t digits = (uint64_t)fabs(scaled);
		size_t at = sizeof(text);
		for (size_t i = 0; i <= k || digits; i++) {
			if (i == k && k)
				text[--at] = '.';
			text[--at] = '0' + digits % 10;
			digits /= 10;
		}
		if (n < 0)
			text[--at] = '-';
		fl_buf_add(out, text + at, sizeof(text) - at);
		return;
	}
	fl_json_put_double(&j, n);
}

/* The double that is written shortest among those that are this float: 4.8, not 4.800000190734863. */
static double shortest(float n)
{
	char text[32];
	for (int precision = 6; isfinite(n) && precision <= 9; precision++) {
		snprintf(text, sizeof(text), "%.*g", precision, n);
		if (strtof(text, NULL) == n)
			return strtod(text, NULL);
	}
	return n;
}

static bool write_number(fl_buf *out, const gql_type *type, double n)
{
	fl_gql_value value = fl_gql_float(n);
	if (type->kind != GQL_SCALAR)
		return false;
	if (type->builtin == GQL_CUSTOM)
		return type->scalar->write(out, &value);
	if (type->builtin != GQL_SCALAR_FLOAT || !isfinite(n))
		return false;
	write_double(out, n);
	return true;
}

static bool write_string(fl_buf *out, const gql_type *type, fl_str s)
{
	fl_gql_value value = fl_gql_string(s);
	if (type->kind != GQL_SCALAR)
		return false;
	if (type->builtin == GQL_CUSTOM)
		return type->scalar->write(out, &value);
	if (type->builtin != GQL_SCALAR_STRING && type->builtin != GQL_SCALAR_ID)
		return false;
	fl_json_quote(out, s);
	return true;
}

static bool write_bool(fl_buf *out, const gql_type *type, bool b)
{
	fl_gql_value value = fl_gql_bool(b);
	if (type->kind == GQL_SCALAR && type->builtin == GQL_CUSTOM)
		return type->scalar->write(out, &value);
	if (type->builtin != GQL_SCALAR_BOOLEAN)
		return false;
	fl_buf_str(out, b ? FL_STR("true") : FL_STR("false"));
	return true;
}

static bool write_leaf(fl_buf *out, const gql_type *type, const fl_gql_value *value)
{
	switch (value->kind) {
	case FL_GQL_BOOL:
		return write_bool(out, type, value->boolean);
	case FL_GQL_INT:
		return type->kind != GQL_ENUM_TYPE && write_integer(out, type, value->integer);
	case FL_GQL_ENUM:
		return type->kind == GQL_ENUM_TYPE && write_integer(out, type, value->integer);
	case FL_GQL_FLOAT:
		return write_number(out, type, value->number);
	case FL_GQL_STRING:
		return write_string(out, type, fl_gql_text(value));
	default:
		return type->kind == GQL_SCALAR && type->builtin == GQL_CUSTOM && type->scalar->write(out, value);
	}
}

/* ---- Columns ---- */

static bool column_is_null(const gql_node *node, const void *parent)
{
	uint32_t has = node->def->bind.has_offset;
	return has && !*(const bool *)((const char *)parent + has - 1);
}

static int64_t column_integer(fl_gql_storage storage, const void *at)
{
	switch (storage) {
	case FL_GQL_STORE_I8:
		return *(const int8_t *)at;
	case FL_GQL_STORE_I16:
		return *(const int16_t *)at;
	case FL_GQL_STORE_I32:
		return *(const int32_t *)at;
	case FL_GQL_STORE_U8:
		return *(const uint8_t *)at;
	case FL_GQL_STORE_U16:
		return *(const uint16_t *)at;
	case FL_GQL_STORE_U32:
		return *(const uint32_t *)at;
	default:
		return *(const int64_t *)at;
	}
}

fl_gql_value gql_read_column(const gql_node *node, const void *parent)
{
	const fl_gql_bind *bind = &node->def->bind;
	const char *at = (const char *)parent + bind->offset;
	const fl_gql_span *span = (const fl_gql_span *)at;
	if (column_is_null(node, parent))
		return fl_gql_null();
	switch (bind->storage) {
	case FL_GQL_STORE_POINTER:
		return fl_gql_object(*(const void *const *)at);
	case FL_GQL_STORE_INSIDE:
		return fl_gql_object(at);
	case FL_GQL_STORE_SPAN:
		return fl_gql_rows(span->rows, span->stride, span->count);
	case FL_GQL_STORE_VALUE:
		return *(const fl_gql_value *)at;
	default:
		assert(!"a column of objects");
		return fl_gql_null();
	}
}

static bool write_uuid(fl_buf *out, const fl_uuid *id)
{
	char *to = fl_buf_reserve(out, FL_UUID_TEXT + 3);
	if (!to)
		return true;
	fl_uuid_format(*id, to + 1); /* and a NUL, which the last quote replaces */
	to[0] = to[FL_UUID_TEXT + 1] = '"';
	fl_buf_commit(out, FL_UUID_TEXT + 2);
	return true;
}

typedef enum wrote { WROTE, WROTE_NULL, WROTE_WRONG } wrote;

static wrote wrote_if(bool ok)
{
	return ok ? WROTE : WROTE_WRONG;
}

static wrote write_column_integer(fl_buf *out, const gql_node *node, const void *at)
{
	const gql_type *type = node->def->type.type;
	int64_t n = column_integer(node->def->bind.storage, at);
	if (n == 0 && (type->kind == GQL_ENUM_TYPE || node->zero_is_null))
		return WROTE_NULL;
	return wrote_if(write_integer(out, type, n));
}

static wrote write_texts(fl_buf *out, const gql_type *type, const fl_gql_texts *texts)
{
	fl_buf_char(out, '[');
	for (size_t i = 0; i < texts->count; i++) {
		if (i)
			fl_buf_char(out, ',');
		if (!write_string(out, type, texts->items[i].ptr ? texts->items[i] : FL_STR("")))
			return WROTE_WRONG;
	}
	fl_buf_char(out, ']');
	return WROTE;
}

/* A leaf straight from the struct that holds it. */
static wrote write_column(fl_buf *out, const gql_node *node, const void *parent)
{
	const fl_gql_bind *bind = &node->def->bind;
	const gql_type *type = node->def->type.type;
	const char *at = (const char *)parent + bind->offset;
	if (column_is_null(node, parent))
		return WROTE_NULL;
	switch (bind->storage) {
	case FL_GQL_STORE_STR:
		return ((const fl_str *)at)->ptr ? wrote_if(write_string(out, type, *(const fl_str *)at)) : WROTE_NULL;
	case FL_GQL_STORE_CSTR:
		return *(const char *const *)at ? wrote_if(write_string(out, type, fl_str_z(*(const char *const *)at))) : WROTE_NULL;
	case FL_GQL_STORE_BOOL:
		return wrote_if(write_bool(out, type, *(const bool *)at));
	case FL_GQL_STORE_F32:
		return wrote_if(write_number(out, type, shortest(*(const float *)at)));
	case FL_GQL_STORE_F64:
		return wrote_if(write_number(out, type, *(const double *)at));
	case FL_GQL_STORE_UUID:
		return wrote_if(write_uuid(out, (const fl_uuid *)at));
	case FL_GQL_STORE_TEXTS:
		return write_texts(out, type, (const fl_gql_texts *)at);
	default:
		return write_column_integer(out, node, at);
	}
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
	} else if (!write_leaf(w->out, ref.type, value)) {
		write_unfit(w, node, ref, start);
	}
}

static void write_column_field(writer *w, const gql_node *node, const void *object)
{
	size_t start = w->out->len;
	switch (write_column(w->out, node, object)) {
	case WROTE:
		return;
	case WROTE_NULL:
		write_null(w, node, node->def->type);
		return;
	case WROTE_WRONG:
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
