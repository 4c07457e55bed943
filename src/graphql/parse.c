/* The parser of executable documents: no recursion; an open bracket is an index to the parent in a flat array. */
#include "graphql/graphql_int.h"

bool gql_room(fl_arena *mem, void *array, uint32_t count, uint32_t *cap, size_t size)
{
	if (count < *cap)
		return true;
	uint32_t more = *cap ? *cap * 2 : 8;
	void *old, *grown = fl_arena_array(mem, more, size);
	if (!grown)
		return false;
	memcpy(&old, array, sizeof(old));
	if (count)
		memcpy(grown, old, count * size);
	memcpy(array, &grown, sizeof(grown));
	*cap = more;
	return true;
}

static bool full(gql_parser *p)
{
	p->lexer.errors->nomem = true;
	return false;
}

/* Appends an item to one of the document's arrays and points at it; returns false from the caller when memory ends. */
#define PUSH(p, name, pointer)                                                                                         \
	do {                                                                                                           \
		gql_document *push_doc = (p)->doc;                                                                     \
		if (!gql_room(push_doc->mem, &push_doc->name##s, push_doc->name##_count, &push_doc->name##_cap,        \
			      sizeof(*push_doc->name##s)))                                                             \
			return full(p);                                                                                \
		(pointer) = &push_doc->name##s[push_doc->name##_count++];                                              \
	} while (0)

static bool limit(gql_parser *p, const char *code, const char *what, uint32_t max)
{
	gql_fault(p->lexer.errors, code, p->lexer.start, GQL_NONE, "The document has more than %u %s.", max, what);
	return false;
}

/* ---- Types, values, directives ---- */

bool gql_parse_type(gql_parser *p, gql_type_text *out)
{
	gql_lexer *l = &p->lexer;
	uint8_t lists = 0;
	*out = (gql_type_text){ .place = l->start };
	for (; l->kind == GQL_T_BRACKET_L; lists++) {
		if (lists == GQL_LISTS_MAX)
			return limit(p, GQL_CODE_VALUE_DEPTH, "lists in one type", GQL_LISTS_MAX);
		if (!gql_lex_next(l))
			return false;
	}
	out->lists = lists;
	if (lists)
		out->place = l->start;
	if (!gql_lex_take_name(l, &out->name))
		return false;
	for (uint8_t level = 0;; level++) {
		if (l->kind == GQL_T_BANG) {
			out->nonnull |= 1u << level;
			if (!gql_lex_next(l))
				return false;
		}
		if (level == lists)
			return true;
		if (!gql_lex_take(l, GQL_T_BRACKET_R))
			return false;
	}
}

static bool parse_scalar_value(gql_parser *p, gql_literal *v, bool constant)
{
	gql_lexer *l = &p->lexer;
	v->text = gql_lex_text(l);
	switch (l->kind) {
	case GQL_T_INT:
		v->kind = GQL_L_INT;
		break;
	case GQL_T_FLOAT:
		v->kind = GQL_L_FLOAT;
		break;
	case GQL_T_STRING:
	case GQL_T_BLOCK_STRING:
		v->kind = GQL_L_STRING;
		v->text = gql_lex_string(l, p->doc->mem);
		if (!v->text.ptr)
			return full(p);
		break;
	case GQL_T_NAME:
		v->boolean = gql_lex_is_word(l, "true");
		v->kind = v->boolean || gql_lex_is_word(l, "false") ? GQL_L_BOOL : gql_lex_is_word(l, "null") ? GQL_L_NULL : GQL_L_ENUM;
		break;
	case GQL_T_DOLLAR:
		v->kind = GQL_L_VARIABLE;
		if (!gql_lex_next(l))
			return false;
		if (constant) {
			if (l->kind == GQL_T_NAME) {
				gql_fault(l->errors, GQL_CODE_SYNTAX, v->place, GQL_NONE,
					  "Syntax Error: Unexpected variable \"$%" FL_FMT "\" in constant value.",
					  FL_ARG(gql_lex_text(l)));
				return false;
			}
			return gql_lex_unexpected(l);
		}
		return gql_lex_take_name(l, &v->text);
	default:
		return gql_lex_unexpected(l);
	}
	return gql_lex_next(l);
}

/* Closes every list and object that ends here. parent: the innermost open one, GQL_NONE when all are closed. */
static bool close_values(gql_parser *p, uint32_t *parent, uint32_t *open, uint32_t *depth)
{
	gql_lexer *l = &p->lexer;
	while (*parent != GQL_NONE) {
		gql_literal *v = &p->doc->literals[*parent];
		if (l->kind != (v->kind == GQL_L_LIST ? GQL_T_BRACKET_R : GQL_T_BRACE_R))
			return true;
		if (!gql_lex_next(l))
			return false;
		v->end = p->doc->literal_count;
		*parent = open[--*depth];
	}
	return true;
}

bool gql_parse_value(gql_parser *p, bool constant, uint32_t *index)
{
	gql_lexer *l = &p->lexer;
	uint32_t open[GQL_VALUE_DEPTH_MAX], depth = 0, parent = GQL_NONE;
	*index = p->doc->literal_count;
	do {
		gql_literal *v;
		PUSH(p, literal, v);
		*v = (gql_literal){ .place = l->start };
		if (parent != GQL_NONE) {
			gql_literal *outer = &p->doc->literals[parent];
			outer->count++;
			if (outer->kind == GQL_L_OBJECT) {
				v->name_place = l->start;
				if (!gql_lex_take_name(l, &v->name) || !gql_lex_take(l, GQL_T_COLON))
					return false;
				v->place = l->start;
			}
		}
		if (l->kind == GQL_T_BRACKET_L || l->kind == GQL_T_BRACE_L) {
			v->kind = l->kind == GQL_T_BRACKET_L ? GQL_L_LIST : GQL_L_OBJECT;
			if (depth == GQL_VALUE_DEPTH_MAX)
				return limit(p, GQL_CODE_VALUE_DEPTH, "levels in one value", GQL_VALUE_DEPTH_MAX);
			open[depth++] = parent;
			parent = p->doc->literal_count - 1;
			if (!gql_lex_next(l))
				return false;
		} else {
			if (!parse_scalar_value(p, v, constant))
				return false;
			v->end = p->doc->literal_count;
		}
		if (!close_values(p, &parent, open, &depth))
			return false;
	} while (parent != GQL_NONE);
	return true;
}

static bool parse_arguments(gql_parser *p, bool constant, gql_range *out)
{
	gql_lexer *l = &p->lexer;
	out->first = out->end = p->doc->argument_count;
	if (l->kind != GQL_T_PAREN_L)
		return true;
	if (!gql_lex_next(l))
		return false;
	do {
		gql_argument *a;
		PUSH(p, argument, a);
		*a = (gql_argument){ .place = l->start };
		if (!gql_lex_take_name(l, &a->name) || !gql_lex_take(l, GQL_T_COLON) || !gql_parse_value(p, constant, &a->value))
			return false;
	} while (l->kind != GQL_T_PAREN_R);
	out->end = p->doc->argument_count;
	return gql_lex_next(l);
}

bool gql_parse_directives(gql_parser *p, bool constant, gql_range *out)
{
	gql_lexer *l = &p->lexer;
	out->first = p->doc->directive_count;
	while (l->kind == GQL_T_AT) {
		gql_directive *d;
		if (p->limits && ++p->directives > p->limits->directives)
			return limit(p, GQL_CODE_DIRECTIVES, "directives", p->limits->directives);
		PUSH(p, directive, d);
		*d = (gql_directive){ .place = l->start };
		gql_range arguments;
		if (!gql_lex_next(l) || !gql_lex_take_name(l, &d->name) || !parse_arguments(p, constant, &arguments))
			return false;
		d->arguments = arguments;
	}
	out->end = p->doc->directive_count;
	return true;
}

/* ---- Selections ---- */

static bool parse_field(gql_parser *p, gql_selection *s)
{
	gql_lexer *l = &p->lexer;
	s->name_place = l->start;
	if (!gql_lex_take_name(l, &s->name))
		return false;
	s->key = s->name;
	if (l->kind == GQL_T_COLON) {
		if (++p->aliases > p->limits->aliases)
			return limit(p, GQL_CODE_ALIASES, "aliases", p->limits->aliases);
		s->aliased = true;
		if (!gql_lex_next(l))
			return false;
		s->name_place = l->start;
		if (!gql_lex_take_name(l, &s->name))
			return false;
	}
	return parse_arguments(p, false, &s->arguments) && gql_parse_directives(p, false, &s->directives);
}

static bool parse_fragment_use(gql_parser *p, gql_selection *s)
{
	gql_lexer *l = &p->lexer;
	if (!gql_lex_next(l))
		return false;
	s->kind = GQL_S_INLINE;
	s->name_place = l->start;
	if (l->kind == GQL_T_NAME && !gql_lex_is_word(l, "on")) {
		s->kind = GQL_S_SPREAD;
		if (!gql_lex_take_name(l, &s->name))
			return false;
	} else if (l->kind == GQL_T_NAME) {
		if (!gql_lex_next(l))
			return false;
		s->name_place = l->start;
		if (!gql_lex_take_name(l, &s->name))
			return false;
	}
	return gql_parse_directives(p, false, &s->directives);
}

/* Closes every selection set that ends here. open: whether a set is still open. */
static bool close_sets(gql_parser *p, uint32_t *parent, bool *open, uint32_t *depth)
{
	gql_lexer *l = &p->lexer;
	while (l->kind == GQL_T_BRACE_R) {
		if (!gql_lex_next(l))
			return false;
		if (*parent == GQL_NONE) {
			*open = false;
			return true;
		}
		--*depth;
		p->doc->selections[*parent].end = p->doc->selection_count;
		*parent = p->doc->selections[*parent].parent;
	}
	return true;
}

static bool parse_selection_set(gql_parser *p, gql_range *out)
{
	gql_lexer *l = &p->lexer;
	uint32_t parent = GQL_NONE, depth = 1;
	out->first = p->doc->selection_count;
	if (!gql_lex_take(l, GQL_T_BRACE_L))
		return false;
	for (bool open = true; open;) {
		gql_selection *s;
		uint32_t index = p->doc->selection_count;
		PUSH(p, selection, s);
		*s = (gql_selection){ .place = l->start, .parent = parent, .fragment = GQL_NONE };
		s->arguments.first = s->arguments.end = p->doc->argument_count;
		if (!(l->kind == GQL_T_SPREAD ? parse_fragment_use(p, s) : parse_field(p, s)))
			return false;
		if (l->kind == GQL_T_BRACE_L ? s->kind != GQL_S_SPREAD : s->kind == GQL_S_INLINE) {
			/* Fields and inline fragments nest; the depth of the tree alone is bounded here, fragments later. */
			if (++depth > 2 * p->limits->depth + 2)
				return limit(p, GQL_CODE_DEPTH, "levels", p->limits->depth);
			s->has_set = true;
			parent = index;
			if (!gql_lex_take(l, GQL_T_BRACE_L))
				return false;
			if (l->kind == GQL_T_BRACE_R)
				return gql_lex_unexpected(l);
			continue;
		}
		s->end = p->doc->selection_count;
		if (!close_sets(p, &parent, &open, &depth))
			return false;
	}
	out->end = p->doc->selection_count;
	return true;
}

/* ---- Definitions ---- */

static bool skip_description(gql_parser *p, bool *given)
{
	*given = p->lexer.kind == GQL_T_STRING || p->lexer.kind == GQL_T_BLOCK_STRING;
	return !*given || gql_lex_next(&p->lexer);
}

static bool parse_variable(gql_parser *p)
{
	gql_lexer *l = &p->lexer;
	gql_variable *v;
	bool described;
	if (!skip_description(p, &described))
		return false;
	PUSH(p, variable, v);
	*v = (gql_variable){ .place = l->start, .default_value = GQL_NONE };
	if (!gql_lex_take(l, GQL_T_DOLLAR) || !gql_lex_take_name(l, &v->name) || !gql_lex_take(l, GQL_T_COLON) ||
	    !gql_parse_type(p, &v->type))
		return false;
	if (l->kind == GQL_T_EQUALS && (!gql_lex_next(l) || !gql_parse_value(p, true, &v->default_value)))
		return false;
	return gql_parse_directives(p, true, &v->directives);
}

static bool parse_variables(gql_parser *p, gql_range *out)
{
	gql_lexer *l = &p->lexer;
	out->first = out->end = p->doc->variable_count;
	if (l->kind != GQL_T_PAREN_L)
		return true;
	if (!gql_lex_next(l))
		return false;
	do
		if (!parse_variable(p))
			return false;
	while (l->kind != GQL_T_PAREN_R);
	out->end = p->doc->variable_count;
	return gql_lex_next(l);
}

static bool parse_operation(gql_parser *p, gql_definition *d)
{
	gql_lexer *l = &p->lexer;
	if (!gql_lex_next(l))
		return false;
	if (l->kind == GQL_T_NAME) {
		d->name_place = l->start;
		if (!gql_lex_take_name(l, &d->name))
			return false;
	}
	return parse_variables(p, &d->variables) && gql_parse_directives(p, false, &d->directives) &&
	       parse_selection_set(p, &d->selections);
}

static bool parse_fragment(gql_parser *p, gql_definition *d)
{
	gql_lexer *l = &p->lexer;
	d->is_fragment = true;
	if (!gql_lex_next(l))
		return false;
	if (gql_lex_is_word(l, "on"))
		return gql_lex_unexpected(l);
	d->name_place = l->start;
	if (!gql_lex_take_name(l, &d->name))
		return false;
	if (!gql_lex_is_word(l, "on"))
		return gql_lex_unexpected(l);
	if (!gql_lex_next(l))
		return false;
	d->condition_place = l->start;
	return gql_lex_take_name(l, &d->condition) && gql_parse_directives(p, false, &d->directives) &&
	       parse_selection_set(p, &d->selections);
}

/* Type definitions are well-formed documents, but nothing that can be executed. */
static bool refuse_type_definition(gql_parser *p)
{
	static const char *const words[] = { "schema", "scalar", "type", "interface", "union", "enum", "input", "directive", "extend" };
	for (size_t i = 0; i < FL_COUNT(words); i++) {
		if (!gql_lex_is_word(&p->lexer, words[i]))
			continue;
		gql_fault(p->lexer.errors, GQL_CODE_INVALID, p->lexer.start, GQL_NONE,
			  "The \"%s\" definition is not executable.", words[i]);
		return false;
	}
	return gql_lex_unexpected(&p->lexer);
}

static bool parse_definition(gql_parser *p)
{
	gql_lexer *l = &p->lexer;
	gql_definition d = { .place = l->start };
	bool described, ok;
	d.variables.first = d.variables.end = p->doc->variable_count;
	d.directives.first = d.directives.end = p->doc->directive_count;
	if (!skip_description(p, &described))
		return false;
	if (l->kind == GQL_T_BRACE_L && !described) {
		ok = parse_selection_set(p, &d.selections);
	} else if (gql_lex_is_word(l, "fragment")) {
		ok = parse_fragment(p, &d);
	} else {
		static const char *const words[] = { "query", "mutation", "subscription" };
		size_t i = 0;
		while (i < FL_COUNT(words) && !gql_lex_is_word(l, words[i]))
			i++;
		if (i == FL_COUNT(words))
			return refuse_type_definition(p);
		d.operation = (fl_gql_operation)i;
		ok = parse_operation(p, &d);
	}
	gql_definition *to;
	if (!ok)
		return false;
	PUSH(p, definition, to);
	*to = d;
	return true;
}

bool gql_parse(gql_document *doc, fl_arena *mem, fl_str source, const fl_gql_limits *limits, gql_errors *errors)
{
	gql_parser parser = { .doc = doc, .limits = limits };
	*doc = (gql_document){ .mem = mem, .source = source };
	if (source.len > limits->document_bytes) {
		gql_fault(errors, GQL_CODE_BYTES, GQL_NONE, GQL_NONE, "The document is larger than %u bytes.", limits->document_bytes);
		return false;
	}
	if (!gql_lex_start(&parser.lexer, source, limits->tokens, errors))
		return false;
	do
		if (!parse_definition(&parser))
			return false;
	while (parser.lexer.kind != GQL_T_EOF);
	return true;
}
