/* The rule "field selections can merge": all selections that end in one place of the response are gathered and grouped,
 * and each group is compared with its first member only, because "same shape" and "same field and arguments" are
 * equivalences. That is linear where comparing pairs is quadratic. Two questions are asked:
 *
 *	shape:  selections of one response key, whatever their parents, must have the same shape of result;
 *	parent: those whose parents can be one object must be the same field with the same arguments.
 *
 * Sets of selection sets that were asked already are not asked again; a budget stops what remains of crafted input. */
#include "graphql/graphql_int.h"

enum { SHAPE = 1, PARENT = 2, OVERLAP_WORK_MAX = 1000000 };

typedef struct member {
	struct member *next;
	uint32_t selection;
} member;

typedef struct group {
	member *first, *last;
	uint32_t count;
} group;

/* The selections below some fields, to be asked about together. */
typedef struct item {
	struct item *next;
	uint8_t asks;
	uint32_t count;
	uint32_t fields[]; /* selections whose sets are meant */
} item;

typedef struct merger {
	const fl_gql_schema *schema;
	gql_document *doc;
	fl_arena *scratch;
	gql_errors *errors;
	item *first, *last;
	fl_map asked;         /* the bytes of asks and fields */
	uint8_t *asked_alone; /* asks of single selections */
	uint32_t work;
	/* of the item at hand: */
	group **groups;
	uint32_t group_count, group_cap;
	fl_map by_key;
	uint32_t *seen;       /* fragments, by the number of the item that last visited them */
	uint32_t item_number;
	gql_range *levels;
	uint32_t level_count, level_cap;
} merger;

static void full(merger *m)
{
	m->errors->nomem = true;
}

static bool stopped(const merger *m)
{
	return m->errors->nomem || m->errors->count >= GQL_ERRORS_MAX || m->work > OVERLAP_WORK_MAX;
}

static void spend(merger *m, uint32_t steps)
{
	if (m->work > OVERLAP_WORK_MAX)
		return;
	m->work += steps;
	if (m->work > OVERLAP_WORK_MAX)
		gql_fault(m->errors, GQL_CODE_WORK, GQL_NONE, GQL_NONE, "The document is too involved to be checked.");
}

/* ---- Comparing ---- */

typedef struct pair {
	uint32_t a, b;
} pair;

static bool same_literal_head(const gql_literal *a, const gql_literal *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	return a->kind == GQL_L_BOOL ? a->boolean == b->boolean : a->kind == GQL_L_LIST || a->kind == GQL_L_OBJECT || fl_str_eq(a->text, b->text);
}

static uint32_t find_key(const gql_literal *literals, uint32_t object, fl_str name)
{
	for (uint32_t k = object + 1; k < literals[object].end; k = literals[k].end)
		if (fl_str_eq(literals[k].name, name))
			return k;
	return GQL_NONE;
}

/* Objects are the same whatever the order of their fields. */
static bool same_literal(merger *m, uint32_t a, uint32_t b)
{
	const gql_literal *ls = m->doc->literals;
	pair *open = fl_new_array(m->scratch, pair, ls[a].end - a);
	uint32_t count = 0;
	if (!open) {
		full(m);
		return true;
	}
	open[count++] = (pair){ a, b };
	while (count) {
		pair p = open[--count];
		spend(m, 1 + ls[p.a].count);
		if (!same_literal_head(&ls[p.a], &ls[p.b]))
			return false;
		uint32_t other = p.b + 1;
		for (uint32_t k = p.a + 1; k < ls[p.a].end; k = ls[k].end) {
			uint32_t match = ls[p.a].kind == GQL_L_OBJECT ? find_key(ls, p.b, ls[k].name) : other;
			if (match == GQL_NONE)
				return false;
			open[count++] = (pair){ k, match };
			other = ls[p.a].kind == GQL_L_LIST ? ls[other].end : other;
		}
	}
	return true;
}

static bool same_arguments(merger *m, const gql_selection *a, const gql_selection *b)
{
	const gql_argument *args = m->doc->arguments;
	if (a->arguments.end - a->arguments.first != b->arguments.end - b->arguments.first)
		return false;
	for (uint32_t i = a->arguments.first; i < a->arguments.end; i++) {
		bool same = false;
		for (uint32_t k = b->arguments.first; k < b->arguments.end && !same; k++)
			same = fl_str_eq(args[i].name, args[k].name) && same_literal(m, args[i].value, args[k].value);
		if (!same)
			return false;
	}
	return true;
}

static bool same_shape(gql_type_ref a, gql_type_ref b)
{
	if (a.lists != b.lists || a.nonnull != b.nonnull)
		return false;
	return a.type == b.type || (gql_is_composite(a.type) && gql_is_composite(b.type));
}

static void complain(merger *m, const gql_selection *a, const gql_selection *b, const char *what)
{
	gql_fault(m->errors, GQL_CODE_INVALID, a->place, b->place,
		  "Fields \"%" FL_FMT "\" conflict because %s. Use different aliases on the fields to fetch both if this was intentional.",
		  FL_ARG(fl_str_clip(a->key, 100)), what);
}

/* A list that is streamed is streamed once: two clients' ideas of its first items cannot be merged. */
static bool is_streamed(const merger *m, const gql_selection *s)
{
	return s->directives.first != s->directives.end && gql_find_directive(m->doc, s->directives, FL_STR("stream"));
}

static void check_shape(merger *m, const gql_selection *a, const gql_selection *b)
{
	if (is_streamed(m, a) || is_streamed(m, b)) {
		complain(m, a, b, "they have overlapping stream directives");
		return;
	}
	if (same_shape(a->field->type, b->field->type))
		return;
	FL_AUTO_BUF fl_buf what = fl_buf_make(1000);
	fl_buf_fmt(&what, "they return conflicting types \"%" FL_FMT "\" and \"%" FL_FMT "\"",
		   FL_ARG(gql_ref_text(m->errors->mem, a->field->type)), FL_ARG(gql_ref_text(m->errors->mem, b->field->type)));
	fl_buf_char(&what, 0);
	complain(m, a, b, what.ptr);
}

static void check_same_field(merger *m, const gql_selection *a, const gql_selection *b)
{
	if (!fl_str_eq(a->name, b->name)) {
		FL_AUTO_BUF fl_buf what = fl_buf_make(1000);
		fl_buf_fmt(&what, "\"%" FL_FMT "\" and \"%" FL_FMT "\" are different fields", FL_ARG(fl_str_clip(a->name, 100)),
			   FL_ARG(fl_str_clip(b->name, 100)));
		fl_buf_char(&what, 0);
		complain(m, a, b, what.ptr);
	} else if (!same_arguments(m, a, b)) {
		complain(m, a, b, "they have differing arguments");
	}
}

/* ---- Gathering ---- */

static void add_field(merger *m, uint32_t selection)
{
	fl_str key = m->doc->selections[selection].key;
	group *g = fl_map_get(&m->by_key, key);
	member *one = fl_new(m->scratch, member);
	if (!g) {
		g = fl_new(m->scratch, group);
		if (!g || !gql_room(m->scratch, &m->groups, m->group_count, &m->group_cap, sizeof(*m->groups)) ||
		    fl_map_put(&m->by_key, key, g) != FL_OK) {
			full(m);
			return;
		}
		m->groups[m->group_count++] = g;
	}
	if (!one) {
		full(m);
		return;
	}
	one->selection = selection;
	*(g->last ? &g->last->next : &g->first) = one;
	g->last = one;
	g->count++;
}

static void open_level(merger *m, gql_range range)
{
	if (!gql_room(m->scratch, &m->levels, m->level_count, &m->level_cap, sizeof(*m->levels)))
		full(m);
	else
		m->levels[m->level_count++] = range;
}

/* All fields of a range, fragments spread out, each fragment once an item. */
static void gather(merger *m, gql_range range)
{
	open_level(m, range);
	while (m->level_count && !stopped(m)) {
		gql_range *top = &m->levels[m->level_count - 1];
		uint32_t i = top->first;
		if (i >= top->end) {
			m->level_count--;
			continue;
		}
		const gql_selection *s = &m->doc->selections[i];
		top->first = s->end;
		spend(m, 1);
		if (s->kind == GQL_S_FIELD) {
			add_field(m, i);
		} else if (s->kind == GQL_S_INLINE) {
			open_level(m, (gql_range){ i + 1, s->end });
		} else if (m->seen[s->fragment] != m->item_number) {
			m->seen[s->fragment] = m->item_number;
			open_level(m, m->doc->definitions[s->fragment].selections);
		}
	}
}

/* ---- Asking ---- */

static bool asked_before(merger *m, item *it)
{
	if (it->count == 1) {
		uint8_t *asked = &m->asked_alone[it->fields[0]];
		it->asks &= ~*asked;
		*asked |= it->asks;
		return !it->asks;
	}
	fl_str key = { (const char *)it->fields, it->count * sizeof(it->fields[0]) };
	item *earlier = fl_map_get(&m->asked, key);
	if (earlier) {
		it->asks &= ~earlier->asks;
		earlier->asks |= it->asks;
	} else if (fl_map_put(&m->asked, key, it) != FL_OK) {
		full(m);
	}
	return !it->asks;
}

/* Queues the sets below the members that pass the filter: all, or those whose parent can be type. */
static void ask_below(merger *m, const group *g, const gql_type *parent, uint8_t asks)
{
	item *it = fl_arena_zero(m->scratch, sizeof(*it) + g->count * sizeof(it->fields[0]));
	if (!it) {
		full(m);
		return;
	}
	it->asks = asks;
	for (const member *one = g->first; one; one = one->next) {
		const gql_selection *s = &m->doc->selections[one->selection];
		if (s->has_set && (!parent || s->type == parent || gql_is_abstract(s->type)))
			it->fields[it->count++] = one->selection;
	}
	if (!it->count)
		return;
	/* What is remembered as asked must not change: the queue gets a copy of the asks left over. */
	item *queued = it;
	if (it->count > 1) {
		queued = fl_arena_zero(m->scratch, sizeof(*it) + it->count * sizeof(it->fields[0]));
		if (!queued) {
			full(m);
			return;
		}
		memcpy(queued->fields, it->fields, it->count * sizeof(it->fields[0]));
		queued->count = it->count;
	}
	if (asked_before(m, it))
		return;
	queued->asks = it->asks;
	*(m->last ? &m->last->next : &m->first) = queued;
	m->last = queued;
}

/* Members whose parents can be one object: those on one object type, and those on interfaces and unions with each. */
static void ask_parents(merger *m, const group *g, uint8_t shape)
{
	const gql_selection *ss = m->doc->selections;
	const gql_type *only = NULL;
	bool several = false;
	for (const member *one = g->first; one; one = one->next) {
		const gql_type *type = ss[one->selection].type;
		if (gql_is_abstract(type))
			continue;
		several |= only && only != type;
		only = only ? only : type;
	}
	if (!several) {
		for (const member *one = g->first->next; one && !stopped(m); one = one->next)
			check_same_field(m, &ss[g->first->selection], &ss[one->selection]);
		ask_below(m, g, NULL, PARENT | shape);
		return;
	}
	if (shape)
		ask_below(m, g, NULL, SHAPE);
	for (const member *one = g->first; one && !stopped(m); one = one->next) {
		const gql_type *type = ss[one->selection].type;
		bool done = gql_is_abstract(type);
		for (const member *k = g->first; k != one && !done; k = k->next)
			done = ss[k->selection].type == type;
		if (done)
			continue;
		for (const member *k = g->first; k && !stopped(m); k = k->next) {
			const gql_type *other = ss[k->selection].type;
			spend(m, 1);
			if (k != one && (other == type || gql_is_abstract(other)))
				check_same_field(m, &ss[one->selection], &ss[k->selection]);
		}
		ask_below(m, g, type, PARENT);
	}
}

static void ask(merger *m, uint8_t asks)
{
	const gql_selection *ss = m->doc->selections;
	for (uint32_t i = 0; i < m->group_count && !stopped(m); i++) {
		const group *g = m->groups[i];
		for (const member *one = g->first->next; one && (asks & SHAPE) && !stopped(m); one = one->next)
			check_shape(m, &ss[g->first->selection], &ss[one->selection]);
		if (asks & PARENT)
			ask_parents(m, g, asks & SHAPE);
		else
			ask_below(m, g, NULL, SHAPE);
	}
}

static void begin(merger *m)
{
	m->group_count = 0;
	m->level_count = 0;
	m->item_number++;
	gql_map_init(&m->by_key, m->scratch, m->schema);
}

void gql_validate_overlap(const fl_gql_schema *schema, gql_document *doc, fl_arena *scratch, gql_errors *errors)
{
	merger m = { .schema = schema, .doc = doc, .scratch = scratch, .errors = errors };
	gql_map_init(&m.asked, scratch, schema);
	m.seen = fl_new_array(scratch, uint32_t, doc->definition_count);
	m.asked_alone = fl_arena_zero(scratch, doc->selection_count);
	if (!m.seen || !m.asked_alone) {
		full(&m);
		return;
	}
	for (uint32_t i = 0; i < doc->definition_count && !stopped(&m); i++) {
		if (doc->definitions[i].is_fragment)
			continue;
		begin(&m);
		gather(&m, doc->definitions[i].selections);
		ask(&m, SHAPE | PARENT);
		for (item *it = m.first; it && !stopped(&m); it = it->next) {
			begin(&m);
			for (uint32_t k = 0; k < it->count; k++)
				gather(&m, (gql_range){ it->fields[k] + 1, doc->selections[it->fields[k]].end });
			ask(&m, it->asks);
		}
		m.first = m.last = NULL;
	}
}
