/* The registry's mutations: inputs to record changes by the tables of fields, and what they give back. */
#include "api/api_int.h"
#include "fleet/geo.h"
#include "fleet/registry/registry.h"
#include "fleet/registry/vin.h"

typedef struct fl_registry_payload {
	const void *record;
	fl_gql_texts warnings;
} fl_registry_payload;

/* ---- reading inputs ---- */

fl_err fl_api_area(fl_ctx *ctx, const char *what, const fl_gql_value *list, fl_str *out)
{
	if (list->count > FL_AREA_POINTS_MAX + 1)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%s has %u corners; at most %d are taken", what, list->count,
			FL_AREA_POINTS_MAX);
	fl_point *points = fl_new_array(ctx->mem, fl_point, list->count);
	if (!points)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++)
		points[i] = fl_api_point(&list->items[i]);
	return fl_area_text(ctx->mem, &ctx->diag, what, (fl_area) { points, list->count }, out);
}

fl_point fl_api_point(const fl_gql_value *in)
{
	return (fl_point) { fl_gql_float_or(fl_gql_member(in, "latitude"), 0),
		fl_gql_float_or(fl_gql_member(in, "longitude"), 0) };
}

static fl_err read_given(fl_ctx *ctx, const fl_field *field, const fl_gql_value *in, fl_value *out)
{
	int32_t id;
	switch (field->kind) {
	case FL_FIELD_NUMBER:
	case FL_FIELD_CODE:
	case FL_FIELD_TIME: out->number = fl_gql_int_or(in, 0); return FL_OK;
	case FL_FIELD_CENTS: return fl_money_parse(&ctx->diag, field->name, fl_gql_text(in), &out->number);
	case FL_FIELD_DEGREES: {
		fl_point at = fl_api_point(in);
		out->degrees = strcmp(field->name, "latitude") == 0 ? at.latitude : at.longitude;
		return FL_OK;
	}
	case FL_FIELD_DEPOT:
	case FL_FIELD_VEHICLE:
	case FL_FIELD_DRIVER:
		FL_TRY(fl_api_id(ctx, field->name, in, &id));
		out->number = id;
		return FL_OK;
	case FL_FIELD_AREA: return fl_api_area(ctx, field->what, in, &out->text);
	default: out->text = fl_gql_text(in); return FL_OK;
	}
}

/* Both halves of a coordinate stand in the member "location". */
static fl_err read_values(fl_ctx *ctx, const fl_record_kind *kind, const fl_gql_value *in, fl_value *values)
{
	for (size_t i = 0; i < kind->field_count; i++) {
		const fl_field *field = &kind->fields[i];
		const fl_gql_value *member = fl_gql_member(in, field->kind == FL_FIELD_DEGREES ? "location" : field->name);
		if (member->kind == FL_GQL_ABSENT)
			continue;
		values[i] = (fl_value) { .given = true, .null = member->kind == FL_GQL_NULL };
		if (!values[i].null)
			FL_TRY(read_given(ctx, field, member, &values[i]));
	}
	return FL_OK;
}

static fl_err read_target(fl_ctx *ctx, const fl_gql_value *in, fl_record_change *change)
{
	FL_TRY(fl_api_id(ctx, "id", fl_gql_member(in, "id"), &change->id));
	change->version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0);
	return FL_OK;
}

/* ---- giving back ---- */

typedef fl_err (*loader)(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count);

static fl_err pay(fl_ctx *ctx, loader load, int32_t id, const fl_warnings *warnings, fl_gql_batch *batch)
{
	fl_registry_payload *made = fl_new(ctx->mem, fl_registry_payload);
	fl_str *texts = fl_new_array(ctx->mem, fl_str, FL_WARNINGS_MAX);
	size_t stride, count;
	if (!made || !texts)
		return FL_NOMEM;
	FL_TRY(load(ctx, &id, 1, &made->record, &stride, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is nothing with the id %d", id);
	memcpy(texts, warnings->texts, warnings->count * sizeof(texts[0]));
	made->warnings = (fl_gql_texts) { texts, warnings->count };
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

static void warn_of_vin(fl_ctx *ctx, const fl_record_change *change, fl_warnings *warnings)
{
	const fl_value *vin = &change->values[fl_record_field(&fl_record_vehicle, "vin")];
	fl_str text = vin->text;
	fl_diag ignored;
	if (vin->given && !vin->null && fl_vin_check(ctx->mem, &ignored, &text) == FL_OK)
		fl_warnings_add(warnings, fl_vin_warning(ctx->mem, text));
}

static fl_err save(
	fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch, const fl_record_kind *kind, loader load, bool create)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_record_change *change = fl_new(ctx->mem, fl_record_change);
	fl_warnings warnings = {};
	int32_t id;
	if (!change)
		return FL_NOMEM;
	if (!create)
		FL_TRY(read_target(ctx, in, change));
	FL_TRY(read_values(ctx, kind, in, change->values));
	FL_TRY(fl_record_save(ctx, kind, change, &id));
	if (kind == &fl_record_vehicle)
		warn_of_vin(ctx, change, &warnings);
	return pay(ctx, load, id, &warnings, batch);
}

static fl_err retire(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch, const fl_record_kind *kind, loader load)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_record_change target = {};
	FL_TRY(read_target(ctx, in, &target));
	FL_TRY(fl_record_retire(ctx, kind, target.id, target.version, fl_gql_bool_or(fl_gql_member(in, "retired"), true)));
	return pay(ctx, load, target.id, &(fl_warnings) {}, batch);
}

fl_err fl_api_load_vendors(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count)
{
	fl_vendor *vendors;
	FL_TRY(fl_vendors_get(ctx, ids, count, &vendors, row_count));
	*rows = vendors;
	*stride = sizeof(vendors[0]);
	return FL_OK;
}

#define MUTATIONS(noun, load)                                                                                                    \
	fl_err fl_api_create_##noun(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)                                 \
	{                                                                                                                        \
		return save(ctx, field, batch, &fl_record_##noun, load, true);                                                   \
	}                                                                                                                        \
	fl_err fl_api_update_##noun(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)                                 \
	{                                                                                                                        \
		return save(ctx, field, batch, &fl_record_##noun, load, false);                                                  \
	}                                                                                                                        \
	fl_err fl_api_retire_##noun(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)                                 \
	{                                                                                                                        \
		return retire(ctx, field, batch, &fl_record_##noun, load);                                                       \
	}                                                                                                                        \
	const struct fl_api_##noun##_payload fl_api_##noun##_payload = {                                                         \
		.noun = FL_POINTER(fl_registry_payload, record),                                                                 \
		.warnings = FL_COLUMN(fl_registry_payload, warnings),                                                            \
	};
MUTATIONS(vehicle, fl_api_load_vehicles)
MUTATIONS(driver, fl_api_load_drivers)
MUTATIONS(facility, fl_api_load_facilities)
MUTATIONS(vendor, fl_api_load_vendors)
#undef MUTATIONS

/* ---- the company ---- */

fl_err fl_api_update_company(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_record_change change = { .id = ctx->caller.tenant_id,
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0) };
	const fl_tenant *tenant;
	int32_t id;
	FL_TRY(read_values(ctx, &fl_record_company, in, change.values));
	fl_err err = fl_record_save(ctx, &fl_record_company, &change, &id);
	if (err == FL_BAD_INPUT && strcmp(fl_db_last_error(ctx->services->db).sqlstate, "22023") == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the time zone is not known; write it as in \"Europe/Amsterdam\"");
	FL_TRY(err);
	fl_tenant_forget(ctx);
	FL_TRY(fl_tenant_get(ctx, &tenant));
	batch->results[0] = fl_gql_object(tenant);
	return FL_OK;
}

const struct fl_api_company_payload fl_api_company_payload = { .company = FL_SELF };

/* ---- odometer and assignments ---- */

fl_err fl_api_record_odometer(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_odometer reading = { .km = (int32_t)fl_gql_int_or(fl_gql_member(in, "km"), -1),
		.read_at = fl_gql_int_or(fl_gql_member(in, "at"), 0) };
	fl_warnings warnings = {};
	FL_TRY(fl_api_id(ctx, "vehicleId", fl_gql_member(in, "vehicleId"), &reading.vehicle_id));
	reading.read_at = reading.read_at ? reading.read_at : fl_now_us();
	FL_TRY(fl_odometer_record(ctx, &reading, &warnings));
	return pay(ctx, fl_api_load_vehicles, reading.vehicle_id, &warnings, batch);
}

static fl_err give_assignment(fl_ctx *ctx, const fl_assignment *assignment, fl_gql_batch *batch)
{
	fl_assignment *made = fl_new(ctx->mem, fl_assignment);
	if (!made)
		return FL_NOMEM;
	*made = *assignment;
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_assign_driver(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_assignment wanted = { .starts_at = fl_gql_int_or(fl_gql_member(in, "from"), 0),
		.ends_at = fl_gql_int_or(fl_gql_member(in, "until"), 0) };
	fl_assignment made;
	FL_TRY(fl_api_id(ctx, "vehicleId", fl_gql_member(in, "vehicleId"), &wanted.vehicle_id));
	FL_TRY(fl_api_id(ctx, "driverId", fl_gql_member(in, "driverId"), &wanted.driver_id));
	FL_TRY(fl_driver_assign(ctx, &wanted, &made));
	return give_assignment(ctx, &made, batch);
}

fl_err fl_api_end_assignment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_assignment made;
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_member(in, "id"), &id));
	FL_TRY(fl_assignment_end(ctx, id, (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		fl_gql_int_or(fl_gql_member(in, "until"), 0), &made));
	return give_assignment(ctx, &made, batch);
}

const struct fl_api_driver_assignment_payload fl_api_driver_assignment_payload = { .assignment = FL_SELF };

/* ---- vendors ---- */

fl_err fl_api_vendors(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_vendor *rows;
	size_t count;
	FL_TRY(fl_vendors_all(ctx, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

fl_err fl_api_vendor_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_ALL));
	return fl_api_one(ctx, field, fl_api_load_vendors, batch);
}

static fl_err labour_rate(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const fl_vendor *vendor = batch->parents[i];
		FL_TRY(fl_api_cents(ctx, vendor->has_labour_rate, vendor->labour_rate_cents, &batch->results[i]));
	}
	return FL_OK;
}

const struct fl_api_vendor fl_api_vendor = {
	.id = FL_COLUMN(fl_vendor, id),
	.name = FL_COLUMN(fl_vendor, name),
	.address = FL_COLUMN(fl_vendor, address),
	.email = FL_COLUMN(fl_vendor, email),
	.phone = FL_COLUMN(fl_vendor, phone),
	.labour_rate = FL_BATCH(labour_rate),
	.retired_at = FL_COLUMN(fl_vendor, retired_at),
	.version = FL_COLUMN(fl_vendor, version),
};
