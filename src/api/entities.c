/* Entities of the federated graph: what other subgraphs name by a key becomes rows, with one query for all representations
 * that use the same key. Who asks may see what the fields of Query show them, and no more. */
#include "api/api_int.h"

static const fl_json *member(const void *representation, const char *name)
{
	const fl_json *value = fl_json_get(representation, fl_str_z(name));
	return value && value->type != FL_JSON_NULL ? value : NULL;
}

/* ---- By id ---- */

/* An ID travels as text or as an integer; anything else is the id of nothing. */
static int32_t id_key(const void *representation)
{
	const fl_json *id = member(representation, "id");
	int32_t n = 0;
	if (id && id->type == FL_JSON_INT && id->integer > 0 && id->integer <= INT32_MAX)
		return (int32_t)id->integer;
	if (id && id->type == FL_JSON_STRING && !(fl_str_i32(id->string, &n) && n > 0))
		return 0;
	return n;
}

static bool uuid_key(const void *representation, fl_uuid *out)
{
	const fl_json *id = member(representation, "id");
	return id && id->type == FL_JSON_STRING && fl_uuid_parse(id->string, out);
}

static fl_gql_batch as_batch(fl_gql_references *references)
{
	return (fl_gql_batch) { references->count, (const void *const *)references->keys, references->results };
}

static fl_err by_id(fl_ctx *ctx, fl_permission permission, const fl_api_reference *reference, fl_gql_references *references)
{
	fl_gql_batch batch = as_batch(references);
	FL_TRY(fl_must(ctx, permission));
	return fl_api_refer(ctx, reference, &batch);
}

static fl_err drivers(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references)
{
	return by_id(ctx, FL_MAY_PERSON_READ, &(fl_api_reference) { id_key, fl_api_load_drivers }, references);
}

static fl_err facilities(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references)
{
	return by_id(ctx, FL_MAY_REPORT_READ_OWN, &(fl_api_reference) { id_key, fl_api_load_facilities }, references);
}

static fl_err vendors(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references)
{
	return by_id(ctx, FL_MAY_REPORT_READ_ALL, &(fl_api_reference) { id_key, fl_api_load_vendors }, references);
}

/* There is one company that a caller may see: their own. */
static fl_err tenants(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references)
{
	const fl_tenant *own;
	fl_uuid id;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(fl_tenant_get(ctx, &own));
	for (size_t i = 0; i < references->count; i++)
		if (uuid_key(references->keys[i], &id) && fl_uuid_cmp(id, own->public_id) == 0)
			references->results[i] = fl_gql_object(own);
	return FL_OK;
}

/* ---- By another key ---- */

/* The representations that have this key and no id, and their rows by the key's text. */
typedef struct by_text {
	const char *key;
	fl_str *texts;
	size_t count;
	fl_map rows;
} by_text;

/* The text of a key; numbers may come as integers. ptr NULL: it is not used. */
static fl_str text_key(fl_ctx *ctx, const by_text *by, const fl_json *representation)
{
	const fl_json *value = member(representation, "id") ? NULL : member(representation, by->key);
	if (value && value->type == FL_JSON_INT)
		return fl_str_fmt(ctx->mem, "%lld", (long long)value->integer);
	bool text = value && value->type == FL_JSON_STRING && fl_str_find_char(value->string, 0) < 0;
	return text ? value->string : (fl_str) {};
}

static fl_err collect(fl_ctx *ctx, const char *key, const fl_gql_references *references, by_text *out)
{
	*out = (by_text) { .key = key, .texts = fl_new_array(ctx->mem, fl_str, references->count) };
	fl_map_init(&out->rows, ctx->mem);
	if (!out->texts)
		return FL_NOMEM;
	for (size_t i = 0; i < references->count; i++) {
		fl_str text = text_key(ctx, out, references->keys[i]);
		if (text.ptr)
			out->texts[out->count++] = text;
	}
	return FL_OK;
}

static void scatter(fl_ctx *ctx, const by_text *by, fl_gql_references *references)
{
	for (size_t i = 0; i < references->count; i++) {
		fl_str text = text_key(ctx, by, references->keys[i]);
		if (text.ptr)
			references->results[i] = fl_gql_object(fl_map_get(&by->rows, text));
	}
}

static fl_err vehicles_by(fl_ctx *ctx, fl_vehicle_key key, const char *name, fl_gql_references *references)
{
	by_text by;
	fl_vehicle *rows;
	size_t count;
	FL_TRY(collect(ctx, name, references, &by));
	if (by.count == 0)
		return FL_OK;
	FL_TRY(fl_vehicles_by_key(ctx, key, by.texts, by.count, &rows, &count));
	for (size_t i = 0; i < count; i++)
		FL_TRY(fl_map_put(&by.rows, key == FL_VEHICLE_BY_VIN ? rows[i].vin : rows[i].name, &rows[i]));
	scatter(ctx, &by, references);
	return FL_OK;
}

static fl_err vehicles(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references)
{
	FL_TRY(by_id(ctx, FL_MAY_REPORT_READ_OWN, &(fl_api_reference) { id_key, fl_api_load_vehicles }, references));
	FL_TRY(vehicles_by(ctx, FL_VEHICLE_BY_VIN, "vin", references));
	return vehicles_by(ctx, FL_VEHICLE_BY_NAME, "name", references);
}

static fl_err reports_by_number(fl_ctx *ctx, fl_gql_references *references)
{
	by_text by;
	fl_report *rows;
	size_t count, used = 0;
	FL_TRY(collect(ctx, "number", references, &by));
	int64_t *numbers = fl_new_array(ctx->mem, int64_t, by.count);
	if (!numbers)
		return FL_NOMEM;
	for (size_t i = 0; i < by.count; i++)
		used += fl_str_i64(by.texts[i], &numbers[used]);
	if (used == 0)
		return FL_OK;
	FL_TRY(fl_reports_by_numbers(ctx, numbers, used, &rows, &count));
	for (size_t i = 0; i < count; i++)
		FL_TRY(fl_map_put(&by.rows, fl_str_fmt(ctx->mem, "%lld", (long long)rows[i].number), &rows[i]));
	scatter(ctx, &by, references);
	return FL_OK;
}

static fl_err damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *references)
{
	fl_gql_batch batch = as_batch(references);
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(fl_api_refer_report(ctx, uuid_key, &batch));
	return reports_by_number(ctx, references);
}

const fl_gql_entity fl_api_entities[] = {
	{ "DamageReport", damage_reports },
	{ "Vehicle", vehicles },
	{ "Driver", drivers },
	{ "Facility", facilities },
	{ "Vendor", vendors },
	{ "Tenant", tenants },
};
const size_t fl_api_entity_count = FL_COUNT(fl_api_entities);
