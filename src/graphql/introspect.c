/* Introspection: the schema's own types as objects, bound like any others. A __Type is a gql_type_ref, so that lists
 * and non-null wrappers need no objects of their own. */
#include "graphql/graphql_int.h"

#include "io/io.h"

static fl_err out_of_memory(void)
{
	return FL_NOMEM;
}

static fl_gql_value text_or_null(fl_str s)
{
	return fl_gql_string(s);
}

static fl_err give_ref(fl_ctx *ctx, gql_type_ref ref, fl_gql_value *out)
{
	gql_type_ref *copy = fl_arena_take(ctx->mem, sizeof(*copy));
	if (!copy)
		return out_of_memory();
	*copy = ref;
	*out = fl_gql_object(copy);
	return FL_OK;
}

static fl_err give_types(fl_ctx *ctx, const gql_type *const *types, uint32_t count, fl_gql_value *out)
{
	gql_type_ref *refs = fl_arena_take(ctx->mem, count * sizeof(*refs));
	if (!refs)
		return out_of_memory();
	for (uint32_t i = 0; i < count; i++)
		refs[i] = (gql_type_ref){ types[i], 0, 0 };
	*out = fl_gql_rows(refs, sizeof(*refs), count);
	return FL_OK;
}

/* ---- __Schema ---- */

static fl_err schema_description(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = text_or_null(((const fl_gql_schema *)parent)->description);
	return FL_OK;
}

static fl_err schema_types(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_gql_schema *schema = parent;
	const gql_type **shown = fl_arena_take(ctx->mem, schema->type_count * sizeof(*shown));
	uint32_t count = 0;
	for (uint32_t i = 0; shown && i < schema->type_count; i++)
		if (!schema->types[i]->hidden)
			shown[count++] = schema->types[i];
	return shown ? give_types(ctx, shown, count, out) : out_of_memory();
}

static fl_err give_root(fl_ctx *ctx, const void *parent, fl_gql_operation operation, fl_gql_value *out)
{
	const gql_type *type = ((const fl_gql_schema *)parent)->roots[operation];
	*out = fl_gql_null();
	return type ? give_ref(ctx, (gql_type_ref){ type, 0, 0 }, out) : FL_OK;
}

static fl_err schema_query_type(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return give_root(ctx, parent, FL_GQL_QUERY, out);
}

static fl_err schema_mutation_type(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return give_root(ctx, parent, FL_GQL_MUTATION, out);
}

static fl_err schema_subscription_type(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return give_root(ctx, parent, FL_GQL_SUBSCRIPTION, out);
}

static fl_err schema_directives(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_gql_schema *schema = parent;
	const void **shown = fl_arena_take(ctx->mem, schema->directive_count * sizeof(*shown));
	uint32_t count = 0;
	for (uint32_t i = 0; shown && i < schema->directive_count; i++)
		if (!schema->directives[i].hidden)
			shown[count++] = &schema->directives[i];
	*out = fl_gql_ptrs(shown, count);
	return shown ? FL_OK : out_of_memory();
}

static const fl_gql_bind schema_binds[] = {
	FL_GETTER(schema_description),   FL_GETTER(schema_types),
	FL_GETTER(schema_query_type),    FL_GETTER(schema_mutation_type),
	FL_GETTER(schema_subscription_type), FL_GETTER(schema_directives),
};

/* ---- __Type ---- */

enum { KIND_LIST = 7, KIND_NON_NULL = 8 };

/* The named type that a __Type is, NULL for a wrapper. */
static const gql_type *named(const void *parent)
{
	const gql_type_ref *ref = parent;
	return ref->lists || gql_ref_nonnull(*ref) ? NULL : ref->type;
}

static fl_err type_kind(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type_ref *ref = parent;
	*out = fl_gql_enum(gql_ref_nonnull(*ref) ? KIND_NON_NULL : ref->lists ? KIND_LIST : (int)ref->type->kind + 1);
	return FL_OK;
}

static fl_err type_name(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = named(parent) ? text_or_null(named(parent)->name) : fl_gql_null();
	return FL_OK;
}

static fl_err type_description(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = named(parent) ? text_or_null(named(parent)->description) : fl_gql_null();
	return FL_OK;
}

static fl_err type_specified_by(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = named(parent) ? text_or_null(named(parent)->specified_by) : fl_gql_null();
	return FL_OK;
}

/* Of count rows those that are not deprecated, as pointers. deprecated lies at that offset of a row. */
static fl_err give_current(fl_ctx *ctx, const fl_gql_field *field, const void *rows, size_t stride, uint32_t count, size_t deprecated,
			   fl_gql_value *out)
{
	uint32_t kept = 0;
	if (fl_gql_bool_or(fl_gql_arg(field, "includeDeprecated"), false)) {
		*out = fl_gql_rows(rows, stride, count);
		return FL_OK;
	}
	const void **pointers = fl_arena_take(ctx->mem, count * sizeof(*pointers));
	if (!pointers)
		return out_of_memory();
	for (uint32_t i = 0; i < count; i++) {
		const char *row = (const char *)rows + i * stride;
		if (!((const fl_str *)(row + deprecated))->ptr)
			pointers[kept++] = row;
	}
	*out = fl_gql_ptrs(pointers, kept);
	return FL_OK;
}

static fl_err type_fields(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type *type = named(parent);
	*out = fl_gql_null();
	if (!type || (type->kind != GQL_OBJECT_TYPE && type->kind != GQL_INTERFACE))
		return FL_OK;
	return give_current(ctx, field, type->fields, sizeof(*type->fields), type->field_count, offsetof(gql_field_def, deprecated), out);
}

static fl_err type_interfaces(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type *type = named(parent);
	*out = fl_gql_null();
	if (!type || (type->kind != GQL_OBJECT_TYPE && type->kind != GQL_INTERFACE))
		return FL_OK;
	return give_types(ctx, type->interfaces, type->interface_count, out);
}

static fl_err type_possible(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type *type = named(parent);
	*out = fl_gql_null();
	return type && gql_is_abstract(type) ? give_types(ctx, type->possible, type->possible_count, out) : FL_OK;
}

static fl_err type_values(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type *type = named(parent);
	*out = fl_gql_null();
	if (!type || type->kind != GQL_ENUM_TYPE)
		return FL_OK;
	return give_current(ctx, field, type->values, sizeof(*type->values), type->value_count, offsetof(gql_enum_value, deprecated), out);
}

static fl_err type_inputs(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type *type = named(parent);
	*out = fl_gql_null();
	if (!type || type->kind != GQL_INPUT_TYPE)
		return FL_OK;
	return give_current(ctx, field, type->inputs, sizeof(*type->inputs), type->input_count, offsetof(gql_input, deprecated), out);
}

static fl_err type_of(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type_ref *ref = parent;
	*out = fl_gql_null();
	if (gql_ref_nonnull(*ref))
		return give_ref(ctx, gql_ref_nullable(*ref), out);
	return ref->lists ? give_ref(ctx, gql_ref_item(*ref), out) : FL_OK;
}

static fl_err type_one_of(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type *type = named(parent);
	*out = type && type->kind == GQL_INPUT_TYPE ? fl_gql_bool(type->one_of) : fl_gql_null();
	return FL_OK;
}

static const fl_gql_bind type_binds[] = {
	FL_GETTER(type_kind),   FL_GETTER(type_name),       FL_GETTER(type_description), FL_GETTER(type_specified_by),
	FL_GETTER(type_fields), FL_GETTER(type_interfaces), FL_GETTER(type_possible),    FL_GETTER(type_values),
	FL_GETTER(type_inputs), FL_GETTER(type_of),         FL_GETTER(type_one_of),
};

/* ---- __Field, __InputValue, __EnumValue, __Directive ---- */

static fl_err field_args(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_field_def *f = parent;
	return give_current(ctx, field, f->args, sizeof(*f->args), f->arg_count, offsetof(gql_input, deprecated), out);
}

static fl_err field_type(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(&((const gql_field_def *)parent)->type);
	return FL_OK;
}

static fl_err field_is_deprecated(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const gql_field_def *)parent)->deprecated.ptr);
	return FL_OK;
}

static const fl_gql_bind field_binds[] = {
	FL_COLUMN(gql_field_def, name), FL_COLUMN(gql_field_def, description), FL_GETTER(field_args),
	FL_GETTER(field_type),          FL_GETTER(field_is_deprecated),        FL_COLUMN(gql_field_def, deprecated),
};

static fl_err input_type(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(&((const gql_input *)parent)->type);
	return FL_OK;
}

static fl_err input_is_deprecated(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const gql_input *)parent)->deprecated.ptr);
	return FL_OK;
}

static const fl_gql_bind input_binds[] = {
	FL_COLUMN(gql_input, name),         FL_COLUMN(gql_input, description), FL_GETTER(input_type),
	FL_COLUMN(gql_input, default_text), FL_GETTER(input_is_deprecated),    FL_COLUMN(gql_input, deprecated),
};

static fl_err value_is_deprecated(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_bool(((const gql_enum_value *)parent)->deprecated.ptr);
	return FL_OK;
}

static const fl_gql_bind value_binds[] = {
	FL_COLUMN(gql_enum_value, name),
	FL_COLUMN(gql_enum_value, description),
	FL_GETTER(value_is_deprecated),
	FL_COLUMN(gql_enum_value, deprecated),
};

static fl_err directive_places(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_directive_def *d = parent;
	fl_gql_value *items = fl_arena_take(ctx->mem, GQL_PLACE_COUNT * sizeof(*items));
	uint32_t count = 0;
	if (!items)
		return out_of_memory();
	for (int i = 0; i < GQL_PLACE_COUNT; i++)
		if (d->places >> i & 1)
			items[count++] = fl_gql_enum(i + 1);
	*out = fl_gql_list(items, count);
	return FL_OK;
}

static fl_err directive_args(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_directive_def *d = parent;
	return give_current(ctx, field, d->args, sizeof(*d->args), d->arg_count, offsetof(gql_input, deprecated), out);
}

static const fl_gql_bind directive_binds[] = {
	FL_COLUMN(gql_directive_def, name), FL_COLUMN(gql_directive_def, description), FL_COLUMN(gql_directive_def, repeatable),
	FL_GETTER(directive_places),        FL_GETTER(directive_args),
};

/* ---- The two doors ---- */

static fl_err meta_schema(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);
static fl_err meta_type(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);

static void bind(fl_gql_schema *schema, const char *name, const fl_gql_bind *binds, size_t count)
{
	gql_type *type = fl_map_get(&schema->type_map, fl_str_z(name));
	assert(type && type->field_count == count);
	for (size_t i = 0; i < count; i++)
		type->fields[i].bind = binds[i];
}

void gql_bind_introspection(fl_gql_schema *schema)
{
	bind(schema, "__Schema", schema_binds, FL_COUNT(schema_binds));
	bind(schema, "__Type", type_binds, FL_COUNT(type_binds));
	bind(schema, "__Field", field_binds, FL_COUNT(field_binds));
	bind(schema, "__InputValue", input_binds, FL_COUNT(input_binds));
	bind(schema, "__EnumValue", value_binds, FL_COUNT(value_binds));
	bind(schema, "__Directive", directive_binds, FL_COUNT(directive_binds));
	schema->meta_schema.bind = (fl_gql_bind)FL_GETTER(meta_schema);
	schema->meta_type.bind = (fl_gql_bind)FL_GETTER(meta_type);
}

/* The parent of root fields is the caller's; the schema is reached through the field. */
static fl_err meta_schema(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(gql_field_schema(field));
	return FL_OK;
}

static fl_err meta_type(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const gql_type *type = gql_schema_type(gql_field_schema(field), fl_gql_text(fl_gql_arg(field, "name")));
	*out = fl_gql_null();
	return type && !type->hidden ? give_ref(ctx, (gql_type_ref){ type, 0, 0 }, out) : FL_OK;
}
