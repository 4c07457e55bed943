#include "made.h"

#include <stdio.h>

#include "io/io.h"

typedef struct made {
	uint32_t seed;
} made;

/* ---- The hash: FNV-1a ---- */

static uint32_t mix(uint32_t seed, fl_str text)
{
	uint32_t h = seed ^ 2166136261u;
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (uint8_t)text.ptr[i]) * 16777619u;
	return h;
}

static uint32_t mix_number(uint32_t seed, uint32_t n)
{
	for (int i = 0; i < 4; i++, n >>= 8)
		seed = (seed ^ (n & 255)) * 16777619u;
	return seed;
}

/* ---- Arguments as text ---- */

static void show(fl_buf *out, gql_type_ref ref, const fl_gql_value *v);

static void show_members(fl_buf *out, const gql_input *inputs, uint32_t count, const fl_gql_value *values)
{
	for (uint32_t i = 0; i < count; i++) {
		if (values[i].kind == FL_GQL_ABSENT)
			continue;
		fl_buf_fmt(out, " %" FL_FMT "=", FL_ARG(inputs[i].name));
		show(out, inputs[i].type, &values[i]);
	}
}

static void show_list(fl_buf *out, gql_type_ref ref, const fl_gql_value *v)
{
	fl_buf_char(out, '[');
	for (uint32_t i = 0; i < v->count; i++) {
		fl_buf_char(out, ' ');
		show(out, gql_ref_item(ref), &v->items[i]);
	}
	fl_buf_char(out, ']');
}

/* Nests as deep as the types of the schema and the document's limit of levels let it. */
static void show(fl_buf *out, gql_type_ref ref, const fl_gql_value *v)
{
	switch ((fl_gql_kind)v->kind) {
	case FL_GQL_BOOL: fl_buf_fmt(out, "%s", v->boolean ? "true" : "false"); break;
	case FL_GQL_INT: fl_buf_i64(out, v->integer); break;
	case FL_GQL_FLOAT: fl_buf_fmt(out, "%lld", (long long)(v->number * 1000)); break;
	case FL_GQL_STRING: fl_buf_str(out, fl_gql_text(v)); break;
	case FL_GQL_ENUM: fl_buf_str(out, ref.type->values[v->integer - 1].name); break;
	case FL_GQL_LIST: show_list(out, ref, v); break;
	case FL_GQL_INPUT:
		fl_buf_char(out, '{');
		show_members(out, ref.type->inputs, ref.type->input_count, v->items);
		fl_buf_char(out, '}');
		break;
	case FL_GQL_JSON: fl_json_put(&(fl_json_out) { .buf = out }, v->json); break;
	default: fl_buf_lit(out, "null");
	}
}

static uint32_t seed_of(const fl_gql_field *field, const made *parent)
{
	const gql_field_def *def = field->node->def;
	FL_AUTO_BUF fl_buf text = fl_buf_make(1 << 20);
	fl_buf_str(&text, def->name);
	show_members(&text, def->args, def->arg_count, gql_node_args(field->exec, field->node));
	return mix(parent->seed, fl_buf_view(&text));
}

/* ---- Values ---- */

static fl_gql_value text(fl_arena *mem, const char *format, uint32_t a, uint32_t b)
{
	char buf[100];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(buf, sizeof(buf), format, a, b);
#pragma GCC diagnostic pop
	return fl_gql_string(fl_str_dup(mem, fl_str_z(buf)));
}

static fl_gql_value make_scalar(fl_arena *mem, const gql_type *type, uint32_t h)
{
	static const struct {
		const char *name, *format;
		uint32_t modulo_a, modulo_b;
	} texts[] = {
		{ "ID", "i%u%.0u", 1u << 31, 1 },
		{ "String", "s\"%u\xc3\xa9%.0u", 1u << 31, 1 },
		{ "Decimal", "%u.%02u", 100000, 100 },
		{ "UUID", "%08x-0000-7000-8000-%012x", UINT32_MAX, UINT32_MAX },
		{ "GeoJSON", "{\"type\":\"Point\",\"coordinates\":[%u,%u]}", 180, 90 },
		{ "JSON", "{\"a\":%u,\"b\":[%u,null]}", 1000, 10 },
	};
	for (size_t i = 0; i < FL_COUNT(texts); i++)
		if (fl_str_eq(type->name, fl_str_z(texts[i].name)))
			return text(mem, texts[i].format, h % texts[i].modulo_a, h % texts[i].modulo_b);
	if (type->builtin == GQL_SCALAR_FLOAT)
		return fl_gql_float((h % 100000) / 8.0);
	if (type->builtin == GQL_SCALAR_BOOLEAN)
		return fl_gql_bool(h & 1);
	if (type->builtin == GQL_SCALAR_INT)
		return fl_gql_int((int32_t)h);
	if (fl_str_eq(type->name, FL_STR("DateTime")))
		return fl_gql_int(h * FL_SECOND_US);
	return fl_gql_int(h); /* BigInt */
}

/* The k-th possible type by name. */
static const gql_type *nth_possible(const gql_type *type, uint32_t k)
{
	for (uint32_t i = 0; i < type->possible_count; i++) {
		uint32_t before = 0;
		for (uint32_t n = 0; n < type->possible_count; n++)
			before += fl_str_cmp(type->possible[n]->name, type->possible[i]->name) < 0;
		if (before == k)
			return type->possible[i];
	}
	return NULL;
}

static fl_gql_value make_named(fl_arena *mem, const gql_type *type, uint32_t h)
{
	made *object = fl_new(mem, made);
	if (type->kind == GQL_ENUM_TYPE)
		return fl_gql_enum((int)(h % type->value_count) + 1);
	if (type->kind == GQL_SCALAR || !object)
		return make_scalar(mem, type, h);
	object->seed = h;
	return gql_is_abstract(type) ? fl_gql_object_of(nth_possible(type, h % type->possible_count)->index, object)
				     : fl_gql_object(object);
}

static fl_gql_value make(fl_arena *mem, gql_type_ref ref, uint32_t h)
{
	if (gql_ref_nonnull(ref) ? h % 211 == 0 : h % 7 == 0)
		return fl_gql_null();
	if (!ref.lists)
		return make_named(mem, ref.type, h);
	fl_gql_value *items = fl_new_array(mem, fl_gql_value, 4);
	for (uint32_t i = 0; items && i < h % 4; i++)
		items[i] = make(mem, gql_ref_item(ref), mix_number(h, i));
	return items ? fl_gql_list(items, h % 4) : fl_gql_null();
}

/* ---- Binding ---- */

static fl_err getter(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	uint32_t h = seed_of(field, parent);
	if (h % 97 == 0)
		return fl_fail(&ctx->diag, FL_CONFLICT, "made to fail");
	*out = make(ctx->mem, field->node->def->type, h);
	return FL_OK;
}

static fl_err resolver(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	if (field->node->how == FL_GQL_BATCH)
		FL_TRY(await_yield(ctx));
	for (size_t i = 0; i < batch->count; i++) {
		uint32_t h = seed_of(field, batch->parents[i]);
		batch->results[i] =
			h % 97 == 0 ? fl_gql_error(ctx, FL_CONFLICT, "made to fail") : make(ctx->mem, field->node->def->type, h);
	}
	return FL_OK;
}

static fl_err no_entities(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references)
{
	return FL_OK;
}

/* All three ways of binding, by the field's name. */
static fl_gql_bind bind_field(const gql_field_def *f)
{
	switch (mix(0, f->name) % 3) {
	case 0: return (fl_gql_bind)FL_GETTER(getter);
	case 1: return (fl_gql_bind)FL_BATCH(resolver);
	default: return (fl_gql_bind)FL_BATCH_AT_ONCE(resolver);
	}
}

static fl_err bind_all(const fl_gql_schema *plain, fl_arena *mem, fl_gql_schema_options *options)
{
	fl_gql_type_binds *types = fl_new_array(mem, fl_gql_type_binds, plain->type_count);
	fl_gql_entity *entities = fl_new_array(mem, fl_gql_entity, plain->type_count);
	if (!types || !entities)
		return FL_NOMEM;
	options->types = types;
	options->entities = entities;
	for (uint32_t i = 0; i < plain->type_count; i++) {
		const gql_type *type = plain->types[i];
		char *name = fl_str_cstr(mem, type->name);
		fl_gql_bind *binds = fl_new_array(mem, fl_gql_bind, type->field_count);
		if (!name || !binds)
			return FL_NOMEM;
		entities[options->entity_count++] = (fl_gql_entity) { name, no_entities };
		for (uint32_t k = 0; k < type->field_count; k++)
			binds[k] = bind_field(&type->fields[k]);
		if (type->kind == GQL_OBJECT_TYPE && !type->of_engine)
			types[options->type_count++] = (fl_gql_type_binds) { name, binds, type->field_count };
	}
	return FL_OK;
}

fl_err made_schema(fl_str sdl, fl_arena *mem, fl_gql_schema **out, fl_diag *diag)
{
	fl_gql_schema *plain;
	fl_gql_schema_options options = { .sdl = sdl };
	FL_TRY(gql_schema_build(&options, false, &plain, diag));
	fl_err err = bind_all(plain, mem, &options);
	if (err == FL_OK)
		err = fl_gql_schema_new(&options, out, diag);
	fl_gql_schema_free(plain);
	return err;
}

const void *made_root(fl_arena *mem, fl_gql_operation operation)
{
	made *root = fl_new(mem, made);
	if (root)
		root->seed = operation + 1;
	return root;
}
