/* _service and _entities at run time: representations are sorted by type, and each type is asked once, all types beside
 * each other. */
#include "graphql/graphql_int.h"

#include "io/io.h"

/* The representations of one type on their way to its resolver. */
typedef struct asked {
	const gql_entity *entity;
	const fl_gql_field *field;
	fl_gql_references references;
	const fl_json **keys;
	uint32_t *places; /* of each key among all representations */
} asked;

const char *gql_any_parse(fl_arena *mem, const fl_json *in, fl_gql_value *out)
{
	if (in->type != FL_JSON_OBJECT || !fl_json_str(fl_json_get(in, FL_STR("__typename")), (fl_str) {}).ptr)
		return "a representation is an object with a __typename";
	*out = fl_gql_json(in);
	return NULL;
}

static asked *find_asked(asked *all, uint32_t count, fl_str type)
{
	for (uint32_t i = 0; i < count; i++)
		if (fl_str_eq(all[i].entity->type->name, type))
			return &all[i];
	return NULL;
}

/* Sorts the representations; those of no known type become errors at once. */
static bool sort_representations(fl_ctx *ctx, asked *all, uint32_t type_count, const fl_gql_value *given, fl_gql_value *results)
{
	for (uint32_t i = 0; i < given->count; i++) {
		fl_str type = fl_json_str(fl_json_get(given->items[i].json, FL_STR("__typename")), (fl_str) {});
		asked *a = find_asked(all, type_count, type);
		if (!a) {
			results[i] = fl_gql_error(
				ctx, FL_BAD_INPUT, "this subgraph has no entity %.*s", (int)FL_MIN(type.len, 100), type.ptr);
			continue;
		}
		if (!a->keys) {
			a->keys = fl_new_array(ctx->mem, const fl_json *, given->count);
			a->places = fl_new_array(ctx->mem, uint32_t, given->count);
			if (!a->keys || !a->places)
				return false;
		}
		a->places[a->references.count] = i;
		a->keys[a->references.count++] = given->items[i].json;
	}
	return true;
}

static void fail_all(fl_ctx *ctx, asked *a, fl_err err)
{
	fl_gql_value failure = gql_failure_value(ctx->mem, err, fl_str_dup(ctx->mem, fl_str_z(ctx->diag.text)));
	if (fl_err_status(err) >= 500 && err != FL_CANCELLED)
		fl_warn("graphql: entities of %" FL_FMT " failed: %s: %s (request %" FL_FMT ")", FL_ARG(a->entity->type->name),
			fl_err_name(err), ctx->diag.text, FL_ARG(ctx->request_id));
	for (size_t i = 0; i < a->references.count; i++)
		a->references.results[i] = failure;
}

static fl_err ask(fl_ctx *ctx, void *arg)
{
	asked *a = arg;
	a->references.keys = a->keys;
	a->references.results = fl_new_array(ctx->mem, fl_gql_value, a->references.count);
	if (!a->references.results)
		return FL_NOMEM;
	ctx->diag.text[0] = 0;
	fl_err err = a->entity->bind->resolve(ctx, a->field, &a->references);
	if (err != FL_OK)
		fail_all(ctx, a, err);
	return FL_OK;
}

static fl_err ask_beside(fl_ctx *ctx, void *arg)
{
	fl_ctx own;
	fl_ctx_derive(&own, ctx, 0);
	fl_err err = ask(&own, arg);
	fl_ctx_fini(&own);
	return err;
}

static fl_err ask_all(fl_ctx *ctx, asked *all, uint32_t type_count)
{
	asked *alone = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < type_count; i++)
		if (all[i].references.count) {
			alone = &all[i];
			count++;
		}
	if (count <= 1)
		return count ? ask(ctx, alone) : FL_OK;
	fl_group group;
	fl_group_init(&group, ctx);
	for (uint32_t i = 0; i < type_count; i++)
		if (all[i].references.count)
			fl_group_go(&group, ask_beside, &all[i]);
	return await_group(&group);
}

/* Puts the results back in the order of the representations. The resolver of an object type need not say its type. */
static void scatter(const asked *a, fl_gql_value *results)
{
	for (size_t i = 0; i < a->references.count; i++) {
		fl_gql_value value = a->references.results[i];
		if (value.kind == FL_GQL_OBJECT && a->entity->type->kind == GQL_OBJECT_TYPE)
			value.stride_or_type = a->entity->type->index;
		results[a->places[i]] = value;
	}
}

static fl_err entities(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_schema *schema = gql_field_schema(field);
	const gql_federation *f = schema->federation;
	const fl_gql_value *given = fl_gql_arg(field, "representations");
	if (given->count > FL_GQL_REPRESENTATIONS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "at most %d representations in one request", FL_GQL_REPRESENTATIONS_MAX);
	fl_gql_value *results = fl_new_array(ctx->mem, fl_gql_value, given->count);
	asked *all = fl_new_array(ctx->mem, asked, f->entity_count);
	if (!results || !all)
		return FL_NOMEM;
	for (uint32_t i = 0; i < f->entity_count; i++)
		all[i] = (asked) { .entity = &f->entities[i], .field = field, .references = { .schema = schema } };
	if (!sort_representations(ctx, all, f->entity_count, given, results))
		return FL_NOMEM;
	FL_TRY(ask_all(ctx, all, f->entity_count));
	for (uint32_t i = 0; i < f->entity_count; i++)
		scatter(&all[i], results);
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_list(results, given->count);
	return FL_OK;
}

static fl_err service(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(gql_field_schema(field));
	return FL_OK;
}

static void bind_entity(gql_entity *entity, const fl_gql_schema_options *options, gql_errors *errors)
{
	for (size_t i = 0; i < options->entity_count; i++)
		if (fl_str_eq(fl_str_z(options->entities[i].type), entity->type->name))
			entity->bind = &options->entities[i];
	if (!entity->bind)
		gql_fault(errors, GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE,
			"entity %" FL_FMT " has a @key, but nothing that looks it up", FL_ARG(entity->type->name));
}

void gql_federation_bind(fl_gql_schema *schema, const fl_gql_schema_options *options, gql_errors *errors)
{
	gql_federation *f = schema->federation;
	if (!f)
		return;
	for (uint32_t i = 0; i < f->entity_count; i++)
		bind_entity(&f->entities[i], options, errors);
	gql_type *of_service = fl_map_get(&schema->type_map, FL_STR("_Service"));
	assert(of_service && of_service->field_count == 1 && f->meta);
	of_service->fields[0].bind = (fl_gql_bind)FL_COLUMN(fl_gql_schema, sdl);
	f->meta->fields[0].bind = (fl_gql_bind)FL_GETTER(service);
	if (f->meta->field_count > 1)
		f->meta->fields[1].bind = (fl_gql_bind)FL_BATCH(entities);
}
