/* Values of scalars that have a structure: literals and the JSON of variables, both flat in preorder, become fl_json. */
#include "graphql/graphql_int.h"

typedef struct builder {
	const gql_coercer *c;
	struct {
		fl_json *json, *last; /* an open array or object, and its last child */
		uint32_t end;
	} open[FL_GQL_JSON_DEPTH];
	uint32_t depth;
	fl_json *root;
} builder;

/* Hangs a new value below the innermost open one. */
static fl_json *add(builder *b, fl_str key)
{
	fl_json *json = fl_new(b->c->mem, fl_json);
	if (!json) {
		b->c->errors->nomem = true;
		return NULL;
	}
	json->key = key;
	if (!b->depth) {
		b->root = json;
		return json;
	}
	fl_json *parent = b->open[b->depth - 1].json, **last = &b->open[b->depth - 1].last;
	if (*last)
		(*last)->next = json;
	else
		parent->items.first = json;
	*last = json;
	parent->items.count++;
	return json;
}

static void set_number(const gql_literal *v, fl_json *json)
{
	if (v->from_json) {
		json->type = v->kind == GQL_L_INT ? FL_JSON_INT : FL_JSON_DOUBLE;
		if (v->kind == GQL_L_INT)
			json->integer = v->integer;
		else
			json->number = v->number;
		return;
	}
	json->type = FL_JSON_INT;
	if (v->kind == GQL_L_INT && fl_str_i64(v->text, &json->integer))
		return;
	json->type = FL_JSON_DOUBLE;
	if (!fl_str_f64(v->text, &json->number))
		json->number = 0;
}

static void set_leaf(const gql_literal *v, fl_json *json)
{
	switch (v->kind) {
	case GQL_L_BOOL:
		json->type = FL_JSON_BOOL;
		json->boolean = v->boolean;
		break;
	case GQL_L_INT:
	case GQL_L_FLOAT: set_number(v, json); break;
	case GQL_L_STRING:
	case GQL_L_ENUM:
		json->type = FL_JSON_STRING;
		json->string = v->text.ptr ? v->text : FL_STR("");
		break;
	default: json->type = FL_JSON_NULL; /* null; an upload has no place here */
	}
}

static bool open_value(builder *b, const gql_literal *v, uint32_t end, fl_json *json)
{
	json->type = v->kind == GQL_L_LIST ? FL_JSON_ARRAY : FL_JSON_OBJECT;
	json->items.first = NULL;
	json->items.count = 0;
	if (b->depth == FL_GQL_JSON_DEPTH)
		return false;
	b->open[b->depth].json = json;
	b->open[b->depth].last = NULL;
	b->open[b->depth++].end = end;
	return true;
}

/* One value without variables; key: its own when it is the value of a variable, which has another place. */
static bool add_constant(builder *b, const gql_literal *literals, uint32_t index, fl_str key)
{
	uint32_t floor = b->depth;
	for (uint32_t i = index; i < literals[index].end; i++) {
		const gql_literal *v = &literals[i];
		while (b->depth > floor && i >= b->open[b->depth - 1].end)
			b->depth--;
		fl_json *json = add(b, i == index ? key : v->name);
		if (!json)
			return false;
		if (v->kind != GQL_L_LIST && v->kind != GQL_L_OBJECT)
			set_leaf(v, json);
		else if (!open_value(b, v, v->end, json))
			return false;
	}
	b->depth = floor;
	return true;
}

/* A member whose variable was not given is left out; an item is null. */
static bool add_variable(builder *b, const gql_literal *v)
{
	const gql_sent *sent = &b->c->sent[v->integer];
	bool in_object = b->depth && b->open[b->depth - 1].json->type == FL_JSON_OBJECT;
	if (sent->literals)
		return add_constant(b, sent->literals, sent->index, v->name);
	if (in_object)
		return true;
	return add(b, v->name); /* all zero is null */
}

bool gql_literal_has_variables(const gql_literal *literals, uint32_t index)
{
	for (uint32_t i = index; i < literals[index].end; i++)
		if (literals[i].kind == GQL_L_VARIABLE)
			return true;
	return false;
}

const fl_json *gql_literal_to_json(const gql_coercer *c, uint32_t index)
{
	const gql_literal *literals = c->literals;
	builder b; /* the open values stay as they are: clearing them would cost more than most values */
	b.c = c;
	b.depth = 0;
	b.root = NULL;
	for (uint32_t i = index; i < literals[index].end; i++) {
		const gql_literal *v = &literals[i];
		while (b.depth && i >= b.open[b.depth - 1].end)
			b.depth--;
		if (v->kind == GQL_L_VARIABLE) {
			if (!add_variable(&b, v))
				return NULL;
			continue;
		}
		fl_json *json = add(&b, v->name);
		if (!json)
			return NULL;
		if (v->kind != GQL_L_LIST && v->kind != GQL_L_OBJECT)
			set_leaf(v, json);
		else if (!open_value(&b, v, v->end, json))
			return NULL;
	}
	return b.root;
}
