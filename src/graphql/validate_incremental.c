/* The rules of @defer and @stream, which the specification does not have yet: those of graphql-js 17. They are asked of
 * documents that keep all other rules, so types, fields and fragments are known. */
#include "graphql/graphql_int.h"

typedef struct rules {
	const fl_gql_schema *schema;
	gql_document *doc;
	fl_arena *scratch;
	gql_errors *errors;
	uint8_t *seen;     /* fragments, of the operation at hand */
	gql_range *ranges; /* of the operation and its fragments, to be looked at */
	uint32_t range_count;
} rules;

#define WRONG(r, place, ...) ((void)gql_fault((r)->errors, GQL_CODE_INVALID, (place), GQL_NONE, __VA_ARGS__))

static bool is_incremental(const gql_directive *d)
{
	return fl_str_eq(d->name, FL_STR("defer")) || fl_str_eq(d->name, FL_STR("stream"));
}

const gql_directive *gql_find_directive(const gql_document *doc, gql_range directives, fl_str name)
{
	for (uint32_t i = directives.first; i < directives.end; i++)
		if (fl_str_eq(doc->directives[i].name, name))
			return &doc->directives[i];
	return NULL;
}

const gql_literal *gql_directive_argument(const gql_document *doc, const gql_directive *d, fl_str name)
{
	for (uint32_t i = d->arguments.first; i < d->arguments.end; i++)
		if (fl_str_eq(doc->arguments[i].name, name))
			return &doc->literals[doc->arguments[i].value];
	return NULL;
}

/* ---- Labels are static and unique ---- */

static void check_labels(rules *r)
{
	fl_map labels;
	gql_map_init(&labels, r->scratch, r->schema);
	for (uint32_t i = 0; i < r->doc->directive_count; i++) {
		gql_directive *d = &r->doc->directives[i];
		const gql_literal *label = is_incremental(d) ? gql_directive_argument(r->doc, d, FL_STR("label")) : NULL;
		const gql_directive *earlier;
		if (!label || label->kind == GQL_L_NULL)
			continue;
		if (label->kind != GQL_L_STRING) {
			WRONG(r, d->place, "Argument \"@%" FL_FMT "(label:)\" must be a static string.", FL_ARG(d->name));
			continue;
		}
		earlier = fl_map_get(&labels, label->text);
		if (earlier)
			gql_fault(r->errors, GQL_CODE_INVALID, earlier->place, d->place,
				"Value for arguments \"defer(label:)\" and \"stream(label:)\" must be unique across all "
				"Defer/Stream directive usages.");
		else if (fl_map_put(&labels, label->text, d) != FL_OK)
			r->errors->nomem = true;
	}
}

/* ---- Only lists are streamed ---- */

static void check_lists(rules *r)
{
	for (uint32_t i = 0; i < r->doc->selection_count; i++) {
		const gql_selection *s = &r->doc->selections[i];
		const gql_directive *d =
			s->kind == GQL_S_FIELD ? gql_find_directive(r->doc, s->directives, FL_STR("stream")) : NULL;
		if (d && s->field && s->field->type.lists == 0)
			WRONG(r, d->place, "Directive \"@stream\" cannot be used on non-list field \"%" FL_FMT ".%" FL_FMT "\".",
				FL_ARG(s->type->name), FL_ARG(s->field->name));
	}
}

/* ---- Where they may stand in mutations and subscriptions ---- */

static void begin(rules *r, const gql_definition *operation)
{
	memset(r->seen, 0, r->doc->definition_count);
	r->ranges[0] = operation->selections;
	r->range_count = 1;
}

static void enter_fragment(rules *r, const gql_selection *s)
{
	if (s->kind != GQL_S_SPREAD || s->fragment == GQL_NONE || r->seen[s->fragment])
		return;
	r->seen[s->fragment] = true;
	r->ranges[r->range_count++] = r->doc->definitions[s->fragment].selections;
}

/* The root fields of a mutation run in order and those of a subscription once an event: neither is put off. */
static void check_root(rules *r, const gql_definition *operation)
{
	static const char *const names[] = { "query", "mutation", "subscription" };
	begin(r, operation);
	for (uint32_t i = 0; i < r->range_count; i++) {
		for (uint32_t k = r->ranges[i].first; k < r->ranges[i].end;) {
			const gql_selection *s = &r->doc->selections[k];
			bool field = s->kind == GQL_S_FIELD;
			const gql_directive *d =
				gql_find_directive(r->doc, s->directives, field ? FL_STR("stream") : FL_STR("defer"));
			/* A fragment that was spread here already adds nothing, and so does its @defer. */
			bool again = s->kind == GQL_S_SPREAD && r->seen[s->fragment];
			if (d && !again)
				WRONG(r, d->place, "%s directive cannot be used on root %s type \"%" FL_FMT "\".",
					field ? "Stream" : "Defer", names[operation->operation], FL_ARG(operation->type->name));
			enter_fragment(r, s);
			k = s->kind == GQL_S_INLINE ? k + 1 : s->end;
		}
	}
}

/* Whether @skip or @include may leave the selection out. */
static bool may_be_left_out(const rules *r, const gql_selection *s)
{
	for (int include = 0; include < 2; include++) {
		const gql_directive *d = gql_find_directive(r->doc, s->directives, include ? FL_STR("include") : FL_STR("skip"));
		const gql_literal *v = d ? gql_directive_argument(r->doc, d, FL_STR("if")) : NULL;
		if (v && (v->kind != GQL_L_BOOL || v->boolean != include))
			return true;
	}
	return false;
}

static bool may_be_off(const rules *r, const gql_directive *d)
{
	const gql_literal *v = gql_directive_argument(r->doc, d, FL_STR("if"));
	return v && (v->kind == GQL_L_VARIABLE || (v->kind == GQL_L_BOOL && !v->boolean));
}

/* An event of a subscription has one answer: its directives must be off, or be able to be. */
static void check_events(rules *r, const gql_definition *operation)
{
	begin(r, operation);
	for (uint32_t i = 0; i < r->range_count; i++) {
		for (uint32_t k = r->ranges[i].first; k < r->ranges[i].end;) {
			const gql_selection *s = &r->doc->selections[k];
			if (may_be_left_out(r, s)) {
				k = s->end;
				continue;
			}
			for (uint32_t n = s->directives.first; n < s->directives.end; n++) {
				const gql_directive *d = &r->doc->directives[n];
				bool defer = fl_str_eq(d->name, FL_STR("defer"));
				if (is_incremental(d) && !may_be_off(r, d))
					WRONG(r, d->place,
						"%s directive not supported on subscription operations. Disable `@%" FL_FMT
						"` by setting the `if` argument to `false`.",
						defer ? "Defer" : "Stream", FL_ARG(d->name));
			}
			enter_fragment(r, s);
			k++;
		}
	}
}

bool gql_has_incremental(const gql_document *doc)
{
	for (uint32_t i = 0; i < doc->directive_count; i++)
		if (is_incremental(&doc->directives[i]))
			return true;
	return false;
}

void gql_validate_incremental(const fl_gql_schema *schema, gql_document *doc, fl_arena *scratch, gql_errors *errors)
{
	rules r = { .schema = schema, .doc = doc, .scratch = scratch, .errors = errors };
	if (!gql_has_incremental(doc))
		return;
	r.seen = fl_arena_take(scratch, doc->definition_count);
	r.ranges = fl_new_array(scratch, gql_range, doc->definition_count + 1);
	if (!r.seen || !r.ranges) {
		errors->nomem = true;
		return;
	}
	check_labels(&r);
	check_lists(&r);
	for (uint32_t i = 0; i < doc->definition_count; i++) {
		const gql_definition *d = &doc->definitions[i];
		if (d->is_fragment || d->operation == FL_GQL_QUERY)
			continue;
		check_root(&r, d);
		if (d->operation == FL_GQL_SUBSCRIPTION)
			check_events(&r, d);
	}
}
