/* What a new schema takes from clients of an old one, and what may surprise them: the changes, kinds and words of graphql-js
 * (findBreakingChanges, findDangerousChanges), and keys of entities besides. */
#include "graphql/graphql_int.h"

typedef struct differ {
	fl_arena *mem;
	fl_gql_change *changes;
	uint32_t change_count, change_cap;
	const fl_gql_schema *from, *to;
	bool nomem;
} differ;

static void add(differ *d, bool breaking, const char *kind, const char *format, ...) FL_PRINTF(4, 5);

static void add(differ *d, bool breaking, const char *kind, const char *format, ...)
{
	if (!gql_room(d->mem, &d->changes, d->change_count, &d->change_cap, sizeof(*d->changes))) {
		d->nomem = true;
		return;
	}
	va_list args;
	va_start(args, format);
	fl_str text = fl_str_vfmt(d->mem, format, args);
	va_end(args);
	d->nomem |= !text.ptr;
	d->changes[d->change_count++] = (fl_gql_change) { kind, breaking, text };
}

#define BREAKS(kind, ...) add(d, true, #kind, __VA_ARGS__)
#define SURPRISES(kind, ...) add(d, false, #kind, __VA_ARGS__)
#define REF(ref) FL_ARG(gql_ref_text(d->mem, (ref)))

static bool same_named(gql_type_ref a, gql_type_ref b)
{
	return a.lists == b.lists && fl_str_eq(a.type->name, b.type->name);
}

static bool is_required(const gql_input *in)
{
	return gql_ref_nonnull(in->type) && in->default_literal == GQL_NONE;
}

/* ---- Arguments ---- */

static void compare_default(differ *d, fl_str type, fl_str field, const gql_input *from, const gql_input *to)
{
	if (!from->default_text.ptr)
		return;
	if (!to->default_text.ptr)
		SURPRISES(ARG_DEFAULT_VALUE_CHANGE, "%" FL_FMT ".%" FL_FMT " arg %" FL_FMT " defaultValue was removed.",
			FL_ARG(type), FL_ARG(field), FL_ARG(from->name));
	else if (!fl_str_eq(from->default_text, to->default_text))
		SURPRISES(ARG_DEFAULT_VALUE_CHANGE,
			"%" FL_FMT ".%" FL_FMT " arg %" FL_FMT " has changed defaultValue from %" FL_FMT " to %" FL_FMT ".",
			FL_ARG(type), FL_ARG(field), FL_ARG(from->name), FL_ARG(from->default_text), FL_ARG(to->default_text));
}

static void compare_arguments(differ *d, fl_str type, const gql_field_def *from, const gql_field_def *to)
{
	for (uint32_t i = 0; i < from->arg_count; i++) {
		const gql_input *old = &from->args[i], *now = gql_find_input(to->args, to->arg_count, old->name);
		if (!now)
			BREAKS(ARG_REMOVED, "%" FL_FMT ".%" FL_FMT " arg %" FL_FMT " was removed.", FL_ARG(type),
				FL_ARG(from->name), FL_ARG(old->name));
		else if (!same_named(old->type, now->type) || (now->type.nonnull & ~old->type.nonnull))
			BREAKS(ARG_CHANGED_KIND,
				"%" FL_FMT ".%" FL_FMT " arg %" FL_FMT " has changed type from %" FL_FMT " to %" FL_FMT ".",
				FL_ARG(type), FL_ARG(from->name), FL_ARG(old->name), REF(old->type), REF(now->type));
		else
			compare_default(d, type, from->name, old, now);
	}
	for (uint32_t i = 0; i < to->arg_count; i++) {
		const gql_input *now = &to->args[i];
		if (gql_find_input(from->args, from->arg_count, now->name))
			continue;
		if (is_required(now))
			BREAKS(REQUIRED_ARG_ADDED, "A required arg %" FL_FMT " on %" FL_FMT ".%" FL_FMT " was added.",
				FL_ARG(now->name), FL_ARG(type), FL_ARG(from->name));
		else
			SURPRISES(OPTIONAL_ARG_ADDED, "An optional arg %" FL_FMT " on %" FL_FMT ".%" FL_FMT " was added.",
				FL_ARG(now->name), FL_ARG(type), FL_ARG(from->name));
	}
}

/* ---- Types ---- */

static void compare_fields(differ *d, const gql_type *from, const gql_type *to)
{
	for (uint32_t i = 0; i < from->field_count; i++) {
		const gql_field_def *old = &from->fields[i], *now = gql_schema_field(d->to, to, old->name);
		if (!now) {
			BREAKS(FIELD_REMOVED, "%" FL_FMT ".%" FL_FMT " was removed.", FL_ARG(from->name), FL_ARG(old->name));
			continue;
		}
		compare_arguments(d, from->name, old, now);
		if (!same_named(old->type, now->type) || (old->type.nonnull & ~now->type.nonnull))
			BREAKS(FIELD_CHANGED_KIND, "%" FL_FMT ".%" FL_FMT " changed type from %" FL_FMT " to %" FL_FMT ".",
				FL_ARG(from->name), FL_ARG(old->name), REF(old->type), REF(now->type));
	}
}

static void compare_input_fields(differ *d, const gql_type *from, const gql_type *to)
{
	for (uint32_t i = 0; i < to->input_count; i++) {
		const gql_input *now = &to->inputs[i];
		if (gql_find_input(from->inputs, from->input_count, now->name))
			continue;
		if (is_required(now))
			BREAKS(REQUIRED_INPUT_FIELD_ADDED, "A required field %" FL_FMT " on input type %" FL_FMT " was added.",
				FL_ARG(now->name), FL_ARG(to->name));
		else
			SURPRISES(OPTIONAL_INPUT_FIELD_ADDED,
				"An optional field %" FL_FMT " on input type %" FL_FMT " was added.", FL_ARG(now->name),
				FL_ARG(to->name));
	}
	for (uint32_t i = 0; i < from->input_count; i++) {
		const gql_input *old = &from->inputs[i], *now = gql_find_input(to->inputs, to->input_count, old->name);
		if (!now)
			BREAKS(FIELD_REMOVED, "%" FL_FMT ".%" FL_FMT " was removed.", FL_ARG(from->name), FL_ARG(old->name));
		else if (!same_named(old->type, now->type) || (now->type.nonnull & ~old->type.nonnull))
			BREAKS(FIELD_CHANGED_KIND, "%" FL_FMT ".%" FL_FMT " changed type from %" FL_FMT " to %" FL_FMT ".",
				FL_ARG(from->name), FL_ARG(old->name), REF(old->type), REF(now->type));
	}
}

static bool has_value(const gql_type *type, fl_str name)
{
	for (uint32_t i = 0; i < type->value_count; i++)
		if (fl_str_eq(type->values[i].name, name))
			return true;
	return false;
}

static void compare_values(differ *d, const gql_type *from, const gql_type *to)
{
	for (uint32_t i = 0; i < to->value_count; i++)
		if (!has_value(from, to->values[i].name))
			SURPRISES(VALUE_ADDED_TO_ENUM, "%" FL_FMT " was added to enum type %" FL_FMT ".",
				FL_ARG(to->values[i].name), FL_ARG(from->name));
	for (uint32_t i = 0; i < from->value_count; i++)
		if (!has_value(to, from->values[i].name))
			BREAKS(VALUE_REMOVED_FROM_ENUM, "%" FL_FMT " was removed from enum type %" FL_FMT ".",
				FL_ARG(from->values[i].name), FL_ARG(from->name));
}

static bool has_name(const fl_str *names, uint32_t count, fl_str name)
{
	for (uint32_t i = 0; i < count; i++)
		if (fl_str_eq(names[i], name))
			return true;
	return false;
}

static void compare_members(differ *d, const gql_type *from, const gql_type *to)
{
	for (uint32_t i = 0; i < to->member_name_count; i++)
		if (!has_name(from->member_names, from->member_name_count, to->member_names[i]))
			SURPRISES(TYPE_ADDED_TO_UNION, "%" FL_FMT " was added to union type %" FL_FMT ".",
				FL_ARG(to->member_names[i]), FL_ARG(from->name));
	for (uint32_t i = 0; i < from->member_name_count; i++)
		if (!has_name(to->member_names, to->member_name_count, from->member_names[i]))
			BREAKS(TYPE_REMOVED_FROM_UNION, "%" FL_FMT " was removed from union type %" FL_FMT ".",
				FL_ARG(from->member_names[i]), FL_ARG(from->name));
}

static void compare_interfaces(differ *d, const gql_type *from, const gql_type *to)
{
	for (uint32_t i = 0; i < to->interface_name_count; i++)
		if (!has_name(from->interface_names, from->interface_name_count, to->interface_names[i]))
			SURPRISES(IMPLEMENTED_INTERFACE_ADDED, "%" FL_FMT " added to interfaces implemented by %" FL_FMT ".",
				FL_ARG(to->interface_names[i]), FL_ARG(from->name));
	for (uint32_t i = 0; i < from->interface_name_count; i++)
		if (!has_name(to->interface_names, to->interface_name_count, from->interface_names[i]))
			BREAKS(IMPLEMENTED_INTERFACE_REMOVED, "%" FL_FMT " no longer implements interface %" FL_FMT ".",
				FL_ARG(from->name), FL_ARG(from->interface_names[i]));
}

static bool has_key(const fl_gql_schema *schema, const gql_type *type, fl_str fields)
{
	uint32_t at = 0;
	for (const gql_directive *k; schema->federation && (k = gql_applied_next(schema, type->ranges, type->range_count,
								    schema->federation->key, &at));) {
		const gql_literal *of = gql_applied_argument(schema, k, "fields");
		if (of && fl_str_eq(of->text, fields))
			return true;
	}
	return false;
}

/* Other subgraphs name the entity by it. */
static void compare_keys(differ *d, const gql_type *from, const gql_type *to)
{
	uint32_t at = 0;
	for (const gql_directive *k; d->from->federation && (k = gql_applied_next(d->from, from->ranges, from->range_count,
								     d->from->federation->key, &at));) {
		const gql_literal *of = gql_applied_argument(d->from, k, "fields");
		if (of && !has_key(d->to, to, of->text))
			BREAKS(KEY_REMOVED, "%" FL_FMT " no longer has the key \"%" FL_FMT "\".", FL_ARG(from->name),
				FL_ARG(of->text));
	}
}

static void compare_type(differ *d, const gql_type *from)
{
	static const char *const kinds[] = { "a Scalar type", "an Object type", "an Interface type", "a Union type",
		"an Enum type", "an Input type" };
	const gql_type *to = gql_schema_type(d->to, from->name);
	if (!to || to->hidden) {
		BREAKS(TYPE_REMOVED, "%" FL_FMT " was removed.", FL_ARG(from->name));
		return;
	}
	if (to->kind != from->kind) {
		BREAKS(TYPE_CHANGED_KIND, "%" FL_FMT " changed from %s to %s.", FL_ARG(from->name), kinds[from->kind],
			kinds[to->kind]);
		return;
	}
	compare_fields(d, from, to);
	compare_interfaces(d, from, to);
	compare_input_fields(d, from, to);
	compare_values(d, from, to);
	compare_members(d, from, to);
	compare_keys(d, from, to);
}

/* ---- Directives ---- */

static void compare_directive(differ *d, const gql_directive_def *from)
{
	const gql_directive_def *to = gql_schema_directive(d->to, from->name);
	if (!to || to->hidden) {
		BREAKS(DIRECTIVE_REMOVED, "%" FL_FMT " was removed.", FL_ARG(from->name));
		return;
	}
	for (uint32_t i = 0; i < to->arg_count; i++)
		if (!gql_find_input(from->args, from->arg_count, to->args[i].name) && is_required(&to->args[i]))
			BREAKS(REQUIRED_DIRECTIVE_ARG_ADDED, "A required arg %" FL_FMT " on directive %" FL_FMT " was added.",
				FL_ARG(to->args[i].name), FL_ARG(from->name));
	for (uint32_t i = 0; i < from->arg_count; i++)
		if (!gql_find_input(to->args, to->arg_count, from->args[i].name))
			BREAKS(DIRECTIVE_ARG_REMOVED, "%" FL_FMT " was removed from %" FL_FMT ".", FL_ARG(from->args[i].name),
				FL_ARG(from->name));
	if (from->repeatable && !to->repeatable)
		BREAKS(DIRECTIVE_REPEATABLE_REMOVED, "Repeatable flag was removed from %" FL_FMT ".", FL_ARG(from->name));
	for (int i = 0; i < GQL_PLACE_COUNT; i++)
		if (from->places >> i & 1 && !(to->places >> i & 1))
			BREAKS(DIRECTIVE_LOCATION_REMOVED, "%s was removed from %" FL_FMT ".", gql_place_names[i],
				FL_ARG(from->name));
}

static void compare(differ *d)
{
	for (uint32_t i = 0; i < d->from->type_count; i++)
		if (!d->from->types[i]->of_engine)
			compare_type(d, d->from->types[i]);
	for (uint32_t i = 0; i < d->from->directive_count; i++)
		if (!d->from->directives[i].of_engine)
			compare_directive(d, &d->from->directives[i]);
}

fl_err fl_gql_schema_compare(fl_arena *mem, fl_str from, fl_str to, const fl_gql_change **out, size_t *count, fl_diag *diag)
{
	fl_gql_schema *old, *now;
	fl_gql_schema_options options = { .sdl = from };
	FL_TRY(gql_schema_build(&options, false, &old, diag));
	options.sdl = to;
	fl_err err = gql_schema_build(&options, false, &now, diag);
	if (err == FL_OK) {
		differ d = { .mem = mem, .from = old, .to = now };
		compare(&d);
		*out = d.changes;
		*count = d.change_count;
		err = d.nomem ? FL_NOMEM : FL_OK;
		fl_gql_schema_free(now);
	}
	fl_gql_schema_free(old);
	return err;
}
