/* Input coercion: literals of a document and JSON of the variables, both as flat preorder literals, become values.
 * Open lists and objects are frames on a stack of this file; nothing recurses. */
#include "graphql/graphql_int.h"

#include <math.h>

enum { FRAMES_MAX = GQL_INPUT_DEPTH_MAX };

typedef struct frame {
	const gql_type *object;   /* an input object; NULL: a list */
	gql_type_ref item;        /* of a list */
	uint32_t literal, next;   /* next: the literal after those done */
	uint32_t at;              /* of a list */
	fl_gql_value *slots;      /* of an object: one a field, in the order of the SDL */
} frame;

typedef struct walk {
	gql_coercer *c;
	frame frames[FRAMES_MAX];
	uint32_t depth;
	bool failed;
} walk;

static fl_gql_value *take_values(gql_coercer *c, uint32_t count)
{
	fl_gql_value *values = fl_new_array(c->mem, fl_gql_value, count);
	if (!values)
		c->errors->nomem = true;
	return values;
}

/* ---- Messages ---- */

static void put_path(const walk *w, fl_buf *out)
{
	for (uint32_t i = 0; i < w->depth; i++) {
		const frame *f = &w->frames[i];
		if (!f->object) {
			fl_buf_fmt(out, "[%u]", f->at - 1);
			continue;
		}
		/* The field being read is the one whose subtree ends where the frame goes on. */
		for (uint32_t k = f->literal + 1; k < f->next; k = w->c->literals[k].end)
			if (w->c->literals[k].end == f->next)
				fl_buf_fmt(out, ".%" FL_FMT, FL_ARG(w->c->literals[k].name));
	}
}

/* literal: what is shown as the value; its place is the error's unless all errors have one place. */
static void complain(walk *w, uint32_t literal, uint32_t place, fl_str what)
{
	gql_coercer *c = w->c;
	w->failed = true;
	if (c->place != GQL_NONE)
		place = c->place;
	if (!c->variable.ptr) {
		gql_fault(c->errors, c->code, place, GQL_NONE, "%" FL_FMT, FL_ARG(what));
		return;
	}
	FL_AUTO_BUF fl_buf value = fl_buf_make(200), path = fl_buf_make(400);
	gql_print_literal(&value, c->literals, literal);
	put_path(w, &path);
	gql_fault(c->errors, c->code, place, GQL_NONE,
		  "Variable \"$%" FL_FMT "\" got invalid value %" FL_FMT "%s%s%" FL_FMT "%" FL_FMT "%s; %" FL_FMT,
		  FL_ARG(c->variable), FL_ARG(fl_buf_view(&value)), value.err ? "..." : "", path.len ? " at \"" : "",
		  path.len ? (int)c->variable.len : 0, c->variable.ptr, FL_ARG(fl_buf_view(&path)), path.len ? "\"" : "",
		  FL_ARG(what));
}

#define COMPLAIN(w, literal, place, ...)                                                                               \
	do {                                                                                                           \
		FL_AUTO_BUF fl_buf complaint = fl_buf_make(1000);                                                      \
		fl_buf_fmt(&complaint, __VA_ARGS__);                                                                   \
		complain((w), (literal), (place), fl_buf_view(&complaint));                                            \
	} while (0)

/* ---- Leaves ---- */

static bool leaf_integer(const gql_literal *v, int64_t *out)
{
	if (v->kind != GQL_L_INT)
		return false;
	if (!v->from_json)
		return fl_str_i64(v->text, out);
	*out = v->integer;
	return true;
}

static bool leaf_double(const gql_literal *v, double *out)
{
	if (v->from_json) {
		*out = v->kind == GQL_L_INT ? (double)v->integer : v->number;
		return isfinite(*out);
	}
	return fl_str_f64(v->text, out);
}

static const char *leaf_int(const gql_literal *v, fl_gql_value *out)
{
	int64_t n = 0;
	if (v->kind == GQL_L_FLOAT && v->from_json && v->number == nearbyint(v->number) && fabs(v->number) <= INT32_MAX)
		n = (int64_t)v->number;
	else if (v->kind != GQL_L_INT)
		return "Int cannot represent non-integer value: ";
	else if (!leaf_integer(v, &n) || n < INT32_MIN || n > INT32_MAX)
		return "Int cannot represent non 32-bit signed integer value: ";
	*out = fl_gql_int(n);
	return NULL;
}

static const char *leaf_float(const gql_literal *v, fl_gql_value *out)
{
	double n;
	if ((v->kind != GQL_L_INT && v->kind != GQL_L_FLOAT) || !leaf_double(v, &n))
		return "Float cannot represent non numeric value: ";
	*out = fl_gql_float(n);
	return NULL;
}

static const char *leaf_id(fl_arena *mem, const gql_literal *v, fl_gql_value *out)
{
	fl_str text = v->text;
	if (v->kind == GQL_L_INT && v->from_json)
		text = fl_str_fmt(mem, "%lld", (long long)v->integer);
	else if (v->kind != GQL_L_STRING && v->kind != GQL_L_INT)
		return v->from_json ? "ID cannot represent value: " : "ID cannot represent a non-string and non-integer value: ";
	*out = fl_gql_string(text);
	return NULL;
}

static const char *leaf_builtin(fl_arena *mem, gql_builtin builtin, const gql_literal *v, fl_gql_value *out)
{
	switch (builtin) {
	case GQL_SCALAR_INT:
		return leaf_int(v, out);
	case GQL_SCALAR_FLOAT:
		return leaf_float(v, out);
	case GQL_SCALAR_ID:
		return leaf_id(mem, v, out);
	case GQL_SCALAR_BOOLEAN:
		if (v->kind != GQL_L_BOOL)
			return "Boolean cannot represent a non boolean value: ";
		*out = fl_gql_bool(v->boolean);
		return NULL;
	default:
		if (v->kind != GQL_L_STRING)
			return "String cannot represent a non string value: ";
		*out = fl_gql_string(v->text.ptr ? v->text : FL_STR(""));
		return NULL;
	}
}

/* A leaf of a custom scalar, as its hook wants it. */
static fl_gql_value raw_leaf(const gql_literal *v)
{
	fl_gql_value raw = {};
	int64_t n;
	double d;
	if (v->kind == GQL_L_BOOL)
		return fl_gql_bool(v->boolean);
	if (v->kind == GQL_L_STRING)
		return fl_gql_string(v->text.ptr ? v->text : FL_STR(""));
	if (v->kind == GQL_L_OPAQUE)
		return (fl_gql_value){ .kind = FL_GQL_OPAQUE, .pointer = v->file };
	if (leaf_integer(v, &n))
		return fl_gql_int(n);
	if ((v->kind == GQL_L_INT || v->kind == GQL_L_FLOAT) && leaf_double(v, &d))
		return fl_gql_float(d);
	return raw;
}

/* Variables inside the value of a scalar: below an object their place has no type, in a list it is the scalar's. */
static void note_inside(const walk *w, const gql_type *type, uint32_t index)
{
	const gql_literal *literals = w->c->literals;
	uint32_t object_end = 0;
	for (uint32_t i = index; i < literals[index].end; i++) {
		bool in_object = i < object_end;
		if (literals[i].kind == GQL_L_OBJECT)
			object_end = FL_MAX(object_end, literals[i].end);
		if (literals[i].kind == GQL_L_VARIABLE)
			w->c->on_variable(w->c->arg, i, (gql_type_ref){ in_object ? NULL : type, 0, 0 }, false, NULL);
	}
}

/* A scalar whose values have a structure. While a document is validated its variables have no values yet. */
static const char *coerce_json(walk *w, const gql_type *type, uint32_t index, fl_gql_value *out)
{
	gql_coercer *c = w->c;
	if (c->on_variable && gql_literal_has_variables(c->literals, index)) {
		note_inside(w, type, index);
		return NULL;
	}
	const fl_json *json = gql_literal_to_json(c, index);
	if (!json)
		return "it nests too deep";
	if (type->scalar)
		return type->scalar->parse_json(c->mem, json, out);
	*out = fl_gql_json(json); /* a schema of a tool: any scalar will do */
	return NULL;
}

static const char *coerce_leaf(walk *w, const gql_type *type, const gql_literal *v, fl_gql_value *out)
{
	fl_gql_value raw = raw_leaf(v);
	bool number = v->kind == GQL_L_INT || v->kind == GQL_L_FLOAT;
	if (raw.kind == FL_GQL_ABSENT && !number)
		return "this kind of value is not accepted";
	return type->scalar->parse(w->c->mem, &raw, number ? v->text : (fl_str){}, out);
}

static void coerce_scalar(walk *w, const gql_type *type, uint32_t index, fl_gql_value *out)
{
	const gql_literal *v = &w->c->literals[index];
	FL_AUTO_BUF fl_buf shown = fl_buf_make(200);
	const char *wrong;
	if (type->builtin != GQL_CUSTOM) {
		wrong = leaf_builtin(w->c->mem, type->builtin, v, out);
		if (!wrong)
			return;
		gql_print_literal(&shown, w->c->literals, index);
		COMPLAIN(w, index, v->place, "%s%" FL_FMT "%s", wrong, FL_ARG(fl_buf_view(&shown)), shown.err ? "..." : "");
		return;
	}
	bool structured = !type->scalar || type->scalar->parse_json;
	wrong = structured ? coerce_json(w, type, index, out) : coerce_leaf(w, type, v, out);
	if (!wrong)
		return;
	gql_print_literal(&shown, w->c->literals, index);
	COMPLAIN(w, index, v->place, "%" FL_FMT " cannot represent value: %" FL_FMT "%s (%s)", FL_ARG(type->name),
		 FL_ARG(fl_buf_view(&shown)), shown.err ? "..." : "", wrong);
}

static void coerce_enum(walk *w, const gql_type *type, uint32_t index, fl_gql_value *out)
{
	const gql_literal *v = &w->c->literals[index];
	if (v->kind != GQL_L_ENUM && !(v->from_json && v->kind == GQL_L_STRING)) {
		FL_AUTO_BUF fl_buf shown = fl_buf_make(200);
		gql_print_literal(&shown, w->c->literals, index);
		COMPLAIN(w, index, v->place, "Enum \"%" FL_FMT "\" cannot represent non-%s value: %" FL_FMT "%s.", FL_ARG(type->name),
			 v->from_json ? "string" : "enum", FL_ARG(fl_buf_view(&shown)), shown.err ? "..." : "");
		return;
	}
	for (uint32_t i = 0; i < type->value_count; i++)
		if (fl_str_eq(type->values[i].name, v->text)) {
			*out = fl_gql_enum((int)i + 1);
			return;
		}
	COMPLAIN(w, index, v->place, "Value \"%" FL_FMT "\" does not exist in \"%" FL_FMT "\" enum.",
		 FL_ARG(fl_str_clip(v->text, 100)), FL_ARG(type->name));
}

/* ---- Lists and objects ---- */

static bool open_frame(walk *w, frame f)
{
	assert(w->depth < FRAMES_MAX);
	f.next = f.literal + 1;
	w->frames[w->depth++] = f;
	return true;
}

static void open_list(walk *w, gql_type_ref ref, uint32_t index, fl_gql_value *out)
{
	const gql_literal *v = &w->c->literals[index];
	fl_gql_value *items = take_values(w->c, v->count);
	if (!items) {
		w->failed = true;
		return;
	}
	*out = fl_gql_list(items, v->count);
	open_frame(w, (frame){ .item = gql_ref_item(ref), .literal = index, .slots = items });
}

/* An input object's value is a list of all its fields, in order; items[-1].pointer is its type. */
static void open_object(walk *w, const gql_type *type, uint32_t index, fl_gql_value *out)
{
	fl_gql_value *slots = take_values(w->c, type->input_count + 1);
	if (!slots) {
		w->failed = true;
		return;
	}
	slots[0].pointer = type;
	*out = (fl_gql_value){ .kind = FL_GQL_INPUT, .count = type->input_count, .items = slots + 1 };
	open_frame(w, (frame){ .object = type, .literal = index, .slots = slots + 1 });
}

static void complain_found(walk *w, gql_type_ref ref, uint32_t index)
{
	FL_AUTO_BUF fl_buf shown = fl_buf_make(200);
	gql_print_literal(&shown, w->c->literals, index);
	fl_str type = gql_ref_text(w->c->errors->mem, ref);
	if (w->c->variable.ptr && w->c->literals[index].kind == GQL_L_NULL)
		COMPLAIN(w, index, w->c->literals[index].place, "Expected non-nullable type \"%" FL_FMT "\" not to be null.", FL_ARG(type));
	else if (w->c->variable.ptr)
		COMPLAIN(w, index, w->c->literals[index].place, "Expected type \"%" FL_FMT "\" to be an object.", FL_ARG(type));
	else
		COMPLAIN(w, index, w->c->literals[index].place, "Expected value of type \"%" FL_FMT "\", found %" FL_FMT "%s.",
			 FL_ARG(type), FL_ARG(fl_buf_view(&shown)), shown.err ? "..." : "");
}

/* The value of a variable that stands in a literal; absent when it was not given. */
static fl_gql_value variable_value(const gql_coercer *c, const gql_literal *literal)
{
	return c->variable_values ? c->variable_values[literal->integer] : (fl_gql_value){};
}

static void use_variable(walk *w, gql_type_ref ref, uint32_t index, fl_gql_value *out, bool has_default, bool in_list,
			 const gql_type *one_of)
{
	gql_coercer *c = w->c;
	if (c->on_variable) {
		c->on_variable(c->arg, index, ref, has_default, one_of);
		return;
	}
	fl_gql_value value = variable_value(c, &c->literals[index]);
	if (value.kind == FL_GQL_ABSENT && in_list)
		value = fl_gql_null();
	if (gql_ref_nonnull(ref) && (value.kind == FL_GQL_NULL || (value.kind == FL_GQL_ABSENT && !has_default))) {
		COMPLAIN(w, index, c->literals[index].place,
			 "Variable \"$%" FL_FMT "\" of non-null type \"%" FL_FMT "\" must not be null.", FL_ARG(c->literals[index].text),
			 FL_ARG(gql_ref_text(c->errors->mem, ref)));
		return;
	}
	*out = value;
}

/* One value; lists and objects are opened as a frame. */
static void coerce_one(walk *w, gql_type_ref ref, uint32_t index, fl_gql_value *out)
{
	const gql_literal *v = &w->c->literals[index];
	if (v->kind == GQL_L_NULL) {
		if (gql_ref_nonnull(ref))
			complain_found(w, ref, index);
		*out = fl_gql_null();
		return;
	}
	ref = gql_ref_nullable(ref);
	/* A single value stands for a list of one. */
	while (ref.lists && v->kind != GQL_L_LIST) {
		fl_gql_value *item = take_values(w->c, 1);
		if (!item) {
			w->failed = true;
			return;
		}
		*out = fl_gql_list(item, 1);
		out = item;
		ref = gql_ref_nullable(gql_ref_item(ref));
	}
	if (ref.lists)
		open_list(w, ref, index, out);
	else if (ref.type->kind == GQL_INPUT_TYPE && v->kind == GQL_L_OBJECT)
		open_object(w, ref.type, index, out);
	else if (ref.type->kind == GQL_INPUT_TYPE)
		complain_found(w, ref, index);
	else if (ref.type->kind == GQL_ENUM_TYPE)
		coerce_enum(w, ref.type, index, out);
	else
		coerce_scalar(w, ref.type, index, out);
}

static void check_one_of(walk *w, const frame *f)
{
	const gql_literal *object = &w->c->literals[f->literal];
	uint32_t given = 0;
	bool null = false;
	for (uint32_t k = f->literal + 1; k < object->end; k = w->c->literals[k].end) {
		const gql_literal *member = &w->c->literals[k];
		if (!w->c->on_variable && member->kind == GQL_L_VARIABLE) {
			fl_gql_value value = variable_value(w->c, member);
			given += value.kind != FL_GQL_ABSENT;
			null |= value.kind == FL_GQL_NULL;
		} else {
			given++;
			null |= member->kind == GQL_L_NULL;
		}
	}
	if (given != 1)
		COMPLAIN(w, f->literal, object->place, "OneOf Input Object \"%" FL_FMT "\" must specify exactly one key.",
			 FL_ARG(f->object->name));
	else if (null)
		COMPLAIN(w, f->literal, object->place, "Field \"%" FL_FMT ".%" FL_FMT "\" must be non-null.", FL_ARG(f->object->name),
			 FL_ARG(w->c->literals[f->literal + 1].name));
}

static bool member_given(const walk *w, const frame *f, fl_str name)
{
	for (uint32_t k = f->literal + 1; k < f->next; k = w->c->literals[k].end)
		if (fl_str_eq(w->c->literals[k].name, name))
			return true;
	return false;
}

/* What was not given gets its default, or is missed. */
static void close_object(walk *w, const frame *f)
{
	w->depth--;
	for (uint32_t i = 0; i < f->object->input_count; i++) {
		const gql_input *in = &f->object->inputs[i];
		if (f->slots[i].kind != FL_GQL_ABSENT)
			continue;
		if (in->default_literal != GQL_NONE)
			f->slots[i] = in->default_value;
		else if (gql_ref_nonnull(in->type) && !member_given(w, f, in->name))
			COMPLAIN(w, f->literal, w->c->literals[f->literal].place,
				 "Field \"%" FL_FMT ".%" FL_FMT "\" of required type \"%" FL_FMT "\" was not provided.",
				 FL_ARG(f->object->name), FL_ARG(in->name), FL_ARG(gql_ref_text(w->c->errors->mem, in->type)));
	}
	if (f->object->one_of)
		check_one_of(w, f);
}

static void next_member(walk *w, frame *f)
{
	uint32_t index = f->next;
	const gql_literal *v = &w->c->literals[index];
	const gql_input *in = gql_find_input(f->object->inputs, f->object->input_count, v->name);
	f->next = v->end;
	if (!in) {
		COMPLAIN(w, index, v->name_place, "Field \"%" FL_FMT "\" is not defined by type \"%" FL_FMT "\".",
			 FL_ARG(fl_str_clip(v->name, 100)), FL_ARG(f->object->name));
		return;
	}
	fl_gql_value *slot = &f->slots[in - f->object->inputs];
	*slot = (fl_gql_value){};
	if (v->kind == GQL_L_VARIABLE)
		use_variable(w, in->type, index, slot, in->default_literal != GQL_NONE, false, f->object->one_of ? f->object : NULL);
	else
		coerce_one(w, in->type, index, slot);
}

static void next_item(walk *w, frame *f)
{
	uint32_t index = f->next;
	const gql_literal *v = &w->c->literals[index];
	fl_gql_value *slot = &f->slots[f->at++];
	f->next = v->end;
	if (v->kind == GQL_L_VARIABLE)
		use_variable(w, f->item, index, slot, false, true, NULL);
	else
		coerce_one(w, f->item, index, slot);
}

bool gql_coerce(gql_coercer *c, gql_type_ref ref, uint32_t index, fl_gql_value *out)
{
	walk w; /* the frames stay as they are: clearing them would cost more than most values */
	w.c = c;
	w.depth = 0;
	w.failed = false;
	if (c->literals[index].kind == GQL_L_VARIABLE)
		use_variable(&w, ref, index, out, false, false, NULL);
	else
		coerce_one(&w, ref, index, out);
	while (w.depth) {
		frame *f = &w.frames[w.depth - 1];
		if (f->next < c->literals[f->literal].end) {
			if (f->object)
				next_member(&w, f);
			else
				next_item(&w, f);
		} else if (f->object) {
			close_object(&w, f);
		} else {
			w.depth--;
		}
	}
	return !w.failed && !c->errors->nomem;
}

/* ---- JSON as literals ---- */

static size_t count_json(const fl_json *json)
{
	const fl_json *open[FRAMES_MAX];
	size_t count = 0, depth = 0;
	for (const fl_json *at = json; at;) {
		count++;
		bool nested = (at->type == FL_JSON_ARRAY || at->type == FL_JSON_OBJECT) && at->items.first;
		if (nested) {
			assert(depth < FRAMES_MAX);
			open[depth++] = at;
			at = at->items.first;
			continue;
		}
		while (depth && !at->next)
			at = open[--depth];
		at = depth ? at->next : NULL;
	}
	return count;
}

static void literal_from_json(gql_literal *v, const fl_json *json)
{
	*v = (gql_literal){ .from_json = true, .name = json->key, .place = GQL_NONE, .name_place = GQL_NONE };
	switch (json->type) {
	case FL_JSON_NULL:
		v->kind = GQL_L_NULL;
		break;
	case FL_JSON_BOOL:
		v->kind = GQL_L_BOOL;
		v->boolean = json->boolean;
		break;
	case FL_JSON_INT:
		v->kind = GQL_L_INT;
		v->integer = json->integer;
		break;
	case FL_JSON_DOUBLE:
		v->kind = GQL_L_FLOAT;
		v->number = json->number;
		break;
	case FL_JSON_STRING:
		v->kind = GQL_L_STRING;
		v->text = json->string;
		break;
	case FL_JSON_ARRAY:
	case FL_JSON_OBJECT:
		v->kind = json->type == FL_JSON_ARRAY ? GQL_L_LIST : GQL_L_OBJECT;
		v->count = (uint32_t)json->items.count;
		break;
	}
}

bool gql_literals_from_json(fl_arena *mem, const fl_json *json, gql_literal **out, uint32_t *count)
{
	struct {
		const fl_json *json;
		uint32_t index;
	} open[FRAMES_MAX];
	size_t depth = 0;
	uint32_t used = 0;
	gql_literal *literals = fl_arena_take(mem, count_json(json) * sizeof(*literals));
	if (!literals)
		return false;
	for (const fl_json *at = json; at;) {
		gql_literal *v = &literals[used++];
		literal_from_json(v, at);
		v->end = used;
		if ((at->type == FL_JSON_ARRAY || at->type == FL_JSON_OBJECT) && at->items.first) {
			open[depth].json = at;
			open[depth++].index = used - 1;
			at = at->items.first;
			continue;
		}
		while (depth && !at->next) {
			at = open[--depth].json;
			literals[open[depth].index].end = used;
		}
		at = depth ? at->next : NULL;
	}
	*out = literals;
	*count = used;
	return true;
}

gql_literal *gql_literal_at(gql_literal *literals, fl_str path)
{
	uint32_t at = 0;
	for (fl_str rest = path; rest.len;) {
		fl_str step = fl_str_cut(rest, '.', &rest);
		int64_t wanted = -1, number = 0;
		uint32_t k = at + 1;
		if (literals[at].kind == GQL_L_LIST) {
			if (!fl_str_i64(step, &wanted) || wanted < 0 || wanted >= literals[at].count)
				return NULL;
		} else if (literals[at].kind != GQL_L_OBJECT) {
			return NULL;
		}
		for (; k < literals[at].end; k = literals[k].end, number++)
			if (wanted >= 0 ? number == wanted : fl_str_eq(literals[k].name, step))
				break;
		if (k >= literals[at].end)
			return NULL;
		at = k;
	}
	return &literals[at];
}

/* ---- Literals as text ---- */

static void print_leaf(fl_buf *out, const gql_literal *v)
{
	fl_json_out j = { .buf = out };
	switch (v->kind) {
	case GQL_L_NULL:
		fl_buf_lit(out, "null");
		break;
	case GQL_L_BOOL:
		fl_json_put_bool(&j, v->boolean);
		break;
	case GQL_L_STRING:
		fl_json_quote(out, v->text);
		break;
	case GQL_L_VARIABLE:
		fl_buf_char(out, '$');
		fl_buf_str(out, v->text);
		break;
	case GQL_L_OPAQUE:
		fl_buf_lit(out, "(a file)");
		break;
	default:
		if (!v->from_json)
			fl_buf_str(out, v->text);
		else if (v->kind == GQL_L_INT)
			fl_buf_i64(out, v->integer);
		else
			fl_json_put_double(&j, v->number);
	}
}

static void close_printed(fl_buf *out, const gql_literal *literals, const uint32_t *open, uint32_t *depth, uint32_t at)
{
	while (*depth && at >= literals[open[*depth - 1]].end) {
		bool list = literals[open[--*depth]].kind == GQL_L_LIST;
		fl_buf_str(out, list ? FL_STR("]") : literals[open[*depth]].from_json || !literals[open[*depth]].count ? FL_STR("}") : FL_STR(" }"));
	}
}

/* As graphql-js prints them: { a: 1 } for literals, { "a": 1 } would be JSON; keys stay bare in both. */
void gql_print_literal(fl_buf *out, const gql_literal *literals, uint32_t index)
{
	uint32_t open[FRAMES_MAX] = { 0 }, depth = 0;
	for (uint32_t at = index; at < literals[index].end; at++) {
		const gql_literal *v = &literals[at];
		close_printed(out, literals, open, &depth, at);
		if (depth && at != open[depth - 1] + 1)
			fl_buf_lit(out, ", ");
		if (depth && literals[open[depth - 1]].kind == GQL_L_OBJECT) {
			if (at == open[depth - 1] + 1 && !v->from_json)
				fl_buf_char(out, ' ');
			fl_buf_str(out, v->name);
			fl_buf_lit(out, ": ");
		}
		if (v->kind != GQL_L_LIST && v->kind != GQL_L_OBJECT) {
			print_leaf(out, v);
			continue;
		}
		fl_buf_char(out, v->kind == GQL_L_LIST ? '[' : '{');
		open[depth++] = at;
	}
	close_printed(out, literals, open, &depth, literals[index].end);
}
