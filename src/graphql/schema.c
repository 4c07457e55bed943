/* Links a schema: names to types, interfaces to objects, defaults to values, fields to the functions that give them. */
#include "graphql/graphql_int.h"

#include <stdlib.h>

typedef struct gql_field_slot {
	const gql_type *type;
	const gql_field_def *field;
} gql_field_slot;

typedef struct linker {
	fl_gql_schema *schema;
	gql_errors *errors;
} linker;

#define WRONG(l, ...) ((void)gql_fault((l)->errors, GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE, __VA_ARGS__))

/* ---- Look-ups ---- */

const gql_type *gql_schema_type(const fl_gql_schema *schema, fl_str name)
{
	return fl_map_get(&schema->type_map, name);
}

static uint32_t field_hash(const fl_gql_schema *schema, const gql_type *type, fl_str name)
{
	return (uint32_t)fl_hash(name.ptr, name.len, schema->type_map.seed + type->index);
}

const gql_field_def *gql_schema_field(const fl_gql_schema *schema, const gql_type *type, fl_str name)
{
	for (uint32_t i = field_hash(schema, type, name) & schema->field_slot_mask;; i = (i + 1) & schema->field_slot_mask) {
		const gql_field_slot *slot = &schema->field_slots[i];
		if (!slot->type)
			return NULL;
		if (slot->type == type && fl_str_eq(slot->field->name, name))
			return slot->field;
	}
}

const gql_directive_def *gql_schema_directive(const fl_gql_schema *schema, fl_str name)
{
	for (uint32_t i = 0; i < schema->directive_count; i++)
		if (fl_str_eq(schema->directives[i].name, name))
			return &schema->directives[i];
	return NULL;
}

const gql_input *gql_find_input(const gql_input *inputs, uint32_t count, fl_str name)
{
	for (uint32_t i = 0; i < count; i++)
		if (fl_str_eq(inputs[i].name, name))
			return &inputs[i];
	return NULL;
}

fl_str gql_ref_text(fl_arena *mem, gql_type_ref ref)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(4096);
	for (int i = 0; i < ref.lists; i++)
		fl_buf_char(&text, '[');
	fl_buf_str(&text, ref.type->name);
	for (int level = 0; level <= ref.lists; level++) {
		if (level)
			fl_buf_char(&text, ']');
		if (ref.nonnull >> level & 1)
			fl_buf_char(&text, '!');
	}
	return fl_str_dup(mem, fl_buf_view(&text));
}

uint16_t fl_gql_type_index(const fl_gql_schema *schema, const char *name)
{
	const gql_type *type = gql_schema_type(schema, fl_str_z(name));
	assert(type);
	return type->index;
}

/* ---- Names to types ---- */

static void link_ref(linker *l, const char *where, fl_str owner, fl_str name, gql_type_text text, bool input, gql_type_ref *out)
{
	const gql_type *type = gql_schema_type(l->schema, text.name);
	*out = (gql_type_ref){ type, text.lists, text.nonnull };
	if (!type || !type->defined)
		WRONG(l, "%s %" FL_FMT ".%" FL_FMT ": there is no type named %" FL_FMT, where, FL_ARG(owner), FL_ARG(name), FL_ARG(text.name));
	else if (input && !gql_is_input(type))
		WRONG(l, "%s %" FL_FMT ".%" FL_FMT ": %" FL_FMT " is no input type", where, FL_ARG(owner), FL_ARG(name), FL_ARG(text.name));
	else if (!input && type->kind == GQL_INPUT_TYPE)
		WRONG(l, "%s %" FL_FMT ".%" FL_FMT ": %" FL_FMT " is no output type", where, FL_ARG(owner), FL_ARG(name), FL_ARG(text.name));
}

static void check_name(linker *l, const gql_type *type, fl_str name)
{
	if (fl_str_starts(name, FL_STR("__")) && !type->of_engine)
		WRONG(l, "%" FL_FMT ".%" FL_FMT ": names that begin with two underscores are reserved", FL_ARG(type->name), FL_ARG(name));
}

static void link_inputs(linker *l, const char *where, fl_str owner, gql_input *inputs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		gql_input *in = &inputs[i];
		link_ref(l, where, owner, in->name, in->type_text, true, &in->type);
		if (gql_find_input(inputs, i, in->name))
			WRONG(l, "%s %" FL_FMT ".%" FL_FMT " is defined twice", where, FL_ARG(owner), FL_ARG(in->name));
		if (in->deprecated.ptr && in->type.type && gql_ref_nonnull(in->type) && in->default_literal == GQL_NONE)
			WRONG(l, "%s %" FL_FMT ".%" FL_FMT " is required and cannot be deprecated", where, FL_ARG(owner), FL_ARG(in->name));
	}
}

static void link_fields(linker *l, gql_type *type)
{
	if (!type->field_count)
		WRONG(l, "type %" FL_FMT " has no fields", FL_ARG(type->name));
	for (uint32_t i = 0; i < type->field_count; i++) {
		gql_field_def *f = &type->fields[i];
		check_name(l, type, f->name);
		f->owner = type;
		f->name = fl_str_dup(&l->schema->mem, f->name); /* with a NUL behind, for fl_gql_field_name */
		link_ref(l, "field", type->name, f->name, f->type_text, false, &f->type);
		link_inputs(l, "argument", f->name, f->args, f->arg_count);
		for (uint32_t k = 0; k < i; k++)
			if (fl_str_eq(type->fields[k].name, f->name))
				WRONG(l, "field %" FL_FMT ".%" FL_FMT " is defined twice", FL_ARG(type->name), FL_ARG(f->name));
	}
}

static void link_input_object(linker *l, gql_type *type)
{
	if (!type->input_count)
		WRONG(l, "input %" FL_FMT " has no fields", FL_ARG(type->name));
	link_inputs(l, "input field", type->name, type->inputs, type->input_count);
	for (uint32_t i = 0; i < type->input_count && type->one_of; i++)
		if (gql_ref_nonnull(type->inputs[i].type) || type->inputs[i].default_literal != GQL_NONE)
			WRONG(l, "input field %" FL_FMT ".%" FL_FMT " of a oneOf type must be nullable and without a default",
			      FL_ARG(type->name), FL_ARG(type->inputs[i].name));
}

static void link_enum(linker *l, gql_type *type)
{
	if (!type->value_count)
		WRONG(l, "enum %" FL_FMT " has no values", FL_ARG(type->name));
	for (uint32_t i = 0; i < type->value_count; i++)
		type->values[i].quoted = fl_str_fmt(&l->schema->mem, "\"%" FL_FMT "\"", FL_ARG(type->values[i].name));
	for (uint32_t i = 0; i < type->value_count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (fl_str_eq(type->values[i].name, type->values[k].name))
				WRONG(l, "enum value %" FL_FMT ".%" FL_FMT " is defined twice", FL_ARG(type->name), FL_ARG(type->values[i].name));
}

static bool link_names(linker *l, gql_type *type, const fl_str *names, uint32_t count, gql_type_kind kind, const gql_type ***out)
{
	*out = fl_new_array(&l->schema->mem, const gql_type *, count);
	if (!*out)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		(*out)[i] = gql_schema_type(l->schema, names[i]);
		if (!(*out)[i] || (*out)[i]->kind != kind)
			WRONG(l, "%" FL_FMT " names %" FL_FMT ", which is no %s", FL_ARG(type->name), FL_ARG(names[i]),
			      kind == GQL_INTERFACE ? "interface" : "object type");
	}
	return true;
}

static bool link_type(linker *l, gql_type *type)
{
	if (!type->defined) {
		WRONG(l, "type %" FL_FMT " is extended, but not defined", FL_ARG(type->name));
		return true;
	}
	type->name = fl_str_dup(&l->schema->mem, type->name);
	type->quoted_name = fl_str_fmt(&l->schema->mem, "\"%" FL_FMT "\"", FL_ARG(type->name));
	type->interface_count = type->interface_name_count;
	switch (type->kind) {
	case GQL_OBJECT_TYPE:
	case GQL_INTERFACE:
		link_fields(l, type);
		return link_names(l, type, type->interface_names, type->interface_count, GQL_INTERFACE, &type->interfaces);
	case GQL_UNION:
		if (!type->member_name_count)
			WRONG(l, "union %" FL_FMT " has no members", FL_ARG(type->name));
		type->possible_count = type->member_name_count;
		return link_names(l, type, type->member_names, type->member_name_count, GQL_OBJECT_TYPE, &type->possible);
	case GQL_ENUM_TYPE:
		link_enum(l, type);
		return true;
	case GQL_INPUT_TYPE:
		link_input_object(l, type);
		return true;
	case GQL_SCALAR:
		return true;
	}
	return false;
}

/* ---- Abstract types ---- */

static bool implements(const gql_type *type, const gql_type *interface)
{
	for (uint32_t i = 0; i < type->interface_count; i++)
		if (type->interfaces[i] == interface)
			return true;
	return false;
}

static bool link_possible(linker *l, gql_type *type)
{
	fl_gql_schema *schema = l->schema;
	if (!gql_is_abstract(type))
		return true;
	if (type->kind == GQL_INTERFACE) {
		type->possible = fl_new_array(&schema->mem, const gql_type *, schema->type_count);
		if (!type->possible)
			return false;
		for (uint32_t i = 0; i < schema->type_count; i++)
			if (schema->types[i]->kind == GQL_OBJECT_TYPE && implements(schema->types[i], type))
				type->possible[type->possible_count++] = schema->types[i];
	}
	type->possible_bits = fl_new_array(&schema->mem, uint64_t, schema->type_count / 64 + 1);
	if (!type->possible_bits)
		return false;
	for (uint32_t i = 0; i < type->possible_count; i++)
		if (type->possible[i])
			type->possible_bits[type->possible[i]->index / 64] |= UINT64_C(1) << (type->possible[i]->index % 64);
	return true;
}

/* Whether a field of type ref may stand where an interface asks for wanted. */
static bool is_covariant(gql_type_ref ref, gql_type_ref wanted)
{
	if (ref.lists != wanted.lists || (wanted.nonnull & ~ref.nonnull))
		return false;
	return ref.type == wanted.type || (gql_is_abstract(wanted.type) && ref.type->kind == GQL_OBJECT_TYPE && gql_is_possible(wanted.type, ref.type)) ||
	       (wanted.type->kind == GQL_INTERFACE && ref.type->kind == GQL_INTERFACE && implements(ref.type, wanted.type));
}

static void check_field_implements(linker *l, const gql_type *type, const gql_field_def *wanted, const gql_type *interface)
{
	const gql_field_def *f = gql_schema_field(l->schema, type, wanted->name);
	if (!f) {
		WRONG(l, "%" FL_FMT " implements %" FL_FMT " without its field %" FL_FMT, FL_ARG(type->name), FL_ARG(interface->name),
		      FL_ARG(wanted->name));
		return;
	}
	if (!is_covariant(f->type, wanted->type))
		WRONG(l, "the type of %" FL_FMT ".%" FL_FMT " does not suit interface %" FL_FMT, FL_ARG(type->name), FL_ARG(f->name),
		      FL_ARG(interface->name));
	for (uint32_t i = 0; i < wanted->arg_count; i++) {
		const gql_input *in = gql_find_input(f->args, f->arg_count, wanted->args[i].name);
		if (!in || in->type.type != wanted->args[i].type.type || in->type.lists != wanted->args[i].type.lists ||
		    in->type.nonnull != wanted->args[i].type.nonnull)
			WRONG(l, "%" FL_FMT ".%" FL_FMT " needs the argument %" FL_FMT " of interface %" FL_FMT, FL_ARG(type->name),
			      FL_ARG(f->name), FL_ARG(wanted->args[i].name), FL_ARG(interface->name));
	}
	for (uint32_t i = 0; i < f->arg_count; i++)
		if (!gql_find_input(wanted->args, wanted->arg_count, f->args[i].name) && gql_ref_nonnull(f->args[i].type) &&
		    f->args[i].default_literal == GQL_NONE)
			WRONG(l, "%" FL_FMT ".%" FL_FMT " must not require the argument %" FL_FMT ", unknown to interface %" FL_FMT,
			      FL_ARG(type->name), FL_ARG(f->name), FL_ARG(f->args[i].name), FL_ARG(interface->name));
}

static void check_interfaces(linker *l, const gql_type *type)
{
	for (uint32_t i = 0; i < type->interface_count; i++) {
		const gql_type *interface = type->interfaces[i];
		if (interface == type) {
			WRONG(l, "%" FL_FMT " cannot implement itself", FL_ARG(type->name));
			continue;
		}
		for (uint32_t k = 0; k < interface->field_count; k++)
			check_field_implements(l, type, &interface->fields[k], interface);
		for (uint32_t k = 0; k < interface->interface_count; k++)
			if (!implements(type, interface->interfaces[k]))
				WRONG(l, "%" FL_FMT " implements %" FL_FMT " and must implement %" FL_FMT " too", FL_ARG(type->name),
				      FL_ARG(interface->name), FL_ARG(interface->interfaces[k]->name));
	}
}

/* ---- Fields by name ---- */

static void put_field(fl_gql_schema *schema, const gql_type *type, const gql_field_def *field)
{
	uint32_t i = field_hash(schema, type, field->name) & schema->field_slot_mask;
	while (schema->field_slots[i].type)
		i = (i + 1) & schema->field_slot_mask;
	schema->field_slots[i] = (gql_field_slot){ type, field };
}

static void make_meta_fields(fl_gql_schema *schema)
{
	schema->meta_schema = (gql_field_def){ .name = FL_STR("__schema"), .type = { schema->t_schema, 0, 1 }, .index = 63 };
	schema->meta_type = (gql_field_def){ .name = FL_STR("__type"), .type = { schema->t_type, 0, 0 }, .index = 63 };
	schema->meta_schema.owner = schema->meta_type.owner = schema->roots[FL_GQL_QUERY];
	gql_input *name = fl_new(&schema->mem, gql_input);
	if (!name)
		return;
	*name = (gql_input){ .name = FL_STR("name"), .type = { schema->t_string, 0, 1 }, .default_literal = GQL_NONE };
	schema->meta_type.args = name;
	schema->meta_type.arg_count = 1;
}

/* _service and _entities are known as __schema is: not among the fields of the query type. */
static void put_federation_fields(fl_gql_schema *schema)
{
	gql_type *meta = schema->federation ? schema->federation->meta : NULL;
	for (uint32_t i = 0; meta && i < meta->field_count; i++) {
		meta->fields[i].owner = schema->roots[FL_GQL_QUERY];
		meta->fields[i].index = 63;
		put_field(schema, schema->roots[FL_GQL_QUERY], &meta->fields[i]);
	}
}

static bool index_fields(fl_gql_schema *schema)
{
	uint32_t count = 4, size = 64;
	for (uint32_t i = 0; i < schema->type_count; i++)
		count += schema->types[i]->field_count + 1;
	while (size < count * 2)
		size *= 2;
	schema->field_slots = fl_new_array(&schema->mem, gql_field_slot, size);
	if (!schema->field_slots)
		return false;
	schema->field_slot_mask = size - 1;
	for (uint32_t i = 0; i < schema->type_count; i++) {
		gql_type *type = schema->types[i];
		if (!gql_is_composite(type))
			continue;
		for (uint32_t k = 0; k < type->field_count; k++)
			put_field(schema, type, &type->fields[k]);
		type->typename_field = (gql_field_def){ .name = FL_STR("__typename"), .type = { schema->t_string, 0, 1 },
							.owner = type, .is_typename = true, .index = 63 };
		put_field(schema, type, &type->typename_field);
	}
	if (schema->roots[FL_GQL_QUERY]) {
		make_meta_fields(schema);
		put_field(schema, schema->roots[FL_GQL_QUERY], &schema->meta_schema);
		put_field(schema, schema->roots[FL_GQL_QUERY], &schema->meta_type);
		put_federation_fields(schema);
	}
	return true;
}

/* ---- Defaults ---- */

static void coerce_default(linker *l, gql_input *in)
{
	fl_gql_schema *schema = l->schema;
	if (in->default_literal == GQL_NONE)
		return;
	gql_errors errors = { .mem = &schema->mem };
	gql_coercer c = { .mem = &schema->mem, .errors = &errors, .code = GQL_CODE_SYNTAX, .literals = schema->doc.literals, .place = GQL_NONE };
	fl_gql_value value = {};
	if (!gql_coerce(&c, in->type, in->default_literal, &value))
		WRONG(l, "the default of %" FL_FMT ": %" FL_FMT, FL_ARG(in->name),
		      FL_ARG(errors.first ? errors.first->message : FL_STR("it is wrong")));
	l->errors->nomem |= errors.nomem;
	in->default_value = value;
	FL_AUTO_BUF fl_buf text = fl_buf_make(4096);
	gql_print_literal(&text, schema->doc.literals, in->default_literal);
	in->default_text = fl_str_dup(&schema->mem, fl_buf_view(&text));
}

static void coerce_defaults(linker *l)
{
	fl_gql_schema *schema = l->schema;
	for (uint32_t i = 0; i < schema->type_count; i++) {
		gql_type *type = schema->types[i];
		for (uint32_t k = 0; k < type->input_count; k++)
			coerce_default(l, &type->inputs[k]);
	}
	for (uint32_t i = 0; i < schema->type_count; i++) {
		gql_type *type = schema->types[i];
		for (uint32_t k = 0; k < type->field_count; k++)
			for (uint32_t a = 0; a < type->fields[k].arg_count; a++)
				coerce_default(l, &type->fields[k].args[a]);
	}
	for (uint32_t i = 0; i < schema->directive_count; i++)
		for (uint32_t a = 0; a < schema->directives[i].arg_count; a++)
			coerce_default(l, &schema->directives[i].args[a]);
}

/* ---- Scalars and binding ---- */

static const fl_gql_scalar *find_scalar(const fl_gql_scalar *scalars, size_t count, fl_str name)
{
	for (size_t i = 0; i < count; i++)
		if (fl_str_eq(fl_str_z(scalars[i].name), name))
			return &scalars[i];
	return NULL;
}

static void bind_scalar(linker *l, gql_type *type, const fl_gql_schema_options *options, bool bind)
{
	static const char *const names[] = { "", "Int", "Float", "String", "Boolean", "ID" };
	for (int i = GQL_SCALAR_INT; i <= GQL_SCALAR_ID; i++)
		if (fl_str_eq(type->name, fl_str_z(names[i])))
			type->builtin = (gql_builtin)i;
	if (type->builtin != GQL_CUSTOM)
		return;
	type->scalar = find_scalar(options->scalars, options->scalar_count, type->name);
	if (!type->scalar)
		type->scalar = find_scalar(gql_known_scalars, gql_known_scalar_count, type->name);
	if (!type->scalar && bind && !type->hidden)
		WRONG(l, "scalar %" FL_FMT " has no functions", FL_ARG(type->name));
}

static bool is_integer(fl_gql_storage storage)
{
	return storage >= FL_GQL_STORE_I8 && storage <= FL_GQL_STORE_U64;
}

/* Whether a column of this C type can hold what the field promises. */
static bool suits(const gql_field_def *field, fl_gql_storage storage)
{
	gql_type_ref ref = field->type;
	bool text = storage == FL_GQL_STORE_STR || storage == FL_GQL_STORE_CSTR;
	if (storage == FL_GQL_STORE_VALUE)
		return true;
	if (ref.lists)
		return ref.lists == 1 && (storage == FL_GQL_STORE_SPAN ? ref.type->kind == GQL_OBJECT_TYPE :
					  storage == FL_GQL_STORE_TEXTS && ref.type->kind == GQL_SCALAR);
	if (ref.type->kind == GQL_OBJECT_TYPE)
		return storage == FL_GQL_STORE_POINTER || storage == FL_GQL_STORE_INSIDE;
	if (ref.type->kind == GQL_ENUM_TYPE)
		return is_integer(storage);
	if (ref.type->kind != GQL_SCALAR)
		return false;
	switch (ref.type->builtin) {
	case GQL_SCALAR_INT:
		return is_integer(storage);
	case GQL_SCALAR_FLOAT:
		return is_integer(storage) || storage == FL_GQL_STORE_F32 || storage == FL_GQL_STORE_F64;
	case GQL_SCALAR_BOOLEAN:
		return storage == FL_GQL_STORE_BOOL;
	case GQL_SCALAR_STRING:
		return text || storage == FL_GQL_STORE_UUID;
	case GQL_SCALAR_ID:
		return text || storage == FL_GQL_STORE_UUID || is_integer(storage);
	case GQL_CUSTOM:
		return text || is_integer(storage) || storage == FL_GQL_STORE_UUID || storage == FL_GQL_STORE_BOOL || storage == FL_GQL_STORE_F64;
	}
	return false;
}

static void bind_type(linker *l, gql_type *type, const fl_gql_type_binds *binds)
{
	if (binds->count != type->field_count) {
		WRONG(l, "type %" FL_FMT " has %u fields, but %zu bindings: the generated tables are stale", FL_ARG(type->name),
		      type->field_count, binds->count);
		return;
	}
	for (uint32_t i = 0; i < type->field_count; i++) {
		gql_field_def *f = &type->fields[i];
		f->bind = binds->fields[i];
		if (f->bind.how == FL_GQL_UNBOUND)
			WRONG(l, "field %" FL_FMT ".%" FL_FMT " is not bound to anything", FL_ARG(type->name), FL_ARG(f->name));
		else if (f->bind.how == FL_GQL_COLUMN && !suits(f, f->bind.storage))
			WRONG(l, "the column of field %" FL_FMT ".%" FL_FMT " has a C type that cannot be %" FL_FMT, FL_ARG(type->name),
			      FL_ARG(f->name), FL_ARG(gql_ref_text(&l->schema->mem, f->type)));
	}
}

static void bind_types(linker *l, const fl_gql_schema_options *options)
{
	for (uint32_t i = 0; i < l->schema->type_count; i++) {
		gql_type *type = l->schema->types[i];
		size_t k = 0;
		if (type->kind != GQL_OBJECT_TYPE || type->of_engine)
			continue;
		while (k < options->type_count && !fl_str_eq(fl_str_z(options->types[k].type), type->name))
			k++;
		if (k == options->type_count)
			WRONG(l, "type %" FL_FMT " is not bound", FL_ARG(type->name));
		else
			bind_type(l, type, &options->types[k]);
	}
}

static void link_roots(linker *l)
{
	static const char *const usual[] = { "Query", "Mutation", "Subscription" };
	fl_gql_schema *schema = l->schema;
	for (int i = 0; i < 3; i++) {
		bool named = schema->root_names[i].len > 0;
		if (!named && schema->roots_given)
			continue;
		fl_str name = named ? schema->root_names[i] : fl_str_z(usual[i]);
		schema->roots[i] = gql_schema_type(schema, name);
		if (schema->roots[i] ? schema->roots[i]->kind != GQL_OBJECT_TYPE : named)
			WRONG(l, "the root type %" FL_FMT " is no object type", FL_ARG(name));
	}
	if (!schema->roots[FL_GQL_QUERY])
		WRONG(l, "there is no query type");
}

static bool link_all(linker *l)
{
	fl_gql_schema *schema = l->schema;
	for (uint32_t i = 0; i < schema->type_count; i++)
		if (!link_type(l, schema->types[i]))
			return false;
	for (uint32_t i = 0; i < schema->directive_count; i++)
		link_inputs(l, "argument", schema->directives[i].name, schema->directives[i].args, schema->directives[i].arg_count);
	for (uint32_t i = 0; i < schema->type_count; i++)
		if (!link_possible(l, schema->types[i]))
			return false;
	schema->t_schema = gql_schema_type(schema, FL_STR("__Schema"));
	schema->t_type = gql_schema_type(schema, FL_STR("__Type"));
	schema->t_string = gql_schema_type(schema, FL_STR("String"));
	schema->t_boolean = gql_schema_type(schema, FL_STR("Boolean"));
	link_roots(l);
	return index_fields(schema);
}

static void link_rest(linker *l, const fl_gql_schema_options *options, bool bind)
{
	fl_gql_schema *schema = l->schema;
	for (uint32_t i = 0; i < schema->type_count; i++)
		if (schema->types[i]->kind == GQL_SCALAR)
			bind_scalar(l, schema->types[i], options, bind);
	for (uint32_t i = 0; i < schema->type_count; i++)
		check_interfaces(l, schema->types[i]);
	gql_sdl_check(schema, l->errors);
	gql_federation_check(schema, l->errors);
	if (l->errors->count)
		return;
	/* A default may be an object with defaults of its own, which must be known by then; nobody nests them deeper. */
	for (int pass = 0; pass < 3 && !l->errors->count; pass++)
		coerce_defaults(l);
	gql_cache_hints_read(schema, l->errors);
	if (!gql_cost_read(schema, l->errors))
		l->errors->nomem = true;
	gql_bind_introspection(schema);
	if (bind) {
		bind_types(l, options);
		gql_federation_bind(schema, options, l->errors);
	}
}

static fl_err refuse(const gql_errors *errors, fl_diag *diag)
{
	if (errors->nomem)
		return FL_NOMEM;
	return fl_fail(diag, FL_BAD_INPUT, "GraphQL schema: %" FL_FMT, FL_ARG(errors->first->message));
}

fl_err gql_schema_build(const fl_gql_schema_options *options, bool bind, fl_gql_schema **out, fl_diag *diag)
{
	fl_gql_schema *schema = calloc(1, sizeof(*schema));
	if (!schema)
		return FL_NOMEM;
	schema->mem = fl_arena_make(64 << 20);
	schema->sdl = options->sdl;
	fl_map_init(&schema->type_map, &schema->mem);
	gql_errors errors = { .mem = &schema->mem };
	linker l = { schema, &errors };
	if (gql_sdl_parse(schema, fl_str_z(gql_builtin_sdl), true, &errors) && gql_sdl_parse(schema, options->sdl, false, &errors)) {
		if (!gql_federation_define(schema, &errors) || (!errors.count && !link_all(&l)))
			errors.nomem = true;
		else if (!errors.count)
			link_rest(&l, options, bind);
	}
	if (errors.count || errors.nomem) {
		fl_err err = refuse(&errors, diag);
		fl_gql_schema_free(schema);
		return err;
	}
	*out = schema;
	return FL_OK;
}

fl_err fl_gql_schema_new(const fl_gql_schema_options *options, fl_gql_schema **out, fl_diag *diag)
{
	return gql_schema_build(options, true, out, diag);
}

void fl_gql_schema_free(fl_gql_schema *schema)
{
	if (!schema)
		return;
	fl_arena_fini(&schema->mem);
	free(schema);
}
